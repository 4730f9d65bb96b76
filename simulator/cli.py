"""The command line: parse, call, print. Data goes to standard output, all else to standard error."""

from __future__ import annotations

import argparse
import contextlib
import difflib
import io
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from simulator.commands import (
    DAMAGED,
    DONE,
    INTERRUPTED,
    INVALID,
    SOME_FAILED,
    USAGE,
    add_experiment,
    add_merge,
    add_store,
    warn_if_stale,
    whole,
)
from simulator.explain_command import add_explain
from simulator.findings_commands import add_findings
from simulator.lessons.command import add_lessons
from simulator.terminal import (
    HEADLINES,
    PORT,
    Progress,
    is_compiled,
    json_text,
    print_comparison,
    print_json,
    print_run,
    print_table,
    print_validation,
)
from simulator.version import __version__

if TYPE_CHECKING:
    from simulator.analysis.validate import Validation
    from simulator.compare import Comparison
    from simulator.results import Result

SCENARIO_HELP = "id of a shipped scenario, or a file"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        arguments = _parser().read(sys.argv[1:] if argv is None else argv)
        code: int = arguments.do(arguments)
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # whoever read has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        return INTERRUPTED
    except Exception as error:
        message = _for_user(error)
        if message is None:
            raise
        print(message, file=sys.stderr)
        return INVALID


def _for_user(error: Exception) -> str | None:
    """One line for what a user can mend; None for a fault of ours."""
    from simulator.data import DataError
    from simulator.results import InputError
    from simulator.scenario import ScenarioError
    from simulator.units import Refused

    if isinstance(error, ScenarioError) and error.name == "scenarios" and "is an experiment" in error.reason:
        return f"{error.file}: is an experiment; garment-sim experiment {error.file} runs it"
    if isinstance(error, ScenarioError | DataError | InputError | Refused):
        return str(error)
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}" if error.filename else str(error)
    return None


# Commands


def list_(arguments: argparse.Namespace) -> int:
    """What there is: scenarios, parameters or indicators."""
    from simulator.texts import label, meaning

    rows: list[dict[str, Any]]
    lines: list[tuple[str, ...]]
    if arguments.what == "scenarios":
        from simulator.scenario import load_scenario, scenario_ids

        rows = []
        for scenario in map(load_scenario, scenario_ids()):
            names = ("id", "title", "question", "based_on", "start", "own_settings", "shocks", "sources")
            rows.append({name.removeprefix("own_"): getattr(scenario, name) for name in names})
        lines = [(row["id"], row["title"]["en"], row["question"]["en"]) for row in rows]
    elif arguments.what == "parameters":
        from simulator.parameters import PARAMETERS

        rows = [p.as_dict() | {"label": _words(label, name)} for name, p in PARAMETERS.items()]
        lines = [
            (name, _default(p.default), f"{p.low:g} to {p.high:g}", p.unit, p.kind, p.label)
            for name, p in PARAMETERS.items()
        ]
    else:
        from simulator.indicators import INDICATORS

        rows = []
        for name, i in INDICATORS.items():
            rows.append(i.as_dict() | {"label": _words(label, name), "meaning": _words(meaning, name)})
        lines = [(n, i.unit, i.over_year, ", ".join(i.groups) or "–", i.label) for n, i in INDICATORS.items()]
    if arguments.json:
        print_json(rows)
    else:
        print_table(lines)
    return DONE


def _words(find: Any, name: str) -> dict[str, str]:
    return {lang: find(name, lang) for lang in ("en", "km")}


def _default(default: float | Mapping[str, float]) -> str:
    if isinstance(default, Mapping):
        return ", ".join(f"{period}: {value:g}" for period, value in default.items())
    return f"{default:g}"


def check(arguments: argparse.Namespace) -> int:
    """Validate scenario and experiment files; every bad one is named."""
    from simulator.data import DataError
    from simulator.plan_files import check_file
    from simulator.results import InputError
    from simulator.scenario import ScenarioError

    code = DONE
    for name in arguments.files:
        try:
            check_file(name)
        except (ScenarioError, DataError, InputError) as error:
            print(error, file=sys.stderr)
            code = INVALID
        else:
            print(f"{name}: valid")
    return code


def schema(arguments: argparse.Namespace) -> int:
    """Print the JSON Schema of a scenario or experiment file."""
    from simulator import plan_files, scenario

    print_json((plan_files if arguments.what == "experiment" else scenario).json_schema())
    return DONE


