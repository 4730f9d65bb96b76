"""Lives told in sentences: whom the sample holds, and what happens to one of them in each future."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

import pandas as pd

from simulator.drawing import Tables, colours, swatch
from simulator.lives import (
    Event,
    Lives,
    factory_events,
    open_factories,
    person_events,
    pick_factories,
    pick_people,
    workers,
)
from simulator.texts import group, number, text

_STAGES = {"automated_cut": "cut", "automated_sew": "sew", "automated_finish": "finish", "automated_pack": "pack"}


def worker_names(lives: Lives, lang: str) -> dict[str, str]:
    """By person, a line to choose from: those proposed by rule first, then all others at work at the fork."""
    there = workers(lives)
    lines = {
        str(row.person): text(
            "people.worker_name",
            lang,
            number=place,
            gender=text("people.woman" if row.gender == "women" else "people.man", lang),
            age=int(row.age),
            job=text(f"people.job_{row.job}", lang),
            wage=number(row.wage, "USD/month", lang),
        )
        for place, row in enumerate(there.itertuples(), start=1)
    }
    return _proposed(lines, pick_people(lives), "people.pick_", lang)


def factory_names(lives: Lives, lang: str) -> dict[int, str]:
    """By factory, a line to choose from: those proposed by rule first."""
    lines = {
        int(row.factory): text(
            "people.factory_name",
            lang,
            number=place,
            goods=group(f"goods={row.goods}", lang),
            workers=number(row.workers, "persons", lang),
        )
        for place, row in enumerate(open_factories(lives).itertuples(), start=1)
    }
    return _proposed(lines, pick_factories(lives), "people.pick_factory_", lang)


def _proposed(lines: Mapping[Any, str], picks: Mapping[str, Any], prefix: str, lang: str) -> dict[Any, str]:
    by_who: dict[Any, list[str]] = {}
    for rule, who in picks.items():
        by_who.setdefault(who, []).append(text(f"{prefix}{rule}", lang))
    first = {who: f"{' · '.join(rules)} – {lines[who]}" for who, rules in by_who.items()}
    return first | {who: line for who, line in lines.items() if who not in first}


def life_found(lives: Lives, person: str, last: int, lang: str) -> str:
    """In how many futures the person is laid off and ends at work: the title of the chart."""
    end = f"{last}Q4"
    futures = {s: rows for s, rows in lives.person(person).items() if s != lives.baseline}
    lost = sum(bool(((f["period"] > lives.fork) & (f["state"] == "displaced")).any()) for f in futures.values())
    work = sum(bool(((f["period"] == end) & (f["state"] == "employed")).any()) for f in futures.values())
    return text("people.life_title", lang, lost=lost, work=work, total=len(futures), first=lives.fork[:4], last=last)


def factory_found(lives: Lives, factory: int, last: int, lang: str) -> str:
    """In how many futures the factory is open at the end: the title of the chart."""
    futures = [rows for s, rows in lives.factory(factory).items() if s != lives.baseline]
    open_ = sum(bool(((f["period"] == f"{last}Q4") & f["open"]).any()) for f in futures)
    words = {"open": open_, "total": len(futures), "first": lives.fork[:4], "last": last}
    return text("people.factory_title", lang, **words)


def life_cards(tables: Tables, lives: Lives, person: str, lang: str) -> str:
    """What happens to a person, a card a scenario."""
    end = f"{tables.years[1]}Q4"
    told = {s: [_person_event(e, lang) for e in _later(person_events(f, end), lives.fork)]
            for s, f in _from_fork(lives.person(person), lives.fork).items()}  # fmt: skip
    return _cards(tables, told, lang)


def factory_cards(tables: Tables, lives: Lives, factory: int, lang: str) -> str:
    """What happens to a factory, a card a scenario."""
    end = f"{tables.years[1]}Q4"
    told = {s: [_factory_event(e, lang) for e in factory_events(f, end)]
            for s, f in _from_fork(lives.factory(factory), lives.fork).items()}  # fmt: skip
    return _cards(tables, told, lang)


def _from_fork(lines: Mapping[str, pd.DataFrame], fork: str) -> dict[str, pd.DataFrame]:
    return {s: frame[frame["period"] >= fork].reset_index(drop=True) for s, frame in lines.items()}


def _later(events: list[Event], fork: str) -> list[Event]:
    return [event for event in events if event[1] == "start" or event[0] > fork]


def _cards(tables: Tables, told: Mapping[str, list[str]], lang: str) -> str:
    tints, made = colours(tables), []
    for scenario, lines in told.items():
        items = "".join(f"<li>{escape(line)}</li>" for line in lines)
        title = f"{swatch(tables, scenario)} {escape(tables.title(scenario, lang))}"
        card = f'<article class="card" style="--tint:{tints[scenario]}"><h3>{title}</h3><ul>{items}</ul></article>'
        made.append(card)
    return f'<div class="cards" lang="{lang}">{"".join(made)}</div>'


def when(period: str, lang: str) -> str:
    """``quarter 3 of 2031``."""
    return text("people.quarter", lang, quarter=period[5:], year=period[:4])


def _person_event(event: Event, lang: str) -> str:
    period, kind, row = event
    words = {"when": when(period, lang), "age": int(row["age"]), "wage": number(row["wage"], "USD/month", lang)}
    at_work = row["state"] == "employed"
    words["state"] = text(f"people.state_{row['job'] if at_work else row['state']}", lang)
    words["job"] = text(f"people.job_{row['job']}", lang) if at_work else ""
    if kind in ("start", "end"):
        kind = "start_paid" if at_work else "start"
    return text(f"people.event_{kind}", lang, **words)


def _factory_event(event: Event, lang: str) -> str:
    period, kind, row = event
    words = {"when": when(period, lang), "workers": number(row["workers"], "persons", lang)}
    if kind in _STAGES:
        words["stage"] = group(f"stage={_STAGES[kind]}", lang)
        kind = "machines"
    elif kind == "moved":
        words["place"] = group(f"origin={row['to']}", lang)
    words["share"] = number(row["automation_sew"], "share", lang)
    return text(f"people.event_factory_{kind}", lang, **words)
