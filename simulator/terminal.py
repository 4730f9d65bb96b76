"""What the command line prints: tables to read, JSON, and progress."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from simulator.analysis.validate import Validation
    from simulator.compare import Comparison
    from simulator.results import Result

PORT = 8501  # of the browser app
HEADLINES = ("employment", "exports", "value_added", "mean_wage", "automation", "factories", "women_share")
YEARS = ("2024", "2030", "2040")


def print_json(document: Any) -> None:
    """One JSON document on standard output."""
    print(json_text(document), end="")


def json_text(document: Any) -> str:
    """JSON with a table's rows on a line each; what is not a number must be None by now."""

    def text(value: Any) -> str:
        if isinstance(value, list) and value and isinstance(value[0], dict):
            return "[\n" + ",\n".join(map(flat, value)) + "\n]"
        return flat(value)

    def flat(value: Any) -> str:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)

    if isinstance(document, dict):
        return "{\n" + ",\n".join(f"{flat(key)}: {text(value)}" for key, value in document.items()) + "\n}\n"
    return text(document) + "\n"


def print_table(lines: Sequence[Sequence[str]]) -> None:
    """Columns side by side, the last as long as it likes."""
    if lines:
        widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]) - 1)]
        for line in lines:
            print("  ".join([*(c.ljust(w) for c, w in zip(line, widths, strict=False)), line[-1]]).rstrip())


def _print_right(lines: Sequence[Sequence[str]]) -> None:
    """Columns side by side, numbers to the right of the first."""
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    for first, *rest in lines:
        cells = [first.ljust(widths[0]), *(c.rjust(w) for c, w in zip(rest, widths[1:], strict=True))]
        print("  ".join(cells).rstrip())


def print_run(result: Result) -> None:
    """Periods down, indicators across, six at a time."""
    from simulator.indicators import INDICATORS

    about = result.metadata
    draw = (
        f", draw {'best' if about['draw'] < 0 else about['draw']} of {about['posterior']}" if about["posterior"] else ""
    )
    print(f"{about['scenario']}{draw}, seed {about['seed']}, {about['people_per_agent']} people an agent\n")
    names = [name if group == "all" else f"{name} {group}" for name, group in result.columns]
    units = [INDICATORS[name].unit for name, _ in result.columns]
    width = 6
    for at in range(0, len(names), width):
        part = slice(at, at + width)
        rows = [["period", *names[part]], ["", *(_unit(u) for u in units[part])]]
        for period, values in zip(result.periods, result.values[:, part], strict=True):
            rows.append([period, *(_figure(v, u) for v, u in zip(values, units[part], strict=True))])
        _print_right(rows)
        print()


def print_comparison(comparison: Comparison) -> None:
    """A block an indicator: scenarios down; medians with their spread, and the last difference, across."""
    from simulator.indicators import INDICATORS
    from simulator.record import agree

    about = comparison.metadata
    draws = f"{len(about['draws'])} draws of {about['posterior']}" if about["posterior"] else "the best set of numbers"
    size = f"{about['runs']} runs: {draws}, {len(about['seeds'])} seeds, {about['people_per_agent']} people an agent"
    print(f"{size}.\nMedian (10th–90th percentile), and paired difference to the baseline in the last year.")
    years = [year for year in YEARS if year in comparison.years] or [comparison.years[-1]]
    last = years[-1]
    table = comparison.summary
    table = table[(table["group"] == "all") & table["period"].isin(years)]
    table = table.set_index(["indicator", "scenario", "period"])
    for name in (*HEADLINES, "public_balance", "cost_per_job"):
        label = INDICATORS[name].label if name in INDICATORS else "Public cost per job"
        unit = INDICATORS[name].unit if name in INDICATORS else "USD/job"
        unit = "thousand persons" if unit == "persons" else unit
        rows = [["", *years, f"difference {last}" if name in INDICATORS else ""]]
        for scenario in (comparison.baseline, *comparison.scenarios):
            if (name, scenario.id, last) not in table.index:
                continue
            cells = [_range(table.loc[(name, scenario.id, year)], "median", "p", unit) for year in years]
            difference = ""
            if scenario.id != comparison.baseline.id and name in INDICATORS:
                row = table.loc[(name, scenario.id, last)]
                doubt = " cannot tell" if row["sign_share"] > 0 and not agree(row["sign_share"]) else ""
                difference = _range(row, "difference", "difference_p", unit) + doubt
            rows.append([scenario.id, *cells, difference])
        if len(rows) > 1:
            print(f"\n{label}, {_unit(unit)}")
            _print_right(rows)


