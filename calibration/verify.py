"""The long checks of a calibration: ranks of synthetic truth, planted values, and the whole box.

``python -m calibration.verify`` goes through the calibration of each shipped posterior again (finished runs are found
on disk), checks it, and writes ``calibration/verify.json`` with the digests of what was checked. Exit code 5 where
a check fails.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom, chi2, kstest

from calibration.emulator import Emulator
from calibration.free import Box
from calibration.identify import differences
from calibration.runs import Folder
from calibration.sampling import tempered
from calibration.search import Calibration, Fitted, Plan, gaussian
from calibration.targets import KINDS, Targets, load_targets
from simulator.data import digest
from simulator.fingerprint import model_digest
from simulator.posterior import Posterior, load_posterior
from simulator.results import InputError, write_together

Floats = NDArray[np.float64]

FILE = Path(__file__).resolve().parent / "verify.json"
FAILED = 5
SYNTHETIC, BINS, PARTICLES = 200, 10, 400
PLANTED = 40
LEVELS = (0.5, 0.8, 0.95)
LEAST_P = 0.001  # of a uniform distribution of ranks, over all numbers together
MOST_APART, MOST_FAR = 3.0, 1  # standard errors, and how many numbers may lie beyond: one of 400 does by luck
MOST_RESIDUAL = 1e-6  # of the accounts, relative


def ranks(
    emulator: Emulator,
    covariance: Floats,
    dimensions: int,
    rng: np.random.Generator,
    number: int = SYNTHETIC,
    particles: int = PARTICLES,
) -> Floats:
    """Place of each synthetic truth among the draws of its own posterior, 0 to 1, shape [synthetic, number].

    Truth comes from the prior, its observations from the emulator with all errors; where the posterior is right the
    places are uniform (Talts and others 2018).
    """
    root = np.linalg.cholesky(covariance)
    found = np.empty((number, dimensions))
    for i in range(number):
        truth = rng.random((1, dimensions))
        observed = emulator(truth)[0] + root @ rng.standard_normal(len(covariance))
        draws = tempered(gaussian(emulator, observed, covariance), dimensions, particles, rng).points
        found[i] = ((draws < truth).sum(axis=0) + rng.random(dimensions)) / (len(draws) + 1)
    return found


def uniform(places: Floats, names: Sequence[str]) -> dict[str, Any]:
    """Is every number's distribution of places uniform? ``p`` over all numbers, the least by number, and bins."""
    expected = len(places) / BINS
    counts = np.array([np.histogram(column, bins=BINS, range=(0, 1))[0] for column in places.T])
    square = ((counts - expected) ** 2 / expected).sum(axis=1)
    each = chi2.sf(square, BINS - 1)
    return {
        "synthetic": len(places),
        "p": float(kstest(each, "uniform").pvalue) if len(each) > 4 else float(each.min() * len(each)),
        "least": {names[i]: float(each[i]) for i in np.argsort(each)[:3]},
        "counts": {name: row.tolist() for name, row in zip(names, counts, strict=True)},
    }


def recovery(search: Calibration, rng: np.random.Generator, number: int = PLANTED) -> dict[str, Any]:
    """Values planted in the model itself: are they found again from its own output?

    The planted runs belong to wave 4, went through the events, and are left out of the emulator that finds
    them again; measurement errors are added to what they show. ``coverage`` is the share of the fitted numbers that
    lie in the central interval of each level, with the range that binomial luck allows (numbers as if independent
    over runs, alike within a run); ``correlation`` of planted values and posterior means by number.
    """
    targets, box, wave = search.targets, search.box, search.stages["wave 4"]
    whole = np.flatnonzero(np.isfinite(wave.moments).all(axis=1))
    planted = np.sort(rng.permutation(whole)[:number])
    emulator = search.fit(without=("wave 4", planted))
    root = np.linalg.cholesky(targets.covariance)
    free = box.estimated if box.estimated.any() else np.ones(len(box), dtype=bool)
    truths, means, places = [], [], []
    for row in planted:
        observed = wave.moments[row] + root @ rng.standard_normal(len(targets))
        density = gaussian(emulator, observed, targets.covariance + emulator.covariance)
        draws = tempered(density, len(box), 2 * PARTICLES, rng).points[:, free]
        truths.append(wave.points[row, free])
        means.append(draws.mean(axis=0))
        places.append((draws < truths[-1]).mean(axis=0))
    place = np.abs(2 * np.array(places) - 1)
    names = [name for name, good in zip(box.names, free, strict=True) if good]
    size = len(planted)
    return {
        "planted": size,
        "coverage": {
            f"{level:g}": {
                "share": float((place <= level).mean()),
                "low": float(binom.ppf(0.0005, size, level) / size),
                "high": float(binom.ppf(0.9995, size, level) / size),
            }
            for level in LEVELS
        },
        "correlation": {
            name: float(np.corrcoef(a, b)[0, 1])
            for name, a, b in zip(names, np.array(truths).T, np.array(means).T, strict=True)
        },
    }


