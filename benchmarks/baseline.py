"""Times the baseline run at two sizes of the crowd, each time in a fresh process, the sizes taking turns.

Seconds are of the run alone, after imports, with nothing taken from the store of finished runs. Ratios within
one call of this program can be trusted further than its seconds.
"""

from __future__ import annotations

import cProfile
import multiprocessing
import os
import platform
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from types import CodeType
from typing import TypeGuard, TypeVar

from simulator import GarmentModel, run

SIZES = (50, 100)  # people per agent
REPEATS = 3

Answer = TypeVar("Answer")


def timed_run(people_per_agent: int) -> float:
    """Seconds of one baseline run, 2012 to 2040."""
    began = time.perf_counter()
    run("baseline", people_per_agent=people_per_agent)
    return time.perf_counter() - began


def profiled_run(people_per_agent: int) -> dict[str, float]:
    """Seconds by process of the schedule in one baseline run; the profiler slows all of them down."""
    model = GarmentModel("baseline", people_per_agent=people_per_agent)
    profiler = cProfile.Profile()
    profiler.enable()
    while model.running:
        model.step()
    profiler.disable()
    spent: dict[str, float] = defaultdict(float)
    for caller in profiler.getstats():
        if _in_process(caller.code):
            continue
        for called in caller.calls or ():
            if _in_process(called.code) and not called.code.co_name.startswith("<"):
                spent[f"{Path(called.code.co_filename).stem}.{called.code.co_name}"] += called.totaltime
    return dict(sorted(spent.items(), key=lambda item: -item[1]))


def _in_process(code: CodeType | str) -> TypeGuard[CodeType]:
    """Whether a function stands in one of the files of ``simulator/processes``."""
    return isinstance(code, CodeType) and Path(code.co_filename).parent.name == "processes"


def in_fresh_process(function: Callable[[int], Answer], people_per_agent: int) -> Answer:
    """What ``function`` answers in an interpreter of its own."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=context) as pool:
        return pool.submit(function, people_per_agent).result()


def main() -> None:
    """Print the table."""
    print(f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores")
    print(f"Baseline, 2012 to 2040, {REPEATS} runs a size, seconds after imports")
    seconds: dict[int, list[float]] = {size: [] for size in SIZES}
    for _ in range(REPEATS):
        for size in SIZES:
            seconds[size].append(in_fresh_process(timed_run, size))
    for size, found in seconds.items():
        middle, low, high = statistics.median(found), min(found), max(found)
        print(f"  people per agent {size:>4}: median {middle:.3f}, least {low:.3f}, most {high:.3f}")
    fine, coarse = (statistics.median(seconds[size]) for size in SIZES)
    times, agents = fine / coarse, SIZES[1] / SIZES[0]
    print(f"  {SIZES[0]} over {SIZES[1]}: {times:.2f} times as long for {agents:g} times the agents")
    print(f"Where the time goes at {SIZES[0]}, seconds under the profiler")
    for name, spent in in_fresh_process(profiled_run, SIZES[0]).items():
        print(f"  {name:<32} {spent:.3f}")
