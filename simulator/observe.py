"""The indicators of one quarter, taken from the state of the model."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from simulator.census import Put, observe_people
from simulator.compiled import compiled
from simulator.indicators import COLUMNS, DIMENSIONS
from simulator.state import (
    AUT,
    EMPLOYED,
    KH,
    KH_OWNER,
    OPERATOR,
    ORIGINS,
)
from simulator.units import MILLION, Array, share_of

if TYPE_CHECKING:
    from simulator.model import GarmentModel
    from simulator.parameters import Thresholds

COLUMN_AT = {column: i for i, column in enumerate(COLUMNS)}
BASE_YEAR = 2024
LONGEST_PAYBACK = 100.0  # years; slower steps count as this
WORLD_DEMAND_LEAST = 1e-6  # of 2012: keeps the logarithm of vanished demand finite


def measure(model: GarmentModel) -> Array:
    """One row of the recorder, columns as in ``indicators.COLUMNS``.

    Taken at the end of a step, after all processes. Flows are those of the step, money nominal million USD.
    """
    row = np.full(len(COLUMNS), np.nan)

    def put(name: str, value: float, **groups: Array) -> None:
        row[COLUMN_AT[name, "all"]] = value
        for dimension, values in groups.items():
            first = COLUMN_AT[name, f"{dimension}={DIMENSIONS[dimension][0]}"]
            row[first : first + len(DIMENSIONS[dimension])] = values

    observe_people(model, put)
    _money(model, put)
    _markets(model, put)
    _factories(model, put)
    _public(model, put)
    for name, value in Memory.explain(model).items():
        put(name, value)
    return row


def _money(model: GarmentModel, put: Put) -> None:
    """Value added, productivity and margins, from the ledger.

    - own value added: wages, contributions, depreciation, scrapped, interest and profit
    - value added: own, domestic materials, and ``production.home_part`` of energy, overhead and maintenance
    - share of GDP: own value added a year over GDP; output per worker: revenue a year over people employed; unit labour
      cost: wages and contributions over revenue
    - profit margin: (profit + scrapped) over revenue; investment: machines bought before subsidy, replacement, capacity
    """
    f, books, par = model.factories, model.books, model.par
    per_year = 1 / model.dt
    flow = books.totals()
    total, profit = flow["revenue"], books.profit()
    running = profit + books["scrapped"]
    employed = int(np.count_nonzero(model.workers.state == EMPLOYED)) * model.weight
    labour = flow["wages"] + flow["contributions"]
    own = labour + flow["depreciation"] + flow["scrapped"] + flow["interest"] + float(profit.sum())
    at_home = par.production.home_part * (flow["energy"] + flow["overhead"] + flow["maintenance"])
    put("value_added", own + flow["domestic_materials"] + at_home)
    put("gdp_share", own * per_year / model.now("gdp"))
    put("output_per_worker", float(share_of(total * per_year * MILLION, employed)))
    put("unit_labour_cost", float(share_of(labour, total)))

    def by(key: Array, size: int) -> Array:
        earned = np.bincount(key, weights=revenue, minlength=size)
        return share_of(np.bincount(key, weights=profits, minlength=size), earned, empty=np.nan)

    rows = np.flatnonzero((books["revenue"] != 0) | (running != 0))
    revenue, profits = books["revenue"][rows], running[rows]
    put(
        "profit_margin",
        float(share_of(running.sum(), total)),
        goods=by(f.goods[rows], 3),
        tier=by(f.tier[rows], 3),
    )
    put("investment", flow["machines_bought"] + flow["replacement"] + flow["capacity_bought"])


def _markets(model: GarmentModel, put: Put) -> None:
    """Exports, shares and what happens abroad.

    Exports are revenue by the buyer's goods and market; real ones at the UV of 2024. Market share: exports over
    spending of all buyers. Reshored share: the orders that go to makers near the market over spending. Automation
    abroad: origins' automation weighted by their orders, Cambodia left out.
    """
    b = model.buyers
    sold, wanted = b.orders[:, KH], b.spending
    by = {"goods": (b.goods, 3), "market": (b.market, 5)}
    shipped = {d: np.bincount(k, weights=sold, minlength=n) for d, (k, n) in by.items()}
    demand = {d: np.bincount(k, weights=wanted, minlength=n) for d, (k, n) in by.items()}
    put("exports", float(sold.sum()), **shipped)
    put("real_exports", float(sold.sum()) / (model.now("unit_value") / model.world.unit_value_2024))
    put("market_share", model.market_share, **{d: share_of(shipped[d], demand[d]) for d in by})
    near = np.bincount(b.market, weights=b.orders[:, AUT], minlength=5)
    put("reshored_share", float(share_of(near.sum(), wanted.sum())), market=share_of(near, demand["market"]))
    abroad = b.orders.sum(axis=0)[1:]
    put("world_automation", float(share_of(abroad @ model.now("rival_automation")[1:], abroad.sum())))


def _factories(model: GarmentModel, put: Put) -> None:
    """Machines and factories.

    - automation: of open factories, weighted by output and stage weights (by stage: that stage alone)
    - payback: the median over open factories of the shortest ``payback_years`` of their stages, by stage of that stage;
      longer than a hundred years counts as a hundred, factories without a step left are left out
    - closed: left without moving; relocated: moved, by destination; size: median staff of open factories
    """
    f = model.factories
    live = np.flatnonzero(f.open)
    domestic = f.owner == KH_OWNER
    done, made, number, stage_done, stage_made = _work_done(
        live, f.goods, f.tier, domestic, f.brand_linked, f.automation, f.output, model.stage_weights
    )
    size = {d: len(DIMENSIONS[d]) for d in ("goods", "tier", "owner", "buyers")}
    share = share_of(done, made, empty=np.nan)
    put(
        "automation",
        float(share_of(done[0].sum(), made[0].sum())),
        stage=share_of(stage_done, stage_made),
        **{d: share[row, :n] for row, (d, n) in enumerate(size.items())},
    )
    years = np.minimum(model.payback[live].T.copy(), LONGEST_PAYBACK)
    put("payback", _median(np.fmin.reduce(years)), stage=[_median(stage) for stage in years])
    put("factories", len(live), **{d: number[row, :n] for row, (d, n) in enumerate(size.items())})
    closed = model.leaving & ~model.moving
    rows = np.flatnonzero(closed)
    for name, which in (("factories_opened", model.opened), ("factories_closed", rows)):
        put(name, len(which), goods=np.bincount(f.goods[which], minlength=3),
            owner=np.bincount(np.where(domestic[which], 0, 1), minlength=2))  # fmt: skip
    moved = np.bincount(f.moved_to[np.flatnonzero(model.moving)].astype(np.intp), minlength=len(ORIGINS))
    put("factories_relocated", int(moved.sum()), origin=moved[1:])
    put("factory_size", _median(np.asarray(sum(f.staff[live].T)) * model.weight))


@compiled
def _work_done(
    rows: Array,
    goods: Array,
    tier: Array,
    domestic: Array,
    brand_linked: Array,
    automation: Array,
    output: Array,
    weights: Array,
) -> tuple[Array, Array, Array, Array, Array]:
    """Work done by machines, output and number of the factories in ``rows``, then the first two by stage.

    Shape [goods, tier, owner or buyers; group]; a dimension of two groups leaves the third empty.
    """
    done, made, number = np.zeros((4, 3)), np.zeros((4, 3)), np.zeros((4, 3))
    stages = automation.shape[1]
    stage_done, stage_made = np.zeros(stages), np.zeros(stages)
    for row in rows:
        level = 0.0
        for j in range(stages):
            part = weights[goods[row], j]
            level += part * automation[row, j]
            stage_done[j] += part * automation[row, j] * output[row]
            stage_made[j] += part * output[row]
        others = np.intp(not domestic[row]), np.intp(not brand_linked[row])
        groups = (np.intp(goods[row]), np.intp(tier[row]), *others)
        for dimension, group in enumerate(groups):
            done[dimension, group] += level * output[row]
            made[dimension, group] += output[row]
            number[dimension, group] += 1
    return done, made, number, stage_done, stage_made


def _median(values: Array) -> float:
    values = values[np.isfinite(values)]
    if not len(values):
        return np.nan
    low, high = (len(values) - 1) // 2, len(values) // 2
    values.partition((low, high))
    return float(values[low] + values[high]) / 2


def _public(model: GarmentModel, put: Put) -> None:
    """Spending by lever, revenue and their difference, from the public account."""
    account = model.account
    put("public_cost", account.cost, lever=[account.spending.get(name, 0.0) for name in DIMENSIONS["lever"]])
    put("public_revenue", account.income)
    put("public_balance", account.balance)


class Memory:
    """What a quarter leaves behind to explain the next one's change of employment."""

    def __init__(self, model: GarmentModel) -> None:
        f = model.factories
        self.heads = f.staff * model.weight
        self.open = f.open.copy()
        self.output, self.efficiency = model.plan.output, model.plan.efficiency
        self.tasks = model.plan.tasks
        self.demand = world_demand(model)
        self.staffed = (np.asarray(sum(f.staff.T)) > 0) | (model.memory.seen(len(f)) if model.memory else False)
        self.staffed[model.opened] = False  # whoever had the row before

    def seen(self, rows: int) -> Array:
        """Which of ``rows`` factories have ever had staff."""
        return np.concatenate([self.staffed, np.zeros(rows - len(self.staffed), bool)])

    @classmethod
    def explain(cls, model: GarmentModel) -> dict[str, float]:
        """The nine terms of the change of employment since the quarter before; they add up exactly."""
        new = cls(model)
        old = model.memory or new
        terms = decompose(old, new, model.leaving, model.moving, old.seen(len(new.open)))
        model.memory = new
        return terms


