"""Which numbers an indicator depends on: Morris' screening of many, then Sobol's indices of those that matter.

Luck is one of the numbers: what a change of the seed alone does stands beside what every other number does, so that
an index which is no larger than luck's is told to be so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.analysis import indices, kept
from simulator.analysis.goals import Measure, read_measures
from simulator.analysis.points import (
    AFTER,
    Factor,
    Say,
    admissible,
    chosen_names,
    factors_of,
    observe,
    request,
    told_range,
    values_at,
)
from simulator.analysis.relabel import BASE_YEAR, is_label, labels, limits_of, position
from simulator.batch import Failure
from simulator.parameters import PARAMETERS
from simulator.posterior import load_posterior
from simulator.results import InputError, Result
from simulator.run import LAST_YEAR, Progress, Request
from simulator.scenario import Scenario, load_scenario
from simulator.store import Store

Floats = NDArray[np.float64]

KIND = "sensitivity"
LUCK = "luck"
INDICATORS = ("employment", "exports", "automation", "value_added", "survival")
NUMBERS = ("uncertainty", "fitted")
FROM = ("ranges", "posterior")
TRAJECTORIES, SAMPLES, TOP = 4, 64, 12
VERDICTS = ("matters", "cannot tell", "below noise", "none", LUCK)
_SEEDS = 1 << 30
_SPARE = 4  # times as many ways or base points are drawn as are needed


@dataclass(frozen=True, eq=False)
class Plan:
    """What is asked for, checked."""

    scenario: Scenario
    measures: tuple[Measure, ...]
    year: int
    method: str
    factors: tuple[Factor, ...]
    screen: bool  # whether Sobol's indices are to be of the numbers that a screening finds
    trajectories: int = TRAJECTORIES
    samples: int = SAMPLES
    top: int = TOP
    seeds: int = 1
    people_per_agent: int = 100
    seed: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        """The numbers that vary."""
        return tuple(factor.name for factor in self.factors)

    @property
    def stages(self) -> list[tuple[str, int]]:
        """Method and number of points of each stage."""
        found = []
        if self.method == "morris" or self.screen:
            found.append(("morris", self.trajectories * (len(self.factors) + 2)))
        if self.method == "sobol":
            varied = min(self.top, len(self.factors)) if self.screen else len(self.factors)
            found.append(("sobol", self.samples * (varied + 3)))
        return found

    @property
    def most_runs(self) -> int:
        """Runs at most; points that differ in thresholds only are one run."""
        return self.seeds * sum(points for _, points in self.stages)

    def asked(self) -> dict[str, Any]:
        """What decides the outcome."""
        return kept.asked(
            KIND,
            scenario=self.scenario.id,
            digest=self.scenario.digest,
            indicators=[measure.text for measure in self.measures],
            year=self.year,
            method=self.method,
            numbers=[told_range(factor) for factor in self.factors],
            posterior=load_posterior("refit").name if any(f.marginal for f in self.factors) else "",
            screen=self.screen,
            size=[self.trajectories, self.samples, self.top, self.seeds],
            people_per_agent=self.people_per_agent,
            seed=self.seed,
        )

    def size_of(self, method: str) -> int:
        """Ways of Morris, base points of Sobol's."""
        return self.trajectories if method == "morris" else self.samples

    def points(self, method: str, factors: Sequence[Factor]) -> tuple[Floats, Floats]:
        """Places [point, number, luck last], and values [point, number].

        Ways, or base points, with a point that the model refuses are passed over; spare ones take their place.
        """
        names = [factor.name for factor in factors]
        size, block = self.size_of(method), len(names) + (2 if method == "morris" else 3)
        places = indices.places(method, [*names, LUCK], _SPARE * size, self.seed)
        values = values_at(factors, places[:, :-1])
        check = admissible(self.scenario, names)
        good: list[int] = []
        for first in range(0, len(places), block):
            if len(good) < size * block and all(check(row) for row in values[first : first + block]):
                good += range(first, first + block)
        if len(good) < 2 * block:
            raise InputError(
                "nearly everywhere in these ranges the model refuses the shares of cost; name fewer numbers"
            )
        return places[good], values[good]

    def requests(self, factors: Sequence[Factor], places: Floats, values: Floats) -> list[Request]:
        """The runs at these points, those of one point in turn."""
        names = [factor.name for factor in factors]
        found = []
        for place, row in zip(places, values, strict=True):
            first = int(place[-1] * _SEEDS)
            numbers = dict(zip(names, map(float, row), strict=True))
            made = request(self.scenario, numbers, first, self.people_per_agent, self.year)
            found += [made, *(_reseeded(made, first + k) for k in range(1, self.seeds))]
        return found


