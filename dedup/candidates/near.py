"""Near-duplicate candidates by locality-sensitive hashing: units that share a band (Indyk and Motwani 1998)."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from dedup.candidates.pairs import PAIRS_AT_ONCE, Candidates, linked, unpack
from dedup.kernels import I64, U8, U32, U64, Kernels
from dedup.kernels.distinct import distinct

_NO_LEVELS: U8 = np.zeros(0, dtype=np.uint8)


class BandPairs(NamedTuple):
    """The packed pairs of units in a common bucket of one band, and how many buckets the cap cut."""

    pairs: U64
    capped: int


def band_pairs(keys: U32, owners: I64, bucket_cap: int, bucket_links: int, kernels: Kernels) -> BandPairs:
    """Pairs of units in a common bucket of a band.

    `keys` (units,) is the key of each unit, `owners` (units,) its rank, or -1 where it is not compared. A bucket's
    member with `bucket_cap` or more before it is paired with the first `bucket_links` alone, so that the number of
    pairs grows linearly.
    """
    entries = kernels.repeated_keys(keys, owners)
    entries.sort()
    found = list(linked(entries, bucket_cap, bucket_links, _NO_LEVELS, kernels))
    pairs = np.concatenate([np.zeros(0, dtype=np.uint64), *(pairs for pairs, _ in found)])
    return BandPairs(pairs, sum(cut for _, cut in found))


def near_candidates(bands: Iterable[BandPairs]) -> Candidates:
    """Pairs of units in a common bucket of any band."""
    held: list[U64] = []
    n_held, limit = 0, PAIRS_AT_ONCE
    capped = 0
    for band in bands:
        capped += band.capped
        held.append(band.pairs)
        n_held += band.pairs.size
        if n_held > limit:
            held = [distinct(np.concatenate(held))]
            n_held = held[0].size
            limit = max(2 * n_held, PAIRS_AT_ONCE)
    return unpack(distinct(np.concatenate([np.zeros(0, dtype=np.uint64), *held])), capped)
