"""Runs that begin where scenarios part: the years before are equal in all of them, so they are run once and copied."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from simulator.results import Result
from simulator.run import FIRST_YEAR, LAST_YEAR, Request, execute
from simulator.scenario import START, load_scenario

if TYPE_CHECKING:
    from simulator.model import GarmentModel

_Luck = tuple[int, str, int, int, int]


class Warm:
    """Models that stand at the end of the last common quarter, the ``most`` last used, some 10 MB each at 50 people
    per agent."""

    def __init__(self, most: int = 24) -> None:
        self.most = most
        self._models: OrderedDict[_Luck, GarmentModel] = OrderedDict()

    def execute(self, request: Request) -> Result:
        """As :func:`simulator.run.execute`, to the bit, without the common years where they are at hand."""
        return execute(request, model=self._start(request))

    def prepare(self, request: Request) -> GarmentModel | None:
        """The model of the common years of a request; None where the run ends in other years than they serve."""
        if request.until != LAST_YEAR:
            return None
        luck = request.draw, request.posterior, request.seed, request.people_per_agent, request.steps_per_year
        if luck not in self._models:
            self._models[luck] = _common_years(request)
            while len(self._models) > self.most:
                self._models.popitem(last=False)
        self._models.move_to_end(luck)
        return self._models[luck]

    def _start(self, request: Request) -> GarmentModel | None:
        model = self.prepare(request)
        if model is None:
            return None
        try:
            return model.branch(request.numbers)
        except ValueError:  # it sets numbers that hold for the whole run
            return None


def _common_years(request: Request) -> GarmentModel:
    """The baseline under the request's draw and luck, up to where levers may differ."""
    from simulator.model import GarmentModel

    kind = request.posterior.partition(" ")[0] or "refit"
    luck = request.seed, request.people_per_agent, request.until, request.draw, request.steps_per_year
    like = Request.of(load_scenario("baseline"), *luck, kind)
    model = GarmentModel(
        scenario=like.numbers,
        seed=like.seed,
        people_per_agent=like.people_per_agent,
        steps_per_year=like.steps_per_year,
        until=like.until,
    )
    for _ in range((int(START[:4]) - FIRST_YEAR) * like.steps_per_year):
        model.step()
    return model
