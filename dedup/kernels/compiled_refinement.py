"""Refining a rectangle by likelihood ratio: which tokens of a text are better explained by a span of the other one.

A token in a passage comes, with probability p, from the span that the passage reuses, and otherwise from the text's own
background; p is fitted by expectation maximisation. Beside the log of the ratio a token scores by whether it touches a
skip-bigram of the other span. The passage is the segment of the greatest sum (Bentley 1984), less what its boundaries
cost. Scores are whole numbers of 1/1024 nat, so that sums do not hang on their order.
"""

import numpy as np

from dedup.kernels import F64, I64, U8, U32
from dedup.kernels.alignment import EXTENSION, FIRST_SUM, SKIPS, UNIT
from dedup.kernels.jit import Integer, compiled
from dedup.kernels.terms import BARRIER, BLOCK_BREAK, LINE_BREAK, SENTENCE_BREAK

ROUNDS = 5
STEPS = 3
MOST_SHARE, FIRST_SHARE = 0.97, 0.5
LEAST_TOKENS = 5
COST_NOWHERE, COST_LINE = 8.0, 2.0


@compiled
def fixed(value: float) -> Integer:
    """Nats as a whole number of units."""
    return np.int64(np.floor(UNIT * value + 0.5))


@compiled
def _ratios(
    terms: U32, n_terms: Integer, counts: U32, low: Integer, high: Integer, first: Integer, last: Integer, bag: U32,
    n_bag: Integer, inside: U32, excluded: float, prior: float, weight: float, shared: float, ratios: F64,
) -> None:  # fmt: skip
    """How much likelier each token from `low` to `high` is under the other span than under the background."""
    for token in range(first, last):
        inside[terms[token]] += np.uint32(1)
    whole = n_terms - excluded * (last - first) - shared * n_bag + weight
    scale = whole / n_bag
    for token in range(low, high):
        term = terms[token]
        ratio = 0.0
        if bag[term]:
            own = np.float64(counts[term]) - excluded * np.float64(inside[term]) - shared * np.float64(bag[term])
            ratio = np.float64(bag[term]) * scale / (max(own, 0.0) + prior)
        ratios[token - low] = ratio
    for token in range(first, last):
        inside[terms[token]] = np.uint32(0)


@compiled
def fit_share(ratios: F64, first: Integer, last: Integer, share: float, steps: Integer, least: float) -> float:
    """The share of a passage's tokens that come from the other span, by expectation maximisation."""
    for _ in range(steps):
        total = 0.0
        for place in range(first, last):
            if ratios[place] > 0.0:
                taken = share * ratios[place]
                total += taken / (1.0 - share + taken)
        share = min(max(total / max(last - first, 1), least), MOST_SHARE)
    return share


@compiled
def fill_bag(terms: U32, bigrams: U32, first: Integer, last: Integer, bag: U32, marks: U8) -> None:
    """Count the terms of a span and mark its skip-bigrams; both are zero before."""
    for token in range(first, last):
        bag[terms[token]] += np.uint32(1)
        for skip in range(SKIPS):
            if token + skip + 1 < last:
                marks[bigrams[SKIPS * token + skip]] = np.uint8(1)
    marks[0] = np.uint8(0)


@compiled
def empty_bag(terms: U32, bigrams: U32, first: Integer, last: Integer, bag: U32, marks: U8) -> None:
    """Undo `fill_bag`."""
    for token in range(first, last):
        bag[terms[token]] = np.uint32(0)
        for skip in range(SKIPS):
            marks[bigrams[SKIPS * token + skip]] = np.uint8(0)


