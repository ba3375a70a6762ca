"""JSON lines: one object a line."""

import json
from collections.abc import Iterator

import orjson

from dedup.model import RecordBatch
from dedup.reading.lines import line_blocks
from dedup.reading.opening import InputStream
from dedup.reading.options import ReadOptions, Reason
from dedup.reading.records import (
    BatchBuilder,
    Complaint,
    Date,
    FileIds,
    Quarantine,
    shown,
    shown_names,
    usable_date,
)
from dedup.reading.text import first_invalid_byte, hint


def read_json_lines(
    stream: InputStream, options: ReadOptions, batch: BatchBuilder, quarantine: Quarantine
) -> Iterator[RecordBatch]:
    """Take each line's object as a record; the row of `path:row` is the line number. Blank lines are no records."""
    text_column, date_column = options.text_column, options.date_column
    id_column = options.id_column or "id"
    ids = FileIds(stream.file, options.id_column)
    file = stream.file
    date: Date = None
    number = 0
    for lines in line_blocks(stream):
        for line in lines:
            number += 1
            try:
                record = orjson.loads(line)
            except orjson.JSONDecodeError as error:
                if not line or line.isspace():
                    continue
                record = _loaded_otherwise(line, str(error))
            text = record.get(text_column) if type(record) is dict else None
            if type(text) is not str:
                complaint = record if isinstance(record, Complaint) else _complaint(record, text_column)
                quarantine.add(file, number, complaint.reason, complaint.message)
                continue
            value = record.get(id_column)
            if type(value) is float:
                value = _exact(line, id_column, value)
            token = ids.token(value, record.get("url"), number)
            if isinstance(token, Complaint):
                quarantine.add(file, number, token.reason, token.message)
                continue
            if date_column is not None:
                date = usable_date(record.get(date_column))
            full = batch.add(token, text.encode("utf-8", "surrogatepass"), file, date)
            if full is not None:
                yield full


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
