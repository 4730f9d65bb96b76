"""What numbers count, and the few conversions between them.

The aliases document signatures; at run time they are plain floats or arrays of any shape that broadcasts, which
type checkers cannot follow, so ``Number`` is checked by worked cases and not by types.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Number = Any

Share = Number  # 0-1
USD = Number
USDPerMonth = Number
USDPerKWh = Number
MillionUSD = Number  # nominal unless the name says real (2015 USD of product)
Workers = Number
Years = Number
PerYear = Number

MONTHS_PER_YEAR = 12.0
QUARTER = 0.25  # years
MILLION = 1e6
THOUSAND = 1e3


class Refused(ValueError):
    """Numbers that contradict each other: no model can run under them."""


def per_step(rate: Number, dt: float) -> Number:
    """Probability within a step of ``dt`` years of an event with a yearly hazard ``rate``.

    >>> round(float(per_step(0.24, 0.25)), 4)
    0.0582
    """
    return 1.0 - np.exp(-rate * dt)


def per_rest(rate: Number, dt: float) -> Number:
    r"""The same from a moment within the step on, all moments being equally likely.

    .. math:: 1 - \frac{1 - e^{-r\,dt}}{r\,dt}

    >>> round(float(per_rest(4.0, 0.25)), 4), float(per_rest(0.0, 0.25))
    (0.3679, 0.0)
    """
    expected = np.asarray(rate, float) * dt
    return 1.0 - share_of(-np.expm1(-expected), expected, empty=1.0)


def share_of(part: Number, whole: Number, empty: float = 0.0) -> Number:
    """``part / whole``, and ``empty`` where the whole is nothing.

    >>> float(share_of(3.0, 4.0)), float(share_of(3.0, 0.0))
    (0.75, 0.0)
    """
    if isinstance(whole, float | int):  # NumPy is slow with single numbers
        if isinstance(part, float | int):
            return np.float64(part / whole if whole > 0 else empty)
        if whole > 0:
            return np.asarray(part, float) / whole
    part, whole = np.asarray(part, float), np.asarray(whole, float)
    if part.ndim == whole.ndim == 0:
        return part / whole if whole > 0 else np.float64(empty)
    out = np.full(
        part.shape if part.shape == whole.shape else np.broadcast_shapes(part.shape, whole.shape), float(empty)
    )
    return np.divide(part, whole, out=out, where=whole > 0)
