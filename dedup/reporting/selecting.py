"""Which findings a person is shown: some of each document's, of some documents, however many there are."""

from dataclasses import dataclass

from dedup.model import DocumentId, Match, Relation, Report
from dedup.reporting.phrases import owner

_RANK = {relation: rank for rank, relation in enumerate(Relation)}


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is shown; None is everything.

    `examined` bounds the findings looked at, and `examined_of_one` those looked at with one and the same left
    document, so that a document copied a million times does not hide the others.
    """

    documents: int | None = 50
    findings: int | None = 10
    clusters: int | None = 20
    members: int | None = 5
    quarantined: int | None = 3
    examined: int | None = 5_000
    examined_of_one: int | None = 200


EVERYTHING = Limits(None, None, None, None, None, None, None)


@dataclass(frozen=True, slots=True)
class DocumentFindings:
    """The findings told under one document, by their index in `Report.matches`, and how many are left out."""

    document: DocumentId | None
    shown: list[int]
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Selection:
    """The documents shown, in the order of their first finding; `complete` where every match was looked at.

    Within a document pairs come before boilerplate and residue, in the order of `Relation`, each by its
    place.
    """

    documents: list[DocumentFindings]
    complete: bool
    documents_left_out: int

    @property
    def findings_shown(self) -> int:
        """How many findings are shown, in all documents together."""
        return sum(len(each.shown) for each in self.documents)


def select_findings(report: Report, limits: Limits) -> Selection:
    """Choose what is shown, looking at no more matches than the limits say.

    Matches stand in the order of their left document, so that the end of one document's run is found by
    doubling steps instead of going through it.
    """
    matches = report.matches
    chosen: dict[DocumentId | None, list[_Weight]] = {}
    left_out: set[DocumentId | None] = set()
    complete = True
    index = examined = of_one = 0
    previous: DocumentId | None = None
    while index < len(matches):
        if limits.examined is not None and examined >= limits.examined:
            complete = False
            break
        match = matches[index]
        of_one = of_one + 1 if examined and match.left.document == previous else 1
        previous = match.left.document
        if limits.examined_of_one is not None and of_one > limits.examined_of_one:
            index = _end_of_run(report, index)
            complete = False
            continue
        document = owner(match)
        if document in chosen or limits.documents is None or len(chosen) < limits.documents:
            chosen.setdefault(document, []).append(_weight(match, index))
        else:
            left_out.add(document)
        index += 1
        examined += 1
    return Selection([_cut(*each, limits) for each in chosen.items()], complete, len(left_out))


_Weight = tuple[int, int, int]


def _weight(match: Match, index: int) -> _Weight:
    return _RANK[match.relation], (match.right or match.left).start, index


def _cut(document: DocumentId | None, weights: list[_Weight], limits: Limits) -> DocumentFindings:
    shown = [index for _, _, index in sorted(weights)[: limits.findings]]
    return DocumentFindings(document, shown, len(weights) - len(shown))


def _end_of_run(report: Report, start: int) -> int:
    """Find the index of the first match from `start` on whose left document is another."""
    matches, document = report.matches, report.matches[start].left.document
    inside, step = start, 1
    while inside + step < len(matches) and matches[inside + step].left.document == document:
        inside += step
        step *= 2
    outside = min(inside + step, len(matches))
    while outside - inside > 1:
        middle = (inside + outside) // 2
        if matches[middle].left.document == document:
            inside = middle
        else:
            outside = middle
    return outside
