"""Capacity, and factories that close, move away or open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import pdtrik

from simulator.compiled import compiled
from simulator.processes.production import finance, quarter_costs
from simulator.processes.workers import displace
from simulator.state import AUT, GOODS, KH, KH_OWNER, ORIGINS
from simulator.streams import luck
from simulator.units import MILLION, Array, Number, per_step, share_of

if TYPE_CHECKING:
    from simulator.model import GarmentModel
    from simulator.streams import Stream

ROUNDED_UP = 1 + 1e-9  # for a bound that must hold whatever the last digit


def adjust_capacity(model: GarmentModel, rng: Stream) -> None:
    r"""Busy factories that earn grow, idle ones shrink; growth brings its share of machines.

    .. math:: K \leftarrow K\,\exp\big(dt\;\mathrm{clip}(g\,(u - u^*), -g_-, g_+)\big)

    g ``factories.growth_speed``, u smoothed utilisation, u* ``factories.utilisation``, g_- ``factories.shrink_most``,
    g_+ ``factories.growth_most``. A factory whose margin does not exceed ``factories.growth_margin`` does not grow; a
    closed one does neither.

    Growth by a factor costs ``production.plant`` × new capacity × UV for plant, and as large a part of its machines at
    today's robot price; it is paid by ``finance`` without asking whether funds suffice. Shrinking writes off that part
    of the book value of plant and machines and pays nothing. Shares of automation stay as they are.
    """
    f, par, dt = model.factories, model.par.factories, model.dt
    bounds = (par.growth_speed, par.utilisation, par.shrink_most, par.growth_most, par.growth_margin)
    factor = np.exp(_growth(f.open, f.utilisation, f.margin, bounds) * dt)
    prices = (model.par.production.plant, model.now("robot_price"), model.now("unit_value"))
    cost, scrapped = _resize(f.open, factor, f.capacity, f.plant, f.machines, f.units, prices)
    model.books.post("capacity_bought", cost)
    model.books.post("scrapped", scrapped)
    finance(model, cost)
    f.capacity *= factor


@compiled
def _growth(
    is_open: Array, utilisation: Array, margin: Array, bounds: tuple[float, float, float, float, float]
) -> Array:
    """Growth of capacity a year; ``bounds`` holds g, u*, g_-, g_+ and the margin of ``adjust_capacity``."""
    speed, usual, shrink_most, growth_most, least_margin = bounds
    rate = np.zeros(len(is_open))
    for i in range(len(is_open)):
        if is_open[i]:
            wanted = min(max(speed * (utilisation[i] - usual), -shrink_most), growth_most)
            if wanted <= 0 or margin[i] > least_margin:
                rate[i] = wanted
    return rate


@compiled
def _resize(
    is_open: Array,
    factor: Array,
    capacity: Array,
    plant: Array,
    machines: Array,
    units: Array,
    prices: tuple[float, float, float],
) -> tuple[Array, Array]:
    """Plant, machines and units grow or shrink by their factors: what that costs, what is written off.

    Prices are those of plant for a unit of capacity, of machines, and the unit value.
    """
    plant_price, machine_price, unit_value = prices
    cost, scrapped = np.zeros(len(capacity)), np.zeros(len(capacity))
    for i in range(len(is_open)):
        if not is_open[i]:
            continue
        more, less = max(factor[i] - 1, 0.0), max(1 - factor[i], 0.0)
        bought = plant_price * capacity[i] * more * unit_value
        plant[i] += bought
        bought_machines = book = 0.0
        for j in range(units.shape[1]):
            new = units[i, j] * more * machine_price * unit_value
            bought_machines += new
            machines[i, j] += new
            book += machines[i, j]
            machines[i, j] *= 1 - less
            units[i, j] *= factor[i]
        cost[i] = bought + bought_machines
        scrapped[i] = less * (plant[i] + book)
        plant[i] *= 1 - less
    return cost, scrapped


def leave(model: GarmentModel, rng: Stream) -> None:
    r"""Factories that earn too little close; footloose foreign owners move to where landed cost is lowest.

    1. Every open factory leaves at the hazard ``exit_rate`` of its smoothed margin. The factor k is its
       ``tier exit_factor``, for Cambodian owners × ``ownership.domestic_exit``.
    2. Who leaves and has plants in other countries moves, rather than closes, with chance

    .. math:: \sigma\big(s\,(\ln C_{KH} - \ln \min_{o} C_o)\big)

    s ``factories.relocation_sensitivity``, C landed cost of the goods, the mean over their buyers weighted by spending
    (plain if they spend nothing), o the five rival countries without makers near the market.

    3. Where it moves is drawn by ``destinations``. The appeal of that origin to all buyers is multiplied for good by
       1 + the capacity that moved there (× UV) over the origin's sales a year.
    4. All that leave are wound up (``wind_up``).
    """
    f, par = model.factories, model.par
    most = per_step(par.factories.exit_rate * par.factories.exit_most, model.dt) * ROUNDED_UP
    rows, (u, margin, factor) = _may_leave(
        rng.key("exit"), most, model.tiers["exit_factor"], par.ownership.domestic_exit,
        f.open, f.number, f.tier, f.owner, f.margin,
    )  # fmt: skip
    rate = exit_rate(
        margin=margin,
        markup=par.pricing.markup,
        usual=par.factories.exit_rate,
        sensitivity=par.factories.exit_sensitivity,
        least=par.factories.exit_least,
        most=par.factories.exit_most,
        factor=factor,
    )
    rows = rows[u < per_step(rate, model.dt)]
    model.leaving, model.moving = np.zeros((2, len(f)), bool)
    model.leaving[rows] = True
    rows = rows[f.multinational[rows]]
    if len(rows):
        landed = np.log(model.landed_by_goods())
        abroad, response = landed[:, KH + 1 : AUT], par.factories.relocation_sensitivity
        chance = 1 / (1 + np.exp(-response * (landed[:, KH] - abroad.min(axis=1))))
        rows = rows[rng.uniform(f.number[rows], "relocation") < chance[f.goods[rows]]]
        model.moving[rows] = True
        to = KH + 1 + destinations(rng, f.number[rows], response * abroad[f.goods[rows]])
        f.moved_to[rows] = to
        moved = np.bincount(to, weights=f.capacity[rows], minlength=len(ORIGINS)) * model.now("unit_value")
        model.economy.gained_appeal *= 1 + share_of(moved, model.origin_sales)
    wind_up(model, model.leaving)


@compiled
def _may_leave(
    key: np.uint64, most: float, by_tier: Array, domestic: float, is_open: Array, number: Array, tier: Array,
    owner: Array, margin: Array,
) -> tuple[Array, Array]:  # fmt: skip
    """Open factories that would leave if the chance were ``most``: rows; their luck, margin and k."""
    rows, found, count = np.empty(len(is_open), np.intp), np.empty((3, len(is_open))), 0
    for i in range(len(is_open)):
        if is_open[i]:
            u = luck(key, number[i])
            if u < most:
                rows[count] = i
                found[0, count], found[1, count] = u, margin[i]
                found[2, count] = by_tier[tier[i]] * (domestic if owner[i] == KH_OWNER else 1.0)
                count += 1
    return rows[:count], found[:, :count]


def destinations(rng: Stream, number: Array, cost: Array) -> Array:
    """Place of the origin each factory moves to: a logit in the log of landed cost times the response ``cost``.

    The rival country with the largest Gumbel number (row: number of the factory × 5 + place of the country from 0) less
    ``factories.relocation_sensitivity`` × ln C. Owners know their own plants abroad, which the mean cost of an origin
    does not show.
    """
    places = number[:, None] * cost.shape[1] + np.arange(cost.shape[1])
    return (rng.gumbel(places.ravel(), "destination").reshape(cost.shape) - cost).argmax(axis=1)


def wind_up(model: GarmentModel, goes: Array) -> None:
    """Staff are displaced, plant and machines written off, cash and loans settled with owner and lenders.

    The ledger posts the book value as scrapped, cash less loans as settled with the owner, who so bears a loss, and
    loans as settled with lenders. The row stays, closed, with capacity, money, machines, orders and utilisation at 0;
    from the next step on a factory that opens may take it.
    """
    f, workers, books = model.factories, model.workers, model.books
    rows = np.flatnonzero(goes)
    people = _staff_of(model.at_work, workers.factory, goes, int(f.staff[rows].sum()))
    model.people["closures"] = len(people)
    displace(model, people)
    _write_off(
        rows, (f.machines, f.units, f.automation, f.working), (f.capacity, f.expected, f.accepted, f.utilisation),
        f.cash, f.loans, f.plant, books["scrapped"], books["settled"], books["loans_settled"],
    )  # fmt: skip
    f.open[rows] = f.brand_linked[rows] = False


@compiled
def _write_off(
    rows: Array, stages: tuple[Array, Array, Array, Array], columns: tuple[Array, Array, Array, Array], cash: Array,
    loans: Array, plant: Array, scrapped: Array, settled: Array, loans_settled: Array,
) -> None:  # fmt: skip
    """The money of ``wind_up``, posted into the last three; machines come first among what is kept by stage."""
    for i in rows:
        book = 0.0
        for j in range(stages[0].shape[1]):
            book += stages[0][i, j]
            for levels in stages:
                levels[i, j] = 0.0
        scrapped[i] += plant[i] + book
        settled[i] += cash[i] - loans[i]
        loans_settled[i] += loans[i]
        cash[i] = loans[i] = plant[i] = 0.0
        for column in columns:
            column[i] = 0.0


@compiled
def _staff_of(at_work: Array, factory: Array, goes: Array, people: int) -> Array:
    """Rows of the ``people`` employed in the factories that go."""
    rows, number = np.empty(people, np.intp), 0
    for i in at_work:
        if number == people:
            break
        at = factory[i]
        if at >= 0 and goes[at]:
            rows[number] = i
            number += 1
    return rows[:number]


def exit_rate(
    *,
    margin: Number,
    markup: Number,
    usual: Number,
    sensitivity: Number,
    least: Number,
    most: Number,
    factor: Number,
) -> Number:
    r"""Yearly hazard of leaving.

    .. math:: x = x_0\,\mathrm{clip}(e^{-b(m-\mu)} k, x_{min}, x_{max})

    x_0 ``factories.exit_rate``, b ``factories.exit_sensitivity``, m smoothed margin, mu ``pricing.markup``, x_min
    ``factories.exit_least``, x_max ``factories.exit_most``.

    >>> round(float(exit_rate(margin=0.0, markup=0.07, usual=0.05, sensitivity=14.0, least=0.2, most=13.0,
    ...                       factor=1.0)), 3)
    0.133
    """
    squeeze = np.minimum(np.maximum(-sensitivity * (np.asarray(margin) - markup), -50), 50)
    return usual * np.minimum(np.maximum(np.exp(squeeze) * factor, least), most)


def enter(model: GarmentModel, rng: Stream) -> None:
    """New factories come where orders press on capacity and margins are good, after the time papers take.

    1. The sector's mean margin weighs open factories by their revenue in the step; 0 if there is none.
    2. Pressure by goods is the orders asked for a year (load of the first round in ``allocate_orders``) over capacity ×
       ``factories.utilisation``, at most ``factories.entry_pressure_cap``, which also holds where there is no capacity.
       It enters to the power of ``factories.entry_pressure``.
    3. Applications a year by goods are ``entry_rate`` e; over all goods at most ``factories.entry_most`` ×
       ``factories.opening``, cut in proportion. Base e_0 N is ``factories.entry_rate`` × ``factories.opening`` × (open
       factories of the goods + 1) / (all open factories + 3); gain is (1 + ``business.entry_gain`` ×
       ``business.e_government``) (1 + ``business.attraction_gain`` × ``business.investor_attraction``).
    4. Applications × dt join a queue by goods (empty at first), of which the part 1 - exp(-365 dt / days) is ready.
       Days go from ``business.entry_days`` to ``business.entry_days_digital`` as ``business.e_government`` goes from 0
       to 1.
    5. What is ready leaves the queue; the number that opens is Poisson with that mean (``poisson_quantile`` of one
       uniform number for each goods).
    6. They open (``open_factories``); their first orders and staff come in the next step.
    """
    f, eco, par, dt = model.factories, model.economy, model.par, model.dt
    number, capacity, earned = _by_goods(f.open, f.goods, f.capacity, f.margin, model.books["revenue"], len(GOODS))
    profit, revenue = earned.sum(axis=1).tolist()
    eco.mean_margin = profit / revenue if revenue > 0 else 0.0
    most = par.factories.entry_pressure_cap
    wanted = zip(model.orders.asked.tolist(), (capacity * par.factories.utilisation).tolist(), strict=True)
    pressure = np.array([min(asked / room, most) if room > 0 else most for asked, room in wanted])
    gain = 1 + par.business.entry_gain * par.business.e_government
    gain *= 1 + par.business.attraction_gain * par.business.investor_attraction
    mean = entry_rate(
        base=par.factories.entry_rate * par.factories.opening * (number + 1) / (number.sum() + len(GOODS)),
        margin=eco.mean_margin,
        markup=par.pricing.markup,
        sensitivity=par.factories.entry_sensitivity,
        pressure=pressure**par.factories.entry_pressure,
        gain=gain,
    )
    most = par.factories.entry_most * par.factories.opening
    eco.entry_queue += mean * min(1.0, most / max(mean.sum(), 1e-9)) * dt
    days = (
        par.business.entry_days
        + (par.business.entry_days_digital - par.business.entry_days) * par.business.e_government
    )
    ready = eco.entry_queue * (1 - np.exp(-dt * 365.0 / days))
    eco.entry_queue -= ready
    counts = poisson_quantile(rng.uniform(len(GOODS), "number"), ready)
    model.opened = np.empty(0, np.intp)
    if counts.any():
        model.opened = open_factories(model, rng, np.repeat(np.arange(len(GOODS)), counts))


@compiled
def _by_goods(
    is_open: Array, goods: Array, capacity: Array, margin: Array, revenue: Array, number: int
) -> tuple[Array, Array, Array]:
    """Number and capacity of open factories by goods; of each, in two rows, margin times revenue, and revenue."""
    count, total = np.zeros(number, np.int64), np.zeros(number)
    earned, here = np.empty((2, len(is_open))), 0
    for i in range(len(is_open)):
        if is_open[i]:
            count[goods[i]] += 1
            total[goods[i]] += capacity[i]
            earned[0, here], earned[1, here] = margin[i] * revenue[i], revenue[i]
            here += 1
    return count, total, earned[:, :here]


def entry_rate(
    *, base: Array, margin: Number, markup: Number, sensitivity: Number, pressure: Array, gain: Number
) -> Array:
    r"""New factories a year.

    .. math:: e = e_0 N\, e^{b_e(m-\mu)}\, p\, (1+g)

    e_0 N ``base``, b_e ``factories.entry_sensitivity``, m the sector's margin, mu ``pricing.markup``, p pressure, 1 + g
    ``gain``.

    >>> entry_rate(base=np.array([108.0]), margin=0.07, markup=0.07, sensitivity=8.0, pressure=np.array([1.0]),
    ...            gain=1.0)
    array([108.])
    """
    return base * np.exp(sensitivity * (margin - markup)) * pressure * gain


def poisson_quantile(u: Array, mean: Array) -> Array:
    """Smallest count whose cumulative Poisson probability reaches ``u``.

    >>> poisson_quantile(np.array([0.5, 0.9, 0.01]), np.array([3.0, 0.0, 3.0]))
    array([3, 0, 0])
    """
    return np.where(u <= np.exp(-mean), 0.0, np.ceil(pdtrik(u, mean))).astype(np.intp)


def open_factories(model: GarmentModel, rng: Stream, goods: Array) -> Array:
    """Open one factory for each entry of ``goods``; entrants look like incumbents, but smaller and new.

    Means are those of open factories before anybody enters.

    1. A row, described by ``describe``: first those of factories that closed before this step, then new ones. The owner
       is Cambodian with chance ``ownership.domestic_share``, else drawn from ``owner entrant_share``; only foreign
       owners may have plants elsewhere.
    2. Capacity: ``factories.entry_size`` × mean capacity (``factories.capacity`` if nobody is left) × ``size_factor``.
    3. Efficiency: the mean weighted by capacity (1 if nobody is left) × exp(``production.efficiency_sd`` × a normal
       number).
    4. Automation by stage: the mean of the goods weighted by capacity × exp(s N - s²/2), s ``factories.entry_noise``, N
       normal, up to the ceiling.
    5. Margin mu / (1 + mu), mu ``pricing.markup``; utilisation ``factories.utilisation``; expected orders
       ``factories.entry_use`` × that × capacity; effective efficiency × (1 - ``production.new_gap``); coverage of its
       cell; price the reference, unit cost 1 until the next ``set_quotes``.
    6. ``equip`` gives plant and machines. The owner pays for them and puts in one quarter's costs as cash; both are
       equity.
    """
    f, par = model.factories, model.par
    live, stock, automated = _stock(f.open, f.goods, f.capacity, f.efficiency, f.automation, len(GOODS))
    mean_capacity = float(live.sum() / len(live)) if len(live) else par.factories.capacity
    total = stock.sum(axis=1)
    efficiency = float(total[0] / total[1]) if total[1] > 0 else 1.0
    rows = f.take(np.flatnonzero(~(f.open | model.leaving)), len(goods))
    describe(model, rng, rows, goods)
    uniform, normal = rng.draws(
        f.number[rows],
        uniform=("domestic", "owner"),
        normal=("efficiency", "automation 0", "automation 1", "automation 2", "automation 3"),
    )
    sd, use = par.factories.entry_noise, par.factories.utilisation
    _begin(
        rows,
        uniform,
        (par.ownership.domestic_share, model.owners["entrant_share"][:KH_OWNER]),
        par.factories.entry_size * mean_capacity * size_factor(model, rng, rows),
        efficiency * np.exp(par.production.efficiency_sd * normal[0]),
        np.exp(sd * normal[1:] - sd**2 / 2),
        (automated, total[2:], model.ceilings(), model.economy.coverage),
        (par.factories.entry_use * use, 1 - par.production.new_gap),
        (f.goods, f.tier, f.owner, f.multinational),
        (f.capacity, f.expected, f.efficiency, f.effective),
        (f.automation, f.working, f.coverage),
    )
    f.opened[rows] = model.step_number
    f.margin[rows] = par.pricing.markup / (1 + par.pricing.markup)
    f.utilisation[rows] = use
    f.unit_cost[rows] = 1.0
    f.quote[rows] = f.compared[rows] = model.economy.reference
    bought = equip(model, rows, use)
    f.cash[rows] = cash = quarter_costs(model)[rows]
    model.make_room()
    model.books["equity"][rows] += bought + cash
    model.books["capacity_bought"][rows] += bought
    return rows


@compiled
def _stock(
    is_open: Array, goods: Array, capacity: Array, efficiency: Array, automation: Array, number: int
) -> tuple[Array, Array, Array]:
    """Capacity of open factories; efficient, all and by goods, in rows; and automated, by goods and stage."""
    live, here = np.empty(len(is_open)), 0
    stock, automated = np.zeros((2 + number, len(is_open))), np.zeros((number, automation.shape[1]))
    for i in range(len(is_open)):
        if is_open[i]:
            live[here] = stock[1, i] = stock[2 + goods[i], i] = capacity[i]
            stock[0, i] = efficiency[i] * capacity[i]
            here += 1
            for j in range(automation.shape[1]):
                automated[goods[i], j] += automation[i, j] * capacity[i]
    return live[:here], stock, automated


@compiled
def _begin(
    rows: Array,
    luck_of: Array,
    shares: tuple[float, Array],
    size: Array,
    efficient: Array,
    noise: Array,
    usual: tuple[Array, Array, Array, Array],
    factors: tuple[float, float],
    kinds: tuple[Array, Array, Array, Array],
    columns: tuple[Array, Array, Array, Array],
    stages: tuple[Array, Array, Array],
) -> None:
    """Owner, size, efficiency, automation and coverage of the new ``rows``, written into the last three.

    ``luck_of`` decides between Cambodian and foreign owners, then among the foreign; ``usual`` holds, by goods,
    automated capacity, all capacity and ceilings, and coverage by cell; ``factors`` turn capacity into expected orders
    and efficiency into what a new factory has of it.
    """
    automated, total, limits, covered = usual
    goods, tier, owner, multinational = kinds
    capacity, expected, efficiency, effective = columns
    automation, working, coverage = stages
    for i in range(len(rows)):
        row, g = rows[i], goods[rows[i]]
        if luck_of[0, i] < shares[0]:
            owner[row], multinational[row] = KH_OWNER, False
        else:
            owner[row] = _drawn(shares[1], luck_of[1, i])
        capacity[row], expected[row] = size[i], factors[0] * size[i]
        efficiency[row], effective[row] = efficient[i], efficient[i] * factors[1]
        for j in range(automation.shape[1]):
            mean = automated[g, j] / total[g] if total[g] > 0 else 0.0
            automation[row, j] = working[row, j] = min(mean * noise[j, i], limits[g, j])
        for k in range(coverage.shape[1]):
            coverage[row, k] = covered[g * 3 + tier[row], k]


@compiled
def _drawn(shares: Array, u: float) -> int:
    """Place of the share that luck ``u`` falls into."""
    place, below, total = 0, 0.0, 0.0
    for share in shares:
        total += share
    for share in shares[:-1]:
        below += share
        place += below / total < u
    return place


def describe(model: GarmentModel, rng: Stream, rows: Array, goods: Array) -> None:
    """What a factory is for good: goods, tier, standards, patience.

    Tier from ``tier share``; plants elsewhere with chance ``ownership.multinational``; compliance Cambodia's
    ``origin compliance`` + ``factories.compliance_sd`` × a normal number, between 0 and 1; hurdle
    ``automation.hurdle`` × exp(``automation.hurdle_sd`` × a normal number), at least 1; rounding of posts uniform, by
    job. All independent (*assumption*).
    """
    f, par = model.factories, model.par
    uniform, normal = rng.draws(
        f.number[rows],
        uniform=("tier", "multinational", "rounding 0", "rounding 1", "rounding 2"),
        normal=("compliance", "hurdle"),
    )
    _characterise(
        rows,
        uniform,
        (model.tiers["share"], par.ownership.multinational),
        model.world.compliance[KH] + par.factories.compliance_sd * normal[0],
        par.automation.hurdle * np.exp(par.automation.hurdle_sd * normal[1]),
        goods,
        (f.open, f.goods, f.tier, f.multinational),
        (f.compliance, f.hurdle, f.rounding),
    )


@compiled
def _characterise(
    rows: Array,
    luck_of: Array,
    shares: tuple[Array, float],
    compliant: Array,
    patient: Array,
    made: Array,
    kinds: tuple[Array, Array, Array, Array],
    columns: tuple[Array, Array, Array],
) -> None:
    """``describe`` for ``rows``, written into the last two; luck by kind and for the rounding of each job."""
    is_open, goods, tier, multinational = kinds
    compliance, hurdle, rounding = columns
    for i in range(len(rows)):
        row = rows[i]
        is_open[row], goods[row] = True, made[i]
        tier[row] = _drawn(shares[0], luck_of[0, i])
        multinational[row] = luck_of[1, i] < shares[1]
        compliance[row] = min(max(compliant[i], 0.0), 1.0)
        hurdle[row] = max(1.0, patient[i])
        for k in range(rounding.shape[1]):
            rounding[row, k] = luck_of[2 + k, i]


def size_factor(model: GarmentModel, rng: Stream, rows: Array) -> Array:
    """Relative capacity: lognormal, larger for factories that supply brands; 1 on average over tiers.

    ``tier capacity_factor`` over its mean weighted by ``tier share``, × exp(s N - s²/2), s ``factories.capacity_sd``, N
    normal.
    """
    f, sd = model.factories, model.par.factories.capacity_sd
    factor = model.tiers["capacity_factor"]
    mean = (factor * model.tiers["share"]).sum() / model.tiers["share"].sum()
    return factor[f.tier[rows]] / mean * np.exp(sd * rng.normal(f.number[rows], "capacity") - sd**2 / 2)


def equip(model: GarmentModel, rows: Array, use: float) -> Array:
    r"""Plant and machines of the given factories at full cost and today's prices.

    Plant is ``production.plant`` × capacity × UV. Machines by stage, in million USD of 2015, are what steps from
    nothing to the present automation a would have cost without subsidy:

    .. math:: units_j = \tfrac{L_{15}}{E}\,\omega_j\rho_j\, a_j\,\kappa_j\,(1 + \tfrac12\xi a_j)\,(1 + i)\, u K / 10^6

    Symbols as in ``saving_and_outlay`` and ``step_price``, with efficiency E as learned; u utilisation, K capacity.
    Book value is units × robot price × UV. Returns what plant and machines cost.
    """
    f, par = model.factories, model.par
    surcharge = 1 + par.automation.installation * (1 - par.infrastructure.broadband)
    return _equip(
        rows,
        (model.stage_weights, model.labour_saved, model.step_costs()),
        (par.production.operators, 0.5 * par.automation.convexity, surcharge, use),
        (par.production.plant, model.now("robot_price"), model.now("unit_value")),
        (f.goods, f.efficiency, f.capacity, f.plant),
        (f.automation, f.units, f.machines),
    )


@compiled
def _equip(
    rows: Array,
    by_stage: tuple[Array, Array, Array],
    numbers: tuple[float, float, float, float],
    prices: tuple[float, float, float],
    columns: tuple[Array, Array, Array, Array],
    stages: tuple[Array, Array, Array],
) -> Array:
    """``equip`` for ``rows``, written into plant, units and machines; prices as in ``_resize``."""
    weights, labour_saved, cost = by_stage
    operators, half_convexity, surcharge, use = numbers
    plant_price, machine_price, unit_value = prices
    goods, efficiency, capacity, plant = columns
    automation, units, machines = stages
    bought = np.empty(len(rows))
    for i in range(len(rows)):
        row, book = rows[i], 0.0
        for j in range(automation.shape[1]):
            heads = operators / efficiency[row] * weights[goods[row], j] * labour_saved[j]
            level = automation[row, j]
            real = heads * level * cost[j] * (1 + half_convexity * level) * surcharge / MILLION
            units[row, j] = real * use * capacity[row]
            machines[row, j] = units[row, j] * machine_price * unit_value
            book += machines[row, j]
        plant[row] = plant_price * capacity[row] * unit_value
        bought[i] = plant[row] + book
    return bought
