"""``garment-sim explain``: why two scenarios differ, as tables to read, files, or JSON."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from simulator.commands import DONE, SOME_FAILED, Command, warn_if_stale, whole
from simulator.terminal import Progress, _figure, _print_right, print_json

if TYPE_CHECKING:
    import pandas as pd

    from simulator.analysis.explained import Explanation

SPLITS = ("groups", "levers")  # as in simulator.analysis.players, which is not loaded to read a command
_SCENARIO = "id of a shipped scenario, or a file"


def add_explain(command: Command) -> None:
    """``garment-sim explain A B``."""
    sub = command("explain", explain, "say why scenario B differs from scenario A: levers, mechanisms, a log of a few")
    sub.add_argument("a", metavar="A", help=_SCENARIO)
    sub.add_argument("b", metavar="B", help=_SCENARIO)
    sub.add_argument(
        "--indicator", default="employment", metavar="NAME", help="employment, or employment[gender=women] (employment)"
    )
    sub.add_argument("--period", default="2040", metavar="YEAR", help="a year from 2025, or a quarter as 2030Q1 (2040)")
    sub.add_argument("--split", choices=SPLITS, default="groups", help="shares of groups or of single levers (groups)")
    sub.add_argument(
        "--draws", type=whole(0), metavar="N",
        help="draws of uncertain numbers; 0: the best set (as many as end in ten minutes, at most 20)",
    )  # fmt: skip
    sub.add_argument("--seeds", type=whole(1), metavar="M", help="runs of each draw with different luck (1)")
    sub.add_argument(
        "--people-per-agent", type=whole(1, 1000), default=100, metavar="N", help="people one agent is (100)"
    )
    sub.add_argument("--workers", type=whole(1), metavar="N", help="processes (one a core)")
    sub.add_argument("--out", type=Path, metavar="DIR", help="write tables, text and charts there")
    sub.add_argument("--json", action="store_true", help="print JSON")


def explain(arguments: argparse.Namespace) -> int:
    """Tables to read, files with --out, JSON with --json."""
    from simulator.analysis.explain import explain as explain_
    from simulator.posterior import is_shipped

    warn_if_stale("refit" if arguments.draws or (arguments.draws is None and is_shipped()) else None)
    progress = Progress("runs")
    try:
        found = explain_(
            arguments.a,
            arguments.b,
            arguments.indicator,
            arguments.period,
            arguments.draws,
            arguments.seeds,
            arguments.people_per_agent,
            arguments.split,
            progress=progress,
            workers=arguments.workers,
        )
    except KeyboardInterrupt:
        progress.end()
        print("finished runs are kept; the same command goes on from there", file=sys.stderr)
        raise
    finally:
        progress.end()
    if arguments.out is not None:
        save(found, arguments.out)
        print(f"wrote levers, grid, mechanisms, log, text and charts to {arguments.out}", file=sys.stderr)
    if arguments.json:
        print_json(found.to_json())
    else:
        print_explanation(found)
    for failure in found.failures:
        print(f"failed: {failure}", file=sys.stderr)
    return SOME_FAILED if found.failures else DONE


def save(found: Explanation, folder: Path) -> None:
    """Write every table as Parquet and CSV, the text and the charts of both languages, and all of it as JSON; or none.

    Charts are Vega-Lite specifications, and pictures (SVG) in English: only a browser shapes Khmer.
    """
    from simulator.analysis.explaining import log_words
    from simulator.charts_analysis import CHARTS
    from simulator.results import _writer, write_together
    from simulator.terminal import json_text

    writers: dict[Path, Callable[[Path], object]] = {}
    for name in ("levers", "grid", "mechanisms", "log"):
        for form in ("parquet", "csv"):
            writers[folder / f"{name}.{form}"] = _writer(getattr(found, name), form)
    texts = {"explanation.json": json_text(found.to_json())}
    for lang in ("en", "km"):
        told = [f"{head}\n" + "".join(f"- {line}\n" for line in lines) for head, lines in log_words(found, lang)]
        texts[f"text.{lang}.txt"] = "\n".join([found.text[lang] + "\n", *told])
        for name, chart in CHARTS.items():
            if len(getattr(found, name)):
                texts[f"{name}.{lang}.vl.json"] = json.dumps(chart(found, lang), ensure_ascii=False, indent=1)
    for name, content in texts.items():
        writers[folder / name] = _text_writer(content)
    for name, chart in CHARTS.items():
        if len(getattr(found, name)):
            writers[folder / f"{name}.en.svg"] = _picture_writer(chart(found, "en"))
    write_together(writers)


def _text_writer(content: str) -> Callable[[Path], object]:
    return lambda path: path.write_text(content, encoding="utf-8")


def _picture_writer(spec: dict[str, Any]) -> Callable[[Path], object]:
    from vl_convert import vegalite_to_svg

    fixed = spec | {"width": 640}
    return lambda path: path.write_text(vegalite_to_svg(fixed, vl_version="6.4"), encoding="utf-8")


def print_explanation(found: Explanation) -> None:
    """What was compared, then a table a split, the log and the paragraph."""
    from simulator.analysis.explaining import indicator_name, log_words

    about, row = found.metadata, found.difference
    runs = f"{about['mixtures']} mixtures of runs, {int(row['n'])} pairs of draw and seed"
    numbers = about["posterior"] or "the best set of numbers"
    print(f"{about['a']} → {about['b']}: {indicator_name(found, 'en')}, {found.period}.")
    print(f"{runs}, {numbers}, {about['people_per_agent']} people an agent; {about['method']}.")
    if about["left_out"]:
        print(f"{about['left_out']} pairs are left out: a run failed, or the indicator has no value.")
    unit = _unit(found)
    print(f"Means over pairs with the 10th to 90th percentile and the standard error of the mean, {unit[1]}.\n")
    _print_right([["lever or driver", *_HEAD], *_rows(found.levers, "group", unit[0]), _total(found, unit[0])])
    print()
    _print_right([["policy × world", *_HEAD], *_rows(found.grid, "part", unit[0])])
    if len(found.mechanisms):
        print()
        mechanisms = _rows(found.mechanisms, "name", unit[0])
        _print_right([["mechanism", *_HEAD], *mechanisms, _total(found, unit[0])])
    pair = about["log"]["pair"]
    print(f"\nA few factories and workers, in the pair nearest to the median (draw {pair[0]}, seed {pair[1]}):")
    for head, lines in log_words(found, "en"):
        print(f"\n{head}")
        for line in lines:
            print(f"  {line}")
    print(f"\n{found.text['en']}\n\n{found.text['km']}")


_HEAD = ("share", "10 %", "90 %", "error", "")


def _unit(found: Explanation) -> tuple[str, str]:
    """In which unit figures are shown, and what the reader calls it."""
    unit = found.metadata["unit"]
    if unit == "persons":
        return "thousand persons", "thousand people"
    return ("share", "percentage points") if unit.startswith("share") else (unit, unit)


def _rows(table: pd.DataFrame, key: str, unit: str) -> Iterator[list[str]]:
    from simulator.analysis.explaining import clear, part_name

    for row in table.itertuples():
        named = str(getattr(row, key))
        told = "" if clear(row) or not row.share else "cannot tell"
        yield [named if key == "part" else part_name(named, "en"), *_figures(row.share, row, unit), told]


def _total(found: Explanation, unit: str) -> list[str]:
    from simulator.analysis.explaining import clear

    row = SimpleNamespace(**found.difference)
    return ["together", *_figures(row.mean, row, unit), "" if clear(row) else "cannot tell"]


def _figures(middle: float, row: Any, unit: str) -> list[str]:
    signed = [_figure(value, unit) for value in (middle, row.low, row.high)]
    return [*(f if f.startswith("-") else f"+{f}" for f in signed), _figure(row.error, unit)]
