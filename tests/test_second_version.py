"""Do plain loops, written from the design and ODD.md, come to what the model's arrays come to?

The state is read out as lists before a process runs; a loop with ``math`` alone and the same luck, one number at a
time, works out what must follow; then the process runs and everything that is remembered is held against the lists.
"""

import functools
import math
from types import SimpleNamespace as Plain

import numpy as np
import pytest

from simulator.model import GarmentModel
from simulator.observe import decompose
from simulator.parameters import Parameters
from simulator.processes.automation import capital_recovery, payback_years
from simulator.processes.closure import exit_rate, wind_up
from simulator.processes.orders import landed_cost
from simulator.schedule import QUARTER, Process
from simulator.state import Buyers
from simulator.streams import Stream

pytestmark = pytest.mark.slow  # plain loops take their time

TOLERANCE, NEVER, KH_OWNER, ASEAN, SEW = 1e-9, -32_768, 5, 3, 1
(OUTSIDE, EMPLOYED, DISPLACED), (OPERATOR, TECHNICIAN, ENGINEER) = range(3), range(3)
LEVERS = {"business.fintech": 1.0, "value_chain.local_brands": 0.5, "sourcing.agglomeration": 0.1}
CASES = {  # scenario, steps a year, step watched, what is set
    "history": ("baseline", 4, "2015Q2", {}),
    "months": ("baseline", 12, "2015M05", {"automation.step_cost_cut": 7_000.0, "automation.hurdle": 1.1}),
    "after 2030": ("high_tech_high_skills", 4, "2031Q2", LEVERS),
}
TABLES = ("factories", "buyers", "workers", "orders", "economy")
NUMBERS = ("landed", "payback", "subsidy", "bought", "laid_off", "hired", "open_posts")
LEFT_OUT = ("overtime", "trained", "graduates", "novices")  # written by ``hire``, no part of who is hired where
KEPT = "par dt weight policy_started open_posts landed payback origin_sales stage_weights labour_saved sewing_factor"
WORLD = "unit_value robot_price energy_price outside_wage ceilings rival_cost demand appeal duty freight lead_time"


def read(model: GarmentModel, keep=np.ndarray.tolist) -> Plain:
    """The state in lists and numbers, so that no loop can lean on the model's arrays."""

    def plain(values):
        return Plain(**{n: keep(v) if isinstance(v, np.ndarray) else v for n, v in values.items()})

    tables = {n: plain({c: getattr(getattr(model, n), c) for c in getattr(model, n).columns()}) for n in TABLES[:3]}
    return Plain(
        **tables | {name: plain(vars(getattr(model, name))) for name in TABLES[3:]},
        **vars(plain({name: getattr(model, name) for name in KEPT.split()})),
        links=list(zip(model.links.buyer.tolist(), model.links.factory.tolist(), model.link_scores.tolist())),
        world=plain({n: model.now(n) for n in WORLD.split()} | {"compliance": model.world.compliance}),
        spread=keep(model.tiers["interest_spread"]),
        rows=range(len(model.factories)),
        left={*model.quits.tolist(), *model.laid_off.tolist()},
        now=model.step_number,
        share_gained=model.market_share / model.market_share_2012,
        **{"laid_off": model.people["layoffs"], "hired": model.people["hired"]},
        **{"subsidy": keep(model.books["subsidy"]), "bought": keep(model.books["machines_bought"])},
    )


def draw(rng: Stream, row: int, label: str) -> float:
    """One number of the stream."""
    return float(rng.uniform(np.array([row]), label)[0])


def within(rate: float, dt: float) -> float:
    """Chance that something with a yearly hazard happens in a step."""
    return 1 - math.exp(-rate * dt)


