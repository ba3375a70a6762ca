"""Texts of an index, compressed in blocks, in files that are written once."""

import struct
import zlib
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

from dedup.errors import StoreError
from dedup.index.compression import Compressor, decompress
from dedup.index.files import damaged, map_file, write_file
from dedup.kernels import I64, U8
from dedup.scanning.threads import Threads

_MAGIC = b"dedup texts 001\n"
_FOOT = struct.Struct("<QQQQ16s")
_BLOCK = 16 << 10
"""Bytes compressed together: as many as are read for one text. Twice as many save a tenth of the space."""
_GROUP = 64
"""Blocks that a thread compresses at a time."""
_THREADS = 2


class Texts(NamedTuple):
    """Ranges of a buffer (int64, half-open), one a document: UTF-8, or token hashes in an index without texts."""

    data: U8
    starts: I64
    ends: I64

    def pieces(self) -> list[bytes]:
        """The bytes of each."""
        return [
            self.data[start:end].tobytes() for start, end in zip(self.starts.tolist(), self.ends.tolist(), strict=True)
        ]


def write_texts(path: Path, several: Iterable[tuple[U8, I64]], *, quick: bool = False) -> int:
    """Write texts, some at a time, each time one after the other in a buffer; the size of the file.

    `quick`: in less time, as a larger file.
    """
    return write_file(path, _pieces(several, quick))


def _pieces(several: Iterable[tuple[U8, I64]], quick: bool) -> Iterator[bytes]:
    """What stands in the file: blocks, then the places of texts and of blocks, and where these stand."""
    yield _MAGIC
    every_offset = [np.zeros(1, dtype=np.int64)]
    firsts: list[int] = []
    places = [len(_MAGIC)]
    before = 0
    with Threads(_THREADS) as threads:
        for data, offsets in several:
            some = _firsts_of_blocks(offsets)
            bounds = offsets[np.append(some, offsets.size - 1)]
            groups = [(data, bounds[place : place + _GROUP + 1]) for place in range(0, some.size, _GROUP)]
            for blocks in threads.map(partial(_compressed, quick), groups):
                for block in blocks:
                    places.append(places[-1] + len(block))
                    yield block
            firsts += (some + before).tolist()
            every_offset.append(offsets[1:] - offsets[0] + every_offset[-1][-1])
            before += offsets.size - 1
    yield from _index(np.concatenate(every_offset), np.array([*firsts, before]), np.array(places))


def _firsts_of_blocks(offsets: I64) -> I64:
    """The first text of each block."""
    firsts = []
    first, count = 0, offsets.size - 1
    while first < count:
        firsts.append(first)
        last = int(np.searchsorted(offsets, offsets[first] + _BLOCK, side="right")) - 1
        first = min(max(last, first + 1), count)
    return np.array(firsts, dtype=np.int64)


def _compressed(quick: bool, group: tuple[U8, I64]) -> list[bytes]:
    """Ranges of a buffer that follow each other, one block each."""
    compressor = Compressor(quick=quick)
    data, bounds = group
    ends = bounds.tolist()
    return [compressor.compress(data[start:end].tobytes()) for start, end in pairwise(ends)]


def _index(offsets: I64, firsts: I64, places: I64) -> Iterator[bytes]:
    """What stands behind the blocks."""
    end = int(places[-1])
    index = offsets.astype("<i8").tobytes() + firsts.astype("<i8").tobytes() + places.astype("<i8").tobytes()
    yield bytes(-end % 8)
    yield index
    yield _FOOT.pack(end + -end % 8, zlib.crc32(index), offsets.size - 1, firsts.size - 1, _MAGIC)


def join_texts(path: Path, files: Sequence["TextFile"]) -> int:
    """Write the texts of several files, one after the other, as they are compressed; the size of the file."""
    contents = [file.content() for file in files]

    def pieces() -> Iterator[bytes | memoryview]:
        yield _MAGIC
        yield from (content.blocks for content in contents)
        yield from _index(
            _chained([content.offsets for content in contents], 0),
            _chained([content.firsts for content in contents], 0),
            _chained([content.places for content in contents], len(_MAGIC)),
        )

    return write_file(path, pieces())


def _chained(several: Sequence[I64], start: int) -> I64:
    """Numbers that go on from a start, and from the last of each to the next, as each of several does."""
    pieces = [np.array([start])]
    for numbers in several:
        pieces.append(numbers[1:] - numbers[0] + pieces[-1][-1])
    return np.concatenate(pieces)


