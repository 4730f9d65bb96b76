"""Do sensitivity, discovery and the search for the least cost find what was planted, and say so when they cannot?"""

import json
import math
from types import SimpleNamespace

import altair
import numpy as np
import pandas as pd
import pytest
from made_up import posterior_files

from simulator import cli
from simulator.analysis import boxes, discover, indices, kept, mixes, optimise, relabel, sensitivity, worlds
from simulator.analysis.goals import Goal, Measure, read_goal, read_measure
from simulator.analysis.levers import chosen_levers
from simulator.analysis.points import Factor, admissible, chosen_names, factors_of, request
from simulator.batch import Failure
from simulator.charts_findings import CHARTS
from simulator.findings_words import discovery_words, optimum_words, sensitivity_words
from simulator.indicators import COLUMNS, INDICATORS
from simulator.parameters import PARAMETERS
from simulator.posterior import load_posterior
from simulator.results import InputError, Result
from simulator.run import Request, execute
from simulator.scenario import load_scenario
from simulator.store import Store

WAGE, DEMAND, SEATS = "wages.minimum_wage_growth", "world.demand_growth", "skills.training_seats"
LOGISTICS, GOVERNMENT, BRANDS = "infrastructure.logistics", "business.e_government", "value_chain.local_brands"


# A stand-in for the model: a rule from the numbers of a request to indicators, the same in every quarter.


def standing_in(monkeypatch, rule, *modules):
    """Every module takes its runs from ``rule`` (request → {column: value}, or None for a failure)."""
    seen = []

    def observe(requests, take, store, workers=None, progress=None):
        values, failures = [], []
        for one in requests:
            seen.append(one)
            told = rule(one)
            values.append(None if told is None else take(result_of(one, told)))
            if told is None:
                failures.append(Failure(one, "RuntimeError: planted"))
        return values, tuple(failures)

    for module in modules:
        monkeypatch.setattr(module, "observe", observe)
    return seen


def result_of(one, told):
    """A run with these indicators."""
    periods = tuple(f"{year}Q{quarter}" for year in range(2012, one.until + 1) for quarter in range(1, 5))
    values = np.zeros((len(periods), len(COLUMNS)))
    for column, value in told.items():
        column = (column, "all") if isinstance(column, str) else column
        values[:, COLUMNS.index(column)] = value / (4 if INDICATORS[column[0]].over_year == "sum" else 1)
    return Result(one.metadata(), values, periods)


def number(one, name):
    return one.numbers.value(name, "2028Q1" if PARAMETERS[name].from_ == "start" else "2012Q1")


def luck(one, size):
    return size * float(np.random.default_rng(one.seed).normal())


# What people write


@pytest.mark.parametrize(
    "written, told",
    [
        ("employment>=450000", "employment>=450000"),
        (" employment [ gender = women ] >= 4.5e5 ", "employment[gender=women]>=450000"),
        ("employment[age=45+] ≥ 1_000", "employment[age=45+]>=1000"),
        ("turnover<0.3", "turnover<0.3"),
        ("public_balance>-20", "public_balance>-20"),
    ],
)
def test_a_goal_is_read_as_it_is_meant(written, told):
    assert read_goal(written).text == told
    assert read_goal(read_goal(written).text) == read_goal(written)


@pytest.mark.parametrize(
    "written, told",
    [
        ("employmet>=3", "nearest: employment"),
        ("employment[gender=woman]>=3", "nearest: gender=women"),
        ("survival[gender=women]>=3", "it has no groups"),
        ("employment", "it needs one of >=, <=, >, <"),
        ("employment=3", "it needs one of"),
        ("employment>=many", "many is no number"),
        ("employment>=", "nothing is no number"),
        ("employment>=nan", "nan is no number"),
        ("employment[gender=women>=3", "it needs one of"),
        (">=3", "allowed: an indicator"),
        ("", "it needs one of"),
    ],
)
def test_a_goal_that_is_none_is_answered_in_a_line(written, told):
    with pytest.raises(InputError, match=r".") as error:
        read_goal(written)
    assert told in str(error.value) and "\n" not in str(error.value)


