"""Is the model judged by the thresholds fixed beforehand, and only by them?"""

import doctest
import json
import math

import numpy as np
import pytest
from made_up import run_by

from simulator import cli
from simulator.analysis import criteria, patterns, statements
from simulator.analysis.criteria import CRITERIA, PATTERNS, SOURCE, STATEMENTS, Part, all_hold, share_of_draws, verdict
from simulator.analysis.runs import Runs
from simulator.analysis.validate import BEST_ALONE, COLUMNS, Plan, judge, validate
from simulator.indicators import COLUMNS as INDICATOR_COLUMNS
from simulator.results import InputError, Result
from simulator.store import Store

VERDICTS = {"pass", "fail", "cannot tell"}
PERIODS = tuple(f"{year}Q{quarter}" for year in range(2012, 2041) for quarter in range(1, 5))
YEARS = range(2012, 2041)


def made(**series):
    """A run with the given indicators: a number for all quarters, numbers by year, or by quarter."""
    columns, values = [], []
    for name, path in series.items():
        indicator, _, group = name.partition("__")
        columns.append((indicator, group.replace("__", "=") or "all"))
        path = np.asarray(path, dtype=float)
        values.append(np.repeat(path, 4) if path.shape == (len(YEARS),) else np.broadcast_to(path, len(PERIODS)))
    return Result({"steps_per_year": 4}, np.stack(values, axis=1), PERIODS, tuple(columns))


def from_2024_to_2040(before, after):
    """By year: ``before`` up to 2039, then ``after``."""
    return [before if year < 2040 else after for year in YEARS]


def row(id, **runs):
    """The row of a statement or pattern from made-up runs, a list a scenario."""
    module = statements if id.startswith("T") else patterns
    return judge(id, module.measured(id, Runs(runs)))


# The table


def test_every_statement_and_pattern_has_its_threshold():
    numbered = {1: 5, 2: 5, 3: 4, 4: 5}
    expected = [f"T{k}.{i}" for k, n in numbered.items() for i in range(1, n + 1)] + ["T5", "T6", "T7"]
    assert list(STATEMENTS) == expected
    assert list(PATTERNS) == [f"P{i}" for i in range(1, 11)]
    assert list(CRITERIA) == [*STATEMENTS, *PATTERNS]
    for criterion in CRITERIA.values():
        assert criterion.source == SOURCE == "model_design"
        assert criterion.text and criterion.parts
        for part in criterion.parts:
            bounded = math.isfinite(part.low) or math.isfinite(part.high) or part.among
            assert bool(bounded) == part.modelled, criterion.id


@pytest.mark.parametrize(
    ("id", "part", "low", "high"),
    [
        ("T1.1", "automation", -math.inf, 0.10),
        ("T1.3", "jobs", 0.9, 1.15),
        ("T2.5", "reshored", 0.1, 0.9),
        ("T3.2", "status_quo", 1.05, math.inf),
        ("P1", "exports", 1.8, 2.4),
        ("P3", "exits", 0.06, 0.14),
        ("P7", "eu", -0.15, -0.08),
        ("P8", "jobs", -0.03, 0.01),
        ("P10", "2022", 0.013, 0.019),
    ],
)
def test_thresholds_are_those_of_the_design(id, part, low, high):
    (found,) = [p for p in CRITERIA[id].parts if p.name == part]
    assert (found.low, found.high) == (low, high)


def test_only_the_table_knows_a_year_that_is_kept_out():
    kept_out = [(c.id, p.name) for c in CRITERIA.values() for p in c.parts if p.kept_out]
    assert kept_out == [("P10", "2022")]


def test_examples_in_the_code_hold():
    for module in (criteria, patterns):
        assert doctest.testmod(module).failed == 0


# Verdicts


@pytest.mark.parametrize(
    ("agree", "draws", "expected"),
    [
        (4, 5, "pass"), (8, 10, "pass"), (3, 5, "cannot tell"), (79, 100, "cannot tell"), (80, 100, "pass"),
        (1, 5, "fail"), (2, 10, "fail"), (21, 100, "cannot tell"), (20, 100, "fail"),
        (0, 1, "fail"), (1, 1, "pass"),
    ],
)  # fmt: skip
def test_verdict_turns_at_a_fifth_and_four_fifths(agree, draws, expected):
    holds = np.array([1.0] * agree + [0.0] * (draws - agree))
    assert verdict(share_of_draws(holds)) == expected


