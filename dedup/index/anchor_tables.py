"""The anchors of some documents, in memory or in a segment, and the lists of those that hold one."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from dedup.candidates.anchors import ANCHORS
from dedup.index.anchored import REWORDED, Anchored, Rewordings, join_anchored
from dedup.index.arrivals import offsets_of
from dedup.index.files import damaged
from dedup.index.parts import Segment
from dedup.kernels import I64, U16, U32, U64, Bool, Kernels
from dedup.kernels.rewriting import Anchors

SLOT_BITS = 6
"""A posting is a unit of the table and, in so many lower bits, the place of the anchor among those of the unit."""
assert 1 << SLOT_BITS >= ANCHORS  # noqa: S101

MOST_UNITS = 1 << (32 - SLOT_BITS)
"""Units of a table."""

COLUMNS: tuple[tuple[str, str], ...] = (
    ("ranks", "<u4"), ("elsewhere", "<f8"), ("n_units", "<u4"), ("sizes", "u1"), ("keys", "<u4"), ("strengths", "<u2"),
)  # fmt: skip
"""The columns of `Anchored` that a segment has as sections, `anchor` and the name; their types."""

LISTS: tuple[tuple[str, str], ...] = (("list keys", "<u4"), ("list ends", "<u4"), ("postings", "<u4"))

_SHIFT, _LOW = np.uint64(32), np.uint64(0xFFFFFFFF)

Check = Callable[[str, I64, I64], None]
"""Raises StoreError where items of a section, from the first ones up to the last ones, are damaged."""


class Lists(NamedTuple):
    """Postings by key: those of `keys[i]` (distinct, ascending) end at `ends[i]`, where those of the next begin."""

    keys: U32
    ends: U32
    postings: U32


class AnchorTable:
    """Anchored documents by place, with their lists; n documents of ascending ranks.

    `first_units` and `unit_begins` int64: the first unit of each document, and the first anchor of each unit.
    """

    def __init__(self, anchored: Anchored, lists: Lists, check: Check | None) -> None:
        self.anchored = anchored
        self.lists = lists
        self.first_units = offsets_of(anchored.n_units)
        self.unit_begins = offsets_of(anchored.sizes)
        self._check = check
        # Nearly all documents are one unit, and then no table is needed to tell whose one is.
        self._owners = None
        if anchored.sizes.size != anchored.ranks.size:
            self._owners = np.repeat(np.arange(anchored.ranks.size, dtype=np.uint32), anchored.n_units)

    def __len__(self) -> int:
        """How many documents are there."""
        return int(self.anchored.ranks.size)

    def find(self, keys: U32) -> tuple[I64, I64]:
        """Where the list of each key begins and ends."""
        known = self.lists.keys
        places = np.searchsorted(known, keys)
        # A table has one key at least.
        there = known[np.minimum(places, known.size - 1)] == keys
        ends = np.zeros(keys.size, dtype=np.int64)
        begins = ends.copy()
        at = places[there]
        ends[there] = self.lists.ends[at]
        before = at > 0
        firsts = np.zeros(at.size, dtype=np.int64)
        firsts[before] = self.lists.ends[at[before] - 1]
        begins[there] = firsts
        return begins, ends

    def read(self, begins: I64, ends: I64, kernels: Kernels) -> U32:
        """The postings of ranges, one after the other."""
        if self._check is not None:
            held = ends > begins
            self._check("postings", begins[held], ends[held] - 1)
        data = kernels.gather_ranges(self.lists.postings.view(np.uint8), 4 * begins, 4 * ends)
        return data.view(np.uint32)

    def owners(self, units: U32) -> U32:
        """The places of the documents of units."""
        return units if self._owners is None else self._owners[units]

    def strengths(self, postings: U32) -> U16:
        """The strengths of anchors."""
        places = self.unit_begins[postings >> SLOT_BITS] + (postings & np.uint32((1 << SLOT_BITS) - 1))
        if self._check is not None:
            self._check("anchor strengths", places, places)
        strengths: U16 = self.anchored.strengths[places]
        return strengths

    def take(self, places: I64, kernels: Kernels) -> Anchors:
        """All anchors of documents, by unit, one document after the other."""
        units = numbers_of(self.first_units[places], self.first_units[places + 1])
        begins, ends = self.unit_begins[self.first_units[places]], self.unit_begins[self.first_units[places + 1]]
        if self._check is not None:
            held = ends > begins
            self._check("anchor keys", begins[held], ends[held] - 1)
            self._check("anchor strengths", begins[held], ends[held] - 1)
        keys = kernels.gather_ranges(np.ascontiguousarray(self.anchored.keys).view(np.uint8), 4 * begins, 4 * ends)
        strengths = kernels.gather_ranges(self.anchored.strengths.view(np.uint8), 2 * begins, 2 * ends)
        sizes = self.unit_begins[units + 1] - self.unit_begins[units]
        return Anchors(keys.view(np.uint32), strengths.view(np.uint16), offsets_of(sizes))


def table_of(anchored: Anchored) -> AnchorTable:
    """A table in memory."""
    return AnchorTable(anchored, lists_of(anchored), None)


def joined_table(several: Sequence[AnchorTable]) -> AnchorTable:
    """One table in memory of several."""
    return table_of(join_anchored([each.anchored for each in several]))


def lists_of(anchored: Anchored) -> Lists:
    """The postings of documents."""
    sizes = anchored.sizes
    units = np.repeat(np.arange(sizes.size, dtype=np.uint32), sizes)
    slots = np.arange(units.size) - offsets_of(sizes)[:-1][units]
    packed = units << np.uint32(SLOT_BITS) | slots.astype(np.uint32)
    entries: U64 = anchored.keys.astype(np.uint64) << _SHIFT | packed
    entries.sort()
    keys = (entries >> _SHIFT).astype(np.uint32)
    last = np.append(keys[1:] != keys[:-1], True)[: keys.size]
    return Lists(keys[last], (np.flatnonzero(last) + 1).astype(np.uint32), (entries & _LOW).astype(np.uint32))


def segment_table(segment: Segment, kernels: Kernels) -> AnchorTable | None:
    """That of a segment as it is mapped; None where nothing is anchored in it.

    Raises StoreError where it is damaged, then or where it is read.
    """
    if not segment.layout.sections.get("anchor ranks", ("", 0, 0))[2]:
        return None
    return AnchorTable(_anchored(segment, kernels), _lists(segment), _checker(segment, kernels))


def segment_rewordings(segment: Segment, kernels: Kernels) -> Rewordings:
    """The rewordings of a segment. Raises StoreError where they are damaged."""
    if "rewordings" not in segment.layout.sections:
        return np.zeros(0, dtype=REWORDED)
    whole = segment.layout.section("rewordings")
    _checker(segment, kernels)("rewordings", *_all_of(whole.size))
    return whole.view(REWORDED)


def _anchored(segment: Segment, kernels: Kernels) -> Anchored:
    """The columns of a segment, of which those by document, unit and key are found to be whole."""
    check = _checker(segment, kernels)
    columns = {name: segment.layout.section(f"anchor {name}") for name, _ in COLUMNS}
    for name in ("ranks", "elsewhere", "n_units", "sizes"):
        check(f"anchor {name}", *_all_of(columns[name].size))
    for name, _ in LISTS[:2]:
        check(name, *_all_of(segment.layout.section(name).size))
    return Anchored(**columns, rewordings=np.zeros(0, dtype=REWORDED))  # type: ignore[arg-type]


def _lists(segment: Segment) -> Lists:
    return Lists(*(segment.layout.section(name) for name, _ in LISTS))  # type: ignore[arg-type]


def _all_of(count: int) -> tuple[I64, I64]:
    """The first item and the last one, if there is any."""
    some = np.zeros(min(count, 1), dtype=np.int64)
    return some, some + max(count - 1, 0)


def _checker(segment: Segment, kernels: Kernels) -> Check:
    """Looks at the blocks of a segment that items of its sections are in, each block once."""

    def check(name: str, firsts: I64, lasts: I64) -> None:
        dtype, first, _ = segment.layout.sections[name]
        size = np.dtype(dtype).itemsize
        block = kernels.check_words(segment.tables, first + firsts * size // 8, first + lasts * size // 8)
        if block >= 0:
            raise damaged(segment.path, f"block {block}")

    return check


# Lists of several tables


class Gathered(NamedTuple):
    """The lists of some keys in several tables, by units of the documents that stand in one of them.

    `tables` and `places` (int64): the documents concerned, in the order of ranks: the table of each, its place there.
    `first_units` int64: their units. The list of key i is `units[offsets[i]:offsets[i + 1]]`, ascending, with
    `strengths`. `capped`: of which keys there is none because too many hold it.
    """

    tables: I64
    places: I64
    first_units: I64
    units: U32
    strengths: U16
    offsets: I64
    capped: Bool


def gather(
    tables: Sequence[AnchorTable], dead: Sequence[bool], keys: U32, alive: Bool, cap: int, kernels: Kernels
) -> Gathered:
    """The living members of the lists of distinct keys, ascending, but of lists of more than `cap` of them.

    `dead`: whether some documents of each table are not alive.
    """
    begins, ends = np.zeros((2, len(tables), keys.size), dtype=np.int64)
    for number, table in enumerate(tables):
        begins[number], ends[number] = table.find(keys)
    few = (ends - begins).sum(axis=0) <= cap
    if any(dead):
        long = np.flatnonzero(~few)
        few[long] = _living(tables, dead, begins[:, long], ends[:, long], alive, cap, kernels) <= cap
    ends[:, ~few] = begins[:, ~few]
    found = [
        _of_table(table, begins[number], ends[number], alive if dead[number] else None, kernels)
        for number, table in enumerate(tables)
    ]
    counts = np.array([each.counts for each in found], dtype=np.int64).reshape(len(tables), keys.size)
    numbers, places, n_units, bases = [_NONE], [_NONE], [_NONE], [0]
    units: list[U32] = [np.zeros(0, dtype=np.uint32)]
    for number, (table, each) in enumerate(zip(tables, found, strict=True)):
        concerned, which = _distinct(each.documents, len(table))
        sizes = table.first_units[concerned + 1] - table.first_units[concerned]
        own = each.units - table.first_units[each.documents]
        units.append((bases[-1] + offsets_of(sizes)[which] + own).astype(np.uint32))
        numbers.append(np.full(concerned.size, number))
        places.append(concerned)
        n_units.append(sizes)
        bases.append(bases[-1] + int(sizes.sum()))
    every = np.concatenate(units)
    strengths = np.concatenate([np.zeros(0, dtype=np.uint16), *(each.strengths for each in found)])
    offsets = offsets_of(counts.sum(axis=0))
    if np.count_nonzero(counts.any(axis=1)) > 1:
        # Table by table until here; from now on key by key.
        stops = np.cumsum(counts.reshape(-1)).reshape(counts.shape)
        order = (stops - counts).T.reshape(-1), stops.T.reshape(-1)
        every = kernels.gather_ranges(every.view(np.uint8), 4 * order[0], 4 * order[1]).view(np.uint32)
        strengths = kernels.gather_ranges(strengths.view(np.uint8), 2 * order[0], 2 * order[1]).view(np.uint16)
    return Gathered(
        np.concatenate(numbers),
        np.concatenate(places),
        offsets_of(np.concatenate(n_units)),
        every,
        strengths,
        offsets,
        ~few,
    )


class _OfTable(NamedTuple):
    """Lists of one table: units of it and their documents, strengths, and how many each key has."""

    units: U32
    documents: U32
    strengths: U16
    counts: I64


def _of_table(table: AnchorTable, begins: I64, ends: I64, alive: Bool | None, kernels: Kernels) -> _OfTable:
    postings = table.read(begins, ends, kernels)
    units = postings >> np.uint32(SLOT_BITS)
    documents, counts = table.owners(units), ends - begins
    if alive is not None:
        living = alive[table.anchored.ranks[documents]]
        keys = np.repeat(np.arange(counts.size), counts)[living]
        postings, units, documents = postings[living], units[living], documents[living]
        counts = np.bincount(keys, minlength=counts.size)
    strengths = np.empty(postings.size, dtype=np.uint16)
    for first in range(0, postings.size, _AT_ONCE):
        strengths[first : first + _AT_ONCE] = table.strengths(postings[first : first + _AT_ONCE])
    return _OfTable(units, documents, strengths, counts)


def _living(
    tables: Sequence[AnchorTable],
    dead: Sequence[bool],
    begins: I64,
    ends: I64,
    alive: Bool,
    cap: int,
    kernels: Kernels,
) -> I64:
    """How many living members lists have, or more than `cap` where they have that many; looks at few more than that."""
    counts = np.zeros(begins.shape[1], dtype=np.int64)
    for number in np.flatnonzero(np.logical_not(dead)).tolist():
        counts += ends[number] - begins[number]
    for number in np.flatnonzero(dead).tolist():
        table, first = tables[number], begins[number].copy()
        while True:
            chosen = np.flatnonzero((counts <= cap) & (first < ends[number]))
            if not chosen.size:
                break
            last = np.minimum(first[chosen] + cap + 1, ends[number][chosen])
            postings = table.read(first[chosen], last, kernels)
            documents = table.owners(postings >> np.uint32(SLOT_BITS))
            which = np.repeat(chosen, last - first[chosen])
            counts += np.bincount(which[alive[table.anchored.ranks[documents]]], minlength=counts.size)
            first[chosen] = last
    return counts


def _distinct(documents: U32, count: int) -> tuple[I64, I64]:
    """The distinct ones, ascending, and the place among them of each, of `count` that there may be."""
    if documents.size * 8 < count:
        few, which = np.unique(documents, return_inverse=True)
        return few.astype(np.int64), which
    there = np.zeros(count, dtype=np.bool_)
    there[documents] = True
    distinct = np.flatnonzero(there)
    place_of = np.cumsum(there, dtype=np.int64) - 1
    return distinct, place_of[documents]


def numbers_of(starts: I64, ends: I64) -> I64:
    """The numbers of ranges, one after the other."""
    sizes = ends - starts
    offsets = offsets_of(sizes)
    return np.repeat(starts - offsets[:-1], sizes) + np.arange(offsets[-1])


_AT_ONCE = 1 << 20
_NONE: I64 = np.zeros(0, dtype=np.int64)
