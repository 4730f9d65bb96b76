"""What is thought of a number before any data: uniform over its range in ``PARAMETERS``.

Uniform over the logarithm where the range spans a factor of ten or more. Places in the range run from 0 to 1.
"""

from __future__ import annotations

import numpy as np

from simulator.parameters import PARAMETERS

_WIDE = 10.0


def to_unit(name: str, value: float) -> float:
    """The place of a value in the number's range."""
    low, high = PARAMETERS[name].low, PARAMETERS[name].high
    if _logarithmic(name):
        return float(np.log(value / low) / np.log(high / low))
    return (value - low) / (high - low)


def from_unit(name: str, place: float) -> float:
    """The value at a place, within the range to the last digit.

    >>> low, middle, high = (from_unit("automation.subsidy", place) for place in (0.0, 0.5, 1.0))
    >>> bool(low < middle < high <= PARAMETERS["automation.subsidy"].high)
    True
    """
    low, high = PARAMETERS[name].low, PARAMETERS[name].high
    value = low * (high / low) ** place if _logarithmic(name) else low + place * (high - low)
    return float(min(max(value, low), high))


def _logarithmic(name: str) -> bool:
    parameter = PARAMETERS[name]
    return parameter.low > 0 and parameter.high / parameter.low >= _WIDE
