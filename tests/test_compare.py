"""Are scenarios compared pair by pair, and is policy told apart from the world?"""

import json
import time

import numpy as np
import pandas as pd
import pytest

from simulator.batch import Failure
from simulator.compare import (
    GRID_COLUMNS,
    INPUT_COLUMNS,
    SUMMARY_COLUMNS,
    Comparison,
    cell,
    compare,
    comparison_requests,
    cost_per_job,
    paired,
    plain,
    upgrades,
)
from simulator.indicators import COLUMNS
from simulator.results import InputError, Result
from simulator.scenario import load_scenario
from simulator.store import Store

TINY = (("employment", "all"), ("public_cost", "all"), ("employment", "gender=women"))
YEARS = [str(year) for year in range(2012, 2027)]


def made(request, jobs, cost=0.0, columns=TINY):
    """A run with constant jobs and a constant public cost from 2025 on, USD million a quarter."""
    periods = tuple(f"{year}Q{quarter}" for year in YEARS for quarter in range(1, 5))
    values = np.full((len(periods), len(columns)), float(jobs))
    values[:, 1] = [cost if period >= "2025Q1" else 0.0 for period in periods]
    return Result(request.metadata(), values, periods, columns)


def by_hand(jobs, costs=None, seeds=3, grid=False, scenario="transition"):
    """A comparison of transition with the baseline from numbers by (scenario, seed)."""
    requests = comparison_requests([scenario], seeds=seeds, until=2026, grid=grid)
    keys = [(r.scenario.id, r.seed) for r in requests]
    results = [made(r, jobs[k], (costs or {}).get(k, 0.0)) for r, k in zip(requests, keys, strict=True) if k in jobs]
    failures = [Failure(r, "RuntimeError: no") for r, k in zip(requests, keys, strict=True) if k not in jobs]
    return Comparison.from_results(requests, results, failures)


def row(comparison, indicator="employment", scenario="transition", period="2026", group="all"):
    table = comparison.summary
    at = (table["indicator"] == indicator) & (table["scenario"] == scenario) & (table["period"] == period)
    (found,) = table[at & (table["group"] == group)].to_dict("records")
    return found


JOBS = {
    ("baseline", 0): 100, ("baseline", 1): 200, ("baseline", 2): 300,
    ("transition", 0): 110, ("transition", 1): 230, ("transition", 2): 295,
}  # fmt: skip


def test_runs_are_paired_by_seed_before_anything_is_averaged():
    found = row(by_hand(JOBS))
    # differences 10, 30, −5 → median 10, p10 −5 + .2 · 15 = −2, p90 10 + .8 · 20 = 26; two of three are gains
    assert (found["n"], found["unit"], found["baseline"]) == (3, "persons", "baseline")
    assert (found["median"], found["difference"]) == (230, 10)
    assert (found["difference_p10"], found["difference_p90"]) == pytest.approx((-2, 26))
    assert (found["p10"], found["p90"]) == pytest.approx((134, 282))
    assert found["sign_share"] == pytest.approx(2 / 3)


def test_the_summary_has_its_columns_and_every_group_and_year():
    table = by_hand(JOBS).summary
    assert tuple(table.columns) == SUMMARY_COLUMNS
    assert sorted(set(table["period"])) == YEARS
    assert set(table["group"]) == {"all", "gender=women"}
    assert len(table) == len(YEARS) * (len(TINY) + len(TINY) + 1)
    base = table[table["scenario"] == "baseline"]
    assert (base["difference"] == 0).all()
    assert (base["sign_share"] == 0).all()


def test_the_share_of_signs_is_nothing_where_the_median_difference_is_nothing():
    ours, theirs = np.array([[1.0], [2.0], [3.0]]), np.array([[1.0], [1.0], [4.0]])
    levels, share = paired(ours, theirs)
    assert levels[1].tolist() == [0.0]
    assert share.tolist() == [0.0]
    assert np.isnan(paired(ours * np.nan, theirs)[1]).all()
    assert paired(theirs - 2, theirs)[1].tolist() == [1.0]


