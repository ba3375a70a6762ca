"""Sorted tables of entries: by band key, sampled shingle, digest and id, in one array of words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from dedup.index.arrivals import POSTED, Arrivals, offsets_of
from dedup.kernels import U32, U64, Bool, SortedTables

SHIFT = np.uint64(32)
LOW = np.uint64(0xFFFFFFFF)
_SLOT_BITS = 4
"""A slot of a prefix table leads to 2**3 to 2**4 entries on average: a line or two of the cache."""

_ENTRIES_AT_ONCE = 1 << 20
"""Entries that are sorted together while tables are merged, about."""

MOST_BANDS = 253
"""The number of a table is one byte, and there are three besides those of bands."""


@dataclass(frozen=True, slots=True)
class TableNumbers:
    """Which table is which: first one for each band, then these."""

    bands: int

    @property
    def samples(self) -> int:
        """Sampled shingles."""
        return self.bands

    @property
    def exact(self) -> int:
        """The upper halves of digests."""
        return self.bands + 1

    @property
    def ids(self) -> int:
        """The upper halves of the hashes of ids."""
        return self.bands + 2

    @property
    def count(self) -> int:
        """How many there are."""
        return self.bands + 3


def entries_of(arrivals: Arrivals, shingle_size: int) -> list[U64]:
    """The entries of each table, ascending, of documents that arrived; the lower half is the rank."""
    rows = arrivals.rows
    ranks = rows["rank"].astype(np.uint64)
    posted = (rows["flags"] & POSTED) != 0
    compared = posted & (rows["length"] >= shingle_size)
    banded = arrivals.keys[compared].T.astype(np.uint64) << SHIFT | ranks[compared]
    banded = np.sort(banded, axis=1)
    owners = np.repeat(np.arange(rows.size), rows["n_samples"])
    sampled = compared[owners]
    samples = arrivals.samples[sampled].astype(np.uint64) << SHIFT | ranks[owners[sampled]]
    exact = (rows["digest"][posted] & ~LOW) | ranks[posted]
    ids = (rows["id_hash"] & ~LOW) | ranks
    return [*banded, np.sort(samples), np.sort(exact), np.sort(ids)]


class MergedTable(NamedTuple):
    """The entries of a table, ascending, some at a time: at the most so many."""

    most: int
    pieces: Iterator[U64]


def merge_entries(several: Sequence[Sequence[U64]], alive: Bool) -> Iterator[MergedTable]:
    """Each table of several sets of tables, less the members that are not alive."""
    for tables in zip(*several, strict=True):
        yield MergedTable(sum(entries.size for entries in tables), _merged(tables, alive))


def _merged(tables: Sequence[U64], alive: Bool) -> Iterator[U64]:
    """The living entries of tables, ascending, those of a range of keys at a time: keys are hashes."""
    parts = max(-(-sum(entries.size for entries in tables) // _ENTRIES_AT_ONCE), 1)
    limits = np.array([(part << 64) // parts for part in range(1, parts)], dtype=np.uint64)
    cuts = [[0, *np.searchsorted(entries, limits).tolist(), entries.size] for entries in tables]
    for part in range(parts):
        living = []
        for entries, bounds in zip(tables, cuts, strict=True):
            some = entries[bounds[part] : bounds[part + 1]]
            keep = alive[(some & LOW).astype(np.int64)]
            living.append(some if keep.all() else some[keep])
        yield np.sort(np.concatenate(living)) if len(living) > 1 else living[0]


class PrefixCounts:
    """Counts entries, of which there are at `most` so many, by how their keys begin."""

    def __init__(self, most: int) -> None:
        self._bits = _prefix_bits(most)
        self._counts = np.zeros(1 << self._bits, dtype=np.int64)

    def add(self, entries: U64) -> None:
        """Count some, ascending."""
        if entries.size and self._bits:
            slots = (entries >> np.uint64(64 - self._bits)).astype(np.int64)
            first = int(slots[0])
            found = np.bincount(slots - first)
            self._counts[first : first + found.size] += found
        else:
            self._counts[0] += entries.size

    def table(self) -> U32:
        """Where the entries begin whose keys begin with each number of some bits; one more for the end."""
        bits = _prefix_bits(int(self._counts.sum()))
        return offsets_of(self._counts.reshape(1 << bits, -1).sum(axis=1)).astype(np.uint32)


def _prefix_bits(count: int) -> int:
    """The bits of keys by which so many entries are found."""
    return max(count.bit_length() - _SLOT_BITS, 0)


def prefix_table(entries: U64) -> U32:
    """The table of `PrefixCounts` of all entries."""
    counts = PrefixCounts(entries.size)
    counts.add(entries)
    return counts.table()


@dataclass(frozen=True, slots=True)
class Layout:
    """Sections in one array of words: `sections` has dtype, first word and number of items of each, by name."""

    words: U64
    sections: Mapping[str, tuple[str, int, int]]

    def section(self, name: str) -> np.ndarray[tuple[int], np.dtype[np.generic]]:
        """One section, as it stands there."""
        dtype, first, count = self.sections[name]
        kind = np.dtype(dtype)
        n_words = -(-count * kind.itemsize // 8)
        return self.words[first : first + n_words].view(np.uint8)[: count * kind.itemsize].view(kind)


@dataclass(slots=True)
class LayoutBuilder:
    """Collects sections."""

    _pieces: list[U64] = field(default_factory=list)
    _sections: dict[str, tuple[str, int, int]] = field(default_factory=dict)
    _size: int = 0

    def add(self, name: str, array: np.ndarray[tuple[int], np.dtype[np.generic]]) -> None:
        """Add a section: an array of one dimension."""
        self._sections[name] = (array.dtype.str, self._size, int(array.size))
        array = np.ascontiguousarray(array)
        whole = array.nbytes & ~7
        data = array.view(np.uint8) if array.size else np.zeros(0, dtype=np.uint8)
        self._append(data[:whole].view(np.uint64))
        if whole < array.nbytes:
            rest = np.zeros(8, dtype=np.uint8)
            rest[: array.nbytes - whole] = data[whole:]
            self._append(rest.view(np.uint64))

    def add_table(self, number: int, entries: U64) -> None:
        """Add a table of entries and its prefix table."""
        self.add(f"prefix {number}", prefix_table(entries))
        self.add(f"entries {number}", entries)

    def build(self) -> Layout:
        """All that was added. The pieces are given back as they are copied."""
        words = np.empty(self._size, dtype=np.uint64)
        filled = 0
        for place, piece in enumerate(self._pieces):
            words[filled : filled + piece.size] = piece
            filled += piece.size
            self._pieces[place] = _NOTHING
        return Layout(words, self._sections)

    def _append(self, words: U64) -> None:
        self._pieces.append(words)
        self._size += words.size


def sorted_tables(layout: Layout, numbers: TableNumbers, sums: U64 | None = None) -> SortedTables:
    """The tables of a layout as kernels take them; `sums` where the words are to be checked."""
    places = np.zeros((numbers.count, 4), dtype=np.int64)
    for number in range(numbers.count):
        _, first, count = layout.sections[f"entries {number}"]
        _, prefix, slots = layout.sections[f"prefix {number}"]
        places[number] = first, count, 2 * prefix, (slots - 1).bit_length() - 1
    sums = _NOTHING if sums is None else sums
    return SortedTables(layout.words, places.reshape(-1), sums, np.zeros(sums.size, dtype=np.uint8))


_NOTHING: U64 = np.zeros(0, dtype=np.uint64)
