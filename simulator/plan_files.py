"""Experiments from files: what a file may say, what it means, and the JSON Schema by which editors complete it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from simulator import scenario as scenarios
from simulator.checks import SEATS, Check, ScenarioError, nearest, plain, read, shown, unknown
from simulator.design import DESIGNS, KINDS, MOST_DRAWS, read_design, whole
from simulator.indicators import COLUMNS, DIMENSIONS, INDICATORS
from simulator.parameters import PARAMETERS
from simulator.paths import shipped
from simulator.plan import PEOPLE_PER_AGENT, Experiment
from simulator.results import InputError, choose
from simulator.run import FIRST_YEAR, LAST_YEAR
from simulator.scenario import Scenario, load_scenario

KEYS = (
    *("schema_version", "title", "scenarios", "levers", "uncertainties", "seeds", "people_per_agent", "until"),
    *("indicators", "groups", "yearly"),
)
SCHEMA_FILE = "experiment.schema.json"
_EXAMPLE = "scenarios: [baseline, transition]"
_MOST_SEEDS, _MOST_RUNS = 1_000_000, 100_000_000


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
    people = content.get("people_per_agent", PEOPLE_PER_AGENT)
    people = whole(check, people, ("people_per_agent",), "people_per_agent", 1, 1000)
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
            scenario, _, draw, _ = experiment.point(place)
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
