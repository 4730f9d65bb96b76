"""Does the first page show what the store holds, say what is missing, and never simulate?"""

from functools import partial
from pathlib import Path

import pytest
from made_up import fill
from served import Workers
from streamlit.testing.v1 import AppTest

from simulator import report, tables
from simulator.charts import CHARTS as CHARTS_BY_NAME
from simulator.panels import futures, jobs, shown
from simulator.store import Store
from simulator.texts import LANGUAGES, text

APP = Path(__file__).resolve().parents[1] / "app.py"
CHARTS = 8


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A home of its own for every test, and pages that remember nothing of other tests."""
    monkeypatch.setenv("GARMENT_SIM_HOME", str(tmp_path))
    for cached in (shown._shown, futures._spec, futures._html, futures._table_with_badges):
        cached.clear()
    return tmp_path


@pytest.fixture
def workers(monkeypatch, home):
    """A run service whose workers do what they are told to, without processes."""
    told = Workers()
    monkeypatch.setattr(jobs, "_service", jobs.Service(2, told.process))
    return told


def visit(lang=None):
    page = AppTest.from_file(str(APP), default_timeout=60)
    if lang is not None:
        page.query_params["lang"] = lang
    page.run()
    assert not page.exception
    return page


def words(page):
    parts = [element.proto.body for element in page.get("html")]
    parts += [
        getattr(element, "value", "") or "" for element in (*page.title, *page.header, *page.warning, *page.error)
    ]
    return "\n".join(parts)


def charts(page):
    return page.get("arrow_vega_lite_chart") or page.get("vega_lite_chart")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_finished_runs_are_shown_at_once(workers, lang):
    fill(Store())
    page = visit(lang)
    assert workers.given == []
    assert page.title[0].value == text("app.title", lang)
    assert len(charts(page)) == CHARTS
    for key in ("app.khmer_pending", "app.disclaimer", "app.map_note_contradiction", "app.table_results"):
        assert text(key, lang) in words(page)
    assert len(page.get("download_button")) == 2


def _noted(drawn, name, draw, *found, **more):
    drawn.append(name)
    return draw(*found, **more)


def test_a_server_that_has_warmed_itself_draws_nothing_for_its_first_visitor(workers, monkeypatch):
    fill(Store())
    futures.warm()
    drawn = []
    noting = {name: partial(_noted, drawn, name, draw) for name, draw in CHARTS_BY_NAME.items()}
    monkeypatch.setattr(futures, "CHARTS", noting)
    for module, name in ((report, "cards"), (tables, "behind"), (tables, "inputs"), (tables, "results")):
        monkeypatch.setattr(module, name, partial(_noted, drawn, name, getattr(module, name)))
    for lang in LANGUAGES:
        assert len(charts(visit(lang))) == CHARTS
    assert drawn == []
    futures._spec.clear()
    visit()
    assert len(drawn) == CHARTS, "what is not kept is drawn"


def test_a_server_without_runs_has_nothing_to_warm(workers):
    futures.warm()
    assert workers.given == []


def test_the_language_can_be_switched_and_stays_in_the_address(workers):
    fill(Store())
    page = visit()
    assert page.title[0].value == text("app.title", "en")
    switch = page.get("button_group")[0]
    switch.set_value("km").run()
    assert not page.exception
    assert page.query_params["lang"] in ("km", ["km"])
    assert page.title[0].value == text("app.title", "km")
    assert text("app.khmer_pending", "km") in words(page)


def test_a_language_there_is_not_is_said_and_answered_in_english(workers):
    fill(Store())
    page = visit("<fr>")
    assert "&lt;fr&gt;" in page.warning[0].value
    assert page.title[0].value == text("app.title", "en")


def test_missing_runs_are_made_elsewhere_while_the_page_can_be_used(workers):
    requests = fill(Store(), leave=9)
    page = visit("en")
    assert len(workers.given) == 2, "one run a worker"
    assert text("app.progress_running", "en", done=len(requests) - 9, total=len(requests)) in progress(page)
    assert text("app.glossary_title", "en") in words(page)
    assert not charts(page)
    page.run()
    assert len(workers.given) == 2, "a second look starts nothing"
    workers.finish_all()
    page.run()
    assert len(charts(page)) == CHARTS


def progress(page):
    return " ".join(element.proto.text for element in page.get("progress"))


def test_runs_that_failed_are_told_with_their_reason_and_can_be_tried_again(workers):
    fill(Store(), leave=6)
    visit("en")
    workers.finish_all(error="MemoryError: none left")
    page = visit("en")
    assert page.error[0].value == text("app.progress_failed", "en")
    assert page.code[0].value == "MemoryError: none left"
    assert charts(page), "what is finished is shown"
    before = len(workers.given)
    next(b for b in page.button if b.label == text("app.retry", "en")).click().run()
    assert not page.exception
    assert len(workers.given) == before + 2


def test_a_damaged_file_is_made_again(workers):
    store = Store()
    requests = fill(store)
    store.path(requests[5].key).write_bytes(b"half a file")
    page = visit("en")
    assert [request.key for request, _ in workers.given] == [requests[5].key]
    assert text("app.progress_running", "en", done=len(requests) - 1, total=len(requests)) in progress(page)
