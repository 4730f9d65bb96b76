"""Runs of mixes of levers, and what they say: cost, how often the goals are met, regret, where promises break."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import mannwhitneyu

from simulator.analysis.boxes import wilson
from simulator.analysis.goals import Goal
from simulator.analysis.levers import Lever
from simulator.analysis.points import observe
from simulator.batch import Failure
from simulator.posterior import load_posterior
from simulator.results import Result
from simulator.run import Progress, Request
from simulator.scenario import Scenario
from simulator.store import Store

Floats = NDArray[np.float64]
Pair = tuple[int, int]  # draw, seed

COST = "public_cost"
_LEAST = 4  # draws that hold, and that break, before anything is said about what parts them
_DOUBT = 0.05
BREAK_COLUMNS = ("name", "label", "unit", "side", "at", "p", "break_above", "break_below", "n_above", "n_below")


class Trials:
    """Runs mixes through the store and counts them; values are [run, cost and goals], NaN where a run failed."""

    def __init__(
        self,
        goals: Sequence[Goal],
        levers: Sequence[Lever],
        year: int,
        people_per_agent: int,
        store: Store,
        workers: int | None,
        progress: Progress | None,
    ) -> None:
        self.goals, self.levers, self.year, self.people = goals, levers, year, people_per_agent
        self.store, self.workers, self.progress = store, workers, progress
        self.failures: list[Failure] = []
        self.keys: set[str] = set()

    @property
    def runs(self) -> int:
        """How many different runs there were."""
        return len(self.keys)

    def run(self, scenario: Scenario, asked: Sequence[tuple[Floats, Pair]]) -> Floats:
        """Places [lever] of mixes, each with a draw and a seed."""
        return self.run_worlds([(scenario, place, pair) for place, pair in asked])

    def run_worlds(self, asked: Sequence[tuple[Scenario, Floats, Pair]]) -> Floats:
        """The same, each in a scenario of its own."""
        made: dict[tuple[str, bytes], Scenario] = {}
        requests = []
        for scenario, place, (draw, seed) in asked:
            key = scenario.id, place.tobytes()
            if key not in made:
                made[key] = scenario.with_values(values_of(self.levers, place), id=scenario.id)
            mixed = made[key]
            requests.append(Request.of(mixed, seed, self.people, self.year, draw if draw >= 0 else "best"))
        first = int(asked[0][0].start[:4]) if asked else 0
        seen, failed = observe(
            requests, lambda result: self._take(result, first), self.store, self.workers, self.progress
        )
        self.failures += failed
        self.keys |= {request.key for request in requests}
        empty = np.full(1 + len(self.goals), math.nan)
        return np.array([empty if taken is None else taken for taken in seen]).reshape(len(asked), len(empty))

    def _take(self, result: Result, first: int) -> Floats:
        yearly = result.yearly()
        cost = yearly.table([COST])[COST]
        spent = float(cost[[str(year) for year in range(first, self.year + 1)]].sum())
        return np.array([spent, *(goal.measure.of(yearly, self.year) for goal in self.goals)])


def values_of(levers: Sequence[Lever], place: Floats) -> dict[str, float]:
    """Values of the levers that a mix moves from what the scenario sets."""
    return {
        lever.name: lever.value(float(x))
        for lever, x in zip(levers, place, strict=True)
        if abs(float(x) - lever.start) > 1e-12
    }


def meets(goals: Sequence[Goal], values: Floats) -> NDArray[np.bool_]:
    """Which runs meet all goals, values [run, cost and goals]."""
    return np.all([goal.met(values[:, k]) for k, goal in enumerate(goals, start=1)], axis=0)


def _figures(goals: Sequence[Goal], share: float, values: Floats) -> dict[str, Any]:
    """Cost, share and levels of one mix."""
    met = meets(goals, values)
    low, high = wilson(int(met.sum()), len(met))
    known = values[:, 0][~np.isnan(values[:, 0])]
    ends = np.quantile(known, (0.1, 0.9)) if len(known) else (math.nan, math.nan)
    row: dict[str, Any] = {
        "n": len(met), "share": float(met.mean()), "share_low": low, "share_high": high,
        "cost": float(known.mean()) if len(known) else math.nan, "cost_p10": float(ends[0]),
        "cost_p90": float(ends[1]),
    }  # fmt: skip
    nearness = []
    for k, goal in enumerate(goals, start=1):
        level = goal.level(values[:, k], share)
        row[f"level_{k}"] = level
        gap = (level - goal.value) / max(abs(goal.value), 1e-12)
        nearness.append(-math.inf if math.isnan(gap) else gap if goal.upward else -gap)
    row["nearness"] = min(nearness)
    return row


def summary_of(
    goals: Sequence[Goal], levers: Sequence[Lever], share: float, tried: Sequence[tuple[Floats, Floats]]
) -> pd.DataFrame:
    """A row a mix: number (0 is the scenario), figures, value of every lever, whether no other is cheaper and as good.

    ``level_k`` is the level of goal k that the share of draws reaches; ``nearness`` how far the goal that lags most is
    passed, as a part of its value, below 0 where it is missed.
    """
    rows = []
    for number, (place, values) in enumerate(tried):
        row = {"mix": number} | _figures(goals, share, values)
        rows.append(row | {lever.name: lever.value(float(x)) for lever, x in zip(levers, place, strict=True)})
    frame = pd.DataFrame(rows)
    cost, near = frame["cost"].to_numpy(), frame["nearness"].to_numpy()
    better = (cost[None] <= cost[:, None]) & (near[None] >= near[:, None])
    better &= (cost[None] < cost[:, None]) | (near[None] > near[:, None])
    frame.insert(2, "frontier", ~better.any(axis=1))
    frame["nearness"] = frame["nearness"].replace(-math.inf, math.nan)
    return frame


def judged(goals: Sequence[Goal], values: Floats, drawn: Sequence[Pair]) -> pd.DataFrame:
    """A row a fresh run: draw, seed, cost, goals' values, whether all are met."""
    frame = pd.DataFrame(list(drawn), columns=["draw", "seed"])
    frame["cost"] = values[:, 0]
    for k, _ in enumerate(goals, start=1):
        frame[f"value_{k}"] = values[:, k]
    return frame.assign(met=meets(goals, values))


