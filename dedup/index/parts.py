"""The parts of an index, each with documents of consecutive ranks: segments on the disk and runs in memory."""

import struct
from pathlib import Path
from typing import NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dedup.index.arrivals import Arrivals, Rows, offsets_of
from dedup.index.catalogue import StoredSegment
from dedup.index.files import damaged, open_segment
from dedup.index.tables import Layout, LayoutBuilder, TableNumbers, entries_of, sorted_tables
from dedup.index.texts import TextFile, Texts
from dedup.kernels import F64, I64, U8, U32, U64, Kernels
from dedup.kernels.hashing import BLOCK_WORDS

SEGMENT_ROW = np.dtype(
    [
        ("digest", "<u8"),
        ("text_hash", "<u8"),
        ("id_hash", "<u8"),
        ("date", "<f8"),
        ("id_end", "<u8"),
        ("text_number", "<u4"),
        ("score_number", "<u4"),
        ("flags", "u1"),
        ("verdict", "i1"),
        ("spare", "u1", (6,)),
    ]
)
"""A document in a segment, its facts apart. The scores of dropped ones stand in the order of `score_number`."""

_ROW = struct.Struct("<QQQdQIIBb6x")
_FIELDS = SEGMENT_ROW.names or ()
assert _ROW.size == SEGMENT_ROW.itemsize  # noqa: S101 - the fields of SEGMENT_ROW in their order

COMMON = ("digest", "text_hash", "id_hash", "date", "flags", "verdict")
"""What rows have in memory and in a segment."""

FACTS = (("rank", "<u4"), ("representative", "<u4"), ("length", "<u4"), ("level_size", "<u4"), ("level", "u1"))
"""Columns of a segment, to be taken whole when it is opened, and fields of rows in memory."""


class Facts(NamedTuple):
    """The columns of `FACTS`."""

    ranks: U32
    representatives: U32
    lengths: U32
    level_sizes: U32
    levels: NDArray[np.unsignedinteger]


def facts_of(rows: Rows) -> Facts:
    """The facts of documents in memory."""
    return Facts(*(rows[name] for name, _ in FACTS))


Data: TypeAlias = bytes | memoryview
"""Bytes, or where they stand."""


class Part(Protocol):
    """Documents of ascending ranks."""

    @property
    def ranks(self) -> U32:
        """The ranks of the documents, ascending."""
        ...

    def rows(self, places: I64, kernels: Kernels) -> Rows:
        """The rows of documents, each with the fields of `COMMON`."""
        ...

    def scores(self, places: I64, kernels: Kernels) -> F64:
        """The scores with the representative, shape (n, 4); without meaning for kept documents."""
        ...

    def ids(self, places: I64, kernels: Kernels) -> list[bytes]:
        """The JSON tokens of the ids."""
        ...

    def texts(self, places: I64, kernels: Kernels) -> Texts:
        """The texts of documents, where they stand."""
        ...

    # Of one document, for which arrays would take longer than all else

    @property
    def first_rank(self) -> int:
        """The rank of the first document."""
        ...

    def place(self, rank: int) -> int:
        """Where the document with a rank that is there stands."""
        ...

    def digest(self, place: int, kernels: Kernels) -> int:
        """The hash of the tokens of one document."""
        ...

    def id(self, place: int, kernels: Kernels) -> bytes:
        """The JSON token of the id of one document."""
        ...

    def text(self, place: int, kernels: Kernels) -> Data:
        """The text of one document."""
        ...


