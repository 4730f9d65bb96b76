"""One command: fit the model to the record and write the posterior's files."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from calibration.free import Box
from calibration.runs import Folder
from calibration.search import BUDGET, Calibration, Fitted, Plan, Progress, Say
from calibration.targets import load_targets
from calibration.writing import SCENARIO, write
from simulator.paths import posterior_folder, shipped
from simulator.results import InputError


@dataclass(frozen=True, eq=False)
class Calibrated:
    """What was found, the files it was written to, and runs that could not be finished."""

    fitted: Fitted
    files: tuple[Path, ...]

    @property
    def errors(self) -> list[str]:
        """One line a run that could not be finished."""
        return self.fitted.errors


def calibrate(
    kind: str = "refit",
    budget: int | None = None,
    seed: int = 0,
    people_per_agent: int = 100,
    out: str | Path | None = None,
    free: Sequence[str] | None = None,
    workers: int | None = None,
    store: str | Path | None = None,
    tell: Progress | None = None,
    say: Say | None = None,
) -> Calibrated:
    """Fit to 2012-2019 (``judged``) or to all years (``refit``) and write the files of the posterior.

    ``budget`` counts model runs (``search.BUDGET``), a run with its events as three. ``out`` is a folder; left out, a
    checkout replaces what it ships, the best set of the refit as ``scenarios/calibrated.yaml``. ``free`` names the
    numbers to fit (all). Finished runs are found in ``store`` (the user's own). Raises InputError, or OSError.
    """
    folder, scenario = places(kind, out)
    plan = Plan(kind, BUDGET if budget is None else budget, seed, people_per_agent)
    search = Calibration(plan, Box.of(free), load_targets(kind), Folder(store), workers, tell, say)
    fitted = search.run()
    return Calibrated(fitted, tuple(write(fitted, folder, scenario)))


def places(kind: str, out: str | Path | None) -> tuple[Path, Path | None]:
    """The folder of the posterior, and the file of its best set: none for the judged one."""
    folder = Path(out) if out is not None else posterior_folder()
    if out is None and folder == Path(__file__).resolve().parent / "posterior":
        return folder, shipped("scenarios") / SCENARIO if kind == "refit" else None
    if out is None and "GARMENT_SIM_POSTERIOR" not in os.environ:
        raise InputError("an installed simulator keeps its posterior as it is; name a folder with --out")
    return folder, folder / SCENARIO if kind == "refit" else None
