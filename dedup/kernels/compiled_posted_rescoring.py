"""Scoring what lists of several tables led to by all anchors, which are read where they stand."""

import numpy as np

from dedup.kernels import F64, I64, U8, U16, U32, U64
from dedup.kernels.compiled_gathering import damaged_items
from dedup.kernels.compiled_rescoring import enter_query, keep_best, score_document
from dedup.kernels.gathering import (
    COLUMNS,
    ELSEWHERE,
    FIRST_UNITS,
    KEYS,
    RANKS,
    STRENGTHS,
    UNIT_BEGINS,
    AnchorStack,
)
from dedup.kernels.jit import Integer, compiled, exported
from dedup.kernels.rewriting import Anchors, Nearest, Rescored

_LINE = 16
"""Keys in a cache line."""


@compiled
def _table_of(table_firsts: I64, document: Integer) -> Integer:
    """The table that has a document, given by its number among all."""
    low: Integer = 0
    high: Integer = table_firsts.size - 1
    while high - low > 1:
        middle = (low + high) >> 1
        if table_firsts[middle] <= document:
            low = middle
        else:
            high = middle
    return low


@compiled
def _locate(
    numbers: I64,
    halves: U32,
    shorts: U16,
    words: U64,
    places: I64,
    table_firsts: I64,
    documents: I64,
    first: Integer,
    last: Integer,
    tables: I64,
    begins: I64,
    stops: I64,
    anchors: I64,
) -> np.uint64:
    """Fill, of some documents, the table, the units from where to where, and the first anchor; what is given is noise.

    All that is going to be read of them is touched, step by step for all: in each no reading waits for another one.
    """
    for number in range(first, last):
        document = documents[number]
        table = _table_of(table_firsts, document)
        at = places[COLUMNS * table + FIRST_UNITS] + document - table_firsts[table]
        tables[number - first], begins[number - first], stops[number - first] = table, numbers[at], numbers[at + 1]
    for each in range(last - first):
        anchors[each] = numbers[places[COLUMNS * tables[each] + UNIT_BEGINS] + begins[each]]
    touched = np.uint64(0)
    for each in range(last - first):
        row = COLUMNS * tables[each]
        end = numbers[places[row + UNIT_BEGINS] + begins[each] + 1]
        at_keys, at_strengths = places[row + KEYS], places[row + STRENGTHS]
        place = anchors[each]
        while place < end:
            touched += np.uint64(halves[at_keys + place]) + np.uint64(shorts[at_strengths + place])
            place += _LINE
        if end > anchors[each]:
            touched += np.uint64(halves[at_keys + end - 1]) + np.uint64(shorts[at_strengths + end - 1])
    return touched


