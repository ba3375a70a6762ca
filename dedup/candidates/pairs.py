"""Pairs of ranks as packed integers."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from dedup.kernels import I64, U8, U64, Bool, Kernels
from dedup.kernels.distinct import distinct

SHIFT = np.uint64(32)
LOW = np.uint64(0xFFFFFFFF)

PAIRS_AT_ONCE = 2 << 20


class Candidates(NamedTuple):
    """Distinct pairs `left < right` (int64 ranks), sorted by right, then left, and how many groups a cap cut."""

    left: I64
    right: I64
    capped: int


def pack(left: I64, right: I64) -> U64:
    """Pairs as integers that sort by right, then left. Ranks are below 2**32."""
    return (right.astype(np.uint64) << SHIFT) | left.astype(np.uint64)


def unpack(packed: U64, capped: int) -> Candidates:
    """The pairs of distinct sorted integers."""
    return Candidates((packed & LOW).astype(np.int64), (packed >> SHIFT).astype(np.int64), capped)


def counted(packed: U64) -> tuple[U64, I64]:
    """The distinct values, ascending, and how often each is there. Sorts in place."""
    packed.sort()
    ordered = packed
    begins = np.flatnonzero(_begins(ordered))
    return ordered[begins], np.diff(begins, append=ordered.size)


def _begins(ordered: U64) -> Bool:
    """Whether each of some ascending values differs from the one before."""
    new = np.ones(ordered.size, dtype=np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=new[1:])
    return new


def merge_candidates(*several: Candidates) -> Candidates:
    """The union."""
    packed = np.concatenate([pack(each.left, each.right) for each in several])
    return unpack(distinct(packed), sum(each.capped for each in several))


def linked(entries: U64, cap: int, links: int, levels: U8, kernels: Kernels) -> Iterator[tuple[U64, int]]:
    """The pairs of `Kernels.link`, a bounded number at a time, with the number of groups cut."""
    start = 0
    while start < entries.size:
        found = kernels.link(entries, start, cap, links, levels, min(PAIRS_AT_ONCE, links * entries.size + cap * cap))
        start = found.following
        yield found.pairs, found.cut
