"""Judges the model: the statements of the 2019 volume and the patterns of the sector, draw by draw."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from simulator.analysis import patterns as history
from simulator.analysis import statements as futures
from simulator.analysis.criteria import CANNOT_TELL, CRITERIA, PATTERNS, STATEMENTS, all_hold, share_of_draws, verdict
from simulator.analysis.runs import AFTER, Draws, Measured, Runs
from simulator.batch import Failure, run_many
from simulator.results import InputError, Result, records
from simulator.run import Progress, Request
from simulator.scenario import Scenario
from simulator.store import Store

COLUMNS = (
    *("id", "text", "verdict", "value", "threshold", "share_of_draws", "measure", "kept_out"),
    *("source", "parts", "values", "note"),
)
DRAWS = "draws are the seeds of the one hand-made parameter set; there is no posterior yet"
_ABOUT = ("model", "code", "data", "python", "numpy", "mesa")


@dataclass(frozen=True, eq=False)
class Validation:
    """The verdicts: a row a statement and a row a pattern, ``COLUMNS``.

    ``value``, ``threshold`` and ``measure`` are those of the part that holds in the fewest draws (the first of
    several); ``share_of_draws`` is of the draws in which all parts hold. ``value`` is the median over draws, of
    labels the most frequent. ``parts`` lists every part in the same way, ``values`` medians worth seeing.
    """

    statements: pd.DataFrame
    patterns: pd.DataFrame
    metadata: Mapping[str, Any]
    failures: tuple[Failure, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """One document; what is undefined is None."""
        tables = {"statements": records(self.statements), "patterns": records(self.patterns)}
        return {"metadata": dict(self.metadata), **tables, "holdout": [], "projection": [], "events": []}


def validate(
    statements: bool = True,
    patterns: bool = True,
    seeds: int = 5,
    people_per_agent: int = 50,
    store: Store | None = None,
    progress: Progress | None = None,
    workers: int | None = None,
) -> Validation:
    """Run what the statements and patterns need, with the same seeds, and judge each of them.

    Finished runs are taken from ``store`` (the user's own when left out) and new ones kept there. A draw of
    which a run failed is left out and the failure listed. Raises InputError.
    """
    if isinstance(seeds, bool) or not isinstance(seeds, int) or seeds < 1:
        raise InputError(f"seeds is {seeds!r}; it must be a whole number from 1")
    requests = validation_requests(statements, patterns, seeds, people_per_agent)
    flat = [request for by_seed in requests.values() for request in by_seed]
    outcome = run_many(flat, store if store is not None else Store(), workers, progress)
    failed = {failure.request.seed for failure in outcome.failures}
    good = [seed for seed in range(seeds) if seed not in failed]
    found: dict[tuple[str, int], Result] = {}
    for result in outcome.results:
        found[result.metadata["scenario"], result.metadata["seed"]] = result
    runs = Runs({name: [found[name, seed] for seed in good] for name in requests})
    adoption = [history.follow_factories(seed, people_per_agent) for seed in good] if patterns else []
    first = flat[0].metadata() if flat else {}
    about = {"draws": DRAWS, "seeds": good, "people_per_agent": people_per_agent, "runs": len(found)}
    about |= {n: first[n] for n in _ABOUT if n in first}
    return Validation(
        _frame([judge(name, futures.measured(name, runs)) for name in STATEMENTS] if statements else []),
        _frame([judge(name, history.measured(name, runs, adoption)) for name in PATTERNS] if patterns else []),
        about | {"failures": [str(failure) for failure in outcome.failures]},
        tuple(outcome.failures),
    )


def validation_requests(
    statements: bool, patterns: bool, seeds: int, people_per_agent: int
) -> dict[str, list[Request]]:
    """The runs that are needed, by name of the scenario; each as long as it is looked at."""
    wanted: dict[str, tuple[Scenario, int]] = {}
    if statements:
        wanted |= {name: (scenario, AFTER) for name, scenario in futures.scenarios().items()}
    if patterns:
        wanted |= history.scenarios()
    return {
        name: [Request.of(scenario, seed, people_per_agent, until) for seed in range(seeds)]
        for name, (scenario, until) in wanted.items()
    }


def judge(id: str, measured: Measured) -> dict[str, Any]:
    """The row of a statement or pattern from the numbers of its parts."""
    criterion = CRITERIA[id]
    holds = [part.holds(measured.parts[part.name]) for part in criterion.parts]
    parts = []
    for part, good in zip(criterion.parts, holds, strict=True):
        share = share_of_draws(good)
        parts.append(
            {
                "name": part.name,
                "measure": part.measure,
                "verdict": verdict(share) if part.modelled else CANNOT_TELL,
                "value": _middle(measured.parts[part.name], labels=bool(part.among)),
                "low": _number(part.low),
                "high": _number(part.high),
                "threshold": part.threshold,
                "share_of_draws": _number(share),
                "kept_out": part.kept_out,
            }
        )
    share = share_of_draws(all_hold(np.stack(holds)))
    deciding = min(parts, key=lambda part: math.inf if part["share_of_draws"] is None else part["share_of_draws"])
    labels = any(part.among for part in criterion.parts)
    return {
        "id": id,
        "text": criterion.text,
        "verdict": verdict(share),
        **{name: deciding[name] for name in ("value", "threshold", "measure")},
        "share_of_draws": _number(share),
        "kept_out": any(part.kept_out for part in criterion.parts),
        "source": criterion.source,
        "parts": parts,
        "values": {name: _middle(value, labels) for name, value in measured.values.items()},
        "note": measured.note,
    }


def _middle(values: Draws, labels: bool = False) -> float | None:
    known = values[np.isfinite(values)]
    if not len(known):
        return None
    if labels:
        names, count = np.unique(known, return_counts=True)
        return float(names[count.argmax()])
    return float(np.median(known))


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _frame(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame([dict(row) for row in rows], columns=list(COLUMNS))
