"""Do records go over to other code only where that computes the same bytes?"""

import hashlib
import json
from pathlib import Path

import pytest

from calibration import carry
from simulator.fingerprint import model_digest
from simulator.posterior import load_posterior
from simulator.scenario import scenario_ids

ROOT = Path(__file__).resolve().parents[1]
OLD, NEW = json.loads(carry._POSTERIORS[0].read_text("utf-8"))["code"], "1" * 12


@pytest.fixture
def records(tmp_path, monkeypatch):
    """Copies of all records in a folder."""
    copies = {path: tmp_path / path.name for path in (*carry._POSTERIORS, *carry._OTHERS)}
    for path, copy in copies.items():
        copy.write_bytes(path.read_bytes())
    for path in carry._POSTERIORS:
        copies[path].with_suffix(".parquet").write_bytes(path.with_suffix(".parquet").read_bytes())
    monkeypatch.setattr(carry, "_POSTERIORS", tuple(copies[p] for p in carry._POSTERIORS))
    monkeypatch.setattr(carry, "_OTHERS", tuple(copies[p] for p in carry._OTHERS))
    monkeypatch.setenv("GARMENT_SIM_POSTERIOR", str(tmp_path))
    return tmp_path


@pytest.fixture
def shipped(monkeypatch):
    """The posteriors as shipped, in sight of this process and those it starts."""
    monkeypatch.setenv("GARMENT_SIM_POSTERIOR", str(carry._POSTERIORS[0].parent))


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_equal_runs_carry_all_records_over(records, monkeypatch):
    draws = contents(records)["refit.parquet"]
    monkeypatch.setattr(carry, "results", lambda code, asked: iter((NEW if code == carry._TOP else OLD, "a", "b")))
    assert carry.carry(records, 2) == []
    refit = json.loads((records / "refit.json").read_text("utf-8"))
    assert refit["code"] == NEW and refit["carried"][-1] == {"from": OLD, "equal_runs": 2}
    assert contents(records)["refit.parquet"] == draws
    digest = hashlib.sha256(draws + (records / "refit.json").read_bytes()).hexdigest()[:12]
    assert load_posterior("refit").digest == digest
    for name in ("validation.json", "verify.json", "verdicts.json", "calibrated.yaml"):
        text = (records / name).read_text("utf-8")
        assert OLD not in text, name
        assert digest in text or name == "calibrated.yaml"
    assert not list(records.glob(".*"))


def test_one_other_byte_carries_nothing_over(records, monkeypatch):
    before = contents(records)
    rows = {carry._TOP: (NEW, "a", "c")}
    monkeypatch.setattr(carry, "results", lambda code, asked: iter(rows.get(code, (OLD, "a", "b"))))
    (line,) = carry.carry(records, 2)
    assert line.startswith("run 1 differs: ") and "people_per_agent" in line
    assert carry.main([str(records), "--runs", "2"]) == carry.FAILED
    assert contents(records) == before


def test_a_checkout_that_made_no_record_is_refused(records, monkeypatch):
    before = contents(records)
    monkeypatch.setattr(carry, "results", lambda code, asked: iter((NEW, "a")))
    assert carry.carry(records, 1) == [f"the posteriors name code {OLD}, but {records} is {NEW}"]
    assert contents(records) == before


def test_plan_covers_scenarios_posteriors_levers_scales_and_months(shipped):
    plan = carry.plan(40)
    assert plan == carry.plan(40) and plan[:8] == carry.plan(8)
    assert {row["scenario"] for row in plan} == set(scenario_ids())
    assert {row["people_per_agent"] for row in plan} == {25, 50, 100, 200, 400, 1000}
    assert {row["steps_per_year"] for row in plan} == {4, 12}
    assert sum(bool(row["levers"]) for row in plan) == 10 and len({row["seed"] for row in plan}) == 40


@pytest.mark.slow
def test_a_process_of_its_own_comes_to_the_same_run(shipped):
    asked = [next(row for row in carry.plan(20) if row["people_per_agent"] == 400)]
    assert list(carry.results(ROOT, asked)) == [model_digest(), carry.result(asked[0])]
    with pytest.raises(RuntimeError, match="exit code"):
        list(carry.results(ROOT, [{}]))
