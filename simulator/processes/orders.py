"""What factories ask, where buyers buy, and which factory gets the order."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from simulator.compiled import compiled
from simulator.processes.production import planned, unit_cost
from simulator.state import ASEAN, GOODS, KH, KH_OWNER, Links
from simulator.streams import luck
from simulator.units import Array, Number, Share, per_step, share_of

if TYPE_CHECKING:
    from simulator.model import GarmentModel
    from simulator.streams import Stream

FINER = 4  # stretches a factory in the table that tells where to begin to look for one
_PAIR, _BEYOND = 8_192, 2**40  # rows of luck of a pair: see ``_Offer.search``


def set_quotes(model: GarmentModel, rng: Stream) -> None:
    r"""Factories ask for cost and markup, held back by what rivals cost; buyers pay extra for full service.

    1. Each factory works out its ``unit_cost`` c. The mean of c (1 + mu) over open factories, weighted by ``planned``
       output, is what the sector would ask for (1 where none is open); mu ``pricing.markup``.
    2. The reference price ref is the rivals' index R (FOB cost of the five rivals weighted by ``origin share_2012``)
       times two factors. The constant k makes it equal to that mean in the first step; the long-run factor l, 0 at
       first, then lets it follow the mean slowly:

    .. math:: \ln ref = \ln R + l + k,\qquad l \leftarrow l + dt\,\kappa\,(\ln \overline{c(1+\mu)} - \ln ref)

    kappa ``pricing.reversion``. So rising cost squeezes margins at first and reaches prices within years.

    3. The premium v for full service decays as rivals follow and grows with each rise of ``value_chain.upgrading``, as
       far as engineers are there (c_en the sector's coverage of engineers):

    .. math:: v \leftarrow v\,e^{-\kappa dt} + p\,c_{en}\,\Delta upgrading

    p ``value_chain.premium``; v is 0 at first.

    4. An open factory asks for ``quote``. Buyers compare quote / (1 + ``value_chain.service`` × v), as part of the
       service is worth its price to them.
    """
    f, eco, par = model.factories, model.economy, model.par
    pricing, chain = par.pricing, par.value_chain
    f.unit_cost[:] = unit_cost(model)
    log_mean = np.log(_mean_full(f.open, f.unit_cost, planned(model), pricing.markup))
    log_rivals = np.log(model.rival_index())
    if model.step_number == 0:
        eco.reference_constant = log_mean - log_rivals
    reference = log_rivals + eco.long_run + eco.reference_constant
    eco.reference = float(np.exp(reference))
    eco.long_run += model.dt * pricing.reversion * (log_mean - reference)
    change = chain.upgrading - eco.chain_before
    eco.premium = eco.premium * np.exp(-pricing.reversion * model.dt) + chain.premium * eco.coverage_all[1] * change
    eco.chain_before = chain.upgrading
    asked = quote(
        unit_cost=f.unit_cost,
        markup=pricing.markup,
        pass_through=pricing.pass_through,
        reference=eco.reference,
        premium=eco.premium,
        service=pricing.automation_service,
        automation=model.installed(),
    )
    np.copyto(f.quote, asked, where=f.open)
    np.divide(asked, 1 + chain.service * eco.premium, out=f.compared, where=f.open)


@compiled
def _mean_full(open_: Array, unit_cost: Array, weight: Array, markup: float) -> float:
    """Mean of cost and markup over open factories by their weight, 1 where none is open."""
    weights, full = np.zeros(len(weight)), np.zeros(len(weight))
    for i in range(len(weight)):
        if open_[i]:
            weights[i], full[i] = weight[i], unit_cost[i] * (1 + markup) * weight[i]
    whole = _sum(weights)
    return _sum(full) / whole if whole > 0 else 1.0


def choose_origins(model: GarmentModel, rng: Stream) -> None:
    r"""Buyers compare landed cost over origins and move part of the way towards the shares they want.

    1. FOB cost by origin and goods: the world's for others, for Cambodia the mean price as compared over open factories
       of the goods, weighted by ``expected`` orders, the reference price if there are none (``fob``). It becomes
       ``landed_cost`` C for each buyer:

    .. math:: C = FOB\,(1+T) + freight + lead\,(1+s) + \kappa\,(1 - compliance)

       T the duty of the buyer's market on the origin and goods, lead the origin's lead-time cost, s the buyer's
       ``speed``, kappa its ``compliance`` weight, compliance the origin's.
    2. In the first step appeal is fixed as share × C to the power of the elasticity: at the cost of 2012 buyers want
       the shares they have.
    3. Appeal in this step is that, times the world's factor for market, origin and goods (``_appeal``, section 6),
       times the appeal origins gained from factories that moved there (``leave``). Cambodia's is further multiplied by
       its market share over that of the first step to the power of ``sourcing.agglomeration``, held between 0.4 and
       1.25 (*assumption*; from the second step on and where that number is above 0), and by ``own_brands``.
    4. Shares move towards ``wanted_shares`` S* by S += (1 - exp(-``sourcing.adjustment`` dt)) (S* - S).
    5. Spending is the world's demand of the buyer's market and goods × the buyer's size × dt; orders are spending ×
       shares, nominal million USD.
    6. The ``sourcing.large_buyers`` buyers that spend most in Cambodia are large; of equals the lower row.
    """
    b, par, world = model.buyers, model.par.sourcing, model.world
    i = model.step_number
    cost = _landed(
        b.market, b.goods, model.fob(), world.duty[i], world.freight[i], world.lead_time[i], b.speed, b.compliance,
        world.compliance,
    )  # fmt: skip
    model.landed = cost
    if i == 0:
        b.appeal[:] = b.share * cost ** b.elasticity[:, None]
    crowd = 1.0
    if par.agglomeration > 0 and model.market_share_2012 > 0:
        crowd = min(max((model.market_share / model.market_share_2012) ** par.agglomeration, 0.4), 1.25)
    appeal = _appeal(
        b.market, b.goods, b.appeal, world.appeal[i], model.economy.gained_appeal, crowd, own_brands(model)
    )
    wanted = wanted_shares(appeal=appeal, cost=cost, elasticity=b.elasticity[:, None])
    terms = float(per_step(par.adjustment, model.dt)), int(par.large_buyers), model.dt
    _move(b.market, b.goods, b.size, wanted, world.demand[i], terms, b.share, b.spending, b.orders, b.large)


@compiled
def _landed(
    market: Array, goods: Array, fob: Array, duty: Array, freight: Array, lead_time: Array, speed: Array,
    weight: Array, compliance: Array,
) -> Array:  # fmt: skip
    """``landed_cost`` of each buyer, shape [buyer, origin]."""
    out = np.empty((len(market), len(freight)))
    for n in range(len(market)):
        for o in range(len(freight)):
            out[n, o] = _landed_cost(
                fob=fob[goods[n], o], duty=duty[market[n], o, goods[n]], freight=freight[o], lead_time=lead_time[o],
                speed=speed[n], weight=weight[n], compliance=compliance[o],
            )  # fmt: skip
    return out


@compiled
def _appeal(
    market: Array, goods: Array, fixed: Array, world: Array, gained: Array, crowd: float, own: Array
) -> Array:  # fmt: skip
    """Step 3 of ``choose_origins``, shape [buyer, origin]; ``crowd`` and by buyer ``own`` are Cambodia's factors."""
    out = np.empty(fixed.shape)
    for n in range(len(market)):
        for o in range(fixed.shape[1]):
            out[n, o] = fixed[n, o] * world[market[n], o, goods[n]] * gained[o]
        out[n, KH] = out[n, KH] * crowd * own[n]
    return out


@compiled
def _move(
    market: Array, goods: Array, size: Array, wanted: Array, demand: Array, terms: tuple[float, int, float],
    share: Array, spending: Array, orders: Array, large: Array,
) -> None:  # fmt: skip
    """Steps 4 to 6 of ``choose_origins`` on the columns, of which the last four change.

    ``terms`` holds the part of the way that shares move, the number of large buyers and dt.
    """
    part, number, dt = terms
    for n in range(len(spending)):
        spending[n] = demand[market[n], goods[n]] * size[n] * dt
        for o in range(share.shape[1]):
            share[n, o] += part * (wanted[n, o] - share[n, o])
            orders[n, o] = spending[n] * share[n, o]
        large[n] = False
    for _ in range(min(number, len(large))):
        largest = -1
        for n in range(len(large)):
            if not large[n] and (largest < 0 or orders[n, KH] > orders[largest, KH]):
                largest = n
        large[largest] = True


def own_brands(model: GarmentModel) -> Array:
    r"""Factor on Cambodia's appeal in ASEAN from brands of its own: up to a share of all its sales.

    .. math:: 1 + b\,x\, \frac{\sum_{all} spending\; S_{KH}}{\sum_{ASEAN} spending\; S_{KH}}

    b ``value_chain.brand_sales``, x ``value_chain.local_brands``; spending of the last step and shares before they
    move. 1 in other markets and in the first step.
    """
    b, chain = model.buyers, model.par.value_chain
    return _own_brands(b.market, b.spending, b.share, chain.brand_sales * chain.local_brands)


@compiled
def _own_brands(market: Array, spending: Array, share: Array, part: float) -> Array:
    """``own_brands`` by buyer, for brands that make a ``part`` of all sales."""
    out, sales, at_home, number = np.ones(len(market)), np.empty(len(market)), np.empty(len(market)), 0
    for n in range(len(market)):
        sales[n] = spending[n] * share[n, KH]
        if market[n] == ASEAN:
            at_home[number] = sales[n]
            number += 1
    whole = _sum(at_home[:number])
    for n in range(len(market)):
        if market[n] == ASEAN and whole > 0:
            out[n] = 1 + part * _sum(sales) / whole
    return out


def review_links(model: GarmentModel, rng: Stream) -> None:
    """Buyers look again at some suppliers, fill missing places and drop the worst of too many.

    1. Links to closed factories are gone. The factories on offer, and how much room they have, are those at the end of
       the last step (``_Offer``); in the first step there are no links.
    2. A buyer wants its Cambodian orders a year, in 2015 USD, over ``sourcing.link_size`` links, rounded to the nearest
       whole (halves to even), at least ``sourcing.links_least`` and at most as many as there are open factories of its
       goods.
    3. Each link is reviewed at the hazard ``sourcing.review_rate``. The supplier's score, with the years linked and
       ``sourcing.score_noise`` × a Gumbel number, meets the best of a few candidates (``search``), scored with its own
       noise and no years. Only if that is higher, the link goes over to it and starts anew.
    4. For every link below the number wanted, the best of a few other candidates is taken.
    5. Where a buyer has two links to one factory, they become one, as old as the older. Missing places wait until the
       next step.
    6. All links are scored again, now without noise. A buyer with more than it wants keeps that many of the best; of
       equals the factory in the lower row. These scores decide how orders are split.
    """
    offer = _Offer(model)
    model.links, model.link_scores = offer.score(model, offer.search(model, rng))


def allocate_orders(model: GarmentModel, rng: Stream) -> None:
    r"""Cambodian orders go to linked factories up to their capacity, then once more to whoever has room.

    1. A buyer splits its Cambodian spending D over its links by score s; q the quote, UV the unit value:

    .. math:: offered_{bf} = D_b\,\frac{e^{s_{bf}}}{\sum_k e^{s_{bk}}},\qquad
              load_f = \sum_b \frac{offered_{bf}}{UV\,q_f},\qquad room_f = u_{max} K_f\, dt

    u_max ``factories.utilisation_most``, K capacity; a closed factory has no room.

    2. Each factory takes the same fraction min(1, room / load) of every order offered to it, whatever the order of
       buyers.
    3. What is refused, and all spending of a buyer without links, is summed by goods and offered once more to the
       factories of the goods in proportion to room left; each takes up to that room. The part of the refused spending
       that is so placed is the same for every buyer of the goods. The rest is diverted for want of capacity, in
       ``ship``.
    4. Accepted volume is the sum of both rounds; volume asked is the load plus the second offers, taken or not.
    5. A factory is brand linked when large buyers stand for at least half of the value it accepted; in the second round
       they count by their part of the refused spending of the goods.
    6. ``expected`` moves towards the smaller of volume asked and room, a year, over ``production.smoothing`` years; it
       is 0 in a closed factory. ``enter`` reads the load of the first round by goods, a year.
    """
    f, b, links = model.factories, model.buyers, model.links
    uv, most = model.now("unit_value"), model.par.factories.utilisation_most
    smooth = 1 - np.exp(-model.dt / model.par.production.smoothing)
    weight = np.exp(model.link_scores)  # not times capacity: a large factory already has more links
    load, filled, taken, large, refused = _first_round(
        links.buyer, links.factory, weight, b.orders, b.large, f.quote, f.capacity, f.open, (uv, most, model.dt)
    )
    asked, part, diverted = _second_round(
        f.open, f.goods, f.capacity, load, filled, large, refused, b.goods, b.large, f.quote,
        (uv, most, smooth, model.dt), f.accepted, f.brand_linked, f.expected,
    )  # fmt: skip
    model.orders = Orders(asked=asked, taken=taken, second=part, refused=refused, diverted_capacity=diverted)


@compiled
def _first_round(
    buyer: Array, factory: Array, weight: Array, orders: Array, is_large: Array, quote: Array, capacity: Array,
    open_: Array, terms: tuple[float, float, float],
) -> tuple[Array, Array, Array, Array, Array]:  # fmt: skip
    """Steps 1 and 2, links by buyer: load by factory, its part that is taken, taken by link and for large buyers by
    factory, refused by buyer.
    """
    unit_value, most, dt = terms
    load, filled, large = np.zeros(len(quote)), np.ones(len(quote)), np.zeros(len(quote))
    offered, taken, refused = np.zeros(len(buyer)), np.empty(len(buyer)), orders[:, KH].copy()
    end = 0
    while end < len(buyer):
        start, total = end, 0.0
        while end < len(buyer) and buyer[end] == buyer[start]:
            total += weight[end]
            end += 1
        spending, placed = orders[buyer[start], KH], 0.0
        for i in range(start, end):
            if total > 0:
                offered[i] = spending * (weight[i] / total)
            placed += offered[i]
            f = np.uintp(factory[i])  # here and below: a place that cannot be counted from the end is found faster
            load[f] += offered[i] / (unit_value * quote[f])
        refused[buyer[start]] -= placed
    for at in range(len(load)):
        if load[at] > 0:
            filled[at] = min(1.0, _room(most, capacity[at], dt, open_[at]) / load[at])
    end = 0
    while end < len(buyer):
        start, unfilled, is_one = end, 0.0, is_large[buyer[end]]
        while end < len(buyer) and buyer[end] == buyer[start]:
            f = np.uintp(factory[end])
            taken[end] = offered[end] * filled[f]
            unfilled += offered[end] - taken[end]
            if is_one:
                large[f] += taken[end]
            end += 1
        refused[buyer[start]] += unfilled
    return load, filled, taken, large, np.maximum(refused, 0.0)


@compiled
def _room(most: float, capacity: float, dt: float, is_open: bool) -> float:
    """What a factory can take in a step."""
    return most * capacity * dt * is_open


@compiled
def _second_round(
    open_: Array, goods: Array, capacity: Array, load: Array, filled: Array, large: Array, refused: Array,
    buyer_goods: Array, is_large: Array, quote: Array, terms: tuple[float, float, float, float],
    accepted: Array, brand_linked: Array, expected: Array,
) -> tuple[Array, Array, Array]:  # fmt: skip
    """Steps 3 to 6, written into the last three.

    By goods, load a year and the part of refused spending that is placed; by buyer, what is diverted.
    """
    unit_value, most, smooth, dt = terms
    free, free_goods = np.zeros(len(load)), np.zeros(len(GOODS))
    refused_goods, of_large = np.zeros(len(GOODS)), np.zeros(len(GOODS))
    for n in range(len(refused)):
        refused_goods[buyer_goods[n]] += refused[n]
        if is_large[n]:
            of_large[buyer_goods[n]] += refused[n]
    for g in range(len(GOODS)):
        of_large[g] = of_large[g] / refused_goods[g] if refused_goods[g] > 0 else 0.0
    for i in range(len(load)):
        if open_[i]:
            free[i] = max(_room(most, capacity[i], dt, True) - load[i] * filled[i], 0.0)
            free_goods[goods[i]] += free[i]
    asked, placed = np.zeros(len(GOODS)), np.zeros(len(GOODS))
    for i in range(len(load)):
        if not open_[i]:
            accepted[i] = expected[i] = 0.0
            brand_linked[i] = False
            continue
        g = goods[i]
        offer = refused_goods[g] * (free[i] / free_goods[g]) if free_goods[g] > 0 else 0.0
        offer /= unit_value * max(quote[i], 1e-9)
        second = min(offer, free[i])
        spending = second * unit_value * quote[i]
        placed[g] += spending
        asked[g] += load[i]
        accepted[i] = load[i] * filled[i] + second
        least = 0.5 * unit_value * quote[i] * accepted[i]
        brand_linked[i] = accepted[i] > 0 and large[i] + spending * of_large[g] >= least
        room = _room(most, capacity[i], dt, True)
        expected[i] += smooth * (min(load[i] + offer, room) / dt - expected[i])
    for g in range(len(GOODS)):
        asked[g] /= dt
        placed[g] = placed[g] / refused_goods[g] if refused_goods[g] > 0 else 0.0
    diverted = np.empty(len(refused))
    for n in range(len(refused)):
        diverted[n] = refused[n] * (1 - placed[buyer_goods[n]])
    return asked, placed, diverted


@dataclass
class Orders:
    """Cambodian orders of one quarter on their way from buyers to ships (USD million, nominal).

    ``asked`` load of the first round by goods (million USD of 2015 a year), ``taken`` by link, ``second`` the part of
    refused spending placed in the second round by goods, the others by buyer.
    """

    asked: Array = field(default_factory=lambda: np.zeros(len(GOODS)))
    taken: Array = field(default_factory=lambda: np.zeros(0))
    second: Array = field(default_factory=lambda: np.zeros(len(GOODS)))
    refused: Array = field(default_factory=lambda: np.zeros(0))
    diverted_capacity: Array = field(default_factory=lambda: np.zeros(0))
    diverted_staff: Array = field(default_factory=lambda: np.zeros(0))
    shipped: Array = field(default_factory=lambda: np.zeros(0))
    ordered: Array = field(default_factory=lambda: np.zeros(0))

    def ship(self, model: GarmentModel) -> None:
        """Split what was shipped by buyer; what was not goes to the buyer's other origins.

        A factory ships the same part of every order it accepted: output over accepted. A buyer gets that part of each
        link's order, and of what the second round took for it the part that the factories of its goods made of all they
        took in that round, by value. Orders diverted for want of capacity or staff go to the other origins in
        proportion to the buyer's shares there, so that orders over origins stay its spending. Shares do not move:
        rationing teaches buyers nothing. The sales of each origin, at a yearly rate, and Cambodia's market share
        (shipped over spending, all buyers) follow.
        """
        f, b, links = model.factories, model.buyers, model.links
        self.ordered = b.orders[:, KH].copy()
        self.shipped, self.diverted_staff = _ship(
            links.buyer, links.factory, self.taken, f.output, f.accepted, f.goods, f.quote, model.now("unit_value"),
            self.refused, self.second, self.diverted_capacity, b.goods, b.share, b.orders,
        )  # fmt: skip
        model.origin_sales = b.orders.sum(axis=0) / model.dt
        model.market_share = float(share_of(b.orders[:, KH].sum(), b.spending.sum()))


@compiled
def _ship(
    buyer: Array, factory: Array, taken: Array, output: Array, accepted: Array, goods: Array, quote: Array,
    unit_value: float, refused: Array, second: Array, diverted_capacity: Array, buyer_goods: Array, share: Array,
    orders: Array,
) -> tuple[Array, Array]:  # fmt: skip
    """``Orders.ship`` on the columns, of which the last changes: shipped and diverted for want of staff, by buyer."""
    made, taken_first = np.zeros(len(output)), np.zeros(len(output))
    for f in range(len(output)):
        if accepted[f] > 0:
            made[f] = output[f] / accepted[f]
    shipped, staff = np.zeros(len(orders)), np.zeros(len(orders))
    for i in range(len(buyer)):
        by, at = np.uintp(buyer[i]), np.uintp(factory[i])
        shipped[by] += taken[i] * made[at]
        staff[by] += taken[i]
        taken_first[at] += taken[i]
    whole, done = np.zeros(len(second)), np.zeros(len(second))
    for f in range(len(output)):
        rest = max(unit_value * quote[f] * accepted[f] - taken_first[f], 0.0)
        whole[goods[f]] += rest
        done[goods[f]] += rest * made[f]
    for n in range(len(orders)):
        g = buyer_goods[n]
        in_second = refused[n] * second[g]
        shipped[n] += in_second * (done[g] / whole[g] if whole[g] > 0 else 0.0)
        staff[n] = staff[n] + in_second - shipped[n]
        others = 0.0
        for o in range(orders.shape[1]):
            others += share[n, o] if o != KH else 0.0
        for o in range(orders.shape[1]):
            part = share[n, o] / others if others > 0 else 0.0
            orders[n, o] += (diverted_capacity[n] + staff[n]) * part
        orders[n, KH] = shipped[n]
    return shipped, staff


@dataclass
class Places:
    """What a buyer looks for: by buyer, links ``wanted`` and the ``number`` of places to fill, then place by place.

    ``link`` is the one reviewed, -1 where one is missing, ``candidate`` the factories met, ``noise`` that of both.
    """

    wanted: Array
    number: Array
    link: Array
    candidate: Array
    noise: Array


class _Offer:
    r"""Factories a buyer may meet, drawn in proportion to free capacity, and how it scores them.

    Free capacity is ``factories.utilisation_most`` × capacity × dt less the orders accepted in the last step (in the
    first, the opening orders), and at least 5 % of it (*assumption*). The score without years and noise is

    .. math:: s_f = -b_p(\ln p_f - \overline{\ln p}) + b_c\, compliance_f + b_a\, installed_f

    p the price compared, its mean a plain one over open factories of the goods, b_p ``sourcing.score_price``, b_c
    ``sourcing.score_compliance``, b_a ``sourcing.score_automation``.
    """

    def __init__(self, model: GarmentModel) -> None:
        f, par = model.factories, model.par
        s, most = par.sourcing, par.factories.utilisation_most
        self.rows, self.number, free, price = _free(
            f.open, f.goods, f.capacity, f.accepted, f.compared, most, model.dt, len(GOODS)
        )
        weights = s.score_price, s.score_compliance, s.score_automation, float(np.log(par.ownership.domestic_brand))
        self.total, self.ends, self.near, self.base, self.away = _laid_out(
            self.rows, self.number, free, np.log(price), f.compliance, model.installed(), f.owner, weights
        )
        self.loyalty = s.score_loyalty * np.log1p(np.arange(model.step_number + 1) * model.dt)

    def search(self, model: GarmentModel, rng: Stream) -> Places:
        """A few candidates for each place: each link reviewed, then what is missing by buyer.

        ``sourcing.candidates`` times a factory of the buyer's goods is drawn in proportion to free capacity, with
        replacement: u × the total of the goods falls into the stretch of one factory when they are laid end to end by
        row. Each candidate scores as one just met plus ``sourcing.score_noise`` × a Gumbel number, the same in a step
        for the same buyer and factory. Of equals the first drawn. A place may go to a factory the buyer has already.

        The numbers u have the label ``instead`` or ``new``. Their row is the place × ``sourcing.candidates`` + 0, 1, 2
        and so on; a place is buyer × 8192 + factory of the link reviewed, or buyer × 8192 + 0, 1, 2 and so on for
        missing links. A link is reviewed where the number ``review`` lies below the hazard within the step. From
        ``own`` and ``candidate`` come the Gumbel numbers of the supplier and of candidates. The row of these three is
        buyer × 8192 + factory. In all of them a row of factories f from 8192 on counts as f mod 8192 with 2^40 more
        for each full 8192, so that no two pairs share a number.
        """
        b, links, par = model.buyers, model.links, model.par.sourcing
        keys = rng.key("review"), rng.key("own"), rng.key("instead"), rng.key("new"), rng.key("candidate")
        wanted, number, link, candidate, numbers = _met(
            links.buyer, links.factory, model.factories.open, b.goods, b.orders, int(par.candidates),
            (model.dt, model.now("unit_value"), par.link_size, par.links_least),
            float(per_step(par.review_rate, model.dt)), keys,
            self.rows, self.number, self.total, self.ends, self.near,
        )  # fmt: skip
        gumbel = -np.log(-np.log(numbers, out=numbers), out=numbers)
        return Places(wanted, number, link, candidate, par.score_noise * gumbel)

    def score(self, model: GarmentModel, places: Places) -> tuple[Links, Array]:
        """How a buyer values a factory: the links it keeps after its ``search``, and their scores without noise.

        The score above, plus ``sourcing.score_loyalty`` × ln(1 + years linked), plus ln ``ownership.domestic_brand``
        where the owner is Cambodian and the buyer large.
        """
        links, is_open, large = model.links, model.factories.open, model.buyers.large
        *kept, score = _kept(
            links.buyer, links.factory, links.since, is_open, model.step_number, places.wanted, places.number,
            places.link, places.candidate, places.noise, self.base, self.loyalty, self.away, large,
        )  # fmt: skip
        return Links(*kept), score


@compiled
def _free(
    open_: Array, goods: Array, capacity: Array, accepted: Array, compared: Array, most: float, dt: float, number: int
) -> tuple[Array, Array, Array, Array]:
    """Rows of open factories by goods, their number by goods, their free capacity and price."""
    count = np.zeros(number, np.intp)
    for i in range(len(goods)):
        if open_[i]:
            count[goods[i]] += 1
    place = np.cumsum(count) - count
    rows, free, price = np.empty(count.sum(), np.intp), np.empty(count.sum()), np.empty(count.sum())
    for i in range(len(goods)):
        if open_[i]:
            room, k = most * capacity[i] * dt, place[goods[i]]
            rows[k], free[k], price[k] = i, max(room - accepted[i], 0.05 * room), max(compared[i], 1e-9)
            place[goods[i]] += 1
    return rows, count, free, price


@compiled
def _laid_out(
    rows: Array,
    number: Array,
    free: Array,
    log_price: Array,
    compliance: Array,
    installed: Array,
    owner: Array,
    weights: tuple[float, float, float, float],
) -> tuple[Array, Array, Array, Array, Array]:
    """Free capacity by goods; where the stretch of each row ends; where to begin to look; the score of each row for
    all and more of it for large buyers.

    The last stretch of the goods has no end. The look begins at the factory that one of ``FINER`` times as many equal
    stretches begins in.
    """
    by_price, by_compliance, by_automation, domestic = weights
    total, ends, near = np.zeros(len(number)), np.cumsum(free), np.empty(FINER * len(rows), np.int16)
    base, away = np.zeros(len(compliance)), np.zeros(len(compliance))
    run, end = 0.0, 0
    for g in range(len(number)):
        first, end = end, end + number[g]
        if first == end:
            continue
        total[g] = _sum(free[first:end])
        mean = _sum(log_price[first:end]) / number[g]
        run += total[g]
        ends[end - 1] = np.inf
        step, point, at = total[g] / (FINER * number[g]), run - total[g], first
        for k in range(FINER * first, FINER * end):
            while ends[at] < point:
                at += 1
            near[k] = at
            point += step
        for k in range(first, end):
            i = rows[k]
            base[i] = -by_price * (log_price[k] - mean) + by_compliance * compliance[i]
            base[i] += by_automation * installed[i]
            away[i] = domestic if owner[i] == KH_OWNER else 0.0
    return total, ends, near, base, away


@compiled
def _sum(values: Array) -> float:
    """The sum of ``values``, added in the order in which NumPy adds."""
    n = len(values)
    if n > 128:
        half = n // 2 - n // 2 % 8
        return _sum(values[:half]) + _sum(values[half:])
    total, whole = 0.0, n - n % 8
    if whole:
        lanes = values[:8].copy()
        for i in range(8, whole, 8):
            for k in range(8):
                lanes[k] += values[i + k]
        total = ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) + ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]))
    for i in range(whole, n):
        total += values[i]
    return total


