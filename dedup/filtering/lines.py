"""JSON lines as they came, with their texts and ids beside them."""

import numpy as np

from dedup.filtering.feeding import Run
from dedup.filtering.records import LineBatch, Place, Unreadable
from dedup.kernels import U8
from dedup.model import IdColumn, TextColumn
from dedup.reading import ReadOptions
from dedup.reading.json_lines import BLANK, LARGEST_RUN, LineParser
from dedup.reading.lines import UTF8_BOM
from dedup.reading.records import Complaint, FileIds

_RUN = 1 << 18
"""Bytes of lines that are parsed at once."""

_KINDS = {"str": str, "int": int}


class LineReader:
    """Makes batches of runs of lines; `file` is the name by which records without an id are known."""

    def __init__(self, file: str, options: ReadOptions, place: Place) -> None:
        self.place = place
        self._ids = FileIds(file, options.id_column, _KINDS.get(place.id_kind or ""))
        self._parser = LineParser(file, options, self._ids)

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
            # A line of any length is a run of its own.
            until = max(int(np.searchsorted(ends, starts[position] + _RUN, side="right")), position + 1)
            last = until == ends.size and not terminated
            stretch = b"".join((b"[", view[starts[position] : ends[until - 1] - (not last)], b"]"))
            self._take(stretch, position, until, taken)
            position = until
        first = self.place.number
        kind = self._ids.kind
        self.place = Place(self.place.offset + data.size, first + ends.size, kind.__name__ if kind else None)
        rows = np.array(taken.rows, dtype=np.int64)
        return LineBatch(
            TextColumn.from_bytes(taken.texts),
            IdColumn(TextColumn.from_bytes(taken.tokens)),
            rows + (first + 1),
            taken.unreadable,
            self.place,
            data,
            starts[rows],
            ends[rows],
            terminated,
        )

    def _take(self, stretch: bytes, first: int, until: int, taken: "_Taken") -> None:
        """Take the lines from `first` to under `until` of the run, which this stretch of it holds in brackets."""
        values = self._parser.values(stretch) if len(stretch) <= LARGEST_RUN else None
        columns = None if values is None else self._parser.usual_columns(values)
        if columns is not None:
            taken.rows.extend(range(first, until))
            taken.texts += columns.texts
            taken.tokens += map(str.encode, columns.tokens)
            return
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
                taken.rows.append(row)
                taken.texts.append(record.text)
                taken.tokens.append(record.token)


class _Taken:
    """What was taken of a run so far; `rows` are places of its lines."""

    def __init__(self) -> None:
        self.rows: list[int] = []
        self.texts: list[bytes] = []
        self.tokens: list[bytes] = []
        self.unreadable: list[Unreadable] = []
