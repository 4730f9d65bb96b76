"""A fast stand-in for the model: the logarithm of each target as a polynomial of the free numbers.

Ridge regression on Legendre polynomials: all numbers to second order, products of pairs among the numbers that
matter. How much each number matters is estimated first and sets how far its terms may go (a product needs both of
its numbers to matter). The strength of the ridge is chosen, and the error measured, by leaving out each run in turn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_STRENGTHS = np.geomspace(1e-3, 1e3, 25)  # of the ridge, for a hundred runs
_LEAST = 0.02  # of the largest importance: below it a number still has a little room
_PRODUCT_ROOM = 0.5  # prior size of a product's coefficient against its numbers' own
_MOST_PAIRED = 24  # numbers of which products are taken


def terms(points: Floats, paired: NDArray[np.intp]) -> Floats:
    """Orthonormal terms on the unit cube [point, term]: linear, square, cube of all, then products of pairs."""
    t = 2.0 * points - 1.0
    first = np.sqrt(3.0) * t
    second = np.sqrt(5.0) * 0.5 * (3.0 * t**2 - 1.0)
    third = np.sqrt(7.0) * 0.5 * (5.0 * t**3 - 3.0 * t)
    i, j = _pairs(len(paired))
    return np.concatenate([first, second, third, first[:, paired[i]] * first[:, paired[j]]], axis=1)


def _pairs(number: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    return np.triu_indices(number, k=1)


@dataclass(frozen=True, eq=False)
class Emulator:
    """Coefficients [term, target] and the covariance of what they miss [target, target].

    ``error`` is the root mean square of what the emulator misses of runs it has not seen, by target; it holds the
    model's luck as well, because every run has luck of its own. ``explained`` is the share of variance explained.
    """

    paired: NDArray[np.intp]
    middle: Floats
    coefficients: Floats
    covariance: Floats
    explained: Floats
    runs: NDArray[np.intp]

    @property
    def error(self) -> Floats:
        """Root mean square error of unseen runs, by target."""
        return np.sqrt(np.diag(self.covariance))

    def __call__(self, points: Floats) -> Floats:
        """Means [point, target]."""
        return self.middle + terms(points, self.paired) @ self.coefficients


def fit(points: Floats, moments: Floats, weights: Floats | None = None) -> Emulator:
    """Fit to runs: ``points`` [run, number], ``moments`` [run, target] with NaN where a run has none.

    ``weights`` [run] are at most 1; the error is measured on the runs of weight 1.
    """
    number = len(points)
    weights = np.ones(number) if weights is None else weights
    targets = moments.shape[1]
    size = np.sqrt(np.nanmean((moments - np.nanmean(moments, axis=0)) ** 2, axis=0))
    linear = [_sizes(points, moments[:, k], weights) for k in range(targets)]
    scale = np.where(size > 0, size, 1.0)
    overall = np.sqrt(np.mean([(s / c) ** 2 for s, c in zip(linear, scale)], axis=0))
    paired = np.sort(np.argsort(-overall, kind="stable")[:_MOST_PAIRED])
    features = terms(points, paired)
    i, j = _pairs(len(paired))
    middle, coefficients = np.zeros(targets), np.zeros((features.shape[1], targets))
    missed, runs = np.full((number, targets), np.nan), np.zeros(targets, dtype=np.intp)
    explained = np.zeros(targets)
    for k in range(targets):
        known = np.isfinite(moments[:, k])
        runs[k] = known.sum()
        if runs[k] < 3:
            raise ValueError(f"target {k} has {runs[k]} runs; an emulator needs at least 3")
        room = np.maximum(linear[k] / max(linear[k].max(), 1e-300), _LEAST)
        prior = np.concatenate([room, room / 2, room / 4, _PRODUCT_ROOM * np.sqrt(room[paired[i]] * room[paired[j]])])
        middle[k], coefficients[:, k], left = _ridge(features[known], moments[known, k], prior, weights[known])
        missed[known, k] = left
        whole = known & (weights >= 1.0)
        spread = np.var(moments[whole, k])
        explained[k] = 1.0 - np.mean(missed[whole, k] ** 2) / spread if spread > 0 else 0.0
    return Emulator(paired, middle, coefficients, _covariance(missed[weights >= 1.0]), explained, runs)


def _sizes(points: Floats, values: Floats, weights: Floats) -> Floats:
    """How much each number moves the values alone: size of its linear, square and cubic terms [number]."""
    known = np.isfinite(values)
    features = terms(points[known], np.empty(0, dtype=np.intp))
    dimensions = points.shape[1]
    prior = np.repeat([1.0, 0.5, 0.25], dimensions)
    _, coefficients, _ = _ridge(features, values[known], prior, weights[known])
    return np.sqrt((coefficients.reshape(3, dimensions) ** 2).sum(axis=0))


def _ridge(features: Floats, values: Floats, prior: Floats, weights: Floats) -> tuple[float, Floats, Floats]:
    """Intercept, coefficients, and what each run misses when it is left out of the fit.

    The penalty of a coefficient is its square over the square of ``prior``; its strength is the one with the least
    weighted error of runs left out.
    """
    root = np.sqrt(weights)
    total = weights.sum()
    centre, level = weights @ features / total, float(weights @ values / total)
    x = (features - centre) * prior * root[:, None]
    y = (values - level) * root
    squares, turn = np.linalg.eigh(x.T @ x)
    squares, z = np.maximum(squares, 0.0), x @ turn
    turned, lever, part = z.T @ y, weights / total, z**2  # the lever is the intercept's

    def left_out(strength: float) -> Floats:
        kept = 1.0 / (squares + strength)
        return (y - z @ (kept * turned)) / np.maximum(1.0 - part @ kept - lever, 1e-6)

    strengths = _STRENGTHS * len(values) / 100
    losses = [float(missed @ missed) for missed in map(left_out, strengths)]
    strength = float(strengths[int(np.argmin(losses))])
    coefficients = prior * (turn @ (turned / (squares + strength)))
    return level - float(centre @ coefficients), coefficients, left_out(strength) / np.maximum(root, 1e-12)


def _covariance(missed: Floats) -> Floats:
    """Covariance of what is missed [target, target]; pairs that share few runs count as independent."""
    number = missed.shape[1]
    known = np.isfinite(missed)
    filled = np.where(known, missed, 0.0)
    together = known.T.astype(float) @ known.astype(float)
    out = filled.T @ filled / np.maximum(together, 1.0)
    whole = known.all(axis=0)
    groups = [np.flatnonzero(whole), np.flatnonzero(~whole)]
    apart = np.zeros((number, number))
    for group in groups:
        apart[np.ix_(group, group)] = 1.0
    return out * apart
