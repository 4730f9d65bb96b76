"""People counted by group: one pass over all of them fills a cross-table, from which every group follows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from simulator.compiled import compiled
from simulator.indicators import DIMENSIONS, HIT, PEOPLE
from simulator.state import DISPLACED, EMPLOYED, JOBS, MOST_YEARS, OPERATOR, TECHNICIAN
from simulator.units import MILLION, MONTHS_PER_YEAR, Array, share_of

if TYPE_CHECKING:
    from simulator.model import GarmentModel

Put = Callable[..., None]  # put(name, value for all, dimension=values by group, ...)
WAGE_BINS = 8_192  # bins of one USD a month for the median and the Gini index
AGES = (25.0, 35.0, 45.0)  # years at which the groups of DIMENSIONS["age"] begin, after the first
SIZES = tuple(len(DIMENSIONS[name]) for name in PEOPLE)
CELLS = int(np.prod(SIZES))
HIT_CELLS = int(np.prod(SIZES[: len(HIT)]))
HEADS, WAGES, INCOMES, SENT = range(4)  # what a cell of the employed adds up


def observe_people(model: GarmentModel, put: Put) -> None:
    """People, pay and households.

    - heads are agents × people per agent; vacancies: posts of open factories still empty after ``hire``, all jobs
    - turnover: quits, layoffs, closures and people at work who went home, over people employed at the end, over dt
    - technician coverage: technicians employed over those needed in open factories, at most 1
    - displaced: in that state; over a year: laid off more than a year ago
    - mean wage over people employed; median and Gini by ``wage_distribution``; skill premium: technicians' mean wage
      over operators'; real wage: mean wage / consumer prices (2024 = 1)
    - operator cost: operator's wage × (1 + ``wages.contributions``); labour cost: operator cost / (UV / UV of 2024),
      from 2024 on over its own mean of 2024, for earlier years too
    - household income: mean over people employed of their ``household_income``; remittances: wages of employed
      migrants × ``labour.remittance``; living wage ratio: mean wage over the living wage
    """
    f, par, weight = model.factories, model.par, model.weight
    employed, waiting, long, bins = _count(model)
    total = float(employed[..., HEADS].sum())
    mean = float(share_of(employed[..., WAGES].sum(), total))
    heads = {name: by(employed[..., HEADS], name) for name in PEOPLE}
    put("employment", total * weight, **{name: count * weight for name, count in heads.items()})
    for job, name in enumerate(("operators", "technicians", "engineers")):
        mine = employed[job, ..., HEADS]
        put(name, mine.sum() * weight, **{d: by(mine[None], d) * weight for d in ("gender", "goods", "tier")})
    skilled = employed[OPERATOR + 1 :, ..., HEADS]
    put("skilled_jobs", skilled.sum() * weight, gender=by(skilled, "gender") * weight)
    put("women_share", float(share_of(heads["gender"][0], total)))
    put("vacancies", model.open_posts * weight)
    gone = sum(model.people[flow] for flow in ("quits", "layoffs", "closures", "retired"))
    put("turnover", float(share_of(gone, total)) / model.dt)
    need = f.needed[f.open, TECHNICIAN].sum()
    technicians = employed[TECHNICIAN, ..., HEADS].sum() * weight
    put("technician_coverage", float(min(1.0, share_of(technicians, need, empty=1.0))))
    for name, people in (
        ("layoffs", _crowd(model, model.laid_off)),
        ("reskilled", _crowd(model, model.reskilled)),
        ("displaced", waiting),
        ("displaced_over_year", long),
    ):
        put(name, people.sum() * weight, **{d: by(people[None], d) * weight for d in HIT})

    put("mean_wage", mean, **{d: share_of(by(employed[..., WAGES], d), heads[d], empty=np.nan) for d in PEOPLE})
    median, gini = wage_distribution(bins)
    put("median_wage", median)
    put("wage_gini", gini)
    paid = employed.sum(axis=tuple(range(1, 1 + len(PEOPLE))))
    by_job = share_of(paid[:, WAGES], paid[:, HEADS], empty=np.nan)
    put("skill_premium", float(by_job[TECHNICIAN] / by_job[OPERATOR]))
    put("real_wage", mean / model.now("cpi"))
    cost = model.economy.operator_wage * (1 + par.wages.contributions)
    put("operator_cost", cost)
    put("labour_cost_index", cost / (model.now("unit_value") / model.world.unit_value_2024))
    incomes = {d: by(employed[..., INCOMES], d) for d in ("gender", "education", "skill")}
    put(
        "household_income",
        float(share_of(employed[..., INCOMES].sum(), total)),
        **{d: share_of(v, heads[d], empty=np.nan) for d, v in incomes.items()},
    )
    sent = employed[..., SENT] * (par.labour.remittance * weight * MONTHS_PER_YEAR * model.dt / MILLION)
    put("remittances", float(sent.sum()), **{d: by(sent, d) for d in PEOPLE})
    put("living_wage_ratio", mean / model.now("living_wage"))


def by(table: Array, dimension: str) -> Array:
    """Sums by one dimension of a table whose first axis is the job and the others those of ``PEOPLE``, in order."""
    kept = 1 + PEOPLE.index(dimension)
    return table.sum(axis=tuple(axis for axis in range(table.ndim) if axis != kept))


def _count(model: GarmentModel) -> tuple[Array, Array, Array, Array]:
    """The employed [job, *PEOPLE, what], the displaced and those displaced for long [*HIT], the employed by wage."""
    w, f = model.workers, model.factories
    employed, waiting, bins = np.zeros((len(JOBS) * CELLS, 4)), np.zeros((2, HIT_CELLS)), np.zeros(WAGE_BINS)
    _cross_table(
        employed, waiting, bins, age_groups(model), model.step_number, model.steps_per_year, model.household_workers,
        elsewhere(model), model.par.labour.household_other * model.now("outside_wage"), f.goods, f.tier,
        w.state, w.factory, w.job, w.wage, w.woman, w.born, w.education, w.skill, w.migrant, w.displaced_at,
    )  # fmt: skip
    hit = SIZES[: len(HIT)]
    return (
        employed.reshape(len(JOBS), *SIZES, 4),
        (waiting[0] + waiting[1]).reshape(hit),
        waiting[1].reshape(hit),
        bins,
    )


@compiled
def _cross_table(
    employed: Array, waiting: Array, bins: Array, groups: Array, step: int, year: int, household: int,
    elsewhere: Array, rest: float, goods: Array, tier: Array, state: Array, factory: Array, job: Array, wage: Array,
    woman: Array, born: Array, education: Array, skill: Array, migrant: Array, displaced_at: Array,
) -> None:  # fmt: skip
    """Add everybody to their cell, household by household."""
    for first in range(0, len(state), household):
        last = min(first + household, len(state))
        income = _household(first, last, elsewhere, rest, state, wage)
        for i in range(first, last):
            if state[i] != EMPLOYED and state[i] != DISPLACED:
                continue
            cell = _hit_cell(i, groups, step, woman, born, education, skill)
            if state[i] == DISPLACED:
                waiting[1 if step - displaced_at[i] > year else 0, cell] += 1
                continue
            at = ((job[i] * HIT_CELLS + cell) * SIZES[4] + goods[factory[i]]) * SIZES[5] + tier[factory[i]]
            employed[at, HEADS] += 1
            employed[at, WAGES] += wage[i]
            employed[at, INCOMES] += income
            employed[at, SENT] += wage[i] * migrant[i]
            bins[min(int(wage[i]), WAGE_BINS - 1)] += 1


@compiled
def _hit_cell(
    i: int, groups: Array, step: int, woman: Array, born: Array, education: Array, skill: Array
) -> int:  # fmt: skip
    """Place of a person among the groups of ``HIT``; ``groups`` is the age group of each age in steps."""
    group = groups[min(step - born[i], len(groups) - 1)]
    gender = 0 if woman[i] else 1
    return ((gender * SIZES[1] + group) * SIZES[2] + education[i]) * SIZES[3] + skill[i]


@compiled
def _household(first: int, last: int, elsewhere: Array, rest: float, state: Array, wage: Array) -> float:
    """Income of the household in the rows from ``first`` to before ``last``."""
    income = 0.0
    for i in range(first, last):
        income += wage[i] + elsewhere[state[i]]
    return income + rest


def _crowd(model: GarmentModel, rows: Array) -> Array:
    """People in the given rows by the groups of ``HIT``."""
    w = model.workers
    groups = age_groups(model)
    group = groups[np.minimum(model.step_number - w.born[rows], len(groups) - 1)]
    key = (np.where(w.woman[rows], 0, 1), group, w.education[rows], w.skill[rows])
    cells = np.ravel_multi_index(key, SIZES[: len(HIT)])
    return np.bincount(cells, minlength=HIT_CELLS).reshape(SIZES[: len(HIT)])


def age_groups(model: GarmentModel) -> Array:
    """Place among the age groups by age in steps."""
    return np.searchsorted(AGES, np.arange(int(MOST_YEARS / model.dt)) * model.dt, side="right")


def household_income(model: GarmentModel, households: Array) -> Array:
    """Monthly income of each of the given households, USD: what its members earn, and the rest.

    Households are rows of ``labour.household_workers`` neighbours (rounded), whatever their age, gender or factory
    (*assumption*). A member at work earns the wage, one outside the outside wage, one in a course the stipend
    ``skills.seat_cost`` × ``public.stipend`` / ``skills.reference_months`` a month; who is displaced earns nothing. The
    rest is ``labour.household_other`` × outside wage. Nobody's decision reads it.
    """
    w, size = model.workers, model.household_workers
    rest = model.par.labour.household_other * model.now("outside_wage")
    earned = elsewhere(model)
    return np.array(
        [_household(h * size, min((h + 1) * size, len(w)), earned, rest, w.state, w.wage) for h in households]
    )


def elsewhere(model: GarmentModel) -> Array:
    """What a person earns a month besides the sector's wage, by state."""
    par = model.par
    stipend = par.skills.seat_cost * par.public.stipend / par.skills.reference_months
    return np.array([model.now("outside_wage"), 0.0, 0.0, stipend])


def wage_distribution(count: Array) -> tuple[float, float]:
    """Median and Gini index of wages, from people by bins of one dollar.

    Wages of 8,191 USD and more share the last bin; the median is interpolated within its bin.

    >>> median, gini = wage_distribution(np.bincount([100, 200, 300]))
    >>> round(median), round(gini, 3)
    (200, 0.222)
    """
    people = np.cumsum(count)
    if not people[-1]:
        return 0.0, 0.0
    half = people[-1] / 2
    at = int(np.searchsorted(people, half))
    below = people[at - 1] if at else 0
    median = at + (half - below) / count[at]
    money = np.cumsum(count * (np.arange(len(count)) + 0.5))
    lorenz = np.concatenate([[0.0], money / money[-1]])
    steps = count / people[-1]
    return float(median), float(1 - np.sum(steps * (lorenz[1:] + lorenz[:-1])))
