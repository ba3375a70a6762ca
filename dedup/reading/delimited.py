"""CSV and TSV: a header row, then one record a row.

The standard library's csv module parses, strictly: a quoted field must be followed by a delimiter or the end of the
row. So a stray quote is noticed where it shows, and not when it has swallowed the rest of the file. Only the line
that opened the quote is then set aside; the lines it had swallowed are read again.
"""

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from dedup.model import RecordBatch
from dedup.reading.building import BatchBuilder
from dedup.reading.formats import base_extension
from dedup.reading.lines import line_blocks
from dedup.reading.opening import InputStream
from dedup.reading.options import ReadOptions, Reason
from dedup.reading.records import Complaint, FileIds, Quarantine, shown, shown_names

LONGEST_QUOTED = 16 << 20
"""A quoted field that runs over more lines and characters than this counts as one whose quote is not closed."""

_REPLAYS = 4
"""Swallowed lines are read again as long as this adds no more than so many times what was read: hostile quotes must
not make the time quadratic."""

_FIELD_LIMIT = 2**31 - 1  # the most that fits a C long on every platform


class _Rows:
    """The lines of the file as the csv module asks for them, and which of them make up the current row.

    `line` is the number of the row's first line, `invalid_line` that of its last one that is not UTF-8; `stopped`
    says that no line was given although one was asked for, at the end of the file or because the row is too long.
    """

    def __init__(self, stream: InputStream) -> None:
        self._raw = (line for block in line_blocks(stream) for line in block)
        self._again: deque[bytes] = deque()
        self._row: list[bytes] = []
        self._size = 0
        self._allowance = 1 << 16
        self.line = 1
        self.invalid_line: int | None = None
        self.stopped = False

    def start_row(self) -> None:
        """Forget the lines of the last row."""
        self.line += len(self._row)
        self._row.clear()
        self.invalid_line = None
        self.stopped = False

    def lines(self) -> Iterator[str]:
        """Give lines with their newline until `stopped`; bytes that are not UTF-8 stand as lone surrogates."""
        row, again, raw_lines = self._row, self._again, self._raw
        while True:
            raw = again.popleft() if again else self._fresh(raw_lines)
            if raw is None:
                self.stopped = True
                return
            if not row:
                self._size = 0
            elif self._size > LONGEST_QUOTED:
                again.appendleft(raw)
                self.stopped = True
                return
            self._size += len(raw)
            row.append(raw)
            try:
                line = raw.decode()
            except UnicodeDecodeError:
                self.invalid_line = self.last_line
                line = raw.decode("utf-8", "surrogateescape")
            yield line + "\n"

    @property
    def last_line(self) -> int:
        """The number of the row's last line."""
        return self.line + len(self._row) - 1

    def first_line(self) -> str | None:
        """The line that comes next, which stays to be given, None at the end."""
        if not self._again:
            self._again.extend(islice(self._raw, 1))
        return self._again[0].decode("utf-8", "surrogateescape") if self._again else None

    def read_again(self) -> bool:
        """Whether the lines of the row after its first will be given again."""
        size = self._size - len(self._row[0])
        if size > self._allowance:
            return False
        self._allowance -= size
        self._again.extendleft(reversed(self._row[1:]))
        del self._row[1:]
        return True

    def _fresh(self, raw_lines: Iterator[bytes]) -> bytes | None:
        raw = next(raw_lines, None)
        if raw is not None:
            self._allowance += _REPLAYS * len(raw)
        return raw