def new(arguments: argparse.Namespace) -> int:
    """Write a scenario file to start from."""
    from simulator.results import InputError
    from simulator.scenario import template

    path = Path(arguments.name)
    path = path if path.suffix in (".yaml", ".yml") else path.with_name(f"{path.name}.yaml")
    content = template(path.stem)
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(content)
    except FileExistsError:
        raise InputError(f"{path} exists; it is left as it is") from None
    print(path)
    print(f"fill in its settings, then: garment-sim run {path}", file=sys.stderr)
    return DONE


def run(arguments: argparse.Namespace) -> int:
    """One run: a table to read, files with --out, JSON with --json."""
    from simulator.indicators import COLUMNS
    from simulator.posterior import under_draw
    from simulator.results import choose, records
    from simulator.run import run as run_one
    from simulator.scenario import load_scenario

    choose(COLUMNS, arguments.indicators, arguments.groups or ["all"])
    scenario = load_scenario(arguments.scenario)
    values = dict(_setting(text) for text in arguments.set)
    if values:
        scenario = scenario.with_values(values)
    _, read = under_draw(scenario, arguments.draw, arguments.posterior)
    warn_if_stale(arguments.posterior if read else None)
    progress = Progress("steps", patience=2.0 if is_compiled() else 0.0)
    progress(0, 4 * (arguments.until - 2011))
    try:
        result = run_one(
            scenario,
            arguments.seed,
            arguments.people_per_agent,
            arguments.until,
            arguments.draw,
            progress=progress,
            track=arguments.out is not None,
            posterior=arguments.posterior,
        )
    except RuntimeError as error:
        progress.end()
        print(f"{scenario.id}, seed {arguments.seed}: {error}", file=sys.stderr)
        return SOME_FAILED
    progress.end()

    def chosen(yearly: bool, group: str) -> Result:
        """What was asked for, else these."""
        yearly = yearly if arguments.yearly is None else arguments.yearly
        indicators, groups = arguments.indicators, arguments.groups or [group]
        return (result.yearly() if yearly else result).select(indicators, groups)

    if arguments.out:
        folder = chosen(False, "every").save(arguments.out, arguments.format)
        print(f"wrote runs, series, people and factories ({arguments.format}) to {folder}", file=sys.stderr)
    shown = chosen(True, "all")
    if arguments.json:
        print_json({"metadata": records(shown.runs)[0], "series": records(shown.series)})
    elif not arguments.out:
        brief = arguments.indicators is None and arguments.groups is None
        print_run(shown.select(HEADLINES) if brief else shown)
    return DONE


def _setting(text: str) -> tuple[str, Any]:
    """``name=value``; the value a number, or steps in time or events as in a file."""
    import yaml

    from simulator.results import InputError

    name, _, value = text.partition("=")
    try:
        return name.strip(), _numbers(yaml.safe_load(value))
    except yaml.YAMLError as error:
        raise InputError(f"--set {name}: cannot be read as YAML: {' '.join(str(error).split())}") from None


def _numbers(value: Any) -> Any:
    """Words that are numbers, as in ``1e-3``, which YAML 1.1 takes for text."""
    if isinstance(value, dict):
        return {key: _numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_numbers(item) for item in value]
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            return float(value)
    return value


def compare(arguments: argparse.Namespace) -> int:
    """Scenarios against the baseline: a table to read, files with --out, JSON with --json."""
    comparison = _compared(arguments)
    if arguments.out and comparison.years:
        from simulator.report import write_report
        from simulator.report_findings import stored
        from simulator.store import Store

        findings = stored(comparison, Store())
        folder = comparison.save(arguments.out, partial(write_report, findings=findings))
        print(f"wrote runs, series, comparison.csv and report.html to {folder}", file=sys.stderr)
    if arguments.json:
        print_json(comparison.to_json())
    elif comparison.years:
        print_comparison(comparison)
    return _failures(comparison)


def report(arguments: argparse.Namespace) -> int:
    """The stand-alone report of a comparison."""
    from simulator.report import write_report
    from simulator.report_findings import stored
    from simulator.results import write_together
    from simulator.store import Store

    comparison = _compared(arguments)
    if comparison.years:
        findings = stored(comparison, Store())
        write_together({arguments.out: lambda path: write_report(comparison, path, arguments.lang, findings)})
        print(arguments.out)
    return _failures(comparison)


