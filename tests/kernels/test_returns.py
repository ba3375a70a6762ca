"""Returns of skip-bigrams: both implementations, against counting them one by one."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from dedup.kernels import U64, Kernels, compiled, reference
from dedup.kernels.returns import MOST_OCCURRENCES, NEAREST, SKIPS, STRETCH_BITS, WINDOW
from tests.strategies import to_ragged

IMPLEMENTATIONS = [pytest.param(reference, id="numpy"), pytest.param(compiled, id="compiled")]
NOTHING: U64 = np.zeros(1024, dtype=np.uint64)


def expected(row: list[int], common: set[int]) -> int:
    """Entries are skip-bigrams, in the order of the tokens at which they begin and then of their skip."""
    entries = [
        (place, frozenset((row[place], row[place + skip])), SKIPS * place + skip - 1)
        for place in range(len(row))
        for skip in range(1, SKIPS + 1)
        if place + skip < len(row) and not {row[place] >> 48, row[place + skip] >> 48} <= common
    ]
    counts: dict[frozenset[int], int] = {}
    for _, bigram, _ in entries:
        counts[bigram] = counts.get(bigram, 0) + 1
    links = [
        (entry, earlier >> STRETCH_BITS)
        for later, bigram, entry in entries
        for earlier, other, _ in entries
        if other == bigram and later - earlier >= NEAREST and counts[bigram] <= MOST_OCCURRENCES
    ]
    most = 0
    for last, _ in links:
        window = [stretch for entry, stretch in links if last - SKIPS * WINDOW < entry <= last]
        most = max(most, *(sum(each in (low, low + 1) for each in window) for low in {-1, *window}))
    return most


def bitmap(common: set[int]) -> U64:
    bits = NOTHING.copy()
    for value in common:
        bits[value >> 6] |= np.uint64(1 << (value & 63))
    return bits


@pytest.mark.parametrize("kernels", IMPLEMENTATIONS)
@given(data=st.data())
def test_the_densest_window_is_counted(kernels: Kernels, data: st.DataObject) -> None:
    generator = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    words = generator.integers(0, 2**64, data.draw(st.sampled_from([1, 3, 10, 20, 40])), dtype=np.uint64).tolist()
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
    often = [value << 40 for number in range(4) for value in [*block, 1000 + 2 * number, 1001 + 2 * number]]
    near = [value << 40 for value in (1, 2, 3, 4, 5) * 2]
    found = kernels.densest_returns(*to_ragged([spread, often, near, []]), NOTHING)
    assert found.tolist() == [29 + 28, 0, 0, 0]
