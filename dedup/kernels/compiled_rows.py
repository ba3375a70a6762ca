"""Loops over rows of hashes: distinct values and counts, shared values, sums of weights."""

import numpy as np

from dedup.kernels import F64, I64, U32, U64
from dedup.kernels.compiled_tokens import finish
from dedup.kernels.hashing import FINISHER, MULTIPLIER, POLYNOMIAL, SEED
from dedup.kernels.jit import Integer, compiled, exported

FIRST_BITS = 16
"""The logarithm of the size with which the table of a long row begins."""


@compiled
def sort_stretch(values: U64 | U32, first: Integer, end: Integer) -> None:
    """Sort `values[first:end]` in place: by insertion where they are few, as a heap where they are many."""
    count = end - first
    if count <= 48:
        for place in range(first + 1, end):
            value = values[place]
            before = place - 1
            while before >= first and values[before] > value:
                values[before + 1] = values[before]
                before -= 1
            values[before + 1] = value
        return
    # Heapsort (Williams 1964): no worst case and no memory.
    for step in range(count // 2 + count - 1):
        if step < count // 2:
            root, size = count // 2 - 1 - step, count
        else:
            root, size = 0, count - 1 - (step - count // 2)
            values[first], values[first + size] = values[first + size], values[first]
        value = values[first + root]
        child = 2 * root + 1
        while child < size:
            if child + 1 < size and values[first + child + 1] > values[first + child]:
                child += 1
            if values[first + child] <= value:
                break
            values[first + root] = values[first + child]
            root, child = child, 2 * child + 1
        values[first + root] = value


@compiled
def shingle_row(hashes: U64, first: np.uint64, length: Integer, size: Integer, values: U64, target: np.uint64) -> None:
    """Fill the shingles of `length` tokens, `n_shingles` of them."""
    terms = min(size, length)
    count = np.uint64(n_shingles(length, size))
    if terms == 5:
        # The default size, unrolled so that it is one vector loop.
        squared = POLYNOMIAL * POLYNOMIAL
        cubed = squared * POLYNOMIAL
        fourth = cubed * POLYNOMIAL
        for place in range(count):
            here = first + place
            value = (
                hashes[here] * fourth
                + hashes[here + np.uint64(1)] * cubed
                + hashes[here + np.uint64(2)] * squared
                + hashes[here + np.uint64(3)] * POLYNOMIAL
                + hashes[here + np.uint64(4)]
            )
            value = (value ^ (value >> np.uint64(32))) * FINISHER
            values[target + place] = value ^ (value >> np.uint64(29))
        return
    for place in range(count):
        values[target + place] = hashes[first + place]
    for step in range(1, terms):
        ahead = first + np.uint64(step)
        for place in range(count):
            values[target + place] = values[target + place] * POLYNOMIAL + hashes[ahead + place]
    for place in range(count):
        value = values[target + place]
        value = (value ^ (value >> np.uint64(32))) * FINISHER
        values[target + place] = value ^ (value >> np.uint64(29))


@compiled
def n_shingles(length: Integer, size: Integer) -> Integer:
    """How many shingles so many tokens have: fewer than `size`, but one, have one of them all."""
    return length - size + 1 if length >= size else min(length, 1)


@exported
def shingle_loop(hashes: U64, offsets: I64, size: Integer, values: U64, row_offsets: I64) -> None:
    """Fill the rows of shingles."""
    for row in range(offsets.size - 1):
        length = offsets[row + 1] - offsets[row]
        shingle_row(hashes, np.uint64(offsets[row]), length, size, values, np.uint64(row_offsets[row]))


@exported
def digest_loop(hashes: U64, offsets: I64, digests: U64) -> None:
    """Fill one digest a row."""
    for row in range(digests.size):
        total = np.uint64(0)
        power = np.uint64(1)
        for place in range(offsets[row], offsets[row + 1]):
            total += hashes[place] * power
            power *= POLYNOMIAL
        digests[row] = finish(total, np.uint64(offsets[row + 1] - offsets[row]))


@exported
def band_keys_loop(signatures: U32, width: Integer, bands: Integer, rows: Integer, keys: U32) -> None:
    """Fill the keys, band by band, from signatures of `width` values."""
    count = keys.size // max(bands, 1)
    for unit in range(count):
        for band in range(bands):
            value = SEED
            for row in range(band * rows, (band + 1) * rows):
                value = (value ^ np.uint64(signatures[unit * width + row])) * MULTIPLIER
                value ^= value >> np.uint64(32)
            keys[band * count + unit] = (value * MULTIPLIER) >> np.uint64(32)


@compiled
def table_bits(count: Integer) -> Integer:
    """The logarithm of the size of a table that is at most a quarter full, so that most values find their slot free."""
    bits = 6
    while (1 << bits) < 4 * count:
        bits += 1
    return bits


@compiled
def clear_table(table: U32, bits: Integer) -> None:
    """Free all slots of a table."""
    for slot in range(np.uint64(1) << np.uint64(bits)):
        table[slot] = np.uint32(0)


@compiled
def fill_table(values: U64, first: Integer, count: Integer, bits: Integer, table: U32) -> None:
    """Enter the places, from 1, of `count` distinct values into an open-addressing table, by their upper bits."""
    clear_table(table, bits)
    start, mask, shift = np.uint64(first), (np.uint64(1) << np.uint64(bits)) - np.uint64(1), np.uint64(64 - bits)
    for place in range(np.uint64(count)):
        slot = values[start + place] >> shift
        while table[slot] != np.uint32(0):
            slot = (slot + np.uint64(1)) & mask
        table[slot] = np.uint32(place + np.uint64(1))


@compiled
def enter(value: np.uint64, distinct: U64, first: np.uint64, found: np.uint64, bits: Integer, table: U32) -> np.uint64:
    """The place of a value among the `found` distinct ones from `first` on; one that is new is put behind them."""
    mask, shift = (np.uint64(1) << np.uint64(bits)) - np.uint64(1), np.uint64(64 - bits)
    # A free slot stands for the value itself: whether it is new is then no branch, which nothing could predict.
    distinct[first + found] = value
    slot = value >> shift
    entry = np.uint64(table[slot])
    index = entry - np.uint64(1) if entry != np.uint64(0) else found
    while distinct[first + index] != value:
        slot = (slot + np.uint64(1)) & mask
        entry = np.uint64(table[slot])
        index = entry - np.uint64(1) if entry != np.uint64(0) else found
    table[slot] = np.uint32(index + np.uint64(1))
    return index


@exported
def count_rows_loop(
    values: U64, offsets: I64, chosen: I64, table: U32, distinct: U64, counts: I64, row_offsets: I64
) -> Integer:
    """Fill the distinct values of each row chosen as they first come up, and their counts; their number.

    `table` has room for eight times the values of the longest row and 64 more, `distinct` and `counts` for one more
    than all. The table grows with the distinct values, so that a huge row of few words takes little memory.
    """
    total = np.uint64(0)
    row_offsets[0] = 0
    for row in range(chosen.size):
        start, end = np.uint64(offsets[chosen[row]]), np.uint64(offsets[chosen[row] + 1])
        bits = min(table_bits(np.int64(end - start)), FIRST_BITS)
        clear_table(table, bits)
        limit = np.uint64(1) << np.uint64(bits - 2)
        found = np.uint64(0)
        for place in range(start, end):
            if found == limit:
                bits += 2
                limit = np.uint64(1) << np.uint64(bits - 2)
                fill_table(distinct, np.int64(total), np.int64(found), bits, table)
            counts[total + found] = 0
            index = enter(values[place], distinct, total, found, bits, table)
            counts[total + index] += 1
            found += np.uint64(index == found)
        total += found
        row_offsets[row + 1] = np.int64(total)
    return np.int64(total)


@compiled
def weight_of(entries: U64, weights: F64, shift: np.uint64, value: np.uint64, missing: np.float64) -> np.float64:
    """The weight of a value, see `look_up_loop`."""
    at = (value >> shift) << np.uint64(1)
    while entries[at] < value:
        at += np.uint64(2)
    weight = weights[at + np.uint64(1)]
    return weight if entries[at] == value and not np.isnan(weight) else missing


@exported
def look_up_loop(entries: U64, weights: F64, bits: Integer, values: U64, missing: F64, found: F64) -> None:
    """Fill the weight of each value from a `dedup.kernels.hashing.WeightTable`, `missing[0]` where it is not there.

    `weights` is a view of the entries.
    """
    shift = np.uint64(64 - bits)
    for place in range(np.uint64(values.size)):
        found[place] = weight_of(entries, weights, shift, values[place], missing[0])
