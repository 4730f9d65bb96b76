"""Is the run service fair, does it forget what nobody wants any more, and does it lose nothing?"""

import os
import subprocess
import sys
from dataclasses import replace

import pytest
from served import Workers

from simulator import load_scenario
from simulator.panels import jobs
from simulator.panels.jobs import BACKGROUND, PATIENCE, URGENT, USUAL
from simulator.pool import TRIES
from simulator.run import Request
from simulator.store import Store

BASE = load_scenario("baseline")


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("GARMENT_SIM_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def clock(monkeypatch):
    """A clock that tests move: a list with the time."""
    now = [1000.0]
    monkeypatch.setattr(jobs.time, "monotonic", lambda: now[0])
    return now


def runs(number, subsidy=0.1):
    """The best set and some more seeds of a scenario."""
    scenario = BASE.with_values({"automation.subsidy": subsidy})
    return [Request.of(scenario, seed) for seed in range(number)]


def kinds(number):
    return [URGENT, *[USUAL] * (number - 1)]


def given(workers):
    return [(request.scenario.id, request.seed) for request, _ in workers.given]


def test_best_sets_come_first_then_bands_in_turn():
    workers = Workers()
    service = jobs.Service(1, workers.process)
    many, few = runs(4, 0.1), runs(3, 0.2)
    service.ask("one", many, kinds(4))
    service.ask("two", few, kinds(3))
    workers.finish_all()
    one, two = many[0].scenario.id, few[0].scenario.id
    assert given(workers) == [(one, 0), (two, 0), (one, 1), (two, 1), (one, 2), (two, 2), (one, 3)]
    assert service.ask("one", many).complete and service.ask("two", few).complete


def test_somebody_who_comes_later_is_not_held_up_by_a_band_that_is_half_done():
    workers = Workers()
    service = jobs.Service(1, workers.process)
    early, late = runs(6, 0.1), runs(6, 0.2)
    service.ask("early", early, kinds(6))
    for _ in range(3):
        workers.finish()
    service.ask("late", late, kinds(6))
    workers.finish()
    assert given(workers)[-1] == (late[0].scenario.id, 0)
    workers.finish()
    assert given(workers)[-1] == (late[0].scenario.id, 1), "those with fewer runs go first"


def test_what_is_no_longer_asked_for_is_dropped_and_a_run_in_flight_is_kept():
    workers = Workers()
    service = jobs.Service(1, workers.process)
    old, new = runs(5, 0.1), runs(2, 0.2)
    service.ask("me", old, kinds(5))
    assert service.ask("me", new, kinds(2)).total == 2
    assert workers.finish() is old[0]
    workers.finish_all()
    assert given(workers) == [(old[0].scenario.id, 0), (new[0].scenario.id, 0), (new[0].scenario.id, 1)]
    assert Store().path(old[0].key).is_file()


def test_withdrawing_drops_the_rest():
    workers = Workers()
    service = jobs.Service(1, workers.process)
    service.ask("me", runs(5))
    service.withdraw("me")
    workers.finish_all()
    assert len(workers.given) == 1
    assert service.state()["visitors_waiting"] == 0


def test_a_visitor_who_went_away_waits_no_more_but_the_first_page_does(clock):
    workers = Workers()
    service = jobs.Service(1, workers.process)
    service.ask("gone", runs(3, 0.1))
    service.ask("page", runs(3, 0.2), BACKGROUND)
    clock[0] += PATIENCE + 1
    service.ask("other", runs(1, 0.3))
    workers.finish_all()
    assert [scenario for scenario, _ in given(workers)].count(runs(1, 0.1)[0].scenario.id) == 1
    assert [scenario for scenario, _ in given(workers)].count(runs(1, 0.2)[0].scenario.id) == 3
    assert given(workers)[1][0] == runs(1, 0.3)[0].scenario.id, "nobody waits for the page's background"


def test_a_run_that_two_wait_for_is_made_once():
    workers = Workers()
    service = jobs.Service(2, workers.process)
    service.ask("one", runs(2))
    service.ask("two", runs(2))
    workers.finish_all()
    assert len(workers.given) == 2
    assert service.ask("two", runs(2)).complete


def test_the_place_in_the_queue_and_the_time_left_are_told(clock):
    workers = Workers()
    service = jobs.Service(1, workers.process)
    for name in ("a", "b", "c"):
        now = service.ask(name, runs(3, 0.1 + 0.1 * ord(name) % 0.4), kinds(3))
    assert (now.done, now.ahead, now.left) == (0, 1, None), "one is being made, one is ahead"
    clock[0] += 2.0
    workers.finish()
    now = service.ask("c", runs(3, 0.1 + 0.1 * ord("c") % 0.4), kinds(3))
    assert now.ahead == 0 and now.left == pytest.approx(2.0 * 3)


def test_a_run_that_fails_is_told_and_tried_again_when_asked():
    workers = Workers()
    service = jobs.Service(1, workers.process)
    asked = runs(2)
    service.ask("me", asked)
    workers.finish(error="ValueError: no")
    workers.finish()
    now = service.ask("me", asked)
    assert (now.done, now.error, now.complete) == (1, "ValueError: no", False)
    assert not workers.open, "it is not tried by itself"
    service.retry(asked)
    assert service.ask("me", asked).error is None
    workers.finish_all()
    assert service.ask("me", asked).complete


def test_a_worker_that_dies_is_replaced_and_its_run_tried_once_more():
    workers = Workers()
    service = jobs.Service(1, workers.process)
    asked = runs(2)
    service.ask("me", asked)
    assert workers.finish(dead=True) is asked[0]
    assert workers.started == 2
    for _ in range(TRIES - 1):
        assert workers.finish(workers.open.index(workers.open[-1]), dead=True).key in {r.key for r in asked}
    workers.finish_all()
    now = service.ask("me", asked)
    assert (now.done, now.total) == (1, 2) and str(TRIES) in now.error


def test_a_run_that_another_server_makes_is_waited_for(clock):
    workers = Workers()
    service = jobs.Service(1, workers.process)
    asked = runs(1)
    service.ask("me", asked)
    workers.finish(elsewhere=True)
    assert not workers.open and service.ask("me", asked).error is None
    clock[0] += jobs.POLL + 0.1
    service.ask("me", asked)
    assert len(workers.open) == 1, "it looks again: the other server may have ended"


def test_idle_workers_get_warm_once_each_for_its_draws():
    workers = Workers()
    service = jobs.Service(2, workers.process)
    service.warm_up(runs(1))
    service.warm_up(runs(1))
    assert len(workers.warmed) == 2, "the best set in both workers"


def drawn(draw):
    return replace(runs(1)[0], draw=draw)


def test_a_draw_is_made_at_home_and_by_the_next_worker_only_when_that_has_nothing_of_its_own():
    class Named(Workers):
        def submit(self, work, request, folder):
            by.setdefault(id(self), []).append(request.draw)
            return super().submit(work, request, folder)

    by: dict[int, list[int]] = {}
    made_by = [Named() for _ in range(3)]
    waiting = iter(made_by)
    service = jobs.Service(3, lambda: next(waiting))
    asked = [drawn(draw) for draw in (0, 3, 6, 9, 1, 4)]
    service.ask("me", asked)
    draws = [by.get(id(worker), []) for worker in made_by]
    assert draws == [[0], [1], [4]], "the third has none of its own and takes the second's"
    made_by[1].finish()
    assert by[id(made_by[1])] == [1, 3], "the second has no more and takes the first's"
    made_by[2].finish()
    assert by[id(made_by[2])] == [4], "what is two doors away is not its own"
    while any(worker.open for worker in made_by):
        for worker in made_by:
            worker.finish_all()
    assert sorted(d for found in by.values() for d in found) == sorted(r.draw for r in asked), "each is made once"


def test_idle_workers_get_warm_for_their_own_draws_first():
    workers = [Workers(), Workers()]
    waiting = iter(workers)
    service = jobs.Service(2, lambda: next(waiting))
    service.warm_up([drawn(draw) for draw in range(4)])
    for _ in range(8):
        service.ask("me", [])
    assert [[r.draw for r in worker.warmed] for worker in workers] == [[0, 2, 1, 3], [1, 3, 0, 2]]


def test_two_servers_do_not_make_the_same_run(home):
    code = "from simulator.panels import jobs\nwith jobs._claimed('abc'):\n    print(1, flush=True)\n    input()"
    holder = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ
    )
    holder.stdout.readline()
    with jobs._claimed("abc") as ours:
        assert not ours
    holder.kill()
    holder.wait()
    holder.stdout.close()
    holder.stdin.close()
    with jobs._claimed("abc") as ours:
        assert ours, "the claim has gone with the process"


@pytest.mark.slow
def test_real_workers_make_runs_and_end_with_the_server(home):
    code = (
        "import time\nfrom simulator.panels import jobs\nfrom simulator.run import Request\n"
        "asked = [Request.of('baseline', 0, 1000, 2013), Request.of('transition', 0, 1000)]\n"
        "while not (now := jobs.service().ask('me', asked)).complete:\n    assert now.error is None, now\n"
        "    time.sleep(0.2)\n"
        "print(*(slot.executor._processes for slot in jobs.service()._slots), flush=True)\ninput()"
    )
    server = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ, text=True
    )
    line = server.stdout.readline()
    assert "pid=" in line or "SpawnProcess" in line or "_Process" in line, line
    pids = [int(part.split(":")[0].lstrip("{")) for part in line.split() if part.startswith("{")]
    server.kill()
    server.wait()
    server.stdout.close()
    server.stdin.close()
    assert len(list(Store())) == 2
    gone = 0
    for pid in pids:
        for _ in range(100):
            try:
                os.kill(pid, 0)
            except OSError:
                gone += 1
                break
            jobs.time.sleep(0.1)
    assert gone == len(pids)
