"""Scoring what lists of several tables led to by all anchors, in NumPy: the twin of `compiled_posted_rescoring`."""

import numpy as np

from dedup.kernels import I64, U32
from dedup.kernels.gathering import AnchorStack
from dedup.kernels.reference_anchors import rescore
from dedup.kernels.reference_gathering import take_anchors
from dedup.kernels.reference_posted import nothing_near
from dedup.kernels.rewriting import Anchors, Nearest, Rescored


def rescore_posted(
    stack: AnchorStack, found: Nearest, queries: Anchors, firsts: I64, most: int, least: U32
) -> Rescored:
    """See `RewriteKernels.rescore_posted`."""
    chosen, rows = np.unique(found.documents, return_inverse=True)
    taken = take_anchors(stack, chosen)
    if taken.damaged >= 0:
        nothing, none = nothing_near(found.offsets.size - 1), np.zeros(0, dtype=np.int64)
        return Rescored(nothing, none, np.zeros(0), none, taken.damaged, taken.part)
    held = Anchors(taken.keys, taken.strengths, np.append(0, np.cumsum(taken.sizes)))
    of_rows = found._replace(documents=rows, units=taken.firsts[rows] + found.units)
    scored = rescore(of_rows, queries, firsts, held, taken.firsts, most, least)
    rows = scored.documents
    told = scored._replace(documents=chosen[rows], units=scored.units - taken.firsts[rows])
    return Rescored(told, taken.ranks[rows], taken.elsewhere[rows], taken.sizes[scored.units])
