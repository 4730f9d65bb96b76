"""Does the page of reasons show what is stored, say so where nothing is, and have it made by others than itself?"""

import json
import os
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from html import unescape

import pytest
from made_up import made
from made_up_why import FIRST, explanation, fill_discovery, fill_sensitivity, fill_why
from served import Workers
from streamlit.testing.v1 import AppTest

from simulator.analysis.explain import Plan, stored_explanation
from simulator.analysis.explaining import finding, part_name
from simulator.charts_analysis import CHARTS
from simulator.panels import jobs, why, why_depends, why_job
from simulator.panels.why_job import MOST, Explainer, Question
from simulator.store import Store
from simulator.texts import LANGUAGES, text

SCRIPT = "from simulator.panels import why\nwhy.page()\n"


class Process:
    """In place of the process that explains: ``given``, work with its question and future."""

    def __init__(self):
        self.given, self.started = [], 0

    def __call__(self):
        self.started += 1
        return self

    def submit(self, work, question, folder):
        self.given.append((work, question, Future()))
        return self.given[-1][2]


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("GARMENT_SIM_HOME", str(tmp_path))
    for cached in (why._loaded, why._told, why._chart, why._log):
        cached.clear()
    for cached in (why_depends._sensitivity_in, why_depends._discovery_in):
        cached.clear()
    return tmp_path


@pytest.fixture
def process(monkeypatch):
    made_up = Process()
    monkeypatch.setattr(why_job, "_explainer", Explainer(made_up))
    return made_up


@pytest.fixture
def workers(monkeypatch):
    made_up = Workers()
    monkeypatch.setattr(jobs, "_service", jobs.Service(2, made_up.process))
    return made_up


def visit(lang="en", **address):
    page = AppTest.from_string(SCRIPT, default_timeout=240)
    page.query_params["lang"] = lang
    for key, value in address.items():
        page.query_params[key] = value
    page.run()
    assert not page.exception
    return page


def words(page):
    parts = [element.proto.body for element in page.get("html")]
    for kind in (page.title, page.header, page.subheader, page.info, page.error, page.caption, page.code):
        parts += [getattr(element, "value", "") or "" for element in kind]
    return unescape("\n".join(parts))


def charts(page):
    return page.get("arrow_vega_lite_chart") or page.get("vega_lite_chart")


# Nothing stored


@pytest.mark.parametrize("lang", LANGUAGES)
def test_where_nothing_is_stored_the_page_says_so_and_gives_the_commands(process, lang):
    page = visit(lang)
    told = words(page)
    assert text("why.none", lang) in told and not charts(page)
    for command in ("explain baseline transition", "sensitivity --method sobol", "discover --future no_garment_sector"):
        assert f"garment-sim {command}" in told
    assert text("app.disclaimer", lang) in told
    assert process.given == [], "looking asks for nothing"


def test_the_command_asks_what_the_page_was_asked():
    assert FIRST.command == "garment-sim explain baseline transition"
    other = Question("status_quo", "transition", "employment[gender=women]", "2030")
    told = 'garment-sim explain status_quo transition --indicator "employment[gender=women]" --period 2030'
    assert other.command == told


def test_the_plan_of_the_page_is_a_part_of_the_commands():
    whole, few = why_job.plans("baseline", "transition")
    assert 4 <= len(few.pairs) <= len(whole.pairs) and few.pairs == whole.pairs[: len(few.pairs)]
    women = why_job.about(few, Question("baseline", "transition", "employment[gender=women]", "2033"))
    asked = (women.a, women.b, "employment[gender=women]", "2033", 0, len(few.pairs), 100, "groups")
    assert women.path(Store()) == Plan.of(*asked).path(Store())


