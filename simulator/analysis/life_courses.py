"""What a few factories decided and what became of a few workers in two futures, chosen by rules stated beforehand.

Both runs have the same luck and follow the same sample (:mod:`simulator.tracking`), so that a factory or a person is
the same one in both until the futures part. Everybody told of is at work when they do. What happens within a quarter is
seen at its end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from simulator import data
from simulator.state import GOODS, STAGES

FACTORY_RULES = ("automation_gap", "typical_factory", "gone_in_b", "gone_in_a")
WORKER_RULES = ("laid_off_in_b", "laid_off_in_a", "skilled_in_b", "typical_worker")
LOG_COLUMNS = ("kind", "rule", "who", "scenario", "period", "event", "job", "wage", "workers", "automation", "about")
SKILLS = ("none", "operator", "technician", "engineer")
Runs = tuple[pd.DataFrame, pd.DataFrame]  # the same sample under A and under B


@dataclass(frozen=True)
class Chosen:
    """Whom a rule chose; ``who`` is empty where it found nobody."""

    kind: str
    rule: str
    who: str


def log(factories: Runs, people: Runs, parted: str, end: str) -> pd.DataFrame:
    """The events of all that the rules choose, ``LOG_COLUMNS``; ``scenario`` is ``a`` or ``b``.

    Every one has an event ``start`` in the quarter ``parted`` and ``end`` in ``end``, unless gone; between them is what
    happened. A rule that found nobody has a row with the event ``nobody``.
    """
    parts: list[tuple[str, Runs, str, Callable[..., Iterator[dict[str, Any]]], list[Chosen]]] = [
        ("factory", factories, "factory", _factory_events, choose_factories(factories, parted, end)),
        ("worker", people, "person", _person_events, choose_workers(people, parted, end)),
    ]
    rows: list[dict[str, Any]] = []
    for kind, runs, column, events, chosen in parts:
        for one in chosen:
            head = {"kind": kind, "rule": one.rule, "who": one.who}
            if not one.who:
                rows.append(head | {"scenario": "", "period": "", "event": "nobody"})
                continue
            for scenario, frame in zip(("a", "b"), runs, strict=True):
                own = frame[(frame[column].astype("str") == one.who) & frame["period"].between(parted, end)]
                rows += [head | {"scenario": scenario} | event for event in events(own, end)]
    table = pd.DataFrame(rows, columns=list(LOG_COLUMNS))
    for name in ("job", "about"):
        table[name] = table[name].astype(object).fillna("")
    for name in ("wage", "workers", "automation"):
        table[name] = table[name].astype(float)
    return table


# Factories


def choose_factories(runs: Runs, parted: str, end: str) -> list[Chosen]:
    """A factory a rule, among those open and staffed in the quarter ``parted``.

    ``automation_gap``: open at the end in both, the one whose automation differs most. ``typical_factory``: open in
    both, the one whose difference in workers is the median. ``gone_in_b``, ``gone_in_a``: gone in one only, the one
    with most workers at the start. Equal ones: the lowest row.
    """
    a, b = (_at(frame[frame["open"]], "factory", end) for frame in runs)
    start = _at(runs[0][runs[0]["open"] & (runs[0]["workers"] > 0)], "factory", parted)
    both = [row for row in start.index if row in a.index and row in b.index]
    gap = pd.Series({row: abs(automation(b.loc[row]) - automation(a.loc[row])) for row in both}, dtype=float)
    more = pd.Series({row: b.loc[row, "workers"] - a.loc[row, "workers"] for row in both}, dtype=float)
    lost = {"gone_in_b": [r for r in start.index if r in a.index and r not in b.index],
            "gone_in_a": [r for r in start.index if r in b.index and r not in a.index]}  # fmt: skip
    found = {"automation_gap": _first(gap[gap > 0]), "typical_factory": _middle(more)}
    found |= {rule: _first(start.loc[rows, "workers"].astype(float)) for rule, rows in lost.items()}
    return [Chosen("factory", rule, found[rule]) for rule in FACTORY_RULES]


def automation(row: Mapping[str, Any]) -> float:
    """Automated part of a factory's work, its stages weighted as the model weights them."""
    weights = np.array([_weights()[stage][GOODS.index(str(row["goods"]))] for stage in STAGES])
    return float(weights @ np.array([row[f"automation_{stage}"] for stage in STAGES]))


def _weights() -> dict[str, Any]:
    return {stage: data.values("goods", f"weight_{stage}", GOODS) for stage in STAGES}


def _factory_events(own: pd.DataFrame, end: str) -> Iterator[dict[str, Any]]:
    last = len(own) - 1
    for place, (_, row) in enumerate(own.iterrows()):
        seen = {"period": row["period"], "workers": row["workers"], "automation": automation(row), "about": ""}
        if place == 0:
            yield seen | {"event": "start", "about": f"{row['goods']}, {_owner(row['owner'])}"}
        elif row["decision"]:
            yield seen | {"event": str(row["decision"])}
        if place == last and row["period"] == end and row["open"]:
            yield seen | {"event": "end"}


