"""The documents nearest to others by the lists of several tables, read where they stand."""

import numpy as np

from dedup.kernels import I64, U8, U16, U32, U64, Bool
from dedup.kernels.compiled_gathering import damaged_postings, document_of, unit_at
from dedup.kernels.compiled_nearest import enter_score, promising
from dedup.kernels.gathering import (
    COLUMNS,
    FIRST_UNITS,
    IS_PARTLY_GONE,
    N_UNITS,
    POSTING,
    POSTINGS,
    RANKS,
    WINDOW,
    AnchorStack,
    FoundLists,
    ScoreRoom,
)
from dedup.kernels.jit import Integer, compiled, exported
from dedup.kernels.rewriting import Nearest, Queries

_LINE = 32
"""Numbers of 16 bits in a cache line."""


@compiled
def _places_under(shorts: U16, base: Integer, start: Integer, end: Integer, limit: Integer) -> Integer:
    """The place of the first posting of a list whose unit is not under a limit."""
    while start < end:
        middle = (start + end) >> 1
        if unit_at(shorts, base + POSTING * middle) < limit:
            start = middle + 1
        else:
            end = middle
    return start


@compiled
def _ordered(lists: I64, start: Integer, end: Integer, totals: I64, lengths: I64, order: I64, stops: I64) -> Integer:
    """Fill the places of anchors by how many units their lists have that count, the fewest first; how many.

    Without those of none. By place from `start`: `stops` are how many count beside `totals`, `lengths` come to be all.
    """
    count = 0
    for anchor in range(start, end):
        length = totals[lists[anchor]] + stops[anchor - start]
        lengths[anchor - start] = length
        if length == 0:
            continue
        place = count
        count += 1
        while place > 0 and lengths[order[place - 1] - start] > length:
            order[place] = order[place - 1]
            place -= 1
        order[place] = anchor
    return count


