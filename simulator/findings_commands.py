"""Commands that find out: what results depend on, when a future comes about, what reaches a goal at the least cost."""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.commands import DONE, SOME_FAILED, Command, _duration, whole
from simulator.terminal import Progress, _figure, _print_right, print_json, print_table

if TYPE_CHECKING:
    from simulator.batch import Failure
    from simulator.run import Request
    from simulator.store import Store

_SCENARIO = "id of a shipped scenario, or a file (baseline)"
_LANGUAGES = ("en", "km")


def sensitivity(arguments: argparse.Namespace) -> int:
    """Which numbers indicators depend on."""
    from simulator.analysis.sensitivity import INDICATORS, carry_out, plan
    from simulator.store import Store

    store = Store(arguments.store)
    asked = plan(
        arguments.scenario,
        arguments.indicator or INDICATORS,
        arguments.period,
        arguments.method,
        arguments.parameters,
        arguments.trajectories,
        arguments.samples,
        arguments.top,
        arguments.seeds,
        arguments.uncertain,
        arguments.people_per_agent,
        arguments.seed,
    )
    stages = ", then ".join(f"{points} points of {method}" for method, points in asked.stages)
    if arguments.dry_run:
        method, _ = asked.stages[0]
        requests = asked.requests(asked.factors, *asked.points(method, asked.factors))
        print(f"{len(asked.factors)} numbers and luck: {stages}, {asked.seeds} seeds each")
        return _dry_run(requests, asked.most_runs, store, arguments.workers)
    found = _carry_out(lambda *how: carry_out(asked, store, arguments.workers, *how), store)
    return _end(arguments, found, "sensitivity", _print_sensitivity)


def discover(arguments: argparse.Namespace) -> int:
    """Under which conditions a future comes about."""
    from simulator.analysis.discover import carry_out, plan
    from simulator.store import Store

    store = Store(arguments.store)
    asked = plan(
        arguments.future,
        arguments.scenario,
        arguments.worlds,
        arguments.period,
        arguments.parameters,
        arguments.uncertain,
        arguments.density,
        arguments.boxes,
        arguments.people_per_agent,
        arguments.seed,
    )
    if arguments.dry_run:
        print(f"{asked.worlds} worlds of {len(asked.factors)} numbers{' and draws of the posterior' * asked.drawn}")
        return _dry_run(asked.first_requests(), asked.worlds, store, arguments.workers)
    found = _carry_out(lambda *how: carry_out(asked, store, arguments.workers, *how), store)
    return _end(arguments, found, "discover", _print_discovery)


def optimise(arguments: argparse.Namespace) -> int:
    """The cheapest mix of levers that reaches goals."""
    from simulator.analysis.optimise import carry_out, plan
    from simulator.store import Store

    store = Store(arguments.store)
    asked = plan(
        arguments.goal,
        arguments.scenario,
        arguments.share,
        arguments.levers,
        arguments.period,
        arguments.budget,
        arguments.people_per_agent,
        arguments.seed,
    )
    if arguments.dry_run:
        print(
            f"{len(asked.levers)} levers: {asked.draws} + {asked.spread} runs to learn from, {asked.proposals} "
            f"proposals × {asked.draws} draws, {asked.fresh} fresh draws (twice if the first mix fails), "
            f"{len(asked.worlds) + 1} worlds × 3 mixes × {asked.world_draws} draws"
        )
        return _dry_run(asked.first_requests(), asked.most_runs, store, arguments.workers)
    found = _carry_out(lambda *how: carry_out(asked, store, arguments.workers, *how), store)
    return _end(arguments, found, "optimise", _print_optimum)


# Shared


def _carry_out(work: Callable[..., Any], store: Store) -> Any:
    """Work with a progress bar for each stage; on Ctrl-C it is said where finished runs are."""
    stages: list[Progress] = []

    def say(words: str) -> None:
        if stages:
            stages[-1].end()
        print(words, file=sys.stderr)
        stages.append(Progress("runs"))

    def progress(done: int, total: int) -> None:
        if not stages:
            stages.append(Progress("runs"))
        stages[-1](done, total)

    try:
        return work(progress, say)
    except KeyboardInterrupt:
        print(f"\nfinished runs are in {store.folder}; the same command goes on from there", file=sys.stderr)
        raise
    finally:
        if stages:
            stages[-1].end()


