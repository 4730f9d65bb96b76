"""Do good scenario files load, are bad ones refused with line and way out, does history stay as it was?"""

import copy
import json
import pickle
from dataclasses import FrozenInstanceError, asdict
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import yaml

from simulator.parameters import PARAMETERS, SHOCKS, Parameters
from simulator.scenario import (
    Scenario,
    ScenarioError,
    check_file,
    json_schema,
    load_scenario,
    scenario_ids,
    template,
)

SHIPPED = sorted((Path(__file__).resolve().parents[1] / "scenarios").glob("*.yaml"))
NAMED = ("status_quo", "no_garment_sector", "transition", "high_tech_high_skills")
HEAD = "schema_version: 1\ntitle: {en: Trial, km: សាកល្បង}\n"  # so that what follows starts in line 3


@pytest.fixture
def write(tmp_path):
    """Writes a file and returns its path; texts without a head of their own get one."""

    def write(body: str | bytes, name: str = "trial.yaml", head: str = HEAD) -> Path:
        path = tmp_path / name
        path.write_bytes(body if isinstance(body, bytes) else (head + body).encode())
        return path

    return write


def refusal(path) -> ScenarioError:
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path)
    assert "\n" not in str(caught.value)
    return caught.value


# Shipped files


def test_shipped_scenarios_load_in_their_order_with_words_in_both_languages():
    assert scenario_ids() == ("baseline", *NAMED)
    for path in SHIPPED:
        scenario = load_scenario(path.stem)
        assert scenario.id == path.stem and scenario == load_scenario(path)
        assert all(scenario.title.values()) and all(scenario.question.values())
        assert scenario.title["km"] != scenario.title["en"] and "\u200b" not in scenario.title["en"]
        assert scenario.sources == ("seed",) and scenario.start == "2025Q1"
        check_file(path)


def test_calibration_names_every_fitted_number():
    fitted = [name for name, parameter in PARAMETERS.items() if parameter.kind == "fitted"]
    assert sorted(load_scenario("calibrated").own_settings) == sorted(fitted)


@pytest.mark.parametrize("name", NAMED)
def test_named_scenarios_differ_from_the_baseline_by_levers_and_world_alone(name):
    scenario, baseline = load_scenario(name), load_scenario("baseline")
    assert scenario.based_on == "baseline" and scenario.own_settings
    assert all(PARAMETERS[n].from_ == "start" for n in scenario.own_settings)
    always = {n for n in PARAMETERS if PARAMETERS[n].from_ == "always"}
    assert all(scenario.steps(n) == baseline.steps(n) for n in always)


@pytest.mark.parametrize("steps_per_year", [4, 12])
@pytest.mark.parametrize("name", NAMED)
def test_no_scenario_reaches_into_history(name, steps_per_year):
    ours, base = (load_scenario(n).paths(steps_per_year) for n in (name, "baseline"))
    until = (2025 - 2012) * steps_per_year
    for kind in ("raw", "effective"):
        for number in PARAMETERS:
            before = [getattr(paths, kind)[number][:until] for paths in (ours, base)]
            np.testing.assert_array_equal(*before, err_msg=f"{kind} {number}")
    assert all(ours.parameters(i) == base.parameters(i) for i in range(until))
    assert ours.parameters(until) != base.parameters(until)


def test_settings_of_the_design_are_those_in_force():
    scenario = load_scenario("no_garment_sector")
    assert scenario.value("automation.interest_rate", "2024Q4") == 0.10
    assert scenario.value("automation.interest_rate", "2025Q1") == 0.16
    assert scenario.value("trade.us_preference", "2040Q4") == -0.8
    baseline = load_scenario("baseline")
    preference = [baseline.value("trade.eu_preference", q) for q in ("2020Q2", "2020Q3", "2032Q4", "2033Q1")]
    assert preference == [1.0, 0.8, 0.8, 0.2]
    kept = load_scenario("high_tech_high_skills")
    assert [kept.value("trade.eu_preference", q) for q in ("2024Q4", "2025Q1", "2033Q1")] == [0.8, 1.0, 1.0]


# What a file may say


