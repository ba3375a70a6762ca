"""Containment candidates: units whose modulo sketches overlap (Broder 1997)."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from dedup.candidates.pairs import PAIRS_AT_ONCE, Candidates, counted, linked, unpack
from dedup.kernels import I64, U8, U64, Kernels

LEAST_SHARE = (3, 5)
"""The least share of the smaller sketch that must be common.

It is well under any sensible containment threshold, so that sampling error alone seldom rejects a pair.
"""


class SharedShingles(NamedTuple):
    """Packed pairs of units, distinct and ascending, how many sampled shingles each shares, and how many a cap cut."""

    pairs: U64
    counts: I64
    capped: int


def shared_shingles(postings: U64, levels: U8, posting_cap: int, kernels: Kernels) -> SharedShingles:
    """Pairs of units with sampled shingles in common, from the postings of some shingles.

    `postings` (written over): the sampled shingles of all units, the upper half of an entry, each with the rank of a
    unit that holds it, the lower half; those of shingles that one unit alone holds, or that are at the level of none,
    may be left out. `levels`, by rank, are those of `dedup.kernels.Sketches`: a long unit is looked
    for by a sample of its sample, MOD_m of a greater m, and counted are the shingles at the level of the smaller side.

    A shingle proposes the first `posting_cap` units that hold it, so that a frequent phrase costs no more than a rare
    one.
    """
    postings.sort()
    found, shared = _NO_PAIRS, _NO_COUNTS
    held: list[U64] = []
    capped = 0
    for pairs, cut in linked(postings, posting_cap + 1, posting_cap, levels, kernels):
        capped += cut
        held.append(pairs)
        if sum(each.size for each in held) > PAIRS_AT_ONCE:
            found, shared = kernels.add_counts(found, shared, *counted(np.concatenate(held)))
            held = []
    found, shared = kernels.add_counts(found, shared, *counted(np.concatenate([_NO_PAIRS, *held])))
    return SharedShingles(found, shared, capped)


def containment_candidates(parts: Iterable[SharedShingles], levels: U8, sizes: I64, kernels: Kernels) -> Candidates:
    """Pairs of units of whose sampled shingles the smaller side shares three in five.

    `parts`: what all the shingles give, all postings of a shingle in one part. `levels` and `sizes`, by rank, are those
    of `dedup.kernels.Sketches`.
    """
    found, shared = _NO_PAIRS, _NO_COUNTS
    capped = 0
    for part in parts:
        capped += part.capped
        found, shared = kernels.add_counts(found, shared, part.pairs, part.counts)
    return unpack(kernels.enough_shared(found, shared, levels, sizes, LEAST_SHARE), capped)


_NO_PAIRS: U64 = np.zeros(0, dtype=np.uint64)
_NO_COUNTS: I64 = np.zeros(0, dtype=np.int64)
