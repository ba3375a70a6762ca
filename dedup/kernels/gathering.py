"""Tables of anchors with their lists, several of them as one, so that one call of a loop asks them all.

A posting is a unit of its table and the strength that the anchor has there: three numbers of 16 bits, the lower and the
upper half of the unit and the strength. So a list is read from its begin to its end, and nothing else for it.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import F64, I64, U8, U16, U32, U64
from dedup.kernels.stacking import memory_between

POSTING = 3
"""Numbers of 16 bits that make a posting."""


def pack_postings(units: U32, strengths: U16) -> U16:
    """Postings of units and strengths, shape (`POSTING` n,)."""
    packed = np.empty((units.size, POSTING), dtype=np.uint16)
    packed[:, 0] = units & np.uint32(0xFFFF)
    packed[:, 1] = units >> np.uint32(16)
    packed[:, 2] = strengths
    return packed.reshape(-1)


def units_of(postings: U16) -> U32:
    """The unit of each posting."""
    packed = postings.reshape(-1, POSTING)
    units: U32 = packed[:, 0] | packed[:, 1].astype(np.uint32) << np.uint32(16)
    return units


class AnchorColumns(NamedTuple):
    """The anchors of n documents of ascending ranks, and which unit holds which.

    `list_keys` (uint32, ascending and distinct), `list_begins` (uint32, one more) and `postings` (uint16): those of key
    i are the postings from `list_begins[i]` to `list_begins[i + 1]`, by ascending units. `first_units` int64 (n + 1,):
    the units of each document. `owners` uint32: the document of each unit, or nothing where each document is one.
    `unit_begins` int64: the anchors of each unit, which are `keys` uint32, ascending within a unit, and `strengths`
    uint16. `ranks` uint32 and `elsewhere` float64, (n,), are given with what is found. Where `sums` is not empty, the
    columns of postings and of anchors stand in `words`, whose blocks are to be checked, as in
    `dedup.kernels.SortedTables`.
    """

    list_keys: U32
    list_begins: U32
    postings: U16
    first_units: I64
    owners: U32
    unit_begins: I64
    keys: U32
    strengths: U16
    ranks: U32
    elsewhere: F64
    words: U64
    sums: U64
    checked: U8


PLACES = len(AnchorColumns._fields)
"""Numbers of an `AnchorStack` for each table: where its columns begin, counted in their items from the memory's begin.

