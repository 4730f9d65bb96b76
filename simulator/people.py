"""Who gains and who loses: groups of people in each future against the baseline, with their spread.

All from the comparison's summary. A group gains jobs or pay where it has more of them than in the baseline, and gains
by fewer layoffs and fewer displaced; where the paired runs do not agree on the direction, the model cannot tell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import isfinite
from types import MappingProxyType

import pandas as pd

from simulator.drawing import Tables, colours, heading, swatch
from simulator.indicators import DIMENSIONS, INDICATORS
from simulator.record import agree
from simulator.tables import band, grouped
from simulator.texts import MISSING, case, group, label, number, text

SPLITS = ("gender", "age", "education", "skill")
# indicator: the sign of a gain
MEASURES: Mapping[str, int] = MappingProxyType({"employment": 1, "mean_wage": 1, "displaced": -1, "layoffs": -1})
VERDICTS = ("gains", "loses", "same", "cannot_tell")


@dataclass(frozen=True)
class Part:
    """One group of a future in the last year; ``baseline`` is the group's median there, in the indicator's unit."""

    scenario: str
    indicator: str
    group: str
    baseline: float
    difference: float
    low: float
    high: float
    n: int
    sign_share: float

    @property
    def verdict(self) -> str:
        """One of ``VERDICTS``."""
        told = case(self.difference, self.low, self.high, self.baseline, agree=agree(self.sign_share))
        if told in ("hardly", "cannot_tell"):
            return "same" if told == "hardly" else told
        return "gains" if (told == "rise") == (MEASURES[self.indicator] > 0) else "loses"


def parts(tables: Tables, indicator: str) -> dict[str, list[Part]]:
    """By scenario, the groups in the order of ``SPLITS``; groups that are empty in every run are left out."""
    wanted = [f"{name}={value}" for name in SPLITS for value in DIMENSIONS[name]]
    summary = tables.summary
    last = summary[(summary["indicator"] == indicator) & (summary["period"] == str(tables.years[1]))]
    last = last[last["group"].isin(wanted)]
    levels = last[last["scenario"] == tables.baseline].set_index("group")["median"]
    found = {}
    for scenario in tables.others:
        mine = last[last["scenario"] == scenario].set_index("group")
        found[scenario] = [
            _part(scenario, indicator, name, mine.loc[name], float(levels[name]))
            for name in wanted
            if name in mine.index and _there(mine.loc[name], levels.get(name))
        ]
    return found


def _there(row: pd.Series, level: float | None) -> bool:
    """Whether anybody is in the group, in the future or in the baseline."""
    if level is None or not isfinite(row["difference"]):
        return False
    return bool(level != 0 or row["p90"] != 0)


def _part(scenario: str, indicator: str, name: str, row: pd.Series, level: float) -> Part:
    ends = (float(row[k]) for k in ("difference", "difference_p10", "difference_p90"))
    return Part(scenario, indicator, name, level, *ends, n=int(row["n"]), sign_share=float(row["sign_share"]))


# ---- words


def finding(tables: Tables, found: Sequence[Part], scenario: str, lang: str) -> str:
    """How many groups gain and lose, for a title."""
    count = {verdict: sum(part.verdict == verdict for part in found) for verdict in VERDICTS}
    words = {"scenario": tables.title(scenario, lang), "total": len(found)}
    key = "found" if count["gains"] or count["loses"] else "found_none"
    return text(f"people.{key}", lang, **words, **count)


def told(part: Part, lang: str) -> str:
    """What becomes of a group: the difference in full with its band, or that the model cannot tell."""
    unit = INDICATORS[part.indicator].unit
    words = {k: number(v, unit, lang, signed=True) for k, v in _ends(part).items()}
    return text(f"people.told_{part.verdict}", lang, group=group(part.group, lang), **words)


def _ends(part: Part) -> dict[str, float]:
    return {"difference": part.difference, "low": part.low, "high": part.high}


def cards(tables: Tables, indicator: str, lang: str) -> str:
    """A card a future: who gains, who loses, about whom the model cannot tell; as HTML."""
    tints, made = colours(tables), []
    for scenario, found in parts(tables, indicator).items():
        title = f"{swatch(tables, scenario)} {escape(tables.title(scenario, lang))}"
        inside = f"<p>{escape(finding(tables, found, scenario, lang))}</p>"
        for verdict in VERDICTS:
            mine = [part for part in found if part.verdict == verdict]
            if mine:
                items = "".join(f"<li>{escape(told(part, lang))}</li>" for part in mine)
                head = escape(text(f"people.{verdict}", lang))
                inside += f'<h4 class="{verdict}">{head}</h4><ul class="{verdict}">{items}</ul>'
        made.append(f'<article class="card" style="--tint:{tints[scenario]}"><h3>{title}</h3>{inside}</article>')
    return f'<div class="cards people" lang="{lang}">{"".join(made)}</div>'


def table(tables: Tables, indicator: str, lang: str) -> str:
    """The table behind the charts: groups × futures with band, pairs of the same sign, and the verdict in words."""
    heads = [text("people.group", lang), text("app.baseline", lang)]
    heads += [text(f"app.{name}", lang) for name in ("difference", "same_sign")] + [text("people.verdict", lang)]
    bodies = []
    for scenario, found in parts(tables, indicator).items():
        rows: list[list[str]] = [[escape(tables.title(scenario, lang))]]
        for part in found:
            level = band(part.baseline, part.baseline, part.baseline, indicator).partition(" ")[0]
            pairs = f"{round(part.sign_share * part.n)}/{part.n}" if part.sign_share > 0 else MISSING
            middle = band(part.difference, part.low, part.high, indicator, signed=True)
            cells = [group(part.group, lang), level, middle, pairs, text(f"people.{part.verdict}", lang)]
            rows.append([escape(cell) for cell in cells])
        bodies.append(rows)
    caption = f"{label(indicator, lang)}, {tables.years[1]} ({heading(indicator, lang)})"
    return grouped(heads, bodies, lang, caption, "stack")