def test_what_is_not_defined_meets_no_goal_and_counts_as_missed():
    goal = read_goal("employment<=10")
    values = np.array([5.0, math.nan, 8.0, 20.0])
    assert goal.met(values).tolist() == [True, False, True, False]
    assert goal.level(values, 0.5) == 8.0
    assert math.isnan(goal.level(values, 1.0))


def test_words_for_numbers_name_kinds_groups_and_names_and_leave_one_share_of_seats():
    levers = chosen_names(["lever"])
    assert {PARAMETERS[n].kind for n in levers} == {"lever"}
    assert "skills.facilitated_share" in levers and "skills.self_paced_share" not in levers
    assert "skills.self_paced_share" in chosen_names(["lever", "skills.self_paced_share"])
    assert set(chosen_names(["driver", "lever"])) >= {DEMAND, WAGE}
    assert chosen_names([WAGE, WAGE]) == (WAGE,)
    with pytest.raises(InputError, match="name one of them"):
        chosen_names(["skills.self_paced_share", "skills.facilitated_share"])
    with pytest.raises(InputError, match="nearest: labour"):
        chosen_names(["labor"])


def test_a_factor_and_its_places_agree_and_stay_in_the_range():
    base = load_scenario("baseline")
    for factor in factors_of(chosen_names(["lever", "driver", "fitted"]), base):
        values = factor.values(np.linspace(0, 1, 5))
        assert (np.diff(values) > 0).all()
        assert PARAMETERS[factor.name].low <= values[0] and values[-1] <= PARAMETERS[factor.name].high
        assert [factor.place(v) for v in values] == pytest.approx([0, 0.25, 0.5, 0.75, 1])
    half = base.with_values({"skills.self_paced_share": 0.3})
    assert factors_of(["skills.facilitated_share"], half)[0].high == pytest.approx(0.7)
    marginal = Factor("labour.quit_rate", 0.2, 0.3, (0.2, 0.21, 0.3))
    assert marginal.values(np.array([0.0, 0.5, 1.0])).tolist() == [0.2, 0.21, 0.3]


def test_fitted_numbers_may_vary_as_in_the_posterior_and_adoption_never_does(posterior):
    names = ("labour.quit_rate", "automation.hurdle")
    wide, narrow = (factors_of(names, load_scenario("baseline"), marginals) for marginals in (False, True))
    assert wide[0].low < narrow[0].low < narrow[0].high < wide[0].high
    assert narrow[1] == wide[1]


# Indices


def ishigami(u):
    x = -math.pi + 2 * math.pi * u
    return np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])


def test_sobols_indices_of_ishigamis_function_are_the_known_ones():
    frame = indices.analyse(ishigami, ["a", "b", "c", "nothing"], "sobol", 1024, seed=1)[0].set_index("name")
    assert frame["first"].tolist() == pytest.approx([0.3139, 0.4424, 0.0, 0.0], abs=0.05)
    assert frame["total"].tolist() == pytest.approx([0.5576, 0.4424, 0.2437, 0.0], abs=0.05)
    assert ((frame["total_low"] <= frame["total"]) & (frame["total"] <= frame["total_high"])).all()


def test_sobols_indices_of_the_g_function_are_the_known_ones():
    a = np.array([0.0, 1.0, 4.5, 9.0])
    frame = indices.analyse(
        lambda u: ((np.abs(4 * u - 2) + a) / (1 + a)).prod(axis=1), list("abcd"), "sobol", 1024, seed=2
    )[0]
    part = 1 / (3 * (1 + a) ** 2)
    whole = (1 + part).prod() - 1
    assert frame["first"].tolist() == pytest.approx((part / whole).tolist(), abs=0.05)
    total = [part[i] * np.delete(1 + part, i).prod() / whole for i in range(4)]
    assert frame["total"].tolist() == pytest.approx(total, abs=0.05)


