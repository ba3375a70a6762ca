"""Passages: precision and recall by characters, granularity, and plagdet, as PAN measures text alignment.

Potthast, Stein, Barrón-Cedeño and Rosso, An Evaluation Framework for Plagiarism Detection, 2010. Figures agree with
PAN's script: macro-averaged over passages, which is its default, and micro-averaged by characters (its `--micro`).
"""

from collections.abc import Iterator

import numpy as np

from dedup.evaluating.intervals import bootstrap, divided, harmonic
from dedup.evaluating.pair_measures import RESAMPLES
from dedup.evaluating.tables import Passages
from dedup.kernels import F64, I64, Bool
from dedup.model import Evaluation, Kind, Measure

_MACRO = ("plagdet", "precision", "recall", "F1", "granularity")
_MICRO = ("micro plagdet", "micro precision", "micro recall")

Annotations = I64
"""n passages, int64 of shape (n, 6): left document, start and end, right document, start and end."""


def evaluate_passages(
    truth: Passages, predictions: Passages, *, resamples: int = RESAMPLES, seed: int = 1
) -> Evaluation:
    """Plagdet, precision, recall, F1 and granularity of predicted passages; which side is left does not matter.

    A prediction detects a passage of the truth where they overlap on both sides. Macro-averaged: recall is the mean
    over the passages of the truth of the share of their characters, on both sides, that is detected, precision the same
    the other way round. Micro-averaged: characters over all, those of several passages of one document once.
    Granularity is the mean number of predictions that detect a passage, of those that any does. The same passage
    counts once. The intervals resample pairs of documents. Time and memory grow with the product of the passages of
    one pair of documents on both sides.
    """
    cases, detections = _annotations(truth), _annotations(predictions)
    every = np.concatenate([cases, detections])
    _, pair_of = np.unique(every[:, [0, 3]], axis=0, return_inverse=True)
    pair_of = pair_of.reshape(-1)
    count = int(pair_of.max()) + 1 if pair_of.size else 0
    case_pairs, detection_pairs = pair_of[: len(cases)], pair_of[len(cases) :]

    recalls, precisions = np.zeros(len(cases)), np.zeros(len(detections))
    detected_by = np.zeros(len(cases), dtype=np.int64)
    hits: list[I64] = [np.zeros((0, 6), dtype=np.int64)]
    for of_cases, of_detections in _by_pair(case_pairs, detection_pairs):
        some, others = cases[of_cases], detections[of_detections]
        overlap = _overlapping(some, others)
        detected_by[of_cases] = overlap.sum(axis=1)
        recalls[of_cases] = _covered(some, others, overlap)
        precisions[of_detections] = _covered(others, some, overlap.T)
        hits.append(_intersections(some, others, overlap))

    def summed(pairs: I64, values: F64) -> F64:
        return np.bincount(pairs, weights=values, minlength=count).astype(np.float64)

    sums = np.stack(
        [
            summed(case_pairs, recalls),
            summed(case_pairs, np.ones(len(cases))),
            summed(detection_pairs, precisions),
            summed(detection_pairs, np.ones(len(detections))),
            summed(case_pairs, detected_by.astype(np.float64)),
            summed(case_pairs, (detected_by > 0).astype(np.float64)),
        ],
        axis=1,
    )
    values = _macro(sums.sum(axis=0, keepdims=True))[:, 0]
    intervals = bootstrap(sums, _macro, resamples, seed)
    found = zip(_MACRO, values, intervals, strict=True)
    measures = [Measure(name, float(value), interval) for name, value, interval in found]
    granularity = float(values[_MACRO.index("granularity")])
    micro = _micro(cases, detections, np.concatenate(hits), granularity)
    measures += [Measure(name, value) for name, value in zip(_MICRO, micro, strict=True)]
    counts = {
        "true": len(cases),
        "predicted": len(detections),
        "detected": int(np.count_nonzero(detected_by)),
        "pairs of documents": count,
        "ignored": truth.ignored + predictions.ignored,
    }
    return Evaluation(Kind.PASSAGES, counts, tuple(measures), count)


def plagdet(precision: F64, recall: F64, granularity: F64) -> F64:
    """F1 over log2(1 + granularity)."""
    scores: F64 = harmonic(precision, recall) / np.log2(1 + granularity)
    return scores


