"""Is a report true? Its numbers are computed anew from what it says of itself and compared with what it shows.

Three things are compared: the versions it names with this one, the numbers it carries in full, and, page for page, what
it shows: the report is written again from the new runs and must come out the same.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import unescape
from itertools import zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from simulator.compare import Comparison, compare
from simulator.data import digest
from simulator.fingerprint import code_digest
from simulator.posterior import is_shipped, load_posterior
from simulator.provenance import Stamp, pages_digest, record_digest, remade
from simulator.report import numbers, report_html
from simulator.report_findings import unmarked
from simulator.results import InputError
from simulator.run import Progress
from simulator.scenario import Scenario
from simulator.store import Store
from simulator.texts import LANGUAGES
from simulator.version import __version__

MOST_BYTES = 50_000_000
MOST_RUNS = 100_000
MOST_TOLD = 5  # differences named
CLOSE = 1e-9  # relative difference between machines that is none
_ELEMENT = '<script type="application/json" id="{name}">'
_BETWEEN_TAGS = re.compile(r"<[^>]*>")
_STAMP = ("made_on", "python", "numpy", "mesa")


@dataclass(frozen=True)
class Claim:
    """What a report says: the file's text, its language, scenarios (the baseline first) and numbers."""

    text: str
    lang: str
    about: Mapping[str, Any]
    scenarios: Sequence[Scenario]
    numbers: Mapping[str, Any]

    @property
    def metadata(self) -> Mapping[str, Any]:
        """Settings and versions of the comparison."""
        found: Mapping[str, Any] = self.about["metadata"]
        return found

    @property
    def runs(self) -> int:
        """How many runs a check takes, those of the grid left out."""
        return len(self.scenarios) * len(self.metadata["draws"]) * len(self.metadata["seeds"])


@dataclass(frozen=True)
class Verdict:
    """``equal``, and if not why; ``compared`` numbers of ``runs`` runs; whether a section of stored findings was left
    out."""

    equal: bool
    reasons: tuple[str, ...] = ()
    compared: int = 0
    runs: int = 0
    failures: tuple[str, ...] = field(default=())
    unchecked: bool = False

    def to_json(self) -> dict[str, Any]:
        """As the command line prints it."""
        names = ("equal", "reasons", "compared", "runs", "failures", "unchecked")
        return {n: list(v) if isinstance(v := getattr(self, n), tuple) else v for n in names}


def verify(
    path: str | Path, store: Store | None = None, workers: int | None = None, progress: Progress | None = None
) -> Verdict:
    """Check a report. Without ``store`` every run is made anew and kept nowhere.

    Raises InputError where the file is no report, damaged, or asks for what cannot be run.
    """
    claim = read(path)
    reasons = other_versions(claim.about)
    if reasons:
        return Verdict(False, tuple(reasons))
    if store is not None:
        return _checked(claim, _again(claim, store, workers, progress))
    with TemporaryDirectory(prefix="garment-sim-") as folder:
        return _checked(claim, _again(claim, Store(folder), workers, progress))


# ---- reading


def read(path: str | Path) -> Claim:
    """What a report says of itself. Raises InputError in one line."""
    path = Path(path)
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InputError(f"{path}: is larger than {MOST_BYTES // 1_000_000} MB; no report is")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or 'cannot be read'}") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: is no text in UTF-8; a report.html of garment-sim is asked for") from None
    try:
        return _claim(text)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _claim(text: str) -> Claim:
    about, carried = (_json(text, name) for name in ("about", "numbers"))
    if not text.rstrip().endswith("</html>"):
        raise InputError("is damaged: it ends too early")
    if about.get("format") != 1:
        raise InputError(f"has format {about.get('format')!r}; this version reads format 1")
    data, lang = about.get("metadata"), about.get("lang")
    if not isinstance(data, dict) or lang not in (*LANGUAGES, "both"):
        raise InputError("is damaged: it does not say how it was made")
    for name in ("draws", "seeds"):
        listed = data.get(name)
        if not isinstance(listed, list) or not listed or not all(type(one) is int for one in listed):
            raise InputError(f"is damaged: its {name} are no list of whole numbers")
    for name in ("people_per_agent", "until", "steps_per_year"):
        if type(data.get(name)) is not int:
            raise InputError(f"is damaged: its {name} is no whole number")
    entries = about.get("scenarios")
    if not isinstance(entries, list) or len(entries) < 2 or not all(isinstance(one, dict) for one in entries):
        raise InputError("is damaged: it lists no scenarios")
    claim = Claim(text, lang, about, [remade(entry) for entry in entries], carried)
    draws = data["draws"]
    whole = draws == list(range(len(draws))) if data.get("posterior") else draws == [-1]
    if not whole or data["seeds"] != list(range(len(data["seeds"]))) or data["steps_per_year"] != 4:
        raise InputError("names draws, seeds or steps that a comparison never has")
    if claim.runs > MOST_RUNS:
        raise InputError(f"asks for {claim.runs:,} runs; at most {MOST_RUNS:,} are made to check a report")
    return claim


