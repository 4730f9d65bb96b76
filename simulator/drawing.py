"""What the charts share: the tables they are drawn from, colours, words, axes, and the empty drawing.

Colours are told apart by people with a colour deficiency and stand out from white by 4.5 : 1. Lines differ by
dashes and end points by shape as well, so that no chart has to be read by colour alone.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from math import ceil, floor, log10
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pandas as pd

from simulator.indicators import INDICATORS
from simulator.texts import number, text, unit

if TYPE_CHECKING:
    from simulator.compare import Comparison

Spec = dict[str, Any]

FONT = "Noto Sans, Noto Sans Khmer, sans-serif"
INK, QUIET, RULE, PAPER = "#1c2530", "#525b66", "#d5dae0", "#ffffff"
BASELINE_COLOUR = "#3b3b3b"
PALETTE = ("#0072b2", "#b84a00", "#00806a", "#a8447f", "#7a5200", "#6a4fb3")
DASHES = ((1, 0), (9, 3), (2, 2), (10, 3, 2, 3), (5, 2), (14, 3))
SHAPES = ("square", "triangle-up", "diamond", "cross", "triangle-down", "square")
WIDE = 480  # pixels of drawing room from which line ends carry names; below, only the legend does
_HEADINGS = {
    "persons": "app.thousand_people",
    "USD million": "app.million_usd",
    "USD/month": "app.usd_month",
}


@dataclass(frozen=True)
class Tables:
    """Yearly summary and grid of a comparison, names, and published figures.

    ``titles`` holds each scenario's title by language, the baseline first, in the order of colours; ``observed`` the
    rows of ``simulator.data.observations()``, empty where there are none; ``futures`` by scenario the number of the
    future that each run is closest to in the last year; ``places`` by scenario its number among the colours, where it
    is not that of its title's place.
    """

    summary: pd.DataFrame
    grid: pd.DataFrame
    titles: Mapping[str, Mapping[str, str]]
    baseline: str = "baseline"
    observed: pd.DataFrame = field(default_factory=pd.DataFrame)
    futures: Mapping[str, Sequence[int]] = field(default_factory=dict)
    places: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of_comparison(cls, comparison: Comparison, observed: pd.DataFrame | None = None) -> Tables:
        """What a comparison holds, with the published figures to set beside it."""
        titles = {s.id: dict(s.title) for s in (comparison.baseline, *comparison.scenarios)}
        seen = pd.DataFrame() if observed is None else observed
        futures = {name: comparison.futures(name) for name in titles}
        return cls(comparison.summary, comparison.grid, titles, comparison.baseline.id, seen, futures)

    def title(self, scenario: str, lang: str) -> str:
        """The title of ``scenario`` in ``lang``, in English where a translation is missing, else the id."""
        titles = self.titles.get(scenario, {})
        return titles.get(lang) or titles.get("en") or scenario

    @property
    def others(self) -> list[str]:
        """Every scenario but the baseline, in order."""
        return [s for s in self.titles if s != self.baseline]

    def of(self, indicator: str, scenario: str) -> Sequence[Any]:
        """The rows of one indicator and scenario for everybody by year, columns as attributes, ``year`` an integer."""
        return self._rows.get((indicator, scenario), ())

    @cached_property
    def _rows(self) -> Mapping[tuple[str, str], Sequence[Any]]:
        """The table taken apart once: a page asks for some sixty parts of it."""
        table = self.summary[self.summary["group"] == "all"]
        found: dict[tuple[str, str], list[Any]] = {}
        for row in table.assign(year=_years(table)).sort_values("year", kind="stable").itertuples():
            found.setdefault((row.indicator, row.scenario), []).append(row)
        return found

    def own(self, indicator: str, scenario: str) -> Sequence[Any]:
        """The same without the years a scenario shares with the baseline, but for the last of them."""
        first = 0 if scenario == self.baseline else self.fork(scenario)
        return [row for row in self.of(indicator, scenario) if row.year >= first]

    def last(self, indicator: str, scenario: str) -> Any:
        """The row of the last year."""
        return self._rows[indicator, scenario][-1]

    def fork(self, scenario: str) -> int:
        """The last year in which ``scenario`` and the baseline are one."""
        return self._forks[scenario]

    @cached_property
    def _forks(self) -> Mapping[str, int]:
        table = self.summary[self.summary["group"] == "all"]
        least = 1e-9 * table["median"].abs()
        apart = (table["difference_p10"].abs() > least) | (table["difference_p90"].abs() > least)
        years = _years(table)
        last = years.groupby(table["scenario"].astype(str)).max()
        first = years[apart].groupby(table.loc[apart, "scenario"].astype(str)).min()
        return {name: int(first[name]) - 1 if name in first.index else int(last[name]) for name in last.index}

    @cached_property
    def years(self) -> tuple[int, int]:
        """First and last year."""
        years = _years(self.summary)
        return int(years.min()), int(years.max())

    @cached_property
    def seen(self) -> Mapping[str, Sequence[Any]]:
        """Published figures that can be points of a chart, by indicator, with year ``first`` and ``month``."""
        rows = self.observed
        if rows.empty:
            return {}
        days = pd.to_datetime(rows["period_start"])
        rows = rows.assign(first=days.dt.year, month=days.dt.month)
        rows = rows[
            (rows["group"] == "all")
            & rows["use"].isin(["fit", "kept_out"])
            & (rows["status"] != "assumption")
            & rows["first"].between(*self.years)
        ]
        found: dict[str, list[Any]] = {}
        for row in rows.itertuples():
            found.setdefault(row.indicator, []).append(row)
        return found


def _years(table: pd.DataFrame) -> pd.Series:
    return table["period"].astype(str).str[:4].astype(int)


def colours(tables: Tables) -> dict[str, str]:
    """Scenario to colour; the baseline is dark grey."""
    others = {s: PALETTE[_place(tables, s) % len(PALETTE)] for s in tables.others}
    return {tables.baseline: BASELINE_COLOUR} | others


def dashes(tables: Tables) -> dict[str, list[int]]:
    """Scenario to the dashes of its line."""
    return {tables.baseline: [6, 4]} | {s: list(DASHES[_place(tables, s) % len(DASHES)]) for s in tables.others}


def shapes(tables: Tables) -> dict[str, str]:
    """Scenario to the shape of its end point."""
    return {tables.baseline: "circle"} | {s: SHAPES[_place(tables, s) % len(SHAPES)] for s in tables.others}


def _place(tables: Tables, scenario: str) -> int:
    return tables.places.get(scenario, tables.others.index(scenario))


_MARKS = {
    "circle": '<circle cx="29" cy="8" r="5"/>',
    "square": '<rect x="24.5" y="3.5" width="9" height="9"/>',
    "triangle-up": '<path d="M29 2.5 34.5 12.5H23.5Z"/>',
    "diamond": '<path d="M29 1.5 34 8 29 14.5 24 8Z"/>',
    "cross": '<path d="M27 2.5h4V6h3.5v4H31v3.5h-4V10h-3.5V6H27Z"/>',
    "triangle-down": '<path d="M29 13.5 34.5 3.5H23.5Z"/>',
}


def swatch(tables: Tables, scenario: str) -> str:
    """Line, colour and shape of a scenario as a small picture."""
    dash = " ".join(map(str, dashes(tables)[scenario]))
    colour = colours(tables)[scenario]
    line = f'<line x2="29" y1="8" y2="8" stroke="{colour}" stroke-width="2.2" stroke-dasharray="{dash}"/>'
    return _picture(f'<g fill="{colour}">{line}{_MARKS[shapes(tables)[scenario]]}</g>')


def spot(tables: Tables, scenario: str) -> str:
    """Colour and shape of a scenario alone."""
    mark = f'<g fill="{colours(tables)[scenario]}">{_MARKS[shapes(tables)[scenario]]}</g>'
    return _picture(mark, left=21)


def _picture(inside: str, left: int = 0) -> str:
    """A drawing as an image, from ``left`` on: pages that clean HTML let images pass, but not drawings."""
    size = f'width="{36 - left}" height="16"'
    box = f'viewBox="{left} 0 {36 - left} 16"'
    drawn = f'<svg xmlns="http://www.w3.org/2000/svg" {size} {box}>{inside}</svg>'
    return f'<img class="swatch" alt="" {size} src="data:image/svg+xml,{quote(drawn)}">'


def legend(tables: Tables, lang: str) -> str:
    """The scenarios with their lines as HTML, and the mark of published figures."""
    bar, point = '<path d="M18 1v14" stroke-opacity=".5"/>', f'<circle cx="18" cy="8" r="3.5" fill="{PAPER}"/>'
    seen = _picture(f'<g stroke="{INK}">{bar}{point}</g>')
    items = [f"<li>{swatch(tables, s)} {escape(tables.title(s, lang))}</li>" for s in tables.titles]
    items += [f"<li>{seen} {escape(text('app.observed', lang))}</li>"] if len(tables.observed) else []
    return f'<ul class="legend" lang="{lang}">{"".join(items)}</ul>'


def observed(tables: Tables, indicator: str) -> list[Spec]:
    """Published figures of an indicator, in its unit: ``year`` (with part for a month), ``value``, ``low``, ``high``,
    ``source``.

    Figures used to fit or to judge the model, those for the whole sector where there are such, with one standard
    deviation either way. Assumptions of this project are left out, because nobody observed them.
    """
    rows = tables.seen.get(indicator, ())
    points = []
    for row in [row for row in rows if row.coverage == "all"] or rows:
        within = 0.0 if row.period == "year" else (row.month - 6.5) / 12
        sd = 0.0 if pd.isna(row.sd) else float(row.sd)
        low, high = row.value * (1 - sd), row.value * (1 + sd)
        place = {"year": tidy(row.first + within), "value": row.value, "low": low, "high": high}
        points.append(place | {"source": row.source_id})
    return points


# ---- words


def wrap(words: str, width: int) -> list[str]:
    """Lines of at most about ``width`` visible letters, broken at spaces and zero-width spaces only."""
    lines, line = [], ""
    for piece in words.replace("\u200b", "\u200b\0").replace(" ", " \0").split("\0"):
        if line and letters(line + piece.rstrip()) > width:
            lines.append(line.strip(" \u200b"))
            line = ""
        line += piece
    return [*lines, line.strip(" \u200b")]


def letters(words: str) -> int:
    """Letters that take room on a line: signs above or below a letter and zero-width marks take none."""
    return sum(unicodedata.category(c) not in ("Mn", "Cf") for c in words)


def size_of(lang: str) -> int:
    """Pixels of the smallest chart text."""
    return 14 if lang == "km" else 13


def line_height(lang: str) -> int:
    """Pixels from one line of chart text to the next."""
    return round(1.4 * size_of(lang))


def amount(value: float, indicator: str, lang: str) -> str:
    """A value of an indicator in full, with its unit."""
    return number(value, INDICATORS[indicator].unit, lang)


def short(value: float, *, signed: bool = False) -> str:
    """A value in the unit of its axis, with about three figures."""
    size = abs(value)
    return number(value, signed=signed, digits=0 if size >= 100 or not size else 1 if size >= 10 else 2)


def scaled(indicator: str) -> float:
    """What values are divided by on an axis: people are counted in thousands, shares in per cent."""
    return {"persons": 1000.0, "share": 0.01, "share/year": 0.01}.get(INDICATORS[indicator].unit, 1.0)


def heading(indicator: str, lang: str) -> str:
    """The scale of an axis in words: no Latin letters stand for thousands or millions."""
    kind = INDICATORS[indicator].unit
    if kind in ("share", "share/year"):
        return "%"
    return text(_HEADINGS[kind], lang) if kind in _HEADINGS else unit(kind, lang)


# ---- numbers


def tidy(value: float) -> float:
    """Six digits are more than a chart can show."""
    return float(f"{value:.6g}")


def round_top(value: float) -> tuple[float, int]:
    """A round number at or above ``value`` and how many round steps lead to it from zero."""
    if value <= 0:
        return 1.0, 2
    power = 10.0 ** floor(log10(value))
    step = next(s for s in (0.2, 0.25, 0.5, 1.0, 2.0) if value <= 6 * s * power * (1 + 1e-9))
    steps = ceil(round(value / (step * power), 9))
    return steps * step * power, steps


def ticks(low: float, high: float, steps: int) -> Spec:
    """Axis settings: values from ``low`` to ``high`` and a format that shows them in full."""
    step = (high - low) / steps
    digits = next(d for d in range(7) if d == 6 or abs(round(step, d) - step) < 1e-9 * abs(step))
    return {"values": [tidy(low + step * k) for k in range(steps + 1)], "format": f",.{digits}f"}


def apart(wanted: Sequence[tuple[float, float]], low: float, high: float) -> list[float]:
    """Middles, near the wanted ones, of labels that do not overlap, from pairs of middle and height."""
    order = sorted(range(len(wanted)), key=lambda i: wanted[i][0])
    places = [0.0] * len(wanted)
    for i in order:
        middle, tall = wanted[i]
        places[i] = max(middle, low + tall / 2)
        low = places[i] + tall / 2
    for i in reversed(order):
        tall = wanted[i][1]
        places[i] = min(places[i], high - tall / 2)
        high = places[i] - tall / 2
    return [tidy(p) for p in places]


# ---- pieces of a specification


def axis(name: str, low: float, high: float, **settings: Any) -> Spec:
    """A position by the number ``name`` between two fixed ends."""
    scale = {"domain": [low, high], "nice": False, "zero": False}
    return {"field": name, "type": "quantitative", "scale": scale, "axis": settings}


# Words stay clear of the lines they cross: they are drawn twice, first with a broad edge in the colour of the paper.
HALO: Spec = {"stroke": PAPER, "strokeWidth": 4, "strokeJoin": "round"}
# How an axis of differences writes its numbers.
SIGNED: Spec = {"format": "+,.6~g", "labelExpr": "datum.value ? datum.label : '0'", "labelOverlap": True}


def flat_title(words: str) -> Spec:
    """Settings of a vertical axis whose title lies over it, so that nobody turns the head."""
    place = {"titleAnchor": "end", "titleX": 0, "titleY": -10}
    look = {"titleAngle": 0, "titleAlign": "left", "titleBaseline": "bottom"}
    return {"title": wrap(words, 34)} | look | place


def by_scenario(tables: Tables, values: Mapping[str, Any]) -> Spec:
    """A colour, dash or shape for each scenario; the legend stands over the charts, in HTML."""
    scale = {"domain": list(tables.titles), "range": [values[s] for s in tables.titles]}
    return {"field": "scenario", "type": "nominal", "scale": scale, "legend": None}


def layer(values: Sequence[Any], mark: Spec, **encoding: Any) -> Spec:
    """One layer with its own rows."""
    return {"data": {"values": list(values)}, "mark": mark, "encoding": encoding}


def dot(size: int, **look: Any) -> Spec:
    """A point mark."""
    return {"type": "point", "filled": True, "size": size, "opacity": 1} | look


def words_mark(lang: str, **look: Any) -> Spec:
    """A text mark of one or more lines."""
    lines = {"lineBreak": "\n", "lineHeight": line_height(lang)}
    return {"type": "text", "baseline": "middle", "fontSize": size_of(lang)} | lines | look


def names_mark(lang: str, **look: Any) -> Spec:
    """A text mark that names the ends of lines and leaves where the drawing is narrow."""
    return words_mark(lang, opacity={"expr": f"width >= {WIDE} ? 1 : 0"}, clip=True, **look)


def clear_words(rows: Sequence[Spec], lang: str, y: Spec, field: str, **look: Any) -> list[Spec]:
    """Layers of words from the left edge on that stay clear of the lines they cross."""
    marks = (words_mark(lang, x=0, align="left", **look, **halo) for halo in (HALO, {}))
    return [layer(rows, mark, y=y, text={"field": field}) for mark in marks]


def drawing(title: str, lang: str, height: int, layers: Sequence[Spec]) -> Spec:
    """The whole specification, as wide as its place."""
    size = size_of(lang)
    words = {"labelFontSize": size, "titleFontSize": size, "labelColor": INK, "titleColor": INK}
    lines = {"gridColor": RULE, "domainColor": QUIET, "tickColor": QUIET, "titleFontWeight": "normal"}
    head = {"anchor": "start", "frame": "bounds", "fontSize": size + 3, "lineHeight": round(1.5 * (size + 3))}
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "title": {"text": wrap(title, 34)},
        "usermeta": {"title": title},  # whole, for a page that writes it over the drawing
        "width": "container",
        "height": height,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "padding": {"left": 2, "right": 6, "top": 2, "bottom": 2},
        "layer": [one for one in layers if one["data"]["values"]],
        "config": {
            "font": FONT,
            "background": PAPER,
            "view": {"stroke": None},
            "axis": words | lines,
            "title": head | {"color": INK, "offset": 16},
            "text": {"font": FONT, "color": INK},
        },
    }
