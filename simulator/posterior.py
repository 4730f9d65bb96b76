"""What calibration left: plausible sets of numbers, one a draw, under which any scenario can be run.

Two posteriors are shipped: ``judged``, fitted to 2012–2019 and judged by what came later, and ``refit``, fitted to
all years, for runs of scenarios. Each is a table of draws in random order, so that the first few are a fair sample,
and a description that says how to remake it.
"""

from __future__ import annotations

import hashlib
import json
import operator
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from simulator.checks import unknown
from simulator.data import digest as data_digest
from simulator.fingerprint import model_digest
from simulator.parameters import PARAMETERS
from simulator.paths import posterior_folder
from simulator.results import InputError
from simulator.scenario import Scenario

KINDS = ("refit", "judged")
BEST = -1  # the draw that calibration found best
_BESIDE = ("draw", "distance", "weight")  # columns that are no parameters
_ROUNDING = 1e-9  # by which a number may miss its range


@dataclass(frozen=True, eq=False)
class Posterior:
    """A posterior as shipped: ``values`` [draw × name of a parameter], the description, 12 hex digits of both files."""

    kind: str
    values: pd.DataFrame
    metadata: Mapping[str, Any]
    digest: str

    def __len__(self) -> int:
        return len(self.values)

    def draw(self, number: int) -> dict[str, float]:
        """The numbers of a draw by name. Raises InputError where there is no such draw."""
        if not 0 <= number < len(self):
            raise InputError(
                f"draw {number}: the {self.kind} posterior has {len(self)} draws, 0 to {len(self) - 1}; or use best"
            )
        return dict(zip(self.values.columns, map(float, self.values.iloc[number]), strict=True))

    @property
    def best(self) -> dict[str, float]:
        """The numbers that fit best."""
        return {name: float(value) for name, value in self.metadata["best"].items()}

    @property
    def name(self) -> str:
        """How tables of runs call it: kind and digest."""
        return f"{self.kind} {self.digest}"


def load_posterior(kind: str = "refit") -> Posterior:
    """A shipped posterior. Raises InputError where none is shipped or a file is damaged; read once."""
    if kind not in KINDS:
        raise InputError(unknown(str(kind), KINDS, "posterior"))
    folder = posterior_folder()
    try:
        stamps = tuple((s.st_mtime_ns, s.st_size) for s in (path.stat() for path in _files(folder, kind)))
    except OSError:
        raise InputError(
            f"no posterior is shipped with this version ({kind}); garment-sim calibrate makes it"
        ) from None
    return _load(folder, kind, stamps)


def is_shipped(kind: str = "refit") -> bool:
    """Whether there is such a posterior, readable or not."""
    return all(path.is_file() for path in _files(posterior_folder(), kind))


def stale(posterior: Posterior) -> bool:
    """Whether it was fitted with other code or data than run now."""
    about = posterior.metadata
    return (about.get("code"), about.get("data")) != (model_digest(), data_digest())


def find_draw(draw: str | int, kind: str = "refit") -> int:
    """The number of a draw, -1 for ``best``. Raises InputError where it is none, or the posterior lacks it."""
    if draw in ("best", BEST, str(BEST)) and not isinstance(draw, bool):
        return BEST
    try:
        number = operator.index(int(draw) if isinstance(draw, str) else draw)
    except (TypeError, ValueError):
        number = BEST
    if isinstance(draw, bool) or number < 0:
        raise InputError(f"draw is {draw!r}; it must be best or a whole number from 0")
    if kind in KINDS and not is_shipped(kind):
        raise InputError(f"draw {number}: no posterior is shipped with this version; use best")
    load_posterior(kind).draw(number)
    return number


def under_draw(scenario: Scenario, draw: str | int = "best", kind: str = "refit") -> tuple[Scenario, str]:
    """The scenario with a draw's numbers below its own settings, and the posterior's name, empty where none is read.

    ``best`` of the refit is the scenario as it stands, because ``scenarios/calibrated.yaml`` holds it.
    Raises InputError.
    """
    number = find_draw(draw, kind)
    if kind not in KINDS:
        raise InputError(unknown(str(kind), KINDS, "posterior"))
    if number == BEST and kind == "refit":
        return scenario, ""
    posterior = load_posterior(kind)
    return scenario.with_draw(posterior.best if number == BEST else posterior.draw(number)), posterior.name


def _files(folder: Path, kind: str) -> tuple[Path, Path]:
    return folder / f"{kind}.parquet", folder / f"{kind}.json"


@cache
def _load(folder: Path, kind: str, stamps: tuple[tuple[int, int], ...]) -> Posterior:
    """``stamps`` are times and sizes of the files: new files are read anew."""
    table, about = _files(folder, kind)
    try:
        raw = table.read_bytes(), about.read_bytes()
        metadata = json.loads(raw[1].decode("utf-8"))
        frame = pq.read_table(pa.BufferReader(raw[0])).to_pandas()
        values = _checked(frame, metadata, kind)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, pa.ArrowException) as error:
        reason = f"{error.args[0]!r} is missing" if isinstance(error, KeyError) else " ".join(str(error).split())[:200]
        message = f"the {kind} posterior in {folder} is damaged ({reason}); garment-sim calibrate makes it anew"
        raise InputError(message) from None
    return Posterior(kind, values, metadata, hashlib.sha256(b"".join(raw)).hexdigest()[:12])


def _checked(frame: pd.DataFrame, metadata: Mapping[str, Any], kind: str) -> pd.DataFrame:
    """Draws × parameters in order of the draws. Raises ValueError or KeyError for what cannot be used."""
    if metadata["posterior"] != kind:
        raise ValueError(f"{kind}.json describes {metadata['posterior']!r}")
    if frame.empty or sorted(frame["draw"]) != list(range(len(frame))):
        raise ValueError("its draws are not numbered 0, 1, 2 …")
    values = frame.set_index("draw").sort_index().drop(columns=[n for n in _BESIDE if n in frame and n != "draw"])
    if not set(values) or set(values) != set(metadata["free"]) or set(values) != set(metadata["best"]):
        raise ValueError("table and description name different parameters")
    for name in values:
        about = PARAMETERS.get(name)
        if about is None:
            raise ValueError(unknown(str(name), PARAMETERS))
        if about.kind == "lever" or about.from_ != "always":
            raise ValueError(f"{name} is no number that calibration may set")
        numbers = np.append(values[name].to_numpy(dtype=float), float(metadata["best"][name]))
        slack = _ROUNDING * max(abs(about.low), abs(about.high))
        if not (numbers.min() >= about.low - slack and numbers.max() <= about.high + slack):
            raise ValueError(f"{name} leaves its range, {about.low:g} to {about.high:g}")
        values[name] = numbers[:-1].clip(about.low, about.high)
    return values.astype(float)
