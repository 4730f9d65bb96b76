"""The page of cost: the public account by lever, cost per job, and what goes with the money."""

from __future__ import annotations

from html import escape
from itertools import starmap

import streamlit as st

from simulator import costs
from simulator.analysis.optimise import Optimum
from simulator.charts_findings import optimum_charts
from simulator.charts_people import levers, money_lines, trade_off
from simulator.costs import Column
from simulator.drawing import Spec
from simulator.findings_html import mixes_table, optimum, origin, stored
from simulator.findings_words import optimum_words
from simulator.panels import shown, state
from simulator.panels.shown import Shown
from simulator.provenance import band_note
from simulator.store import Store
from simulator.texts import text

_COMMAND = 'garment-sim optimise --goal "employment>=900000"'


def page() -> None:
    """Draw the page."""
    lang = state.language()
    state.top(lang, text("app.page_cost", lang))
    found = shown.ready(lang)
    if found is None:
        return
    account, last = found.account, found.tables.years[1]
    shown.note(text("cost.intro", lang, first=account.first, last=last), lang)
    st.header(text("cost.per_job_title", lang), anchor=False)
    st.html(_html(found.runs, "cards", lang, found))
    shown.note(text("cost.job_note", lang), lang)
    st.header(text("cost.levers_title", lang), anchor=False)
    said = costs.levers_title(found.tables, account, lang)
    shown.chart(
        _spec(found.runs, "levers", lang, found), said, "levers", lang, _html(found.runs, "levers", lang, found), said
    )
    shown.note(text("cost.levers_help", lang), lang)
    st.header(text("cost.years_title", lang), anchor=False)
    st.html(shown.plain_legend(found, lang))
    places = st.columns(len(costs.TOTALS), gap="medium")
    for place, (name, _) in zip(places, costs.TOTALS, strict=True):
        with place:
            said = costs.line_title(found.tables, account, (name, "all"), lang)
            shown.chart(_spec(found.runs, name, lang, found), said, name, lang, head=said)
    shown.folded(_html(found.runs, "years", lang, found), lang)
    shown.note(f"{text('cost.revenue_help', lang)} {band_note(found.comparison, lang)}", lang)
    _trade(found, lang)
    _curve(lang)


@st.cache_data(max_entries=32, show_spinner=False)
def _html(runs: str, piece: str, lang: str, _found: Shown) -> str:
    make = {"cards": costs.cards, "levers": costs.lever_table, "years": costs.year_table}[piece]
    return make(_found.tables, _found.account, lang)


@st.cache_data(max_entries=32, show_spinner=False)
def _spec(runs: str, name: str, lang: str, _found: Shown) -> Spec:
    if name == "levers":
        return levers(_found.tables, _found.account, lang)
    column = (name, "all")
    title = costs.line_title(_found.tables, _found.account, column, lang)
    return money_lines(_found.tables, _found.account, column, title, lang)


@st.cache_data(max_entries=16, show_spinner=False)
def _trade_spec(runs: str, goal: Column, lang: str, _found: Shown) -> Spec:
    return trade_off(_found.tables, _found.trade, goal, lang, costs.trade_found(_found.trade, goal, lang))


def _trade(found: Shown, lang: str) -> None:
    st.header(text("cost.trade", lang), anchor=False)
    goal: Column = st.selectbox(
        text("cost.choose_goal", lang),
        list(costs.GOALS),
        format_func=lambda one: costs.goal_name(one, lang),
        key="cost_goal",
    )
    shown.note(text("cost.trade_help", lang, last=found.tables.years[1]), lang)
    st.html(shown.plain_legend(found, lang))
    behind = costs.trade_table(found.tables, found.trade, goal, lang)
    said = costs.trade_found(found.trade, goal, lang)
    shown.chart(_trade_spec(found.runs, goal, lang, found), said, f"trade_{'_'.join(goal)}", lang, behind, said)


def _curve(lang: str) -> None:
    """The last search for least-cost mixes of levers, where one is stored."""
    st.header(text("cost.curve_title", lang), anchor=False)
    found = next((one for one in starmap(_optimum_in, stored("optimise", Store())) if one is not None), None)
    if found is None:
        shown.note(text("cost.curve_none", lang, command=_COMMAND), lang)
        return
    told = optimum_words(found, lang)
    st.html("".join(f'<p class="note" lang="{lang}">{escape(words)}</p>' for words in told))
    for name, spec in optimum_charts(found, lang).items():
        shown.chart(spec, told[0], f"optimum_{name}", lang, head=spec["usermeta"]["title"])
    st.html(mixes_table(found, lang))
    shown.note(origin(found.about, lang, text("why.runs_made", lang, runs=found.about["runs"])), lang)


@st.cache_resource(max_entries=2, show_spinner=False)
def _optimum_in(folder: str, stamp: int) -> Optimum | None:
    return optimum(folder)
