"""What a finding says, in words: places, scores and counts as a person reads them."""

from collections.abc import Sequence

from dedup.model import DocumentId, Match, Relation, Span
from dedup.reporting.visible import cells, cut_middle, visible

_LEAST_ROOM_FOR_AN_ID = 24
_RANGES_SHOWN = 5
_ANCHORS_SHOWN = 5


def counted(number: int, noun: str) -> str:
    """Say `1 document` or `2,345 documents`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def percent(share: float) -> str:
    """Say a share in whole per cent, rounded down: only what is complete is 100%."""
    return f"{int(share * 100 + 1e-9)}%"


def shown_id(document: DocumentId | None) -> str:
    """Make an id visible; an empty one is named."""
    return "(empty id)" if document in ("", None) else visible(str(document))


def lines_of(span: Span) -> str:
    """Say `line 3` or `lines 3–4`."""
    if span.line == span.end_line:
        return f"line {span.line}"
    return f"lines {span.line}–{span.end_line}"


def line_ranges(lines: Sequence[int]) -> str:
    """Say ascending line numbers as ranges: `10–15, 18, 20 and 3 more`."""
    ranges: list[tuple[int, int]] = []
    for line in lines:
        if ranges and line == ranges[-1][1] + 1:
            ranges[-1] = (ranges[-1][0], line)
        else:
            ranges.append((line, line))
    shown = ", ".join(str(a) if a == b else f"{a}–{b}" for a, b in ranges[:_RANGES_SHOWN])
    left_out = sum(b - a + 1 for a, b in ranges[_RANGES_SHOWN:])
    return shown + (f" and {left_out:,} more" if left_out else "")


def owner(match: Match) -> DocumentId | None:
    """Give the document a finding is told under: the later one of a pair."""
    return (match.right or match.left).document


def sentence(match: Match, room: int) -> str:
    """Say what was found and where, the other document's id cut so that the whole fits in `room` columns."""
    if match.relation is Relation.BOILERPLATE:
        return _boilerplate(match)
    if match.right is None:
        return _residue(match)
    return _pair(match, match.right, room)


def scores(match: Match) -> str:
    """Say the scores that matter for the relation; of an exact copy, where all are 1, its length."""
    if match.right is None:
        return ""
    if match.relation is Relation.EXACT:
        return counted(match.right.end - match.right.start, "character")
    parts = []
    if match.relation is Relation.CONTAINS and match.containment is not None:
        parts.append(f"containment {percent(max(match.containment))}")
    if match.relation is Relation.REWRITE and match.score is not None:
        parts.append(f"score {percent(match.score)}")
    if match.resemblance is not None:
        parts.append(f"resemblance {percent(match.resemblance)}")
    if match.cosine is not None:
        parts.append(f"cosine {percent(match.cosine)}")
    return ", ".join(parts)


def evidence_notes(match: Match) -> list[str]:
    """Say what else speaks for the finding: a rewrite seam, words in common, further copies."""
    notes = []
    if match.evidence.seam:
        plural = "s" if len(match.evidence.seam) > 1 else ""
        notes.append(f"line{plural} {line_ranges(match.evidence.seam)}: rewrite seam")
    if match.evidence.anchors:
        notes.append("both say " + ", ".join(map(visible, match.evidence.anchors[:_ANCHORS_SHOWN])))
    if match.evidence.copies is not None:
        notes.append(f"one of {match.evidence.copies:,} copies, of which only this pair is given")
    return notes


def left_within_right(match: Match) -> bool:
    """Whether of a pair that is `contains` the left side is the one held by the other."""
    return match.containment is not None and match.containment[0] > match.containment[1]


def _pair(match: Match, right: Span, room: int) -> str:
    left = match.left
    same_document = left.document == right.document
    if same_document and left.line == left.end_line == right.line == right.end_line:
        later = f"line {right.line}: characters {right.start}–{right.end}"
        earlier, many = f"characters {left.start}–{left.end}", True
    else:
        later, earlier, many = lines_of(right), lines_of(left), right.line != right.end_line
    said = f"{later} {_verb(match, many)} {earlier}"
    if same_document:
        return said
    said += " of "
    return said + cut_middle(shown_id(left.document), max(_LEAST_ROOM_FOR_AN_ID, room - cells(said)))


def _verb(match: Match, many: bool) -> str:
    if match.relation is Relation.EXACT:
        return "repeat" if many else "repeats"
    if match.relation is Relation.NEAR:
        return "nearly repeat" if many else "nearly repeats"
    if match.relation is Relation.REWRITE:
        return "reword" if many else "rewords"
    if left_within_right(match):
        return "hold" if many else "holds"
    return "lie within" if many else "lies within"


def _boilerplate(match: Match) -> str:
    evidence = match.evidence
    parts = []
    if evidence.occurrences is not None:
        parts.append(counted(evidence.occurrences, "time"))
    if evidence.documents is not None and evidence.documents > 1:
        parts.append(f"in {counted(evidence.documents, 'document')}")
    if evidence.lines:
        parts.append(("on lines " if len(evidence.lines) > 1 else "on line ") + line_ranges(evidence.lines))
    else:
        parts.append(f"on {lines_of(match.left)}")
    return ", ".join(parts)


def _residue(match: Match) -> str:
    evidence = match.evidence
    said = f"{lines_of(match.left)}: {visible(evidence.kind or 'text of a prompt')}"
    if evidence.rule is not None:
        said += f" ({visible(evidence.rule)})"
    if evidence.repeats is not None:
        said += f", quotes {lines_of(evidence.repeats)}"
    return said
