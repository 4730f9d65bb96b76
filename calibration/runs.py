"""Model runs of the calibration: a few columns of each are kept on disk, so that nothing is run twice.

A run is found again by what went into it: code, data, numbers, seed. The worker that finishes a run stores it before
it says so; a process that dies costs its own run. A set of numbers that the model refuses is stored as refused.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from calibration.targets import EVENTS, Column, Targets
from simulator.analysis.criteria import CRITERIA
from simulator.analysis.patterns import BASE, EU_LOST, WAGE_FROZEN, WAGE_RAISED, scenarios
from simulator.data import digest
from simulator.fingerprint import model_digest
from simulator.indicators import COLUMNS
from simulator.model import GarmentModel, period
from simulator.paths import home
from simulator.pool import TRIES, in_processes
from simulator.results import by_year, write_together
from simulator.scenario import Scenario
from simulator.state import Full
from simulator.units import Refused

if TYPE_CHECKING:
    Progress = Callable[[int], None]  # runs done, an event run counted as EVENT_COST

EVENT_COST = 3  # what a run with its events costs, in runs to 2019
_STEPS_PER_YEAR = 4


@dataclass(frozen=True)
class Task:
    """One run: numbers by name, seed, size, last year of the record, and whether the events are run as well."""

    values: Mapping[str, float] = field(hash=False)
    seed: int
    people_per_agent: int
    until: int
    events: bool
    columns: tuple[Column, ...]

    @property
    def cost(self) -> int:
        """In runs to 2019."""
        return EVENT_COST if self.events else 1

    @cached_property
    def scenario(self) -> Scenario:
        """The baseline under these numbers."""
        return _scenarios()[BASE].with_draw(self.values)

    @cached_property
    def key(self) -> str:
        """sha256 over code, data, numbers and settings: equal keys, equal runs."""
        content = {
            "code": [model_digest(), _own_digest()],
            "data": digest(),
            "numbers": self.scenario.settings,
            "run": [self.seed, self.people_per_agent, self.until, self.events],
            "columns": self.columns,
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, eq=False)
class Run:
    """What is kept of a run: yearly values by column, ratios by event, the worst accounting residual.

    ``refused`` says why the model would not run these numbers; empty where it did.
    """

    values: Mapping[Column, NDArray[np.float64]]
    events: Mapping[str, float]
    residual: float = 0.0
    refused: str = ""

    def moments(self, targets: Targets) -> NDArray[np.float64]:
        """The logarithm for each target, NaN for a refused run."""
        return np.full(len(targets), np.nan) if self.refused else targets.moments(self.values, self.events)

    def to_json(self, key: str) -> str:
        """One document; floats to the last digit."""
        table = [[name, group, list(map(float, values))] for (name, group), values in self.values.items()]
        about = {"key": key, "refused": self.refused, "residual": self.residual, "events": dict(self.events)}
        return json.dumps(about | {"values": table})

    @classmethod
    def from_json(cls, text: str, key: str) -> Run:
        """Read ``to_json``. Raises ValueError where the file is damaged or holds another run."""
        try:
            about = json.loads(text)
            values = {(name, group): np.array(row, dtype=float) for name, group, row in about["values"]}
            run = cls(values, dict(about["events"]), float(about["residual"]), str(about["refused"]))
            found = about["key"]
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"unreadable: {error}") from None
        if found != key:
            raise ValueError("it holds another run than its name says")
        return run


class Folder:
    """Finished runs on disk, one file each, in a folder of its own for each version of code and data."""

    def __init__(self, folder: str | Path | None = None) -> None:
        place = Path(folder) if folder is not None else home() / "calibration"
        self.folder = place / f"{model_digest()}-{digest()}"

    def path(self, key: str) -> Path:
        """Where the run with this key is or would be."""
        return self.folder / key[:2] / f"{key}.json"

    def get(self, task: Task) -> Run | None:
        """The finished run; None where there is none. A damaged file counts as missing and is named."""
        path = self.path(task.key)
        try:
            return Run.from_json(path.read_text(encoding="utf-8"), task.key)
        except OSError:
            return None
        except ValueError as error:
            print(f"{path} is damaged ({error}); it will be run again", file=sys.stderr)
            return None

    def put(self, task: Task, run: Run) -> None:
        """Write a finished run; whoever reads meanwhile sees all of it or nothing. Raises OSError."""
        text = run.to_json(task.key)
        write_together({self.path(task.key): lambda path: path.write_text(text, encoding="utf-8")})


def execute(task: Task) -> Run:
    """Run the model to the end of the record, and through the events where they are asked for."""
    last = max(int(CRITERIA[event].dates["at"][:4]) for event in EVENTS)
    until = max(task.until, last) if task.events else task.until
    try:
        model = GarmentModel(task.scenario, seed=task.seed, people_per_agent=task.people_per_agent, until=until)
        _advance(model, f"{task.until}Q4")
        values = _yearly(model, task.columns)
        residual = max(map(abs, model.residuals().values()))
        events = _events(model, task) if task.events else {}
    except (Refused, Full) as error:
        return Run({}, {}, refused=" ".join(f"{type(error).__name__}: {error}".split())[:500])
    return Run(values, events, residual)


def _advance(model: GarmentModel, last: str) -> None:
    """Go on to the end of a quarter."""
    while model.period < last:
        model.step()


def _yearly(model: GarmentModel, columns: Sequence[Column]) -> dict[Column, NDArray[np.float64]]:
    places = [COLUMNS.index(column) for column in columns]
    values, _ = by_year(model.recorder.values[:, places], model.recorder.periods, columns, _STEPS_PER_YEAR)
    return {column: values[:, i] for i, column in enumerate(columns)}


def _events(model: GarmentModel, task: Task) -> dict[str, float]:
    """Each event beside what would have been without it, from one common history."""
    eu, wage = CRITERIA["P7"].dates, CRITERIA["P8"].dates
    drawn = {name: _scenarios()[name].with_draw(task.values) for name in (EU_LOST, WAGE_FROZEN, WAGE_RAISED)}

    def value(branch: GarmentModel, at: str, column: Column) -> float:
        _advance(branch, at)
        return float(branch.recorder.values[branch.recorder.periods.index(at), COLUMNS.index(column)])

    _advance(model, _before(eu["from"]))
    lost = value(model.branch(drawn[EU_LOST]), eu["at"], ("exports", "market=EU"))
    kept = value(model, eu["at"], ("exports", "market=EU"))
    _advance(model, _before(wage["from"]))
    raised, frozen = (
        value(model.branch(drawn[name]), wage["at"], ("employment", "all")) for name in (WAGE_RAISED, WAGE_FROZEN)
    )
    return {"P7": lost / kept, "P8": raised / frozen}


def _before(quarter: str) -> str:
    """The quarter before.

    >>> _before("2025Q1")
    '2024Q4'
    """
    return period((int(quarter[:4]) - 2012) * 4 + int(quarter[5]) - 2, 4)


@cache
def _scenarios() -> Mapping[str, Scenario]:
    return {name: scenario for name, (scenario, _) in scenarios().items()}


@cache
def _own_digest() -> str:
    """What this file makes of a run is part of it."""
    return hashlib.sha256(Path(__file__).read_bytes().replace(b"\r\n", b"\n")).hexdigest()[:12]


# Many runs


@dataclass
class Done:
    """Runs in the order of the tasks, None where one could not be finished; ``errors`` says why, by place."""

    runs: list[Run | None]
    errors: dict[int, str]
    fresh: int = 0  # how many were not on disk


def run_all(
    tasks: Sequence[Task], folder: Folder, workers: int | None = None, progress: Progress | None = None
) -> Done:
    """Run what the folder lacks, on ``workers`` processes (one a core).

    A task whose process dies is tried a second time alone. On Ctrl-C the processes end and KeyboardInterrupt goes
    on; finished runs are on disk. Raises OSError where nothing can be kept.
    """
    found = [folder.get(task) for task in tasks]
    todo = [i for i, run in enumerate(found) if run is None]
    fresh, done = len(todo), sum(task.cost for task, run in zip(tasks, found, strict=True) if run is not None)
    errors: dict[int, str] = {}

    def tell() -> None:
        if progress is not None:
            progress(done)

    def finish(i: int) -> None:
        nonlocal done
        found[i] = folder.get(tasks[i])
        if found[i] is None:
            errors[i] = f"its process died {TRIES} times, or its result was lost"
        done += tasks[i].cost
        tell()

    tell()
    workers = min(workers or os.cpu_count() or 2, len(todo))
    if workers <= 1:
        for i in todo:
            _work((i, tasks[i]), folder)
            finish(i)
    else:
        in_processes(
            [(i, tasks[i]) for i in todo],
            partial(_work, folder=folder),
            lambda piece, _: finish(piece[0]),
            lambda piece: folder.get(piece[1]) is not None,
            workers,
        )
    return Done(found, errors, fresh)


def _work(piece: tuple[int, Task], folder: Folder) -> None:
    """One run, kept before this returns."""
    folder.put(piece[1], execute(piece[1]))
