"""The first page: the four futures side by side against the baseline.

The page never simulates. It draws from the store of finished runs; what is missing there is made by the run service
(:mod:`simulator.panels.jobs`) while the page shows how far it is.
"""

from __future__ import annotations

import io
import math
from contextlib import suppress
from html import escape
from typing import Any

import streamlit as st

from simulator import report, report_findings
from simulator import tables as html
from simulator.charts import CHARTS, LINES
from simulator.compare import Comparison, named_requests
from simulator.drawing import Spec, legend
from simulator.panels import jobs, state
from simulator.panels.shown import Shown, stored
from simulator.panels.shown import chart as draw
from simulator.record import Record, load_record
from simulator.results import InputError
from simulator.run import Request
from simulator.sentences import finding, takeaway
from simulator.store import Store
from simulator.texts import LANGUAGES, glossary, label, text
from simulator.version import __version__


def page() -> None:
    """Draw the page."""
    lang = state.language()
    state.top(lang, text("app.title", lang), text("app.intro", lang))
    try:
        requests = named_requests()
    except InputError as error:
        st.error(text("evidence.damaged", lang))
        st.code(str(error), language=None)
        return
    shown = stored(requests)
    if shown is None:
        shown = _waiting(requests, lang)
    if shown is not None:
        _results(shown, lang)
    _bottom(lang, shown)


# ---- runs


def warm() -> None:
    """Read the stored comparison, and draw the page's parts in each language, before the first visitor asks for it."""
    with suppress(InputError):
        shown = stored(named_requests())
        if shown is None:
            return
        for lang in LANGUAGES:
            for name in ("map", *LINES, *(f"grid_{name}" for name in _in_grid(shown)[:1])):
                _spec(shown.runs, name, lang, shown)
                _html(shown.runs, f"behind_{name}", lang, shown)
            for piece in ("cards", "legend", "inputs", "sources"):
                _html(shown.runs, piece, lang, shown)
            _results_table(shown.runs, lang, shown)


def _waiting(requests: list[Request], lang: str) -> Shown | None:
    """Progress while runs are missing; what is finished where the job has stopped."""
    now = _look(requests)
    if now.error is None:
        _progress(requests, lang)
        scenarios = {request.scenario.id: request.scenario for request in requests}
        st.html(f'<dl lang="{lang}">{report.questions(scenarios.values(), lang)}</dl>')
        return None
    st.error(text("app.progress_failed", lang))
    st.code(now.error, language=None)
    st.button(text("app.retry", lang), on_click=jobs.service().retry, args=(requests,))
    comparison = Comparison.load_from_store(requests)
    if comparison is None:
        return None
    return Shown.of(requests, comparison)


def _look(requests: list[Request]) -> jobs.Progress:
    """How far the runs of this page are; all visitors wait for the same ones."""
    return jobs.service().ask("futures", requests, jobs.BACKGROUND)


@st.fragment(run_every=jobs.POLL)
def _progress(requests: list[Request], lang: str) -> None:
    now = _look(requests)
    if now.complete or now.error is not None:
        st.rerun()
    st.progress(now.done / now.total, text("app.progress_running", lang, done=now.done, total=now.total))
    told = [text("app.progress_stay", lang)]
    if now.left is not None:
        minutes = math.ceil(now.left / 60)
        soon = now.left < 60
        told.insert(0, text("app.progress_last_minute" if soon else "app.progress_time_left", lang, minutes=minutes))
    st.caption(" · ".join(told))


# ---- results


def _results(shown: Shown, lang: str) -> None:
    runs = shown.runs
    st.header(text("app.results_title", lang), anchor=False)
    st.html(_html(runs, "cards", lang, shown))
    st.header(text("app.map_title", lang), anchor=False)
    st.html(_html(runs, "legend", lang, shown))
    _chart(runs, "map", lang, shown)
    about = " ".join(text(f"app.{name}", lang) for name in ("map_help", "map_thresholds"))
    puzzle = " ".join(text(f"app.{name}", lang) for name in ("map_note_contradiction", "map_note_reading"))
    st.html(f'<p class="note" lang="{lang}">{escape(about)}</p><p class="note box" lang="{lang}">{escape(puzzle)}</p>')
    st.header(text("report.charts", lang), anchor=False)
    st.html(_html(runs, "legend", lang, shown))
    for left, right in zip(LINES[::2], LINES[1::2], strict=True):
        for place, name in zip(st.columns(2, gap="medium"), (left, right), strict=True):
            with place:
                _chart(runs, name, lang, shown)
    band = f"{report.band_note(shown.comparison, lang)} {report.observed_help(shown.comparison, lang)}"
    st.html(f'<p class="note" lang="{lang}">{escape(band)}</p>')
    st.html(_results_table(runs, lang, shown))
    _policy_or_world(runs, lang, shown)
    st.header(text("app.table_inputs", lang), anchor=False)
    st.html(f'<p class="note" lang="{lang}">{escape(text("app.inputs_help", lang))}</p>')
    st.html(_html(runs, "inputs", lang, shown))
    _downloads(shown, lang)


