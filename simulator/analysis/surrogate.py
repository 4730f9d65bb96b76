"""What a mix of levers does, guessed from runs: it proposes mixes to run and is never reported.

Gaussian processes over the levers' places learn the difference a mix makes to a run with the same draw and luck; that
difference varies far less from draw to draw than the run itself. The scenario's own runs in every draw are added back.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import differential_evolution
from scipy.stats import norm
from threadpoolctl import threadpool_limits

from simulator.analysis.goals import Goal

Floats = NDArray[np.float64]

_STEP = 0.01  # places are rounded to it, so that a lever reads well
_GENERATIONS, _CROWD = 60, 6
_MARGIN = 0.03
_MOST = 400  # runs learnt from


class Surrogate:
    """Guesses of costs and goals of mixes, places [mix, lever]."""

    def __init__(self, places: Floats, differences: Floats, own: Floats, seed: int = 0) -> None:
        """``differences`` [run, cost and goals] of runs at ``places`` [run, lever]; ``own`` [draw, the same] is the
        scenario itself."""
        known = ~np.isnan(differences).any(axis=1)
        places, differences = places[known], differences[known]
        if len(places) > _MOST:  # single runs spread over the space teach more than many draws of one mix
            rows = np.random.default_rng(seed).choice(len(places), _MOST, replace=False)
            places, differences = places[np.sort(rows)], differences[np.sort(rows)]
        self.own = own[~np.isnan(own).any(axis=1)]
        self.models = [_fitted(places, column, seed) for column in differences.T]

    def guess(self, places: Floats) -> tuple[Floats, Floats]:
        """Mean differences [mix, cost and goals], and how much they scatter from draw to draw [cost and goals]."""
        means = [model.predict(places) if model is not None else np.zeros(len(places)) for model, _ in self.models]
        return np.stack(means, axis=1), np.array([scatter for _, scatter in self.models])

    def cost(self, places: Floats) -> Floats:
        """Guessed mean cost [mix]."""
        means, _ = self.guess(places)
        return means[:, 0] + float(self.own[:, 0].mean())

    def share(self, places: Floats, goals: Sequence[Goal]) -> Floats:
        """Guessed part of the draws in which all goals are met [mix]."""
        means, scatter = self.guess(places)
        met = np.ones((len(places), len(self.own)))
        for column, goal in enumerate(goals, start=1):
            gap = self.own[None, :, column] + means[:, None, column] - goal.value
            sd = max(float(scatter[column]), 1e-9 * max(abs(goal.value), 1.0))
            met *= norm.cdf(gap / sd if goal.upward else -gap / sd)
        return np.asarray(met.mean(axis=1))

    def gap(self, places: Floats, goals: Sequence[Goal]) -> Floats:
        """How far the guessed mean stays behind the goal that lags most, as a part of its value [mix]; 0 beyond it."""
        means, _ = self.guess(places)
        behind = np.zeros(len(places))
        for column, goal in enumerate(goals, start=1):
            missing = (goal.value - (means[:, column] + float(self.own[:, column].mean()))) / max(
                abs(goal.value), 1e-12
            )
            behind = np.maximum(behind, missing if goal.upward else -missing)
        return behind


def cheapest(surrogate: Surrogate, goals: Sequence[Goal], share: float, start: Floats, seed: int = 0) -> Floats:
    """The place [lever] of the mix guessed to be cheapest among those that meet the goals in so many draws, else of the
    one that meets them most often; levers that are not needed stay at ``start``.

    The search asks for a little more than ``share``, and levers are set back as long as ``share`` itself is met.
    """
    scale = max(abs(float(surrogate.cost(start[None])[0])), 1.0)

    def loss(columns: Floats, wanted: float = min(share + _MARGIN, 1.0)) -> Floats:
        places = columns.T if columns.ndim == 2 else columns[None]
        short = np.maximum(wanted - surrogate.share(places, goals), 0.0)
        # Where no draw meets the goals all shares are 0: the gap shows the way.
        lost = 1e4 * short + 1e3 * np.where(short > 0, surrogate.gap(places, goals), 0.0)
        return np.asarray(surrogate.cost(places) / scale + lost)

    bounds = [(0.0, 1.0)] * len(start)
    with threadpool_limits(1):
        found = differential_evolution(
            loss, bounds, x0=start, rng=np.random.default_rng(seed), maxiter=_GENERATIONS, popsize=_CROWD,
            vectorized=True, updating="deferred", polish=False, init="sobol",
        )  # fmt: skip
        return _simpler(np.round(found.x / _STEP) * _STEP, start, partial(loss, wanted=share))


def _simpler(place: Floats, start: Floats, loss: Any) -> Floats:
    """The same mix with levers set back, one after the other, as long as that loses nothing."""
    at = float(loss(place)[0])
    changed = True
    while changed:
        changed = False
        trials = [np.where(np.arange(len(place)) == k, start, place) for k in range(len(place)) if place[k] != start[k]]
        for trial in trials:
            value = float(loss(trial)[0])
            if value <= at + 1e-9:
                place, at, changed = trial, value, True
                break
    return place


def _fitted(places: Floats, values: Floats, seed: int) -> tuple[Any, float]:
    """A Gaussian process and the scatter it does not explain; None where nothing varies."""
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel

    spread = float(np.std(values))
    if len(values) < 3 or spread == 0.0:
        return None, 0.0
    smooth = RBF(np.full(places.shape[1], 2.0), (0.2, 50.0))
    kernel = ConstantKernel(1.0, (1e-2, 1e3)) * smooth + WhiteKernel(0.05, (1e-6, 1.0))
    model = GaussianProcessRegressor(kernel, normalize_y=True, random_state=seed)
    with warnings.catch_warnings(), threadpool_limits(1):  # threads would wait for each other: matrices are small
        warnings.simplefilter("ignore")  # that a length stays at its bound is of no concern for a guess
        model.fit(places, values)
    return model, float(np.sqrt(model.kernel_.k2.noise_level)) * spread
