"""Rewrite candidates: units of documents, their anchors, and the index."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from dedup.candidates import anchors as module
from dedup.candidates.anchors import (
    ANCHORS,
    WHOLE_UP_TO,
    WINDOW,
    WINDOWS_FROM,
    build_index,
    divide,
    find_anchors,
    find_lists,
    find_nearest,
    most_anchors,
    unit_rows,
)
from dedup.kernels import reference, reference_rewriting
from dedup.kernels.hashing import weight_table
from dedup.kernels.rewriting import STRENGTH, Anchors
from tests.kernels.twins import assert_same
from tests.strategies import to_ragged


@given(st.lists(st.integers(0, 3 * WINDOWS_FROM) | st.integers(WHOLE_UP_TO - 2, WHOLE_UP_TO + 900), max_size=5))
def test_units_cover_each_document_and_stay_within_it(lengths: list[int]) -> None:
    offsets = np.append(0, np.cumsum(lengths, dtype=np.int64)).astype(np.int64)
    units = divide(offsets)
    assert units.firsts.size == offsets.size
    for place, length in enumerate(lengths):
        own = slice(int(units.firsts[place]), int(units.firsts[place + 1]))
        starts, ends = units.starts[own] - offsets[place], units.ends[own] - offsets[place]
        covered = np.zeros(length, dtype=np.bool_)
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
            assert 0 <= start <= end <= length
            covered[start:end] = True
        assert covered.all()
        windows = ends - starts < length
        assert windows.any() if length > WINDOWS_FROM else starts.size == 1
        assert (ends - starts)[windows].max(initial=0) <= WINDOW
        assert windows.all() == (length > WHOLE_UP_TO)


def test_the_rows_of_units_are_their_terms() -> None:
    values = np.arange(1000, dtype=np.uint64)
    units = divide(np.array([0, 900, 1000]))
    rows, offsets = unit_rows(values, units)
    for unit, (start, end) in enumerate(zip(units.starts.tolist(), units.ends.tolist(), strict=True)):
        assert rows[offsets[unit] : offsets[unit + 1]].tolist() == list(range(start, end))


def test_rare_terms_and_repeated_ones_are_anchors_and_common_ones_are_not() -> None:
    known = np.array([1 << 32, 2 << 32, 3 << 32], dtype=np.uint64)
    table = weight_table(known, np.array([0.0, 1.0, 2.0]))
    units = to_ragged([[1 << 32] * 3 + [2 << 32] * 2 + [3 << 32, 4 << 32]])
    found = find_anchors(units, table, 5.0, reference, reference_rewriting)
    assert found.keys.tolist() == [2, 3, 4]
    twice = 1.0 + np.log(2)
    weights = np.array([twice, 2.0, 5.0])
    np.testing.assert_allclose(found.strengths / STRENGTH, weights / np.linalg.norm(weights), atol=1e-4)


def test_a_unit_has_each_key_once_though_terms_share_it() -> None:
    key, other = 7 << 32, 9 << 32
    rows = to_ragged([[key + 1, other, key + 2, key + 3], [], [key + 1, key + 4], [other, other + 1], [other]])
    table = weight_table(np.array([key + 1], dtype=np.uint64), np.array([3.0]))
    found = find_anchors(rows, table, 1.0, reference, reference_rewriting)
    assert found.keys.tolist() == [7, 9, 7, 9, 9]
    assert found.offsets.tolist() == [0, 2, 2, 3, 4, 5]
    assert found.strengths[0] == round(3.0 / np.sqrt(12.0) * STRENGTH)


@given(st.integers(0, 2**32 - 1), st.integers(1, 9), st.integers(0, 12))
@settings(max_examples=40)
def test_one_after_the_other_finds_what_all_at_once_does(seed: int, budget: int, split: int) -> None:
    """An index of the documents so far proposes for the next one what the whole one does, whatever comes later."""
    generator = np.random.default_rng(seed)
    rows = [np.sort(generator.choice(15, generator.integers(0, 6), replace=False)) for _ in range(12)]
    strengths = [generator.integers(1, 1 << 15, row.size) for row in rows]

    def held(count: int) -> Anchors:
        return Anchors(
            np.concatenate([np.zeros(0), *rows[:count]]).astype(np.uint32),
            np.concatenate([np.zeros(0), *strengths[:count]]).astype(np.uint16),
            np.append(0, np.cumsum([row.size for row in rows[:count]], dtype=np.int64)).astype(np.int64),
        )

    firsts = np.arange(13)
    nothing = np.zeros(12, dtype=np.uint32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "POSTINGS_READ", budget)
        index = build_index(held(12), firsts)
        every = find_nearest(
            index,
            held(12),
            held(12),
            index.lists.astype(np.int64),
            firsts,
            firsts[:-1],
            nothing,
            3,
            reference_rewriting,
        )
        if split < 12:
            own = Anchors(
                rows[split].astype(np.uint32), strengths[split].astype(np.uint16), np.array([0, rows[split].size])
            )
            earlier = build_index(held(split), firsts[: split + 1])
            alone = find_nearest(
                earlier, held(split), own, find_lists(earlier, own.keys), np.array([0, 1]), np.array([split]),
                nothing[:1], 3, reference_rewriting,
            )  # fmt: skip
            within = slice(int(every.offsets[split]), int(every.offsets[split + 1]))
            assert alone.documents.tolist() == every.documents[within].tolist()
            assert alone.scores.tolist() == every.scores[within].tolist()


@given(st.integers(0, 2**32 - 1), st.integers(1, 30))
@settings(max_examples=40)
def test_an_index_sorted_part_by_part_is_the_same(seed: int, at_once: int) -> None:
    generator = np.random.default_rng(seed)
    sizes = generator.integers(0, 8, 12)
    keys = (generator.integers(0, 12, sizes.sum()) * 0x15555555).astype(np.uint32)
    strengths = generator.integers(1, 1 << 15, keys.size).astype(np.uint16)
    anchors = Anchors(keys, strengths, np.append(0, np.cumsum(sizes)))
    firsts = np.array([0, 5, 6, 12])
    whole = build_index(anchors, firsts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_SORTED_AT_ONCE", at_once)
        parts = build_index(anchors, firsts)
    assert_same(parts, whole)
    units = np.repeat(np.arange(sizes.size), sizes)
    for number, key in enumerate(np.unique(keys).tolist()):
        held = slice(int(whole.postings.offsets[number]), int(whole.postings.offsets[number + 1]))
        assert whole.keys[number] == key
        assert whole.postings.units[held].tolist() == units[keys == key].tolist()
        assert whole.postings.strengths[held].tolist() == strengths[keys == key].tolist()
    assert whole.keys[whole.lists].tolist() == keys.tolist()
    assert find_lists(whole, keys).tolist() == whole.lists.tolist()
    assert find_lists(whole, np.array([3, 2**32 - 1], dtype=np.uint32)).tolist() == [-1, -1]
    assert whole.owners.tolist() == [0] * 5 + [1] + [2] * 6


@given(st.lists(st.integers(0, 9000), max_size=6))
@settings(max_examples=40)
def test_there_is_room_for_the_anchors_of_all_units(lengths: list[int]) -> None:
    ranges = divide(np.append(0, np.cumsum(np.array(lengths, dtype=np.int64))))
    assert np.minimum(ranges.ends - ranges.starts, ANCHORS).sum() <= most_anchors(np.array(lengths, dtype=np.int64))
