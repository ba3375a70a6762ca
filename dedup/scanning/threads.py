"""The worker threads of one run."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import Self, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class Threads:
    """`workers` threads; with one worker, work is done where it is asked for, in the thread that asks.

    Work that is handed over must not wait for other such work.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._pool = ThreadPoolExecutor(max_workers=workers) if workers > 1 else None

    def start(self, work: Callable[[], Result]) -> "Future[Result]":
        """Begin some work."""
        if self._pool is not None:
            return self._pool.submit(work)
        done: Future[Result] = Future()
        done.set_result(work())
        return done

    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """The results for all items, in order. The first are begun at once, and few ahead of what is asked for."""
        if self._pool is None:
            return map(function, items)
        remaining = iter(items)
        running = deque(self._pool.submit(function, item) for item in islice(remaining, 2 * self.workers))
        return self._following(function, remaining, running)

    def _following(
        self, function: Callable[[Item], Result], remaining: Iterator[Item], running: "deque[Future[Result]]"
    ) -> Iterator[Result]:
        assert self._pool is not None  # noqa: S101 - `map` has asked
        while running:
            yield running.popleft().result()
            running.extend(self._pool.submit(function, item) for item in islice(remaining, 1))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        """Let the threads end; work not begun is dropped."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
