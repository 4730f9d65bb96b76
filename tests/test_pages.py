"""Do the pages People, Cost and Take away show what the store holds, and say so where it holds nothing?"""

import os
import subprocess
from html import unescape
from pathlib import Path

import pytest
from made_up import fill, fill_lives
from made_up_why import fill_optimum
from streamlit.testing.v1 import AppTest

from simulator import lives
from simulator.analysis.goals import read_goal
from simulator.compare import Comparison, comparison_requests
from simulator.findings_words import goal_words
from simulator.panels import cost, people, shown
from simulator.panels.take_away import File
from simulator.store import Store
from simulator.texts import LANGUAGES, text

PANELS = Path(people.__file__).parent
SCRIPT = "from simulator.panels import {name}\n{name}.page()\n"


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("GARMENT_SIM_HOME", str(tmp_path))
    monkeypatch.setattr(people, "_following", {})
    for cached in (shown._shown, people._cards, people._gains, people._table, people._followed):
        cached.clear()
    for cached in (cost._html, cost._spec, cost._trade_spec, cost._optimum_in):
        cached.clear()
    return tmp_path


def visit(name, lang):
    page = AppTest.from_string(SCRIPT.format(name=name), default_timeout=120)
    page.query_params["lang"] = lang
    page.run()
    assert not page.exception
    return page


def words(page):
    parts = [element.proto.body for element in page.get("html")]
    parts += [
        getattr(e, "value", "") or "" for e in (*page.title, *page.header, *page.info, *page.error, *page.caption)
    ]
    return unescape("\n".join(parts))


def charts(page):
    return page.get("arrow_vega_lite_chart") or page.get("vega_lite_chart")


@pytest.mark.parametrize("name", ["people", "cost", "take_away"])
def test_without_runs_a_page_says_where_they_are_made(name):
    page = visit(name, "km")
    assert text("people.no_runs", "km", page=text("app.page_futures", "km")) in words(page)
    assert text("app.disclaimer", "km") in words(page) and not charts(page)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_people_shows_who_gains_and_who_loses_and_two_lives(lang):
    fill(Store())
    fill_lives(Store())
    page = visit("people", lang)
    assert len(charts(page)) == 6
    for key in ("people.bands", "people.life_key", "people.worker_rule", "people.factory_rule"):
        assert text(key, lang) in words(page)
    assert text("people.loses", lang) in words(page)
    page.selectbox(key="people_measure").set_value("mean_wage").run()
    assert not page.exception and text("people.wage_note", lang) in words(page)
    others = page.selectbox(key="worker").options
    page.selectbox(key="worker").set_value("2-0").run()
    assert not page.exception and len(others) == 3
    assert text("people.event_retired", lang, when="", age=40).split("40")[0].strip(":៖ ") in words(page)


def test_lives_that_are_missing_are_followed_in_a_process_of_their_own(monkeypatch):
    begun = []
    monkeypatch.setattr(subprocess, "Popen", lambda command, **_: begun.append(command) or Process())
    fill(Store())
    page = visit("people", "en")
    page.run()
    assert [command[1:] for command in begun] == [["-m", "simulator.lives"]], "a second look starts nothing"
    assert text("people.lives_wait", "en") in words(page) and len(charts(page)) == 4
    Process.code = 1
    page.run()
    assert text("people.lives_failed", "en") in words(page)
    Process.code = None


class Process:
    code = None

    def poll(self):
        return self.code


def test_damaged_lives_are_made_anew(monkeypatch):
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: Process())
    fill(Store())
    fill_lives(Store())
    request = lives.life_requests(comparison_requests())[2]
    lives.path(Store(), request, "factories").write_bytes(b"half")
    assert text("people.lives_wait", "en") in words(visit("people", "en"))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_cost_shows_levers_years_jobs_and_the_trade_off(lang):
    fill(Store())
    page = visit("cost", lang)
    assert len(charts(page)) == 5
    for key in ("cost.job_note", "cost.levers_help", "cost.revenue_help"):
        assert text(key, lang) in words(page)
    assert text("cost.curve_none", lang, command="garment-sim optimise").split("garment-sim")[0] in words(page)
    page.selectbox(key="cost_goal").set_value(("employment", "gender=women")).run()
    assert not page.exception and len(charts(page)) == 5


@pytest.mark.parametrize("lang", LANGUAGES)
def test_cost_shows_the_last_search_for_the_least_cost_in_words_pictures_and_a_table(lang):
    fill(Store())
    fill_optimum()
    page = visit("cost", lang)
    told, goal = words(page), goal_words(read_goal("employment[gender=women]>=580000"), lang)
    assert len(charts(page)) == 7
    assert goal in told and "employment[" not in told, "no code where a reader looks"
    assert "83.3% (30%–95%)" in told and "790" in told
    assert text("cost.curve_none", lang, command="garment-sim optimise").split("garment-sim")[0] not in told


def test_a_torn_search_counts_as_none_and_an_older_good_one_is_shown():
    fill(Store())
    old = fill_optimum("employment>=900000")
    torn = fill_optimum()
    os.utime(old / "about.json", (0, 0))
    (torn / "mixes.parquet").write_bytes(b"PAR1")
    told = words(visit("cost", "en"))
    assert goal_words(read_goal("employment>=900000"), "en") in told
    assert text("cost.curve_none", "en", command="garment-sim optimise").split("garment-sim")[0] not in told


def test_what_was_drawn_of_unfinished_runs_is_not_taken_for_the_whole():
    fill(Store(), leave=2)
    requests = comparison_requests()
    some = shown.Shown.of(requests, Comparison.load_from_store(requests))
    fill(Store())
    assert some.runs != shown.stored(requests).runs


def test_take_away_offers_every_kind_and_says_how_it_was_made():
    fill(Store())
    page = visit("take_away", "en")
    assert len(page.get("download_button")) == 7
    assert text("take.verify_help", "en") in words(page)
    about = comparison_requests()[0].metadata()
    assert about["data"] in words(page) and about["code"] in words(page)
    assert page.code[0].value == "garment-sim verify report.html"
    assert File("pdf", "PDF", "a", "b", bytes).make() == b""
