"""What a factory needs, makes, spends and earns in a quarter."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulator.compiled import compiled
from simulator.processes.wages import yearly_cost
from simulator.state import ENGINEER, JOBS, KH_OWNER, OPERATOR, STAGES, TECHNICIAN, TECHNICIAN_SKILL
from simulator.units import MILLION, MONTHS_PER_YEAR, QUARTER, Array, Number, Refused, Share

if TYPE_CHECKING:
    from simulator.model import GarmentModel
    from simulator.streams import Stream


UNCHANGED = np.ones(3)  # a factor by tier


@dataclass
class Plan:
    """What staff was planned for, kept to explain changes of employment: output, efficiency, tasks."""

    output: Array
    efficiency: Array
    tasks: Array


def set_technology(model: GarmentModel, rng: Stream) -> None:
    r"""Skills decide what machines and lines deliver this quarter; lean methods spread slowly.

    1. The efficiency of open factories grows by ``efficiency_growth``, at the speed of their ``tier learning_factor``.
    2. Coverage of technicians and engineers is measured on the needs and posts of the last step (``measure_coverage``).
    3. Effective efficiency takes in learning, training and new hands:

    .. math:: E^{eff} = E\,(1 - \ell e^{-age/\tau})\,(1 + g_t\sqrt{M/M_0}\; trained)\,
              (1 + g_s \min(1, n\,graduates))\,(1 - \nu\,novices)

    age in years since opening, l ``production.new_gap``, tau ``production.learning_years``, g_t
    ``skills.trained_gain``, M ``skills.training_months``, M_0 ``skills.reference_months``, g_s
    ``skills.supervisor_gain``, n ``skills.supervisor_span``, nu ``skills.novice_loss``; trained, graduates and novices
    as the last ``assess_staff`` left them.

    4. Each stage works with the share that machines have there times what machines deliver, given the factory's
       coverage of technicians c_te and engineers c_en:

    .. math:: y = u + (1 - u)\min(c_{te},\; 0.5 + 0.5\,c_{en})

    u ``automation.unskilled_yield``. That engineers matter by half is an *assumption*.
    """
    par, eco = model.par, model.economy
    pro = par.production
    growth = efficiency_growth(
        trend=pro.trend,
        wage_induced=pro.wage_induced,
        wage_growth=eco.wage_growth,
        norm=pro.wage_norm,
        cap=pro.wage_growth_cap,
        speed=model.tiers["learning_factor"],
        research=par.innovation.efficiency_gain * par.innovation.research,
    )
    deliver(model, np.exp(growth * model.dt))


def deliver(model: GarmentModel, growth: Array = UNCHANGED) -> None:
    """What lines and machines deliver with the people that factories have: steps 2 to 4 of ``set_technology``.

    The opening state needs it too, without any growth. Closed factories keep what they last had. ``growth`` is a
    factor on efficiency by tier.
    """
    f, par = model.factories, model.par
    pro, skills = par.production, par.skills
    measure_coverage(model)
    gain = np.sqrt(skills.training_months / skills.reference_months)
    _deliver(
        f.open, f.tier, f.opened, f.trained, f.graduates, f.novices, f.automation, f.coverage,
        growth, model.step_number, model.dt, (pro.new_gap, pro.learning_years),
        (skills.trained_gain * gain, skills.supervisor_gain, skills.supervisor_span, skills.novice_loss),
        par.automation.unskilled_yield, f.efficiency, f.effective, f.working,
    )  # fmt: skip


@compiled
def _deliver(
    is_open: Array, tier: Array, opened: Array, trained: Array, graduates: Array, novices: Array, automation: Array,
    coverage: Array, growth: Array, step: int, dt: float, learning: tuple[float, float],
    skills: tuple[float, float, float, float], unskilled: float, efficiency: Array, effective: Array, working: Array,
) -> None:  # fmt: skip
    """``set_technology`` on the columns, of which the last three change.

    ``learning`` holds l and tau of the formula, ``skills`` the gain of training, g_s, n and nu.
    """
    gap, years = learning
    trained_gain, supervisor_gain, span, novice_loss = skills
    for i in range(len(is_open)):
        if not is_open[i]:
            continue
        efficiency[i] *= growth[tier[i]]
        effective[i] = (
            efficiency[i]
            * (1 - gap * math.exp(-((step - opened[i]) * dt) / years))
            * (1 + trained_gain * trained[i])
            * (1 + supervisor_gain * min(1.0, span * graduates[i]))
            * (1 - novice_loss * novices[i])
        )
        delivered = machine_yield(coverage[i, 0], coverage[i, 1], unskilled)
        for j in range(len(STAGES)):
            working[i, j] = automation[i, j] * delivered


@compiled
def machine_yield(technicians: Share, engineers: Share, unskilled: Share) -> Share:
    """What installed machines deliver, given the coverage of technicians and engineers.

    >>> round(machine_yield(0.6, 1.0, 0.35), 4)
    0.74
    """
    return unskilled + (1 - unskilled) * min(technicians, 0.5 + 0.5 * engineers)


def measure_coverage(model: GarmentModel) -> None:
    r"""Technicians and engineers employed over those needed: sector, cell of goods and tier, factory.

    By the share of posts filled, so that the rounding of posts to agents is no shortage. For each of the two jobs, a
    factory has ``needed`` × ``filled`` people and needs ``needed``; closed factories count for nothing. The sector's
    coverage is the sum of the first over the sum of the second, at most 1, and 1 where nobody is needed. A cell's is
    pulled towards the sector's with ``skills.coverage_cell`` people, a factory's towards its cell's with
    ``skills.coverage_factory`` people; both numbers grow by ``skills.coverage_agents`` × people per agent:

    .. math:: c = \min(1, (have + n\,c_0) / (need + n))

    n these people, c_0 the coverage of the larger group. A factory that needs ten technicians may hold one agent of
    fifty people or none: its own ratio says little.
    """
    f, eco, skills = model.factories, model.economy, model.par.skills
    grain = skills.coverage_agents * model.weight  # few agents say little, however many people they stand for
    _cover(
        f.open, f.goods, f.tier, f.needed, filled(model), skills.coverage_cell + grain, skills.coverage_factory + grain,
        eco.coverage_all, eco.coverage, f.coverage,
    )  # fmt: skip


@compiled
def _cover(
    is_open: Array, goods: Array, tier: Array, needed: Array, share: Array, of_cell: float, of_factory: float,
    sector: Array, cells: Array, own: Array,
) -> None:  # fmt: skip
    """``measure_coverage`` on the columns, of which the last three change."""
    for k, job in enumerate((TECHNICIAN, ENGINEER)):
        need, have = np.zeros(9), np.zeros(9)
        for i in range(len(is_open)):
            if is_open[i]:
                cell = goods[i] * 3 + tier[i]
                need[cell] += needed[i, job]
                have[cell] += needed[i, job] * share[i, job]
        all_need, all_have = _of_nine(need), _of_nine(have)
        sector[k] = min(1.0, all_have / all_need) if all_need > 0 else 1.0
        for cell in range(9):
            cells[cell, k] = shrunk(have[cell], need[cell], sector[k], of_cell)
        for i in range(len(is_open)):
            if is_open[i]:
                there = needed[i, job] * share[i, job]
                own[i, k] = shrunk(there, needed[i, job], cells[goods[i] * 3 + tier[i], k], of_factory)


@compiled
def _of_nine(cells: Array) -> float:
    """The sum over the nine cells, added in the order in which NumPy adds."""
    a, b, c, d, e, f, g, h, i = cells
    return (((a + b) + (c + d)) + ((e + f) + (g + h))) + i


@compiled
def shrunk(have: Number, need: Number, prior: Number, people: float) -> Number:
    """Coverage of a small group, pulled towards that of the larger one it belongs to.

    >>> round(shrunk(50.0, 100.0, 0.8, 100.0), 4)
    0.65
    """
    return min(1.0, (have + people * prior) / (need + people))


def plan_staff(model: GarmentModel, rng: Stream) -> None:
    """A factory opens the posts that its planned output needs.

    Needed people by job are heads for a million USD of output a year (``unit_cost``) × ``planned``, 0 in a closed
    factory. Posts are whole agents: needed
    over people per agent plus the factory's fixed ``rounding`` for the job (uniform, drawn at its opening), rounded
    down. Over many factories posts so add up to needs whatever an agent stands for. Output, effective efficiency and
    tasks are kept as the plan that explains changes of employment.
    """
    f = model.factories
    output, tasks, operators = planned(model), tasks_per_output(model), model.par.production.operators
    _open_posts(f.open, tasks, operators, f.effective, output, model.weight, f.rounding, f.needed, f.posts)
    model.plan = Plan(output, f.effective.copy(), tasks)


@compiled
def _open_posts(
    is_open: Array, tasks: Array, operators: float, effective: Array, output: Array, agent: float, rounding: Array,
    needed: Array, posts: Array,
) -> None:  # fmt: skip
    """Needed people by job and posts in whole agents, an ``agent`` so many people, written into the last two."""
    for i in range(len(is_open)):
        for k in range(len(JOBS)):
            needed[i, k] = _heads(tasks[i, k], operators, effective[i]) * output[i] if is_open[i] else 0.0
            posts[i, k] = math.floor(needed[i, k] / agent + rounding[i, k])


def produce(model: GarmentModel, rng: Stream) -> None:
    r"""Factories make what was ordered as far as their operators get; the rest goes to other countries.

    .. math:: y_f = \min(accepted_f,\; planned_f\, \phi_{f,op}\, dt\,(1 + h))

    phi the share of operators' posts that is filled (``filled``), h ``production.hours_slack``. Missing technicians and
    engineers do not limit output here; they act through coverage. A closed factory makes nothing. Then orders are split
    into shipped and diverted (``ship``).
    """
    f = model.factories
    hours = model.dt * (1 + model.par.production.hours_slack)
    _make(f.open, f.accepted, planned(model), filled(model), hours, f.output)
    model.orders.ship(model)


@compiled
def _make(is_open: Array, accepted: Array, output: Array, share: Array, hours: float, made: Array) -> None:
    """``produce`` on the columns, of which the last changes."""
    for i in range(len(is_open)):
        made[i] = min(accepted[i], output[i] * share[i, OPERATOR] * hours) if is_open[i] else 0.0


def filled(model: GarmentModel) -> Array:
    """Share of posts that are filled, shape [factory, job]; where a job is too small for one agent, the sector's.

    The smaller of staff and posts over posts. The sector's ratio over open factories, 1 where there are no posts,
    stands in where a factory has none. Posts are whole agents, needs are people: output and the margin that decisions
    read follow the people, so that a factory's fate does not hang on how many people an agent stands for.
    """
    f = model.factories
    return _filled(f.open, f.staff, f.posts)


@compiled
def _filled(is_open: Array, staff: Array, posts: Array) -> Array:
    """``filled`` from the columns."""
    out, there, wanted = np.empty(posts.shape), np.zeros(len(JOBS)), np.zeros(len(JOBS))
    for i in range(len(is_open)):
        for k in range(len(JOBS)):
            if is_open[i]:
                there[k] += min(staff[i, k], posts[i, k])
                wanted[k] += posts[i, k]
    for k in range(len(JOBS)):
        there[k] = there[k] / wanted[k] if wanted[k] > 0 else 1.0
    for i in range(len(is_open)):
        for k in range(len(JOBS)):
            out[i, k] = min(staff[i, k], posts[i, k]) / posts[i, k] if posts[i, k] > 0 else there[k]
    return out


def rounding_pay(model: GarmentModel) -> Array:
    """Wages a year that a factory pays only because its staff is counted in whole agents, million USD.

    The wage bill less what the exact people would cost at the factory's pay level: ``needed`` × ``filled`` people, and
    staff beyond posts in full.
    """
    f = model.factories
    return _rounding_pay(
        f.needed, filled(model), f.staff, f.posts, model.weight, model.economy.wages, f.pay_level, f.wage_bill
    )


@compiled
def _rounding_pay(
    needed: Array, share: Array, staff: Array, posts: Array, agent: float, wages: Array, level: Array, bill: Array
) -> Array:
    """``rounding_pay`` from the columns."""
    out = np.empty(len(needed))
    for i in range(len(needed)):
        usual = 0.0
        for k in range(len(JOBS)):
            usual += (needed[i, k] * share[i, k] + max(staff[i, k] - posts[i, k], 0) * agent) * wages[k]
        out[i] = bill[i] - usual * level[i] * MONTHS_PER_YEAR / MILLION
    return out


def keep_books(model: GarmentModel, rng: Stream) -> None:
    """Revenue is earned and spent; profit is what the ledger says.

    Each line is posted by factory, in nominal million USD for the step. V output, UV unit value, q quote.

    1. Revenue UV q V.
    2. Imported materials m (1 - h) UV V and domestic ones m h UV V; m ``production.materials``, h
       ``value_chain.domestic_materials`` × ``value_chain.upgrading``.
    3. Energy: ``production.energy`` × electricity used (``unit_cost``) × electricity price / ``energy.reference_price``
       × V, without UV because the price is nominal.
    4. Overhead: ``overhead`` × ``overhead_factor`` × UV V. Outage: loss by stoppages (``unit_cost``) × UV V.
    5. Wages: the wage bill of ``pay`` × dt. Contributions: ``wages.contributions`` × wages.
    6. Maintenance: ``automation.maintenance`` × book value of machines × dt.
    7. Depreciation: plant / ``production.plant_life`` × dt and machines / ``automation.machine_life`` × dt, on book
       values at the start; both are then written down by it.
    8. Interest: ``nominal_rate`` × dt × (loans and overdraft). An overdraft is cash below 0.
    9. Profit before tax is revenue less lines 2 to 8. Tax: ``public.profit_tax`` × profit where it is positive; losses
       are not carried forward.
    10. Repaid: loans × dt / ``automation.machine_life``.
    11. Cash grows by profit and depreciation, less tax and repayments.
    12. Worn machines and plant are replaced (``_replace``).
    13. Dividends: of cash above ``quarter_costs`` an open factory pays out the share 1 - exp(-``factories.dividends``
        dt).
    14. Margin and utilisation are smoothed (``_smooth``).

    Later in the step follow subsidy, purchases and loans (``automate``, ``adjust_capacity``), scrapped and settled
    values (``adjust_capacity``, ``leave``) and the equity of new factories (``enter``). What is scrapped lowers the
    profit of the step in the accounts, but neither tax nor the smoothed margin. Nothing keeps cash from falling
    below 0: an overdraft costs interest, and poor margins end a factory through ``leave``.
    """
    f, par, books, dt = model.factories, model.par, model.books, model.dt
    pro, uv = par.production, model.now("unit_value")
    home = par.value_chain.domestic_materials * par.value_chain.upgrading
    worn, aged = dt / par.automation.machine_life, dt / pro.plant_life
    profit = _earn(
        f.output, f.quote, model.installed(), f.wage_bill, nominal_rate(model), f.plant, f.machines, f.loans, f.cash,
        (uv, dt, worn, aged),
        (
            pro.materials * (1 - home),
            pro.materials * home,
            pro.energy * model.now("energy_price") / par.energy.reference_price,
            overhead(par) * overhead_factor(par.business),
            par.wages.contributions * dt,
            par.automation.maintenance * dt,
            par.public.profit_tax,
        ),
        _of_machines(model),
        books["revenue"], books["imported_materials"], books["domestic_materials"], books["energy"], books["overhead"],
        books["outage"], books["wages"], books["contributions"], books["maintenance"], books["depreciation"],
        books["scrapped"], books["interest"], books["tax"], books["repaid"],
    )  # fmt: skip
    _replace(model)
    share = 1 - np.exp(-par.factories.dividends * dt)
    _pay_out(f.open, quarter_costs(model), share, f.cash, books["dividends"])
    _smooth(model, profit)


@compiled
def _earn(
    output: Array, quote: Array, installed: Array, bill: Array, rate: Array, plant: Array, machines: Array,
    loans: Array, cash: Array, step: tuple[float, ...], terms: tuple[float, ...], of_machines: tuple[float, ...],
    revenue: Array, imported: Array, domestic: Array, energy: Array, overheads: Array, outage: Array, wages: Array,
    contributions: Array, maintenance: Array, depreciation: Array, scrapped: Array, interest: Array, tax: Array,
    repaid: Array,
) -> Array:  # fmt: skip
    """Lines 1 to 11 of ``keep_books`` by factory, posted to the flows named last: profit before tax.

    ``step`` holds the unit value, dt and the parts of machines and plant that are due; ``terms`` what goes for
    materials and energy, for overhead, for contributions, for maintenance and for tax.
    """
    unit_value, dt, worn, aged = step
    abroad, at_home, power, over, contributed, maintained, taxed = terms
    profit = np.empty(len(output))
    for i in range(len(output)):
        value, book = unit_value * output[i], 0.0
        for j in range(len(STAGES)):
            book += machines[i, j]
            machines[i, j] *= 1 - worn
        revenue[i] += quote[i] * value
        imported[i] += abroad * value
        domestic[i] += at_home * value
        energy[i] += power * _energy_use(installed[i], of_machines) * output[i]
        overheads[i] += over * value
        outage[i] += _outage_loss(installed[i], of_machines) * value
        wages[i] += bill[i] * dt
        contributions[i] += contributed * bill[i]
        maintenance[i] += maintained * book
        depreciation[i] += aged * plant[i] + worn * book
        interest[i] += dt * rate[i] * (loans[i] + max(0.0, -cash[i]))
        plant[i] *= 1 - aged
        uses = imported[i] + domestic[i] + energy[i] + overheads[i] + maintenance[i] + outage[i]  # as the ledger adds
        uses = uses + wages[i] + contributions[i] + depreciation[i] + scrapped[i] + interest[i]
        profit[i] = revenue[i] - uses
        levied, paid_back = taxed * max(profit[i], 0.0), loans[i] * worn
        tax[i] += levied
        repaid[i] += paid_back
        loans[i] -= paid_back
        cash[i] += profit[i] + depreciation[i] - levied - paid_back
    return profit


@compiled
def _pay_out(is_open: Array, wanted: Array, share: float, cash: Array, dividends: Array) -> None:
    """Line 13 of ``keep_books``, posted to the last: a ``share`` of the cash above what is ``wanted`` is paid out."""
    for i in range(len(is_open)):
        if is_open[i]:
            paid = share * max(0.0, cash[i] - wanted[i])
            dividends[i] += paid
            cash[i] -= paid


def _replace(model: GarmentModel) -> None:
    """Worn machines and plant are replaced at today's price as far as cash allows.

    Replacing everything costs, in a step, machines (``units`` × robot price × UV × dt / ``automation.machine_life``)
    and plant (``production.plant`` × capacity × UV × dt / ``production.plant_life``). The paid share p is cash over
    that cost, between 0 and 1; an overdraft pays nothing. Book values and cash move by p times the cost. What is not
    paid is lost: automation and units of every stage shrink by (1 - p) dt / ``automation.machine_life``, capacity by
    (1 - p) dt / ``production.plant_life``.
    """
    f, par, uv = model.factories, model.par, model.now("unit_value")
    worn, aged = model.dt / par.automation.machine_life, model.dt / par.production.plant_life
    machine, plant = model.now("robot_price") * uv * worn, par.production.plant * uv * aged
    stocks = (f.units, f.machines, f.automation, f.capacity, f.plant, f.cash)
    _renew(f.open, worn, aged, machine, plant, *stocks, model.books["replacement"])


@compiled
def _renew(
    is_open: Array,
    worn: float,
    aged: float,
    machine: float,
    plant: float,
    units: Array,
    machines: Array,
    automation: Array,
    capacity: Array,
    book: Array,
    cash: Array,
    replacement: Array,
) -> None:
    """``_replace`` on the columns, which change; what each factory pays is posted to the last.

    ``worn`` and ``aged`` are the parts of machines and plant that are due, ``machine`` and ``plant`` what they cost for
    a unit and for capacity.
    """
    for i in range(len(is_open)):
        if not is_open[i]:
            continue
        cost = plant * capacity[i]
        for j in range(len(STAGES)):
            cost += machine * units[i, j]
        paid = min(max(cash[i], 0.0) / cost, 1.0) if cost > 0 else 0.0
        replacement[i] += cost * paid
        cash[i] -= cost * paid
        book[i] += plant * capacity[i] * paid
        for j in range(len(STAGES)):
            machines[i, j] += machine * units[i, j] * paid
            automation[i, j] *= 1 - (1 - paid) * worn
            units[i, j] *= 1 - (1 - paid) * worn
        capacity[i] *= 1 - (1 - paid) * aged


def _smooth(model: GarmentModel, profit: Array) -> None:
    """A factory remembers its margin and its use of capacity over ``production.smoothing`` years.

    The new margin is profit plus the pay that stems from rounding alone (``rounding_pay`` × dt × (1 +
    ``wages.contributions``)), over revenue or, where that is more, over 1 % of full capacity. The new use is output a
    year over capacity. Closed factories keep their last margin.
    """
    f = model.factories
    weight = 1 - np.exp(-model.dt / model.par.production.smoothing)
    rounding, part = rounding_pay(model), model.dt * (1 + model.par.wages.contributions)
    least = 0.01 * model.dt * model.now("unit_value")
    state = (f.open, f.capacity, f.output, f.margin, f.utilisation)
    _remember(profit, rounding, part, model.books["revenue"], least, weight, model.dt, *state)


@compiled
def _remember(
    profit: Array,
    rounding: Array,
    part: float,
    revenue: Array,
    least: float,
    weight: float,
    dt: float,
    is_open: Array,
    capacity: Array,
    output: Array,
    margin: Array,
    utilisation: Array,
) -> None:
    """``_smooth`` on the columns, of which the last two change; ``least`` is the least revenue for a capacity of 1."""
    for i in range(len(is_open)):
        if is_open[i]:
            scale = max(revenue[i], least * capacity[i])
            now = (profit[i] + rounding[i] * part) / scale if scale > 0 else 0.0
            use = output[i] / dt / capacity[i] if capacity[i] > 0 else 0.0
            margin[i] += weight * (now - margin[i])
            utilisation[i] += weight * (use - utilisation[i])


def unit_cost(model: GarmentModel) -> Array:
    r"""Cost of one USD of 2015 of product.

    .. math:: c = m + \sum_k L_k W_k / 10^6 + e\frac{kWh}{kWh_0}\frac{p_e}{p_{15}}\frac1{UV} + o + loss + capital

    m ``production.materials``, L heads by job for a million USD a year, W their yearly cost (``yearly_cost``), e
    ``production.energy``, p_e the electricity price, p_15 ``energy.reference_price``, o ``overhead`` ×
    ``overhead_factor``.

    Heads are ``production.operators`` over effective efficiency, times ``tasks_per_output``.

    Electricity for a unit of product over that of manual work, kWh/kWh_0, is 1 + ``production.energy_intensity`` ×
    installed automation.

    Material wasted by stoppages, loss, is ``production.outage_loss`` × hours × (``production.outage_manual`` +
    ``production.outage_automated`` × installed). Hours without electricity are ``energy.outage`` from 2025 on,
    ``energy.outage_before`` earlier.

    Depreciation of plant, and depreciation, interest and maintenance of machines, capital, are

    .. math:: \frac{\kappa}{life\,\max(u, 0.5)} + \frac{M\,(1/life_M + r + a)}{\max(expected, 0.5 K)\,UV}

    kappa ``production.plant``, life ``production.plant_life``, u utilisation, M book value of machines, life_M
    ``automation.machine_life``, r ``real_rate``, a ``automation.maintenance``, K capacity. The two halves keep an idle
    factory's cost finite (*assumption*).
    """
    f, par, uv = model.factories, model.par, model.now("unit_value")
    pro, auto = par.production, par.automation
    ratio = model.economy.wages / model.economy.wages[OPERATOR]  # the same in every factory
    return _unit_cost(
        model.installed(), tasks_per_output(model), f.effective, yearly_cost(model, OPERATOR), real_rate(model),
        f.utilisation, f.expected, f.capacity, f.machines, pro.operators, (ratio[TECHNICIAN], ratio[ENGINEER]),
        _of_machines(model),
        (
            pro.materials + overhead(par) * overhead_factor(par.business),
            pro.energy * model.now("energy_price") / par.energy.reference_price / uv,
            pro.plant / pro.plant_life,
            1 / auto.machine_life,
            auto.maintenance,
            uv,
        ),
    )  # fmt: skip


@compiled
def _unit_cost(
    installed: Array, tasks: Array, effective: Array, wage: Array, rate: Array, utilisation: Array, expected: Array,
    capacity: Array, machines: Array, operators: float, ratio: tuple[float, float],
    of_machines: tuple[float, ...], terms: tuple[float, ...],
) -> Array:  # fmt: skip
    """``unit_cost`` from the columns; ``terms``: materials and overhead, energy, plant, worn, maintenance, UV."""
    fixed, energy, plant, worn, maintenance, unit_value = terms
    out = np.empty(len(installed))
    for i in range(len(out)):
        heads = _heads(tasks[i, OPERATOR], operators, effective[i])
        heads += _heads(tasks[i, TECHNICIAN], operators, effective[i]) * ratio[0]
        heads += _heads(tasks[i, ENGINEER], operators, effective[i]) * ratio[1]
        book = 0.0
        for j in range(len(STAGES)):
            book += machines[i, j]
        output = max(expected[i], 0.5 * capacity[i]) * unit_value
        of_book = book * (worn + rate[i] + maintenance) / output if output > 0 else 0.0
        capital = plant / max(utilisation[i], 0.5) + of_book
        other = fixed + _outage_loss(installed[i], of_machines)
        out[i] = other + heads * wage[i] / MILLION + energy * _energy_use(installed[i], of_machines) + capital
    return out


@compiled
def _heads(tasks: float, operators: float, efficiency: float) -> float:
    """Heads for a million USD a year where ``operators`` do it by hand at an efficiency of 1."""
    return operators / max(efficiency, 1e-9) * tasks


def _of_machines(model: GarmentModel) -> tuple[float, float, float, float]:
    """What electricity and its stoppages cost by automation: intensity, hours lost, by hand, automated."""
    pro = model.par.production
    outage = model.par.energy.outage if model.policy_started else model.par.energy.outage_before
    return pro.energy_intensity, pro.outage_loss * outage, pro.outage_manual, pro.outage_automated


@compiled
def _energy_use(installed: float, of_machines: tuple[float, ...]) -> float:
    """Electricity for a unit of product over that of manual work."""
    return 1 + of_machines[0] * installed


@compiled
def _outage_loss(installed: float, of_machines: tuple[float, ...]) -> float:
    """Material wasted by stoppages per USD of product; automated lines lose more."""
    return of_machines[1] * (of_machines[2] + of_machines[3] * installed)


def tasks_per_output(model: GarmentModel) -> Array:
    r"""Work for a unit of output in operators of manual work: what machines take, and add for the skilled.

    .. math:: L_{op} = \frac{L_{15}}{E}\Big(1 - \sum_j \omega_j \rho_j a_j\Big),\quad
              L_{te} = \frac{L_{15}}{E}\Big(\tau_0 + \tau_A \sum_j \omega_j a_j\Big)

    The tasks are the brackets, shape [factory, job]; L heads for a million USD a year, L_15 ``production.operators``, E
    effective efficiency.

    Operators 1 less the sum over stages j of weight × labour saved × working automation; technicians
    ``production.technicians`` + ``production.technicians_automated`` × installed; engineers ``production.engineers`` +
    ``production.engineers_automated`` × installed. Weights omega and labour saved rho are ``goods weight_cut``,
    ``goods weight_sew``, ``goods weight_finish``, ``goods weight_pack`` and ``stage labour_saved``. Operators are
    replaced by machines that work, the skilled are needed by all that are installed.
    """
    f, pro = model.factories, model.par.production
    skilled = (pro.technicians, pro.technicians_automated), (pro.engineers, pro.engineers_automated)
    return _tasks(model.stage_weights, model.labour_saved, f.goods, f.automation, f.working, skilled)


@compiled
def _tasks(
    weights: Array, saved: Array, goods: Array, automation: Array, working: Array,
    skilled: tuple[tuple[float, float], tuple[float, float]],
) -> Array:  # fmt: skip
    """``tasks_per_output`` from the columns."""
    by_hand, by_machine = weighted(weights * saved, goods, working), weighted(weights, goods, automation)
    out = np.empty((len(goods), 3))
    for i in range(len(goods)):
        out[i, OPERATOR] = 1 - by_hand[i]
        out[i, TECHNICIAN] = skilled[0][0] + skilled[0][1] * by_machine[i]
        out[i, ENGINEER] = skilled[1][0] + skilled[1][1] * by_machine[i]
    return out


@compiled
def weighted(weights: Array, goods: Array, levels: Array) -> Array:
    """The sum over the four stages of each factory's levels, times the weights [goods, stage] of its goods."""
    out = np.empty(len(goods))
    for i in range(len(goods)):
        w, a = weights[goods[i]], levels[i]
        out[i] = (w[0] * a[0] + w[2] * a[2]) + (w[1] * a[1] + w[3] * a[3])
    return out


