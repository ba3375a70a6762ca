"""The texts of a corpus as buffers with one address space, and places in them as characters and lines."""

from collections.abc import Iterator

import numpy as np

from dedup.kernels import I64
from dedup.model import TextColumn


class TextStore:
    """Buffers of texts, appended one after the other. An address is a byte's place in their concatenation."""

    def __init__(self) -> None:
        self._chunks: list[TextColumn] = []
        self._bases = [0]

    def append(self, texts: TextColumn) -> None:
        """Add texts behind those that are held."""
        self._chunks.append(texts)
        self._bases.append(self._bases[-1] + texts.n_bytes)

    @property
    def n_bytes(self) -> int:
        """Size of all texts, in bytes: the address behind the last."""
        return self._bases[-1]

    def n_characters(self) -> int:
        """Length of all texts, in characters."""
        return sum(int(np.count_nonzero((chunk.data & 0xC0) != 0x80)) for chunk in self._chunks)

    def text_offsets(self) -> Iterator[I64]:
        """The offsets of the texts of each buffer, from the buffer's beginning."""
        return (chunk.offsets for chunk in self._chunks)

    def read(self, start: int, end: int) -> bytes:
        """The bytes from one address to another, within one text."""
        if start >= end:
            return b""
        chunk = int(np.searchsorted(self._bases, start, side="right")) - 1
        base = self._bases[chunk]
        return self._chunks[chunk].data[start - base : end - base].tobytes()

    def text(self, start: int, end: int) -> str:
        """The text from one address to another, within one text."""
        return self.read(start, end).decode("utf-8", "surrogatepass")

    def gather(self, starts: I64, ends: I64) -> TextColumn:
        """Copy ranges, each within one text, into one column."""
        chunks = np.searchsorted(self._bases, starts, side="right") - 1
        pieces = []
        for chunk, start, end in zip(chunks.tolist(), starts.tolist(), ends.tolist(), strict=True):
            if start < end:
                base = self._bases[chunk]
                pieces.append(self._chunks[chunk].data[start - base : end - base])
        offsets = np.zeros(starts.size + 1, dtype=np.int64)
        np.cumsum(ends - starts, out=offsets[1:])
        return TextColumn(np.concatenate(pieces) if pieces else np.zeros(0, dtype=np.uint8), offsets)

    def locate(self, addresses: I64, origins: I64) -> tuple[I64, I64]:
        """Characters and newlines between each origin (the start of a text) and an address in or behind that text."""
        characters, newlines = np.zeros(addresses.size, np.int64), np.zeros(addresses.size, np.int64)
        filled = np.flatnonzero(addresses > origins)
        chunks = np.searchsorted(self._bases, origins[filled], side="right") - 1
        for chunk in np.unique(chunks).tolist():
            places = filled[chunks == chunk]
            inside = addresses[places] - self._bases[chunk]
            begins = origins[places] - self._bases[chunk]
            marks = np.unique(np.concatenate([inside, begins]))
            data = self._chunks[chunk].data[marks[0] : marks[-1]]
            for counted, result in (((data & 0xC0) != 0x80, characters), (data == 10, newlines)):
                sums = np.add.reduceat(counted, marks[:-1] - marks[0], dtype=np.int64)
                until = np.append(0, np.cumsum(sums))
                result[places] = until[np.searchsorted(marks, inside)] - until[np.searchsorted(marks, begins)]
        return characters, newlines
