"""Does the command line answer in the right place, with the right code, and in one line where users err?"""

import contextlib
import csv
import importlib
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import pandas as pd
import pytest
from made_up import run_by

from simulator import terminal
from simulator.compare import SUMMARY_COLUMNS
from simulator.indicators import COLUMNS, INDICATORS
from simulator.parameters import PARAMETERS
from simulator.results import SERIES_COLUMNS
from simulator.run import execute
from simulator.scenario import scenario_ids

RUN = importlib.import_module("simulator.run")  # the module; simulator.run is its function
QUICK = ("--people-per-agent", "1000", "--until", "2013")


def garment_sim(*words, folder=None, home=None, **more):
    """Run the program itself; returns code, standard output, standard error."""
    env = {**os.environ, "GARMENT_SIM_HOME": str(home or folder or "/nonexistent")}
    done = subprocess.run(
        [sys.executable, "-m", "simulator", *map(str, words)],
        capture_output=True, text=True, encoding="utf-8", cwd=folder, env=env, timeout=300, **more,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


def test_the_version_is_told_at_once():
    words = [sys.executable, "-X", "importtime", "-m", "simulator", "--version"]
    done = subprocess.run(words, capture_output=True, text=True, encoding="utf-8", timeout=300)
    assert done.returncode == 0 and re.fullmatch(r"garment-sim \d+\.\d+\.\d+\n", done.stdout)
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "argparse" in loaded and not loaded & {"altair", "mesa", "numba", "numpy", "pandas", "scipy", "streamlit"}


@pytest.mark.parametrize(
    "command",
    [
        *("list", "check", "schema", "run", "compare", "report", "new", "store", "validate", "app"),
        *("experiment", "merge", "explain", "sensitivity", "discover", "optimise", "verify", "lessons"),
    ],
)
def test_every_command_has_help(call, command):
    code, out, err = call(command, "--help")
    assert (code, err) == (0, "")
    assert out.startswith(f"usage: garment-sim {command}")
    assert command in call("--help")[1]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["compair"], "compair is not a command; nearest: compare"),
        (["run"], "required: SCENARIO"),
        (["run", "baseline", "--sede", "3"], "--sede is not an option; nearest: --seed"),
        (["run", "baseline", "--seed", "-1"], "-1 is not a whole number from 0"),
        (["run", "baseline", "--seed", "1.5"], "1.5 is not a whole number"),
        (["run", "baseline", "--until", "2050"], "2050 is not a whole number from 2012 to 2040"),
        (["run", "baseline", "--draw", "worst"], "worst is not a whole number from 0"),
        (["run", "baseline", "--set", "automation.subsidy"], "is not NAME=VALUE"),
        (["run", "baseline", "--posterior", "none"], "invalid choice"),
        (["run", "baseline", "transition"], "transition is not expected here"),
        (["list", "levers"], "invalid choice"),
        (["compare", "--seeds", "0"], "0 is not a whole number from 1"),
        (["app", "--port", "0"], "0 is not a whole number from 1 to 65535"),
        ([], "required: COMMAND"),
    ],
)
def test_wrong_usage_is_one_line_and_code_2(call, words, message):
    code, out, err = call(*words)
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["run", "transitoin"], "nearest: transition"),
        (["run", "none.yaml"], "none.yaml"),
        (["run", "baseline", "--set", "automation.subsidi=0.2"], "nearest: automation.subsidy"),
        (["run", "baseline", "--set", "automation.subsidy=0.9"], "out of range; allowed: 0 to 0.5"),
        (["run", "baseline", "--set", "automation.subsidy=much"], "not a number"),
        (["run", "baseline", "--set", "automation.subsidy={2011Q1: 0.1}"], "2011Q1"),
        (["run", "baseline", "--set", "automation.subsidy=[}"], "cannot be read as YAML"),
        (
            ["run", "baseline", "--indicators", "exprots"],
            "exprots is not a known indicator; nearest: exports",
        ),
        (["run", "baseline", "--groups", "gendre"], "gendre is not a known group; nearest: gender"),
        (["run", "baseline", "--indicators", "survival", "--groups", "gender"], "not split by gender"),
        (["run", "baseline", "--draw", "3"], "draw 3: no posterior is shipped with this version; use best"),
        (["run", "baseline", "--draw", "0", "--posterior", "judged"], "no posterior"),
        (["compare", "--draws", "20"], "no posterior is shipped"),
        (["compare", "transitoin"], "nearest: transition"),
        (["compare", "--baseline", "baselin"], "nearest: baseline"),
        (["check", "none.yaml"], "none.yaml: there is no such file"),
        (["new", "transition"], "transition is a shipped scenario"),
    ],
)
def test_invalid_input_is_one_line_and_code_3(call, words, message):
    code, out, err = call(*words)
    assert (code, out) == (3, "")
    assert message in err
    assert err.count("\n") == 1


