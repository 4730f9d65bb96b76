"""Does a report that is true pass, and is every way of being untrue found and told in one line?"""

import json
import re

import pytest
from made_up import comparison, fill
from made_up_why import fill_sensitivity

from simulator import report_findings
from simulator import verify as verifier
from simulator.cli import main
from simulator.compare import comparison_requests
from simulator.parameters import PARAMETERS
from simulator.provenance import Stamp, about, remade
from simulator.report import report_html
from simulator.results import InputError
from simulator.scenario import load_scenario
from simulator.store import Store
from simulator.verify import differences, verify

pytestmark = pytest.mark.slow  # most of these write a whole report

STAMP = Stamp("2026-11-26", "3.12.1", "2.4.0", "3.5.1")  # another machine than this


@pytest.fixture(scope="module")
def written():
    """A report in English of made-up runs, as text."""
    return report_html(comparison(), "en", STAMP)


@pytest.fixture
def stored(tmp_path, monkeypatch):
    """A store that holds the made-up runs, so that nothing is simulated."""
    monkeypatch.setenv("GARMENT_SIM_HOME", str(tmp_path / "home"))
    store = Store()
    fill(store)
    return store


@pytest.fixture
def file(tmp_path, written):
    def write(text=written):
        path = tmp_path / "report.html"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_a_true_report_is_equal_whenever_and_wherever_it_was_made(file, stored, capsys):
    path = file()
    assert main(["verify", str(path), "--stored"]) == 0
    assert "equal; " in capsys.readouterr().out
    verdict = verify(path, stored)
    assert verdict.equal and verdict.compared > 1000 and verdict.reasons == () and not verdict.unchecked
    assert verdict.to_json()["equal"] is True


def test_stored_findings_are_told_to_be_unchecked_and_hide_nothing_else(file, stored, capsys):
    fill_sensitivity()
    findings = report_findings.stored(comparison(), stored)
    text = report_html(comparison(), "both", STAMP, findings)
    path = file(text)
    assert main(["verify", str(path), "--stored"]) == 0
    assert "all that is shown but the stored findings" in capsys.readouterr().out
    verdict = verify(path, stored)
    assert verdict.equal and verdict.unchecked
    for bad in ("<p>Jobs double.</p>", '<section id="en-more"><p>Jobs double.</p></section>'):
        hidden = text.replace("<h1>", f"{report_findings.marked(bad)}<h1>", 1)
        assert not verify(file(hidden), stored).equal


def test_a_number_that_was_changed_in_what_it_carries_is_named(file, stored, written, capsys):
    carried = json.loads(written.partition('id="numbers">')[2].partition("</script>")[0])
    row = next(
        r for r in carried["summary"]["rows"] if r[0] == "transition" and r[2:5] == ["2040", "all", "employment"]
    )
    changed = written.replace(json.dumps(row, separators=(",", ":")),
                              json.dumps([*row[:7], row[7] * 1.001, *row[8:]], separators=(",", ":")))  # fmt: skip
    assert changed != written
    assert main(["verify", str(file(changed)), "--stored"]) == 5
    said = capsys.readouterr()
    assert "not equal" in said.out and "transition" in said.err and "employment" in said.err and "2040" in said.err


@pytest.mark.parametrize("pattern", [r"(\d+)( <span class=\"band\">)", r"(,\"median\":)(\d)"])
def test_a_number_that_was_changed_where_it_is_shown_is_found(file, stored, written, pattern):
    place = re.search(pattern, written)
    changed = f"{written[: place.start()]}{place.group(1)}7{place.group(2)}{written[place.end() :]}"
    verdict = verify(file(changed), stored)
    assert not verdict.equal
    assert "shows" in verdict.reasons[0] or "charts" in verdict.reasons[0]


