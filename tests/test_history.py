"""Can a lever or a driver of the world reach back into history, and does each of them do anything at all?"""

import numpy as np
import pytest

from simulator.model import GarmentModel
from simulator.parameters import PARAMETERS
from simulator.scenario import load_scenario, scenario_ids

KNOWN = 13 * 4  # quarters to the end of 2024
SETTABLE = [name for name, p in PARAMETERS.items() if p.from_ == "start"]


def ran(until, overrides=None, scenario="baseline"):
    model = GarmentModel(scenario, seed=1, people_per_agent=400, until=until, overrides=overrides)
    while model.running:
        model.step()
    return model.recorder.values


@pytest.fixture(scope="module")
def baseline():
    return ran(2034)


@pytest.mark.parametrize("scenario", scenario_ids())
def test_scenarios_share_history(scenario, baseline):
    assert ran(2024, scenario=scenario).tobytes() == baseline_to_2024(baseline)


def baseline_to_2024(values):
    return values[:KNOWN].tobytes()


@pytest.mark.slow
@pytest.mark.parametrize("name", SETTABLE)
def test_number_leaves_history_alone_and_moves_something_after(name, baseline):
    p = PARAMETERS[name]
    now = load_scenario("baseline").value(name, "2030Q1")
    value = p.high if abs(p.high - now) >= abs(now - p.low) else p.low
    overrides = {name: value}
    if name == "skills.self_paced_share":
        overrides["skills.facilitated_share"] = 0.0
    changed = ran(2034, overrides)
    assert changed[:KNOWN].tobytes() == baseline_to_2024(baseline)
    assert not np.array_equal(changed[KNOWN:], baseline[KNOWN:], equal_nan=True)


@pytest.mark.slow
def test_a_shorter_run_is_the_beginning_of_a_longer_one(baseline):
    short = ran(2026)
    assert short.tobytes() == baseline[: len(short)].tobytes()


@pytest.mark.slow
def test_shocks_arrive_on_their_date(baseline):
    event = {"at": "2027Q1", "quarters": 4, "demand": -0.10, "market": "all"}
    changed = ran(2029, {"world.shocks": [event]})
    first = (2027 - 2012) * 4
    assert changed[:first].tobytes() == baseline[:first].tobytes()
    assert changed[first, 0] != baseline[first, 0] or not np.array_equal(
        changed[first], baseline[first], equal_nan=True
    )
