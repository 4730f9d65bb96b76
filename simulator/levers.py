"""What a visitor may set, as the registry tells it: groups in order, steps of a slider, values as a page shows them."""

from __future__ import annotations

from math import floor, log10

from simulator.parameters import PARAMETERS
from simulator.texts import NO_BREAK_SPACE, number

# The simple edition: those that move jobs, exports or skilled jobs in 2040 most when each is moved alone from the
# baseline to the ends of its range, and of those that do the same work one, so that most groups can be asked about.
SIMPLE = (
    "wages.minimum_wage_growth",
    "automation.subsidy",
    "automation.interest_rate",
    "skills.training_seats",
    "infrastructure.logistics",
    "energy.price",
    "value_chain.upgrading",
    "trade.eu_preference",
)
_PERCENT = ("share", "1/year")  # units of which a page shows per cent
_LEAST_STEPS = 50  # a slider has from here to ten times as many


def groups() -> dict[str, tuple[str, ...]]:
    """Group → names of its levers and drivers of the world, both in the order of the registry."""
    found: dict[str, tuple[str, ...]] = {}
    for name, about in PARAMETERS.items():
        if about.from_ == "start":
            found[about.group] = (*found.get(about.group, ()), name)
    return found


def factor(name: str) -> float:
    """By what a value is multiplied to be shown."""
    return 100.0 if PARAMETERS[name].unit.startswith(_PERCENT) else 1.0


def to_shown(name: str, value: float) -> float:
    """A value in the unit of the page.

    >>> to_shown("wages.minimum_wage_growth", 0.035)
    3.5
    """
    return round(value * factor(name), 9)


def from_shown(name: str, value: float) -> float:
    """A value of the page in the registry's unit, as one would type it.

    >>> from_shown("wages.minimum_wage_growth", 2.9)
    0.029
    """
    return round(value / factor(name), 11)


def step(name: str) -> float:
    """The step of a lever's slider in the unit of the page: a power of ten that parts the range 50 to 500 times.

    Years are whole.

    >>> step("wages.minimum_wage_growth"), step("skills.training_seats"), step("technology.sewing_midyear")
    (0.1, 1000.0, 1.0)
    """
    about = PARAMETERS[name]
    if about.unit == "year":
        return 1.0
    return float(10.0 ** floor(log10((about.high - about.low) * factor(name) / _LEAST_STEPS) + 1e-9))


def digits(name: str) -> int:
    """Decimals that the step needs."""
    return max(0, -floor(log10(step(name)) + 1e-9))


def unit(name: str, lang: str) -> str:
    """The unit of the shown value in words; empty where it has none.

    >>> unit("wages.minimum_wage_growth", "en"), unit("skills.training_seats", "en"), unit("business.fintech", "en")
    ('% a year', 'seats a year', '')
    """
    return number(0.0, PARAMETERS[name].unit, lang).removeprefix("0").strip(NO_BREAK_SPACE)


def told(name: str, steps: dict[str, float], lang: str) -> str:
    """A path in time in words.

    >>> told("automation.subsidy", {"2025Q1": 0.1, "2030Q1": 0.2}, "en").replace(NO_BREAK_SPACE, " ")
    '10% of the price → 2030Q1: 20% of the price'
    """
    kind = PARAMETERS[name].unit
    first, *later = steps.items()
    parts = [number(first[1], kind, lang), *(f"{period}: {number(value, kind, lang)}" for period, value in later)]
    return " → ".join(parts)
