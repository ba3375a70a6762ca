"""Counting characters and lines and finding places in NumPy. Contracts are in `dedup.kernels.Kernels`."""

import numpy as np

from dedup.kernels import I64, U8, Bool, Marks

NEWLINE = 0x0A


def count_marks(data: U8, starts: I64, ends: I64) -> Marks:
    """See `Kernels.count_marks`."""
    return Marks(_count((data & 0xC0) != 0x80, starts, ends), _count(data == NEWLINE, starts, ends))


def _count(marked: Bool, starts: I64, ends: I64) -> I64:
    ranges = zip(starts.tolist(), ends.tolist(), strict=True)
    return np.array([np.count_nonzero(marked[start:end]) for start, end in ranges], dtype=np.int64)


def find(ascending: I64, values: I64) -> I64:
    """See `Kernels.find`."""
    found: I64 = np.searchsorted(ascending, values)
    return found
