"""Summaries: a span of one text whose terms come from all over the other one, by the scorer that refines passages."""

import numpy as np

from dedup.kernels import F64, I64, U8, U32
from dedup.kernels.alignment import FIRST_SUMMARY_SUM, UNIT
from dedup.kernels.compiled_refinement import STEPS, empty_bag, fill_bag, fixed, greatest_segment, score_side
from dedup.kernels.jit import Integer, compiled

ROUNDS = 6
FIRST_SHARE = 0.3
LEAST_TOKENS = 10
LEAST_SUM = 5.0
REPEATED = 0.3
COMMON = 5.0


@compiled
def _spread(
    left: U32, first: Integer, last: Integer, right: U32, n_right: Integer, right_counts: U32,
    settings: F64, bag: U32, inside: U32, masses: F64, features: F64,
) -> None:  # fmt: skip
    """Where the terms of a span stand in the other text, weighed by how rare they are there.

    Takes the share of the mass in the best window of the span's size, the share of the text between the first and the
    last twentieth of the mass, the mass, the number of rare terms, first and last token, and the window's share.
    """
    for token in range(first, last):
        bag[left[token]] = np.uint32(1)
    prior, whole = settings[1], n_right + settings[2]
    window = min(n_right, 13 * (last - first) // 10 + 10)
    total, rare, recent, best = 0.0, 0, 0.0, 0.0
    for token in range(n_right):
        term = right[token]
        mass = 0.0
        if bag[term]:
            mass = max(-np.log((right_counts[term] + prior) / whole) - COMMON, 0.0)
            if inside[term]:
                mass *= REPEATED
            else:
                inside[term] = np.uint32(1)
                rare += mass > 1.0
            mass = fixed(mass) / UNIT
        masses[token] = mass
        total += mass
        recent += mass
        if token >= window:
            recent -= masses[token - window]
        best = max(best, recent)
    for token in range(first, last):
        bag[left[token]] = np.uint32(0)
    for token in range(n_right):
        inside[right[token]] = np.uint32(0)
    low, running = 0, 0.0
    high: Integer = 0
    for token in range(n_right):
        running += masses[token]
        if running < 0.05 * total:
            low = token + 1
        if running <= 0.95 * total:
            high = token + 1
    high = min(high + 1, n_right)
    features[3] = best / (total + 1e-9)
    features[4] = np.float64(high - low) / n_right
    features[5] = total
    features[6] = np.float64(rare)
    features[7] = np.float64(low)
    features[8] = np.float64(high)


@compiled
def find_summary(
    left: U32, n_left: Integer, left_counts: U32, left_bigrams: U32, left_breaks: U8,
    right: U32, n_right: Integer, right_counts: U32, right_bigrams: U32,
    bag: U32, inside: U32, marks: U8, ratios: F64, supported: U8, scores: I64, settings: F64, first_settings: F64,
    found: I64, features: F64,
) -> None:  # fmt: skip
    """The span of the left text that best summarises the right one, if there is one.

    `found` takes its first token, one after its last, its sum and the greatest sum beside it; `features` the share of
    tokens that come from the right text, the share of supported ones inside and outside, and those of `_spread`. Where
    there is none both are zero.
    """
    if n_left < LEAST_TOKENS or n_right < LEAST_TOKENS:
        return
    fill_bag(right, right_bigrams, 0, n_right, bag, marks)
    first, last, total = 0, n_left, 0
    share, least = FIRST_SHARE, FIRST_SUMMARY_SUM
    for number in range(ROUNDS):
        score_side(
            left, n_left, left_counts, left_bigrams, 0, n_left, first, last, bag, n_right, marks, inside,
            ratios, supported, scores, share, STEPS if number else 0, settings if number else first_settings, features,
        )  # fmt: skip
        share = features[0]
        greatest_segment(scores, 0, 0, n_left, left_breaks, n_left, settings, found)
        settled = number > 1 and found[0] == first and found[1] == last
        first, last, total = found[0], found[1], found[2]
        least = LEAST_SUM if number else FIRST_SUMMARY_SUM
        if last - first < LEAST_TOKENS or total < least * UNIT or settled:
            break
    empty_bag(right, right_bigrams, 0, n_right, bag, marks)
    if last - first < LEAST_TOKENS or total < least * UNIT:
        for place in range(3):
            found[place] = 0
            features[place] = 0.0
        return
    second = 0
    if first > 20:
        greatest_segment(scores, 0, 0, first, left_breaks, n_left, settings, found)
        second = max(second, found[2])
    if n_left - last > 20:
        greatest_segment(scores, 0, last, n_left, left_breaks, n_left, settings, found)
        second = max(second, found[2])
    found[0], found[1], found[2], found[3] = first, last, total, second
    _spread(left, first, last, right, n_right, right_counts, settings, bag, inside, ratios, features)