def world_demand(model: GarmentModel) -> float:
    """World demand in volume, million USD of 2015 a year; at least a millionth of that of the first step."""
    first = model.world.demand[0].sum() / model.world.unit_value[0]
    return max(float(model.now("demand").sum() / model.now("unit_value")), WORLD_DEMAND_LEAST * first)


def decompose(old: Memory, new: Memory, leaving: Array, moving: Array, seen: Array) -> dict[str, float]:
    r"""Nine terms of the change of heads: log-mean Divisia shares, exact, no term a remainder.

    .. math:: N = D\, m q_f\, \frac{1}{E} L_{15}\, n_k\, u,\qquad \Lambda = (N-N')/\ln(N/N')

    N heads of job k in factory f at the end of a step, N' a step earlier, D world demand in volume, m q_f planned
    output over D, E effective efficiency, n_k tasks by job, u what of the heads planned is there; Lambda is N where N =
    N'. All but N and D are those of ``plan_staff``. Delta ln is the change of a logarithm.

    1. Factories that left in the step give their last heads: relocation if they moved, else closure.
    2. Open factories that never had staff and now have some: opening.
    3. Where a job has heads at both ends: scale is Lambda × Delta ln D, competitiveness Lambda × Delta ln(m q_f),
       efficiency -Lambda × Delta ln E, displacement Lambda × Delta ln n for operators, reinstatement the same for
       technicians and engineers, staffing Lambda × Delta ln u.
    4. A job with heads at one end only is staffing too.
    """
    rows, known = len(new.open), len(old.open)
    left, moved, grown = np.zeros(rows, bool), np.zeros(rows, bool), np.zeros(rows)
    left[: len(leaving)] = leaving
    moved[: len(moving)] = moving
    before, after = np.asarray(sum(old.heads.T)), np.asarray(sum(new.heads.T))
    grown[:] = after
    grown[:known] -= before
    first = ~left & ~seen & (after > 0)
    terms = {
        "relocation": -float(before[moved[:known]].sum()),
        "closure": -float(before[(left & ~moved)[:known]].sum()),
        "opening": float(grown[first].sum()),
    }
    shares = _log_mean_shares(
        ~left & ~first,
        old.heads,
        new.heads,
        np.log(new.demand / old.demand),
        old.output,
        new.output,
        old.efficiency,
        new.efficiency,
        old.tasks,
        new.tasks,
    )
    names = ("scale", "competitiveness", "efficiency", "displacement", "reinstatement", "staffing")
    terms |= zip(names, shares, strict=True)
    return {f"change_{name}": value for name, value in terms.items()}


