"""The index on disk: one writer, any number of readers."""

import json
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Literal

import numpy as np

from dedup.config import Config
from dedup.deciding import DROPPED, REASONS, Reason
from dedup.errors import StoreError
from dedup.index.acknowledged import acknowledged
from dedup.index.admitting import Admission, admit_documents, preview
from dedup.index.catalogue import FORMAT_VERSION, Catalogue, is_there
from dedup.index.checking import IndexInfo, check, look_over
from dedup.index.creating import (
    Facts,
    check_empty,
    check_facts,
    first_facts,
    make_folder,
    read_facts,
    without_rewrites,
)
from dedup.index.decisions import DecisionColumns, Explanation, make_decision
from dedup.index.exchange import AT_ONCE, check_buckets, kept_ranks, ranks_in_buckets, tokens_of
from dedup.index.explaining import explanation
from dedup.index.front import Index, columns_of, encoded_document
from dedup.index.locking import WriterLock
from dedup.index.moments import seconds_of
from dedup.index.opening import Opening
from dedup.index.prepared import Prepared
from dedup.index.refitting import fit_to_index
from dedup.index.resolving import documents_with
from dedup.index.single import Alone, admit_one
from dedup.index.state import State
from dedup.index.storage import NO_MARKS, NO_RANKS, Storage
from dedup.kernels import I64, U32, U64, WORTH, Kernels, choose
from dedup.model import Decision, Document, DocumentId, IdColumn, TextColumn
from dedup.verifying import Background

LOCK = "writer.lock"


