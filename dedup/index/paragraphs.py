"""The paragraphs of an index's documents: an index inside it, in which each paragraph is an entry of its own.

An entry's id says which document it is of, by rank, and where it stands there: `rank:start:end:line:end_line`, in
characters. It is stored before its document is; where the process dies between the two, the entries of a rank that
the documents do not have are struck out when the index is opened again.
"""

import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import orjson

from dedup.deciding import DROPPED
from dedup.index.admitting import admit_documents, no_arrivals, preview
from dedup.index.decisions import DecisionColumns
from dedup.index.judging import take_rows
from dedup.index.prepared import Prepared
from dedup.index.repeated import RepeatedParagraphs
from dedup.index.resolving import documents_with
from dedup.index.state import State
from dedup.index.storage import NO_RANKS, Storage
from dedup.kernels import I64, Bool, Kernels, Sketches
from dedup.kernels.distinct import distinct
from dedup.model import IdColumn, TextColumn
from dedup.segmenting import segment

FOLDER = "paragraphs"
"""Where it stands in the folder of the index."""

_AT_ONCE = 16_384
"""Paragraphs admitted by one transaction."""

_RANKS_AT_ONCE = 1024
_STRUCK_OUT = "struck out"
_UNDO = "undo"


class Entries(NamedTuple):
    """Paragraphs of some documents: the place of the document of each, the texts, and where they stand (n, 4)."""

    documents: I64
    texts: TextColumn
    places: I64

    def ids(self, ranks: I64) -> IdColumn:
        """Their ids, where the documents have these ranks."""
        rows = zip(ranks[self.documents].tolist(), self.places.tolist(), strict=True)
        return IdColumn(TextColumn.from_bytes([b'"%d:%d:%d:%d:%d"' % (rank, *place) for rank, place in rows]))

    def part(self, low: int, high: int) -> "Entries":
        """Some that follow each other."""
        offsets = self.texts.offsets[low : high + 1]
        data = self.texts.data[int(offsets[0]) : int(offsets[-1])]
        return Entries(self.documents[low:high], TextColumn(data, offsets - offsets[0]), self.places[low:high])

    def taken(self, rows: I64, kernels: Kernels) -> "Entries":
        """Some of them."""
        texts = _gathered(self.texts, self.texts.offsets[rows], self.texts.offsets[rows + 1], kernels)
        return Entries(self.documents[rows], texts, self.places[rows])


class Found(NamedTuple):
    """Paragraphs that were there before, as in `RepeatedParagraphs`; `owners`: ranks of the earlier ones' documents."""

    documents: I64
    spans: I64
    originals: I64
    verdicts: np.ndarray[tuple[int], np.dtype[np.int8]]
    scores: np.ndarray[tuple[int, int], np.dtype[np.float64]]
    owners: I64

    def without(self, owner: int) -> "Found":
        """Those that do not stand in the document of this rank."""
        rows = np.flatnonzero(self.owners != owner)
        return Found(
            self.documents[rows],
            self.spans[rows],
            self.originals[rows],
            self.verdicts[rows],
            self.scores[:, rows],
            self.owners[rows],
        )