def planned(model: GarmentModel) -> Array:
    """Planned output, million USD of 2015 a year; never below 1 % of capacity.

    That is ``expected``, the smoothed orders that ``allocate_orders`` leaves.
    """
    f = model.factories
    return np.maximum(f.expected, 0.01 * f.capacity)


def overhead(par: Number) -> float:
    """Rent, clearance and fees per USD of product: the balance that makes the shares of 2015 add to one.

    One less ``production.materials``, ``production.wages`` with ``wages.contributions``, ``production.energy``,
    ``production.plant`` / ``production.plant_life`` / ``factories.utilisation``, ``production.machines``,
    ``production.outage`` and mu / (1 + mu), mu ``pricing.markup``. Refused where a draw leaves less than 0.02.
    """
    pro = par.production
    plant = pro.plant / pro.plant_life / par.factories.utilisation
    known = pro.materials + pro.wages * (1 + par.wages.contributions) + pro.energy + plant + pro.machines + pro.outage
    balance = 1 - known - par.pricing.markup / (1 + par.pricing.markup)
    if balance < 0.02:
        raise Refused(f"cost shares leave {balance:.3f} for overhead; at least 0.02 is needed")
    return balance


def overhead_factor(business: Number) -> float:
    """What digital services leave of overhead.

    1 less ``business.overhead_saving`` × ``business.e_government`` and ``business.fintech_overhead`` ×
    ``business.fintech``.
    """
    return 1 - business.overhead_saving * business.e_government - business.fintech_overhead * business.fintech


