"""Why two scenarios differ: by groups of levers and drivers, by mechanisms, and in the lives of a few.

The difference B − A of an indicator is split in three ways that agree. Levers: Shapley shares over the mixtures of both
scenarios (:mod:`simulator.analysis.players`), every mixture run with the same draws and seeds. Mechanisms: the nine
terms of the change of employment. Log: decisions of factories and life courses of workers in one pair of runs.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.analysis import life_courses, mechanisms, shapley
from simulator.analysis.explained import DIFFERENCE, GRID, LEVERS, MECHANISMS, SHARE, Explanation
from simulator.analysis.players import Mixer, Player, players
from simulator.batch import Failure, run_each
from simulator.checks import START, unknown
from simulator.fingerprint import statements
from simulator.indicators import COLUMNS, INDICATORS
from simulator.posterior import BEST, find_draw, is_shipped, load_posterior, under_draw
from simulator.results import InputError, Result, by_year, spread, write_together
from simulator.run import LAST_YEAR, Progress, Request, execute
from simulator.scenario import Scenario, load_scenario
from simulator.store import Store

PEOPLE_PER_AGENT = 100
# As many runs as end within ten minutes on two cores; from them follow the draws when nobody says how many.
RUNS = 800
MOST_DRAWS = 20
ORDERS = 4  # of joining, for every draw and seed, where there are too many groups to run all mixtures
PARTED = "2024Q4"  # the last quarter that scenarios share
_ABOUT = ("people_per_agent", "model", "code", "data", "python", "numpy", "mesa")
Pair = tuple[int, int]  # draw, seed
Array = NDArray[np.float64]


def explain(
    a: str | Path | Scenario,
    b: str | Path | Scenario,
    indicator: str = "employment",
    period: str | int = LAST_YEAR,
    draws: int | None = None,
    seeds: int | None = None,
    people_per_agent: int = PEOPLE_PER_AGENT,
    split: str = "groups",
    store: Store | None = None,
    progress: Progress | None = None,
    workers: int | None = None,
) -> Explanation:
    """Why ``indicator`` (``exports``, or of a group ``employment[gender=women]``) is another one in B than in A.

    ``period`` is a year or a quarter from 2025 on. ``split`` is ``groups`` of levers and drivers, or single ``levers``.
    Up to eight groups all mixtures are run, beyond that those met on some orders of joining. ``draws`` takes the first
    draws of the refit posterior, 0 the best set; each has ``seeds`` seeds. Left out, draws follow from the number of
    mixtures, with one seed (without a posterior: 0 draws and as many seeds).

    Finished runs are taken from ``store`` (the user's own when left out), new ones and the explanation kept there: the
    runs serve every indicator and period. A pair of which a run failed is left out and the failure listed. Raises
    InputError or ScenarioError.
    """
    plan = Plan.of(a, b, indicator, period, draws, seeds, people_per_agent, split)
    store = store if store is not None else Store()
    known = plan.stored(store)
    if known is not None:
        return known
    requests = plan.requests()
    found = _Values(plan, requests)
    errors = run_each(list(requests.values()), found.take, store, workers, progress)
    failures = tuple(Failure(r, errors[r.key]) for r in requests.values() if r.key in errors)
    explanation = _explained(plan, requests, found, failures)
    if not failures:
        plan.keep(explanation, store)
    return explanation


def stored_explanation(
    a: str | Path | Scenario,
    b: str | Path | Scenario,
    indicator: str = "employment",
    period: str | int = LAST_YEAR,
    draws: int | None = None,
    seeds: int | None = None,
    people_per_agent: int = PEOPLE_PER_AGENT,
    split: str = "groups",
    store: Store | None = None,
) -> Explanation | None:
    """What :func:`explain` left for the same question and the same model, at once; None where it has not been asked.

    Nothing is run. Raises InputError or ScenarioError for a question that cannot be asked.
    """
    plan = Plan.of(a, b, indicator, period, draws, seeds, people_per_agent, split)
    return plan.stored(store if store is not None else Store())


@dataclass(frozen=True)
class Plan:
    """What is asked, checked, and which runs answer it."""

    a: Scenario
    b: Scenario
    players: tuple[Player, ...]
    indicator: str
    group: str
    period: str
    split: str
    pairs: tuple[Pair, ...]
    people_per_agent: int
    ends: Mapping[tuple[Pair, str], Request] = field(compare=False)

    @classmethod
    def of(
        cls,
        a: str | Path | Scenario,
        b: str | Path | Scenario,
        indicator: str,
        period: str | int,
        draws: int | None,
        seeds: int | None,
        people_per_agent: int,
        split: str,
    ) -> Plan:
        """Raises InputError or ScenarioError in one line."""
        first, second = load_scenario(a), load_scenario(b)
        if first.id == second.id and first.digest != second.digest:
            raise InputError(f"two scenarios are called {first.id}; give one of them another name")
        for scenario in (first, second):
            if "@" in scenario.id:
                raise InputError(f"{scenario.id}: a scenario's name must not hold @")
        name, group = _indicator(indicator)
        when = _period(period)
        for what, value, least in (("draws", draws, 0), ("seeds", seeds, 1)):
            if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < least):
                raise InputError(f"{what} is {value!r}; it must be a whole number from {least}")
        shipped = is_shipped() if draws is None else draws > 0
        if draws:
            find_draw(draws - 1)
        drawn = [under_draw(s, 0 if shipped else "best")[0] for s in (first, second)]
        groups = tuple(players(drawn[0], drawn[1], split))
        fitting = max(1, min(MOST_DRAWS, RUNS // _mixtures(len(groups))))
        if shipped:
            number = draws or min(fitting, len(load_posterior()))
            pairs = [(draw, seed) for draw in range(number) for seed in range(seeds or 1)]
        else:
            pairs = [(BEST, seed) for seed in range(seeds or fitting)]
        ends = {
            (pair, scenario.id): Request.of(scenario, pair[1], people_per_agent, LAST_YEAR, pair[0])
            for pair in pairs
            for scenario in (first, second)
        }
        return cls(first, second, groups, name, group, when, split, tuple(pairs), people_per_agent, ends)

    @property
    def exact(self) -> bool:
        """Whether all mixtures are run."""
        return len(self.players) <= shapley.MOST_EXACT

    @property
    def everybody(self) -> int:
        """The coalition of all groups: scenario B."""
        return (1 << len(self.players)) - 1

    def side(self, part: str) -> int:
        """The coalition of the policies, or of the world."""
        return sum(1 << i for i, player in enumerate(self.players) if player.part == part)

    def orders(self, pair: Pair) -> shapley.Orders:
        """Orders of joining, each pair of runs its own: the same whoever asks."""
        rng = np.random.default_rng([pair[0] + 1, pair[1], len(self.players)])
        return shapley.orders(len(self.players), ORDERS, rng)

    def coalitions(self, pair: Pair) -> list[int]:
        """Whose values a pair of runs needs."""
        if self.exact:
            return list(range(self.everybody + 1))
        sides = [self.side(part) for part in ("policy", "world")]
        return list(dict.fromkeys([*shapley.met(self.orders(pair)), *sides]))

    def requests(self) -> dict[tuple[Pair, int], Request]:
        """Every run by pair and coalition, the draws and seeds one after the other."""
        found = {}
        for pair in self.pairs:
            a, b = (self.ends[pair, s.id] for s in (self.a, self.b))
            mixer = Mixer(a.numbers, b.numbers)
            for coalition in self.coalitions(pair):
                if coalition in (0, self.everybody):
                    found[pair, coalition] = b if coalition else a
                    continue
                joined = [player for i, player in enumerate(self.players) if coalition >> i & 1]
                name = f"{self.b.id}@{self.a.id}:{coalition:0{len(self.players)}b}"
                mixed = mixer.mixture(joined, name)
                found[pair, coalition] = replace(a, scenario=mixed, drawn=mixed if a.drawn is not None else None)
        return found

    def path(self, store: Store) -> Path:
        """Where the explanation is or would be kept: its name says what went in."""
        content = {
            "code": _code(),
            "question": [self.a.id, self.b.id, self.indicator, self.group, self.period, self.split],
            "titles": [dict(self.a.title), dict(self.b.title)],
            "runs": [self.ends[pair, s.id].key for pair in self.pairs for s in (self.a, self.b)],
            "players": [[player.key, player.names] for player in self.players],
            "orders": 0 if self.exact else ORDERS,
        }
        digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
        return store.explanations / f"{digest}.json"

    def keep(self, explanation: Explanation, store: Store) -> None:
        """Write it down; a store that cannot be written keeps nobody from reading on."""
        text = json.dumps(explanation.content(), ensure_ascii=False)
        try:
            write_together({self.path(store): lambda path: path.write_text(text, encoding="utf-8")})
        except OSError:
            return

    def stored(self, store: Store) -> Explanation | None:
        """What was kept; None where it is missing or damaged."""
        try:
            return Explanation.from_content(json.loads(self.path(store).read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError):
            return None


@cache
def _code() -> str:
    """Of the files that decide what is made of finished runs: what other code has explained is not read."""
    names = ("explain", "explained", "players", "shapley", "mechanisms", "life_courses")
    files = [Path(__file__).with_name(f"{name}.py").read_text("utf-8") for name in names]
    return hashlib.sha256("\0".join(map(statements, files)).encode()).hexdigest()[:12]


def _mixtures(groups: int) -> int:
    """Runs for one draw and seed."""
    return 1 << groups if groups <= shapley.MOST_EXACT else ORDERS * (groups - 1) + 4


def _indicator(asked: str) -> tuple[str, str]:
    """``employment[gender=women]`` → name and group. Raises InputError."""
    parts = re.fullmatch(r"\s*(\w+)\s*(?:\[\s*([^\]]+?)\s*\])?\s*", asked)
    if parts is None:
        raise InputError(f"{asked} is not an indicator; allowed: a name as employment, or employment[gender=women]")
    name, group = parts[1], parts[2] or "all"
    if name not in INDICATORS:
        raise InputError(unknown(name, INDICATORS, "indicator"))
    groups = [g for n, g in COLUMNS if n == name]
    if group not in groups:
        raise InputError(f"{name} is not split by {group}; its groups: {', '.join(groups)}")
    return name, group


def _period(asked: str | int) -> str:
    """A year or quarter in which scenarios may differ. Raises InputError."""
    text, first = str(asked), START[:4]
    if not re.fullmatch(r"\d{4}(Q[1-4])?", text) or not first <= text[:4] <= str(LAST_YEAR):
        raise InputError(
            f"period is {text!r}; allowed: a year from {first} to {LAST_YEAR}, or a quarter of one, as {first}Q1"
        )
    return text


class _Values:
    """What is taken from each run as it comes: the indicator, and of A and B what jobs are explained by."""

    def __init__(self, plan: Plan, requests: Mapping[tuple[Pair, int], Request]) -> None:
        self.plan = plan
        self.ends = {r.key for (_, coalition), r in requests.items() if coalition in (0, plan.everybody)}
        self.values: dict[str, float] = {}
        self.chains: dict[str, Array] = {}

    def take(self, key: str, result: Result) -> None:
        """Take what is needed; the run itself stays in the store."""
        plan = self.plan
        self.values[key] = value(result, plan.indicator, plan.group, plan.period)
        if key in self.ends and (plan.indicator, plan.group) == ("employment", "all"):
            self.chains[key] = mechanisms.chained(result, plan.period, PARTED)


def value(result: Result, indicator: str, group: str, period: str) -> float:
    """An indicator in a quarter, or a year by its rule."""
    column = (indicator, group)
    values, periods = result.values[:, [result.columns.index(column)]], result.periods
    if len(period) == 4:
        values, periods = by_year(values, periods, [column], int(result.metadata["steps_per_year"]))
    return float(values[periods.index(period), 0])


def _explained(
    plan: Plan, requests: Mapping[tuple[Pair, int], Request], found: _Values, failures: tuple[Failure, ...]
) -> Explanation:
    games: dict[Pair, dict[int, float]] = {}
    for pair in plan.pairs:
        keys = {coalition: requests[pair, coalition].key for coalition in plan.coalitions(pair)}
        if all(math.isfinite(found.values.get(key, math.nan)) for key in keys.values()):
            games[pair] = {coalition: found.values[key] for coalition, key in keys.items()}
    if not games:
        reason = str(failures[0]) if failures else "it has no value in some run of every pair"
        raise InputError(f"{plan.indicator} in {plan.period} cannot be explained: {reason}")
    everything = [(game[0], game[plan.everybody]) for game in games.values()]
    differences = np.array([ours - theirs for theirs, ours in everything])
    levels = np.array(everything).mean(axis=0)
    middle = min(games, key=lambda pair: abs(games[pair][plan.everybody] - games[pair][0] - np.median(differences)))
    first = plan.ends[plan.pairs[0], plan.a.id].metadata()
    about = {
        "a": plan.a.id,
        "b": plan.b.id,
        "titles": {s.id: dict(s.title) for s in (plan.a, plan.b)},
        "scenarios": {s.id: s.digest for s in (plan.a, plan.b)},
        "split": plan.split,
        "unit": INDICATORS[plan.indicator].unit,
        "level_a": float(levels[0]),
        "level_b": float(levels[1]),
        "pairs": [list(pair) for pair in games],
        "left_out": len(plan.pairs) - len(games),
        "posterior": first["posterior"],
        "mixtures": len(requests),
        "method": "exact" if plan.exact else f"{ORDERS} orders of joining for each pair",
        "log": {"pair": list(middle), "parted": PARTED},
        **{name: first[name] for name in _ABOUT},
        "failures": [str(failure) for failure in failures],
    }
    return Explanation(
        indicator=plan.indicator,
        group=plan.group,
        period=plan.period,
        difference=_row(differences, DIFFERENCE),
        levers=_levers(plan, games),
        grid=_grid(plan, games),
        mechanisms=_mechanisms(plan, games, found),
        log=_log(plan, middle),
        metadata=about,
        failures=failures,
    )


def _row(values: Array, columns: Sequence[str]) -> dict[str, float]:
    """Mean, 10th and 90th percentile over pairs, standard error of the mean (NaN for one pair) and their number."""
    _, ((low,), (high,)) = spread(values[:, None], (0.1, 0.9))
    number = len(values)
    error = float(values.std(ddof=1)) / math.sqrt(number) if number > 1 else math.nan
    named = (math.fsum(values) / number, float(low), float(high), error, number)
    return dict(zip(columns, named, strict=True))


def _levers(plan: Plan, games: Mapping[Pair, Mapping[int, float]]) -> pd.DataFrame:
    shares, errors = [], []
    for pair, game in games.items():
        if plan.exact:
            shares.append(shapley.exact([game[coalition] for coalition in range(plan.everybody + 1)]))
            errors.append(np.zeros(len(plan.players)))
        else:
            one = shapley.sampled(game, plan.orders(pair))
            shares.append(one.shares)
            errors.append(one.errors)
    sampling = np.sqrt((np.array(errors) ** 2).sum(axis=0)) / len(games)
    rows = [
        {"group": player.key, "part": player.part, "names": ", ".join(player.names)}
        | _row(column, SHARE)
        | {"sampling_error": float(missed)}
        for player, column, missed in zip(plan.players, np.array(shares).T, sampling, strict=True)
    ]
    return pd.DataFrame(rows, columns=list(LEVERS))


def _grid(plan: Plan, games: Mapping[Pair, Mapping[int, float]]) -> pd.DataFrame:
    """Policies alone, the world alone, and what both together do beyond that."""

    def under(coalition: int) -> Array:
        return np.array([game[coalition] for game in games.values()])

    none, both = under(0), under(plan.everybody)
    alone = {part: under(plan.side(part)) - none for part in ("policy", "world")}
    parts = {**alone, "interaction": both - none - alone["policy"] - alone["world"], "both": both - none}
    return pd.DataFrame([{"part": part} | _row(v, SHARE) for part, v in parts.items()], columns=list(GRID))


def _mechanisms(plan: Plan, games: Mapping[Pair, Mapping[int, float]], found: _Values) -> pd.DataFrame:
    if not found.chains:
        return pd.DataFrame(columns=list(MECHANISMS))
    ours, theirs = ([found.chains[plan.ends[pair, s.id].key] for pair in games] for s in (plan.b, plan.a))
    names, gaps = mechanisms.difference(ours, theirs)
    rows = [{"name": name} | _row(column, SHARE) for name, column in zip(names, gaps.T, strict=True)]
    return pd.DataFrame(rows, columns=list(MECHANISMS))


def _log(plan: Plan, pair: Pair) -> pd.DataFrame:
    """Both runs once more, with the sample followed."""
    a, b = (execute(plan.ends[pair, s.id], track=True) for s in (plan.a, plan.b))
    end = plan.period if len(plan.period) > 4 else f"{plan.period}Q4"
    return life_courses.log((a.factories, b.factories), (a.people, b.people), PARTED, end)
