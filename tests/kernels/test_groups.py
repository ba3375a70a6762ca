"""Groups of entries with a key in common, levels of samples, and components: both implementations, and the textbook."""

from collections.abc import Iterator

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import example, given, settings

from dedup.kernels import U8, U64, Kernels, Links, Samples, compiled, reference, reference_groups
from dedup.kernels.hashing import LEVEL_SIZE
from tests import oracles
from tests.kernels.twins import assert_same, examples

IMPLEMENTATIONS = [pytest.param(reference, id="numpy"), pytest.param(compiled, id="compiled")]
NO_LEVELS: U8 = np.zeros(0, dtype=np.uint8)
MEMBERS = 12

keys = st.sampled_from([0, 1, 2, 3, 4, 8, 12, 2**31, 2**32 - 1])
members = st.integers(0, MEMBERS - 1)
entry_sets = st.one_of(
    st.sets(st.tuples(keys, members), max_size=40), st.sets(st.tuples(st.just(4), members), max_size=12)
)
some_levels = st.lists(st.sampled_from([0, 0, 1, 2, 3, 31, 32]), min_size=MEMBERS, max_size=MEMBERS)


def entries_of(several: set[tuple[int, int]]) -> U64:
    return np.array(sorted(key << 32 | member for key, member in several), dtype=np.uint64)


def textbook(entries: U64, start: int, cap: int, links: int, levels: list[int] | None) -> tuple[list[int], int]:
    """The pairs of all entries from `start` on, one after the other, and the number of groups cut there."""
    pairs: list[int] = []
    cut = 0
    several = entries.tolist()
    for place, entry in enumerate(several):
        key, member = entry >> 32, entry % 2**32
        before = [each % 2**32 for each in several[:place] if each >> 32 == key]
        if place < start:
            continue
        # The first one that the cut concerns, if the group is looked for by then.
        looked_for = [levels is None or key % 2 ** levels[each] == 0 for each in (*before, member)]
        cut += len(before) >= cap and any(looked_for) and (len(before) == cap or not any(looked_for[:-1]))
        pairs += [
            member << 32 | other
            for other in (before if len(before) < cap else before[:links])
            if levels is None or any(key % 2 ** levels[side] == 0 for side in (member, other))
        ]
    return pairs, cut


def calls(
    kernels: Kernels, entries: U64, start: int, cap: int, links: int, levels: U8, most: int
) -> Iterator[tuple[int, Links]]:
    """Each call that it takes to get all pairs, with the entry that it began at."""
    while start < entries.size:
        found = kernels.link(entries, start, cap, links, levels, most)
        assert isinstance(found.following, int)
        assert isinstance(found.cut, int)
        yield start, found
        assert start < found.following <= entries.size
        start = found.following


@pytest.mark.parametrize("kernels", IMPLEMENTATIONS)
@given(
    entry_sets, st.integers(0, 40), st.integers(1, 6), st.integers(1, 6), st.none() | some_levels, st.integers(0, 30)
)
@settings(max_examples=examples(150))
def test_members_are_linked_with_those_before_them(
    kernels: Kernels,
    several: set[tuple[int, int]],
    start: int,
    cap: int,
    links: int,
    levels: list[int] | None,
    most: int,
) -> None:
    """However many calls it takes, and from any entry on, in the midst of a group too."""
    entries = entries_of(several)
    start = min(start, entries.size)
    given_levels = NO_LEVELS if levels is None else np.array(levels, dtype=np.uint8)
    found = [each for _, each in calls(kernels, entries, start, cap, links, given_levels, most)]
    pairs, cut = textbook(entries, start, cap, links, levels)
    assert [pair for each in found for pair in each.pairs.tolist()] == pairs
    assert sum(each.cut for each in found) == cut
    assert all(each.pairs.size <= most + max(cap, links) for each in found)
    assert all(each.pairs.dtype == np.uint64 for each in found)


@given(entry_sets, st.integers(0, 40), st.integers(1, 6), st.integers(1, 6), st.integers(0, 30))
@settings(max_examples=examples(80))
@example({(4, member) for member in range(MEMBERS)}, 3, 4, 2, 0)
def test_both_implementations_link_as_many_at_a_time(
    several: set[tuple[int, int]], start: int, cap: int, links: int, most: int
) -> None:
    entries = entries_of(several)
    for begin, found in calls(reference, entries, min(start, entries.size), cap, links, NO_LEVELS, most):
        other = compiled.link(entries, begin, cap, links, NO_LEVELS, most)
        assert_same(found.pairs, other.pairs)
        assert found[1:] == other[1:]


