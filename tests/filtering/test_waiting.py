"""Waiting for an index that another one writes to, or whose server cannot be reached."""

import threading
from pathlib import Path

import pytest

from dedup.cli.entry import main
from dedup.errors import StoreError
from dedup.filtering import FilterOptions, filter_records
from dedup.filtering.outputs import Outputs
from dedup.filtering.records import Batch
from dedup.filtering.verdicts import Verdicts
from dedup.index import Index
from dedup.index.locking import WriterLock
from dedup.model import Document
from tests.filtering.inputs import WORDS, lines_of


def test_a_locked_index_is_refused_at_once_unless_told_to_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in.jsonl").write_bytes(b"".join(lines_of([Document(1, WORDS)])))
    path, given = str(tmp_path / "seen.dedup"), [str(tmp_path / name) for name in ("in.jsonl", "out.jsonl")]
    other = Index.open(path)
    assert main(["filter", *given, "--index", path]) == 2
    assert "writes to this index" in capsys.readouterr().err
    tried = threading.Event()
    take = WriterLock._take

    def taking(lock: WriterLock) -> bool:
        taken = take(lock)
        tried.set()
        return taken

    monkeypatch.setattr(WriterLock, "_take", taking)

    def close_when_asked() -> None:
        tried.wait()
        other.close()

    closing = threading.Thread(target=close_when_asked)
    closing.start()
    done = main(["filter", *given, "--index", path, "--timeout", "60"])
    closing.join()
    assert done == 0
    assert Path(given[1]).read_bytes() == Path(given[0]).read_bytes()


def test_a_run_whose_writing_does_not_end_ends_all_the_same_when_it_is_asked_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in.jsonl").write_bytes(
        b"".join(lines_of([Document(number, f"{WORDS} {number}") for number in (1, 2)]))
    )
    source, target = (str(tmp_path / name) for name in ("in.jsonl", "out.jsonl"))
    begun, released = threading.Event(), threading.Event()

    def stuck(outputs: Outputs, batch: Batch, verdicts: Verdicts) -> None:
        begun.set()
        released.wait()
        raise OSError("nobody waits for this any more")

    options = FilterOptions(batch=1)
    with monkeypatch.context() as patched:
        patched.setattr(Outputs, "write", stuck)
        patched.setattr("dedup.filtering.pipeline._GRACE", 0.2)
        try:
            result = filter_records(source, target, index=str(tmp_path / "seen"), options=options, stop=begun.is_set)
        finally:
            released.set()
    assert not result.finished
    result = filter_records(source, target, index=str(tmp_path / "seen"), options=options)
    assert result.finished
    assert (tmp_path / "out.jsonl").read_bytes().count(b"\n") == result.tally.kept > 0


def test_a_server_that_cannot_be_reached_is_asked_again_until_the_time_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("redis")
    (tmp_path / "in.jsonl").write_bytes(b"")
    now, asked = [0.0], []

    def sleep(seconds: float) -> None:
        asked.append(seconds)
        now[0] += 1.0

    monkeypatch.setattr("dedup.index.server.time.sleep", sleep)
    monkeypatch.setattr("dedup.index.server.time.monotonic", lambda: now[0])
    with pytest.raises(StoreError, match="cannot be reached"):
        filter_records(
            str(tmp_path / "in.jsonl"),
            str(tmp_path / "out.jsonl"),
            index="redis://127.0.0.1:1/0?prefix=crawl",
            options=FilterOptions(timeout=9.0),
        )
    assert len(asked) == 9
