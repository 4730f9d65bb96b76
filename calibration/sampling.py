"""Samples of the unit cube: space-filling designs, tempered Monte Carlo for any density, and weighted choice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

Floats = NDArray[np.float64]
Density = Callable[[Floats], Floats]  # points [point, number] → logarithm of the density [point]

_KEPT = 0.5  # share of effective particles that a step of the temperature leaves
_MOVES = 10  # rounds of moves at each temperature
_LAST_MOVES = 60  # rounds at the end
_JUMP = 0.1  # share of moves that try a whole step between two particles
_MOST_STEPS = 200


def design(number: int, dimensions: int, rng: np.random.Generator) -> Floats:
    """A scrambled Sobol sequence, shape [number, dimensions]; every beginning of it fills the cube."""
    sampler = qmc.Sobol(dimensions, rng=rng)
    return np.asarray(sampler.random_base2(int(np.ceil(np.log2(max(number, 2)))))[:number])


@dataclass(frozen=True, eq=False)
class Sample:
    """Points [particle, number] with equal weights and their densities; ``steps`` temperatures were needed.

    ``reached`` is the last temperature, 1 where the sampler came to its end.
    """

    points: Floats
    density: Floats
    steps: int
    reached: float = 1.0


def tempered(density: Density, dimensions: int, number: int, rng: np.random.Generator) -> Sample:
    """Sequential Monte Carlo from the uniform prior to prior × density (Del Moral, Doucet and Jasra 2006).

    The density is let in by degrees, each leaving half of the particles effective. Particles move by differences of
    other particles (ter Braak 2006) in random blocks of numbers; the halves of the population move in turn, so that
    each move leaves the target as it is.
    """
    points = rng.random((number, dimensions))
    logs = density(points)
    power, steps = 0.0, 0
    while power < 1.0 and steps < _MOST_STEPS:
        step = _next_power(logs, power)
        weights = _normal((step - power) * logs)
        chosen = systematic(weights, number, rng)
        points, logs, power, steps = points[chosen], logs[chosen], step, steps + 1
        rounds = _LAST_MOVES if power >= 1.0 else _MOVES
        for _ in range(rounds):
            points, logs = _move(points, logs, power, density, rng)
    return Sample(points, logs, steps, power)


def inside(badness: Density, limit: float, dimensions: int, number: int, rng: np.random.Generator) -> Sample:
    """Points spread evenly over where ``badness`` is at most ``limit``, by lowering the limit from above.

    Each step keeps the better half (Au and Beck 2001). Where the limit cannot be reached, ``reached`` is the lowest
    one that was, and the points lie there.
    """
    points = rng.random((number, dimensions))
    found = badness(points)
    reached, steps, stalled = float(found.max()), 0, 0
    while reached > limit and steps < _MOST_STEPS and stalled < 3:
        wanted = max(limit, float(np.quantile(found, _KEPT)))
        stalled = stalled + 1 if wanted > 0.995 * reached else 0
        reached, steps = wanted, steps + 1
        keep = np.flatnonzero(found <= reached)
        chosen = keep[systematic(np.full(len(keep), 1 / len(keep)), number, rng)]
        points = points[chosen]

        def within(at: Floats, most: float = reached) -> Floats:
            return np.where(badness(at) <= most, 0.0, -np.inf)

        logs = np.zeros(number)
        for _ in range(_LAST_MOVES if reached <= limit else _MOVES):
            points, logs = _move(points, logs, 1.0, within, rng)
        found = badness(points)
    return Sample(points, -found, steps, reached)


def _next_power(logs: Floats, power: float) -> float:
    """The temperature that leaves the wanted share of particles effective, found by halving."""

    def effective(step: float) -> float:
        return effective_size(_normal((step - power) * logs)) / len(logs)

    if effective(1.0) >= _KEPT:
        return 1.0
    low, high = power, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if effective(middle) >= _KEPT else (low, middle)
    return max(low, power + 1e-9)


def _move(
    points: Floats, logs: Floats, power: float, density: Density, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """One round: each half of the particles moves by differences within the other half."""
    points, logs = points.copy(), logs.copy()
    number, dimensions = points.shape
    order = rng.permutation(number)
    for mine, others in ((order[: number // 2], order[number // 2 :]), (order[number // 2 :], order[: number // 2])):
        if len(mine) == 0 or len(others) < 2:
            continue
        share = rng.choice([0.1, 0.3, 1.0], size=(len(mine), 1))
        block = rng.random((len(mine), dimensions)) < share
        block[np.arange(len(mine)), rng.integers(dimensions, size=len(mine))] = True
        width = block.sum(axis=1, keepdims=True)
        a, b = (others[rng.integers(len(others), size=len(mine))] for _ in range(2))
        usual = 2.38 / np.sqrt(2 * width) * rng.random((len(mine), 1))
        length = np.where(rng.random((len(mine), 1)) < _JUMP, 1.0, usual)
        shift = length * (points[a] - points[b]) + 1e-3 * rng.standard_normal((len(mine), dimensions))
        tried = reflect(points[mine] + np.where(block, shift, 0.0))
        found = density(tried)
        with np.errstate(invalid="ignore"):
            accepted = np.log(rng.random(len(mine))) < power * (found - logs[mine])
        points[mine[accepted]], logs[mine[accepted]] = tried[accepted], found[accepted]
    return points, logs


def reflect(points: Floats) -> Floats:
    """Points outside the unit cube mirrored at its sides.

    >>> reflect(np.array([-0.25, 0.5, 1.25])).tolist()
    [0.25, 0.5, 0.75]
    """
    folded = np.mod(points, 2.0)
    return np.where(folded > 1.0, 2.0 - folded, folded)


def _normal(logs: Floats) -> Floats:
    """Weights that add up to one."""
    weights = np.exp(logs - logs.max())
    return weights / weights.sum()


def effective_size(weights: Floats) -> float:
    """How many equal weights would be as good (Kish).

    >>> effective_size(np.array([0.25, 0.25, 0.25, 0.25])), effective_size(np.array([1.0, 0.0]))
    (4.0, 1.0)
    """
    return float(weights.sum() ** 2 / (weights**2).sum())


def systematic(weights: Floats, number: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Places chosen in proportion to weights, with as little luck as can be; in order, repeats allowed."""
    edges = np.cumsum(weights)
    return np.minimum(np.searchsorted(edges / edges[-1], (np.arange(number) + rng.random()) / number, side="right"),
                      len(weights) - 1)  # fmt: skip


