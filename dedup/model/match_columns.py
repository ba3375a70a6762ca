"""Findings as columns, and the sequence of `Match` that is made of them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.model.columns import IdColumn
from dedup.model.document import DocumentId, Span
from dedup.model.match import Evidence, Match
from dedup.model.relation import Relation
from dedup.model.report import LazySequence

RELATIONS = tuple(Relation)
"""The relations, in the order of their codes."""

_BLOCK = 4096


class SpanColumns(NamedTuple):
    """n spans, all arrays int64 of shape (n,).

    `documents` are places in a column of ids, or -1 where there is no span; the others are those of `Span`.
    """

    documents: NDArray[np.int64]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    lines: NDArray[np.int64]
    end_lines: NDArray[np.int64]

    def rows(self) -> Iterator[tuple[int, int, int, int, int]]:
        """Document, start, end, first and last line of each span."""
        columns = (self.documents, self.starts, self.ends, self.lines, self.end_lines)
        return zip(*(column.tolist() for column in columns), strict=True)


@dataclass(frozen=True, slots=True)
class MatchColumns:
    """n matches.

    `ids` holds each document's id once; `relations` (int8) are places in `RELATIONS`; `scores` (float64, of shape
    (5, n)) are resemblance, containment of the left and of the right, cosine and score, NaN where one does not apply.
    `copies` (int64) are the members of a class of which only the pair with the representative is given, else 0.
    `evidence` is that of the matches which have more, by place.
    """

    ids: IdColumn
    relations: NDArray[np.int8]
    left: SpanColumns
    right: SpanColumns
    scores: NDArray[np.float64]
    copies: NDArray[np.int64]
    evidence: Mapping[int, Evidence]

    def __len__(self) -> int:
        return int(self.relations.size)

    def matches(self) -> Iterator[Match]:
        """Each match as an object."""
        ids = [self.ids[place] for place in range(len(self.ids))]
        sides = zip(self.left.rows(), self.right.rows(), strict=True)
        rows = zip(self.relations.tolist(), sides, self.scores.T.tolist(), self.copies.tolist(), strict=True)
        for place, (relation, (left, right), scores, copies) in enumerate(rows):
            resemblance, left_containment, right_containment, cosine, score = scores
            paired = right[0] >= 0
            yield Match(
                RELATIONS[relation],
                _span(ids, left),
                _span(ids, right) if paired else None,
                resemblance if paired else None,
                (left_containment, right_containment) if paired else None,
                cosine if paired else None,
                None if score != score else score,
                self.evidence.get(place) or Evidence(copies=copies or None),
            )


def _span(ids: list[DocumentId], row: tuple[int, int, int, int, int]) -> Span:
    document, start, end, line, end_line = row
    return Span(ids[document], start, end, line, end_line)


class LazyMatches(LazySequence[Match]):
    """Matches held as columns, for those who take many at once; each is made into an object when it is asked for."""

    __slots__ = ("_columns",)

    def __init__(self, length: int, columns: Callable[[int, int], MatchColumns]) -> None:
        super().__init__(length, lambda index: next(columns(index, index + 1).matches()))
        self._columns = columns

    def __iter__(self) -> Iterator[Match]:
        return (match for block in self.blocks() for match in block.matches())

    def blocks(self) -> Iterator[MatchColumns]:
        """All matches in order, some thousands at a time."""
        length = len(self)
        return (self._columns(first, min(first + _BLOCK, length)) for first in range(0, length, _BLOCK))
