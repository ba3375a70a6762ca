"""Sets as ascending arrays."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dedup.kernels.distinct import distinct, is_among

values = st.lists(st.integers(-3, 3))


@given(values)
def test_distinct_values_ascend(several: list[int]) -> None:
    assert distinct(np.array(several, dtype=np.int64)).tolist() == sorted(set(several))


@given(values, st.sets(st.integers(-3, 3)))
def test_values_are_among_those_of_a_set(several: list[int], members: set[int]) -> None:
    found = is_among(np.array(several, dtype=np.int64), np.array(sorted(members), dtype=np.int64))
    assert found.tolist() == [value in members for value in several]
