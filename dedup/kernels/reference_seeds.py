"""Seeds of aligned passages in NumPy, as `dedup.kernels.compiled_seeds` has them."""

from typing import NamedTuple

import numpy as np

from dedup.kernels import F64, I64, Bool
from dedup.kernels.alignment import (
    LEAST_DISTANCE,
    LEAST_POINTS,
    LEAST_WEIGHT,
    MOST_OCCURRENCES,
    SKIPS,
)
from dedup.kernels.distinct import distinct, is_among

_MOST_LEVELS = 40


class Bigrams(NamedTuple):
    """The shared skip-bigrams that begin at each token, int64 of shape (tokens, SKIPS), 0 where one is not shared.

    `left_found` and `right_found` count each in its text.
    """

    left: I64
    right: I64
    left_found: I64
    right_found: I64


def number_bigrams(left: I64, right: I64, left_known: Bool, right_known: Bool) -> Bigrams:
    """Number the skip-bigrams that two texts share, from 1; `known` are the terms that the other text holds."""
    keys = [_keys(terms, known) for terms, known in ((left, left_known), (right, right_known))]
    ours, theirs = (distinct(side[side >= 0]) for side in keys)
    shared = ours[is_among(ours, theirs)]
    numbers = []
    for side in keys:
        places = np.searchsorted(shared, side)
        hit = np.append(shared, -2)[places] == side
        numbers.append(np.where(hit, places + 1, 0))
    found = [np.bincount(side.reshape(-1), minlength=shared.size + 1) for side in numbers]
    for counts in found:
        counts[0] = 0
    return Bigrams(numbers[0], numbers[1], found[0], found[1])


def _keys(terms: I64, known: Bool) -> I64:
    """One number a skip-bigram, -1 for those of terms that the other text does not hold."""
    keys = np.full((terms.size, SKIPS), -1, dtype=np.int64)
    for skip in range(SKIPS):
        one, other = terms[: -skip - 1], terms[skip + 1 :]
        both = known[: -skip - 1] & known[skip + 1 :]
        keys[: one.size, skip] = np.where(both, np.maximum(one, other) << 32 | np.minimum(one, other), -1)
    return keys


def find_points(left: I64, bigrams: Bigrams, weights: F64, most: int, within: bool) -> I64:
    """The seeds as points (place on the left, place on the right), int64 of shape (points, 2), in order."""
    allowed = MOST_OCCURRENCES
    while allowed > 1:
        few = (bigrams.left_found <= allowed) & (bigrams.right_found <= allowed)
        if int((bigrams.left_found[few] * bigrams.right_found[few]).sum()) <= most:
            break
        allowed -= 1
    few = (bigrams.left_found <= allowed) & (bigrams.right_found <= allowed)
    few[0] = False
    heavy = np.zeros(bigrams.left.shape, dtype=np.bool_)
    for skip in range(SKIPS):
        heavy[: -skip - 1, skip] = weights[left[: -skip - 1]] + weights[left[skip + 1 :]] >= LEAST_WEIGHT
    places, skips = np.nonzero(few[bigrams.left] & heavy)
    wanted = bigrams.left[places, skips]
    others, other_skips = np.nonzero(few[bigrams.right])
    held = bigrams.right[others, other_skips]
    order = np.argsort(held, kind="stable")
    held, others = held[order], others[order]
    first, last = np.searchsorted(held, wanted), np.searchsorted(held, wanted, side="right")
    lengths = last - first
    owners = np.repeat(np.arange(wanted.size), lengths)
    entries = first[owners] + np.arange(owners.size) - (np.cumsum(lengths) - lengths)[owners]
    points = np.stack([places[owners], others[entries]], axis=1)
    return points[points[:, 1] >= points[:, 0] + LEAST_DISTANCE] if within else points


def cluster(points: I64, gap: int, within: bool, sections: tuple[I64, I64]) -> list[tuple[int, int, int, int]]:
    """The rectangles of points no further apart than a gap, in the order of the compiled loop."""
    if len(points) < LEAST_POINTS:
        return []
    stack = [(points, 0, False)]
    found = []
    while stack:
        some, level, settled = stack.pop()
        side = level & 1
        some = some[np.lexsort((some[:, 1 - side], some[:, side]))]
        along = some[:, side]
        cuts = np.flatnonzero((np.diff(along) - 1 > gap) | (np.diff(sections[side][along]) != 0)) + 1
        if cuts.size:
            stack.extend((part, level + 1, False) for part in np.split(some, cuts) if len(part) >= LEAST_POINTS)
            continue
        if not settled and level < _MOST_LEVELS:
            stack.append((some, level + 1, True))
            continue
        low, high = some.min(axis=0), some.max(axis=0)
        if within and high[0] >= low[1]:
            stack.extend((part, 0, False) for part in _part_diagonals(some, gap))
            continue
        found.append((int(low[0]), int(high[0]), int(low[1]), int(high[1])))
    return found


def _part_diagonals(points: I64, gap: int) -> list[I64]:
    """The parts of points that lie on different diagonals; none where there is one part alone."""
    diagonals = points[:, 1] - points[:, 0]
    order = np.lexsort((points[:, 0], diagonals))
    parts = np.split(points[order], np.flatnonzero(np.diff(diagonals[order]) - 1 > gap) + 1)
    return [part for part in parts if len(part) >= LEAST_POINTS] if len(parts) > 1 else []
