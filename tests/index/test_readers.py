"""Readers beside a writer: in other objects and in threads, while segments are made, joined and deleted."""

import os
import threading
from pathlib import Path

import pytest

from dedup import Decision, Document, Index
from dedup.index import storage
from dedup.index.storage import TIER, due_segments
from tests.index.corpus import documents, explained, storage_of


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Segments of a few documents, so that many are made and joined."""
    monkeypatch.setattr(storage, "FLUSH_DOCUMENTS", 8)
    monkeypatch.setattr(storage, "_SMALLEST", 8)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("text", [True, False])
def test_a_reader_sees_what_is_acknowledged_at_once(tmp_path: Path, text: bool) -> None:
    several = documents(70)
    with (
        Index.open(tmp_path / "seen", text=text, merge="now") as writer,
        Index.open(tmp_path / "seen", read_only=True) as reader,
    ):
        for place, each in enumerate(several):
            decision = writer.admit(each)
            assert reader.query(each) == decision
            assert len(reader) == place + 1
            if place % 20 == 19:
                writer.remove(several[place - 3].id)
                assert reader.explain(several[place - 3].id) is None
                writer.admit(several[place - 3])
            if place == 60:
                writer.compact()
        assert explained(reader, several) == explained(writer, several)
        assert reader.check() == writer.check() == []


@pytest.mark.usefixtures("small")
def test_what_a_reader_has_open_outlives_its_deletion(tmp_path: Path) -> None:
    several = documents(60)
    with Index.open(tmp_path / "seen", merge="never") as writer:
        writer.admit_batch(several[:30])
        writer.admit_batch(several[30:])
        reader = Index.open(tmp_path / "seen", read_only=True)
        state = storage_of(reader).state
        before = [segment.path for segment in state.segments]
        expected = explained(reader, several)
        writer.compact()
        assert not any(path.exists() for path in before)
        # Without looking for changes: what was open is read still.
        storage_of(reader)._changes = storage_of(reader).catalogue.changes
        assert explained(reader, several) == expected
        assert [segment.path for segment in state.segments] == before
        reader.close()


@pytest.mark.usefixtures("small")
def test_threads_share_an_index_and_readers_go_on_beside_them(tmp_path: Path) -> None:
    several = documents(96)
    found: dict[str | int, Decision] = {}
    errors: list[BaseException] = []
    done = threading.Event()
    index = Index.open(tmp_path / "seen", merge="background")

    def admit(part: int) -> None:
        try:
            for each in several[part::4]:
                found[each.id] = index.admit(each)
        except BaseException as error:
            errors.append(error)

    def read() -> None:
        try:
            with Index.open(tmp_path / "seen", read_only=True) as reader:
                while not done.is_set():
                    before = len(reader)
                    reader.query(Document("asked", several[5].text))
                    for each in several[::40]:
                        reader.explain(each.id)
                    assert len(reader) >= before
        except BaseException as error:
            errors.append(error)

    writers = [threading.Thread(target=admit, args=(part,)) for part in range(4)]
    readers = [threading.Thread(target=read) for _ in range(2)]
    for thread in [*writers, *readers]:
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    for thread in readers:
        thread.join()
    assert errors == []
    assert len(index) == len(several)
    kept = {each.document for each in found.values() if each.keep}
    assert {each.representative for each in found.values() if not each.keep} <= kept
    assert [found[each.id].keep for each in several] == [
        decision is not None and decision.keep for decision in explained(index, several)
    ]
    index.close()
    with Index.open(tmp_path / "seen") as again:
        assert again.check() == []
        # Some were joined by the thread.
        assert again.info().segments < 96 // 8


def admit_all(index: Index, several: list[Document]) -> None:
    for each in several:
        index.admit(each)
        storage_of(index).wait()


@pytest.mark.usefixtures("small")
def test_an_error_of_the_thread_that_joins_is_raised_by_the_next_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    several = documents(64)

    def fail(*arguments: object, **more: object) -> None:
        raise OSError("no more")

    with Index.open(tmp_path / "seen") as index:
        with monkeypatch.context() as patch:
            patch.setattr(storage, "write_merged", fail)
            with pytest.raises(OSError, match="no more"):
                admit_all(index, several)
        expected = [index.admit(each) for each in several]
    with Index.open(tmp_path / "seen") as index:
        assert [index.admit(each) for each in several] == expected


@pytest.mark.usefixtures("small")
def test_files_that_no_transaction_knows_are_deleted(tmp_path: Path) -> None:
    with Index.open(tmp_path / "seen") as index:
        index.admit_batch(documents(20))
        index.compact()
        names = set(os.listdir(tmp_path / "seen"))
    for name in ("segment-00000099", "texts-00000099", "segment-00000100.new"):
        (tmp_path / "seen" / name).write_bytes(b"half")
    with Index.open(tmp_path / "seen", read_only=True):
        assert "segment-00000099" in os.listdir(tmp_path / "seen")
    with Index.open(tmp_path / "seen") as index:
        assert set(os.listdir(tmp_path / "seen")) == names
        assert index.check() == []


@pytest.mark.parametrize("some", [(10_000,), (4096, 16384), (16384, 5000, 100, 30_000)])
def test_segments_are_joined_so_that_few_are_left_and_none_is_written_often(some: tuple[int, ...]) -> None:
    sizes: list[int] = []
    written = total = 0
    for turn in range(1000):
        sizes.append(some[turn % len(some)])
        total += sizes[-1]
        while due := due_segments(sizes):
            written += sum(sizes[-due:])
            sizes[-due:] = [sum(sizes[-due:])]
    assert sum(sizes) == total
    assert len(sizes) <= 6 * TIER
    assert written <= 6 * total
