"""Files of an index that are written once: by a temporary file that is renamed when all of it is on the disk."""

import errno
import json
import mmap
import os
import struct
import zlib
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np

from dedup.errors import StoreError
from dedup.index.tables import Layout
from dedup.kernels import BLOCK_WORDS, U64, Kernels

SEGMENT_MAGIC = b"dedup segment 1\n"
_HEAD = struct.Struct("<16sQQ")
_PAGE = 8 * BLOCK_WORDS


class Mapped(NamedTuple):
    """A segment file in memory as the system maps it: its layout and the sums of its blocks."""

    layout: Layout
    sums: U64
    size: int


def write_file(path: Path, pieces: Iterable[bytes | memoryview | U64]) -> int:
    """Write a file whole or not at all, safe from a loss of power when it is there; its size.

    Raises StoreError where the disk is full or the folder cannot be written to.
    """
    temporary = path.with_name(path.name + ".new")
    size = 0
    try:
        with temporary.open("wb") as file:
            for piece in pieces:
                size += file.write(piece.data if isinstance(piece, np.ndarray) else piece)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise cannot_write(path, error) from error
    return size


def cannot_write(path: Path, error: OSError) -> StoreError:
    """What the system said, and what to do."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreError(f"{path}: the disk is full; free some space and run the same again: nothing is lost")
    return StoreError(f"{path}: cannot be written: {error.strerror or error}")


def sync_folder(folder: Path) -> None:
    """Make the names of a folder safe from a loss of power, where the system can."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def write_segment(path: Path, layout: Layout, kernels: Kernels) -> int:
    """Write a layout with a checksum for each block; the size of the file."""
    header = json.dumps({"words": int(layout.words.size), "sections": layout.sections}).encode()
    sums = kernels.sum_blocks(layout.words)
    head = _HEAD.pack(SEGMENT_MAGIC, len(header), zlib.crc32(header))
    padding = -(len(head) + len(header)) % _PAGE
    tail = struct.pack("<Q", zlib.crc32(sums.tobytes()))
    return write_file(path, [head, header, bytes(padding), layout.words, sums, tail])


def open_segment(path: Path, size: int) -> Mapped:
    """Map a segment file of which the catalogue says that it has so many bytes.

    Only its header and the sums are looked at. Raises StoreError where the file is cut off or damaged, and
    FileNotFoundError where it is not there.
    """
    data = map_file(path, size)
    magic, length, crc = _HEAD.unpack_from(data) if len(data) >= _HEAD.size else (b"", 0, 0)
    if magic != SEGMENT_MAGIC:
        raise StoreError(f"{path}: is no segment file of this version of the index")
    header = bytes(data[_HEAD.size : _HEAD.size + length])
    if zlib.crc32(header) != crc:
        raise damaged(path, "its header")
    known = json.loads(header)
    n_words = int(known["words"])
    begin = -(-(_HEAD.size + length) // _PAGE) * _PAGE
    words = np.frombuffer(data, dtype=np.uint64, count=n_words, offset=begin)
    n_sums = -(-n_words // BLOCK_WORDS)
    sums = np.frombuffer(data, dtype=np.uint64, count=n_sums + 1, offset=begin + 8 * n_words)
    if zlib.crc32(sums[:-1].tobytes()) != int(sums[-1]):
        raise damaged(path, "its checksums")
    sections = {name: (dtype, first, count) for name, (dtype, first, count) in known["sections"].items()}
    return Mapped(Layout(words, sections), sums[:-1], size)


def map_file(path: Path, size: int) -> memoryview | mmap.mmap:
    """The bytes of a file. Raises StoreError where it is of another size."""
    with path.open("rb") as file:
        found = os.fstat(file.fileno()).st_size
        if found != size:
            raise StoreError(
                f"{path}: has {found:,} bytes and should have {size:,}: it was cut off or changed. Put it back from a "
                "copy of the index, or make the index anew"
            )
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def damaged(path: Path, what: str) -> StoreError:
    """What to say of bytes that are not what they were."""
    return StoreError(
        f"{path}: {what} {'do' if what.endswith('s') else 'does'} not match the checksum: the file is damaged. Put it "
        "back from a copy of the index, or make the index anew"
    )
