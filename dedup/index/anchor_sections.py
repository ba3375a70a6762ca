"""The sections of a segment that hold anchors: of documents in memory, and of other segments, some at a time."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.errors import StoreError
from dedup.index.anchor_tables import (
    COLUMNS,
    LISTS,
    MOST_UNITS,
    AnchorTable,
    lists_of,
    segment_rewordings,
    segment_table,
)
from dedup.index.anchored import Anchored, Rewordings
from dedup.index.arrivals import offsets_of
from dedup.index.parts import Segment
from dedup.kernels import I64, U16, U32, Bool, Kernels
from dedup.kernels.gathering import POSTING, pack_postings, units_of


class Section(NamedTuple):
    """A section by its name and type, some of it at a time."""

    name: str
    dtype: np.dtype[np.generic]
    pieces: Iterator[NDArray[np.generic]]


def sections_of(anchored: Anchored) -> Iterator[Section]:
    """The sections of documents in memory; none where nothing is anchored."""
    if anchored.ranks.size:
        for name, kind in COLUMNS:
            yield Section(f"anchor {name}", np.dtype(kind), iter([getattr(anchored, name)]))
        lists: tuple[NDArray[np.generic], ...] = lists_of(anchored)
        for (name, kind), column in zip(LISTS, lists, strict=True):
            yield Section(name, np.dtype(kind), iter([column]))
    yield from _rewordings([anchored.rewordings])


def merged_sections(path: Path, segments: Sequence[Segment], alive: Bool, kernels: Kernels) -> Iterator[Section]:
    """The sections of the living documents of several segments, which were found to be whole."""
    held = [table for table in (segment_table(segment, kernels) for segment in segments) if table is not None]
    several = [_Living(table, alive[table.anchored.ranks]) for table in held]
    count = sum(each.n_units for each in several)
    if count > MOST_UNITS:
        raise StoreError(f"{path}: a segment holds anchors of {MOST_UNITS:,} texts and windows of texts at the most")
    if count:
        for name, kind in COLUMNS:
            yield Section(f"anchor {name}", np.dtype(kind), (piece for each in several for piece in each.column(name)))
        lists = _MergedLists(several, kernels)
        yield Section("postings", np.dtype("<u2"), lists.postings())
        yield Section("list keys", _U32, iter(lists.keys))
        yield Section("list begins", _U32, iter([offsets_of(np.concatenate(lists.counts)).astype(np.uint32)]))
    rewordings = [segment_rewordings(segment, kernels) for segment in segments]
    yield from _rewordings([rows[alive[rows["rank"]]] for rows in rewordings])


def _rewordings(several: Sequence[Rewordings]) -> Iterator[Section]:
    held = [rows for rows in several if rows.size]
    if held:
        words = (np.ascontiguousarray(rows).view(np.uint64) for rows in held)
        yield Section("rewordings", np.dtype(np.uint64), words)


class _Living:
    """A table without the documents that are gone."""

    def __init__(self, table: AnchorTable, documents: Bool) -> None:
        self.table = table
        self._documents = documents
        self._units: Bool = np.repeat(documents, table.anchored.n_units)
        self.whole = bool(documents.all())
        self.n_units = int(np.count_nonzero(self._units))
        # The number of each unit, and of those of others none is asked for; where all are there, they have theirs.
        self._numbers: U32 = np.zeros(0, dtype=np.uint32)
        if not self.whole:
            self._numbers = (np.cumsum(self._units) - 1).astype(np.uint32)

    def column(self, name: str) -> Iterator[NDArray[np.generic]]:
        """One column of `Anchored`, some of it at a time."""
        column: NDArray[np.generic] = getattr(self.table.anchored, name)
        if self.whole:
            yield column
        elif name in ("keys", "strengths"):
            begins = self.table.unit_begins
            for first in range(0, self._units.size, _UNITS_AT_ONCE):
                last = min(first + _UNITS_AT_ONCE, self._units.size)
                chosen = np.repeat(self._units[first:last], self.table.anchored.sizes[first:last])
                yield column[begins[first] : begins[last]][chosen]
        else:
            yield column[self._units if name == "sizes" else self._documents]

    def lists(self, keys: U32, base: int, kernels: Kernels) -> tuple[U16, I64]:
        """The postings with these keys by their new units, from `base` on, list by list, and how many each key has."""
        begins, ends = self.table.find(keys)
        self.table.check_lists(begins, ends)
        bytes_of = self.table.lists.postings.view(np.uint8)
        postings = kernels.gather_ranges(bytes_of, _BYTES * begins, _BYTES * ends).view(np.uint16)
        counts = ends - begins
        if self.whole and base == 0:
            return postings, counts
        units, strengths = units_of(postings), postings[POSTING - 1 :: POSTING]
        if not self.whole:
            living = self._units[units]
            counts = np.bincount(np.repeat(np.arange(keys.size), counts)[living], minlength=keys.size)
            units, strengths = self._numbers[units[living]], strengths[living]
        return pack_postings(units + np.uint32(base), strengths), counts


class _MergedLists:
    """The lists of several tables as those of one. `keys` and `counts` are known when all postings were taken."""

    def __init__(self, several: Sequence[_Living], kernels: Kernels) -> None:
        self._several = several
        self._kernels = kernels
        self._every = np.unique(np.concatenate([each.table.lists.keys for each in several]))
        self.keys: list[U32] = []
        self.counts: list[I64] = []

    def postings(self) -> Iterator[U16]:
        """Key by key, those of one table after those of another."""
        most = sum(ends - begins for begins, ends in (each.table.find(self._every) for each in self._several))
        cuts = np.searchsorted(np.cumsum(most), np.arange(0, int(np.sum(most)) + _POSTINGS_AT_ONCE, _POSTINGS_AT_ONCE))
        for first, last in pairwise(np.unique([*cuts.tolist(), self._every.size]).tolist()):
            yield self._some(self._every[first:last])

    def _some(self, keys: U32) -> U16:
        """Those of some keys, put down in `keys` and `counts` where there are any."""
        pieces, several, base = [], [], 0
        for each in self._several:
            postings, counts = each.lists(keys, base, self._kernels)
            pieces.append(postings)
            several.append(counts)
            base += each.n_units
        counts = np.array(several)
        totals = counts.sum(axis=0)
        self.keys.append(keys[totals > 0])
        self.counts.append(totals[totals > 0])
        stops = np.cumsum(counts.reshape(-1)).reshape(counts.shape)
        starts, ends = (stops - counts).T.reshape(-1), stops.T.reshape(-1)
        joined = np.concatenate(pieces)
        return self._kernels.gather_ranges(joined.view(np.uint8), _BYTES * starts, _BYTES * ends).view(np.uint16)


_BYTES = 2 * POSTING
_U32 = np.dtype("<u4")
_UNITS_AT_ONCE = 1 << 16
_POSTINGS_AT_ONCE = 1 << 20
