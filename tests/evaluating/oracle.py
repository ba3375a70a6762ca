"""What evaluating should give, written down naively: sets of characters, and every pair of items."""

import math
from collections.abc import Sequence
from itertools import combinations, product

Annotation = tuple[str, int, int, str, int, int]
"""Left document, start, end, right document, start, end."""


def overlapping(one: Annotation, other: Annotation) -> bool:
    left = one[0] == other[0] and other[2] > one[1] and other[1] < one[2]
    return left and one[3] == other[3] and other[5] > one[4] and other[4] < one[5]


def characters(annotation: Annotation, side: int) -> set[tuple[int, str, int]]:
    document, start, end = annotation[side : side + 3]
    assert isinstance(start, int)
    assert isinstance(end, int)
    return {(side, str(document), place) for place in range(start, end)}


def both_sides(annotation: Annotation) -> set[tuple[int, str, int]]:
    return characters(annotation, 0) | characters(annotation, 3)


def macro_recall(cases: Sequence[Annotation], detections: Sequence[Annotation]) -> float:
    if not cases and not detections:
        return 1.0
    if not cases or not detections:
        return 0.0
    shares = []
    for case in cases:
        covered = set().union(*(both_sides(each) for each in detections if overlapping(case, each)))
        shares.append(len(both_sides(case) & covered) / len(both_sides(case)))
    return sum(shares) / len(shares)


def granularity(cases: Sequence[Annotation], detections: Sequence[Annotation]) -> float:
    hits = [sum(overlapping(case, each) for each in detections) for case in cases]
    detected = sum(number > 0 for number in hits)
    return sum(hits) / detected if detected else 1.0


def micro(cases: Sequence[Annotation], detections: Sequence[Annotation]) -> tuple[float, float]:
    """Precision and recall."""
    if not cases and not detections:
        return 1.0, 1.0
    true = set().union(*map(both_sides, cases))
    found = set().union(*map(both_sides, detections))
    right = set().union(
        *(both_sides(case) & both_sides(each) for case, each in product(cases, detections) if overlapping(case, each))
    )
    return len(right) / len(found) if found else 0.0, len(right) / len(true) if true else 0.0


def plagdet(precision: float, recall: float, granular: float) -> float:
    if precision + recall == 0:
        return 0.0
    return 2 * precision * recall / (precision + recall) / math.log2(1 + granular)


def pair_counts(truth: Sequence[int], predictions: Sequence[int]) -> tuple[int, int, int]:
    """Pairs of items that are together in both, in the predictions, and in the truth."""
    pairs = list(combinations(range(len(truth)), 2))
    true = [truth[one] == truth[other] for one, other in pairs]
    found = [predictions[one] == predictions[other] for one, other in pairs]
    return sum(a and b for a, b in zip(true, found, strict=True)), sum(found), sum(true)


def bcubed(truth: Sequence[int], predictions: Sequence[int]) -> tuple[float, float]:
    """Precision and recall of Bagga and Baldwin."""
    places = range(len(truth))
    precisions, recalls = [], []
    for item in places:
        found = {each for each in places if predictions[each] == predictions[item]}
        true = {each for each in places if truth[each] == truth[item]}
        precisions.append(len(found & true) / len(found))
        recalls.append(len(found & true) / len(true))
    return sum(precisions) / len(truth), sum(recalls) / len(truth)