def automate(s: Plain, rng: Stream) -> None:
    """Design 5.5, factory by factory and stage by stage."""
    f, auto, pro, energy, business = s.factories, s.par.automation, s.par.production, s.par.energy, s.par.business
    uv, robot, markup = s.world.unit_value, s.world.robot_price, s.par.pricing.markup
    costs = (auto.step_cost_cut, auto.step_cost_sew, auto.step_cost_finish, auto.step_cost_pack)
    outage = energy.outage if s.policy_started else energy.outage_before
    power = pro.energy * pro.energy_intensity * s.world.energy_price / energy.reference_price / uv
    foreseen = max(0.0, 1 + s.economy.wage_growth) ** auto.foresight
    peers: list[list[float]] = [[], [], []]
    for i in (i for i in s.rows if f.open[i]):
        peers[f.tier[i]].append(sum(s.stage_weights[f.goods[i]][j] * f.automation[i][j] for j in range(4)))
    s.payback = [[math.nan] * 4 for _ in s.rows]
    for i in (i for i in s.rows if f.open[i]):
        brand, domestic, skilled = f.brand_linked[i], f.owner[i] == KH_OWNER, f.coverage[i][0]
        pay = [w * f.pay_level[i] * 12 * (1 + s.par.wages.contributions) / uv for w in s.economy.wages]
        skilled_pay = pro.technicians_automated * pay[TECHNICIAN] + pro.engineers_automated * pay[ENGINEER]
        heads = pro.operators / f.effective[i]
        nominal = max(0.0, auto.interest_rate + s.spread[f.tier[i]] + domestic * auto.domestic_spread)
        rate = max(0.005, nominal - s.par.world.price_growth)
        charge = rate / (1 - (1 + rate) ** -auto.machine_life) + auto.maintenance
        best, stage, taken, price = -math.inf, -1, 0.0, 0.0
        for j in range(4):
            ceiling = s.world.ceilings[j] * (s.sewing_factor[f.goods[i]] if j == SEW else 1.0)
            step = max(0.0, min(1 / 8, ceiling - f.automation[i][j]))
            work = s.stage_weights[f.goods[i]][j] * step
            fewer = heads * work * s.labour_saved[j]
            saving = fewer * (auto.unskilled_yield + (1 - auto.unskilled_yield) * skilled) * pay[OPERATOR] * foreseen
            saving -= heads * work * skilled_pay
            saving += 1e6 * work * (auto.quality + brand * auto.brand_quality)
            saving -= 1e6 * work * (power + pro.outage_loss * pro.outage_automated * outage)
            outlay = fewer * costs[j] * robot * (1 + auto.convexity * f.automation[i][j]) * (1 - auto.subsidy)
            outlay *= 1 + auto.installation * (1 - s.par.infrastructure.broadband)
            left = saving - auto.maintenance * outlay
            s.payback[i][j] = math.nan if outlay <= 0 else outlay / left if left > 0 else math.inf
            if step > 1e-6 and saving > 0 and math.log(saving / (outlay * charge)) > best:
                best, stage, taken, price = math.log(saving / (outlay * charge)), j, step, outlay
        if stage < 0:
            continue
        squeezed = 0.0 if domestic else max(0.0, (markup - f.margin[i]) / markup)
        benefit = best - math.log(f.hurdle[i]) - auto.relocation * squeezed + brand * auto.brand
        benefit += auto.peer * sum(peers[f.tier[i]]) / len(peers[f.tier[i]])
        chance = skilled**auto.skill_gate / (1 + math.exp(-benefit / auto.noise))
        orders = max(f.expected[i], 0.01 * f.capacity[i])
        cost = price * orders * uv / 1e6
        funds = (auto.funds_share + business.fintech_funds * business.fintech) * max(f.cash[i], 0.0)
        funds *= (1 + auto.subsidy_leverage * auto.subsidy) * (auto.brand_funds if brand else 1.0)
        funds *= s.par.public.reference_interest / auto.interest_rate
        reviews = draw(rng, f.number[i], "review") < auto.review_rate * s.dt
        agrees = draw(rng, f.number[i], "judgement") < chance
        if reviews and agrees and cost <= funds and f.margin[i] > auto.least_margin:
            whole = cost / (1 - auto.subsidy)
            s.bought[i], s.subsidy[i] = s.bought[i] + whole, s.subsidy[i] + whole - cost
            f.automation[i][stage] += taken
            f.units[i][stage] += whole / (uv * robot)
            f.machines[i][stage] += cost
            f.automated_at[i] = s.now
            own = min(cost, max(0.0, f.cash[i] - 0.25 * f.unit_cost[i] * orders * uv))
            f.cash[i], f.loans[i] = f.cash[i] - own, f.loans[i] + cost - own


