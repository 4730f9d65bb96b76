"""Does ODD.md say what the code does?"""

from pathlib import Path

from simulator import odd
from simulator.parameters import PARAMETERS

FILE = Path(__file__).resolve().parent.parent / "ODD.md"


def test_description_is_current():
    assert FILE.read_text(encoding="utf-8") == odd.render(), "run: python -m simulator.odd"


def test_description_tells_the_contradiction_and_every_assumption():
    text = odd.render()
    assert "the model follows the prose" in text
    assert text.count("*assumption*") >= sum(p.source == "assumption" for p in PARAMETERS.values())
