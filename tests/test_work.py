"""Does a quarter stay as little work as it is? Counted, not timed, so that a slip shows on any machine.

Calls show a loop in Python, memory a table of everybody by everybody, executed lines a loop within a loop, compiled
ones included: for that count they run as plain Python.
"""

import json
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest

from benchmarks.growth import Divided, exponent
from simulator import GarmentModel

ROOT = Path(__file__).resolve().parents[1]

# What a quarter takes now, and a fifth to spare for the next indicator or process. Lower them when it takes less.
MOST_CALLS = 6_900  # measured 5,700 at most, of Python and C functions; a tenth of a microsecond each at the very least
MOST_CALLS_A_FACTORY = 0.5  # a loop over factories makes one at least; new ones, some 3 % a quarter, get Mesa agents
MOST_BYTES_A_WORKER = 20  # measured 16.1; the columns themselves have 43
MOST_BYTES = 1_300_000  # measured 1.06 million at 6,500 workers: factories, buyers and links
MOST_LINES_A_WORKER = 22  # measured 18.3: one line is one pass of one loop
MOST_LINES_A_FACTORY = 120
LINEAR = 1.1  # exponent; sorting has a logarithm
WARM, WATCHED = 2, 6  # quarters: the first load what is compiled


def quarters(scenario="baseline", **size):
    """A model that has done its first quarters."""
    model = GarmentModel(scenario, seed=1, until=2014, **size)
    for _ in range(WARM):
        model.step()
    return model


def calls(model):
    """Calls of Python and C functions in each of some quarters."""
    counts, before = [], sys.getprofile()

    def count(frame, event, argument):
        if event in ("call", "c_call"):
            counts[-1] += 1

    for _ in range(WATCHED):
        counts.append(0)
        sys.setprofile(count)
        try:
            model.step()
        finally:
            sys.setprofile(before)
    return counts


def mean(values):
    return sum(values) / len(values)


def memory(model):
    """The most bytes at once that a quarter takes beside what was there."""
    tracemalloc.start()
    try:
        peaks = []
        for _ in range(3):
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            model.step()
            peaks.append(tracemalloc.get_traced_memory()[1] - before)
    finally:
        tracemalloc.stop()
    return min(peaks)


def test_calls_do_not_grow_with_people():
    few, many = (calls(quarters(people_per_agent=people)) for people in (400, 50))
    assert mean(many) <= 1.02 * mean(few), (few, many)
    assert max(many) <= MOST_CALLS, f"{many} calls a quarter: what grew is worth knowing before the limit is raised"


def test_calls_do_not_grow_with_factories():
    few, many = (quarters(Divided(number), people_per_agent=400) for number in (450, 3_600))
    more = mean(calls(many)) - mean(calls(few))
    rows = len(many.factories) - len(few.factories)
    assert more / rows <= MOST_CALLS_A_FACTORY, f"{more / rows:.2f} calls for each of {rows} more factories"


def test_memory_grows_with_people_in_proportion():
    models = [quarters(people_per_agent=people) for people in (400, 40, 20)]
    workers, taken = [len(model.workers) for model in models], [memory(model) for model in models]
    assert taken[0] <= MOST_BYTES, taken
    each = (taken[-1] - taken[0]) / (workers[-1] - workers[0])
    assert each <= MOST_BYTES_A_WORKER, f"{each:.1f} bytes for each worker more: {taken}"
    over = [bytes_ - taken[0] for bytes_ in taken[1:]]
    people = [count - workers[0] for count in workers[1:]]
    assert exponent(people, over) <= LINEAR, (people, over)


COUNT_LINES = """
import json, sys
import numpy as np
from pathlib import Path
from benchmarks.growth import Divided
import simulator
from simulator import GarmentModel

np.seterr(over="ignore")  # whole numbers that wrap around are meant
folder, lines = str(Path(simulator.__file__).parent), 0

def inside(frame, event, argument):
    global lines
    lines += event == "line"
    return inside

def enter(frame, event, argument):
    return inside if frame.f_code.co_filename.startswith(folder) else None

found = []
for factories, people in json.loads(sys.argv[1]):
    model = GarmentModel(Divided(factories), seed=1, people_per_agent=people, until=2012)
    model.step()
    lines = 0
    sys.settrace(enter)
    model.step()
    model.step()
    sys.settrace(None)
    found.append([len(model.factories), len(model.workers), lines / 2])
print(json.dumps(found))
"""


def executed_lines(*sizes):
    """For each pair of factories and people per agent: rows, workers, lines a quarter, nothing being compiled."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", COUNT_LINES, json.dumps(sizes)],
        cwd=ROOT, env=os.environ | {"NUMBA_DISABLE_JIT": "1"}, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    "sizes, place, most",
    [
        ([(900, 1000), (900, 500), (900, 125)], 1, MOST_LINES_A_WORKER),
        ([(450, 1000), (900, 1000), (2_700, 1000)], 0, MOST_LINES_A_FACTORY),
    ],
    ids=["people", "factories"],
)
def test_lines_grow_in_proportion(sizes, place, most):
    found = executed_lines(*sizes)
    count, lines = [row[place] for row in found], [row[2] for row in found]
    each = (lines[-1] - lines[0]) / (count[-1] - count[0])
    assert each <= most, f"{each:.1f} lines for each one more: {found}"
    more = [value - lines[0] for value in lines[1:]]
    assert exponent([value - count[0] for value in count[1:]], more) <= LINEAR, found
