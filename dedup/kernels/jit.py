"""Numba's decorator with this project's options, typed."""

from collections.abc import Callable
from typing import TypeVar, cast

import numba
import numpy as np

Integer = int | np.int64
"""An integer within compiled code, where Python's and NumPy's are one."""

Function = TypeVar("Function", bound=Callable[..., object])


def compiled(function: Function) -> Function:
    """Compile at the first call, without the GIL, and keep the machine code in a cache folder.

    Where no folder can be written to, the code is compiled again in each process.
    """
    try:
        return _compile(function, cache=True)
    except RuntimeError:
        return _compile(function, cache=False)


def _compile(function: Function, *, cache: bool) -> Function:
    decorate = numba.njit(nogil=True, boundscheck=False, error_model="numpy", cache=cache)
    return cast("Function", decorate(function))