def verify(arguments: argparse.Namespace) -> int:
    """Compute a report's numbers anew and say whether they are equal."""
    from simulator.store import Store
    from simulator.verify import verify as verify_

    progress = Progress("runs")
    try:
        verdict = verify_(arguments.file, Store() if arguments.stored else None, arguments.workers, progress)
    finally:
        progress.end()
    if arguments.json:
        print_json(verdict.to_json())
    elif verdict.equal:
        shown = "all that is shown but the stored findings" if verdict.unchecked else "all that is shown"
        print(f"{arguments.file}: equal; {verdict.compared:,} numbers and {shown}, from {verdict.runs:,} runs")
    else:
        print(f"{arguments.file}: not equal")
    if not verdict.equal:
        for reason in (*verdict.reasons, *(f"failed: {failure}" for failure in verdict.failures)):
            print(reason, file=sys.stderr)
    return DONE if verdict.equal else DAMAGED


def _compared(arguments: argparse.Namespace) -> Comparison:
    from simulator.compare import compare as compare_
    from simulator.posterior import is_shipped

    warn_if_stale("refit" if arguments.draws or (arguments.draws is None and is_shipped()) else None)
    progress = Progress("runs")
    try:
        return compare_(
            arguments.scenarios or None,
            arguments.baseline,
            arguments.draws,
            arguments.seeds,
            arguments.people_per_agent,
            progress=progress,
            until=arguments.until,
            workers=arguments.workers,
        )
    finally:
        progress.end()


def _failures(outcome: Comparison | Validation) -> int:
    for failure in outcome.failures:
        print(f"failed: {failure}", file=sys.stderr)
    return SOME_FAILED if outcome.failures else DONE


def validate(arguments: argparse.Namespace) -> int:
    """The model judged by what was fixed beforehand; verdicts never change the exit code."""
    from simulator.analysis.looks import reminder
    from simulator.analysis.validate import PROJECTED, Plan
    from simulator.analysis.validate import validate as validate_

    named = {name: getattr(arguments, name) for name in ("statements", "patterns", "holdout", "events")}
    parts = [name for name, wanted in named.items() if wanted] + ["projection"] * (arguments.project is not None)
    project = PROJECTED if arguments.project is None else arguments.project
    settings = (parts, arguments.draws, arguments.seeds, arguments.people_per_agent, project)
    plan = Plan.of(*settings)
    warn_if_stale(*plan.kinds)
    if not parts and plan.left_out:
        print(f"no posterior is shipped with this version; left out: {', '.join(plan.left_out)}", file=sys.stderr)
    if plan.looks:
        print(reminder(), file=sys.stderr)
    progress = Progress("runs")
    try:
        validation = validate_(*settings, progress=progress)
    finally:
        progress.end()
    if arguments.out is not None:
        from simulator.results import write_together

        write_together({arguments.out: lambda path: path.write_text(json_text(validation.to_json()), "utf-8")})
        print(f"wrote {arguments.out}", file=sys.stderr)
    if arguments.json:
        print_json(validation.to_json())
    elif arguments.out is None:
        print_validation(validation)
    return _failures(validation)


def calibrate(arguments: argparse.Namespace) -> int:
    """Fit the model to the record and write the posterior."""
    from calibration.calibrate import calibrate as calibrate_

    progress = Progress("runs")

    def say(text: str) -> None:
        progress.end()
        print(text, file=sys.stderr)

    try:
        done = calibrate_(
            arguments.posterior,
            arguments.budget,
            arguments.seed,
            arguments.people_per_agent,
            arguments.out,
            workers=arguments.workers,
            tell=progress,
            say=say,
        )
    finally:
        progress.end()
    for path in done.files:
        print(path)
    for error in done.errors:
        print(f"failed: {error}", file=sys.stderr)
    return SOME_FAILED if done.errors else DONE


def app(arguments: argparse.Namespace) -> int:
    """Serve the browser app on this machine until Ctrl-C."""
    from simulator.paths import shipped

    port = arguments.port
    if not _free(port):
        other = next((p for p in range(port + 1, min(port + 100, 65536)) if _free(p)), None)
        hint = f"; free: --port {other}" if other else ""
        print(f"port {port} is in use{hint}", file=sys.stderr)
        return USAGE
    script = shipped("serve.py")
    options = ["--server.port", str(port), "--server.headless", "true"]
    if arguments.classroom:
        options += ["--server.address", "0.0.0.0"]
    command = [sys.executable, "-m", "streamlit", "run", script.name, *options]
    server = subprocess.Popen(command, cwd=script.parent)
    signal.signal(signal.SIGTERM, lambda *_: server.terminate())
    print(f"the app is at http://localhost:{port} (Ctrl-C ends it)", file=sys.stderr)
    if arguments.classroom:
        print(f"others in this network reach it at http://{_address()}:{port}", file=sys.stderr)
    try:
        return server.wait()
    except KeyboardInterrupt:
        server.terminate()
        server.wait()
        raise


