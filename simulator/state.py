"""The columns: what the model remembers of factories, workers, buyers, links and the economy.

Rows never move. A closed factory stays in its row with ``open`` false until, in a later step, one that opens takes the
row over; the row of a person who retires is taken over by somebody who comes of age.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

MARKETS = ("EU", "US", "Japan", "ASEAN", "other")
ORIGINS = ("KH", "CN", "VN", "BD", "MM", "ROW", "AUT")
GOODS = ("garments", "footwear", "travel_goods")
STAGES = ("cut", "sew", "finish", "pack")
OWNERS = ("CN", "TW", "HK", "KR", "other", "KH")
JOBS = ("operator", "technician", "engineer")
OPERATOR, TECHNICIAN, ENGINEER = range(3)
NO_SKILL, OPERATOR_SKILL, TECHNICIAN_SKILL, ENGINEER_SKILL = range(4)
OUTSIDE, EMPLOYED, DISPLACED, TRAINING = range(4)
STATES = ("outside", "employed", "displaced", "training")
KH, AUT = 0, 6
EU, US, ASEAN = 0, 1, 3
KH_OWNER = 5
NEVER = np.iinfo(np.int16).min
NOWHERE = -1
MOST_FACTORIES = 32_768  # rows: as many as the column ``factory`` of workers can tell apart
MOST_YEARS = 100.0  # of age: the end of tables by age
_WORD = 8  # bytes
_LINE = 64  # bytes of a cache line: columns begin with one, and one apart, so that a row's cells lie in different sets


class Full(RuntimeError):
    """A table whose rows are all in use: the model must stop."""


@dataclass(frozen=True)
class Column:
    """A column's type, unit and meaning; ``width`` 0 is one number a row."""

    dtype: Any
    unit: str
    meaning: str
    width: int = 0
    fill: Any = 0

    def row(self) -> bytes:
        """Its bytes in a new row."""
        return np.full(max(self.width, 1), self.fill, self.dtype).tobytes()


def column(dtype: Any, unit: str, meaning: str, width: int = 0, fill: Any = 0) -> Any:
    """Declare a column of a :class:`Table`."""
    return Column(dtype, unit, meaning, width, fill)


