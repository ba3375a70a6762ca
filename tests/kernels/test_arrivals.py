"""Pairs of arrivals with the members before them: both implementations, and group by group."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from dedup.kernels import Kernels, compiled, reference
from tests.kernels.twins import examples

IMPLEMENTATIONS = [pytest.param(reference, id="numpy"), pytest.param(compiled, id="compiled")]
NONE = 2**32 - 1

tables_of_entries = st.lists(st.sets(st.tuples(st.integers(0, 6), st.integers(0, 30)), max_size=40), max_size=4)
members_of_groups = st.lists(st.sets(st.integers(0, 19), max_size=8), min_size=30, max_size=30)


@pytest.mark.parametrize("kernels", IMPLEMENTATIONS)
@given(
    tables_of_entries,
    members_of_groups,
    st.lists(st.booleans(), min_size=20, max_size=20),
    st.lists(st.booleans(), min_size=20, max_size=20),
    st.integers(1, 6),
    st.integers(1, 6),
)
@settings(max_examples=examples(120))
def test_each_arrival_is_paired_with_the_members_before_it_up_to_the_cap(
    kernels: Kernels,
    several: list[set[tuple[int, int]]],
    stored: list[set[int]],
    alive: list[bool],
    dropped: list[bool],
    cap: int,
    links: int,
) -> None:
    tables = [sorted(key << 32 | arrival for key, arrival in entries) for entries in several]
    entries = np.array([entry for table in tables for entry in table], dtype=np.uint64)
    bounds = np.cumsum([0, *map(len, tables)], dtype=np.int64)
    groups = kernels.group_entries(entries, bounds, 3)

    expected_groups = [
        (3 + table, key) for table, each in enumerate(several) for key in sorted({key for key, _ in each})
    ]
    assert list(zip(groups.tables.tolist(), groups.keys.tolist(), strict=True)) == expected_groups
    assert groups.tables.dtype == np.uint8
    assert groups.keys.dtype == np.uint32
    assert int(groups.begins[-1]) == entries.size

    found = [sorted(stored[group]) for group in range(len(expected_groups))]
    pairs = kernels.pair_arrivals(
        entries,
        groups.begins,
        np.array([group << 32 | rank for group, ranks in enumerate(found) for rank in ranks], dtype=np.uint64),
        np.array([len(ranks) for ranks in found], dtype=np.int64),
        np.array(alive, dtype=np.bool_),
        np.array([7 if is_dropped else NONE for is_dropped in dropped], dtype=np.uint32),
        cap,
        links,
    )
    expected_stored, expected_local = [], []
    for (table, key), ranks in zip(expected_groups, found, strict=True):
        arrivals = sorted(arrival for each, arrival in several[table - 3] if each == key)
        everyone = [("stored", rank) for rank in ranks] + [("local", arrival) for arrival in arrivals]
        for place, arrival in enumerate(arrivals, len(ranks)):
            for kind, other in everyone[: place if place < cap else min(place, links)]:
                if kind == "local":
                    expected_local.append((arrival << 32 | other, key))
                elif alive[other] and not dropped[other]:
                    expected_stored.append((arrival << 32 | other, key))
    assert sorted(zip(pairs.stored.tolist(), pairs.stored_keys.tolist(), strict=True)) == sorted(expected_stored)
    assert sorted(zip(pairs.local.tolist(), pairs.local_keys.tolist(), strict=True)) == sorted(expected_local)


@pytest.mark.parametrize("kernels", IMPLEMENTATIONS)
def test_a_group_of_many_gives_more_pairs_than_entries(kernels: Kernels) -> None:
    entries = np.array([5 << 32 | arrival for arrival in range(300)], dtype=np.uint64)
    groups = kernels.group_entries(entries, np.array([0, 300]), 0)
    nothing, none = np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.uint32)
    pairs = kernels.pair_arrivals(
        entries, groups.begins, nothing, np.zeros(1, dtype=np.int64), none.astype(np.bool_), none, 400, 16
    )
    assert pairs.stored.size == 0
    assert sorted(pairs.local.tolist()) == sorted(later << 32 | other for later in range(300) for other in range(later))
    assert set(pairs.local_keys.tolist()) == {5}
