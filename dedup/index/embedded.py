"""The index on disk: one writer, any number of readers."""

import json
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Literal, Self, cast

import numpy as np

from dedup.config import Config
from dedup.deciding import DROPPED, Reason
from dedup.errors import StoreError
from dedup.index.admitting import admit_documents, preview
from dedup.index.catalogue import NAME, Catalogue
from dedup.index.checking import IndexInfo, check, look_over
from dedup.index.creating import (
    DEFAULT,
    check_background,
    check_config,
    check_text,
    first_facts,
    make_folder,
    read_facts,
    suitable,
)
from dedup.index.decisions import DecisionColumns, Explanation, make_decision
from dedup.index.exchange import AT_ONCE, check_buckets, kept_ranks, ranks_in_buckets, tokens_of
from dedup.index.explaining import explanation
from dedup.index.locking import WriterLock
from dedup.index.refitting import fit_to_index
from dedup.index.resolving import documents_with
from dedup.index.server import is_address
from dedup.index.single import Alone, admit_one
from dedup.index.state import State
from dedup.index.storage import NO_RANKS, Storage
from dedup.kernels import I64, U32, U64, WORTH, Kernels, Sketches, choose
from dedup.model import Decision, Document, DocumentId, IdColumn, TextColumn
from dedup.verifying import Background

LOCK = "writer.lock"


