"""Runs on a Dask cluster, which the user starts by its own commands; an optional extra."""

from __future__ import annotations

import os
import threading
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

    ``finish`` is given each request with the run as ``Result.to_bytes`` makes it, or the error in one line. A run whose
    worker dies is given to another as often as the cluster's setting ``allowed-failures`` says; one that takes more
    than ``limit`` seconds ends its worker process, which the worker's nanny replaces. Raises InputError where the extra
    is missing, no scheduler answers, or the workers have another version of code or data.
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

    def submit(number: int) -> list[Any]:
        fresh = []
        for request in islice(waiting, number):
            future = client.submit(_run, request, request.key, limit, key=f"garment-{request.key}", retries=1)
            flying[future] = request
            fresh.append(future)
        return fresh

    try:
        threads = sum(client.nthreads().values())
        done = as_completed(submit(_AHEAD * max(threads, 1)), loop=client.loop)
        for future in done:
            request = flying.pop(future)
            content, message = b"", ""
            try:
                content = future.result()
            except KilledWorker:
                told = f", or it took more than {limit:g} seconds" if limit is not None else ""
                message = f"the cluster's process died under it again and again{told}"
            except OtherVersion as error:
                raise InputError(str(error)) from None
            except Exception as error:
                message = one_line(error)
            future.release()
            finish(request, content, message)
            for fresh in submit(1):
                done.add(fresh)
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
        guard = threading.Timer(limit, os._exit, (1,)) if limit is not None else None
        if guard is not None:
            guard.daemon = True
            guard.start()
        try:
            return execute(request).to_bytes(key)
        finally:
            if guard is not None:
                guard.cancel()
