"""Segmentation in NumPy: lines, and paragraphs of hard-wrapped text.

A segment is a line that is not blank, without the white space around it; where a block of lines (between blank ones) is
wrapped at a fixed width, the block is one segment. A block counts as wrapped when it has three lines or more, its
longest line has 40 to 120 characters, its last line is shorter than that, every line break in it was forced (the next
line's first word would not have fitted), half or more of the lines after the first begin with a lower-case letter, and
no line stands in it twice.
"""

import numpy as np

from dedup.kernels import I64, U8, Bool, Ranges

WRAP_LINES, WRAP_LEAST, WRAP_MOST = 3, 40, 120


def segment(data: U8, offsets: I64) -> Ranges:
    """See `Kernels.segment`."""
    starts, ends, rows, blocks = _lines(data, offsets)
    if starts.size == 0:
        return Ranges(starts, ends, np.zeros(offsets.size, dtype=np.int64))
    joined = _joined_to_previous(data, starts, ends, blocks)
    firsts = np.flatnonzero(~joined)
    lasts = np.append(firsts[1:] - 1, starts.size - 1)
    return Ranges(starts[firsts], ends[lasts], np.searchsorted(rows[firsts], np.arange(offsets.size)))


def _lines(data: U8, offsets: I64) -> tuple[I64, I64, I64, I64]:
    """Start, end, text and block of each line that is not blank; a blank line or a new text begins a new block."""
    newlines = np.flatnonzero(data == 10)
    begins = np.zeros(data.size + 1, dtype=np.bool_)
    begins[offsets] = True
    begins[newlines + 1] = True
    line_starts = np.flatnonzero(begins[:-1])
    line_ends = np.append(line_starts[1:], data.size)
    solid = np.flatnonzero(~_white(data))
    first, last = np.searchsorted(solid, line_starts), np.searchsorted(solid, line_ends)
    filled = last > first
    breaks = ~filled
    # A text that begins where the one before ended without a newline begins a block too.
    breaks |= np.isin(line_starts, offsets)
    blocks: I64 = np.cumsum(breaks, dtype=np.int64)[filled]
    rows = np.searchsorted(offsets, line_starts[filled], side="right") - 1
    return solid[first[filled]], solid[last[filled] - 1] + 1, rows, blocks


def _white(data: U8) -> Bool:
    """Bytes of white space, controls and zero-width characters.

    These are U+0000–U+0020, U+007F–U+00A0, U+1680, U+2000–U+200F, U+2028–U+202F, U+205F, U+3000 and U+FEFF.
    """
    padded = np.concatenate([data, np.zeros(2, dtype=np.uint8)])
    one, two, three = padded[:-2], padded[1:-1], padded[2:]
    white: Bool = (one <= 0x20) | (one == 0x7F)
    pairs = (one == 0xC2) & (two >= 0x80) & (two <= 0xA0)
    triples = (one == 0xE1) & (two == 0x9A) & (three == 0x80)
    triples |= (one == 0xE2) & (two == 0x80) & ((three <= 0x8F) | ((three >= 0xA8) & (three <= 0xAF)))
    triples |= (one == 0xE2) & (two == 0x81) & (three == 0x9F)
    triples |= (one == 0xE3) & (two == 0x80) & (three == 0x80)
    triples |= (one == 0xEF) & (two == 0xBB) & (three == 0xBF)
    white |= pairs | triples
    white[1:] |= pairs[:-1] | triples[:-1]
    white[2:] |= triples[:-2]
    return white


def _joined_to_previous(data: U8, starts: I64, ends: I64, blocks: I64) -> Bool:
    """Whether a line continues the segment of the line before it."""
    widths = _characters(data, starts, ends)
    white = np.flatnonzero(_white(data))
    next_white = np.append(white, data.size)[np.searchsorted(white, starts)]
    first_words = _characters(data, starts, np.minimum(next_white, ends))

    block_starts = np.flatnonzero(np.append(True, blocks[1:] != blocks[:-1]))
    block_of = np.cumsum(np.append(True, blocks[1:] != blocks[:-1])) - 1
    widest = np.maximum.reduceat(widths, block_starts)
    sizes = np.diff(np.append(block_starts, starts.size))

    continues = np.append(False, blocks[1:] == blocks[:-1])
    before = np.append(0, widths[:-1])
    loose = continues & (before + 1 + first_words <= widest[block_of])
    lower = continues & _begins_lower(data, starts)
    wrapped = (
        (np.add.reduceat(loose.astype(np.int64), block_starts) == 0)
        & (2 * np.add.reduceat(lower.astype(np.int64), block_starts) >= sizes - 1)
        & (sizes >= WRAP_LINES)
        & (widths[np.append(block_starts[1:], starts.size) - 1] < widest)
        & (widest >= WRAP_LEAST)
        & (widest <= WRAP_MOST)
    )
    joined: Bool = continues & wrapped[block_of]
    for begin in np.flatnonzero(wrapped).tolist():
        first, last = int(block_starts[begin]), int(block_starts[begin] + sizes[begin])
        lines = {data[starts[line] : ends[line]].tobytes() for line in range(first, last)}
        if len(lines) < last - first:
            joined[first:last] = False
    return joined


def _characters(data: U8, starts: I64, ends: I64) -> I64:
    """Number of characters of each range; the ranges are not empty, ascending and apart."""
    bounds = np.stack([starts, ends], axis=1).reshape(-1)
    lead = np.append((data & 0xC0) != 0x80, False)
    return np.add.reduceat(lead, bounds, dtype=np.int64)[::2]


def _begins_lower(data: U8, starts: I64) -> Bool:
    """Whether the character at each start is a lower-case letter of the Latin, Greek or Cyrillic alphabet."""
    one = data[starts]
    two = np.append(data, np.uint8(0))[starts + 1]
    lower: Bool = (
        ((one >= 0x61) & (one <= 0x7A))
        | ((one == 0xC3) & (two >= 0x9F))
        | ((one == 0xCE) & (two >= 0xAC))
        | ((one == 0xCF) & (two <= 0x8E))
        | ((one == 0xD0) & (two >= 0xB0))
        | ((one == 0xD1) & (two <= 0x9F))
    )
    return lower