class Table:
    """Rows of equal columns, which may grow up to ``capacity``."""

    def __init__(self, rows: int, capacity: int | None = None) -> None:
        self.most = capacity or rows
        new = [column.row() for column in self.columns().values()]
        ends = np.cumsum([(-(-len(row) * self.most // _LINE) + 1) * _LINE for row in new]).tolist()
        self._starts = [0, *ends[:-1]]
        self._cells = [_cells(new, self._starts, unit) for unit in (np.uint64, np.uint8)]
        self._memory = np.empty(ends[-1], np.uint8)  # of rows that are never used the machine holds nothing
        self._divide()
        for name, column in self.columns().items():
            self._buffers[name][:rows] = column.fill
        self._show(rows)

    @classmethod
    def columns(cls) -> dict[str, Column]:
        """The declared columns by name."""
        return {name: value for name, value in vars(cls).items() if isinstance(value, Column)}

    def __len__(self) -> int:
        return self.rows

    def add(self, count: int) -> NDArray[np.intp]:
        """Append ``count`` rows and return their numbers. Raises Full."""
        if self.rows + count > self.most:
            raise Full(f"{type(self).__name__}: all {self.most} rows are in use")
        first = self.rows
        new = np.arange(first, first + count)
        if count:
            self._empty(new)
            self._show(first + count)
        return new

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        twin = object.__new__(type(self))
        twin.__dict__.update({name: value for name, value in self.__dict__.items() if name not in self._buffers})
        twin._memory = np.empty_like(self._memory)
        twin._divide()
        for name, buffer in self._buffers.items():
            twin._buffers[name][: self.rows] = buffer[: self.rows]
        twin._show(self.rows)
        return twin

    def _divide(self) -> None:
        """All columns stand one after the other in one block of memory, so that a row is emptied in one go."""
        self._buffers: dict[str, NDArray[Any]] = {}
        for start, (name, column) in zip(self._starts, self.columns().items(), strict=True):
            shape = (self.most, column.width) if column.width else (self.most,)
            self._buffers[name] = np.ndarray(shape, column.dtype, self._memory.data, start)

    def _empty(self, rows: NDArray[np.intp]) -> None:
        """Every column of the rows as in a new table."""
        for start, step, blank in self._cells:
            self._memory.view(blank.dtype)[start + step * rows[:, None]] = blank

    def _show(self, rows: int) -> None:
        self.rows = rows
        vars(self).update({name: buffer[:rows] for name, buffer in self._buffers.items()})


def _cells(new: list[bytes], starts: list[int], unit: type[np.generic]) -> tuple[NDArray[Any], ...]:
    """For each unit of a row: where it stands in row 0, how far it is to the next row, and what a new row has there.

    In units of memory, and of those columns only whose rows are whole words, or are not.
    """
    size = np.dtype(unit).itemsize
    start: list[int] = []
    step: list[int] = []
    blank = b""
    for first, row in zip(starts, new, strict=True):
        if (len(row) % _WORD == 0) == (size == _WORD):
            units = len(row) // size
            start += range(first // size, first // size + units)
            step += [units] * units
            blank += row
    return np.array(start, np.intp), np.array(step, np.intp), np.frombuffer(blank, unit)


class Factories(Table):
    """One row a factory; money is nominal unless real (2015 USD of product)."""

    number: NDArray[np.int32] = column(np.int32, "", "number of the factory, counted from 0 and never given again")
    open: NDArray[np.bool_] = column(bool, "", "at work")
    opened: NDArray[np.int32] = column(np.int32, "step", "step of opening, negative before 2012")
    goods: NDArray[np.int8] = column(np.int8, "", "goods group")
    owner: NDArray[np.int8] = column(np.int8, "", "owner's nationality")
    multinational: NDArray[np.bool_] = column(bool, "", "owner has plants in other countries")
    tier: NDArray[np.int8] = column(np.int8, "", "0 supplies brands directly, 1 through agents, 2 as subcontractor")
    compliance: NDArray[np.float64] = column(float, "0-1", "keeping of labour and environmental standards")
    hurdle: NDArray[np.float64] = column(float, "ratio", "return required over the cost of capital")
    rounding: NDArray[np.float64] = column(float, "agents", "fixed offset in rounding posts to agents", width=3)
    capacity: NDArray[np.float64] = column(float, "million USD/year, real", "output at full use")
    efficiency: NDArray[np.float64] = column(float, "2012 = 1", "efficiency once learned")
    automation: NDArray[np.float64] = column(float, "share", "automated part of each stage", width=4)
    units: NDArray[np.float64] = column(float, "million USD of 2015", "machines at prices of 2015", width=4)
    machines: NDArray[np.float64] = column(float, "million USD", "machines at book value", width=4)
    plant: NDArray[np.float64] = column(float, "million USD", "plant and building at book value")
    cash: NDArray[np.float64] = column(float, "million USD", "cash, negative an overdraft")
    loans: NDArray[np.float64] = column(float, "million USD", "machine and capacity loans")
    margin: NDArray[np.float64] = column(float, "share", "profit before tax over revenue, smoothed")
    expected: NDArray[np.float64] = column(float, "million USD/year, real", "orders, smoothed: planned output")
    utilisation: NDArray[np.float64] = column(float, "share", "use of capacity, smoothed")
    brand_linked: NDArray[np.bool_] = column(bool, "", "half of its orders come from large buyers")
    unit_cost: NDArray[np.float64] = column(float, "USD per USD of 2015", "cost of one unit of product")
    quote: NDArray[np.float64] = column(float, "USD per USD of 2015", "price asked")
    compared: NDArray[np.float64] = column(float, "USD per USD of 2015", "price as buyers compare it")
    accepted: NDArray[np.float64] = column(float, "million USD, real", "orders accepted in the quarter")
    output: NDArray[np.float64] = column(float, "million USD, real", "shipped in the quarter")
    effective: NDArray[np.float64] = column(float, "2012 = 1", "efficiency with learning and training")
    working: NDArray[np.float64] = column(float, "share", "automation as far as technicians make it work", width=4)
    coverage: NDArray[np.float64] = column(
        float, "share", "technicians, engineers employed over needed", width=2, fill=1.0
    )
    needed: NDArray[np.float64] = column(float, "persons", "staff needed for planned output, by job", width=3)
    posts: NDArray[np.int32] = column(np.int32, "agents", "posts, by job", width=3)
    staff: NDArray[np.int32] = column(np.int32, "agents", "people employed, by job", width=3)
    wage_bill: NDArray[np.float64] = column(float, "million USD/year", "wages at the rates of the quarter")
    pay_level: NDArray[np.float64] = column(float, "ratio", "wages paid over the schedule of jobs", fill=1.0)
    trained: NDArray[np.float64] = column(float, "share", "operators with a recent course")
    graduates: NDArray[np.float64] = column(float, "per operator", "technicians with a recent course")
    novices: NDArray[np.float64] = column(float, "share", "operators not yet at full speed")
    automated_at: NDArray[np.int32] = column(np.int32, "step", "step of the last step of automation", fill=-10_000)
    moved_to: NDArray[np.int8] = column(np.int8, "", "origin it moved to, -1 none", fill=NOWHERE)
    ever = 0  # factories so far

    def take(self, free: NDArray[np.intp], count: int) -> NDArray[np.intp]:
        """Rows for ``count`` new factories, all columns as in a new table: ``free`` ones first. Raises Full."""
        again = free[:count]
        self._empty(again)
        rows = np.concatenate([again, self.add(count - len(again))]) if len(again) < count else again
        self.number[rows] = self.ever + np.arange(count)
        self.ever += count
        return rows


class Workers(Table):
    """One row for each ``people_per_agent`` people who would consider the sector."""

    woman: NDArray[np.bool_] = column(bool, "", "gender")
    born: NDArray[np.int16] = column(np.int16, "step", "step of birth")
    education: NDArray[np.int8] = column(np.int8, "", "0 primary or less, 1 lower secondary, 2 upper secondary")
    skill: NDArray[np.int8] = column(np.int8, "", "0 none, 1 operator, 2 technician, 3 engineer")
    state: NDArray[np.int8] = column(np.int8, "", "0 outside, 1 employed, 2 displaced, 3 in training")
    factory: NDArray[np.int16] = column(np.int16, "", "row of the employer, -1 none", fill=NOWHERE)
    job: NDArray[np.int8] = column(np.int8, "", "0 operator, 1 technician, 2 engineer")
    hired: NDArray[np.int16] = column(np.int16, "step", "step of hiring")
    displaced_at: NDArray[np.int16] = column(np.int16, "step", "step of the last layoff", fill=NEVER)
    course_ends: NDArray[np.int16] = column(np.int16, "step", "step in which the course ends", fill=NEVER)
    trained_at: NDArray[np.int16] = column(np.int16, "step", "step of the last finished course", fill=NEVER)
    reskilled: NDArray[np.bool_] = column(bool, "", "has finished a public course")
    settled: NDArray[np.bool_] = column(bool, "", "technician settled in another sector")
    migrant: NDArray[np.bool_] = column(bool, "", "household lives elsewhere")
    taste: NDArray[np.float32] = column(np.float32, "log wage", "dislike of factory work")
    ability: NDArray[np.float32] = column(np.float32, "ratio", "pay within the grade")
    overtime: NDArray[np.float32] = column(np.float32, "ratio", "pay for overtime in this job", fill=1)
    wage: NDArray[np.float32] = column(np.float32, "USD/month", "earnings with overtime")


class Buyers(Table):
    """One row a buyer."""

    market: NDArray[np.int8] = column(np.int8, "", "market it sells to")
    goods: NDArray[np.int8] = column(np.int8, "", "goods group it buys")
    size: NDArray[np.float64] = column(float, "share", "part of the market's demand for the goods")
    elasticity: NDArray[np.float64] = column(float, "", "long-run price elasticity")
    speed: NDArray[np.float64] = column(float, "0-1", "weight of lead time")
    compliance: NDArray[np.float64] = column(float, "share of price", "weight of compliance")
    appeal: NDArray[np.float64] = column(float, "", "appeal of each origin, fixed by the shares of 2012", width=7)
    share: NDArray[np.float64] = column(float, "share", "part of spending by origin", width=7)
    spending: NDArray[np.float64] = column(float, "million USD", "spending in the quarter")
    orders: NDArray[np.float64] = column(float, "million USD", "orders by origin in the quarter", width=7)
    large: NDArray[np.bool_] = column(bool, "", "one of the largest buyers")


@dataclass
class Links:
    """Contracts between buyers and factories, one entry a link."""

    buyer: NDArray[np.intp] = field(default_factory=lambda: np.empty(0, np.intp))
    factory: NDArray[np.intp] = field(default_factory=lambda: np.empty(0, np.intp))
    since: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))

    def __len__(self) -> int:
        return len(self.buyer)


@dataclass
class Economy:
    """Numbers of the whole sector that are remembered from step to step."""

    operator_wage: float = 0.0
    wages: NDArray[np.float64] = field(default_factory=lambda: np.zeros(3))
    wage_growth: float = 0.0
    tightness: float = 0.0
    unfilled: float = 0.0
    scarcity: NDArray[np.float64] = field(default_factory=lambda: np.ones(2))
    coverage: NDArray[np.float64] = field(default_factory=lambda: np.ones((9, 2)))
    coverage_all: NDArray[np.float64] = field(default_factory=lambda: np.ones(2))
    long_run: float = 0.0
    reference: float = 1.0
    reference_constant: float = 0.0
    premium: float = 0.0
    chain_before: float = 0.0
    upper_secondary: float = 0.0
    mean_margin: float = 0.0
    gained_appeal: NDArray[np.float64] = field(default_factory=lambda: np.ones(len(ORIGINS)))
    balance: float = 0.0
    entry_queue: NDArray[np.float64] = field(default_factory=lambda: np.zeros(len(GOODS)))
