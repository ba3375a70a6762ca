"""Where skip-bigrams of a text return together, in NumPy. Contracts are in `dedup.kernels.Kernels`."""

import numpy as np

from dedup.kernels import I64, U64, Bool
from dedup.kernels.hashing import FINISHER, MULTIPLIER
from dedup.kernels.returns import MOST_OCCURRENCES, NEAREST, SKIPS, STRETCH_BITS, WINDOW


def densest_returns(values: U64, offsets: I64, common: U64) -> I64:
    """See `Kernels.densest_returns`."""
    said_often = (common[values >> np.uint64(54)] >> (values >> np.uint64(48) & np.uint64(63)) & np.uint64(1)) != 0
    densest = [
        _most_returns(_bigrams(values[first:last], said_often[first:last]))
        for first, last in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True)
    ]
    return np.array(densest, dtype=np.int64)


def _bigrams(tokens: U64, said_often: Bool) -> U64:
    """The hashes of the skip-bigrams that begin at each token, 0 for none and for those of two common tokens."""
    bigrams = np.zeros((tokens.size, SKIPS), dtype=np.uint64)
    for skip in range(min(SKIPS, max(tokens.size - 1, 0))):
        one, other = tokens[: -skip - 1], tokens[skip + 1 :]
        hashes = np.maximum(one, other) * FINISHER + np.minimum(one, other)
        hashes = (hashes ^ (hashes >> np.uint64(29))) * MULTIPLIER
        bigrams[: one.size, skip] = np.where(said_often[: -skip - 1] & said_often[skip + 1 :], 0, hashes)
    return bigrams.reshape(-1)


def _most_returns(bigrams: U64) -> int:
    order = np.argsort(bigrams, kind="stable")
    new = np.append(True, bigrams[order][1:] != bigrams[order][:-1])[: order.size]
    counts = np.diff(np.append(np.flatnonzero(new), order.size))
    of_group = np.cumsum(new) - 1
    useful = (bigrams[order] != 0) & (counts <= MOST_OCCURRENCES)[of_group]
    entered, begun = [], []
    for step in range(1, MOST_OCCURRENCES):
        same = useful[step:] & (of_group[step:] == of_group[:-step])
        later, earlier = order[step:][same], order[:-step][same]
        far = later // SKIPS - earlier // SKIPS >= NEAREST
        entered.append(later[far])
        begun.append(earlier[far] // SKIPS >> STRETCH_BITS)
    place, stretch = np.concatenate(entered), np.concatenate(begun)
    if place.size == 0:
        return 0
    # Each is counted in both pairs of neighbouring stretches that hold it.
    scale = bigrams.size + SKIPS * WINDOW
    keys = np.sort(np.append(stretch * scale + place, (stretch + 1) * scale + place))
    begins = np.maximum(keys % scale - SKIPS * WINDOW + 1, 0) + keys // scale * scale
    within = np.searchsorted(keys, keys, side="right") - np.searchsorted(keys, begins)
    return int(within.max())
