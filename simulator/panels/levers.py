"""The levers of a trial: a slider and a typed value each, marks where the shipped scenarios stand, source and way back.

Ranges, units and steps are the registry's. A lever that is moved holds from the start of scenarios; other quarters are
set in the expert edition.
"""

from __future__ import annotations

from functools import lru_cache
from html import escape

import pandas as pd
import streamlit as st

from simulator.checks import PERIODS, START, ScenarioError
from simulator.data import sources
from simulator.drawing import Tables, spot
from simulator.levers import SIMPLE, digits, from_shown, groups, step, to_shown, told, unit
from simulator.panels import state
from simulator.parameters import PARAMETERS
from simulator.texts import label, text
from simulator.trial import Trial, preset, presets

GROUP = "group"
_REFUSED = "refused"
_STEP_NAME, _STEP_PERIOD, _STEP_VALUE = "step_name", "step_period", "step_value"
STYLE = """
.levels { position: relative; height: 1.35rem; margin: -.9rem .55rem 0; }
.levels span { position: absolute; top: 0; display: flex; flex-direction: column; line-height: 0;
  transform: translateX(-50%); }
.levels img { margin: 0 !important; max-width: none; }
.levels.tall { height: 2.4rem; }
.lever details { margin: .1rem 0 .2rem; font-size: .92rem; }
.lever summary { min-height: 1.9rem; padding: .2rem 0; color: #0b5d7a; cursor: pointer; }
.lever ul { margin: .2rem 0 .4rem !important; padding: 0 !important; list-style: none; }
.lever li { display: flex; gap: .4rem; align-items: center; margin: 0; font-size: .92rem; }
.lever p { margin: .2rem 0; font-size: .92rem; }
.lever .path { color: #6b4a00; }
[class*="st-key-lever_"] { gap: .2rem; padding: .5rem .7rem .3rem; border: 1px solid #d5dae0; border-radius: 6px; }
[class*="st-key-lever_"] [data-testid="stSliderTickBar"] { font-size: .8rem; }
[class*="st-key-reset_"] p, [class*="st-key-drop_"] p { font-size: 0 !important; }
[class*="st-key-reset_"] p::before { content: "↺"; font-size: 1.1rem; }
[class*="st-key-drop_"] p::before { content: "✕"; font-size: 1.1rem; }
.stApp h3.leading { margin: .4rem 0 0; padding: 0; font-size: 1rem; }
"""


def simple(lang: str) -> None:
    """The levers that matter most, under the names of their groups."""
    group = ""
    for name in SIMPLE:
        if PARAMETERS[name].group != group:
            group = PARAMETERS[name].group
            st.html(f'<h3 class="leading" lang="{lang}">{escape(group_title(group, lang))}</h3>')
        _lever(name, lang)


def expert(lang: str) -> None:
    """All levers and drivers, one group at a time, and steps in time."""
    known = groups()
    changed = {PARAMETERS[name].group for name in state.trial().settings}

    def titled(group: str) -> str:
        return f"{group_title(group, lang)} •" if group in changed else group_title(group, lang)

    chosen = st.pills(text("try.group", lang), list(known), format_func=titled, key=GROUP, required=True, wrap=True)
    group = chosen or next(iter(known))
    for name in known[group]:
        _lever(name, lang)
    _steps(known[group], lang)


def group_title(group: str, lang: str) -> str:
    """The name of a group of levers."""
    return text(f"try.group_{group}", lang)


def refusal(lang: str) -> None:
    """What was wrong with the last change, which was not made."""
    reason = st.session_state.pop(_REFUSED, None)
    if reason:
        told = f"{escape(text('try.refused', lang))} <code>{escape(reason)}</code>"
        st.html(f'<p class="pending" role="alert" lang="{lang}">{told}</p>')


def refuse(reason: str) -> None:
    """Have the next drawing say what was wrong."""
    st.session_state[_REFUSED] = reason


def _lever(name: str, lang: str) -> None:
    trial = state.trial()
    steps = trial.steps(name)
    shown = to_shown(name, steps[START])
    low, high = (to_shown(name, end) for end in (PARAMETERS[name].low, PARAMETERS[name].high))
    (slide, slid), (typed, wrote) = (state.held(f"{kind}_{name}", shown) for kind in ("slide", "type"))
    kind = unit(name, lang)
    title = f"{label(name, lang)} ({kind})" if kind else label(name, lang)
    decimals = max(digits(name), _decimals(shown))
    with st.container(key=f"lever_{name.replace('.', '_')}"):
        left, right = st.columns([5, 4], vertical_alignment="top")
        with left:
            st.slider(title, low, high, slid, step(name), f"%.{decimals}f", key=slide, on_change=_move,
                      args=(name, slide))  # fmt: skip
            st.html(_marks(name))
        with right, st.container(horizontal=True, vertical_alignment="center", wrap=False, gap="small"):
            st.number_input(
                text("try.typed", lang, name=title), low, high, wrote, step(name), f"%.{decimals}f", key=typed,
                label_visibility="collapsed", on_change=_move, args=(name, typed),
            )  # fmt: skip
            st.button(
                text("try.reset_one", lang, name=label(name, lang)), key=f"reset_{name}",
                disabled=name not in trial.settings, on_click=_reset, args=(name,),
            )  # fmt: skip
        dated = len(steps) > 1
        path = f'<p class="path">{escape(told(name, steps, lang))}</p>' if dated else ""
        st.html(f'<div class="lever" lang="{lang}">{path}{_about(name, lang)}</div>')


