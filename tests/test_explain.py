"""Does an explanation add up, hold its uncertainty, say when it cannot tell, and go on where it was?"""

import doctest
import json
import math
from dataclasses import replace
from itertools import pairwise

import altair
import numpy as np
import pandas as pd
import pytest
from made_up import run_by

from simulator import cli
from simulator.analysis import life_courses, mechanisms
from simulator.analysis.explain import PARTED, RUNS, Plan, explain, stored_explanation
from simulator.analysis.explained import GRID, LEVERS, MECHANISMS
from simulator.analysis.explaining import log_words, part_name
from simulator.analysis.mechanisms import TERMS
from simulator.analysis.players import SPLITS, Mixer, players
from simulator.branching import Histories
from simulator.charts_analysis import CHARTS, SIDES, takeaway
from simulator.compare import cell
from simulator.explain_command import SPLITS as SPLITS_TOLD
from simulator.results import InputError, Result
from simulator.run import Request, execute
from simulator.scenario import load_scenario, scenario_ids
from simulator.store import Store
from simulator.tracking import FACTORIES, PEOPLE

PERIODS = tuple(f"{year}Q{quarter}" for year in range(2012, 2041) for quarter in range(1, 5))
TINY = (("employment", "all"), ("employment", "gender=women"), ("exports", "all"), ("technician_coverage", "all"))
TINY += tuple((f"change_{name}", "all") for name in TERMS)


def made(request):
    """A run whose jobs follow from its numbers: wages cost, subsidies add, and both together add more."""
    numbers, periods = request.numbers, PERIODS
    names = ("wages.minimum_wage_growth", "automation.subsidy", "value_chain.upgrading", "technology.price_growth")
    names += ("infrastructure.logistics",)
    wage, subsidy, upgrading, price, roads = (numbers.value(name, "2040Q4") for name in names)
    rng = np.random.default_rng([request.seed, request.draw + 1])
    effect = -1e6 * wage + 2e5 * subsidy * (1 + rng.normal()) + 3e5 * price
    effect += 4e6 * wage * subsidy * (1 + upgrading) + 1e5 * roads * rng.normal()  # nobody knows about roads
    values = np.zeros((len(periods), len(TINY)))
    jobs = 5e5 + 100 * rng.normal()
    since = np.arange(len(periods)) - periods.index(PARTED)
    path = np.where(since > 0, effect * since / since[-1], 0.0)
    values[:, 0] = jobs + path
    values[:, 1] = 0.8 * values[:, 0]
    values[:, 2] = 1000 + path / 1e3
    values[:, 3] = np.nan if request.seed == 1 else 0.9
    flow = np.diff(path, prepend=0.0)
    values[:, TINY.index(("change_scale", "all"))] = 3 * flow
    values[:, TINY.index(("change_closure", "all"))] = -2 * flow
    return Result(request.metadata(), values, periods, TINY)


# Three groups, so that there are few mixtures.
SET = {"wages.minimum_wage_growth": 0.02, "automation.subsidy": 0.25, "technology.price_growth": -0.07}
TITLE = {"en": "Small", "km": "តូច"}


def small(path=None):
    """A scenario of three groups, or its file."""
    if path is None:
        return replace(load_scenario("baseline").with_values(SET, id="small"), title=TITLE)
    lines = ["schema_version: 1", f"title: {json.dumps(TITLE, ensure_ascii=False)}", f"set: {json.dumps(SET)}"]
    path.write_text("\n".join([*lines, "sources: [seed]"]), encoding="utf-8")
    return path


def mixture(a, b, joined, id):
    return Mixer(a, b).mixture(joined, id)


@pytest.fixture
def quick(monkeypatch, tmp_path):
    """Runs are made up, and counted; life courses are empty. The store is the test's own."""
    monkeypatch.setenv("GARMENT_SIM_HOME", str(tmp_path / "home"))
    asked = []

    def run(request):
        asked.append(request)
        return made(request)

    run_by(monkeypatch, run)
    monkeypatch.setattr("simulator.analysis.explain.execute", lambda request, track: made(request))
    return asked


