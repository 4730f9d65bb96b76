"""What several tests start from.

No test depends on the posterior that happens to be shipped: it is out of sight unless a test looks for it.
"""

import json
import os
import shutil
import sys

import pytest
from browsing import QUIET, serving
from made_up import fill, posterior_files, validation

from simulator import cli
from simulator.posterior import load_posterior
from simulator.store import Store


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config):
    """Half as many again as there are cores: a third of the time of all tests goes by in waiting for browsers,
    servers and other processes. Those without browsers hardly wait."""
    cores = os.cpu_count() or 1
    return cores if "not browser" in config.option.markexpr else -(-3 * cores // 2)


def pytest_collection_modifyitems(items):
    """Files with long tests come first, so that no process is left alone with one at the end."""
    long = {item.path for item in items if item.get_closest_marker("slow") or item.get_closest_marker("browser")}
    items.sort(key=lambda item: item.path not in long)


@pytest.fixture(scope="session", autouse=True)
def no_posterior(tmp_path_factory):
    """An empty folder of posteriors for all tests."""
    before = os.environ.get("GARMENT_SIM_POSTERIOR")
    os.environ["GARMENT_SIM_POSTERIOR"] = str(tmp_path_factory.mktemp("no posterior"))
    yield
    del os.environ["GARMENT_SIM_POSTERIOR"]
    if before is not None:
        os.environ["GARMENT_SIM_POSTERIOR"] = before


@pytest.fixture(autouse=True)
def own_main():
    """Streamlit's tests of pages leave a script of theirs as the main module, which new processes would run."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


@pytest.fixture
def posterior(tmp_path, monkeypatch):
    """A folder with small made-up posteriors of both kinds, in sight of the test."""
    folder = tmp_path / "posterior"
    monkeypatch.setenv("GARMENT_SIM_POSTERIOR", str(folder))
    return posterior_files(folder)


@pytest.fixture
def call(capsys, monkeypatch, tmp_path):
    """Call the command in this process."""
    monkeypatch.setenv("GARMENT_SIM_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)

    def run(*words):
        try:
            code = cli.main([str(word) for word in words])
        except SystemExit as end:
            code = end.code
        out, err = capsys.readouterr()
        return code, out, err

    return run


@pytest.fixture(scope="module")
def chromium():
    """The browser, started once a file."""
    from playwright.sync_api import sync_playwright

    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    assert path, "the browser tests need Chromium: install it, or set CHROMIUM to its path"
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=QUIET)
        yield browser
        browser.close()


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
