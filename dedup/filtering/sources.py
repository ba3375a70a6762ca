"""The input of a run: batch by batch from where it was left, refused where it is no longer the same."""

import os
import stat
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from dedup.errors import InputError
from dedup.filtering.feeding import Blocks, Feed, PipeBlocks, Run, file_blocks
from dedup.filtering.lines import LineReader
from dedup.filtering.options import FilterOptions
from dedup.filtering.records import Batch, LineBatch, Place
from dedup.reading import ReadOptions
from dedup.reading.formats import foreign_format
from dedup.reading.opening import BrokenInput, InputStream
from dedup.reading.paths import STDIN, shown_path

_CHECKED = 1 << 20


class Status(NamedTuple):
    """Size and time of change (nanoseconds) of a file: what is alike in both is taken to be unchanged."""

    size: int
    changed: int


@dataclass(frozen=True, slots=True)
class Reached:
    """How far a run has come in its input.

    `before` and `until` are the places before and behind the last batch; `checksum` is the CRC-32 of everything up to
    `until` (for Parquet, of the footer), which tells the input from another one, not from a forged one. `status` is
    that of the file as it was opened, None for a stream. `terminated`: whether the last line has a newline.
    """

    before: Place
    until: Place
    checksum: int = 0
    status: Status | None = None
    terminated: bool = True


START = Reached(Place(), Place())


class Step(NamedTuple):
    """One batch, how far the input is read with it, and how many bytes, as they are stored, it took to read it."""

    batch: Batch
    reached: Reached
    stored_bytes: int


class Source(Protocol):
    """An input that is open."""

    total_bytes: int | None

    def steps(self) -> Iterator[Step]:
        """The batches: first, where the last one was not done with, just this one; then what follows."""
        ...

    def close(self) -> None:
        """Close the file; stdin stays open."""
        ...


class LineSource:
    """JSON lines, plain or compressed. Only a regular file that is not compressed is gone on with in the middle."""

    def __init__(self, file: str, reading: ReadOptions, options: FilterOptions, reached: Reached) -> None:
        self._file = file
        self._reading = reading
        self._options = options
        self._reached = reached
        self._stored = 0
        self.status = status_of(file)
        self.total_bytes = None if self.status is None else self.status.size
        if self.status is None and file != STDIN and not os.path.exists(file):
            raise InputError(f"{named(file)}: no such file; check the name")
        self._stream: InputStream | None = None
        if self.status is not None:
            with broken_input(file):
                self._stream = InputStream(file, self._count)
            try:
                self._check(self._stream.first_bytes)
            except InputError:
                self._stream.close()
                raise

    def close(self) -> None:
        """Close the file; a pipe is closed when it has been read."""
        if self._stream is not None:
            self._stream.close()

    def _check(self, first: bytes) -> None:
        """Refuse what is of another format by its first bytes."""
        foreign = foreign_format(first)
        if foreign is not None or first.startswith(b"PAR1"):
            what = foreign or "a Parquet file; say so with --format parquet"
            raise InputError(f"{named(self._file)}: the input is {what}; filter reads JSON lines and Parquet")

    def _count(self, size: int) -> None:
        self._stored += size

    def steps(self) -> Iterator[Step]:
        """The batches, as `Source` has it. Raises InputError where the input is not the one that was read before."""
        with broken_input(self._file):
            yield from self._steps()

    def _steps(self) -> Iterator[Step]:
        reached = self._reached
        same = self.status is not None and self.status == reached.status
        start = reached.before.offset if same else 0
        blocks: Blocks
        if self._stream is None:
            blocks, position = PipeBlocks(self._file, self._count, self._check), 0
        else:
            blocks, position = file_blocks(self._stream, start)
            if position:
                self._count(position)
        delay = self._options.flush_interval if self._stream is None else None
        feed = Feed(blocks, self._options.batch_bytes, self._options.batch, delay)
        pending = self._known(feed, position)
        checksum = reached.checksum
        reader = LineReader(os.path.basename(self._file), self._reading, reached.before)
        if pending.data:
            batch = reader.batch(pending)
            if batch.until != reached.until:
                raise self._another()
            yield self._step(reached.before, batch, checksum)
        while (run := feed.run()).data:
            if not reached.terminated:
                raise InputError(
                    f"{named(self._file)}: goes on in its last line, which was read as a record already; "
                    "only whole lines can be added"
                )
            checksum = zlib.crc32(run.data, checksum)
            before = reader.place
            yield self._step(before, reader.batch(run), checksum)
        self._still_the_same(reader.place)

    def _known(self, feed: Feed, position: int) -> Run:
        """Pass over what was done with; the last batch where it was not. Refuse another input than that."""
        before, until = self._reached.before.offset, self._reached.until.offset
        trusted = 0 < before == position
        checksum = 0
        while position < before:
            block = feed.take(min(before - position, _CHECKED)).data
            if not block:
                raise self._another()
            checksum = zlib.crc32(block, checksum)
            position += len(block)
        pending = feed.take(until - before)
        if len(pending.data) < until - before:
            raise self._another()
        if not trusted and zlib.crc32(pending.data, checksum) != self._reached.checksum:
            raise self._another()
        return pending

    def _step(self, before: Place, batch: LineBatch, checksum: int) -> Step:
        reached = Reached(before, batch.until, checksum, self.status, batch.terminated)
        stored, self._stored = self._stored, 0
        return Step(batch, reached, stored)

    def _still_the_same(self, end: Place) -> None:
        """Refuse to call a file read to its end that was written anew meanwhile."""
        now = status_of(self._file)
        if self.status is None or now == self.status:
            return
        if now is None or now.size <= self.status.size:
            raise InputError(
                f"{named(self._file)}: was changed while it was read, at {end.number:,} lines; "
                "restore it and run the same command again"
            )

    def _another(self) -> InputError:
        return another_input(self._file, f"its first {self._reached.until.offset:,} bytes are others")


def another_input(file: str, how: str) -> InputError:
    """The refusal of an input that is not the one that the run began with."""
    if file == STDIN:
        return InputError(
            f"standard input is another stream than the one that this run began with: {how}; replay that one to go "
            "on, or forget it with --restart (what it added stays in the index)"
        )
    return InputError(
        f"{named(file)}: was changed since this run began: {how}; restore it to go on, or forget the run with "
        "--restart (what it added stays in the index)"
    )


def status_of(file: str) -> Status | None:
    """Size and time of change of a regular file, None for stdin and pipes."""
    if file == STDIN:
        return None
    try:
        status = os.stat(file)
    except (OSError, ValueError):
        return None
    return Status(status.st_size, status.st_mtime_ns) if stat.S_ISREG(status.st_mode) else None


def named(file: str) -> str:
    """An input as it is called in messages."""
    return "standard input" if file == STDIN else shown_path(file)


class broken_input:  # noqa: N801 - a context manager, used as a function
    """Makes an InputError, which names the file, of what breaks its reading."""

    def __init__(self, file: str) -> None:
        self._file = file

    def __enter__(self) -> None:
        """Nothing is done."""

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if isinstance(error, BrokenInput):
            raise InputError(f"{named(self._file)}: {error.message}") from None
