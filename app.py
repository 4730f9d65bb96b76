"""Table of contents of the browser app: its pages, in order."""

import streamlit as st

from simulator.panels import cost, evidence, futures, people, state, take_away, teach, try_it, why
from simulator.texts import text

PAGES = {  # address → page; its title is the text app.page_<address>; the first also stands without an address
    "futures": futures.page,
    "try_it": try_it.page,
    "people": people.page,
    "why": why.page,
    "cost": cost.page,
    "evidence": evidence.page,
    "take_away": take_away.page,
    "teach": teach.page,
}

with state.turn():
    lang = state.language()
    st.set_page_config(page_title=text("app.title", lang), layout="wide", initial_sidebar_state="collapsed")
    first = next(iter(PAGES))
    pages = [
        st.Page(page, title=text(f"app.page_{name}", lang), url_path=name, default=name == first)
        for name, page in PAGES.items()
    ]
    chosen = st.navigation(pages, position="top")
    state.read_address()
    chosen.run()
