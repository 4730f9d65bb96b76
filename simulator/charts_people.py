"""Charts of people and of public money: who gains and loses, lives, what levers cost, what the money goes with.

As in :mod:`simulator.charts`: tables in, Vega-Lite specifications out, their data inside. Rows carry their words and
figures in full over the bar, so that nobody has to hover and Khmer has room on a phone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import ceil
from typing import Any

import pandas as pd

from simulator.charts import _placed
from simulator.costs import LEVERS, Account, Column, levers_title
from simulator.drawing import (
    INK,
    PAPER,
    QUIET,
    SIGNED,
    WIDE,
    Spec,
    Tables,
    axis,
    by_scenario,
    clear_words,
    colours,
    dashes,
    dot,
    drawing,
    flat_title,
    heading,
    layer,
    line_height,
    names_mark,
    round_top,
    scaled,
    shapes,
    short,
    ticks,
    tidy,
    words_mark,
    wrap,
)
from simulator.life_words import factory_found, life_found
from simulator.lives import FIRST_SHOWN, Lives, spells
from simulator.people import UNBROKEN, Part, finding, told
from simulator.texts import group, text

VERDICT_COLOURS = {"gains": "#0072b2", "loses": "#b84a00", "same": "#525b66", "cannot_tell": "#525b66"}
VERDICT_SHAPES = {"gains": "triangle-right", "loses": "triangle-left", "same": "circle", "cannot_tell": "circle"}
STATE_COLOURS = {
    "operator": "#0072b2",
    "technician": "#00806a",
    "engineer": "#6a4fb3",
    "training": "#a8447f",
    "displaced": "#b84a00",
    "outside": "#8a939d",
}
STATE_HEIGHTS = {"training": 8, "displaced": 5, "outside": 2}  # pixels; at work 16: told apart without colour


@dataclass(frozen=True)
class Row:
    """A line of words over a bar from zero; a row without ``ends`` is a heading."""

    words: str
    ends: tuple[float, float, float] | None = None  # middle, low, high
    kind: str = "same"


def row_chart(title: str, rows: Sequence[Row], below: str, lang: str, span: tuple[float, float]) -> Spec:
    """Rows of words, each with its bar and its band under it; ``span`` are the ends of the axis."""
    tall = line_height(lang)
    places: list[Spec] = []
    down = 0.0
    for row in rows:
        lines = wrap(row.words, 40)
        down += tall * (len(lines) + (0.9 if row.ends is not None else 0.6 if places else 0.2))
        place: Spec = {"words": "\n".join(lines), "at": down, "kind": row.kind}
        if row.ends is not None:
            place |= dict(zip(("middle", "low", "high"), map(tidy, row.ends), strict=True))
        places.append(place | {"words_at": down - tall * (len(lines) - (0.05 if row.ends is not None else 0.45))})
    low, high = span
    x = axis("middle", low, high, title=wrap(below, 44), tickCount=4, **SIGNED, labelFlush=True, grid=True)
    x["scale"] |= {"nice": True, "range": [8, {"expr": "width - 8"}]}
    y = axis("at", 0, down + 0.5 * tall) | {"axis": None}
    y["scale"]["reverse"] = True
    kinds = list(VERDICT_COLOURS)
    tint = {"field": "kind", "type": "nominal", "legend": None,
            "scale": {"domain": kinds, "range": [VERDICT_COLOURS[k] for k in kinds]}}  # fmt: skip
    shape = {"field": "kind", "type": "nominal", "legend": None,
             "scale": {"domain": kinds, "range": [VERDICT_SHAPES[k] for k in kinds]}}  # fmt: skip
    heads = [p for p in places if "middle" not in p]
    bars = [p for p in places if "middle" in p]
    sure = [p for p in bars if p["kind"] in ("gains", "loses")]
    unsure = [p for p in bars if p["kind"] not in ("gains", "loses")]
    at = y | {"field": "words_at"}
    layers = [
        layer([{"zero": 0}], {"type": "rule", "color": QUIET}, x=x | {"field": "zero"}),
        layer(sure, {"type": "bar", "size": 9, "opacity": 0.85}, x=x, x2={"datum": 0}, y=y, color=tint),
        layer(bars, {"type": "rule", "strokeWidth": 1.8, "color": INK}, x=x | {"field": "low"}, x2={"field": "high"},
              y=y),
        layer(sure, dot(90), x=x, y=y, color=tint, shape=shape),
        layer(unsure, dot(60, fill=PAPER, strokeWidth=2, stroke=INK), x=x, y=y),
        *clear_words(bars, lang, at, "words"),
        *clear_words(heads, lang, at, "words", fontWeight="bold"),
    ]  # fmt: skip
    return _drawn(title, lang, ceil(down + 0.5 * tall), layers)


def _drawn(title: str, lang: str, height: int, layers: Sequence[Spec]) -> Spec:
    """The drawing under a title that says what is found: it is longer than a name and has to fit a phone."""
    spec = drawing(title, lang, height, layers)
    spec["title"]["text"] = wrap(title, 27 if lang == "km" else 32)
    return spec


# ---- who gains and who loses


def gains(tables: Tables, found: Mapping[str, Sequence[Part]], scenario: str, lang: str) -> Spec:
    """The groups of one future against the baseline; all futures share one axis."""
    mine = found[scenario]
    indicator = mine[0].indicator if mine else "employment"
    divisor = scaled(indicator)
    rows: list[Row] = []
    for split, parts in groupby(mine, key=lambda part: part.group.partition("=")[0]):
        rows.append(Row(text(f"people.split_{split}", lang)))
        for part in parts:
            ends = (part.difference / divisor, part.low / divisor, part.high / divisor)
            rows.append(Row(_row_words(part, lang), ends, part.verdict))
    everyone = [part for parts in found.values() for part in parts]
    low, high = min((p.low for p in everyone), default=0.0), max((p.high for p in everyone), default=0.0)
    span = (min(0.0, low) / divisor, max(0.0, high) / divisor)
    below = f"{text('app.difference', lang)} ({heading(indicator, lang)})"
    return row_chart(finding(tables, mine, scenario, lang), rows, below, lang, span)


def _row_words(part: Part, lang: str) -> str:
    words = told(part, lang)
    return f"{words} {text('people.row_cannot_tell', lang)}" if part.verdict == "cannot_tell" else words


# ---- lives


def life(tables: Tables, lives: Lives, person: str, lang: str) -> Spec:
    """One worker's stretches at work, in a course, laid off and outside the sector, a bar a future."""
    tall, rows, heads = line_height(lang), [], []
    step = 2.5 * tall
    lines = lives.person(person)
    for place, (scenario, frame) in enumerate(lines.items()):
        at = step * (place + 1)
        heads.append({"words": tables.title(scenario, lang), "at": at})
        for spell in spells(frame):
            kind = spell.job or spell.state
            begin, end = _when(spell.first), _when(spell.last) + 0.25
            told = f"{text(f'people.state_{kind}', lang)}, {spell.first}–{spell.last}"
            rows.append({"begin": begin, "end": end, "at": at, "kind": kind, "told": told})
    first, last = _when(FIRST_SHOWN), tables.years[1] + 1
    x = axis("begin", first, last, title=None, grid=True, format="d", values=_years(first, last))
    x["scale"]["range"] = [8, {"expr": "width - 8"}]
    height = step * len(lines) + tall
    y = axis("at", 0, height) | {"axis": None}
    y["scale"]["reverse"] = True
    tint = {"field": "kind", "type": "nominal", "legend": None,
            "scale": {"domain": list(STATE_COLOURS), "range": list(STATE_COLOURS.values())}}  # fmt: skip
    fork = [{"begin": _when(lives.fork) + 0.25}]
    bars = [
        layer([r for r in rows if r["kind"] == kind], {"type": "bar", "size": STATE_HEIGHTS.get(kind, 16)}, x=x,
              x2={"field": "end"}, y=y, color=tint, tooltip={"field": "told"})
        for kind in STATE_COLOURS
    ]  # fmt: skip
    named = words_mark(lang, x=8, align="left", baseline="bottom", dy=-11, fontWeight="bold")
    layers = [
        *bars,
        layer(fork, {"type": "rule", "color": INK, "strokeDash": [3, 4]}, x=x),
        layer(heads, named, y=y, text={"field": "words"}),
    ]
    return _drawn(life_found(lives, person, tables.years[1], lang), lang, ceil(height), layers)


