"""Leaving out what comes but once, in NumPy. Contracts are in `dedup.kernels.Kernels`."""

import numpy as np

from dedup.kernels import I64, U32, U64, Bool
from dedup.kernels.hashing import SLOT_FACTOR, slot_bits

_SHIFT = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)


def repeated_keys(keys: U32, owners: I64) -> U64:
    """See `Kernels.repeated_keys`."""
    wanted = owners >= 0
    entries = keys[wanted].astype(np.uint64) << _SHIFT | owners[wanted].astype(np.uint64)
    return entries[_come_again(entries, slot_bits(keys.size))]


def repeated_entries(entries: U64) -> U64:
    """See `Kernels.repeated_entries`."""
    return entries[_come_again(entries, slot_bits(entries.size))]


def _come_again(entries: U64, bits: int) -> Bool:
    slots = (((entries >> _SHIFT) * SLOT_FACTOR & _LOW) >> np.uint64(32 - bits)).astype(np.int64)
    again: Bool = np.bincount(slots, minlength=1)[slots] > 1
    return again
