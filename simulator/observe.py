"""The indicators of one quarter, taken from the state of the model."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from simulator.census import Put, observe_people
from simulator.compiled import compiled
from simulator.indicators import COLUMNS, DIMENSIONS, FACTORY, INDICATORS
from simulator.state import (
    AUT,
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
_WIDTH = Counter(name for name, _ in COLUMNS)
SPAN = {name: slice(COLUMN_AT[name, "all"], COLUMN_AT[name, "all"] + _WIDTH[name]) for name in INDICATORS}
BASE_YEAR = 2024
_COMPARED = tuple(
    COLUMN_AT[name, "all"] for name in ("employment", "real_exports", "automation", "skilled_jobs", "labour_cost_index")
)
_SURVIVAL = COLUMN_AT["survival", "all"]
_MEMBERSHIP = slice(COLUMN_AT["scenario_0", "all"], COLUMN_AT["scenario_5", "all"] + 1)
LONGEST_PAYBACK = 100.0  # years; slower steps count as this
WORLD_DEMAND_LEAST = 1e-6  # of 2012: keeps the logarithm of vanished demand finite


def measure(model: GarmentModel) -> Array:
    """One row of the recorder, columns as in ``indicators.COLUMNS``.

    Taken at the end of a step, after all processes. Flows are those of the step, money nominal million USD.
    """
    row = np.full(len(COLUMNS), np.nan)

    def put(name: str, values: Any) -> None:
        row[SPAN[name]] = values

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
    employed = int(f.staff.sum()) * model.weight
    labour = flow["wages"] + flow["contributions"]
    own = labour + flow["depreciation"] + flow["scrapped"] + flow["interest"] + float(profit.sum())
    at_home = par.production.home_part * (flow["energy"] + flow["overhead"] + flow["maintenance"])
    put("value_added", own + flow["domestic_materials"] + at_home)
    put("gdp_share", own * per_year / model.now("gdp"))
    put("output_per_worker", float(share_of(total * per_year * MILLION, employed)))
    put("unit_labour_cost", float(share_of(labour, total)))

    by_group = _profit_shares(f.goods, f.tier, books["revenue"], running).ravel()
    put("profit_margin", [float(share_of(running.sum(), total)), *by_group])
    put("investment", flow["machines_bought"] + flow["replacement"] + flow["capacity_bought"])


def _markets(model: GarmentModel, put: Put) -> None:
    """Exports, shares and what happens abroad.

    Exports are revenue by the buyer's goods and market; real ones at the UV of 2024. Market share: exports over
    spending of all buyers. Reshored share: the orders that go to makers near the market over spending. Automation
    abroad: origins' automation weighted by their orders, Cambodia left out.
    """
    b = model.buyers
    sold, wanted = b.orders[:, KH], b.spending
    shipped, share, near, near_share = _sales(b.goods, b.market, b.orders, wanted)
    total = float(sold.sum())
    put("exports", [total, *shipped])
    put("real_exports", total / (model.now("unit_value") / model.world.unit_value_2024))
    put("market_share", [model.market_share, *share])
    put("reshored_share", [float(share_of(near.sum(), wanted.sum())), *near_share])
    abroad = b.orders.sum(axis=0)[1:]
    put("world_automation", float(share_of(abroad @ model.now("rival_automation")[1:], abroad.sum())))


@compiled
def _sales(goods: Array, market: Array, orders: Array, spending: Array) -> tuple[Array, Array, Array, Array]:
    """Cambodia's sales and market share by goods, then by market; sales near the market and their share by market."""
    shipped, wanted, near = np.zeros(8), np.zeros(8), np.zeros(5)
    for i in range(len(spending)):
        for group in (np.intp(goods[i]), 3 + np.intp(market[i])):
            shipped[group] += orders[i, KH]
            wanted[group] += spending[i]
        near[market[i]] += orders[i, AUT]
    return (
        shipped,
        _shares(shipped, wanted),
        near,
        _shares(near, wanted[3:]),
    )