def shares(weights: Floats, number: int) -> Floats:
    """Chances with which each place is among ``number`` different ones: in proportion to weights, at most 1.

    What is cut off the largest weights is given to the others. Fewer places than ``number`` with weight: all of them.

    >>> shares(np.array([4.0, 1.0, 1.0, 1.0]), 2).round(3).tolist()
    [1.0, 0.333, 0.333, 0.333]
    """
    chance = np.zeros(len(weights))
    sure = np.zeros(len(weights), dtype=bool)
    for _ in range(len(weights)):
        rest = weights[~sure].sum()
        if number <= sure.sum() or rest <= 0:
            break
        chance = np.where(sure, 1.0, weights * (number - sure.sum()) / rest)
        if (chance <= 1.0 + 1e-12).all():
            break
        sure |= chance > 1.0
    return np.minimum(chance, 1.0)


def different(weights: Floats, number: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """``number`` different places, each with its chance of :func:`shares` (Madow's systematic design)."""
    order = rng.permutation(len(weights))
    edges = np.cumsum(shares(weights, number)[order])
    total = round(float(edges[-1]))
    marks = np.arange(total) + rng.random()
    found = np.minimum(np.searchsorted(edges, marks, side="right"), len(weights) - 1)
    return order[np.unique(found)]
