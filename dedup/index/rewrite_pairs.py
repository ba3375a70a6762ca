"""Pairs of documents that arrive with documents before them: proposed by anchors, and confirmed, as by a batch scan."""

from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from dedup.candidates.anchors import MOST_CANDIDATES, MOST_RETRIEVED, POSTINGS_READ, AnchorIndex, retrieve
from dedup.config import PAIR_RELATIONS
from dedup.index.anchor_tables import MemberColumns, interleaved, is_partly_gone, list_lengths, numbers_of
from dedup.index.arrivals import offsets_of
from dedup.index.concerned import Arriving, ConcernedTexts
from dedup.index.files import damaged
from dedup.kernels import F64, I64, U32
from dedup.kernels.gathering import Gathered
from dedup.kernels.rewriting import UNREAD, Anchors, Nearest, Postings, RewriteKernels
from dedup.scanning.rewrite_candidates import (
    Proposals,
    TextSource,
    least_scores,
    reference_cosines,
    screened,
)
from dedup.scanning.rewrite_frames import alike_beside_frames
from dedup.scanning.rewrite_terms import HeldAnchors, RewriteBackground
from dedup.scanning.rewriting import judge
from dedup.verifying import Verdict, verdicts
from dedup.verifying.rewrites import shipped_model


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


