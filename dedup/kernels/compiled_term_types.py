"""Numbering the terms of texts, and their types in the evidence of a rewrite."""

import numpy as np

from dedup.kernels import I64, U8, U32, U64, Bool
from dedup.kernels.jit import Integer, compiled, exported
from dedup.kernels.rewriting import (
    CAPITAL,
    NAME_TYPE,
    NUMBER,
    NUMBER_TYPE,
    REPEATED,
    STOP_TYPE,
    WORD_TYPE,
)

_FIRST_BITS = 15


@compiled
def _slot_of(table: U64, bits: Integer, value: np.uint64) -> np.uint64:
    """Where a value stands in an open-addressing table, or where it would."""
    mask = (np.uint64(1) << np.uint64(bits)) - np.uint64(1)
    slot = value >> np.uint64(64 - bits)
    while table[slot] != value and table[slot] != np.uint64(0):
        slot = (slot + np.uint64(1)) & mask
    return slot


@exported
def number_terms_loop(
    values: U64, start: Integer, table: U64, table_ids: U32, bits: Integer, count: I64, ids: U32, distinct: U64
) -> Integer:
    """Number the distinct values as they first come up, from the place `start` on; the place behind the last numbered.

    A value of 0 is taken for 1. `count[0]`: how many there are. The table is 2**bits wide; where it is half full, the
    loop ends.
    """
    number = np.uint64(count[0])
    most = np.uint64(1) << np.uint64(bits - 1)
    place = np.uint64(start)
    while place < np.uint64(values.size):
        value = max(values[place], np.uint64(1))
        slot = _slot_of(table, bits, value)
        if table[slot] == np.uint64(0):
            if number == most:
                break
            table[slot] = value
            table_ids[slot] = np.uint32(number)
            distinct[number] = value
            number += np.uint64(1)
        ids[place] = table_ids[slot]
        place += np.uint64(1)
    count[0] = np.int64(number)
    return np.int64(place)


@exported
def enter_terms_loop(distinct: U64, count: Integer, table: U64, table_ids: U32, bits: Integer) -> None:
    """Enter the values numbered so far into a table, 2**bits wide, of zeros."""
    for number in range(count):
        slot = _slot_of(table, bits, distinct[number])
        table[slot] = distinct[number]
        table_ids[slot] = np.uint32(number)


@exported
def classify_loop(ids: U32, kinds: U8, offsets: I64, stops: Bool, small: I64, types: U8) -> None:
    """Fill the type of each term, with `REPEATED` where it comes again in its row.

    `small`, by id, is -1 at first.
    """
    for row in range(offsets.size - 1):
        # Of each term, by twice the number of the row: whether it is there, and, one more, not begun with a capital.
        for place in range(offsets[row], offsets[row + 1]):
            term = ids[place]
            again = small[term] >= 2 * row
            types[place] = np.uint8(REPEATED) if again else np.uint8(0)
            if kinds[place] != CAPITAL:
                small[term] = 2 * row + 1
            elif not again:
                small[term] = 2 * row
        for place in range(offsets[row], offsets[row + 1]):
            term = ids[place]
            kind = WORD_TYPE
            if stops[term]:
                kind = STOP_TYPE
            elif kinds[place] == NUMBER:
                kind = NUMBER_TYPE
            elif small[term] == 2 * row:
                kind = NAME_TYPE
            types[place] = np.uint8(types[place] | np.uint8(kind))


def number_terms(values: U64) -> tuple[U32, U64]:
    """See `RewriteKernels.number_terms`."""
    ids, distinct = np.empty(values.size, dtype=np.uint32), np.empty(values.size, dtype=np.uint64)
    count = np.zeros(1, dtype=np.int64)
    # Most terms come again: a table for as many as there are would be read from far away.
    bits = min(max(4, int(2 * values.size).bit_length()), _FIRST_BITS)
    numbered = 0
    while True:
        table, table_ids = np.zeros(1 << bits, dtype=np.uint64), np.empty(1 << bits, dtype=np.uint32)
        enter_terms_loop(distinct, int(count[0]), table, table_ids, bits)
        numbered = int(number_terms_loop(values, numbered, table, table_ids, bits, count, ids, distinct))
        if numbered == values.size:
            return ids, distinct[: count[0]].copy()
        bits += 2


def classify_terms(ids: U32, kinds: U8, offsets: I64, stops: Bool) -> U8:
    """See `RewriteKernels.classify_terms`."""
    types = np.empty(ids.size, dtype=np.uint8)
    classify_loop(ids, kinds, offsets, stops, np.full(stops.size, -1, dtype=np.int64), types)
    return types
