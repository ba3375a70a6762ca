"""Calls of loops in machine code."""

from collections.abc import Callable

import numpy as np
import pytest

from dedup.kernels import compiled_pairs, compiled_rows, reference
from dedup.kernels.native import Library, NativeLoop
from tests.kernels.conftest import ANCHOR


def function_of(loop: Callable[..., object]) -> Callable[..., object]:
    """The Python function of an exported loop, which without compilation is the loop."""
    function: Callable[..., object] = getattr(loop, "_function", loop)
    return function


def anchored(**changed: object) -> object:
    """Call a loop of three arrays, some of them another object."""
    arguments: dict[str, object] = {
        "left": np.array([0, 1]),
        "right": np.array([1, 2]),
        "representative": np.full(3, -1),
    }
    arguments.update(changed)
    return NativeLoop(function_of(compiled_pairs.anchor_loop))(*arguments.values())


def test_a_loop_fills_its_arrays() -> None:
    found = np.full(3, -1)
    assert anchored(representative=found) is None
    assert found.tolist() == reference.anchor(np.array([0, 1]), np.array([1, 2]), 3).tolist() == [-1, 0, -1]


@pytest.mark.parametrize(
    "wrong",
    [
        np.array([0, 1], dtype=np.int32),
        np.array([0, 1], dtype=np.uint64),
        np.array([0.0, 1.0]),
        np.array([0, 1], dtype=np.dtype(np.int64).newbyteorder()),
        np.array([0, 9, 1, 9])[::2],
        [0, 1],
        None,
        7,
    ],
    ids=["narrower", "unsigned", "floats", "other byte order", "not contiguous", "list", "nothing", "number"],
)
def test_an_array_of_another_kind_is_refused(wrong: object) -> None:
    with pytest.raises(TypeError, match=f"{ANCHOR} takes a contiguous array of int64"):
        anchored(left=wrong)


@pytest.mark.parametrize("wrong", [1.5, "1", None, np.array([1, 2]), np.float64(1)])
def test_a_number_of_another_kind_is_refused(wrong: object) -> None:
    signatures, keys = np.zeros(4, dtype=np.uint32), np.zeros(1, dtype=np.uint32)
    loop = NativeLoop(function_of(compiled_rows.band_keys_loop))
    assert loop(signatures, 4, np.int64(1), 4, keys) is None
    with pytest.raises(TypeError):
        loop(signatures, wrong, 1, 4, keys)


def test_too_few_and_too_many_arguments_are_refused() -> None:
    loop = NativeLoop(function_of(compiled_pairs.anchor_loop))
    array = np.zeros(0, dtype=np.int64)
    for count in (0, 2, 4):
        with pytest.raises(ValueError, match="zip"):
            loop(*[array] * count)


def test_a_loop_that_is_not_in_the_file_is_an_error(object_file: bytes) -> None:
    with pytest.raises(RuntimeError, match="hold no dedup_kernels_nothing"):
        Library(object_file).address("dedup_kernels_nothing")
