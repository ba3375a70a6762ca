"""Hashing whole texts and comparing them, compiled by Numba; the hash is told in `dedup.kernels.reference_texts`."""

import numpy as np

from dedup.kernels import I64, U8, U64, Bool
from dedup.kernels.compiled_tokens import finish, load, mix
from dedup.kernels.hashing import POLYNOMIAL
from dedup.kernels.jit import exported

_WORD = np.uint64(8)
_STRETCH = np.uint64(256)


@exported
def _digest_texts_loop(data: U8, offsets: I64, digests: U64) -> None:
    for row in range(offsets.size - 1):
        # Unsigned places, which cannot count from the end, are what lets LLVM make one load of eight.
        place = np.uint64(offsets[row])
        end = np.uint64(offsets[row + 1])
        total = np.uint64(0)
        power = np.uint64(1)
        while place + _WORD <= end:
            total += mix(load(data, place)) * power
            power *= POLYNOMIAL
            place += _WORD
        word = np.uint64(0)
        shift = np.uint64(0)
        if place < end:
            while place < end:
                word |= np.uint64(data[place]) << shift
                shift += np.uint64(8)
                place += np.uint64(1)
            total += mix(word) * power
        digests[row] = finish(total, end - np.uint64(offsets[row]))


def digest_texts(data: U8, offsets: I64) -> U64:
    """See `Kernels.digest_texts`."""
    digests = np.empty(offsets.size - 1, dtype=np.uint64)
    _digest_texts_loop(data, offsets, digests)
    return digests


@exported
def _same_bytes_loop(left: U8, left_starts: I64, right: U8, right_starts: I64, sizes: I64, same: Bool) -> None:
    for row in range(sizes.size):
        one, other = np.uint64(left_starts[row]), np.uint64(right_starts[row])
        size = np.uint64(sizes[row])
        place = np.uint64(0)
        unlike = np.uint8(0)
        while place + _STRETCH <= size and unlike == 0:
            for step in range(_STRETCH):
                unlike |= left[one + place + step] ^ right[other + place + step]
            place += _STRETCH
        for step in range(place, size):
            unlike |= left[one + np.uint64(step)] ^ right[other + np.uint64(step)]
        same[row] = unlike == 0


def same_bytes(left: U8, left_starts: I64, right: U8, right_starts: I64, sizes: I64) -> Bool:
    """See `Kernels.same_bytes`."""
    same = np.empty(sizes.size, dtype=np.bool_)
    _same_bytes_loop(left, left_starts, right, right_starts, sizes, same)
    return same
