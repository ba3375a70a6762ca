"""Findings as columns, and the report made of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import F64, I64
from dedup.model import Evidence, LazySequence, Match, Relation, Span
from dedup.scanning.corpus import Corpus
from dedup.scanning.matching import UnitPairs
from dedup.verifying import CODES

RELATIONS = tuple(Relation)
EXCERPT = 2000


@dataclass(frozen=True, slots=True)
class Side:
    """One side of n findings: rank of the document (-1 where there is no such side) and addresses of the span."""

    documents: I64
    starts: I64
    ends: I64

    def take(self, places: I64) -> "Side":
        """The sides at these places."""
        return Side(self.documents[places], self.starts[places], self.ends[places])


@dataclass(frozen=True, slots=True)
class Findings:
    """n findings.

    `relations` are places in `RELATIONS`; `scores` of shape (5, n) are resemblance, containment of the left and of the
    right, cosine and score, NaN where one does not apply; `copies` is 0 where no class was cut; `evidence` holds
    further evidence by place.
    """

    relations: NDArray[np.int8]
    left: Side
    right: Side
    scores: F64
    copies: I64
    evidence: dict[int, Evidence] = field(default_factory=dict)

    def __len__(self) -> int:
        return int(self.relations.size)


def of_pairs(pairs: UnitPairs, left: Side, right: Side, evidence: dict[int, Evidence] | None = None) -> Findings:
    """Findings of verified pairs, whose spans are given."""
    codes = np.zeros(len(RELATIONS) + 1, dtype=np.int8)
    for verdict, relation in CODES.items():
        codes[verdict] = RELATIONS.index(relation)
    scores = pairs.scores
    values = np.stack(
        [scores.resemblance, scores.left_containment, scores.right_containment, scores.cosine, np.ones(pairs.left.size)]
    )
    return Findings(codes[pairs.verdict], left, right, values, pairs.copies, evidence or {})


def of_spans(relation: Relation, spans: Side, score: float, evidence: Sequence[Evidence]) -> Findings:
    """Findings of single spans."""
    count = spans.documents.size
    nothing = Side(np.full(count, -1), np.zeros(count, np.int64), np.zeros(count, np.int64))
    scores = np.full((5, count), np.nan)
    scores[4] = score
    codes = np.full(count, RELATIONS.index(relation), dtype=np.int8)
    return Findings(codes, spans, nothing, scores, np.zeros(count, np.int64), dict(enumerate(evidence)))


def take_findings(findings: Findings, places: I64) -> Findings:
    """The findings at these places, in this order."""
    place_of = {int(old): new for new, old in enumerate(places.tolist()) if old in findings.evidence}
    return Findings(
        findings.relations[places],
        findings.left.take(places),
        findings.right.take(places),
        findings.scores[:, places],
        findings.copies[places],
        {place_of[old]: value for old, value in findings.evidence.items() if old in place_of},
    )


def join_findings(several: Sequence[Findings]) -> Findings:
    """All findings in the order of the report: by left document and span, then right document and span."""
    evidence: dict[int, Evidence] = {}
    count = 0
    for each in several:
        evidence.update({place + count: value for place, value in each.evidence.items()})
        count += len(each)
    left, right = (
        Side(*(np.concatenate(columns) for columns in zip(*sides, strict=True)))
        for sides in (
            [(each.left.documents, each.left.starts, each.left.ends) for each in several],
            [(each.right.documents, each.right.starts, each.right.ends) for each in several],
        )
    )
    relations = np.concatenate([each.relations for each in several])
    order = np.lexsort((relations, right.ends, right.starts, right.documents, -left.ends, left.starts, left.documents))
    place_of = np.empty_like(order)
    place_of[order] = np.arange(order.size)
    return Findings(
        relations[order],
        left.take(order),
        right.take(order),
        np.concatenate([each.scores for each in several], axis=1)[:, order],
        np.concatenate([each.copies for each in several])[order],
        {int(place_of[place]): value for place, value in evidence.items()},
    )


@dataclass(frozen=True, slots=True)
class Places:
    """Character offsets and lines of n spans."""

    starts: I64
    ends: I64
    lines: I64
    end_lines: I64


def places_of(corpus: Corpus, side: Side) -> Places:
    """Where spans stand in the original text; all zeros for a side that is not there."""
    origins = np.where(side.documents >= 0, corpus.documents.starts[side.documents], 0)
    starts, lines = corpus.store.locate(side.starts, origins)
    ends, _ = corpus.store.locate(side.ends, origins)
    _, end_lines = corpus.store.locate(np.maximum(side.ends - 1, side.starts), origins)
    return Places(starts, ends, lines + 1, end_lines + 1)


def matches_of(corpus: Corpus, findings: Findings) -> Sequence[Match]:
    """The findings as a sequence of `Match`, each made when it is asked for."""
    left, right = places_of(corpus, findings.left), places_of(corpus, findings.right)

    def span(side: Side, places: Places, index: int) -> Span:
        return Span(
            corpus.document_id(int(side.documents[index])),
            int(places.starts[index]),
            int(places.ends[index]),
            int(places.lines[index]),
            int(places.end_lines[index]),
        )

    def match(index: int) -> Match:
        evidence = findings.evidence.get(index, Evidence())
        if findings.copies[index]:
            evidence = replace(evidence, copies=int(findings.copies[index]))
        resemblance, left_containment, right_containment, cosine, score = findings.scores[:, index].tolist()
        paired = findings.right.documents[index] >= 0
        return Match(
            RELATIONS[findings.relations[index]],
            span(findings.left, left, index),
            span(findings.right, right, index) if paired else None,
            resemblance if paired else None,
            (left_containment, right_containment) if paired else None,
            cosine if paired else None,
            None if np.isnan(score) else score,
            evidence,
        )

    return LazySequence(len(findings), match)


def excerpt_of(corpus: Corpus, findings: Findings, index: int) -> tuple[str, str]:
    """The first characters of both spans of a finding."""
    texts = []
    for side in (findings.left, findings.right):
        start, end = int(side.starts[index]), int(side.ends[index])
        # Four bytes a character at most; a character cut at the end is dropped.
        cut = corpus.store.read(start, min(end, start + 4 * EXCERPT))
        texts.append(cut.decode("utf-8", "surrogatepass" if start + len(cut) == end else "ignore")[:EXCERPT])
    return texts[0], texts[1]
