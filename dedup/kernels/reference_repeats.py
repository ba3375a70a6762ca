"""Leaving out what comes but once, in NumPy. Contracts are in `dedup.kernels.Kernels`."""

import numpy as np

from dedup.kernels import I64, U8, U32, U64, Samples
from dedup.kernels.hashing import MARK_WORDS, SLOT_FACTOR, slot_bits, slots_marked

_SHIFT = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)


def repeated_keys(keys: U32, owners: I64) -> U64:
    """See `Kernels.repeated_keys`."""
    wanted = owners >= 0
    values = keys[wanted].astype(np.uint64)
    slots = _slots_of(values, slot_bits(keys.size)).astype(np.int64)
    again = np.bincount(slots, minlength=1)[slots] > 1
    return (values << _SHIFT | owners[wanted].astype(np.uint64))[again]


def mark_samples(samples: Samples, owners: I64, levels: U8, low: int, high: int, marks: U64) -> None:
    """See `Kernels.mark_samples`."""
    values, of_values = _in_range(samples, owners, low, high)
    slots = _slots_of(values, slots_marked(marks))
    looked_for = values & ((np.uint64(1) << levels[of_values].astype(np.uint64)) - np.uint64(1)) == 0
    found, counts = np.unique(slots, return_counts=True)
    words, ones = _places(found)
    again = (marks[words] & ones != 0) | (counts > 1)
    np.bitwise_or.at(marks, words, ones)
    np.bitwise_or.at(marks, words[again] + np.uint64(1), ones[again])
    words, ones = _places(slots[looked_for])
    np.bitwise_or.at(marks, words + np.uint64(2), ones)


def post_repeated(samples: Samples, owners: I64, low: int, high: int, marks: U64) -> U64:
    """See `Kernels.post_repeated`."""
    values, of_values = _in_range(samples, owners, low, high)
    words, ones = _places(_slots_of(values, slots_marked(marks)))
    linked = marks[words + np.uint64(1)] & marks[words + np.uint64(2)] & ones != 0
    entries: U64 = (values << _SHIFT | of_values)[linked]
    return entries


def _in_range(samples: Samples, owners: I64, low: int, high: int) -> tuple[U64, U64]:
    """The values in a range of the rows that have an owner, and their owners."""
    of_values = np.repeat(owners, np.diff(samples.offsets))
    wanted = (of_values >= 0) & (samples.values >= low) & (samples.values < high)
    return samples.values[wanted].astype(np.uint64), of_values[wanted].astype(np.uint64)


def _places(slots: U64) -> tuple[U64, U64]:
    """The first of the words that each slot has a bit in, and this bit."""
    words: U64 = (slots >> np.uint64(6)) * np.uint64(MARK_WORDS)
    return words, np.uint64(1) << (slots & np.uint64(63))


def _slots_of(keys: U64, bits: int) -> U64:
    slots: U64 = (keys * SLOT_FACTOR & _LOW) >> np.uint64(32 - bits)
    return slots
