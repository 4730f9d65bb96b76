"""Thirty people at the app: real sessions over WebSockets against a real server, without browsers.

A browser would measure itself: thirty of them need more than the two cores that the server has. A session here says and
hears what a browser says and hears, message by message; an interaction ends when the server has sent the whole page.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.measure import ROOT, Effort, Section, number, seconds

SESSIONS, PAUSE, ROUNDS = 30, 10.0, 5
LEVER = "automation.subsidy"
LEVELS = (5.0, 10.0, 15.0, 20.0, 25.0, 30.0)  # per cent; their runs are stored before anybody comes
_PATIENCE = 120.0


def section(effort: Effort) -> Section:
    """Seconds an interaction takes while thirty people act, and when all act at once; memory of the server."""
    quick = effort == "quick"
    people, pause, rounds = (4, 0.5, 2) if quick else (SESSIONS, PAUSE, ROUNDS)
    levels = LEVELS[:1] if quick else LEVELS
    with TemporaryDirectory(prefix="garment-sim-") as home:
        _fill(Path(home), levels)
        with _server(home) as (port, pid):
            found = asyncio.run(_visit(port, pid, people, pause, rounds, levels))
    out = Section("Thirty people at the app")
    out.say(
        f"{people} sessions on the page *Try it*, each moving a lever every {number(pause)} s to a scenario whose runs "
        "are stored; an interaction lasts from the message that a slider was moved to the end of the answer. "
        "Server, sessions and everything else share this machine."
    )
    out.table(
        ["", "interactions", "median", "95 %", "longest"],
        [_row(name, found.times[name]) for name in ("the first page", "each in his own time", "all at once")],
    )
    out.say(
        f"Memory of the server: {found.memory[0]:,.0f} MB with all sessions open, {found.memory[1]:,.0f} MB after "
        f"their interactions. Sessions lost: {found.lost}."
    )
    if not quick:
        out.facts = {
            "load p95 seconds": _part(found.times["each in his own time"], 0.95),
            "load together seconds": float("inf") if found.lost else max(found.times["all at once"]),
        }
    return out


@dataclass
class _Found:
    times: dict[str, list[float]] = field(default_factory=dict)
    memory: tuple[float, float] = (0.0, 0.0)
    lost: int = 0


def _row(name: str, times: list[float]) -> list[str]:
    cells = (statistics.median(times), _part(times, 0.95), max(times))
    return [name, str(len(times)), *map(seconds, cells)]


def _part(times: list[float], part: float) -> float:
    """The time that ``part`` of them do not exceed."""
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def _fill(home: Path, levels: Sequence[float]) -> None:
    """The runs of the page for each level of the lever: one real run under all their names, with a factor each."""
    from simulator.levers import from_shown
    from simulator.outcome import ask
    from simulator.run import Request, execute
    from simulator.scenario import START
    from simulator.store import Store
    from simulator.trial import Trial

    real, store = execute(Request.of("baseline", 0, 800)), Store(home / "runs")
    trials = [Trial(), *(Trial().with_steps(LEVER, {START: from_shown(LEVER, level)}) for level in levels)]
    requests = {r.key: r for trial in trials for some in ask(trial, "baseline").requests for r in some}
    for place, request in enumerate(requests.values()):
        values = real.values * (1 + 0.001 * (place % 50))
        store.put(request, replace(real, metadata=request.metadata(), values=values))


@contextmanager
def _server(home: str) -> Iterator[tuple[int, int]]:
    """Port and process number of a server that has finished warming up."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "serve.py", "--server.port", str(port)]
    environment = os.environ | {"GARMENT_SIM_HOME": home, "PYTHONPATH": str(ROOT)}
    quiet = subprocess.DEVNULL
    server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=quiet, stderr=quiet)
    try:
        _wait(port, server)
        yield port, server.pid
    finally:
        server.terminate()
        server.wait(60)


