"""Several sets of sorted tables as one, so that one call of a loop asks them all.

A loop takes arrays, and how many sets there are is not known when it is compiled. So it is given one array that spans
them all, wherever they stand in memory, and the places of each within it; what lies between is never touched.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import SortedTables, TableStack


def stack(several: Sequence[SortedTables]) -> TableStack:
    """Sets of tables, of as many tables each, in this order; they live as long as what is given."""
    held = tuple(several)
    arrays = [array for each in held for array in (each.words, each.sums, each.checked) if array.size]
    starts = [array.ctypes.data for array in arrays]
    low = min(starts, default=0) & ~7
    high = max((start + array.nbytes for start, array in zip(starts, arrays, strict=True)), default=0)
    memory = memory_between(low, high)
    places = [each.places.reshape(-1, 4).copy() for each in held]
    blocks = np.empty((len(held), 4), dtype=np.int64)
    for each, own, row in zip(held, places, blocks, strict=True):
        first = (each.words.ctypes.data - low) // 8 if each.words.size else 0
        own[:, 0] += first
        own[:, 2] += 2 * first
        # Where every block is known to be whole nothing has to be asked.
        checked = bool(each.checked.all())
        sums = -1 if checked else (each.sums.ctypes.data - low) // 8
        row[:] = first, each.words.size, sums, 0 if checked else each.checked.ctypes.data - low
    joined = np.concatenate([np.zeros((0, 4), dtype=np.int64), *places])
    return TableStack(
        held, memory.view(np.uint64), memory.view(np.uint32), memory, joined.reshape(-1), blocks.reshape(-1)
    )


def memory_between(low: int, high: int) -> NDArray[np.uint8]:
    """The memory from an address that is a multiple of eight to another one, or a little more, as bytes."""
    memory: NDArray[np.uint8] = np.asarray(_Memory(low, -(-(high - low) // 8) * 8)) if high > low else _NOTHING
    return memory


@dataclass(frozen=True, slots=True)
class _Memory:
    """A stretch of the memory of this process, as NumPy takes it for an array of bytes."""

    address: int
    size: int

    @property
    def __array_interface__(self) -> dict[str, object]:
        """See NumPy's array interface protocol, version 3."""
        return {"version": 3, "typestr": "|u1", "shape": (self.size,), "data": (self.address, False)}


_NOTHING: NDArray[np.uint8] = np.zeros(0, dtype=np.uint8)