class Index:
    """What was seen, on disk: it tells whether a document is new, and if not, what it is a copy of.

    Made by `Index.open`, and closed by `close` or by a `with` statement. Threads may share one; processes open their
    own, one of them for writing. A decision is the one that `dedup.scan` makes of the same documents in the same order
    with the same background, however they are cut into calls.
    """

    def __init__(self, storage: Storage, mutex: threading.RLock, *, merge: str) -> None:
        self._storage = storage
        self._mutex = mutex
        self._merge = merge
        self._kernels: Kernels | None = None
        self._closed = False

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        config: Config | None = None,
        *,
        background: Background | None = None,
        text: bool | None = None,
        read_only: bool = False,
        create: bool = True,
        durability: Literal["process", "full"] = "process",
        merge: Literal["background", "now", "never"] = "background",
        timeout: float = 0.0,
    ) -> Self:
        """Open the index in a folder; make it, if `create`, where there is none.

        `config`, `background` and `text` (whether texts are kept, by default yes; without them their token hashes are)
        are fixed when an index is made; given for one that exists they must be the same. `read_only`: for queries
        alone, beside a writer. `durability`: what is acknowledged survives the death of the `process`, or with "full"
        a loss of power too; without it that may cost the last transactions, never more. `merge`: whether segments
        that have become many are joined in a thread, by the call that made the last of them, or by `compact` alone.
        `timeout`: seconds to wait for another writer.

        `path` may be the address of a Redis server, `redis://host:port/db?prefix=name`: see
        `dedup.index.shared.SharedIndex`.

        Raises ConfigError where a setting differs, LockedError where another writer is there, and StoreError where
        there is no index, or it is damaged or of another version.
        """
        if is_address(path):
            from dedup.index.shared import SharedIndex

            return cast(
                "Self",
                SharedIndex.open(
                    path, config, background=background, text=text, read_only=read_only, create=create,
                    durability=durability, merge=merge, timeout=timeout,
                ),
            )  # fmt: skip
        folder = Path(path)
        config = None if config is None else suitable(config)
        exists = (folder / NAME).exists()
        if not exists and (read_only or not create):
            raise StoreError(f"{folder}: there is no index; dedup index create makes one")
        with ExitStack() as opened:
            lock = None
            if not read_only:
                if not exists:
                    make_folder(folder)
                lock = WriterLock(folder / LOCK, timeout)
                opened.callback(lock.release)
            catalogue = Catalogue(folder, read_only=read_only)
            opened.callback(catalogue.close)
            if not read_only:
                catalogue.prepare(durability)
                if catalogue.version == 0:
                    facts = first_facts(config or DEFAULT, background or Background(), text is not False)
                    catalogue.create(dict(facts))
            stored, known, keeps_text = read_facts(catalogue, folder)
            if config is not None:
                check_config(stored, config, folder)
            if background is not None:
                check_background(known, background, folder)
            if text is not None:
                check_text(keeps_text, text, folder)
            mutex = threading.RLock()
            storage = Storage(folder, catalogue, State(folder, stored, known, keeps_text), lock, mutex)
            storage.load()
            if not read_only:
                storage.delete_orphans()
            opened.pop_all()
        return cls(storage, mutex, merge=merge)

    @staticmethod
    def exists(path: str | os.PathLike[str]) -> bool:
        """Whether there is an index in a folder, or at an address."""
        if is_address(path):
            from dedup.index.meeting import is_there

            return is_there(os.fspath(path))
        return (Path(path) / NAME).exists()

    @property
    def _state(self) -> State:
        return self._storage.state

    @property
    def config(self) -> Config:
        """The configuration."""
        return self._state.config

    @property
    def background(self) -> Background:
        """The document frequencies on which cosines rest."""
        return self._state.background

    def __len__(self) -> int:
        """How many documents are there."""
        with self._mutex:
            self._refresh()
            return self._state.ledger.living()

    # Admitting

    def admit(self, document: Document, *, admitted: datetime | None = None) -> Decision:
        """Decide on a document and put it into the index, in one step.

        The same id with the same text gives the recorded decision; with another text it takes the place of the earlier
        document. `admitted`: when it was, by default now.
        """
        token = json.dumps(document.id, ensure_ascii=False).encode("utf-8", "surrogatepass")
        text = document.text.encode("utf-8", "surrogatepass")
        with self._mutex:
            self._check_writable()
            kernels = self._choose(0)
            date = time.time() if admitted is None else admitted.timestamp()
            with self._storage.restoring():
                alone = admit_one(self._state, token, text, date, kernels, new=False)
                if alone is not None:
                    self._storage.commit(alone.arrivals, NO_RANKS, None, kernels)
                    self._merge_due(kernels)
                    return self._decision(document.id, alone, kernels)
        return self.admit_batch([document], admitted=admitted)[0]

    def admit_batch(
        self,
        documents: Iterable[Document],
        *,
        mark: tuple[str, bytes] | None = None,
        admitted: datetime | None = None,
    ) -> list[Decision]:
        """Admit documents one after the other, in one transaction: all are in the index then, or none.

        `mark`: a name and a value that are stored in the same transaction, to be read by `Index.mark`.
        """
        several = list(documents)
        texts = TextColumn.from_strings([document.text for document in several])
        ids = IdColumn.from_ids([document.id for document in several])
        return list(self.admit_columns(texts, ids, mark=mark, admitted=admitted).decisions())

    def admit_columns(
        self,
        texts: TextColumn,
        ids: IdColumn,
        *,
        mark: tuple[str, bytes | Callable[[DecisionColumns], bytes]] | None = None,
        admitted: datetime | None = None,
        same_id: Literal["recorded", "new"] = "recorded",
        keep_all: bool = False,
        sketches: Sketches | None = None,
    ) -> DecisionColumns:
        """Admit documents given as columns, as `admit_batch` does.

        `same_id`: what a document is whose id is in the index: "recorded", what `admit` says; or "new", a document like
        any other, which is compared with the earlier one and may be dropped for it. `keep_all`: every document is kept,
        as `add` does. The value of `mark` may be a function that makes it of the decisions; what that raises leaves
        the index as it was. `sketches`: what `sketch` has given for the texts.
        """
        with self._mutex:
            self._check_writable()
            kernels = self._choose(texts.n_bytes)
            date = time.time() if admitted is None else admitted.timestamp()
            with self._storage.restoring():
                admission = admit_documents(
                    self._state, texts, ids, date, kernels, same_id=same_id, keep_all=keep_all, sketches=sketches
                )
                value = None if mark is None else mark[1](admission.decisions) if callable(mark[1]) else mark[1]
                stored = None if mark is None or value is None else (mark[0], value)
                self._storage.commit(admission.arrivals, admission.removed, stored, kernels)
            self._merge_due(kernels)
            return admission.decisions

    def sketch(self, texts: TextColumn) -> Sketches:
        """The part of `admit_columns` that needs nothing of the index, so that another thread may do it ahead."""
        return self._state.sketch(texts, choose(max(texts.n_bytes, WORTH.load)))

    def mark(self, name: str) -> bytes | None:
        """The value last stored under a name with a batch, or None."""
        with self._mutex:
            self._check_open()
            return self._storage.catalogue.mark(name)

    def add(self, documents: Iterable[Document], *, admitted: datetime | None = None) -> int:
        """Put documents into the index as kept ones, whatever they are copies of; how many of them were not there.

        So later ones are compared with a corpus that is published already, say.
        """
        several = list(documents)
        texts = TextColumn.from_strings([document.text for document in several])
        ids = IdColumn.from_ids([document.id for document in several])
        columns = self.admit_columns(texts, ids, admitted=admitted, keep_all=True)
        return int(np.count_nonzero(~columns.again))

    def remove(self, document: DocumentId) -> bool:
        """Take the document with this id out; whether there was one.

        What was dropped for it stays dropped, and `explain` says that it is gone; what comes later is compared with
        what is left. Its text stays on the disk until `compact`.
        """
        with self._mutex:
            self._check_writable()
            ids = IdColumn.from_ids([document])
            ranks = self._ranks_of(ids, self._choose(0))
            self._storage.remove(ranks)
            return bool(ranks.size)

    def expire(self, before: datetime) -> int:
        """Take the documents out that were admitted before a moment; how many there were."""
        with self._mutex:
            self._check_writable()
            ranks = self._state.admitted_before(before.timestamp(), self._choose(0))
            self._storage.remove(ranks)
            return int(ranks.size)

    def refit(self) -> Background:
        """Fit the background on the documents that are there, and use it from now on.

        Decisions that were made rest on the background of their time: none is made again.
        """
        with self._mutex:
            self._check_writable()
            background = fit_to_index(self._state, self._choose(0))
            self._storage.set_background(background)
            return background

    def compact(self) -> None:
        """Make one segment of everything, and drop what was removed from the disk."""
        self._storage.wait()
        with self._mutex:
            self._check_writable()
            self._storage.compact(self._choose(0))

    def info(self) -> IndexInfo:
        """What is in the index, in numbers."""
        with self._mutex:
            self._refresh()
            return look_over(self._storage)

    def check(self) -> list[str]:
        """Read everything, and say what is damaged or contradicts itself, a line each; nothing if all is well."""
        with self._mutex:
            self._refresh()
            return check(self._storage, self._choose(0))

    # Asking

    def query(self, document: Document) -> Decision:
        """What `admit` would say, without putting the document into the index."""
        return self.query_batch([document])[0]

    def query_batch(self, documents: Iterable[Document]) -> list[Decision]:
        """What `admit` would say of each document on its own, without putting any into the index."""
        several = list(documents)
        with self._mutex:
            self._refresh()
            found: list[Decision] = []
            for document in several:
                texts = TextColumn.from_strings([document.text])
                ids = IdColumn.from_ids([document.id])
                found += preview(self._state, texts, ids, self._choose(texts.n_bytes)).decisions()
            return found

    def explain(self, document: DocumentId) -> Explanation | None:
        """What became of the document with this id and why; None where it is not in the index."""
        with self._mutex:
            self._refresh()
            kernels = self._choose(0)
            ranks = self._ranks_of(IdColumn.from_ids([document]), kernels)
            if not ranks.size:
                return None
            ledger, rank = self._state.ledger, int(ranks[-1])
            represents = int(np.count_nonzero((ledger.representatives == rank) & ledger.alive))
            return explanation(self._state, document, rank, represents, kernels)

    def _ranks_of(self, ids: IdColumn, kernels: Kernels) -> I64:
        """The ranks of the living documents with these ids."""
        hashes = kernels.digest_texts(ids.tokens.data, ids.tokens.offsets)
        return documents_with(ids, hashes, self._state, kernels)[1]

    def kept_tokens(self) -> Iterator[tuple[DocumentId, U64]]:
        """The id and the token hashes of each document that is kept now, in order, but for those removed meanwhile."""
        with self._mutex:
            self._refresh()
            ranks = kept_ranks(self._state)
        for first in range(0, ranks.size, AT_ONCE):
            with self._mutex:
                self._refresh()
                some = ranks[first : first + AT_ONCE]
                found = tokens_of(self._state, some[self._state.ledger.kept(some)], self._choose(0))
            yield from found

    def tokens_in_buckets(self, keys: U32) -> list[tuple[DocumentId, U64]]:
        """The same of the kept documents in the buckets of some keys, one a band (see `dedup.index.exchange`)."""
        with self._mutex:
            self._refresh()
            kernels = self._choose(0)
            check_buckets(self._state)
            return tokens_of(self._state, ranks_in_buckets(self._state, keys, kernels), kernels)

    # Within

    def _merge_due(self, kernels: Kernels) -> None:
        if self._merge != "never":
            self._storage.merge_due(kernels, background=self._merge == "background")

    def _decision(self, document: DocumentId, alone: Alone, kernels: Kernels) -> Decision:
        dropped = alone.representative >= 0
        if not dropped:
            size = self._state.config.shingle_size
            reason = Reason.UNIQUE if alone.length >= size else Reason.SHORT if alone.length else Reason.EMPTY
            return Decision(document, keep=True, reason=str(reason))
        (name,) = self._state.ids(np.array([alone.representative]), kernels)
        return make_decision(document, DROPPED, alone.verdict, json.loads(name), alone.scores)

    def _choose(self, n_bytes: int) -> Kernels:
        """Compiled kernels where there are any; they are compiled for large batches alone."""
        if self._kernels is None or (self._kernels.name == "numpy" and n_bytes >= WORTH.compile):
            self._kernels = choose(max(n_bytes, WORTH.load))
        return self._kernels

    def _check_open(self) -> None:
        if self._closed:
            raise StoreError(f"{self._storage.folder}: the index is closed")

    def _refresh(self) -> None:
        self._check_open()
        self._storage.refresh()

    def _check_writable(self) -> None:
        self._check_open()
        self._storage.check_writable()

    def close(self) -> None:
        """Give everything back; what was admitted is on the disk already."""
        self._storage.wait()
        with self._mutex:
            if not self._closed:
                self._closed = True
                self._storage.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
