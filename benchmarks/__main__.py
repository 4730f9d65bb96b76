"""``python -m benchmarks [SECTION...] [--quick | --full]``: one page of results in Markdown."""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import nullcontext

from benchmarks import app, baseline, batch, collecting, floor, growth, load, promises, starting, workers
from benchmarks.measure import Effort, Section, machine, one_process

SECTIONS: dict[str, Callable[[Effort], Section]] = {
    "baseline": baseline.section,
    "processes": baseline.processes,
    "workers": workers.section,
    "growth": growth.section,
    "floor": floor.section,
    "start": starting.section,
    "batch": batch.section,
    "collecting": collecting.section,
    "app": app.section,
    "load": load.section,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Measure section after section, printing each when it is done, then the promises; 1 where a section failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"only these of: {', '.join(SECTIONS)}")
    effort = parser.add_mutually_exclusive_group()
    effort.add_argument("--quick", action="store_true", help="tiny sizes: does every section run? judges little")
    effort.add_argument("--full", action="store_true", help="1,000 runs in the batch instead of 200")
    asked = parser.parse_args(argv)
    if unknown := set(asked.sections) - set(SECTIONS):
        parser.error(f"no section {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}")
    chosen: Effort = "quick" if asked.quick else "full" if asked.full else "usual"
    print("# How fast the simulator is", *machine(), sep="\n", end="\n\n", flush=True)
    print("Trust ratios, which compare within this run, further than seconds.", end="\n\n")
    if asked.quick:
        print(
            "Tiny sizes, one process for all that would be fresh: nothing here is held against a promise.", end="\n\n"
        )
    facts: dict[str, float] = {}
    failed: list[str] = []
    with one_process() if asked.quick else nullcontext():
        for name in asked.sections or SECTIONS:
            began = time.perf_counter()
            try:
                found = SECTIONS[name](chosen)
            except Exception as error:  # minutes have gone into the others
                traceback.print_exc()
                found = Section(name, [f"**Failed**: {type(error).__name__}: {error}", ""])
                failed.append(name)
            facts |= found.facts
            print(found, flush=True)
            print(f"{name}: {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
    print(promises.section(facts))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