def test_morris_tells_straight_from_bent_and_both_from_nothing():
    def function(u):
        return np.stack([3 * u[:, 0] - 2 * u[:, 1], u[:, 0] * u[:, 2]], axis=1)

    straight, bent = indices.analyse(function, ["a", "b", "c"], "morris", 12)
    assert straight["mu_star"].tolist() == pytest.approx([3, 2, 0], abs=1e-9)
    assert straight["mu"].tolist() == pytest.approx([3, -2, 0], abs=1e-9)
    assert straight["sigma"].max() < 1e-9 < bent.set_index("name").loc["a", "sigma"]


def test_points_where_nothing_is_defined_take_their_neighbours_along():
    names = ["a", "b"]
    points = indices.places("morris", names, 6)
    values = 3 * points[:, 0]
    values[4] = math.nan
    frame = indices.indices("morris", names, points, values)
    assert frame["blocks"].tolist() == [5, 5]
    assert frame["mu_star"].tolist() == pytest.approx([3, 0], abs=1e-9)
    with pytest.raises(InputError, match="power of 2"):
        indices.places("sobol", names, 48)


# Sensitivity


def rule_of_sensitivity(one):
    jobs = 5e5 + 4e6 * number(one, DEMAND) - 1e6 * number(one, WAGE) + luck(one, 2e3)
    position = {"labour_cost_index": 1.0, "automation": 0.2, "real_exports": 90.0, "exports": 90.0}
    return {"employment": jobs, "value_added": 50.0, "skilled_jobs": 0.1 * jobs} | position


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "runs")


def test_screening_ranks_what_was_planted_and_puts_luck_beside_it(monkeypatch, store):
    seen = standing_in(monkeypatch, rule_of_sensitivity, sensitivity)
    names = [DEMAND, WAGE, "labour.household_other", "thresholds.survival_employment"]
    found = sensitivity.sensitivity(
        indicators=["employment", "survival"], period=2028, parameters=names, trajectories=6, store=store
    )
    jobs = found.of("employment").set_index("name")
    assert jobs.index[:2].tolist() == [DEMAND, WAGE]
    assert jobs.loc[DEMAND, "mu"] == pytest.approx(4e6 * 0.06, rel=0.1)
    assert jobs.loc[[DEMAND, WAGE], "verdict"].tolist() == ["matters", "matters"]
    assert jobs.loc["labour.household_other", "verdict"] == "none"
    assert jobs.loc["luck", "verdict"] == "luck" and jobs.loc["luck", "mu_star"] > 0
    alive = found.of("survival").set_index("name")
    assert alive.loc["thresholds.survival_employment", "mu_star"] > 0
    assert len({one.key for one in seen}) <= len(seen) - 6  # a step of a threshold is no run
    for lang in ("en", "km"):
        assert len(sensitivity_words(found, "employment", lang)) == 3
    again = sensitivity.Sensitivity.load(store)
    pd.testing.assert_frame_equal(again.morris, found.morris)
    assert again.about == found.about


def test_sobol_follows_a_screening_and_is_told_in_parts_of_the_variance(monkeypatch, store):
    standing_in(monkeypatch, rule_of_sensitivity, sensitivity)
    found = sensitivity.sensitivity(
        indicators=["employment"], period=2028, method="sobol", samples=16, top=2, trajectories=2, store=store
    )
    assert len(found.morris) > 150 and len(found.sobol) == 3
    asked = sensitivity.sensitivity(
        indicators=["employment"], period=2028, method="sobol", parameters=[DEMAND, WAGE], samples=128, store=store
    )
    total = asked.of("employment").set_index("name")["total"]
    demand, wage, noise = (4e6 * 0.06) ** 2 / 12, (1e6 * 0.1) ** 2 / 12, 2e3**2
    whole = demand + wage + noise
    assert total[[DEMAND, WAGE]].tolist() == pytest.approx([demand / whole, wage / whole], abs=0.15)
    assert total["luck"] < 0.02
    assert asked.morris.empty


def test_several_seeds_a_point_tell_the_spread_of_luck(monkeypatch, store):
    standing_in(monkeypatch, rule_of_sensitivity, sensitivity)
    found = sensitivity.sensitivity(
        indicators=["employment"], period=2028, parameters=[DEMAND], seeds=6, trajectories=8, store=store
    )
    assert found.morris["seed_sd"].iloc[0] == pytest.approx(2e3, rel=0.4)


