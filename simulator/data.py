"""The data files: read strictly, once, and handed out as tables and arrays.

``data/datapackage.json`` says what each file may hold. What breaks it is refused with file, line and reason,
because a wrong number in a driver looks like a result.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from simulator.paths import shipped
from simulator.state import GOODS, MARKETS, ORIGINS
from simulator.units import Array

KINDS = ("surcharge", "duty_change", "preference")
ANY = "all"
TABLES = ("drivers", "structure", "duties", "tariff_events", "observations", "sources")
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


class DataError(Exception):
    """A data file that cannot be used: ``file``, ``line`` (0: the whole file) and ``reason``, on one line."""

    def __init__(self, file: str, line: int, reason: str) -> None:
        self.file, self.line, self.reason = file, line, reason
        super().__init__(f"{file}, line {line}: {reason}" if line else f"{file}: {reason}")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.file, self.line, self.reason)


@dataclass(frozen=True)
class Source:
    """One source of numbers."""

    source_id: str
    publisher: str
    title: str
    year: str
    address: str
    licence: str
    accessed_via: str

    @property
    def citation(self) -> str:
        """Publisher, year and title on one line."""
        return f"{self.publisher} ({self.year}): {self.title}"


def drivers(folder: Path | None = None) -> pd.DataFrame:
    """Time series from outside the model: one row a series and date."""
    return table("drivers", folder)


def structure(folder: Path | None = None) -> pd.DataFrame:
    """Cross-section numbers: one row an entity, key and quantity."""
    return table("structure", folder)


def duties(folder: Path | None = None) -> pd.DataFrame:
    """Duties before events: one row a market, origin and goods group."""
    return table("duties", folder)


def tariff_events(folder: Path | None = None) -> pd.DataFrame:
    """Dated changes of duties; rows in force on a day add up."""
    return table("tariff_events", folder)


def observations(folder: Path | None = None) -> pd.DataFrame:
    """What was observed of the sector, conflicting figures side by side."""
    return table("observations", folder)


def sources(folder: Path | None = None) -> Mapping[str, Source]:
    """Every source by its key."""
    return _sources(_home(folder))


def table(name: str, folder: Path | None = None) -> pd.DataFrame:
    """A data file as a frame of its own: numbers float64, dates datetime64, empty text "", empty number NaN.

    Raises DataError for a file that breaks ``datapackage.json`` or names a source that ``sources.csv`` lacks.
    """
    return _table(name, _home(folder)).copy()


def digest(folder: Path | None = None) -> str:
    """Twelve hex digits that change with any number in the data; line ends do not count."""
    return _digest(_home(folder))


def yearly(series: str, key: str = "", *, column: str = "value", folder: Path | None = None) -> dict[int, float]:
    """A driver by year, ``{2012: 423.0, …}``; ``column`` is value, low or high. DataError if none."""
    return {day.year: number for day, number in dated(series, key, column=column, folder=folder)}


def dated(series: str, key: str = "", *, column: str = "value", folder: Path | None = None) -> list[tuple[date, float]]:
    """A driver as (day from which it holds, number), in order of time. DataError where there is none."""
    return list(_dated(series, key, column, _home(folder)))


def values(
    entity: str, quantity: str, keys: Sequence[str], *, column: str = "value", folder: Path | None = None
) -> Array:
    """A quantity of ``structure.csv`` in the order of ``keys``, shape [keys]. DataError names the missing."""
    found = _by_key(_home(folder), column).get((entity, quantity), {})
    missing = [key for key in keys if key not in found]
    if missing:
        raise DataError("data/structure.csv", 0, f"{entity} {quantity} is missing for {', '.join(missing)}")
    return np.array([found[key] for key in keys], dtype=float)


def duty_table(
    column: str = "value",
    markets: Sequence[str] = MARKETS,
    origins: Sequence[str] = ORIGINS,
    goods: Sequence[str] = GOODS,
    *,
    folder: Path | None = None,
) -> Array:
    """Duties before events as shares of FOB, shape [market, origin, goods].

    ``column``: ``value`` the duty in force, ``mfn`` the rate a preference is taken from, ``low``, ``high``.
    DataError names a missing combination.
    """
    frame = _table("duties", _home(folder))
    found = dict(zip(zip(frame["market"], frame["origin"], frame["goods"], strict=True), frame[column], strict=True))
    out = np.empty((len(markets), len(origins), len(goods)))
    for place in np.ndindex(out.shape):
        cell = (markets[place[0]], origins[place[1]], goods[place[2]])
        if cell not in found:
            raise DataError("data/duties.csv", 0, f"no duty of {cell[0]} on {cell[2]} from {cell[1]}")
        out[place] = found[cell]
    return out


def event_rates(
    kind: str,
    markets: Sequence[str],
    origins: Sequence[str],
    goods: Sequence[str],
    edges: Sequence[date],
    *,
    folder: Path | None = None,
) -> Array:
    """Events of one kind in force, added up and averaged over the days of each step.

    Shape [step, market, origin, goods], shares of FOB. ``kind`` is one of ``KINDS``, else ValueError.
    Step ``i`` runs from ``edges[i]`` up to, not including, ``edges[i + 1]``. An event counts on its first and
    its last day, and for ever without a last day; ``all`` in a column stands for each name.
    """
    if kind not in KINDS:
        raise ValueError(f"kind {kind!r} is not one of {', '.join(KINDS)}")
    return _event_rates(kind, tuple(markets), tuple(origins), tuple(goods), tuple(edges), _home(folder)).copy()


@lru_cache(maxsize=16)
def _event_rates(
    kind: str,
    markets: tuple[str, ...],
    origins: tuple[str, ...],
    goods: tuple[str, ...],
    edges: tuple[date, ...],
    folder: Path,
) -> Array:
    days = np.array(edges, dtype="datetime64[D]")
    length = np.diff(days).astype(float)
    out = np.zeros((len(length), len(markets), len(origins), len(goods)))
    frame = _table("tariff_events", folder)
    for row in frame[frame["kind"] == kind].itertuples():
        first = np.datetime64(row.start, "D")
        after = days[-1] if pd.isna(row.end) else np.datetime64(row.end, "D") + np.timedelta64(1, "D")
        overlap = np.minimum(days[1:], after) - np.maximum(days[:-1], first)
        part = np.maximum(overlap.astype(float), 0.0) / length
        mask = np.ix_(_named(row.market, markets), _named(row.origin, origins), _named(row.goods, goods))
        here = np.zeros(out.shape[1:])
        here[mask] = row.value
        out += part[:, None, None, None] * here
    return out


def _home(folder: Path | None) -> Path:
    return shipped("data") if folder is None else Path(folder)


def _named(name: str, names: Sequence[str]) -> list[int]:
    return [place for place, known in enumerate(names) if name in (known, ANY)]


@cache
def _schemas(folder: Path) -> Mapping[str, dict[str, Any]]:
    file = folder / "datapackage.json"
    try:
        package = json.loads(file.read_text(encoding="utf-8"))
        return {Path(item["path"]).stem: item["schema"] for item in package["resources"]}
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, KeyError, TypeError) as error:
        raise DataError(_shown(file), 0, f"cannot be read as a data package: {error}") from None


@cache
def _sources(folder: Path) -> Mapping[str, Source]:
    frame = _read("sources", folder)
    return MappingProxyType({row["source_id"]: Source(**row) for row in frame.to_dict("records")})


@cache
def _table(name: str, folder: Path) -> pd.DataFrame:
    if name not in _schemas(folder):
        raise DataError(f"data/{name}.csv", 0, f"is not one of {', '.join(_schemas(folder))}")
    return _read(name, folder)


@cache
def _by_key(folder: Path, column: str) -> dict[tuple[str, str], dict[str, float]]:
    found: dict[tuple[str, str], dict[str, float]] = {}
    frame = _table("structure", folder)
    for entity, key, quantity, number in frame[["entity", "key", "quantity", column]].itertuples(index=False):
        found.setdefault((entity, quantity), {})[key] = float(number)
    return found


@cache
def _dated(series: str, key: str, column: str, folder: Path) -> tuple[tuple[date, float], ...]:
    frame = _table("drivers", folder)
    rows = frame[(frame["series"] == series) & (frame["key"] == key)].sort_values("period_start")
    if rows.empty:
        raise DataError("data/drivers.csv", 0, f"no series {series!r} with key {key!r}")
    return tuple((day.date(), float(number)) for day, number in zip(rows["period_start"], rows[column], strict=True))


@cache
def _digest(folder: Path) -> str:
    total = hashlib.sha256()
    for file in sorted(folder.glob("*.csv"), key=lambda path: path.name):
        total.update(file.name.encode() + b"\n" + file.read_bytes().replace(b"\r\n", b"\n"))
    return total.hexdigest()[:12]


def _shown(file: Path) -> str:
    return f"data/{file.name}"


def _read(name: str, folder: Path) -> pd.DataFrame:
    file = folder / f"{name}.csv"
    schema = _schemas(folder)[name]
    fields = schema["fields"]
    columns = [field["name"] for field in fields]
    known = _sources(folder) if name != "sources" and "source_id" in columns else None
    ranged = {"value", "low", "high"} <= set(columns)
    rows: list[list[Any]] = []
    seen: dict[tuple[str, ...], int] = {}
    for line, cells in _lines(file, columns):
        row = [_cell(file, line, field, text) for field, text in zip(fields, cells, strict=True)]
        named = dict(zip(columns, row, strict=True))
        if known is not None:
            unknown = [key for key in named["source_id"].split(";") if key not in known]
            if unknown:
                raise DataError(_shown(file), line, f"source_id {unknown[0]!r} is not in sources.csv")
        if ranged and not named["low"] <= named["value"] <= named["high"]:
            raise DataError(_shown(file), line, f"value {named['value']} lies outside low and high")
        key = tuple(cells[columns.index(part)] for part in schema.get("primaryKey", ()))
        if key and key in seen:
            raise DataError(_shown(file), line, f"repeats line {seen[key]}: {', '.join(filter(None, key))}")
        seen[key] = line
        rows.append(row)
    if not rows:
        raise DataError(_shown(file), 1, "holds no rows")
    frame = pd.DataFrame(rows, columns=columns)
    for field in fields:
        if field["type"] == "date":
            frame[field["name"]] = pd.to_datetime(frame[field["name"]])
        elif field["type"] == "number":
            frame[field["name"]] = frame[field["name"]].astype(float)
    return frame


def _lines(file: Path, columns: list[str]) -> Iterator[tuple[int, list[str]]]:
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise DataError(_shown(file), 0, f"cannot be read: {error.strerror}") from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(_shown(file), raw[: error.start].count(b"\n") + 1, "is not UTF-8 text") from None
    if "\0" in text:
        raise DataError(_shown(file), text[: text.index("\0")].count("\n") + 1, "is not text")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    last = 0
    try:
        for cells in reader:
            line, last = last + 1, reader.line_num
            if line == 1:
                if cells != columns:
                    raise DataError(_shown(file), 1, _header(cells, columns))
            elif len(cells) != len(columns):
                raise DataError(_shown(file), line, f"has {len(cells)} fields, not {len(columns)}")
            else:
                yield line, cells
    except csv.Error as error:
        raise DataError(_shown(file), last + 1, f"cannot be read as CSV: {error}") from None
    if not last:
        raise DataError(_shown(file), 1, "is empty")


def _header(cells: list[str], columns: list[str]) -> str:
    missing = [column for column in columns if column not in cells]
    extra = [cell for cell in cells if cell not in columns]
    if missing:
        return f"column {missing[0]!r} is missing"
    if extra:
        return f"column {extra[0]!r} is not known"
    return f"columns must be {', '.join(columns)}"


def _cell(file: Path, line: int, field: dict[str, Any], text: str) -> Any:
    name, kind, rule = field["name"], field["type"], field.get("constraints", {})

    def refuse(reason: str) -> DataError:
        return DataError(_shown(file), line, f"{name} {text!r} {reason}" if text else f"{name} {reason}")

    if not text:
        if rule.get("required"):
            raise refuse("is missing")
        return {"number": np.nan, "date": None}.get(kind, "")
    if text != text.strip():
        raise refuse("has blanks at its ends")
    if kind == "number":
        if not _NUMBER.fullmatch(text):
            raise refuse("is not a number")
        number = float(text)
        if number < rule.get("minimum", -np.inf) or number > rule.get("maximum", np.inf):
            raise refuse(f"lies outside {rule.get('minimum', 'any')} to {rule.get('maximum', 'any')}")
        return number
    if kind == "date":
        try:
            return date.fromisoformat(text if _DATE.fullmatch(text) else "")
        except ValueError:
            raise refuse("is not a date such as 2024-01-31") from None
    if "enum" in rule and text not in rule["enum"]:
        raise refuse(f"is not one of {', '.join(rule['enum'])}")
    if "pattern" in rule and not re.fullmatch(rule["pattern"], text):
        raise refuse(f"does not look like {rule['pattern']}")
    return text
