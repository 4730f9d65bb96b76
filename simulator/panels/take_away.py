"""The page of what can be taken home: files made when asked for, each of which says how it was made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape

import streamlit as st

from simulator import bundle, report
from simulator.compare import Comparison
from simulator.panels import shown, state
from simulator.pdf import pdf
from simulator.provenance import facts, worth
from simulator.report_findings import stored
from simulator.scenario import Scenario
from simulator.stills import picture
from simulator.store import Store
from simulator.texts import text

_EXCEL_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True)
class File:
    """What a button gives: the text it shows, the kind of file, its name and type, and what makes it."""

    key: str
    kind: str
    name: str
    mime: str
    make: Callable[[], bytes | str]


def page() -> None:
    """Draw the page."""
    lang = state.language()
    state.top(lang, text("app.page_take_away", lang))
    found = shown.ready(lang)
    if found is None:
        return
    comparison = found.comparison
    shown.note(text("take.intro", lang), lang)
    st.header(text("take.to_read", lang), anchor=False)
    _buttons(
        lang,
        File(
            "report",
            "HTML",
            "report.html",
            "text/html",
            lambda: report.report_html(comparison, findings=stored(comparison, Store())),
        ),
        File(
            "pdf",
            "PDF",
            f"report-{lang}.pdf",
            "application/pdf",
            lambda: pdf(comparison, lang, found=stored(comparison, Store())),
        ),
    )
    shown.note(text("take.report_help", lang), lang)
    st.header(text("take.to_share", lang), anchor=False)
    _buttons(lang, File("picture", "PNG", f"futures-{lang}.png", "image/png", lambda: picture(comparison, lang)))
    st.header(text("take.to_compute", lang), anchor=False)
    _buttons(
        lang,
        File("excel", "Excel", "comparison.xlsx", _EXCEL_TYPE, lambda: bundle.excel(comparison)),
        File("table", "CSV, ZIP", "comparison.zip", "application/zip", lambda: bundle.csv_archive(comparison)),
        File("table", "Parquet", "comparison.parquet", "application/octet-stream", lambda: bundle.parquet(comparison)),
    )
    shown.note(text("take.table_help", lang), lang)
    _scenario(comparison, lang)
    _check(comparison, lang)


def _scenario(comparison: Comparison, lang: str) -> None:
    everyone: list[Scenario] = [comparison.baseline, *comparison.scenarios]
    names = [scenario.title.get(lang) or scenario.id for scenario in everyone]
    mine = state.scenario_at_hand()
    if mine is not None:
        everyone.insert(0, mine)
        names.insert(0, text("take.yours", lang))
    at = st.selectbox(
        text("take.choose_scenario", lang), range(len(everyone)), format_func=names.__getitem__, key="take_scenario"
    )
    chosen = everyone[at]
    with_runs = comparison if chosen is not mine else None
    name = f"{chosen.id.replace('+', '-')}.yaml"
    _buttons(lang, File("scenario", "YAML", name, "text/yaml", lambda: bundle.scenario_file(chosen, with_runs)))
    shown.note(text("take.scenario_help", lang), lang)


def _check(comparison: Comparison, lang: str) -> None:
    st.header(text("take.verify_title", lang), anchor=False)
    shown.note(text("take.verify_help", lang), lang)
    st.code("garment-sim verify report.html", language=None)
    st.header(text("take.about", lang), anchor=False)
    rows = "".join(f"<dt>{escape(head)}</dt><dd>{escape(told)}</dd>" for head, told in facts(comparison, lang))
    lines = "".join(f"<li>{escape(sentence)}</li>" for sentence in worth(comparison, lang))
    st.html(f'<dl class="facts" lang="{lang}">{rows}</dl><ul lang="{lang}">{lines}</ul>')


def _buttons(lang: str, *files: File) -> None:
    """A button a file, side by side where there is room; files are made when asked for."""
    for place, file in zip(st.columns(3), files, strict=False):
        place.download_button(
            text(f"take.{file.key}", lang, kind=file.kind),
            file.make,
            file.name,
            file.mime,
            key=f"take_{file.name}",
            on_click="ignore",
            width="stretch",
        )
