"""The workers' rules over columns against the same rules over Mesa objects."""

from __future__ import annotations

import gc
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.growth import exponent
from benchmarks.measure import SPREAD, Effort, Section, Spread, fresh, number, seconds, share, times

FORCE = 2_600_000
# workers: rounds of two quarters, one by ``do`` and one by ``shuffle_do``
ROUNDS = {10_000: 8, 100_000: 4, 1_000_000: 2}
QUICK = {2_000: 2, 4_000: 2}
# Of 10,000 workers some 2,100 are employed, 140 quit and 50 are laid off a quarter. Of two independent draws the sums
# over eight quarters differ by 4 % and (as if independent) 7 % at one standard deviation; the shares by 1 % and less.
TOLERANCE = {"employment": 0.02, "quits": 0.15, "layoffs": 0.20, "mean wage": 0.02, "women's share": 0.04}
JUDGED_FROM = 10_000
SWING = 0.1  # posts of every second factory rise by this while the others' fall, and back, so that both happen
NO_COURSES = {"skills.training_seats": 0.0, "skills.upskilling": 0.0, "business.diversification": 0.0}


class Columns:
    """Our own workers' processes on a :class:`GarmentModel` whose factories are given their posts."""

    def __init__(self, workers: int) -> None:
        from simulator import GarmentModel

        people: Any = FORCE / workers
        self.model = GarmentModel("baseline", people_per_agent=people, overrides=NO_COURSES)
        if len(self.model.workers) != workers:
            raise RuntimeError(f"{len(self.model.workers)} workers instead of {workers}")
        self.model.factories.working[:] = 0.0  # women's weight in hiring falls with machines; here there are none
        self.first_posts = self.model.factories.posts.copy()

    def posts(self, quarter: int) -> np.ndarray:
        """Posts of a quarter."""
        up = (np.arange(len(self.first_posts)) + quarter) % 2 == 0
        factor = np.where(up, 1 + SWING, 1 - SWING)[:, None]
        return np.rint(self.first_posts * factor).astype(self.first_posts.dtype)

    def outside_wage(self, quarter: int) -> float:
        """What people earn elsewhere."""
        return float(self.model.world.outside_wage[quarter])

    def step(self, quarter: int) -> float:
        """Seconds of the workers' part of a quarter."""
        from benchmarks.timed import WORKERS
        from simulator.schedule import QUARTER
        from simulator.streams import Stream

        model = self.model
        model.step_number = quarter
        model.people = dict.fromkeys(("hired", "quits", "layoffs", "closures", "retired", "renewed"), 0)
        model.factories.posts[:] = self.posts(quarter)
        began = time.perf_counter()
        for process in QUARTER:
            if process.name in WORKERS:
                process.run(model, Stream(model.luck, process.name, quarter))
        return time.perf_counter() - began

    def statistics(self) -> dict[str, float]:
        """As in :meth:`benchmarks.per_agent.PerAgent.statistics`."""
        from simulator.state import EMPLOYED

        workers = self.model.workers
        employed = workers.state == EMPLOYED
        return {
            "employment": int(employed.sum()),
            "quits": self.model.people["quits"],
            "layoffs": self.model.people["layoffs"],
            "mean wage": float(workers.wage[employed].mean(dtype=float)),
            "women's share": float(workers.woman[employed].mean()),
        }


