"""Loops over rows, compiled: one pass over memory where NumPy takes ten.

A compiled function takes plain numbers and columns, never the model, and stands beside the equation it serves.
Compilation happens once a machine: the result is kept on disk beside the module, or in the user's cache where that
is read-only. Numba notices a change of the module itself, but not of a compiled function of another module that it
calls: only ``luck`` of :mod:`simulator.streams` is called across modules.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """The same function as machine code; division by zero gives infinity, as in NumPy."""
    return cast(Function, numba.njit(cache=True, error_model="numpy", nogil=True)(function))
