"""The index on a Redis server: any number of clients, all of which may write."""

import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from random import uniform
from typing import Literal, TypeVar

import numpy as np

from dedup.config import Config
from dedup.errors import ConfigError, StoreError
from dedup.index.admitting import admit_documents, preview
from dedup.index.arrivals import NONE
from dedup.index.checking import IndexInfo
from dedup.index.decisions import DecisionColumns, Explanation, join_decisions
from dedup.index.entries import Entries, entries_of_batch, entries_of_buckets, entries_of_ids
from dedup.index.exchange import AT_ONCE, check_buckets, kept_ranks, ranks_in_buckets, tokens_of
from dedup.index.explaining import explanation
from dedup.index.front import Index, columns_of
from dedup.index.meeting import FORMAT_VERSION, meet
from dedup.index.messages import pack_numbers
from dedup.index.moments import seconds_of
from dedup.index.opening import Opening
from dedup.index.prepared import Prepared
from dedup.index.resolving import documents_with
from dedup.index.server import BYTES_AT_ONCE, DOCUMENTS_AT_ONCE, Fetched, Server, parse_address
from dedup.index.snapshot import ChangedError, Snapshot, SnapshotPart, as_fetched, insertion, making_sense
from dedup.index.state import State
from dedup.kernels import I64, U32, U64, WORTH, Kernels, choose
from dedup.model import Decision, Document, DocumentId, IdColumn, TextColumn
from dedup.verifying import Background

_PATIENCE = 4
"""Times that documents are tried together before they are tried in halves."""
_MOST_TRIES = 200
_LONGEST_PAUSE = 0.05
_RANKS_AT_ONCE = 4096
_EXPIRED_AT_ONCE = 256

_T = TypeVar("_T")


