"""Where a finished run stands among the futures, for other thresholds than those it was run with.

Thresholds matter only when a run is over, so that no run is needed to change them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.analysis.points import AFTER
from simulator.parameters import PARAMETERS
from simulator.results import Result
from simulator.scenario import Scenario

Floats = NDArray[np.float64]

BASE_YEAR = 2024
# The futures by number, as the texts call them.
FUTURES = (
    "costly_survivor",
    "status_quo",
    "no_garment_sector",
    "transition",
    "high_tech_high_skills",
    "forced_automation",
)
LABELS = ("survival", *(f"scenario_{k}" for k in range(len(FUTURES))))
POSITION = ("cost", "automation", "jobs", "exports", "value_added", "skilled")
_NEEDED = ("labour_cost_index", "automation", "employment", "real_exports", "exports", "value_added", "skilled_jobs")


def thresholds() -> tuple[str, ...]:
    """Names of the numbers that part the futures."""
    return tuple(name for name, about in PARAMETERS.items() if about.group == AFTER)


def position(result: Result, year: int) -> Floats:
    """What decides the label at the end of a year: ``POSITION``, [6]; NaN where the run ends before it.

    All but the share of skilled jobs are in ratio to 2024. Real value added is value added over the price of exports,
    which is exports over real exports; without exports it counts as nothing.
    """
    last = f"{year}Q4" if int(result.metadata["steps_per_year"]) == 4 else f"{year}M12"
    base = [place for place, period in enumerate(result.periods) if period.startswith(str(BASE_YEAR))]
    if last not in result.periods or not base:
        return np.full(len(POSITION), math.nan)
    at = result.periods.index(last)
    rows = [*base, at]
    series = {name: result.values[rows, result.columns.index((name, "all"))] for name in _NEEDED}
    real = _ratio(series["value_added"], _ratio(series["exports"], series["real_exports"]))
    jobs = series["employment"]
    values = {
        "cost": series["labour_cost_index"][-1],
        "automation": series["automation"][-1],
        "jobs": _ratio(jobs[-1], jobs[:-1].mean()),
        "exports": _ratio(series["real_exports"][-1], series["real_exports"][:-1].mean()),
        "value_added": _ratio(real[-1], real[:-1].mean()),
        "skilled": _ratio(series["skilled_jobs"][-1], jobs[-1]),
    }
    return np.array([float(values[name]) for name in POSITION])


def _ratio(part: Any, whole: Any) -> Any:
    """Part over whole, 0 where there is nothing."""
    part, whole = np.asarray(part, dtype=float), np.asarray(whole, dtype=float)
    return np.divide(part, whole, out=np.zeros(np.broadcast_shapes(part.shape, whole.shape)), where=whole > 0)


def limits_of(scenario: Scenario, chosen: Mapping[str, float]) -> SimpleNamespace:
    """All thresholds by their short names: those chosen, else the scenario's."""
    found = {}
    for name in thresholds():
        found[PARAMETERS[name].field] = chosen[name] if name in chosen else scenario.value(name, f"{BASE_YEAR}Q4")
    return SimpleNamespace(**found)


def labels(position: Floats, limits: Any) -> dict[str, float]:
    """``survival`` and ``scenario_0`` to ``scenario_5`` at a position, for these thresholds."""
    if np.isnan(position).any():
        return dict.fromkeys(LABELS, math.nan)
    from simulator.observe import futures

    survival, membership = futures(
        **{name: np.array([value]) for name, value in zip(POSITION, position, strict=True)}, limits=limits
    )
    return {"survival": float(survival[0])} | {f"scenario_{k}": float(v) for k, v in enumerate(membership[0])}


def is_label(indicator: str) -> bool:
    """Whether an indicator depends on thresholds."""
    return indicator in LABELS
