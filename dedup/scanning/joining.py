"""Joining what two searches found of the same documents: chains of equal paragraphs, and aligned passages."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import F64, I64, Bool
from dedup.model import RELATIONS, Relation
from dedup.scanning.aligned import Aligned
from dedup.scanning.findings import Findings, Side, join_sides, take_findings

COVERED = 0.7
"""A passage of which another one covers this share on both sides says nothing more."""

COPIED = 0.8
"""A passage that is no exact copy is given up for the copied paragraphs that make up more than this share of it."""

_EXACT, _CONTAINS = RELATIONS.index(Relation.EXACT), RELATIONS.index(Relation.CONTAINS)


@dataclass(frozen=True, slots=True)
class Joined:
    """n passages: `relations` (int8) and `scores` (5, n) as in `Findings`, spans, and which are summaries."""

    relations: NDArray[np.int8]
    left: Side
    right: Side
    scores: F64
    summaries: Bool


def join_aligned(chained: Findings, aligned: Aligned) -> Joined:
    """Leave out of chains and of aligned passages what the other one says better, and join the rest.

    Of a copied paragraph and a passage that cover each other the first is kept if it is exact; a passage that is nearly
    all copied paragraphs, in another order perhaps, is given up for them; a paragraph that contains another one is
    given up for the passage which is the part contained.
    """
    relations = aligned.relations
    ours, theirs = _boxes(aligned.left, aligned.right), _boxes(chained.left, chained.right)
    chain_kept = np.ones(len(theirs), dtype=np.bool_)
    kept = np.ones(len(ours), dtype=np.bool_)
    copied = chained.relations != _CONTAINS
    for row in np.flatnonzero(relations != _EXACT).tolist():
        common = _common(ours[row], theirs[copied])
        kept[row] = bool((common.sum(axis=0) <= COPIED * _sizes(ours[[row]])[0]).any()) or bool(aligned.summaries[row])
    for row in range(len(theirs)):
        common = _common(theirs[row], ours)
        of_this = (common / np.maximum(_sizes(theirs[[row]]), 1)).min(axis=1)
        of_that = (common / np.maximum(_sizes(ours), 1)).min(axis=1)
        if chained.relations[row] == _CONTAINS:
            # The side contained is the shorter one.
            shorter = int(np.argmin(_sizes(theirs[[row]])[0]))
            part = common[:, shorter] / max(float(_sizes(theirs[[row]])[0, shorter]), 1.0)
            chain_kept[row] = not bool((kept & (of_that >= COVERED) & (part >= COVERED)).any())
            continue
        inside = kept & (of_this >= COVERED)
        equal = inside & (of_that >= COVERED)
        if chained.relations[row] == _EXACT or not bool((relations[equal] == _EXACT).any()):
            inside &= ~equal
        chain_kept[row] = not bool(inside.any())
        if chain_kept[row]:
            kept &= of_that < COVERED
    chained = take_findings(chained, np.flatnonzero(chain_kept))
    aligned = aligned.take(np.flatnonzero(kept))
    return Joined(
        np.concatenate([chained.relations, aligned.relations]),
        join_sides([chained.left, aligned.left]),
        join_sides([chained.right, aligned.right]),
        np.concatenate([chained.scores, aligned.scores], axis=1),
        np.concatenate([np.zeros(len(chained), dtype=np.bool_), aligned.summaries]),
    )


def _boxes(left: Side, right: Side) -> I64:
    """Starts and ends of both sides, shape (rows, 4)."""
    return np.stack([left.starts, left.ends, right.starts, right.ends], axis=1)


def _sizes(boxes: I64) -> I64:
    """Bytes of both sides, shape (rows, 2)."""
    return boxes[:, 1::2] - boxes[:, ::2]


def _common(box: I64, boxes: I64) -> I64:
    """Bytes that a passage shares with others on both sides, shape (rows, 2); none where it shares none on one."""
    common = np.minimum(box[1::2], boxes[:, 1::2]) - np.maximum(box[::2], boxes[:, ::2])
    common = np.maximum(common, 0)
    result: I64 = np.where((common > 0).all(axis=1)[:, None], common, 0)
    return result
