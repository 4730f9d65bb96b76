"""What the tests in a real browser share: a server of the app, a page and its complaints, whether it fits."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
QUIET = ["--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update"]
QUIET += [
    "--disable-sync",
    "--disable-quic",
    *(["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),
]
WIDTHS = {"en": (360, 1280), "km": (1280, 360)}  # a page is opened in the first width and then seen in the second
DRAWN = "() => document.querySelectorAll('svg.marks').length"


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


@contextmanager
def opened(chromium, url, width, height=900):
    """A page at an address, with what it complains about and asks for; a test that fails tells what it showed."""
    context = chromium.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    page.complaints, page.asked = [], []
    page.on("console", lambda said: page.complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("request", lambda request: page.asked.append(request.url))
    page.goto(url)
    try:
        yield page
    except BaseException as error:
        with suppress(Exception):
            shown = page.locator("body").inner_text(timeout=5_000)
            error.add_note(f"The page {page.url} showed: {shown[:3000]}\nand complained: {page.complaints}")
        raise
    finally:
        context.close()


def fits(page, width):
    """Whether nothing reaches beyond a window of this width, once the page has settled in it."""
    page.set_viewport_size(page.viewport_size | {"width": width})
    patience = time.monotonic() + 20
    while (beyond := _overflow(page)) or page.evaluate("() => document.documentElement.scrollWidth") > width:
        assert time.monotonic() < patience, (width, beyond)
        page.wait_for_timeout(100)


def _overflow(page):
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