def regret_of(
    goals: Sequence[Goal], share: float, asked: Sequence[tuple[str, int]], blocks: Sequence[Floats]
) -> pd.DataFrame:
    """A row a world and mix: figures, and regret against the best of the mixes run in that world.

    ``regret_share`` is the share of draws it lacks to the mix that meets the goals most often; ``regret_cost`` what it
    costs more than the cheapest that keeps the promise there, empty where it does not keep it. ``keeps`` is whether
    the share asked for is reached, ``breaks`` whether its 95 % interval lies below: few draws may leave both open.
    """
    rows = [
        {"world": world, "mix": mix} | _figures(goals, share, values)
        for (world, mix), values in zip(asked, blocks, strict=True)
    ]
    frame = pd.DataFrame(rows)
    frame["nearness"] = frame["nearness"].replace(-math.inf, math.nan)
    frame["keeps"] = frame["share"] >= share - 1e-9
    frame["breaks"] = frame["share_high"] < share
    best = frame.groupby("world")["share"].transform("max")
    cheapest = frame["cost"].where(frame["keeps"]).groupby(frame["world"]).transform("min")
    frame["regret_share"] = best - frame["share"]
    frame["regret_cost"] = (frame["cost"] - cheapest).where(frame["keeps"])
    return frame


def breaks(verified: pd.DataFrame) -> pd.DataFrame:
    """Numbers of the posterior that part draws in which the promise breaks from the others: ``BREAK_COLUMNS``.

    By Mann and Whitney's test, p multiplied by how many numbers are tried; those below 0.05, the surest first. Empty
    where too few draws hold or break, or where no posterior was drawn from. ``side`` is where it breaks more often,
    above or below ``at``, the middle of the draws.
    """
    none = pd.DataFrame(columns=list(BREAK_COLUMNS))
    met, draws = verified["met"].to_numpy(dtype=bool), verified["draw"].to_numpy()
    if min(met.sum(), (~met).sum()) < _LEAST or (draws < 0).any():
        return none
    from simulator.parameters import PARAMETERS

    posterior = load_posterior("refit").values
    rows = []
    for name in posterior:
        column = posterior[name].to_numpy()[draws]
        p = float(mannwhitneyu(column[met], column[~met]).pvalue) * posterior.shape[1]
        if p >= _DOUBT:
            continue
        at = float(np.median(column))
        above = column > at
        shares = [float((~met)[part].mean()) for part in (above, ~above)]
        side = "above" if shares[0] >= shares[1] else "below"
        about = PARAMETERS[name]
        counts = int(above.sum()), int((~above).sum())
        rows.append((name, about.label, about.unit, side, at, p, *shares, *counts))
    return pd.DataFrame(rows, columns=list(BREAK_COLUMNS)).sort_values("p", kind="stable", ignore_index=True)
