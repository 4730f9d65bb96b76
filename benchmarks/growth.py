"""How the time of a quarter grows with the crowd and with the number of factories."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from benchmarks.measure import SPREAD, Effort, Section, Spread, fresh, number, seconds, stopwatch

PEOPLE_PER_AGENT = (100, 30, 10, 3, 1)
FACTORIES = (450, 900, 1_800, 3_600)  # the table has 8,000 rows, and more open every quarter
WARM = 2  # quarters before the watch starts


def section(effort: Effort) -> Section:
    """Exponents: slopes of log time over log size."""
    quick = effort == "quick"
    turns = 2 if quick else 8
    people = (1_600, 800) if quick else PEOPLE_PER_AGENT
    factories = (450, 900) if quick else FACTORIES
    out = Section("Growth")
    out.say(
        f"Whole quarters of models of several sizes in one process, in turn, {turns} each after {WARM} for warming up. "
        "An exponent is the slope of log time over log size, fitted within each turn: 1 is time in proportion. "
        "What does not depend on the size hides growth at small sizes, so the slope between the two largest stands "
        "beside it, and the promise is judged by the larger median of the two."
    )
    _told(out, "workers", *fresh(_workers, people, turns), quick)
    out.say(
        "More factories are the same sector in smaller pieces: as much capacity, more rows. The numbers lie outside "
        "what the registry allows, on purpose."
    )
    _told(out, "factories", *fresh(_factories, factories, turns), quick)
    return out


def _told(out: Section, what: str, sizes: list[int], found: list[list[float]], quick: bool) -> None:
    out.table(
        [what, *(f"{word}, a quarter" for word in SPREAD), "slope from the size before", *SPREAD[1:]],
        (
            [
                f"{size:,}",
                *Spread.of(turn[i] for turn in found).cells(seconds),
                *(
                    Spread.of(exponent(sizes[i - 1 : i + 1], turn[i - 1 : i + 1]) for turn in found).cells(number)
                    if i
                    else ["", "", ""]
                ),
            ]
            for i, size in enumerate(sizes)
        ),
    )
    overall = Spread.of(exponent(sizes, turn) for turn in found)
    last = Spread.of(exponent(sizes[-2:], turn[-2:]) for turn in found)
    told = "; ".join(
        f"{name} {number(slope.median)} ({number(slope.least)} to {number(slope.most)})"
        for name, slope in (("over all sizes", overall), ("between the two largest", last))
    )
    out.say(f"Exponent with {what}: {told}.")
    if not quick:
        out.facts[f"exponent with {what}"] = max(overall.median, last.median)


def exponent(sizes: Sequence[float], times: Sequence[float]) -> float:
    """The slope of log time over log size by least squares.

    >>> round(exponent([10, 100, 1000], [2.0, 20.0, 200.0]), 6)
    1.0
    """
    x, y = [math.log(size) for size in sizes], [math.log(time) for time in times]
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    return sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y)) / sum((a - mean_x) ** 2 for a in x)


def _workers(sizes: Sequence[int], turns: int) -> tuple[list[int], list[list[float]]]:
    from simulator import GarmentModel

    models = [GarmentModel("baseline", people_per_agent=people, until=2016) for people in sizes]
    return _in_turn(models, turns, lambda model: len(model.workers))


def _factories(numbers: Sequence[int], turns: int) -> tuple[list[int], list[list[float]]]:
    from simulator import GarmentModel

    scenarios: list[Any] = [Divided(number) for number in numbers]
    models = [GarmentModel(scenario, people_per_agent=50, until=2016) for scenario in scenarios]
    return _in_turn(models, turns, lambda model: len(model.factories))


def _in_turn(models: list[Any], turns: int, size: Callable[[Any], int]) -> tuple[list[int], list[list[float]]]:
    """Sizes, and by turn the seconds of a quarter of each model."""
    for model in models:
        for _ in range(WARM):
            model.step()
    sizes, found = [size(model) for model in models], []
    for _ in range(turns):
        turn: list[float] = []
        for model in models:
            with stopwatch(turn):
                model.step()
        found.append(turn)
    if any(small >= large for small, large in pairwise(sizes)):
        raise RuntimeError(f"sizes do not rise: {sizes}")
    return sizes, found


class Divided:
    """The baseline with its capacity divided among another ``number`` of factories."""

    def __init__(self, number: int) -> None:
        from simulator import load_scenario

        self._scenario, self._number = load_scenario("baseline"), number

    def __getattr__(self, name: str) -> Any:
        return getattr(self._scenario, name)

    def paths(self, **span: int) -> Any:
        """Every number at every step."""
        return _DividedPaths(self._scenario.paths(**span), self._number)


class _DividedPaths:
    def __init__(self, paths: Any, number: int) -> None:
        self._paths, self._number = paths, number
        self._known: dict[int, Any] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._paths, name)

    def parameters(self, step: int) -> Any:
        return self._divided(self._paths.parameters(step))

    def settings(self, step: int) -> Any:
        return self._divided(self._paths.settings(step))

    def _divided(self, par: Any) -> Any:
        from dataclasses import replace

        if id(par) not in self._known:
            old = par.factories
            capacity = old.capacity * old.opening / self._number
            new = replace(par, factories=replace(old, opening=float(self._number), capacity=capacity))
            self._known[id(par)] = par, new  # the first keeps its id from being given away
        return self._known[id(par)][1]
