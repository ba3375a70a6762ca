"""Exact classes: units with the same digest."""

import numpy as np

from dedup.kernels import I64, U64


def exact_classes(digests: U64, lengths: I64) -> I64:
    """For each unit the rank of the first unit with its digest (its own for the first); units without tokens are alone.

    To be verified by comparing the tokens.
    """
    count = digests.size
    # In any order among equals, which takes a third of the time of the order of ranks.
    order = np.argsort(digests)
    ordered = digests[order]
    begins = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])[:count])
    if not begins.size:
        return order
    firsts = np.empty(count, dtype=np.int64)
    firsts[order] = np.repeat(np.minimum.reduceat(order, begins), np.diff(begins, append=count))
    return np.where(lengths > 0, firsts, np.arange(count))
