"""An index in a folder that knows the paragraphs of its documents too."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from operator import itemgetter
from typing import Literal

import numpy as np

from dedup.deciding import DROPPED
from dedup.index.admitting import Admission
from dedup.index.checking import IndexInfo, look_over
from dedup.index.decisions import DecisionColumns
from dedup.index.embedded import EmbeddedIndex
from dedup.index.front import Index, columns_of
from dedup.index.paragraphs import Paragraphs, joined, named
from dedup.index.prepared import Prepared
from dedup.index.resolving import find_ids
from dedup.index.storage import Storage
from dedup.kernels import Kernels
from dedup.model import Decision, Document, DocumentId, IdColumn, Relation, TextColumn
from dedup.verifying import Background, Verdict


class PassageIndex(EmbeddedIndex):
    """What was seen, with its paragraphs: see `dedup.Index`.

    Documents are decided on as wholes. Each decision has besides, as `passages`, the paragraphs that stand in an
    earlier document or earlier in the same one; of a document that is an exact copy none are told.
    """

    def __init__(self, storage: Storage, mutex: threading.RLock, paragraphs: Paragraphs, *, merge: str) -> None:
        super().__init__(storage, mutex, merge=merge)
        self._paragraphs = paragraphs
        self._in_step = not storage.writable
        if storage.writable:
            self._catch_up()

    @property
    def _storages(self) -> tuple[Storage, ...]:
        return (self._storage, self._paragraphs.storage)

    @property
    def knows_paragraphs(self) -> bool:
        """See `Index.knows_paragraphs`."""
        return True

    def admit(self, document: Document, *, admitted: datetime | None = None) -> Decision:
        """See `Index.admit`."""
        return Index.admit(self, document, admitted=admitted)

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
            if not self._in_step:
                self._catch_up()
            self._in_step = False
            columns = super().admit_columns(
                texts, ids, mark=mark, admitted=admitted, same_id=same_id, keep_all=keep_all, prepared=prepared
            )
            self._in_step = True
            return columns

    def begin_columns(
        self,
        texts: TextColumn,
        ids: IdColumn,
        *,
        mark: tuple[str, Callable[[DecisionColumns], bytes]],
        prepared: Prepared | None = None,
    ) -> Callable[[], DecisionColumns]:
        """See `Index.begin_columns`: nothing is done ahead, since paragraphs are undone for one call at a time."""
        return Index.begin_columns(self, texts, ids, mark=mark, prepared=prepared)

    def _complete(self, admission: Admission, texts: TextColumn, date: float, kernels: Kernels) -> DecisionColumns:
        decisions = admission.decisions
        copies = (decisions.reasons == DROPPED) & (decisions.verdicts == Verdict.EXACT)
        self._paragraphs.begin(self._state.ledger.count - len(admission.arrivals))
        several, places = [], np.arange(len(texts))
        begin = 0
        # A document whose place another one takes is there for those before that one.
        taken_out = zip(admission.removed.tolist(), admission.removed_at.tolist(), strict=True)
        for rank, end in sorted(taken_out, key=itemgetter(1)):
            if end > begin:
                wanted = ~copies & (begin <= places) & (places < end)
                several.append(self._paragraphs.admit(texts, admission.ranks, wanted, date, kernels))
                begin = end
            self._paragraphs.strike_out(self._state, np.array([rank]), kernels)
        several.append(self._paragraphs.admit(texts, admission.ranks, ~copies & (begin <= places), date, kernels))
        return replace(decisions, passages=named(joined(several), self._state, kernels))

    def _stored(self, kernels: Kernels) -> None:
        self._paragraphs.end()
        if self._merge != "never":
            self._paragraphs.storage.merge_due(kernels, background=self._merge == "background")

    def _catch_up(self) -> None:
        """Bring the paragraphs to where the documents are."""
        removed = self._storage.catalogue.removals()
        self._paragraphs.follow(self._state, removed, self._choose(0))
        self._in_step = True

    def remove(self, document: DocumentId) -> bool:
        """See `Index.remove`."""
        with self._mutex:
            removed = super().remove(document)
            if removed:
                self._catch_up()
            return removed

    def expire(self, before: datetime) -> int:
        """See `Index.expire`."""
        with self._mutex:
            removed = super().expire(before)
            if removed:
                self._catch_up()
            return removed

    def refit(self) -> Background:
        """See `Index.refit`."""
        with self._mutex:
            background = super().refit()
            self._catch_up()
            return background

    def compact(self) -> None:
        """See `Index.compact`."""
        with self._unmerged():
            self._check_writable()
            self._catch_up()
            super().compact()

    def info(self) -> IndexInfo:
        """See `Index.info`."""
        with self._mutex:
            own = super().info()
            of_paragraphs = look_over(self._paragraphs.storage)
            return replace(
                own,
                bytes=own.bytes + of_paragraphs.bytes,
                paragraphs=of_paragraphs.documents,
                paragraph_bytes=of_paragraphs.posting_bytes,
            )

    def query_batch(self, documents: Iterable[Document]) -> list[Decision]:
        """See `Index.query_batch`."""
        several = list(documents)
        with self._mutex:
            decisions = super().query_batch(several)
            return [
                decision if decision.relation is Relation.EXACT else self._with_passages(document, decision)
                for document, decision in zip(several, decisions, strict=True)
            ]

    def _with_passages(self, document: Document, decision: Decision) -> Decision:
        texts, ids = columns_of([document])
        kernels = self._choose(texts.n_bytes)
        id_hashes = kernels.digest_texts(ids.tokens.data, ids.tokens.offsets)
        holder, text_hash = (each[0] for each in find_ids(ids, id_hashes, self._state, kernels))
        again = holder >= 0 and text_hash == kernels.digest_texts(texts.data, texts.offsets)[0]
        found = self._paragraphs.query(texts, int(holder) if again else -1, kernels)
        if holder >= 0 and not again:
            # It would take that document's place.
            found = found.without(int(holder))
        (passages,) = named(found, self._state, kernels).matches(ids)
        return replace(decision, passages=passages)
