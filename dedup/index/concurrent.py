"""An index for coroutines: what many ask for at once is done in one thread, in the order of asking, in batches."""

import asyncio
import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

from dedup.config import Config
from dedup.errors import StoreError
from dedup.index.decisions import Explanation
from dedup.index.front import Index, encoded_document
from dedup.model import Decision, Document, DocumentId
from dedup.verifying import Background

MOST_AT_ONCE = 1024
"""Documents of several callers that are admitted in one transaction."""

_T = TypeVar("_T")


class AsyncIndex:
    """An `Index` whose answers are awaited.

    `async with AsyncIndex.open(path) as index:`, or `index = await AsyncIndex.open(path)` and `await index.close()`.
    The index lives in a thread of its own. What is asked for is done in the order of asking; documents that coroutines
    bring while the thread is busy are admitted together, in one transaction, when it is free: nothing waits for a batch
    to fill. A caller that is cancelled before its turn is left out; after it its document is in the index, though
    nobody hears of it. What goes wrong with a batch is raised for each caller who has a document in it.
    """

    def __init__(self, make: Callable[[], Index]) -> None:
        self._make = make
        self._index: Index | None = None
        self._thread: ThreadPoolExecutor | None = None
        self._waiting: deque[_Asked] = deque()
        self._answering: asyncio.Task[None] | None = None
        self._closed = False

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        config: Config | None = None,
        *,
        background: Background | None = None,
        text: bool | None = None,
        paragraphs: bool | None = None,
        read_only: bool = False,
        create: bool = True,
        durability: Literal["process", "full"] = "process",
        merge: Literal["background", "now", "never"] = "background",
        timeout: float = 0.0,
    ) -> Self:
        """As `Index.open`; it is opened when it is awaited, or entered by `async with`."""
        return cls(
            lambda: Index.open(
                path,
                config,
                background=background,
                text=text,
                paragraphs=paragraphs,
                read_only=read_only,
                create=create,
                durability=durability,
                merge=merge,
                timeout=timeout,
            )
        )

    def __await__(self) -> Generator[Any, None, Self]:
        return self._opened().__await__()

    async def _opened(self) -> Self:
        if self._closed:
            raise StoreError("the index is closed")
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="dedup index")
            try:
                await asyncio.get_running_loop().run_in_executor(self._thread, self._make_index)
            except BaseException:
                thread, self._thread = self._thread, None
                # Where only the waiting was given up, the index is opened all the same.
                thread.submit(self._close_index)
                thread.shutdown(wait=False)
                raise
        return self

    async def __aenter__(self) -> Self:
        return await self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def admit(self, document: Document, *, admitted: datetime | None = None) -> Decision:
        """Decide on a document and put it into the index, as `Index.admit`."""
        return (await self.admit_batch([document], admitted=admitted))[0]

    async def admit_batch(self, documents: Iterable[Document], *, admitted: datetime | None = None) -> list[Decision]:
        """Admit documents one after the other: all are in the index then, or none."""
        return await self._ask(_Asked("admit", _checked(documents), admitted))

    async def query(self, document: Document) -> Decision:
        """What `admit` would say, without putting the document into the index."""
        return (await self._ask(_Asked("query", _checked([document]), None)))[0]

    async def explain(self, document: DocumentId) -> Explanation | None:
        """What became of the document with this id and why; None where it is not in the index."""
        return await self._call(lambda index: index.explain(document))

    async def remove(self, document: DocumentId) -> bool:
        """Take the document with this id out; whether there was one."""
        return await self._call(lambda index: index.remove(document))

    async def expire(self, before: datetime) -> int:
        """Take the documents out that were admitted before a moment; how many there were."""
        return await self._call(lambda index: index.expire(before))

    async def close(self) -> None:
        """Answer what was asked for, and give everything back."""
        if self._closed or self._thread is None:
            self._closed = True
            return
        self._closed = True
        try:
            while self._answering is not None:
                await asyncio.wait([self._answering])
            await asyncio.get_running_loop().run_in_executor(self._thread, self._close_index)
        finally:
            self._thread.shutdown(wait=False)

    # Within

    async def _call(self, call: "Callable[[Index], _T]") -> _T:
        """Have something done in its turn."""
        done: list[_T] = []
        await self._ask(_Asked("call", [], None, lambda index: done.append(call(index))))
        return done[0]

    async def _ask(self, asked: "_Asked") -> list[Decision]:
        if self._closed:
            raise StoreError("the index is closed")
        index = self._index
        if index is None:
            raise StoreError("the index is not open yet: await AsyncIndex.open(…), or enter it by async with")
        self._waiting.append(asked)
        if self._answering is None:
            # Its turn comes when all coroutines that are ready now have asked.
            self._answering = asyncio.create_task(self._answer(index))
        return await asked.answer

    async def _answer(self, index: Index) -> None:
        """Have the index do what was asked for, until nothing is left."""
        loop = asyncio.get_running_loop()
        several: list[_Asked] = []
        try:
            while several := self._take():
                try:
                    answers = await loop.run_in_executor(self._thread, _done, index, several)
                except Exception as error:
                    for asked in several:
                        if not asked.answer.done():
                            asked.answer.set_exception(error)
                else:
                    for asked, answer in zip(several, answers, strict=True):
                        if not asked.answer.done():
                            asked.answer.set_result(answer)
        finally:
            # Something is left where the loop is being shut down: nobody waits for ever.
            for asked in (*several, *self._waiting):
                asked.answer.cancel()
            self._waiting.clear()
            self._answering = None

    def _take(self) -> "list[_Asked]":
        """What is done next: one thing, or the same thing for several callers."""
        several: list[_Asked] = []
        count = 0
        while self._waiting:
            asked = self._waiting[0]
            if not asked.answer.cancelled():
                if several and not (several[0].goes_with(asked) and count + len(asked.documents) <= MOST_AT_ONCE):
                    break
                several.append(asked)
                count += len(asked.documents)
            self._waiting.popleft()
        return several

    def _make_index(self) -> None:
        self._index = self._make()

    def _close_index(self) -> None:
        if self._index is not None:
            self._index.close()


@dataclass(slots=True)
class _Asked:
    """What one caller asked for, and where the answer goes."""

    kind: Literal["admit", "query", "call"]
    documents: list[Document]
    admitted: datetime | None
    call: Callable[[Index], None] | None = None
    answer: "asyncio.Future[list[Decision]]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def goes_with(self, other: "_Asked") -> bool:
        """Whether both can be done at once."""
        return self.kind == other.kind != "call" and self.admitted == other.admitted


def _done(index: Index, several: list[_Asked]) -> list[list[Decision]]:
    """In the thread: the answer for each."""
    first = several[0]
    if first.call is not None:
        first.call(index)
        return [[]]
    documents = [document for asked in several for document in asked.documents]
    if first.kind == "query":
        decisions = index.query_batch(documents)
    elif len(documents) == 1:
        decisions = [index.admit(documents[0], admitted=first.admitted)]
    else:
        decisions = index.admit_batch(documents, admitted=first.admitted)
    given = iter(decisions)
    return [[next(given) for _ in asked.documents] for asked in several]


def _checked(documents: Iterable[Document]) -> list[Document]:
    """The documents. Raises TypeError where one is none: it would be found in a batch with those of other callers."""
    several = list(documents)
    for document in several:
        encoded_document(document)
    return several
