"""Which runs the lessons rest on: scenarios, draws and luck, and the design for the emulator of the last lesson."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import yaml
from scipy.stats import qmc

from simulator.posterior import BEST, is_shipped, load_posterior
from simulator.results import InputError
from simulator.run import LAST_YEAR, Request
from simulator.scenario import START, Scenario, load_scenario

DRAWS, SEEDS, PEOPLE = 10, 3, 50  # the first page runs the same draws with as many people an agent: runs are shared
SHIPPED = ("baseline", "status_quo", "no_garment_sector", "transition", "high_tech_high_skills")
WITHOUT, WITH = "lesson_without", "lesson_with"
DESIGN = 64  # scenarios from which the emulator is fitted
# lever of the last lesson: ends of its slider
LEVERS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "skills.training_seats": (0.0, 100_000.0),
        "skills.technician_share": (0.0, 0.9),
        "skills.training_months": (3.0, 12.0),
        "skills.self_paced_share": (0.0, 1.0),
        "skills.training_relevance": (0.0, 1.0),
    }
)


@cache
def variants() -> Mapping[str, Mapping[str, Any]]:
    """What ``variants.yaml`` says, by id."""
    content = yaml.safe_load(Path(__file__).with_name("variants.yaml").read_text(encoding="utf-8"))
    return MappingProxyType(content)


@cache
def scenario(name: str) -> Scenario:
    """A scenario of the lessons or a shipped one. Raises ScenarioError for an unknown name."""
    if name not in variants():
        return load_scenario(name)
    about = variants()[name]
    values: dict[str, Any] = {}
    for other, names in about.get("as_in", {}).items():
        values |= {number: scenario(other).value(number, START) for number in names}
    return scenario(about["from"]).with_values(values | about.get("set", {}), start=START, id=name)


def title(name: str, lang: str) -> str:
    """What a table calls a scenario."""
    titles = variants()[name]["title"] if name in variants() else load_scenario(name).title
    return str(titles[lang])


@cache
def design() -> tuple[Mapping[str, float], ...]:
    """Settings of the levers of the last lesson, spread evenly over their ranges; seats more densely where few."""
    ends = np.array(list(LEVERS.values()))
    points = qmc.Sobol(len(LEVERS), scramble=True, rng=np.random.default_rng(0)).random(DESIGN)
    points[:, 0] **= 2
    values = ends[:, 0] + points * (ends[:, 1] - ends[:, 0])
    return tuple(dict(zip(LEVERS, map(float, row), strict=True)) for row in values.round(4))


def trained(levers: Mapping[str, float]) -> Scenario:
    """The machines of the skill lessons under other courses; what is not self-paced has a facilitator."""
    facilitated = 1 - levers["skills.self_paced_share"]
    return scenario(WITHOUT).with_values({**levers, "skills.facilitated_share": facilitated})


@dataclass(frozen=True)
class Plan:
    """How often every scenario is run: ``pairs`` of draw and seed."""

    pairs: tuple[tuple[int, int], ...]
    people_per_agent: int = PEOPLE
    until: int = LAST_YEAR

    @classmethod
    def of(cls, draws: int | None = None, people_per_agent: int = PEOPLE) -> Plan:
        """The first draws of the refit posterior, once each; where none is shipped the best set with some luck.

        Raises InputError for more draws than there are.
        """
        known = len(load_posterior()) if is_shipped() else 0
        if draws is not None and draws > known:
            raise InputError(f"draws is {draws}; the posterior has {known}")
        number = min(DRAWS, known) if draws is None else draws
        pairs = [(draw, 0) for draw in range(number)] or [(BEST, seed) for seed in range(SEEDS)]
        return cls(tuple(pairs), people_per_agent)

    def request(self, chosen: Scenario, draw: int, seed: int) -> Request:
        """One run."""
        return Request.of(chosen, seed, self.people_per_agent, self.until, draw)

    @cached_property
    def compared(self) -> dict[str, list[Request]]:
        """The runs of every scenario that is compared, by its id, in the order of ``pairs``."""
        return {name: [self.request(scenario(name), *pair) for pair in self.pairs] for name in (*SHIPPED, *variants())}

    @cached_property
    def designed(self) -> list[Request]:
        """The runs from which the emulator is fitted; run i is paired with ``lesson_without`` in pair i."""
        return [self.request(trained(levers), *self.pairs[i % len(self.pairs)]) for i, levers in enumerate(design())]

    def requests(self) -> list[Request]:
        """Everything there is to run."""
        return [request for runs in self.compared.values() for request in runs] + self.designed
