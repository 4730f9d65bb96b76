"""Do the blocks of docs/experiments.md run as they stand, one after the other in one folder?"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from simulator.results import load_tables

ROOT = Path(__file__).resolve().parents[1]
BLOCKS = re.findall(r"^```(sh|python)\n(.*?)^```$", (ROOT / "docs/experiments.md").read_text("utf-8"), re.M | re.S)


@pytest.mark.slow
def test_every_block_of_the_page_on_experiments_runs(tmp_path):
    program = tmp_path / "bin" / "garment-sim"  # as installing makes it, for this checkout
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m simulator "$@"\n')
    program.chmod(0o755)
    env = {
        **os.environ,
        "GARMENT_SIM_HOME": str(tmp_path / "home"),
        "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
    }
    assert len(BLOCKS) >= 10
    for kind, block in BLOCKS:
        command = ["sh", "-e", "-c", block] if kind == "sh" else [sys.executable, "-c", block]
        done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=900)
        assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
    runs, series = load_tables(tmp_path / "tables")
    assert (runs["status"] == "done").all()
    assert set(series["indicator"]) == {"employment", "exports", "automation"}
