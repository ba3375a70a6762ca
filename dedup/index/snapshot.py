"""What a client has of an index on a server for one call: the documents that may matter, as of one moment.

They have ranks of their own there, from 0 on, in the order of their ranks on the server; documents that arrive come
behind them. So everything that decides about an index on the disk decides here, too.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from dedup.errors import StoreError
from dedup.index.admitting import Admission
from dedup.index.anchor_store import AnchorStore
from dedup.index.arrivals import NONE, POSTED, ROW, Rows, offsets_of
from dedup.index.compression import Compressor, decompress
from dedup.index.entries import ENTRY_SIZE, Entries
from dedup.index.held import HeldTexts
from dedup.index.ledger import Ledger
from dedup.index.messages import pack_numbers
from dedup.index.parts import COMMON, Data, Facts, Part
from dedup.index.recent import Recent
from dedup.index.server import Fetched, Value
from dedup.index.state import State
from dedup.index.tables import SHIFT
from dedup.index.texts import Texts
from dedup.kernels import F64, I64, U8, U32, U64, Bool, Kernels, Sketches
from dedup.kernels.stacking import stack
from dedup.model import TextColumn

STORED_ROW = np.dtype(
    [
        ("representative", "<u4"),
        ("n_entries", "<u4"),
        ("digest", "<u8"),
        ("text_hash", "<u8"),
        ("id_hash", "<u8"),
        ("date", "<f8"),
        ("length", "<u4"),
        ("level_size", "<u4"),
        ("level", "u1"),
        ("flags", "u1"),
        ("verdict", "i1"),
        ("spare", "u1"),
    ]
)
"""What a row on the server begins with, as in `dedup.index.arrivals.ROW`. There follow the JSON token of the id, for a
dropped document four scores (float64), and the entries. The scripts know its size, and where representative, entries
and date are."""

SCORES_SIZE = 32

_LOCAL_ROW = np.dtype([(name, ROW[name]) for name in COMMON])

ReadTexts = Callable[[Sequence[bytes]], list[bytes | None]]
"""Ranks as they stand on the server to what is stored of the texts, None for one that is gone."""


class ChangedError(Exception):
    """The index has changed since it was fetched: what was decided may not hold."""


@contextmanager
def making_sense() -> Iterator[None]:
    """Make a StoreError of what comes of rows that are not as they were stored."""
    try:
        yield
    except (ValueError, IndexError) as error:
        raise StoreError(f"a document on the server is damaged ({error}); make the index anew") from error


class SnapshotPart:
    """Documents of the server, as `dedup.index.parts.Part` has them; behind them stands one for all that are gone."""

    def __init__(
        self, fetched: Fetched, entries: Entries, n_ids: int, read: Callable[[Sequence[bytes]], list[bytes | None]]
    ) -> None:
        self._read = read
        ranks = np.frombuffer(fetched.ranks, dtype="<u4")
        order = np.argsort(ranks)
        self.on_server: U32 = ranks[order]
        ends = offsets_of(np.frombuffer(fetched.sizes, dtype="<u4"))
        self._data = [fetched.rows[ends[place] : ends[place + 1]] for place in order.tolist()]
        size = STORED_ROW.itemsize
        stored = np.frombuffer(b"".join(data[:size] for data in self._data), dtype=STORED_ROW)
        if stored.size != ranks.size:
            raise ValueError("a row is cut off")
        self._rows = np.zeros(stored.size + 1, dtype=_LOCAL_ROW)
        for name in COMMON:
            self._rows[name][:-1] = stored[name]
        self.ranks: U32 = np.arange(stored.size + 1, dtype=np.uint32)
        named = stored["representative"]
        self._representatives = np.where(named == NONE, NONE, self._local(named)).astype(np.uint32)
        self.facts = Facts(
            self.ranks[:-1], self._representatives, stored["length"], stored["level_size"], stored["level"]
        )
        self._entries = entries
        self._counts: I64 = np.zeros(entries.distinct.size, dtype=np.int64)
        lists = np.frombuffer(fetched.lists, dtype="<u4").reshape(-1, 2).astype(np.int64)
        numbers = np.where(lists[:, 0] < n_ids, lists[:, 0] + entries.first_id, lists[:, 0] - n_ids)
        self._counts[numbers] = lists[:, 1]
        self._begins: I64 = np.zeros(entries.distinct.size, dtype=np.int64)
        self._begins[numbers] = offsets_of(lists[:, 1])[:-1]
        self._listed = np.frombuffer(fetched.listed, dtype="<u4")
        self._members: I64 = np.searchsorted(self.on_server, self._listed)

    def __len__(self) -> int:
        """How many documents are there."""
        return int(self.ranks.size)

    def _local(self, ranks: U32) -> I64:
        """The ranks here of documents of the server."""
        places = np.searchsorted(self.on_server, ranks)
        places[places == self.on_server.size] = 0
        found = self.on_server[places] == ranks if self.on_server.size else np.zeros(ranks.size, dtype=np.bool_)
        return np.where(found, places, self.on_server.size)

    def expected(self, unchecked_ids: bool) -> tuple[bytes, bytes]:
        """Of each list how long it was and the last rank in it, as the script `insert` takes them."""
        counts, lasts = self._counts.copy(), np.zeros(self._counts.size, dtype=np.int64)
        held = np.flatnonzero(counts)
        lasts[held] = self._listed[self._begins[held] + counts[held] - 1]
        if unchecked_ids:
            counts[self._entries.first_id :] = NONE
        return pack_numbers(counts), pack_numbers(lasts)

    def find(self, tables: U8, keys: U32, limits: I64, alive: Bool, counts: I64) -> U64:
        """The living members with each key, as `Kernels.find_members` gives them."""
        packed = tables.astype(np.uint64) << SHIFT | keys
        distinct = self._entries.distinct
        numbers = np.searchsorted(distinct, packed)
        sizes = self._counts[numbers]
        owners = np.repeat(np.arange(packed.size), sizes)
        places = np.repeat(self._begins[numbers] - (np.cumsum(sizes) - sizes), sizes) + np.arange(owners.size)
        ranks = self._members[places]
        living = alive[ranks]
        owners, ranks = owners[living], ranks[living]
        found = np.bincount(owners, minlength=packed.size)
        within = np.arange(owners.size) - np.repeat(np.cumsum(found) - found, found)
        room = limits[tables] - counts
        chosen = within < room[owners]
        counts += np.minimum(found, room)
        return owners[chosen].astype(np.uint64) << SHIFT | ranks[chosen].astype(np.uint64)

    def rows(self, places: I64, kernels: Kernels) -> Rows:
        """See `Part`."""
        return self._rows[places]

    def scores(self, places: I64, kernels: Kernels) -> F64:
        """See `Part`."""
        result = np.zeros((places.size, 4), dtype=np.float64)
        for row, place in enumerate(places.tolist()):
            if self._representatives[place] != NONE:
                result[row] = np.frombuffer(self._data[place][-SCORES_SIZE:], dtype="<f8")
        return result

    def ids(self, places: I64, kernels: Kernels) -> list[bytes]:
        """See `Part`."""
        kept = (self._representatives[places] == NONE).tolist()
        size = STORED_ROW.itemsize
        return [
            self._data[place][size:] if is_kept else self._data[place][size:-SCORES_SIZE]
            for place, is_kept in zip(places.tolist(), kept, strict=True)
        ]

    @property
    def first_rank(self) -> int:
        """See `Part`."""
        return 0

    def place(self, rank: int) -> int:
        """See `Part`."""
        return rank

    def digest(self, place: int, kernels: Kernels) -> int:
        """See `Part`."""
        return int(self._rows[place]["digest"])

    def id(self, place: int, kernels: Kernels) -> bytes:
        """See `Part`."""
        return self.ids(np.array([place]), kernels)[0]

    def text(self, place: int, kernels: Kernels) -> Data:
        """See `Part`."""
        return self.texts(np.array([place]), kernels).pieces()[0]

    def texts(self, places: I64, kernels: Kernels) -> Texts:
        """See `Part`. Raises ChangedError where one is gone meanwhile."""
        pieces = []
        for frame in self._read([rank.tobytes() for rank in self.on_server[places]]):
            if frame is None:
                raise ChangedError
            try:
                pieces.append(decompress(frame))
            except ValueError as error:
                raise StoreError("the text of a document on the server is damaged; make the index anew") from error
        offsets = offsets_of(np.array([len(piece) for piece in pieces], dtype=np.int64))
        return Texts(np.frombuffer(b"".join(pieces), dtype=np.uint8), offsets[:-1], offsets[1:])


def as_fetched(ranks: U32, rows: Sequence[bytes | None]) -> Fetched:
    """Rows as they stand on the server, or None, as the script `fetch` gives them, without lists."""
    place_of_entries = STORED_ROW.fields["n_entries"][1] if STORED_ROW.fields else 0
    held = [(rank, row) for rank, row in zip(ranks.tolist(), rows, strict=True) if row is not None]
    cut = [row[: len(row) - ENTRY_SIZE * int.from_bytes(row[place_of_entries:][:4], "little")] for _, row in held]
    of_held = np.array([rank for rank, _ in held], dtype="<u4")
    sizes = np.array([len(row) for row in cut], dtype="<u4")
    return Fetched(b"0", 0, b"", b"", of_held.tobytes(), sizes.tobytes(), b"".join(cut))


class Snapshot(State):
    """A state whose first part was fetched from a server. `base` has what all calls have in common."""

    def __init__(self, base: State, part: SnapshotPart) -> None:
        # Field by field: what depends on the configuration alone is not worked out for each call.
        self.folder, self.config, self.background = base.folder, base.config, base.background
        self.keeps_text, self.numbers, self.limits, self.plan = base.keeps_text, base.numbers, base.limits, base.plan
        self.segments, self.runs, self.tail_end = [], [], -1
        self.recent, self.ledger = Recent(base.config.shingle_size, base.numbers), Ledger()
        self.held, self._sealed, self._stack = HeldTexts(), 0, None
        self.rewrites, self.drop_rewrites, self.anchors = None, False, AnchorStore()
        self.part = part
        self._texts: TextColumn | None = None
        self._sketches: Sketches | None = None
        self.ledger.enter(*part.facts)
        self.ledger.grow(len(part))

    def remember(self, texts: TextColumn, sketches: Sketches) -> None:
        """Have the sketches of some texts at hand."""
        self._texts, self._sketches = texts, sketches

    def sketch(self, texts: TextColumn, kernels: Kernels) -> Sketches:
        """See `State`."""
        if texts is self._texts and self._sketches is not None:
            return self._sketches
        return super().sketch(texts, kernels)

    @property
    def parts(self) -> list[Part]:
        """All parts."""
        return [self.part, *super().parts]

    def _find_sorted(self, tables: U8, keys: U32, kernels: Kernels) -> tuple[list[U64], I64]:
        counts = np.zeros(keys.size, dtype=np.int64)
        several = [self.part.find(tables, keys, self.limits, self.ledger.alive, counts)]
        runs = stack([run.tables for run in self.runs])
        several.append(kernels.find_members(runs, tables, keys, self.limits, self.ledger.alive, counts).entries)
        return [entries for entries in several if entries.size], counts


def insertion(
    admission: Admission,
    snapshot: Snapshot,
    entries: Entries,
    fetched: Fetched,
    lists_name: bytes,
    limits: bytes,
    mark: tuple[str, bytes] | None,
    *,
    same_id_new: bool,
) -> list[Value]:
    """What the script `insert` is given to store what was admitted, after the identity."""
    part, arrivals = snapshot.part, admission.arrivals
    base = len(part)
    rows = arrivals.rows
    count = len(arrivals)
    replaced = admission.removed[admission.removed < base]
    stored = np.ones(count, dtype=np.bool_)
    stored[admission.removed[admission.removed >= base] - base] = False
    arrived = np.flatnonzero(~admission.decisions.again)
    numbers, owners, own_entries = entries.of_documents(arrived, (rows["flags"] & POSTED) != 0)
    living = stored[owners]

    named = rows["representative"].astype(np.int64)
    of_server, of_arrival = named < base, (named >= base) & (named != NONE)
    named[of_server] = part.on_server[named[of_server]]
    named[of_arrival] -= base

    packed = np.zeros(count, dtype=STORED_ROW)
    for name in (*COMMON, "length", "level_size", "level"):
        packed[name] = rows[name]
    packed["n_entries"] = [len(each) // ENTRY_SIZE for each in own_entries]
    data = packed.view(np.uint8).reshape(count, STORED_ROW.itemsize)[:, 4:].tobytes()
    size = STORED_ROW.itemsize - 4
    ids, texts = arrivals.ids.tobytes(), arrivals.texts.tobytes()
    id_ends, text_ends = offsets_of(rows["id_size"]).tolist(), offsets_of(rows["text_size"]).tolist()
    dropped, compressor = (rows["representative"] != NONE).tolist(), Compressor()
    scores = np.ascontiguousarray(rows["scores"]).tobytes()
    documents: list[Value] = []
    for place, is_stored in enumerate(stored.tolist()):
        if not is_stored:
            documents += (b"", b"")
            continue
        documents += (
            data[size * place : size * (place + 1)]
            + ids[id_ends[place] : id_ends[place + 1]]
            + (scores[SCORES_SIZE * place : SCORES_SIZE * (place + 1)] if dropped[place] else b"")
            + own_entries[place],
            compressor.compress(texts[text_ends[place] : text_ends[place + 1]]),
        )
    return [
        fetched.changes,
        fetched.extra,
        limits,
        *entries.packed(lists_name),
        *part.expected(unchecked_ids=same_id_new),
        pack_numbers(numbers[living]),
        pack_numbers(owners[living]),
        pack_numbers(np.select([of_server, of_arrival], [1, 2], 0)),
        pack_numbers(named),
        pack_numbers(np.concatenate([named[of_server], part.on_server[replaced]])),
        part.on_server[replaced].tobytes(),
        "" if mark is None else f"m{mark[0]}",
        b"" if mark is None else mark[1],
        *documents,
    ]
