"""What a visitor of the browser app waits for."""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import replace
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from benchmarks.measure import ROOT, SPREAD, Effort, Section, Spread, fresh, seconds, stopwatch, times

RERUN, VISIT = "page rerun, nothing changed", "new visitor, the page's caches empty: all charts"
BEST, BAND = "changed lever to charts, best draw", "changed lever to charts, band"
PAIRS = 20


def section(effort: Effort) -> Section:
    """Seconds to the page, and from a lever to charts."""
    quick = effort == "quick"
    turns = 1 if quick else 5
    size = "800 people per agent, to 2025" if quick else "50 people per agent, to 2040"
    found, band = fresh(_measure, turns, quick)
    out = Section("The browser app")
    out.say(
        "The first page under `streamlit.testing`, without browser and network, its store filled: every run of the "
        "comparison is there, made from one real run times a factor, so sizes are true and values are not. A lever has "
        "no page yet; its way is measured on the functions that a page would call: new scenario, runs against a stored "
        f"baseline ({size}), tables, specifications of the page's charts. The band is of {band}, "
        "on two cores. Ratios are to a page rerun of the same turn."
    )
    rerun = found[RERUN]
    out.table(
        ["", *SPREAD, "over a rerun", *SPREAD[1:]],
        (
            [name, *Spread.of(v).cells(seconds), *Spread.of(a / b for a, b in zip(v, rerun)).cells(times)]
            for name, v in found.items()
        ),
    )
    if not quick:
        out.facts = {
            "app charts seconds": Spread.of(found[VISIT]).median,
            "app rerun seconds": Spread.of(rerun).median,
            "app lever seconds": Spread.of(found[BEST]).median,
            "app band seconds": Spread.of(found[BAND]).median,
        }
    return out


def _measure(turns: int, quick: bool) -> tuple[dict[str, list[float]], str]:
    found: dict[str, list[float]] = defaultdict(list)
    with TemporaryDirectory() as home, patch.dict(os.environ, GARMENT_SIM_HOME=home):
        _fill()
        _pages(found, turns, quick)
        band = _levers(found, 1 if quick else 3, quick)
    return dict(found), band


def _fill() -> None:
    """The runs of the first page: one run under all their names, each with a factor of its own."""
    from simulator.compare import comparison_requests
    from simulator.run import Request, execute
    from simulator.store import Store

    real, store = execute(Request.of("baseline", 0, 800)), Store()
    for i, request in enumerate(comparison_requests()):
        store.put(request, replace(real, metadata=request.metadata(), values=real.values * (1 + 0.001 * i)))


def _pages(found: dict[str, list[float]], turns: int, quick: bool) -> None:
    import streamlit
    from streamlit.testing.v1 import AppTest

    def visit() -> Any:
        page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120).run()
        if page.exception:
            raise RuntimeError(page.exception[0].message)
        return page

    if not quick:
        with stopwatch(found["first visitor of a new server: with its imports"]):
            visit()
    for turn in range(turns):
        streamlit.cache_data.clear()
        streamlit.cache_resource.clear()
        with stopwatch(found[VISIT]):
            page = visit()
        if not (page.get("arrow_vega_lite_chart") or page.get("vega_lite_chart")):
            raise RuntimeError("the page shows no chart")
        with stopwatch(found["next visitor"]):
            page = visit()
        with stopwatch(found[RERUN]):
            page.run()
        if page.selectbox:
            box = page.selectbox[0]
            with stopwatch(found["another chart chosen"]):
                box.select_index((turn + 1) % len(box.options)).run()


def _levers(found: dict[str, list[float]], turns: int, quick: bool) -> str:
    from simulator import compare, load_scenario
    from simulator.charts import CHARTS, LINES
    from simulator.data import observations
    from simulator.drawing import Tables
    from simulator.posterior import is_shipped
    from simulator.store import Store

    size: dict[str, Any] = {"people_per_agent": 800, "until": 2025} if quick else {"people_per_agent": 50}
    store, base = Store(), load_scenario("baseline")
    pairs = 1 if quick else PAIRS
    many: dict[str, Any] = {"draws": pairs, "seeds": 1} if is_shipped() else {"draws": 0, "seeds": pairs}
    compare([], store=store, grid=False, **many, **size)  # the baseline is there before anybody moves a lever
    for turn in range(turns):
        best: dict[str, Any] = {"draws": 0, "seeds": 1}
        for name, runs in ((BEST, best), (BAND, many)):
            with stopwatch(found[name]):
                bolder = base.with_values({"automation.subsidy": 0.1 + 0.01 * turn + 0.005 * (name == BAND)})
                comparison = compare([bolder], store=store, grid=False, workers=2, **runs, **size)
                tables = Tables.of_comparison(comparison, observations())
                for chart in ("map", *LINES):
                    CHARTS[chart](tables, "en")
            if comparison.failures:
                raise RuntimeError(str(comparison.failures[0]))
    kind = "draws" if is_shipped() else "seeds, for no posterior is shipped"
    return f"{pairs} paired {kind}"
