"""Distinct values of rows, compiled by Numba. Contracts are in `dedup.kernels.Kernels`.

Nearly all shingles of a text are distinct. A bit for each of many times as many slots as a row has values shows which
few may be repeated; these alone are compared, with all that stand before them. What is told so needs a thirtieth of the
memory that a table of the values takes, and no branch.
"""

import numpy as np

from dedup.kernels import I64, U32, U64
from dedup.kernels.compiled_rows import FIRST_BITS, clear_table, enter, fill_table, n_shingles, shingle_row, table_bits
from dedup.kernels.jit import Integer, compiled, exported

_MOST_BY_BITS = 4096
"""The longest row of which suspects are compared with what stands before them."""


@compiled
def _find_suspects(values: U64, start: np.uint64, count: Integer, table: U32) -> tuple[np.uint64, np.uint64]:
    """Note the places, in the row, of the values whose slot was taken by one before, ascending.

    They stand in `table` from the first number given on; the second number says how many they are.
    """
    bits = 1
    while (1 << bits) < 2 * count:
        bits += 1
    words = np.uint64(1) << np.uint64(bits)
    clear_table(table, bits)
    # Of 2 words of 32 bits a value or more the upper bits name the word and the five below them the bit.
    shift, found = np.uint64(59 - bits), np.uint64(0)
    for place in range(np.uint64(count)):
        slot = values[start + place] >> shift
        word, bit = slot >> np.uint64(5), np.uint32(slot & np.uint64(31))
        seen = table[word]
        table[word] = seen | np.uint32(1) << bit
        # Each is written, and the next one over it if its slot was free.
        table[words + found] = np.uint32(place)
        found += np.uint64((seen >> bit) & np.uint32(1))
    return words, found


@compiled
def _keep_repeated(values: U64, start: np.uint64, table: U32, first: np.uint64, count: np.uint64) -> np.uint64:
    """Keep those of the suspects in `table` whose value stands before them; their number."""
    kept = np.uint64(0)
    for number in range(count):
        place = table[first + number]
        value = values[start + np.uint64(place)]
        repeated = np.uint64(0)
        for before in range(np.uint64(place)):
            repeated |= np.uint64(values[start + before] == value)
        table[first + kept] = place
        kept += repeated
    return kept


@compiled
def _close_gaps(values: U64, start: np.uint64, count: Integer, table: U32, first: np.uint64, gaps: np.uint64) -> None:
    """Leave out the values of a row at the places in `table`."""
    left = start + np.uint64(table[first])
    for number in range(gaps):
        place = start + np.uint64(table[first + number]) + np.uint64(1)
        last = number + np.uint64(1) == gaps
        end = start + (np.uint64(count) if last else np.uint64(table[first + number + np.uint64(1)]))
        while place < end:
            values[left] = values[place]
            left += np.uint64(1)
            place += np.uint64(1)


@compiled
def _enter_all(values: U64, start: np.uint64, count: Integer, table: U32) -> np.uint64:
    """Keep the distinct values of a row by a table of them, which grows with their number; how many there are."""
    bits = min(table_bits(count), FIRST_BITS)
    clear_table(table, bits)
    limit, found = np.uint64(1) << np.uint64(bits - 2), np.uint64(0)
    for place in range(start, start + np.uint64(count)):
        if found == limit:
            bits += 2
            limit = np.uint64(1) << np.uint64(bits - 2)
            fill_table(values, np.int64(start), np.int64(found), bits, table)
        # A value is put where it is or before.
        index = enter(values[place], values, start, found, bits, table)
        found += np.uint64(index == found)
    return found


@compiled
def _keep_distinct(values: U64, start: np.uint64, count: Integer, table: U32) -> np.uint64:
    """Keep the distinct values of a row, in place, as they first come up; how many there are."""
    if count > _MOST_BY_BITS:
        return _enter_all(values, start, count, table)
    first, suspects = _find_suspects(values, start, count, table)
    # One in 128 is one by chance where the slots are fewest; of many, most are repeated.
    if suspects > np.uint64(8 + (count >> 6)):
        return _enter_all(values, start, count, table)
    repeated = _keep_repeated(values, start, table, first, suspects)
    if repeated > np.uint64(0):
        _close_gaps(values, start, count, table, first, repeated)
    return np.uint64(count) - repeated


@exported
def distinct_rows_loop(values: U64, offsets: I64, table: U32, distinct: U64, row_offsets: I64) -> Integer:
    """Fill the distinct values of each row as they first come up; their number.

    `table` has room for eight times the values of the longest row and 64 more, `distinct` for one more than all.
    """
    total = np.uint64(0)
    row_offsets[0] = 0
    for row in range(offsets.size - 1):
        start, count = np.uint64(offsets[row]), offsets[row + 1] - offsets[row]
        for place in range(np.uint64(count)):
            distinct[total + place] = values[start + place]
        total += _keep_distinct(distinct, total, count, table)
        row_offsets[row + 1] = np.int64(total)
    return np.int64(total)


@exported
def shingle_sets_loop(hashes: U64, offsets: I64, size: Integer, table: U32, distinct: U64, row_offsets: I64) -> Integer:
    """Fill the distinct shingles of each row of tokens as they first come up; their number. Room as above."""
    total = np.uint64(0)
    row_offsets[0] = 0
    for row in range(offsets.size - 1):
        length = offsets[row + 1] - offsets[row]
        shingle_row(hashes, np.uint64(offsets[row]), length, size, distinct, total)
        total += _keep_distinct(distinct, total, n_shingles(length, size), table)
        row_offsets[row + 1] = np.int64(total)
    return np.int64(total)
