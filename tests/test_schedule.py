"""Does each process change only what it declares, and is every mechanism of a quarter on the list?"""

import numpy as np
import pytest

from simulator.model import GarmentModel
from simulator.schedule import QUARTER
from simulator.streams import Stream

TABLES = ("factories", "workers", "buyers")


@pytest.fixture(scope="module")
def model():
    model = GarmentModel("transition", seed=1, people_per_agent=400, until=2027)
    while model.running:
        model.step()
    return model


def photograph(model):
    return {f"{t}.{n}": b.copy() for t in TABLES for n, b in getattr(model, t)._buffers.items()}


@pytest.mark.parametrize("process", QUARTER, ids=lambda p: p.name)
def test_process_changes_only_what_it_declares(model, process):
    before = photograph(model)
    process.run(model, Stream(1, process.name, model.step_number))
    after = photograph(model)
    changed = {name for name in before if not np.array_equal(before[name], after[name], equal_nan=True)}
    allowed = {name for name in before if name in process.changes or f"{name.split('.')[0]}.*" in process.changes}
    assert changed <= allowed, changed - allowed


def test_every_process_says_what_happens():
    for process in QUARTER:
        sentence = (process.run.__doc__ or "").split("\n\n")[0]
        assert sentence.strip().endswith("."), process.name


def test_names_of_processes_are_unique():
    assert len({p.name for p in QUARTER}) == len(QUARTER)
