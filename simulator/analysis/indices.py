"""Indices of sensitivity by SALib: where to look in the unit cube, and what the values found there say.

Morris' method moves one number at a time along short ways through the cube: ``mu_star`` is the mean size of what that
changes, were the number to go over its whole range, ``sigma`` how much it depends on the place. Sobol's indices are
parts of the variance: ``first`` what a number does alone, ``total`` what it does alone and together with others.

A function of the unit cube is all that is asked for, so that functions with known indices take the model's place.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.results import InputError

Floats = NDArray[np.float64]
Function = Callable[[Floats], Floats]  # places [point, factor] → values [point] or [point, output], NaN where undefined

METHODS = ("morris", "sobol")
LEVEL = 0.95  # of the intervals
_LEVELS, _RESAMPLES = 4, 500
MORRIS_COLUMNS = ("mu", "mu_star", "mu_star_low", "mu_star_high", "sigma")
SOBOL_COLUMNS = ("first", "first_low", "first_high", "total", "total_low", "total_high")


def places(method: str, names: Sequence[str], size: int, seed: int = 0) -> Floats:
    """Points [point, name] of the unit cube: ``size`` ways of Morris, or so many base points of Sobol's (a power of 2).

    Every ``len(names) + 1`` of Morris' and ``len(names) + 2`` of Sobol's points in turn belong together.
    """
    problem = _problem(names)
    if method == "morris":
        from SALib.sample.morris import sample as sample_morris

        found = sample_morris(problem, size, num_levels=_LEVELS, seed=seed)
    elif method == "sobol":
        from SALib.sample.sobol import sample as sample_sobol

        if size < 2 or size & (size - 1):
            raise InputError(f"samples is {size}; it must be a power of 2, as 32, 64 or 128")
        found = sample_sobol(problem, size, calc_second_order=False, seed=seed)
    else:
        raise InputError(f"{method} is not a method; {' and '.join(METHODS)} are")
    return np.clip(np.asarray(found, dtype=np.float64), 0.0, 1.0)


def indices(method: str, names: Sequence[str], points: Floats, values: Floats, seed: int = 0) -> pd.DataFrame:
    """Indices of one output, values [point], a row a name, with bootstrapped 95 % intervals; ``blocks`` counts the
    ways or base points used.

    Those with a point where the output is not defined are left out. Where too few are left, or nothing varies, the
    indices are NaN (Morris: 0 where nothing varies).
    """
    size = len(names) + (1 if method == "morris" else 2)
    whole = ~np.isnan(values.reshape(-1, size)).any(axis=1)
    keep = np.repeat(whole, size)
    points, values, number = points[keep], values[keep], int(whole.sum())
    frame = pd.DataFrame({"name": list(names), "blocks": number})
    columns = MORRIS_COLUMNS if method == "morris" else SOBOL_COLUMNS
    varies = number > 1 and float(np.ptp(values)) > 0.0
    if not varies:
        return frame.assign(**dict.fromkeys(columns, 0.0 if number > 1 and method == "morris" else math.nan))
    problem = _problem(names)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # divisions by nothing, for numbers that do nothing
        return frame.assign(**(_morris if method == "morris" else _sobol)(problem, points, values, seed))


def _morris(problem: dict[str, Any], points: Floats, values: Floats, seed: int) -> dict[str, Floats]:
    from SALib.analyze.morris import analyze

    found = analyze(problem, points, values, num_levels=_LEVELS, num_resamples=_RESAMPLES, conf_level=LEVEL, seed=seed)
    mu, middle, half, sigma = (_plain(found[key]) for key in ("mu", "mu_star", "mu_star_conf", "sigma"))
    return dict(zip(MORRIS_COLUMNS, (mu, middle, np.maximum(middle - half, 0.0), middle + half, sigma), strict=True))


def _plain(column: Any) -> Floats:
    """A column of SALib's, which may be masked, with 0 where nothing is defined."""
    return np.nan_to_num(np.ma.filled(np.ma.asarray(column, dtype=float), 0.0))


def _sobol(problem: dict[str, Any], points: Floats, values: Floats, seed: int) -> dict[str, Floats]:
    from SALib.analyze.sobol import analyze

    found = analyze(problem, values, calc_second_order=False, num_resamples=_RESAMPLES, conf_level=LEVEL, seed=seed)
    ends = []
    for key in ("S1", "ST"):
        middle, half = (np.asarray(found[name], dtype=float) for name in (key, f"{key}_conf"))
        ends += [middle, middle - half, middle + half]
    return dict(zip(SOBOL_COLUMNS, ends, strict=True))


def analyse(
    function: Function, names: Sequence[str], method: str = "morris", size: int = 8, seed: int = 0
) -> list[pd.DataFrame]:
    """Indices of every output of a function of the unit cube, a table an output."""
    points = places(method, names, size, seed)
    values = np.asarray(function(points), dtype=np.float64)
    outputs = values[:, None] if values.ndim == 1 else values
    return [indices(method, names, points, column, seed) for column in outputs.T]


def _problem(names: Sequence[str]) -> dict[str, Any]:
    return {"num_vars": len(names), "names": list(names), "bounds": [[0.0, 1.0]] * len(names)}
