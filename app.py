"""Table of contents of the browser app: its pages, in order."""

import streamlit as st

from simulator.panels import evidence, futures, state, teach
from simulator.texts import text

lang = state.language()
st.set_page_config(page_title=text("app.title", lang), layout="wide", initial_sidebar_state="collapsed")
pages = [
    st.Page(futures.page, title=text("app.page_futures", lang), url_path="futures", default=True),
    st.Page(evidence.page, title=text("app.page_evidence", lang), url_path="evidence"),
    st.Page(teach.page, title=text("teach.page", lang), url_path="teach"),
]
st.navigation(pages, position="top" if len(pages) > 1 else "hidden").run()