def print_validation(validation: Validation) -> None:
    """Verdicts with the numbers they rest on, then a table a part; what is missing was not asked for."""
    about = validation.metadata
    for part, told in about["draws"].items():
        print(f"{part}: {told}, {about['people_per_agent']} people an agent.")
    for title, table in (("Statements", validation.statements), ("Patterns", validation.patterns)):
        _print_verdicts(title, table.to_dict("records"))
    _print_holdout(validation)
    _print_events(validation)
    _print_projection(validation)


def _print_verdicts(title: str, rows: Sequence[dict[Any, Any]]) -> None:
    """A line a statement or pattern, the verdict first, and one below for each number it rests on."""
    if not rows:
        return
    lines = [("verdict", "", "draws", "value", "threshold", "")]
    for row in rows:
        lines.append((row["verdict"], row["id"], _share(row["share_of_draws"]), "", "", row["text"]))
        for part in row["parts"]:
            value = "–" if part["value"] is None else f"{part['value']:.4g}"
            kept_out = ", kept out" if part["kept_out"] else ""
            measure = f"  {part['measure']}{kept_out}"
            lines.append(("", "", _share(part["share_of_draws"]), value, part["threshold"], measure))
    verdicts = [row["verdict"] for row in rows]
    count = ", ".join(f"{verdicts.count(name)} {name}" for name in sorted(set(verdicts), key=verdicts.count)[::-1])
    print(f"\n{title}: {count}")
    print_table(lines)
    print("".join(f"{row['id']}: {row['note']}\n" for row in rows if row["note"]), end="")


def _print_holdout(validation: Validation) -> None:
    """A block a series: what came beside the model's bands and the naive forecasts, then scores and who wins."""
    from simulator.indicators import INDICATORS

    if validation.holdout:
        print(f"\nKept out, 2020 to 2024. Bands hold {validation.metadata['bands']}.")
    for score in validation.scores:
        unit = INDICATORS[score["series"]].unit
        unit = "thousand persons" if unit == "persons" else unit
        mine = [row for row in validation.holdout if row["series"] == score["series"]]
        names = list(mine[0]["benchmarks"])
        rows = [["", "observed", "model", "50 %", "80 %", "95 %", "error", *names]]
        for row in mine:
            bands = [f"{_figure(row[a], unit)}–{_figure(row[b], unit)}" for a, b in _ENDS]
            seen = f"{_figure(row['observed'], unit)} ({_figure(row['observed_low'], unit)}–"
            seen += f"{_figure(row['observed_high'], unit)})"
            year = row["period"] if row["scored"] else f"{row['period']} (not scored)"
            naive = [_figure(row["benchmarks"][name], unit) for name in names]
            rows.append([year, seen, _figure(row["median"], unit), *bands, f"{100 * row['error']:+.1f} %", *naive])
        print(f"\n{INDICATORS[score['series']].label}, {unit}")
        _print_right(rows)
        rows = [["", "mean abs. error", "bias", "CRPS", "interval score 80 %"]]
        for name, found in {"model": score["model"], **score["benchmarks"]}.items():
            figures = [f"{100 * found['mape']:.1f} %", f"{100 * found['bias']:+.1f} %"]
            rows.append([name, *figures, *(_figure(found[rule], unit) for rule in ("crps", "interval_score_80"))])
        _print_right(rows)
        inside = ", ".join(f"{_share(score['model'][f'coverage_{k}'])} in {k} %" for k in (50, 80, 95))
        print(f"{score['text']['en']} Inside the bands, of {score['n']}: {inside}.")


def _print_events(validation: Validation) -> None:
    if not validation.events:
        return
    rows = [("verdict", "", "draws", "effect", "80 %", "95 %", "target", "")]
    for row in validation.events:
        found = [_percent(row[name]) for name in ("median", "p10", "p90", "p2_5", "p97_5")]
        target = f"{_percent(row['low'])} to {_percent(row['high'])}"
        bands = (f"{found[1]} to {found[2]}", f"{found[3]} to {found[4]}", target)
        rows.append((row["verdict"], row["id"], _share(row["share_of_draws"]), found[0], *bands, row["measure"]))
    print("\nEvents")
    print_table(rows)


