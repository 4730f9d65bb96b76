"""What the sector meets and cannot change: one number a step for each series, from data and scenario.

Everything is worked out before the first step from ``data/`` and the scenario's paths, so nothing compounds
inside a run and no lever can reach back into history.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from simulator import data
from simulator.state import ASEAN, EU, GOODS, KH, MARKETS, ORIGINS, US
from simulator.units import Array

if TYPE_CHECKING:
    from simulator.scenario import Scenario

FIRST_YEAR, LAST_DATA_YEAR, START_YEAR = 2012, 2024, 2025
TRAVEL_GOODS = GOODS.index("travel_goods")
RIVALS = slice(1, 6)


@dataclass(frozen=True)
class World:
    """Arrays whose first axis is the step; shapes [step], [step, origin], [step, market, goods] and so on."""

    years: Array
    demand: Array  # USD million a year, nominal [step, market, goods]
    unit_value: Array  # 2015 = 1
    unit_value_2024: float
    cpi: Array  # 2024 = 1
    gdp: Array  # USD million a year
    minimum_wage: Array  # USD a month
    minimum_wage_before: Array  # the same a year earlier
    outside_wage: Array  # USD a month
    living_wage: Array  # USD a month
    energy_price: Array  # USD per kWh
    robot_price: Array  # real, 2015 = 1
    ceilings: Array  # technical ceilings at home [step, stage]
    sewing_abroad: Array  # sewing ceiling in the world
    rival_automation: Array  # [step, origin]
    rival_cost: Array  # FOB cost of each origin but Cambodia [step, origin]
    appeal: Array  # factor on each origin's appeal [step, market, origin, goods]
    duty: Array  # [step, market, origin, goods]
    freight: Array  # [step, origin]
    lead_time: Array  # [step, origin]
    compliance: Array  # [origin]

    def agrees(self, other: World, step: int) -> bool:
        """Whether both are equal in a step."""
        mine, theirs = vars(self), vars(other)
        fixed = ("unit_value_2024", "compliance")
        return all(
            np.array_equal(*((v, theirs[n]) if n in fixed else (v[step], theirs[n][step]))) for n, v in mine.items()
        )


def build(scenario: Scenario, steps_per_year: int, last_year: int) -> World:
    """All series for a scenario; raises DataError where a table lacks a value.

    t is the middle of a step as a year (2012.125 in the first quarter). *After* means t > 2025. A growth rate g that
    starts with the scenarios works as exp of the sum of ln(1 + g) dt over the steps after, half of the present one
    taken off, so that each step stands for its middle. Yearly series hold through their year; after the last, 2024,
    they grow from the middle of that year to the middle of the step.

    - demand, nominal million USD a year by market and goods: ``world_demand`` × 1000, growing by
      ``world.demand_growth``, split over markets by ``market demand_share_2012`` × exp(``market relative_growth`` ×
      (t - 2012)) over their sum
    - unit value UV, 2015 = 1: ``unit_value``, growing by ``world.price_growth``; consumer prices: ``cpi``, growing by
      ``world.inflation``; GDP: ``gdp`` rebased, growing by ``world.gdp_growth``
    - minimum wage: ``_minimum_wage``
    - outside wage, USD a month: ``labour.outside_wage`` × (1 + ``labour.outside_wage_growth_before``) to the power of
      min(t, 2025) - 2015.5, then growing by ``world.outside_wage_growth``
    - robot price P_R, real, 1 in the middle of 2015: likewise with ``technology.price_growth_before``, then
      ``technology.price_growth``
    - electricity price, USD per kWh: ``energy_price`` to 2024, then the lever ``energy.price``
    - living wage: ``wages.living_wage`` × consumer prices / (1 + ``world.inflation``)
    - technical ceilings at home: ``technology.cut_ceiling``, ``technology.finish_ceiling``,
      ``technology.pack_ceiling``, and for sewing ``_sewing`` brought forward by ``innovation.years_gained`` ×
      ``innovation.research`` years; abroad the same curve without research
    - FOB cost of rivals: ``_rival_cost`` with ``_rival_automation``; that of makers near the market is
      ``world.near_fixed`` + ``world.near_labour`` × (1 + ``world.near_labour_growth``) to the power of t - 2015 +
      ``world.near_machines`` × P_R
    - freight and lead-time cost: ``origin freight`` and ``origin lead_time_cost``, for Cambodia × (1 -
      ``infrastructure.freight_saving`` × ``infrastructure.logistics``) and × (1 - ``infrastructure.lead_saving`` ×
      ``infrastructure.logistics``)
    - appeal: ``_appeal``; duties: ``_duties``; at last the scenario's shocks: ``_shock``
    """
    paths = scenario.paths(steps_per_year=steps_per_year, first_year=FIRST_YEAR, last_year=last_year)
    steps = (last_year - FIRST_YEAR + 1) * steps_per_year
    dt = 1.0 / steps_per_year
    t = FIRST_YEAR + (np.arange(steps) + 0.5) * dt
    year = FIRST_YEAR + np.arange(steps) // steps_per_year
    raw, eff = paths.raw, paths.effective
    after = np.clip(t - START_YEAR, 0.0, None) > 0

    def grown(growth: Array) -> Array:
        """Growth factor since the start of the scenarios."""
        return np.exp(
            np.cumsum(np.where(after, np.log1p(growth), 0.0) * dt) - 0.5 * dt * np.where(after, np.log1p(growth), 0)
        )

    def history(series: str, key: str, growth: Array) -> Array:
        """Yearly figures, then growth from the middle of the last year with a figure."""
        known = data.yearly(series, key)
        years = np.array(sorted(known))
        values = np.array([known[k] for k in years.tolist()])[np.searchsorted(years, year, side="right") - 1]
        later = np.exp(np.cumsum(np.where(year > LAST_DATA_YEAR, np.log1p(growth), 0.0) * dt))
        ahead = np.where(year > LAST_DATA_YEAR, (1 + growth) ** ((1 - dt) / 2), 1.0)
        return values * later * ahead

    demand_growth, inflation = raw["world.demand_growth"], raw["world.price_growth"]
    unit_value = history("unit_value", "", inflation)
    demand = np.empty((steps, len(MARKETS), len(GOODS)))
    shares = data.values("market", "demand_share_2012", MARKETS)
    drift = data.values("market", "relative_growth", MARKETS)
    weights = shares * np.exp(drift * (t[:, None] - FIRST_YEAR))
    weights /= weights.sum(axis=1, keepdims=True)
    for g, goods in enumerate(GOODS):
        total = 1000.0 * history("world_demand", goods, demand_growth)
        demand[:, :, g] = total[:, None] * weights

    cpi = history("cpi", "", raw["world.inflation"])
    gdp = history("gdp", "rebased", raw["world.gdp_growth"])
    minimum, before = _minimum_wage(raw["wages.minimum_wage_growth"], steps, steps_per_year)
    first_outside = raw["labour.outside_wage"][0]
    past = np.minimum(t, START_YEAR) - 2015.5
    outside = (
        first_outside * (1 + raw["labour.outside_wage_growth_before"]) ** past * grown(raw["world.outside_wage_growth"])
    )
    robot = (1 + raw["technology.price_growth_before"]) ** (np.minimum(t, START_YEAR) - 2015.5) * grown(
        raw["technology.price_growth"]
    )
    past_price = data.yearly("energy_price", "")
    energy = np.where(year <= LAST_DATA_YEAR, [past_price.get(int(y), 0.0) for y in year], eff["energy.price"]).astype(
        float
    )

    abroad = _sewing(t, raw, 0.0)
    home = _sewing(t, raw, raw["innovation.years_gained"] * eff["innovation.research"])
    ceilings = np.stack(
        [
            raw["technology.cut_ceiling"],
            home,
            raw["technology.finish_ceiling"],
            raw["technology.pack_ceiling"],
        ],
        axis=1,
    )
    automation = _rival_automation(t, raw)
    near = (
        raw["world.near_fixed"]
        + raw["world.near_labour"] * (1 + raw["world.near_labour_growth"]) ** (t - 2015)
        + raw["world.near_machines"] * robot
    )
    cost = _rival_cost(t, raw, automation, robot, dt)
    cost[:, -1] = near
    freight = np.tile(data.values("origin", "freight", ORIGINS), (steps, 1))
    lead = np.tile(data.values("origin", "lead_time_cost", ORIGINS), (steps, 1))
    logistics = eff["infrastructure.logistics"]
    freight[:, KH] *= 1 - raw["infrastructure.freight_saving"] * logistics
    lead[:, KH] *= 1 - raw["infrastructure.lead_saving"] * logistics
    world = World(
        years=t,
        demand=demand,
        unit_value=unit_value,
        unit_value_2024=data.yearly("unit_value", "")[2024],
        cpi=cpi,
        gdp=gdp,
        minimum_wage=minimum,
        minimum_wage_before=before,
        outside_wage=outside,
        living_wage=raw["wages.living_wage"] * cpi / (1 + raw["world.inflation"]),
        energy_price=energy,
        robot_price=robot,
        ceilings=ceilings,
        sewing_abroad=abroad,
        rival_automation=automation,
        rival_cost=cost,
        appeal=_appeal(t, raw, abroad),
        duty=_duties(raw, eff, steps, steps_per_year),
        freight=freight,
        lead_time=lead,
        compliance=data.values("origin", "compliance", ORIGINS),
    )
    _shock(world, scenario, steps_per_year)
    return world


def step_of(period: str, steps_per_year: int) -> int:
    """Number of the first step of a quarter such as ``2027Q1``.

    >>> step_of("2012Q3", 4), step_of("2013Q1", 12)
    (2, 12)
    """
    year, quarter = int(period[:4]), int(period[5])
    return (year - FIRST_YEAR) * steps_per_year + (quarter - 1) * steps_per_year // 4


def edges(steps: int, steps_per_year: int) -> list[date]:
    """First days of all steps, and the day after the last."""
    months = 12 // steps_per_year
    return [date(FIRST_YEAR + i * months // 12, 1 + i * months % 12, 1) for i in range(steps + 1)]


def _minimum_wage(growth: Array, steps: int, steps_per_year: int) -> tuple[Array, Array]:
    """The statutory wage: the mean over a step's days while known, then a rise each January.

    Known to the end of the last year with a value in ``minimum_wage``; from then on it is the step before × (1 +
    ``wages.minimum_wage_growth``) in the first step of a year and unchanged in the others. The wage of a year earlier
    is that of the same step the year before, in 2012 the first value.
    """
    law = tuple(data.dated("minimum_wage"))
    values = np.array(_in_force(law, steps, steps_per_year))
    last = law[-1][0].year
    for i in range((last + 1 - FIRST_YEAR) * steps_per_year, steps):
        january = i % steps_per_year == 0
        values[i] = values[i - 1] * (1 + growth[i] if january else 1.0)
    before = np.concatenate([np.full(steps_per_year, values[0]), values[:-steps_per_year]])
    return values, before


@lru_cache(maxsize=8)
def _in_force(law: tuple[tuple[date, float], ...], steps: int, steps_per_year: int) -> list[float]:
    """Mean over the days of each step of the wage in force."""
    days = edges(steps, steps_per_year)
    found = []
    for first, after in pairwise(days):
        each_day = [next(v for d, v in reversed(law) if d <= first + timedelta(n)) for n in range((after - first).days)]
        found.append(float(np.mean(each_day)))
    return found


def _sewing(t: Array, raw: Any, years_earlier: Array | float) -> Array:
    r"""Technical ceiling of sewing: a logistic curve, which never falls and leaves history alone.

    .. math:: \phi = \phi_0 + \frac{\bar\phi - \phi_0}{1 + e^{-(t - t_{1/2})/s}}

    phi_0 ``technology.sewing_floor``, its limit ``technology.sewing_ceiling``, t_1/2 ``technology.sewing_midyear`` less
    the years gained, s ``technology.sewing_scale``. Before 2025 the values of 2012 hold and no years are gained;
    afterwards the curve is never below what it was.
    """
    floor, scale = raw["technology.sewing_floor"], raw["technology.sewing_scale"]

    def curve(ceiling: Array | float, middle: Array | float) -> Array:
        return floor + (ceiling - floor) / (1 + np.exp(-(t - middle) / scale))

    default = curve(raw["technology.sewing_ceiling"][0], raw["technology.sewing_midyear"][0])
    path = curve(raw["technology.sewing_ceiling"], raw["technology.sewing_midyear"] - years_earlier)
    past = t < START_YEAR
    return np.maximum.accumulate(np.where(past, default, path))


def _rival_automation(t: Array, raw: Any) -> Array:
    r"""Automation abroad: its course to 2024, then a straight line to the driver's value in 2040.

    .. math:: a = f_o\, A\,\frac{\max(0, t - 2016)}{24}\ (t < 2025),\qquad
              a = f_o\Big(a_{25} + (D - a_{25})\frac{t - 2025}{15}\Big)

    A ``world.competitor_automation_before``, f_o ``origin automation_factor``, a_25 = 9 A / 24, D
    ``world.competitor_automation``; between 0 and 1. Makers near the market are fully automated.
    """
    factor = np.concatenate([[0.0], data.values("origin", "automation_factor", ORIGINS[RIVALS]), [0.0]])
    course = raw["world.competitor_automation_before"] * np.clip(t - 2016, 0, None) / 24.0
    at_start = raw["world.competitor_automation_before"][0] * (START_YEAR - 2016) / 24.0
    line = at_start + (raw["world.competitor_automation"] - at_start) * (t - START_YEAR) / (2040 - START_YEAR)
    automation = np.clip(np.where(t < START_YEAR, course, line)[:, None] * factor, 0.0, 1.0)
    automation[:, -1] = 1.0
    return automation


def _rival_cost(t: Array, raw: Any, automation: Array, robot: Array, dt: float) -> Array:
    r"""FOB cost of rival origins.

    .. math:: FOB = f + (1-f)\,\hat w\,(1 - s\,a) + m\,a\,P_R

    f ``world.rival_fixed``, s ``world.rival_machine_saving``, m ``world.rival_machine_cost``, a automation, w wage net
    of productivity: exp(``origin unit_labour_cost_growth`` × (min(t, 2025) - 2015.5)), after 2025 growing by
    ``world.competitor_wage_part`` × ``world.competitor_wage_growth``. Costs are in 2015 USD of product, about 1
    in 2015.
    """
    growth = np.concatenate([[0.0], data.values("origin", "unit_labour_cost_growth", ORIGINS[RIVALS]), [0.0]])
    later = np.log1p(raw["world.competitor_wage_part"] * raw["world.competitor_wage_growth"])
    rise = np.cumsum(np.where(t > START_YEAR, later, 0.0) * dt)
    wage = np.exp(growth * (np.minimum(t, START_YEAR)[:, None] - 2015.5) + rise[:, None])
    fixed = raw["world.rival_fixed"][:, None]
    saved = 1 - raw["world.rival_machine_saving"][:, None] * automation
    return fixed + (1 - fixed) * wage * saved + raw["world.rival_machine_cost"][:, None] * automation * robot[:, None]


def _appeal(t: Array, raw: Any, sewing: Array) -> Array:
    """Factors on origins' appeal: trends, access gaps of Cambodia, and what machines near the market can make.

    - rivals: exp(``origin appeal_growth`` × years since 2012), until the end of ``origin appeal_end_year``; then what
      it was × ``origin appeal_after``
    - makers near the market: the world's sewing ceiling over that of the first step
    - Cambodia: ``sourcing.gap_eu``, ``sourcing.gap_us`` or ``sourcing.gap_other``, by market, from the first step on
      (in 2012 buyers had not yet moved as far as cost and access let them); × exp(``sourcing.appeal_trend`` × (min(t,
      2025) - 2012)); for travel goods, from the middle of 2016 and in all markets, × ``sourcing.travel_goods_access``
    """
    out = np.ones((len(t), len(MARKETS), len(ORIGINS), len(GOODS)))
    growth = data.values("origin", "appeal_growth", ORIGINS[RIVALS])
    end = data.values("origin", "appeal_end_year", ORIGINS[RIVALS])
    after = data.values("origin", "appeal_after", ORIGINS[RIVALS])
    elapsed = np.clip(np.minimum(t[:, None], end + 1) - FIRST_YEAR, 0, None)
    trend = np.exp(growth * elapsed) * np.where(t[:, None] > end + 1, after, 1.0)
    out[:, :, RIVALS, :] *= trend[:, None, :, None]
    out[:, :, -1, :] *= (sewing / sewing[0])[:, None, None]
    gap = {"EU": "gap_eu", "US": "gap_us"}
    for m, market in enumerate(MARKETS):
        out[:, m, KH, :] *= raw[f"sourcing.{gap.get(market, 'gap_other')}"][:, None]
    home = np.exp(raw["sourcing.appeal_trend"] * np.clip(np.minimum(t, START_YEAR) - FIRST_YEAR, 0, None))
    out[:, :, KH, :] *= home[:, None, None]
    access = np.where(t > 2016.5, raw["sourcing.travel_goods_access"], 1.0)
    out[:, :, KH, TRAVEL_GOODS] *= access[:, None]
    return out


def _duties(raw: Any, eff: Any, steps: int, steps_per_year: int) -> Array:
    """Duties by step, market, origin and goods: base, dated changes, preferences and surcharges.

    1. The duty in force of ``data/duties.csv`` plus the dated changes and preferences of ``data/tariff_events.csv``,
       each by the part of a step's days on which it is in force.
    2. EU, Cambodia: the most-favoured-nation rate (``mfn``) × (1 - x), x ``trade.eu_preference``; for travel goods ×
       (1 - (5x - 4) held between 0 and 1).
    3. US, Cambodia: less ``mfn`` × ``trade.us_preference``. ASEAN, Cambodia: × (1 - ``trade.asean_agreement``).
    4. Not below 0; then dated surcharges on top, by days as before.
    """
    days = edges(steps, steps_per_year)
    base = np.tile(data.duty_table("value", MARKETS, ORIGINS, GOODS), (steps, 1, 1, 1))
    mfn = data.duty_table("mfn", MARKETS, ORIGINS, GOODS)
    for kind in ("duty_change", "preference"):
        base += data.event_rates(kind, MARKETS, ORIGINS, GOODS, days)
    keep = raw["trade.eu_preference"]
    base[:, EU, KH, :] = mfn[EU, KH, :] * (1 - keep)[:, None]
    base[:, EU, KH, TRAVEL_GOODS] = mfn[EU, KH, TRAVEL_GOODS] * (1 - np.clip(5 * keep - 4, 0, 1))
    base[:, US, KH, :] -= mfn[US, KH, :] * raw["trade.us_preference"][:, None]
    base[:, ASEAN, KH, :] *= (1 - eff["trade.asean_agreement"])[:, None]
    return np.clip(base, 0.0, None) + data.event_rates("surcharge", MARKETS, ORIGINS, GOODS, days)


def _shock(world: World, scenario: Scenario, steps_per_year: int) -> None:
    """Dated events of the scenario (``world.shocks``): falls of demand and tariffs.

    From the first step of its quarter, for its number of quarters or else to the end, an event multiplies demand by 1 +
    ``demand`` in its markets and goods (all unless named), and adds ``tariff`` to their duty on its origin (Cambodia
    unless named).
    """
    for event in scenario.shocks:
        first = step_of(event["at"], steps_per_year)
        length = event.get("quarters")
        last = len(world.years) if length is None else first + int(length) * steps_per_year // 4
        markets = [MARKETS.index(event["market"])] if event.get("market", "all") != "all" else range(len(MARKETS))
        goods = [GOODS.index(event["goods"])] if event.get("goods", "all") != "all" else range(len(GOODS))
        for m in markets:
            for g in goods:
                if "demand" in event:
                    world.demand[first:last, m, g] *= 1 + event["demand"]
                if "tariff" in event:
                    origin = event.get("origin", "KH")
                    which = range(len(ORIGINS)) if origin == "all" else [ORIGINS.index(origin)]
                    world.duty[first:last, m, list(which), g] += event["tariff"]
