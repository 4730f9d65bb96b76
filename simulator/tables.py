"""Tables of a comparison as HTML for the app and the report; every text is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from math import isfinite
from typing import TYPE_CHECKING, Any

import pandas as pd

from simulator.drawing import Tables, heading, scaled, short, swatch
from simulator.parameters import PARAMETERS
from simulator.record import agree, badge
from simulator.sentences import chart_title
from simulator.texts import MISSING, label, number, text, unit

if TYPE_CHECKING:
    from simulator.compare import Comparison
    from simulator.record import Record
    from simulator.scenario import Scenario

RESULTS: tuple[str, ...] = (
    "employment",
    "exports",
    "value_added",
    "skilled_jobs",
    "mean_wage",
    "real_wage",
    "women_share",
)
RESULTS += ("labour_cost_index", "automation", "public_cost")
PARTS = ("policy", "world", "interaction", "both", "plain")
SIDES = {"policy": "app.policy", "world": "app.world"}
ARROW = " → "


def results(tables: Tables, lang: str, record: Record | None = None) -> str:
    """The last year of every scenario: median and band, paired difference and its band, pairs of the same sign.

    With a ``record`` that has a posterior every indicator carries its badge.
    """
    heads = [text(f"app.{name}", lang) for name in ("scenario", "median", "difference", "same_sign")]
    bodies = []
    for indicator in RESULTS:
        if not tables.of(indicator, tables.baseline):
            continue
        title = escape(f"{label(indicator, lang)} ({heading(indicator, lang)})")
        if record is not None and record.judged is not None:
            found = badge(indicator, record)
            title += f' <small class="badge {found.level}">{escape(found.name(lang))}</small>'
        rows = [[title]]
        for scenario in tables.titles:
            row = tables.last(indicator, scenario)
            name = f"{swatch(tables, scenario)} {escape(tables.title(scenario, lang))}"
            level = _two_lines(band(row.median, row.p10, row.p90, indicator))
            if scenario == tables.baseline:
                rows.append([name, level, MISSING, MISSING])
                continue
            ends = row.difference, row.difference_p10, row.difference_p90
            pairs = f"{round(row.sign_share * row.n)}/{row.n}" if row.sign_share > 0 else MISSING
            if row.sign_share > 0 and not agree(row.sign_share):
                pairs += f' <span class="band">{escape(text("badges.cannot_tell", lang))}</span>'
            rows.append([name, level, _two_lines(band(*ends, indicator, signed=True)), pairs])
        bodies.append(rows)
    return grouped(heads, bodies, lang, text("app.table_results", lang), "fit")


def badges(lang: str, record: Record) -> str:
    """Why each indicator of the results carries its badge; nothing where there is no posterior."""
    if record.judged is None:
        return ""
    told = "".join(
        f"<dt>{escape(label(name, lang))}: {escape(found.name(lang))}</dt><dd>{escape(found.reason(lang))}</dd>"
        for name, found in ((name, badge(name, record)) for name in RESULTS)
    )
    head, about = escape(text("badges.title", lang)), escape(text("badges.help", lang))
    inside = f'<summary>{head}</summary><p class="note">{about}</p><dl>{told}</dl>'
    return f'<details class="more" lang="{lang}">{inside}</details>'


def _two_lines(told: str) -> str:
    """A number and its band, which narrow screens show under each other."""
    middle, _, rest = told.partition(" ")
    return f'{middle} <span class="band">{rest}</span>' if rest else middle


def band(middle: float, low: float, high: float, indicator: str, *, signed: bool = False) -> str:
    """``914 (901–925)`` in the unit of the axis."""
    if not isfinite(middle):
        return MISSING
    to = " – " if signed else "–"
    middle, low, high = (value / scaled(indicator) for value in (middle, low, high))
    return f"{short(middle, signed=signed)} ({short(low, signed=signed)}{to}{short(high, signed=signed)})"


def years(tables: Tables, indicator: str, lang: str) -> str:
    """The table behind a line: years × scenarios, each with its band."""
    lines: dict[int, dict[str, str]] = {}
    for scenario in tables.titles:
        for row in tables.of(indicator, scenario):
            lines.setdefault(row.year, {})[scenario] = band(row.median, row.p10, row.p90, indicator)
    heads = [text("app.year", lang), *(tables.title(s, lang) for s in tables.titles)]
    rows = [[str(year), *(found.get(s, MISSING) for s in tables.titles)] for year, found in sorted(lines.items())]
    caption = f"{label(indicator, lang)} ({heading(indicator, lang)})"
    return plain(heads, rows, lang, caption)


def grid(tables: Tables, indicator: str, lang: str) -> str:
    """The table behind policy and world: scenarios × parts of the difference."""
    table = tables.grid[tables.grid["indicator"] == indicator]
    heads = [text("app.scenario", lang), *(text(f"app.grid_{part}", lang) for part in PARTS)]
    rows = []
    for scenario in tables.others:
        mine = table[table["scenario"] == scenario].set_index("part")
        cells = [_part(mine, part, indicator) for part in PARTS]
        rows.append([tables.title(scenario, lang), *cells])
    title = f"{chart_title(f'grid_{indicator}', lang)} ({heading(indicator, lang)})"
    return plain(heads, rows, lang, title)


def _part(mine: pd.DataFrame, part: str, indicator: str) -> str:
    if part not in mine.index:
        return MISSING
    row = mine.loc[part]
    return band(row["difference"], row["difference_p10"], row["difference_p90"], indicator, signed=True)


def behind(tables: Tables, chart: str, lang: str) -> str:
    """The tables behind a chart of ``charts.CHARTS``."""
    if chart == "map":
        return years(tables, "labour_cost_index", lang) + years(tables, "automation", lang)
    if chart.startswith("grid_"):
        return grid(tables, chart.removeprefix("grid_"), lang)
    return years(tables, chart, lang)


def inputs(comparison: Comparison, tables: Tables, lang: str) -> str:
    """What each scenario sets otherwise than the baseline, whose side that is, and where the number comes from."""
    names = ("name", "value_baseline", "value_scenario", "from_period", "source")
    heads = [text(f"app.{name}", lang) for name in names]
    everyone = {s.id: s for s in comparison.scenarios}
    bodies = []
    for scenario in tables.others:
        mine = comparison.inputs[comparison.inputs["scenario"] == scenario]
        rows = [[f"{swatch(tables, scenario)} {escape(tables.title(scenario, lang))}"]]
        for row in mine.itertuples():
            about = PARAMETERS.get(row.name)
            kind = about.unit if about else row.unit
            source = about.source if about else ""
            source = text("app.assumption", lang) if source in ("", "assumption") else f"[{source}]"
            side = f'<small class="{row.kind}">{escape(text(SIDES[row.kind], lang))}</small>'
            rows.append(
                [
                    f"{escape(label(row.name, lang))} {side}",
                    escape(_path(row.baseline_start, row.baseline_end, kind, lang)),
                    escape(_path(row.scenario_start, row.scenario_end, kind, lang)),
                    escape(first_difference(everyone[scenario], comparison.baseline, row.name)),
                    escape(source),
                ]
            )
        bodies.append(rows)
    return grouped(heads, bodies, lang, text("app.table_inputs", lang), "stack")


def first_difference(scenario: Scenario, baseline: Scenario, name: str) -> str:
    """The first quarter in which a number differs."""
    if name not in PARAMETERS:
        return scenario.start
    points = {scenario.start, *scenario.settings.get(name, ()), *baseline.settings.get(name, ())}
    default = PARAMETERS[name].default
    points |= set(default) if isinstance(default, dict) else set()
    later = sorted(p for p in points if p >= scenario.start)
    return next((p for p in later if scenario.value(name, p) != baseline.value(name, p)), scenario.start)


def _path(start: float, end: float, kind: str, lang: str) -> str:
    if kind not in {p.unit for p in PARAMETERS.values()}:  # a count of shocks
        kind = ""
    first, last = number(start, kind, lang), number(end, kind, lang)
    return first if start == end else f"{first}{ARROW}{last}"


# ---- HTML


def plain(heads: Sequence[str], rows: Iterable[Sequence[Any]], lang: str, caption: str, kind: str = "wide") -> str:
    """Rows of texts under heads; of kind ``wide`` no line breaks, of kind ``fit`` it has to fit a narrow screen."""
    head = "".join(f'<th scope="col">{escape(h)}</th>' for h in heads)
    body = "".join(
        f'<tr><th scope="row">{escape(str(first))}</th>{"".join(f"<td>{escape(str(c))}</td>" for c in cells)}</tr>'
        for first, *cells in rows
    )
    return _frame(f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>", lang, caption, kind)


def grouped(heads: Sequence[str], bodies: Iterable[Sequence[Sequence[str]]], lang: str, caption: str, kind: str) -> str:
    """Groups of rows of HTML, each under a heading of HTML; of kind ``stack``, narrow screens stack the cells."""
    head = "".join(f'<th scope="col">{escape(h)}</th>' for h in heads)
    groups = []
    for (title,), *rows in bodies:
        group = f'<tr><th class="group" scope="rowgroup" colspan="{len(heads)}">{title}</th></tr>'
        for name, *cells in rows:
            told = "".join(f'<td data-head="{escape(h)}">{c}</td>' for h, c in zip(heads[1:], cells, strict=True))
            group += f'<tr><th scope="row">{name}</th>{told}</tr>'
        groups.append(f"<tbody>{group}</tbody>")
    return _frame(f"<thead><tr>{head}</tr></thead>{''.join(groups)}", lang, caption, kind)


def _frame(inside: str, lang: str, caption: str, kind: str) -> str:
    title = escape(caption)
    return (
        f'<div class="table {kind}" lang="{lang}" role="region" aria-label="{title}" tabindex="0">'
        f"<table><caption>{title}</caption>{inside}</table></div>"
    )


def folded(inside: str, lang: str) -> str:
    """A table that opens, on a page of its own."""
    return f"<details><summary>{escape(text('app.show_table', lang))}</summary>{inside}</details>"


def unit_of(name: str, lang: str) -> str:
    """The unit of a number of the registry in words."""
    return unit(PARAMETERS[name].unit, lang)
