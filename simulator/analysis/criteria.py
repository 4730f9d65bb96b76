"""Every threshold by which the model is judged, fixed before any run: the one table of them.

T: what the 2019 volume says of the four futures. P: patterns of the sector that the model must show.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

SOURCE = "model_design"  # section 18
PASS_SHARE, FAIL_SHARE = 0.8, 0.2  # of draws that must agree for a pass, that may agree in a fail
PASS, FAIL, CANNOT_TELL = "pass", "fail", "cannot tell"


@dataclass(frozen=True)
class Part:
    """One number that must lie between ``low`` and ``high`` (``strict``: not on them), or be ``among`` labels.

    ``kept_out``: judged by data that nothing else may use. ``modelled`` false: the model has no such number.
    """

    name: str
    measure: str
    low: float = -math.inf
    high: float = math.inf
    strict: bool = False
    among: tuple[int, ...] = ()
    kept_out: bool = False
    modelled: bool = True

    @property
    def threshold(self) -> str:
        """The condition in words."""
        if not self.modelled:
            return "–"
        if self.among:
            return "one of " + ", ".join(map(str, self.among))
        if math.isfinite(self.low) and math.isfinite(self.high):
            return f"{self.low:g} to {self.high:g}"
        sign, bound = (">", self.low) if math.isfinite(self.low) else ("<", self.high)
        return f"{sign if self.strict else {'>': '≥', '<': '≤'}[sign]} {bound:g}"

    def holds(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """1 where the condition holds, 0 where not, NaN where the number is undefined; one entry a draw."""
        if self.among:
            good = np.isin(values, self.among)
        elif self.strict:
            good = (values > self.low) & (values < self.high)
        else:
            good = (values >= self.low) & (values <= self.high)
        return np.where(np.isnan(values), math.nan, good.astype(float))


@dataclass(frozen=True)
class Criterion:
    """A statement or pattern: it holds in a draw where all its parts do.

    ``fixed``: numbers and dates that belong to the threshold and decide what is run or counted.
    """

    id: str
    text: str
    parts: tuple[Part, ...]
    fixed: Mapping[str, float] = field(default_factory=dict)
    dates: Mapping[str, str] = field(default_factory=dict)
    source: str = SOURCE


def all_hold(parts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Per draw: 0 where a part fails, else NaN where one is undefined, else 1; ``parts`` is [part, draw].

    >>> all_hold(np.array([[1.0, 1.0, 1.0], [1.0, 0.0, np.nan]])).tolist()
    [1.0, 0.0, nan]
    """
    failed = (parts == 0).any(axis=0)
    return np.where(failed, 0.0, np.where(np.isnan(parts).any(axis=0), math.nan, 1.0))


def share_of_draws(holds: NDArray[np.float64]) -> float:
    """Share of the draws in which something is defined and holds; NaN where it is never defined."""
    known = holds[~np.isnan(holds)]
    return float(known.mean()) if len(known) else math.nan


def verdict(share: float) -> str:
    """``pass``, ``fail`` or ``cannot tell`` from the share of draws that agree.

    >>> verdict(0.8), verdict(0.5), verdict(0.2), verdict(float("nan"))
    ('pass', 'cannot tell', 'fail', 'cannot tell')
    """
    if share >= PASS_SHARE:
        return PASS
    return FAIL if share <= FAIL_SHARE else CANNOT_TELL


