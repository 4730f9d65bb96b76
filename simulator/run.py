"""One scenario, one seed, one table; and the key that says what went into it."""

from __future__ import annotations

import hashlib
import json
import operator
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from simulator.data import digest
from simulator.fingerprint import code_digest
from simulator.posterior import BEST, find_draw, under_draw
from simulator.results import InputError, Result
from simulator.scenario import FIRST, Scenario, load_scenario
from simulator.tracking import NOTHING
from simulator.version import __version__

if TYPE_CHECKING:
    from simulator.model import GarmentModel

FIRST_YEAR, LAST_YEAR = 2012, 2040
Progress = Callable[[int, int], None]  # done, of how many


@dataclass(frozen=True, eq=False)
class Request:
    """Everything that decides a run.

    ``drawn`` is the scenario under the draw's numbers, None where it is the scenario itself; ``posterior`` names
    the posterior they come from, empty for the best set, which ``scenarios/calibrated.yaml`` holds.
    """

    scenario: Scenario
    seed: int = 0
    people_per_agent: int = 50
    until: int = LAST_YEAR
    draw: int = BEST
    steps_per_year: int = 4
    posterior: str = ""
    drawn: Scenario | None = None

    @classmethod
    def of(
        cls,
        scenario: str | Path | Scenario,
        seed: int = 0,
        people_per_agent: int = 50,
        until: int = LAST_YEAR,
        draw: str | int = "best",
        steps_per_year: int = 4,
        posterior: str = "refit",
    ) -> Request:
        """Check what was asked for. Raises InputError, or ScenarioError for the scenario."""
        chosen = load_scenario(scenario)
        drawn, name = under_draw(chosen, draw, posterior)
        return cls(
            chosen,
            _whole("seed", seed, 0, 2**63 - 1),
            _whole("people_per_agent", people_per_agent, 1, 1000),
            _whole("until", until, FIRST_YEAR, LAST_YEAR),
            find_draw(draw, posterior),
            _whole("steps_per_year", steps_per_year, 4, 12, (4, 12)),
            name,
            drawn if name else None,
        )

    @property
    def numbers(self) -> Scenario:
        """What is run: the scenario with the draw's numbers below its own settings."""
        return self.scenario if self.drawn is None else self.drawn

    @cached_property
    def key(self) -> str:
        """sha256 over code, data, the scenario's numbers and the run's settings: equal keys, equal runs."""
        content = {
            "model": f"{__version__}+{code_digest()}",
            "data": digest(),
            "scenario": [self.numbers.settings, self.numbers.shocks],
            "draw": self.draw,
            "posterior": self.posterior,
            "seed": self.seed,
            "people_per_agent": self.people_per_agent,
            "until": self.until,
            "steps_per_year": self.steps_per_year,
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    @property
    def run_id(self) -> str:
        """The first 12 digits of the key."""
        return self.key[:12]

    def metadata(self, status: str = "done", error: str = "", wall_time: float = float("nan")) -> dict[str, Any]:
        """The run's row of the table of runs: a changed number stands as itself, a path in time as JSON."""
        changed = {}
        for name, path in self.numbers.settings.items():
            bare = list(path) in ([FIRST], [self.scenario.start])
            changed[name] = next(iter(path.values())) if bare else json.dumps(path)
        if self.scenario.shocks:
            changed["world.shocks"] = json.dumps(self.scenario.shocks)
        return {
            "run_id": self.run_id,
            "scenario": self.scenario.id,
            "draw": self.draw,
            "seed": self.seed,
            **changed,
            "posterior": self.posterior,
            "people_per_agent": self.people_per_agent,
            "until": self.until,
            "steps_per_year": self.steps_per_year,
            "model": __version__,
            "code": code_digest(),
            "data": digest(),
            "python": platform.python_version(),
            "numpy": np.__version__,
            "mesa": _mesa(),
            "wall_time": wall_time,
            "status": status,
            "error": error,
            "scenario_text": self.numbers.text,
        }


def run(
    scenario: str | Path | Scenario,
    seed: int = 0,
    people_per_agent: int = 50,
    until: int = LAST_YEAR,
    draw: str | int = "best",
    steps_per_year: int = 4,
    progress: Progress | None = None,
    track: bool = True,
    posterior: str = "refit",
) -> Result:
    """Run a scenario (id, path or Scenario) from 2012 to the end of ``until``.

    ``draw`` is ``best`` or the number of a draw of ``posterior`` (``refit`` or ``judged``), whose numbers hold
    wherever the scenario does not set its own.
    ``progress`` is called with the steps done and their number. With ``track`` the result has its ``people`` and
    ``factories``, a sample followed from step to step; it changes no other number. Raises InputError or
    ScenarioError for what cannot be run, RuntimeError where the model itself must stop.
    """
    request = Request.of(scenario, seed, people_per_agent, until, draw, steps_per_year, posterior)
    return execute(request, progress, track)


def execute(
    request: Request, progress: Progress | None = None, track: bool = False, model: GarmentModel | None = None
) -> Result:
    """Run a request. Its values are the same to the byte wherever and whenever it runs.

    ``model`` is one that has done some of the request's steps; it goes on with the others.
    """
    from simulator.model import GarmentModel

    began = time.perf_counter()
    if model is None:
        model = GarmentModel(
            scenario=request.numbers,
            seed=request.seed,
            people_per_agent=request.people_per_agent,
            steps_per_year=request.steps_per_year,
            until=request.until,
            track=track,
        )
    done, steps = model.recorder.steps, (request.until - FIRST_YEAR + 1) * request.steps_per_year
    while model.running:
        model.step()
        done += 1
        if progress is not None:
            progress(done, steps)
    periods = tuple(model.recorder.periods)
    values = np.array(model.recorder.values[: len(periods)], dtype=np.float64)
    tracks = model.tracker.tracks(periods) if model.tracker is not None else NOTHING
    return Result(request.metadata(wall_time=time.perf_counter() - began), values, periods, tracks=tracks)


@cache
def _mesa() -> str:
    return version("mesa")  # reads a file


def one_line(error: BaseException) -> str:
    """What went wrong, for a table or a list: the exception's name and message, without line breaks."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:500]


def _whole(name: str, value: Any, low: int, high: int, allowed: tuple[int, ...] = ()) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        number = low - 1
    if isinstance(value, bool) or not low <= number <= high or (allowed and number not in allowed):
        what = " or ".join(map(str, allowed)) if allowed else f"a whole number from {low} to {high}"
        raise InputError(f"{name} is {value!r}; it must be {what}")
    return number
