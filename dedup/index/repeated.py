"""Paragraphs that an index has seen before, as columns."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import F64, I64
from dedup.model import IdColumn, Match, Span
from dedup.verifying import CODES, Verdict

PLACES = ("start", "end", "line", "end_line")
"""What a row of places holds, as in `dedup.model.Span`."""


@dataclass(frozen=True, slots=True)
class RepeatedParagraphs:
    """n paragraphs of documents, each with the earlier paragraph that it repeats.

    `documents` (int64, (n,), ascending): the place of the document in its batch. `spans` and `originals` (int64,
    (n, 4)): where the paragraph stands in it and the earlier one in its own document, as in `PLACES`. `verdicts` (int8,
    (n,)) and `scores` (float64, (4, n)): as in `DecisionColumns`, of the earlier paragraph and this one. `holders`
    (int64, (n,)): the place in `names` of the document with the earlier one.
    """

    documents: I64
    spans: I64
    originals: I64
    verdicts: NDArray[np.int8]
    scores: F64
    holders: I64
    names: IdColumn

    def __len__(self) -> int:
        return int(self.documents.size)

    def matches(self, ids: IdColumn) -> Iterator[tuple[Match, ...]]:
        """Those of each document of the batch, whose ids are given."""
        bounds = np.searchsorted(self.documents, np.arange(len(ids) + 1)).tolist()
        names = [self.names[place] for place in range(len(self.names))]
        rows = list(
            zip(
                self.spans.tolist(),
                self.originals.tolist(),
                self.verdicts.tolist(),
                self.scores.T.tolist(),
                self.holders.tolist(),
                strict=True,
            )
        )
        for place in range(len(ids)):
            own = ids[place] if bounds[place] < bounds[place + 1] else None
            yield tuple(
                Match(
                    CODES[Verdict(verdict)],
                    Span(names[holder], *original),
                    Span(own, *span),
                    resemblance=resemblance,
                    containment=(left, right),
                    cosine=cosine,
                    score=1.0,
                )
                for span, original, verdict, (resemblance, left, right, cosine), holder in rows[
                    bounds[place] : bounds[place + 1]
                ]
            )


def no_paragraphs() -> RepeatedParagraphs:
    """None."""
    none, rows = np.zeros(0, dtype=np.int64), np.zeros((0, 4), dtype=np.int64)
    return RepeatedParagraphs(
        none, rows, rows, np.zeros(0, dtype=np.int8), np.zeros((4, 0)), none, IdColumn.from_ids([])
    )
