"""Candidates of documents that arrive: among those in the index, and among themselves, by the rank in each group.

A group is what `dedup.candidates` has: a bucket of a band, or the documents with one sampled shingle. Members are
counted from the first document of the index on, so that the caps take the same ones however the input is cut.
"""

import numpy as np

from dedup.index.state import State
from dedup.index.tables import SHIFT
from dedup.kernels import I64, U32, U64, ArrivalPairs, Kernels, Samples
from dedup.kernels.distinct import distinct

_ENTRIES_AT_ONCE = 1 << 16


def band_candidates(keys: U32, arrivals: I64, state: State, kernels: Kernels) -> tuple[U64, U64]:
    """Packed distinct pairs of arrivals with documents kept in the index, and with each other, in a common bucket.

    `keys` has shape (bands, n); `arrivals` (n,) are the places of those compared, ascending.
    """
    config, bands = state.config, keys.shape[0]
    at_once = max(1, _ENTRIES_AT_ONCE // max(arrivals.size, 1))
    stored, local = [_NO_PAIRS], [_NO_PAIRS]
    for first in range(0, bands, at_once):
        some = keys[first : first + at_once]
        entries = np.sort(some.astype(np.uint64) << SHIFT | arrivals.astype(np.uint64), axis=1)
        bounds = np.arange(some.shape[0] + 1) * arrivals.size
        pairs = _pairs(entries.reshape(-1), bounds, first, config.bucket_cap, config.bucket_links, state, kernels)
        stored.append(distinct(pairs.stored))
        local.append(distinct(pairs.local))
    if len(stored) == 2:
        return stored[1], local[1]
    return distinct(np.concatenate(stored)), distinct(np.concatenate(local))


def sample_candidates(samples: Samples, arrivals: I64, state: State, kernels: Kernels) -> ArrivalPairs:
    """All pairs with a sampled shingle in common, as often as they have one.

    `samples` has a row for each of `arrivals`.
    """
    owners = np.repeat(arrivals, np.diff(samples.offsets))
    entries = np.sort(samples.values.astype(np.uint64) << SHIFT | owners.astype(np.uint64))
    cap = state.config.posting_cap
    return _pairs(entries, np.array([0, entries.size]), state.numbers.samples, cap + 1, cap, state, kernels)


def _pairs(
    entries: U64, bounds: I64, first_table: int, cap: int, links: int, state: State, kernels: Kernels
) -> ArrivalPairs:
    """Pairs of arrivals with the kept members before them of each group: see `Kernels.pair_arrivals`."""
    groups = kernels.group_entries(entries, bounds, first_table)
    hits, counts = state.find(groups.tables, groups.keys, kernels)
    ledger = state.ledger
    return kernels.pair_arrivals(entries, groups.begins, hits, counts, ledger.alive, ledger.representatives, cap, links)


_NO_PAIRS: U64 = np.zeros(0, dtype=np.uint64)
