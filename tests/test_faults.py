"""Real faults under a batch: is nothing lost, nothing doubled, and the result that of the undisturbed batch?"""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pandas as pd
import psutil
import pytest
from faulty import answered_once_then_stopped, piece

from simulator import cli, pool
from simulator.experiment import run_experiment
from simulator.plan import take
from simulator.plan_files import load_experiment
from simulator.pool import in_processes
from simulator.results import InputError
from simulator.store import Store

ROOT = Path(__file__).resolve().parents[1]
BODY = "schema_version: 1\nscenarios: [baseline]\nseeds: 12\npeople_per_agent: 1000\nuntil: 2014\n"
BODY += "indicators: [employment]\n"
RUNS = 12


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The undisturbed result, its file and its store."""
    folder = tmp_path_factory.mktemp("whole")
    (folder / "trial.yaml").write_text(BODY)
    run_experiment(folder / "trial.yaml", store=folder / "store", workers=1).save(folder / "tables")
    return folder


@pytest.fixture
def trial(tmp_path, whole):
    (tmp_path / "trial.yaml").write_bytes((whole / "trial.yaml").read_bytes())
    return tmp_path


def interruptible():
    """Ctrl-C works in the child even where the tests themselves run in the background, which ignores it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def started(folder, *words, preexec_fn=interruptible):
    """The program in a process group of its own."""
    command = [sys.executable, "-m", "simulator", "experiment", "trial.yaml", "--store", "store"]
    return subprocess.Popen(
        [*command, *words], cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True, preexec_fn=preexec_fn,
    )  # fmt: skip


def ended(program, seconds=300):
    """Code and messages, once no process of its group is left; a program that does not end is killed."""
    try:
        _, messages = program.communicate(timeout=seconds)
        end = time.monotonic() + 20
        while (left := group(program)) and time.monotonic() < end:
            time.sleep(0.05)
    except subprocess.TimeoutExpired:
        os.killpg(program.pid, signal.SIGKILL)
        raise
    assert not left
    assert "Traceback" not in messages
    return program.returncode, messages


def group(program):
    """Processes of the program's group that are alive."""
    found = []
    for process in psutil.process_iter(["status"]):
        try:
            if os.getpgid(process.pid) == program.pid and process.info["status"] != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
        except ProcessLookupError:
            continue
    return found


def after(store, number, program, seconds=90):
    """Wait until some runs are stored."""
    end = time.monotonic() + seconds
    while len(list(store)) < number and time.monotonic() < end and program.poll() is None:
        time.sleep(0.01)
    assert len(list(store)) >= number, program.communicate() if program.poll() is not None else ""


def workers(program):
    """The processes that work for a program, without those that only watch over resources."""
    children = psutil.Process(program.pid).children()
    return [child.pid for child in children if any("spawn_main" in word for word in child.cmdline())]


def same(folder, whole, tables="tables"):
    """Whether tables are those of the undisturbed batch: to the byte, but for the seconds that runs took."""
    assert (folder / tables / "series.parquet").read_bytes() == (whole / "tables/series.parquet").read_bytes()
    ours, theirs = (pd.read_parquet(f / "runs.parquet") for f in (folder / tables, whole / "tables"))
    assert ours.drop(columns="wall_time").equals(theirs.drop(columns="wall_time"))
    store = Store(folder / "store")
    assert not store.damaged()
    assert sorted(path.stem[:12] for path in store) == sorted(theirs["run_id"])


@pytest.mark.slow
def test_a_batch_struck_again_and_again_does_only_what_is_missing(trial, whole):
    """A worker is killed, then the program itself; the next is stopped by Ctrl-C; the last one ends."""
    store = Store(trial / "store")
    program = started(trial, "--out", "tables", "--workers", "2")
    after(store, 1, program)
    os.kill(workers(program)[0], signal.SIGKILL)
    after(store, 3, program)
    program.kill()
    ended(program)
    first = {path: path.stat().st_mtime_ns for path in store}
    assert 3 <= len(first) < RUNS - 3

    program = started(trial, "--out", "tables", "--workers", "1")
    after(store, len(first) + 1, program)
    os.killpg(program.pid, signal.SIGINT)
    code, messages = ended(program)
    assert code == 130
    assert "the same command goes on from there" in messages
    then = {path: path.stat().st_mtime_ns for path in store}
    assert first.items() <= then.items()
    assert len(first) < len(then) < RUNS
    assert not (trial / "tables").exists()

    code, messages = ended(started(trial, "--out", "tables", "--workers", "1"))
    assert code == 0, messages
    assert messages.startswith(f"{len(then)} of {RUNS} runs\n")
    assert then.items() <= {path: path.stat().st_mtime_ns for path in store}.items()
    same(trial, whole)


@pytest.mark.slow
def test_two_programs_on_one_store(trial, whole):
    programs = [started(trial, "--out", name, "--workers", "1") for name in ("tables", "others")]
    assert [ended(program)[0] for program in programs] == [0, 0]
    same(trial, whole)
    same(trial, whole, "others")
    assert not list(trial.rglob("*.tmp"))


@pytest.mark.slow
def test_a_full_disk_halts_the_batch_and_a_hanging_run_is_ended(trial, whole):
    """First no file may be longer than 4 KB: the experiment's note fits in, a run does not. Then there is room, and
    a process that is stopped does nothing for ever: the run it had is done by another."""

    def limited():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    store = Store(trial / "store")
    code, messages = ended(started(trial, "--workers", "1", preexec_fn=limited))
    assert code == 4, messages
    assert "halted: finished runs cannot be kept in store: File too large" in messages
    assert not list((trial / "store").rglob("*.tmp"))
    assert not list(store)

    program = started(trial, "--limit", "15", "--out", "tables", "--workers", "1")
    after(store, 2, program)
    os.kill(workers(program)[0], signal.SIGSTOP)
    code, messages = ended(program)
    assert code == 0, messages
    same(trial, whole)


