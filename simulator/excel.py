"""Excel files, read and written a row at a time; the library is imported when needed, since that takes a while."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from simulator.results import InputError

MOST_ROWS = 1_048_576  # of a sheet, the header included
_MOST_LETTERS = 32_767  # of a cell


def read_rows(path: Path) -> Iterator[tuple[int, list[Any]]]:
    """Rows of the first sheet that are not empty, with their numbers; formulas by their last values.

    Raises InputError where the file is no workbook.
    """
    import openpyxl

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
        import openpyxl

        self.path, self.title = path, title
        self.book = openpyxl.Workbook(write_only=True)
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


def workbook(sheets: Mapping[str, pd.DataFrame], wide: float = 14.0) -> bytes:
    """A workbook with a sheet a table, heads in bold that stay in view."""
    import openpyxl
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    book = openpyxl.Workbook(write_only=True)
    for title, frame in sheets.items():
        sheet = book.create_sheet(title)
        sheet.freeze_panes = "A2"
        for place, name in enumerate(frame.columns, start=1):
            longest = max([len(str(name)), *(len(str(value)) for value in frame[name].head(100))], default=0)
            letter = get_column_letter(place)
            sheet.column_dimensions[letter].width = min(max(longest + 2.0, wide), 90.0)
        heads = [WriteOnlyCell(sheet, value=str(name)) for name in frame.columns]
        for head in heads:
            head.font, head.alignment = Font(bold=True), Alignment(wrap_text=True, vertical="top")
        sheet.append(heads)
        for row in zip(*(frame[name].astype(object).tolist() for name in frame.columns), strict=True):
            sheet.append([_cell(value) for value in row])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()
