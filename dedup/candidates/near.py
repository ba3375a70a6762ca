"""Near-duplicate candidates by locality-sensitive hashing: units that share a band (Indyk and Motwani 1998)."""

import numpy as np

from dedup.candidates.pairs import LOW, SHIFT, Candidates, distinct, group, pack, pairs_in_groups, unpack
from dedup.kernels import I64, U32, U64

_PAIRS_AT_ONCE = 4 << 20


def near_candidates(keys: U32, ranks: I64, bucket_cap: int, bucket_links: int) -> Candidates:
    """Pairs of units in a common bucket.

    `keys` has shape (bands, units); `ranks` (units,) is the rank of each column. A bucket's member with `bucket_cap`
    or more before it is paired with the first `bucket_links` alone, so that the number of pairs grows linearly.
    """
    found: U64 = np.zeros(0, dtype=np.uint64)
    capped = 0
    for band in keys:
        entries = np.sort((band.astype(np.uint64) << SHIFT) | ranks.astype(np.uint64))
        buckets = entries >> SHIFT
        groups = group(np.append(True, buckets[1:] != buckets[:-1])[: entries.size])
        members = (entries & LOW).astype(np.int64)
        partners = np.where(groups.ranks < bucket_cap, groups.ranks, np.minimum(groups.ranks, bucket_links))
        capped += int(np.count_nonzero(groups.ranks == bucket_cap))
        # Slices of members bound the memory of a band with many pairs.
        totals = np.cumsum(partners)
        slices = totals // _PAIRS_AT_ONCE
        for number in np.unique(slices[partners > 0]):
            pairs = pack(*pairs_in_groups(members, groups, partners, slices == number))
            found = distinct(np.concatenate([found, pairs]))
    return unpack(found, capped)
