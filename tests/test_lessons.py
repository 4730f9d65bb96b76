"""Are the lessons whole in both languages, and does every number in them come from runs?"""

import csv
import io
import re
import string
import unicodedata
from pathlib import Path

import numpy as np
import pytest
import yaml
from made_up_lessons import WAYS, fill, lived, made

import simulator.lessons
from simulator.cli import main
from simulator.lessons import emulator, floor, lives, pack, pocket, quiz
from simulator.lessons.content import ORDER, Answers, lesson, lessons, pairs_of
from simulator.lessons.findings import Runs, compared, find
from simulator.lessons.plan import LEVERS, SHIPPED, WITH, WITHOUT, Plan, design, scenario, variants
from simulator.store import Store
from simulator.texts import LANGUAGES, ZERO_WIDTH_SPACE

FOLDER = Path(simulator.lessons.__file__).parent
FILES = sorted(FOLDER.glob("*.yaml"))
TEXTS = [
    pytest.param(pair, id=f"{path.stem}{where}")
    for path in FILES
    for where, pair in pairs_of(yaml.safe_load(path.read_text(encoding="utf-8")))
]
SMALL = Plan(((-1, 0), (-1, 1), (-1, 2)), 1000)


@pytest.fixture(scope="module")
def recording():
    """Two more years of a few factories, really run."""
    without, with_ = (Plan(SMALL.pairs, 1000, 2026).request(scenario(name), -1, 0) for name in (WITHOUT, WITH))
    return floor.record(without, with_)


