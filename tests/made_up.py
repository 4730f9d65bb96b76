"""A comparison made up of smooth paths and a little luck, so that pages can be tested without running the model.

And posteriors made up by drawing every fitted number evenly from its range.
"""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from simulator import lives
from simulator.compare import Comparison, comparison_requests
from simulator.data import digest
from simulator.fingerprint import model_digest
from simulator.indicators import COLUMNS, DIMENSIONS
from simulator.parameters import PARAMETERS
from simulator.results import FACTORY_COLUMNS, PEOPLE_COLUMNS, Result
from simulator.state import GOODS

YEARS = range(2012, 2041)
# indicator: value in 2012, in 2024, and in 2040 in the baseline and the four named scenarios
ENDS = {
    "employment": (535e3, 910e3, (933e3, 1250e3, 308e3, 954e3, 602e3)),
    "exports": (4850, 12_900, (26_500, 30_500, 11_500, 31_800, 31_400)),
    "value_added": (1900, 4800, (9800, 10_700, 5000, 10_600, 14_600)),
    "skilled_jobs": (20e3, 40e3, (59e3, 50e3, 24e3, 163e3, 166e3)),
    "mean_wage": (110, 290, (470, 344, 1000, 390, 790)),
    "real_wage": (150, 290, (316, 232, 674, 262, 532)),
    "women_share": (0.83, 0.76, (0.74, 0.76, 0.75, 0.70, 0.66)),
    "labour_cost_index": (0.7, 1.0, (1.31, 0.96, 2.8, 1.05, 2.1)),
    "automation": (0.04, 0.07, (0.29, 0.15, 0.34, 0.58, 0.78)),
    "public_cost": (0, 6, (6, 6, 2, 190, 420)),
}
FITTED = tuple(name for name, about in PARAMETERS.items() if about.kind == "fitted")
NAMED = ("baseline", "status_quo", "no_garment_sector", "transition", "high_tech_high_skills")
NEAREST = (0, 1, 2, 3, 4)  # the future each of them ends in
FLOWS = ("exports", "value_added", "public_cost")


def comparison(scenarios=None, seeds=3, grid=True):
    """The named scenarios, or files of scenarios, against the baseline."""
    requests = comparison_requests(scenarios, seeds=seeds, grid=grid)
    return Comparison.from_results(requests, [made(request) for request in requests])


def made(request):
    """The made-up run of a request; a scenario of one's own behaves like ``transition``."""
    name, _, part = request.scenario.id.partition("@")
    place = NAMED.index(name) if name in NAMED else NAMED.index("transition")
    weight = {"policy": 0.6, "world": 0.5}.get(part, 1.0)
    luck = np.random.default_rng((request.seed, request.draw + 1)).normal(0, 0.01, len(YEARS)).cumsum()
    own = np.random.default_rng((request.seed, request.draw + 1, place)).normal(0, 0.006, len(YEARS))
    years = np.arange(YEARS[0], YEARS[-1] + 1)
    values = np.zeros((4 * len(years), len(COLUMNS)))
    for indicator, (first, middle, last) in ENDS.items():
        end = last[0] + weight * (last[place] - last[0])
        path = np.interp(years, (2012, 2024, 2040), (first, middle, end))
        path = path * (1 + luck + np.where(years > 2024, own, 0))
        values[:, COLUMNS.index((indicator, "all"))] = np.repeat(path / (4 if indicator in FLOWS else 1), 4)
    split(values, weight * SHIFTS[place])
    for k in range(6):
        values[:, COLUMNS.index((f"scenario_{k}", "all"))] = np.repeat(
            np.where(years > 2030, NEAREST[place], 1) == k, 4
        )
    periods = tuple(f"{year}Q{quarter}" for year in YEARS for quarter in range(1, 5))
    return Result(request.metadata(), values, periods)


# what each group has of the whole in the baseline, and what a future adds to it by 2040 for a shift of 1
SHARES = {
    "gender": ((0.75, -0.1), (0.25, 0.1)),
    "age": ((0.35, -0.08), (0.35, 0.0), (0.2, 0.06), (0.1, 0.02)),
    "education": ((0.4, -0.15), (0.4, 0.0), (0.2, 0.15)),
    "skill": ((0.0, 0.0), (0.92, -0.2), (0.06, 0.15), (0.02, 0.05)),
}
SHIFTS = (0.0, 0.05, -0.1, 0.6, 1.0)
SPENT = {"skills.training_seats": 0.5, "automation.subsidy": 0.3, "infrastructure.logistics": 0.2}