@compiled
def _log_mean_shares(
    stays: Array,
    before: Array,
    after: Array,
    demand: float,
    output_before: Array,
    output: Array,
    efficiency_before: Array,
    efficiency: Array,
    tasks_before: Array,
    tasks: Array,
) -> tuple[float, float, float, float, float, float]:
    """Terms 3 and 4 of ``decompose``, summed over the factories that stay; ``demand`` is its change of logarithm."""
    scale = competitiveness = better = displacement = reinstatement = staffing = 0.0
    for i in range(len(before)):
        if not stays[i]:
            continue
        for k in range(before.shape[1]):
            n0, n1 = before[i, k], after[i, k]
            if n0 <= 0 or n1 <= 0:
                staffing += n1 - n0
                continue
            ratio = math.log(n1) - math.log(n0)
            mean = n1 if n0 == n1 else (n1 - n0) / ratio
            d_output = math.log(output[i] / output_before[i])
            d_efficiency = math.log(efficiency[i] / efficiency_before[i])
            d_tasks = math.log(tasks[i, k] / tasks_before[i, k])
            scale += mean * demand
            competitiveness += mean * (d_output - demand)
            better -= mean * d_efficiency
            if k == OPERATOR:
                displacement += mean * d_tasks
            else:
                reinstatement += mean * d_tasks
            staffing += mean * (ratio - d_output + d_efficiency - d_tasks)
    return scale, competitiveness, better, displacement, reinstatement, staffing


