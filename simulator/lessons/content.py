"""The lessons as data: what each screen says, what is asked, and which computed numbers its words hold.

A lesson is one file, ``<id>.yaml`` in this folder, in both languages at once: every text is a pair ``{en, km}``. No
result is written there: a text names a number, ``{jobs[level]}``, and it is filled from stored runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from simulator.data import values
from simulator.lessons.findings import Finding, Runs, best_of, find
from simulator.lessons.plan import WITH, WITHOUT, scenario, title
from simulator.scenario import START
from simulator.state import STAGES
from simulator.texts import LANGUAGES, group, label, number, text

ORDER = ("machines", "technicians", "futures", "delivery", "squeeze", "budget")
KINDS = ("idea", "floor", "lives", "predict", "run", "reveal", "why", "budget")
CASES = ("rise", "fall", "hardly", "cannot_tell")
CHOICES = ("rise", "hardly", "fall")  # what a group may predict of a direction

Pair = Mapping[str, str]


@dataclass(frozen=True)
class Ask:
    """A question whose answer is computed: ``direction``, ``number`` or ``which`` of several scenarios."""

    name: str
    kind: str
    indicator: str
    question: Pair
    group: str = "all"
    ours: str = ""
    theirs: str = ""
    of: tuple[str, ...] = ()
    highest: bool = True

    @property
    def options(self) -> tuple[str, ...]:
        """What a group chooses from; none for a number, which it writes."""
        return {"direction": CHOICES, "which": self.of}.get(self.kind, ())

    def option(self, name: str, lang: str) -> str:
        """An option in words."""
        return title(name, lang) if self.kind == "which" else text(f"teach.choice_{name}", lang)

    def what(self, lang: str) -> str:
        """What is asked about."""
        return row_label(self.indicator, self.group, lang)


@dataclass(frozen=True)
class Table:
    """Rows of numbers, each under several scenarios; the first is what the others are held against."""

    of: tuple[str, ...]
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Step:
    """One screen: what it shows (``text``), what the facilitator says, and how long it takes."""

    kind: str
    minutes: int
    title: Pair
    text: Pair
    say: Pair
    ask: str = ""
    table: str = ""
    cases: Mapping[str, Pair] = field(default_factory=dict)


@dataclass(frozen=True)
class Lesson:
    """A lesson of 10 to 15 minutes."""

    id: str
    title: Pair
    goal: Pair
    bring: Pair
    asks: Mapping[str, Ask]
    tables: Mapping[str, Table]
    steps: tuple[Step, ...]

    @property
    def minutes(self) -> int:
        """How long it takes."""
        return sum(step.minutes for step in self.steps)


def row_label(indicator: str, of: str, lang: str) -> str:
    """The name of a row: indicator, and group where it is not everybody."""
    own = f"teach.derived_{indicator}"
    named = text(own, lang) if indicator in _DERIVED else label(indicator, lang)
    return named if of == "all" else f"{named} ({group(of, lang)})"


_DERIVED = ("finished_of_100", "price_of_graduate", "women_among_laid_off", "layoffs_since")


@cache
def lesson(name: str) -> Lesson:
    """One lesson. Raises ValueError where its file contradicts itself: a fault of ours, which the tests find."""
    path = Path(__file__).with_name(f"{name}.yaml")
    raw: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    asks = {key: Ask(key, **_tuples(about, "of")) for key, about in raw.get("asks", {}).items()}
    tables = {}
    for key, about in raw.get("tables", {}).items():
        rows = tuple((row, "all") if isinstance(row, str) else tuple(row) for row in about["rows"])
        tables[key] = Table(tuple(about["of"]), rows)
    steps = tuple(Step(**about) for about in raw["steps"])
    for step in steps:
        if step.kind not in KINDS or (step.ask and step.ask not in asks) or (step.table and step.table not in tables):
            raise ValueError(f"{path.name}: step “{step.title['en']}” names what is not there")
        if step.cases and set(step.cases) != set(CASES):
            raise ValueError(f"{path.name}: step “{step.title['en']}” does not answer every case")
    return Lesson(name, raw["title"], raw["goal"], raw["bring"], asks, tables, steps)


def _tuples(about: dict[str, Any], *names: str) -> dict[str, Any]:
    return {key: tuple(value) if key in names else value for key, value in about.items()}


def lessons() -> tuple[Lesson, ...]:
    """All lessons in order."""
    return tuple(lesson(name) for name in ORDER)


@dataclass(frozen=True, eq=False)
class Answers:
    """The answers to a lesson's questions from runs of the current model."""

    lesson: Lesson
    runs: Runs
    findings: Mapping[str, Finding]  # by ask, of directions and numbers
    best: Mapping[str, tuple[str, int]]  # by ask, of choices: scenario, and pairs in which it is the first

    @classmethod
    def of(cls, chosen: Lesson, runs: Runs) -> Answers:
        """Compute them."""
        findings, best = {}, {}
        for name, ask in chosen.asks.items():
            if ask.kind == "which":
                best[name] = best_of(runs, ask.indicator, ask.of, ask.highest, ask.group)
            else:
                findings[name] = find(runs, ask.indicator, ask.ours, ask.theirs or ask.ours, ask.group)
        return cls(chosen, runs, findings, best)

    def told(self, pair: Pair, lang: str) -> str:
        """A text with its numbers."""
        words: dict[str, Any] = {name: found.words(lang) for name, found in self.findings.items()}
        for name, (first, often) in self.best.items():
            ask = self.lesson.asks[name]
            level = find(self.runs, ask.indicator, first, first, ask.group).words(lang)
            words[name] = level | {
                "first": title(first, lang),
                "agree": str(often),
                "n": str(len(self.runs.plan.pairs)),
            }
        return pair[lang].format(**words, **inputs(lang))

    def why(self, step: Step, lang: str) -> str:
        """The reason that fits the case; the plain text of the step where there are no cases."""
        pair = step.cases[self.findings[step.ask].case] if step.cases else step.text
        return self.told(pair, lang)

    def result(self, name: str, lang: str) -> tuple[str, str]:
        """The answer to a question in a sentence, and its spread in another."""
        ask, what = self.lesson.asks[name], self.lesson.asks[name].what(lang)
        if ask.kind == "which":
            first, often = self.best[name]
            level = find(self.runs, ask.indicator, first, first, ask.group).words(lang)
            key = "which_highest" if ask.highest else "which_lowest"
            told = text(f"teach.{key}", lang, what=what, first=title(first, lang), **level)
            return told, text("teach.which_spread", lang, agree=often, n=len(self.runs.plan.pairs))
        found = self.findings[name]
        names = {"what": what, "ours": title(ask.ours, lang), "theirs": title(ask.theirs or ask.ours, lang)}
        if ask.kind == "number":
            return text("teach.number", lang, **names, **found.words(lang)), text(
                "teach.number_spread", lang, **found.words(lang)
            )
        told = text(f"teach.result_{found.case}", lang, **names, **found.words(lang))
        return told, text("teach.result_spread", lang, **found.words(lang))

    def right(self, name: str, prediction: str | float, all_predictions: Sequence[str | float] = ()) -> bool | None:
        """Whether a prediction holds; None where the model cannot tell. Of numbers the nearest holds."""
        ask = self.lesson.asks[name]
        if ask.kind == "which":
            return prediction == self.best[name][0]
        found = self.findings[name]
        if ask.kind == "direction":
            return None if found.case == "cannot_tell" else prediction == found.case
        gaps = [abs(float(other) - found.level) for other in all_predictions] or [0.0]
        return abs(float(prediction) - found.level) <= min(gaps)


