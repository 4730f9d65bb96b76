"""Loops over rows, compiled: one pass over memory where NumPy takes ten.

A compiled function takes plain numbers and columns, never the model, and stands beside the equation it serves.
Compilation happens once a machine: the result is kept on disk beside the module, or in the user's cache where that
is read-only. Numba notices a change of the module itself, but not of a compiled function of another module that it
calls: only ``places`` below and ``luck`` of :mod:`simulator.streams` are called across modules.

What is fast over millions of rows: a loop that fills a column of flags with neither a jump nor a table looked up, which
the processor does many rows at a time; then ``places``; then a loop over these alone. Places are whole numbers without
sign, since those that could count from the end are found more slowly.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np

from simulator.units import Array

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """The same function as machine code; division by zero gives infinity, as in NumPy."""
    return cast(Function, numba.njit(cache=True, error_model="numpy", nogil=True)(function))


@compiled
def places(flags: Array) -> Array:
    """Where flags are true, in ascending order."""
    number = 0
    for i in range(len(flags)):
        number += flags[i]
    found, number = np.empty(number + 1, np.uint32), 0  # the last one is written until the next is found
    for i in range(len(flags)):
        found[number] = i  # whether true or not: a jump here would be guessed wrong
        number += flags[i]
    return found[:number]
