"""Reading ahead and writing behind, in threads of their own, so that nobody waits for longer than has to be."""

import queue
import threading
import time
from collections import deque
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
    """Pieces of work, one after the other in a thread of its own; `depth` of them begun or waiting at the most.

    Where one fails those behind it are not begun.
    """

    def __init__(self, depth: int, stop: Stop) -> None:
        self._pool = ThreadPoolExecutor(1, "dedup-writing")
        self._depth = depth
        self._stop = stop
        self._running: deque[Future[None]] = deque()
        self._given_up = False
        self._failed = False

    def start(self, work: Callable[[], None]) -> None:
        """Give it some work, when there is room for it. What failed before is raised here, as by `wait`."""
        self._wait(self._depth - 1)
        self._running.append(self._pool.submit(self._do, work))

    def _do(self, work: Callable[[], None]) -> None:
        if self._failed:
            return
        try:
            work()
        except BaseException:
            self._failed = True
            raise

    def wait(self) -> None:
        """Wait until all is done. What it raised is raised here; Stopped, where it does not end although it should."""
        self._wait(0)

    def _wait(self, left: int) -> None:
        """Wait until no more than `left` pieces are to be done."""
        if self._given_up:
            raise Stopped
        since = None
        while self._running and (len(self._running) > left or self._running[0].done()):
            running = self._running[0]
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
            self._running.popleft()

    def close(self) -> None:
        """Let the thread end. What it is at may take a while, as long as it was not waited for in vain already."""
        if self._running and not self._given_up:
            futures.wait(list(self._running)[:1], timeout=_GRACE)
        over = all(each.done() for each in list(self._running)[:1])
        self._pool.shutdown(wait=over, cancel_futures=True)
