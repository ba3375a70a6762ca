"""Pairs of documents that arrive with documents before them: proposed by anchors, and confirmed, as by a batch scan."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from dedup.candidates.anchors import (
    MOST_CANDIDATES,
    MOST_RETRIEVED,
    POSTINGS_READ,
    SHARED_BONUS,
    AnchorIndex,
    least_retrieved,
)
from dedup.config import PAIR_RELATIONS
from dedup.index.anchor_tables import AnchorTable, numbers_of
from dedup.index.arrivals import offsets_of
from dedup.index.concerned import Arriving, ConcernedTexts
from dedup.index.files import damaged
from dedup.kernels import F64, I64, U32
from dedup.kernels.rewriting import Anchors, Nearest, Postings, Queries, Rescored, RewriteKernels
from dedup.scanning.rewrite_candidates import (
    Proposals,
    TextSource,
    join_nearest,
    least_scores,
    reference_cosines,
    screen,
)
from dedup.scanning.rewrite_frames import alike_beside_frames
from dedup.scanning.rewrite_terms import HeldAnchors, RewriteBackground, join_anchors
from dedup.scanning.rewriting import judge
from dedup.verifying import Verdict, verdicts
from dedup.verifying.rewrites import RewriteModel, shipped_model


class Numbered(NamedTuple):
    """The distinct keys of anchors, ascending, and the number among them of each anchor (int64)."""

    keys: U32
    lists: I64


def number_keys(anchors: Anchors) -> Numbered:
    """Number the keys of anchors."""
    keys = anchors.keys
    if anchors.offsets.size == 2 and bool((keys[1:] > keys[:-1]).all()):
        # Those of one unit ascend, and are hardly ever the same.
        return Numbered(keys, np.arange(keys.size))
    return Numbered(*np.unique(keys, return_inverse=True))


def shared_elsewhere(
    source: TextSource, held: HeldAnchors, numbered: Numbered, background: RewriteBackground
) -> tuple[Nearest, F64]:
    """The documents of the background nearest to some documents, and what these share with them: a mean cosine."""
    keys, lists = numbered
    nothing = Postings(np.zeros(0, dtype=np.uint32), np.zeros(0, dtype=np.uint16), np.zeros(0, dtype=np.int64))
    # Of the index that is asked for no more than the keys are looked at.
    index = AnchorIndex(keys, nothing, lists.astype(np.uint32), nothing.offsets, held.firsts)
    return reference_cosines(source, held, index, background)


class Confirmed(NamedTuple):
    """Pairs that are rewrites: ranks, arrivals by their place, probabilities, and scores as those of `Judged`.

    Sorted by arrival, then rank.
    """

    left: I64
    right: I64
    probabilities: F64
    scores: F64


class _Pairs(NamedTuple):
    """Pairs of arrivals with documents before them that are worth reading.

    `documents` (int64): their number among all of the tables, and their `ranks`; `right` (int64): which arrival of
    some; `left_units`, `right_units`, `cosines` and `screening` are those of `Proposals`; `elsewhere` (float64): of
    shape (2, n), what either side shares with the background.
    """

    documents: I64
    ranks: I64
    right: I64
    left_units: I64
    right_units: I64
    cosines: F64
    screening: F64
    elsewhere: F64


class RewritePairs:
    """The rewrites among pairs of an arrival with a document before it.

    `places` are the arrivals that are looked at, `held` their anchors, which are `numbered`, and `elsewhere` what each
    shares with the background; where they are several, `arriving` has them as a table.
    """

    def __init__(
        self,
        arrivals: Arriving,
        places: I64,
        held: HeldAnchors,
        numbered: Numbered,
        elsewhere: F64,
        arriving: AnchorTable | None,
        rewriting: RewriteKernels,
    ) -> None:
        self._arrivals, self._places, self._held, self._elsewhere = arrivals, places, held, elsewhere
        self._lists = numbered.lists
        self._rewriting = rewriting
        state = arrivals.state
        self._stack = state.anchors.stack(state.segments, state.ledger, arrivals.kernels, arriving)
        fixed = len(self._stack.several) - (arriving is not None)
        # Documents are told by their number among all of the index that have anchors, arrivals by those behind them.
        self._n_stored = int(self._stack.firsts[fixed])
        self._found = rewriting.find_lists(self._stack, numbered.keys, fixed, state.ledger.alive, POSTINGS_READ)
        self._check(self._found.damaged, self._found.part)

    def _check(self, block: int, table: int) -> None:
        """Raise StoreError where a block of a table is damaged."""
        if block >= 0:
            words = self._stack.several[table].words
            segments = self._arrivals.state.segments
            raise damaged(next(each.path for each in segments if each.tables.words is words), f"block {block}")

    def confirmed(self, background: RewriteBackground) -> Confirmed:
        """The rewrites among all pairs of an arrival with a document before it."""
        model = shipped_model()
        least = least_scores(self._elsewhere, model)
        found = [self._confirmed(some, least[some], background, model) for some in _pieces(self._held.firsts)]
        return found[0] if len(found) == 1 else Confirmed(*map(np.concatenate, zip(*found, strict=True)))

    def _confirmed(self, some: slice, least: U32, background: RewriteBackground, model: RewriteModel) -> Confirmed:
        """The rewrites among pairs of some arrivals."""
        own = _rows(self._held, some)
        found = self._retrieved(own, some, least)
        if not found.documents.size:
            return _NO_PAIRS
        scored = self._rewriting.rescore_posted(
            self._stack, found, own.anchors, own.firsts, MOST_CANDIDATES, least
        )  # fmt: skip
        self._check(scored.damaged, scored.part)
        if not scored.ranks.size:
            return _NO_PAIRS
        pairs = self._screened(scored, own, self._elsewhere[some], model)
        return self._judged(pairs, own, some, background, model) if pairs.documents.size else _NO_PAIRS

    def _screened(self, scored: Rescored, own: HeldAnchors, elsewhere: F64, model: RewriteModel) -> _Pairs:
        """Those that are worth reading, of the pairs of some arrivals with what was found near them."""
        found = scored.nearest
        right = np.repeat(np.arange(found.offsets.size - 1), np.diff(found.offsets))
        counts = np.stack([scored.sizes, np.diff(own.anchors.offsets)[found.own_units]])
        sides = np.stack([scored.elsewhere, elsewhere[right]])
        passed, cosines, screening = screen(found.scores, found.shared, sides, counts, model)
        return _Pairs(
            found.documents[passed], scored.ranks[passed], right[passed], found.units[passed],
            found.own_units[passed] - own.firsts[right[passed]], cosines, screening, sides[:, passed],
        )  # fmt: skip

    def _retrieved(self, own: HeldAnchors, some: slice, least: U32) -> Nearest:
        """The documents before some arrivals that are nearest by the lists that are read."""
        lists = self._lists[self._held.anchors.offsets[self._held.firsts[some.start]] :][: own.anchors.keys.size]
        before = self._n_stored + np.arange(some.start, some.stop)
        room = self._arrivals.state.anchors.room
        found, block, table = self._rewriting.nearest_posted(
            self._stack, self._found, Queries(own.anchors, lists, own.firsts, before, least_retrieved(least)),
            self._arrivals.state.ledger.alive, POSTINGS_READ, MOST_RETRIEVED, SHARED_BONUS, room,
        )  # fmt: skip
        self._check(block, table)
        return found

    def _judged(
        self, pairs: _Pairs, own: HeldAnchors, some: slice, background: RewriteBackground, model: RewriteModel
    ) -> Confirmed:
        """Those of the pairs of some arrivals that are rewrites; `own` are the anchors of these."""
        least, base = self._arrivals.state.config.min_score, self._arrivals.base
        documents, first, left = np.unique(pairs.documents, return_index=True, return_inverse=True)
        queries, first_of_queries, right = np.unique(pairs.right, return_index=True, return_inverse=True)
        right += documents.size
        ranks = np.append(pairs.ranks[first], base + self._places[some][queries])
        elsewhere = np.append(pairs.elsewhere[0, first], pairs.elsewhere[1, first_of_queries])
        source = ConcernedTexts(self._arrivals, ranks, self._rewriting)

        def references() -> Nearest:
            taken = self._rewriting.take_anchors(self._stack, documents)
            self._check(taken.damaged, taken.part)
            stored = HeldAnchors(Anchors(taken.keys, taken.strengths, offsets_of(taken.sizes)), taken.firsts)
            held = join_anchors([stored, _chosen_rows(own, queries)])
            return shared_elsewhere(source, held, number_keys(held.anchors), background)[0]

        # Nearly all pairs are rejected before anything is asked for that is left out here.
        proposals = Proposals(
            left, right, pairs.left_units, pairs.right_units, pairs.cosines, pairs.screening, elsewhere,
            _NO_REFERENCES, _NO_HELD, 0,
        )  # fmt: skip
        probabilities = judge(source, proposals, background, model, least, references)
        over = np.flatnonzero(probabilities >= least)
        if not over.size:
            return _NO_PAIRS
        over = over[alike_beside_frames(source, proposals, over, background)]
        return self._scored(ranks[left[over]], ranks[right[over]], probabilities[over])

    def _scored(self, left: I64, right: I64, probabilities: F64) -> Confirmed:
        """The pairs of ranks that are no other relation, with their exact scores."""
        lengths, config = self._arrivals.sketches.lengths, self._arrivals.state.config
        places = right - self._arrivals.base
        left_lengths = self._arrivals.judge.lengths(left)
        scores = self._arrivals.judge.score(left, places, left_lengths, every=True)
        known = replace(config, relations=PAIR_RELATIONS)
        reworded = verdicts(scores, left_lengths, lengths[places], known, config.shingle_size) == Verdict.NONE
        order = np.flatnonzero(reworded)
        order = order[np.lexsort((left[order], places[order]))]
        columns = np.stack(scores[1:], axis=1)
        return Confirmed(left[order], places[order], probabilities[order], columns[order])


def _pieces(firsts: I64) -> list[slice]:
    """Ranges of documents of so few units that little is held of what is found for them."""
    pieces, count = [], firsts.size - 1
    first = 0
    while first < count:
        last = int(np.searchsorted(firsts, firsts[first] + _UNITS_AT_ONCE, side="right")) - 1
        pieces.append(slice(first, min(max(last, first + 1), count)))
        first = pieces[-1].stop
    return pieces


def _rows(held: HeldAnchors, some: slice) -> HeldAnchors:
    """The anchors of consecutive documents."""
    firsts = held.firsts[some.start : some.stop + 1]
    offsets = held.anchors.offsets[firsts[0] : firsts[-1] + 1]
    part = slice(int(offsets[0]), int(offsets[-1]))
    anchors = Anchors(held.anchors.keys[part], held.anchors.strengths[part], offsets - offsets[0])
    return HeldAnchors(anchors, firsts - firsts[0])


def _chosen_rows(held: HeldAnchors, documents: I64) -> HeldAnchors:
    """The anchors of some of the documents."""
    anchors, firsts = held
    units = numbers_of(firsts[documents], firsts[documents + 1])
    sizes = np.diff(anchors.offsets)[units]
    places = numbers_of(anchors.offsets[units], anchors.offsets[units + 1])
    taken = Anchors(anchors.keys[places], anchors.strengths[places], offsets_of(sizes))
    return HeldAnchors(taken, offsets_of(firsts[documents + 1] - firsts[documents]))


_UNITS_AT_ONCE = 2048
_NONE: I64 = np.zeros(0, dtype=np.int64)
_NO_PAIRS = Confirmed(_NONE, _NONE, np.zeros(0), np.zeros((0, 4)))
_NO_REFERENCES, _NO_HELD = join_nearest([]), join_anchors([])
