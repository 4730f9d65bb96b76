"""The run service: all visitors' runs in a few processes of low priority, the most urgent first, each kept on disk.

A page asks for the runs it needs whenever it looks, and is told how far they are. What a visitor asked for before and
does not ask for any more is dropped; a run in flight ends and is kept. Best draws come before bands and bands before
what nobody waits for; among bands those with the fewest runs come first, so that no one visitor holds up the others.
Nothing is lost with the server: finished runs are in the store, and a page that comes back asks again.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO

from simulator.branching import Histories
from simulator.paths import home
from simulator.pool import TRIES, one_process
from simulator.posterior import BEST
from simulator.run import Request, one_line
from simulator.store import Store

NICE = 15
POLL = 1.0  # seconds between two looks
PATIENCE = 30.0  # seconds after which a visitor who does not look any more waits no more
URGENT, USUAL, BACKGROUND = 0, 1, 2


@dataclass(frozen=True)
class Progress:
    """How far the runs are: ``done`` of ``total``, ``ahead`` runs of others, ``left`` seconds (None: cannot tell).

    ``error`` says in one line why runs are missing for good.
    """

    done: int
    total: int
    ahead: int = 0
    left: float | None = None
    error: str | None = None

    @property
    def complete(self) -> bool:
        """Whether every run is there."""
        return self.done == self.total


@dataclass
class _Wish:
    """What one visitor waits for; ``left`` are places among the requests of runs that are missing."""

    requests: tuple[Request, ...]
    kinds: tuple[int, ...]
    turn: int
    seen: float
    left: list[int] = field(default_factory=list)

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(request.key for request in self.requests)

    @property
    def lasting(self) -> bool:
        return min(self.kinds, default=BACKGROUND) == BACKGROUND


@dataclass
class _Slot:
    """One worker process and what it does now."""

    executor: Executor
    key: str | None = None
    warm: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class _Note:
    """What a worker says of a run: little, so that it passes the pipe whole even if the worker dies then."""

    error: str = ""
    elsewhere: bool = False


class Service:
    """Hands out runs to worker processes; safe to call from the threads of all sessions."""

    def __init__(self, workers: int | None = None, process: Callable[[], Executor] | None = None) -> None:
        """``process`` makes a worker, by default one of low priority; there is one a core, as they give way."""
        self._process = process or partial(one_process, NICE)
        self._number = workers or os.cpu_count() or 2
        self._slots: list[_Slot] = []
        self._wishes: dict[str, _Wish] = {}
        self._failed: dict[str, str] = {}
        self._deaths: Counter[str] = Counter()
        self._elsewhere: dict[str, float] = {}
        self._common: tuple[Request, ...] = ()
        self._turns = itertools.count()
        self._pace: float | None = None
        self._lock = threading.RLock()

    def ask(self, owner: str, requests: Sequence[Request], kinds: Sequence[int] | int = USUAL) -> Progress:
        """Tell how far ``requests`` are and see to it that what is missing is being made.

        They replace what ``owner`` asked for before. Without another look within ``PATIENCE`` seconds they are
        dropped, unless all of them are ``BACKGROUND``. The ``kinds`` are one a request, or one for all.
        """
        unique = {request.key: place for place, request in reversed(list(enumerate(requests)))}
        places = sorted(unique.values())
        asked = tuple(requests[place] for place in places)
        urgency = tuple(kinds if isinstance(kinds, int) else kinds[place] for place in places)
        store, now = Store(), time.monotonic()
        with self._lock:
            wish = self._wishes.get(owner)
            if wish is None or wish.keys != tuple(r.key for r in asked):
                wish = self._wishes[owner] = _Wish(asked, urgency, next(self._turns), now)
            wish.seen = now
            missing = [i for i, request in enumerate(asked) if not store.path(request.key).is_file()]
            wish.left = [i for i in missing if asked[i].key not in self._failed]
            for name in [n for n, w in self._wishes.items() if now - w.seen > PATIENCE and not w.lasting]:
                del self._wishes[name]
            if not wish.left:
                del self._wishes[owner]
            self._hand_out()
            done = len(asked) - len(missing)
            if wish.left:
                ahead = self._ahead(wish)
                rounds = -(-(ahead + len(wish.left)) // self._number)
                return Progress(done, len(asked), ahead, None if self._pace is None else rounds * self._pace)
            errors = [self._failed[asked[i].key] for i in missing]
            return Progress(done, len(asked), error=errors[0] if errors else None)

    def withdraw(self, owner: str) -> None:
        """Drop what ``owner`` waits for; a run in flight ends and is kept."""
        with self._lock:
            self._wishes.pop(owner, None)

    def retry(self, requests: Sequence[Request]) -> None:
        """Forget that these runs failed."""
        with self._lock:
            for request in requests:
                self._failed.pop(request.key, None)
                self._deaths.pop(request.key, None)

    def warm_up(self, requests: Sequence[Request]) -> None:
        """Have idle workers get ready for runs with the draws and seeds of ``requests``."""
        with self._lock:
            self._common = tuple(requests)
            self._hand_out()

    def state(self) -> dict[str, int]:
        """How much is going on: workers, those at work, visitors who wait and runs that are waited for."""
        with self._lock:
            busy = sum(slot.key is not None for slot in self._slots)
            runs = len({request.key for _, request in self._waiting()})
            return {"workers": self._number, "busy": busy, "visitors_waiting": len(self._wishes), "runs_waiting": runs}

    def _hand_out(self) -> None:
        """Give every idle worker the most urgent run that may be its own."""
        while len(self._slots) < self._number:
            self._slots.append(_Slot(self._process()))
        for number, slot in enumerate(self._slots):
            if slot.key is not None:
                continue
            found = min(self._waiting(number), key=lambda item: self._order(item, number), default=None)
            if found is not None:
                self._submit(slot, found[1], _make)
                continue
            cold = [r for r in self._common if self._away(r, number) <= 1 and r.key not in slot.warm]
            request = min(cold, key=lambda r: self._away(r, number), default=None)
            if request is not None:
                slot.warm.add(request.key)
                self._submit(slot, request, _prepare)

    def _waiting(self, number: int | None = None) -> Iterator[tuple[tuple[int, int, int], Request]]:
        """Runs to do with their rank, of those that a worker may do; each visitor's own first, then the next."""
        flying = {slot.key for slot in self._slots}
        now = time.monotonic()
        for wish in self._wishes.values():
            for place, i in enumerate(wish.left):
                request = wish.requests[i]
                rests = now - self._elsewhere.get(request.key, -PATIENCE) < POLL
                if request.key in flying or rests or not (number is None or self._away(request, number) <= 1):
                    continue
                spent = len(wish.requests) - len(wish.left) + place
                yield (wish.kinds[i], spent, wish.turn), request

    def _away(self, request: Request, number: int) -> int:
        """How far a worker is from a run: 0 at home, 1 next door, more where it is not its own.

        Each draw has its worker, so that its common years are kept by few; the one next door keeps them too and lends
        a hand when it has nothing else to do. The best set is at home everywhere.
        """
        return 0 if request.draw == BEST else (number - request.draw) % self._number

    def _order(self, item: tuple[tuple[int, int, int], Request], number: int) -> tuple[int, int, int, int]:
        """What a worker does first: what is most urgent, then what it is at home in, then by rank."""
        (kind, spent, turn), request = item
        return kind, self._away(request, number), spent, turn

    def _ahead(self, wish: _Wish) -> int:
        ranks = sorted(rank for rank, _ in self._waiting())
        mine = [rank for rank in ranks if rank[2] == wish.turn]
        return ranks.index(mine[0]) if mine else 0

    def _submit(self, slot: _Slot, request: Request, work: Callable[[Request, str], _Note]) -> None:
        began, made = time.monotonic(), work is _make
        try:
            future = slot.executor.submit(work, request, str(Store().folder))
        except BrokenProcessPool:
            slot.executor, slot.warm = self._process(), set()
            future = slot.executor.submit(work, request, str(Store().folder))
        except RuntimeError:  # the server ends
            return
        slot.key = request.key
        future.add_done_callback(lambda ended: self._end(slot, request.key, ended, began if made else None))

    def _end(self, slot: _Slot, key: str, ended: Future[_Note], began: float | None) -> None:
        """Take down the end of a run and hand out the next one."""
        with self._lock:
            slot.key = None
            if ended.cancelled():
                return
            problem = ended.exception()
            if isinstance(problem, BrokenProcessPool):
                slot.executor, slot.warm = self._process(), set()
                self._deaths[key] += 1
                if began is not None and self._deaths[key] >= TRIES:
                    self._failed[key] = f"its process died {TRIES} times"
            elif problem is not None:
                self._failed[key] = one_line(problem)
            elif began is not None:
                note = ended.result()
                if note.error:
                    self._failed[key] = note.error
                elif note.elsewhere:
                    self._elsewhere[key] = time.monotonic()
                else:
                    spent = time.monotonic() - began
                    self._pace = spent if self._pace is None else 0.8 * self._pace + 0.2 * spent
                    self._elsewhere.pop(key, None)
                    for wish in self._wishes.values():
                        wish.left = [i for i in wish.left if wish.requests[i].key != key]
            for wish in self._wishes.values():
                wish.left = [i for i in wish.left if wish.requests[i].key not in self._failed]
            self._hand_out()


