"""Judging which documents that arrive reword an earlier one, as a batch scan would.

The candidates of a document are those before it that nothing but a rewrite can be dropped for, in the index and among
the arrivals. What was dropped as a rewrite counts among them, and is no representative: so the lists do not depend on
what becomes of rewrites.
"""

from typing import NamedTuple

import numpy as np

from dedup.index.anchor_tables import table_of
from dedup.index.anchored import NO_ANCHORS, NO_REWORDINGS, REWORDED, Anchored, Rewordings
from dedup.index.concerned import Arriving, ConcernedTexts
from dedup.index.judging import Judged
from dedup.index.rewrite_pairs import Confirmed, RewritePairs, number_keys, shared_elsewhere
from dedup.kernels import I64
from dedup.kernels.rewriting import WORTH, RewriteKernels, choose_rewriting
from dedup.scanning.rewrite_candidates import LEAST_TOKENS, blocks_of
from dedup.scanning.rewrite_findings import LEAST_DOCUMENTS
from dedup.scanning.rewrite_terms import HeldAnchors, RewriteBackground, anchors_of, join_anchors
from dedup.tokenising import codepoint_table
from dedup.verifying import Verdict


class Reworded(NamedTuple):
    """What became of n documents that arrive: what is stored to find rewrites by, and how many of them are judged.

    Those behind them were matched with documents that were dropped as rewrites, and are to be judged anew.
    """

    anchored: Anchored
    judged: int


def reword(arrivals: Arriving, judged: Judged, *, keep_all: bool) -> Reworded:
    """Find which of the arrivals that are kept reword an earlier document; where it is to be, they are dropped for it.

    `judged` is brought up to date. With `keep_all` all are kept and nothing is looked for.
    """
    background = arrivals.state.rewrites
    if background is None:
        return Reworded(NO_ANCHORS, judged.posted.size)
    rewriting = choose_rewriting(max(arrivals.texts.n_bytes, WORTH.load))
    state, base = arrivals.state, arrivals.base
    lengths = arrivals.sketches.lengths
    count = lengths.size
    copies = _rewordings_of_copies(arrivals, judged)
    places = np.flatnonzero(judged.posted & (judged.representatives < 0) & (lengths >= LEAST_TOKENS))
    if not places.size or background.words.documents < LEAST_DOCUMENTS:
        return Reworded(_with(NO_ANCHORS, copies), count)
    held = _anchors(arrivals, places, background, rewriting)
    anchored_at_all = np.diff(held.anchors.offsets[held.firsts]) > 0
    if not anchored_at_all.all():
        places = places[anchored_at_all]
        if not places.size:
            return Reworded(_with(NO_ANCHORS, copies), count)
        held = _anchors(arrivals, places, background, rewriting)
    source = ConcernedTexts(arrivals, base + places, rewriting)
    numbered = number_keys(held.anchors)
    _, elsewhere = shared_elsewhere(source, held, numbered, background)
    anchored = Anchored(
        (base + places).astype(np.uint32),
        elsewhere,
        np.diff(held.firsts).astype(np.uint32),
        np.diff(held.anchors.offsets).astype(np.uint8),
        held.anchors.keys,
        held.anchors.strengths,
        NO_REWORDINGS,
    )
    if keep_all:
        return Reworded(anchored, count)
    # Of several each is compared with those of them that come before it.
    arriving = table_of(anchored) if places.size > 1 else None
    pairs = RewritePairs(arrivals, places, held, numbered, elsewhere, arriving, rewriting).confirmed(background)
    if not pairs.left.size:
        return Reworded(_with(anchored, copies), count)
    found = _decided(arrivals, pairs, judged)
    rewordings = np.concatenate([copies, found]) if copies.size else found
    rewordings = rewordings[np.argsort(rewordings["rank"])]
    if not state.drop_rewrites or not found.size:
        return Reworded(_with(anchored, rewordings), count)
    dropped = np.zeros(count, dtype=np.bool_)
    dropped[found["rank"].astype(np.int64) - base] = True
    of_arrivals = judged.representatives >= base
    of_arrivals[of_arrivals] = dropped[judged.representatives[of_arrivals] - base]
    until = int(np.append(np.flatnonzero(of_arrivals), count)[0])
    if until < count:
        there = np.ones(base + count, dtype=np.bool_)
        there[base + until :] = False
        return Reworded(_with(anchored, rewordings).living(there), until)
    return Reworded(_with(anchored, rewordings), count)


def _with(anchored: Anchored, rewordings: Rewordings) -> Anchored:
    columns = (anchored.ranks, anchored.elsewhere, anchored.n_units, anchored.sizes, anchored.keys, anchored.strengths)
    return Anchored(*columns, rewordings)


def _rewordings_of_copies(arrivals: Arriving, judged: Judged) -> Rewordings:
    """The exact copies of documents that were dropped as rewrites are rewrites as these are."""
    copies = np.flatnonzero(judged.verdicts == Verdict.REWRITE)
    if not copies.size:
        return NO_REWORDINGS
    state = arrivals.state
    found = np.zeros(copies.size, dtype=REWORDED)
    known = state.anchors.rewordings(state.segments, arrivals.judge.leaders[copies], arrivals.kernels)
    found["rank"], found["representative"] = arrivals.base + copies, judged.representatives[copies]
    found["probability"], found["scores"] = known["probability"], judged.scores[copies]
    return found


def _anchors(arrivals: Arriving, places: I64, background: RewriteBackground, rewriting: RewriteKernels) -> HeldAnchors:
    """The anchors of arrivals at some places, whose terms are in memory some at a time."""
    texts = arrivals.texts
    several = []
    for some in blocks_of(places, texts.offsets[places + 1] - texts.offsets[places]):
        starts, ends = texts.offsets[some], texts.offsets[some + 1]
        terms = rewriting.document_terms(texts.data, starts, ends, *codepoint_table(), False)
        several.append(anchors_of(terms, background.words, arrivals.kernels, rewriting))
    return several[0] if len(several) == 1 else join_anchors(several)


def _decided(arrivals: Arriving, pairs: Confirmed, judged: Judged) -> Rewordings:
    """The rewordings of arrivals, each of the earliest document that is kept; those to be dropped are put down."""
    base = arrivals.base
    usable = np.ones(pairs.left.size, dtype=np.bool_)
    stored = pairs.left < base
    usable[stored] = arrivals.state.ledger.kept(pairs.left[stored])
    left, right = pairs.left[usable], pairs.right[usable]
    chosen = np.append(True, right[1:] != right[:-1])[: right.size]
    if arrivals.state.drop_rewrites and left.size:
        known = np.unique(left[left < base])
        items = np.where(left < base, np.searchsorted(known, left), left - base + known.size)
        anchors = arrivals.kernels.anchor(items, right + known.size, known.size + judged.posted.size)
        chosen = anchors[right + known.size] == items
    found = np.zeros(int(np.count_nonzero(chosen)), dtype=REWORDED)
    found["rank"], found["representative"] = base + right[chosen], left[chosen]
    found["probability"], found["scores"] = pairs.probabilities[usable][chosen], pairs.scores[usable][chosen]
    if arrivals.state.drop_rewrites:
        judged.representatives[right[chosen]] = left[chosen]
        judged.verdicts[right[chosen]] = Verdict.REWRITE
        judged.scores[right[chosen]] = found["scores"]
    return found
