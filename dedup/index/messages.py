"""Arrays as MessagePack, which a Redis script reads in one step."""

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import U8


def pack_numbers(values: NDArray[np.integer]) -> bytes:
    """An array of numbers under 2**32."""
    items = np.empty(values.size, dtype=[("kind", "u1"), ("value", ">u4")])
    items["kind"], items["value"] = 0xCE, values
    return _array(values.size) + items.tobytes()


def pack_strings(rows: U8) -> bytes:
    """An array of strings of one size, given by their bytes, of shape (n, size)."""
    count, size = rows.shape
    items = np.empty((count, 3 + size), dtype=np.uint8)
    items[:, 0], items[:, 1], items[:, 2] = 0xDA, size >> 8, size & 0xFF
    items[:, 3:] = rows
    return _array(count) + items.tobytes()


def _array(count: int) -> bytes:
    return b"\xdd" + count.to_bytes(4, "big")
