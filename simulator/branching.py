"""Runs that share a history: the years before their scenarios part are run once, and each goes on from a copy."""

from __future__ import annotations

import time
from collections.abc import Hashable
from dataclasses import replace
from typing import TYPE_CHECKING

from simulator.parameters import PARAMETERS
from simulator.results import Result
from simulator.run import FIRST_YEAR, Request, execute
from simulator.scenario import START

if TYPE_CHECKING:
    from simulator.model import GarmentModel


def history(request: Request) -> Hashable:
    """What two requests have in common that may share a history: luck, size, and the numbers of the common years."""
    early = tuple(
        (name, when, value)
        for name, path in request.numbers.settings.items()
        if PARAMETERS[name].from_ != "start"
        for when, value in path.items()
        if when < START
    )
    return request.seed, request.people_per_agent, request.until, request.steps_per_year, frozenset(early)


class Histories:
    """Models that stand at the end of the last common quarter: the ``most`` last used, some 10 MB each at 50 people
    per agent."""

    def __init__(self, most: int = 2) -> None:
        self.most = most
        self._models: list[tuple[Hashable, GarmentModel]] = []

    def execute(self, request: Request) -> Result:
        """As :func:`simulator.run.execute`, to the byte, without the common years where they are at hand.

        ``wall_time`` is what was spent here. Raises what a run raises.
        """
        began = time.perf_counter()
        result = execute(request, model=self._branch(request))
        return replace(result, metadata={**result.metadata, "wall_time": time.perf_counter() - began})

    def prepare(self, request: Request) -> None:
        """Have the common years of a request at hand."""
        self._branch(request)

    def _branch(self, request: Request) -> GarmentModel:
        """A model under the request's scenario that has done what came before scenarios may part."""
        mine = history(request)
        for place, (theirs, trunk) in enumerate(self._models):
            if theirs == mine:
                try:
                    branch = trunk.branch(request.numbers)
                except ValueError:  # it differs all the same
                    continue
                self._models.append(self._models.pop(place))
                return branch
        trunk = _common_years(request)
        self._models.append((mine, trunk))
        del self._models[: -self.most]
        return trunk.branch(request.numbers)


def _common_years(request: Request) -> GarmentModel:
    from simulator.model import GarmentModel

    model = GarmentModel(
        scenario=request.numbers,
        seed=request.seed,
        people_per_agent=request.people_per_agent,
        steps_per_year=request.steps_per_year,
        until=request.until,
    )
    before = (int(START[:4]) - FIRST_YEAR) * request.steps_per_year
    while model.running and model.recorder.steps < before:
        model.step()
    return model