@compiled
def _shares(part: Array, whole: Array) -> Array:
    out = np.zeros(len(part))
    for k in range(len(part)):
        if whole[k] > 0:
            out[k] = part[k] / whole[k]
    return out


@compiled
def _profit_shares(goods: Array, tier: Array, revenue: Array, profit: Array) -> Array:
    """Profit over revenue by goods, then by tier, nan where nothing is earned."""
    earned, kept = np.zeros((2, 3)), np.zeros((2, 3))
    for i in range(len(goods)):
        for dimension, group in enumerate((np.intp(goods[i]), np.intp(tier[i]))):
            earned[dimension, group] += revenue[i]
            kept[dimension, group] += profit[i]
    for row in range(2):
        for k in range(3):
            kept[row, k] = kept[row, k] / earned[row, k] if earned[row, k] > 0 else np.nan
    return kept


def _factories(model: GarmentModel, put: Put) -> None:
    """Machines and factories.

    - automation: of open factories, weighted by output and stage weights (by stage: that stage alone)
    - payback: the median over open factories of the shortest ``payback_years`` of their stages, by stage of that stage;
      longer than a hundred years counts as a hundred, factories without a step left are left out
    - closed: left without moving; relocated: moved, by destination; size: median staff of open factories
    """
    f = model.factories
    domestic = f.owner == KH_OWNER
    done, made, number, stage_done, stage_made = _work_done(
        f.open, f.goods, f.tier, domestic, f.brand_linked, f.automation, f.output, model.stage_weights
    )
    shares = share_of(done, made, empty=np.nan).tolist()
    total = float(share_of(done[0].sum(), made[0].sum()))
    by_stage = share_of(stage_done, stage_made)
    put("automation", [total, *by_stage, *_groups(shares)])
    *paybacks, size = _medians(*_columns(f.open, model.payback, f.staff, model.weight))
    put("payback", paybacks)
    opened, closed, moved = _came_and_went(model.opened, model.leaving, model.moving, f.goods, domestic, f.moved_to)
    put("factories", [number[0].sum(), *_groups(number.tolist())])
    put("factories_opened", opened)
    put("factories_closed", closed)
    put("factories_relocated", moved)
    put("factory_size", size)


def _groups(table: list[list[float]]) -> list[float]:
    """Values by the groups of ``FACTORY`` in a line, from rows of at most three."""
    return [value for row, name in zip(table, FACTORY, strict=True) for value in row[: len(DIMENSIONS[name])]]


@compiled
def _work_done(
    is_open: Array,
    goods: Array,
    tier: Array,
    domestic: Array,
    brand_linked: Array,
    automation: Array,
    output: Array,
    weights: Array,
) -> tuple[Array, Array, Array, Array, Array]:
    """Work done by machines, output and number of open factories, then the first two by stage.

    Shape [goods, tier, owner or buyers; group]; a dimension of two groups leaves the third empty.
    """
    done, made, number = np.zeros((4, 3)), np.zeros((4, 3)), np.zeros((4, 3))
    stages = automation.shape[1]
    stage_done, stage_made = np.zeros(stages), np.zeros(stages)
    for row in range(len(is_open)):
        if not is_open[row]:
            continue
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


@compiled
def _came_and_went(
    opened: Array, leaving: Array, moving: Array, goods: Array, domestic: Array, moved_to: Array
) -> tuple[Array, Array, Array]:
    """Factories that opened and that closed, by goods and owner; that moved, by origin; the sum of all comes first."""
    came, went, moved = np.zeros(6), np.zeros(6), np.zeros(len(ORIGINS))
    for i in opened:
        for place in (0, 1 + np.intp(goods[i]), 4 + np.intp(not domestic[i])):
            came[place] += 1
    for i in range(len(leaving)):
        if moving[i]:
            moved[moved_to[i]] += 1
            moved[0] += 1
        elif leaving[i]:
            for place in (0, 1 + np.intp(goods[i]), 4 + np.intp(not domestic[i])):
                went[place] += 1
    return came, went, moved


