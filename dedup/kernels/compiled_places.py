"""Counting characters and lines, compiled by Numba. Contracts are in `dedup.kernels.Kernels`."""

import numpy as np

from dedup.kernels import I64, U8, Marks
from dedup.kernels.jit import exported

_CONTINUES = np.uint8(0x80)
_UPPER_BITS = np.uint8(0xC0)
_NEWLINE = np.uint8(0x0A)
_BLOCK_BITS = np.uint64(7)
_BLOCK = np.uint64(1 << 7)


@exported
def _count_marks_loop(data: U8, starts: I64, ends: I64, characters: I64, newlines: I64) -> None:
    for row in range(starts.size):
        first = np.uint64(starts[row])
        size = np.uint64(max(ends[row] - starts[row], 0))
        blocks = size >> _BLOCK_BITS
        n_characters = np.uint64(0)
        n_newlines = np.uint64(0)
        for block in range(blocks):
            # A block of fixed size under 256 bytes is counted in bytes, as many at a time as a register holds.
            base = first + (np.uint64(block) << _BLOCK_BITS)
            few_characters = np.uint8(0)
            few_newlines = np.uint8(0)
            for place in range(_BLOCK):
                byte = data[base + np.uint64(place)]
                few_characters = np.uint8(few_characters + np.uint8((byte & _UPPER_BITS) != _CONTINUES))
                few_newlines = np.uint8(few_newlines + np.uint8(byte == _NEWLINE))
            n_characters += np.uint64(few_characters)
            n_newlines += np.uint64(few_newlines)
        for place in range(blocks << _BLOCK_BITS, size):
            byte = data[first + np.uint64(place)]
            n_characters += np.uint64((byte & _UPPER_BITS) != _CONTINUES)
            n_newlines += np.uint64(byte == _NEWLINE)
        characters[row] = np.int64(n_characters)
        newlines[row] = np.int64(n_newlines)


def count_marks(data: U8, starts: I64, ends: I64) -> Marks:
    """See `Kernels.count_marks`."""
    characters, newlines = np.empty(starts.size, dtype=np.int64), np.empty(starts.size, dtype=np.int64)
    _count_marks_loop(data, starts, ends, characters, newlines)
    return Marks(characters, newlines)