def factory_life(tables: Tables, lives: Lives, factory: int, lang: str) -> Spec:
    """One factory's workers through the futures, with a cross where it closes or moves."""
    path: list[Spec] = []
    ends: list[Spec] = []
    gone: list[Spec] = []
    for scenario, frame in lives.factory(factory).items():
        mine = [
            {"year": tidy(_when(str(row.period))), "workers": int(row.workers), "scenario": scenario}
            for row in frame.itertuples()
        ]
        if not mine:
            continue
        path += mine
        decision = str(frame["decision"].iloc[-1])
        left = decision == "closed" or decision.startswith("moved")
        (gone if left else ends).append(mine[-1] | {"name": "\n".join(wrap(tables.title(scenario, lang), 17))})
    height = 260
    top, steps = round_top(max((p["workers"] for p in path), default=1))
    first, last = _when(FIRST_SHOWN), tables.years[1] + 1
    x = axis("year", first, last, title=None, grid=False, format="d", values=_years(first, last))
    x["scale"]["range"] = [0, {"expr": f"width - (width >= {WIDE} ? 150 : 16)"}]
    y = axis("workers", 0, top, **flat_title(text("people.factory_axis", lang)), **ticks(0, top, steps))
    tint = by_scenario(tables, colours(tables))
    cross = dot(110, shape="cross", fill=PAPER, strokeWidth=2)
    layers = [
        layer(path, {"type": "line", "strokeWidth": 2.2}, x=x, y=y, color=tint,
              strokeDash=by_scenario(tables, dashes(tables))),
        layer(gone, cross, x=x, y=y, stroke=tint),
        layer(ends, dot(75), x=x, y=y, color=tint, shape=by_scenario(tables, shapes(tables))),
        layer(_placed(ends, "workers", line_height(lang) * top / height, top), names_mark(lang, align="left", dx=10),
              x=x, y=y | {"field": "place"}, color=tint, text={"field": "name"}),
    ]  # fmt: skip
    return _drawn(factory_found(lives, factory, tables.years[1], lang), lang, height, layers)


