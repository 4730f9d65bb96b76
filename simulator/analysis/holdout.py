"""The judged posterior against what was kept out of it: 2020–2024, beside forecasts that anyone could make.

A band holds what is not known of the numbers (draws), the luck of a run (each draw has its own seed), the model's own
error and that of the published figure. Scores count the consolidated figures only, which were named before any look;
what else was published for a year is shown. Naive forecasts see the years up to 2019.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.analysis.benchmarks import Forecast, benchmarks
from simulator.analysis.scores import (
    DISCREPANCY,
    band,
    bias,
    crps,
    interval_score,
    percentage_error,
    told_error,
    with_error,
)
from simulator.data import observations
from simulator.results import InputError
from simulator.texts import LANGUAGES, label, number, text

Floats = NDArray[np.float64]
SERIES = ("exports", "employment", "factories")
FIRST, LAST_FITTED, LAST = 2012, 2019, 2024
KEPT_OUT = range(LAST_FITTED + 1, LAST + 1)
CONSOLIDATED = "model_design_target"  # one figure a year, made from those published
SHARES = (0.5, 0.8, 0.95)
BANDS = f"parameters, luck of the run, the model's own error ({DISCREPANCY:.0%}), error of the published figure"


@dataclass(frozen=True)
class Observed:
    """What was published for a year: the figure, its relative error, and the spread of the sources.

    ``scored``: a consolidated figure, which the scores count.
    """

    year: int
    value: float
    sd: float
    low: float
    high: float
    scored: bool
    sources: tuple[str, ...]


def known(series: str, table: pd.DataFrame | None = None) -> dict[int, float]:
    """The consolidated figures of the years that calibration sees, by year; nothing that is kept out is read."""
    rows = _rows(series, "fit", table)
    rows = rows[(rows["series"] == CONSOLIDATED) & rows["year"].between(FIRST, LAST_FITTED)]
    return dict(zip(rows["year"].map(int), rows["value"].map(float), strict=True))


def kept_out(series: str, table: pd.DataFrame | None = None) -> list[Observed]:
    """What was kept out, a year an entry; every call of it is a look. Raises InputError where there is nothing."""
    rows = _rows(series, "kept_out", table)
    found = []
    for year in KEPT_OUT:
        mine = rows[rows["year"] == year]
        main = mine[mine["series"] == CONSOLIDATED]
        scored = not main.empty
        main = main if scored else mine
        if main.empty:
            continue
        value, sd = float(main["value"].median()), float(main["sd"].max())
        ends = [*mine["value"], value * (1 - sd), value * (1 + sd)]
        keys = {key for row in mine["source_id"] for key in row.split(";")}
        found.append(Observed(year, value, sd, float(min(ends)), float(max(ends)), scored, tuple(sorted(keys))))
    if not any(one.scored for one in found):
        raise InputError(f"data/observations.csv has no consolidated figure of {series} that is kept out")
    return found


def _rows(series: str, use: str, table: pd.DataFrame | None) -> pd.DataFrame:
    """Points on the whole sector with one use, and their ``year``; part years and bounds are no points."""
    frame = observations() if table is None else table
    frame = frame.assign(year=frame["period_start"].dt.year)
    return frame[
        (frame["indicator"] == series)
        & (frame["group"] == "all")
        & (frame["coverage"] == "all")
        & (frame["use"] == use)
        & frame["sd"].notna()
    ]


def judge(
    values: Mapping[str, Floats], table: pd.DataFrame | None = None
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows by series and year, and a row of scores a series.

    ``values``: by series, the model's yearly values [draw, year] for the years that were kept out. ``table`` holds
    observations, those of ``data/`` when left out.
    """
    rows, scores = [], []
    for series in SERIES:
        seen = kept_out(series, table)
        naive = benchmarks(series, known(series, table), [one.year for one in seen])
        model = [with_error(values[series][:, one.year - KEPT_OUT[0]], told_error(one.sd)) for one in seen]
        rows += [_row(series, one, model[i], naive, i) for i, one in enumerate(seen)]
        scores.append(_score(series, seen, model, naive))
    return rows, scores


