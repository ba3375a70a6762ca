"""Opening an input as a stream of decompressed bytes, and telling what broke it."""

import gzip
import io
import os
import stat
import sys
import zlib
from collections.abc import Callable
from types import TracebackType
from typing import IO, Protocol

from dedup.reading.options import Reason
from dedup.reading.paths import STDIN

CHUNK = 1 << 16
_SNIFFED = 512
_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"


class BrokenInput(Exception):  # noqa: N818 - it is caught inside this package and becomes a quarantine entry
    """The input ends here although there should be more of it."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


class _ByteSource(Protocol):
    def read1(self, size: int = ..., /) -> bytes: ...
    def close(self) -> None: ...


def unreadable(error: OSError) -> BrokenInput:
    """What the operating system said, as an entry for the whole file."""
    cause = error.strerror or str(error) or type(error).__name__
    if isinstance(error, IsADirectoryError):
        cause = "it is a folder"
    return BrokenInput(
        Reason.UNREADABLE_FILE, f"the file cannot be read ({cause}); check that it exists and may be read"
    )


class _StoredBytes(io.RawIOBase):
    """The bytes as they are stored, counted as they are read. Errors of the system become `BrokenInput`."""

    def __init__(self, source: IO[bytes], progress: Callable[[int], None] | None) -> None:
        self._source = source
        self._read = getattr(source, "read1", source.read)  # read1: what a pipe has now, not a full buffer
        self._progress = progress
        self._fetched = b""
        self._taken = 0
        self._counted = 0

    def peek(self, size: int) -> bytes:
        """The next bytes, fewer than `size` only at the end."""
        while len(self._fetched) - self._taken < size:
            more = self._fetch()
            if not more:
                break
            self._fetched, self._taken = self._fetched[self._taken :] + more, 0
        return self._fetched[self._taken : self._taken + size]

    def read(self, size: int = CHUNK, /) -> bytes:
        """Up to `size` bytes, none at the end."""
        if self._taken == len(self._fetched):
            self._fetched, self._taken = self._fetch(), 0
        taken = self._fetched[self._taken : self._taken + size]
        self._taken += len(taken)
        return taken

    read1 = read

    def advance(self, position: int) -> None:
        """Count the stored bytes up to `position` as read, if they are not yet."""
        if position > self._counted:
            self._count(position - self._counted)

    def rewind(self) -> None:
        """Forget what was read; the source stands at its start again."""
        self._fetched, self._taken = b"", 0
        self._source.seek(0)

    def _fetch(self) -> bytes:
        try:
            data: bytes = self._read(CHUNK) or b""
        except OSError as error:
            raise unreadable(error) from error
        if data:
            self._count(len(data))
        return data

    def _count(self, size: int) -> None:
        self._counted += size
        if self._progress is not None:
            self._progress(size)


class InputStream:
    """The decompressed bytes of one input, in order. Compression is told by magic bytes, never by the name.

    Use it as a context manager. Raises `BrokenInput` when opening or reading fails. `sniffs`: wait for the first bytes,
    as many as tell a format, and have them in `first_bytes`; it is empty otherwise.
    """

    def __init__(self, file: str, progress: Callable[[int], None] | None = None, *, sniffs: bool = True) -> None:
        self.file = file
        try:
            self._source = _stdin() if file == STDIN else open(file, "rb", buffering=0)  # noqa: SIM115 - see `close`
        except (OSError, ValueError) as error:
            raise unreadable(error if isinstance(error, OSError) else OSError(str(error))) from error
        self._stored = _StoredBytes(self._source, progress)
        self._plain: _ByteSource = self._stored
        self._errors: tuple[type[Exception], ...] = ()
        self._first: list[bytes] = []
        self._broken: BrokenInput | None = None
        try:
            self._plain = self._decompressed(self._stored.peek(len(_ZSTD)))
            self.first_bytes = self._sniff() if sniffs else b""
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "InputStream":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; stdin stays open."""
        self._plain.close()
        if self.file != STDIN:
            self._source.close()

    def read(self) -> bytes:
        """Some more bytes (about a megabyte at most), none at the end."""
        if self._first:
            return self._first.pop()
        if self._broken is not None:
            raise self._broken
        return self._fetch()

    def read_all(self) -> bytes:
        """All bytes that are left."""
        pieces = []
        while piece := self.read():
            pieces.append(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def advance(self, position: int) -> None:
        """Tell the progress that the stored file is consumed up to `position`, for one read at random."""
        self._stored.advance(position)

    def stored_file(self) -> IO[bytes] | None:
        """The file itself, at its start, where it is a regular one that is not compressed; None otherwise."""
        if self.file == STDIN or self._errors or not stat.S_ISREG(os.fstat(self._source.fileno()).st_mode):
            return None
        self._stored.rewind()
        return self._source

    def _decompressed(self, magic: bytes) -> _ByteSource:
        if magic.startswith(_GZIP):
            self._errors = (EOFError, gzip.BadGzipFile, zlib.error)
            return gzip.GzipFile(fileobj=self._stored, mode="rb")
        # A zstd file may also begin with a skippable frame, of magic 0x184D2A50 to 0x184D2A5F.
        if magic == _ZSTD or (magic[1:] == b"\x2a\x4d\x18" and magic[0] >> 4 == 5):
            if sys.version_info >= (3, 14):
                from compression import zstd
            else:
                from backports import zstd
            self._errors = (EOFError, zstd.ZstdError)
            return zstd.ZstdFile(self._stored)
        return self._stored

    def _fetch(self) -> bytes:
        if not self._errors:
            return self._plain.read1(CHUNK)
        try:
            # Not `read`: what a failing `read` has decompressed already is lost, a failing `read1` has nothing.
            return self._plain.read1(CHUNK)
        except self._errors as error:
            kind = "cut off" if isinstance(error, EOFError) else "damaged"
            raise BrokenInput(
                Reason.DAMAGED_FILE,
                f"the compressed data is {kind} ({error}); fetch or compress the file again",
            ) from error

    def _sniff(self) -> bytes:
        """The first bytes, enough to tell a format, without taking them from the stream."""
        first = b""
        try:
            while len(first) < _SNIFFED and (more := self._fetch()):
                first += more
        except BrokenInput as error:
            self._broken = error
        if first:
            self._first.append(first)
        return first


def _stdin() -> IO[bytes]:
    if sys.stdin is None:
        raise OSError("there is no stdin")
    buffer = getattr(sys.stdin, "buffer", None)
    return buffer if buffer is not None else io.BytesIO(sys.stdin.read().encode("utf-8", "surrogatepass"))
