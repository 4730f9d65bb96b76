"""Finished runs of several scenarios with the same seeds, and what one criterion takes from them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from simulator.results import Result

Draws = NDArray[np.float64]  # one entry a draw, or [draw, period]
BEFORE, AFTER = 2024, 2040
FUTURES = 6


@dataclass(frozen=True, eq=False)
class Measured:
    """The number of every part by draw, values worth showing beside them, and a remark."""

    parts: Mapping[str, Draws]
    values: Mapping[str, Draws] = field(default_factory=dict)
    note: str = ""


class Runs:
    """Results by name of a scenario and number of the draw; every name has every draw."""

    def __init__(self, results: Mapping[str, Sequence[Result]]) -> None:
        self._results = results
        self._yearly: dict[tuple[str, int], Result] = {}

    @property
    def draws(self) -> int:
        """How many draws there are."""
        return min((len(runs) for runs in self._results.values()), default=0)

    def year(self, name: str, indicator: str, year: int, group: str = "all") -> Draws:
        """A year's value in every draw."""
        return self.years(name, indicator, year, year, group)[:, 0]

    def years(self, name: str, indicator: str, first: int, last: int, group: str = "all") -> Draws:
        """Values [draw, year] from ``first`` to ``last``."""
        periods = [str(year) for year in range(first, last + 1)]
        runs = [self._by_year(name, draw) for draw in range(self.draws)]
        return _rows([_values(run, indicator, group, periods) for run in runs], len(periods))

    def quarters(self, name: str, indicator: str, first: str, last: str, group: str = "all") -> Draws:
        """Values [draw, quarter] from ``first`` to ``last``."""
        runs = [self._results[name][draw] for draw in range(self.draws)]
        periods = [f"{y}Q{q}" for y in range(int(first[:4]), int(last[:4]) + 1) for q in range(1, 5)]
        periods = [period for period in periods if first <= period <= last]
        return _rows([_values(run, indicator, group, periods) for run in runs], len(periods))

    def grown(self, name: str, indicator: str, group: str = "all") -> Draws:
        """2040 over 2024."""
        return self.year(name, indicator, AFTER, group) / self.year(name, indicator, BEFORE, group)

    def label(self, name: str, year: int = AFTER) -> Draws:
        """Number of the nearest future, in every draw."""
        closeness = np.stack([self.year(name, f"scenario_{k}", year) for k in range(FUTURES)])
        return np.where(np.isnan(closeness).any(axis=0), math.nan, closeness.argmax(axis=0))

    def _by_year(self, name: str, draw: int) -> Result:
        if (name, draw) not in self._yearly:
            self._yearly[name, draw] = self._results[name][draw].yearly()
        return self._yearly[name, draw]


def _values(run: Result, indicator: str, group: str, periods: list[str]) -> Draws:
    return run.values[[run.periods.index(period) for period in periods], run.columns.index((indicator, group))]


def _rows(rows: list[Draws], width: int) -> Draws:
    return np.stack(rows) if rows else np.empty((0, width))
