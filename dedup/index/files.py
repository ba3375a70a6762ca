"""Files of an index that are written once: by a temporary file that is renamed when all of it is on the disk."""

import errno
import json
import mmap
import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.errors import StoreError
from dedup.index.tables import Layout, MergedTable, PrefixCounts
from dedup.kernels import U8, U64, Kernels
from dedup.kernels.hashing import BLOCK_WORDS

SEGMENT_MAGIC = b"dedup segment 1\n"
_FOOT = struct.Struct("<QQQQ16s")


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


class SegmentWriter:
    """Writes the sections of a segment one after the other, with a checksum for each block of all words."""

    def __init__(self, kernels: Kernels) -> None:
        self._kernels = kernels
        self._sections: dict[str, tuple[str, int, int]] = {}
        self._sums: list[U64] = []
        self._begun: U64 = np.zeros(0, dtype=np.uint64)
        self._n_words = 0

    def section(self, name: str, dtype: np.dtype[np.generic], pieces: Iterable[NDArray[np.generic]]) -> Iterator[U64]:
        """The words of a section, given in pieces of this type; what does not fill the last word is zero."""
        first, count, rest = self._n_words, 0, np.zeros(0, dtype=np.uint8)
        for piece in pieces:
            count += piece.size
            data = np.ascontiguousarray(piece).view(np.uint8) if piece.size else rest[:0]
            data = np.concatenate([rest, data]) if rest.size else data
            whole = data.size & ~7
            yield self._summed(data[:whole].view(np.uint64) if data.ctypes.data % 8 == 0 else _aligned(data[:whole]))
            rest = data[whole:]
        if rest.size:
            yield self._summed(_aligned(np.concatenate([rest, np.zeros(-rest.size % 8, dtype=np.uint8)])))
        self._sections[name] = (dtype.str if dtype.names is None else f"<V{dtype.itemsize}", first, count)

    def table(self, number: int, merged: MergedTable) -> Iterator[U64]:
        """The words of a table of entries, and of its prefix table."""
        counts = PrefixCounts(merged.most)

        def counted() -> Iterator[U64]:
            for entries in merged.pieces:
                counts.add(entries)
                yield entries

        yield from self.section(f"entries {number}", np.dtype(np.uint64), counted())
        yield from self.section(f"prefix {number}", np.dtype(np.uint32), [counts.table()])

    def foot(self) -> Iterator[bytes]:
        """What stands behind the words: checksums, the places of the sections, and where these are."""
        if self._begun.size:
            self._sums.append(self._kernels.sum_blocks(self._begun))
        sums = np.concatenate([np.zeros(0, dtype=np.uint64), *self._sums]).tobytes()
        index = json.dumps(self._sections).encode()
        yield sums
        yield index
        yield _FOOT.pack(self._n_words, len(index), zlib.crc32(sums), zlib.crc32(index), SEGMENT_MAGIC)

    def _summed(self, words: U64) -> U64:
        """The same words, which come next."""
        self._n_words += words.size
        several = np.concatenate([self._begun, words]) if self._begun.size else words
        whole = several.size // BLOCK_WORDS * BLOCK_WORDS
        if whole:
            self._sums.append(self._kernels.sum_blocks(several[:whole]))
        self._begun = several[whole:].copy()
        return words


def _aligned(data: U8) -> U64:
    """Bytes as words, from where they may begin."""
    words = np.empty(data.size // 8, dtype=np.uint64)
    words.view(np.uint8)[:] = data
    return words


def open_segment(path: Path, size: int, *, fresh: bool) -> Mapped:
    """Map a segment file of which the catalogue says that it has so many bytes.

    Only its index and the sums are looked at. Raises StoreError where the file is cut off or damaged, and
    FileNotFoundError where it is not there.
    """
    data = map_file(path, size, fresh=fresh)
    end = len(data) - _FOOT.size
    n_words, length, sums_crc, index_crc, magic = _FOOT.unpack_from(data, end) if end >= 0 else (0, 0, 0, 0, b"")
    if magic != SEGMENT_MAGIC:
        raise StoreError(f"{path}: is no segment file of this version of the index, or is damaged at its end")
    n_sums = -(-n_words // BLOCK_WORDS)
    if 8 * (n_words + n_sums) + length != end:
        raise damaged(path, "its index")
    index = bytes(data[end - length : end])
    sums = np.frombuffer(data, dtype=np.uint64, count=n_sums, offset=8 * n_words)
    if zlib.crc32(index) != index_crc or zlib.crc32(sums.tobytes()) != sums_crc:
        raise damaged(path, "its index")
    words = np.frombuffer(data, dtype=np.uint64, count=n_words)
    sections = {name: (dtype, first, count) for name, (dtype, first, count) in json.loads(index).items()}
    return Mapped(Layout(words, sections), sums, size)


def map_file(path: Path, size: int, *, fresh: bool = False) -> mmap.mmap:
    """The bytes of a file, all mapped at once where it is `fresh`. Raises StoreError where it is of another size."""
    with path.open("rb") as file:
        found = os.fstat(file.fileno()).st_size
        if found != size:
            raise StoreError(
                f"{path}: has {found:,} bytes and should have {size:,}: it was cut off or changed. Put it back from a "
                "copy of the index, or make the index anew"
            )
        populate = getattr(mmap, "MAP_POPULATE", 0)
        if fresh and populate:
            # It was written just now and is in memory: one call instead of one for each page that is touched.
            return mmap.mmap(file.fileno(), 0, flags=mmap.MAP_SHARED | populate, prot=mmap.PROT_READ)
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def damaged(path: Path, what: str) -> StoreError:
    """What to say of bytes that are not what they were."""
    return StoreError(
        f"{path}: {what} {'do' if what.endswith('s') else 'does'} not match the checksum: the file is damaged. Put it "
        "back from a copy of the index, or make the index anew"
    )
