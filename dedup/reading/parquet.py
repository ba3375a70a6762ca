"""Parquet: the needed columns alone, some rows at a time, and texts from buffer to buffer."""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

import numpy as np

from dedup.errors import InputError
from dedup.model import RecordBatch
from dedup.reading.arrow_columns import dates, holds_ids, holds_strings, id_tokens, text_column, utf8_column
from dedup.reading.building import BatchBuilder
from dedup.reading.opening import BrokenInput, InputStream
from dedup.reading.options import ReadOptions, Reason
from dedup.reading.paths import shown_path
from dedup.reading.records import Complaint, Date, FileIds, Quarantine, shown, shown_names

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

_DECODED_BYTES = 4 << 20
_DECODED_ROWS = 2048
"""Rows decoded at once, at most: a value that a dictionary page holds once may stand in every one of them."""


@dataclass(frozen=True, slots=True)
class ParquetColumns:
    """The names of the columns to read; None for one that is absent and need not be there."""

    text: str
    id: str | None
    url: str | None
    date: str | None

    def names(self) -> list[str]:
        """Each column once."""
        return list(dict.fromkeys(name for name in (self.text, self.id, self.url, self.date) if name is not None))


def read_parquet(
    stream: InputStream, options: ReadOptions, batch: BatchBuilder, quarantine: Quarantine
) -> Iterator[RecordBatch]:
    """Take each row as a record. What comes compressed or through a pipe is put into a temporary file first.

    A column of another type than text, or of ids that are neither strings nor integers, quarantines the file.
    """
    stored = stream.stored_file()
    if stored is not None:
        yield from _read_file(stored, stream.advance, stream.file, options, batch, quarantine)
        return
    with tempfile.TemporaryFile(prefix="dedup-") as unpacked:
        unpack(stream, unpacked)
        yield from _read_file(unpacked, lambda _: None, stream.file, options, batch, quarantine)


def unpack(stream: InputStream, target: IO[bytes]) -> None:
    """Put all of a stream into a file. Raises InputError where there is no room."""
    while block := stream.read():
        try:
            target.write(block)
        except OSError as error:
            raise InputError(
                f"{shown_path(stream.file)}: it cannot be unpacked into {tempfile.gettempdir()} ({error.strerror}); "
                "set TMPDIR to a folder with more room"
            ) from error
    target.seek(0)


def _read_file(
    source: IO[bytes],
    advance: Callable[[int], None],
    file: str,
    options: ReadOptions,
    batch: BatchBuilder,
    quarantine: Quarantine,
) -> Iterator[RecordBatch]:
    """Read from a file at random, telling `advance` which part of its bytes is done with."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        parquet = pq.ParquetFile(source, buffer_size=1 << 20)
        schema = parquet.schema_arrow
    except (pa.ArrowException, OSError, ValueError) as error:
        raise damaged(error) from error
    columns = chosen_columns(schema, options)
    if isinstance(columns, Complaint):
        quarantine.add(file, None, columns.reason, columns.message)
        return
    ids = FileIds(file, options.id_column)
    total_rows = max(parquet.metadata.num_rows, 1)
    size = source.seek(0, 2)
    row = 1
    for piece in _pieces(parquet, columns):
        yield from _take(piece, columns, ids, row, file, batch, quarantine)
        row += piece.num_rows
        advance(min(size * (row - 1) // total_rows, size))
    advance(size)


def _pieces(parquet: "pq.ParquetFile", columns: ParquetColumns) -> Iterator["pa.RecordBatch"]:
    """The needed columns, some rows at a time. Raises `BrokenInput` where the file is damaged."""
    import pyarrow as pa

    try:
        for group in range(parquet.num_row_groups):
            yield from parquet.iter_batches(
                batch_size=rows_at_once(parquet, group),
                row_groups=[group],
                columns=columns.names(),
                use_threads=False,
            )
    except (pa.ArrowException, OSError, ValueError) as error:
        raise damaged(error) from error


def _take(
    piece: "pa.RecordBatch",
    columns: ParquetColumns,
    ids: FileIds,
    first_row: int,
    file: str,
    batch: BatchBuilder,
    quarantine: Quarantine,
) -> Iterator[RecordBatch]:
    """Add the good rows of a piece to the batch, and quarantine the others."""
    import pyarrow as pa

    binary, complaints = utf8_column(piece.column(columns.text))
    tokens, id_complaints = id_tokens(
        None if columns.id is None else piece.column(columns.id),
        None if columns.url is None else piece.column(columns.url),
        ids,
        first_row,
        piece.num_rows,
    )
    moments: list[Date] = [None] * piece.num_rows if columns.date is None else dates(piece.column(columns.date))
    if not complaints and not id_complaints:
        yield from batch.add_columns(text_column(binary), tokens, file, moments)
        return
    complaints = id_complaints | complaints
    for row in sorted(complaints):
        quarantine.add(file, first_row + row, complaints[row].reason, complaints[row].message)
    kept = np.array([row for row in range(piece.num_rows) if row not in complaints], dtype=np.int64)
    kept_tokens = type(tokens).from_bytes([tokens.raw(row) for row in kept.tolist()])
    kept_dates = [moments[row] for row in kept.tolist()]
    yield from batch.add_columns(text_column(binary.take(pa.array(kept))), kept_tokens, file, kept_dates)


def chosen_columns(schema: "pa.Schema", options: ReadOptions) -> ParquetColumns | Complaint:
    """Which columns to read, or what is wrong with them."""
    names = schema.names

    def present(name: str | None) -> str | None:
        return name if name is not None and names.count(name) == 1 else None

    for column, option in ((options.text_column, "--text-column"), (options.id_column, "--id-column")):
        if column is not None and present(column) is None:
            what = "more than one" if column in names else "no"
            return Complaint(
                Reason.MISSING_COLUMN,
                f"there is {what} column {shown(column)} (columns: {shown_names(names)}); name another with {option}",
            )
    kind = schema.field(options.text_column).type
    if not holds_strings(kind):
        return Complaint(
            Reason.TEXT_NOT_STRING,
            f"the column {shown(options.text_column)} is of type {kind}, not of strings; "
            "name another with --text-column",
        )
    id_column = present(options.id_column or "id")
    if id_column is not None and not holds_ids(kind := schema.field(id_column).type):
        return Complaint(
            Reason.ID_TYPE,
            f"the ids in column {shown(id_column)} are of type {kind}; an id is a string or an integer "
            "(cast the column, or name another with --id-column)",
        )
    url = present("url") if options.id_column is None else None
    if url is not None and not holds_strings(schema.field(url).type):
        url = None
    return ParquetColumns(options.text_column, id_column, url, present(options.date_column))


def rows_at_once(parquet: "pq.ParquetFile", group: int) -> int:
    """So many rows of a row group that they hold at most about `_DECODED_BYTES` of text."""
    # The size of all columns: in a damaged file, asking for that of one can abort the process (pyarrow 26).
    metadata = parquet.metadata.row_group(group)
    rows = _DECODED_BYTES * max(metadata.num_rows, 1) // max(metadata.total_byte_size, 1)
    return int(min(max(rows, 1), _DECODED_ROWS))


def damaged(error: Exception) -> BrokenInput:
    """What broke the reading of a Parquet file, as `BrokenInput`."""
    cause = " ".join(str(error).split())[:200] or type(error).__name__
    return BrokenInput(Reason.DAMAGED_FILE, f"the Parquet file is damaged ({cause}); fetch or write it again")
