"""Constants of the hashes, and the hash of small arrays.

A token of words w_1 … w_n (eight bytes each, the last padded with zeros) is hashed as the polynomial
Σ mix(w_i) · P^(n-i) mod 2^64, finished with its length; a shingle as the polynomial of its tokens' hashes. Mixing is
multiply-and-xorshift with the odd constants of Steele, Lea and Flood's SplitMix64 (2014) and PCG.
"""

import numpy as np
from numpy.typing import NDArray

SEED = np.uint64(0x243F6A8885A308D3)
MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
FINISHER = np.uint64(0xD6E8FEB86659FD93)
POLYNOMIAL = np.uint64(0xBF58476D1CE4E5B9)

SPACE = np.uint64(0x20)


def mix(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Mix each word, a bijection."""
    mixed = (words ^ SEED) * MULTIPLIER
    return mixed ^ (mixed >> np.uint64(32))


def finish(hashes: NDArray[np.uint64], lengths: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Fold a length into a hash and spread its bits."""
    finished = (hashes ^ lengths) * FINISHER
    return finished ^ (finished >> np.uint64(29))


def finish_shingle(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Spread the bits of a shingle's polynomial."""
    finished = (hashes ^ (hashes >> np.uint64(32))) * FINISHER
    return finished ^ (finished >> np.uint64(29))


def slot_table(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """A set of hashes as an open-addressing table: a power of two of slots, 0 where free.

    A hash stands in the slot that its upper bits name, or in the next free one. A hash of 0 is left out.
    """
    distinct = np.unique(hashes[hashes != 0])
    bits = max(4, int(8 * distinct.size).bit_length())
    table = np.zeros(1 << bits, dtype=np.uint64)
    for value in distinct.tolist():
        slot = value >> (64 - bits)
        while table[slot]:
            slot = (slot + 1) % table.size
        table[slot] = value
    return table


def powers(count: int) -> NDArray[np.uint64]:
    """`POLYNOMIAL ** i mod 2**64` for i in 0 … count - 1."""
    result = np.full(max(count, 1), POLYNOMIAL, dtype=np.uint64)
    result[0] = 1
    return np.cumprod(result, dtype=np.uint64)[:count]
