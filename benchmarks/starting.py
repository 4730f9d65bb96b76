"""From nothing to a first result: importing, and the command line."""

from __future__ import annotations

from collections import defaultdict
from tempfile import TemporaryDirectory

from benchmarks.measure import SPREAD, Effort, Section, Spread, command, seconds, times

COMPILED = 3  # short runs after the one that compiles
BARE, LIBRARIES, MODEL = "bare interpreter", "import mesa, numba, pandas, pyarrow", "import of the model"


def section(effort: Effort) -> Section:
    """Seconds of whole processes, from start to end, in turn."""
    quick = effort == "quick"
    until, turns = ("2012", 1) if quick else ("2040", 5)
    size = ("--people-per-agent", "800") if quick else ()
    what = f"first result: `run baseline --until {until}`"
    commands = {
        BARE: ("-c", "pass"),
        LIBRARIES: ("-c", "import mesa, numba, pandas, pyarrow.parquet"),
        MODEL: ("-c", "import simulator.model, simulator.run"),
        "`list scenarios`": ("-m", "simulator", "list", "scenarios"),
        what: ("-m", "simulator", "run", "baseline", "--until", until, "--json", *size),
    }
    found: dict[str, list[float]] = defaultdict(list)
    with TemporaryDirectory() as home, TemporaryDirectory() as cache:
        place = {"GARMENT_SIM_HOME": home}
        if not quick:
            place["NUMBA_CACHE_DIR"] = cache
            short = ("-m", "simulator", "run", "baseline", "--until", "2012", "--json")
            cold, *warm = (command(*short, **place) for _ in range(1 + COMPILED))
        for _ in range(turns):
            for name, arguments in commands.items():
                found[name].append(command(*arguments, **place))
    out = Section("Starting")
    out.say(f"Fresh processes from start to end, in turn, {turns} of each; compiled code is on disk.")
    out.table(
        ["process", *SPREAD, f"over {LIBRARIES}", *SPREAD[1:]],
        (
            [
                name,
                *Spread.of(values).cells(seconds),
                *Spread.of(a / b for a, b in zip(values, found[LIBRARIES])).cells(times),
            ]
            for name, values in found.items()
        ),
    )
    if not quick:
        told = Spread.of(warm)
        out.say(
            f"The very first one on a machine also compiles. `run baseline --until 2012`: {seconds(cold)} with no "
            f"compiled code on disk, then {seconds(told.median)} ({seconds(told.least)} to {seconds(told.most)}, "
            f"{COMPILED} times): {times(cold / told.median)} as long, once."
        )
    return out
