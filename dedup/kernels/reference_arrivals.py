"""Pairs of arrivals with the members before them in a group, in NumPy."""

import numpy as np

from dedup.kernels import I64, U32, U64, ArrivalPairs, Bool, Groups

_SHIFT = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)
_NONE = np.uint32(0xFFFFFFFF)


def group_entries(entries: U64, bounds: I64, first_table: int) -> Groups:
    """See `Kernels.group_entries`."""
    tables = np.repeat(np.arange(first_table, first_table + bounds.size - 1), np.diff(bounds))
    keys = entries >> _SHIFT
    new = np.ones(entries.size, dtype=np.bool_)
    np.logical_or(keys[1:] != keys[:-1], tables[1:] != tables[:-1], out=new[1:])
    begins = np.flatnonzero(new)
    return Groups(np.append(begins, entries.size), tables[begins].astype(np.uint8), keys[begins].astype(np.uint32))


def pair_arrivals(
    entries: U64, begins: I64, hits: U64, counts: I64, alive: Bool, representatives: U32, cap: int, links: int
) -> ArrivalPairs:
    """See `Kernels.pair_arrivals`."""
    sizes = np.diff(begins)
    concerned = np.flatnonzero((counts > 0) | (sizes > 1))
    sizes = sizes[concerned]
    group = np.repeat(concerned, sizes)
    before = np.arange(group.size) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    place = begins[group] + before
    members = entries[place] & _LOW
    in_index = counts[group]
    few = in_index + before < cap
    partners = np.where(few, in_index, np.minimum(in_index, links))
    # Members of a group stand together and their positions ascend: how many are among the first is found by halves.
    queries = (hits >> _SHIFT).astype(np.int64)
    position = np.arange(hits.size) - (np.cumsum(counts) - counts)[queries]
    ranks = (hits & _LOW).astype(np.int64)
    usable = np.flatnonzero(alive[ranks] & (representatives[ranks] == _NONE))
    queries, position, ranks = queries[usable], position[usable], ranks[usable]
    places = queries << 32 | position
    low = np.searchsorted(places, group << 32)
    high = np.searchsorted(places, group << 32 | partners)
    owner = np.repeat(np.arange(members.size), high - low)
    within = np.arange(owner.size) - np.repeat(np.cumsum(high - low) - (high - low), high - low)
    stored = members[owner] << _SHIFT | ranks[low[owner] + within].astype(np.uint64)
    keys = entries[begins[:-1]] >> _SHIFT
    partners = np.where(few, before, np.minimum(before, np.maximum(links - in_index, 0)))
    later = np.repeat(np.arange(group.size), partners)
    within = np.arange(later.size) - np.repeat(np.cumsum(partners) - partners, partners)
    earlier = entries[np.repeat(begins[group], partners) + within] & _LOW
    return ArrivalPairs(stored, keys[group[owner]], members[later] << _SHIFT | earlier, keys[group[later]])
