"""People counted by group: one pass over all of them fills a cross-table, from which every group follows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from simulator.compiled import compiled
from simulator.indicators import DIMENSIONS, HIT, PEOPLE
from simulator.state import DISPLACED, EMPLOYED, ENGINEER, JOBS, MOST_YEARS, OPERATOR, TECHNICIAN
from simulator.units import MILLION, MONTHS_PER_YEAR, Array, share_of

if TYPE_CHECKING:
    from simulator.model import GarmentModel

Put = Callable[..., None]  # put(name, value for all, dimension=values by group, ...)
WAGE_BINS = 8_192  # bins of one USD a month for the median and the Gini index
AGES = (25.0, 35.0, 45.0)  # years at which the groups of DIMENSIONS["age"] begin, after the first
SIZES = tuple(len(DIMENSIONS[name]) for name in PEOPLE)
CELLS = len(JOBS) * int(np.prod(SIZES))
HIT_CELLS = int(np.prod(SIZES[: len(HIT)]))  # the groups of HIT are the first of those of PEOPLE
GROUPS = {name: slice(1 + sum(SIZES[:k]), 1 + sum(SIZES[: k + 1])) for k, name in enumerate(PEOPLE)}
LAID_OFF, RESKILLED, DISPLACED_NOW, DISPLACED_LONG = range(4)  # what a cell of those hit adds up
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
    employed, hit, bins = _count(model)
    total = float(employed[HEADS, :, 0].sum())
    money = float(employed[WAGES, :, 0].sum())
    mean = float(share_of(money, total))
    heads = employed[HEADS].sum(axis=0)

    def by(values: Array, dimensions: tuple[str, ...]) -> dict[str, Array]:
        return {name: values[GROUPS[name]] for name in dimensions}

    put("employment", total * weight, **by(heads * weight, PEOPLE))
    for job, name in enumerate(("operators", "technicians", "engineers")):
        mine = employed[HEADS, job] * weight
        put(name, mine[0], **by(mine, ("gender", "goods", "tier")))
    skilled = (employed[HEADS, TECHNICIAN] + employed[HEADS, ENGINEER]) * weight
    put("skilled_jobs", skilled[0], **by(skilled, ("gender",)))
    put("women_share", float(share_of(heads[GROUPS["gender"]][0], total)))
    put("vacancies", model.open_posts * weight)
    gone = sum(model.people[flow] for flow in ("quits", "layoffs", "closures", "retired"))
    put("turnover", float(share_of(gone, total)) / model.dt)
    need = f.needed[f.open, TECHNICIAN].sum()
    put("technician_coverage", float(min(1.0, share_of(employed[HEADS, TECHNICIAN, 0] * weight, need, empty=1.0))))
    for name, people in zip(("layoffs", "reskilled", "displaced", "displaced_over_year"), hit * weight, strict=True):
        put(name, people[0], **by(people, HIT))

    put("mean_wage", mean, **by(share_of(employed[WAGES].sum(axis=0), heads, empty=np.nan), PEOPLE))
    median, gini = wage_distribution(bins)
    put("median_wage", median)
    put("wage_gini", gini)
    by_job = share_of(employed[WAGES, :, 0], employed[HEADS, :, 0], empty=np.nan)
    put("skill_premium", float(by_job[TECHNICIAN] / by_job[OPERATOR]))
    put("real_wage", mean / model.now("cpi"))
    cost = model.economy.operator_wage * (1 + par.wages.contributions)
    put("operator_cost", cost)
    put("labour_cost_index", cost / (model.now("unit_value") / model.world.unit_value_2024))
    incomes = employed[INCOMES].sum(axis=0)
    put(
        "household_income",
        float(share_of(incomes[0], total)),
        **by(share_of(incomes, heads, empty=np.nan), ("gender", "education", "skill")),
    )
    sent = employed[SENT].sum(axis=0) * (par.labour.remittance * weight * MONTHS_PER_YEAR * model.dt / MILLION)
    put("remittances", float(sent[0]), **by(sent, PEOPLE))
    put("living_wage_ratio", mean / model.now("living_wage"))


def _count(model: GarmentModel) -> tuple[Array, Array, Array]:
    """Sums over all (place 0) and by group (``GROUPS``), and people at work by wage.

    People at work by what is added up and job, shape [4, job, place]; people laid off, reskilled, displaced and
    displaced for long, shape [4, place].
    """
    w, f = model.workers, model.factories
    employed, hit, bins = np.zeros((CELLS, 4)), np.zeros((HIT_CELLS, 4)), np.zeros(WAGE_BINS)
    groups = age_groups(model)
    person = (w.woman, w.born, w.education, w.skill)
    _cross_table(
        employed, hit, bins, groups, model.step_number, model.steps_per_year, model.household_workers,
        elsewhere(model), model.par.labour.household_other * model.now("outside_wage"), f.goods, f.tier,
        model.at_work, w.state, w.factory, w.job, w.wage, w.migrant, w.displaced_at, *person,
    )  # fmt: skip
    for what, rows in ((LAID_OFF, model.laid_off), (RESKILLED, model.reskilled)):
        _add_rows(hit, what, rows, groups, model.step_number, *person)
    return (
        _margins(employed, np.array((len(JOBS), *SIZES))).reshape(4, len(JOBS), -1),
        _margins(hit, np.array((1, *SIZES[: len(HIT)])))[:, 0],
        bins,
    )


@compiled
def _cross_table(
    employed: Array, hit: Array, bins: Array, groups: Array, step: int, year: int, household: int, elsewhere: Array,
    rest: float, goods: Array, tier: Array, at_work: Array, state: Array, factory: Array, job: Array, wage: Array,
    migrant: Array, displaced_at: Array, woman: Array, born: Array, education: Array, skill: Array,
) -> None:  # fmt: skip
    """Add people at work, of whom some have been displaced since, and displaced people to their cells."""
    for i in at_work:
        if state[i] != EMPLOYED:
            continue
        cell = _hit_cell(i, groups, step, woman, born, education, skill)
        at = ((job[i] * HIT_CELLS + cell) * SIZES[4] + goods[factory[i]]) * SIZES[5] + tier[factory[i]]
        first = i // household * household
        employed[at, HEADS] += 1
        employed[at, WAGES] += wage[i]
        employed[at, INCOMES] += _household(first, min(first + household, len(state)), elsewhere, rest, state, wage)
        employed[at, SENT] += wage[i] * migrant[i]
        bins[min(int(wage[i]), WAGE_BINS - 1)] += 1
    for i in range(len(state)):
        if state[i] == DISPLACED:
            cell = _hit_cell(i, groups, step, woman, born, education, skill)
            hit[cell, DISPLACED_NOW] += 1
            hit[cell, DISPLACED_LONG] += step - displaced_at[i] > year


@compiled
def _add_rows(
    hit: Array, what: int, rows: Array, groups: Array, step: int, woman: Array, born: Array, education: Array,
    skill: Array,
) -> None:  # fmt: skip
    for i in rows:
        hit[_hit_cell(i, groups, step, woman, born, education, skill), what] += 1


@compiled
def _hit_cell(i: int, groups: Array, step: int, woman: Array, born: Array, education: Array, skill: Array) -> int:
    """Place of a person among the cells of ``HIT``; ``groups`` is the age group of each age in steps."""
    group = groups[min(step - born[i], len(groups) - 1)]
    gender = 0 if woman[i] else 1
    return ((gender * SIZES[1] + group) * SIZES[2] + education[i]) * SIZES[3] + skill[i]


@compiled
def _margins(table: Array, sizes: Array) -> Array:
    """Sums of a table [cell, what] by ``sizes[0]`` and then over all and by group: shape [what, sizes[0], place]."""
    out = np.zeros((table.shape[1], sizes[0], 1 + sizes[1:].sum()))
    for cell in range(len(table)):
        rest, place = cell, out.shape[2]
        first = cell // (len(table) // sizes[0])
        for axis in range(len(sizes) - 1, 0, -1):
            place -= sizes[axis]
            group = rest % sizes[axis]
            rest //= sizes[axis]
            for what in range(table.shape[1]):
                out[what, first, place + group] += table[cell, what]
        for what in range(table.shape[1]):
            out[what, first, 0] += table[cell, what]
    return out


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
    count = count[: np.flatnonzero(count).max(initial=-1) + 1]
    if not len(count):
        return 0.0, 0.0
    people = np.cumsum(count)
    half = people[-1] / 2
    at = int(np.searchsorted(people, half))
    below = people[at - 1] if at else 0
    median = at + (half - below) / count[at]
    money = np.cumsum(count * (np.arange(len(count)) + 0.5))
    lorenz = np.concatenate([[0.0], money / money[-1]])
    steps = count / people[-1]
    return float(median), float(1 - np.sum(steps * (lorenz[1:] + lorenz[:-1])))
