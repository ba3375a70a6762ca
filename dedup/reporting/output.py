"""Where a report goes: standard output, or a file that is there whole or not at all."""

import contextlib
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from dedup.errors import DedupError

STDOUT = "-"


def check_writable(path: str) -> None:
    """Raise `DedupError` where `path` cannot be written, before anybody waits for a result that is lost."""
    if path == STDOUT:
        return
    target = Path(path)
    try:
        if target.is_dir():
            raise DedupError(f"{path}: is a folder; name a file")
        folder = target.resolve().parent
        if not folder.is_dir():
            raise DedupError(f"{path}: the folder {folder} does not exist; create it first")
        if not _is_special(target) and not os.access(folder, os.W_OK):
            raise DedupError(f"{path}: the folder {folder} cannot be written to")
    except OSError as error:
        raise DedupError(f"{path}: cannot be written: {error.strerror or error}") from error


@contextlib.contextmanager
def open_output(path: str) -> Iterator[BinaryIO]:
    """Open a binary stream to `path`, `-` being standard output.

    A file is written beside its place and renamed over it when the block ends well, so that a process killed
    half-way leaves no half file, and what stood there before still stands when the block fails. Links are
    followed and the permissions of a file that is replaced are kept. Pipes and devices are written directly.
    Raises `DedupError` where the system refuses; a broken pipe stays `BrokenPipeError`.
    """
    try:
        if path == STDOUT:
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
        elif _is_special(Path(path)):
            with Path(path).open("wb") as stream:
                yield stream
        else:
            with _replacing(Path(path).resolve()) as stream:
                yield stream
    except BrokenPipeError:
        raise
    except OSError as error:
        name = "standard output" if path == STDOUT else path
        raise DedupError(f"{name}: cannot be written: {error.strerror or error}") from error


def _is_special(path: Path) -> bool:
    return path.exists() and not path.is_file()


@contextlib.contextmanager
def _replacing(target: Path) -> Iterator[BinaryIO]:
    # The name is cut because a file system allows 255 bytes, and a character may take four of them.
    temporary = target.with_name(f".{target.name[:48]}.{os.urandom(6).hex()}.part")
    mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o666
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        if target.exists():
            temporary.chmod(mode)
        temporary.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
