"""What is held in memory of every document, by rank: 14 bytes each."""

import numpy as np
from numpy.typing import NDArray

from dedup.index.arrivals import NONE
from dedup.kernels import I64, U8, U32, Bool

_LEAST = 1024


class Ledger:
    """Columns by rank, which grow. Ranks that were never given, or given up, are not alive.

    `alive`: admitted and not removed. `representatives`: the rank of the representative, `NONE` for kept documents.
    `removals`: how often some were removed or taken back. `lengths` are in tokens; `levels` and `level_sizes` those of
    `dedup.kernels.Sketches`.
    """

    def __init__(self) -> None:
        self.count = 0
        self.removals = 0
        self._alive: Bool = np.zeros(_LEAST, dtype=np.bool_)
        self._representatives: U32 = np.full(_LEAST, NONE, dtype=np.uint32)
        self._lengths: U32 = np.zeros(_LEAST, dtype=np.uint32)
        self._levels: U8 = np.zeros(_LEAST, dtype=np.uint8)
        self._level_sizes: U32 = np.zeros(_LEAST, dtype=np.uint32)

    @property
    def alive(self) -> Bool:
        """Whether each document is there, by rank."""
        return self._alive[: self.count]

    @property
    def representatives(self) -> U32:
        """The representative of each, by rank."""
        return self._representatives[: self.count]

    @property
    def lengths(self) -> U32:
        """Tokens of each, by rank."""
        return self._lengths[: self.count]

    @property
    def levels(self) -> U8:
        """By rank."""
        return self._levels[: self.count]

    @property
    def level_sizes(self) -> U32:
        """By rank."""
        return self._level_sizes[: self.count]

    def kept(self, ranks: I64) -> Bool:
        """Whether each of some documents is there and was kept, so that others may be dropped for it."""
        kept: Bool = self._alive[ranks] & (self._representatives[ranks] == NONE)
        return kept

    def grounded(self, ranks: I64) -> Bool:
        """Whether each of some documents is there, and so is the one it was dropped for, if it was."""
        representatives = self._representatives[ranks]
        dropped = representatives != NONE
        grounded = self._alive[ranks].copy()
        grounded[dropped] &= self._alive[representatives[dropped]]
        return grounded

    def enter(
        self, ranks: U32, representatives: U32, lengths: U32, level_sizes: U32, levels: NDArray[np.unsignedinteger]
    ) -> None:
        """Add documents, by ascending ranks."""
        if not ranks.size:
            return
        first, count = int(ranks[0]), int(ranks[-1]) + 1
        self.grow(count)
        # Ranks without a gap are a slice, which takes a tenth of the time.
        places = slice(first, count) if count - first == ranks.size else ranks
        self._alive[places] = True
        self._representatives[places] = representatives
        self._lengths[places] = lengths
        self._levels[places] = levels
        self._level_sizes[places] = level_sizes

    def enter_one(self, row: np.void) -> None:
        """Add one document behind the others."""
        rank = self.count
        self.grow(rank + 1)
        self._alive[rank] = True
        self._representatives[rank] = row["representative"]
        self._lengths[rank] = row["length"]
        self._levels[rank] = row["level"]
        self._level_sizes[rank] = row["level_size"]

    def grow(self, count: int) -> None:
        """Make room for ranks up to under `count`."""
        size = self._alive.size
        if count > size:
            while size < count:
                size *= 2
            more = size - self._alive.size
            self._alive = np.concatenate([self._alive, np.zeros(more, dtype=np.bool_)])
            self._representatives = np.concatenate([self._representatives, np.full(more, NONE, dtype=np.uint32)])
            self._lengths = np.concatenate([self._lengths, np.zeros(more, dtype=np.uint32)])
            self._levels = np.concatenate([self._levels, np.zeros(more, dtype=np.uint8)])
            self._level_sizes = np.concatenate([self._level_sizes, np.zeros(more, dtype=np.uint32)])
        self.count = max(self.count, count)

    def remove(self, ranks: NDArray[np.integer]) -> None:
        """Strike documents out; what was dropped for them stays dropped."""
        self._alive[ranks] = False
        self.removals += int(ranks.size > 0)

    def restore(self, ranks: NDArray[np.integer]) -> None:
        """Take `remove` back."""
        self._alive[ranks] = True
        self.removals += int(ranks.size > 0)

    def living(self) -> int:
        """How many are there."""
        return int(np.count_nonzero(self.alive))
