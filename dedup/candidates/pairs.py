"""Pairs as packed integers, and the pairs within groups of equal keys."""

from typing import NamedTuple

import numpy as np

from dedup.kernels import I64, U64, Bool

SHIFT = np.uint64(32)
LOW = np.uint64(0xFFFFFFFF)


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


def distinct(packed: U64) -> U64:
    """The distinct values, ascending. Sorting is many times faster here than NumPy's hash-based `unique`."""
    ordered = np.sort(packed)
    new = np.ones(ordered.size, dtype=np.bool_)
    new[1:] = ordered[1:] != ordered[:-1]
    return ordered[new]


def merge_candidates(*several: Candidates) -> Candidates:
    """The union."""
    packed = np.concatenate([pack(each.left, each.right) for each in several])
    return unpack(distinct(packed), sum(each.capped for each in several))


class Groups(NamedTuple):
    """Members of groups: the rank of each in its group (from 0) and the place where its group begins."""

    ranks: I64
    begins: I64


def group(new: Bool) -> Groups:
    """Groups of consecutive members, given where a new one begins."""
    begins = np.flatnonzero(new)
    sizes = np.diff(np.append(begins, new.size))
    begin_of = np.repeat(begins, sizes)
    return Groups(np.arange(new.size) - begin_of, begin_of)


def pairs_in_groups(members: I64, groups: Groups, partners: I64, chosen: Bool) -> tuple[I64, I64]:
    """Pair each chosen member with the first `partners` (one number a member) members of its group."""
    partners = np.where(chosen, partners, 0)
    right = np.repeat(members, partners)
    within = np.arange(right.size) - np.repeat(np.cumsum(partners) - partners, partners)
    left = members[np.repeat(groups.begins, partners) + within]
    return left, right
