"""Scoring what an index found by all anchors, those too of which no list was read."""

import numpy as np

from dedup.kernels import F64, I64, U16, U32, U64
from dedup.kernels.jit import Integer, compiled, exported
from dedup.kernels.rewriting import MOST_UNIT_PAIRS, Anchors, Nearest

_SIEVE_BITS = 12
"""Upper bits of keys by which the greatest strength of those entered is known."""


@compiled
def _enter_keys(keys: U32, start: Integer, end: Integer, bits: Integer, table: U32, nexts: U32) -> None:
    """Enter the places of some keys, from 1, into an open-addressing table, those of one key chained in order."""
    shift, mask = np.uint64(32 - bits), (np.uint64(1) << np.uint64(bits)) - np.uint64(1)
    for each in range(1 << bits):
        table[each] = np.uint32(0)
    for back in range(end - start):
        place = end - 1 - back
        slot = np.uint64(keys[place]) >> shift
        while table[slot] != np.uint32(0) and keys[start + np.int64(table[slot]) - 1] != keys[place]:
            slot = (slot + np.uint64(1)) & mask
        nexts[place - start] = table[slot]
        table[slot] = np.uint32(place - start + 1)


@compiled
def _add_products(
    held_keys: U32,
    held_strengths: U16,
    first: Integer,
    last: Integer,
    strengths_at: Integer,
    keys: U32,
    strengths: U16,
    start: Integer,
    bits: Integer,
    table: U32,
    nexts: U32,
    owners: U32,
    totals: U32,
    counts: U32,
) -> None:
    """Add up, for each of the units entered, the products of the strengths of anchors that one other unit shares.

    Its keys stand from `first` to `last`, and their strengths from `strengths_at` on.
    """
    shift, mask = np.uint64(32 - bits), (np.uint64(1) << np.uint64(bits)) - np.uint64(1)
    for place in range(first, last):
        key = held_keys[place]
        slot = np.uint64(key) >> shift
        while table[slot] != np.uint32(0) and keys[start + np.int64(table[slot]) - 1] != key:
            slot = (slot + np.uint64(1)) & mask
        here = table[slot]
        while here != np.uint32(0):
            entered = np.uint64(here) - np.uint64(1)
            owner = owners[entered]
            strength = held_strengths[strengths_at + place - first]
            totals[owner] += np.uint32(strengths[np.uint64(start) + entered]) * np.uint32(strength)
            counts[owner] += np.uint32(1)
            here = nexts[entered]


@compiled
def _compares_every(first_unit: Integer, last_unit: Integer, begin: Integer, stop: Integer) -> bool:
    """Whether each unit of one document is scored against each of the other; else those alone that were found."""
    return bool((last_unit - first_unit) * (stop - begin) <= MOST_UNIT_PAIRS)


@compiled
def _could_score(
    held_keys: U32, held_strengths: U16, first: Integer, last: Integer, sieve: U16, least: np.uint32
) -> bool:
    """Whether some of the units entered could score `least` with another one: what its keys come to at the most.

    Nothing here waits or branches, and most documents found share too little.
    """
    total = np.uint64(0)
    for place in range(np.uint64(first), np.uint64(last)):
        total += np.uint64(sieve[held_keys[place] >> np.uint32(32 - _SIEVE_BITS)]) * np.uint64(held_strengths[place])
    return bool(total >= np.uint64(least))


@compiled
def enter_query(
    keys: U32,
    anchor_offsets: I64,
    first_unit: Integer,
    last_unit: Integer,
    table: U32,
    nexts: U32,
    owners: U32,
) -> Integer:
    """Enter the anchors of the units of a query document, and whose they are, as `score_document` takes them.

    Given is the logarithm of the size of the table. `table` has room for sixteen times the anchors, and at least 16;
    `nexts` and `owners` for these.
    """
    start, end = anchor_offsets[first_unit], anchor_offsets[last_unit]
    bits: Integer = 4
    # In a table so wide most anchors that are not shared are told from the others by one look.
    while (1 << bits) < 8 * (end - start):
        bits += 1
    _enter_keys(keys, start, end, bits, table, nexts)
    for own in range(first_unit, last_unit):
        for place in range(anchor_offsets[own], anchor_offsets[own + 1]):
            owners[place - start] = np.uint32(own - first_unit)
    return bits


