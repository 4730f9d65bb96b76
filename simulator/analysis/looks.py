"""The log of looks at outcomes that were kept out of every choice: who looked when, at what, and why."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date

from simulator.paths import shipped
from simulator.results import InputError

COLUMNS = ("date", "who", "what", "reason")


@dataclass(frozen=True)
class Look:
    """One look, a row of ``calibration/looks.csv``."""

    date: str
    who: str
    what: str
    reason: str


def looks() -> list[Look]:
    """Every look so far, in the order of the file. Raises InputError where it is missing or damaged."""
    try:
        path = shipped("looks")
        with path.open(encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file, strict=True)
        if tuple(header) != COLUMNS:
            raise ValueError(f"its columns must be {', '.join(COLUMNS)}")
        found = [Look(*row) for row in rows]
        for look in found:
            date.fromisoformat(look.date)
            if not (look.who and look.what and look.reason):
                raise ValueError("a look without who, what or reason")
    except (OSError, ValueError, TypeError, csv.Error) as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(
            f"calibration/looks.csv, the log of looks at what was kept out, cannot be read: {reason}"
        ) from None
    return found


def reminder() -> str:
    """When outcomes were last looked at, and that this look belongs into the log."""
    log = looks()
    last = max(log, key=lambda look: look.date, default=None)
    told = "none" if last is None else f"{len(log)}, the last on {last.date} by {last.who} ({last.reason})"
    return f"this looks at outcomes that were kept out; looks in the log: {told}; add a row to calibration/looks.csv"
