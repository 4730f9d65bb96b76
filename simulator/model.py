"""The model: a clock, the state, and the schedule of a quarter."""

from __future__ import annotations

import copy
import secrets
from typing import TYPE_CHECKING, Any

import mesa
import numpy as np
from mesa.datacollection import DataCollector

from simulator import data, observe, population, world
from simulator.accounts import Account, Books, Snapshot, residuals
from simulator.agents import Buyer, Factory, Row
from simulator.compiled import compiled
from simulator.indicators import COLUMNS, INDICATORS
from simulator.processes.orders import Orders
from simulator.processes.production import weighted
from simulator.schedule import QUARTER
from simulator.state import GOODS, KH, KH_OWNER, NOWHERE, ORIGINS, OWNERS, STAGES, Economy, Links
from simulator.streams import Stream
from simulator.tracking import Tracker
from simulator.units import Array

if TYPE_CHECKING:
    from simulator.parameters import Parameters
    from simulator.processes.production import Plan
    from simulator.scenario import Scenario
    from simulator.state import Buyers, Factories, Workers


SEW = STAGES.index("sew")


class _Collector(DataCollector):
    """Mesa's collector without the deep copy of each number."""

    def collect(self, model: GarmentModel) -> None:
        for name, values in self.model_vars.items():
            values.append(self.model_reporters[name](model))


class Recorder:
    """What was observed: ``values`` [step, column], the columns as in ``indicators.COLUMNS``."""

    def __init__(self, periods: tuple[str, ...]) -> None:
        self._values = np.full((len(periods), len(COLUMNS)), np.nan)
        self._periods = periods
        self.steps = 0

    @property
    def values(self) -> Array:
        """Values of the steps done."""
        return self._values[: self.steps]

    @property
    def periods(self) -> tuple[str, ...]:
        """Names of the steps done."""
        return self._periods[: self.steps]

    def add(self, row: Array) -> None:
        """Take down one step."""
        self._values[self.steps] = row
        self.steps += 1


