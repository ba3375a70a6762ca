"""What an index is, wherever it stands."""

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import numpy as np

from dedup.config import Config
from dedup.index.catalogue import is_there
from dedup.index.checking import IndexInfo
from dedup.index.decisions import DecisionColumns, Explanation
from dedup.index.opening import Opening
from dedup.index.prepared import Prepared
from dedup.index.server import is_address
from dedup.kernels import U32, U64, WORTH, Kernels, choose
from dedup.model import Decision, Document, DocumentId, IdColumn, TextColumn, id_token
from dedup.scanning.rewrite_terms import RewriteBackground
from dedup.verifying import Background


class Index(ABC):
    """What was seen: it tells whether a document is new, and if not, what it is a copy of.

    Made by `Index.open`, and closed by `close` or by a `with` statement. It stands in a folder, or on a Redis server.
    Threads may share one; processes open their own, in a folder one of them for writing. A decision is the one that
    `dedup.scan` makes of the same documents in the same order with the same background, however they are cut into
    calls.
    """

    def __init__(self) -> None:
        self._kernels: Kernels | None = None

    @staticmethod
    def open(
        path: str | os.PathLike[str],
        config: Config | None = None,
        *,
        background: Background | None = None,
        rewrites: RewriteBackground | None = None,
        text: bool | None = None,
        paragraphs: bool | None = None,
        read_only: bool = False,
        create: bool = True,
        durability: Literal["process", "full"] = "process",
        merge: Literal["background", "now", "never"] = "background",
        timeout: float = 0.0,
        drop_rewrites: bool = False,
    ) -> "Index":
        """Open the index in a folder; make it, if `create`, where there is none.

        `config`, `background`, `text` (whether texts are kept, by default yes; without them their token hashes are) and
        `paragraphs` (whether each decision tells the paragraphs that were seen before, by default no) are fixed when an
        index is made; given for one that exists they must be the same. So is `rewrites`, what rewrites are found and
        confirmed by (see `dedup.scanning.rewrite_background`), by default a background of English news and reviews; an
        index looks for them where the relations of `config` name `rewrite`. A document that rewords an earlier one is
        kept and its decision says so, or, with `drop_rewrites`, it is dropped. `read_only`: for queries
        alone, beside a writer. `durability`: what is acknowledged survives the death of the `process`, or with "full"
        a loss of power too; without it that may cost the last transactions, never more. `merge`: whether segments
        that have become many are joined in a thread, by the call that made the last of them, or by `compact` alone.
        `timeout`: seconds to wait for another writer, or, again and again, for a server that cannot be reached.

        `path` may be the address of a Redis server, `redis://host:port/db?prefix=name`: there is nothing to merge then
        and no writer to wait for, and `durability` is the server's to give. See `dedup.index.shared`.

        Raises ConfigError where a setting differs, LockedError where another writer is there, and StoreError where
        there is no index, or it is damaged or of another version.
        """
        opening = Opening(
            config, background, text, paragraphs, read_only, create, durability, merge, timeout, rewrites, drop_rewrites
        )
        if is_address(path):
            from dedup.index.shared import open_address

            return open_address(os.fspath(path), opening)
        from dedup.index.embedded import open_folder

        return open_folder(Path(path), opening)

    @staticmethod
    def exists(path: str | os.PathLike[str], *, timeout: float = 0.0) -> bool:
        """Whether there is an index in a folder, or at an address, whose server may take `timeout` to be reached."""
        if is_address(path):
            from dedup.index.meeting import is_at

            return is_at(os.fspath(path), timeout)
        return is_there(Path(path))

    @property
    @abstractmethod
    def config(self) -> Config:
        """The configuration."""

    @property
    @abstractmethod
    def background(self) -> Background:
        """The document frequencies on which cosines rest."""

    @property
    def knows_paragraphs(self) -> bool:
        """Whether decisions tell the paragraphs that were seen before."""
        return False

    @abstractmethod
    def __len__(self) -> int:
        """How many documents are there."""

    # Admitting

    def admit(self, document: Document, *, admitted: datetime | None = None) -> Decision:
        """Decide on a document and put it into the index, in one step.

        The same id with the same text gives the recorded decision; with another text it takes the place of the earlier
        document. `admitted`: when it was, by default now; in UTC where it has no zone.
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
        texts, ids = columns_of(documents)
        return list(self.admit_columns(texts, ids, mark=mark, admitted=admitted).decisions())

    @abstractmethod
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
        """Admit documents given as columns, as `admit_batch` does.

        `same_id`: what a document is whose id is in the index: "recorded", what `admit` says; or "new", a document like
        any other, which is compared with the earlier one and may be dropped for it. `keep_all`: every document is kept,
        as `add` does. The value of `mark` may be a function that makes it of the decisions; what that raises leaves
        the index as it was. `prepared`: what `prepare` has given for the texts.
        """

    def begin_columns(
        self,
        texts: TextColumn,
        ids: IdColumn,
        *,
        mark: tuple[str, Callable[[DecisionColumns], bytes]],
        prepared: Prepared | None = None,
    ) -> Callable[[], DecisionColumns]:
        """Begin to admit documents given as columns, with `same_id="new"`: the rest of it, to be called.

        Another thread may call it, while this one begins with the next documents; what is begun is to be finished in
        the same order, or not at all, and until then nothing else is to be written to the index. Nothing is in the
        index, for others or for good, before it is finished, and the value of `mark` is asked for then. Where finishing
        fails, what was begun after it is gone too.
        """
        return lambda: self.admit_columns(texts, ids, mark=mark, same_id="new", prepared=prepared)

    @abstractmethod
    def prepare(self, texts: TextColumn) -> Prepared:
        """The part of `admit_columns` that needs nothing of the index, so that another thread may do it ahead."""

    @abstractmethod
    def mark(self, name: str) -> bytes | None:
        """The value last stored under a name with a batch, or None."""

    def add(self, documents: Iterable[Document], *, admitted: datetime | None = None) -> int:
        """Put documents into the index as kept ones, whatever they are copies of; how many of them were not there.

        So later ones are compared with a corpus that is published already, say.
        """
        texts, ids = columns_of(documents)
        columns = self.admit_columns(texts, ids, admitted=admitted, keep_all=True)
        return int(np.count_nonzero(~columns.again))

    @abstractmethod
    def remove(self, document: DocumentId) -> bool:
        """Take the document with this id out; whether there was one.

        What was dropped for it stays dropped, and `explain` says that it is gone; what comes later is compared with
        what is left. In a folder its text stays on the disk until `compact`; on a server it is gone at once.
        """

    @abstractmethod
    def expire(self, before: datetime) -> int:
        """Take the documents out that were admitted before a moment; how many there were.

        A moment without a zone is one of UTC. On a server this goes document by document, while others go on.
        """

    @abstractmethod
    def refit(self) -> Background:
        """Fit the background on the documents that are there, and use it from now on.

        Decisions that were made rest on the background of their time: none is made again. Raises StoreError for a
        shared index, on whose background other clients rest.
        """

    @abstractmethod
    def compact(self) -> None:
        """Make one segment of everything, and drop what was removed from the disk."""

    @abstractmethod
    def info(self) -> IndexInfo:
        """What is in the index, in numbers."""

    @abstractmethod
    def check(self) -> list[str]:
        """Read everything, and say what is damaged or contradicts itself, a line each; nothing if all is well.

        Raises StoreError for an index on a server, which has no files that could be damaged.
        """

    # Asking

    def query(self, document: Document) -> Decision:
        """What `admit` would say, without putting the document into the index."""
        return self.query_batch([document])[0]

    @abstractmethod
    def query_batch(self, documents: Iterable[Document]) -> list[Decision]:
        """What `admit` would say of each document on its own, without putting any into the index."""

    @abstractmethod
    def explain(self, document: DocumentId) -> Explanation | None:
        """What became of the document with this id and why; None where it is not in the index."""

    @abstractmethod
    def kept_tokens(self) -> Iterator[tuple[DocumentId, U64]]:
        """The id and the token hashes of each document that is kept now, in order, but for those removed meanwhile."""

    @abstractmethod
    def tokens_in_buckets(self, keys: U32) -> list[tuple[DocumentId, U64]]:
        """The same of the kept documents in the buckets of some keys, one a band (see `dedup.index.exchange`)."""

    # Within

    def _choose(self, n_bytes: int) -> Kernels:
        """Compiled kernels where there are any; they are compiled for large batches alone."""
        if self._kernels is None or (self._kernels.name == "numpy" and n_bytes >= WORTH.compile):
            self._kernels = choose(max(n_bytes, WORTH.load))
        return self._kernels

    @abstractmethod
    def close(self) -> None:
        """Give everything back; what was admitted is there already."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def columns_of(documents: Iterable[Document]) -> tuple[TextColumn, IdColumn]:
    """The texts and the ids of documents. Raises TypeError where one is none, as `encoded_document` does."""
    several = [encoded_document(document) for document in documents]
    ids, texts = (TextColumn.from_bytes([each[part] for each in several]) for part in (0, 1))
    return texts, IdColumn(ids)


def encoded_document(document: Document) -> tuple[bytes, bytes]:
    """The JSON token of the id of a document, and its text in UTF-8. Raises TypeError where it has not both."""
    if not isinstance(document, Document):
        raise TypeError(f"a document is a dedup.Document, not a {type(document).__name__}")
    if not isinstance(document.text, str):
        raise TypeError(f"document {document.id!r}: its text is a string, not a {type(document.text).__name__}")
    return id_token(document.id), document.text.encode("utf-8", "surrogatepass")
