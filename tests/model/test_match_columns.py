"""Matches held as columns."""

from itertools import pairwise

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from dedup.model import Evidence, LazyMatches, Match, MatchColumns, Relation, Span
from tests.columns import columns_of, matches


@given(st.lists(matches(), max_size=6))
def test_the_matches_are_those_that_went_into_the_columns(several: list[Match]) -> None:
    assert list(columns_of(several).matches()) == several
    assert len(columns_of(several)) == len(several)


@given(st.lists(matches(), max_size=6), st.integers(-8, 8), st.slices(8))
@settings(max_examples=50)
def test_lazy_matches_are_the_sequence_that_a_list_is(several: list[Match], index: int, part: slice) -> None:
    lazy = LazyMatches(len(several), lambda first, last: columns_of(several[first:last]))
    assert list(lazy) == several
    assert list(reversed(lazy)) == several[::-1]
    assert lazy[part] == several[part]
    if -len(several) <= index < len(several):
        assert lazy[index] == several[index]
    else:
        with pytest.raises(IndexError, match="out of range"):
            lazy[index]


def test_blocks_cover_a_long_sequence_in_order_and_are_made_one_at_a_time() -> None:
    asked: list[tuple[int, int]] = []

    def columns(first: int, last: int) -> MatchColumns:
        asked.append((first, last))
        return columns_of([Match(Relation.EXACT, Span(place, 0, 1, 1, 1), None) for place in range(first, last)])

    lazy = LazyMatches(10_000, columns)
    blocks = lazy.blocks()
    assert asked == []
    first = next(blocks)
    assert asked == [(0, len(first))]
    assert len(first) < 10_000
    assert sum(len(block) for block in blocks) == 10_000 - len(first)
    assert asked[-1][1] == 10_000
    assert all(before[1] == after[0] for before, after in pairwise(asked))
    assert [match.left.document for match in lazy] == list(range(10_000))


def test_what_has_no_evidence_has_an_empty_one() -> None:
    match = Match(Relation.RESIDUE, Span("a", 0, 1, 1, 1), None)
    columns = columns_of([match])
    assert columns.evidence == {}
    assert next(columns.matches()).evidence == Evidence()
    assert np.isnan(columns.scores).all()
