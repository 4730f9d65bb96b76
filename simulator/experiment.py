"""Experiments: scenarios × settings of levers × draws of uncertain numbers × seeds, from a file to two tidy tables."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, overload

import pandas as pd

from simulator import scenario as scenarios
from simulator.batch import Failure, Filled, fill
from simulator.checks import SEATS, Check, ScenarioError, nearest, plain, read, shown, unknown
from simulator.data import digest
from simulator.design import DESIGNS, KINDS, MOST_DRAWS, Design, read_design, whole
from simulator.export import Row, write_tables
from simulator.fingerprint import code_digest
from simulator.indicators import COLUMNS, DIMENSIONS, INDICATORS
from simulator.parameters import PARAMETERS
from simulator.paths import shipped
from simulator.results import InputError, Result, choose
from simulator.run import FIRST_YEAR, LAST_YEAR, Progress, Request
from simulator.scenario import Scenario, load_scenario
from simulator.store import Store
from simulator.version import __version__

KEYS = (
    *("schema_version", "title", "scenarios", "levers", "uncertainties", "seeds", "people_per_agent", "until"),
    *("indicators", "groups", "yearly"),
)
SCHEMA_FILE = "experiment.schema.json"
LIMIT = 3600.0  # seconds a run may take
_EXAMPLE = "scenarios: [baseline, transition]"
_PEOPLE, _MOST_SEEDS, _MOST_RUNS = 50, 1_000_000, 100_000_000
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
    people_per_agent: int = _PEOPLE
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
        scenario, cell, draw, seed = self._point(place)
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

    def _point(self, place: int) -> tuple[int, int, int, int]:
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
        _, cell, draw, _ = self._point(place)
        levers = {n: json.dumps(v) if isinstance(v, Mapping) else float(v) for n, v in self.setting(cell).items()}
        return levers if self.design.posterior else levers | self.design.draw(draw)

    def label(self, place: int) -> str:
        """The levers' setting in a few words."""
        setting = self.setting(self._point(place)[1])
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


# Running


