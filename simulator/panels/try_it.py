"""The page on which a visitor changes levers and sees what becomes of the sector.

The page never simulates: it asks the run service and draws what is finished, first the best set of numbers alone, then
the band of paired draws as it grows. Until the new result is there the last one stays, marked as such.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from html import escape
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from simulator import headlines
from simulator import tables as html
from simulator.charts import CHARTS, LINES
from simulator.checks import ScenarioError
from simulator.drawing import Spec, legend
from simulator.link import to_address
from simulator.outcome import Outcome, Question, ask, load_outcome
from simulator.panels import jobs, levers, state
from simulator.panels.shown import chart as draw
from simulator.record import Record, load_record
from simulator.results import InputError
from simulator.run import LAST_YEAR
from simulator.sentences import finding, takeaway
from simulator.store import Store
from simulator.texts import label, text
from simulator.trial import Trial, presets, read_file

MOST_UPLOAD = 1  # MB, as much as the command line reads
MOST_HISTORY = 12
EDITIONS = ("simple", "expert")
_OWNER, _STOPPED, _SHOWN, _HISTORY = "run_owner", "runs_stopped", "outcome_shown", "history"
_REFUSED = "view_refused_by_address"
_BASE, _EDITION, _AGAINST, _LINE, _UPLOAD, _AGAIN = "base", "edition", "against", "line", "upload", "history_again"
_VIEW = {_EDITION: "view", _AGAINST: "with", levers.GROUP: "group", _LINE: "chart"}  # kept in the address
_STYLE = """
[data-testid="stLayoutWrapper"]:has(> .st-key-strip) { position: sticky; top: 3.6rem; z-index: 9; }
.st-key-strip { padding: .45rem .7rem; border: 1px solid #b9c3cc; border-radius: 6px; background: #f7f8fa; gap: .3rem; }
.st-key-strip p { margin: 0; }
.st-key-bar { align-items: flex-end; }
.stApp button { min-height: 2.75rem; }
.link { overflow-wrap: anywhere; }
.st-key-strip .brief { display: flex; flex-wrap: wrap; gap: .1rem 1.25rem; font-weight: 700; }
"""


def page() -> None:
    """Draw the page."""
    lang = state.language()
    state.top(lang, text("app.page_try_it", lang), text("try.intro", lang))
    st.html(f"<style>{_STYLE}{levers.STYLE}{headlines.STYLE}</style>")
    _restore_view(lang)
    try:
        load_record()
        question = ask(state.trial(), _reference())
        jobs.service().warm_up([some[-1] for some in ask(Trial(), "baseline").requests])
    except InputError as error:
        st.error(text("evidence.damaged", lang))
        st.code(str(error), language=None)
        return
    with st.container(key="refusal"):  # always there, as in :func:`state.top`
        levers.refusal(lang)
    _bar(lang)
    outcome, pending = _outcome(question)
    with st.container(key="strip"):
        if outcome is not None:
            st.html(_brief(_outcome_name(outcome), lang, pending, outcome))
        _status(question, outcome, pending, lang)
    left, right = st.columns([5, 7], gap="medium")
    with left:
        st.header(text("try.levers", lang), anchor=False)
        if st.session_state[_EDITION] == "expert":
            levers.expert(lang)
        else:
            levers.simple(lang)
    with right:
        st.header(text("try.result", lang), anchor=False)
        if outcome is None:
            st.html(f'<p class="note" lang="{lang}">{escape(text("try.waiting", lang))}</p>')
        else:
            _result(outcome, pending, lang)
    _history(lang)
    _files(lang)


# ---- the view, in the address as well


def _restore_view(lang: str) -> None:
    """What the address says of the view, at the first look; later the widgets decide, and the address follows.

    What it asks for and there is not is told until something else is chosen than what stands in its place.
    """
    allowed: dict[str, tuple[str, ...]] = {
        _EDITION: EDITIONS,
        _AGAINST: presets(),
        levers.GROUP: tuple(levers.groups()),
        _LINE: LINES,
    }
    refused: dict[str, str] = st.session_state.setdefault(_REFUSED, {})
    for key, known in allowed.items():
        asked = st.query_params.get(_VIEW[key])
        if key not in st.session_state:
            st.session_state[key] = asked if asked in known else known[0]
            if asked is not None and asked not in known:
                refused[key] = asked
        kept = st.session_state[key]
        st.session_state[key] = kept if kept in known else known[0]
        if st.session_state[key] != known[0]:
            st.query_params[_VIEW[key]] = st.session_state[key]
            refused.pop(key, None)
        elif _VIEW[key] in st.query_params:
            del st.query_params[_VIEW[key]]
    with st.container(key="view_refused"):  # always there, as in :func:`state.top`
        state.instead(((value, _name_of_view(key, allowed[key][0], lang)) for key, value in refused.items()), lang)


def _name_of_view(key: str, value: str, lang: str) -> str:
    named: dict[str, Callable[[str, str], str]] = {
        _EDITION: lambda one, lang: text(f"try.edition_{one}", lang),
        _AGAINST: headlines.base_title,
        levers.GROUP: levers.group_title,
        _LINE: label,
    }
    return named[key](value, lang)


def _reference() -> str:
    return str(st.session_state[_AGAINST])


# ---- the bar over everything


def _bar(lang: str) -> None:
    trial = state.trial()
    known = [*presets()]
    if trial.base not in known:
        known.append(trial.base)
    key, begun = state.held(_BASE, trial.base)

    def titled(base: str) -> str:
        return headlines.base_title(base, lang)

    first, second, third = st.columns([3, 3, 3], vertical_alignment="bottom")
    first.selectbox(
        text("try.start_from", lang), known, known.index(begun) if begun in known else 0, format_func=titled, key=key,
        on_change=_start_from, args=(key,),
    )  # fmt: skip
    second.selectbox(text("try.against", lang), list(presets()), format_func=titled, key=_AGAINST)
    third.segmented_control(
        text("try.edition", lang), EDITIONS, format_func=lambda one: text(f"try.edition_{one}", lang), key=_EDITION,
        required=True,
    )  # fmt: skip
    with st.container(horizontal=True, key="bar"):
        st.button(f"↶ {text('try.undo', lang)}", disabled=not state.can_undo(), on_click=state.undo, key="undo")
        st.button(f"↷ {text('try.redo', lang)}", disabled=not state.can_redo(), on_click=state.redo, key="redo")
        st.button(
            f"↺ {text('try.reset_all', lang)}",
            disabled=not trial.changed,
            on_click=_start_from,
            args=(key,),
            key="all_reset",
        )


def _start_from(key: str) -> None:
    base = state.chosen(_BASE, key)
    if base is not None:
        state.take(Trial(base))


# ---- runs


def _owner() -> str:
    """This visit's name at the run service."""
    if _OWNER not in st.session_state:
        st.session_state[_OWNER] = secrets.token_hex(8)
    return str(st.session_state[_OWNER])


def _outcome(question: Question) -> tuple[Outcome | None, bool]:
    """What to draw, and whether it belongs to an earlier scenario."""
    store = Store()
    pairs = question.pairs(store)
    if pairs is not None:
        found = _load(_name(question), pairs, question)
        if found is not None:
            st.session_state[_SHOWN] = (question, pairs)
            return found, False
    if _SHOWN in st.session_state:
        before, pairs = st.session_state[_SHOWN]
        return _load(_name(before), pairs, before), True
    return None, True


def _name(question: Question) -> tuple[str, ...]:
    """What decides an outcome, the number of pairs apart."""
    return tuple(request.key for request in question.requests[0])


@st.cache_resource(max_entries=64, show_spinner=False)
def _load(name: tuple[str, ...], pairs: int, _question: Question) -> Outcome | None:
    return load_outcome(_question, pairs, Store())


def _look(question: Question) -> jobs.Progress:
    """How far the runs are; the best set is wanted first, then pair after pair."""
    best, *band = question.requests
    kinds = [jobs.URGENT] * len(best) + [jobs.USUAL] * sum(map(len, band))
    return jobs.service().ask(_owner(), [request for some in question.requests for request in some], kinds)


def _status(question: Question, outcome: Outcome | None, pending: bool, lang: str) -> None:
    """One line on what is shown and what is still to come; it looks again by itself while something is."""
    whole = outcome is not None and not pending and outcome.pairs == outcome.total
    stopped = st.session_state.get(_STOPPED) == question
    looking = not whole and not stopped
    shown = None if outcome is None or pending else outcome.pairs
    st.fragment(_watch, run_every=jobs.POLL if looking else None)(question, shown, whole, stopped, lang)


def _watch(question: Question, shown: int | None, whole: bool, stopped: bool, lang: str) -> None:
    if whole:
        _say(text("try.whole", lang, n=len(question.band)), lang)
        return
    if stopped:
        _say(text("try.stopped", lang, n=shown or 0, total=len(question.band)), lang)
        if st.button(text("try.go_on", lang), key="go_on"):
            st.session_state.pop(_STOPPED, None)
            st.rerun()
        return
    now = _look(question)
    if question.pairs(Store()) != shown:
        st.rerun()
    if now.error is not None:
        _say(text("app.progress_failed", lang), lang)
        st.code(now.error, language=None)
        st.button(text("app.retry", lang), on_click=_retry, args=(question,), key="retry")
        return
    st.progress(now.done / now.total)
    told = [text("try.pending_best" if shown is None else "try.pending_band", lang, done=now.done, total=now.total)]
    if now.ahead:
        told.append(text("try.queue", lang, n=now.ahead))
    if now.left is not None:
        told.append(text("try.left", lang, seconds=max(1, round(now.left))))
    _say(" ".join(told), lang)
    if st.button(text("try.cancel", lang), key="cancel"):
        jobs.service().withdraw(_owner())
        st.session_state[_STOPPED] = question
        st.rerun()  # all of it: what looks again by itself must stop


def _say(told: str, lang: str) -> None:
    st.html(f'<p role="status" lang="{lang}">{escape(told)}</p>')


def _retry(question: Question) -> None:
    jobs.service().retry([request for some in question.requests for request in some])


# ---- results


def _result(outcome: Outcome, pending: bool, lang: str) -> None:
    try:
        record = load_record()
    except InputError:
        record = Record()
    if pending:
        st.html(f'<p class="disclaimer" role="status" lang="{lang}">{escape(text("try.earlier", lang))}</p>')
    name = _outcome_name(outcome)
    cards = _cards(name, lang, record.digest, outcome, record)
    st.html(f'<div class="stale">{cards}</div>' if pending else cards)
    if not pending:
        _remember(outcome)
    st.html(legend(outcome.tables, lang))
    chosen = st.pills(
        text("app.indicator", lang),
        LINES,
        format_func=lambda one: label(one, lang),
        key=_LINE,
        required=True,
        wrap=True,
    )
    _chart(name, chosen or LINES[0], lang, outcome)
    _chart(name, "map", lang, outcome)
    st.html(f'<p class="note" lang="{lang}">{escape(_band_note(outcome, lang))}</p>')


def _outcome_name(outcome: Outcome) -> str:
    """A name under which pieces of an outcome may be kept."""
    trial: Question = st.session_state[_SHOWN][0]
    return f"{_name(trial)} {outcome.pairs} {trial.reference} {outcome.tried}"


def _band_note(outcome: Outcome, lang: str) -> str:
    if not outcome.pairs:
        return text("try.note_best", lang)
    return text("try.note_band", lang, n=outcome.pairs, total=outcome.total)


@st.cache_data(max_entries=128, show_spinner=False)
def _brief(name: str, lang: str, pending: bool, _outcome: Outcome) -> str:
    return headlines.brief(_outcome, lang, pending)


@st.cache_data(max_entries=128, show_spinner=False)
def _cards(name: str, lang: str, about: str, _outcome: Outcome, _record: Record) -> str:
    return headlines.cards(_outcome, lang, _record)


def _chart(name: str, chart: str, lang: str, outcome: Outcome) -> None:
    spec, head, said, behind = _drawn(name, chart, lang, outcome)
    draw(spec, said, f"try_{chart}", lang, head=head)
    st.html(behind)


@st.cache_data(max_entries=256, show_spinner=False)
def _drawn(name: str, chart: str, lang: str, _outcome: Outcome) -> tuple[Spec, str, str, str]:
    tables = _outcome.tables
    head = finding(tables, chart, lang) if chart in LINES else text("app.map_title", lang)
    said = takeaway(tables, chart, lang)
    behind = (
        f'<details class="more" lang="{lang}"><summary>{escape(text("app.show_table", lang))}</summary>'
        f'<p class="note">{escape(said)}</p>{html.behind(tables, chart, lang)}</details>'
    )
    return CHARTS[chart](tables, lang), head, said, behind


# ---- history


def _remember(outcome: Outcome) -> None:
    """Put the scenario into the list of what was tried, with the figures it has so far."""
    tried: list[Any] = st.session_state.setdefault(_HISTORY, [])
    mine = (state.trial(), outcome.figures)
    for place, (trial, _) in enumerate(tried):
        if trial == mine[0]:
            tried[place] = mine
            return
    tried.append(mine)
    del tried[:-MOST_HISTORY]


def _history(lang: str) -> None:
    tried = st.session_state.get(_HISTORY, [])
    st.header(text("try.history", lang), anchor=False)
    if not tried:
        st.html(f'<p class="note" lang="{lang}">{escape(text("try.history_empty", lang))}</p>')
        return
    st.html(headlines.trials(tried, lang, LAST_YEAR))
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    numbers = list(range(len(tried)))
    place = left.selectbox(
        text("try.history_again", lang), numbers, key=_AGAIN,
        format_func=lambda i: f"{i + 1}. {headlines.base_title(tried[i][0].base, lang)}",
    )  # fmt: skip
    right.button(text("try.history_go", lang), on_click=state.take, args=(tried[place or 0][0],), key="history_go")


# ---- files and links


def _files(lang: str) -> None:
    st.header(text("try.keep", lang), anchor=False)
    trial = state.trial()
    view = {name: st.query_params[name] for name in _VIEW.values() if name in st.query_params}
    query = {"lang": lang, **({} if trial == Trial() else to_address(trial)), **view}
    st.html(f'<p class="note" lang="{lang}">{escape(text("try.link_help", lang))}</p>')
    st.code(f"{_address()}?{urlencode(query)}", language=None, wrap_lines=True)
    left, right = st.columns(2, gap="medium")
    with left:
        st.download_button(
            text("try.download", lang), trial.to_yaml(), "scenario.yaml", "application/yaml", on_click="ignore",
            width="stretch",
        )  # fmt: skip
    with right:
        st.file_uploader(
            text("try.upload", lang), type=["yaml", "yml"], key=_UPLOAD, max_upload_size=MOST_UPLOAD,
            on_change=_take_file,
        )  # fmt: skip


def _address() -> str:
    """The address of this page without what stands behind the question mark."""
    return str(st.context.url or "").partition("?")[0]


def _take_file() -> None:
    """The scenario of a file, or why not."""
    file = st.session_state.get(_UPLOAD)
    if file is None:
        return
    try:
        state.take(read_file(file.name, file.getvalue()))
    except ScenarioError as error:
        levers.refuse(str(error))