def _reseeded(one: Request, seed: int) -> Request:
    return Request(one.scenario, seed, one.people_per_agent, one.until, one.draw)


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """Tables of indices. ``morris`` and ``sobol`` have a row an indicator and number, the largest first; one is empty
    where the method was not asked for. ``points`` holds where the model was run and what came out."""

    about: Mapping[str, Any]
    morris: pd.DataFrame
    sobol: pd.DataFrame
    points: pd.DataFrame
    failures: tuple[Failure, ...] = ()
    folder: Path | None = field(default=None)

    @property
    def last(self) -> pd.DataFrame:
        """The table of the method that was asked for."""
        return self.sobol if len(self.sobol) else self.morris

    @property
    def method(self) -> str:
        """Of :attr:`last`."""
        return "sobol" if len(self.sobol) else "morris"

    @property
    def frames(self) -> dict[str, pd.DataFrame]:
        """The tables by name."""
        return {"morris": self.morris, "sobol": self.sobol, "points": self.points}

    def of(self, indicator: str) -> pd.DataFrame:
        """The last method's rows of one indicator, written as it was asked for."""
        return self.last[self.last["indicator"] == indicator]

    def save(self, folder: str | Path, format: str = "parquet") -> Path:
        """Write the tables and what is to be known about them."""
        return kept.keep(Path(folder), self.about, self.frames, format)

    @classmethod
    def load(cls, where: Store | Path | str | None = None) -> Sensitivity:
        """The newest in a store (the user's own), or the one in a folder, without failures. Raises InputError."""
        found = kept.load(KIND, where)
        frames = found.frames
        return cls(found.about, frames["morris"], frames["sobol"], frames["points"], (), found.folder)


def plan(
    scenario: str | Path | Scenario = "baseline",
    indicators: Sequence[str] = INDICATORS,
    period: int = LAST_YEAR,
    method: str = "morris",
    parameters: Sequence[str] | None = None,
    trajectories: int = TRAJECTORIES,
    samples: int = SAMPLES,
    top: int = TOP,
    seeds: int = 1,
    uncertain: str = "ranges",
    people_per_agent: int = 100,
    seed: int = 0,
) -> Plan:
    """Check what was asked for. Raises InputError or ScenarioError."""
    chosen = load_scenario(scenario)
    measures = read_measures(indicators)
    if method not in indices.METHODS:
        raise InputError(f"{method} is not a method; {' and '.join(indices.METHODS)} are")
    if uncertain not in FROM:
        raise InputError(f"{uncertain}: numbers vary over their {' or as in the '.join(FROM)}")
    first = BASE_YEAR if any(is_label(measure.indicator) for measure in measures) else 2012
    if not first <= period <= LAST_YEAR:
        told = " for survival and the closeness to futures" if first == BASE_YEAR else ""
        raise InputError(f"period is {period}; allowed{told}: a year from {first} to {LAST_YEAR}")
    for name, value, least in (("trajectories", trajectories, 2), ("top", top, 1), ("seeds", seeds, 1)):
        if value < least:
            raise InputError(f"{name} is {value}; it must be a whole number from {least}")
    if method == "sobol" and (samples < 2 or samples & (samples - 1)):
        raise InputError(f"samples is {samples}; it must be a power of 2, as 32, 64 or 128")
    names = chosen_names(NUMBERS if parameters is None else parameters)
    if not any(is_label(measure.indicator) for measure in measures):
        names = tuple(name for name in names if PARAMETERS[name].group != AFTER)
        if not names:
            raise InputError("thresholds part futures; they matter for survival and scenario_0 to scenario_5 only")
    factors = factors_of(names, chosen, uncertain == "posterior")
    screen = method == "sobol" and parameters is None
    size = (trajectories, samples, top, seeds, people_per_agent, seed)
    return Plan(chosen, measures, period, method, factors, screen, *size)