@cache
def inputs(lang: str) -> Mapping[str, str]:
    """Settings and assumptions that texts name: they are read from the scenarios and the registry."""

    def setting(which: str, name: str, unit: str = "") -> str:
        return number(abs(scenario(which).value(name, START)), unit, lang)

    saved = values("stage", "labour_saved", STAGES)
    return MappingProxyType(
        {
            "seats_without": setting(WITHOUT, "skills.training_seats"),
            "seats_with": setting(WITH, "skills.training_seats"),
            "share_without": setting(WITHOUT, "skills.technician_share", "share"),
            "share_with": setting(WITH, "skills.technician_share", "share"),
            "months": setting(WITH, "skills.training_months"),
            "seat_cost": setting(WITH, "skills.seat_cost", "USD"),
            "women_in_stem": setting(WITH, "skills.women_in_stem", "share"),
            "machines_fall": setting("baseline", "technology.price_growth", "1/year"),
            "machines_fall_fast": setting("lesson_cheap_machines", "technology.price_growth", "1/year"),
            "machines_fall_squeeze": setting("lesson_squeeze", "technology.price_growth", "1/year"),
            "wages_rise": setting("baseline", "wages.minimum_wage_growth", "1/year"),
            "wages_rise_squeeze": setting("lesson_squeeze", "wages.minimum_wage_growth", "1/year"),
            **{
                f"completion_{way}": setting(WITH, f"skills.completion_{way}", "share")
                for way in ("self_paced", "facilitated", "on_site")
            },
            **{f"cost_{way}": setting(WITH, f"skills.cost_{way}", "share") for way in ("self_paced", "on_site")},
            **{f"saved_{stage}": number(100 * s, digits=0) for stage, s in zip(STAGES, saved, strict=True)},
            **{f"price_{stage}": setting("baseline", f"automation.step_cost_{stage}", "USD") for stage in STAGES},
        }
    )


def pairs_of(raw: Any, where: str = "") -> list[tuple[str, Pair]]:
    """Every text of a file with its place: mappings with a language among their keys."""
    if isinstance(raw, Mapping):
        if set(raw) & set(LANGUAGES):
            return [(where, raw)]
        return [pair for key, value in raw.items() for pair in pairs_of(value, f"{where}.{key}")]
    if isinstance(raw, list):
        return [pair for i, value in enumerate(raw) for pair in pairs_of(value, f"{where}[{i}]")]
    return []
