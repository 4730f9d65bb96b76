"""Explanations and findings made up by hand, so that the page of reasons can be tested without running the model."""

import numpy as np
import pandas as pd

from simulator.analysis import kept
from simulator.analysis.discover import BOX_COLUMNS
from simulator.analysis.explained import DIFFERENCE, GRID, LEVERS, MECHANISMS, Explanation
from simulator.analysis.life_courses import LOG_COLUMNS
from simulator.analysis.mechanisms import TERMS
from simulator.data import digest
from simulator.panels import why_job
from simulator.panels.why_job import Question
from simulator.store import Store

FIRST = Question("baseline", "transition", "employment", "2040")
SIZES = {"persons": 40e3, "USD million": 900.0}


def spread_of(share, n, columns):
    half = 0.15 * abs(share) + 4e3 * (abs(share) > 1e3)
    values = (share, share - half, share + half, half / np.sqrt(n), n)
    return dict(zip(columns, values, strict=True))


def explanation(question=FIRST, n=6):
    """Shares that add up: each group twice as large as the one before, the last one a loss that is not clear."""
    plan = why_job.about(why_job.plans(question.a, question.b)[1], question)
    size = SIZES["persons"]
    shares = [size * (-1) ** i * (i + 1) for i in range(len(plan.players))]
    columns = LEVERS[3:8]
    rows = [
        {"group": p.key, "part": p.part, "names": ", ".join(p.names), "sampling_error": 0.0}
        | spread_of(share, n, columns)
        for p, share in zip(plan.players, shares, strict=True)
    ]
    rows[-1] |= {"low": -5 * size, "high": 5 * size}
    whole = sum(shares)
    sides = {part: sum(r["share"] for r in rows if r["part"] == part) * 0.9 for part in ("policy", "world")}
    sides |= {"interaction": whole - sum(sides.values()), "both": whole}
    grid = [{"part": part} | spread_of(share, n, columns) for part, share in sides.items()]
    parts = np.linspace(-1, 1.4, len(TERMS))
    terms = [{"name": t} | spread_of(p * whole / parts.sum(), n, columns) for t, p in zip(TERMS, parts, strict=True)]
    jobs = question.indicator == "employment"
    log = [("factory", "automation_gap", "12", s, p, e, "", np.nan, w, a, "garments, domestic")
           for s, p, e, w, a in (("a", "2024Q4", "start", 500, 0.1), ("a", "2040Q4", "end", 520, 0.2),
                                 ("b", "2024Q4", "start", 500, 0.1), ("b", "2040Q4", "end", 300, 0.7))]  # fmt: skip
    log += [("worker", "laid_off_in_b", "", "", "", "nobody", "", np.nan, np.nan, np.nan, "")]
    about = {
        "a": question.a, "b": question.b, "titles": {s.id: dict(s.title) for s in (plan.a, plan.b)}, "split": "groups",
        "unit": "persons", "level_a": 930e3, "level_b": 930e3 + whole, "pairs": [list(p) for p in plan.pairs[:n]],
        "left_out": 0, "posterior": "refit", "mixtures": n * 2 ** len(plan.players), "method": "exact",
        "log": {"pair": [0, 0], "parted": "2024Q4"}, "people_per_agent": 100, "failures": [], "data": digest(),
        "scenarios": {s.id: s.digest for s in (plan.a, plan.b)},
        **dict(zip(("model", "code"), Store.current(), strict=True)),
    }  # fmt: skip
    return plan, Explanation(
        indicator=plan.indicator,
        group=plan.group,
        period=plan.period,
        difference=spread_of(whole, n, DIFFERENCE),
        levers=pd.DataFrame(rows)[list(LEVERS)],
        grid=pd.DataFrame(grid)[list(GRID)],
        mechanisms=pd.DataFrame(terms if jobs else [], columns=list(MECHANISMS)),
        log=pd.DataFrame(log, columns=list(LOG_COLUMNS)),
        metadata=about,
    )


def fill_why(question=FIRST):
    """Keep an explanation where the page looks for it; returns its file."""
    plan, found = explanation(question)
    plan.keep(found, Store())
    return plan.path(Store())


NAMES = ("world.demand_growth", "wages.minimum_wage_growth", "technology.price_growth", "automation.hurdle")


