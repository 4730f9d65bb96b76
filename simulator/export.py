"""Many finished runs to the two tidy tables, a few at a time: their number is not limited by memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from simulator.excel import Sheet
from simulator.results import (
    RUN_COLUMNS,
    SERIES_COLUMNS,
    InputError,
    Result,
    runs_table,
    tidy,
    write_together,
)
from simulator.store import Store

FORMATS = ("parquet", "csv", "xlsx")
_SERIES_ROWS, _RUNS_ROWS = 250_000, 500  # that stand in memory at once: a row group of Parquet
_HEADS = ("run_id", "scenario", "draw", "seed")
_NUMBERS = {name: pa.int64() for name in ("draw", "seed", "people_per_agent", "until", "steps_per_year")}
_NUMBERS |= {"wall_time": pa.float64(), "value": pa.float64()}
_WORD = pa.dictionary(pa.int32(), pa.string())  # pandas reads it as a category
_SERIES = pa.schema([(name, _NUMBERS.get(name, pa.string() if name == "period" else _WORD)) for name in SERIES_COLUMNS])


@dataclass(frozen=True)
class Row:
    """A run that is to stand in the tables.

    ``expected`` is its row before anything is read: what it names are the columns. ``read`` gives the row itself, and
    ``load`` the run, None where there is none.
    """

    expected: dict[str, Any]
    read: Callable[[], dict[str, Any]]
    load: Callable[[], Result | None]


def write_tables(
    folder: str | Path,
    rows: Callable[[], Iterable[Row]],
    format: str = "parquet",
    shape: Callable[[Result], Result] = lambda result: result,
) -> Path:
    """Write ``runs`` and ``series`` to ``folder``, both or none, in the order of ``rows``, which is called again and
    again and must give the same rows each time.

    ``shape`` chooses what of each run goes into ``series``. Parquet (zstd) and CSV (UTF-8 with BOM) are the same bytes
    for the same runs. Raises InputError for an unknown format, or where a sheet of Excel is full.
    """
    if format not in FORMATS:
        raise InputError(f"{format} is not a format; {', '.join(FORMATS)} are")
    folder = Path(folder)
    changed = _changed(rows())
    names = [*RUN_COLUMNS[: len(_HEADS)], *changed, *RUN_COLUMNS[len(_HEADS) :]]
    kinds = {name: pa.string() if text else pa.float64() for name, text in changed.items()}
    schema = pa.schema([(name, kinds.get(name) or _NUMBERS.get(name, pa.string())) for name in names])

    def runs(path: Path) -> None:
        _write(path, format, "runs", schema, _runs(rows(), changed))

    def series(path: Path) -> None:
        _write(path, format, "series", _SERIES, _series(rows(), shape))

    write_together({folder / f"runs.{format}": runs, folder / f"series.{format}": series})
    return folder


def _changed(rows: Iterable[Row]) -> dict[str, bool]:
    """Parameters that differ from the default in some run, by name, and whether they are text in any."""
    found: dict[str, bool] = {}
    for row in rows:
        for name in row.expected.keys() - set(RUN_COLUMNS):
            found[name] = found.get(name, False) or isinstance(row.expected[name], str)
    return dict(sorted(found.items()))


def _runs(rows: Iterable[Row], changed: dict[str, bool]) -> Iterator[pd.DataFrame]:
    part: list[dict[str, Any]] = []
    for row in rows:
        part.append(row.read())
        if len(part) >= _RUNS_ROWS:
            yield runs_table(part, changed)
            part = []
    if part:
        yield runs_table(part, changed)


def _series(rows: Iterable[Row], shape: Callable[[Result], Result]) -> Iterator[pd.DataFrame]:
    part: list[Result] = []
    size = 0
    for row in rows:
        result = row.load()
        if result is None:
            continue
        result = shape(result)
        part.append(replace(result, metadata={name: result.metadata[name] for name in _HEADS}))
        size += result.values.size
        if size >= _SERIES_ROWS:
            yield tidy(part)
            part, size = [], 0
    if part:
        yield tidy(part)


def _write(path: Path, format: str, name: str, schema: pa.Schema, parts: Iterable[pd.DataFrame]) -> None:
    if format == "parquet":
        with pq.ParquetWriter(path, schema, compression="zstd") as file:
            for part in parts:
                table = pa.Table.from_pandas(part, preserve_index=False).replace_schema_metadata(None)
                file.write_table(table.cast(schema))
    elif format == "csv":
        with path.open("w", encoding="utf-8-sig", newline="") as text:
            text.write(",".join(schema.names) + "\n")
            for part in parts:
                part.to_csv(text, index=False, header=False, lineterminator="\n")
    else:
        sheet = Sheet(path, name)
        sheet.write(pd.DataFrame(columns=schema.names))
        for part in parts:
            sheet.write(part)
        sheet.close()


def stored(store: Store) -> Iterator[Row]:
    """Every readable run of a store in the order of the files' names; damaged ones are named and left out."""
    for path in store:
        about = store.about(path)
        if about is not None:

            def load(path: Path = path) -> Result | None:
                return store.load(path)

            def read(about: dict[str, Any] = about) -> dict[str, Any]:
                return about

            yield Row(about, read, load)
