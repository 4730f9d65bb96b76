"""What a visitor of the browser app waits for."""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from benchmarks.measure import ROOT, SPREAD, Effort, Section, Spread, fresh, seconds, stopwatch, times
from simulator.charts import CHARTS, LINES
from simulator.headlines import cards
from simulator.outcome import Question, load_outcome
from simulator.panels.jobs import URGENT, USUAL, Service
from simulator.record import load_record
from simulator.scenario import START
from simulator.store import Store
from simulator.trial import Trial

RERUN, VISIT = "page rerun, nothing changed", "new visitor, the page's caches empty: all charts"
WARM, FIRST = "the server warms itself as it starts", "first visitor after that: all charts"
NEXT = "next visitor: all charts"
BEST, BAND = "changed lever to charts, best draw", "changed lever to charts, band"


def section(effort: Effort) -> Section:
    """Seconds to the page, and from a lever to charts."""
    quick = effort == "quick"
    turns = 1 if quick else 5
    found, band = fresh(_measure, turns, quick)
    out = Section("The browser app")
    out.say(
        "The first page under `streamlit.testing`, without browser and network, its store filled: every run of the "
        "comparison is there, made from one real run times a factor, so sizes are true and values are not. A moved "
        "lever is measured as the page *Try it* answers it: the run service with its warm workers is asked, and from "
        f"what is there cards and charts are made. The band is of {band} at 50 people per agent, to 2040"
        f"{', not measured here' if quick else ''}. Ratios are to a page rerun of the same turn."
    )
    rerun = found[RERUN]
    out.table(
        ["", *SPREAD, "over a rerun", *SPREAD[1:]],
        (
            [name, *Spread.of(v).cells(seconds), *Spread.of(a / b for a, b in zip(v, rerun)).cells(times)]
            for name, v in found.items()
            if v
        ),
    )
    if not quick:
        out.facts = {
            "app charts seconds": Spread.of(found[NEXT]).median,
            "app charts seconds, after a start": Spread.of(found[FIRST]).median,
            "app charts seconds, caches empty": Spread.of(found[VISIT]).median,
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

    real, store = execute(Request.of("baseline", 0, 800)), Store()
    for i, request in enumerate(comparison_requests()):
        store.put(request, replace(real, metadata=request.metadata(), values=real.values * (1 + 0.001 * i)))


def _pages(found: dict[str, list[float]], turns: int, quick: bool) -> None:
    import streamlit
    from streamlit.testing.v1 import AppTest

    from simulator.panels.futures import warm

    def visit() -> Any:
        page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120).run()
        if page.exception:
            raise RuntimeError(page.exception[0].message)
        return page

    if not quick:
        with stopwatch(found["first visitor of a new server: with its imports"]):
            visit()

    def forget() -> None:
        streamlit.cache_data.clear()
        streamlit.cache_resource.clear()

    for turn in range(turns):
        forget()
        with stopwatch(found[WARM]):
            warm()
        with stopwatch(found[FIRST]):
            visit()
        forget()
        with stopwatch(found[VISIT]):
            page = visit()
        if not (page.get("arrow_vega_lite_chart") or page.get("vega_lite_chart")):
            raise RuntimeError("the page shows no chart")
        with stopwatch(found[NEXT]):
            page = visit()
        with stopwatch(found[RERUN]):
            page.run()
        if page.selectbox:
            box = page.selectbox[0]
            with stopwatch(found["another chart chosen"]):
                box.select_index((turn + 1) % len(box.options)).run()


def _levers(found: dict[str, list[float]], turns: int, quick: bool) -> str:
    """A lever is moved as on the page *Try it*: the run service is asked, and what is there is drawn."""
    service, store, record = Service(), Store(), load_record()
    common = [request for some in Question(Trial()).requests for request in some]
    if quick:
        common = common[:1]
    service.warm_up(common)
    _until(lambda: service.ask("baseline", common).complete and not service.state()["busy"])
    for turn in range(turns):
        question = Question(Trial().with_steps("automation.subsidy", {START: 0.1 + 0.01 * turn}))
        began = time.perf_counter()
        for name, pairs in ((BEST, 0),) if quick else ((BEST, 0), (BAND, len(question.band))):
            _wait(service, question, pairs, store)
            outcome = load_outcome(question, pairs, store)
            if outcome is None:
                raise RuntimeError("a run that was just made cannot be read")
            cards(outcome, "en", record)
            for chart in ("map", LINES[0]):
                CHARTS[chart](outcome.tables, "en")
            found[name].append(time.perf_counter() - began)
    service.withdraw("me")
    return f"{len(Question(Trial()).band)} paired runs"


def _wait(service: Service, question: Question, pairs: int, store: Store) -> None:
    """Until a band of ``pairs`` pairs can be shown, 0 for the best set alone, looking as often as a page would."""
    best, *band = question.requests
    kinds = [URGENT] * len(best) + [USUAL] * sum(map(len, band))

    def there() -> bool:
        now = service.ask("me", [request for some in question.requests for request in some], kinds)
        if now.error:
            raise RuntimeError(now.error)
        reached = question.pairs(store)
        return reached is not None and reached >= pairs

    _until(there)


def _until(done: Callable[[], bool]) -> None:
    """Raises RuntimeError after ten minutes."""
    deadline = time.monotonic() + 600
    while not done():
        if time.monotonic() > deadline:
            raise RuntimeError("the run service does not come to an end")
        time.sleep(0.1)