class Run:
    """Documents that arrived together, in memory."""

    def __init__(self, arrivals: Arrivals, shingle_size: int, numbers: TableNumbers) -> None:
        self.arrivals = arrivals
        self._id_offsets = offsets_of(arrivals.rows["id_size"])
        self._text_offsets = offsets_of(arrivals.rows["text_size"])
        builder = LayoutBuilder()
        for number, entries in enumerate(entries_of(arrivals, shingle_size)):
            builder.add_table(number, entries)
        self.layout = builder.build()
        self.tables = sorted_tables(self.layout, numbers)
        self.ranks: U32 = np.ascontiguousarray(arrivals.rows["rank"])
        self.first_rank = int(self.ranks[0])

    def rows(self, places: I64, kernels: Kernels) -> Rows:
        """See `Part`."""
        return self.arrivals.rows[places]

    def scores(self, places: I64, kernels: Kernels) -> F64:
        """See `Part`."""
        scores: F64 = self.arrivals.rows["scores"][places]
        return scores

    def ids(self, places: I64, kernels: Kernels) -> list[bytes]:
        """See `Part`."""
        starts, ends = self._id_offsets[places].tolist(), self._id_offsets[places + 1].tolist()
        return [self.arrivals.ids[start:end].tobytes() for start, end in zip(starts, ends, strict=True)]

    def texts(self, places: I64, kernels: Kernels) -> Texts:
        """See `Part`."""
        return Texts(self.arrivals.texts, self._text_offsets[places], self._text_offsets[places + 1])

    def place(self, rank: int) -> int:
        """See `Part`."""
        return place_of(self.ranks, rank)

    def digest(self, place: int, kernels: Kernels) -> int:
        """See `Part`."""
        return int(self.arrivals.rows[place]["digest"])

    def id(self, place: int, kernels: Kernels) -> bytes:
        """See `Part`."""
        return self.arrivals.ids[self._id_offsets[place] : self._id_offsets[place + 1]].tobytes()

    def text(self, place: int, kernels: Kernels) -> Data:
        """See `Part`."""
        return self.arrivals.texts[self._text_offsets[place] : self._text_offsets[place + 1]].data


