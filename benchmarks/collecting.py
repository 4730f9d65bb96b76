"""What observing costs a quarter, and what keeping costs a run."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from benchmarks.measure import SPREAD, Effort, Section, Spread, fresh, seconds, share, stopwatch


def section(effort: Effort) -> Section:
    """Shares of the run."""
    quick = effort == "quick"
    people, until, turns = (800, 2012, 2) if quick else (50, 2040, 5)
    found, bytes_written = fresh(_measure, people, until, turns)
    run = found.pop("run")
    out = Section("Observing and writing")
    out.say(
        f"{turns} baseline runs to {until} at {people} people per agent that follow a sample of people and factories. "
        "Shares are of the same turn's run, in which observing and following are part and writing is not."
    )
    out.table(
        ["", *SPREAD, "of the run", *SPREAD[1:]],
        (
            [name, *Spread.of(v).cells(seconds), *Spread.of(a / b for a, b in zip(v, run)).cells(share)]
            for name, v in {"the run": run, **found}.items()
        ),
    )
    out.say("Written: " + ", ".join(f"{name} {size / 1e6:.2f} MB" for name, size in bytes_written.items()) + ".")
    return out


def _measure(people_per_agent: int, until: int, turns: int) -> tuple[dict[str, list[float]], dict[str, int]]:
    import mesa.datacollection

    from simulator import observe, tracking
    from simulator.run import Request, execute
    from simulator.store import Store

    request = Request.of("baseline", 0, people_per_agent, until)
    execute(Request.of("baseline", 0, 800, 2012), track=True)  # loads what is compiled
    found: dict[str, list[float]] = defaultdict(list)
    sizes: dict[str, int] = {}

    def watch(function: Callable[..., Any], into: list[float]) -> Callable[..., Any]:
        def timed(*arguments: Any) -> Any:
            with stopwatch(into):
                return function(*arguments)

        return timed

    for _ in range(turns):
        calls: dict[str, list[float]] = defaultdict(list)
        measure, collect = observe.measure, mesa.datacollection.DataCollector.collect
        with (
            patch.object(observe, "measure", watch(measure, calls["`observe.measure`, all quarters"])),
            patch.object(mesa.datacollection.DataCollector, "collect", watch(collect, calls["Mesa's data collector"])),
            patch.object(
                tracking.Tracker,
                "take_down",
                watch(tracking.Tracker.take_down, calls["following people and factories"]),
            ),
        ):
            began = time.perf_counter()
            result = execute(request, track=True)
            found["run"].append(time.perf_counter() - began)
        for name, spent in calls.items():
            found[name].append(sum(spent))
        with TemporaryDirectory() as folder:
            for form in ("parquet", "csv"):
                with stopwatch(found[f"`Result.save` as {form}"]):
                    result.save(Path(folder, form), form)
                sizes[form] = sum(path.stat().st_size for path in Path(folder, form).iterdir())
            store = Store(Path(folder, "store"))
            with stopwatch(found["`Store.put`"]):
                path = store.put(request, result)
            sizes["store"] = path.stat().st_size
            with stopwatch(found["`Store.get`"]):
                store.get(request)
    return dict(found), sizes
