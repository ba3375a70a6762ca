"""Memory that texts are read into and stay in."""

import numpy as np

from dedup.kernels import U8
from dedup.scanning.shelf import Shelf

_BLOCK = 1 << 28


class Arena:
    """Blocks of memory that the reader fills with texts, one behind the other: see `dedup.reading.TextMemory`.

    So texts are copied nowhere, and those of batches side by side can be hashed together. What is reserved is counted
    as taken from the `shelf`, and what is not used of it given back.
    """

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self._blocks: list[U8] = []
        self._filled = 0
        self._reserved = 0

    def reserve(self, size: int) -> U8 | None:
        """So many bytes behind those taken, None where the budget has none left; what was reserved before is not."""
        self.shelf.take(-self._reserved)
        self._reserved = 0
        if not self.shelf.room_for(size):
            return None
        self._reserved = size
        if not self._blocks or self._blocks[-1].size - self._filled < size:
            # Memory that is not touched costs nothing.
            self._blocks.append(np.empty(max(_BLOCK, size), dtype=np.uint8))
            self._filled = 0
        return self._blocks[-1][self._filled : self._filled + size]

    def take(self, size: int) -> None:
        """Keep so many bytes from the beginning of what is reserved, and give back the others."""
        self.shelf.take(size - self._reserved)
        self._reserved = 0
        self._filled += size

    def block_of(self, data: U8) -> U8 | None:
        """The block that some bytes are part of, None where they are not in the arena."""
        return next((block for block in self._blocks if data.base is block), None)