def nominal_rate(model: GarmentModel) -> Array:
    """Interest each factory pays, nominal, a year.

    ``automation.interest_rate``, the ``tier interest_spread`` and, for Cambodian owners,
    ``automation.domestic_spread``; not below 0.
    """
    f, auto = model.factories, model.par.automation
    return _rates(f.tier, f.owner, auto.interest_rate, model.tiers["interest_spread"], auto.domestic_spread)


@compiled
def _rates(tier: Array, owner: Array, rate: float, spread: Array, domestic: float) -> Array:
    """``nominal_rate`` from the columns."""
    out = np.empty(len(tier))
    for i in range(len(tier)):
        out[i] = max(0.0, rate + (spread[tier[i]] + (domestic if owner[i] == KH_OWNER else 0.0)))
    return out


def real_rate(model: GarmentModel) -> Array:
    """The same net of the growth of unit values ``world.price_growth``; not below half a per cent (*assumption*)."""
    return np.maximum(0.005, nominal_rate(model) - model.par.world.price_growth)


def quarter_costs(model: GarmentModel) -> Array:
    """What a factory spends in a quarter of a year, million USD: the cash it wants to hold.

    A quarter of ``unit_cost`` (of this step's ``set_quotes``) × ``planned`` × UV, also where a step is a month.
    """
    f = model.factories
    return QUARTER * f.unit_cost * planned(model) * model.now("unit_value")


