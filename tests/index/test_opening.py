"""Opening an index: what is fixed when it is made, who may write, and what is said where it cannot be opened."""

import errno
import gc
import os
import sqlite3
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from dedup import Config, ConfigError, Document, Index, LockedError, Relation, StoreError
from dedup.index.catalogue import NAME
from dedup.model import Level
from dedup.verifying import Background
from tests.index.corpus import documents, storage_of
from tests.scanning.snapshot import background_of


def test_an_index_keeps_its_configuration(tmp_path: Path) -> None:
    config = Config(threshold=0.8, shingle_size=4, relations=(Relation.NEAR, Relation.EXACT))
    with Index.open(tmp_path / "seen", config) as index:
        made = index.config
    assert (made.threshold, made.level, made.relations) == (0.8, Level.DOCUMENT, (Relation.EXACT, Relation.NEAR))
    with Index.open(tmp_path / "seen") as index:
        assert index.config == made
    with Index.open(tmp_path / "seen", config) as index:
        assert index.config == made


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"threshold": 0.75}, "threshold 0.7, not 0.75"),
        ({"num_perm": 64}, "num_perm 128, not 64"),
        ({"relations": (Relation.NEAR,)}, "relations exact, near, contains, not near"),
    ],
)
def test_another_configuration_is_refused_by_name(tmp_path: Path, changed: dict[str, float], said: str) -> None:
    Index.open(tmp_path / "seen", Config()).close()
    with pytest.raises(ConfigError, match=said):
        Index.open(tmp_path / "seen", replace(Config(), **changed))  # type: ignore[arg-type]
    # Nothing is held of what could not be opened.
    Index.open(tmp_path / "seen", Config()).close()


def test_another_background_and_another_keeping_of_texts_are_refused(tmp_path: Path) -> None:
    background = background_of(documents(20), Config())
    Index.open(tmp_path / "seen", background=background, text=False).close()
    with Index.open(tmp_path / "seen") as index:
        assert index.background.fingerprint == background.fingerprint
    with pytest.raises(ConfigError, match=f"has the background {background.fingerprint}"):
        Index.open(tmp_path / "seen", background=Background())
    with pytest.raises(ConfigError, match="was made with text False"):
        Index.open(tmp_path / "seen", text=True)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (Config(num_perm=8192), "an index has up to 253 bands"),
        (Config(level=Level.PARAGRAPH), "decides on whole documents"),
        (Config(keep="longest"), "keep is 'first'"),
        (Config(boilerplate="exclude"), "boilerplate"),
        (Config(relations=(Relation.RESIDUE,)), "exact, near, contains"),
    ],
)
def test_what_an_index_does_not_do_is_refused(tmp_path: Path, config: Config, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        Index.open(tmp_path / "seen", config)
    assert not (tmp_path / "seen").exists()


def test_an_index_of_another_version_is_refused(tmp_path: Path) -> None:
    Index.open(tmp_path / "seen").close()
    with sqlite3.connect(tmp_path / "seen" / NAME) as connection:
        connection.execute("PRAGMA user_version=7")
    connection.close()
    for read_only in (False, True):
        with pytest.raises(StoreError, match="is an index of format 7, and this version of dedup reads format 2"):
            Index.open(tmp_path / "seen", read_only=read_only)


def test_a_configuration_whose_meaning_changed_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Index.open(tmp_path / "seen").close()
    monkeypatch.setattr(Config, "fingerprint", property(lambda config: "another"))
    with pytest.raises(StoreError, match="settings have changed their meaning"):
        Index.open(tmp_path / "seen")


def test_what_is_no_index_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "page.txt").write_text("x")
    with pytest.raises(StoreError, match="is a file; an index is a folder"):
        Index.open(tmp_path / "file")
    with pytest.raises(StoreError, match=r"holds other things, such as 'page.txt'"):
        Index.open(tmp_path / "folder")
    for read_only, create in ((True, True), (False, False)):
        with pytest.raises(StoreError, match="there is no index; dedup index create makes one"):
            Index.open(tmp_path / "none", read_only=read_only, create=create)
    assert not (tmp_path / "none").exists()
    assert os.listdir(tmp_path / "folder") == ["page.txt"]
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / NAME).write_bytes(b"no database at all" * 100)
    with pytest.raises(StoreError, match="damaged"):
        Index.open(tmp_path / "torn")


