"""Many runs in parallel processes: each is stored when it ends, a dead process costs only its own run."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, zip_longest
from tempfile import TemporaryDirectory

from simulator.branching import Histories, history
from simulator.pool import TRIES, in_processes
from simulator.posterior import BEST
from simulator.results import Result
from simulator.run import Progress, Request, execute, one_line
from simulator.store import Store

_MANY = 10  # people an agent from which a process may hold histories: one to one, each takes half a gigabyte
_histories = Histories()


@dataclass(frozen=True)
class Failure:
    """A run that did not end; ``error`` is one line, ``label`` tells it from others of its scenario."""

    request: Request
    error: str
    label: str = ""

    def __str__(self) -> str:
        label = f", {self.label}" if self.label else ""
        draw = f", draw {self.request.draw}" if self.request.draw != BEST else ""
        return f"{self.request.scenario.id}{label}{draw}, seed {self.request.seed}: {self.error}"


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


@dataclass
class Filled:
    """What a store lacks after :func:`fill`: errors by key; ``halted`` says why the rest was not tried, if so."""

    failed: dict[str, str] = field(default_factory=dict)
    halted: str = ""


def run_many(
    requests: Sequence[Request],
    store: Store | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
    nice: int = 0,
) -> Outcome:
    """Run what the store lacks, on ``workers`` processes (one a core), and return all.

    Requests with equal keys run once, and so, in a process, do the years that those of one draw and seed share. One
    that raises is tried again at once, one whose process dies a second time alone; where that fails too it is recorded
    and the others go on. ``nice`` lowers the priority of the processes.
    On Ctrl-C the processes end and KeyboardInterrupt goes on; finished runs are in the store.
    """
    found: dict[str, Result] = {}
    failed = run_each(requests, found.__setitem__, store, workers, progress, nice)
    outcome = Outcome()
    for request in requests:
        if request.key in found:
            outcome.results.append(found[request.key].named(request.scenario.id, request.numbers.text))
        else:
            outcome.failures.append(Failure(request, failed[request.key]))
    return outcome


def run_each(
    requests: Sequence[Request],
    take: Callable[[str, Result], None],
    store: Store | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
    nice: int = 0,
) -> dict[str, str]:
    """As :func:`run_many`, but ``take`` is given each result by its key and none is held here; errors by key."""
    batch = _Batch(requests, store, progress, take)
    workers = min(workers or os.cpu_count() or 2, batch.todo)
    if workers <= 1 and not nice:
        batch.run_here()
    else:
        with TemporaryDirectory(prefix="garment-sim-") as spare:
            batch.run_pooled(workers, nice, spare=Store(spare))
    return batch.failed


def fill(
    requests: Sequence[Request],
    store: Store,
    workers: int | None = None,
    progress: Progress | None = None,
    limit: float | None = None,
    scheduler: str | None = None,
) -> Filled:
    """Run what the store lacks and leave it there: whatever their number, results never stand in memory together.

    As :func:`run_many`; also a run that takes more than ``limit`` seconds has its process killed and is tried once
    more. ``scheduler`` is the address of a Dask cluster that does the work in place of ``workers`` processes here.
    Where the store cannot be written the batch halts. Raises InputError where no such cluster answers.
    """
    batch = _Batch(requests, store, progress, None)
    try:
        if not batch.todo:
            pass
        elif scheduler is not None:
            batch.run_on_cluster(scheduler, limit)
        else:
            batch.run_pooled(min(workers or os.cpu_count() or 2, batch.todo), limit=limit)
    except _Halt as halt:
        return Filled(batch.failed, str(halt))
    return Filled(batch.failed)


class _Halt(Exception):
    """Nothing can be kept, so that going on would be of no use."""


class _Batch:
    """What is to do, by place among the requests; what is done; what failed, by key."""

    def __init__(
        self,
        requests: Sequence[Request],
        store: Store | None,
        progress: Progress | None,
        take: Callable[[str, Result], None] | None,
    ) -> None:
        """``take`` is given each result by its key; without it results only go to the store."""
        self.requests, self.store, self.progress, self.take = requests, store, progress, take
        self.warned = False
        self.failed: dict[str, str] = {}
        self.groups: dict[Hashable, list[int]] = {}  # of runs that may share a history
        self.done = 0
        seen: set[str] = set()
        for place, request in enumerate(requests):
            if request.key in seen:
                continue
            seen.add(request.key)
            result = store.get(request) if store is not None else None
            if result is None:
                group: Hashable = history(request) if request.people_per_agent >= _MANY else place
                self.groups.setdefault(group, []).append(place)
            else:
                self.done += 1
                if take is not None:
                    take(request.key, result)
        self.todo = len(seen) - self.done
        self.total = len(seen)
        self.shared = self.todo > len(self.groups)
        self.tell()

    def tell(self) -> None:
        if self.progress is not None and self.total:
            self.progress(self.done + len(self.failed), self.total)

    def pieces(self, workers: int = 1) -> Iterator[Request]:
        """What is to do, made when it is needed, so that each process tends to go on with the history it has."""
        groups = list(self.groups.values())
        for first in range(0, len(groups), workers):
            turns = zip_longest(*groups[first : first + workers])
            yield from (self.requests[place] for place in chain.from_iterable(turns) if place is not None)

    def finish(self, note: _Note, result: Result | None) -> None:
        """Take down the end of a run."""
        if note.warning and self.take is None:
            raise _Halt(note.warning)
        if note.error or (self.take is not None and result is None):
            self.failed[note.key] = note.error or "its result was lost"
        else:
            self.done += 1
            if self.take is not None and result is not None:
                self.take(note.key, result)
        if note.warning and not self.warned:
            print(note.warning, file=sys.stderr)
            self.warned = True
        self.tell()

    def run_here(self) -> None:
        """One run after the other in this process."""
        for request in self.pieces():
            result, error = _attempt(request, self.shared)
            warning = ""
            if result is not None and self.store is not None:
                warning = _keep(self.store, request, result)
            self.finish(_Note(request.key, error, warning), result)

    def run_pooled(self, workers: int, nice: int = 0, limit: float | None = None, spare: Store | None = None) -> None:
        """In parallel; what the store does not take goes to ``spare``, if there is one."""
        stores = [store for store in (self.store, spare) if store is not None]

        def kept(request: Request) -> bool:
            return _fetch(stores, request) is not None

        def finish(request: Request, note: _Note | None) -> None:
            result = None
            if note is None:
                result = _fetch(stores, request)
                note = _Note(request.key, "" if result is not None else f"its process died {TRIES} times")
            elif not note.error and self.take is not None:
                result = _fetch(stores, request)
            self.finish(note, result)

        def overdue(request: Request) -> None:
            self.finish(_Note(request.key, f"it took more than {limit:g} seconds, {TRIES} times"), None)

        work = partial(_work, stores=stores, shared=self.shared)
        in_processes(self.pieces(workers), work, finish, kept, workers, nice, limit, overdue)

    def run_on_cluster(self, address: str, limit: float | None) -> None:
        """On a Dask cluster, whose workers send back what they finish."""
        from simulator.cluster import on_cluster

        def finish(request: Request, content: bytes, error: str) -> None:
            warning = ""
            if not error and self.store is not None:
                try:
                    Result.from_bytes(content, request.key)
                    self.store.put_bytes(request.key, content)
                except ValueError as damage:
                    error = f"what the cluster sent is damaged: {damage}"
                except OSError as problem:
                    warning = _cannot(self.store, problem)
            self.finish(_Note(request.key, error, warning), None)

        on_cluster(self.pieces(), finish, address, limit)


def _attempt(request: Request, shared: bool) -> tuple[Result | None, str]:
    """A run, or one line on why there is none; what raises is tried once more."""
    message = ""
    for _ in range(TRIES):
        try:
            return (_histories.execute if shared else execute)(request), ""
        except Exception as error:
            message = one_line(error)
    return None, message


def _keep(store: Store, request: Request, result: Result) -> str:
    """Store a run; a warning where that cannot be done."""
    try:
        store.put(request, result)
    except OSError as error:
        return _cannot(store, error)
    return ""


def _cannot(store: Store, error: OSError) -> str:
    return f"finished runs cannot be kept in {store.folder}: {error.strerror or error}"[:500]


def _fetch(stores: Sequence[Store], request: Request) -> Result | None:
    return next((result for store in stores if (result := store.get(request)) is not None), None)


def _work(request: Request, stores: Sequence[Store], shared: bool) -> _Note:
    """One run in a worker, kept in the first store that takes it before this returns."""
    result, error = _attempt(request, shared)
    warning = ""
    if result is not None:
        for store in stores:
            problem = _keep(store, request, result)
            warning = warning or problem
            if not problem:
                break
    return _Note(request.key, error, warning)
