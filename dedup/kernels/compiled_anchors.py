"""Loops over anchors: the choice of a unit's rarest terms, and the units that share most with a unit's."""

import numpy as np

from dedup.kernels import F64, I64, U16, U32, U64, Ragged
from dedup.kernels.jit import Integer, compiled, exported
from dedup.kernels.rewriting import MOST_UNIT_PAIRS, STRENGTH, Anchors, Nearest, Postings


@compiled
def _least_of_most(weights: F64, start: Integer, end: Integer, most: Integer, heap: F64) -> Integer:
    """Fill a heap, its least first, with the `most` greatest weights over 0; their number."""
    count = 0
    for place in range(start, end):
        weight = weights[place]
        if weight <= 0.0:
            continue
        if count < most:
            child = count
            count += 1
            while child > 0 and heap[(child - 1) >> 1] > weight:
                heap[child] = heap[(child - 1) >> 1]
                child = (child - 1) >> 1
            heap[child] = weight
        elif weight > heap[0]:
            root = 0
            child = 1
            while child < count:
                if child + 1 < count and heap[child + 1] < heap[child]:
                    child += 1
                if heap[child] >= weight:
                    break
                heap[root] = heap[child]
                root = child
                child = 2 * root + 1
            heap[root] = weight
    return count


@exported
def choose_anchors_loop(
    terms: U64, offsets: I64, weights: F64, most: Integer, heap: F64, keys: U32, strengths: U16, row_offsets: I64
) -> Integer:
    """Fill the anchors of each row; their number. `heap` has room for `most` weights."""
    count = 0
    row_offsets[0] = 0
    for row in range(offsets.size - 1):
        number = _least_of_most(weights, offsets[row], offsets[row + 1], most, heap)
        if number:
            least = heap[0]
            at_least = 0
            for place in range(number):
                at_least += heap[place] == least
            squares = 0.0
            taken = 0
            for place in range(offsets[row], offsets[row + 1]):
                weight = weights[place]
                if weight > least or (weight == least and taken < at_least):
                    taken += weight == least
                    squares += weight * weight
            norm = np.sqrt(squares)
            taken = 0
            for place in range(offsets[row], offsets[row + 1]):
                weight = weights[place]
                if weight > least or (weight == least and taken < at_least):
                    taken += weight == least
                    key = np.uint32(terms[place] >> np.uint64(32))
                    at = count
                    while at > row_offsets[row] and keys[at - 1] > key:
                        keys[at] = keys[at - 1]
                        strengths[at] = strengths[at - 1]
                        at -= 1
                    keys[at] = key
                    strengths[at] = np.uint16(np.floor(weight / norm * STRENGTH + 0.5))
                    count += 1
        row_offsets[row + 1] = count
    return count


@compiled
def _places_before(units: U32, start: Integer, end: Integer, before: Integer) -> Integer:
    """The place of the first unit of an ascending list that is not under `before`."""
    while start < end:
        middle = (start + end) >> 1
        if np.int64(units[middle]) < before:
            start = middle + 1
        else:
            end = middle
    return start


@compiled
def _order_lists(
    lists: I64,
    start: Integer,
    end: Integer,
    list_offsets: I64,
    list_units: U32,
    before: Integer,
    cap: Integer,
    order: I64,
    ends: I64,
) -> Integer:
    """Fill the places of anchors by the number of units under `before` in their lists, the fewest first; how many.

    Without those of more than `cap` units, and of none. `ends`, by place from `start`: where those units end.
    """
    count = 0
    for anchor in range(start, end):
        if lists[anchor] < 0:
            continue
        first = list_offsets[lists[anchor]]
        last = _places_before(list_units, first, list_offsets[lists[anchor] + 1], before)
        length = last - first
        if length == 0 or length > cap:
            continue
        ends[anchor - start] = last
        place = count
        count += 1
        while place > 0:
            other = order[place - 1]
            if ends[other - start] - list_offsets[lists[other]] <= length:
                break
            order[place] = other
            place -= 1
        order[place] = anchor
    return count


@compiled
def _affordable(
    lists: I64, start: Integer, list_offsets: I64, order: I64, ends: I64, n_lists: Integer, budget: Integer
) -> Integer:
    """How many of the lists, the shortest first, have `budget` units together or fewer."""
    read = 0
    for number in range(n_lists):
        anchor = order[number]
        read += ends[anchor - start] - list_offsets[lists[anchor]]
        if read > budget:
            return number
    return n_lists


@compiled
def _add_scores(
    lists: I64,
    strengths: U16,
    start: Integer,
    n_lists: Integer,
    list_offsets: I64,
    list_units: U32,
    list_strengths: U16,
    order: I64,
    ends: I64,
    scores: U32,
    touched: U32,
) -> Integer:
    """Add up the scores of the units that share anchors; their number."""
    n_touched = np.uint64(0)
    for number in range(n_lists):
        anchor = order[number]
        first, last = list_offsets[lists[anchor]], ends[anchor - start]
        strength = np.uint32(strengths[anchor])
        for place in range(np.uint64(first), np.uint64(last)):
            unit = np.uint64(list_units[place])
            score = scores[unit]
            touched[n_touched] = np.uint32(unit)
            n_touched += np.uint64(score == np.uint32(0))
            scores[unit] = score + strength * np.uint32(list_strengths[place])
    return np.int64(n_touched)