# Something stored


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_stored_explanation_is_shown_with_words_charts_tables_and_log(process, lang):
    fill_why()
    _, found = explanation()
    page = visit(lang)
    told = words(page)
    assert found.text[lang] in told and text("why.none", lang) not in told
    assert len(charts(page)) == 3
    for name in CHARTS:
        assert finding(found, name, lang) in told
        assert text(f"why.key_{name}", lang, n=6) in told
    for key in found.levers["group"]:
        assert part_name(key, lang) in told
    assert text("explain.rule_automation_gap", lang) in told and text("explain.nobody", lang) in told
    assert told.count("<table") == 3


def test_an_indicator_without_mechanisms_says_so(process):
    question = Question("baseline", "transition", "exports", "2035")
    fill_why(question)
    page = visit(of="exports", year="2035")
    assert len(charts(page)) == 2 and text("explain.no_mechanisms", "en") in words(page)
    assert question.command in words(page)


def test_the_explanation_of_the_command_goes_before_that_of_the_page(process):
    plan, found = explanation()
    whole = why_job.plans("baseline", "transition")[0]
    fill_why()
    whole.keep(explanation(n=17)[1], Store())
    assert text("why.key_levers", "en", n=17) in words(visit())
    assert stored_explanation("baseline", "transition").difference["n"] == 17
    assert plan.stored(Store()).difference["n"] == found.difference["n"]


@pytest.mark.parametrize("cut", [100, 0, -40])
def test_a_damaged_file_counts_as_none(process, cut):
    path = fill_why()
    path.write_bytes(path.read_bytes()[:cut])
    assert text("why.none", "en") in words(visit())


def test_a_file_that_lacks_something_counts_as_none(process):
    path = fill_why()
    content = json.loads(path.read_text(encoding="utf-8"))
    del content["metadata"]["titles"]
    path.write_text(json.dumps(content), encoding="utf-8")
    assert text("why.none", "en") in words(visit())


# The address


def test_the_address_holds_the_choice_and_restores_it(process):
    page = visit("km", future="status_quo", **{"from": "transition"}, of="women_share", year="2031")
    assert [box.value for box in page.selectbox[:4]] == ["status_quo", "transition", "women_share", "2031"]
    page.selectbox[3].set_value("2040").run()
    assert "year" not in page.query_params and page.query_params["of"] == "women_share"
    page.selectbox[1].set_value("baseline").run()
    assert "from" not in page.query_params and not page.exception


def test_what_a_link_asks_for_in_vain_is_told_until_the_visitor_chooses(process):
    page = visit(future="transitoin", year="2024")
    told = words(page)
    assert "“transitoin”" in told and "“2024”" in told
    assert [box.value for box in page.selectbox[:4]] == ["transition", "baseline", "employment", "2040"]
    page.selectbox[3].set_value("2030").run()
    assert "transitoin" not in words(page)


def test_a_scenario_is_not_compared_with_itself(process):
    page = visit(future="baseline")
    assert text("why.same", "en") in words(page) and not page.button


# The job


def test_the_page_has_it_made_and_every_visitor_sees_the_same_job(process, workers):
    page = visit()
    next(b for b in page.button if b.label == text("why.make", "en")).click().run()
    assert not page.exception and [work for work, _, _ in process.given] == [why_job._listed]
    assert text("why.make", "en") not in [b.label for b in visit().button], "another visitor sees it run"
    requests = list(why_job.plans("baseline", "transition")[1].requests().values())[:6]
    process.given[0][2].set_result(requests)
    look = why_job.explainer().look(FIRST)
    assert (look.stage, look.progress.total) == ("running", 6)
    page.run()
    assert not page.exception
    workers.finish_all()
    assert why_job.explainer().look(FIRST).stage == "explaining"
    assert process.given[1][:2] == (why_job._explained, FIRST)
    fill_why()
    process.given[1][2].set_result("")
    page.run()
    assert not page.exception and len(charts(page)) == 3
    assert why_job.explainer().look(FIRST) is None and len(process.given) == 2