def told(a="baseline", b=None, **more):
    return explain(a, small() if b is None else b, **({"seeds": 3, "workers": 1} | more))


# What differs


@pytest.mark.parametrize("name", [name for name in scenario_ids() if name != "baseline"])
def test_mixtures_are_the_cells_of_the_policy_world_grid_and_lead_from_a_to_b(name):
    base, other = load_scenario("baseline"), load_scenario(name)
    for split in SPLITS:
        groups = players(base, other, split)
        for part in ("policy", "world"):
            mixed = mixture(base, other, [p for p in groups if p.part == part], "x")
            assert mixed.digest == cell(other, base, part).digest
        assert mixture(base, other, groups, "x").digest == other.digest
        assert mixture(base, other, [], "x").digest == base.digest
    assert mixture(other, base, players(other, base), "x").digest == base.digest


def test_the_named_scenarios_have_so_few_groups_that_all_mixtures_are_run():
    for a in scenario_ids():
        for b in scenario_ids():
            if a != b:
                groups = players(load_scenario(a), load_scenario(b))
                assert len(groups) <= 8
                assert [p.part for p in groups] == sorted(p.part for p in groups)


def test_a_preference_is_others_decision_below_the_baseline_and_policy_above():
    worst, best = load_scenario("no_garment_sector"), load_scenario("high_tech_high_skills")
    both = {(p.key, p.part): p for p in players(worst, best, "levers")}
    policy, world = both["trade.us_preference", "policy"], both["trade.us_preference@world", "world"]
    assert mixture(worst, best, [world], "x").value("trade.us_preference", "2030Q1") == 0.0
    assert mixture(worst, best, [policy], "x").value("trade.us_preference", "2030Q1") == pytest.approx(0.0)
    assert mixture(worst, best, [policy, world], "x").value("trade.us_preference", "2030Q1") == 0.8
    assert ("trade.eu_preference@world", "world") in both


def test_seats_whose_shares_have_a_common_limit_move_together():
    a = load_scenario("baseline").with_values({"skills.facilitated_share": 0.9}, id="a")
    b = a.with_values({"skills.facilitated_share": 0.1, "skills.self_paced_share": 0.8}, id="b")
    (one,) = players(a, b, "levers")
    assert set(one.names) == {"skills.self_paced_share", "skills.facilitated_share"}


def test_shocks_and_numbers_of_the_model_are_told_from_levers():
    base = load_scenario("baseline")
    shock = [{"at": "2027Q1", "quarters": 4, "demand": -0.1}]
    other = base.with_values(
        {"world.shocks": shock, "automation.hurdle": 1.5, "wages.minimum_wage_growth": 0.05}, id="other"
    )
    found = {p.key: p for p in players(base, other)}
    assert {key: p.part for key, p in found.items()} == {"wages": "policy", "world": "world", "numbers": "world"}
    shocked = mixture(base, other, [found["world"]], "x")
    assert shocked.shocks == other.shocks
    assert shocked.value("automation.hurdle", "2020Q1") == base.value("automation.hurdle", "2020Q1")
    assert mixture(base, other, list(found.values()), "x").digest == other.digest


# It adds up


@pytest.mark.parametrize("split, exact", [("groups", True), ("levers", False)])
def test_shares_add_up_to_the_paired_difference(quick, split, exact):
    found = told("status_quo", "high_tech_high_skills", split=split, seeds=1)
    assert found.metadata["method"].startswith("exact") == exact
    assert math.fsum(found.levers["share"]) == pytest.approx(found.difference["mean"], abs=1e-9)
    assert (found.levers["low"] <= found.levers["high"]).all()
    levels = found.metadata["level_b"] - found.metadata["level_a"]
    assert levels == pytest.approx(found.difference["mean"], abs=1e-6)
    assert (found.levers["sampling_error"].max() > 0) != exact
    grid = found.grid.set_index("part")["share"]
    assert grid["policy"] + grid["world"] + grid["interaction"] == pytest.approx(grid["both"], abs=1e-6)
    assert grid["both"] == pytest.approx(found.difference["mean"], abs=1e-9)