def _annotations(passages: Passages) -> Annotations:
    """Each passage once, the document with the smaller number on the left; within one document the earlier span."""
    columns = np.stack(
        [
            passages.left,
            passages.left_starts,
            passages.left_ends,
            passages.right,
            passages.right_starts,
            passages.right_ends,
        ],
        axis=1,
    )
    swapped = columns[:, [3, 4, 5, 0, 1, 2]]
    # The first three numbers of either side, compared as one: document, start, end.
    order = np.sign(columns[:, :3] - swapped[:, :3])
    first = np.where(order[:, 0] != 0, order[:, 0], np.where(order[:, 1] != 0, order[:, 1], order[:, 2]))
    return np.unique(np.where((first > 0)[:, None], swapped, columns), axis=0)


def _by_pair(cases: I64, detections: I64) -> Iterator[tuple[I64, I64]]:
    """The places of the cases and of the detections of each pair of documents that has both."""
    case_order, detection_order = np.argsort(cases, kind="stable"), np.argsort(detections, kind="stable")
    both = np.intersect1d(cases, detections)
    bounds = [
        np.searchsorted(values[order], both, side=side).tolist()
        for values, order in ((cases, case_order), (detections, detection_order))
        for side in ("left", "right")
    ]
    for first, last, other_first, other_last in zip(*bounds, strict=True):
        yield case_order[first:last], detection_order[other_first:other_last]


def _overlapping(some: Annotations, others: Annotations) -> Bool:
    """Whether each of some overlaps each of the others on both sides, shape (some, others)."""
    overlap: Bool = np.ones((len(some), len(others)), dtype=np.bool_)
    for start, end in ((1, 2), (4, 5)):
        overlap &= (others[None, :, end] > some[:, None, start]) & (others[None, :, start] < some[:, None, end])
    return overlap


def _covered(some: Annotations, others: Annotations, overlap: Bool) -> F64:
    """Of each annotation the share of its characters, both sides together, that those overlapping it cover."""
    shares = np.zeros(len(some))
    for place in np.flatnonzero(overlap.any(axis=1)).tolist():
        covered = length = 0
        for start, end in ((1, 2), (4, 5)):
            first, last = int(some[place, start]), int(some[place, end])
            spans = np.clip(others[overlap[place]][:, [start, end]], first, last)
            covered += _union(spans)
            length += last - first
        shares[place] = covered / length
    return shares


def _intersections(some: Annotations, others: Annotations, overlap: Bool) -> Annotations:
    """What each two that overlap have in common."""
    one, other = np.nonzero(overlap)
    common = some[one].copy()
    for start, end in ((1, 2), (4, 5)):
        common[:, start] = np.maximum(some[one, start], others[other, start])
        common[:, end] = np.minimum(some[one, end], others[other, end])
    return common


def _macro(sums: F64) -> F64:
    recalled, cases, precise, detections, hits, detected = sums.T
    nothing = (cases == 0) & (detections == 0)
    # As in PAN's script: without cases and detections all is well, and with one of them alone nothing is.
    precision = np.where(nothing, 1.0, np.nan_to_num(divided(precise, detections)))
    recall = np.where(nothing, 1.0, np.nan_to_num(divided(recalled, cases)))
    granularity = np.where(detected == 0, 1.0, np.nan_to_num(divided(hits, detected), nan=1.0))
    scores = plagdet(precision, recall, granularity)
    return np.stack([scores, precision, recall, harmonic(precision, recall), granularity])


def _micro(cases: Annotations, detections: Annotations, hits: Annotations, granularity: float) -> tuple[float, ...]:
    true, predicted, right = (_characters(each) for each in (cases, detections, hits))
    if not true and not predicted:
        precision = recall = 1.0
    else:
        precision, recall = (right / whole if whole else 0.0 for whole in (predicted, true))
    values = np.array([[precision], [recall], [granularity]])
    return float(plagdet(*values)[0]), precision, recall


def _characters(annotations: Annotations) -> int:
    """Characters of each side's documents in any of the annotations."""
    total = 0
    for document, start, end in ((0, 1, 2), (3, 4, 5)):
        if not len(annotations):
            continue
        # Documents laid one behind the other, so that one pass counts all.
        width = int(annotations[:, end].max()) + 1
        total += _union(annotations[:, [start, end]] + annotations[:, document, None] * width)
    return total


def _union(spans: I64) -> int:
    """How many characters the spans cover, shape (n, 2), those in several once."""
    ordered = spans[np.argsort(spans[:, 0], kind="stable")]
    reach = np.maximum.accumulate(ordered[:, 1])
    begins = np.maximum(ordered[:, 0], np.append(ordered[:1, 0], reach[:-1]))
    return int(np.maximum(ordered[:, 1] - begins, 0).sum())