def choose_origins(s: Plain, rng: Stream) -> None:
    """Design 5.4, buyer by buyer and origin by origin."""
    f, b, par, chain = s.factories, s.buyers, s.par.sourcing, s.par.value_chain
    buyers, home = range(len(b.goods)), []
    for goods in range(3):
        group = [i for i in s.rows if f.open[i] and f.goods[i] == goods]
        orders = sum(f.expected[i] for i in group)
        home.append(sum(f.expected[i] * f.compared[i] for i in group) / orders if orders else s.economy.reference)
    sales = [b.spending[n] * b.share[n][0] for n in buyers]
    brands = chain.brand_sales * chain.local_brands * sum(sales) / sum(sales[n] for n in buyers if b.market[n] == ASEAN)
    for n in buyers:
        market, goods, pulls = b.market[n], b.goods[n], []
        for o in range(7):
            cost = (s.world.rival_cost[o] if o else home[goods]) * (1 + s.world.duty[market][o][goods])
            cost += s.world.freight[o] + s.world.lead_time[o] * (1 + b.speed[n])
            cost += b.compliance[n] * (1 - s.world.compliance[o])
            appeal = b.appeal[n][o] * s.world.appeal[market][o][goods]
            appeal *= s.economy.gained_appeal[o]
            if o == 0:
                appeal *= min(1.25, max(0.4, s.share_gained**par.agglomeration)) * (1 + brands * (market == ASEAN))
            s.landed[n][o] = cost
            pulls.append(appeal / cost ** b.elasticity[n])
        for o in range(7):
            b.share[n][o] += within(par.adjustment, s.dt) * (pulls[o] / sum(pulls) - b.share[n][o])
        b.spending[n] = s.world.demand[market][goods] * b.size[n] * s.dt
        b.orders[n] = [b.spending[n] * share for share in b.share[n]]
    largest = sorted(buyers, key=lambda n: -b.orders[n][0])[: int(par.large_buyers)]
    b.large = [n in largest for n in buyers]