@compiled
def score_document(
    held_keys: U32,
    held_strengths: U16,
    held_offsets: I64,
    offsets_at: Integer,
    keys_at: Integer,
    strengths_at: Integer,
    begin: Integer,
    stop: Integer,
    unit: Integer,
    keys: U32,
    strengths: U16,
    anchor_offsets: I64,
    first_unit: Integer,
    last_unit: Integer,
    own: Integer,
    bits: Integer,
    table: U32,
    nexts: U32,
    owners: U32,
    totals: U32,
    counts: U32,
    best: I64,
) -> None:
    """Fill `best`: the score of the best units of two documents, how many anchors these share, and both units.

    The unit of the query document comes first. The other document has the units from `begin` to `stop`, of which `unit`
    was found, by the unit `own`. The anchors of unit u are those from `held_offsets[offsets_at + u]` on, counted from
    `keys_at` and from `strengths_at`.
    """
    every = _compares_every(first_unit, last_unit, begin, stop)
    if not every:
        begin, stop = unit, unit + 1
    found_own = own
    total, common = np.uint32(0), np.uint32(0)
    for other in range(begin, stop):
        first, last = held_offsets[offsets_at + other], held_offsets[offsets_at + other + 1]
        _add_products(
            held_keys, held_strengths, keys_at + first, keys_at + last, strengths_at + first, keys, strengths,
            anchor_offsets[first_unit], bits, table, nexts, owners, totals, counts,
        )  # fmt: skip
        for each in range(last_unit - first_unit):
            score = totals[each]
            here = first_unit + each
            if (every or here == found_own) and (score > total or (score == total and score and here < own)):
                total, common, own, unit = score, counts[each], here, other
            totals[each] = np.uint32(0)
            counts[each] = np.uint32(0)
    best[0], best[1], best[2], best[3] = np.int64(total), np.int64(common), own, unit


@compiled
def keep_best(
    count: Integer,
    kept: Integer,
    most: Integer,
    document: Integer,
    best: I64,
    sizes: float,
    values: F64,
    documents: I64,
    own_units: I64,
    units: I64,
    scores: U32,
    shared: I64,
) -> Integer:
    """Put a document, scored as `best`, among the best of a query, which stand from `count` on; how many these are.

    The best are those of the greatest `nearness`, for which `sizes` is the product of the numbers of anchors;
    `values` has room for `most`.
    """
    value = np.float64(best[0]) * np.float64(best[1]) / np.sqrt(sizes)
    rank = kept
    if kept == most:
        rank = kept - 1
        if value < values[rank] or (value == values[rank] and document > documents[count + rank]):
            return kept
    else:
        kept += 1
    place = count + rank
    while rank > 0 and (values[rank - 1] < value or (values[rank - 1] == value and documents[place - 1] > document)):
        values[rank] = values[rank - 1]
        scores[place] = scores[place - 1]
        shared[place] = shared[place - 1]
        documents[place] = documents[place - 1]
        own_units[place] = own_units[place - 1]
        units[place] = units[place - 1]
        place -= 1
        rank -= 1
    values[rank] = value
    scores[place] = np.uint32(best[0])
    shared[place] = best[1]
    documents[place] = document
    own_units[place] = best[2]
    units[place] = best[3]
    return kept


@compiled
def _warm(
    documents: I64, first: Integer, last: Integer, held_firsts: I64, held_offsets: I64, keys: U32, strengths: U16
) -> np.uint64:
    """Touch the anchors of the first unit of each document: all at once they are fetched in the time of a few."""
    touched = np.uint64(0)
    if keys.size == 0:
        return touched
    for number in range(first, last):
        unit = min(held_firsts[documents[number]], held_offsets.size - 1)
        begin = min(held_offsets[unit], keys.size - 1)
        middle, end = min(begin + 16, keys.size - 1), min(begin + 32, keys.size - 1)
        touched += np.uint64(keys[begin]) + np.uint64(keys[middle]) + np.uint64(keys[end])
        touched += np.uint64(strengths[begin]) + np.uint64(strengths[end])
    return touched


