"""An explanation in words, made from its numbers: whole sentences by case, and doubt where an interval holds zero."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pandas as pd

from simulator.analysis.mechanisms import BEFORE
from simulator.analysis.players import GROUPS, OTHERS
from simulator.indicators import INDICATORS
from simulator.texts import case, group, label, number, text

if TYPE_CHECKING:
    from simulator.analysis.explained import Explanation

_EVENTS_TOLD = 8  # of a person; the table has all
_OF_A_JOB = ("hired as", "became", "qualified as")


def paragraph(found: Explanation, lang: str) -> str:
    """What differs, by which levers and mechanisms, and what the model cannot tell."""
    told = [_difference(found, lang), *_sides(found, lang), *_levers(found, lang), *_mechanisms(found, lang)]
    return " ".join([*told, text("app.disclaimer", lang)])


def when(period: str, lang: str) -> str:
    """A year or a quarter in words."""
    if len(period) == 4:
        return text("explain.year", lang, year=period)
    return text("explain.quarter", lang, year=period[:4], quarter=period[5])


def indicator_name(found: Explanation, lang: str) -> str:
    """The indicator, with its group where it is not about all."""
    name = label(found.indicator, lang)
    if found.group == "all":
        return name
    return text("explain.of_group", lang, indicator=name, group=group(found.group, lang))


def part_name(key: str, lang: str) -> str:
    """A group of levers, a single lever or driver, or a mechanism."""
    if key in GROUPS:
        return text(f"explain.group_{key}", lang)
    if key == BEFORE:
        return text("explain.before", lang)
    if "." not in key:
        return label(f"change_{key}", lang)
    name = label(key.removesuffix(OTHERS), lang)
    return text("explain.by_others", lang, name=name) if key.endswith(OTHERS) else name


def side_name(part: str, lang: str) -> str:
    """A row of the grid: ``policy`` or ``world`` alone, their ``interaction``, or ``both``."""
    return text(f"app.grid_{part}", lang)


def finding(found: Explanation, chart: str, lang: str) -> str:
    """What ``levers``, ``grid`` or ``mechanisms`` say, in a sentence or two."""
    if chart == "grid":
        return " ".join(_sides(found, lang))
    if chart == "mechanisms":
        return " ".join(_mechanisms(found, lang))
    rows = list(found.levers.itertuples())
    told = list(_largest(found, rows, "group", ("explain.adds", "explain.takes"), lang))
    if found.difference["n"] > 1 and not told:
        told.append(text("explain.none_clear", lang))
    return " ".join(told)


def gap(value: float, indicator: str, lang: str, *, signed: bool = False) -> str:
    """A difference in an indicator's unit; between shares it is told in percentage points."""
    unit = INDICATORS[indicator].unit
    if unit in ("share", "share/year"):
        return text("explain.points", lang, n=number(100 * value, "", lang, signed=signed))
    return number(value, unit, lang, signed=signed)


def clear(row: Any) -> bool:
    """Whether an interval over several pairs of runs does not hold zero."""
    return bool(row.n > 1 and row.low * row.high > 0)


def _difference(found: Explanation, lang: str) -> str:
    about, row = found.metadata, found.difference
    ends = row["mean"], row["low"], row["high"]
    which = case(*ends, about["level_a"]) if row["n"] > 1 else "one"
    unit = INDICATORS[found.indicator].unit
    signed = which in ("hardly", "cannot_tell", "one")
    low, high = ends[1:] if signed or which == "rise" else (-ends[2], -ends[1])
    return text(
        f"explain.difference_{which}",
        lang,
        when=when(found.period, lang),
        indicator=indicator_name(found, lang),
        a=found.title("a", lang),
        b=found.title("b", lang),
        level=number(about["level_b"], unit, lang),
        reference=number(about["level_a"], unit, lang),
        difference=gap(row["mean"] if signed else abs(row["mean"]), found.indicator, lang, signed=signed),
        low=gap(low, found.indicator, lang, signed=signed),
        high=gap(high, found.indicator, lang, signed=signed),
        n=int(row["n"]),
    )


def _sides(found: Explanation, lang: str) -> Iterator[str]:
    parts = set(found.levers["part"])
    if len(parts) == 1:
        yield text(f"explain.only_{parts.pop()}", lang)
        return
    shares = {row.part: gap(row.share, found.indicator, lang, signed=True) for row in found.grid.itertuples()}
    yield text("explain.sides", lang, **shares)


def _levers(found: Explanation, lang: str) -> Iterator[str]:
    rows = list(found.levers.itertuples())
    yield from _largest(found, rows, "group", ("explain.adds", "explain.takes"), lang)
    unclear = [part_name(row.group, lang) for row in rows if not clear(row)]
    if found.difference["n"] > 1 and len(unclear) == len(rows):
        yield text("explain.none_clear", lang)
    elif found.difference["n"] > 1 and unclear:
        yield text("explain.cannot_tell", lang, names="; ".join(unclear))
    missed = found.levers["sampling_error"].max()
    if missed > 0:
        yield text("explain.sampled", lang, error=gap(missed, found.indicator, lang))