@exported
def rescore_posted_loop(
    words: U64,
    numbers: I64,
    halves: U32,
    shorts: U16,
    octets: U8,
    doubles: F64,
    places: I64,
    blocks: I64,
    table_firsts: I64,
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
    most: Integer,
    least: U32,
    table: U32,
    nexts: U32,
    owners: U32,
    totals: U32,
    counts: U32,
    values: F64,
    best: I64,
    warmth: U64,
    tables: I64,
    begins: I64,
    stops: I64,
    anchors: I64,
    ranks: I64,
    elsewhere: F64,
    sizes: I64,
    offsets: I64,
    state: I64,
) -> Integer:
    """Score what was found by all anchors, and move the best of each query to the front; their number.

    Or -1 where a block is damaged: `state` tells it and its table. Parameters are those of `rescore_loop`; `tables` to
    `anchors` have room for what one query found.
    """
    count: Integer = 0
    offsets[0] = 0
    for query in range(found.size - 1):
        kept: Integer = 0
        first, last = found[query], found[query + 1]
        first_unit, last_unit = firsts[query], firsts[query + 1]
        bits: Integer = 4
        if first < last:
            warmth[0] = _locate(
                numbers, halves, shorts, words, places, table_firsts, documents, first, last, tables, begins, stops,
                anchors,
            )  # fmt: skip
            bits = enter_query(keys, anchor_offsets, first_unit, last_unit, table, nexts, owners)
        for number in range(first, last):
            each = number - first
            row, begin, stop = COLUMNS * tables[each], begins[each], stops[each]
            base, of_keys, of_strengths = places[row + UNIT_BEGINS], places[row + KEYS], places[row + STRENGTHS]
            start, end = anchors[each], numbers[base + stop]
            if end > start and blocks[4 * tables[each] + 2] >= 0:
                low, high = of_keys + start, of_keys + end - 1
                if damaged_items(words, octets, blocks, tables[each], low >> 1, high >> 1, state):
                    return -1
                low, high = of_strengths + start, of_strengths + end - 1
                if damaged_items(words, octets, blocks, tables[each], low >> 2, high >> 2, state):
                    return -1
            document = documents[number]
            score_document(
                halves, shorts, numbers, base, of_keys, of_strengths, begin, stop, begin + units[number], keys,
                strengths, anchor_offsets, first_unit, last_unit, own_units[number], bits, table, nexts, owners, totals,
                counts, best,
            )  # fmt: skip
            if best[0] < np.int64(least[query]):
                continue
            product = np.float64(anchor_offsets[best[2] + 1] - anchor_offsets[best[2]]) * np.float64(
                numbers[base + best[3] + 1] - numbers[base + best[3]]
            )
            best[3] -= begin
            # What is written stands before what is still to be read.
            kept = keep_best(
                count, kept, most, document, best, product, values, documents, own_units, units, scores, shared
            )
        for number in range(count, count + kept):
            at_table = _table_of(table_firsts, documents[number])
            row, document = COLUMNS * at_table, documents[number] - table_firsts[at_table]
            ranks[number] = np.int64(halves[places[row + RANKS] + document])
            elsewhere[number] = doubles[places[row + ELSEWHERE] + document]
            at = places[row + UNIT_BEGINS] + numbers[places[row + FIRST_UNITS] + document] + units[number]
            sizes[number] = numbers[at + 1] - numbers[at]
        count += kept
        offsets[query + 1] = count
    return count


def rescore_posted(
    stack: AnchorStack, found: Nearest, queries: Anchors, firsts: I64, most: int, least: U32
) -> Rescored:
    """See `RewriteKernels.rescore_posted`."""
    documents, own_units, units = (each.copy() for each in found[:3])
    scores, shared = found.scores.copy(), np.empty(documents.size, dtype=np.int64)
    ranks, sizes = np.empty((2, documents.size), dtype=np.int64)
    elsewhere, offsets = np.empty(documents.size), np.empty_like(found.offsets)
    if firsts.size == 2:
        longest, most_units, most_found = int(queries.offsets[firsts[1]]), int(firsts[1]), documents.size
    else:
        longest = int(np.diff(queries.offsets[firsts]).max(initial=0))
        most_units, most_found = (int(np.diff(each).max(initial=0)) for each in (firsts, found.offsets))
    of_anchors, of_units = np.empty((2, longest), dtype=np.uint32), np.zeros((2, most_units), dtype=np.uint32)
    table, state = np.empty(max(16, 16 * longest), dtype=np.uint32), np.full(2, -1, dtype=np.int64)
    count = rescore_posted_loop(
        stack.words, stack.numbers, stack.halves, stack.shorts, stack.octets, stack.doubles, stack.places, stack.blocks,
        stack.firsts, found.offsets, documents, own_units, units, scores, shared, queries.keys, queries.strengths,
        queries.offsets, firsts, most, np.maximum(least, np.uint32(1)), table,
        *of_anchors, *of_units, np.empty(most), np.empty(4, dtype=np.int64), np.empty(1, dtype=np.uint64),
        *np.empty((4, most_found), dtype=np.int64), ranks, elsewhere, sizes, offsets, state,
    )  # type: ignore[call-arg]  # fmt: skip
    if count < 0:
        count, offsets = 0, np.zeros_like(offsets)
    scored = Nearest(documents[:count], own_units[:count], units[:count], scores[:count], shared[:count], offsets)
    return Rescored(scored, ranks[:count], elsewhere[:count], sizes[:count], *state.tolist())
