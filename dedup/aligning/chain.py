"""Chaining matched segments to passages: maximal runs along a diagonal, with barriers."""

from typing import NamedTuple

import numpy as np

from dedup.kernels import I64, U64, Bool

GAP = 64
"""The most segments by which a run is bridged, or lengthened at an end, where they are equal."""


class SegmentColumns(NamedTuple):
    """What chaining knows of each segment, in reading order of the documents, each of shape (segments,).

    `documents`: rank of the document. `digests`: hash of the tokens. `short`: too few tokens to be matched on its own.
    `barrier`: no passage runs across it (prompt residue).
    """

    documents: I64
    digests: U64
    short: Bool
    barrier: Bool


class MatchedSegments(NamedTuple):
    """Verified pairs of segments, `left < right`, and whether each is an exact copy."""

    left: I64
    right: I64
    exact: Bool


class Runs(NamedTuple):
    """Passages as runs of segments: first and last (inclusive) on each side, all of shape (runs,).

    `exact`: every segment is an exact copy of its partner. The pairs that make run i are those at the places
    `pairs[offsets[i]:offsets[i + 1]]` among the pairs given.
    """

    left_first: I64
    left_last: I64
    right_first: I64
    right_last: I64
    exact: Bool
    pairs: I64
    offsets: I64


def chain(matched: MatchedSegments, segments: SegmentColumns) -> Runs:
    """Join pairs that follow each other in both documents.

    Between two pairs of a run at most `GAP` segments may lie, each equal to its partner (they are too short to be pairs
    themselves, or belong to a class of which only some pairs are given). At both ends the run takes in equal short
    segments. Within one document the two sides of a run do not overlap.
    """
    left_documents, right_documents = segments.documents[matched.left], segments.documents[matched.right]
    diagonals = matched.right - matched.left
    # Documents ascend with their segments: along a diagonal the pairs of two documents stand together. Places are below
    # 2**32, and no two pairs are alike, so that one key and any way of sorting will do.
    order = np.argsort(diagonals << 32 | matched.left)
    left, right, diagonal = matched.left[order], matched.right[order], diagonals[order]
    same_document = (left_documents == right_documents)[order]

    same_line = np.zeros(left.size, dtype=np.bool_)
    same_line[1:] = (
        (left_documents[order][1:] == left_documents[order][:-1])
        & (right_documents[order][1:] == right_documents[order][:-1])
        & (diagonal[1:] == diagonal[:-1])
    )
    gaps = np.append(0, left[1:] - left[:-1] - 1)
    new = ~same_line | (gaps > GAP)
    for step in range(1, int(gaps[~new].max(initial=0)) + 1):
        open_gap = np.flatnonzero(~new & (gaps >= step))
        new[open_gap] |= ~_equal(segments, left[open_gap] - step, right[open_gap] - step)
    new = _split_overlaps(new, left, diagonal, same_document)

    begins = np.flatnonzero(new)
    ends = np.append(begins[1:], left.size)[: begins.size] - 1
    exact = np.logical_and.reduceat(matched.exact[order], begins) if begins.size else np.zeros(0, np.bool_)
    left_first, right_first, left_last, right_last = left[begins], right[begins], left[ends], right[ends]
    alone = same_document[begins]
    _lengthen(segments, left_first, right_first, -1, left_last, alone)
    _lengthen(segments, left_last, right_last, +1, right_first, alone)
    return Runs(left_first, left_last, right_first, right_last, exact, order, np.append(begins, left.size))


def _equal(segments: SegmentColumns, left: I64, right: I64) -> Bool:
    """Whether segments are equal to their partners, and none is a barrier."""
    blocked = segments.barrier[left] | segments.barrier[right]
    equal: Bool = (segments.digests[left] == segments.digests[right]) & ~blocked
    return equal


def _split_overlaps(new: Bool, left: I64, diagonal: I64, same_document: Bool) -> Bool:
    """Begin a new run where, within one document, the left side would run into the right one."""
    split = new.copy()
    # The left sides of all runs in one ascending order, so that one search finds a place in each of them.
    runs = np.cumsum(new) - 1
    width = int(left.max(initial=0)) + int(diagonal.max(initial=0)) + 1
    ordered = runs * width + left
    begins = np.flatnonzero(new & same_document)
    while begins.size:
        meeting = np.searchsorted(ordered, ordered[begins] + diagonal[begins])
        inside = meeting < left.size
        inside[inside] = runs[meeting[inside]] == runs[begins[inside]]
        begins = meeting[inside]
        split[begins] = True
    return split


def _lengthen(segments: SegmentColumns, left: I64, right: I64, step: int, limit: I64, same_document: Bool) -> None:
    """Move the ends of runs, in place, over equal short segments.

    Within one document the sides must not meet: backwards (`step` -1) the right side stays behind `limit`, the run's
    last left segment, and forwards the left side stays before it, the first right segment.
    """
    count = segments.documents.size
    growing = np.arange(left.size)
    for _ in range(GAP):
        next_left, next_right = left[growing] + step, right[growing] + step
        inside = (next_left >= 0) & (next_right < count)
        growing, next_left, next_right = growing[inside], next_left[inside], next_right[inside]
        documents = segments.documents
        fits = (documents[next_left] == documents[left[growing]]) & (documents[next_right] == documents[right[growing]])
        fits &= segments.short[next_left] & _equal(segments, next_left, next_right)
        meeting = next_right <= limit[growing] if step < 0 else next_left >= limit[growing]
        fits &= ~(same_document[growing] & meeting)
        growing = growing[fits]
        if growing.size == 0:
            return
        left[growing] += step
        right[growing] += step
