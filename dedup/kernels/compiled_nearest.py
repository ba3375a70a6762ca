"""The documents that share most anchors with others, by the lists of an inverted index."""

import numpy as np

from dedup.kernels import I64, U16, U32
from dedup.kernels.gathering import WINDOW
from dedup.kernels.jit import Integer, compiled, exported
from dedup.kernels.rewriting import Nearest, Postings, Queries


@compiled
def _places_before(units: U32, start: Integer, end: Integer, before: Integer, n_units: Integer) -> Integer:
    """The place of the first unit of an ascending list that is not under `before`, of `n_units` that are posted.

    Units stand about evenly in a list, so that the place can be guessed.
    """
    if start == end or np.int64(units[start]) >= before:
        return start
    if np.int64(units[end - 1]) < before:
        return end
    low, high = start, end - 1
    place = min(start + np.int64(np.uint64(end - start) * np.uint64(before) // np.uint64(n_units)), end - 1)
    step: Integer = 4
    if np.int64(units[place]) < before:
        low = place + 1
        while low + step < high and np.int64(units[low + step]) < before:
            low += step + 1
            step *= 4
        high = min(high, low + step)
    else:
        high = place
        while high - step > low and np.int64(units[high - step]) >= before:
            high -= step
            step *= 4
        low = max(low, high - step)
    while low < high:
        middle = (low + high) >> 1
        if np.int64(units[middle]) < before:
            low = middle + 1
        else:
            high = middle
    return low


@compiled
def _order_lists(
    lists: I64,
    start: Integer,
    end: Integer,
    list_offsets: I64,
    list_units: U32,
    before: Integer,
    n_units: Integer,
    order: I64,
    begins: I64,
    lengths: I64,
) -> Integer:
    """Fill the places of anchors by the number of units under `before` in their lists, the fewest first; how many.

    Without those of none. By place from `start`: where lists begin, and their `lengths`.
    """
    # Nothing here waits for what was read before, so that many of these places far apart are fetched at once.
    for anchor in range(start, end):
        number = max(lists[anchor], 0)
        begins[anchor - start] = list_offsets[number]
        lengths[anchor - start] = list_offsets[number + 1] if lists[anchor] >= 0 else list_offsets[number]
    count = 0
    for anchor in range(start, end):
        first = begins[anchor - start]
        length = _places_before(list_units, first, lengths[anchor - start], before, n_units) - first
        lengths[anchor - start] = length
        if length == 0:
            continue
        place = count
        count += 1
        while place > 0:
            other = order[place - 1]
            if lengths[other - start] <= length:
                break
            order[place] = other
            place -= 1
        order[place] = anchor
    return count


@compiled
def promising(
    strengths: U16,
    start: Integer,
    order: I64,
    lengths: I64,
    n_lists: Integer,
    budget: Integer,
    least: np.uint32,
    cut: I64,
) -> Integer:
    """How many of the lists are to be read: see `RewriteKernels.nearest`.

    `cut[0]` counts where the budget ends, and `cut[1]` is what the anchors come to whose lists are not read.
    """
    left = np.int64(0)
    for number in range(n_lists):
        left += np.int64(strengths[order[number]]) * np.int64(strengths[order[number]])
    read = 0
    for number in range(n_lists):
        cut[1] = left
        if left < np.int64(least):
            return number
        anchor = order[number]
        read += lengths[anchor - start]
        if read > budget:
            cut[0] += 1
            return number
        left -= np.int64(strengths[anchor]) * np.int64(strengths[anchor])
    cut[0] += np.int64(left > 0) & np.int64(left >= np.int64(least))
    cut[1] = left
    return n_lists


@compiled
def _add_scores(
    strengths: U16,
    start: Integer,
    n_lists: Integer,
    list_units: U32,
    list_strengths: U16,
    order: I64,
    begins: I64,
    ends: I64,
    bonus: Integer,
    low: Integer,
    high: Integer,
    scores: U32,
    touched: U32,
) -> Integer:
    """Add up the scores of the units from `low` to `high` that share anchors; their number.

    `scores` and `touched` count from `low`; `begins` are moved on to the first unit from `high` on.
    """
    n_touched = np.uint64(0)
    first, beyond = np.uint32(low), np.uint32(high)
    for number in range(n_lists):
        anchor = order[number]
        place, end = np.uint64(begins[anchor - start]), np.uint64(ends[anchor - start])
        strength = np.uint32(np.int64(strengths[anchor]) + bonus)
        while place < end and list_units[place] < beyond:
            unit = np.uint64(list_units[place] - first)
            score = scores[unit]
            value = strength * np.uint32(list_strengths[place])
            # What adds nothing would be put down each time, and there is room for each unit once.
            touched[n_touched] = np.uint32(unit)
            n_touched += np.uint64(score == np.uint32(0)) & np.uint64(value != np.uint32(0))
            scores[unit] = score + value
            place += np.uint64(1)
        begins[anchor - start] = np.int64(place)
    return np.int64(n_touched)


@compiled
def enter_score(score: np.uint32, best: U32, count: Integer) -> Integer:
    """Put a score among the best ones, in descending order and as many as there is room for; how many there are."""
    if count == best.size:
        if score <= best[count - 1]:
            return count
        count -= 1
    place = count
    while place > 0 and best[place - 1] < score:
        best[place] = best[place - 1]
        place -= 1
    best[place] = score
    return count + 1


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
    budget: Integer,
    most: Integer,
    bonus: Integer,
    least: U32,
    order: I64,
    begins: I64,
    lengths: I64,
    scores: U32,
    touched: U32,
    highest: U32,
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
    """Fill the nearest documents of each query document; their number. `cut` is that of `promising`.

    `scores` (`WINDOW` units, or all) and `bests` (by posted document) are zeros, and are left so. `touched` has room
    for these and one more, `highest` for `most`, `order`, `begins` and `lengths` for the anchors of a unit.
    """
    count = 0
    offsets[0] = 0
    for query in range(firsts.size - 1):
        n_met = np.uint64(0)
        n_highest: Integer = 0
        for own in range(firsts[query], firsts[query + 1]):
            start = anchor_offsets[own]
            end = anchor_offsets[own + 1]
            n_lists = _order_lists(
                lists, start, end, list_offsets, list_units, before[query], owners.size, order, begins, lengths
            )
            n_lists = promising(strengths, start, order, lengths, n_lists, budget, least[query], cut)
            strongest = np.int64(1)
            for number in range(n_lists):
                anchor = order[number]
                strongest = max(strongest, np.int64(strengths[anchor]))
                lengths[anchor - start] += begins[anchor - start]
            asked = np.int64(least[query])
            partly = max(asked - 2 * cut[1], asked >> 1, 1)
            wanted = np.uint32(min(partly + bonus * partly // strongest, 0xFFFFFFFF))
            for low in range(0, before[query] if n_lists else 0, WINDOW):
                n_touched = _add_scores(
                    strengths, start, n_lists, list_units, list_strengths, order, begins, lengths, bonus, low,
                    low + WINDOW, scores, touched,
                )  # fmt: skip
                if n_highest == most:
                    wanted = max(wanted, highest[most - 1])
                for number in range(np.uint64(n_touched)):
                    at = np.uint64(touched[number])
                    score = scores[at]
                    scores[at] = np.uint32(0)
                    if score < wanted:
                        continue
                    unit = at + np.uint64(low)
                    document = np.uint64(owners[unit])
                    best = bests[document]
                    if best == np.uint32(0):
                        met[n_met] = np.uint32(document)
                        n_met += np.uint64(1)
                        # What documents reach when they are first met, the last of the best need at least.
                        n_highest = enter_score(score, highest, n_highest)
                        if n_highest == most:
                            wanted = max(wanted, highest[most - 1])
                    if score > best or (
                        score == best
                        and best_own[document] == np.uint32(own)
                        and unit < np.uint64(best_units[document])
                    ):
                        bests[document] = score
                        best_own[document] = np.uint32(own)
                        best_units[document] = np.uint32(unit)
        kept = 0
        for number in range(n_met):
            document = np.uint64(met[number])
            score = bests[document]
            bests[document] = np.uint32(0)
            if n_highest == most and score < highest[most - 1]:
                continue
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


def nearest(queries: Queries, postings: Postings, owners: I64, budget: int, most: int, bonus: int = 0) -> Nearest:
    """See `RewriteKernels.nearest`."""
    anchors, firsts = queries.anchors, queries.firsts
    count = firsts.size - 1
    n_documents = int(owners[-1]) + 1 if owners.size else 0
    block = min(WINDOW, owners.size)
    scores, bests = np.zeros(block, dtype=np.uint32), np.zeros(n_documents, dtype=np.uint32)
    touched, met = np.empty(block + 1, dtype=np.uint32), np.empty(n_documents + 1, dtype=np.uint32)
    best_own, best_units = (np.empty(n_documents, dtype=np.uint32) for _ in range(2))
    documents, own_units, units = (np.empty(count * most, dtype=np.int64) for _ in range(3))
    longest = int(np.diff(anchors.offsets).max(initial=0))
    order, begins, lengths = (np.empty(longest, dtype=np.int64) for _ in range(3))
    found_scores, offsets = np.empty(count * most, dtype=np.uint32), np.empty(count + 1, dtype=np.int64)
    cut = np.zeros(2, dtype=np.int64)
    found = nearest_loop(
        queries.lists, anchors.strengths, anchors.offsets, firsts, postings.offsets, postings.units, postings.strengths,
        owners, queries.before, budget, most, bonus, queries.least, order, begins, lengths, scores, touched,
        np.empty(most, dtype=np.uint32), bests, best_own, best_units, met, documents, own_units, units, found_scores,
        offsets, cut,
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
