"""Two events that the model must get right, with bands: the loss of a preference, a rise of the minimum wage."""

from __future__ import annotations

from typing import Any

import numpy as np

from simulator.analysis.criteria import CRITERIA, share_of_draws, verdict
from simulator.analysis.patterns import measured
from simulator.analysis.runs import Runs
from simulator.analysis.scores import band

EVENTS = ("P7", "P8")


def judge(runs: Runs) -> list[dict[str, Any]]:
    """A row an event: the target's range, the effect with its bands over draws, and the share inside."""
    rows = []
    for id in EVENTS:
        criterion, found = CRITERIA[id], measured(id, runs)
        (part,) = criterion.parts
        effect = found.parts[part.name]
        defined = effect[np.isfinite(effect)]
        share = share_of_draws(part.holds(effect))
        ends = {s: band(defined, s) if len(defined) else (None, None) for s in (0.8, 0.95)}
        rows.append(
            {
                "id": id,
                "text": criterion.text,
                "measure": part.measure,
                "period": criterion.dates["at"],
                "low": part.low,
                "high": part.high,
                "median": float(np.median(defined)) if len(defined) else None,
                "p10": ends[0.8][0],
                "p90": ends[0.8][1],
                "p2_5": ends[0.95][0],
                "p97_5": ends[0.95][1],
                "n": len(defined),
                "share_of_draws": share if share == share else None,
                "verdict": verdict(share),
                "source": criterion.source,
                "note": found.note,
            }
        )
    return rows
