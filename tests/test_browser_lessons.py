"""Are the lessons whole in a real browser, on projector and phone, and the files to take along without a network?"""

import json

import pytest
from browsing import WIDTHS, fits, opened, serving
from made_up_lessons import fill, lived
from playwright.sync_api import expect

from simulator.lessons import floor, pack, pocket
from simulator.lessons.content import ORDER, lesson
from simulator.lessons.emulator import Emulator, cost
from simulator.lessons.findings import Runs
from simulator.lessons.plan import WITH, WITHOUT, Plan, design, scenario
from simulator.report import NAMES
from simulator.store import Store
from simulator.texts import LANGUAGES, text

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def recording():
    """A floor really run, for two years and with few figures."""
    pairs = Plan.of().pairs
    without, with_ = (Plan(pairs, 1000, 2026).request(scenario(name), *pairs[0]) for name in (WITHOUT, WITH))
    return floor.record(without, with_)


@pytest.fixture(scope="module")
def home(tmp_path_factory, recording):
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GARMENT_SIM_HOME", str(folder))
        fill(Store(), Plan.of(), recording)
        yield folder


@pytest.fixture(scope="module")
def runs(home):
    return Runs.load(Plan.of(), Store())


@pytest.fixture(scope="module")
def address(home):
    with serving(home) as url:
        yield url


def bare(words):
    return words.replace("\u200b", "")


def at_screen(page, title):
    page.wait_for_function(
        """title => { const head = document.querySelector(".screen-head h2");
                      return head && head.textContent.replaceAll("\\u200b", "") === title; }""",
        arg=bare(title),
        timeout=120_000,
    )


def rest(page):
    """Wait until the page has been drawn to its end."""
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    page.wait_for_function("() => !document.querySelector('[data-stale=true]')")


def choose(page, one, step, lang):
    """Each of the three groups makes its prediction; then the way on is open."""
    ask = one.asks[step.ask]
    for i, group in enumerate("ABC"):
        place = page.locator(f"[class*='st-key-predict_{one.id}_{ask.name}_{group}-']")
        if ask.options:
            place.get_by_role("radio").nth(i % len(ask.options)).click()
        else:
            place.locator("input").fill(str(10 * (i + 1)))
            place.locator("input").press("Enter")
    rest(page)  # until then the button may still be that of the screen before
    expect(page.locator(".st-key-on button")).to_be_enabled(timeout=120_000)
    page.locator(".screen-head").click()  # the keys go to the page again


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_lesson_is_walked_through_by_keyboard(chromium, address, lang, tmp_path):
    """The window is now a projector's, now a phone's; every screen is seen in both."""
    widths = WIDTHS[lang]
    with opened(chromium, f"{address}/teach?lang={lang}", widths[0], 800) as page:
        page.set_default_timeout(120_000)  # a first visit loads all runs
        for name in ORDER:
            one = lesson(name)
            page.locator(f".st-key-start_{name} button").click()  # by name: they may come in any order
            for i, step in enumerate(one.steps):
                at_screen(page, step.title[lang])
                page.wait_for_function(
                    "i => new URL(location).searchParams.get('screen') === String(i)", arg=i + 1, timeout=60_000
                )
                if step.kind == "predict":
                    choose(page, one, step, lang)
                if step.kind == "floor":
                    page.locator(".floor .figure").first.wait_for()
                if step.kind == "reveal":
                    page.locator(".predictions li").first.wait_for()
                for width in widths:
                    fits(page, width)
                    if step.kind == "reveal":
                        page.screenshot(path=tmp_path / f"{name}-{i + 1}-{lang}-{width}.png")
                widths = widths[::-1]  # the next screen is first seen as this one is left
                rest(page)
                expect(page.locator(".st-key-on button")).to_be_enabled(timeout=120_000)
                page.keyboard.press("ArrowRight")
            page.get_by_role("button", name=text("teach.start", lang)).first.wait_for()
        assert [said for said in page.complaints if "404" not in said] == []
        assert all(url.startswith((address, address.replace("http", "ws"), "data:", "blob:")) for url in page.asked)


