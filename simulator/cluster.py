"""Runs on a Dask cluster, which the user starts by its own commands; an optional extra."""

from __future__ import annotations

import faulthandler
import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import islice
from typing import Any

from simulator.results import InputError
from simulator.run import Request, execute, one_line

MISSING = 'a Dask cluster needs the extra "cluster": pip install "garment-sim[cluster]"'
_PATIENCE = 10.0  # seconds in which a scheduler must answer
_AHEAD = 3  # runs under way or waiting for each thread of the cluster
_ONE = threading.Lock()  # the model computes one run at a time in a process


def on_cluster(
    pieces: Iterable[Request],
    finish: Callable[[Request, bytes, str], None],
    address: str,
    limit: float | None = None,
) -> None:
    """Run ``pieces`` on the cluster whose scheduler is at ``address``.

    ``finish`` is given each request with the run as ``Result.to_bytes`` makes it, or the error in one line. One that
    takes more than ``limit`` seconds ends its worker process, which the worker's nanny replaces. A run whose worker
    dies is given to another as often as the cluster's setting ``allowed-failures`` says; then, since the cluster blames
    all that waited at that worker, it goes once more when the others are done and nothing else is under way. Raises
    InputError where the extra is missing, no scheduler answers, or the workers have another version of code or data.
    """
    try:
        from distributed import Client, as_completed
        from distributed.scheduler import KilledWorker
    except ImportError:
        raise InputError(MISSING) from None
    try:
        client = Client(address, timeout=_PATIENCE, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise InputError(f"no Dask scheduler answers at {address}: {one_line(error)}") from None
    waiting = iter(pieces)
    flying: dict[Any, Request] = {}
    suspects: deque[Request] = deque()

    def submit(requests: Iterable[Request], name: str = "garment") -> list[Any]:
        fresh = []
        for request in requests:
            future = client.submit(_run, request, request.key, limit, key=f"{name}-{request.key}", retries=1)
            flying[future] = request
            fresh.append(future)
        return fresh

    try:
        threads = sum(client.nthreads().values())
        done = as_completed(submit(islice(waiting, _AHEAD * max(threads, 1))), loop=client.loop)
        alone = False
        for future in done:
            request = flying.pop(future)
            content, message, killed = b"", "", False
            try:
                content = future.result()
            except KilledWorker:
                killed = True
                late = f", or it took more than {limit:g} seconds" if limit is not None else ""
                message = f"its process on the cluster died{late}, again and again"
            except OtherVersion as error:
                raise InputError(str(error)) from None
            except Exception as error:
                message = one_line(error)
            future.release()
            if killed and not alone:
                suspects.append(request)
            else:
                finish(request, content, message)
            done.update(submit(islice(waiting, 1)))
            if not flying and suspects:
                alone = True
                done.update(submit([suspects.popleft()], "garment-alone"))
    finally:
        client.cancel(list(flying))
        client.close()


class OtherVersion(RuntimeError):
    """A worker would compute something else under the same name."""


def _run(request: Request, key: str, limit: float | None) -> bytes:
    """In a worker: the run as it is kept on disk."""
    if replace(request).key != key:  # made anew here, from this process's code and data
        raise OtherVersion("the cluster's workers have another version of the code or the data")
    with _ONE:
        if limit is not None:  # this watch works even where the interpreter stands still; where it hung is in the log
            faulthandler.dump_traceback_later(limit, exit=True)
        try:
            return execute(request).to_bytes(key)
        finally:
            faulthandler.cancel_dump_traceback_later()
