"""A report as plain values, everything in it, to be compared with another."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from dedup import Config, Document, Match, Relation, Report, Span
from dedup.scanning.batch import to_batch
from dedup.scanning.corpus import gather_corpus
from dedup.scanning.fitting import fit_to_corpus
from dedup.scanning.progress import Silent
from dedup.verifying import Background

Find = Callable[..., Report]
"""`scan` or `pairs`."""


def everything(report: Report) -> tuple[object, ...]:
    """All that a report holds, the text of each finding included."""
    return (
        list(report.matches),
        list(report.clusters),
        list(report.decisions),
        list(report.quarantined),
        report.counts,
        [report.excerpts(place) for place in range(len(report.matches))],
        report.config,
        report.background,
    )


def background_of(documents: Sequence[Document], config: Config) -> Background:
    """The background that a scan of the documents rests on."""
    return fit_to_corpus(gather_corpus([to_batch(list(documents))], config, 1, Silent()), config)


def slice_of(texts: Mapping[str | int, str], span: Span) -> str:
    """The text that a span names."""
    assert span.document is not None
    return texts[span.document][span.start : span.end]


def texts_of(documents: Sequence[Document]) -> dict[str | int, str]:
    """Texts by id."""
    return {document.id: document.text for document in documents}


@dataclass(frozen=True, slots=True)
class Paired:
    """A match of two spans, with scores that are there."""

    relation: Relation
    left: Span
    right: Span
    resemblance: float
    containment: tuple[float, float]
    cosine: float


def paired(match: Match) -> Paired:
    """A match that must have two sides and all scores."""
    assert match.right is not None
    assert match.resemblance is not None
    assert match.containment is not None
    assert match.cosine is not None
    return Paired(match.relation, match.left, match.right, match.resemblance, match.containment, match.cosine)


def paired_matches(report: Report) -> list[Paired]:
    """All matches of two spans."""
    return [paired(match) for match in report.matches if match.right is not None]


def place_of(paired: Paired) -> tuple[str | int, str | int]:
    """The ids of both sides."""
    assert paired.left.document is not None
    assert paired.right.document is not None
    return paired.left.document, paired.right.document