def _policy_or_world(runs: str, lang: str, shown: Shown) -> None:
    names = _in_grid(shown)
    if not names:
        return
    st.header(text("app.grid_title", lang), anchor=False)
    st.html(f'<p class="note" lang="{lang}">{escape(text("app.grid_help", lang))}</p>')
    chosen = st.selectbox(
        text("app.indicator", lang), names, format_func=lambda name: label(name, lang), key="grid_indicator"
    )
    _chart(runs, f"grid_{chosen}", lang, shown)


def _in_grid(shown: Shown) -> list[str]:
    """Indicators of which there is a grid of policy and world; the first is shown unless another is chosen."""
    found = set(shown.tables.grid["indicator"]) if len(shown.tables.grid) else set()
    return [name for name in LINES if name in found]


def _chart(runs: str, name: str, lang: str, shown: Shown) -> None:
    spec, said, head = _spec(runs, name, lang, shown)
    draw(spec, said, f"chart_{name}", lang, head=head)
    st.html(_html(runs, f"behind_{name}", lang, shown))


@st.cache_data(max_entries=64, show_spinner=False)
def _spec(runs: str, name: str, lang: str, _shown: Shown) -> tuple[Spec, str, str]:
    """The drawing, its words for those who cannot see it, and what is found, to stand over it."""
    spec, said = CHARTS[name](_shown.tables, lang), takeaway(_shown.tables, name, lang)
    if name == "map":  # its title is a heading of the page
        del spec["title"]
    return spec, said, finding(_shown.tables, name, lang) if name in LINES else ""


@st.cache_data(max_entries=128, show_spinner=False)
def _html(runs: str, piece: str, lang: str, _shown: Shown) -> str:
    comparison, tables = _shown.comparison, _shown.tables
    if piece == "cards":
        return report.cards(comparison, tables, lang, ask=True)
    if piece == "legend":
        return legend(tables, lang)
    if piece == "inputs":
        return html.inputs(comparison, tables, lang)
    if piece == "sources":
        return report.source_list(comparison, tables)
    chart = piece.removeprefix("behind_")
    return (
        f'<details class="more" lang="{lang}"><summary>{escape(text("app.show_table", lang))}</summary>'
        f'<p class="note">{escape(takeaway(tables, chart, lang))}</p>{html.behind(tables, chart, lang)}</details>'
    )


def _results_table(runs: str, lang: str, shown: Shown) -> str:
    """The table with badges; where the record is damaged, without, for the page of evidence says so."""
    try:
        record = load_record()
    except InputError:
        record = Record()
    return _table_with_badges(runs, lang, record.digest, shown, record)


@st.cache_data(max_entries=8, show_spinner=False)
def _table_with_badges(runs: str, lang: str, about: str, _shown: Shown, _record: Record) -> str:
    return html.results(_shown.tables, lang, _record) + html.badges(lang, _record)


def _downloads(shown: Shown, lang: str) -> None:
    """Files are made when asked for, not on every visit."""
    comparison = shown.comparison
    left, right, _ = st.columns([1, 1, 2])
    left.download_button(
        text("app.download_report", lang),
        lambda: report.report_html(comparison, findings=report_findings.stored(comparison, Store())),
        "report.html",
        "text/html",
        on_click="ignore",
        width="stretch",
    )
    right.download_button(
        text("app.download_csv", lang),
        lambda: _csv(comparison),
        "comparison.csv",
        "text/csv",
        on_click="ignore",
        width="stretch",
    )


def _csv(comparison: Comparison) -> bytes:
    """The summary as UTF-8 with a mark by which spreadsheets know it."""
    content = io.BytesIO()
    comparison.summary.to_csv(content, index=False, encoding="utf-8-sig")
    return content.getvalue()


def _bottom(lang: str, shown: Shown | None) -> None:
    sources = ""
    if shown is not None:
        listed = _html(shown.runs, "sources", lang, shown)
        sources = (
            f'<details class="more"><summary>{escape(text("app.sources", lang))}</summary><ul>{listed}</ul></details>'
        )
    terms = "".join(f"<dt>{escape(term)}</dt><dd>{escape(told)}</dd>" for term, told in glossary(lang).values())
    limits = report.limits(shown.comparison if shown else None, lang)
    about: dict[str, Any] = shown.comparison.metadata if shown else {}
    version = f"{__version__} ({about['code']}, {about['data']})" if about else __version__
    st.html(
        f'<div lang="{lang}"><h2>{escape(text("app.about_model", lang))}</h2><ul>{limits}</ul>'
        f'<details class="more"><summary>{escape(text("app.glossary_title", lang))}</summary><dl>{terms}</dl></details>'
        f"{sources}"
        f'<p class="note">{escape(text("app.version", lang))} {escape(version)}</p></div>'
    )
