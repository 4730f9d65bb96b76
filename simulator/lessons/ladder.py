"""Operator, technician, engineer: who may climb, at what cost, and what more of each would do."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from simulator.lessons import pieces
from simulator.lessons.content import Table
from simulator.lessons.findings import Runs, seat_price
from simulator.lessons.plan import WITH, WITHOUT, scenario
from simulator.scenario import START
from simulator.texts import number, text

RUNGS = ("operator", "technician", "engineer")
EFFECTS = Table(
    (WITHOUT, "lesson_operators", "lesson_technicians", "lesson_engineers"),
    tuple(
        (name, "all")
        for name in (
            *("automation", "technician_coverage", "skilled_jobs", "employment", "displaced", "mean_wage"),
            *("value_added", "public_cost"),
        )
    ),
)


@dataclass(frozen=True)
class Rung:
    """A step of the ladder: what has to be told of it, as pairs of heading and words."""

    name: str
    how: str
    facts: tuple[tuple[str, str], ...]


def _value(name: str, which: str = WITHOUT) -> float:
    return scenario(which).value(name, START)


def rungs(runs: Runs, lang: str) -> tuple[Rung, ...]:
    """The ladder in words, with the numbers of the scenarios."""

    def words(key: str, **values: str) -> str:
        return text(f"teach.ladder_{key}", lang, **values)

    share = {way: number(_value(f"skills.completion_{way}"), "share", lang) for way in _WAYS}
    price = number(float(seat_price(runs, WITHOUT)[0]), "USD", lang)
    course = (
        (words("months"), number(_value("skills.training_months"), "months", lang)),
        (words("cost"), price),
        (words("finish"), words("ways", **share)),
    )
    seats = [number(_value("skills.training_seats", which), "seats/year", lang) for which in (WITHOUT, WITH)]
    out = []
    for name in RUNGS:
        facts = [*course] if name != "engineer" else []
        facts.append(
            (words("admitted"), words(f"admitted_{name}", women=number(_value("skills.women_in_stem"), "share", lang)))
        )
        if name != "engineer":
            facts.append((words("seats"), " → ".join(seats)))
        out.append(Rung(text(f"teach.floor_job_{name}", lang), words(f"how_{name}", **_how()[lang]), tuple(facts)))
    return tuple(out)


_WAYS = ("self_paced", "facilitated", "on_site")


def _how() -> dict[str, dict[str, str]]:
    out = {}
    for lang in ("en", "km"):
        base, gain, fit = (
            _value(f"skills.{name}") for name in ("relevance_base", "relevance_gain", "training_relevance")
        )
        out[lang] = {
            "counted": number(min(1.0, base + gain * fit), "share", lang),
            "raised": number(_value("skills.upskilling"), "share", lang),
            "graduates": number(_value("skills.engineering_share"), "share", lang),
        }
    return out


def effects_note(lang: str) -> str:
    """What the columns of the table change."""
    return text(
        "teach.ladder_effects_note",
        lang,
        seats=number(_value("skills.training_seats", "lesson_technicians")),
        share=number(_value("skills.technician_share", "lesson_technicians"), "share", lang),
        engineering=number(_value("skills.engineering_share", "lesson_engineers"), "share", lang),
        engineering_now=number(_value("skills.engineering_share"), "share", lang),
    )


def html(runs: Runs, lang: str) -> str:
    """The ladder and the table of what more of each rung would do."""
    cards = ""
    for rung in rungs(runs, lang):
        facts = "".join(f"<dt>{escape(head)}</dt><dd>{escape(told)}</dd>" for head, told in rung.facts)
        cards += f"<article><h3>{escape(rung.name)}</h3><p>{escape(rung.how)}</p><dl>{facts}</dl></article>"
    return (
        f'<p lang="{lang}">{escape(text("teach.ladder_intro", lang))}</p>'
        f'<div class="ladder" lang="{lang}">{cards}</div>'
        f'<h3 lang="{lang}">{escape(text("teach.ladder_effects", lang))}</h3>'
        f'<p class="note" lang="{lang}">{escape(effects_note(lang))}</p>'
        f"{pieces.results(EFFECTS, runs, lang, differences=True)}"
    )
