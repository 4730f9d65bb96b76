"""What was learned: a few questions before and after, counted by hands, never by name."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from simulator.lessons.content import ORDER, Answers, Ask, Pair, lesson
from simulator.lessons.findings import Runs

WHEN = ("before", "after")
Hands = Mapping[tuple[int, str, str], int]  # question, before or after, option → how many


@dataclass(frozen=True)
class Question:
    """A question whose answer is that of a lesson's question."""

    lesson: str
    ask: str
    question: Pair

    @property
    def about(self) -> Ask:
        """The lesson's question."""
        return lesson(self.lesson).asks[self.ask]

    @property
    def number(self) -> int:
        """Place of the lesson, from 1."""
        return ORDER.index(self.lesson) + 1

    def right(self, runs: Runs) -> str | None:
        """The option that holds with the current model; None where the model cannot tell."""
        answers = Answers.of(lesson(self.lesson), runs)
        return next((option for option in self.about.options if answers.right(self.ask, option)), None)


@cache
def questions() -> tuple[Question, ...]:
    """All questions in order."""
    raw = yaml.safe_load(Path(__file__).with_name("quiz.yaml").read_text(encoding="utf-8"))
    return tuple(Question(row["ask"][0], row["ask"][1], row["question"]) for row in raw)


def score(hands: Hands, when: str, right: Mapping[int, str | None]) -> tuple[int, int]:
    """Right answers and all answers to questions that have one.

    >>> score({(0, "before", "rise"): 3, (0, "before", "fall"): 9, (1, "before", "rise"): 4}, "before",
    ...       {0: "fall", 1: None})
    (9, 12)
    """
    counted = {key: n for key, n in hands.items() if key[1] == when and right[key[0]] is not None}
    return sum(n for key, n in counted.items() if key[2] == right[key[0]]), sum(counted.values())


def table(hands: Hands, right: Mapping[int, str | None], lang: str) -> bytes:
    """The class result as CSV, UTF-8 with a mark by which spreadsheets know it; no row is a person."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(("question", "text", "when", "answer", "hands", "holds"))
    for i, one in enumerate(questions()):
        for when in WHEN:
            for option in one.about.options:
                words = one.question[lang].replace("\u200b", ""), one.about.option(option, lang).replace("\u200b", "")
                holds = "" if right[i] is None else int(option == right[i])
                writer.writerow((i + 1, words[0], when, words[1], hands.get((i, when, option), 0), holds))
    return out.getvalue().encode("utf-8-sig")
