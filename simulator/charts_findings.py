"""Charts of findings: tables of sensitivity, discovery and least cost in, Vega-Lite specifications out."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from math import ceil
from types import MappingProxyType
from typing import Any

from simulator.analysis.discover import Discovery
from simulator.analysis.goals import read_measure
from simulator.analysis.optimise import Optimum
from simulator.analysis.sensitivity import LUCK, Sensitivity
from simulator.drawing import (
    INK,
    PALETTE,
    PAPER,
    QUIET,
    Spec,
    axis,
    clear_words,
    dot,
    drawing,
    flat_title,
    heading,
    layer,
    line_height,
    round_top,
    scaled,
    short,
    ticks,
    tidy,
    wrap,
)
from simulator.findings_words import condition_words, future_name, goals_of, measure_name, number_name, verdict_name
from simulator.ranges import to_unit
from simulator.scenario import load_scenario
from simulator.texts import label, number, text

_SHOWN = 12  # numbers of a chart of sensitivity
_WIDTH = 36  # letters of a line of names, which stand over their bars: beside them a phone has no room
_VERDICTS = {"matters": PALETTE[0], "cannot tell": PALETTE[1], "below noise": QUIET, "none": QUIET, LUCK: INK}


def sensitivity_chart(found: Sensitivity, lang: str, indicator: str) -> Spec:
    """Bars of the largest indices with their intervals; a dashed line is what luck alone does."""
    rows = found.of(indicator)
    morris = found.method == "morris"
    key = "mu_star" if morris else "total"
    rows = rows[rows[key] > 0]
    shown = rows.head(_SHOWN)
    measure = read_measure(indicator)
    divisor = scaled(measure.indicator) if morris else 0.01
    bars: list[Spec] = []
    place = 0.0
    for row in shown.to_dict("records"):
        lines = wrap(number_name(row["name"], lang), _WIDTH)
        at, place = _under(lines, place)
        ends = {"value": row[key], "low": max(row[f"{key}_low"], 0.0), "high": row[f"{key}_high"]}
        if not morris:
            ends["alone"] = max(row["first"], 0.0)
        numbers = {name: tidy(value / divisor) for name, value in ends.items() if math.isfinite(value)}
        told = f"{short(numbers['value'])} ({short(numbers['low'])}–{short(numbers['high'])})"
        words = {"name": "\n".join(lines), "told": told, "verdict": verdict_name(row["verdict"], lang)}
        bars.append(at | {"colour": _VERDICTS[row["verdict"]]} | words | numbers)
    unit = heading(measure.indicator, lang)
    under = text("findings.effect_axis", lang, unit=unit) if morris else text("findings.variance_axis", lang)
    top, _ = round_top(max([bar["high"] for bar in bars], default=1.0))
    x, y = _bars(place, top, under)
    luck = rows[rows["name"] == LUCK][key]
    line = [{"value": tidy(float(luck.iloc[0]) / divisor)}] if len(luck) else []
    tint = {"field": "colour", "type": "nominal", "scale": None, "legend": None}
    tooltip = [
        {"field": "name", "title": text("app.name", lang)},
        {"field": "told", "title": under},
        {"field": "verdict", "title": ""},
    ]
    alone = [bar for bar in bars if "alone" in bar]
    layers = [
        layer(bars, {"type": "bar", "size": 13, "opacity": 0.85}, x=x, x2={"datum": 0}, y=y, color=tint,
              tooltip=tooltip),
        layer(alone, {"type": "tick", "size": 15, "thickness": 3, "color": PAPER}, x=x | {"field": "alone"}, y=y),
        layer(bars, {"type": "rule", "strokeWidth": 1.6, "color": INK}, x=x | {"field": "low"},
              x2={"field": "high"}, y=y),
        layer(line, {"type": "rule", "color": INK, "strokeDash": [4, 4]}, x=x),
        *_names(bars, y, lang),
    ]  # fmt: skip
    words = {"indicator": measure_name(indicator, lang), "year": found.about["asked"]["year"]}
    return drawing(text("findings.sensitivity_title", lang, **words), lang, _height(place, lang), layers)


def box_chart(found: Discovery, lang: str, box: int = 1) -> Spec:
    """The conditions of a box as parts of the numbers' whole ranges."""
    rows = found.boxes[found.boxes["box"] == box]
    bars: list[Spec] = []
    place = 0.0
    for row in rows.to_dict("records"):
        lines = wrap(label(row["name"], lang), _WIDTH)
        at, place = _under(lines, place)
        low = 0.0 if math.isnan(row["low"]) else 100 * to_unit(row["name"], row["low"])
        high = 100.0 if math.isnan(row["high"]) else 100 * to_unit(row["name"], row["high"])
        about = {"name": "\n".join(lines), "told": condition_words(row, lang)}
        bars.append(at | {"low": tidy(low), "high": tidy(high), "all": 0, "end": 100} | about)
    x, y = _bars(place, 100.0, text("findings.range_axis", lang))
    tooltip = [{"field": "told", "title": text("app.name", lang)}]
    layers = [
        layer(bars, {"type": "rule", "color": QUIET, "strokeWidth": 2}, x=x | {"field": "all"}, x2={"field": "end"},
              y=y),
        layer(bars, {"type": "bar", "size": 13, "color": PALETTE[0], "opacity": 0.85}, x=x | {"field": "low"},
              x2={"field": "high"}, y=y, tooltip=tooltip),
        *_names(bars, y, lang),
    ]  # fmt: skip
    title = text("findings.box_title", lang, future=future_name(found.about["asked"]["future"], lang))
    return drawing(title, lang, _height(place, lang), layers)