def allocate_orders(s: Plain, rng: Stream) -> None:
    """Design 16 (contracts) and ODD.md 8: along links by score, cut at capacity, what is refused offered once more."""
    f, b, uv, dt, buyers = s.factories, s.buyers, s.world.unit_value, s.dt, range(len(s.buyers.goods))
    room = [s.par.factories.utilisation_most * f.capacity[i] * dt if f.open[i] else 0.0 for i in s.rows]
    scores, load, large = [0.0 for _ in buyers], [0.0 for _ in s.rows], [0.0 for _ in s.rows]
    for n, _, score in s.links:
        scores[n] += math.exp(score)
    offered = [b.orders[n][0] * math.exp(score) / scores[n] for n, _, score in s.links]
    for (_, i, _), spent in zip(s.links, offered):
        load[i] += spent / (uv * f.quote[i])
    fills = [min(1.0, room[i] / load[i]) if load[i] > 0 else 1.0 for i in s.rows]
    taken = [spent * fills[i] for (_, i, _), spent in zip(s.links, offered)]
    refused = [b.orders[n][0] for n in buyers]
    for (n, i, _), spent in zip(s.links, taken):
        refused[n] -= spent
        large[i] += spent * b.large[n]
    refused = [max(0.0, value) for value in refused]
    asked, part = [0.0] * 3, [0.0] * 3
    for goods in range(3):
        group = [i for i in s.rows if f.goods[i] == goods]
        again = sum(refused[n] for n in buyers if b.goods[n] == goods)
        of_large = sum(refused[n] for n in buyers if b.goods[n] == goods and b.large[n])
        free = {i: max(0.0, room[i] - load[i] * fills[i]) for i in group}
        spare = sum(free.values())
        for i in group:
            offer = again * free[i] / spare / (uv * f.quote[i]) if spare > 0 else 0.0
            second = min(offer, free[i])
            asked[goods] += load[i] / dt
            if again > 0:
                part[goods] += second * uv * f.quote[i] / again
                large[i] += second * uv * f.quote[i] * of_large / again
            f.accepted[i] = load[i] * fills[i] + second
            f.brand_linked[i] = f.open[i] and f.accepted[i] > 0 and large[i] >= 0.5 * uv * f.quote[i] * f.accepted[i]
            heard = min(load[i] + offer, room[i]) / dt - f.expected[i]
            f.expected[i] = (f.expected[i] + within(1 / s.par.production.smoothing, dt) * heard) * f.open[i]
    diverted = [refused[n] * (1 - part[b.goods[n]]) for n in buyers]
    s.orders = Plain(asked=asked, taken=taken, second=part, refused=refused, diverted_capacity=diverted)


def lay_off(s: Plain, rng: Stream) -> None:
    """Design 5.7 and ODD.md 8: the people of a factory and job stand in line; who stays the least goes first."""
    f, w, par = s.factories, s.workers, s.par.labour
    lines: dict[tuple[int, int], list[int]] = {}
    for r in (r for r, state in enumerate(w.state) if state == EMPLOYED):
        lines.setdefault((w.factory[r], w.job[r]), []).append(r)
    s.laid_off = 0
    for (i, job), people in lines.items():
        surplus = max(0.0, len(people) - f.posts[i][job] - len(people) * within(par.quit_rate, 0.25))
        number = min(len(people), math.floor(surplus + draw(rng, f.number[i] * 3 + job, "rounding")))
        order = []
        for r in people if number else ():
            tenure, age = (s.now - w.hired[r]) * s.dt, (s.now - w.born[r]) * s.dt
            stays = tenure + draw(rng, r, "tie") * s.dt
            if job == OPERATOR and s.now - f.automated_at[i] <= 1:
                risk = par.risk_women ** w.woman[r] * par.risk_young ** (age < 25)
                risk *= par.risk_primary ** (w.education[r] == 0)
                stays = tenure / 2 - math.log(risk) + math.log(-math.log(draw(rng, r, "machines")))
            order.append((stays, r))
        for _, r in sorted(order)[:number]:
            w.state[r], w.factory[r], w.wage[r], w.displaced_at[r] = DISPLACED, -1, 0.0, s.now
            f.staff[i][job] -= 1
        s.laid_off += number


def work_saved(s: Plain, i: int) -> float:
    """The part of manual work that a factory's machines do, as far as technicians make them work."""
    return sum(
        s.stage_weights[s.factories.goods[i]][j] * s.labour_saved[j] * s.factories.working[i][j] for j in range(4)
    )


