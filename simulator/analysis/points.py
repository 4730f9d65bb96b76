"""Numbers that vary in an analysis, their places in a unit cube, and the runs at such places."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from simulator.batch import Failure, fill
from simulator.checks import FIRST, SEATS, unknown
from simulator.design import _unit as unit_points
from simulator.parameters import GROUPS, PARAMETERS, Parameters
from simulator.posterior import BEST, is_shipped, load_posterior
from simulator.ranges import logarithmic, to_unit
from simulator.results import InputError, Result
from simulator.run import Progress, Request
from simulator.scenario import Scenario
from simulator.store import Store
from simulator.units import Refused

Floats = NDArray[np.float64]
Say = Callable[[str], None]
Taken = TypeVar("Taken")

KINDS = ("uncertainty", "fitted", "measured", "lever", "driver")
_SHARED = ("production", "pricing", "wages", "factories")  # groups with a part in the shares of cost
AFTER = "thresholds"  # the group of numbers that matter only when a run is over


@dataclass(frozen=True)
class Factor:
    """A number that varies from ``low`` to ``high``, evenly on the scale of :mod:`simulator.ranges`.

    With ``marginal``, sorted values of a posterior, it varies as these do.
    """

    name: str
    low: float
    high: float
    marginal: tuple[float, ...] = ()

    def values(self, places: Floats) -> Floats:
        """The values at places from 0 to 1."""
        if self.marginal:
            return np.quantile(self.marginal, places)
        first, last = to_unit(self.name, self.low), to_unit(self.name, self.high)
        ends = PARAMETERS[self.name].low, PARAMETERS[self.name].high
        inner = first + np.asarray(places, dtype=float) * (last - first)
        found = (
            ends[0] * (ends[1] / ends[0]) ** inner if logarithmic(self.name) else ends[0] + inner * (ends[1] - ends[0])
        )
        return np.clip(found, self.low, self.high)

    def place(self, value: float) -> float:
        """The place of a value, from 0 to 1; values beyond the ends stand at the ends."""
        if self.marginal:
            return float(np.clip(np.searchsorted(self.marginal, value) / (len(self.marginal) - 1), 0.0, 1.0))
        first, last = to_unit(self.name, self.low), to_unit(self.name, self.high)
        return float(np.clip((to_unit(self.name, value) - first) / (last - first), 0.0, 1.0))


def chosen_names(words: Iterable[str]) -> tuple[str, ...]:
    """Names of numbers from names, kinds (``fitted``) and groups (``labour``), in the registry's order.

    What was asked for by kind or group leaves aside one of the two shares of seats, which cannot both vary freely.
    Raises InputError.
    """
    named: set[str] = set()
    several: set[str] = set()
    known = (*KINDS, *GROUPS, *PARAMETERS)
    for word in words:
        if word in PARAMETERS:
            named.add(word)
        elif word == "driver":  # a number of the world that scenarios set
            several |= {n for n, about in PARAMETERS.items() if about.kind == "uncertainty" and about.from_ == "start"}
        elif word in KINDS:
            several |= {name for name, about in PARAMETERS.items() if about.kind == word}
        elif word in GROUPS:
            several |= {name for name, about in PARAMETERS.items() if about.group == word}
        else:
            told = f"{unknown(word, known)}; allowed: names, groups ({', '.join(GROUPS)}) or kinds"
            raise InputError(f"{told} ({', '.join(KINDS)})")
    if set(SEATS) <= named:
        raise InputError(f"{' and '.join(SEATS)} are shares of the same seats; name one of them")
    if set(SEATS) <= named | several:
        several -= {SEATS[0]} if SEATS[0] not in named else {SEATS[1]}
    chosen = tuple(name for name in known if name in named | several and PARAMETERS[name].low < PARAMETERS[name].high)
    if not chosen:
        raise InputError("no number is named; allowed: names, groups, or kinds of numbers")
    return chosen


def factors_of(names: Sequence[str], scenario: Scenario, marginals: bool = False) -> tuple[Factor, ...]:
    """The numbers with their ranges in the registry; shares of seats leave room for each other.

    With ``marginals``, those that the data inform (kind fitted) vary as in the refit posterior, each on its own;
    numbers of adoption keep their full ranges, because the data do not inform them. Raises InputError.
    """
    values = load_posterior("refit").values if marginals else None
    found = []
    for name in names:
        about = PARAMETERS[name]
        high = about.high
        if name in SEATS:
            other = SEATS[1 - SEATS.index(name)]
            high = min(high, 1.0 - max(scenario.steps(other).values()))
        if values is not None and about.kind == "fitted" and name in values:
            column = np.sort(values[name].to_numpy(dtype=float))
            found.append(Factor(name, float(column[0]), float(column[-1]), tuple(column.tolist())))
        else:
            found.append(Factor(name, about.low, high))
    return tuple(found)


def spread_points(count: int, size: int, seed: int) -> Floats:
    """A Latin hypercube, [point, factor]."""
    return unit_points("lhs", size, count, seed) if size else np.empty((count, 0))


def values_at(factors: Sequence[Factor], places: Floats) -> Floats:
    """Values [point, factor] at places [point, factor]."""
    columns = [factor.values(column) for factor, column in zip(factors, places.T, strict=True)]
    return np.stack(columns, axis=1) if columns else np.empty((len(places), 0))


def admissible(scenario: Scenario, names: Sequence[str]) -> Callable[[Floats], bool]:
    """Whether the model takes these values [name]: it refuses shares of cost that leave too little for overhead."""
    from simulator.processes.production import overhead

    own = Parameters.from_flat({name: value_of(scenario, name) for name in PARAMETERS})
    places = {
        group: [(PARAMETERS[n].field, k) for k, n in enumerate(names) if PARAMETERS[n].group == group]
        for group in _SHARED
    }

    def check(values: Floats) -> bool:
        changed = {
            group: replace(getattr(own, group), **{field: float(values[k]) for field, k in found})
            for group, found in places.items()
            if found
        }
        try:
            overhead(replace(own, **changed) if changed else own)
        except Refused:
            return False
        return True

    return check


def request(scenario: Scenario, values: Mapping[str, float], seed: int, people_per_agent: int, until: int) -> Request:
    """A run of the scenario with these numbers, which take the place of what it sets itself.

    Numbers that matter only after a run are left out, so that such runs are one. Raises ScenarioError.
    """
    mine = {name: value for name, value in values.items() if PARAMETERS[name].group != AFTER}
    changed = scenario.with_values(mine, id=scenario.id) if mine else scenario
    return Request(changed, seed, people_per_agent, until, BEST)


def observe(
    requests: Sequence[Request],
    take: Callable[[Result], Taken],
    store: Store,
    workers: int | None = None,
    progress: Progress | None = None,
) -> tuple[list[Taken | None], tuple[Failure, ...]]:
    """Run what the store lacks and take what is needed from each run; failed runs give None and are listed.

    Raises InputError where the store cannot be written; on Ctrl-C finished runs are in the store.
    """
    filled = fill(requests, store, workers, progress)
    if filled.halted:
        raise InputError(filled.halted)
    found: dict[str, Taken | None] = {}
    failures: dict[str, Failure] = {}
    for one in requests:
        if one.key in found:
            continue
        result = None if one.key in filled.failed else store.get(one)
        found[one.key] = None if result is None else take(result)
        if result is None:
            failures[one.key] = Failure(one, filled.failed.get(one.key, "its result was lost"))
    return [found[one.key] for one in requests], tuple(failures.values())


def pairs(draws: int, first: int = 0, seed: int = 0) -> list[tuple[int, int]]:
    """So many draws of the refit posterior from the ``first`` on, each with a seed of its own: (draw, seed).

    They begin anew where the posterior ends; without a posterior the best set meets as many seeds.
    """
    size = len(load_posterior("refit")) if is_shipped() else 0
    return [((first + k) % size if size else BEST, seed + k) for k in range(draws)]


def told_range(factor: Factor) -> str:
    """Name and range, for the description of an analysis."""
    kind = "posterior" if factor.marginal else "range"
    return f"{factor.name}: {kind} {factor.low:.12g} to {factor.high:.12g}"


def value_of(scenario: Scenario, name: str) -> float:
    """What a scenario sets at its start."""
    return scenario.value(name, scenario.start if PARAMETERS[name].from_ == "start" else FIRST)
