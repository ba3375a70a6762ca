"""The anchors of an open index: those of its segments, and those of the tail in tables that grow together."""

from collections.abc import Sequence

import numpy as np

from dedup.index.anchor_tables import AnchorTable, joined_table, segment_rewordings, segment_table, table_of
from dedup.index.anchored import REWORDED, Anchored, Rewordings
from dedup.index.arrivals import NONE
from dedup.index.catalogue import StoredSegment
from dedup.index.ledger import Ledger
from dedup.index.parts import Segment
from dedup.kernels import I64, Kernels
from dedup.kernels.gathering import AnchorStack, ScoreRoom, TableRows, rows_of, stack_rows, with_another
from dedup.kernels.growing import GrowingStack

_JOINED = 2
"""A table is joined with those behind it unless it is so many times as long: few tables, and few joinings of each."""

_SINGLE = 32
"""Documents that came one by one have a table each until they are so many: to look into it takes less than to join."""


class AnchorStore:
    """What rewrites are found by; empty in an index that does not look for them."""

    def __init__(self) -> None:
        self._tail: list[AnchorTable] = []
        # Tables of one document, behind those of the tail.
        self._single: list[AnchorTable] = []
        # The rows of the tables of segments and the tail, as long as these and what is gone stay as they are; and a
        # stack of these with those of one document each.
        self._rows: TableRows | None = None
        self._growing: GrowingStack | None = None
        self._rows_of: Sequence[Segment] = ()
        self._gone_of: Ledger | None = None
        self._gone_at = 0
        self._of_segments: dict[StoredSegment, tuple[AnchorTable | None, Rewordings]] = {}
        self.room = ScoreRoom()

    def add(self, anchored: Anchored) -> None:
        """Put documents behind the others; tables not much longer than all behind them are joined with these."""
        count = len(anchored.ranks)
        if not count and not anchored.rewordings.size:
            return
        table = table_of(anchored)
        if count <= 1:
            self._single.append(table)
            if len(self._single) < _SINGLE:
                if count and self._growing is not None and not self._growing.add(table.placed):
                    self._growing = None
                return
            several = self._single
        else:
            several = [*self._single, table]
        self._single, self._rows, self._growing = [], None, None
        several, count = several[::-1], sum(map(len, several))
        while self._tail and len(self._tail[-1]) <= _JOINED * count:
            several.append(self._tail.pop())
            count += len(several[-1])
        self._tail.append(several[0] if len(several) == 1 else joined_table(several[::-1]))

    def clear(self) -> None:
        """Forget the tail."""
        self._tail, self._single, self._rows, self._growing = [], [], None, None

    def stack(
        self, segments: Sequence[Segment], ledger: Ledger, kernels: Kernels, arriving: AnchorTable | None = None
    ) -> AnchorStack:
        """All tables in the order of ranks, those `arriving` behind the others."""
        if self._gone_of is not ledger or self._gone_at != ledger.removals:
            self._rows, self._gone_of, self._gone_at = None, ledger, ledger.removals
        if self._rows is None or self._rows_of is not segments:
            self._forget_others(segments)
            held = [(self._of_segment(segment, kernels)[0], segment) for segment in segments]
            tables = [(table, _is_partly_gone(table, segment, ledger)) for table, segment in held if table is not None]
            tables += [(table, _is_partly_gone(table, None, ledger)) for table in self._tail if len(table)]
            self._rows = rows_of([table.placed for table, _ in tables], [gone for _, gone in tables])
            self._rows_of, self._growing = segments, None
        if arriving is None and self._growing is not None:
            return self._growing.stack
        alone = [table for table in self._single if len(table)]
        last = rows_of([table.placed for table in alone], [_is_partly_gone(table, None, ledger) for table in alone])
        if arriving is not None:
            return stack_rows(self._rows, with_another(last, arriving.placed))
        self._growing = GrowingStack(stack_rows(self._rows, last), _SINGLE)
        return self._growing.stack

    def rewordings(self, segments: Sequence[Segment], ranks: I64, kernels: Kernels) -> Rewordings:
        """What is known of documents as rewordings: a row each, with the representative `NONE` where there is none."""
        found = np.zeros(ranks.size, dtype=REWORDED)
        found["rank"], found["representative"] = ranks, NONE
        several = [self._of_segment(segment, kernels)[1] for segment in segments]
        several += [table.anchored.rewordings for table in (*self._tail, *self._single)]
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


def _is_partly_gone(table: AnchorTable, segment: Segment | None, ledger: Ledger) -> bool:
    """Whether some documents of a table are not there any more, as far as is known without looking at each."""
    if ledger.removals == 0:
        return False
    if segment is None:
        return not bool(ledger.alive[table.anchored.ranks].all())
    first, last = int(segment.ranks[0]), int(segment.ranks[-1])
    return int(np.count_nonzero(ledger.alive[first : last + 1])) < len(segment)
