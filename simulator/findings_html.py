"""Stored findings as pages show them: which can be told, their tables as HTML, and where they come from."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from simulator import tables as html
from simulator.analysis import kept
from simulator.analysis.discover import Discovery
from simulator.analysis.explained import Explanation
from simulator.analysis.explaining import clear, finding, gap, indicator_name, log_words, part_name, when
from simulator.analysis.mechanisms import BEFORE
from simulator.analysis.optimise import Optimum
from simulator.analysis.sensitivity import LUCK, Sensitivity
from simulator.charts_analysis import CHARTS, parts
from simulator.charts_findings import box_chart, optimum_charts
from simulator.checks import ScenarioError
from simulator.drawing import heading, short
from simulator.findings_words import (
    condition_words,
    discovery_words,
    future_name,
    goal_words,
    goals_of,
    measure_name,
    number_name,
    optimum_words,
    sensitivity_words,
    verdict_name,
)
from simulator.parameters import PARAMETERS
from simulator.results import InputError
from simulator.scenario import load_scenario
from simulator.store import ABOUT, Store
from simulator.texts import LANGUAGES, label, meaning, number, text

_MOST = 20  # findings of a kind that are looked through
_BROKEN = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
T = TypeVar("T")


# ---- what is stored and can be told


def stored(kind: str, store: Store) -> list[tuple[str, int]]:
    """Folders of findings of a kind, the newest first, and when each was made."""
    folders = kept.listed(kind, store)[:_MOST]
    return [(str(folder), (folder / ABOUT).stat().st_mtime_ns) for folder in folders]


def explanation(path: Path) -> Explanation | None:
    """The explanation in a file; None where it cannot be read or told."""
    return _told(lambda: Explanation.from_content(json.loads(path.read_text("utf-8"))), _tell_explanation)


def sensitivity(folder: str | Path) -> Sensitivity | None:
    """The finding in a folder; None where it cannot be read or told."""
    return _told(lambda: Sensitivity.load(Path(folder)), _tell_sensitivity)


def discovery(folder: str | Path) -> Discovery | None:
    """The finding in a folder; None where it cannot be read or told."""
    return _told(lambda: Discovery.load(Path(folder)), _tell_discovery)


def optimum(folder: str | Path) -> Optimum | None:
    """The finding in a folder; None where it cannot be read or told."""
    return _told(lambda: Optimum.load(Path(folder)), _tell_optimum)


def _told(read: Callable[[], T], tell: Callable[[T, str], Any]) -> T | None:
    try:
        found = read()
        for lang in LANGUAGES:
            tell(found, lang)
    except (OSError, InputError, *_BROKEN):
        return None
    return found


def _tell_explanation(found: Explanation, lang: str) -> None:
    log_words(found, lang)
    if not found.text[lang]:
        raise ValueError("it says nothing")
    for name in CHARTS:
        if parts(found, name, lang):
            finding(found, name, lang)


def _tell_sensitivity(found: Sensitivity, lang: str) -> None:
    if not found.about["asked"]["indicators"] or not found.about["runs"]:
        raise ValueError("it is empty")
    for name in found.about["asked"]["indicators"]:
        sensitivity_words(found, name, lang)


def _tell_discovery(found: Discovery, lang: str) -> None:
    discovery_words(found, lang)
    for box in boxes(found):
        box_chart(found, lang, box)


def _tell_optimum(found: Optimum, lang: str) -> None:
    optimum_words(found, lang)
    optimum_charts(found, lang)


def stale(about: Mapping[str, Any]) -> bool:
    """Whether a finding was made with another model or other data than run now."""
    return kept.Kept(about, {}, Path()).stale


def boxes(found: Discovery) -> Iterator[int]:
    """The numbers of the boxes; none where there were too few cases."""
    yield from map(int, found.summary["box"] if len(found.summary) else ())


# ---- tables and where findings come from


def explanation_table(found: Explanation, name: str, lang: str) -> str:
    """The parts of a chart of an explanation and their sum; ``name`` is one in ``charts_analysis.CHARTS``."""
    heads = [text(f"why.column_{one}", lang) for one in ("part", "share", "band", "error", "clear")]
    rows = [[told, *_cells(found, row, lang)] for told, _, row in parts(found, name, lang)]
    if name == "levers":
        heads.append(text("why.column_names", lang))
        for row, line in zip(found.levers.itertuples(), rows, strict=True):
            line.append("; ".join(part_name(one, lang) for one in row.names.split(", ")))
    if name == "mechanisms":
        heads.append(text("why.column_meaning", lang))
        for row, line in zip(found.mechanisms.itertuples(), rows, strict=True):
            line.append("" if row.name == BEFORE else meaning(f"change_{row.name}", lang))
    whole = found.difference
    end = gap(whole["mean"], found.indicator, lang, signed=True)
    rows.append([text("explain.together", lang), end, *_ends(found, whole["low"], whole["high"], whole["error"], lang)])
    rows[-1] += [""] * (len(heads) - len(rows[-1]))
    words = {"indicator": indicator_name(found, lang), "when": when(found.period, lang), "n": int(whole["n"])}
    return html.plain(heads, rows, lang, text("why.caption", lang, **words))


def _cells(found: Explanation, row: Any, lang: str) -> list[str]:
    share = gap(row.share, found.indicator, lang, signed=True)
    told = text("why.clear_yes" if clear(row) else "badges.cannot_tell", lang)
    return [share, *_ends(found, row.low, row.high, row.error, lang), told]


def _ends(found: Explanation, low: float, high: float, error: float, lang: str) -> list[str]:
    ends = [gap(value, found.indicator, lang, signed=True) for value in (low, high)]
    return [" – ".join(ends), "" if math.isnan(error) else gap(error, found.indicator, lang)]


def indices_table(found: Sensitivity, indicator: str, lang: str) -> str:
    """Every number that has any effect on an indicator, and luck."""
    morris = found.method == "morris"
    columns = ("mu_star",) if morris else ("total", "first")
    rows = []
    for row in found.of(indicator).to_dict("records"):
        if not row[columns[0]] > 0 and row["name"] != LUCK:
            continue
        told = partial(number, unit=row["unit"] if morris else "share", lang=lang)
        cells = []
        for column in columns:
            low, high = (told(row[f"{column}_{end}"]) for end in ("low", "high"))
            cells.append(f"{told(row[column])} ({low} – {high})")
        rows.append([number_name(row["name"], lang), *cells, verdict_name(row["verdict"], lang)])
    heads = [text("app.name", lang), *(text(f"why.column_{column}", lang) for column in columns)]
    words = {"indicator": measure_name(indicator, lang), "year": found.about["asked"]["year"]}
    title = text("findings.sensitivity_title", lang, **words)
    return html.plain([*heads, text("why.column_verdict", lang)], rows, lang, title)


def box_table(found: Discovery, box: int, lang: str) -> str:
    """Each condition of a box, and how likely it is to be chance."""
    rows = []
    for row in found.boxes[found.boxes["box"] == box].to_dict("records"):
        doubts = [row[end] for end in ("quasi_p_low", "quasi_p_high") if not math.isnan(row[end])]
        told = "–" if not doubts else "< 0.001" if min(doubts) < 0.001 else f"{min(doubts):.3f}"
        rows.append([condition_words(row, lang), told])
    heads = [text("why.column_condition", lang), text("why.column_chance", lang)]
    title = text("findings.box_title", lang, future=future_name(found.about["asked"]["future"], lang))
    return html.plain(heads, rows, lang, title, "fit")


def origin(about: Mapping[str, Any], lang: str, made: str) -> str:
    """From which scenario and year, how many runs, and whether by another model than runs now."""
    asked = about["asked"]
    try:
        titles = load_scenario(asked["scenario"]).title
        name = titles.get(lang) or titles.get("en") or asked["scenario"]
    except ScenarioError:
        name = asked["scenario"]
    told = [text("why.origin", lang, scenario=name, year=asked["year"]), made]
    if stale(about):
        told.append(text("why.stale", lang))
    return " ".join(told)


def mixes_table(found: Optimum, lang: str) -> str:
    """The mixes of levers on the frontier, the cheapest first."""
    mixes = found.mixes[found.mixes["frontier"]].sort_values("cost", kind="stable")
    heads = {"cost": f"{label('public_cost', lang)} ({heading('public_cost', lang)})"}
    heads |= {"share": text("cost.curve_share", lang)}
    heads |= {f"level_{k}": goal_words(goal, lang) for k, goal in enumerate(goals_of(found), start=1)}
    heads |= {name: label(name, lang) for name in PARAMETERS}
    names = [name for name in mixes.columns if name in heads]
    rows = [[_cell(row, name) for name in names] for row in mixes.to_dict("records")]
    return html.plain([heads[name] for name in names], rows, lang, text("cost.curve_caption", lang))


def _cell(row: dict[Any, Any], name: str) -> str:
    if name == "share":
        share, low, high = (number(row[key], "share") for key in (name, "share_low", "share_high"))
        return f"{share} ({low}–{high})"
    return short(float(row[name])) if name == "cost" else number(float(row[name]))
