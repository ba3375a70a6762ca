"""The texts of the documents that were admitted last, as they came: what is compared is most often among them."""

from bisect import bisect_left
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from dedup.index.arrivals import NONE, POSTED, Arrivals, offsets_of
from dedup.index.texts import Texts
from dedup.kernels import I64, U8, Kernels

HELD_BYTES = 96 << 20
"""Bytes of texts held besides those of the tail. To read one from the disk a block of many is decompressed."""


class _Stretch(NamedTuple):
    """Documents that follow each other: their ranks, ascending, and where the text of each begins and ends."""

    ranks: I64
    data: U8
    offsets: I64


class HeldTexts:
    """Texts of kept documents, the last ones first to come and the first ones first to go."""

    def __init__(self) -> None:
        self._stretches: deque[_Stretch] = deque()
        self._n_bytes = 0

    def put(self, arrivals: Arrivals, kernels: Kernels) -> None:
        """Hold the texts of the documents that later ones may be compared with, behind those that are held."""
        rows = arrivals.rows
        chosen = np.flatnonzero((rows["representative"] == NONE) & ((rows["flags"] & POSTED) != 0))
        offsets = offsets_of(rows["text_size"])
        starts, ends = offsets[chosen], offsets[chosen + 1]
        # The last of them that there is room for.
        first = int(np.searchsorted(-np.cumsum((ends - starts)[::-1])[::-1], -HELD_BYTES))
        chosen, starts, ends = chosen[first:], starts[first:], ends[first:]
        if not chosen.size:
            return
        held = _Stretch(
            rows["rank"][chosen].astype(np.int64),
            kernels.gather_ranges(arrivals.texts, starts, ends),
            offsets_of(ends - starts),
        )
        self._stretches.append(held)
        self._n_bytes += held.data.nbytes
        while self._n_bytes > HELD_BYTES:
            self._n_bytes -= self._stretches.popleft().data.nbytes

    def read(self, ranks: I64) -> Iterator[tuple[I64, Texts]]:
        """The texts that are held of some documents, where they stand: places among `ranks`, and their texts."""
        if not self._stretches or not ranks.size:
            return
        firsts = [int(stretch.ranks[0]) for stretch in self._stretches]
        owners = np.searchsorted(firsts, ranks, side="right") - 1
        for owner in np.unique(owners[owners >= 0]).tolist():
            stretch = self._stretches[owner]
            chosen = np.flatnonzero(owners == owner)
            # The first that is not smaller, or the last one of all.
            places = np.searchsorted(stretch.ranks[:-1], ranks[chosen])
            there = stretch.ranks[places] == ranks[chosen]
            chosen, places = chosen[there], places[there]
            if chosen.size:
                yield chosen, Texts(stretch.data, stretch.offsets[places], stretch.offsets[places + 1])

    def text(self, rank: int) -> U8 | None:
        """That of one document, if it is held."""
        for stretch in reversed(self._stretches):
            if stretch.ranks[0] <= rank:
                place = bisect_left(stretch.ranks, rank)
                if place == stretch.ranks.size or stretch.ranks[place] != rank:
                    return None
                text: U8 = stretch.data[stretch.offsets[place] : stretch.offsets[place + 1]]
                return text
        return None
