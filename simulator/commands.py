"""Commands for many runs: experiments, the store of finished runs, and merging stores."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.terminal import Progress, print_table

if TYPE_CHECKING:
    from simulator.plan import Experiment, Part
    from simulator.store import Store

DONE, USAGE, INVALID, SOME_FAILED, DAMAGED, INTERRUPTED = 0, 2, 3, 4, 5, 130
Command = Callable[[str, Callable[[argparse.Namespace], int], str], argparse.ArgumentParser]
_FORMATS = ("parquet", "csv", "xlsx")
_MEASURED = 2013  # the last year of the run that tells how long others take


def experiment(arguments: argparse.Namespace) -> int:
    """Run what is missing of an experiment; tables with --out."""
    from simulator.experiment import run_experiment
    from simulator.plan import take
    from simulator.plan_files import load_experiment
    from simulator.store import Store

    chosen, store = load_experiment(arguments.file), Store(arguments.store)
    for note in chosen.notes:
        print(f"note: {note}", file=sys.stderr)
    part = take(chosen, arguments.shard)
    if arguments.dry_run:
        return _dry_run(chosen, part, store, arguments.workers or os.cpu_count() or 2)
    progress = Progress("runs")
    try:
        done = run_experiment(
            chosen, store, arguments.workers, progress, arguments.limit, arguments.scheduler, arguments.shard
        )
    except KeyboardInterrupt:
        progress.end()
        print(f"finished runs are in {store.folder}; the same command goes on from there", file=sys.stderr)
        raise
    progress.end()
    for failure in done.failures:
        print(f"failed: {failure}", file=sys.stderr)
    if done.halted:
        print(f"halted: {done.halted}; the same command goes on when that is mended", file=sys.stderr)
    failed = len(done.failures)
    print(f"{len(part)} runs in {store.folder}{f', {failed} of them failed' if failed else ''}", file=sys.stderr)
    if arguments.out is not None:
        folder = done.save(arguments.out, arguments.format)
        print(f"wrote runs and series ({arguments.format}) to {folder}", file=sys.stderr)
    return SOME_FAILED if failed or done.halted else DONE


def _dry_run(chosen: Experiment, part: Part, store: Store, workers: int) -> int:
    """What there is to do and how long it may take."""
    missing, first, times = 0, None, []
    seen: set[str] = set()
    for request in part:
        if request.key in seen:
            continue
        seen.add(request.key)
        row = store.metadata(request)
        if row is None:
            missing += 1
            first = first or request
        else:
            times.append(float(row["wall_time"]))
    whole_one = f"a shard of {len(chosen)}: " if len(part) < len(chosen) else ""
    print(f"{len(part)} runs ({whole_one}{chosen.told()})")
    print(f"{len(seen) - missing} in {store.folder} already, {missing} to do")
    if first is None:
        return DONE
    if times:
        each, source = sum(times) / len(times), f"from {len(times)} stored runs of this experiment"
    else:
        each, source = _measure(chosen), "from the start of one run, measured now"
    # The last runs leave processes without work: the time is told for whole rounds.
    rounds = -(-missing // workers)
    print(f"time expected: {_duration(each * rounds)} on {workers} processes, {each:.2g} s a run ({source})")
    return DONE


def _measure(chosen: Experiment) -> float:
    """Seconds a run of the experiment may take: its first years are run and their steps counted up to its end."""
    from dataclasses import replace

    from simulator.run import FIRST_YEAR, execute

    request = replace(chosen[0], until=min(_MEASURED, chosen.until))
    execute(request)  # what is loaded and compiled once
    times = [time.perf_counter()]
    execute(request, lambda *_: times.append(time.perf_counter()))
    steps = (chosen.until - FIRST_YEAR + 1) * request.steps_per_year
    return times[1] - times[0] + (times[-1] - times[1]) / (len(times) - 2) * (steps - 1)


def _duration(seconds: float) -> str:
    for size, unit in ((86400.0, "days"), (3600.0, "h"), (60.0, "min")):
        if seconds >= 1.5 * size:
            return f"about {seconds / size:.2g} {unit}"
    return f"about {max(seconds, 1.0):.0f} s"


def store(arguments: argparse.Namespace) -> int:
    """Finished runs on disk."""
    from simulator.store import Store

    runs = Store(arguments.store)
    if arguments.what == "list":
        names = ("run_id", "scenario", "draw", "seed", "people_per_agent", "until", "model")
        lines = [names] if (rows := runs.rows()) else []
        print_table([*lines, *(tuple(str(row[name]) for name in names) for row in rows)])
    elif arguments.what == "check":
        damaged = runs.damaged()
        for path, reason in damaged:
            print(f"{path}: {reason}", file=sys.stderr)
        print(f"{len(list(runs)) - len(damaged)} good, {len(damaged)} damaged in {runs.folder}")
        return DAMAGED if damaged else DONE
    elif arguments.what == "export":
        from simulator.export import stored, write_tables

        folder = write_tables(arguments.out, lambda: stored(runs), arguments.format)
        print(f"wrote runs and series ({arguments.format}) to {folder}", file=sys.stderr)
    else:
        print(f"{len(runs.prune())} files removed, {len(list(runs))} runs kept in {runs.folder}")
    return DONE


def merge(arguments: argparse.Namespace) -> int:
    """Several stores into one."""
    from simulator.store import merge as merge_

    number, damaged = merge_(arguments.folders, arguments.out, arguments.mixed)
    for path in damaged:
        print(f"{path} is damaged; it is left out", file=sys.stderr)
    print(f"{number} runs in {arguments.out}")
    return DAMAGED if damaged else DONE


def warn_if_stale(*kinds: str | None) -> None:
    """Say so where a posterior was fitted with other code or data; the runs go on."""
    from simulator.posterior import load_posterior, stale

    for kind in filter(None, kinds):
        if stale(load_posterior(kind)):
            message = f"the {kind} posterior was fitted with other code or data; garment-sim calibrate makes it anew"
            print(message, file=sys.stderr)


# Parsing


def add_experiment(command: Command) -> None:
    """``garment-sim experiment``."""
    sub = command("experiment", experiment, "run scenarios × levers × draws × seeds from a file, or go on with it")
    sub.add_argument("file", metavar="FILE", help="the experiment (YAML), or the id of a shipped one")
    sub.add_argument("--store", type=Path, metavar="DIR", help="where finished runs are kept (your own store)")
    sub.add_argument("--workers", type=whole(1), metavar="N", help="processes (one a core)")
    sub.add_argument("--scheduler", metavar="ADDRESS", help="run on the Dask cluster at this address, tcp://host:port")
    sub.add_argument("--shard", type=_shard, metavar="I/N", help="only every N-th run from the I-th on (from 1)")
    sub.add_argument("--limit", type=_seconds, default=3600.0, metavar="SECONDS", help="a run may take (3600)")
    sub.add_argument("--dry-run", action="store_true", help="tell the number of runs and the time expected")
    _add_tables(sub)


def add_store(command: Command) -> None:
    """``garment-sim store``."""
    sub = command("store", store, "list, check, prune or export finished runs on disk")
    sub.add_argument("what", choices=("list", "check", "prune", "export"))
    sub.add_argument("--store", type=Path, metavar="DIR", help="the store (your own)")
    _add_tables(sub, Path("."))


def add_merge(command: Command) -> None:
    """``garment-sim merge``."""
    sub = command("merge", merge, "copy the finished runs of several stores into one")
    sub.add_argument("folders", nargs="+", type=Path, metavar="DIR")
    sub.add_argument("--out", type=Path, metavar="DIR", required=True, help="the store that gets them all")
    sub.add_argument("--mixed", action="store_true", help="even if versions or an experiment's settings differ")


def _add_tables(sub: argparse.ArgumentParser, usual: Path | None = None) -> None:
    told = "here" if usual else "none"
    sub.add_argument("--out", type=Path, metavar="DIR", default=usual, help=f"write runs and series there ({told})")
    sub.add_argument("--format", choices=_FORMATS, default="parquet", help="of the files (parquet)")


def whole(low: int, high: int | None = None) -> Any:
    """The type of an option that is a whole number."""

    def number(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = low - 1
        if value < low or (high is not None and value > high):
            upper = f" to {high}" if high is not None else ""
            raise argparse.ArgumentTypeError(f"{text} is not a whole number from {low}{upper}")
        return value

    return number


def _shard(text: str) -> tuple[int, int]:
    first, _, step = text.partition("/")
    if first.isdecimal() and step.isdecimal() and 1 <= int(first) <= int(step):
        return int(first), int(step)
    raise argparse.ArgumentTypeError(f"{text} is not I/N with I from 1 to N, as in 2/8")


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a number of seconds above 0")
    return value
