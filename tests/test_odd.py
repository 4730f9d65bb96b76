"""Does ODD.md say what the code does?"""

import json
from pathlib import Path

import pytest

from calibration import verify
from calibration.targets import load_targets
from simulator import odd
from simulator.analysis.criteria import CRITERIA
from simulator.fingerprint import model_digest
from simulator.parameters import PARAMETERS
from simulator.posterior import load_posterior, stale
from simulator.record import load_record
from simulator.scenario import load_scenario

FILE = Path(__file__).resolve().parent.parent / "ODD.md"
README = FILE.with_name("README.md")


@pytest.fixture
def shipped_posterior(monkeypatch):
    """What is shipped, in sight."""
    monkeypatch.setenv("GARMENT_SIM_POSTERIOR", str(odd.POSTERIOR))


def test_description_is_current():
    assert FILE.read_text(encoding="utf-8") == odd.render(), "run: python -m simulator.odd"


def test_verdicts_belong_to_this_model():
    found = json.loads(odd.VERDICTS.read_text(encoding="utf-8"))
    assert found["code"] == model_digest(), "run: python -m simulator.odd --judge"
    assert [row["id"] for row in found["rows"]] == list(CRITERIA)
    told = FILE.read_text(encoding="utf-8").partition("## 10.")[2].partition("## 11.")[0]
    missing = [row["id"] for row in found["rows"] if row["verdict"] != "pass" and row["id"] not in told]
    assert not missing, "section 10 must explain what fails"


def test_readme_shows_the_record_as_computed():
    text = README.read_text(encoding="utf-8")
    assert text == odd.readme(text), "run: python -m simulator.odd"


@pytest.mark.parametrize("kind", ["judged", "refit"])
def test_shipped_posterior_belongs_to_this_model(kind, shipped_posterior):
    found = load_posterior(kind)
    assert not stale(found), "run: garment-sim calibrate, judged and refit; then validate --out"
    assert found.metadata["targets_digest"] == load_targets(kind).digest
    assert len(found) >= 500 and len(found.values.drop_duplicates()) == len(found)
    assert found.metadata["effective_size"] >= 200
    for name, column in found.values.items():
        assert column.between(PARAMETERS[name].low, PARAMETERS[name].high).all(), name


def test_shipped_validation_belongs_to_both_posteriors(shipped_posterior):
    about = json.loads((odd.POSTERIOR / "validation.json").read_text(encoding="utf-8"))["metadata"]
    assert about["posteriors"] == {kind: load_posterior(kind).digest for kind in about["posteriors"]}
    assert set(about["posteriors"]) == {"judged", "refit"}
    assert load_record().validation is not None


def test_best_set_is_that_of_the_refit(shipped_posterior):
    best = load_posterior("refit").best
    kept = {name: next(iter(steps.values())) for name, steps in load_scenario("calibrated").settings.items()}
    assert kept and kept == {name: best[name] for name in kept}


def test_long_checks_belong_to_the_shipped_posteriors(shipped_posterior):
    found = json.loads(verify.FILE.read_text(encoding="utf-8"))
    assert found["code"] == model_digest(), "run: make verify-long"
    for kind in ("judged", "refit"):
        assert found[kind]["posterior"] == load_posterior(kind).digest
        assert found[kind]["failed"] == [] and found[kind]["remade"]


def test_description_tells_the_contradiction_and_every_assumption():
    text = odd.render()
    assert "the model follows the prose" in text
    assert text.count("*assumption*") >= sum(p.source == "assumption" for p in PARAMETERS.values())
