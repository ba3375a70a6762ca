"""The evidence of two texts' terms for or against a rewrite, term by term.

Contracts are in `dedup.kernels.rewriting.RewriteKernels.weigh_evidence`.
"""

import numpy as np

from dedup.kernels import F64, I64, U8, U32, U64
from dedup.kernels.compiled_shared_pairs import enter_pairs, find_shared_pairs
from dedup.kernels.compiled_shared_terms import chain_places, forget_row, match_row, number_row
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
    numbers: U32,
    types: U8,
    rarities: F64,
    weights: F64,
    start: Integer,
    length: Integer,
    held: U8,
    heads: U32,
    nexts: U32,
    other_length: Integer,
    logarithm: float,
    table: F64,
    again: F64,
    side: Integer,
    mass: F64,
    pair: Integer,
    tallies: F64,
    sums: F64,
    target: Integer,
) -> None:
    """Hold each term of a row against the whole other row, whose places `heads` chain, and add up what that says."""
    last: Integer = -1
    last_own: Integer = 0
    total, shares, attained, positive, weight_of_all, weight_shared = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    of_numbers, of_shared_numbers, n_shared_numbers, forward, steps = 0.0, 0.0, 0.0, 0.0, 0.0
    run, longest = 0.0, 0.0
    for number in range(length):
        place = start + number
        kind = np.int64(types[place] & np.uint8(3))
        first = types[place] & np.uint8(REPEATED) == np.uint8(0)
        depth = int(np.floor(rarities[place] - logarithm)) + 2
        depth = min(max(depth, 0), BINS - 1)
        head = heads[numbers[number]]
        # What can be told without a branch is: which way one goes here is never to be foreseen.
        shared = np.int64(head != np.uint32(0))
        state = shared * (1 + 2 * np.int64(held[number]))
        # Stop words are everywhere; where they stand says nothing.
        if shared & np.int64(kind != STOP_TYPE):
            expected = last + number - last_own
            if last < 0:
                expected = np.int64(np.uint64(number * other_length) // np.uint64(length))
            nearest = _nearest_place(head, nexts, expected)
            state += np.int64(nearest - expected >= -NEAR) & np.int64(nearest - expected <= NEAR)
            if held[number]:
                if last >= 0:
                    steps += 1.0
                    forward += 1.0 if nearest > last else 0.0
                last, last_own = nearest, number
        share = 1.0 if first else again[0]
        row = ((side * TYPES + kind) * BINS + depth) * STATES
        if tallies.size:
            tallies[row + state] += share * mass[pair]
        value = share * table[row + state]
        attainable = share * table[row + STATES - 1 - np.int64(kind == STOP_TYPE)]
        total += value
        shares += share
        attained += attainable if attainable > 0.0 else 0.0
        positive += value if value > 0.0 else 0.0
        run = max(run + value, 0.0)
        longest = max(longest, run)
        weight = weights[place]
        weight_of_all += weight
        weight_shared += weight if shared else 0.0
        if kind == NUMBER_TYPE:
            of_numbers += weight
            of_shared_numbers += weight if shared else 0.0
            n_shared_numbers += 1.0 if shared & np.int64(first) else 0.0
    sums[target], sums[target + 1], sums[target + 2], sums[target + 3] = total, shares, attained, positive
    sums[target + 4], sums[target + 5], sums[target + 6] = weight_of_all, weight_shared, of_numbers
    sums[target + 7], sums[target + 8] = of_shared_numbers, n_shared_numbers
    sums[target + 9], sums[target + 10], sums[target + 11] = forward, steps, longest


@compiled
def _spread(
    ids: U32,
    types: U8,
    start: Integer,
    end: Integer,
    rarities: F64,
    weights: F64,
    row_rarities: F64,
    row_weights: F64,
) -> float:
    """Fill what belongs to the terms of a row by place, with no weight for one that comes again; the sum of weights."""
    total = 0.0
    for place in range(start, end):
        row_rarities[place] = rarities[ids[place]]
        weight = weights[ids[place]] if types[place] & np.uint8(REPEATED) == np.uint8(0) else 0.0
        row_weights[place] = weight
        total += weight
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
    both: bool,
    totals: F64,
    row_rarities: F64,
    row_weights: F64,
    number_of: U32,
    left_numbers: U32,
    right_numbers: U32,
    left_codes: U32,
    right_codes: U32,
    left_heads: U32,
    right_heads: U32,
    left_nexts: U32,
    right_nexts: U32,
    pair_table: U64,
    hits: U32,
    known: U8,
    slots: U32,
    left_held: U8,
    right_held: U8,
    sums: F64,
) -> None:
    """Fill the sums of both sides of each pair of rows, those of the shorter row first.

    What stands between `least` and `sums` is scratch: `totals` by row; `row_rarities` and `row_weights` by place;
    `number_of` by id, zeros, which it is left. `pair_table` is as wide as the least power of 2 that is four times the
    terms of the longest row and 16 at least, `hits` is so and one more, `known` four times as wide; `slots` for twice
    those terms, all else for as many and two more.
    """
    for row in range(offsets.size - 1):
        totals[row] = _spread(ids, types, offsets[row], offsets[row + 1], rarities, weights, row_rarities, row_weights)
    entered: Integer = -1
    paired: Integer = -1
    bits = 4
    count: Integer = 0
    for pair in range(left.size):
        one, two = offsets[left[pair]], offsets[right[pair]]
        length, other_length = offsets[left[pair] + 1] - one, offsets[right[pair] + 1] - two
        if left[pair] != entered:
            if entered >= 0:
                forget_row(ids, offsets[entered], offsets[entered + 1], number_of)
            entered = left[pair]
            count = number_row(ids, types, one, one + length, number_of, left_numbers, left_codes)
        base = pair * 2 * SIDE_SUMS
        shared = match_row(ids, types, row_weights, two, two + other_length, number_of, right_numbers, right_codes)
        if shared < least[0] * (totals[left[pair]] + totals[right[pair]] - shared):
            for number in range(base, base + 2 * SIDE_SUMS):
                sums[number] = 0.0
            continue
        if paired != entered:
            paired = entered
            bits = 4
            while (1 << bits) < 4 * length:
                bits += 1
            chain_places(left_numbers, length, count, left_heads, left_nexts)
            enter_pairs(left_codes, length, bits, pair_table, hits, known, slots)
        chain_places(right_numbers, other_length, count, right_heads, right_nexts)
        find_shared_pairs(
            right_codes, other_length, length, bits, pair_table, hits, known, slots, np.uint32(pair + 1), left_held,
            right_held,
        )  # fmt: skip
        side = 0 if _goes_first(ids, types, distinct, one, one + length, two, two + other_length) else 1
        for number in range(base, base + 2 * SIDE_SUMS):
            sums[number] = 0.0
        if both or side == 0:
            _weigh_side(
            left_numbers, types, row_rarities, row_weights, one, length, left_held, right_heads, right_nexts,
            other_length, logarithms[right[pair]], table, again, side, mass, pair, tallies, sums,
            base + side * SIDE_SUMS,
        )  # fmt: skip
        if both or side == 1:
            _weigh_side(
            right_numbers, types, row_rarities, row_weights, two, other_length, right_held, left_heads, left_nexts,
            length, logarithms[left[pair]], table, again, 1 - side, mass, pair, tallies, sums,
            base + (1 - side) * SIDE_SUMS,
        )  # fmt: skip
    if entered >= 0:
        forget_row(ids, offsets[entered], offsets[entered + 1], number_of)


