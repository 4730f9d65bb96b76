"""Many runs in parallel processes: each is stored when it ends, a dead process costs only its own run."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import wait as wait_for
from multiprocessing.context import SpawnContext, SpawnProcess
from types import ModuleType
from typing import Any

from simulator.results import Result
from simulator.run import Progress, Request, execute
from simulator.store import Store

_TRIES = 2


@dataclass(frozen=True)
class Failure:
    """A run that did not end; ``error`` is one line."""

    request: Request
    error: str

    def __str__(self) -> str:
        return f"{self.request.scenario.id}, seed {self.request.seed}: {self.error}"


@dataclass
class Outcome:
    """Finished runs in the order they were asked for, and those that failed."""

    results: list[Result] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)


@dataclass(frozen=True)
class _Done:
    key: str
    result: Result | None
    error: str = ""
    warning: str = ""


def run_many(
    requests: Sequence[Request],
    store: Store | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
    nice: int = 0,
) -> Outcome:
    """Run what the store lacks, on ``workers`` processes (one a core), and return all.

    Requests with equal keys run once. One that raises is recorded and the others go on; one whose process
    dies is tried a second time alone. ``nice`` lowers the priority of the processes. On Ctrl-C the processes
    end and KeyboardInterrupt goes on; finished runs are in the store.
    """
    found: dict[str, Result] = {}
    todo: deque[Request] = deque()
    for request in {r.key: r for r in requests}.values():
        result = store.get(request) if store is not None else None
        if result is None:
            todo.append(request)
        else:
            found[request.key] = result
    failures: dict[str, str] = {}
    warned: set[str] = set()
    total = len(found) + len(todo)

    def finish(done: _Done) -> None:
        if done.result is None:
            failures[done.key] = done.error
        else:
            found[done.key] = done.result
        if done.warning and not warned:
            warned.add(done.warning)
            print(done.warning, file=sys.stderr)
        if progress is not None:
            progress(len(found) + len(failures), total)

    if progress is not None and total:
        progress(len(found), total)
    workers = min(workers or os.cpu_count() or 2, len(todo))
    if workers <= 1 and not nice:
        while todo:
            finish(_work(todo.popleft(), store))
    else:
        _pooled(todo, workers, store, nice, finish)
    outcome = Outcome()
    for request in requests:
        if request.key in found:
            outcome.results.append(found[request.key].named(request.scenario.id, request.scenario.text))
        else:
            outcome.failures.append(Failure(request, failures[request.key]))
    return outcome


def _work(request: Request, store: Store | None) -> _Done:
    """One run, in whichever process; it is stored before this returns."""
    try:
        result = execute(request)
    except Exception as error:
        return _Done(request.key, None, f"{type(error).__name__}: {' '.join(str(error).split())}")
    warning = ""
    if store is not None:
        try:
            store.put(request, result)
        except OSError as error:
            warning = f"finished runs cannot be kept in {store.folder}: {error.strerror or error}"
    return _Done(request.key, result, warning=warning)


def _pooled(
    todo: deque[Request], workers: int, store: Store | None, nice: int, finish: Callable[[_Done], None]
) -> None:
    """Empty ``todo``; runs in flight when a process dies go again one by one: none is blamed for another."""
    tries: Counter[str] = Counter()
    suspects: deque[Request] = deque()
    while todo or suspects:
        alone = bool(suspects)
        for request in _drain(
            suspects if alone else todo, 1 if alone else workers, alone, store, nice, finish
        ):
            tries[request.key] += 1
            result = store.get(request) if store is not None else None
            if result is not None:
                finish(_Done(request.key, result))
            elif tries[request.key] < _TRIES:
                suspects.append(request)
            else:
                finish(
                    _Done(request.key, None, f"its process died {_TRIES} times (killed, or out of memory)")
                )


def _drain(
    queue: deque[Request],
    workers: int,
    alone: bool,
    store: Store | None,
    nice: int,
    finish: Callable[[_Done], None],
) -> list[Request]:
    """Work through ``queue`` in one pool; returns the runs in flight if the pool breaks."""
    pool = ProcessPoolExecutor(workers, mp_context=_Spawn(), initializer=_begin, initargs=(nice,))
    flying: dict[Future[_Done], Request] = {}
    lost: list[Request] = []
    try:
        while queue or flying:
            while queue and not lost and len(flying) < (1 if alone else workers + 1):
                request = queue.popleft()
                try:
                    flying[pool.submit(_work, request, store)] = request
                except BrokenProcessPool:
                    lost.append(request)
            if not flying:
                break
            for future in wait(flying, return_when=FIRST_COMPLETED).done:
                request = flying.pop(future)
                try:
                    done = future.result()
                except BrokenProcessPool:
                    lost.append(request)
                else:
                    finish(done)
            if lost and not flying:
                break
    except BaseException:
        processes = list((pool._processes or {}).values())
        pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.terminate()
        for process in processes:
            process.join()
        raise
    finally:
        pool.shutdown(wait=not lost)
    return lost


def _begin(nice: int) -> None:
    """Set up a worker: Ctrl-C is the parent's business, and without a parent it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if nice and hasattr(os, "nice"):
        os.nice(nice)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait_for([parent.sentinel])
        os._exit(1)


class _Process(SpawnProcess):
    """A process that does not import the caller's script, so that scripts need no main guard."""

    @staticmethod
    def _Popen(process_obj: Any) -> Any:
        with _without_main():
            return SpawnProcess._Popen(process_obj)


class _Spawn(SpawnContext):
    """Starts fresh interpreters."""

    Process = _Process


@contextmanager
def _without_main() -> Iterator[None]:
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main