def test_a_second_writer_of_this_process_is_refused_or_waits(tmp_path: Path) -> None:
    first = Index.open(tmp_path / "seen")
    with pytest.raises(LockedError, match="another object of this process writes to this index"):
        Index.open(tmp_path / "seen")
    first.admit(Document(1, "Still the only one who writes"))
    closing = threading.Timer(0.1, first.close)
    closing.start()
    with Index.open(tmp_path / "seen", timeout=30) as second:
        assert len(second) == 1
    closing.join()


def test_a_writer_that_nobody_has_any_more_holds_nobody_up(tmp_path: Path) -> None:
    index = Index.open(tmp_path / "seen")
    index.admit(Document(1, "some text"))
    del index
    gc.collect()
    with Index.open(tmp_path / "seen") as index:
        assert len(index) == 1


def test_a_timeout_that_is_no_number_waits_for_nobody(tmp_path: Path) -> None:
    with Index.open(tmp_path / "seen"), pytest.raises(LockedError):
        Index.open(tmp_path / "seen", timeout=float("nan"))


@pytest.mark.parametrize("said", [{"durability": "ful"}, {"merge": "later"}])
def test_a_word_that_means_nothing_is_refused(tmp_path: Path, said: dict[str, str]) -> None:
    (name,) = said
    with pytest.raises(ConfigError, match=f"{name} is one of"):
        Index.open(tmp_path / "seen", **said)  # type: ignore[arg-type]
    assert not Index.exists(tmp_path / "seen")


def test_the_lock_of_another_process_dies_with_it(tmp_path: Path) -> None:
    program = (
        "import sys, time; from dedup import Index, Document\n"
        "index = Index.open(sys.argv[1]); index.admit(Document(1, 'some words of a page'))\n"
        "print('open', flush=True); time.sleep(60)"
    )
    writer = subprocess.Popen([sys.executable, "-c", program, str(tmp_path / "seen")], stdout=subprocess.PIPE)
    assert writer.stdout is not None
    assert writer.stdout.readline() == b"open\n"
    began = time.monotonic()
    with pytest.raises(LockedError, match=f"process {writer.pid} writes to this index"):
        Index.open(tmp_path / "seen", timeout=0.05)
    assert time.monotonic() - began < 30
    with Index.open(tmp_path / "seen", read_only=True) as reader:
        assert len(reader) == 1
    writer.kill()
    writer.wait()
    writer.stdout.close()
    with Index.open(tmp_path / "seen") as index:
        assert len(index) == 1


def test_a_folder_that_cannot_be_written_to_can_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    several = documents(30)
    with Index.open(tmp_path / "seen") as index:
        decisions = index.admit_batch(several)
        index.compact()
    before = sorted(os.listdir(tmp_path / "seen"))
    opened = os.open

    def refuse(path: str, flags: int, *mode: int, **more: int) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR) and "seen" in str(path):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return opened(path, flags, *mode, **more)

    monkeypatch.setattr(os, "open", refuse)
    (tmp_path / "seen").chmod(0o555)
    try:
        with pytest.raises(StoreError, match=r"cannot be written to .* open it read-only"):
            Index.open(tmp_path / "seen")
        with Index.open(tmp_path / "seen", read_only=True) as index:
            assert [index.query(each) for each in several] == decisions
            assert index.check() == []
    finally:
        (tmp_path / "seen").chmod(0o755)
    assert {*before} <= {*os.listdir(tmp_path / "seen")}


def test_full_durability_is_what_sqlite_is_told(tmp_path: Path) -> None:
    for durability, level in (("process", 1), ("full", 2)):
        with Index.open(tmp_path / "seen", durability=durability) as index:  # type: ignore[arg-type]
            connection = storage_of(index).catalogue._connection
            assert connection.execute("PRAGMA synchronous").fetchone() == (level,)
            index.admit_batch(documents(5))
            index.compact()
            assert connection.execute("PRAGMA synchronous").fetchone() == (level,)
