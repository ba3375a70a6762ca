"""The evidence of a rewrite in Python: the twin of `dedup.kernels.compiled_term_evidence`."""

import math
from collections.abc import Iterator

import numpy as np

from dedup.kernels import F64, I64, U8, U32, U64, Bool
from dedup.kernels.rewriting import (
    BINS,
    CAPITAL,
    MOST_PLACES,
    NAME_TYPE,
    NEAR,
    NUMBER,
    NUMBER_TYPE,
    REPEATED,
    SIDE_SUMS,
    STATES,
    STOP_TYPE,
    TYPES,
    WORD_TYPE,
    EvidenceTable,
    NumberedTerms,
)


def number_terms(values: U64) -> tuple[U32, U64]:
    """See `RewriteKernels.number_terms`."""
    distinct, firsts, inverse = np.unique(np.maximum(values, np.uint64(1)), return_index=True, return_inverse=True)
    order = np.argsort(firsts)
    ids = np.empty(order.size, dtype=np.uint32)
    ids[order] = np.arange(order.size, dtype=np.uint32)
    return ids[inverse], distinct[order]


def classify_terms(ids: U32, kinds: U8, offsets: I64, stops: Bool) -> U8:
    """See `RewriteKernels.classify_terms`."""
    rows = np.repeat(np.arange(offsets.size - 1), np.diff(offsets))
    keys = rows * max(stops.size, 1) + ids
    name = ~np.isin(keys, keys[kinds != CAPITAL])
    types = np.where(kinds == NUMBER, NUMBER_TYPE, np.where(name, NAME_TYPE, WORD_TYPE))
    repeated = np.ones(ids.size, dtype=np.bool_)
    repeated[np.unique(keys, return_index=True)[1]] = False
    return (np.where(stops[ids], STOP_TYPE, types) | np.where(repeated, REPEATED, 0)).astype(np.uint8)


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
    sums = np.zeros((left.size, 2, SIDE_SUMS))
    tallies = np.zeros(0 if mass is None else 2 * TYPES * BINS * STATES)
    rarity, weight, values = rarities.tolist(), weights.tolist(), table.values.tolist()
    distinct = terms.distinct.tolist()
    rows = [_Row(terms, row, weight, distinct) for row in range(terms.offsets.size - 1)]
    for pair, (one, two) in enumerate(zip(left.tolist(), right.tolist(), strict=True)):
        sides = (rows[one], rows[two])
        shared = _added([weight[term] for term in sides[1].places if term in sides[0].places])
        if shared < least * (sides[0].total + sides[1].total - shared):
            continue
        bigrams = sides[0].bigrams & sides[1].bigrams
        shorter = 0 if sides[0].rank <= sides[1].rank else 1
        for number in (0, 1):
            side = 0 if number == shorter else 1
            if side and not both:
                continue
            row, other = sides[number], sides[1 - number]
            logarithm = float(np.log(np.float64(max(len(other.ids), 1))))
            result = sums[pair, side]
            run = 0.0
            for term, kind, first, state, step in _states(row, other, bigrams):
                depth = min(max(math.floor(rarity[term] - logarithm) + 2, 0), BINS - 1)
                share = 1.0 if first else table.again
                cell = ((side * TYPES + kind) * BINS + depth) * STATES
                if mass is not None:
                    tallies[cell + state] += share * mass[pair]
                best = STATES - 2 if kind == STOP_TYPE else STATES - 1
                value, attainable = share * values[cell + state], share * values[cell + best]
                result[0] += value
                result[1] += share
                result[2] += max(attainable, 0.0)
                result[3] += max(value, 0.0)
                run = max(run + value, 0.0)
                result[11] = max(result[11], run)
                result[9] += step > 0
                result[10] += step >= 0
                if first:
                    result[4] += weight[term]
                    result[5] += weight[term] if state else 0.0
                    if kind == NUMBER_TYPE:
                        result[6] += weight[term]
                        result[7] += weight[term] if state else 0.0
                        result[8] += 1.0 if state else 0.0
    return sums, tallies


def _added(values: list[float]) -> float:
    """The sum, one after the other: `sum` makes up for rounding in some versions of Python."""
    total = 0.0
    for value in values:
        total += value
    return total


class _Row:
    """A row of terms: its types, the first places of each, its skip-bigrams and the weight of its distinct terms."""

    def __init__(self, terms: NumberedTerms, row: int, weight: list[float], distinct: list[int]) -> None:
        within = slice(int(terms.offsets[row]), int(terms.offsets[row + 1]))
        self.ids: list[int] = terms.ids[within].tolist()
        self.types: list[int] = (terms.types[within] & 3).tolist()
        self.places = _places(self.ids)
        self.bigrams = _skip_bigrams(self.ids, self.types)
        # By this, and not by which is asked for first, it is told which of two rows is taken for the shorter one.
        self.rank = (len(self.ids), [distinct[term] for term in self.ids], terms.types[within].tolist())
        self.total = _added([weight[term] for term in self.places])


def _states(row: _Row, other: _Row, bigrams: set[tuple[int, int]]) -> Iterator[tuple[int, int, bool, int, int]]:
    """Term, type, whether it comes first, state, and step (1 forward, 0 back, -1 none) of each term of a row."""
    held = _held(row.ids, row.types, bigrams)
    last = last_own = -1
    for place, (term, kind) in enumerate(zip(row.ids, row.types, strict=True)):
        state, step = 0, -1
        if term in other.places:
            state = 3 if held[place] else 1
            if kind != STOP_TYPE:
                expected = last + place - last_own if last >= 0 else place * len(other.ids) // len(row.ids)
                nearest = _nearest(other.places[term], expected)
                state += abs(nearest - expected) <= NEAR
                if held[place]:
                    step = int(nearest > last) if last >= 0 else -1
                    last, last_own = nearest, place
        yield term, kind, row.places[term][0] == place, state, step


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