def test_failed_runs_are_listed_and_nothing_is_kept(monkeypatch, store):
    def rule(one):
        return None if number(one, DEMAND) > 0.045 and number(one, WAGE) > 0.09 else rule_of_sensitivity(one)

    standing_in(monkeypatch, rule, sensitivity)
    found = sensitivity.sensitivity(
        indicators=["employment"], period=2028, parameters=[DEMAND, WAGE], trajectories=10, store=store
    )
    assert found.failures and found.folder is None
    assert 0 < found.morris["blocks"].iloc[0] < 10
    with pytest.raises(InputError, match="garment-sim sensitivity; that command makes one"):
        sensitivity.Sensitivity.load(store)


def test_points_that_the_model_refuses_are_passed_over():
    base = load_scenario("baseline")
    asked = sensitivity.plan(indicators=["employment"], parameters=["production", "pricing"], trajectories=5)
    _, values = asked.points("morris", asked.factors)
    check = admissible(base, asked.names)
    assert len(values) == 5 * (len(asked.names) + 2)
    assert all(check(row) for row in values)
    extreme = {"production.materials": 0.59, "production.plant": 0.6, "production.plant_life": 10.0}
    assert not admissible(base, list(extreme))(np.array(list(extreme.values())))


def test_labels_of_a_finished_run_are_found_again_and_follow_other_thresholds():
    result = execute(Request.of("baseline", 3, 1000, 2025))
    place = relabel.position(result, 2025)
    told = relabel.labels(place, relabel.limits_of(load_scenario("baseline"), {}))
    stored = result.yearly().table(list(relabel.LABELS)).loc["2025"]
    assert list(told.values()) == pytest.approx(stored.tolist(), abs=1e-9)
    strict = {"thresholds.survival_employment": 0.6, "thresholds.survival_exports": 0.9}
    harder = relabel.labels(place, relabel.limits_of(load_scenario("baseline"), strict))
    assert harder["survival"] < told["survival"]
    base = load_scenario("baseline")
    keys = {request(base, values, 1, 1000, 2025).key for values in ({}, strict)}
    assert len(keys) == 1


# Discovery


def rule_of_discovery(one):
    dear, few = number(one, WAGE) > 0.07, number(one, DEMAND) < 0.01
    gone = dear and few
    near = number(one, WAGE) - number(one, DEMAND)
    closeness = {f"scenario_{k}": float(k == (2 if gone else 1)) for k in range(6)}
    return closeness | {"survival": 0.9 if gone else 2.0 - 5 * near}


TRUE_SHARE = 0.3 * (0.02 / 0.06)


@pytest.mark.slow
def test_a_planted_box_is_found_again_with_weights_that_put_sampling_right(monkeypatch, store):
    standing_in(monkeypatch, rule_of_discovery, discover)
    found = discover.discover("no_garment_sector", worlds=300, period=2028, store=store)
    stages = found.worlds["stage"].value_counts()
    assert stages["on purpose"] > 80
    assert found.about["share"] == pytest.approx(TRUE_SHARE, abs=0.04)
    limits = found.boxes.set_index("name")
    assert set(limits.index) == {WAGE, DEMAND}
    assert limits.loc[WAGE, "low"] == pytest.approx(0.07, abs=0.006) and math.isnan(limits.loc[WAGE, "high"])
    assert limits.loc[DEMAND, "high"] == pytest.approx(0.01, abs=0.006)
    box = found.summary.iloc[0]
    assert box["density"] > 0.8 and box["coverage"] > 0.7 and box["outside"] < 0.05
    assert box["density_low"] <= box["density"] <= box["density_high"]
    assert box["checked"] == stages["check"] and box["checked_cases"] > 0.7 * box["checked"]
    assert limits[["quasi_p_low", "quasi_p_high"]].min(axis=None) < 0.001
    english = " ".join(discovery_words(found, "en"))
    assert "No garment sector" in english and "at least 7" in english and "no probability" in english
    again = discover.Discovery.load(store)
    pd.testing.assert_frame_equal(again.boxes, found.boxes)


