"""Does *Try it* work in a real browser: three levers, back again, a link to a friend, a file, a phone, the keyboard?

The app is the real one behind its real headers; only its runs are made up, so that nobody waits for them.
"""

import re
from contextlib import contextmanager

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import DRAWN, WIDTHS, fits, opened, serving
from made_up import fill
from playwright.sync_api import expect
from served import stage

from simulator.levers import unit
from simulator.link import to_address
from simulator.outcome import Question
from simulator.scenario import START
from simulator.store import Store
from simulator.texts import LANGUAGES, label, text
from simulator.trial import Trial

pytestmark = pytest.mark.browser

SUBSIDY, WAGES, SEATS = "automation.subsidy", "wages.minimum_wage_growth", "skills.training_seats"
LONG = 240_000
expect.set_options(timeout=LONG)
NOT_OURS = {  # rules that Streamlit's own frame breaks, whatever a page does
    "aria-allowed-attr",
    "aria-required-children",
    "aria-valid-attr-value",
    "scrollable-region-focusable",
}


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """The address of an app whose first page is there and whose other runs are made up at once."""
    folder, home = tmp_path_factory.mktemp("app"), tmp_path_factory.mktemp("home")
    fill(Store(home / "runs"))
    with serving(home, stage(folder)) as url:
        yield url


@contextmanager
def at(chromium, url, width):
    """A page that a slow machine has time to draw."""
    with opened(chromium, url, width) as page:
        page.set_default_timeout(LONG)
        yield page


def named(name, lang="en"):
    kind = unit(name, lang)
    return f"{label(name, lang)} ({kind})" if kind else label(name, lang)


def typed(page, name, lang="en"):
    return page.get_by_label(text("try.typed", lang, name=named(name, lang)), exact=True)


def type_value(page, name, value, lang="en"):
    """Type a lever's value and wait until the result of all pairs is there."""
    before = page.evaluate("() => location.href")  # page.url may lag behind
    box = typed(page, name, lang)
    box.fill(str(value))
    box.press("Enter")
    page.wait_for_function("before => location.href !== before", arg=before, timeout=LONG)
    complete(page)


def complete(page):
    """Wait for the whole result of the scenario in the address."""
    page.wait_for_function(
        """pairs => {
          const found = document.querySelector(".heads"), mark = new URL(location.href).searchParams.get("v");
          return found && found.dataset.pairs === String(pairs) && !found.closest(".stale")
            && (!mark || mark.endsWith(found.dataset.of));
        }""",
        arg=len(Question(Trial()).band),
        timeout=LONG,
    )


def figures(page):
    return page.locator(".head .value").all_inner_texts() + page.locator(".head .difference").all_inner_texts()


def complaints(page):
    # Streamlit looks for its server under the page's own address before it finds it.
    return [said for said in page.complaints if "404" not in said]


def test_three_levers_undo_and_a_link_to_a_fresh_browser(chromium, app):
    with at(chromium, f"{app}/try_it", 1280) as page:
        complete(page)
        first = figures(page)
        type_value(page, SUBSIDY, 20)
        type_value(page, WAGES, 2)
        two = figures(page)
        type_value(page, SEATS, 50000)
        assert figures(page) not in (first, two)
        page.get_by_role("button", name=text("try.undo", "en")).click()
        page.wait_for_url(lambda url: "training_seats" not in url)
        complete(page)
        assert figures(page) == two
        address = page.evaluate("() => location.href")
        assert "minimum_wage_growth" in address
        assert complaints(page) == [] and page.locator("svg.marks").count() == 2
    with at(chromium, address, 360) as page:
        complete(page)
        assert figures(page) == two
        expect(typed(page, SUBSIDY)).to_have_value("20")
        expect(typed(page, WAGES)).to_have_value("2.0")


def test_a_slider_moves_by_keyboard_and_keeps_the_focus(chromium, app):
    with at(chromium, f"{app}/try_it", 1280) as page:
        complete(page)
        slider = page.get_by_role("slider", name=named(SUBSIDY))
        slider.focus()
        slider.press("ArrowRight")
        page.wait_for_url("**/*automation.subsidy~0.01*", timeout=LONG)
        complete(page)
        assert page.evaluate("() => document.activeElement.type") == "range"
        page.keyboard.press("ArrowRight")
        page.wait_for_url("**/*automation.subsidy~0.02*", timeout=LONG)
        complete(page)
        expect(typed(page, SUBSIDY)).to_have_value("2")


