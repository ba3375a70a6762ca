"""The index on disk: one writer, any number of readers."""

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import numpy as np

from dedup.config import Config
from dedup.deciding import decide
from dedup.errors import DedupError, StoreError
from dedup.index.admitting import Admission, admit_documents, preview
from dedup.index.catalogue import NAME, Catalogue
from dedup.index.creating import (
    DEFAULT,
    check_background,
    check_config,
    first_facts,
    make_folder,
    read_facts,
    suitable,
)
from dedup.index.decisions import DecisionColumns, Explanation, make_decision
from dedup.index.locking import WriterLock
from dedup.index.resolving import documents_with
from dedup.index.segments import write_runs
from dedup.index.state import State
from dedup.kernels import COMPILE_FROM_BYTES, LOAD_FROM_BYTES, Kernels, choose
from dedup.model import Decision, Document, DocumentId, IdColumn, TextColumn
from dedup.verifying import Background

FLUSH_DOCUMENTS = 16384
FLUSH_BYTES = 32 << 20
LOCK = "writer.lock"


class Index:
    """Everything that was seen, on disk: is this document new, and if not, what is it a copy of?

    Made by `Index.open`, and closed by `close` or by a `with` statement. Threads may share one; processes open their
    own, one of them for writing. A decision is the one that `dedup.scan` makes of the same documents in the same order
    with the same background, however they are cut into calls.
    """

    def __init__(
        self, folder: Path, catalogue: Catalogue, state: State, lock: WriterLock | None, kernels: Kernels | None = None
    ) -> None:
        self._folder = folder
        self._catalogue = catalogue
        self._state = state
        self._writer_lock = lock
        self._kernels = kernels
        self._mutex = threading.RLock()
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
        timeout: float = 0.0,
    ) -> Self:
        """Open the index in a folder; make it, if `create`, where there is none.

        `config`, `background` and `text` (whether texts are kept, by default yes; without them their token hashes are)
        are fixed when an index is made; given for one that exists they must be the same. `read_only`: for queries
        alone, beside a writer. `durability`: what is acknowledged survives the death of the `process`, or with "full"
        a loss of power too; without it that may cost the last transactions, never more. `timeout`: seconds to wait for
        another writer.

        Raises ConfigError where a setting differs, LockedError where another writer is there, and StoreError where
        there is no index, or it is damaged or of another version.
        """
        folder = Path(path)
        config = None if config is None else suitable(config)
        exists = (folder / NAME).exists()
        if not exists and (read_only or not create):
            raise StoreError(f"{folder}: there is no index; dedup index create makes one")
        lock = None
        if not read_only:
            if not exists:
                make_folder(folder)
            lock = WriterLock(folder / LOCK, timeout)
        try:
            catalogue = Catalogue(folder, read_only=read_only)
            try:
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
                state = State(folder, stored, known, keeps_text)
                index = cls(folder, catalogue, state, lock)
                index._load()
            except BaseException:
                catalogue.close()
                raise
        except BaseException:
            if lock is not None:
                lock.release()
            raise
        return index

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
    ) -> DecisionColumns:
        """Admit documents given as columns, as `admit_batch` does.

        `same_id`: what a document is whose id is in the index: "recorded", what `admit` says; or "new", a document like
        any other, which is compared with the earlier one and may be dropped for it. The value of `mark` may be a
        function that makes it of the decisions; what that raises leaves the index as it was.
        """
        with self._mutex:
            self._check_writable()
            kernels = self._choose(texts.n_bytes)
            date = time.time() if admitted is None else admitted.timestamp()
            with self._restoring():
                admission = admit_documents(self._state, texts, ids, date, kernels, same_id=same_id)
                value = None if mark is None else mark[1](admission.decisions) if callable(mark[1]) else mark[1]
                self._commit(admission, None if mark is None or value is None else (mark[0], value), kernels)
            return admission.decisions

    def mark(self, name: str) -> bytes | None:
        """The value last stored under a name with a batch, or None."""
        with self._mutex:
            self._check_open()
            return self._catalogue.mark(name)

    # Asking

    def query(self, document: Document) -> Decision:
        """What `admit` would say, without putting the document into the index."""
        return self.query_batch([document])[0]

    def query_batch(self, documents: Iterable[Document]) -> list[Decision]:
        """What `admit` would say of each document on its own, without putting any into the index."""
        several = list(documents)
        with self._mutex:
            self._refresh()
            found = []
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
            rank = self._rank_of(document, kernels)
            return None if rank is None else self._explain(document, rank, kernels)

    def _rank_of(self, document: DocumentId, kernels: Kernels) -> int | None:
        ids = IdColumn.from_ids([document])
        hashes = kernels.digest_texts(ids.tokens.data, ids.tokens.offsets)
        _, ranks, _ = documents_with(ids, hashes, self._state, kernels)
        return int(ranks[-1]) if ranks.size else None

    def _explain(self, document: DocumentId, rank: int, kernels: Kernels) -> Explanation:
        state = self._state
        ledger = state.ledger
        ranks = np.array([rank])
        row = state.rows(ranks, kernels)
        representative = int(ledger.representatives[rank])
        dropped = representative != 0xFFFFFFFF
        gone = dropped and not bool(ledger.alive[representative])
        represents = int(np.count_nonzero((ledger.representatives == rank) & ledger.alive))
        reasons = decide(
            row["length"].astype(np.int64),
            np.array([representative if dropped else -1]),
            np.array([represents > 0]),
            state.config.shingle_size,
        )
        names = None
        if dropped and not gone:
            names = IdColumn(TextColumn.from_bytes(state.ids(np.array([representative]), kernels)))
        return Explanation(
            make_decision(
                document,
                int(reasons[0]),
                int(row["verdict"][0]),
                None if names is None else names[0],
                state.scores(ranks, kernels)[0].tolist(),
            ),
            float(row["date"][0]),
            represents,
            gone,
            self._text(rank, kernels),
            None if names is None else self._text(representative, kernels),
        )

    def _text(self, rank: int, kernels: Kernels) -> str | None:
        if not self._state.keeps_text:
            return None
        (_, texts), *_ = self._state.read(np.array([rank]), kernels)
        return texts.pieces()[0].decode("utf-8", "surrogatepass")

    # Within

    def _commit(self, admission: Admission, mark: tuple[str, bytes] | None, kernels: Kernels) -> None:
        """Store what was admitted: in the tail, or, where that grows long, everything of it in a segment."""
        state, catalogue = self._state, self._catalogue
        if not len(admission.arrivals) and not admission.removed.size and mark is None:
            return
        long = sum(len(run.arrivals) for run in state.runs) >= FLUSH_DOCUMENTS
        if long or sum(run.arrivals.n_bytes for run in state.runs) >= FLUSH_BYTES:
            self._flush(admission, mark, kernels)
            return
        with catalogue.transaction():
            if len(admission.arrivals):
                catalogue.add_tail(admission.arrivals)
            if admission.removed.size:
                catalogue.add_removals(admission.removed)
            if mark is not None:
                catalogue.set_mark(*mark)
        if len(admission.arrivals):
            state.tail_end = int(admission.arrivals.rows["rank"][-1])

    def _flush(self, admission: Admission | None, mark: tuple[str, bytes] | None, kernels: Kernels) -> None:
        """Make a segment of the tail, and of what was just admitted."""
        state, catalogue = self._state, self._catalogue
        number = int(catalogue.fact("next_number") or b"1")
        stored = write_runs(self._folder, number, state.runs, state.ledger.alive, state.numbers, kernels)
        with catalogue.transaction(safe=True):
            catalogue.replace_segments([], stored)
            catalogue.clear_tail(state.ledger.count)
            catalogue.set_fact("next_number", str(number + 1).encode())
            catalogue.set_fact("next_rank", str(state.ledger.count).encode())
            if admission is not None and admission.removed.size:
                catalogue.add_removals(admission.removed)
            if mark is not None:
                catalogue.set_mark(*mark)
        state.runs = []
        state.open_segments(catalogue.segments())

    def _load(self) -> None:
        """Take everything from the disk."""
        with self._catalogue.transaction(reading=True):
            self._state.load(self._catalogue, choose(0))

    def _refresh(self) -> None:
        self._check_open()

    @contextmanager
    def _restoring(self) -> Iterator[None]:
        """Where something fails within, what is in memory is taken from the disk again."""
        try:
            yield
        except BaseException:
            self._load()
            raise

    def _choose(self, n_bytes: int) -> Kernels:
        """Compiled kernels where there are any; they are compiled for large batches alone."""
        if self._kernels is None or (self._kernels.name == "numpy" and n_bytes >= COMPILE_FROM_BYTES):
            self._kernels = choose(max(n_bytes, LOAD_FROM_BYTES))
        return self._kernels

    def _check_open(self) -> None:
        if self._closed:
            raise DedupError("the index is closed")

    def _check_writable(self) -> None:
        self._check_open()
        if self._writer_lock is None:
            raise StoreError(f"{self._folder}: was opened read-only")

    def close(self) -> None:
        """Give everything back; what was admitted is on the disk already."""
        with self._mutex:
            if self._closed:
                return
            self._closed = True
            self._catalogue.close()
            if self._writer_lock is not None:
                self._writer_lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
