"""Leaving out what comes but once before it is sorted, compiled by Numba. Contracts are in `dedup.kernels.Kernels`.

Most keys of most bands, and most sampled shingles, are those of one unit. Two bits for each of many times as many slots
as there are entries tell nearly all of them apart, in two passes over a table that stays in the cache.
"""

import numpy as np

from dedup.kernels import I64, U32, U64
from dedup.kernels.hashing import SLOT_FACTOR
from dedup.kernels.jit import Integer, compiled, exported

_SHIFT = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)


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
    more = table[((slot >> np.uint64(6)) << np.uint64(1)) + np.uint64(1)]
    return (more >> (slot & np.uint64(63))) & np.uint64(1)


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
def repeated_entries_loop(entries: U64, bits: Integer, table: U64) -> Integer:
    """Move the entries whose key's slot has several to the beginning, as `repeated_keys_loop`; their number."""
    _clear(table, bits)
    for place in range(np.uint64(entries.size)):
        _mark(table, _slot_of(entries[place] >> _SHIFT, bits), np.uint64(1))
    count = np.uint64(0)
    for place in range(np.uint64(entries.size)):
        entry = entries[place]
        entries[count] = entry
        count += _is_repeated(table, _slot_of(entry >> _SHIFT, bits))
    return np.int64(count)