def split(values, shift):
    """Parts of the whole by group, the displaced, and the public account by lever."""
    late = np.clip((np.arange(len(values)) / 4 + 2012 - 2025) / 15, 0, 1)
    at = {column: i for i, column in enumerate(COLUMNS)}
    jobs, wage = values[:, at["employment", "all"]].copy(), values[:, at["mean_wage", "all"]].copy()
    out = jobs * (0.01 + 0.02 * late * abs(shift))
    for name in ("displaced", "layoffs"):
        values[:, at[name, "all"]] = out
    for dimension, shares in SHARES.items():
        for value, (share, more) in zip(DIMENSIONS[dimension], shares, strict=True):
            part, group = share + more * shift * late, f"{dimension}={value}"
            values[:, at["employment", group]] = jobs * part
            values[:, at["mean_wage", group]] = wage * (0.8 + share / 2 + more * shift * late)
            for name in ("displaced", "layoffs"):
                values[:, at[name, group]] = out * share
    for lever, share in SPENT.items():
        values[:, at["public_cost", f"lever={lever}"]] = values[:, at["public_cost", "all"]] * share
    values[:, at["public_revenue", "all"]] = values[:, at["exports", "all"]] * 0.02
    balance = values[:, at["public_revenue", "all"]] - values[:, at["public_cost", "all"]]
    values[:, at["public_balance", "all"]] = balance


def run_by(patch, function):
    """Have ``function`` make the results of batches in this process, whether they share histories or not."""
    patch.setattr("simulator.batch.execute", function)
    patch.setattr("simulator.batch._histories", SimpleNamespace(execute=function))


def fill(store, leave=0):
    """Put the made-up runs of the first page into a store, all but the last ``leave``."""
    requests = comparison_requests()
    for request in requests[: len(requests) - leave]:
        store.put(request, made(request))
    return requests


def lives_of(request):
    """Made-up people and factories of a run: frames as ``Result.people`` and ``Result.factories``.

    From 2028 on the second person is laid off in the third scenario, takes a course and comes back as a technician; the
    first factory automates sewing in the fourth and closes in the third.
    """
    place = NAMED.index(request.scenario.id)
    periods = [f"{year}Q{quarter}" for year in range(2020, 2041) for quarter in range(1, 5)]
    people, factories = [], []
    for person in range(4):
        for step, period in enumerate(periods):
            state, job, reskilled = ("employed", "operator", False) if person < 3 else ("outside", "", False)
            if place == 2 and person == 1 and period >= "2028Q2":
                reskilled = period >= "2030Q1"
                state = "displaced" if period < "2029Q1" else "training" if not reskilled else "employed"
                job = "technician" if reskilled else ""
            if person == 2 and period > "2036Q4":
                continue  # retired
            wage = (200.0 + 40 * person + 3 * step) * (state == "employed") * (1.5 if job == "technician" else 1.0)
            people.append(
                (period, f"{person}-0", "women" if person < 2 else "men", 24 + person + step / 4, "primary",
                 job or "operator", state, job, person if job else -1, 1.0 if job else np.nan, wage, wage + 150,
                 reskilled, True, np.nan)
            )  # fmt: skip
    for factory in range(3):
        for period in periods:
            gone = place == 2 and factory == 0 and period >= "2031Q1"
            if gone and period > "2031Q1":
                continue
            machines = place == 3 and factory == 0 and period >= "2027Q3"
            decision = "closed" if gone else "automated sew" if machines and period == "2027Q3" else ""
            workers = 0 if gone else 400 + 300 * factory - 100 * machines + 5 * place * (period > "2025Q1")
            row = dict.fromkeys(FACTORY_COLUMNS, 0.0) | {
                "period": period, "factory": 10 + factory, "open": not gone, "goods": GOODS[factory], "tier": "1",
                "owner": "CN", "brand_linked": True, "workers": workers, "decision": decision,
                "automation_sew": 0.3 * machines,
            }  # fmt: skip
            factories.append(row)
    frames = pd.DataFrame(people, columns=list(PEOPLE_COLUMNS)), pd.DataFrame(factories)[list(FACTORY_COLUMNS)]
    return SimpleNamespace(people=frames[0], factories=frames[1])


def fill_lives(store):
    """Put the made-up lives of the page of people where it looks for them."""
    for request in lives.life_requests(comparison_requests()):
        lives.keep(request, lives_of(request), store)


def _target(target, period, observed, low, middle, high, **more):
    ends = {"p2_5": low, "median": middle, "p97_5": high}
    about = {"sd": 0.05, "sources": ["P144"], "compared": "", "definition": ""}
    return {"target": target, "period": period, "observed": observed} | about | ends | more


