"""Records on their way into batches: ids, quarantine, and the batches themselves."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from json.encoder import encode_basestring_ascii

import numpy as np

from dedup.errors import InputError
from dedup.model import IdColumn, Quarantined, RecordBatch, TextColumn
from dedup.reading.options import ReadOptions, Reason
from dedup.reading.paths import shown_path

BATCH_RECORDS = 65_536
"""The most records in a batch."""

Date = str | float | None


@dataclass(frozen=True, slots=True)
class Complaint:
    """Why a record cannot be taken."""

    reason: Reason
    message: str


def shown(value: str) -> str:
    """A name from the input as it may stand in a message: quoted, control characters escaped, not too long."""
    return repr(value if len(value) <= 60 else value[:60] + "…")


def shown_names(names: Sequence[str]) -> str:
    """A few names from the input as they may stand in a message."""
    more = ", …" if len(names) > 8 else ""
    return ", ".join(shown(name) for name in names[:8]) + more if names else "none"


def usable_date(value: object) -> Date:
    """A date as it is if it can be compared: a string, an integer, a finite fraction; None otherwise."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return value
    return None


class Quarantine:
    """Where records go that cannot be read: to the caller's function, or, in strict reading, into an error."""

    def __init__(self, take: Callable[[Quarantined], None], strict: bool) -> None:
        self._take = take
        self._strict = strict

    def add(self, file: str, line: int | None, reason: Reason, message: str) -> None:
        """Quarantine one record, or with `line` None the whole file. Raises `InputError` in strict reading."""
        if self._strict:
            place = shown_path(file) if line is None else f"{shown_path(file)}, line {line}"
            raise InputError(f"{place}: {message} [{reason}]; or read without strict to set it aside and go on")
        self._take(Quarantined(file, line, reason.value, message))


def string_token(value: str) -> bytes:
    """The JSON token of a string, in ASCII."""
    return encode_basestring_ascii(value).encode("ascii")


class FileIds:
    """The ids of one file's records: their own, else their URL, else `path:row`."""

    def __init__(self, file: str, id_column: str | None) -> None:
        self._id_column = id_column
        self._row_prefix = string_token(file)[:-1] + b":"
        self._type: type | None = None

    def token(self, value: object, url: object, row: int) -> bytes | Complaint:
        """The JSON token of a record's id, from the values of its id field and its `url`, None where absent."""
        kind = type(value)
        if value is None:
            return self._fallback(url, row)
        if kind is not self._type:
            if kind is not str and kind is not int:
                name = "boolean" if kind is bool else "fraction" if kind is float else kind.__name__
                return Complaint(
                    Reason.ID_TYPE,
                    f"the id is a {name}; an id is a string or an integer (choose another field with --id-column)",
                )
            if self._type is not None:
                return Complaint(
                    Reason.ID_TYPE,
                    f"the id is {_KIND[kind]}, while each before it in this file is {_KIND[self._type]}; "
                    "write all ids of a file alike",
                )
            self._type = kind
        return string_token(value) if isinstance(value, str) else str(value).encode("ascii")

    def row_token(self, row: int) -> bytes:
        """The token of `path:row`."""
        return b'%b%d"' % (self._row_prefix, row)

    def _fallback(self, url: object, row: int) -> bytes | Complaint:
        if self._id_column is not None:
            return Complaint(
                Reason.MISSING_ID,
                f"the record has no {shown(self._id_column)}; add one, or leave --id-column out to go by url or row",
            )
        return string_token(url) if type(url) is str and url else self.row_token(row)


_KIND: dict[type, str] = {str: "a string", int: "an integer"}


class BatchBuilder:
    """Collects records, of any number of files, and closes a batch before it grows too large.

    `taken` counts the records taken so far.
    """

    def __init__(self, options: ReadOptions) -> None:
        self._limit = options.batch_bytes
        self._with_dates = options.date_column is not None
        self.taken = 0
        self._start()

    def _start(self) -> None:
        self._texts: list[bytes] = []
        self._tokens: list[bytes] = []
        self._paths: list[str] = []
        self._dates: list[Date] = []
        self._size = 0
        self._pieces: list[tuple[TextColumn, TextColumn]] = []

    def add(self, token: bytes, text: bytes, path: str, date: Date = None) -> RecordBatch | None:
        """Take a record; the batch that had to be closed before, if one had."""
        size = len(text)
        full = None
        if self._paths and (self._size + size > self._limit or len(self._paths) == BATCH_RECORDS):
            full = self.close()
        self._texts.append(text)
        self._tokens.append(token)
        self._paths.append(path)
        if self._with_dates:
            self._dates.append(date)
        self._size += size
        self.taken += 1
        return full

    def add_columns(
        self, texts: TextColumn, tokens: TextColumn, path: str, dates: Sequence[Date]
    ) -> Iterator[RecordBatch]:
        """Take records as columns of texts and id tokens, with `dates` if they are asked for; the batches closed."""
        start, total = 0, len(texts)
        while start < total:
            # With no room left the end found lies before the start, or at it: empty texts do not prolong a full batch.
            room = self._limit - self._size
            fits = int(np.searchsorted(texts.offsets, texts.offsets[start] + room, side="right")) - 1
            end = min(max(fits, start), total, start + BATCH_RECORDS - len(self._paths))
            if end == start:
                if self._paths:
                    yield self._closed()
                    continue
                end = start + 1  # a text larger than a batch is one of its own
            self._join_strings()
            self._pieces.append((_part(texts, start, end), _part(tokens, start, end)))
            self._paths.extend([path] * (end - start))
            if self._with_dates:
                self._dates.extend(dates[start:end])
            self._size += int(texts.offsets[end] - texts.offsets[start])
            self.taken += end - start
            start = end

    def close(self) -> RecordBatch | None:
        """The batch as it is now, None if it is empty."""
        return self._closed() if self._paths else None

    def _closed(self) -> RecordBatch:
        self._join_strings()
        texts = _joined([texts for texts, _ in self._pieces])
        tokens = _joined([tokens for _, tokens in self._pieces])
        batch = RecordBatch(texts, IdColumn(tokens), self._paths, self._dates if self._with_dates else ())
        self._start()
        return batch

    def _join_strings(self) -> None:
        if self._texts:
            self._pieces.append((TextColumn.from_bytes(self._texts), TextColumn.from_bytes(self._tokens)))
            self._texts, self._tokens = [], []


def _part(column: TextColumn, start: int, end: int) -> TextColumn:
    if start == 0 and end == len(column):
        return column
    offsets = column.offsets[start : end + 1]
    return TextColumn(column.data[offsets[0] : offsets[-1]], offsets - offsets[0])


def _joined(columns: list[TextColumn]) -> TextColumn:
    if len(columns) == 1:
        return columns[0]
    data = np.concatenate([column.data for column in columns])
    offsets = np.zeros(sum(len(column) for column in columns) + 1, dtype=np.int64)
    records = size = 0
    for column in columns:
        offsets[records + 1 : records + len(column) + 1] = column.offsets[1:] + size
        records += len(column)
        size += column.n_bytes
    return TextColumn(data, offsets)
