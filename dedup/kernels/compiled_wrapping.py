"""Whether a block of lines is wrapped at a fixed width, compiled by Numba.

The rules are told in `dedup.kernels.reference_segments`. What is cheap is asked first, and the first answer of no ends
it: most blocks are no wrapped ones. Nothing is allocated here.
"""

import numpy as np

from dedup.kernels import I64, U8, U64
from dedup.kernels.compiled_rows import sort_stretch
from dedup.kernels.compiled_tokens import load, popcount
from dedup.kernels.hashing import MULTIPLIER
from dedup.kernels.jit import Integer, compiled
from dedup.kernels.reference_segments import WRAP_LEAST, WRAP_MOST

_HIGH_BITS = np.uint64(0x8080808080808080)
_ONES = np.uint64(0x0101010101010101)
_ABOVE_SPACE = np.uint64(0x5F5F5F5F5F5F5F5F)
_NEVER = 1 << 62


@compiled
def white_width(data: U8, position: Integer, end: Integer) -> Integer:
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
def _last_bytes(data: U8, start: np.uint64, end: np.uint64) -> np.uint64:
    """What is left of a range after its whole words of eight bytes, filled up with zeros.

    It is read together with the bytes before it, if there are any: a loop over so few would cost more than the words.
    """
    rest = (end - start) & np.uint64(7)
    if rest == np.uint64(0):
        return np.uint64(0)
    if end - start < np.uint64(8):
        word = np.uint64(0)
        for place in range(rest):
            word |= np.uint64(data[start + place]) << (place << np.uint64(3))
        return word
    return load(data, end - np.uint64(8)) >> (np.uint64(64) - (rest << np.uint64(3)))


@compiled
def _continuations(word: np.uint64) -> np.uint64:
    """The number of bytes of a word that continue a character: those whose upper bits are 10."""
    return popcount(word & ~(word << np.uint64(1)) & _HIGH_BITS)


@compiled
def _characters(data: U8, start: Integer, end: Integer) -> Integer:
    """Number of characters of a range."""
    place, stop = np.uint64(start), np.uint64(end)
    count = stop - place - _continuations(_last_bytes(data, place, stop))
    for step in range((stop - place) >> np.uint64(3)):
        count -= _continuations(load(data, place + (step << np.uint64(3))))
    return np.int64(count)


@compiled
def _first_word(data: U8, start: Integer, end: Integer) -> Integer:
    """Number of characters before the first white space of a range; eight bytes at a time as long as it is ASCII."""
    place, stop = np.uint64(start), np.uint64(end)
    while place + np.uint64(8) <= stop:
        word = load(data, place)
        if word & _HIGH_BITS:
            break
        # The upper bit of each byte that is 0x20 or less, or 0x7F: no sum reaches the next byte.
        white = (~(word + _ABOVE_SPACE) | (word + _ONES)) & _HIGH_BITS
        if white:
            bits = popcount(~white & (white - np.uint64(1)))
            return np.int64(place + (bits >> np.uint64(3))) - start
        place += np.uint64(8)
    position = np.int64(place)
    count = position - start
    while position < end and white_width(data, position, end) == 0:
        count += np.int64(data[position] & 0xC0 != 0x80)
        position += 1
    return count


@compiled
def is_wrapped(data: U8, starts: I64, ends: I64, block: Integer, count: Integer, hashes: U64) -> bool:
    """Whether the lines from `block` to `count`, three or more, are one wrapped paragraph.

    `hashes` is scratch for blocks whose line breaks were all forced. There each two lines that follow each other take
    more than `WRAP_LEAST` bytes: a place for each `WRAP_LEAST // 2` bytes of the text, and two more, are enough.
    """
    lower: Integer = 0
    for line in range(block + 1, count):
        lower += np.int64(_begins_lower(data, starts[line], ends[line]))
    if 2 * lower < count - block - 1:
        return False
    before = _characters(data, starts[block], ends[block])
    widest = before
    tightest: Integer = _NEVER
    for line in range(block + 1, count):
        tightest = min(tightest, before + 1 + _first_word(data, starts[line], ends[line]))
        before = _characters(data, starts[line], ends[line])
        widest = max(widest, before)
        if widest >= tightest:
            return False
    if before >= widest or not WRAP_LEAST <= widest <= WRAP_MOST:
        return False
    return not _repeats(data, starts, ends, block, count, hashes)


@compiled
def _hash_line(data: U8, start: Integer, end: Integer) -> np.uint64:
    """A hash of a range, eight bytes at a time."""
    place, stop = np.uint64(start), np.uint64(end)
    value = _mix((stop - place) ^ _last_bytes(data, place, stop))
    for step in range((stop - place) >> np.uint64(3)):
        value = _mix(value ^ load(data, place + (step << np.uint64(3))))
    return value


@compiled
def _mix(value: np.uint64) -> np.uint64:
    value *= MULTIPLIER
    return value ^ (value >> np.uint64(29))


@compiled
def _repeats(data: U8, starts: I64, ends: I64, block: Integer, count: Integer, hashes: U64) -> bool:
    """Whether two lines of a block are the same, told by a hash of their bytes."""
    lines = count - block
    for line in range(lines):
        hashes[line] = _hash_line(data, starts[block + line], ends[block + line])
    sort_stretch(hashes, 0, lines)
    same = False
    for line in range(1, lines):
        same |= hashes[line] == hashes[line - 1]
    return same