class Segment:
    """A segment file, and the file of its texts.

    `fresh`: this process has written it just now, so that its blocks need no check.

    `stored_rows`, `stored_scores` and `stored_ids` are whole sections, as they stand in the file: who takes them checks
    the segment before (`check_all`).
    """

    def __init__(self, folder: Path, stored: StoredSegment, numbers: TableNumbers, *, fresh: bool = False) -> None:
        self.stored = stored
        self.path = folder / stored.name
        mapped = open_segment(self.path, stored.n_bytes, fresh=fresh)
        self.text_file = TextFile(folder / stored.texts_name, stored.n_text_bytes)
        self.layout: Layout = mapped.layout
        self.tables = sorted_tables(mapped.layout, numbers, mapped.sums)
        if fresh:
            self.tables.checked[:] = 1
        self.stored_rows: Rows = mapped.layout.section("rows").view(SEGMENT_ROW)
        self.stored_scores: F64 = np.asarray(mapped.layout.section("scores"), dtype=np.float64).reshape(-1, 4)
        self.stored_ids: U8 = mapped.layout.section("ids").view(np.uint8)
        self._first_words = {name: first for name, (_, first, _) in mapped.layout.sections.items()}
        self._ranks: U32 | None = None
        self._memory = mapped.layout.words.data.cast("B")

    def __len__(self) -> int:
        """How many documents are there."""
        return int(self.stored_rows.size)

    @property
    def ranks(self) -> U32:
        """See `Part`."""
        if self._ranks is None:
            self._ranks = self.layout.section("rank").view(np.uint32)
        return self._ranks

    def facts(self, kernels: Kernels) -> Facts:
        """The facts of all documents, found to be whole."""
        columns: list[U32] = []
        for name, _ in FACTS:
            column, first = self.fact(name), self._first_words[name]
            self._check(kernels, np.array([first]), np.array([first + max(column.nbytes - 1, 0) // 8]))
            columns.append(column)
        return Facts(*columns)

    def fact(self, name: str) -> U32:
        """One column of facts, as it stands in the file: uint32, or uint8 of levels."""
        column: U32 = self.layout.section(name).view(dict(FACTS)[name])
        return column

    def rows(self, places: I64, kernels: Kernels) -> Rows:
        """See `Part`. Raises StoreError where they are damaged, as the others do."""
        words = SEGMENT_ROW.itemsize // 8
        first = self._first_words["rows"] + places * words
        self._check(kernels, first, first + words - 1)
        return self.stored_rows[places]

    def scores(self, places: I64, kernels: Kernels) -> F64:
        """See `Part`."""
        numbers = self.rows(places, kernels)["score_number"].astype(np.int64)
        known = numbers < self.stored_scores.shape[0]
        scores = np.zeros((places.size, 4), dtype=np.float64)
        first = self._first_words["scores"] + 4 * numbers[known]
        self._check(kernels, first, first + 3)
        scores[known] = self.stored_scores[numbers[known]]
        return scores

    def ids(self, places: I64, kernels: Kernels) -> list[bytes]:
        """See `Part`."""
        ends = self.rows(places, kernels)["id_end"].astype(np.int64)
        starts = np.where(places > 0, self.rows(np.maximum(places - 1, 0), kernels)["id_end"].astype(np.int64), 0)
        first = self._first_words["ids"]
        self._check(kernels, first + starts // 8, first + np.maximum(ends - 1, starts) // 8)
        return [self.stored_ids[start:end].tobytes() for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]

    def id_bounds(self, first: int, last: int) -> tuple[I64, I64]:
        """Where the ids of consecutive documents begin and end."""
        ends = self.stored_rows["id_end"][first:last].astype(np.int64)
        before = int(self.stored_rows["id_end"][first - 1]) if first else 0
        return np.append(before, ends[:-1]), ends

    def texts(self, places: I64, kernels: Kernels) -> Texts:
        """See `Part`."""
        return self.text_file.read(self.rows(places, kernels)["text_number"].astype(np.int64))

    @property
    def first_rank(self) -> int:
        """See `Part`."""
        return int(self.ranks[0])

    def place(self, rank: int) -> int:
        """See `Part`."""
        return place_of(self.ranks, rank)

    def digest(self, place: int, kernels: Kernels) -> int:
        """See `Part`."""
        return int(self._row(place, kernels)[_FIELDS.index("digest")])

    def id(self, place: int, kernels: Kernels) -> bytes:
        """See `Part`."""
        end = int(self._row(place, kernels)[_FIELDS.index("id_end")])
        start = int(self._row(place - 1, kernels)[_FIELDS.index("id_end")]) if place else 0
        first = self._first_words["ids"]
        self._check_words(kernels, first + start // 8, first + max(end - 1, start) // 8)
        return bytes(self._memory[8 * first + start : 8 * first + end])

    def text(self, place: int, kernels: Kernels) -> Data:
        """See `Part`."""
        return self.text_file.text(int(self._row(place, kernels)[_FIELDS.index("text_number")]))

    def _row(self, place: int, kernels: Kernels) -> tuple[int | float, ...]:
        """The fields of one row."""
        words = SEGMENT_ROW.itemsize // 8
        first = self._first_words["rows"] + place * words
        self._check_words(kernels, first, first + words - 1)
        return _ROW.unpack_from(self._memory, 8 * first)

    def _check_words(self, kernels: Kernels, first: int, last: int) -> None:
        """`_check` of one range."""
        checked = self.tables.checked
        if not (checked[first // BLOCK_WORDS] and checked[last // BLOCK_WORDS]) or last - first > BLOCK_WORDS:
            self._check(kernels, np.array([first]), np.array([last]))

    def entries(self, number: int) -> U64:
        """The entries of one table; to be checked before."""
        entries: U64 = self.layout.section(f"entries {number}").view(np.uint64)
        return entries

    def check_all(self, kernels: Kernels) -> list[int]:
        """The damaged blocks."""
        damaged = kernels.sum_blocks(self.layout.words) != self.tables.sums
        self.tables.checked[~damaged] = 1
        return np.flatnonzero(damaged).tolist()

    def _check(self, kernels: Kernels, firsts: I64, lasts: I64) -> None:
        block = kernels.check_words(self.tables, firsts, lasts)
        if block >= 0:
            raise damaged(self.path, f"block {block}")


def place_of(ranks: U32, rank: int) -> int:
    """The place of a rank among some that ascend."""
    place = rank - int(ranks[0])
    if place < ranks.size and ranks[place] == rank:
        return place
    return int(np.searchsorted(ranks, rank))


def places_of(part: Part, ranks: I64) -> I64:
    """The places of documents in a part that holds them."""
    known = part.ranks
    first = int(known[0])
    if int(known[-1]) - first + 1 == known.size:
        return ranks - first
    return np.searchsorted(known, ranks)
