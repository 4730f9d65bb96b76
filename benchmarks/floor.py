"""How far a quarter is from the least any program could take: moving the workers' columns through memory once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.measure import SPREAD, Effort, Section, Spread, fresh, number, seconds, stopwatch, times

PEOPLE_PER_AGENT = (50, 10, 1)
COPIES = 5  # of which the quickest counts: a floor is what is possible


def section(effort: Effort) -> Section:
    """Times the copying of the workers' columns."""
    quick = effort == "quick"
    sizes, turns = ((800,), 2) if quick else (PEOPLE_PER_AGENT, 8)
    out = Section("Distance to the memory's own speed")
    out.say(
        "Copying every column of the workers once reads and writes all that is known of them. In turn, in one "
        f"process: the copy (the quickest of {COPIES}), then a quarter. Ratios are within a turn. Few people stay in "
        "the processor's cache, where copying is faster."
    )
    rows = []
    for people, (count, size, copy, quarter, processes, observation) in zip(sizes, fresh(_measure, sizes, turns)):
        rate = 2 * size / Spread.of(copy).median / 1e9
        rows.append([f"{count:,}", f"{size / 1e6:.1f} MB", seconds(Spread.of(copy).median), f"{number(rate)} GB/s",
                     *Spread.of(a / b for a, b in zip(quarter, copy)).cells(times),
                     times(Spread.of(a / b for a, b in zip(processes, copy)).median),
                     times(Spread.of(a / b for a, b in zip(observation, copy)).median)])  # fmt: skip
        if not quick:
            out.facts[f"copies a quarter at {people}"] = Spread.of(a / b for a, b in zip(quarter, copy)).median
    out.table(
        ["workers", "columns", "a copy", "read and written", *(f"quarter, {w}" for w in SPREAD),
         "its workers' processes", "observation"],
        rows,
    )  # fmt: skip
    return out


def _measure(sizes: Sequence[int], turns: int) -> list[tuple[Any, ...]]:
    from benchmarks.timed import OBSERVATION, WORKERS, watched
    from simulator import GarmentModel

    found: list[tuple[Any, ...]] = []
    for people in sizes:
        model = GarmentModel("baseline", people_per_agent=people, until=2015)
        for _ in range(2):
            model.step()
        columns = [getattr(model.workers, name) for name in model.workers.columns()]
        twins = [np.empty_like(column) for column in columns]
        spent: dict[str, list[float]] = defaultdict(list)
        for _ in range(turns):
            copies: list[float] = []
            for _ in range(COPIES):
                with stopwatch(copies):
                    for twin, column in zip(twins, columns):
                        np.copyto(twin, column)
            spent["copy"].append(min(copies))
            with watched() as watch, stopwatch(spent["quarter"]):
                model.step()
            spent["processes"].append(sum(watch[name][0] for name in WORKERS))
            spent["observation"].append(watch[OBSERVATION][0])
        size = sum(column.nbytes for column in columns)
        found.append((len(model.workers), size, *(spent[n] for n in ("copy", "quarter", "processes", "observation"))))
    return found
