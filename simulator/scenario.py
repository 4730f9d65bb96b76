"""Scenarios: settings from files, merged along what they are based on, and each number's path in time.

What a file may say is checked in :mod:`simulator.checks`.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from simulator.checks import (
    EVENT_DEFAULTS,
    EVENT_EXAMPLE,
    EVENT_NEEDS,
    EVENT_NUMBERS,
    EVENT_WORDS,
    FIRST,
    LANGUAGES,
    PERIODS,
    START,
    Check,
    Event,
    ScenarioError,
    Steps,
    described,
    nearest,
    plain,
    read,
    shown,
    unknown,
)
from simulator.parameters import PARAMETERS, SHOCKS, Parameter, Parameters
from simulator.paths import shipped
from simulator.units import Array

__all__ = [
    "Paths",
    "Scenario",
    "ScenarioError",
    "check_file",
    "json_schema",
    "load_scenario",
    "scenario_ids",
    "template",
]

CALIBRATED = "calibrated"  # the file that calibration writes; draws of the posterior take its place
SUFFIXES = (".yaml", ".yml")
SCHEMA_FILE = "scenario.schema.json"
_CHANGED = {"en": " (changed)", "km": " (បានកែប្រែ)"}


@dataclass(frozen=True, eq=False)
class Scenario:
    """Settings that differ from the registry's defaults, merged along ``based_on``; equal by its text.

    Bare numbers of levers and drivers hold from the ``start`` of the file that sets them; before a number's
    first step its default holds, so no lever reaches back into history.
    """

    id: str
    title: dict[str, str]
    question: dict[str, str]
    based_on: str | None
    start: str
    sources: tuple[str, ...] = ()
    order: int | None = None
    _settings: dict[str, Steps] = field(default_factory=dict, repr=False)
    _own: dict[str, Steps] = field(default_factory=dict, repr=False)
    _events: tuple[Event, ...] = field(default=(), repr=False)
    _chosen: frozenset[str] = field(default=frozenset(), repr=False)  # set by somebody, not by calibration

    @property
    def settings(self) -> dict[str, Steps]:
        """Name → steps in time, of every number that differs from its default; a copy."""
        return {name: dict(steps) for name, steps in self._settings.items()}

    @property
    def own_settings(self) -> dict[str, Steps]:
        """Name → steps in time that this scenario's own file or call sets; a copy."""
        return {name: dict(steps) for name, steps in self._own.items()}

    @property
    def shocks(self) -> tuple[Event, ...]:
        """Dated events: ``at``, ``market``, and ``demand`` with ``quarters``, or ``tariff`` with ``origin``,
        ``goods`` and perhaps ``quarters``. Copies."""
        return tuple(dict(event) for event in self._events)

    @cached_property
    def text(self) -> str:
        """The scenario as a file of its own, based on nothing: every setting that is not a default."""
        dated = [min(s) for n, s in self._settings.items() if PARAMETERS[n].from_ == "start"]
        lines = [
            f"# scenario {plain(self.id)}",
            "schema_version: 1",
            f"title: {_flow(self.title)}",
            f"question: {_flow(self.question)}" if self.question["en"] else "",
            "based_on: null",
            f"start: {min([self.start, *dated, *(event['at'] for event in self._events)])}",
            "set:" if self._settings or self._events else "set: {}",
        ]
        for name, steps in self._settings.items():
            always = PARAMETERS[name].from_ == "always"
            lines.append(f"  {name}: {_flow(steps[FIRST] if always else steps)}")
        if self._events:
            lines += [f"  {SHOCKS}:", *(f"    - {_flow(event)}" for event in self._events)]
        lines.append(f"sources: {_flow(list(self.sources))}")
        return "\n".join(filter(None, lines)) + "\n"

    @cached_property
    def digest(self) -> str:
        """Twelve hexadecimal digits of what is set, whatever the scenario is called."""
        content = json.dumps([self._settings, self._events], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()[:12]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Scenario) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    def steps(self, name: str) -> Steps:
        """Every step of a number from 2012 on, defaults included. Raises ScenarioError."""
        if name not in PARAMETERS:
            raise ScenarioError(unknown(name, PARAMETERS), name=name)
        default = PARAMETERS[name].default
        return _after(default if isinstance(default, dict) else {FIRST: default}, self._settings.get(name, {}))

    def value(self, name: str, quarter: str) -> float:
        """The setting in force in ``quarter`` ("2027Q1"), in the number's own unit and without lag."""
        if quarter not in PERIODS:
            raise ScenarioError(f"{shown(quarter)} is not a quarter; allowed: {FIRST} to {PERIODS[-1]}", name=name)
        steps = self.steps(name)
        return list(steps.values())[bisect_right(list(steps), quarter) - 1]

    def paths(self, steps_per_year: int = 4, first_year: int = 2012, last_year: int = 2040) -> Paths:
        """Every number at every step of the model."""
        return Paths(self, steps_per_year, first_year, last_year)

    def with_values(self, values: Mapping[str, Any], start: str | None = None, id: str | None = None) -> Scenario:
        """A new scenario with other numbers, steps in time or events; this one stays as it is.

        Bare numbers of levers and drivers hold from ``start``, by default this scenario's. Where nothing
        changes and no ``id`` is given, it is equal to this scenario. Raises ScenarioError.
        """
        check = Check()
        first = self.start if start is None else check.period(start, (), "start", START)
        own, events = check.settings(values, first)
        settings = _merge(self._settings, own)
        check.seats(settings)
        changed = replace(
            self,
            title={k: v.removesuffix(_CHANGED[k]) + _CHANGED[k] for k, v in self.title.items()},
            question=dict(self.question),
            based_on=self.id,
            start=first,
            _settings=settings,
            _own=own,
            _events=self._events if events is None else events,
            _chosen=self._chosen | set(own),
        )
        if changed.digest == self.digest and id is None:
            return self if set(own) <= self._chosen else replace(self, _chosen=changed._chosen)
        return replace(changed, id=id or f"{self.id}+{changed.digest[:6]}")

    def with_draw(self, values: Mapping[str, float]) -> Scenario:
        """The same scenario under a draw of uncertain numbers.

        A draw takes the place of defaults and of what calibration set, never of what a scenario chose.
        """
        check = Check()
        own, _ = check.settings(values, START)
        settings = _merge(self._settings, {n: steps for n, steps in own.items() if n not in self._chosen})
        check.seats(settings)
        return replace(self, title=dict(self.title), question=dict(self.question), _settings=settings)


