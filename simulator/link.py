"""A trial as a part of an address and back; what is wrong with an address is said, and nothing is guessed.

``s`` holds base, names and values, parted by ``~``: ``transition~automation.subsidy~0.3~2030Q1_0.1``; a value without
a quarter holds from the start of scenarios. ``v`` holds the version, a mark by which damage shows, and one of the
scenario's numbers, by which it shows that a later version means something else by the same words.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from simulator.checks import nearest, plain
from simulator.parameters import PARAMETERS, SHOCKS
from simulator.scenario import FIRST, START, ScenarioError
from simulator.trial import Trial, bases
from simulator.version import __version__

KEYS = ("s", "v")
_MOST = 6000  # characters; all levers with some steps each take less
_VERSION = re.compile(r"([\w.+-]+)~([0-9a-f]{6})([0-9a-f]{6})")
_STEP = re.compile(r"(?:(\d{4}Q[1-4])_)?(-?[0-9.]+(?:e-?\d+)?)")


@dataclass(frozen=True)
class Notice:
    """Something to say about an address: a key of the texts ``host.link_…`` and its values."""

    key: str
    values: Mapping[str, str] = field(default_factory=dict)


class _Refused(Exception):
    def __init__(self, key: str, **values: str) -> None:
        super().__init__(key)
        self.notice = Notice(key, values)


def to_address(trial: Trial) -> dict[str, str]:
    """The parts of an address by their names."""
    parts = [trial.base]
    for name, steps in trial.changes:
        parts.append(name)
        for period, value in steps:
            number = repr(value).removesuffix(".0")
            parts.append(number if period in (START, FIRST) else f"{period}_{number}")
    if trial.events is not None:
        parts += [SHOCKS, base64.urlsafe_b64encode(trial.events.encode()).decode().rstrip("=")]
    written = "~".join(parts)
    return {"s": written, "v": f"{__version__}~{_mark(written)}{trial.scenario().digest[:6]}"}


def from_address(parts: Mapping[str, str]) -> tuple[Trial | None, tuple[Notice, ...]]:
    """The trial of an address, None where it has none or cannot be used, and what there is to say about it."""
    written, version = parts.get("s"), parts.get("v")
    if written is None and version is None:
        return None, ()
    try:
        if written is None:
            raise _Refused("missing", part="s")
        found = _VERSION.fullmatch(version or "")
        if found is None:
            raise _Refused("damaged" if version else "missing", part="v")
        trial = _read(written)
        if found[2] != _mark(written):
            raise _Refused("damaged", part="s")
        if trial.scenario().digest[:6] != found[3]:
            return trial, (Notice("changed", {"version": plain(found[1]), "here": __version__}),)
    except _Refused as refused:
        other = version and (found := _VERSION.fullmatch(version)) and found[1] != __version__
        notices = (refused.notice,)
        return None, (*notices, Notice("other_version", _versions(version))) if other else notices
    if found[1] != __version__:
        return trial, (Notice("other_version", _versions(version)),)
    return trial, ()


def _versions(version: str | None) -> dict[str, str]:
    return {"version": plain((version or "").partition("~")[0]), "here": __version__}


def _mark(written: str) -> str:
    return hashlib.sha256(written.encode()).hexdigest()[:6]


def _read(written: str) -> Trial:
    if len(written) > _MOST:
        raise _Refused("damaged", part="s")
    base, *tokens = written.split("~")
    if base not in bases():
        raise _Refused("unknown", part=plain(base), nearest=nearest(base, bases()))
    changes: dict[str, dict[str, float]] = {}
    events = None
    name = ""
    for token in tokens:
        if name == SHOCKS:
            events = _events(token)
            name = ""
        elif token == SHOCKS:
            name = token
        elif token in PARAMETERS:
            if token in changes:
                raise _Refused("damaged", part=token)
            name, changes[token] = token, {}
        elif (step := _STEP.fullmatch(token)) and name:
            first = FIRST if PARAMETERS[name].from_ == "always" else START
            try:
                changes[name][step[1] or first] = float(step[2])
            except ValueError:
                raise _Refused("damaged", part=name) from None
        elif re.fullmatch(r"[a-z_]+\.[a-z_0-9]+", token):
            raise _Refused("unknown", part=plain(token), nearest=nearest(token, [*PARAMETERS, SHOCKS]))
        else:
            raise _Refused("damaged", part=name or plain(token))
    empty = next((n for n, steps in changes.items() if not steps), SHOCKS if name == SHOCKS else "")
    if empty:
        raise _Refused("damaged", part=empty)
    try:
        trial = replace(Trial.of(base, changes), events=events)
        trial.scenario()
    except ScenarioError as error:
        raise _Refused("refused", part=error.name or "s", reason=error.reason) from None
    return trial


def _events(token: str) -> str:
    try:
        found = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        if not isinstance(found, list):
            raise ValueError
    except ValueError:
        raise _Refused("damaged", part=SHOCKS) from None
    return json.dumps(found, sort_keys=True)