def test_a_cancelled_job_is_gone_and_what_is_finished_stays(process, workers):
    explainer = why_job.explainer()
    explainer.ask(FIRST)
    requests = list(why_job.plans("baseline", "transition")[1].requests().values())[:4]
    process.given[0][2].set_result(requests)
    explainer.look(FIRST)
    done = workers.finish()
    explainer.drop(FIRST)
    workers.finish_all()
    assert explainer.look(FIRST) is None and Store().path(done.key).is_file()
    assert len(workers.given) < len(requests) and jobs.service().state()["visitors_waiting"] == 0


def test_what_fails_is_told_in_a_line_and_can_be_tried_again(process, workers):
    explainer = why_job.explainer()
    page = visit()
    explainer.ask(FIRST)
    process.given[0][2].set_exception(BrokenProcessPool("it died"))
    page.run()
    assert text("why.failed", "en") in words(page) and "it died" in words(page)
    next(b for b in page.button if b.label == text("app.retry", "en")).click().run()
    assert not page.exception and len(process.given) == 2 and explainer.look(FIRST).stage == "listing"
    requests = list(why_job.plans("baseline", "transition")[1].requests().values())[:2]
    process.given[1][2].set_result(requests)
    explainer.look(FIRST)
    workers.finish_all(error="the table is full")
    assert explainer.look(FIRST).error == "the table is full"


def test_only_a_few_questions_are_taken_at_a_time(process, workers):
    explainer = why_job.explainer()
    questions = [Question("baseline", "transition", "employment", str(year)) for year in range(2030, 2031 + MOST)]
    for question in questions:
        explainer.ask(question)
    assert len(process.given) == MOST and explainer.full and explainer.look(questions[-1]) is None
    assert text("why.full", "en") in words(visit())
    process.given[0][2].set_exception(RuntimeError("planted"))
    assert not explainer.full, "one that failed makes room"


def test_the_process_makes_what_the_page_shows(monkeypatch):
    """The two pieces of work, in this process and with made-up runs."""
    monkeypatch.setattr(why_job, "RUNS", 8)
    monkeypatch.setattr(why_job, "LEAST_PAIRS", 2)
    monkeypatch.setattr("simulator.analysis.explain.execute", lambda request, track: made(request))
    question, store = Question("baseline", "status_quo", "exports", "2030"), Store()
    for request in why_job._listed(question, str(store.folder)):
        store.put(request, made(request))
    assert why_job._explained(question, str(store.folder)) == ""
    plan = why_job.about(why_job.plans("baseline", "status_quo")[1], question)
    assert plan.stored(store).difference["n"] == 2


# What it depends on


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("method", ["sobol", "morris"])
def test_stored_findings_are_told_in_sentences_with_charts(process, lang, method):
    fill_sensitivity(method)
    fill_discovery()
    page = visit(lang, of="exports")
    told = words(page)
    assert len(charts(page)) == 3 and "garment-sim sensitivity" not in told and "garment-sim discover" not in told
    assert text(f"why.key_{method}", lang) in told and text("why.key_box", lang) in told
    assert page.selectbox(key="sensitivity of exports").value == "exports"
    assert text("terms.no_garment_sector", lang) in told and text("why.stale", lang) not in told


def test_damaged_findings_count_as_none_and_an_older_good_one_is_shown(process):
    good = fill_sensitivity()
    os.utime(good / "about.json", (1, 1))
    bad = fill_sensitivity(seed=1)
    (bad / "sobol.parquet").write_bytes(b"PAR1 no more")
    box = fill_discovery() / "about.json"
    box.write_text(box.read_text("utf-8").replace('"worlds": 400,', ""), "utf-8")
    told = words(visit())
    assert text("why.key_sobol", "en") in told and text("why.discover_none", "en") in told
    (good / "about.json").write_text("{}", "utf-8")
    assert text("why.sensitivity_none", "en") in words(visit())


def test_findings_of_another_model_say_so(process):
    about = fill_sensitivity() / "about.json"
    content = json.loads(about.read_text("utf-8"))
    content["asked"]["model"] = "0.1+other"
    about.write_text(json.dumps(content), "utf-8")
    assert text("why.stale", "en") in words(visit())
