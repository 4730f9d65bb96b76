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
from typing import Any

from simulator.drawing import Tables, colours, heading, swatch
from simulator.indicators import DIMENSIONS
from simulator.record import agree
from simulator.tables import band, grouped
from simulator.texts import MISSING, case, group, label, text

SPLITS = ("gender", "age", "education", "skill")
# indicator: the sign of a gain
MEASURES: Mapping[str, int] = MappingProxyType({"employment": 1, "mean_wage": 1, "displaced": -1, "layoffs": -1})
UNBROKEN = "\u00a0–\u00a0"  # the ends of a band stay on one line
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
    rows: dict[tuple[str, str], Any] = {(row.scenario, row.group): row for row in last.itertuples()}
    found: dict[str, list[Part]] = {}
    for scenario in tables.others:
        found[scenario] = []
        for name in wanted:
            mine, base = rows.get((scenario, name)), rows.get((tables.baseline, name))
            if mine is not None and base is not None and _there(mine, base):
                found[scenario].append(_part(mine, base))
    return found


def _there(mine: Any, base: Any) -> bool:
    """Whether anybody is in the group, in the future or in the baseline."""
    return isfinite(mine.difference) and bool(mine.p90 != 0 or base.p90 != 0)


def _part(mine: Any, base: Any) -> Part:
    return Part(
        scenario=str(mine.scenario),
        indicator=str(mine.indicator),
        group=str(mine.group),
        baseline=float(base.median),
        difference=float(mine.difference),
        low=float(mine.difference_p10),
        high=float(mine.difference_p90),
        n=int(mine.n),
        sign_share=float(mine.sign_share),
    )


# ---- words


def finding(tables: Tables, found: Sequence[Part], scenario: str, lang: str) -> str:
    """How many groups gain and lose, for a title; the others hardly differ, or the model cannot tell."""
    count = {verdict: sum(part.verdict == verdict for part in found) for verdict in VERDICTS}
    words = {"scenario": tables.title(scenario, lang), "total": len(found)}
    words["unclear"] = count["same"] + count["cannot_tell"]
    return text("people.found", lang, gains=count["gains"], loses=count["loses"], **words)


def told(part: Part, lang: str) -> str:
    """What becomes of a group: the difference with its band, in the unit of the axis."""
    figures = band(part.difference, part.low, part.high, part.indicator, signed=True).replace(" – ", UNBROKEN)
    return f"{group(part.group, lang)}{text('people.colon', lang)} {figures}"


def cards(tables: Tables, found: Mapping[str, Sequence[Part]], lang: str) -> str:
    """A card a future: who gains, who loses, about whom the model cannot tell; as HTML."""
    tints, made = colours(tables), []
    for scenario, mine in found.items():
        title = f"{swatch(tables, scenario)} {escape(tables.title(scenario, lang))}"
        inside = ""
        for verdict in VERDICTS:
            those = [part for part in mine if part.verdict == verdict]
            if those:
                items = "".join(f"<li>{escape(told(part, lang))}</li>" for part in those)
                words = {"verdict": text(f"people.{verdict}", lang), "count": len(those), "total": len(mine)}
                head = escape(text("people.counted", lang, **words))
                inside += f'<h4 class="{verdict}">{head}</h4><ul class="{verdict}">{items}</ul>'
        made.append(f'<article class="card" style="--tint:{tints[scenario]}"><h3>{title}</h3>{inside}</article>')
    told_in = escape(text("people.figures_in", lang, unit=heading(_indicator(found), lang)))
    return f'<p class="note" lang="{lang}">{told_in}</p><div class="cards people" lang="{lang}">{"".join(made)}</div>'


def table(tables: Tables, found: Mapping[str, Sequence[Part]], lang: str) -> str:
    """The table behind the charts: groups × futures with band, pairs of the same sign, and the verdict in words."""
    heads = [text("people.group", lang), text("app.baseline", lang)]
    heads += [text(f"app.{name}", lang) for name in ("difference", "same_sign")] + [text("people.verdict", lang)]
    bodies = []
    for scenario, mine in found.items():
        rows: list[list[str]] = [[escape(tables.title(scenario, lang))]]
        for part in mine:
            level = band(part.baseline, part.baseline, part.baseline, part.indicator).partition(" ")[0]
            pairs = f"{round(part.sign_share * part.n)}/{part.n}" if part.sign_share > 0 else MISSING
            middle = band(part.difference, part.low, part.high, part.indicator, signed=True)
            cells = [group(part.group, lang), level, middle, pairs, text(f"people.{part.verdict}", lang)]
            rows.append([escape(cell) for cell in cells])
        bodies.append(rows)
    indicator = _indicator(found)
    caption = f"{label(indicator, lang)}, {tables.years[1]} ({heading(indicator, lang)})"
    return grouped(heads, bodies, lang, caption, "stack")


def _indicator(found: Mapping[str, Sequence[Part]]) -> str:
    return next((part.indicator for mine in found.values() for part in mine), "employment")