@compiled
def score_side(
    terms: U32, n_terms: Integer, counts: U32, bigrams: U32, low: Integer, high: Integer, first: Integer,
    last: Integer, bag: U32, n_bag: Integer, marks: U8, inside: U32, ratios: F64, supported: U8, scores: I64,
    share: float, steps: Integer, settings: F64, evidence: F64,
) -> None:  # fmt: skip
    """Score the tokens from `low` to `high` of one side against a span of the other.

    `first` to `last` is the passage so far; `bag` and `marks` hold the `n_bag` tokens of the other span, `inside` is
    zero and left so. `settings`: see `Scoring`. `evidence` takes the fitted share and the shares of supported tokens
    inside and outside.
    """
    excluded, prior, weight, cap, support, least = (
        settings[0], settings[1], settings[2], settings[3], settings[4], settings[5],
    )  # fmt: skip
    _ratios(
        terms, n_terms, counts, low, high, first, last, bag, n_bag, inside, excluded, prior, weight, settings[9], ratios
    )
    share = fit_share(ratios, first - low, last - low, share, steps, least)
    for place in range(high - low):
        supported[place] = np.uint8(0)
    for token in range(low, high):
        for skip in range(SKIPS):
            if token + skip + 1 < high and marks[bigrams[SKIPS * token + skip]]:
                supported[token - low] = np.uint8(1)
                supported[token - low + skip + 1] = np.uint8(1)
    within: Integer = 0
    without: Integer = 0
    for place in range(high - low):
        if first <= place + low < last:
            within += np.int64(supported[place])
        else:
            without += np.int64(supported[place])
    size = last - first
    hit = min(max((within + 1.0) / (size + 2.0), 0.2), 0.98)
    chance = min((without + 5.0) / (high - low - size + 50.0), 0.7 * hit)
    gain, loss = fixed(support * np.log(hit / chance)), fixed(support * np.log((1.0 - hit) / (1.0 - chance)))
    foreign = fixed(np.log(1.0 - share))
    for place in range(high - low):
        score = foreign
        if ratios[place] > 0.0:
            score = fixed(min(np.log(1.0 - share + share * ratios[place]), cap))
        scores[place] = score + (gain if supported[place] else loss)
    evidence[0], evidence[1], evidence[2] = share, hit, chance


@compiled
def greatest_segment(
    scores: I64, origin: Integer, low: Integer, high: Integer, breaks: U8, n_terms: Integer, settings: F64, found: I64
) -> None:
    """The segment of the greatest sum, less its boundaries' costs: first token, one after the last, and the sum.

    `scores` begin at the token `origin`. No segment holds a barrier. Of equal sums the first found is given.
    """
    crossing, block = fixed(settings[6]), fixed(settings[7])
    nowhere, at_line = fixed(settings[8] * COST_NOWHERE), fixed(settings[8] * COST_LINE)
    best: Integer = -(1 << 62)
    best_first, best_last = low, low
    running: Integer = -(1 << 61)
    begin: Integer = low
    # What a boundary before the token costs: nothing at a sentence, at either end of the text, or at a barrier.
    cost: Integer = 0
    kind: Integer = breaks[low] if low < high else 0
    if low > 0 and kind < SENTENCE_BREAK and breaks[low - 1] != BARRIER:
        cost = at_line if kind == LINE_BREAK else nowhere
    for token in range(low, high):
        following: Integer = breaks[token + 1] if token + 1 < n_terms else SENTENCE_BREAK
        cost_behind: Integer = 0
        if following < SENTENCE_BREAK and kind != BARRIER:
            cost_behind = at_line if following == LINE_BREAK else nowhere
        if kind == BARRIER:
            running = -(1 << 61)
        else:
            if kind >= SENTENCE_BREAK:
                running -= block if kind == BLOCK_BREAK else crossing
            if running < -cost:
                running, begin = -cost, token
            running += scores[token - origin]
            if running - cost_behind > best:
                best, best_first, best_last = running - cost_behind, begin, token + 1
        kind, cost = following, cost_behind
    found[0], found[1], found[2] = best_first, best_last, best


