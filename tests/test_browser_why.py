"""In a real browser: the page of reasons with and without stored answers, in both languages, on a desk and a phone."""

import pytest
from browsing import DRAWN, WIDTHS, fits, opened, serving
from made_up import posterior_files
from made_up_why import fill_discovery, fill_sensitivity, fill_why
from served import stage

from simulator.texts import LANGUAGES, text

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """The address of an app that has an explanation and findings in store."""
    home = tmp_path_factory.mktemp("full")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GARMENT_SIM_POSTERIOR", str(posterior_files(home / "posterior")))
        patch.setenv("GARMENT_SIM_HOME", str(home))
        fill_why()
        fill_sensitivity()
        fill_discovery()
        with serving(home) as url:
            yield url


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """The address of an app that has nothing in store and makes its runs up."""
    home, folder = tmp_path_factory.mktemp("empty"), tmp_path_factory.mktemp("app")
    with serving(home, stage(folder)) as url:
        yield url


def whole(page, width):
    """Whether nothing reaches beyond the window or is cut off."""
    fits(page, width)
    cut = page.evaluate("() => [...document.querySelectorAll('svg.marks text')]"
                        ".map(t => t.textContent).filter(t => t.includes('…'))")  # fmt: skip
    assert cut == []
    assert [said for said in page.complaints if "404" not in said] == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_with_answers_is_whole(chromium, full, tmp_path, lang):
    with opened(chromium, f"{full}/why?lang={lang}", WIDTHS[lang][0]) as page:
        page.wait_for_function(f"() => ({DRAWN})() >= 5", timeout=180_000)
        whole(page, WIDTHS[lang][0])
        page.locator("details.log summary").click()
        page.locator("details.more summary").first.click()
        for width in WIDTHS[lang]:
            whole(page, width)
            page.screenshot(path=tmp_path / f"why-{lang}-{width}.png", full_page=True)


@pytest.mark.parametrize("lang, width", [("km", 360), ("en", 1280)])
def test_the_page_without_answers_is_whole(chromium, empty, tmp_path, lang, width):
    with opened(chromium, f"{empty}/why?lang={lang}&of=exports", width) as page:
        page.get_by_text(text("why.discover_none", lang)).wait_for(timeout=180_000)
        whole(page, width)
        page.screenshot(path=tmp_path / f"why-none-{lang}-{width}.png", full_page=True)


def test_a_job_can_be_begun_and_cancelled(chromium, empty, tmp_path):
    """Its process lists mixtures of scenarios; the runs are made up."""
    with opened(chromium, f"{empty}/why?lang=km&future=status_quo", 360) as page:
        page.get_by_role("button", name=text("why.make", "km")).click(timeout=180_000)
        page.get_by_text(text("why.shared", "km")).wait_for(timeout=60_000)
        whole(page, 360)
        page.screenshot(path=tmp_path / "why-job.png", full_page=True)
        page.get_by_role("button", name=text("try.cancel", "km")).click()
        page.get_by_role("button", name=text("why.make", "km")).wait_for(timeout=60_000)
