"""Judges the model: statements, patterns, two events, the years that were kept out; and projects what comes next.

Statements and the projection rest on the ``refit`` posterior, which runs of scenarios use; everything that judges the
fit rests on ``judged``, which has seen 2012–2019 only. Every draw has its own seed, the same in all scenarios.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from simulator.analysis import events as events_
from simulator.analysis import holdout as holdout_
from simulator.analysis import patterns as history
from simulator.analysis import projection as projection_
from simulator.analysis import statements as futures
from simulator.analysis.criteria import CANNOT_TELL, CRITERIA, PATTERNS, STATEMENTS, all_hold, share_of_draws, verdict
from simulator.analysis.runs import AFTER, Draws, Measured, Runs
from simulator.batch import Failure, run_many
from simulator.posterior import BEST, is_shipped, load_posterior, under_draw
from simulator.results import InputError, Result, records
from simulator.run import LAST_YEAR, Progress, Request
from simulator.scenario import Scenario
from simulator.store import Store

COLUMNS = (
    *("id", "text", "verdict", "value", "threshold", "share_of_draws", "measure", "kept_out"),
    *("source", "parts", "values", "note"),
)
PARTS = ("statements", "patterns", "holdout", "events", "projection")
# Which posterior a part rests on, and how many of its draws: all parts together end within ten minutes on two cores.
KINDS = {part: "refit" if part in ("statements", "projection") else "judged" for part in PARTS}
DRAWS = {"statements": 20, "patterns": 20, "holdout": 100, "events": 30, "projection": 100}
WITHOUT = ("statements", "patterns")  # what can be judged by the best set alone
BEST_SEEDS = 5  # luck stands for draws where there is no posterior
BEST_ALONE = "draws are seeds of the best set: no posterior is shipped"
PEOPLE_PER_AGENT = 100
PROJECTED = 2025
_ABOUT = ("model", "code", "data", "python", "numpy", "mesa")
Pair = tuple[int, int]  # draw, seed
Key = tuple[str, str, int, int, int]  # posterior (empty: the best set), scenario, last year, draw, seed


@dataclass(frozen=True, eq=False)
class Validation:
    """The verdicts: a row a statement and a row a pattern, ``COLUMNS``; rows of the other parts as lists.

    ``value``, ``threshold`` and ``measure`` are those of the part that holds in the fewest draws (the first of
    several); ``share_of_draws`` is of the draws in which all parts hold. ``value`` is the median over draws, of
    labels the most frequent. ``parts`` lists every part in the same way, ``values`` medians worth seeing.
    """

    statements: pd.DataFrame
    patterns: pd.DataFrame
    metadata: Mapping[str, Any]
    failures: tuple[Failure, ...] = ()
    holdout: list[dict[str, Any]] = field(default_factory=list)
    scores: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    projection: list[dict[str, Any]] = field(default_factory=list)
    drivers: list[dict[str, Any]] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """One document; what is undefined is None."""
        tables = {"statements": records(self.statements), "patterns": records(self.patterns)}
        names = ("holdout", "scores", "events", "projection", "drivers")
        return {"metadata": dict(self.metadata), **tables, **{name: getattr(self, name) for name in names}}


def validate(
    parts: Sequence[str] = (),
    draws: int | None = None,
    seeds: int | None = None,
    people_per_agent: int = PEOPLE_PER_AGENT,
    project: int = PROJECTED,
    store: Store | None = None,
    progress: Progress | None = None,
    workers: int | None = None,
) -> Validation:
    """Run what the parts need (all of ``PARTS`` when none is named) and judge each of them.

    ``draws`` is how many of the posterior's draws each part takes, ``seeds`` how many runs of each (1). Without a
    posterior statements and patterns rest on ``seeds`` runs of the best set; the other parts are left out, and
    refused where they are named. Finished runs are taken from ``store`` (the user's own when left out) and new ones
    kept there. A draw of which a run failed is left out of the part and the failure listed. Raises InputError.
    """
    plan = Plan.of(parts, draws, seeds, people_per_agent, project)
    requests = plan.requests()
    outcome = run_many(list(requests.values()), store if store is not None else Store(), workers, progress)
    failed = {failure.request.key for failure in outcome.failures}
    done = [key for key, request in requests.items() if request.key not in failed]
    results = dict(zip(done, outcome.results, strict=True))
    tables: dict[str, list[dict[str, Any]]] = {}
    about: dict[str, str] = {}
    for part in plan.parts:
        good, runs = plan.found(part, results)
        about[part] = _described(plan.kind(part), len(good))
        if good:
            tables |= _judged(part, runs, good, people_per_agent, project)
    first = next(iter(requests.values())).metadata()
    metadata = {
        "draws": about,
        "bands": holdout_.BANDS,
        "posteriors": {kind: load_posterior(kind).digest for kind in plan.kinds},
        "people_per_agent": people_per_agent,
        "runs": len(results),
        **{name: first[name] for name in _ABOUT},
        "failures": [str(failure) for failure in outcome.failures],
    }
    frames = {name: _frame(tables.pop(name, [])) for name in WITHOUT}
    return Validation(**frames, metadata=metadata, failures=tuple(outcome.failures), **tables)


@dataclass(frozen=True)
class Plan:
    """Which parts are judged, by how many draws and seeds; ``shipped`` are the posteriors that are there."""

    parts: tuple[str, ...]
    draws: int | None
    seeds: int | None
    people_per_agent: int
    project: int
    shipped: tuple[str, ...]

    @classmethod
    def of(
        cls, parts: Sequence[str], draws: int | None, seeds: int | None, people_per_agent: int, project: int
    ) -> Plan:
        """Check what was asked for. Raises InputError."""
        for name, value in (("draws", draws), ("seeds", seeds)):
            if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
                raise InputError(f"{name} is {value!r}; it must be a whole number from 1")
        first, last = holdout_.LAST + 1, LAST_YEAR - projection_.YEARS + 1
        if isinstance(project, bool) or not isinstance(project, int) or not first <= project <= last:
            raise InputError(f"project is {project!r}; it must be a year from {first} to {last}")
        shipped = tuple(kind for kind in sorted(set(KINDS.values())) if is_shipped(kind))
        for part in parts:
            if part not in PARTS:
                raise InputError(f"{part!r} is not one of {', '.join(PARTS)}")
            if part not in WITHOUT and KINDS[part] not in shipped:
                raise InputError(
                    f"{part}: no posterior is shipped with this version; statements and patterns need none"
                )
        chosen = parts or [part for part in PARTS if part in WITHOUT or KINDS[part] in shipped]
        return cls(tuple(p for p in PARTS if p in chosen), draws, seeds, people_per_agent, project, shipped)

    @property
    def left_out(self) -> tuple[str, ...]:
        """Parts that cannot be judged because no posterior is shipped."""
        return tuple(part for part in PARTS if part not in WITHOUT and KINDS[part] not in self.shipped)

    @property
    def looks(self) -> bool:
        """Whether outcomes that were kept out are looked at."""
        return "holdout" in self.parts or "patterns" in self.parts

    @property
    def kinds(self) -> tuple[str, ...]:
        """The posteriors that the parts rest on."""
        return tuple(sorted({self.kind(part) for part in self.parts} - {""}))

    def kind(self, part: str) -> str:
        """The posterior that a part rests on, empty where it is the best set."""
        return KINDS[part] if KINDS[part] in self.shipped else ""

    def pairs(self, part: str) -> list[Pair]:
        """Draws with their seeds; no two share their luck."""
        kind = self.kind(part)
        if not kind:
            return [(BEST, seed) for seed in range(self.seeds or BEST_SEEDS)]
        seeds = self.seeds or 1
        number = min(DRAWS[part], len(load_posterior(kind))) if self.draws is None else self.draws
        return [(draw, draw * seeds + k) for draw in range(number) for k in range(seeds)]

    def wanted(self, part: str) -> dict[str, tuple[Scenario, int]]:
        """The scenarios that a part needs, by name, each with the last year that is looked at."""
        if part == "statements":
            return {name: (scenario, AFTER) for name, scenario in futures.scenarios().items()}
        pattern = history.scenarios()
        if part == "patterns":
            return pattern
        base = pattern[history.BASE][0]
        if part == "events":
            names = (history.EU_LOST, history.WAGE_FROZEN, history.WAGE_RAISED)
            last = int(CRITERIA["P7"].dates["at"][:4])
            return {history.BASE: (base, last)} | {name: pattern[name] for name in names}
        until = holdout_.LAST if part == "holdout" else self.project + projection_.YEARS - 1
        return {history.BASE: (base, until)}

    def requests(self) -> dict[Key, Request]:
        """The runs; parts share those of equal length. A run that fails later than a part looks costs it nothing."""
        found = {}
        for part in self.parts:
            kind = self.kind(part)
            for name, (scenario, until) in self.wanted(part).items():
                for draw, seed in self.pairs(part):
                    key = (kind, name, until, draw, seed)
                    if key not in found:
                        found[key] = Request.of(
                            scenario, seed, self.people_per_agent, until, draw, posterior=kind or "refit"
                        )
        return found

    def found(self, part: str, results: Mapping[Key, Result]) -> tuple[list[Pair], Runs]:
        """The draws of which every run that a part needs has ended, and these runs."""
        kind = self.kind(part)
        ends = {name: until for name, (_, until) in self.wanted(part).items()}
        good = [
            pair
            for pair in self.pairs(part)
            if all((kind, name, until, *pair) in results for name, until in ends.items())
        ]
        return good, Runs({n: [results[kind, n, until, *pair] for pair in good] for n, until in ends.items()})


def _described(kind: str, number: int) -> str:
    return f"{number} runs of draws of {load_posterior(kind).name}" if kind else f"{number} runs; {BEST_ALONE}"


def _judged(
    part: str, runs: Runs, pairs: Sequence[Pair], people_per_agent: int, project: int
) -> dict[str, list[dict[str, Any]]]:
    """The rows of a part, and what stands beside them."""
    if part == "statements":
        return {part: [judge(name, futures.measured(name, runs)) for name in STATEMENTS]}
    if part == "patterns":
        base = history.scenarios()[history.BASE][0]
        drawn = {draw: base if draw == BEST else under_draw(base, draw, KINDS[part])[0] for draw, _ in pairs}
        adoption = [history.follow_factories(seed, people_per_agent, drawn[draw]) for draw, seed in pairs]
        return {part: [judge(name, history.measured(name, runs, adoption)) for name in PATTERNS]}
    if part == "events":
        return {part: events_.judge(runs)}
    if part == "holdout":
        years = holdout_.KEPT_OUT[0], holdout_.KEPT_OUT[-1]
        rows, scores = holdout_.judge({name: runs.years(history.BASE, name, *years) for name in holdout_.SERIES})
        return {part: rows, "scores": scores}
    base = history.scenarios()[history.BASE][0]
    return {part: projection_.project(history.BASE, runs, project), "drivers": projection_.drivers(base, project)}


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
