"""Lists of packed postings in NumPy. Contracts are in `dedup.kernels.rewriting.RewriteKernels`."""

import numpy as np

from dedup.kernels import I64, U32, Bool
from dedup.kernels.rewriting import MemberLists


def expand_postings(
    postings: U32, begins: I64, ends: I64, slot_bits: int, unit_begins: I64, owners: U32, ranks: U32, alive: Bool
) -> MemberLists:
    """See `RewriteKernels.expand_postings`."""
    counts = ends - begins
    stops = np.cumsum(counts)
    lists = np.repeat(np.arange(counts.size), counts)
    taken = postings[np.arange(lists.size) + (ends - stops)[lists]]
    units = taken >> np.uint32(slot_bits)
    documents = owners[units] if owners.size else units
    places = unit_begins[units] + (taken & np.uint32((1 << slot_bits) - 1))
    if not alive.size:
        return MemberLists(units, documents, places, counts)
    there = alive[ranks[documents]]
    return MemberLists(units[there], documents[there], places[there], np.bincount(lists[there], minlength=counts.size))
