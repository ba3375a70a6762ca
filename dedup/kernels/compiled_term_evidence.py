"""The evidence of two texts' terms for or against a rewrite, term by term.

Contracts are in `dedup.kernels.rewriting.RewriteKernels.weigh_evidence`.
"""

import numpy as np

from dedup.kernels import F64, I64, U8, U32, U64
from dedup.kernels.hashing import MULTIPLIER
from dedup.kernels.jit import Integer, compiled, exported
from dedup.kernels.rewriting import (
    BINS,
    MOST_PLACES,
    NEAR,
    NUMBER_TYPE,
    REPEATED,
    SIDE_SUMS,
    STATES,
    STOP_TYPE,
    TYPES,
    EvidenceTable,
    NumberedTerms,
)

_NONE = np.uint32(0xFFFFFFFF)


@compiled
def _enter_places(ids: U32, start: Integer, end: Integer, heads: U32, nexts: U32) -> None:
    """Chain the places of each term, ascending and from 1."""
    for back in range(end - start):
        place = end - 1 - back
        nexts[place - start] = heads[ids[place]]
        heads[ids[place]] = np.uint32(place - start + 1)


@compiled
def _clear_places(ids: U32, start: Integer, end: Integer, heads: U32) -> None:
    for place in range(start, end):
        heads[ids[place]] = np.uint32(0)


@compiled
def _pair_key(one: np.uint32, two: np.uint32) -> np.uint64:
    """A key, over 0, of two terms in any order."""
    low, high = min(one, two), max(one, two)
    return (np.uint64(high) << np.uint64(32)) + np.uint64(low) + np.uint64(1)


@compiled
def _slot_of(table: U64, bits: Integer, key: np.uint64) -> np.uint64:
    """Where a key stands in an open-addressing table, or where it would."""
    mask = (np.uint64(1) << np.uint64(bits)) - np.uint64(1)
    slot = (key * MULTIPLIER) >> np.uint64(64 - bits)
    while table[slot] != key and table[slot] != np.uint64(0):
        slot = (slot + np.uint64(1)) & mask
    return slot


@compiled
def _both_stop(one: np.uint8, two: np.uint8) -> bool:
    """Whether both terms, of which either may come again, are stop words."""
    return bool(one & two & np.uint8(3) == np.uint8(STOP_TYPE))


@compiled
def _enter_pairs(
    ids: U32, types: U8, start: Integer, end: Integer, bits: Integer, table: U64, hits: U32, slots: U32
) -> None:
    """Enter the skip-bigrams of a row, at offsets of 1 and 2 and not of two stop words, and note their slots."""
    for number in range(1 << bits):
        table[number] = np.uint64(0)
        hits[number] = np.uint32(0)
    for place in range(start, end):
        for step in range(1, 3):
            noted = 2 * (place - start) + step - 1
            slots[noted] = _NONE
            if place + step >= end or _both_stop(types[place], types[place + step]):
                continue
            key = _pair_key(ids[place], ids[place + step])
            slot = _slot_of(table, bits, key)
            table[slot] = key
            slots[noted] = np.uint32(slot)


@compiled
def _find_shared_pairs(
    ids: U32,
    types: U8,
    left: Integer,
    left_end: Integer,
    right: Integer,
    right_end: Integer,
    left_heads: U32,
    bits: Integer,
    table: U64,
    hits: U32,
    slots: U32,
    stamp: np.uint32,
    left_held: U8,
    right_held: U8,
) -> None:
    """Flag the terms of both rows that are part of a skip-bigram that both hold."""
    for number in range(left_end - left):
        left_held[number] = np.uint8(0)
    for number in range(right_end - right):
        right_held[number] = np.uint8(0)
    for place in range(right, right_end):
        if left_heads[ids[place]] == np.uint32(0):
            continue
        for step in range(1, 3):
            other = place + step
            if other >= right_end or left_heads[ids[other]] == np.uint32(0):
                continue
            if _both_stop(types[place], types[other]):
                continue
            slot = _slot_of(table, bits, _pair_key(ids[place], ids[other]))
            if table[slot] != np.uint64(0):
                hits[slot] = stamp
                right_held[place - right] = np.uint8(1)
                right_held[other - right] = np.uint8(1)
    for number in range(left_end - left):
        for step in range(1, 3):
            noted = slots[2 * number + step - 1]
            if noted != _NONE and hits[noted] == stamp:
                left_held[number] = np.uint8(1)
                left_held[number + step] = np.uint8(1)


