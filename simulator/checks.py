"""What a scenario file may say: YAML to checked settings, and refusals that help.

Every refusal is one line with the file, the line, the setting, what is allowed and the nearest known name.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from numbers import Real
from pathlib import Path
from typing import Any

import yaml

from simulator import data
from simulator.parameters import PARAMETERS, SHOCKS, Parameter
from simulator.state import GOODS, MARKETS, ORIGINS

FIRST, START, LAST = "2012Q1", "2025Q1", "2040Q4"  # the model's first quarter; scenarios' first and last
PERIODS = tuple(f"{year}Q{quarter}" for year in range(2012, 2041) for quarter in range(1, 5))
KEYS = ("schema_version", "title", "question", "based_on", "start", "set", "sources", "order")
LANGUAGES = ("en", "km")
SEATS = ("skills.self_paced_share", "skills.facilitated_share")  # the rest is taught on site
MOST_BYTES, MOST_ENTRIES, MOST_DEPTH = 1_000_000, 10_000, 6

# A dated event: its numbers from … to …, its words, what each kind needs, and what it means when left out.
EVENT_NUMBERS = {"quarters": (1.0, 116.0), "demand": (-0.9, 1.0), "tariff": (-1.0, 3.0)}
EVENT_WORDS = {"market": ("all", *MARKETS), "origin": ("all", *ORIGINS), "goods": ("all", *GOODS)}
EVENT_NEEDS = {"demand": ("at", "quarters", "demand"), "tariff": ("at", "tariff")}
EVENT_DEFAULTS = {"demand": {"market": "all"}, "tariff": {"market": "all", "origin": "KH", "goods": "all"}}
EVENT_EXAMPLE = "{at: 2027Q1, quarters: 4, demand: -0.10, market: all}"

Steps = dict[str, float]  # period → the value from then on
Event = dict[str, Any]
Where = tuple[Any, ...]  # the way to an entry of a file: ("set", "automation.subsidy")


class ScenarioError(Exception):
    """A scenario is refused; ``file``, ``line`` and ``name`` say where, None where there is no such thing."""

    def __init__(self, reason: str, file: str | None = None, line: int | None = None, name: str | None = None) -> None:
        super().__init__(reason, file, line, name)
        self.reason, self.file, self.line, self.name = " ".join(reason.split("\n")), file, line, name

    def __str__(self) -> str:
        file = self.file or ""
        place = (file if file.isprintable() else ascii(file)) + (f", line {self.line}" if self.line else "")
        return f"{place}: {self.reason}" if place else self.reason


# Reading YAML


def read(path: Path, file: str) -> tuple[dict[str, Any], dict[Where, int]]:
    """A file's content as plain values, and the line of each entry; neither is to be changed.

    ``file`` is what messages call it. Raises ScenarioError where it is not one table of names.
    """
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise ScenarioError(f"has {size:,} bytes; allowed are {MOST_BYTES:,}", file)
        raw = path.read_bytes()
    except OSError as error:
        raise ScenarioError(f"cannot be read: {error.strerror}", file) from None
    return _parse(raw, file)


@lru_cache(maxsize=64)
def _parse(raw: bytes, file: str) -> tuple[dict[str, Any], dict[Where, int]]:
    lines: dict[Where, int] = {}
    try:
        text = raw.decode("utf-8-sig")
        _refuse_tricks(text, file)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        content = None if node is None else _value(node, (), lines, file)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ScenarioError("is not UTF-8 text; save it as UTF-8", file, line) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = f"cannot be read as YAML: {error.problem or error.context}"
        raise ScenarioError(reason, file, _line(mark)) from None
    except yaml.reader.ReaderError as error:
        line = raw.decode("utf-8-sig").count("\n", 0, error.position) + 1
        raise ScenarioError("cannot be read as YAML: it has a character that no text has", file, line) from None
    if content is None:
        raise ScenarioError("is empty; a scenario has at least schema_version and title", file, 1)
    if not isinstance(content, dict):
        raise ScenarioError(f"is {shown(content)}, not keys; allowed: {', '.join(KEYS)}", file, lines[()])
    return content, lines


def _line(mark: Any) -> int:
    return 1 if mark is None else mark.line + 1


def _refuse_tricks(text: str, file: str) -> None:
    """Aliases, tags, deep nesting and endless lists have no use here and can hold up who reads them."""
    depth = 0
    for entries, event in enumerate(yaml.parse(text, Loader=yaml.SafeLoader)):
        line = _line(event.start_mark)
        if getattr(event, "anchor", None):
            raise ScenarioError("anchors and aliases (& and *) are not allowed; write the value out", file, line)
        if getattr(event, "tag", None):
            raise ScenarioError("tags (!) are not allowed", file, line)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MOST_DEPTH:
            raise ScenarioError("is nested too deeply", file, line)
        if entries > MOST_ENTRIES:
            raise ScenarioError(f"has more than {MOST_ENTRIES:,} entries", file, line)


_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
_NOT_FINITE = {".nan": math.nan, ".inf": math.inf, "+.inf": math.inf, "-.inf": -math.inf}


def _value(node: yaml.Node, where: Where, lines: dict[Where, int], file: str) -> Any:
    """A node as plain values by the rules of YAML 1.2, where ``no`` is a word and ``1e3`` a number."""
    lines.setdefault(where, _line(node.start_mark))
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*where, i), lines, file) for i, item in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        content: dict[str, Any] = {}
        for key_node, item in node.value:
            key, line = key_node.value, _line(key_node.start_mark)
            if not isinstance(key_node, yaml.ScalarNode):
                raise ScenarioError("a key must be a name", file, line)
            if key in content:
                first = lines[(*where, key)]
                reason = f"{plain(key)} is a duplicate key; it stands in line {first} already"
                raise ScenarioError(reason, file, line, key)
            lines[(*where, key)] = line
            content[key] = _value(item, (*where, key), lines, file)
        return content
    text: str = node.value
    if getattr(node, "style", None):  # in quotes, so meant as text
        return text
    if _NUMBER.fullmatch(text):
        return float(text)
    word = text.lower()
    return _WORDS[word] if word in _WORDS else _NOT_FINITE.get(word, text)


# Checking values


class Check:
    """Checks plain values and knows in which file and line they stood; in none when they come from a call."""

    def __init__(self, file: str | None = None, lines: Mapping[Where, int] | None = None) -> None:
        self.file, self.lines = file, lines or {}

    def error(self, reason: str, where: Where = (), name: str | None = None) -> ScenarioError:
        """The refusal, at the line of ``where`` or of the nearest entry around it."""
        known = (where[:n] for n in range(len(where), -1, -1) if where[:n] in self.lines)
        line = self.lines.get(next(known, ()))
        return ScenarioError(reason, self.file, line, name)

    def top(self, content: Mapping[str, Any]) -> None:
        """The keys at the top of a file."""
        if "scenarios" in content:
            reason = "is an experiment, not a scenario"
            raise self.error(reason, ("scenarios",), "scenarios")
        for key in content:
            if key not in KEYS:
                raise self.error(unknown(key, KEYS, "key"), (key,), key)
        for key, example in {"schema_version": "1", "title": "{en: …, km: …}"}.items():
            if content.get(key) is None:
                raise self.error(f"{key} is missing; write {key}: {example}", (key,), key)
        version = content["schema_version"]
        if isinstance(version, bool) or version != 1:
            reason = f"schema_version is {shown(version)}; this version reads 1"
            raise self.error(reason, ("schema_version",), "schema_version")
        order = content.get("order")
        if order is not None and not (isinstance(order, float) and order.is_integer()):
            raise self.error(f"order is {shown(order)}, not a whole number", ("order",), "order")
        if not isinstance(content.get("set", {}), dict | None):
            raise self.error(f"set is {shown(content['set'])}, not names with values", ("set",), "set")

    def words(self, content: Mapping[str, Any], key: str) -> dict[str, str]:
        """A text in both languages; one given without Khmer is the same in both, one left out is empty."""
        words = content.get(key)
        if words is None:
            return dict.fromkeys(LANGUAGES, "")
        if isinstance(words, str):
            words = {"en": words}
        if not isinstance(words, dict):
            raise self.error(f"{key} is {shown(words)}, not a text; write {{en: …, km: …}}", (key,), key)
        for language, text in words.items():
            if language not in LANGUAGES:
                raise self.error(unknown(language, LANGUAGES, f"language of {key}"), (key, language), key)
            if not isinstance(text, str) or not text.strip():
                raise self.error(f"{key} {language} is {shown(text)}, not a text", (key, language), key)
        if "en" not in words:
            raise self.error(f"{key} has no English text; write {{en: …, km: …}}", (key,), key)
        return {language: words.get(language, words["en"]).strip() for language in LANGUAGES}

    def sources(self, keys: Any) -> tuple[str, ...]:
        """Keys of ``data/sources.csv``."""
        if not isinstance(keys, list | None):
            raise self.error(f"sources is {shown(keys)}, not a list such as [seed]", ("sources",), "sources")
        for i, key in enumerate(keys or ()):
            if not isinstance(key, str) or key not in data.sources():
                reason = f"sources has {shown(key)}, which is no key of data/sources.csv"
                reason += f"; nearest: {nearest(str(key), data.sources())}"
                raise self.error(reason, ("sources", i), "sources")
        return tuple(keys or ())

    def period(self, text: Any, where: Where, name: str, earliest: str) -> str:
        """A quarter from ``earliest`` to the last one."""
        if not isinstance(text, str) or not re.fullmatch(r"[0-9]{4}Q[1-4]", text):
            guess = nearest(str(text), [p for p in PERIODS if p >= earliest])
            reason = f"{name}: {shown(text)} is not a quarter; allowed: {earliest} to {LAST}; nearest: {guess}"
            raise self.error(reason, where, name)
        if not earliest <= text <= LAST:
            side = "before the start" if text < earliest else "after the last quarter"
            raise self.error(f"{name}: {text} lies {side}; allowed: {earliest} to {LAST}", where, name)
        return text

    def settings(self, values: Mapping[Any, Any], start: str) -> tuple[dict[str, Steps], tuple[Event, ...] | None]:
        """Steps in time for each number by name, and the events (None where they are not named)."""
        steps: dict[str, Steps] = {}
        events = None
        for name, value in values.items():
            if name == SHOCKS:
                events = self.events(value, start)
            elif name in PARAMETERS:
                steps[name] = self.steps(value, PARAMETERS[name], start)
            else:
                raise self.error(unknown(name, [*PARAMETERS, SHOCKS]), ("set", name), str(name))
        return dict(sorted(steps.items())), events

    def steps(self, value: Any, parameter: Parameter, start: str) -> Steps:
        """A number's steps in time: a bare number holds from ``start``, or for the whole run."""
        name, where = parameter.name, ("set", parameter.name)
        always = parameter.from_ == "always"
        if not isinstance(value, Mapping):
            return {FIRST if always else start: self.number(value, where, parameter)}
        if always:
            reason = f"{name} holds for the whole run; allowed: one number, {described(parameter)}"
            raise self.error(reason, where, name)
        if not value:
            raise self.error(f"{name} has no steps; allowed: {described(parameter)}", where, name)
        steps = {}
        for period, number in value.items():
            here = (*where, period)
            steps[self.period(period, here, name, start)] = self.number(number, here, parameter)
        return dict(sorted(steps.items()))

    def number(self, value: Any, where: Where, parameter: Parameter) -> float:
        """A finite number inside the registry's range."""
        name, limits = parameter.name, described(parameter)
        if isinstance(value, bool) or not isinstance(value, Real):
            raise self.error(f"{name} is {shown(value)}, not a number; allowed: {limits}", where, name)
        try:
            number = float(value) + 0.0  # turns −0 into 0
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise self.error(f"{name} is {number}, not a finite number; allowed: {limits}", where, name)
        if not parameter.low <= number <= parameter.high:
            raise self.error(f"{name} is {number:.10g}, out of range; allowed: {limits}", where, name)
        return number

    def events(self, events: Any, start: str) -> tuple[Event, ...]:
        """Dated events: falls and rises of demand, and tariffs."""
        where: Where = ("set", SHOCKS)
        if not isinstance(events, list | tuple):
            reason = f"{SHOCKS} is {shown(events)}, not a list; allowed: [{EVENT_EXAMPLE}]"
            raise self.error(reason, where, SHOCKS)
        return tuple(self.event(event, (*where, i), start) for i, event in enumerate(events))

    def event(self, event: Any, where: Where, start: str) -> Event:
        """One event, its defaults filled in; without ``quarters`` a tariff stays for good."""
        if not isinstance(event, Mapping):
            reason = f"{SHOCKS}: {shown(event)} is not an event; allowed: {EVENT_EXAMPLE}"
            raise self.error(reason, where, SHOCKS)
        kinds = [kind for kind in EVENT_NEEDS if kind in event]
        if len(kinds) != 1:
            reason = f"{SHOCKS}: an event has either demand or tariff, not {'both' if kinds else 'neither'}"
            raise self.error(reason, where, SHOCKS)
        needs, defaults = EVENT_NEEDS[kinds[0]], EVENT_DEFAULTS[kinds[0]]
        known = tuple(dict.fromkeys((*needs, "quarters", *defaults)))
        for key in event:
            if key not in known:
                reason = f"{SHOCKS}: {unknown(key, known, f'part of a {kinds[0]} event')}"
                raise self.error(reason, (*where, key), SHOCKS)
        missing = [key for key in needs if key not in event]
        if missing:
            raise self.error(f"{SHOCKS}: a {kinds[0]} event needs {', '.join(missing)}", where, SHOCKS)
        full: Event = {"at": self.period(event["at"], (*where, "at"), SHOCKS, start)}
        for key in known[1:]:
            if key in event or key in defaults:
                full[key] = self.part(key, event.get(key, defaults.get(key)), (*where, key))
        return full

    def part(self, key: str, value: Any, where: Where) -> float | str:
        """One entry of an event."""
        if key in EVENT_WORDS:
            words = EVENT_WORDS[key]
            if value not in words:
                reason = f"{SHOCKS}: {key} is {shown(value)}; allowed: {', '.join(words)}"
                raise self.error(f"{reason}; nearest: {nearest(str(value), words)}", where, SHOCKS)
            return str(value)
        low, high = EVENT_NUMBERS[key]
        number = float(value) if isinstance(value, Real) and not isinstance(value, bool) else math.nan
        inside = low < number <= high if key == "demand" else low <= number <= high
        if not inside or (key == "quarters" and not number.is_integer()):
            kind = "a whole number from" if key == "quarters" else "above" if key == "demand" else "from"
            reason = f"{SHOCKS}: {key} is {shown(value)}; allowed: {kind} {low:g} to {high:g}"
            raise self.error(reason, where, SHOCKS)
        return int(number) if key == "quarters" else number + 0.0

    def seats(self, settings: Mapping[str, Steps]) -> None:
        """Seats taught self-paced and with a facilitator are parts of one whole at all times."""
        paths = [{FIRST: PARAMETERS[n].default_at(FIRST)} | settings.get(n, {}) for n in SEATS]
        for period in sorted({*paths[0], *paths[1]}):
            shares = [[v for p, v in steps.items() if p <= period][-1] for steps in paths]
            if sum(shares) > 1 + 1e-9:
                where = max((("set", name) for name in SEATS), key=lambda w: self.lines.get(w, 0))
                parts = " + ".join(f"{name} {share:g}" for name, share in zip(SEATS, shares))
                reason = f"{parts} is more than 1 in {period}; allowed: at most 1 together"
                raise self.error(reason, where, where[1])


