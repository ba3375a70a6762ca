"""Characters of UTF-8, hashes of tokens and sums of rows, in NumPy: what several of the reference kernels rest on."""

import numpy as np

from dedup.kernels import I64, U8, U64
from dedup.kernels.hashing import finish, mix, powers


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


def folded_lengths(entries: U64) -> I64:
    """The number of bytes of each table entry."""
    lengths = np.zeros(entries.size, dtype=np.int64)
    for n_bytes in range(8):
        lengths += entries >= np.uint64(1 << (8 * n_bytes))
    return lengths


def hash_folded(folded: U64, starts: I64, ends: I64) -> U64:
    """The hashes of tokens, given as ranges of folded bytes."""
    lengths = ends - starts
    n_words = (lengths + 7) // 8
    first_word = np.cumsum(n_words) - n_words
    tokens = np.repeat(np.arange(starts.size), n_words)
    within = np.arange(tokens.size) - first_word[tokens]
    sources = starts[tokens] + 8 * within
    remaining = ends[tokens] - sources
    padded = np.concatenate([folded, np.zeros(8, dtype=np.uint64)])
    words = np.zeros(tokens.size, dtype=np.uint64)
    for step in range(8):
        words |= np.where(step < remaining, padded[sources + step], np.uint64(0)) << np.uint64(8 * step)
    exponents = n_words[tokens] - 1 - within
    terms = mix(words) * powers(int(n_words.max(initial=0)))[exponents]
    return finish(sum_rows(terms, first_word, n_words), lengths.astype(np.uint64))