def test_shares_are_those_of_the_game_worked_by_hand(quick):
    """Wages −.035 + .02 → −1e6 · −.015; with the subsidy 4e6 · (wage · subsidy) is shared between the two."""
    found = told(seeds=4)
    shares = found.levers.set_index("group")["share"]
    part = 1 - 1.5 / 64  # a year is the mean of its quarters, the last the 64th after scenarios part
    joint = 4e6 * 0.25 * (0.02 - 0.035) / 2
    assert shares["wages"] == pytest.approx(part * (1e6 * 0.015 + joint), rel=1e-6)
    assert shares["world"] == pytest.approx(part * 3e5 * -0.03, rel=1e-6)
    assert found.grid.set_index("part")["share"]["interaction"] == pytest.approx(0.0, abs=1e-6)


def test_pairs_have_their_own_shares_from_which_the_interval_comes(quick):
    found = told(seeds=5)
    row = found.levers.set_index("group").loc["automation"]
    assert row["low"] < row["share"] < row["high"] and row["n"] == 5 and row["error"] > 0
    fixed = found.levers.set_index("group").loc["world"]
    assert fixed["high"] - fixed["low"] == pytest.approx(0.0, abs=1e-6)


def test_mechanisms_add_up_and_exist_for_all_jobs_only(quick):
    found = told()
    assert list(found.mechanisms["name"]) == list(TERMS)
    assert math.fsum(found.mechanisms["share"]) == pytest.approx(found.difference["mean"], rel=1e-6)
    shares = found.mechanisms.set_index("name")["share"]
    assert shares["closure"] == pytest.approx(-2 * found.difference["mean"], rel=1e-6)
    for other in (told(indicator="exports"), told(indicator="employment[gender=women]")):
        assert not len(other.mechanisms)
        assert "nine mechanisms exist for" in other.text["en"]
    assert other.difference["mean"] == pytest.approx(0.8 * found.difference["mean"])
    assert other.asked == "employment[gender=women]" and "(Women)" in other.text["en"]


@pytest.mark.parametrize("period", ["2025", "2031", "2031Q3"])
def test_every_period_adds_up(quick, period):
    found = told(period=period, seeds=2)
    assert math.fsum(found.mechanisms["share"]) == pytest.approx(found.difference["mean"], abs=1e-6)
    assert math.fsum(found.levers["share"]) == pytest.approx(found.difference["mean"], abs=1e-9)


def test_what_differed_before_scenarios_part_is_no_mechanism():
    request = Request.of("baseline")
    ours, theirs = made(request), made(replace(request, seed=1))
    chains = [mechanisms.chained(run, "2040", PARTED) for run in (ours, theirs)]
    names, gap = mechanisms.difference(chains[:1], chains[1:])
    assert names == ("before", *TERMS)
    ends = [run.yearly().values[-1, 0] for run in (ours, theirs)]
    assert mechanisms.closes(gap[0], ends[0] - ends[1])
    assert not mechanisms.closes(gap[0, 1:], ends[0] - ends[1])


# It goes on


def test_finished_runs_serve_every_indicator_and_the_explanation_is_kept(quick):
    assert stored_explanation("baseline", small(), seeds=3) is None
    first = told()
    runs = len(quick)
    assert runs == first.metadata["mixtures"] == 3 * 8
    again = told()
    assert told(indicator="exports").indicator == "exports" and len(quick) == runs
    kept = stored_explanation("baseline", small(), seeds=3)
    for one in (again, kept):
        assert one.to_json() == first.to_json()
        pd.testing.assert_frame_equal(one.levers, first.levers)
    assert stored_explanation("baseline", small(), seeds=2) is None
    assert stored_explanation("baseline", small(), indicator="exports", period=2039, seeds=3) is None


