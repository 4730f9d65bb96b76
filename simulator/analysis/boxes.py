"""Boxes of conditions by PRIM (EMA workbench), judged with the weights of runs that were sampled on purpose.

PRIM peels thin slices off the space so that cases grow dense in what is left. Coverage is the part of all cases inside
a box, density the part of the box that are cases; both count every run with its weight. The quasi-p value of a
condition is the chance that leaving it out would do as well, by a one-sided binomial test on the runs as they are.
"""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import binomtest

from simulator.results import InputError

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

MISSING = 'garment-sim discover needs the extra "discover": pip install "garment-sim[discover]"'
DOUBT = 0.05  # a condition with a higher quasi-p value is left out
_PEEL, _LEAST = 0.05, 15
_RESAMPLES = 400


@dataclass(frozen=True)
class Box:
    """Conditions by name: from … to …, infinite where there is none; quasi-p values of either side, NaN where none."""

    limits: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    quasi_p: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def holds(self, x: pd.DataFrame) -> Mask:
        """Which rows lie inside."""
        inside = np.ones(len(x), dtype=bool)
        for name, (low, high) in self.limits.items():
            column = x[name].to_numpy(dtype=float)
            inside &= (column >= low) & (column <= high)
        return inside


@dataclass(frozen=True)
class Judged:
    """What a box holds, by weight; ``mean`` and ``n`` and ``cases`` count the runs as they are."""

    coverage: float
    density: float
    mass: float
    mean: float
    n: int
    cases: int


def judge(inside: Mask, case: Mask, weight: Floats) -> Judged:
    """Coverage, density and size of a box; NaN where there is nothing to divide by."""

    def part(of: Mask, whole: Mask) -> float:
        total = float(weight[whole].sum())
        return float(weight[of].sum()) / total if total else math.nan

    n, cases = int(inside.sum()), int((inside & case).sum())
    everywhere = np.ones_like(inside)
    mean = cases / n if n else math.nan
    density, mass = part(inside & case, inside), part(inside, everywhere)
    return Judged(part(inside & case, case), density, mass, mean, n, cases)


def spread_of(inside: Mask, case: Mask, weight: Floats, seed: int = 0) -> dict[str, float]:
    """95 % intervals of coverage and density by resampling runs."""
    rng = np.random.default_rng(seed)
    found: list[tuple[float, float]] = []
    for _ in range(_RESAMPLES):
        rows = rng.integers(0, len(case), len(case))
        judged = judge(inside[rows], case[rows], weight[rows])
        found.append((judged.coverage, judged.density))
    values = np.array(found)
    out: dict[str, float] = {}
    for column, name in enumerate(("coverage", "density")):
        known = values[:, column][~np.isnan(values[:, column])]
        low, high = np.quantile(known, (0.025, 0.975)) if len(known) else (math.nan, math.nan)
        out |= {f"{name}_low": float(low), f"{name}_high": float(high)}
    return out


def wilson(cases: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a share by Wilson's score."""
    if not n:
        return math.nan, math.nan
    ends = binomtest(cases, n).proportion_ci(0.95, "wilson")
    return float(ends.low), float(ends.high)


def peel(x: pd.DataFrame, case: Mask) -> list[Box]:
    """PRIM's way from the whole space to its last box. Raises InputError where EMA workbench is missing."""
    box = _prim(x, case)
    return [_box(box, i) for i in range(len(box.box_lims))]


def best(boxes: list[Box], x: pd.DataFrame, case: Mask, weight: Floats, density: float) -> int:
    """The place of the box with the highest coverage among those dense enough; where none is, of the densest."""
    judged = [judge(box.holds(x), case, weight) for box in boxes]
    dense = [i for i, found in enumerate(judged) if found.density >= density]
    if dense:
        return max(dense, key=lambda i: (judged[i].coverage, judged[i].density))
    return max(range(len(boxes)), key=lambda i: (np.nan_to_num(judged[i].density), judged[i].coverage))


def widest(boxes: list[Box], x: pd.DataFrame, case: Mask, coverage: float) -> int:
    """The place of the smallest box that still holds so large a part of the cases."""
    every = np.ones(len(x))
    judged = [judge(box.holds(x), case, every) for box in boxes]
    kept = [i for i, found in enumerate(judged) if found.coverage >= coverage]
    return min(kept, key=lambda i: judged[i].n)


def prune(box: Box, x: pd.DataFrame, case: Mask) -> Box:
    """The box without conditions that leaving out would do as well, the most doubtful first."""
    limits = dict(box.limits)
    while limits:
        doubt = {name: _doubt(limits, name, x, case) for name in limits}
        worst = max(doubt, key=lambda name: min(v for v in doubt[name] if v == v))
        if min(v for v in doubt[worst] if v == v) <= DOUBT:
            return Box(limits, doubt)
        del limits[worst]
    return Box()


def _doubt(limits: Mapping[str, tuple[float, float]], name: str, x: pd.DataFrame, case: Mask) -> tuple[float, float]:
    """Quasi-p values of either side of a condition."""
    inside = Box(limits).holds(x)
    n, cases = int(inside.sum()), int((inside & case).sum())
    found = []
    for side in (0, 1):
        ends = list(limits[name])
        if math.isinf(ends[side]):
            found.append(math.nan)
            continue
        ends[side] = -math.inf if side == 0 else math.inf
        without = Box({**limits, name: (ends[0], ends[1])}).holds(x)
        share = float((without & case).sum()) / max(int(without.sum()), 1)
        found.append(float(binomtest(cases, n, share, alternative="greater").pvalue) if n else 1.0)
    return found[0], found[1]


def _prim(x: pd.DataFrame, case: Mask) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from ema_workbench.analysis import prim
    except ImportError:
        raise InputError(MISSING) from None
    logging.getLogger("EMA").setLevel(logging.ERROR)
    least = min(max(_LEAST / len(x), 0.01), 0.5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        algorithm = prim.Prim(x.astype(float), case, threshold=0.0, peel_alpha=_PEEL, mass_min=least)
        return algorithm.find_box()


def needed() -> None:
    """Raises InputError where EMA workbench is missing."""
    from importlib.util import find_spec

    if find_spec("ema_workbench") is None:
        raise InputError(MISSING)


def _box(found: Any, place: int) -> Box:
    """EMA workbench's limits, infinite where they are those of the whole space."""
    whole, mine = found.box_lims[0], found.box_lims[place]
    limits = {}
    for name in mine.columns:
        low = -math.inf if mine[name].iloc[0] <= whole[name].iloc[0] else float(mine[name].iloc[0])
        high = math.inf if mine[name].iloc[1] >= whole[name].iloc[1] else float(mine[name].iloc[1])
        if not (math.isinf(low) and math.isinf(high)):
            limits[name] = (low, high)
    return Box(limits)
