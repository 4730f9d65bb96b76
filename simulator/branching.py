"""Runs that share a history: they branch from one model that has reached the last step before the scenarios part."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from simulator.results import Result
from simulator.run import Request
from simulator.scenario import START

if TYPE_CHECKING:
    from simulator.model import GarmentModel

_HELD = 2  # histories of one draw and seed that a process keeps at hand: a number that holds always may differ
_trunks: dict[tuple[Any, ...], list[GarmentModel]] = {}


def branched(request: Request) -> Result:
    """As :func:`simulator.run.execute`, to the byte; requests with one history in a row run it once a process.

    ``wall_time`` counts from the branch. Raises what a run raises.
    """
    began = time.perf_counter()
    model = _branch(request)
    while model.running:
        model.step()
    periods = tuple(model.recorder.periods)
    values = np.array(model.recorder.values[: len(periods)], dtype=np.float64)
    return Result(request.metadata(wall_time=time.perf_counter() - began), values, periods)


def _branch(request: Request) -> GarmentModel:
    """A model under the request's scenario that has done what came before scenarios may part."""
    luck = (request.draw, request.posterior, request.seed)
    key = (*luck, request.people_per_agent, request.until, request.steps_per_year)
    if key not in _trunks:
        _trunks.clear()  # draws and seeds come one after the other
    held = _trunks.setdefault(key, [])
    for trunk in held:
        try:
            return trunk.branch(request.numbers)
        except ValueError:  # another history: a number that holds for the whole run is another one
            continue
    held.append(_trunk(request))
    del held[:-_HELD]
    return held[-1].branch(request.numbers)


def _trunk(request: Request) -> GarmentModel:
    from simulator.model import GarmentModel

    model = GarmentModel(
        scenario=request.numbers,
        seed=request.seed,
        people_per_agent=request.people_per_agent,
        steps_per_year=request.steps_per_year,
        until=request.until,
    )
    before = (int(START[:4]) - 2012) * request.steps_per_year
    while model.running and model.recorder.steps < before:
        model.step()
    return model
