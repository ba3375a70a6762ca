"""Containment candidates: units whose modulo sketches overlap (Broder 1997)."""

from collections.abc import Iterable

import numpy as np

from dedup.candidates.pairs import LOW, PAIRS_AT_ONCE, SHIFT, Candidates, counted, linked, unpack
from dedup.kernels import I64, U8, U64, Kernels

_LEAST_SHARE = (3, 5)
"""The least share of the smaller sketch that must be common.

It is well under any sensible containment threshold, so that sampling error alone seldom rejects a pair.
"""


def containment_candidates(
    postings: Iterable[U64], levels: U8, sizes: I64, posting_cap: int, kernels: Kernels
) -> Candidates:
    """Pairs of units of whose sampled shingles the smaller side shares three in five.

    `postings`: the sampled shingles of all units, the upper half of an entry, each with the rank of a unit that holds
    it, the lower half, in any order (they are sorted in place); all entries of a shingle are in the same of the arrays.
    `levels` and `sizes`, by rank, are those of `dedup.kernels.Sketches`: a long unit is looked for by a sample of its
    sample, MOD_m of a greater m, and counted are the shingles at the level of the smaller side.

    A shingle proposes the first `posting_cap` units that hold it, so that a frequent phrase costs no more than a rare
    one.
    """
    found: U64 = np.zeros(0, dtype=np.uint64)
    shared: I64 = np.zeros(0, dtype=np.int64)
    held: list[U64] = []
    capped = 0
    for entries in postings:
        entries.sort()
        for pairs, cut in linked(entries, posting_cap + 1, posting_cap, levels, kernels):
            capped += cut
            held.append(pairs)
            if sum(each.size for each in held) > PAIRS_AT_ONCE:
                found, shared = _added(found, shared, *counted(np.concatenate(held)))
                held = []
    found, shared = _added(found, shared, *counted(np.concatenate([np.zeros(0, dtype=np.uint64), *held])))
    left, right = (found & LOW).astype(np.int64), (found >> SHIFT).astype(np.int64)
    order = levels[left].astype(np.int64) - levels[right]
    smaller = np.where(
        order == 0, np.minimum(sizes[left], sizes[right]), np.where(order < 0, sizes[left], sizes[right])
    )
    part, whole = _LEAST_SHARE
    return unpack(found[whole * shared >= part * smaller], capped)


def _added(found: U64, shared: I64, more: U64, more_shared: I64) -> tuple[U64, I64]:
    """Sum counts of distinct ascending pairs."""
    if found.size == 0:
        return more, more_shared
    if more.size == 0:
        return found, shared
    places = np.searchsorted(found, more)
    inside = places < found.size
    known = np.zeros(more.size, dtype=np.bool_)
    known[inside] = found[places[inside]] == more[inside]
    shared[places[known]] += more_shared[known]
    order = np.argsort(np.concatenate([found, more[~known]]), kind="stable")
    return np.concatenate([found, more[~known]])[order], np.concatenate([shared, more_shared[~known]])[order]
