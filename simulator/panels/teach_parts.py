"""Parts of the page for the projector beside the lessons' own screens: lives, budget, ladder, questions, downloads."""

from __future__ import annotations

from html import escape

import streamlit as st

from simulator.lessons import ladder, pack, pieces, pocket, quiz
from simulator.lessons.emulator import HIGHEST, OUTPUTS, Emulator, budget, cost
from simulator.lessons.findings import LATE, unit_of
from simulator.lessons.plan import LEVERS, WITH, scenario
from simulator.panels import state
from simulator.panels.teach_runs import Ready
from simulator.scenario import START
from simulator.texts import label, number, text

_BOARD, _HANDS = "teach_board", "teach_hands"
_STEPS = {"skills.training_seats": 1000.0, "skills.training_months": 1.0}


def lives(ready: Ready, lang: str) -> None:
    """One life in the baseline and the four futures, and what became of everybody followed."""
    people = ready.lives["people"]
    chosen = st.selectbox(
        text("teach.lives_choose", lang),
        range(len(people)),
        format_func=lambda i: pieces.person_name(i + 1, people[i], lang),
        key=f"lives_{lang}",
    )
    st.html(pieces.life(people[chosen], lang, ready.lives["years"]))
    st.html(pieces.sample(ready.lives, lang))
    st.html(f'<p class="note" lang="{lang}">{escape(text("teach.lives_help", lang))}</p>')


# ---- the budget


def programme(ready: Ready, lang: str, groups: list[str]) -> None:
    """Levers, cost, effect with its error, and the groups' board."""
    emulator = ready.emulator
    st.html(f'<p class="note" lang="{lang}">{escape(text("teach.budget_help", lang, runs=emulator.runs))}</p>')
    left, right = st.columns([2, 3], gap="large")
    with left:
        levers = {name: _lever(name, lang) for name in LEVERS}
        goal = st.selectbox(
            text("teach.budget_goal", lang), OUTPUTS, index=OUTPUTS.index("displaced"),
            format_func=lambda name: f"{label(name, lang)}: {_wanted(name, lang)}", key=f"goal_{lang}",
        )  # fmt: skip
    with right:
        spent, limit = cost(levers), budget()
        told = text("teach.budget_limit", lang, limit=number(limit))
        st.html(f'<p class="spend" lang="{lang}">{escape(number(spent, "USD million", lang))} · {escape(told)}</p>')
        st.html(effects(emulator, levers, lang))
        if spent > limit * 1.0001:
            st.warning(text("teach.budget_over", lang, cost=number(spent)))
        for place, group in zip(st.columns(len(groups)), groups, strict=True):
            name = text("teach.group", lang, name=group)
            place.button(
                text("teach.budget_enter", lang, group=name), key=f"enter_{group}", on_click=_enter,
                args=(group, goal, levers, emulator), disabled=spent > limit * 1.0001, width="stretch",
            )  # fmt: skip
        if board := _board(goal, emulator, lang):
            st.html(board)


def _lever(name: str, lang: str) -> float:
    low, high = LEVERS[name]
    share = high <= 1
    size = 100.0 if share else 1.0
    kept = st.session_state.setdefault("teach_levers", {n: scenario(WITH).value(n, START) for n in LEVERS})
    place = f"lever_{name}"
    key, begun = state.held(place, state.reported(place, kept[name] * size))
    moved = st.slider(
        f"{label(name, lang)}{' (%)' if share else ''}", low * size, high * size, begun, _STEPS.get(name, 5.0), "%.0f",
        key,
    )  # fmt: skip
    kept[name] = moved / size
    return float(kept[name])


def _wanted(goal: str, lang: str) -> str:
    return text("teach.budget_most" if HIGHEST[goal] else "teach.budget_fewest", lang)


