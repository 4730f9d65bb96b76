"""What every section needs: fresh processes, three numbers instead of one, Markdown, and what machine this is."""

from __future__ import annotations

import multiprocessing
import os
import platform
import resource
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar

ROOT = Path(__file__).resolve().parents[1]
Effort = Literal["quick", "usual", "full"]
Answer = TypeVar("Answer")

_shared: list[ProcessPoolExecutor] = []


class Spread(NamedTuple):
    """Median, least and most of some measurements."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread:
        """Of any number of values but none."""
        found = list(values)
        return cls(statistics.median(found), min(found), max(found))

    def cells(self, form: Callable[[float], str]) -> list[str]:
        """Three cells of a table."""
        return [form(value) for value in self]


@dataclass
class Section:
    """A chapter of the page. ``facts`` are what the promises are judged by; one that was measured under lesser
    conditions than the promise names is not among them."""

    title: str
    text: list[str] = field(default_factory=list)
    facts: dict[str, float] = field(default_factory=dict)

    def say(self, line: str) -> None:
        """Add a paragraph."""
        self.text += [line, ""]

    def table(self, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Add a table; numbers stand on the right."""
        lines = [" | ".join(row) for row in (head, ["---", *["---:"] * (len(head) - 1)], *rows)]
        self.text += [*(f"| {line} |" for line in lines), ""]

    def __str__(self) -> str:
        return "\n".join([f"## {self.title}", "", *self.text])


SPREAD = ("median", "minimum", "maximum")


def seconds(value: float) -> str:
    """Seconds in the unit that reads best.

    >>> seconds(75.0), seconds(2.345), seconds(0.0123), seconds(4.2e-05)
    ('75.0 s', '2.35 s', '12.3 ms', '42.0 µs')
    """
    for unit, factor in (("s", 1.0), ("ms", 1e3), ("µs", 1e6)):
        if abs(value) * factor >= 1 or unit == "µs":
            return f"{number(value * factor)} {unit}"
    raise AssertionError


def number(value: float) -> str:
    """Three digits, without exponents.

    >>> number(1234.5), number(12.34), number(0.01234)
    ('1,234', '12.3', '0.0123')
    """
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:#.3g}".rstrip(".")


def times(value: float) -> str:
    """A ratio."""
    return f"{number(value)} ×"


def share(value: float) -> str:
    """Per cent."""
    return f"{100 * value:.1f} %"


def fresh(function: Callable[..., Answer], *arguments: Any) -> Answer:
    """What ``function`` answers in an interpreter of its own, so that no section is met by another's leavings."""
    if _shared:
        return _shared[-1].submit(function, *arguments).result()
    with _process() as pool:
        return pool.submit(function, *arguments).result()


@contextmanager
def one_process() -> Iterator[None]:
    """Inside, one process serves for all that would be fresh: to try things out without waiting for imports."""
    with _process() as pool:
        _shared.append(pool)
        try:
            yield
        finally:
            _shared.pop()


def _process() -> ProcessPoolExecutor:
    spawn = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(max_workers=1, mp_context=spawn, initializer=_begin)


def _begin() -> None:
    """A process whose parent was killed ends too."""
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def command(*arguments: str, **environment: str) -> float:
    """Seconds of a Python command from start to end. Raises CalledProcessError with what it said."""
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=os.environ | environment, check=True, capture_output=True
    )
    return time.perf_counter() - began


@contextmanager
def stopwatch(into: list[float]) -> Iterator[None]:
    """Append the seconds spent inside."""
    began = time.perf_counter()
    yield
    into.append(time.perf_counter() - began)


def peak_memory() -> float:
    """The most memory this process has held, MB.

    Linux hands ``ru_maxrss`` of the parent down to a new process; the kernel's own high-water mark is the process's.
    """
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return int(status.split("VmHWM:")[1].split()[0]) * 1024 / 1e6
    except (OSError, IndexError):
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def machine() -> list[str]:
    """What all this was measured on."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "numba", "mesa", "pandas", "streamlit"))
    load = f", load {os.getloadavg()[0]:.1f} before the start" if hasattr(os, "getloadavg") else ""
    return [
        f"- {_processor()}, {cores} cores for this process, {_memory()}{load}",
        f"- {platform.system()} {platform.machine()}, Python {platform.python_version()}, {packages}",
        f"- ten million additions in a Python loop: {seconds(_loop())}",
    ]


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or "processor unknown"


def _memory() -> str:
    try:
        return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 1e9:.0f} GB of memory"
    except (AttributeError, OSError, ValueError):
        return "memory unknown"


def _loop() -> float:
    began, total = time.perf_counter(), 0
    for i in range(10_000_000):
        total += i
    return time.perf_counter() - began