def test_a_future_that_never_came_about_is_told_so_with_a_bound(monkeypatch, store):
    never = {f"scenario_{k}": float(k == 1) for k in range(6)} | {"survival": 2.0}
    standing_in(monkeypatch, lambda one: never, discover)
    found = discover.discover("no_garment_sector", worlds=60, period=2028, store=store)
    assert found.about["cases"] == 0 and found.boxes.empty
    told = discovery_words(found, "en")
    assert len(told) == 1 and "51 runs" in told[0] and "did not occur" in told[0]
    assert 0.05 < found.about["share_even_high"] < 0.2
    assert discovery_words(found, "km")


def test_a_future_that_always_comes_about_needs_no_condition(monkeypatch, store):
    always = {f"scenario_{k}": float(k == 2) for k in range(6)} | {"survival": 0.5}
    standing_in(monkeypatch, lambda one: always, discover)
    found = discover.discover("no_garment_sector", worlds=60, period=2028, store=store)
    assert found.boxes.empty and "needs no condition" in discovery_words(found, "en")[0]


def test_chance_alone_makes_no_box(monkeypatch, store):
    def rule(one):
        gone = np.random.default_rng(one.seed).random() < 0.3
        return {f"scenario_{k}": float(k == (2 if gone else 1)) for k in range(6)} | {"survival": 1.0}

    standing_in(monkeypatch, rule, discover)
    found = discover.discover("no_garment_sector", worlds=200, period=2028, parameters=[WAGE, DEMAND], store=store)
    if len(found.summary):  # PRIM finds something nearly everywhere: fresh runs must unmask it
        assert found.summary["checked_density"].iloc[0] < 0.6
    else:
        assert "better than chance" in discovery_words(found, "en")[0]


def test_weights_are_one_over_how_often_a_place_is_sampled():
    parts = [worlds.Part(50, {}), worlds.Part(50, {"a": (0.0, 0.25)})]
    places = pd.DataFrame({"a": [0.1, 0.9]})
    assert worlds.weights(places, parts).tolist() == pytest.approx([1 / (0.5 + 0.5 / 0.25), 1 / 0.5])
    factors = [Factor(WAGE, 0.0, 0.1), Factor(DEMAND, -0.01, 0.05)]
    inside = worlds.sample(factors, worlds.Part(200, {WAGE: (0.5, 0.75)}), seed=1)
    assert inside[:, 0].min() >= 0.5 and inside[:, 0].max() <= 0.75 and inside[:, 1].max() > 0.9


def test_doubtful_conditions_are_left_out_of_a_box():
    rng = np.random.default_rng(0)
    x = pd.DataFrame(rng.random((300, 2)), columns=["a", "b"])
    case = (x["a"] > 0.7).to_numpy()
    box = boxes.prune(boxes.Box({"a": (0.7, math.inf), "b": (0.02, math.inf)}), x, case)
    assert set(box.limits) == {"a"} and box.quasi_p["a"][0] < 1e-6


def test_without_the_workbench_the_extra_is_named(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"garment-sim\[discover\]"):
        discover.plan("transition")


# Least cost


def rule_of_costs(one):
    """Logistics add jobs, cheaply; e-government adds as many, dearly; a draw is so much luck."""
    logistics, government = number(one, LOGISTICS), number(one, GOVERNMENT)
    jobs = 4e5 + 1e5 * logistics + 1e5 * government + 1e4 * float(np.random.default_rng(one.seed).normal())
    jobs -= 2e5 * max(0.0, 0.02 - number(one, DEMAND)) / 0.03
    return {
        "employment": jobs,
        "value_added": 100.0,
        "public_cost": 10 * logistics + 40 * government + 3 * number(one, BRANDS) + 1.0,
    }


