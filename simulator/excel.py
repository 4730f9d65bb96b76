"""Excel files, read and written a row at a time; an optional extra."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd

from simulator.results import InputError

MISSING = 'Excel files need the extra "excel": pip install "garment-sim[excel]"'
MOST_ROWS = 1_048_576  # of a sheet, the header included
_MOST_LETTERS = 32_767  # of a cell


def read_rows(path: Path) -> Iterator[tuple[int, list[Any]]]:
    """Rows of the first sheet that are not empty, with their numbers; formulas by their last values.

    Raises InputError where the extra is missing or the file is no workbook.
    """
    openpyxl = needed()
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or 'cannot be read'}") from None
    except Exception:  # whatever a broken archive makes openpyxl raise
        raise InputError(f"{path}: cannot be read as an Excel workbook (.xlsx)") from None
    try:
        for number, row in enumerate(book.worksheets[0].iter_rows(values_only=True), start=1):
            if any(cell is not None for cell in row):
                yield number, list(row)
    finally:
        book.close()


class Sheet:
    """A workbook of one sheet, written in parts: what is written need not stand in memory."""

    def __init__(self, path: Path, title: str) -> None:
        """Raises InputError where the extra is missing."""
        self.path, self.title = path, title
        self.book = needed().Workbook(write_only=True)
        self.sheet = self.book.create_sheet(title)
        self.rows = 0

    def write(self, frame: pd.DataFrame) -> None:
        """Add rows, below a header the first time; what is no finite number is an empty cell. Raises InputError."""
        if self.rows == 0:
            self.sheet.append(list(frame.columns))
            self.rows = 1
        self.rows += len(frame)
        if self.rows > MOST_ROWS:
            self.sheet.close()
            most = f"an Excel sheet holds {MOST_ROWS:,} rows, the table {self.title} has more"
            raise InputError(f"{most}; choose fewer indicators, groups or years, or parquet or csv")
        columns = [frame[name].astype(object).tolist() for name in frame.columns]
        for row in zip(*columns, strict=True):
            self.sheet.append([_cell(value) for value in row])

    def close(self) -> None:
        """Write the file."""
        self.book.save(self.path)


def _cell(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value[:_MOST_LETTERS] if isinstance(value, str) else value


def needed() -> ModuleType:
    """The library that reads and writes workbooks. Raises InputError where the extra is missing."""
    try:
        import openpyxl
    except ImportError:
        raise InputError(MISSING) from None
    module: ModuleType = openpyxl
    return module
