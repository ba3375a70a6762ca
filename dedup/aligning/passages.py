"""From the terms of two texts to the passages that they share: candidates, acceptance, a choice among overlaps."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from dedup.aligning.acceptance import (
    SUMMARY_FEATURES,
    Acceptance,
    passage_features,
    shipped_acceptance,
    summary_features,
)
from dedup.kernels import F64, I64, Bool
from dedup.kernels.alignment import UNIT, Aligner, Alignments
from dedup.kernels.terms import Terms

LEAST_TOKENS = 12
"""The fewest tokens of a passage on either side."""

LEAST_RATIO, MOST_CONCENTRATED, LEAST_SPREAD = 1.2, 0.8, 0.4
"""A summary is so much shorter than its source; no more than such a share of what it takes stands in one part of its
own length, and what it takes is spread over such a share of the source."""

MOST_OVERLAP = 0.3
"""A passage is dropped for a likelier one if they share more than this of the shorter one's tokens, on either side."""


class Passages(NamedTuple):
    """Passages of n pairs of texts, by pair and by place on the left.

    `pairs` int64 (rows,). `places` int64 (rows, 4): first token and one after the last, on the left and on the right.
    `nats` float64 (rows, 2): log-likelihood of the left side given the right one against its own background, and the
    same of the right side. `probabilities` float64 (rows,). `summaries`: whether one side is a summary of the other.
    """

    pairs: I64
    places: I64
    nats: F64
    probabilities: F64
    summaries: Bool

    def take(self, rows: I64 | Bool) -> "Passages":
        """The passages at these rows."""
        return Passages(
            self.pairs[rows], self.places[rows], self.nats[rows], self.probabilities[rows], self.summaries[rows]
        )


def align_texts(texts: Terms, left: I64, right: I64, aligner: Aligner, *, summarising: bool = True) -> Passages:
    """The passages that each pair of texts shares, or that stand twice in one text where both are the same.

    Unless `summarising`, no text is looked at as a summary of another: what is close in it is a passage.

    The longer text is held against the shorter one, whichever side it is on, so that the answer does not hang on the
    order of the two.
    """
    swapped = in_order(texts, left, right)
    longer, shorter = np.where(swapped, right, left), np.where(swapped, left, right)
    found = aligner.align_terms(texts, longer, shorter, summarising=summarising)
    chosen = choose(found, texts, longer, shorter, *shipped_acceptance())
    back = np.where(swapped[chosen.pairs, None], [2, 3, 0, 1], [0, 1, 2, 3])
    places = np.take_along_axis(chosen.places, back, axis=1)
    nats = np.where(swapped[chosen.pairs, None], chosen.nats[:, ::-1], chosen.nats)
    result = chosen._replace(places=places, nats=nats)
    return result.take(np.lexsort((places[:, 2], places[:, 0], chosen.pairs)))


def in_order(texts: Terms, left: I64, right: I64) -> Bool:
    """Which pairs are to be swapped for the longer text to come first; of equally long ones, that of lower hashes."""
    lengths = np.diff(texts.offsets)
    swapped: Bool = lengths[left] < lengths[right]
    for pair in np.flatnonzero((lengths[left] == lengths[right]) & (left != right)).tolist():
        one, other = (texts.hashes[texts.offsets[each] : texts.offsets[each + 1]] for each in (left[pair], right[pair]))
        differing = np.flatnonzero(one != other)[:1]
        swapped[pair] = bool((one[differing] > other[differing]).any())
    return swapped


