"""By which mechanisms jobs differ: the nine terms of the change of employment, chained from where scenarios part."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simulator.results import Result

Array = NDArray[np.float64]
TERMS = (
    *("scale", "competitiveness", "efficiency", "displacement", "reinstatement", "staffing"),
    *("opening", "closure", "relocation"),
)
BEFORE = "before"  # what differed already when the chain begins: nothing where scenarios share their history


def chained(result: Result, period: str, parted: str) -> Array:
    """Jobs at the end of the quarter ``parted`` and what each of the nine terms has added by ``period``, [10].

    They add up to the run's ``employment`` in ``period``. Terms are flows of a quarter and jobs those at its end; a
    year's jobs are the mean of its quarters, and so is here what a term has added by each of them.
    """
    columns = [result.columns.index(("employment", "all"))]
    columns += [result.columns.index((f"change_{name}", "all")) for name in TERMS]
    begins = result.periods.index(parted)
    last = [i for i, name in enumerate(result.periods) if name.startswith(period)]
    flows = result.values[begins + 1 :, columns[1:]].cumsum(axis=0)
    added = np.vstack([np.zeros(len(TERMS)), flows])[[i - begins for i in last]]
    return np.concatenate([[result.values[begins, columns[0]]], added.mean(axis=0)])


def difference(ours: Sequence[Array], theirs: Sequence[Array]) -> tuple[tuple[str, ...], Array]:
    """Names and paired differences [pair, name] of chained terms; ``before`` comes first where it is not nothing."""
    gap = np.array(ours) - np.array(theirs)
    if not len(gap) or not np.any(gap[:, 0]):
        return TERMS, gap[:, 1:] if len(gap) else np.empty((0, len(TERMS)))
    return (BEFORE, *TERMS), gap


def closes(shares: Array, total: float, rounding: float = 1e-6) -> bool:
    """Whether the terms add up to the whole but for rounding, relative to the largest of them."""
    size = max(1.0, abs(total), float(np.abs(shares).max(initial=0.0)))
    return math.isclose(math.fsum(shares), total, rel_tol=0.0, abs_tol=rounding * size)