class Paragraphs:
    """The paragraphs that an index knows. To be used with the mutex of its storage held."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self._undo: Undo | None = None

    @property
    def _state(self) -> State:
        return self.storage.state

    def begin(self, documents: int) -> None:
        """Documents behind so many ranks are about to be stored: what is done until `end` is undone if they are not."""
        self._undo = Undo(documents, self._state.ledger.count, (), ())

    def end(self) -> None:
        """They are stored."""
        self._undo = None

    def admit(self, texts: TextColumn, ranks: I64, wanted: Bool, date: float, kernels: Kernels) -> Found:
        """Put the paragraphs of those documents in that are wanted, and give those that were there before."""
        several = [_NOTHING]
        for entries, sketches in self._compared(texts, wanted, kernels):
            prepared = Prepared(sketches, kernels.digest_texts(entries.texts.data, entries.texts.offsets))
            with self.storage.restoring():
                admission = admit_documents(
                    self._state, entries.texts, entries.ids(ranks), date, kernels, same_id="recorded", prepared=prepared
                )
                self.storage.commit(admission.arrivals, admission.removed, self._marks(), kernels)
            several.append(_found(entries, admission.decisions))
        return joined(several)

    def query(self, texts: TextColumn, rank: int, kernels: Kernels) -> Found:
        """What `admit` would give for one document, which has this rank or, if -1, none; nothing is put in."""
        several = [_NOTHING]
        for entries, _ in self._compared(texts, np.ones(1, dtype=np.bool_), kernels):
            ids = entries.ids(np.array([rank]))
            for place in range(len(ids)):
                one = entries.part(place, place + 1)
                columns = preview(self._state, one.texts, one.ids(np.array([rank])), kernels)
                several.append(_found(one, columns))
        return joined(several)

    def _compared(self, texts: TextColumn, wanted: Bool, kernels: Kernels) -> Iterator[tuple[Entries, Sketches]]:
        """The paragraphs that are long enough to be compared, some at a time, with their sketches."""
        every = entries_of(texts, wanted, kernels)
        for low in range(0, len(every.texts), _AT_ONCE):
            some = every.part(low, min(low + _AT_ONCE, len(every.texts)))
            sketches = self._state.sketch(some.texts, kernels)
            rows = np.flatnonzero(sketches.lengths >= self._state.config.shingle_size)
            if rows.size == len(some.texts):
                yield some, sketches
            elif rows.size:
                yield some.taken(rows, kernels), _taken(sketches, rows)

    # Keeping step with the documents

    def follow(self, documents: State, removed: I64, kernels: Kernels) -> None:
        """Bring the paragraphs to where the documents are, which may have been written without them, or they before.

        `removed`: ranks of the documents that are struck out and whose texts are still there.
        """
        self._undo = None
        if self._state.background.fingerprint != documents.background.fingerprint:
            self.storage.set_background(documents.background)
        undo = Undo(*orjson.loads(self.storage.catalogue.mark(_UNDO) or _NEVER))
        if documents.ledger.count == undo.documents:
            # The documents of that transaction are not there.
            self.storage.remove(undo.first + np.flatnonzero(self._state.ledger.alive[undo.first :]))
            self.storage.restore(np.array(undo.struck, dtype=np.int64))
            self._strike_out(NO_RANKS, np.setdiff1d(self._struck_out(), undo.owners), kernels)
        self.strike_out(documents, np.setdiff1d(removed, self._struck_out()), kernels)

    def strike_out(self, documents: State, ranks: I64, kernels: Kernels) -> None:
        """Strike the paragraphs of documents out, whose texts are still there."""
        if not ranks.size:
            return
        entries = [NO_RANKS]
        for some, texts in _texts_of(documents, ranks, kernels):
            ids = entries_of(texts, np.ones(some.size, dtype=np.bool_), kernels).ids(some)
            hashes = kernels.digest_texts(ids.tokens.data, ids.tokens.offsets)
            entries.append(documents_with(ids, hashes, self._state, kernels)[1])
        if self._undo is not None:
            self._undo = self._undo.and_owners(ranks)
        self._strike_out(np.concatenate(entries), np.union1d(self._struck_out(), ranks), kernels)

    def _struck_out(self) -> I64:
        """The ranks of documents whose paragraphs are struck out, ascending."""
        ranks: I64 = np.frombuffer(self.storage.catalogue.mark(_STRUCK_OUT) or b"", dtype="<i8")
        return ranks

    def _strike_out(self, entries: I64, documents: I64, kernels: Kernels) -> None:
        """Strike entries out, and say of which documents now all are.

        Their copies stand in documents that are there still: the first of these takes their place.
        """
        ledger = self._state.ledger
        orphans = np.flatnonzero(ledger.alive & np.isin(ledger.representatives, entries)) if entries.size else NO_RANKS
        orphans = np.setdiff1d(orphans, entries)
        with self.storage.restoring():
            ledger.remove(entries)
            marks = self._marks(entries) | {_STRUCK_OUT: documents.astype("<i8").tobytes()}
            self.storage.commit(no_arrivals(self._state), entries, marks, kernels)
        for some, texts in _texts_of(self._state, orphans, kernels):
            ids = IdColumn(TextColumn.from_bytes(self._state.ids(some, kernels)))
            with self.storage.restoring():
                self._state.ledger.remove(some)
                admission = admit_documents(self._state, texts, ids, time.time(), kernels, same_id="new")
                self.storage.commit(admission.arrivals, some, self._marks(some), kernels)

    def _marks(self, struck: I64 = NO_RANKS) -> dict[str, bytes]:
        """What is to be undone if the documents are not stored, these entries struck out with the rest."""
        if self._undo is None:
            return {_UNDO: _NEVER}
        self._undo = self._undo.and_struck(struck)
        return {_UNDO: orjson.dumps([*self._undo])}


class Undo(NamedTuple):
    """How the paragraphs stood when a transaction of the documents began, and what was struck out since.

    `documents`: how many ranks of documents there were; `first`: the rank of the first entry that came. `struck`: ranks
    of entries, and `owners` of documents all of whose entries they are.
    """

    documents: int
    first: int
    struck: tuple[int, ...]
    owners: tuple[int, ...]

    def and_struck(self, entries: I64) -> "Undo":
        """The same with more entries, of those that were there."""
        return self._replace(struck=(*self.struck, *entries[entries < self.first].tolist()))

    def and_owners(self, ranks: I64) -> "Undo":
        """The same with more documents."""
        return self._replace(owners=(*self.owners, *ranks.tolist()))


_NEVER = orjson.dumps([*Undo(-1, 0, (), ())])


def _texts_of(documents: State, ranks: I64, kernels: Kernels) -> Iterator[tuple[I64, TextColumn]]:
    """The texts of documents, some at a time, with their ranks."""
    for low in range(0, ranks.size, _RANKS_AT_ONCE):
        some = ranks[low : low + _RANKS_AT_ONCE]
        for places, texts in documents.read(some, kernels):
            yield some[places], TextColumn.from_bytes(texts.pieces())


def entries_of(texts: TextColumn, wanted: Bool, kernels: Kernels) -> Entries:
    """The paragraphs of the texts that are wanted."""
    segments = segment(texts, kernels)
    chosen = np.flatnonzero(wanted[segments.texts])
    starts, ends, owners = segments.starts[chosen], segments.ends[chosen], segments.texts[chosen]
    # Between these bytes characters and newlines are counted, each once.
    edges = distinct(np.concatenate([texts.offsets, starts, ends]))
    marks = kernels.count_marks(texts.data, edges[:-1], edges[1:])
    characters, newlines = (np.append(0, np.cumsum(each)) for each in marks)
    begins, places, until = (np.searchsorted(edges, each) for each in (texts.offsets[owners], starts, ends))
    columns = [
        characters[places] - characters[begins],
        characters[until] - characters[begins],
        newlines[places] - newlines[begins] + 1,
        newlines[until] - newlines[begins] + 1,
    ]
    return Entries(owners, _gathered(texts, starts, ends, kernels), np.stack(columns, axis=1).astype(np.int64))


def named(found: Found, documents: State, kernels: Kernels) -> RepeatedParagraphs:
    """What was found, with the ids of the documents, of those that are there still."""
    # A reader may see paragraphs of documents that it does not see yet.
    there = found.owners < documents.ledger.count
    there[there] = documents.ledger.alive[found.owners[there]]
    rows = np.flatnonzero(there)
    owners = found.owners[rows]
    ranks = distinct(owners) if owners.size else owners
    return RepeatedParagraphs(
        found.documents[rows],
        found.spans[rows],
        found.originals[rows],
        found.verdicts[rows],
        found.scores[:, rows],
        np.searchsorted(ranks, owners),
        IdColumn(TextColumn.from_bytes(documents.ids(ranks, kernels))),
    )


def _found(entries: Entries, columns: DecisionColumns) -> Found:
    """The entries that repeat an earlier one which is there still."""
    rows = np.flatnonzero((columns.reasons == DROPPED) & (columns.representatives >= 0))
    several = [_numbers(columns.names.tokens.raw(place)) for place in columns.representatives[rows].tolist()]
    numbers = np.array(several, dtype=np.int64).reshape(-1, 5)
    return Found(
        entries.documents[rows],
        entries.places[rows],
        numbers[:, 1:],
        columns.verdicts[rows],
        columns.scores[:, rows],
        numbers[:, 0],
    )


def joined(several: Sequence[Found]) -> Found:
    """Those of several calls, one after the other."""
    return Found(
        np.concatenate([each.documents for each in several]),
        np.concatenate([each.spans for each in several]),
        np.concatenate([each.originals for each in several]),
        np.concatenate([each.verdicts for each in several]),
        np.concatenate([each.scores for each in several], axis=1),
        np.concatenate([each.owners for each in several]),
    )


def _numbers(token: bytes) -> list[int]:
    """The numbers of an entry's id."""
    return [int(number) for number in token[1:-1].split(b":")]


def _taken(sketches: Sketches, rows: I64) -> Sketches:
    """The sketches of some of the units."""
    return Sketches(
        sketches.digests[rows],
        sketches.lengths[rows],
        np.ascontiguousarray(sketches.keys[:, rows]),
        take_rows(sketches.samples, rows),
        sketches.levels[rows],
        sketches.level_sizes[rows],
        sketches.firsts[rows],
        sketches.lasts[rows],
        sketches.triggered[rows],
    )


def _gathered(texts: TextColumn, starts: I64, ends: I64, kernels: Kernels) -> TextColumn:
    """Ranges of a column's bytes, each a text of its own."""
    offsets = np.append(0, np.cumsum(ends - starts))
    return TextColumn(kernels.gather_ranges(texts.data, starts[None, :], ends[None, :]), offsets)


_NOTHING = Found(
    NO_RANKS,
    np.zeros((0, 4), dtype=np.int64),
    np.zeros((0, 4), dtype=np.int64),
    np.zeros(0, dtype=np.int8),
    np.zeros((4, 0)),
    NO_RANKS,
)
