"""The files of a calibration: draws, what goes with them, and the scenario of the best set."""

from __future__ import annotations

import io
import json
import math
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import scipy

from calibration.free import ADOPTION
from calibration.identify import at_bounds, contraction, correlations, ridge
from calibration.search import CUT, Fitted
from calibration.targets import FIRST
from simulator.data import digest
from simulator.fingerprint import model_digest
from simulator.parameters import PARAMETERS
from simulator.results import write_together
from simulator.version import __version__

SCENARIO = "calibrated.yaml"
_HEADER = """# yaml-language-server: $schema=./scenario.schema.json
# Written by calibration, seed {seed}: garment-sim calibrate --posterior {kind} --budget {budget}{more}
# Best set of the posterior fitted to {first}-{last}; code {code}, data {data}, targets {targets}.
# Numbers of adoption, which these years hardly inform, stand at their defaults.
schema_version: 1
title: {{en: Calibrated behaviour, km: ការកែតម្រូវ​គំរូ​តាម​ទិន្នន័យ}}
question:
  en: Which behaviour fits what happened in {first}–{last}?
  km: តើ​តម្លៃ​ណាខ្លះ​ធ្វើឱ្យ​គំរូ​ត្រូវ​នឹង​ទិន្នន័យ​ឆ្នាំ {first}–{last}?
based_on: null
set:
"""


def write(fitted: Fitted, folder: Path, scenario: Path | None) -> list[Path]:
    """All files of a posterior, or none: draws and description in ``folder``, the best set as ``scenario``."""
    kind = fitted.plan.kind
    contents = {folder / f"{kind}.parquet": table(fitted), folder / f"{kind}.json": description(fitted).encode()}
    if scenario is not None:
        contents[scenario] = best_scenario(fitted).encode()
    write_together({path: _writer(content) for path, content in contents.items()})
    return list(contents)


def _writer(content: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content)


def table(fitted: Fitted) -> bytes:
    """The draws as Parquet: number of the draw, the free numbers, distance of the run, weight."""
    numbers = [fitted.box.from_unit(point) for point in fitted.draws]
    size = len(numbers)
    moments = fitted.stages["posterior"].moments[fitted.chosen]
    miss = (moments - fitted.targets.observed) / fitted.targets.sd
    columns = {"draw": pa.array(np.arange(size), pa.int64())}
    columns |= {name: pa.array([row[name] for row in numbers], pa.float64()) for name in fitted.box.names}
    columns["distance"] = pa.array(np.sqrt(np.nanmean(miss**2, axis=1)), pa.float64())
    columns["weight"] = pa.array(np.full(size, 1 / size), pa.float64())
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink, compression="zstd", store_schema=False)
    return sink.getvalue()


def description(fitted: Fitted) -> str:
    """Everything needed to remake and to judge a posterior, as JSON."""
    plan, targets = fitted.plan, fitted.targets
    about = {
        "posterior": plan.kind,
        "fitted_to": [FIRST, targets.last],
        "seed": plan.seed,
        "budget": plan.budget,
        "runs": fitted.runs,
        "people_per_agent": plan.people_per_agent,
        "best": fitted.best,
        "effective_size": fitted.effective_size,
        "weight_moved": fitted.moved,
        "free": list(fitted.box.names),
        "targets_digest": targets.digest,
        "data": digest(),
        "code": model_digest(),
        "model": __version__,
        "versions": {"python": platform.python_version(), "numpy": np.__version__, "scipy": scipy.__version__},
        "fit": fit_rows(fitted),
        "left_out": dict(targets.missing),
        "stages": [
            {
                "name": stage.name,
                "runs": len(stage.runs),
                "refused": len(stage.refused),
                "cut": None if math.isnan(stage.cut) else stage.cut,
            }
            for stage in fitted.stages.values()
        ],
        "implausibility_cut": CUT,
        "contraction": contraction(fitted.box, fitted.draws),
        "correlations": correlations(fitted.box, fitted.draws),
        "ridge": ridge(fitted.box, fitted.draws),
        "at_bounds": at_bounds(fitted.box, fitted.draws),
    }
    return json.dumps(about, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def fit_rows(fitted: Fitted) -> list[dict[str, Any]]:
    """One row a target: observed with its errors, posterior of the real runs, best set, error of the emulator.

    ``sd`` and ``discrepancy`` are relative; ``runs`` is how many draws have a number for it. ``emulator_error`` is of
    runs left out one by one, ``emulator_unseen`` what the proposing emulator missed of the posterior's runs.
    """
    moments = fitted.stages["posterior"].moments[fitted.chosen]
    emulator = fitted.emulators[-1]
    stage = fitted.stages["posterior"]
    missed = stage.moments - fitted.emulators[-2](stage.points)
    rows = []
    for k, target in enumerate(fitted.targets.rows):
        values = np.exp(moments[np.isfinite(moments[:, k]), k])
        low, middle, high = np.quantile(values, (0.025, 0.5, 0.975)) if len(values) else [math.nan] * 3
        numbers = {"median": middle, "p2_5": low, "p97_5": high, "best": np.exp(fitted.best_moments[k])}
        rows.append(
            {
                "target": target.fact,
                "period": target.period,
                "observed": target.observed,
                "sd": target.sd,
                "discrepancy": target.discrepancy,
                "kept_out": target.kept_out,
                "compared": target.compared,
                "definition": target.definition,
                "sources": list(target.sources),
                "runs": len(values),
                "emulator_error": float(emulator.error[k]),
                "emulator_unseen": float(np.sqrt(np.nanmean(missed[:, k] ** 2))),
                "emulator_explained": float(emulator.explained[k]),
                **{name: float(v) if math.isfinite(v) else None for name, v in numbers.items()},
            }
        )
    return rows


def best_scenario(fitted: Fitted) -> str:
    """The best set as a scenario file."""
    plan = fitted.plan
    more = "" if plan.seed == 0 else f" --seed {plan.seed}"
    more += "" if plan.people_per_agent == 100 else f" --people-per-agent {plan.people_per_agent}"
    head = _HEADER.format(
        seed=plan.seed, kind=plan.kind, budget=plan.budget, more=more, first=FIRST, last=fitted.targets.last,
        code=model_digest(), data=digest(), targets=fitted.targets.digest,
    )  # fmt: skip
    kept = {n: v for n, v in fitted.best.items() if n not in ADOPTION or v != PARAMETERS[n].default}
    return head + "".join(f"  {name}: {value!r}\n" for name, value in kept.items()) + "sources: [seed]\n"
