"""A pair shown to a person who is to say whether both are the same text."""

from typing import TextIO

from dedup.model import DocumentId, Match
from dedup.reporting.excerpts import excerpt_lines
from dedup.reporting.page import Page, Styled
from dedup.reporting.phrases import shown_id
from dedup.reporting.visible import cut_end, cut_middle, visible

_LINES = 6


def write_question(
    match: Match, excerpts: tuple[str, str], number: int, of: int, stream: TextIO, *, width: int, colour: bool
) -> None:
    """Write the first lines of both sides, and the lines around the first word that differs, all of it visible."""
    page = Page(stream, width=width, colour=colour)
    page.line()
    cosine = "" if match.cosine is None else f", cosine {match.cosine:.3f}"
    page.line((f"Pair {number:,} of {of:,}", "bold"), f"  resemblance {match.resemblance or 0.0:.3f}{cosine}")
    right = None if match.right is None else match.right.document
    for mark, document, text in (("<", match.left.document, excerpts[0]), (">", right, excerpts[1])):
        _write_side(page, mark, document, text)
    left_text, right_text = excerpts
    room = page.width - len("  < │ ")
    differing = excerpt_lines(match, left_text, right_text, room, brackets=not colour)
    if any(piece.differs for line in differing for piece in line.pieces):
        page.line(("Where they first differ", "bold"))
        for line in differing:
            parts: list[Styled] = [(f"  {line.side or ' '} │ ", "dim")]
            parts += [(piece.text, "bold yellow") if piece.differs else piece.text for piece in line.pieces]
            page.line(*parts)


def _write_side(page: Page, mark: str, document: DocumentId | None, text: str) -> None:
    page.line((f"{mark} {cut_middle(shown_id(document), page.width - 2)}", "bold"))
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    for line in lines[:_LINES]:
        # Cut before it is made visible, so that a line of any length costs no more than what is shown of it.
        page.line(("  │ ", "dim"), cut_end(visible(line[: 4 * page.width]), page.width - 4))
    if len(lines) > _LINES:
        page.line(("  │ …", "dim"))
