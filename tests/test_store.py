"""Are finished runs found again by what went into them, and does a dead process cost only its own run?"""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from multiprocessing import active_children

import pandas as pd
import pytest

from simulator import batch, branching
from simulator.analysis.kept import keep, load
from simulator.batch import run_many
from simulator.fingerprint import code_digest
from simulator.results import InputError
from simulator.run import Request, execute
from simulator.scenario import Scenario, load_scenario
from simulator.store import ABOUT, Store, merge
from simulator.version import __version__

SMALL = {"people_per_agent": 1000, "until": 2013}


def asked(seeds, scenario="baseline", **more):
    return [Request.of(scenario, seed, **(SMALL | more)) for seed in seeds]


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "runs")


def test_a_run_is_found_again_and_only_then(store):
    first, other = asked([1, 2])
    assert store.get(first) is None
    result = execute(first)
    store.put(first, result)
    back = store.get(first)
    assert back.values.tobytes() == result.values.tobytes()
    assert back.metadata == result.metadata
    assert (back.columns, back.periods) == (result.columns, result.periods)
    assert [r.seed for r in store.missing([first, other, other])] == [2]


def test_the_key_holds_all_that_decides_a_run():
    changed = load_scenario("baseline").with_values({"automation.subsidy": 0.3})
    requests = [
        *asked([1]), *asked([2]), *asked([1], changed), *asked([1], until=2014),
        *asked([1], people_per_agent=999), *asked([1], steps_per_year=12),
    ]  # fmt: skip
    assert len({r.key for r in requests}) == len(requests)
    assert requests[0].run_id == requests[0].key[:12]
    assert asked([1])[0].key == requests[0].key


def test_the_key_does_not_hold_a_name(store):
    """A slider moved and moved back finds the preset's runs."""
    preset = load_scenario("transition")
    moved = preset.with_values({"automation.subsidy": 0.4})
    back = moved.with_values({"automation.subsidy": 0.25}, id="mine")
    (ours,), (theirs,) = asked([1], back), asked([1], preset)
    assert ours.key == theirs.key
    store.put(theirs, execute(theirs))
    found = store.get(ours)
    assert found.metadata["scenario"] == "mine"
    assert found.metadata["scenario_text"] == back.text


@pytest.mark.parametrize("harm", ["cut", "emptied", "flipped", "swapped"])
def test_a_damaged_file_is_named_and_run_again(store, harm, capfd):
    request, other = asked([1, 2])
    path = store.put(request, execute(request))
    good = path.read_bytes()
    middle = len(good) // 2
    content = {
        "cut": good[:middle],
        "emptied": b"",
        "flipped": good[:2000] + bytes([good[2000] ^ 255]) + good[2001:],
        "swapped": execute(other).to_bytes(other.key),
    }[harm]
    path.write_bytes(content)
    outcome = run_many([request], store, workers=1)
    assert outcome.results[0].metadata["seed"] == 1
    message = capfd.readouterr().err
    assert path.name in message
    assert len(message.splitlines()) == 1
    assert store.get(request).values.tobytes() == outcome.results[0].values.tobytes()


def test_equal_runs_are_run_once(store, monkeypatch):
    calls = []
    monkeypatch.setattr(batch, "execute", lambda request: calls.append(request.seed) or execute(request))
    twin = load_scenario("baseline").with_values({}, id="twin")
    outcome = run_many([*asked([0, 1]), *asked([0, 1], twin)], store, workers=1)
    assert calls == [0, 1]
    assert [r.metadata["scenario"] for r in outcome.results] == ["baseline", "baseline", "twin", "twin"]
    run_many(asked([0, 1]), store, workers=1)
    assert calls == [0, 1]


