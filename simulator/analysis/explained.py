"""An explanation: its tables, and how it is written down and read back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from simulator.analysis.explaining import paragraph
from simulator.analysis.life_courses import LOG_COLUMNS
from simulator.batch import Failure
from simulator.results import records

SHARE = ("share", "low", "high", "error", "n")
DIFFERENCE = ("mean", "low", "high", "error", "n")
LEVERS = ("group", "part", "names", *SHARE, "sampling_error")
GRID = ("part", *SHARE)
MECHANISMS = ("name", *SHARE)
_TABLES: Mapping[str, tuple[str, ...]] = {"levers": LEVERS, "grid": GRID, "mechanisms": MECHANISMS, "log": LOG_COLUMNS}
_NUMBERS = ("share", "low", "high", "error", "sampling_error", "wage", "workers", "automation")


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why an indicator differs between scenarios A and B in a period; everything in the indicator's unit.

    ``difference``: mean of B − A over pairs of runs with one draw and one seed, 10th and 90th percentile, standard
    error of the mean (NaN with one pair), number of pairs. ``levers``: a row a group, ``LEVERS``; ``share`` is a mean
    over pairs, so that the shares add up to the difference. ``sampling_error`` is the part of ``error`` that comes from
    having sampled orders of joining, 0 where all mixtures were run. ``grid``: ``policy`` alone, ``world`` alone, their
    ``interaction`` and ``both``. ``mechanisms``: the nine terms, for the employment of all; else no rows. ``log``: what
    happened to a few in the pair of runs whose difference is nearest to the median.
    """

    indicator: str
    group: str
    period: str
    difference: Mapping[str, float]
    levers: pd.DataFrame
    grid: pd.DataFrame
    mechanisms: pd.DataFrame
    log: pd.DataFrame
    metadata: Mapping[str, Any]
    failures: tuple[Failure, ...] = ()

    @property
    def asked(self) -> str:
        """The indicator as it is asked for: ``employment[gender=women]``."""
        return self.indicator if self.group == "all" else f"{self.indicator}[{self.group}]"

    def title(self, side: str, lang: str) -> str:
        """The title of scenario ``a`` or ``b``, in English where a translation is missing, else its id."""
        name = self.metadata[side]
        titles = self.metadata["titles"][name]
        return titles.get(lang) or titles.get("en") or name

    @cached_property
    def text(self) -> dict[str, str]:
        """One paragraph by language, made from the numbers."""
        return {lang: paragraph(self, lang) for lang in ("en", "km")}

    def to_json(self) -> dict[str, Any]:
        """One document for the command line; what is undefined is None."""
        content = self.content()
        head = {"indicator": self.asked, "period": self.period, "difference": self.difference["mean"]}
        spread = {f"difference_{name}": content["difference"][name] for name in DIFFERENCE[1:]}
        tables = {name: content[name] for name in ("levers", "grid", "mechanisms", "log")}
        return {**head, **spread, **tables, "text": self.text, "metadata": content["metadata"]}

    def content(self) -> dict[str, Any]:
        """Everything as JSON can carry it."""
        plain = {name: None if math.isnan(value) else value for name, value in self.difference.items()}
        heads = {"indicator": self.indicator, "group": self.group, "period": self.period, "difference": plain}
        tables = {name: records(getattr(self, name)) for name in _TABLES}
        return {**heads, **tables, "metadata": dict(self.metadata)}

    @classmethod
    def from_content(cls, content: Mapping[str, Any]) -> Explanation:
        """The reverse. Raises KeyError, TypeError or ValueError where something is missing."""
        difference = {name: math.nan if v is None else v for name, v in content["difference"].items()}
        tables = {name: _table(content[name], columns) for name, columns in _TABLES.items()}
        heads = {name: content[name] for name in ("indicator", "group", "period", "metadata")}
        return cls(difference=difference, **tables, **heads)


def _table(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=list(columns))
    for name in set(columns) & set(_NUMBERS):
        frame[name] = frame[name].astype(float)
    return frame
