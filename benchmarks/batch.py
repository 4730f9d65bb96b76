"""Many runs on two cores against what they would take if nothing were lost."""

from __future__ import annotations

import time
from importlib import import_module
from tempfile import TemporaryDirectory

from benchmarks.measure import Effort, Section, Spread, fresh, number, seconds, times

CORES = 2
PROMISED = 1_000
SINGLES = 5  # runs alone before the batch, and as many after it


def section(effort: Effort) -> Section:
    """Wall time of a batch over the sum of single-run times by the cores."""
    quick = effort == "quick"
    runs = 3 if quick else PROMISED if effort == "full" else 200
    people, until, singles = (800, 2012, 1) if quick else (50, 2040, SINGLES)
    wall, first, rate, own, alone = fresh(_measure, runs, people, until, singles)
    single = Spread.of(alone)
    ideal = runs * single.median / CORES
    out = Section(f"{runs:,} runs on {CORES} cores")
    out.say(
        f"`run_many` with a store of its own, baseline to {until} at {people} people per agent, seeds 0 to {runs - 1}. "
        f"Single runs alone in one process, {singles} before and {singles} after: median {seconds(single.median)}, "
        f"minimum {seconds(single.least)}, maximum {seconds(single.most)}."
    )
    rows = [
        ["wall time, with starting the processes and storing", seconds(wall), times(wall / ideal)],
        [f"single run alone × {runs} / {CORES}", seconds(ideal), times(1.0)],
        [f"runs' own times within the batch / {CORES}", seconds(own / CORES), times(own / CORES / ideal)],
        ["until the first run was stored", seconds(first), times(first / ideal)],
    ]
    spread = [wall / (runs * one / CORES) for one in (single.most, single.least)]
    ratio, busy = wall / ideal, wall / (own / CORES)
    if runs < PROMISED and not quick:
        wall += (PROMISED - runs) / rate
        ratio = wall / (PROMISED * single.median / CORES)
        note = f"{PROMISED:,} runs, extrapolated from {number(rate)} runs a second once started"
        rows.append([note, seconds(wall), times(ratio)])
    out.table(["", "time", "over the ideal"], rows)
    out.say(
        f"Wall over the ideal by the slowest and the quickest single run: {times(spread[0])} to {times(spread[1])}. "
        "The runs' own times tell what two at once cost each other; the rest is starting, storing and waiting."
    )
    if not quick:
        out.facts = {
            "batch wall over own times": busy,
            "batch wall over ideal": ratio,
            "batch minutes of 1,000": wall / 60,
        }
    return out


def _measure(
    runs: int, people_per_agent: int, until: int, singles: int
) -> tuple[float, float, float, float, list[float]]:
    """Wall time, time until the first end, runs a second after it, sum of own times, times alone."""
    from simulator.batch import run_many
    from simulator.run import Request, execute
    from simulator.store import Store

    import_module("simulator.model")  # imports are no part of a single run

    def request(seed: int, last: int = until) -> Request:
        return Request.of("baseline", seed, people_per_agent, last)

    def single() -> list[float]:
        found = []
        for seed in range(singles):
            began = time.perf_counter()
            execute(request(seed))
            found.append(time.perf_counter() - began)
        return found

    execute(request(0, 2012))  # loads what is compiled
    alone = single()
    ends: list[float] = []
    with TemporaryDirectory() as folder:
        began = time.perf_counter()
        outcome = run_many(
            [request(seed) for seed in range(runs)],
            Store(folder),
            workers=CORES,
            progress=lambda done, _: ends.append(time.perf_counter() - began) if done else None,
        )
        wall = time.perf_counter() - began
    if outcome.failures:
        raise RuntimeError(str(outcome.failures[0]))
    alone += single()
    own = sum(float(result.metadata["wall_time"]) for result in outcome.results)
    # Of the first runs each core had one, so they say how long starting takes and nothing of the rate.
    rate = (runs - CORES) / (ends[-1] - ends[CORES - 1])
    return wall, ends[0], rate, own, alone
