"""Does a link or a file give back exactly the scenario it was made from, and is what is wrong with one always said?"""

import json

import pytest

from simulator import load_scenario
from simulator.checks import ScenarioError
from simulator.levers import SIMPLE, from_shown, groups, step, to_shown, unit
from simulator.link import from_address, to_address
from simulator.parameters import PARAMETERS, SHOCKS
from simulator.scenario import START, check_file, scenario_ids
from simulator.texts import LANGUAGES, text
from simulator.trial import NOTHING, Trial, bases, read_file
from simulator.version import __version__

LEVERS = [name for names in groups().values() for name in names]
EVENT = {"at": "2027Q1", "quarters": 4, "demand": -0.1, "market": "all"}
MIXED = Trial.of(
    "transition",
    {
        "automation.subsidy": {START: 0.3, "2030Q1": 0.1},
        "trade.us_preference": {START: -0.75},
        "automation.step_cost_sew": {"2012Q1": 15000.5},
    },
    (EVENT,),
)
EVERYTHING = Trial.of("baseline", {name: {START: PARAMETERS[name].low, "2031Q2": PARAMETERS[name].high}
                                   for name in LEVERS if name != "skills.self_paced_share"})  # fmt: skip
TRIALS = [MIXED, EVERYTHING, Trial(NOTHING), *map(Trial, bases())]


@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: f"{trial.base} {len(trial.changes)}")
def test_a_link_and_a_file_give_back_the_scenario(trial):
    again, notices = from_address(to_address(trial))
    assert (again, notices) == (trial, ())
    read = read_file("mine.yaml", trial.to_yaml().encode())
    assert read.scenario().digest == trial.scenario().digest
    assert read.scenario()._chosen == trial.scenario()._chosen, "draws may set the same numbers"
    assert len("&".join(map("=".join, to_address(trial).items()))) < 4000


@pytest.mark.parametrize(
    "change, key, part",
    [
        (lambda a: {"s": a["s"]}, "missing", "v"),
        (lambda a: {"v": a["v"]}, "missing", "s"),
        (lambda a: a | {"v": "1.0"}, "damaged", "v"),
        (lambda a: a | {"s": a["s"].replace("transition", "transitoin")}, "unknown", "transitoin"),
        (lambda a: a | {"s": a["s"].replace("n.subsidy", "n.subsidi")}, "unknown", "automation.subsidi"),
        (lambda a: a | {"s": a["s"].replace("~0.3", "~0.9")}, "refused", "automation.subsidy"),
        (lambda a: a | {"s": a["s"].replace("2030Q1", "2011Q1")}, "refused", "automation.subsidy"),
        (lambda a: a | {"s": a["s"].replace("~0.3", "~0.2")}, "damaged", "s"),
        (lambda a: a | {"s": a["s"] + "~" + "x" * 9000}, "damaged", "s"),
        (lambda a: a | {"s": a["s"].replace("automation.subsidy~0.3~2030Q1_0.1", "automation.subsidy")}, "damaged",
         "automation.subsidy"),
        (lambda a: a | {"s": a["s"].rpartition("~")[0]}, "damaged", SHOCKS),
        (lambda a: a | {"s": a["s"][:-4]}, "damaged", SHOCKS),
    ],
)  # fmt: skip
def test_a_link_that_cannot_be_used_names_its_part_and_gives_nothing(change, key, part):
    trial, notices = from_address(change(to_address(MIXED)))
    assert trial is None
    assert notices[0].key == key and notices[0].values["part"] == part
    for lang in LANGUAGES:
        assert part in text(f"host.link_{key}", lang, **notices[0].values) or "reason" in notices[0].values


def test_no_single_wrong_letter_gives_another_scenario():
    address = to_address(MIXED)
    for key in ("s", "v"):
        for place in range(len(address[key])):
            for letter in "0~":
                wrong = address | {key: address[key][:place] + letter + address[key][place + 1 :]}
                trial, notices = from_address(wrong)
                assert wrong == address or (notices and trial in (None, MIXED))


def test_a_link_of_another_version_is_taken_and_said():
    address = to_address(MIXED)
    trial, notices = from_address(address | {"v": address["v"].replace(__version__, "9.9")})
    assert trial == MIXED
    assert [(n.key, n.values["version"]) for n in notices] == [("other_version", "9.9")]
    trial, notices = from_address(address | {"v": address["v"][:-6] + "000000"})
    assert trial == MIXED and notices[0].key == "changed", "the same words mean other numbers now"


@pytest.mark.parametrize(
    "content",
    [
        "schema_version: 1\ntitle: x\nset: {automation.subsidi: 0.1}\n",
        "schema_version: 1\ntitle: x\nset: {automation.subsidy: 0.9}\n",
        "schema_version: 1\ntitle: x\nset: {automation.subsidy: {2011Q1: 0.1}}\n",
        "schema_version: 1\ntitle: x\nbased_on: ../secret\n",
        "schema_version: 1\ntitle: x\nset: {skills.self_paced_share: 0.6, skills.facilitated_share: 0.6}\n",
        "schema_version: 2\ntitle: x\n",
        "a: &a [*a]\n",
        "just words",
        "",
        "schema_version: 1\ntitle: x\nset: {a: 1, a: 2}\n",
        "x" * 1_100_000,
    ],
    ids=lambda content: content[-30:],
)
def test_a_file_is_refused_with_the_words_of_the_command_line(tmp_path, content):
    path = tmp_path / "mine.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ScenarioError) as there:
        check_file(path)
    with pytest.raises(ScenarioError) as here:
        read_file("mine.yaml", content.encode())
    assert str(here.value) == str(there.value).replace(str(path), "mine.yaml")
    assert "\n" not in str(here.value)


def test_a_files_name_leads_nowhere():
    content = b"schema_version: 1\ntitle: x\nset: {automation.subsidy: 0.9}\n"
    with pytest.raises(ScenarioError, match=r"^passwd: automation|^passwd, line 3: automation"):
        read_file("../../etc/passwd", content)


def test_a_lever_set_to_what_it_was_is_no_change():
    trial = Trial("transition")
    moved = trial.with_steps("automation.subsidy", {START: 0.4})
    assert moved.changed and moved.steps("automation.subsidy") == {START: 0.4}
    assert moved.with_steps("automation.subsidy", {START: 0.25}) == trial
    assert moved.without("automation.subsidy") == trial
    with pytest.raises(ScenarioError, match="out of range"):
        trial.with_steps("automation.subsidy", {START: 0.6})


def test_levers_are_the_registrys():
    assert set(LEVERS) == {name for name, about in PARAMETERS.items() if about.from_ == "start"}
    assert set(SIMPLE) <= {name for name in LEVERS if PARAMETERS[name].kind == "lever"}
    for lang in LANGUAGES:
        for group in groups():
            assert text(f"try.group_{group}", lang)
        for name in LEVERS:
            assert not unit(name, lang)[:1].isdigit()


@pytest.mark.parametrize("name", LEVERS)
def test_a_slider_reaches_its_ends_and_every_level_of_the_shipped_scenarios(name):
    about, one = PARAMETERS[name], step(name)
    low, high = to_shown(name, about.low), to_shown(name, about.high)
    assert 10 <= (high - low) / one <= 501
    for value in (about.low, about.high, *(load_scenario(s).value(name, START) for s in scenario_ids())):
        steps = (to_shown(name, value) - low) / one
        assert abs(steps - round(steps)) < 1e-6
        assert from_shown(name, to_shown(name, value)) == value


def test_events_survive_in_plain_form():
    assert json.loads(MIXED.events) == [EVENT]
    assert MIXED.scenario().shocks == (EVENT,)
