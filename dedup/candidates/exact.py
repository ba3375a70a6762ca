"""Exact classes: units with the same digest."""

import numpy as np

from dedup.kernels import I64, U64


def exact_classes(digests: U64, lengths: I64) -> I64:
    """For each unit the rank of the first unit with its digest (its own for the first); units without tokens are alone.

    To be verified by comparing the tokens.
    """
    count = digests.size
    order = np.argsort(digests, kind="stable")
    ordered = digests[order]
    new = np.append(True, ordered[1:] != ordered[:-1])[:count]
    firsts = np.empty(count, dtype=np.int64)
    begins = np.flatnonzero(new)
    firsts[order] = np.repeat(order[begins], np.diff(np.append(begins, count)))
    return np.where(lengths > 0, firsts, np.arange(count))