def test_a_misspelt_lever_ends_the_program_without_a_traceback():
    code, out, err = garment_sim("run", "baseline", "--set", "automation.subsidi=0.2")
    assert (code, out) == (3, "")
    assert err == "automation.subsidi is not a known name; nearest: automation.subsidy\n"


@pytest.mark.parametrize(
    ("what", "names"),
    [("scenarios", list(scenario_ids())), ("parameters", list(PARAMETERS)), ("indicators", list(INDICATORS))],
)
def test_lists_hold_everything_in_both_languages(call, what, names):
    code, out, err = call("list", what, "--json")
    rows = json.loads(out)
    assert (code, err) == (0, "")
    assert [row.get("name", row.get("id")) for row in rows] == names
    assert all(set(row.get("label", row.get("title"))) == {"en", "km"} for row in rows)
    lines = call("list", what)[1].splitlines()
    assert [line.split()[0] for line in lines] == names


def test_registry_fields_are_there(call):
    parameter = json.loads(call("list", "parameters", "--json")[1])[0]
    assert {"name", "label", "unit", "default", "low", "high", "kind", "from", "source"} <= set(parameter)
    indicator = json.loads(call("list", "indicators", "--json")[1])[0]
    assert {"name", "label", "unit", "over_year", "groups"} <= set(indicator)


def test_a_file_to_start_from_is_valid_and_never_overwritten(call, tmp_path):
    code, out, _ = call("new", "my_wages")
    assert (code, out) == (0, "my_wages.yaml\n")
    assert call("check", "my_wages.yaml") == (0, "my_wages.yaml: valid\n", "")
    code, _, err = call("new", "my_wages.yaml")
    assert code == 3
    assert "exists" in err
    (tmp_path / "bad.yaml").write_text("schema_version: 1\ntitle: {en: x, km: x}\nset: {automation.subsidi: 1}\n")
    code, out, err = call("check", "my_wages.yaml", "bad.yaml")
    assert (code, out) == (3, "my_wages.yaml: valid\n")
    assert err.startswith("bad.yaml, line 3: ")


def test_the_schema_is_json(call):
    assert "automation.subsidy" in json.loads(call("schema")[1])["properties"]["set"]["properties"]


def test_a_run_prints_a_table_of_years(call):
    code, out, err = call("run", "transition", *QUICK)
    assert code == 0
    assert all(" of 8 steps" in line for line in err.splitlines()), "a slow machine sees how far it is, and no more"
    assert "employment" in out
    assert [line.split()[0] for line in out.splitlines() if line.startswith("20")] == ["2012", "2013"] * 2
    assert "2013Q4" in call("run", "transition", *QUICK, "--quarterly")[1]


def test_json_is_one_document_of_yearly_totals_unless_more_is_asked_for(call):
    code, out, err = call("run", "transition", *QUICK, "--json", "--seed", 2)
    document = json.loads(out)
    assert code == 0 and all(" of 8 steps" in line for line in err.splitlines())
    assert list(document) == ["metadata", "series"]
    assert (document["metadata"]["scenario"], document["metadata"]["seed"]) == ("transition", 2)
    assert document["metadata"]["automation.subsidy"] == 0.25
    assert list(document["series"][0]) == list(SERIES_COLUMNS)
    assert {(row["period"], row["group"]) for row in document["series"]} == {("2012", "all"), ("2013", "all")}
    more = ("--json", "--quarterly", "--indicators", "employment,exports", "--groups", "all,gender")
    rows = json.loads(call("run", "transition", *QUICK, *more)[1])["series"]
    assert len(rows) == 8 * (2 + 2)
    assert {row["group"] for row in rows} == {"all", "gender=women", "gender=men"}


def test_numbers_set_on_the_command_line_are_in_the_run(call):
    words = [
        "--set",
        "automation.subsidy=3e-1",
        "--set",
        "skills.training_seats={2026Q1: 8e3, 2028Q1: 45000}",
    ]
    metadata = json.loads(call("run", "baseline", *QUICK, *words, "--json")[1])["metadata"]
    assert metadata["automation.subsidy"] == 0.3
    assert json.loads(metadata["skills.training_seats"]) == {"2028Q1": 45000.0}
    assert metadata["scenario"].startswith("baseline+")


