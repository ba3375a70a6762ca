"""Lists of packed postings, less the members that are gone."""

import numpy as np

from dedup.kernels import I64, U32, Bool
from dedup.kernels.jit import Integer, exported
from dedup.kernels.rewriting import MemberLists


@exported
def expand_postings_loop(
    postings: U32,
    begins: I64,
    ends: I64,
    slot_bits: Integer,
    unit_begins: I64,
    owners: U32,
    ranks: U32,
    alive: Bool,
    units: U32,
    documents: U32,
    places: I64,
    counts: I64,
) -> Integer:
    """Fill what is known of the members of each list; their number."""
    count = np.uint64(0)
    slots = (np.uint32(1) << np.uint32(slot_bits)) - np.uint32(1)
    for number in range(begins.size):
        before = count
        for place in range(np.uint64(begins[number]), np.uint64(ends[number])):
            posting = postings[place]
            unit = posting >> np.uint32(slot_bits)
            document = owners[unit] if owners.size else unit
            if alive.size and not alive[ranks[document]]:
                continue
            units[count] = unit
            documents[count] = document
            places[count] = unit_begins[unit] + np.int64(posting & slots)
            count += np.uint64(1)
        counts[number] = np.int64(count - before)
    return np.int64(count)


def expand_postings(
    postings: U32, begins: I64, ends: I64, slot_bits: int, unit_begins: I64, owners: U32, ranks: U32, alive: Bool
) -> MemberLists:
    """See `RewriteKernels.expand_postings`."""
    room = int((ends - begins).sum())
    units, documents = np.empty(room, dtype=np.uint32), np.empty(room, dtype=np.uint32)
    places, counts = np.empty(room, dtype=np.int64), np.empty(begins.size, dtype=np.int64)
    count = expand_postings_loop(
        postings, begins, ends, slot_bits, unit_begins, owners, ranks, alive, units, documents, places, counts
    )
    return MemberLists(units[:count], documents[:count], places[:count], counts)
