"""JSON lines: one object a line."""

import json
import os
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import orjson

from dedup.model import RecordBatch
from dedup.reading.building import BatchBuilder
from dedup.reading.lines import line_runs
from dedup.reading.opening import InputStream
from dedup.reading.options import ReadOptions, Reason
from dedup.reading.records import Complaint, Date, FileIds, Quarantine, shown, shown_names, usable_date
from dedup.reading.text import first_invalid_byte, hint

LARGEST_RUN = 1 << 20
"""Lines of more bytes together are parsed one by one: a parser's memory is many times that of what it parses."""


def read_json_lines(
    stream: InputStream, options: ReadOptions, batch: BatchBuilder, quarantine: Quarantine
) -> Iterator[RecordBatch]:
    """Take each line's object as a record; the row of `path:row` is the line number. Blank lines are no records."""
    reader = _Reader(stream.file, options, batch, quarantine)
    for run in line_runs(stream, b"[", b"]"):
        values = reader.parser.values(run) if len(run) <= LARGEST_RUN else None
        if values is None:
            body = run[1:-1]
            del run  # a huge line is not to be held more often than needed
            lines = body.split(b"\n")
            del body
            yield from reader.take_lines(lines)
            del lines
        elif (columns := reader.parser.usual_columns(values)) is not None:
            reader.number += len(values)
            yield from batch.add_many(columns.tokens, columns.texts, stream.file, columns.dates)
        else:
            yield from reader.take_values(values, run)


class Columns(NamedTuple):
    """Records of which nothing is unusual."""

    tokens: list[str]
    texts: list[bytes]
    dates: list[Date]


class Record(NamedTuple):
    """What is taken of one line: the JSON token of its id, its text in UTF-8, and its date."""

    token: bytes
    text: bytes
    date: Date


BLANK: Final = Complaint(Reason.NOT_AN_OBJECT, "the line is blank")
"""What stands for a blank line among parsed ones. It is no record, and nothing to complain of either."""


class LineParser:
    """Makes records of the lines of one file: of many at once where all are valid, else of one by one."""

    def __init__(self, file: str, options: ReadOptions, ids: FileIds | None = None) -> None:
        self._text_column = options.text_column
        self._id_column = options.id_column or "id"
        self._date_column = options.date_column
        self._ids = ids or FileIds(file, options.id_column)
        # An odd integer of 64 bits, which only its digits stand for in JSON, and which no input can know.
        self._mark = (1 << 63) | int.from_bytes(os.urandom(8), "big") | 1
        self._separator = b",%d," % self._mark

    def values(self, run: bytes) -> list[object] | None:
        """The value of each line of a run in brackets, parsed as one array; None unless each line is one JSON value.

        Between the lines stands a number that is in none of them. The array has it at each second place, as often as
        there are newlines, only if each line is one value: no line goes on in the next one, and none holds two.
        """
        marked = run.replace(b"\n", self._separator)
        newlines = (len(marked) - len(run)) // (len(self._separator) - 1)
        try:
            values: list[object] = orjson.loads(marked)
        except orjson.JSONDecodeError:
            return None
        if len(values) != 2 * newlines + 1 or values[1::2].count(self._mark) != newlines:
            return None
        return values[::2]

    def usual_columns(self, values: list[Any]) -> Columns | None:
        """Records that all have a text and an id of the file's type, as columns; None if one has not."""
        text_column, id_column, date_column = self._text_column, self._id_column, self._date_column
        try:
            texts = [record[text_column] for record in values]
            ids = [record[id_column] for record in values]
            encoded = [*map(str.encode, texts)]
            tokens = self._ids.usual_tokens(ids)
        except (LookupError, TypeError, UnicodeEncodeError):
            return None
        if tokens is None:
            return None
        dates = [] if date_column is None else [usable_date(record.get(date_column)) for record in values]
        return Columns(tokens, encoded, dates)

    def parsed(self, line: bytes) -> object:
        """The value of one line, `BLANK`, or the complaint that it is no JSON."""
        # Told first: to have blank lines refused by the parser takes ten times as long.
        if not line or line.isspace():
            return BLANK
        try:
            value: object = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            return _loaded_otherwise(line, str(error))
        return value

    def record(self, line: bytes, value: object, number: int) -> Record | Complaint:
        """The record of the line of this number, which holds this value, or why there is none."""
        text = value.get(self._text_column) if isinstance(value, dict) else None
        if not isinstance(value, dict) or not isinstance(text, str):
            return value if isinstance(value, Complaint) else _complaint(value, self._text_column)
        identity = value.get(self._id_column)
        if type(identity) is float:
            identity = _exact(line, self._id_column, identity)
        token = self._ids.token(identity, value.get("url"), number)
        if isinstance(token, Complaint):
            return token
        date = None if self._date_column is None else usable_date(value.get(self._date_column))
        return Record(token, text.encode("utf-8", "surrogatepass"), date)