@pytest.mark.parametrize("format", ["parquet", "csv"])
def test_files_hold_quarters_and_groups(call, tmp_path, format):
    code, out, _ = call("run", "baseline", *QUICK, "--out", "made/here", "--format", format)
    assert (code, out) == (0, "")
    path = tmp_path / f"made/here/series.{format}"
    series = pd.read_parquet(path) if format == "parquet" else pd.read_csv(path)
    assert tuple(series.columns) == SERIES_COLUMNS
    assert "2013Q4" in set(series["period"])
    assert "gender=women" in set(series["group"])


def test_files_are_whole_where_json_is_short(call, tmp_path):
    document = json.loads(call("run", "baseline", *QUICK, "--out", "both", "--json")[1])
    assert {(row["period"], row["group"]) for row in document["series"]} == {("2012", "all"), ("2013", "all")}
    assert len(pd.read_parquet(tmp_path / "both/series.parquet")) == 8 * len(COLUMNS)


def test_a_folder_that_cannot_be_written_is_named(call, tmp_path):
    (tmp_path / "file").write_text("")
    code, _, err = call("run", "baseline", *QUICK, "--out", "file/out")
    assert code == 3
    assert err.startswith("file")
    assert err.count("\n") == 1


def test_numbers_that_contradict_each_other_are_one_line(call):
    shares = ("--set", "production.materials=0.59", "--set", "production.wages=0.26")
    code, out, err = call("run", "baseline", *QUICK, *shares)
    assert (code, out) == (3, "")
    assert err == "cost shares leave 0.007 for overhead; at least 0.02 is needed\n"


def test_a_model_that_must_stop_is_code_4(call, monkeypatch):
    def stop(*_, **__):
        raise RuntimeError("Factories: all 8000 rows are in use")

    monkeypatch.setattr(RUN, "execute", stop)
    assert call("run", "baseline", *QUICK) == (
        4,
        "",
        "baseline, seed 0: Factories: all 8000 rows are in use\n",
    )


def test_failed_runs_are_listed_and_the_rest_compared(call, monkeypatch):
    def fails(request):
        if request.scenario.id == "transition" and request.seed == 1:
            raise RuntimeError("no more rows")
        return execute(request)

    run_by(monkeypatch, fails)
    code, out, err = call("compare", "transition", *QUICK, "--seeds", 2, "--workers", 1, "--json")
    assert code == 4
    assert "failed: transition, seed 1: RuntimeError: no more rows\n" in err
    rows = [row for row in json.loads(out)["summary"] if row["scenario"] == "transition"]
    assert {row["n"] for row in rows if row["indicator"] == "employment"} == {1}


def test_a_comparison_prints_a_table_and_progress_apart(call):
    code, out, err = call("compare", "transition", *QUICK, "--seeds", 2, "--workers", 1)
    assert code == 0
    assert re.search(r"^transition +\S+", out, re.M)
    assert err.splitlines()[0] == "0 of 8 runs"
    assert "\x1b" not in err
    assert call("compare", "transition", *QUICK, "--seeds", 2)[2] == ""  # all found in the store


def test_a_comparison_in_json_has_null_where_nothing_is_defined(call):
    document = json.loads(call("compare", "transition", *QUICK, "--seeds", 1, "--workers", 1, "--json")[1])
    assert list(document) == ["metadata", "summary"]
    assert list(document["summary"][0]) == list(SUMMARY_COLUMNS)
    cost = [row for row in document["summary"] if row["indicator"] == "cost_per_job"]
    assert cost
    assert all(row["median"] is None and row["n"] == 0 for row in cost)  # nothing differs before 2025


