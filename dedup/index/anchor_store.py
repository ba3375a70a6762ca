"""The anchors of an open index: those of its segments, and those of the tail in tables that grow together."""

from collections.abc import Sequence
from weakref import WeakKeyDictionary

import numpy as np

from dedup.index.anchor_tables import AnchorTable, joined_table, segment_rewordings, segment_table, table_of
from dedup.index.anchored import REWORDED, Anchored, Rewordings
from dedup.index.arrivals import NONE
from dedup.index.catalogue import StoredSegment
from dedup.index.ledger import Ledger
from dedup.index.parts import Segment
from dedup.kernels import I64, Kernels
from dedup.kernels.gathering import AnchorStack, ScoreRoom, stack_anchors

_JOINED = 8
"""To join tables costs less than to look into many: a document is joined with others so often, for each table."""


class AnchorStore:
    """What rewrites are found by; empty in an index that does not look for them."""

    def __init__(self) -> None:
        self._tail: list[AnchorTable] = []
        # Which tables have documents that are gone, as of the last removal; others come behind, whose are all there.
        self._gone: WeakKeyDictionary[AnchorTable, bool] = WeakKeyDictionary()
        self._gone_of: Ledger | None = None
        self._gone_at = 0
        self._of_segments: dict[StoredSegment, tuple[AnchorTable | None, Rewordings]] = {}
        self.room = ScoreRoom()

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

    def stack(
        self, segments: Sequence[Segment], ledger: Ledger, kernels: Kernels, arriving: AnchorTable | None = None
    ) -> AnchorStack:
        """All tables in the order of ranks, those `arriving` behind the others."""
        if self._gone_of is not ledger or self._gone_at != ledger.removals:
            self._gone, self._gone_of, self._gone_at = WeakKeyDictionary(), ledger, ledger.removals
        tables, gone = [], []
        for segment in segments:
            table, _ = self._of_segment(segment, kernels)
            if table is not None:
                tables.append(table)
                gone.append(self._is_partly_gone(table, segment))
        for table in filter(len, self._tail):
            tables.append(table)
            gone.append(self._is_partly_gone(table, None))
        if arriving is not None:
            tables.append(arriving)
            gone.append(False)
        self._forget_others(segments)
        return stack_anchors([table.placed for table in tables], gone)

    def _is_partly_gone(self, table: AnchorTable, segment: Segment | None) -> bool:
        """Whether some documents of a table are not there any more, as far as is known without looking at each."""
        if self._gone_of is None or self._gone_of.removals == 0:
            return False
        known = self._gone.get(table)
        if known is None:
            alive = self._gone_of.alive
            if segment is None:
                known = not bool(alive[table.anchored.ranks].all())
            else:
                first, last = int(segment.ranks[0]), int(segment.ranks[-1])
                known = int(np.count_nonzero(alive[first : last + 1])) < len(segment)
            self._gone[table] = known
        return known

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