@compiled
def _pair(buyer: int, factory: int) -> int:
    """The row of luck of a buyer and the row of a factory, or its place among the missing."""
    return factory // _PAIR * _BEYOND + buyer * _PAIR + factory % _PAIR


@compiled
def _met(
    buyer: Array, factory: Array, open_: Array, goods: Array, orders: Array, candidates: int,
    needs: tuple[float, float, float, float], hazard: float, keys: tuple[np.uint64, ...],
    rows: Array, number: Array, total: Array, ends: Array, near: Array,
) -> tuple[Array, Array, Array, Array, Array]:  # fmt: skip
    """``search`` on the columns, links ordered by buyer; numbers where it returns noise.

    ``needs`` holds dt, the unit value and the size and least number of links.
    """
    dt, unit_value, size, least = needs
    review, own, instead, new, drawn = keys
    looks, again = np.empty(len(buyer), np.bool_), np.empty(len(buyer), np.intp)
    for i in range(len(buyer)):
        looks[i] = luck(review, _pair(buyer[i], factory[i])) < hazard
    wanted, places = np.empty(len(goods), np.intp), np.empty(len(goods), np.intp)
    i = reviewed = 0
    for n in range(len(goods)):
        spending = orders[n, KH] / dt / unit_value
        wanted[n] = min(np.intp(max(least, np.rint(spending / size))), number[goods[n]])
        held, before = 0, reviewed
        while i < len(buyer) and buyer[i] == n:
            if open_[np.uintp(factory[i])]:
                held += 1
                again[reviewed] = i
                reviewed += looks[i]
            i += 1
        places[n] = reviewed - before + max(wanted[n] - held, 0)
    link, candidate = np.full(places.sum(), -1), np.empty((places.sum(), candidates), np.intp)
    numbers = np.full((len(link), 1 + candidates), 0.5)
    first, start = np.cumsum(number) - number, np.cumsum(total) - total
    p = r = 0
    for n in range(len(goods)):
        g, missing = goods[n], 0
        for _ in range(places[n]):
            if r < reviewed and buyer[again[r]] == n:
                link[p], key, row = again[r], instead, _pair(n, factory[again[r]])
                numbers[p, 0] = luck(own, row)
                r += 1
            else:
                key, row = new, _pair(n, missing)
                missing += 1
            for k in range(candidates):
                u = luck(key, row * candidates + k)
                point, at = start[g] + u * total[g], near[np.uintp(FINER * first[g] + int(u * (FINER * number[g])))]
                while at > first[g] and ends[np.uintp(at - 1)] >= point:
                    at -= 1
                at += ends[np.uintp(at)] < point
                while ends[np.uintp(at)] < point:
                    at += 1
                candidate[p, k] = rows[np.uintp(at)]
                numbers[p, 1 + k] = luck(drawn, _pair(n, candidate[p, k]))
            p += 1
    return wanted, places, link, candidate, numbers