def _when(period: str) -> float:
    """A quarter's beginning as a year with its part."""
    return int(period[:4]) + (int(period[5:]) - 1) / 4


def _years(first: float, last: float) -> list[int]:
    return [year for year in range(ceil(first), ceil(last)) if year % 5 == 0]


# ---- money


def levers(tables: Tables, spent: Account, lang: str) -> Spec:
    """What each future spends on each lever above the baseline, added up, the dearest first."""
    divisor = scaled("public_cost")
    rows: list[Row] = []
    low, high = 0.0, 0.0
    for scenario in tables.others:
        rows.append(Row(tables.title(scenario, lang)))
        lines: list[tuple[Column, Any]] = []
        for lever in LEVERS:
            row = spent.sum(scenario, lever)
            if row.difference_p10 != 0 or row.difference_p90 != 0:
                lines.append((lever, row))
        for lever, row in sorted(lines, key=lambda line: -line[1].difference):
            ends = tuple(getattr(row, k) / divisor for k in ("difference", "difference_p10", "difference_p90"))
            middle, lower, upper = (short(value, signed=True) for value in ends)
            words = f"{group(lever[1], lang)}{text('people.colon', lang)} {middle} ({lower}{UNBROKEN}{upper})"
            kind = "cannot_tell" if ends[1] < 0 < ends[2] else "loses" if ends[0] > 0 else "gains"
            rows.append(Row(words, (ends[0], ends[1], ends[2]), kind))
            low, high = min(low, ends[1]), max(high, ends[2])
        if not lines:
            rows[-1] = Row(f"{tables.title(scenario, lang)}{text('people.colon', lang)} {text('cost.no_more', lang)}")
    below = f"{text('cost.more_spent', lang)} ({heading('public_cost', lang)})"
    return row_chart(levers_title(tables, spent, lang), rows, below, lang, (low, high or 1.0))


def money_lines(tables: Tables, spent: Account, column: Column, title: str, lang: str) -> Spec:
    """A part of the account by year with its band, a line a future; it may fall below zero."""
    path: list[Spec] = []
    for scenario in tables.titles:
        for row in spent.rows(scenario, column, "year"):
            band = {k: tidy(getattr(row, k)) for k in ("median", "p10", "p90")}
            path.append({"year": int(row.period), "scenario": scenario} | band)
    ends = [p for p in path if p["year"] == tables.years[1]]
    top, steps = round_top(max([p["p90"] for p in path] + [0.0]))
    least = min([p["p10"] for p in path] + [0.0])
    low = -round_top(-least)[0] if least < 0 else 0.0
    first, last = min(p["year"] for p in path), tables.years[1]
    x = axis("year", first, last, title=None, grid=False, format="d", values=_years(first, last + 1))
    x["scale"]["range"] = [0, {"expr": "width - 16"}]
    span = ticks(low, top, steps) if low == 0 else {"tickCount": 6, "format": ",.6~g"}
    y = axis("median", low, top, **flat_title(heading(column[0], lang)), **span)
    tint = by_scenario(tables, colours(tables))
    layers = [
        layer(path, {"type": "area", "opacity": 0.18}, x=x, y=y | {"field": "p10"}, y2={"field": "p90"}, color=tint),
        layer([{"zero": 0}] if low < 0 else [], {"type": "rule", "color": QUIET}, y=y | {"field": "zero"}),
        layer(path, {"type": "line", "strokeWidth": 2.2}, x=x, y=y, color=tint,
              strokeDash=by_scenario(tables, dashes(tables))),
        layer(ends, dot(75), x=x, y=y, color=tint, shape=by_scenario(tables, shapes(tables))),
    ]  # fmt: skip
    return _drawn(title, lang, 220, layers)


