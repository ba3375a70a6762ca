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
from dedup.kernels.rewriting import Anchors, MemberLists, RewriteKernels

SLOT_BITS = 6
"""A posting is a unit of the table and, in so many lower bits, the place of the anchor among those of the unit."""
assert 1 << SLOT_BITS >= ANCHORS  # noqa: S101 - the places of a unit's anchors fit

MOST_UNITS = 1 << (32 - SLOT_BITS)
"""Units of a table."""

COLUMNS: tuple[tuple[str, str], ...] = (
    ("ranks", "<u4"), ("elsewhere", "<f8"), ("n_units", "<u4"), ("sizes", "u1"), ("keys", "<u4"), ("strengths", "<u2"),
)  # fmt: skip
"""The columns of `Anchored` that a segment has as sections, `anchor` and the name; their types."""

LISTS: tuple[tuple[str, str], ...] = (("list keys", "<u4"), ("list begins", "<u4"), ("postings", "<u4"))

_SHIFT, _LOW = np.uint64(32), np.uint64(0xFFFFFFFF)

Check = Callable[[str, I64, I64], None]
"""Raises StoreError where items of a section, from the first ones up to the last ones, are damaged."""


class Lists(NamedTuple):
    """Postings by key: those of `keys[i]` (distinct, ascending) are `postings[begins[i]:begins[i + 1]]`."""

    keys: U32
    begins: U32
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
        self._place_of: U32 = np.zeros(0, dtype=np.uint32)
        # Nearly all documents are one unit, and then no table is needed to tell whose one is.
        self._owners: U32 = np.zeros(0, dtype=np.uint32)
        if anchored.sizes.size != anchored.ranks.size:
            self._owners = np.repeat(np.arange(anchored.ranks.size, dtype=np.uint32), anchored.n_units)

    def __len__(self) -> int:
        """How many documents are there."""
        return int(self.anchored.ranks.size)

    def find(self, keys: U32) -> tuple[I64, I64]:
        """Where the list of each key begins and ends."""
        places = np.searchsorted(self.lists.keys, keys)
        # A table has one key at least; behind the last one there is nothing to be compared with.
        there = self.lists.keys.take(places, mode="clip") == keys
        begins = self.lists.begins[places].astype(np.int64)
        return begins, self.lists.begins[places + there].astype(np.int64)

    def check_lists(self, begins: I64, ends: I64) -> None:
        """Raise StoreError where a range of postings is damaged."""
        if self._check is not None:
            held = ends > begins
            self._check("postings", begins[held], ends[held] - 1)

    def members(self, begins: I64, ends: I64, alive: Bool, rewriting: RewriteKernels) -> MemberLists:
        """Those of ranges of postings; `alive` may be nothing where all are."""
        self.check_lists(begins, ends)
        return rewriting.expand_postings(
            self.lists.postings, begins, ends, SLOT_BITS, self.unit_begins, self._owners, self.anchored.ranks, alive
        )

    def strengths(self, places: I64) -> U16:
        """The strengths of anchors."""
        if self._check is not None:
            self._check("anchor strengths", places, places)
        strengths: U16 = self.anchored.strengths[places]
        return strengths

    def distinct(self, documents: U32) -> tuple[I64, U32]:
        """The distinct ones of some documents, ascending, and the place among them of each."""
        count = len(self)
        if self._place_of.size < count:
            self._place_of = np.empty(count, dtype=np.uint32)
        if documents.size * 8 < count:
            ordered = np.sort(documents)
            distinct = ordered[np.append(True, ordered[1:] != ordered[:-1])[: ordered.size]].astype(np.int64)
        else:
            there = np.zeros(count, dtype=np.bool_)
            there[documents] = True
            distinct = np.flatnonzero(there)
        # What was left there by others is never looked at.
        self._place_of[distinct] = np.arange(distinct.size, dtype=np.uint32)
        return distinct, self._place_of[documents]

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
    begins = np.flatnonzero(np.append(True, keys[1:] != keys[:-1])[: keys.size])
    return Lists(keys[begins], np.append(begins, keys.size).astype(np.uint32), (entries & _LOW).astype(np.uint32))


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


