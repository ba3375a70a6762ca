"""Parquet as output: pieces that are written batch by batch, and merged to one file, or to shards, when complete."""

import contextlib
import json
import os
import shutil
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np

from dedup.errors import DedupError
from dedup.filtering.cleaning import cleaned_texts
from dedup.filtering.files import STDOUT, State, is_special, names_folder, pieces_beside, prepare_folder
from dedup.filtering.line_output import COLUMNS, EVERY_COLUMN, PASSAGES, id_text
from dedup.filtering.options import FilterOptions, Mode
from dedup.filtering.outputs import Where
from dedup.filtering.records import Batch, RowBatch
from dedup.filtering.rows import rows_where
from dedup.filtering.verdicts import REASONS, Verdicts
from dedup.reading.paths import shown_path
from dedup.reporting.json_columns import rounded_scores

if TYPE_CHECKING:
    import pyarrow as pa

_GROUP_BYTES = 64 << 20
_GROUP_ROWS = 1 << 16
"""A row group is closed with the piece by which it reaches one of these."""


class RowOutput:
    """Rows into a Parquet file, standard output, or a folder of shards.

    A Parquet file cannot be appended to. So each batch becomes a piece, a file of its own in a hidden folder that bears
    the number of its shard, and the pieces of a shard are merged once the index knows them complete.
    """

    def __init__(self, where: Where, schema: "pa.Schema", options: FilterOptions, state: State | None) -> None:
        self._target = target = where.target
        self._options = options
        self._text_column = where.text_column
        self._config = where.config
        annotates = options.mode is Mode.ANNOTATE
        self._schema = _annotated_schema(schema, where.with_passages) if annotates else schema
        self._sharded = names_folder(target)
        self._shard, self._next, self._size = state or (0, 0, 0)
        self._kept = where.kept
        path = Path(target)
        if self._sharded:
            prepare_folder(path, empty=state is None, replace=options.restart)
            self._pieces = path / ".pieces"
        elif is_special(target):
            self._pieces = Path(where.workspace)
        else:
            self._pieces = pieces_beside(path)
            if state is None and where.kept and not options.restart and path.exists():
                raise DedupError(
                    f"{shown_path(target)}: stands there already and is not of this run; name another file, or replace "
                    "it with --restart"
                )
        if state is None:
            shutil.rmtree(self._pieces, ignore_errors=True)
        self._pieces.mkdir(exist_ok=True)
        for piece in self._of_shard(self._shard)[self._next :]:
            piece.unlink()
        if state is not None:
            self.settle(state)

    def write(self, batch: Batch, verdicts: Verdicts) -> None:
        """Write what is left of a batch of rows as a piece."""
        assert isinstance(batch, RowBatch)  # noqa: S101 - the output was chosen by the format
        rows = self._rows(batch, verdicts)
        if rows.num_rows:
            self._put(rows)
        if self._sharded and self._size >= self._options.shard_bytes:
            self._close_shard()

    def state(self) -> State:
        """The number of the current shard, and how many pieces and bytes it has."""
        return (self._shard, self._next, self._size)

    def settle(self, state: State) -> None:
        """Merge the pieces of the shards before the current one."""
        numbers = {int(piece.name.split("-")[0]) for piece in self._every_piece()}
        for number in sorted(number for number in numbers if number < state[0]):
            pieces = self._of_shard(number)
            target = self._merged(number)
            # Where the shard is there already, removing its pieces was interrupted.
            if target is not None and not (self._sharded and target.exists()):
                self._merge_into_file(pieces, target)
            for piece in reversed(pieces):
                piece.unlink()

    def finish(self) -> None:
        """Close the last shard; a file without rows is one too."""
        if self._next or not self._sharded:
            if not self._next:
                self._put(self._schema.empty_table())
            if is_special(self._target):
                self._merge_into_stream(self._of_shard(self._shard))
            self._close_shard()

    def close(self) -> None:
        """Remove the folder of pieces if none is left, or if the run cannot be gone on with."""
        if not self._kept:
            shutil.rmtree(self._pieces, ignore_errors=True)
        with contextlib.suppress(OSError):
            self._pieces.rmdir()

    def _rows(self, batch: RowBatch, verdicts: Verdicts) -> "pa.Table":
        import pyarrow as pa

        if self._options.mode is Mode.ANNOTATE:
            return _annotated(batch.rows, verdicts)
        if self._options.mode is Mode.DROP:
            return rows_where(batch.rows, verdicts.keep)
        cleaned = cleaned_texts(batch.texts, verdicts, self._config)
        if not cleaned:
            return batch.rows
        texts = [cleaned[row].encode() if row in cleaned else batch.texts.raw(row) for row in range(len(batch))]
        place = batch.rows.schema.get_field_index(self._text_column)
        field = batch.rows.schema.field(place)
        encoded = pa.array(texts, type=pa.large_binary())
        return batch.rows.set_column(place, field, _as_type(encoded, field.type))

    def _put(self, rows: "pa.Table") -> None:
        import pyarrow as pa

        path = self._pieces / f"{self._shard:05}-{self._next:06}"
        with path.open("wb") as stream:
            with pa.ipc.new_file(stream, self._schema) as writer:
                writer.write_table(rows)
            if self._options.full_durability:
                stream.flush()
                os.fsync(stream.fileno())
        self._size += path.stat().st_size
        self._next += 1

    def _close_shard(self) -> None:
        self._shard, self._next, self._size = self._shard + 1, 0, 0

    def _every_piece(self) -> list[Path]:
        return sorted(self._pieces.glob("[0-9]*-[0-9]*"))

    def _of_shard(self, number: int) -> list[Path]:
        return sorted(self._pieces.glob(f"{number:05}-[0-9]*"))

    def _merged(self, number: int) -> Path | None:
        """Where a shard goes; None where it was written already."""
        if self._sharded:
            return Path(self._target) / f"part-{number:05}.parquet"
        return None if is_special(self._target) else Path(self._target).resolve()

    def _merge_into_file(self, pieces: list[Path], target: Path) -> None:
        part = target.with_name(f".{target.name[:48]}.part")
        with part.open("wb") as stream:
            self._merge(pieces, stream)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(target)

    def _merge_into_stream(self, pieces: list[Path]) -> None:
        if self._target == STDOUT:
            self._merge(pieces, sys.stdout.buffer)
            sys.stdout.buffer.flush()
            return
        with open(self._target, "wb") as stream:
            self._merge(pieces, stream)

    def _merge(self, pieces: list[Path], stream: IO[bytes]) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        with pq.ParquetWriter(stream, self._schema, compression="zstd") as writer:
            held: list[pa.Table] = []
            for piece in pieces:
                with pa.OSFile(str(piece)) as file:
                    held.append(pa.ipc.open_file(file).read_all())
                rows, size = sum(each.num_rows for each in held), sum(each.nbytes for each in held)
                if rows >= _GROUP_ROWS or size >= _GROUP_BYTES:
                    writer.write_table(pa.concat_tables(held).combine_chunks(), row_group_size=max(rows, 1))
                    held = []
            if held:
                rows = sum(each.num_rows for each in held)
                writer.write_table(pa.concat_tables(held).combine_chunks(), row_group_size=max(rows, 1))


