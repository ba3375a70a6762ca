"""Where rare tokens of a text return together, in NumPy. Contracts are in `dedup.kernels.Kernels`."""

import numpy as np

from dedup.kernels import I64, U64
from dedup.kernels.returns import MOST_OCCURRENCES, NEAREST, STRETCH_BITS, WINDOW


def densest_returns(values: U64, offsets: I64, common: U64) -> I64:
    """See `Kernels.densest_returns`."""
    bits = common[values >> np.uint64(54)] >> (values >> np.uint64(48) & np.uint64(63)) & np.uint64(1)
    rare = bits == 0
    densest = [
        _most_returns(values[first:last], rare[first:last])
        for first, last in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True)
    ]
    return np.array(densest, dtype=np.int64)


def _most_returns(values: U64, rare: np.ndarray) -> int:
    order = np.argsort(values, kind="stable")
    new = np.append(True, values[order][1:] != values[order][:-1])[: order.size]
    firsts = np.flatnonzero(new)
    counts = np.diff(np.append(firsts, order.size))
    of_group = np.cumsum(new) - 1
    useful = rare[order] & (counts <= MOST_OCCURRENCES)[of_group]
    places, stretches = [], []
    for step in range(1, MOST_OCCURRENCES):
        same = useful[step:] & (of_group[step:] == of_group[:-step])
        later, earlier = order[step:][same], order[:-step][same]
        far = later - earlier >= NEAREST
        places.append(later[far])
        stretches.append(earlier[far] >> STRETCH_BITS)
    place, stretch = np.concatenate(places), np.concatenate(stretches)
    if place.size == 0:
        return 0
    # Each is counted in both pairs of neighbouring stretches that hold it.
    scale = values.size + WINDOW
    keys = np.sort(np.append(stretch * scale + place, (stretch + 1) * scale + place))
    begins = np.maximum(keys % scale - WINDOW + 1, 0) + keys // scale * scale
    within = np.searchsorted(keys, keys, side="right") - np.searchsorted(keys, begins)
    return int(within.max())
