"""The rows of a Parquet file with all their columns, and the texts and ids beside them."""

import os
import tempfile
import zlib
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING

import numpy as np

from dedup.errors import InputError
from dedup.filtering.options import FilterOptions
from dedup.filtering.records import Place, RowBatch, Unreadable
from dedup.filtering.sources import START, Reached, Step, another_input, broken_input, named, status_of
from dedup.kernels import Bool
from dedup.model import IdColumn, TextColumn
from dedup.reading import ReadOptions
from dedup.reading.arrow_columns import Complaints, id_tokens, text_column, utf8_column
from dedup.reading.opening import InputStream
from dedup.reading.parquet import chosen_columns, damaged, rows_at_once, unpack
from dedup.reading.records import Complaint, FileIds

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

_KINDS = {"str": str, "int": int}
_TAIL = 8
"""Bytes at the end of a Parquet file: the size of its footer, and a magic number."""


class RowSource:
    """The rows of a Parquet file. What comes compressed or through a pipe is put into a temporary file first.

    A file is known again by its size and its footer, which tells where every column begins and how large it is.
    """

    def __init__(self, file: str, reading: ReadOptions, options: FilterOptions, reached: Reached) -> None:
        self._file = file
        self._options = options
        self._reached = reached
        self.status = status_of(file)
        self._unpacked: IO[bytes] | None = None
        with broken_input(file):
            self._stream = InputStream(file)
        try:
            self._open(reading, reached)
        except BaseException:
            self.close()
            raise

    def _open(self, reading: ReadOptions, reached: Reached) -> None:
        with broken_input(self._file):
            source = self._stream.stored_file()
            if source is None:
                self._unpacked = source = tempfile.TemporaryFile(prefix="dedup-")  # noqa: SIM115 - closed with this
                unpack(self._stream, source)
            self._parquet, self.total_bytes = _opened(source)
            self._identity = _identity(source)
        self.schema: pa.Schema = self._parquet.schema_arrow
        columns = chosen_columns(self.schema, reading)
        if isinstance(columns, Complaint):
            raise InputError(f"{named(self._file)}: {columns.message}")
        self._columns = columns
        kind = _KINDS.get(reached.before.id_kind or "")
        self._ids = FileIds(os.path.basename(self._file), reading.id_column, kind)

    def close(self) -> None:
        """Close the file; stdin stays open."""
        self._stream.close()
        if self._unpacked is not None:
            self._unpacked.close()

    def steps(self) -> Iterator[Step]:
        """The batches, as `Source` has it. Raises InputError where the file is not the one that was read before."""
        with broken_input(self._file):
            yield from self._steps()

    def _steps(self) -> Iterator[Step]:
        reached = self._reached
        if reached != START and reached.checksum != self._identity:
            raise another_input(self._file, "it has another size or another footer")
        place = reached.before
        rows = _Rows(self._parquet, place.offset, self._columns.text, self._options)
        pending = reached.until.offset - place.offset
        stored = 0
        while (table := rows.take(pending) if pending else rows.some()) is not None:
            batch = self._batch(table, place)
            if pending and batch.until != reached.until:
                raise another_input(self._file, f"its first {reached.until.offset:,} rows are others")
            pending = 0
            done = self.total_bytes * batch.until.offset // max(self._parquet.metadata.num_rows, 1)
            yield Step(batch, Reached(place, batch.until, self._identity, self.status), max(done - stored, 0))
            place, stored = batch.until, done
        if self.status is not None and status_of(self._file) != self.status:
            raise InputError(
                f"{named(self._file)}: was changed while it was read, at {place.number:,} rows; "
                "restore it and run the same command again"
            )

    def _batch(self, table: "pa.Table", place: Place) -> RowBatch:
        import pyarrow as pa

        texts: list[pa.Array] = []
        tokens: list[TextColumn] = []
        unreadable: list[tuple[int, Complaint]] = []
        first = 0
        for piece in table.to_batches():
            binary, complaints = utf8_column(piece.column(self._columns.text))
            piece_tokens, id_complaints = self._tokens(piece, place.number + first + 1)
            unreadable += [(first + row, each) for row, each in (id_complaints | complaints).items()]
            texts.append(binary)
            tokens.append(piece_tokens)
            first += piece.num_rows
        numbers = np.arange(table.num_rows, dtype=np.int64)
        binary = pa.concat_arrays(texts)
        every_token = _joined(tokens)
        records: list[Unreadable] = []
        if unreadable:
            unreadable.sort(key=lambda each: each[0])
            places = [row for row, _ in unreadable]
            shown = [_row_values(table, row) for row in places]
            for (row, complaint), values in zip(unreadable, shown, strict=True):
                number = place.number + row + 1
                records.append(Unreadable(number, complaint.reason.value, complaint.message, _row_bytes(values)))
            numbers = np.delete(numbers, places)
            keep = np.ones(table.num_rows, dtype=np.bool_)
            keep[places] = False
            table, binary = rows_where(table, keep), binary.filter(pa.array(keep))
            every_token = TextColumn.from_bytes([every_token.raw(row) for row in numbers.tolist()])
        kind = self._ids.kind
        until = Place(place.offset + first, place.number + first, kind.__name__ if kind else None)
        return RowBatch(text_column(binary), IdColumn(every_token), numbers + (place.number + 1), records, until, table)

    def _tokens(self, piece: "pa.RecordBatch", first_row: int) -> tuple[TextColumn, Complaints]:
        columns = self._columns
        return id_tokens(
            None if columns.id is None else piece.column(columns.id),
            None if columns.url is None else piece.column(columns.url),
            self._ids,
            first_row,
            piece.num_rows,
        )


