"""Rewrite candidates: units that share their rarest terms.

A rewrite keeps names, numbers and rare words where it keeps no shingle. Each document's `ANCHORS` terms of greatest
weight go into an inverted index, and its candidates are the `MOST_CANDIDATES` documents before it that are nearest by
the cosine over anchors and by the share of them that is the same. A long document is indexed, and looked for, by
windows too, the best of which counts.

Batches of terms become anchors (`find_anchors`), anchors an index (`build_index`), and anchors and an index candidates
(`find_nearest`), each by itself, so that an index on disk is made of the same pieces. Candidates of a document are
earlier documents alone, and so is what is read of their lists: a stream proposes what a batch does.
"""

from collections.abc import Iterator
from typing import NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import I64, U32, Kernels, Ragged
from dedup.kernels.distinct import is_among
from dedup.kernels.hashing import WeightTable
from dedup.kernels.rewriting import STRENGTH, Anchors, Nearest, Postings, Queries, RewriteKernels

Scalar = TypeVar("Scalar", bound=np.generic)

ANCHORS = 48
MOST_CANDIDATES = 20
MOST_RETRIEVED = 64
"""Documents, best by the anchors whose lists are read, that are scored by all anchors."""

SHARED_BONUS = int(0.3 * STRENGTH)
"""What each anchor shared is stronger by where documents are retrieved: many that each say little tell more."""

_SORTED_AT_ONCE = 4 << 20
"""The most entries, or about, for which there is memory to sort them at once."""

_UNITS_AT_ONCE = 1 << 16

READ_FOR = 1.5
"""The lists of a unit are read while what is left could make so many times the score that is asked for."""

POSTINGS_READ = 131_072
"""Postings that are read for a unit, of its rarest anchors; a list of more is never read."""

WINDOW = 450
WINDOW_STRIDE = 350
WINDOWS_FROM = 700
"""Terms over which a document is also taken by windows."""

WHOLE_UP_TO = 4096
"""Terms up to which a document is taken as a whole."""


def most_anchors(lengths: I64) -> int:
    """How many anchors documents of so many tokens may have together: there are no more terms than tokens."""
    return int((np.minimum(lengths, ANCHORS) + ANCHORS * _windows_of(lengths)).sum())


