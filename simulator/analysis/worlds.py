"""Worlds sampled evenly, then on purpose where a rare future is near, with the weights that put this right.

A first part of the worlds is spread over the whole space. Where the future is rare, later parts are spread over
regions in which its cases, or what comes nearest to it, lie dense. A world's weight is one over how often all parts
together sample its place (the balance heuristic), so that weighted shares are those of the whole space.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import spearmanr

from simulator.analysis.boxes import Box, peel, prune, widest
from simulator.analysis.points import Factor, spread_points, values_at

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Region = Mapping[str, tuple[float, float]]  # of the unit cube, by name; what is not named is whole

_COVERAGE, _ROOM = 0.8, 0.05
_SURE, _STRONGEST, _BETTER = 0.05, 4, 0.5


@dataclass(frozen=True)
class Part:
    """So many worlds spread evenly over a region."""

    count: int
    region: Region


def sample(factors: Sequence[Factor], part: Part, seed: int) -> Floats:
    """Places [world, factor] of a part."""
    places = spread_points(part.count, len(factors), seed)
    for column, factor in enumerate(factors):
        low, high = part.region.get(factor.name, (0.0, 1.0))
        places[:, column] = low + places[:, column] * (high - low)
    return places


def volume(region: Region) -> float:
    """The part of the space that a region is."""
    return float(np.prod([high - low for low, high in region.values()])) if region else 1.0


def weights(places: pd.DataFrame, parts: Sequence[Part]) -> Floats:
    """A weight a world, mean about 1: one over the density with which all parts together sample its place.

    ``parts`` holds all that were sampled; the first must be of the whole space, so that no weight is without bound.
    """
    total = sum(part.count for part in parts)
    density = np.zeros(len(places))
    for part in parts:
        inside = Box(part.region).holds(places)
        density += np.where(inside, part.count / total / volume(part.region), 0.0)
    return 1.0 / density


def promising(places: pd.DataFrame, case: Mask, near: Floats, least: int) -> Region:
    """The region in which cases lie dense: PRIM's smallest box that holds most of them, a little widened.

    Where there are fewer cases than ``least`` it is where the future comes near: the better part of the range of the
    few numbers whose ranks go most closely with ``near``.
    """
    if case.sum() < least:
        return _towards(places, near)
    boxes = peel(places, case)
    box = prune(boxes[widest(boxes, places, case, _COVERAGE)], places, case)
    return {name: (max(low - _ROOM, 0.0), min(high + _ROOM, 1.0)) for name, (low, high) in box.limits.items()}


def _towards(places: pd.DataFrame, near: Floats) -> Region:
    if np.ptp(near) == 0.0:
        return {}
    found = {name: spearmanr(column, near) for name, column in places.items() if column.nunique() > 1}
    ranks = {name: float(r.statistic) for name, r in found.items()}
    ordered = sorted(ranks, key=lambda name: -abs(ranks[name]))[:_STRONGEST]
    # Of so many numbers some go along by chance; the strongest is taken whatever its p.
    strongest = [name for name in ordered if found[name].pvalue < _SURE / len(found)] or ordered[:1]
    region = {}
    for name in strongest:
        ends = float(places[name].min()), float(places[name].max())
        cut = ends[0] + (_BETTER if ranks[name] > 0 else 1 - _BETTER) * (ends[1] - ends[0])
        region[name] = (cut, 1.0) if ranks[name] > 0 else (0.0, cut)
    return region


def inside(factors: Sequence[Factor], box: Box) -> Region:
    """The part of the unit cube in which a box's conditions on these factors hold."""
    found = {}
    for factor in factors:
        if factor.name in box.limits:
            low, high = box.limits[factor.name]
            ends = factor.place(max(low, factor.low)), factor.place(min(high, factor.high))
            found[factor.name] = (min(ends), max(ends))
    return found


def as_frame(factors: Sequence[Factor], places: Floats) -> pd.DataFrame:
    """Places by name."""
    return pd.DataFrame(places, columns=[factor.name for factor in factors])


def as_values(factors: Sequence[Factor], places: Floats) -> pd.DataFrame:
    """Values by name."""
    return pd.DataFrame(values_at(factors, places), columns=[factor.name for factor in factors])
