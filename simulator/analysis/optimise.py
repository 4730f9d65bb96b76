"""The mix of levers that reaches stated goals at the least public cost, and where its promise breaks.

An emulator proposes mixes, the model runs them; only its own runs are reported. The mix that wins is run again with
draws and luck it has not met, and in the worlds of the named scenarios beside the others.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.analysis import kept
from simulator.analysis.goals import Goal, read_goals
from simulator.analysis.levers import Lever, chosen_levers
from simulator.analysis.mixes import Trials, breaks, judged, regret_of, summary_of
from simulator.analysis.points import Say, pairs, spread_points
from simulator.analysis.surrogate import Surrogate, cheapest
from simulator.batch import Failure
from simulator.compare import cell
from simulator.posterior import is_shipped, load_posterior
from simulator.results import InputError
from simulator.run import LAST_YEAR, Progress, Request
from simulator.scenario import Scenario, load_scenario, scenario_ids
from simulator.store import Store

Floats = NDArray[np.float64]

KIND = "optimise"
SHARE, BUDGET, LEAST_BUDGET = 0.8, 700, 120
ROUNDS = 2
_FRESH_SEED = 1_000_000  # seeds of the runs that verify
_RUNGS = (0.4, 0.7, 1.0, 1.0, 1.3)  # how far from the scenario's own level to the goal the proposals aim
_SURER = (0.0, 0.0, 0.0, 0.5, 0.0)  # how far they aim from the share asked for towards all draws
MIXES_IN_WORLDS = 3


@dataclass(frozen=True, eq=False)
class Plan:
    """What is asked for, checked; the sizes of the stages follow from the budget."""

    scenario: Scenario
    goals: tuple[Goal, ...]
    share: float
    levers: tuple[Lever, ...]
    year: int
    budget: int
    people_per_agent: int
    seed: int

    @property
    def draws(self) -> int:
        """Draws in which each proposal is run."""
        return min(max(self.budget // 30, 5), 40)

    @property
    def spread(self) -> int:
        """Single runs spread over the levers, for the emulator."""
        return int(0.3 * self.budget)

    @property
    def fresh(self) -> int:
        """Runs that verify the winner."""
        return max(int(0.1 * self.budget), 10)

    @property
    def world_draws(self) -> int:
        """Draws of each mix in each world."""
        return max(int(0.2 * self.budget) // (MIXES_IN_WORLDS * (len(self.worlds) + 1)), 3)

    @property
    def proposals(self) -> int:
        """Proposals in all rounds."""
        worlds = self.world_draws * MIXES_IN_WORLDS * (len(self.worlds) + 1)
        left = self.budget - self.draws - self.spread - 2 * self.fresh - worlds
        return max(left // self.draws, len(_RUNGS))

    @property
    def worlds(self) -> tuple[str, ...]:
        """The scenarios whose worlds a mix is tried in, besides its own."""
        return tuple(n for n in scenario_ids() if n not in (self.scenario.id, "baseline", "calibrated"))

    @property
    def most_runs(self) -> int:
        """Runs at most."""
        worlds = self.world_draws * MIXES_IN_WORLDS * (len(self.worlds) + 1)
        return self.draws * (1 + self.proposals) + self.spread + 2 * self.fresh + worlds

    def first_requests(self) -> list[Request]:
        """The runs of the scenario itself, which come first."""
        return [
            Request.of(self.scenario, seed, self.people_per_agent, self.year, draw if draw >= 0 else "best")
            for draw, seed in pairs(self.draws, seed=self.seed)
        ]

    def asked(self) -> dict[str, Any]:
        """What decides the outcome."""
        return kept.asked(
            KIND,
            scenario=self.scenario.id,
            digest=self.scenario.digest,
            goals=[goal.text for goal in self.goals],
            share=self.share,
            levers=[lever.text for lever in self.levers],
            year=self.year,
            budget=self.budget,
            posterior=load_posterior("refit").name if is_shipped() else "",
            people_per_agent=self.people_per_agent,
            seed=self.seed,
        )


@dataclass(frozen=True, eq=False)
class Optimum:
    """``mixes`` has a row a mix that was run in all draws (the scenario itself first): its levers, mean cost, level of
    each goal reached in the share asked for, share of draws that meet all. ``verified`` are the fresh runs of the
    winner (or of the mix that came nearest), ``regret`` a row a world and mix, ``breaks`` what parts fresh draws in
    which the promise holds from those in which it breaks."""

    about: Mapping[str, Any]
    mixes: pd.DataFrame
    verified: pd.DataFrame
    regret: pd.DataFrame
    breaks: pd.DataFrame
    failures: tuple[Failure, ...] = ()
    folder: Path | None = field(default=None)

    @property
    def reached(self) -> bool:
        """Whether some mix met the goals in the share asked for."""
        return bool(self.about["reached"])

    @property
    def winner(self) -> pd.Series[Any]:
        """The row of the mix that was verified."""
        return self.mixes[self.mixes["mix"] == self.about["winner"]].iloc[0]

    @property
    def frames(self) -> dict[str, pd.DataFrame]:
        """The tables by name."""
        return {name: getattr(self, name) for name in ("mixes", "verified", "regret", "breaks")}

    def save(self, folder: str | Path, format: str = "parquet") -> Path:
        """Write the tables and what is to be known about them."""
        return kept.keep(Path(folder), self.about, self.frames, format)

    @classmethod
    def load(cls, where: Store | Path | str | None = None) -> Optimum:
        """The newest in a store (the user's own), or the one in a folder, without failures. Raises InputError."""
        found = kept.load(KIND, where)
        return cls(found.about, **found.frames, folder=found.folder)


def plan(
    goals: Sequence[str],
    scenario: str | Path | Scenario = "baseline",
    share: float = SHARE,
    levers: Sequence[str] | None = None,
    period: int = LAST_YEAR,
    budget: int = BUDGET,
    people_per_agent: int = 100,
    seed: int = 0,
) -> Plan:
    """Check what was asked for. Raises InputError or ScenarioError."""
    chosen = load_scenario(scenario)
    found = read_goals(goals)
    if not 0 < share <= 1:
        raise InputError(f"share is {share:g}; it must be above 0 and at most 1")
    first = int(chosen.start[:4])
    if not first <= period <= LAST_YEAR:
        raise InputError(f"period is {period}; allowed: a year from the scenario's start, {first}, to {LAST_YEAR}")
    if budget < LEAST_BUDGET:
        raise InputError(f"budget is {budget}; it must be a whole number of runs from {LEAST_BUDGET}")
    return Plan(chosen, found, share, chosen_levers(levers, chosen), period, budget, people_per_agent, seed)


def optimise(
    goals: Sequence[str],
    scenario: str | Path | Scenario = "baseline",
    share: float = SHARE,
    levers: Sequence[str] | None = None,
    period: int = LAST_YEAR,
    budget: int = BUDGET,
    *,
    people_per_agent: int = 100,
    seed: int = 0,
    store: Store | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
    say: Say | None = None,
) -> Optimum:
    """The cheapest mix that meets all ``goals`` (as ``value_added>=3000``) in ``period``, in ``share`` of draws.

    Cost is ``public_cost`` summed from the scenario's start to the end of ``period``, nominal, not discounted, its mean
    over draws. ``levers`` are names, with bounds as ``automation.subsidy=0:0.3`` if need be; left out, all that cost
    the budget something, from what the scenario sets to the end of the range that costs more. Finished runs and the
    tables stay in ``store``. Raises InputError or ScenarioError.
    """
    asked_for = plan(goals, scenario, share, levers, period, budget, people_per_agent, seed)
    return carry_out(asked_for, store, workers, progress, say)


def carry_out(
    plan: Plan,
    store: Store | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
    say: Say | None = None,
) -> Optimum:
    """Do what was planned."""
    runs = store if store is not None else Store()
    trials = Trials(plan.goals, plan.levers, plan.year, plan.people_per_agent, runs, workers, progress)
    start = np.array([lever.start for lever in plan.levers])
    draws = pairs(plan.draws, seed=plan.seed)
    speak = say or (lambda text: None)

    speak(f"the scenario itself in {plan.draws} draws, and {plan.spread} runs spread over {len(plan.levers)} levers")
    own = trials.run(plan.scenario, [(start, pair) for pair in draws])
    if np.isnan(own).all():
        raise InputError(f"no run of {plan.scenario.id} ended; the first failed with: {trials.failures[0].error}")
    places = _spread(plan, start)
    values = trials.run(plan.scenario, [(place, draws[k % len(draws)]) for k, place in enumerate(places)])
    differences = values - own[np.arange(len(places)) % len(draws)]
    tried: list[tuple[Floats, Floats]] = [(start, own)]

    shares = [max(plan.proposals // ROUNDS, 1)] * (ROUNDS - 1)
    for count in (*shares, max(plan.proposals - sum(shares), 1)):
        found = _propose(plan, places, differences, own, start, tried, count)
        speak(f"{len(found)} proposals in {plan.draws} draws each")
        values = trials.run(plan.scenario, [(place, pair) for place in found for pair in draws])
        for k, place in enumerate(found):
            mine = values[k * len(draws) : (k + 1) * len(draws)]
            tried.append((place, mine))
            places = np.vstack([places, np.repeat(place[None], len(draws), axis=0)])
            differences = np.vstack([differences, mine - own])
    mixes = summary_of(plan.goals, plan.levers, plan.share, tried)
    return _verify(plan, trials, mixes, [place for place, _ in tried], speak, runs)


def _spread(plan: Plan, start: Floats) -> Floats:
    """Places for the emulator: half over the whole space, half with few levers moved, as cheap mixes are."""
    places = spread_points(plan.spread, len(plan.levers), plan.seed)
    rng = np.random.default_rng(plan.seed)
    for row in places[1::2]:
        still = rng.permutation(len(start))[min(int(rng.integers(1, 5)), len(start)) :]
        row[still] = start[still]
    return places


def _propose(
    plan: Plan,
    places: Floats,
    differences: Floats,
    own: Floats,
    start: Floats,
    tried: Sequence[tuple[Floats, Floats]],
    count: int,
) -> list[Floats]:
    """So many places that the emulator holds for cheapest, at the goals and on the way to them; none twice."""
    surrogate = Surrogate(places, differences, own, plan.seed)
    levels = [goal.level(own[:, k], plan.share) for k, goal in enumerate(plan.goals, start=1)]
    known = [place for place, _ in tried]
    found: list[Floats] = []
    order = sorted(range(len(_RUNGS)), key=lambda k: (_RUNGS[k] != 1.0, k))  # the goals themselves first
    for attempt in range(3 * len(_RUNGS)):
        k = order[attempt % len(order)]
        more = 0.15 * (attempt // len(order))
        goals = [
            Goal(goal.measure, goal.operator, _aim(goal.value, level, _RUNGS[k] + more))
            for goal, level in zip(plan.goals, levels, strict=True)
        ]
        share = plan.share + _SURER[k] * (1 - plan.share)
        place = cheapest(surrogate, goals, share, start, plan.seed + attempt + len(tried))
        if not any(np.array_equal(place, other) for other in (*known, *found)):
            found.append(place)
        if len(found) == count:
            break
    return found


def _aim(goal: float, level: float, part: float) -> float:
    """So far from the scenario's own level to the goal; the goal itself where it is met already."""
    return goal if math.isnan(level) or part == 1.0 else level + part * (goal - level)


def _verify(
    plan: Plan, trials: Trials, mixes: pd.DataFrame, places: Sequence[Floats], speak: Say, runs: Store
) -> Optimum:
    """The winner with fresh draws and luck, the next one where it does not hold; then the worlds."""
    good = mixes[mixes["share"] >= plan.share - 1e-9].sort_values(["cost", "mix"])
    reached = bool(len(good))
    nearest = mixes.sort_values(["share", "nearness", "cost"], ascending=[False, False, True])
    surest = good.sort_values(["share", "cost"], ascending=[False, True])
    queue = [int(nearest["mix"].iloc[0])]
    if reached:  # the cheapest, and should it fail, the one that met the goals most often
        queue = list(dict.fromkeys([int(good["mix"].iloc[0]), int(surest["mix"].iloc[0])]))
    fresh = pairs(plan.fresh, plan.draws, plan.seed + _FRESH_SEED)
    verified, winner, checked = pd.DataFrame(), queue[0], 0
    for mix in queue:
        speak(f"mix {mix} with {plan.fresh} fresh draws and fresh luck")
        values = trials.run(plan.scenario, [(places[mix], pair) for pair in fresh])
        verified, winner, checked = judged(plan.goals, values, fresh), mix, checked + 1
        if float(verified["met"].mean()) >= plan.share:
            break
    others = [m for m in (*good["mix"], *nearest["mix"]) if m != winner and m != 0]
    chosen = list(dict.fromkeys([winner, 0, *others]))[:MIXES_IN_WORLDS]
    draws = pairs(plan.world_draws, seed=plan.seed)
    worlds = {plan.scenario.id: plan.scenario}
    worlds |= {name: cell(load_scenario(name), plan.scenario, "world") for name in plan.worlds}
    speak(f"{len(chosen)} mixes in {len(worlds)} worlds, {plan.world_draws} draws each")
    asked = [(name, mix) for name in worlds for mix in chosen]
    values = trials.run_worlds([(worlds[name], places[mix], pair) for name, mix in asked for pair in draws])
    blocks = [values[k * len(draws) : (k + 1) * len(draws)] for k in range(len(asked))]
    regret = regret_of(plan.goals, plan.share, asked, blocks)
    about = {
        "asked": plan.asked(),
        "runs": trials.runs,
        "draws": plan.draws,
        "start": plan.scenario.start,
        "reached": reached,
        "winner": int(winner),
        "verifications": checked,
        "failed": len(trials.failures),
    }
    tables = (mixes, verified, regret, breaks(verified))
    done = Optimum(about, *tables, tuple(trials.failures))
    if trials.failures:
        return done
    return Optimum(**{**vars(done), "folder": done.save(kept.folder_of(plan.asked(), runs))})
