"""Containment candidates: units that share three fifths of the smaller sample, at the level of the smaller."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from dedup.candidates import Candidates, containment_candidates, pairs, shared_shingles
from dedup.kernels import I64, U8, U64, Kernels, compiled, reference
from dedup.kernels.hashing import LEVEL_SIZE
from tests import oracles

NO_CAP = 1000
IMPLEMENTATIONS = [pytest.param(reference, id="numpy"), pytest.param(compiled, id="compiled")]
Units = tuple[list[set[int]], list[int]]


@st.composite
def sampled(draw: st.DrawFn) -> Units:
    """Samples of a few units, of which large ones have a level, and the units' ranks."""
    units = draw(st.integers(0, 7))
    step = draw(st.sampled_from([1, 1, 2, 8, 2**26]))
    pool = [*(number * step for number in range(draw(st.sampled_from([4, 24, 48])))), 2**31, 2**32 - 1]
    samples = []
    for _ in range(units):
        few = draw(st.sets(st.sampled_from(pool), max_size=6))
        first, last = sorted(draw(st.tuples(*[st.integers(0, len(pool))] * 2)))
        samples.append(draw(st.sampled_from([few, few ^ set(pool[first:last]), few ^ set(pool)])))
    ranks = draw(st.lists(st.integers(0, 30), min_size=units, max_size=units, unique=True))
    return samples, ranks


def postings(samples: list[set[int]], ranks: list[int], parts: int = 1) -> list[U64]:
    """The entries in no order, in arrays of which each has all that have a value in common."""
    entries = [
        (value, value << 32 | rank) for rank, sample in zip(ranks, samples, strict=True) for value in sorted(sample)
    ]
    return [
        np.array([entry for value, entry in entries if value % parts == part], dtype=np.uint64) for part in range(parts)
    ]


def found(samples: list[set[int]], ranks: list[int], cap: int, kernels: Kernels, parts: int = 1) -> Candidates:
    levels = np.full(max(ranks, default=-1) + 1, 255, dtype=np.uint8)
    sizes = np.full(levels.size, -1, dtype=np.int64)
    for rank, sample in zip(ranks, samples, strict=True):
        levels[rank], sizes[rank] = oracles.sample_level(sample, LEVEL_SIZE)
    return candidates_of(postings(samples, ranks, parts), levels, sizes, cap, kernels)


def candidates_of(several: list[U64], levels: U8, sizes: I64, cap: int, kernels: Kernels) -> Candidates:
    shared = [shared_shingles(part, levels, cap, kernels) for part in several]
    return containment_candidates(shared, levels, sizes, kernels)


def pairs_of(candidates: Candidates) -> list[tuple[int, int]]:
    return list(zip(candidates.left.tolist(), candidates.right.tolist(), strict=True))


@given(sampled())
@settings(max_examples=60)
def test_without_levels_and_caps_all_pairs_that_share_three_fifths_are_candidates(
    kernels: Kernels, units: Units
) -> None:
    samples, ranks = units
    # Odd values are at level 0 alone.
    samples = [{value | 1 for value in sample} for sample in samples]
    sample = dict(zip(ranks, samples, strict=True))
    expected = {
        (left, right)
        for left, right in oracles.all_pairs(ranks)
        if sample[left] & sample[right]
        and len(sample[left] & sample[right]) * 5 >= 3 * min(len(sample[left]), len(sample[right]))
    }
    candidates = found(samples, ranks, NO_CAP, kernels)
    assert set(pairs_of(candidates)) == expected
    assert candidates.capped == 0


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
@given(sampled(), st.sampled_from([1, 2, 3, 4, NO_CAP]))
@settings(max_examples=80)
def test_a_shingle_proposes_the_first_units_that_hold_it(implementation: Kernels, units: Units, cap: int) -> None:
    candidates = found(*units, cap, implementation)
    expected = oracles.containment_candidates(*units, cap, LEVEL_SIZE)
    assert set(pairs_of(candidates)) == expected.pairs
    assert candidates.capped == expected.capped


@given(sampled(), st.integers(1, 4))
@settings(max_examples=50)
def test_candidates_are_distinct_ordered_and_earlier(kernels: Kernels, units: Units, cap: int) -> None:
    candidates = found(*units, cap, kernels)
    pairs = pairs_of(candidates)
    assert pairs == sorted(set(pairs), key=lambda pair: (pair[1], pair[0]))
    assert all(left < right for left, right in pairs)
    assert candidates.left.dtype == candidates.right.dtype == np.int64


@given(sampled(), st.integers(1, 4), st.data())
@settings(max_examples=50)
def test_candidates_of_a_unit_depend_on_earlier_units_alone(
    kernels: Kernels, units: Units, cap: int, data: st.DataObject
) -> None:
    samples, ranks = units
    before = data.draw(st.sampled_from([0, *ranks]))
    places = [place for place, rank in enumerate(ranks) if rank <= before]
    prefix = found([samples[place] for place in places], [ranks[place] for place in places], cap, kernels)
    assert pairs_of(prefix) == [pair for pair in pairs_of(found(samples, ranks, cap, kernels)) if pair[1] <= before]


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
@given(sampled(), st.integers(2, 5), st.sampled_from([0, 2, 7]))
@settings(max_examples=50)
def test_working_in_parts_gives_the_same(implementation: Kernels, units: Units, parts: int, at_once: int) -> None:
    whole = found(*units, 3, implementation)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pairs, "PAIRS_AT_ONCE", at_once)
        in_parts = found(*units, 3, implementation, parts)
    assert pairs_of(in_parts) == pairs_of(whole)
    assert in_parts.capped == whole.capped


def test_a_long_unit_is_looked_for_by_a_sample_of_its_sample(kernels: Kernels) -> None:
    """At level 2 the shorter one has eight values, of which five suffice, though they are few of its 29."""
    shorter = set(range(29))
    enough = set(range(0, 20, 4)) | set(range(1000, 2000))
    less = set(range(0, 16, 4)) | set(range(1001, 2000, 2)) | set(range(1, 29, 2))
    assert pairs_of(found([shorter, enough], [0, 1], NO_CAP, kernels)) == [(0, 1)]
    assert pairs_of(found([shorter, less], [0, 1], NO_CAP, kernels)) == []


def test_no_postings_propose_nothing(kernels: Kernels) -> None:
    nothing: U64 = np.zeros(0, dtype=np.uint64)
    levels, sizes = np.zeros(2, dtype=np.uint8), np.zeros(2, dtype=np.int64)
    for several in ([], [nothing], [nothing, nothing]):
        assert pairs_of(candidates_of(several, levels, sizes, 4, kernels)) == []


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_a_phrase_that_everybody_has_makes_linearly_many_pairs(implementation: Kernels) -> None:
    units = 5_000
    candidates = found([{1, 2}] * units, list(range(units)), 16, implementation)
    assert candidates.left.size == sum(min(rank, 16) for rank in range(units))
    assert candidates.capped == 2