_service: Service | None = None
_guard = threading.Lock()


def service() -> Service:
    """The one service of this server."""
    global _service
    with _guard:
        if _service is None:
            _service = Service()
        return _service


def discard_damaged(requests: Sequence[Request], store: Store) -> None:
    """Remove files that are there but cannot be read, so that they count as missing."""
    for request in store.missing(requests):
        store.path(request.key).unlink(missing_ok=True)


# ---- in a worker

_histories = Histories(24)


def _make(request: Request, folder: str) -> _Note:
    """One run, kept before this returns; with another server on the same store nothing is run twice."""
    store = Store(folder)
    try:
        with _claimed(request.key) as ours:
            if not ours:
                return _Note(elsewhere=True)
            if not store.path(request.key).is_file():
                store.put(request, _histories.execute(request))
    except OSError as error:
        return _Note(f"finished runs cannot be kept in {store.folder}: {error.strerror or error}"[:500])
    except Exception as error:
        return _Note(one_line(error))
    return _Note()


def _prepare(request: Request, _folder: str) -> _Note:
    _histories.prepare(request)
    return _Note()


@contextmanager
def _claimed(key: str) -> Iterator[bool]:
    """Whether nobody else on this machine is making this run; the claim goes with the process at the latest."""
    folder = home() / "jobs"
    folder.mkdir(parents=True, exist_ok=True)
    with open(_claim(folder, key), "a+b") as file:
        yield _lock(file)


def _claim(folder: Path, key: str) -> Path:
    """One of 256 files, so that they need not be cleaned up; two runs that share one wait for each other."""
    return folder / f"{hashlib.sha256(key.encode()).hexdigest()[:2]}.lock"


if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[bytes]) -> bool:
        try:
            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:
    import fcntl

    def _lock(file: IO[bytes]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
