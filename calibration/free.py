"""The free numbers: what calibration estimates, and what history hardly informs and is carried along.

Ranges are those of ``PARAMETERS``, priors those of :mod:`simulator.ranges`. Searches work in the unit cube.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.checks import FIRST, unknown
from simulator.parameters import PARAMETERS
from simulator.ranges import from_unit, to_unit
from simulator.results import InputError

Floats = NDArray[np.float64]

# Read when factories decide on machines. 2012-2019 saw almost no adoption, so they keep their full ranges.
ADOPTION = tuple(
    f"automation.{name}"
    for name in (
        *("step_cost_cut", "step_cost_sew", "step_cost_finish", "step_cost_pack", "convexity", "review_rate"),
        *("hurdle", "hurdle_sd", "noise", "skill_gate", "unskilled_yield", "peer", "brand", "relocation"),
        *("funds_share", "brand_funds", "subsidy_leverage", "least_margin", "foresight", "installation"),
        *("quality", "brand_quality", "machine_life", "maintenance", "domestic_spread"),
    )
)


def fitted() -> tuple[str, ...]:
    """Names of the numbers that the registry marks as fitted."""
    return tuple(name for name, parameter in PARAMETERS.items() if parameter.kind == "fitted")


@dataclass(frozen=True)
class Box:
    """The prior: names in one order; points of the unit cube are arrays [..., name]."""

    names: tuple[str, ...]

    @classmethod
    def of(cls, names: Iterable[str] | None = None) -> Box:
        """The named numbers, by default all fitted ones and those of adoption. Raises InputError."""
        chosen = tuple((*fitted(), *ADOPTION) if names is None else names)
        for name in chosen:
            if name not in PARAMETERS:
                raise InputError(unknown(name, PARAMETERS, "number"))
            parameter = PARAMETERS[name]
            if parameter.from_ != "always" or isinstance(parameter.default, dict) or parameter.low >= parameter.high:
                raise InputError(f"{name} cannot be fitted: it is a {parameter.kind} that may change in time")
        if not chosen or len(set(chosen)) < len(chosen):
            raise InputError("name each number to be fitted once, and at least one")
        return cls(chosen)

    def __len__(self) -> int:
        return len(self.names)

    @property
    def estimated(self) -> NDArray[np.bool_]:
        """Which numbers the data are to inform, shape [name]."""
        return np.array([PARAMETERS[name].kind == "fitted" for name in self.names])

    @property
    def centre(self) -> Floats:
        """The registry's defaults in the unit cube."""
        return self.to_unit({name: PARAMETERS[name].default_at(FIRST) for name in self.names})

    def to_unit(self, values: Mapping[str, float]) -> Floats:
        """Numbers by name → a point of the unit cube."""
        return np.array([to_unit(name, values[name]) for name in self.names])

    def from_unit(self, point: Floats) -> dict[str, float]:
        """A point of the unit cube → numbers by name, within their ranges to the last digit."""
        return {name: from_unit(name, float(x)) for name, x in zip(self.names, point, strict=True)}
