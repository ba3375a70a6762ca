"""Documents of an index, and documents that arrive, as those that rewrites are confirmed by take them."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from dedup.index.judging import Judge
from dedup.index.parts import Data
from dedup.index.state import State
from dedup.kernels import I64, U64, Kernels, Sketches
from dedup.kernels.rewriting import RewriteKernels
from dedup.model import TextColumn
from dedup.scanning.progress import Silent
from dedup.scanning.threads import Threads

_TOKEN_BYTES = 6
"""Bytes of a token, about: what is read together is planned by it."""

_FEW = 8
"""Documents for which arrays would take longer than all else."""

_ALONE = Threads(1)
_SILENT = Silent()


class Arriving(NamedTuple):
    """Documents that arrive at an index, and who judges them; they have ranks from `base` on."""

    texts: TextColumn
    sketches: Sketches
    state: State
    judge: Judge
    kernels: Kernels

    @property
    def base(self) -> int:
        """The rank of the first."""
        return self.state.ledger.count


@dataclass(frozen=True, slots=True)
class ConcernedTexts:
    """Documents by their ranks, those of arrivals behind those of the index: a `TextSource`."""

    arrivals: Arriving
    ranks: I64
    rewriting: RewriteKernels

    @property
    def digests(self) -> U64:
        """See `TextSource`: to be asked for once, since what is in a file is read each time."""
        arrivals, stored, places = self.arrivals, *self._parted(self.ranks)
        found = np.empty(self.ranks.size, dtype=np.uint64)
        if stored.size <= _FEW:
            for place in stored.tolist():
                found[place] = arrivals.state.digest(int(self.ranks[place]), arrivals.kernels)
        else:
            found[stored] = arrivals.state.rows(self.ranks[stored], arrivals.kernels)["digest"]
        found[places] = arrivals.sketches.digests[self.ranks[places] - arrivals.base]
        return found

    @property
    def kernels(self) -> Kernels:
        """See `TextSource`."""
        return self.arrivals.kernels

    @property
    def threads(self) -> Threads:
        """See `TextSource`: an index works in the thread that calls it."""
        return _ALONE

    @property
    def progress(self) -> Silent:
        """See `TextSource`."""
        return _SILENT

    @property
    def sizes(self) -> I64:
        """See `TextSource`."""
        return self.arrivals.judge.lengths(self.ranks) * _TOKEN_BYTES

    def read(self, places: I64) -> TextColumn:
        """See `TextSource`."""
        arrivals, ranks = self.arrivals, self.ranks[places]
        stored, arrived = self._parted(ranks)
        texts: list[Data] = [b""] * ranks.size
        if stored.size <= _FEW:
            for place in stored.tolist():
                texts[place] = arrivals.state.text(int(ranks[place]), arrivals.kernels)
        else:
            for chosen, found in arrivals.state.read(ranks[stored], arrivals.kernels):
                for place, piece in zip(stored[chosen].tolist(), found.pieces(), strict=True):
                    texts[place] = piece
        for place in arrived.tolist():
            texts[place] = arrivals.texts.raw(int(ranks[place]) - arrivals.base)
        return TextColumn.from_bytes(texts)

    def _parted(self, ranks: I64) -> tuple[I64, I64]:
        """The places of documents of the index, and of arrivals."""
        stored = ranks < self.arrivals.base
        return np.flatnonzero(stored), np.flatnonzero(~stored)
