"""Does the page of evidence say what the record holds, also where the model loses, and nothing where there is none?"""

import json
import re
from dataclasses import replace

import pytest
from made_up import FITTED, comparison, validation
from streamlit.testing.v1 import AppTest

from simulator import evidence
from simulator import tables as html
from simulator.analysis.criteria import CRITERIA
from simulator.drawing import Tables
from simulator.parameters import PARAMETERS
from simulator.posterior import load_posterior
from simulator.record import LEVELS, Record, agree, badge, data_grade, load_record
from simulator.results import InputError
from simulator.sentences import first_words, more_words
from simulator.tables import RESULTS
from simulator.terminal import print_comparison
from simulator.texts import LANGUAGES, label, text


@pytest.fixture
def judged(posterior):
    """A made-up posterior with its validation beside it."""
    write(posterior, validation(load_posterior("judged").digest))
    return posterior


def write(folder, document):
    (folder / "validation.json").write_text(json.dumps(document), encoding="utf-8")


def words(html):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


# The record


def test_without_a_posterior_the_record_is_empty_and_the_page_says_so():
    record = load_record()
    assert record.judged is None and record.validation is None and not record.stale
    for lang in LANGUAGES:
        assert evidence.pieces(record, lang) == {"intro": f'<p class="note">{text("evidence.empty", lang)}</p>'}
    assert evidence.charted(record) == () and evidence.source_keys(record) == set()


def test_a_validation_of_another_posterior_counts_for_nothing(judged):
    assert load_record().validation is not None
    write(judged, validation("0" * 12))
    record = load_record()
    assert record.validation is None
    assert text("evidence.no_validation", "en") in words(evidence.pieces(record, "en")["holdout"])


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"metadata": {}, "statements": 3}'])
def test_a_damaged_validation_is_told_in_one_line(judged, content):
    (judged / "validation.json").write_text(content)
    with pytest.raises(InputError, match=r"validation\.json is damaged .*; garment-sim validate --out") as told:
        load_record()
    assert "\n" not in str(told.value)


# Badges


def test_badges_follow_from_the_record(judged):
    record = load_record()
    found = {name: badge(name, record) for name in ("exports", "employment", "mean_wage", "automation")}
    assert [b.level for b in found.values()] == ["tested", "partly_tested", "partly_tested", "untested"]
    assert found["exports"].reason("en").startswith("On 5 kept-out figures its mean error is 8.3%, smaller than")
    assert "a naive forecast does as well or better" in found["employment"].reason("en")
    assert "not tested on kept-out years" in found["mean_wage"].reason("en")
    assert found["automation"].reason("en") == text("badges.no_figures", "en")
    write(judged, validation(load_posterior("judged").digest, wins=False))
    assert badge("exports").level == "partly_tested"
    assert all(b.name(lang) for b in found.values() for lang in LANGUAGES)
    assert {b.level for b in found.values()} == set(LEVELS)


def test_a_badge_says_when_runs_disagree_about_the_direction(judged):
    assert badge("exports", sign_share=0.8).reason("en").endswith("80% of the paired runs agree on the direction.")
    assert badge("exports", sign_share=0.79).reason("en").endswith("so the model cannot tell.")
    assert "paired" not in badge("exports", sign_share=float("nan")).reason("en")
    assert agree(0.8) and not agree(0.799) and not agree(float("nan"))


def test_the_grade_is_that_of_the_best_figures():
    assert data_grade("exports") == "verified"
    assert data_grade("automation") is None


# Sentences


def test_below_four_fifths_of_the_pairs_the_model_cannot_tell(monkeypatch):
    tables = Tables.of_comparison(comparison(["transition"], seeds=3, grid=False))
    at = (tables.summary["scenario"] == "transition") & (tables.summary["indicator"] == "exports")
    for share, low, told in ((0.85, -100.0, "more than in the baseline"), (0.75, 10.0, "the model cannot tell")):
        tables.summary.loc[at, "sign_share"] = share
        tables.summary.loc[at, ["difference_p10", "difference", "difference_p90"]] = (low, 900.0, 2000.0)
        assert told in " ".join(more_words(replace(tables), "transition", "en"))  # a table is read once
    assert first_words(tables, "transition", "km")


def test_the_table_of_results_marks_what_runs_disagree_about(judged):
    tables = Tables.of_comparison(comparison(["transition"], seeds=3, grid=False))
    record = load_record()
    tables.summary.loc[tables.summary["scenario"] == "transition", "sign_share"] = 2 / 3
    content = html.results(tables, "en", record)
    assert content.count(text("badges.cannot_tell", "en")) == len(RESULTS)
    assert 'class="badge tested"' in content and 'class="badge untested"' in content
    assert "badge" not in html.results(tables, "en", Record()) and html.badges("en", Record()) == ""
    for lang in LANGUAGES:
        assert text("badges.help", lang) in html.badges(lang, record)


def test_the_command_line_marks_what_runs_disagree_about(capsys):
    compared = comparison(["transition"], seeds=3, grid=False)
    for share, told in ((1.0, 0), (2 / 3, 1), (0.0, 0)):
        at = (compared.summary["scenario"] == "transition") & (compared.summary["indicator"] == "exports")
        compared.summary["sign_share"] = 1.0
        compared.summary.loc[at, "sign_share"] = share
        print_comparison(compared)
        assert capsys.readouterr().out.count("cannot tell") == told


