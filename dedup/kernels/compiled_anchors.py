"""The choice of a unit's anchors: its terms of greatest weight."""

import numpy as np

from dedup.kernels import F64, I64, U16, U32, U64, Ragged
from dedup.kernels.jit import Integer, compiled, exported
from dedup.kernels.rewriting import STRENGTH, Anchors


@compiled
def _least_of_most(weights: F64, start: Integer, end: Integer, most: Integer, heap: F64) -> Integer:
    """Fill a heap, its least first, with the `most` greatest weights over 0; their number."""
    count = 0
    for place in range(start, end):
        weight = weights[place]
        if weight <= 0.0:
            continue
        if count < most:
            child = count
            count += 1
            while child > 0 and heap[(child - 1) >> 1] > weight:
                heap[child] = heap[(child - 1) >> 1]
                child = (child - 1) >> 1
            heap[child] = weight
        elif weight > heap[0]:
            root = 0
            child = 1
            while child < count:
                if child + 1 < count and heap[child + 1] < heap[child]:
                    child += 1
                if heap[child] >= weight:
                    break
                heap[root] = heap[child]
                root = child
                child = 2 * root + 1
            heap[root] = weight
    return count


@exported
def choose_anchors_loop(
    terms: U64, offsets: I64, weights: F64, most: Integer, heap: F64, keys: U32, strengths: U16, row_offsets: I64
) -> Integer:
    """Fill the anchors of each row; their number. `heap` has room for `most` weights."""
    count = 0
    row_offsets[0] = 0
    for row in range(offsets.size - 1):
        number = _least_of_most(weights, offsets[row], offsets[row + 1], most, heap)
        if number:
            least = heap[0]
            at_least = 0
            for place in range(number):
                at_least += heap[place] == least
            squares = 0.0
            taken = 0
            for place in range(offsets[row], offsets[row + 1]):
                weight = weights[place]
                if weight > least or (weight == least and taken < at_least):
                    taken += weight == least
                    squares += weight * weight
            norm = np.sqrt(squares)
            taken = 0
            for place in range(offsets[row], offsets[row + 1]):
                weight = weights[place]
                if weight > least or (weight == least and taken < at_least):
                    taken += weight == least
                    key = np.uint32(terms[place] >> np.uint64(32))
                    at = count
                    while at > row_offsets[row] and keys[at - 1] > key:
                        keys[at] = keys[at - 1]
                        strengths[at] = strengths[at - 1]
                        at -= 1
                    keys[at] = key
                    strengths[at] = np.uint16(np.floor(weight / norm * STRENGTH + 0.5))
                    count += 1
        row_offsets[row + 1] = count
    return count


def choose_anchors(rows: Ragged, weights: F64, most: int) -> Anchors:
    """See `RewriteKernels.choose_anchors`."""
    count = rows.offsets.size - 1
    room = min(rows.values.size, most * count)
    keys, strengths = np.empty(room, dtype=np.uint32), np.empty(room, dtype=np.uint16)
    row_offsets = np.empty(count + 1, dtype=np.int64)
    heap = np.empty(most, dtype=np.float64)
    filled = choose_anchors_loop(rows.values, rows.offsets, weights, most, heap, keys, strengths, row_offsets)
    return Anchors(keys[:filled].copy(), strengths[:filled].copy(), row_offsets)
