"""Levers of a search for the least cost: which, and from where to where."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from simulator.checks import SEATS, unknown
from simulator.indicators import DIMENSIONS
from simulator.parameters import PARAMETERS
from simulator.results import InputError
from simulator.scenario import Scenario

COSTLY = DIMENSIONS["lever"]  # those on which the public account spends
_DOWNWARD = ("automation.interest_rate", "energy.price", "energy.outage")  # these cost more the lower they are


@dataclass(frozen=True)
class Lever:
    """A lever between its bounds; ``start`` is the place, from 0 to 1, of what the scenario sets."""

    name: str
    low: float
    high: float
    start: float

    @property
    def text(self) -> str:
        """Name and bounds."""
        return f"{self.name}={self.low:.12g}:{self.high:.12g}"

    def value(self, place: float) -> float:
        """The value at a place, to six digits."""
        value = self.low + place * (self.high - self.low)
        return float(min(max(float(f"{value:.6g}"), self.low), self.high))


def chosen_levers(given: Sequence[str] | None, scenario: Scenario) -> tuple[Lever, ...]:
    """Levers from ``name`` or ``name=low:high``; all that cost something where nothing is given.

    Without bounds a lever goes from what the scenario sets to the end of its range, the one that costs more, so that
    nothing is taken back; a lever that costs nothing goes over its whole range. Raises InputError.
    """
    found: dict[str, Lever] = {}
    for word in COSTLY if given is None else given:
        name, _, bounds = word.partition("=")
        name = name.strip()
        known = [n for n, about in PARAMETERS.items() if about.kind == "lever"]
        if name not in known:
            told = unknown(name, known, "lever")
            raise InputError(f"{told}; it is no lever" if name in PARAMETERS else told)
        if name in found:
            raise InputError(f"{name} is named twice")
        lever = _lever(name, bounds, scenario)
        if lever.low < lever.high:
            found[name] = lever
        elif given is not None:
            raise InputError(f"{name} cannot go further than {lever.low:g}, which the scenario sets; give bounds")
    if set(SEATS) <= set(found):
        raise InputError(f"{' and '.join(SEATS)} are shares of the same seats; name one of them")
    if not found:
        raise InputError("no lever is named; allowed: names, or names with bounds as automation.subsidy=0:0.3")
    return tuple(found.values())


def _lever(name: str, bounds: str, scenario: Scenario) -> Lever:
    about, now = PARAMETERS[name], scenario.value(name, scenario.start)
    least, most = about.low, about.high
    if name in SEATS:
        other = SEATS[1 - SEATS.index(name)]
        most = min(most, 1.0 - max(scenario.steps(other).values()))
    if bounds:
        first, _, last = bounds.partition(":")
        try:
            low, high = float(first), float(last)
        except ValueError:
            low = high = math.nan
        if not least <= low < high <= most:
            told = f"{name}={bounds}: bounds are two numbers, LOW:HIGH"
            raise InputError(f"{told}, from {least:g} to {most:g} {about.unit}".rstrip())
    elif name not in COSTLY:
        low, high = least, most
    else:
        low, high = (least, now) if name in _DOWNWARD else (now, most)
    place = (now - low) / (high - low) if high > low else 0.0
    return Lever(name, low, high, float(min(max(place, 0.0), 1.0)))
