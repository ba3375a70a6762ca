"""Copying ranges of bytes: both implementations, against slices."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from dedup.kernels import Kernels, compiled, reference

IMPLEMENTATIONS = [pytest.param(reference, id="numpy"), pytest.param(compiled, id="compiled")]


@pytest.mark.parametrize("kernels", IMPLEMENTATIONS)
@given(buffer=st.binary(max_size=60), data=st.data())
def test_ranges_are_copied_one_after_the_other(kernels: Kernels, buffer: bytes, data: st.DataObject) -> None:
    place = st.integers(0, len(buffer))
    ranges = data.draw(st.lists(st.tuples(place, place).map(sorted), max_size=12))
    starts, ends = (np.array([each[side] for each in ranges], dtype=np.int64) for side in (0, 1))
    found = kernels.gather_ranges(np.frombuffer(buffer, dtype=np.uint8), starts, ends)
    assert found.dtype == np.uint8
    assert found.tobytes() == b"".join(buffer[start:end] for start, end in ranges)


@pytest.mark.parametrize("kernels", IMPLEMENTATIONS)
@given(data=st.data(), rows=st.integers(0, 5), columns=st.integers(1, 4))
def test_columns_of_ranges_are_woven_to_rows(kernels: Kernels, data: st.DataObject, rows: int, columns: int) -> None:
    buffer = bytes(range(50))
    place = st.integers(0, len(buffer))
    ranges = [[sorted(data.draw(st.tuples(place, place))) for _ in range(rows)] for _ in range(columns)]
    starts, ends = np.moveaxis(np.array(ranges, dtype=np.int64).reshape(columns, rows, 2), 2, 0).copy()
    found = kernels.gather_ranges(np.frombuffer(buffer, dtype=np.uint8), starts, ends)
    expected = [buffer[slice(*ranges[column][row])] for row in range(rows) for column in range(columns)]
    assert found.tobytes() == b"".join(expected)
