"""Does the page do what a visitor asks, say what it does not do, and keep nothing from the address to itself?"""

import re
import time
from pathlib import Path

import pytest
import yaml
from made_up import fill
from served import Workers
from streamlit.testing.v1 import AppTest

from simulator import outcome
from simulator.headlines import base_title
from simulator.levers import SIMPLE
from simulator.link import from_address, to_address
from simulator.panels import jobs, state, try_it
from simulator.posterior import is_shipped
from simulator.scenario import START
from simulator.store import Store
from simulator.texts import LANGUAGES, catalogue, text
from simulator.trial import Trial

SUBSIDY, WAGES, SEATS = "automation.subsidy", "wages.minimum_wage_growth", "skills.training_seats"


def script():
    from simulator.panels import state, try_it

    state.read_address()
    try_it.page()


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("GARMENT_SIM_HOME", str(tmp_path))
    for cached in (try_it._load, try_it._cards, try_it._drawn):
        cached.clear()
    outcome._results.clear()
    return tmp_path


@pytest.fixture
def workers(monkeypatch):
    told = Workers()
    monkeypatch.setattr(jobs, "_service", jobs.Service(2, told.process))
    return told


def visit(**address):
    page = AppTest.from_function(script, default_timeout=60)
    for key, value in address.items():
        page.query_params[key] = value
    page.run()
    assert not page.exception
    return page


def words(page):
    return "\n".join(element.proto.body for element in page.get("html"))


def charts(page):
    return page.get("arrow_vega_lite_chart") or page.get("vega_lite_chart")


def widget(page, kind, name):
    """The slider (``slide``) or typed value (``type``) of a lever."""
    found = page.slider if kind == "slide" else page.number_input
    return next(one for one in found if one.key.startswith(f"{kind}_{name}#"))


def move(page, name, value, kind="slide"):
    widget(page, kind, name).set_value(value).run()
    assert not page.exception


def press(page, key):
    page.button(key=key).click().run()
    assert not page.exception


def trial(page):
    found = {key: page.query_params[key] for key in ("s", "v") if key in page.query_params}
    found = {key: value[0] if isinstance(value, list) else value for key, value in found.items()}
    return from_address(found)[0] or Trial()


def test_levers_are_moved_by_slider_or_by_typing_and_both_agree(workers):
    page = visit()
    move(page, SUBSIDY, 20.0)
    assert widget(page, "type", SUBSIDY).value == 20.0
    move(page, SUBSIDY, 25.0, "type")
    assert widget(page, "slide", SUBSIDY).value == 25.0
    assert trial(page).settings == {SUBSIDY: {START: 0.25}}


def test_every_drawing_says_where_a_lever_stands_for_the_browser_may_have_missed_the_last(workers):
    page = visit(**to_address(Trial().with_steps(SUBSIDY, {START: 0.2})))
    for _ in range(2):
        assert [widget(page, "type", SUBSIDY).proto.default, *widget(page, "slide", SUBSIDY).proto.default] == [20, 20]
        page.run()


def test_an_address_that_the_browser_reports_late_takes_nothing_back(workers, monkeypatch):
    page = visit()
    move(page, SUBSIDY, 20.0)
    before = dict(page.query_params)
    move(page, WAGES, 2.0)
    for passed, levers in ((0, {SUBSIDY, WAGES}), (10, {SUBSIDY})):
        monkeypatch.setattr(state, "monotonic", lambda passed=passed: time.monotonic() + passed)
        for key, value in before.items():
            page.query_params[key] = value
        page.run()
        assert set(trial(page).settings) == levers


def test_three_levers_undo_redo_and_reset(workers):
    page = visit()
    for name, value in ((SUBSIDY, 20.0), (WAGES, 2.0), (SEATS, 50_000.0)):
        move(page, name, value)
    assert set(trial(page).settings) == {SUBSIDY, WAGES, SEATS}
    press(page, "undo")
    press(page, "undo")
    assert trial(page).settings == {SUBSIDY: {START: 0.2}}
    assert widget(page, "slide", WAGES).value == 3.5
    press(page, "redo")
    assert set(trial(page).settings) == {SUBSIDY, WAGES}
    press(page, f"reset_{SUBSIDY}")
    assert set(trial(page).settings) == {WAGES}
    press(page, "all_reset")
    assert trial(page) == Trial() and "s" not in page.query_params
    press(page, "undo")
    assert set(trial(page).settings) == {WAGES}, "even that can be undone"


