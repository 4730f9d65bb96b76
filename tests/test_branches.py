"""Does a model that branches go on as if it had always run under the other scenario, and does a finished one go?"""

import copy
import gc
import weakref

import numpy as np
import pytest

from simulator.model import GarmentModel


def until(period, scenario="baseline"):
    model = GarmentModel(scenario, seed=4, people_per_agent=1000, until=2027)
    while model.period != period:
        model.step()
    return model


def finished(model):
    while model.running:
        model.step()
    return model.recorder.values


@pytest.mark.parametrize("scenario", ["transition", "high_tech_high_skills"])
def test_a_branch_is_the_run_from_the_start(scenario):
    trunk = until("2024Q4")
    branch = trunk.branch(scenario)
    assert finished(branch).tobytes() == finished(until("2012Q1", scenario)).tobytes()
    assert finished(trunk).tobytes() == finished(until("2012Q1")).tobytes()


def test_a_branch_cannot_change_what_is_done():
    with pytest.raises(ValueError, match=r"transition differs in 2025Q1"):
        until("2025Q1").branch("transition")


def test_a_copy_shares_nothing_with_its_original():
    model = until("2013Q1")
    twin = copy.deepcopy(model)
    for name in ("factories", "workers", "buyers"):
        table = getattr(twin, name)
        for column in table.columns():
            mine = getattr(table, column)
            assert not np.shares_memory(mine, getattr(getattr(model, name), column))
            assert np.shares_memory(mine, table._buffers[column]) or not len(mine)
    assert finished(twin).tobytes() == finished(model).tobytes()


def test_a_model_that_nobody_holds_is_freed():
    model = GarmentModel("baseline", people_per_agent=1000, until=2012)
    model.step()
    there = weakref.ref(model)
    del model
    gc.collect()
    assert there() is None