@pytest.mark.parametrize("lang, width", [("en", 360), ("km", 1280)])
def test_a_damaged_link_says_so(chromium, app, lang, width):
    address = to_address(Trial().with_steps(SUBSIDY, {START: 0.3}))
    query = f"lang={lang}&s={address['s'].replace('0.3', '0.2')}&v={address['v']}"
    with at(chromium, f"{app}/try_it?{query}", width) as page:
        page.get_by_text(text("host.link_damaged", lang, part="s")).wait_for(timeout=LONG)
        expect(typed(page, SUBSIDY, lang)).to_have_value("0")


def test_a_file_is_refused_or_taken(chromium, app):
    bad = {
        "name": "mine.yaml",
        "mimeType": "application/yaml",
        "buffer": b"schema_version: 1\ntitle: x\nset: {a.b: 1}\n",
    }
    good = Trial("transition").with_steps(SUBSIDY, {START: 0.4}).to_yaml()
    with at(chromium, f"{app}/try_it", 1280) as page:
        complete(page)
        page.locator("input[type=file]").set_input_files(bad)
        page.get_by_text(re.compile(r"mine\.yaml, line 3: a\.b is not a known name")).wait_for(timeout=LONG)
        assert "s=" not in page.url
        page.locator("input[type=file]").set_input_files(bad | {"buffer": good.encode()})
        page.wait_for_url("**/*transition~automation.subsidy~0.4*", timeout=LONG)
        complete(page)
        with page.expect_download() as download:
            page.get_by_role("button", name=text("try.download", "en")).click()
        assert download.value.path().read_text(encoding="utf-8") == good
        assert complaints(page) == []


def test_runs_can_be_cancelled(chromium, tmp_path, monkeypatch):
    monkeypatch.setenv("PRETENDED_SECONDS", "20")
    home, folder = tmp_path / "home", tmp_path / "app"
    home.mkdir(), folder.mkdir()
    fill(Store(home / "runs"))
    address = to_address(Trial().with_steps(SUBSIDY, {START: 0.3}))
    query = "&".join(map("=".join, address.items()))
    with serving(home, stage(folder)) as url, at(chromium, f"{url}/try_it?{query}", 1280) as page:
        page.get_by_role("button", name=text("try.cancel", "en")).click(timeout=LONG)
        page.get_by_text(text("try.go_on", "en"), exact=True).click(timeout=LONG)
        page.get_by_role("button", name=text("try.cancel", "en")).wait_for(timeout=LONG)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_is_whole(chromium, app, lang):
    with at(chromium, f"{app}/try_it?lang={lang}&view=expert&group=skills", WIDTHS[lang][0]) as page:
        complete(page)
        page.wait_for_function(f"() => ({DRAWN})() >= 2", timeout=LONG)
        page.get_by_text(text("try.steps", lang)).first.click()
        for width in WIDTHS[lang]:
            fits(page, width)
            sizes = page.evaluate(
                "() => [...document.querySelectorAll('svg.marks')].map(s => [s.clientWidth, s.clientHeight])"
            )
            assert all(w > 280 and h > 150 for w, h in sizes), sizes
            small = page.evaluate(
                """() => [...document.querySelectorAll('.stMain button')].map(b => b.getBoundingClientRect())
                     .filter(b => b.width && (b.height < 24 || b.width < 24)).length"""
            )
            assert small == 0, "targets for a finger"
        page.get_by_text(text("try.keep", lang)).first.scroll_into_view_if_needed()
        top = page.evaluate("() => document.querySelector('.st-key-strip').getBoundingClientRect()").get("top")
        assert 0 <= top < 200, "the strip with jobs and exports stays in sight"
        assert all(url.startswith((app, app.replace("http", "ws"), "data:", "blob:")) for url in page.asked)
        assert complaints(page) == [], "the policy of contents lets the page work"


@pytest.mark.parametrize("name, lang", [("futures", "km"), ("try_it", "en"), ("evidence", "km")])
def test_no_page_shuts_anybody_out(chromium, request, name, lang):
    url = request.getfixturevalue("evidence" if name == "evidence" else "app")
    with at(chromium, f"{url}/{name}?lang={lang}", 1280) as page:
        page.locator("h2").first.wait_for(timeout=LONG)
        page.wait_for_function("() => !document.querySelector('[data-testid=stSkeleton]')", timeout=LONG)
        found = (
            Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}).response["violations"]
        )
        told = [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found if one["id"] not in NOT_OURS]
        assert told == []
