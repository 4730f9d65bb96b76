"""What an experiment runs, one after the other: scenarios × settings of levers × draws of numbers × seeds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any, overload

from simulator.batch import Filled
from simulator.data import digest
from simulator.design import Design
from simulator.export import Row
from simulator.fingerprint import code_digest
from simulator.results import InputError, Result
from simulator.run import LAST_YEAR, Request
from simulator.scenario import Scenario
from simulator.store import Store
from simulator.version import __version__

PEOPLE_PER_AGENT = 50  # where an experiment does not say
_STEPS_PER_YEAR = 4


@dataclass(frozen=True, eq=False)
class Experiment(Sequence[Request]):
    """What a file asks for; as a sequence, its runs, each made when it is needed.

    All scenarios and settings of ``levers`` meet the same draws and seeds, so that their runs are pairs.
    ``indicators``, ``groups`` and ``yearly`` say what of each run goes into the table of series.
    """

    name: str
    scenarios: tuple[Scenario, ...]
    levers: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    design: Design = field(default_factory=Design)
    seeds: tuple[int, ...] = (0,)
    people_per_agent: int = PEOPLE_PER_AGENT
    until: int = LAST_YEAR
    indicators: tuple[str, ...] | None = None
    groups: tuple[str, ...] | None = None
    yearly: bool = False
    notes: tuple[str, ...] = ()  # what is worth knowing before it runs
    _last: list[Any] = field(default_factory=list, repr=False)  # the point made last: its seeds are asked for in turn

    @property
    def cells(self) -> int:
        """The number of settings of the levers."""
        return prod(len(values) for values in self.levers.values())

    def __len__(self) -> int:
        return len(self.scenarios) * self.cells * len(self.design) * len(self.seeds)

    @overload
    def __getitem__(self, place: int) -> Request: ...

    @overload
    def __getitem__(self, place: slice) -> Part: ...

    def __getitem__(self, place: int | slice) -> Request | Part:
        if isinstance(place, slice):
            return Part(self, range(len(self))[place])
        scenario, cell, draw, seed = self.point(place)
        if not self._last or self._last[0] != (scenario, cell, draw):
            made = self.design.apply(self.scenarios[scenario], self.setting(cell), draw)
            self._last[:] = [(scenario, cell, draw), made]
        chosen, drawn, posterior = self._last[1]
        return Request(
            chosen,
            self.seeds[seed],
            self.people_per_agent,
            self.until,
            self.design.numbers[draw],
            _STEPS_PER_YEAR,
            posterior,
            drawn,
        )

    def point(self, place: int) -> tuple[int, int, int, int]:
        """Places of a run's scenario, setting of levers, draw and seed."""
        place, seed = divmod(range(len(self))[place], len(self.seeds))
        place, draw = divmod(place, len(self.design))
        scenario, cell = divmod(place, self.cells)
        return scenario, cell, draw, seed

    def setting(self, cell: int) -> dict[str, Any]:
        """The levers by name in one cell of their grid; the last named changes first."""
        chosen = {}
        for name, values in reversed(list(self.levers.items())):
            cell, at = divmod(cell, len(values))
            chosen[name] = values[at]
        return {name: chosen[name] for name in self.levers}

    def columns(self, place: int) -> dict[str, Any]:
        """Levers and drawn numbers of a run, also where they are defaults: a path in time as JSON.

        Not a posterior's numbers: a scenario's own go before them, so that the run's row knows better.
        """
        _, cell, draw, _ = self.point(place)
        levers = {n: json.dumps(v) if isinstance(v, Mapping) else float(v) for n, v in self.setting(cell).items()}
        return levers if self.design.posterior else levers | self.design.draw(draw)

    def label(self, place: int) -> str:
        """The levers' setting in a few words."""
        setting = self.setting(self.point(place)[1])
        return ", ".join(f"{n} {json.dumps(v) if isinstance(v, Mapping) else f'{v:g}'}" for n, v in setting.items())

    def shape(self, result: Result) -> Result:
        """What of a run goes into the table of series."""
        return (result.yearly() if self.yearly else result).select(self.indicators, self.groups)

    def described(self) -> dict[str, Any]:
        """What decides its runs, the parts by name."""
        return {
            "scenarios": {scenario.id: scenario.digest for scenario in self.scenarios},
            "levers": {name: list(values) for name, values in self.levers.items()},
            "uncertainties": self.design.described(),
            "seeds": list(self.seeds),
            "people_per_agent": self.people_per_agent,
            "until": self.until,
            "model": f"{__version__}+{code_digest()}",
            "data": digest(),
        }

    def told(self) -> str:
        """Its size in words."""
        parts = [(len(self.scenarios), "scenario"), (self.cells, "setting"), (len(self.design), "draw")]
        counts = [f"{n} {what}{'s' if n > 1 else ''}" for n, what in [*parts, (len(self.seeds), "seed")]]
        return " × ".join(counts)


@dataclass(frozen=True, eq=False)
class Part(Sequence[Request]):
    """Some runs of an experiment, by their places."""

    experiment: Experiment
    places: range

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return Part(self.experiment, self.places[place])
        return self.experiment[self.places[place]]

    def rows(self, store: Store, filled: Filled) -> Iterator[Row]:
        """The runs as they are to stand in tables; ``filled`` says why those are missing that the store lacks."""
        for place in self.places:
            request, columns = self.experiment[place], self.experiment.columns(place)

            def load(request: Request = request) -> Result | None:
                return None if request.key in filled.failed else store.get(request)

            def read(request: Request = request, columns: dict[str, Any] = columns) -> dict[str, Any]:
                error = filled.failed.get(request.key)
                row = store.metadata(request) if error is None else None
                if row is not None:
                    return columns | row
                status = "failed" if error is not None else "missing"
                return columns | request.metadata(status, error or filled.halted or "not run yet")

            yield Row(columns | request.metadata(), read, load)


def take(experiment: Experiment, shard: tuple[int, int] | None = None) -> Part:
    """All runs of an experiment, or those of a shard (i, n). Raises InputError."""
    first, step = (1, 1) if shard is None else shard
    if not 1 <= first <= step:
        raise InputError(f"shard {first}/{step}: the first number must be from 1 to the second")
    return experiment[first - 1 :: step]
