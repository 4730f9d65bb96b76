"""Work in parallel processes: each piece says when it is done, a dead process costs only its own piece."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.connection import wait as wait_for
from multiprocessing.context import SpawnContext, SpawnProcess
from types import ModuleType
from typing import Any, TypeVar

Piece = TypeVar("Piece")
Note = TypeVar("Note")

TRIES = 2


def in_processes(
    pieces: Iterable[Piece],
    work: Callable[[Piece], Note],
    finish: Callable[[Piece, Note | None], None],
    kept: Callable[[Piece], bool],
    workers: int,
    nice: int = 0,
) -> None:
    """Have ``work`` done for every piece on ``workers`` processes, whose priority ``nice`` lowers.

    ``work`` keeps its result where the parent finds it and returns little, so that it passes the pipe whole even if the
    process dies then; ``finish`` is told of each end, with None where the process died. Pieces in flight when a process
    dies go again one by one, unless their result is ``kept``: none is blamed for another. On Ctrl-C, or whatever
    ``finish`` raises, the processes end and the exception goes on.
    """
    todo = deque(enumerate(pieces))
    suspects: deque[tuple[int, Piece]] = deque()
    tries: Counter[int] = Counter()
    while todo or suspects:
        queue, number = (suspects, 1) if suspects else (todo, workers)
        for place, piece in _drain(queue, work, finish, number, nice):
            tries[place] += 1
            if kept(piece) or tries[place] >= TRIES:
                finish(piece, None)
            else:
                suspects.append((place, piece))


def _drain(
    queue: deque[tuple[int, Piece]],
    work: Callable[[Piece], Note],
    finish: Callable[[Piece, Note | None], None],
    workers: int,
    nice: int,
) -> list[tuple[int, Piece]]:
    """Work through ``queue`` in one pool; returns the pieces in flight if a process dies."""
    pool = ProcessPoolExecutor(workers, mp_context=_Spawn(), initializer=_begin, initargs=(nice,))
    most = workers + 1 if workers > 1 else 1  # the next piece waits at hand; a piece under suspicion is alone
    flying: dict[Future[Note], tuple[int, Piece]] = {}
    lost: list[tuple[int, Piece]] = []
    try:
        while flying or (queue and not lost):
            while queue and not lost and len(flying) < most:
                numbered = queue.popleft()
                try:
                    flying[pool.submit(work, numbered[1])] = numbered
                except BrokenProcessPool:
                    lost.append(numbered)
            for future in wait(flying, return_when=FIRST_COMPLETED).done:
                numbered = flying.pop(future)
                try:
                    note = future.result()
                except BrokenProcessPool:
                    lost.append(numbered)
                else:
                    finish(numbered[1], note)
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
