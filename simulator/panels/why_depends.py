"""What results depend on: the stored findings of ``garment-sim sensitivity`` and ``garment-sim discover``."""

from __future__ import annotations

from html import escape
from itertools import starmap

import streamlit as st

from simulator.analysis.discover import Discovery
from simulator.analysis.sensitivity import Sensitivity
from simulator.charts_findings import box_chart, coverage_chart, sensitivity_chart
from simulator.drawing import Spec
from simulator.findings_html import (
    box_table,
    boxes,
    discovery,
    indices_table,
    origin,
    sensitivity,
    stored,
)
from simulator.findings_words import (
    condition_words,
    discovery_words,
    future_name,
    measure_name,
    sensitivity_words,
)
from simulator.panels import shown
from simulator.store import Store
from simulator.texts import text

COMMANDS = {
    "sensitivity": "garment-sim sensitivity --method sobol",
    "discover": "garment-sim discover --future no_garment_sector",
}


def show(indicator: str, lang: str) -> None:
    """Both, or the commands that make them."""
    st.header(text("why.depends_title", lang), anchor=False)
    shown.note(text("why.depends_help", lang), lang)
    _sensitivity(indicator, lang)
    _discoveries(lang)


# ---- which numbers


def _sensitivity(indicator: str, lang: str) -> None:
    st.subheader(text("why.sensitivity_title", lang), anchor=False)
    found = next((one for one in starmap(_sensitivity_in, stored("sensitivity", Store())) if one is not None), None)
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
    shown.chart(spec, " ".join(said), f"sensitivity_{chosen}", lang, indices_table(found, chosen, lang))
    shown.note(" ".join([*said[1:], text(f"why.key_{found.method}", lang)]), lang)
    shown.note(origin(found.about, lang, text("why.runs_made", lang, runs=found.about["runs"])), lang)


@st.cache_resource(max_entries=4, show_spinner=False)
def _sensitivity_in(folder: str, stamp: int) -> Sensitivity | None:
    return sensitivity(folder)


# ---- which conditions


def _discoveries(lang: str) -> None:
    st.subheader(text("why.discover_title", lang), anchor=False)
    found: dict[str, Discovery] = {}
    for one in starmap(_discovery_in, stored("discover", Store())):
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
    for box in boxes(found):
        rows = found.boxes[found.boxes["box"] == box].to_dict("records")
        words = " ".join(condition_words(row, lang) + "." for row in rows)
        spec, behind = _untitled(box_chart(found, lang, box)), box_table(found, box, lang)
        shown.chart(spec, words, f"box_{future}_{box}", lang, behind)
        shown.note(text("why.key_box", lang), lang)
        with st.expander(text("findings.tradeoff_box_title", lang)):
            spec = _untitled(coverage_chart(found, lang, box))
            shown.chart(spec, text("why.key_coverage", lang), f"coverage_{future}_{box}", lang)
            shown.note(text("why.key_coverage", lang), lang)
    shown.note(" ".join(said[1:]), lang)
    shown.note(origin(found.about, lang, text("why.worlds_made", lang, n=found.about["worlds"])), lang)


@st.cache_resource(max_entries=8, show_spinner=False)
def _discovery_in(folder: str, stamp: int) -> Discovery | None:
    return discovery(folder)


def _untitled(spec: Spec) -> Spec:
    """A chart whose title stands over it."""
    return {key: value for key, value in spec.items() if key != "title"}
