"""The line on which documents are laid, counters and the index of skip-bigrams."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dedup.candidates.lifted import build_index, count_over_cap, lay_out, least_weight, make_counters
from dedup.kernels.bigrams import SKIPS, UNIT_BITS


@given(
    st.lists(st.tuples(st.integers(0, 2**64 - 1), st.integers(0, 5000)), max_size=30, unique_by=lambda each: each[0])
)
def test_documents_lie_apart_on_the_line_whatever_their_order(documents: list[tuple[int, int]]) -> None:
    digests = np.array([digest for digest, _ in documents], dtype=np.uint64)
    sizes = np.array([size for _, size in documents], dtype=np.int64)
    line = lay_out(digests, sizes)
    taken: list[int] = []
    for place, (first, size) in enumerate(zip(line.firsts.tolist(), sizes.tolist(), strict=True)):
        units = np.arange(first, first + (size >> UNIT_BITS) + 1)
        assert line.owners(units).tolist() == [place] * units.size
        # The unit behind belongs to none, and so does the first of all.
        taken += [*units.tolist(), first + units.size]
    assert len(set(taken)) == len(taken)
    assert 0 not in taken
    assert max(taken, default=0) < line.units
    backwards = lay_out(digests[::-1], sizes[::-1])
    assert backwards.firsts[::-1].tolist() == line.firsts.tolist()


def test_counters_that_are_full_are_over_the_cap() -> None:
    counters = make_counters(0)
    assert count_over_cap(counters) == 0
    counters[:4] = [0xF0, 0x0F, 0xFF, 0xEE]
    assert count_over_cap(counters) == 4


def test_there_are_more_counters_the_more_text_there_is_up_to_a_limit() -> None:
    sizes = [make_counters(tokens).size for tokens in (10, 100_000, 1_000_000)]
    assert sizes == sorted(sizes)
    assert all(size & (size - 1) == 0 for size in sizes)
    assert 2 * sizes[-1] >= SKIPS * 1_000_000


@given(st.lists(st.integers(0, 2**64 - 2), max_size=200))
def test_words_are_found_by_the_upper_bits_of_their_keys(values: list[int]) -> None:
    half = len(values) // 2
    index = build_index([np.array(part, dtype=np.uint64) for part in (values[:half], values[half:])], 1000)
    assert index.words.tolist() == [*sorted(values), 2**64 - 1]
    bits = int(index.prefixes.size - 1).bit_length() - 1
    for place, word in enumerate(index.words.tolist()):
        prefix = word >> (64 - bits)
        assert index.prefixes[prefix] <= place < index.prefixes[prefix + 1]


def test_a_skip_bigram_weighs_less_the_more_often_it_stands_in_the_corpus() -> None:
    index = build_index([], 1000)
    assert (np.diff(index.weights[2:].astype(np.int64)) < 0).all()
    assert least_weight(index) > 5 * int(index.weights[2])
    assert build_index([], 2).weights.max() == 0