def test_draws_without_a_number_are_left_out():
    assert share_of_draws(np.array([1.0, math.nan, 0.0])) == 0.5
    assert verdict(share_of_draws(np.array([math.nan]))) == "cannot tell"
    assert verdict(share_of_draws(np.empty(0))) == "cannot tell"


@pytest.mark.parametrize(
    ("part", "values", "expected"),
    [
        (Part("a", "", low=0.9, high=1.15), [0.9, 1.15, 1.1501, math.nan], [1, 1, 0, math.nan]),
        (Part("a", "", high=1.0, strict=True), [0.99, 1.0], [1, 0]),
        (Part("a", "", among=(2, 4, 5)), [4, 1, math.nan], [1, 0, math.nan]),
    ],
)
def test_a_part_holds_up_to_its_bounds(part, values, expected):
    np.testing.assert_array_equal(part.holds(np.array(values, dtype=float)), expected)


def test_a_failed_part_decides_whatever_cannot_be_told():
    parts = np.array([[1.0, 0.0, 1.0, math.nan], [1.0, math.nan, math.nan, math.nan]])
    np.testing.assert_array_equal(all_hold(parts), [1.0, 0.0, math.nan, math.nan])


@pytest.mark.parametrize(
    ("part", "threshold"),
    [
        (Part("a", "", high=0.1), "≤ 0.1"),
        (Part("a", "", low=1.0, strict=True), "> 1"),
        (Part("a", "", low=0.9, high=1.15), "0.9 to 1.15"),
        (Part("a", "", among=(2, 4)), "one of 2, 4"),
    ],
)
def test_thresholds_in_words(part, threshold):
    assert part.threshold == threshold


# Statements by hand


def test_jobs_of_the_status_quo():
    runs = [made(employment=from_2024_to_2040(1000, after)) for after in (1000, 1100, 1150, 1151, 1300)]
    found = row("T1.3", status_quo=runs)
    assert (found["verdict"], found["share_of_draws"]) == ("cannot tell", 0.6)
    assert (found["value"], found["threshold"]) == (1.15, "0.9 to 1.15")
    assert found["values"] == {"2024": 1000, "2040": 1150}


def test_growth_of_real_wages_is_a_year_and_not_over_all():
    found = row("T1.2", status_quo=[made(real_wage=from_2024_to_2040(100, 100 * 1.004**16))])
    assert found["verdict"] == "pass"
    assert found["value"] == pytest.approx(0.004)


def test_lost_orders_go_near_the_market_or_to_cheaper_countries():
    def runs(share, near):
        return [made(market_share=s, reshored_share=n) for s, n in zip(share, near)]

    base = runs([0.04, 0.04, 0.04], [0.10, 0.10, 0.10])
    found = row("T2.5", baseline=base, no_garment_sector=runs([0.02, 0.02, 0.05], [0.11, 0.13, 0.13]))
    # half of the loss of .02; more than all of it; nothing is lost
    assert (found["share_of_draws"], found["verdict"]) == (0.5, "cannot tell")
    assert found["value"] == pytest.approx(1.0)
    nothing = row("T2.5", baseline=base, no_garment_sector=base)
    assert (nothing["share_of_draws"], nothing["value"], nothing["verdict"]) == (None, None, "cannot tell")


@pytest.mark.parametrize(("exports", "expected"), [(0.4, "cannot tell"), (0.7, "fail")])
def test_what_the_model_cannot_show_keeps_a_statement_from_passing(exports, expected):
    run = made(real_exports=from_2024_to_2040(1, exports), factory_size=from_2024_to_2040(500, 300))
    found = row("T2.3", no_garment_sector=[run])
    assert found["verdict"] == expected
    assert [part["verdict"] for part in found["parts"]] == ["pass" if exports <= 0.5 else "fail", "pass", "cannot tell"]