def test_explanations_of_other_code_and_damaged_ones_are_not_read(quick, monkeypatch):
    told()
    plan = Plan.of("baseline", small(), "employment", 2040, None, 3, 100, "groups")
    path = plan.path(Store())
    assert path.is_file()
    path.write_text(path.read_text(encoding="utf-8")[:-40], encoding="utf-8")
    assert stored_explanation("baseline", small(), seeds=3) is None
    told()
    monkeypatch.setattr("simulator.analysis.explain._code", lambda: "other")
    assert stored_explanation("baseline", small(), seeds=3) is None


def test_a_stopped_explanation_goes_on_where_it_was(quick, monkeypatch):
    seen = []

    def stops(request):
        seen.append(request.key)
        if len(seen) == 10:
            raise KeyboardInterrupt
        return made(request)

    with monkeypatch.context() as patch:
        run_by(patch, stops)
        with pytest.raises(KeyboardInterrupt):
            told()
    told()
    done = set(seen[:9])
    assert not done & {request.key for request in quick}


def test_a_pair_of_which_a_run_failed_is_left_out_and_named(quick, monkeypatch, capsys, tmp_path):
    def fails(request):
        if request.seed == 2 and "@" in request.scenario.id:
            raise RuntimeError("the table is full")
        return made(request)

    run_by(monkeypatch, fails)
    found = told()
    assert found.difference["n"] == 2 and found.metadata["left_out"] == 1 and found.failures
    assert math.fsum(found.levers["share"]) == pytest.approx(found.difference["mean"], abs=1e-9)
    assert stored_explanation("baseline", small(), seeds=3) is None
    assert cli.main(["explain", "baseline", str(small(tmp_path / "small.yaml")), "--seeds", "3", "--workers", "1"]) == 4
    out, err = capsys.readouterr()
    assert "the table is full" in err and "1 pairs are left out" in out


def test_where_an_indicator_has_no_value_pairs_are_left_out(quick):
    found = told(indicator="technician_coverage")
    assert (found.difference["n"], found.metadata["left_out"]) == (2, 1)
    assert set(found.levers["share"]) == {0.0}


def test_a_run_that_branches_is_the_run_from_the_start():
    always = load_scenario("baseline").with_values({"automation.hurdle": 1.5}, id="other")
    requests = [Request.of(scenario, 3, 1000, 2025) for scenario in ("transition", always)]
    true = [execute(request).values.tobytes() for request in requests]
    histories = Histories()
    for place in (0, 1, 0):
        assert histories.execute(requests[place]).values.tobytes() == true[place]
    assert len(histories._models) == 2


def test_draws_follow_from_the_number_of_mixtures(quick, posterior):
    few = Plan.of("baseline", "status_quo", "employment", 2040, None, None, 100, "groups")
    many = Plan.of("status_quo", "high_tech_high_skills", "employment", 2040, None, None, 100, "groups")
    assert len(few.pairs) == 6  # all draws of the made-up posterior
    assert len(many.pairs) * 2 ** len(many.players) <= RUNS
    assert {seed for _, seed in many.pairs} == {0}
    found = told("baseline", "status_quo", draws=2, seeds=1)
    assert found.metadata["pairs"] == [[0, 0], [1, 0]]
    assert {request.draw for request in quick} == {0, 1}
    assert math.fsum(found.levers["share"]) == pytest.approx(found.difference["mean"], abs=1e-9)
    assert quick[0].key == Request.of("baseline", 0, 100, 2040, 0).key  # shared with other commands


# In words


