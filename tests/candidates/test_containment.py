"""Containment candidates: units that share half of the smaller sample."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from dedup.candidates import Candidates, containment, containment_candidates
from tests import oracles
from tests.strategies import to_ragged

NO_CAP = 1000


@st.composite
def sampled(draw: st.DrawFn) -> tuple[list[set[int]], list[int]]:
    """Samples of a few units, and the units' ranks."""
    units = draw(st.integers(0, 8))
    values = st.sampled_from([*range(7), 2**63, 2**64 - 1])
    samples = draw(st.lists(st.sets(values, max_size=6), min_size=units, max_size=units))
    ranks = draw(st.lists(st.integers(0, 30), min_size=units, max_size=units, unique=True))
    return samples, ranks


def found(samples: list[set[int]], ranks: list[int], cap: int) -> Candidates:
    rows = to_ragged([sorted(sample) for sample in samples])
    return containment_candidates(rows, np.array(ranks, dtype=np.int64), cap)


def pairs_of(candidates: Candidates) -> list[tuple[int, int]]:
    return list(zip(candidates.left.tolist(), candidates.right.tolist(), strict=True))


@given(sampled())
@settings(max_examples=50)
def test_without_a_cap_all_pairs_that_share_half_are_candidates(units: tuple[list[set[int]], list[int]]) -> None:
    samples, ranks = units
    sample = dict(zip(ranks, samples, strict=True))
    expected = {
        (left, right)
        for left, right in oracles.all_pairs(ranks)
        if sample[left] & sample[right]
        and len(sample[left] & sample[right]) >= min(len(sample[left]), len(sample[right])) / 2
    }
    candidates = found(samples, ranks, NO_CAP)
    assert set(pairs_of(candidates)) == expected
    assert candidates.capped == 0


@given(sampled(), st.integers(1, 4))
@settings(max_examples=50)
def test_a_shingle_proposes_the_first_units_that_hold_it(units: tuple[list[set[int]], list[int]], cap: int) -> None:
    candidates = found(*units, cap)
    expected = oracles.containment_candidates(*units, cap)
    assert set(pairs_of(candidates)) == expected.pairs
    assert candidates.capped == expected.capped


@given(sampled(), st.integers(1, 4))
@settings(max_examples=50)
def test_candidates_are_distinct_ordered_and_earlier(units: tuple[list[set[int]], list[int]], cap: int) -> None:
    candidates = found(*units, cap)
    pairs = pairs_of(candidates)
    assert pairs == sorted(set(pairs), key=lambda pair: (pair[1], pair[0]))
    assert all(left < right for left, right in pairs)
    assert candidates.left.dtype == candidates.right.dtype == np.int64


@given(sampled(), st.integers(1, 4), st.data())
@settings(max_examples=50)
def test_candidates_of_a_unit_depend_on_earlier_units_alone(
    units: tuple[list[set[int]], list[int]], cap: int, data: st.DataObject
) -> None:
    samples, ranks = units
    before = data.draw(st.sampled_from([0, *ranks]))
    places = [place for place, rank in enumerate(ranks) if rank <= before]
    prefix = found([samples[place] for place in places], [ranks[place] for place in places], cap)
    assert pairs_of(prefix) == [pair for pair in pairs_of(found(samples, ranks, cap)) if pair[1] <= before]


@given(sampled())
@settings(max_examples=50)
def test_working_in_parts_gives_the_same(units: tuple[list[set[int]], list[int]]) -> None:
    whole = found(*units, 3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(containment, "_PAIRS_AT_ONCE", 2)
        assert pairs_of(found(*units, 3)) == pairs_of(whole)


def test_a_phrase_that_everybody_has_makes_linearly_many_pairs() -> None:
    units = 5_000
    candidates = found([{1, 2}] * units, list(range(units)), 16)
    assert candidates.left.size == sum(min(rank, 16) for rank in range(units))
    assert candidates.capped == 2
