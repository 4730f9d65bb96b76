"""What the data can tell: how far each number was narrowed down, which trade off, which stand at their bounds."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from calibration.free import Box

Floats = NDArray[np.float64]

PRIOR_SD = 12**-0.5  # of a number that is uniform in the unit cube
NOTABLE = 0.3  # correlations from here on are listed
EDGE, CROWDED = 0.1, 0.25  # a number stands at a bound where a quarter of the draws lies in the last tenth
RIDGE = ("sourcing.elasticity", "pricing.pass_through")  # long-run elasticity and short-run pass-through, eta and phi


def contraction(box: Box, draws: Floats) -> dict[str, float]:
    """One less posterior over prior standard deviation, by name: 1 pinned down, 0 as before."""
    spread = [column.std(ddof=1) if len(column) > 1 else 0.0 for column in draws.T]
    return {name: float(1 - sd / PRIOR_SD) for name, sd in zip(box.names, spread, strict=True)}


def correlations(box: Box, draws: Floats) -> list[dict[str, Any]]:
    """Pairs of numbers that the data do not tell apart, the strongest first: ``a``, ``b``, ``r``."""
    if len(draws) < 3 or len(box) < 2:
        return []
    table: Floats = np.asarray(np.corrcoef(draws, rowvar=False))
    i, j = np.triu_indices(len(box), k=1)
    notable = [(float(table[a, b]), box.names[a], box.names[b]) for a, b in zip(i, j) if abs(table[a, b]) >= NOTABLE]
    return [{"a": a, "b": b, "r": r} for r, a, b in sorted(notable, key=lambda row: (-abs(row[0]), row[1:]))]


def at_bounds(box: Box, draws: Floats) -> list[str]:
    """Numbers that the data push to an end of their range."""
    low, high = (draws < EDGE).mean(axis=0), (draws > 1 - EDGE).mean(axis=0)
    return [name for name, a, b in zip(box.names, low, high, strict=True) if max(a, b) > CROWDED]


def ridge(box: Box, draws: Floats) -> dict[str, Any]:
    """How far elasticity, pass-through and their product are pinned down; empty where one of them is not free.

    ``r`` is the correlation of their logarithms; the others are posterior over prior standard deviation of the
    logarithm. A product far better known than its factors is a ridge: history gives it, and not the two.
    """
    if not set(RIDGE) <= set(box.names) or len(draws) < 3:
        return {}
    grid = np.random.default_rng(0).random((4096, len(box)))
    logs, prior = (
        np.log([[box.from_unit(point)[name] for name in RIDGE] for point in points]) for points in (draws, grid)
    )

    def left(after: Floats, before: Floats) -> float:
        return float(after.std(ddof=1) / before.std(ddof=1))

    return {
        "a": RIDGE[0],
        "b": RIDGE[1],
        "r": float(np.corrcoef(logs, rowvar=False)[0, 1]),
        "left_a": left(logs[:, 0], prior[:, 0]),
        "left_b": left(logs[:, 1], prior[:, 1]),
        "left_product": left(logs.sum(axis=1), prior.sum(axis=1)),
        "median_product": float(np.exp(np.median(logs.sum(axis=1)))),
    }


def differences(box: Box, first: Floats, second: Floats, sizes: tuple[float, float]) -> dict[str, float]:
    """Means of two posteriors apart, in their standard errors, by name; ``sizes`` are effective.

    Two calibrations that agree within Monte-Carlo error differ by more than 3 in one number of 400.
    """
    spread = np.sqrt(first.var(axis=0) / sizes[0] + second.var(axis=0) / sizes[1])
    apart = (first.mean(axis=0) - second.mean(axis=0)) / np.maximum(spread, 1e-12)
    return dict(zip(box.names, map(float, apart), strict=True))
