"""Work in parallel processes: each piece says when it is done, a dead process costs only its own piece."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from itertools import islice
from multiprocessing.connection import wait as wait_for
from multiprocessing.context import SpawnContext, SpawnProcess
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any, Generic, TypeVar

Piece = TypeVar("Piece")
Note = TypeVar("Note")

TRIES = 2
_PATIENCE = 5.0  # seconds in which a process must end when told to
_SILENCE = 60.0  # seconds beyond the limit in which some piece must begin or end, a slow start of processes included


def in_processes(
    pieces: Iterable[Piece],
    work: Callable[[Piece], Note],
    finish: Callable[[Piece, Note | None], None],
    kept: Callable[[Piece], bool],
    workers: int,
    nice: int = 0,
    limit: float | None = None,
    overdue: Callable[[Piece], None] | None = None,
) -> None:
    """Have ``work`` done for every piece on ``workers`` processes, whose priority ``nice`` lowers.

    ``pieces`` are taken as they are needed. ``work`` keeps its result where the parent finds it and returns little, so
    that it passes the pipe whole even if the process dies then; ``finish`` is told of each end, with None where the
    process died. Pieces in flight when a process dies go again one by one, unless their result is ``kept``: none is
    blamed for another. A piece that takes more than ``limit`` seconds has its process killed and goes again after the
    others; ``overdue``, or else ``finish`` with None, is told when it fails so a second time. Where nothing begins or
    ends for ``limit`` seconds and a minute, as when a process is stopped between two pieces, all go again. On Ctrl-C,
    or whatever ``finish`` raises, the processes end and the exception goes on.
    """
    todo = _Queue(enumerate(pieces))
    suspects: _Queue[tuple[int, Piece]] = _Queue(())
    tries: Counter[int] = Counter()
    while todo or suspects:
        queue, number = (suspects, 1) if suspects else (todo, workers)
        lost, late = _drain(queue, work, finish, number, nice, limit)
        for place, piece in late:
            tries[place] += 1
            if kept(piece):
                finish(piece, None)
            elif tries[place] < TRIES:
                todo.later.append((place, piece))
            elif overdue is not None:
                overdue(piece)
            else:
                finish(piece, None)
        for place, piece in lost:
            if late and not kept(piece):  # it is known who ended that pool
                queue.again.append((place, piece))
                continue
            tries[place] += 1
            if kept(piece) or tries[place] >= TRIES:
                finish(piece, None)
            else:
                suspects.again.append((place, piece))


def one_process(nice: int = 0) -> ProcessPoolExecutor:
    """A process that does one piece after the other and keeps what it has learned; it ends with this one."""
    return ProcessPoolExecutor(1, mp_context=_Spawn(), initializer=_begin, initargs=(nice,))


class _Queue(Generic[Piece]):
    """Pieces to do: those that come again, those not seen yet, and those for the end."""

    def __init__(self, pieces: Iterable[Piece]) -> None:
        self.again: deque[Piece] = deque()
        self.later: deque[Piece] = deque()
        self.rest = iter(pieces)

    def __bool__(self) -> bool:
        if not self.again:
            self.again.extend(islice(self.rest, 1))
        return bool(self.again or self.later)

    def pop(self) -> Piece:
        """The next one, of a queue that has been found not to be empty."""
        return self.again.popleft() if self.again else self.later.popleft()


def _drain(
    queue: _Queue[tuple[int, Piece]],
    work: Callable[[Piece], Note],
    finish: Callable[[Piece, Note | None], None],
    workers: int,
    nice: int,
    limit: float | None,
) -> tuple[list[tuple[int, Piece]], list[tuple[int, Piece]]]:
    """Work through ``queue`` in one pool; returns the pieces in flight if a process dies, and those past ``limit``."""
    pool = ProcessPoolExecutor(workers, mp_context=_Spawn(), initializer=_begin, initargs=(nice,))
    most = workers + 1 if workers > 1 else 1  # the next piece waits at hand; a piece under suspicion is alone
    flying: dict[Future[Note], tuple[int, Piece]] = {}
    lost: list[tuple[int, Piece]] = []
    late: list[tuple[int, Piece]] = []
    watch = _Watch(pool, limit) if limit is not None else None
    try:
        while flying or (not lost and queue):
            while not lost and len(flying) < most and queue:
                numbered = queue.pop()
                call = work if watch is None else partial(_watched, work, watch.folder.name, numbered[0])
                try:
                    flying[pool.submit(call, numbered[1])] = numbered
                except BrokenProcessPool:
                    lost.append(numbered)
            for future in wait(flying, watch.pause if watch else None, return_when=FIRST_COMPLETED).done:
                numbered = flying.pop(future)
                try:
                    note = future.result()
                except BrokenProcessPool:
                    (late if watch is not None and numbered[0] in watch.killed else lost).append(numbered)
                else:
                    finish(numbered[1], note)
                if watch is not None:
                    watch.last = time.monotonic()
            if watch is not None:
                watch.look({place for place, _ in flying.values()})
    except BaseException:
        processes = list((pool._processes or {}).values())
        pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.terminate()
        for process in processes:
            process.join(_PATIENCE)
            if process.exitcode is None:  # stopped, or deaf to SIGTERM
                process.kill()
                process.join()
        raise
    finally:
        if watch is not None:
            watch.folder.cleanup()
    if lost or late:
        _kill(pool)
    pool.shutdown(wait=not (lost or late))
    return lost, late


def _kill(pool: ProcessPoolExecutor) -> None:
    """End what is left of a broken pool: a process that is stopped would never end when asked to."""
    for process in list((pool._processes or {}).values()):
        process.kill()


class _Watch:
    """Kills the process of a piece that takes too long.

    A worker says what it begins by the name of an empty file: a pipe or a lock could be left shut by one that dies.
    """

    def __init__(self, pool: ProcessPoolExecutor, limit: float) -> None:
        self.pool, self.limit = pool, limit
        self.pause = min(1.0, limit / 4)
        self.folder = TemporaryDirectory(prefix="garment-sim-", ignore_cleanup_errors=True)
        self.seen: dict[str, float] = {}
        self.killed: set[int] = set()
        self.last = time.monotonic()  # when something began or ended

    def look(self, flying: set[int]) -> None:
        """Kill what has run past the limit among the pieces in flight."""
        now = time.monotonic()
        for name in os.listdir(self.folder.name):
            if name not in self.seen:
                self.last = now
            began = self.seen.setdefault(name, now)
            place, pid = map(int, name.split("-"))
            if place not in flying:
                del self.seen[name]
                with contextlib.suppress(OSError):
                    os.unlink(os.path.join(self.folder.name, name))
            elif now - began > self.limit and pid in (self.pool._processes or {}):
                self.killed.add(place)
        if self.killed & flying or (flying and now - self.last > self.limit + _SILENCE):
            _kill(self.pool)


def _watched(work: Callable[[Piece], Note], folder: str, place: int, piece: Piece) -> Note:
    """``work`` in a worker, which first says that it begins; where it cannot, no limit holds."""
    with contextlib.suppress(OSError), open(os.path.join(folder, f"{place}-{os.getpid()}"), "xb"):
        pass
    return work(piece)


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
