"""Is the page whole in a real browser: on a phone and on a desk, in both languages, with its own fonts?"""

import pytest
from browsing import DRAWN, WIDTHS, fits, opened, serving
from made_up import comparison, fill

from simulator.report import write_report
from simulator.store import Store
from simulator.texts import LANGUAGES, text

pytestmark = pytest.mark.browser

CHARTS = 8
LOADED = """() => document.fonts.ready.then(
    () => [...document.fonts].filter(face => face.status === "loaded").map(face => face.family.replaceAll('"', "")))"""


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    fill(Store(home / "runs"))
    with serving(home) as url:
        yield url


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_is_whole(chromium, address, tmp_path, lang):
    with opened(chromium, f"{address}/?lang={lang}", WIDTHS[lang][0]) as page:
        page.wait_for_function(f"() => ({DRAWN})() >= {CHARTS}", timeout=60_000)
        assert text("app.title", lang).replace("\u200b", "") in page.inner_text("h1").replace("\u200b", "")
        assert page.evaluate("() => document.documentElement.lang") == lang
        for width in WIDTHS[lang]:
            fits(page, width)
            sizes = page.evaluate(
                "() => [...document.querySelectorAll('svg.marks')].map(s => [s.clientWidth, s.clientHeight])"
            )
            assert all(w > min(width, 520) * 0.8 - 40 and h > 150 for w, h in sizes), sizes
            page.screenshot(path=tmp_path / f"futures-{lang}-{width}.png")
        families = page.evaluate(LOADED)
        assert "Noto Sans" in families
        assert page.evaluate("""() => document.fonts.check('16px "Noto Sans Khmer"', "ក")""")
        assert "Noto Sans Khmer" in families, "the switch alone needs it"
        size = page.evaluate(
            """() => Math.min(...[...document.querySelectorAll("svg.marks text")].map(
                 words => parseFloat(getComputedStyle(words).fontSize)))"""
        )
        assert size >= (14 if lang == "km" else 13)
        assert all(url.startswith((address, address.replace("http", "ws"), "data:", "blob:")) for url in page.asked)
        assert page.complaints == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_of_evidence_is_whole(chromium, evidence, tmp_path, lang):
    with opened(chromium, f"{evidence}/evidence?lang={lang}", WIDTHS[lang][0]) as page:
        page.wait_for_function(f"() => ({DRAWN})() >= 3", timeout=60_000)
        page.get_by_text(text("evidence.misses", lang), exact=True).first.wait_for()
        for width in WIDTHS[lang]:
            fits(page, width)
            page.screenshot(path=tmp_path / f"evidence-{lang}-{width}.png")
        # Streamlit looks for its server under the page's own address before it finds it.
        assert [said for said in page.complaints if "404" not in said] == []


def test_the_language_goes_along_from_page_to_page(chromium, evidence):
    with opened(chromium, f"{evidence}/?lang=km", 1280) as page:
        page.wait_for_function(f"() => ({DRAWN})() >= {CHARTS}", timeout=60_000)
        page.get_by_role("link", name=text("app.page_evidence", "km")).first.click()
        page.wait_for_url("**/evidence*")
        page.wait_for_function("() => document.documentElement.lang === 'km'")
        page.get_by_text(text("evidence.misses", "km"), exact=True).first.wait_for()
        page.wait_for_url("**/*lang=km*")
        assert page.complaints == []


def test_the_switch_changes_the_language_and_the_address(chromium, address):
    with opened(chromium, address, 360) as page:
        page.get_by_text("ខ្មែរ", exact=True).click()
        page.wait_for_function("() => document.documentElement.lang === 'km'")
        page.wait_for_url("**/*lang=km*")
        assert text("app.khmer_pending", "km") in page.inner_text("body")


def test_tables_behind_charts_open_by_keyboard(chromium, address):
    with opened(chromium, address, 1280) as page:
        page.wait_for_function(f"() => ({DRAWN})() >= {CHARTS}", timeout=60_000)
        summary = page.locator("details.more > summary").first
        summary.focus()
        page.keyboard.press("Enter")
        assert page.locator("details.more[open] table").first.is_visible()


def test_with_runs_missing_the_page_shows_progress_and_ends_with_the_charts(chromium, tmp_path):
    fill(Store(tmp_path / "runs"), leave=2)
    with serving(tmp_path) as url, opened(chromium, url, 1280) as page:
        page.locator("[data-testid=stProgress]").wait_for(timeout=60_000)
        page.wait_for_function(f"() => ({DRAWN})() >= {CHARTS}", timeout=600_000)
        assert page.locator("[data-testid=stProgress]").count() == 0
        assert page.complaints == []


def test_the_report_draws_alone(chromium, tmp_path):
    path = write_report(comparison(), tmp_path / "report.html")
    with opened(chromium, path.as_uri(), 360) as page:
        for lang in LANGUAGES:
            page.get_by_role("button", name={"en": "English", "km": "ខ្មែរ"}[lang]).click()
            page.wait_for_function(
                f"() => document.querySelectorAll('main[lang={lang}] [data-chart] svg').length === "
                f"document.querySelectorAll('main[lang={lang}] [data-chart]').length",
                timeout=60_000,
            )
            for width in WIDTHS[lang]:
                fits(page, width)
            assert page.locator(f"main[lang={lang}]").is_visible()
        assert "Noto Sans Khmer" in page.evaluate(LOADED)
        assert [url for url in page.asked if not url.startswith(("data:", "blob:"))] == [path.as_uri()]
        assert page.complaints == []
