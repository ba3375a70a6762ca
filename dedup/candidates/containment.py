"""Containment candidates: units whose modulo sketches overlap (Broder 1997)."""

import numpy as np

from dedup.candidates.pairs import Candidates, group, pack, pairs_in_groups, unpack
from dedup.kernels import I64, U64, Ragged

_PAIRS_AT_ONCE = 8 << 20
_LEAST_SHARE = 0.5
"""The least share of the smaller sketch that must be common.

It is well under any sensible containment threshold, so that sampling error alone seldom rejects a pair.
"""


def containment_candidates(samples: Ragged, ranks: I64, posting_cap: int) -> Candidates:
    """Pairs of units of whose sampled shingles the smaller side shares a half or more.

    `samples` has one row of distinct values a unit, `ranks` (units,) the rank of each row. A shingle proposes the first
    `posting_cap` units that hold it, so that a frequent phrase costs no more than a rare one.
    """
    sizes = np.diff(samples.offsets)
    owners = np.repeat(ranks, sizes)
    order = np.lexsort((owners, samples.values))
    values, owners = samples.values[order], owners[order]
    groups = group(np.append(True, values[1:] != values[:-1])[: values.size])
    partners = np.minimum(groups.ranks, posting_cap)
    capped = int(np.count_nonzero(groups.ranks == posting_cap + 1))

    size_of = np.zeros(int(ranks.max(initial=-1)) + 1, dtype=np.int64)
    size_of[ranks] = sizes
    # All pairs of a unit fall into one part, so that they can be counted there; parts bound the memory.
    per_owner = np.cumsum(np.bincount(owners, partners, minlength=size_of.size))
    part_of = (per_owner // _PAIRS_AT_ONCE).astype(np.int64)[owners] if owners.size else owners
    found: list[U64] = []
    for part in np.unique(part_of[partners > 0]):
        left, right = pairs_in_groups(owners, groups, partners, part_of == part)
        packed, shared = np.unique(pack(left, right), return_counts=True)
        pairs = unpack(packed, 0)
        enough = shared >= _LEAST_SHARE * np.minimum(size_of[pairs.left], size_of[pairs.right])
        found.append(packed[enough])
    return unpack(np.concatenate(found) if found else np.zeros(0, dtype=np.uint64), capped)