class _Rows:
    """The rows of a file from one on, in tables."""

    def __init__(self, parquet: "pq.ParquetFile", first: int, text: str, options: FilterOptions) -> None:
        self._parquet = parquet
        self._text = text
        self._options = options
        self._pieces = self._pieces_from(first)
        self._held: list[pa.RecordBatch] = []

    def take(self, count: int) -> "pa.Table | None":
        """The next `count` rows, fewer only at the end; None where there are none."""
        rows = sum(piece.num_rows for piece in self._held)
        while rows < count and (piece := next(self._pieces, None)) is not None:
            self._held.append(piece)
            rows += piece.num_rows
        return self._given(min(count, rows))

    def some(self) -> "pa.Table | None":
        """The next rows, as many as make a batch; None at the end."""
        rows, size = 0, 0
        held: list[pa.RecordBatch] = []
        while rows < self._options.batch and size < self._options.batch_bytes:
            piece = self._held.pop(0) if self._held else next(self._pieces, None)
            if piece is None:
                break
            held.append(piece)
            rows += piece.num_rows
            size += piece.column(self._text).nbytes
        self._held = held + self._held
        return self._given(min(rows, self._options.batch))

    def _given(self, count: int) -> "pa.Table | None":
        import pyarrow as pa

        if count == 0:
            return None
        given = []
        while count:
            piece = self._held.pop(0)
            if piece.num_rows > count:
                self._held.insert(0, piece.slice(count))
                piece = piece.slice(0, count)
            given.append(piece)
            count -= piece.num_rows
        return pa.Table.from_batches(given)

    def _pieces_from(self, first: int) -> Iterator["pa.RecordBatch"]:
        """All columns, some rows at a time, from a row on. Raises `BrokenInput` where the file is damaged."""
        import pyarrow as pa

        row = 0
        try:
            for group in range(self._parquet.num_row_groups):
                count = self._parquet.metadata.row_group(group).num_rows
                if row + count <= first:
                    row += count
                    continue
                most = min(rows_at_once(self._parquet, group), self._options.batch)
                for piece in self._parquet.iter_batches(batch_size=most, row_groups=[group], use_threads=False):
                    row += piece.num_rows
                    if row > first:
                        yield piece.slice(max(piece.num_rows - (row - first), 0))
        except (pa.ArrowException, OSError, ValueError) as error:
            raise damaged(error) from error


def rows_where(table: "pa.Table", keep: Bool) -> "pa.Table":
    """Some of the rows, in their order."""
    import pyarrow as pa

    try:
        return table.filter(pa.array(keep))
    except pa.ArrowNotImplementedError:
        # There are types that Arrow cannot select from, only cut.
        edges = np.flatnonzero(np.diff(np.concatenate([[False], keep, [False]]).astype(np.int8))).tolist()
        runs = [table.slice(first, last - first) for first, last in zip(edges[::2], edges[1::2], strict=True)]
        return pa.concat_tables([table.slice(0, 0), *runs]).combine_chunks()


def _opened(source: IO[bytes]) -> tuple["pq.ParquetFile", int]:
    """The file and its size."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        parquet = pq.ParquetFile(source, buffer_size=1 << 20)
        parquet.schema_arrow  # noqa: B018 - what the schema says is found out here
    except (pa.ArrowException, OSError, ValueError) as error:
        raise damaged(error) from error
    return parquet, source.seek(0, 2)


def _identity(source: IO[bytes]) -> int:
    """A checksum of the footer of a Parquet file and of its size."""
    size = source.seek(0, 2)
    source.seek(size - _TAIL)
    tail = _exactly(source, _TAIL)
    footer = min(int.from_bytes(tail[:4], "little"), size - _TAIL)
    source.seek(size - _TAIL - footer)
    return zlib.crc32(_exactly(source, footer), zlib.crc32(size.to_bytes(8, "little")))


def _exactly(source: IO[bytes], size: int) -> bytes:
    pieces = []
    while size and (piece := source.read(size)):
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def _joined(columns: list[TextColumn]) -> TextColumn:
    if len(columns) == 1:
        return columns[0]
    sizes = np.concatenate([np.diff(column.offsets) for column in columns])
    offsets = np.zeros(sizes.size + 1, dtype=np.int64)
    np.cumsum(sizes, out=offsets[1:])
    return TextColumn(np.concatenate([column.data for column in columns]), offsets)


def _row_values(table: "pa.Table", row: int) -> dict[str, object]:
    """The values of a row; of one that Python has no object for, such as a day of the year 3,000,000, the type."""
    import pyarrow as pa

    values: dict[str, object] = {}
    for field, column in zip(table.schema, table.columns, strict=True):
        try:
            values[field.name] = column[row].as_py()
        except (ArithmeticError, ValueError, LookupError, TypeError, ImportError, pa.ArrowException):
            values[field.name] = f"a {field.type} that cannot be shown"
    return values


def _row_bytes(values: dict[str, object]) -> bytes:
    """A row that cannot be read, as far as it can be shown."""
    import json

    def shown(value: object) -> str:
        return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)

    return json.dumps(values, ensure_ascii=True, default=shown).encode()