class EmbeddedIndex(Index):
    """What was seen, in a folder: see `dedup.Index`."""

    def __init__(self, storage: Storage, mutex: threading.RLock, *, merge: str) -> None:
        super().__init__()
        self._storage = storage
        self._mutex = mutex
        self._merge = merge
        self._closed = False
        self._process = os.getpid()

    @property
    def _storages(self) -> tuple[Storage, ...]:
        """All that it has on the disk."""
        return (self._storage,)

    @property
    def _state(self) -> State:
        return self._storage.state

    @property
    def config(self) -> Config:
        """See `Index.config`."""
        return self._state.config

    @property
    def background(self) -> Background:
        """See `Index.background`."""
        return self._state.background

    def __len__(self) -> int:
        """How many documents are there."""
        with self._mutex:
            self._refresh()
            return self._state.ledger.living()

    # Admitting

    def admit(self, document: Document, *, admitted: datetime | None = None) -> Decision:
        """See `Index.admit`."""
        token, text = encoded_document(document)
        with self._mutex:
            self._check_writable()
            kernels = self._choose(0)
            date = time.time() if admitted is None else seconds_of(admitted)
            with self._storage.restoring():
                alone = admit_one(self._state, token, text, date, kernels)
                if alone is not None:
                    self._storage.commit(alone.arrivals, NO_RANKS, NO_MARKS, kernels)
                    self._merge_due(kernels)
                    return self._decision(document.id, alone, kernels)
        return self.admit_batch([document], admitted=admitted)[0]

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
            return self._begin(texts, ids, mark, admitted, same_id, keep_all, prepared)()

    def begin_columns(
        self,
        texts: TextColumn,
        ids: IdColumn,
        *,
        mark: tuple[str, Callable[[DecisionColumns], bytes]],
        prepared: Prepared | None = None,
    ) -> Callable[[], DecisionColumns]:
        """See `Index.begin_columns`."""
        with self._mutex:
            return self._begin(texts, ids, mark, None, "new", False, prepared)

    def _begin(
        self,
        texts: TextColumn,
        ids: IdColumn,
        mark: tuple[str, bytes | Callable[[DecisionColumns], bytes]] | None,
        admitted: datetime | None,
        same_id: Literal["recorded", "new"],
        keep_all: bool,
        prepared: Prepared | None,
    ) -> Callable[[], DecisionColumns]:
        """Decide on documents: what stores them, which can be done while others are decided on."""
        self._check_writable()
        kernels = self._choose(texts.n_bytes)
        date = time.time() if admitted is None else seconds_of(admitted)
        with self._storage.restoring():
            admission = admit_documents(
                self._state, texts, ids, date, kernels, same_id=same_id, keep_all=keep_all, prepared=prepared
            )
            decisions = self._complete(admission, texts, date, kernels)
            plan = self._storage.plan(admission.arrivals, admission.removed)

        def finish() -> DecisionColumns:
            with self._storage.restoring():
                value = None if mark is None else mark[1](decisions) if callable(mark[1]) else mark[1]
                marks = NO_MARKS if mark is None or value is None else {mark[0]: value}
                self._storage.store(plan, marks, kernels)
            with self._mutex:
                self._stored(kernels)
                self._merge_due(kernels)
            return decisions

        return finish

    def _complete(self, admission: Admission, texts: TextColumn, date: float, kernels: Kernels) -> DecisionColumns:
        """The decisions on documents that are about to be stored."""
        return admission.decisions

    def _stored(self, kernels: Kernels) -> None:
        """What is to be done when they are."""

    def prepare(self, texts: TextColumn) -> Prepared:
        """See `Index.prepare`."""
        return self._state.prepare(texts, choose(max(texts.n_bytes, WORTH.load)))

    def mark(self, name: str) -> bytes | None:
        """See `Index.mark`."""
        with self._mutex:
            self._check_open()
            return self._storage.catalogue.mark(name)

    def remove(self, document: DocumentId) -> bool:
        """See `Index.remove`."""
        with self._mutex:
            self._check_writable()
            ids = IdColumn.from_ids([document])
            ranks = self._ranks_of(ids, self._choose(0))
            self._storage.remove(ranks)
            return bool(ranks.size)

    def expire(self, before: datetime) -> int:
        """See `Index.expire`."""
        with self._mutex:
            self._check_writable()
            ranks = self._state.admitted_before(seconds_of(before), self._choose(0))
            self._storage.remove(ranks)
            return int(ranks.size)

    def refit(self) -> Background:
        """See `Index.refit`."""
        with self._mutex:
            self._check_writable()
            background = fit_to_index(self._state, self._choose(0))
            self._storage.set_background(background)
            return background

    def compact(self) -> None:
        """See `Index.compact`."""
        with self._unmerged():
            self._check_writable()
            for storage in self._storages:
                storage.compact(self._choose(0))

    def info(self) -> IndexInfo:
        """See `Index.info`."""
        with self._mutex:
            self._refresh()
            return look_over(self._storage)

    def check(self) -> list[str]:
        """See `Index.check`."""
        with self._mutex:
            self._refresh()
            return [problem for storage in self._storages for problem in check(storage, self._choose(0))]

    # Asking

    def query_batch(self, documents: Iterable[Document]) -> list[Decision]:
        """See `Index.query_batch`."""
        several = list(documents)
        with self._mutex:
            self._refresh()
            found: list[Decision] = []
            for document in several:
                texts, ids = columns_of([document])
                found += preview(self._state, texts, ids, self._choose(texts.n_bytes)).decisions()
            return found

    def explain(self, document: DocumentId) -> Explanation | None:
        """See `Index.explain`."""
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
        """See `Index.kept_tokens`."""
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
        """See `Index.tokens_in_buckets`."""
        with self._mutex:
            self._refresh()
            kernels = self._choose(0)
            check_buckets(self._state)
            return tokens_of(self._state, ranks_in_buckets(self._state, keys, kernels), kernels)

    # Within

    def _merge_due(self, kernels: Kernels) -> None:
        if self._merge != "never":
            self._storage.merge_due(kernels, background=self._merge == "background")

    @contextmanager
    def _unmerged(self) -> Iterator[None]:
        """Hold the mutex while no thread merges: two that join the same segments would have their documents twice."""
        while True:
            for storage in self._storages:
                storage.wait()
            with self._mutex:
                # Between waiting and holding, a document of another thread may have begun one.
                if any(storage.is_merging for storage in self._storages):
                    continue
                yield
                return

    def _decision(self, document: DocumentId, alone: Alone, kernels: Kernels) -> Decision:
        if alone.representative < 0:
            size = self._state.config.shingle_size
            reason = Reason.UNIQUE if alone.length >= size else Reason.SHORT if alone.length else Reason.EMPTY
            return Decision(document, keep=True, reason=str(reason))
        name = self._state.id(alone.representative, kernels)
        code = DROPPED if alone.dropped else REASONS.index(Reason.UNIQUE)
        return make_decision(
            document, code, alone.verdict, json.loads(name), alone.scores, probability=alone.probability
        )

    def _check_open(self) -> None:
        if self._closed:
            raise StoreError(f"{self._storage.folder}: the index is closed")
        if os.getpid() != self._process:
            raise StoreError(
                f"{self._storage.folder}: was opened by the process that this one was forked from; open it here anew"
            )

    def _refresh(self) -> None:
        self._check_open()
        for storage in self._storages:
            storage.refresh()

    def _check_writable(self) -> None:
        self._check_open()
        self._storage.check_writable()

    def close(self) -> None:
        """See `Index.close`."""
        if os.getpid() != self._process:
            # What was forked has a copy of the connection, which is not to be closed here, and of no thread.
            return
        with self._unmerged():
            if not self._closed:
                self._closed = True
                for storage in self._storages:
                    storage.close()


