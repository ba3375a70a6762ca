"""Candidates of documents that arrive: among those in the index, and among themselves, by the rank in each group.

A group is what `dedup.candidates` has: a bucket of a band, or the documents with one sampled shingle. Members are
counted from the first document of the index on, so that the caps take the same ones however the input is cut.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from dedup.index.tables import LOW, SHIFT, TableNumbers
from dedup.kernels import I64, U8, U32, U64, Samples

_ENTRIES_AT_ONCE = 1 << 16

Find = Callable[[U8, U32], tuple[U64, I64]]
"""Tables and keys to entries of query and rank, ascending, and how many each query has."""


class Pairs(NamedTuple):
    """Pairs of a document in the index, by rank, or of an earlier arrival, by place, with an arrival; int64.

    Each column is sorted by `right`, then `left`; pairs are distinct.
    """

    stored_left: I64
    stored_right: I64
    local_left: I64
    local_right: I64


class Linked(NamedTuple):
    """Packed pairs (the arrival in the upper half), with the key by which each was found."""

    stored: U64
    stored_keys: U64
    local: U64
    local_keys: U64


def band_candidates(
    keys: U32, arrivals: I64, kept: Callable[[I64], np.ndarray[tuple[int], np.dtype[np.bool_]]], cap: int, links: int,
    find: Find
) -> tuple[U64, U64]:  # fmt: skip
    """Packed distinct pairs of arrivals with documents kept in the index, and with each other, in a common bucket.

    `keys` has shape (bands, n); `arrivals` (n,) are the places of those compared, ascending.
    """
    bands = keys.shape[0]
    at_once = max(1, _ENTRIES_AT_ONCE // max(arrivals.size, 1))
    stored, local = [_NO_PAIRS], [_NO_PAIRS]
    for first in range(0, bands, at_once):
        some = keys[first : first + at_once]
        entries = np.sort(some.astype(np.uint64) << SHIFT | arrivals.astype(np.uint64), axis=1)
        tables = np.repeat(np.arange(first, first + some.shape[0]), arrivals.size)
        linked = link(entries.reshape(-1), tables, cap, links, find, kept)
        stored.append(distinct(linked.stored))
        local.append(distinct(linked.local))
    if len(stored) == 2:
        return stored[1], local[1]
    return distinct(np.concatenate(stored)), distinct(np.concatenate(local))


def sample_candidates(
    samples: Samples, arrivals: I64, kept: Callable[[I64], np.ndarray[tuple[int], np.dtype[np.bool_]]], cap: int,
    find: Find, numbers: TableNumbers
) -> Linked:  # fmt: skip
    """All pairs with a sampled shingle in common, as often as they have one.

    `samples` has a row for each of `arrivals`.
    """
    owners = np.repeat(arrivals, np.diff(samples.offsets))
    entries = np.sort(samples.values.astype(np.uint64) << SHIFT | owners.astype(np.uint64))
    tables = np.full(entries.size, numbers.samples)
    return link(entries, tables, cap + 1, cap, find, kept)


def link(
    entries: U64,
    tables: I64,
    cap: int,
    links: int,
    find: Find,
    kept: Callable[[I64], np.ndarray[tuple[int], np.dtype[np.bool_]]],
) -> Linked:
    """Pair arrivals with the members before them of each group, in the index and among the arrivals.

    `entries`: key and arrival, ascending within each table. A member with `cap` or more before it is paired with the
    first `links`. Of those in the index only the ones that are kept come into pairs; all are counted.
    """
    keys = entries >> SHIFT
    new = np.ones(entries.size, dtype=np.bool_)
    np.logical_or(keys[1:] != keys[:-1], tables[1:] != tables[:-1], out=new[1:])
    begins = np.flatnonzero(new)
    sizes = np.diff(begins, append=entries.size)
    hits, counts = find(tables[begins].astype(np.uint8), keys[begins].astype(np.uint32))
    concerned = np.flatnonzero((counts > 0) | (sizes > 1))
    if not concerned.size:
        return Linked(_NO_PAIRS, _NO_PAIRS, _NO_PAIRS, _NO_PAIRS)
    sizes = sizes[concerned]
    group = np.repeat(concerned, sizes)
    before = np.arange(group.size) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    place = begins[group] + before
    members = entries[place] & LOW
    in_index = counts[group]
    few = in_index + before < cap
    stored, stored_group = _stored(
        members, group, np.where(few, in_index, np.minimum(in_index, links)), hits, counts, kept
    )
    partners = np.where(few, before, np.minimum(before, np.maximum(links - in_index, 0)))
    later = np.repeat(np.arange(group.size), partners)
    within = np.arange(later.size) - np.repeat(np.cumsum(partners) - partners, partners)
    earlier = entries[np.repeat(begins[group], partners) + within] & LOW
    return Linked(stored, keys[begins[stored_group]], members[later] << SHIFT | earlier, keys[place[later]])


def _stored(
    members: U64,
    group: I64,
    partners: I64,
    hits: U64,
    counts: I64,
    kept: Callable[[I64], np.ndarray[tuple[int], np.dtype[np.bool_]]],
) -> tuple[U64, I64]:
    """Pairs of members with the first `partners` found of their group, where these are kept; and the groups."""
    if not hits.size:
        return _NO_PAIRS, np.zeros(0, dtype=np.int64)
    queries = (hits >> SHIFT).astype(np.int64)
    position = np.arange(hits.size) - (np.cumsum(counts) - counts)[queries]
    usable = np.flatnonzero(kept((hits & LOW).astype(np.int64)))
    queries, position, ranks = queries[usable], position[usable], hits[usable] & LOW
    # Those of a group stand together and their positions ascend: how many are among the first is found by halves.
    places = queries << 32 | position
    low = np.searchsorted(places, group << 32)
    high = np.searchsorted(places, group << 32 | partners)
    sizes = high - low
    owner = np.repeat(np.arange(members.size), sizes)
    within = np.arange(owner.size) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return members[owner] << SHIFT | ranks[low[owner] + within], group[owner]


def distinct(packed: U64) -> U64:
    """The distinct values, ascending."""
    if packed.size < 2:
        return packed
    ordered = np.sort(packed)
    new = np.ones(ordered.size, dtype=np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=new[1:])
    return ordered[new]


_NO_PAIRS: U64 = np.zeros(0, dtype=np.uint64)
