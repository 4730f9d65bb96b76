"""Is the page whole in a real browser: on a phone and on a desk, in both languages, with its own fonts?"""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest
from made_up import comparison, fill, posterior_files, validation
from playwright.sync_api import sync_playwright

from simulator.posterior import load_posterior
from simulator.report import write_report
from simulator.store import Store
from simulator.texts import LANGUAGES, text

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[1]
QUIET = ["--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update"]
QUIET += [
    "--disable-sync",
    "--disable-quic",
    *(["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),
]
CHARTS = 8
WIDTHS = (1280, 360)
DRAWN = "() => document.querySelectorAll('svg.marks').length"
LOADED = """() => document.fonts.ready.then(
    () => [...document.fonts].filter(face => face.status === "loaded").map(face => face.family.replaceAll('"', "")))"""


@pytest.fixture(scope="module")
def chromium():
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    assert path, "the browser tests need Chromium: install it, or set CHROMIUM to its path"
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=QUIET)
        yield browser
        browser.close()


@contextmanager
def serving(home, folder=ROOT):
    """The address of a server of the app, as it stands in a folder, with a home of its own."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "serve.py", "--server.port", str(port)]
    environment = os.environ | {"GARMENT_SIM_HOME": str(home)}
    with open(home / "server.log", "wb") as log:
        server = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 60
        while not answers(port):
            assert server.poll() is None and time.monotonic() < deadline, (home / "server.log").read_text()
            time.sleep(0.2)
        yield f"http://localhost:{port}"
    finally:
        server.terminate()
        server.wait(30)


def answers(port):
    try:
        with urllib.request.urlopen(f"http://localhost:{port}/_stcore/health", timeout=2) as answer:
            return answer.read() == b"ok"
    except OSError:
        return False


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    fill(Store(home / "runs"))
    with serving(home) as url:
        yield url


@pytest.fixture(scope="module")
def evidence(tmp_path_factory):
    """The address of an app with a made-up posterior that was judged."""
    home = tmp_path_factory.mktemp("with evidence")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GARMENT_SIM_POSTERIOR", str(posterior_files(home / "posterior")))
        document = validation(load_posterior("judged").digest)
        (home / "posterior/validation.json").write_text(json.dumps(document), encoding="utf-8")
        fill(Store(home / "runs"))
        with serving(home) as url:
            yield url


@contextmanager
def opened(chromium, url, width, height=900):
    """A page at an address, with what it complains about and asks for."""
    context = chromium.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    page.complaints, page.asked = [], []
    page.on("console", lambda said: page.complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("request", lambda request: page.asked.append(request.url))
    page.goto(url)
    try:
        yield page
    finally:
        context.close()


def overflow(page):
    """Names of elements that reach beyond the window and are not inside something that scrolls by itself."""
    return page.evaluate(
        """() => {
          const wide = document.documentElement.clientWidth + 1, found = [];
          for (const element of document.querySelectorAll("body *")) {
            const box = element.getBoundingClientRect();
            if (!box.width || !box.height || box.right <= wide) continue;
            let up = element, inside = false;
            while ((up = up.parentElement)) {
              const style = getComputedStyle(up);
              if (style.overflowX !== "visible" && up.getBoundingClientRect().right <= wide && up !== document.body
                  && !up.matches("[data-testid=stMain], [data-testid=stApp]")) { inside = true; break; }
            }
            if (!inside && getComputedStyle(element).visibility !== "hidden")
              found.push(element.tagName + "." + element.className + " " + Math.round(box.right));
          }
          return found;
        }"""
    )


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_is_whole(chromium, address, tmp_path, lang, width):
    with opened(chromium, f"{address}/?lang={lang}", width) as page:
        page.wait_for_function(f"() => ({DRAWN})() >= {CHARTS}", timeout=60_000)
        assert text("app.title", lang).replace("\u200b", "") in page.inner_text("h1").replace("\u200b", "")
        assert page.evaluate("() => document.documentElement.lang") == lang
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width
        assert overflow(page) == []
        sizes = page.evaluate(
            "() => [...document.querySelectorAll('svg.marks')].map(s => [s.clientWidth, s.clientHeight])"
        )
        assert all(w > min(width, 520) * 0.8 - 40 and h > 150 for w, h in sizes), sizes
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
        page.screenshot(path=tmp_path / f"futures-{lang}-{width}.png")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_of_evidence_is_whole(chromium, evidence, tmp_path, lang, width):
    with opened(chromium, f"{evidence}/evidence?lang={lang}", width) as page:
        page.wait_for_function(f"() => ({DRAWN})() >= 3", timeout=60_000)
        page.get_by_text(text("evidence.misses", lang), exact=True).first.wait_for()
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width
        assert overflow(page) == []
        # Streamlit looks for its server under the page's own address before it finds it.
        assert [said for said in page.complaints if "404" not in said] == []
        page.screenshot(path=tmp_path / f"evidence-{lang}-{width}.png")


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
        page.wait_for_function(f"() => ({DRAWN})() >= {CHARTS}", timeout=240_000)
        assert page.locator("[data-testid=stProgress]").count() == 0
        assert page.complaints == []


@pytest.mark.parametrize("width", WIDTHS)
def test_the_report_draws_alone(chromium, tmp_path, width):
    path = write_report(comparison(), tmp_path / "report.html")
    with opened(chromium, path.as_uri(), width) as page:
        for lang in LANGUAGES:
            page.get_by_role("button", name={"en": "English", "km": "ខ្មែរ"}[lang]).click()
            page.wait_for_function(
                f"() => document.querySelectorAll('main[lang={lang}] [data-chart] svg').length === "
                f"document.querySelectorAll('main[lang={lang}] [data-chart]').length",
                timeout=60_000,
            )
            assert page.evaluate("() => document.documentElement.scrollWidth") <= width
            assert overflow(page) == []
            assert page.locator(f"main[lang={lang}]").is_visible()
        assert "Noto Sans Khmer" in page.evaluate(LOADED)
        assert [url for url in page.asked if not url.startswith(("data:", "blob:"))] == [path.as_uri()]
        assert page.complaints == []