def finance(model: GarmentModel, cost: Array) -> None:
    """Pay ``cost`` (million USD) from cash above one quarter's costs, the rest by a loan.

    Nobody is refused a loan here. Interest is that of ``nominal_rate``, whenever the loan was taken.
    """
    f = model.factories
    own = np.minimum(cost, np.maximum(0.0, f.cash - quarter_costs(model)))
    borrowed = cost - own
    model.books.post("borrowed", borrowed)
    f.loans += borrowed
    f.cash -= own


def count_staff(model: GarmentModel) -> None:
    """Head counts by factory and job, taken afresh from the workers."""
    f, workers = model.factories, model.workers
    cell = workers.factory[model.at_work].astype(np.intp) * 3 + workers.job[model.at_work]
    f.staff[:] = np.bincount(cell, minlength=3 * len(f)).reshape(-1, 3)


def assess_staff(model: GarmentModel) -> None:
    """Who of a factory's staff is trained or new to the job.

    Each over the factory's operators (1 where it has none). Trained: operators whose last public course ended within
    ``skills.trained_memory`` years. Graduates: technicians by job and skill with such a course. Novices: operators
    hired less than ``skills.novice_months`` months ago, each by the part of a coming step for which that holds (months
    left over months in a step, at most 1).
    """
    f, workers, skills = model.factories, model.workers, model.par.skills
    months = np.arange(int(skills.novice_months / (MONTHS_PER_YEAR * model.dt)) + 1) * (MONTHS_PER_YEAR * model.dt)
    slow = np.clip((skills.novice_months - months) / (MONTHS_PER_YEAR * model.dt), 0.0, 1.0)
    since = model.step_number - skills.trained_memory / model.dt
    found = _trained_and_new(
        len(f), since, slow, model.step_number,
        model.at_work, workers.factory, workers.job, workers.skill, workers.hired, workers.trained_at,
    )  # fmt: skip
    f.trained[:], f.graduates[:], f.novices[:] = found / np.maximum(f.staff[:, OPERATOR], 1)


