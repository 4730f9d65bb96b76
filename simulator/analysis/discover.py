"""Under which conditions a future comes about: worlds sampled evenly and on purpose, and PRIM's boxes around its cases.

The shares told here are those of a space of assumptions, every number even over its range: no probabilities.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.analysis import boxes as prim
from simulator.analysis import kept
from simulator.analysis.boxes import Box
from simulator.analysis.points import AFTER, Factor, Say, chosen_names, factors_of, observe, request, told_range
from simulator.analysis.relabel import BASE_YEAR, FUTURES, LABELS
from simulator.analysis.worlds import Part, Region, as_frame, as_values, inside, promising, sample, weights
from simulator.batch import Failure
from simulator.checks import unknown
from simulator.parameters import PARAMETERS
from simulator.posterior import is_shipped, load_posterior
from simulator.results import InputError, Result
from simulator.run import LAST_YEAR, Progress, Request
from simulator.scenario import Scenario, load_scenario
from simulator.store import Store

Floats = NDArray[np.float64]

KIND = "discover"
NUMBERS = ("lever", "driver")
WORLDS, DENSITY = 600, 0.8
LEAST_WORLDS, LEAST_CASES = 40, 10
_EVEN, _CHECK = 0.5, 0.15  # parts of the worlds: spread over all, and kept to check the boxes
_COMMON = 0.25  # from which share on a future is not rare
_PARTNERS = {0: 2, 2: 0, 4: 5, 5: 4}  # futures that share a corner of the map
BOX_COLUMNS = ("box", "name", "label", "unit", "low", "high", "quasi_p_low", "quasi_p_high")


@dataclass(frozen=True, eq=False)
class Plan:
    """What is asked for, checked."""

    future: int
    scenario: Scenario
    worlds: int
    year: int
    factors: tuple[Factor, ...]
    drawn: bool  # whether each world takes a draw of the posterior
    density: float
    boxes: int
    people_per_agent: int
    seed: int

    @property
    def even(self) -> int:
        """Worlds spread over the whole space."""
        return int(_EVEN * self.worlds)

    @property
    def checks(self) -> int:
        """Worlds kept to check the boxes."""
        return int(_CHECK * self.worlds)

    def first_requests(self) -> list[Request]:
        """The runs spread over the whole space, which come first."""
        return _Study(self, Store(), None, None, None).sampled_requests(Part(self.even, {}))[0]

    def asked(self) -> dict[str, Any]:
        """What decides the outcome."""
        return kept.asked(
            KIND,
            future=FUTURES[self.future],
            scenario=self.scenario.id,
            digest=self.scenario.digest,
            worlds=self.worlds,
            year=self.year,
            numbers=[told_range(factor) for factor in self.factors],
            posterior=load_posterior("refit").name if self.drawn else "",
            density=self.density,
            boxes=self.boxes,
            people_per_agent=self.people_per_agent,
            seed=self.seed,
        )


@dataclass(frozen=True, eq=False)
class Discovery:
    """``boxes`` has a row a condition, ``summary`` a row a box, ``trajectory`` a row a box on PRIM's way, ``worlds`` a
    row a world that was run. All but ``worlds`` are empty where there were too few cases."""

    about: Mapping[str, Any]
    boxes: pd.DataFrame
    summary: pd.DataFrame
    trajectory: pd.DataFrame
    worlds: pd.DataFrame
    failures: tuple[Failure, ...] = ()
    folder: Path | None = None

    @property
    def frames(self) -> dict[str, pd.DataFrame]:
        """The tables by name."""
        found = {name: getattr(self, name) for name in ("boxes", "summary", "trajectory", "worlds")}
        return found

    def save(self, folder: str | Path, format: str = "parquet") -> Path:
        """Write the tables and what is to be known about them."""
        return kept.keep(Path(folder), self.about, self.frames, format)

    @classmethod
    def load(cls, where: Store | Path | str | None = None) -> Discovery:
        """The newest in a store (the user's own), or the one in a folder, without failures. Raises InputError."""
        found = kept.load(KIND, where)
        return cls(found.about, **found.frames, folder=found.folder)


def plan(
    future: str,
    scenario: str | Path | Scenario = "baseline",
    worlds: int = WORLDS,
    period: int = LAST_YEAR,
    parameters: Sequence[str] | None = None,
    uncertain: str = "posterior",
    density: float = DENSITY,
    boxes: int = 1,
    people_per_agent: int = 100,
    seed: int = 0,
) -> Plan:
    """Check what was asked for. Raises InputError or ScenarioError."""
    if future not in FUTURES:
        raise InputError(f"{unknown(future, FUTURES, 'future')}; allowed: {', '.join(FUTURES)}")
    prim.needed()
    chosen = load_scenario(scenario)
    if worlds < LEAST_WORLDS:
        raise InputError(f"worlds is {worlds}; it must be a whole number from {LEAST_WORLDS}")
    if not BASE_YEAR < period <= LAST_YEAR:
        raise InputError(f"period is {period}; allowed: a year from {BASE_YEAR + 1} to {LAST_YEAR}")
    if not 0 < density <= 1:
        raise InputError(f"density is {density:g}; it must be above 0 and at most 1")
    if boxes < 1:
        raise InputError(f"boxes is {boxes}; it must be a whole number from 1")
    if uncertain not in ("posterior", "best"):
        raise InputError(f"{uncertain}: uncertain numbers are those of the posterior or of the best set")
    named = chosen_names(NUMBERS if parameters is None else parameters)
    names = tuple(name for name in named if PARAMETERS[name].group != AFTER)
    if not names:
        raise InputError("thresholds part futures and are no conditions of one; name other numbers")
    drawn = uncertain == "posterior" and is_shipped()
    factors = factors_of(names, chosen)
    return Plan(FUTURES.index(future), chosen, worlds, period, factors, drawn, density, boxes, people_per_agent, seed)


def discover(
    future: str,
    scenario: str | Path | Scenario = "baseline",
    worlds: int = WORLDS,
    period: int = LAST_YEAR,
    parameters: Sequence[str] | None = None,
    *,
    uncertain: str = "posterior",
    density: float = DENSITY,
    boxes: int = 1,
    people_per_agent: int = 100,
    seed: int = 0,
    store: Store | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
    say: Say | None = None,
) -> Discovery:
    """Conditions under which ``future`` (as ``no_garment_sector``) is the nearest at the end of ``period``.

    Levers and drivers of the world (or ``parameters``: names, groups, kinds) vary evenly over their ranges; each world
    takes a draw of the posterior and luck of its own. Half of the ``worlds`` are spread over the whole space, some are
    sampled where the future is near if it is rare, the rest check the boxes. A box is to hold ``density`` of cases.
    Finished runs and the tables stay in ``store``. Raises InputError or ScenarioError.
    """
    asked_for = plan(future, scenario, worlds, period, parameters, uncertain, density, boxes, people_per_agent, seed)
    return carry_out(asked_for, store, workers, progress, say)


def carry_out(
    plan: Plan,
    store: Store | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
    say: Say | None = None,
) -> Discovery:
    """Do what was planned."""
    study = _Study(plan, store if store is not None else Store(), workers, progress, say)
    study.run(Part(plan.even, {}), "even")
    left = plan.worlds - plan.even - plan.checks
    if study.case.mean() >= _COMMON:
        study.run(Part(left, {}), "even")
    else:
        few = study.case.sum() < LEAST_CASES
        region: Region = {}
        for count in (left // 2, left - left // 2) if few else (left,):
            region = study.promising(region)
            study.run(Part(count, region), "on purpose" if region else "even")
    return study.finish()


class _Study:
    """Worlds as they come in, and what is made of them."""

    def __init__(
        self, plan: Plan, store: Store, workers: int | None, progress: Progress | None, say: Say | None
    ) -> None:
        self.plan, self.store, self.workers, self.progress, self.say = plan, store, workers, progress, say
        self.parts: list[Part] = []
        self.places = pd.DataFrame()
        self.table = pd.DataFrame()
        self.failures: list[Failure] = []
        self.sampled = 0

    @property
    def case(self) -> NDArray[np.bool_]:
        """Which worlds ended in the future."""
        return self.table["case"].to_numpy(dtype=bool)

    @property
    def near(self) -> Floats:
        """How near each world came, in no unit: the closeness to the future's corner; to a vanished sector, how little
        of it survives."""
        k = self.plan.future
        closeness = self.table[f"scenario_{k}"].to_numpy(dtype=float)
        if k in _PARTNERS:
            closeness = closeness + 0.5 * self.table[f"scenario_{_PARTNERS[k]}"].to_numpy(dtype=float)
        if FUTURES[k] == "no_garment_sector":
            closeness = 1.0 / np.maximum(self.table["survival"].to_numpy(dtype=float), 1e-9)
        return closeness

    @property
    def numbers(self) -> list[str]:
        """Everything that varies from world to world."""
        drawn = list(load_posterior("refit").values.columns) if self.plan.drawn else []
        mine = [factor.name for factor in self.plan.factors]
        return [*mine, *(name for name in drawn if name not in mine)]

    def promising(self, before: Region) -> Region:
        """Where to sample next, learnt from the worlds in the region that was sampled last."""
        here = Box(before).holds(self.places)
        enough = self.case.sum() >= LEAST_CASES
        rows = np.ones_like(here) if enough else here
        found = promising(self.places[rows], self.case[rows], self.near[rows], LEAST_CASES)
        return found if enough else {**before, **found}

    def run(self, part: Part, stage: str, drawn: Sequence[int] = ()) -> pd.DataFrame:
        """Run a part and take it in; ``check`` parts are returned only. ``drawn`` are the draws to choose from."""
        number = len(self.parts) + 1 if stage != "check" else 0
        if self.say is not None:
            where = "the whole space" if not part.region else f"a region by {', '.join(part.region)}"
            self.say(f"{stage}: {part.count} worlds in {where}")
        requests, places, values, draws = self.sampled_requests(part, drawn)
        self.sampled += part.count
        seen, failed = observe(requests, self._take, self.store, self.workers, self.progress)
        self.failures += failed
        labels = pd.DataFrame([row or dict.fromkeys(LABELS, math.nan) for row in seen], columns=list(LABELS))
        frame = pd.DataFrame({"part": number, "stage": stage, "seed": [one.seed for one in requests], "draw": draws})
        frame = pd.concat([frame, labels, values], axis=1)
        good = ~labels.isna().any(axis=1).to_numpy()
        frame = frame[good].reset_index(drop=True)
        closeness = frame[[f"scenario_{k}" for k in range(len(FUTURES))]].to_numpy(dtype=float)
        frame.insert(4, "case", closeness.argmax(axis=1) == self.plan.future if len(frame) else False)
        frame["case"] = frame["case"].astype(bool)
        if stage != "check":
            self.parts.append(Part(len(frame), part.region))
            self.places = pd.concat([self.places, places[good]], ignore_index=True)
            self.table = pd.concat([self.table, frame], ignore_index=True)
        return frame

    def sampled_requests(
        self, part: Part, drawn: Sequence[int] = ()
    ) -> tuple[list[Request], pd.DataFrame, pd.DataFrame, NDArray[np.int64]]:
        """The runs of a part, and their :meth:`_worlds`."""
        plan = self.plan
        places, values, draws = self._worlds(part, drawn)
        requests = [
            request(plan.scenario, row, plan.seed + self.sampled + i, plan.people_per_agent, plan.year)
            for i, row in enumerate(values.to_dict("records"))
        ]
        return requests, places, values, draws

    def _worlds(self, part: Part, drawn: Sequence[int]) -> tuple[pd.DataFrame, pd.DataFrame, NDArray[np.int64]]:
        """Places in the unit cube, values of all numbers, and the posterior's draw, of each world."""
        seed = self.plan.seed + self.sampled
        places = sample(self.plan.factors, part, seed)
        values = as_values(self.plan.factors, places)
        draws = np.full(part.count, -1, dtype=np.int64)
        if self.plan.drawn:
            posterior = load_posterior("refit").values
            allowed = np.array(drawn if len(drawn) else range(len(posterior)), dtype=np.int64)
            order = np.random.default_rng(seed).permutation(allowed)
            draws = order[np.arange(part.count) % len(order)]
            others = [name for name in posterior if name not in values]
            rows = posterior[others].iloc[draws].reset_index(drop=True)
            values = pd.concat([values, rows], axis=1)
        return as_frame(self.plan.factors, places), values, draws

    def _take(self, result: Result) -> dict[str, float]:
        row = result.yearly().table(list(LABELS)).loc[str(self.plan.year)]
        return {name: float(row[name]) for name in LABELS}

    def finish(self) -> Discovery:
        """Boxes, if there are cases enough, checked on fresh worlds."""
        plan, case = self.plan, self.case
        if not len(self.table):
            raise InputError(f"no run ended; the first failed with: {self.failures[0].error}")
        weight = weights(self.places, self.parts)
        share = float((weight * case).sum() / weight.sum())
        first = self.table["part"] == 1
        chance = prim.wilson(int((case & first).sum()), int(first.sum()))
        conditions, summary, trajectory = (pd.DataFrame(columns=list(c)) for c in (BOX_COLUMNS, (), ()))
        checks = pd.DataFrame()
        if LEAST_CASES <= case.sum() < len(case):
            conditions, summary, trajectory, checks = self._boxes(weight)
        worlds = pd.concat([self.table.assign(weight=weight), checks], ignore_index=True)
        about = {
            "asked": plan.asked(),
            "worlds": len(self.table),
            "even": int(first.sum()),
            "checks": len(checks),
            "cases": int(case.sum()),
            "cases_even": int((case & first).sum()),
            "share": share,
            "share_even_low": chance[0],
            "share_even_high": chance[1],
            "failed": len(self.failures),
            "regions": [{n: list(ends) for n, ends in part.region.items()} for part in self.parts],
        }
        done = Discovery(about, conditions, summary, trajectory, worlds, tuple(self.failures))
        if self.failures:
            return done
        return Discovery(**{**vars(done), "folder": done.save(kept.folder_of(plan.asked(), self.store))})

    def _boxes(self, weight: Floats) -> tuple[pd.DataFrame, ...]:
        """Conditions, summary, trajectory, and the worlds that checked the boxes."""
        plan, case = self.plan, self.case
        x = self.table[self.numbers]
        left = np.ones(len(x), dtype=bool)
        conditions: list[dict[str, Any]] = []
        summary: list[dict[str, Any]] = []
        ways: list[pd.DataFrame] = []
        checks: list[pd.DataFrame] = []
        for number in range(1, plan.boxes + 1):
            if (case & left).sum() < LEAST_CASES:
                break
            mine, mine_case, mine_weight = x[left].reset_index(drop=True), case[left], weight[left]
            found = prim.peel(mine, mine_case)
            at = prim.best(found, mine, mine_case, mine_weight, plan.density)
            box = prim.prune(found[at], mine, mine_case)
            ways.append(_way(number, found, at, x, left, case, weight))
            if not box.limits:
                break
            held = box.holds(x) & left
            row = {"box": number} | asdict(prim.judge(held, case, weight))
            row |= prim.spread_of(held, case, weight, plan.seed)
            row["outside"] = prim.judge(~box.holds(x), case, weight).density
            checked = self._check(box, max(plan.checks // plan.boxes, 1))
            cases = int(checked["case"].sum()) if len(checked) else 0
            low, high = prim.wilson(cases, len(checked))
            row |= {"checked": len(checked), "checked_cases": cases, "checked_low": low, "checked_high": high}
            row["checked_density"] = cases / len(checked) if len(checked) else math.nan
            summary.append(row)
            checks.append(checked.assign(box=number))
            conditions += _conditions(number, box)
            left &= ~held
        frames = [pd.DataFrame(conditions, columns=list(BOX_COLUMNS)), pd.DataFrame(summary)]
        parts = [part for part in checks if len(part)]
        return (*frames, pd.concat(ways, ignore_index=True), pd.concat(parts) if parts else pd.DataFrame())

    def _check(self, box: Box, count: int) -> pd.DataFrame:
        """Fresh worlds inside the box; none where no draw of the posterior meets its conditions."""
        drawn: list[int] = []
        if self.plan.drawn:
            mine = {factor.name for factor in self.plan.factors}
            others = Box({name: ends for name, ends in box.limits.items() if name not in mine})
            drawn = np.flatnonzero(others.holds(load_posterior("refit").values)).tolist()
            if not drawn:
                return pd.DataFrame()
        return self.run(Part(count, inside(self.plan.factors, box)), "check", drawn)


def _conditions(number: int, box: Box) -> list[dict[str, Any]]:
    """A row a condition, an end that is not bound as NaN; the surest first."""
    rows = []
    for name, (low, high) in box.limits.items():
        ends = (math.nan if math.isinf(v) else v for v in (low, high))
        about = PARAMETERS[name]
        rows.append(dict(zip(BOX_COLUMNS, (number, name, about.label, about.unit, *ends, *box.quasi_p[name]))))
    return sorted(rows, key=lambda row: np.nanmin([row["quasi_p_low"], row["quasi_p_high"]]))


def _way(
    number: int,
    found: list[Box],
    at: int,
    x: pd.DataFrame,
    left: NDArray[np.bool_],
    case: NDArray[np.bool_],
    weight: Floats,
) -> pd.DataFrame:
    """Coverage and density along PRIM's way, before conditions in doubt are left out."""
    rows = []
    for step, box in enumerate(found):
        row = asdict(prim.judge(box.holds(x) & left, case, weight))
        rows.append({"box": number, "step": step, "conditions": len(box.limits), "chosen": step == at} | row)
    return pd.DataFrame(rows)
