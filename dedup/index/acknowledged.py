"""What a catalogue has acknowledged, beside it: so that what its log loses is told.

SQLite ends its log at the first frame that does not match its checksum, as if what follows had never been written. For
a process that died while it wrote that is right; where a bit was flipped, transactions that were acknowledged are gone
without a word. So how many documents and other transactions there were is put down in a file of its own after each
transaction: as memory that the system writes back, which takes a microsecond and outlives the process.
"""

import mmap
import os
import struct
import zlib
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from dedup.index.files import cannot_write

NAME = "acknowledged"
_NUMBERS = struct.Struct("<QQ")
_CHECKED = struct.Struct("<QQI")


class Counts(NamedTuple):
    """The rank behind the last document, and how many transactions there were that did more than add documents."""

    next_rank: int
    transactions: int

    def lost(self, found: "Counts") -> str:
        """What is missing where so much was found, in words; nothing where nothing is."""
        from dedup.reporting.phrases import counted

        documents, others = self.next_rank - found.next_rank, self.transactions - found.transactions
        said = []
        if documents > 0:
            said.append(f"{counted(documents, 'document')} (behind the first {found.next_rank:,})")
        if others > 0:
            said.append(f"{counted(others, 'transaction')} that removed documents, stored marks or joined segments")
        return " and ".join(said)


def acknowledged(folder: Path) -> Counts:
    """What was put down; zeros where there is no such file, or it was being written when the machine stopped."""
    data = b""
    with suppress(OSError):
        data = (folder / NAME).read_bytes()
    if len(data) != _CHECKED.size or zlib.crc32(data[: _NUMBERS.size]) != _CHECKED.unpack(data)[2]:
        return Counts(0, 0)
    return Counts(*_NUMBERS.unpack_from(data))


class Acknowledging:
    """The file as the writer has it."""

    def __init__(self, folder: Path) -> None:
        path = folder / NAME
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
            try:
                if os.fstat(descriptor).st_size != _CHECKED.size:
                    # Written, and not left as a hole: a disk that is full is an error here, and in memory that the
                    # system cannot write back it would be the end of the process.
                    os.ftruncate(descriptor, 0)
                    os.write(descriptor, bytes(_CHECKED.size))
                self._memory = mmap.mmap(descriptor, _CHECKED.size)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise cannot_write(path, error) from error

    def put(self, counts: Counts) -> None:
        """Put down what is acknowledged from now on."""
        data = _NUMBERS.pack(*counts)
        self._memory[:] = data + struct.pack("<I", zlib.crc32(data))

    def close(self) -> None:
        """Give the file back."""
        self._memory.close()