@exported
def nearest_loop(
    lists: I64,
    strengths: U16,
    anchor_offsets: I64,
    firsts: I64,
    list_offsets: I64,
    list_units: U32,
    list_strengths: U16,
    owners: I64,
    before: I64,
    cap: Integer,
    budget: Integer,
    most: Integer,
    least: U32,
    order: I64,
    ends: I64,
    scores: U32,
    touched: U32,
    bests: U32,
    best_own: U32,
    best_units: U32,
    met: U32,
    documents: I64,
    own_units: I64,
    units: I64,
    found_scores: U32,
    offsets: I64,
    cut: I64,
) -> Integer:
    """Fill the nearest documents of each query document; their number. `cut[0]`: units of which a list is left out.

    `scores` (by posted unit) and `bests` (by posted document) are zeros, and are left so. `order` and `ends` have room
    for the anchors of a unit.
    """
    count = 0
    offsets[0] = 0
    for query in range(firsts.size - 1):
        n_met = np.uint64(0)
        for own in range(firsts[query], firsts[query + 1]):
            start = anchor_offsets[own]
            n_lists = _order_lists(
                lists, start, anchor_offsets[own + 1], list_offsets, list_units, before[query], cap, order, ends
            )
            affordable = _affordable(lists, start, list_offsets, order, ends, n_lists, budget)
            cut[0] += affordable < n_lists
            n_touched = _add_scores(
                lists, strengths, start, affordable, list_offsets, list_units, list_strengths, order, ends, scores,
                touched,
            )  # fmt: skip
            for number in range(np.uint64(n_touched)):
                unit = np.uint64(touched[number])
                score = scores[unit]
                scores[unit] = np.uint32(0)
                if score < least[query]:
                    continue
                document = np.uint64(owners[unit])
                best = bests[document]
                if best == np.uint32(0):
                    met[n_met] = np.uint32(document)
                    n_met += np.uint64(1)
                if score > best or (
                    score == best and best_own[document] == np.uint32(own) and unit < np.uint64(best_units[document])
                ):
                    bests[document] = score
                    best_own[document] = np.uint32(own)
                    best_units[document] = np.uint32(unit)
        kept = 0
        for number in range(n_met):
            document = np.uint64(met[number])
            score = bests[document]
            bests[document] = np.uint32(0)
            last = count + kept - 1
            if kept == most and (
                score < found_scores[last] or (score == found_scores[last] and np.int64(document) > documents[last])
            ):
                continue
            if kept < most:
                last += 1
                kept += 1
            place = last
            while place > count and (
                found_scores[place - 1] < score
                or (found_scores[place - 1] == score and documents[place - 1] > np.int64(document))
            ):
                found_scores[place] = found_scores[place - 1]
                documents[place] = documents[place - 1]
                own_units[place] = own_units[place - 1]
                units[place] = units[place - 1]
                place -= 1
            found_scores[place] = score
            documents[place] = np.int64(document)
            own_units[place] = np.int64(best_own[document])
            units[place] = np.int64(best_units[document])
        count += kept
        offsets[query + 1] = count
    return count


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
    """Add up, for each of the units entered, the products of the strengths of anchors that one other unit shares."""
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
            totals[owner] += np.uint32(strengths[np.uint64(start) + entered]) * np.uint32(held_strengths[place])
            counts[owner] += np.uint32(1)
            here = nexts[entered]


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
    offsets: I64,
) -> Integer:
    """Score what was found by all anchors, and move the best of each query to the front; their number.

    What query i found stands at `found[i]` to `found[i + 1]`, and then at `offsets[i]` to `offsets[i + 1]`. `table` has
    room for four times the anchors of a document, and at least 16; `nexts` and `owners` for these anchors; `totals` and
    `counts`, zeros, which they are left, for its units.
    """
    count = 0
    offsets[0] = 0
    for query in range(found.size - 1):
        kept = 0
        first_unit, last_unit = firsts[query], firsts[query + 1]
        start, end = anchor_offsets[first_unit], anchor_offsets[last_unit]
        bits = 4
        if found[query] < found[query + 1]:
            while (1 << bits) < 2 * (end - start):
                bits += 1
            _enter_keys(keys, start, end, bits, table, nexts)
            for own in range(first_unit, last_unit):
                for place in range(anchor_offsets[own], anchor_offsets[own + 1]):
                    owners[place - start] = np.uint32(own - first_unit)
        for number in range(found[query], found[query + 1]):
            document, own, unit = documents[number], own_units[number], units[number]
            begin, stop = held_firsts[document], held_firsts[document + 1]
            every = (last_unit - first_unit) * (stop - begin) <= MOST_UNIT_PAIRS
            if not every:
                begin, stop = unit, unit + 1
            found_own = own
            total, common = np.uint32(0), np.uint32(0)
            for other in range(begin, stop):
                _add_products(
                    held_keys, held_strengths, held_offsets[other], held_offsets[other + 1], keys, strengths, start,
                    bits, table, nexts, owners, totals, counts,
                )  # fmt: skip
                for each in range(last_unit - first_unit):
                    score = totals[each]
                    here = first_unit + each
                    if (every or here == found_own) and (score > total or (score == total and score and here < own)):
                        total, common, own, unit = score, counts[each], here, other
                    totals[each] = np.uint32(0)
                    counts[each] = np.uint32(0)
            if total < least[query]:
                continue
            # What is written stands before what is still to be read.
            place = count + kept
            if kept == most:
                last = place - 1
                if total < scores[last] or (total == scores[last] and document > documents[last]):
                    continue
                place = last
            else:
                kept += 1
            while place > count and (
                scores[place - 1] < total or (scores[place - 1] == total and documents[place - 1] > document)
            ):
                scores[place] = scores[place - 1]
                shared[place] = shared[place - 1]
                documents[place] = documents[place - 1]
                own_units[place] = own_units[place - 1]
                units[place] = units[place - 1]
                place -= 1
            scores[place] = total
            shared[place] = np.int64(common)
            documents[place] = document
            own_units[place] = own
            units[place] = unit
        count += kept
        offsets[query + 1] = count
    return count


