"""Merging candidates, and exact classes."""

import hypothesis.strategies as st
import numpy as np
from hypothesis import given, settings

from dedup.candidates import Candidates, exact_classes, merge_candidates

one_pair = st.tuples(st.integers(0, 2**32 - 2), st.integers(1, 2**32 - 1)).filter(lambda pair: pair[0] < pair[1])
near_pair = st.tuples(st.integers(0, 4), st.integers(0, 4)).filter(lambda pair: pair[0] < pair[1])


def candidates_of(pairs: set[tuple[int, int]], capped: int) -> Candidates:
    ordered = sorted(pairs, key=lambda pair: (pair[1], pair[0]))
    left, right = ([pair[side] for pair in ordered] for side in (0, 1))
    return Candidates(np.array(left, dtype=np.int64), np.array(right, dtype=np.int64), capped)


@given(
    st.lists(st.tuples(st.sets(st.one_of(near_pair, one_pair), max_size=8), st.integers(0, 9)), min_size=1, max_size=3)
)
@settings(max_examples=50)
def test_merging_gives_each_pair_once_in_order_and_adds_up_what_was_capped(
    several: list[tuple[set[tuple[int, int]], int]],
) -> None:
    merged = merge_candidates(*(candidates_of(pairs, capped) for pairs, capped in several))
    expected = candidates_of(set().union(*(pairs for pairs, _ in several)), sum(capped for _, capped in several))
    assert merged.left.tolist() == expected.left.tolist()
    assert merged.right.tolist() == expected.right.tolist()
    assert merged.capped == expected.capped


@given(st.lists(st.tuples(st.sampled_from([0, 1, 2, 2**64 - 1]), st.integers(0, 2)), max_size=12))
@settings(max_examples=50)
def test_the_class_of_a_unit_is_the_first_with_its_digest(units: list[tuple[int, int]]) -> None:
    digests = np.array([digest for digest, _ in units], dtype=np.uint64)
    lengths = np.array([0 if digest == 0 else 1 + length for digest, length in units], dtype=np.int64)
    expected = [
        place if length == 0 else digests.tolist().index(digest)
        for place, (digest, length) in enumerate(zip(digests.tolist(), lengths.tolist(), strict=True))
    ]
    assert exact_classes(digests, lengths).tolist() == expected


def test_units_without_tokens_are_alone() -> None:
    digests, lengths = np.array([7, 7, 7], dtype=np.uint64), np.zeros(3, dtype=np.int64)
    assert exact_classes(digests, lengths).tolist() == [0, 1, 2]