@pytest.mark.slow
def test_a_process_that_is_stopped_between_two_pieces_holds_up_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(pool, "_SILENCE", 5.0)
    done = []

    def finish(piece, note):
        if not done:
            time.sleep(2)  # meanwhile the process that did it is stopped
        done.append(note)

    pieces = [str(tmp_path / "first")] * 3
    in_processes(pieces, answered_once_then_stopped, finish, lambda piece: False, 1, limit=5.0)
    assert done == pieces


@pytest.mark.slow
def test_poisoned_runs_are_told_with_their_cause_and_the_rest_go_on(tmp_path, monkeypatch, capsys):
    """Shares of cost that leave nothing for overhead: the model itself refuses them."""
    monkeypatch.chdir(tmp_path)
    Path("draws.csv").write_text("production.materials,production.wages\n0.5,0.2\n0.59,0.26\n0.55,0.2\n")
    Path("trial.yaml").write_text(BODY.replace("seeds: 12", "uncertainties: {table: draws.csv}"))
    for before in (0, 2):  # what failed is tried again by the next batch, what is done is not
        assert cli.main(["experiment", "trial.yaml", "--store", "store", "--out", "tables", "--workers", "1"]) == 4
        messages = capsys.readouterr().err
        cause = "Refused: cost shares leave 0.007 for overhead; at least 0.02 is needed"
        assert messages.startswith(f"{before} of 3 runs\n")
        assert f"failed: baseline, draw 1, seed 0: {cause}\n" in messages
        runs = pd.read_parquet("tables/runs.parquet")
        assert list(runs["status"]) == ["done", "failed", "done"]
        assert list(runs["error"]) == ["", cause, ""]
        assert list(runs["production.materials"]) == [0.5, 0.59, 0.55]
        assert set(pd.read_parquet("tables/series.parquet")["draw"]) == {0, 2}


def test_each_piece_bears_the_blame_for_itself_alone(tmp_path):
    told, late = {}, []

    def finish(number, note):
        assert number not in told
        told[number] = note

    drawn = (n for n in range(12))  # pieces may come one by one
    work = partial(piece, folder=str(tmp_path))
    in_processes(drawn, work, finish, lambda _: False, 2, limit=1.0, overdue=late.append)
    assert late == [3]
    assert told == {n: None if n == 5 else n for n in range(12) if n != 3}
    tries = [int(path.name.partition("-")[0]) for path in tmp_path.iterdir()]
    assert tries.count(3) == tries.count(5) == tries.count(7) == 2


def test_a_shard_of_a_huge_experiment_makes_its_requests_when_they_are_needed():
    content = {"scenarios": ["baseline"], "seeds": 1_000_000, "people_per_agent": 1000, "until": 2012}
    part = take(load_experiment(content), (2, 500_000))
    assert [request.seed for request in part] == [1, 500_001]


def dask(folder, *words, **settings):
    return subprocess.Popen(
        [sys.executable, "-m", "dask", *words], env={**os.environ, "PYTHONPATH": str(ROOT), **settings},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder, start_new_session=True,
    )  # fmt: skip


@contextmanager
def dask_cluster(folder, *words, **settings):
    """A scheduler and a worker of one thread, each by its own command; gives the address and the worker's program."""
    place = folder / "scheduler.json"
    about = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(place)]
    cluster = [dask(folder, "scheduler", *about, **settings)]
    try:
        end = time.monotonic() + 60
        while not place.exists() and time.monotonic() < end:
            time.sleep(0.1)
        address = json.loads(place.read_text())["address"]
        cluster.append(dask(folder, "worker", address, "--nthreads", "1", "--no-dashboard", *words))
        yield address, cluster[1]
    finally:
        for program in reversed(cluster):
            for child in psutil.Process(program.pid).children(recursive=True):
                child.kill()
            program.kill()
            program.wait()


@pytest.mark.slow
def test_a_dask_cluster_gives_the_same_even_where_a_worker_is_killed(trial, whole):
    with dask_cluster(trial) as (address, worker):
        program = started(trial, "--scheduler", address, "--out", "tables")
        after(Store(trial / "store"), 2, program)
        os.kill(workers(worker)[0], signal.SIGKILL)
        code, messages = ended(program)
        assert code == 0, messages
        same(trial, whole)


@pytest.mark.slow
def test_a_run_that_hangs_on_a_dask_worker_is_told_and_those_that_waited_behind_it_are_done(tmp_path):
    (tmp_path / "trial.yaml").write_text(BODY.replace("seeds: 12", "seeds: 5").replace("2014", "2012"))
    setting = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0"}  # each death is told at once, of all that waited
    with dask_cluster(tmp_path, "--preload", str(ROOT / "tests/faulty_worker.py"), **setting) as (address, _):
        program = started(tmp_path, "--scheduler", address, "--out", "tables", "--limit", "3")
        code, messages = ended(program, seconds=300)  # five processes start one after the other
    assert code == 4, messages
    cause = "its process on the cluster died, or it took more than 3 seconds, again and again"
    assert f"failed: baseline, seed 1: {cause}\n" in messages
    runs = pd.read_parquet(tmp_path / "tables/runs.parquet")
    assert list(runs["status"]) == ["done", "failed", "done", "done", "done"]


def test_a_scheduler_that_does_not_answer_is_one_line(trial, monkeypatch):
    monkeypatch.setattr("simulator.cluster._PATIENCE", 0.5)
    with pytest.raises(InputError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:1"):
        run_experiment(trial / "trial.yaml", store=trial / "store", scheduler="tcp://127.0.0.1:1")
