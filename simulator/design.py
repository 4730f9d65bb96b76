"""Draws of uncertain numbers for an experiment: which numbers, and which values together in each draw.

Sobol' sequences and Latin hypercubes are even over the priors of :mod:`simulator.ranges`, without regard to what
calibration found; draws of the posterior are what it found; a table is what its owner says.
"""

from __future__ import annotations

import csv
import hashlib
import math
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.checks import Check, ScenarioError, Where, nearest, plain, shown, unknown
from simulator.excel import read_rows
from simulator.parameters import PARAMETERS
from simulator.posterior import BEST, KINDS, load_posterior, under_draw
from simulator.ranges import from_unit, inside
from simulator.results import InputError
from simulator.scenario import Scenario

DESIGNS = ("sobol", "lhs", "posterior", "table")
KEYS = ("names", "design", "draws", "table", "posterior", "seed")
MOST_DRAWS = 1_000_000
_TABLES = (".csv", ".xlsx", ".xlsm")


@dataclass(frozen=True, eq=False)
class Design:
    """Draws: ``numbers[k]`` is what draw k is called, ``values`` [draw × name]; without a kind only the best set.

    The values of a whole posterior are read by its own rules, so that its runs are those of ``compare``.
    """

    kind: str = ""
    names: tuple[str, ...] = ()
    numbers: tuple[int, ...] = (BEST,)
    values: NDArray[np.float64] | None = None
    posterior: str = ""
    whole: bool = False

    def __len__(self) -> int:
        return len(self.numbers)

    def draw(self, place: int) -> dict[str, float]:
        """Numbers by name of the draw at ``place``."""
        return {} if self.values is None else dict(zip(self.names, map(float, self.values[place]), strict=True))

    def apply(self, scenario: Scenario, levers: Mapping[str, Any], place: int) -> tuple[Scenario, Scenario | None, str]:
        """The scenario with levers set; the same under the draw, if that is another one; the posterior's name.

        Levers, and draws other than the posterior's, hold from the scenario's start and take the place of what it
        sets itself. Raises ScenarioError where numbers contradict each other.
        """
        mine = {**levers, **({} if self.posterior else self.draw(place))}
        cell = scenario.with_values(mine, id=scenario.id) if mine else scenario
        if not self.posterior:
            return cell, None, ""
        if self.whole:
            drawn, name = under_draw(cell, self.numbers[place], self.posterior)
        else:
            drawn, name = cell.with_draw(self.draw(place)), load_posterior(self.posterior).name
        return cell, drawn, name

    def described(self) -> dict[str, Any]:
        """What decides the draws, for a note of an experiment."""
        values = b"" if self.values is None else self.values.tobytes()
        digest = hashlib.sha256(values + repr(self.numbers).encode()).hexdigest()[:12]
        return {"design": self.kind, "names": list(self.names), "draws": len(self), "values": digest}


def read_design(content: Any, check: Check, folder: Path, taken: Iterable[str]) -> tuple[Design, list[str]]:
    """``uncertainties`` of an experiment, and what is worth saying about them; ``taken`` are names of its levers.

    A table is a file that is looked for from ``folder``, or a DataFrame. Raises ScenarioError or InputError.
    """
    at = ("uncertainties",)
    if content is None:
        return Design(), []
    if not isinstance(content, Mapping):
        reason = f"uncertainties is {shown(content)}; allowed: {{names: […], design: sobol, draws: 64}}"
        raise check.error(reason, at, "uncertainties")
    for key in content:
        if key not in KEYS:
            raise check.error(unknown(key, KEYS, "key of uncertainties"), (*at, key), str(key))
    kind, table = _kind(content, check)
    for key, kinds in {"table": ("table",), "posterior": ("posterior",), "seed": ("sobol", "lhs")}.items():
        if key in content and kind not in kinds:
            raise check.error(f"{key} has no use with design {kind}; leave it out", (*at, key), key)
    names = _names(content, check, kind, set(taken))
    if kind == "table":
        source = table if isinstance(table, pd.DataFrame) else _path(check, table, folder)
        return _from_table(content, check, names, source, set(taken)), []
    if kind == "posterior":
        return _from_posterior(content, check, names, set(taken)), []
    draws = whole(check, content.get("draws"), (*at, "draws"), "draws", 1, MOST_DRAWS)
    seed = whole(check, content.get("seed", 0), (*at, "seed"), "seed", 0, 2**31 - 1)
    notes = []
    if kind == "sobol" and draws & (draws - 1):
        notes.append(f"{draws} draws of a Sobol' sequence are not even; {_powers(draws)} would be")
    unit = _unit(kind, len(names), draws, seed)
    values = np.array([[from_unit(name, float(x)) for name, x in zip(names, row)] for row in unit])
    return Design(kind, names, tuple(range(draws)), values), notes