@compiled
def _touch(
    shorts: U16, places: I64, begins: U32, ends: U32, lists: I64, order: I64, n_lists: Integer, n_keys: Integer
) -> np.int64:
    """Read each cache line of the lists that are to be read; what is given means nothing.

    Lists stand far from each other, so that each one begins with waiting for memory. Here no reading waits for another
    one, and the processor has many under way.
    """
    total = np.int64(0)
    for table in range(places.size // COLUMNS):
        base = places[COLUMNS * table + POSTINGS]
        for number in range(n_lists):
            at = table * n_keys + lists[order[number]]
            place, stop = base + POSTING * np.int64(begins[at]), base + POSTING * np.int64(ends[at])
            while place < stop:
                total += np.int64(shorts[place])
                place += _LINE
    return total


@compiled
def _collect(
    halves: U32,
    numbers: I64,
    places: I64,
    row: Integer,
    table_first: Integer,
    window: Integer,
    n_touched: np.uint64,
    wanted: np.uint32,
    own: Integer,
    scores: U32,
    touched: U32,
    n_met: Integer,
    met_places: U32,
    met: U32,
    bests: U32,
    best_own: U32,
    best_units: U32,
    highest: U32,
    state: I64,
) -> Integer:
    """Put down the best score of each document of which a unit of the window scores enough; how many are met then.

    What documents reach when they are first met, the last of the best need at least: `state[5]` such are in `highest`.
    """
    n_highest = state[5]
    for number in range(n_touched):
        within = np.uint64(touched[number])
        score = scores[within]
        if score < wanted:
            continue
        unit = window + np.int64(within)
        place = document_of(halves, places, row, unit)
        of_document = np.uint32(unit - numbers[places[row + FIRST_UNITS] + place])
        document = table_first + place
        at = np.int64(met_places[document]) - 1
        if at < 0:
            met[n_met] = np.uint32(document)
            bests[n_met], best_own[n_met], best_units[n_met] = score, np.uint32(own), of_document
            n_met += 1
            met_places[document] = np.uint32(n_met)
            n_highest = enter_score(score, highest, n_highest)
            if n_highest == highest.size:
                wanted = max(wanted, highest[n_highest - 1])
        elif score > bests[at] or (
            score == bests[at] and best_own[at] == np.uint32(own) and of_document < best_units[at]
        ):
            bests[at], best_own[at], best_units[at] = score, np.uint32(own), of_document
    state[5] = n_highest
    return n_met


@exported
def nearest_posted_loop(
    words: U64,
    numbers: I64,
    halves: U32,
    shorts: U16,
    octets: U8,
    places: I64,
    blocks: I64,
    table_firsts: I64,
    fixed: Integer,
    alive: Bool,
    begins: U32,
    ends: U32,
    totals: I64,
    lists: I64,
    strengths: U16,
    anchor_offsets: I64,
    firsts: I64,
    before: I64,
    least: U32,
    budget: Integer,
    most: Integer,
    bonus: Integer,
    order: I64,
    lengths: I64,
    stops: I64,
    cursors: I64,
    cursor_ends: I64,
    factors: I64,
    scores: U32,
    touched: U32,
    met_places: U32,
    met: U32,
    bests: U32,
    best_own: U32,
    best_units: U32,
    highest: U32,
    documents: I64,
    own_units: I64,
    units: I64,
    found_scores: U32,
    offsets: I64,
    state: I64,
) -> Integer:
    """Fill the nearest documents of each query document; their number, or -1 where a block is damaged.

    `state`: that block and its table, then `cut` of `promising`, a number that means nothing, and how many there are
    in `highest`. `scores` (of `WINDOW` units) and `met_places` (by document) are zeros, and are left so, but where a
    block is damaged. `order` to `factors` have room for the anchors of a unit, `touched` for a window and one more,
    `met` and those behind it for the documents that may be met, `highest` for `most`.
    """
    n_tables, n_keys = places.size // COLUMNS, totals.size
    count = 0
    offsets[0] = 0
    for query in range(firsts.size - 1):
        n_met: Integer = 0
        state[5] = 0
        # Units of the last table, where not all of them count, that are under the limit.
        limit = np.int64(0)
        if fixed < n_tables:
            limit = numbers[places[COLUMNS * fixed + FIRST_UNITS] + before[query] - table_firsts[fixed]]
        asked = np.int64(least[query])
        for own in range(firsts[query], firsts[query + 1]):
            start, end = anchor_offsets[own], anchor_offsets[own + 1]
            for anchor in range(start, end):
                stops[anchor - start] = 0
                if fixed < n_tables:
                    at = fixed * n_keys + lists[anchor]
                    base = places[COLUMNS * fixed + POSTINGS]
                    stops[anchor - start] = _places_under(
                        shorts, base, np.int64(begins[at]), np.int64(ends[at]), limit
                    ) - np.int64(begins[at])
            n_lists = _ordered(lists, start, end, totals, lengths, order, stops)
            n_lists = promising(strengths, start, order, lengths, n_lists, budget, least[query], state[2:])
            strongest = np.int64(1)
            for number in range(n_lists):
                strongest = max(strongest, np.int64(strengths[order[number]]))
            partly = max(asked - 2 * state[3], asked >> 1, 1)
            wanted = np.uint32(min(partly + bonus * partly // strongest, 0xFFFFFFFF))
            state[4] = _touch(shorts, places, begins, ends, lists, order, n_lists, n_keys)
            for table in range(n_tables):
                row = COLUMNS * table
                base, is_gone = places[row + POSTINGS], places[row + IS_PARTLY_GONE] != 0
                filled: Integer = 0
                for number in range(n_lists):
                    anchor = order[number]
                    at = table * n_keys + lists[anchor]
                    first, last = np.int64(begins[at]), np.int64(ends[at])
                    if table == fixed:
                        last = first + stops[anchor - start]
                    if first == last:
                        continue
                    if blocks[4 * table + 2] >= 0 and damaged_postings(
                        words, octets, places, blocks, table, first, last, state
                    ):
                        return -1
                    cursors[filled], cursor_ends[filled] = base + POSTING * first, base + POSTING * last
                    factors[filled] = np.int64(strengths[anchor]) + bonus
                    filled += 1
                # The lists are read side by side, so that scores of a window of units stay in a near cache.
                window: Integer = 0
                while window < places[row + N_UNITS] and filled > 0:
                    n_touched = np.uint64(0)
                    if state[5] == most:
                        wanted = max(wanted, highest[most - 1])
                    low_unit, high_unit = np.uint64(window), np.uint64(window + WINDOW)
                    for number in range(filled):
                        strength = np.uint32(factors[number])
                        place, stop = np.uint64(cursors[number]), np.uint64(cursor_ends[number])
                        while place < stop:
                            low, high = np.uint64(shorts[place]), np.uint64(shorts[place + np.uint64(1)])
                            unit = low | high << np.uint64(16)
                            if unit >= high_unit:
                                break
                            value = strength * np.uint32(shorts[place + np.uint64(2)])
                            place += np.uint64(POSTING)
                            if is_gone:
                                document = document_of(halves, places, row, np.int64(unit))
                                if not alive[halves[places[row + RANKS] + document]]:
                                    continue
                            within = unit - low_unit
                            # Nearly all units share one anchor or two, and nothing more is done for these.
                            score = scores[within]
                            scores[within] = score + value
                            if score < wanted and score + value >= wanted:
                                touched[n_touched] = np.uint32(within)
                                n_touched += np.uint64(1)
                        cursors[number] = np.int64(place)
                    n_met = _collect(
                        halves, numbers, places, row, table_firsts[table], window, n_touched, wanted, own, scores,
                        touched, n_met, met_places, met, bests, best_own, best_units, highest, state,
                    )  # fmt: skip
                    for cleared in range(min(WINDOW, places[row + N_UNITS] - window)):
                        scores[cleared] = np.uint32(0)
                    window += WINDOW
        kept = 0
        for number in range(n_met):
            document, score = np.int64(met[number]), bests[number]
            met_places[document] = np.uint32(0)
            if state[5] == most and score < highest[most - 1]:
                continue
            last_kept = count + kept - 1
            if kept == most and (
                score < found_scores[last_kept]
                or (score == found_scores[last_kept] and document > documents[last_kept])
            ):
                continue
            if kept < most:
                last_kept += 1
                kept += 1
            here = last_kept
            while here > count and (
                found_scores[here - 1] < score or (found_scores[here - 1] == score and documents[here - 1] > document)
            ):
                found_scores[here] = found_scores[here - 1]
                documents[here] = documents[here - 1]
                own_units[here] = own_units[here - 1]
                units[here] = units[here - 1]
                here -= 1
            found_scores[here] = score
            documents[here] = document
            own_units[here] = np.int64(best_own[number])
            units[here] = np.int64(best_units[number])
        count += kept
        offsets[query + 1] = count
    return count


def nearest_posted(
    stack: AnchorStack,
    found: FoundLists,
    queries: Queries,
    alive: Bool,
    budget: int,
    most: int,
    bonus: int,
    room: ScoreRoom,
) -> tuple[Nearest, int, int]:
    """See `RewriteKernels.nearest_posted`."""
    anchors, firsts = queries.anchors, queries.firsts
    count, n_documents = firsts.size - 1, int(stack.firsts[-1])
    room.grow(n_documents)
    n_anchors = anchors.offsets[1:] - anchors.offsets[:-1]
    of_unit = np.empty((6, int(n_anchors.max(initial=0))), dtype=np.int64)
    # As many documents as are there, or as the postings read for all units of one lead to.
    most_units = int((firsts[1:] - firsts[:-1]).max(initial=0))
    touched = np.empty(min(budget, WINDOW) + 1, dtype=np.uint32)
    of_met = np.empty((4, min(n_documents, most_units * budget) + 1), dtype=np.uint32)
    documents, own_units, units = np.empty((3, count * most), dtype=np.int64)
    found_scores, offsets = np.empty(count * most, dtype=np.uint32), np.empty(count + 1, dtype=np.int64)
    state = np.array([-1, -1, 0, 0, 0, 0], dtype=np.int64)
    filled = nearest_posted_loop(
        stack.words, stack.numbers, stack.halves, stack.shorts, stack.octets, stack.places, stack.blocks, stack.firsts,
        found.fixed, alive, found.begins, found.ends, found.totals, queries.lists, anchors.strengths, anchors.offsets,
        firsts, queries.before, queries.least, budget, most, bonus, *of_unit, room.scores, touched, room.met, *of_met,
        np.empty(most, dtype=np.uint32), documents, own_units, units, found_scores, offsets, state,
    )  # type: ignore[call-arg]  # fmt: skip
    block, table, cut = state[:3].tolist()
    if filled < 0:
        room.clear()
        filled, offsets = 0, np.zeros_like(offsets)
    nearest = Nearest(
        documents[:filled].copy(), own_units[:filled].copy(), units[:filled].copy(), found_scores[:filled].copy(),
        np.zeros(filled, dtype=np.int64), offsets, cut,
    )  # fmt: skip
    return nearest, block, table
