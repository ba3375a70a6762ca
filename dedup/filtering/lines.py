"""JSON lines as they came, with their texts and ids beside them."""

from collections.abc import Sequence

import numpy as np

from dedup.filtering.feeding import Run
from dedup.filtering.records import LineBatch, Place, Unreadable, joined
from dedup.kernels import I64, U8, WORTH, choose
from dedup.kernels.records import INTEGERS, NO_KIND, STRINGS, LineMembers
from dedup.model import IdColumn, TextColumn
from dedup.reading import ReadOptions
from dedup.reading.json_lines import BLANK, LARGEST_RUN, LineParser
from dedup.reading.lines import UTF8_BOM
from dedup.reading.records import Complaint, FileIds

_RUN = 1 << 18
"""Bytes of lines that are parsed at once."""

_KINDS = {"str": str, "int": int}
_KIND_CODES: dict[type | None, int] = {None: NO_KIND, str: STRINGS, int: INTEGERS}
_KINDS_OF_CODES = {code: kind for kind, code in _KIND_CODES.items()}


class LineReader:
    """Makes batches of runs of lines; `file` is the name by which records without an id are known."""

    def __init__(self, file: str, options: ReadOptions, place: Place) -> None:
        self.place = place
        self._ids = FileIds(file, options.id_column, _KINDS.get(place.id_kind or ""))
        self._parser = LineParser(file, options, self._ids)
        names = options.text_column, options.id_column or "id"
        self._names = [name.encode("utf-8", "surrogatepass") for name in names]

    def batch(self, run: Run) -> LineBatch:
        """The records of a run of lines. Blank lines, and a byte order mark at the very start, are no records."""
        data: U8 = np.frombuffer(run.data, dtype=np.uint8)
        ends = run.ends
        terminated = bool(ends.size and ends[-1] == data.size)
        if not terminated:
            ends = np.append(ends, data.size)
        starts = np.append(0, ends[:-1])
        if self.place.offset == 0 and run.data.startswith(UTF8_BOM):
            starts[0] = len(UTF8_BOM)
        taken = _Taken()
        view = memoryview(run.data)
        position = 0
        while position < ends.size:
            position = self._take_usual(data, starts, ends, position, taken)
            if position == ends.size:
                break
            # A line of any length is a run of its own.
            until = max(int(np.searchsorted(ends, starts[position] + _RUN, side="right")), position + 1)
            last = until == ends.size and not terminated
            stretch = b"".join((b"[", view[starts[position] : ends[until - 1] - (not last)], b"]"))
            self._take(stretch, position, until, taken)
            position = until
        first = self.place.number
        kind = self._ids.kind
        self.place = Place(self.place.offset + data.size, first + ends.size, kind.__name__ if kind else None)
        rows = np.concatenate([np.zeros(0, dtype=np.int64), *taken.rows])
        return LineBatch(
            joined(taken.texts),
            IdColumn(joined(taken.tokens)),
            rows + (first + 1),
            taken.unreadable,
            self.place,
            data,
            starts[rows],
            ends[rows],
            terminated,
        )

    def _take_usual(self, data: U8, starts: I64, ends: I64, first: int, taken: "_Taken") -> int:
        """Take the lines from `first` on up to one that is unusual; the place of that one."""
        names = self._names
        if names[0] == names[1]:
            return first
        code = _KIND_CODES[self._ids.kind]
        members = choose(max(data.size, WORTH.load)).read_members(data, starts, ends, first, names[0], names[1], code)
        if len(members):
            self._ids.kind = _KINDS_OF_CODES[members.kind]
            taken.add_members(first, members)
        return first + len(members)

    def _take(self, stretch: bytes, first: int, until: int, taken: "_Taken") -> None:
        """Take the lines from `first` to under `until` of the run, which this stretch of it holds in brackets."""
        values = self._parser.values(stretch) if len(stretch) <= LARGEST_RUN else None
        columns = None if values is None else self._parser.usual_columns(values)
        if columns is not None:
            taken.add(range(first, until), columns.texts, [*map(str.encode, columns.tokens)])
            return
        rows, texts, tokens = [], [], []
        lines = stretch[1:-1].split(b"\n")
        for row, line in enumerate(lines, first):
            value = self._parser.parsed(line) if values is None else values[row - first]
            if value is BLANK:
                continue
            number = self.place.number + row + 1
            record = self._parser.record(line, value, number)
            if isinstance(record, Complaint):
                taken.unreadable.append(Unreadable(number, record.reason.value, record.message, line))
            else:
                rows.append(row)
                texts.append(record.text)
                tokens.append(record.token)
        taken.add(rows, texts, tokens)


class _Taken:
    """What was taken of a run so far, piece by piece; `rows` are places of its lines."""

    def __init__(self) -> None:
        self.rows: list[I64] = []
        self.texts: list[TextColumn] = []
        self.tokens: list[TextColumn] = []
        self.unreadable: list[Unreadable] = []

    def add(self, rows: Sequence[int], texts: list[bytes], tokens: list[bytes]) -> None:
        """Add records of some lines."""
        self.rows.append(np.array(rows, dtype=np.int64))
        self.texts.append(TextColumn.from_bytes(texts))
        self.tokens.append(TextColumn.from_bytes(tokens))

    def add_members(self, first: int, members: LineMembers) -> None:
        """Add those of consecutive lines."""
        self.rows.append(first + np.arange(len(members)))
        self.texts.append(TextColumn(members.texts, members.text_offsets))
        self.tokens.append(TextColumn(members.tokens, members.token_offsets))
