"""Reports built by hand, for the tests of what is written about them."""

from collections.abc import Sequence

from dedup.model import (
    Cluster,
    Counts,
    Decision,
    DocumentId,
    Evidence,
    LazySequence,
    Match,
    Quarantined,
    Relation,
    Report,
    Span,
)

PAGE = """\
Council approves the new tram line
The council approved the tram line to the harbour on Monday after a debate of four hours.
Work on the first section is to begin in spring and to last for two years.
rewrite this title Council approves the new tram line
rewrite this content and keep HTML tags
The council approved the tram line to the harbour on Monday after a debate of four hours.
Work on the first section is to begin in spring and to last for two years."""

LEFT = "The harbour ferry stops for repairs on Friday night.\nBuses run instead until Sunday."
RIGHT = "The harbour ferry stops for repairs on Friday evening.\nBuses run instead until Monday."
HELD = "Buses run instead until Sunday."


def lines(document: DocumentId, text: str, first: int, last: int) -> Span:
    """Give the span of some whole lines of a text."""
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    return Span(document, starts[first - 1], starts[last] - 1, first, last)


def whole(document: DocumentId, text: str) -> Span:
    """Give the span of a whole text."""
    return lines(document, text, 1, text.count("\n") + 1)


def report(
    matches: Sequence[tuple[Match, str, str]] = (),
    *,
    clusters: Sequence[Cluster] = (),
    decisions: Sequence[Decision] = (),
    quarantined: Sequence[Quarantined] = (),
    counts: Counts | None = None,
) -> Report:
    """Build a report of matches with their excerpts; counts not given are those of matches and decisions."""
    found: dict[str, int] = {}
    for match, _, _ in matches:
        found[match.relation] = found.get(match.relation, 0) + 1
    kept = sum(decision.keep for decision in decisions)
    counts = counts or Counts(
        read=len(decisions) + len(quarantined),
        kept=kept,
        dropped=len(decisions) - kept,
        quarantined=len(quarantined),
        matches=found,
    )
    return Report(
        matches=[match for match, _, _ in matches],
        clusters=clusters,
        decisions=decisions,
        quarantined=quarantined,
        counts=counts,
        excerpts=lambda index: (matches[index][1], matches[index][2]),
        config="c0ffee",
        background="ba5e",
    )


def single(match: Match, left: str = "", right: str = "") -> Report:
    """Build the report of one match."""
    return report([(match, left, right)])


def near(
    left: DocumentId = "a.txt", right: DocumentId = "b.txt", left_text: str = LEFT, right_text: str = RIGHT
) -> tuple[Match, str, str]:
    """Build a near match of two whole texts, with the texts."""
    match = Match(Relation.NEAR, whole(left, left_text), whole(right, right_text), 0.8123456789, (0.9, 0.88), 0.91, 1.0)
    return match, left_text, right_text


def example() -> Report:
    """Build a report with a finding of every kind that a scan gives."""
    page = "pages/tram.txt"
    seam = Match(
        Relation.EXACT,
        lines(page, PAGE, 2, 3),
        lines(page, PAGE, 6, 7),
        1.0,
        (1.0, 1.0),
        1.0,
        1.0,
        Evidence(seam=(4, 5)),
    )
    copy = PAGE.split("\n", 1)[1].split("\nrewrite", 1)[0]
    title = Match(
        Relation.RESIDUE,
        lines(page, PAGE, 4, 4),
        None,
        score=1.0,
        evidence=Evidence(rule="rewrite-this", kind="rewrite prompt", weight=5.0, repeats=lines(page, PAGE, 1, 1)),
    )
    content = Match(
        Relation.RESIDUE,
        lines(page, PAGE, 5, 5),
        None,
        score=1.0,
        evidence=Evidence(rule="rewrite-this", kind="rewrite prompt", weight=6.0),
    )
    held = Match(Relation.CONTAINS, whole("a.txt", LEFT), whole(7, HELD), 0.31, (0.35, 0.97), 0.6, 1.0)
    template = Match(
        Relation.BOILERPLATE,
        Span("menu.md", 120, 160, 11, 11),
        None,
        evidence=Evidence(
            pattern="Subscribers only", occurrences=9, documents=3, lines=(11, 12, 13, 15, 17, 19, 21, 22, 30)
        ),
    )
    rows = PAGE.split("\n")
    return report(
        [
            near(),
            (held, LEFT, HELD),
            (template, "Tram line: Subscribers only", ""),
            (seam, copy, copy),
            (title, rows[3], ""),
            (content, rows[4], ""),
        ],
        clusters=[Cluster("a.txt", ("b.txt",))],
        decisions=[
            Decision("a.txt", True, "representative"),
            Decision("b.txt", False, "near", "a.txt", Relation.NEAR, 0.8123456789, (0.9, 0.88), 0.91),
            Decision(7, True, "short"),
            Decision("menu.md", True, "unique"),
            Decision(page, True, "unique"),
        ],
        quarantined=[Quarantined("more.jsonl", 3, "invalid-json", "no JSON; mend the line or leave it out")],
        counts=Counts(
            read=6,
            kept=4,
            dropped=1,
            quarantined=1,
            paragraphs=14,
            count_characters=lambda: 1234,
            reasons={"representative": 1, "unique": 2, "short": 1, "near": 1, "invalid-json": 1},
            matches={"near": 1, "contains": 1, "boilerplate": 1, "exact": 1, "residue": 2},
            vetoed=2,
            capped_buckets=1,
            skipped_files=1,
        ),
    )


def huge(number: int, looked_at: list[int]) -> Report:
    """Build a report of `number` matches made when looked at, which notes the index of each one made.

    The first document is copied in half of them, the others are in two each.
    """
    half = number // 2

    def make(index: int) -> Match:
        looked_at.append(index)
        left = 0 if index < half else index // 2
        return Match(Relation.EXACT, whole(left, LEFT), whole(number + index, LEFT), 1.0, (1.0, 1.0), 1.0, 1.0)

    return Report(
        matches=LazySequence(number, make),
        clusters=LazySequence(number // 2, lambda index: Cluster(index, (number + index,))),
        decisions=LazySequence(number, lambda index: Decision(index, True, "unique")),
        quarantined=[],
        counts=Counts(read=number, kept=half, dropped=number - half, matches={"exact": number}),
        excerpts=lambda index: (LEFT, LEFT),
        config="c",
        background="b",
    )