def test_interruption_is_code_130(call, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(RUN, "execute", interrupted)
    code, out, err = call("run", "baseline", *QUICK)
    assert (code, out) == (130, "")
    assert "Traceback" not in err


def test_a_reader_that_has_seen_enough_is_no_error():
    program = subprocess.Popen(
        [sys.executable, "-m", "simulator", "list", "parameters", "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    program.stdout.readline()
    program.stdout.close()
    assert program.stderr.read() == ""
    program.stderr.close()
    assert program.wait(30) == 0


def test_the_store_is_listed_checked_and_pruned(call, tmp_path):
    assert call("store", "list") == (0, "", "")
    call("compare", "transition", *QUICK, "--seeds", 1, "--workers", 1)
    lines = call("store", "list")[1].splitlines()
    assert len(lines) == 1 + 4
    next((tmp_path / "home").rglob("*.parquet")).write_bytes(b"PAR1")
    code, out, err = call("store", "check")
    assert code == 5
    assert out.startswith("3 good, 1 damaged")
    assert err.count("\n") == 1
    assert call("store", "prune")[1].startswith("1 files removed, 3 runs kept")


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("variables", "seen"),
    [
        ({}, "\r[\x1b[36m" + "#" * 15 + "-" * 15 + "\x1b[0m] 4 of 8 runs\x1b[K\n"),
        ({"NO_COLOR": "1"}, "\r[" + "#" * 15 + "-" * 15 + "] " + "4 of 8 runs".ljust(50) + "\n"),
        ({"TERM": "dumb"}, "4 of 8 runs\n"),
    ],
)
def test_progress_is_a_bar_on_a_terminal_only(monkeypatch, variables, seen):
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in ({"TERM": "xterm"} | variables).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(terminal.sys, "stderr", Terminal())
    progress = terminal.Progress("runs")
    progress(4, 8)
    progress.end()
    assert progress.stream.getvalue() == seen


def test_time_left_is_told_from_the_first_end_on_for_until_then_processes_start(capsys, monkeypatch):
    clock = iter([0.0, 0.0, 10.0, 30.0])
    monkeypatch.setattr(terminal.time, "monotonic", lambda: next(clock))
    progress = terminal.Progress("runs")
    for done in (4, 6, 8):
        progress(done, 10)
    assert capsys.readouterr().err.splitlines() == [
        "4 of 10 runs", "6 of 10 runs", "8 of 10 runs, about 20 s left",
    ]  # fmt: skip


def test_who_waits_for_the_first_compilation_is_told_so(capsys, monkeypatch, tmp_path):
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setattr(terminal, "__file__", str(tmp_path / "terminal.py"))
    assert not terminal.is_compiled()
    progress = terminal.Progress("runs")
    progress(0, 3)
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "streams.luck-40.py311.nbi").touch()
    assert terminal.is_compiled()
    progress = terminal.Progress("runs")
    progress(0, 3)
    assert capsys.readouterr().err.splitlines() == [
        "0 of 3 runs; the first one compiles the model, once a machine: about a minute", "0 of 3 runs",
    ]  # fmt: skip
    monkeypatch.setattr(terminal, "__file__", str(tmp_path / "gone" / "terminal.py"))
    assert terminal.is_compiled(), "what cannot be seen is not told"


def test_a_port_in_use_is_named_with_a_free_one(call):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, out, err = call("app", "--port", port)
    assert (code, out) == (2, "")
    assert re.fullmatch(rf"port {port} is in use; free: --port \d+\n", err)


def interruptible():
    """Ctrl-C works in the child even where the tests themselves run in the background, which ignores it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.slow
def test_the_app_is_served_until_ctrl_c():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program = subprocess.Popen(
        [sys.executable, "-m", "simulator", "app", "--port", str(port)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        preexec_fn=interruptible,
    )  # fmt: skip
    health, end = b"", time.monotonic() + 30
    while health != b"ok" and time.monotonic() < end:
        with contextlib.suppress(OSError):
            health = urllib.request.urlopen(f"http://localhost:{port}/_stcore/health", timeout=1).read()
        time.sleep(0.1)
    assert health == b"ok"
    os.killpg(program.pid, signal.SIGINT)
    _, messages = program.communicate(timeout=30)
    assert program.returncode == 130
    assert f"http://localhost:{port}" in messages
    assert "Traceback" not in messages


@pytest.mark.slow
def test_report_and_comparison_are_written(tmp_path):
    code, out, err = garment_sim("report", "transition", *QUICK, "--seeds", 1, "--out", "a.html", folder=tmp_path)
    assert (code, out) == (0, "a.html\n"), err
    assert "<html" in (tmp_path / "a.html").read_text(encoding="utf-8")
    code, out, err = garment_sim("compare", "transition", *QUICK, "--seeds", 1, "--out", "out", folder=tmp_path)
    assert code == 0, err
    names = ["comparison.csv", "report.html", "runs.parquet", "series.parquet"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == names
    with (tmp_path / "out/comparison.csv").open(encoding="utf-8-sig") as file:
        assert next(csv.reader(file)) == list(SUMMARY_COLUMNS)
