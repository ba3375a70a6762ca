"""Returns of rare tokens: both implementations, against counting them one by one."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from dedup.kernels import U64, Kernels, compiled, reference
from dedup.kernels.returns import MOST_OCCURRENCES, NEAREST, STRETCH_BITS, WINDOW
from tests.strategies import to_ragged

IMPLEMENTATIONS = [pytest.param(reference, id="numpy"), pytest.param(compiled, id="compiled")]
NOTHING: U64 = np.zeros(1024, dtype=np.uint64)


def expected(row: list[int], common: set[int]) -> int:
    links = [
        (later, earlier >> STRETCH_BITS)
        for later, value in enumerate(row)
        for earlier in range(later - NEAREST + 1)
        if row[earlier] == value and row.count(value) <= MOST_OCCURRENCES and value >> 48 not in common
    ]
    return max(
        (
            sum(place - WINDOW < later <= place and stretch in (low, low + 1) for later, stretch in links)
            for place in range(len(row))
            for low in {beside for _, stretch in links for beside in (stretch - 1, stretch)}
        ),
        default=0,
    )


def bitmap(common: set[int]) -> U64:
    bits = NOTHING.copy()
    for value in common:
        bits[value >> 6] |= np.uint64(1 << (value & 63))
    return bits


@pytest.mark.parametrize("kernels", IMPLEMENTATIONS)
@given(data=st.data())
def test_the_densest_window_is_counted(kernels: Kernels, data: st.DataObject) -> None:
    seed = data.draw(st.integers(0, 2**32))
    generator = np.random.default_rng(seed)
    words = generator.integers(0, 2**64, data.draw(st.integers(1, 90)), dtype=np.uint64).tolist()
    sizes = data.draw(st.lists(st.integers(0, 160), max_size=4))
    rows = [[words[each] for each in generator.integers(0, len(words), size).tolist()] for size in sizes]
    common = {word >> 48 for word in words[:: data.draw(st.integers(1, 9))][1:]}
    found = kernels.densest_returns(*to_ragged(rows), bitmap(common))
    assert found.dtype == np.int64
    assert found.tolist() == [expected(row, common) for row in rows]


@pytest.mark.parametrize("kernels", IMPLEMENTATIONS)
def test_a_block_that_comes_again_returns_and_words_said_often_do_not(kernels: Kernels) -> None:
    block, others = list(range(1, 31)), list(range(100, 200))
    spread = [value << 40 for value in [*block, *others, *block]]
    often = [value << 40 for value in block * 4]
    near = [value << 40 for value in (1, 2, 3, 4, 5) * 2]
    found = kernels.densest_returns(*to_ragged([spread, often, near, []]), NOTHING)
    assert found.tolist() == [30, 0, 0, 0]