class SharedIndex(Index):
    """What was seen, on a Redis server: as `Index`, but that many processes on many machines write at once.

    Made by `Index.open("redis://host:port/db?prefix=name")`. Documents are in the order in which they are inserted; a
    decision rests on all that were before, and two clients that bring the same document at once keep it once. A batch
    goes in whole, or, where it has more than `DOCUMENTS_AT_ONCE` documents and no mark, in several parts, each whole.
    What is acknowledged is as safe as the server keeps it: its own settings decide that.
    """

    def __init__(self, server: Server, base: State, *, read_only: bool) -> None:
        super().__init__()
        self._server = server
        self._base = base
        self._read_only = read_only
        self._limits = pack_numbers(np.minimum(base.limits, NONE))
        self._mutex = threading.RLock()
        self._closed = False

    @property
    def config(self) -> Config:
        """See `Index.config`."""
        return self._base.config

    @property
    def background(self) -> Background:
        """See `Index.background`."""
        return self._base.background

    def __len__(self) -> int:
        """How many documents are there."""
        self._check_there()
        return self._server.count()

    # Admitting

    def admit_columns(
        self,
        texts: TextColumn,
        ids: IdColumn,
        *,
        mark: tuple[str, bytes | Callable[[DecisionColumns], bytes]] | None = None,
        admitted: datetime | None = None,
        same_id: Literal["recorded", "new"] = "recorded",
        keep_all: bool = False,
        prepared: Prepared | None = None,
    ) -> DecisionColumns:
        """See `Index.admit_columns`."""
        with self._mutex:
            self._check_writable()
            kernels = self._choose(texts.n_bytes)
            date = time.time() if admitted is None else seconds_of(admitted)
            how = _How(date, mark, same_id, keep_all)
            several: list[DecisionColumns] = []
            parts = list(_cuts(texts, whole=mark is not None))
            for part in parts:
                ready = prepared if len(parts) == 1 else None
                several += self._admit(_slice(texts, part), _slice_ids(ids, part), how, kernels, ready)
            return join_decisions(several)

    def prepare(self, texts: TextColumn) -> Prepared:
        """See `Index.prepare`."""
        return self._base.prepare(texts, choose(max(texts.n_bytes, WORTH.load)))

    def _admit(
        self, texts: TextColumn, ids: IdColumn, how: "_How", kernels: Kernels, ready: Prepared | None = None
    ) -> list[DecisionColumns]:
        """Admit documents at once, or in halves where others come in between too often."""
        prepared = self._base.prepare(texts, kernels) if ready is None else ready
        id_hashes = kernels.digest_texts(ids.tokens.data, ids.tokens.offsets)
        entries = entries_of_batch(prepared.sketches, id_hashes, self.config.shingle_size, self._base.numbers)
        for attempt in range(_MOST_TRIES):
            if attempt == _PATIENCE and len(texts) > 1 and how.mark is None:
                middle = len(texts) // 2
                return [
                    each
                    for part in (slice(0, middle), slice(middle, len(texts)))
                    for each in self._admit(_slice(texts, part), _slice_ids(ids, part), how, kernels)
                ]
            try:
                snapshot, fetched = self._fetch(entries, ids=how.same_id == "recorded")
                admission = admit_documents(
                    snapshot, texts, ids, how.date, kernels,
                    same_id=how.same_id, keep_all=how.keep_all, prepared=prepared,
                )  # fmt: skip
                if not len(admission.arrivals) and how.mark is None:
                    return [admission.decisions]
                arguments = insertion(
                    admission, snapshot, entries, fetched, self._server.lists_name, self._limits,
                    how.mark_of(admission.decisions),
                    same_id_new=how.same_id == "new",
                )  # fmt: skip
                if self._server.insert(arguments, repeatable=how.same_id == "recorded") < 0:
                    raise ChangedError
                return [admission.decisions]
            except ChangedError:
                time.sleep(uniform(0.0, min(0.0005 * 2**attempt, _LONGEST_PAUSE)))  # noqa: S311 - no secret
        raise StoreError(f"{self._server.shown}: other clients write to the same lists all the time; try again later")

    def _fetch(self, entries: Entries, *, ids: bool = True) -> tuple[Snapshot, Fetched]:
        """What the server has of some entries."""
        name, last = self._server.lists_name, None if ids else entries.first_id
        of_ids = entries.packed(name, entries.first_id, last)
        fetched = self._server.fetch(self._limits, of_ids, entries.packed(name, 0, entries.first_id))
        n_ids = entries.distinct.size - entries.first_id if ids else 0
        with making_sense():
            part = SnapshotPart(fetched, entries, n_ids, self._server.texts)
        return Snapshot(self._base, part), fetched

    def mark(self, name: str) -> bytes | None:
        """See `Index.mark`."""
        self._check_there()
        return self._server.mark(name)

    def remove(self, document: DocumentId) -> bool:
        """See `Index.remove`."""
        with self._mutex:
            self._check_writable()
            while True:
                snapshot, ranks = self._documents([document], self._choose(0))
                if not ranks.size:
                    return False
                on_server = snapshot.part.on_server[ranks]
                if self._server.remove(on_server.tobytes()) == ranks.size:
                    return True

    def expire(self, before: datetime) -> int:
        """See `Index.expire`."""
        with self._mutex:
            self._check_writable()
            moment = struct.pack("<d", seconds_of(before))
            end = self._server.next_rank()
            rank, total = -1, 0
            while rank < end:
                rank, count = self._server.expire([moment, rank, end, _RANKS_AT_ONCE, _EXPIRED_AT_ONCE])
                total += count
            return total

    def compact(self) -> None:
        """Nothing: what is removed leaves nothing behind."""
        self._check_writable()

    def refit(self) -> Background:
        """Raises StoreError: other clients rest on the background that is there."""
        self._check_writable()
        raise StoreError(
            f"{self._server.shown}: a shared index keeps its background; make another index with another one"
        )

    def info(self) -> IndexInfo:
        """See `Index.info`. `bytes` is the memory that the server uses, for all that it holds; there are no files."""
        self._check_there()
        documents, dropped = self._server.count(), self._server.count_dropped()
        return IndexInfo(
            documents=documents,
            kept=documents - dropped,
            dropped=dropped,
            removed=0,
            tail=0,
            segments=0,
            bytes=self._server.memory(),
            posting_bytes=0,
            text_bytes=0,
            keeps_text=self._base.keeps_text,
            format=FORMAT_VERSION,
            config=self.config.fingerprint,
            background=self.background.fingerprint,
            background_documents=self.background.documents,
            marks=tuple(self._server.marks()),
        )

    def check(self) -> list[str]:
        """Raises StoreError: there are no files that could be damaged."""
        raise StoreError(f"{self._server.shown}: a shared index lies in the server's memory; there is nothing to check")

    # Asking

    def query_batch(self, documents: Iterable[Document]) -> list[Decision]:
        """See `Index.query_batch`."""
        texts, ids = columns_of(documents)
        with self._mutex:
            self._check_open()
            found: list[Decision] = []
            kernels = self._choose(texts.n_bytes)
            for part in _cuts(texts, whole=False):
                found += self._preview(_slice(texts, part), _slice_ids(ids, part), kernels)
            return found

    def _preview(self, texts: TextColumn, ids: IdColumn, kernels: Kernels) -> list[Decision]:
        sketches = self._base.sketch(texts, kernels)
        id_hashes = kernels.digest_texts(ids.tokens.data, ids.tokens.offsets)
        entries = entries_of_batch(sketches, id_hashes, self.config.shingle_size, self._base.numbers)

        def look_up() -> list[Decision]:
            snapshot, _ = self._fetch(entries)
            if len(texts) == 1:
                snapshot.remember(texts, sketches)
            found: list[Decision] = []
            for place in range(len(texts)):
                one = slice(place, place + 1)
                found += preview(snapshot, _slice(texts, one), _slice_ids(ids, one), kernels).decisions()
            return found

        return self._retried(look_up)

    def explain(self, document: DocumentId) -> Explanation | None:
        """See `Index.explain`."""
        with self._mutex:
            self._check_open()
            kernels = self._choose(0)

            def look_up() -> Explanation | None:
                snapshot, ranks = self._documents([document], kernels)
                if not ranks.size:
                    return None
                rank = int(ranks[-1])
                represents = self._server.represented(snapshot.part.on_server[rank].tobytes())
                return explanation(snapshot, document, rank, represents, kernels)

            return self._retried(look_up)

    def _retried(self, look_up: Callable[[], _T]) -> _T:
        """What is asked for in several steps, between which nothing that matters was removed."""
        for _ in range(_MOST_TRIES):
            with suppress(ChangedError):
                return look_up()
        raise StoreError(f"{self._server.shown}: documents are removed all the time; try again later")

    def kept_tokens(self) -> Iterator[tuple[DocumentId, U64]]:
        """See `Index.kept_tokens`."""
        self._check_there()
        end = self._server.next_rank()
        for first in range(0, end, AT_ONCE):
            ranks = np.arange(first, min(first + AT_ONCE, end), dtype="<u4")
            yield from self._retried(partial(self._tokens_of_kept, ranks))

    def _tokens_of_kept(self, ranks: U32) -> list[tuple[DocumentId, U64]]:
        """Ids and token hashes of the kept ones of some documents of the server."""
        with self._mutex:
            kernels = self._choose(0)
            rows = self._server.rows([rank.tobytes() for rank in ranks])
            entries = entries_of_ids(np.zeros(0, dtype=np.uint64), self._base.numbers)
            with making_sense():
                part = SnapshotPart(as_fetched(ranks, rows), entries, 0, self._server.texts)
                snapshot = Snapshot(self._base, part)
                return tokens_of(snapshot, kept_ranks(snapshot), kernels)

    def tokens_in_buckets(self, keys: U32) -> list[tuple[DocumentId, U64]]:
        """See `Index.tokens_in_buckets`."""
        with self._mutex:
            self._check_open()
            check_buckets(self._base)
            kernels = self._choose(0)
            entries = entries_of_buckets(keys, self._base.numbers)

            def look_up() -> list[tuple[DocumentId, U64]]:
                snapshot, _ = self._fetch(entries)
                return tokens_of(snapshot, ranks_in_buckets(snapshot, keys, kernels), kernels)

            return self._retried(look_up)

    def _documents(self, documents: Sequence[DocumentId], kernels: Kernels) -> tuple[Snapshot, I64]:
        """A snapshot of the documents with some ids, and their ranks in it."""
        ids = IdColumn.from_ids(documents)
        hashes = kernels.digest_texts(ids.tokens.data, ids.tokens.offsets)
        snapshot, _ = self._fetch(entries_of_ids(hashes, self._base.numbers))
        return snapshot, documents_with(ids, hashes, snapshot, kernels)[1]

    # Within

    def _check_open(self) -> None:
        if self._closed:
            raise StoreError(f"{self._server.shown}: the index is closed")

    def _check_there(self) -> None:
        self._check_open()
        self._server.check_there()

    def _check_writable(self) -> None:
        self._check_open()
        if self._read_only:
            raise StoreError(f"{self._server.shown}: was opened read-only")

    def close(self) -> None:
        """See `Index.close`."""
        with self._mutex:
            if not self._closed:
                self._closed = True
                self._server.close()