def compare(workers: int, rounds: int) -> dict[str, Any]:
    """Seconds of each way and the statistics of both, quarter by quarter in turn in this process."""
    from benchmarks.per_agent import PerAgent

    Columns(2_000).step(0)  # loads what is compiled
    began = time.perf_counter()
    ours = Columns(workers)
    built = time.perf_counter() - began
    began = time.perf_counter()
    theirs = PerAgent(ours.model)
    built_theirs = time.perf_counter() - began
    gc.collect()
    gc.freeze()  # neither way pays for looking through a million objects for garbage
    seconds_of: dict[str, list[float]] = {"do": [], "shuffle_do": [], "ours with do": [], "ours with shuffle_do": []}
    statistics: dict[str, list[dict[str, float]]] = {"ours": [], "theirs": []}
    for quarter in range(2 * rounds):
        way = ("do", "shuffle_do")[quarter % 2]
        seconds_of[f"ours with {way}"].append(ours.step(quarter))
        posts = ours.posts(quarter).tolist()
        began = time.perf_counter()
        theirs.step(quarter, ours.outside_wage(quarter), posts, way)
        seconds_of[way].append(time.perf_counter() - began)
        statistics["ours"].append(ours.statistics())
        statistics["theirs"].append(theirs.statistics())
    gc.unfreeze()
    return {"seconds": seconds_of, "statistics": statistics, "built": (built, built_theirs)}


def differences(ours: Sequence[dict[str, float]], theirs: Sequence[dict[str, float]]) -> dict[str, float]:
    """How far theirs lie from ours over all quarters, as a part of ours."""
    sums = {name: (sum(q[name] for q in ours), sum(q[name] for q in theirs)) for name in TOLERANCE}
    return {name: their / our - 1 for name, (our, their) in sums.items()}


def section(effort: Effort) -> Section:
    """Times faster, by the number of workers."""
    quick = effort == "quick"
    sizes = QUICK if quick else ROUNDS
    out = Section("Workers as columns against workers as Mesa objects")
    out.say(
        "A quarter of the workers' rules only: go home and be replaced, quit, be laid off, find other work, look for "
        "work and be hired, be paid. Ours are the simulator's own processes over columns; the others are written as a "
        "Mesa user would (`benchmarks/per_agent.py`), everybody acting by `AgentSet.do` or `shuffle_do`. Both start "
        "from the same people, get the same posts, and take turns quarter by quarter in one process; a ratio is within "
        f"a turn. Posts swing by {SWING:.0%}. Ours also looks for courses, of which there are none, assesses staff "
        "and measures scarcity."
    )
    found = {workers: fresh(compare, workers, rounds) for workers, rounds in sizes.items()}
    rows, agreement = [], []
    for workers, one in found.items():
        spent = one["seconds"]
        for way in ("do", "shuffle_do"):
            mine = spent[f"ours with {way}"]
            ratio = Spread.of(a / b for a, b in zip(spent[way], mine))
            rows.append([f"{workers:,}", f"`{way}`", str(len(mine)), seconds(Spread.of(mine).median),
                         seconds(Spread.of(spent[way]).median), *ratio.cells(times)])  # fmt: skip
            out.facts[f"times faster than {way} at {workers:,}"] = ratio.median
        off = differences(one["statistics"]["ours"], one["statistics"]["theirs"])
        agreement.append([f"{workers:,}", *(_judged(name, value, workers) for name, value in off.items())])
    out.table(
        ["workers", "against", "quarters", "ours, median", "theirs, median", *(f"faster, {w}" for w in SPREAD)], rows
    )
    slopes = {
        way: exponent(list(found), [Spread.of(one["seconds"][way]).median for one in found.values()])
        for way in ("ours with do", "do", "shuffle_do")
    }
    out.say("Exponents: " + ", ".join(f"{way} {number(slope)}" for way, slope in slopes.items()) + ".")
    last = list(found.values())[-1]["built"]
    out.say(f"Building {max(found):,} workers takes {seconds(last[0])} (the whole model) against {seconds(last[1])}.")
    limits = ", ".join(f"{name} {limit:.0%}" for name, limit in TOLERANCE.items())
    out.say(
        f"Do they agree? Theirs over ours, all quarters together; allowed from {JUDGED_FROM:,} workers on: {limits}."
    )
    out.table(["workers", *TOLERANCE], agreement)
    return out


def _judged(name: str, off: float, workers: int) -> str:
    told = f"{'+' if off >= 0 else '−'}{share(abs(off))}"
    return told if abs(off) <= TOLERANCE[name] or workers < JUDGED_FROM else f"**{told}, too far**"
