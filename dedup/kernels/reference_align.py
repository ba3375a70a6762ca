"""Aligning pairs of texts in NumPy: the oracle, and the path of small inputs. Contracts are in `dedup.kernels`."""

import numpy as np

from dedup.kernels import F64, I64
from dedup.kernels.alignment import (
    EXTENSION,
    FEATURES,
    FIRST_SUMMARY_SCORING,
    FIRST_SUMMARY_SUM,
    GAPS,
    LEAST_SUM,
    PASSAGE_SCORING,
    PLACES,
    RUN,
    SNAPPED_SHARE,
    SNAPPED_TOKENS,
    SUMMARY_FEATURES,
    SUMMARY_PLACES,
    SUMMARY_SCORING,
    UNIT,
    WITHIN_SCORING,
    Alignments,
    most_points,
)
from dedup.kernels.distinct import distinct, is_among
from dedup.kernels.reference_refinement import (
    STEPS,
    Refined,
    Side,
    fixed,
    greatest_segment,
    refine,
    score_side,
    weigh,
)
from dedup.kernels.reference_seeds import cluster, find_points, number_bigrams
from dedup.kernels.terms import BARRIER, Terms

name = "numpy"

Rectangle = tuple[int, int, int, int]

_SUMMARY_ROUNDS = 6
_SUMMARY_SHARE = 0.3
_SUMMARY_TOKENS = 10
_SUMMARY_SUM = 5.0
_BESIDE = 20
_REPEATED, _COMMON = 0.3, 5.0


def align_terms(
    texts: Terms,
    left: I64,
    right: I64,
    given: I64 | None = None,
    given_offsets: I64 | None = None,
    summarising: bool = True,
) -> Alignments:
    """See `Aligner.align_terms`."""
    lengths = np.diff(texts.offsets)
    most = most_points(int(lengths[left].max(initial=0)), int(lengths[right].max(initial=0)))
    rows: list[list[int]] = []
    features: list[list[float]] = []
    offsets = np.zeros(left.size + 1, dtype=np.int64)
    summaries = np.zeros((2 * left.size, SUMMARY_PLACES), dtype=np.int64)
    summary_features = np.zeros((2 * left.size, SUMMARY_FEATURES))
    for pair, (text, other) in enumerate(zip(left.tolist(), right.tolist(), strict=True)):
        both = _Pair(texts, text, other)
        chosen: list[list[int]] = []
        if given is not None and given_offsets is not None:
            chosen = given[given_offsets[pair] : given_offsets[pair + 1]].tolist()
        if chosen:
            for first, last, other_first, other_last in chosen:
                rectangle = (first, last, other_first, other_last)
                refined = weigh(both.left, both.right, rectangle, both.scoring)
                both.add(refined, rectangle, rows, features)
        else:
            if summarising and not both.within:
                _summarise(both.left, both.right, summaries[2 * pair], summary_features[2 * pair])
                _summarise(both.right, both.left, summaries[2 * pair + 1], summary_features[2 * pair + 1])
            for refined, rectangle in both.candidates(most):
                both.add(refined, rectangle, rows, features)
        offsets[pair + 1] = len(rows)
    return Alignments(
        np.array(rows, dtype=np.int64).reshape(-1, PLACES),
        np.array(features, dtype=np.float64).reshape(-1, FEATURES),
        offsets,
        summaries,
        summary_features,
    )