def _unit(kind: str, size: int, draws: int, seed: int) -> NDArray[np.float64]:
    """Points of the unit cube, [draw, name]."""
    from scipy.stats import qmc  # takes a second to load

    engine = (qmc.Sobol if kind == "sobol" else qmc.LatinHypercube)(size, rng=np.random.default_rng(seed))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a number of points is no power of two is told in our own words
        points: NDArray[np.float64] = engine.random(draws)
    return points


def whole(check: Check, value: Any, where: Where, name: str, low: int, high: int) -> int:
    """A whole number within bounds. Raises ScenarioError."""
    number = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
    if not low <= number <= high or not number.is_integer():
        told = "is missing" if value is None else f"is {shown(value)}"
        raise check.error(f"{name} {told}; allowed: a whole number from {low} to {high}", where, name)
    return int(number)


def _powers(draws: int) -> str:
    below = 1 << (draws.bit_length() - 1)
    return f"{below} or {2 * below}"


def _kind(content: Mapping[str, Any], check: Check) -> tuple[str, Any]:
    """The design's name, and the table's; ``table: FILE`` may stand in place of ``design: table``."""
    design, where = content.get("design"), ("uncertainties", "design")
    table = content.get("table")
    if isinstance(design, dict) and list(design) == ["table"]:
        table = design["table"]
        design = "table"
    elif isinstance(design, str) and design.startswith("table:"):
        design, table = "table", design.partition(":")[2].strip()
    if design is None and table is not None:
        design = "table"
    if design not in DESIGNS:
        told = "is missing" if design is None else f"is {shown(design)}"
        reason = f"design {told}; allowed: {', '.join(DESIGNS)}: FILE"
        if design is not None:
            reason += f"; nearest: {nearest(str(design), DESIGNS)}"
        raise check.error(reason, where, "design")
    if design == "table" and not isinstance(table, pd.DataFrame) and not (isinstance(table, str) and table):
        told = "is missing" if table is None else f"is {shown(table)}"
        raise check.error(f"table {told}; allowed: a CSV or Excel file, as in table: draws.csv", where, "table")
    return str(design), table


def _names(content: Mapping[str, Any], check: Check, kind: str, taken: set[str]) -> tuple[str, ...]:
    """The numbers that are drawn; for a posterior or a table none means all that it has."""
    at = ("uncertainties", "names")
    names = content.get("names")
    if names is None and kind in ("posterior", "table"):
        return ()
    if not isinstance(names, list | tuple) or not names:
        told = "is missing" if names is None else f"is {shown(names)}" if not isinstance(names, list) else "is empty"
        raise check.error(f"names {told}; allowed: a list such as [automation.hurdle, automation.noise]", at, "names")
    for place, name in enumerate(names):
        _name(check, name, (*at, place), taken, set(names[:place]))
    return tuple(map(str, names))


def _name(check: Check, name: Any, where: Where, taken: set[str], before: set[Any]) -> None:
    if not isinstance(name, str) or name not in PARAMETERS:
        raise check.error(unknown(name if isinstance(name, str) else shown(name), PARAMETERS), where, str(name))
    if name in before:
        raise check.error(f"{name} is named twice", where, name)
    if name in taken:
        raise check.error(f"{name} is among the levers already; name it once", where, name)
    if PARAMETERS[name].low >= PARAMETERS[name].high:
        raise check.error(f"{name} has no range to draw from", where, name)


def _from_posterior(content: Mapping[str, Any], check: Check, names: tuple[str, ...], taken: set[str]) -> Design:
    at = ("uncertainties",)
    kind = content.get("posterior", "refit")
    if kind not in KINDS:
        raise check.error(unknown(str(kind), KINDS, "posterior"), (*at, "posterior"), "posterior")
    try:
        posterior = load_posterior(kind)
    except InputError as error:
        raise check.error(str(error), (*at, "design"), "design") from None
    known = list(posterior.values.columns)
    for place, name in enumerate(names):
        if name not in known:
            reason = f"{name} is not among the numbers of the {kind} posterior; nearest: {nearest(name, known)}"
            raise check.error(reason, (*at, "names", place), name)
    chosen = names or tuple(known)
    for name in chosen:
        if name in taken:
            raise check.error(f"{name} is among the levers already; name it once", at, name)
    draws = len(posterior)
    if content.get("draws") is not None:
        draws = whole(check, content["draws"], (*at, "draws"), "draws", 1, len(posterior))
    values = posterior.values[list(chosen)].to_numpy(dtype=float)[:draws]
    return Design("posterior", chosen, tuple(range(draws)), values, kind, set(chosen) == set(known))


