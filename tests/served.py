"""Run services without simulation: workers that tests command, and the whole app with made-up runs."""

import hashlib
import os
import runpy
import shutil
import time
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path

from made_up import made

from simulator.panels import jobs
from simulator.store import Store

ROOT = Path(__file__).resolve().parents[1]


def pretend(request):
    """A made-up run whose later values depend on the scenario's numbers."""
    result = made(request)
    lean = int(hashlib.sha256(request.scenario.digest.encode()).hexdigest()[:4], 16) / 0xFFFF - 0.5
    late = [period >= "2025" for period in result.periods]
    values = result.values.copy()
    values[late] *= 1 + 0.1 * lean
    return replace(result, values=values)


class Workers:
    """What a service has handed out: ``given``, a request and its future each; what is for warming up is done."""

    def __init__(self):
        self.given, self.warmed, self.started = [], [], 0

    def process(self):
        """In place of a process."""
        self.started += 1
        return self

    def submit(self, work, request, folder):
        """Take a run; it ends when the test says so."""
        future = Future()
        if work is jobs._prepare:
            self.warmed.append(request)
            future.set_result(jobs._Note())
        else:
            self.given.append((request, future))
        return future

    @property
    def open(self):
        """Runs that have been given and not ended."""
        return [(request, future) for request, future in self.given if not future.done()]

    def finish(self, place=0, error="", elsewhere=False, dead=False):
        """End one of the open runs; returns its request."""
        request, future = self.open[place]
        if dead:
            future.set_exception(BrokenProcessPool("it died"))
            return request
        if not error and not elsewhere:
            Store().put(request, pretend(request))
        future.set_result(jobs._Note(error, elsewhere))
        return request

    def finish_all(self, error=""):
        """End everything that is open, and what is then given, until nothing is."""
        while self.open:
            self.finish(error=error)


class Pretender(ThreadPoolExecutor):
    """In place of a process: takes a little while and makes runs up."""

    def __init__(self):
        super().__init__(1)

    def submit(self, work, request, folder):
        return super().submit(self.work, work is jobs._make, request, folder)

    @staticmethod
    def work(wanted, request, folder):
        if wanted:
            time.sleep(float(os.environ.get("PRETENDED_SECONDS", "0.05")))
            Store(folder).put(request, pretend(request))
        return jobs._Note()


def serve():
    """Draw the app with such workers."""
    with jobs._guard:
        if jobs._service is None:
            jobs._service = jobs.Service(2, Pretender)
    runpy.run_path(str(ROOT / "app.py"))


def stage(folder):
    """Put the app with made-up runs into a folder, beside what it needs beside itself, for a server to serve."""
    for name in ("static", ".streamlit"):
        (folder / name).symlink_to(ROOT / name)
    shutil.copy(ROOT / "serve.py", folder)
    places = f"import sys\nsys.path[:0] = [{str(ROOT)!r}, {str(ROOT / 'tests')!r}]\n"
    (folder / "app.py").write_text(f"{places}import served\nserved.serve()\n", encoding="utf-8")
    return folder
