"""What a file of truth or predictions holds, as columns, and which kind two files are compared as."""

from dataclasses import dataclass

import numpy as np

from dedup.errors import InputError
from dedup.kernels import F64, I64, choose
from dedup.model import Kind


class DocumentNumbers:
    """A number for each document of several files. An id counts as its text, so that 5 and "5" are one document."""

    def __init__(self) -> None:
        self._number_of: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._number_of)

    def number(self, document: str | int) -> int:
        """The number of a document; the first is 0."""
        return self._number_of.setdefault(str(document), len(self._number_of))

    def names(self) -> list[str]:
        """The id of each document as text, by number."""
        return list(self._number_of)


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of documents, `left` and `right` int64, and `scores` float64, NaN where the file gives none."""

    left: I64
    right: I64
    scores: F64
    ignored: int = 0


@dataclass(frozen=True, slots=True)
class Clusters:
    """The cluster of each document, both int64; a document stands there once."""

    documents: I64
    clusters: I64
    ignored: int = 0


@dataclass(frozen=True, slots=True)
class Passages:
    """Spans of two documents, half-open, all int64 of the same length, and their `scores`.

    `ignored` counts what the file holds besides, such as findings of a single span.
    """

    left: I64
    left_starts: I64
    left_ends: I64
    right: I64
    right_starts: I64
    right_ends: I64
    scores: F64
    ignored: int = 0


Table = Pairs | Clusters | Passages

_KINDS = {Pairs: Kind.PAIRS, Clusters: Kind.CLUSTERS, Passages: Kind.PASSAGES}


def common_kind(truth: Table, predictions: Table) -> Kind:
    """The kind that both can be compared as: their own, or pairs where one names pairs and the other passages.

    Raises InputError where one holds clusters and the other does not.
    """
    kinds = {_KINDS[type(truth)], _KINDS[type(predictions)]}
    if len(kinds) == 1:
        return kinds.pop()
    if Kind.CLUSTERS not in kinds:
        return Kind.PAIRS
    raise InputError(
        f"the truth holds {_KINDS[type(truth)]} and the predictions {_KINDS[type(predictions)]}; "
        "--kind clusters takes what is connected by pairs as a cluster"
    )


def as_kind(table: Table, kind: Kind, name: str) -> Table:
    """The table as pairs, clusters or passages.

    Passages become pairs of their documents, less those within one; pairs become the clusters that they connect.
    Raises InputError where it cannot be: pairs have no spans, and the pairs of a cluster are too many to write out.
    """
    if isinstance(table, Clusters):
        if kind is not Kind.CLUSTERS:
            raise InputError(f"{name}: holds clusters, not {kind}; --kind clusters compares clusters")
        return table
    if kind is Kind.PASSAGES:
        if isinstance(table, Passages):
            return table
        raise InputError(f"{name}: holds pairs without spans, and passages need left_start, left_end and so on")
    pairs = _pairs_of(table) if isinstance(table, Passages) else table
    return pairs if kind is Kind.PAIRS else _connected(pairs)


def _pairs_of(passages: Passages) -> Pairs:
    across = passages.left != passages.right
    within = int(np.count_nonzero(~across))
    return Pairs(passages.left[across], passages.right[across], passages.scores[across], passages.ignored + within)


def _connected(pairs: Pairs) -> Clusters:
    documents, sides = np.unique(np.concatenate([pairs.left, pairs.right]), return_inverse=True)
    clusters = components(sides[: pairs.left.size], sides[pairs.left.size :], documents.size)
    return Clusters(documents, clusters, pairs.ignored)


def components(left: I64, right: I64, count: int) -> I64:
    """Connected components of `count` items: for each the first item that it is connected with."""
    return choose(16 * left.size).components(left, right, count)