def sensitivity(
    scenario: str | Path | Scenario = "baseline",
    indicators: Sequence[str] = INDICATORS,
    period: int = LAST_YEAR,
    method: str = "morris",
    parameters: Sequence[str] | None = None,
    *,
    trajectories: int = TRAJECTORIES,
    samples: int = SAMPLES,
    top: int = TOP,
    seeds: int = 1,
    uncertain: str = "ranges",
    people_per_agent: int = 100,
    seed: int = 0,
    store: Store | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
    say: Say | None = None,
) -> Sensitivity:
    """Which numbers ``indicators`` (as ``employment[gender=women]``) in the year ``period`` depend on.

    ``parameters`` are names, groups or kinds of numbers (all uncertain and fitted ones when left out). With ``sobol``
    and no names, a screening comes first and the ``top`` numbers it finds go on. Thresholds of the futures are applied
    to finished runs. Finished runs and the tables stay in ``store``. Raises InputError or ScenarioError.
    """
    asked_for = plan(
        scenario, indicators, period, method, parameters, trajectories, samples, top, seeds, uncertain,
        people_per_agent, seed,
    )  # fmt: skip
    return carry_out(asked_for, store, workers, progress, say)


def carry_out(
    plan: Plan,
    store: Store | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
    say: Say | None = None,
) -> Sensitivity:
    """Do what was planned."""
    runs = store if store is not None else Store()
    tables = {method: pd.DataFrame() for method in indices.METHODS}
    points: list[pd.DataFrame] = []
    failures: dict[str, Failure] = {}
    factors = plan.factors
    for number, (method, size) in enumerate(plan.stages, start=1):
        if method == "sobol" and plan.screen:
            factors = _most_important(tables["morris"], factors, plan.top)
        if say is not None:
            say(f"stage {number} of {len(plan.stages)}: {method}, {len(factors)} numbers and luck, {size} points")
        places, values = plan.points(method, factors)
        requests = plan.requests(factors, places, values)
        seen, failed = observe(requests, lambda result: _take(result, plan), runs, workers, progress)
        failures |= {failure.request.key: failure for failure in failed}
        outcomes = _outcomes(plan, factors, values, seen)
        tables[method] = _table(plan, method, factors, places, outcomes)
        points.append(_points(plan, method, factors, places, values, outcomes))
    noise = {"seeds": plan.seeds, "failed": len(failures)}
    about = {"asked": plan.asked(), "runs": plan.most_runs, **noise}
    done = Sensitivity(
        about, tables["morris"], tables["sobol"], pd.concat(points, ignore_index=True), tuple(failures.values())
    )
    if not failures:
        done = Sensitivity(**{**vars(done), "folder": done.save(kept.folder_of(plan.asked(), runs))})
    return done


def _take(result: Result, plan: Plan) -> tuple[Floats, Floats | None]:
    """The measures that are what they are, NaN for the others, and where the run stands among the futures."""
    yearly = result.yearly()
    values = [np.nan if is_label(m.indicator) else m.of(yearly, plan.year) for m in plan.measures]
    needed = any(is_label(m.indicator) for m in plan.measures)
    return np.array(values, dtype=float), position(result, plan.year) if needed else None