class Limits(NamedTuple):
    """Lists of more than `cap` members are not read; `budget`: how many members are read for one query of one unit."""

    cap: int
    budget: int | None


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
    tables: Sequence[AnchorTable],
    dead: Sequence[bool],
    keys: U32,
    alive: Bool,
    limits: Limits,
    kernels: Kernels,
    rewriting: RewriteKernels,
) -> Gathered:
    """The living members of the lists of distinct keys, ascending, but of lists of more than `limits.cap` of them.

    `dead`: whether some documents of each table are not alive.
    """
    begins, ends = np.zeros((2, len(tables), keys.size), dtype=np.int64)
    for number, table in enumerate(tables):
        begins[number], ends[number] = table.find(keys)
    totals = (ends - begins).sum(axis=0)
    if any(dead):
        long = np.flatnonzero(totals > limits.cap)
        totals[long] = _living(tables, dead, begins[:, long], ends[:, long], alive, limits.cap, rewriting)
    few = totals <= limits.cap
    if limits.budget is not None and not any(dead):
        # Those that would not be read need not be gathered.
        order = np.argsort(np.where(few, totals, 0), kind="stable")
        few[order[np.cumsum(np.where(few, totals, 0)[order]) > limits.budget]] = False
    ends[:, ~few] = begins[:, ~few]
    held = np.flatnonzero((ends > begins).any(axis=1)).tolist()
    units: list[U32] = [_NO_UNITS]
    strengths: list[U16] = [_NO_STRENGTHS]
    numbers, places, n_units = [_NONE], [_NONE], [_NONE]
    counts = np.zeros((len(held), keys.size), dtype=np.int64)
    base = 0
    for row, number in enumerate(held):
        table = tables[number]
        found = table.members(begins[number], ends[number], alive if dead[number] else _NOTHING, rewriting)
        counts[row] = found.counts
        concerned, which = table.distinct(found.documents)
        first_units = table.first_units[concerned]
        sizes = table.first_units[concerned + 1] - first_units
        # How far the units of each document move.
        moved = base + offsets_of(sizes)[:-1] - first_units
        units.append((found.units + moved[which]).astype(np.uint32))
        strengths.append(table.strengths(found.places))
        numbers.append(np.full(concerned.size, number))
        places.append(concerned)
        n_units.append(sizes)
        base += int(sizes.sum())
    lists = MemberColumns(np.concatenate(units), np.concatenate(strengths))
    return Gathered(
        np.concatenate(numbers),
        np.concatenate(places),
        offsets_of(np.concatenate(n_units)),
        *interleaved(lists, counts, kernels),
        offsets_of(counts.sum(axis=0)),
        ~few,
    )


class MemberColumns(NamedTuple):
    """Members of lists: units and strengths."""

    units: U32
    strengths: U16


def interleaved(lists: MemberColumns, counts: I64, kernels: Kernels) -> MemberColumns:
    """Lists that stand source by source, key by key; `counts`, of shape (sources, keys), are their lengths."""
    if counts.shape[0] < 2:
        return lists
    stops = np.cumsum(counts.reshape(-1)).reshape(counts.shape)
    starts, ends = (stops - counts).T.reshape(-1), stops.T.reshape(-1)
    return MemberColumns(
        kernels.gather_ranges(lists.units.view(np.uint8), 4 * starts, 4 * ends).view(np.uint32),
        kernels.gather_ranges(lists.strengths.view(np.uint8), 2 * starts, 2 * ends).view(np.uint16),
    )


def _living(
    tables: Sequence[AnchorTable],
    dead: Sequence[bool],
    begins: I64,
    ends: I64,
    alive: Bool,
    cap: int,
    rewriting: RewriteKernels,
) -> I64:
    """How many living members lists have, or more than `cap` where they have that many; looks at few more than that."""
    counts = np.zeros(begins.shape[1], dtype=np.int64)
    for number in np.flatnonzero(np.logical_not(dead)).tolist():
        counts += ends[number] - begins[number]
    for number in np.flatnonzero(dead).tolist():
        first = begins[number].copy()
        while (chosen := np.flatnonzero((counts <= cap) & (first < ends[number]))).size:
            last = np.minimum(first[chosen] + cap + 1, ends[number][chosen])
            counts[chosen] += tables[number].members(first[chosen], last, alive, rewriting).counts
            first[chosen] = last
    return counts


def numbers_of(starts: I64, ends: I64) -> I64:
    """The numbers of ranges, one after the other."""
    sizes = ends - starts
    offsets = offsets_of(sizes)
    return np.repeat(starts - offsets[:-1], sizes) + np.arange(offsets[-1])


_NONE: I64 = np.zeros(0, dtype=np.int64)
_NOTHING: Bool = np.zeros(0, dtype=np.bool_)
_NO_UNITS: U32 = np.zeros(0, dtype=np.uint32)
_NO_STRENGTHS: U16 = np.zeros(0, dtype=np.uint16)
