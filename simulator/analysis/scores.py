"""How far a forecast lies from what came: of its middle, of its bands, and of the whole of it.

An ensemble is an array whose first axis counts equally likely values. Rules: Gneiting & Raftery (2007), Strictly
proper scoring rules, prediction, and estimation.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from simulator.results import spread

Floats = NDArray[np.float64]
POINTS = 25  # equally likely values that stand for a normal error
DISCREPANCY = 0.05  # relative error of the best possible run, of its own apart from measurement; design, section 10


def normal_points(number: int = POINTS) -> Floats:
    """Equally likely values that stand for a standard normal variable: the middles of equal parts, scaled to sd 1.

    >>> normal_points(3).round(2).tolist()
    [-1.22, 0.0, 1.22]
    """
    points = ndtri((np.arange(number) + 0.5) / number)
    return np.asarray(points / points.std())


def with_error(values: Floats, sd: float) -> Floats:
    """The ensemble with a relative (log-normal) error of its own for each value; longer by ``POINTS`` times.

    >>> ensemble = with_error(np.array([100.0, 200.0]), 0.1)
    >>> len(ensemble), round(float(np.log(ensemble / 100).std()), 3)  # √(0.1² + (½ ln 2)²)
    (50, 0.361)
    """
    return np.asarray(np.multiply.outer(np.exp(sd * normal_points()), values).reshape(-1))


def told_error(sd: float) -> float:
    """Relative error of a published figure together with the model's own: what a run misses of what is published.

    >>> round(told_error(0.12), 2)
    0.13
    """
    return float(np.hypot(sd, DISCREPANCY))


def band(ensemble: Floats, share: float) -> tuple[float, float]:
    """The ends of the middle ``share`` of an ensemble.

    >>> band(np.arange(101.0), 0.5)
    (25.0, 75.0)
    """
    _, (low, high) = spread(ensemble[:, None], ((1 - share) / 2, (1 + share) / 2))
    return float(low[0]), float(high[0])


def percentage_error(forecast: Floats, observed: Floats) -> float:
    """Mean absolute error over what was observed.

    >>> round(percentage_error(np.array([110.0, 80.0]), np.array([100.0, 100.0])), 3)
    0.15
    """
    return float(np.mean(np.abs(forecast / observed - 1)))


def bias(forecast: Floats, observed: Floats) -> float:
    """Mean error over what was observed, with its sign."""
    return float(np.mean(forecast / observed - 1))


def interval_score(low: float, high: float, observed: float, share: float) -> float:
    r"""Width of a band and, where it misses, a fine: small is good.

    .. math:: S = (u-l) + \frac{2}{\alpha}(l-y)^+ + \frac{2}{\alpha}(y-u)^+

    l low, u high, y observed, α = 1 − share.

    >>> interval_score(90, 110, 100, 0.8), round(interval_score(90, 110, 112, 0.8), 6)
    (20.0, 40.0)
    """
    miss = max(low - observed, 0.0) + max(observed - high, 0.0)
    return float(high - low + 2 / (1 - share) * miss)


def crps(ensemble: Floats, observed: float) -> float:
    r"""Continuous ranked probability score of an ensemble: small is good, in the unit of what is forecast.

    .. math:: CRPS = \frac1n\sum_i|x_i-y| - \frac1{2n^2}\sum_i\sum_j|x_i-x_j|

    Of a single value it is the absolute error. By hand: of 1 and 3 against 2 it is 1 − ½ · (0 + 2 + 2 + 0)/4 = ½.

    >>> crps(np.array([1.0, 3.0]), 2.0), crps(np.array([5.0]), 2.0)
    (0.5, 3.0)
    """
    ranked = np.sort(ensemble)
    number = len(ranked)
    weights = 2 * np.arange(1, number + 1) - number - 1  # Σ_i Σ_j |x_i − x_j| = 2 Σ_i weight_i · x_(i)
    return float(np.mean(np.abs(ranked - observed)) - np.sum(weights * ranked) / number**2)