def _mechanisms(found: Explanation, lang: str) -> Iterator[str]:
    rows = list(found.mechanisms.itertuples())
    if not rows:
        yield text("explain.no_mechanisms", lang)
        return
    keys = ("explain.mechanism_adds", "explain.mechanism_takes")
    told = list(_largest(found, rows, "name", keys, lang))
    yield from told
    if found.difference["n"] > 1 and not told:
        yield text("explain.mechanisms_unclear", lang)


def _largest(found: Explanation, rows: list[Any], name: str, keys: tuple[str, str], lang: str) -> Iterator[str]:
    """The largest clear gain, then the largest clear loss; told as amounts, for the verb has the sign."""
    for key, sign in zip(keys, (1, -1), strict=True):
        mine = [row for row in rows if clear(row) and row.share * sign > 0]
        if not mine:
            continue
        row = max(mine, key=lambda one: one.share * sign)
        ends = sorted((abs(row.low), abs(row.high)))
        words = [gap(value, found.indicator, lang) for value in (abs(row.share), *ends)]
        named = part_name(getattr(row, name), lang)
        yield text(key, lang, name=named, **dict(zip(("share", "low", "high"), words, strict=True)))


# The log


def log_words(found: Explanation, lang: str) -> list[tuple[str, list[str]]]:
    """For every rule its words and the sentences about whom it chose: who it is, then each future."""
    titles = {side: found.title(side, lang) for side in ("a", "b")}
    told = []
    for (kind, rule), rows in found.log.groupby(["kind", "rule"], sort=False):
        head = text(f"explain.rule_{rule}", lang, **titles)
        if (rows["event"] == "nobody").any():
            told.append((head, [text("explain.nobody", lang)]))
            continue
        tell = _factory if kind == "factory" else _worker
        told.append((head, list(tell(rows, titles, lang))))
    return told


def _factory(rows: pd.DataFrame, titles: dict[str, str], lang: str) -> Iterator[str]:
    start = rows.iloc[0]
    goods, owner = start["about"].split(", ")
    yield text(
        "explain.factory",
        lang,
        who=start["who"],
        goods=group(f"goods={goods}", lang),
        owner=group(f"owner={owner}", lang),
        when=when(start["period"], lang),
        **_state(start, lang),
    )
    for side, title in titles.items():
        own = rows[rows["scenario"] == side]
        last, steps = own.iloc[-1], int(own["event"].str.startswith("automated").sum())
        words = {"scenario": title, "when": when(last["period"], lang), "steps": steps}
        event = str(last["event"])
        if event.startswith("moved to "):
            country = group(f"origin={event.removeprefix('moved to ')}", lang)
            yield text("explain.factory_moved", lang, **words, country=country)
        elif event == "closed":
            yield text("explain.factory_closed", lang, **words)
        else:
            yield text("explain.factory_open", lang, **words, **_state(last, lang))


def _state(row: pd.Series[Any], lang: str) -> dict[str, str]:
    return {
        "workers": number(row["workers"], "persons", lang),
        "automation": number(row["automation"], "share", lang),
    }


def _worker(rows: pd.DataFrame, titles: dict[str, str], lang: str) -> Iterator[str]:
    start = rows.iloc[0]
    gender, age, education = start["about"].split(", ")
    yield text(
        "explain.worker",
        lang,
        who=start["who"],
        gender=group(f"gender={gender}", lang),
        age=age,
        education=group(f"education={education}", lang),
        job=text(f"explain.job_{start['job']}", lang),
        when=when(start["period"], lang),
        wage=number(start["wage"], "USD/month", lang),
    )
    for side, title in titles.items():
        own = rows[rows["scenario"] == side]
        last = own.iloc[-1]
        state = last["about"] if last["event"] == "end" else "retired"
        job = text(f"explain.job_{last['job']}", lang) if last["job"] else ""
        wage = number(last["wage"], "USD/month", lang)
        words = {"scenario": title, "when": when(last["period"], lang), "job": job, "wage": wage}
        yield text(f"explain.worker_{state}", lang, **words)
        events = [row for row in own.itertuples() if row.event not in ("start", "end", "retired")]
        if events:
            told = [
                text("explain.at", lang, when=when(e.period, lang), event=event_name(e.event, lang)) for e in events
            ]
            if len(told) > _EVENTS_TOLD:
                more = len(told) - _EVENTS_TOLD
                told = [*told[:_EVENTS_TOLD], text("explain.and_more", lang, n=more)]
            yield text("explain.on_the_way", lang, events="; ".join(told))


def event_name(event: str, lang: str) -> str:
    """What happened to a person, in words."""
    for start in _OF_A_JOB:
        if event.startswith(f"{start} "):
            job = text(f"explain.job_{event.removeprefix(f'{start} ')}", lang)
            return text(f"explain.event_{start.split()[0]}", lang, job=job)
    return text(f"explain.event_{event.replace(' ', '_')}", lang)
