"""Pictures of every page in both languages at both widths, for the documentation: ``python -m tests.screens``.

The pages show what ``garment-sim compare``, ``lessons --prepare``, ``explain baseline transition``, ``sensitivity`` and
``optimise --goal "employment[gender=women]>=600000"`` left in the home of finished runs.
"""

import shutil
import sys
from contextlib import suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from browsing import DRAWN, QUIET, ROOT, fits, opened, serving
from playwright.sync_api import Error, sync_playwright

from simulator.paths import home

FOLDER = ROOT / "docs" / "pages"
PAGES = ("futures", "try_it", "people", "why", "cost", "evidence", "take_away", "teach")
TALLEST = {1280: 1_800, 360: 2_400}  # pixels that are shown of a page
CONTENT = "() => document.querySelector('[data-testid=stMain]').scrollHeight"
SETTLED = "[data-testid=stApp][data-test-script-state=notRunning]"


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with serving(home()) as address, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET)
        for name in PAGES:
            for lang in ("en", "km"):
                for width, tallest in TALLEST.items():
                    with opened(browser, f"{address}/{name}?lang={lang}", width, tallest) as page:
                        page.locator(SETTLED).wait_for(timeout=120_000)
                        with suppress(Error):  # a page may have no chart
                            page.wait_for_function(DRAWN, timeout=10_000)
                        page.wait_for_timeout(2_000)
                        fits(page, width)
                        page.set_viewport_size({"width": width, "height": min(tallest, page.evaluate(CONTENT))})
                        page.wait_for_timeout(500)
                        page.screenshot(path=FOLDER / f"{name}-{lang}-{width}.jpg", type="jpeg", quality=55)
                        print(name, lang, width, page.complaints)


if __name__ == "__main__":
    main()
