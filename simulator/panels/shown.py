"""What pages of results share: the stored comparison they draw from, and what stands where there is none yet."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from html import escape

import pandas as pd
import streamlit as st

from simulator import costs, people
from simulator.compare import Comparison, named_requests
from simulator.data import observations
from simulator.drawing import Spec, Tables, legend
from simulator.panels import jobs
from simulator.results import InputError
from simulator.run import Request
from simulator.store import Store
from simulator.texts import text


@dataclass(frozen=True, eq=False)
class Shown:
    """A comparison and what the pages read off it."""

    requests: Sequence[Request]
    comparison: Comparison
    tables: Tables

    @classmethod
    def of(cls, requests: Sequence[Request], comparison: Comparison) -> Shown:
        """With its tables."""
        return cls(requests, comparison, Tables.of_comparison(comparison, observations()))

    @cached_property
    def runs(self) -> str:
        """What the results hang on: a digest of the runs that are there."""
        there = self.comparison.results
        return _digest(r for r in self.requests if (r.draw, r.seed) in there[r.scenario.id])

    @cached_property
    def account(self) -> costs.Account:
        """What the policies cost."""
        return costs.account(self.comparison)

    @cached_property
    def trade(self) -> pd.DataFrame:
        """What goes with the money."""
        return costs.trade_off(self.comparison)

    @cached_property
    def parts(self) -> Mapping[str, Mapping[str, Sequence[people.Part]]]:
        """Who gains and who loses, by indicator and scenario."""
        return {name: people.parts(self.tables, name) for name in people.MEASURES}


def _digest(requests: Iterable[Request]) -> str:
    return hashlib.sha256("".join(request.key for request in requests).encode()).hexdigest()


class _NotReady(Exception):
    """Runs are missing; not kept by the cache."""


def ready(lang: str) -> Shown | None:
    """The stored comparison of the named futures; where it is not there yet, the page says where it is made."""
    try:
        requests = named_requests()
    except InputError as error:
        st.error(text("evidence.damaged", lang))
        st.code(str(error), language=None)
        return None
    found = stored(requests)
    if found is None:
        st.info(text("people.no_runs", lang, page=text("app.page_futures", lang)))
    return found


def stored(requests: list[Request]) -> Shown | None:
    """The whole comparison where all its runs are in the store; damaged files are thrown away."""
    store = Store()
    if not all(store.path(request.key).is_file() for request in requests):
        return None
    try:
        return _shown(_digest(requests), requests)
    except _NotReady:
        jobs.discard_damaged(requests, store)
        return None


@st.cache_resource(max_entries=2, show_spinner=False)
def _shown(runs: str, _requests: list[Request]) -> Shown:
    comparison = Comparison.load_from_store(_requests)
    if comparison is None or not comparison.complete:
        raise _NotReady
    return Shown.of(_requests, comparison)


def chart(spec: Spec, said: str, key: str, lang: str, behind: str = "", head: str = "") -> None:
    """A chart with its words for those who cannot see it, and the table behind it.

    ``head`` stands over it in place of its own title: the page breaks lines where it must, a drawing where it was told.
    """
    if head:
        st.html(f'<h3 class="finding" lang="{lang}">{escape(head)}</h3>')
        spec = {name: value for name, value in spec.items() if name != "title"}
    st.vega_lite_chart(spec, width="stretch", theme=None, alt=said, key=f"{key}_{lang}")
    if behind:
        folded(behind, lang)


def folded(inside: str, lang: str) -> None:
    """A table that opens."""
    head = escape(text("app.show_table", lang))
    st.html(f'<details class="more" lang="{lang}"><summary>{head}</summary>{inside}</details>')


def plain_legend(found: Shown, lang: str) -> str:
    """The scenarios with their lines; published figures stand in no chart of these pages."""
    return legend(replace(found.tables, observed=pd.DataFrame()), lang)


def note(words: str, lang: str) -> None:
    """A remark under a chart."""
    st.html(f'<p class="note" lang="{lang}">{escape(words)}</p>')
