"""Hashing whole texts, compiled by Numba; the hash is told in `dedup.kernels.reference_texts`."""

import numpy as np

from dedup.kernels import I64, U8, U64
from dedup.kernels.compiled_tokens import finish, mix
from dedup.kernels.hashing import POLYNOMIAL
from dedup.kernels.jit import exported


@exported
def _digest_texts_loop(data: U8, offsets: I64, digests: U64) -> None:
    for row in range(offsets.size - 1):
        place = offsets[row]
        end = offsets[row + 1]
        total = np.uint64(0)
        power = np.uint64(1)
        while place + 8 <= end:
            # LLVM makes one load of these eight.
            word = (
                np.uint64(data[place])
                | np.uint64(data[place + 1]) << np.uint64(8)
                | np.uint64(data[place + 2]) << np.uint64(16)
                | np.uint64(data[place + 3]) << np.uint64(24)
                | np.uint64(data[place + 4]) << np.uint64(32)
                | np.uint64(data[place + 5]) << np.uint64(40)
                | np.uint64(data[place + 6]) << np.uint64(48)
                | np.uint64(data[place + 7]) << np.uint64(56)
            )
            total += mix(word) * power
            power *= POLYNOMIAL
            place += 8
        word = np.uint64(0)
        shift = np.uint64(0)
        if place < end:
            while place < end:
                word |= np.uint64(data[place]) << shift
                shift += np.uint64(8)
                place += 1
            total += mix(word) * power
        digests[row] = finish(total, np.uint64(end - offsets[row]))


def digest_texts(data: U8, offsets: I64) -> U64:
    """See `Kernels.digest_texts`."""
    digests = np.empty(offsets.size - 1, dtype=np.uint64)
    _digest_texts_loop(data, offsets, digests)
    return digests
