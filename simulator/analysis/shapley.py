"""Who contributed what: Shapley shares of a game, exact over all coalitions or sampled over orders of joining.

A game gives every coalition of ``k`` players a value. A coalition is a whole number whose bit ``i`` says whether
player ``i`` is in it, so that 0 is nobody and 2^k − 1 everybody. Source: L. S. Shapley, "A value for n-person games",
1953; for parts of a change, A. F. Shorrocks, "Decomposition procedures for distributional analysis", 2013.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Orders = NDArray[np.intp]
MOST_EXACT = 8  # players up to which all coalitions are valued


def exact(values: Sequence[float] | Array) -> Array:
    r"""Shares of the players, [k], from the values of all 2^k coalitions.

    .. math:: \phi_i = \sum_{S \not\ni i} \frac{|S|!\,(k-|S|-1)!}{k!}\,\bigl(v(S \cup i) - v(S)\bigr)

    They add up to v(everybody) − v(nobody) but for rounding: sums are taken in full precision. Raises ValueError
    where the number of values is no power of two.

    >>> exact([0.0, 10.0, 20.0, 36.0]).tolist()
    [13.0, 23.0]
    """
    players = len(values).bit_length() - 1
    if len(values) != 1 << players:
        raise ValueError(f"{len(values)} values are not those of all coalitions of some players")
    whole = range(len(values))
    weight = [1.0 / (players * math.comb(players - 1, size)) for size in range(players)]
    return np.array(
        [
            math.fsum(weight[s.bit_count()] * (values[s | 1 << i] - values[s]) for s in whole if not s >> i & 1)
            for i in range(players)
        ]
    )


def orders(players: int, number: int, rng: np.random.Generator) -> Orders:
    """``number`` orders of joining, [number, players]: each is followed by its reverse, which cancels much of the luck.

    Raises ValueError where the number is not even and positive.
    """
    if number < 2 or number % 2:
        raise ValueError(f"{number} orders cannot be pairs of an order and its reverse")
    drawn = np.array([rng.permutation(players) for _ in range(number // 2)], dtype=np.intp).reshape(-1, players)
    return np.stack([drawn, drawn[:, ::-1]], axis=1).reshape(number, players)


def met(joining: Orders) -> list[int]:
    """Every coalition on the way of these orders, from nobody to everybody, each once."""
    found: dict[int, None] = {}
    for order in joining:
        coalition = 0
        found[coalition] = None
        for player in order.tolist():
            coalition |= 1 << player
            found[coalition] = None
    return list(found)


@dataclass(frozen=True)
class Sampled:
    """Shares from some orders: ``shares`` [k] and the standard error ``errors`` [k] of having sampled.

    The error is NaN where there is one pair of orders only.
    """

    shares: Array
    errors: Array


def sampled(values: Mapping[int, float], joining: Orders) -> Sampled:
    """Mean over the orders of what each player adds when joining; the shares add up as exact ones do.

    ``joining`` is of :func:`orders`. The error is that of a mean over independent pairs.

    >>> sampled({0: 0.0, 1: 10.0, 2: 20.0, 3: 36.0}, np.array([[0, 1], [1, 0]])).shares.tolist()
    [13.0, 23.0]
    """
    number, players = joining.shape
    added = np.empty((number, players))
    for row, order in zip(added, joining.tolist(), strict=True):
        coalition = 0
        for player in order:
            row[player] = values[coalition | 1 << player] - values[coalition]
            coalition |= 1 << player
    shares = np.array([math.fsum(column) / number for column in added.T])
    pairs = added.reshape(number // 2, 2, players).mean(axis=1)
    if len(pairs) < 2:
        return Sampled(shares, np.full(players, math.nan))
    return Sampled(shares, pairs.std(axis=0, ddof=1) / math.sqrt(len(pairs)))
