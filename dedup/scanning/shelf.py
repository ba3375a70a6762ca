"""Arrays held in memory up to a budget, and behind it in a temporary file."""

import mmap
import os
import threading
from typing import Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from dedup.errors import ConfigError, InputError

Scalar = TypeVar("Scalar", bound=np.generic)

LEAST_MEMORY = 256 * 10**6
"""The least budget of a process, in bytes: the program, batches on their way and blocks that are compared."""

_PROGRAM = 128 << 20
_SHARE_OF_MACHINE = 0.5
_SHARE_OF_BUDGET = 0.5


class Slot(NamedTuple, Generic[Scalar]):
    """Where an array of n items stands: itself, or the place in the file at which it begins."""

    held: NDArray[Scalar] | None
    place: int
    dtype: np.dtype[Scalar]
    size: int


class Shelf:
    """Arrays of one dimension that are written once and read in parts.

    What comes first stays in memory: up to half of the budget, less the program itself; the other half is for the
    columns of the units and for work. The file has no name in the file system, so that it is gone with the process
    however that ends.
    """

    def __init__(self, budget: int | None) -> None:
        self._file: int | None = None
        self._lock = threading.Lock()
        if budget is not None and not isinstance(budget, int):
            raise ConfigError(f"memory is a number of bytes, not {budget!r}")
        if budget is not None and budget < LEAST_MEMORY:
            least = LEAST_MEMORY // 10**6
            raise ConfigError(f"the memory is at least {least} MB, not {budget / 10**6:g} MB; raise --memory")
        total = budget if budget is not None else int(_SHARE_OF_MACHINE * machine_memory())
        self._room = int(_SHARE_OF_BUDGET * max(total - _PROGRAM, 0))
        self._end = 0

    @property
    def spilled(self) -> int:
        """Bytes in the file."""
        return self._end

    def take(self, n_bytes: int) -> None:
        """Count memory that something else holds."""
        with self._lock:
            self._room -= n_bytes

    def room_for(self, n_bytes: int) -> bool:
        """Whether so much more may stay in memory; if so, it is counted as taken."""
        with self._lock:
            fits = n_bytes <= self._room
            if fits:
                self._room -= n_bytes
            return fits

    def put(self, array: NDArray[Scalar]) -> Slot[Scalar]:
        """Keep an array, in memory if there is room. Raises InputError where the disk is full."""
        flat = np.ascontiguousarray(array).reshape(-1)
        if self.room_for(flat.nbytes):
            return Slot(flat, 0, flat.dtype, flat.size)
        return self.spill(flat)

    def spill(self, flat: NDArray[Scalar]) -> Slot[Scalar]:
        """Write an array of one dimension to the file. Raises InputError where the disk is full."""
        with self._lock:
            place = self._end
            self._end += flat.nbytes
            if self._file is None:
                self._file = _nameless_file()
        written = 0
        data = flat.view(np.uint8).data
        try:
            while written < flat.nbytes:
                written += os.pwrite(self._file, data[written : written + (1 << 30)], place + written)
        except OSError as error:
            raise _full(error) from error
        return Slot(None, place, flat.dtype, flat.size)

    def empty(self, size: int, dtype: type[Scalar]) -> NDArray[Scalar]:
        """An array to be filled in: in memory if there is room, else a part of the file, shown as memory.

        What is in the file the system writes back and takes away as it needs memory. Raises InputError where the disk
        is full.
        """
        n_bytes = size * np.dtype(dtype).itemsize
        if n_bytes == 0 or self.room_for(n_bytes):
            # Memory that is not touched costs nothing.
            return np.empty(size, dtype=dtype)
        with self._lock:
            place = -(-self._end // mmap.ALLOCATIONGRANULARITY) * mmap.ALLOCATIONGRANULARITY
            self._end = place + n_bytes
            if self._file is None:
                self._file = _nameless_file()
        try:
            if hasattr(os, "posix_fallocate"):
                # Without space on the disk a write to such memory would end the process.
                os.posix_fallocate(self._file, place, n_bytes)
            else:
                os.ftruncate(self._file, max(place + n_bytes, os.fstat(self._file).st_size))
            shown = mmap.mmap(self._file, n_bytes, offset=place)
        except OSError as error:
            raise _full(error) from error
        return np.frombuffer(shown, dtype=dtype)

    def get(self, slot: Slot[Scalar], start: int, end: int) -> NDArray[Scalar]:
        """The items from `start` to `end` of an array."""
        if slot.held is not None:
            return slot.held[start:end]
        result = np.empty(end - start, dtype=slot.dtype)
        self.read(slot, start, result)
        return result

    def read(self, slot: Slot[Scalar], start: int, target: NDArray[Scalar]) -> None:
        """Fill `target` with the items from `start` on of an array that is in the file."""
        assert self._file is not None  # noqa: S101 - a slot without array is in the file
        data = target.view(np.uint8).data
        place = slot.place + start * slot.dtype.itemsize
        filled = 0
        while filled < target.nbytes:
            count = os.preadv(self._file, [data[filled : filled + (1 << 30)]], place + filled)
            if count == 0:
                raise InputError("the temporary file has been cut short; run again")
            filled += count

    def close(self) -> None:
        """Give the disk back."""
        with self._lock:
            if self._file is not None:
                os.close(self._file)
                self._file = None

    def __del__(self) -> None:
        self.close()


def _full(error: OSError) -> InputError:
    """What is told where the file cannot grow."""
    import tempfile

    return InputError(
        f"cannot write to the folder of temporary files {tempfile.gettempdir()}: {error.strerror}; "
        "make room, set TMPDIR to another folder, or allow more with --memory"
    )


def _nameless_file() -> int:
    """A file that is open and has no name."""
    import tempfile

    descriptor, name = tempfile.mkstemp(prefix="dedup-")
    os.unlink(name)
    return descriptor


def machine_memory() -> int:
    """Bytes of memory that this process may use: the machine's, or what its control group allows."""
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return 4 << 30
    for limit in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            with open(limit, encoding="ascii") as file:
                total = min(total, int(file.read()))
        except (OSError, ValueError):
            continue
    return total