def test_the_paragraph_has_the_numbers_in_both_languages(quick):
    found = told(seeds=4)
    for lang, name in (("en", "Small"), ("km", "តូច")):
        assert name in found.text[lang] and "2040" in found.text[lang]
    largest = found.levers.loc[found.levers["share"].idxmax(), "group"]
    assert part_name(largest, "en") in found.text["en"]
    assert any("\u1780" <= letter <= "\u17ff" for letter in found.text["km"])
    assert found.text["km"].count("។") >= 5
    assert "not a forecast" in found.text["en"]


def test_an_interval_over_zero_is_told_as_cannot_tell(quick):
    found = told(b=small().with_values({"infrastructure.logistics": 0.5}, id="more"), seeds=8)
    unclear = found.levers[found.levers["low"] * found.levers["high"] <= 0]["group"]
    assert "infrastructure" in set(unclear)
    assert "the model cannot tell their direction" in found.text["en"]
    for key in unclear:
        assert part_name(key, "en") in found.text["en"]


def test_one_pair_of_runs_cannot_tell(quick):
    found = told(seeds=1)
    assert "one pair of runs" in found.text["en"] and "cannot tell" in found.text["en"]
    assert "adds most" not in found.text["en"]
    assert math.isnan(found.difference["error"]) and found.to_json()["difference_error"] is None


def test_two_that_differ_in_policies_only_say_so(quick, tmp_path):
    path = tmp_path / "mine.yaml"
    small(path)
    path.write_text(path.read_text("utf-8").replace(json.dumps(SET), '{"automation.subsidy": 0.3}'), "utf-8")
    found = told(b=path)
    assert "differ in policies only" in found.text["en"]
    assert found.metadata["b"] == "mine"


# The command


@pytest.mark.parametrize(
    "words, message",
    [
        (["baseline", "transitoin"], "is not a known scenario; nearest: transition"),
        (["baseline", "transition", "--indicator", "employmnt"], "nearest: employment"),
        (["baseline", "transition", "--indicator", "employment[stage=sew]"], "employment is not split by stage=sew"),
        (["baseline", "transition", "--indicator", "jobs["], "jobs[ is not an indicator"),
        (["baseline", "transition", "--period", "2024"], "allowed: a year from 2025 to 2040"),
        (["baseline", "transition", "--period", "2030Q5"], "period is '2030Q5'"),
        (["baseline", "baseline"], "set the same numbers; there is nothing to explain"),
        (["baseline", "transition", "--draws", "3"], "no posterior is shipped"),
    ],
)
def test_what_cannot_be_explained_is_refused_in_one_line(quick, capsys, words, message):
    assert cli.main(["explain", *words]) == 3
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and message in err
    assert quick == []


def test_what_python_may_ask_wrongly_is_refused_too():
    for more in ({"split": "all"}, {"draws": -1}, {"seeds": 0}, {"seeds": 1.5}, {"people_per_agent": 0}):
        with pytest.raises(InputError, match=next(iter(more))):
            explain("baseline", "transition", **more)
    assert SPLITS_TOLD == SPLITS


def test_json_is_one_document_in_the_promised_shape(quick, capsys, tmp_path):
    command = ["explain", "baseline", str(small(tmp_path / "small.yaml")), "--seeds", "3", "--workers", "1", "--json"]
    assert cli.main(command) == 0
    document = json.loads(capsys.readouterr().out)
    assert {"indicator", "period", "difference", "levers", "mechanisms", "text"} <= set(document)
    assert (document["indicator"], document["period"]) == ("employment", "2040")
    assert {"group", "share", "low", "high"} <= set(document["levers"][0])
    assert {"name", "share", "low", "high"} <= set(document["mechanisms"][0])
    assert set(document["text"]) == {"en", "km"}
    for rows in ("levers", "mechanisms"):
        assert math.fsum(row["share"] for row in document[rows]) == pytest.approx(document["difference"], abs=1e-6)