@compiled
def refine(
    left: U32, n_left: Integer, left_counts: U32, left_bigrams: U32, left_breaks: U8,
    right: U32, n_right: Integer, right_counts: U32, right_bigrams: U32, right_breaks: U8,
    within: bool, bag: U32, inside: U32, marks: U8, ratios: F64, supported: U8, scores: I64,
    settings: F64, rectangle: I64, evidence: F64,
) -> None:  # fmt: skip
    """Refine a rectangle (left first, one after last, right first, one after last), in place.

    `rectangle` has two entries more, which take the sums of the left and of the right side, negative where nothing is
    left; `evidence` takes three values of the left and, from place 3, three of the right. `within`: both sides are of
    one text, the right one behind the left.
    """
    left_share, right_share = FIRST_SHARE, FIRST_SHARE
    first, last, other_first, other_last = rectangle[0], rectangle[1], rectangle[2], rectangle[3]
    found = rectangle[6:9]
    side = evidence[6:9]
    for number in range(ROUNDS):
        low, high = max(0, first - EXTENSION), min(n_left, last + EXTENSION)
        if within:
            high = min(high, other_first)
        fill_bag(right, right_bigrams, other_first, other_last, bag, marks)
        score_side(
            left, n_left, left_counts, left_bigrams, low, high, first, last, bag, other_last - other_first,
            marks, inside, ratios, supported, scores, left_share, STEPS, settings, side,
        )  # fmt: skip
        empty_bag(right, right_bigrams, other_first, other_last, bag, marks)
        left_share = side[0]
        evidence[0], evidence[1], evidence[2] = side[0], side[1], side[2]
        greatest_segment(scores, low, low, high, left_breaks, n_left, settings, found)
        changed = found[0] != first or found[1] != last
        first, last, rectangle[4] = found[0], found[1], found[2]
        if last - first < LEAST_TOKENS or (number == 0 and found[2] < FIRST_SUM * UNIT):
            rectangle[4] = -1
            break
        low, high = max(0, other_first - EXTENSION), min(n_right, other_last + EXTENSION)
        if within:
            low = max(low, last)
        fill_bag(left, left_bigrams, first, last, bag, marks)
        score_side(
            right, n_right, right_counts, right_bigrams, low, high, other_first, other_last, bag,
            last - first, marks, inside, ratios, supported, scores, right_share, STEPS, settings, side,
        )  # fmt: skip
        empty_bag(left, left_bigrams, first, last, bag, marks)
        right_share = side[0]
        evidence[3], evidence[4], evidence[5] = side[0], side[1], side[2]
        greatest_segment(scores, low, low, high, right_breaks, n_right, settings, found)
        changed = changed or found[0] != other_first or found[1] != other_last
        other_first, other_last, rectangle[5] = found[0], found[1], found[2]
        if other_last - other_first < LEAST_TOKENS or (number == 0 and found[2] < FIRST_SUM * UNIT):
            rectangle[5] = -1
            break
        if not changed:
            break
    rectangle[0], rectangle[1], rectangle[2], rectangle[3] = first, last, other_first, other_last


@compiled
def weigh(
    left: U32, n_left: Integer, left_counts: U32, left_bigrams: U32, right: U32, n_right: Integer, right_counts: U32,
    right_bigrams: U32, bag: U32, inside: U32, marks: U8, ratios: F64, supported: U8, scores: I64, settings: F64,
    rectangle: I64, evidence: F64,
) -> None:  # fmt: skip
    """The sums and evidence of a rectangle as it is, where `refine` leaves those of a refined one."""
    first, last, other_first, other_last = rectangle[0], rectangle[1], rectangle[2], rectangle[3]
    side = evidence[6:9]
    fill_bag(right, right_bigrams, other_first, other_last, bag, marks)
    score_side(
        left, n_left, left_counts, left_bigrams, first, last, first, last, bag, other_last - other_first, marks, inside,
        ratios, supported, scores, FIRST_SHARE, STEPS, settings, side,
    )  # fmt: skip
    empty_bag(right, right_bigrams, other_first, other_last, bag, marks)
    evidence[0], evidence[1], evidence[2] = side[0], side[1], side[2]
    rectangle[4] = 0
    for place in range(last - first):
        rectangle[4] += scores[place]
    fill_bag(left, left_bigrams, first, last, bag, marks)
    score_side(
        right, n_right, right_counts, right_bigrams, other_first, other_last, other_first, other_last, bag,
        last - first, marks, inside, ratios, supported, scores, FIRST_SHARE, STEPS, settings, side,
    )  # fmt: skip
    empty_bag(left, left_bigrams, first, last, bag, marks)
    evidence[3], evidence[4], evidence[5] = side[0], side[1], side[2]
    rectangle[5] = 0
    for place in range(other_last - other_first):
        rectangle[5] += scores[place]