def _address() -> str:
    """This machine's address in its network, as far as it can be told without sending anything."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # an address of documentation; a datagram socket sends nothing here
            return str(probe.getsockname()[0])
        except OSError:
            return socket.gethostname()


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.2)
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            return False
    with socket.socket() as probe:
        if os.name != "nt":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


# Parsing


class _Parser(argparse.ArgumentParser):
    """Names the nearest known command or option where one is unknown."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **(kwargs | {"allow_abbrev": False}))
        self.commands: tuple[str, ...] = ()

    def read(self, words: Sequence[str]) -> argparse.Namespace:
        """Parse, or end with what is nearest to an unknown word."""
        command = next((word for word in words if not word.startswith("-")), None)
        if command is not None and command not in self.commands:
            known = ", ".join(self.commands)
            self.error(f"{command} is not a command{_nearest(command, self.commands)}; known: {known}")
        found, unknown = self.parse_known_args(list(words))
        if unknown:
            parser = found.parser
            options = [o for action in parser._actions for o in action.option_strings]
            what = "an option" if unknown[0].startswith("-") else "expected here"
            parser.error(f"{unknown[0]} is not {what}{_nearest(unknown[0].partition('=')[0], options)}")
        return found

    def error(self, message: str) -> NoReturn:
        """One line and where to read on; exit code 2."""
        self.exit(USAGE, f"{self.prog}: {message} (see {self.prog} --help)\n")


def _nearest(word: str, known: Sequence[str]) -> str:
    return f"; nearest: {difflib.get_close_matches(word, known, n=1, cutoff=0.0)[0]}"


def _draw(text: str) -> str | int:
    return text if text == "best" else int(whole(0)(text))


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _assignment(text: str) -> str:
    if not text.partition("=")[0].strip() or "=" not in text:
        raise argparse.ArgumentTypeError(f"{text} is not NAME=VALUE")
    return text


