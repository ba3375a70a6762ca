"""Building batches: records one by one, many at once, or as columns, closed before they grow too large."""

from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import chain, repeat
from typing import Protocol, overload

import numpy as np
from numpy.typing import NDArray

from dedup.model import IdColumn, RecordBatch, TextColumn
from dedup.reading.options import ReadOptions
from dedup.reading.records import Date

BATCH_RECORDS = 65_536
"""The most records in a batch."""

_RESERVED = 16 << 20
"""The most bytes that are reserved for the texts of a batch before there are as many."""

_PENDING = 1 << 18
"""Single texts are joined once they are so many bytes."""

_LARGE = 1 << 20
"""A column of so many bytes, and of a quarter of a batch, is made a batch of its own rather than copied."""


class PathRuns(Sequence[str]):
    """The file of each record, where many records in a row come from the same one: each file is held once."""

    __slots__ = ("_ends", "_paths")

    def __init__(self) -> None:
        self._paths: list[str] = []
        self._ends: list[int] = []

    def extend(self, path: str, count: int) -> None:
        """Add `count` records of a file."""
        if self._paths and self._paths[-1] is path:
            self._ends[-1] += count
        else:
            self._paths.append(path)
            self._ends.append(len(self) + count)

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __iter__(self) -> Iterator[str]:
        counts = (end - start for start, end in zip([0, *self._ends], self._ends, strict=False))
        return chain.from_iterable(map(repeat, self._paths, counts))

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[str]: ...
    def __getitem__(self, place: int | slice) -> str | Sequence[str]:
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        if not -len(self) <= place < len(self):
            raise IndexError(place)
        return self._paths[bisect_right(self._ends, place % len(self))]


class TextMemory(Protocol):
    """Memory that texts are read into and stay in."""

    def reserve(self, size: int) -> NDArray[np.uint8] | None:
        """So many bytes behind those taken, None where there is no room; what was reserved before no longer is."""
        ...

    def take(self, size: int) -> None:
        """Keep so many bytes from the beginning of what is reserved."""
        ...


