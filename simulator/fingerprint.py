"""Which code a run came from: a digest of the package's files that decide one."""

from __future__ import annotations

import ast
import hashlib
from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
# What the model's files import but what decides nothing about a run: where files are, and what takes a run down.
_APART = ("fingerprint", "paths", "posterior", "results", "tracking", "version")


@cache
def model_digest() -> str:
    """12 hex digits of the files that decide what a run computes: the model's and all that they import."""
    return _digest("model", _APART)


@cache
def code_digest() -> str:
    """12 hex digits of the files that decide a finished run as it is kept: also how it is taken down."""
    return _digest("run", ())


def _digest(root: str, apart: tuple[str, ...]) -> str:
    """Comments and docstrings are left out: saying better what is done does not make a finished run another one."""
    found = hashlib.sha256()
    for name in reached(root, apart):
        found.update(name.encode() + b"\0" + _read(name)[0].encode() + b"\0")
    return found.hexdigest()[:12]


def reached(root: str, apart: tuple[str, ...] = ()) -> list[str]:
    """Modules of the package that ``root`` imports, directly or not, at their top or inside a function; sorted."""
    found: set[str] = set()
    waiting = [root]
    while waiting:
        name = waiting.pop()
        if name not in found and name not in apart and _path(name).is_file():
            found.add(name)
            waiting += _read(name)[1]
    return sorted(found)


def _path(name: str) -> Path:
    return _PACKAGE / f"{name.replace('.', '/')}.py"


@cache
def _read(name: str) -> tuple[str, tuple[str, ...]]:
    """A module's statements, and the modules of the package it may import."""
    source = _path(name).read_text("utf-8")
    nodes = _blocks(ast.parse(source))
    imported: list[str] = []
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "simulator":
            module = node.module.partition(".")[2]
            imported += [module, *(f"{module}.{alias.name}" if module else alias.name for alias in node.names)]
    return _bare(source, nodes), tuple(imported)


def _blocks(tree: ast.AST) -> list[ast.AST]:
    """Every statement at whatever depth; expressions hold none, and there are many of them."""
    found, waiting = [], [tree]
    while waiting:
        node = waiting.pop()
        found.append(node)
        for part in ("body", "orelse", "finalbody", "handlers", "cases"):
            block = getattr(node, part, ())
            if isinstance(block, list):  # the body of a conditional expression is none
                waiting += block
    return found


def statements(source: str) -> str:
    """A module's lines without docstrings, blank lines and lines of comment.

    >>> statements("# why\\n\\ndef f():\\n    'Say.'\\n    return 1\\n")
    'def f():\\n    return 1'
    """
    return _bare(source, _blocks(ast.parse(source)))


def _bare(source: str, nodes: list[ast.AST]) -> str:
    lines = source.splitlines()
    for node in nodes:
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if ast.get_docstring(node, clean=False) is not None:
            first, last = node.body[0].lineno - 1, node.body[0].end_lineno or 0
            lines[first:last] = [""] * (last - first)
    return "\n".join(line for line in lines if line.strip() and not line.lstrip().startswith("#"))