@pytest.mark.parametrize("width", WIDTHS["en"])
def test_the_floor_plays_steps_and_tells_who_somebody_is(chromium, recording, tmp_path, width):
    path = tmp_path / "floor.html"
    path.write_text(pocket.floor_page(recording), encoding="utf-8")
    with opened(chromium, path.as_uri(), width) as page:
        page.context.set_offline(True)
        sides = page.locator(".floor .side")
        assert sides.count() == 2
        first = recording["variants"][0]["factories"][0][0]
        assert sides.first.locator(".figure:not(.empty)").count() == len(first["staff"])
        when = page.locator(".floor .when").inner_text()
        page.get_by_role("button", name=text("teach.floor_step", "en")).click()
        assert page.locator(".floor .when").inner_text() != when
        sides.first.locator(".figure:not(.empty)").first.click()
        told = page.locator(".floor .detail").inner_text()
        assert "USD a month" in told and "years old" in told
        page.get_by_role("button", name=text("teach.floor_play", "en"), exact=True).click()
        last = text("teach.floor_quarter", "en", quarter=4, year=2026)
        page.wait_for_function("last => document.querySelector('.when').textContent === last", arg=last)
        page.get_by_role("button", name=text("teach.floor_play", "en"), exact=True).wait_for()
        page.get_by_role("button", name=NAMES["km"]).click()
        assert bare(text("teach.floor_play", "km")) in bare(page.locator(".floor .play").inner_text())
        fits(page, width)
        assert page.complaints == []


@pytest.mark.parametrize("width", WIDTHS["en"])
def test_the_pocket_edition_opens_without_a_network_and_works_its_formula_out(chromium, runs, tmp_path, width):
    emulator = Emulator.fit(runs)
    path = tmp_path / "pocket.html"
    path.write_text(pocket.html(runs, emulator), encoding="utf-8")
    with opened(chromium, "about:blank", width) as page:
        page.context.set_offline(True)
        page.goto(path.as_uri())
        for levers in design()[:5]:
            told = page.evaluate("levers => window.garmentPocket.effect(levers)", json.loads(json.dumps(dict(levers))))
            assert told == pytest.approx(emulator.effect(levers), rel=1e-9)
            spent = page.evaluate("levers => window.garmentPocket.cost(levers)", dict(levers))
            assert spent == pytest.approx(cost(levers))
        for lang in LANGUAGES:
            page.get_by_role("button", name=NAMES[lang]).click()
            main = page.locator(f"main[lang={lang}]")
            row = main.locator("[data-output=technicians]")
            before = float(row.get_attribute("data-value"))
            main.locator("input[data-lever='skills.training_seats']").fill("90000" if lang == "en" else "2000")
            after = float(row.get_attribute("data-value"))
            assert (after > before) == (lang == "en")
            assert "±" in row.inner_text()
            fits(page, width)
        assert page.evaluate("""() => document.fonts.check('16px "Noto Sans Khmer"', "ក")""")
        assert [url for url in page.asked if not url.startswith(("data:", "blob:", "about:"))] == [path.as_uri()]
        assert page.complaints == []
        page.screenshot(path=tmp_path / f"pocket-{width}.png", full_page=True)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_pack_is_whole_on_paper(chromium, runs, tmp_path, lang):
    path = tmp_path / "pack.html"
    path.write_text(pack.html(runs, lived(), lang), encoding="utf-8")
    with opened(chromium, path.as_uri(), 700) as page:
        page.emulate_media(media="print")
        fits(page, 700)
        assert page.locator(".screenplay").count() == sum(len(lesson(name).steps) for name in ORDER)
        content = page.pdf(format="A4", prefer_css_page_size=True)
        assert content.startswith(b"%PDF") and page.complaints == []
