"""One worker and one factory followed through the baseline and the futures, with the same luck.

The followed sample of a run (:mod:`simulator.tracking`) is the same in every scenario, so a person or factory can be
looked up in all of them. Lives are kept beside the store of runs, for the first draw and seed of a comparison.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import pandas as pd

from simulator.compare import comparison_requests
from simulator.results import PEOPLE_COLUMNS, Result, write_together
from simulator.run import Progress, Request, execute
from simulator.store import Store

NICE = 10
KINDS = ("people", "factories")
FIRST_SHOWN = "2022Q1"  # life lines begin some years before the futures part
PICKS = ("typical", "laid_off", "trained")  # rules by which a worker is proposed
FACTORY_PICKS = ("typical", "machines", "gone")


@dataclass(frozen=True, eq=False)
class Lives:
    """By scenario, the baseline first: everybody followed, one row a step. ``fork`` is the last common quarter."""

    people: Mapping[str, pd.DataFrame]
    factories: Mapping[str, pd.DataFrame]
    fork: str
    seed: int = 0
    draw: int = -1

    @property
    def baseline(self) -> str:
        """The first scenario."""
        return next(iter(self.people))

    def person(self, name: str) -> dict[str, pd.DataFrame]:
        """One person's rows by scenario, from ``FIRST_SHOWN`` on."""
        return {s: _rows(frame, "person", name) for s, frame in self.people.items()}

    def factory(self, row: int) -> dict[str, pd.DataFrame]:
        """One factory's rows by scenario, from ``FIRST_SHOWN`` on."""
        return {s: _rows(frame, "factory", row) for s, frame in self.factories.items()}


def _rows(frame: pd.DataFrame, name: str, value: Any) -> pd.DataFrame:
    chosen = frame[(frame[name] == value) & (frame["period"] >= FIRST_SHOWN)]
    return chosen.sort_values("period", kind="stable").reset_index(drop=True)


# ---- runs and files


def life_requests(requests: Sequence[Request]) -> list[Request]:
    """Of a comparison's runs those that are followed: each scenario once, with the first draw and seed."""
    first = requests[0]
    found = {r.scenario.id: r for r in requests if (r.draw, r.seed) == (first.draw, first.seed)}
    return [request for name, request in found.items() if "@" not in name]


def path(store: Store, request: Request, kind: str) -> Path:
    """Where the people or factories of a run are or would be."""
    return store.folder.parent / "lives" / f"{request.key}.{kind}.parquet"


def load(requests: Sequence[Request], store: Store) -> Lives | None:
    """The lives of a comparison; None where a file is missing or cannot be read."""
    chosen = life_requests(requests)
    found: dict[str, dict[str, pd.DataFrame]] = {kind: {} for kind in KINDS}
    for request in chosen:
        for kind in KINDS:
            try:
                found[kind][request.scenario.id] = pd.read_parquet(io.BytesIO(path(store, request, kind).read_bytes()))
            except (OSError, ValueError):  # what pyarrow raises for a damaged file are these two
                return None
    starts = [request.scenario.start for request in chosen[1:]] or [chosen[0].scenario.start]
    return Lives(found["people"], found["factories"], _before(min(starts)), chosen[0].seed, chosen[0].draw)


def there(requests: Sequence[Request], store: Store) -> bool:
    """Whether all files are there, readable or not."""
    return all(path(store, request, kind).is_file() for request in life_requests(requests) for kind in KINDS)


def discard(requests: Sequence[Request], store: Store) -> None:
    """Remove the files, so that they are made anew."""
    for request in life_requests(requests):
        for kind in KINDS:
            path(store, request, kind).unlink(missing_ok=True)


def make(requests: Sequence[Request], store: Store, progress: Progress | None = None) -> None:
    """Run what is missing, a run at a time, and keep it; the run itself goes to the store as well. Raises OSError."""
    chosen = life_requests(requests)
    for done, request in enumerate(chosen):
        if progress is not None:
            progress(done, len(chosen))
        if not there([request], store):
            result = execute(request, track=True)
            keep(request, result, store)
            store.put(request, result)
    if progress is not None:
        progress(len(chosen), len(chosen))


def keep(request: Request, result: Result, store: Store) -> None:
    """Write the lives of a run that followed its people and factories."""
    frames = {"people": result.people, "factories": result.factories}

    def writer(frame: pd.DataFrame) -> Any:
        return lambda place: frame.to_parquet(place, compression="zstd", index=False)

    write_together({path(store, request, kind): writer(frame) for kind, frame in frames.items()})


def _before(period: str) -> str:
    year, quarter = int(period[:4]), int(period[5:])
    return f"{year}Q{quarter - 1}" if quarter > 1 else f"{year - 1}Q4"


# ---- whom to follow


def workers(lives: Lives) -> pd.DataFrame:
    """Those at work when the futures part, as they were then, by wage."""
    frame = lives.people[lives.baseline]
    then = frame[(frame["period"] == lives.fork) & (frame["state"] == "employed")]
    return then.sort_values(["wage", "person"], kind="stable").reset_index(drop=True)


def open_factories(lives: Lives) -> pd.DataFrame:
    """Factories open with somebody at work when the futures part, as they were then, by workers."""
    frame = lives.factories[lives.baseline]
    then = frame[(frame["period"] == lives.fork) & frame["open"] & (frame["workers"] > 0)]
    return then.sort_values(["workers", "factory"], kind="stable").reset_index(drop=True)


