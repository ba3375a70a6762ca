"""Tables of anchors with their lists, several of them as one, so that one call of a loop asks them all.

A posting is a unit of its table and, in its lower `SLOT_BITS`, the place of the anchor among those of the unit.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import F64, I64, U8, U16, U32, U64, Bool
from dedup.kernels.stacking import memory_between

SLOT_BITS = 6
"""A unit has fewer anchors than two to the power of this."""


class AnchorColumns(NamedTuple):
    """The anchors of n documents of ascending ranks, and which unit holds which.

    `list_keys` (uint32, ascending and distinct), `list_begins` (uint32, one more) and `postings` (uint32): those of key
    i are `postings[list_begins[i]:list_begins[i + 1]]`. `first_units` int64 (n + 1,): the units of each document.
    `owners` uint32: the document of each unit, or nothing where each document is one. `unit_begins` int64: the anchors
    of each unit, which are `keys` uint32, ascending within a unit, and `strengths` uint16. `ranks` uint32 and
    `elsewhere` float64, (n,), are given with what is found. Where `sums` is not empty, the columns of postings and of
    anchors stand in `words`, whose blocks are to be checked, as in `dedup.kernels.SortedTables`.
    """

    list_keys: U32
    list_begins: U32
    postings: U32
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

There follow how many lists and documents it has, whether there are owners, and whether some documents are gone.
"""

(
    LIST_KEYS, LIST_BEGINS, POSTINGS, FIRST_UNITS, OWNERS, UNIT_BEGINS, KEYS, STRENGTHS, RANKS, ELSEWHERE
) = range(10)  # fmt: skip
N_LISTS, N_DOCUMENTS, HAS_OWNERS, IS_PARTLY_GONE = range(PLACES, PLACES + 4)
COLUMNS = PLACES + 4


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
    sizes = [aligned.list_keys.size, aligned.ranks.size, aligned.owners.size > 0, False]
    return PlacedColumns(
        aligned, np.array([*addresses, *sizes], dtype=np.int64), min(filter(None, addresses), default=0),
        max(ends, default=0),
    )  # fmt: skip


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


def stack_anchors(several: Sequence[PlacedColumns], partly_gone: Sequence[bool]) -> AnchorStack:
    """Tables as one; `partly_gone`: whether some documents of each are not there any more."""
    low = min((each.low for each in several), default=0) & ~7
    memory = memory_between(low, max((each.high for each in several), default=0))
    every = np.array([each.addresses for each in several], dtype=np.int64).reshape(-1, COLUMNS)
    places = every >> _SHIFTS
    places[:, :PLACES] -= low >> _SHIFTS[:PLACES]
    places[:, IS_PARTLY_GONE] = partly_gone
    blocks = np.zeros((len(several), 4), dtype=np.int64)
    for row, each, at in zip(blocks, several, places[:, PLACES - 3 : PLACES], strict=True):
        checks = each.columns.sums.size and not each.columns.checked.all()
        row[:] = (at[0], each.columns.words.size, at[1], at[2]) if checks else (0, 0, -1, 0)
    firsts = np.zeros(len(several) + 1, dtype=np.int64)
    np.cumsum(places[:, N_DOCUMENTS], out=firsts[1:])
    return AnchorStack(
        tuple(each.columns for each in several), memory, memory.view(np.uint16), memory.view(np.uint32),
        memory.view(np.uint64), memory.view(np.int64), memory.view(np.float64), places.reshape(-1), blocks.reshape(-1),
        firsts,
    )  # fmt: skip


_SHIFTS: NDArray[np.int64] = np.array([2, 2, 2, 3, 2, 3, 2, 1, 2, 3, 3, 3, 0, 0, 0, 0, 0])
"""The logarithms of the sizes of items of the columns."""


class Gathered(NamedTuple):
    """The lists of some keys in several tables, by units of the documents that stand in one of them.

    `tables` and `places` (int64): the documents concerned, in the order of ranks: the table of each, its place there.
    `first_units` int64 (documents + 1,): their units. The list of key i is `units[offsets[i]:offsets[i + 1]]` (uint32,
    ascending), with `strengths` (uint16). `capped`: of which keys there is none because too many hold it. Where a block
    is damaged, `damaged` is its number and `part` its table, else both are -1.
    """

    tables: I64
    places: I64
    first_units: I64
    units: U32
    strengths: U16
    offsets: I64
    capped: Bool
    damaged: int = -1
    part: int = -1


class Taken(NamedTuple):
    """Anchors of units, one after the other, with `sizes` (int64) of each unit; damage is told as in `Gathered`.

    `ranks` int64 and `elsewhere` float64: of the documents whose units these are.
    """

    keys: U32
    strengths: U16
    sizes: I64
    ranks: I64
    elsewhere: F64
    damaged: int = -1
    part: int = -1


def nothing_gathered(n_keys: int, damaged: int = -1, part: int = -1) -> Gathered:
    """No documents and empty lists."""
    none = np.zeros(0, dtype=np.int64)
    return Gathered(
        none, none, np.zeros(1, dtype=np.int64), np.zeros(0, dtype=np.uint32), np.zeros(0, dtype=np.uint16),
        np.zeros(n_keys + 1, dtype=np.int64), np.zeros(n_keys, dtype=np.bool_), damaged, part,
    )  # fmt: skip
