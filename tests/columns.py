"""Matches, and the columns that hold them."""

import hypothesis.strategies as st
import numpy as np

from dedup.model import (
    RELATIONS,
    DocumentId,
    Evidence,
    IdColumn,
    Match,
    MatchColumns,
    Relation,
    Span,
    SpanColumns,
)

any_text = st.text(st.characters(codec=None, categories=None), max_size=8)
ids: st.SearchStrategy[DocumentId] = any_text | st.integers() | st.sampled_from(["a.txt", "http://a.example/1", 0, 7])
places = st.integers(0, 2**53)
spans = st.builds(Span, ids, places, places, places, places)
shares = st.floats(0, 1) | st.sampled_from([0.0, 1.0, 0.0078125, 1 / 3, 5e-7, 0.9999995])
evidence = st.just(Evidence()) | st.builds(Evidence, copies=st.integers(1, 9)) | st.builds(Evidence, pattern=any_text)
evidence |= st.builds(Evidence, copies=st.integers(1, 9), rule=any_text)


@st.composite
def matches(draw: st.DrawFn) -> Match:
    """Draw a match as a scan gives it: with all scores where it has a right side, and none but the last otherwise."""
    relation, left, found = draw(st.sampled_from(Relation)), draw(spans), draw(evidence)
    score = draw(st.none() | shares)
    if draw(st.booleans()):
        return Match(relation, left, None, score=score, evidence=found)
    containment = (draw(shares), draw(shares))
    return Match(relation, left, draw(spans), draw(shares), containment, draw(shares), score, found)


def columns_of(several: list[Match]) -> MatchColumns:
    """Hold matches as columns."""
    known = list(
        {(type(span.document), span.document): span.document for match in several for span in sides(match)}.values()
    )
    place_of = {(type(document), document): place for place, document in enumerate(known)}

    def columns(found: list[Span | None]) -> SpanColumns:
        rows = [
            (-1, 0, 0, 1, 1)
            if span is None
            else (place_of[type(span.document), span.document], span.start, span.end, span.line, span.end_line)
            for span in found
        ]
        return SpanColumns(*np.array(rows, dtype=np.int64).reshape(-1, 5).T)

    scores = [(match.resemblance, *(match.containment or (None, None)), match.cosine, match.score) for match in several]
    return MatchColumns(
        IdColumn.from_ids([document for document in known if document is not None]),
        np.array([RELATIONS.index(match.relation) for match in several], dtype=np.int8),
        columns([match.left for match in several]),
        columns([match.right for match in several]),
        np.array(scores, dtype=np.float64).reshape(-1, 5).T,
        np.array([match.evidence.copies or 0 for match in several], dtype=np.int64),
        {
            place: match.evidence
            for place, match in enumerate(several)
            if match.evidence != Evidence(copies=match.evidence.copies)
        },
    )


def sides(match: Match) -> list[Span]:
    """Give the spans of a match."""
    return [match.left] if match.right is None else [match.left, match.right]
