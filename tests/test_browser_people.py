"""In a real browser: a phone reads in Khmer who loses; every kind of file is taken home, opened and checked."""

import io
import zipfile

import openpyxl
import pandas as pd
import pypdfium2
import pytest
import yaml
from browsing import DRAWN, fits, opened, serving
from made_up import fill, fill_lives
from PIL import Image
from playwright.sync_api import expect

from simulator.stills import TALL, WIDE
from simulator.store import Store
from simulator.texts import LANGUAGES, text
from simulator.verify import verify

pytestmark = pytest.mark.browser

PAGES = {"people": 6, "cost": 5, "take_away": 0}  # charts on each


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The address of the app, and its store."""
    home = tmp_path_factory.mktemp("home")
    store = Store(home / "runs")
    fill(store)
    fill_lives(store)
    with serving(home) as url:
        yield url, store


@pytest.mark.parametrize("name, lang, width", [
    ("people", "km", 360), ("people", "en", 1280), ("cost", "en", 360), ("cost", "km", 1280),
    ("take_away", "km", 360), ("take_away", "en", 1280),
])  # fmt: skip
def test_the_page_is_whole(chromium, served, tmp_path, name, lang, width):
    with opened(chromium, f"{served[0]}/{name}?lang={lang}", width) as page:
        page.wait_for_function(f"() => ({DRAWN})() >= {PAGES[name]}", timeout=90_000)
        page.get_by_text(text("app.disclaimer", lang)).first.wait_for(timeout=90_000)
        fits(page, width)
        cut = page.evaluate("() => [...document.querySelectorAll('svg.marks .role-title-text text')]"
                            ".map(t => t.textContent).filter(t => t.includes('…'))")  # fmt: skip
        assert cut == [], "a title that says what is found is not cut"
        assert [said for said in page.complaints if "404" not in said] == []
        page.screenshot(path=tmp_path / f"{name}-{lang}-{width}.png", full_page=True)


def test_a_phone_reads_in_khmer_who_loses(chromium, served):
    with opened(chromium, f"{served[0]}/people?lang=km", 360) as page:
        card = page.locator("article.card", has_text=text("terms.transition", "km")).first
        card.wait_for(timeout=90_000)
        losers = card.locator("ul.loses li").all_inner_texts()
        assert any(text("groups.gender=women", "km") in line and "−" in line for line in losers)
        assert card.bounding_box()["width"] <= 360


@pytest.fixture(scope="module")
def taken(chromium, served, tmp_path_factory):
    """Every file of the page, by name, as the browser saved it."""
    folder, found = tmp_path_factory.mktemp("taken"), {}
    with opened(chromium, f"{served[0]}/take_away?lang=km", 1280) as page:
        buttons = page.locator("[data-testid=stDownloadButton] button")
        expect(buttons).to_have_count(7, timeout=90_000)
        for place in range(buttons.count()):
            with page.expect_download(timeout=180_000) as waiting:
                buttons.nth(place).click()
            path = folder / waiting.value.suggested_filename
            waiting.value.save_as(path)
            found[path.name] = path
    return found


def test_every_kind_opens_with_its_own_program(taken):
    assert set(taken) == {"report.html", "report-km.pdf", "futures-km.png", "comparison.xlsx", "comparison.zip",
                          "comparison.parquet", "baseline.yaml"}  # fmt: skip
    assert len(pypdfium2.PdfDocument(taken["report-km.pdf"])) >= 5
    assert Image.open(taken["futures-km.png"]).size == (WIDE, TALL)
    assert "About" in openpyxl.load_workbook(taken["comparison.xlsx"], read_only=True).sheetnames
    with zipfile.ZipFile(taken["comparison.zip"]) as archive:
        table = pd.read_csv(io.BytesIO(archive.read("comparison.csv")))
    assert len(table) == len(pd.read_parquet(taken["comparison.parquet"])) > 10_000
    assert yaml.safe_load(taken["baseline.yaml"].read_text(encoding="utf-8"))["schema_version"] == 1


def test_the_report_that_was_taken_is_equal_and_stands_alone(taken, served, chromium):
    verdict = verify(taken["report.html"], served[1])
    assert verdict.equal, verdict.reasons
    with opened(chromium, taken["report.html"].as_uri(), 360) as page:
        for lang in LANGUAGES:
            page.get_by_role("button", name={"en": "English", "km": "ខ្មែរ"}[lang]).click()
            page.locator(f"#{lang}-people").wait_for(timeout=60_000)
        assert [url for url in page.asked if not url.startswith(("data:", "blob:", "file:"))] == []
