"""Tokens that a text is looked through for, compiled by Numba; see `dedup.kernels.hashing.TriggerTable`."""

import numpy as np

from dedup.kernels import I64, U8, U64
from dedup.kernels.compiled_tokens import pack_flags, popcount, trailing_zeros
from dedup.kernels.hashing import SIEVE_BITS
from dedup.kernels.jit import Integer, compiled


@compiled
def _mark(hashes: U64, count: Integer, sieve: U64, flags: U8, flag_words: U64, bits: U8) -> Integer:
    """Set a bit for each token that passes a sieve; the number of words of bits. `flag_words` views `flags`."""
    whole = (count + 63) & ~63
    for token in range(np.uint64(count)):
        upper = hashes[token] >> np.uint64(64 - SIEVE_BITS)
        flags[token] = np.uint8((sieve[upper >> np.uint64(6)] >> (upper & np.uint64(63))) & np.uint64(1))
    for token in range(np.uint64(count), np.uint64(whole)):
        flags[token] = np.uint8(0)
    pack_flags(flag_words, whole >> 3, bits)
    return whole >> 6


@compiled
def _look_up(value: np.uint64, slots: U64, columns: U64) -> np.uint64:
    """The bits that a table has for a hash."""
    mask = np.uint64(slots.size - 1)
    slot = value >> (np.uint64(64) - popcount(mask))
    while slots[slot] != np.uint64(0) and slots[slot] != value:
        slot = (slot + np.uint64(1)) & mask
    # A free slot has no bits.
    return np.uint64(columns[slot])


@compiled
def find_conditions(
    hashes: U64,
    bounds: I64,
    n_texts: Integer,
    slots: U64,
    keywords: U64,
    beside: U64,
    free: np.uint64,
    sieve: U64,
    beside_sieve: U64,
    flags: U8,
    flag_words: U64,
    bits: U8,
    words: U64,
    triggered: U64,
) -> None:
    """Fill `triggered` with the bits of the conditions that the tokens of each text meet.

    `bounds`: the place of the first token of each text and, behind them, the number of tokens. From `flags` on there is
    scratch. One token in three hundred is of a first set, and one in ten of a second, looked for in few texts.
    """
    for row in range(n_texts):
        triggered[row] = np.uint64(0)
    text: Integer = 0
    for word in range(np.uint64(_mark(hashes, bounds[n_texts], sieve, flags, flag_words, bits))):
        marked = words[word]
        while marked:
            token = np.int64((word << np.uint64(6)) + trailing_zeros(marked))
            marked &= marked - np.uint64(1)
            while bounds[text + 1] <= token:
                text += 1
            triggered[text] |= _look_up(hashes[token], slots, keywords)
    for row in range(n_texts):
        if triggered[row] & ~free:
            first = bounds[row]
            others = np.uint64(0)
            n_words = _mark(hashes[first:], bounds[row + 1] - first, beside_sieve, flags, flag_words, bits)
            for word in range(np.uint64(n_words)):
                marked = words[word]
                while marked:
                    token = np.int64((word << np.uint64(6)) + trailing_zeros(marked))
                    marked &= marked - np.uint64(1)
                    others |= _look_up(hashes[first + token], slots, beside)
            triggered[row] &= free | others