There follow how many lists, documents, units and words it has, whether there are owners, whether some documents are
gone, and whether there are blocks that were not checked.
"""

(
    LIST_KEYS, LIST_BEGINS, POSTINGS, FIRST_UNITS, OWNERS, UNIT_BEGINS, KEYS, STRENGTHS, RANKS, ELSEWHERE
) = range(10)  # fmt: skip
N_LISTS, N_DOCUMENTS, N_UNITS, N_WORDS, HAS_OWNERS, IS_PARTLY_GONE, IS_UNCHECKED = range(PLACES, PLACES + 7)
COLUMNS = PLACES + 7


class PlacedColumns(NamedTuple):
    """`AnchorColumns`, and where they are: addresses and sizes (int64, `COLUMNS` of them), and what spans them."""

    columns: AnchorColumns
    addresses: I64
    low: int
    high: int


def placed(columns: AnchorColumns) -> PlacedColumns:
    """Find out where columns are; they must not be given back as long as this is used."""
    several: list[NDArray[np.generic]] = [
        column if column.flags.c_contiguous and column.flags.aligned else column.copy() for column in columns
    ]
    aligned = AnchorColumns(*several)  # type: ignore[arg-type]
    addresses = [column.ctypes.data if column.size else 0 for column in several]
    ends = [address + column.nbytes for address, column in zip(addresses, several, strict=True) if address]
    sizes = [
        aligned.list_keys.size, aligned.ranks.size, aligned.unit_begins.size - 1, aligned.words.size,
        aligned.owners.size > 0, False, False,
    ]  # fmt: skip
    return PlacedColumns(
        aligned, np.array([*addresses, *sizes], dtype=np.int64), min(filter(None, addresses), default=0),
        max(ends, default=0),
    )  # fmt: skip


def placed_one(keys: U32, strengths: U16, rank: int, elsewhere: float) -> PlacedColumns:
    """The columns of one document of one unit, whose keys ascend, in one piece of memory.

    What is where follows from the number of anchors, and no column is asked for its address.
    """
    count = keys.size
    memory = np.empty(6 + 2 * (count + 1), dtype=np.uint64)
    numbers, halves, shorts = memory.view(np.int64), memory.view(np.uint32), memory.view(np.uint16)
    memory.view(np.float64)[0] = elsewhere
    numbers[1:6] = 0, 1, 0, count, rank
    # Behind these six words come keys, begins, postings and strengths: 4, 4, 6 and 2 bytes an anchor, and one begin.
    at_begins, at_postings = 12 + count, 2 * (13 + 2 * count)
    at_strengths = at_postings + POSTING * count
    columns = AnchorColumns(
        halves[12:at_begins], halves[at_begins : at_begins + count + 1], shorts[at_postings:at_strengths],
        numbers[1:3], _NO_HALVES, numbers[3:5], halves[12:at_begins], shorts[at_strengths : at_strengths + count],
        halves[10:11], memory.view(np.float64)[:1], _NO_WORDS, _NO_WORDS, _NO_OCTETS,
    )  # fmt: skip
    columns.list_keys[:] = keys
    columns.list_begins[:] = _COUNTING[: count + 1]
    postings = columns.postings.reshape(-1, POSTING)
    postings[:, :2] = 0
    postings[:, 2] = strengths
    columns.strengths[:] = strengths
    low = memory.ctypes.data
    keys_at, begins_at = low + 48, low + 4 * at_begins
    addresses = np.array(
        [
            keys_at, begins_at, low + 2 * at_postings, low + 8, 0, low + 24, keys_at, low + 2 * at_strengths, low + 40,
            low, 0, 0, 0, count, 1, 1, 0, False, False, False,
        ],
        dtype=np.int64,
    )  # fmt: skip
    return PlacedColumns(columns, addresses, low, low + memory.nbytes)


MOST_COUNTED = 64
"""Anchors that a unit has at the most, for which `placed_one` has begins at hand."""

_COUNTING: U32 = np.arange(MOST_COUNTED + 1, dtype=np.uint32)
_NO_OCTETS: U8 = np.zeros(0, dtype=np.uint8)
_NO_HALVES: U32 = np.zeros(0, dtype=np.uint32)
_NO_WORDS: U64 = np.zeros(0, dtype=np.uint64)


class AnchorStack(NamedTuple):
    """Several tables, in the order of ranks, to be asked in one call.

    `octets`, `shorts`, `halves`, `words`, `numbers` and `doubles` are the memory that spans them all, of which nothing
    but their columns may be touched. `places` int64: `COLUMNS` numbers a table. `blocks` int64: four numbers a table,
    as in `dedup.kernels.TableStack`. `firsts` int64 (tables + 1,): how many documents stand before each.
    """

    several: tuple[AnchorColumns, ...]
    octets: U8
    shorts: U16
    halves: U32
    words: U64
    numbers: I64
    doubles: F64
    places: I64
    blocks: I64
    firsts: I64


class TableRows(NamedTuple):
    """Some tables, to be stacked with others: their addresses and sizes, shape (tables, `COLUMNS`), and their span."""

    several: tuple[AnchorColumns, ...]
    addresses: I64
    low: int
    high: int


def rows_of(several: Sequence[PlacedColumns], partly_gone: Sequence[bool]) -> TableRows:
    """Rows of tables; `partly_gone`: whether some documents of each are not there any more."""
    if not several:
        return TableRows((), np.zeros((0, COLUMNS), dtype=np.int64), 0, 0)
    addresses = np.concatenate([each.addresses for each in several]).reshape(-1, COLUMNS)
    addresses[:, IS_PARTLY_GONE] = partly_gone
    addresses[:, IS_UNCHECKED] = [
        each.columns.sums.size > 0 and not each.columns.checked.all() for each in several
    ]  # fmt: skip
    lows = [each.low for each in several if each.low]
    span = min(lows, default=0), max(each.high for each in several)
    return TableRows(tuple(each.columns for each in several), addresses, *span)


def with_another(rows: TableRows, other: PlacedColumns) -> TableRows:
    """Rows with that of another table behind them, of which all documents are there and no block is to be checked."""
    return TableRows(
        (*rows.several, other.columns), np.concatenate([rows.addresses, other.addresses.reshape(1, -1)]),
        min(rows.low, other.low) or other.low, max(rows.high, other.high),
    )  # fmt: skip


def stack_rows(*several: TableRows) -> AnchorStack:
    """All tables as one, in this order."""
    low = min((each.low for each in several if each.low), default=0) & ~7
    memory = memory_between(low, max(each.high for each in several))
    addresses = several[0].addresses if len(several) == 1 else np.concatenate([each.addresses for each in several])
    places = addresses >> SHIFTS
    places[:, :PLACES] -= low >> SHIFTS[:PLACES]
    # Words, their number, sums and what was checked: what a block is looked up by.
    blocks = places[:, [PLACES - 3, N_WORDS, PLACES - 2, PLACES - 1]]
    blocks[places[:, IS_UNCHECKED] == 0] = (0, 0, -1, 0)
    firsts = np.zeros(places.shape[0] + 1, dtype=np.int64)
    np.cumsum(places[:, N_DOCUMENTS], out=firsts[1:])
    return AnchorStack(
        sum((each.several for each in several), ()), memory, memory.view(np.uint16), memory.view(np.uint32),
        memory.view(np.uint64), memory.view(np.int64), memory.view(np.float64), places.reshape(-1), blocks.reshape(-1),
        firsts,
    )  # fmt: skip


SHIFTS: NDArray[np.int64] = np.array([2, 2, 1, 3, 2, 3, 2, 1, 2, 3, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0])
"""The logarithms of the sizes of items of the columns."""


class FoundLists(NamedTuple):
    """Where the lists of n keys are in several tables, and how many living members each has in the first of these.

    `begins` and `ends` uint32, table by table: of key i in table t the places t n + i. `totals` int64 (n,): the members
    in the `fixed` first tables, or more than was asked for where there are that many. Where a block is damaged,
    `damaged` is its number and `part` its table, else both are -1.
    """

    begins: U32
    ends: U32
    totals: I64
    fixed: int
    damaged: int = -1
    part: int = -1


WINDOW = 1 << 16
"""Units whose scores are added up together: a quarter of a megabyte, for which the second cache has room."""


class ScoreRoom:
    """Zeros that a search adds scores up in and leaves as zeros, so that the next one need not write them anew."""

    def __init__(self) -> None:
        self.scores: U32 = np.zeros(0, dtype=np.uint32)
        self.met: U32 = np.zeros(0, dtype=np.uint32)

    def grow(self, documents: int) -> None:
        """Have room for the units of a window, and for all documents."""
        if self.met.size < documents:
            # More than is asked for, for an index that grows; memory that is not touched costs nothing.
            self.met = np.zeros(documents + (documents >> 2), dtype=np.uint32)
            self.scores = np.zeros(WINDOW, dtype=np.uint32)

    def clear(self) -> None:
        """Forget what a search left that did not come to its end."""
        self.scores, self.met = self.scores[:0], self.met[:0]


class Taken(NamedTuple):
    """The anchors of n documents, unit by unit; damage is told as in `FoundLists`.

    `keys` uint32 and `strengths` uint16; `sizes` int64: the anchors of each unit; `firsts` int64 (n + 1,): the units of
    each document. `ranks` int64 and `elsewhere` float64, (n,).
    """

    keys: U32
    strengths: U16
    sizes: I64
    firsts: I64
    ranks: I64
    elsewhere: F64
    damaged: int = -1
    part: int = -1
