"""What other libraries need of the simulator: SALib, the EMA workbench, Mesa's batch runner, xarray, the IAMC's form.

Each is an optional extra, met only when its function is called. Numbers keep their ranges and the shape that
:mod:`simulator.ranges` gives them; an experiment of our own (:mod:`simulator.experiment`) with the same numbers has the
same runs.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from simulator.batch import run_many
from simulator.checks import ScenarioError, unknown
from simulator.indicators import COLUMNS, INDICATORS
from simulator.parameters import PARAMETERS
from simulator.ranges import inside, logarithmic
from simulator.results import QUANTILES, RUN_COLUMNS, SERIES_COLUMNS, InputError, by_year, choose
from simulator.run import FIRST_YEAR, LAST_YEAR, Request
from simulator.scenario import Scenario
from simulator.store import Store
from simulator.version import __version__

if TYPE_CHECKING:
    import ema_workbench
    import xarray

IAMC_COLUMNS = ("model", "scenario", "region", "variable", "unit", "year", "value")
_RUN = ["run_id", "scenario", "draw", "seed"]  # what tells a run: scenarios with equal numbers share a run_id
_MISSING = '{} is needed: pip install "garment-sim[bridges]"'


# SALib


def to_salib_problem(names: Sequence[str]) -> dict[str, Any]:
    """The problem that SALib's samplers and analyses take: ``num_vars``, ``names``, ``bounds`` and ``dists``.

    A number is uniform over its range in ``PARAMETERS``, or over its logarithm where the range spans a factor of ten or
    more. A sample is run as an experiment whose ``uncertainties`` are ``{"table": pandas.DataFrame(sample,
    columns=names)}``. Raises InputError for a name that does not exist, is given twice or has no range.
    """
    chosen = _names(names)
    return {
        "num_vars": len(chosen),
        "names": list(chosen),
        "bounds": [[PARAMETERS[name].low, PARAMETERS[name].high] for name in chosen],
        "dists": ["logunif" if logarithmic(name) else "unif" for name in chosen],
    }


def _names(names: Sequence[str]) -> tuple[str, ...]:
    if isinstance(names, str) or not names:
        raise InputError(f"names is {names!r}; it must be a list such as ['automation.hurdle', 'automation.noise']")
    for place, name in enumerate(names):
        if name not in PARAMETERS:
            raise InputError(unknown(str(name), PARAMETERS))
        if name in names[:place]:
            raise InputError(f"{name} is named twice")
        if PARAMETERS[name].low >= PARAMETERS[name].high:
            raise InputError(f"{name} has no range to draw from")
    return tuple(names)


# EMA workbench


def to_ema_model(
    scenario: str | Path | Scenario = "baseline",
    uncertainties: Sequence[str] = (),
    levers: Sequence[str] = (),
    indicators: Sequence[str] = ("employment", "exports", "automation"),
    seed: int = 0,
    people_per_agent: int = 50,
    until: int = LAST_YEAR,
    store: Store | str | Path | None = None,
    name: str = "garments",
) -> ema_workbench.Model:
    """An ``ema_workbench.Model`` that runs this simulator, one run an experiment.

    ``uncertainties`` and ``levers`` are names of ``PARAMETERS``; the workbench wants identifiers, so that
    ``automation.subsidy`` is called ``automation_subsidy`` there. What it sets holds from the scenario's start and
    takes the place of what the scenario says. Outcomes are each indicator in the year ``until`` (``employment``) and
    its course from 2012 (``employment_by_year``), for the whole sector. Finished runs are kept in ``store`` (the user's
    own when left out). A run that fails twice is told by a warning and leaves NaN. Raises InputError or ScenarioError.
    """
    try:
        import ema_workbench as ema
    except ImportError:
        raise InputError(_MISSING.format("ema_workbench")) from None
    both = [*uncertainties, *levers]
    if both:
        _names(both)
    choose(COLUMNS, indicators, ["all"])
    base = Request.of(scenario, seed, people_per_agent, until)
    kept = store if isinstance(store, Store) else Store(store)
    model = ema.Model(name, function=_EmaRun(base.scenario, tuple(indicators), seed, people_per_agent, until, kept))
    model.uncertainties = [_ema_parameter(ema.RealParameter, given) for given in uncertainties]
    model.levers = [_ema_parameter(ema.RealParameter, given) for given in levers]
    model.outcomes = [
        *(ema.ScalarOutcome(indicator) for indicator in indicators),
        *(ema.TimeSeriesOutcome(f"{indicator}_by_year") for indicator in indicators),
    ]
    return model


def _ema_parameter(kind: Any, name: str) -> Any:
    parameter, called = PARAMETERS[name], name.replace(".", "_")
    if not logarithmic(name):
        return kind(called, parameter.low, parameter.high, variable_name=[name])
    from scipy.stats import loguniform

    return kind.from_dist(called, loguniform(parameter.low, parameter.high), variable_name=[name])


@dataclass(frozen=True)
class _EmaRun:
    """Numbers by name to outcomes by name; it can be sent to other processes."""

    scenario: Scenario
    indicators: tuple[str, ...]
    seed: int
    people_per_agent: int
    until: int
    store: Store

    def __call__(self, **values: float) -> dict[str, Any]:
        result, told = None, ""
        try:
            numbers = {name: inside(name, float(value)) for name, value in values.items()}
            changed = self.scenario.with_values(numbers, id=self.scenario.id) if numbers else self.scenario
            outcome = run_many([Request.of(changed, self.seed, self.people_per_agent, self.until)], self.store, 1)
            result = next(iter(outcome.results), None)
            told = "; ".join(failure.error for failure in outcome.failures)
        except ScenarioError as error:  # the numbers contradict each other
            told = str(error)
        if result is None:
            warnings.warn(f"a run of {self.scenario.id} with {values} failed: {told}", RuntimeWarning, stacklevel=2)
            courses = {name: np.full(self.until - FIRST_YEAR + 1, np.nan) for name in self.indicators}
        else:
            table = result.table(self.indicators, yearly=True)
            courses = {name: table[name].to_numpy() for name in self.indicators}
        last = {name: float(course[-1]) for name, course in courses.items()}
        return last | {f"{name}_by_year": course for name, course in courses.items()}


# Mesa


def to_batch_run(seeds: Iterable[int] = (0,), **parameters: Any) -> dict[str, Any]:
    """Arguments for ``mesa.batch_run(**…)``, which runs GarmentModel with every combination of what is given.

    ``parameters`` are those of GarmentModel, each a value or a list of values: ``scenario=["baseline", "transition"]``,
    ``overrides=[{}, {"automation.subsidy": 0.3}]``. Mesa up to 3.4 takes seeds as a parameter, Mesa from 3.5 on as its
    own ``rng``, and would put chance in the place of a parameter. Raises InputError for an unknown parameter.
    """
    from mesa import batch_run

    from simulator.model import GarmentModel

    known = [name for name in inspect.signature(GarmentModel).parameters if name != "seed"]
    for name in parameters:
        if name not in known:
            raise InputError(unknown(name, known, "parameter of GarmentModel"))
    chosen = dict(parameters)
    if isinstance(chosen.get("overrides"), Mapping):  # Mesa would take its names for values to try
        chosen["overrides"] = [chosen["overrides"]]
    own = "rng" in inspect.signature(batch_run).parameters
    luck = {"rng": list(seeds)} if own else {}
    return {"model_cls": GarmentModel, "parameters": chosen if own else chosen | {"seed": list(seeds)}, **luck}


# xarray


def to_xarray(series: pd.DataFrame, runs: pd.DataFrame | None = None) -> xarray.Dataset:
    """The tidy table of series as an ``xarray.Dataset`` with dimensions ``run`` and ``period``.

    A variable an indicator (``employment``), and one more for each dimension that splits it in the table
    (``employment_by_gender``, with the dimension ``gender``), with its label and unit as attributes. Coordinates are
    ``run_id``, ``scenario``, ``draw`` and ``seed`` along ``run``, and ``time``, the first day of a period. With the
    table of ``runs`` every number that is not the same in all of them is a coordinate too. Where scenario, draw and
    seed tell all runs, ``set_index(run=["scenario", "draw", "seed"]).unstack("run")`` makes a cube. Raises InputError.
    """
    try:
        import xarray
    except ImportError:
        raise InputError(_MISSING.format("xarray")) from None
    frame = _checked(series)
    heads = frame[_RUN].drop_duplicates(ignore_index=True)
    run = pd.MultiIndex.from_frame(heads).get_indexer(pd.MultiIndex.from_frame(frame[_RUN]))
    period, periods = pd.factorize(frame["period"], sort=True)
    indicator, group = frame["indicator"], frame["group"]
    dimension = group.str.partition("=")[0]
    variables: dict[str, Any] = {}
    for (name, split), rows in frame.groupby([indicator, dimension], sort=False).indices.items():
        part, words = pd.factorize(group.iloc[rows])
        values = np.full((len(heads), len(periods), len(words)), np.nan)
        values[run[rows], period[rows], part] = frame["value"].iloc[rows]
        about = {"units": str(frame["unit"].iloc[rows[0]])}
        if name in INDICATORS:
            about["long_name"] = INDICATORS[name].label
        if split == "all":
            variables[name] = (("run", "period"), values[:, :, 0], about)
        else:
            labels = [word.partition("=")[2] for word in words]
            array = xarray.DataArray(values, {split: labels}, ("run", "period", split), attrs=about)
            variables[f"{name}_by_{split}"] = array
    coordinates: dict[str, Any] = {column: ("run", heads[column].to_numpy(dtype=object)) for column in _RUN[:2]}
    coordinates |= {column: ("run", heads[column].to_numpy(dtype=np.int64)) for column in _RUN[2:]}
    coordinates |= {"period": list(periods), "time": ("period", [_first_day(word) for word in periods])}
    if runs is not None:
        coordinates |= {name: ("run", values) for name, values in _differing(heads, runs).items()}
    return xarray.Dataset(variables, coordinates)


def _checked(series: pd.DataFrame) -> pd.DataFrame:
    """The columns that are needed, words as text. Raises InputError where one is missing or there is no row."""
    missing = [name for name in SERIES_COLUMNS if name not in series]
    if missing:
        raise InputError(
            f"the table has no column {', '.join(missing)}; a table of series has {', '.join(SERIES_COLUMNS)}"
        )
    if series.empty:
        raise InputError("the table of series has no rows")
    words = [name for name in SERIES_COLUMNS if name not in ("draw", "seed", "value")]
    return series[list(SERIES_COLUMNS)].astype(dict.fromkeys(words, "str")).reset_index(drop=True)


def _first_day(period: str) -> np.datetime64:
    """Of a year, quarter or month, as in 2027, 2027Q1 and 2027M02."""
    part = int(period[5:] or 1)
    month = 3 * part - 2 if period[4:5] == "Q" else part
    return np.datetime64(f"{period[:4]}-{month:02d}-01", "ns")


def _differing(heads: pd.DataFrame, runs: pd.DataFrame) -> dict[str, np.ndarray[Any, Any]]:
    """Numbers by name, in the order of ``heads``, that are not the same in all runs. Raises InputError."""
    keys = ["run_id", "scenario"]
    if missing := [name for name in keys if name not in runs]:
        raise InputError(f"the table of runs has no column {', '.join(missing)}")
    numbers = [name for name in runs if name not in RUN_COLUMNS and pd.api.types.is_numeric_dtype(runs[name])]
    table = runs[[*keys, *numbers]].astype(dict.fromkeys(keys, "str")).drop_duplicates(keys)
    joined = heads[keys].merge(table, on=keys, how="left")
    return {name: joined[name].to_numpy() for name in numbers if joined[name].nunique(dropna=False) > 1}


# IAMC


def to_iamc(
    series: pd.DataFrame,
    region: str = "Cambodia",
    model: str = f"garment-sim {__version__}",
    variables: Mapping[str, str] | None = None,
    quantiles: Sequence[float] | None = QUANTILES,
) -> pd.DataFrame:
    """The tidy table of series in the IAMC's long form, by year: ``IAMC_COLUMNS``; pyam reads it.

    A variable is called ``employment`` or ``employment|gender|women``; ``variables`` gives an indicator the name that a
    template asks for. Of several runs of a scenario stand the median under that name and the other ``quantiles`` under
    ``employment|p10``; with ``quantiles=None`` every run stands, with ``run_id``, ``draw`` and ``seed`` as further
    columns. Quarters are added up to years by each indicator's rule. What is undefined in a year has no row. Raises
    InputError for a table that is none, and where runs of one scenario differ in more than draw and seed.
    """
    frame = _yearly(_checked(series))
    for name in variables or {}:
        if name not in INDICATORS:
            raise InputError(unknown(name, INDICATORS, "indicator"))
    called = frame["indicator"].map(lambda name: (variables or {}).get(name, name))
    split = frame["group"].where(frame["group"] != "all", "").str.replace("=", "|", regex=False)
    frame["variable"] = called + ("|" + split).where(split != "", "")
    frame["year"] = frame["period"].astype(int)
    frame["model"], frame["region"] = model, region
    frame = frame.dropna(subset="value")
    if quantiles is None:
        return frame[[*IAMC_COLUMNS[:-1], "run_id", "draw", "seed", "value"]].reset_index(drop=True)
    heads = frame[_RUN].drop_duplicates()
    for scenario, rows in heads.groupby("scenario", sort=False):
        if rows.duplicated(["draw", "seed"]).any():
            told = f"{scenario} has several runs with one draw and seed (settings of levers)"
            raise InputError(f"{told}: give each setting its own name in the column scenario, or quantiles=None")
    keys = list(IAMC_COLUMNS[:-1])
    several = heads.groupby("scenario").size().gt(1)
    single = ~frame["scenario"].map(several)
    tables = [frame[single][list(IAMC_COLUMNS)]]
    grouped = frame[~single].groupby(keys, sort=False, observed=True)["value"]
    for q in quantiles:
        table = grouped.quantile(q).reset_index()
        table["variable"] += "" if q == 0.5 else f"|p{100 * q:g}"
        tables.append(table)
    return pd.concat([table for table in tables if len(table)], ignore_index=True)[list(IAMC_COLUMNS)]


def _yearly(frame: pd.DataFrame) -> pd.DataFrame:
    """Years in place of quarters or months; part years are left out."""
    if (frame["period"].str.len() == 4).all():
        return frame.copy()
    if set(frame["indicator"]) - set(INDICATORS):
        raise InputError(unknown(sorted(set(frame["indicator"]) - set(INDICATORS))[0], INDICATORS, "indicator"))
    heads = [*_RUN, "indicator", "group", "unit"]
    wide = frame.pivot(index="period", columns=heads, values="value").sort_index()
    columns = [(str(column[4]), str(column[5])) for column in wide.columns]
    months = wide.index[0][4] == "M"
    values, years = by_year(wide.to_numpy(dtype=float), list(wide.index), columns, 12 if months else 4)
    yearly = pd.DataFrame(values.T, index=wide.columns, columns=pd.Index(years, name="period"))
    return yearly.stack(future_stack=True).rename("value").reset_index()
