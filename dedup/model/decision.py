"""What happens to each document: kept, dropped for a representative, or quarantined."""

from dataclasses import dataclass

from dedup.model.document import DocumentId
from dedup.model.match import Match
from dedup.model.relation import Relation


@dataclass(frozen=True, slots=True)
class Decision:
    """The decision on one document.

    `reason` is `unique`, `representative` (kept, and others were dropped for it), `short` or `empty` for kept
    documents, and the relation's name for dropped ones, whose `representative` was kept and whose scores are those
    of the pair with it (`containment`: of the representative's shingles in this document, and the reverse).
    `passages`: of an index that knows paragraphs, those of this document (`right`) that it had seen before (`left`).
    """

    document: DocumentId
    keep: bool
    reason: str
    representative: DocumentId | None = None
    relation: Relation | None = None
    resemblance: float | None = None
    containment: tuple[float, float] | None = None
    cosine: float | None = None
    passages: tuple[Match, ...] = ()


@dataclass(frozen=True, slots=True)
class Cluster:
    """A kept document and those dropped for it, in the order in which the keep policy takes them."""

    representative: DocumentId
    members: tuple[DocumentId, ...]


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A record that could not be read: where it stands, the named reason, and what to do.

    `line` counts lines of the file from 1 (rows, in Parquet); it is None where the whole file is meant. Two files may
    be named `-`: no more than one is stdin.
    """

    file: str
    line: int | None
    reason: str
    message: str
