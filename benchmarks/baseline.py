"""The baseline run: how long, how much memory, and where the time goes."""

from __future__ import annotations

import time
from collections import defaultdict
from importlib import import_module

from benchmarks.measure import SPREAD, Effort, Section, Spread, fresh, number, peak_memory, seconds, share, times

# people per agent: runs, each in a fresh process; sizes take turns
RUNS = {1: 2, 10: 3, 50: 5, 100: 5}
QUICK = {400: 1, 800: 1}
REFERENCE = 50
AGAIN_FROM = 50  # people per agent; below, loading is nothing beside the run


def section(effort: Effort) -> Section:
    """Seconds and memory by people per agent."""
    quick = effort == "quick"
    runs, until = (QUICK, 2012) if quick else (RUNS, 2040)
    reference = max(runs) if quick else REFERENCE
    fresh(_run, 800, 2012, 1)  # whatever is compiled is on disk afterwards
    first: dict[int, list[float]] = defaultdict(list)
    again: dict[int, list[float]] = defaultdict(list)
    memory: dict[int, list[float]] = defaultdict(list)
    ratio: dict[int, list[float]] = defaultdict(list)
    for turn in range(max(runs.values())):
        for people in (size for size, count in runs.items() if turn < count):
            one, *two, peak = fresh(_run, people, until, 1 if people < AGAIN_FROM else 2)
            first[people].append(one)
            again[people] += two
            memory[people].append(peak)
        for people in (size for size, count in runs.items() if turn < count):
            ratio[people].append(first[people][turn] / first[reference][turn])
    out = Section(f"Baseline run, 2012 to {until}")
    out.say(
        '`run("baseline")` as a user calls it, in a fresh process each time; imports are not counted, loading of '
        "compiled code is. The second run in the same process stands beside the first; the ratio is taken within a "
        f"round of all sizes, against {reference} people per agent. Peak memory is of the whole process, after the "
        "first run."
    )
    head = ["people per agent", "runs", *SPREAD, "again, median", "ratio", *SPREAD[1:], "peak memory"]
    out.table(
        head,
        (
            [
                str(people),
                str(count),
                *Spread.of(first[people]).cells(seconds),
                seconds(Spread.of(again[people]).median) if again[people] else "",
                *Spread.of(ratio[people]).cells(times),
                f"{max(memory[people]):,.0f} MB",
            ]
            for people, count in runs.items()
        ),
    )
    if not quick:
        out.facts = {f"baseline seconds at {p}": Spread.of(first[p]).median for p in runs}
        out.facts |= {f"baseline MB at {p}": max(memory[p]) for p in runs}
        out.facts["baseline again at 50"] = Spread.of(again[50]).median
    return out


def _run(people_per_agent: int, until: int, count: int) -> tuple[float, ...]:
    """Seconds of each run, then peak memory after the first in MB."""
    from simulator.run import run

    import_module("simulator.model")  # part of the imports, which are not counted

    found, peak = [], 0.0
    for _ in range(count):
        began = time.perf_counter()
        run("baseline", people_per_agent=people_per_agent, until=until)
        found.append(time.perf_counter() - began)
        peak = peak or peak_memory()
    return *found, peak


def processes(effort: Effort) -> Section:
    """Seconds and share by process of the schedule."""
    quick = effort == "quick"
    people, until, runs = (800, 2012, 2) if quick else (REFERENCE, 2040, 5)
    spent, steps = fresh(_by_process, people, until, runs)
    whole = spent.pop("whole")
    out = Section("Where a quarter's time goes")
    out.say(
        f"{runs} baseline runs of {steps} quarters at {people} people per agent in one process, a watch around each "
        "process; shares are of the whole run, in which the model is also built (spread over the quarters)."
    )
    rows = sorted(spent.items(), key=lambda item: -Spread.of(item[1]).median)
    out.table(
        ["process", "time a quarter", "share", *SPREAD[1:]],
        (
            [
                name,
                seconds(Spread.of(found).median / steps),
                *Spread.of(one / all_ for one, all_ in zip(found, whole)).cells(share),
            ]
            for name, found in rows
        ),
    )
    out.say(
        f"A whole run took {', '.join(seconds(one) for one in whole)}: {number(whole[-1] / steps * 1e3)} ms a step."
    )
    return out


def _by_process(people_per_agent: int, until: int, runs: int) -> tuple[dict[str, list[float]], int]:
    from benchmarks.timed import REST, watched
    from simulator import GarmentModel

    GarmentModel("baseline", people_per_agent=800, until=2012).step()  # loads what is compiled
    found: dict[str, list[float]] = defaultdict(list)
    steps = 0
    for _ in range(runs):
        with watched() as spent:
            began = time.perf_counter()
            model = GarmentModel("baseline", people_per_agent=people_per_agent, until=until)
            built = time.perf_counter() - began
            while model.running:
                model.step()
            whole = time.perf_counter() - began
        steps = model.recorder.steps
        sums = {name: sum(calls) for name, calls in spent.items()}
        sums |= {"building the model": built, REST: whole - built - sum(sums.values()), "whole": whole}
        for name, value in sums.items():
            found[name].append(value)
    return dict(found), steps