def _json(text: str, name: str) -> dict[str, Any]:
    _, found, rest = text.partition(_ELEMENT.format(name=name))
    content, end, _ = rest.partition("</script>")
    if not found:
        raise InputError(f"is no report of garment-sim, or an old one: it carries no {name}")
    try:
        read = json.loads(content)
    except ValueError:
        read = None
    if not end or not isinstance(read, dict):
        raise InputError(f"is damaged: its {name} cannot be read")
    return read


# ---- comparing


def other_versions(about: Mapping[str, Any]) -> list[str]:
    """Why the report cannot be remade here: each version that differs, theirs and ours."""
    data = about["metadata"]
    ours: dict[str, tuple[Any, Any]] = {
        "version": (data.get("model"), __version__),
        "code of the model": (data.get("code"), code_digest()),
        "data": (data.get("data"), digest()),
        "pages": (about.get("pages"), pages_digest()),
        "record of the fit": (about.get("record"), record_digest()),
    }
    if data.get("posterior"):
        ours["posterior"] = (data["posterior"], load_posterior().name if is_shipped() else "none")
    return [
        f"another {what}: the report was made with {_short(theirs)}, this is {here}"
        for what, (theirs, here) in ours.items()
        if theirs != here
    ]


def _again(claim: Claim, store: Store, workers: int | None, progress: Progress | None) -> Comparison:
    data = claim.metadata
    return compare(
        claim.scenarios[1:],
        claim.scenarios[0],
        draws=len(data["draws"]) if data["posterior"] else 0,
        seeds=len(data["seeds"]),
        people_per_agent=data["people_per_agent"],
        until=data["until"],
        store=store,
        workers=workers,
        progress=progress,
        grid=bool(claim.about.get("grid")),
    )


def _checked(claim: Claim, comparison: Comparison) -> Verdict:
    failures = tuple(str(failure) for failure in comparison.failures)
    runs = comparison.metadata["runs"]
    if failures:
        return Verdict(False, ("some runs failed, so that the numbers cannot be compared",), 0, runs, failures)
    different, compared = differences(claim.numbers, numbers(comparison))
    reasons = list(different)
    if not reasons:
        reasons = shown_differences(claim, comparison)
    return Verdict(not reasons, tuple(reasons), compared, runs, unchecked=unmarked(claim.text) != claim.text)


def differences(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> tuple[list[str], int]:
    """Numbers of the report that the new runs do not give, the first few in words, and how many were compared."""
    found: list[str] = []
    compared = unequal = 0
    for name, table in ours.items():
        said = theirs.get(name)
        rows = said.get("rows") if isinstance(said, dict) and said.get("columns") == table["columns"] else None
        if not isinstance(rows, list) or len(rows) != len(table["rows"]):
            found.append(f"the table {name} has other columns or rows than a report of this comparison")
            continue
        for old, new in zip(rows, table["rows"], strict=True):
            if not isinstance(old, list) or len(old) != len(new):
                unequal += 1
                continue
            for column, a, b in zip(table["columns"], old, new, strict=True):
                compared += 1
                if not _equal(a, b):
                    unequal += 1
                    if len(found) < MOST_TOLD:
                        where = ", ".join(str(value) for value in new if isinstance(value, str))
                        found.append(f"{name} ({where}), {column}: the report says {_short(a)}, the new runs {b}")
    if unequal > MOST_TOLD:
        found.append(f"and so on: {unequal:,} of {compared:,} numbers differ")
    return found, compared


def shown_differences(claim: Claim, comparison: Comparison) -> list[str]:
    """What the report shows otherwise than a report written from the new runs would."""
    tools = claim.metadata
    stamp = Stamp(*(str((claim.about if name == "made_on" else tools).get(name, "")) for name in _STAMP))
    again, shown = report_html(comparison, claim.lang, stamp), unmarked(claim.text)
    if again == shown:
        return []
    found: list[str] = []
    for old, new in zip_longest(_words(shown), _words(again), fillvalue=""):
        if old != new:
            found.append(f"it shows {_short(old)} where the new runs give {_short(new)}")
            if len(found) == MOST_TOLD:
                break
    return found or ["its charts, styles or scripts are not those of a report of these runs"]


def _words(page: str) -> list[str]:
    """What stands between the tags of the body, up to the scripts."""
    body = page.partition("<body>")[2].partition("<script")[0]
    return [words for piece in _BETWEEN_TAGS.split(body) if (words := unescape(piece).strip())]


def _equal(a: Any, b: Any) -> bool:
    numeric = all(isinstance(one, int | float) and not isinstance(one, bool) for one in (a, b))
    return math.isclose(a, b, rel_tol=CLOSE, abs_tol=1e-12) if numeric else bool(a == b)


def _short(value: Any) -> str:
    told = repr(value) if isinstance(value, str) else str(value)
    return told if len(told) <= 100 else told[:100] + "…"