def fill_relative(model: GarmentModel) -> None:
    """Once 2024 is known, what is told relative to it: labour cost, survival, closeness to each future.

    Its mean over 2024 is 1. When 2024 is complete all earlier steps are filled in; from then on each step at once.
    Value added is taken at the UV of 2024. Runs that end earlier lack these indicators.
    """
    values, per_year = model.recorder.values, model.steps_per_year
    end = (BASE_YEAR + 1 - 2012) * per_year
    steps = model.recorder.steps
    if steps < end:
        return
    base = slice(end - per_year, end)
    if steps == end:
        model.base_2024 = {
            name: float(values[base, COLUMN_AT[name, "all"]].mean())
            for name in ("labour_cost_index", "employment", "real_exports")
        }
        model.base_2024["value_added"] = float(
            (values[base, COLUMN_AT["value_added", "all"]] / _prices(model, base)).mean()
        )
        rows = slice(0, steps)
    else:
        rows = slice(steps - 1, steps)
    b = model.base_2024
    at = {
        n: COLUMN_AT[n, "all"] for n in ("labour_cost_index", "automation", "employment", "real_exports", "value_added")
    }
    cost = values[rows, at["labour_cost_index"]] / b["labour_cost_index"]
    values[rows, at["labour_cost_index"]] = cost
    jobs = values[rows, at["employment"]]
    skilled = share_of(values[rows, COLUMN_AT["skilled_jobs", "all"]], jobs)
    real = values[rows, at["value_added"]] / _prices(model, rows)
    survival, membership = futures(
        cost=cost,
        automation=values[rows, at["automation"]],
        jobs=share_of(jobs, b["employment"]),
        exports=share_of(values[rows, at["real_exports"]], b["real_exports"]),
        value_added=share_of(real, b["value_added"]),
        skilled=skilled,
        limits=model.par.thresholds,
    )
    values[rows, COLUMN_AT["survival", "all"]] = survival
    values[rows, [COLUMN_AT[f"scenario_{k}", "all"] for k in range(6)]] = membership


def _prices(model: GarmentModel, rows: slice) -> Array:
    return model.world.unit_value[rows] / model.world.unit_value_2024


def futures(
    *,
    cost: Array,
    automation: Array,
    jobs: Array,
    exports: Array,
    value_added: Array,
    skilled: Array,
    limits: Thresholds,
) -> tuple[Array, Array]:
    r"""Survival and soft membership in the six futures; all ratios are to 2024, shapes [step] and [step, 6].

    .. math:: survival = \max(jobs / J,\; exports / X),\qquad
              x = \mathrm{clip}\Big(\frac{cost - c^*}{s_c}, -1, 1\Big),\quad
              y = \mathrm{clip}\Big(\frac{automation - a^*}{s_a}, -1, 1\Big)

    .. math:: M_c = \frac{e^{-d_c/\sigma}}{\sum_k e^{-d_k/\sigma}},\qquad d_c = (x - x_c)^2 + (y - y_c)^2

    J ``thresholds.survival_employment``, X ``thresholds.survival_exports``, c* ``thresholds.labour_cost``, s_c
    ``thresholds.cost_scale``, a* ``thresholds.automation``, s_a ``thresholds.automation_scale``, sigma
    ``thresholds.softness``; exports are real, d the squared distance to corner c.

    Corners of the map: future 1 at (-1, -1), low cost and few machines; 3 at (-1, 1); 2 or 0 at (1, -1); 4 or 5 at (1,
    1). A shared corner counts for the one whose condition holds: 2 where exports are below X, else 0; 4 where real
    value added exceeds ``thresholds.high_value_added`` and skilled jobs exceed the share ``thresholds.high_skilled``,
    else 5. A vanished sector (survival below 1) is 2 whatever its place. The label is the future with the largest
    membership.
    """
    survival = np.maximum(jobs / limits.survival_employment, exports / limits.survival_exports)
    x = np.clip((cost - limits.labour_cost) / limits.cost_scale, -1, 1)
    y = np.clip((automation - limits.automation) / limits.automation_scale, -1, 1)
    corners = np.array([(-1, -1), (1, -1), (-1, 1), (1, 1)])
    distance = (x[:, None] - corners[:, 0]) ** 2 + (y[:, None] - corners[:, 1]) ** 2
    pull = np.exp(-(distance - distance.min(axis=1, keepdims=True)) / limits.softness)
    pull /= pull.sum(axis=1, keepdims=True)
    low_few, high_few, low_many, high_many = pull.T
    shrunk = exports < limits.survival_exports
    high_tech = (value_added > limits.high_value_added) & (skilled > limits.high_skilled)
    out = np.zeros((len(cost), 6))
    out[:, 1], out[:, 3] = low_few, low_many
    out[:, 2], out[:, 0] = np.where(shrunk, high_few, 0.0), np.where(shrunk, 0.0, high_few)
    out[:, 4], out[:, 5] = np.where(high_tech, high_many, 0.0), np.where(high_tech, 0.0, high_many)
    vanished = survival < 1
    out[vanished] = 0.0
    out[vanished, 2] = 1.0
    return survival, out
