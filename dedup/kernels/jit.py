"""What marks a loop for compilation.

The loops are plain Python. In ordinary processes they are never run as such: `exported` ones are called in machine
code that `dedup.kernels.building` made of them once a machine, in a process of its own, with Numba. So no process that
works on texts imports Numba, whose import and whose loading of cached functions take longer than to sketch 200 MB.

A loop allocates nothing and raises nothing: arrays, for results and for scratch, are passed in. Its parameters are
annotated by the array aliases of `dedup.kernels` (one dimension, C-contiguous), `Integer`, `np.uint64` or `bool`, and
it gives an `Integer` or nothing. With `NUMBA_DISABLE_JIT=1` loops run as Python, for tests.
"""

import os
from collections.abc import Callable
from types import FunctionType
from typing import TypeVar, cast

import numpy as np

from dedup.kernels.native import NativeLoop

Integer = int | np.int64
"""An integer within compiled code, where Python's and NumPy's are one."""

Function = TypeVar("Function", bound=Callable[..., object])

BUILDING = "DEDUP_BUILDING_KERNELS"
"""The environment variable that the building process sets for itself."""

exports: list[FunctionType] = []
"""In the building process, the loops that are called from outside, as Python functions."""


def compiled(function: Function) -> Function:
    """Mark a function that loops call."""
    return _compile(function) if BUILDING in os.environ else function


def exported(function: Function) -> Function:
    """Mark a loop that is called from Python; what it gives has the same parameters and runs without the GIL."""
    if BUILDING in os.environ:
        exports.append(cast("FunctionType", function))
        return _compile(function)
    if os.environ.get("NUMBA_DISABLE_JIT") == "1":
        return function
    return cast("Function", NativeLoop(function))


def _compile(function: Function) -> Function:
    import numba

    return cast("Function", numba.njit(nogil=True, boundscheck=False, error_model="numpy")(function))