@dataclass(frozen=True, eq=False)
class ExperimentResult:
    """A finished experiment. ``failures`` are its runs that failed; ``halted`` says why others were not tried."""

    experiment: Experiment
    part: Part
    store: Store
    filled: Filled

    @property
    def halted(self) -> str:
        """Why the batch stopped before its end, or nothing."""
        return self.filled.halted

    @cached_property
    def failures(self) -> tuple[Failure, ...]:
        """Runs that failed twice, each with its cause, in the order of the experiment."""
        if not self.filled.failed:
            return ()
        return tuple(
            Failure(request, self.filled.failed[request.key], self.experiment.label(place))
            for place, request in zip(self.part.places, self.part)
            if request.key in self.filled.failed
        )

    @cached_property
    def runs(self) -> pd.DataFrame:
        """One row a run: levers and drawn numbers, every other number that differs from its default, status, error."""
        return self._tables[0]

    @cached_property
    def series(self) -> pd.DataFrame:
        """The tidy table: ``SERIES_COLUMNS``. It is read whole; for what is larger than memory use :meth:`save`."""
        return self._tables[1]

    @cached_property
    def _tables(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        with TemporaryDirectory(prefix="garment-sim-") as folder:
            self.save(folder)
            return pd.read_parquet(Path(folder) / "runs.parquet"), pd.read_parquet(Path(folder) / "series.parquet")

    def save(self, folder: str | Path, format: str = "parquet") -> Path:
        """Write ``runs`` and ``series`` (``parquet``, ``csv`` or ``xlsx``), a few runs at a time. Raises InputError."""
        return write_tables(folder, lambda: self.part.rows(self.store, self.filled), format, self.experiment.shape)


def run_experiment(
    experiment: str | Path | Mapping[str, Any] | Experiment,
    store: Store | str | Path | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
    limit: float = LIMIT,
    scheduler: str | None = None,
    shard: tuple[int, int] | None = None,
) -> ExperimentResult:
    """Run what ``store`` (a folder; the user's own store when left out) lacks of an experiment.

    ``experiment`` is the id of a shipped one, a file, or what a file would hold as a mapping. ``workers`` processes
    (one a core) do the work, or the Dask cluster with this ``scheduler``'s address. A run may take ``limit`` seconds.
    ``shard=(i, n)`` does every n-th run from the i-th, which counts from 1. ``progress`` is called with runs done and
    their number. Raises ScenarioError or InputError for what cannot be run; on Ctrl-C finished runs are in the store.
    """
    chosen = experiment if isinstance(experiment, Experiment) else load_experiment(experiment)
    kept = store if isinstance(store, Store) else Store(store)
    if not limit > 0:
        raise InputError(f"limit is {limit!r}; it must be a number of seconds above 0")
    part = take(chosen, shard)
    try:
        kept.note(chosen.name, chosen.described())
    except OSError as error:
        raise InputError(f"{kept.folder}: {error.strerror or error}") from None
    return ExperimentResult(chosen, part, kept, fill(part, kept, workers, progress, limit, scheduler))


def take(experiment: Experiment, shard: tuple[int, int] | None = None) -> Part:
    """All runs of an experiment, or those of a shard (i, n). Raises InputError."""
    first, step = (1, 1) if shard is None else shard
    if not 1 <= first <= step:
        raise InputError(f"shard {first}/{step}: the first number must be from 1 to the second")
    return experiment[first - 1 :: step]


# Reading


def load_experiment(given: str | Path | Mapping[str, Any]) -> Experiment:
    """An experiment by the id of a shipped one, from a file, or from a mapping.

    What a file names stands beside it, what a mapping names in the current folder. Raises ScenarioError or InputError.
    """
    if isinstance(given, Mapping):
        return _read(dict(given), Check(), Path(), "experiment")
    path = _find(given)
    file = f"scenarios/experiments/{path.name}" if path.parent == _folder() else str(path)
    content, lines = _content(path, file)
    return _read(content, Check(file, lines), path.parent, path.stem)


def check_file(path: str | Path) -> None:
    """Raises ScenarioError, DataError or InputError where ``path`` is not a valid scenario or experiment file."""
    try:
        content, _ = read(Path(path), str(path))
    except ScenarioError:
        content = {}
    if {"scenarios", "levers", "uncertainties", "seeds"} & set(content):
        load_experiment(Path(path))
    else:
        scenarios.check_file(path)


def experiment_ids() -> tuple[str, ...]:
    """The shipped experiments."""
    return tuple(path.stem for path in sorted(_folder().glob("*.yaml")))


def _folder() -> Path:
    return shipped("scenarios") / "experiments"


def _find(given: str | Path) -> Path:
    if isinstance(given, str) and given in experiment_ids():
        return _folder() / f"{given}.yaml"
    path = Path(given)
    try:
        if path.is_file():
            return path
        if path.is_dir():
            raise ScenarioError("is a folder; name a file in it", str(given))
    except (OSError, ValueError):
        raise ScenarioError(f"{shown(str(given))} cannot be opened as a file") from None
    if isinstance(given, Path) or path.suffix in scenarios.SUFFIXES or len(path.parts) > 1:
        raise ScenarioError("there is no such file", str(given))
    ids = experiment_ids()
    reason = f"{shown(given)} is not a known experiment; nearest: {nearest(given, ids)}"
    raise ScenarioError(f"{reason}; allowed: {', '.join(ids)}, or a file's path", name=given)


def _content(path: Path, file: str) -> tuple[dict[str, Any], Any]:
    try:
        return read(path, file)
    except ScenarioError as error:
        if error.reason.startswith("is empty") or "not keys" in error.reason:
            reason = f"is no experiment; it has at least schema_version: 1 and {_EXAMPLE}"
            raise ScenarioError(reason, file, error.line) from None
        raise


def _read(content: dict[str, Any], check: Check, folder: Path, name: str) -> Experiment:
    for key in content:
        if key not in KEYS:
            raise check.error(unknown(key, KEYS, "key of an experiment"), (key,), str(key))
    version = content.get("schema_version", None if check.file else 1)
    if version is None or isinstance(version, bool) or version != 1:
        told = "missing; write schema_version: 1" if version is None else f"{shown(version)}; this version reads 1"
        raise check.error(f"schema_version is {told}", ("schema_version",), "schema_version")
    check.words(content, "title")
    chosen = _scenarios(content.get("scenarios"), check, folder)
    levers = _levers(content.get("levers"), check)
    design, notes = read_design(content.get("uncertainties"), check, folder, levers)
    for scenario in chosen:
        if not design.posterior:
            hidden = [n for n in design.names if n in scenario._chosen]
            if hidden:
                notes.append(f"in {scenario.id} the draws take the place of what it sets: {', '.join(hidden)}")
    yearly = content.get("yearly", False)
    if not isinstance(yearly, bool):
        raise check.error(f"yearly is {shown(yearly)}; allowed: true, false", ("yearly",), "yearly")
    people = whole(check, content.get("people_per_agent", _PEOPLE), ("people_per_agent",), "people_per_agent", 1, 1000)
    until = whole(check, content.get("until", LAST_YEAR), ("until",), "until", FIRST_YEAR, LAST_YEAR)
    experiment = Experiment(
        name=name,
        scenarios=chosen,
        levers=levers,
        design=design,
        seeds=_seeds(content.get("seeds", 1), check),
        people_per_agent=people,
        until=until,
        indicators=_words(content, check, "indicators", tuple(INDICATORS), "[employment, exports]"),
        groups=_words(content, check, "groups", _groups(), "[all, gender]"),
        yearly=yearly,
        notes=tuple(notes),
    )
    try:
        choose(COLUMNS, experiment.indicators, experiment.groups)
    except InputError as error:
        raise check.error(str(error), ("groups",), "groups") from None
    if len(experiment) > _MOST_RUNS:
        raise check.error(f"has {len(experiment):,} runs; allowed are {_MOST_RUNS:,}")
    _try(experiment, check)
    return experiment


def _try(experiment: Experiment, check: Check) -> None:
    """Make the scenarios whose numbers could contradict each other: all where seats are shared, else one."""
    shared = set(SEATS) & {*experiment.levers, *experiment.design.names}
    seeds = len(experiment.seeds)
    for place in range(0, len(experiment) if shared else 1, seeds):
        try:
            experiment[place]
        except ScenarioError as error:
            scenario, _, draw, _ = experiment._point(place)
            at = [experiment.scenarios[scenario].id]
            at += [experiment.label(place)] if experiment.cells > 1 else []
            at += [f"draw {experiment.design.numbers[draw]}"] if len(experiment.design) > 1 else []
            key = next((k for k in ("levers", "uncertainties") if (k,) in check.lines), "scenarios")
            raise check.error(f"{', '.join(at)}: {error.reason}", (key,), error.name) from None


def _scenarios(given: Any, check: Check, folder: Path) -> tuple[Scenario, ...]:
    if isinstance(given, str | Scenario):
        given = [given]
    if not isinstance(given, list | tuple) or not given:
        told = "is missing" if given is None else f"is {shown(given)}" if not isinstance(given, list) else "is empty"
        raise check.error(f"scenarios {told}; allowed: ids or files, as in {_EXAMPLE}", ("scenarios",), "scenarios")
    found: dict[str, Scenario] = {}
    for place, item in enumerate(given):
        where = ("scenarios", place)
        if not isinstance(item, str | Path | Scenario):
            raise check.error(f"scenarios has {shown(item)}; allowed: ids or files", where, "scenarios")
        beside = folder / item if isinstance(item, str | Path) else None
        is_path = isinstance(item, Path) or (isinstance(item, str) and Path(item).suffix in scenarios.SUFFIXES)
        try:
            scenario = load_scenario(beside if is_path and beside is not None else item)
        except ScenarioError as error:
            if error.file is not None and beside is not None and beside.is_file():
                raise  # the scenario's own file says where
            told = f"{plain(str(item))}: {error.reason}" if error.file is not None else error.reason
            raise check.error(told, where, str(item)) from None
        if scenario.id in found:
            raise check.error(f"two scenarios are called {scenario.id}; name each once", where, scenario.id)
        found[scenario.id] = scenario
    return tuple(found.values())


def _levers(given: Any, check: Check) -> dict[str, tuple[Any, ...]]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        reason = f"levers is {shown(given)}; allowed: names with lists, as in {{automation.subsidy: [0, 0.15, 0.3]}}"
        raise check.error(reason, ("levers",), "levers")
    found: dict[str, tuple[Any, ...]] = {}
    for name, values in given.items():
        where = ("levers", name)
        if name not in PARAMETERS:
            raise check.error(unknown(name, PARAMETERS), where, str(name))
        if not isinstance(values, list | tuple) or not values:
            told = "is empty" if isinstance(values, list | tuple) else f"is {shown(values)}, not a list"
            raise check.error(f"{name} {told}; allowed: values to try, as in [0, 0.15, 0.3]", where, name)
        steps = []
        for place, value in enumerate(values):
            one = _at(check, (*where, place), name)
            steps.append(one.steps(value, PARAMETERS[name], scenarios.START))
            if steps[-1] in steps[:-1]:
                first = steps.index(steps[-1]) + 1
                raise check.error(f"{name}: values {first} and {place + 1} are the same", (*where, place), name)
        found[name] = tuple(s if isinstance(v, Mapping) else next(iter(s.values())) for s, v in zip(steps, values))
    return found


def _at(check: Check, where: tuple[Any, ...], name: str) -> Check:
    """The same check for a value that does not stand under ``set``: the lines it asks for are those of ``where``."""
    lines = {("set", name, *at[len(where) :]): line for at, line in check.lines.items() if at[: len(where)] == where}
    return Check(check.file, lines)


def _seeds(given: Any, check: Check) -> tuple[int, ...]:
    if isinstance(given, list | tuple) and given:
        seeds = tuple(whole(check, s, ("seeds", i), "seeds", 0, 2**53) for i, s in enumerate(given))
        if len(set(seeds)) < len(seeds):
            raise check.error("seeds has one seed twice", ("seeds",), "seeds")
        return seeds
    return tuple(range(whole(check, given, ("seeds",), "seeds", 1, _MOST_SEEDS)))


def _words(
    content: Mapping[str, Any], check: Check, key: str, known: tuple[str, ...], example: str
) -> tuple[str, ...] | None:
    given = content.get(key)
    if given is None:
        return None
    if isinstance(given, str):
        given = [given]
    if not isinstance(given, list | tuple) or not given:
        raise check.error(f"{key} is {shown(given) if given else 'empty'}; allowed: a list as {example}", (key,), key)
    for place, word in enumerate(given):
        if not isinstance(word, str) or word not in known:
            told = word if isinstance(word, str) else shown(word)
            raise check.error(unknown(told, known, key.removesuffix("s")), (key, place), key)
    return tuple(dict.fromkeys(given))


def _groups() -> tuple[str, ...]:
    return ("all", "every", *DIMENSIONS, *(f"{d}={v}" for d, values in DIMENSIONS.items() for v in values))


def json_schema() -> dict[str, Any]:
    """JSON Schema (draft 7) of an experiment file; editors complete names from it."""
    settings = scenarios.json_schema()["properties"]["set"]["properties"]
    several = {"type": "array", "minItems": 1}
    text = {"type": "string", "minLength": 1}
    names = several | {"items": {"enum": list(PARAMETERS)}}
    design = {"enum": [kind for kind in DESIGNS if kind != "table"]}
    uncertainties = {
        "names": names | {"description": "Numbers to draw; a posterior or a table has its own"},
        "design": design | {"description": "sobol and lhs draw from the registry's ranges"},
        "draws": {"type": "integer", "minimum": 1, "maximum": MOST_DRAWS},
        "table": text | {"description": "In place of a design: a CSV or Excel file, a row a draw"},
        "posterior": {"enum": list(KINDS)},
        "seed": {"type": "integer", "minimum": 0, "description": "Of the design, not of the runs"},
    }
    whole_run = {"people_per_agent": (1, 1000), "until": (FIRST_YEAR, LAST_YEAR)}
    properties = {
        "schema_version": {"const": 1},
        "title": scenarios.json_schema()["properties"]["title"],
        "scenarios": several | {"items": text, "description": "Ids of scenarios, or files beside this one"},
        "levers": {
            "type": ["object", "null"],
            "properties": {n: several | {"items": s} for n, s in settings.items() if n in PARAMETERS},
            "additionalProperties": False,
        },
        "uncertainties": {"type": ["object", "null"], "properties": uncertainties, "additionalProperties": False},
        "seeds": {"oneOf": [{"type": "integer", "minimum": 1}, several | {"items": {"type": "integer", "minimum": 0}}]},
        **{name: {"type": "integer", "minimum": low, "maximum": high} for name, (low, high) in whole_run.items()},
        "indicators": several | {"items": {"enum": list(INDICATORS)}},
        "groups": several | {"items": {"enum": list(_groups())}},
        "yearly": {"type": "boolean"},
    }
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "An experiment of garment-sim",
        "type": "object",
        "required": ["schema_version", "scenarios"],
        "properties": properties,
        "additionalProperties": False,
    }