def choose_anchors(rows: Ragged, weights: F64, most: int) -> Anchors:
    """See `RewriteKernels.choose_anchors`."""
    count = rows.offsets.size - 1
    room = min(rows.values.size, most * count)
    keys, strengths = np.empty(room, dtype=np.uint32), np.empty(room, dtype=np.uint16)
    row_offsets = np.empty(count + 1, dtype=np.int64)
    heap = np.empty(most, dtype=np.float64)
    filled = choose_anchors_loop(rows.values, rows.offsets, weights, most, heap, keys, strengths, row_offsets)
    return Anchors(keys[:filled].copy(), strengths[:filled].copy(), row_offsets)


def nearest(
    queries: Anchors,
    lists: I64,
    firsts: I64,
    postings: Postings,
    owners: I64,
    before: I64,
    cap: int,
    budget: int,
    most: int,
    least: U32,
) -> Nearest:
    """See `RewriteKernels.nearest`."""
    count = firsts.size - 1
    n_documents = int(owners[-1]) + 1 if owners.size else 0
    scores, bests = np.zeros(owners.size, dtype=np.uint32), np.zeros(n_documents, dtype=np.uint32)
    touched, met = np.empty(owners.size + 1, dtype=np.uint32), np.empty(n_documents + 1, dtype=np.uint32)
    best_own, best_units = (np.empty(n_documents, dtype=np.uint32) for _ in range(2))
    documents, own_units, units = (np.empty(count * most, dtype=np.int64) for _ in range(3))
    longest = int(np.diff(queries.offsets).max(initial=0))
    order, ends = np.empty(longest, dtype=np.int64), np.empty(longest, dtype=np.int64)
    found_scores, offsets = np.empty(count * most, dtype=np.uint32), np.empty(count + 1, dtype=np.int64)
    cut = np.zeros(1, dtype=np.int64)
    found = nearest_loop(
        lists, queries.strengths, queries.offsets, firsts, postings.offsets, postings.units, postings.strengths,
        owners, before, cap, budget, most, np.maximum(least, np.uint32(1)), order, ends, scores, touched, bests,
        best_own, best_units, met, documents, own_units, units, found_scores, offsets, cut,
    )  # fmt: skip
    return Nearest(
        documents[:found].copy(),
        own_units[:found].copy(),
        units[:found].copy(),
        found_scores[:found].copy(),
        np.zeros(found, dtype=np.int64),
        offsets,
        int(cut[0]),
    )


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
    table = np.empty(max(16, 4 * longest), dtype=np.uint32)
    nexts, owners = np.empty(longest, dtype=np.uint32), np.empty(longest, dtype=np.uint32)
    most_units = int(np.diff(firsts).max(initial=0))
    totals, counts = np.zeros(most_units, dtype=np.uint32), np.zeros(most_units, dtype=np.uint32)
    count = rescore_loop(
        found.offsets, documents, own_units, units, scores, shared, queries.keys, queries.strengths, queries.offsets,
        firsts, held.keys, held.strengths, held.offsets, held_firsts, most, np.maximum(least, np.uint32(1)), table,
        nexts, owners, totals, counts, offsets,
    )  # fmt: skip
    return Nearest(
        documents[:count].copy(),
        own_units[:count].copy(),
        units[:count].copy(),
        scores[:count].copy(),
        shared[:count].copy(),
        offsets,
    )