def _row(series: str, seen: Observed, ensemble: Floats, naive: Mapping[str, Forecast], i: int) -> dict[str, Any]:
    ends = {share: band(ensemble, share) for share in SHARES}
    median = float(np.median(ensemble))
    return {
        "series": series,
        "period": str(seen.year),
        "observed": seen.value,
        "observed_low": seen.low,
        "observed_high": seen.high,
        "observed_sd": seen.sd,
        "scored": seen.scored,
        "median": median,
        "p25": ends[0.5][0],
        "p75": ends[0.5][1],
        "p10": ends[0.8][0],
        "p90": ends[0.8][1],
        "p2_5": ends[0.95][0],
        "p97_5": ends[0.95][1],
        "error": median / seen.value - 1,
        **{f"inside_{100 * share:g}": low <= seen.value <= high for share, (low, high) in ends.items()},
        "benchmarks": {name: float(forecast.median[i]) for name, forecast in naive.items()},
        "sources": list(seen.sources),
    }


def _score(
    series: str, seen: Sequence[Observed], model: Sequence[Floats], naive: Mapping[str, Forecast]
) -> dict[str, Any]:
    """The scores of a series: the model's, those of the naive forecasts, and who wins."""
    places = [i for i, one in enumerate(seen) if one.scored]
    observed = np.array([seen[i].value for i in places])

    def scored(ensembles: Sequence[Floats]) -> dict[str, float]:
        middles = np.array([np.median(one) for one in ensembles])
        return {
            "mape": percentage_error(middles, observed),
            "bias": bias(middles, observed),
            "crps": float(np.mean([crps(one, y) for one, y in zip(ensembles, observed, strict=True)])),
            "interval_score_80": float(
                np.mean([interval_score(*band(one, 0.8), y, 0.8) for one, y in zip(ensembles, observed, strict=True)])
            ),
        }

    ours = scored([model[i] for i in places])
    coverage = {
        f"coverage_{100 * share:g}": float(
            np.mean([low <= seen[i].value <= high for i in places for low, high in [band(model[i], share)]])
        )
        for share in SHARES
    }
    theirs = {name: scored([forecast.ensemble(i) for i in places]) for name, forecast in naive.items()}
    best = {rule: min(theirs, key=lambda name: theirs[name][rule]) for rule in ("mape", "crps")}
    wins = {rule: ours[rule] < theirs[name][rule] for rule, name in best.items()}
    return {
        "series": series,
        "n": len(places),
        "years": [str(seen[i].year) for i in places],
        "model": ours | coverage,
        "benchmarks": theirs,
        "best_benchmark": best,
        "model_wins": wins,
        "text": {lang: verdict(series, len(places), ours, theirs, best, wins, lang) for lang in LANGUAGES},
    }


def verdict(
    series: str,
    n: int,
    ours: Mapping[str, float],
    theirs: Mapping[str, Mapping[str, float]],
    best: Mapping[str, str],
    wins: Mapping[str, bool],
    lang: str,
) -> str:
    """Who wins, in a sentence or two: by the error of the middle, and by the whole forecast."""
    words = {
        "series": label(series, lang),
        "n": n,
        "model": number(ours["mape"], "share", lang),
        "naive": number(theirs[best["mape"]]["mape"], "share", lang),
        "benchmark": text(f"benchmarks.{best['mape']}", lang),
    }
    told = text(f"evidence.{'wins' if wins['mape'] else 'loses'}", lang, **words)
    if wins["crps"] != wins["mape"]:
        whole = text(f"benchmarks.{best['crps']}", lang)
        told += " " + text(f"evidence.{'wins' if wins['crps'] else 'loses'}_whole", lang, benchmark=whole)
    return told