class _Pair:
    """Two texts, or one and itself, with their terms numbered together."""

    def __init__(self, texts: Terms, text: int, other: int) -> None:
        self.within = text == other
        self.scoring = WITHIN_SCORING if self.within else PASSAGE_SCORING
        self.hashes = [texts.hashes[texts.offsets[each] : texts.offsets[each + 1]] for each in (text, other)]
        spans = [slice(int(texts.term_offsets[each]), int(texts.term_offsets[each + 1])) for each in (text, other)]
        shared, inverse = np.unique(np.concatenate([texts.terms[span] for span in spans]), return_inverse=True)
        n_left = spans[0].stop - spans[0].start
        counts, sentences = np.zeros((2, shared.size), dtype=np.int64), np.zeros((2, shared.size), dtype=np.int64)
        numbers = []
        for side, each in enumerate((text, other)):
            of_terms = inverse[n_left:] if side else inverse[:n_left]
            counts[side, of_terms] = texts.counts[spans[side]]
            sentences[side, of_terms] = texts.sentence_counts[spans[side]]
            numbers.append(of_terms[texts.numbers[texts.offsets[each] : texts.offsets[each + 1]]])
        total = int(texts.sentences[text] + texts.sentences[other])
        self.weights: F64 = fixed(np.log(total / np.maximum(sentences.sum(axis=0), 1))) / UNIT
        self.bigrams = number_bigrams(numbers[0], numbers[1], counts[1][numbers[0]] > 0, counts[0][numbers[1]] > 0)
        breaks = [
            texts.breaks[texts.offsets[each] : texts.offsets[each + 1]].astype(np.int64) for each in (text, other)
        ]
        self.left = Side(numbers[0], counts[0], self.bigrams.left, breaks[0])
        self.right = Side(numbers[1], counts[1], self.bigrams.right, breaks[1])

    def candidates(self, most: int) -> list[tuple[Refined, Rectangle]]:
        """The refined rectangles, each with its snapped ends."""
        points = find_points(self.left.terms, self.bigrams, self.weights, most, self.within)
        sections = (_sections(self.left.breaks), _sections(self.right.breaks))
        seen: set[tuple[int, ...]] = set()
        found = []
        for gap in GAPS:
            for first, last, other_first, other_last in cluster(points, gap, self.within, sections):
                raw = (first, last, other_first, other_last)
                if (0, *raw) in seen:
                    continue
                seen.add((0, *raw))
                end = min(last + 2, self.left.terms.size)
                end = min(end, other_first) if self.within else end
                rectangle = (first, end, other_first, min(other_last + 2, self.right.terms.size))
                refined = refine(self.left, self.right, rectangle, self.within, self.scoring)
                if refined is None or min(refined.left_sum, refined.right_sum) <= LEAST_SUM * UNIT:
                    continue
                rectangle = (*refined.left, *refined.right)
                if (1, *rectangle) in seen:
                    continue
                seen.add((1, *rectangle))
                rectangle = self._snap(rectangle, _find_runs(self.left.terms, self.right.terms, rectangle))
                if (2, *rectangle) in seen:
                    continue
                seen.add((2, *rectangle))
                found.append((refined, rectangle))
        return found

    def add(self, refined: Refined, rectangle: Rectangle, rows: list[list[int]], features: list[list[float]]) -> None:
        """Append a candidate and what speaks for it."""
        rows.append([*rectangle, refined.left_sum, refined.right_sum])
        # Runs are of the refined rectangle, before its ends were snapped.
        runs = _find_runs(self.left.terms, self.right.terms, (*refined.left, *refined.right))
        share = sum(length for _, _, length in runs) / max(refined.left[1] - refined.left[0], 1)
        longest = max((length for _, _, length in runs), default=0)
        overlap = self._overlap(rectangle)
        features.append([*refined.left_evidence, *refined.right_evidence, *overlap, float(longest), share])

    def _overlap(self, rectangle: Rectangle) -> list[float]:
        """Weighted overlap: share of the left, of the right, cosine, shared terms, and the overlap itself."""
        first, last, other_first, other_last = rectangle
        size = self.weights.size
        one = np.bincount(self.left.terms[first:last], minlength=size).astype(np.float64)
        other = np.bincount(self.right.terms[other_first:other_last], minlength=size).astype(np.float64)
        common = float((np.minimum(one, other) * self.weights).sum())
        left, right = one * self.weights, other * self.weights
        norm = float(np.sqrt(float((left * left).sum()) * float((right * right).sum()) + 1e-9))
        shared = float(np.count_nonzero((one > 0) & (other > 0) & (self.weights > 0)))
        return [
            common / (float(left.sum()) + 1e-9),
            common / (float(right.sum()) + 1e-9),
            float((left * right).sum()) / norm,
            shared,
            common,
        ]

    def _snap(self, rectangle: Rectangle, runs: list[tuple[int, int, int]]) -> Rectangle:
        """End a passage that is mostly runs with the equal tokens of its outermost runs, and with those beyond."""
        first, last, other_first, other_last = rectangle
        if sum(length for _, _, length in runs) < SNAPPED_SHARE * max(last - first, other_last - other_first):
            return rectangle
        one, other, length = min(runs, key=lambda run: run[0] + run[1])
        if max(one - first, other - other_first) <= SNAPPED_TOKENS:
            equal = np.flatnonzero(self.hashes[0][one : one + length] == self.hashes[1][other : other + length])
            if equal.size:
                one, other = one + int(equal[0]), other + int(equal[0])
                steps = self._equal(one, other, -1, min(one, other - last if self.within else other))
                first, other_first = one - steps, other - steps
        # Of several that end alike the first one.
        one, other, length = max(runs, key=lambda run: run[0] + run[1] + 2 * run[2])
        one, other = one + length, other + length
        if max(last - one, other_last - other) <= SNAPPED_TOKENS:
            equal = np.flatnonzero(self.hashes[0][one - length : one] == self.hashes[1][other - length : other])
            if equal.size:
                one, other = one - length + int(equal[-1]) + 1, other - length + int(equal[-1]) + 1
                room = other_first - one if self.within else self.hashes[0].size - one
                steps = self._equal(one, other, 1, min(room, self.hashes[1].size - other))
                last, other_last = one + steps, other + steps
        sound = first < last and other_first < other_last and not (self.within and last > other_first)
        return (first, last, other_first, other_last) if sound else rectangle

    def _equal(self, one: int, other: int, step: int, most: int) -> int:
        """How many tokens before (`step` -1) or from (1) two places on are equal and no barrier."""
        steps = 0
        while steps < min(most, EXTENSION):
            here, there = (one - steps - 1, other - steps - 1) if step < 0 else (one + steps, other + steps)
            blocked = self.left.breaks[here] == BARRIER or self.right.breaks[there] == BARRIER
            if blocked or self.hashes[0][here] != self.hashes[1][there]:
                break
            steps += 1
        return steps