def _path(check: Check, table: str, folder: Path) -> Path:
    path = folder / table
    where = ("uncertainties", "table") if ("uncertainties", "table") in check.lines else ("uncertainties", "design")
    if path.suffix.lower() not in _TABLES:
        raise check.error(f"table {plain(table)}: allowed: {', '.join(_TABLES)}", where, "table")
    if not path.is_file():
        beside = [p.name for p in sorted(path.parent.glob("*")) if p.suffix.lower() in _TABLES]
        close = f"; nearest: {nearest(path.name, beside)}" if beside else ""
        raise check.error(f"table {plain(str(path))}: there is no such file{close}", where, "table")
    return path


def _from_table(
    content: Mapping[str, Any], check: Check, names: tuple[str, ...], source: Path | pd.DataFrame, taken: set[str]
) -> Design:
    """A row a draw, a column a number; a column ``draw`` says what draws are called."""
    if isinstance(source, pd.DataFrame):
        rows, path = _frame_rows(source), "the table"
    else:
        rows, path = _csv_rows(source) if source.suffix.lower() == ".csv" else read_rows(source), str(source)
    header_row, header = next(rows, (1, []))
    while header and header[-1] in (None, ""):
        header.pop()
    columns = [str(cell).strip() if cell is not None else "" for cell in header]
    head = Check(f"{path}, row {header_row}")
    if not columns:
        raise ScenarioError("is empty; allowed: a header with names of numbers, then a row a draw", path)
    for place, name in enumerate(columns):
        if name != "draw":
            if name not in PARAMETERS:
                about = unknown(name, PARAMETERS, "name") if name else "a column has no name"
                raise head.error(f"column {place + 1}: {about}", (), name)
            _name(head, name, (), taken, set(columns[:place]))
        elif name in columns[:place]:
            raise head.error("draw is named twice", (), name)
    chosen = names or tuple(name for name in columns if name != "draw")
    for place, name in enumerate(names):
        if name not in columns:
            reason = f"{name} is no column of {path}; nearest: {nearest(name, columns)}"
            raise check.error(reason, ("uncertainties", "names", place), name)
    if not chosen:
        raise head.error("has no column but draw; allowed: names of numbers")
    numbers: list[int] = []
    values: list[list[float]] = []
    for number, cells in rows:
        numbers.append(len(numbers))
        values.append([])
        place_check = Check(f"{path}, row {number}")
        if any(cell not in (None, "") for cell in cells[len(columns) :]):
            raise place_check.error(f"has {len(cells)} cells, the header {len(columns)}")
        by_name = dict(zip(columns, [*cells, *[None] * len(columns)]))
        if "draw" in columns:
            cell = _number(by_name["draw"])
            numbers[-1] = whole(place_check, cell, (), "draw", 0, 2**31 - 1)
        for name in chosen:
            cell = _number(by_name[name])
            cell = inside(name, cell) if isinstance(cell, float) else cell
            values[-1].append(place_check.number(cell, (), PARAMETERS[name]))
        if len(numbers) > MOST_DRAWS:
            raise place_check.error(f"allowed are {MOST_DRAWS:,} draws")
    if len(set(numbers)) < len(numbers):
        twice = next(n for i, n in enumerate(numbers) if n in numbers[:i])
        raise ScenarioError(f"draw {twice} stands there twice", path)
    if not numbers:
        raise ScenarioError("has no draws; allowed: a header, then a row a draw", path)
    draws = len(numbers)
    if content.get("draws") is not None:
        draws = whole(check, content["draws"], ("uncertainties", "draws"), "draws", 1, len(numbers))
    return Design("table", chosen, tuple(numbers[:draws]), np.array(values[:draws]))


def _frame_rows(frame: pd.DataFrame) -> Iterator[tuple[int, list[Any]]]:
    """The columns' names, then the rows, counted from 1."""
    yield 0, list(frame.columns)
    yield from enumerate(map(list, frame.itertuples(index=False)), start=1)


def _csv_rows(path: Path) -> Iterator[tuple[int, list[Any]]]:
    """Rows that are not empty, with the line where each ends; cells are divided by commas, or else by semicolons."""
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise ScenarioError("is not UTF-8 text; save it as UTF-8", str(path)) from None
    except OSError as error:
        raise ScenarioError(f"cannot be read: {error.strerror}", str(path)) from None
    first = text.partition("\n")[0]
    reader = csv.reader(text.splitlines(), delimiter=";" if ";" in first and "," not in first else ",")
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, list(cells)
    except csv.Error as error:
        raise ScenarioError(f"cannot be read as CSV: {error}", str(path), reader.line_num) from None


def _number(cell: Any) -> Any:
    """A cell as a number where it is one; None, which is refused as empty, where there is nothing."""
    if isinstance(cell, str):
        try:
            return float(cell)
        except ValueError:
            return cell.strip() or None
    return cell