# The page


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_part_is_told_in_both_languages(judged, lang):
    found = evidence.pieces(load_record(), lang)
    assert list(found) == ["intro", "fit", "holdout", "events", "targets", "assumptions", "misses"]
    for name in found:
        assert name == "intro" or text(f"evidence.{name}", lang)
    told = words(found["fit"])
    assert label("exports", lang) in told and "4,850 ± 5%" in told and "−1%" in told
    assert text("targets.share_to_us", lang) in told and "a_target_of_later" in told
    assert "[P144]" in words(found["targets"])
    assert text("evidence.statements", lang, total=3, passed=1, failed=1, open=1) in words(found["misses"])


def test_the_page_says_where_the_model_misses(judged):
    told = words(evidence.pieces(load_record(), "en")["misses"])
    assert "Factories, 2013: published 1,000, in the model 1,200 to 1,400." in told
    assert "Jobs (thousand people), 2022: published 900, in the model 400 to 600." in told
    assert "employment judged." in told and "exports judged." not in told
    assert f"Does not hold: {CRITERIA['T2.3'].text} (T2.3)." in told
    assert "Exports (million USD), 2012" not in told


def test_the_page_says_what_is_assumption(judged):
    told = words(evidence.pieces(load_record(), "en")["assumptions"])
    assumed = sum(p.source == "assumption" for p in PARAMETERS.values())
    assert f"{assumed} of the {len(PARAMETERS)} numbers" in told
    assert label(FITTED[0], "en") in told and f"{label(FITTED[1], 'en')} with {label(FITTED[2], 'en')}" in told
    assert label(FITTED[3], "en") not in told
    informed = sum(0.1 * (k % 9) >= evidence.INFORMED for k in range(len(FITTED)))
    assert f"narrow {informed} of them" in told


def test_what_was_made_with_other_code_is_marked(judged):
    about = json.loads((judged / "judged.json").read_text())
    (judged / "judged.json").write_text(json.dumps(about | {"code": "0" * 12}))
    assert text("evidence.stale", "en") in evidence.pieces(load_record(), "en")["intro"]


def test_names_of_scenarios_and_targets_stay_text(judged):
    about = json.loads((judged / "judged.json").read_text())
    evil = {"target": "<script>", "period": "<b>", "observed": 1.0, "sd": 0.1, "median": None, "sources": ["<i>"]}
    (judged / "judged.json").write_text(json.dumps(about | {"fit": [evil]}))
    found = "".join(evidence.pieces(load_record(), "en").values())
    assert "<script>" not in found and "<b>" not in found and "<i>" not in found


@pytest.mark.parametrize("series", ["exports", "employment", "factories"])
def test_charts_show_what_was_fitted_and_what_was_kept_out(judged, series):
    import altair

    record = load_record()
    assert series in evidence.charted(record)
    for lang in LANGUAGES:
        spec = evidence.chart(record, series, lang)
        altair.Chart.from_dict(spec, validate=True)
        assert evidence.alternative(record, series, lang)
    points = [row for one in spec["layer"] if one["mark"]["type"] == "point" for row in one["data"]["values"]]
    kept_out = [row["year"] for row in points if row["kept_out"]]
    assert kept_out == (list(range(2020, 2025)) if series == "exports" else [2022, 2024])
    assert min(row["year"] for row in points) == (2013 if series == "factories" else 2012)
    dashed = next(one for one in spec["layer"] if one["mark"].get("strokeDash") == [5, 4])
    assert dashed["data"]["values"][0]["year"] == 2019


def test_criteria_have_the_words_of_the_table():
    for id, criterion in CRITERIA.items():
        assert text(f"criteria.{id}", "en") == criterion.text
        assert text(f"criteria.{id}", "km") != criterion.text


# The app and the report


def app():
    from simulator.panels.evidence import page

    page()


def visit(lang="en"):
    shown = AppTest.from_function(app, default_timeout=60)
    shown.query_params["lang"] = lang
    shown.run()
    assert not shown.exception
    return shown


def body(shown):
    return "\n".join(element.proto.body for element in shown.get("html"))


def test_the_app_without_a_posterior_says_that_there_is_no_evidence_yet():
    shown = visit("km")
    assert shown.title[0].value == text("app.page_evidence", "km")
    assert text("evidence.empty", "km") in body(shown) and not shown.header


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_app_shows_the_whole_page(judged, lang):
    shown = visit(lang)
    heads = [header.value for header in shown.header]
    assert heads == [text(f"evidence.{name}", lang) for name in list(evidence.pieces(load_record(), lang))[1:]]
    charts = shown.get("arrow_vega_lite_chart") or shown.get("vega_lite_chart")
    assert len(charts) == 3
    assert text("app.sources", lang) in body(shown) and "P144" in body(shown)


def test_damage_is_told_on_the_page(judged):
    (judged / "judged.parquet").write_bytes(b"PAR1")
    shown = visit()
    assert shown.error[0].value == text("evidence.damaged", "en")
    assert "is damaged" in shown.code[0].value


@pytest.mark.slow
def test_the_report_carries_the_evidence_and_survives_its_damage(judged):
    from simulator.report import report_html

    compared = comparison(["transition"], seeds=1)
    content = report_html(compared, "en")
    assert 'data-chart="evidence_exports"' in content and '"evidence_exports":' in content
    assert text("evidence.misses", "en") in content and 'class="badge tested"' in content
    assert "<strong>P144</strong>" in content
    (judged / "refit.json").write_text("{")
    content = report_html(compared, "en")
    assert text("evidence.damaged", "en") in content and 'data-chart="evidence' not in content
