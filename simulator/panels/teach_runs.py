"""What the page for the projector draws from: stored runs, recordings, and the process that makes what is missing."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any

import streamlit as st

from simulator.lessons import floor, lives, pieces, prepare
from simulator.lessons.content import Answers, Lesson
from simulator.lessons.emulator import Emulator
from simulator.lessons.findings import Runs
from simulator.lessons.plan import Plan
from simulator.panels import jobs
from simulator.paths import home
from simulator.results import InputError
from simulator.store import Store
from simulator.texts import text

_COMMAND = "garment-sim lessons --prepare"
_SCRIPT = """
export default function (component) {
  const place = component.parentElement.querySelector(".floor");
  place.lang = component.data.lang;
  return garmentFloor(place, component.data.floor, component.data.words);
}
"""


@dataclass(frozen=True, eq=False)
class Ready:
    """Everything the lessons need."""

    runs: Runs
    floor: dict[str, Any]
    lives: dict[str, Any]

    @cached_property
    def emulator(self) -> Emulator:
        """The formula of the last lesson."""
        return Emulator.fit(self.runs)

    @cached_property
    def _answers(self) -> dict[str, Answers]:
        return {}

    def answers(self, chosen: Lesson) -> Answers:
        """The answers of a lesson, computed once."""
        if chosen.id not in self._answers:
            self._answers[chosen.id] = Answers.of(chosen, self.runs)
        return self._answers[chosen.id]


@st.cache_resource(max_entries=2, show_spinner=False)
def _plan(folder: str) -> tuple[Plan, list[Any]]:
    plan = Plan.of()
    return plan, plan.requests()


@st.cache_resource(max_entries=2, show_spinner=False)
def _loaded(folder: str, keys: tuple[str, ...], _plan: Plan) -> Ready:
    runs, recorded, lived = Runs.load(_plan, Store()), floor.load(_plan), lives.load(_plan)
    if runs is None or recorded is None or lived is None:
        raise LookupError
    return Ready(runs, recorded, lived)


def ready(lang: str) -> Ready | None:
    """What the page draws from; where something is missing, the page says so and offers to make it."""
    try:
        plan, requests = _plan(str(home()))
    except InputError as error:
        st.error(text("evidence.damaged", lang))
        st.code(str(error), language=None)
        return None
    done, total = prepare.count(plan, requests, Store())
    if done == total:
        try:
            return _loaded(str(home()), tuple(request.key for request in requests), plan)
        except LookupError:  # a damaged file counts as missing
            jobs.discard_damaged(requests, Store())
            for part in (floor, lives):
                if part.load(plan) is None:
                    part.path(plan).unlink(missing_ok=True)
            done, total = prepare.count(plan, requests, Store())
    _missing(plan, requests, done, total, lang)
    return None


@st.fragment(run_every=jobs.POLL)
def _missing(plan: Plan, requests: list[Any], first: int, total: int, lang: str) -> None:
    done, _ = prepare.count(plan, requests, Store())
    if done == total and first < total:
        st.rerun()
    st.progress(done / total, text("teach.missing", lang, total=total, done=done))
    process = _process()
    working = process is not None and process.poll() is None
    if process is not None and not working and process.returncode:
        st.error(text("teach.missing_failed", lang))
        st.code(_last_words(), language=None)
    if not working:
        st.button(text("teach.missing_button", lang), on_click=_start, type="primary")
    told = f"{text('teach.missing_time', lang)} {text('teach.missing_command', lang)}"
    st.html(f'<p class="note" lang="{lang}">{escape(told)}</p>')
    st.code(_COMMAND, language=None)


_running: list[subprocess.Popen[bytes]] = []


def _process() -> subprocess.Popen[bytes] | None:
    return _running[-1] if _running else None


def _log() -> Path:
    folder = home() / "lessons"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / "prepare.log"


def _last_words() -> str:
    lines = _log().read_text(encoding="utf-8", errors="replace").split("\n") if _log().is_file() else []
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def _start() -> None:
    """One process of low priority; it is the command that anyone can give."""
    process = _process()
    if process is not None and process.poll() is None:
        return
    workers = max(1, (os.cpu_count() or 2) - 1)
    command = [sys.executable, "-m", "simulator", "lessons", "--prepare", "--workers", str(workers)]
    package = Path(__file__).resolve().parents[2]
    with open(_log(), "wb") as log:
        _running.append(subprocess.Popen(command, cwd=package, stdout=log, stderr=log))


_FLOOR = st.components.v2.component(
    "garment_floor",
    html='<div class="floor"></div>',
    css=pieces.asset("floor.css"),
    js=f"{pieces.asset('floor.js')}\n{_SCRIPT}",
)


def draw_floor(ready: Ready, lang: str) -> None:
    """The factory floor; the browser draws it from the recording."""
    data = {"floor": pieces.floor_data(ready.floor), "words": pieces.floor_words(lang), "lang": lang}
    _FLOOR(data=data, key=f"floor_{lang}")