def test_cost_per_job_is_all_spent_since_the_start_over_the_jobs_of_the_year():
    costs = {("transition", 0): 1.0, ("transition", 1): 2.0, ("baseline", 0): 0.5}
    found = row(by_hand(JOBS, costs), "cost_per_job")
    # seed 0: 0.5 · 8 quarters = 4 M USD over 10 jobs; seed 1: 2 · 8 = 16 M over 30; seed 2 has fewer jobs
    assert (found["n"], found["unit"]) == (2, "USD/job")
    assert found["median"] == pytest.approx((4e6 / 10 + 16e6 / 30) / 2)
    assert np.isnan(found["difference"])
    assert row(by_hand(JOBS, costs), "cost_per_job", period="2025")["median"] == pytest.approx((2e5 + 8e6 / 30) / 2)
    assert np.isnan(row(by_hand(JOBS, costs), "cost_per_job", period="2024")["median"])
    assert "cost_per_job" not in set(by_hand(JOBS).summary.query("scenario == 'baseline'")["indicator"])


def test_cost_per_job_is_empty_where_jobs_are_not_more():
    ours, theirs = np.zeros((1, 1, 2)), np.zeros((1, 1, 2))
    ours[..., 1], theirs[..., 0] = 5.0, 0.0
    assert np.isnan(cost_per_job(ours, theirs, TINY[:2], ("2026",), "2025")).all()


def test_a_failed_run_leaves_out_its_pair_and_is_listed():
    comparison = by_hand({k: v for k, v in JOBS.items() if k != ("transition", 1)})
    found = row(comparison)
    assert found["n"] == 2
    assert found["difference"] == pytest.approx(2.5)  # of 10 and −5
    assert row(comparison, scenario="baseline")["n"] == 3
    assert not comparison.complete
    failed = comparison.runs[comparison.runs["status"] == "failed"]
    assert failed[["scenario", "seed", "error"]].values.tolist() == [["transition", 1, "RuntimeError: no"]]
    assert comparison.metadata["failures"] == ["transition, seed 1: RuntimeError: no"]


def test_a_comparison_without_any_run_of_the_baseline_is_empty():
    comparison = by_hand({k: v for k, v in JOBS.items() if k[0] != "baseline"})
    assert comparison.years == ()
    assert list(comparison.summary.columns) == list(SUMMARY_COLUMNS)
    assert len(comparison.summary) == len(comparison.grid) == 0


def test_the_grid_tells_policy_from_world_run_by_run():
    jobs = JOBS | {
        ("transition@policy", 0): 104, ("transition@policy", 1): 220, ("transition@policy", 2): 301,
        ("transition@world", 0): 103, ("transition@world", 1): 205, ("transition@world", 2): 290,
    }  # fmt: skip
    grid = by_hand(jobs, grid=True).grid
    assert tuple(grid.columns) == GRID_COLUMNS
    grid = grid[grid["indicator"] == "employment"].set_index("part")
    # policy 4, 20, 1; world 3, 5, −10; both 10, 30, −5; interaction 3, 5, 4
    assert grid["difference"].to_dict() == {"both": 10, "policy": 4, "world": 3, "interaction": 4}
    assert grid.loc["interaction", "difference_p90"] == pytest.approx(4.8)
    assert set(grid["period"]) == {"2026"}
    assert grid["n"].tolist() == [3, 3, 3, 3]


def changed(scenario, base):
    return {name: path for name, path in scenario.settings.items() if base.settings.get(name) != path}


