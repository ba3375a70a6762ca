"""Tokens with their places, one character after the other: for the few texts whose places are asked for."""

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import I64, U8, U64
from dedup.kernels.compiled_tokens import finish, mix
from dedup.kernels.hashing import POLYNOMIAL
from dedup.kernels.jit import Integer, exported

_SPACE = 0x20


@exported
def tokenise_loop(
    data: U8,
    offsets: I64,
    index: NDArray[np.uint16],
    pages: U64,
    hashes: U64,
    starts: I64,
    ends: I64,
    token_offsets: I64,
) -> Integer:
    """Fill hashes and places of the tokens of all texts; their number."""
    count = 0
    token_offsets[0] = 0
    for row in range(offsets.size - 1):
        position = offsets[row]
        row_end = offsets[row + 1]
        value = np.uint64(0)
        word = np.uint64(0)
        filled = 0
        length = 0
        start = 0
        end = 0
        while position < row_end:
            lead = np.int64(data[position])
            if lead < 0x80:
                codepoint = lead
                width = 1
            elif lead < 0xE0:
                codepoint = (lead & 0x1F) << 6 | (np.int64(data[position + 1]) & 0x3F)
                width = 2
            elif lead < 0xF0:
                codepoint = (
                    (lead & 0x0F) << 12
                    | (np.int64(data[position + 1]) & 0x3F) << 6
                    | (np.int64(data[position + 2]) & 0x3F)
                )
                width = 3
            else:
                codepoint = (
                    (lead & 0x07) << 18
                    | (np.int64(data[position + 1]) & 0x3F) << 12
                    | (np.int64(data[position + 2]) & 0x3F) << 6
                    | (np.int64(data[position + 3]) & 0x3F)
                )
                width = 4
            # Bytes that are not UTF-8, which no reader lets through, must not reach beyond the table.
            codepoint = min(codepoint, np.int64(0x10FFFF))
            entry = pages[np.int64(index[codepoint >> 8]) << 8 | codepoint & 0xFF]
            while entry != 0:
                byte = entry & np.uint64(0xFF)
                entry >>= np.uint64(8)
                if byte == _SPACE:
                    if length > 0:
                        if filled > 0:
                            value = value * POLYNOMIAL + mix(word)
                        hashes[count] = finish(value, np.uint64(length))
                        starts[count] = start
                        ends[count] = end
                        count += 1
                        value = np.uint64(0)
                        word = np.uint64(0)
                        filled = 0
                        length = 0
                else:
                    if length == 0:
                        start = position
                    word |= byte << np.uint64(8 * filled)
                    filled += 1
                    length += 1
                    end = position + width
                    if filled == 8:
                        value = value * POLYNOMIAL + mix(word)
                        word = np.uint64(0)
                        filled = 0
            position += width
        if length > 0:
            if filled > 0:
                value = value * POLYNOMIAL + mix(word)
            hashes[count] = finish(value, np.uint64(length))
            starts[count] = start
            ends[count] = end
            count += 1
        token_offsets[row + 1] = count
    return count
