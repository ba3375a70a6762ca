"""Findings as columns, and the report made of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import F64, I64, Marks
from dedup.kernels.distinct import distinct
from dedup.model import (
    RELATIONS,
    Evidence,
    IdColumn,
    LazyMatches,
    MatchColumns,
    Relation,
    SpanColumns,
    TextColumn,
)
from dedup.scanning.corpus import Corpus
from dedup.scanning.matching import UnitPairs
from dedup.verifying import CODES

EXCERPT = 2000

_SPANS_AT_ONCE = 1 << 15
_MOST_PARTS = 16


class Side(NamedTuple):
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

    `relations` are places in `dedup.model.RELATIONS`; `scores` of shape (5, n) are resemblance, containment of the
    left and of the right, cosine and score, NaN where one does not apply; `copies` is 0 where no class was cut;
    `evidence` holds further evidence by place.
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


def join_sides(several: Sequence[Side]) -> Side:
    """The sides one after the other."""
    return Side(
        np.concatenate([side.documents for side in several]),
        np.concatenate([side.starts for side in several]),
        np.concatenate([side.ends for side in several]),
    )


def join_findings(several: Sequence[Findings]) -> Findings:
    """All findings in the order of the report: by left document and span, then right document and span."""
    evidence: dict[int, Evidence] = {}
    count = 0
    for each in several:
        evidence.update({place + count: value for place, value in each.evidence.items()})
        count += len(each)
    left, right = join_sides([each.left for each in several]), join_sides([each.right for each in several])
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


class Places(NamedTuple):
    """Character offsets and lines of n spans."""

    starts: I64
    ends: I64
    lines: I64
    end_lines: I64


def places_of(corpus: Corpus, *sides: Side) -> list[Places]:
    """Where the spans of each side stand in the original text; at zero, on line 1, for a side that is not there.

    What several spans have in common, of one side or of several, is looked at once.
    """
    side = join_sides(sides)
    # In the order of addresses places are found several times as fast, and spans that come again stand together.
    order = np.argsort(side.starts)
    ordered = side.take(order)
    new = np.ones(order.size, dtype=np.bool_)
    new[1:] = False
    for column in (ordered.documents, ordered.starts, ordered.ends):
        new[1:] |= column[1:] != column[:-1]
    there = ordered.documents >= 0
    spans = ordered.take(np.flatnonzero(new & there))
    count = spans.documents.size
    # A zero at the end, for sides that are not there.
    characters, newlines = Marks(*(np.zeros((3, count + 1), dtype=np.int64) for _ in range(2)))
    # In few parts, since a document with spans in several of them is gone through for each.
    at_once = max(_SPANS_AT_ONCE, -(-count // _MOST_PARTS))
    for first in range(0, count, at_once):
        places = np.arange(first, min(first + at_once, count))
        some = spans.take(places)
        # Starts, ends, and the last characters or bytes, whose lines are those of the ends.
        addresses = np.concatenate([some.starts, some.ends, np.maximum(some.ends - 1, some.starts)])
        origins = np.tile(corpus.documents.starts[some.documents], 3)
        located = corpus.store.locate(addresses, origins, corpus.kernels)
        for target, counts in zip((characters, newlines), located, strict=True):
            target[:, places] = counts.reshape(3, -1)
    which = np.empty(order.size, dtype=np.int64)
    which[order] = np.where(there, np.cumsum(new & there) - 1, -1)
    columns = (characters[0][which], characters[1][which], newlines[0][which] + 1, newlines[2][which] + 1)
    bounds = pairwise(accumulate((each.documents.size for each in sides), initial=0))
    return [Places(*(column[first:last] for column in columns)) for first, last in bounds]


def matches_of(corpus: Corpus, findings: Findings) -> LazyMatches:
    """The findings as a sequence of `Match`, each made when it is asked for."""
    left, right = findings.left, findings.right
    left_places, right_places = places_of(corpus, left, right)

    def columns(first: int, last: int) -> MatchColumns:
        within = slice(first, last)
        ranks = np.append(left.documents[within], right.documents[within])
        positions = distinct(corpus.positions(ranks[ranks >= 0]))

        def spans(side: Side, places: Places) -> SpanColumns:
            documents = side.documents[within]
            return SpanColumns(
                np.where(documents >= 0, np.searchsorted(positions, corpus.positions(documents)), -1),
                places.starts[within],
                places.ends[within],
                places.lines[within],
                places.end_lines[within],
            )

        return MatchColumns(
            _ids_at(corpus, positions),
            findings.relations[within],
            spans(left, left_places),
            spans(right, right_places),
            findings.scores[:, within],
            findings.copies[within],
            _evidence(findings, first, last),
        )

    return LazyMatches(len(findings), columns)


def _evidence(findings: Findings, first: int, last: int) -> dict[int, Evidence]:
    """The evidence of some findings besides their copies, by place among them."""
    if not findings.evidence:
        return {}
    found = {place - first: findings.evidence[place] for place in range(first, last) if place in findings.evidence}
    for place in np.flatnonzero(findings.copies[first:last]).tolist():
        if place in found:
            found[place] = replace(found[place], copies=int(findings.copies[first + place]))
    return found


def _ids_at(corpus: Corpus, positions: I64) -> IdColumn:
    """The ids of documents by their places in the input, which ascend."""
    begins = np.append(0, corpus.id_bounds)
    bounds = np.searchsorted(positions, begins)
    pieces, sizes = [np.zeros(0, dtype=np.uint8)], [np.zeros(1, dtype=np.int64)]
    for column in np.flatnonzero(np.diff(bounds)).tolist():
        tokens = corpus.ids[column].tokens
        places = positions[bounds[column] : bounds[column + 1]] - begins[column]
        starts, ends = tokens.offsets[places], tokens.offsets[places + 1]
        pieces.append(corpus.kernels.gather_ranges(tokens.data, starts, ends))
        sizes.append(ends - starts)
    return IdColumn(TextColumn(np.concatenate(pieces), np.cumsum(np.concatenate(sizes))))


def excerpt_of(corpus: Corpus, findings: Findings, index: int) -> tuple[str, str]:
    """The first characters of both spans of a finding."""
    texts = []
    for side in (findings.left, findings.right):
        start, end = int(side.starts[index]), int(side.ends[index])
        # Four bytes a character at most; a character cut at the end is dropped.
        cut = corpus.store.read(start, min(end, start + 4 * EXCERPT))
        texts.append(cut.decode("utf-8", "surrogatepass" if start + len(cut) == end else "ignore")[:EXCERPT])
    return texts[0], texts[1]
