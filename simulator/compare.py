"""Scenarios against a baseline, run by run with the same luck; what is policy's and what the world's."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.batch import Failure, run_many
from simulator.data import digest as data_digest
from simulator.fingerprint import model_digest
from simulator.indicators import COLUMNS, INDICATORS
from simulator.parameters import PARAMETERS, SHOCKS
from simulator.posterior import BEST, find_draw, is_shipped, load_posterior
from simulator.results import (
    InputError,
    Result,
    _frame,
    _writer,
    records,
    runs_table,
    spread,
    tidy,
    write_together,
)
from simulator.run import LAST_YEAR, Progress, Request
from simulator.scenario import FIRST, START, Scenario, load_scenario, scenario_ids
from simulator.store import Store

_DIFFERENCE = ("difference", "difference_p10", "difference_p90")
_LEVEL = ("n", "median", "p10", "p90")
SUMMARY_COLUMNS = (
    *("scenario", "baseline", "period", "group", "indicator", "unit", *_LEVEL, *_DIFFERENCE, "sign_share"),
)
GRID_COLUMNS = ("scenario", "baseline", "part", "period", "indicator", "unit", "n", *_DIFFERENCE)
_ENDS = ("baseline_start", "baseline_end", "scenario_start", "scenario_end")
INPUT_COLUMNS = ("scenario", "name", "label", "unit", "kind", *_ENDS)
PARTS = ("policy", "world")
COST_PER_JOB, COST_PER_JOB_UNIT = "cost_per_job", "USD/job"
# What is run when nobody says: with a posterior its first draws once each, else the best set with some luck.
DRAWS, SEEDS = 20, 3
GRID_DRAWS = 10  # draws in which policy is told from the world; most of the scenarios run are the grid's
Pair = tuple[int, int]  # draw, seed


def compare(
    scenarios: Sequence[str | Path | Scenario] | str | Path | Scenario | None = None,
    baseline: str | Path | Scenario = "baseline",
    draws: int | None = None,
    seeds: int | None = None,
    people_per_agent: int = 50,
    store: Store | None = None,
    progress: Progress | None = None,
    until: int = LAST_YEAR,
    workers: int | None = None,
    grid: bool = True,
) -> Comparison:
    """Run scenarios (the named ones when left out) and the baseline with the same draws and seeds and compare them.

    ``draws`` takes the first draws of the refit posterior, each with ``seeds`` seeds; 0 is the best set alone. Left
    out they are 20 and 1, and 0 and 3 where no posterior is shipped.

    Finished runs are taken from ``store`` (the user's own when left out) and new ones kept there. Raises
    InputError or ScenarioError; runs that fail are listed in ``failures`` and their pairs left out.
    """
    requests = comparison_requests(scenarios, baseline, draws, seeds, people_per_agent, until, grid)
    outcome = run_many(requests, store if store is not None else Store(), workers, progress)
    return Comparison.from_results(requests, outcome.results, outcome.failures)


def comparison_requests(
    scenarios: Sequence[str | Path | Scenario] | str | Path | Scenario | None = None,
    baseline: str | Path | Scenario = "baseline",
    draws: int | None = None,
    seeds: int | None = None,
    people_per_agent: int = 50,
    until: int = LAST_YEAR,
    grid: bool = True,
) -> list[Request]:
    """The runs a comparison needs: the baseline's first, then the scenarios', then the grid's.

    The grid adds to scenario S its policies in the baseline's world, ``S@policy``, and the baseline's
    policies in its world, ``S@world``, in the first ``GRID_DRAWS`` draws. A scenario that upgrades in the value
    chain is also run without the price premium that buyers are assumed to pay for it, ``S@plain``.
    """
    if draws is None:
        draws = min(DRAWS, len(load_posterior())) if is_shipped() else 0
    if seeds is None:
        seeds = 1 if draws else SEEDS
    if isinstance(draws, bool) or not isinstance(draws, int) or draws < 0:
        raise InputError(f"draws is {draws!r}; it must be a whole number from 0")
    if draws:
        find_draw(draws - 1)
    if isinstance(seeds, bool) or not isinstance(seeds, int) or seeds < 1:
        raise InputError(f"seeds is {seeds!r}; it must be a whole number from 1")
    base = load_scenario(baseline)
    if scenarios is None:
        scenarios = [name for name in scenario_ids() if name not in (base.id, "baseline", "calibrated")]
    elif not isinstance(scenarios, Sequence) or isinstance(scenarios, str):
        scenarios = [scenarios]
    asked = {(s.id, s.digest): s for s in (base, *map(load_scenario, scenarios))}
    everyone = list(asked.values())
    chosen = everyone[1:]
    ids = [s.id for s in everyone]
    for name in ids:
        if ids.count(name) > 1:
            raise InputError(f"two scenarios are called {name}; give one of them another name")
        if "@" in name:
            raise InputError(f"{name}: a scenario's name must not hold @")
    cells = [cell(s, base, part) for s in chosen for part in PARTS] if grid else []
    cells += [plain(s) for s in chosen if grid and upgrades(s, base)]
    numbers = list(range(draws)) or [BEST]
    return [
        Request.of(s, seed, people_per_agent, until, draw)
        for some, asked_draws in ((everyone, numbers), (cells, numbers[:GRID_DRAWS]))
        for s in some
        for draw in asked_draws
        for seed in range(seeds)
    ]


def named_requests() -> list[Request]:
    """The runs of the comparison of the named scenarios, composed once as long as the files they rest on stay.

    A page that is drawn asks for them every time. Raises InputError where a posterior or scenario is damaged.
    """
    posterior = load_posterior().digest if is_shipped() else ""
    scenarios = tuple(load_scenario(name).digest for name in scenario_ids())
    return list(_named_requests(posterior, scenarios, model_digest(), data_digest()))


@lru_cache(maxsize=4)
def _named_requests(*files: Hashable) -> tuple[Request, ...]:
    return tuple(comparison_requests())


def cell(scenario: Scenario, baseline: Scenario, part: str) -> Scenario:
    """The baseline with the scenario's policies only (``policy``) or its world only (``world``).

    Levers are policy and all else is world; but lost preference in the EU (below the baseline's) and duty
    added by the US (below 0) are decisions of others, so these two numbers are split quarter by quarter.
    """
    values: dict[str, Any] = {}
    for name, path in differing(scenario, baseline).items():
        chosen = {when: ours if _kind(name, ours, theirs) == part else theirs for when, (ours, theirs) in path.items()}
        values[name] = chosen if PARAMETERS[name].from_ == "start" else next(iter(chosen.values()))
    if part == "world":
        values[SHOCKS] = list(scenario.shocks)
    return baseline.with_values(values, start=START, id=f"{scenario.id}@{part}")


def upgrades(scenario: Scenario, baseline: Scenario) -> bool:
    """Whether the scenario ever upgrades in the value chain more than the baseline."""
    name = "value_chain.upgrading"
    return max(scenario.steps(name).values()) > max(baseline.steps(name).values())


def plain(scenario: Scenario) -> Scenario:
    """The scenario where buyers pay no premium for full service."""
    return scenario.with_values({"value_chain.premium": 0.0}, id=f"{scenario.id}@plain")


def _kind(name: str, ours: float, theirs: float) -> str:
    if name == "trade.us_preference":
        return "world" if ours < 0 else "policy"
    if name == "trade.eu_preference":
        return "world" if ours < theirs else "policy"
    return "policy" if PARAMETERS[name].kind == "lever" else "world"


def differing(scenario: Scenario, baseline: Scenario) -> dict[str, dict[str, tuple[float, float]]]:
    """Name → {quarter: (scenario's value, baseline's)} at every step of either, for numbers that differ."""
    found = {}
    for name in PARAMETERS:
        ours, theirs = scenario.steps(name), baseline.steps(name)
        if ours == theirs:
            continue
        first = START if PARAMETERS[name].from_ == "start" else FIRST
        points = sorted({first, *(p for p in (*ours, *theirs) if p > first)})
        found[name] = {p: (scenario.value(name, p), baseline.value(name, p)) for p in points}
    return found


@dataclass(frozen=True, eq=False)
class Comparison:
    """Runs of scenarios and a baseline, paired by draw and seed; tables are made when first asked for."""

    baseline: Scenario
    scenarios: tuple[Scenario, ...]
    results: Mapping[str, Mapping[Pair, Result]]  # by scenario id, grid cells included
    failures: tuple[Failure, ...] = ()
    requests: tuple[Request, ...] = ()

    @classmethod
    def from_results(
        cls, requests: Sequence[Request], results: Iterable[Result], failures: Iterable[Failure] = ()
    ) -> Comparison:
        """From finished runs; ``requests`` as :func:`comparison_requests` gives them. Some may be missing."""
        everyone = list({r.scenario.id: r.scenario for r in requests}.values())
        table: dict[str, dict[Pair, Result]] = {s.id: {} for s in everyone}
        for result in results:
            table[result.metadata["scenario"]][result.metadata["draw"], result.metadata["seed"]] = result
        chosen = tuple(s for s in everyone[1:] if "@" not in s.id)
        return cls(everyone[0], chosen, table, tuple(failures), tuple(requests))

    @classmethod
    def load_from_store(cls, requests: Sequence[Request], store: Store | None = None) -> Comparison | None:
        """What is finished so far, without running; None while the baseline has no run."""
        store = store if store is not None else Store()
        unique = {r.key: r for r in requests}
        found = {key: store.get(request) for key, request in unique.items()}
        results = [result.named(r.scenario.id, r.scenario.text) for r in requests if (result := found[r.key])]
        comparison = cls.from_results(requests, results)
        return comparison if comparison.years else None

    @property
    def complete(self) -> bool:
        """Whether every run that was asked for is here."""
        return len(self._everything) == len(self.requests)

    @property
    def _everything(self) -> list[Result]:
        return [result for runs in self.results.values() for result in runs.values()]

    @property
    def years(self) -> tuple[str, ...]:
        """The years of the yearly tables; none while the baseline has no run."""
        return self._yearly[self.baseline.id][0]

    @cached_property
    def series(self) -> pd.DataFrame:
        """The tidy table of all runs, grid included, by quarter."""
        return tidy(self._everything)

    @cached_property
    def runs(self) -> pd.DataFrame:
        """One row a run, failed ones included."""
        rows = [r.metadata for r in self._everything]
        rows += [f.request.metadata("failed", f.error) for f in self.failures]
        return runs_table(rows)

    @cached_property
    def summary(self) -> pd.DataFrame:
        """A row a scenario (the baseline first), year, group and indicator: ``SUMMARY_COLUMNS``.

        ``median, p10, p90`` are over the scenario's runs that have a partner, ``n`` of them with a defined
        value; ``difference…`` are over paired differences scenario − baseline; ``sign_share`` is the part of
        the pairs whose difference has the sign of the median difference, 0 where that is 0. ``cost_per_job``
        (group ``all``, not for the baseline) is the public cost above the baseline's since the scenario began
        over the jobs above the baseline's in the year; ``n`` counts the pairs with more jobs, without one it
        is empty.
        """
        parts = [self._rows(s) for s in (self.baseline, *self.scenarios)]
        return _stack(parts, SUMMARY_COLUMNS)

    @cached_property
    def grid(self) -> pd.DataFrame:
        """Policy and world apart, last year: paired differences to the baseline, ``GRID_COLUMNS``.

        ``part`` is ``both`` (the scenario), ``policy``, ``world``, ``interaction`` = both − policy − world, or
        ``plain``: both, without a premium for full service.
        """
        frames = []
        places = [i for i, (_, group) in enumerate(self._columns) if group == "all"]
        names = [self._columns[i] for i in places]
        for scenario in self.scenarios:
            ids = {"both": scenario.id, "policy": f"{scenario.id}@policy", "world": f"{scenario.id}@world"}
            if f"{scenario.id}@plain" in self.results:
                ids["plain"] = f"{scenario.id}@plain"
            runs = [self.results.get(name, {}) for name in (self.baseline.id, *ids.values())]
            pairs = [pair for pair in runs[0] if all(pair in r for r in runs)]
            if not pairs:
                continue
            base = self._cube(self.baseline.id, pairs)
            cubes = {part: (self._cube(name, pairs) - base)[:, -1, places] for part, name in ids.items()}
            cubes["interaction"] = cubes["both"] - cubes["policy"] - cubes["world"]
            for part, cube in cubes.items():
                number, (low, middle, high) = spread(cube)
                frame = _frame(self.years[-1:], names, {})
                frame["scenario"], frame["baseline"], frame["part"] = scenario.id, self.baseline.id, part
                frame["n"], frame["difference"] = number, middle
                frame["difference_p10"], frame["difference_p90"] = low, high
                frames.append(frame)
        return _stack(frames, GRID_COLUMNS)

    @cached_property
    def inputs(self) -> pd.DataFrame:
        """What each scenario sets otherwise than the baseline, at its start and the end: ``INPUT_COLUMNS``.

        ``kind`` is ``policy`` or ``world``. Of shocks, the numbers are how many there are.
        """
        rows: list[dict[str, Any]] = []
        for scenario in self.scenarios:
            ends = scenario.start, f"{self.years[-1] if self.years else LAST_YEAR}Q4"
            for name, path in differing(scenario, self.baseline).items():
                about = PARAMETERS[name]
                kinds = {_kind(name, ours, theirs) for ours, theirs in path.values() if ours != theirs}
                kind = "world" if "world" in kinds else "policy"
                values = [s.value(name, period) for s in (self.baseline, scenario) for period in ends]
                rows.append(dict(zip(INPUT_COLUMNS, (scenario.id, name, about.label, about.unit, kind, *values))))
            if scenario.shocks != self.baseline.shocks:
                counts = [float(len(s.shocks)) for s in (self.baseline, scenario) for _ in ends]
                shocks = (scenario.id, SHOCKS, "Dated events abroad", "events", "world", *counts)
                rows.append(dict(zip(INPUT_COLUMNS, shocks)))
        return pd.DataFrame(rows, columns=list(INPUT_COLUMNS))

    @property
    def metadata(self) -> dict[str, Any]:
        """What was compared and with which versions."""
        first = self.requests[0].metadata()
        keep = (
            "people_per_agent",
            "until",
            "steps_per_year",
            "model",
            "code",
            "data",
            "python",
            "numpy",
            "mesa",
        )
        return {
            "baseline": self.baseline.id,
            "scenarios": [s.id for s in self.scenarios],
            "draws": sorted({r.draw for r in self.requests}),
            "posterior": self.requests[0].posterior,
            "seeds": sorted({r.seed for r in self.requests}),
            "runs": len(self._everything),
            **{name: first[name] for name in keep},
            "failures": [str(failure) for failure in self.failures],
        }

    def futures(self, scenario: str) -> list[int]:
        """The future each run of a scenario is closest to in the last year, by ``scenario_0`` to ``scenario_5``."""
        places = [self._columns.index((f"scenario_{k}", "all")) for k in range(6)]
        return [int(values[-1, places].argmax()) for values in self._yearly[scenario][1].values()]

    def save(self, folder: str | Path, report: Callable[[Comparison, Path], object] | None = None) -> Path:
        """Write ``runs.parquet``, ``series.parquet`` and ``comparison.csv`` (UTF-8 with BOM), all or none.

        With :func:`simulator.report.write_report` for ``report``, ``report.html`` as well.
        """
        folder = Path(folder)
        writers: dict[Path, Callable[[Path], object]] = {
            folder / "runs.parquet": _writer(self.runs, "parquet"),
            folder / "series.parquet": _writer(self.series, "parquet"),
            folder / "comparison.csv": _writer(self.summary, "csv"),
        }
        if report is not None:
            writers[folder / "report.html"] = lambda path: report(self, path)
        write_together(writers)
        return folder

    def to_json(self) -> dict[str, Any]:
        """``{"metadata", "summary"}`` with what is undefined as None."""
        return {"metadata": self.metadata, "summary": records(self.summary)}

    @property
    def _columns(self) -> tuple[tuple[str, str], ...]:
        return next((result.columns for result in self.results[self.baseline.id].values()), COLUMNS)

    @cached_property
    def _yearly(self) -> dict[str, tuple[tuple[str, ...], dict[Pair, NDArray[np.float64]]]]:
        """By scenario id: the years and each run's values [years, columns]."""
        found = {}
        for name, runs in self.results.items():
            years = {pair: result.yearly() for pair, result in runs.items()}
            periods = next(iter(years.values())).periods if years else ()
            found[name] = periods, {pair: result.values for pair, result in years.items()}
        return found

    def _cube(self, name: str, pairs: Sequence[Pair]) -> NDArray[np.float64]:
        """Values [pairs, years, columns]."""
        return np.stack([self._yearly[name][1][pair] for pair in pairs])

    def _rows(self, scenario: Scenario) -> pd.DataFrame:
        base = self.results[self.baseline.id]
        pairs = [pair for pair in base if pair in self.results[scenario.id]]
        if not pairs:
            return pd.DataFrame(columns=list(SUMMARY_COLUMNS))
        ours, theirs = self._cube(scenario.id, pairs), self._cube(self.baseline.id, pairs)
        columns, years = list(self._columns), self.years
        if scenario.id != self.baseline.id:
            columns.append((COST_PER_JOB, "all"))
            cost = cost_per_job(ours, theirs, self._columns, years, scenario.start[:4])
            ours = np.concatenate([ours, cost[:, :, None]], axis=2)
            theirs = np.concatenate([theirs, np.full((*cost.shape, 1), np.nan)], axis=2)
        frame = _frame(years, columns, {})
        frame["scenario"], frame["baseline"] = scenario.id, self.baseline.id
        units = [COST_PER_JOB_UNIT if n == COST_PER_JOB else INDICATORS[n].unit for n, _ in columns]
        frame["unit"] = units * len(years)
        number, levels = spread(ours)
        difference, share = paired(ours, theirs)
        frame["n"] = number.ravel()
        for name, values in zip(("p10", "median", "p90"), levels, strict=True):
            frame[name] = values.ravel()
        for name, values in zip(("difference_p10", "difference", "difference_p90"), difference, strict=True):
            frame[name] = values.ravel()
        frame["sign_share"] = share.ravel()
        return frame


def _stack(frames: list[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    filled = [frame for frame in frames if len(frame)]
    table = pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=list(columns))
    return table[list(columns)]


def paired(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """p10, median and p90 of ``ours − theirs`` over pairs (the first axis), and the share with its sign.

    The share is 0 where the median difference is 0, and NaN where no pair has both values.
    """
    difference = ours - theirs
    number, levels = spread(difference)
    sign = np.sign(levels[1])
    agree = ((np.sign(difference) == sign) & (sign != 0)).sum(axis=0)
    share = np.divide(agree, number, out=np.full(number.shape, math.nan), where=number > 0)
    return levels, share


def cost_per_job(
    ours: NDArray[np.float64],
    theirs: NDArray[np.float64],
    columns: Sequence[tuple[str, str]],
    years: Sequence[str],
    start: str,
) -> NDArray[np.float64]:
    """USD of public cost above the baseline's since ``start`` per job above the baseline's, [pairs, years].

    Undefined (NaN) before ``start`` and where there are not more jobs.
    """
    cost, jobs = (list(columns).index((name, "all")) for name in ("public_cost", "employment"))
    since = np.array(years) >= start
    extra = np.cumsum(np.where(since, (ours - theirs)[:, :, cost], 0.0), axis=1) * 1e6
    more = (ours - theirs)[:, :, jobs]
    out = np.full(more.shape, math.nan)
    return np.divide(extra, more, out=out, where=since & (more > 0))
