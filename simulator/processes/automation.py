"""When a factory takes one more step of automation."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from simulator.compiled import compiled
from simulator.processes.production import finance, planned, real_rate
from simulator.processes.wages import yearly_cost
from simulator.state import ENGINEER, KH_OWNER, NOWHERE, OPERATOR, TECHNICIAN
from simulator.streams import luck
from simulator.units import MILLION, Array, Number

if TYPE_CHECKING:
    from simulator.model import GarmentModel
    from simulator.streams import Stream

STEP = 1.0 / 8.0  # a stage is automated in eighths


def automate(model: GarmentModel, rng: Stream) -> None:
    r"""A factory that reviews its plant automates the best stage when saving, funds, skills and peers allow.

    1. The next step of each stage is an eighth (*assumption*), or what is left below the technical ceiling: the
       world's, in sewing × ``goods sewing_ceiling_factor`` (``ceilings``).
    2. ``saving_and_outlay`` gives each step's yearly saving S and price I. Its charge is I × (``capital_recovery`` at
       the factory's ``real_rate`` over ``automation.machine_life`` + ``automation.maintenance``).
    3. The best stage has the largest ln S - ln charge among those with a step left and a saving above 0; of equals the
       first of cut, sew, finish, pack. Without such a stage there is no adoption.
    4. The benefit of that step:

    .. math:: b = \ln S - \ln charge - \ln h - \rho\,\max(0, \tfrac{\mu - m}{\mu})\,[foreign] + p\,\bar a_{tier}
              + \beta\,[brand\ linked]

    h the factory's ``hurdle``, rho ``automation.relocation`` (a squeezed foreign owner would rather move than invest),
    mu ``pricing.markup``, m the smoothed margin, p ``automation.peer``, the plain mean of installed automation over
    open factories of the tier, beta ``automation.brand``.

    5. The price of the step for the planned output, I × ``planned`` × UV / 10^6 in million USD, must not exceed funds:

    .. math:: F = (f + f_t x)\max(cash, 0)\,(1 + \lambda s)\,[B\ if\ brand\ linked]\; i_0 / i

    f ``automation.funds_share``, f_t ``business.fintech_funds``, x ``business.fintech``, lambda
    ``automation.subsidy_leverage``, s ``automation.subsidy``, B ``automation.brand_funds``, i_0
    ``public.reference_interest``, i ``automation.interest_rate``. The margin must lie above
    ``automation.least_margin``.

    6. An open factory reviews with the chance ``automation.review_rate`` × dt: reviews come again, so that it is their
       number a year that must not hang on the length of a step. If it is able (5), it takes the step with
       ``adoption_chance``. One step in one stage a quarter at most; nothing is ever taken back on purpose.
    7. The buyer pays (``_buy``).
    """
    f, par = model.factories, model.par
    auto = par.automation
    step, saving, outlay = saving_and_outlay(model)
    model.payback = payback_years(outlay=outlay, saving=saving, maintenance=auto.maintenance)
    chance = auto.review_rate * model.dt
    rows = _reviewing(rng.key("review"), chance, auto.least_margin, f.open, f.number, f.margin)
    recovery = capital_recovery(real_rate(model)[rows], auto.machine_life) + auto.maintenance
    logs = np.log(_weighed(rows, saving, outlay, recovery))
    part = auto.funds_share + par.business.fintech_funds * par.business.fintech
    part *= (1 + auto.subsidy_leverage * auto.subsidy) * par.public.reference_interest / auto.interest_rate
    (rows, stage), (benefit, price) = _choose(
        rows,
        logs,
        (step, saving, outlay),
        (f.hurdle, f.margin, f.cash, planned(model)),
        (f.owner, f.brand_linked, f.tier),
        model.automation_by_tier(),
        (par.pricing.markup, auto.relocation, auto.peer, auto.brand, part, auto.brand_funds),
        model.now("unit_value") / MILLION,
    )
    chance = adoption_chance(benefit=benefit, noise=auto.noise, coverage=f.coverage[rows, 0], gate=auto.skill_gate)
    adopts = rng.uniform(f.number[rows], "judgement") < chance
    rows, stage = rows[adopts], stage[adopts]
    model.automated = np.full(len(f), NOWHERE)
    model.automated[rows] = stage
    if len(rows):
        _buy(model, rows, stage, step[rows, stage], price[adopts])


@compiled
def _reviewing(
    key: np.uint64, chance: float, least_margin: float, is_open: Array, number: Array, margin: Array
) -> Array:
    """Open factories that review and have the margin for a step."""
    rows, count = np.empty(len(is_open), np.intp), 0
    for i in range(len(is_open)):
        if is_open[i] and margin[i] > least_margin and luck(key, number[i]) < chance:
            rows[count] = i
            count += 1
    return rows[:count]


@compiled
def _weighed(rows: Array, saving: Array, outlay: Array, recovery: Array) -> Array:
    """Saving and charge of each stage of ``rows``, at least 1e-12, for a charge of ``recovery`` on the price."""
    out = np.empty((2, len(rows), saving.shape[1]))
    for i in range(len(rows)):
        for j in range(saving.shape[1]):
            out[0, i, j] = max(saving[rows[i], j], 1e-12)
            out[1, i, j] = max(outlay[rows[i], j] * recovery[i], 1e-12)
    return out


@compiled
def _choose(
    rows: Array,
    logs: Array,
    steps: tuple[Array, Array, Array],
    columns: tuple[Array, Array, Array, Array],
    kinds: tuple[Array, Array, Array],
    peers: Array,
    numbers: tuple[float, float, float, float, float, float],
    unit: float,
) -> tuple[Array, Array]:
    """Those of ``rows`` that are able and their best stage; their benefit and price: steps 3 to 5 of ``automate``.

    ``logs`` are those of ``_weighed``. The fifth of ``numbers`` is the part of cash that may
    be spent without a brand; a price of a step times output times ``unit`` is one in million USD.
    """
    step, saving, outlay = steps
    hurdle, margin, cash, output = columns
    owner, brand_linked, tier = kinds
    markup, relocation, peer, brand, part, brand_funds = numbers
    able, terms, count = np.empty((2, len(rows)), np.intp), np.empty((2, len(rows))), 0
    for i in range(len(rows)):
        row, best, most = rows[i], 0, -np.inf
        for j in range(step.shape[1]):
            gain = logs[0, i, j] - logs[1, i, j]
            if step[row, j] > 1e-6 and saving[row, j] > 0 and gain > most:
                best, most = j, gain
        worth = most - math.log(hurdle[row]) + peer * peers[tier[row]]
        if owner[row] != KH_OWNER:
            worth -= relocation * max((markup - margin[row]) / markup, 0.0)
        cost = outlay[row, best] * unit * output[row]
        funds = part * max(cash[row], 0.0)
        if brand_linked[row]:
            worth += brand
            funds *= brand_funds
        if cost <= funds and math.isfinite(worth):
            able[0, count], able[1, count] = row, best
            terms[0, count], terms[1, count] = worth, cost
            count += 1
    return able[:, :count], terms[:, :count]


def _buy(model: GarmentModel, rows: Array, j: Array, step: Array, net: Array) -> None:
    """Machines arrive at once and are paid from spare cash and loans.

    The net price P is that of step 5, the gross price P / (1 - ``automation.subsidy``); the difference is the public
    subsidy. The stage's automation rises by the step, ``units`` by the gross price over robot price and UV, book value
    by the net price. The factory pays the net price (``finance``). The step is noted for ``lay_off``.
    """
    f, subsidy, uv = model.factories, model.par.automation.subsidy, model.now("unit_value")
    cost = _install(
        rows, j, step, net, 1 - subsidy, uv * model.now("robot_price"),
        (f.automation, f.units, f.machines), (model.books["subsidy"], model.books["machines_bought"]),
    )  # fmt: skip
    f.automated_at[rows] = model.step_number
    finance(model, cost)


@compiled
def _install(
    rows: Array, stage: Array, step: Array, net: Array, paid: float, unit: float, stages: tuple[Array, Array, Array],
    posted: tuple[Array, Array],
) -> Array:  # fmt: skip
    """``_buy`` on the columns and the ledger; what each factory pays. ``unit`` is the price of a unit of machines."""
    automation, units, machines = stages
    subsidies, bought = posted
    cost = np.zeros(len(automation))
    for i in range(len(rows)):
        row, j, gross = rows[i], stage[i], net[i] / paid
        automation[row, j] += step[i]
        units[row, j] += gross / unit if unit > 0 else 0.0
        machines[row, j] += net[i]
        subsidies[row] += gross - net[i]
        bought[row] += gross
        cost[row] = net[i]
    return cost


def saving_and_outlay(model: GarmentModel) -> tuple[Array, Array, Array]:
    r"""Yearly saving and price of one more step in each stage, USD of 2015 per million USD of output a year.

    Step, saving and price have shape [factory, stage]; 0 in a closed factory.

    .. math:: S_j = \Delta L_j\,(y + (1-y)\,c_{te})\,W_{op}(1+g)^{n}
              - \tfrac{L_{15}}{E}\omega_j\Delta_j(\tau_A W_{te} + \epsilon_A W_{en})
              + 10^6\,\omega_j\Delta_j\,\Big(z - e\,\epsilon\,\tfrac{p_e}{p_{15}UV} - \lambda_o\lambda_a\,outage\Big)

    .. math:: \Delta L_j = \tfrac{L_{15}}{E}\,\omega_j\rho_j\Delta_j

    Delta the step, L_15 ``production.operators``, E effective efficiency, omega and rho as in ``tasks_per_output``, y
    ``automation.unskilled_yield``, c_te the factory's coverage of technicians, W yearly cost of a head
    (``yearly_cost``), g smoothed growth of real wages, n ``automation.foresight``, tau_A
    ``production.technicians_automated``, epsilon_A ``production.engineers_automated``, z ``automation.quality`` plus,
    if brand linked, ``automation.brand_quality``, e ``production.energy``, epsilon ``production.energy_intensity``, p_e
    electricity price, p_15 ``energy.reference_price``, lambda_o ``production.outage_loss``, lambda_a
    ``production.outage_automated``, outage ``energy.outage`` (``energy.outage_before`` to 2024). The price is
    ``step_price`` for the operators replaced.
    """
    f, par, now = model.factories, model.par, model.now
    auto, pro = par.automation, par.production
    growth = max(0.0, 1 + model.economy.wage_growth) ** auto.foresight
    ratio = model.economy.wages / model.economy.wages[OPERATOR]  # the same in every factory
    skilled = pro.technicians_automated * ratio[TECHNICIAN] + pro.engineers_automated * ratio[ENGINEER]
    outage = par.energy.outage if model.policy_started else par.energy.outage_before
    power = pro.energy * pro.energy_intensity * now("energy_price") / par.energy.reference_price / now("unit_value")
    worse = power + pro.outage_loss * pro.outage_automated * outage
    step, fewer, saving = _next_steps(
        f.open,
        f.goods,
        f.automation,
        (model.ceilings(), model.stage_weights),
        model.labour_saved,
        (f.effective, yearly_cost(model, OPERATOR)),
        f.coverage,
        f.brand_linked,
        (pro.operators, auto.unskilled_yield, growth, skilled, auto.quality, auto.brand_quality, worse),
    )
    outlay = step_price(
        heads=fewer,
        cost=model.step_costs(),
        price=now("robot_price"),
        convexity=auto.convexity,
        automation=f.automation,
        subsidy=auto.subsidy,
        surcharge=auto.installation * (1 - par.infrastructure.broadband),
    )
    return step, saving, outlay


@compiled
def _next_steps(
    is_open: Array,
    goods: Array,
    automation: Array,
    by_goods: tuple[Array, Array],
    labour_saved: Array,
    columns: tuple[Array, Array],
    coverage: Array,
    brand_linked: Array,
    numbers: tuple[float, float, float, float, float, float, float],
) -> Array:
    """Next step, operators replaced and saving, by factory and stage; 0 in a closed factory.

    ``by_goods`` holds ceilings and omega, ``columns`` E and W_op, ``numbers`` L_15, y, the growth of wages, the last
    bracket of the second term over W_op, z, ``automation.brand_quality``, and what is taken off z.
    """
    limits, weights = by_goods
    effective, cost = columns
    operators, unskilled, growth, skilled, quality, brand_quality, worse = numbers
    out = np.zeros((3, *automation.shape))
    step, fewer, saving = out[0], out[1], out[2]
    for i in range(len(is_open)):
        if not is_open[i]:
            continue
        heads = operators / max(effective[i], 1e-9)
        saved = (unskilled + (1 - unskilled) * coverage[i, 0]) * (cost[i] * growth)
        other = MILLION * (quality + brand_quality * brand_linked[i] - worse) - heads * (cost[i] * skilled)
        for j in range(automation.shape[1]):
            step[i, j] = max(min(STEP, limits[goods[i], j] - automation[i, j]), 0.0)
            moved = weights[goods[i], j] * step[i, j]
            fewer[i, j] = heads * moved * labour_saved[j]
            saving[i, j] = fewer[i, j] * saved + moved * other
    return out


def step_price(
    *,
    heads: Array,
    cost: Array,
    price: float,
    convexity: float,
    automation: Array,
    subsidy: float,
    surcharge: float,
) -> Array:
    r"""Price of machines that replace ``heads`` operators in a stage.

    .. math:: I = \Delta L\,\kappa\,P_R\,(1 + \xi a)(1 - s)(1 + i)

    kappa ``automation.step_cost_cut``, ``automation.step_cost_sew``, ``automation.step_cost_finish`` or
    ``automation.step_cost_pack``, P_R the world's robot price, xi ``automation.convexity``, a the stage's automation
    before the step, s ``automation.subsidy``, i ``automation.installation`` × (1 - ``infrastructure.broadband``).

    >>> step_price(heads=np.array([[5.0]]), cost=np.array([24_000.0]), price=0.6, convexity=2.0,
    ...            automation=np.array([[0.25]]), subsidy=0.0, surcharge=0.2).round()
    array([[129600.]])
    """
    return _prices(heads, cost, price, convexity, automation, 1 - subsidy, 1 + surcharge)


@compiled
def _prices(
    heads: Array, cost: Array, price: float, convexity: float, automation: Array, paid: float, installed: float
) -> Array:
    """``step_price`` by factory and stage."""
    out = np.empty(heads.shape)
    for i in range(heads.shape[0]):
        for j in range(heads.shape[1]):
            out[i, j] = heads[i, j] * cost[j] * price * (1 + convexity * automation[i, j]) * paid * installed
    return out


def capital_recovery(rate: Number, years: Number) -> Number:
    """Yearly payment that repays one dollar with interest over ``years``.

    .. math:: r / (1 - (1 + r)^{-n})

    >>> round(float(capital_recovery(0.10, 8.0)), 4)
    0.1874
    """
    return rate / (1 - (1 + rate) ** -years)


def adoption_chance(*, benefit: Number, noise: Number, coverage: Number, gate: Number) -> Number:
    r"""Probability that a reviewing factory takes the step.

    .. math:: P = \sigma(b/\sigma_{ad})\, c^{\psi}

    sigma the logistic function, b the benefit, sigma_ad ``automation.noise``, c the factory's coverage of technicians,
    psi ``automation.skill_gate``.

    >>> round(float(adoption_chance(benefit=0.35, noise=0.35, coverage=0.8, gate=2.0)), 4)
    0.4679
    """
    return coverage**gate / (1 + np.exp(-np.minimum(np.maximum(np.asarray(benefit, float) / noise, -50), 50)))


def payback_years(*, outlay: Array, saving: Array, maintenance: Number) -> Array:
    """Years in which a step repays itself; infinite where upkeep eats the saving, nan where no step is left.

    Price over saving less ``automation.maintenance`` × price. Only observed; no decision reads it.

    >>> payback_years(outlay=np.array([100.0, 100.0]), saving=np.array([26.0, 5.0]), maintenance=0.06)
    array([ 5., inf])
    """
    return _years(outlay, saving, maintenance)


@compiled
def _years(outlay: Array, saving: Array, maintenance: float) -> Array:
    """``payback_years`` one by one."""
    years = np.empty(outlay.shape)
    for i in range(outlay.size):
        price, net = outlay.flat[i], saving.flat[i] - maintenance * outlay.flat[i]
        years.flat[i] = np.nan if price <= 0 else price / net if net > 0 else np.inf
    return years
