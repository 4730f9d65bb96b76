"""Does each number pull the way theory settles? Paired over seeds; strict: beyond two standard errors.

The table of signs in the model's design: one lever or driver changed from the baseline, 2040. Where the table leaves
a sign open, or the effect in its feasibility study is below half a per cent, none is asked for.
"""

import numpy as np
import pandas as pd
import pytest

from simulator.batch import run_many
from simulator.indicators import COLUMNS
from simulator.model import GarmentModel
from simulator.observe import COLUMN_AT
from simulator.run import Request
from simulator.scenario import load_scenario
from simulator.state import ORIGINS

SMALL = ("EU preference lost", "training five times", "education")  # against luck


CHANGES = {
    "minimum wage up": {"wages.minimum_wage_growth": 0.055},
    "minimum wage down": {"wages.minimum_wage_growth": 0.015},
    "machines cheaper": {"technology.price_growth": -0.08},
    "machines dearer": {"technology.price_growth": -0.01},
    "training five times": {"skills.training_seats": 40_000},
    "education": {"skills.upper_secondary_growth": 0.02},
    "EU preference lost": {"trade.eu_preference": 0.0},
    "EU preference kept": {"trade.eu_preference": 1.0},
    "electricity cheaper": {"energy.price": 0.105},
    "electricity dearer": {"energy.price": 0.195},
    "fewer outages": {"energy.outage": 0.01},
    "interest 6 %": {"automation.interest_rate": 0.06},
    "interest 15 %": {"automation.interest_rate": 0.15},
    "subsidy 30 %": {"automation.subsidy": 0.3},
    "broadband": {"infrastructure.broadband": 1.0},
    "rivals' wages up": {"world.competitor_wage_growth": 0.045},
    "rivals automate": {"world.competitor_automation": 0.7},
    "world demand up": {"world.demand_growth": 0.035},
    "logistics": {"infrastructure.logistics": 1.0},
    "value chain": {"value_chain.upgrading": 1.0},
    "e-government": {"business.e_government": 1.0},
    "US preference": {"trade.us_preference": 1.0},
    "research": {"innovation.research": 1.0},
    "outside wage up": {"world.outside_wage_growth": 0.06},
}
ASKED = {
    "minimum wage up": "automation+ operators- employment- exports-",
    "minimum wage down": "automation- operators+ employment+ exports+",
    "machines cheaper": "automation+ operators- employment- reshored_share+",
    "machines dearer": "automation- operators+ employment+ reshored_share-",
    "training five times": "automation+ skilled_jobs+ displaced- public_cost+",
    "education": "automation+ skilled_jobs+ public_cost+",
    "EU preference lost": "operators- skilled_jobs- employment- exports-",
    "EU preference kept": "operators+ employment+ exports+",
    "electricity cheaper": "automation+ skilled_jobs+ employment+ exports+",
    "electricity dearer": "automation- skilled_jobs- employment- exports-",
    "fewer outages": "automation+ exports+ public_cost+",
    "interest 6 %": "automation+ public_cost+",
    "interest 15 %": "automation-",
    "subsidy 30 %": "automation+ operators- skilled_jobs+ public_cost+",
    "broadband": "automation+ skilled_jobs+ public_cost+",
    "rivals' wages up": "operators+ employment+ exports+",
    "rivals automate": "operators- employment- exports-",
    "world demand up": "operators+ skilled_jobs+ employment+ exports+",
    "logistics": "operators+ skilled_jobs+ employment+ exports+",
    "value chain": "value_added+",
    "e-government": "operators+ skilled_jobs+ employment+ exports+",
    "US preference": "operators+ skilled_jobs+ employment+ exports+",
    "research": "output_per_worker+",
    "outside wage up": "turnover+ mean_wage+",
}
PLAIN = [name for name, group in COLUMNS if group == "all"]
SIGNS = [(c, word[:-1], +1 if word[-1] == "+" else -1) for c, words in ASKED.items() for word in words.split()]


def ran(scenarios, count, until=2040, weight=100):
    """Results [seed][scenario], from one history a seed."""
    requests = [Request(s, n, weight, until) for n in range(count) for s in scenarios]
    results = run_many(requests).results
    return [results[i : i + len(scenarios)] for i in range(0, len(results), len(scenarios))]


@pytest.fixture(scope="module")
def final():
    """Values of 2040, a table for each change and the baseline beside it, a row a seed."""
    base, found = load_scenario("baseline"), {}
    for count, weight, names in ((8, 100, [n for n in CHANGES if n not in SMALL]), (32, 50, SMALL)):
        results = ran([base, *(base.with_values(CHANGES[n], id=n) for n in names)], count, weight=weight)
        rows = [[r.table(PLAIN, yearly=True).loc["2040"] for r in of_seed] for of_seed in results]
        plain, *tables = (pd.DataFrame(some).reset_index(drop=True) for some in zip(*rows, strict=True))
        found |= {name: (table, plain) for name, table in zip(names, tables, strict=True)}
    return found