def _annotated_schema(schema: "pa.Schema", with_passages: bool) -> "pa.Schema":
    import pyarrow as pa

    kinds = (pa.bool_(), pa.string(), pa.string(), pa.string(), pa.float64(), pa.float64())
    own = [field for field in schema if field.name not in EVERY_COLUMN]
    added = [*map(pa.field, COLUMNS, kinds)]
    if with_passages:
        added.append(pa.field(PASSAGES, _passage_type()))
    return pa.schema([*own, *added], metadata=schema.metadata)


def _passage_type() -> "pa.DataType":
    """The type of passages: where each stands in the record (`right`) and in an earlier document (`left`)."""
    import pyarrow as pa

    places = [(name, pa.int64()) for name in ("start", "end", "line", "end_line")]
    side = pa.struct([("document", pa.string()), *places])
    numbers = [("resemblance", pa.float64()), ("cosine", pa.float64())]
    return pa.list_(pa.struct([("relation", pa.string()), ("left", side), ("right", side), *numbers]))


def _passages(value: bytes) -> list[dict[str, object]]:
    """Passages as values of that type."""
    found = json.loads(value)
    for passage in found:
        for side in ("left", "right"):
            passage[side]["document"] = _id_string(json.dumps(passage[side]["document"]).encode())
    return [
        {name: passage[name] for name in ("relation", "left", "right", "resemblance", "cosine")} for passage in found
    ]


def _annotated(rows: "pa.Table", verdicts: Verdicts) -> "pa.Table":
    """The rows with what is decided on them as further columns; those of an earlier run are replaced."""
    import pyarrow as pa

    count = len(verdicts)
    rows = rows.drop_columns([name for name in EVERY_COLUMN if name in rows.schema.names])
    reasons = [str(REASONS[code]) for code in verdicts.reasons.tolist()]
    representatives: list[str | None] = [None] * count
    relations: list[str | None] = [None] * count
    for row, token in zip(verdicts.dropped.tolist(), verdicts.representatives, strict=True):
        representatives[row], relations[row] = _id_string(token), reasons[row]
    scores = np.full((2, count), np.nan)
    scores[:, verdicts.dropped] = [rounded_scores(verdicts.scores[0]), rounded_scores(verdicts.scores[3])]
    columns = (
        pa.array(verdicts.keep),
        pa.array(reasons, type=pa.string()),
        pa.array(representatives, type=pa.string()),
        pa.array(relations, type=pa.string()),
        *(pa.array(each, mask=np.isnan(each)) for each in scores),
    )
    for name, column in zip(COLUMNS, columns, strict=True):
        rows = rows.append_column(name, column)
    if verdicts.passages is not None:
        told = [_passages(verdicts.passages.get(row, b"[]")) for row in range(count)]
        rows = rows.append_column(PASSAGES, pa.array(told, type=_passage_type()))
    return rows


def _id_string(token: bytes) -> str | None:
    """An id as a string: a string as it is, but for lone surrogates, and an integer in digits."""
    if not token:
        return None
    value = json.loads(id_text(token))
    return str(value).encode("utf-8", "backslashreplace").decode()


def _as_type(encoded: "pa.Array", kind: "pa.DataType") -> "pa.Array":
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        return encoded.cast(kind.value_type).dictionary_encode().cast(kind)
    return encoded.cast(kind)