@compiled
def _nearest_place(head: np.uint32, nexts: U32, expected: Integer) -> Integer:
    """The place, of the first ones of a chain, that is nearest to the one expected; the first of two as near."""
    best = np.int64(head) - 1
    here = nexts[best]
    visited = 1
    while here != np.uint32(0) and visited < MOST_PLACES:
        place = np.int64(here) - 1
        if abs(place - expected) >= abs(best - expected):
            break
        best = place
        here = nexts[place]
        visited += 1
    return best


@compiled
def _weigh_side(
    ids: U32,
    types: U8,
    start: Integer,
    end: Integer,
    held: U8,
    heads: U32,
    nexts: U32,
    other_length: Integer,
    rarities: F64,
    weights: F64,
    logarithms: F64,
    other_row: Integer,
    table: F64,
    again: F64,
    side: Integer,
    mass: F64,
    pair: Integer,
    tallies: F64,
    sums: F64,
    target: Integer,
) -> None:
    """Hold each term of a row against the whole other row and add up what that says."""
    length = end - start
    logarithm = logarithms[other_row]
    for each in range(SIDE_SUMS):
        sums[target + each] = 0.0
    last: Integer = -1
    last_own: Integer = 0
    for place in range(start, end):
        term = ids[place]
        kind = np.int64(types[place] & np.uint8(3))
        first = types[place] & np.uint8(REPEATED) == np.uint8(0)
        number = place - start
        depth = int(np.floor(rarities[term] - logarithm)) + 2
        depth = min(max(depth, 0), BINS - 1)
        state = 0
        if heads[term] != np.uint32(0):
            state = 3 if held[number] else 1
            # Stop words are everywhere; where they stand says nothing.
            if kind != STOP_TYPE:
                expected = last + number - last_own if last >= 0 else number * other_length // length
                nearest = _nearest_place(heads[term], nexts, expected)
                if -NEAR <= nearest - expected <= NEAR:
                    state += 1
                if held[number]:
                    if last >= 0:
                        sums[target + 10] += 1.0
                        if nearest > last:
                            sums[target + 9] += 1.0
                    last, last_own = nearest, number
        share = 1.0 if first else again[0]
        row = ((side * TYPES + kind) * BINS + depth) * STATES
        if tallies.size:
            tallies[row + state] += share * mass[pair]
        value = share * table[row + state]
        sums[target] += value
        sums[target + 1] += share
        attainable = share * table[row + (STATES - 2 if kind == STOP_TYPE else STATES - 1)]
        if attainable > 0.0:
            sums[target + 2] += attainable
        if value > 0.0:
            sums[target + 3] += value
        if first:
            sums[target + 4] += weights[term]
            if kind == NUMBER_TYPE:
                sums[target + 6] += weights[term]
            if state:
                sums[target + 5] += weights[term]
                if kind == NUMBER_TYPE:
                    sums[target + 7] += weights[term]
                    sums[target + 8] += 1.0


@compiled
def _weight_of_row(ids: U32, types: U8, start: Integer, end: Integer, weights: F64) -> float:
    """The sum of the weights of the distinct terms of a row."""
    total = 0.0
    for place in range(start, end):
        if types[place] & np.uint8(REPEATED) == np.uint8(0):
            total += weights[ids[place]]
    return total


@compiled
def _shared_weight(ids: U32, types: U8, start: Integer, end: Integer, weights: F64, heads: U32) -> float:
    """The sum of the weights of the distinct terms of a row that another row has."""
    total = 0.0
    for place in range(start, end):
        term = ids[place]
        if heads[term] != np.uint32(0) and types[place] & np.uint8(REPEATED) == np.uint8(0):
            total += weights[term]
    return total


@compiled
def _goes_first(
    ids: U32, types: U8, distinct: U64, one: Integer, one_end: Integer, two: Integer, two_end: Integer
) -> bool:
    """Whether the first row is the shorter one; of two as long, that of the lower terms, whichever is given first."""
    if one_end - one != two_end - two:
        return bool(one_end - one < two_end - two)
    for place in range(one_end - one):
        term, other = distinct[ids[one + place]], distinct[ids[two + place]]
        if term != other:
            return bool(term < other)
    for place in range(one_end - one):
        if types[one + place] != types[two + place]:
            return bool(types[one + place] < types[two + place])
    return True


