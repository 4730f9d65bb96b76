"""Everything that the lessons need is run once and kept: runs in the store, recordings beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from simulator.batch import fill
from simulator.lessons import floor, lives
from simulator.lessons.plan import Plan
from simulator.run import Progress, Request
from simulator.store import Store

RECORDINGS = 2


def count(plan: Plan, requests: Sequence[Request], store: Store) -> tuple[int, int]:
    """How many runs and recordings are there, of how many."""
    keys = {request.key for request in requests}
    done = sum(store.path(key).is_file() for key in keys)
    done += sum(part.path(plan).is_file() for part in (floor, lives))
    return done, len(keys) + RECORDINGS


def prepare(
    plan: Plan,
    store: Store,
    workers: int | None = None,
    progress: Callable[[str], Progress | None] = lambda what: None,
) -> list[str]:
    """Run what is missing; what failed, a line each. Stopped and started again it goes on where it was.

    ``progress`` is asked once for each part, by its name, for what is then told of it.
    """
    requests = plan.requests()
    done = fill(requests, store, workers, progress("runs"))
    failed = [f"run {key[:12]}: {error}" for key, error in done.failed.items()]
    if done.halted:
        return [*failed, done.halted]
    if floor.load(plan) is None:
        floor.keep(floor.path(plan), floor.record(*floor.requests(plan), progress("quarters of the factory floor")))
    if lives.load(plan) is None:
        floor.keep(lives.path(plan), lives.record(plan, progress("quarters of lives")))
    return failed
