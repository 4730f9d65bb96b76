"""What results depend on: the stored findings of ``garment-sim sensitivity`` and ``garment-sim discover``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

import streamlit as st

from simulator import tables as html
from simulator.analysis import kept
from simulator.analysis.discover import Discovery
from simulator.analysis.sensitivity import LUCK, Sensitivity
from simulator.charts_findings import box_chart, coverage_chart, sensitivity_chart
from simulator.checks import ScenarioError
from simulator.drawing import Spec
from simulator.findings_words import (
    condition_words,
    discovery_words,
    future_name,
    measure_name,
    number_name,
    sensitivity_words,
    verdict_name,
)
from simulator.panels import shown
from simulator.results import InputError
from simulator.scenario import load_scenario
from simulator.store import Store
from simulator.texts import LANGUAGES, number, text

COMMANDS = {
    "sensitivity": "garment-sim sensitivity --method sobol",
    "discover": "garment-sim discover --future no_garment_sector",
}
_MOST = 20  # findings of a kind that are looked through
_BROKEN = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


def show(indicator: str, lang: str) -> None:
    """Both, or the commands that make them."""
    st.header(text("why.depends_title", lang), anchor=False)
    shown.note(text("why.depends_help", lang), lang)
    _sensitivity(indicator, lang)
    _discoveries(lang)


# ---- which numbers


def _sensitivity(indicator: str, lang: str) -> None:
    st.subheader(text("why.sensitivity_title", lang), anchor=False)
    found = next((one for one in map(_read_sensitivity, *_stored("sensitivity")) if one is not None), None)
    if found is None:
        shown.note(text("why.sensitivity_none", lang), lang)
        st.code(COMMANDS["sensitivity"], language=None)
        return
    names = found.about["asked"]["indicators"]
    chosen = st.selectbox(
        text("app.indicator", lang),
        names,
        index=names.index(indicator) if indicator in names else 0,
        format_func=lambda one: measure_name(one, lang),
        key=f"sensitivity of {indicator}",
    )
    said = sensitivity_words(found, chosen, lang)
    st.html(f'<p class="finding" lang="{lang}">{escape(said[0])}</p>')
    spec = _untitled(sensitivity_chart(found, lang, chosen))
    shown.chart(spec, " ".join(said), f"sensitivity_{chosen}", lang, _indices(found, chosen, lang))
    shown.note(" ".join([*said[1:], text(f"why.key_{found.method}", lang)]), lang)
    shown.note(_origin(found.about, lang, text("why.runs_made", lang, runs=found.about["runs"])), lang)


@st.cache_resource(max_entries=4, show_spinner=False)
def _read_sensitivity(folder: str, stamp: int) -> Sensitivity | None:
    """None where it cannot be read or told."""
    try:
        found = Sensitivity.load(Path(folder))
        names = found.about["asked"]["indicators"]
        for name in names:
            for lang in LANGUAGES:
                sensitivity_words(found, name, lang)
        return found if names and found.about["runs"] else None
    except (InputError, *_BROKEN):
        return None


def _indices(found: Sensitivity, indicator: str, lang: str) -> str:
    """The table behind: every number that has any effect, and luck."""
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


# ---- which conditions


def _discoveries(lang: str) -> None:
    st.subheader(text("why.discover_title", lang), anchor=False)
    found: dict[str, Discovery] = {}
    for one in map(_read_discovery, *_stored("discover")):
        if one is not None:
            found.setdefault(one.about["asked"]["future"], one)  # the newest of each future
    if not found:
        shown.note(text("why.discover_none", lang), lang)
        st.code(COMMANDS["discover"], language=None)
        return
    for future, one in found.items():
        _discovery(future, one, lang)


def _discovery(future: str, found: Discovery, lang: str) -> None:
    said = discovery_words(found, lang)
    st.html(f'<h3 lang="{lang}">{escape(future_name(future, lang))}</h3>')
    st.html(f'<p class="finding" lang="{lang}">{escape(said[0])}</p>')
    for box in found.summary["box"] if len(found.summary) else ():
        rows = found.boxes[found.boxes["box"] == box].to_dict("records")
        words = " ".join(condition_words(row, lang) + "." for row in rows)
        spec, behind = _untitled(box_chart(found, lang, int(box))), _box(found, int(box), lang)
        shown.chart(spec, words, f"box_{future}_{box}", lang, behind)
        shown.note(text("why.key_box", lang), lang)
        with st.expander(text("findings.tradeoff_box_title", lang)):
            spec = _untitled(coverage_chart(found, lang, int(box)))
            shown.chart(spec, text("why.key_coverage", lang), f"coverage_{future}_{box}", lang)
            shown.note(text("why.key_coverage", lang), lang)
    shown.note(" ".join(said[1:]), lang)
    shown.note(_origin(found.about, lang, text("why.worlds_made", lang, n=found.about["worlds"])), lang)


@st.cache_resource(max_entries=8, show_spinner=False)
def _read_discovery(folder: str, stamp: int) -> Discovery | None:
    """None where it cannot be read or told."""
    try:
        found = Discovery.load(Path(folder))
        for lang in LANGUAGES:
            discovery_words(found, lang)
            for box in found.summary["box"] if len(found.summary) else ():
                box_chart(found, lang, int(box))
        return found
    except (InputError, *_BROKEN):
        return None


def _box(found: Discovery, box: int, lang: str) -> str:
    """The table behind: each condition, and how likely it is to be chance."""
    rows = []
    for row in found.boxes[found.boxes["box"] == box].to_dict("records"):
        doubts = [row[end] for end in ("quasi_p_low", "quasi_p_high") if not math.isnan(row[end])]
        told = "–" if not doubts else "< 0.001" if min(doubts) < 0.001 else f"{min(doubts):.3f}"
        rows.append([condition_words(row, lang), told])
    heads = [text("why.column_condition", lang), text("why.column_chance", lang)]
    title = text("findings.box_title", lang, future=future_name(found.about["asked"]["future"], lang))
    return html.plain(heads, rows, lang, title, "fit")


# ---- both


def _stored(kind: str) -> tuple[list[str], list[int]]:
    """Folders of findings, the newest first, and when each was made."""
    folders = kept.listed(kind, Store())[:_MOST]
    found = [(str(folder), (folder / "about.json").stat().st_mtime_ns) for folder in folders]
    return [one for one, _ in found], [stamp for _, stamp in found]


def _origin(about: Mapping[str, Any], lang: str, made: str) -> str:
    """From which scenario and year, how many runs, and whether by another model than runs now."""
    asked = about["asked"]
    try:
        titles = load_scenario(asked["scenario"]).title
        name = titles.get(lang) or titles.get("en") or asked["scenario"]
    except ScenarioError:
        name = asked["scenario"]
    told = [text("why.origin", lang, scenario=name, year=asked["year"]), made]
    if kept.Kept(about, {}, Path()).stale:
        told.append(text("why.stale", lang))
    return " ".join(told)


def _untitled(spec: Spec) -> Spec:
    """A chart whose title stands over it."""
    return {key: value for key, value in spec.items() if key != "title"}
