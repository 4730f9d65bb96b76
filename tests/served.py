"""The app with made-up runs, as a script for Streamlit: its pages are true, its numbers are not, nothing is simulated."""

import hashlib
import os
import runpy
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from made_up import made

from simulator.panels import jobs
from simulator.store import Store


def pretend(request):
    """A made-up run whose values depend on the scenario's numbers."""
    result = made(request)
    lean = int(hashlib.sha256(request.scenario.digest.encode()).hexdigest()[:4], 16) / 0xFFFF - 0.5
    late = [period >= "2025" for period in result.periods]
    values = result.values.copy()
    values[late] *= 1 + 0.1 * lean
    return replace(result, values=values)


class Pretender(ThreadPoolExecutor):
    """Takes the place of a worker process."""

    def __init__(self):
        super().__init__(1)

    def submit(self, work, request, folder):
        return super().submit(self.work, work.__name__, request, folder)

    @staticmethod
    def work(name, request, folder):
        if name == "_make":
            time.sleep(float(os.environ.get("PRETENDED_SECONDS", "0.02")))
            Store(folder).put(request, pretend(request))
        return jobs._Note()


def serve():
    """Draw the app with such workers."""
    with jobs._guard:
        if jobs._service is None:
            jobs._service = jobs.Service(2, Pretender)
    runpy.run_path(str(Path(__file__).resolve().parents[1] / "app.py"))


def stage(folder):
    """Put a script that serves so into a folder, beside what the app needs beside itself; returns its path."""
    root = Path(__file__).resolve().parents[1]
    for name in ("static", ".streamlit"):
        (folder / name).symlink_to(root / name)
    script = folder / "app.py"
    script.write_text(
        f"import sys\nsys.path[:0] = [{str(root)!r}, {str(root / 'tests')!r}]\nimport served\nserved.serve()\n"
    )
    return script