def test_a_bare_number_holds_from_the_start_of_the_file_and_steps_from_their_dates(write):
    path = write(
        "based_on: baseline\nstart: 2026Q1\nset:\n  automation.subsidy: 0.2\n"
        "  skills.training_seats: {2028Q1: 4.5e4, 2027Q1: 20000}\n  labour.force: 2.5e+6\n"
    )
    scenario = load_scenario(path)
    assert scenario.start == "2026Q1" and scenario.based_on == "baseline" and scenario.id == "trial"
    assert [scenario.value("automation.subsidy", q) for q in ("2025Q4", "2026Q1", "2040Q4")] == [
        0.0,
        0.2,
        0.2,
    ]
    seats = [scenario.value("skills.training_seats", q) for q in ("2026Q4", "2027Q1", "2027Q4", "2028Q1")]
    assert seats == [8_000, 20_000, 20_000, 45_000]
    assert scenario.value("labour.force", "2012Q1") == 2_500_000  # no lever: it holds for the whole run
    assert scenario.own_settings["skills.training_seats"] == {"2027Q1": 20_000, "2028Q1": 45_000}


def test_a_child_takes_over_from_its_first_step_on(write):
    write("set:\n  automation.subsidy: {2026Q1: 0.1, 2030Q1: 0.4}\n  energy.price: 0.12\n", "parent.yaml")
    child = load_scenario(write("based_on: parent\nset:\n  automation.subsidy: {2028Q1: 0.3}\n", "child.yaml"))
    assert child.settings["automation.subsidy"] == {"2026Q1": 0.1, "2028Q1": 0.3}
    assert child.settings["energy.price"] == {"2025Q1": 0.12} and "energy.price" not in child.own_settings
    bare = load_scenario(write("based_on: parent\nset:\n  automation.subsidy: 0.3\n", "bare.yaml"))
    assert bare.settings["automation.subsidy"] == {"2025Q1": 0.3}
    later = load_scenario(write("based_on: child\nstart: 2029Q1\nset: {energy.price: 0.1}\n", "later.yaml"))
    assert later.settings["energy.price"] == {"2025Q1": 0.12, "2029Q1": 0.1}
    back = load_scenario(write("based_on: parent\nset: {automation.subsidy: 0}\n")).settings
    assert "automation.subsidy" not in back and back["energy.price"] == {"2025Q1": 0.12}


def test_a_dated_default_holds_until_it_is_replaced(write):
    scenario = load_scenario(write("set:\n  trade.eu_preference: {2030Q1: 0.5}\n"))
    at = ("2024Q4", "2029Q4", "2030Q1", "2033Q1", "2040Q4")
    assert [scenario.value("trade.eu_preference", q) for q in at] == [0.8, 0.8, 0.5, 0.5, 0.5]
    kept = load_scenario(write("set:\n  trade.eu_preference: 0.8\n"))  # the same today, but for good
    assert kept.value("trade.eu_preference", "2040Q4") == 0.8 and "trade.eu_preference" in kept.settings


def test_events_are_read_with_what_they_leave_out(write):
    scenario = load_scenario(
        write(
            "set:\n  world.shocks:\n    - {at: 2027Q1, quarters: 4, demand: -0.10, market: all}\n"
            "    - {at: 2028Q1, tariff: 0.10, market: US}\n"
        )
    )
    assert scenario.shocks == (
        {"at": "2027Q1", "quarters": 4, "demand": -0.10, "market": "all"},
        {"at": "2028Q1", "tariff": 0.10, "market": "US", "origin": "KH", "goods": "all"},
    )
    assert isinstance(scenario.shocks[0]["quarters"], int)
    assert scenario.with_values({"automation.subsidy": 0.1}).shocks == scenario.shocks
    assert scenario.with_values({SHOCKS: []}).shocks == ()


def test_files_from_other_editors_load(write):
    body = "title: Plain words\nschema_version: 1\nset:\n  automation.subsidy: +.2\nsources:\n"
    scenario = load_scenario(write(b"\xef\xbb\xbf" + body.replace("\n", "\r\n").encode()))
    assert scenario.title == {"en": "Plain words", "km": "Plain words"} and scenario.question["km"] == ""
    assert scenario.based_on == "baseline" and scenario.value("automation.subsidy", "2025Q1") == 0.2