def _decimals(value: float) -> int:
    return len(f"{value:.6f}".rstrip("0").partition(".")[2])


@lru_cache(maxsize=256)
def _marks(name: str) -> str:
    """Where the baseline and the scenarios that leave it stand on the slider; :func:`_about` says it."""
    about, tables = PARAMETERS[name], _shipped()
    levels = {scenario: preset(scenario).value(name, START) for scenario in tables.titles}
    at: dict[float, list[str]] = {}
    for scenario, value in levels.items():
        if scenario == tables.baseline or value != levels[tables.baseline]:
            at.setdefault(value, []).append(spot(tables, scenario))
    spots = ""
    for value, marks in sorted(at.items()):
        place = 100 * (value - about.low) / (about.high - about.low)
        spots += f'<span style="left:{place:.1f}%">{"".join(marks)}</span>'
    tall = " tall" if any(len(marks) > 1 for marks in at.values()) else ""
    return f'<div class="levels{tall}" aria-hidden="true">{spots}</div>'


@lru_cache(maxsize=512)
def _about(name: str, lang: str) -> str:
    """Default, levels of the shipped scenarios, range, delay and source, to be opened."""
    about, tables = PARAMETERS[name], _shipped()
    default = about.default if isinstance(about.default, dict) else {START: about.default}
    first = {START: about.default_at(START)} | {p: v for p, v in default.items() if p > START}
    levels = "".join(
        f"<li>{spot(tables, one)} {escape(tables.title(one, lang))}: "
        f"{escape(told(name, Trial(one).steps(name), lang))}</li>"
        for one in tables.titles
    )
    lines = [
        text("try.marks", lang),
        text("try.default", lang, value=told(name, first, lang)),
        text("try.range", lang, low=told(name, {START: about.low}, lang), high=told(name, {START: about.high}, lang)),
    ]
    if about.lag:
        lines.append(text("try.lag", lang, years=f"{about.lag:g}"))
    known = sources()
    if about.source in known:
        lines.append(f"{text('app.source', lang)}: [{about.source}] {known[about.source].citation}")
    else:
        lines.append(text("try.assumed", lang))
    words = "".join(f"<p>{escape(line)}</p>" for line in lines)
    head = escape(text("try.levels", lang))
    return f"<details><summary>{head}</summary><ul>{levels}</ul>{words}</details>"


@lru_cache(maxsize=1)
def _shipped() -> Tables:
    """The shipped scenarios in their colours."""
    titles = {name: dict(preset(name).title) for name in presets()}
    return Tables(pd.DataFrame(), pd.DataFrame(), titles)


# ---- steps in time


def _steps(names: tuple[str, ...], lang: str) -> None:
    """Values from later quarters on, for the levers of one group."""
    with st.expander(text("try.steps", lang)):
        st.html(f'<p class="note" lang="{lang}">{escape(text("try.steps_help", lang))}</p>')
        if st.session_state.get(_STEP_NAME) not in names:
            st.session_state[_STEP_NAME] = names[0]
        name = st.selectbox(text("try.step_lever", lang), names, format_func=lambda n: label(n, lang), key=_STEP_NAME)
        low, high = (to_shown(name, end) for end in (PARAMETERS[name].low, PARAMETERS[name].high))
        later = [period for period in PERIODS if period > START]
        period = st.selectbox(text("try.step_from", lang), later, index=later.index("2030Q1"), key=_STEP_PERIOD)
        kind = unit(name, lang)
        asked = text("try.step_value", lang)
        value = st.number_input(
            f"{asked} ({kind})" if kind else asked, low, high, to_shown(name, state.trial().steps(name)[START]),
            step=step(name), format=f"%.{max(digits(name), 1)}f", key=f"{_STEP_VALUE}_{name}",
        )  # fmt: skip
        st.button(text("try.step_add", lang), on_click=_add_step, args=(name, period, value))
        for one in names:
            for when, amount in list(state.trial().steps(one).items())[1:]:
                words = f"{label(one, lang)}: {told(one, {when: amount}, lang)}, {when}"
                left, right = st.columns([4, 1], vertical_alignment="center")
                left.html(f'<p class="note" lang="{lang}">{escape(words)}</p>')
                name_of = text("try.step_drop", lang, step=words)
                right.button(name_of, key=f"drop_{one}_{when}", on_click=_drop_step, args=(one, when))


def _add_step(name: str, period: str, value: float | None) -> None:
    if value is not None:
        _set(name, state.trial().steps(name) | {period: from_shown(name, value)})


def _drop_step(name: str, period: str) -> None:
    _set(name, {when: value for when, value in state.trial().steps(name).items() if when != period})


# ---- changes


def _move(name: str, key: str) -> None:
    """A lever was moved: its value from the start; later steps that somebody set stay, those of a default do not."""
    value = state.chosen(key.partition("#")[0], key)
    if value is None:
        return
    chosen = state.trial().scenario().settings.get(name, {})
    later = {period: amount for period, amount in chosen.items() if period > START}
    _set(name, {START: from_shown(name, value)} | later)


def _set(name: str, steps: dict[str, float]) -> None:
    try:
        state.take(state.trial().with_steps(name, dict(sorted(steps.items()))))
    except ScenarioError as error:
        refuse(str(error))


def _reset(name: str) -> None:
    try:
        state.take(state.trial().without(name))
    except ScenarioError as error:
        refuse(str(error))
