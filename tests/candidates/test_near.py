"""Near candidates: units that share a bucket, in linear number."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from dedup.candidates import Candidates, band_pairs, near, near_candidates, pairs
from dedup.kernels import U32, Kernels, compiled, reference
from tests import oracles

NO_CAP = 1000
IMPLEMENTATIONS = [pytest.param(reference, id="numpy"), pytest.param(compiled, id="compiled")]


@st.composite
def banded(draw: st.DrawFn) -> tuple[U32, list[int]]:
    """Band keys of a few units that often share a bucket, and the units' ranks."""
    bands, units = draw(st.integers(1, 3)), draw(st.integers(0, 9))
    key = st.sampled_from([0, 1, 2, 2**32 - 1])
    rows = [draw(st.lists(key, min_size=units, max_size=units)) for _ in range(bands)]
    ranks = draw(st.lists(st.integers(0, 2**20), min_size=units, max_size=units, unique=True))
    return np.array(rows, dtype=np.uint32).reshape(bands, units), ranks


def pairs_of(candidates: Candidates) -> list[tuple[int, int]]:
    return list(zip(candidates.left.tolist(), candidates.right.tolist(), strict=True))


def found(keys: U32, ranks: list[int], cap: int, links: int, kernels: Kernels) -> Candidates:
    order = np.array(ranks, dtype=np.int64)
    return near_candidates(band_pairs(band, order, cap, links, kernels) for band in keys)


@given(banded())
@settings(max_examples=50)
def test_without_a_cap_all_pairs_that_share_a_band_are_candidates(
    kernels: Kernels, units: tuple[U32, list[int]]
) -> None:
    keys, ranks = units
    expected = {
        (min(ranks[one], ranks[two]), max(ranks[one], ranks[two]))
        for one, two in oracles.all_pairs(range(len(ranks)))
        if (keys[:, one] == keys[:, two]).any()
    }
    candidates = found(keys, ranks, NO_CAP, 1, kernels)
    assert set(pairs_of(candidates)) == expected
    assert candidates.capped == 0


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
@given(banded(), st.integers(1, 5), st.integers(1, 5))
@settings(max_examples=50)
def test_a_member_over_the_cap_is_compared_with_the_first_links(
    implementation: Kernels, units: tuple[U32, list[int]], cap: int, links: int
) -> None:
    keys, ranks = units
    candidates = found(keys, ranks, cap, links, implementation)
    expected = oracles.near_candidates(keys.tolist(), ranks, cap, links)
    assert set(pairs_of(candidates)) == expected.pairs
    assert candidates.capped == expected.capped


@given(banded(), st.integers(1, 5), st.integers(1, 5))
@settings(max_examples=50)
def test_candidates_are_distinct_ordered_and_earlier(
    kernels: Kernels, units: tuple[U32, list[int]], cap: int, links: int
) -> None:
    candidates = found(*units, cap, links, kernels)
    pairs = pairs_of(candidates)
    assert pairs == sorted(set(pairs), key=lambda pair: (pair[1], pair[0]))
    assert all(left < right for left, right in pairs)
    assert candidates.left.dtype == candidates.right.dtype == np.int64


@given(banded(), st.integers(1, 5), st.integers(1, 5), st.data())
@settings(max_examples=50)
def test_candidates_of_a_unit_depend_on_earlier_units_alone(
    kernels: Kernels, units: tuple[U32, list[int]], cap: int, links: int, data: st.DataObject
) -> None:
    keys, ranks = units
    before = data.draw(st.sampled_from([0, *ranks]))
    places = [place for place, rank in enumerate(ranks) if rank <= before]
    prefix = found(keys[:, places], [ranks[place] for place in places], cap, links, kernels)
    assert pairs_of(prefix) == [pair for pair in pairs_of(found(keys, ranks, cap, links, kernels)) if pair[1] <= before]


@given(banded(), st.integers(1, 5), st.integers(1, 5), st.data())
@settings(max_examples=50)
def test_the_order_of_the_columns_does_not_matter(
    kernels: Kernels, units: tuple[U32, list[int]], cap: int, links: int, data: st.DataObject
) -> None:
    keys, ranks = units
    places = data.draw(st.permutations(range(len(ranks))))
    shuffled = found(keys[:, places], [ranks[place] for place in places], cap, links, kernels)
    assert pairs_of(shuffled) == pairs_of(found(keys, ranks, cap, links, kernels))


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
@given(banded(), st.sampled_from([0, 3, 10]))
@settings(max_examples=50)
def test_working_in_slices_gives_the_same(implementation: Kernels, units: tuple[U32, list[int]], at_once: int) -> None:
    whole = found(*units, 4, 2, implementation)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pairs, "PAIRS_AT_ONCE", at_once)
        patch.setattr(near, "PAIRS_AT_ONCE", at_once)
        in_slices = found(*units, 4, 2, implementation)
    assert pairs_of(in_slices) == pairs_of(whole)
    assert in_slices.capped == whole.capped


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_a_bucket_of_everything_makes_linearly_many_pairs(implementation: Kernels) -> None:
    units = 20_000
    candidates = found(np.zeros((2, units), dtype=np.uint32), list(range(units)), 256, 16, implementation)
    assert candidates.left.size == 256 * 255 // 2 + (units - 256) * 16
    assert candidates.capped == 2


def test_no_bands_and_no_units_make_no_pairs(kernels: Kernels) -> None:
    assert pairs_of(found(np.zeros((0, 3), dtype=np.uint32), [0, 1, 2], 4, 2, kernels)) == []
    assert pairs_of(found(np.zeros((3, 0), dtype=np.uint32), [], 4, 2, kernels)) == []
