"""Anchored clusters: each removed document is paired with the kept one that stands for it."""

import hypothesis.strategies as st
import numpy as np
from hypothesis import given, settings

from dedup.clustering import anchored_clusters
from dedup.kernels import Kernels
from tests import oracles

pair_sets = st.sets(st.tuples(st.integers(0, 9), st.integers(0, 9)).filter(lambda pair: pair[0] < pair[1]))


def representatives(pairs: list[tuple[int, int]], count: int, kernels: Kernels) -> list[int]:
    left, right = (np.array([pair[side] for pair in pairs], dtype=np.int64) for side in (0, 1))
    found: list[int] = anchored_clusters(left, right, count, kernels).tolist()
    return found


@given(pair_sets)
@settings(max_examples=50)
def test_clusters_are_those_of_the_textbook(kernels: Kernels, pairs: set[tuple[int, int]]) -> None:
    assert representatives(list(pairs), 10, kernels) == oracles.anchored_clusters(pairs, 10)


@given(pair_sets, st.data())
@settings(max_examples=50)
def test_the_order_in_which_pairs_are_given_does_not_matter(
    kernels: Kernels, pairs: set[tuple[int, int]], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(sorted(pairs)))
    assert representatives(shuffled, 10, kernels) == representatives(sorted(pairs), 10, kernels)


@given(pair_sets)
@settings(max_examples=50)
def test_each_removed_document_is_paired_with_its_kept_representative(
    kernels: Kernels, pairs: set[tuple[int, int]]
) -> None:
    found = representatives(list(pairs), 10, kernels)
    for document, representative in enumerate(found):
        if representative >= 0:
            assert (representative, document) in pairs
            assert found[representative] == -1
        else:
            assert all(found[left] >= 0 for left, right in pairs if right == document)


@given(pair_sets, st.integers(0, 10))
@settings(max_examples=50)
def test_a_document_is_decided_by_earlier_ones_alone(kernels: Kernels, pairs: set[tuple[int, int]], count: int) -> None:
    earlier = [pair for pair in pairs if pair[1] < count]
    assert representatives(earlier, count, kernels) == representatives(list(pairs), 10, kernels)[:count]


def test_a_chain_of_pairs_is_no_cluster(kernels: Kernels) -> None:
    chain = [(place, place + 1) for place in range(9)]
    assert representatives(chain, 10, kernels) == [-1, 0, -1, 2, -1, 4, -1, 6, -1, 8]


def test_nothing_matched_means_all_are_kept(kernels: Kernels) -> None:
    assert representatives([], 3, kernels) == [-1, -1, -1]
    assert representatives([], 0, kernels) == []
