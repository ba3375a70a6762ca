"""What the tests of two implementations share."""

import os

import numpy as np

PLAIN_PYTHON = os.environ.get("NUMBA_DISABLE_JIT") == "1"
"""Whether loops run as Python, a thousand times slower."""


def examples(count: int) -> int:
    """How many examples to try: a third of them as plain Python, where each is looked at more closely."""
    return max(count // 3, 3) if PLAIN_PYTHON else count


def assert_same(one: object, two: object) -> None:
    if isinstance(one, tuple):
        assert isinstance(two, tuple)
        for left, right in zip(one, two, strict=True):
            assert_same(left, right)
    elif isinstance(one, int):
        assert one == two
    else:
        assert isinstance(one, np.ndarray)
        assert isinstance(two, np.ndarray)
        assert one.dtype == two.dtype
        assert one.shape == two.shape
        np.testing.assert_array_equal(one, two)
