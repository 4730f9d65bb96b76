"""What the model expects of years without figures in this repository, under stated drivers, to be judged later."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator import world
from simulator.analysis.holdout import CONSOLIDATED, SERIES
from simulator.analysis.runs import Runs
from simulator.analysis.scores import band, told_error, with_error
from simulator.data import observations
from simulator.indicators import INDICATORS
from simulator.scenario import Scenario
from simulator.state import EU, GOODS, KH, MARKETS, US

Floats = NDArray[np.float64]
YEARS = 2  # how many are projected
_STEPS = 4


def columns() -> dict[str, tuple[str, str]]:
    """The projected series by name: indicator and group."""
    by_goods = {f"exports[goods={goods}]": ("exports", f"goods={goods}") for goods in GOODS}
    return {"exports": ("exports", "all")} | by_goods | {name: (name, "all") for name in SERIES if name != "exports"}


def error_of(indicator: str) -> float:
    """Usual relative error of a published figure: the middle of the errors of the years that were fitted."""
    table = observations()
    rows = table[(table["indicator"] == indicator) & (table["series"] == CONSOLIDATED) & (table["use"] == "fit")]
    return float(rows["sd"].median())


def project(name: str, runs: Runs, first: int) -> list[dict[str, Any]]:
    """A row a series and year: median and bands of what will be published."""
    rows = []
    for series, (indicator, group) in columns().items():
        for year in range(first, first + YEARS):
            ensemble = with_error(runs.year(name, indicator, year, group), told_error(error_of(indicator)))
            ends = {share: band(ensemble, share) for share in (0.8, 0.95)}
            rows.append(
                {
                    "series": series,
                    "period": str(year),
                    "unit": INDICATORS[indicator].unit,
                    "median": float(np.median(ensemble)),
                    "p10": ends[0.8][0],
                    "p90": ends[0.8][1],
                    "p2_5": ends[0.95][0],
                    "p97_5": ends[0.95][1],
                }
            )
    return rows


def drivers(scenario: Scenario, first: int) -> list[dict[str, Any]]:
    """What the projection takes as given: world demand, prices, wages, energy and duties, a row a driver and year."""
    made = world.build(scenario, _STEPS, first + YEARS - 1)
    demand = made.demand.sum(axis=1)  # [step, goods], USD million a year
    weight = made.demand.sum(axis=0)  # [market, goods]

    def duty(market: int) -> Floats:
        return np.asarray(made.duty[:, market, KH, :] @ (weight[market] / weight[market].sum()))

    series: Mapping[str, tuple[Floats, str]] = {
        **{f"world_demand[goods={goods}]": (demand[:, g], "USD million") for g, goods in enumerate(GOODS)},
        "unit_value": (made.unit_value, "2015 = 1"),
        "minimum_wage": (made.minimum_wage, "USD/month"),
        "outside_wage": (made.outside_wage, "USD/month"),
        "energy_price": (made.energy_price, "USD/kWh"),
        **{f"duty[market={MARKETS[m]}]": (duty(m), "share of FOB") for m in (EU, US)},
    }
    rows = []
    for name, (values, unit) in series.items():
        for year in range(first, first + YEARS):
            at = (year - world.FIRST_YEAR) * _STEPS
            mean = float(np.mean(values[at : at + _STEPS]))
            rows.append({"name": name, "period": str(year), "value": mean, "unit": unit})
    return rows