def search(monkeypatch, store, goal, **more):
    seen = standing_in(monkeypatch, rule_of_costs, mixes)
    settings = {"period": 2028, "budget": 200, "levers": [LOGISTICS, GOVERNMENT, BRANDS], "store": store}
    return optimise.optimise([goal], **(settings | more)), seen


def test_the_cheaper_of_two_levers_is_used_and_fresh_draws_bear_it_out(monkeypatch, store):
    found, seen = search(monkeypatch, store, "employment>=450000")
    assert found.reached
    mix = found.winner
    assert 0.45 < mix[LOGISTICS] < 0.85 and mix[GOVERNMENT] < 0.1 and mix[BRANDS] < 0.1
    assert mix["cost"] == pytest.approx(4 * (10 * mix[LOGISTICS] + 40 * mix[GOVERNMENT] + 3 * mix[BRANDS] + 1))
    assert found.verified["met"].mean() > 0.5 and len(found.verified) == 20
    searched = {one.seed for one in seen} - set(found.verified["seed"])
    assert not searched & set(found.verified["seed"])
    assert (found.regret["regret_share"] >= 0).all() and (found.regret["regret_cost"].dropna() >= 0).all()
    assert found.regret.groupby("world")["regret_share"].min().eq(0).all()
    best = found.mixes[found.mixes["frontier"]].sort_values("cost")
    assert best["nearness"].is_monotonic_increasing
    assert found.about["runs"] <= 200 + 2 * 20
    for lang in ("en", "km"):
        assert optimum_words(found, lang)[0]
    again = optimise.Optimum.load(store)
    pd.testing.assert_frame_equal(again.mixes, found.mixes)
    broken = found.regret[(found.regret["mix"] == found.about["winner"]) & found.regret["breaks"]]
    assert "no_garment_sector" in set(broken["world"])  # its demand grows more slowly
    assert "No garment sector" in " ".join(optimum_words(found, "en"))


def test_a_goal_out_of_reach_is_told_with_the_best_there_is(monkeypatch, store):
    found, _ = search(monkeypatch, store, "employment>=900000", budget=120)
    assert not found.reached
    told = " ".join(optimum_words(found, "en"))
    assert "is not reached within the bounds" in told and "In 80% of the draws it reaches at least this" in told
    assert found.winner[LOGISTICS] > 0.9


@pytest.mark.slow
def test_a_goal_that_is_met_anyway_costs_nothing_more(monkeypatch, store):
    found, _ = search(monkeypatch, store, "employment>=300000", budget=120)
    assert found.about["winner"] == 0
    assert "No lever has to move" in " ".join(optimum_words(found, "en"))


@pytest.mark.slow
def test_the_same_seed_gives_the_same_answer(monkeypatch, store):
    first, _ = search(monkeypatch, store, "employment>=450000", budget=120)
    second, _ = search(monkeypatch, store, "employment>=450000", budget=120)
    pd.testing.assert_frame_equal(first.mixes, second.mixes)


def test_where_a_promise_breaks_is_told_by_the_number_that_parts_the_draws(monkeypatch, tmp_path):
    monkeypatch.setenv("GARMENT_SIM_POSTERIOR", str(posterior_files(tmp_path / "posterior", draws=40)))
    values = load_posterior("refit").values
    name = "labour.quit_rate"
    draws = np.arange(len(values))
    met = values[name].to_numpy() < values[name].median()
    frame = mixes.breaks(pd.DataFrame({"draw": draws, "met": met}))
    assert frame["name"].iloc[0] == name and frame["side"].iloc[0] == "above"
    assert frame["break_above"].iloc[0] > 0.9 > 0.1 > frame["break_below"].iloc[0]
    assert mixes.breaks(pd.DataFrame({"draw": draws, "met": True})).empty