def trade_off(tables: Tables, trade: pd.DataFrame, goal: Column, lang: str, title: str) -> Spec:
    """Money above the baseline against what is had above it: whole futures, and their policies and worlds alone."""
    divisor = scaled(goal[0])
    points: list[Spec] = []
    for row in trade[(trade["indicator"] == goal[0]) & (trade["group"] == goal[1])].itertuples():
        place = {"x": row.cost_median, "x1": row.cost_p10, "x2": row.cost_p90}
        place |= {"y": row.median / divisor, "y1": row.p10 / divisor, "y2": row.p90 / divisor}
        name = tables.title(row.scenario, lang) if row.part == "both" else text(f"cost.short_{row.part}", lang)
        points.append(
            {"scenario": row.scenario, "part": row.part, "name": name} | {k: tidy(v) for k, v in place.items()}
        )
    low, high = (end(p[k] for p in points) for end, k in ((min, "x1"), (max, "x2")))
    bottom, top = (end(p[k] for p in points) for end, k in ((min, "y1"), (max, "y2")))
    low, high, bottom, top = min(low, 0.0), max(high, 1.0), min(bottom, 0.0), max(top, 0.0)
    top += 0.1 * (top - bottom)  # room for the name of the highest point
    more = f"{text('cost.more_spent', lang)} ({heading('public_cost', lang)})"
    x = axis("x", low, high, title=wrap(more, 40), grid=False, tickCount=5, **SIGNED)
    x["scale"] |= {"nice": True}
    y = axis("y", bottom, top, **flat_title(heading(goal[0], lang)), grid=False, tickCount=5, **SIGNED)
    y["scale"] |= {"nice": True}
    tint = by_scenario(tables, colours(tables))
    whole, halves = ([p for p in points if (p["part"] == "both") is both] for both in (True, False))
    bar, zero = {"type": "rule", "strokeWidth": 1.6}, {"type": "rule", "color": QUIET, "strokeDash": [3, 4]}
    thin = {"type": "rule", "strokeWidth": 1, "opacity": 0.6}
    layers = [
        layer([{"x": 0}], zero, x=x),
        layer([{"y": 0}], zero, y=y),
        *(
            layer(group_, mark, x=x | {"field": "x1"}, x2={"field": "x2"}, y=y, color=tint)
            for group_, mark in ((halves, thin), (whole, bar))
        ),
        *(
            layer(group_, mark, x=x, y=y | {"field": "y1"}, y2={"field": "y2"}, color=tint)
            for group_, mark in ((halves, thin), (whole, bar))
        ),
        layer([p for p in halves if p["part"] == "policy"], dot(60, shape="circle", fill=PAPER, strokeWidth=2), x=x,
              y=y, stroke=tint),
        layer([p for p in halves if p["part"] == "world"], dot(60, shape="square", fill=PAPER, strokeWidth=2), x=x,
              y=y, stroke=tint),
        layer(whole, dot(130), x=x, y=y, color=tint, shape=by_scenario(tables, shapes(tables))),
        *(
            layer(group_, names_mark(lang, **side), x=x, y=y, color=tint, text={"field": "name"})
            for group_, side in _beside(whole, low + 0.6 * (high - low))
        ),
    ]  # fmt: skip
    return _drawn(title, lang, 320, layers)


def _beside(points: list[Spec], turn: float) -> list[tuple[list[Spec], Spec]]:
    """Names on the right of points, and on the left of those right of ``turn``."""
    near, far = ([p for p in points if (p["x"] <= turn) is side] for side in (True, False))
    return [(near, {"align": "left", "dx": 13, "dy": -10}), (far, {"align": "right", "dx": -13, "dy": -10})]
