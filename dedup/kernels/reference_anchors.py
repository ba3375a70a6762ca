"""Anchors in NumPy: the twin of `dedup.kernels.compiled_anchors`."""

from operator import itemgetter

import numpy as np

from dedup.kernels import F64, I64, U32, Ragged
from dedup.kernels.rewriting import (
    MOST_UNIT_PAIRS,
    STRENGTH,
    Anchors,
    Nearest,
    Postings,
    Queries,
    nearness,
)


def choose_anchors(rows: Ragged, weights: F64, most: int) -> Anchors:
    """See `RewriteKernels.choose_anchors`."""
    count = rows.offsets.size - 1
    owners = np.repeat(np.arange(count), np.diff(rows.offsets))
    eligible = np.flatnonzero(weights > 0)
    order = eligible[np.lexsort((eligible, -weights[eligible], owners[eligible]))]
    begins = np.searchsorted(owners[order], np.arange(count))
    kept = np.sort(order[np.arange(order.size) - begins[owners[order]] < most])
    # `bincount` adds one after the other, as a loop does.
    norms = np.sqrt(np.bincount(owners[kept], weights[kept] * weights[kept], minlength=count))
    strengths = np.floor(weights[kept] / norms[owners[kept]] * STRENGTH + 0.5).astype(np.uint16)
    keys = (rows.values[kept] >> np.uint64(32)).astype(np.uint32)
    order = np.lexsort((keys, owners[kept]))
    return Anchors(keys[order], strengths[order], np.searchsorted(owners[kept], np.arange(count + 1)))


def nearest(queries: Queries, postings: Postings, owners: I64, budget: int, most: int, bonus: int = 0) -> Nearest:
    """See `RewriteKernels.nearest`."""
    found: list[tuple[int, int, int, int, int]] = []
    offsets = [0]
    cut = 0
    anchors, firsts = queries.anchors, queries.firsts
    for query in range(firsts.size - 1):
        least = int(queries.least[query])
        best: dict[int, tuple[int, int, int]] = {}
        for own in range(int(firsts[query]), int(firsts[query + 1])):
            scores = np.zeros(owners.size, dtype=np.uint32)
            read, strongest = 0, 1
            found_lists = _lists_of(queries, own, postings, int(queries.before[query]))
            left = sum(int(anchors.strengths[each]) ** 2 for _, each, _ in found_lists)
            for length, anchor, first in found_lists:
                if left < least:
                    break
                read += length
                if read > budget:
                    cut += 1
                    break
                strongest = max(strongest, int(anchors.strengths[anchor]))
                left -= int(anchors.strengths[anchor]) ** 2
                units = postings.units[first : first + length]
                strengths = postings.strengths[first : first + length].astype(np.uint32)
                scores[units] += np.uint32(int(anchors.strengths[anchor]) + bonus) * strengths
            else:
                cut += left > 0 and left >= least
            partly = max(least - 2 * left, least >> 1, 1)
            for unit in np.flatnonzero(scores >= partly + bonus * partly // strongest).tolist():
                document, score = int(owners[unit]), int(scores[unit])
                if document not in best or score > best[document][0]:
                    best[document] = (score, own, unit)
        ranked = sorted((-score, document, own, unit, 0) for document, (score, own, unit) in best.items())[:most]
        found.extend(ranked)
        offsets.append(len(found))
    return _of_tuples(found, offsets)._replace(cut=cut)


def _lists_of(queries: Queries, own: int, postings: Postings, before: int) -> list[tuple[int, int, int]]:
    """Length, anchor and beginning of each list of a unit's anchors, as far as units under `before` go, in order."""
    found = []
    for anchor in range(int(queries.anchors.offsets[own]), int(queries.anchors.offsets[own + 1])):
        place = int(queries.lists[anchor])
        if place >= 0:
            first, last = (int(each) for each in postings.offsets[place : place + 2])
            found.append((int(np.searchsorted(postings.units[first:last], before)), anchor, first))
    return sorted(each for each in found if each[0])


def rescore(
    found: Nearest, queries: Anchors, firsts: I64, held: Anchors, held_firsts: I64, most: int, least: U32
) -> Nearest:
    """See `RewriteKernels.rescore`."""
    kept: list[tuple[int, int, int, int, int]] = []
    offsets = [0]
    for query in range(found.offsets.size - 1):
        scored = []
        for place in range(int(found.offsets[query]), int(found.offsets[query + 1])):
            document = int(found.documents[place])
            owns = range(int(firsts[query]), int(firsts[query + 1]))
            units = range(int(held_firsts[document]), int(held_firsts[document + 1]))
            pairs = [(int(found.own_units[place]), int(found.units[place]))]
            if len(owns) * len(units) <= MOST_UNIT_PAIRS:
                pairs = [(own, unit) for own in owns for unit in units]
            dots = [_dot(_row(queries, own), _row(held, unit)) for own, unit in pairs]
            best = dots.index(max(dots, key=itemgetter(0)))
            total, shared = dots[best]
            if total >= max(least[query], 1):
                own, unit = pairs[best]
                sizes = len(_row(queries, own)), len(_row(held, unit))
                scored.append((-nearness(total, shared, *sizes), document, (-total, document, own, unit, shared)))
        kept.extend(row for *_, row in sorted(scored)[:most])
        offsets.append(len(kept))
    return _of_tuples(kept, offsets)


def _row(anchors: Anchors, unit: int) -> list[tuple[int, int]]:
    row = slice(int(anchors.offsets[unit]), int(anchors.offsets[unit + 1]))
    return list(zip(anchors.keys[row].tolist(), anchors.strengths[row].tolist(), strict=True))


def _dot(one: list[tuple[int, int]], two: list[tuple[int, int]]) -> tuple[int, int]:
    """The sum of products of what two ascending rows share, and how many that are."""
    total = shared = left = right = 0
    while left < len(one) and right < len(two):
        if one[left][0] == two[right][0]:
            total += one[left][1] * two[right][1]
            shared += 1
            left += 1
            right += 1
        elif one[left][0] < two[right][0]:
            left += 1
        else:
            right += 1
    return total, shared


def _of_tuples(found: list[tuple[int, int, int, int, int]], offsets: list[int]) -> Nearest:
    """Columns of the negative score, document, own unit, unit and shared anchors of each that was found."""
    columns = np.array(found, dtype=np.int64).reshape(-1, 5).T
    return Nearest(
        columns[1].copy(),
        columns[2].copy(),
        columns[3].copy(),
        (-columns[0]).astype(np.uint32),
        columns[4].copy(),
        np.array(offsets, dtype=np.int64),
    )
