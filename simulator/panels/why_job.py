"""Explanations that visitors ask for: their runs go to the run service, all else is done in a process of low priority.

One process a server lists the mixtures of two scenarios and, when their runs are in the store, makes the explanation
and keeps it there. Whoever looks at the same question sees the same job. Nothing is lost with the server: finished
runs are kept, and who asks again goes on from there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from simulator.analysis.explain import Plan, explain
from simulator.panels import jobs
from simulator.pool import one_process
from simulator.run import LAST_YEAR, Request, one_line
from simulator.store import Store

PEOPLE_PER_AGENT = 100  # as the command explains
MOST = 4  # questions at a time
RUNS = 200  # about as many runs make the explanation that a page offers
LEAST_PAIRS = 4


@dataclass(frozen=True)
class Question:
    """Why ``indicator`` (as ``employment[gender=women]``) in ``period`` is another one in scenario B than in A."""

    a: str
    b: str
    indicator: str
    period: str

    @property
    def command(self) -> str:
        """What answers it with as many runs as end in ten minutes on two cores."""
        told = ["garment-sim", "explain", self.a, self.b]
        if self.indicator != "employment":
            told += ["--indicator", f'"{self.indicator}"' if "[" in self.indicator else self.indicator]
        return " ".join(told if self.period == str(LAST_YEAR) else [*told, "--period", self.period])


def plans(a: str, b: str) -> tuple[Plan, Plan]:
    """The plan of the command, and the one with fewer pairs of runs that a page offers; both about jobs in 2040.

    Raises InputError or ScenarioError.
    """
    whole = Plan.of(a, b, "employment", LAST_YEAR, None, None, PEOPLE_PER_AGENT, "groups")
    mixtures = len(whole.coalitions(whole.pairs[0]))
    number = min(len(whole.pairs), max(LEAST_PAIRS, RUNS // mixtures))
    return whole, replace(whole, pairs=whole.pairs[:number])


def about(plan: Plan, question: Question) -> Plan:
    """The same runs, asked about another indicator and period."""
    name, _, group = question.indicator.partition("[")
    return replace(plan, indicator=name, group=group.rstrip("]") or "all", period=question.period)


@dataclass(frozen=True)
class Look:
    """How far a job is: ``listing`` mixtures, ``running`` with its ``progress``, ``explaining``, or what went wrong."""

    stage: str
    progress: jobs.Progress | None = None
    error: str | None = None


@dataclass
class _Job:
    listed: Future[list[Request]]
    explained: Future[str] | None = None
    requests: list[Request] = field(default_factory=list)

    @property
    def futures(self) -> list[Future[list[Request]] | Future[str]]:
        return [self.listed, *([self.explained] if self.explained is not None else [])]


class Explainer:
    """All jobs of this server; safe to call from the threads of all sessions."""

    def __init__(self, process: Callable[[], Executor] | None = None) -> None:
        """``process`` makes the worker, by default one of low priority."""
        self._process = process or partial(one_process, jobs.NICE)
        self._executor: Executor | None = None
        self._jobs: dict[Question, _Job] = {}
        self._lock = threading.RLock()

    @property
    def full(self) -> bool:
        """Whether no further question is taken now. Those that have ended make room."""
        with self._lock:
            for question in list(self._jobs):
                found = self.look(question)
                if found is not None and found.error is not None and len(self._jobs) >= MOST:
                    self.drop(question)
            return len(self._jobs) >= MOST

    def ask(self, question: Question) -> None:
        """Begin, unless somebody has, or there is no room."""
        with self._lock:
            if question not in self._jobs and not self.full:
                self._jobs[question] = _Job(self._submit(_listed, question))

    def look(self, question: Question) -> Look | None:
        """How far it is; None where nobody has asked, or where it has ended well."""
        with self._lock:
            job = self._jobs.get(question)
            if job is None:
                return None
            for future in job.futures:
                error = future.exception() if future.done() else None
                if error is not None:
                    return Look("failed", error=one_line(error) if isinstance(error, Exception) else str(error))
            if not job.listed.done():
                return Look("listing")
            if job.explained is not None:
                return self._last(question, job.explained)
            job.requests = job.requests or job.listed.result()
            now = jobs.service().ask(_owner(question), job.requests, jobs.BACKGROUND)
            if now.error is not None:
                return Look("failed", now, now.error)
            if not now.complete:
                return Look("running", now)
            job.explained = self._submit(_explained, question)
            return Look("explaining")

    def _last(self, question: Question, explained: Future[str]) -> Look | None:
        if not explained.done():
            return Look("explaining")
        if explained.result():
            return Look("failed", error=explained.result())
        del self._jobs[question]
        return None

    def drop(self, question: Question) -> None:
        """Give up; a run in flight ends and is kept."""
        with self._lock:
            job = self._jobs.pop(question, None)
            if job is not None:
                for future in job.futures:
                    future.cancel()
                jobs.service().withdraw(_owner(question))

    def again(self, question: Question) -> None:
        """Once more, after it failed; runs that cannot be read are made anew."""
        with self._lock:
            job = self._jobs.get(question)
            if job is not None:
                jobs.service().retry(job.requests)
                jobs.discard_damaged(job.requests, Store())
            self.drop(question)
            self.ask(question)

    def _submit(self, work: Callable[..., object], question: Question) -> Future[Any]:
        folder = str(Store().folder)
        if self._executor is None:
            self._executor = self._process()
        try:
            return self._executor.submit(work, question, folder)
        except BrokenProcessPool:
            self._executor = self._process()
            return self._executor.submit(work, question, folder)


def _owner(question: Question) -> str:
    return f"why {question}"


_explainer: Explainer | None = None
_guard = threading.Lock()


def explainer() -> Explainer:
    """The one of this server."""
    global _explainer
    with _guard:
        if _explainer is None:
            _explainer = Explainer()
        return _explainer


# ---- in the process


def _listed(question: Question, _folder: str) -> list[Request]:
    """All mixtures, with their keys made."""
    requests = list(plans(question.a, question.b)[1].requests().values())
    for request in requests:
        _ = request.key
    return requests


def _explained(question: Question, folder: str) -> str:
    """Make the explanation of finished runs and keep it; what went wrong otherwise."""
    few = plans(question.a, question.b)[1]
    shipped = few.pairs[0][0] >= 0
    found = explain(
        question.a,
        question.b,
        question.indicator,
        question.period,
        draws=len(few.pairs) if shipped else 0,
        seeds=1 if shipped else len(few.pairs),
        people_per_agent=PEOPLE_PER_AGENT,
        store=Store(folder),
        workers=1,
    )
    return str(found.failures[0]) if found.failures else ""
