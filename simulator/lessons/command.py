"""``garment-sim lessons``: run what the lessons need, and write the pack, the floor and the pocket edition."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from simulator.commands import DONE, INTERRUPTED, SOME_FAILED, Command, whole
from simulator.terminal import Progress

if TYPE_CHECKING:
    from simulator.lessons.plan import Plan
    from simulator.store import Store

_NICE = 10


def lessons(arguments: argparse.Namespace) -> int:
    """Prepare, then write what was asked for."""
    from simulator.lessons import prepare
    from simulator.lessons.plan import Plan
    from simulator.store import Store

    plan, store = Plan.of(arguments.draws, arguments.people_per_agent), Store()
    requests = plan.requests()
    done, total = prepare.count(plan, requests, store)
    if done < total:
        print(f"{total - done} of {total} runs and recordings are missing; they are made now", file=sys.stderr)
    if arguments.prepare and hasattr(os, "nice"):
        os.nice(_NICE)  # the machine stays free for what it is used for meanwhile
    shown: list[Progress] = []

    def progress(what: str) -> Progress:
        end()
        shown.append(Progress(what))
        return shown[-1]

    def end() -> None:
        if shown:
            shown[-1].end()

    try:
        failed = prepare.prepare(plan, store, arguments.workers, progress)
    except KeyboardInterrupt:
        print("\nfinished runs are kept; the same command goes on from there", file=sys.stderr)
        return INTERRUPTED
    finally:
        end()
    for line in failed:
        print(f"failed: {line}", file=sys.stderr)
    if failed:
        return SOME_FAILED
    if arguments.prepare and arguments.out is None and arguments.pocket is None:
        print(f"everything the lessons need is in {store.folder.parent}", file=sys.stderr)
        return DONE
    for path in _write(arguments, plan, store):
        print(path)
    return DONE


def _write(arguments: argparse.Namespace, plan: Plan, store: Store) -> list[Path]:
    """The files asked for, all or none."""
    from simulator.lessons import floor, lives, pack, pocket
    from simulator.lessons.emulator import Emulator
    from simulator.lessons.findings import Runs
    from simulator.results import InputError, write_together
    from simulator.texts import LANGUAGES

    runs, recording, lived = Runs.load(plan, store), floor.load(plan), lives.load(plan)
    if runs is None or recording is None or lived is None:
        raise InputError(f"{store.folder}: a file was damaged meanwhile; the same command mends it")
    emulator = Emulator.fit(runs)
    pages: dict[Path, str] = {}
    if arguments.pocket is not None:
        pages[arguments.pocket] = pocket.html(runs, emulator)
    if arguments.out is not None or arguments.pocket is None:
        out = arguments.out or Path("lessons")
        for lang in LANGUAGES if arguments.lang == "both" else (arguments.lang,):
            pages[out / f"facilitator-{lang}.html"] = pack.html(runs, lived, lang)
        pages[out / "floor.html"] = pocket.floor_page(recording)
        pages[out / "pocket.html"] = pocket.html(runs, emulator)
    write_together({path: _writer(page) for path, page in pages.items()})
    return list(pages)


def _writer(page: str) -> Callable[[Path], object]:
    return lambda path: path.write_text(page, encoding="utf-8")


def add_lessons(command: Command) -> None:
    """``garment-sim lessons``."""
    sub = command("lessons", lessons, "prepare the trainer's lessons and write what is printed or taken along")
    sub.add_argument("--prepare", action="store_true", help="only run what is missing; stopped, it goes on later")
    sub.add_argument(
        "--out", type=Path, metavar="DIR", help="write the facilitator's pack, floor and pocket edition there (lessons)"
    )
    sub.add_argument("--pocket", type=Path, metavar="FILE", help="write the pocket edition alone, one file")
    sub.add_argument("--lang", choices=("both", "en", "km"), default="both", help="language of the pack (both)")
    sub.add_argument("--draws", type=whole(1), metavar="N", help="sets of numbers (10; the app shows these)")
    sub.add_argument(
        "--people-per-agent", type=whole(1, 1000), default=50, metavar="N", help="people one agent is (50)"
    )
    sub.add_argument("--workers", type=whole(1), metavar="N", help="processes (one a core)")
