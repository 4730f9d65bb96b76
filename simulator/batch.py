"""Many runs in parallel processes: each is stored when it ends, a dead process costs only its own run."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import wait as wait_for
from multiprocessing.context import SpawnContext, SpawnProcess
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

from simulator.posterior import BEST
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
        draw = f", draw {self.request.draw}" if self.request.draw != BEST else ""
        return f"{self.request.scenario.id}{draw}, seed {self.request.seed}: {self.error}"


@dataclass
class Outcome:
    """Finished runs in the order they were asked for, and those that failed."""

    results: list[Result] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)


@dataclass(frozen=True)
class _Note:
    """What a worker says of a run: little, so that it passes the pipe whole even if the worker dies then."""

    key: str
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
    batch = _Batch(requests, store, progress)
    workers = min(workers or os.cpu_count() or 2, len(batch.todo))
    if workers <= 1 and not nice:
        batch.run_here()
    else:
        batch.run_pooled(workers, nice)
    outcome = Outcome()
    for request in requests:
        if request.key in batch.found:
            result = batch.found[request.key].named(request.scenario.id, request.numbers.text)
            outcome.results.append(result)
        else:
            outcome.failures.append(Failure(request, batch.failed[request.key]))
    return outcome


class _Batch:
    """What is to do, what is found, what failed."""

    def __init__(self, requests: Sequence[Request], store: Store | None, progress: Progress | None) -> None:
        self.store, self.progress, self.warned = store, progress, False
        self.found: dict[str, Result] = {}
        self.failed: dict[str, str] = {}
        self.todo: deque[Request] = deque()
        for request in {r.key: r for r in requests}.values():
            result = store.get(request) if store is not None else None
            if result is None:
                self.todo.append(request)
            else:
                self.found[request.key] = result
        self.total = len(self.found) + len(self.todo)
        self.tell()

    def tell(self) -> None:
        if self.progress is not None and self.total:
            self.progress(len(self.found) + len(self.failed), self.total)

    def finish(self, note: _Note, result: Result | None) -> None:
        """Take down the end of a run."""
        if result is None:
            self.failed[note.key] = note.error or "its result was lost"
        else:
            self.found[note.key] = result
        if note.warning and not self.warned:
            print(note.warning, file=sys.stderr)
            self.warned = True
        self.tell()

    def run_here(self) -> None:
        """One run after the other in this process."""
        while self.todo:
            request = self.todo.popleft()
            result, error = _attempt(request)
            warning = ""
            if result is not None and self.store is not None:
                warning = _keep(self.store, request, result)
            self.finish(_Note(request.key, error, warning), result)

    def run_pooled(self, workers: int, nice: int) -> None:
        """In parallel; runs in flight when a process dies go again one by one: none is blamed for another."""
        tries: Counter[str] = Counter()
        suspects: deque[Request] = deque()
        with TemporaryDirectory(prefix="garment-sim-") as spare:
            stores = [Store(spare)] if self.store is None else [self.store, Store(spare)]
            while self.todo or suspects:
                alone = bool(suspects)
                queue, number = (suspects, 1) if alone else (self.todo, workers)
                for request in self.drain(queue, number, stores, nice):
                    tries[request.key] += 1
                    result = _fetch(stores, request)
                    if result is None and tries[request.key] < _TRIES:
                        suspects.append(request)
                    else:
                        self.finish(_Note(request.key, f"its process died {_TRIES} times"), result)

    def drain(self, queue: deque[Request], workers: int, stores: Sequence[Store], nice: int) -> list[Request]:
        """Work through ``queue`` in one pool; returns the runs in flight if a process dies."""
        pool = ProcessPoolExecutor(workers, mp_context=_Spawn(), initializer=_begin, initargs=(nice,))
        most = workers + 1 if workers > 1 else 1  # the next run waits at hand; a run under suspicion is alone
        flying: dict[Future[_Note], Request] = {}
        lost: list[Request] = []
        try:
            while flying or (queue and not lost):
                while queue and not lost and len(flying) < most:
                    request = queue.popleft()
                    try:
                        flying[pool.submit(_work, request, stores)] = request
                    except BrokenProcessPool:
                        lost.append(request)
                for future in wait(flying, return_when=FIRST_COMPLETED).done:
                    request = flying.pop(future)
                    try:
                        note = future.result()
                    except BrokenProcessPool:
                        lost.append(request)
                    else:
                        self.finish(note, None if note.error else _fetch(stores, request))
        except BaseException:
            processes = list((pool._processes or {}).values())
            pool.shutdown(wait=False, cancel_futures=True)
            for process in processes:
                process.terminate()
            for process in processes:
                process.join()
            raise
        pool.shutdown(wait=not lost)
        return lost


def _attempt(request: Request) -> tuple[Result | None, str]:
    try:
        return execute(request), ""
    except Exception as error:
        return None, f"{type(error).__name__}: {' '.join(str(error).split())}"[:500]


def _keep(store: Store, request: Request, result: Result) -> str:
    """Store a run; a warning where that cannot be done."""
    try:
        store.put(request, result)
    except OSError as error:
        return f"finished runs cannot be kept in {store.folder}: {error.strerror or error}"[:500]
    return ""


def _fetch(stores: Sequence[Store], request: Request) -> Result | None:
    return next((result for store in stores if (result := store.get(request)) is not None), None)


def _work(request: Request, stores: Sequence[Store]) -> _Note:
    """One run in a worker, kept in the first store that takes it before this returns."""
    result, error = _attempt(request)
    warning = ""
    if result is not None:
        for store in stores:
            problem = _keep(store, request, result)
            warning = warning or problem
            if not problem:
                break
    return _Note(request.key, error, warning)


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