@compiled
def _kept(
    buyer: Array, factory: Array, since: Array, open_: Array, now: int, wanted: Array, number: Array, link: Array,
    candidate: Array, noise: Array, base: Array, loyalty: Array, away: Array, large: Array,
) -> tuple[Array, Array, Array, Array]:  # fmt: skip
    """Steps 3 to 6 of ``review_links`` with the candidates known: links by buyer and factory, with their scores."""
    most_links = len(buyer) + len(link)
    of, to, start = np.empty(most_links, np.intp), np.empty(most_links, np.intp), np.empty(most_links, since.dtype)
    score, found, goes = np.empty(most_links), np.empty(len(link), np.intp), np.zeros(len(buyer), np.bool_)
    i = p = end = 0
    for n in range(len(wanted)):
        first, count, k = end, 0, 0
        for _ in range(number[n]):
            best, most = -1, -np.inf
            for j in range(candidate.shape[1]):
                f = np.uintp(candidate[p, j])
                value = base[f] + loyalty[0] + (away[f] if large[n] else 0.0) + noise[p, j + 1]
                if value > most:
                    best, most = candidate[p, j], value
            if link[p] >= 0:
                f = np.uintp(factory[link[p]])
                own = base[f] + loyalty[now - since[link[p]]] + (away[f] if large[n] else 0.0) + noise[p, 0]
                goes[link[p]] = most > own
            if link[p] < 0 or most > own:
                count = _put(found, count, best)
            p += 1
        while i < len(buyer) and buyer[i] == n:
            if open_[np.uintp(factory[i])] and not goes[i]:
                while k < count and found[k] < factory[i]:
                    to[end], start[end] = found[k], now
                    k, end = k + 1, end + 1
                if k < count and found[k] == factory[i]:
                    k += 1
                to[end], start[end] = factory[i], since[i]
                end += 1
            i += 1
        for j in range(k, count):
            to[end], start[end] = found[j], now
            end += 1
        for j in range(first, end):
            f = np.uintp(to[j])
            of[j], score[j] = n, base[f] + loyalty[np.uintp(now - start[j])] + (away[f] if large[n] else 0.0)
        while end - first > wanted[n]:
            worst = first
            for j in range(first + 1, end):
                if score[j] <= score[worst]:
                    worst = j
            end -= 1
            for j in range(worst, end):
                to[j], start[j], score[j] = to[j + 1], start[j + 1], score[j + 1]
    return of[:end], to[:end], start[:end], score[:end]