class GarmentModel(mesa.Model):
    """Factories, workers and buyers of Cambodia's garment sector, quarter by quarter from 2012.

    ``scenario`` is an id, a path or a Scenario; ``people_per_agent`` how many people a worker agent stands for;
    ``overrides`` sets parameters by name on top of the scenario. Without a ``seed`` one is drawn and kept in ``luck``.
    With ``track`` a sample of people and factories is followed from step to step by ``tracker``. Raises
    ScenarioError for a bad name or value, ValueError for a bad ``until`` or ``steps_per_year``; a step raises Refused
    (a ValueError) where numbers contradict each other, Full (a RuntimeError) when the table of factories is full.
    """

    def __init__(
        self,
        scenario: str | Scenario = "baseline",
        seed: int | None = 0,
        people_per_agent: int = 50,
        steps_per_year: int = 4,
        until: int = 2040,
        overrides: dict[str, Any] | None = None,
        draw: str | int = "best",
        track: bool = False,
    ) -> None:
        self.luck = secrets.randbelow(2**31) if seed is None else int(seed)
        super().__init__(rng=self.luck)
        if steps_per_year not in (4, 12):
            raise ValueError(f"steps_per_year is 4 or 12, not {steps_per_year}")
        if not 2012 <= until <= 2040:
            raise ValueError(f"until is a year from 2012 to 2040, not {until}")
        from simulator.scenario import load_scenario

        chosen = load_scenario(scenario) if isinstance(scenario, str) or hasattr(scenario, "__fspath__") else scenario
        from simulator.posterior import under_draw

        chosen = under_draw(chosen, draw)[0]
        self._chosen = chosen.with_values(overrides) if overrides else chosen
        self.draw = draw
        self.weight = float(people_per_agent)
        self.steps_per_year, self.dt = steps_per_year, 1.0 / steps_per_year
        self.last_step = (until - world.FIRST_YEAR + 1) * steps_per_year
        # A year more than asked, so that shorter runs are the beginnings of longer ones.
        self.paths = self._chosen.paths(steps_per_year=steps_per_year, first_year=world.FIRST_YEAR, last_year=2040)
        self.world = world.build(self._chosen, steps_per_year, 2040)
        self.step_number = 0
        self.recorder = Recorder(tuple(period(i, steps_per_year) for i in range(self.last_step)))
        self._read_tables()
        self._open()
        self.tracker = Tracker(self, Stream(self.luck, "track", 0)) if track else None
        self.datacollector = _Collector(
            model_reporters={name: (lambda m, at=observe.COLUMN_AT[name, "all"]: m.observed[at]) for name in INDICATORS}
        )

    buyers: Buyers
    factories: Factories
    workers: Workers
    plan: Plan

    def _read_tables(self) -> None:
        tiers, owners = ("1", "2", "3"), OWNERS
        self.stages = STAGES
        self.stage_weights = np.stack([data.values("goods", f"weight_{s}", GOODS) for s in STAGES], axis=1)
        self.labour_saved = data.values("stage", "labour_saved", STAGES)
        self.sewing_factor = data.values("goods", "sewing_ceiling_factor", GOODS)
        names = ("share", "capacity_factor", "interest_spread", "exit_factor", "learning_factor")
        self.tiers = {name: data.values("tier", name, tiers) for name in names}
        self.owners = {name: data.values("owner", name, owners) for name in ("opening_share", "entrant_share")}
        self.smartphones = data.values("education", "smartphone", population.EDUCATION)
        self.entrant_education = data.values("education", "entrant_share", population.EDUCATION)
        self.rival_weights = data.values("origin", "share_2012", ORIGINS[1:6])

    def _open(self) -> None:
        self.par: Parameters = self.paths.parameters(0)
        self.settings: Parameters = self.paths.settings(0)
        self.economy, self.account, self.links = Economy(), Account(), Links()
        self.economy.upper_secondary = float(self.entrant_education[2])
        self.link_scores = np.empty(0)
        self.orders = Orders()
        self.real_wages: list[float] = []
        self.people: dict[str, int] = {}
        self.laid_off = self.quits = self.reskilled = self.opened = np.empty(0, np.intp)
        self.at_work = np.empty(0, np.uint32)
        self.seats_taken, self.open_posts, self.paid_wages, self.loans_before = 0.0, 0, 0.0, 0.0
        self.market_share = self.market_share_2012 = 0.0
        self.origin_sales = np.full(len(ORIGINS), np.inf)
        self.payback = np.full((1, len(STAGES)), np.nan)
        self._views: dict[int, Factory] = {}
        self.leaving = self.moving = np.empty(0, bool)
        self.automated = np.empty(0, np.intp)
        self.memory: observe.Memory | None = None
        self.household_workers = max(1, round(self.par.labour.household_workers))
        population.populate(self, Stream(self.luck, "opening", 0))
        self.loans_before = float(self.factories.loans.sum())
        self.memory = observe.Memory(self)
        if self.recorder.steps >= self.last_step:
            self.running = False

    @property
    def scenario(self) -> Any:
        """The scenario that is run; Mesa from 3.5 on would put a scenario of its own kind here."""
        return self._chosen

    @scenario.setter
    def scenario(self, scenario: Any) -> None:
        self._chosen = scenario

    @property
    def period(self) -> str:
        """Name of the last step done, for instance ``2027Q1``; empty before the first."""
        return self.recorder.periods[-1] if self.recorder.steps else ""

    @property
    def now_period(self) -> str:
        """Name of the step in progress."""
        return period(self.step_number, self.steps_per_year)

    @property
    def policy_started(self) -> bool:
        """Whether levers may differ from history: from 2025 on."""
        return bool(self.world.years[self.step_number] > world.START_YEAR)

    def step(self) -> None:
        """One quarter: every process of the schedule in its order, then observation."""
        if self.recorder.steps >= self.last_step:
            self.running = False
            return
        self.step_number = i = self.recorder.steps
        self.par, self.settings = self.paths.parameters(i), self.paths.settings(i)
        self.people = dict.fromkeys(("hired", "quits", "layoffs", "closures", "retired", "renewed"), 0)
        self.before = Snapshot(self)
        self.books = Books(len(self.factories))
        self.laid_off = self.quits = self.reskilled = self.opened = np.empty(0, np.intp)
        self.loans_before = float(self.factories.loans.sum())
        for process in QUARTER:
            process.run(self, Stream(self.luck, process.name, i))
        if i == 0:
            self.market_share_2012 = self.market_share
        self.recorder.add(observe.measure(self))
        observe.fill_relative(self)
        self.observed = self.recorder.values[-1].tolist()
        if self.tracker is not None:
            self.tracker.take_down(self)
        self.datacollector.collect(self)
        if self.recorder.steps >= self.last_step:
            self.running = False

    def branch(self, scenario: str | Scenario) -> GarmentModel:
        """A copy that goes on under another scenario from here; both then run on their own.

        The result is the same to the bit as that of a run under ``scenario`` from the start. ValueError where a step
        that is done would have been another one; ScenarioError for a bad scenario.
        """
        from simulator.scenario import load_scenario

        chosen = load_scenario(scenario) if isinstance(scenario, str) or hasattr(scenario, "__fspath__") else scenario
        first, last, done = world.FIRST_YEAR, 2040, self.recorder.steps
        paths = chosen.paths(steps_per_year=self.steps_per_year, first_year=first, last_year=last)
        surroundings = world.build(chosen, self.steps_per_year, last)
        for i in range(done):
            same = paths.parameters(i) == self.paths.parameters(i) and paths.settings(i) == self.paths.settings(i)
            if not (same and surroundings.agrees(self.world, i)):
                raise ValueError(f"{chosen.id} differs in {self.recorder.periods[i]}, which is done")
        twin = copy.deepcopy(self)
        twin._chosen, twin.paths, twin.world = chosen, paths, surroundings
        return twin

    def residuals(self) -> dict[str, float]:
        """What each identity missed in the last quarter; see :mod:`simulator.accounts`."""
        return residuals(self, self.before)

    def now(self, name: str) -> Any:
        """The world's value in this step: ``model.now("unit_value")``."""
        return getattr(self.world, name)[self.step_number]

    def worker(self, row: int) -> Row:
        """A read-only view of one worker agent."""
        return Row(self.workers, row)

    @property
    def agents(self) -> Any:
        """All Mesa agents: one for each buyer and each open factory, brought up to date when asked for."""
        self._bring_agents()
        return super().agents

    @property
    def agents_by_type(self) -> Any:
        """Mesa agents by kind."""
        self._bring_agents()
        return super().agents_by_type

    @property
    def agent_types(self) -> Any:
        """Kinds of Mesa agents."""
        self._bring_agents()
        return super().agent_types

    def _bring_agents(self) -> None:
        """Views cost more than what the model does with a factory in a step, so they are made for whoever looks."""
        if not self._views:
            for row in range(len(self.buyers)):
                Buyer(self, row)
        rows = np.flatnonzero(self.factories.open)
        here = dict(zip(self.factories.number[rows].tolist(), rows.tolist(), strict=True))
        for number in self._views.keys() - here.keys():
            self._views.pop(number).remove()
        for number, row in here.items():
            if number not in self._views:
                self._views[number] = Factory(self, row)

    def make_room(self) -> None:
        """Give rows that were added in this step their place in what is known of the step."""
        known, rows = len(self.leaving), len(self.factories)
        if rows > known:
            self.books.extend(rows)
            self.leaving, self.moving = _longer(self.leaving, rows, False), _longer(self.moving, rows, False)
            self.automated, self.payback = _longer(self.automated, rows, NOWHERE), _longer(self.payback, rows, np.nan)

    def installed(self) -> Array:
        """Automated part of each factory's work, weighted by stages."""
        f = self.factories
        return weighted(self.stage_weights, f.goods, f.automation)

    def ceilings(self) -> Array:
        """What machines can do at home this quarter, shape [goods, stage]; less in footwear and bags."""
        limit = np.empty((len(GOODS), len(STAGES)))
        limit[:] = self.now("ceilings")
        limit[:, SEW] *= self.sewing_factor
        return limit

    def step_costs(self) -> Array:
        """Price of machines per operator replaced, by stage, USD of 2015."""
        auto = self.par.automation
        return np.array([auto.step_cost_cut, auto.step_cost_sew, auto.step_cost_finish, auto.step_cost_pack])

    def automation_by_tier(self) -> Array:
        """Mean automation of the open factories of each tier."""
        f = self.factories
        return _mean_by_tier(f.open, f.tier, self.installed(), len(self.tiers["share"]))

    def rival_index(self) -> float:
        """Rivals' cost by their shares of 2012."""
        return float(self.now("rival_cost")[1:6] @ self.rival_weights / self.rival_weights.sum())

    def fob(self) -> Array:
        """FOB cost by goods and origin; Cambodia's is what its factories ask, weighted by planned output."""
        f = self.factories
        cost = np.empty((len(GOODS), len(ORIGINS)))
        cost[:] = self.now("rival_cost")
        cost[:, KH] = _mean_price(f.open, f.goods, f.expected, f.compared, len(GOODS), self.economy.reference)
        return cost

    def landed_by_goods(self) -> Array:
        """Mean landed cost by goods and origin, weighted by buyers' spending."""
        b = self.buyers
        return _mean_landed(b.goods, b.spending, self.landed, len(GOODS))

    def domestic(self) -> Array:
        """Which factories have Cambodian owners."""
        return self.factories.owner == KH_OWNER


