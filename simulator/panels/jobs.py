"""Runs in the background, for pages that must not wait: one job a machine, visible while it works.

A page asks :func:`progress` every few seconds. Where runs are missing and nobody makes them, one process of low
priority starts; it holds a lock of the operating system, which goes when the process goes, so that two sessions or
two servers never do the same work and nothing is left locked after a crash. It ends with the server that started it.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from simulator.batch import run_many
from simulator.compare import comparison_requests
from simulator.paths import home
from simulator.run import Request
from simulator.store import Store

NICE = 10
POLL = 2.0  # seconds between two looks at the store
_FAILED = 4


@dataclass(frozen=True)
class Progress:
    """How far the runs are: ``done`` of ``total``, ``left`` in seconds (None: cannot tell), ``error`` if it stopped."""

    done: int
    total: int
    left: float | None = None
    error: str | None = None

    @property
    def complete(self) -> bool:
        """Whether every run is there."""
        return self.done == self.total


@dataclass
class _Job:
    process: subprocess.Popen[bytes]
    log: Path
    began: float
    had: int


_jobs: dict[str, _Job] = {}
_guard = threading.Lock()


def progress(requests: Sequence[Request], store: Store) -> Progress:
    """Look at the store and see to it that what is missing is being made."""
    keys = {request.key for request in requests}
    done = sum(store.path(key).is_file() for key in keys)
    if done == len(keys):
        return Progress(done, done)
    name = _name(keys)
    with _guard:
        job = _jobs.get(name)
        if job is None:
            if _held():  # by another server
                return Progress(done, len(keys))
            job = _jobs[name] = start(name, done)
    if job.process.poll() is None:
        made, spent = done - job.had, time.monotonic() - job.began
        return Progress(done, len(keys), spent / made * (len(keys) - done) if made > 0 else None)
    return Progress(done, len(keys), error=_last_line(job.log))


def discard_damaged(requests: Sequence[Request], store: Store) -> None:
    """Remove files that are there but cannot be read, so that they count as missing."""
    for request in store.missing(requests):
        store.path(request.key).unlink(missing_ok=True)


def retry(requests: Sequence[Request]) -> None:
    """Forget a job that stopped, so that the next look starts another."""
    with _guard:
        _jobs.pop(_name({request.key for request in requests}), None)


def start(name: str, done: int) -> _Job:
    """Start the process that makes the missing runs; its messages go to a file beside the store."""
    log = _folder() / f"{name}.log"
    command = [sys.executable, "-m", "simulator.panels.jobs"]
    package = Path(__file__).resolve().parents[2]
    low = getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0)
    with open(log, "wb") as messages:
        process = subprocess.Popen(
            command,
            cwd=package,
            stdin=subprocess.PIPE,
            stdout=messages,
            stderr=messages,
            creationflags=low,
        )
    return _Job(process, log, time.monotonic(), done)


def _name(keys: set[str]) -> str:
    return hashlib.sha256("".join(sorted(keys)).encode()).hexdigest()[:12]


def _folder() -> Path:
    folder = home() / "jobs"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _last_line(log: Path) -> str:
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError:
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


# ---- the lock


def _held() -> bool:
    with _locked() as ours:
        return not ours


@contextmanager
def _locked() -> Iterator[bool]:
    """Whether the lock could be had; it is kept inside the ``with`` and ends with the process at the latest."""
    with open(_folder() / "lock", "a+b") as file:
        yield _lock(file)


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


# ---- the process


def main() -> int:
    """Make the runs that the first page shows; exit code 0, or 4 where some failed."""
    threading.Thread(target=_end_with_server, daemon=True).start()
    while True:
        with _locked() as ours:
            if ours:
                outcome = run_many(comparison_requests(), Store(), _workers(), nice=NICE)
                break
        time.sleep(POLL)  # another server is at it; afterwards little or nothing is left to do
    for failure in outcome.failures:
        print(f"failed: {failure}", file=sys.stderr)
    return _FAILED if outcome.failures else 0


def _workers() -> int:
    """One core stays free for those who look at the page."""
    return max(1, (os.cpu_count() or 2) - 1)


def _end_with_server() -> None:
    """The server holds the other end of standard input; when it goes, so does this process."""
    while os.read(sys.stdin.fileno(), 1):
        pass
    os._exit(130)


if __name__ == "__main__":
    sys.exit(main())
