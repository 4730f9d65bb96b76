"""What pages share: their head, and what a visit keeps: the language, the scenario at hand and the way back.

Language and scenario stand in the address too, so that a link restores them: ``?lang=km&s=…&v=…``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from html import escape
from threading import Lock
from time import monotonic
from typing import Any

import streamlit as st

from simulator.link import KEYS, Notice, from_address, to_address
from simulator.report import NAMES, shared_style
from simulator.scenario import Scenario
from simulator.texts import text
from simulator.trial import Trial

_ADDRESS = "lang"
_SWITCH = "language"
_KEPT = "language_of_the_last_page"
_TRIAL, _BEFORE, _AFTER = "trial", "trials_before", "trials_after"
_WRITTEN, _LEFT, _NOTICES = "address_written", "addresses_left", "address_notices"
_LAG = 5.0  # seconds until a browser has surely heard of a new address
_TURNS = "turns_of_widgets"
_MOST_STEPS_BACK = 50
_TURN, _PATIENCE = Lock(), 10.0  # seconds
_STYLE = """
.stMainBlockContainer { max-width: 1240px; padding: 3.75rem 1rem 4rem; }
.stApp h1 { padding: 0; font-size: clamp(1.35rem, 1rem + 2vw, 2rem); line-height: 1.4; }
.stApp h2 { padding: 1.4rem 0 .3rem; font-size: 1.3rem; line-height: 1.5; }
.stApp h1, .stApp h2, .stApp h3 { letter-spacing: 0; }
dt { margin-top: .5rem; font-weight: 700; }
dd { max-width: 70ch; margin: 0 0 .3rem; }
#vg-tooltip-element { max-width: 92vw; font-family: "Noto Sans", "Noto Sans Khmer", sans-serif !important; }
"""
_KHMER_STYLE = ".stApp, .stApp p, .stApp label, .stApp button { line-height: 1.7; letter-spacing: 0; }"


@contextmanager
def turn() -> Iterator[None]:
    """Draw a visitor's page while no other is drawn.

    Python draws one at a time in any case; threads that take it from each other all the time, and from the loop that
    sends what they have drawn, made thirty visitors wait ten times as long. Nobody waits for a slow page for ever.
    """
    mine = _TURN.acquire(timeout=_PATIENCE)
    try:
        yield
    finally:
        if mine:
            _TURN.release()


def held(name: str, value: Any) -> tuple[str, Any]:
    """The key under which a widget shows ``value``, whoever has set it, and the default that this widget began with.

    A widget that holds another value gets a new key and so begins anew, with the value as its default. Were the value
    set through the session's state, it would go to the browser once: a page that is drawn again before that drawing
    was sent loses it, and the browser then reports the widget's least value as the visitor's. The default stands in
    every drawing, and stays the same as long as the key does.
    """
    turns: dict[str, tuple[int, Any]] = st.session_state.setdefault(_TURNS, {})
    turn, begun = turns.get(name, (0, value))
    if reported(name, begun) != value:
        turn, begun = turn + 1, value
    turns[name] = turn, begun
    return _key(name), begun


def reported(name: str, otherwise: Any) -> Any:
    """What the widget that ``held`` made holds now; ``otherwise`` where there is none yet."""
    return st.session_state.get(_key(name), otherwise)


def chosen(name: str, key: str) -> Any:
    """What a visitor chose with the widget that ``held`` made; None where that widget is gone.

    A browser that has not heard of that yet may still report its value, which nobody has chosen.
    """
    return st.session_state[key] if key == _key(name) else None


def _key(name: str) -> str:
    turn, _ = st.session_state.get(_TURNS, {}).get(name, (0, None))
    return f"{name}#{turn}"


# ---- the language


def language() -> str:
    """The language of the address; English where the address names none or one there is not.

    The way from page to page drops what stands behind the question mark, so the last page's language goes on.
    """
    wanted = st.query_params.get(_ADDRESS)
    if wanted is None:
        wanted = st.session_state.get(_KEPT, "en")
        if wanted != "en":
            st.query_params[_ADDRESS] = wanted
    lang: str = wanted if wanted in NAMES else "en"
    st.session_state[_KEPT] = lang
    return lang


def unknown_language() -> str | None:
    """What the address asks for and there is not."""
    wanted = st.query_params.get(_ADDRESS, "en")
    return None if wanted in NAMES else wanted


# ---- the scenario at hand


def scenario_at_hand() -> Scenario | None:
    """The scenario this visitor has tried; None where he has changed nothing yet."""
    found = trial()
    return found.scenario() if found.changed else None


def trial() -> Trial:
    """What this visitor tries; the baseline at first."""
    found: Trial = st.session_state.get(_TRIAL, Trial())
    return found


def take(new: Trial) -> None:
    """Try something else; the way back stays open. Called from callbacks, before the page is drawn."""
    if new != trial():
        before = [*st.session_state.get(_BEFORE, ()), trial()]
        st.session_state[_BEFORE] = before[-_MOST_STEPS_BACK:]
        st.session_state[_AFTER] = []
    _hold(new)


def undo() -> None:
    """Back to what was tried before."""
    if st.session_state.get(_BEFORE):
        st.session_state.setdefault(_AFTER, []).append(trial())
        _hold(st.session_state[_BEFORE].pop())


def redo() -> None:
    """Forth again."""
    if st.session_state.get(_AFTER):
        st.session_state.setdefault(_BEFORE, []).append(trial())
        _hold(st.session_state[_AFTER].pop())


def can_undo() -> bool:
    """Whether there is a way back."""
    return bool(st.session_state.get(_BEFORE))


def can_redo() -> bool:
    """Whether there is a way forth."""
    return bool(st.session_state.get(_AFTER))


def read_address() -> None:
    """Take the scenario from an address that this visit has not written; complete one that lost it.

    Called once before the page is drawn. What cannot be used changes nothing and is said by :func:`top`.
    """
    found = {key: st.query_params[key] for key in KEYS if key in st.query_params}
    if found == st.session_state.get(_WRITTEN, {}):
        return
    if not found or found in [left for left, _ in _just_left()]:
        _write(trial())  # the way from page to page drops it; a browser that has not heard of it yet reports the last
        return
    new, notices = from_address(found)
    if new is not None:
        take(new)
    st.session_state[_WRITTEN] = found
    st.session_state[_NOTICES] = notices


def _just_left() -> list[tuple[dict[str, str], float]]:
    """Addresses of this visit that have just made way for others, with when."""
    return [one for one in st.session_state.get(_LEFT, ()) if monotonic() - one[1] < _LAG]


def _hold(new: Trial) -> None:
    st.session_state[_TRIAL] = new
    st.session_state[_NOTICES] = ()
    _write(new)


def _write(new: Trial) -> None:
    """The scenario into the address; the baseline needs no words."""
    written = {} if new == Trial() else to_address(new)
    before = st.session_state.get(_WRITTEN, {})
    st.session_state[_LEFT] = [one for one in _just_left() if one[0] != written]
    if before != written:
        st.session_state[_LEFT].append((before, monotonic()))
    for key in KEYS:
        if key in written:
            st.query_params[key] = written[key]
        elif key in st.query_params:
            del st.query_params[key]
    st.session_state[_WRITTEN] = written


# ---- the head of a page


def top(lang: str, title: str, intro: str = "") -> None:
    """The head of a page: style, title, switch of language, what the Khmer and the results are worth."""
    st.html(f"<style>{shared_style() + _STYLE + (_KHMER_STYLE if lang == 'km' else '')}</style>")
    st.html(f'<script>document.documentElement.lang = "{lang}";</script>', unsafe_allow_javascript=True)
    head, switch = st.columns([4, 1], vertical_alignment="top")
    with switch, st.container(horizontal_alignment="right"):
        language_switch(lang)
    with head:
        st.title(title, anchor=False)
    with st.container(key="notices"):  # always there: were it not, what follows would move and begin anew
        asked = unknown_language()
        if asked is not None:
            st.warning(escape(text("app.unknown_language", lang, value=asked[:20])))
        banners(st.session_state.get(_NOTICES, ()), lang)
    notes = "".join(
        f'<p class="{kind}">{escape(text(f"app.{key}", lang))}</p>'
        for kind, key in (("pending", "khmer_pending"), ("disclaimer", "disclaimer"))
    )
    first = f"<p>{escape(intro)}</p>" if intro else ""
    st.html(f'<div lang="{lang}">{first}{notes}</div>')


def banners(notices: Sequence[Notice], lang: str) -> None:
    """What there is to say about the link by which the visitor came."""
    for notice in notices:
        told = escape(text(f"host.link_{notice.key}", lang, **notice.values))
        st.html(f'<p class="pending" role="alert" lang="{lang}">{told}</p>')


def instead(refused: Iterable[tuple[str, str]], lang: str) -> None:
    """What the address asks for and there is not, and what is shown in its place."""
    for value, shown in refused:
        told = escape(text("app.link_instead", lang, value=value[:40], shown=shown))
        st.html(f'<p class="pending" role="alert" lang="{lang}">{told}</p>')


def language_switch(lang: str) -> None:
    """Both languages, each in its own script; a choice goes into the address, so that a link keeps it."""
    key, begun = held(_SWITCH, lang)
    st.segmented_control(
        text("app.language", lang),
        list(NAMES),
        default=begun,
        format_func=NAMES.__getitem__,
        key=key,
        required=True,
        label_visibility="collapsed",
        on_change=_switch,
        args=(key,),
    )


def _switch(key: str) -> None:
    lang = chosen(_SWITCH, key)
    if lang is not None:
        st.query_params[_ADDRESS] = lang
