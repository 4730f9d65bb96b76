"""Table of contents of the browser app: its pages, in order."""

import streamlit as st

from simulator.panels import cost, evidence, futures, people, state, take_away
from simulator.texts import text

lang = state.language()
st.set_page_config(page_title=text("app.title", lang), layout="wide", initial_sidebar_state="collapsed")
pages = [
    st.Page(futures.page, title=text("app.page_futures", lang), url_path="futures", default=True),
    st.Page(people.page, title=text("app.page_people", lang), url_path="people"),
    st.Page(cost.page, title=text("app.page_cost", lang), url_path="cost"),
    st.Page(evidence.page, title=text("app.page_evidence", lang), url_path="evidence"),
    st.Page(take_away.page, title=text("app.page_take_away", lang), url_path="take_away"),
]
st.navigation(pages, position="top" if len(pages) > 1 else "hidden").run()