@compiled
def _columns(is_open: Array, payback: Array, staff: Array, weight: float) -> tuple[Array, Array]:
    """Of open factories: the shortest payback, that of each stage, and staff in people; and how many have each.

    Shape [what, factory]; infinite for the others, so that these come last when sorted.
    """
    rows, stages = payback.shape
    values, number = np.full((2 + stages, rows), np.inf), np.zeros(2 + stages, np.intp)
    for i in range(rows):
        if not is_open[i]:
            continue
        for j in range(stages):
            there = payback[i, j] == payback[i, j]  # nan where no step is left
            years = min(payback[i, j], LONGEST_PAYBACK) if there else np.inf
            values[1 + j, i] = years
            values[0, i] = min(values[0, i], years)
            number[1 + j] += there
        number[0] += values[0, i] < np.inf
        values[1 + stages, i] = (staff[i, 0] + staff[i, 1] + staff[i, 2]) * weight
        number[1 + stages] += 1
    return values, number


def _medians(values: Array, number: Array) -> list[float]:
    """The median of the first ``number`` of each row in order of size, nan of none."""
    values.sort(axis=1)
    return [
        float(row[(n - 1) // 2] + row[n // 2]) / 2 if n else np.nan
        for row, n in zip(values, number.tolist(), strict=True)
    ]


def _public(model: GarmentModel, put: Put) -> None:
    """Spending by lever, revenue and their difference, from the public account."""
    account = model.account
    put("public_cost", [account.cost, *(account.spending.get(name, 0.0) for name in DIMENSIONS["lever"])])
    put("public_revenue", account.income)
    put("public_balance", account.balance)


class Memory:
    """What a quarter leaves behind to explain the next one's change of employment."""

    def __init__(self, model: GarmentModel) -> None:
        f, before = model.factories, model.memory
        self.heads = f.staff * model.weight
        self.output, self.efficiency = model.plan.output, model.plan.efficiency
        self.tasks = model.plan.tasks
        self.demand = world_demand(model)
        known: Array = before.staffed if before else np.zeros(0, np.bool_)
        self.staffed: Array = _staffed(f.staff, known, model.opened)

    def seen(self, rows: int) -> Array:
        """Which of ``rows`` factories have ever had staff."""
        return np.concatenate([self.staffed, np.zeros(rows - len(self.staffed), bool)])

    @classmethod
    def explain(cls, model: GarmentModel) -> dict[str, float]:
        """The nine terms of the change of employment since the quarter before; they add up exactly."""
        new = cls(model)
        old = model.memory or new
        terms = decompose(old, new, model.leaving, model.moving, old.seen(len(new.heads)))
        model.memory = new
        return terms


@compiled
def _staffed(staff: Array, before: Array, opened: Array) -> Array:
    """Which factories have or had staff; of the rows just ``opened`` what they had before does not count."""
    out = np.zeros(len(staff), np.bool_)
    for i in range(len(staff)):
        out[i] = staff[i].sum() > 0 or (i < len(before) and before[i])
    for i in opened:
        out[i] = False  # whoever had the row before
    return out


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
    names = (
        *("relocation", "closure", "opening"),
        *("scale", "competitiveness", "efficiency", "displacement", "reinstatement", "staffing"),
    )
    shares = _log_mean_shares(
        leaving,
        moving,
        seen,
        old.heads,
        new.heads,
        float(np.log(new.demand / old.demand)),
        old.output,
        new.output,
        old.efficiency,
        new.efficiency,
        old.tasks,
        new.tasks,
    )
    return {f"change_{name}": value for name, value in zip(names, shares, strict=True)}


@compiled
def _log_mean_shares(
    leaving: Array,
    moving: Array,
    seen: Array,
    before: Array,
    after: Array,
    demand: float,
    output_before: Array,
    output: Array,
    efficiency_before: Array,
    efficiency: Array,
    tasks_before: Array,
    tasks: Array,
) -> tuple[float, float, float, float, float, float, float, float, float]:
    """The terms of ``decompose`` in their order, summed over factories; ``demand`` is its change of logarithm."""
    relocation = closure = opening = 0.0
    scale = competitiveness = better = displacement = reinstatement = staffing = 0.0
    for i in range(len(after)):
        known = i < len(before)
        if i < len(leaving) and leaving[i]:
            gone = before[i].sum() if known else 0.0
            if moving[i]:
                relocation += gone
            else:
                closure += gone
            continue
        if not seen[i]:
            opening += after[i].sum()
            if after[i].sum() > 0 and known:
                opening -= before[i].sum()
            continue
        if not known:
            continue
        worked_out, d_output, d_efficiency = False, 0.0, 0.0
        for k in range(before.shape[1]):
            n0, n1 = before[i, k], after[i, k]
            if n0 <= 0 or n1 <= 0:
                staffing += n1 - n0
                continue
            ratio = 0.0 if n0 == n1 else math.log(n1) - math.log(n0)
            mean = n1 if n0 == n1 else (n1 - n0) / ratio
            if not worked_out:
                d_output = math.log(output[i] / output_before[i])
                d_efficiency = math.log(efficiency[i] / efficiency_before[i])
                worked_out = True
            change = tasks[i, k] / tasks_before[i, k]
            d_tasks = 0.0 if change == 1.0 else math.log(change)
            scale += mean * demand
            competitiveness += mean * (d_output - demand)
            better -= mean * d_efficiency
            if k == OPERATOR:
                displacement += mean * d_tasks
            else:
                reinstatement += mean * d_tasks
            staffing += mean * (ratio - d_output + d_efficiency - d_tasks)
    return -relocation, -closure, opening, scale, competitiveness, better, displacement, reinstatement, staffing


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
    jobs, exports, automation, skilled, cost = (values[rows, place] for place in _COMPARED)
    cost /= b["labour_cost_index"]  # in its place among the values
    real = values[rows, COLUMN_AT["value_added", "all"]] / _prices(model, rows)
    values[rows, _SURVIVAL], values[rows, _MEMBERSHIP] = futures(
        cost=cost,
        automation=automation,
        jobs=share_of(jobs, b["employment"]),
        exports=share_of(exports, b["real_exports"]),
        value_added=share_of(real, b["value_added"]),
        skilled=share_of(skilled, jobs),
        limits=model.par.thresholds,
    )


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
    cost, automation = (
        (cost - limits.labour_cost) / limits.cost_scale,
        (automation - limits.automation) / limits.automation_scale,
    )
    pull = np.exp(-_beyond_nearest(cost, automation) / limits.softness)
    shrunk = exports < limits.survival_exports
    high_tech = (value_added > limits.high_value_added) & (skilled > limits.high_skilled)
    return survival, _memberships(pull, shrunk, high_tech, survival < 1)


@compiled
def _beyond_nearest(cost: Array, automation: Array) -> Array:
    """Squared distance to each corner less that to the nearest, shape [step, corner]."""
    out = np.empty((len(cost), 4))
    for i in range(len(cost)):
        x, y = _within_one(cost[i]), _within_one(automation[i])
        nearest = np.inf
        for k in range(4):  # low cost first, few machines first
            corner_x, corner_y = 2.0 * (k % 2) - 1, 2.0 * (k // 2) - 1
            out[i, k] = (x - corner_x) ** 2 + (y - corner_y) ** 2
            nearest = min(nearest, out[i, k])
        for k in range(4):
            out[i, k] -= nearest
    return out


@compiled
def _within_one(x: float) -> float:
    return -1.0 if x < -1 else 1.0 if x > 1 else x


@compiled
def _memberships(pull: Array, shrunk: Array, high_tech: Array, vanished: Array) -> Array:
    """Membership by future from the pull of the corners, shape [step, 6]."""
    out = np.zeros((len(pull), 6))
    for i in range(len(pull)):
        if vanished[i]:
            out[i, 2] = 1.0
            continue
        low_few, high_few, low_many, high_many = pull[i] / (pull[i, 0] + pull[i, 1] + pull[i, 2] + pull[i, 3])
        out[i, 1], out[i, 3] = low_few, low_many
        out[i, 2 if shrunk[i] else 0] = high_few
        out[i, 4 if high_tech[i] else 5] = high_many
    return out
