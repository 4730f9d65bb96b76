"""One finished run: its wide panel, the two tidy tables, yearly values, and how they are kept on disk."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from simulator.checks import unknown
from simulator.indicators import COLUMNS, DIMENSIONS, INDICATORS
from simulator.tracking import FACTORIES, NOTHING, PEOPLE, Tracked, Tracks

SERIES_COLUMNS = ("run_id", "scenario", "draw", "seed", "period", "group", "indicator", "unit", "value")
_FIRST = ("run_id", "scenario", "draw", "seed")
_VERSIONS = ("model", "code", "data", "python", "numpy", "mesa")
_LAST = (
    "posterior",
    "people_per_agent",
    "until",
    "steps_per_year",
    *_VERSIONS,
    "wall_time",
    "status",
    "error",
    "scenario_text",
)
_WHOLE = frozenset({"draw", "seed", "people_per_agent", "until", "steps_per_year"})
_TEXTS = frozenset({"run_id", "scenario", "period", "group", "indicator", "unit", *_VERSIONS})
_TEXTS |= {"posterior", "status", "error", "scenario_text"}
RUN_COLUMNS = _FIRST + _LAST  # parameters that differ from the default stand between the two parts
PEOPLE_COLUMNS, FACTORY_COLUMNS = tuple(PEOPLE), tuple(FACTORIES)
QUANTILES = (0.1, 0.5, 0.9)
_META = b"garment-sim"


class InputError(ValueError):
    """Something the user asked for cannot be done; the message is one line and names what can."""


@dataclass(frozen=True, eq=False)
class Result:
    """What one run left: ``values[i, j]`` is column ``columns[j]`` in ``periods[i]``.

    ``metadata`` is the run's row of the table of runs; ``values`` is read-only float64 [periods, columns].
    """

    metadata: Mapping[str, Any]
    values: NDArray[np.float64]
    periods: tuple[str, ...]
    columns: tuple[tuple[str, str], ...] = COLUMNS
    tracks: Tracks = NOTHING

    def __post_init__(self) -> None:
        if self.values.shape != (len(self.periods), len(self.columns)):
            raise ValueError(f"values {self.values.shape} against {len(self.periods)} × {len(self.columns)}")
        self.values.flags.writeable = False

    @property
    def panel(self) -> pd.DataFrame:
        """Periods × (indicator, group)."""
        columns = pd.MultiIndex.from_tuples(self.columns, names=["indicator", "group"])
        return pd.DataFrame(self.values, index=pd.Index(self.periods, name="period"), columns=columns)

    @property
    def series(self) -> pd.DataFrame:
        """The tidy table, one row a period and column: ``SERIES_COLUMNS``."""
        return tidy([self])

    @cached_property
    def people(self) -> pd.DataFrame:
        """The people followed, one row a person a step: ``PEOPLE_COLUMNS``; empty where nobody was followed."""
        return _life_courses(PEOPLE, self.tracks.people, self.tracks.periods)

    @cached_property
    def factories(self) -> pd.DataFrame:
        """The factories followed, one row a factory a step: ``FACTORY_COLUMNS``; empty where none was followed."""
        return _life_courses(FACTORIES, self.tracks.factories, self.tracks.periods)

    @property
    def runs(self) -> pd.DataFrame:
        """The run's row of the table of runs."""
        return runs_table([self.metadata])

    def yearly(self) -> Result:
        """The same run by year, each indicator added up by its rule; part years are left out."""
        if not self.periods or len(self.periods[0]) == 4:
            return self
        values, years = by_year(self.values, self.periods, self.columns, int(self.metadata["steps_per_year"]))
        return replace(self, values=values, periods=years)

    def table(self, indicators: Sequence[str], yearly: bool = False, group: str = "all") -> pd.DataFrame:
        """Periods × indicators for one group. Raises InputError for a name that does not exist."""
        names = [indicators] if isinstance(indicators, str) else list(indicators)
        result = self.yearly() if yearly else self
        places = [result._place(name, group) for name in names]
        return pd.DataFrame(result.values[:, places], index=pd.Index(result.periods, name="period"), columns=names)

    def select(self, indicators: Sequence[str] | None = None, groups: Sequence[str] | None = None) -> Result:
        """Only these indicators and groups (``all``, ``gender``, ``gender=women``, ``every``).

        Raises InputError for an unknown name, or where nothing is left.
        """
        keep = choose(self.columns, indicators, groups)
        return replace(self, values=self.values[:, keep], columns=tuple(self.columns[i] for i in keep))

    def named(self, scenario: str, text: str) -> Result:
        """The same run under another scenario's id and text: equal numbers share their runs."""
        return replace(self, metadata={**self.metadata, "scenario": scenario, "scenario_text": text})

    def save(self, folder: str | Path, format: str = "parquet") -> Path:
        """Write ``runs`` and ``series`` (zstd Parquet, or CSV); a failure leaves old files as they were.

        A run that followed people and factories writes ``people`` and ``factories`` too.
        """
        tables = {"runs": self.runs, "series": self.series}
        if self.tracks.periods:
            tables |= {"people": self.people, "factories": self.factories}
        return save_tables(folder, tables, format)

    @classmethod
    def load(cls, folder: str | Path, run_id: str | None = None) -> Result:
        """Read a run that ``save`` wrote. Raises InputError where ``run_id`` is needed or missing."""
        runs, series = load_tables(folder)
        ids = list(runs["run_id"])
        if run_id is None and len(ids) != 1:
            raise InputError(f"{folder} holds {len(ids)} runs: name one by its run_id")
        chosen = ids[0] if run_id is None else run_id
        if chosen not in ids:
            raise InputError(f"{folder}: {unknown(chosen, ids, 'run')}")
        row = runs[runs["run_id"] == chosen].iloc[0]
        metadata = {k: _plain(v) for k, v in row.items() if not _absent(v)}
        rows = series[series["run_id"] == chosen]
        at, periods = pd.factorize(rows["period"].astype("str"))
        pairs = pd.MultiIndex.from_arrays([rows["indicator"].astype("str"), rows["group"].astype("str")])
        column, names = pd.factorize(pairs)
        values = np.full((len(periods), len(names)), np.nan)
        values[at, column] = rows["value"]
        columns = tuple((str(n), str(g)) for n, g in names)
        return cls(metadata, values, tuple(periods), columns, tracks=_load_tracks(Path(folder)))

    def to_bytes(self, key: str) -> bytes:
        """The run as one Parquet file whose schema carries the metadata, ``key`` and a checksum."""
        about = {
            "key": key,
            "metadata": dict(self.metadata),
            "periods": self.periods,
            "columns": self.columns,
            "sha256": hashlib.sha256(self.values.tobytes()).hexdigest(),
        }
        labels = _labels(self.periods, self.columns)
        table = pa.table(
            labels | {"value": pa.array(self.values.ravel())},
            metadata={_META: json.dumps(about, ensure_ascii=False).encode()},
        )
        sink = io.BytesIO()
        pq.write_table(table, sink, compression="zstd", use_dictionary=list(labels))
        return sink.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes, key: str | None = None) -> Result:
        """Read ``to_bytes``. Raises ValueError where the file is damaged or belongs to another ``key``."""
        try:
            table = pq.ParquetFile(pa.BufferReader(data)).read(["value"], use_threads=False)  # it is small
            about = json.loads(table.schema.metadata[_META])
            periods, columns = tuple(about["periods"]), tuple((n, g) for n, g in about["columns"])
            values = table["value"].to_numpy().astype(np.float64).reshape(len(periods), len(columns))
        except (pa.ArrowException, OSError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f"unreadable: {str(error).splitlines()[0] if str(error) else 'empty'}") from error
        if hashlib.sha256(values.tobytes()).hexdigest() != about["sha256"]:
            raise ValueError("its numbers do not match their checksum")
        if key is not None and about["key"] != key:
            raise ValueError("it holds another run than its name says")
        return cls(about["metadata"], values, periods, columns)

    def _place(self, name: str, group: str) -> int:
        if name not in INDICATORS:
            raise InputError(unknown(name, INDICATORS, "indicator"))
        if (name, group) not in self.columns:
            groups = [g for n, g in self.columns if n == name]
            raise InputError(f"{name} is not split by {group}; its groups: {', '.join(groups) or 'none here'}")
        return self.columns.index((name, group))


