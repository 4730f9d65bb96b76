"""The quarter with a watch on each process."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import wraps
from typing import Any
from unittest.mock import patch

from benchmarks.measure import stopwatch
from simulator import model, observe
from simulator.schedule import QUARTER

# What people do and what is done to them; the rest of the schedule is about factories, buyers and the state.
WORKERS = ("renew_generation", "quit_jobs", "lay_off", "train", "hire", "pay")
OBSERVATION = "observation"
REST = "rest of the step"


@contextmanager
def watched() -> Iterator[dict[str, list[float]]]:
    """Seconds of every call of every process, by name, and of observation, of models that step inside."""
    spent: dict[str, list[float]] = defaultdict(list)

    def watch(function: Callable[..., Any], name: str) -> Callable[..., Any]:
        @wraps(function)
        def timed(*arguments: Any) -> Any:
            with stopwatch(spent[name]):
                return function(*arguments)

        return timed

    quarter = tuple(replace(process, run=watch(process.run, process.name)) for process in QUARTER)
    with (
        patch.object(model, "QUARTER", quarter),
        patch.object(observe, "measure", watch(observe.measure, OBSERVATION)),
    ):
        yield spent
    if not all(spent[process.name] for process in QUARTER):
        raise RuntimeError("the model no longer runs the QUARTER that simulator.model imports")