def test_levers_go_from_what_is_set_to_the_end_that_costs_more_unless_bounds_are_given():
    base = load_scenario("baseline")
    found = {lever.name: lever for lever in chosen_levers(None, base)}
    assert found["energy.price"].high == base.value("energy.price", "2025Q1")
    assert found[SEATS].low == base.value(SEATS, "2025Q1") and found[SEATS].start == 0.0
    assert "wages.minimum_wage_growth" not in found
    (bound,) = chosen_levers([f"{SEATS}=1000:9000"], base)
    assert (bound.low, bound.high) == (1000, 9000) and bound.value(bound.start) == 8000
    for bad, told in [
        (f"{SEATS}=9000:1000", "LOW:HIGH, from 0 to 100000 seats/year"),
        ("world.demand_growth", "it is no lever"),
        ("skills.training_seat", "nearest: skills.training_seats"),
    ]:
        with pytest.raises(InputError, match=told):
            chosen_levers([bad], base)


# Charts and commands


def as_found(kind, monkeypatch, store):
    if kind == "sensitivity":
        standing_in(monkeypatch, rule_of_sensitivity, sensitivity)
        settings = {"indicators": ["employment"], "period": 2028, "parameters": [DEMAND, WAGE], "trajectories": 3}
        return sensitivity.sensitivity(**settings, store=store)
    if kind == "discover":
        standing_in(monkeypatch, rule_of_discovery, discover)
        return discover.discover("no_garment_sector", worlds=140, period=2028, parameters=[WAGE, DEMAND], store=store)
    return search(monkeypatch, store, "employment>=450000", budget=120)[0]


@pytest.mark.parametrize("kind", CHARTS)
def test_every_chart_is_valid_in_both_languages(kind, monkeypatch, store):
    found = as_found(kind, monkeypatch, store)
    for lang in ("en", "km"):
        charts = CHARTS[kind](found, lang)
        assert charts
        for spec in charts.values():
            altair.Chart.from_dict(spec)
            assert spec["layer"] and json.dumps(spec, allow_nan=False)