def hire(s: Plain, rng: Stream) -> None:
    """Design 5.7, post by post and person by person, the scarcest job first."""
    f, w, par = s.factories, s.workers, s.par.labour
    ratios, s.hired = (1.0, s.par.wages.technician_ratio, s.par.wages.engineer_ratio), 0
    for job in (ENGINEER, TECHNICIAN, OPERATOR):
        posts, queue = [], []
        for i in (i for i in s.rows if f.open[i]):
            vacant = f.posts[i][job] - f.staff[i][job]
            posts += [(draw(rng, f.number[i] * 65_536 + place, f"post {job}"), i) for place in range(vacant)]
        manual = [1 - work_saved(s, i) for _, i in posts if job == OPERATOR]
        women = par.women_weight * sum(m ** (par.risk_women - 1) for m in manual) / max(1, len(manual))
        offer = math.log(s.economy.wages[job] / (ratios[job] * s.world.outside_wage))
        for r in range(len(w.state)):
            displaced = w.state[r] == DISPLACED
            fit = w.skill[r] <= 1 if job == OPERATOR else w.skill[r] == job + 1 and not w.settled[r]
            if not fit or not (displaced or w.state[r] == OUTSIDE):
                continue
            looks = par.search_rate_displaced if displaced or job != OPERATOR else par.search_rate
            hazard, left = looks * s.dt, r in s.left
            chance = 1 - within(looks, s.dt) / hazard if left else within(looks, s.dt)
            dislike = w.taste[r] - par.liking + par.age_cost * max(0.0, (s.now - w.born[r]) * s.dt - par.age_from)
            favour = 1.0
            if job == OPERATOR:
                dislike += par.education_cost * w.education[r] + (not w.woman[r]) * par.men_outside
                favour = women if w.woman[r] else par.men_weight
            if draw(rng, r, f"look {job}") < chance and offer > dislike:
                queue.append((not displaced, -math.log(draw(rng, r, f"turn {job}")) / favour, r))
        chosen = sorted(r for _, _, r in sorted(queue)[: len(posts)])
        for r, (_, i) in zip(chosen, sorted(posts)):
            w.state[r], w.factory[r], w.job[r], w.hired[r], w.displaced_at[r] = EMPLOYED, i, job, s.now, NEVER
            w.skill[r] = max(1, w.skill[r])
            f.staff[i][job] += 1
        s.hired += len(chosen)
    vacant = [[max(0, f.posts[i][k] - f.staff[i][k]) * f.open[i] for k in range(3)] for i in s.rows]
    s.open_posts = sum(map(sum, vacant))
    s.economy.unfilled = sum(v[0] for v in vacant) / sum(f.posts[i][0] for i in s.rows if f.open[i])
    for skill in (2, 3):
        supply = sum(have == skill and not settled for have, settled in zip(w.skill, w.settled)) * s.weight
        need = sum(f.needed[i][skill - 1] for i in s.rows if f.open[i])
        s.economy.scarcity[skill - 2] = min(4.0, need / supply) if supply else 4.0


PROCESSES = {process.name: process for process in QUARTER}
SECOND = {again.__name__: again for again in (automate, choose_origins, allocate_orders, lay_off, hire)}


def beside(process: Process, seen: dict) -> Process:
    """A process that keeps what its second version comes to and what it comes to itself."""

    @functools.wraps(process.run)  # keeps the name, and with it the luck
    def run(model, rng):
        again = read(model)
        SECOND[process.name](again, rng)
        process.run(model, rng)
        seen[process.name] = again, read(model, np.copy)

    return Process(run, process.changes) if process.name in SECOND else process


def keep_twenty(model: GarmentModel) -> None:
    """Close all but the twenty factories with most people, the way the model closes them."""
    f, goes = model.factories, model.factories.open.copy()
    goes[np.argsort(-f.staff.sum(axis=1) - f.open, kind="stable")[:20]] = False
    wind_up(model, goes)
    assert f.open.sum() == 20


