"""The sector as it stood at the start of 2012, from ``data/`` and the registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator import data
from simulator.processes import closure, hiring, production, wages, workers
from simulator.state import (
    EMPLOYED,
    ENGINEER,
    GOODS,
    KH,
    KH_OWNER,
    MARKETS,
    MOST_FACTORIES,
    OPERATOR,
    ORIGINS,
    TECHNICIAN,
    Buyers,
    Factories,
    Workers,
)
from simulator.streams import Stream
from simulator.units import Array

if TYPE_CHECKING:
    from simulator.model import GarmentModel

AGE_GROUPS = {"18-24": (18, 25), "25-34": (25, 35), "35-44": (35, 45), "45+": (45, 60)}
EDUCATION = ("primary", "lower_secondary", "upper_secondary")
MEAN_TENURE = 3.0


def populate(model: GarmentModel, rng: Stream) -> None:
    """Buyers, factories and people of 2012Q1, the factories staffed for the orders they have.

    1. Buyers (``open_buyers``), then factories (``open_sector``), then people (``open_labour_force``).
    2. Once ``set_wages``, ``deliver`` and ``plan_staff`` of section 7, as in a step. The wage they note is forgotten.
    3. People take the posts (``staff_sector``).

    There are no links, queue, premium or displaced people yet. The first step then runs as any other.
    """
    model.buyers = open_buyers(model, rng)
    model.factories = Factories(0, MOST_FACTORIES)
    open_sector(model, rng)
    model.workers = open_labour_force(model, rng)
    wages.set_wages(model, rng)
    model.real_wages.clear()
    production.deliver(model)
    production.plan_staff(model, rng)
    staff_sector(model, rng)


def open_buyers(model: GarmentModel, rng: Stream) -> Buyers:
    """At least two buyers in each cell of market and goods, the others where Cambodia sells.

    1. Cambodia's sales by cell are ``market kh_share_2012`` × ``goods kh_share_2012`` × world demand for the goods in
       the first step. ``sourcing.buyers`` buyers, less two for each of the 15 cells, are shared out in proportion,
       rounded down; what is left goes one each to the largest remainders, of equals to the lower cell (market × 3 +
       goods).
    2. Size is lognormal with spread ``sourcing.buyer_size_sd``, over the sum in the cell. Elasticity is
       ``sourcing.elasticity`` × exp(``sourcing.elasticity_sd`` × a normal number). Speed is uniform between 0 and 1,
       the weight of compliance ``sourcing.compliance_weight`` × a uniform number.
    3. All buyers of a cell start from its ``opening_shares``.
    """
    par = model.par.sourcing
    sales = np.outer(data.values("market", "kh_share_2012", MARKETS), data.values("goods", "kh_share_2012", GOODS))
    sales *= model.world.demand[0].sum(axis=0)
    cells = sales.ravel() / sales.sum()
    count = np.full(len(cells), 2)
    spare = max(0, int(par.buyers) - count.sum())
    exact = cells * spare
    count += np.floor(exact).astype(int)
    rest = int(par.buyers) - count.sum()
    count[np.argsort(-(exact % 1), kind="stable")[: max(rest, 0)]] += 1
    buyers = Buyers(int(count.sum()))
    cell = np.repeat(np.arange(len(cells)), count)
    rows = np.arange(len(buyers))
    buyers.market[:], buyers.goods[:] = cell // len(GOODS), cell % len(GOODS)
    size = np.exp(par.buyer_size_sd * rng.normal(rows, "size"))
    buyers.size[:] = size / np.bincount(cell, weights=size)[cell]
    buyers.elasticity[:] = par.elasticity * np.exp(par.elasticity_sd * rng.normal(rows, "elasticity"))
    buyers.speed[:] = rng.uniform(rows, "speed")
    buyers.compliance[:] = par.compliance_weight * rng.uniform(rows, "compliance")
    buyers.share[:] = opening_shares()[cell]
    return buyers


def opening_shares() -> Array:
    """Shares of origins in 2012 by cell of market and goods, shape [15, 7]; rows add to one.

    Cambodia's is ``goods kh_share_2012`` × (``market kh_share_2012`` over ``market demand_share_2012``), the second
    factor scaled so that its mean weighted by demand is 1. The others share the rest as in ``origin share_2012``.
    """
    demand = data.values("market", "demand_share_2012", MARKETS)
    at_market = data.values("market", "kh_share_2012", MARKETS) / at_least(demand)
    goods = data.values("goods", "kh_share_2012", GOODS)
    home = np.outer(at_market / (at_market * demand).sum(), goods).ravel()
    rivals = data.values("origin", "share_2012", ORIGINS[1:])
    shares = np.empty((len(home), len(ORIGINS)))
    shares[:, KH] = home
    shares[:, 1:] = (1 - home)[:, None] * rivals / rivals.sum()
    return shares


def at_least(values: Array, least: float = 1e-9) -> Array:
    """Values kept away from zero, to divide by."""
    return np.maximum(values, least)


def open_sector(model: GarmentModel, rng: Stream) -> None:
    """The factories of 2012, of all sizes, with a little automation.

    1. ``factories.opening`` rows: goods from ``goods factory_share``, owner from ``owner opening_share``, the rest by
       ``describe``. Cambodian owners have no plants elsewhere.
    2. Age: ``factories.opening_age`` × an exponential number, rounded to steps. Capacity: ``factories.capacity`` ×
       ``size_factor``. Efficiency: exp(s N - s²/2), s ``production.efficiency_sd``, N normal.
    3. Automation of a stage: uniform between 0 and twice ``stage opening_automation``, up to the ceiling.
    4. Margin mu / (1 + mu), mu ``pricing.markup``; utilisation ``factories.utilisation``; prices and unit cost 1 until
       the first ``set_quotes``.
    5. Expected orders: Cambodia's orders for the goods at the opening shares, in 2015 USD, over capacity of the goods,
       at most ``factories.utilisation_most``, × own capacity. Orders accepted are that for a step.
    6. Plant and machines by ``equip``; cash and loans are 0.
    """
    f, par = model.factories, model.par
    number = int(par.factories.opening)
    shares = data.values("goods", "factory_share", GOODS)
    rows = f.take(np.empty(0, np.intp), number)
    goods = np.searchsorted(np.cumsum(shares)[:-1] / shares.sum(), rng.uniform(rows, "goods"))
    closure.describe(model, rng, rows, goods)
    owners = np.cumsum(model.owners["opening_share"])
    f.owner[rows] = np.searchsorted(owners[:-1] / owners[-1], rng.uniform(rows, "owner"))
    f.multinational[rows] &= f.owner[rows] != KH_OWNER
    f.opened[rows] = -np.rint(par.factories.opening_age * rng.exponential(rows, "age") / model.dt)
    f.capacity[rows] = par.factories.capacity * closure.size_factor(model, rng, rows)
    spread = par.production.efficiency_sd
    f.efficiency[rows] = np.exp(spread * rng.normal(rows, "efficiency") - spread**2 / 2)
    level = data.values("stage", "opening_automation", model.stages)
    for j in range(len(model.stages)):
        f.automation[rows, j] = np.minimum(
            2 * level[j] * rng.uniform(rows, f"automation {j}"), model.ceilings()[goods, j]
        )
    f.working[rows] = f.automation[rows]
    f.effective[rows] = f.efficiency[rows]
    f.margin[rows] = par.pricing.markup / (1 + par.pricing.markup)
    f.utilisation[rows] = par.factories.utilisation
    f.quote[rows] = f.compared[rows] = f.unit_cost[rows] = 1.0
    orders = np.bincount(
        model.buyers.goods,
        weights=model.world.demand[0][model.buyers.market, model.buyers.goods]
        * model.buyers.size
        * model.buyers.share[:, KH],
        minlength=len(GOODS),
    ) / model.now("unit_value")
    capacity = np.bincount(f.goods, weights=f.capacity, minlength=len(GOODS))
    use = np.minimum(par.factories.utilisation_most, orders / at_least(capacity))
    f.expected[rows] = f.capacity[rows] * use[goods]
    f.accepted[rows] = f.expected[rows] * model.dt
    closure.equip(model, rows, par.factories.utilisation)


def open_labour_force(model: GarmentModel, rng: Stream) -> Workers:
    """Everybody who would consider the sector, by gender, age, schooling and skill.

    ``labour.force`` over people per agent rows, each begun by ``come_of_age``. Age group from ``age opening_share`` (18
    to 24, 25 to 34, 35 to 44, 45 to 59), uniform within it; schooling from ``education opening_share``. Skills by
    ``give_skills``: a mean of ``skills.technician_stock`` technicians at that schooling, and ``skills.engineer_stock``
    of upper secondary engineers.
    """
    par = model.par
    people = Workers(max(1, round(par.labour.force / model.weight)))
    model.workers = people
    rows = np.arange(len(people))
    workers.come_of_age(model, rng, rows)
    shares = np.cumsum(data.values("age", "opening_share", tuple(AGE_GROUPS)))
    group = np.searchsorted(shares[:-1] / shares[-1], rng.uniform(rows, "age group"))
    low, high = np.array(list(AGE_GROUPS.values())).T
    age = low[group] + (high - low)[group] * rng.uniform(rows, "age")
    people.born[:] = -np.floor(age / model.dt)
    schooling = data.values("education", "opening_share", EDUCATION)
    education = np.cumsum(schooling)
    people.education[:] = np.searchsorted(education[:-1] / education[-1], rng.uniform(rows, "education"))
    technicians = workers.technician_shares(model, par.skills.technician_stock, schooling)
    workers.give_skills(model, rng, rows, technicians, par.skills.engineer_stock)
    return people


def staff_sector(model: GarmentModel, rng: Stream) -> None:
    """Fill the posts of 2012 from everybody who would take them; they have been there for a while.

    As in ``hire``, but everybody looks and women's weight is ``labour.women_weight`` itself. Years in the factory are
    exponential with a mean of three (*assumption*), at most those since ``labour.school_leaving_age``. Then staff is
    counted and assessed, scarcity measured, and everybody paid.
    """
    people = model.workers
    for job in (ENGINEER, TECHNICIAN, OPERATOR):
        gap = model.factories.posts[:, job] * model.factories.open
        posts = hiring.posts_in_turn(rng, model.factories.number, gap, job)
        women = model.par.labour.women_weight
        rows = hiring.choose(model, rng, job, len(posts), women=women, everybody_looks=True)
        hiring.place(model, rng, rows, posts[: len(rows)], job)
    model.at_work = rows = workers.in_state(EMPLOYED, people.state)
    years = MEAN_TENURE * rng.exponential(rows, "tenure")
    since_school = -people.born[rows] * model.dt - model.par.labour.school_leaving_age
    people.hired[rows] = -np.floor(np.minimum(years, since_school) / model.dt)
    production.count_staff(model)
    production.assess_staff(model)
    hiring.measure_scarcity(model)
    wages.pay(model, rng)
