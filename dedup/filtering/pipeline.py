"""Reading ahead and writing behind, in threads of their own, so that nobody waits for longer than has to be."""

import queue
import threading
import time
from collections.abc import Callable, Iterator
from concurrent import futures
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from typing import Generic, TypeVar

Item = TypeVar("Item")

_LOOK = 0.1
"""Seconds between two looks at whether to stop."""

_GRACE = 5.0
"""Seconds that a write may still take once it is asked to stop."""

Stop = Callable[[], bool]


class Stopped(Exception):  # noqa: N818 - no error: somebody has asked for it
    """The run was asked to stop."""


class ReadAhead(Generic[Item]):
    """The items of an iterator, which a thread of its own draws, `depth` of them ahead at the most."""

    def __init__(self, items: Iterator[Item], depth: int, stop: Stop) -> None:
        self._queue: queue.Queue[tuple[Item | None, BaseException | None]] = queue.Queue(depth)
        self._stop = stop
        self._closed = threading.Event()
        # A thread that waits for a pipe cannot be ended; as a daemon it does not keep the process.
        self._thread = threading.Thread(target=self._draw, args=(items,), name="dedup-reading", daemon=True)
        self._thread.start()

    def __iter__(self) -> Iterator[Item]:
        """The items; what drawing them raised is raised here. Raises Stopped."""
        while True:
            if self._stop():
                raise Stopped
            try:
                item, error = self._queue.get(timeout=_LOOK)
            except queue.Empty:
                continue
            if error is not None:
                raise error
            if item is None:
                return
            yield item

    def close(self) -> None:
        """Let the thread end, and wait for it unless it waits for a pipe."""
        self._closed.set()
        self._thread.join(2 * _LOOK)

    def _draw(self, items: Iterator[Item]) -> None:
        try:
            for item in items:
                if not self._put(item, None):
                    return
        except BaseException as error:
            self._put(None, error)
        else:
            self._put(None, None)

    def _put(self, item: Item | None, error: BaseException | None) -> bool:
        while not self._closed.is_set():
            try:
                self._queue.put((item, error), timeout=_LOOK)
            except queue.Full:
                continue
            return True
        return False


class WriteBehind:
    """One piece of work at a time, done in a thread of its own."""

    def __init__(self, stop: Stop) -> None:
        self._pool = ThreadPoolExecutor(1, "dedup-writing")
        self._stop = stop
        self._running: Future[None] | None = None
        self._given_up = False

    def start(self, work: Callable[[], None]) -> None:
        """Begin some work, when that before is done."""
        self.wait()
        self._running = self._pool.submit(work)

    def wait(self) -> None:
        """Wait until it is done. What it raised is raised here; Stopped, where it does not end although it should."""
        running, since = self._running, None
        while running is not None:
            try:
                running.result(timeout=_LOOK)
            except NotYet:
                if running.done():
                    raise
                if self._stop():
                    since = since or time.monotonic()
                    if time.monotonic() - since > _GRACE:
                        self._given_up = True
                        raise Stopped from None
                continue
            self._running = running = None

    def close(self) -> None:
        """Let the thread end. What it is at may take a while, as long as it was not waited for in vain already."""
        if self._running is not None and not self._given_up:
            futures.wait([self._running], timeout=_GRACE)
        self._pool.shutdown(wait=self._running is None or self._running.done(), cancel_futures=True)