@compiled
def _trained_and_new(
    factories: int, since: float, slow: Array, step: int, at_work: Array, factory: Array, job: Array, skill: Array,
    hired: Array, trained_at: Array,
) -> Array:  # fmt: skip
    """By factory: operators trained after ``since``, such technicians, operators new to the job by ``slow``."""
    found = np.zeros((3, factories))
    for i in at_work:
        at = np.uintp(factory[i])
        if job[i] == OPERATOR:
            found[0, at] += trained_at[i] > since
            if step - hired[i] < len(slow):
                found[2, at] += slow[step - hired[i]]
        elif job[i] == TECHNICIAN and skill[i] == TECHNICIAN_SKILL:
            found[1, at] += trained_at[i] > since
    return found


def efficiency_growth(
    *,
    trend: Number,
    wage_induced: Number,
    wage_growth: Number,
    norm: Number,
    cap: Number,
    speed: Number,
    research: Number,
) -> Number:
    r"""Growth of efficiency a year.

    .. math:: \dot E/E = g_0 + g_1\,\mathrm{clip}(\hat g_w - g_n, 0, g_{max})\,s + r

    g_0 ``production.trend``, g_1 ``production.wage_induced``, g_w the smoothed growth of real wages, g_n
    ``production.wage_norm``, g_max ``production.wage_growth_cap``, s the tier's speed, r
    ``innovation.efficiency_gain`` × ``innovation.research``.

    >>> round(float(efficiency_growth(trend=0.016, wage_induced=0.2, wage_growth=0.07, norm=0.02, cap=0.12,
    ...                               speed=1.0, research=0.0)), 3)
    0.026
    """
    return trend + wage_induced * min(max(wage_growth - norm, 0.0), cap) * speed + research
