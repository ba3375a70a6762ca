"""The anchors of some documents, in memory or in a segment, and the lists of those that hold one."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from dedup.index.anchored import REWORDED, Anchored, Rewordings, join_anchored
from dedup.index.arrivals import offsets_of
from dedup.index.files import damaged
from dedup.index.parts import Segment
from dedup.kernels import I64, U8, U16, U32, U64, Kernels
from dedup.kernels.gathering import (
    MOST_COUNTED,
    POSTING,
    AnchorColumns,
    PlacedColumns,
    pack_postings,
    placed,
    placed_one,
)

MOST_UNITS = 1 << 32
"""Units of a table."""

COLUMNS: tuple[tuple[str, str], ...] = (
    ("ranks", "<u4"), ("elsewhere", "<f8"), ("n_units", "<u4"), ("sizes", "u1"), ("keys", "<u4"), ("strengths", "<u2"),
)  # fmt: skip
"""The columns of `Anchored` that a segment has as sections, `anchor` and the name; their types."""

LISTS: tuple[tuple[str, str], ...] = (("list keys", "<u4"), ("list begins", "<u4"), ("postings", "<u2"))

_SHIFT, _LOW = np.uint64(32), np.uint64(0xFFFFFFFF)

Check = Callable[[str, I64, I64], None]
"""Raises StoreError where items of a section, from the first ones up to the last ones, are damaged."""


class Lists(NamedTuple):
    """Postings by key, as of `dedup.kernels.gathering.AnchorColumns`."""

    keys: U32
    begins: U32
    postings: U16


_UNCHECKED: tuple[U64, U64, U8] = (
    np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.uint8),
)  # fmt: skip


class AnchorTable:
    """Anchored documents by place, with their lists; n documents of ascending ranks.

    `placed`: the columns. `lists`: those by key. `first_units` and `unit_begins` int64: the first unit of each
    document, and the first anchor of each unit.
    """

    def __init__(self, anchored: Anchored, columns: PlacedColumns, check: Check | None = None) -> None:
        self.anchored = anchored
        self.placed = columns
        of_table = columns.columns
        self.lists = Lists(of_table.list_keys, of_table.list_begins, of_table.postings)
        self.first_units, self.unit_begins = of_table.first_units, of_table.unit_begins
        self._check = check

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
            self._check("postings", POSTING * begins[held], POSTING * ends[held] - 1)


def table_of(anchored: Anchored) -> AnchorTable:
    """A table in memory."""
    keys = anchored.keys
    if anchored.sizes.size == 1 and keys.size <= MOST_COUNTED and bool((keys[1:] > keys[:-1]).all()):
        # One unit has a key but once, in order.
        one = placed_one(keys, anchored.strengths, int(anchored.ranks[0]), float(anchored.elsewhere[0]))
        return AnchorTable(anchored, one)
    return AnchorTable(anchored, _placed(anchored, lists_of(anchored), _UNCHECKED))


def _placed(anchored: Anchored, lists: Lists, tables: tuple[U64, U64, U8]) -> PlacedColumns:
    """The columns of documents; `tables`: the words of a file that they stand in, their sums, and what was checked."""
    # Nearly all documents are one unit, and then no table is needed to tell whose one is.
    owners = np.zeros(0, dtype=np.uint32)
    if anchored.sizes.size != anchored.ranks.size:
        owners = np.repeat(np.arange(anchored.ranks.size, dtype=np.uint32), anchored.n_units)
    return placed(
        AnchorColumns(
            lists.keys, lists.begins, lists.postings, offsets_of(anchored.n_units), owners, offsets_of(anchored.sizes),
            anchored.keys, anchored.strengths, anchored.ranks, anchored.elsewhere, *tables,
        )
    )  # fmt: skip


def joined_table(several: Sequence[AnchorTable]) -> AnchorTable:
    """One table in memory of several."""
    return table_of(join_anchored([each.anchored for each in several]))


def lists_of(anchored: Anchored) -> Lists:
    """The postings of documents."""
    sizes = anchored.sizes
    units = np.repeat(np.arange(sizes.size, dtype=np.uint32), sizes)
    # Key and place as one integer sort many times as fast as an order of keys, and keep units in order.
    entries: U64 = anchored.keys.astype(np.uint64) << _SHIFT | np.arange(units.size, dtype=np.uint64)
    entries.sort()
    keys, places = (entries >> _SHIFT).astype(np.uint32), (entries & _LOW).astype(np.int64)
    begins = np.append(np.flatnonzero(np.append(True, keys[1:] != keys[:-1])[: keys.size]), keys.size)
    postings = pack_postings(units[places], anchored.strengths[places])
    return Lists(keys[begins[:-1]], begins.astype(np.uint32), postings)


def segment_table(segment: Segment, kernels: Kernels) -> AnchorTable | None:
    """That of a segment as it is mapped; None where nothing is anchored in it.

    Raises StoreError where it is damaged, then or where it is read.
    """
    if not segment.layout.sections.get("anchor ranks", ("", 0, 0))[2]:
        return None
    tables = segment.tables
    anchored, words = _anchored(segment, kernels), (tables.words, tables.sums, tables.checked)
    return AnchorTable(anchored, _placed(anchored, _lists(segment), words), _checker(segment, kernels))


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


def numbers_of(starts: I64, ends: I64) -> I64:
    """The numbers of ranges, one after the other."""
    sizes = ends - starts
    offsets = offsets_of(sizes)
    return np.repeat(starts - offsets[:-1], sizes) + np.arange(offsets[-1])