def _longer(known: Array, rows: int, fill: Any) -> Array:
    out = np.full((rows, *known.shape[1:]), fill, known.dtype)
    out[: len(known)] = known
    return out


@compiled
def _mean_by_tier(open_: Array, tier: Array, level: Array, number: int) -> Array:
    total, count = np.zeros(number), np.zeros(number)
    for i in range(len(tier)):
        if open_[i]:
            total[tier[i]] += level[i]
            count[tier[i]] += 1
    for k in range(number):
        total[k] = total[k] / count[k] if count[k] > 0 else 0.0
    return total


@compiled
def _mean_price(open_: Array, goods: Array, weight: Array, price: Array, number: int, empty: float) -> Array:
    total, asked = np.zeros(number), np.zeros(number)
    for i in range(len(goods)):
        if open_[i]:
            total[goods[i]] += weight[i]
            asked[goods[i]] += weight[i] * price[i]
    for g in range(number):
        asked[g] = asked[g] / total[g] if total[g] > 0 else empty
    return asked


@compiled
def _mean_landed(goods: Array, spending: Array, landed: Array, number: int) -> Array:
    """Mean cost by goods and origin, plain where nothing is spent."""
    count, total = np.zeros(number), np.zeros(number)
    plain, weighted = np.zeros((number, landed.shape[1])), np.zeros((number, landed.shape[1]))
    for n in range(len(goods)):
        g = goods[n]
        count[g] += 1
        total[g] += spending[n]
        for o in range(landed.shape[1]):
            plain[g, o] += landed[n, o]
            weighted[g, o] += spending[n] * landed[n, o]
    for g in range(number):
        for o in range(landed.shape[1]):
            plain[g, o] = weighted[g, o] / total[g] if total[g] > 0 else plain[g, o] / count[g]
    return plain


def period(step: int, steps_per_year: int) -> str:
    """Name of a step.

    >>> period(60, 4), period(13, 12)
    ('2027Q1', '2013M02')
    """
    year, part = world.FIRST_YEAR + step // steps_per_year, step % steps_per_year
    return f"{year}Q{part + 1}" if steps_per_year == 4 else f"{year}M{part + 1:02d}"
