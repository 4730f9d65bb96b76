"""From targets to a posterior, stage by stage: design, waves of history matching, posterior, best set.

Every stage asks for model runs, and finished ones are found on disk; a calibration that was interrupted goes on
where it stopped and ends with the same bytes. What a stage does depends on the seed and the budget alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from calibration.emulator import Emulator, fit
from calibration.free import Box
from calibration.runs import EVENT_COST, Folder, Run, Task, run_all
from calibration.sampling import design, different, effective_size, inside, tempered
from calibration.targets import Targets
from simulator.results import InputError

Floats = NDArray[np.float64]
Progress = Callable[[int, int], None]  # done, of how many, in runs
Say = Callable[[str], None]

CUT = 3.0  # implausibility above which a point is ruled out (Pukelsheim's three sigma)
BUDGET = 4_500
LEAST_BUDGET = 90
# Parts of the budget. A third of the runs, those of the best set apart, goes on through the events.
STAGES = {"design": 0.20, "wave 2": 0.12, "wave 3": 0.10, "wave 4": 0.14, "posterior": 0.40, "best": 0.04}
_WARMTH = 0.5  # power of the density from which wave 4 is drawn: wider than the posterior
EVENTS_EVERY = 3
_MEAN_COST = (EVENTS_EVERY - 1 + EVENT_COST) / EVENTS_EVERY
_PARTICLES = 400, 2_000  # of a sample, at least and at most; between them as many as the budget
_KEPT = 0.5  # draws for each run of the posterior's stage
_SEEDS_OF_BEST = 4
_DIGITS = 6  # of the best set's numbers
_LEAST_POINTS = 2 * EVENTS_EVERY + 1  # of the design: an emulator needs three runs of each target
_LEAST_RUNS = 3  # below which nothing can be fitted


@dataclass(frozen=True)
class Plan:
    """What is asked for."""

    kind: str
    budget: int = BUDGET
    seed: int = 0
    people_per_agent: int = 100

    def points(self, stage: str) -> int:
        """How many points of a stage are run."""
        share = STAGES[stage] * self.budget
        if stage == "best":
            return max(1, int(share / _SEEDS_OF_BEST))
        least = _LEAST_POINTS if stage == "design" else EVENTS_EVERY
        return max(least, EVENTS_EVERY * int(share / _MEAN_COST / EVENTS_EVERY))

    @property
    def particles(self) -> int:
        """Of each sample."""
        return min(max(self.budget, _PARTICLES[0]), _PARTICLES[1])

    @property
    def cost(self) -> int:
        """Of all stages, in runs."""
        return sum(_cost(self.points(stage), stage) for stage in STAGES)

    def rng(self, stage: str, purpose: int = 0) -> np.random.Generator:
        """Luck of a stage."""
        return np.random.default_rng([self.seed, list(STAGES).index(stage), purpose])


def _cost(points: int, stage: str) -> int:
    if stage == "best":
        return points * _SEEDS_OF_BEST
    return points + (EVENT_COST - 1) * -(-points // EVENTS_EVERY)


@dataclass(eq=False)
class Stage:
    """Points that were run [run, number], their logarithms of the targets [run, target], and what was refused."""

    name: str
    points: Floats
    moments: Floats
    runs: list[Run]
    places: NDArray[np.intp]  # of the runs among the points that were asked for
    refused: list[str] = field(default_factory=list)
    cut: float = float("nan")


@dataclass(eq=False)
class Fitted:
    """Everything a calibration found: what the files are written from."""

    plan: Plan
    box: Box
    targets: Targets
    stages: dict[str, Stage]
    emulators: list[Emulator]
    chosen: NDArray[np.intp]  # rows of the posterior's stage, in random order
    effective_size: float
    moved: float  # share of weight that was cut off the largest weights
    best: dict[str, float]
    best_moments: Floats
    errors: list[str]

    @property
    def draws(self) -> Floats:
        """The posterior in the unit cube [draw, number]."""
        return self.stages["posterior"].points[self.chosen]

    @property
    def runs(self) -> int:
        """Model runs behind it."""
        return sum(len(stage.runs) + len(stage.refused) for stage in self.stages.values())


class Calibration:
    """One calibration under way; ``tell`` is called with runs done and their number, ``say`` with remarks."""

    def __init__(
        self,
        plan: Plan,
        box: Box,
        targets: Targets,
        folder: Folder,
        workers: int | None = None,
        tell: Progress | None = None,
        say: Say | None = None,
    ) -> None:
        if plan.budget < LEAST_BUDGET:
            raise InputError(f"budget is {plan.budget}; it must be at least {LEAST_BUDGET} runs")
        self.plan, self.box, self.targets, self.folder, self.workers = plan, box, targets, folder, workers
        self.tell, self.say = tell, say or (lambda text: None)
        self.stages: dict[str, Stage] = {}
        self.emulators: list[Emulator] = []
        self.region: tuple[Emulator, float]  # who rules points out, and from which implausibility on
        self.errors: list[str] = []
        self.done = 0

    # Stages

    def run(self) -> Fitted:
        """All stages. Raises InputError where too few runs can be finished to fit anything."""
        self.first_emulator()
        self.further_waves()
        points = self.sample(self.plan.points("posterior"), self.plan.rng("posterior"))
        stage = self.at("posterior", points)
        self.emulators.append(self.fit())
        chosen, size, moved = self.choose(stage)
        self.say(f"posterior: {len(chosen)} sets of numbers, effective size {size:.0f} of {len(stage.points)}")
        best, moments = self.best()
        return Fitted(
            self.plan, self.box, self.targets, self.stages, self.emulators, chosen, size, moved, best, moments,
            self.errors,
        )  # fmt: skip

    def first_emulator(self) -> None:
        """A design that fills the box, and the first emulator."""
        number = self.plan.points("design")
        stage = self.at("design", design(number, len(self.box), self.plan.rng("design")))
        self.emulators.append(fit(stage.points, stage.moments))

    def further_waves(self) -> None:
        """New runs where no target rules a point out, twice, then around the posterior; an emulator after each."""
        for name in ("wave 2", "wave 3"):
            number, rng = self.plan.points(name), self.plan.rng(name)
            found = inside(self.badness, CUT, len(self.box), max(self.plan.particles, number), rng)
            cut = found.reached
            if cut > CUT:  # no point is within it: the region around the least ruled out ones
                cut += 1.0
                found = inside(
                    self.badness, cut, len(self.box), max(self.plan.particles, number), self.plan.rng(name, 1)
                )
            points = found.points[rng.permutation(len(found.points))[:number]]
            self.region = (self.emulators[-1], cut)
            self.at(name, points).cut = cut
            self.say(f"{name}: {len(points)} points within {cut:.2f} sd of every target, most of {self._worst(points)}")
            self.emulators.append(self.fit())
        self.at("wave 4", self.sample(self.plan.points("wave 4"), self.plan.rng("wave 4"), _WARMTH))
        self.emulators.append(self.fit())

    def fit(self, without: tuple[str, NDArray[np.intp]] | None = None) -> Emulator:
        """An emulator from all runs so far, those of a stage ``without`` left out; what is ruled out counts less."""
        kept = {name: np.ones(len(stage.points), dtype=bool) for name, stage in self.stages.items() if name != "best"}
        if without is not None:
            kept[without[0]][without[1]] = False
        points = np.concatenate([self.stages[name].points[rows] for name, rows in kept.items()])
        moments = np.concatenate([self.stages[name].moments[rows] for name, rows in kept.items()])
        emulator, cut = self.region
        far = self._implausibility(points, emulator).max(axis=1) / cut
        return fit(points, moments, np.maximum(far, 1.0) ** -2)

    def sample(self, number: int, rng: np.random.Generator, power: float = 1.0) -> Floats:
        """Different points of the latest emulator's posterior [point, number], its density to a ``power``."""
        density = self.density(self.emulators[-1])
        sample = tempered(lambda x: power * density(x), len(self.box), max(self.plan.particles, number), rng)
        points = np.unique(sample.points, axis=0)
        return points[rng.permutation(len(points))[:number]]

    def choose(self, stage: Stage) -> tuple[NDArray[np.intp], float, float]:
        """Different rows in proportion to their weights, in random order; effective size; share of weight moved.

        The weight of a point is its density by the emulator that knows the model's runs there over its density by
        the one that proposed it. A run alone would bring its luck into the weight; what the emulator misses of runs
        it has not seen, luck included, is part of the likelihood's variance instead.
        """
        proposed, known = self.emulators[-2:]
        logs = self.density(known)(stage.points) - self.density(proposed)(stage.points)
        weights = np.exp(logs - logs.max())
        weights /= weights.sum()
        number = max(1, int(_KEPT * len(weights)))
        rng = self.plan.rng("posterior", 1)
        chosen = rng.permutation(different(weights, number, rng))
        moved = 1.0 - np.minimum(weights * number, 1.0).sum() / number
        return chosen, effective_size(weights), float(moved)

    def best(self) -> tuple[dict[str, float], Floats]:
        """The set with the highest density, adoption at its defaults, over several seeds; its mean logarithms."""
        free = self.box.estimated if self.box.estimated.any() else np.ones(len(self.box), dtype=bool)
        density, centre = self.density(self.emulators[-1]), self.box.centre

        def whole(points: Floats) -> Floats:
            out = np.tile(centre, (len(points), 1))
            out[:, free] = points
            return out

        rng = self.plan.rng("best")
        sample = tempered(lambda points: density(whole(points)), int(free.sum()), self.plan.particles, rng)
        order = np.argsort(-sample.density, kind="stable")[: self.plan.points("best")]
        numbers = [self._rounded(point) for point in whole(sample.points[order])]
        points = np.array([self.box.to_unit(values) for values in numbers])
        again = np.repeat(np.arange(len(numbers)), _SEEDS_OF_BEST)
        stage = self.at("best", points[again], events=False, values=[numbers[i] for i in again])
        which, plain = again[stage.places], ~self.targets.events
        tried = np.unique(which)
        moments = np.array([stage.moments[which == i].mean(axis=0) for i in tried])
        emulator, wide = self.emulators[-1], self.targets.covariance
        moments[:, ~plain] = emulator(points[tried])[:, ~plain]
        wide[np.ix_(~plain, ~plain)] += emulator.covariance[np.ix_(~plain, ~plain)]
        place = int(np.argmax(_log_normal(moments - self.targets.observed, wide)))
        return numbers[tried[place]], moments[place]

    # Pieces

    def at(
        self, name: str, points: Floats, events: bool = True, values: Sequence[dict[str, float]] | None = None
    ) -> Stage:
        """Run the model at points of the unit cube, every third with its events, and keep the stage."""
        numbers = [self.box.from_unit(point) for point in points] if values is None else values
        tasks = [
            Task(
                values=numbers[i],
                seed=self.luck(name, i),
                people_per_agent=self.plan.people_per_agent,
                until=self.targets.last,
                events=events and i % EVENTS_EVERY == 0,
                columns=self.targets.columns,
            )
            for i in range(len(points))
        ]
        before, total = self.done, self.plan.cost

        def progress(done: int) -> None:
            if self.tell is not None:
                self.tell(before + done, total)

        outcome = run_all(tasks, self.folder, self.workers, progress)
        self.done += sum(task.cost for task in tasks)
        self.errors += [f"{name}, run {i}: {error}" for i, error in sorted(outcome.errors.items())]
        finished = [(i, run) for i, run in enumerate(outcome.runs) if run is not None]
        kept = [(i, run) for i, run in finished if not run.refused]
        moments = np.array([run.moments(self.targets) for _, run in kept]).reshape(len(kept), len(self.targets))
        whole = np.isfinite(moments[:, ~self.targets.events]).all(axis=1)
        refused = [run.refused for _, run in finished if run.refused]
        refused += ["a target is undefined"] * int((~whole).sum())
        rows = [i for (i, _), good in zip(kept, whole, strict=True) if good]
        stage = Stage(
            name, points[rows], moments[whole], [run for (_, run), good in zip(kept, whole, strict=True) if good],
            np.array(rows, dtype=np.intp), refused,
        )  # fmt: skip
        self.stages[name] = stage
        if refused:
            self.say(f"{name}: {len(refused)} of {len(points)} sets of numbers refused; the first: {refused[0]}")
        enough = name != "design" or np.isfinite(moments).sum(axis=0).min() >= _LEAST_RUNS
        if not rows or not enough:
            reason = f"; the first refusal: {refused[0]}" if refused else ""
            raise InputError(f"{name}: only {len(rows)} of {len(points)} runs can be used{reason}")
        return stage

    def luck(self, stage: str, place: int) -> int:
        """The seed of a run."""
        return int(np.random.SeedSequence([self.plan.seed, list(STAGES).index(stage), place]).generate_state(1)[0])

    def density(self, emulator: Emulator) -> Callable[[Floats], Floats]:
        """Logarithm of the density of the observations given points of the unit cube."""
        return gaussian(emulator, self.targets.observed, self.targets.covariance + emulator.covariance)

    def badness(self, points: Floats) -> Floats:
        """Implausibility [point]: the largest miss of a target in standard errors, by the latest emulator."""
        return self._implausibility(points, self.emulators[-1]).max(axis=1)

    def _implausibility(self, points: Floats, emulator: Emulator) -> Floats:
        sd = np.sqrt(np.diag(self.targets.covariance + emulator.covariance))
        return np.abs(emulator(points) - self.targets.observed) / sd

    def _worst(self, points: Floats) -> str:
        """The target that most points miss most."""
        worst = np.bincount(
            self._implausibility(points, self.emulators[-1]).argmax(axis=1), minlength=len(self.targets)
        ).argmax()
        return self.targets.rows[int(worst)].name

    def _rounded(self, point: Floats) -> dict[str, float]:
        """Numbers with as many digits as are printed, within their ranges."""
        return {name: float(f"{value:.{_DIGITS}g}") for name, value in self.box.from_unit(point).items()}


def gaussian(emulator: Emulator, observed: Floats, covariance: Floats) -> Callable[[Floats], Floats]:
    """Logarithm of the normal density of ``observed`` around the emulator's means, up to a constant."""
    white = _whiten(covariance)
    return lambda points: np.asarray(-0.5 * (((emulator(points) - observed) @ white) ** 2).sum(axis=1))


def _log_normal(missed: Floats, covariance: Floats) -> Floats:
    """Logarithm of the normal density of what is missed [run], up to a constant of the covariance."""
    return np.asarray(-0.5 * ((missed @ _whiten(covariance)) ** 2).sum(axis=1))


def _whiten(covariance: Floats) -> Floats:
    """A matrix that makes rows with this covariance independent with variance one."""
    return np.linalg.inv(np.linalg.cholesky(covariance)).T