def test_cells_split_a_scenario_into_levers_and_the_rest():
    scenario, base = load_scenario("no_garment_sector"), load_scenario("baseline")
    policy, world = (cell(scenario, base, part) for part in ("policy", "world"))
    assert (policy.id, world.id) == ("no_garment_sector@policy", "no_garment_sector@world")
    ours, theirs = changed(policy, base), changed(world, base)
    assert not set(ours) & set(theirs)
    assert ours | theirs == changed(scenario, base)
    assert {"trade.eu_preference", "trade.us_preference", "world.demand_growth"} <= set(theirs)
    assert {"energy.price", "wages.minimum_wage_growth"} <= set(ours)


def test_preferences_are_policy_where_better_and_world_where_worse():
    base = load_scenario("baseline")
    path = {"2026Q1": 0.9, "2035Q1": 0.1}
    mixed = base.with_values({"trade.eu_preference": path, "trade.us_preference": {"2026Q1": 0.3, "2030Q1": -0.5}})
    policy, world = cell(mixed, base, "policy"), cell(mixed, base, "world")
    quarters = ("2025Q4", "2026Q1", "2033Q1", "2035Q1")
    # baseline .8 until 2032, then .2
    assert [policy.value("trade.eu_preference", q) for q in quarters] == [0.8, 0.9, 0.9, 0.2]
    assert [world.value("trade.eu_preference", q) for q in quarters] == [0.8, 0.8, 0.2, 0.1]
    assert [policy.value("trade.us_preference", q) for q in ("2025Q1", "2027Q1", "2031Q1")] == [0.0, 0.3, 0.0]
    assert [world.value("trade.us_preference", q) for q in ("2025Q1", "2027Q1", "2031Q1")] == [0.0, 0.0, -0.5]


def test_cells_of_a_changed_baseline_hold_its_numbers_where_the_scenario_differs():
    base = load_scenario("baseline").with_values({"automation.subsidy": 0.1, "world.demand_growth": 0.01}, id="poor")
    shocks = [{"at": "2027Q1", "quarters": 4, "demand": -0.1}]
    scenario = load_scenario("transition").with_values({"world.shocks": shocks, "sourcing.elasticity": 2.5})
    policy, world = cell(scenario, base, "policy"), cell(scenario, base, "world")
    assert policy.value("automation.subsidy", "2030Q1") == 0.25
    assert policy.value("world.demand_growth", "2030Q1") == 0.01
    assert (policy.shocks, len(world.shocks)) == ((), 1)
    assert world.value("automation.subsidy", "2030Q1") == 0.1
    assert world.value("world.demand_growth", "2030Q1") == 0.025
    assert world.value("sourcing.elasticity", "2012Q1") == 2.5


def test_inputs_say_what_differs_and_whose_decision_it_is():
    scenario = load_scenario("transition").with_values({"skills.training_seats": {"2026Q1": 9_000, "2030Q1": 50_000}})
    requests = comparison_requests([scenario], seeds=1)
    table = Comparison.from_results(requests, []).inputs
    assert tuple(table.columns) == INPUT_COLUMNS
    table = table.set_index("name")
    assert table.loc["technology.price_growth", "kind"] == "world"
    seats = table.loc["skills.training_seats"]
    assert (seats["kind"], seats["unit"], seats["baseline_end"], seats["scenario_end"]) == (
        "policy", "seats/year", 8_000, 50_000,
    )  # fmt: skip


def test_by_default_the_named_scenarios_meet_the_baseline():
    ids = list(dict.fromkeys(r.scenario.id for r in comparison_requests(seeds=2)))
    named = ["status_quo", "no_garment_sector", "transition", "high_tech_high_skills"]
    cells = [f"{name}@{part}" for name in named for part in ("policy", "world")]
    assert ids == ["baseline", *named, *cells, "high_tech_high_skills@plain"]
    assert len(comparison_requests(seeds=2)) == 2 * 14


