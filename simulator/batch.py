"""Many runs in parallel processes: each is stored when it ends, a dead process costs only its own run."""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from tempfile import TemporaryDirectory

from simulator.pool import TRIES, in_processes
from simulator.posterior import BEST
from simulator.results import Result
from simulator.run import Progress, Request, execute
from simulator.store import Store


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
        """In parallel."""
        with TemporaryDirectory(prefix="garment-sim-") as spare:
            stores = [Store(spare)] if self.store is None else [self.store, Store(spare)]

            def finish(request: Request, note: _Note | None) -> None:
                result = None if note is not None and note.error else _fetch(stores, request)
                self.finish(note or _Note(request.key, f"its process died {TRIES} times"), result)

            def kept(request: Request) -> bool:
                return _fetch(stores, request) is not None

            in_processes(self.todo, partial(_work, stores=stores), finish, kept, workers, nice)


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
