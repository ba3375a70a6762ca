"""One writer of an index: a lock that dies with the process."""

import os
import time
from contextlib import suppress
from pathlib import Path

from dedup.errors import LockedError, StoreError

_held: set[tuple[int, int]] = set()
"""The lock files that this process holds, by device and number: a lock of the system is none within a process."""


class WriterLock:
    """Held from when it is made until `release`.

    Raises LockedError where another one is held and not released within `timeout` seconds.
    """

    def __init__(self, path: Path, timeout: float) -> None:
        self._released = True
        self._path = path
        until = time.monotonic() + timeout
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise StoreError(f"{path.parent}: cannot be written to ({error.strerror}); open it read-only") from error
        status = os.fstat(self._descriptor)
        self._key = (status.st_dev, status.st_ino)
        while not self._take():
            if not time.monotonic() < until:
                os.close(self._descriptor)
                raise LockedError(
                    f"{path.parent}: {self._holder()} writes to this index; wait for it (timeout), or open it read-only"
                )
            time.sleep(0.02)
        self._released = False
        with suppress(OSError):
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, str(os.getpid()).encode(), 0)

    def _take(self) -> bool:
        if self._key in _held:
            return False
        with suppress(ImportError):
            import fcntl

            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return False
        _held.add(self._key)
        return True

    def _holder(self) -> str:
        if self._key in _held:
            return "another object of this process"
        with suppress(OSError, ValueError):
            return f"process {int(self._path.read_bytes())}"
        return "another process"

    def release(self) -> None:
        """Let others write."""
        if not self._released:
            self._released = True
            _held.discard(self._key)
            os.close(self._descriptor)

    def __del__(self) -> None:
        """An index that nobody has any more writes no more, closed or not."""
        self.release()