def _parser() -> _Parser:
    parser = _Parser(
        prog="garment-sim",
        description="Simulates Cambodia's garment, footwear and travel-goods sector, 2012 to 2040.",
        epilog="Exit codes: 0 done, 2 usage, 3 invalid input, 4 some runs failed, 5 damaged files or an untrue report, "
        "130 interrupted.",
    )
    parser.add_argument("--version", action="version", version=f"garment-sim {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")

    def command(name: str, do: Any, text: str) -> argparse.ArgumentParser:
        sub: argparse.ArgumentParser = commands.add_parser(name, help=text, description=f"{text.capitalize()}.")
        sub.set_defaults(do=do, parser=sub)
        return sub

    sub = command("list", list_, "list scenarios, parameters or indicators")
    sub.add_argument("what", choices=("scenarios", "parameters", "indicators"))
    sub.add_argument("--json", action="store_true", help="print JSON")

    sub = command("check", check, "check scenario and experiment files")
    sub.add_argument("files", nargs="+", metavar="FILE")

    sub = command("schema", schema, "print the JSON Schema of a scenario file, or of an experiment's")
    sub.add_argument("what", choices=("scenario", "experiment"), nargs="?", default="scenario", help="(scenario)")

    sub = command("run", run, "run one scenario once")
    sub.add_argument("scenario", metavar="SCENARIO", help=SCENARIO_HELP)
    sub.add_argument("--seed", type=whole(0, 2**63 - 1), default=0, help="luck of the run (0)")
    sub.add_argument("--draw", type=_draw, default="best", metavar="best|K", help="draw of uncertain numbers (best)")
    sub.add_argument("--posterior", choices=("refit", "judged"), default="refit", help="where numbered draws come from")
    _add_size(sub)
    sub.add_argument(
        "--set", type=_assignment, action="append", default=[], metavar="NAME=VALUE",
        help="change a number from the scenario's start; may be repeated",
    )  # fmt: skip
    steps = sub.add_mutually_exclusive_group()
    steps.add_argument("--yearly", action="store_true", default=None, help="years (default but in files)")
    steps.add_argument("--quarterly", action="store_false", dest="yearly", help="quarters (default in files)")
    sub.add_argument("--indicators", type=_names, metavar="A,B", help="only these (all)")
    sub.add_argument(
        "--groups", type=_names, metavar="all|gender|…",
        help="totals, dimensions or single groups, with commas; every: all there are (default in files)",
    )  # fmt: skip
    sub.add_argument("--out", type=Path, metavar="DIR", help="write runs, series, people and factories there")
    sub.add_argument("--format", choices=("parquet", "csv"), default="parquet", help="of the files (parquet)")
    sub.add_argument("--json", action="store_true", help="print JSON: yearly totals unless asked for more")

    sub = command("compare", compare, "compare scenarios with a baseline, run by run with the same luck")
    _add_comparison(sub)
    sub.add_argument("--out", type=Path, metavar="DIR", help="write runs, series, comparison.csv and report.html there")
    sub.add_argument("--json", action="store_true", help="print JSON")

    sub = command("report", report, "write a stand-alone report that compares scenarios")
    _add_comparison(sub)
    sub.add_argument("--out", type=Path, metavar="FILE", default=Path("report.html"), help="(report.html)")
    sub.add_argument("--lang", choices=("both", "en", "km"), default="both", help="language (both)")

    sub = command("verify", verify, "compute the numbers of a report anew and say whether they are equal")
    sub.add_argument("file", type=Path, metavar="FILE", help="a report.html")
    sub.add_argument("--stored", action="store_true", help="take finished runs from the store (all are made anew)")
    sub.add_argument("--workers", type=whole(1), metavar="N", help="processes (one a core)")
    sub.add_argument("--json", action="store_true", help="print JSON")

    sub = command("validate", validate, "judge the model by what was fixed beforehand (all parts unless one is named)")
    sub.add_argument("--statements", action="store_true", help="what the 2019 volume says of the futures")
    sub.add_argument("--patterns", action="store_true", help="patterns of the sector")
    sub.add_argument("--holdout", action="store_true", help="2020 to 2024, which were kept out, beside naive forecasts")
    sub.add_argument("--events", action="store_true", help="the loss of a preference, a rise of the minimum wage")
    sub.add_argument(
        "--project", type=whole(2025, 2039), metavar="YEAR", help="what to expect of this year and the next"
    )
    sub.add_argument("--draws", type=whole(1), metavar="N", help="draws for every part (20 to 100, by part)")
    sub.add_argument("--seeds", type=whole(1), metavar="M", help="runs of each draw (1; without a posterior 5)")
    _add_people(sub, 100)
    sub.add_argument("--out", type=Path, metavar="FILE", help="write JSON there, for the page of evidence")
    sub.add_argument("--json", action="store_true", help="print JSON")

    sub = command("calibrate", calibrate, "fit the model to the record and write the posterior")
    sub.add_argument(
        "--budget",
        type=whole(90),
        metavar="RUNS",
        help="model runs, at least 90 (by default enough for 500 draws, under an hour)",
    )
    sub.add_argument(
        "--posterior", choices=("judged", "refit"), default="refit", help="fit to 2012-2019 or to all years (refit)"
    )
    sub.add_argument("--seed", type=whole(0, 2**31 - 1), default=0, help="luck of the search and of its runs (0)")
    _add_people(sub, 100)
    sub.add_argument("--workers", type=whole(1), metavar="N", help="processes (one a core)")
    sub.add_argument("--out", type=Path, metavar="DIR", help="write there (a checkout: in place of what it ships)")

    sub = command("new", new, "write a scenario file to start from")
    sub.add_argument("name", metavar="NAME")

    for add in (add_explain, add_findings, add_experiment, add_store, add_merge, add_lessons):
        add(command)

    sub = command("app", app, "serve the browser app on this machine")
    sub.add_argument("--port", type=whole(1, 65535), default=PORT, help=f"({PORT})")
    sub.add_argument(
        "--classroom", action="store_true", help="let others in the same network look; else this machine only"
    )

    parser.commands = tuple(commands.choices)
    return parser


def _add_people(sub: argparse.ArgumentParser, usual: int = 50) -> None:
    sub.add_argument(
        "--people-per-agent", type=whole(1, 1000), default=usual, metavar="N", help=f"people one agent is ({usual})"
    )


def _add_size(sub: argparse.ArgumentParser) -> None:
    _add_people(sub)
    sub.add_argument("--until", type=whole(2012, 2040), default=2040, metavar="YEAR", help="last year (2040)")


def _add_comparison(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=f"{SCENARIO_HELP} (the named ones)")
    sub.add_argument("--baseline", default="baseline", metavar="NAME", help="what to compare with (baseline)")
    sub.add_argument(
        "--draws", type=whole(0), metavar="N",
        help="draws of uncertain numbers; 0: the best set (20 where a posterior is shipped, else 0)",
    )  # fmt: skip
    sub.add_argument(
        "--seeds", type=whole(1), metavar="M", help="runs of each with different luck (1 with draws, 3 without)"
    )
    sub.add_argument("--workers", type=whole(1), metavar="N", help="processes (one a core)")
    _add_size(sub)
