"""What workers are paid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator.compiled import compiled
from simulator.state import MOST_YEARS, OPERATOR
from simulator.units import MILLION, MONTHS_PER_YEAR, Array, Number, Share, USDPerMonth, share_of

if TYPE_CHECKING:
    from simulator.model import GarmentModel
    from simulator.streams import Stream


def set_wages(model: GarmentModel, rng: Stream) -> None:
    """Each January the minimum wage moves operators' pay; shortage moves everybody's.

    1. The premium for a tight labour market rises by dt × ``wages.tightness_speed`` × (u less ``wages.tightness_norm``)
       and stays between 0 and ``wages.tightness_cap``. u is the share of operators' posts left open by the last
       ``hire``, 0 before the first; the bracket is held between -0.05 and 0.12 (*assumption*).
    2. The operator's wage follows from the minimum wage of the step, that of a year earlier, the outside wage and the
       premium (``operator_wage``). The world's minimum wage moves in January only.
    3. A technician earns ``wages.technician_ratio`` times it, an engineer ``wages.engineer_ratio`` times, and each of
       them times the scarcity of the skill (``measure_scarcity`` of the last step), held between
       ``wages.scarcity_least`` and ``wages.scarcity_most``, to the power of ``wages.scarcity_exponent``.
    4. The real wage is the operator's over the unit value. Its growth against a year ago, 0 in the first year, is
       smoothed over ``production.smoothing`` years: the wage growth that efficiency and reviews of machines read.
    """
    eco, par, now = model.economy, model.par.wages, model.now
    gap = min(max(eco.unfilled - par.tightness_norm, -0.05), 0.12)
    tightness = eco.tightness + model.dt * par.tightness_speed * gap
    eco.tightness = float(min(max(tightness, 0.0), par.tightness_cap))
    eco.operator_wage = float(
        operator_wage(
            minimum=now("minimum_wage"),
            minimum_before=now("minimum_wage_before"),
            outside=now("outside_wage"),
            earnings_factor=par.earnings_factor,
            pass_through=par.pass_through,
            benefits_floor=par.benefits_floor,
            outside_floor=par.outside_floor,
            tightness=eco.tightness,
        )
    )
    scarcity = np.minimum(np.maximum(eco.scarcity, par.scarcity_least), par.scarcity_most) ** par.scarcity_exponent
    eco.wages = eco.operator_wage * np.array(
        [1.0, par.technician_ratio * scarcity[0], par.engineer_ratio * scarcity[1]]
    )
    real = eco.operator_wage / now("unit_value")
    model.real_wages.append(real)
    a_year_ago = model.real_wages[max(0, len(model.real_wages) - 1 - model.steps_per_year)]
    growth = real / a_year_ago - 1.0 if len(model.real_wages) > model.steps_per_year else 0.0
    eco.wage_growth += (1 - np.exp(-model.dt / model.par.production.smoothing)) * (growth - eco.wage_growth)


def pay(model: GarmentModel, rng: Stream) -> None:
    r"""Everybody employed is paid by grade, ability, overtime, years in the factory and gender.

    .. math:: \ell_i = \mathrm{ability}_i\,\mathrm{overtime}_i\,(1 + p \min(T_i, \bar T))\,(1 - g\,[\mathrm{woman}_i]),
       \qquad w_i = w_k\, \ell_i / \bar\ell_k

    T years since hiring, p ``wages.tenure_premium``, its longest ``wages.tenure_years``, g ``wages.women_gap``. The
    mean level is taken over all who hold the job k, so the mean wage of each job is the one that ``set_wages`` set. The
    wage bill of a factory is the sum of its wages × people per agent × 12 / 10^6, in million USD a year. Its pay level
    is that bill over what its staff would get at the wages of their jobs, 1 without staff. Wages are kept as 32-bit
    numbers.
    """
    workers, factories, par = model.workers, model.factories, model.par.wages
    heads, levels = _levels(
        (par.tenure_premium, par.tenure_years, par.women_gap, model.dt), model.step_number, model.at_work, workers.wage,
        workers.job, workers.hired, workers.woman, workers.ability, workers.overtime,
    )  # fmt: skip
    scale = model.economy.wages / share_of(levels, heads, empty=1.0)
    bill = _scaled(
        scale.astype(np.float32), len(factories), model.at_work, workers.wage, workers.job, workers.factory
    ) * (model.weight * MONTHS_PER_YEAR / MILLION)  # fmt: skip
    factories.wage_bill[:] = bill
    # Of people, not of factories, so that the accounts can hold the two against each other.
    model.paid_wages = float(workers.wage.sum(dtype=float)) * model.weight * MONTHS_PER_YEAR * model.dt / MILLION
    schedule = (factories.staff @ model.economy.wages) * model.weight * MONTHS_PER_YEAR / MILLION
    factories.pay_level[:] = share_of(bill, schedule, empty=1.0)


@compiled
def _levels(
    terms: tuple[float, float, float, float], step: int, at_work: Array, wage: Array, job: Array, hired: Array,
    woman: Array, ability: Array, overtime: Array,
) -> tuple[Array, Array]:  # fmt: skip
    """The level of everybody at work, put where their wage will stand; heads and the sum of levels by job.

    ``terms`` holds the premium for a year, how many years have one, women's gap and dt.
    """
    a_year, years, gap, dt = terms
    premium = np.empty(int(MOST_YEARS / dt), np.float32)
    for steps in range(len(premium)):
        premium[steps] = 1 + a_year * min(steps * dt, years)
    man, her = np.float32(1.0), np.float32(1 - gap)
    heads, levels = np.zeros(3), np.zeros(3)
    operators, sum_ = 0, 0.0  # most are operators: their sum need not go through memory
    for row in at_work:
        i = np.uintp(row)  # a place that cannot be counted from the end is found faster
        level = ability[i] * overtime[i] * premium[np.uintp(step - hired[i])] * (her if woman[i] else man)
        wage[i] = level
        if job[i] == OPERATOR:
            operators += 1
            sum_ += level
        else:
            heads[job[i]] += 1
            levels[job[i]] += level
    heads[OPERATOR], levels[OPERATOR] = operators, sum_
    return heads, levels


@compiled
def _scaled(scale: Array, factories: int, at_work: Array, wage: Array, job: Array, factory: Array) -> Array:
    """Levels become wages, by the ``scale`` of their job; wages by factory."""
    bill = np.zeros(factories)
    for row in at_work:
        i = np.uintp(row)
        wage[i] *= scale[np.uintp(job[i])]
        bill[np.uintp(factory[i])] += wage[i]
    return bill


def operator_wage(
    *,
    minimum: USDPerMonth,
    minimum_before: USDPerMonth,
    outside: USDPerMonth,
    earnings_factor: Number,
    pass_through: Share,
    benefits_floor: Number,
    outside_floor: Number,
    tightness: Share,
) -> USDPerMonth:
    r"""Mean earnings of operators with overtime, USD a month.

    .. math:: w = \max(OT\, M_t^{\varepsilon} M_{t-1}^{1-\varepsilon},\; b M_t,\; f w_{out})\,(1 + \theta)

    OT ``wages.earnings_factor``, M the minimum wage now and a year earlier, epsilon ``wages.pass_through``, b
    ``wages.benefits_floor``, f ``wages.outside_floor``, w_out the outside wage, theta the premium for a tight labour
    market. Source: ``shoeint_2017``.

    >>> round(float(operator_wage(minimum=128, minimum_before=100, outside=118, earnings_factor=1.39, pass_through=0.75,
    ...                     benefits_floor=1.1, outside_floor=1.02, tightness=0.0)), 1)
    167.3
    """
    paid = earnings_factor * minimum**pass_through * minimum_before ** (1 - pass_through)
    return max(paid, benefits_floor * minimum, outside_floor * outside) * (1 + tightness)


def yearly_cost(model: GarmentModel, job: int) -> Array:
    r"""Cost of one head a year to each factory, 2015 USD: wages actually paid with contributions.

    .. math:: W_{fk} = 12\, w_k\, \mathrm{paylevel}_f\,(1 + s) / UV

    s ``wages.contributions``, UV the unit value.
    """
    monthly = model.economy.wages[job] * model.factories.pay_level
    return monthly * MONTHS_PER_YEAR * (1 + model.par.wages.contributions) / model.now("unit_value")
