"""Forecasts that anyone could make: what the model must beat on the years that were kept out.

Each is fitted to the years before only and gives a median and a spread of the logarithm for every year ahead. The
demand that Cambodia meets may be known, as the model is told it too; outcomes may not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from simulator.analysis.scores import normal_points
from simulator.data import yearly
from simulator.results import InputError
from simulator.state import GOODS

Floats = NDArray[np.float64]
LEAST = 4  # years that a forecast needs
POINTS = 200


@dataclass(frozen=True)
class Forecast:
    """Medians and the sd of the logarithm, [year ahead]."""

    median: Floats
    sd: Floats

    def ensemble(self, i: int) -> Floats:
        """Equally likely values for year ``i``."""
        return np.asarray(self.median[i] * np.exp(self.sd[i] * normal_points(POINTS)))


def random_walk(known: Mapping[int, float], ahead: Sequence[int]) -> Forecast:
    """The last value stays; its changes from year to year add up.

    >>> f = random_walk({2016: 100.0, 2017: 110.0, 2018: 100.0, 2019: 110.0}, (2020, 2023))
    >>> f.median.tolist(), f.sd.round(3).tolist()
    ([110.0, 110.0], [0.095, 0.191])
    """
    years, logs = _logs(known)
    return Forecast(np.full(len(ahead), known[years[-1]]), _step(logs) * np.sqrt(np.subtract(ahead, years[-1])))


def linear_trend(known: Mapping[int, float], ahead: Sequence[int]) -> Forecast:
    """A straight line through all years, with the error of a prediction by least squares.

    >>> linear_trend({2016: 1.0, 2017: 2.0, 2018: 3.0, 2019: 4.0}, (2020, 2021)).median.round(9).tolist()
    [5.0, 6.0]
    """
    years, _ = _logs(known)
    t, y = np.array(years, dtype=float), np.array([known[year] for year in years])
    slope, intercept = np.polyfit(t - t.mean(), y, 1)
    since = np.asarray(ahead) - t.mean()
    median = np.maximum(intercept + slope * since, 0.01 * y[-1])  # a falling line ends above nothing
    s = np.sqrt(np.sum((y - intercept - slope * (t - t.mean())) ** 2) / (len(t) - 2))
    sd = s * np.sqrt(1 + 1 / len(t) + since**2 / np.sum((t - t.mean()) ** 2))
    return Forecast(median, sd / median)


def autoregression(known: Mapping[int, float], ahead: Sequence[int]) -> Forecast:
    """AR(1) with a constant in the logarithm, by least squares, carried on year by year.

    A series that halves its distance to e from year to year goes on to do so:

    >>> path = {2016 + k: float(np.exp(1 - 0.5**k)) for k in range(4)}
    >>> np.log(autoregression(path, (2020, 2021)).median).round(6).tolist()
    [0.9375, 0.96875]
    """
    years, logs = _logs(known)
    before, after = logs[:-1], logs[1:]
    moves = bool(np.ptp(before) > 0)
    phi, constant = np.polyfit(before, after, 1) if moves else (0.0, after.mean())
    s = np.sqrt(np.sum((after - constant - phi * before) ** 2) / max(len(after) - 2, 1))
    median, sd, level, variance = [], [], logs[-1], 0.0
    for year in range(years[-1] + 1, max(ahead) + 1):
        level, variance = constant + phi * level, s**2 + phi**2 * variance
        if year in ahead:
            median.append(np.exp(level))
            sd.append(np.sqrt(variance))
    return Forecast(np.array(median), np.array(sd))


def constant_share(known: Mapping[int, float], ahead: Sequence[int], driver: Mapping[int, float]) -> Forecast:
    """The last ratio to ``driver`` stays: a share of demand, or output a worker; it wanders as it did before.

    >>> constant_share({2016: 1, 2017: 1, 2018: 1, 2019: 2}, (2020,), {y: y - 2015 for y in range(2016, 2021)}).median
    array([2.5])
    """
    ratio = random_walk({year: value / driver[year] for year, value in known.items()}, ahead)
    return Forecast(ratio.median * [driver[year] for year in ahead], ratio.sd)


def demand() -> dict[int, float]:
    """World demand for the three goods by year, billion USD."""
    parts = [yearly("world_demand", goods) for goods in GOODS]
    return {year: sum(part[year] for part in parts) for year in parts[0]}


def real_demand() -> dict[int, float]:
    """The same at constant export prices: what output a worker, or a factory, is set against."""
    prices = yearly("unit_value")
    return {year: value / prices[year] for year, value in demand().items() if year in prices}


_PLAIN: Mapping[str, Callable[[Mapping[int, float], Sequence[int]], Forecast]] = MappingProxyType(
    {"random_walk": random_walk, "linear_trend": linear_trend, "ar1": autoregression}
)
# The forecast that knows the world's demand, by series.
_WITH_DEMAND: Mapping[str, tuple[str, Callable[[], dict[int, float]]]] = MappingProxyType(
    {
        "exports": ("constant_share", demand),
        "employment": ("constant_output_per_worker", real_demand),
        "factories": ("constant_output_per_factory", real_demand),
    }
)


def benchmarks(series: str, known: Mapping[int, float], ahead: Sequence[int]) -> dict[str, Forecast]:
    """Every forecast of a series for the years ``ahead`` by name, from the ``known`` years alone. InputError."""
    if len(known) < LEAST or any(year <= max(known) for year in ahead):
        raise InputError(f"{series}: naive forecasts need {LEAST} years and look ahead of them")
    name, driver = _WITH_DEMAND[series]
    found = {name: make(known, ahead) for name, make in _PLAIN.items()}
    return found | {name: constant_share(known, ahead, driver())}


def _logs(known: Mapping[int, float]) -> tuple[list[int], Floats]:
    """Years in order without a gap, and logarithms."""
    years = sorted(known)
    if years != list(range(years[0], years[-1] + 1)):
        raise InputError(f"naive forecasts need every year from {years[0]} to {years[-1]}")
    return years, np.log([known[year] for year in years])


def _step(logs: Floats) -> float:
    """Root mean square of the changes from year to year."""
    return float(np.sqrt(np.mean(np.diff(logs) ** 2)))
