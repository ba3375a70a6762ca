"""Tokens that a text is looked through for, compiled by Numba; see `dedup.kernels.hashing.TriggerTable`."""

import numpy as np

from dedup.kernels import U8, U64
from dedup.kernels.compiled_tokens import pack_flags, popcount, trailing_zeros
from dedup.kernels.hashing import SIEVE_BITS
from dedup.kernels.jit import Integer, compiled


@compiled
def _bits_of(
    hashes: U64, count: Integer, slots: U64, columns: U64, sieve: U64, flags: U8, flag_words: U64, bits: U8, words: U64
) -> np.uint64:
    """The bits, all in one, that a table has for the tokens. `flag_words` and `words` view `flags` and `bits`."""
    whole = (count + 63) & ~63
    for token in range(np.uint64(count)):
        upper = hashes[token] >> np.uint64(64 - SIEVE_BITS)
        flags[token] = np.uint8((sieve[upper >> np.uint64(6)] >> (upper & np.uint64(63))) & np.uint64(1))
    for token in range(np.uint64(count), np.uint64(whole)):
        flags[token] = np.uint8(0)
    pack_flags(flag_words, whole >> 3, bits)
    mask = np.uint64(slots.size - 1)
    shift = np.uint64(64) - popcount(mask)
    found = np.uint64(0)
    for word in range(np.uint64(whole >> 6)):
        marked = words[word]
        while marked:
            value = hashes[(word << np.uint64(6)) + trailing_zeros(marked)]
            marked &= marked - np.uint64(1)
            slot = value >> shift
            while slots[slot] != np.uint64(0) and slots[slot] != value:
                slot = (slot + np.uint64(1)) & mask
            # A free slot has no bits.
            found |= columns[slot]
    return found


@compiled
def conditions_met(
    hashes: U64,
    count: Integer,
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
) -> np.uint64:
    """The bits of the conditions that the tokens of a text meet; from `flags` on there is scratch.

    One token in three hundred is of a first set, and one in ten of a second: these are looked for in few texts.
    """
    found = _bits_of(hashes, count, slots, keywords, sieve, flags, flag_words, bits, words)
    if found & ~free:
        found &= free | _bits_of(hashes, count, slots, beside, beside_sieve, flags, flag_words, bits, words)
    return found
