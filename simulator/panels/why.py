"""The page of reasons: which lever did how much, by which mechanisms, and what the results depend on.

It shows stored explanations only. One that is missing is made by :mod:`simulator.panels.why_job` when a visitor asks.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

import streamlit as st

from simulator.analysis.explain import Plan
from simulator.analysis.explained import Explanation
from simulator.analysis.explaining import finding, log_words
from simulator.charts_analysis import CHARTS, parts, takeaway
from simulator.findings_html import explanation, explanation_table
from simulator.panels import jobs, shown, state, why_depends, why_job
from simulator.panels.why_job import Question
from simulator.posterior import is_shipped, load_posterior
from simulator.record import badge, load_record
from simulator.results import InputError
from simulator.run import LAST_YEAR
from simulator.scenario import START, load_scenario
from simulator.store import Store
from simulator.texts import group, label, text
from simulator.trial import presets

INDICATORS: tuple[str, ...] = ("employment", "employment[gender=women]", "exports", "value_added", "skilled_jobs")
INDICATORS += ("mean_wage", "real_wage", "women_share", "automation", "public_cost")
YEARS = tuple(str(year) for year in range(LAST_YEAR, int(START[:4]) - 1, -1))
_B, _A, _INDICATOR, _YEAR = "why_future", "why_against", "why_indicator", "why_year"
_ADDRESS = {_B: "future", _A: "from", _INDICATOR: "of", _YEAR: "year"}
_FIRST = {_B: "transition", _A: "baseline", _INDICATOR: INDICATORS[0], _YEAR: YEARS[0]}
_KEPT, _REFUSED = "why_chosen", "why_refused"
_STYLE = """
.stApp h3 { padding: .9rem 0 .1rem; font-size: 1.1rem; line-height: 1.5; }
.told { max-width: 68ch; margin: .4rem 0; }
.trust summary { cursor: pointer; }
.trust small.badge { display: inline-block; padding: 0 .4rem; border-radius: 3px; background: #eceff2; color: #3d4752; }
.trust small.badge.tested { background: #e0f2ea; color: #00513d; }
.trust small.badge.partly_tested { background: #fdf0d0; color: #6b4a00; }
.more .table td:last-child { min-width: 16rem; white-space: normal; }
.log h3 { margin: .8rem 0 .2rem; padding: 0; font-size: 1rem; line-height: 1.5; }
.log li { max-width: 72ch; }
.stApp code { white-space: pre-wrap; overflow-wrap: anywhere; }
.stApp button { min-height: 2.75rem; }
"""


def page() -> None:
    """Draw the page."""
    lang = state.language()
    state.top(lang, text("app.page_why", lang), text("why.intro", lang))
    st.html(f"<style>{_STYLE}</style>")
    question = _chosen(lang)
    st.header(text("why.difference_title", lang), anchor=False)
    if question.a == question.b:
        st.info(text("why.same", lang))
    else:
        try:
            _answer(question, lang)
        except InputError as error:
            st.error(text("evidence.damaged", lang))
            st.code(str(error), language=None)
    why_depends.show(question.indicator, lang)


# ---- what is asked


def _chosen(lang: str) -> Question:
    """The widgets; the address follows them, and decides at the first look."""
    known: dict[str, tuple[str, ...]] = {_B: presets(), _A: presets(), _INDICATOR: INDICATORS, _YEAR: YEARS}
    wanted = _wanted(known)
    state.instead(((value, _name(key, lang, wanted[key])) for value, key in st.session_state[_REFUSED]), lang)
    places = st.columns([3, 3, 3, 2], vertical_alignment="bottom")
    for place, key in zip(places, known, strict=True):
        words = text(f"why.choose_{_ADDRESS[key]}", lang)
        held, begun = state.held(key, wanted[key])
        place.selectbox(
            words, known[key], known[key].index(begun), partial(_name, key, lang), key=held, on_change=_accept
        )
    st.session_state[_KEPT] = wanted
    for key, first in _FIRST.items():
        if wanted[key] != first:
            st.query_params[_ADDRESS[key]] = wanted[key]
        elif _ADDRESS[key] in st.query_params:
            del st.query_params[_ADDRESS[key]]
    return Question(*(wanted[key] for key in (_A, _B, _INDICATOR, _YEAR)))


def _wanted(known: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """What the widgets hold; at a first look the choices of the address, or of the last look at this page.

    What the address says and is not known is told and changes nothing.
    """
    refused = st.session_state.setdefault(_REFUSED, [])
    kept = st.session_state.get(_KEPT, {})
    wanted = {key: state.reported(key, None) for key in known}
    for key in [key for key, value in wanted.items() if value is None]:
        asked = st.query_params.get(_ADDRESS[key])
        if asked is not None and asked not in known[key]:
            refused.append((asked, key))
        wanted[key] = asked if asked in known[key] else kept.get(key, _FIRST[key])
    return wanted


def _accept() -> None:
    """The visitor chooses: what was wrong with his link is over."""
    st.session_state[_REFUSED] = []


def _name(key: str, lang: str, value: str) -> str:
    if key == _YEAR:
        return value
    if key == _INDICATOR:
        name, _, part = value.partition("[")
        if not part:
            return label(name, lang)
        return text("explain.of_group", lang, indicator=label(name, lang), group=group(part.rstrip("]"), lang))
    titles = load_scenario(value).title
    return titles.get(lang) or titles.get("en") or value


# ---- what is stored


def _answer(question: Question, lang: str) -> None:
    """The explanation with the most pairs of runs; where there is none, how one is made."""
    for plan in _plans(question.a, question.b, load_posterior().digest if is_shipped() else ""):
        mine = why_job.about(plan, question)
        path = mine.path(Store())
        found = _loaded(str(path), path.stat().st_mtime_ns) if path.is_file() else None
        if found is not None:
            _explained(found, str(path), question, lang)
            return
    _offer(question, lang)


@st.cache_resource(max_entries=32, show_spinner=False)
def _plans(a: str, b: str, posterior: str) -> tuple[Plan, Plan]:
    return why_job.plans(a, b)


@st.cache_resource(max_entries=16, show_spinner=False)
def _loaded(path: str, stamp: int) -> Explanation | None:
    """A stored explanation that can be told; a damaged file counts as none."""
    return explanation(Path(path))


def _explained(found: Explanation, key: str, question: Question, lang: str) -> None:
    st.html(_told(key, lang, found))
    for name in CHARTS:
        if not parts(found, name, lang):
            continue
        st.subheader(text(f"why.title_{name}", lang), anchor=False)
        st.html(f'<p class="finding" lang="{lang}">{escape(finding(found, name, lang))}</p>')
        spec, said, behind = _chart(key, name, lang, found)
        shown.chart(spec, said, f"why_{name}", lang, behind)
        shown.note(text(f"why.key_{name}", lang, n=int(found.difference["n"])), lang)
    if found.mechanisms.empty:
        shown.note(text("explain.no_mechanisms", lang), lang)
    st.html(_log(key, lang, found))
    about = found.metadata
    told = {"mixtures": about["mixtures"], "n": int(found.difference["n"]), "people": about["people_per_agent"]}
    shown.note(f"{text('why.made', lang, **told)} {text('why.more', lang)}", lang)
    st.code(question.command, language=None)


@st.cache_data(max_entries=32, show_spinner=False)
def _told(key: str, lang: str, _found: Explanation) -> str:
    """The paragraph, and how far the indicator may be trusted."""
    words = f'<p class="told" lang="{lang}">{escape(_found.text[lang])}</p>'
    try:
        record = load_record()
    except InputError:
        return words
    if record.judged is None:
        return words
    trust = badge(_found.indicator, record)
    mark = f'<small class="badge {trust.level}">{escape(trust.name(lang))}</small>'
    head = f"{escape(label(_found.indicator, lang))}: {mark}"
    inside = f'<summary>{head}</summary><p class="note">{escape(trust.reason(lang))}</p>'
    return f'{words}<details class="trust" lang="{lang}">{inside}</details>'


@st.cache_data(max_entries=64, show_spinner=False)
def _chart(key: str, name: str, lang: str, _found: Explanation) -> tuple[dict[str, Any], str, str]:
    """Specification without its title, which stands over it; words for those who cannot see it; the table behind."""
    spec = CHARTS[name](_found, lang)
    del spec["title"]
    return spec, takeaway(_found, name, lang), explanation_table(_found, name, lang)


@st.cache_data(max_entries=32, show_spinner=False)
def _log(key: str, lang: str, _found: Explanation) -> str:
    inside = "".join(
        f"<h3>{escape(head)}</h3><ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>"
        for head, lines in log_words(_found, lang)
    )
    head = escape(text("explain.title_log", lang))
    note = escape(text("why.log_note", lang))
    return (
        f'<details class="more log" lang="{lang}"><summary>{head}</summary><p class="note">{note}</p>{inside}</details>'
    )


# ---- what is not stored


def _offer(question: Question, lang: str) -> None:
    explainer = why_job.explainer()
    look = explainer.look(question)
    if look is not None and look.error is None:
        _wait(question, lang)
        return
    if look is not None:
        st.error(text("why.failed", lang))
        st.code(look.error, language=None)
        _button("app.retry", explainer.again, question, lang)
        return
    st.info(text("why.none", lang))
    few = _plans(question.a, question.b, load_posterior().digest if is_shipped() else "")[1]
    runs = len(few.pairs) * len(few.coalitions(few.pairs[0]))
    if explainer.full:
        shown.note(text("why.full", lang), lang)
    else:
        _button("why.make", explainer.ask, question, lang)
        shown.note(text("why.make_help", lang, runs=runs, n=len(few.pairs)), lang)
    shown.note(text("why.command", lang), lang)
    st.code(question.command, language=None)


def _button(words: str, act: Callable[[Question], None], question: Question, lang: str) -> None:
    st.button(text(words, lang), on_click=act, args=(question,), key=words)


@st.fragment(run_every=jobs.POLL)
def _wait(question: Question, lang: str) -> None:
    explainer = why_job.explainer()
    look = explainer.look(question)
    if look is None or look.error is not None:
        st.rerun()
    now = look.progress
    if now is None:
        st.progress(0.0 if look.stage == "listing" else 1.0, text(f"why.{look.stage}", lang))
    else:
        st.progress(now.done / now.total, text("app.progress_running", lang, done=now.done, total=now.total))
        told = [text("try.queue", lang, n=now.ahead)] if now.ahead else []
        if now.left is not None:
            minutes, soon = math.ceil(now.left / 60), now.left < 60
            key = "app.progress_last_minute" if soon else "app.progress_time_left"
            told.append(text(key, lang, minutes=minutes))
        if told:
            st.caption(" · ".join(told))
    st.caption(text("why.shared", lang))
    if st.button(text("try.cancel", lang), key="why_cancel"):
        explainer.drop(question)
        st.rerun()
