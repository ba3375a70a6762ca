"""Marks on loops, and what the compiled code is called with."""

import numpy as np
import pytest

from dedup.kernels import I64, U8, U32, U64, Bool, jit
from dedup.kernels.native import kinds_of, symbol_of


def loop(data: U8, places: I64, words: U64, halves: U32, flags: Bool, count: jit.Integer, mask: np.uint64) -> None:
    """Only its signature is of interest."""


def counted(wanted: bool) -> jit.Integer:
    return 1 if wanted else 0


def test_kinds_are_read_from_annotations() -> None:
    assert kinds_of(loop) == (("uint8[]", "int64[]", "uint64[]", "uint32[]", "bool[]", "int64", "uint64"), False)
    assert kinds_of(counted) == (("bool",), True)


def test_a_symbol_names_module_and_function() -> None:
    assert symbol_of(counted) == "tests_kernels_test_jit_counted"


def test_marked_functions_stay_python_without_compilation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    assert jit.exported(counted)(True) == 1
    assert jit.compiled(counted) is counted
