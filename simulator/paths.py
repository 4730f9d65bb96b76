"""Where the simulator's own files are, in a checkout or an installed wheel, and where finished runs go."""

import os
import sys
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_INSTALLED = _PACKAGE / "shipped"
_ROOT = _INSTALLED if _INSTALLED.is_dir() else _PACKAGE.parent
_PLACES = {"fonts": "static/fonts", "posterior": "calibration/posterior", "looks": "calibration/looks.csv"}


def shipped(name: str) -> Path:
    """The path of ``scenarios``, ``data``, ``fonts``, ``static``, ``posterior``, ``looks``, ``app.py`` or
    ``serve.py``.

    They stand at the repository's root in a checkout and in ``simulator/shipped`` in an installed wheel.
    Raises FileNotFoundError where the installation lacks it.
    """
    path = _ROOT / _PLACES.get(name, name)
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing: the installation is incomplete")
    return path


def posterior_folder() -> Path:
    """The folder of the posteriors: ``GARMENT_SIM_POSTERIOR`` where it is set, else what is shipped, if anything."""
    chosen = os.environ.get("GARMENT_SIM_POSTERIOR")
    return Path(chosen).expanduser() if chosen else _ROOT / _PLACES["posterior"]


def home() -> Path:
    """The user's folder for finished runs, not created here.

    ``GARMENT_SIM_HOME`` where it is set; else ``garment-sim`` in the user's cache folder: ``%LOCALAPPDATA%``
    on Windows, ``$XDG_CACHE_HOME`` or ``~/.cache`` elsewhere.
    """
    chosen = os.environ.get("GARMENT_SIM_HOME")
    if chosen:
        return Path(chosen).expanduser()
    if sys.platform == "win32":
        cache = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    else:
        cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "garment-sim"