def _dry_run(requests: Sequence[Request], most: int, store: Store, workers: int | None) -> int:
    """What there is to do and how long it may take; the first stage is looked up in the store."""
    unique = {one.key: one for one in requests}
    rows = [row for one in unique.values() if (row := store.metadata(one)) is not None]
    processes = workers or os.cpu_count() or 2
    left = most - len(rows)
    print(f"at most {most} runs; {len(rows)} of the first stage's {len(unique)} are in {store.folder}")
    if left <= 0:
        return DONE
    times = [float(row["wall_time"]) for row in rows]
    if times:
        each, source = sum(times) / len(times), f"from {len(times)} stored runs"
    else:
        each, source = _measured(next(iter(unique.values()))), "from the start of one run, measured now"
    expected = _duration(each * math.ceil(left / processes))
    print(f"time expected: at most {expected} on {processes} processes, {each:.2g} s a run ({source})")
    return DONE


def _measured(request: Request) -> float:
    """Seconds such a run may take: its first years are run and their steps counted up to its end."""
    import time
    from dataclasses import replace

    from simulator.run import FIRST_YEAR, execute

    short = replace(request, until=min(FIRST_YEAR + 1, request.until))
    execute(short)  # what is loaded and compiled once
    times = [time.perf_counter()]
    execute(short, lambda *_: times.append(time.perf_counter()))
    steps = (request.until - FIRST_YEAR + 1) * request.steps_per_year
    return times[1] - times[0] + (times[-1] - times[1]) / (len(times) - 2) * (steps - 1)


def _end(arguments: argparse.Namespace, found: Any, kind: str, show: Callable[[Any], None]) -> int:
    """Print or write what was found; failures are listed."""
    from simulator.charts_findings import CHARTS
    from simulator.results import records, write_together
    from simulator.terminal import json_text

    texts = {lang: _words(found, kind, lang) for lang in _LANGUAGES}
    if arguments.out is not None:
        found.save(arguments.out, arguments.format)
        charts = {lang: CHARTS[kind](found, lang) for lang in _LANGUAGES}
        extra = {"charts.json": json_text(charts), "text.en.txt": "\n".join(texts["en"]) + "\n"}
        extra["text.km.txt"] = "\n".join(texts["km"]) + "\n"
        write_together({
            arguments.out / name: partial(Path.write_text, data=content, encoding="utf-8")
            for name, content in extra.items()
        })  # fmt: skip
        print(f"wrote {', '.join(found.frames)} ({arguments.format}), charts.json and texts to {arguments.out}",
              file=sys.stderr)  # fmt: skip
    if arguments.json:
        frames = {name: records(frame) for name, frame in found.frames.items()}
        print_json({"metadata": found.about, **frames, "text": {k: " ".join(v) for k, v in texts.items()}})
    elif arguments.out is None:
        show(found)
        print()
        for line in texts["en"]:
            print(line)
    return _failures(found.failures)


def _words(found: Any, kind: str, lang: str) -> list[str]:
    from simulator.findings_words import discovery_words, optimum_words, sensitivity_words

    if kind == "sensitivity":
        names = found.about["asked"]["indicators"]
        return list(dict.fromkeys(line for name in names for line in sensitivity_words(found, name, lang)))
    return discovery_words(found, lang) if kind == "discover" else optimum_words(found, lang)


def _failures(failures: Sequence[Failure]) -> int:
    for failure in failures:
        print(f"failed: {failure}", file=sys.stderr)
    if failures:
        print("what rests on failed runs is left out, and the finding is not kept for the app, though --out writes it; "
              "the same command tries them again", file=sys.stderr)  # fmt: skip
    return SOME_FAILED if failures else DONE


# Tables


def _print_sensitivity(found: Any) -> None:
    from simulator.analysis.sensitivity import LUCK

    asked = found.about["asked"]
    what = "mean change over the whole range" if found.method == "morris" else "part of the variance"
    print(f"{asked['scenario']} in {asked['year']}: {what}, 95 % intervals; seeds a point: {found.about['seeds']}")
    for name in asked["indicators"]:
        rows = found.of(name)
        unit = rows["unit"].iloc[0]
        unit = "thousand persons" if unit == "persons" else unit
        print(f"\n{name}, {'%' if unit == 'share' else unit} (mean {_figure(float(rows['mean'].iloc[0]), unit)})")
        key = "mu_star" if found.method == "morris" else "total"
        shown = rows[(rows["rank"] <= 15) | (rows["name"] == LUCK)]
        shown = shown[(shown[key] > 0) | (shown["name"] == LUCK)]
        if found.method == "morris":
            lines = [["", "mu*", "95 %", "sigma", "mu", ""]]
            for row in shown.to_dict("records"):
                cells = [_figure(row[k], unit) for k in ("mu_star", "mu_star_low", "mu_star_high", "sigma", "mu")]
                lines.append([row["name"], cells[0], f"{cells[1]}–{cells[2]}", cells[3], cells[4], row["verdict"]])
        else:
            lines = [["", "alone", "95 %", "total", "95 %", ""]]
            for row in shown.to_dict("records"):
                first, total = (
                    [f"{row[f'{k}{end}']:.2f}" for end in ("", "_low", "_high")] for k in ("first", "total")
                )
                spans = [f"{ends[1]} to {ends[2]}" for ends in (first, total)]
                lines.append([row["name"], first[0], spans[0], total[0], spans[1], row["verdict"]])
        _print_right(lines)