@pytest.fixture(scope="module", params=CASES)
def parts(request):
    """The whole sector, the same but poor and uneven, then twenty factories as they are, in a slump and in a rush."""
    scenario, steps_per_year, period, values = CASES[request.param]
    model = GarmentModel(scenario, seed=3, people_per_agent=400, steps_per_year=steps_per_year, overrides=values)
    while model.now_period != period:
        model.step()
    whole, poor, twenty, slump, rush = seen = [{} for _ in range(5)]

    def step(part: dict) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("simulator.model.QUARTER", [beside(process, part) for process in QUARTER])
            model.step()

    def alone(name: str, part: dict) -> None:
        beside(PROCESSES[name], part).run(model, Stream(model.luck + 1, name, model.step_number))

    step(whole)
    f = model.factories
    f.cash[:] = np.geomspace(2e-3, 0.2, len(f)) * f.expected  # funds stop some
    f.automation *= np.array([1.0, 0.5, 0.0])[f.tier, None]
    alone("automate", poor)
    keep_twenty(model)
    step(twenty)
    keep_twenty(model)
    f.posts[:], f.automated_at[::2] = 0.5 * f.staff, model.step_number  # machines came to half of them
    alone("lay_off", slump)
    f.posts[:] = 40 * f.staff
    alone("hire", rush)
    return seen


def agree(again: Plain, model: Plain) -> bool:
    """Decisions agree exactly and amounts to 1e-9, in everything that is remembered."""
    for table in (*TABLES, ""):
        one, other = (getattr(s, table) if table else s for s in (again, model))
        for column in (c for c in (vars(one) if table else NUMBERS) if c not in LEFT_OUT):
            expected, got = getattr(one, column), np.asarray(getattr(other, column))
            close = {"rtol": TOLERANCE, "atol": 1e-12} if got.dtype.kind == "f" else {"rtol": 0}
            np.testing.assert_allclose(got, expected, err_msg=f"{table} {column}", **close)
    return True


@pytest.mark.parametrize("name", SECOND)
def test_a_second_version_decides_and_counts_the_same(parts, name):
    seen = [part[name] for part in parts if name in part]
    assert all(agree(again, model) for again, model in seen)
    assert sum({"automate": sum(m.bought), "lay_off": m.laid_off, "hire": m.hired}.get(name, 1) for _, m in seen) > 0


def test_machines_repay_themselves_as_on_paper():
    # 48,000 paid; 14,880 saved less 6 % upkeep of 2,880 leaves 12,000 a year; upkeep alone eats a saving of 2,880
    years = payback_years(outlay=np.array([48e3, 48e3, 0]), saving=np.array([14_880.0, 2_880, 1]), maintenance=0.06)
    assert years.tolist() == pytest.approx([4.0, math.inf, math.nan], nan_ok=True)
    # a dollar at 25 %: 1.25² = 1.5625 owed after two years, met by 25/36 twice; at 100 % by 4/3 twice
    assert [capital_recovery(rate, 2.0) for rate in (0.25, 1.0)] == pytest.approx([25 / 36, 4 / 3])


def test_a_buyer_goes_half_way_where_lambda_says_so():
    # 0.90, duty 0.18, freight 0.05, lead time 0.04 and half as much for the hurry, standards 0.10 × 0.3: 1.22.
    # Cambodia at 1.22 with appeal 1.22 pulls 1, six others at 1 with appeal 0.5 pull 3 together: a quarter is wanted,
    # 0.05 had; lambda = 4 ln 2 halves the distance in a quarter: 0.15 of 800 × 0.5 × 0.25 = 100 million USD
    cost = landed_cost(fob=0.9, duty=0.2, freight=0.05, lead_time=0.04, speed=0.5, weight=0.1, compliance=0.7)
    assert cost == pytest.approx(1.22)
    buyers = Buyers(1)
    buyers.size[:], buyers.elasticity[:], buyers.speed[:], buyers.compliance[:] = 0.5, 1.0, 0.5, 0.1
    buyers.share[:], buyers.appeal[:] = [0.05, *[0.95 / 6] * 6], [1.22, *[0.5] * 6]
    kh = np.array([1.0, 0, 0, 0, 0, 0, 0])
    world = Plain(appeal=np.ones((2, 5, 7, 3)), demand=np.full((2, 5, 3), 800.0), compliance=1 - 0.3 * kh)
    world.duty, world.freight = np.tile(0.2 * kh[:, None], (2, 5, 1, 3)), np.tile(0.05 * kh, (2, 1))
    world.lead_time, par = np.tile(0.04 * kh, (2, 1)), Parameters.from_flat({"sourcing.adjustment": 4 * math.log(2)})
    model = Plain(buyers=buyers, par=par, world=world, step_number=1, dt=0.25, market_share_2012=0.0)
    model.fob, model.origin_sales = lambda: np.tile(1 - 0.1 * kh, (3, 1)), np.ones(7)
    model.economy = Plain(gained_appeal=1 + 0 * kh)
    PROCESSES["choose_origins"].run(model, Stream(1, "choose_origins", 1))
    assert model.landed[0].tolist() == pytest.approx([1.22, *[1.0] * 6])
    assert buyers.share[0].tolist() == pytest.approx([0.15, *[0.85 / 6] * 6])
    assert buyers.orders[0, 0] == pytest.approx(15.0)


