"""What an index answers: decisions as columns, and what became of a document."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from dedup.deciding import DROPPED, REASONS
from dedup.index.arrivals import offsets_of
from dedup.index.repeated import RepeatedParagraphs
from dedup.kernels import F64, I64, Bool
from dedup.model import Decision, DocumentId, IdColumn, Match, TextColumn
from dedup.verifying import CODES, Verdict


@dataclass(frozen=True, slots=True)
class DecisionColumns:
    """The decisions on n documents, in the order in which they were given.

    `ids`: their ids. `reasons` (int8, (n,)): the place in `dedup.deciding.REASONS` of a kept document, `DROPPED` of a
    dropped one. `verdicts` (int8, (n,)): the `Verdict` on a dropped document and its representative, 0 for kept ones.
    `scores` (float64, (4, n)): resemblance, containment of the representative in the document and of the document in
    the representative, and cosine; NaN for kept ones. `representatives` (int64, (n,)): the place of the representative
    in `names`, -1 for kept ones and where the representative has been removed since. `again` (bool, (n,)): the
    document had been admitted before, with this id and this text, and the decision is the recorded one. `passages`:
    the paragraphs that were there before, None in an index that does not know them.
    """

    ids: IdColumn
    reasons: NDArray[np.int8]
    verdicts: NDArray[np.int8]
    scores: F64
    representatives: I64
    names: IdColumn
    again: Bool
    passages: RepeatedParagraphs | None = None

    def __len__(self) -> int:
        """How many documents are there."""
        return int(self.reasons.size)

    @property
    def keep(self) -> Bool:
        """Whether each document is kept."""
        kept: Bool = self.reasons != DROPPED
        return kept

    def decisions(self) -> Iterator[Decision]:
        """Each decision as an object."""
        names = [self.names[place] for place in range(len(self.names))]
        rows = zip(
            self.reasons.tolist(),
            self.verdicts.tolist(),
            self.representatives.tolist(),
            self.scores.T.tolist(),
            strict=True,
        )
        passages = repeat(()) if self.passages is None else self.passages.matches(self.ids)
        for place, ((reason, verdict, representative, scores), repeated) in enumerate(
            zip(rows, passages, strict=False)
        ):
            name = names[representative] if representative >= 0 else None
            yield make_decision(self.ids[place], reason, verdict, name, scores, repeated)


def join_decisions(several: Sequence[DecisionColumns]) -> DecisionColumns:
    """The decisions of several calls, one after the other."""
    if len(several) == 1:
        return several[0]
    first_names = offsets_of(np.array([len(each.names) for each in several], dtype=np.int64)).tolist()
    return DecisionColumns(
        _join_ids([each.ids for each in several]),
        np.concatenate([np.zeros(0, dtype=np.int8), *(each.reasons for each in several)]),
        np.concatenate([np.zeros(0, dtype=np.int8), *(each.verdicts for each in several)]),
        np.concatenate([np.zeros((4, 0)), *(each.scores for each in several)], axis=1),
        np.concatenate(
            [
                np.zeros(0, dtype=np.int64),
                *(
                    np.where(each.representatives < 0, -1, each.representatives + first)
                    for each, first in zip(several, first_names[:-1], strict=True)
                ),
            ]
        ),
        _join_ids([each.names for each in several]),
        np.concatenate([np.zeros(0, dtype=np.bool_), *(each.again for each in several)]),
    )


def _join_ids(several: Sequence[IdColumn]) -> IdColumn:
    tokens = [each.tokens.raw(place) for each in several for place in range(len(each))]
    return IdColumn(TextColumn.from_bytes(tokens))


def make_decision(
    document: DocumentId,
    reason: int,
    verdict: int,
    representative: DocumentId | None,
    scores: list[float],
    passages: tuple[Match, ...] = (),
) -> Decision:
    """A decision from its codes."""
    if reason != DROPPED:
        return Decision(document, keep=True, reason=str(REASONS[reason]), passages=passages)
    relation = CODES[Verdict(verdict)]
    resemblance, left, right, cosine = scores
    return Decision(
        document,
        keep=False,
        reason=str(relation),
        representative=representative,
        relation=relation,
        resemblance=resemblance,
        containment=(left, right),
        cosine=cosine,
        passages=passages,
    )


@dataclass(frozen=True, slots=True)
class Explanation:
    """What an index knows of a document.

    `decision`: as it was recorded, but that `representative` is the reason of a kept document for which others were
    dropped. `representative_gone`: it was dropped for a document that has been removed since, whose id is not known any
    more. `admitted`: when, in seconds since 1970 (UTC). `represents`: how many living documents were dropped for it.
    `text` and `representative_text`: None where the index holds no texts.
    """

    decision: Decision
    admitted: float
    represents: int
    representative_gone: bool
    text: str | None
    representative_text: str | None
