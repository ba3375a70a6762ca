"""Documents and spans of their text."""

from dataclasses import dataclass

DocumentId = str | int


@dataclass(frozen=True, slots=True)
class Document:
    """A text with its id.

    `date` and `source` serve the keep policies alone: `newest` compares dates (numbers, or strings such as
    ISO 8601 that sort by time), `source` compares sources with the patterns of the policy.
    """

    id: DocumentId
    text: str
    date: str | float | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    r"""A span of a document's original text.

    `start` and `end` are character offsets (indices of the Python `str`), half-open and from 0; `line` and
    `end_line` are the first and last line, inclusive and from 1, lines being split at "\n" alone.
    `document` is None where the text has no id, as in `dedup.align` and `dedup.find_residue`.
    """

    document: DocumentId | None
    start: int
    end: int
    line: int
    end_line: int