def test_machines_and_cheap_labour_are_counted_by_quarter():
    automation = np.where(np.array(PERIODS) >= "2030Q1", 0.40, 0.39)
    cost = np.where(np.array(PERIODS) >= "2032Q1", 1.26, 1.25)
    found = row("T3.1", transition=[made(automation=automation, labour_cost_index=cost)])
    assert (found["value"], found["verdict"]) == (8, "pass")
    cost = np.where(np.array(PERIODS) >= "2031Q4", 1.26, 1.25)
    found = row("T3.1", transition=[made(automation=automation, labour_cost_index=cost)])
    assert (found["value"], found["verdict"]) == (7, "fail")


def futures(nearest):
    return made(**{f"scenario_{k}": float(k == nearest) for k in range(6)})


def test_an_empty_pass_is_told():
    for reached, told in ((4, False), (0, True)):
        runs = {"high_tech_high_skills": [futures(reached)], "high_tech_high_skills+T4.5": [futures(0)]}
        found = row("T4.5", **runs)
        assert found["verdict"] == "pass"
        assert ("empty" in found["note"]) == told


@pytest.mark.parametrize(("on", "off", "expected"), [(1.2, 0.9, "pass"), (0.9, 0.8, "fail")])
def test_the_sign_of_jobs_with_and_without_skills(on, off, expected):
    runs = {
        name: [made(employment=from_2024_to_2040(1, after))]
        for name, after in (("high_tech_high_skills", on), ("high_tech_high_skills+T4.4", off))
    }
    assert row("T4.4", **runs)["verdict"] == expected


# Patterns by hand


def test_exits_are_over_factories_open_a_year_before():
    run = made(
        factories=[1000] * 29, factories_closed=20, factories_relocated=5, factories_opened=30
    )  # 100 of 1,000 go in a year, 120 come
    found = row("P3", baseline=[run])
    assert [part["value"] for part in found["parts"]] == pytest.approx([0.10, 1.2])
    assert found["verdict"] == "pass"


def test_kept_out_years_are_marked():
    share = [0.012 if year < 2020 else 0.022 for year in YEARS]
    found = row("P10", baseline=[made(market_share__goods__garments=share)])
    assert found["kept_out"] and found["verdict"] == "fail"
    assert [(part["kept_out"], part["verdict"]) for part in found["parts"]] == [(False, "pass"), (True, "fail")]


def test_an_s_is_told_from_a_line_and_from_a_jump():
    years = np.array(YEARS)
    s = 0.05 + 0.6 / (1 + np.exp(-(years - 2032) / 2.5))
    line = 0.05 + 0.01 * (years - 2012)
    jump = np.where(years < 2032, 0.05, 0.60)
    for path, expected in ((s, [1, 1]), (line, [0, 1]), (jump, [1, 0])):
        found = row("P9", transition=[made(automation=path)], high_tech_high_skills=[made(automation=path)])
        assert [part["share_of_draws"] for part in found["parts"]] == [expected[0]] * 2 + [expected[1]] * 2


def test_first_steps_are_compared_between_suppliers():
    run = made(payback__stage__sew=6.0, automation__buyers__brand_linked=0.07, automation__buyers__other=0.05)
    seen = {"linked": 0.06, "other": 0.03, "first": 0.8, "factories with a step": 300.0}
    found = judge("P6", patterns.measured("P6", Runs({"baseline": [run]}), [seen]))
    assert [part["value"] for part in found["parts"]] == [2.0, 0.8, 6.0]
    assert found["verdict"] == "pass"
    assert found["values"]["factories with a step"] == 300


def test_factories_are_followed_to_their_first_step():
    seen = patterns.follow_factories(seed=0, people_per_agent=1000)
    assert seen["factories with a step"] > 0
    assert sum(v for name, v in seen.items() if name.startswith("first step in")) == pytest.approx(1)
    assert seen["first"] == pytest.approx(seen["first step in cut"] + seen["first step in finish"])


# What is run