def _windows_of(lengths: I64) -> I64:
    """How many windows documents of so many terms have."""
    windows: I64 = np.where(lengths > WINDOWS_FROM, -(-(lengths - WINDOW) // WINDOW_STRIDE) + 1, 0)
    return windows


class UnitRanges(NamedTuple):
    """The units of n documents as ranges of their terms.

    `starts` and `ends` int64, half-open; `firsts` int64 of shape (n + 1,): the units of document i are `firsts[i]` to
    `firsts[i + 1]`, the whole of it, if it is one, before its windows.
    """

    starts: I64
    ends: I64
    firsts: I64


def divide(offsets: I64) -> UnitRanges:
    """The units of documents whose terms are `offsets[i]` to `offsets[i + 1]`."""
    lengths = np.diff(offsets)
    if int(lengths.max(initial=0)) <= WINDOWS_FROM:
        return UnitRanges(offsets[:-1], offsets[1:], np.arange(offsets.size))
    windows = _windows_of(lengths)
    whole = (lengths <= WHOLE_UP_TO).astype(np.int64)
    firsts = np.append(0, np.cumsum(whole + windows))
    owners = np.repeat(np.arange(lengths.size), np.diff(firsts))
    numbers = np.arange(owners.size) - firsts[owners] - whole[owners]
    begins = np.maximum(numbers, 0) * WINDOW_STRIDE
    sizes = np.where(numbers < 0, lengths[owners], np.minimum(WINDOW, lengths[owners] - begins))
    starts = offsets[owners] + begins
    return UnitRanges(starts, starts + sizes, firsts)


def unit_rows(values: NDArray[Scalar], ranges: UnitRanges) -> tuple[NDArray[Scalar], I64]:
    """What belongs to the terms of each unit, one unit after the other, and the offsets of the units."""
    sizes = ranges.ends - ranges.starts
    offsets = np.append(0, np.cumsum(sizes))
    if offsets[-1] == values.size and np.array_equal(ranges.starts, offsets[:-1]):
        return values, offsets
    return values[np.repeat(ranges.starts - offsets[:-1], sizes) + np.arange(offsets[-1])], offsets


def find_anchors(
    units: Ragged, table: WeightTable, missing: float, kernels: Kernels, rewriting: RewriteKernels
) -> Anchors:
    """The anchors of each unit, given by its terms.

    `table` holds the weight of each known term (its inverse document frequency, or 0 for one too common to be an
    anchor), `missing` that of others. A term that comes up c times weighs 1 + ln c as much. A unit has each key once,
    though two of its terms should share it.
    """
    rows = kernels.count_rows(units)
    weights = kernels.look_up(table, rows.values, missing)
    repeated = np.flatnonzero(rows.counts > 1)
    weights[repeated] *= 1.0 + np.log(rows.counts[repeated])
    return _each_key_once(rewriting.choose_anchors(Ragged(rows.values, rows.offsets), weights, ANCHORS))


def _each_key_once(anchors: Anchors) -> Anchors:
    """The anchors but those whose key is that of the one before, in their unit.

    Two terms share a key once in four million units, or where somebody has chosen his words so. Loops count on keys
    that are distinct.
    """
    keys, strengths, offsets = anchors
    again = np.flatnonzero(keys[1:] == keys[:-1]) + 1
    if not again.size:
        return anchors
    again = again[~is_among(again, offsets)]
    return Anchors(np.delete(keys, again), np.delete(strengths, again), offsets - np.searchsorted(again, offsets))


class AnchorIndex(NamedTuple):
    """An inverted index of anchors.

    `keys` uint32, ascending: those that have a list in `postings`, in the same order. `lists` uint32: the place of the
    key of each anchor indexed. `owners` int64: the document of each unit; `firsts`: the first unit of each document,
    and the number of units.
    """

    keys: U32
    postings: Postings
    lists: U32
    owners: I64
    firsts: I64


class Allocate(Protocol):
    """What gives arrays to be filled in, such as `numpy.empty`."""

    def __call__(self, size: int, dtype: type[Scalar], /) -> NDArray[Scalar]:
        """An array of one dimension."""
        ...


def build_index(anchors: Anchors, firsts: I64, allocate: Allocate = np.empty) -> AnchorIndex:
    """Index the anchors of units; those of document i are units `firsts[i]` to `firsts[i + 1]`."""
    count = anchors.keys.size
    posted, strengths = allocate(count, np.uint32), allocate(count, np.uint16)
    keys, begins = [np.zeros(0, dtype=np.uint32)], [np.zeros(0, dtype=np.int64)]
    lists = allocate(count, np.uint32)
    # Until a part is sorted, the unit of each of its anchors stands in the place of its list.
    for first in range(0, anchors.offsets.size - 1, _UNITS_AT_ONCE):
        bounds = anchors.offsets[first : first + _UNITS_AT_ONCE + 1]
        units = np.arange(first, first + bounds.size - 1, dtype=np.uint32)
        lists[bounds[0] : bounds[-1]] = np.repeat(units, np.diff(bounds))
    filled = n_lists = 0
    for places in _by_key(anchors.keys):
        # Key and place as one integer sort many times as fast as an order of keys, and keep units in order.
        entries = anchors.keys[places].astype(np.uint64) << _SHIFT | places.astype(np.uint64)
        entries.sort()
        of_entries = (entries >> _SHIFT).astype(np.uint32)
        new = np.append(True, of_entries[1:] != of_entries[:-1])[: of_entries.size]
        keys.append(of_entries[new])
        begins.append(np.flatnonzero(new) + filled)
        ordered = (entries & _LOW).astype(np.int64)
        posted[filled : filled + ordered.size] = lists[ordered]
        lists[ordered] = np.cumsum(new, dtype=np.uint32) + np.uint32(n_lists) - np.uint32(1)
        n_lists += keys[-1].size
        strengths[filled : filled + ordered.size] = anchors.strengths[ordered]
        filled += ordered.size
    postings = Postings(posted, strengths, np.append(np.concatenate(begins), count))
    owners = np.repeat(np.arange(firsts.size - 1), np.diff(firsts))
    return AnchorIndex(np.concatenate(keys), postings, lists, owners, firsts)


def find_lists(index: AnchorIndex, keys: U32) -> I64:
    """The place in the index of each key, or -1 where it is not there."""
    if not index.keys.size:
        return np.full(keys.size, -1, dtype=np.int64)
    places = np.searchsorted(index.keys, keys)
    return np.where(index.keys.take(places, mode="clip") == keys, places, -1)


def _by_key(keys: U32) -> Iterator[I64]:
    """The places of ranges of keys, in order, each range of about `_SORTED_AT_ONCE` or fewer."""
    parts = max(1, -(-keys.size // _SORTED_AT_ONCE))
    for part in range(parts):
        low, high = (part << 32) // parts, ((part + 1) << 32) // parts - 1
        yield np.flatnonzero((keys >= np.uint32(low)) & (keys <= np.uint32(high)))


def retrieve(
    index: AnchorIndex,
    queries: Anchors,
    lists: I64,
    firsts: I64,
    before: I64,
    least: U32,
    most: int,
    rewriting: RewriteKernels,
    bonus: int = SHARED_BONUS,
) -> Nearest:
    """The documents nearest to each query document by the lists that are read; see `RewriteKernels.nearest`.

    `lists`: the place in the index of the key of each anchor, or -1.
    """
    asked = Queries(queries, lists, firsts, before, least)
    return rewriting.nearest(asked, index.postings, index.owners, POSTINGS_READ, most, bonus)


def least_retrieved(least: U32) -> U32:
    """The score that documents are retrieved by, where `least` is asked of them by all anchors.

    A rewrite shares rare anchors too: what could come to the least score by the longest lists alone, which are most of
    what there is to read, is not looked for.
    """
    scores: U32 = (least * READ_FOR).astype(np.uint32)
    return scores


def find_nearest(
    index: AnchorIndex,
    held: Anchors,
    queries: Anchors,
    lists: I64,
    firsts: I64,
    before: I64,
    least: U32,
    most: int,
    rewriting: RewriteKernels,
) -> Nearest:
    """The documents nearest to each query document, of those whose units are under `before`.

    `held` are the anchors that the index was built of, `lists` is that of `retrieve`. What is retrieved is scored by
    all anchors, those too of which no list was read.
    """
    wanted = least_retrieved(least)
    retrieved = retrieve(index, queries, lists, firsts, before, wanted, MOST_RETRIEVED, rewriting)
    rescored = rewriting.rescore(retrieved, queries, firsts, held, index.firsts, most, least)
    return rescored._replace(cut=retrieved.cut)


_SHIFT = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)
