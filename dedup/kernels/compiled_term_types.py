"""Numbering the terms of texts, and their types in the evidence of a rewrite."""

import numpy as np

from dedup.kernels import I64, U8, U32, U64, Bool
from dedup.kernels.jit import Integer, exported
from dedup.kernels.rewriting import (
    CAPITAL,
    NAME_TYPE,
    NUMBER,
    NUMBER_TYPE,
    REPEATED,
    STOP_TYPE,
    WORD_TYPE,
)


@exported
def number_terms_loop(values: U64, table: U64, table_ids: U32, bits: Integer, ids: U32, distinct: U64) -> Integer:
    """Number the distinct values as they first come up; how many there are. The table, 2**bits wide, is of zeros.

    A value of 0 is taken for 1.
    """
    mask, shift = (np.uint64(1) << np.uint64(bits)) - np.uint64(1), np.uint64(64 - bits)
    count = np.uint64(0)
    for place in range(np.uint64(values.size)):
        value = max(values[place], np.uint64(1))
        slot = value >> shift
        while table[slot] != value and table[slot] != np.uint64(0):
            slot = (slot + np.uint64(1)) & mask
        if table[slot] == np.uint64(0):
            table[slot] = value
            table_ids[slot] = np.uint32(count)
            distinct[count] = value
            count += np.uint64(1)
        ids[place] = table_ids[slot]
    return np.int64(count)


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
    bits = max(4, int(2 * values.size).bit_length())
    table, table_ids = np.zeros(1 << bits, dtype=np.uint64), np.empty(1 << bits, dtype=np.uint32)
    ids, distinct = np.empty(values.size, dtype=np.uint32), np.empty(values.size, dtype=np.uint64)
    count = number_terms_loop(values, table, table_ids, bits, ids, distinct)
    return ids, distinct[:count].copy()


def classify_terms(ids: U32, kinds: U8, offsets: I64, stops: Bool) -> U8:
    """See `RewriteKernels.classify_terms`."""
    types = np.empty(ids.size, dtype=np.uint8)
    classify_loop(ids, kinds, offsets, stops, np.full(stops.size, -1, dtype=np.int64), types)
    return types