def test_a_run_that_raises_is_recorded_and_the_others_go_on(store, monkeypatch):
    def fails(request):
        if request.seed == 1:
            raise RuntimeError("the table of factories\nis full")
        return execute(request)

    monkeypatch.setattr(batch, "execute", fails)
    seen = []
    outcome = run_many(asked([0, 1, 2]), store, workers=1, progress=lambda *at: seen.append(at))
    assert [r.metadata["seed"] for r in outcome.results] == [0, 2]
    assert [str(f) for f in outcome.failures] == ["baseline, seed 1: RuntimeError: the table of factories is full"]
    assert seen == [(0, 3), (1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_store_that_cannot_be_written_costs_nothing_but_the_store(tmp_path, capfd, workers):
    (tmp_path / "file").write_text("")
    outcome = run_many(asked([0, 1]), Store(tmp_path / "file" / "runs"), workers=workers)
    assert len(outcome.results) == 2
    message = capfd.readouterr().err
    assert "finished runs cannot be kept" in message
    assert len(message.splitlines()) == 1


@pytest.mark.slow
def test_runs_need_no_store():
    assert [r.metadata["seed"] for r in run_many(asked([3, 4]), workers=2).results] == [3, 4]


def test_old_versions_and_leftovers_are_pruned(store):
    request, old = asked([0, 1])
    kept = store.put(request, execute(request))
    result = execute(old)
    store.put(old, replace(result, metadata={**result.metadata, "code": "0" * 12}))
    (kept.parent / ".x.tmp").write_text("")
    os.utime(kept.parent / ".x.tmp", (0, 0))
    damaged = kept.with_name(f"{'0' * 64}.parquet")
    damaged.write_text("")
    assert [path for path, _ in store.damaged()] == [damaged]
    assert len(store.rows()) == 2
    assert len(store.prune()) == 3
    assert list(store) == [kept]


def answered(store, name, code):
    """A finding and an explanation as analyses leave them, of a version of the code."""
    frame = pd.DataFrame({"x": [1.0]})
    keep(store.findings / f"sensitivity-{name}", {"asked": {"kind": "sensitivity", "model": f"{__version__}+{code}"}},
         {"indices": frame})  # fmt: skip
    store.explanations.mkdir(parents=True, exist_ok=True)
    path = store.explanations / f"{name}.json"
    path.write_text(json.dumps({"metadata": {"model": __version__, "code": code}}), "utf-8")
    return [store.findings / f"sensitivity-{name}", path]


def test_answers_of_old_versions_are_pruned_with_their_runs(store):
    now, old, torn = (
        answered(store, *some) for some in (("now", code_digest()), ("old", "0" * 12), ("torn", "1" * 12))
    )
    (torn[0] / ABOUT).write_text("{", "utf-8")
    torn[1].write_text("[]", "utf-8")
    assert len(store.prune()) == 2 * 3  # about, a table, an explanation
    assert all(path.exists() for path in now)
    assert not any(path.exists() for path in old + torn)


def test_answers_are_merged_and_torn_ones_named(tmp_path):
    first, second = Store(tmp_path / "a"), Store(tmp_path / "b")
    answered(first, "one", code_digest())
    torn, _ = answered(second, "two", code_digest())
    (torn / ABOUT).write_text("{", "utf-8")
    number, damaged = merge([first.folder, second.folder], tmp_path / "all")
    both = Store(tmp_path / "all")
    assert number == 0 and damaged == sorted(torn.glob("*"))
    assert [path.name for path in sorted(both.explanations.glob("*"))] == ["one.json", "two.json"]
    assert load("sensitivity", both).frames["indices"]["x"].tolist() == [1.0]
    answered(second, "three", "0" * 12)
    with pytest.raises(InputError, match="code differs"):
        merge([first.folder, second.folder], tmp_path / "other")
    assert not (tmp_path / "other").exists()


@pytest.mark.slow
def test_one_process_or_two_give_the_same_bytes(tmp_path):
    requests = asked(range(4))
    alone = run_many(requests, Store(tmp_path / "one"), workers=1)
    together = run_many(requests, Store(tmp_path / "two"), workers=2)
    assert [r.values.tobytes() for r in alone.results] == [r.values.tobytes() for r in together.results]
    assert [r.metadata["run_id"] for r in alone.results] == [r.run_id for r in requests]


@pytest.mark.slow
def test_the_years_that_requests_share_are_run_once_and_results_are_those_of_single_runs(monkeypatch):
    long = {"people_per_agent": 1000, "until": 2025}
    requests = [r for name in ("baseline", "transition", "status_quo") for r in asked([0, 1], name, **long)]
    begun = []
    common_years = branching._common_years
    monkeypatch.setattr(branching, "_common_years", lambda request: begun.append(request) or common_years(request))
    results = run_many(requests, workers=1).results
    assert [request.seed for request in begun] == [0, 1]
    for request, result in zip(requests, results, strict=True):
        assert result.metadata["run_id"] == request.run_id
    for place in (1, 5):
        assert results[place].values.tobytes() == execute(requests[place]).values.tobytes()


def test_processes_take_turns_at_histories_and_one_to_one_keeps_none():
    requests = [r for name in ("baseline", "transition") for r in asked(range(3), name)]
    pieces = batch._Batch(requests, None, None, None).pieces(2)
    assert [(r.seed, r.scenario.id) for r in pieces] == [
        (0, "baseline"), (1, "baseline"), (0, "transition"), (1, "transition"), (2, "baseline"), (2, "transition"),
    ]  # fmt: skip
    few = [r for name in ("baseline", "transition") for r in asked([0], name, people_per_agent=1)]
    other = load_scenario("baseline").with_values({"automation.hurdle": 1.5})
    for apart in (few, [*asked([0]), *asked([0], other)]):
        assert not batch._Batch(apart, None, None, None).shared


@pytest.mark.slow
def test_a_killed_process_costs_nothing(store):
    killed = []

    def kill(done, total):
        if done == 2 and not killed:
            killed.append(active_children()[0].pid)
            os.kill(killed[0], signal.SIGKILL)

    outcome = run_many(asked(range(12)), store, workers=2, progress=kill)
    assert killed
    assert [r.metadata["seed"] for r in outcome.results] == list(range(12))
    assert not outcome.failures
    assert not active_children()


class Deadly(Scenario):
    """A scenario that ends every process into which it is sent."""

    def __reduce__(self):
        return os._exit, (9,)


@pytest.mark.slow
def test_a_run_that_kills_its_process_is_tried_twice_and_blamed_alone(store):
    base = load_scenario("baseline")
    deadly = Deadly(**{name: getattr(base, name) for name in base.__dataclass_fields__} | {"id": "deadly"})
    requests = [*asked([0, 1]), *asked([7], deadly), *asked([2, 3, 4])]
    outcome = run_many(requests, store, workers=2)
    assert [r.metadata["seed"] for r in outcome.results] == [0, 1, 2, 3, 4]
    assert [str(f) for f in outcome.failures] == ["deadly, seed 7: its process died 2 times"]


SCRIPT = """
from simulator.batch import run_many
from simulator.run import Request
from simulator.store import Store
requests = [Request.of("baseline", seed, 1000, 2013) for seed in range(4)]
outcome = run_many(requests, Store({store!r}), workers=2)
print(len(outcome.results), len(outcome.failures))
"""


@pytest.mark.slow
def test_two_programs_write_one_store_and_need_no_main_guard(store, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(store=str(store.folder)))
    programs = [subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [p.communicate(timeout=120)[0] for p in programs] == ["4 0\n", "4 0\n"]
    assert len(list(store)) == 4
    assert not store.damaged()
    assert not list(store.folder.rglob("*.tmp"))


def running(group):
    """Processes of a group that are still alive."""
    listed = subprocess.run(["ps", "-A", "-o", "pgid=,stat=,pid="], capture_output=True, text=True).stdout
    rows = [line.split() for line in listed.splitlines()]
    return [pid for pgid, stat, pid in rows if pgid == str(group) and not stat.startswith("Z")]


def interruptible():
    """Ctrl-C works in the child even where the tests themselves run in the background, which ignores it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def started(store):
    """A large comparison in a process group of its own, once it has stored two runs."""
    command = [sys.executable, "-m", "simulator", "compare", "--seeds", "20", "--people-per-agent", "200"]
    program = subprocess.Popen(
        [*command, "--workers", "2"],
        env={**os.environ, "GARMENT_SIM_HOME": str(store.folder.parent)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        preexec_fn=interruptible,
    )  # fmt: skip
    end = time.monotonic() + 90
    while len(list(store)) < 2 and time.monotonic() < end and program.poll() is None:
        time.sleep(0.05)
    return program


@pytest.mark.slow
def test_ctrl_c_leaves_no_process_and_keeps_finished_runs(store):
    program = started(store)
    os.killpg(program.pid, signal.SIGINT)
    _, messages = program.communicate(timeout=30)
    assert program.returncode == 130, messages
    assert "Traceback" not in messages
    end = time.monotonic() + 20
    while running(program.pid) and time.monotonic() < end:  # on a busy machine the last of them take a moment to go
        time.sleep(0.05)
    assert not running(program.pid)
    assert len(list(store)) >= 2
    assert not store.damaged()


@pytest.mark.slow
def test_workers_end_with_a_parent_that_is_killed(store):
    program = started(store)
    program.kill()
    program.communicate(timeout=30)
    end = time.monotonic() + 20
    while running(program.pid) and time.monotonic() < end:
        time.sleep(0.1)
    assert not running(program.pid)
