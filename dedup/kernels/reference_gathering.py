"""The lists of anchors in several tables, in NumPy, table by table: the twin of `dedup.kernels.compiled_gathering`."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from dedup.kernels import I64, U16, U32, Bool
from dedup.kernels.gathering import (
    COLUMNS,
    IS_PARTLY_GONE,
    SLOT_BITS,
    AnchorColumns,
    AnchorStack,
    Gathered,
    Taken,
    nothing_gathered,
)
from dedup.kernels.hashing import BLOCK_WORDS
from dedup.kernels.reference_tables import sum_blocks


class _DamagedError(Exception):
    """A block of a table that is not what it was."""

    def __init__(self, block: int, table: int) -> None:
        self.block, self.table = block, table


class _Members(NamedTuple):
    """The living members of some lists of a table: the key, the unit, its document and the anchor of each."""

    keys: I64
    units: I64
    documents: I64
    anchors: I64


def gather_lists(stack: AnchorStack, keys: U32, alive: Bool, cap: int, budget: int | None) -> Gathered:
    """See `RewriteKernels.gather_lists`."""
    try:
        return _gathered(stack, keys, alive, cap, budget)
    except _DamagedError as error:
        return nothing_gathered(keys.size, error.block, error.table)


def _gathered(stack: AnchorStack, keys: U32, alive: Bool, cap: int, budget: int | None) -> Gathered:
    gone = stack.places.reshape(-1, COLUMNS)[:, IS_PARTLY_GONE].astype(np.bool_).tolist()
    bounds = [_find(table, keys) for table in stack.several]
    totals = np.zeros(keys.size, dtype=np.int64)
    for begins, ends in bounds:
        totals += ends - begins
    if any(gone):
        long = totals > cap
        totals[long] = 0
        for number, (begins, ends) in enumerate(bounds):
            members = _members(stack.several, number, begins, np.where(long, ends, begins), alive, gone[number])
            totals += np.bincount(members.keys, minlength=keys.size)
    few = totals <= cap
    if budget is not None and not any(gone):
        read = np.flatnonzero(few)
        order = read[np.argsort(totals[read], kind="stable")]
        few[order[np.cumsum(totals[order]) > budget]] = False
    found = [
        _members(stack.several, number, begins, np.where(few, ends, begins), alive, gone[number])
        for number, (begins, ends) in enumerate(bounds)
    ]
    concerned = [np.unique(members.documents) for members in found]
    first_units = _offsets(
        np.concatenate(
            [
                np.zeros(0, dtype=np.int64),
                *(np.diff(table.first_units)[each] for table, each in _both(stack, concerned)),
            ]
        )
    )
    units, strengths, of_keys, base = [], [], [], 0
    for table, each, members in zip(stack.several, concerned, found, strict=True):
        local = np.searchsorted(each, members.documents)
        units.append(first_units[base + local] + members.units - table.first_units[members.documents])
        strengths.append(table.strengths[members.anchors])
        of_keys.append(members.keys)
        base += each.size
    every_key = np.concatenate([np.zeros(0, dtype=np.int64), *of_keys])
    order = np.argsort(every_key, kind="stable")
    return Gathered(
        np.repeat(np.arange(len(concerned)), [each.size for each in concerned]),
        np.concatenate([np.zeros(0, dtype=np.int64), *concerned]),
        first_units,
        np.concatenate([np.zeros(0, dtype=np.int64), *units])[order].astype(np.uint32),
        np.concatenate([np.zeros(0, dtype=np.uint16), *strengths])[order],
        _offsets(np.bincount(every_key, minlength=keys.size)),
        ~few,
    )


def _both(stack: AnchorStack, concerned: Sequence[I64]) -> list[tuple[AnchorColumns, I64]]:
    return list(zip(stack.several, concerned, strict=True))


def _find(table: AnchorColumns, keys: U32) -> tuple[I64, I64]:
    """Where the list of each key begins and ends."""
    places = np.searchsorted(table.list_keys, keys)
    there = table.list_keys.take(places, mode="clip") == keys
    return table.list_begins[places].astype(np.int64), table.list_begins[places + there].astype(np.int64)


def _members(
    several: Sequence[AnchorColumns], number: int, begins: I64, ends: I64, alive: Bool, gone: bool
) -> _Members:
    table = several[number]
    counts = ends - begins
    keys = np.repeat(np.arange(counts.size), counts)
    places = np.arange(keys.size) + (ends - np.cumsum(counts))[keys]
    _check(several, number, table.postings, places)
    postings = table.postings[places]
    units = (postings >> np.uint32(SLOT_BITS)).astype(np.int64)
    documents = table.owners[units].astype(np.int64) if table.owners.size else units
    anchors = table.unit_begins[units] + (postings & np.uint32((1 << SLOT_BITS) - 1))
    if gone:
        there = alive[table.ranks[documents]]
        keys, units, documents, anchors = keys[there], units[there], documents[there], anchors[there]
    _check(several, number, table.strengths, anchors)
    return _Members(keys, units, documents, anchors)


def _check(several: Sequence[AnchorColumns], number: int, column: U32 | U16, items: I64) -> None:
    """Raise where items of a column are in a damaged block."""
    table = several[number]
    if not table.sums.size or not items.size:
        return
    start = (column.ctypes.data - table.words.ctypes.data) // column.itemsize
    blocks = np.unique((start + items) * column.itemsize // 8 // BLOCK_WORDS)
    for block in blocks[table.checked[blocks] == 0].tolist():
        if sum_blocks(table.words[block * BLOCK_WORDS : (block + 1) * BLOCK_WORDS])[0] != table.sums[block]:
            raise _DamagedError(block, number)
        table.checked[block] = 1


def take_anchors(stack: AnchorStack, gathered: Gathered, chosen: I64) -> Taken:
    """See `RewriteKernels.take_anchors`."""
    keys, strengths = [np.zeros(0, dtype=np.uint32)], [np.zeros(0, dtype=np.uint16)]
    sizes = np.zeros(int(gathered.first_units[-1]), dtype=np.int64)
    ranks, elsewhere = np.zeros(chosen.size, dtype=np.int64), np.zeros(chosen.size)
    for row, document in enumerate(chosen.tolist()):
        number, place = int(gathered.tables[document]), int(gathered.places[document])
        table = stack.several[number]
        ranks[row], elsewhere[row] = table.ranks[place], table.elsewhere[place]
        first, last = table.first_units[place : place + 2].tolist()
        begins = table.unit_begins[first : last + 1]
        anchors = np.arange(begins[0], begins[-1])
        try:
            _check(stack.several, number, table.keys, anchors)
            _check(stack.several, number, table.strengths, anchors)
        except _DamagedError as error:
            return Taken(keys[0], strengths[0], sizes, ranks, elsewhere, error.block, error.table)
        keys.append(table.keys[anchors])
        strengths.append(table.strengths[anchors])
        sizes[gathered.first_units[document] : gathered.first_units[document + 1]] = np.diff(begins)
    return Taken(np.concatenate(keys), np.concatenate(strengths), sizes, ranks, elsewhere)


def _offsets(sizes: I64) -> I64:
    offsets = np.zeros(sizes.size + 1, dtype=np.int64)
    np.cumsum(sizes, out=offsets[1:])
    return offsets
