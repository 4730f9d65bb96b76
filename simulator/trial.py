"""The scenario a visitor tries: a shipped one and what he changed in it. It is written to a file and read from one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory
from typing import Any

from simulator.checks import Event, Steps
from simulator.parameters import PARAMETERS, SHOCKS
from simulator.scenario import CALIBRATED, FIRST, START, Scenario, ScenarioError, load_scenario, scenario_ids
from simulator.texts import LANGUAGES, text

ID = "tried"
NOTHING = "none"  # the base of a file that is based on nothing


@dataclass(frozen=True)
class Trial:
    """``base`` is the id of a shipped scenario or ``none``; ``changes`` are a name and its dated steps each.

    ``events`` replace the base's where they are not None. It stands for a scenario once :meth:`scenario` gives one.
    """

    base: str = "baseline"
    changes: tuple[tuple[str, tuple[tuple[str, float], ...]], ...] = ()
    events: str | None = field(default=None)  # as JSON, so that trials can be keys

    @classmethod
    def of(cls, base: str, changes: Mapping[str, Steps], events: tuple[Event, ...] | None = None) -> Trial:
        """From plain values."""
        frozen = tuple(sorted((name, tuple(sorted(steps.items()))) for name, steps in changes.items()))
        return cls(base, frozen, None if events is None else json.dumps(events, sort_keys=True))

    @property
    def changed(self) -> bool:
        """Whether anything differs from the base."""
        return bool(self.changes) or self.events is not None

    @property
    def settings(self) -> dict[str, Steps]:
        """Name → dated steps of what was changed."""
        return {name: dict(steps) for name, steps in self.changes}

    def scenario(self) -> Scenario:
        """The scenario, or the base itself where nothing is changed. Raises ScenarioError."""
        return _scenario(self)

    def steps(self, name: str) -> Steps:
        """Every step of a number from the start of scenarios on."""
        scenario = self.scenario()
        later = {period: value for period, value in scenario.steps(name).items() if period > START}
        return {START: scenario.value(name, START)} | later

    def with_steps(self, name: str, steps: Steps) -> Trial:
        """With other steps of one number; those of the base are no change. Raises ScenarioError."""
        changed = Trial.of(self.base, self.settings | {name: steps}, self._events)
        return self.without(name) if changed.steps(name) == Trial(self.base).steps(name) else changed

    def without(self, name: str) -> Trial:
        """With one number as in the base. Raises ScenarioError."""
        kept = {n: steps for n, steps in self.settings.items() if n != name}
        back = Trial.of(self.base, kept, self._events)
        back.scenario()
        return back

    @property
    def _events(self) -> tuple[Event, ...] | None:
        return None if self.events is None else tuple(json.loads(self.events))

    def to_yaml(self) -> str:
        """A scenario file that gives this scenario again."""
        lines = ["schema_version: 1", f"title: {{en: {_text('en')}, km: {_text('km')}}}"]
        lines.append(f"based_on: {'null' if self.base == NOTHING else self.base}")
        lines.append("set:" if self.changed else "set: {}")
        for name, steps in self.changes:
            dated = ", ".join(f"{period}: {value!r}" for period, value in steps)
            lines.append(
                f"  {name}: {steps[0][1]!r}" if PARAMETERS[name].from_ == "always" else f"  {name}: {{{dated}}}"
            )
        if self.events is not None:
            lines.append(f"  {SHOCKS}: {self.events}")
        return "\n".join(lines) + "\n"


@cache
def presets() -> tuple[str, ...]:
    """The shipped scenarios in the order in which they are shown, read once."""
    return scenario_ids()


def bases() -> tuple[str, ...]:
    """What a trial may start from."""
    return (*presets(), CALIBRATED, NOTHING)


def read_file(name: str, content: bytes) -> Trial:
    """The trial in a scenario file. Raises ScenarioError, which calls the file ``name``, as the command line does."""
    with TemporaryDirectory(prefix="garment-sim-") as folder:
        path = Path(folder) / f"{PurePath(name).stem[:60] or 'scenario'}.yaml"
        path.write_bytes(content)
        try:
            scenario = load_scenario(path)
        except ScenarioError as error:
            raise ScenarioError(error.reason, PurePath(name).name, error.line, error.name) from None
    base = scenario.based_on or NOTHING
    events = scenario.shocks if scenario.shocks != preset(base).shocks else None
    trial = Trial.of(base, scenario.own_settings, events)
    trial.scenario()
    return trial


@lru_cache(maxsize=512)
def _scenario(trial: Trial) -> Scenario:
    base = preset(trial.base)
    if not trial.changed:
        return base
    values: dict[str, Any] = {
        name: steps[FIRST] if name in PARAMETERS and PARAMETERS[name].from_ == "always" else steps
        for name, steps in trial.settings.items()
    }
    if trial.events is not None:
        values[SHOCKS] = json.loads(trial.events)
    scenario = base.with_values(values, start=START, id=ID)
    return replace(scenario, title={lang: text("try.yours", lang) for lang in LANGUAGES})


@cache
def preset(base: str) -> Scenario:
    """A scenario that a trial may start from, read once: a page asks for it all the time."""
    if base == NOTHING:
        return Scenario(NOTHING, dict.fromkeys(LANGUAGES, "–"), dict.fromkeys(LANGUAGES, ""), None, START)
    return load_scenario(base)


def _text(lang: str) -> str:
    return json.dumps(text("try.yours", lang), ensure_ascii=False)
