"""Where rare tokens of a text return together, compiled by Numba. Contracts are in `dedup.kernels.Kernels`."""

import numpy as np

from dedup.kernels import I64, U32, U64
from dedup.kernels.compiled_rows import table_bits
from dedup.kernels.jit import Integer, compiled, exported
from dedup.kernels.returns import MOST_OCCURRENCES, NEAREST, STRETCH_BITS, WINDOW


@compiled
def _is_common(common: U64, value: np.uint64) -> np.bool_:
    bits = common[value >> np.uint64(54)] >> (value >> np.uint64(48) & np.uint64(63))
    return np.bool_(bits & np.uint64(1))


@compiled
def _find_earlier(values: U64, first: Integer, count: Integer, table: U32, earlier: U32, occurrences: U32) -> None:
    """Of each token of a text the place, from 1, at which it stood last, or 0, and how often it stands there at all."""
    bits = table_bits(count)
    for slot in range(np.uint64(1) << np.uint64(bits)):
        table[slot] = np.uint32(0)
    start, mask, shift = np.uint64(first), (np.uint64(1) << np.uint64(bits)) - np.uint64(1), np.uint64(64 - bits)
    for place in range(np.uint64(count)):
        value = values[start + place]
        slot = value >> shift
        while table[slot] != np.uint32(0) and values[start + np.uint64(table[slot]) - np.uint64(1)] != value:
            slot = (slot + np.uint64(1)) & mask
        last = table[slot]
        table[slot] = np.uint32(place + np.uint64(1))
        earlier[place] = last
        occurrences[place] = np.uint32(1) if last == np.uint32(0) else occurrences[last - np.uint32(1)] + np.uint32(1)
    for place in range(count - 1, -1, -1):
        if earlier[place]:
            occurrences[earlier[place] - np.uint32(1)] = occurrences[place]


@exported
def densest_returns_loop(
    values: U64, offsets: I64, common: U64, table: U32, earlier: U32, occurrences: U32, stretches: U32, densest: I64
) -> None:
    """Fill the most returns of each text; `stretches` has room for the longest text's, and two more, and is zero."""
    for row in range(offsets.size - 1):
        first, count = offsets[row], offsets[row + 1] - offsets[row]
        _find_earlier(values, first, count, table, earlier, occurrences)
        most = np.uint32(0)
        for place in range(count + WINDOW):
            # What leaves the window behind, then what comes into it.
            for step in range(2):
                token = place if step else place - WINDOW
                if token < 0 or token >= count:
                    continue
                if occurrences[token] > MOST_OCCURRENCES or _is_common(common, values[first + token]):
                    continue
                before = np.int64(earlier[token]) - 1
                while before >= 0:
                    if token - before >= NEAREST:
                        # Stretch s is counted at s + 1, so that each has neighbours.
                        stretch = (before >> STRETCH_BITS) + 1
                        if step:
                            stretches[stretch] += np.uint32(1)
                            beside = max(stretches[stretch - 1], stretches[stretch + 1])
                            most = max(most, np.uint32(stretches[stretch] + beside))
                        else:
                            stretches[stretch] -= np.uint32(1)
                    before = np.int64(earlier[before]) - 1
        densest[row] = np.int64(most)


def densest_returns(values: U64, offsets: I64, common: U64) -> I64:
    """See `Kernels.densest_returns`."""
    longest = int(np.diff(offsets).max(initial=0))
    table = np.empty(8 * longest + 64, dtype=np.uint32)
    earlier, occurrences = np.empty(longest + 1, dtype=np.uint32), np.empty(longest + 1, dtype=np.uint32)
    stretches = np.zeros((longest >> STRETCH_BITS) + 3, dtype=np.uint32)
    densest = np.empty(offsets.size - 1, dtype=np.int64)
    densest_returns_loop(values, offsets, common, table, earlier, occurrences, stretches, densest)
    return densest
