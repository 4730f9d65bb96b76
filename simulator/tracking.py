"""Life courses: a fixed sample of people and factories, taken down once a step.

Who is followed hangs on the seed and the person's row or the factory's number alone, so every scenario follows the
same. A person's or factory's path is the same to the bit in all of them until a lever first differs, and from then on
shows what the lever did to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from simulator.census import household_income
from simulator.indicators import DIMENSIONS
from simulator.observe import LONGEST_PAYBACK
from simulator.state import EMPLOYED, GOODS, JOBS, NEVER, NOWHERE, ORIGINS, OWNERS, STAGES, STATES
from simulator.units import Array

if TYPE_CHECKING:
    from simulator.model import GarmentModel
    from simulator.streams import Stream

PEOPLE_FOLLOWED = 200  # rows of workers: some 70 at work at a time, and frames of 23,200 lines to 2040
OPENED_BEFORE = 40  # factories of 2012
EVERY = 200  # of those opened later the numbers divisible by this: some 20 to 2040
QUARTERS_PER_YEAR = 4

LEFT = ("closed", *(f"moved to {origin}" for origin in ORIGINS[1:]))
DECISIONS = ("", "opened", *(f"automated {stage}" for stage in STAGES), *LEFT)
OPENED, AUTOMATED, CLOSED = 1, 2, 2 + len(STAGES)
NO_JOB = ("", *JOBS)


@dataclass(frozen=True)
class Tracked:
    """A column of a life course; where it has ``words``, the numbers taken down are places among them."""

    dtype: Any
    unit: str
    meaning: str
    words: tuple[str, ...] = ()


def _words(words: tuple[str, ...], meaning: str) -> Tracked:
    return Tracked(np.int8, "", meaning, words)


PEOPLE: Mapping[str, Tracked] = MappingProxyType(
    {
        "period": Tracked(np.int16, "", "quarter (month) at whose end this holds"),
        "person": Tracked("U16", "", "row-generation: at retirement the row's next person takes over"),
        "gender": _words(DIMENSIONS["gender"], "gender"),
        "age": Tracked(float, "years", "age"),
        "education": _words(DIMENSIONS["education"], "schooling"),
        "skill": _words(DIMENSIONS["skill"], "highest skill"),
        "state": _words(STATES, "at work in the sector, outside it, displaced from it or in a course"),
        "job": _words(NO_JOB, "job, empty without one"),
        "factory": Tracked(np.int64, "", "number of the employer, -1 none"),
        "tenure": Tracked(float, "years", "since hiring by the present employer, NaN without one"),
        "wage": Tracked(float, "USD/month", "earnings with overtime, 0 without a job"),
        "household_income": Tracked(float, "USD/month", "income of the household, other members' included"),
        "reskilled": Tracked(bool, "", "has finished a public course"),
        "migrant": Tracked(bool, "", "household lives elsewhere"),
        "displaced_for": Tracked(float, "quarters", "since a layoff not yet made good, courses included; else NaN"),
    }
)
FACTORIES: Mapping[str, Tracked] = MappingProxyType(
    {
        "period": Tracked(np.int16, "", "quarter (month) at whose end this holds"),
        "factory": Tracked(np.int64, "", "number of the factory"),
        "open": Tracked(bool, "", "at work; false in its last quarter only, when its stocks are settled"),
        "goods": _words(GOODS, "goods group"),
        "tier": _words(DIMENSIONS["tier"], "1 supplies brands directly, 2 through agents, 3 as subcontractor"),
        "owner": _words(OWNERS, "owner's nationality"),
        "brand_linked": Tracked(bool, "", "half of its orders come from large buyers"),
        "capacity": Tracked(float, "million USD of 2015 a year", "output at full use"),
        "output": Tracked(float, "million USD of 2015 a step", "shipped in the quarter (month)"),
        "workers": Tracked(np.int64, "persons", "people employed"),
        **{f"{job}s": Tracked(np.int64, "persons", f"employed as {job}s") for job in JOBS},
        **{f"automation_{stage}": Tracked(float, "share", f"automated part of: {stage}") for stage in STAGES},
        "efficiency": Tracked(float, "2012 = 1", "efficiency once learned"),
        "margin": Tracked(float, "share", "profit before tax over revenue, smoothed"),
        "cash": Tracked(float, "million USD", "cash, negative an overdraft"),
        "loans": Tracked(float, "million USD", "machine and capacity loans"),
        "unit_cost": Tracked(float, "USD per USD of 2015", "cost of one unit of product"),
        "quote": Tracked(float, "USD per USD of 2015", "price asked"),
        "decision": _words(DECISIONS, "what it did: opened, automated a stage, closed, moved to an origin, or nothing"),
        "payback": Tracked(float, "years", "of the step that repays itself first, at most 100; NaN where none is left"),
    }
)


@dataclass(frozen=True)
class Tracks:
    """What was taken down: one array a column of ``PEOPLE`` and ``FACTORIES``; a period is a place in ``periods``."""

    periods: tuple[str, ...]
    people: Mapping[str, Array]
    factories: Mapping[str, Array]


class Tracker:
    """Follows a sample of a model's people and factories; it reads the state and changes nothing."""

    def __init__(self, model: GarmentModel, luck: Stream) -> None:
        self.rows = sample(luck.uniform(len(model.workers), "people"), PEOPLE_FOLLOWED)
        self._opened_before = np.zeros(len(model.factories), bool)  # by number: are they followed?
        self._opened_before[sample(luck.uniform(len(model.factories), "factories"), OPENED_BEFORE)] = True
        self._born = model.workers.born[self.rows].copy()
        self._generation = np.zeros(len(self.rows), int)
        self._names = np.array([f"{row}-0" for row in self.rows], PEOPLE["person"].dtype)
        self._people: list[tuple[Array, ...]] = []
        self._factories: list[tuple[Array, ...]] = []

    def take_down(self, model: GarmentModel) -> None:
        """Take down the step that has just ended."""
        self._people.append(self._see_people(model))
        self._factories.append(self._see_factories(model))

    def tracks(self, periods: tuple[str, ...]) -> Tracks:
        """All that was taken down; ``periods`` names the steps."""
        return Tracks(periods, _together(PEOPLE, self._people), _together(FACTORIES, self._factories))

    def _see_people(self, model: GarmentModel) -> tuple[Array, ...]:
        w, rows, now, dt = model.workers, self.rows, model.step_number, model.dt
        born, state, laid_off = w.born[rows], w.state[rows], w.displaced_at[rows]
        for i in np.flatnonzero(born != self._born):
            self._generation[i] += 1
            self._names[i] = f"{rows[i]}-{self._generation[i]}"
        self._born = born
        employed = state == EMPLOYED
        waited = (now - laid_off.astype(int)) * (dt * QUARTERS_PER_YEAR)
        return (
            np.full(len(rows), now),
            self._names.copy(),
            np.where(w.woman[rows], 0, 1),
            (now - born.astype(int)) * dt,
            w.education[rows],
            w.skill[rows],
            state,
            np.where(employed, w.job[rows] + 1, 0),
            np.where(employed, model.factories.number[w.factory[rows]], NOWHERE),
            np.where(employed, (now - w.hired[rows].astype(int)) * dt, np.nan),
            w.wage[rows],
            household_income(model, rows // model.household_workers),
            w.reskilled[rows],
            w.migrant[rows],
            np.where(laid_off == NEVER, np.nan, waited),
        )

    def _see_factories(self, model: GarmentModel) -> tuple[Array, ...]:
        f = model.factories
        later = len(self._opened_before)
        old = self._opened_before[np.minimum(f.number, later - 1)]
        followed = np.where(f.number < later, old, f.number % EVERY == 0)
        rows = np.flatnonzero(followed & (f.open | model.leaving))
        rows = rows[np.argsort(f.number[rows])]
        decision = decisions(
            automated=model.automated[rows],
            leaving=model.leaving[rows],
            moving=model.moving[rows],
            moved_to=f.moved_to[rows],
        )
        decision[(rows[:, None] == model.opened).any(axis=1)] = OPENED
        payback = np.fmin.reduce(model.payback[rows], axis=1)  # passes over NaN
        staff = np.rint(f.staff[rows] * model.weight)
        return (
            np.full(len(rows), model.step_number),
            f.number[rows],
            f.open[rows],
            f.goods[rows],
            f.tier[rows],
            f.owner[rows],
            f.brand_linked[rows],
            f.capacity[rows],
            f.output[rows],
            staff.sum(axis=1),
            *staff.T,
            *f.automation[rows].T,
            f.efficiency[rows],
            f.margin[rows],
            f.cash[rows],
            f.loans[rows],
            f.unit_cost[rows],
            f.quote[rows],
            decision,
            np.minimum(payback, LONGEST_PAYBACK),
        )


def sample(luck: Array, count: int) -> Array:
    """The rows with the ``count`` smallest numbers, in ascending order; all of them where there are fewer.

    >>> sample(np.array([0.4, 0.1, 0.9, 0.2]), 2)
    array([1, 3])
    """
    if len(luck) <= count:
        return np.arange(len(luck))
    return np.sort(np.argpartition(luck, count)[:count])


def decisions(*, automated: Array, leaving: Array, moving: Array, moved_to: Array) -> Array:
    """Places in ``DECISIONS``; a factory that leaves in the quarter in which it automated has left.

    >>> yes, no = True, False
    >>> at = decisions(automated=np.array([-1, 1, 1, -1]), leaving=np.array([no, no, yes, yes]),
    ...                moving=np.array([no, no, no, yes]), moved_to=np.array([-1, -1, -1, 3]))
    >>> [DECISIONS[i] for i in at]
    ['', 'automated sew', 'closed', 'moved to BD']
    """
    stays = np.where(automated == NOWHERE, 0, AUTOMATED + automated.astype(int))
    return np.where(leaving, CLOSED + np.where(moving, moved_to.astype(int), 0), stays)


def _together(columns: Mapping[str, Tracked], steps: list[tuple[Array, ...]]) -> dict[str, Array]:
    """One array a column, whose type is the declared one."""
    parts: list[Any] = list(zip(*steps, strict=True)) or [() for _ in columns]
    return {
        name: np.concatenate([np.empty(0, column.dtype), *part], dtype=column.dtype, casting="unsafe")
        for (name, column), part in zip(columns.items(), parts, strict=True)
    }


NOTHING = Tracks((), _together(PEOPLE, []), _together(FACTORIES, []))
