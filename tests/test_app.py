"""Does the first page show what the store holds, say what is missing, and never simulate?"""

import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from made_up import fill
from streamlit.testing.v1 import AppTest

from simulator.panels import futures, jobs
from simulator.store import Store
from simulator.texts import LANGUAGES, text

APP = Path(__file__).resolve().parents[1] / "app.py"
CHARTS = 8


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A home of its own for every test, and no memory of jobs of other tests."""
    monkeypatch.setenv("GARMENT_SIM_HOME", str(tmp_path))
    monkeypatch.setattr(jobs, "_jobs", {})
    for cached in (futures._shown, futures._spec, futures._html):
        cached.clear()
    return tmp_path


@pytest.fixture
def starts(monkeypatch, home):
    """Jobs that are started, without processes; ``code`` is what their process has ended with."""
    begun = []

    def start(name, done):
        log = home / "log"
        log.write_text("something\nMemoryError: none left\n\n", encoding="utf-8")
        job = jobs._Job(SimpleNamespace(poll=lambda: starts.code), log, time.monotonic() - 30, done)
        begun.append(job)
        return job

    starts = SimpleNamespace(begun=begun, code=None)
    monkeypatch.setattr(jobs, "start", start)
    return starts


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
def test_finished_runs_are_shown_at_once(starts, lang):
    fill(Store())
    page = visit(lang)
    assert starts.begun == []
    assert page.title[0].value == text("app.title", lang)
    assert len(charts(page)) == CHARTS
    for key in ("app.khmer_pending", "app.disclaimer", "app.map_note_contradiction", "app.table_results"):
        assert text(key, lang) in words(page)
    assert len(page.get("download_button")) == 2


def test_the_language_can_be_switched_and_stays_in_the_address(starts):
    fill(Store())
    page = visit()
    assert page.title[0].value == text("app.title", "en")
    switch = page.get("button_group")[0]
    switch.set_value("km").run()
    assert not page.exception
    assert page.query_params["lang"] in ("km", ["km"])
    assert page.title[0].value == text("app.title", "km")
    assert text("app.khmer_pending", "km") in words(page)


def test_a_language_there_is_not_is_said_and_answered_in_english(starts):
    fill(Store())
    page = visit("<fr>")
    assert "&lt;fr&gt;" in page.warning[0].value
    assert page.title[0].value == text("app.title", "en")


def test_missing_runs_are_made_elsewhere_while_the_page_can_be_used(starts):
    requests = fill(Store(), leave=9)
    page = visit("en")
    assert len(starts.begun) == 1
    assert text("app.progress_running", "en", done=len(requests) - 9, total=len(requests)) in progress(page)
    assert text("app.glossary_title", "en") in words(page)
    assert not charts(page)
    page.run()
    assert len(starts.begun) == 1, "a second look starts nothing"


def progress(page):
    return " ".join(element.proto.text for element in page.get("progress"))


def test_the_time_left_follows_from_the_speed_so_far(starts):
    store = Store()
    requests = fill(store, leave=20)
    assert jobs.progress(requests, store).left is None
    fill(store, leave=10)
    now = jobs.progress(requests, store)
    assert now.left == pytest.approx(30, rel=0.2), "ten runs in half a minute, ten to go"


def test_a_job_that_stopped_is_told_with_its_last_line_and_can_be_tried_again(starts):
    fill(Store(), leave=6)
    starts.code = 4
    page = visit("en")
    page.run()
    assert page.error[0].value == text("app.progress_failed", "en")
    assert page.code[0].value == "MemoryError: none left"
    assert charts(page), "what is finished is shown"
    before = len(starts.begun)
    starts.code = None
    next(b for b in page.button if b.label == text("app.retry", "en")).click().run()
    assert not page.exception
    assert len(starts.begun) == before + 1


def test_a_damaged_file_is_made_again(starts):
    store = Store()
    requests = fill(store)
    store.path(requests[5].key).write_bytes(b"half a file")
    page = visit("en")
    assert len(starts.begun) == 1
    assert text("app.progress_running", "en", done=len(requests) - 1, total=len(requests)) in progress(page)


def test_two_servers_do_not_do_the_same_work(starts):
    requests = fill(Store(), leave=3)
    with jobs._locked() as ours:
        assert ours
        now = jobs.progress(requests, Store())
    assert (now.done, now.error, starts.begun) == (len(requests) - 3, None, [])
    jobs.progress(requests, Store())
    assert len(starts.begun) == 1, "the lock has gone with its holder"


def test_the_lock_goes_with_a_process_that_is_killed(home):
    code = "from simulator.panels import jobs\nwith jobs._locked():\n    print(1, flush=True)\n    input()"
    holder = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ
    )
    holder.stdout.readline()
    assert jobs._held()
    holder.kill()
    holder.wait()
    holder.stdout.close()
    holder.stdin.close()
    assert not jobs._held()


@pytest.mark.slow
def test_the_process_makes_what_is_missing_and_ends_with_its_server(home):
    store = Store()
    requests = fill(store, leave=1)
    job = jobs.start("made", 0)
    assert job.process.wait(300) == 0, job.log.read_text()
    assert store.missing(requests) == []
    store.path(requests[-1].key).unlink()
    other = jobs.start("ended", 0)
    other.process.stdin.close()
    assert other.process.wait(60) == 130
    job.process.stdin.close()