def test_a_command_prints_json_and_writes_tables_charts_and_texts(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("GARMENT_SIM_HOME", str(tmp_path / "home"))
    standing_in(monkeypatch, rule_of_sensitivity, sensitivity)
    asked = ["sensitivity", "--indicator", "employment,employment[gender=women]", "--period", "2028"]
    asked += ["--parameters", f"{DEMAND},{WAGE}", "--trajectories", "3", "--out", str(tmp_path / "out"), "--json"]
    assert cli.main([*asked, "--format", "csv"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["metadata"]["asked"]["method"] == "morris"
    assert {row["indicator"] for row in document["morris"]} == {"employment", "employment[gender=women]"}
    assert set(document["text"]) == {"en", "km"} and document["text"]["en"]
    written = {path.name for path in (tmp_path / "out").iterdir()}
    tables = {"morris.csv", "sobol.csv", "points.csv"}
    assert written == {*tables, "about.json", "charts.json", "text.en.txt", "text.km.txt"}
    assert len(list((tmp_path / "home" / "runs" / "findings").glob("sensitivity-*/about.json"))) == 1


def test_tables_to_read_name_intervals_and_luck(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("GARMENT_SIM_HOME", str(tmp_path))
    standing_in(monkeypatch, rule_of_discovery, discover)
    asked = ["discover", "--future", "no_garment_sector", "--worlds", "140", "--parameters", f"{WAGE},{DEMAND}"]
    assert cli.main([*asked, "--period", "2028"]) == 0
    out = capsys.readouterr().out
    assert "coverage" in out and "quasi-p" in out and WAGE in out and "fresh runs inside" in out
    standing_in(monkeypatch, rule_of_costs, mixes)
    asked = ["optimise", "--goal", "employment>=450000", "--levers", LOGISTICS, "--budget", "120", "--period", "2028"]
    assert cli.main(asked) == 0
    out = capsys.readouterr().out
    assert "not discounted" in out and "regret" in out and "chosen" in out
    standing_in(monkeypatch, rule_of_sensitivity, sensitivity)
    asked = ["sensitivity", "--indicator", "employment", "--parameters", DEMAND, "--period", "2028"]
    assert cli.main([*asked, "--method", "sobol", "--samples", "16"]) == 0
    out = capsys.readouterr().out
    assert "luck" in out and "part of the variance" in out


@pytest.mark.parametrize(
    "words, code, told",
    [
        (["discover", "--future", "no_garmet_sector"], 3, "nearest: no_garment_sector"),
        (["discover", "--future", "transition", "--worlds", "3"], 2, "whole number from 40"),
        (["discover", "--future", "transition", "--parameters", "thresholds"], 3, "no conditions"),
        (["discover"], 2, "--future"),
        (["sensitivity", "nowhere"], 3, "nearest"),
        (["sensitivity", "--indicator", "jobs"], 3, "is not a known indicator"),
        (["sensitivity", "--method", "sobol", "--samples", "60"], 3, "power of 2"),
        (["sensitivity", "--indicator", "survival", "--period", "2020"], 3, "2024 to 2040"),
        (["sensitivity", "--indicator", "employment", "--parameters", "thresholds"], 3, "survival and scenario_0"),
        (["optimise"], 2, "--goal"),
        (["optimise", "--goal", "employment>=x"], 3, "is no number"),
        (["optimise", "--goal", "employment>=1", "--share", "1.5"], 2, "share above 0"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_an_exit_code(words, code, told, capsys):
    try:
        found = cli.main(words)
    except SystemExit as end:
        found = end.code
    error = capsys.readouterr().err
    assert found == code and told in error and len(error.strip().splitlines()) == 1


def test_failures_end_with_their_own_code(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("GARMENT_SIM_HOME", str(tmp_path))
    standing_in(monkeypatch, lambda one: None if one.seed % 7 == 0 else rule_of_sensitivity(one), sensitivity)
    asked = ["sensitivity", "--indicator", "employment", "--parameters", f"{DEMAND},{WAGE}", "--period", "2028"]
    assert cli.main([*asked, "--trajectories", "12"]) == 4
    assert "planted" in capsys.readouterr().err


def test_a_dry_run_runs_no_analysis_and_tells_the_time(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("GARMENT_SIM_HOME", str(tmp_path))
    asked = ["optimise", "--goal", "employment>=1", "--people-per-agent", "1000", "--period", "2025", "--dry-run"]
    assert cli.main(asked) == 0
    out = capsys.readouterr().out
    assert "at most" in out and "time expected" in out
    assert not list((tmp_path / "runs").glob("??/*.parquet"))


def test_a_finding_of_another_kind_or_none_is_refused(tmp_path):
    folder = kept.keep(tmp_path / "one", {"asked": kept.asked("discover")}, {"boxes": pd.DataFrame({"a": [1]})})
    with pytest.raises(InputError, match="not of optimise"):
        kept.load("optimise", folder)
    assert not kept.load("discover", folder).stale
    (folder / "boxes.parquet").write_bytes(b"nothing")
    with pytest.raises(InputError, match="cannot be read as a finding"):
        kept.load("discover", folder)


@pytest.mark.slow
def test_runs_go_through_the_store_and_are_not_repeated(store):
    seen = []
    asked = {"indicators": ["employment"], "period": 2013, "parameters": [DEMAND], "trajectories": 2}
    small = {"people_per_agent": 1000, "workers": 1, "store": store}
    first = sensitivity.sensitivity(**asked, **small)
    ages = {path: path.stat().st_mtime_ns for path in store}
    second = sensitivity.sensitivity(**asked, **small, progress=lambda done, total: seen.append((done, total)))
    assert ages and {path: path.stat().st_mtime_ns for path in store} == ages
    assert seen[0][0] == seen[0][1]
    pd.testing.assert_frame_equal(first.morris, second.morris)
    assert first.of("employment").set_index("name").loc[DEMAND, "verdict"] == "none"  # no driver reaches history


def test_a_goal_reads_groups_of_a_run():
    run = result_of(
        SimpleNamespace(until=2012, metadata=lambda: {"steps_per_year": 4}), {("employment", "gender=women"): 7.0}
    )
    assert read_measure("employment[gender=women]").of(run.yearly(), 2012) == 7.0
    assert math.isnan(Measure("employment").of(run.yearly(), 2030))
    assert Goal(Measure("employment", "gender=women"), ">", 6).met(np.array([7.0])).all()
