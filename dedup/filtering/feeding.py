"""Cutting a stream of bytes into runs of whole lines, at the same places however the bytes come."""

import queue
import threading
import time
from collections.abc import Callable
from typing import NamedTuple, Protocol

import numpy as np

from dedup.errors import DedupError
from dedup.kernels import I64, U8
from dedup.reading.opening import BrokenInput, InputStream

_NEWLINE = 10
_BLOCK = 1 << 20
_WAITING = 64
"""Blocks of a pipe that are read ahead."""


class Blocks(Protocol):
    """A stream of bytes, block by block."""

    def read(self, timeout: float | None) -> bytes | None:
        """The next block, empty at the end; None where none came within `timeout` seconds."""
        ...


class FileBlocks:
    """The blocks of a file, which never lets anybody wait."""

    def __init__(self, read: Callable[[], bytes]) -> None:
        self._read = read

    def read(self, timeout: float | None) -> bytes | None:
        """The next block."""
        return self._read()


class PipeBlocks:
    """The blocks of a pipe, opened and read by a thread of its own, so that one can stop waiting for them.

    `check` is given the first block, and what it raises is raised by `read`.
    """

    def __init__(self, file: str, count: Callable[[int], None], check: Callable[[bytes], None]) -> None:
        self._file = file
        self._count = count
        self._check = check
        self._blocks: queue.Queue[bytes | BaseException] = queue.Queue(_WAITING)
        # A thread that waits for a pipe cannot be ended; as a daemon it does not keep the process.
        threading.Thread(target=self._pump, name="dedup-pipe", daemon=True).start()

    def read(self, timeout: float | None) -> bytes | None:
        """The next block. What reading raised is raised here."""
        try:
            block = self._blocks.get(timeout=timeout)
        except queue.Empty:
            return None
        if isinstance(block, BaseException):
            raise block
        return block

    def _pump(self) -> None:
        try:
            with InputStream(self._file, self._count, sniffs=False) as stream:
                block = stream.read()
                self._check(block)
                while block:
                    self._blocks.put(block)
                    block = stream.read()
            self._blocks.put(b"")
        except (BrokenInput, DedupError, OSError, ValueError) as error:
            self._blocks.put(error)


class Run(NamedTuple):
    """Some whole lines, and where each ends (int64, behind its newline). The last one may have neither."""

    data: memoryview
    ends: I64


class Feed:
    """Runs of whole lines of a stream.

    A run holds `most_lines` at the most, and `most_bytes` unless it is one line. It depends on where it begins, and not
    on how the bytes come; but with `delay`, in seconds, a run is given so long after its first line has come.
    """

    def __init__(self, blocks: Blocks, most_bytes: int, most_lines: int, delay: float | None) -> None:
        self._blocks = blocks
        self._most_bytes = most_bytes
        self._most_lines = most_lines
        self._delay = delay
        # A run is a part of the array that its bytes were read into; what is not given yet stands behind `_first`.
        self._room: U8 = np.empty(0, dtype=np.uint8)
        self._first = 0
        self._held = 0
        self._ends: list[I64] = []
        self._lines = 0
        self._at_end = False

    def take(self, size: int) -> Run:
        """The next `size` bytes, fewer only at the end."""
        while self._held < size and not self._at_end:
            self._more(None)
        return self._given(min(size, self._held))

    def run(self) -> Run:
        """The next run, empty at the end."""
        deadline: float | None = None
        while True:
            if self._lines and (self._held > self._most_bytes or self._lines >= self._most_lines):
                return self._given(self._cut())
            if self._at_end:
                return self._given(self._held)
            if self._lines and self._delay is not None:
                deadline = deadline or time.monotonic() + self._delay
                if not self._more(max(deadline - time.monotonic(), 0.0)) or time.monotonic() >= deadline:
                    return self._given(self._held if self._at_end else self._cut())
            else:
                self._more(None)

    def _more(self, timeout: float | None) -> bool:
        block = self._blocks.read(timeout)
        if block is None:
            return False
        self._at_end = not block
        data: U8 = np.frombuffer(block, dtype=np.uint8)
        ends = np.flatnonzero(data == _NEWLINE) + (self._held + 1)
        if ends.size:
            self._ends.append(ends)
            self._lines += ends.size
        end = self._first + self._held + data.size
        if end > self._room.size:
            self._make_room(self._held + data.size)
            end = self._held + data.size
        self._room[end - data.size : end] = data
        self._held += data.size
        return True

    def _make_room(self, size: int) -> None:
        """Go on in another array, which takes no memory where nothing is written yet."""
        # A run and the block behind it need no more, unless a line is longer.
        usual = min(self._most_bytes + 2 * _BLOCK, 2 * max(self._room.size, size))
        room = np.empty(max(usual, size + size // 2), dtype=np.uint8)
        room[: self._held] = self._room[self._first : self._first + self._held]
        self._room, self._first = room, 0

    def _cut(self) -> int:
        """Where the run ends of which there is a line or more."""
        ends = self._every_end()
        fitting = int(np.searchsorted(ends, self._most_bytes, side="right"))
        return int(ends[min(max(fitting, 1), self._most_lines) - 1])

    def _every_end(self) -> I64:
        if len(self._ends) != 1:
            self._ends = [np.concatenate([np.zeros(0, dtype=np.int64), *self._ends])]
        return self._ends[0]

    def _given(self, size: int) -> Run:
        ends = self._every_end()
        count = int(np.searchsorted(ends, size, side="right"))
        data = self._room[self._first : self._first + size].data
        self._first += size
        self._held -= size
        self._ends = [ends[count:] - size]
        self._lines -= count
        return Run(data, ends[:count])


def file_blocks(stream: InputStream, offset: int) -> tuple[Blocks, int]:
    """The blocks of a file, and from which byte on: from `offset` where it can be gone to, else from the beginning."""
    stored = stream.stored_file()
    if stored is None:
        return FileBlocks(stream.read), 0
    stored.seek(offset)
    return FileBlocks(lambda: stored.read(_BLOCK)), offset
