"""The entries by which documents are found on a server: the keys of a batch, and which document has which."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from dedup.index.arrivals import offsets_of
from dedup.index.messages import pack_strings
from dedup.index.tables import LOW, SHIFT, TableNumbers
from dedup.kernels import I64, U8, U32, U64, Bool, Sketches

ENTRY_SIZE = 6
"""Bytes of an entry: the number of the table, two bytes of the upper bits of the key, three of the lower ones."""

SHARD_BITS = 14
"""Upper bits of a key that go with the table into the name of a Redis hash. A hash of a million documents has 60 lists
then; up to 512 are kept in one piece, at a sixth of what a key of its own would take each."""

SAMPLE_SHARD_BITS = 16
"""The same for sampled shingles, of which a document has about ten."""


@dataclass(frozen=True, slots=True)
class Entries:
    """The entries of n documents.

    `distinct` (uint64, ascending): the entries, table in the upper half and key in the lower. `numbers` and `owners`
    (int64): which of them each document has, by number, then document. `first_id`: the number of the first entry that
    is of an id; those behind it are, too. `samples_table`: the number of the table of sampled shingles.
    """

    distinct: U64
    numbers: I64
    owners: I64
    first_id: int
    samples_table: int

    def packed(self, name: bytes, first: int = 0, last: int | None = None) -> tuple[bytes, bytes]:
        """Some of the distinct entries as scripts take them: the keys of the hashes of an index, and the fields."""
        entries = _split(self.distinct[first:last], self.samples_table)
        hashes = np.empty((entries.shape[0], len(name) + 3), dtype=np.uint8)
        hashes[:, : len(name)] = np.frombuffer(name, dtype=np.uint8)
        hashes[:, len(name) :] = entries[:, :3]
        return pack_strings(hashes), pack_strings(entries[:, 3:])

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
        data = _split(self.distinct[numbers[order]], self.samples_table).tobytes()
        ends = (ENTRY_SIZE * offsets_of(np.bincount(place, minlength=places.size))).tolist()
        return numbers, place, [data[start:end] for start, end in pairwise(ends)]


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


def entries_of_buckets(keys: U32, numbers: TableNumbers) -> Entries:
    """The entries of some buckets, one a band."""
    entries = np.arange(keys.size, dtype=np.uint64) << SHIFT | keys
    return _sorted_entries(entries, np.zeros(keys.size, dtype=np.int64), numbers)


def _sorted_entries(entries: U64, owners: I64, numbers: TableNumbers) -> Entries:
    order = np.argsort(entries, kind="stable")
    ordered = entries[order]
    new = np.ones(ordered.size, dtype=np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=new[1:])
    distinct = ordered[new]
    first_id = int(np.searchsorted(distinct, np.uint64(numbers.ids) << SHIFT))
    return Entries(distinct, np.cumsum(new) - 1, owners[order], first_id, numbers.samples)


def _split(entries: U64, samples_table: int) -> U8:
    """Entries as bytes, of shape (n, ENTRY_SIZE)."""
    tables, keys = entries >> SHIFT, entries & LOW
    bits = np.where(tables == samples_table, np.uint64(32 - SAMPLE_SHARD_BITS), np.uint64(32 - SHARD_BITS))
    shards = keys >> bits
    packed = tables << np.uint64(40) | shards << np.uint64(24) | keys ^ shards << bits
    return packed.astype(">u8").view(np.uint8).reshape(-1, 8)[:, 8 - ENTRY_SIZE :]
