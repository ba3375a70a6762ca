"""The evidence of a rewrite in Python: the twin of `dedup.kernels.compiled_evidence`."""

import math

import numpy as np

from dedup.kernels import (
    BINS,
    CAPITAL,
    F64,
    I64,
    MOST_PLACES,
    NAME_TYPE,
    NEAR,
    NUMBER,
    NUMBER_TYPE,
    SIDE_SUMS,
    STATES,
    STOP_TYPE,
    TYPES,
    U8,
    U32,
    U64,
    WORD_TYPE,
    Bool,
    EvidenceTable,
    NumberedTerms,
)


def number_terms(values: U64) -> tuple[U32, U64]:
    """See `Kernels.number_terms`."""
    distinct, firsts, inverse = np.unique(np.maximum(values, np.uint64(1)), return_index=True, return_inverse=True)
    order = np.argsort(firsts)
    ids = np.empty(order.size, dtype=np.uint32)
    ids[order] = np.arange(order.size, dtype=np.uint32)
    return ids[inverse], distinct[order]


def classify_terms(ids: U32, kinds: U8, offsets: I64, stops: Bool) -> U8:
    """See `Kernels.classify_terms`."""
    rows = np.repeat(np.arange(offsets.size - 1), np.diff(offsets))
    key = rows * max(stops.size, 1) + ids
    name = ~np.isin(key, key[kinds != CAPITAL])
    types = np.where(kinds == NUMBER, NUMBER_TYPE, np.where(name, NAME_TYPE, WORD_TYPE))
    return np.where(stops[ids], STOP_TYPE, types).astype(np.uint8)


def weigh_evidence(
    terms: NumberedTerms,
    rarities: F64,
    weights: F64,
    left: I64,
    right: I64,
    table: EvidenceTable,
    mass: F64 | None = None,
) -> tuple[F64, F64]:
    """See `Kernels.weigh_evidence`."""
    sums = np.zeros((left.size, 2, SIDE_SUMS))
    tallies = np.zeros(0 if mass is None else 2 * TYPES * BINS * STATES)
    rarity, weight = rarities.tolist(), weights.tolist()
    for pair, (one, two) in enumerate(zip(left.tolist(), right.tolist(), strict=True)):
        rows = [slice(int(terms.offsets[row]), int(terms.offsets[row + 1])) for row in (one, two)]
        ids = [terms.ids[row].tolist() for row in rows]
        types = [terms.types[row].tolist() for row in rows]
        places = [_places(row) for row in ids]
        shared = _skip_bigrams(ids[0], types[0]) & _skip_bigrams(ids[1], types[1])
        shorter = 0 if len(ids[0]) <= len(ids[1]) else 1
        for number in (0, 1):
            side = 0 if number == shorter else 1
            held = _held(ids[number], types[number], shared)
            logarithm = float(np.log(np.float64(max(len(ids[1 - number]), 1))))
            result = sums[pair, side]
            seen: set[int] = set()
            last = last_own = -1
            for place, (term, kind) in enumerate(zip(ids[number], types[number], strict=True)):
                depth = min(max(math.floor(rarity[term] - logarithm) + 2, 0), BINS - 1)
                state = 0
                if term in places[1 - number]:
                    expected = (
                        last + place - last_own if last >= 0 else place * len(ids[1 - number]) // len(ids[number])
                    )
                    nearest = _nearest(places[1 - number][term], expected)
                    state = (3 if held[place] else 1) + (abs(nearest - expected) <= NEAR)
                    if held[place] and kind != STOP_TYPE:
                        if last >= 0:
                            result[10] += 1.0
                            result[9] += nearest > last
                        last, last_own = nearest, place
                first = term not in seen
                seen.add(term)
                share = 1.0 if first else table.again
                row = ((side * TYPES + kind) * BINS + depth) * STATES
                if mass is not None:
                    tallies[row + state] += share * mass[pair]
                value, attainable = share * table.values[row + state], share * table.values[row + STATES - 1]
                result[0] += value
                result[1] += share
                result[2] += max(attainable, 0.0)
                result[3] += max(value, 0.0)
                if first:
                    result[4] += weight[term]
                    result[5] += weight[term] if state else 0.0
                    if kind == NUMBER_TYPE:
                        result[6] += weight[term]
                        result[7] += weight[term] if state else 0.0
                        result[8] += 1.0 if state else 0.0
    return sums, tallies


def _places(ids: list[int]) -> dict[int, list[int]]:
    """The first places of each term."""
    places: dict[int, list[int]] = {}
    for place, term in enumerate(ids):
        of_term = places.setdefault(term, [])
        if len(of_term) < MOST_PLACES:
            of_term.append(place)
    return places


def _skip_bigrams(ids: list[int], types: list[int]) -> set[tuple[int, int]]:
    """Pairs of terms at offsets of 1 and 2, in any order, not of two stop words."""
    return {
        (min(ids[place], ids[place + step]), max(ids[place], ids[place + step]))
        for step in (1, 2)
        for place in range(len(ids) - step)
        if types[place] != STOP_TYPE or types[place + step] != STOP_TYPE
    }


def _held(ids: list[int], types: list[int], shared: set[tuple[int, int]]) -> list[bool]:
    """Whether each term is part of a shared skip-bigram."""
    held = [False] * len(ids)
    for step in (1, 2):
        for place in range(len(ids) - step):
            one, two = ids[place], ids[place + step]
            if types[place] == STOP_TYPE and types[place + step] == STOP_TYPE:
                continue
            if (min(one, two), max(one, two)) in shared:
                held[place] = held[place + step] = True
    return held


def _nearest(places: list[int], expected: int) -> int:
    """The place nearest to the one expected; the first of two as near."""
    best = places[0]
    for place in places[1:]:
        if abs(place - expected) >= abs(best - expected):
            break
        best = place
    return best