def open_folder(folder: Path, opening: Opening) -> EmbeddedIndex:
    """Open the index in a folder: see `Index.open`."""
    with ExitStack() as opened:
        mutex = threading.RLock()
        storage, facts = open_storage(folder, opening, mutex)
        opened.callback(storage.close)
        if not facts.paragraphs:
            opened.pop_all()
            return EmbeddedIndex(storage, mutex, merge=opening.merge)
        from dedup.index.paragraphs import FOLDER, Paragraphs
        from dedup.index.passages import PassageIndex

        # Of an index that is read there is nothing to be made, and the writer brings both in step.
        of_paragraphs = replace(
            opening, config=without_rewrites(facts.config), background=None, text=True, paragraphs=False,
            create=storage.writable, rewrites=None, drop_rewrites=False,
        )  # fmt: skip
        inner, _ = open_storage(folder / FOLDER, of_paragraphs, mutex)
        opened.callback(inner.close)
        index = PassageIndex(storage, mutex, Paragraphs(inner), merge=opening.merge)
        opened.pop_all()
        return index


def open_storage(folder: Path, opening: Opening, mutex: threading.RLock) -> tuple[Storage, Facts]:
    """What there is in a folder, made if need be, and what it was made with."""
    exists = is_there(folder)
    if not exists and (opening.read_only or not opening.create):
        raise StoreError(f"{folder}: there is no index; dedup index create makes one")
    with ExitStack() as opened:
        lock = None
        if not opening.read_only:
            facts_of_new = None if exists else first_facts(opening)
            if not exists:
                make_folder(folder)
            lock = WriterLock(folder / LOCK, opening.timeout)
            opened.callback(lock.release)
        # Before the catalogue: what a writer commits meanwhile is in that, and not in what was put down before.
        before = acknowledged(folder)
        catalogue = Catalogue(folder, read_only=opening.read_only)
        opened.callback(catalogue.close)
        if not opening.read_only:
            catalogue.prepare(opening.durability)
            if catalogue.version == 0:
                check_empty(folder)
                catalogue.create(dict(facts_of_new or first_facts(opening)))
        facts = read_facts(catalogue, folder, FORMAT_VERSION)
        check_facts(facts, opening, folder)
        state = State(
            folder, facts.config, facts.background, facts.text, facts.rewrites, drop_rewrites=opening.drop_rewrites
        )
        storage = Storage(folder, catalogue, state, lock, mutex)
        storage.load()
        storage.compare(before)
        if not opening.read_only:
            storage.delete_orphans()
        opened.pop_all()
    return storage, facts
