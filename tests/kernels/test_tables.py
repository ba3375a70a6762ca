"""Groups of entries in sorted tables, and checksums of blocks: both implementations, and the textbook."""

from itertools import pairwise
from random import Random

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from dedup.index.tables import LayoutBuilder, TableNumbers, sorted_tables
from dedup.kernels import U64, Kernels, SortedTables, compiled, reference
from dedup.kernels.hashing import BLOCK_WORDS
from dedup.kernels.stacking import stack
from tests.kernels.twins import examples

IMPLEMENTATIONS = [pytest.param(reference, id="numpy"), pytest.param(compiled, id="compiled")]
MEMBERS = 40

keys = st.one_of(st.sampled_from([0, 1, 7, 2**31, 2**32 - 1]), st.integers(0, 2**32 - 1))
tables_of_entries = st.lists(
    st.sets(st.tuples(keys, st.integers(0, MEMBERS - 1)), max_size=120), min_size=4, max_size=4
)


def tables_of(several: list[set[tuple[int, int]]], kernels: Kernels, *, checked: bool) -> SortedTables:
    """Tables as they are in memory, or as they are in a file, with checksums."""
    builder = LayoutBuilder()
    for number, entries in enumerate(several):
        builder.add_table(number, np.array(sorted(key << 32 | member for key, member in entries), dtype=np.uint64))
    layout = builder.build()
    return sorted_tables(layout, TableNumbers(1), kernels.sum_blocks(layout.words) if checked else None)


@pytest.mark.parametrize("kernels", IMPLEMENTATIONS)
@given(
    tables_of_entries,
    st.lists(st.tuples(st.integers(0, 3), keys), max_size=30, unique=True),
    st.lists(st.sampled_from([1, 2, 5, 2**62]), min_size=4, max_size=4),
    st.sets(st.integers(0, MEMBERS - 1)),
    st.integers(0, 3),
    st.booleans(),
    st.lists(st.integers(0, MEMBERS), max_size=3),
    st.one_of(st.none(), st.randoms(use_true_random=False)),
)
@settings(max_examples=examples(120))
def test_the_first_living_members_of_each_group_are_found(
    kernels: Kernels,
    several: list[set[tuple[int, int]]],
    queries: list[tuple[int, int]],
    limits: list[int],
    dead: set[int],
    before: int,
    checked: bool,
    cuts: list[int],
    shuffled: Random | None,
) -> None:
    bounds = [0, *sorted(cuts), MEMBERS]
    parts = [
        tables_of(
            [{(key, member) for key, member in group if low <= member < high} for group in several],
            kernels,
            checked=checked and number % 2 == 0,
        )
        for number, (low, high) in enumerate(pairwise(bounds))
    ]
    alive = np.array([member not in dead for member in range(MEMBERS)], dtype=np.bool_)
    queries = sorted([*queries, *((table, key) for table, group in enumerate(several) for key, _ in list(group)[:9])])
    if shuffled is not None:
        shuffled.shuffle(queries)
    counts = np.full(len(queries), before, dtype=np.int64)
    found = kernels.find_members(
        stack(parts),
        np.array([table for table, _ in queries], dtype=np.uint8),
        np.array([key for _, key in queries], dtype=np.uint32),
        np.array(limits, dtype=np.int64),
        alive,
        counts,
    )
    expected, numbers = [], []
    for place, (table, key) in enumerate(queries):
        members = sorted(member for each, member in several[table] if each == key and member not in dead)
        members = members[: max(limits[table] - before, 0)]
        expected += [place << 32 | member for member in members]
        numbers.append(before + len(members))
    assert (found.damaged, found.part) == (-1, -1)
    assert found.entries.dtype == np.uint64
    assert found.entries.tolist() == expected
    assert counts.tolist() == numbers