def effects(emulator: Emulator, levers: dict[str, float], lang: str) -> str:
    """The effect of a programme by output, each with the emulator's error."""
    rows = []
    for name, effect in emulator.effect(levers).items():
        error = emulator.errors[name]
        quiet = abs(effect) < error
        told = text("teach.pocket_nothing", lang) if quiet else change(effect, unit_of(name), lang)
        rows.append(
            f'<tr><th scope="row">{escape(label(name, lang))}</th><td>{escape(told)}</td>'
            f"<td>± {escape(change(error, unit_of(name), lang, signed=False))}</td></tr>"
        )
    now = text("teach.budget_now", lang, first=LATE[0], last=LATE[1])
    missed = text("teach.budget_error", lang)
    return (
        f'<div class="table numbers" lang="{lang}" tabindex="0"><table><thead><tr><th></th><th>{escape(now)}</th>'
        f"<th>{escape(missed)}</th></tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def change(effect: float, unit: str, lang: str, signed: bool = True) -> str:
    """A difference in words; of shares in percentage points."""
    if unit == "share":
        return text("teach.points", lang, n=number(100 * effect, signed=signed, digits=1))
    return number(effect, unit, lang, signed=signed)


def _enter(group: str, goal: str, levers: dict[str, float], emulator: Emulator) -> None:
    st.session_state.setdefault(_BOARD, []).append((group, goal, emulator.effect(levers)[goal], cost(levers)))


def _board(goal: str, emulator: Emulator, lang: str) -> str:
    """Results for one goal in the order in which they were entered, each judged against the one before."""
    entered = [row for row in st.session_state.get(_BOARD, []) if row[1] == goal]
    if not entered:
        return ""
    rows, before = [], None
    for group, _, effect, spent in entered:
        verdict = "first" if before is None else judged(effect, before, emulator.errors[goal], HIGHEST[goal])
        before = effect
        shown = change(effect, unit_of(goal), lang)
        rows.append(
            f"<tr><td>{escape(text('teach.group', lang, name=group))}</td><td>{escape(shown)}</td>"
            f"<td>{escape(number(spent, 'USD million', lang))}</td>"
            f"<td>{escape(text(f'teach.budget_{verdict}', lang))}</td></tr>"
        )
    heads = "".join(
        f"<th>{escape(head)}</th>"
        for head in ("", label(goal, lang), label("public_cost", lang), text("teach.budget_judged", lang))
    )
    title = escape(text("teach.budget_board", lang))
    return (
        f'<h3 lang="{lang}">{title}</h3><div class="table numbers" lang="{lang}"><table><thead><tr>{heads}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def judged(effect: float, before: float, error: float, highest: bool) -> str:
    """``beats``, ``within`` or ``worse``: a difference within the error counts for nothing.

    >>> judged(-500.0, -100.0, 200.0, highest=False), judged(-250.0, -100.0, 200.0, highest=False)
    ('beats', 'within')
    """
    gain = (effect - before) * (1 if highest else -1)
    return "beats" if gain > error else "worse" if gain < -error else "within"


# ---- ladder, questions, downloads


def climb(ready: Ready, lang: str) -> None:
    """The skill ladder."""
    st.html(ladder.html(ready.runs, lang))


def questions(ready: Ready, lang: str) -> None:
    """Questions before and after; hands are counted, and the class result is shown."""
    st.html(f'<p lang="{lang}">{escape(text("teach.quiz_intro", lang))}</p>')
    hands: dict[tuple[int, str, str], int] = st.session_state.setdefault(_HANDS, {})
    right = {i: one.right(ready.runs) for i, one in enumerate(quiz.questions())}
    for i, one in enumerate(quiz.questions()):
        asked = f"{i + 1}. {one.question[lang]} ({text('teach.quiz_lesson', lang, n=number(one.number))})"
        st.html(f'<h3 class="asked" lang="{lang}">{escape(asked)}</h3>')
        for when in quiz.WHEN:
            places = st.columns([1, *(2 for _ in one.about.options)], vertical_alignment="bottom")
            places[0].html(f'<p lang="{lang}"><strong>{escape(text(f"teach.quiz_{when}", lang))}</strong></p>')
            for place, option in zip(places[1:], one.about.options, strict=True):
                name = f"hands_{i}_{when}_{option}"
                key, begun = state.held(name, state.reported(name, hands.get((i, when, option), 0)))
                counted = place.number_input(one.about.option(option, lang), 0, 999, begun, key=key)
                hands[i, when, option] = int(counted)
    st.html(_class_result(hands, right, lang))
    st.download_button(
        text("teach.quiz_csv", lang), lambda: quiz.table(hands, right, lang), "class.csv", "text/csv", on_click="ignore"
    )


def _class_result(hands: quiz.Hands, right: dict[int, str | None], lang: str) -> str:
    """Right answers of the room before and after, by question, beside the model's answer, once asked again."""
    if not any(hands.values()):
        return f'<p class="note" lang="{lang}">{escape(text("teach.quiz_empty", lang))}</p>'
    rows = ""
    known = {i: right[i] for i, when, option in hands if when == "after" and hands[i, when, option]}
    for i, one in enumerate(quiz.questions()):
        answer = known.get(i)
        told = "quiz_open" if i in known else "quiz_later"  # nobody learns the answer before the lesson
        said = text(f"teach.{told}", lang) if answer is None else one.about.option(answer, lang)
        cells = ""
        for when in quiz.WHEN:
            mine = {key: n for key, n in hands.items() if key[0] == i and key[1] == when}
            if answer is None:
                cells += f"<td>{escape(text('teach.quiz_counted', lang, n=number(sum(mine.values()))))}</td>"
                continue
            good, everyone = quiz.score(mine, when, known)
            share = number(good / everyone, "share", lang) if everyone else "–"
            cells += f'<td>{share} <span class="band">{good} / {everyone}</span></td>'
        rows += f'<tr><th scope="row">{i + 1}. {escape(one.question[lang])}</th><td>{escape(said)}</td>{cells}</tr>'
    counted = {key: n for key, n in hands.items() if key[0] in known}
    totals = {when: "{} / {}".format(*quiz.score(counted, when, known)) for when in quiz.WHEN}
    summed = f'<p class="spend" lang="{lang}">{escape(text("teach.quiz_result", lang, **totals))}</p>' if known else ""
    heads = "".join(
        f"<th>{escape(text(f'teach.quiz_{name}', lang))}</th>" for name in ("score", "right", "before", "after")
    )
    return (
        f'{summed}<div class="table numbers" lang="{lang}" tabindex="0"><table><thead><tr>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def downloads(ready: Ready, lang: str) -> None:
    """Files are made when asked for."""
    st.html(f'<p lang="{lang}">{escape(text("teach.pack_intro", lang))}</p>')
    files = {
        "pack": (f"facilitator-{lang}.html", lambda: pack.html(ready.runs, ready.lives, lang)),
        "pack_floor": ("floor.html", lambda: pocket.floor_page(ready.floor)),
        "pack_pocket": ("pocket.html", lambda: pocket.html(ready.runs, ready.emulator)),
    }
    for place, (name, (file, made)) in zip(st.columns(3), files.items(), strict=True):
        place.download_button(
            text(f"teach.{name}_button", lang), made, file, "text/html", on_click="ignore", width="stretch", key=name
        )