class Paths:
    """Every number at every step: ``raw`` as it is set, ``effective`` after the lags with which levers work.

    Each change runs in linearly from its own date; halfway through a lag half of it is felt.
    """

    def __init__(self, scenario: Scenario, steps_per_year: int, first_year: int, last_year: int) -> None:
        if steps_per_year < 4 or steps_per_year % 4 or last_year < first_year:
            raise ValueError("steps_per_year is 4, 12 or another multiple of 4, and years run forwards")
        self.steps = (last_year - first_year + 1) * steps_per_year
        self._constant: dict[str, float] = {}
        raw: dict[str, Array] = {}
        effective: dict[str, Array] = {}
        for name, parameter in PARAMETERS.items():
            if name not in scenario._settings and not isinstance(parameter.default, dict):
                continue
            changes = [
                (((int(p[:4]) - first_year) * 4 + int(p[5]) - 1) * steps_per_year // 4, value)
                for p, value in scenario.steps(name).items()
            ]
            if len(changes) == 1:
                self._constant[name] = changes[0][1]
            else:
                raw[name], effective[name] = _ramps(changes, self.steps, parameter.lag * steps_per_year)
        base = Parameters.from_flat(self._constant)
        self._raw, self._effective = _Stepwise(base, raw, self.steps), _Stepwise(base, effective, self.steps)

    @cached_property
    def raw(self) -> Mapping[str, Array]:
        """Name → settings, float64 [step], read-only."""
        return self._arrays(self._raw.varying)

    @cached_property
    def effective(self) -> Mapping[str, Array]:
        """Name → what is felt of them, float64 [step], read-only."""
        return self._arrays(self._effective.varying)

    def parameters(self, i: int) -> Parameters:
        """All numbers as they are felt in step ``i``; the same object as long as nothing changes."""
        return self._effective.at(i)

    def settings(self, i: int) -> Parameters:
        """All numbers as they are set in step ``i``: what the budget pays for."""
        return self._raw.at(i)

    def _arrays(self, varying: Mapping[str, Array]) -> dict[str, Array]:
        same = {n: self._constant.get(n, p.default) for n, p in PARAMETERS.items() if n not in varying}
        constant = {n: np.broadcast_to(np.asarray(v, dtype=np.float64), self.steps) for n, v in same.items()}
        return {n: varying[n] if n in varying else constant[n] for n in PARAMETERS}


class _Stepwise:
    """Parameters for each step, made once for every stretch of steps in which nothing changes."""

    def __init__(self, base: Parameters, varying: dict[str, Array], steps: int) -> None:
        self.base, self.varying = base, varying
        new = np.zeros(steps, dtype=bool)
        for values in varying.values():
            values.flags.writeable = False
            new[1:] |= values[1:] != values[:-1]
        self.first: list[int] = np.maximum.accumulate(np.where(new, np.arange(steps), 0)).tolist()
        self.made: dict[int, Parameters] = {}

    def at(self, i: int) -> Parameters:
        if not 0 <= i < len(self.first):
            raise IndexError(f"step {i} is not among the {len(self.first)} steps")
        first = self.first[i]
        if first not in self.made:
            groups: dict[str, dict[str, float]] = {}
            for name, values in self.varying.items():
                groups.setdefault(PARAMETERS[name].group, {})[PARAMETERS[name].field] = float(values[first])
            changed = {group: replace(getattr(self.base, group), **v) for group, v in groups.items()}
            self.made[first] = replace(self.base, **changed)
        return self.made[first]


def _ramps(changes: list[tuple[int, float]], steps: int, lag: float) -> tuple[Array, Array]:
    """Settings and what is felt of them, [step] each; ``changes`` are (step, value), the first from ever.

    >>> _ramps([(-9, 0.0), (1, 1.0)], steps=4, lag=2.0)[1].tolist()
    [0.0, 0.25, 0.75, 1.0]
    """
    now = np.arange(steps)
    raw = np.full(steps, changes[0][1])
    felt, running = raw.copy(), np.zeros(steps, dtype=bool)
    for (_, before), (at, value) in pairwise(changes):
        part = np.clip((now - at + 0.5) / lag, 0.0, 1.0) if lag else (now >= at).astype(np.float64)
        felt += (value - before) * part
        running |= (part > 0) & (part < 1)
        raw[max(at, 0) :] = value
    return raw, np.where(running, felt, raw)


def _after(before: Steps, own: Steps) -> Steps:
    """Steps that take over from earlier ones on their first date.

    >>> _after({"2012Q1": 0.0, "2030Q1": 9.0}, {"2026Q1": 1.0})
    {'2012Q1': 0.0, '2026Q1': 1.0}
    """
    first = min(own, default="9")
    return {p: v for p, v in before.items() if p < first} | own


def _merge(inherited: Mapping[str, Steps], own: Mapping[str, Steps]) -> dict[str, Steps]:
    """Settings along the line of inheritance, without those that change nothing, by name."""
    found = {n: _after(inherited.get(n, {}), own.get(n, {})) for n in sorted({*inherited, *own})}
    needed = {n: _needed(PARAMETERS[n], steps) for n, steps in found.items()}
    return {n: steps for n, steps in needed.items() if steps}


def _needed(parameter: Parameter, steps: Steps) -> Steps:
    """The steps that change something: the value before, or the default and its own later steps."""
    default = parameter.default if isinstance(parameter.default, dict) else {}
    kept: Steps = {}
    for period, later in pairwise([*steps, "9"]):
        value = steps[period]
        if kept:
            same = value == kept[max(kept)]
        else:
            same = value == parameter.default_at(period) and not any(period < p < later for p in default)
        if not same:
            kept[period] = value
    return kept


# Finding files


def load_scenario(id_or_path: str | Path | Scenario) -> Scenario:
    """A scenario by the id of a shipped one, or from a file. Raises ScenarioError."""
    return id_or_path if isinstance(id_or_path, Scenario) else _load(_find(id_or_path), ())


def check_file(path: str | Path) -> None:
    """Raises ScenarioError where ``path`` is not a valid scenario file."""
    _load(_find(Path(path)), ())


def scenario_ids() -> tuple[str, ...]:
    """The shipped scenarios in the order in which they are shown; those without ``order`` come last."""
    orders = {n: read(p, _file(p))[0].get("order") for n, p in _shipped().items() if n != CALIBRATED}
    return tuple(sorted(orders, key=lambda n: (math.inf if orders[n] is None else orders[n], n)))


def _shipped() -> dict[str, Path]:
    return {path.stem: path for path in sorted(shipped("scenarios").glob("*.yaml"))}


def _file(path: Path) -> str:
    """How messages call a file: shipped ones by their place in the tree, others as they were given."""
    return f"scenarios/{path.name}" if path.parent == shipped("scenarios") else str(path)


def _find(given: str | Path) -> Path:
    known = _shipped()
    if isinstance(given, str) and given in known:
        return known[given]
    path = Path(given)
    try:
        if path.is_file():
            return path
        meant = isinstance(given, Path) or path.suffix in SUFFIXES or len(path.parts) > 1
        if meant or (given and path.exists()):
            reason = "is not an ordinary file" if path.exists() else "there is no such file"
            raise ScenarioError("is a folder; name a file in it" if path.is_dir() else reason, str(given))
    except (OSError, ValueError):
        raise ScenarioError(f"{shown(str(given))} cannot be opened as a file") from None
    ids = [*scenario_ids(), CALIBRATED]
    reason = f"{shown(given)} is not a known scenario; nearest: {nearest(str(given), ids)}"
    raise ScenarioError(f"{reason}; allowed: {', '.join(ids)}, or a file's path", name=str(given))


def _load(path: Path, below: tuple[Path, ...]) -> Scenario:
    """A file and all it is based on; ``below`` are the files that led here."""
    content, lines = read(path, _file(path))
    check = Check(_file(path), lines)
    check.top(content)
    below = (*below, path.resolve())
    base = content.get("based_on", "baseline")
    parent = None if base is None else _load(_parent(check, base, path, below), below)
    start = check.period(content.get("start") or START, ("start",), "start", START)
    own, events = check.settings(content.get("set") or {}, start)
    settings = _merge(parent._settings if parent else {}, own)
    check.seats(settings)
    order = content.get("order")
    chosen = frozenset(() if path == _shipped().get(CALIBRATED) else own)
    return Scenario(
        id=path.stem,
        title=check.words(content, "title"),
        question=check.words(content, "question"),
        based_on=parent.id if parent else None,
        start=start,
        sources=check.sources(content.get("sources")),
        order=None if order is None else int(order),
        _settings=settings,
        _own=own,
        _events=events if events is not None else parent._events if parent else (),
        _chosen=chosen | parent._chosen if parent else chosen,
    )


def _parent(check: Check, name: Any, path: Path, below: tuple[Path, ...]) -> Path:
    """The file that ``based_on`` means: a shipped one, or one beside this file."""
    where, known = ("based_on",), _shipped()
    beside = [p for suffix in SUFFIXES for p in sorted(path.parent.glob(f"*{suffix}"))]
    found = [p for p in beside if name in (p.stem, p.name)]
    if isinstance(name, str) and name in known:
        found = [known[name]]
    if not found:
        ids = [*known, *(p.stem for p in beside if p.stem != path.stem)]
        reason = f"based_on is {shown(name)}, neither a shipped scenario nor a file beside this one"
        raise check.error(f"{reason}; nearest: {nearest(str(name), ids)}", where, "based_on")
    if found[0].resolve() in below:
        circle = [p.stem for p in below[below.index(found[0].resolve()) :]]
        reason = f"based_on goes round in a circle: {', '.join([*circle, circle[0]])}"
        raise check.error(reason, where, "based_on")
    return found[0]


# Writing


def template(name: str) -> str:
    """A scenario file to start from: every lever and driver, ready to fill in. Raises ScenarioError."""
    if not re.fullmatch(r"\w[\w.-]*", name):
        raise ScenarioError(f"{shown(name)} is no id; allowed: letters, digits, - and _", name=name)
    if name in _shipped():
        raise ScenarioError(f"{name} is a shipped scenario; choose another name", name=name)
    title = _flow(re.sub(r"[-_]+", " ", name).strip().capitalize() or name)
    lines = [
        f"# yaml-language-server: $schema={(shipped('scenarios') / SCHEMA_FILE).as_uri()}",
        "schema_version: 1",
        f"title: {{en: {title}, km: {title}}}",
        'question: {en: "What happens if …?", km: "…"}',
        "based_on: baseline",
        f"start: {START}",
        "set:",
        "  # Take away the # and give a number, which holds from the start, or steps in time such as",
        "  # skills.training_seats: {2026Q1: 8000, 2028Q1: 45000}",
    ]
    for kind, heading in (("lever", "Policies"), ("uncertainty", "The world")):
        lines.append(f"  # {heading}")
        for p in PARAMETERS.values():
            if p.kind == kind and p.from_ == "start":
                default = {START: p.default_at(START)}
                if isinstance(p.default, dict):
                    default |= {period: v for period, v in p.default.items() if period > START}
                value = _flow(default) if len(default) > 1 else f"{default[START]:.10g}"
                lines.append(f"  # {p.name}: {value}   # {p.label}; {described(p)}")
    lines += [f"  # {SHOCKS}: [{EVENT_EXAMPLE}]", "sources: []   # keys of data/sources.csv"]
    return "\n".join(lines) + "\n"


def _flow(value: Any) -> str:
    """A value in YAML on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if not isinstance(value, str):
        return repr(value)
    if value in PERIODS or any(value in words for words in EVENT_WORDS.values()):
        return value
    return '"' + "".join(map(_escaped, value)) + '"'


def _escaped(c: str) -> str:
    if c in '"\\':
        return "\\" + c
    return c if c.isprintable() or c == "\u200b" else f"\\U{ord(c):08X}"


def json_schema() -> dict[str, Any]:
    """JSON Schema (draft 7) of a scenario file; editors complete names from it."""
    text = {"type": "string", "minLength": 1}
    words = {
        "type": ["object", "string"],
        "required": ["en"],
        "properties": dict.fromkeys(LANGUAGES, text),
        "additionalProperties": False,
    }
    quarter = {"type": "string", "pattern": "^(202[5-9]|203[0-9]|2040)Q[1-4]$"}
    settings = {name: _schema_of(parameter, quarter["pattern"]) for name, parameter in PARAMETERS.items()}
    events = {"type": "array", "items": {"oneOf": [_schema_of_event(kind, quarter) for kind in EVENT_NEEDS]}}
    settings[SHOCKS] = {"description": "Dated events: demand for some quarters, or a tariff"} | events
    properties = {
        "schema_version": {"const": 1},
        "title": words,
        "question": words,
        "based_on": {
            "type": ["string", "null"],
            "description": "A shipped scenario, or a file beside this one",
        },
        "start": quarter | {"description": f"Bare numbers of levers and drivers hold from here; else {START}"},
        "set": {"type": ["object", "null"], "properties": settings, "additionalProperties": False},
        "sources": {"type": "array", "items": text, "description": "Keys of data/sources.csv"},
        "order": {"type": "integer", "description": "Place in lists of scenarios"},
    }
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "A scenario of garment-sim",
        "type": "object",
        "required": ["schema_version", "title"],
        "properties": properties,
        "additionalProperties": False,
    }


def _schema_of(parameter: Parameter, quarter: str) -> dict[str, Any]:
    limits = {"minimum": parameter.low, "maximum": parameter.high}
    unit = f", {parameter.unit}" if parameter.unit else ""
    about = {"description": f"{parameter.label}{unit}; {parameter.kind}, source: {parameter.source}"}
    if parameter.from_ == "always":
        return about | {"type": "number"} | limits
    dated = {"patternProperties": {quarter: {"type": "number"} | limits}, "additionalProperties": False}
    return about | {"type": ["number", "object"]} | limits | dated | {"minProperties": 1}


def _schema_of_event(kind: str, quarter: dict[str, Any]) -> dict[str, Any]:
    parts: dict[str, Any] = {"at": quarter}
    for key in ("quarters", kind):
        low, high = EVENT_NUMBERS[key]
        least = "exclusiveMinimum" if key == "demand" else "minimum"
        parts[key] = {"type": "integer" if key == "quarters" else "number", least: low, "maximum": high}
    parts |= {key: {"enum": list(EVENT_WORDS[key])} for key in EVENT_DEFAULTS[kind]}
    needs = list(EVENT_NEEDS[kind])
    return {"type": "object", "properties": parts, "required": needs, "additionalProperties": False}
