"""Pieces of HTML that the screen, the facilitator's pack and the pocket edition share, and the words of the floor."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from simulator.data import values
from simulator.lessons.content import Table, row_label
from simulator.lessons.findings import LATE, Finding, Runs, find
from simulator.lessons.lives import COUNTED, HOME, STATES
from simulator.lessons.plan import SHIPPED, WITH, WITHOUT, title
from simulator.state import GOODS, STAGES
from simulator.texts import group, number, text, unit

LIFE_COLOURS = ("#0072b2", "#b84a00", "#6a4fb3", "#c8321a", "#d9a400", "#d5dae0", "#8a949e")


def paragraphs(words: str) -> str:
    """Lines as paragraphs."""
    return "".join(f"<p>{escape(line)}</p>" for line in words.split("\n") if line.strip())


def value(shown: str, exact: float) -> str:
    """A number as a text shows it, with itself for whoever checks it."""
    return f'<data value="{exact:.10g}">{escape(shown)}</data>'


def level_cell(found: Finding) -> str:
    """A level with its spread, in the unit that the row names."""
    shown = found.figures()
    return f'{value(shown["level"], found.level)} <span class="band">({shown["low"]} – {shown["high"]})</span>'


def row_head(indicator: str, of: str, found: Finding, lang: str) -> str:
    """What a row counts, and in which unit."""
    _, key = found.scale
    counted = key if key in ("", "%") else text(key, lang)
    counted = counted or unit(found.unit, lang)
    named = escape(row_label(indicator, of, lang))
    return f'{named} <span class="band">{escape(counted)}</span>' if counted and found.unit != "ratio" else named


def results(table: Table, runs: Runs, lang: str, differences: bool = False) -> str:
    """Rows of numbers under several scenarios, held against the first.

    With ``differences`` every column but the first shows its difference from it, as a table of two always does.
    """
    first, *others = table.of
    head = "".join(f'<th scope="col">{escape(title(name, lang))}</th>' for name in table.of)
    two = len(others) == 1
    if two:
        head += f'<th scope="col">{escape(text("teach.table_difference", lang))}</th>'
        head += f'<th scope="col">{escape(text("teach.table_agree", lang))}</th>'
    rows = []
    for indicator, of in table.rows:
        found = {name: find(runs, indicator, name, first, of) for name in table.of}
        shown = (first,) if differences else table.of
        cells = "".join(_cell(title(name, lang), level_cell(found[name])) for name in shown)
        if differences:
            cells += "".join(_cell(title(name, lang), difference_cell(found[name], lang)) for name in others)
        if two:
            cells += _difference(found[others[0]], lang)
        rows.append(f'<tr><th scope="row">{row_head(indicator, of, found[first], lang)}</th>{cells}</tr>')
    note = text("teach.table_note", lang, first=LATE[0], last=LATE[1])
    return (
        f'<div class="table stack numbers" lang="{lang}" tabindex="0"><table><thead><tr>'
        f'<th scope="col">{escape(text("teach.table_what", lang))}</th>{head}</tr></thead>'
        f'<tbody>{"".join(rows)}</tbody></table></div><p class="note" lang="{lang}">{escape(note)}</p>'
    )


def _cell(head: str, inside: str) -> str:
    return f'<td data-head="{escape(head)}"><span>{inside}</span></td>'


def difference_cell(found: Finding, lang: str, mark: bool = True) -> str:
    """A difference with its spread, and where the runs do not agree, that."""
    shown = found.figures()
    band = f"({shown['difference_low']} – {shown['difference_high']})"
    doubt = f" <em>{escape(text('teach.table_cannot_tell', lang))}</em>" if mark and found.case == "cannot_tell" else ""
    return f'{value(shown["difference"], found.difference)} <span class="band">{band}</span>{doubt}'


def _difference(found: Finding, lang: str) -> str:
    inside = difference_cell(found, lang, mark=False)
    agreeing = f"{found.words(lang)['agree']} / {found.n}"
    if found.case == "cannot_tell":
        agreeing += f" <em>{escape(text('teach.table_cannot_tell', lang))}</em>"
    return _cell(text("teach.table_difference", lang), inside) + _cell(text("teach.table_agree", lang), agreeing)


# ---- the floor


def floor_data(recording: Mapping[str, Any]) -> dict[str, Any]:
    """What the drawing needs of a recording."""
    weights = [float(values("goods", f"weight_{stage}", GOODS)[0]) for stage in STAGES]
    return {**recording, "weights": weights}


def floor_words(lang: str) -> dict[str, Any]:
    """The texts of the drawing."""

    def words(key: str) -> str:
        return _raw(f"teach.floor_{key}", lang)

    plain = (
        *("play", "pause", "back", "step", "speed", "factory", "quarter", "quarter_label", "facts", "stopped"),
        *("machines", "bench", "bought", "closed", "empty", "tap", "gone", "person"),
    )
    jobs = [words(f"job_{job}") for job in ("operator", "technician", "engineer")]
    signs = ("operator", "technician", "engineer", "new", "works", "still", "none", "empty")
    return {
        **{key: words(key) for key in plain},
        "tier": [words(f"tier_{tier}") for tier in (1, 2, 3)],
        "speeds": [words(speed) for speed in ("slow", "normal", "fast")],
        "variants": [title(name, lang) for name in (WITHOUT, WITH)],
        "stages": [group(f"stage={stage}", lang) for stage in STAGES],
        "gender": [words("woman"), words("man")],
        "school": [group(f"education={e}", lang) for e in ("primary", "lower_secondary", "upper_secondary")],
        "jobs": jobs,
        "skills": [words("skill_none"), *jobs],
        "legend": [[sign, words(f"key_{sign}")] for sign in signs],
    }


def _raw(key: str, lang: str) -> str:
    """A text whose placeholders the browser fills."""
    from simulator.texts import catalogue

    return catalogue(lang)[key]


def asset(name: str) -> str:
    """A script or style of this folder."""
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


# ---- lives


def life(person: Mapping[str, Any], lang: str, years: list[int]) -> str:
    """One person's years in the baseline and the four futures: a strip a future, and where it ended."""
    legend = "".join(
        f'<li><span class="sign" style="background:{colour}"></span>'
        f"{escape(text(f'teach.lives_state_{state}', lang))}</li>"
        for state, colour in zip(STATES, LIFE_COLOURS, strict=True)
    )
    strips = []
    for name in SHIPPED:
        lived = person["futures"][name]
        boxes = "".join(
            f'<span style="background:{LIFE_COLOURS[state]}" title="{year}: '
            f'{escape(text(f"teach.lives_state_{STATES[state]}", lang))}"></span>'
            for year, state in zip(years, lived["state"], strict=True)
        )
        at_work = [i for i, wage in enumerate(lived["wage"]) if wage > 0 and i > 0]
        told = text("teach.lives_no_wage", lang)
        if at_work:
            i = at_work[-1]
            told = text("teach.lives_wage", lang, wage=number(lived["wage"][i]), year=years[i])
        strips.append(
            f'<dt>{escape(title(name, lang))}</dt><dd><div class="strip" role="img" '
            f'aria-label="{escape(_spoken(lived["state"], years, lang))}">{boxes}</div>{escape(told)}</dd>'
        )
    ends = f'<div class="years"><span>{years[0]}</span><span>{years[-1]}</span></div>'
    return f'<div class="life" lang="{lang}"><dl>{"".join(strips)}</dl>{ends}<ul class="key">{legend}</ul></div>'


