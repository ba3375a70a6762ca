"""What speaks for an aligned pair of spans: the weight of what they share, and the runs of equal tokens."""

import numpy as np

from dedup.kernels import F64, I64, U8, U32, U64
from dedup.kernels.alignment import EXTENSION, RUN, SNAPPED_SHARE, SNAPPED_TOKENS
from dedup.kernels.hashing import MULTIPLIER, POLYNOMIAL
from dedup.kernels.jit import Integer, compiled
from dedup.kernels.terms import BARRIER


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
def find_runs(
    left: U32, right: U32, rectangle: I64, keys: U64, places: U32, ends: I64, features: F64
) -> None:  # fmt: skip
    """Runs of `RUN` equal terms or more, taken from left to right: the longest, and the share of the left span in them.

    Each begins where its first terms first stand in the right span. `ends` takes where the outermost run at the
    beginning begins on the left and on the right, its length, where that at the end ends, its length, and the tokens in
    runs.
    """
    first, last, other_first, other_last = rectangle[0], rectangle[1], rectangle[2], rectangle[3]
    size = 16
    while size < 2 * (other_last - other_first):
        size *= 2
    mask = np.uint64(size - 1)
    for entry in range(size):
        keys[entry] = np.uint64(0)
    for token in range(other_first, other_last - RUN + 1):
        key = _gram(right, token)
        slot = key >> np.uint64(24) & mask
        while keys[slot] != np.uint64(0) and keys[slot] != key:
            slot = (slot + np.uint64(1)) & mask
        if keys[slot] == np.uint64(0):
            keys[slot] = key
            places[slot] = np.uint32(token)
    longest, covered = 0, 0
    ends[2], ends[5] = 0, 0
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
            if ends[2] == 0 or token + other < ends[0] + ends[1]:
                ends[0], ends[1], ends[2] = token, other, length
            if ends[5] == 0 or token + other + 2 * length > ends[3] + ends[4]:
                ends[3], ends[4], ends[5] = token + length, other + length, length
        longest = max(longest, length)
        covered += length
        token += max(length, 1)
    ends[6] = covered
    features[5] = np.float64(longest)
    features[6] = np.float64(covered) / max(last - first, 1)


@compiled
def snap(
    left_hashes: U64, left_breaks: U8, right_hashes: U64, right_breaks: U8, within: bool, ends: I64, rectangle: I64
) -> None:
    """End a passage that is mostly runs with the equal tokens of its outermost runs, and with those beyond them."""
    first, last, other_first, other_last = rectangle[0], rectangle[1], rectangle[2], rectangle[3]
    if ends[6] < SNAPPED_SHARE * max(last - first, other_last - other_first):
        return
    one, other, length = ends[0], ends[1], ends[2]
    if max(one - first, other - other_first) <= SNAPPED_TOKENS:
        while length > 0 and left_hashes[one] != right_hashes[other]:
            one, other, length = one + 1, other + 1, length - 1
        if length > 0:
            steps = min(min(one, other - last if within else other), EXTENSION)
            while (
                steps > 0
                and left_hashes[one - 1] == right_hashes[other - 1]
                and left_breaks[one - 1] != BARRIER
                and right_breaks[other - 1] != BARRIER
            ):
                one, other, steps = one - 1, other - 1, steps - 1
            first, other_first = one, other
    one, other, length = ends[3], ends[4], ends[5]
    if max(last - one, other_last - other) <= SNAPPED_TOKENS:
        while length > 0 and left_hashes[one - 1] != right_hashes[other - 1]:
            one, other, length = one - 1, other - 1, length - 1
        if length > 0:
            room = other_first - one if within else left_hashes.size - one
            steps = min(min(room, right_hashes.size - other), EXTENSION)
            while (
                steps > 0
                and left_hashes[one] == right_hashes[other]
                and left_breaks[one] != BARRIER
                and right_breaks[other] != BARRIER
            ):
                one, other, steps = one + 1, other + 1, steps - 1
            last, other_last = one, other
    # Where parts are in another order the first run may end behind the last one.
    if first < last and other_first < other_last and not (within and last > other_first):
        rectangle[0], rectangle[1], rectangle[2], rectangle[3] = first, last, other_first, other_last