_TABLE = (
    Criterion("T1.1", "Status quo: automation stays near its start", (
        Part("automation", "change of automation, 2024 to 2040", high=0.10),)),
    Criterion("T1.2", "Status quo: real wages do not grow", (
        Part("real_wage", "growth of the real wage a year, 2024 to 2040", high=0.005),)),
    Criterion("T1.3", "Status quo: jobs stay about the same", (
        Part("jobs", "jobs, 2040 over 2024", low=0.9, high=1.15),)),
    Criterion("T1.4", "Status quo: part of GDP below that of high tech with high skills", (
        Part("gdp", "share of GDP in 2040, status quo over high tech", high=1.0, strict=True),)),
    Criterion("T1.5", "Status quo does not last once wages grow and machines get cheaper as by default", (
        Part("label", "nearest future in 2040", among=(0, 2, 3, 4, 5)),), dates={"from": "2030Q1"}),
    Criterion("T2.1", "No garment sector: most jobs go", (
        Part("jobs", "jobs, 2040 over 2024", high=0.5),)),
    Criterion("T2.2", "No garment sector: little automation at home", (
        Part("automation", "automation in 2040", high=0.40, strict=True),
        Part("transition", "automation in 2040 less that of the transition", high=0.0, strict=True),
        Part("high_tech", "automation in 2040 less that of high tech", high=0.0, strict=True))),
    Criterion("T2.3", "No garment sector: exports collapse, small firms that sell locally survive", (
        Part("exports", "real exports, 2040 over 2024", high=0.5),
        Part("size", "median workers of a factory, 2040 over 2024", high=1.0, strict=True),
        Part("local", "sales at home", modelled=False))),
    Criterion("T2.4", "No garment sector: value added lowest of the four", (
        Part("value_added", "value added in 2040 over the lowest of the others", high=1.0, strict=True),)),
    Criterion("T2.5", "No garment sector: lost orders go to near-market makers and to cheaper countries", (
        Part("reshored", "near-market makers' part of the market share lost by 2040", low=0.1, high=0.9),)),
    Criterion("T3.1", "Transition: many machines while labour is still cheap", (
        Part("quarters", "quarters with both from 2025 to 2040", low=8),),
        fixed={"automation": 0.40, "labour_cost": 1.25}),
    Criterion("T3.2", "Transition: market share above status quo and no garment sector", (
        Part("status_quo", "market share in 2040 over status quo's", low=1.05),
        Part("no_garment_sector", "market share in 2040 over no garment sector's", low=1.05))),
    Criterion("T3.3", "Transition: technicians are short at first", (
        Part("quarters", "quarters of 2025 to 2032 with technician coverage below 0.9", low=4),),
        fixed={"coverage": 0.9}),
    Criterion("T3.4", "Transition does not last once wages rise 6 % a year from 2035", (
        Part("label", "nearest future in 2040", among=(2, 4, 5)),),
        fixed={"wage_growth": 0.06}, dates={"from": "2035Q1"}),
    Criterion("T4.1", "High tech: most automation of the four, fewer operators", (
        Part("automation", "automation in 2040 less the highest of the others", low=0.0, strict=True),
        Part("operators", "operators, 2040 over 2024", high=1.0, strict=True))),
    Criterion("T4.2", "High tech: skilled pay pulls away", (
        Part("premium", "skill premium, 2040 over 2024", low=1.2),)),
    Criterion("T4.3", "High tech: value added highest of the four", (
        Part("value_added", "value added in 2040 over the highest of the others", low=1.0, strict=True),)),
    Criterion("T4.4", "High tech: whether jobs grow depends on skills and infrastructure", (
        Part("signs", "sign of the change of jobs differs with both on and off (1 yes, 0 no)", low=1.0),)),
    Criterion("T4.5", "High tech is out of reach without the skills and energy levers", (
        Part("label", "nearest future in 2040 without them", among=(0, 1, 2, 3, 5)),)),
    Criterion("T5", "Part of GDP: high tech above status quo above no garment sector", (
        Part("high_tech", "share of GDP in 2040, high tech over status quo", low=1.0, strict=True),
        Part("status_quo", "share of GDP in 2040, status quo over no garment sector", low=1.0, strict=True))),
    Criterion("T6", "Operators: most in status quo, lost in no garment sector and high tech", (
        Part("status_quo", "operators in 2040, status quo over the highest of the others", low=1.0, strict=True),
        Part("no_garment_sector", "operators in no garment sector, 2040 over 2024", high=1.0, strict=True),
        Part("high_tech", "operators in high tech, 2040 over 2024", high=1.0, strict=True))),
    Criterion("T7", "Competitive with machines, or with skills; not with high wages alone", (
        Part("transition", "market share in 2040, transition over no garment sector", low=1.05),
        Part("high_tech", "market share in 2040, high tech over no garment sector", low=1.05))),
    Criterion("P1", "Exports about doubled while the minimum wage rose, and jobs were not lost", (
        Part("exports", "exports, 2019 over 2012", low=1.8, high=2.4),
        Part("jobs", "jobs, 2019 over 2012", low=1.0, strict=True))),
    Criterion("P2", "Price squeeze: margins shrink, productivity speeds up late", (
        Part("margin", "profit margin, 2018 less 2012", high=0.0, strict=True),
        Part("productivity", "growth a year of real exports a worker, 2016–19 less 2012–15", low=0.0, strict=True))),
    Criterion("P3", "Many factories close and open every year", (
        Part("exits", "closed and relocated a year over open a year before, 2013–19", low=0.06, high=0.14),
        Part("entries", "opened over closed and relocated, 2013–19", low=0.5, high=2.0))),
    Criterion("P4", "Many workers leave every year", (
        Part("separations", "leavers a year over people employed, 2012–19", low=0.15, high=0.30),)),
    Criterion("P5", "Mostly women, mostly young, women earn less", (
        Part("women", "women's share of jobs, 2012–19", low=0.75, high=0.88),
        Part("young", "share of workers under 35, 2012–19", low=0.70, high=0.88),
        Part("pay", "women's mean wage over men's, 2012–19", low=0.82, high=0.92))),
    Criterion("P6", "Factories of large buyers automate first, cutting or finishing before sewing, payback is long", (
        Part("brands", "steps a factory a year, large buyers' suppliers over others, 2012–19", low=1.0, strict=True),
        Part("first", "factories whose first step is cutting or finishing, 2012–19", low=0.70),
        Part("payback", "payback of a step in sewing, years, 2019", low=4.0, strict=True))),
    Criterion("P7", "Loss of duty-free access costs exports to the EU", (
        Part("eu", "exports to the EU 18 months after full loss, against the baseline", low=-0.15, high=-0.08),),
        dates={"from": "2025Q1", "at": "2026Q3"}),
    Criterion("P8", "A rise of the minimum wage by 10 % hardly moves jobs", (
        Part("jobs", "jobs two years after the rise, against none", low=-0.03, high=0.01),),
        fixed={"rise": 0.10}, dates={"from": "2027Q1", "until": "2028Q1", "at": "2029Q1"}),
    Criterion("P9", "Machines spread along an S, never all at once", (
        Part("transition", "transition: AIC of a line less that of a logistic curve, 2024–40", low=0.0, strict=True),
        Part("high_tech", "high tech: AIC of a line less that of a logistic curve, 2024–40", low=0.0, strict=True),
        Part("transition_rise", "transition: largest rise of automation in a year", high=0.15),
        Part("high_tech_rise", "high tech: largest rise of automation in a year", high=0.15))),
    Criterion("P10", "Cambodia's part of the garment market grows slowly", (
        Part("2014", "market share in garments, 2014", low=0.009, high=0.015),
        Part("2022", "market share in garments, 2022", low=0.013, high=0.019, kept_out=True))),
)  # fmt: skip

CRITERIA: Mapping[str, Criterion] = MappingProxyType({row.id: row for row in _TABLE})
STATEMENTS = tuple(name for name in CRITERIA if name.startswith("T"))
PATTERNS = tuple(name for name in CRITERIA if name.startswith("P"))
