"""Files that grow and can be cut back to where the index knows them to be, and what has no such place."""

import contextlib
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO, Protocol, TypeAlias

from dedup.errors import DedupError
from dedup.reading.paths import shown_path

STDOUT = "-"

State = tuple[int, ...]
"""Where an output stands, as it is kept in the index."""


Bytes: TypeAlias = bytes | memoryview
"""Bytes, or where they stand."""


class Sink(Protocol):
    """Where bytes go, in order."""

    def write(self, data: Bytes) -> None:
        """Take more bytes; what was written survives the process."""
        ...

    def state(self) -> State:
        """Where the output stands."""
        ...

    def settle(self, state: State) -> None:
        """The index holds this state: what is complete by it is shown under its name."""
        ...

    def finish(self) -> None:
        """There is no more to come; what is there is complete once the state after this one is settled."""
        ...

    def close(self) -> None:
        """Close what is open."""
        ...


class StandardOutput:
    """Standard output, or a pipe or device: what was written cannot be taken back."""

    def __init__(self, path: str) -> None:
        self._stream: BinaryIO = sys.stdout.buffer if path == STDOUT else open(path, "wb")  # noqa: SIM115 - see `close`
        self._opened = path != STDOUT

    def write(self, data: Bytes) -> None:
        """Write, and leave nothing in a buffer."""
        if data:
            self._stream.write(data)
            self._stream.flush()

    def state(self) -> State:
        """Nothing is known of it."""
        return ()

    def settle(self, state: State) -> None:
        """Nothing is hidden."""

    def finish(self) -> None:
        """Nothing is to be done."""

    def close(self) -> None:
        """Close what was opened here."""
        if self._opened:
            with contextlib.suppress(OSError):
                self._stream.close()


