"""Groups of entries with a key in common, in NumPy."""

import numpy as np

from dedup.kernels import I64, U8, U64, Bool, Links, Samples
from dedup.kernels.hashing import LEVEL_SIZE

_SHIFT = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)


def sample_levels(samples: Samples) -> tuple[U8, I64]:
    """For each row the highest level at which it has `LEVEL_SIZE` values or more, else 0, and how many it has there.

    A value is at level n and those below where its n lowest bits are zero.
    """
    count = samples.offsets.size - 1
    levels, counts = np.zeros(count, dtype=np.uint8), np.diff(samples.offsets)
    for level in range(1, 33):
        at_level = samples.values & np.uint32((1 << level) - 1) == 0
        before = np.append(0, np.cumsum(at_level, dtype=np.int64))
        here = before[samples.offsets[1:]] - before[samples.offsets[:-1]]
        enough = here >= LEVEL_SIZE
        levels[enough], counts[enough] = level, here[enough]
    return levels, counts


def link(entries: U64, start: int, cap: int, links: int, levels: U8, most: int) -> Links:
    """See `Kernels.link`."""
    keys, members = entries >> _SHIFT, entries & _LOW
    begins = np.flatnonzero(np.append(True, keys[1:] != keys[:-1])[: keys.size])
    begin_of = np.repeat(begins, np.diff(begins, append=keys.size))
    ranks = np.arange(keys.size) - begin_of
    partners = np.where(ranks < cap, ranks, np.minimum(ranks, links))
    partners[:start] = 0
    following = int(np.searchsorted(np.cumsum(partners), most + max(cap, links), side="right"))
    partners[following:] = 0
    later = np.repeat(np.arange(keys.size), partners)
    within = np.arange(later.size) - np.repeat(np.cumsum(partners) - partners, partners)
    earlier = np.repeat(begin_of, partners) + within
    usable: Bool = np.ones(keys.size, dtype=np.bool_)
    if levels.size:
        usable = keys & ((np.uint64(1) << levels[members].astype(np.uint64)) - np.uint64(1)) == 0
        wanted = usable[later] | usable[earlier]
        later, earlier = later[wanted], earlier[wanted]
    # In each group, how many members stand before the first by which it counts as cut.
    ends = np.append(begins[1:], keys.size)
    firsts = np.minimum.reduceat(np.where(usable, ranks, keys.size), begins) if begins.size else begins
    cuts = begins + np.maximum(firsts, cap)
    cut = int(np.count_nonzero((cuts < ends) & (cuts >= start) & (cuts < following)))
    return Links(members[later] << _SHIFT | members[earlier], following, cut)


def add_counts(values: U64, counts: I64, more: U64, more_counts: I64) -> tuple[U64, I64]:
    """See `Kernels.add_counts`."""
    union, places = np.unique(np.concatenate([values, more]), return_inverse=True)
    sums = np.zeros(union.size, dtype=np.int64)
    np.add.at(sums, places, np.concatenate([counts, more_counts]))
    return union, sums


def enough_shared(pairs: U64, counts: I64, levels: U8, sizes: I64, share: tuple[int, int]) -> U64:
    """See `Kernels.enough_shared`."""
    left, right = (pairs & _LOW).astype(np.int64), (pairs >> _SHIFT).astype(np.int64)
    smaller = np.where(
        levels[left] == levels[right],
        np.minimum(sizes[left], sizes[right]),
        np.where(levels[left] < levels[right], sizes[left], sizes[right]),
    )
    part, whole = share
    return pairs[whole * counts >= part * smaller]
