"""Findings on disk: the tables of an analysis in a folder named by what went into it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from simulator.data import digest
from simulator.fingerprint import code_digest
from simulator.results import InputError, _writer, write_together
from simulator.store import ABOUT, Store
from simulator.version import __version__

FORMATS = ("parquet", "csv")


@dataclass(frozen=True, eq=False)
class Kept:
    """An analysis as it was kept: ``about`` it, and its tables by name."""

    about: Mapping[str, Any]
    frames: Mapping[str, pd.DataFrame]
    folder: Path

    @property
    def stale(self) -> bool:
        """Whether it was made with another model or other data than run now."""
        return (self.about["asked"].get("model"), self.about["asked"].get("data")) != (_model(), digest())


def asked(kind: str, **content: Any) -> dict[str, Any]:
    """What decides an analysis: its kind, what was asked for, and the versions of model and data."""
    return {"kind": kind, "model": _model(), "data": digest(), **content}


def _model() -> str:
    return f"{__version__}+{code_digest()}"


def folder_of(asked: Mapping[str, Any], store: Store) -> Path:
    """The folder of an analysis beside the runs it rests on."""
    text = json.dumps(asked, sort_keys=True, ensure_ascii=False)
    return store.findings / f"{asked['kind']}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def keep(folder: Path, about: Mapping[str, Any], frames: Mapping[str, pd.DataFrame], format: str = "parquet") -> Path:
    """Write the tables and what is to be known about them; all or nothing. Raises OSError, InputError."""
    if format not in FORMATS:
        raise InputError(f"{format} is not a format; {' and '.join(FORMATS)} are")
    text = json.dumps(dict(about) | {"tables": list(frames)}, ensure_ascii=False, indent=1, allow_nan=False)
    writers: dict[Path, Callable[[Path], object]] = {
        folder / f"{name}.{format}": _writer(frame, format) for name, frame in frames.items()
    }
    writers[folder / ABOUT] = lambda path: path.write_text(text + "\n", "utf-8")
    write_together(writers)
    return folder


def load(kind: str, where: Store | Path | str | None = None) -> Kept:
    """The newest analysis of this kind in a store, or the one in a folder. Raises InputError."""
    if where is not None and not isinstance(where, Store) and (Path(where) / ABOUT).is_file():
        return _read(Path(where), kind)
    store = where if isinstance(where, Store) else Store(where)
    folders = listed(kind, store)
    if not folders:
        raise InputError(f"{store.folder} holds no finding of garment-sim {kind}; that command makes one")
    return _read(folders[0], kind)


def listed(kind: str, store: Store) -> list[Path]:
    """Folders of this kind in a store, the newest first."""
    found = [path.parent for path in store.findings.glob(f"{kind}-*/{ABOUT}")]
    return sorted(found, key=lambda path: ((path / ABOUT).stat().st_mtime_ns, path.name), reverse=True)


def _read(folder: Path, kind: str) -> Kept:
    try:
        about = json.loads((folder / ABOUT).read_text("utf-8"))
        if about["asked"]["kind"] != kind:
            raise InputError(f"{folder} holds a finding of garment-sim {about['asked']['kind']}, not of {kind}")
        frames = {name: pd.read_parquet(folder / f"{name}.parquet") for name in about.pop("tables")}
    except InputError:
        raise
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{folder}: cannot be read as a finding: {' '.join(str(error).split())[:200]}") from None
    return Kept(about, frames, folder)