@pytest.fixture(scope="module")
def home(tmp_path_factory, recording):
    """A home in which everything is there."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GARMENT_SIM_HOME", str(folder))
        fill(Store(), SMALL, recording)
        yield folder


@pytest.fixture(scope="module")
def runs(home):
    loaded = Runs.load(SMALL, Store())
    assert loaded is not None
    return loaded


# ---- texts


def placeholders(template):
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


@pytest.mark.parametrize("pair", TEXTS)
def test_every_text_is_there_in_both_languages_and_holds_no_result(pair):
    assert set(pair) == set(LANGUAGES)
    assert placeholders(pair["en"]) == placeholders(pair["km"])
    for lang, words in pair.items():
        assert words.strip() == words != "" and words == unicodedata.normalize("NFC", words)
        bare = re.sub(r"\{[^}]*\}", "", words)
        assert set(re.findall(r"\d+", bare)) <= {"0", "100"} | {str(year) for year in range(2012, 2041)}, lang
    assert pair["en"].count("\n") == pair["km"].count("\n")


@pytest.mark.parametrize("pair", TEXTS)
def test_khmer_lines_can_break_and_words_stay_whole(pair):
    mark, words = ZERO_WIDTH_SPACE, re.sub(r"\{[^}]*\}", "0", pair["km"])
    assert not re.search(f"{mark}[{mark} ។៖»?)]|[ «(]{mark}|^{mark}|{mark}$", words, re.M)
    assert not re.search(f"{mark}[\u17b4-\u17d3\u17dd]|\u17d2{mark}", words)
    assert not re.search(" ។| ៖|  |[\u17e0-\u17e9]", words)
    longest = max(len(re.findall("[\u1780-\u17b3]", piece)) for piece in re.split(f"[{mark} \n]", words))
    assert longest <= 20, "no line can break here"


def test_a_lesson_takes_ten_to_fifteen_minutes_and_asks_before_it_answers():
    assert [one.id for one in lessons()] == list(ORDER)
    for one in lessons():
        assert 10 <= one.minutes <= 15, one.id
        kinds = [step.kind for step in one.steps]
        assert kinds[0] == "idea" and kinds[-1] == "why" and kinds.count("predict") == kinds.count("reveal") >= 1
        waiting = None
        for step in one.steps:
            if step.kind == "predict":
                assert waiting is None, "the last question has not been answered"
                waiting = step.ask
            if step.kind == "reveal":
                assert step.ask == waiting
                waiting = None


def test_a_scenario_of_a_lesson_differs_in_what_the_lesson_is_about_and_in_nothing_else():
    def differs(a, b):
        names = set(scenario(a).settings) | set(scenario(b).settings)
        return {name for name in names if scenario(a).steps(name) != scenario(b).steps(name)}

    assert differs(WITH, WITHOUT) == {"skills.training_seats", "skills.technician_share"}
    assert differs("lesson_self_paced", "lesson_on_site") == {"skills.self_paced_share"}
    assert differs("lesson_operators", "lesson_technicians") == {"skills.technician_share"}
    for name in variants():
        assert scenario(name).start == "2025Q1"


# ---- numbers


def test_a_finding_is_what_the_pairs_say():
    a, b = np.array([10.0, 12.0, 14.0, 9.0]), np.array([9.0, 13.0, 11.0, 8.0])
    found = compared(a, b, "persons")
    assert (found.n, found.level, found.before, found.difference) == (4, 11.0, 10.0, 1.0)
    assert found.share == 0.75 and found.case == "cannot_tell"
    assert compared(b + 1, b, "persons").case == "rise"
    assert compared(b * 1.001, b, "persons").case == "hardly"
    assert "percentage points" in compared(b / 100 + 0.05, b / 100, "share").words("en")["difference"]


def test_who_finishes_is_found_again_from_seats_paid_and_people_reskilled(runs):
    for way, part in WAYS.items():
        assert find(runs, "finished_of_100", f"lesson_{way}", f"lesson_{way}").level == pytest.approx(100 * part)
    price = find(runs, "price_of_graduate", "lesson_facilitated", "lesson_facilitated").level
    assert price == pytest.approx(700 * 1.15 / 0.85)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_screen_has_words_for_every_case(runs, lang):
    for one in lessons():
        answers = Answers.of(one, runs)
        for step in one.steps:
            for pair in (step.text, *step.cases.values()):
                told = answers.told(pair, lang)
                assert "{" not in told and "nan" not in told
        for name in one.asks:
            assert all(words and "{" not in words for words in answers.result(name, lang))


def test_predictions_are_judged_by_the_runs(runs):
    two = Answers.of(lesson("technicians"), runs)
    assert two.findings["jobs"].case == "fall"
    assert two.right("jobs", "fall") is True and two.right("jobs", "rise") is False
    four = Answers.of(lesson("delivery"), runs)
    assert [four.right("finish", guess, [10.0, 40.0]) for guess in (10.0, 40.0)] == [True, False]
    assert four.right("cheapest", "lesson_facilitated") is True
    one = Answers.of(lesson("machines"), runs)
    assert one.findings["exports"].case == "cannot_tell" and one.right("exports", "rise") is None


def test_a_missing_or_damaged_run_is_no_answer(home):
    for file, load in (
        (Store().path(SMALL.requests()[7].key), lambda: Runs.load(SMALL, Store())),
        (floor.path(SMALL), lambda: floor.load(SMALL)),
        (lives.path(SMALL), lambda: lives.load(SMALL)),
    ):
        whole = file.read_bytes()
        file.write_bytes(whole[: len(whole) // 2])
        assert load() is None
        file.unlink()
        assert load() is None
        file.write_bytes(whole)


# ---- the emulator


def test_the_emulator_finds_a_planted_rule_and_owns_up_to_noise():
    table = np.stack([emulator.terms(levers) for levers in design()])
    rule = np.linspace(-3, 4, table.shape[1])
    found, error = emulator.fitted(table, table @ rule)
    assert error < 0.05 and table @ found == pytest.approx(table @ rule, abs=0.1)
    noise = np.random.default_rng(1).normal(0, 2.0, len(table))
    _, error = emulator.fitted(table, table @ rule + noise)
    assert 1.6 < error < 3.5


def test_the_design_fills_the_ranges_of_the_levers():
    for name, (low, high) in LEVERS.items():
        values = [levers[name] for levers in design()]
        assert low <= min(values) < low + 0.1 * (high - low) and high - 0.1 * (high - low) < max(values) <= high


def test_what_a_programme_costs_is_what_the_budget_of_the_model_counts(runs):
    levers = {"skills.training_seats": 10_000.0, "skills.technician_share": 0.5, "skills.training_months": 6.0,
              "skills.self_paced_share": 0.5, "skills.training_relevance": 0.5}  # fmt: skip
    assert emulator.cost(levers) == pytest.approx(10_000 * 700 * 1.15 * 0.65 / 1e6)
    assert emulator.cost(levers | {"skills.training_relevance": 1.0}) - emulator.cost(levers) == pytest.approx(3.0)
    fitted = emulator.Emulator.fit(runs)
    more, fewer = (fitted.effect(levers | {"skills.training_seats": seats}) for seats in (80_000.0, 1_000.0))
    assert more["technicians"] > fewer["technicians"] and more["displaced"] < fewer["displaced"]


# ---- floor and lives


def test_the_floor_shows_the_factory_of_the_run(recording):
    assert recording["periods"][0] == "2024Q4" and len(recording["periods"]) == 9
    assert all(len(v["factories"]) == len(recording["factories"]) >= 1 for v in recording["variants"])
    before = [variant["factories"][0][0] for variant in recording["variants"]]
    assert before[0] == before[1], "nothing differs before the programme begins"
    for variant in recording["variants"]:
        for quarters in variant["factories"]:
            for quarter in filter(lambda q: q["open"], quarters):
                assert all(name in recording["people"] for name, *_ in quarter["staff"])
                assert all((stage >= 0) == (job == 0) for _, job, _, _, _, stage in quarter["staff"])
                assert all(w <= m + 1e-9 for m, w in zip(quarter["machines"], quarter["working"], strict=True))
                assert 0 <= floor.stopped(quarter, np.array([0.12, 0.6, 0.15, 0.13])) <= 1


def test_operators_stay_at_their_stage_while_there_is_work():
    names = [str(i) for i in range(20)]
    hands = np.array([1.0, 5.0, 2.0, 2.0])
    first = floor.places(names, hands, {})
    assert [list(first.values()).count(s) for s in range(4)] == [2, 10, 4, 4]
    second = floor.places(names[1:], hands, first)
    assert sum(first[name] != second[name] for name in names[1:]) <= 2


def test_lives_are_told_from_what_was_followed():
    from types import SimpleNamespace

    periods = tuple(f"{y}Q{q}" for y in range(2024, 2041) for q in range(1, 5))[3:]
    steps = len(periods)
    names = np.repeat([["a", "b"]], steps, axis=0).ravel()
    state = np.ones((steps, 2), int)
    state[10:12, 1], state[12:, 1] = 2, 0
    job = np.where(state == 1, 1, 0)
    job[40:, 0] = 2
    people = {
        "period": np.repeat(np.arange(steps), 2), "person": names, "state": state.ravel(), "job": job.ravel(),
        "wage": np.full(2 * steps, 300.0), "gender": np.zeros(2 * steps, int), "age": np.full(2 * steps, 25.0),
        "education": np.ones(2 * steps, int),
    }  # fmt: skip
    found = lives.courses(SimpleNamespace(people=people, periods=periods))
    assert lives.tally(found) == {"people": 2, "still": 1, "skilled": 1, "laid_off": 1, "course": 0}
    assert found["state"][1, -1] == lives.OUTSIDE and found["state"][0, -1] == lives.TECHNICIAN
    chosen = lives.choose(dict.fromkeys(SHIPPED, found))
    assert [person["age"] for person in chosen] == [25, 25]


# ---- what is learned


def test_hands_are_counted_and_nobody_is_named(runs):
    right = {i: one.right(runs) for i, one in enumerate(quiz.questions())}
    hands = {(0, "before", "fall"): 4, (0, "before", "rise"): 16, (0, "after", "fall"): 15, (0, "after", "rise"): 5}
    assert right[0] == "fall"
    assert quiz.score(hands, "before", right) == (4, 20) and quiz.score(hands, "after", right) == (15, 20)
    content = quiz.table(hands, right, "km")
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert set(rows[0]) == {"question", "text", "when", "answer", "hands", "holds"}
    assert sum(int(row["hands"]) for row in rows) == 40
    assert len(rows) == 2 * sum(len(one.about.options) for one in quiz.questions())


# ---- what is printed and taken along


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_number_of_the_pack_is_that_of_the_runs(runs, lang):
    html = pack.html(runs, lived(), lang)
    printed = [float(found) for found in re.findall(r'<data value="([^"]+)"', html)]
    expected = set()
    for one in lessons():
        for table in one.tables.values():
            for indicator, group in table.rows:
                for name in table.of:
                    found = find(runs, indicator, name, table.of[0], group)
                    expected |= {f"{found.level:.10g}", f"{found.difference:.10g}"}
    from simulator.lessons.ladder import EFFECTS

    for indicator, group in EFFECTS.rows:
        for name in EFFECTS.of:
            found = find(runs, indicator, name, EFFECTS.of[0], group)
            expected |= {f"{found.level:.10g}", f"{found.difference:.10g}"}
    shares = {f"{count / 70:.10g}" for count in (30, 5, 12, 4)}
    assert len(printed) > 100
    assert {f"{value:.10g}" for value in printed} <= expected | shares
    for one in lessons():
        answers = Answers.of(one, runs)
        for step in one.steps:
            if step.kind == "reveal":
                assert pieces_escape(answers.result(step.ask, lang)[0]) in html
    assert html.count('<article class="screenplay') == sum(len(one.steps) for one in lessons())
    assert not re.search(r"https?://", html.replace("http://www.w3.org", ""))


def pieces_escape(words):
    from html import escape

    return escape(words)


def test_files_to_take_along_ask_nothing_of_the_network(runs, recording):
    for html in (pocket.html(runs, emulator.Emulator.fit(runs)), pocket.floor_page(recording)):
        assert "default-src 'none'" in html and not re.search(r"(src|href)=\"(?!data:|#)", html)
        assert not re.search(r"https?://", html)
        for lang in LANGUAGES:
            assert f'data-to="{lang}"' in html


@pytest.mark.parametrize(
    "words, code, told",
    [
        (["lessons", "--draws", "0"], 2, "not a whole number"),
        (["lessons", "--out"], 2, "expected one argument"),
        (["lessons", "--lang", "fr"], 2, "fr"),
        (["lessons", "--draws", "100000"], 3, "draws is 100000"),
        (["lesson"], 2, "nearest: lessons"),
    ],
)
def test_what_the_command_cannot_do_is_told_in_a_line(words, code, told, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("GARMENT_SIM_HOME", str(tmp_path))
    try:
        ended = main(words)
    except SystemExit as end:
        ended = end.code
    said = capsys.readouterr().err
    assert ended == code and told in said and "Traceback" not in said


def test_the_command_writes_what_was_asked_for_from_what_is_there(home, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("GARMENT_SIM_HOME", str(home))
    few = ["--people-per-agent", "1000"]
    monkeypatch.setattr("os.nice", lambda by: by)
    assert main(["lessons", "--prepare", *few]) == 0
    files = ["--out", str(tmp_path / "out"), "--lang", "km", "--pocket", str(tmp_path / "stick.html")]
    assert main(["lessons", *few, *files]) == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "facilitator-km.html", "floor.html", "pocket.html",
    ]  # fmt: skip
    assert (tmp_path / "stick.html").stat().st_size < 1_000_000
    assert capsys.readouterr().out.count("\n") == 4


def test_made_up_runs_are_of_the_requests():
    request = SMALL.designed[0]
    assert made(request).metadata["run_id"] == request.run_id
