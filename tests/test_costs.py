"""Does the account add up, and is cost per job told only where it can be told?"""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from made_up import SPENT, comparison

from simulator import costs
from simulator.charts_people import levers, money_lines, trade_off
from simulator.compare import cost_per_job
from simulator.costs import COST, GOALS, LEVERS, TOTALS, Account, account, per_job, told
from simulator.drawing import Tables
from simulator.texts import LANGUAGES


@pytest.fixture(scope="module")
def compared():
    return comparison()


@pytest.fixture(scope="module")
def tables(compared):
    return Tables.of_comparison(compared)


@pytest.fixture(scope="module")
def spent(compared):
    return account(compared)


def test_levers_add_up_to_public_cost_and_revenue_less_cost_to_the_balance(compared):
    for runs in compared.results.values():
        for result in runs.values():
            panel = result.yearly().panel
            parts = sum(panel["public_cost", group] for _, group in LEVERS)
            np.testing.assert_allclose(parts, panel["public_cost", "all"], atol=1e-9)
            rest = panel["public_revenue", "all"] - panel["public_cost", "all"]
            np.testing.assert_allclose(rest, panel["public_balance", "all"], atol=1e-9)


def test_a_sum_is_that_of_the_runs_not_of_percentiles(compared, spent):
    runs = [r.yearly().table(["public_cost"]).loc["2025":, "public_cost"].sum() for r in
            compared.results["transition"].values()]  # fmt: skip
    row = spent.sum("transition", COST)
    assert row.median == pytest.approx(np.median(runs))
    assert row.p10 <= row.median <= row.p90 and row.n == len(runs)
    years = spent.rows("transition", COST, "year")
    assert [row.period for row in years] == [str(year) for year in range(2025, 2041)]
    assert spent.sum("baseline", COST).difference == 0


def test_only_levers_on_which_is_spent_are_shown_the_dearest_first(tables, spent):
    used = [group.partition("=")[2] for _, group in costs.used_levers(spent, "transition")]
    assert used == sorted(SPENT, key=SPENT.get, reverse=True)
    for lang in LANGUAGES:
        table = costs.lever_table(tables, spent, lang)
        assert table.count("<tbody>") == 5
        words = [v["words"] for one in levers(tables, spent, lang)["layer"] for v in one["data"]["values"]
                 if "middle" in v]  # fmt: skip
        assert len(set(words)) >= 2 * len(SPENT)


def rows(difference, low, high, share, more):
    """Tables and an account in which a future differs so in jobs, and by ``more`` (low end) in money."""
    jobs = SimpleNamespace(median=900.0, difference=difference, difference_p10=low, difference_p90=high,
                           sign_share=share)  # fmt: skip
    cost = SimpleNamespace(median=2e4, p10=1e4, p90=3e4, n=20)
    last = {"employment": jobs, "cost_per_job": cost}
    tables = SimpleNamespace(baseline="baseline", years=(2012, 2040), last=lambda name, _: last[name])
    sums = SimpleNamespace(difference=max(more, 0.0) + 1, difference_p10=more, difference_p90=more + 2)
    return tables, SimpleNamespace(sum=lambda *_: sums, first="2025")


@pytest.mark.parametrize(
    "jobs, more, kind",
    [
        ((50.0, 20.0, 90.0, 1.0), 5.0, "told"),
        ((50.0, 20.0, 90.0, 1.0), -1.0, "saves"),
        ((-50.0, -90.0, -20.0, 1.0), 5.0, "fewer"),
        ((20.0, -30.0, 60.0, 0.6), 5.0, "cannot_tell"),
        ((1.0, -2.0, 3.0, 0.6), 5.0, "hardly"),
    ],
)
def test_cost_per_job_is_told_only_where_more_jobs_and_more_money_are_sure(jobs, more, kind):
    tables, spent = rows(*jobs, more)
    found = per_job(tables, "x", spent)
    assert found.kind == kind
    for lang in LANGUAGES:
        sentences = told(found, tables, spent, lang)
        assert ("20,000" in sentences[1]) is (kind == "told")
        assert ("10,000" in sentences[1]) is (kind == "told"), "with its interval"


def test_cost_per_job_by_hand():
    """30 million USD more for 1,000 jobs more is 30,000 USD a job; where there are fewer jobs there is none."""
    columns = [("public_cost", "all"), ("employment", "all")]
    theirs = np.array([[[10.0, 5000.0], [10.0, 5000.0]]] * 2)
    ours = np.array([[[20.0, 5000.0], [30.0, 6000.0]], [[20.0, 5000.0], [30.0, 4000.0]]])
    found = cost_per_job(ours, theirs, columns, ["2025", "2026"], "2025")
    assert found[0, 1] == pytest.approx(30_000) and np.isnan(found[1, 1]) and np.isnan(found[:, 0]).all()


def test_the_trade_off_has_every_future_and_its_policies_and_world_alone(compared, tables):
    trade = costs.trade_off(compared)
    assert len(trade) == 4 * 3 * len(GOALS)
    both = trade[(trade["scenario"] == "transition") & (trade["part"] == "both") & (trade["group"] == "all")]
    row = tables.last("employment", "transition")
    mine = both[both["indicator"] == "employment"].iloc[0]
    assert (mine["median"], mine["p10"]) == (row.difference, row.difference_p10)
    assert mine["cost_median"] == pytest.approx(account(compared).sum("transition", COST).difference)
    without = costs.trade_off(comparison(grid=False))
    assert set(without["part"]) == {"both"}
    for lang in LANGUAGES:
        for goal in GOALS:
            title = costs.trade_found(trade, goal, lang)
            spec = trade_off(tables, trade, goal, lang, title)
            points = [v for one in spec["layer"] for v in one["data"]["values"] if "part" in v]
            assert {(p["scenario"], p["part"]) for p in points} == set(zip(trade["scenario"], trade["part"]))
            assert costs.trade_table(tables, trade, goal, lang).count("<tr>") == 1 + 4 * 4


def test_a_balance_may_fall_below_zero(tables, spent):
    table = spent.table.copy()
    chosen = (table["indicator"] == "public_balance") & (table["scenario"] == "transition")
    table.loc[chosen, ["median", "p10", "p90"]] -= 5000.0
    below = Account(table)
    for lang in LANGUAGES:
        for name, _ in TOTALS:
            column = (name, "all")
            spec = money_lines(tables, below, column, costs.line_title(tables, below, column, lang), lang)
            least = min(v["p10"] for one in spec["layer"] for v in one["data"]["values"] if "p10" in v)
            domain = spec["layer"][0]["encoding"]["y"]["scale"]["domain"]
            assert domain[0] <= least


def test_without_runs_there_is_no_account(compared):
    empty = SimpleNamespace(
        results={"baseline": {}}, baseline=compared.baseline, scenarios=(), years=(), _columns=compared._columns
    )
    assert account(empty).table.empty and isinstance(account(empty).table, pd.DataFrame)
