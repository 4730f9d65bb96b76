"""People counted by group: one pass over all of them fills a cross-table, from which every group follows."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from simulator.compiled import compiled
from simulator.indicators import DIMENSIONS, HIT, PEOPLE
from simulator.state import DISPLACED, EMPLOYED, ENGINEER, JOBS, MOST_YEARS, OPERATOR, TECHNICIAN
from simulator.units import MILLION, MONTHS_PER_YEAR, Array, share_of

if TYPE_CHECKING:
    from simulator.model import GarmentModel

Put = Callable[[str, Any], None]  # put(name, value), or values for all and then by group, as the indicator's columns
WAGE_BINS = 8_192  # bins of one USD a month for the median and the Gini index
AGES = (25.0, 35.0, 45.0)  # years at which the groups of DIMENSIONS["age"] begin, after the first
SIZES = tuple(len(DIMENSIONS[name]) for name in PEOPLE)
CELLS = len(JOBS) * int(np.prod(SIZES))
HIT_CELLS = int(np.prod(SIZES[: len(HIT)]))  # the groups of HIT are the first of those of PEOPLE
PEOPLE_SIZES, HIT_SIZES = np.array(SIZES), np.array(SIZES[: len(HIT)])
LAID_OFF, RESKILLED, DISPLACED_NOW, DISPLACED_LONG = range(4)  # what a cell of those hit adds up
HEADS, WAGES, INCOMES, SENT = range(4)  # what a cell of the employed adds up


def _places(*groups: str) -> Array:
    """Where sums by ``PEOPLE`` have all and then these groups."""
    first = {name: 1 + sum(SIZES[:k]) for k, name in enumerate(PEOPLE)}
    return np.concatenate([[0], *(np.arange(len(DIMENSIONS[name])) + first[name] for name in groups)])


PLACES = {groups: _places(*groups) for groups in (("gender", "goods", "tier"), ("gender", "education", "skill"))}


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
    by_job, hit, bins = _count(model)
    employed = by_job[:, 0] + by_job[:, 1] + by_job[:, 2]
    heads, money = employed[HEADS], employed[WAGES]
    total = float(heads[0])
    mean = float(share_of(float(money[0]), total))
    means = share_of(employed[WAGES : INCOMES + 1], heads[None, :], empty=np.nan)

    put("employment", heads * weight)
    for job, name in enumerate(("operators", "technicians", "engineers")):
        put(name, by_job[HEADS, job, PLACES["gender", "goods", "tier"]] * weight)
    put("skilled_jobs", (by_job[HEADS, TECHNICIAN, :3] + by_job[HEADS, ENGINEER, :3]) * weight)
    put("women_share", float(share_of(float(heads[1]), total)))
    put("vacancies", model.open_posts * weight)
    gone = sum(model.people[flow] for flow in ("quits", "layoffs", "closures", "retired"))
    put("turnover", float(share_of(gone, total)) / model.dt)
    need = float(f.needed[:, TECHNICIAN][f.open].sum())
    put("technician_coverage", float(min(1.0, share_of(by_job[HEADS, TECHNICIAN, 0] * weight, need, empty=1.0))))
    for name, people in zip(("layoffs", "reskilled", "displaced", "displaced_over_year"), hit * weight, strict=True):
        put(name, people)

    put("mean_wage", [mean, *means[0, 1:]])
    median, gini = wage_distribution(bins)
    put("median_wage", median)
    put("wage_gini", gini)
    usual = share_of(by_job[WAGES, :, 0], by_job[HEADS, :, 0], empty=np.nan)
    put("skill_premium", float(usual[TECHNICIAN] / usual[OPERATOR]))
    put("real_wage", mean / model.now("cpi"))
    cost = model.economy.operator_wage * (1 + par.wages.contributions)
    put("operator_cost", cost)
    put("labour_cost_index", cost / (model.now("unit_value") / model.world.unit_value_2024))
    incomes = means[1, PLACES["gender", "education", "skill"]]
    put("household_income", [float(share_of(float(employed[INCOMES, 0]), total)), *incomes[1:]])
    put("remittances", employed[SENT] * (par.labour.remittance * weight * MONTHS_PER_YEAR * model.dt / MILLION))
    put("living_wage_ratio", mean / model.now("living_wage"))


def _count(model: GarmentModel) -> tuple[Array, Array, Array]:
    """Sums over all (place 0) and by the groups of ``PEOPLE``, and people at work by wage.

    People at work by what is added up and job, shape [4, job, place]; people laid off, reskilled, displaced and
    displaced for long, shape [4, place of ``HIT``].
    """
    w, f = model.workers, model.factories
    return _counted(
        age_groups(model.dt), model.step_number, model.steps_per_year, model.household_workers, elsewhere(model),
        model.par.labour.household_other * model.now("outside_wage"), f.goods, f.tier, model.laid_off, model.reskilled,
        model.at_work, w.state, w.factory, w.job, w.wage, w.migrant, w.displaced_at, w.woman, w.born, w.education,
        w.skill,
    )  # fmt: skip


@compiled
def _counted(
    groups: Array, step: int, year: int, household: int, elsewhere: Array, rest: float, goods: Array, tier: Array,
    laid_off: Array, reskilled: Array, at_work: Array, state: Array, factory: Array, job: Array, wage: Array,
    migrant: Array, displaced_at: Array, woman: Array, born: Array, education: Array, skill: Array,
) -> tuple[Array, Array, Array]:  # fmt: skip
    """``_count`` from the columns."""
    employed, hit, bins = np.zeros((CELLS, 4)), np.zeros((HIT_CELLS, 4)), np.zeros(WAGE_BINS)
    _cross_table(
        employed, hit, bins, groups, step, year, household, elsewhere, rest, goods, tier, at_work, state, factory, job,
        wage, migrant, displaced_at, woman, born, education, skill,
    )  # fmt: skip
    last = len(groups) - 1
    for i in laid_off:
        hit[_hit_cell(groups[min(step - born[i], last)], woman[i], education[i], skill[i]), LAID_OFF] += 1
    for i in reskilled:
        hit[_hit_cell(groups[min(step - born[i], last)], woman[i], education[i], skill[i]), RESKILLED] += 1
    by_job = _margins(employed, len(JOBS), PEOPLE_SIZES)
    return by_job, _margins(hit, 1, HIT_SIZES)[:, 0], bins


@compiled
def _cross_table(
    employed: Array, hit: Array, bins: Array, groups: Array, step: int, year: int, household: int, elsewhere: Array,
    rest: float, goods: Array, tier: Array, at_work: Array, state: Array, factory: Array, job: Array, wage: Array,
    migrant: Array, displaced_at: Array, woman: Array, born: Array, education: Array, skill: Array,
) -> None:  # fmt: skip
    """Add people at work, of whom some have been displaced since, and displaced people to their cells."""
    last = len(groups) - 1  # ``groups`` is the age group of each age in steps
    kinds = goods * SIZES[5] + tier
    for i in at_work:
        if state[i] != EMPLOYED:
            continue
        cell = _hit_cell(groups[np.uintp(min(step - born[i], last))], woman[i], education[i], skill[i])
        at = np.uintp((np.intp(job[i]) * HIT_CELLS + cell) * (SIZES[4] * SIZES[5]) + kinds[np.uintp(factory[i])])
        first = i - i % household
        employed[at, HEADS] += 1
        employed[at, WAGES] += wage[i]
        employed[at, INCOMES] += _household(first, min(first + household, len(state)), elsewhere, rest, state, wage)
        employed[at, SENT] += wage[i] * migrant[i]
        bins[min(int(wage[i]), WAGE_BINS - 1)] += 1
    for i in range(len(state)):
        if state[i] == DISPLACED:
            cell = _hit_cell(groups[min(step - born[i], last)], woman[i], education[i], skill[i])
            hit[cell, DISPLACED_NOW] += 1
            hit[cell, DISPLACED_LONG] += step - displaced_at[i] > year


@compiled
def _hit_cell(age_group: int, woman: bool, education: int, skill: int) -> int:
    """Place of a person among the cells of ``HIT``."""
    gender = 0 if woman else 1
    return ((gender * SIZES[1] + age_group) * SIZES[2] + education) * SIZES[3] + skill


@compiled
def _margins(table: Array, number: int, sizes: Array) -> Array:
    """Sums of a table [cell, what] by ``number`` and then over all and by group: shape [what, number, place]."""
    out = np.zeros((table.shape[1], number, 1 + sizes.sum()))
    for cell in range(len(table)):
        content = 0.0
        for what in range(table.shape[1]):
            content += table[cell, what]  # nothing in a cell is below 0
        if content == 0:
            continue
        rest, place = cell, out.shape[2]
        first = cell // (len(table) // number)
        for axis in range(len(sizes) - 1, -1, -1):
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
    for k in range(first, last):
        i = np.uintp(k)
        income += wage[i] + elsewhere[np.uintp(state[i])]
    return income + rest


@cache
def age_groups(dt: float) -> Array:
    """Place among the age groups by age in steps of ``dt`` years."""
    return np.searchsorted(AGES, np.arange(int(MOST_YEARS / dt)) * dt, side="right")


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
    return _households(households, size, earned, rest, w.state, w.wage)


@compiled
def _households(households: Array, size: int, elsewhere: Array, rest: float, state: Array, wage: Array) -> Array:
    """``household_income`` from the columns."""
    incomes = np.empty(len(households))
    for n in range(len(households)):
        first = households[n] * size
        incomes[n] = _household(first, min(first + size, len(state)), elsewhere, rest, state, wage)
    return incomes


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
    median, parts = _lorenz(np.asarray(count, float))
    return (median, float(1 - np.sum(parts))) if len(parts) else (0.0, 0.0)


@compiled
def _lorenz(count: Array) -> tuple[float, Array]:
    """The median, and by bin twice the area below the Lorenz curve; nothing where nobody is counted."""
    last = len(count)
    while last > 0 and count[last - 1] == 0:
        last -= 1
    total = money = people = before = 0.0
    for k in range(last):
        total += count[k]
        money += count[k] * (k + 0.5)
    parts, median, earned = np.empty(last), -1.0, 0.0
    for k in range(last):
        people += count[k]
        earned += count[k] * (k + 0.5)
        if median < 0 and people >= total / 2:
            median = k + (total / 2 - (people - count[k])) / count[k]
        parts[k] = count[k] / total * (earned / money + before)
        before = earned / money
    return median, parts
