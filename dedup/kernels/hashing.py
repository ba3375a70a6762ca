"""Constants of the hashes, and the hash of small arrays.

A token of words w_1 … w_n (eight bytes each, the last padded with zeros) is hashed as the polynomial
Σ mix(w_i) · P^(n-i) mod 2^64, finished with its length; a shingle as the polynomial of its tokens' hashes. Mixing is
multiply-and-xorshift with the odd constants of Steele, Lea and Flood's SplitMix64 (2014) and PCG.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

SEED = np.uint64(0x243F6A8885A308D3)
MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
FINISHER = np.uint64(0xD6E8FEB86659FD93)
POLYNOMIAL = np.uint64(0xBF58476D1CE4E5B9)

SPACE = np.uint64(0x20)

BLOCK_WORDS = 512
"""Words of eight bytes that have a checksum together: a page of memory."""

LEVEL_SIZE = 8
"""Sampled shingles that tell well enough whether a unit is contained in another."""


SLOT_FACTOR = np.uint64(0x9E3779B1)
"""What a key of 32 bits is multiplied with for its slot, in the upper bits: keys may share their own upper bits."""


def slot_bits(count: int) -> int:
    """The logarithm of the slots by which `count` keys are told apart: eight a key or more, up to 2**24."""
    return min(max((8 * count).bit_length(), 6), 24)


MARK_WORDS = 3
"""Words that hold what is known of 64 slots: which have a key, which have more, and which one that is looked for."""


def no_marks(count: int) -> NDArray[np.uint64]:
    """Room for what is known of the slots of `count` keys: one or two a key, lest millions of keys leave the cache."""
    bits = min(max((count // 2).bit_length(), 6), 24)
    return np.zeros(MARK_WORDS << (bits - 6), dtype=np.uint64)


def slots_marked(marks: NDArray[np.uint64]) -> int:
    """The logarithm of the number of slots that there are marks of."""
    return (marks.size // MARK_WORDS).bit_length() + 5


def mix(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Mix each word, a bijection."""
    mixed = (words ^ SEED) * MULTIPLIER
    return mixed ^ (mixed >> np.uint64(32))


