"""Finished runs on disk, found again by what went into them. Several processes may share one store."""

from __future__ import annotations

import contextlib
import hashlib
import json
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from simulator.fingerprint import code_digest
from simulator.paths import home
from simulator.results import _META, InputError, Result, write_together
from simulator.run import Request
from simulator.version import __version__

_OLD = 3600.0  # seconds after which an unfinished file is left over from a process that died
_NOTES, _FINDINGS, _EXPLANATIONS = "experiments", "findings", "explanations"  # folders beside the runs
ABOUT = "about.json"  # in the folder of a finding


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
        return self.put_bytes(request.key, result.to_bytes(request.key))

    def put_bytes(self, key: str, content: bytes) -> Path:
        """Write a run as ``Result.to_bytes`` made it. Raises OSError."""
        path = self.path(key)
        write_together({path: lambda temporary: _write(temporary, content)})
        return path

    def metadata(self, request: Request) -> dict[str, Any] | None:
        """The row of a finished run, its numbers unread; None where there is none."""
        row = self.about(self.path(request.key))
        return None if row is None else {**row, "scenario": request.scenario.id, "scenario_text": request.numbers.text}

    def about(self, path: Path) -> dict[str, Any] | None:
        """The row of the run in a file; None where the file is damaged so that it has none."""
        about = _about(path)
        return None if about is None or about.get("key") != path.stem else about["metadata"]

    def load(self, path: Path) -> Result | None:
        """The run in a file; a damaged one is named and is none."""
        try:
            return Result.from_bytes(path.read_bytes(), path.stem)
        except (OSError, ValueError) as error:
            print(f"{path} is damaged ({error}); it is left out", file=sys.stderr)
            return None

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
        """Remove and return runs and answers of other versions, damaged files, and what dead processes left."""
        current = self.current()
        damaged = {path for path, _ in self.damaged()}
        old = [p for p in self.folder.glob("??/.*.tmp") if time.time() - p.stat().st_mtime > _OLD]
        for path in self:
            about = _about(path)
            row = about["metadata"] if about else {}
            if path in damaged or (row.get("model"), row.get("code")) != current:
                old.append(path)
        for files, made in self.answers():
            if made != current:
                old += files
        for path in old:
            path.unlink(missing_ok=True)
        for folder in self.findings.glob("*"):
            with contextlib.suppress(OSError):  # others keep their files
                folder.rmdir()
        return old

    @property
    def findings(self) -> Path:
        """Where analyses keep a folder each."""
        return self.folder / _FINDINGS

    @property
    def explanations(self) -> Path:
        """Where explanations are kept, a file each."""
        return self.folder / _EXPLANATIONS

    @staticmethod
    def current() -> tuple[str, str]:
        """Model and code that run now."""
        return __version__, code_digest()

    def answers(self) -> Iterator[tuple[list[Path], tuple[str, str] | None]]:
        """The files of each finding and explanation, and the model and code that made it; None where unreadable."""
        for path in sorted(self.findings.glob("*")):
            yield sorted(path.glob("*")), _made(path / ABOUT, "asked")
        for path in sorted(self.explanations.glob("*.json")):
            yield [path], _made(path, "metadata")

    def note(self, name: str, content: Mapping[str, Any]) -> Path:
        """Write down that runs of an experiment are kept here, and what decides them. Raises OSError."""
        text = json.dumps({"name": name, "content": content}, ensure_ascii=False, indent=1, sort_keys=True)
        digest = hashlib.sha256(text.encode()).hexdigest()[:12]
        path = self.folder / _NOTES / f"{name}-{digest}.json"
        if not path.exists():
            write_together({path: lambda temporary: _write(temporary, text.encode())})
        return path

    def notes(self) -> dict[str, list[dict[str, Any]]]:
        """What :meth:`note` wrote, by the experiment's name; damaged files are passed over."""
        found: dict[str, list[dict[str, Any]]] = {}
        for path in sorted((self.folder / _NOTES).glob("*.json")):
            try:
                noted = json.loads(path.read_bytes())
                found.setdefault(noted["name"], []).append(dict(noted["content"]))
            except (OSError, ValueError, KeyError, TypeError):
                continue
        return found


def merge(folders: Sequence[str | Path], out: str | Path, mixed: bool = False) -> tuple[int, list[Path]]:
    """Copy the runs of several stores into one, and what analyses found in them; returns how many runs it holds then,
    and the damaged files left out.

    Unless ``mixed``, runs of different versions of code or data, or of an experiment whose file was changed in
    between, are refused: InputError says what differs. So are equal keys with different numbers, always.
    """
    stores = [Store(folder) for folder in folders]
    for store in stores:
        if not store.folder.is_dir():
            raise InputError(f"{store.folder}: there is no such folder")
    target = Store(out)
    everyone = [*stores, target]
    if not mixed:
        _refuse_mixture(everyone)
    damaged: list[Path] = []
    for store in stores:
        for path in store:
            try:
                content = path.read_bytes()
                result = Result.from_bytes(content, path.stem)
            except (OSError, ValueError):
                damaged.append(path)
                continue
            there = target.path(path.stem)
            try:
                before = Result.from_bytes(there.read_bytes(), path.stem)
            except (OSError, ValueError):
                target.put_bytes(path.stem, content)
                continue
            if before.values.tobytes() != result.values.tobytes():
                raise InputError(f"{path} and {there} are one run with different numbers; remove the one you distrust")
        for files, made in store.answers():
            if made is None:
                damaged += files
                continue
            copies = {target.folder / path.relative_to(store.folder): path.read_bytes() for path in files}
            write_together({to: partial(_write, content=content) for to, content in copies.items()})
        for name, contents in store.notes().items():
            for about in contents:
                target.note(name, about)
    return len(list(target)), damaged


def _refuse_mixture(stores: Sequence[Store]) -> None:
    seen: dict[str, tuple[Any, Path]] = {}

    def compare(what: str, value: Any, where: Path) -> None:
        first, there = seen.setdefault(what, (value, where))
        if first != value:
            raise InputError(
                f"{what} differs: {_short(first)} in {there}, {_short(value)} in {where}; --mixed keeps both"
            )

    for store in stores:
        for path in store:
            row = store.about(path) or {}
            for name in ("model", "code", "data"):
                if name in row:
                    compare(name, row[name], store.folder)
        for _, made in store.answers():
            for name, value in zip(("model", "code"), made or ()):
                compare(name, value, store.folder)
        for experiment, contents in store.notes().items():
            for about in contents:
                for name, value in about.items():
                    compare(f"{name} of experiment {experiment}", value, store.folder)


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else text[:80] + "…"


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def _made(path: Path, part: str) -> tuple[str, str] | None:
    """Model and code in the description of an answer; a finding writes both as one."""
    try:
        about = json.loads(path.read_bytes())[part]
        model, joined, code = about["model"].partition("+")
        return model, code if joined else about["code"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _about(path: Path) -> dict[str, Any] | None:
    try:
        about = json.loads(pq.read_schema(path).metadata[_META])
    except (pa.ArrowException, OSError, KeyError, TypeError, ValueError):
        return None
    return about if isinstance(about, dict) and "metadata" in about else None
