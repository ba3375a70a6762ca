"""Counting characters and lines and finding places, compiled by Numba. Contracts are in `dedup.kernels.Kernels`."""

import numpy as np

from dedup.kernels import I64, U8, Marks
from dedup.kernels.jit import Integer, exported

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


@exported
def _find_loop(ascending: I64, values: I64, lowest: Integer, shift: Integer, firsts: I64, found: I64) -> None:
    """`firsts` has room for each stretch of 2**`shift` numbers from the lowest on: how many stand before it."""
    last = np.int64(firsts.size - 1)
    place: Integer = 0
    for stretch in range(firsts.size):
        while place < ascending.size and (ascending[place] - lowest) >> shift < stretch:
            place += 1
        firsts[stretch] = place
    for row in range(values.size):
        value = values[row]
        # Of the stretch that a value is in, only places are left to look through; most have few.
        stretch_of = min(max((value - lowest) >> shift, 0), last)
        low = firsts[stretch_of]
        high = firsts[stretch_of + 1] if stretch_of < last else ascending.size
        while low < high:
            middle = (low + high) >> 1
            if ascending[middle] < value:
                low = middle + 1
            else:
                high = middle
        found[row] = low


def find(ascending: I64, values: I64) -> I64:
    """See `Kernels.find`."""
    found = np.zeros(values.size, dtype=np.int64)
    if ascending.size:
        lowest, highest = int(ascending[0]), int(ascending[-1])
        # About as many stretches as there are numbers.
        shift = max(((highest - lowest) // ascending.size).bit_length(), 0)
        firsts = np.empty(((highest - lowest) >> shift) + 1, dtype=np.int64)
        _find_loop(ascending, values, lowest, shift, firsts, found)
    return found