class Content(NamedTuple):
    """What is in a file: the blocks as they stand, and where texts, blocks (by text) and blocks (by byte) begin."""

    blocks: memoryview
    offsets: I64
    firsts: I64
    places: I64


class TextFile:
    """A file of texts, mapped; its index is checked when it is first used, a block whenever it is read."""

    def __init__(self, path: Path, size: int) -> None:
        self.path = path
        self._data = map_file(path, size)
        if len(self._data) < _FOOT.size or bytes(self._data[-16:]) != _MAGIC:
            raise StoreError(f"{path}: is no file of texts of this version of the index")
        self._index, self._crc, self.count, self._blocks = _FOOT.unpack(self._data[-_FOOT.size :])[:4]
        end = len(self._data) - _FOOT.size
        if self._index + 8 * (self.count + 1 + 2 * (self._blocks + 1)) != end:
            raise damaged(path, "its index")
        numbers = np.frombuffer(self._data, dtype="<i8", count=(end - self._index) // 8, offset=self._index)
        self._offsets: I64 = numbers[: self.count + 1]
        self._firsts: I64 = numbers[self.count + 1 : self.count + 2 + self._blocks]
        self._places: I64 = numbers[self.count + 2 + self._blocks :]
        # Numbers of an array would become objects of NumPy one by one.
        self._firsts_of_blocks = self._firsts.data
        self._last: tuple[int, bytes] | None = None
        self._checked = False

    @property
    def n_bytes(self) -> int:
        """Size of the file."""
        return len(self._data)

    def check_index(self) -> None:
        """Raise StoreError where the places of the texts are damaged."""
        if not self._checked:
            if zlib.crc32(self._data[self._index : -_FOOT.size]) != self._crc:
                raise damaged(self.path, "its index")
            self._checked = True

    def read(self, numbers: I64) -> Texts:
        """The texts of these numbers, in this order; each block is read once. Raises StoreError at a damaged block."""
        self.check_index()
        blocks = np.searchsorted(self._firsts, numbers, side="right") - 1
        # An empty last block has the number of no text.
        wanted, which = np.unique(np.minimum(blocks, max(self._blocks - 1, 0)), return_inverse=True)
        pieces = [self._block(block) for block in wanted.tolist()]
        bases = np.zeros(wanted.size + 1, dtype=np.int64)
        np.cumsum([len(piece) for piece in pieces], out=bases[1:])
        moved = bases[which] - self._offsets[self._firsts[wanted[which]]]
        data = np.frombuffer(pieces[0] if len(pieces) == 1 else b"".join(pieces), dtype=np.uint8)
        return Texts(data, self._offsets[numbers] + moved, self._offsets[numbers + 1] + moved)

    def text(self, number: int) -> memoryview:
        """One text. Raises StoreError where its block is damaged."""
        self.check_index()
        block = min(bisect_right(self._firsts_of_blocks, number) - 1, max(self._blocks - 1, 0))
        base = int(self._offsets[self._firsts_of_blocks[block]])
        start, end = self._offsets[number : number + 2].tolist()
        # What confirms a rewrite reads a text several times.
        last = self._last
        if last is None or last[0] != block:
            self._last = last = block, self._block(block)
        return memoryview(last[1])[start - base : end - base]

    def content(self) -> Content:
        """Everything as it is compressed."""
        self.check_index()
        low, high = int(self._places[0]), int(self._places[-1])
        return Content(memoryview(self._data)[low:high], self._offsets, self._firsts, self._places)

    def check(self) -> Iterator[str]:
        """What is damaged, in words."""
        try:
            self.check_index()
        except StoreError as error:
            yield str(error)
            return
        for block in range(self._blocks):
            try:
                self._block(block)
            except StoreError as error:
                yield str(error)

    def _block(self, block: int) -> bytes:
        low, high = self._places[block : block + 2].tolist()
        try:
            content = decompress(bytes(self._data[low:high]))
        except ValueError:
            raise damaged(self.path, f"block {block}") from None
        first, last = self._firsts[block : block + 2].tolist()
        if len(content) != int(self._offsets[last] - self._offsets[first]):
            raise damaged(self.path, f"block {block}")
        return content