def read_delimited(
    stream: InputStream, options: ReadOptions, batch: BatchBuilder, quarantine: Quarantine
) -> Iterator[RecordBatch]:
    """Take each row after the header as a record; the row of `path:row` counts those, blank lines not among them.

    Every value is a string. An empty id, URL or date counts as absent, since CSV cannot say so otherwise.
    """
    if csv.field_size_limit() < _FIELD_LIMIT:
        csv.field_size_limit(_FIELD_LIMIT)
    file = stream.file
    rows = _Rows(stream)
    header = _header(rows, options, tabs=base_extension(file) == ".tsv")
    if isinstance(header, Complaint):
        quarantine.add(file, None, header.reason, header.message)
        return
    names = header.names
    width = len(names)
    text_at = names.index(options.text_column)
    id_at = _position(names, options.id_column or "id")
    url_at = _position(names, "url")
    date_at = _position(names, options.date_column)
    ids = FileIds(file, options.id_column)
    reader = csv.reader(rows.lines(), delimiter=header.delimiter, strict=True)
    number = 0
    while True:
        rows.start_row()
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            number += 1
            quarantine.add(file, rows.line, Reason.CSV_ROW, _broken_row(rows, error))
            if rows.stopped:
                reader = csv.reader(rows.lines(), delimiter=header.delimiter, strict=True)
            continue
        if not values:
            continue
        number += 1
        if rows.invalid_line is not None:
            quarantine.add(
                file,
                rows.invalid_line,
                Reason.INVALID_UTF8,
                "the row is not UTF-8; convert the file with iconv -t UTF-8",
            )
            continue
        if len(values) != width:
            quarantine.add(
                file,
                rows.line,
                Reason.CSV_ROW,
                f"the row has {len(values)} fields where the header has {width}; "
                "put fields that hold delimiters or newlines in quotes",
            )
            continue
        token = ids.token(_value(values, id_at), _value(values, url_at), number)
        if isinstance(token, Complaint):
            quarantine.add(file, rows.line, token.reason, token.message)
            continue
        full = batch.add(token, values[text_at].encode(), file, _value(values, date_at))
        if full is not None:
            yield full


@dataclass(frozen=True, slots=True)
class _Header:
    names: list[str]
    delimiter: str


def _header(rows: _Rows, options: ReadOptions, tabs: bool) -> _Header | Complaint:
    """The header row and the delimiter it is read with, a tab if `tabs`."""
    names: list[str] = []
    delimiter = "\t"
    while not names:
        first = rows.first_line()
        if first is None:
            return Complaint(
                Reason.MISSING_COLUMN,
                "the file is empty; a header row with the names of its columns is expected",
            )
        if not tabs:
            delimiter = _fitting_delimiter(first, options.text_column)
        rows.start_row()
        try:
            names = next(csv.reader(rows.lines(), delimiter=delimiter, strict=True), [])
        except csv.Error as error:
            return Complaint(Reason.CSV_ROW, f"the header row is broken ({_cause(rows, error)}); mend it")
    for column, option in ((options.text_column, "--text-column"), (options.id_column, "--id-column")):
        if column is not None and names.count(column) != 1:
            what = "more than one" if column in names else "no"
            return Complaint(
                Reason.MISSING_COLUMN,
                f"there is {what} column {shown(column)} (columns: {shown_names(names)}); name another with {option}",
            )
    return _Header(names, delimiter)


def _fitting_delimiter(header: str, text_column: str) -> str:
    """The delimiter under which a header has the text column, or else the most columns."""

    def fitness(delimiter: str) -> tuple[bool, int]:
        try:
            names = next(csv.reader([header], delimiter=delimiter), [])
        except csv.Error:
            names = []
        return text_column in names, len(names)

    return max(",;\t", key=fitness)


def _position(names: list[str], name: str | None) -> int | None:
    return names.index(name) if name is not None and names.count(name) == 1 else None


def _value(values: list[str], position: int | None) -> str | None:
    return values[position] or None if position is not None else None


def _broken_row(rows: _Rows, error: csv.Error) -> str:
    """Say what is wrong with the row, and have the lines read again that a quote had swallowed."""
    first, last = rows.line, rows.last_line
    what = f"the row is broken: {_cause(rows, error)}"
    if last > first:
        fate = "are read again as rows" if rows.read_again() else "are set aside with it"
        what += f"; lines {first + 1} to {last}, which it runs over, {fate}"
    return what + "; put fields that hold quotes, delimiters or newlines in quotes, and double the quotes inside"


def _cause(rows: _Rows, error: csv.Error) -> str:
    if rows.stopped:
        return "a quote is opened and not closed"
    return str(error).partition(" - ")[0]
