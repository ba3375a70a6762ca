"""Runs that break off and are begun again with the same command."""

import errno
import gzip
import json
import os
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.killing import Victim
from benchmarks.kills import SCENARIOS, Scenario, disturbed, make_inputs, outputs, undisturbed
from dedup.errors import ConfigError, DedupError, InputError
from dedup.filtering import FilterOptions, FilterResult, Mode, filter_records
from dedup.filtering.files import AppendedFile
from dedup.scanning.progress import Silent
from tests.filtering.inputs import CONFIG, OTHER, WORDS

RECORDS = 60


def lines(first: int = 0, last: int = RECORDS) -> bytes:
    """Records of which each third is a copy, with one that cannot be read now and then."""
    written = []
    for number in range(first, last):
        text = f"{WORDS} {number}" * (number % 5 + 1) if number % 3 else OTHER + "x" * (number % 2)
        written.append(json.dumps({"id": number, "text": text, "n": [number]}).encode() + b"\n")
        if number % 7 == 0:
            written.append(b"[]\n\n")
    return b"".join(written)


class Batches(Silent):
    """Counts the batches of a run, and asks it to stop after some."""

    def __init__(self, most: int, meanwhile: Callable[[], None] = lambda: None) -> None:
        self._left = most
        self._meanwhile = meanwhile

    def advance(self, amount: int) -> None:
        self._left -= 1
        self._meanwhile()

    def are_done(self) -> bool:
        return self._left <= 0


NEVER = 10**9


def go(
    folder: Path,
    target: str = "out.jsonl",
    batches: int = NEVER,
    meanwhile: Callable[[], None] = lambda: None,
    **options: Any,
) -> FilterResult:
    """Filter `in.jsonl` of a folder by an index in it, some batches of it."""
    progress = Batches(batches, meanwhile)
    index = str(folder / str(options.pop("index", "seen.dedup")))
    return filter_records(
        str(folder / "in.jsonl") if (folder / "in.jsonl").exists() else "-",
        str(folder / target) + ("/" if target.endswith("/") else ""),
        CONFIG,
        index=index,
        options=FilterOptions(
            **{
                "batch": 7,
                "rejected": str(folder / "rejected.jsonl"),
                "quarantine": str(folder / "quarantine.jsonl"),
                **options,
            }
        ),
        progress=progress,
        stop=progress.are_done,
    )


def found(folder: Path) -> dict[str, bytes]:
    return {name: data for name, data in outputs(folder).items() if name != "in.jsonl"}


@pytest.fixture
def whole(tmp_path: Path) -> dict[str, bytes]:
    """What an undisturbed run writes."""
    folder = tmp_path / "whole"
    folder.mkdir()
    (folder / "in.jsonl").write_bytes(lines())
    assert go(folder).finished
    return found(folder)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "in.jsonl").write_bytes(lines())
    return tmp_path / "run"


def test_a_run_that_was_stopped_goes_on_where_it_was(folder: Path, whole: dict[str, bytes]) -> None:
    parts = 0
    before = 0
    while not (result := go(folder, batches=2)).finished:
        assert result.before.read == before
        before = result.tally.read
        parts += 1
    assert parts > 2
    assert found(folder) == whole
    assert result.tally.read == before + result.tally.read - result.before.read == RECORDS + 9


