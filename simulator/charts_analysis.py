"""Charts of an explanation: how the parts of a difference add up, as Vega-Lite specifications."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import ceil
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from simulator.analysis.explaining import gap, indicator_name, part_name, side_name, when
from simulator.drawing import (
    INK,
    QUIET,
    SIGNED,
    Spec,
    axis,
    drawing,
    heading,
    layer,
    letters,
    line_height,
    scaled,
    size_of,
    tidy,
    words_mark,
    wrap,
)
from simulator.texts import text

if TYPE_CHECKING:
    from simulator.analysis.explained import Explanation

SIDES = {
    "policy": "#0072b2",
    "world": "#b84a00",
    "adds": "#00806a",
    "takes": "#a8447f",
    "together": "#6b7280",
    "interaction": "#3d4752",
}
NAME_WIDTH = 24  # letters of a name before it goes on a second line


def levers(found: Explanation, lang: str) -> Spec:
    """The shares of the groups one after the other, from A to B, policies and world in their colours."""
    return _waterfall(found, parts(found, "levers", lang), text("explain.title_levers", lang), lang)


def grid(found: Explanation, lang: str) -> Spec:
    """Policies alone, the world alone, and what both together make beyond the sum of the two."""
    return _waterfall(found, parts(found, "grid", lang), text("app.grid_title", lang), lang)


def mechanisms(found: Explanation, lang: str) -> Spec:
    """The nine terms one after the other; nothing but the axis where the indicator has none."""
    return _waterfall(found, parts(found, "mechanisms", lang), text("explain.title_mechanisms", lang), lang)


def parts(found: Explanation, chart: str, lang: str) -> list[tuple[str, str, Any]]:
    """Name, colour in ``SIDES`` and row of everything that adds up in a chart; ``chart`` is a name in ``CHARTS``."""
    if chart == "levers":
        return [(part_name(row.group, lang), row.part, row) for row in found.levers.itertuples()]
    if chart == "grid":
        rows = [row for row in found.grid.itertuples() if row.part != "both"]
        return [(side_name(row.part, lang), row.part, row) for row in rows]
    return [
        (part_name(row.name, lang), "adds" if row.share > 0 else "takes", row) for row in found.mechanisms.itertuples()
    ]


def takeaway(found: Explanation, chart: str, lang: str) -> str:
    """What a chart shows, for those who cannot see it; ``chart`` is a name in ``CHARTS``."""
    words = {side: found.title(side, lang) for side in ("a", "b")}
    told = [text("explain.alt", lang, indicator=indicator_name(found, lang), when=when(found.period, lang), **words)]
    for name, _, row in parts(found, chart, lang):
        ends = {k: gap(getattr(row, k), found.indicator, lang, signed=True) for k in ("share", "low", "high")}
        told.append(text("explain.alt_part", lang, name=name, **ends))
    return " ".join(told)


def _waterfall(found: Explanation, shown: list[tuple[str, str, Any]], title: str, lang: str) -> Spec:
    """Bars that begin where the one before ends; marks from the 10th to the 90th percentile of each; the sum below."""
    divisor, size = scaled(found.indicator), size_of(lang)
    rows: list[Spec] = []
    begins = 0.0
    for name, side, row in shown:
        rows.append(_bar(found, name, side, begins, (row.share, row.low, row.high), lang))
        begins += row.share
    ends = tuple(found.difference[name] for name in ("mean", "low", "high"))
    if shown:
        rows.append(_bar(found, text("explain.together", lang), "together", 0.0, ends, lang))
    for place, bar in enumerate(rows):
        bar["place"] = place
    points = [bar[key] for bar in rows for key in ("from", "to", "low", "high")]
    low, high = min([0.0, *points]), max([0.0, *points])
    longest = max([letters(line) for bar in rows for line in bar["name"].split("\n")], default=0)
    lines = max([bar["name"].count("\n") + 1 for bar in rows], default=1)
    below = wrap(text("explain.axis", lang, unit=heading(found.indicator, lang)), 40)
    x = axis("from", low, high or 1 / divisor, title=below, tickCount=4, **SIGNED, labelFlush=False)
    x["scale"] |= {"nice": True, "range": [14 + ceil(longest * size * 0.58), {"expr": "width - 10"}]}
    y = axis("place", -0.6, max(len(rows), 1) - 0.4, orient="left") | {"axis": None}
    y["scale"]["reverse"] = True
    tint = {"field": "side", "type": "nominal", "legend": None,
            "scale": {"domain": list(SIDES), "range": list(SIDES.values())}}  # fmt: skip
    tooltip = [{"field": "named", "title": title}, {"field": "told", "title": indicator_name(found, lang)}]
    steps = [{"x": bar["to"], "place": bar["place"], "next": bar["place"] + 1} for bar in rows[:-1]]
    layers = [
        layer(steps, {"type": "rule", "color": QUIET, "strokeDash": [2, 2]}, x=x | {"field": "x"}, y=y,
              y2={"field": "next"}),
        layer(rows, {"type": "bar", "size": 16, "opacity": 0.85}, x=x, x2={"field": "to"}, y=y, color=tint,
              tooltip=tooltip),
        layer(rows, {"type": "rule", "strokeWidth": 1.6, "color": INK}, x=x | {"field": "low"}, x2={"field": "high"},
              y=y, tooltip=tooltip),
        layer([{"zero": 0}], {"type": "rule", "color": QUIET}, x=x | {"field": "zero"}),
        layer(rows, words_mark(lang, x=0, align="left"), y=y, text={"field": "name"}),
    ]  # fmt: skip
    height = ceil((max(len(rows), 1) + 0.2) * (line_height(lang) * lines + 8))
    return drawing(title, lang, height, layers)


def _bar(found: Explanation, name: str, side: str, begins: float, ends: tuple[float, ...], lang: str) -> Spec:
    """A bar from where it begins by its share, with its interval, on the scale of the axis."""
    share, low, high = ends
    divisor = scaled(found.indicator)
    places = {"from": begins, "to": begins + share, "low": begins + low, "high": begins + high}
    middle, least, most = (gap(value, found.indicator, lang, signed=True) for value in ends)
    words = {"name": "\n".join(wrap(name, NAME_WIDTH)), "named": name, "told": f"{middle} ({least} – {most})"}
    return {"side": side} | words | {key: tidy(value / divisor) for key, value in places.items()}


CHARTS: Mapping[str, Callable[[Explanation, str], Spec]] = MappingProxyType(
    {"levers": levers, "grid": grid, "mechanisms": mechanisms}
)
