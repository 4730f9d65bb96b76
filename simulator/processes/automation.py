"""When a factory takes one more step of automation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator.processes.production import finance, planned, real_rate
from simulator.processes.wages import yearly_cost
from simulator.state import ENGINEER, KH_OWNER, NOWHERE, OPERATOR, TECHNICIAN
from simulator.units import MILLION, Array, Number, per_step, share_of

if TYPE_CHECKING:
    from simulator.model import GarmentModel
    from simulator.streams import Stream

STEP = 1.0 / 8.0  # a stage is automated in eighths


def automate(model: GarmentModel, rng: Stream) -> None:
    """A factory that reviews its plant automates the best stage when saving, funds, skills and peers allow."""
    f, par, now = model.factories, model.par, model.now
    auto = par.automation
    uv = now("unit_value")
    step = np.clip(np.minimum(STEP, model.ceilings() - f.automation), 0.0, None)
    saving, outlay = saving_and_outlay(model, step)
    model.payback = payback_years(outlay=outlay, saving=saving, maintenance=auto.maintenance)
    charge = outlay * capital_recovery(real_rate(model), auto.machine_life)[:, None] + outlay * auto.maintenance
    worth = np.where(
        (step > 1e-6) & (saving > 0),
        np.log(np.maximum(saving, 1e-12)) - np.log(np.maximum(charge, 1e-12)),
        -np.inf,
    )
    stage = np.argmax(worth, axis=1)
    row = np.arange(len(f))
    foreign = f.owner != KH_OWNER
    squeeze = np.clip((par.pricing.markup - f.margin) / par.pricing.markup, 0.0, None)
    benefit = (
        worth[row, stage]
        - np.log(f.hurdle)
        - auto.relocation * squeeze * foreign
        + auto.peer * model.automation_by_tier()[f.tier]
        + auto.brand * f.brand_linked
    )
    chance = adoption_chance(benefit=benefit, noise=auto.noise, coverage=f.coverage[:, 0], gate=auto.skill_gate)
    price = outlay[row, stage] * planned(model) * uv / MILLION
    funds = (auto.funds_share + par.business.fintech_funds * par.business.fintech) * np.maximum(f.cash, 0.0)
    funds *= (1 + auto.subsidy_leverage * auto.subsidy) * np.where(f.brand_linked, auto.brand_funds, 1.0)
    funds *= par.public.reference_interest / auto.interest_rate
    able = f.open & (price <= funds) & (f.margin > auto.least_margin) & np.isfinite(benefit)
    reviews = rng.uniform(len(f), "review") < per_step(auto.review_rate, model.dt)
    adopts = able & reviews & (rng.uniform(len(f), "judgement") < chance)
    model.automated = np.where(adopts, stage, NOWHERE)
    _buy(model, np.flatnonzero(adopts), stage, step, outlay)


def _buy(model: GarmentModel, rows: Array, stage: Array, step: Array, outlay: Array) -> None:
    f, subsidy, uv = model.factories, model.par.automation.subsidy, model.now("unit_value")
    j = stage[rows]
    net = outlay[rows, j] * planned(model)[rows] * uv / MILLION
    gross = net / (1 - subsidy)
    f.automation[rows, j] += step[rows, j]
    f.units[rows, j] += share_of(gross, uv * model.now("robot_price"))
    f.machines[rows, j] += net
    f.automated_at[rows] = model.step_number
    cost = np.zeros(len(f))
    cost[rows] = net
    model.books.post("subsidy", np.bincount(rows, weights=gross - net, minlength=len(f)))
    model.books.post("machines_bought", np.bincount(rows, weights=gross, minlength=len(f)))
    finance(model, cost)


def saving_and_outlay(model: GarmentModel, step: Array) -> tuple[Array, Array]:
    """Yearly saving and price of one more step in each stage, USD of 2015 per million USD of output a year."""
    f, par, now = model.factories, model.par, model.now
    auto, pro = par.automation, par.production
    uv = now("unit_value")
    base = (pro.operators / np.maximum(f.effective, 1e-9))[:, None]
    moved = model.stage_weights[f.goods] * step
    fewer = base * moved * model.labour_saved
    useful = auto.unskilled_yield + (1 - auto.unskilled_yield) * f.coverage[:, :1]
    wage = yearly_cost(model, OPERATOR)[:, None] * max(0.0, 1 + model.economy.wage_growth) ** auto.foresight
    saving = fewer * useful * wage
    saving -= base * pro.technicians_automated * moved * yearly_cost(model, TECHNICIAN)[:, None]
    saving -= base * pro.engineers_automated * moved * yearly_cost(model, ENGINEER)[:, None]
    saving += MILLION * moved * (auto.quality + auto.brand_quality * f.brand_linked)[:, None]
    saving -= (
        MILLION * pro.energy * pro.energy_intensity * moved * now("energy_price") / par.energy.reference_price / uv
    )
    outage = par.energy.outage if model.policy_started else par.energy.outage_before
    saving -= MILLION * pro.outage_loss * pro.outage_automated * outage * moved
    outlay = step_price(
        heads=fewer,
        cost=model.step_costs(),
        price=now("robot_price"),
        convexity=auto.convexity,
        automation=f.automation,
        subsidy=auto.subsidy,
        surcharge=auto.installation * (1 - par.infrastructure.broadband),
    )
    return saving, outlay


def step_price(
    *,
    heads: Number,
    cost: Number,
    price: Number,
    convexity: Number,
    automation: Number,
    subsidy: Number,
    surcharge: Number,
) -> Number:
    r"""Price of machines that replace ``heads`` operators in a stage.

    .. math:: I = \Delta L\,\kappa\,P_R\,(1 + \xi a)(1 - s)(1 + i)

    >>> round(float(step_price(heads=5.0, cost=24_000, price=0.6, convexity=2.0, automation=0.25, subsidy=0.0,
    ...                        surcharge=0.2)))
    129600
    """
    return heads * cost * price * (1 + convexity * automation) * (1 - subsidy) * (1 + surcharge)


def capital_recovery(rate: Number, years: Number) -> Number:
    """Yearly payment that repays one dollar with interest over ``years``.

    >>> round(float(capital_recovery(0.10, 8.0)), 4)
    0.1874
    """
    return rate / (1 - (1 + rate) ** -years)


def adoption_chance(*, benefit: Number, noise: Number, coverage: Number, gate: Number) -> Number:
    r"""Probability that a reviewing factory takes the step.

    .. math:: P = \sigma(b/\sigma_{ad})\, c^{\psi}

    >>> round(float(adoption_chance(benefit=0.35, noise=0.35, coverage=0.8, gate=2.0)), 4)
    0.4679
    """
    return coverage**gate / (1 + np.exp(-np.clip(np.asarray(benefit, float) / noise, -50, 50)))


def payback_years(*, outlay: Array, saving: Array, maintenance: Number) -> Array:
    """Years in which a step repays itself; infinite where upkeep eats the saving, nan where no step is left.

    >>> payback_years(outlay=np.array([100.0, 100.0]), saving=np.array([26.0, 5.0]), maintenance=0.06)
    array([ 5., inf])
    """
    net = saving - maintenance * outlay
    years = np.divide(outlay, net, out=np.full(np.shape(net), np.inf), where=net > 0)
    return np.where(outlay > 0, years, np.nan)