class _Reader:
    """Takes the lines of one file into batches. `number` counts them."""

    def __init__(self, file: str, options: ReadOptions, batch: BatchBuilder, quarantine: Quarantine) -> None:
        self.parser = LineParser(file, options)
        self._file = file
        self._batch = batch
        self._quarantine = quarantine
        self.number = 0

    def take_values(self, values: list[object], run: bytes) -> Iterator[RecordBatch]:
        """Take the values of the lines of a run in brackets."""
        lines = run[1:-1].split(b"\n")
        for line, value in zip(lines, values, strict=True):
            self.number += 1
            full = self._take(line, value)
            if full is not None:
                yield full

    def take_lines(self, lines: list[bytes]) -> Iterator[RecordBatch]:
        """Take lines of which some may be no JSON."""
        for line in lines:
            self.number += 1
            value = self.parser.parsed(line)
            if value is BLANK:
                continue
            full = self._take(line, value)
            if full is not None:
                yield full

    def _take(self, line: bytes, value: object) -> RecordBatch | None:
        """Add one record to the batch, or quarantine it; the batch that had to be closed before, if one had."""
        record = self.parser.record(line, value, self.number)
        if isinstance(record, Complaint):
            self._quarantine.add(self._file, self.number, record.reason, record.message)
            return None
        return self._batch.add(record.token, record.text, self._file, record.date)


def _loaded_otherwise(line: bytes, objection: str) -> object:
    """What the standard library makes of a line that orjson refuses, such as one with escaped lone surrogates."""
    bad = first_invalid_byte(line)
    if bad is not None:
        return Complaint(Reason.INVALID_UTF8, f"the line is not UTF-8; {hint(line, bad)}")
    try:
        loaded: object = json.loads(line.decode())
    except (ValueError, RecursionError):
        return Complaint(
            Reason.INVALID_JSON,
            f"the line is not valid JSON ({objection.replace('line 1 column', 'column')}); "
            "one JSON object a line is expected",
        )
    return loaded


def _exact(line: bytes, field: str, value: float) -> object:
    """The field's value as the standard library has it: orjson makes a fraction of an integer of over 64 bits."""
    try:
        exact: object = json.loads(line.decode())[field]
    except (ValueError, RecursionError):
        return value
    return exact


def _complaint(record: object, text_column: str) -> Complaint:
    """Why a line that is JSON gives no text."""
    if not isinstance(record, dict):
        return Complaint(
            Reason.NOT_AN_OBJECT,
            f"the line holds a JSON {_json_type(record)}, not an object; one object a line is expected",
        )
    value = record.get(text_column)
    if value is None:
        what = "null in" if text_column in record else "no"
        others = shown_names([name for name in record if name != text_column])
        return Complaint(
            Reason.MISSING_TEXT,
            f"the record has {what} {shown(text_column)} (other fields: {others}); name the field with --text-column",
        )
    return Complaint(
        Reason.TEXT_NOT_STRING,
        f"{shown(text_column)} holds a JSON {_json_type(value)}, not a string; name another field with --text-column",
    )


def _json_type(value: object) -> str:
    if value is None:
        return "null"
    names = {bool: "boolean", int: "number", float: "number", str: "string", list: "array", dict: "object"}
    return names[type(value)]
