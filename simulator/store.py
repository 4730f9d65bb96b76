"""Finished runs on disk, found again by what went into them. Several processes may share one store."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from simulator.fingerprint import code_digest
from simulator.paths import home
from simulator.results import _META, Result, write_together
from simulator.run import Request
from simulator.version import __version__

_OLD = 3600.0  # seconds after which an unfinished file is left over from a process that died


class Store:
    """A folder with one Parquet file a run, named by the run's key; a damaged file counts as missing."""

    def __init__(self, folder: str | Path | None = None) -> None:
        self.folder = Path(folder) if folder is not None else home() / "runs"

    def path(self, key: str) -> Path:
        """Where the run with this key is or would be."""
        return self.folder / key[:2] / f"{key}.parquet"

    def get(self, request: Request) -> Result | None:
        """The finished run, under the name of the request's scenario; None where there is none."""
        path = self.path(request.key)
        try:
            result = Result.from_bytes(path.read_bytes(), request.key)
        except OSError:
            return None
        except ValueError as error:
            print(f"{path} is damaged ({error}); it will be run again", file=sys.stderr)
            return None
        return result.named(request.scenario.id, request.numbers.text)

    def put(self, request: Request, result: Result) -> Path:
        """Write a finished run; whoever reads meanwhile sees all of it or nothing. Raises OSError."""
        path, content = self.path(request.key), result.to_bytes(request.key)
        write_together({path: lambda temporary: _write(temporary, content)})
        return path

    def missing(self, requests: Iterable[Request]) -> list[Request]:
        """Requests without a readable file, each run once."""
        unique = {request.key: request for request in requests}
        return [request for request in unique.values() if self.get(request) is None]

    def __iter__(self) -> Iterator[Path]:
        return iter(sorted(self.folder.glob("??/*.parquet")))

    def rows(self) -> list[dict[str, Any]]:
        """Metadata of every readable run, with its ``file``."""
        return [{**about["metadata"], "file": path} for path in self if (about := _about(path)) is not None]

    def damaged(self) -> list[tuple[Path, str]]:
        """Files that cannot be used, with the reason."""
        found = []
        for path in self:
            try:
                Result.from_bytes(path.read_bytes(), path.stem)
            except (OSError, ValueError) as error:
                found.append((path, str(error)))
        return found

    def prune(self) -> list[Path]:
        """Remove and return runs of other versions, damaged files, and what dead processes left."""
        current = (__version__, code_digest())
        damaged = {path for path, _ in self.damaged()}
        old = [p for p in self.folder.glob("??/.*.tmp") if time.time() - p.stat().st_mtime > _OLD]
        for path in self:
            about = _about(path)
            row = about["metadata"] if about else {}
            if path in damaged or (row.get("model"), row.get("code")) != current:
                old.append(path)
        for path in old:
            path.unlink(missing_ok=True)
        return old


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def _about(path: Path) -> dict[str, Any] | None:
    try:
        about = json.loads(pq.read_schema(path).metadata[_META])
    except (pa.ArrowException, OSError, KeyError, TypeError, ValueError):
        return None
    return about if isinstance(about, dict) and "metadata" in about else None
