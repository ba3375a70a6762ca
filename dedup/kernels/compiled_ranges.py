"""Copying ranges of bytes, compiled by Numba. Contracts are in `dedup.kernels.Kernels`."""

import numpy as np

from dedup.kernels import I64, U8
from dedup.kernels.jit import Integer, exported

_WORD = 8


@exported
def _gather_ranges_loop(data: U8, starts: I64, ends: I64, rows: Integer, gathered: U8) -> None:
    """Copy the ranges of each row, given column by column; `gathered` has room for a word more."""
    # Unsigned places, which cannot count from the end, are what lets LLVM make one load and one store of eight.
    last_word = np.uint64(max(data.size - _WORD, 0))
    whole = data.size >= _WORD
    place = np.uint64(0)
    for row in range(rows):
        for number in range(row, starts.size, rows):
            start = np.uint64(starts[number])
            end = np.uint64(ends[number])
            while start < end:
                # Most ranges are short: a word at a time, the last of which the next range is written over.
                if whole and start <= last_word:
                    word = (
                        np.uint64(data[start])
                        | np.uint64(data[start + np.uint64(1)]) << np.uint64(8)
                        | np.uint64(data[start + np.uint64(2)]) << np.uint64(16)
                        | np.uint64(data[start + np.uint64(3)]) << np.uint64(24)
                        | np.uint64(data[start + np.uint64(4)]) << np.uint64(32)
                        | np.uint64(data[start + np.uint64(5)]) << np.uint64(40)
                        | np.uint64(data[start + np.uint64(6)]) << np.uint64(48)
                        | np.uint64(data[start + np.uint64(7)]) << np.uint64(56)
                    )
                    gathered[place] = np.uint8(word)
                    gathered[place + np.uint64(1)] = np.uint8(word >> np.uint64(8))
                    gathered[place + np.uint64(2)] = np.uint8(word >> np.uint64(16))
                    gathered[place + np.uint64(3)] = np.uint8(word >> np.uint64(24))
                    gathered[place + np.uint64(4)] = np.uint8(word >> np.uint64(32))
                    gathered[place + np.uint64(5)] = np.uint8(word >> np.uint64(40))
                    gathered[place + np.uint64(6)] = np.uint8(word >> np.uint64(48))
                    gathered[place + np.uint64(7)] = np.uint8(word >> np.uint64(56))
                    copied = min(end - start, np.uint64(_WORD))
                else:
                    gathered[place] = data[start]
                    copied = np.uint64(1)
                start += copied
                place += copied


def gather_ranges(data: U8, starts: I64, ends: I64) -> U8:
    """See `Kernels.gather_ranges`."""
    total = int((ends - starts).sum())
    gathered = np.empty(total + _WORD, dtype=np.uint8)
    _gather_ranges_loop(data, starts.reshape(-1), ends.reshape(-1), starts.shape[-1], gathered)
    return gathered[:total]
