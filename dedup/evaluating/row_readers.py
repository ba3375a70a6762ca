"""Rows of a truth file, one by one into columns: what each kind asks of a row, and what is wrong with it."""

import math
from array import array
from collections.abc import Mapping
from typing import Protocol

import numpy as np

from dedup.errors import InputError
from dedup.evaluating.tables import Clusters, DocumentNumbers, Pairs, Passages, Table
from dedup.kernels import F64, I64
from dedup.model import Kind

Row = Mapping[str, object]
_SCORES = ("score", "label", "resemblance")
_LARGEST = 2**62


class Rows(Protocol):
    """What takes rows and gives a table."""

    def __init__(self, file: str, documents: DocumentNumbers, least_score: float) -> None: ...
    def add(self, number: int, row: Row) -> None:
        """Take the row of this line. Raises InputError that names it."""
        ...

    def ignore(self) -> None:
        """Count a row that is not asked for."""
        ...

    def table(self) -> Table:
        """The rows as columns."""
        ...


def shape_of(number: int, row: Row, file: str, kind: Kind | None) -> Kind:
    """What a row holds; `kind` decides where it can be two things. Raises InputError where it is nothing known."""
    if _side(row, "left") is not None:
        spans = isinstance(row.get("left"), Mapping) or "left_start" in row
        if spans and kind is not Kind.PAIRS:
            return Kind.PASSAGES
        return Kind.PAIRS
    if "document" in row or "members" in row:
        return Kind.CLUSTERS
    raise InputError(
        f"{file}:{number}: names neither left and right, nor a document with its cluster or representative, but "
        f"{', '.join(map(str, list(row)[:6])) or 'nothing'}"
    )


class PairRows:
    """Pairs of documents; findings of a single span or within one document are ignored."""

    def __init__(self, file: str, documents: DocumentNumbers, least_score: float) -> None:
        self._file, self._documents, self._least = file, documents, least_score
        self._left, self._right, self._scores = array("q"), array("q"), array("d")
        self._ignored = 0

    def add(self, number: int, row: Row) -> None:
        """Take a row."""
        where = f"{self._file}:{number}"
        if _is_single(row):
            self._ignored += 1
            return
        sides = [_document_of(row, side, where) for side in ("left", "right")]
        score = _score(row, where)
        if score < self._least:
            return
        if str(sides[0]) == str(sides[1]):
            self._ignored += 1
            return
        self._left.append(self._documents.number(sides[0]))
        self._right.append(self._documents.number(sides[1]))
        self._scores.append(score)

    def ignore(self) -> None:
        """Count a row that is not asked for."""
        self._ignored += 1

    def table(self) -> Pairs:
        """The pairs."""
        return Pairs(_numbers(self._left), _numbers(self._right), _floats(self._scores), self._ignored)


class PassageRows:
    """Spans of two documents; findings of a single span are ignored."""

    def __init__(self, file: str, documents: DocumentNumbers, least_score: float) -> None:
        self._file, self._documents, self._least = file, documents, least_score
        self._columns, self._scores = [array("q") for _ in range(6)], array("d")
        self._ignored = 0

    def add(self, number: int, row: Row) -> None:
        """Take a row."""
        where = f"{self._file}:{number}"
        if _is_single(row):
            self._ignored += 1
            return
        values: list[int] = []
        for side in ("left", "right"):
            values.append(self._documents.number(_document_of(row, side, where)))
            start, end = (_offset(row, side, part, where) for part in ("start", "end"))
            if end <= start:
                raise InputError(f"{where}: {side} ends at {end}, and starts at {start}; a span has characters")
            values += [start, end]
        score = _score(row, where)
        if score < self._least:
            return
        for column, value in zip(self._columns, values, strict=True):
            column.append(value)
        self._scores.append(score)

    def ignore(self) -> None:
        """Count a row that is not asked for."""
        self._ignored += 1

    def table(self) -> Passages:
        """The passages."""
        left, left_starts, left_ends, right, right_starts, right_ends = map(_numbers, self._columns)
        scores = _floats(self._scores)
        return Passages(left, left_starts, left_ends, right, right_starts, right_ends, scores, self._ignored)


