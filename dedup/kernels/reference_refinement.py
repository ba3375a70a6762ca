"""Refining a rectangle by likelihood ratio in NumPy, as `dedup.kernels.compiled_refinement` has it."""

from typing import NamedTuple

import numpy as np

from dedup.kernels import F64, I64, Bool
from dedup.kernels.alignment import EXTENSION, FIRST_SUM, SKIPS, UNIT, Scoring
from dedup.kernels.terms import BARRIER, BLOCK_BREAK, LINE_BREAK, SENTENCE_BREAK

ROUNDS = 5
STEPS = 3
MOST_SHARE, FIRST_SHARE = 0.97, 0.5
LEAST_TOKENS = 5
COST_NOWHERE, COST_LINE = 8.0, 2.0


class Side(NamedTuple):
    """One text: the number of each token's term, the counts of the terms, skip-bigrams of its tokens, and breaks."""

    terms: I64
    counts: I64
    bigrams: I64
    breaks: I64


class Evidence(NamedTuple):
    """The share of tokens that come from the other side, and of those that touch a shared skip-bigram, in and out."""

    share: float
    hit: float
    chance: float


def fixed(values: F64 | float) -> I64:
    """Nats as whole numbers of units."""
    return np.floor(UNIT * np.asarray(values) + 0.5).astype(np.int64)


def score_side(
    side: Side, window: tuple[int, int], passage: tuple[int, int], other: Side, span: tuple[int, int], share: float,
    steps: int, scoring: Scoring,
) -> tuple[I64, Evidence]:  # fmt: skip
    """Scores of the tokens in a window of one side against a span of the other, and the evidence of the passage."""
    (low, high), (first, last) = window, passage
    size, n_bag = last - first, span[1] - span[0]
    bag = np.bincount(other.terms[span[0] : span[1]], minlength=side.counts.size)
    inside = np.bincount(side.terms[first:last], minlength=side.counts.size)
    scale = (side.terms.size - scoring.excluded * size - scoring.shared * n_bag + scoring.weight) / n_bag
    terms = side.terms[low:high]
    own = side.counts[terms].astype(np.float64) - scoring.excluded * inside[terms] - scoring.shared * bag[terms]
    own = np.maximum(own, 0.0) + scoring.prior
    ratios = np.where(bag[terms] > 0, bag[terms] * scale / own, 0.0)
    within = slice(first - low, last - low)
    for _ in range(steps):
        taken = share * ratios[within]
        total = float(np.cumsum(np.append(0.0, taken / (1.0 - share + taken)))[-1])
        share = min(max(total / max(size, 1), scoring.least), MOST_SHARE)
    supported = _supported(side, window, other, span)
    inner = int(np.count_nonzero(supported[within]))
    outer = int(np.count_nonzero(supported)) - inner
    hit = min(max((inner + 1.0) / (size + 2.0), 0.2), 0.98)
    chance = min((outer + 5.0) / (high - low - size + 50.0), 0.7 * hit)
    gain, loss = scoring.support * np.log(hit / chance), scoring.support * np.log((1.0 - hit) / (1.0 - chance))
    explained = np.minimum(np.log(1.0 - share + share * ratios), scoring.cap)
    scores = fixed(np.where(ratios > 0.0, explained, np.log(1.0 - share)))
    return scores + np.where(supported, fixed(gain), fixed(loss)), Evidence(share, hit, chance)


def _supported(side: Side, window: tuple[int, int], other: Side, span: tuple[int, int]) -> Bool:
    """Which tokens of a window touch a skip-bigram that lies within a span of the other side."""
    marks = np.zeros(int(max(side.bigrams.max(initial=0), other.bigrams.max(initial=0))) + 1, dtype=np.bool_)
    for skip in range(SKIPS):
        marks[other.bigrams[span[0] : max(span[1] - skip - 1, span[0]), skip]] = True
    marks[0] = False
    supported = np.zeros(window[1] - window[0], dtype=np.bool_)
    for skip in range(SKIPS):
        touching = np.flatnonzero(marks[side.bigrams[window[0] : max(window[1] - skip - 1, window[0]), skip]])
        supported[touching] = True
        supported[touching + skip + 1] = True
    return supported


