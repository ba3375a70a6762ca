"""The measure of the PAN text alignment tasks: precision, recall and granularity by characters, and plagdet of them.

Potthast, Stein, Barrón-Cedeño and Rosso, An Evaluation Framework for Plagiarism Detection (2010): recall is the mean
over cases of the share of a case's characters, of both sides together, that detections cover which overlap it on both
sides; precision is the same with cases and detections exchanged; granularity the mean number of detections over the
cases that have any; plagdet = F1 / log2(1 + granularity).
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from dedup.kernels import F64


class Alignment(NamedTuple):
    """A case or a detection: half-open ranges of characters of the left and of the right text."""

    left_start: int
    left_end: int
    right_start: int
    right_end: int

    def overlaps(self, other: "Alignment") -> bool:
        """Whether they share a character on either side."""
        return (
            self.left_start < other.left_end
            and other.left_start < self.left_end
            and self.right_start < other.right_end
            and other.right_start < self.right_end
        )

    def covered(self, others: Sequence["Alignment"]) -> tuple[float, int]:
        """The share of its characters that others cover which overlap it, and how many these are."""
        overlapping = [other for other in others if self.overlaps(other)]
        if not overlapping:
            return 0.0, 0
        left = _union((max(self.left_start, o.left_start), min(self.left_end, o.left_end)) for o in overlapping)
        right = _union((max(self.right_start, o.right_start), min(self.right_end, o.right_end)) for o in overlapping)
        whole = self.left_end - self.left_start + self.right_end - self.right_start
        return (left + right) / whole, len(overlapping)


def _union(ranges: Iterable[tuple[int, int]]) -> int:
    """The size of the union of half-open ranges."""
    total, reached = 0, -1
    for start, end in sorted(ranges):
        total += max(end - max(start, reached), 0)
        reached = max(reached, end)
    return total


@dataclass(frozen=True, slots=True)
class Plagdet:
    """The measure, and how many cases and detections it is of."""

    precision: float
    recall: float
    granularity: float
    cases: int
    detections: int

    @property
    def value(self) -> float:
        """F1 / log2(1 + granularity)."""
        if self.precision + self.recall == 0.0:
            return 0.0
        f1 = 2 * self.precision * self.recall / (self.precision + self.recall)
        return f1 / math.log2(1 + self.granularity)


def tally(cases: Sequence[Alignment], detections: Sequence[Alignment]) -> F64:
    """What one pair of texts adds, float64 of shape (6,).

    Cases, their recall, detections, their precision, cases detected, and detections of these.
    """
    cases, detections = list(dict.fromkeys(cases)), list(dict.fromkeys(detections))
    recalls = [case.covered(detections) for case in cases]
    precisions = [detection.covered(cases)[0] for detection in detections]
    return np.array(
        [
            len(cases),
            sum(share for share, _ in recalls),
            len(detections),
            sum(precisions),
            sum(count > 0 for _, count in recalls),
            sum(count for _, count in recalls),
        ]
    )


def measure(tallies: F64) -> Plagdet:
    """The measure of pairs from their tallies, of shape (pairs, 6)."""
    cases, recall, detections, precision, detected, counted = tallies.sum(axis=0).tolist()
    return Plagdet(
        precision / detections if detections else 0.0,
        recall / cases if cases else 0.0,
        counted / detected if detected else 1.0,
        int(cases),
        int(detections),
    )


def interval(tallies: F64, samples: int = 1000, seed: int = 1) -> tuple[float, float]:
    """The 95 % interval of plagdet, by drawing pairs with replacement (Efron's percentile bootstrap)."""
    generator = np.random.default_rng(seed)
    values = [
        measure(tallies[generator.integers(0, len(tallies), len(tallies))]).value
        for _ in range(samples if len(tallies) else 0)
    ]
    low, high = np.percentile(values, [2.5, 97.5]) if values else (0.0, 0.0)
    return float(low), float(high)
