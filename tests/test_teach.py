"""Does the page for the projector lead from a prediction to its answer, and say what is missing?"""

from html import escape
from types import SimpleNamespace

import pytest
from made_up_lessons import fill, lived
from streamlit.testing.v1 import AppTest

from simulator.lessons import floor, prepare
from simulator.lessons.content import ORDER, lesson
from simulator.lessons.plan import WITH, WITHOUT, Plan
from simulator.panels import teach_parts, teach_runs
from simulator.store import Store
from simulator.texts import LANGUAGES, text

EMPTY = {
    "form": 1, "people": {}, "people_per_figure": 10, "first_step": 51, "steps_per_year": 4, "periods": ["2024Q4"],
    "stages": ["cut", "sew", "finish", "pack"], "jobs": ["operator", "technician", "engineer"],
    "factories": [{"row": 0, "tier": 0, "owner": 0, "brand": 0}],
    "variants": [{"id": name, "factories": [[{"open": 0}]]} for name in (WITHOUT, WITH)],
}  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home with everything the lessons need, made up."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GARMENT_SIM_HOME", str(folder))
        fill(Store(), Plan.of(), EMPTY)
        yield folder


@pytest.fixture(autouse=True)
def nothing_runs(monkeypatch):
    """No process is started, and none is remembered."""
    begun = []
    monkeypatch.setattr(teach_runs, "_running", begun)
    monkeypatch.setattr(
        teach_runs.subprocess, "Popen", lambda command, **_: SimpleNamespace(command=command, poll=lambda: None)
    )
    return begun


def script():
    from simulator.panels import teach

    teach.page()


def visit(lang="en", **query):
    page = AppTest.from_function(script, default_timeout=120)
    page.query_params["lang"] = lang
    for key, value in query.items():
        page.query_params[key] = value
    page.run()
    assert not page.exception
    return page


def words(page):
    return "\n".join(element.proto.body for element in page.get("html"))


def press(page, key):
    page.button(key=key).click().run()
    assert not page.exception


@pytest.mark.parametrize("lang", LANGUAGES)
def test_six_lessons_are_offered(home, lang):
    page = visit(lang)
    assert [button.key for button in page.button] == [f"start_{name}" for name in ORDER]
    for name in ORDER:
        assert lesson(name).title[lang] in words(page)
    assert text("app.khmer_pending", lang) in words(page)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_second_lesson_goes_from_prediction_to_answer_and_home(home, lang):
    page = visit(lang)
    press(page, "start_technicians")
    steps = lesson("technicians").steps
    for step in steps:
        assert step.title[lang] in words(page)
        if step.kind == "predict":
            assert page.button(key="on").disabled
            for group, choice in zip("ABC", ("rise", "fall", "hardly"), strict=True):
                chosen = page.get("button_group")
                key = f"predict_technicians_{step.ask}_{group}#"
                next(one for one in chosen if one.key.startswith(key)).set_value(choice).run()
            assert not page.exception and not page.button(key="on").disabled
        if step.kind == "reveal":
            assert text("teach.verdict_right", lang) in words(page) and text("teach.verdict_wrong", lang) in words(page)
            assert "<data value=" in words(page)
        press(page, "on")
    assert page.button(key="start_technicians").label


def test_a_prediction_is_still_there_when_a_room_goes_back_to_it(home):
    steps = lesson("technicians").steps
    at = next(i for i, step in enumerate(steps) if step.kind == "predict")
    page = visit(lesson="technicians", screen=str(at + 1))

    def answers():
        start = f"predict_technicians_{steps[at].ask}_"
        return [one for one in page.get("button_group") if one.key.startswith(start)]

    for place, choice in enumerate(("rise", "fall", "hardly")):
        answers()[place].set_value(choice).run()
    press(page, "on")
    assert not answers()
    press(page, "back")
    assert [one.value for one in answers()] == ["rise", "fall", "hardly"] and not page.button(key="on").disabled
    press(page, "home")
    press(page, "start_technicians")
    for _ in range(at):
        press(page, "on")
    assert [one.value for one in answers()] == [None, None, None], "the next room has predicted nothing"
    assert page.button(key="on").disabled


