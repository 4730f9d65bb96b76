"""What a page keeps in its address: the language, ``?lang=km``."""

from __future__ import annotations

import streamlit as st

from simulator.report import NAMES
from simulator.texts import text

_ADDRESS = "lang"
_SWITCH = "language"


def language() -> str:
    """The language of the address; English where the address names none or one there is not."""
    wanted = st.query_params.get(_ADDRESS, "en")
    return wanted if wanted in NAMES else "en"


def unknown_language() -> str | None:
    """What the address asks for and there is not."""
    wanted = st.query_params.get(_ADDRESS, "en")
    return None if wanted in NAMES else wanted


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