def fill_sensitivity(method="sobol", **more):
    """Keep indices of four numbers and luck for two indicators; returns their folder."""
    tables = {"morris": pd.DataFrame(), "sobol": pd.DataFrame()}
    indicators = ["employment", "exports"]
    verdicts = ("matters", "matters", "cannot tell", "below noise", "luck")
    rows = []
    for indicator, unit in zip(indicators, ("persons", "USD million"), strict=True):
        for place, (name, verdict) in enumerate(zip((*NAMES, "luck"), verdicts, strict=True)):
            sobol = 0.5 / 2**place
            size = sobol * (3e5 if unit == "persons" else 9e3)
            ends = {"mu_star": size, "mu_star_low": 0.7 * size, "mu_star_high": 1.3 * size, "mu": size, "sigma": size}
            if method == "sobol":
                ends = {"first": 0.6 * sobol, "first_low": 0.4 * sobol, "first_high": 0.8 * sobol}
                ends |= {"total": sobol, "total_low": 0.8 * sobol, "total_high": 1.2 * sobol}
            about = {"indicator": indicator, "unit": unit, "rank": place + 1, "name": name, "verdict": verdict}
            rows.append(about | ends | {"blocks": 64, "mean": 5e5, "seed_sd": np.nan})
    tables[method] = pd.DataFrame(rows)
    asked = kept.asked("sensitivity", scenario="baseline", indicators=indicators, year=2040, method=method, **more)
    about = {"asked": asked, "runs": 960, "seeds": 1, "failed": 0}
    frames = tables | {"points": pd.DataFrame({"stage": [method]})}
    return kept.keep(kept.folder_of(asked, Store()), about, frames)


def fill_discovery(future="no_garment_sector"):
    """Keep a box of two conditions; returns its folder."""
    conditions = [(1, "wages.minimum_wage_growth", "Wage", "1/year", 0.07, np.nan, 1e-6, np.nan)]
    conditions += [(1, "world.demand_growth", "Demand", "1/year", np.nan, 0.01, np.nan, 0.004)]
    row = {"box": 1, "density": 0.86, "density_low": 0.8, "density_high": 0.9, "coverage": 0.7, "coverage_low": 0.6,
           "coverage_high": 0.8, "outside": 0.04, "checked": 40, "checked_cases": 33, "mean": 0.86, "cases": 80,
           "n": 93, "mass": 0.1}  # fmt: skip
    way = [{"box": 1, "coverage": c, "density": d, "conditions": k, "chosen": k == 2}
           for k, (c, d) in enumerate(((1.0, 0.1), (0.9, 0.5), (0.7, 0.86), (0.3, 0.95)))]  # fmt: skip
    asked = kept.asked("discover", future=future, scenario="baseline", year=2040, density=0.8)
    about = {"asked": asked, "worlds": 400, "even": 200, "checks": 40, "cases": 100, "cases_even": 20, "share": 0.1,
             "share_even_high": 0.15}  # fmt: skip
    worlds = pd.DataFrame({"stage": ["even"] * 300 + ["on purpose"] * 100})
    frames = {"boxes": pd.DataFrame(conditions, columns=list(BOX_COLUMNS)), "summary": pd.DataFrame([row])}
    frames |= {"trajectory": pd.DataFrame(way), "worlds": worlds}
    return kept.keep(kept.folder_of(asked, Store()), about, frames)


def fill_optimum(goal="employment[gender=women]>=580000"):
    """Keep a search over one lever: as the scenario stands, and a mix that reaches the goal; returns its folder."""
    lever = "infrastructure.logistics"
    shares = {"share_low": 0.3, "share_high": 0.95}
    cheap = {"cost": 120.0, "cost_p10": 118.0, "cost_p90": 122.0, "level_1": 530e3, "nearness": -0.08}
    dear = {"cost": 790.0, "cost_p10": 780.0, "cost_p90": 800.0, "level_1": 584e3, "nearness": 0.01}
    mixes = [
        {"mix": 0, "n": 6, "frontier": True, "share": 0.5, **shares, **cheap, lever: 0.0},
        {"mix": 1, "n": 6, "frontier": True, "share": 5 / 6, **shares, **dear, lever: 0.7},
    ]
    fresh = [{"draw": 6 + k, "seed": k, "cost": 790.0, "value_1": 6e5, "met": k > 2} for k in range(20)]
    more = {"keeps": True, "breaks": False, "regret_share": 0.0, "regret_cost": 0.0}
    worlds = [one | {"world": world} | more for world in ("baseline", "no_garment_sector") for one in mixes]
    worlds[-1] |= {"share": 0.0, "share_low": 0.0, "share_high": 0.1, "keeps": False, "breaks": True}
    asked = kept.asked("optimise", scenario="baseline", goals=[goal], share=0.8, levers=[f"{lever}=0:1"], year=2040)
    about = {"asked": asked, "runs": 170, "draws": 6, "start": "2025Q1", "reached": True, "winner": 1, "failed": 0}
    frames = {"mixes": pd.DataFrame(mixes), "verified": pd.DataFrame(fresh), "regret": pd.DataFrame(worlds)}
    frames["breaks"] = pd.DataFrame({"name": pd.Series(dtype=str)})
    return kept.keep(kept.folder_of(asked, Store()), about, frames)