@exported
def weigh_evidence_loop(
    ids: U32,
    types: U8,
    distinct: U64,
    offsets: I64,
    rarities: F64,
    weights: F64,
    logarithms: F64,
    left: I64,
    right: I64,
    table: F64,
    again: F64,
    mass: F64,
    tallies: F64,
    least: F64,
    totals: F64,
    left_heads: U32,
    right_heads: U32,
    left_nexts: U32,
    right_nexts: U32,
    pair_table: U64,
    hits: U32,
    slots: U32,
    left_held: U8,
    right_held: U8,
    sums: F64,
) -> None:
    """Fill the sums of both sides of each pair of rows, those of the shorter row first.

    Heads (by id) are zeros and are left so; `totals` is scratch, by row.
    """
    for row in range(offsets.size - 1):
        totals[row] = _weight_of_row(ids, types, offsets[row], offsets[row + 1], weights)
    entered = -1
    paired = -1
    bits = 4
    for pair in range(left.size):
        one, one_end = offsets[left[pair]], offsets[left[pair] + 1]
        two, two_end = offsets[right[pair]], offsets[right[pair] + 1]
        if left[pair] != entered:
            if entered >= 0:
                _clear_places(ids, offsets[entered], offsets[entered + 1], left_heads)
            entered = left[pair]
            _enter_places(ids, one, one_end, left_heads, left_nexts)
        base = pair * 2 * SIDE_SUMS
        shared = _shared_weight(ids, types, two, two_end, weights, left_heads)
        if shared < least[0] * (totals[left[pair]] + totals[right[pair]] - shared):
            for number in range(base, base + 2 * SIDE_SUMS):
                sums[number] = 0.0
            continue
        if paired != entered:
            paired = entered
            bits = 4
            while (1 << bits) < 4 * (one_end - one):
                bits += 1
            _enter_pairs(ids, types, one, one_end, bits, pair_table, hits, slots)
        _enter_places(ids, two, two_end, right_heads, right_nexts)
        _find_shared_pairs(
            ids, types, one, one_end, two, two_end, left_heads, bits, pair_table, hits, slots, np.uint32(pair + 1),
            left_held, right_held,
        )  # fmt: skip
        side = 0 if _goes_first(ids, types, distinct, one, one_end, two, two_end) else 1
        _weigh_side(
            ids, types, one, one_end, left_held, right_heads, right_nexts, two_end - two, rarities, weights,
            logarithms, right[pair], table, again, side, mass, pair, tallies, sums,
            base + side * SIDE_SUMS,
        )  # fmt: skip
        _weigh_side(
            ids, types, two, two_end, right_held, left_heads, left_nexts, one_end - one, rarities, weights,
            logarithms, left[pair], table, again, 1 - side, mass, pair, tallies, sums,
            base + (1 - side) * SIDE_SUMS,
        )  # fmt: skip
        _clear_places(ids, two, two_end, right_heads)
    if entered >= 0:
        _clear_places(ids, offsets[entered], offsets[entered + 1], left_heads)


def weigh_evidence(
    terms: NumberedTerms,
    rarities: F64,
    weights: F64,
    left: I64,
    right: I64,
    table: EvidenceTable,
    least: float = 0.0,
    mass: F64 | None = None,
) -> tuple[F64, F64]:
    """See `RewriteKernels.weigh_evidence`."""
    lengths = np.diff(terms.offsets)
    longest, count = int(lengths.max(initial=0)), terms.distinct.size
    slots = max(16, 1 << (max(4 * longest, 1) - 1).bit_length())
    logarithms = np.log(np.maximum(lengths, 1).astype(np.float64))
    tallies = np.zeros(0 if mass is None else 2 * TYPES * BINS * STATES)
    sums = np.empty(left.size * 2 * SIDE_SUMS)
    left_heads, right_heads = np.zeros(count, dtype=np.uint32), np.zeros(count, dtype=np.uint32)
    left_nexts, right_nexts = np.empty(longest, dtype=np.uint32), np.empty(longest, dtype=np.uint32)
    left_held, right_held = np.empty(longest + 2, dtype=np.uint8), np.empty(longest + 2, dtype=np.uint8)
    weigh_evidence_loop(
        terms.ids, terms.types, terms.distinct, terms.offsets, rarities, weights, logarithms, left, right, table.values,
        np.array([table.again]), np.zeros(0) if mass is None else mass, tallies, np.array([least]),
        np.empty(lengths.size), left_heads, right_heads, left_nexts, right_nexts, np.empty(slots, dtype=np.uint64),
        np.empty(slots, dtype=np.uint32), np.empty(2 * longest, dtype=np.uint32), left_held, right_held, sums,
    )  # fmt: skip
    return sums.reshape(-1, 2, SIDE_SUMS), tallies
