"""Running experiments: from a file, or what it would hold, to two tidy tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from simulator.batch import Failure, Filled, fill
from simulator.export import write_tables
from simulator.plan import Experiment, Part, take
from simulator.plan_files import load_experiment
from simulator.results import InputError
from simulator.run import Progress
from simulator.store import Store

LIMIT = 3600.0  # seconds a run may take


@dataclass(frozen=True, eq=False)
class ExperimentResult:
    """A finished experiment. ``failures`` are its runs that failed; ``halted`` says why others were not tried."""

    experiment: Experiment
    part: Part
    store: Store
    filled: Filled

    @property
    def halted(self) -> str:
        """Why the batch stopped before its end, or nothing."""
        return self.filled.halted

    @cached_property
    def failures(self) -> tuple[Failure, ...]:
        """Runs that failed twice, each with its cause, in the order of the experiment."""
        if not self.filled.failed:
            return ()
        return tuple(
            Failure(request, self.filled.failed[request.key], self.experiment.label(place))
            for place, request in zip(self.part.places, self.part)
            if request.key in self.filled.failed
        )

    @cached_property
    def runs(self) -> pd.DataFrame:
        """One row a run: levers and drawn numbers, every other number that differs from its default, status, error."""
        return self._tables[0]

    @cached_property
    def series(self) -> pd.DataFrame:
        """The tidy table: ``SERIES_COLUMNS``. It is read whole; for what is larger than memory use :meth:`save`."""
        return self._tables[1]

    @cached_property
    def _tables(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        with TemporaryDirectory(prefix="garment-sim-") as folder:
            self.save(folder)
            return pd.read_parquet(Path(folder) / "runs.parquet"), pd.read_parquet(Path(folder) / "series.parquet")

    def save(self, folder: str | Path, format: str = "parquet") -> Path:
        """Write ``runs`` and ``series`` (``parquet``, ``csv`` or ``xlsx``), a few runs at a time. Raises InputError."""
        return write_tables(folder, lambda: self.part.rows(self.store, self.filled), format, self.experiment.shape)


def run_experiment(
    experiment: str | Path | Mapping[str, Any] | Experiment,
    store: Store | str | Path | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
    limit: float = LIMIT,
    scheduler: str | None = None,
    shard: tuple[int, int] | None = None,
) -> ExperimentResult:
    """Run what ``store`` (a folder; the user's own store when left out) lacks of an experiment.

    ``experiment`` is the id of a shipped one, a file, or what a file would hold as a mapping. ``workers`` processes
    (one a core) do the work, or the Dask cluster with this ``scheduler``'s address. A run may take ``limit`` seconds.
    ``shard=(i, n)`` does every n-th run from the i-th, which counts from 1. ``progress`` is called with runs done and
    their number. Raises ScenarioError or InputError for what cannot be run; on Ctrl-C finished runs are in the store.
    """
    chosen = experiment if isinstance(experiment, Experiment) else load_experiment(experiment)
    kept = store if isinstance(store, Store) else Store(store)
    if not limit > 0:
        raise InputError(f"limit is {limit!r}; it must be a number of seconds above 0")
    part = take(chosen, shard)
    try:
        kept.note(chosen.name, chosen.described())
    except OSError as error:
        raise InputError(f"{kept.folder}: {error.strerror or error}") from None
    return ExperimentResult(chosen, part, kept, fill(part, kept, workers, progress, limit, scheduler))