@pytest.mark.parametrize("failing", [0, 1, 2, 5, 11])
def test_a_full_disk_ends_the_run_and_the_same_command_goes_on(
    folder: Path, whole: dict[str, bytes], failing: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = AppendedFile.write
    counter = count()

    def full(self: AppendedFile, data: bytes) -> None:
        time.sleep(0.01)  # so that the next batch is decided on before this one is written
        if next(counter) == failing:
            # What there was room for is written.
            os.write(self._file.fileno(), data[: len(data) // 2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write(self, data)

    with monkeypatch.context() as patched:
        patched.setattr(AppendedFile, "write", full)
        with pytest.raises(DedupError, match=r"No space left on device.*run the same command again to go on"):
            go(folder)
    assert go(folder).finished
    assert found(folder) == whole


def test_a_run_that_is_done_says_so_and_changes_nothing(folder: Path) -> None:
    first = go(folder)
    assert (first.before.read, first.finished) == (0, True)
    written = found(folder)
    (folder / "out.jsonl").write_bytes(b"somebody has taken it away")
    again = go(folder)
    assert again.before == again.tally == first.tally
    assert found(folder) == {**written, "out.jsonl": b"somebody has taken it away"}


def test_a_file_that_has_only_been_touched_is_the_same(folder: Path) -> None:
    first = go(folder)
    os.utime(folder / "in.jsonl", (1, 1))
    assert go(folder).before == first.tally


@pytest.mark.parametrize("target", ["out.jsonl", "out/", "out.jsonl.gz"])
def test_what_was_added_to_the_input_is_added_to_the_output(folder: Path, target: str, tmp_path: Path) -> None:
    (folder / "in.jsonl").write_bytes(lines(0, 25))
    first = go(folder, target)
    with (folder / "in.jsonl").open("ab") as stream:
        stream.write(lines(25, RECORDS))
    second = go(folder, target)
    assert second.before == first.tally
    assert second.tally.read == RECORDS + 9
    other = tmp_path / "other"
    other.mkdir()
    (other / "in.jsonl").write_bytes(lines())
    go(other)
    if target == "out/":
        parts = [(folder / "out" / f"part-0000{number}.jsonl").read_bytes() for number in range(2)]
        assert all(parts)
        assert b"".join(parts) == (other / "out.jsonl").read_bytes()
    else:
        data = (folder / target).read_bytes()
        assert (gzip.decompress(data) if target.endswith("gz") else data) == (other / "out.jsonl").read_bytes()
    assert (folder / "rejected.jsonl").read_bytes() == (other / "rejected.jsonl").read_bytes()


def test_a_last_line_that_goes_on_is_refused(folder: Path) -> None:
    (folder / "in.jsonl").write_bytes(lines() + b'{"text": "no newline yet"}')
    go(folder)
    with (folder / "in.jsonl").open("ab") as stream:
        stream.write(b'\n{"text": "more"}\n')
    with pytest.raises(InputError, match="goes on in its last line, which was read as a record already"):
        go(folder)


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.replace(b"harbour", b"Harbour", 1),
        lambda data: data[: len(data) // 8],
        lambda data: b"",
        lambda data: b"\n" + data,
    ],
)
@pytest.mark.parametrize("finished", [True, False])
def test_an_input_that_was_changed_is_refused(folder: Path, change: Callable[[bytes], bytes], finished: bool) -> None:
    assert go(folder, batches=NEVER if finished else 3).finished is finished
    before = found(folder)
    (folder / "in.jsonl").write_bytes(change(lines()))
    os.utime(folder / "in.jsonl", (1, 1))
    with pytest.raises(InputError, match=r"in.jsonl: was changed since this run began: its first .* bytes are others"):
        go(folder)
    if finished:
        assert found(folder) == before


def test_an_input_that_changes_while_it_is_read_is_refused(folder: Path) -> None:
    def meddle() -> None:
        (folder / "in.jsonl").write_bytes(lines()[:-1] + b" ")
        os.utime(folder / "in.jsonl", (1, 1))

    with pytest.raises(InputError, match="was changed while it was read"):
        go(folder, meanwhile=meddle)


class Stdin:
    """Puts a file in the place of standard input."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        (folder / "in.jsonl").unlink()
        self._folder, self._patch = folder, patch
        self._open: list[object] = []

    def __call__(self, data: bytes) -> None:
        (self._folder / "stdin").write_bytes(data)
        stream = (self._folder / "stdin").open(encoding="utf-8")
        self._open.append(stream)
        self._patch.setattr("sys.stdin", stream)

    def close(self) -> None:
        for stream in self._open:
            stream.close()  # type: ignore[attr-defined]
        (self._folder / "stdin").unlink()


@pytest.fixture
def stdin(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stdin]:
    given = Stdin(folder, monkeypatch)
    yield given
    given.close()


def test_a_stream_that_is_replayed_is_gone_on_with(folder: Path, stdin: Stdin, whole: dict[str, bytes]) -> None:
    for batches in (1, 2, 3, 1):
        stdin(lines())
        assert not go(folder, batches=batches).finished
    stdin(lines())
    assert go(folder).finished
    stdin.close()
    assert found(folder) == whole
    (folder / "stdin").touch()


def test_another_stream_is_refused_before_anything_is_touched(folder: Path, stdin: Stdin) -> None:
    stdin(lines())
    go(folder, batches=3)
    written = (folder / "out.jsonl").read_bytes()
    for other in (lines(1), lines()[:100], b"", lines().replace(b"harbour", b"Harbour")):
        stdin(other)
        with pytest.raises(InputError, match="standard input is another stream than the one that this run began with"):
            go(folder)
    assert (folder / "out.jsonl").read_bytes() == written
    stdin(lines(100, 110))
    assert go(folder, restart=True).finished


def test_an_output_that_was_cut_is_refused_and_one_that_was_added_to_is_cut(
    folder: Path, whole: dict[str, bytes]
) -> None:
    go(folder, batches=4)
    written = (folder / "out.jsonl").read_bytes()
    (folder / "out.jsonl").write_bytes(written[:-1])
    with pytest.raises(DedupError, match=r"out.jsonl: has [\d,]+ bytes, and this run had written [\d,]+; put it back"):
        go(folder)
    (folder / "out.jsonl").unlink()
    with pytest.raises(DedupError, match="has 0 bytes"):
        go(folder)
    assert not (folder / "out.jsonl").exists()
    (folder / "out.jsonl").write_bytes(written + b"half a line of a batch that was never acknowledged")
    assert go(folder).finished
    assert found(folder) == whole


def test_a_run_must_be_gone_on_with_as_it_was_begun(folder: Path) -> None:
    go(folder, batches=2)
    with pytest.raises(ConfigError, match="was begun with --mode drop, not annotate"):
        go(folder, mode=Mode.ANNOTATE, rejected=None)
    with pytest.raises(ConfigError, match=r"was begun with --quarantine .*, not left out"):
        go(folder, quarantine=None)


def test_an_output_of_something_else_is_not_overwritten_unless_asked(folder: Path, whole: dict[str, bytes]) -> None:
    for name in ("out.jsonl", "rejected.jsonl", "quarantine.jsonl"):
        (folder / name).write_bytes(b"precious")
        with pytest.raises(DedupError, match=f"{name}: stands there already and is not of this run"):
            go(folder)
        assert (folder / name).read_bytes() == b"precious"
        (folder / name).unlink()
    (folder / "out.jsonl").write_bytes(b"precious")
    go(folder, restart=True)
    assert found(folder) == whole


def test_a_restart_begins_anew_and_knows_the_records_of_the_first_part(folder: Path) -> None:
    first = go(folder)
    again = go(folder, restart=True)
    assert again.before.read == 0
    assert again.tally.read == first.tally.read
    assert again.tally.kept == 0


def test_without_an_index_a_file_is_there_whole_or_not_at_all(folder: Path) -> None:
    (folder / "out.jsonl").write_bytes(b"of yesterday")
    source, target = str(folder / "in.jsonl"), str(folder / "out.jsonl")
    options = FilterOptions(batch=7)
    progress = Batches(2)
    stopped = filter_records(source, target, CONFIG, options=options, progress=progress, stop=progress.are_done)
    assert not stopped.finished
    assert found(folder) == {"out.jsonl": b"of yesterday"}
    assert filter_records(source, target, CONFIG, options=options).finished
    assert len(found(folder)["out.jsonl"]) > 1000


def test_shards_are_shown_when_they_are_complete(folder: Path, whole: dict[str, bytes]) -> None:
    shards: dict[str, Any] = {"shard_bytes": 800, "rejected": None, "quarantine": None}
    while not go(folder, "out/", batches=2, **shards).finished:
        shown = sorted(path for path in (folder / "out").glob("part-*"))
        hidden = sorted(path.name for path in (folder / "out").glob(".*"))
        # At most the one that grows is hidden once a run has ended.
        assert hidden in ([], [f".part-{len(shown):05}.jsonl.part"])
        for path in shown:
            assert path.stat().st_size >= 800
    parts = sorted((folder / "out").iterdir())
    assert [path.name for path in parts] == [f"part-{number:05}.jsonl" for number in range(len(parts))]
    assert len(parts) > 2
    assert b"".join(path.read_bytes() for path in parts) == whole["out.jsonl"]
    with pytest.raises(DedupError, match=r"out: holds part-00000.jsonl already"):
        go(folder, "out/", **shards, index="other.dedup")


@pytest.fixture(scope="module")
def victim() -> Iterator[Victim]:
    with Victim() as one:
        yield one


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_killed_at_random_moments_it_writes_what_it_would_have_written(
    scenario: Scenario, victim: Victim, tmp_path: Path
) -> None:
    make_inputs(tmp_path, 240, seed=3)
    wanted, events = undisturbed(victim, scenario, tmp_path / "whole", tmp_path)
    generator = np.random.default_rng(len(scenario.name))
    done, kills = disturbed(victim, scenario, tmp_path / "killed", tmp_path, events, generator, most=3)
    assert kills >= 2
    assert done == wanted
    assert wanted["quarantine.jsonl"] or scenario.source == "crawl.parquet"
