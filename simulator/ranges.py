"""What is thought of a number before any data: uniform over its range in ``PARAMETERS``.

Uniform over the logarithm where the range spans a factor of ten or more. Places in the range run from 0 to 1.
"""

from __future__ import annotations

import numpy as np

from simulator.parameters import PARAMETERS

_WIDE = 10.0
_ROUNDING = 1e-9  # of the range: further digits are lost on the way through logarithms and tables


def to_unit(name: str, value: float) -> float:
    """The place of a value in the number's range."""
    low, high = PARAMETERS[name].low, PARAMETERS[name].high
    if logarithmic(name):
        return float(np.log(value / low) / np.log(high / low))
    return (value - low) / (high - low)


def from_unit(name: str, place: float) -> float:
    """The value at a place, within the range to the last digit.

    >>> low, middle, high = (from_unit("automation.subsidy", place) for place in (0.0, 0.5, 1.0))
    >>> bool(low < middle < high <= PARAMETERS["automation.subsidy"].high)
    True
    """
    low, high = PARAMETERS[name].low, PARAMETERS[name].high
    value = low * (high / low) ** place if logarithmic(name) else low + place * (high - low)
    return float(min(max(value, low), high))


def inside(name: str, value: float) -> float:
    """The value, put back on the bound that it passes by no more than rounding.

    >>> inside("automation.subsidy", 0.5000000000000001), inside("automation.subsidy", 0.6)
    (0.5, 0.6)
    """
    low, high = PARAMETERS[name].low, PARAMETERS[name].high
    near = min(max(value, low), high)
    return near if abs(value - near) <= _ROUNDING * (high - low) else value


def logarithmic(name: str) -> bool:
    """Whether the range spans a factor of ten or more, so that its logarithm is what is uniform."""
    parameter = PARAMETERS[name]
    return parameter.low > 0 and parameter.high / parameter.low >= _WIDE