def pick_people(lives: Lives) -> dict[str, str]:
    """By rule of ``PICKS``, the person it proposes; a rule that nobody meets is left out.

    ``typical``: at the median wage of those at work when the futures part who have not gone home for good by the end of
    the baseline (of all at work then, where nobody is left). ``laid_off``: of those at work then, the first to be laid
    off in a future. ``trained``: of these, the first to finish a public course in a future.
    """
    there = workers(lives)
    if there.empty:
        return {}
    frame = lives.people[lives.baseline]
    staying = frame.loc[frame["period"] == frame["period"].max(), "person"]  # rows end where somebody goes home
    long = there[there["person"].isin(set(staying))]
    long = there if long.empty else long
    found = {"typical": str(long["person"].iloc[(len(long) - 1) // 2])}
    later = _futures(lives.people, lives, "person", set(there["person"].astype(str)))
    for rule, rows in (("laid_off", later["state"] == "displaced"), ("trained", later["reskilled"].astype(bool))):
        if rows.any():
            found[rule] = str(later[rows].sort_values(["period", "person"], kind="stable")["person"].iloc[0])
    return found


def pick_factories(lives: Lives) -> dict[str, int]:
    """By rule of ``FACTORY_PICKS``: the median by workers; the first to automate sewing; the first to go."""
    there = open_factories(lives)
    if there.empty:
        return {}
    found = {"typical": int(there["factory"].iloc[(len(there) - 1) // 2])}
    later = _futures(lives.factories, lives, "factory", set(there["factory"]))
    words = later["decision"].astype(str)
    gone = (words == "closed") | words.str.startswith("moved")
    for rule, rows in (("machines", words == "automated sew"), ("gone", gone)):
        if rows.any():
            found[rule] = int(later[rows].sort_values(["period", "factory"], kind="stable")["factory"].iloc[0])
    return found


def _futures(frames: Mapping[str, pd.DataFrame], lives: Lives, name: str, who: set[Any]) -> pd.DataFrame:
    """Rows after the fork of those named, in every future but the baseline."""
    parts = []
    for scenario, frame in frames.items():
        if scenario != lives.baseline:
            key = frame[name].astype(str) if name == "person" else frame[name]
            parts.append(frame[(frame["period"] > lives.fork) & key.isin(who)].assign(scenario=scenario))
    return pd.concat(parts, ignore_index=True) if parts else frames[lives.baseline].iloc[:0]


# ---- what happens


@dataclass(frozen=True)
class Spell:
    """A stretch of quarters, both ends included, in one state and job."""

    first: str
    last: str
    state: str
    job: str


def spells(rows: pd.DataFrame) -> list[Spell]:
    """A person's stretches in order."""
    steps = zip(rows["period"].astype(str), rows["state"].astype(str), rows["job"].astype(str), strict=True)
    found = []
    for (state, job), run in groupby(steps, key=lambda step: step[1:]):
        periods = [step[0] for step in run]
        found.append(Spell(periods[0], periods[-1], state, job))
    return found


Event = tuple[str, str, Mapping[str, Any]]  # quarter, what happened, with what


def person_events(rows: pd.DataFrame, end: str) -> list[Event]:
    """What happens to a person: hired, laid off, a course, promoted, leaves, retires; and how the line ends.

    ``end`` is the last quarter of the run: a line that ends before is a retirement.
    """
    if rows.empty:
        return []
    steps = [
        dict(zip(PEOPLE_COLUMNS, step, strict=True)) for step in rows[list(PEOPLE_COLUMNS)].itertuples(index=False)
    ]
    found: list[Event] = [(steps[0]["period"], "start", steps[0])]
    for before, now in pairwise(steps):
        if now["reskilled"] and not before["reskilled"]:
            found.append((now["period"], "trained", now))
        kind = _what(before, now)
        if kind:
            found.append((now["period"], kind, now))
    last = steps[-1]
    found.append((last["period"], "end" if last["period"] >= end else "retired", last))
    return found


def _what(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    if now["state"] == "employed":
        if before["state"] != "employed" or now["factory"] != before["factory"]:
            return "hired"
        return "promoted" if now["job"] != before["job"] else ""
    if now["state"] == before["state"]:
        return ""
    if now["state"] == "training":
        return "course"
    if now["state"] == "displaced":
        return "laid_off" if before["state"] == "employed" else "searching"
    return "left" if before["state"] == "employed" else "found_other" if before["state"] == "displaced" else ""


def factory_events(rows: pd.DataFrame, end: str) -> list[Event]:
    """What a factory does: the first machines of a stage, closing or moving; and how the line ends."""
    if rows.empty:
        return []
    steps = rows.to_dict("records")
    found: list[Event] = [(steps[0]["period"], "start", steps[0])]
    seen: set[str] = set()
    for before, step in pairwise(steps):
        decision = str(step["decision"])
        if decision.startswith("automated") and decision not in seen:
            seen.add(decision)
            found.append((step["period"], decision.replace(" ", "_"), step))
        elif decision == "closed" or decision.startswith("moved"):
            kind, _, to = decision.partition(" to ")
            found.append((step["period"], kind, step | {"to": to, "workers": before["workers"]}))  # they are gone now
    if steps[-1]["period"] >= end and found[-1][1] not in ("closed", "moved"):
        found.append((steps[-1]["period"], "end", steps[-1]))
    return found


def main() -> int:
    """Make the lives that the page of people shows, in a process of its own of low priority."""
    with contextlib.suppress(AttributeError, OSError):  # where the system knows no priorities
        os.nice(NICE)
    make(comparison_requests(), Store())
    return 0


if __name__ == "__main__":
    sys.exit(main())