def _wait(port: int, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise RuntimeError(f"the server ended with {server.returncode}")
        if _health(port) is not None:
            return
        time.sleep(0.2)
    raise RuntimeError("the server does not answer")


def _health(port: int) -> dict[str, Any] | None:
    try:
        with urllib.request.urlopen(f"http://localhost:{port}/healthz", timeout=5) as answer:
            found: dict[str, Any] = json.load(answer)
            return found
    except (OSError, ValueError):
        return None


# ---- sessions


class _Session:
    """One visitor's connection."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.slider = self.page = self.query = ""

    async def open(self) -> float:
        """Connect and see the page; seconds."""
        from websockets.asyncio.client import connect
        from websockets.typing import Subprotocol

        address = f"ws://localhost:{self.port}/_stcore/stream"
        self.connection = await connect(address, subprotocols=[Subprotocol("streamlit")], max_size=None)
        return await self._ask(page_name="try_it")

    async def move(self, level: float) -> float:
        """Move the lever; seconds until the page that answers is complete."""
        return await self._ask(level=level, page_script_hash=self.page)

    async def close(self) -> None:
        """Leave."""
        await self.connection.close()

    async def _ask(self, level: float | None = None, **state: str) -> float:
        from streamlit.proto.BackMsg_pb2 import BackMsg

        message = BackMsg()
        message.rerun_script.query_string = self.query
        for name, value in state.items():
            setattr(message.rerun_script, name, value)
        if level is not None:
            widget = message.rerun_script.widget_states.widgets.add()
            widget.id = self.slider
            widget.double_array_value.data.append(level)
        self.slider = ""
        began = time.perf_counter()
        await self.connection.send(message.SerializeToString())
        await asyncio.wait_for(self._answer(), _PATIENCE)
        taken = time.perf_counter() - began
        if not self.slider:
            raise RuntimeError("the page that answered has no such lever")
        return taken

    async def _answer(self) -> None:
        """Listen until the script has finished, and keep what a browser keeps: page, address, the slider's name."""
        from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

        while True:
            heard = ForwardMsg()
            heard.ParseFromString(await self.connection.recv())
            kind = heard.WhichOneof("type")
            if kind == "script_finished":
                return
            if kind == "navigation":
                self.page = heard.navigation.page_script_hash
            if kind == "page_info_changed":
                self.query = heard.page_info_changed.query_string
            if kind == "delta" and heard.delta.new_element.WhichOneof("type") == "slider":
                found = heard.delta.new_element.slider.id
                if f"slide_{LEVER}" in found:
                    self.slider = found


async def _visit(port: int, pid: int, people: int, pause: float, rounds: int, levels: Sequence[float]) -> _Found:
    found = _Found()
    rng = random.Random(0)
    sessions = [_Session(port) for _ in range(people)]
    found.times["the first page"] = [await session.open() for session in sessions]
    while (_health(port) or {}).get("busy"):
        await asyncio.sleep(0.5)
    before = _memory(pid)

    async def act(session: _Session, wait: float) -> list[float]:
        await asyncio.sleep(wait)
        taken = []
        for _ in range(rounds):
            due = time.perf_counter() + pause
            taken.append(await session.move(rng.choice(levels)))
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
        return taken

    waits = [pause * place / people for place in range(people)]
    own = await asyncio.gather(*map(act, sessions, waits), return_exceptions=True)
    found.times["each in his own time"] = [t for times in own if isinstance(times, list) for t in times]
    together = await asyncio.gather(*(s.move(rng.choice(levels)) for s in sessions), return_exceptions=True)
    found.times["all at once"] = [t for t in together if isinstance(t, float)]
    found.lost = sum(isinstance(one, BaseException) for one in (*own, *together))
    found.memory = (before, _memory(pid))
    await asyncio.gather(*(session.close() for session in sessions))
    return found


def _memory(pid: int) -> float:
    """Memory that a process holds now, MB; not a number where the system does not tell."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
        return int(status.split("VmRSS:")[1].split()[0]) * 1024 / 1e6
    except (OSError, IndexError):
        return float("nan")
