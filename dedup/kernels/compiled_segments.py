"""Segmentation compiled by Numba; the rules are told in `dedup.kernels.reference_segments`.

Newlines are found 64 bytes at a time, in a loop that LLVM vectorises and that packs them to bits; from then on only the
ends of a line are looked at, so that the script of a text makes no difference. Whether a block is wrapped is asked when
it is closed, and of few: what is in `dedup.kernels.compiled_wrapping` runs for no others.

Nothing is allocated here; see `segment` in `dedup.kernels.compiled` for the room that is needed.
"""

import numpy as np

from dedup.kernels import I64, U8, U64
from dedup.kernels.compiled_tokens import popcount
from dedup.kernels.compiled_wrapping import is_wrapped, white_width
from dedup.kernels.jit import Integer, compiled, exported
from dedup.kernels.reference_segments import WRAP_LEAST, WRAP_LINES, WRAP_MOST

WINDOW = 8192
"""Bytes whose newlines are found at a time; a power of two, and a multiple of 64."""

_NEWLINE = np.uint8(10)
_GATHER_FLAGS = np.uint64(0x0102040810204080)
_LONGEST_CHARACTER = 4


@exported
def count_newlines(data: U8) -> Integer:
    """The number of newlines of a buffer."""
    count = np.uint64(0)
    for place in range(np.uint64(data.size)):
        count += np.uint64(data[place] == _NEWLINE)
    return np.int64(count)


@compiled
def _find_newlines(data: U8, first: Integer, flags: U8, flag_words: U64, bits: U8) -> None:
    """Set a bit for each newline among `WINDOW` bytes of a buffer, or those that are left of it, and clear the others.

    `flag_words` is a view of `flags`, of a byte for each byte of the window; `bits` has a bit for each.
    """
    begin = np.uint64(first)
    count = np.uint64(min(WINDOW, data.size - first))
    whole = (count + np.uint64(63)) & ~np.uint64(63)
    for place in range(count):
        flags[place] = np.uint8(data[begin + place] == _NEWLINE)
    for place in range(count, whole):
        flags[place] = np.uint8(0)
    for place in range(whole >> np.uint64(3)):
        bits[place] = np.uint8((flag_words[place] * _GATHER_FLAGS) >> np.uint64(56))


@compiled
def _trim_end(data: U8, start: Integer, end: Integer) -> Integer:
    """Where a line ends without the white space behind it; the character at `start` is none."""
    while True:
        last = data[end - 1]
        if last <= 0x20 or last == 0x7F:
            end -= 1
        elif last & 0xC0 != 0x80:
            return end
        elif end - 2 > start and white_width(data, end - 2, end) == 2:
            end -= 2
        elif end - 3 > start and white_width(data, end - 3, end) == 3:
            end -= 3
        else:
            return end


@exported
def segment_loop(
    data: U8,
    offsets: I64,
    starts: I64,
    ends: I64,
    segment_offsets: I64,
    flags: U8,
    flag_words: U64,
    bits: U8,
    bit_words: U64,
    hashes: U64,
) -> Integer:
    """Fill `starts`, `ends` and `segment_offsets`; the number of segments.

    `flags`, `flag_words`, `bits` and `bit_words` are scratch for the newlines of a window: one byte and one bit a byte,
    each seen as bytes and as words. `hashes` is scratch for the lines of a wrapped block.
    """
    count: Integer = 0
    window: Integer = -WINDOW
    for row in range(offsets.size - 1):
        segment_offsets[row] = count
        row_end = offsets[row + 1]
        position = offsets[row]
        block = count
        longest: Integer = 0
        while position < row_end:
            line_end = position
            while line_end < row_end:
                if line_end >= window + WINDOW:
                    window = line_end & ~(WINDOW - 1)
                    _find_newlines(data, window, flags, flag_words, bits)
                word = bit_words[np.uint64((line_end - window) >> 6)] >> np.uint64(line_end & 63)
                if word:
                    line_end += np.int64(popcount(~word & (word - np.uint64(1))))
                    break
                line_end = (line_end | 63) + 1
            line_end = min(line_end, row_end)
            start = position
            position = line_end + 1
            while start < line_end:
                white = white_width(data, start, line_end)
                if white == 0:
                    break
                start += white
            if start < line_end:
                end = _trim_end(data, start, line_end)
                longest = max(longest, end - start)
                starts[count] = start
                ends[count] = end
                count += 1
            if start >= line_end or position >= row_end:
                # A line has at most as many characters as bytes, and at least a fourth.
                if (
                    count - block >= WRAP_LINES
                    and WRAP_LEAST <= longest <= _LONGEST_CHARACTER * WRAP_MOST
                    and is_wrapped(data, starts, ends, block, count, hashes)
                ):
                    ends[block] = ends[count - 1]
                    count = block + 1
                block = count
                longest = 0
    segment_offsets[offsets.size - 1] = count
    return count
