"""What the results say, computed from the tables: whole sentences by case, never glued together."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

from simulator.drawing import Tables, amount, short
from simulator.indicators import INDICATORS
from simulator.record import agree
from simulator.texts import case, label, number, sentence, text

HEADLINE = "employment"
# sentence by indicator; the first stands alone on a card, the others follow when asked for
CASES = {
    "employment": "jobs",
    "exports": "exports",
    "value_added": "value_added",
    "skilled_jobs": "skilled_jobs",
    "mean_wage": "wages",
}
ALTS = CASES | {"employment": "employment"}


def first_words(tables: Tables, scenario: str, lang: str) -> list[str]:
    """Where a scenario ends, in how many runs, and what becomes of jobs."""
    year = tables.years[1]
    runs = list(tables.futures.get(scenario, ()))
    told = []
    if runs:
        nearest = max(sorted(set(runs)), key=runs.count)
        told.append(sentence(f"label_{nearest}", lang, year=year))
        told.append(sentence("label_share", lang, n=runs.count(nearest), total=len(runs)))
    if scenario == tables.baseline:
        return told
    told.append(_told(tables, scenario, HEADLINE, lang))
    row = tables.last(HEADLINE, scenario)
    if isfinite(row.sign_share) and row.sign_share > 0:
        pairs = {"n": round(row.sign_share * row.n), "total": int(row.n)}
        told.append(sentence("sign_share_more" if row.difference > 0 else "sign_share_fewer", lang, **pairs))
    return told


def more_words(tables: Tables, scenario: str, lang: str) -> list[str]:
    """The other results of a scenario, a sentence each."""
    year = tables.years[1]
    told = [_told(tables, scenario, name, lang) for name in CASES if name != HEADLINE]
    ours, theirs = (tables.last("automation", s).median for s in (scenario, tables.baseline))
    levels = {"level": number(ours, "share", lang), "baseline": number(theirs, "share", lang)}
    told.append(sentence("automation_level", lang, year=year, **levels))
    ours, theirs = (tables.last("labour_cost_index", s).median for s in (scenario, tables.baseline))
    levels = {"level": short(ours), "baseline": short(theirs)}
    told.append(sentence("labour_cost_level", lang, year=year, **levels))
    return told


def _told(tables: Tables, scenario: str, indicator: str, lang: str) -> str:
    row = tables.last(indicator, scenario)
    reference = tables.last(indicator, tables.baseline).median
    ends = row.difference, row.difference_p10, row.difference_p90
    which = case(*ends, reference, agree=agree(row.sign_share))
    amounts = {"level": row.median, "low": row.p10, "high": row.p90, "difference": abs(row.difference)}
    words = {name: amount(value, indicator, lang) for name, value in amounts.items()}
    if words["low"] == words["high"]:  # more figures tell a narrow band apart
        unit = INDICATORS[indicator].unit
        words |= {name: number(amounts[name], unit, lang, digits=3) for name in ("low", "high")}
    return sentence(f"{CASES[indicator]}_{which}", lang, year=tables.years[1], **words)


def finding(tables: Tables, indicator: str, lang: str) -> str:
    """What a chart of lines finds, short enough to stand over it; the name alone where there is one line."""
    return highest_and_lowest(tables, indicator, {s: tables.last(indicator, s) for s in tables.titles}, lang)


def highest_and_lowest(tables: Tables, indicator: str, ends: Mapping[str, Any], lang: str) -> str:
    """Where lines end highest and lowest, and whether the bands of these two overlap.

    ``ends`` holds by scenario a row with ``median``, ``p10`` and ``p90``.
    """
    if len(ends) < 2:
        return label(indicator, lang)
    levels = {scenario: row.median for scenario, row in ends.items()}
    highest, lowest = max(levels, key=levels.__getitem__), min(levels, key=levels.__getitem__)
    words = {"highest": tables.title(highest, lang), "lowest": tables.title(lowest, lang)}
    words |= {"high": amount(levels[highest], indicator, lang), "low": amount(levels[lowest], indicator, lang)}
    key = "line_finding_overlap" if ends[highest].p10 <= ends[lowest].p90 else "line_finding"
    return text(f"app.{key}", lang, indicator=label(indicator, lang), last=tables.years[1], **words)


def takeaway(tables: Tables, chart: str, lang: str) -> str:
    """What a chart shows, for those who cannot see it; ``chart`` is a name in ``charts.CHARTS``."""
    first, last = tables.years
    if chart == "map":
        told = [sentence("alt_map", lang, first=first, last=last)]
        for scenario in tables.titles:
            cost = short(tables.last("labour_cost_index", scenario).median)
            machines = number(tables.last("automation", scenario).median, "share", lang)
            words = {"scenario": tables.title(scenario, lang), "labour_cost": cost, "automation": machines}
            told.append(sentence("alt_map_point", lang, year=last, **words))
        return " ".join(told)
    if chart.startswith("grid_"):
        return _grid_words(tables, chart.removeprefix("grid_"), lang)
    ends = {s: tables.last(chart, s).median for s in tables.titles}
    highest, lowest = max(ends, key=ends.__getitem__), min(ends, key=ends.__getitem__)
    words = {
        "indicator": label(chart, lang),
        "highest": tables.title(highest, lang),
        "highest_value": amount(ends[highest], chart, lang),
        "lowest": tables.title(lowest, lang),
        "lowest_value": amount(ends[lowest], chart, lang),
        "baseline": amount(ends[tables.baseline], chart, lang),
    }
    return sentence(f"alt_{ALTS.get(chart, 'lines')}", lang, first=first, last=last, **words)


def _grid_words(tables: Tables, indicator: str, lang: str) -> str:
    told = [sentence("alt_grid", lang, indicator=label(indicator, lang), year=tables.years[1])]
    grid = tables.grid[tables.grid["indicator"] == indicator]
    for scenario in tables.others:
        parts = grid[grid["scenario"] == scenario].set_index("part")["difference"]
        if parts.empty:
            continue
        unit = INDICATORS[indicator].unit
        words = {part: number(value, unit, lang, signed=True) for part, value in parts.items()}
        told.append(sentence("alt_grid_scenario", lang, scenario=tables.title(scenario, lang), **words))
        if "plain" in words:
            told.append(sentence("alt_grid_plain", lang, plain=words["plain"]))
    return " ".join(told)


def chart_title(chart: str, lang: str) -> str:
    """The name of a chart."""
    if chart == "map":
        return text("app.map_title", lang)
    if chart.startswith("grid_"):
        return f"{text('app.grid_title', lang)} {label(chart.removeprefix('grid_'), lang)}"
    return label(chart, lang)
