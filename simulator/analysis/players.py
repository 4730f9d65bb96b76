"""What two scenarios set differently, in groups, and every mixture of the two.

A group of levers or drivers is a player of the game whose values are the outcomes of the mixtures: a mixture has B's
numbers for the groups that have joined and A's for all others. Policies and world are kept apart, as in the policy ×
world grid of :mod:`simulator.compare`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from simulator.checks import FIRST, START
from simulator.compare import differing
from simulator.parameters import PARAMETERS, SHOCKS
from simulator.results import InputError
from simulator.scenario import Scenario, load_scenario

# Which groups of the registry stand together: seven of policies and world, so that all their mixtures can be run.
TOGETHER: Mapping[str, str] = {
    "wages": "wages",
    "automation": "automation",
    "skills": "skills",
    "infrastructure": "infrastructure",
    "energy": "infrastructure",
    "business": "infrastructure",
    "value_chain": "upgrading",
    "innovation": "upgrading",
    "ownership": "upgrading",
    "trade": "trade",
}
WORLD, NUMBERS = "world", "numbers"
GROUPS = (*dict.fromkeys(TOGETHER.values()), WORLD, NUMBERS)
SPLITS = ("groups", "levers")
# Preferences are split by value: below the baseline's (for the US below 0) they are decisions of others.
SHARED = ("trade.eu_preference", "trade.us_preference")
_LINKED = {"skills.facilitated_share": "skills.self_paced_share"}  # their sum has a limit, so they move together
OTHERS = "@world"  # mark of the part of a shared number that others decide


@dataclass(frozen=True)
class Player:
    """A group that differs: its key, whether it is ``policy`` or ``world``, and the names in it.

    A shared number stands under its name with policies and under its name and ``@world`` with the world.
    """

    key: str
    part: str
    names: tuple[str, ...]


def players(a: Scenario, b: Scenario, split: str = "groups") -> list[Player]:
    """The groups (or, with ``levers``, single numbers) in which B differs from A, policies first.

    Raises InputError where nothing differs, or for another split.
    """
    if split not in SPLITS:
        raise InputError(f"split is {split!r}; it must be {' or '.join(SPLITS)}")
    found: dict[tuple[str, str], list[str]] = {}
    for name, part in _sides(a, b):
        family = TOGETHER[PARAMETERS[name.removesuffix(OTHERS)].group] if part == "policy" else _of_world(name)
        key = _LINKED.get(name, name) if split == "levers" else family
        found.setdefault((part, key), []).append(name)
    if not found:
        raise InputError(f"{a.id} and {b.id} set the same numbers; there is nothing to explain")
    rank = {"policy": 0, WORLD: 1}
    order = sorted(found, key=lambda at: (rank[at[0]], GROUPS.index(at[1]) if at[1] in GROUPS else 0))
    return [Player(key, part, tuple(found[part, key])) for part, key in order]


class Mixer:
    """Makes mixtures of A and B; what differs is looked up once."""

    def __init__(self, a: Scenario, b: Scenario) -> None:
        self.a, self.b, self.paths = a, b, differing(b, a)

    def mixture(self, joined: Sequence[Player], id: str) -> Scenario:
        """A with B's numbers for the groups that have joined."""
        names = [name for player in joined for name in player.names]
        values: dict[str, Any] = {}
        for name, path in self.paths.items():
            if name in SHARED:
                sides = (name in names, name + OTHERS in names)
                if any(sides):
                    values[name] = _blend(name, self.a, self.b, *sides)
            elif name in names:
                steps = {period: ours for period, (ours, _) in path.items()}
                values[name] = steps if PARAMETERS[name].from_ == "start" else steps[FIRST]
        if SHOCKS in names:
            values[SHOCKS] = list(self.b.shocks)
        return self.a.with_values(values, start=START, id=id)


def _sides(a: Scenario, b: Scenario) -> list[tuple[str, str]]:
    """Names that differ, each with its side; a shared number once or twice."""
    found: list[tuple[str, str]] = []
    for name in differing(b, a):
        if name in SHARED:
            for part, mark, place in (("policy", "", 1), (WORLD, OTHERS, 2)):
                if any(ours[place] != theirs[place] for ours, theirs in _halves(name, a, b).values()):
                    found.append((name + mark, part))
        else:
            found.append((name, "policy" if PARAMETERS[name].kind == "lever" else WORLD))
    if a.shocks != b.shocks:
        found.append((SHOCKS, WORLD))
    return found


def _of_world(name: str) -> str:
    """Drivers, shocks and decisions of others are the world; all else are numbers of the model."""
    bare = name.removesuffix(OTHERS)
    driver = bare == SHOCKS or bare in SHARED or PARAMETERS[bare].from_ == "start"
    return WORLD if driver else NUMBERS


@cache
def _baseline() -> Scenario:
    return load_scenario("baseline")


_Halves = tuple[float, float, float]  # a reference, what is policy above it, what others take below it


def _halves(name: str, a: Scenario, b: Scenario) -> dict[str, tuple[_Halves, _Halves]]:
    """Quarter → the halves of B's value and of A's, at every step of either or of the baseline."""
    base = _baseline()
    points = {START, *(p for s in (a, b, base) for p in s.steps(name) if p > START)}

    def cut(scenario: Scenario, period: str) -> _Halves:
        reference = base.value(name, period) if name == "trade.eu_preference" else 0.0
        more = scenario.value(name, period) - reference
        return reference, max(more, 0.0), min(more, 0.0)

    return {period: (cut(b, period), cut(a, period)) for period in sorted(points)}


def _blend(name: str, a: Scenario, b: Scenario, policy: bool, world: bool) -> dict[str, float]:
    """A path with B's policy, B's world, or both."""
    path = {}
    for period, (ours, theirs) in _halves(name, a, b).items():
        of_b = (policy or ours[1] == theirs[1]) and (world or ours[2] == theirs[2])
        of_a = (not policy or ours[1] == theirs[1]) and (not world or ours[2] == theirs[2])
        if of_b or of_a:  # to the last digit, so that equal settings share their runs
            path[period] = (b if of_b else a).value(name, period)
        else:
            path[period] = ours[0] + (ours if policy else theirs)[1] + (ours if world else theirs)[2]
    return path