def _summarise(left: Side, right: Side, found: I64, features: F64) -> None:
    """Fill in the left span that best summarises the right text, if there is one."""
    scoring = FIRST_SUMMARY_SCORING
    n_left, n_right = left.terms.size, right.terms.size
    if min(n_left, n_right) < _SUMMARY_TOKENS:
        return
    passage, share, total, least = (0, n_left), _SUMMARY_SHARE, 0, FIRST_SUMMARY_SUM
    for number in range(_SUMMARY_ROUNDS):
        steps = STEPS if number else 0
        scores, evidence = score_side(left, (0, n_left), passage, right, (0, n_right), share, steps, scoring)
        share, scoring = evidence.share, SUMMARY_SCORING
        first, last, total = greatest_segment(scores, 0, 0, n_left, left.breaks, scoring)
        settled = number > 1 and (first, last) == passage
        passage = (first, last)
        least = _SUMMARY_SUM if number else FIRST_SUMMARY_SUM
        if last - first < _SUMMARY_TOKENS or total < least * UNIT or settled:
            break
    if passage[1] - passage[0] < _SUMMARY_TOKENS or total < least * UNIT:
        return
    second = 0
    if passage[0] > _BESIDE:
        second = max(second, greatest_segment(scores, 0, 0, passage[0], left.breaks, scoring)[2])
    if n_left - passage[1] > _BESIDE:
        second = max(second, greatest_segment(scores, 0, passage[1], n_left, left.breaks, scoring)[2])
    found[:] = (*passage, total, second)
    features[:] = (*evidence, *_spread(left, right, passage))


def _spread(left: Side, right: Side, passage: tuple[int, int]) -> tuple[float, ...]:
    """Where the terms of a left span stand in the right text, weighed by how rare they are there."""
    terms, size = right.terms, right.terms.size
    held = is_among(terms, distinct(left.terms[passage[0] : passage[1]]))
    whole = size + SUMMARY_SCORING.weight
    mass = np.maximum(-np.log((right.counts[terms] + SUMMARY_SCORING.prior) / whole) - _COMMON, 0.0)
    fresh = np.zeros(size, dtype=np.bool_)
    fresh[np.unique(terms, return_index=True)[1]] = True
    rare = np.count_nonzero(held & fresh & (mass > 1.0))
    masses = np.where(held, fixed(np.where(fresh, mass, mass * _REPEATED)) / UNIT, 0.0)
    sums = np.append(0.0, np.cumsum(masses))
    total = float(sums[-1])
    window = min(size, 13 * (passage[1] - passage[0]) // 10 + 10)
    ends = np.arange(1, size + 1)
    best = float((sums[ends] - sums[np.maximum(ends - window, 0)]).max())
    low = int(np.count_nonzero(sums[1:] < 0.05 * total))
    high = min(int(np.count_nonzero(sums[1:] <= 0.95 * total)) + 1, size)
    return best / (total + 1e-9), (high - low) / size, total, float(rare), float(low), float(high)


def _sections(breaks: I64) -> I64:
    """The number of each token's part of the text, between barriers."""
    barred = breaks == BARRIER
    return np.append(0, np.cumsum(barred[1:] != barred[:-1]))[: breaks.size]


def _find_runs(left: I64, right: I64, rectangle: Rectangle) -> list[tuple[int, int, int]]:
    """Runs of equal terms (left place, right place, length), from left to right."""
    first, last, other_first, other_last = rectangle
    one, other = left[first:last].tolist(), right[other_first:other_last].tolist()
    firsts: dict[tuple[int, ...], int] = {}
    for place in range(len(other) - RUN + 1):
        firsts.setdefault(tuple(other[place : place + RUN]), place)
    runs = []
    place = 0
    while place + RUN <= len(one):
        there = firsts.get(tuple(one[place : place + RUN]), -1)
        length = 0
        if there >= 0:
            while (
                place + length < len(one)
                and there + length < len(other)
                and one[place + length] == other[there + length]
            ):
                length += 1
            runs.append((first + place, other_first + there, length))
        place += max(length, 1)
    return runs
