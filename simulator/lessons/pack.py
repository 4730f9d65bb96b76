"""The facilitator's pack: scripts with timings, answers computed now, handouts, role cards, glossary, course sheet.

One stand-alone page a language, to be printed on A4. It asks nothing of the network.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import yaml

from simulator.lessons import ladder, pieces, quiz
from simulator.lessons.content import Answers, Ask, Lesson, Step, lessons
from simulator.lessons.emulator import budget
from simulator.lessons.findings import Runs
from simulator.lessons.plan import LEVERS
from simulator.report import font_faces, shared_style
from simulator.terminal import PORT
from simulator.texts import glossary, label, number, text
from simulator.version import __version__

# Even a fault in the file cannot send a request: the browser is told so.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; font-src data:; img-src data:"


@cache
def texts() -> Mapping[str, Any]:
    """What ``pack.yaml`` says."""
    found: Mapping[str, Any] = yaml.safe_load(Path(__file__).with_name("pack.yaml").read_text(encoding="utf-8"))
    return found


def page(title: str, lang: str, style: str, body: str, script: str = "") -> str:
    """A stand-alone document."""
    end = f"<script>{script}</script>" if script else ""
    return (
        f'<!doctype html>\n<html lang="{lang}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{font_faces()}\n{shared_style()}\n{style}</style>\n</head>\n"
        f"<body>\n{body}\n{end}</body>\n</html>\n"
    )


def html(runs: Runs, lives: Mapping[str, Any], lang: str) -> str:
    """The pack in one language."""

    def words(key: str, **values: object) -> str:
        return escape(text(f"teach.{key}", lang, **values))

    made = words("pack_made", runs=runs.number, version=__version__, date=datetime.now(UTC).date().isoformat())
    how = f"<p><strong>{words('pack_address', address=f'localhost:{PORT}')}</strong></p>"
    how += pieces.paragraphs(texts()["how"][lang])
    sections = {
        "how": f"<h2>{words('pack_how')}</h2>{how}",
        "scripts": "".join(_script(i, one, runs, lives, lang) for i, one in enumerate(lessons(), start=1)),
        "ladder": f"<h2>{words('part_ladder')}</h2>{ladder.html(runs, lang)}",
        "quiz": _quiz(runs, lang),
        "handouts": "".join(_predictions(one, lang) for one in lessons()) + _programme(lang),
        "roles": _roles(lang),
        "glossary": f'<h2>{words("pack_glossary")}</h2><dl class="terms">{_terms(lang)}</dl>',
        "course": _course(lang),
    }
    named = ("pack_how", "pack_script", "part_ladder", "pack_quiz", "pack_handouts", "pack_roles", "pack_glossary")
    contents = "".join(
        f'<li><a href="#{name}">{words(key)}</a></li>'
        for name, key in zip(sections, (*named, "pack_course"), strict=True)
    )
    body = "".join(f'<section id="{name}" class="sheet">{inside}</section>' for name, inside in sections.items())
    head = (
        f"<h1>{words('pack_title')}</h1><p>{escape(text('teach.title', lang))}</p>"
        f'<p class="pending">{escape(text("app.khmer_pending", lang))}</p>'
        f'<p class="disclaimer">{escape(text("app.disclaimer", lang))}</p><p>{made}</p>'
        f"<nav><h2>{words('pack_contents')}</h2><ol>{contents}</ol></nav>"
    )
    return page(
        text("teach.pack_title", lang), lang, pieces.asset("pack.css"), f'<main lang="{lang}">{head}{body}</main>'
    )


def _script(i: int, one: Lesson, runs: Runs, lives: Mapping[str, Any], lang: str) -> str:
    """A lesson from its first minute to its last."""

    def words(key: str, **values: object) -> str:
        return escape(text(f"teach.{key}", lang, **values))

    answers = Answers.of(one, runs)
    minute, screens = 0, []
    for number_, step in enumerate(one.steps, start=1):
        when = f"{words('pack_from', minute=minute)} · {words('minutes', n=step.minutes)}"
        screens.append(
            f'<article class="screenplay {step.kind}">'
            f"<h3>{number_}. {escape(step.title[lang])} <span>{when}</span></h3>"
            f'<h4>{words("pack_screen")}</h4><div class="shown">{_shown(step, answers, lives, lang)}</div>'
            f"<h4>{words('pack_say')}</h4>{pieces.paragraphs(step.say[lang])}</article>"
        )
        minute += step.minutes
    facts = {"pack_time": words("minutes", n=one.minutes), "pack_goal": escape(one.goal[lang])}
    facts["pack_bring"] = escape(one.bring[lang])
    listed = "".join(f"<dt>{words(key)}</dt><dd>{told}</dd>" for key, told in facts.items())
    return (
        f'<section class="lesson-script" id="lesson-{one.id}"><h2>{i}. {escape(one.title[lang])}</h2>'
        f'<dl class="facts">{listed}</dl>{"".join(screens)}</section>'
    )


def _shown(step: Step, answers: Answers, lives: Mapping[str, Any], lang: str) -> str:
    """What people see on a screen; the answer where it is one."""
    one = answers.lesson
    if step.kind == "why":
        return pieces.paragraphs(answers.why(step, lang))
    told = pieces.paragraphs(answers.told(step.text, lang))
    if step.kind == "predict":
        ask = one.asks[step.ask]
        return f'{told}<p class="answer">{escape(ask.question[lang])}</p><p>{_options(ask, lang)}</p>'
    if step.kind == "reveal":
        result, spread = answers.result(step.ask, lang)
        table = pieces.results(one.tables[step.table], answers.runs, lang) if step.table else ""
        return f'<p class="answer">{escape(result)}</p><p>{escape(spread)}</p>{table}'
    if step.kind == "lives":
        return told + pieces.sample(lives, lang)
    if step.kind == "floor":
        return f'{told}<p class="note">{escape(text("teach.floor_help", lang))}</p>'
    return told


def _options(ask: Ask, lang: str) -> str:
    if not ask.options:
        return f'<span class="box-row">{escape(text("teach.guess", lang))}: ______</span>'
    return " ".join(f'<span class="box-row">{escape(ask.option(name, lang))}</span>' for name in ask.options)


def _predictions(one: Lesson, lang: str) -> str:
    """A sheet for a group: every question of a lesson, its prediction and its reason."""
    rows = "".join(
        f"<tr><td>{escape(one.asks[step.ask].question[lang])}<br>{_options(one.asks[step.ask], lang)}</td>"
        '<td><span class="line"></span><span class="line"></span></td></tr>'
        for step in one.steps
        if step.kind == "predict"
    )
    heads = f"<th>{escape(text('teach.prediction', lang))}</th><th>{escape(text('teach.pack_reason', lang))}</th>"
    return (
        f'<div class="sheet"><h2>{escape(texts()["predictions"]["title"][lang])}</h2><p>{escape(one.title[lang])}</p>'
        f"<p>{escape(text('teach.pack_group_name', lang))}: ____________</p>"
        f'<table class="grid"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>'
    )


def _programme(lang: str) -> str:
    """The sheet of the last lesson: levers with their ranges and room for numbers."""
    about = texts()["programme"]
    rows = ""
    for name, (low, high) in LEVERS.items():
        size, sign = (100.0, "%") if high <= 1 else (1.0, "")
        ends = f"{number(low * size)}{sign} – {number(high * size)}{sign}"
        rows += f'<tr><th>{escape(label(name, lang))}</th><td>{ends}</td><td><span class="line"></span></td></tr>'
    limit = text("teach.budget_limit", lang, limit=number(budget()))
    return (
        f'<div class="sheet"><h2>{escape(about["title"][lang])}</h2><p>{escape(about["text"][lang])}</p>'
        f'<p class="answer">{escape(limit)}</p><table class="grid"><tbody>{rows}'
        f'<tr><th>{escape(about["expect"][lang])}</th><td colspan="2"><span class="line"></span></td></tr>'
        f'<tr><th>{escape(about["got"][lang])}</th><td colspan="2"><span class="line"></span></td></tr>'
        "</tbody></table></div>"
    )


def _roles(lang: str) -> str:
    cards = "".join(
        f"<article><h3>{escape(role['name'][lang])}</h3>{pieces.paragraphs(role['text'][lang])}</article>"
        for role in texts()["roles"]
    )
    return f'<h2>{escape(text("teach.pack_roles", lang))}</h2><div class="roles">{cards}</div>'


def _quiz(runs: Runs, lang: str) -> str:
    """The questions to hand out, and the answers for the facilitator on a page of their own."""
    asked = answered = ""
    for i, one in enumerate(quiz.questions(), start=1):
        right = one.right(runs)
        told = text("teach.quiz_open", lang) if right is None else one.about.option(right, lang)
        of = escape(text("teach.quiz_lesson", lang, n=number(one.number)))
        asked += f"<li><p>{escape(one.question[lang])} ({of})</p><p>{_options(one.about, lang)}</p></li>"
        answered += f'<tr><td>{i}</td><td class="answer">{escape(told)}</td><td></td><td></td></tr>'
    heads = "".join(
        f"<th>{head}</th>"
        for head in ("", *(escape(text(f"teach.quiz_{name}", lang)) for name in ("right", "before", "after")))
    )
    return (
        f"<h2>{escape(text('teach.pack_quiz', lang))}</h2><ol>{asked}</ol>"
        f'<div class="sheet"><h2>{escape(text("teach.quiz_right", lang))}</h2>'
        f"<p>{escape(text('teach.quiz_intro', lang))}</p>"
        f'<table class="grid"><thead><tr>{heads}</tr></thead><tbody>{answered}</tbody></table></div>'
    )


def _terms(lang: str) -> str:
    return "".join(f"<dt>{escape(term)}</dt><dd>{escape(told)}</dd>" for term, told in glossary(lang).values())


def _course(lang: str) -> str:
    """A sheet that says what somebody took part in."""
    about = texts()["course"]
    listed = "".join(
        f"<li>{escape(one.title[lang])} ({escape(text('teach.minutes', lang, n=one.minutes))})</li>"
        for one in lessons()
    )
    signs = "".join(f'<div><span class="line"></span>{escape(about[name][lang])}</div>' for name in ("place", "signed"))
    return (
        f'<div class="certificate"><h2>{escape(about["title"][lang])}</h2><span class="line"></span>'
        f"<p>{escape(about['name'][lang])}</p><p>{escape(about['text'][lang])}</p><ul>{listed}</ul>"
        f'<div class="signs">{signs}</div></div>'
    )
