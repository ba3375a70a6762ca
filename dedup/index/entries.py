"""The entries by which documents are found on a server: the keys of a batch, and which document has which."""

from dataclasses import dataclass

import numpy as np

from dedup.index.arrivals import offsets_of
from dedup.index.tables import SHIFT, TableNumbers
from dedup.kernels import I64, U64, Bool, Sketches

ENTRY_SIZE = 5
"""Bytes of an entry: the number of the table, and the key, the greatest byte first."""


@dataclass(frozen=True, slots=True)
class Entries:
    """The entries of n documents.

    `distinct` (uint64, ascending): the entries, table in the upper half and key in the lower. `numbers` and `owners`
    (int64): which of them each document has, by number, then document. `first_id`: the number of the first entry that
    is of an id; those behind it are, too.
    """

    distinct: U64
    numbers: I64
    owners: I64
    first_id: int

    def packed(self, first: int = 0, last: int | None = None) -> bytes:
        """Some of the distinct entries, as the scripts take them."""
        return _packed(self.distinct[first:last])

    def of_documents(self, places: I64, posted: Bool) -> tuple[I64, I64, list[bytes]]:
        """What is put into the lists for some documents, ascending, of which those not `posted` are found by id alone.

        The numbers of the entries and the places among these documents, sorted; and the entries of each.
        """
        count = int(self.owners.max(initial=-1)) + 1
        place_of = np.full(count, -1, dtype=np.int64)
        place_of[places] = np.arange(places.size)
        place = place_of[self.owners]
        chosen = np.flatnonzero(place >= 0)
        chosen = chosen[posted[place[chosen]] | (self.numbers[chosen] >= self.first_id)]
        numbers, place = self.numbers[chosen], place[chosen]
        order = np.argsort(place, kind="stable")
        data = _packed(self.distinct[numbers[order]])
        ends = (ENTRY_SIZE * offsets_of(np.bincount(place, minlength=places.size))).tolist()
        return numbers, place, [data[start:end] for start, end in zip(ends[:-1], ends[1:], strict=True)]


def entries_of_batch(sketches: Sketches, id_hashes: U64, shingle_size: int, numbers: TableNumbers) -> Entries:
    """The entries of documents that arrive."""
    compared = np.flatnonzero(sketches.lengths >= shingle_size)
    held = np.flatnonzero(sketches.lengths > 0)
    sampled = np.repeat(np.arange(sketches.lengths.size), np.diff(sketches.samples.offsets))
    chosen = np.flatnonzero((sketches.lengths >= shingle_size)[sampled])
    bands = np.arange(sketches.keys.shape[0], dtype=np.uint64)
    several = (
        ((bands << SHIFT)[:, None] | sketches.keys[:, compared]).reshape(-1),
        np.uint64(numbers.samples) << SHIFT | sketches.samples.values[chosen],
        np.uint64(numbers.exact) << SHIFT | sketches.digests[held] >> SHIFT,
        np.uint64(numbers.ids) << SHIFT | id_hashes >> SHIFT,
    )
    owners = (np.tile(compared, bands.size), sampled[chosen], held, np.arange(id_hashes.size))
    return _sorted_entries(np.concatenate(several), np.concatenate(owners), numbers)


def entries_of_ids(id_hashes: U64, numbers: TableNumbers) -> Entries:
    """The entries of ids alone."""
    entries = np.uint64(numbers.ids) << SHIFT | id_hashes >> SHIFT
    return _sorted_entries(entries, np.arange(id_hashes.size), numbers)


def _sorted_entries(entries: U64, owners: I64, numbers: TableNumbers) -> Entries:
    order = np.argsort(entries, kind="stable")
    ordered = entries[order]
    new = np.ones(ordered.size, dtype=np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=new[1:])
    distinct = ordered[new]
    first_id = int(np.searchsorted(distinct, np.uint64(numbers.ids) << SHIFT))
    return Entries(distinct, np.cumsum(new) - 1, owners[order], first_id)


def _packed(entries: U64) -> bytes:
    return entries.astype(">u8").view(np.uint8).reshape(-1, 8)[:, 8 - ENTRY_SIZE :].tobytes()