def test_variants_change_what_they_say():
    found = statements.scenarios()
    base, high = found["baseline"], found["high_tech_high_skills"]
    left = found["status_quo+T1.5"]
    assert left.value("wages.minimum_wage_growth", "2029Q4") == 0.015
    assert left.value("wages.minimum_wage_growth", "2030Q1") == 0.035
    assert left.value("technology.price_growth", "2030Q1") == -0.04
    assert left.value("world.competitor_automation", "2030Q1") == 0.25
    assert found["transition+T3.4"].value("wages.minimum_wage_growth", "2035Q1") == 0.06
    for name, off in (("T4.4", ("skills", "infrastructure")), ("T4.5", ("skills", "energy"))):
        variant = found[f"high_tech_high_skills+{name}"]
        for number in high.settings:
            same = base if number.partition(".")[0] in off else high
            assert variant.value(number, "2033Q1") == same.value(number, "2033Q1"), number


def test_events_leave_history_alone():
    for name, (scenario, _) in patterns.scenarios().items():
        if "+" in name:
            assert min(min(steps) for steps in scenario.own_settings.values()) >= "2025Q1"
    frozen, raised = (patterns.scenarios()[name][0] for name in (patterns.WAGE_FROZEN, patterns.WAGE_RAISED))
    wage = "wages.minimum_wage_growth"
    ratio = (1 + raised.value(wage, "2027Q1")) / (1 + frozen.value(wage, "2027Q1"))
    assert ratio == pytest.approx(1.10)
    assert raised.value(wage, "2028Q1") == frozen.value(wage, "2028Q1") == 0.035


def test_only_what_is_asked_for_is_run():
    both, one = (Plan.of(parts, None, 2, 400, 2025).requests() for parts in (["statements", "patterns"], ["patterns"]))
    assert {name for _, name, *_ in one} == set(patterns.scenarios())
    assert {name for _, name, *_ in both} == {name for _, name, *_ in one} | set(statements.scenarios())
    assert all([key[-1] for key in both if key[1] == name] == [0, 1] for _, name, *_ in both)
    assert len({request.key for request in both.values()}) == len(both)


def test_a_draw_with_a_failed_run_is_left_out(monkeypatch, tmp_path):
    def execute(request):
        if request.seed == 1 and request.scenario.id == "transition":
            raise RuntimeError("no more rows")
        return Result(request.metadata(), np.full((len(PERIODS), len(INDICATOR_COLUMNS)), 0.5), PERIODS)

    run_by(monkeypatch, execute)
    found = validate(["statements"], seeds=2, people_per_agent=1000, store=Store(tmp_path), workers=1)
    assert found.metadata["draws"] == {"statements": f"1 runs; {BEST_ALONE}"}
    assert [str(f) for f in found.failures] == ["transition, seed 1: RuntimeError: no more rows"]
    assert list(found.statements["id"]) == list(STATEMENTS)
    assert found.patterns.empty


def test_seeds_are_a_whole_number(tmp_path):
    with pytest.raises(InputError, match="seeds is 0"):
        validate(seeds=0, store=Store(tmp_path))


# The command


@pytest.mark.slow
def test_the_command_judges_everything_and_never_fails_for_it(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("GARMENT_SIM_HOME", str(tmp_path))
    assert cli.main(["validate", "--seeds", "1", "--people-per-agent", "400", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert {"statements", "patterns", "holdout", "projection", "events"} <= set(document)
    assert document["holdout"] == document["projection"] == document["events"] == []
    assert document["metadata"]["draws"] == dict.fromkeys(("statements", "patterns"), f"1 runs; {BEST_ALONE}")
    for part, ids in (("statements", STATEMENTS), ("patterns", PATTERNS)):
        assert [one["id"] for one in document[part]] == list(ids)
        for one in document[part]:
            assert tuple(one) == COLUMNS
            assert one["verdict"] in VERDICTS
            assert one["share_of_draws"] is None or 0 <= one["share_of_draws"] <= 1
    assert {one["id"] for one in document["patterns"] if one["kept_out"]} == {"P10"}

    assert cli.main(["validate", "--seeds", "1", "--people-per-agent", "400", "--patterns"]) == 0
    out, err = capsys.readouterr()
    assert err.count("\n") == 1  # the reminder of what is kept out; all runs are found in the store
    assert BEST_ALONE in out.splitlines()[0]
    assert "Statements" not in out
    lines = [line for line in out.splitlines() if line.startswith(tuple(VERDICTS))]
    assert len(lines) == len(PATTERNS)
