"""What the 2019 volume says of the four futures, measured in runs of the four named scenarios and variants."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from simulator.analysis.criteria import CRITERIA
from simulator.analysis.runs import AFTER, BEFORE, Draws, Measured, Runs
from simulator.parameters import PARAMETERS
from simulator.scenario import START, Scenario, load_scenario

BASE = "baseline"
S1, S2, S3, S4 = NAMED = ("status_quo", "no_garment_sector", "transition", "high_tech_high_skills")
LEFT, RAISED = f"{S1}+T1.5", f"{S3}+T3.4"
WITHOUT_BOTH, WITHOUT_ENERGY, WITHOUT_PREMIUM = f"{S4}+T4.4", f"{S4}+T4.5", f"{S4} without premium"


def scenarios() -> dict[str, Scenario]:
    """The scenarios whose runs the statements need, by name."""
    found = {name: load_scenario(name) for name in (BASE, *NAMED)}
    base, high = found[BASE], found[S4]
    defaults = {n: PARAMETERS[n].default for n in ("wages.minimum_wage_growth", "technology.price_growth")}
    found[LEFT] = found[S1].with_values(defaults, start=CRITERIA["T1.5"].dates["from"], id=LEFT)
    faster = CRITERIA["T3.4"]
    wages = {"wages.minimum_wage_growth": faster.fixed["wage_growth"]}
    found[RAISED] = found[S3].with_values(wages, start=faster.dates["from"], id=RAISED)
    found[WITHOUT_BOTH] = switched_off(high, base, ("skills", "infrastructure"), WITHOUT_BOTH)
    found[WITHOUT_PREMIUM] = high.with_values({"value_chain.premium": 0.0}, id=WITHOUT_PREMIUM)
    found[WITHOUT_ENERGY] = switched_off(high, base, ("skills", "energy"), WITHOUT_ENERGY)
    return found


def switched_off(scenario: Scenario, base: Scenario, groups: tuple[str, ...], id: str) -> Scenario:
    """The scenario with every number of these groups as the baseline has it."""
    values: dict[str, float | dict[str, float]] = {}
    for name in {*scenario.settings, *base.settings}:
        about = PARAMETERS[name]
        if about.group in groups and scenario.steps(name) != base.steps(name):
            steps = {START: base.value(name, START)} | {p: v for p, v in base.steps(name).items() if p > START}
            values[name] = steps if about.from_ == "start" else base.value(name, START)
    return scenario.with_values(values, start=START, id=id)


def measured(id: str, runs: Runs) -> Measured:
    """What the statement needs from the runs."""
    return _MEASURES[id](runs)


def _of_four(runs: Runs, indicator: str) -> dict[str, Draws]:
    return {name: runs.year(name, indicator, AFTER) for name in NAMED}


def _others(values: Mapping[str, Draws], name: str) -> Draws:
    return np.stack([v for n, v in values.items() if n != name])


def _ends(runs: Runs, name: str, indicator: str) -> dict[str, Draws]:
    return {str(year): runs.year(name, indicator, year) for year in (BEFORE, AFTER)}


def _grown(name: str, part: str, indicator: str) -> Callable[[Runs], Measured]:
    """2040 over 2024 of one indicator in one scenario."""

    def measure(runs: Runs) -> Measured:
        return Measured({part: runs.grown(name, indicator)}, _ends(runs, name, indicator))

    return measure


def _nearest(name: str, note: str) -> Callable[[Runs], Measured]:
    """The nearest future of a variant, with that of the scenario it is made from."""

    def measure(runs: Runs) -> Measured:
        names = {n: runs.label(n) for n in (name.partition("+")[0], name)}
        return Measured({"label": runs.label(name)}, names, note)

    return measure


def _automation_stays(runs: Runs) -> Measured:
    ends = _ends(runs, S1, "automation")
    return Measured({"automation": ends[str(AFTER)] - ends[str(BEFORE)]}, ends)


def _wages_stay(runs: Runs) -> Measured:
    growth = runs.grown(S1, "real_wage") ** (1 / (AFTER - BEFORE)) - 1
    return Measured({"real_wage": growth}, _ends(runs, S1, "real_wage"))


def _limited(runs: Runs) -> Measured:
    values = {name: runs.year(name, "gdp_share", AFTER) for name in (S1, S4)}
    return Measured({"gdp": values[S1] / values[S4]}, values)


def _few_machines(runs: Runs) -> Measured:
    values = _of_four(runs, "automation")
    own = values[S2]
    return Measured({"automation": own, "transition": own - values[S3], "high_tech": own - values[S4]}, values)


def _collapse(runs: Runs) -> Measured:
    parts = {"exports": runs.grown(S2, "real_exports"), "size": runs.grown(S2, "factory_size")}
    parts["local"] = np.full(runs.draws, np.nan)
    note = "the model has no home market, so that selling locally cannot be told"
    return Measured(parts, {f"factory_size {y}": v for y, v in _ends(runs, S2, "factory_size").items()}, note)


def _least_value(runs: Runs) -> Measured:
    values = _of_four(runs, "value_added")
    return Measured({"value_added": values[S2] / _others(values, S2).min(axis=0)}, values)


def _where_orders_go(runs: Runs) -> Measured:
    lost = runs.year(BASE, "market_share", AFTER) - runs.year(S2, "market_share", AFTER)
    near = runs.year(S2, "reshored_share", AFTER) - runs.year(BASE, "reshored_share", AFTER)
    part = np.divide(near, lost, out=np.full(lost.shape, np.nan), where=lost > 0)
    note = "near-market makers gain from every origin, not from Cambodia alone"
    return Measured({"reshored": part}, {"lost to the baseline": lost, "gained near the markets": near}, note)


def _machines_and_cheap_labour(runs: Runs) -> Measured:
    limits = CRITERIA["T3.1"].fixed
    high = runs.quarters(S3, "automation", START, f"{AFTER}Q4") >= limits["automation"]
    cheap = runs.quarters(S3, "labour_cost_index", START, f"{AFTER}Q4") <= limits["labour_cost"]
    values = {f"{name} {AFTER}": runs.year(S3, name, AFTER) for name in ("automation", "labour_cost_index")}
    return Measured({"quarters": (high & cheap).sum(axis=1).astype(float)}, values)


def _competitive(runs: Runs) -> Measured:
    values = _of_four(runs, "market_share")
    return Measured({name: values[S3] / values[name] for name in (S1, S2)}, values)


def _short_of_technicians(runs: Runs) -> Measured:
    coverage = runs.quarters(S3, "technician_coverage", START, "2032Q4")
    short = (coverage < CRITERIA["T3.3"].fixed["coverage"]).sum(axis=1).astype(float)
    return Measured({"quarters": short}, {"lowest coverage": coverage.min(axis=1)})


def _most_machines(runs: Runs) -> Measured:
    values = _of_four(runs, "automation")
    parts = {
        "automation": values[S4] - _others(values, S4).max(axis=0),
        "operators": runs.grown(S4, "operators"),
    }
    return Measured(parts, values)


def _most_value(runs: Runs) -> Measured:
    """Judged with the premium for full service; told without it, because it alone might decide the verdict."""
    values = _of_four(runs, "value_added")
    others = _others(values, S4).max(axis=0)
    plain = runs.year(WITHOUT_PREMIUM, "value_added", AFTER)
    told = {WITHOUT_PREMIUM: plain, f"{WITHOUT_PREMIUM}, over the highest of the others": plain / others}
    told[f"{WITHOUT_PREMIUM}, closeness to future 4"] = runs.year(WITHOUT_PREMIUM, "scenario_4", AFTER)
    return Measured({"value_added": values[S4] / others}, values | told, _WITHOUT)


def _signs(runs: Runs) -> Measured:
    on, off = (runs.grown(name, "employment") - 1 for name in (S4, WITHOUT_BOTH))
    values = {"change of jobs, on": on, "change of jobs, off": off}
    return Measured({"signs": (np.sign(on) != np.sign(off)).astype(float)}, values, _OFF)


def _out_of_reach(runs: Runs) -> Measured:
    """An empty pass is told: where the future is not reached with the levers, they are not what is missing."""
    found = _nearest(WITHOUT_ENERGY, _OFF)(runs)
    reached = bool((runs.label(S4) == 4).any())
    return found if reached else replace(found, note=f"{_OFF}; empty: future 4 is not reached with them either")


def _order_of_gdp(runs: Runs) -> Measured:
    values = _of_four(runs, "gdp_share")
    return Measured({"high_tech": values[S4] / values[S1], "status_quo": values[S1] / values[S2]}, values)


def _operators(runs: Runs) -> Measured:
    values = _of_four(runs, "operators")
    parts = {
        "status_quo": values[S1] / _others(values, S1).max(axis=0),
        "no_garment_sector": runs.grown(S2, "operators"),
        "high_tech": runs.grown(S4, "operators"),
    }
    return Measured(parts, values | {str(BEFORE): runs.year(BASE, "operators", BEFORE)})


def _machines_or_skills(runs: Runs) -> Measured:
    values = _of_four(runs, "market_share")
    return Measured({"transition": values[S3] / values[S2], "high_tech": values[S4] / values[S2]}, values)


_OFF = "off: as in the baseline"
_WITHOUT = "the last three with value_chain.premium 0, all else equal"
_MEASURES: Mapping[str, Callable[[Runs], Measured]] = MappingProxyType(
    {
        "T1.1": _automation_stays,
        "T1.2": _wages_stay,
        "T1.3": _grown(S1, "jobs", "employment"),
        "T1.4": _limited,
        "T1.5": _nearest(LEFT, "wages and machine prices as by default from 2030Q1"),
        "T2.1": _grown(S2, "jobs", "employment"),
        "T2.2": _few_machines,
        "T2.3": _collapse,
        "T2.4": _least_value,
        "T2.5": _where_orders_go,
        "T3.1": _machines_and_cheap_labour,
        "T3.2": _competitive,
        "T3.3": _short_of_technicians,
        "T3.4": _nearest(RAISED, ""),
        "T4.1": _most_machines,
        "T4.2": _grown(S4, "premium", "skill_premium"),
        "T4.3": _most_value,
        "T4.4": _signs,
        "T4.5": _out_of_reach,
        "T5": _order_of_gdp,
        "T6": _operators,
        "T7": _machines_or_skills,
    }
)
