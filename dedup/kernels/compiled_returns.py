"""Where skip-bigrams of a text return together, compiled by Numba. Contracts are in `dedup.kernels.Kernels`."""

import numpy as np

from dedup.kernels import I64, U32, U64
from dedup.kernels.compiled_rows import table_bits
from dedup.kernels.hashing import FINISHER, MULTIPLIER
from dedup.kernels.jit import Integer, compiled, exported
from dedup.kernels.returns import MOST_OCCURRENCES, NEAREST, SKIPS, STRETCH_BITS, WINDOW


@compiled
def _fill_bigrams(values: U64, first: Integer, count: Integer, common: U64, bigrams: U64) -> None:
    """The hashes of the skip-bigrams that begin at each token, 0 for none and for those of two common tokens."""
    start = np.uint64(first)
    for place in range(np.uint64(count)):
        one = values[start + place]
        said_often = common[one >> np.uint64(54)] >> (one >> np.uint64(48) & np.uint64(63)) & np.uint64(1)
        for skip in range(np.uint64(SKIPS)):
            bigram = np.uint64(0)
            there = place + skip + np.uint64(1)
            if there < np.uint64(count):
                other = values[start + there]
                both = common[other >> np.uint64(54)] >> (other >> np.uint64(48) & np.uint64(63)) & said_often
                if both == np.uint64(0):
                    bigram = max(one, other) * FINISHER + min(one, other)
                    bigram = (bigram ^ (bigram >> np.uint64(29))) * MULTIPLIER
            bigrams[place * np.uint64(SKIPS) + skip] = bigram


@compiled
def _choose_returning(bigrams: U64, count: Integer, once: U64, twice: U64, chosen: U32) -> Integer:
    """The places of bigrams that stand there twice or more, and of some that share a bit with another; their number.

    Most stand there once, and are told by two sets of bits without a branch.
    """
    bits = 6
    while (1 << bits) < 16 * count:
        bits += 1
    for word in range(np.uint64(1) << np.uint64(bits - 6)):
        once[word] = np.uint64(0)
        twice[word] = np.uint64(0)
    shift = np.uint64(64 - bits)
    for place in range(np.uint64(count)):
        bit = bigrams[place] >> shift
        word, flag = bit >> np.uint64(6), np.uint64(1) << (bit & np.uint64(63))
        twice[word] |= once[word] & flag
        once[word] |= flag
    found = np.uint64(0)
    for place in range(np.uint64(count)):
        bit = bigrams[place] >> shift
        chosen[found] = np.uint32(place)
        again = twice[bit >> np.uint64(6)] >> (bit & np.uint64(63)) & np.uint64(1)
        found += again & np.uint64(bigrams[place] != np.uint64(0))
    return np.int64(found)


@compiled
def _find_earlier(bigrams: U64, chosen: U32, count: Integer, table: U32, earlier: U32, occurrences: U32) -> None:
    """Of each bigram chosen the number, from 1, of the last one that is the same, or 0, and how many are the same."""
    bits = table_bits(count)
    for slot in range(np.uint64(1) << np.uint64(bits)):
        table[slot] = np.uint32(0)
    # The upper bits have been looked at: the chosen ones have those in common with others.
    mask = (np.uint64(1) << np.uint64(bits)) - np.uint64(1)
    for number in range(count):
        bigram = bigrams[chosen[number]]
        slot = bigram & mask
        while table[slot] != np.uint32(0) and bigrams[chosen[np.int64(table[slot]) - 1]] != bigram:
            slot = (slot + np.uint64(1)) & mask
        last = np.int64(table[slot])
        table[slot] = np.uint32(number + 1)
        earlier[number] = np.uint32(last)
        occurrences[number] = np.uint32(1)
        if last:
            occurrences[number] = np.uint32(np.int64(occurrences[last - 1]) + 1)
    for number in range(count - 1, -1, -1):
        if earlier[number]:
            occurrences[np.int64(earlier[number]) - 1] = occurrences[number]


@compiled
def _count(number: Integer, chosen: U32, earlier: U32, occurrences: U32, stretches: U32, entering: bool) -> Integer:
    """Count what a bigram returns to, or undo that; the most that is counted in two neighbouring stretches."""
    most: Integer = 0
    if occurrences[number] > MOST_OCCURRENCES:
        return most
    token = np.int64(chosen[number]) // SKIPS
    before = np.int64(earlier[number]) - 1
    while before >= 0:
        place = np.int64(chosen[before]) // SKIPS
        if token - place >= NEAREST:
            # Stretch s is counted at s + 1, so that each has neighbours.
            stretch = (place >> STRETCH_BITS) + 1
            if entering:
                stretches[stretch] += np.uint32(1)
                beside = max(np.int64(stretches[stretch - 1]), np.int64(stretches[stretch + 1]))
                most = max(most, np.int64(stretches[stretch]) + beside)
            else:
                stretches[stretch] -= np.uint32(1)
        before = np.int64(earlier[before]) - 1
    return most


@exported
def densest_returns_loop(
    values: U64, offsets: I64, common: U64, bigrams: U64, bits: U64, table: U32, chosen: U32, earlier: U32,
    occurrences: U32, stretches: U32, densest: I64,
) -> None:  # fmt: skip
    """Fill the most returns of each text; `stretches` has room for the longest text's, and two more, and is zero."""
    half = bits.size // 2
    for row in range(offsets.size - 1):
        first, count = offsets[row], offsets[row + 1] - offsets[row]
        _fill_bigrams(values, first, count, common, bigrams)
        found = _choose_returning(bigrams, SKIPS * count, bits[:half], bits[half:], chosen)
        _find_earlier(bigrams, chosen, found, table, earlier, occurrences)
        most: Integer = 0
        left: Integer = 0
        for number in range(found):
            while np.int64(chosen[left]) <= np.int64(chosen[number]) - SKIPS * WINDOW:
                _count(left, chosen, earlier, occurrences, stretches, False)
                left += 1
            most = max(most, _count(number, chosen, earlier, occurrences, stretches, True))
        for number in range(left, found):
            _count(number, chosen, earlier, occurrences, stretches, False)
        densest[row] = most


def densest_returns(values: U64, offsets: I64, common: U64) -> I64:
    """See `Kernels.densest_returns`."""
    longest = SKIPS * int(np.diff(offsets).max(initial=0))
    bigrams = np.empty(longest + 1, dtype=np.uint64)
    # Two sets of 16 to 32 bits for each bigram.
    bits = np.empty(longest + 4, dtype=np.uint64)
    table, chosen, earlier, occurrences = np.empty((4, 8 * longest + 64), dtype=np.uint32)
    stretches = np.zeros((longest >> STRETCH_BITS) + 3, dtype=np.uint32)
    densest = np.empty(offsets.size - 1, dtype=np.int64)
    densest_returns_loop(
        values, offsets, common, bigrams, bits, table, chosen, earlier, occurrences, stretches, densest
    )
    return densest
