"""Where lists of anchors are in several tables, in NumPy, table by table: the twin of `compiled_gathering`."""

from collections.abc import Sequence

import numpy as np

from dedup.kernels import I64, U16, U32, Bool
from dedup.kernels.gathering import (
    COLUMNS,
    IS_PARTLY_GONE,
    POSTING,
    AnchorColumns,
    AnchorStack,
    FoundLists,
    Taken,
    units_of,
)
from dedup.kernels.hashing import BLOCK_WORDS
from dedup.kernels.reference_tables import sum_blocks


class DamagedError(Exception):
    """A block of a table that is not what it was."""

    def __init__(self, block: int, table: int) -> None:
        self.block, self.table = block, table


def find_lists(stack: AnchorStack, keys: U32, fixed: int, alive: Bool, cap: int) -> FoundLists:
    """See `RewriteKernels.find_lists`."""
    begins, ends = np.zeros((2, len(stack.several), keys.size), dtype=np.uint32)
    totals = np.zeros(keys.size, dtype=np.int64)
    for number, table in enumerate(stack.several):
        places = np.searchsorted(table.list_keys, keys)
        there = np.flatnonzero(table.list_keys.take(places, mode="clip") == keys)
        begins[number, there] = table.list_begins[places[there]]
        ends[number, there] = table.list_begins[places[there] + 1]
    gone = [number for number in range(fixed) if is_partly_gone(stack, number)]
    for number in range(fixed):
        if number not in gone:
            totals += ends[number].astype(np.int64) - begins[number]
    try:
        for key in range(keys.size):
            for number in gone:
                # One that is long already is not read.
                if totals[key] <= cap:
                    _, units = living_members(stack, number, int(begins[number, key]), int(ends[number, key]), alive)
                    totals[key] = min(totals[key] + units.size, cap + 1)
    except DamagedError as error:
        return FoundLists(begins.reshape(-1), ends.reshape(-1), totals, fixed, error.block, error.table)
    return FoundLists(begins.reshape(-1), ends.reshape(-1), totals, fixed)


def is_partly_gone(stack: AnchorStack, number: int) -> bool:
    """Whether some documents of a table are not there any more."""
    return bool(stack.places[COLUMNS * number + IS_PARTLY_GONE])


def living_members(stack: AnchorStack, number: int, begin: int, end: int, alive: Bool) -> tuple[I64, I64]:
    """The living members of a list of a table: places of postings, and units."""
    table = stack.several[number]
    places = np.arange(begin, end)
    check(stack.several, number, table.postings, np.arange(POSTING * begin, POSTING * end))
    units = units_of(table.postings[POSTING * begin : POSTING * end]).astype(np.int64)
    if is_partly_gone(stack, number):
        there = alive[table.ranks[owners_of(table, units)]]
        places, units = places[there], units[there]
    return places, units


def owners_of(table: AnchorColumns, units: I64) -> I64:
    """The documents of units."""
    return table.owners[units].astype(np.int64) if table.owners.size else units


def check(several: Sequence[AnchorColumns], number: int, column: U32 | U16, items: I64) -> None:
    """Raise where items of a column are in a damaged block."""
    table = several[number]
    if not table.sums.size or not items.size:
        return
    start = (column.ctypes.data - table.words.ctypes.data) // column.itemsize
    blocks = np.unique((start + items) * column.itemsize // 8 // BLOCK_WORDS)
    for block in blocks[table.checked[blocks] == 0].tolist():
        if sum_blocks(table.words[block * BLOCK_WORDS : (block + 1) * BLOCK_WORDS])[0] != table.sums[block]:
            raise DamagedError(block, number)
        table.checked[block] = 1


def take_anchors(stack: AnchorStack, chosen: I64) -> Taken:
    """See `RewriteKernels.take_anchors`."""
    keys, strengths = [np.zeros(0, dtype=np.uint32)], [np.zeros(0, dtype=np.uint16)]
    sizes, firsts = [np.zeros(0, dtype=np.int64)], np.zeros(chosen.size + 1, dtype=np.int64)
    ranks, elsewhere = np.zeros(chosen.size, dtype=np.int64), np.zeros(chosen.size)
    for row, document in enumerate(chosen.tolist()):
        number = int(np.searchsorted(stack.firsts, document, side="right")) - 1
        table, place = stack.several[number], document - int(stack.firsts[number])
        ranks[row], elsewhere[row] = table.ranks[place], table.elsewhere[place]
        first, last = table.first_units[place : place + 2].tolist()
        begins = table.unit_begins[first : last + 1]
        anchors = np.arange(begins[0], begins[-1])
        try:
            check(stack.several, number, table.keys, anchors)
            check(stack.several, number, table.strengths, anchors)
        except DamagedError as error:
            return Taken(keys[0], strengths[0], sizes[0], firsts, ranks, elsewhere, error.block, error.table)
        keys.append(table.keys[anchors])
        strengths.append(table.strengths[anchors])
        sizes.append(np.diff(begins))
        firsts[row + 1] = firsts[row] + last - first
    return Taken(np.concatenate(keys), np.concatenate(strengths), np.concatenate(sizes), firsts, ranks, elsewhere)
