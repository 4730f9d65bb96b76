"""Does every file that is taken home open in its program, and say how it was made and what it is worth?"""

import io
import json
import re
import zipfile
from dataclasses import replace

import numpy as np
import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pypdfium2
import pytest
import yaml
from made_up import comparison
from made_up_why import explanation, fill_discovery, fill_optimum, fill_sensitivity
from PIL import Image

from simulator import bundle, report_findings
from simulator.compare import SUMMARY_COLUMNS
from simulator.findings_words import optimum_words
from simulator.outlines import outlined, width_of, words_path
from simulator.pdf import document, typeset
from simulator.provenance import Stamp, facts, worth
from simulator.scenario import load_scenario
from simulator.stills import TALL, WIDE, fitted, picture
from simulator.store import Store
from simulator.texts import LANGUAGES, text

STAMP = Stamp("2026-11-26", "3.12.1", "2.4.0", "3.5.1")
SVG = '<svg xmlns="http://www.w3.org/2000/svg"><text x="5" y="9" font-size="10" fill="red">{}</text></svg>'


@pytest.fixture(scope="module")
def compared():
    return comparison(seeds=2)


def says_how(words, compared):
    """Version, data, scenarios, seeds, date; no forecast; the Khmer unread."""
    about = compared.metadata
    for told in (about["model"], about["code"], about["data"], "2026-11-26", "0, 1"):
        assert told in words
    return all(any(sentence in words for sentence in worth(compared, lang)) for lang in LANGUAGES)


def test_excel_opens_with_its_sheets_numbers_and_words(compared):
    content = io.BytesIO(bundle.excel(compared, STAMP))
    book = openpyxl.load_workbook(content)
    assert book.sheetnames == ["About", "Results", "Years", "People", "Cost", "Settings", "Policy or world"]
    about = "\n".join(str(cell.value) for row in book["About"].iter_rows() for cell in row)
    assert says_how(about, compared)
    sheet = pd.read_excel(content, sheet_name="Results")
    row = sheet[(sheet["scenario"] == "transition") & (sheet["indicator"] == "employment")].iloc[0]
    mine = compared.summary
    mine = mine[(mine["scenario"] == "transition") & (mine["indicator"] == "employment")]
    assert row["median"] == mine[(mine["period"] == "2040") & (mine["group"] == "all")].iloc[0]["median"]
    assert row["indicator (en)"] == "Jobs" and row["indicator (km)"] == text("indicators.employment.label", "km")