def _print_projection(validation: Validation) -> None:
    if not validation.projection:
        return
    rows = [["", "year", "median", "80 %", ""]]
    for row in validation.projection:
        unit = "thousand persons" if row["unit"] == "persons" else row["unit"]
        middle, low, high = (_figure(row[name], unit) for name in ("median", "p10", "p90"))
        rows.append([row["series"], row["period"], middle, f"{low}–{high}", unit])
    print(f"\nProjection under the drivers below. Bands hold {validation.metadata['bands']}.")
    _print_right(rows)
    print("\nDrivers")
    _print_right([[row["name"], row["period"], f"{row['value']:,.4g}", row["unit"]] for row in validation.drivers])


_ENDS = (("p25", "p75"), ("p10", "p90"), ("p2_5", "p97_5"))


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:+.1f} %"


def _share(value: float | None) -> str:
    return "–" if value is None or value != value else f"{100 * value:.0f} %"


def _range(row: pd.Series[Any], middle: str, ends: str, unit: str) -> str:
    if row[middle] != row[middle]:
        return "–"
    low, high = _figure(row[f"{ends}10"], unit), _figure(row[f"{ends}90"], unit)
    figure = _figure(row[middle], unit)
    if low == high == figure:
        return figure
    return f"{figure} ({low} to {high})" if "-" in low + high else f"{figure} ({low}–{high})"


def _unit(unit: str) -> str:
    return "%" if unit == "share" else unit


def _figure(value: float, unit: str) -> str:
    if value != value:
        return "–"
    if unit == "share":
        return f"{100 * value:.1f}"
    value = value / 1000 if unit == "thousand persons" else value
    size = abs(value)
    whole = size >= 100 or unit in ("persons", "factories")
    return f"{value:,.{0 if whole else 1 if size >= 10 else 2}f}"


def is_compiled() -> bool:
    """Whether loops were compiled on this machine before; also true where that cannot be seen."""
    package = Path(__file__).resolve().parent
    elsewhere = "NUMBA_CACHE_DIR" in os.environ or not os.access(package, os.W_OK)
    return elsewhere or any((package / "__pycache__").glob("*.nbi"))


class Progress:
    """A bar with time left on a terminal, now and then a line elsewhere; silent for ``patience`` seconds."""

    def __init__(self, what: str, patience: float = 0.0) -> None:
        self.what, self.patience = what, patience
        self.stream = sys.stderr
        self.bar = self.stream.isatty() and os.environ.get("TERM") != "dumb"
        self.colour = self.bar and not os.environ.get("NO_COLOR")
        self.began = time.monotonic()
        self.before: int | None = None  # pieces that were there
        self.first: tuple[int, float] | None = None  # the first end: until then processes start and code is compiled
        self.shown, self.at = False, 0.0

    def __call__(self, done: int, total: int) -> None:
        """Called after each piece of work."""
        now = time.monotonic()
        if self.before is None:
            self.before = done
        elif self.first is None and done > self.before:
            self.first = done, now
        wait = 0.1 if self.bar else 5.0
        if now - self.began < self.patience or (self.shown and now - self.at < wait and done < total):
            return
        if self.shown or done < total:
            self._show(done, total, now)

    def _show(self, done: int, total: int, now: float) -> None:
        text = f"{done} of {total} {self.what}{self._left(done, total, now)}"
        if self.bar:
            filled = 30 * done // max(total, 1)
            bar = "#" * filled + "-" * (30 - filled)
            bar = f"\x1b[36m{bar}\x1b[0m" if self.colour else bar
            self.stream.write(f"\r[{bar}] {text}\x1b[K" if self.colour else f"\r[{bar}] {text:<50}")
        else:
            self.stream.write(f"{text}\n")
        self.stream.flush()
        self.shown, self.at = True, now

    def _left(self, done: int, total: int, now: float) -> str:
        if self.first is None and done < total and not is_compiled():
            return "; the first one compiles the model, once a machine: about a minute"
        first, since = self.first or (done, now)
        if done <= first or done >= total:
            return ""
        seconds = (now - since) / (done - first) * (total - done)
        return f", about {seconds / 60:.0f} min left" if seconds >= 90 else f", about {seconds:.0f} s left"

    def end(self) -> None:
        """Leave the terminal on a fresh line."""
        if self.bar and self.shown:
            self.stream.write("\n")
            self.stream.flush()
        self.shown = False