@exported
def rescore_loop(
    found: I64,
    documents: I64,
    own_units: I64,
    units: I64,
    scores: U32,
    shared: I64,
    keys: U32,
    strengths: U16,
    anchor_offsets: I64,
    firsts: I64,
    held_keys: U32,
    held_strengths: U16,
    held_offsets: I64,
    held_firsts: I64,
    most: Integer,
    least: U32,
    table: U32,
    nexts: U32,
    owners: U32,
    totals: U32,
    counts: U32,
    sieve: U16,
    values: F64,
    best: I64,
    warmth: U64,
    offsets: I64,
) -> Integer:
    """Score what was found by all anchors, and move the best of each query to the front; their number.

    What query i found stands at `found[i]` to `found[i + 1]`, and then at `offsets[i]` to `offsets[i + 1]`. `table` to
    `owners` are those of `enter_query`, `values` that of `keep_best`; `totals` and `counts`, zeros, which they are
    left, have room for the units of a document, `best` for four numbers. `sieve` is zeros, too, and left so.
    `warmth` is of no use but that it must be filled.
    """
    count: Integer = 0
    offsets[0] = 0
    for query in range(found.size - 1):
        kept: Integer = 0
        first_unit, last_unit = firsts[query], firsts[query + 1]
        start, end = anchor_offsets[first_unit], anchor_offsets[last_unit]
        bits: Integer = 4
        if found[query] < found[query + 1]:
            warmth[0] = _warm(
                documents, found[query], found[query + 1], held_firsts, held_offsets, held_keys, held_strengths
            )
            bits = enter_query(keys, anchor_offsets, first_unit, last_unit, table, nexts, owners)
            for place in range(start, end):
                sieved = keys[place] >> np.uint32(32 - _SIEVE_BITS)
                sieve[sieved] = max(sieve[sieved], strengths[place])
        for number in range(found[query], found[query + 1]):
            document = documents[number]
            begin, stop = held_firsts[document], held_firsts[document + 1]
            unit = units[number]
            first, last = begin, stop
            if not _compares_every(first_unit, last_unit, begin, stop):
                first, last = unit, unit + 1
            hopeful = False
            for other in range(first, last):
                hopeful |= _could_score(
                    held_keys, held_strengths, held_offsets[other], held_offsets[other + 1], sieve, least[query]
                )
            if not hopeful:
                continue
            score_document(
                held_keys, held_strengths, held_offsets, 0, 0, 0, begin, stop, unit, keys, strengths, anchor_offsets,
                first_unit, last_unit, own_units[number], bits, table, nexts, owners, totals, counts, best,
            )  # fmt: skip
            if best[0] < np.int64(least[query]):
                continue
            # What is written stands before what is still to be read.
            sizes = np.float64(anchor_offsets[best[2] + 1] - anchor_offsets[best[2]]) * np.float64(
                held_offsets[best[3] + 1] - held_offsets[best[3]]
            )
            kept = keep_best(
                count, kept, most, document, best, sizes, values, documents, own_units, units, scores, shared
            )
        if found[query] < found[query + 1]:
            for place in range(start, end):
                sieve[keys[place] >> np.uint32(32 - _SIEVE_BITS)] = np.uint16(0)
        count += kept
        offsets[query + 1] = count
    return count


def rescore(
    found: Nearest, queries: Anchors, firsts: I64, held: Anchors, held_firsts: I64, most: int, least: U32
) -> Nearest:
    """See `RewriteKernels.rescore`."""
    documents, own_units, units, scores = (
        found.documents.copy(),
        found.own_units.copy(),
        found.units.copy(),
        found.scores.copy(),
    )
    shared, offsets = np.zeros(documents.size, dtype=np.int64), np.empty_like(found.offsets)
    longest = int(np.diff(queries.offsets[firsts]).max(initial=0))
    table = np.empty(max(16, 16 * longest), dtype=np.uint32)
    nexts, owners = np.empty(longest, dtype=np.uint32), np.empty(longest, dtype=np.uint32)
    most_units = int(np.diff(firsts).max(initial=0))
    totals, counts = np.zeros(most_units, dtype=np.uint32), np.zeros(most_units, dtype=np.uint32)
    count = rescore_loop(
        found.offsets, documents, own_units, units, scores, shared, queries.keys, queries.strengths, queries.offsets,
        firsts, held.keys, held.strengths, held.offsets, held_firsts, most, np.maximum(least, np.uint32(1)),
        table, nexts, owners, totals, counts, np.zeros(1 << _SIEVE_BITS, dtype=np.uint16), np.empty(most),
        np.empty(4, dtype=np.int64), np.empty(1, dtype=np.uint64), offsets,
    )  # fmt: skip
    return Nearest(
        documents[:count].copy(),
        own_units[:count].copy(),
        units[:count].copy(),
        scores[:count].copy(),
        shared[:count].copy(),
        offsets,
    )
