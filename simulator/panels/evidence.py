"""The page of evidence: why the model may be believed, and where not. It reads what was shipped and runs nothing."""

from __future__ import annotations

from html import escape

import streamlit as st

from simulator import evidence, report
from simulator.data import sources
from simulator.panels import shown, state
from simulator.record import Record, load_record
from simulator.results import InputError
from simulator.texts import text


def page() -> None:
    """Draw the page."""
    lang = state.language()
    state.top(lang, text("app.page_evidence", lang))
    try:
        record = load_record()
        found = evidence.pieces(record, lang)
    except InputError as error:
        st.error(text("evidence.damaged", lang))
        st.code(str(error), language=None)
        return
    for name, inside in found.items():
        if name != "intro":
            st.header(text(f"evidence.{name}", lang), anchor=False)
        st.html(f'<div lang="{lang}">{inside}</div>')
        if name == "intro":
            _charts(record, lang)
    keys = sorted(evidence.source_keys(record) & set(sources()))
    if keys:
        st.html(
            f'<details class="more" lang="{lang}"><summary>{escape(text("app.sources", lang))}</summary>'
            f"<ul>{report.citations(keys)}</ul></details>"
        )


def _charts(record: Record, lang: str) -> None:
    names = evidence.charted(record)
    for name in names:
        said = evidence.alternative(record, name, lang)
        spec = evidence.chart(record, name, lang)
        shown.chart(spec, said, f"evidence_{name}", lang, head=evidence.finding(record, name, lang))
    if names:
        about = f"{text('evidence.chart_help', lang)} {text('evidence.band', lang)}"
        st.html(f'<p class="note" lang="{lang}">{escape(about)}</p>')
