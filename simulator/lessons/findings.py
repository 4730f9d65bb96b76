"""What stored runs say: every number of the lessons, with its spread over paired runs."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from simulator.compare import paired
from simulator.drawing import short
from simulator.indicators import COLUMNS, INDICATORS
from simulator.lessons.plan import Plan, design
from simulator.record import agree
from simulator.results import Result, by_year, spread
from simulator.scenario import START
from simulator.store import Store
from simulator.texts import case, number, text
from simulator.units import Array

LATE = (2036, 2040)  # results are means over these years: one year alone has too much luck in it
SINCE = (2026, 2040)  # over which people and money are added up
_AT = {column: i for i, column in enumerate(COLUMNS)}


@dataclass(frozen=True, eq=False)
class Runs:
    """Finished runs by year: ``values[scenario]`` has shape [pair, year, column], columns as in ``COLUMNS``.

    ``designed`` has shape [point of the design, year, column]. ``years`` are whole numbers.
    """

    plan: Plan
    values: Mapping[str, Array]
    designed: Array
    years: tuple[int, ...]

    @classmethod
    def load(cls, plan: Plan, store: Store) -> Runs | None:
        """All runs of the plan; None while one is missing."""
        compared: dict[str, Array] = {}
        for name, requests in plan.compared.items():
            found = [store.get(request) for request in requests]
            if any(result is None for result in found):
                return None
            compared[name] = np.stack([_yearly(result) for result in found if result is not None])
        found = [store.get(request) for request in plan.designed]
        if any(result is None for result in found):
            return None
        designed = np.stack([_yearly(result) for result in found if result is not None])
        years = tuple(range(plan.until - designed.shape[1] + 1, plan.until + 1))
        return cls(plan, compared, designed, years)

    @cached_property
    def number(self) -> int:
        """How many runs there are."""
        return sum(len(runs) for runs in self.values.values()) + len(design())

    def of(self, indicator: str, group: str, scenario: str, years: tuple[int, int] = LATE) -> Array:
        """A value by pair: the mean over ``years``, or the sum over all of them for what is added up since 2026.

        ``indicator`` is one of the registry or of ``DERIVED``.
        """
        if indicator in DERIVED:
            return DERIVED[indicator].of(self, scenario)
        return self.window(self.values[scenario], indicator, group, years)

    def window(self, values: Array, indicator: str, group: str, years: tuple[int, int] = LATE) -> Array:
        """The same of any array [run, year, column]."""
        first, last = (self.years.index(year) for year in years)
        part = values[:, first : last + 1, _AT[indicator, group]]
        total = years == SINCE and INDICATORS[indicator].over_year == "sum"
        return np.asarray(part.sum(axis=1) if total else part.mean(axis=1))


def _yearly(result: Result) -> Array:
    values, _ = by_year(result.values, result.periods, result.columns, int(result.metadata["steps_per_year"]))
    return values


@dataclass(frozen=True)
class Derived:
    """A number made of several indicators, by pair."""

    of: Callable[[Runs, str], Array]
    unit: str


def _seats_paid(runs: Runs, scenario: str) -> Array:
    """People who took seats, 2026 to 2040: the cost of seats over the cost of one."""
    spent = runs.of("public_cost", "lever=skills.training_seats", scenario, SINCE)
    return spent * 1e6 / seat_price(runs, scenario)


def seat_price(runs: Runs, scenario: str) -> Array:
    """Public cost of one seat with administration, USD, by pair; as ``simulator.processes.government`` books it."""
    prices = []
    for request in runs.plan.compared[scenario]:
        value = {
            name: request.numbers.value(f"skills.{name}", START)
            for name in (
                *("seat_cost", "training_months", "reference_months", "administration", "cost_self_paced"),
                *("cost_on_site", "self_paced_share", "facilitated_share"),
            )
        }
        on_site = max(0.0, 1 - value["self_paced_share"] - value["facilitated_share"])
        mix = value["self_paced_share"] * value["cost_self_paced"] + value["facilitated_share"]
        mix += on_site * value["cost_on_site"]
        length = value["training_months"] / value["reference_months"]
        prices.append(value["seat_cost"] * length * mix * (1 + value["administration"]))
    return np.array(prices)


def _finished(runs: Runs, scenario: str) -> Array:
    return 100 * runs.of("reskilled", "all", scenario, SINCE) / _seats_paid(runs, scenario)


def _price_of_graduate(runs: Runs, scenario: str) -> Array:
    spent = runs.of("public_cost", "lever=skills.training_seats", scenario, SINCE)
    return spent * 1e6 / runs.of("reskilled", "all", scenario, SINCE)


def _layoffs_of_women(runs: Runs, scenario: str) -> Array:
    women, everyone = (runs.of("layoffs", group, scenario, SINCE) for group in ("gender=women", "all"))
    return women / everyone


DERIVED: Mapping[str, Derived] = {
    "finished_of_100": Derived(_finished, "ratio"),
    "price_of_graduate": Derived(_price_of_graduate, "USD"),
    "women_among_laid_off": Derived(_layoffs_of_women, "share"),
    "layoffs_since": Derived(lambda runs, scenario: runs.of("layoffs", "all", scenario, SINCE), "persons"),
}


def unit_of(indicator: str) -> str:
    """The unit of an indicator or of a derived number."""
    return DERIVED[indicator].unit if indicator in DERIVED else INDICATORS[indicator].unit


_SCALES = {
    "persons": (1000.0, "app.thousand_people"),
    "share": (0.01, "%"),
    "share/year": (0.01, "%"),
    "USD million": (1.0, "app.million_usd"),
    "USD/month": (1.0, "app.usd_month"),
}


@dataclass(frozen=True)
class Finding:
    """A number under one scenario against another: medians, 10th and 90th percentiles over ``n`` pairs.

    ``share`` is the part of the pairs whose difference has the sign of the median one.
    """

    unit: str
    n: int
    level: float
    low: float
    high: float
    before: float
    difference: float
    difference_low: float
    difference_high: float
    share: float

    @property
    def case(self) -> str:
        """``rise``, ``fall``, ``hardly`` or ``cannot_tell``."""
        ends = self.difference, self.difference_low, self.difference_high
        return case(*ends, self.before, agree=agree(self.share))

    def words(self, lang: str) -> dict[str, str]:
        """Its numbers as a text shows them.

        ``change`` is the difference without sign, for sentences whose verb has it; ``count`` the same without unit.
        """
        told = {
            "level": self.level,
            "low": self.low,
            "high": self.high,
            "before": self.before,
            "change": abs(self.difference),
        }
        signed = {
            "difference": self.difference,
            "difference_low": self.difference_low,
            "difference_high": self.difference_high,
        }
        out = {name: number(value, self.unit, lang) for name, value in told.items()}
        out |= {name: self._change(value, lang) for name, value in signed.items()}
        out["count"] = number(float(f"{abs(self.difference):.3g}"))
        agreeing = 0 if math.isnan(self.share) else round(self.share * self.n)
        return out | {"agree": str(agreeing), "n": str(self.n)}

    @property
    def scale(self) -> tuple[float, str]:
        """What its numbers are divided by in a table, and the key of the unit that then heads the row."""
        return _SCALES.get(self.unit, (1.0, ""))

    def figures(self) -> dict[str, str]:
        """Its numbers for a table whose row names the unit."""
        size, _ = self.scale
        levels = {"level": self.level, "low": self.low, "high": self.high}
        changes = {
            "difference": self.difference,
            "difference_low": self.difference_low,
            "difference_high": self.difference_high,
        }
        out = {name: short(value / size) for name, value in levels.items()}
        return out | {name: short(value / size, signed=True) for name, value in changes.items()}

    def _change(self, value: float, lang: str) -> str:
        """A difference; of shares in percentage points."""
        if self.unit == "share" and math.isfinite(value):
            return text("teach.points", lang, n=number(100 * value, signed=True, digits=1))
        return number(value, self.unit, lang, signed=True)


def find(runs: Runs, indicator: str, ours: str, theirs: str, group: str = "all") -> Finding:
    """What scenario ``ours`` makes of a number against ``theirs``, pair by pair."""
    a, b = (runs.of(indicator, group, name) for name in (ours, theirs))
    return compared(a, b, unit_of(indicator))


def compared(a: Array, b: Array, unit: str) -> Finding:
    """A finding from values by pair."""
    number_, levels = spread(a[:, None])
    before = spread(b[:, None])[1][1]
    differences, share = paired(a[:, None], b[:, None])
    (low, level, high), (least, middle, most) = levels[:, 0], differences[:, 0]
    rest = (level, low, high, before[0], middle, least, most, share[0])
    return Finding(unit, int(number_[0]), *map(float, rest))


def best_of(runs: Runs, indicator: str, of: Sequence[str], highest: bool, group: str = "all") -> tuple[str, int]:
    """Which scenario has the highest (lowest) median, and in how many pairs it is the first."""
    table = np.stack([runs.of(indicator, group, name) for name in of])
    sign = 1 if highest else -1
    place = int(np.argmax(sign * np.median(table, axis=1)))
    return of[place], int(np.count_nonzero((sign * table).argmax(axis=0) == place))
