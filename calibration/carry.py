"""Records go over to a model that computes the same bytes: ``python -m calibration.carry OLD``.

Code that only makes the model faster changes its digest, and with it every record of calibration and validation looks
out of date. OLD is a checkout of the code that the records name. Runs spread over scenarios, draws of both posteriors,
levers, scales and lengths of a step are made by both codes, each in a process of its own; only where all of them are
the same to the byte do the records take the new digest, with a note of the runs it stands on. Exit code 5 otherwise.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from simulator.checks import ScenarioError
from simulator.fingerprint import model_digest
from simulator.model import GarmentModel
from simulator.parameters import PARAMETERS
from simulator.posterior import load_posterior
from simulator.results import write_together
from simulator.run import one_line
from simulator.scenario import load_scenario, scenario_ids

RUNS = 200
FAILED = 5
_TOP = Path(__file__).resolve().parents[1]
_POSTERIORS = tuple(_TOP / "calibration" / "posterior" / f"{kind}.json" for kind in ("judged", "refit"))
_OTHERS = (
    _TOP / "calibration" / "posterior" / "validation.json",
    _TOP / "calibration" / "verify.json",
    _TOP / "docs" / "verdicts.json",
    _TOP / "docs" / "explain.md",
    _TOP / "scenarios" / "calibrated.yaml",
)


def plan(runs: int, seed: int = 0) -> list[dict[str, Any]]:
    """What is run: every fourth with random levers, every eighth by the month, at scales from 25 to 1,000."""
    rng = np.random.default_rng(seed)
    levers = [p for p in PARAMETERS.values() if p.kind == "lever"]
    found = []
    for i in range(runs):
        kind = ("judged", "refit")[i % 2]
        values = load_posterior(kind).draw(int(rng.integers(len(load_posterior(kind)))))
        chosen = rng.choice(len(levers), 4 if i % 4 == 3 else 0, replace=False)
        set_to = {levers[k].name: float(rng.uniform(levers[k].low, levers[k].high)) for k in chosen}
        monthly = i % 8 == 5
        found.append(
            {
                "scenario": scenario_ids()[i % len(scenario_ids())],
                "values": values,
                "levers": set_to,
                "seed": i,
                "people_per_agent": 1000 if monthly else int(rng.choice([25, 50, 100, 200, 400])),
                "steps_per_year": 12 if monthly else 4,
            }
        )
    return found


def result(asked: Mapping[str, Any]) -> str:
    """Digest of all indicators of a run and of all that is remembered at its end, or why it could not be run."""
    try:
        scenario = load_scenario(asked["scenario"]).with_draw(asked["values"])
        if asked["levers"]:
            scenario = scenario.with_values(asked["levers"])
        model = GarmentModel(scenario, asked["seed"], asked["people_per_agent"], asked["steps_per_year"])
        while model.running:
            model.step()
    except (ScenarioError, ValueError, RuntimeError) as error:
        return one_line(error)
    content = hashlib.sha256(model.recorder.values.tobytes())
    for table in (model.factories, model.workers, model.buyers):
        for name in table.columns():
            content.update(np.ascontiguousarray(getattr(table, name)).tobytes())
    return content.hexdigest()


def results(code: Path, asked: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The ``result`` of each under the code of a checkout. Raises RuntimeError where its process fails."""
    with subprocess.Popen(
        [sys.executable, __file__, "--work"],
        cwd=code,
        env=os.environ | {"PYTHONPATH": str(code)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(json.dumps(asked))
        process.stdin.close()
        for line in process.stdout:
            yield line.strip()
    if process.returncode:
        raise RuntimeError(f"runs under the code in {code} ended with exit code {process.returncode}")


def work() -> None:
    """What the process of one code does: its digest, then a line a run."""
    print(model_digest(), flush=True)
    for asked in json.load(sys.stdin):
        print(result(asked), flush=True)


def carry(old: Path, runs: int) -> list[str]:
    """Compare both codes and rewrite the records; what stood in the way, one line each."""
    asked = plan(runs)
    before, after = results(old.resolve(), asked), results(_TOP, asked)
    codes = next(before), next(after)
    named = {json.loads(path.read_text("utf-8"))["code"] for path in _POSTERIORS}
    if named != {codes[0]}:
        return [f"the posteriors name code {', '.join(sorted(named))}, but {old} is {codes[0]}"]
    different = []
    for i, (one, other) in enumerate(zip(before, after, strict=True)):
        if one != other:
            where = {name: asked[i][name] for name in ("scenario", "seed", "people_per_agent", "steps_per_year")}
            different.append(f"run {i} differs: {where}")
        if sys.stderr.isatty() or not (i + 1) % 20:
            print(f"{i + 1} of {runs} runs, {len(different)} differ", file=sys.stderr)
    if not different:
        rewrite(*codes, runs)
    return different


def rewrite(old: str, new: str, runs: int) -> None:
    """All records name the new code, and one another by their new digests."""
    names = {old: new}
    texts: dict[Path, str] = {}
    for path in _POSTERIORS:
        about = json.loads(path.read_text("utf-8"))
        about["code"] = new
        about["carried"] = [*about.get("carried", []), {"from": old, "equal_runs": runs}]
        texts[path] = json.dumps(about, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
        draws = path.with_suffix(".parquet").read_bytes()
        names[load_posterior(path.stem).digest] = hashlib.sha256(draws + texts[path].encode()).hexdigest()[:12]
    for path in _OTHERS:
        texts[path] = path.read_text("utf-8")
        for before, after in names.items():
            texts[path] = texts[path].replace(before, after)
    write_together({path: partial(_write, text) for path, text in texts.items()})


def _write(text: str, path: Path) -> None:
    path.write_text(text, encoding="utf-8")


def main(argv: Sequence[str] | None = None) -> int:
    """Compare, and carry over where nothing differs."""
    parser = argparse.ArgumentParser(prog="python -m calibration.carry", description="Carry records over.")
    parser.add_argument("old", type=Path, help="a checkout of the code that the records name")
    parser.add_argument("--runs", type=int, default=RUNS, help=f"runs by each code ({RUNS})")
    arguments = parser.parse_args(argv)
    wrong = carry(arguments.old, arguments.runs)
    for line in wrong:
        print(line, file=sys.stderr)
    return FAILED if wrong else 0


if __name__ == "__main__":
    if sys.argv[1:] == ["--work"]:
        work()
    else:
        sys.exit(main())