def test_a_scenario_that_upgrades_is_shown_without_the_premium_too():
    jobs = JOBS | {(f"transition@{part}", seed): 100 for part in ("policy", "world") for seed in range(3)}
    jobs |= {("transition@plain", 0): 107, ("transition@plain", 1): 207, ("transition@plain", 2): 307}
    upgrading = load_scenario("transition").with_values({"value_chain.upgrading": 0.5}, id="transition")
    grid = by_hand(jobs, grid=True, scenario=upgrading).grid
    grid = grid[grid["indicator"] == "employment"].set_index("part")
    assert grid.loc["plain", "difference"] == 7  # of 7, 7 and 7 more than the baseline's
    assert upgrades(load_scenario("high_tech_high_skills"), load_scenario("baseline"))
    assert plain(load_scenario("high_tech_high_skills")).value("value_chain.premium", "2012Q1") == 0


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        ({"draws": 20}, "no posterior is shipped"),
        ({"draws": -1}, "draws is -1"),
        ({"seeds": 0}, "seeds is 0; it must be a whole number from 1"),
        ({"people_per_agent": 0}, "people_per_agent is 0"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_one_line(ask, words):
    with pytest.raises(InputError, match=words):
        comparison_requests("transition", **ask)


def test_two_scenarios_of_one_name_are_refused_and_the_same_one_twice_is_not():
    base = load_scenario("baseline")
    other = base.with_values({"automation.subsidy": 0.3}, id="transition")
    with pytest.raises(InputError, match="two scenarios are called transition"):
        comparison_requests(["transition", other])
    assert len(comparison_requests(["transition", "transition", "baseline"], seeds=1, grid=False)) == 2


def test_thirteen_scenarios_are_summed_up_within_two_seconds():
    requests = comparison_requests(seeds=5, until=2026)
    rng = np.random.default_rng(0)
    periods = tuple(f"{year}Q{quarter}" for year in range(2012, 2041) for quarter in range(1, 5))
    results = [Result(r.metadata(), rng.random((116, len(COLUMNS))), periods) for r in requests]
    began = time.perf_counter()
    comparison = Comparison.from_results(requests, results)
    assert len(comparison.summary) == 29 * (5 * len(COLUMNS) + 4)
    assert len(comparison.grid) > 0
    assert time.perf_counter() - began < 2.0


@pytest.mark.slow
def test_a_comparison_is_run_kept_found_again_and_written(tmp_path):
    store = Store(tmp_path / "runs")
    bolder = load_scenario("transition").with_values({"automation.subsidy": 0.4}, id="bolder")
    comparison = compare([bolder], seeds=2, people_per_agent=500, store=store, until=2026)
    assert comparison.complete
    assert len(list(store)) == 8
    assert tuple(comparison.summary.columns) == SUMMARY_COLUMNS
    history = comparison.summary.query("scenario == 'bolder' and period == '2024' and indicator == 'employment'")
    assert (history["difference"] == 0).all()  # policy starts in 2025 and luck is the same
    both = comparison.grid.set_index(["part", "indicator"])["difference"].unstack("part")
    assert both.loc["public_cost", "policy"] > 0
    requests = comparison_requests([bolder], seeds=2, people_per_agent=500, until=2026)
    again = Comparison.load_from_store(requests, store)
    pd.testing.assert_frame_equal(again.summary, comparison.summary)
    assert Comparison.load_from_store(requests, Store(tmp_path / "none")) is None

    comparison.save(tmp_path / "out")
    names = ["comparison.csv", "runs.parquet", "series.parquet"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == names
    comparison.save(tmp_path / "more", lambda found, path: path.write_text(found.baseline.id))
    assert (tmp_path / "more/report.html").read_text() == "baseline"
    assert (tmp_path / "out/comparison.csv").read_bytes().startswith(b"\xef\xbb\xbfscenario,baseline,period,")
    saved = pd.read_parquet(tmp_path / "out/runs.parquet")
    assert len(saved) == len(comparison.runs) == 8
    assert set(pd.read_parquet(tmp_path / "out/series.parquet")["run_id"]) == set(saved["run_id"])
    document = json.loads(json.dumps(comparison.to_json(), allow_nan=False))
    assert list(document["summary"][0]) == list(SUMMARY_COLUMNS)
