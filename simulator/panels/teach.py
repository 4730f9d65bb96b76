"""The page for the projector: lessons screen by screen, the factory floor, the skill ladder, and what was learned.

One idea a screen, in large type; arrow keys go on and back. What groups predict lives in the session alone.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from html import escape
from pathlib import Path

import streamlit as st

from simulator.lessons import pieces
from simulator.lessons.content import ORDER, Answers, Ask, Lesson, Step, lesson, lessons
from simulator.panels import state, teach_parts, teach_runs
from simulator.panels.teach_runs import Ready
from simulator.texts import text

PARTS = ("lessons", "floor", "ladder", "quiz", "pack")
MOST_GROUPS = 6
_LESSON, _STEP, _PART = "teach_lesson", "teach_step", "teach_part"
_GROUPS, _GROUPS_SHOWN = "teach_groups", "groups_shown"
_PREDICTED, _REFUSED = "teach_predicted", "teach_refused"
# In a lesson its title steps back: the heading of the screen is what counts.
_LESSON_STYLE = ".stApp h1 { font-size: 1.05rem; font-weight: 400; color: #525b66; }"


def page() -> None:
    """Draw the page."""
    lang = state.language()
    st.session_state.setdefault(_PREDICTED, {})
    chosen = _chosen()
    heading = text("teach.title", lang) if chosen is None else lesson(chosen).title[lang]
    state.top(lang, heading, text("teach.intro", lang) if chosen is None else "")
    st.html(f"<style>{_style()}{_LESSON_STYLE if chosen else ''}</style>")
    ready = teach_runs.ready(lang)
    if ready is None:
        return
    if chosen is not None:
        _lesson(lesson(chosen), ready, lang)
        return
    part = _part(lang)
    drawn: dict[str, Callable[[Ready, str], None]] = {
        "lessons": _list,
        "floor": _draw_floor,
        "ladder": teach_parts.climb,
        "quiz": teach_parts.questions,
        "pack": teach_parts.downloads,
    }
    drawn[part](ready, lang)


def _part(lang: str) -> str:
    """The part of the page that is shown; it stands in the address, the first apart."""
    names = {name: text(f"teach.part_{name}", lang) for name in PARTS}
    state.instead(((value, names[PARTS[0]]) for value in st.session_state[_REFUSED]), lang)
    asked = st.query_params.get("part")
    key, begun = state.held(_PART, state.reported(_PART, asked if asked in PARTS else PARTS[0]))
    part: str = st.segmented_control(
        text("teach.part", lang), PARTS, default=begun, format_func=names.__getitem__, key=key, on_change=_accept,
        label_visibility="collapsed", required=True, wrap=True,
    )  # fmt: skip
    if part != PARTS[0]:
        st.query_params["part"] = part
    else:
        st.query_params.pop("part", None)
    return part


def _accept() -> None:
    """The visitor chooses: what was wrong with his link is over."""
    st.session_state[_REFUSED] = []


@cache
def _style() -> str:
    return Path(__file__).with_name("teach.css").read_text(encoding="utf-8")


# ---- which lesson, which screen


def _chosen() -> str | None:
    """The lesson on the screen, from the session or, at the first look, from the address."""
    if _LESSON not in st.session_state:
        asked = st.query_params.get("lesson")
        st.session_state[_LESSON] = asked if asked in ORDER else None
        part = st.query_params.get("part", PARTS[0])
        wrong = ((asked, ORDER), (part, PARTS))
        st.session_state[_REFUSED] = [value for value, known in wrong if value is not None and value not in known]
        at = st.query_params.get("screen", "1")
        st.session_state[_STEP] = int(at) - 1 if at.isdecimal() and 0 < len(at) < 4 and int(at) > 0 else 0
    name: str | None = st.session_state[_LESSON]
    return name


def _go(name: str | None, step: int) -> None:
    st.session_state[_LESSON], st.session_state[_STEP] = name, step
    _accept()
    for key, value in (("lesson", name), ("screen", str(step + 1))):
        if name is None:
            st.query_params.pop(key, None)
        else:
            st.query_params[key] = str(value)


def _begin(name: str) -> None:
    """A lesson from its first screen, for a room that has predicted nothing yet."""
    kept = {of: made for of, made in st.session_state[_PREDICTED].items() if of[0] != name}
    st.session_state[_PREDICTED] = kept
    _go(name, 0)


def _list(ready: Ready, lang: str) -> None:
    """The lessons to choose from."""
    for left, right in zip(lessons()[::2], lessons()[1::2], strict=True):
        for place, one in zip(st.columns(2, gap="medium"), (left, right), strict=True):
            number = ORDER.index(one.id) + 1
            with place, st.container(border=True):
                st.html(
                    f'<div class="lesson" lang="{lang}"><h3>{number}. {escape(one.title[lang])}</h3>'
                    f"<p>{escape(one.goal[lang])}</p></div>"
                )
                told = f"{text('teach.start', lang)} · {text('teach.minutes', lang, n=one.minutes)}"
                st.button(told, key=f"start_{one.id}", on_click=_begin, args=(one.id,), width="stretch", type="primary")


def _lesson(chosen: Lesson, ready: Ready, lang: str) -> None:
    """One screen of a lesson and the way on."""
    last = len(chosen.steps) - 1
    at = min(st.session_state[_STEP], last)
    step = chosen.steps[at]
    answers = ready.answers(chosen)
    told = text("teach.step_of", lang, i=at + 1, n=last + 1)
    st.html(
        f'<div class="screen-head" lang="{lang}"><h2>{escape(step.title[lang])}</h2><span>{escape(told)}</span></div>'
    )
    top = "document.querySelector('[data-testid=stMain]')?.scrollTo(0, 0)"  # each screen begins at its top
    st.html(f"<script>{top} // {chosen.id} {at}</script>", unsafe_allow_javascript=True)
    _SCREENS[step.kind](chosen, step, answers, ready, lang)
    _notes(step, lang)
    waits = step.kind == "predict" and not _everybody(chosen, step)
    # The note keeps its place when it has nothing to say, so that the buttons below do not move.
    told = escape(text("teach.predict_first", lang)) if waits else "&nbsp;"
    st.html(f'<p class="note" lang="{lang}">{told}</p>')
    home, back, on = st.columns([1, 1, 2])
    home.button(text("teach.all_lessons", lang), key="home", on_click=_go, args=(None, 0), width="stretch")
    back.button(
        text("teach.back", lang), key="back", on_click=_go, args=(chosen.id, max(at - 1, 0)),
        disabled=at == 0, shortcut="Left", width="stretch",
    )  # fmt: skip
    on.button(
        text("teach.next", lang), key="on", on_click=_go,
        args=(chosen.id, at + 1) if at < last else (None, 0),
        disabled=waits, shortcut="Right", type="primary", width="stretch",
    )  # fmt: skip


def _notes(step: Step, lang: str) -> None:
    notes = escape(text("teach.notes", lang))
    said = pieces.paragraphs(step.say[lang])
    st.html(f'<details class="more notes" lang="{lang}"><summary>{notes}</summary>{said}</details>')


# ---- screens


def _idea(chosen: Lesson, step: Step, answers: Answers, ready: Ready, lang: str) -> None:
    _large(pieces.paragraphs(answers.told(step.text, lang)), lang)


def _predict(chosen: Lesson, step: Step, answers: Answers, ready: Ready, lang: str) -> None:
    """The question, and every group's prediction."""
    ask = chosen.asks[step.ask]
    _large(
        f'{pieces.paragraphs(answers.told(step.text, lang))}<p class="question">{escape(ask.question[lang])}</p>', lang
    )
    names = _groups(lang)
    for start in range(0, len(names), 3):
        for place, group in zip(st.columns(3), names[start : start + 3], strict=False):
            with place:
                _prediction(chosen.id, ask, group, lang)


