"""Indicators and goals as people write them: ``employment[gender=women] >= 450000``."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.checks import nearest, plain, unknown
from simulator.indicators import COLUMNS, INDICATORS
from simulator.results import InputError, Result

Floats = NDArray[np.float64]

OPERATORS = (">=", "<=", ">", "<")
EXAMPLE = "employment[gender=women]>=450000"
_ALSO = {"≥": ">=", "≤": "<="}
_GOAL = re.compile(
    r"^(?P<measure>[^<>=≥≤\[\]]*(?:\[[^\[\]]*\])?\s*)(?P<operator>>=|<=|≥|≤|>|<|=+)(?P<value>.*)$", re.DOTALL
)
_MEASURE = re.compile(r"^\s*(?P<name>[^\[\]]*?)\s*(?:\[(?P<group>[^\[\]]*)\]\s*)?$", re.DOTALL)


@dataclass(frozen=True)
class Measure:
    """An indicator for everybody or for one group."""

    indicator: str
    group: str = "all"

    @property
    def text(self) -> str:
        """As it is written: ``employment`` or ``employment[gender=women]``."""
        return self.indicator if self.group == "all" else f"{self.indicator}[{self.group}]"

    @property
    def unit(self) -> str:
        """The indicator's unit."""
        return INDICATORS[self.indicator].unit

    def of(self, yearly: Result, year: int) -> float:
        """Its value in a year of a yearly result; NaN where the run has no such year."""
        if str(year) not in yearly.periods:
            return math.nan
        return float(yearly.values[yearly.periods.index(str(year)), _PLACE[self.indicator, self.group]])


_PLACE = {column: place for place, column in enumerate(COLUMNS)}


@dataclass(frozen=True)
class Goal:
    """What a measure must be in the year of the goal, at least or at most."""

    measure: Measure
    operator: str
    value: float

    @property
    def text(self) -> str:
        """As it is written."""
        return f"{self.measure.text}{self.operator}{self.value:.12g}"

    @property
    def upward(self) -> bool:
        """Whether more is better."""
        return self.operator.startswith(">")

    def met(self, values: Floats) -> NDArray[np.bool_]:
        """Where the goal is met; what is not defined does not meet it. Any shape."""
        compare = {">=": np.greater_equal, "<=": np.less_equal, ">": np.greater, "<": np.less}[self.operator]
        with np.errstate(invalid="ignore"):
            return np.asarray(compare(values, self.value)) & ~np.isnan(values)

    def level(self, values: Floats, share: float) -> float:
        """The best level that at least ``share`` of the values [draw] reach; NaN where too few are defined.

        >>> Goal(Measure("employment"), ">=", 0.0).level(np.array([1.0, 2.0, 3.0, 4.0, 5.0]), 0.8)
        2.0
        """
        known = np.sort(values[~np.isnan(values)])
        needed = max(math.ceil(share * len(values) - 1e-9), 1)
        if len(known) < needed:
            return math.nan
        return float(known[len(known) - needed] if self.upward else known[needed - 1])


def read_measure(text: str) -> Measure:
    """``employment`` or ``employment[gender=women]``. Raises InputError, which names what comes nearest."""
    match = _MEASURE.match(text)
    if match is None or not match["name"]:
        raise InputError(f"{plain(text.strip())}: allowed: an indicator, or one with a group, as in {_WITH_GROUP}")
    name, group = match["name"], "all" if match["group"] is None else match["group"].replace(" ", "")
    if name not in INDICATORS:
        raise InputError(unknown(name, INDICATORS, "indicator"))
    if (name, group) not in _PLACE:
        known = [g for n, g in COLUMNS if n == name]
        hint = f"nearest: {nearest(group, known)}" if len(known) > 1 else "it has no groups"
        raise InputError(f"{name} is not split by {plain(group)}; {hint}")
    return Measure(name, group)


_WITH_GROUP = "employment[gender=women]"


def read_measures(texts: Iterable[str]) -> tuple[Measure, ...]:
    """Several measures, each once. Raises InputError."""
    found = tuple(dict.fromkeys(read_measure(text) for text in texts))
    if not found:
        raise InputError(f"no indicator is named; allowed: names as in employment,{_WITH_GROUP}")
    return found


def read_goal(text: str) -> Goal:
    """``employment[gender=women] >= 450000``. Raises InputError.

    >>> read_goal("value_added >= 3_000").text
    'value_added>=3000'
    """
    match = _GOAL.match(text)
    if match is None or match["operator"].startswith("="):
        about = f"{plain(text.strip())}: no goal: it needs one of {', '.join(OPERATORS)}"
        raise InputError(f"{about}, as in {EXAMPLE}")
    measure = read_measure(match["measure"])
    try:
        value = float(match["value"])
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        told = plain(match["value"].strip()) if match["value"].strip() else "nothing"
        raise InputError(f"{plain(text.strip())}: {told} is no number; allowed: one number, as in {EXAMPLE}")
    return Goal(measure, _ALSO.get(match["operator"], match["operator"]), value)


def read_goals(texts: Iterable[str]) -> tuple[Goal, ...]:
    """Several goals, each once. Raises InputError."""
    found = tuple(dict.fromkeys(read_goal(text) for text in texts))
    if not found:
        raise InputError(f"no goal is named; allowed: one or more, as in {EXAMPLE}")
    return found
