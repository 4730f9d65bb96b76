"""Is the report complete, alone, safe, and true to the tables?"""

import json
import re
from html.parser import HTMLParser

import pytest
from made_up import comparison
from made_up_why import fill_discovery, fill_optimum, fill_sensitivity, fill_why

from simulator import report, report_findings
from simulator.drawing import Tables
from simulator.findings_words import optimum_words, sensitivity_words
from simulator.panels.why_job import Question
from simulator.report import report_html, write_report
from simulator.store import Store
from simulator.tables import RESULTS, band, first_difference
from simulator.texts import LANGUAGES, text

pytestmark = pytest.mark.slow  # each test draws a whole report

SECTIONS = (
    "question",
    "what_compared",
    "main_results",
    "charts",
    "policy_world",
    "people",
    "cost",
    "differs",
    "evidence",
    "words",
    "limits",
    "sources",
    "reproduce",
)
EVIL = "schema_version: 1\ntitle: {en: '<script>alert(1)</script>', km: '<img src=x onerror=alert(1)>'}\n"
EVIL += "question: {en: '</script><b>?', km: '\"><svg onload=alert(1)>'}\nbased_on: baseline\n"
EVIL += "set: {trade.eu_preference: {2028Q1: 0.5}}\nsources: [seed]\n"


class Page(HTMLParser):
    """Tags with their attributes, and the text by the tag it stands in."""

    def __init__(self, content):
        super().__init__()
        self.tags, self.ids, self.inside = [], set(), []
        self.styles, self.scripts, self.words = [], {}, []
        self.feed(content)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.append((tag, attrs))
        self.ids.add(attrs.get("id"))
        if tag in ("style", "script"):
            self.inside.append((tag, attrs.get("id", len(self.scripts))))

    def handle_endtag(self, tag):
        if self.inside and self.inside[-1][0] == tag:
            self.inside.pop()

    def handle_data(self, data):
        if not self.inside:
            self.words.append(data)
        elif self.inside[-1][0] == "style":
            self.styles.append(data)
        else:
            self.scripts[self.inside[-1][1]] = self.scripts.get(self.inside[-1][1], "") + data


@pytest.fixture(scope="module")
def compared():
    return comparison()


@pytest.fixture(scope="module")
def page(compared):
    return Page(report_html(compared))


def test_nothing_in_the_report_asks_the_network(page):
    for tag, attrs in page.tags:
        assert tag not in ("link", "iframe", "object", "embed", "base", "form")
        for name in ("src", "srcset", "data", "poster", "action", "background"):
            assert attrs.get(name, "data:").startswith("data:"), (tag, attrs)
        assert attrs.get("href", "#").startswith("#")
        assert "url(" not in attrs.get("style", "")
    assert not re.search(r"@import|url\((?!data:)", "".join(page.styles))
    policy = next(attrs["content"] for _, attrs in page.tags if "http-equiv" in attrs)
    assert "default-src 'none'" in policy and "http" not in policy


def test_every_part_is_there_in_both_languages(page):
    for lang in LANGUAGES:
        assert {f"{lang}-{name}" for name in SECTIONS} <= page.ids
        assert text("app.khmer_pending", lang) in page.words
        assert text("app.disclaimer", lang) in page.words
        assert any(text("report.contradiction", lang) in words for words in page.words)
    mains = [attrs["lang"] for tag, attrs in page.tags if tag == "main"]
    assert mains == ["en", "km"]
    links = [attrs["href"] for tag, attrs in page.tags if tag == "a"]
    assert links and {link[1:] for link in links} <= page.ids


def test_every_figure_has_its_specification_its_words_and_its_table(page):
    charts = json.loads(page.scripts["charts"])
    figures = [attrs for _, attrs in page.tags if "data-chart" in attrs]
    assert len(figures) == sum(map(len, charts.values())) >= 2 * 10
    assert all(attrs["aria-label"] for attrs in figures)
    titled = [attrs for attrs in figures if attrs["data-chart"].startswith(("people_", "cost_"))]
    captions = [tag for tag, _ in page.tags if tag == "figcaption"]
    assert len(captions) == len(figures) - len(titled), "what a title says needs no caption"
    told = {"".join(spec["title"]["text"]).replace(" ", "") for named in charts.values() for spec in named.values()
            if "title" in spec}  # fmt: skip
    for attrs in titled:
        assert attrs["aria-label"].replace(" ", "").replace("\u200b", "") in {t.replace("\u200b", "") for t in told}
    assert {attrs["data-chart"] for attrs in figures} == set(charts["en"]) == set(charts["km"])


def cell(told):
    middle, rest = told.split(" ", 1)
    return f'>{middle} <span class="band">{rest}</span></td>'