def test_a_value_that_a_vanished_widget_still_reports_moves_nothing(workers):
    page = visit()
    old = widget(page, "slide", SUBSIDY).key
    move(page, SUBSIDY, 30.0, "type")
    assert widget(page, "slide", SUBSIDY).key != old
    page.session_state["asked"] = old

    def late():
        from simulator.panels import levers, state

        state.read_address()
        levers._move("automation.subsidy", state.st.session_state["asked"])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(try_it, "page", lambda: None)
        again = AppTest.from_function(late, default_timeout=60)
        again.session_state["asked"] = old
        again.session_state[old] = 0.0
        again.session_state["turns_of_widgets"] = {f"slide_{SUBSIDY}": (1, 30.0)}
        again.session_state["trial"] = trial(page)
        again.run()
    assert not again.exception
    assert again.session_state["trial"].settings == {SUBSIDY: {START: 0.3}}


def test_a_link_restores_scenario_language_and_view(workers):
    page = visit(lang="km", view="expert", group="skills", **{"with": "transition"})
    move(page, SEATS, 50_000.0)
    address = {key: page.query_params[key] for key in page.query_params}
    address = {key: value[0] if isinstance(value, list) else value for key, value in address.items()}
    again = visit(**address)
    assert trial(again) == trial(page) and widget(again, "slide", SEATS).value == 50_000.0
    assert again.session_state["edition"] == "expert" and again.session_state["against"] == "transition"
    assert again.title[0].value == text("app.page_try_it", "km")


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(
    "address",
    [
        {"s": "baseline~automation.subsidy~0.2", "v": "0~000000000000"},
        {"s": "baseline~automation.subsidy~0.9", "v": "0~000000000000"},
        {"s": "<script>alert(1)</script>", "v": "0~000000000000"},
        {"s": "baseline"},
    ],
)
def test_a_damaged_link_is_said_and_changes_nothing(workers, address, lang):
    page = visit(lang=lang, **address)
    assert 'role="alert"' in words(page) and "<script>alert" not in words(page)
    assert widget(page, "slide", SUBSIDY).value == 0.0
    move(page, SUBSIDY, 10.0)
    assert 'class="pending" role="alert"' not in words(page), "a change of one's own is no longer the link's"


def test_results_come_as_they_are_made_and_old_ones_are_marked(workers):
    page = visit()
    assert text("try.waiting", "en") in words(page) and not charts(page)
    workers.finish_all()
    page.run()
    assert len(charts(page)) == 2
    whole = text("try.whole", "en", n=len(outcome.Question(Trial()).band))
    assert whole in words(page)
    move(page, SUBSIDY, 20.0)
    assert text("try.earlier", "en") in words(page) and 'class="stale"' in words(page)
    assert text("try.pending_best", "en") in words(page)
    while outcome.Question(trial(page)).pairs(Store()) is None:
        workers.finish()
    page.run()
    assert text("try.earlier", "en") not in words(page)
    assert text("try.card_band_pending", "en") in words(page)
    assert text("try.note_best", "en") in words(page)
    workers.finish_all()
    page.run()
    assert whole in words(page) and text("try.card_band_pending", "en") not in words(page)


def test_runs_can_be_stopped_and_go_on(workers):
    page = visit()
    press(page, "cancel")
    assert text("try.stopped", "en", n=0, total=len(outcome.Question(Trial()).band)) in words(page)
    assert jobs.service().state()["visitors_waiting"] == 0
    press(page, "go_on")
    assert jobs.service().state()["visitors_waiting"] == 1
    move(page, SUBSIDY, 20.0)
    press(page, "cancel")
    move(page, SUBSIDY, 30.0)
    assert jobs.service().state()["visitors_waiting"] == 1, "another scenario is another question"


def test_a_view_that_there_is_not_is_told_until_another_is_chosen(workers):
    page = visit(view="best", **{"with": "nobody"})
    instead = (("best", text("try.edition_simple", "en")), ("nobody", base_title("baseline", "en")))
    told = [text("app.link_instead", "en", value=value, shown=shown) for value, shown in instead]
    assert all(one in words(page) for one in told)
    page.selectbox(key="against").set_value("transition").run()
    assert told[0] in words(page) and told[1] not in words(page)


def test_the_trial_is_held_against_any_shipped_scenario(workers):
    page = visit()
    move(page, SUBSIDY, 20.0)
    workers.finish_all()
    page.selectbox(key="against").set_value("high_tech_high_skills").run()
    workers.finish_all()
    page.run()
    assert not page.exception
    assert "“High tech with high skills”" in re.sub(r"<[^>]+>", "", words(page))


def test_a_trial_starts_from_any_shipped_scenario(workers):
    page = visit()
    next(box for box in page.selectbox if box.key.startswith("base#")).set_value("transition").run()
    assert trial(page) == Trial("transition")
    assert widget(page, "slide", SUBSIDY).value == 25.0
    move(page, SUBSIDY, 25.0)
    assert trial(page) == Trial("transition")


