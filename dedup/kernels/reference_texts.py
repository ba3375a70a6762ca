"""Hashing whole texts and comparing them in NumPy. Contracts are in `dedup.kernels.Kernels`."""

import numpy as np

from dedup.kernels import I64, U8, U64, Bool
from dedup.kernels.hashing import POLYNOMIAL, finish, mix

_WORD = 8


def digest_texts(data: U8, offsets: I64) -> U64:
    """See `Kernels.digest_texts`.

    A text is a polynomial in its words of eight bytes, little-endian, the last filled up with zeros, which are mixed
    first because ids often differ in a byte or two alone; its length in bytes tells apart what ends in zeros.
    """
    digests = np.empty(offsets.size - 1, dtype=np.uint64)
    for row in range(digests.size):
        text = data[offsets[row] : offsets[row + 1]].tobytes()
        words = mix(np.frombuffer(text + bytes(-len(text) % _WORD), dtype="<u8")).tolist()
        total = 0
        for word in reversed(words):
            total = (total * int(POLYNOMIAL) + word) & 0xFFFF_FFFF_FFFF_FFFF
        digests[row] = total
    return finish(digests, np.diff(offsets).astype(np.uint64))


def same_bytes(left: U8, left_starts: I64, right: U8, right_starts: I64, sizes: I64) -> Bool:
    """See `Kernels.same_bytes`."""
    one, other = left.data, right.data
    rows = zip(left_starts.tolist(), right_starts.tolist(), sizes.tolist(), strict=True)
    return np.array([one[a : a + size] == other[b : b + size] for a, b, size in rows], dtype=np.bool_)
