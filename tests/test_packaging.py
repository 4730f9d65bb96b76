"""Does the wheel carry everything, and does it work from an empty folder, away from the repository?"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Installed:
    """An installed wheel: its command, where it is, the folder it is called from, the environment."""

    command: str
    place: Path
    empty: Path
    env: dict[str, str]

    def __call__(self, *words):
        """What the command prints."""
        return run([self.command, *words], cwd=self.empty, env=self.env)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built from a copy of the files that git would take, so that nothing else gets in."""
    source = tmp_path_factory.mktemp("source")
    listed = run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"], cwd=ROOT)
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, source / name)
    folder = tmp_path_factory.mktemp("wheel")
    pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, source)
    (built,) = folder.glob("garment_sim-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The wheel installed ahead of the repository, called from an empty folder."""
    place = tmp_path_factory.mktemp("installed")
    pip("install", "--no-deps", "--target", place, wheel)
    empty = tmp_path_factory.mktemp("empty")
    env = os.environ | {
        "PYTHONPATH": str(place),
        "PYTHONSAFEPATH": "1",
        "GARMENT_SIM_HOME": str(tmp_path_factory.mktemp("home")),
    }
    command = shutil.which("garment-sim", path=str(place / "bin"))
    assert command

    return Installed(command, place, empty, env)


def run(command, **where):
    """What a command prints; a failure shows what it complained of."""
    done = subprocess.run(
        list(map(str, command)),
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        stdin=subprocess.DEVNULL,
        **where,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def pip(*words):
    run([sys.executable, "-m", "pip", *words])


def test_the_wheel_carries_everything(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    shipped = ["app.py", "serve.py", ".streamlit/config.toml"]
    for pattern in ("scenarios/**/*", "data/*", "static/**/*"):
        found = [path.relative_to(ROOT).as_posix() for path in ROOT.glob(pattern) if path.is_file()]
        assert found, f"the repository has no {pattern}"
        shipped += found
    wanted = {f"simulator/shipped/{name}" for name in shipped}
    for path in ROOT.glob("simulator/**/*"):
        if path.is_file() and "__pycache__" not in path.parts:
            wanted.add(path.relative_to(ROOT).as_posix())
    assert wanted <= names, sorted(wanted - names)
    assert not [name for name in names if name.startswith(("tests/", "benchmarks/"))]
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_installed_package_is_the_wheel(installed):
    code = "import simulator; print(simulator.__file__)"
    where = run([sys.executable, "-c", code], cwd=installed.empty, env=installed.env)
    assert Path(where.strip()).is_relative_to(installed.place)


def test_the_command_works_from_an_empty_folder(installed):
    scenarios = {row["id"] for row in json.loads(installed("list", "scenarios", "--json"))}
    assert {"baseline", "status_quo", "no_garment_sector", "transition", "high_tech_high_skills"} <= scenarios
    words = ("run", "baseline", "--until", "2013", "--people-per-agent", "100", "--json")
    result = json.loads(installed(*words))
    assert {"2012", "2013"} == {row["period"] for row in result["series"]}
    assert not list(installed.empty.iterdir()), "the command left files where it was called"


def test_the_app_is_served_with_its_fonts(installed, tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = tmp_path / "log"
    with log.open("w") as output:
        server = subprocess.Popen(
            [installed.command, "app", "--port", str(port)],
            cwd=installed.empty,
            env=installed.env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        font = fetch(f"http://localhost:{port}/app/static/fonts/NotoSansKhmer-Regular.woff2", within=60)
        assert font == (ROOT / "static/fonts/NotoSansKhmer-Regular.woff2").read_bytes()
    except urllib.error.URLError as error:
        pytest.fail(f"{error}\n{log.read_text()}")
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(timeout=30)


def fetch(address, within):
    """What ``address`` answers, asked again until the server is up, for ``within`` seconds."""
    end = time.monotonic() + within
    while True:
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:
                return answer.read()
        except urllib.error.URLError:
            if time.monotonic() > end:
                raise
            time.sleep(0.3)
