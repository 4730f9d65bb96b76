"""What became of a trial: its runs beside those of the baseline and of one scenario it is held against."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from simulator.charts import LINES
from simulator.compare import DRAWS, SEEDS, Comparison
from simulator.data import observations
from simulator.drawing import Tables
from simulator.posterior import BEST, is_shipped, load_posterior
from simulator.results import Result
from simulator.run import Request
from simulator.scenario import Scenario
from simulator.store import Store
from simulator.tables import RESULTS
from simulator.trial import Trial, preset, presets

INDICATORS = tuple(dict.fromkeys((*RESULTS, *LINES, *(f"scenario_{k}" for k in range(6)))))
HEADLINES = (
    *("employment", "skilled_jobs", "exports", "value_added"),
    *("real_wage", "women_share", "automation", "public_cost"),
)
_MOST = 2000  # results that are kept in memory, some 5 kB each: a few columns by year
_BEST_LUCK = (BEST, 0)
Luck = tuple[int, int]  # draw, seed


@dataclass(frozen=True)
class Question:
    """A trial, held against ``reference``, the id of a shipped scenario. Its runs are those of the first page."""

    trial: Trial
    reference: str = "baseline"

    @cached_property
    def scenarios(self) -> tuple[Scenario, ...]:
        """The baseline, what the trial is held against, and the trial; each once."""
        everyone = (preset("baseline"), preset(self.reference), self.trial.scenario())
        return tuple({scenario.id: scenario for scenario in everyone}.values())

    @cached_property
    def band(self) -> tuple[Luck, ...]:
        """The draws and seeds that the band is made of: those that scenarios are compared with by default."""
        if is_shipped():
            return tuple((draw, 0) for draw in range(min(DRAWS, len(load_posterior()))))
        return tuple((BEST, seed) for seed in range(SEEDS))

    @cached_property
    def stages(self) -> tuple[int, ...]:
        """Numbers of pairs at which a band is shown: a quarter, half, and all of them."""
        total = len(self.band)
        return tuple(sorted({max(2, total // 4), max(2, total // 2), total}))

    @cached_property
    def requests(self) -> tuple[tuple[Request, ...], ...]:
        """One tuple for the best set, then one for each pair of the band; in each the trial comes first."""
        return tuple(
            tuple(_request(scenario, seed, draw) for scenario in reversed(self.scenarios))
            for draw, seed in (_BEST_LUCK, *self.band)
        )

    def pairs(self, store: Store) -> int | None:
        """How many pairs a band can be shown of: 0 for the best set alone, None where nothing is there yet."""
        whole = [all(store.path(r.key).is_file() for r in some) for some in self.requests]
        reached = max((n for n in self.stages if n <= sum(whole[1:])), default=0)
        return reached if reached or whole[0] else None


@lru_cache(maxsize=4096)
def _request(scenario: Scenario, seed: int, draw: int) -> Request:
    return Request.of(scenario, seed, draw=draw)


@lru_cache(maxsize=256)
def ask(trial: Trial, reference: str) -> Question:
    """The question, with its keys worked out once for all who ask it."""
    return Question(trial, reference)


@dataclass(frozen=True)
class Figure:
    """A headline figure of the last year: median and band, and the paired difference where there is one."""

    value: float
    low: float
    high: float
    difference: float
    difference_low: float
    difference_high: float
    sign_share: float
    n: int


@dataclass(frozen=True, eq=False)
class Outcome:
    """Tables of a trial beside the baseline, and against what it is held against; of ``pairs`` pairs of ``total``,
    or of the best set alone where ``pairs`` is 0."""

    tables: Tables
    against: Tables
    tried: str
    digest: str  # of the scenario tried
    pairs: int
    total: int

    @property
    def compared(self) -> bool:
        """Whether there is a difference to speak of."""
        return self.tried != self.against.baseline

    @cached_property
    def figures(self) -> dict[str, Figure]:
        """The headline figures of the trial by indicator."""
        found = {}
        for name in HEADLINES:
            row = self.against.last(name, self.tried)
            ends = row.difference, row.difference_p10, row.difference_p90
            found[name] = Figure(row.median, row.p10, row.p90, *ends, row.sign_share, int(row.n))
        return found


def load_outcome(question: Question, pairs: int, store: Store) -> Outcome | None:
    """What is in the store, with a band of ``pairs`` pairs; None where a file is damaged, which is removed."""
    chosen: list[Request] = []
    results: list[Result] = []
    for some in question.requests[1:] if pairs else question.requests[:1]:
        found = [_load(request, store) for request in some if store.path(request.key).is_file()]
        if len(found) < len(some):
            continue
        if None in found:
            for request in some:
                if store.get(request) is None:
                    store.path(request.key).unlink(missing_ok=True)
            return None
        chosen += some
        results += [result for result in found if result is not None]
        if pairs and len(chosen) == pairs * len(some):
            break
    tried = question.trial.scenario()
    tables = _tables(question.scenarios, chosen, results)
    two = {scenario.id: scenario for scenario in (preset(question.reference), tried)}
    same = tuple(two) == tuple(tables.titles)
    against = tables if same else _tables(tuple(two.values()), chosen, results)
    return Outcome(tables, against, tried.id, tried.digest, pairs, len(question.band))


def _tables(scenarios: Sequence[Scenario], requests: Sequence[Request], results: Sequence[Result]) -> Tables:
    """Tables of some scenarios, the first of them the baseline, in the colours of the first page."""
    ordered = [request for scenario in scenarios for request in requests if request.scenario.id == scenario.id]
    known = {scenario.id for scenario in scenarios}
    mine = [result for result in results if result.metadata["scenario"] in known]
    tables = Tables.of_comparison(Comparison.from_results(ordered, mine), observations())
    named = [name for name in presets() if name != "baseline"]
    places = {name: named.index(name) if name in named else len(named) for name in tables.titles}
    return replace(tables, places=places)


_results: OrderedDict[str, Result] = OrderedDict()
_guard = threading.Lock()


def _load(request: Request, store: Store) -> Result | None:
    """A stored run by year with the columns that a page shows, from memory if it was read before."""
    with _guard:
        kept = _results.get(request.key)
        if kept is not None:
            _results.move_to_end(request.key)
    if kept is None:
        whole = store.get(request)
        if whole is None:
            return None
        kept = whole.yearly().select(list(INDICATORS), ["all"])
        with _guard:
            _results[request.key] = kept
            while len(_results) > _MOST:
                _results.popitem(last=False)
    return kept.named(request.scenario.id, request.numbers.text)