class RewritePairs:
    """The rewrites among pairs of an arrival with a document before it.

    Local documents are those of the index that share an anchor with one of the arrivals, and behind them these.
    `places` are the arrivals that are looked at, `held` their anchors, which are `numbered`, and `elsewhere` what each
    shares with the background.
    """

    def __init__(
        self,
        arrivals: Arriving,
        places: I64,
        held: HeldAnchors,
        numbered: Numbered,
        elsewhere: F64,
        rewriting: RewriteKernels,
    ) -> None:
        self._arrivals, self._places, self._held = arrivals, places, held
        self._kernels, self._rewriting = arrivals.kernels, rewriting
        state = arrivals.state
        self._keys, self._lists = numbered
        self._stack = state.anchors.stack(state.segments, state.ledger, self._kernels)
        self._gathered = self._gather()
        self._check(self._gathered.damaged, self._gathered.part)
        self._n_stored = self._gathered.places.size
        # Of documents of the index both are put down when these are found to be near.
        nothing = np.zeros(self._n_stored, dtype=np.int64)
        self._elsewhere = np.concatenate([nothing, elsewhere])
        self._ranks = np.concatenate([nothing, arrivals.base + places])
        stored = self._gathered.first_units
        self._firsts = np.concatenate([stored[:-1], stored[-1] + held.firsts])

    def _gather(self) -> Gathered:
        """The lists of the keys, but for those that would not be read."""
        alive, offsets = self._arrivals.state.ledger.alive, self._held.anchors.offsets
        n_units = offsets.size - 1
        if self._places.size > 1 or n_units == 1 or is_partly_gone(self._stack):
            budget = POSTINGS_READ if n_units == 1 else None
            return self._rewriting.gather_lists(self._stack, self._keys, alive, POSTINGS_READ, budget)
        # Each window of a long document has the budget of a document by itself.
        totals = list_lengths(self._stack, self._keys)
        read = np.zeros(self._keys.size, dtype=np.bool_)
        for begin, end in pairwise(offsets.tolist()):
            lists = self._lists[begin:end]
            ordered = lists[np.argsort(totals[lists], kind="stable")]
            read[ordered[np.cumsum(totals[ordered]) <= POSTINGS_READ]] = True
        found = self._rewriting.gather_lists(self._stack, self._keys[read], alive, POSTINGS_READ, None)
        sizes, capped = np.zeros(read.size, dtype=np.int64), ~read & (totals > 0)
        sizes[read], capped[read] = np.diff(found.offsets), found.capped
        return found._replace(offsets=offsets_of(sizes), capped=capped)

    def _check(self, block: int, table: int) -> None:
        """Raise StoreError where a block of a table is damaged."""
        if block >= 0:
            words = self._stack.several[table].words
            segments = self._arrivals.state.segments
            raise damaged(next(each.path for each in segments if each.tables.words is words), f"block {block}")

    def confirmed(self, background: RewriteBackground) -> Confirmed:
        """The rewrites among all pairs of an arrival with a document before it."""
        model, config = shipped_model(), self._arrivals.state.config
        own = self._elsewhere[self._n_stored :]
        least = least_scores(own, model)
        found = retrieve(
            self._index(),
            self._held.anchors,
            np.where(self._gathered.capped[self._lists], UNREAD, self._lists),
            self._held.firsts,
            self._firsts[self._n_stored : -1],
            least,
            MOST_RETRIEVED,
            self._rewriting,
        )
        if not found.documents.size:
            return _NO_PAIRS
        held = self._anchors(np.unique(found.documents[found.documents < self._n_stored]))
        scored = self._rewriting.rescore(
            found, self._held.anchors, self._held.firsts, held, self._firsts, MOST_CANDIDATES, least
        )
        scored = scored._replace(own_units=scored.own_units + self._firsts[self._n_stored])
        n_anchors = np.diff(held.offsets)
        pairs = screened(scored, self._n_stored, self._firsts, n_anchors, self._elsewhere, model)
        if not pairs.left.size:
            return _NO_PAIRS
        documents, sides = np.unique(np.concatenate([pairs.left, pairs.right]), return_inverse=True)
        left, right = sides[: pairs.left.size], sides[pairs.left.size :]
        source = ConcernedTexts(self._arrivals, self._ranks[documents], self._rewriting)
        of_documents = _rows(held, self._firsts, documents)
        references, elsewhere = shared_elsewhere(source, of_documents, number_keys(of_documents.anchors), background)
        proposals = Proposals(
            left, right, pairs.left_units, pairs.right_units, pairs.cosines, pairs.screening, elsewhere, references,
            of_documents, 0,
        )  # fmt: skip
        probabilities = judge(source, proposals, background, model, config.min_score)
        over = np.flatnonzero(probabilities >= config.min_score)
        over = over[alike_beside_frames(source, proposals, over, background)]
        return self._scored(pairs.left[over], pairs.right[over], probabilities[over])

    def _index(self) -> AnchorIndex:
        """The lists of the index with the arrivals behind them, by the units of these documents."""
        gathered, anchors = self._gathered, self._held.anchors
        count = self._keys.size
        owners = np.repeat(np.arange(self._firsts.size - 1), np.diff(self._firsts))
        postings = Postings(gathered.units, gathered.strengths, gathered.offsets)
        if self._places.size > 1:
            order = np.argsort(self._lists, kind="stable")
            units = np.repeat(np.arange(anchors.offsets.size - 1), np.diff(anchors.offsets))[order]
            units += self._firsts[self._n_stored]
            counts = np.stack([np.diff(gathered.offsets), np.bincount(self._lists, minlength=count)])
            every = np.concatenate([gathered.units, units.astype(np.uint32)])
            strengths = np.concatenate([gathered.strengths, anchors.strengths[order]])
            together = interleaved(MemberColumns(every, strengths), counts, self._kernels)
            postings = Postings(*together, offsets_of(counts.sum(axis=0)))
        return AnchorIndex(self._keys, postings, self._lists.astype(np.uint32), owners, self._firsts)

    def _anchors(self, documents: I64) -> Anchors:
        """The anchors of some documents of the index, ascending, and of all arrivals, by unit; none of the others.

        What else is known of these documents is put down.
        """
        own = self._held.anchors
        taken = self._rewriting.take_anchors(self._stack, self._gathered, documents)
        self._check(taken.damaged, taken.part)
        self._elsewhere[documents], self._ranks[documents] = taken.elsewhere, taken.ranks
        return Anchors(
            np.concatenate([taken.keys, own.keys]),
            np.concatenate([taken.strengths, own.strengths]),
            offsets_of(np.concatenate([taken.sizes, np.diff(own.offsets)])),
        )

    def _scored(self, left: I64, right: I64, probabilities: F64) -> Confirmed:
        """The pairs that are no other relation, with their exact scores."""
        lengths, config = self._arrivals.sketches.lengths, self._arrivals.state.config
        ranks, places = self._ranks[left], self._places[right - self._n_stored]
        left_lengths = self._arrivals.judge.lengths(ranks)
        scores = self._arrivals.judge.score(ranks, places, left_lengths, every=True)
        known = replace(config, relations=PAIR_RELATIONS)
        reworded = verdicts(scores, left_lengths, lengths[places], known, config.shingle_size) == Verdict.NONE
        order = np.flatnonzero(reworded)
        order = order[np.lexsort((ranks[order], places[order]))]
        columns = np.stack(scores[1:], axis=1)
        return Confirmed(ranks[order], places[order], probabilities[order], columns[order])


def _rows(anchors: Anchors, firsts: I64, documents: I64) -> HeldAnchors:
    """The anchors of some of the documents; those of document i are units `firsts[i]` to `firsts[i + 1]`."""
    units = numbers_of(firsts[documents], firsts[documents + 1])
    sizes = np.diff(anchors.offsets)[units]
    places = numbers_of(anchors.offsets[units], anchors.offsets[units + 1])
    taken = Anchors(anchors.keys[places], anchors.strengths[places], offsets_of(sizes))
    return HeldAnchors(taken, offsets_of(firsts[documents + 1] - firsts[documents]))


_NONE: I64 = np.zeros(0, dtype=np.int64)
_NO_PAIRS = Confirmed(_NONE, _NONE, np.zeros(0), np.zeros((0, 4)))