def _prediction(name: str, ask: Ask, group: str, lang: str) -> None:
    """One group's answer, kept as often as the page is drawn.

    A callback would miss answers that are given while the page is still being drawn, and so would a default that
    follows the answer, for it makes the widget another one.
    """
    predicted = _predicted(name, ask.name)
    place = f"predict_{name}_{ask.name}_{group}"
    before = predicted.get(group)
    before = before if before is None or ask.options else float(before)
    key, begun = state.held(place, state.reported(place, before))
    label = text("teach.group", lang, name=group)
    answer: str | float | None
    if ask.options:
        answer = st.pills(
            label, ask.options, default=begun, key=key, width="stretch", wrap=True,
            format_func=lambda name: ask.option(name, lang),
        )  # fmt: skip
    else:
        answer = st.number_input(
            f"{label}: {text('teach.guess', lang)}", value=begun, min_value=0.0, step=1.0, key=key, format="%g"
        )
    if answer is None:
        predicted.pop(group, None)
    else:
        predicted[group] = answer


def _groups(lang: str) -> list[str]:
    """The groups in the room, by letter; their number can be changed on every screen that asks."""
    key, begun = state.held(_GROUPS_SHOWN, state.reported(_GROUPS_SHOWN, st.session_state.get(_GROUPS, 3)))
    chosen = st.segmented_control(
        text("teach.groups", lang), list(range(1, MOST_GROUPS + 1)), default=begun, required=True, key=key
    )
    st.session_state[_GROUPS] = chosen
    return _letters()