@pytest.mark.parametrize("kernels", IMPLEMENTATIONS)
@pytest.mark.parametrize("checked", [True, False])
def test_a_group_larger_than_the_room_is_found_whole(kernels: Kernels, checked: bool) -> None:
    members = 5000
    tables = tables_of(
        [set(), set(), {(7, member) for member in range(members)} | {(9, 3)}, set()], kernels, checked=checked
    )
    counts = np.zeros(2, dtype=np.int64)
    found = kernels.find_members(
        stack([tables]),
        np.array([2, 2], dtype=np.uint8),
        np.array([7, 9], dtype=np.uint32),
        np.full(4, 2**62, dtype=np.int64),
        np.ones(members, dtype=np.bool_),
        counts,
    )
    assert found.entries.tolist() == [*range(members), 1 << 32 | 3]
    assert counts.tolist() == [members, 1]


words_of = st.integers(0, 3 * BLOCK_WORDS).flatmap(
    lambda size: st.integers(0, 2**32).map(
        lambda seed: np.random.default_rng(seed).integers(0, 2**64, size, dtype=np.uint64)
    )
)


@given(words_of)
@settings(max_examples=examples(30))
def test_both_implementations_sum_alike(words: U64) -> None:
    sums = reference.sum_blocks(words)
    assert sums.size == -(-words.size // BLOCK_WORDS)
    np.testing.assert_array_equal(sums, compiled.sum_blocks(words))


@pytest.mark.parametrize("kernels", IMPLEMENTATIONS)
@given(words=words_of.filter(lambda words: words.size > 1), data=st.data())
@settings(max_examples=examples(30))
def test_a_flipped_bit_and_swapped_words_show(kernels: Kernels, words: U64, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, words.size - 2))
    sums = kernels.sum_blocks(words)
    flipped = words.copy()
    flipped[place] ^= np.uint64(1 << data.draw(st.integers(0, 63)))
    swapped = words.copy()
    swapped[[place, place + 1]] = swapped[[place + 1, place]]
    assert np.flatnonzero(kernels.sum_blocks(flipped) != sums).tolist() == [place // BLOCK_WORDS]
    assert (kernels.sum_blocks(swapped) != sums).any() == (words[place] != words[place + 1])
    tables = SortedTables(flipped, np.zeros(0, dtype=np.int64), sums, np.zeros(sums.size, dtype=np.uint8))
    whole = np.array([0]), np.array([words.size - 1])
    assert kernels.check_words(tables, *whole) == place // BLOCK_WORDS
    assert kernels.check_words(tables._replace(words=words), *whole) == -1
    assert kernels.check_words(tables._replace(words=words), np.zeros(0, np.int64), np.zeros(0, np.int64)) == -1


@pytest.mark.parametrize("kernels", IMPLEMENTATIONS)
def test_a_search_that_meets_a_damaged_block_says_so_and_others_do_not_mind(kernels: Kernels) -> None:
    generator = np.random.default_rng(1)
    several: list[set[tuple[int, int]]] = [
        {(int(key), int(key) % MEMBERS) for key in generator.integers(0, 2**32, 3000)} for _ in range(4)
    ]
    tables = tables_of(several, kernels, checked=True)
    first, size = tables.places.reshape(-1, 4)[2, :2].tolist()
    words = tables.words.copy()
    words[first + size // 2] ^= np.uint64(1)
    key = int(words[first + size // 2] >> np.uint64(32))
    broken = tables._replace(words=words, checked=np.zeros_like(tables.checked))

    def find(table: int, key: int) -> tuple[int, int]:
        found = kernels.find_members(
            stack([tables, broken]),
            np.array([table], dtype=np.uint8),
            np.array([key], dtype=np.uint32),
            np.full(4, 10, dtype=np.int64),
            np.ones(MEMBERS, dtype=np.bool_),
            np.zeros(1, dtype=np.int64),
        )
        return found.damaged, found.part

    assert find(2, key) == ((first + size // 2) // BLOCK_WORDS, 1)
    assert find(0, min(several[0])[0]) == (-1, -1)


@pytest.mark.parametrize("kernels", IMPLEMENTATIONS)
def test_where_there_are_no_tables_nothing_is_found(kernels: Kernels) -> None:
    counts = np.array([3], dtype=np.int64)
    one = np.zeros(1, dtype=np.uint8), np.zeros(1, dtype=np.uint32)
    found = kernels.find_members(stack([]), *one, np.full(4, 9, dtype=np.int64), np.zeros(0, dtype=np.bool_), counts)
    assert (found.entries.tolist(), found.damaged, counts.tolist()) == ([], -1, [3])
