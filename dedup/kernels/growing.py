"""A stack of tables of anchors that grows by tables of one document, at little cost for each."""

import numpy as np

from dedup.kernels.gathering import COLUMNS, N_DOCUMENTS, PLACES, SHIFTS, AnchorStack, PlacedColumns


class GrowingStack:
    """An `AnchorStack` and room for more tables behind those that are there: `stack` has those up to now."""

    def __init__(self, stack: AnchorStack, room: int) -> None:
        self.stack = stack
        self._room = room
        self._places = np.append(stack.places, np.zeros(room * COLUMNS, dtype=np.int64))
        self._blocks = np.append(stack.blocks, np.tile(np.array([0, 0, -1, 0]), room))
        self._firsts = np.append(stack.firsts, np.zeros(room, dtype=np.int64))
        self._low = stack.octets.ctypes.data
        self._high = self._low + stack.octets.size
        self._lows = self._low >> SHIFTS[:PLACES]

    def add(self, other: PlacedColumns) -> bool:
        """Put a table behind the others, of which all documents are there and no block is to be checked.

        False, and nothing is done, where there is no room, or the table is in memory that the stack does not span.
        """
        if not self._room or other.low < self._low or other.high > self._high:
            return False
        self._room -= 1
        several = (*self.stack.several, other.columns)
        count = len(several)
        row = self._places[COLUMNS * (count - 1) : COLUMNS * count]
        np.right_shift(other.addresses, SHIFTS, out=row)
        row[:PLACES] -= self._lows
        self._firsts[count] = self._firsts[count - 1] + row[N_DOCUMENTS]
        self.stack = self.stack._replace(
            several=several,
            places=self._places[: COLUMNS * count],
            blocks=self._blocks[: 4 * count],
            firsts=self._firsts[: count + 1],
        )
        return True