class ClusterRows:
    """The cluster of each document: by label, by representative, or as a representative with its members."""

    def __init__(self, file: str, documents: DocumentNumbers, least_score: float) -> None:
        self._file, self._documents = file, documents
        self._labels: dict[str, int] = {}
        self._cluster_of: dict[int, int] = {}
        self._ignored = 0

    def add(self, number: int, row: Row) -> None:
        """Take a row."""
        where = f"{self._file}:{number}"
        if row.get("reason") == "quarantined":
            self._ignored += 1
        elif "members" in row:
            members = row["members"]
            if not isinstance(members, list):
                raise InputError(f"{where}: members is a list of ids, not {_shown(members)}")
            representative = row.get("representative")
            ids = members if representative is None else [representative, *members]
            label = self._label(f"row {number}")
            for each in ids:
                self._put(_id(each, "a member", where), label, where)
        elif "cluster" in row:
            document = _id(row.get("document"), "document", where)
            self._put(document, self._label(f"cluster {_id(row['cluster'], 'cluster', where)}"), where)
        elif "representative" in row:
            document = _id(row.get("document"), "document", where)
            representative = row["representative"]
            named = document if representative in (None, "") else _id(representative, "representative", where)
            self._put(document, self._label(f"document {named}"), where)
        else:
            raise InputError(
                f"{where}: says of document {_shown(row.get('document'))} neither cluster nor representative"
            )

    def ignore(self) -> None:
        """Count a row that is not asked for."""
        self._ignored += 1

    def table(self) -> Clusters:
        """The clusters."""
        documents = np.fromiter(self._cluster_of.keys(), dtype=np.int64, count=len(self._cluster_of))
        clusters = np.fromiter(self._cluster_of.values(), dtype=np.int64, count=len(self._cluster_of))
        return Clusters(documents, clusters, self._ignored)

    def _label(self, name: str) -> int:
        return self._labels.setdefault(name, len(self._labels))

    def _put(self, document: str | int, label: int, where: str) -> None:
        if self._cluster_of.setdefault(self._documents.number(document), label) != label:
            raise InputError(f"{where}: document {_shown(document)} is in two clusters")


def _is_single(row: Row) -> bool:
    """Whether the row is a finding of one span, as boilerplate and residue are."""
    return ("right" in row and row["right"] is None) or row.get("right_document") == ""


def _side(row: Row, side: str) -> object:
    value = row.get(side)
    return row.get(f"{side}_document") if value is None else value


def _document_of(row: Row, side: str, where: str) -> str | int:
    value = _side(row, side)
    return _id(value.get("document") if isinstance(value, Mapping) else value, side, where)


def _id(value: object, name: str, where: str) -> str | int:
    if isinstance(value, str | int) and not isinstance(value, bool):
        return value
    raise InputError(f"{where}: {name} is an id, a string or an integer, not {_shown(value)}")


def _offset(row: Row, side: str, part: str, where: str) -> int:
    value = row.get(side)
    offset = value.get(part) if isinstance(value, Mapping) else row.get(f"{side}_{part}")
    name = f"{side}.{part}" if isinstance(value, Mapping) else f"{side}_{part}"
    if isinstance(offset, str) and offset.isascii() and offset.isdigit() and len(offset) < 19:
        offset = int(offset)
    if not isinstance(offset, int) or isinstance(offset, bool) or not 0 <= offset < _LARGEST:
        raise InputError(f"{where}: {name} is a character offset, not {_shown(offset)}")
    return offset


def _score(row: Row, where: str) -> float:
    """The first score given, NaN where there is none."""
    for name in _SCORES:
        value = row.get(name)
        if value is None or value == "":
            continue
        try:
            score = float(value) if isinstance(value, str | int | float) else math.nan
        except (ValueError, OverflowError):
            score = math.nan
        if math.isnan(score):
            raise InputError(f"{where}: {name} is a number, not {_shown(value)}")
        return score
    return math.nan


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"


def _numbers(values: "array[int]") -> I64:
    return np.frombuffer(values, dtype=np.int64) if values else np.zeros(0, dtype=np.int64)


def _floats(values: "array[float]") -> F64:
    return np.frombuffer(values, dtype=np.float64) if values else np.zeros(0)