def weigh_evidence(
    terms: NumberedTerms,
    rarities: F64,
    weights: F64,
    left: I64,
    right: I64,
    table: EvidenceTable,
    least: float = 0.0,
    mass: F64 | None = None,
    both: bool = True,
) -> tuple[F64, F64]:
    """See `RewriteKernels.weigh_evidence`."""
    lengths = np.diff(terms.offsets)
    longest = int(lengths.max(initial=0))
    slots = max(16, 1 << (max(4 * longest, 1) - 1).bit_length())
    logarithms = np.log(np.maximum(lengths, 1).astype(np.float64))
    tallies = np.zeros(0 if mass is None else 2 * TYPES * BINS * STATES)
    sums = np.empty(left.size * 2 * SIDE_SUMS)
    places = np.empty((2, terms.ids.size))
    of_row = (np.empty(longest + 2, dtype=np.uint32) for _ in range(8))
    left_held, right_held = np.empty(longest + 2, dtype=np.uint8), np.empty(longest + 2, dtype=np.uint8)
    weigh_evidence_loop(
        terms.ids, terms.types, terms.distinct, terms.offsets, rarities, weights, logarithms, left, right, table.values,
        np.array([table.again]), np.zeros(0) if mass is None else mass, tallies, np.array([least]),
        both, np.empty(lengths.size), *places, np.zeros(terms.distinct.size, dtype=np.uint32), *of_row,
        np.empty(slots, dtype=np.uint64), np.empty(slots + 1, dtype=np.uint32), np.empty(4 * slots, dtype=np.uint8),
        np.empty(2 * longest, dtype=np.uint32), left_held, right_held, sums,
    )  # type: ignore[call-arg]  # fmt: skip
    return sums.reshape(-1, 2, SIDE_SUMS), tallies