@compiled
def _put(rows: Array, count: int, row: int) -> int:
    """Put a row among the first ``count`` in order, each there once: how many there are now."""
    k = count
    while k > 0 and rows[k - 1] > row:
        k -= 1
    if k > 0 and rows[k - 1] == row:
        return count
    for j in range(count, k, -1):
        rows[j] = rows[j - 1]
    rows[k] = row
    return count + 1


def quote(
    *,
    unit_cost: Number,
    markup: Share,
    pass_through: Share,
    reference: Number,
    premium: Share,
    service: Share,
    automation: Share,
) -> Number:
    r"""Price asked for one USD of 2015 of product.

    .. math:: q = (c(1+\mu))^{\varphi}\, ref^{1-\varphi}\,(1 + v + s\,a)

    c unit cost, mu ``pricing.markup``, phi ``pricing.pass_through``, ref the reference price, v the premium for
    service, s ``pricing.automation_service``, a installed automation.

    >>> round(float(quote(unit_cost=1.0, markup=0.07, pass_through=0.25, reference=1.0, premium=0.0, service=0.02,
    ...                   automation=0.5)), 4)
    1.0272
    """
    return (
        (unit_cost * (1 + markup)) ** pass_through
        * reference ** (1 - pass_through)
        * (1 + premium + service * automation)
    )


