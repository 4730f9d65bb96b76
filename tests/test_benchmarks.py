"""Does every section of the benchmarks run, are both ways of writing the workers the same, are promises judged right?

Nothing here looks at a clock: a slow machine is no failure.
"""

import doctest
import math
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import growth, measure, promises
from benchmarks.__main__ import SECTIONS, main
from benchmarks.measure import Section, Spread, seconds
from benchmarks.promises import PROMISES, Promise
from benchmarks.workers import TOLERANCE, compare, differences

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.slow
def test_every_section_runs():
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick"], cwd=ROOT, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n## ") == len(SECTIONS) + 1
    assert "nan" not in done.stdout
    assert all(f"\n{name}: " in f"\n{done.stderr}" for name in SECTIONS)
    rows = done.stdout.split("## Promises")[1].count("not measured")
    assert rows == len(PROMISES), "tiny sizes are held against no promise"


def test_the_workers_are_the_same_as_columns_and_as_mesa_objects():
    """Eight quarters of 10,000 workers, a tenth of them changing places in each."""
    statistics = compare(10_000, rounds=4)["statistics"]
    off = differences(statistics["ours"], statistics["theirs"])
    assert set(off) == set(TOLERANCE)
    for name, value in off.items():
        assert abs(value) <= TOLERANCE[name], (off, statistics)
    for quarters in statistics.values():
        assert all(quarter["employment"] > 1_500 and quarter["quits"] > 50 for quarter in quarters)
        assert sum(quarter["layoffs"] for quarter in quarters) > 200


@pytest.mark.parametrize(
    "measured, at_least, verdict",
    [
        (2.0, False, "met, 0 % to spare"),
        (1.5, False, "met, 25 % to spare"),
        (3.0, False, "**missed** by 50 %: 1.50 times the limit"),
        (3.0, True, "met, 50 % above"),
        (1.0, True, "**missed** by 50 %: 0.500 times the limit"),
        (None, True, "not measured"),
        (math.nan, False, "**missed**: not a number"),
    ],
)
def test_a_promise_is_met_or_missed_by_what_was_measured(measured, at_least, verdict):
    assert Promise("it", "it", 2.0, seconds, at_least).verdict(measured) == verdict


def test_the_table_judges_every_promise_by_its_own_fact():
    good = {promise.fact: promise.limit for promise in PROMISES}
    assert len(good) == len(PROMISES)
    table = str(promises.section(good))
    assert "missed" not in table and "not measured" not in table and table.count("met,") == len(PROMISES)
    for promise in PROMISES:
        worse = promise.limit * (0.5 if promise.at_least else 2.0)
        lines = [line for line in str(promises.section(good | {promise.fact: worse})).splitlines() if "missed" in line]
        assert len(lines) == 1 and promise.what in lines[0]
    assert str(promises.section({})).count("not measured") == len(PROMISES)


def test_sections_are_markdown():
    out = Section("Two")
    out.table(["what", "time"], [["a", "1 s"], ["b", "2 s"]])
    assert str(out) == "## Two\n\n| what | time |\n| --- | ---: |\n| a | 1 s |\n| b | 2 s |\n"
    assert Spread.of([3.0, 1.0, 2.0]) == (2.0, 1.0, 3.0)


def test_examples_hold():
    for module in (measure, growth, promises):
        found = doctest.testmod(module)
        assert found.failed == 0 and found.attempted > 0


def test_an_unknown_section_is_answered_with_those_there_are(capsys):
    with pytest.raises(SystemExit):
        main(["speed"])
    assert "baseline" in capsys.readouterr().err