@pytest.mark.slow
@pytest.mark.parametrize("change, indicator, sign", SIGNS, ids=lambda v: str(v).replace(" ", "-"))
def test_number_pulls_the_way_theory_settles(final, change, indicator, sign):
    found = effects(final, change, indicator)
    error = found.std(ddof=1) / np.sqrt(len(found))
    assert sign * found.mean() > 2 * error, f"{found.mean():+.2%} ± {error:.2%}"


def effects(final, change, indicator):
    changed, plain = final[change]
    return (changed[indicator] / plain[indicator] - 1).to_numpy()


@pytest.mark.slow
def test_fewer_outages_do_jobs_no_harm(final):
    found = effects(final, "fewer outages", "employment")
    assert found.mean() > -2 * found.std(ddof=1) / np.sqrt(len(found))


@pytest.mark.slow
def test_five_times_the_training_costs_exports_as_little_as_is_told(final):
    """The table of signs asks that it do exports no harm. The model says otherwise: ODD.md, section 10, tells by how
    much, and must be written anew where this no longer holds."""
    found = effects(final, "training five times", "exports")
    error = found.std(ddof=1) / np.sqrt(len(found))
    assert found.mean() < -2 * error
    assert found.mean() == pytest.approx(-0.002, abs=2 * error)


MACHINES = {
    "automation.subsidy": 0.5,
    "automation.interest_rate": 0.05,
    "technology.price_growth": -0.08,
    "energy.price": 0.10,
}
CRISIS = {"world.shocks": [{"at": "2030Q1", "quarters": 6, "demand": -0.30, "market": "all"}]}


def differences(scenarios, count, until, measure):
    """Values of ``measure`` [scenario, seed], all with the same luck."""
    return np.array([[measure(result) for result in results] for results in ran(scenarios, count, until)]).T


def strictly_below(one, other):
    gap = other - one
    return gap.mean() > 2 * gap.std(ddof=1) / np.sqrt(len(gap))


@pytest.mark.slow
def test_subsidies_buy_less_automation_where_technicians_are_short():
    """The gain from a subsidy, in points of automation, with few and with many seats."""
    base, asked = load_scenario("baseline"), []
    for seats in (0, 60_000):
        plain = base.with_values({"skills.training_seats": seats}, id=f"seats{seats}")
        asked += [plain, plain.with_values({"automation.subsidy": 0.3}, id=f"paid{seats}")]
    level = differences(asked, 4, 2040, lambda r: r.table(["automation"], yearly=True).loc["2040", "automation"])
    assert strictly_below(level[1] - level[0], level[3] - level[2]), level


@pytest.mark.slow
def test_machines_cost_women_their_share_of_jobs_unless_women_become_technicians():
    """Seats for technicians are there in all three, so that machines are not held back for want of them."""
    seats = {"skills.training_seats": 60_000, "skills.technician_share": 0.75}
    manual = load_scenario("baseline").with_values(seats, id="manual")
    machines = manual.with_values(MACHINES, id="machines")
    women = machines.with_values({"skills.women_in_stem": 0.5}, id="women technicians")
    share = differences(
        [manual, machines, women], 6, 2040, lambda r: r.table(["women_share"], yearly=True).loc["2040"].iloc[0]
    )
    assert strictly_below(share[1], share[0]) and strictly_below(share[1], share[2]), share.mean(axis=1)


@pytest.mark.slow
def test_domestic_owners_do_not_move_away_in_a_crisis():
    """Fewer move; whether fewer leave is another matter: others close in their place (ODD.md, section 10)."""
    plain = load_scenario("baseline").with_values(CRISIS, id="crisis")
    domestic = plain.with_values({"ownership.domestic_share": 0.4}, id="domestic")
    moved = differences(
        [plain, domestic],
        8,
        2032,
        lambda r: r.table(["factories_relocated"], yearly=True).loc["2030":"2031"].to_numpy().sum(),
    )
    assert strictly_below(moved[1], moved[0]), moved.mean(axis=1)


@pytest.mark.slow
def test_factories_move_to_several_countries_and_more_of_them_to_cheap_ones():
    model = GarmentModel("no_garment_sector", seed=2, people_per_agent=400)
    while model.running:
        model.step()
    moved = [COLUMN_AT["factories_relocated", group] for group in ("all", *(f"origin={o}" for o in ORIGINS[1:6]))]
    all_, *number = model.recorder.values[:, moved].sum(axis=0)
    number = np.array(number)
    assert (number > 0).all() and number.sum() == all_
    cost = model.landed_by_goods()[0, 1:6]
    assert number[cost.argmin()] > number[cost.argmax()]
