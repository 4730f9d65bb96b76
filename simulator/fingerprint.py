"""Which code a run came from: a digest of the package's files that decide one."""

from __future__ import annotations

import ast
import hashlib
from functools import cache
from pathlib import Path

_SHOW = (
    "panels",
    "texts",
    "charts.py",
    "drawing.py",
    "sentences.py",
    "tables.py",
    "evidence.py",
    "report.py",
    "cli.py",
    "terminal.py",
    "__main__.py",
    "odd.py",
)
_AFTER = ("posterior.py", "compare.py", "batch.py", "pool.py", "record.py", "analysis", "shipped")


@cache
def code_digest() -> str:
    """12 hex digits of the files that decide a run; pages, texts, comparisons and analyses are left out.

    So are comments and docstrings: saying better what is done does not make a finished run another one.
    """
    package = Path(__file__).resolve().parent
    found = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        name = path.relative_to(package)
        if name.parts[0] not in (*_SHOW, *_AFTER):
            found.update(name.as_posix().encode() + b"\0" + statements(path.read_text("utf-8")).encode() + b"\0")
    return found.hexdigest()[:12]


def statements(source: str) -> str:
    """A module's lines without docstrings, blank lines and lines of comment.

    >>> statements("# why\\n\\ndef f():\\n    'Say.'\\n    return 1\\n")
    'def f():\\n    return 1'
    """
    lines = source.splitlines()
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if ast.get_docstring(node, clean=False) is not None:
            first, last = node.body[0].lineno - 1, node.body[0].end_lineno or 0
            lines[first:last] = [""] * (last - first)
    return "\n".join(line for line in lines if line.strip() and not line.lstrip().startswith("#"))
