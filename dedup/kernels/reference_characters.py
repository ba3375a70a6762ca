"""Characters of a UTF-8 buffer, and sums of rows, in NumPy: what several of the reference kernels rest on."""

import numpy as np

from dedup.kernels import I64, U8, U64


def decode(data: U8) -> tuple[I64, I64, I64]:
    """Start, width in bytes and code point of each character of valid UTF-8."""
    positions = np.flatnonzero((data & 0xC0) != 0x80)
    padded = np.concatenate([data, np.zeros(3, dtype=np.uint8)]).astype(np.int64)
    lead = padded[positions]
    widths = 1 + (lead >= 0xC0) + (lead >= 0xE0) + (lead >= 0xF0).astype(np.int64)
    second, third, fourth = (padded[positions + step] & 0x3F for step in (1, 2, 3))
    codepoints = np.select(
        [widths == 1, widths == 2, widths == 3],
        [lead, (lead & 0x1F) << 6 | second, (lead & 0x0F) << 12 | second << 6 | third],
        (lead & 0x07) << 18 | second << 12 | third << 6 | fourth,
    )
    # Bytes that are not UTF-8, which no reader lets through, must not reach beyond the table.
    return positions, widths, np.minimum(codepoints, 0x10FFFF)


def sum_rows(terms: U64, starts: I64, lengths: I64) -> U64:
    """Sum of each row modulo 2**64; empty rows sum to 0."""
    sums = np.zeros(starts.size, dtype=np.uint64)
    filled = lengths > 0
    if filled.any():
        sums[filled] = np.add.reduceat(terms, starts[filled])
    return sums
