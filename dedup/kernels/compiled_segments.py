"""Segmentation compiled by Numba; the rules are told in `dedup.kernels.reference_segments`."""

import numpy as np

from dedup.kernels import I64, U8
from dedup.kernels.hashing import MULTIPLIER
from dedup.kernels.jit import Integer, compiled
from dedup.kernels.reference_segments import WRAP_LEAST, WRAP_LINES, WRAP_MOST


@compiled
def _white_width(data: U8, position: Integer, end: Integer) -> Integer:
    """Bytes of the white-space character at a position; 0 where there is none."""
    one = data[position]
    if one <= 0x20 or one == 0x7F:
        return 1
    if one < 0xC2 or position + 1 >= end:
        return 0
    two = data[position + 1]
    if one == 0xC2 and 0x80 <= two <= 0xA0:
        return 2
    if position + 2 >= end:
        return 0
    three = data[position + 2]
    if (
        (one == 0xE1 and two == 0x9A and three == 0x80)
        or (one == 0xE2 and two == 0x80 and (three <= 0x8F or 0xA8 <= three <= 0xAF))
        or (one == 0xE2 and two == 0x81 and three == 0x9F)
        or (one == 0xE3 and two == 0x80 and three == 0x80)
        or (one == 0xEF and two == 0xBB and three == 0xBF)
    ):
        return 3
    return 0


@compiled
def _begins_lower(data: U8, start: Integer, end: Integer) -> bool:
    one = data[start]
    if 0x61 <= one <= 0x7A:
        return True
    if start + 1 >= end:
        return False
    two = data[start + 1]
    return bool(
        (one == 0xC3 and two >= 0x9F)
        or (one == 0xCE and two >= 0xAC)
        or (one == 0xCF and two <= 0x8E)
        or (one == 0xD0 and two >= 0xB0)
        or (one == 0xD1 and two <= 0x9F)
    )


@compiled
def segment_loop(data: U8, offsets: I64, starts: I64, ends: I64, segment_offsets: I64) -> Integer:
    """Fill `starts`, `ends` and `segment_offsets`; the number of segments."""
    count: Integer = 0
    for row in range(offsets.size - 1):
        segment_offsets[row] = count
        row_end = offsets[row + 1]
        position = offsets[row]
        block = count
        widest = 0
        tightest = 1 << 62  # the least width that a line and the next one's first word would have taken
        lower = 0
        before = 0
        while position < row_end:
            start, end, width, first_word = -1, -1, 0, -1
            pending = 0
            while position < row_end and data[position] != 10:
                white = _white_width(data, position, row_end)
                if white > 0:
                    if start >= 0:
                        if first_word < 0:
                            first_word = width
                        pending += 1
                    position += white
                    continue
                if start < 0:
                    start = position
                if (data[position] & 0xC0) != 0x80:
                    width += 1 + pending
                    pending = 0
                position += 1
                end = position
            position += 1
            if start < 0:
                count = _close_block(data, starts, ends, block, count, before, widest, tightest, lower)
                block, widest, tightest, lower = count, 0, 1 << 62, 0
                continue
            if first_word < 0:
                first_word = width
            if count > block:
                tightest = min(tightest, before + 1 + first_word)
                lower += _begins_lower(data, start, end)
            widest = max(widest, width)
            before = width
            starts[count] = start
            ends[count] = end
            count += 1
        count = _close_block(data, starts, ends, block, count, before, widest, tightest, lower)
    segment_offsets[offsets.size - 1] = count
    return count


@compiled
def _repeats(data: U8, starts: I64, ends: I64) -> bool:
    """Whether two lines are the same, told by a hash of their bytes."""
    hashes = np.empty(starts.size, dtype=np.uint64)
    for line in range(starts.size):
        value = np.uint64(0)
        for place in range(starts[line], ends[line]):
            value = (value ^ np.uint64(data[place])) * MULTIPLIER
            value ^= value >> np.uint64(29)
        hashes[line] = value
    hashes.sort()
    return bool((hashes[1:] == hashes[:-1]).any())


@compiled
def _close_block(
    data: U8,
    starts: I64,
    ends: I64,
    block: Integer,
    count: Integer,
    last: Integer,
    widest: Integer,
    tightest: Integer,
    lower: Integer,
) -> Integer:
    """Join the lines of a wrapped block, whose last line has a width of `last`; the number of segments then."""
    lines = count - block
    if lines < WRAP_LINES or last >= widest or not WRAP_LEAST <= widest <= WRAP_MOST:
        return count
    if tightest > widest and 2 * lower >= lines - 1 and not _repeats(data, starts[block:count], ends[block:count]):
        ends[block] = ends[count - 1]
        return block + 1
    return count