def _outcomes(
    plan: Plan, factors: Sequence[Factor], values: Floats, seen: Sequence[tuple[Floats, Floats | None] | None]
) -> Floats:
    """Values [point, measure, seed]; NaN where a run failed."""
    out = np.full((len(values), len(plan.measures), plan.seeds), np.nan)
    after = [place for place, factor in enumerate(factors) if PARAMETERS[factor.name].group == AFTER]
    for point, row in enumerate(values):
        limits = None
        for k in range(plan.seeds):
            taken = seen[point * plan.seeds + k]
            if taken is None:
                continue
            out[point, :, k] = taken[0]
            if taken[1] is not None:
                if limits is None:
                    limits = limits_of(plan.scenario, {factors[place].name: float(row[place]) for place in after})
                told = labels(taken[1], limits)
                for place, measure in enumerate(plan.measures):
                    if is_label(measure.indicator):
                        out[point, place, k] = told[measure.indicator]
    return out


def _table(plan: Plan, method: str, factors: Sequence[Factor], places: Floats, outcomes: Floats) -> pd.DataFrame:
    """Indices of every measure, the largest first, luck's among them."""
    key = "mu_star" if method == "morris" else "total"
    names = [*(factor.name for factor in factors), LUCK]
    parts = []
    for place, measure in enumerate(plan.measures):
        means = outcomes[:, place].mean(axis=1)
        frame = indices.indices(method, names, places, means, plan.seed)
        luck = frame.iloc[-1]
        frame["verdict"] = [_verdict(row, luck, key) for _, row in frame.iterrows()]
        frame = frame.sort_values(key, ascending=False, kind="stable", na_position="last")
        frame.insert(0, "rank", range(1, len(frame) + 1))
        frame.insert(0, "unit", measure.unit)
        frame.insert(0, "indicator", measure.text)
        known = means[~np.isnan(means)]
        frame["mean"] = known.mean() if len(known) else np.nan
        within = outcomes[:, place].var(axis=1, ddof=1) if plan.seeds > 1 else np.array([np.nan])
        frame["seed_sd"] = float(np.sqrt(np.nanmean(within))) if plan.seeds > 1 else np.nan
        parts.append(frame)
    return pd.concat(parts, ignore_index=True)


def _verdict(row: pd.Series[Any], luck: pd.Series[Any], key: str) -> str:
    """Whether an index stands out from what luck alone does: its interval must."""
    if row["name"] == LUCK:
        return LUCK
    if math.isnan(row[key]):
        return "cannot tell"
    if row[key] == 0:
        return "none"
    if row[f"{key}_low"] > luck[key]:
        return "matters"
    return "below noise" if row[key] <= luck[key] else "cannot tell"


def _most_important(table: pd.DataFrame, factors: Sequence[Factor], top: int) -> tuple[Factor, ...]:
    """The numbers whose effect is largest for some indicator, against the largest of all for it."""
    mine = table[table["name"] != LUCK]
    largest = mine.groupby("indicator")["mu_star"].transform("max")
    share = (mine["mu_star"] / largest.where(largest > 0)).fillna(0.0)
    best = share.groupby(mine["name"]).max().sort_values(ascending=False, kind="stable")
    chosen = set(best.index[:top])
    return tuple(factor for factor in factors if factor.name in chosen)


def _points(
    plan: Plan, method: str, factors: Sequence[Factor], places: Floats, values: Floats, outcomes: Floats
) -> pd.DataFrame:
    """A row a point: method, seed, numbers by name, outcomes by indicator."""
    frame = pd.DataFrame({"method": method, "seed": (places[:, -1] * _SEEDS).astype(np.int64)})
    numbers = pd.DataFrame(values, columns=[factor.name for factor in factors])
    found = pd.DataFrame(outcomes.mean(axis=2), columns=[measure.text for measure in plan.measures])
    return pd.concat([frame, numbers, found], axis=1)
