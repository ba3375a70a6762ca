"""Loops over rows of hashes: distinct values and counts, shared values, sums of weights."""

import numpy as np

from dedup.kernels import F64, I64, U8, U32, U64
from dedup.kernels.compiled_tokens import finish, pack_flags, trailing_zeros
from dedup.kernels.hashing import FINISHER, MULTIPLIER, POLYNOMIAL, SEED
from dedup.kernels.jit import Integer, compiled, exported

_LONGEST_WALK = 64
"""Steps in a table after which its values are taken not to be spread like hashes."""

TAIL = 2 * _LONGEST_WALK
"""Slots behind those that a table's hashes name."""

LARGEST_ROW = 1 << 22
"""Values up to which a row is counted in a table."""


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


@exported
def shingle_loop(hashes: U64, offsets: I64, size: Integer, values: U64, row_offsets: I64) -> None:
    """Fill the rows of shingles."""
    for row in range(offsets.size - 1):
        first = np.uint64(offsets[row])
        terms = min(size, offsets[row + 1] - offsets[row])
        target = np.uint64(row_offsets[row])
        count = np.uint64(row_offsets[row + 1] - row_offsets[row])
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
            continue
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
def _table_bits(count: Integer) -> Integer:
    """The logarithm of the size of a table that is at most half full and no less than 64."""
    bits = 6
    while (1 << bits) < 2 * count:
        bits += 1
    return bits


@compiled
def _count_in_table(
    values: U64, start: Integer, end: Integer, bits: Integer, table: U64, table_counts: I64, filled: U8
) -> bool:
    """Enter values into a table that stays in ascending order; whether no value had far to walk.

    A value belongs at the slot that its upper bits name, or as near behind it as the order allows.
    """
    shift = np.uint64(64 - bits)
    for place in range(start, end):
        value = values[place]
        slot = value >> shift
        walked = 0
        while filled[slot] and table[slot] < value:
            slot += np.uint64(1)
            walked += 1
        if filled[slot] and table[slot] == value:
            table_counts[slot] += 1
            continue
        number = 1
        while filled[slot]:
            table[slot], value = value, table[slot]
            table_counts[slot], number = number, table_counts[slot]
            slot += np.uint64(1)
            walked += 1
        table[slot] = value
        table_counts[slot] = number
        filled[slot] = 1
        if walked > _LONGEST_WALK:
            return False
    return True


@exported
def count_rows_loop(
    values: U64,
    offsets: I64,
    chosen: I64,
    table: U64,
    table_counts: I64,
    filled: U8,
    filled_words: U64,
    bits: U8,
    bit_words: U64,
    distinct: U64,
    counts: I64,
    row_offsets: I64,
) -> Integer:
    """Fill the distinct values of each row chosen, ascending, and their counts; their number.

    `table`, `table_counts` and `filled` (of which `filled_words` is a view) have room for the table of the longest row
    and for `TAIL` slots more; `bits` and its view `bit_words` for an eighth.
    """
    count = np.uint64(0)
    row_offsets[0] = 0
    for row in range(chosen.size):
        start, end = offsets[chosen[row]], offsets[chosen[row] + 1]
        table_size = _table_bits(end - start)
        slots = (1 << table_size) + TAIL
        whole = (slots + 63) & ~63
        for word in range(np.uint64(whole >> 3)):
            filled_words[word] = np.uint64(0)
        if _count_in_table(values, start, end, table_size, table, table_counts, filled):
            pack_flags(filled_words, whole >> 3, bits)
            for number in range(whole >> 6):
                marked = bit_words[np.uint64(number)]
                while marked:
                    slot = np.uint64(number << 6) + trailing_zeros(marked)
                    marked &= marked - np.uint64(1)
                    distinct[count] = table[slot]
                    counts[count] = table_counts[slot]
                    count += np.uint64(1)
        else:
            # Not spread like hashes: sorted at the place where the distinct ones are to stand.
            base = np.int64(count)
            for place in range(start, end):
                distinct[base + place - start] = values[place]
            sort_stretch(distinct, base, base + end - start)
            for place in range(base, base + end - start):
                value = distinct[place]
                if np.int64(count) > base and distinct[count - np.uint64(1)] == value:
                    counts[count - np.uint64(1)] += 1
                else:
                    distinct[count] = value
                    counts[count] = 1
                    count += np.uint64(1)
        row_offsets[row + 1] = np.int64(count)
    return np.int64(count)


@exported
def distinct_rows_loop(values: U64, offsets: I64, table: U64, distinct: U64, row_offsets: I64) -> Integer:
    """Fill the distinct values of each row, zero apart, as they first come up; their number.

    `table` has room for four times the values of the longest row and 64 more.
    """
    count = np.uint64(0)
    row_offsets[0] = 0
    for row in range(offsets.size - 1):
        start, end = np.uint64(offsets[row]), np.uint64(offsets[row + 1])
        bits = np.uint64(4)
        while (np.uint64(1) << bits) < np.uint64(2) * (end - start):
            bits += np.uint64(1)
        size = np.uint64(1) << bits
        shift = np.uint64(64) - bits
        for slot in range(size):
            table[slot] = np.uint64(0)
        for place in range(start, end):
            value = values[place]
            slot = value >> shift
            while table[slot] != np.uint64(0) and table[slot] != value:
                slot = (slot + np.uint64(1)) & (size - np.uint64(1))
            new = table[slot] != value
            table[slot] = value
            distinct[count] = value
            count += np.uint64(new)
        row_offsets[row + 1] = np.int64(count)
    return np.int64(count)


@exported
def look_up_loop(slots: U64, weights: F64, bits: Integer, values: U64, missing: F64, found: F64) -> None:
    """Fill the weight of each value from a `dedup.kernels.hashing.WeightTable`, `missing[0]` where it is not there."""
    shift = np.uint64(64 - bits)
    for place in range(np.uint64(values.size)):
        value = values[place]
        slot = value >> shift
        while slots[slot] < value:
            slot += np.uint64(1)
        weight = weights[slot]
        found[place] = weight if slots[slot] == value and not np.isnan(weight) else missing[0]