def test_stored_findings_of_this_version_and_these_scenarios_come_along(compared, tmp_path, monkeypatch):
    monkeypatch.setenv("GARMENT_SIM_HOME", str(tmp_path))
    store = Store()
    assert not report_findings.stored(compared, store)
    fill_why()
    fill_why(Question("status_quo", "transition", "exports", "2040"))
    old = fill_why(Question("baseline", "status_quo", "employment", "2040"))
    told = json.loads(old.read_text("utf-8"))
    told["metadata"]["scenarios"]["baseline"] = "0" * 12  # another scenario of that name
    old.write_text(json.dumps(told), "utf-8")
    torn = fill_why(Question("baseline", "no_garment_sector", "employment", "2040"))
    torn.write_text("{", "utf-8")
    fill_sensitivity(), fill_discovery(), fill_optimum()
    found = report_findings.stored(compared, store)
    asked = [(one.metadata["a"], one.metadata["b"], one.indicator) for one in found.explanations]
    assert asked == [("baseline", "transition", "employment"), ("status_quo", "transition", "exports")]
    page = Page(report_html(compared, findings=found))
    drawn = json.loads(page.scripts["findings"])
    for lang in LANGUAGES:
        places = {attrs["data-chart"] for _, attrs in page.tags if attrs.get("data-chart", "").startswith(
            ("explain_", "sensitivity_", "box_", "optimum_"))}  # fmt: skip
        assert places == set(drawn[lang]) and len(places) > 8
        words = " ".join(page.words)
        assert text("report.findings_help", lang) in words
        assert all(one.text[lang] in words for one in found.explanations)
        assert sensitivity_words(found.sensitivity, "exports", lang)[0] in words
        assert all(told in words for told in optimum_words(found.optimum, lang))
        assert f"{lang}-findings" in page.ids


@pytest.mark.parametrize("lang", LANGUAGES)
def test_numbers_are_those_of_the_comparison_with_their_spread(compared, lang):
    content = report_html(compared, lang)
    tables = Tables.of_comparison(compared)
    for indicator in RESULTS:
        for scenario in tables.titles:
            row = tables.last(indicator, scenario)
            assert cell(band(row.median, row.p10, row.p90, indicator)) in content
            if scenario != "baseline":
                ends = row.difference, row.difference_p10, row.difference_p90
                assert cell(band(*ends, indicator, signed=True)) in content


def test_a_band_is_written_in_the_unit_of_its_axis():
    assert band(914_200, 901_000, 925_400, "employment") == "914 (901–925)"
    assert band(-0.1234, -0.2, 0.01, "automation", signed=True) == "−12.3 (−20.0 – +1.00)"
    assert band(float("nan"), 1, 2, "exports") == "–"


def test_one_language_can_be_asked_for(compared):
    page = Page(report_html(compared, "km"))
    assert [attrs["lang"] for tag, attrs in page.tags if tag in ("html", "main")] == ["km", "km"]
    assert not any("data-to" in attrs for _, attrs in page.tags)
    with pytest.raises(ValueError, match="'fr'"):
        report_html(compared, "fr")


def test_what_scenario_files_say_stays_text(tmp_path):
    path = tmp_path / "evil.yaml"
    path.write_text(EVIL, encoding="utf-8")
    content = report_html(comparison([path], seeds=1))
    page = Page(content)
    scripts = [attrs for tag, attrs in page.tags if tag == "script"]
    assert len(scripts) == 5 and not any("src" in attrs for attrs in scripts)
    assert not any(name.startswith("on") for _, attrs in page.tags for name in attrs)
    assert any("<script>alert(1)</script>" in words for words in page.words)
    texts = {entry["id"]: entry["text"] for entry in json.loads(page.scripts["about"])["scenarios"]}
    assert "<script>alert(1)" in texts["evil"]
    assert "2028Q1" in page.words
    words = " ".join(page.words)
    assert text("report.title_other", "en") in words and text("app.intro", "en") not in words
    assert "garment-sim compare evil.yaml --baseline baseline --draws 0 --seeds 1" in words


def test_it_tells_how_to_repeat_it_and_where_numbers_come_from(compared, page):
    words = " ".join(page.words)
    about = compared.metadata
    for told in (about["model"], about["code"], about["data"], "garment-sim compare", "--seeds 3", "schema_version"):
        assert told in words
    names = set(compared.inputs["name"])
    assert names and all(f"[{key}]" not in words or f" {key} " in words.replace("\n", " ") for key in ("P144", "P06"))
    assert json.loads(page.scripts["about"])["metadata"]["data"] == about["data"]


def test_a_path_says_when_it_first_differs(compared):
    transition = next(s for s in compared.scenarios if s.id == "transition")
    assert first_difference(transition, compared.baseline, "automation.subsidy") == "2025Q1"
    later = transition.with_values({"automation.subsidy": {"2025Q1": 0.0, "2030Q3": 0.2}})
    assert first_difference(later, compared.baseline, "automation.subsidy") == "2030Q3"


def test_failed_runs_are_named(compared):
    from dataclasses import replace

    from simulator.batch import Failure

    failed = replace(compared, failures=(Failure(compared.requests[0], "RuntimeError: <no>"),))
    content = report_html(failed, "en")
    assert "baseline, seed 0: RuntimeError: &lt;no&gt;" in content


def test_an_unfinished_report_never_takes_the_place_of_a_finished_one(compared, tmp_path, monkeypatch):
    path = tmp_path / "report.html"
    assert write_report(compared, path, "en") == path
    before = path.read_bytes()

    def broken(place, page):
        place.write_text(page[:100], encoding="utf-8")
        raise OSError("disk full")

    monkeypatch.setattr(report, "_write", broken)
    with pytest.raises(OSError, match="disk full"):
        write_report(compared, path, "en")
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]