def _print_discovery(found: Any) -> None:
    asked, about = found.about["asked"], found.about
    print(f"{asked['future']} in {asked['year']}, from {asked['scenario']}: {about['cases']} cases in "
          f"{about['worlds']} worlds ({about['cases_even']} of {about['even']} in the whole space)")  # fmt: skip
    for row in found.summary.to_dict("records"):
        spans = {k: f"{row[k]:.2f} ({row[f'{k}_low']:.2f}–{row[f'{k}_high']:.2f})" for k in ("coverage", "density")}
        print(f"\nbox {row['box']}: coverage {spans['coverage']}, density {spans['density']}, "
              f"mean {row['mean']:.2f} ({row['cases']} of {row['n']} runs), mass {row['mass']:.3f}; "
              f"fresh runs inside: {row['checked_cases']} of {row['checked']}")  # fmt: skip
        lines = [("condition", "from", "to", "quasi-p", "")]
        for one in found.boxes[found.boxes["box"] == row["box"]].to_dict("records"):
            ends = ["" if math.isnan(one[k]) else f"{one[k]:.4g}" for k in ("low", "high")]
            doubt = [f"{one[k]:.1e}" for k in ("quasi_p_low", "quasi_p_high") if not math.isnan(one[k])]
            lines.append((one["name"], *ends, " ".join(doubt), one["label"]))
        print_table(lines)


def _print_optimum(found: Any) -> None:
    from simulator.analysis.goals import read_goal

    about = found.about
    goals = about["asked"]["goals"]
    print(f"{about['asked']['scenario']}: {' and '.join(goals)} in {about['asked']['year']} in "
          f"{100 * about['asked']['share']:.0f} % of draws; {about['runs']} runs, {about['draws']} draws a mix.\n"
          f"Cost is public_cost {about['start'][:4]}–{about['asked']['year']}, USD million, nominal, not "
          "discounted.")  # fmt: skip
    units = [read_goal(goal).measure.unit for goal in goals]
    lines = [["mix", "cost", "10–90 %", "draws that meet it", *(f"level {goal}" for goal in goals), ""]]
    for row in found.mixes.sort_values(["cost", "mix"]).to_dict("records"):
        cost = [f"{row[k]:,.0f}" for k in ("cost", "cost_p10", "cost_p90")]
        levels = [_figure(row[f"level_{k}"], unit) for k, unit in enumerate(units, start=1)]
        share = f"{100 * row['share']:.0f} % ({100 * row['share_low']:.0f}–{100 * row['share_high']:.0f})"
        note = "chosen" if row["mix"] == about["winner"] else "scenario" if row["mix"] == 0 else ""
        note += " *" if row["frontier"] else ""
        lines.append([str(row["mix"]), cost[0], f"{cost[1]}–{cost[2]}", share, *levels, note.strip()])
    _print_right(lines)
    print("* no other mix is cheaper and reaches more\n")
    lines = [["world", "mix", "draws that meet it", "cost", "regret, draws", "regret, cost"]]
    for row in found.regret.to_dict("records"):
        share = f"{100 * row['share']:.0f} % ({100 * row['share_low']:.0f}–{100 * row['share_high']:.0f})"
        lost = "–" if math.isnan(row["regret_cost"]) else f"{row['regret_cost']:,.0f}"
        cells = [share, f"{row['cost']:,.0f}", f"{100 * row['regret_share']:.0f} %", lost]
        lines.append([row["world"], str(row["mix"]), *cells])
    _print_right(lines)


# Parsing