def by_year(
    values: NDArray[np.float64],
    periods: Sequence[str],
    columns: Sequence[tuple[str, str]],
    steps_per_year: int,
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Yearly values [years, columns] and the years; a mean passes over steps where it is undefined (NaN)."""
    rows, years = _whole_years(tuple(periods), steps_per_year)
    added, averaged = _over_year(tuple(columns))
    cube = values[rows]
    out = cube[:, -1].copy()
    out[:, added] = cube[:, :, added].sum(axis=1)
    part = cube[:, :, averaged]
    known = ~np.isnan(part)
    number = known.sum(axis=1)
    total = np.where(known, part, 0.0).sum(axis=1)
    out[:, averaged] = np.divide(total, number, out=np.full(total.shape, np.nan), where=number > 0)
    return out, years


@lru_cache(maxsize=8)
def _whole_years(periods: tuple[str, ...], steps_per_year: int) -> tuple[NDArray[np.intp], tuple[str, ...]]:
    """Places [year, step] and names of the years that are whole."""
    years, start, count = np.unique([p[:4] for p in periods], return_index=True, return_counts=True)
    whole = count == steps_per_year
    return start[whole, None] + np.arange(steps_per_year), tuple(str(y) for y in years[whole])


@lru_cache(maxsize=64)
def _over_year(columns: tuple[tuple[str, str], ...]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which columns are added up over a year, and which averaged; of the others the last value counts."""
    rule = np.array([INDICATORS[name].over_year for name, _ in columns])
    return rule == "sum", rule == "mean"


def choose(
    columns: Sequence[tuple[str, str]], indicators: Sequence[str] | None, groups: Sequence[str] | None
) -> list[int]:
    """Places of the columns that were asked for. Raises InputError for a name that does not exist."""
    for name in indicators or ():
        if name not in INDICATORS:
            raise InputError(unknown(name, INDICATORS, "indicator"))
    known = ("all", "every", *DIMENSIONS, *(f"{d}={v}" for d, values in DIMENSIONS.items() for v in values))
    for group in groups or ():
        if group not in known:
            raise InputError(unknown(group, known, "group"))
    wanted = set(groups or ("every",))
    keep = [
        i
        for i, (name, group) in enumerate(columns)
        if (indicators is None or name in indicators)
        and ("every" in wanted or group in wanted or group.partition("=")[0] in wanted)
    ]
    if not keep:
        raise InputError(f"{', '.join(indicators or ('no indicator',))}: not split by {', '.join(sorted(wanted))}")
    return keep


def spread(
    values: NDArray[np.float64], quantiles: Sequence[float] = QUANTILES
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Number of defined values and their quantiles over the first axis, passing over NaN.

    Quantiles interpolate linearly between the two nearest ranks; where nothing is defined they are NaN.

    >>> n, (low, middle, high) = spread(np.array([[1.0], [3.0], [np.nan], [2.0]]), (0.0, 0.5, 0.75))
    >>> int(n[0]), float(low[0]), float(middle[0]), float(high[0])
    (3, 1.0, 2.0, 2.5)
    """
    number = np.asarray((~np.isnan(values)).sum(axis=0))
    out = np.full((len(quantiles), *values.shape[1:]), np.nan)
    if not len(values):
        return number, out
    ranked = np.sort(values, axis=0)
    for row, q in zip(out, quantiles, strict=True):
        place = q * np.maximum(number - 1, 0)
        below = np.floor(place).astype(np.intp)
        above = np.minimum(below + 1, np.maximum(number - 1, 0))
        a = np.take_along_axis(ranked, below[None], axis=0)[0]
        b = np.take_along_axis(ranked, above[None], axis=0)[0]
        with np.errstate(invalid="ignore"):
            row[...] = np.where(a == b, a, a + (b - a) * (place - below))
    return number, out


def quantiles(results: Sequence[Result], q: Sequence[float] = QUANTILES) -> pd.DataFrame:
    """Quantiles over runs with equal periods and columns: period, group, indicator, unit, n, quantiles."""
    first = results[0]
    number, levels = spread(np.stack([r.values for r in results]), q)
    frame = _frame(first.periods, first.columns, {})
    frame["n"] = number.ravel()
    for share, level in zip(q, levels, strict=True):
        frame["median" if share == 0.5 else f"p{100 * share:g}"] = level.ravel()
    return frame


def tidy(results: Sequence[Result]) -> pd.DataFrame:
    """The tidy table of several runs, in their order."""
    if not results:
        return pd.DataFrame({name: [] for name in SERIES_COLUMNS})
    first = results[0]
    if any(r.columns != first.columns or r.periods != first.periods for r in results):
        return pd.concat([tidy([r]) for r in results], ignore_index=True)
    size = first.values.size
    rows = np.arange(len(results)).repeat(size)
    heads: dict[str, Any] = {}
    for name in ("run_id", "scenario"):
        codes, names = pd.factorize(np.array([r.metadata[name] for r in results], dtype=object))
        heads[name] = pd.Categorical.from_codes(codes[rows], pd.Index(names, dtype="str"))
    for name in ("draw", "seed"):
        heads[name] = np.array([r.metadata[name] for r in results], dtype=np.int64)[rows]
    frame = _frame(first.periods, first.columns, heads, repeat=len(results))
    frame["value"] = np.concatenate([r.values.ravel() for r in results])
    return frame


def _frame(
    periods: Sequence[str], columns: Sequence[tuple[str, str]], heads: Mapping[str, Any], repeat: int = 1
) -> pd.DataFrame:
    """Columns period, group, indicator and unit for ``repeat`` panels one after the other."""
    data = dict(heads)
    when = np.tile(np.arange(len(periods)).repeat(len(columns)), repeat)
    data["period"] = pd.array(list(periods), dtype="str").take(when)
    for name, (codes, kind) in _coded(tuple(columns)).items():
        data[name] = pd.Categorical.from_codes(np.tile(codes, len(periods) * repeat), dtype=kind, validate=False)
    return pd.DataFrame(data)


@lru_cache(maxsize=16)
def _coded(columns: tuple[tuple[str, str], ...]) -> dict[str, tuple[NDArray[np.integer[Any]], pd.CategoricalDtype]]:
    """Group, indicator and unit of each column as codes and what they stand for."""
    units = [INDICATORS[n].unit if n in INDICATORS else "" for n, _ in columns]
    found = {}
    for name, labels in (("group", [g for _, g in columns]), ("indicator", [n for n, _ in columns]), ("unit", units)):
        codes, names = pd.factorize(np.array(labels, dtype=object))
        kind = np.int8 if len(names) < 128 else np.int16
        found[name] = codes.astype(kind), pd.CategoricalDtype(pd.Index(names, dtype="str"))
    return found


@lru_cache(maxsize=4)
def _labels(periods: tuple[str, ...], columns: tuple[tuple[str, str], ...]) -> dict[str, pa.Array]:
    """What stands beside every value of a kept run: equal for all runs of one length."""
    frame = _frame(periods, columns, {})
    return {name: pa.array(frame[name]) for name in ("period", "group", "indicator")}


def _life_courses(
    columns: Mapping[str, Tracked], taken: Mapping[str, NDArray[Any]], periods: Sequence[str]
) -> pd.DataFrame:
    """Names for steps and words for codes."""
    data: dict[str, Any] = {}
    for name, column in columns.items():
        values = taken[name]
        if name == "period":
            data[name] = pd.array(list(periods), dtype="str").take(values)
        elif name == "person":
            codes, names = pd.factorize(values.astype(object))
            data[name] = pd.Categorical.from_codes(codes, pd.Index(names, dtype="str"))
        elif column.words:
            data[name] = pd.Categorical.from_codes(values, pd.Index(column.words, dtype="str"))
        else:
            data[name] = values
    return pd.DataFrame(data)


def _load_tracks(folder: Path) -> Tracks:
    """Life courses as saved beside a run; none where it followed nobody."""
    frames = {}
    for name in ("people", "factories"):
        if (folder / f"{name}.parquet").exists():
            frames[name] = pd.read_parquet(folder / f"{name}.parquet")
        elif (folder / f"{name}.csv").exists():
            frames[name] = pd.read_csv(folder / f"{name}.csv", dtype="str", keep_default_na=False)
    if len(frames) < 2:
        return NOTHING
    periods = sorted({str(period) for frame in frames.values() for period in frame["period"].unique()})
    people, factories = (_taken(c, frames[n], periods) for n, c in (("people", PEOPLE), ("factories", FACTORIES)))
    return Tracks(tuple(periods), people, factories)


def _taken(columns: Mapping[str, Tracked], frame: pd.DataFrame, periods: list[str]) -> dict[str, NDArray[Any]]:
    """The reverse of :func:`_life_courses`: codes for words and steps for names. Raises InputError."""
    out: dict[str, NDArray[Any]] = {}
    for name, column in columns.items():
        if name not in frame:
            raise InputError(f"{name} is missing among the columns of people or factories")
        values = frame[name].astype("str") if frame[name].dtype == "category" else frame[name]
        words = tuple(periods) if name == "period" else column.words
        if words:
            place = {word: code for code, word in enumerate(words)}
            values = values.map(place)
        elif values.dtype == "str" and column.dtype is bool:
            values = values == "True"
        elif values.dtype == "str" and column.dtype is float:
            values = values.map(lambda text: float(text or "nan"))
        try:
            out[name] = values.to_numpy().astype(column.dtype)
        except ValueError as error:
            raise InputError(f"{name} of people or factories: {error}") from None
    return out


def runs_table(rows: Iterable[Mapping[str, Any]], changed: Mapping[str, bool] | None = None) -> pd.DataFrame:
    """The table of runs: who, then every parameter that differs from the default in some run, then versions.

    A parameter that is a path in time in one of the runs is text (JSON) in all of them. ``changed`` says by name
    which they are and whether each is text, where ``rows`` are part of a longer table.
    """
    rows = list(rows)
    extra = sorted({name for row in rows for name in row} - set(RUN_COLUMNS)) if changed is None else list(changed)
    frame = pd.DataFrame(rows, columns=[*_FIRST, *extra, *_LAST])
    for name in extra:
        if changed is not None and not changed[name]:
            frame[name] = frame[name].astype(float)
        elif changed is not None or any(isinstance(v, str) for v in frame[name]):
            texts = [v if isinstance(v, str) or _absent(v) else json.dumps(v) for v in frame[name]]
            frame[name] = pd.array(texts, dtype="str")
    for name in ("run_id", "scenario", "posterior", *_VERSIONS, "status", "error", "scenario_text"):
        frame[name] = frame[name].astype("str")
    return frame


def save_tables(folder: str | Path, tables: Mapping[str, pd.DataFrame], format: str = "parquet") -> Path:
    """Write every table or none as ``folder/name.parquet`` (or ``.csv``, UTF-8 with BOM)."""
    if format not in ("parquet", "csv"):
        raise InputError(f"{format} is not a format; parquet and csv are")
    folder = Path(folder)
    write_together({folder / f"{name}.{format}": _writer(frame, format) for name, frame in tables.items()})
    return folder


def _writer(frame: pd.DataFrame, format: str) -> Callable[[Path], object]:
    def parquet(path: Path) -> None:
        pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), path, compression="zstd")

    def csv(path: Path) -> None:
        frame.to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\n")

    return parquet if format == "parquet" else csv


def load_tables(folder: str | Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """``runs`` and ``series`` as saved in ``folder``. Raises InputError where they are missing."""
    folder = Path(folder)
    if (folder / "runs.parquet").exists():
        runs, series = (pd.read_parquet(folder / f"{name}.parquet") for name in ("runs", "series"))
    elif (folder / "runs.csv").exists():
        runs, series = (_read_csv(folder / f"{name}.csv") for name in ("runs", "series"))
    else:
        raise InputError(f"{folder} holds no runs.parquet or runs.csv")
    return runs, series


def _read_csv(path: Path) -> pd.DataFrame:
    """Numbers to the last digit, which pandas' own reading of decimals may miss."""
    frame = pd.read_csv(path, dtype="str", keep_default_na=False)
    for name in set(frame.columns) - _TEXTS:
        with contextlib.suppress(ValueError):
            frame[name] = frame[name].map(int) if name in _WHOLE else [float(v or "nan") for v in frame[name]]
    return frame


def write_together(writers: Mapping[Path, Callable[[Path], object]]) -> None:
    """Write every file beside its place and move all into place at the end; on a failure none is touched."""
    written: dict[Path, Path] = {}
    try:
        for path, write in writers.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            written[path] = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
            write(written[path])
        for path, temporary in written.items():
            os.replace(temporary, path)
    finally:
        for temporary in written.values():
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as JSON can carry them: what is not a finite number becomes None."""
    columns = []
    for name in frame.columns:
        values = frame[name].astype(object).tolist() if frame[name].dtype != float else frame[name].tolist()
        columns.append([None if _absent(v) or v in (np.inf, -np.inf) else v for v in values])
    return [dict(zip(frame.columns, row, strict=True)) for row in zip(*columns, strict=True)]


def _absent(value: Any) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and value != value)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