@pytest.mark.parametrize(
    "old, new, told",
    [
        ('"model":"', '"model":"9', "another version"),
        ('"code":"', '"code":"0', "another code of the model"),
        ('"data":"', '"data":"0', "another data"),
        ('"pages":"', '"pages":"0', "another pages"),
    ],
)
def test_another_version_is_told_and_nothing_is_run(file, written, monkeypatch, capsys, old, new, told):
    monkeypatch.setattr(verifier, "compare", None)
    assert main(["verify", str(file(written.replace(old, new, 1)))]) == 5
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    "damage, told",
    [
        (lambda text: "", "is no report"),
        (lambda text: "<html><body>hello</body></html>", "is no report"),
        (lambda text: text[: len(text) // 2], "ends too early"),
        (lambda text: text.replace('"draws":[-1]', '"draws":["x"]'), "draws"),
        (lambda text: text.replace('"draws":[-1]', '"draws":[5]'), "never has"),
        (lambda text: text.replace('"format":1', '"format":2'), "format 2"),
        (lambda text: text.replace('"seeds":[0,1,2]', '"seeds":[]'), "seeds"),
        (lambda text: text.replace('"people_per_agent":50', '"people_per_agent":"50"'), "people_per_agent"),
        (lambda text: text.replace("schema_version: 1", "schema_version: 7"), "is not valid"),
        (lambda text: text.replace('id="numbers">{', 'id="numbers">'), "numbers cannot be read"),
    ],
)
def test_a_damaged_file_is_refused_in_one_line(file, written, capsys, damage, told):
    assert main(["verify", str(file(damage(written)))]) == 3
    said = capsys.readouterr().err
    assert told in said and said.count("\n") == 1 and "Traceback" not in said


def test_what_is_no_text_or_not_there_is_refused(tmp_path, capsys):
    (tmp_path / "a.html").write_bytes(b"\xff\xfe\x00")
    assert main(["verify", str(tmp_path / "a.html")]) == 3
    assert main(["verify", str(tmp_path / "none.html")]) == 3
    assert capsys.readouterr().err.count("\n") == 2


def test_a_scenario_comes_back_with_what_a_draw_may_change():
    """Settings that calibration found give way to a draw, those that somebody chose do not."""
    scenario = load_scenario("transition").with_values({"automation.subsidy": 0.2}, id="mine")
    entry = next(e for e in about(comparison([scenario], seeds=1), STAMP)["scenarios"] if e["id"] == "mine")
    back = remade(json.loads(json.dumps(entry)))
    assert (back.digest, back.start, back.text) == (scenario.digest, scenario.start, scenario.text)
    free = {n: PARAMETERS[n] for n in back.settings if n not in entry["chosen"] and PARAMETERS[n].from_ == "always"}
    name, number = next(iter(free.items()))
    other = number.low if back.value(name, "2012Q1") != number.low else number.high
    assert back.with_draw({name: other}).value(name, "2012Q1") == other
    assert back.with_draw({"automation.subsidy": 0.1}).value("automation.subsidy", "2030Q1") == 0.2
    with pytest.raises(InputError, match="incomplete"):
        remade({"id": "x"})


def test_numbers_are_equal_to_nine_figures_and_no_less():
    table = {"columns": ["scenario", "median"], "rows": [["a", 1.0], ["b", None]]}
    near = {"summary": {"columns": table["columns"], "rows": [["a", 1.0 + 1e-12], ["b", None]]}}
    far = {"summary": {"columns": table["columns"], "rows": [["a", 1.0 + 1e-6], ["b", 0.0]]}}
    assert differences(near, {"summary": table}) == ([], 4)
    assert len(differences(far, {"summary": table})[0]) == 2
    assert "other columns or rows" in differences({}, {"summary": table})[0][0]


def test_without_stored_runs_everything_is_run_anew(tmp_path, monkeypatch):
    """A report of real runs, small ones, made and checked."""
    monkeypatch.setenv("GARMENT_SIM_HOME", str(tmp_path / "home"))
    out = tmp_path / "report.html"
    small = ["--draws", "0", "--seeds", "1", "--people-per-agent", "1000", "--until", "2026", "--workers", "1"]
    assert main(["report", "status_quo", *small, "--out", str(out)]) == 0
    runs = len(comparison_requests(["status_quo"], draws=0, seeds=1))
    for path in Store():
        path.unlink()
    verdict = verify(out, workers=1)
    assert verdict.equal and verdict.runs == runs
    assert not list(Store()), "a check keeps nothing"
    text = out.read_text(encoding="utf-8")
    changed = text.replace(
        "\\n  wages.minimum_wage_growth: {2025Q1: 0.015", "\\n  wages.minimum_wage_growth: {2025Q1: 0.05", 1
    )
    assert changed != text
    out.write_text(changed, encoding="utf-8")
    assert not verify(out, workers=1).equal, "the numbers no longer follow from what the report says of itself"