# Words


def described(parameter: Parameter) -> str:
    """A parameter's range, unit and source."""
    unit = f" {parameter.unit}" if parameter.unit not in ("", "0-1") else ""
    return f"{parameter.low:.10g} to {parameter.high:.10g}{unit} (source: {parameter.source})"


def nearest(name: str, names: Iterable[str]) -> str:
    """The known name most like ``name``; one that ends in it as its last word comes first."""
    known = list(names)
    ends = [k for k in known if name and k.endswith(f".{name}")]
    return (ends or difflib.get_close_matches(name[:80], known, n=1, cutoff=0.0) or ["none"])[0]


def unknown(name: Any, names: Iterable[str], what: str = "name") -> str:
    """That ``name`` is not a known ``what``, and which one comes nearest."""
    return f"{plain(str(name))} is not a known {what}; nearest: {nearest(str(name), names)}"


def plain(name: str) -> str:
    """A name from outside, short and without what would break a line."""
    name = name if len(name) <= 60 else name[:60] + "…"
    return name if name and name.isprintable() else ascii(name)


def shown(value: Any) -> str:
    """A wrong value as it stood in the file, short enough for one line."""
    if value is None or isinstance(value, bool):
        return "empty" if value is None else str(value).lower()
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, Mapping):
        return "a table"
    return "a list" if isinstance(value, list | tuple) else f"'{plain(str(value))}'"
