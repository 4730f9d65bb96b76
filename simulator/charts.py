"""Charts of a comparison: tables in, Vega-Lite specifications out.

Every chart is a pure function of the tables and the language. A specification carries its data, so the app and the
report draw the same picture. Specifications are validated in the tests, not while somebody waits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from math import ceil, floor
from types import MappingProxyType
from typing import Any

from simulator.drawing import (
    HALO,
    INK,
    PAPER,
    QUIET,
    SIGNED,
    WIDE,
    Spec,
    Tables,
    amount,
    apart,
    axis,
    by_scenario,
    colours,
    dashes,
    dot,
    drawing,
    flat_title,
    heading,
    layer,
    letters,
    line_height,
    names_mark,
    observed,
    round_top,
    scaled,
    shapes,
    short,
    size_of,
    ticks,
    tidy,
    words_mark,
    wrap,
)
from simulator.parameters import Parameters
from simulator.texts import label, text

LINES = ("employment", "exports", "value_added", "skilled_jobs", "mean_wage", "real_wage")
PARTS = {"policy": "#0072b2", "world": "#b84a00", "interaction": "#6b7280", "both": INK, "plain": "#4b5563"}


def lines(tables: Tables, lang: str, indicator: str) -> Spec:
    """Medians over the years with the band over runs, published figures, and names at the ends of the lines."""
    divisor, height = scaled(indicator), 240
    path: list[Spec] = []
    ends: list[Spec] = []
    told: dict[int, dict[str, str]] = {}
    for scenario in tables.titles:
        for row in tables.own(indicator, scenario):
            band = {k: tidy(getattr(row, k) / divisor) for k in ("median", "p10", "p90")}
            path.append({"year": row.year, "scenario": scenario} | band)
            told.setdefault(row.year, {})[scenario] = _with_band(row, indicator, lang)
        ends.append(path[-1] | {"name": "\n".join(wrap(tables.title(scenario, lang), 17))})
    points = observed(tables, indicator)
    seen = [p | {k: tidy(p[k] / divisor) for k in ("value", "low", "high")} for p in points]
    top, steps = round_top(max([p["p90"] for p in path] + [p["high"] for p in seen]))
    ends = _placed(ends, "median", line_height(lang) * top / height, top)
    first, last = tables.years
    longest = max(letters(w) for e in ends for w in e["name"].split("\n"))
    room = 24 + ceil(longest * size_of(lang) * 0.6)
    fives = [year for year in range(first, last + 1) if year % 5 == 0]
    x = axis("year", first, last, title=None, grid=False, format="d", values=fives, labelOverlap=False,
             labelExpr="width < 320 && datum.value % 10 ? '' : datum.label")  # fmt: skip
    x["scale"]["range"] = [0, {"expr": f"width - (width >= {WIDE} ? {room} : 16)"}]
    y = axis("median", 0, top, **flat_title(heading(indicator, lang)), **ticks(0, top, steps))
    tint = by_scenario(tables, colours(tables))
    tips = []
    for year in sorted(told):
        found = [amount(p["value"], indicator, lang) for p in points if round(p["year"]) == year]
        tip = {f"s{i}": told[year].get(s, told[year][tables.baseline]) for i, s in enumerate(tables.titles)}
        tips.append({"year": year, "seen": "; ".join(found)} | tip)
    tooltip = [
        {"field": "year", "title": text("app.year", lang), "format": "d"},
        *({"field": f"s{i}", "title": tables.title(s, lang)} for i, s in enumerate(tables.titles)),
        *([{"field": "seen", "title": text("app.observed", lang)}] if seen else []),
    ]
    layers = [
        layer(path, {"type": "area", "opacity": 0.18}, x=x, y=y | {"field": "p10"}, y2={"field": "p90"},
              color=tint),
        layer(path, {"type": "line", "strokeWidth": 2.2}, x=x, y=y, color=tint,
              strokeDash=by_scenario(tables, dashes(tables))),
        layer(seen, {"type": "rule", "color": INK, "opacity": 0.5}, x=x, y=y | {"field": "low"},
              y2={"field": "high"}),
        layer(seen, dot(34, fill=PAPER, stroke=INK), x=x, y=y | {"field": "value"}),
        layer(ends, dot(75), x=x, y=y, color=tint, shape=by_scenario(tables, shapes(tables))),
        layer(ends, names_mark(lang, align="left", dx=10), x=x, y=y | {"field": "place"}, color=tint,
              text={"field": "name"}),
        layer(tips, {"type": "rule", "opacity": 0, "strokeWidth": {"expr": f"width / {len(tips)}"}}, x=x,
              tooltip=tooltip),
    ]  # fmt: skip
    return drawing(label(indicator, lang), lang, height, layers)


def futures_map(tables: Tables, lang: str) -> Spec:
    """Labour cost against automation: each scenario's way, a mark every five years, the spread at the end.

    Dashed lines part the futures; the open point is the last year before the scenarios part.
    """
    height, limits = 380, Parameters().thresholds
    trails: list[Spec] = []
    ends: list[Spec] = []
    for scenario in tables.titles:
        cost, machines = (tables.own(name, scenario) for name in ("labour_cost_index", "automation"))
        for at, up in zip(cost, machines, strict=True):
            point = {"x": at.median, "x1": at.p10, "x2": at.p90}
            point |= {"y": 100 * up.median, "y1": 100 * up.p10, "y2": 100 * up.p90}
            words = {
                "title": tables.title(scenario, lang),
                "cost": _with_band(at, "labour_cost_index", lang),
                "machines": _with_band(up, "automation", lang),
            }
            place = {k: tidy(v) for k, v in point.items()}
            trails.append({"year": at.year, "scenario": scenario} | place | words)
        ends.append(trails[-1] | {"name": "\n".join(wrap(tables.title(scenario, lang), 17))})
    left = floor(4 * min([t["x"] for t in trails] + [e["x1"] for e in ends])) / 4
    right = ceil(4 * max(1.5 * limits.labour_cost, *(t["x"] for t in trails), *(e["x2"] for e in ends))) / 4
    peak = max(140 * limits.automation, *(t["y"] for t in trails), *(e["y2"] for e in ends))
    top, steps = round_top(1.08 * peak)  # room for the names in the corners
    x = axis("x", left, right, title=wrap(text("app.map_x", lang), 40), grid=False, tickCount=5)
    y = axis("y", 0, top, **flat_title(text("app.map_y", lang)), **ticks(0, top, steps), grid=False)
    tint = by_scenario(tables, colours(tables))
    fork = min(map(tables.fork, tables.others), default=tables.years[1])
    marks = [t for t in trails if t["year"] % 5 == 0 and t["year"] < tables.years[1]]
    parting = [t | {"name": str(fork)} for t in trails if t["year"] == fork and t["scenario"] == tables.baseline]
    tooltip = [
        {"field": "title", "title": text("app.scenario", lang)},
        {"field": "year", "title": text("app.year", lang), "format": "d"},
        {"field": "cost", "title": label("labour_cost_index", lang)},
        {"field": "machines", "title": label("automation", lang)},
    ]
    border, bar = {"type": "rule", "color": QUIET, "strokeDash": [3, 4]}, {"type": "rule", "strokeWidth": 1.6}
    layers = [
        *_corners(lang),
        layer([{"x": limits.labour_cost}], border, x=x),
        layer([{"y": 100 * limits.automation}], border, y=y),
        layer(trails, {"type": "line", "strokeWidth": 2.2}, x=x, y=y, color=tint, order={"field": "year"},
              strokeDash=by_scenario(tables, dashes(tables))),
        layer(ends, bar, x=x | {"field": "x1"}, x2={"field": "x2"}, y=y, color=tint),
        layer(ends, bar, x=x, y=y | {"field": "y1"}, y2={"field": "y2"}, color=tint),
        layer(marks, dot(40), x=x, y=y, color=tint, tooltip=tooltip),
        layer(parting, dot(90, fill=PAPER, stroke=INK, strokeWidth=2), x=x, y=y, tooltip=tooltip),
        layer(parting, words_mark(lang, align="right", baseline="bottom", dx=-8, dy=-4), x=x, y=y,
              text={"field": "name"}),
        layer(ends, dot(130), x=x, y=y, color=tint, shape=by_scenario(tables, shapes(tables)),
              tooltip=tooltip),
        *(
            layer(group, names_mark(lang, **side, **halo), x=x, y=y | {"field": "place"}, text={"field": "name"},
                  **({} if halo else {"color": tint}))
            for halo in (HALO, {})
            for group, side in _sides(ends, left + 0.7 * (right - left), line_height(lang) * top / height, top)
        ),
    ]  # fmt: skip
    return drawing(text("app.map_title", lang), lang, height, layers)


def _placed(ends: list[Spec], name: str, line: float, top: float) -> list[Spec]:
    """Ends with the ``place`` of the first line of their names, so that no name covers another."""
    extra = [line * end["name"].count("\n") for end in ends]
    places = apart([(end[name], line + more) for end, more in zip(ends, extra, strict=True)], 0, top)
    return [end | {"place": tidy(p + m / 2)} for end, p, m in zip(ends, places, extra, strict=True)]


def _sides(ends: list[Spec], turn: float, line: float, top: float) -> list[tuple[list[Spec], Spec]]:
    """End points named on their right, and those right of ``turn`` above."""
    near, far = ([e for e in ends if (e["x"] <= turn) is side] for side in (True, False))
    right, above = {"align": "left", "dx": 13}, {"align": "right", "dx": -10, "dy": -14}
    return [(_placed(group, "y", line, top), side) for group, side in ((near, right), (far, above)) if group]


def _corners(lang: str) -> list[Spec]:
    """The names of the futures in the corners of the map."""
    right = {"expr": "width - 4"}
    corners = (
        ("left", 4, "top", ("transition",)),
        ("right", right, "top", ("high_tech_high_skills", "forced_automation")),
        ("left", 4, "bottom", ("status_quo",)),
        ("right", right, "bottom", ("no_garment_sector", "costly_survivor")),
    )
    layers = []
    for align, across, edge, names in corners:
        words = [w for name in names for w in wrap(text(f"terms.{name}", lang), 26)]
        up = 6 + (len(words) - 1) * line_height(lang)
        down: Any = 4 if edge == "top" else {"expr": f"height - {up}"}
        mark = words_mark(lang, color=QUIET, align=align, baseline=edge, x=across, y=down)
        layers.append(layer([{"name": "\n".join(words)}], mark, text={"field": "name"}))
    return layers


def policy_world(tables: Tables, lang: str, indicator: str) -> Spec:
    """What each scenario's difference owes to its policies and what to its world, with the spread."""
    divisor, size = scaled(indicator), size_of(lang)
    grid = tables.grid[tables.grid["indicator"] == indicator]
    names = {part: text(f"app.grid_{part}", lang) for part in PARTS}
    rows: list[Spec] = []
    heads: list[Spec] = []
    place = 0.0
    for scenario in tables.others:
        title = tables.title(scenario, lang)
        heads.append({"place": place, "name": title})
        mine = grid[grid["scenario"] == scenario].set_index("part")
        for part in (p for p in PARTS if p in mine.index):
            place += 1
            ends = {k: mine.loc[part, k] / divisor for k in ("difference", "difference_p10", "difference_p90")}
            middle, low, high = (short(v, signed=True) for v in ends.values())
            words = {"title": title, "name": names[part]}
            words["told"] = f"{middle} ({low} – {high}) {heading(indicator, lang)}"
            rows.append({"place": place, "part": part} | words | {k: tidy(v) for k, v in ends.items()})
        place += 1.6
    place = max(place - 0.6, 1.0)
    low = min([0.0, *(row["difference_p10"] for row in rows)])
    high = max([0.0, *(row["difference_p90"] for row in rows)])
    room = 14 + ceil(max(letters(n) for n in names.values()) * size * 0.58)
    below = wrap(f"{text('app.difference', lang)} ({heading(indicator, lang)})", 40)
    x = axis("difference", low, high, title=below, tickCount=4, **SIGNED, labelFlush=False)
    x["scale"] |= {"nice": True, "range": [room, {"expr": "width - 10"}]}
    y = axis("place", -0.6, place, orient="left") | {"axis": None}
    y["scale"]["reverse"] = True
    tint = {"field": "part", "type": "nominal", "legend": None,
            "scale": {"domain": list(PARTS), "range": list(PARTS.values())}}  # fmt: skip
    tooltip = [
        {"field": "title", "title": text("app.scenario", lang)},
        {"field": "name", "title": label(indicator, lang)},
        {"field": "told", "title": text("app.difference", lang)},
    ]
    bar = {"type": "bar", "size": 15, "opacity": 0.85}
    layers = [
        layer(rows, bar, x=x, x2={"datum": 0}, y=y, color=tint, tooltip=tooltip),
        layer(rows, {"type": "rule", "strokeWidth": 1.6, "color": INK}, x=x | {"field": "difference_p10"},
              x2={"field": "difference_p90"}, y=y),
        layer([{"zero": 0}], {"type": "rule", "color": QUIET}, x=x | {"field": "zero"}),
        layer(heads, words_mark(lang, x=0, align="left", fontWeight="bold"), y=y, text={"field": "name"}),
        layer(rows, words_mark(lang, x=0, align="left"), y=y, text={"field": "name"}),
    ]  # fmt: skip
    title = f"{text('app.grid_title', lang)} {label(indicator, lang)}"
    return drawing(title, lang, ceil(22 * (place + 0.6)), layers)


def _with_band(row: Any, indicator: str, lang: str) -> str:
    """``914 (901–925) thousand people``."""
    middle, low, high = (short(v / scaled(indicator)) for v in (row.median, row.p10, row.p90))
    return f"{middle} ({low}–{high}) {heading(indicator, lang)}"


CHARTS: Mapping[str, Callable[[Tables, str], Spec]] = MappingProxyType(
    {"map": futures_map}
    | {name: partial(lines, indicator=name) for name in LINES}
    | {f"grid_{name}": partial(policy_world, indicator=name) for name in LINES}
)