values = st.sampled_from([0, 1, 2, 4, 8, 2**31, 2**32 - 1]) | st.integers(0, 2**32 - 1)
multiples = st.tuples(st.integers(0, 200), st.sampled_from([1, 2, 16, 2**20])).map(lambda drawn: drawn[0] * drawn[1])


@given(st.lists(st.sets(values | multiples, max_size=40), max_size=6))
@settings(max_examples=examples(80))
@example([set(range(0, 2**32, 2**28)), set(range(7)), set(range(8)), {0}, set()])
def test_levels_of_samples(rows: list[set[int]]) -> None:
    offsets = np.cumsum([0, *map(len, rows)], dtype=np.int64)
    samples = Samples(np.array([value for row in rows for value in row], dtype=np.uint32), offsets)
    found = reference_groups.sample_levels(samples)
    assert_same(found, compiled.sample_levels(samples))
    assert (found[0].dtype, found[1].dtype) == (np.dtype(np.uint8), np.dtype(np.int64))
    expected = [oracles.sample_level(row, LEVEL_SIZE) for row in rows]
    assert list(zip(found[0].tolist(), found[1].tolist(), strict=True)) == expected


def reachable(pairs: list[tuple[int, int]], count: int) -> list[int]:
    """For each item the least that it is connected with, by a search from each."""
    firsts = []
    for item in range(count):
        seen, waiting = {item}, [item]
        while waiting:
            here = waiting.pop()
            for one, two in pairs:
                for near, far in ((one, two), (two, one)):
                    if near == here and far not in seen:
                        seen.add(far)
                        waiting.append(far)
        firsts.append(min(seen))
    return firsts


@given(st.integers(1, 14), st.data())
@settings(max_examples=examples(100))
def test_components_are_what_can_be_reached(count: int, data: st.DataObject) -> None:
    item = st.integers(0, count - 1)
    pairs = data.draw(st.lists(st.tuples(item, item), max_size=16))
    left, right = (np.array([pair[side] for pair in pairs], dtype=np.int64) for side in (0, 1))
    found = compiled.components(left, right, count)
    assert_same(reference.components(left, right, count), found)
    assert found.tolist() == reachable(pairs, count)


@pytest.mark.parametrize("kernels", IMPLEMENTATIONS)
def test_a_long_chain_is_one_component_whichever_way_it_is_given(kernels: Kernels) -> None:
    count = 2000
    items = np.arange(count)
    for order in (slice(None), slice(None, None, -1)):
        left, right = np.ascontiguousarray(items[:-1][order]), np.ascontiguousarray(items[1:][order])
        assert not kernels.components(left, right, count).any()
        assert not kernels.components(right, left, count).any()
    nothing = np.zeros(0, dtype=np.int64)
    assert kernels.components(nothing, nothing, 3).tolist() == [0, 1, 2]


counted_sets = st.dictionaries(st.integers(0, 12) | st.integers(0, 2**64 - 1), st.integers(1, 9), max_size=12)


@given(counted_sets, counted_sets)
def test_counts_of_two_sets_are_summed(some: dict[int, int], others: dict[int, int]) -> None:
    sides = [
        (np.array(sorted(each), dtype=np.uint64), np.array([each[value] for value in sorted(each)], dtype=np.int64))
        for each in (some, others)
    ]
    expected = {value: some.get(value, 0) + others.get(value, 0) for value in sorted({*some, *others})}
    for kernels in (reference, compiled):
        union, sums = kernels.add_counts(*sides[0], *sides[1])
        assert (union.tolist(), sums.tolist()) == (list(expected), list(expected.values()))
        assert (union.dtype, sums.dtype) == (np.uint64, np.int64)


@given(st.data())
def test_pairs_are_kept_of_whose_smaller_side_enough_is_shared(data: st.DataObject) -> None:
    members = st.tuples(st.integers(0, 3), st.integers(0, 12))
    levels, sizes = zip(*data.draw(st.lists(members, min_size=2, max_size=6)), strict=True)
    pairs = [(left, right) for right in range(len(sizes)) for left in range(right)]
    counts = data.draw(st.lists(st.integers(1, 9), min_size=len(pairs), max_size=len(pairs)))
    expected = [
        right << 32 | left
        for (left, right), count in zip(pairs, counts, strict=True)
        if 5 * count >= 3 * min((levels[side], sizes[side]) for side in (left, right))[1]
    ]
    packed = np.array([right << 32 | left for left, right in pairs], dtype=np.uint64)
    for kernels in (reference, compiled):
        kept = kernels.enough_shared(
            packed, np.array(counts), np.array(levels, dtype=np.uint8), np.array(sizes), (3, 5)
        )
        assert kept.tolist() == expected