def test_a_new_file_starts_as_the_baseline(write):
    scenario = load_scenario(write(template("wage-step"), "wage-step.yaml", head=""))
    assert scenario.digest == load_scenario("baseline").digest and scenario.title["en"] == "Wage step"
    for name in ("baseline", "../wage", "", "a b"):
        with pytest.raises(ScenarioError):
            template(name)


BAD = {
    # kind: (what follows the head, line, name, what the message holds)
    "unknown name": (
        "set:\n  automation.subsidi: 0.1\n",
        4,
        "automation.subsidi",
        ["automation.subsidi is not a known name", "nearest: automation.subsidy"],
    ),
    "name without group": ("set: {subsidy: 0.1}\n", 3, "subsidy", ["nearest: automation.subsidy"]),
    "bool": (
        "set:\n  # note\n  automation.subsidy: true\n",
        5,
        "automation.subsidy",
        ["is true, not a number", "0 to 0.5 share of price", "source: assumption"],
    ),
    "text": ("set:\n  energy.price: '0.12'\n", 4, "energy.price", ["'0.12', not a number", "USD/kWh", "P97"]),
    "a word": ("set:\n  energy.price: no\n", 4, "energy.price", ["'no', not a number"]),
    "thousands": ("set:\n  labour.force: 2_500_000\n", 4, "labour.force", ["'2_500_000', not a number"]),
    "nothing": ("set:\n  energy.price:\n", 4, "energy.price", ["is empty, not a number", "0.1 to 0.2"]),
    "a list": ("set:\n  energy.price: [0.1]\n", 4, "energy.price", ["a list, not a number"]),
    "not a number": (
        "set:\n  energy.price: .nan\n",
        4,
        "energy.price",
        ["not a finite number", "0.1 to 0.2"],
    ),
    "infinite": ("set:\n  energy.price: 1e999\n", 4, "energy.price", ["inf, not a finite number"]),
    "out of range": (
        "set:\n  automation.subsidy: 0.9\n",
        4,
        "automation.subsidy",
        ["is 0.9, out of range; allowed: 0 to 0.5 share of price (source: assumption)"],
    ),
    "a step out of range": (
        "set:\n  automation.subsidy:\n    2026Q1: 0.1\n    2027Q1: -0.1\n",
        6,
        "automation.subsidy",
        ["-0.1, out of range"],
    ),
    "no quarter": (
        "set:\n  automation.subsidy: {2027Q5: 0.1}\n",
        4,
        "automation.subsidy",
        ["'2027Q5' is not a quarter", "allowed: 2025Q1 to 2040Q4", "nearest: 2027Q4"],
    ),
    "a year": (
        "set:\n  automation.subsidy: {2027: 0.1}\n",
        4,
        "automation.subsidy",
        ["'2027' is not a quarter"],
    ),
    "after the end": (
        "set:\n  automation.subsidy: {2041Q1: 0.1}\n",
        4,
        "automation.subsidy",
        ["2041Q1 lies after the last quarter", "allowed: 2025Q1 to 2040Q4"],
    ),
    "in history": (
        "set:\n  automation.subsidy: {2019Q1: 0.1}\n",
        4,
        "automation.subsidy",
        ["2019Q1 lies before the start; allowed: 2025Q1"],
    ),
    "before the file's start": (
        "start: 2027Q1\nset:\n  automation.subsidy: {2026Q4: 0.1}\n",
        5,
        "automation.subsidy",
        ["2026Q4 lies before the start; allowed: 2027Q1"],
    ),
    "start in history": ("start: 2024Q4\n", 3, "start", ["2024Q4 lies before the start", "2025Q1 to 2040Q4"]),
    "no start": ("start: soon\n", 3, "start", ["'soon' is not a quarter", "nearest: 20"]),
    "steps for the whole run": (
        "set:\n  labour.force: {2026Q1: 2500000}\n",
        4,
        "labour.force",
        ["holds for the whole run; allowed: one number, 2000000 to 3200000 persons"],
    ),
    "no steps": ("set:\n  energy.price: {}\n", 4, "energy.price", ["has no steps"]),
    "more seats than all": (
        "set:\n  skills.facilitated_share: 0.4\n  skills.self_paced_share: {2026Q1: 0.5, 2030Q1: 0.7}\n",
        5,
        "skills.self_paced_share",
        ["self_paced_share 0.7 + skills.facilitated_share 0.4 is more than 1 in 2030Q1"],
    ),
    "more seats than with the default": (
        "set: {skills.self_paced_share: 0.6}\n",
        3,
        "skills.self_paced_share",
        ["more than 1 in 2025Q1; allowed: at most 1"],
    ),
    "events as a number": ("set:\n  world.shocks: 3\n", 4, SHOCKS, ["not a list; allowed: [{at: 2027Q1"]),
    "an event as a number": ("set:\n  world.shocks:\n    - 3\n", 5, SHOCKS, ["3 is not an event"]),
    "an event of both kinds": (
        "set:\n  world.shocks:\n    - {at: 2027Q1, demand: 0.1, tariff: 0.1}\n",
        5,
        SHOCKS,
        ["either demand or tariff, not both"],
    ),
    "an event of no kind": ("set:\n  world.shocks: [{at: 2027Q1}]\n", 4, SHOCKS, ["not neither"]),
    "an event without end": (
        "set:\n  world.shocks: [{at: 2027Q1, demand: -0.1}]\n",
        4,
        SHOCKS,
        ["a demand event needs quarters"],
    ),
    "an event's unknown part": (
        "set:\n  world.shocks:\n    - at: 2027Q1\n      tariff: 0.1\n      markt: US\n",
        7,
        SHOCKS,
        ["markt is not a known part of a tariff event", "nearest: market"],
    ),
    "an event's market": (
        "set:\n  world.shocks: [{at: 2027Q1, tariff: 0.1, market: USA}]\n",
        4,
        SHOCKS,
        ["market is 'USA'; allowed: all, EU, US, Japan, ASEAN, other; nearest: US"],
    ),
    "an event's origin": (
        "set:\n  world.shocks: [{at: 2027Q1, tariff: 0.1, origin: VNM}]\n",
        4,
        SHOCKS,
        ["origin is 'VNM'; allowed: all, KH, CN", "nearest: VN"],
    ),
    "an event's size": (
        "set:\n  world.shocks: [{at: 2027Q1, quarters: 4, demand: -0.9}]\n",
        4,
        SHOCKS,
        ["demand is -0.9; allowed: above -0.9 to 1"],
    ),
    "an event's length": (
        "set:\n  world.shocks: [{at: 2027Q1, quarters: 1.5, demand: -0.1}]\n",
        4,
        SHOCKS,
        ["quarters is 1.5; allowed: a whole number from 1 to 116"],
    ),
    "an event before the start": (
        "start: 2028Q1\nset:\n  world.shocks: [{at: 2027Q1, tariff: 0.1}]\n",
        5,
        SHOCKS,
        ["2027Q1 lies before the start"],
    ),
    "unknown parent": (
        "based_on: transitoin\n",
        3,
        "based_on",
        ["'transitoin', neither a shipped scenario nor a file beside", "nearest: transition"],
    ),
    "a number as parent": ("based_on: 3\n", 3, "based_on", ["based_on is 3"]),
    "its own parent": ("based_on: trial\n", 3, "based_on", ["round in a circle: trial, trial"]),
    "duplicate name": (
        "set:\n  energy.price: 0.12\n  energy.price: 0.13\n",
        5,
        "energy.price",
        ["energy.price is a duplicate key", "line 4"],
    ),
    "duplicate key": ("title: {en: Again}\n", 3, "title", ["title is a duplicate key", "line 2"]),
    "duplicate step": (
        "set:\n  energy.price: {2026Q1: 0.12, 2026Q1: 0.13}\n",
        4,
        "2026Q1",
        ["2026Q1 is a duplicate key"],
    ),
    "unknown key": ("seet: {}\n", 3, "seet", ["seet is not a known key; nearest: set"]),
    "settings as a list": ("set: [1]\n", 3, "set", ["set is a list, not names with values"]),
    "unknown language": (
        "question: {en: A, kh: B}\n",
        3,
        "question",
        ["kh is not a known language", "nearest: km"],
    ),
    "no English": ("question: {km: A}\n", 3, "question", ["question has no English text"]),
    "a number as text": ("question: {en: 5}\n", 3, "question", ["question en is 5, not a text"]),
    "unknown source": ("sources: [seeed]\n", 3, "sources", ["'seeed'", "data/sources.csv", "nearest: seed"]),
    "sources as a word": ("sources: seed\n", 3, "sources", ["'seed', not a list such as [seed]"]),
    "order as a word": ("order: first\n", 3, "order", ["'first', not a whole number"]),
    "unreadable YAML": ("set: {energy.price: 0.1\nsources: []\n", 4, None, ["cannot be read as YAML"]),
    "a tab": ("set:\n\tenergy.price: 0.1\n", 4, None, ["cannot be read as YAML"]),
    "two documents": ("---\nset: {}\n", 3, None, ["cannot be read as YAML"]),
    "a control character": ("set: {}\nquestion: a\x07\n", 4, None, ["a character that no text has"]),
    "an anchor": ("set: &a {}\n", 3, None, ["anchors and aliases"]),
    "an alias": ("set: *a\n", 3, None, ["anchors and aliases"]),
    "a tag": ("set: !!python/name:os.system\n", 3, None, ["tags"]),
    "deep nesting": ("set:\n  " + "[" * 5000 + "\n", 4, None, ["nested too deeply"]),
    "endless": ("sources: [" + "seed, " * 20_000 + "]\n", 3, None, ["more than 10,000 entries"]),
    "a list as key": ("? [a]\n: 1\n", 3, None, ["a key must be a name"]),
    "an experiment": (
        "scenarios: [baseline]\nseeds: 5\n",
        3,
        "scenarios",
        ["is an experiment, not a scenario"],
    ),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_file_is_refused_with_its_line_and_the_way_out(write, kind):
    body, line, name, fragments = BAD[kind]
    path = write(body)
    error = refusal(path)
    assert (error.file, error.line, error.name) == (str(path), line, name), str(error)
    assert str(error).startswith(f"{path}, line {line}: ")
    assert all(fragment in error.reason for fragment in fragments), str(error)
    with pytest.raises(ScenarioError, match="line"):
        check_file(path)


@pytest.mark.parametrize(
    "body, line, fragment",
    [
        (b"", 1, "is empty"),
        (b"# nothing but a remark\n", 1, "is empty"),
        (b"schema_version: 1\n", 1, "title is missing; write title: {en:"),
        (b"title: A\n", 1, "schema_version is missing; write schema_version: 1"),
        (b"title: A\nschema_version: 2\n", 2, "schema_version is 2; this version reads 1"),
        (b"title: A\nschema_version: true\n", 2, "schema_version is true"),
        (b"schema_version: 1\ntitle:\n", 2, "title is missing"),
        (b"schema_version: 1\ntitle: 5\n", 2, "title is 5, not a text"),
        (b"# remark\n- a\n- b\n", 2, "is a list, not keys; allowed: schema_version, title"),
        (b"schema_version: 1\ntitle: caf\xe9\n", 2, "is not UTF-8"),
        ("title: A\n".encode("utf-16"), 1, "is not UTF-8"),
        (b"#" * 1_000_001, None, "has 1,000,001 bytes; allowed are 1,000,000"),
        (b"scenarios: [baseline]\nlevers: {}\n", 1, "is an experiment, not a scenario"),
    ],
)
def test_what_is_no_scenario_at_all_is_refused(write, body, line, fragment):
    error = refusal(write(body))
    assert error.line == line and fragment in error.reason, str(error)


def test_missing_files_and_folders_are_refused(tmp_path):
    for given, fragment in (
        (tmp_path / "none.yaml", "there is no such file"),
        (str(tmp_path / "none.yaml"), "there is no such file"),
        (tmp_path, "is a folder"),
        ("a\0b.yaml", "'a\\x00b.yaml': there is no such file"),
    ):
        assert fragment in str(refusal(given))
        with pytest.raises(ScenarioError):
            check_file(given)
    error = refusal("transitoin")
    assert error.line is None and "nearest: transition;" in str(error) and "high_tech_high_skills" in str(error)
    assert "not a known scenario" in str(refusal(""))


def test_parents_that_go_round_in_a_circle_are_refused_where_the_circle_closes(write):
    first = write("based_on: second\n", "first.yaml")
    second = write("question: Why?\nbased_on: first\n", "second.yaml")
    error = refusal(first)
    assert (error.file, error.line, error.name) == (str(second), 4, "based_on")
    assert error.reason == "based_on goes round in a circle: first, second, first"


def test_a_parent_is_refused_in_its_own_file(write):
    parent = write("set: {energy.price: 9}\n", "parent.yaml")
    error = refusal(write("based_on: parent\n"))
    assert (error.file, error.line) == (str(parent), 3)


def test_a_file_may_have_a_shipped_name_and_be_based_on_it(write):
    scenario = load_scenario(write("based_on: baseline\nset: {energy.price: 0.12}\n", "baseline.yaml"))
    assert scenario.based_on == "baseline" and scenario.settings["energy.price"] == {"2025Q1": 0.12}


def test_refusals_travel_between_processes():
    error = pickle.loads(pickle.dumps(ScenarioError("is\nwrong", "a.yaml", 3, "energy.price")))
    assert str(error) == "a.yaml, line 3: is wrong" and error.name == "energy.price"


# One scenario from another


def test_other_values_make_a_new_scenario_and_leave_the_old_one_alone():
    old = load_scenario("transition")
    before = copy.deepcopy(old)
    new = old.with_values({"automation.subsidy": 0.3, "labour.force": 2.5e6}, start="2027Q1")
    assert old == before and old.settings == before.settings and old.paths().raw["automation.subsidy"][-1] == 0.25
    assert new.based_on == "transition" and new.id.startswith("transition+") and new.id != old.id
    assert [new.value("automation.subsidy", q) for q in ("2024Q4", "2026Q4", "2027Q1")] == [0.0, 0.25, 0.3]
    assert new.value("labour.force", "2012Q1") == 2_500_000
    assert new.value("energy.price", "2025Q1") == old.value("energy.price", "2025Q1") == 0.12
    assert new.digest != old.digest and new.title["en"] == "Transition (changed)"
    assert old.with_values({}) is old and old.with_values({"automation.subsidy": 0.25}) is old
    assert old.with_values({}, id="same").digest == old.digest
    new.settings["energy.price"]["2025Q1"] = 9.0
    assert new.value("energy.price", "2025Q1") == 0.12
    with pytest.raises(FrozenInstanceError):
        new.id = "other"


@pytest.mark.parametrize(
    "values, start, fragment",
    [
        ({"automation.subsidi": 0.1}, None, "nearest: automation.subsidy"),
        ({"automation.subsidy": True}, None, "true, not a number"),
        ({"automation.subsidy": 10**400}, None, "not a finite number"),
        ({"automation.subsidy": np.nan}, None, "not a finite number"),
        ({"automation.subsidy": "0.1"}, None, "'0.1', not a number"),
        ({"automation.subsidy": {"2026Q1": 0.1}}, "2027Q1", "lies before the start"),
        ({"automation.subsidy": 0.1}, "2024Q4", "allowed: 2025Q1 to 2040Q4"),
        ({SHOCKS: [{"at": "2027Q1", "tariff": 9}]}, None, "allowed: from -1 to 3"),
        ({"skills.self_paced_share": 0.8}, None, "more than 1"),
    ],
)
def test_wrong_values_are_refused_in_a_call_too(values, start, fragment):
    with pytest.raises(ScenarioError, match=fragment) as caught:
        load_scenario("baseline").with_values(values, start)
    assert caught.value.file is None and caught.value.line is None


def test_numbers_of_numpy_are_numbers():
    scenario = load_scenario("baseline").with_values(
        {"automation.subsidy": np.float32(0.25), "labour.force": np.int64(2_500_000)}
    )
    assert (
        scenario.value("automation.subsidy", "2025Q1") == 0.25
        and type(scenario.value("labour.force", "2020Q1")) is float
    )


def test_a_draw_replaces_calibration_and_defaults_but_not_what_a_scenario_chose(write):
    scenario = load_scenario(write("set:\n  sourcing.adjustment: 0.3\n  technology.price_growth: -0.07\n"))
    draw = {
        "sourcing.adjustment": 0.4,
        "sourcing.elasticity": 4.0,
        "technology.price_growth": -0.02,
        "labour.women": 0.6,
    }
    drawn = scenario.with_draw(draw)
    got = {name: drawn.value(name, "2030Q1") for name in draw}
    assert got == draw | {"sourcing.adjustment": 0.3, "technology.price_growth": -0.07}
    assert drawn.id == scenario.id and scenario.value("sourcing.elasticity", "2030Q1") != 4.0
    with pytest.raises(ScenarioError):
        scenario.with_draw({"sourcing.elasticity": 40.0})


def random_values(rng: np.random.Generator) -> dict:
    """Values for a third of all numbers, bare or as steps in time."""
    values: dict = {}
    for name, parameter in PARAMETERS.items():
        low, high = (
            parameter.low,
            parameter.high * (0.5 if name.endswith(("self_paced_share", "facilitated_share")) else 1),
        )
        if rng.random() < 1 / 3:
            values[name] = rng.uniform(low, high)
            if parameter.from_ == "start" and rng.random() < 0.5:
                years = rng.choice(np.arange(2027, 2041), size=rng.integers(1, 5), replace=False)
                values[name] = {f"{year}Q{rng.integers(1, 5)}": rng.uniform(low, high) for year in years}
    return values


@pytest.mark.parametrize("seed", range(20))
def test_the_text_alone_gives_the_same_scenario(write, seed):
    rng = np.random.default_rng(seed)
    scenario = load_scenario(NAMED[seed % 4]).with_values(random_values(rng), start="2026Q3")
    shock = {"at": "2029Q2", "quarters": 3, "demand": rng.uniform(-0.5, 0.5), "market": "other"}
    scenario = scenario.with_values({SHOCKS: [shock]}, id=f"trial {seed}")
    again = load_scenario(write(scenario.text, head=""))
    assert again.based_on is None and again.id == "trial"
    assert (again.settings, again.shocks, again.digest) == (
        scenario.settings,
        scenario.shocks,
        scenario.digest,
    )
    assert (again.title, again.question, again.sources) == (
        scenario.title,
        scenario.question,
        scenario.sources,
    )
    assert again.text.splitlines()[1:] == scenario.text.splitlines()[1:]
    ours, theirs = scenario.paths().effective, again.paths().effective
    assert all(np.array_equal(ours[name], theirs[name]) for name in PARAMETERS)
    sent = pickle.loads(pickle.dumps(scenario))
    assert sent == scenario and hash(sent) == hash(scenario) and sent.settings == scenario.settings


def test_odd_words_survive_in_the_text(write):
    path = write(
        'title: {en: "a \\"b\\" \\\\ c\\u0085\\x7f 😀", km: "ក\u200bខ"}\nschema_version: 1\n',
        "odd.yaml",
        head="",
    )
    scenario = load_scenario(path)
    assert scenario.title["en"] == 'a "b" \\ c\x85\x7f 😀'
    assert load_scenario(write(scenario.text, head="")).title == scenario.title


# Paths in time


def test_a_lag_runs_in_linearly_from_the_date_of_each_change():
    """By hand: logistics takes three years, a quarter adds 1/12 of a change, its first one half of that."""
    assert PARAMETERS["infrastructure.logistics"].lag == 3
    paths = load_scenario("baseline").with_values({"infrastructure.logistics": {"2026Q1": 0.6, "2027Q1": 0.0}}).paths()
    first = (2026 - 2012) * 4
    effective, raw = paths.effective["infrastructure.logistics"], paths.raw["infrastructure.logistics"]
    assert raw[first - 1] == 0.0 and set(raw[first : first + 4]) == {0.6} and raw[first + 4] == 0.0
    expected = [0.0, 0.025, 0.075, 0.125, 0.175, 0.225 - 0.025, 0.275 - 0.075]
    np.testing.assert_allclose(effective[first - 1 : first + 6], expected, atol=1e-12)
    np.testing.assert_allclose(effective[first + 11], 0.575 - 0.375)
    assert effective[first + 16] == 0.0 and effective[-1] == 0.0  # exactly, once everything has run in


def test_months_and_quarters_agree_on_what_is_felt():
    scenario = load_scenario("high_tech_high_skills")
    months, quarters = scenario.paths(steps_per_year=12), scenario.paths()
    for name in PARAMETERS:
        np.testing.assert_allclose(
            months.effective[name].reshape(-1, 3).mean(axis=1),
            quarters.effective[name],
            atol=1e-12,
            err_msg=name,
        )


def test_settings_without_lag_are_felt_at_once():
    paths = load_scenario("transition").paths()
    for name, parameter in PARAMETERS.items():
        if not parameter.lag:
            np.testing.assert_array_equal(paths.effective[name], paths.raw[name], err_msg=name)


def test_parameters_of_a_step_are_the_paths_at_that_step():
    scenario = load_scenario("baseline").with_values(random_values(np.random.default_rng(7)))
    paths = scenario.paths()
    assert paths.steps == 116
    for i in (0, 33, 52, 53, 60, 90, 115):
        for arrays, par in ((paths.effective, paths.parameters(i)), (paths.raw, paths.settings(i))):
            groups = asdict(par)
            for name, parameter in PARAMETERS.items():
                assert groups[parameter.group][parameter.field] == arrays[name][i], (name, i)
    for i in (-1, 116):
        with pytest.raises(IndexError):
            paths.parameters(i)


def test_what_does_not_change_is_made_once():
    paths = load_scenario("baseline").paths()
    assert paths.parameters(0) is paths.parameters(33) and paths.parameters(34) is not paths.parameters(33)
    assert isinstance(paths.parameters(0), Parameters)
    with pytest.raises(ValueError):
        paths.raw["automation.subsidy"][0] = 1.0


def test_a_part_of_the_years_is_cut_from_the_whole():
    scenario = load_scenario("transition")
    whole, part = scenario.paths(), scenario.paths(first_year=2026, last_year=2030)
    for name in PARAMETERS:
        np.testing.assert_allclose(part.effective[name], whole.effective[name][56:76], atol=1e-12, err_msg=name)
    for wrong in ({"steps_per_year": 5}, {"last_year": 2011}):
        with pytest.raises(ValueError):
            scenario.paths(**wrong)


def test_values_are_asked_for_by_known_names_and_quarters():
    scenario = load_scenario("baseline")
    for name, quarter, fragment in (
        ("energy.prise", "2025Q1", "energy.price"),
        ("energy.price", "2041Q1", "2040Q4"),
    ):
        with pytest.raises(ScenarioError, match=fragment):
            scenario.value(name, quarter)


# The schema for editors


def test_the_shipped_schema_is_current():
    path = SHIPPED[0].parent / "scenario.schema.json"
    shipped = json.loads(path.read_text(encoding="utf-8"))
    assert shipped == json_schema(), "write it anew: garment-sim schema > scenarios/scenario.schema.json"
    jsonschema.Draft7Validator.check_schema(shipped)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_the_schema_accepts_shipped_files_and_they_name_it(path):
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=./scenario.schema.json\n")
    jsonschema.validate(yaml.safe_load(text), json_schema())
    jsonschema.validate(yaml.safe_load(load_scenario(path).text), json_schema())


VISIBLE = (
    "unknown name", "bool", "text", "out of range", "a step out of range", "no quarter", "in history",
    "no steps", "start in history", "steps for the whole run", "an event without end", "an event's market",
    "an event's size", "unknown key", "settings as a list", "no English",
)  # fmt: skip


@pytest.mark.parametrize("kind", VISIBLE)
def test_the_schema_refuses_what_it_can_see(kind):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(yaml.safe_load(HEAD + BAD[kind][0]), json_schema())


def test_scenarios_are_told_apart_by_what_they_say():
    assert len({load_scenario(path) for path in SHIPPED}) == len(SHIPPED)
    assert load_scenario("transition") == load_scenario(load_scenario("transition"))
    assert isinstance(load_scenario("baseline"), Scenario) and load_scenario("baseline") != "baseline"