def choose(
    found: Alignments, texts: Terms, left: I64, right: I64, passages: Acceptance, summaries: Acceptance
) -> Passages:
    """Accept candidates of pairs of texts by their probability, the likeliest first, and none that overlaps another."""
    probabilities = passages.probabilities(passage_features(found, texts, left, right))
    first, last, other_first, other_last = found.places[:, :4].T
    long_enough = np.minimum(last - first, other_last - other_first) >= LEAST_TOKENS
    probabilities = np.where(long_enough, probabilities, 0.0)
    rows = np.flatnonzero(probabilities >= passages.threshold)
    owners = np.repeat(np.arange(found.offsets.size - 1), np.diff(found.offsets))[rows]
    kept = Passages(
        owners,
        found.places[rows, :4],
        found.places[rows, 4:6] / UNIT,
        probabilities[rows],
        np.zeros(rows.size, dtype=np.bool_),
    )
    rows, features = summary_features(found, texts, left, right, probabilities)
    likely = summaries.probabilities(features)
    lengths = np.diff(texts.offsets)
    accepted = (likely >= summaries.threshold) & _condense(features)
    condensed = _summaries(found, rows[accepted], likely[accepted], (lengths[left], lengths[right]))
    # A summary takes the place of the passages that it overlaps: those are the parts in which it is close.
    kept = kept.take(~_overlaps(kept, condensed))
    order = np.lexsort((-kept.nats.sum(axis=1), -kept.probabilities, kept.pairs))
    kept = kept.take(order[_without_overlaps(kept.take(order))])
    return Passages(*(np.concatenate(columns) for columns in zip(kept, condensed, strict=True)))


def _condense(features: F64) -> Bool:
    """Which spans take from all over a longer text what they say, and are no passage of a part of it."""
    ratio, concentrated, spread = (
        features[:, SUMMARY_FEATURES.index(name)] for name in ("length_ratio", "best_window", "spread")
    )
    condensing: Bool = (ratio >= np.log(LEAST_RATIO)) & (concentrated <= MOST_CONCENTRATED) & (spread >= LEAST_SPREAD)
    return condensing


def _summaries(found: Alignments, rows: I64, probabilities: F64, lengths: tuple[I64, I64]) -> Passages:
    """Accepted summaries: the span of one side, and the whole of the other text."""
    pair, side = rows // 2, rows % 2
    first, last, total, _ = found.summaries[rows].T
    source = np.stack(lengths, axis=1)[pair, 1 - side]
    places = np.stack([first, last, np.zeros_like(first), source], axis=1)
    places = np.where(side[:, None] == 1, places[:, [2, 3, 0, 1]], places)
    nats = np.zeros((rows.size, 2))
    nats[np.arange(rows.size), side] = total / UNIT
    result = Passages(pair, places, nats, probabilities, np.ones(rows.size, dtype=np.bool_))
    # Of two texts of which each summarises the other, the likelier one.
    order = np.lexsort((-probabilities, pair))
    first_of_pair = np.append(True, np.diff(pair[order]) != 0)[: rows.size]
    return result.take(order[first_of_pair])


def _overlaps(passages: Passages, summaries: Passages) -> Bool:
    """Which passages overlap a summary of their pair on both sides."""
    if summaries.pairs.size == 0:
        return np.zeros(passages.pairs.size, dtype=np.bool_)
    at = np.minimum(np.searchsorted(summaries.pairs, passages.pairs), summaries.pairs.size - 1)
    one, other = passages.places, summaries.places[at]
    result: Bool = summaries.pairs[at] == passages.pairs
    for side in (0, 2):
        result &= (one[:, side] < other[:, side + 1]) & (other[:, side] < one[:, side + 1])
    return result


def _without_overlaps(passages: Passages) -> I64:
    """The rows that are kept of passages in order of preference within each pair."""
    kept: list[int] = []
    bounds = np.append(np.flatnonzero(np.diff(passages.pairs, prepend=-1)), passages.pairs.size).tolist()
    for begin, end in pairwise(bounds):
        chosen: list[int] = []
        for row in range(begin, end):
            if not chosen or not _clashes(passages.places[row], passages.places[chosen]):
                chosen.append(row)
        kept.extend(chosen)
    return np.array(kept, dtype=np.int64)


def _clashes(places: I64, others: I64) -> bool:
    """Whether a passage overlaps one of several by more than `MOST_OVERLAP` of the shorter one, on either side."""
    for side in (0, 2):
        common = np.minimum(places[side + 1], others[:, side + 1]) - np.maximum(places[side], others[:, side])
        shorter = np.minimum(places[side + 1] - places[side], others[:, side + 1] - others[:, side])
        if bool((common > MOST_OVERLAP * shorter).any()):
            return True
    return False