class AppendedFile:
    """One file under its own name. `state` None is the beginning of a run: what stands there is replaced if `replace`.

    Raises DedupError where the file is shorter than its state, and where something stands in its place.
    """

    def __init__(self, path: str, state: State | None, *, replace: bool, durable: bool) -> None:
        self._path = Path(path)
        self._durable = durable
        if state is None and not replace and self._path.exists() and self._path.stat().st_size:
            raise DedupError(
                f"{shown_path(path)}: stands there already and is not of this run; name another file, or replace it "
                "with --restart"
            )
        self._length = state[0] if state else 0
        size = self._path.stat().st_size if self._path.exists() else 0
        if size < self._length:
            raise DedupError(
                f"{shown_path(path)}: has {size:,} bytes, and this run had written {self._length:,}; put it back to go "
                "on, or begin anew with --restart and another index"
            )
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
        self._file = os.fdopen(descriptor, "r+b", buffering=0)
        self._file.truncate(self._length)
        self._file.seek(self._length)

    def write(self, data: Bytes) -> None:
        """Append."""
        left = memoryview(data)
        while left:
            left = left[self._file.write(left) :]
        self._length += len(data)
        if self._durable and data:
            os.fsync(self._file.fileno())

    def state(self) -> State:
        """The length."""
        return (self._length,)

    def settle(self, state: State) -> None:
        """Nothing is hidden."""

    def finish(self) -> None:
        """Leave it on the disk."""
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close it."""
        self._file.close()


class ReplacedFile:
    """One file that is written beside its place and renamed when it is finished and settled: whole or not at all."""

    def __init__(self, path: str) -> None:
        self._target = Path(path).resolve()
        self._part = self._target.with_name(f".{self._target.name[:48]}.{os.urandom(6).hex()}.part")
        self._file = AppendedFile(str(self._part), None, replace=False, durable=False)
        self._finished = False

    def write(self, data: Bytes) -> None:
        """Append."""
        self._file.write(data)

    def state(self) -> State:
        """The length."""
        return self._file.state()

    def settle(self, state: State) -> None:
        """Rename it, if it is finished."""
        if self._finished:
            if self._target.exists():
                self._part.chmod(self._target.stat().st_mode & 0o7777)
            self._part.replace(self._target)

    def finish(self) -> None:
        """Leave it on the disk."""
        self._file.finish()
        self._finished = True

    def close(self) -> None:
        """Close it; what was not finished goes."""
        self._file.close()
        with contextlib.suppress(OSError):
            self._part.unlink()


class Shards:
    """Numbered files in a folder, each written under a hidden name and renamed when the index knows it complete."""

    def __init__(
        self, folder: str, suffix: str, state: State | None, *, replace: bool, durable: bool, shard_bytes: int
    ) -> None:
        self._folder = Path(folder)
        self._suffix = suffix
        self._durable = durable
        self._shard_bytes = shard_bytes
        self._number, length = state or (0, 0)
        self._file: AppendedFile | None = None
        self._complete: list[int] = []
        prepare_folder(self._folder, empty=state is None, replace=replace)
        # The index knows those before the current one to be complete.
        for number, path in hidden_parts(self._folder):
            if number < self._number:
                path.replace(self.path(number))
            elif number > self._number or length == 0:
                path.unlink()
        if length:
            self._file = AppendedFile(str(self._hidden(self._number)), (length,), replace=False, durable=durable)

    def path(self, number: int) -> Path:
        """The name of a shard that is complete."""
        return self._folder / f"part-{number:05}{self._suffix}"

    def write(self, data: Bytes) -> None:
        """Append to the current shard, and close it once it is large enough."""
        if not data:
            return
        if self._file is None:
            self._file = AppendedFile(str(self._hidden(self._number)), None, replace=True, durable=self._durable)
        self._file.write(data)
        if self._file.state()[0] >= self._shard_bytes:
            self.finish()

    def state(self) -> State:
        """The number of the current shard and its length."""
        return (self._number, self._file.state()[0] if self._file is not None else 0)

    def settle(self, state: State) -> None:
        """Rename the shards before the current one."""
        ready = [number for number in self._complete if number < state[0]]
        for number in ready:
            self._hidden(number).replace(self.path(number))
            self._complete.remove(number)

    def finish(self) -> None:
        """Close the current shard."""
        if self._file is not None:
            self._file.finish()
            self._file.close()
            self._file = None
            self._complete.append(self._number)
            self._number += 1

    def close(self) -> None:
        """Close what is open."""
        if self._file is not None:
            self._file.close()

    def _hidden(self, number: int) -> Path:
        return self._folder / f".part-{number:05}{self._suffix}.part"


class Compressed:
    """Compresses what goes into a sink, each write by itself, so that it can be cut between any two."""

    def __init__(self, sink: Sink, compress: Callable[[Bytes], bytes]) -> None:
        self._sink = sink
        self._compress = compress

    def write(self, data: Bytes) -> None:
        """Compress and write."""
        if data:
            self._sink.write(self._compress(data))

    def state(self) -> State:
        """That of the sink."""
        return self._sink.state()

    def settle(self, state: State) -> None:
        """Settle the sink."""
        self._sink.settle(state)

    def finish(self) -> None:
        """Finish the sink; an empty file would be no compressed one."""
        if self._sink.state() == (0,):
            self._sink.write(self._compress(b""))
        self._sink.finish()

    def close(self) -> None:
        """Close the sink."""
        self._sink.close()


def compression(name: str) -> Callable[[Bytes], bytes] | None:
    """How a file of this name is compressed, None where it is not."""
    if name.lower().endswith(".gz"):
        import gzip

        return lambda data: gzip.compress(data, 6, mtime=0)
    if name.lower().endswith(".zst"):
        if sys.version_info >= (3, 14):
            from compression import zstd
        else:
            from backports import zstd
        return lambda data: zstd.compress(data)
    return None


def prepare_folder(folder: Path, *, empty: bool, replace: bool) -> None:
    """Make a folder for shards. If `empty`, none may stand there: they are removed if `replace`, else refused."""
    folder.mkdir(exist_ok=True)
    if not empty:
        return
    left = [*sorted(folder.glob("part-*")), *(path for _, path in hidden_parts(folder))]
    if left and not replace:
        raise DedupError(
            f"{shown_path(str(folder))}: holds {left[0].name} already, which is not of this run; name another folder, "
            "or replace what is there with --restart"
        )
    for path in left:
        path.unlink()


def hidden_parts(folder: Path) -> Sequence[tuple[int, Path]]:
    """The shards in the making, with their numbers."""
    found = []
    for path in folder.glob(".part-*.part"):
        digits = path.name.removeprefix(".part-").split(".")[0]
        if digits.isascii() and digits.isdigit():
            found.append((int(digits), path))
    return sorted(found)


def is_special(path: str) -> bool:
    """Whether a path is standard output, a pipe or a device."""
    return path == STDOUT or (os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path))


def names_folder(path: str) -> bool:
    """Whether an output is a folder of shards: it is one, or is written like one."""
    return path.endswith(("/", os.sep)) or os.path.isdir(path)


def pieces_beside(path: Path) -> Path:
    """The hidden folder for the pieces of a file that is put together at the end."""
    return path.with_name(f".{path.name[:48]}.pieces")
