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
    """Buyers, factories and people of 2012Q1, the factories staffed for the orders they have."""
    model.buyers = open_buyers(model, rng)
    model.factories = Factories(0, MOST_FACTORIES)
    open_sector(model, rng)
    model.workers = open_labour_force(model, rng)
    wages.set_wages(model, rng)
    model.real_wages.clear()
    production.set_technology(model, rng)
    production.plan_staff(model, rng)
    staff_sector(model, rng)


def open_buyers(model: GarmentModel, rng: Stream) -> Buyers:
    """At least two buyers in each cell of market and goods, the others where Cambodia sells."""
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
    """Shares of origins in 2012 by cell of market and goods, shape [15, 7]; rows add to one."""
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
    """The factories of 2012, of all sizes, with a little automation."""
    f, par = model.factories, model.par
    number = int(par.factories.opening)
    shares = data.values("goods", "factory_share", GOODS)
    rows = f.add(number)
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
            2 * level[j] * rng.uniform(rows, f"automation {j}"), model.ceilings()[rows, j]
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
    model.add_factory_agents(rows)


def open_labour_force(model: GarmentModel, rng: Stream) -> Workers:
    """Everybody who would consider the sector, by gender, age, schooling and skill."""
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
    """Fill the posts of 2012 from everybody who would take them; they have been there for a while."""
    people = model.workers
    for job in (ENGINEER, TECHNICIAN, OPERATOR):
        gap = model.factories.posts[:, job] * model.factories.open
        posts = hiring.posts_in_turn(rng, gap, job)
        women = model.par.labour.women_weight
        rows = hiring.choose(model, rng, job, len(posts), women=women, everybody_looks=True)
        hiring.place(model, rng, rows, posts[: len(rows)], job)
    rows = np.flatnonzero(people.state == EMPLOYED)
    years = MEAN_TENURE * rng.exponential(rows, "tenure")
    since_school = -people.born[rows] * model.dt - model.par.labour.school_leaving_age
    people.hired[rows] = -np.floor(np.minimum(years, since_school) / model.dt)
    production.count_staff(model)
    production.assess_staff(model)
    hiring.measure_scarcity(model)
    wages.pay(model, rng)