FIT = [
    *(_target("exports", str(y), 4850 + 700 * (y - 2012), *(v + 700 * (y - 2012) for v in (4600, 4800, 5000)))
      for y in range(2012, 2020)),
    *(_target("employment", str(y), 535e3, 500e3, 540e3, 560e3) for y in range(2012, 2020)),
    *(_target("factories", str(y), 1000.0, 1200.0, 1300.0, 1400.0) for y in range(2013, 2020)),
    _target("mean_wage", "2015", 175.0, 160.0, 170.0, 185.0),
    _target("exports[goods=travel_goods]", "2019", 1200.0, 900.0, 1000.0, 1300.0),
    _target("share_to_us", "2015", 0.29, 0.2, 0.25, 0.3),
    _target("a_target_of_later", "2011–2013", 0.29, None, None, None),
]  # fmt: skip


def validation(posterior_digest, exports=13_000.0, wins=True):
    """What ``validate`` might say; exports win and the other series lose."""
    values = {"exports": (12_000.0, exports), "employment": (900e3, 500e3), "factories": (1300.0, 2000.0)}
    holdout, scores = [], []
    for series, (seen, model) in values.items():
        years = range(2020, 2025) if series == "exports" else (2022, 2024)
        best = {"mape": "random_walk", "crps": "ar1"}
        for year in years:
            ends = {f"p{name}": model * f for name, f in (("2_5", 0.8), ("10", 0.9), ("90", 1.1), ("97_5", 1.2))}
            holdout.append(
                {"series": series, "period": str(year), "observed": seen, "observed_low": 0.9 * seen,
                 "observed_high": 1.1 * seen, "scored": True, "median": model, **ends, "sources": ["P06"],
                 "inside_95": 0.8 * model <= seen <= 1.2 * model, "benchmarks": {"random_walk": seen, "ar1": seen}}
            )  # fmt: skip
        score = {"mape": abs(model / seen - 1), "crps": 1.0, "coverage_80": 1.0, "coverage_95": 1.0}
        won = {"mape": wins and series == "exports", "crps": wins and series == "exports"}
        scores.append(
            {"series": series, "n": len(years), "model": score, "benchmarks": {"random_walk": score, "ar1": score},
             "best_benchmark": best, "model_wins": won, "text": {"en": f"{series} judged.", "km": f"{series} km"}}
        )  # fmt: skip
    verdicts = [
        {"id": "T1.1", "verdict": "pass"},
        {"id": "T2.3", "verdict": "fail"},
        {"id": "T5", "verdict": "cannot tell"},
    ]
    event = {"id": "P7", "verdict": "fail", "median": -0.03, "p10": -0.05, "p90": -0.01, "low": -0.15, "high": -0.08}
    lists = {"statements": verdicts, "patterns": [{"id": "P2", "verdict": "pass"}], "events": [event]}
    about = {"posteriors": {"judged": posterior_digest}}
    return {"metadata": about, "holdout": holdout, "scores": scores, "projection": [], "drivers": []} | lists


def posterior_files(folder, draws=6, kinds=("refit", "judged")):
    """Write posteriors as ``garment-sim calibrate`` does, but without any fit."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed, kind in enumerate(kinds):
        rng = np.random.default_rng(seed)
        columns = {n: rng.uniform(PARAMETERS[n].low, PARAMETERS[n].high, draws + 1) for n in FITTED}
        table = pd.DataFrame(
            {"draw": np.arange(draws), **{n: v[1:] for n, v in columns.items()}}
            | {"distance": rng.random(draws), "weight": np.full(draws, 1 / draws)}
        )
        pq.write_table(
            pa.Table.from_pandas(table, preserve_index=False), folder / f"{kind}.parquet", compression="zstd"
        )
        about = {
            "posterior": kind, "fitted_to": [2012, 2019 if kind == "judged" else 2024], "seed": seed, "budget": 100,
            "runs": 100, "people_per_agent": 100, "best": {n: float(v[0]) for n, v in columns.items()},
            "effective_size": 3.0, "free": list(FITTED), "targets_digest": "0" * 12, "data": digest(),
            "code": model_digest(), "model": "0", "versions": {"python": "3", "numpy": "2", "scipy": "1"},
            "fit": FIT, "contraction": {name: 0.1 * (k % 9) for k, name in enumerate(FITTED)}, "at_bounds": [FITTED[0]],
            "correlations": [{"a": FITTED[1], "b": FITTED[2], "r": -0.8}, {"a": FITTED[3], "b": FITTED[4], "r": 0.3}],
        }  # fmt: skip
        (folder / f"{kind}.json").write_text(json.dumps(about, sort_keys=True, indent=1) + "\n", encoding="utf-8")
    return folder