def open_address(address: str, opening: Opening) -> SharedIndex:
    """Open the index on a server: see `Index.open`.

    Raises ConfigError for the durability "full", which is the server's to give.
    """
    parsed = parse_address(address)
    if opening.durability == "full":
        raise ConfigError(f"{parsed.shown}: what survives a loss of power is for the server to say (appendfsync)")
    server = Server(parsed, opening.timeout)
    try:
        base = meet(server, opening)
    except BaseException:
        server.close()
        raise
    return SharedIndex(server, base, read_only=opening.read_only)


@dataclass(frozen=True, slots=True)
class _How:
    """How documents are admitted: what `Index.admit_columns` is told."""

    date: float
    mark: tuple[str, bytes | Callable[[DecisionColumns], bytes]] | None
    same_id: Literal["recorded", "new"]
    keep_all: bool

    def mark_of(self, decisions: DecisionColumns) -> tuple[str, bytes] | None:
        """The mark of documents so decided on."""
        if self.mark is None:
            return None
        name, value = self.mark
        return name, value(decisions) if callable(value) else value


def _cuts(texts: TextColumn, *, whole: bool) -> Iterator[slice]:
    """The parts in which documents are admitted."""
    count = len(texts)
    if not count and whole:
        yield slice(0, 0)
    begin = 0
    while begin < count:
        end = count
        if not whole:
            end = int(np.searchsorted(texts.offsets, texts.offsets[begin] + BYTES_AT_ONCE, side="right")) - 1
            end = min(max(end, begin + 1), begin + DOCUMENTS_AT_ONCE, count)
        yield slice(begin, end)
        begin = end


def _slice(texts: TextColumn, part: slice) -> TextColumn:
    if part.start == 0 and part.stop == len(texts):
        return texts
    low, high = int(texts.offsets[part.start]), int(texts.offsets[part.stop])
    return TextColumn(texts.data[low:high], texts.offsets[part.start : part.stop + 1] - low)


def _slice_ids(ids: IdColumn, part: slice) -> IdColumn:
    return IdColumn(_slice(ids.tokens, part))
