"""The documents nearest to others by the lists of several tables, in NumPy: the twin of `compiled_posted`."""

import numpy as np

from dedup.kernels import I64, Bool
from dedup.kernels.gathering import POSTING, AnchorStack, FoundLists, ScoreRoom
from dedup.kernels.reference_gathering import DamagedError, living_members, owners_of
from dedup.kernels.rewriting import Nearest, Queries

_Hit = tuple[int, int, int, int]
"""Less the score, the document, the own unit and that of the document: the best first."""


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
    """See `RewriteKernels.nearest_posted`; `room` is not needed here."""
    hits: list[_Hit] = []
    offsets = [0]
    cut = 0
    for query in range(queries.firsts.size - 1):
        best: dict[int, _Hit] = {}
        for own in range(int(queries.firsts[query]), int(queries.firsts[query + 1])):
            search = _Search(stack, found, queries, query, own, alive)
            try:
                cut += search.read(budget, bonus)
            except DamagedError as error:
                none = np.zeros(0, dtype=np.int64)
                nothing = Nearest(
                    none, none, none, none.astype(np.uint32), none, np.zeros(queries.firsts.size, np.int64)
                )
                return nothing, error.block, error.table
            for hit in search.over(bonus):
                if hit[1] not in best or hit[0] < best[hit[1]][0]:
                    best[hit[1]] = hit
        hits += sorted(best.values())[:most]
        offsets.append(len(hits))
    columns = np.array(hits, dtype=np.int64).reshape(-1, 4).T.copy()
    scores = (-columns[0]).astype(np.uint32)
    nothing_shared = np.zeros(len(hits), dtype=np.int64)
    return Nearest(columns[1], columns[2], columns[3], scores, nothing_shared, np.array(offsets), cut), -1, -1


def nothing_near(count: int) -> Nearest:
    """Nothing, for so many documents."""
    none = np.zeros(0, dtype=np.int64)
    return Nearest(none, none, none, np.zeros(0, dtype=np.uint32), none, np.zeros(count + 1, dtype=np.int64))


class _Search:
    """The scores of what shares anchors with one unit."""

    def __init__(
        self, stack: AnchorStack, found: FoundLists, queries: Queries, query: int, own: int, alive: Bool
    ) -> None:
        self._stack, self._found, self._alive, self._own = stack, found, alive, own
        self._least = int(queries.least[query])
        row = slice(int(queries.anchors.offsets[own]), int(queries.anchors.offsets[own + 1]))
        self._lists = queries.lists[row].tolist()
        self._strengths: list[int] = queries.anchors.strengths[row].tolist()
        self._begins, self._ends = (
            each.reshape(len(stack.several), found.totals.size).astype(np.int64) for each in found[:2]
        )
        self._left = 0
        self._strongest = 1
        self._scores = [np.zeros(each.unit_begins.size - 1, dtype=np.int64) for each in stack.several]
        if found.fixed < len(stack.several):
            last = stack.several[found.fixed]
            limit = last.first_units[int(queries.before[query]) - int(stack.firsts[found.fixed])]
            for number in set(self._lists):
                begin, end = int(self._begins[found.fixed, number]), int(self._ends[found.fixed, number])
                _, units = living_members(stack, found.fixed, begin, end, alive)
                self._ends[found.fixed, number] = begin + int(np.searchsorted(units, limit))

    def read(self, budget: int, bonus: int) -> bool:
        """Add up what is read; whether the budget ended it."""
        lengths = [int(self._found.totals[number]) + self._behind(number) for number in self._lists]
        order = sorted((length, place) for place, length in enumerate(lengths) if length)
        self._left = sum(self._strengths[place] ** 2 for _, place in order)
        total = 0
        for length, place in order:
            if self._left < self._least:
                return False
            total += length
            if total > budget:
                return True
            self._left -= self._strengths[place] ** 2
            self._strongest = max(self._strongest, self._strengths[place])
            self._add(place, bonus)
        return self._left > 0 and self._left >= self._least

    def _behind(self, number: int) -> int:
        fixed = self._found.fixed
        several = self._begins.shape[0]
        return int(self._ends[fixed, number] - self._begins[fixed, number]) if fixed < several else 0

    def _add(self, place: int, bonus: int) -> None:
        for number, table in enumerate(self._stack.several):
            begin, end = (int(each[number, self._lists[place]]) for each in (self._begins, self._ends))
            places, units = living_members(self._stack, number, begin, end, self._alive)
            strengths = table.postings[POSTING * places + POSTING - 1].astype(np.int64)
            self._scores[number][units] += (self._strengths[place] + bonus) * strengths

    def over(self, bonus: int) -> list[_Hit]:
        """The units that score enough by what was read, in the order of documents and units."""
        partly = max(self._least - 2 * self._left, self._least >> 1, 1)
        wanted = min(partly + bonus * partly // self._strongest, 0xFFFFFFFF)
        hits: list[_Hit] = []
        for number, (table, scores) in enumerate(zip(self._stack.several, self._scores, strict=True)):
            units: I64 = np.flatnonzero(scores >= wanted)
            owners = owners_of(table, units)
            documents = (owners + self._stack.firsts[number]).tolist()
            within = (units - table.first_units[owners]).tolist()
            hits += zip((-scores[units]).tolist(), documents, [self._own] * units.size, within, strict=True)
        return hits