def test_files_and_table(quick, capsys, tmp_path):
    folder = tmp_path / "out"
    command = ["explain", "baseline", str(small(tmp_path / "small.yaml")), "--seeds", "3", "--workers", "1"]
    command += ["--out", str(folder)]
    assert cli.main(command) == 0
    out, err = capsys.readouterr()
    assert "policy × world" in out and "mechanism" in out and "wrote levers" in err and "ក្នុង" in out
    for name, columns in (("levers", LEVERS), ("grid", GRID), ("mechanisms", MECHANISMS)):
        csv = pd.read_csv(folder / f"{name}.csv")
        assert tuple(csv.columns) == columns == tuple(pd.read_parquet(folder / f"{name}.parquet").columns)
    assert json.loads((folder / "explanation.json").read_text(encoding="utf-8"))["indicator"] == "employment"
    assert "<svg" in (folder / "levers.en.svg").read_text(encoding="utf-8")
    assert "។" in (folder / "text.km.txt").read_text(encoding="utf-8")
    assert cli.main([*command[:-2], "--indicator", "exports", "--out", str(tmp_path / "exports")]) == 0
    assert not (tmp_path / "exports" / "mechanisms.en.svg").exists()


# Charts


@pytest.mark.parametrize("lang", ["en", "km"])
@pytest.mark.parametrize("name", CHARTS)
def test_bars_add_up_from_a_to_b_with_their_intervals(quick, name, lang):
    found = told()
    spec = CHARTS[name](found, lang)
    altair.Chart.from_dict(spec, validate=True)
    bars = next(one["data"]["values"] for one in spec["layer"] if one["mark"]["type"] == "bar")
    *parts, whole = bars
    assert [bar["place"] for bar in bars] == list(range(len(bars)))
    for before, after in pairwise(parts):
        assert after["from"] == pytest.approx(before["to"], abs=1e-3)
    assert whole["from"] == 0 and whole["to"] == pytest.approx(parts[-1]["to"], abs=1e-3)
    assert whole["to"] == pytest.approx(found.difference["mean"] / 1000, rel=1e-5)
    assert all(bar["low"] <= bar["high"] and bar["side"] in SIDES for bar in bars)
    words = takeaway(found, name, lang)
    assert all(bar["named"] in words for bar in parts)


def test_an_indicator_without_mechanisms_has_an_empty_chart_of_them(quick):
    spec = CHARTS["mechanisms"](told(indicator="exports"), "en")
    assert all(one["data"]["values"] == [{"zero": 0}] for one in spec["layer"])


# Lives


def person(name, period, state="employed", **more):
    row = dict.fromkeys(PEOPLE, 0) | {"person": name, "period": period, "state": state, "gender": "women", "age": 30.0}
    row |= {"education": "primary", "skill": "operator", "job": "operator" if state == "employed" else ""}
    return row | {"factory": 3, "wage": 300.0 if state == "employed" else 0.0, "reskilled": False} | more


def factory(row, period, workers=100, sewn=0.0, open_=True, decision="", goods="garments"):
    found = dict.fromkeys(FACTORIES, 0.0) | {"factory": row, "period": period, "open": open_, "goods": goods}
    return found | {"owner": "KH", "workers": workers, "automation_sew": sewn, "decision": decision}


def frames():
    quarters = ("2024Q4", "2025Q1", "2025Q2")
    people_a = [person(name, q) for name in ("1-0", "2-0", "3-0") for q in quarters]
    people_b = [person("1-0", q) for q in quarters]
    people_b += [person("2-0", "2024Q4"), person("2-0", "2025Q1", "displaced"), person("2-0", "2025Q2", "training")]
    people_b += [person("3-0", q, wage=300.0 + 50 * i) for i, q in enumerate(quarters)]
    people_b[-1] |= {"skill": "technician", "job": "technician", "reskilled": True}
    factories_a = [factory(row, q) for row in (5, 6, 7) for q in quarters]
    factories_b = [factory(5, q, sewn=0.1 * i, decision="automated sew" * (i > 0)) for i, q in enumerate(quarters)]
    factories_b += [factory(6, "2024Q4"), factory(6, "2025Q1", 0, open_=False, decision="moved to BD")]
    factories_b += [factory(7, q) for q in quarters]
    return [pd.DataFrame(rows) for rows in (factories_a, factories_b, people_a, people_b)]


