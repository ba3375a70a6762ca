"""JSON lines as they came, with their texts and ids beside them."""

from array import array

import numpy as np

from dedup.filtering.feeding import Run
from dedup.filtering.records import LineBatch, Place, Unreadable
from dedup.kernels import U8
from dedup.model import IdColumn
from dedup.reading import ReadOptions
from dedup.reading.building import Filling
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
        if self.place.offset == 0 and bytes(run.data[: len(UTF8_BOM)]) == UTF8_BOM:
            starts[0] = len(UTF8_BOM)
        taken = _Taken(data.size)
        position = 0
        while position < ends.size:
            # A line of any length is a run of its own.
            until = max(int(np.searchsorted(ends, starts[position] + _RUN, side="right")), position + 1)
            last = until == ends.size and not terminated
            stretch = b"".join((b"[", run.data[starts[position] : ends[until - 1] - (not last)], b"]"))
            self._take(stretch, position, until, taken)
            position = until
        first = self.place.number
        kind = self._ids.kind
        self.place = Place(self.place.offset + data.size, first + ends.size, kind.__name__ if kind else None)
        rows = np.frombuffer(taken.rows, dtype=np.int64)
        return LineBatch(
            taken.texts.column(),
            IdColumn(taken.tokens.column()),
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
            taken.texts.extend(b"".join(columns.texts), array("q", map(len, columns.texts)))
            taken.tokens.extend("".join(columns.tokens).encode("ascii"), array("q", map(len, columns.tokens)))
            return
        lines = stretch[1:-1].split(b"\n")
        texts: list[bytes] = []
        tokens: list[bytes] = []
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
                texts.append(record.text)
                tokens.append(record.token)
        taken.texts.extend(b"".join(texts), array("q", map(len, texts)))
        taken.tokens.extend(b"".join(tokens), array("q", map(len, tokens)))


class _Taken:
    """What was taken so far of a run of so many bytes; `rows` are places of its lines."""

    def __init__(self, size: int) -> None:
        self.rows = array("q")
        self.texts = Filling(size)
        self.tokens = Filling(0)
        self.unreadable: list[Unreadable] = []
