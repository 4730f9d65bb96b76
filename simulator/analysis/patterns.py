"""Patterns of the sector that the model must show: ten years of history, two events, the spread of machines."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
from scipy.optimize import curve_fit

from simulator.analysis.criteria import CRITERIA
from simulator.analysis.runs import AFTER, BEFORE, Draws, Measured, Runs
from simulator.model import GarmentModel
from simulator.observe import LONGEST_PAYBACK
from simulator.scenario import Scenario, load_scenario
from simulator.state import STAGES

BASE, S3, S4 = "baseline", "transition", "high_tech_high_skills"
EU_LOST, WAGE_FROZEN, WAGE_RAISED = f"{BASE}+P7", f"{BASE}+P8 without", f"{BASE}+P8"
FIRST, LAST = 2012, 2019  # the years that calibration may see
EARLY = ("cut", "finish")


def scenarios() -> dict[str, tuple[Scenario, int]]:
    """The scenarios whose runs the patterns need, by name, each with the last year that is looked at.

    A minimum wage raised by 10 % at once lies outside the range of its growth on top of the usual rise, so it
    is compared with a year without a rise; afterwards both grow as in the baseline.
    """
    base = load_scenario(BASE)
    eu, wage = CRITERIA["P7"].dates, CRITERIA["P8"].dates
    name = "wages.minimum_wage_growth"
    usual = base.value(name, wage["until"])

    def rise(by: float) -> dict[str, dict[str, float]]:
        return {name: {wage["from"]: by, wage["until"]: usual}}

    return {
        BASE: (base, AFTER),
        S3: (load_scenario(S3), AFTER),
        S4: (load_scenario(S4), AFTER),
        EU_LOST: (base.with_values({"trade.eu_preference": 0.0}, eu["from"], EU_LOST), int(eu["at"][:4])),
        WAGE_FROZEN: (base.with_values(rise(0.0), id=WAGE_FROZEN), int(wage["at"][:4])),
        WAGE_RAISED: (base.with_values(rise(CRITERIA["P8"].fixed["rise"]), id=WAGE_RAISED), int(wage["at"][:4])),
    }


def measured(id: str, runs: Runs, adoption: Sequence[Mapping[str, float]] = ()) -> Measured:
    """What the pattern needs from the runs; ``adoption`` holds :func:`follow_factories` of every draw."""
    return _first_machines(runs, adoption) if id == "P6" else _MEASURES[id](runs)


def _doubling(runs: Runs) -> Measured:
    ends = {name: [runs.year(BASE, name, year) for year in (FIRST, LAST)] for name in ("exports", "employment")}
    parts = {part: ends[name][1] / ends[name][0] for part, name in (("exports", "exports"), ("jobs", "employment"))}
    values = {f"{name} {year}": v for name, pair in ends.items() for year, v in zip((FIRST, LAST), pair, strict=True)}
    return Measured(parts, values)


def _squeeze(runs: Runs) -> Measured:
    margin = {f"margin {year}": runs.year(BASE, "profit_margin", year) for year in (FIRST, 2018)}
    productivity = {
        year: runs.year(BASE, "real_exports", year) / runs.year(BASE, "employment", year)
        for year in (FIRST, 2015, 2016, LAST)
    }
    early, late = ((productivity[b] / productivity[a]) ** (1 / 3) - 1 for a, b in ((FIRST, 2015), (2016, LAST)))
    parts = {"margin": margin["margin 2018"] - margin[f"margin {FIRST}"], "productivity": late - early}
    return Measured(parts, margin | {"growth 2012–15": early, "growth 2016–19": late})


def _births_and_deaths(runs: Runs) -> Measured:
    last = (FIRST + 1, LAST)
    gone = runs.years(BASE, "factories_closed", *last) + runs.years(BASE, "factories_relocated", *last)
    new = runs.years(BASE, "factories_opened", *last).sum(axis=1)
    rate = gone / runs.years(BASE, "factories", FIRST, LAST - 1)
    parts = {"exits": rate.mean(axis=1), "entries": new / gone.sum(axis=1)}
    return Measured(parts, {"exits, lowest year": rate.min(axis=1), "exits, highest year": rate.max(axis=1)})


def _leavers(runs: Runs) -> Measured:
    turnover = runs.years(BASE, "turnover", FIRST, LAST)
    values = {"lowest year": turnover.min(axis=1), "highest year": turnover.max(axis=1)}
    return Measured({"separations": turnover.mean(axis=1)}, values)


def _who_works(runs: Runs) -> Measured:
    def years(name: str, group: str = "all") -> Draws:
        return runs.years(BASE, name, FIRST, LAST, group)

    young = (years("employment", "age=18-24") + years("employment", "age=25-34")) / years("employment")
    pay = years("mean_wage", "gender=women") / years("mean_wage", "gender=men")
    found = {"women": years("women_share"), "young": young, "pay": pay}
    return Measured(
        {name: by_year.mean(axis=1) for name, by_year in found.items()},
        {f"{name} {year}": v[:, year - FIRST] for name, v in found.items() for year in (FIRST, LAST)},
    )


def _first_machines(runs: Runs, adoption: Sequence[Mapping[str, float]]) -> Measured:
    seen = {name: np.array([one[name] for one in adoption]) for name in adoption[0]} if adoption else {}
    none = np.full(runs.draws, math.nan)
    sewing = runs.year(BASE, "payback", LAST, "stage=sew")
    linked, other = seen.pop("linked", none), seen.pop("other", none)
    ratio = np.divide(linked, other, out=np.full(other.shape, math.nan), where=other > 0)
    parts = {"brands": ratio, "first": seen.pop("first", none), "payback": sewing}
    values = {"steps a year, large buyers' suppliers": linked, "steps a year, others": other, **seen}
    for group in ("brand_linked", "other"):
        values[f"automation {LAST}, {group}"] = runs.year(BASE, "automation", LAST, f"buyers={group}")
    note = f"sizes of factories and named brakes are not judged; a payback of {LONGEST_PAYBACK:g} is that or more"
    return Measured(parts, values, note)


def follow_factories(seed: int, people_per_agent: int, scenario: str | Scenario = BASE) -> dict[str, float]:
    """Follow every factory of the baseline (as given) to 2019: who takes steps of automation, and in which stage first.

    ``linked`` and ``other`` are steps a factory a year, by whether large buyers give half of its orders; ``first``
    is the part of the factories that took a step whose first one was in cutting or finishing.
    """
    model = GarmentModel(scenario, seed=seed, people_per_agent=people_per_agent, until=LAST)
    first = np.full(0, -1)
    steps, factories = np.zeros(2), np.zeros(2)
    while model.running:
        before, was_open = model.factories.automation.copy(), model.factories.open.copy()
        model.step()
        f, rows = model.factories, len(before)
        live = was_open & f.open[:rows]
        stage = np.where(live, first_change(before, f.automation[:rows]), -1)
        first = np.concatenate([first, np.full(rows - len(first), -1)])
        first = np.where(first < 0, stage, first)
        linked = np.where(f.brand_linked[:rows], 0, 1)
        steps += np.bincount(linked[stage >= 0], minlength=2)
        factories += np.bincount(linked[live], minlength=2) * model.dt
    took = first[first >= 0]
    rate = np.divide(steps, factories, out=np.full(2, math.nan), where=factories > 0)
    return {
        "linked": float(rate[0]),
        "other": float(rate[1]),
        "first": float(np.isin(took, [STAGES.index(s) for s in EARLY]).mean()) if len(took) else math.nan,
        "factories with a step": float(len(took)),
        **{f"first step in {s}": float((took == j).mean()) if len(took) else math.nan for j, s in enumerate(STAGES)},
    }


def first_change(before: Draws, after: Draws) -> np.ndarray:
    """The stage whose automation rose most, -1 where none rose; rows are factories.

    >>> first_change(np.array([[0.1, 0.0], [0.2, 0.0]]), np.array([[0.1, 0.125], [0.2, 0.0]])).tolist()
    [1, -1]
    """
    rise = after - before
    return np.where(rise.max(axis=1) > 0, rise.argmax(axis=1), -1)


def _preference_lost(runs: Runs) -> Measured:
    def exports(name: str, at: str, group: str = "market=EU") -> Draws:
        return runs.quarters(name, "exports", at, at, group)[:, 0]

    at = CRITERIA["P7"].dates["at"]
    parts = {"eu": exports(EU_LOST, at) / exports(BASE, at) - 1}
    values = {f"{when}": exports(EU_LOST, when) / exports(BASE, when) - 1 for when in ("2025Q4", "2026Q4")}
    values["all exports"] = exports(EU_LOST, at, "all") / exports(BASE, at, "all") - 1
    start = CRITERIA["P7"].dates["from"]
    note = f"none from {start}, read in {at}; the baseline of {start[:4]} has lost a fifth already"
    return Measured(parts, values, note)


def _wage_raised(runs: Runs) -> Measured:
    dates = CRITERIA["P8"].dates
    jobs = {name: runs.quarters(name, "employment", dates["from"], dates["at"]) for name in (WAGE_RAISED, WAGE_FROZEN)}
    wage = {name: runs.quarters(name, "mean_wage", dates["from"], dates["at"]) for name in jobs}
    change = jobs[WAGE_RAISED] / jobs[WAGE_FROZEN] - 1
    values = {"after a year": change[:, 4], "mean wage": wage[WAGE_RAISED][:, -1] / wage[WAGE_FROZEN][:, -1] - 1}
    note = (
        f"minimum wage +10 % against +0 % in {dates['from'][:4]}, both as in the baseline afterwards "
        f"(levers leave history alone); jobs in {dates['at']}"
    )
    return Measured({"jobs": change[:, -1]}, values, note)


def _diffusion(runs: Runs) -> Measured:
    parts: dict[str, Draws] = {}
    values: dict[str, Draws] = {}
    years = np.arange(BEFORE, AFTER + 1, dtype=float)
    for part, name in (("transition", S3), ("high_tech", S4)):
        path = runs.years(name, "automation", BEFORE, AFTER)
        parts[part] = np.array([s_shape(years, one) for one in path])
        parts[f"{part}_rise"] = np.diff(path, axis=1).max(axis=1) if len(path) else np.empty(0)
        values |= {f"{name} {year}": path[:, year - BEFORE] for year in (BEFORE, 2032, AFTER)}
    return Measured(parts, values)


def s_shape(years: Draws, path: Draws) -> float:
    """AIC of a straight line less that of a logistic curve from 0; NaN where no curve can be fitted.

    >>> t = np.arange(2024.0, 2041.0)
    >>> s_shape(t, 0.8 / (1 + np.exp(-(t - 2031) / 2))) > 0, s_shape(t, 0.1 + 0.01 * (t - 2024)) < 0
    (True, True)
    """

    def logistic(t: Draws, ceiling: float, speed: float, middle: float) -> Draws:
        return ceiling / (1 + np.exp(-np.clip(speed * (t - middle), -50, 50)))

    first, top = years[0], path.max()
    since = years - first
    line = np.polyval(np.polyfit(since, path, 1), since)
    try:
        start = (max(1.1 * top, 0.01), 0.2, since.mean())
        bounds = ([0.0, 0.0, -50.0], [5.0, 3.0, 100.0])
        best, _ = curve_fit(logistic, since, path, p0=start, bounds=bounds, maxfev=20_000)
    except RuntimeError:
        return math.nan
    return akaike(path - line, 2) - akaike(path - logistic(since, *best), 3)


def akaike(residuals: Draws, parameters: int) -> float:
    """Akaike's criterion of a least-squares fit, up to a constant; the variance counts as one more parameter.

    >>> round(akaike(np.array([1.0, -1.0, 1.0, -1.0]), 2), 3)
    6.0
    """
    number = len(residuals)
    variance = max(float(np.mean(residuals**2)), 1e-12)  # a perfect fit is as good as one to a millionth
    return number * math.log(variance) + 2 * (parameters + 1)


def _market_share(runs: Runs) -> Measured:
    parts = {str(year): runs.year(BASE, "market_share", year, "goods=garments") for year in (2014, 2022)}
    return Measured(parts, {}, "2022 is kept out of everything else; China's fall is an input and no pass")


_MEASURES: Mapping[str, Callable[[Runs], Measured]] = MappingProxyType(
    {
        "P1": _doubling,
        "P2": _squeeze,
        "P3": _births_and_deaths,
        "P4": _leavers,
        "P5": _who_works,
        "P7": _preference_lost,
        "P8": _wage_raised,
        "P9": _diffusion,
        "P10": _market_share,
    }
)
