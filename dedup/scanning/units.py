"""Columns of units, documents or paragraphs: small ones in memory, band keys and samples on a shelf."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import I64, U8, U32, U64, Bool, Kernels, Samples, Sketches
from dedup.kernels.hashing import no_marks
from dedup.scanning.shelf import Scalar, Shelf, Slot

_SAMPLES_AT_ONCE = 8 << 20
"""The most sampled shingles of which entries are made together; there are entries of one in five, or fewer."""


class Bulk:
    """Band keys and sampled shingles of units, batch by batch in the order of reading."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._counts: list[int] = []
        self._keys: list[Slot[np.uint32]] = []
        self._samples: list[Slot[np.uint32]] = []
        self._sample_counts: list[Slot[np.uint32]] = []
        self.n_samples = 0

    def add(self, sketches: Sketches) -> None:
        """Keep what the units of a batch have."""
        self._counts.append(sketches.lengths.size)
        self._keys.append(self._shelf.put(sketches.keys))
        self._samples.append(self._shelf.put(sketches.samples.values))
        self._sample_counts.append(self._shelf.put(np.diff(sketches.samples.offsets).astype(np.uint32)))
        self.n_samples += sketches.samples.values.size

    @property
    def bands(self) -> int:
        """The number of bands."""
        return next((slot.size // count for slot, count in zip(self._keys, self._counts, strict=True) if count), 0)

    def band(self, number: int) -> U32:
        """The keys of one band of all units, in the order of reading."""
        pieces = [
            self._shelf.get(slot, number * count, (number + 1) * count)
            for slot, count in zip(self._keys, self._counts, strict=True)
        ]
        return np.concatenate([np.zeros(0, dtype=np.uint32), *pieces])

    @property
    def parts(self) -> int:
        """In how many parts `postings` gives the entries."""
        return max(1, -(-self.n_samples // _SAMPLES_AT_ONCE))

    def postings(self, part: int, ranks: I64, levels: U8, kernels: Kernels) -> U64:
        """Entries of sampled shingle, upper half, and rank, lower half, of the units whose rank is not negative.

        `ranks`: by unit, in the order of reading; `levels`: by rank. Given are those of one of `parts` ranges of
        shingles, all entries of a shingle in one part, without most of the shingles that one unit alone holds or that
        are at the level of none.
        """
        low, high = (part << 32) // self.parts, ((part + 1) << 32) // self.parts
        marks = no_marks(self.n_samples // self.parts)
        for samples, owners in self._rows(ranks):
            kernels.mark_samples(samples, owners, levels, low, high, marks)
        pieces = [kernels.post_repeated(samples, owners, low, high, marks) for samples, owners in self._rows(ranks)]
        return np.concatenate([np.zeros(0, dtype=np.uint64), *pieces])

    def _rows(self, ranks: I64) -> Iterator[tuple[Samples, I64]]:
        """The sampled shingles of each batch and the ranks of its units."""
        first = 0
        for values, counts in zip(self._samples, self._sample_counts, strict=True):
            offsets = np.zeros(counts.size + 1, dtype=np.int64)
            np.cumsum(self._shelf.get(counts, 0, counts.size), out=offsets[1:])
            yield Samples(self._shelf.get(values, 0, values.size), offsets), ranks[first : first + counts.size]
            first += counts.size


@dataclass(frozen=True, slots=True)
class Units:
    """Units by rank.

    `starts` and `ends` are addresses in the store (int64). `digests`, `lengths`, `firsts`, `lasts`, `levels` and
    `level_sizes` are those of `dedup.kernels.Sketches`, `firsts` and `lasts` only if they were asked for, and else
    empty. `places` (int64): the place of each unit in the order of reading, in which `bulk` has its band keys and
    samples; None where that is the unit's rank.
    """

    starts: I64
    ends: I64
    digests: U64
    lengths: I64
    firsts: U64
    lasts: U64
    levels: U8
    level_sizes: I64
    places: I64 | None
    bulk: Bulk

    def __len__(self) -> int:
        return int(self.starts.size)

    def take(self, order: I64) -> "Units":
        """The units at these places, in this order."""
        return replace(
            self,
            starts=self.starts[order],
            ends=self.ends[order],
            digests=self.digests[order],
            lengths=self.lengths[order],
            firsts=self.firsts[order] if self.firsts.size else self.firsts,
            lasts=self.lasts[order] if self.lasts.size else self.lasts,
            levels=self.levels[order],
            level_sizes=self.level_sizes[order],
            places=order if self.places is None else self.places[order],
        )

    def band_keys(self, number: int, chosen: I64) -> U32:
        """The keys of one band of the units of these ranks."""
        return self.bulk.band(number)[chosen if self.places is None else self.places[chosen]]

    def ranks(self, chosen: Bool) -> I64:
        """The ranks of the units in the order of reading, -1 for those not chosen, as `Bulk.postings` wants them."""
        ranks: I64 = np.where(chosen, np.arange(len(self)), -1)
        if self.places is not None:
            ordered, ranks = ranks, np.empty_like(ranks)
            ranks[self.places] = ordered
        return ranks


class UnitsBuilder:
    """Collects units batch by batch; `edges`: with their first and last shingles."""

    def __init__(self, shelf: Shelf, *, edges: bool = False) -> None:
        self._shelf = shelf
        self._edges = edges
        self._bulk = Bulk(shelf)
        self._columns: list[tuple[I64, I64, U64, I64, U64, U64, U8, I64]] = []

    def add(self, starts: I64, ends: I64, sketches: Sketches) -> None:
        """Add the units of a batch, by addresses."""
        self._bulk.add(sketches)
        firsts, lasts = (sketches.firsts, sketches.lasts) if self._edges else (_NO_HASHES, _NO_HASHES)
        columns = (
            starts, ends, sketches.digests, sketches.lengths, firsts, lasts, sketches.levels, sketches.level_sizes
        )  # fmt: skip
        self._columns.append(columns)
        self._shelf.take(sum(column.nbytes for column in columns))

    def build(self) -> Units:
        """All units, in the order of reading. To be called once: the batches are given back, column by column."""
        starts, ends, digests, lengths, firsts, lasts, levels, level_sizes = (
            list(column) for column in zip(_NOTHING, *self._columns, strict=True)
        )
        self._columns.clear()
        return Units(
            _joined(starts),
            _joined(ends),
            _joined(digests),
            _joined(lengths),
            _joined(firsts),
            _joined(lasts),
            _joined(levels),
            _joined(level_sizes),
            None,
            self._bulk,
        )


def _joined(batches: list[NDArray[Scalar]]) -> NDArray[Scalar]:
    """One array of several, which are given back."""
    joined = np.concatenate(batches)
    batches.clear()
    return joined


_NO_NUMBERS: I64 = np.zeros(0, dtype=np.int64)
_NO_HASHES: U64 = np.zeros(0, dtype=np.uint64)
_NOTHING = (
    _NO_NUMBERS,
    _NO_NUMBERS,
    _NO_HASHES,
    _NO_NUMBERS,
    _NO_HASHES,
    _NO_HASHES,
    np.zeros(0, dtype=np.uint8),
    _NO_NUMBERS,
)