def _owner(name: str) -> str:
    return "domestic" if name == "KH" else "foreign"


# Workers


def choose_workers(runs: Runs, parted: str, end: str) -> list[Chosen]:
    """A person a rule, among those at work in the quarter ``parted``.

    ``laid_off_in_b``, ``laid_off_in_a``: laid off by the end in one future and not in the other, the first to be.
    ``skilled_in_b``: more skilled at the end in B than in A, the one whose wage differs most. ``typical_worker``: at
    work at the end in both, the one whose difference in wages is the median. Equal ones: the first in the sample.
    """
    start = _at(runs[0][runs[0]["state"] == "employed"], "person", parted)
    a, b = (frame[frame["person"].isin(start.index) & frame["period"].between(parted, end)] for frame in runs)
    without = [frame[frame["state"] == "displaced"] for frame in (a, b)]
    laid_off = [frame.groupby("person", observed=True)["period"].min() for frame in without]
    found = {}
    for rule, here, there in (("laid_off_in_b", laid_off[1], laid_off[0]), ("laid_off_in_a", *laid_off)):
        only = here[~here.index.isin(there.index)]
        only = only.reindex([p for p in start.index if p in only.index])
        found[rule] = str(only.index[np.argmin(only.to_numpy())]) if len(only) else ""
    ends = [_at(frame, "person", end) for frame in (a, b)]
    both = [p for p in start.index if p in ends[0].index and p in ends[1].index]
    skill = [np.array([SKILLS.index(s) for s in e.loc[both, "skill"]], dtype=int) for e in ends]
    wages = [e.loc[both, "wage"].to_numpy(dtype=float) for e in ends]
    work = [(e.loc[both, "state"] == "employed").to_numpy(dtype=bool) for e in ends]
    more = pd.Series(wages[1] - wages[0], index=both, dtype=float)
    found["skilled_in_b"] = _first(more.abs()[skill[1] > skill[0]])
    found["typical_worker"] = _middle(more[work[0] & work[1]])
    return [Chosen("worker", rule, found[rule]) for rule in WORKER_RULES]


def _person_events(own: pd.DataFrame, end: str) -> Iterator[dict[str, Any]]:
    before: Mapping[str, Any] | None = None
    for _, row in own.iterrows():
        seen = {"period": row["period"], "job": str(row["job"]), "wage": float(row["wage"]), "about": ""}
        if before is None:
            about = f"{row['gender']}, {row['age']:.0f}, {row['education']}"
            yield seen | {"event": "start", "about": about}
        else:
            for event in changes(before, row):
                yield seen | {"event": event}
        if row["period"] == end:
            yield seen | {"event": "end", "about": str(row["state"])}
        before = row
    if before is not None and before["period"] < end:
        yield {"period": before["period"], "job": "", "wage": 0.0, "about": "", "event": "retired"}


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What happened to a person between the ends of two quarters.

    >>> at = dict(state="employed", factory=3, job="operator", skill="operator", reskilled=False)
    >>> changes(at, at | dict(factory=7)), changes(at, at | dict(state="displaced"))
    (['changed factory'], ['laid off'])
    """
    found = []
    was, is_ = str(before["state"]), str(now["state"])
    if was != is_:
        if is_ == "employed":
            found.append(f"hired as {now['job']}")
        else:
            left = "left" if was == "employed" else "gave up looking"
            found.append({"displaced": "laid off", "training": "began a course"}.get(is_, left))
    elif is_ == "employed" and now["factory"] != before["factory"]:
        found.append("changed factory")
    elif is_ == "employed" and now["job"] != before["job"]:
        found.append(f"became {now['job']}")
    if now["reskilled"] and not before["reskilled"]:
        found.append("finished a course")
    if SKILLS.index(str(now["skill"])) > max(SKILLS.index(str(before["skill"])), SKILLS.index("operator")):
        found.append(f"qualified as {now['skill']}")
    return found


# Both


def _at(frame: pd.DataFrame, name: str, period: str) -> pd.DataFrame:
    rows = frame[frame["period"] == period]
    return rows.set_index(rows[name].astype("str"))


def _first(values: pd.Series[float]) -> str:
    """The name of the largest; of equal ones the first."""
    return str(values.index[int(np.argmax(values.to_numpy()))]) if len(values) else ""


def _middle(values: pd.Series[float]) -> str:
    """The name of the lower median; of equal ones the first."""
    if not len(values):
        return ""
    order = np.argsort(values.to_numpy(), kind="stable")
    return str(values.index[order[(len(order) - 1) // 2]])
