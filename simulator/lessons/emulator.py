"""A formula in place of the model for the last lesson: what courses do, fitted to runs, with its error.

The effect of a programme against the courses of today, under the same machines and the same luck, is a quadratic in
five levers. The error is that of runs the formula has not seen: each is left out in turn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from simulator.lessons.findings import Runs, find, unit_of
from simulator.lessons.plan import LEVERS, WITH, WITHOUT, design, scenario
from simulator.parameters import PARAMETERS
from simulator.scenario import START
from simulator.units import MILLION, Array

OUTPUTS = ("technicians", "displaced", "employment", "automation", "mean_wage", "value_added")
HIGHEST = {name: name != "displaced" for name in OUTPUTS}  # whether more is better, where a group takes it as its goal
_RIDGES = (1e-4, 1e-2, 0.1, 0.3, 1.0, 3.0, 10.0)


def terms(levers: Mapping[str, float]) -> Array:
    """1, the levers, and their products; each lever from 0 to 1 over its range, seats by their square root.

    >>> terms({"skills.training_seats": 100_000.0, "skills.technician_share": 0.0, "skills.training_months": 3.0,
    ...        "skills.self_paced_share": 0.0, "skills.training_relevance": 1.0})[:6]
    array([1., 1., 0., 0., 0., 1.])
    """
    x = []
    for name, (low, high) in LEVERS.items():
        part = (levers[name] - low) / (high - low)
        x.append(part**0.5 if name == "skills.training_seats" else part)
    return np.array([1.0, *x, *(x[i] * x[j] for i in range(len(x)) for j in range(i, len(x)))])


@dataclass(frozen=True, eq=False)
class Emulator:
    """Coefficients and errors by output, in the output's unit; ``base`` is what the courses of today give."""

    coefficients: Mapping[str, Array]
    errors: Mapping[str, float]
    base: Mapping[str, float]
    runs: int

    @classmethod
    def fit(cls, runs: Runs) -> Emulator:
        """Fit it to the design of the plan."""
        table = np.stack([terms(levers) for levers in design()])
        pairs = len(runs.plan.pairs)
        coefficients, errors, base = {}, {}, {}
        for name in OUTPUTS:
            before = runs.of(name, "all", WITHOUT)
            effect = runs.window(runs.designed, name, "all") - before[np.arange(len(table)) % pairs]
            coefficients[name], errors[name] = fitted(table, effect)
            base[name] = find(runs, name, WITHOUT, WITHOUT).level
        return cls(coefficients, errors, base, len(table))

    def effect(self, levers: Mapping[str, float]) -> dict[str, float]:
        """The effect of a programme by output."""
        x = terms(levers)
        return {name: float(x @ rule) for name, rule in self.coefficients.items()}

    def as_json(self) -> dict[str, Any]:
        """What a browser needs to work the formula out."""
        return {
            "levers": {name: list(ends) for name, ends in LEVERS.items()},
            "start": {name: scenario(WITH).value(name, START) for name in LEVERS},
            "outputs": {
                name: {
                    "rule": [float(v) for v in rule],
                    "error": self.errors[name],
                    "base": self.base[name],
                    "unit": unit_of(name),
                }
                for name, rule in self.coefficients.items()
            },
            "price": _prices(),
        }

    @cached_property
    def told(self) -> str:
        """The errors in a line, for a log."""
        return ", ".join(f"{name} ± {error:.4g}" for name, error in self.errors.items())


def fitted(table: Array, effect: Array) -> tuple[Array, float]:
    """Coefficients of a ridge regression and the root mean square of its errors, each run left out in turn.

    The ridge is the one of the fixed list with the smallest such error; the constant is not shrunk.
    """
    best: tuple[float, Array] | None = None
    shrink = np.eye(table.shape[1])
    shrink[0, 0] = 0.0
    for ridge in _RIDGES:
        inverse = np.linalg.inv(table.T @ table + ridge * shrink)
        rule = inverse @ table.T @ effect
        leverage = np.einsum("ij,jk,ik->i", table, inverse, table)
        missed = (effect - table @ rule) / (1 - leverage)
        error = float(np.sqrt(np.mean(missed**2)))
        if best is None or error < best[0]:
            best = error, rule
    assert best is not None
    return best[1], best[0]


def _prices() -> dict[str, float]:
    def value(name: str) -> float:
        return scenario(WITHOUT).value(name, START)

    relevance = PARAMETERS["skills.training_relevance"]
    return {
        "seat": value("skills.seat_cost") * (1 + value("skills.administration")) / MILLION,
        "months": value("skills.reference_months"),
        "self_paced": value("skills.cost_self_paced"),
        "relevance": relevance.cost,
        "relevance_free": relevance.default_at(START),
    }


def cost(levers: Mapping[str, float]) -> float:
    """Public cost of a programme in million USD a year when every seat is taken, as the model's budget counts it."""
    price = _prices()
    mix = levers["skills.self_paced_share"] * price["self_paced"] + 1 - levers["skills.self_paced_share"]
    seats = levers["skills.training_seats"] * price["seat"] * levers["skills.training_months"] / price["months"] * mix
    return seats + max(0.0, levers["skills.training_relevance"] - price["relevance_free"]) * price["relevance"]


def budget() -> float:
    """What groups may spend: the cost of the programme of lesson 2, million USD a year."""
    names = LEVERS.keys() - {"skills.self_paced_share"}
    return cost({name: scenario(WITH).value(name, START) for name in names} | {"skills.self_paced_share": 0.0})