def coverage_chart(found: Discovery, lang: str, box: int = 1) -> Spec:
    """PRIM's way: how dense the conditions are against how many cases they cover; the open point was chosen."""
    rows = found.trajectory[found.trajectory["box"] == box]
    points = [
        {"coverage": tidy(100 * row["coverage"]), "density": tidy(100 * row["density"]),
         "conditions": str(row["conditions"]), "chosen": bool(row["chosen"])}
        for row in rows.to_dict("records") if math.isfinite(row["density"])
    ]  # fmt: skip
    x = axis("coverage", 0, 100, title=wrap(text("findings.tradeoff_axis_coverage", lang), 40), tickCount=5)
    y = axis("density", 0, 100, **flat_title(text("findings.tradeoff_axis_density", lang)), **ticks(0, 100, 5))
    chosen = [point for point in points if point["chosen"]]
    layers = [
        layer(points, {"type": "line", "strokeWidth": 1.4, "color": PALETTE[0]}, x=x, y=y,
              order={"field": "coverage"}),
        layer(points, dot(40, color=PALETTE[0]), x=x, y=y),
        layer(chosen, dot(140, fill=PAPER, stroke=INK, strokeWidth=2), x=x, y=y),
    ]  # fmt: skip
    return drawing(text("findings.tradeoff_box_title", lang), lang, 260, layers)


def cost_chart(found: Optimum, lang: str, goal: int = 1) -> Spec:
    """Public cost against the level reached, of every mix that was run; the line joins those that no other betters."""
    asked, wanted = found.about["asked"], goals_of(found)[goal - 1]
    indicator = wanted.measure.indicator
    divisor, name = scaled(indicator), f"level_{goal}"
    rows = found.mixes[found.mixes[name].notna() & found.mixes["cost"].notna()]
    points = [
        {"level": tidy(row[name] / divisor), "cost": tidy(row["cost"]), "low": tidy(row["cost_p10"]),
         "high": tidy(row["cost_p90"]), "frontier": bool(row["frontier"]), "mix": mix_name(found, row["mix"], lang),
         "chosen": row["mix"] == found.about["winner"]}
        for row in rows.to_dict("records")
    ]  # fmt: skip
    aim = wanted.value / divisor
    levels = [*(point["level"] for point in points), aim]
    low, high = min(levels), max(levels)
    room = 0.06 * ((high - low) or abs(high) or 1.0)
    top, steps = round_top(max([point["high"] for point in points], default=1.0))
    share = number(asked["share"], "share", lang)
    under = text("findings.level_axis", lang, asked=share, unit=heading(indicator, lang))
    x = axis("level", low - room, high + room, title=wrap(under, 40), tickCount=5)
    words = {"first": found.about["start"][:4], "year": asked["year"]}
    y = axis("cost", 0, top, **flat_title(text("findings.cost_axis", lang, **words)), **ticks(0, top, steps))
    best = [point for point in points if point["frontier"]]
    tooltip = [
        {"field": "mix", "title": ""},
        {"field": "level", "title": under},
        {"field": "cost", "title": text("findings.cost_axis", lang, **words), "format": ",.0f"},
    ]
    layers = [
        layer([{"level": tidy(aim)}], {"type": "rule", "color": QUIET, "strokeDash": [4, 4]}, x=x),
        layer(best, {"type": "line", "strokeWidth": 1.4, "color": PALETTE[0]}, x=x, y=y, order={"field": "level"}),
        layer(points, {"type": "rule", "color": QUIET}, x=x, y=y | {"field": "low"}, y2={"field": "high"}),
        layer(points, dot(50, color=PALETTE[0]), x=x, y=y, tooltip=tooltip),
        layer([p for p in points if p["chosen"]], dot(150, fill=PAPER, stroke=INK, strokeWidth=2), x=x, y=y,
              tooltip=tooltip),
    ]  # fmt: skip
    title = text("findings.cost_title", lang, indicator=measure_name(wanted.measure.text, lang))
    return drawing(title, lang, 300, layers)


