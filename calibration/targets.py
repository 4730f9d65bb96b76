"""What the model must reproduce: each target with its error, period, source and the model's own number for it.

Values and measurement errors are rows of ``data/observations.csv``; this module says which rows are used and what
they are compared with. All targets are positive and compared as logarithms, so errors are relative. Where several
figures were published for one target, half of their spread counts as error if it is the larger one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.analysis.scores import DISCREPANCY
from simulator.data import observations, yearly
from simulator.results import InputError

KINDS = ("judged", "refit")
FIRST, JUDGED, LATEST = 2012, 2019, 2024  # first year; last year of the judged posterior; last year of the record
PERSISTENCE = 0.7  # correlation of that error between neighbouring years of a series; assumption
EVENTS = ("P7", "P8")  # patterns whose model runs go on beyond the record

Column = tuple[str, str]
Floats = NDArray[np.float64]
Yearly = Mapping[Column, Floats]  # the model's yearly values from 2012 on
Measure = Callable[[Yearly, int], float]


def _ratio(above: Sequence[Column], below: Sequence[Column]) -> tuple[Measure, tuple[Column, ...]]:
    """Sum over sum in a year."""

    def measure(values: Yearly, year: int) -> float:
        at = year - FIRST
        return float(sum(values[c][at] for c in above) / sum(values[c][at] for c in below))

    return measure, (*above, *below)


def _total(*columns: Column) -> tuple[Measure, tuple[Column, ...]]:
    """A sum in a year."""
    return lambda values, year: float(sum(values[c][year - FIRST] for c in columns)), columns


def _gdp_share() -> tuple[Measure, tuple[Column, ...]]:
    """Own value added over GDP as it was published at the time, on the old base."""
    column = ("gdp_share", "all")

    def measure(values: Yearly, year: int) -> float:
        rebased, old = yearly("gdp", "rebased"), yearly("gdp", "old_base")
        return float(values[column][year - FIRST] * rebased[year] / old[year])

    return measure, (column,)


@dataclass(frozen=True)
class Fact:
    """Rows of the observations and the model's number for them.

    ``pooled``: the rows of all years are one target. ``later``: the refit takes years after 2019 too. ``event``:
    a pattern's ratio with and without the event, for which ``measure`` stands idle.
    """

    name: str
    series: tuple[str, ...]
    group: str
    compared: str
    measure: tuple[Measure, tuple[Column, ...]] | None = None
    pooled: bool = False
    later: bool = False
    event: str = ""


_CONSOLIDATED = ("model_design_target",)
_EXPORTS = ("exports", "all")
_FACTS = (
    Fact("exports", _CONSOLIDATED, "all", "exports of the year", _total(_EXPORTS), later=True),
    Fact("employment", _CONSOLIDATED, "all", "jobs, mean of the year", _total(("employment", "all")), later=True),
    Fact("factories", _CONSOLIDATED, "all", "factories open at the end of the year", _total(("factories", "all")),
         later=True),
    Fact("mean_wage", _CONSOLIDATED, "all", "earnings with overtime", _total(("mean_wage", "all"))),
    Fact("exports[goods=travel_goods]", ("exports_travel_goods",), "goods=travel_goods", "exports of travel goods",
         _total(("exports", "goods=travel_goods"))),
    Fact("market_share[goods=garments]", ("clothing_export_share",), "goods=garments",
         "share of the world's demand for garments", _total(("market_share", "goods=garments"))),
    Fact("share_to_us", ("garment_footwear__to_us",), "market=US", "exports to the US over all exports",
         _ratio([("exports", "market=US")], [_EXPORTS])),
    Fact("share_to_eu_and_us", ("garment_footwear__to_eu_plus_us",), "all", "exports to the EU and US over all exports",
         _ratio([("exports", "market=EU"), ("exports", "market=US")], [_EXPORTS])),
    Fact("factories_closed", ("factories_closed",), "all", "closed or relocated in the year",
         _total(("factories_closed", "all"), ("factories_relocated", "all"))),
    Fact("factories_opened", ("factories_opened",), "all", "opened in the year", _total(("factories_opened", "all"))),
    Fact("turnover", ("annual_turnover_high", "annual_turnover_low"), "all", "leavers a year over people employed",
         _total(("turnover", "all")), pooled=True),
    Fact("women_share", ("female_share",), "all", "women among people employed, mean of the years",
         _total(("women_share", "all")), pooled=True),
    Fact("share_under_35", ("share_under_35",), "all", "people under 35 among people employed",
         _ratio([("employment", "age=18-24"), ("employment", "age=25-34")], [("employment", "all")])),
    Fact("gdp_share", ("value_added_share_of_gdp",), "all", "own value added over GDP on the old base", _gdp_share()),
    Fact("eu_preference_lost", ("exports_after_loss_of_preference",), "market=EU",
         "exports to the EU 18 months after full loss of duty-free access, over the baseline (P7)", event="P7"),
    Fact("minimum_wage_raised", ("jobs_after_minimum_wage_rise",), "all",
         "jobs two years after a rise of the minimum wage by 10 %, over none (P8)", event="P8"),
)  # fmt: skip
FACTS: Mapping[str, Fact] = MappingProxyType({fact.name: fact for fact in _FACTS})

# What was wished for and has no target, with the reason.
LEFT_OUT: Mapping[str, str] = MappingProxyType(
    {
        "exports by market 2012": "no source has a complete split, and the design's split opens the model",
        "exports by market 2018": "kept out; later years have no complete split either",
        "factories 2012": "no count of all registered factories; the opening number is measured",
        "earnings apart from 2014-16": "the series of the bulletins ends there",
        "share of base pay in take-home pay": "the model pays wages as one sum",
        "profit margin 2015": "an employers' claim that is disputed: shown, not fitted",
        "automation": "no count of machines: adoption keeps its full ranges",
    }
)


@dataclass(frozen=True)
class Target:
    """One number to reproduce: what was observed, its errors (relative), and where it was published.

    ``years`` are the model's years that are compared; ``scale`` brings cumulated months to a year.
    """

    fact: str
    period: str
    years: tuple[int, ...]
    observed: float
    sd: float
    discrepancy: float
    sources: tuple[str, ...]
    definition: str
    event: str = ""
    kept_out: bool = False

    @property
    def compared(self) -> str:
        """What the model's number is, in words."""
        return FACTS[self.fact].compared

    @property
    def name(self) -> str:
        """Unique among targets, for instance ``exports 2015``."""
        return f"{self.fact} {self.period}"


