"""Coroutines share an index: batches of whoever is ready, in the order of asking, and nobody suffers for another."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dedup import AsyncIndex, Config, ConfigError, Decision, Document, Index, StoreError
from dedup.index import Explanation, concurrent

TEXTS = [f"the {word} of the northern harbour was opened by its engineers on a rainy day" for word in "abcdefghij"]


class Watched:
    """An index whose calls are written down, and wait for a sign before they are done."""

    def __init__(self, index: Index, patch: pytest.MonkeyPatch) -> None:
        self.calls: list[tuple[str, list[str | int]]] = []
        self.begun = threading.Semaphore(0)
        self.go_on = threading.Event()
        self.go_on.set()
        self.fails = False
        self._admit, self._query = index.admit_batch, index.query_batch
        patch.setattr(index, "admit", lambda document, admitted=None: self.admit_batch([document])[0])
        patch.setattr(index, "admit_batch", self.admit_batch)
        patch.setattr(index, "query_batch", self.query_batch)

    def admit_batch(self, documents: Iterable[Document], *, admitted: datetime | None = None) -> list[Decision]:
        self._note("admit", documents)
        if self.fails:
            raise StoreError("the disk is full")
        return self._admit(documents, admitted=admitted)

    def query_batch(self, documents: Iterable[Document]) -> list[Decision]:
        self._note("query", documents)
        return self._query(documents)

    def _note(self, what: str, documents: Iterable[Document]) -> None:
        self.calls.append((what, [document.id for document in documents]))
        self.begun.release()
        self.go_on.wait()


def watch(index: AsyncIndex, patch: pytest.MonkeyPatch) -> Watched:
    """Watch the index within."""
    assert index._index is not None
    return Watched(index._index, patch)


async def until_begun(watched: Watched) -> None:
    """Let other coroutines go on until the index has begun a call."""
    await asyncio.get_running_loop().run_in_executor(None, watched.begun.acquire)


async def others_go_on() -> None:
    """Let all coroutines that are ready take their turn."""
    for _ in range(5):
        await asyncio.sleep(0)


def document(number: int) -> Document:
    return Document(number, TEXTS[number % 10])


def run(folder: Path, body: Callable[[AsyncIndex], Awaitable[None]]) -> None:
    """Run a coroutine with an open index."""

    async def opened() -> None:
        async with AsyncIndex.open(folder / "seen", merge="never") as index:
            await body(index)

    asyncio.run(opened())


def test_coroutines_that_are_ready_together_are_admitted_together_in_their_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def body(index: AsyncIndex) -> None:
        watched = watch(index, monkeypatch)
        decisions = await asyncio.gather(*(index.admit(document(number)) for number in range(20)))
        assert watched.calls == [("admit", list(range(20)))]
        assert [each.document for each in decisions] == list(range(20))
        assert [each.representative for each in decisions] == [None] * 10 + list(range(10))

    run(tmp_path, body)


def test_what_comes_while_the_index_is_busy_is_the_next_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(index: AsyncIndex) -> None:
        watched = watch(index, monkeypatch)
        watched.go_on.clear()
        first = asyncio.create_task(index.admit(document(0)))
        await until_begun(watched)
        later = [asyncio.create_task(index.admit(document(number))) for number in range(1, 5)]
        later.append(asyncio.create_task(index.query(document(10))))
        later.append(asyncio.create_task(index.query(document(5))))
        later.append(asyncio.create_task(index.admit(document(5))))
        await others_go_on()
        assert not first.done()
        watched.go_on.set()
        decisions = await asyncio.gather(first, *later)
        assert watched.calls == [("admit", [0]), ("admit", [1, 2, 3, 4]), ("query", [10, 5]), ("admit", [5])]
        assert [each.document for each in decisions] == [0, 1, 2, 3, 4, 10, 5, 5]
        # Each is told what was so in its turn.
        assert [each.keep for each in decisions] == [True] * 5 + [False, True, True]

    run(tmp_path, body)


def test_who_is_cancelled_before_its_turn_is_left_out_and_the_others_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def body(index: AsyncIndex) -> None:
        watched = watch(index, monkeypatch)
        watched.go_on.clear()
        first = [asyncio.create_task(index.admit(document(number))) for number in (0, 1)]
        await until_begun(watched)
        later = [asyncio.create_task(index.admit(document(number))) for number in (2, 3, 4)]
        await others_go_on()
        first[0].cancel()
        later[1].cancel()
        await others_go_on()
        watched.go_on.set()
        found = await asyncio.gather(*first, *later, return_exceptions=True)
        assert [type(each) for each in found] == [
            asyncio.CancelledError, Decision, Decision, asyncio.CancelledError, Decision,
        ]  # fmt: skip
        assert watched.calls == [("admit", [0, 1]), ("admit", [2, 4])]
        # The one whose turn had come is in the index; the other is not.
        assert await index.explain(0) is not None
        assert await index.explain(3) is None

    run(tmp_path, body)


def test_an_error_reaches_all_whose_documents_are_in_the_batch_and_nobody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def body(index: AsyncIndex) -> None:
        watched = watch(index, monkeypatch)
        watched.fails = True
        found = await asyncio.gather(
            index.admit(document(0)), index.admit_batch([document(1), document(2)]), index.query(document(3)),
            return_exceptions=True,
        )  # fmt: skip
        assert [str(each) for each in found[:2]] == ["the disk is full"] * 2
        assert isinstance(found[2], Decision)
        watched.fails = False
        assert (await index.admit(document(0))).keep

    run(tmp_path, body)


@pytest.mark.parametrize("odd", [Document(1, None), Document(None, "text"), "text"])  # type: ignore[arg-type]
def test_what_is_no_document_is_refused_before_it_is_among_others(tmp_path: Path, odd: Document) -> None:
    async def body(index: AsyncIndex) -> None:
        found = await asyncio.gather(index.admit(document(0)), index.admit(odd), return_exceptions=True)
        assert [type(each) for each in found] == [Decision, TypeError]

    run(tmp_path, body)


def test_a_batch_is_no_larger_than_is_good_and_none_is_torn_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(concurrent, "MOST_AT_ONCE", 5)

    async def body(index: AsyncIndex) -> None:
        watched = watch(index, monkeypatch)
        groups = [[0, 1, 2], [3, 4], [5, 6, 7, 8, 9, 10, 11], [12], []]
        decisions = await asyncio.gather(*(index.admit_batch(map(document, group)) for group in groups))
        assert [[each.document for each in several] for several in decisions] == groups
        assert watched.calls == [("admit", [0, 1, 2, 3, 4]), ("admit", groups[2]), ("admit", [12])]

    run(tmp_path, body)


def test_dates_are_kept_apart_and_everything_goes_in_its_turn(tmp_path: Path) -> None:
    early, late = datetime(2020, 1, 1, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC)

    async def body(index: AsyncIndex) -> None:
        answers = await asyncio.gather(
            index.admit(document(0), admitted=early), index.admit(document(1), admitted=late), index.explain(1),
            index.remove(1), index.remove(1), index.admit(document(2), admitted=late), index.expire(late),
            index.explain(0), index.explain(2),
        )  # fmt: skip
        assert answers[2] is not None
        assert answers[3:5] == [True, False]
        assert answers[6:8] == [1, None]
        assert isinstance(answers[8], Explanation)
        assert answers[8].admitted == late.timestamp()

    run(tmp_path, body)


def test_closing_answers_what_was_asked_before_and_nothing_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def body() -> None:
        index = await AsyncIndex.open(tmp_path / "seen")
        assert await index is index
        watched = watch(index, monkeypatch)
        watched.go_on.clear()
        asked = [asyncio.create_task(index.admit(document(number))) for number in range(3)]
        await until_begun(watched)
        asked.append(asyncio.create_task(index.admit(document(3))))
        await others_go_on()
        closing = asyncio.create_task(index.close())
        await others_go_on()
        with pytest.raises(StoreError, match="closed"):
            await index.admit(document(4))
        watched.go_on.set()
        await closing
        assert [each.document for each in await asyncio.gather(*asked)] == [0, 1, 2, 3]
        await index.close()
        with pytest.raises(StoreError, match="closed"):
            await index

    asyncio.run(body())
    with Index.open(tmp_path / "seen", read_only=True) as index:
        assert len(index) == 4


def test_what_fails_at_opening_is_raised_where_it_is_awaited(tmp_path: Path) -> None:
    async def body() -> None:
        with pytest.raises(StoreError, match="there is no index"):
            async with AsyncIndex.open(tmp_path / "seen", create=False):
                pass
        index = AsyncIndex.open(tmp_path / "seen", Config(threshold=0.8))
        with pytest.raises(StoreError, match="not open yet"):
            await index.admit(document(0))
        await index.close()
        async with AsyncIndex.open(tmp_path / "seen", Config(threshold=0.8)):
            pass
        with pytest.raises(ConfigError, match="threshold"):
            await AsyncIndex.open(tmp_path / "seen", Config(threshold=0.7))

    asyncio.run(body())


def test_opening_that_is_given_up_leaves_nothing_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on, closed = threading.Event(), threading.Event(), threading.Event()

    def make() -> Index:
        begun.set()
        go_on.wait()
        index = Index.open(tmp_path / "seen")
        close = index.close

        def noted() -> None:
            close()
            closed.set()

        monkeypatch.setattr(index, "close", noted)
        return index

    async def body() -> None:
        opening = asyncio.ensure_future(AsyncIndex(make)._opened())
        await asyncio.get_running_loop().run_in_executor(None, begun.wait)
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        go_on.set()
        await asyncio.get_running_loop().run_in_executor(None, closed.wait)

    asyncio.run(body())
    with Index.open(tmp_path / "seen"):
        pass


def test_a_loop_that_ends_leaves_nobody_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[BaseException] = []

    async def asking(index: AsyncIndex, number: int) -> None:
        try:
            await index.admit(document(number))
        except BaseException as error:
            ended.append(error)
            raise

    async def body() -> None:
        index = await AsyncIndex.open(tmp_path / "seen")
        watched = watch(index, monkeypatch)
        watched.go_on.clear()
        first = asyncio.create_task(asking(index, 0))
        await until_begun(watched)
        second = asyncio.create_task(asking(index, 1))
        await others_go_on()
        assert index._answering is not None
        index._answering.cancel()
        await others_go_on()
        assert (first.done(), second.done()) == (True, True)
        watched.go_on.set()
        await index.close()

    asyncio.run(body())
    assert [type(each) for each in ended] == [asyncio.CancelledError] * 2
