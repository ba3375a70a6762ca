"""Near-duplicate candidates by locality-sensitive hashing: units that share a band (Indyk and Motwani 1998)."""

from collections.abc import Iterable

import numpy as np

from dedup.candidates.pairs import PAIRS_AT_ONCE, SHIFT, Candidates, distinct, linked, unpack
from dedup.kernels import I64, U8, U32, U64, Kernels

_NO_LEVELS: U8 = np.zeros(0, dtype=np.uint8)


def near_candidates(
    keys: Iterable[U32], ranks: I64, bucket_cap: int, bucket_links: int, kernels: Kernels
) -> Candidates:
    """Pairs of units in a common bucket.

    `keys` gives, band by band, the key of each unit, shape (units,); `ranks` (units,) is the rank of each. A bucket's
    member with `bucket_cap` or more before it is paired with the first `bucket_links` alone, so that the number of
    pairs grows linearly.
    """
    held: list[U64] = []
    n_held, limit = 0, PAIRS_AT_ONCE
    capped = 0
    low = ranks.astype(np.uint64)
    for band in keys:
        entries = np.sort((band.astype(np.uint64) << SHIFT) | low)
        for pairs, cut in linked(entries, bucket_cap, bucket_links, _NO_LEVELS, kernels):
            capped += cut
            held.append(pairs)
            n_held += pairs.size
            if n_held > limit:
                held = [distinct(np.concatenate(held))]
                n_held = held[0].size
                limit = max(2 * n_held, PAIRS_AT_ONCE)
    return unpack(distinct(np.concatenate([np.zeros(0, dtype=np.uint64), *held])), capped)
