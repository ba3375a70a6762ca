"""The anchors of an open index: those of its segments, and those of the tail in tables that grow together."""

from collections.abc import Sequence

import numpy as np

from dedup.index.anchor_tables import AnchorTable, joined_table, segment_rewordings, segment_table, table_of
from dedup.index.anchored import REWORDED, Anchored, Rewordings
from dedup.index.arrivals import NONE
from dedup.index.catalogue import StoredSegment
from dedup.index.parts import Segment
from dedup.kernels import I64, Bool, Kernels

_JOINED = 8
"""To join tables costs less than to look into many: a document is joined with others so often, for each table."""


class AnchorStore:
    """What rewrites are found by; empty in an index that does not look for them."""

    def __init__(self) -> None:
        self._tail: list[AnchorTable] = []
        self._of_segments: dict[StoredSegment, tuple[AnchorTable | None, Rewordings]] = {}

    def add(self, anchored: Anchored) -> None:
        """Put documents behind the others; tables not much longer than all behind them are joined with these."""
        if not anchored.ranks.size and not anchored.rewordings.size:
            return
        several, count = [table_of(anchored)], len(anchored.ranks)
        while self._tail and len(self._tail[-1]) <= _JOINED * count:
            several.append(self._tail.pop())
            count += len(several[-1])
        self._tail.append(several[0] if len(several) == 1 else joined_table(several[::-1]))

    def clear(self) -> None:
        """Forget the tail."""
        self._tail = []

    def tables(
        self, segments: Sequence[Segment], alive: Bool, kernels: Kernels
    ) -> tuple[list[AnchorTable], list[bool]]:
        """All tables in the order of ranks, and whether some documents of each are not there any more."""
        tables, dead = [], []
        for segment in segments:
            table, _ = self._of_segment(segment, kernels)
            if table is not None:
                first, last = int(segment.ranks[0]), int(segment.ranks[-1])
                tables.append(table)
                dead.append(int(np.count_nonzero(alive[first : last + 1])) < len(segment))
        for table in filter(len, self._tail):
            tables.append(table)
            dead.append(not bool(alive[table.anchored.ranks].all()))
        self._forget_others(segments)
        return tables, dead

    def rewordings(self, segments: Sequence[Segment], ranks: I64, kernels: Kernels) -> Rewordings:
        """What is known of documents as rewordings: a row each, with the representative `NONE` where there is none."""
        found = np.zeros(ranks.size, dtype=REWORDED)
        found["rank"], found["representative"] = ranks, NONE
        several = [self._of_segment(segment, kernels)[1] for segment in segments]
        several += [table.anchored.rewordings for table in self._tail]
        for rows in several:
            if rows.size:
                places = np.minimum(np.searchsorted(rows["rank"], ranks), rows.size - 1)
                there = rows["rank"][places] == ranks
                found[there] = rows[places[there]]
        return found

    def _of_segment(self, segment: Segment, kernels: Kernels) -> tuple[AnchorTable | None, Rewordings]:
        held = self._of_segments.get(segment.stored)
        if held is None:
            held = segment_table(segment, kernels), segment_rewordings(segment, kernels)
            self._of_segments[segment.stored] = held
        return held

    def _forget_others(self, segments: Sequence[Segment]) -> None:
        """Give tables back of segments that are no more."""
        if len(self._of_segments) > len(segments):
            known = {segment.stored for segment in segments}
            self._of_segments = {stored: held for stored, held in self._of_segments.items() if stored in known}