def test_the_expert_sets_steps_in_time(workers):
    page = visit(view="expert", group="automation")
    page.selectbox(key="step_period").set_value("2030Q1")
    page.number_input(key=f"step_value_{SUBSIDY}").set_value(40.0).run()
    next(b for b in page.button if b.label == text("try.step_add", "en")).click().run()
    assert trial(page).settings == {SUBSIDY: {START: 0.0, "2030Q1": 0.4}}
    move(page, SUBSIDY, 10.0)
    assert trial(page).settings == {SUBSIDY: {START: 0.1, "2030Q1": 0.4}}, "a later step stays"
    press(page, f"drop_{SUBSIDY}_2030Q1")
    assert trial(page).settings == {SUBSIDY: {START: 0.1}}


def test_a_change_that_contradicts_another_is_refused_in_words(workers):
    page = visit(view="expert", group="skills")
    move(page, "skills.self_paced_share", 80.0)
    assert "at most 1 together" in words(page) and text("try.refused", "en") in words(page)
    assert trial(page) == Trial() and widget(page, "slide", "skills.self_paced_share").value == 0.0


def test_a_file_is_read_or_refused_in_the_words_of_the_command_line(workers):
    page = visit()
    box = page.get("file_uploader")[0]
    box.upload("mine.yaml", b"schema_version: 1\ntitle: x\nset:\n  automation.subsidi: 0.9\n", "application/yaml").run()
    assert "mine.yaml, line 4: automation.subsidi is not a known name; nearest: automation.subsidy" in words(page)
    assert trial(page) == Trial()
    good = Trial("transition").with_steps(SUBSIDY, {START: 0.4})
    page = visit()
    box = page.get("file_uploader")[0]
    box.upload("mine.yaml", good.to_yaml().encode(), "application/yaml").run()
    assert not page.exception and trial(page) == good


def test_what_was_tried_is_listed_with_its_results_and_can_be_taken_again(workers):
    page = visit()
    workers.finish_all()
    page.run()
    move(page, SUBSIDY, 20.0)
    workers.finish_all()
    page.run()
    table = next(body for body in (e.proto.body for e in page.get("html")) if text("try.history_table", "en") in body)
    assert "Subsidy on automation machines: 20%" in table and table.count('scope="rowgroup"') == 2
    page.selectbox(key="history_again").set_value(0).run()
    press(page, "history_go")
    assert trial(page) == Trial()


def test_both_editions_show_the_same_scenario(workers):
    page = visit()
    assert {s.key.partition("#")[0] for s in page.slider} == {f"slide_{name}" for name in SIMPLE}
    move(page, SUBSIDY, 20.0)
    page.session_state["edition"] = "expert"
    page.session_state["group"] = "automation"
    page.run()
    assert widget(page, "slide", SUBSIDY).value == 20.0


def test_khmer_shows_no_english_of_the_catalogue(workers):
    page = visit(lang="km")
    workers.finish_all()
    page.run()
    shown = words(page) + "".join(s.label for s in page.slider) + "".join(b.label for b in page.button)
    english = catalogue("en")
    for key in english:
        if key.startswith(("try.", "parameters.")) and "{" not in english[key] and len(english[key]) > 14:
            assert english[key] not in shown, key


def test_the_scenario_at_hand_is_there_for_other_pages(workers):
    def other():
        import streamlit as st

        from simulator.panels import state

        state.read_address()
        st.write(str(state.scenario_at_hand() and state.scenario_at_hand().value("automation.subsidy", "2030Q1")))

    page = visit()
    move(page, SUBSIDY, 20.0)
    again = AppTest.from_function(other)
    for key in ("s", "v"):
        again.query_params[key] = page.query_params[key]
    assert again.run().markdown[0].value == "0.2"
    assert AppTest.from_function(other).run().markdown[0].value == "None"


def test_the_first_page_needs_no_run_that_this_page_does_not_share(workers):
    fill(Store())
    visit()
    asked = {request.draw for request, _ in workers.given}
    assert asked <= {-1} or not is_shipped()


def test_settings_keep_the_app_to_itself():
    folder = Path(__file__).resolve().parents[1]
    config = (folder / ".streamlit/config.toml").read_text(encoding="utf-8")
    for line in ("gatherUsageStats = false", 'showErrorDetails = "none"', "maxUploadSize = 5", 'address = "localhost"'):
        assert line in config
    assert yaml.safe_load(Trial().to_yaml())["based_on"] == "baseline"
    assert state.KEYS == ("s", "v")