def test_factories_leave_at_the_rate_on_paper():
    # the usual margin; e^0.7 = 2.0137527; a domestic supplier of brands; e^5.18 = 177.68281 is cut to 13, but not
    # before the factor; e^-6.02 = 0.0024 is raised to 0.2
    rate = exit_rate(
        margin=np.array([0.07, 0.02, 0.07, -0.30, -0.30, 0.50]),
        factor=np.array([1.0, 1.0, 0.7 * 0.45, 1.0, 0.01, 1.0]),
        **{"markup": 0.07, "usual": 0.05, "sensitivity": 14.0, "least": 0.2, "most": 13.0},
    )
    assert rate.tolist() == pytest.approx([0.05, 0.10068764, 0.01575, 0.65, 0.08884141, 0.01], rel=1e-7)


def test_a_change_of_jobs_falls_into_nine_parts_as_on_paper():
    # Demand doubles. Factory 0: operators 100 → 200 (log mean 100/ln 2), technicians 10 → 20 (10/ln 2), engineers
    # 0 → 5; output × 4, efficiency × 2, operators' tasks halved, technicians' doubled: each logarithm is a multiple of
    # ln 2, so u is × 2 for operators and × 1/2 for technicians. Factory 1: operators 60 → 60 (log mean 60), output
    # × 2, u halved. Factory 2 closes with 50 people, 3 moves away with 40, 4 opens with 30.
    manual, ln2 = [1.0, 0.02, 0.002], 0.6931471805599453
    old = Plain(open=np.ones(4, bool), efficiency=np.ones(4), tasks=np.array([manual] * 4), demand=1_000.0)
    old.heads, old.output = np.array([[100.0, 10, 0], [60, 0, 0], [50, 0, 0], [40, 0, 0]]), np.array([10.0, 7, 5, 4])
    new = Plain(open=np.array([True, True, False, False, True]), efficiency=np.array([2.0, 1, 1, 1, 1]), demand=2_000.0)
    new.heads = np.array([[200.0, 20, 5], [60, 0, 0], [0, 0, 0], [0, 0, 0], [30, 0, 0]])
    new.output = np.array([40.0, 14, 0, 0, 3])
    new.tasks = np.array([[0.5, 0.04, 0.002], manual, manual, manual, manual])
    leaving, moving, seen = (np.array([*flags], bool) for flags in ((0, 0, 1, 1), (0, 0, 0, 1), (1, 1, 1, 1, 0)))
    terms = {
        **{"scale": 100 + 10 + 60 * ln2, "competitiveness": 100 + 10, "efficiency": -100 - 10},
        **{"displacement": -100, "reinstatement": 10, "staffing": 100 - 10 + 5 - 60 * ln2},
        **{"opening": 30, "closure": -50, "relocation": -40},
    }
    found = decompose(old, new, leaving, moving, seen)
    assert found == pytest.approx({f"change_{name}": value for name, value in terms.items()})
    assert sum(found.values()) == pytest.approx(315 - 260)