def landed_cost(
    fob: Array,
    duty: Array,
    freight: Array,
    lead_time: Array,
    speed: Array,
    weight: Array,
    compliance: Array,
) -> Array:
    r"""Cost of one USD of 2015 of product at the buyer's door, shape [buyer, origin].

    .. math:: C = FOB\,(1+T) + freight + lead\,(1+s) + \kappa\,(1 - compliance)

    T the duty of the buyer's market on the origin and goods, lead the origin's lead-time cost, s the buyer's ``speed``,
    kappa its ``compliance`` weight, compliance the origin's.

    >>> float(landed_cost(fob=np.array([[1.0]]), duty=np.array([[0.12]]), freight=np.array([0.05]),
    ...     lead_time=np.array([0.06]), speed=np.array([[0.5]]), weight=np.array([[0.05]]),
    ...     compliance=np.array([0.75]))[0, 0].round(4))
    1.2725
    """
    return fob * (1 + duty) + freight + lead_time * (1 + speed) + weight * (1 - compliance)


_landed_cost = compiled(landed_cost)


def wanted_shares(*, appeal: Array, cost: Array, elasticity: Array) -> Array:
    r"""Long-run shares of origins in a buyer's spending.

    .. math:: S^*_o = A_o C_o^{-\eta} / \sum_k A_k C_k^{-\eta}

    A appeal, C landed cost, eta the buyer's elasticity.

    >>> wanted_shares(appeal=np.array([[1.0, 1.0]]), cost=np.array([[1.0, 2.0]]), elasticity=np.array([[1.0]])).round(3)
    array([[0.667, 0.333]])
    """
    pull = appeal * cost**-elasticity
    return pull / pull.sum(axis=1, keepdims=True)
