"""What several tests start from.

No test depends on the posterior that happens to be shipped: it is out of sight unless a test looks for it.
"""

import os
import sys

import pytest
from made_up import posterior_files

from simulator import cli


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
