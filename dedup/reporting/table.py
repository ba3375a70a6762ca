"""Findings as a flat CSV table, safe to open in a spreadsheet."""

import csv
import io
from typing import BinaryIO

from dedup.model import DocumentId, Match, Report, Span
from dedup.reporting.json_values import encoded, evidence_value, rounded

COLUMNS = (
    "relation",
    *(f"{side}_{part}" for side in ("left", "right") for part in ("document", "start", "end", "line", "end_line")),
    "resemblance",
    "containment_left",
    "containment_right",
    "cosine",
    "score",
    "evidence",
)
"""The header. What does not apply is an empty cell; `evidence` is a JSON object."""

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF100
_ROWS_AT_ONCE = 1_000


def write_csv(report: Report, stream: BinaryIO) -> None:
    r"""Write the findings as CSV in UTF-8 with a header, one a row, lines ending as RFC 4180 says (CR LF).

    A spreadsheet takes a cell that begins with `=`, `+`, `-`, `@` (in full width too), a tab or a line break
    for a formula: an id that is such a string gets an apostrophe in front. A lone surrogate is written as
    `\ud800`.
    """
    page = io.StringIO(newline="")
    rows = csv.writer(page)
    rows.writerow(COLUMNS)
    for number, match in enumerate(report.matches, start=1):
        rows.writerow(_row(match))
        if number % _ROWS_AT_ONCE == 0:
            _flush(page, stream)
    _flush(page, stream)


def _flush(page: io.StringIO, stream: BinaryIO) -> None:
    stream.write(page.getvalue().encode("utf-8", "backslashreplace"))
    page.seek(0)
    page.truncate()


def _row(match: Match) -> list[DocumentId | float | None]:
    containment = match.containment or (None, None)
    return [
        match.relation.value,
        *_cells(match.left),
        *_cells(match.right),
        rounded(match.resemblance),
        rounded(containment[0]),
        rounded(containment[1]),
        rounded(match.cosine),
        rounded(match.score),
        encoded(evidence_value(match.evidence)).decode(),
    ]


def _cells(span: Span | None) -> list[DocumentId | None]:
    if span is None:
        return [None] * 5
    return [_harmless(span.document), span.start, span.end, span.line, span.end_line]


def _harmless(document: DocumentId | None) -> DocumentId | None:
    if isinstance(document, str) and document.startswith(_FORMULA_STARTS):
        return "'" + document
    return document
