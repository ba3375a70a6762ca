"""The texts of a corpus as buffers with one address space, and places in them as characters and lines."""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from dedup.kernels import I64, U8, Bool, Kernels, Marks
from dedup.kernels.distinct import distinct
from dedup.model import TextColumn
from dedup.scanning.arena import Arena
from dedup.scanning.shelf import Shelf, Slot

_BLOCK = 1 << 20
_GAP = 1 << 12
_BLOCK_OF_COPIES = 1 << 28


class Part(NamedTuple):
    """Some ranges of a buffer: `places` are those of the ranges among all that were asked for."""

    places: I64
    data: U8
    starts: I64
    ends: I64


class TextStore:
    """Buffers of texts, appended one after the other. An address is a byte's place in their concatenation."""

    def __init__(self, arena: Arena) -> None:
        self._arena = arena
        self._shelf = arena.shelf
        self._slots: list[Slot[np.uint8]] = []
        self._bases = [0]
        self._block: U8 = np.empty(0, dtype=np.uint8)
        self._filled = 0
        self._end: tuple[U8, int] | None = None  # where the last slot ends, in which block

    def append(self, texts: TextColumn) -> int:
        """Add texts behind those that are there; the address of the first.

        Those that were read into the arena stay where they are. Others are copied in memory: batches side by side are
        hashed together, and what they were read into is given back whole.
        """
        base, size = self._bases[-1], texts.n_bytes
        block = self._arena.block_of(texts.data)
        if block is not None:
            self._extend(block, texts.data.ctypes.data - block.ctypes.data, size)
            return base
        if not self._shelf.room_for(size):
            self._slots.append(self._shelf.spill(texts.data))
            self._bases.append(base + size)
            self._end = None
            return base
        if self._block.size - self._filled < size or not self._block.size:
            # Memory that is not touched costs nothing.
            self._block, self._filled = np.empty(max(_BLOCK_OF_COPIES, size), dtype=np.uint8), 0
        self._block[self._filled : self._filled + size] = texts.data
        self._extend(self._block, self._filled, size)
        self._filled += size
        return base

    def _extend(self, block: U8, place: int, size: int) -> None:
        """Add bytes from a place in a block on: to the last slot, if they stand behind it."""
        if self._end is None or self._end[0] is not block or self._end[1] != place:
            held = block[place:]
            self._slots.append(Slot(held, 0, held.dtype, 0))
            self._bases.append(self._bases[-1])
        self._bases[-1] += size
        self._end = block, place + size

    @property
    def shelf(self) -> Shelf:
        """Where the texts are held, and what else has a place within the budget of memory."""
        return self._shelf

    @property
    def n_bytes(self) -> int:
        """Size of all texts, in bytes: the address behind the last."""
        return self._bases[-1]

    def read(self, start: int, end: int) -> bytes:
        """The bytes from one address to another, within one text."""
        if start >= end:
            return b""
        return self._view(start, end).tobytes()

    def text(self, start: int, end: int) -> str:
        """The text from one address to another, within one text."""
        return self.read(start, end).decode("utf-8", "surrogatepass")

    def same(self, left_starts: I64, left_ends: I64, right_starts: I64, right_ends: I64, kernels: Kernels) -> Bool:
        """Whether two ranges, each within one text, are known to be the same bytes: of what is in the file, none is."""
        same = np.zeros(left_starts.size, dtype=np.bool_)
        left_chunks, right_chunks = (self._chunks(starts) for starts in (left_starts, right_starts))
        held = np.array([slot.held is not None for slot in self._slots], dtype=np.bool_)
        alike = (left_ends - left_starts == right_ends - right_starts) & (left_ends > left_starts)
        places = np.flatnonzero(alike)
        places = places[held[left_chunks[places]] & held[right_chunks[places]]]
        groups = left_chunks * len(self._slots) + right_chunks
        for group in distinct(groups[places]).tolist():
            one, other = divmod(group, len(self._slots))
            left, right = self._slots[one].held, self._slots[other].held
            if left is not None and right is not None:
                members = places[groups[places] == group]
                starts = left_starts[members] - self._bases[one]
                sizes = left_ends[members] - left_starts[members]
                same[members] = kernels.same_bytes(
                    left, starts, right, right_starts[members] - self._bases[other], sizes
                )
        return same

    def _chunks(self, addresses: I64) -> I64:
        """The slot in which each address is."""
        chunks: I64 = np.minimum(np.searchsorted(self._bases, addresses, side="right") - 1, len(self._slots) - 1)
        return chunks

    def gather(self, starts: I64, ends: I64) -> TextColumn:
        """Copy ranges, each within one text, into one column."""
        offsets = np.zeros(starts.size + 1, dtype=np.int64)
        np.cumsum(ends - starts, out=offsets[1:])
        data = np.empty(offsets[-1], dtype=np.uint8)
        for part in self.parts(starts, ends):
            for place, start, end in zip(part.places.tolist(), part.starts.tolist(), part.ends.tolist(), strict=True):
                data[offsets[place] : offsets[place + 1]] = part.data[start:end]
        return TextColumn(data, offsets)

    def parts(self, starts: I64, ends: I64) -> Iterator["Part"]:
        """The bytes of ranges, each within one text: as they are held, or from the file into one buffer."""
        order = np.argsort(starts, kind="stable")
        starts, ends = starts[order], ends[order]
        chunks = self._chunks(starts)
        bounds = np.flatnonzero(np.append(True, chunks[1:] != chunks[:-1])) if chunks.size else chunks
        spilled: list[tuple[int, int]] = []
        for low, high in pairwise([*bounds.tolist(), chunks.size]):
            slot, base = self._slots[chunks[low]], self._bases[chunks[low]]
            if slot.held is None:
                spilled.append((low, high))
            else:
                yield Part(order[low:high], slot.held, starts[low:high] - base, ends[low:high] - base)
        if spilled:
            places = np.concatenate([np.arange(low, high) for low, high in spilled])
            yield self._read_part(order[places], starts[places], ends[places], chunks[places])

    def _read_part(self, places: I64, starts: I64, ends: I64, chunks: I64) -> "Part":
        """Read ascending ranges of texts in the file; those that stand close by one request."""
        # A gap of a block's size costs less to read than another request.
        reach = np.maximum.accumulate(ends)
        new = np.append(True, (starts[1:] > reach[:-1] + _GAP) | (chunks[1:] != chunks[:-1]))
        firsts = np.flatnonzero(new)
        lasts = np.append(firsts[1:], places.size) - 1
        begins, sizes = starts[firsts], reach[lasts] - starts[firsts]
        targets = np.append(0, np.cumsum(sizes))
        data = np.empty(targets[-1], dtype=np.uint8)
        for first, begin, target, end in zip(
            firsts.tolist(), begins.tolist(), targets[:-1].tolist(), targets[1:].tolist(), strict=True
        ):
            chunk = int(chunks[first])
            self._shelf.read(self._slots[chunk], begin - self._bases[chunk], data[target:end])
        moved = np.repeat(targets[:-1] - begins, lasts - firsts + 1)
        return Part(places, data, starts + moved, ends + moved)

    def locate(self, addresses: I64, origins: I64, kernels: Kernels) -> Marks:
        """Characters and newlines between each origin (the start of a text) and an address in or behind that text.

        However many addresses there are, what lies between is read once, `_BLOCK` bytes at a time.
        """
        filled = np.flatnonzero(addresses > origins)
        begins, ends = origins[filled], addresses[filled]
        edges = distinct(np.concatenate([begins, ends]))
        begins, ends = kernels.find(edges, begins), kernels.find(edges, ends)
        # As many ranges are open behind an edge as have begun there or before and not ended.
        opened = np.cumsum(np.bincount(begins, minlength=edges.size) - np.bincount(ends, minlength=edges.size))
        covered = np.flatnonzero(opened)
        counted = self._count_marks(edges[covered], edges[covered + 1], kernels)
        located = Marks(np.zeros(addresses.size, dtype=np.int64), np.zeros(addresses.size, dtype=np.int64))
        for result, counts in zip(located, counted, strict=True):
            until = np.zeros(edges.size, dtype=np.int64)
            until[covered + 1] = counts
            np.cumsum(until, out=until)
            result[filled] = until[ends] - until[begins]
        return located

    def count_characters(self, kernels: Kernels) -> int:
        """The characters of all texts."""
        starts, ends = (np.array(self._bases[side:][: len(self._slots)], dtype=np.int64) for side in (0, 1))
        filled = np.flatnonzero(ends > starts)
        return int(self._count_marks(starts[filled], ends[filled], kernels).characters.sum())

    def _count_marks(self, starts: I64, ends: I64, kernels: Kernels) -> Marks:
        """Count in ranges that are not empty, ascend and do not overlap, each of texts appended together."""
        first = starts // _BLOCK
        blocks = (ends - 1) // _BLOCK - first + 1
        begins = np.cumsum(blocks) - blocks
        pieces = np.arange(blocks.sum()) + np.repeat(first - begins, blocks)
        cuts = np.maximum(np.repeat(starts, blocks), pieces * _BLOCK)
        cut_ends = np.minimum(np.repeat(ends, blocks), (pieces + 1) * _BLOCK)
        chunks = np.searchsorted(self._bases, cuts, side="right")
        new = np.append(True, (pieces[1:] != pieces[:-1]) | (chunks[1:] != chunks[:-1]))
        bounds = np.append(np.flatnonzero(new), pieces.size).tolist() if pieces.size else []
        counted = Marks(np.zeros(pieces.size, dtype=np.int64), np.zeros(pieces.size, dtype=np.int64))
        for low, high in pairwise(bounds):
            base = int(cuts[low])
            data = self._view(base, int(cut_ends[high - 1]))
            marks = kernels.count_marks(data, cuts[low:high] - base, cut_ends[low:high] - base)
            for result, counts in zip(counted, marks, strict=True):
                result[low:high] = counts
        return Marks(*(np.add.reduceat(each, begins) if begins.size else each for each in counted))

    def _view(self, start: int, end: int) -> U8:
        """The bytes from one address to another behind it, appended together."""
        chunk = int(np.searchsorted(self._bases, start, side="right")) - 1
        base = self._bases[chunk]
        return self._shelf.get(self._slots[chunk], start - base, end - base)