class Filling:
    """A column that is being filled. Its bytes are copied once, to where they stay.

    That is in the `memory` given, while it has room; beyond, room of its own is doubled, though not over `limit` bytes
    unless it is needed.
    """

    def __init__(self, limit: int, memory: TextMemory | None = None) -> None:
        self._limit = limit
        self._memory = memory
        self._data: NDArray[np.uint8] = np.empty(0, dtype=np.uint8)
        self._used = 0
        self._lengths = array("q")

    def extend(self, joined: bytes | NDArray[np.uint8], lengths: "array[int]") -> None:
        """Take texts joined to one, and how long they are."""
        end = self._used + len(joined)
        reserved = min(self._limit, _RESERVED)
        if self._memory is not None and not self._data.size:
            given = self._memory.reserve(max(end, reserved))
            if given is None:
                self._memory = None
            else:
                self._data = given
        if end > self._data.size:
            self._memory = None
            # An array of this size takes no memory where nothing was written yet.
            wider = np.empty(max(end, min(2 * end, self._limit), reserved), dtype=np.uint8)
            wider[: self._used] = self._data[: self._used]
            self._data = wider
        self._data[self._used : end] = np.frombuffer(joined, dtype=np.uint8)
        self._used = end
        self._lengths.extend(lengths)

    def column(self) -> TextColumn:
        """The column as it is now."""
        offsets = np.zeros(len(self._lengths) + 1, dtype=np.int64)
        np.cumsum(np.frombuffer(self._lengths, dtype=np.int64), out=offsets[1:])
        data = self._data[: self._used]
        if self._memory is not None and self._data.size:
            self._memory.take(self._used)
            return TextColumn(data, offsets)
        # What is reserved and not used is not to be held, unless it is little.
        return TextColumn(data if self._used > self._data.size // 8 * 7 else data.copy(), offsets)


class BatchBuilder:
    """Collects records, of any number of files, and closes a batch before it grows too large.

    `taken` counts the records taken so far. Texts stand in `memory`, if it is given and has room.
    """

    def __init__(self, options: ReadOptions, memory: TextMemory | None = None) -> None:
        self._memory = memory
        self._limit = options.batch_bytes
        self._with_dates = options.date_column is not None
        self._own = max(_LARGE, self._limit // 4)
        self.taken = 0
        self._any_closed = False
        self._start()

    def _start(self) -> None:
        self._texts = Filling(self._limit, self._memory)
        self._tokens = Filling(0)
        self._paths = PathRuns()
        self._dates: list[Date] = []
        self._size = 0
        self._pending_texts: list[bytes] = []
        self._pending_tokens: list[bytes] = []
        self._pending = 0

    def add(self, token: bytes, text: bytes, path: str, date: Date = None) -> RecordBatch | None:
        """Take a record; the batch that had to be closed before, if one had."""
        size = len(text)
        full = None
        if self._paths and (self._size + size > self._limit or len(self._paths) == BATCH_RECORDS):
            full = self._closed()
        if self._pending > _PENDING:
            self._write_pending()
        self._pending_texts.append(text)
        self._pending_tokens.append(token)
        self._pending += size
        self._count(path, 1, size)
        if self._with_dates:
            self._dates.append(date)
        return full

    def add_many(
        self, tokens: Sequence[str], texts: Sequence[bytes], path: str, dates: Sequence[Date]
    ) -> Iterator[RecordBatch]:
        """Take records, their tokens in ASCII, with `dates` if they are asked for; the batches closed."""
        lengths = array("q", map(len, texts))
        joined = b"".join(texts)
        if self._size + len(joined) <= self._limit and len(self._paths) + len(texts) <= BATCH_RECORDS:
            self._write_pending()
            self._texts.extend(joined, lengths)
            self._tokens.extend("".join(tokens).encode("ascii"), array("q", map(len, tokens)))
            self._count(path, len(texts), len(joined))
            if self._with_dates:
                self._dates.extend(dates)
            return
        for token, text, date in zip(tokens, texts, dates if self._with_dates else repeat(None), strict=False):
            full = self.add(token.encode("ascii"), text, path, date)
            if full is not None:
                yield full

    def add_columns(
        self, texts: TextColumn, tokens: TextColumn, path: str, dates: Sequence[Date]
    ) -> Iterator[RecordBatch]:
        """Take records as columns of texts and id tokens, with `dates` if they are asked for; the batches closed.

        A large column is not copied: it becomes a batch, or several, without others.
        """
        start, total = 0, len(texts)
        # Not the first batch, which tells how large the input is.
        alone = self._any_closed and texts.n_bytes >= self._own
        while start < total:
            # With no room left the end found lies before the start, or at it: empty texts do not prolong a full batch.
            if alone and self._paths:
                yield self._closed()
            room = self._limit - self._size
            fits = int(np.searchsorted(texts.offsets, texts.offsets[start] + room, side="right")) - 1
            end = min(max(fits, start), total, start + BATCH_RECORDS - len(self._paths))
            if end == start:
                if self._paths:
                    yield self._closed()
                    continue
                end = start + 1  # a text larger than a batch is one of its own
            part, part_tokens = _part(texts, start, end), _part(tokens, start, end)
            moments = dates[start:end] if self._with_dates else ()
            start = end
            if alone:
                paths = PathRuns()
                paths.extend(path, len(part))
                self.taken += len(part)
                yield RecordBatch(part, IdColumn(part_tokens), paths, moments)
                continue
            self._write_pending()
            self._texts.extend(part.data, _lengths(part))
            self._tokens.extend(part_tokens.data, _lengths(part_tokens))
            self._count(path, len(part), part.n_bytes)
            self._dates.extend(moments)

    def close(self) -> RecordBatch | None:
        """The batch as it is now, None if it is empty."""
        return self._closed() if self._paths else None

    def _count(self, path: str, records: int, size: int) -> None:
        if not records:
            return
        self._paths.extend(path, records)
        self._size += size
        self.taken += records

    def _closed(self) -> RecordBatch:
        if len(self._pending_texts) == len(self._paths):
            # A single huge text is then not copied.
            texts, tokens = TextColumn.from_bytes(self._pending_texts), TextColumn.from_bytes(self._pending_tokens)
        else:
            self._write_pending()
            texts, tokens = self._texts.column(), self._tokens.column()
        batch = RecordBatch(texts, IdColumn(tokens), self._paths, self._dates if self._with_dates else ())
        self._any_closed = True
        self._start()
        return batch

    def _write_pending(self) -> None:
        if not self._pending_texts:
            return
        texts, tokens = self._pending_texts, self._pending_tokens
        self._texts.extend(b"".join(texts), array("q", map(len, texts)))
        self._tokens.extend(b"".join(tokens), array("q", map(len, tokens)))
        self._pending_texts, self._pending_tokens, self._pending = [], [], 0


def _part(column: TextColumn, start: int, end: int) -> TextColumn:
    if start == 0 and end == len(column):
        return column
    offsets = column.offsets[start : end + 1]
    return TextColumn(column.data[offsets[0] : offsets[-1]], offsets - offsets[0])


def _lengths(column: TextColumn) -> "array[int]":
    lengths = array("q")
    lengths.frombytes(np.diff(column.offsets).tobytes())
    return lengths