def _letters() -> list[str]:
    return [chr(ord("A") + i) for i in range(st.session_state.get(_GROUPS, 3))]


def _predicted(name: str, ask: str) -> dict[str, str | float]:
    found: dict[str, str | float] = st.session_state[_PREDICTED].setdefault((name, ask), {})
    return found


def _everybody(chosen: Lesson, step: Step) -> bool:
    return all(group in _predicted(chosen.id, step.ask) for group in _letters())


def _run(chosen: Lesson, step: Step, answers: Answers, ready: Ready, lang: str) -> None:
    """What has been run to answer the question."""
    _large(pieces.paragraphs(answers.told(step.text, lang)), lang)
    told = text("teach.run_told", lang, runs=ready.runs.number, sets=len(ready.runs.plan.pairs))
    st.html(f'<p class="note box" lang="{lang}">{escape(told)}</p>')


def _reveal(chosen: Lesson, step: Step, answers: Answers, ready: Ready, lang: str) -> None:
    """Predictions, result, spread, and the rows of numbers behind it."""
    result, spread = answers.result(step.ask, lang)
    _large(f'<p class="result">{escape(result)}</p><p class="spread">{escape(spread)}</p>', lang)
    ask, predicted = chosen.asks[step.ask], _predicted(chosen.id, step.ask)
    if predicted:
        said = []
        for group, prediction in sorted(predicted.items()):
            holds = answers.right(step.ask, prediction, list(predicted.values()))
            verdict = {None: "open", True: "right" if ask.options else "nearest", False: "wrong"}[holds]
            shown = ask.option(str(prediction), lang) if ask.options else f"{prediction:g}"
            name = text("teach.group", lang, name=group)
            word = text(f"teach.verdict_{verdict}", lang) if ask.options or holds else ""
            said.append(
                f'<li class="{verdict}"><strong>{escape(name)}</strong> {escape(shown)} <em>{escape(word)}</em></li>'
            )
        st.html(f'<ul class="predictions" lang="{lang}">{"".join(said)}</ul>')
    if step.table:
        st.html(pieces.results(chosen.tables[step.table], ready.runs, lang))


def _why(chosen: Lesson, step: Step, answers: Answers, ready: Ready, lang: str) -> None:
    _large(pieces.paragraphs(answers.why(step, lang)), lang)


def _floor_screen(chosen: Lesson, step: Step, answers: Answers, ready: Ready, lang: str) -> None:
    _large(pieces.paragraphs(answers.told(step.text, lang)), lang, brief=True)
    _draw_floor(ready, lang)


def _lives(chosen: Lesson, step: Step, answers: Answers, ready: Ready, lang: str) -> None:
    _large(pieces.paragraphs(answers.told(step.text, lang)), lang, brief=True)
    teach_parts.lives(ready, lang)


def _budget(chosen: Lesson, step: Step, answers: Answers, ready: Ready, lang: str) -> None:
    _large(pieces.paragraphs(answers.told(step.text, lang)), lang, brief=True)
    teach_parts.programme(ready, lang, _groups(lang))


def _draw_floor(ready: Ready, lang: str) -> None:
    """The factory floor."""
    teach_runs.draw_floor(ready, lang)
    st.html(f'<p class="note" lang="{lang}">{escape(text("teach.floor_help", lang))}</p>')


def _large(inside: str, lang: str, brief: bool = False) -> None:
    st.html(f'<div class="screen{" brief" if brief else ""}" lang="{lang}">{inside}</div>')


_SCREENS: dict[str, Callable[[Lesson, Step, Answers, Ready, str], None]] = {
    "idea": _idea,
    "predict": _predict,
    "run": _run,
    "reveal": _reveal,
    "why": _why,
    "floor": _floor_screen,
    "lives": _lives,
    "budget": _budget,
}
