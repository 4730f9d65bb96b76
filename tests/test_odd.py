"""Does ODD.md say what the code does?"""

import json
from pathlib import Path

from simulator import odd
from simulator.analysis.criteria import CRITERIA
from simulator.fingerprint import model_digest
from simulator.parameters import PARAMETERS

FILE = Path(__file__).resolve().parent.parent / "ODD.md"


def test_description_is_current():
    assert FILE.read_text(encoding="utf-8") == odd.render(), "run: python -m simulator.odd"


def test_verdicts_belong_to_this_model():
    found = json.loads(odd.VERDICTS.read_text(encoding="utf-8"))
    assert found["code"] == model_digest(), "run: python -m simulator.odd --judge"
    assert [row["id"] for row in found["rows"]] == list(CRITERIA)
    told = FILE.read_text(encoding="utf-8").partition("## 10.")[2].partition("## 11.")[0]
    missing = [row["id"] for row in found["rows"] if row["verdict"] != "pass" and row["id"] not in told]
    assert not missing, "section 10 must explain what fails"


def test_description_tells_the_contradiction_and_every_assumption():
    text = odd.render()
    assert "the model follows the prose" in text
    assert text.count("*assumption*") >= sum(p.source == "assumption" for p in PARAMETERS.values())