def test_an_address_opens_a_screen_and_a_wrong_one_the_list(home):
    assert lesson("delivery").steps[2].title["en"] in words(visit(lesson="delivery", screen="3"))
    assert lesson("delivery").steps[-1].title["en"] in words(visit(lesson="delivery", screen="99"))
    for query in ({"lesson": "nonsense"}, {"lesson": "../etc"}, {"part": "<b>"}):
        page = visit(**query)
        assert page.button(key=f"start_{ORDER[0]}")
        told = text("app.link_instead", "en", value=next(iter(query.values())), shown=text("teach.part_lessons", "en"))
        assert escape(told) in words(page)
        press(page, f"start_{ORDER[0]}")
        press(page, "home")
        assert escape(told) not in words(page)
    assert lesson("budget").steps[0].title["en"] in words(visit(lesson="budget", screen="-4"))


def test_missing_runs_are_told_and_made_when_asked_for(tmp_path, monkeypatch, nothing_runs):
    monkeypatch.setenv("GARMENT_SIM_HOME", str(tmp_path))
    page = visit()
    total = len({request.key for request in Plan.of().requests()}) + prepare.RECORDINGS
    assert text("teach.missing", "en", done=0, total=total) in page.get("progress")[0].proto.text
    assert page.code[0].value == "garment-sim lessons --prepare"
    page.button[0].click().run()
    assert not page.exception
    assert nothing_runs[0].command[2:5] == ["simulator", "lessons", "--prepare"]


def test_a_programme_is_judged_against_the_last_by_more_than_the_error(home):
    page = visit(lesson="budget", screen="4")
    assert not page.exception
    press(page, "enter_A")
    assert text("teach.budget_first", "en") in words(page)
    press(page, "enter_B")
    assert text("teach.budget_within", "en") in words(page), "the same programme is no better"
    page.slider(key="lever_skills.training_seats#0").set_value(100_000.0).run()
    assert page.button(key="enter_A").disabled and page.warning
    assert teach_parts.judged(-900.0, -100.0, 200.0, highest=False) == "beats"
    assert teach_parts.judged(-900.0, -100.0, 200.0, highest=True) == "worse"


def test_the_other_parts_are_drawn(home):
    page = visit()
    for part, said in (
        ("ladder", text("teach.ladder_effects", "en")),
        ("quiz", text("teach.quiz_empty", "en")),
        ("floor", text("teach.floor_help", "en")),
        ("pack", text("teach.pack_intro", "en")),
    ):
        page.get("button_group")[1].set_value(part).run()
        assert not page.exception
        assert escape(said) in words(page)
    page.get("button_group")[1].set_value("quiz").run()
    page.number_input(key="hands_0_before_fall#0").set_value(3).run()
    assert text("teach.quiz_later", "en") in words(page) and "/ 3" not in words(page), "the answer was given away"
    assert text("teach.quiz_counted", "en", n="3") in words(page)
    page.number_input(key="hands_0_after_fall#0").set_value(3).run()
    assert "3 / 3" in words(page)


def test_the_address_keeps_the_part_that_is_shown(home):
    page = visit(part="quiz")
    assert text("teach.quiz_empty", "en") in words(page)
    page.get("button_group")[1].set_value("ladder").run()
    assert page.query_params["part"] in ("ladder", ["ladder"])
    page.get("button_group")[1].set_value("lessons").run()
    assert "part" not in page.query_params


def test_a_damaged_file_counts_as_missing(home):
    plan = Plan.of()
    teach_runs._loaded.clear()
    file = floor.path(plan)
    whole = file.read_bytes()
    file.write_bytes(b"{")
    page = visit()
    assert page.get("progress"), "one recording is missing"
    file.write_bytes(whole)
    assert lived()["people"] and not visit().get("progress")