def add_findings(command: Command) -> None:
    """``garment-sim sensitivity``, ``discover`` and ``optimise``."""
    sub = command("sensitivity", sensitivity, "which numbers an indicator depends on, by Morris and Sobol")
    sub.add_argument("scenario", nargs="?", default="baseline", metavar="SCENARIO", help=_SCENARIO)
    sub.add_argument("--method", choices=("morris", "sobol"), default="morris", help="(morris)")
    sub.add_argument(
        "--indicator", type=_words_of, metavar="A,B",
        help="with a group as employment[gender=women] (employment, exports, automation, value_added, survival)",
    )  # fmt: skip
    sub.add_argument("--period", type=whole(2012, 2040), default=2040, metavar="YEAR", help="(2040)")
    sub.add_argument(
        "--parameters", type=_words_of, metavar="A,B",
        help="names, groups (labour) or kinds (fitted, uncertainty, measured, lever, driver) (uncertainty,fitted)",
    )  # fmt: skip
    sub.add_argument("--trajectories", type=whole(2), default=4, metavar="N", help="ways of Morris (4)")
    sub.add_argument("--samples", type=whole(2), default=64, metavar="N", help="base points of Sobol, power of 2 (64)")
    sub.add_argument("--top", type=whole(1), default=12, metavar="N", help="numbers that go on to Sobol (12)")
    sub.add_argument("--seeds", type=whole(1), default=1, metavar="M", help="runs of each point (1)")
    sub.add_argument(
        "--uncertain", choices=("ranges", "posterior"), default="ranges",
        help="vary fitted numbers over their ranges or as in the posterior (ranges)",
    )  # fmt: skip
    _add_shared(sub)

    sub = command("discover", discover, "conditions under which a future comes about, by PRIM")
    sub.add_argument("scenario", nargs="?", default="baseline", metavar="SCENARIO", help=_SCENARIO)
    sub.add_argument("--future", required=True, metavar="NAME", help="such as no_garment_sector")
    sub.add_argument("--worlds", type=whole(40), default=600, metavar="N", help="runs (600)")
    sub.add_argument("--period", type=whole(2025, 2040), default=2040, metavar="YEAR", help="(2040)")
    sub.add_argument(
        "--parameters", type=_words_of, metavar="A,B", help="what varies: names, groups or kinds (lever,driver)"
    )
    sub.add_argument(
        "--uncertain", choices=("posterior", "best"), default="posterior",
        help="other numbers from draws of the posterior, or the best set (posterior)",
    )  # fmt: skip
    sub.add_argument("--density", type=_share, default=0.8, metavar="SHARE", help="wanted of a box (0.8)")
    sub.add_argument("--boxes", type=whole(1, 5), default=1, metavar="N", help="at most (1)")
    _add_shared(sub)

    sub = command("optimise", optimise, "the cheapest mix of levers that reaches goals")
    sub.add_argument("scenario", nargs="?", default="baseline", metavar="SCENARIO", help=_SCENARIO)
    sub.add_argument(
        "--goal", action="append", required=True, metavar="EXPR", help="as value_added>=3000; may be repeated"
    )
    sub.add_argument("--share", type=_share, default=0.8, metavar="SHARE", help="of draws that meet all goals (0.8)")
    sub.add_argument(
        "--levers", type=_words_of, metavar="A,B", help="with bounds as automation.subsidy=0:0.3 (all that cost)"
    )
    sub.add_argument("--period", type=whole(2025, 2040), default=2040, metavar="YEAR", help="(2040)")
    sub.add_argument("--budget", type=whole(120), default=700, metavar="RUNS", help="(700)")
    _add_shared(sub)


def _add_shared(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--seed", type=whole(0, 2**31 - 1), default=0, help="luck of the design and of its runs (0)")
    sub.add_argument(
        "--people-per-agent", type=whole(1, 1000), default=100, metavar="N", help="people one agent is (100)"
    )
    sub.add_argument("--workers", type=whole(1), metavar="N", help="processes (one a core)")
    sub.add_argument("--store", type=Path, metavar="DIR", help="where finished runs are kept (your own store)")
    sub.add_argument("--dry-run", action="store_true", help="tell the number of runs and the time expected")
    sub.add_argument("--out", type=Path, metavar="DIR", help="write tables, charts and texts there")
    sub.add_argument("--format", choices=("parquet", "csv"), default="parquet", help="of the tables (parquet)")
    sub.add_argument("--json", action="store_true", help="print JSON")


def _words_of(text: str) -> list[str]:
    """Words between commas; a comma within brackets parts nothing."""
    return [word.strip() for word in text.split(",") if word.strip()]


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not a share above 0 and at most 1, as 0.8")
    return value
