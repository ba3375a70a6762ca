"""Reading truth and predictions: JSON lines, one JSON object, or columns apart by tabs, commas or blanks."""

import csv
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain

import orjson

from dedup.errors import InputError
from dedup.evaluating.row_readers import ClusterRows, PairRows, PassageRows, Row, Rows, shape_of
from dedup.evaluating.tables import DocumentNumbers, Table
from dedup.model import Kind

Line = tuple[int, str]
"""A line with its number, from 1."""

_NAMES = frozenset({"left", "right", "left_document", "right_document", "document", "cluster", "representative"})
_WITHOUT_HEADER = {Kind.PAIRS: ("left", "right", "score"), Kind.CLUSTERS: ("document", "cluster")}
_READERS: Mapping[Kind, Callable[[str, DocumentNumbers, float], Rows]] = {
    Kind.PAIRS: PairRows,
    Kind.CLUSTERS: ClusterRows,
    Kind.PASSAGES: PassageRows,
}
Accept = Callable[[Row], bool]


def read_table(
    file: str,
    lines: Iterable[bytes],
    documents: DocumentNumbers,
    *,
    kind: Kind | None = None,
    least_score: float = -math.inf,
    accept: Accept | None = None,
) -> Table:
    """What a file holds, told from its first row.

    JSON lines: `left` and `right`, ids or dedup's own spans, with `score`, `label` or `resemblance`; or `document` with
    `cluster` or `representative`; or `representative` with `members`. One JSON object is that of `scan --format json`:
    its decisions where `kind` is clusters, and otherwise its findings. Columns are apart by tabs, commas or
    blanks, named by a header of the same names or of those of `scan --format csv`, or without one `left`, `right` and
    `score`. Pairs and passages of a score under `least_score` are left out, and rows that `accept` refuses are ignored.

    Raises InputError with the file and line of the first row that is none of these.
    """
    source = ((number, _decoded(line, file, number)) for number, line in enumerate(lines, start=1))
    filled = ((number, line) for number, line in source if line.strip())
    first = next(filled, None)
    if first is None:
        return _READERS[kind or Kind.PAIRS](file, documents, least_score).table()
    rows = _rows(file, chain([first], filled), first[1], kind)
    numbered = next(rows, None)
    if numbered is None:
        return _READERS[kind or Kind.PAIRS](file, documents, least_score).table()
    reader = _READERS[shape_of(*numbered, file, kind)](file, documents, least_score)
    for number, row in chain([numbered], rows):
        if accept is None or accept(row):
            reader.add(number, row)
        else:
            reader.ignore()
    return reader.table()


def _decoded(line: bytes, file: str, number: int) -> str:
    try:
        return line.decode("utf-8").removesuffix("\r")
    except UnicodeDecodeError:
        raise InputError(f"{file}:{number}: is not UTF-8; JSON lines and columns of text are read") from None


def _rows(file: str, lines: Iterator[Line], first: str, kind: Kind | None) -> Iterator[tuple[int, Row]]:
    if first.lstrip().startswith(("{", "[")):
        try:
            _parsed(first)
        except ValueError as error:
            # JSON lines have a whole object on the first line; what goes on over several is one object.
            if not first.lstrip().startswith('{"version"'):
                raise InputError(f"{file}:1: is no JSON object ({_said(error)}); mend or remove the line") from None
            return _whole(file, lines, kind)
        return _json_rows(file, lines)
    return _columns(file, lines, first, kind)


def _json_rows(file: str, lines: Iterator[Line]) -> Iterator[tuple[int, Row]]:
    for number, line in lines:
        try:
            value = _parsed(line)
        except ValueError as error:
            raise InputError(f"{file}:{number}: is not JSON ({_said(error)}); mend or remove the line") from None
        if not isinstance(value, dict):
            raise InputError(f"{file}:{number}: is no JSON object; each line is one, such as {_EXAMPLE}")
        yield number, value


_EXAMPLE = '{"left": "a", "right": "b"}'


def _whole(file: str, lines: Iterator[Line], kind: Kind | None) -> Iterator[tuple[int, Row]]:
    text = "\n".join(line for _, line in lines)
    try:
        report = _parsed(text)
    except ValueError as error:
        raise InputError(f"{file}: is neither JSON lines nor one JSON object ({error})") from None
    name = "decisions" if kind is Kind.CLUSTERS else "findings"
    values = report.get(name) if isinstance(report, dict) else None
    if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
        raise InputError(f"{file}: has no list of {name}; give what dedup scan --format json wrote")
    return ((place, value) for place, value in enumerate(values, start=1))


def _parsed(text: str) -> object:
    try:
        return orjson.loads(text)
    except (orjson.JSONDecodeError, UnicodeEncodeError):
        # It refuses lone surrogates and integers over 64 bits, which ids may hold.
        try:
            return json.loads(text)
        except RecursionError:
            raise ValueError("it is nested too deeply") from None


def _said(error: ValueError) -> str:
    """What is wrong with the JSON of one line, and at which column."""
    return f"{error.msg}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else str(error)


def _columns(file: str, lines: Iterator[Line], first: str, kind: Kind | None) -> Iterator[tuple[int, Row]]:
    numbered = iter(_split(file, lines, first))
    number, fields = next(numbered)
    names = [name.strip() for name in fields]
    if _NAMES & set(names):
        header = names
    else:
        expected = _WITHOUT_HEADER.get(kind or Kind.PAIRS)
        if expected is None:
            raise InputError(
                f"{file}:{number}: passages need a header: left, left_start, left_end, right, right_start, right_end"
            )
        header = list(expected)
        numbered = chain([(number, fields)], numbered)
    for number, fields in numbered:
        if len(fields) > len(header) or len(fields) < min(2, len(header)):
            count = "1 field" if len(fields) == 1 else f"{len(fields)} fields"
            raise InputError(f"{file}:{number}: has {count}, not {len(header)}: {', '.join(header)}")
        yield number, dict(zip(header, fields, strict=False))


def _split(file: str, lines: Iterator[Line], first: str) -> Iterator[tuple[int, list[str]]]:
    if "\t" in first:
        return ((number, line.split("\t")) for number, line in lines)
    if "," in first:
        return _comma_separated(file, lines)
    return ((number, line.split()) for number, line in lines)


def _comma_separated(file: str, lines: Iterator[Line]) -> Iterator[tuple[int, list[str]]]:
    number = 0

    def texts() -> Iterator[str]:
        nonlocal number
        for place, line in lines:
            number = place
            yield line + "\n"

    rows = csv.reader(texts(), strict=True)
    try:
        for fields in rows:
            yield number, fields
    except csv.Error as error:
        raise InputError(f"{file}:{number}: is no CSV row ({error})") from None