@dataclass(frozen=True)
class Targets:
    """All targets of a posterior, in one order; logarithms and errors as arrays [target]."""

    kind: str
    rows: tuple[Target, ...]
    missing: Mapping[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def last(self) -> int:
        """Last year of the record that is compared."""
        return max(max(t.years) for t in self.rows if not t.event)

    @property
    def observed(self) -> Floats:
        """Logarithms of the observed values."""
        return np.log([t.observed for t in self.rows])

    @property
    def sd(self) -> Floats:
        """Measurement error and discrepancy together, of the logarithm."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def events(self) -> NDArray[np.bool_]:
        """Which targets are events beyond the record."""
        return np.array([bool(t.event) for t in self.rows])

    @property
    def covariance(self) -> Floats:
        """Of observed less model's logarithms for the best numbers: measurement errors are independent, the
        model's own error stays alike from year to year within a series; shape [target, target]."""
        names, year = np.array([t.fact for t in self.rows]), np.array([np.mean(t.years) for t in self.rows])
        size = np.array([t.discrepancy for t in self.rows])
        apart = np.abs(year[:, None] - year)
        alike = np.where(names[:, None] == names, PERSISTENCE**apart, 0.0)
        return np.diag([t.sd**2 for t in self.rows]) + alike * np.outer(size, size)

    @property
    def columns(self) -> tuple[Column, ...]:
        """The model's columns that are looked at."""
        return tuple(sorted({c for t in self.rows if (m := FACTS[t.fact].measure) is not None for c in m[1]}))

    @property
    def digest(self) -> str:
        """Twelve hex digits of values, errors, and what they are compared with."""
        text = "\n".join(f"{t!r} {t.compared}" for t in self.rows) + f"\n{PERSISTENCE}"
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def moments(self, values: Yearly, events: Mapping[str, float]) -> Floats:
        """The model's logarithm for each target; NaN where it has none (no event run, or nothing to compare)."""
        found = np.full(len(self.rows), np.nan)
        for i, target in enumerate(self.rows):
            measured = FACTS[target.fact].measure
            if target.event:
                found[i] = events.get(target.event, np.nan)
            elif measured is not None:
                found[i] = np.mean([measured[0](values, year) for year in target.years])
        with np.errstate(invalid="ignore", divide="ignore"):
            logs = np.log(found)
        return np.where(np.isfinite(logs), logs, np.nan)


def load_targets(kind: str = "refit") -> Targets:
    """The targets of a posterior: ``judged`` ends in 2019, ``refit`` takes all years of the record.

    Raises InputError for another kind, DataError where the observations cannot be read.
    """
    if kind not in KINDS:
        raise InputError(f"{kind} is not a posterior; {' and '.join(KINDS)} are")
    frame = observations()
    rows: list[Target] = []
    missing: dict[str, str] = {}
    for fact in _FACTS:
        indicator = fact.name if fact.series == _CONSOLIDATED else None
        mine = frame[frame["series"].isin(fact.series) & (frame["group"] == fact.group)]
        if indicator is not None:
            mine = mine[mine["indicator"] == indicator]
        uses = ["fit", "kept_out"] if fact.later and kind == "refit" else ["fit"]
        mine = mine[mine["use"].isin(uses) & mine["sd"].notna()]
        if mine.empty:
            missing[fact.name] = "no row with an error in data/observations.csv"
        elif fact.pooled or fact.event:
            rows.append(_target(fact, mine))
        else:
            rows += [_target(fact, group) for _, group in mine.groupby(mine["period_start"].dt.year, sort=True)]
    return Targets(kind, tuple(rows), {**LEFT_OUT, **missing})


def _target(fact: Fact, rows: pd.DataFrame) -> Target:
    """One target from the rows published for it."""
    values = rows["value"].to_numpy() * [_per_year(period) for period in rows["period"]]
    years = tuple(sorted({int(year) for year in rows["period_start"].dt.year}))
    half_spread = (values.max() - values.min()) / 2 / values.mean()
    sources = {key for keys in rows["source_id"] for key in keys.split(";")}
    return Target(
        fact=fact.name,
        period=fact.event or (f"{years[0]}–{years[-1]}" if len(years) > 1 else str(years[0])),
        years=years,
        observed=float(values.mean()),
        sd=float(max(half_spread, rows["sd"].max())),
        discrepancy=DISCREPANCY * (abs(1 - values.mean()) if fact.event else 1.0),
        sources=tuple(sorted(sources)),
        definition="; ".join(sorted(set(rows["definition"]))),
        event=fact.event,
        kept_out=bool((rows["use"] == "kept_out").any()),
    )


def _per_year(period: str) -> float:
    """Cumulated months to a year.

    >>> _per_year("M01-M09"), _per_year("year")
    (1.3333333333333333, 1.0)
    """
    found = re.fullmatch(r"M(\d\d)-M(\d\d)", period)
    return 12 / (int(found[2]) - int(found[1]) + 1) if found else 1.0