def boundary_costs(breaks: I64, scoring: Scoring) -> I64:
    """What a boundary before each token costs, and one behind the last: int64 of shape (tokens + 1,)."""
    costs = np.full(breaks.size + 1, fixed(scoring.boundary * COST_NOWHERE))
    costs[:-1][breaks == LINE_BREAK] = fixed(scoring.boundary * COST_LINE)
    costs[:-1][breaks >= SENTENCE_BREAK] = 0
    costs[1:][breaks == BARRIER] = 0
    costs[0] = costs[-1] = 0
    return costs


def greatest_segment(
    scores: I64, origin: int, low: int, high: int, breaks: I64, scoring: Scoring
) -> tuple[int, int, int]:
    """The segment of the greatest sum less its boundaries' costs, without a barrier: first, one after the last, sum."""
    best = (low, low, -(1 << 62))
    costs = boundary_costs(breaks, scoring)
    crossing = np.where(breaks == SENTENCE_BREAK, fixed(scoring.crossing), 0)
    crossing[breaks == BLOCK_BREAK] = fixed(scoring.block)
    edges = np.flatnonzero(np.diff(np.append(np.append(True, breaks[low:high] == BARRIER), True).astype(np.int8)))
    for begin, end in zip((edges[::2] + low).tolist(), (edges[1::2] + low).tolist(), strict=True):
        sums = np.append(0, np.cumsum(scores[begin - origin : end - origin] - crossing[begin:end]))
        # What a segment has at its end, if it begins before a token.
        starts = crossing[begin:end] - costs[begin:end] - sums[:-1]
        highest = np.maximum.accumulate(starts)
        new = np.append(True, highest[1:] > highest[:-1])
        begins = np.maximum.accumulate(np.where(new, np.arange(new.size), 0))
        totals = sums[1:] + highest - costs[begin + 1 : end + 1]
        place = int(np.argmax(totals))
        if totals[place] > best[2]:
            best = (begin + int(begins[place]), begin + place + 1, int(totals[place]))
    return best


class Refined(NamedTuple):
    """A refined rectangle: first token and one after the last of each side, the sums, and the evidence of each side."""

    left: tuple[int, int]
    right: tuple[int, int]
    left_sum: int
    right_sum: int
    left_evidence: Evidence
    right_evidence: Evidence


_NOTHING = Evidence(0.0, 0.0, 0.0)


def refine(
    left: Side, right: Side, rectangle: tuple[int, int, int, int], within: bool, scoring: Scoring
) -> Refined | None:
    """Refine a rectangle; None where one side comes to nothing."""
    passage, span = rectangle[:2], rectangle[2:]
    left_share = right_share = FIRST_SHARE
    left_sum = right_sum = -1
    left_evidence = right_evidence = _NOTHING
    for number in range(ROUNDS):
        low, high = max(0, passage[0] - EXTENSION), min(left.terms.size, passage[1] + EXTENSION)
        high = min(high, span[0]) if within else high
        scores, left_evidence = score_side(left, (low, high), passage, right, span, left_share, STEPS, scoring)
        left_share = left_evidence.share
        first, last, left_sum = greatest_segment(scores, low, low, high, left.breaks, scoring)
        changed = (first, last) != passage
        passage = (first, last)
        if last - first < LEAST_TOKENS or (number == 0 and left_sum < FIRST_SUM * UNIT):
            return None
        low, high = max(0, span[0] - EXTENSION), min(right.terms.size, span[1] + EXTENSION)
        low = max(low, last) if within else low
        scores, right_evidence = score_side(right, (low, high), span, left, passage, right_share, STEPS, scoring)
        right_share = right_evidence.share
        first, last, right_sum = greatest_segment(scores, low, low, high, right.breaks, scoring)
        changed |= (first, last) != span
        span = (first, last)
        if last - first < LEAST_TOKENS or (number == 0 and right_sum < FIRST_SUM * UNIT):
            return None
        if not changed:
            break
    return Refined(passage, span, left_sum, right_sum, left_evidence, right_evidence)


def weigh(left: Side, right: Side, rectangle: tuple[int, int, int, int], scoring: Scoring) -> Refined:
    """The sums and evidence of a rectangle as it is."""
    passage, span = rectangle[:2], rectangle[2:]
    scores, left_evidence = score_side(left, passage, passage, right, span, FIRST_SHARE, STEPS, scoring)
    others, right_evidence = score_side(right, span, span, left, passage, FIRST_SHARE, STEPS, scoring)
    return Refined(passage, span, int(scores.sum()), int(others.sum()), left_evidence, right_evidence)
