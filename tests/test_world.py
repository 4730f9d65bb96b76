"""Are the driving series what the laws and figures say? Checked by hand."""

import numpy as np
import pytest

from simulator import world
from simulator.scenario import load_scenario
from simulator.state import ASEAN, EU, KH, US


def built(overrides=None):
    scenario = load_scenario("baseline")
    return world.build(scenario.with_values(overrides) if overrides else scenario, 4, 2040)


def at(period):
    return world.step_of(period, 4)


def test_minimum_wage_follows_the_law_and_then_grows_each_january():
    wage = built({"wages.minimum_wage_growth": 0.05}).minimum_wage
    assert wage[at("2012Q1")] == 66
    # 66 in April 2013 and 80 from the first of May: (30 * 66 + 61 * 80) / 91
    assert wage[at("2013Q2")] == pytest.approx((30 * 66 + 61 * 80) / 91)
    assert wage[at("2024Q3")] == 204 and wage[at("2026Q4")] == 210
    assert wage[at("2027Q1")] == pytest.approx(220.5) and wage[at("2027Q4")] == pytest.approx(220.5)
    assert wage[at("2028Q1")] == pytest.approx(231.525)


def test_duties_follow_preferences_and_events():
    duty = built().duty
    assert duty[at("2019Q1"), EU, KH, 0] == 0
    assert duty[at("2021Q1"), EU, KH, 0] == pytest.approx(0.2 * 0.12)
    assert duty[at("2034Q1"), EU, KH, 0] == pytest.approx(0.8 * 0.12)
    plain = duty[at("2024Q1"), US, KH, 0]
    # from 5 April 2025 ten per cent: 87 of 91 days
    assert duty[at("2025Q2"), US, KH, 0] - plain == pytest.approx(0.10 * 87 / 91)
    assert duty[at("2027Q1"), US, KH, 0] - plain == pytest.approx(0.10)
    assert (duty >= 0).all()


def test_preferences_set_by_a_scenario_replace_the_path():
    duty = built({"trade.eu_preference": 1.0, "trade.us_preference": -0.8, "trade.asean_agreement": 1.0}).duty
    assert duty[at("2034Q1"), EU, KH, 0] == 0
    assert duty[at("2021Q1"), EU, KH, 0] == pytest.approx(0.2 * 0.12)
    base = built().duty
    more = duty[at("2030Q1"), US, KH, 0] - base[at("2030Q1"), US, KH, 0]
    assert more == pytest.approx(0.8 * base[at("2024Q1"), US, KH, 0])
    assert duty[at("2030Q1"), ASEAN, KH, 0] == 0


def test_travel_goods_lose_all_preference_at_four_fifths():
    duty = built().duty
    assert duty[at("2021Q1"), EU, KH, 2] == pytest.approx(duty[at("2036Q1"), EU, KH, 2])


def test_machine_prices_fall_without_a_jump():
    price = built().robot_price
    assert price[at("2020Q1")] / price[at("2019Q1")] == pytest.approx(0.95)
    assert price[at("2031Q1")] / price[at("2030Q1")] == pytest.approx(0.96)
    assert (np.diff(price) < 0).all()


@pytest.mark.parametrize("ceiling", [0.35, 0.90])
def test_the_sewing_ceiling_never_falls_and_keeps_history(ceiling):
    base, other = built().ceilings[:, 1], built({"technology.sewing_ceiling": ceiling}).ceilings[:, 1]
    assert np.array_equal(base[: at("2025Q1")], other[: at("2025Q1")])
    assert (np.diff(other) >= 0).all() and other[-1] <= max(ceiling, base[at("2024Q4")]) + 1e-12


def test_demand_is_split_over_markets_without_loss():
    w = built()
    total = w.demand.sum(axis=(1, 2))
    assert total[at("2012Q1")] == pytest.approx(1000 * (423 + 109 + 62), rel=0.02)
    later = total[at("2035Q1")] / total[at("2034Q1")]
    assert later == pytest.approx(1.025, abs=1e-9)


def test_a_fall_of_demand_lasts_as_long_as_it_says():
    event = {"at": "2027Q1", "quarters": 4, "demand": -0.10, "market": "EU"}
    base, shocked = built().demand, built({"world.shocks": [event]}).demand
    ratio = shocked[:, EU, 0] / base[:, EU, 0]
    assert ratio[at("2026Q4")] == 1 and ratio[at("2027Q1")] == pytest.approx(0.9)
    assert ratio[at("2027Q4")] == pytest.approx(0.9) and ratio[at("2028Q1")] == 1
    assert np.array_equal(base[:, US], shocked[:, US])