def regret_chart(found: Optimum, lang: str) -> Spec:
    """How often each mix meets the goal in each world, with the interval that so few draws leave."""
    rows: list[Spec] = []
    heads: list[Spec] = []
    place = 0.0
    mixes = list(dict.fromkeys(found.regret["mix"]))
    for world, part in found.regret.groupby("world", sort=False):
        titles = load_scenario(str(world)).title
        heads.append({"words_at": tidy(place + 0.5), "name": titles.get(lang) or titles["en"]})
        place += 1.2
        for row in part.to_dict("records"):
            ends = {"value": row["share"], "low": row["share_low"], "high": row["share_high"]}
            name = mix_name(found, row["mix"], lang)
            colour = PALETTE[mixes.index(row["mix"]) % len(PALETTE)]
            told = {"name": name, "colour": colour} | {k: tidy(100 * v) for k, v in ends.items()}
            at, place = _under([name], place)
            rows.append(at | told)
        place += 0.4
    x, y = _bars(place, 100.0, text("findings.regret_axis", lang))
    tint = {"field": "colour", "type": "nominal", "scale": None, "legend": None}
    aim = [{"value": tidy(100 * found.about["asked"]["share"])}]
    tooltip = [{"field": "name", "title": ""}, {"field": "value", "title": text("findings.regret_axis", lang)}]
    layers = [
        layer(rows, {"type": "bar", "size": 13, "opacity": 0.85}, x=x, x2={"datum": 0}, y=y, color=tint,
              tooltip=tooltip),
        layer(rows, {"type": "rule", "strokeWidth": 1.6, "color": INK}, x=x | {"field": "low"},
              x2={"field": "high"}, y=y),
        layer(aim, {"type": "rule", "color": INK, "strokeDash": [4, 4]}, x=x),
        *_names(heads, y, lang, fontWeight="bold"),
        *_names(rows, y, lang),
    ]  # fmt: skip
    return drawing(text("findings.regret_title", lang), lang, _height(place, lang), layers)


def mix_name(found: Optimum, mix: int, lang: str) -> str:
    """How a chart calls a mix."""
    if mix == 0:
        return text("findings.mix_scenario", lang)
    if mix == found.about["winner"]:
        return text("findings.mix_winner", lang, n=int(mix))
    return text("findings.mix_name", lang, n=int(mix))


def _under(lines: Sequence[str], place: float) -> tuple[Spec, float]:
    """Where lines of words begin and where the bar under them lies, and the place after both."""
    bar = place + 0.8 * len(lines) + 0.45
    return {"words_at": tidy(place + 0.4), "place": tidy(bar)}, bar + 0.75


def _names(rows: Sequence[Spec], y: Spec, lang: str, **look: Any) -> list[Spec]:
    """The words over bars."""
    return clear_words(rows, lang, y | {"field": "words_at"}, "name", **look)


def _bars(place: float, top: float, under: str) -> tuple[Spec, Spec]:
    """Axes of lying bars."""
    x = axis("value", 0, top, title=wrap(under, 40), tickCount=4)
    x["scale"] |= {"range": [8, {"expr": "width - 12"}]}
    y: dict[str, Any] = axis("place", -0.2, max(place, 1.0), orient="left") | {"axis": None}
    y["scale"]["reverse"] = True
    return x, y


def _height(place: float, lang: str) -> int:
    return ceil(1.25 * line_height(lang) * (max(place, 1.0) + 0.2))


def sensitivity_charts(found: Sensitivity, lang: str) -> dict[str, Spec]:
    """A chart an indicator, by the indicator as it was asked for."""
    return {name: sensitivity_chart(found, lang, name) for name in found.about["asked"]["indicators"]}


def discovery_charts(found: Discovery, lang: str) -> dict[str, Spec]:
    """Conditions and PRIM's way of every box."""
    charts: dict[str, Spec] = {}
    for box in found.summary["box"] if len(found.summary) else ():
        charts[f"box_{box}"] = box_chart(found, lang, int(box))
        charts[f"coverage_{box}"] = coverage_chart(found, lang, int(box))
    return charts


def optimum_charts(found: Optimum, lang: str) -> dict[str, Spec]:
    """Cost against the level of every goal, and where the goal is met."""
    charts = {f"cost_{k}": cost_chart(found, lang, k) for k, _ in enumerate(goals_of(found), start=1)}
    return charts | {"regret": regret_chart(found, lang)}


CHARTS: Mapping[str, Callable[[Any, str], dict[str, Spec]]] = MappingProxyType(
    {"sensitivity": sensitivity_charts, "discover": discovery_charts, "optimise": optimum_charts}
)
