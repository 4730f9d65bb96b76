"""The page of people: who gains and who loses in each future; one worker and one factory followed through all."""

from __future__ import annotations

import subprocess
import sys
import threading
from html import escape
from pathlib import Path

import streamlit as st

from simulator import lives, people
from simulator.charts_people import STATE_COLOURS, factory_life, gains, life
from simulator.drawing import Spec
from simulator.life_words import factory_cards, factory_found, factory_names, life_cards, life_found, when, worker_names
from simulator.panels import shown, state
from simulator.panels.shown import Shown
from simulator.provenance import band_note
from simulator.store import Store
from simulator.texts import label, number, text

_LOOK = 3.0  # seconds between two looks for the lives
_following: dict[str, subprocess.Popen[bytes]] = {}
_guard = threading.Lock()


def page() -> None:
    """Draw the page."""
    lang = state.language()
    state.top(lang, text("app.page_people", lang))
    found = shown.ready(lang)
    if found is None:
        return
    shown.note(text("people.intro", lang, year=found.tables.years[1]), lang)
    names = list(people.MEASURES)
    measure = st.selectbox(
        text("people.measure", lang), names, format_func=lambda name: label(name, lang), key="people_measure"
    )
    st.html(_cards(found.runs, measure, lang, found))
    st.header(text("people.charts_title", lang), anchor=False)
    shown.note(text("people.bands", lang), lang)
    scenarios = found.tables.others
    for left in range(0, len(scenarios), 2):
        for place, scenario in zip(st.columns(2, gap="medium"), scenarios[left : left + 2], strict=False):
            with place:
                spec = _gains(found.runs, measure, scenario, lang, found)
                said = people.finding(found.tables, found.parts[measure][scenario], scenario, lang)
                shown.chart(spec, said, f"people_{measure}_{scenario}", lang, head=said)
    shown.folded(_table(found.runs, measure, lang, found), lang)
    notes = [band_note(found.comparison, lang), text("people.composition_note", lang)]
    notes += [text("people.wage_note", lang)] if measure == "mean_wage" else []
    shown.note(" ".join(notes), lang)
    st.header(text("people.lives_title", lang), anchor=False)
    _lives(found, lang)


@st.cache_data(max_entries=32, show_spinner=False)
def _cards(runs: str, measure: str, lang: str, _found: Shown) -> str:
    return people.cards(_found.tables, _found.parts[measure], lang)


@st.cache_data(max_entries=64, show_spinner=False)
def _gains(runs: str, measure: str, scenario: str, lang: str, _found: Shown) -> Spec:
    return gains(_found.tables, _found.parts[measure], scenario, lang)


@st.cache_data(max_entries=32, show_spinner=False)
def _table(runs: str, measure: str, lang: str, _found: Shown) -> str:
    return people.table(_found.tables, _found.parts[measure], lang)


# ---- lives


def _lives(found: Shown, lang: str) -> None:
    if lives.there(found.requests, Store()):
        followed = _followed(found.runs, found)
        if followed is not None:
            _draw(found, followed, lang)
            return
        lives.discard(found.requests, Store())  # damaged: made anew
    _wait(found, lang)


@st.cache_resource(max_entries=2, show_spinner=False)
def _followed(runs: str, _found: Shown) -> lives.Lives | None:
    return lives.load(_found.requests, Store())


def _wait(found: Shown, lang: str) -> None:
    """A process of low priority follows them while the page can be used; its output is its file's."""
    process = _start(found.runs)
    if process.poll() not in (None, 0):
        st.error(text("people.lives_failed", lang))
        st.button(text("app.retry", lang), on_click=_forget, args=(found.runs,))
        return
    _look(found, lang)


@st.fragment(run_every=_LOOK)
def _look(found: Shown, lang: str) -> None:
    if lives.there(found.requests, Store()) or _start(found.runs).poll() is not None:
        st.rerun()
    st.caption(text("people.lives_wait", lang))


def _start(runs: str) -> subprocess.Popen[bytes]:
    """The process that follows them; one a server."""
    with _guard:
        if runs not in _following:
            command = [sys.executable, "-m", "simulator.lives"]
            package = Path(__file__).resolve().parents[2]
            low = getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0)
            _following[runs] = subprocess.Popen(
                command, cwd=package, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, creationflags=low
            )
        return _following[runs]


def _forget(runs: str) -> None:
    """Let the next look start another process."""
    _following.pop(runs, None)


def _draw(found: Shown, followed: lives.Lives, lang: str) -> None:
    tables, last = found.tables, found.tables.years[1]
    weight = number(found.comparison.metadata["people_per_agent"], "persons", lang)
    told = text("people.lives_help", lang, seed=followed.seed, fork=when(followed.fork, lang))
    shown.note(f"{told} {text('people.weight_note', lang, people=weight)}", lang)
    names = worker_names(followed, lang)
    if names:
        who = st.selectbox(text("people.choose_worker", lang), list(names), format_func=names.__getitem__, key="worker")
        shown.note(text("people.worker_rule", lang), lang)
        said = life_found(followed, who, last, lang)
        shown.chart(life(tables, followed, who, lang), said, "life", lang, head=said)
        shown.note(text("people.life_key", lang), lang)
        st.html(_key(lang) + life_cards(tables, followed, who, lang))
    else:
        st.info(text("people.nobody", lang))
    factories = factory_names(followed, lang)
    if factories:
        which = st.selectbox(
            text("people.choose_factory", lang), list(factories), format_func=factories.__getitem__, key="factory"
        )
        shown.note(text("people.factory_rule", lang), lang)
        st.html(shown.plain_legend(found, lang))
        said = factory_found(followed, which, last, lang)
        shown.chart(factory_life(tables, followed, which, lang), said, "factory_life", lang, head=said)
        shown.note(text("people.factory_key", lang), lang)
        st.html(factory_cards(tables, followed, which, lang))


def _key(lang: str) -> str:
    """Colours of the states, each with its name."""
    items = "".join(
        f'<li><span class="state" style="background:{colour}"></span> {escape(text(f"people.state_{kind}", lang))}</li>'
        for kind, colour in STATE_COLOURS.items()
    )
    return f'<ul class="legend" lang="{lang}">{items}</ul>'