def _spoken(states: list[int], years: list[int], lang: str) -> str:
    """A strip in words: each state from its first year on."""
    told = []
    for i, state in enumerate(states):
        if i == 0 or state != states[i - 1]:
            told.append(f"{years[i]}: {text(f'teach.lives_state_{STATES[state]}', lang)}")
        if state == HOME:
            break
    return "; ".join(told)


def person_name(number_: int, person: Mapping[str, Any], lang: str) -> str:
    """How a person to choose is called."""
    school = ("primary", "lower_secondary", "upper_secondary")[person["education"]]
    gender = text("teach.floor_woman" if person["woman"] else "teach.floor_man", lang)
    words = {"n": number_, "gender": gender, "age": person["age"], "school": group(f"education={school}", lang)}
    return text("teach.lives_person", lang, **words)


def sample(lives: Mapping[str, Any], lang: str) -> str:
    """What became of all the people followed, by future: medians over the runs, with the lowest and highest."""
    counts = lives["counts"]
    people = round(float(np.median([run[SHIPPED[0]]["people"] for run in counts])))
    head = "".join(f'<th scope="col">{escape(title(name, lang))}</th>' for name in SHIPPED)
    rows = []
    for what in COUNTED:
        cells = ""
        for name in SHIPPED:
            shares = sorted(run[name][what] / max(run[name]["people"], 1) for run in counts)
            middle = float(np.median(shares))
            band = f"({number(shares[0], 'share', lang)} – {number(shares[-1], 'share', lang)})"
            shown = value(number(middle, "share", lang), middle)
            cells += _cell(title(name, lang), f'{shown}<br><span class="band">{band}</span>')
        rows.append(f'<tr><th scope="row">{escape(text(f"teach.lives_{what}", lang))}</th>{cells}</tr>')
    note = text("teach.lives_runs", lang, n=len(counts))
    return (
        f'<p lang="{lang}">{escape(text("teach.lives_sample", lang, people=people))}</p>'
        f'<div class="table stack numbers" lang="{lang}" tabindex="0"><table><thead><tr><th></th>{head}</tr></thead>'
        f'<tbody>{"".join(rows)}</tbody></table></div><p class="note" lang="{lang}">{escape(note)}</p>'
    )