def whole_box(search: Calibration) -> dict[str, Any]:
    """Every run of the design, all over the box: refused, and the worst accounting residual."""
    stage = search.stages["design"]
    residuals = [run.residual for run in stage.runs]
    return {"runs": len(stage.runs), "refused": len(stage.refused), "worst_residual": max(residuals)}


def remade(fitted: Fitted, posterior: Posterior) -> bool:
    """Whether the command gives the shipped draws again, to nine digits."""
    numbers = np.array([list(fitted.box.from_unit(draw).values()) for draw in fitted.draws])
    shipped = posterior.values[list(fitted.box.names)].to_numpy()
    return numbers.shape == shipped.shape and bool(np.allclose(numbers, shipped, rtol=1e-9, atol=0))


def other_seed(
    fitted: Fitted, plan: Plan, workers: int | None = None, store: str | Path | None = None
) -> dict[str, Any]:
    """The same calibration under another seed, with runs of its own: how far the means of the draws are apart.

    In standard errors of Monte Carlo by number, the three largest named; ``far`` counts those beyond ``MOST_APART``.
    """
    second = Calibration(replace(plan, seed=plan.seed + 1), fitted.box, fitted.targets, Folder(store), workers).run()
    apart = differences(fitted.box, fitted.draws, second.draws, (fitted.effective_size, second.effective_size))
    ordered = sorted(apart, key=lambda name: -abs(apart[name]))
    return {
        "seed": plan.seed + 1,
        "effective_size": second.effective_size,
        "far": sum(abs(z) > MOST_APART for z in apart.values()),
        "numbers": len(apart),
        "largest": {name: apart[name] for name in ordered[:3]},
        "best": second.best,
    }


def check(
    kind: str, workers: int | None = None, store: str | Path | None = None, again: bool = False
) -> dict[str, Any]:
    """All long checks of a shipped posterior; ``again`` with another seed too. Raises InputError if none is shipped."""
    posterior = load_posterior(kind)
    about = posterior.metadata
    plan = Plan(kind, about["budget"], about["seed"], about["people_per_agent"])
    box, targets = Box.of(about["free"]), load_targets(kind)
    search = Calibration(plan, box, targets, Folder(store), workers, say=lambda text: print(text, file=sys.stderr))
    fitted = search.run()
    emulator = search.emulators[-1]
    rng = np.random.default_rng([plan.seed, KINDS.index(kind)])
    covariance = targets.covariance + emulator.covariance
    found = {
        "posterior": posterior.digest,
        "targets_digest": targets.digest,
        "sbc": uniform(ranks(emulator, covariance, len(box), rng), box.names),
        "recovery": recovery(search, rng),
        "box": whole_box(search),
        "remade": remade(fitted, posterior),
    }
    if again:
        found["other_seed"] = other_seed(fitted, plan, workers, store)
    return found | {"failed": failures(found, targets, about)}


def failures(found: dict[str, Any], targets: Targets, about: Any) -> list[str]:
    """What a check found wrong, one line each."""
    wrong = []
    if found["sbc"]["p"] < LEAST_P:
        wrong.append(f"places of synthetic truth are not uniform (p {found['sbc']['p']:.2g})")
    for level, row in found["recovery"]["coverage"].items():
        if not row["low"] <= row["share"] <= row["high"]:
            wrong.append(f"{row['share']:.0%} of planted values lie in the interval of {float(level):.0%}")
    if found["box"]["worst_residual"] > MOST_RESIDUAL:
        wrong.append(f"accounts miss by {found['box']['worst_residual']:.2g} somewhere in the box")
    if not found["remade"]:
        wrong.append("the command does not give the shipped draws again")
    if found.get("other_seed", {}).get("far", 0) > MOST_FAR:
        wrong.append(
            f"{found['other_seed']['far']} numbers differ under another seed by more than Monte Carlo explains"
        )
    if targets.digest != about["targets_digest"]:
        wrong.append("the posterior was fitted to other targets")
    return wrong


def main(argv: Sequence[str] | None = None) -> int:
    """Check what is shipped and write the result."""
    parser = argparse.ArgumentParser(prog="python -m calibration.verify", description="Long checks of a calibration.")
    parser.add_argument("--posterior", choices=KINDS, action="append", help="only this one (both)")
    parser.add_argument("--again", action="store_true", help="also calibrate once more under another seed")
    parser.add_argument("--workers", type=int, help="processes (one a core)")
    parser.add_argument("--out", type=Path, default=FILE, help="where the result goes (calibration/verify.json)")
    arguments = parser.parse_args(argv)
    result: dict[str, Any] = {"code": model_digest(), "data": digest()}
    try:
        for kind in arguments.posterior or KINDS:
            result[kind] = check(kind, arguments.workers, again=arguments.again)
    except InputError as error:
        print(error, file=sys.stderr)
        return 3
    text = json.dumps(result, sort_keys=True, indent=1) + "\n"
    write_together({arguments.out: lambda path: path.write_text(text, encoding="utf-8")})
    print(arguments.out)
    wrong = [f"{kind}: {line}" for kind in KINDS if kind in result for line in result[kind]["failed"]]
    for line in wrong:
        print(line, file=sys.stderr)
    return FAILED if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
