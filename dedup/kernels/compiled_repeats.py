"""Leaving out what comes but once before it is sorted, compiled by Numba. Contracts are in `dedup.kernels.Kernels`.

Most keys of most bands, and most sampled shingles, are those of one unit. Two bits for each of many times as many slots
as there are entries tell nearly all of them apart, in two passes, in which no access to the table waits for another.
"""

import numpy as np

from dedup.kernels import I64, U8, U32, U64
from dedup.kernels.hashing import MARK_WORDS, SLOT_FACTOR
from dedup.kernels.jit import Integer, compiled, exported

_SHIFT = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)
_MARK_WORDS = np.uint64(MARK_WORDS)


@compiled
def _slot_of(key: np.uint64, bits: Integer) -> np.uint64:
    return ((key * SLOT_FACTOR) & _LOW) >> np.uint64(32 - bits)


@compiled
def _clear(table: U64, bits: Integer) -> None:
    for word in range(np.uint64(2) << np.uint64(bits - 6)):
        table[word] = np.uint64(0)


@compiled
def _mark(table: U64, slot: np.uint64, one: np.uint64) -> None:
    """Note a key, if `one` is 1, in two words side by side: of the slots that have one, and of those that have more."""
    word = (slot >> np.uint64(6)) << np.uint64(1)
    bit = one << (slot & np.uint64(63))
    seen = table[word]
    table[word + np.uint64(1)] |= seen & bit
    table[word] = seen | bit


@compiled
def _is_repeated(table: U64, slot: np.uint64) -> np.uint64:
    """1 where a slot has more than one key, else 0."""
    several = np.uint64(table[((slot >> np.uint64(6)) << np.uint64(1)) + np.uint64(1)])
    return np.uint64((several >> (slot & np.uint64(63))) & np.uint64(1))


@exported
def repeated_keys_loop(keys: U32, owners: I64, bits: Integer, table: U64, entries: U64) -> Integer:
    """Fill the entries of keys whose slot, one of 2**`bits`, has several; their number. There is room for one more.

    `table` is scratch for two bits a slot.
    """
    _clear(table, bits)
    for place in range(np.uint64(keys.size)):
        _mark(table, _slot_of(np.uint64(keys[place]), bits), np.uint64(owners[place] >= 0))
    count = np.uint64(0)
    for place in range(np.uint64(keys.size)):
        key = np.uint64(keys[place])
        # Each is written, and the next one over it if it was not to be: no branch.
        entries[count] = key << _SHIFT | np.uint64(owners[place])
        count += np.uint64(owners[place] >= 0) & _is_repeated(table, _slot_of(key, bits))
    return np.int64(count)


@exported
def mark_samples_loop(
    values: U32, offsets: I64, owners: I64, levels: U8, low: np.uint64, high: np.uint64, bits: Integer, marks: U64
) -> None:
    """Note the values in a range of the rows that have an owner, in three bits for each of 2**`bits` slots."""
    for row in range(owners.size):
        if owners[row] < 0:
            continue
        below = (np.uint64(1) << np.uint64(levels[owners[row]])) - np.uint64(1)
        for place in range(np.uint64(offsets[row]), np.uint64(offsets[row + 1])):
            value = np.uint64(values[place])
            if value - low >= high - low:
                continue
            slot = _slot_of(value, bits)
            word, bit = (slot >> np.uint64(6)) * _MARK_WORDS, np.uint64(1) << (slot & np.uint64(63))
            seen = marks[word]
            marks[word + np.uint64(1)] |= seen & bit
            marks[word + np.uint64(2)] |= bit * np.uint64(value & below == np.uint64(0))
            marks[word] = seen | bit


@exported
def post_repeated_loop(
    values: U32, offsets: I64, owners: I64, low: np.uint64, high: np.uint64, bits: Integer, marks: U64, entries: U64
) -> Integer:
    """Fill the entries of values in a range that are to be linked, by the marks; their number.

    There is room for one more than all.
    """
    count = np.uint64(0)
    for row in range(owners.size):
        if owners[row] < 0:
            continue
        owner = np.uint64(owners[row])
        for place in range(np.uint64(offsets[row]), np.uint64(offsets[row + 1])):
            value = np.uint64(values[place])
            if value - low >= high - low:
                continue
            slot = _slot_of(value, bits)
            word = (slot >> np.uint64(6)) * _MARK_WORDS
            linked = (marks[word + np.uint64(1)] & marks[word + np.uint64(2)]) >> (slot & np.uint64(63))
            entries[count] = value << _SHIFT | owner
            count += linked & np.uint64(1)
    return np.int64(count)
