"""Pairs of arrivals with the members before them in a group, compiled. Contracts are in `dedup.kernels.Kernels`."""

import numpy as np

from dedup.kernels import I64, U8, U32, U64, ArrivalPairs, Bool, Groups
from dedup.kernels.jit import Integer, exported

_SHIFT = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)
_NONE = np.uint32(0xFFFFFFFF)


@exported
def _group_entries_loop(entries: U64, bounds: I64, first_table: Integer, begins: I64, tables: U8, keys: U32) -> Integer:
    """Fill the groups; how many there are."""
    count: Integer = 0
    for table in range(bounds.size - 1):
        first, last = np.uint64(bounds[table]), np.uint64(bounds[table + 1])
        before = np.uint64(1) << _SHIFT
        for place in range(first, last):
            key = entries[place] >> _SHIFT
            # What is no new group is written over: that is no branch, which nothing could predict.
            begins[count] = np.int64(place)
            tables[count] = np.uint8(first_table + table)
            keys[count] = np.uint32(key)
            count += np.int64(key != before)
            before = key
    begins[count] = entries.size
    return count


def group_entries(entries: U64, bounds: I64, first_table: int) -> Groups:
    """See `Kernels.group_entries`."""
    begins = np.empty(entries.size + 1, dtype=np.int64)
    tables, keys = np.empty(entries.size + 1, dtype=np.uint8), np.empty(entries.size + 1, dtype=np.uint32)
    count = _group_entries_loop(entries, bounds, first_table, begins, tables, keys)
    return Groups(begins[: count + 1], tables[:count], keys[:count])


@exported
def _pair_arrivals_loop(
    entries: U64,
    begins: I64,
    hits: U64,
    counts: I64,
    alive: Bool,
    representatives: U32,
    cap: Integer,
    links: Integer,
    stored: U64,
    stored_keys: U64,
    local: U64,
    local_keys: U64,
    state: I64,
) -> None:
    """Fill the pairs that there is room for; `state` is left with how many there are, stored and local."""
    hit = np.uint64(0)
    n_stored, n_local = 0, 0
    room_stored, room_local = stored.size, local.size
    for group in range(counts.size):
        begin, end = np.uint64(begins[group]), np.uint64(begins[group + 1])
        found = counts[group]
        size = np.int64(end - begin)
        if found == 0 and size == 1:
            continue
        key = entries[begin] >> _SHIFT
        for before in range(size):
            arrival = (entries[begin + np.uint64(before)] & _LOW) << _SHIFT
            few = found + before < cap
            for place in range(found if few else min(found, links)):
                member = hits[hit + np.uint64(place)] & _LOW
                if alive[member] and representatives[member] == _NONE:
                    if n_stored < room_stored:
                        stored[n_stored] = arrival | member
                        stored_keys[n_stored] = key
                    n_stored += 1
            for place in range(before if few else min(before, max(links - found, 0))):
                if n_local < room_local:
                    local[n_local] = arrival | (entries[begin + np.uint64(place)] & _LOW)
                    local_keys[n_local] = key
                n_local += 1
        hit += np.uint64(found)
    state[0], state[1] = n_stored, n_local


def pair_arrivals(
    entries: U64, begins: I64, hits: U64, counts: I64, alive: Bool, representatives: U32, cap: int, links: int
) -> ArrivalPairs:
    """See `Kernels.pair_arrivals`."""
    state = np.array([hits.size, entries.size // 8], dtype=np.int64)
    while True:
        rooms = state.tolist()
        stored, stored_keys = np.empty(rooms[0], dtype=np.uint64), np.empty(rooms[0], dtype=np.uint64)
        local, local_keys = np.empty(rooms[1], dtype=np.uint64), np.empty(rooms[1], dtype=np.uint64)
        _pair_arrivals_loop(
            entries, begins, hits, counts, alive, representatives, cap, links, stored, stored_keys, local, local_keys,
            state,
        )  # fmt: skip
        n_stored, n_local = state.tolist()
        if n_stored <= rooms[0] and n_local <= rooms[1]:
            return ArrivalPairs(stored[:n_stored], stored_keys[:n_stored], local[:n_local], local_keys[:n_local])
