"""Batches of records as they came, with what is decided by beside them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dedup.kernels import I64, U8
from dedup.model import IdColumn, TextColumn

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the input, between two records.

    `offset` counts bytes (decompressed) of JSON lines and rows of Parquet, `number` the lines or rows before it.
    `id_kind` is the type of the ids so far, `str` or `int`, or None: all of a file are alike.
    """

    offset: int = 0
    number: int = 0
    id_kind: str | None = None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record that cannot be read: the number of its line or row, why, what to do, and its bytes."""

    number: int
    reason: str
    message: str
    content: bytes


@dataclass(frozen=True, slots=True)
class LineBatch:
    """Some consecutive lines.

    The line of record i is `data[starts[i]:ends[i]]`, its newline included, and has the number `numbers[i]`, from 1.
    `until` is the place behind the last line; `terminated` says whether that one has a newline.
    """

    texts: TextColumn
    ids: IdColumn
    numbers: I64
    unreadable: list[Unreadable]
    until: Place
    data: U8
    starts: I64
    ends: I64
    terminated: bool

    def __len__(self) -> int:
        return len(self.texts)


@dataclass(frozen=True, slots=True)
class RowBatch:
    """Some consecutive rows of a Parquet file, those that can be read, with all their columns in `rows`."""

    texts: TextColumn
    ids: IdColumn
    numbers: I64
    unreadable: list[Unreadable]
    until: Place
    rows: "pa.Table"

    def __len__(self) -> int:
        return len(self.texts)


Batch = LineBatch | RowBatch