def test_rules_choose_whom_they_say():
    fa, fb, pa, pb = frames()
    found = {c.rule: c.who for c in life_courses.choose_factories((fa, fb), "2024Q4", "2025Q2")}
    assert found == {"automation_gap": "5", "typical_factory": "5", "gone_in_b": "6", "gone_in_a": ""}
    found = {c.rule: c.who for c in life_courses.choose_workers((pa, pb), "2024Q4", "2025Q2")}
    assert found == {"laid_off_in_b": "2-0", "laid_off_in_a": "", "skilled_in_b": "3-0", "typical_worker": "1-0"}
    back = {c.rule: c.who for c in life_courses.choose_factories((fb, fa), "2024Q4", "2025Q2")}
    assert back["gone_in_a"] == "6" and back["gone_in_b"] == ""


def test_the_log_tells_events_in_their_order(quick):
    fa, fb, pa, pb = frames()
    log = life_courses.log((fa, fb), (pa, pb), "2024Q4", "2025Q2")
    rows = log[(log["rule"] == "laid_off_in_b") & (log["scenario"] == "b")]
    assert list(zip(rows["period"], rows["event"])) == [
        ("2024Q4", "start"), ("2025Q1", "laid off"), ("2025Q2", "began a course"), ("2025Q2", "end"),
    ]  # fmt: skip
    gone = log[(log["rule"] == "gone_in_b") & (log["scenario"] == "b")]
    assert list(gone["event"]) == ["start", "moved to BD"]
    assert list(log[log["rule"] == "gone_in_a"]["event"]) == ["nobody"]
    found = replace(told(), log=log, period="2025Q2")
    for lang, country in (("en", "Bangladesh"), ("km", "បង់ក្លាដែស")):
        words = "\n".join(line for _, lines in log_words(found, lang) for line in lines)
        assert country in words and "300" in words and "2-0" in words
    assert "2025Q1 laid off; 2025Q2 began a training course" in "\n".join(
        line for _, lines in log_words(found, "en") for line in lines
    )


def test_everything_that_can_happen_has_words():
    jobs = ("operator", "technician", "engineer")
    events = [f"{verb} {job}" for verb in ("hired as", "became", "qualified as") for job in jobs]
    events += ["laid off", "left", "gave up looking", "changed factory", "began a course", "finished a course"]
    from simulator.analysis.explaining import event_name

    for event in events:
        assert event_name(event, "en") != event_name(event, "km")
    assert doctest.testmod(life_courses).failed == 0


@pytest.mark.slow
def test_the_model_itself_is_explained_from_end_to_end(monkeypatch, tmp_path):
    """Two small scenarios, run: every split adds up and the sample is followed."""
    monkeypatch.setenv("GARMENT_SIM_HOME", str(tmp_path / "home"))
    found = explain("baseline", "status_quo", seeds=2, people_per_agent=1000, workers=2)
    assert math.fsum(found.levers["share"]) == pytest.approx(found.difference["mean"], abs=1e-9)
    assert mechanisms.closes(found.mechanisms["share"].to_numpy(), found.difference["mean"])
    assert list(found.mechanisms["name"]) == list(TERMS)
    assert found.difference["mean"] > 0 and found.levers.set_index("group")["share"]["wages"] > 0
    lived = found.log[found.log["event"] != "nobody"]
    assert {"factory", "worker"} <= set(lived["kind"]) and set(lived["scenario"]) == {"a", "b"}
    starts = lived[lived["event"] == "start"].drop(columns="scenario")
    assert len(starts.drop_duplicates()) == len(starts) / 2  # the same in both until they part
    assert all(lines for lang in ("en", "km") for _, lines in log_words(found, lang))
