"""What futures cost the public budget, by lever, by year and added up; per job; and what the money goes with.

Everything is paired by draw and seed with the baseline. Money is nominal, as the account keeps it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.compare import COST_PER_JOB, paired
from simulator.drawing import Tables, colours, heading, swatch
from simulator.indicators import DIMENSIONS
from simulator.record import agree
from simulator.results import spread
from simulator.sentences import highest_and_lowest
from simulator.tables import band, grouped
from simulator.texts import case, group, label, number, text

if TYPE_CHECKING:
    from simulator.compare import Comparison
    from simulator.scenario import Scenario

Column = tuple[str, str]  # indicator, group

COST: Column = ("public_cost", "all")
TOTALS: tuple[Column, ...] = (COST, ("public_revenue", "all"), ("public_balance", "all"))
LEVERS: tuple[Column, ...] = tuple(("public_cost", f"lever={name}") for name in DIMENSIONS["lever"])
GOALS: tuple[Column, ...] = (("employment", "all"), ("employment", "gender=women"), ("value_added", "all"))
PARTS = ("both", "policy", "world")
_LEVEL = ("median", "p10", "p90")
_DIFFERENCE = ("difference", "difference_p10", "difference_p90")
ACCOUNT_COLUMNS = ("scenario", "indicator", "group", "kind", "period", "unit", "n", *_LEVEL, *_DIFFERENCE, "sign_share")
TRADE_COLUMNS = ("scenario", "part", "indicator", "group", "n", *(f"cost_{k}" for k in _LEVEL), *_LEVEL)


@dataclass(frozen=True, eq=False)
class Account:
    """The public account of a comparison; ``table`` has ``ACCOUNT_COLUMNS``."""

    table: pd.DataFrame

    def rows(self, scenario: str, column: Column, kind: str) -> list[Any]:
        """One scenario and item by year, columns as attributes."""
        return self._rows[scenario, *column, kind]

    def sum(self, scenario: str, column: Column) -> Any:
        """What is added up by the last year."""
        return self.rows(scenario, column, "sum")[-1]

    @property
    def first(self) -> str:
        """The first year."""
        return str(self.table["period"].min())

    @property
    def sums(self) -> pd.DataFrame:
        """Of the table what is added up by the last year."""
        last = self.table["period"] == self.table["period"].max()
        return self.table[last & (self.table["kind"] == "sum")]

    @cached_property
    def _rows(self) -> dict[tuple[str, ...], list[Any]]:
        found: dict[tuple[str, ...], list[Any]] = {}
        for row in self.table.itertuples():
            found.setdefault((row.scenario, row.indicator, row.group, row.kind), []).append(row)
        return found


def account(comparison: Comparison) -> Account:
    """A row a scenario, item, year and kind: ``year`` (the year's flow) or ``sum`` (added up since scenarios start).

    Items are public cost, all and by lever, revenue and balance. Levels with 10th and 90th percentile over runs, and
    paired differences to the baseline. The sum of a run is taken before the percentiles, which do not add up.
    """
    wanted = [*TOTALS, *LEVERS]
    # Runs that end before scenarios start are summed over their last year.
    starts = (s.start[:4] for s in (*comparison.scenarios, comparison.baseline))
    first = min(*starts, *comparison.years[-1:])
    frames = []
    for scenario in (comparison.baseline, *comparison.scenarios):
        ours, theirs = _pairs(comparison, scenario.id, wanted)
        if not len(ours):
            continue
        since = np.array(comparison.years) >= first
        for kind in ("year", "sum"):
            mine, base = (_added(cube, since) if kind == "sum" else cube for cube in (ours, theirs))
            frames.append(_frame(comparison, scenario, wanted, kind, mine, base)[np.repeat(since, len(wanted))])
    if not frames:
        return Account(pd.DataFrame(columns=list(ACCOUNT_COLUMNS)))
    return Account(pd.concat(frames, ignore_index=True)[list(ACCOUNT_COLUMNS)])


def _added(cube: NDArray[np.float64], since: NDArray[np.bool_]) -> NDArray[np.float64]:
    return np.cumsum(np.where(since[None, :, None], cube, 0.0), axis=1)


def _pairs(
    comparison: Comparison, name: str, wanted: Sequence[Column]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The scenario's values and the baseline's, [pairs, years, wanted]."""
    base, mine = comparison.results[comparison.baseline.id], comparison.results.get(name, {})
    pairs = [pair for pair in base if pair in mine]
    places = [list(comparison._columns).index(column) for column in wanted]
    if not pairs:
        nothing = np.empty((0, len(comparison.years), len(wanted)))
        return nothing, nothing
    return comparison._cube(name, pairs)[:, :, places], comparison._cube(comparison.baseline.id, pairs)[:, :, places]


def _frame(
    comparison: Comparison,
    scenario: Scenario,
    wanted: Sequence[Column],
    kind: str,
    ours: NDArray[np.float64],
    theirs: NDArray[np.float64],
) -> pd.DataFrame:
    n, (low, middle, high) = spread(ours)
    (d_low, d_middle, d_high), share = paired(ours, theirs)
    years = np.repeat(comparison.years, len(wanted))
    names, groups = (list(part) * len(comparison.years) for part in zip(*wanted, strict=True))
    columns = {"median": middle, "p10": low, "p90": high, "difference": d_middle, "difference_p10": d_low}
    columns |= {"difference_p90": d_high, "sign_share": share, "n": n}
    heads = {"scenario": scenario.id, "kind": kind, "period": years, "indicator": names, "group": groups}
    return pd.DataFrame(heads | {"unit": "USD million"} | {name: value.ravel() for name, value in columns.items()})


def trade_off(comparison: Comparison) -> pd.DataFrame:
    """What is spent above the baseline, added up, beside what is had above it in the last year: ``TRADE_COLUMNS``.

    For every scenario, ``both`` its policies and its world, and each of them alone where the grid was run.
    """
    rows = []
    for scenario in comparison.scenarios:
        for part in PARTS:
            name = scenario.id if part == "both" else f"{scenario.id}@{part}"
            ours, theirs = _pairs(comparison, name, [COST, *GOALS])
            if not len(ours):
                continue
            since = np.array(comparison.years) >= scenario.start[:4]
            apart = ours - theirs
            apart[:, :, 0] = np.cumsum(np.where(since, apart[:, :, 0], 0.0), axis=1)
            n, (low, middle, high) = spread(apart[:, -1])
            for place, (indicator, group_name) in enumerate(GOALS, start=1):
                ends = (middle[0], low[0], high[0], middle[place], low[place], high[place])
                rows.append((scenario.id, part, indicator, group_name, int(n[place]), *map(float, ends)))
    return pd.DataFrame(rows, columns=list(TRADE_COLUMNS))


# ---- cost per job


@dataclass(frozen=True)
class PerJob:
    """What a job more than in the baseline cost, and whether that can be told: ``kind`` names the sentence.

    ``told``; ``saves``: more jobs for money that is not clearly more; ``fewer`` jobs; ``hardly`` any difference;
    ``cannot_tell``.
    """

    scenario: str
    kind: str
    cost: float
    low: float
    high: float
    n: int
    jobs: float


def per_job(tables: Tables, scenario: str, spent: Account) -> PerJob:
    """Cost per job of a scenario in the last year; ``spent`` is :func:`account`."""
    jobs = tables.last("employment", scenario)
    level = tables.last("employment", tables.baseline).median
    which = case(jobs.difference, jobs.difference_p10, jobs.difference_p90, level, agree=agree(jobs.sign_share))
    row = tables.last(COST_PER_JOB, scenario)
    more = spent.sum(scenario, COST)
    kind = {"rise": "told", "fall": "fewer"}.get(which, which)
    if kind == "told" and not more.difference_p10 > 0:
        kind = "saves"
    return PerJob(scenario, kind, row.median, row.p10, row.p90, int(row.n), jobs.difference)


def used_levers(spent: Account, scenario: str) -> list[Column]:
    """Levers on which anything is spent, the dearest first."""
    sums = {lever: spent.sum(scenario, lever) for lever in LEVERS}
    used = [lever for lever, row in sums.items() if row.p90 > 0]
    return sorted(used, key=lambda lever: -sums[lever].median)


# ---- words


def told(found: PerJob, tables: Tables, spent: Account, lang: str) -> list[str]:
    """What a scenario costs, and per job, in sentences."""
    since, until = spent.first, tables.years[1]
    more = spent.sum(found.scenario, COST)
    if more.difference_p10 == more.difference_p90 == 0:
        first = text("cost.spent_same", lang, first=since, last=until)
    else:
        words = {
            k: number(getattr(more, v), "USD million", lang, signed=True)
            for k, v in zip(("d", "low", "high"), _DIFFERENCE)
        }
        first = text("cost.spent", lang, first=since, last=until, **words)
    amounts = {"cost": found.cost, "low": found.low, "high": found.high}
    words = {k: _dollars(v, lang) for k, v in amounts.items()}
    words["jobs"] = number(abs(found.jobs), "persons", lang)
    second = text(f"cost.job_{found.kind}", lang, first=since, last=until, n=found.n, **words)
    return [first, second]


def _dollars(value: float, lang: str) -> str:
    """Three figures: more would pretend to know."""
    return number(float(f"{value:.3g}"), "USD", lang, digits=0)


def cards(tables: Tables, spent: Account, lang: str) -> str:
    """A card a future: what it costs above the baseline, and per job; as HTML."""
    tints, made = colours(tables), []
    for scenario in tables.others:
        title = f"{swatch(tables, scenario)} {escape(tables.title(scenario, lang))}"
        sentences = told(per_job(tables, scenario, spent), tables, spent, lang)
        inside = "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences)
        made.append(f'<article class="card" style="--tint:{tints[scenario]}"><h3>{title}</h3>{inside}</article>')
    return f'<div class="cards even" lang="{lang}">{"".join(made)}</div>'


def lever_table(tables: Tables, spent: Account, lang: str) -> str:
    """The account added up: what each lever cost, revenue and balance, and the difference to the baseline."""
    heads = [text("cost.item", lang), text("cost.added_up", lang), text("app.difference", lang)]
    bodies = []
    for scenario in tables.titles:
        rows: list[list[str]] = [[f"{swatch(tables, scenario)} {escape(tables.title(scenario, lang))}"]]
        for column in (*used_levers(spent, scenario), *TOTALS):
            row = spent.sum(scenario, column)
            name = group(column[1], lang) if column in LEVERS else label(column[0], lang)
            level = band(row.median, row.p10, row.p90, "public_cost")
            ends = (row.difference, row.difference_p10, row.difference_p90)
            apart = "–" if scenario == tables.baseline else band(*ends, "public_cost", signed=True)
            rows.append([escape(cell) for cell in (name, level, apart)])
        bodies.append(rows)
    return grouped(heads, bodies, lang, _caption(spent, "cost.account", lang), "stack")


def year_table(tables: Tables, spent: Account, lang: str) -> str:
    """Cost, revenue and balance by year."""
    heads = [text("app.year", lang), *(label(name, lang) for name, _ in TOTALS)]
    bodies = []
    for scenario in tables.titles:
        rows: list[list[str]] = [[f"{swatch(tables, scenario)} {escape(tables.title(scenario, lang))}"]]
        columns = [spent.rows(scenario, column, "year") for column in TOTALS]
        for lines in zip(*columns, strict=True):
            cells = [band(line.median, line.p10, line.p90, line.indicator) for line in lines]
            rows.append([str(lines[0].period), *map(escape, cells)])
        bodies.append(rows)
    return grouped(heads, bodies, lang, _caption(spent, "cost.by_year", lang), "stack")


def trade_table(tables: Tables, trade: pd.DataFrame, goal: Column, lang: str) -> str:
    """The table behind the trade-off: parts × cost and gain, with their bands."""
    heads = [text("cost.part", lang), f"{text('cost.more_spent', lang)} ({heading('public_cost', lang)})"]
    heads.append(f"{goal_name(goal, lang)} ({heading(goal[0], lang)})")
    bodies = []
    chosen = trade[(trade["indicator"] == goal[0]) & (trade["group"] == goal[1])]
    for scenario in tables.others:
        rows: list[list[str]] = [[f"{swatch(tables, scenario)} {escape(tables.title(scenario, lang))}"]]
        for row in chosen[chosen["scenario"] == scenario].itertuples():
            cost = band(row.cost_median, row.cost_p10, row.cost_p90, "public_cost", signed=True)
            gain = band(row.median, row.p10, row.p90, goal[0], signed=True)
            rows.append([escape(cell) for cell in (text(f"app.grid_{row.part}", lang), cost, gain)])
        bodies.append(rows)
    return grouped(heads, bodies, lang, text("cost.trade", lang), "stack")


def levers_title(tables: Tables, spent: Account, lang: str) -> str:
    """The finding: which future spends most, and on what."""
    dearest = max(tables.others, key=lambda s: spent.sum(s, COST).difference)
    used = used_levers(spent, dearest)
    if not used or not spent.sum(dearest, COST).difference > 0:
        return text("cost.levers_none", lang)
    lever = max(used, key=lambda column: spent.sum(dearest, column).difference)
    return text("cost.levers_most", lang, scenario=tables.title(dearest, lang), lever=group(lever[1], lang))


def line_title(tables: Tables, spent: Account, column: Column, lang: str) -> str:
    """The finding of a line by year: where it ends highest and lowest."""
    ends = {scenario: spent.rows(scenario, column, "year")[-1] for scenario in tables.titles}
    return highest_and_lowest(tables, column[0], ends, lang)


def trade_found(trade: pd.DataFrame, goal: Column, lang: str) -> str:
    """The finding: in how many futures the goal clearly lies above the baseline, and by policies alone."""
    mine = trade[(trade["indicator"] == goal[0]) & (trade["group"] == goal[1])]
    more = {part: int((mine.loc[mine["part"] == part, "p10"] > 0).sum()) for part in PARTS}
    words = {"goal": goal_name(goal, lang), "total": int((mine["part"] == "both").sum())}
    return text("cost.trade_found", lang, more=more["both"], policy=more["policy"], **words)


def goal_name(goal: Column, lang: str) -> str:
    """What is had for the money: the indicator, of women where it is theirs."""
    name = label(goal[0], lang)
    return name if goal[1] == "all" else f"{name}, {group(goal[1], lang)}"


def _caption(spent: Account, key: str, lang: str) -> str:
    words = text(key, lang, first=spent.first, last=spent.table["period"].max())
    return f"{words} ({heading('public_cost', lang)})"
