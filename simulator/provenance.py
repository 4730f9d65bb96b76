"""What every file taken away says of itself: versions, data, scenarios, draws, seeds, date, and what it is worth."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from simulator.record import load_record
from simulator.results import InputError
from simulator.scenario import Scenario, ScenarioError, load_scenario
from simulator.texts import LANGUAGES, number, text

if TYPE_CHECKING:
    from simulator.compare import Comparison

_PACKAGE = Path(__file__).resolve().parent
_PAGES = ("*.py", "*.css", "*.yaml", "*.typ")  # files that decide what a page says


@dataclass(frozen=True)
class Stamp:
    """When and with what a file was made; what differs from machine to machine without changing a number."""

    made_on: str
    python: str
    numpy: str
    mesa: str

    @classmethod
    def now(cls) -> Stamp:
        """Today, on this machine."""
        today = datetime.now(UTC).date().isoformat()
        return cls(today, platform.python_version(), np.__version__, version("mesa"))


def band_note(comparison: Comparison, lang: str) -> str:
    """What the bands hold."""
    about = comparison.metadata
    count = {name: len(about[name]) for name in ("draws", "seeds")}
    return text(by_kind("app.chart_band_note", comparison), lang, **count)


def by_kind(key: str, comparison: Comparison | None) -> str:
    """The key of a text about spread, or of what is said instead where the runs differ by their draw."""
    return f"{key}_draws" if comparison is not None and comparison.metadata["posterior"] else key


def worth(comparison: Comparison, lang: str) -> list[str]:
    """What the numbers are worth, in sentences: no forecast, what the bands hold, the Khmer unread."""
    return [text("app.disclaimer", lang), band_note(comparison, lang), text("app.khmer_pending", lang)]


def about(comparison: Comparison, stamp: Stamp | None = None) -> dict[str, Any]:
    """Everything needed to remake the comparison, fit for JSON; :func:`remade` reads it back."""
    stamp = stamp or Stamp.now()
    tools = {"python": stamp.python, "numpy": stamp.numpy, "mesa": stamp.mesa}
    everyone = (comparison.baseline, *comparison.scenarios)
    return {
        "format": 1,
        "made_on": stamp.made_on,
        "metadata": comparison.metadata | tools,
        "grid": any("@" in name for name in comparison.results),
        "scenarios": [{"id": s.id, "start": s.start, "chosen": sorted(s._chosen), "text": s.text} for s in everyone],
        "pages": pages_digest(),
        "record": record_digest(),
        "worth": {lang: worth(comparison, lang) for lang in LANGUAGES},
    }


def remade(entry: Mapping[str, Any]) -> Scenario:
    """A scenario of ``about``'s list. Raises InputError where it is none that may be run."""
    try:
        name, start, chosen, said = (entry[key] for key in ("id", "start", "chosen", "text"))
        if not all(isinstance(word, str) for word in (name, start, said, *chosen)):
            raise TypeError
        with TemporaryDirectory(prefix="garment-sim-") as folder:
            path = Path(folder) / "scenario.yaml"
            path.write_text(said, encoding="utf-8")
            read = load_scenario(path)
    except ScenarioError as error:
        raise InputError(f"its scenario {entry['id']!r} is not valid: {error.reason}") from None
    except (KeyError, TypeError, ValueError):
        raise InputError("its list of scenarios is incomplete") from None
    scenario = replace(read, id=name, start=start, _chosen=frozenset(chosen))
    if scenario.text.partition("\n")[2] != said.partition("\n")[2]:
        raise InputError(f"its scenario {name!r} is not written as this version writes scenarios")
    return scenario


def facts(comparison: Comparison, lang: str, stamp: Stamp | None = None) -> list[tuple[str, str]]:
    """The same for people: pairs of a heading and what it says, in the order in which they are read."""
    stamp = stamp or Stamp.now()
    data = comparison.metadata
    names = ", ".join(s.title.get(lang) or s.id for s in comparison.scenarios)
    draws = number(len(data["draws"])) if data["posterior"] else text("take.best_set", lang)
    rows = [
        ("app.scenario", names),
        ("app.baseline", comparison.baseline.title.get(lang) or comparison.baseline.id),
        ("app.year", f"{comparison.years[0]}–{comparison.years[-1]}"),
        ("report.draws", f"{draws} ({data['posterior']})" if data["posterior"] else draws),
        ("report.seeds", ", ".join(map(str, data["seeds"]))),
        ("app.runs", number(data["runs"])),
        ("terms.people_per_agent", number(data["people_per_agent"])),
        ("report.model_version", f"{data['model']} ({data['code']})"),
        ("report.data_digest", data["data"]),
        ("report.made_on", stamp.made_on),
    ]
    return [(text(key, lang), told) for key, told in rows]


def record_digest() -> str:
    """Of the record that the evidence is read from; empty where its files are damaged."""
    try:
        return load_record().digest
    except InputError:
        return ""


@cache
def pages_digest() -> str:
    """12 hex digits of all files of the package: equal digests word and draw a comparison alike."""
    found = hashlib.sha256()
    for path in sorted(p for kind in _PAGES for p in _PACKAGE.rglob(kind) if "shipped" not in p.parts):
        found.update(path.relative_to(_PACKAGE).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()[:12]
