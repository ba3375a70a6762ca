"""Clustering: anchored clusters. Every removed document is verified against a kept one; there are no chains."""

import numpy as np

from dedup.kernels import I64, Kernels

__all__ = ["anchored_clusters"]


def anchored_clusters(left: I64, right: I64, count: int, kernels: Kernels) -> I64:
    """The representative of each of `count` documents, or -1 where the document is kept; int64.

    `left < right` are verified pairs of ranks of which the right one may be dropped for the left one. Documents are
    taken by rank: one that is paired with earlier kept documents is dropped for the first of them.
    """
    order = np.lexsort((left, right))
    return kernels.anchor(left[order], right[order], count)
