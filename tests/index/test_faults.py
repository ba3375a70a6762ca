"""Faults: kills, torn files, flipped bits, a full disk. Nothing acknowledged is lost, and no answer is wrong."""

import errno
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dedup import Document, Index, StoreError
from dedup.errors import LossWarning
from dedup.index import storage
from dedup.index.catalogue import NAME
from dedup.index.segments import write_merged
from dedup.kernels import choose
from tests.index.corpus import documents, explained, storage_of

ROOT = Path(__file__).parents[2]
KILLS = int(os.environ.get("DEDUP_KILLS", "10"))
"""How often a process is killed; the issue's 200 take a minute."""


@pytest.mark.parametrize("options", [(), ("paragraphs",), ("rewrites",)])
def test_a_process_killed_anywhere_loses_nothing_and_does_nothing_twice(
    options: tuple[str, ...], tmp_path: Path
) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.index.killing", str(tmp_path), str(KILLS), "1", *options],
        cwd=ROOT,
        env={**os.environ, "DEDUP_KERNELS": "numpy"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    assert int(ran.stdout.split()[0]) >= KILLS


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of two segments and a tail."""
    path = tmp_path_factory.mktemp("made") / "seen"
    several = documents(400)
    with pytest.MonkeyPatch.context() as patch, Index.open(path, merge="never") as index:
        patch.setattr(storage, "FLUSH_AT_ONCE", 150)
        index.admit_batch(several[:180])
        index.admit_batch(several[180:360])
        index.admit_batch(several[360:])
        assert (index.info().segments, index.info().tail) == (2, 40)
    return path


def copies(made: Path, tmp_path: Path, pattern: str) -> Iterator[tuple[Path, Path]]:
    """A copy of the index for each file of a name, to be spoilt there."""
    for name in sorted(path.name for path in made.glob(pattern)):
        copy = tmp_path / f"spoilt-{name}"
        shutil.copytree(made, copy)
        yield copy, copy / name


@pytest.mark.parametrize("pattern", ["segment-*", "texts-*"])
def test_a_file_cut_off_or_gone_is_told_when_the_index_is_opened(made: Path, tmp_path: Path, pattern: str) -> None:
    for folder, file in copies(made, tmp_path, pattern):
        data = file.read_bytes()
        for size in (len(data) - 1, len(data) // 2, 0):
            file.write_bytes(data[:size])
            for read_only in (True, False):
                with pytest.raises(StoreError, match=rf"{file.name}: has {size:,} bytes and should have {len(data):,}"):
                    Index.open(folder, read_only=read_only)
        file.unlink()
        with pytest.raises(StoreError, match=f"{file.name}: is missing"):
            Index.open(folder, read_only=True)


@pytest.mark.parametrize("pattern", ["segment-*", "texts-*"])
def test_a_flipped_bit_is_found_by_check_and_before_a_wrong_answer(made: Path, tmp_path: Path, pattern: str) -> None:
    several = documents(400)
    generator = np.random.default_rng(3)
    asked = [Document(f"new {number}", each.text) for number, each in enumerate(several)][::12]
    with Index.open(made, read_only=True) as index:
        expected = [[index.query(each)] for each in asked]
    noticed = 0
    for folder, file in copies(made, tmp_path, pattern):
        data = bytearray(file.read_bytes())
        # The last bytes say where everything is; the rest is much alike.
        places = [*generator.integers(0, len(data), 5).tolist(), *range(len(data) - 40, len(data), 13)]
        for place in places:
            bit = 1 << int(generator.integers(0, 8))
            data[place] ^= bit
            file.write_bytes(data)
            problems, answers = [], []
            try:
                with Index.open(folder, read_only=True) as index:
                    answers = [answer_of(index, each) for each in asked]
                    problems = index.check()
            except StoreError as error:
                problems = [str(error)]
            assert any(file.name in problem for problem in problems), place
            for answer, right in zip(answers, expected, strict=False):
                assert answer in (right, [])
                noticed += answer == []
            data[place] ^= bit
    assert noticed


def answer_of(index: Index, document: Document) -> list[object]:
    """The decision, or nothing where damage was noticed."""
    try:
        return [index.query(document)]
    except StoreError:
        return []


def test_flipped_bits_of_the_catalogue_are_found_or_change_nothing(made: Path, tmp_path: Path) -> None:
    several = documents(400)
    with Index.open(made, read_only=True) as index:
        expected = explained(index, several[::9])
    generator = np.random.default_rng(4)
    file = next(copies(made, tmp_path, NAME))[1]
    data = bytearray(file.read_bytes())
    found = 0
    for place in generator.integers(0, len(data), 25).tolist():
        data[place] ^= 16
        file.write_bytes(data)
        for rest in (file.with_name(NAME + "-wal"), file.with_name(NAME + "-shm")):
            rest.unlink(missing_ok=True)
        try:
            with Index.open(file.parent, read_only=True) as index:
                assert explained(index, several[::9]) == expected
                found += bool(index.check())
        except StoreError:
            found += 1
        data[place] ^= 16
    assert found


@pytest.mark.parametrize("column", ["rows", "texts", "checksum"])
def test_a_row_of_the_catalogue_that_lost_a_value_is_damage(made: Path, tmp_path: Path, column: str) -> None:
    file = next(copies(made, tmp_path, NAME))[1]
    with sqlite3.connect(file) as connection:
        (schema,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'tail'").fetchone()
        connection.execute("ALTER TABLE tail RENAME TO whole")
        connection.execute(schema.replace(" NOT NULL", ""))
        connection.execute("INSERT INTO tail SELECT * FROM whole")
        connection.execute(f"UPDATE tail SET {column} = NULL")  # noqa: S608
    connection.close()
    with pytest.raises(StoreError, match="of the tail does not match its checksum"):
        Index.open(file.parent, read_only=True)


@pytest.mark.parametrize("name", ["config", "background", "keeps_text", "next_rank"])
def test_a_fact_of_the_catalogue_that_is_gone_is_damage(made: Path, tmp_path: Path, name: str) -> None:
    file = next(copies(made, tmp_path, NAME))[1]
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE facts SET name = name || '?' WHERE name = ?", (name,))
    connection.close()
    with pytest.raises(StoreError, match=f"fact '{name}'"):
        Index.open(file.parent)


def test_a_catalogue_cut_to_nothing_is_told_and_costs_no_segment(made: Path, tmp_path: Path) -> None:
    file = next(copies(made, tmp_path, NAME))[1]
    whole = file.read_bytes()
    file.write_bytes(b"")
    with pytest.raises(StoreError, match="is empty, and beside it stands segment-00000001"):
        Index.open(file.parent)
    file.write_bytes(whole)
    with Index.open(file.parent) as index:
        assert index.check() == []


def test_a_number_that_the_catalogue_lost_writes_over_no_segment(made: Path, tmp_path: Path) -> None:
    file = next(copies(made, tmp_path, NAME))[1]
    with sqlite3.connect(file) as connection:
        connection.execute("DELETE FROM facts WHERE name = 'next_number'")
    connection.close()
    several = documents(400)
    with Index.open(made, read_only=True) as index:
        expected = explained(index, several)
    with Index.open(file.parent) as index:
        index.compact()
        assert explained(index, several) == expected
        assert index.check() == []


def test_a_log_that_cannot_be_read_is_told_and_not_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen, copy = tmp_path / "seen", tmp_path / "copy"
    with Index.open(seen) as index:
        index.admit(Document(1, "some words of a page"))
        shutil.copytree(seen, copy)
    assert (copy / f"{NAME}-wal").stat().st_size
    connect = sqlite3.connect

    def nothing_can_be_written(name: str, **settings: Any) -> sqlite3.Connection:
        if "immutable" not in name:
            raise sqlite3.OperationalError("unable to open database file")
        connection: sqlite3.Connection = connect(name, **settings)
        return connection

    monkeypatch.setattr(sqlite3, "connect", nothing_can_be_written)
    with pytest.raises(StoreError, match=r"catalogue\.sqlite-wal is not brought in yet"):
        Index.open(copy, read_only=True)
    with Index.open(seen, read_only=True) as reader:
        assert len(reader) == 1


@pytest.mark.parametrize("read_only", [True, False])
def test_what_a_damaged_log_loses_is_told_until_the_index_is_compacted(tmp_path: Path, read_only: bool) -> None:
    several = documents(30)
    with Index.open(tmp_path / "seen") as index:
        for document in several[:20]:
            index.admit(document)
        index.admit_batch(several[20:], mark=("place", b"30"))
        shutil.copytree(tmp_path / "seen", tmp_path / "copy")
    log = tmp_path / "copy" / f"{NAME}-wal"
    data = bytearray(log.read_bytes())
    data[3 * len(data) // 4] ^= 1
    log.write_bytes(data)
    with pytest.warns(LossWarning, match=r"documents \(behind the first \d+\) and 1 transaction that"):
        index = Index.open(tmp_path / "copy", read_only=read_only)
    with index:
        there = len(index)
        assert 0 < there < 30
        if read_only:
            return
        assert any("had been acknowledged and cannot be found" in problem for problem in index.check())
        index.admit_batch(several)
        assert len(index) == 30
    with Index.open(tmp_path / "copy") as index:
        assert any(f"behind the first {there})" in problem for problem in index.check())
        index.compact()
        assert index.check() == []


def test_a_process_that_died_between_storing_and_putting_down_lost_nothing(tmp_path: Path) -> None:
    with Index.open(tmp_path / "seen") as index:
        index.admit_batch(documents(5))
    before = (tmp_path / "seen" / "acknowledged").read_bytes()
    with Index.open(tmp_path / "seen") as index:
        index.admit_batch(documents(9)[5:])
    for data in (before, before[:7], b""):
        (tmp_path / "seen" / "acknowledged").write_bytes(data)
        with Index.open(tmp_path / "seen") as index:
            assert len(index) == 9
            assert index.check() == []


def test_where_the_disk_is_full_it_is_told_before_memory_stands_for_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with Index.open(tmp_path / "seen") as index:
        index.admit_batch(documents(5))
    (tmp_path / "seen" / "acknowledged").unlink()
    with monkeypatch.context() as patched:
        patched.setattr("dedup.index.acknowledged.os.write", full)
        with pytest.raises(StoreError, match="acknowledged"):
            Index.open(tmp_path / "seen")
    with Index.open(tmp_path / "seen") as index:
        assert len(index) == 5


def test_a_forked_process_is_told_to_open_the_index_itself(tmp_path: Path) -> None:
    program = (
        "import os, sys; from dedup import Index, Document, StoreError\n"
        "index = Index.open(sys.argv[1]); index.admit(Document(1, 'some words of a page'))\n"
        "def tried(use):\n"
        "    try: use()\n"
        "    except StoreError as error: print(error, flush=True)\n"
        "child = os.fork()\n"
        "if not child:\n"
        "    tried(lambda: index.admit(Document(2, 'other words'))); tried(lambda: index.query(Document(2, '')))\n"
        "    index.close(); tried(lambda: Index.open(sys.argv[1])); os._exit(0)\n"
        "os.waitpid(child, 0)\n"
        "index.admit(Document(3, 'third words')); print(len(index), index.check())\n"
    )
    ran = subprocess.run([sys.executable, "-c", program, str(tmp_path / "seen")], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    *told, locked, last = ran.stdout.splitlines()
    assert len(told) == 2
    assert all("the process that this one was forked from" in line for line in told)
    assert "writes to this index" in locked
    assert last == "2 []"


def test_a_damaged_segment_is_not_merged_into_a_whole_one(made: Path, tmp_path: Path) -> None:
    for folder, file in copies(made, tmp_path, "segment-*"):
        data = bytearray(file.read_bytes())
        data[len(data) // 3] ^= 1
        file.write_bytes(data)
        before = set(os.listdir(folder))
        with Index.open(folder) as index:
            with pytest.raises(StoreError, match="is damaged"):
                index.compact()
            # What came last is in a segment of its own; what was there is as it was.
            assert index.info().segments == 3
        assert {name for name in before if name.startswith(("segment", "texts"))} <= set(os.listdir(folder))


def test_compacting_waits_for_segments_that_another_thread_begins_to_join(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    several = documents(80)
    monkeypatch.setattr(storage, "FLUSH_AT_ONCE", 10)
    merging = threading.Event()
    wait = storage.Storage.wait

    def slowly(*arguments: Any, **settings: Any) -> Any:
        if threading.current_thread().name == "dedup merging":
            merging.set()
            time.sleep(0.3)
        return write_merged(*arguments, **settings)

    def overtaken(self: storage.Storage) -> None:
        wait(self)
        if not merging.is_set():
            self.merge_due(choose(0), background=True)
            merging.wait()

    with Index.open(tmp_path / "seen", merge="never") as index:
        for first in range(0, 80, 20):
            index.admit_batch(several[first : first + 20])
        assert index.info().segments == 4
        expected = explained(index, several)
        monkeypatch.setattr(storage, "write_merged", slowly)
        monkeypatch.setattr(storage.Storage, "wait", overtaken)
        index.compact()
        assert merging.is_set()
    monkeypatch.undo()
    with Index.open(tmp_path / "seen") as index:
        assert (index.info().segments, index.info().documents) == (1, 80)
        assert explained(index, several) == expected
        assert index.check() == []


@pytest.mark.parametrize("kind", ["file", "catalogue"])
def test_a_full_disk_ends_a_batch_whole_and_the_next_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    several = documents(120)
    monkeypatch.setattr(storage, "FLUSH_AT_ONCE", 50)
    with Index.open(tmp_path / "one") as index:
        expected = [*index.admit_batch(several[:60]), *index.admit_batch(several[60:])]
    with Index.open(tmp_path / "seen") as index:
        found = index.admit_batch(several[:60], mark=("at", b"60"))
        connection = storage_of(index).catalogue._connection
        with monkeypatch.context() as patch:
            if kind == "file":
                patch.setattr(os, "fsync", full)
            else:
                patch.setattr(storage, "FLUSH_AT_ONCE", 10_000)
                (pages,) = connection.execute("PRAGMA page_count").fetchone()
                connection.execute(f"PRAGMA max_page_count={pages}")
            with pytest.raises(StoreError, match=r"the disk is full; free some space and run the same again"):
                index.admit_batch(several[60:], mark=("at", b"120"))
            assert (len(index), index.mark("at")) == (60, b"60")
            assert not [name for name in os.listdir(tmp_path / "seen") if name.endswith(".new")]
        connection.execute("PRAGMA max_page_count=1000000")
        assert found + index.admit_batch(several[60:], mark=("at", b"120")) == expected
        assert index.check() == []


def full(descriptor: int) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_folder_that_was_copied_while_nobody_wrote_is_an_index(made: Path, tmp_path: Path) -> None:
    several = documents(400)
    shutil.copytree(made, tmp_path / "copy")
    with Index.open(made, read_only=True) as one, Index.open(tmp_path / "copy") as other:
        assert explained(one, several) == explained(other, several)
        assert other.check() == []