def finish(hashes: NDArray[np.uint64], lengths: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Fold a length into a hash and spread its bits."""
    finished = (hashes ^ lengths) * FINISHER
    return finished ^ (finished >> np.uint64(29))


_UNFINISHER = np.uint64(pow(int(FINISHER), -1, 1 << 64))


def join_digests(
    digests: NDArray[np.uint64], lengths: NDArray[np.int64], offsets: NDArray[np.int64]
) -> NDArray[np.uint64]:
    """The digests of texts from those of their consecutive parts; the parts of text i are `offsets[i:i + 2]`.

    A digest is Σ h_i · P^i over the tokens, finished with their number (`Kernels.digest`). Finishing is a bijection: a
    part's sum is got back, and multiplied by P to the number of tokens before the part.
    """
    spread = digests ^ (digests >> np.uint64(29)) ^ (digests >> np.uint64(58))
    sums = (spread * _UNFINISHER) ^ lengths.astype(np.uint64)
    before = np.append(0, np.cumsum(lengths))
    texts = np.repeat(np.arange(offsets.size - 1), np.diff(offsets))
    exponents = before[:-1] - before[offsets[:-1]][texts]
    # P to the lower and to the upper digit of an exponent: few enough of either for a table.
    most = int(exponents.max(initial=0))
    base = 1 << (most.bit_length() + 1) // 2
    lower = powers(base)
    upper = np.full(most // base + 1, np.uint64(pow(int(POLYNOMIAL), base, 1 << 64)))
    upper[0] = 1
    sums *= lower[exponents & (base - 1)] * np.cumprod(upper, dtype=np.uint64)[exponents // base]
    until = np.append(np.uint64(0), np.cumsum(sums, dtype=np.uint64))
    totals = until[offsets[1:]] - until[offsets[:-1]]
    return finish(totals, (before[offsets[1:]] - before[offsets[:-1]]).astype(np.uint64))


def finish_shingle(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Spread the bits of a shingle's polynomial."""
    finished = (hashes ^ (hashes >> np.uint64(32))) * FINISHER
    return finished ^ (finished >> np.uint64(29))


def slot_table(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """A set of hashes as an open-addressing table: a power of two of slots, 0 where free.

    A hash stands in the slot that its upper bits name, or in the next free one. A hash of 0 is left out.
    """
    distinct = sorted(set(hashes.tolist()) - {0})
    bits = max(4, (8 * len(distinct)).bit_length())
    table = np.zeros(1 << bits, dtype=np.uint64)
    for value in distinct:
        slot = value >> (64 - bits)
        while table[slot]:
            slot = (slot + 1) % table.size
        table[slot] = value
    return table


class TriggerTable(NamedTuple):
    """Pairs of conditions on the tokens of a text: a token of one set and, unless the condition is free, of another.

    `slots`: the hashes of all these tokens, as a `slot_table`. `keywords` and `beside` (uint64) go with the slots: a
    condition's bit is set where the token is in its first or in its second set, and none where a slot is free. `free`:
    the bits of the conditions that have no second set. `sieve` and `beside_sieve`, of the tokens in first and in second
    sets: a bit for each value of the upper `SIEVE_BITS` bits of a hash, set where one of these tokens has them, so that
    most tokens are passed over without a look at the slots.
    """

    slots: NDArray[np.uint64]
    keywords: NDArray[np.uint64]
    beside: NDArray[np.uint64]
    free: np.uint64
    sieve: NDArray[np.uint64]
    beside_sieve: NDArray[np.uint64]


SIEVE_BITS = 15
"""With some hundred tokens one other token in fifty passes the sieve, and it takes a tenth of the fastest cache."""


def trigger_table(
    hashes: NDArray[np.uint64], keywords: NDArray[np.uint64], beside: NDArray[np.uint64], free: int
) -> TriggerTable:
    """The table of token hashes, which may come more than once, and the bits of each."""
    slots = slot_table(hashes)
    bits = slots.size.bit_length() - 1
    columns = np.zeros((2, slots.size), dtype=np.uint64)
    for place in np.flatnonzero(hashes).tolist():
        slot = int(hashes[place]) >> (64 - bits)
        while slots[slot] != hashes[place]:
            slot = (slot + 1) % slots.size
        columns[0, slot] |= keywords[place]
        columns[1, slot] |= beside[place]
    sieves = (_sieve(slots[column > 0]) for column in columns)
    return TriggerTable(slots, columns[0], columns[1], np.uint64(free), *sieves)


def _sieve(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    sieve = np.zeros(1 << (SIEVE_BITS - 6), dtype=np.uint64)
    places = hashes >> np.uint64(64 - SIEVE_BITS)
    np.bitwise_or.at(sieve, places >> np.uint64(6), np.uint64(1) << (places & np.uint64(63)))
    return sieve


def no_triggers() -> TriggerTable:
    """The table of no conditions."""
    none = np.zeros(0, dtype=np.uint64)
    return trigger_table(none, none, none, 0)


class WeightTable(NamedTuple):
    """Weights of hashes, to be looked up by the hash's upper `bits`.

    `entries` (uint64): of each slot the hash and the bits of its weight (float64), side by side so that one line of the
    cache has both. Hashes ascend: one stands at the slot that its upper bits name or as near behind it as the order
    allows, and a free slot repeats the next hash. The weights behind the last hash are NaN.
    """

    entries: NDArray[np.uint64]
    bits: int


def weight_table(hashes: NDArray[np.uint64], weights: NDArray[np.float64]) -> WeightTable:
    """A table of distinct ascending hashes and their weights."""
    bits = max(4, int(2 * hashes.size).bit_length())
    homes = (hashes >> np.uint64(64 - bits)).astype(np.int64)
    number = np.arange(hashes.size)
    places = np.maximum.accumulate(homes - number) + number
    size = max(1 << bits, int(places.max(initial=0)) + 1) + 1
    # Each slot takes the first hash that stands at it or behind it.
    following = np.searchsorted(places, np.arange(size))
    entries = np.empty((size, 2), dtype=np.uint64)
    entries[:, 0] = np.append(hashes, np.iinfo(np.uint64).max)[following]
    entries[:, 1] = np.append(weights, np.nan).view(np.uint64)[following]
    return WeightTable(entries.reshape(-1), bits)


def powers(count: int) -> NDArray[np.uint64]:
    """`POLYNOMIAL ** i mod 2**64` for i in 0 … count - 1."""
    result = np.full(max(count, 1), POLYNOMIAL, dtype=np.uint64)
    result[0] = 1
    return np.cumprod(result, dtype=np.uint64)[:count]
