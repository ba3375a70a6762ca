"""What speaks for an aligned pair of spans: the weight of what they share, and the runs of equal tokens."""

import numpy as np

from dedup.kernels import F64, I64, U32, U64
from dedup.kernels.hashing import MULTIPLIER, POLYNOMIAL
from dedup.kernels.jit import Integer, compiled

RUN = 4


@compiled
def weigh_overlap(
    left: U32, right: U32, rectangle: I64, weights: F64, left_bag: U32, right_bag: U32, features: F64
) -> None:
    """Weighted overlap of two spans: its share of the left, of the right, cosine, shared terms, and the overlap.

    The bags are zero and left so.
    """
    first, last, other_first, other_last = rectangle[0], rectangle[1], rectangle[2], rectangle[3]
    for token in range(first, last):
        left_bag[left[token]] += np.uint32(1)
    for token in range(other_first, other_last):
        right_bag[right[token]] += np.uint32(1)
    common, left_whole, right_whole = 0.0, 0.0, 0.0
    product, left_norm, right_norm, shared = 0.0, 0.0, 0.0, 0.0
    for token in range(first, last):
        term = left[token]
        weight = weights[term]
        left_whole += weight
        count = np.float64(left_bag[term])
        if count > 0.0:
            other = np.float64(right_bag[term])
            left_norm += (count * weight) * (count * weight)
            if other > 0.0:
                common += min(count, other) * weight
                product += (count * weight) * (other * weight)
                shared += 1.0 if weight > 0.0 else 0.0
            left_bag[term] = np.uint32(0)
    for token in range(other_first, other_last):
        term = right[token]
        weight = weights[term]
        right_whole += weight
        count = np.float64(right_bag[term])
        if count > 0.0:
            right_norm += (count * weight) * (count * weight)
            right_bag[term] = np.uint32(0)
    features[0] = common / (left_whole + 1e-9)
    features[1] = common / (right_whole + 1e-9)
    features[2] = product / np.sqrt(left_norm * right_norm + 1e-9)
    features[3] = shared
    features[4] = common


@compiled
def _gram(terms: U32, place: Integer) -> np.uint64:
    value = np.uint64(0)
    for step in range(RUN):
        value = value * POLYNOMIAL + np.uint64(terms[place + step]) + np.uint64(1)
    return (value * MULTIPLIER) | np.uint64(1)


@compiled
def find_runs(left: U32, right: U32, rectangle: I64, keys: U64, places: U32, features: F64) -> None:
    """Runs of `RUN` equal tokens or more: the longest, and the share of the left span that lies in such runs."""
    first, last, other_first, other_last = rectangle[0], rectangle[1], rectangle[2], rectangle[3]
    size = 16
    while size < 2 * (other_last - other_first):
        size *= 2
    mask = np.uint64(size - 1)
    for slot in range(size):
        keys[slot] = np.uint64(0)
    for token in range(other_first, other_last - RUN + 1):
        key = _gram(right, token)
        slot = key >> np.uint64(24) & mask
        while keys[slot] != np.uint64(0) and keys[slot] != key:
            slot = (slot + np.uint64(1)) & mask
        if keys[slot] == np.uint64(0):
            keys[slot] = key
            places[slot] = np.uint32(token)
    longest, covered = 0, 0
    token = first
    while token + RUN <= last:
        key = _gram(left, token)
        slot = key >> np.uint64(24) & mask
        while keys[slot] != np.uint64(0) and keys[slot] != key:
            slot = (slot + np.uint64(1)) & mask
        length = 0
        if keys[slot] == key:
            other = np.int64(places[slot])
            while (
                token + length < last and other + length < other_last and left[token + length] == right[other + length]
            ):
                length += 1
        longest = max(longest, length)
        covered += length
        token += max(length, 1)
    features[5] = np.float64(longest)
    features[6] = np.float64(covered) / max(last - first, 1)
