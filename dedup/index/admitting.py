"""Admitting documents in memory: what they are to the index, what becomes of each, and what is to be stored."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.deciding import decide
from dedup.index.anchored import Rewordings
from dedup.index.arrivals import NONE, POSTED, ROW, Arrivals, first_arrivals, join_arrivals
from dedup.index.concerned import Arriving
from dedup.index.decisions import DecisionColumns
from dedup.index.judging import Judge, Judged, no_drops, payload_of
from dedup.index.prepared import Prepared
from dedup.index.resolving import ARRIVAL, Resolved, find_ids, resolve
from dedup.index.rewording import reword
from dedup.index.state import State
from dedup.kernels import F64, I64, U64, Kernels, Sketches
from dedup.kernels.distinct import distinct
from dedup.model import IdColumn, TextColumn
from dedup.verifying import Verdict

_LEAST_AT_ONCE = 64
_SLICE_DOCUMENTS = 16384
_SLICE_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class Admission:
    """The decisions on documents, what is to be stored of them, and the ranks of earlier ones whose place they take.

    `removed_at` (int64): before which of the documents each of these is taken out. `ranks` (int64): those that the
    documents have, new ones and those that had been admitted before.
    """

    decisions: DecisionColumns
    arrivals: Arrivals
    removed: I64
    removed_at: I64
    ranks: I64


def admit_documents(
    state: State,
    texts: TextColumn,
    ids: IdColumn,
    date: float,
    kernels: Kernels,
    *,
    same_id: Literal["recorded", "new"],
    keep_all: bool = False,
    prepared: Prepared | None = None,
) -> Admission:
    """Decide on documents and put them into the state; `prepared` is of their texts, if it is made already.

    They are taken in slices, so that what is held for a slice is bounded. A document that takes the place of another
    one begins a slice: those before it are compared with that one, and those behind it are not.
    """
    count = len(texts)
    id_hashes = kernels.digest_texts(ids.tokens.data, ids.tokens.offsets)
    text_hashes = kernels.digest_texts(texts.data, texts.offsets) if prepared is None else prepared.text_hashes
    if same_id == "recorded":
        resolved = resolve(ids, id_hashes, text_hashes, state, kernels)
    else:
        resolved = Resolved(np.full(count, -1, dtype=np.int64), np.full(count, -1, dtype=np.int64))
    ranks = np.full(count, -1, dtype=np.int64)
    # When in the batch another document took the place of one: until then it had its name.
    removed: dict[int, int] = {}
    several: list[Arrivals] = []
    hashes = id_hashes, text_hashes
    for places, replaced in _slices(texts, resolved):
        if replaced >= 0:
            rank = int(ranks[replaced - ARRIVAL]) if replaced >= ARRIVAL else replaced
            state.ledger.remove(np.array([rank]))
            removed[rank] = int(places[0])
        most, rest = places.size, places
        while rest.size:
            some = rest[:most]
            ready = prepared.sketches if prepared is not None and some.size == count else None
            arrivals = _judged(state, texts, ids, hashes, some, date, kernels, ready, keep_all=keep_all)
            ranks[some[: len(arrivals)]] = state.ledger.count + np.arange(len(arrivals))
            state.add(arrivals)
            several.append(arrivals)
            rest = rest[len(arrivals) :]
            # What was judged in vain is no more than a part of what was not.
            most = 2 * most if len(arrivals) == some.size else max(len(arrivals), _LEAST_AT_ONCE)
    again = resolved.again >= 0
    ranks[again] = resolved.again[again]
    of_arrivals = ranks >= ARRIVAL
    ranks[of_arrivals] = ranks[ranks[of_arrivals] - ARRIVAL]
    decisions = recorded(state, ids, ranks, again, kernels, removed)
    arrivals = join_arrivals(several) if several else no_arrivals(state)
    gone, before = np.array([*removed.items()], dtype=np.int64).reshape(-1, 2).T
    return Admission(decisions, arrivals, gone, before, ranks)


def _judged(
    state: State,
    texts: TextColumn,
    ids: IdColumn,
    hashes: tuple[U64, U64],
    places: I64,
    date: float,
    kernels: Kernels,
    sketches: Sketches | None,
    *,
    keep_all: bool,
) -> Arrivals:
    """What is stored of documents at some places, or of the first of them: the rest is to be judged behind these."""
    some_texts, some_ids = _take(texts, places), IdColumn(_take(ids.tokens, places))
    if sketches is None:
        sketches = state.sketch(some_texts, kernels)
    judge = Judge(some_texts, sketches, state, kernels)
    # Copies that are kept are compared with like all others: those before them need not be kept.
    judged = no_drops(sketches.lengths > 0) if keep_all else judge.judge()
    reworded = reword(Arriving(some_texts, sketches, state, judge, kernels), judged, keep_all=keep_all)
    id_hashes, text_hashes = (each[places] for each in hashes)
    arrivals = _arrivals(state, some_texts, some_ids, sketches, judged, date, id_hashes, text_hashes, kernels)
    if reworded.judged < places.size:
        arrivals = first_arrivals(arrivals, reworded.judged)
    return replace(arrivals, anchored=reworded.anchored)


def preview(state: State, texts: TextColumn, ids: IdColumn, kernels: Kernels) -> DecisionColumns:
    """What `admit_documents` would decide on one document, leaving everything as it is."""
    id_hashes = kernels.digest_texts(ids.tokens.data, ids.tokens.offsets)
    holders, hashes = find_ids(ids, id_hashes, state, kernels)
    if holders[0] >= 0 and hashes[0] == kernels.digest_texts(texts.data, texts.offsets)[0]:
        return recorded(state, ids, holders, np.ones(1, dtype=np.bool_), kernels, {})
    sketches = state.sketch(texts, kernels)
    if holders[0] >= 0:
        state.ledger.remove(holders)
    try:
        judge = Judge(texts, sketches, state, kernels)
        judged = judge.judge()
        reworded = reword(Arriving(texts, sketches, state, judge, kernels), judged, keep_all=False)
    finally:
        state.ledger.restore(holders[holders >= 0])
    reasons = _reasons(state, sketches.lengths, judged.representatives)
    told = Told(judged.verdicts, judged.scores, judged.representatives, np.full(1, np.nan))
    told.add(reworded.anchored.rewordings, np.zeros(reworded.anchored.rewordings.size, dtype=np.int64))
    return _columns(state, ids, reasons, told, np.zeros(1, np.bool_), kernels, {})


def recorded(
    state: State,
    ids: IdColumn,
    ranks: I64,
    again: np.ndarray[tuple[int], np.dtype[np.bool_]],
    kernels: Kernels,
    removed: Mapping[int, int],
) -> DecisionColumns:
    """The decisions on documents of the index, as they were recorded.

    `removed`: documents (ranks) that were there until a place among those asked for.
    """
    representatives = state.ledger.representatives[ranks].astype(np.int64)
    representatives[representatives == NONE] = -1
    dropped = np.flatnonzero(representatives >= 0)
    verdicts, scores = np.zeros(ranks.size, dtype=np.int8), np.zeros((ranks.size, 4), dtype=np.float64)
    verdicts[dropped] = state.rows(ranks[dropped], kernels)["verdict"]
    scores[dropped] = state.scores(ranks[dropped], kernels)
    reasons = _reasons(state, state.ledger.lengths[ranks].astype(np.int64), representatives)
    told = Told(verdicts, scores, representatives, np.full(ranks.size, np.nan))
    rewordings = state.anchors.rewordings(state.segments, ranks, kernels)
    reworded = np.flatnonzero(rewordings["representative"] != NONE)
    told.add(rewordings[reworded], reworded)
    return _columns(state, ids, reasons, told, again, kernels, removed)


class Told(NamedTuple):
    """What is told of n documents besides the reason: columns as of `Judged`, and the probabilities of rewrites."""

    verdicts: NDArray[np.int8]
    scores: F64
    representatives: I64
    probabilities: F64

    def add(self, rewordings: Rewordings, places: I64) -> None:
        """Put down what documents at some places reword, whether they are dropped for it or not."""
        self.verdicts[places] = Verdict.REWRITE
        self.scores[places] = rewordings["scores"]
        self.representatives[places] = rewordings["representative"]
        self.probabilities[places] = rewordings["probability"]


def _reasons(state: State, lengths: I64, representatives: I64) -> np.ndarray[tuple[int], np.dtype[np.int8]]:
    """The reasons, told when a document comes: it represents no other one yet."""
    none = np.zeros(lengths.size, dtype=np.bool_)
    return decide(lengths, representatives, none, state.config.shingle_size)


def _columns(
    state: State,
    ids: IdColumn,
    reasons: np.ndarray[tuple[int], np.dtype[np.int8]],
    told: Told,
    again: np.ndarray[tuple[int], np.dtype[np.bool_]],
    kernels: Kernels,
    removed: Mapping[int, int],
) -> DecisionColumns:
    """Decisions with the names of the representatives that were there when they were made."""
    verdicts, scores, representatives, probabilities = told
    columns = scores.T.copy()
    columns[:, verdicts == Verdict.NONE] = np.nan
    named = representatives >= 0
    if not named.any():
        return DecisionColumns(ids, reasons, verdicts, columns, representatives, _NO_IDS, again, probabilities)
    named[named] = state.ledger.alive[representatives[named]]
    if removed:
        for place in np.flatnonzero(~named & (representatives >= 0)).tolist():
            named[place] = removed.get(int(representatives[place]), -1) > place
    names = distinct(representatives[named])
    places = np.full(representatives.size, -1, dtype=np.int64)
    places[named] = np.searchsorted(names, representatives[named])
    tokens = TextColumn.from_bytes(state.ids(names, kernels))
    return DecisionColumns(ids, reasons, verdicts, columns, places, IdColumn(tokens), again, probabilities)


def _slices(texts: TextColumn, resolved: Resolved) -> Iterator[tuple[I64, int]]:
    """The places of new documents, slice by slice, and whose place the first of a slice takes, or -1."""
    new = np.flatnonzero(resolved.again < 0)
    if not new.size:
        return
    replaces = resolved.replaces[new]
    ends = np.cumsum(texts.offsets[new + 1] - texts.offsets[new])
    cuts = np.flatnonzero(replaces >= 0).tolist()
    begin = 0
    while begin < new.size:
        base = int(ends[begin - 1]) if begin else 0
        end = max(int(np.searchsorted(ends, base + _SLICE_BYTES, side="right")), begin + 1)
        end = min(end, begin + _SLICE_DOCUMENTS, new.size)
        while cuts and cuts[0] <= begin:
            cuts.pop(0)
        end = min(end, cuts[0]) if cuts else end
        yield new[begin:end], int(replaces[begin])
        begin = end


def _take(texts: TextColumn, places: I64) -> TextColumn:
    """Some texts of a column, ascending."""
    if places.size == len(texts):
        return texts
    first, last = int(places[0]), int(places[-1])
    low, high = int(texts.offsets[first]), int(texts.offsets[last + 1])
    if last - first + 1 == places.size:
        return TextColumn(texts.data[low:high], texts.offsets[first : last + 2] - low)
    chosen = np.zeros(last + 1 - first, dtype=np.bool_)
    chosen[places - first] = True
    sizes = np.diff(texts.offsets[first : last + 2])
    offsets = np.zeros(places.size + 1, dtype=np.int64)
    np.cumsum(sizes[chosen], out=offsets[1:])
    return TextColumn(texts.data[low:high][np.repeat(chosen, sizes)], offsets)


def _arrivals(
    state: State,
    texts: TextColumn,
    ids: IdColumn,
    sketches: Sketches,
    judged: Judged,
    date: float,
    id_hashes: U64,
    text_hashes: U64,
    kernels: Kernels,
) -> Arrivals:
    """What is stored of documents that were judged."""
    count = len(texts)
    payload, offsets = payload_of(texts, state.keeps_text, kernels)
    rows = np.zeros(count, dtype=ROW)
    rows["digest"], rows["text_hash"], rows["id_hash"], rows["date"] = sketches.digests, text_hashes, id_hashes, date
    rows["scores"], rows["verdict"] = judged.scores, judged.verdicts
    rows["rank"] = state.ledger.count + np.arange(count)
    rows["length"] = sketches.lengths
    rows["representative"] = np.where(judged.representatives < 0, NONE, judged.representatives)
    rows["level"], rows["level_size"] = sketches.levels, sketches.level_sizes
    rows["n_samples"] = np.diff(sketches.samples.offsets)
    rows["text_size"], rows["id_size"] = np.diff(offsets), np.diff(ids.tokens.offsets)
    rows["flags"] = np.where(judged.posted, POSTED, 0)
    return Arrivals(rows, np.ascontiguousarray(sketches.keys.T), sketches.samples.values, ids.tokens.data, payload)


def no_arrivals(state: State) -> Arrivals:
    """Nothing to be stored."""
    nothing = np.zeros(0, dtype=np.uint8)
    keys = np.zeros((0, state.numbers.bands), dtype=np.uint32)
    return Arrivals(np.zeros(0, dtype=ROW), keys, nothing.view(np.uint32), nothing, nothing)


_NO_IDS = IdColumn.from_ids([])