def test_the_archive_holds_the_table_its_description_and_scenarios_that_load(compared, tmp_path):
    content = bundle.csv_archive(compared, STAMP)
    assert content == bundle.csv_archive(compared, STAMP), "the same bytes each time"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(tmp_path)
    raw = (tmp_path / "comparison.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    table = pd.read_csv(tmp_path / "comparison.csv")
    assert tuple(table.columns) == SUMMARY_COLUMNS and len(table) == len(compared.summary)
    np.testing.assert_allclose(table["median"], compared.summary["median"])
    package = json.loads((tmp_path / "datapackage.json").read_text(encoding="utf-8"))
    assert [f["name"] for f in package["resources"][0]["schema"]["fields"]] == list(SUMMARY_COLUMNS)
    assert package["garment-sim"]["made_on"] == "2026-11-26"
    words = "\n".join((tmp_path / f"README-{lang}.txt").read_text(encoding="utf-8-sig") for lang in LANGUAGES)
    assert says_how(words, compared)
    for scenario in (compared.baseline, *compared.scenarios):
        path = tmp_path / "scenarios" / f"{scenario.id}.yaml"
        assert load_scenario(path).digest == scenario.digest
        assert "# " + worth(compared, "en")[0] in path.read_text(encoding="utf-8")


def test_parquet_carries_how_it_was_made(compared):
    content = bundle.parquet(compared, STAMP)
    frame = pd.read_parquet(io.BytesIO(content))
    assert tuple(frame.columns) == SUMMARY_COLUMNS and len(frame) == len(compared.summary)
    about = json.loads(pq.read_schema(io.BytesIO(content)).metadata[bundle.META])
    assert about["metadata"]["data"] == compared.metadata["data"] and about["worth"]["km"]


def test_what_a_scenario_says_in_comments_stays_comment(compared):
    """A title with a line break must not become a setting."""
    evil = load_scenario("transition").with_values({"automation.subsidy": 0.1}, id="evil")
    evil.title["en"] = "a\nset: {wages.minimum_wage_growth: 0.5}"
    said = bundle.scenario_file(evil, comparison([evil], seeds=1), STAMP)
    assert yaml.safe_load(said)["set"].get("wages.minimum_wage_growth") != 0.5
    assert all(line.startswith("#") for line in said.split("# scenario evil")[0].splitlines() if line)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_picture_is_sized_for_sharing_and_drawn_to_its_edges(compared, lang):
    image = Image.open(io.BytesIO(picture(compared, lang, STAMP))).convert("L")
    assert image.size == (WIDE, TALL)
    ink = np.asarray(image) < 160
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    assert rows[0] > 5 and rows[-1] < TALL - 3 and columns[0] > 20 and columns[-1] < WIDE - 20
    assert ink[:120].mean() > 0.02 and ink[150:520].mean() > 0.005 and ink[560:].mean() > 0.01


@pytest.mark.slow
@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_pdf_has_pages_words_and_pictures(compared, lang):
    said = document(compared, lang, STAMP)
    assert said["facts"] == facts(compared, lang, STAMP) and said["worth"] == worth(compared, lang)
    content = typeset(said)
    assert content == typeset(said), "the same bytes each time"
    file = pypdfium2.PdfDocument(content)
    width, height = file[0].get_size()
    assert (round(width), round(height)) == (595, 842), "A4"
    assert len(file) >= 5
    assert file.get_metadata_dict()["Title"].replace("\u200b", "") == text("report.title", lang).replace("\u200b", "")
    words = "".join(page.get_textpage().get_text_range() for page in file)
    for told in (compared.metadata["model"], compared.metadata["code"], compared.metadata["data"], "2026-11-26"):
        assert told in words
    if lang == "en":
        for sentence in (text("app.disclaimer", "en"), text("app.khmer_pending", "en"), text("take.people", "en")):
            assert sentence in " ".join(words.split())
    else:
        assert len(re.findall("[\u1780-\u17ff]", words)) > 2000
    for page in file:
        ink = np.asarray(page.render(scale=0.5).to_pil().convert("L")) < 200
        assert ink.mean() > 0.002, "no page is empty"
        assert not ink[:, :8].any() and not ink[:, -8:].any(), "nothing runs off the page"


@pytest.mark.slow
def test_the_pdf_takes_stored_findings_along_and_says_that_they_are_unchecked(compared, tmp_path, monkeypatch):
    monkeypatch.setenv("GARMENT_SIM_HOME", str(tmp_path))
    fill_sensitivity()
    fill_discovery()
    fill_optimum()
    _, explained = explanation()
    found = replace(report_findings.stored(compared, Store()), explanations=(explained,))
    plain, said = document(compared, "en", STAMP), document(compared, "en", STAMP, found)
    (section,) = [one for one in said["sections"] if one["title"] == text("report.findings", "en")]
    assert [one["title"] for one in said["sections"] if one is not section] == [
        one["title"] for one in plain["sections"]
    ]
    words = " ".join(part.get("words", "") for part in section["parts"])
    assert text("report.findings_help", "en") in words and explained.text["en"] in words
    assert " ".join(optimum_words(found.optimum, "en")) in words
    drawn = [chart for part in section["parts"] if part["kind"] == "pair" for chart in part["charts"]]
    assert len(drawn) == len(report_findings.charts(found, "en")) > 4 and all(chart["said"] for chart in drawn)
    assert len(pypdfium2.PdfDocument(typeset(said))) > len(pypdfium2.PdfDocument(typeset(plain)))


# ---- words as outlines


def test_words_become_paths_and_keep_their_look():
    made = outlined(SVG.format("Jobs −5 ស្ត្រី → x"))
    assert "<text" not in made and made.count("<path") == 1
    assert 'fill="red"' in made and "font-size" not in made


def test_a_vowel_written_after_its_consonant_is_drawn_before_it():
    """ក + េ: the vowel stands left of the consonant, so the outline does not begin with that of ក."""
    alone, both = words_path("ក", 0, 0, 10), words_path("កេ", 0, 0, 10)
    assert both and alone and not both.startswith(alone)
    assert width_of("កេ", 10) > width_of("ក", 10)
    assert width_of("ស្ត្រី", 10) < width_of("ស", 10) + width_of("ត", 10) + width_of("រ", 10), "subscripts lie below"


def test_marks_that_only_say_where_lines_break_are_not_drawn():
    assert words_path("ការ\u200bងារ", 0, 0, 10) == words_path("ការងារ", 0, 0, 10)
    assert words_path("", 0, 0, 10) == "" and width_of("", 10) == 0


@pytest.mark.parametrize("letter", "−–“”«»…×→ABCabc123%$")
def test_every_sign_that_charts_use_has_a_shape(letter):
    empty = words_path("\ue000", 0, 0, 10)  # what stands for a letter no font has
    assert words_path(letter, 0, 0, 10) not in ("", empty)


def test_words_end_at_their_anchor():
    def begin(anchor):
        return float(re.match(r"M(-?[\d.]+)", words_path("mmmm", 100, 0, 10, anchor=anchor)).group(1))

    assert begin("start") > begin("middle") > begin("end")
    assert begin("start") - begin("end") == pytest.approx(width_of("mmmm", 10), abs=0.05)


def test_lines_are_no_wider_than_their_room():
    for lang in LANGUAGES:
        lines = fitted(text("app.intro", lang), 20, False, 400)
        assert len(lines) > 2 and all(width_of(line, 20) <= 400 for line in lines)
