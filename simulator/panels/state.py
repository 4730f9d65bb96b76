"""What pages share: their head, and what they keep in the address, the language, ``?lang=km``."""

from __future__ import annotations

from html import escape

import streamlit as st

from simulator.report import NAMES, shared_style
from simulator.scenario import Scenario
from simulator.texts import text

_ADDRESS = "lang"
_SWITCH = "language"
_KEPT = "language_of_the_last_page"
_AT_HAND = "scenario_at_hand"
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


def scenario_at_hand() -> Scenario | None:
    """The scenario this visitor has tried; None where he has changed nothing yet."""
    found: Scenario | None = st.session_state.get(_AT_HAND)
    return found


def take_in_hand(scenario: Scenario | None) -> None:
    """Keep the scenario that was tried for the other pages of this visit."""
    st.session_state[_AT_HAND] = scenario


def top(lang: str, title: str, intro: str = "") -> None:
    """The head of a page: style, title, switch of language, what the Khmer and the results are worth."""
    st.html(f"<style>{shared_style() + _STYLE + (_KHMER_STYLE if lang == 'km' else '')}</style>")
    st.html(f'<script>document.documentElement.lang = "{lang}";</script>', unsafe_allow_javascript=True)
    head, switch = st.columns([4, 1], vertical_alignment="top")
    with switch, st.container(horizontal_alignment="right"):
        language_switch(lang)
    with head:
        st.title(title, anchor=False)
    asked = unknown_language()
    if asked is not None:
        st.warning(escape(text("app.unknown_language", lang, value=asked[:20])))
    notes = "".join(
        f'<p class="{kind}">{escape(text(f"app.{key}", lang))}</p>'
        for kind, key in (("pending", "khmer_pending"), ("disclaimer", "disclaimer"))
    )
    first = f"<p>{escape(intro)}</p>" if intro else ""
    st.html(f'<div lang="{lang}">{first}{notes}</div>')


def language_switch(lang: str) -> None:
    """Both languages, each in its own script; a choice goes into the address, so that a link keeps it."""
    st.session_state[_SWITCH] = lang
    st.segmented_control(
        text("app.language", lang),
        list(NAMES),
        format_func=NAMES.__getitem__,
        key=_SWITCH,
        required=True,
        label_visibility="collapsed",
        on_change=_switch,
    )


def _switch() -> None:
    st.query_params[_ADDRESS] = st.session_state[_SWITCH]
