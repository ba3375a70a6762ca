"""The command: what it says, how it ends, and what it refuses."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dedup import Index
from tests.cli.conftest import Ran
from tests.filtering.inputs import OTHER, WORDS

LINES = b"".join(
    json.dumps({"id": number, "text": text}).encode() + b"\n"
    for number, text in enumerate([WORDS, OTHER, WORDS.upper(), OTHER + " today", "short"])
)
KEPT = b"".join(LINES.splitlines(keepends=True)[number] for number in (0, 1, 4))


@pytest.fixture
def crawl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The records, in a folder to work in."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "crawl.jsonl").write_bytes(LINES + b"[]\n")
    return tmp_path


def test_records_go_from_a_file_to_standard_output_and_the_summary_to_stderr(
    run: Callable[..., Ran], crawl: Path
) -> None:
    ran = run("filter", "crawl.jsonl")
    assert (ran.code, ran.out) == (0, KEPT.decode())
    assert ran.err.splitlines() == [
        "warning: 1 record could not be read; --strict stops at the first, --quarantine FILE takes every one",
        "  crawl.jsonl:6: the line holds a JSON array, not an object; one object a line is expected",
        "6 records: 3 kept, 2 dropped (1 exact, 1 near), 1 quarantined (1 not-an-object)",
    ]


def test_quiet_leaves_the_warning(run: Callable[..., Ran], crawl: Path) -> None:
    ran = run("filter", "crawl.jsonl", "out.jsonl", "-q", "--quarantine", "q.jsonl")
    assert ran.err.startswith(
        "warning: 1 record could not be read; --strict stops at the first, q.jsonl lists every one"
    )
    assert len(ran.err.splitlines()) == 2
    assert (crawl / "out.jsonl").read_bytes() == KEPT


def test_a_run_that_is_done_says_so(run: Callable[..., Ran], crawl: Path) -> None:
    arguments = ("filter", "crawl.jsonl", "out.jsonl", "--index", "seen.dedup", "--rejected", "r.jsonl")
    assert run(*arguments).code == 0
    ran = run(*arguments)
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == (
        "6 records: 3 kept, 2 dropped (1 exact, 1 near), 1 quarantined (1 not-an-object); all of it was done before, "
        "and nothing is changed\n"
    )
    with (crawl / "crawl.jsonl").open("ab") as stream:
        stream.write(b'{"id": 9, "text": "a sixth record is here"}\n')
    assert "7 records: 4 kept" in (said := run(*arguments).err)
    assert "; 6 of them before this part of the run" in said


def test_other_modes_count_what_repeats_as_kept(run: Callable[..., Ran], crawl: Path) -> None:
    for mode in ("annotate", "clean"):
        said = run("filter", "crawl.jsonl", "out.jsonl", "--mode", mode).err
        assert "6 records: 5 kept (1 exact, 1 near), 0 dropped, 1 quarantined" in said


def test_relations_and_thresholds_decide_what_is_dropped(run: Callable[..., Ran], crawl: Path) -> None:
    assert "4 kept, 1 dropped (1 exact)" in run("filter", "crawl.jsonl", "out.jsonl", "--relation", "exact").err
    assert "4 kept, 1 dropped (1 exact)" in run(
        "filter", "crawl.jsonl", "out.jsonl", "--threshold", "0.99", "--relation", "near", "--relation", "exact"
    ).err  # fmt: skip


@pytest.mark.parametrize(("allowed", "code"), [("near", 1), ("near=1", 0), ("contains", 0)])
def test_fail_on_counts_relations(run: Callable[..., Ran], crawl: Path, allowed: str, code: int) -> None:
    ran = run("filter", "crawl.jsonl", "out.jsonl", "--fail-on", allowed)
    assert ran.code == code
    assert ("failed: 1 near found, --fail-on allows 0" in ran.err) is bool(code)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["crawl.jsonl", "--keep", "longest"], "a stream knows first only, because a record is handed on before"),
        (["crawl.jsonl", "--level", "paragraph"], "'paragraph' is not one of 'document', 'both'"),
        (["crawl.jsonl", "--fail-on", "rewrite"], "--fail-on rewrite never fails while"),
        (["crawl.jsonl", "--mode", "clean", "--rejected", "r.jsonl"], "--rejected stays empty with --mode clean"),
        (
            ["crawl.jsonl", "--mode", "annotate", "--text-column", "dedup_reason"],
            "--mode annotate writes dedup_reason itself, in the place of the text",
        ),
        (["crawl.jsonl", "--rejected", "-"], "two outputs cannot both go to standard output"),
        (["crawl.jsonl", "crawl.jsonl"], "is among what is read and would be overwritten"),
        (["crawl.jsonl", "linked.jsonl", "--restart"], "is among what is read and would be overwritten"),
        (["crawl.jsonl", "out.jsonl", "--rejected", "linked.jsonl"], "is among what is read and would be overwritten"),
        (["crawl.jsonl", "out.jsonl", "--rejected", "out.jsonl"], "two outputs cannot go to one file"),
        (["crawl.jsonl", "seen", "--index", "seen"], "seen: lies in the folder of the index"),
        (["crawl.jsonl", "folder/", "--index", "folder"], "folder/: lies in the folder of the index"),
        (["crawl.jsonl", "folder/out.jsonl", "--index", "./folder"], "lies in the folder of the index, ./folder"),
        (
            ["crawl.jsonl", "out.jsonl", "--rejected", "folder/r", "--index", "folder"],
            "lies in the folder of the index",
        ),
        (["x" * 300], f"{'x' * 300}: no such file"),
        (["crawl.jsonl", "x" * 300], "cannot be written: File name too long"),
        (["crawl.jsonl", "out.jsonl", "--index", "x" * 300], "cannot be read: File name too long"),
        (["crawl.jsonl", "nowhere/out.jsonl"], "does not exist; create it first"),
        (["crawl.jsonl", "nowhere/out/"], "does not exist; create it first"),
        (["crawl.jsonl", "out.jsonl", "--rejected", "folder"], "folder is a folder; name a file"),
        (["folder"], "folder: is a folder; filter reads one file"),
        (["missing.jsonl"], "missing.jsonl: no such file"),
        (["crawl.jsonl", "--batch", "0"], "--batch"),
        (["crawl.jsonl", "--flush-interval", "-1"], "--flush-interval"),
        (["crawl.jsonl", "--memory", "1M"], "filter needs 64 MB or more"),
        (["crawl.jsonl", "--memory", "9" * 400], "is more than any machine has"),
        (["crawl.jsonl", "--num-perm", "8192"], "an index has up to 253 bands, and num_perm 8,192"),
        (["crawl.jsonl", "--format", "csv"], "'csv' is not one of"),
        (["crawl.jsonl", "--relation", "exact", "--fail-on", "near"], "--fail-on near never fails while"),
        (["crawl.jsonl", "--strict"], "crawl.jsonl, line 6: the line holds a JSON array"),
    ],
)
def test_what_cannot_be_is_refused_with_code_2(
    run: Callable[..., Ran], crawl: Path, arguments: list[str], message: str
) -> None:
    (crawl / "folder").mkdir()
    os.link("crawl.jsonl", "linked.jsonl")
    ran = run("filter", *arguments)
    assert ran.code == 2
    assert message in ran.err
    assert (crawl / "crawl.jsonl").read_bytes() == LINES + b"[]\n"


def test_names_that_are_not_utf8_are_kept_with_the_run(run: Callable[..., Ran], crawl: Path) -> None:
    rejected = os.fsdecode(b"rejected \xff.jsonl")
    arguments = ("filter", "crawl.jsonl", "out.jsonl", "--index", "seen.dedup", "--rejected", rejected)
    assert run(*arguments).code == 0
    assert (crawl / rejected).stat().st_size > 0
    assert "all of it was done before" in run(*arguments).err
    assert "was begun with --rejected" in run(*arguments[:-1], "rejected.jsonl").err


def test_a_configuration_that_is_not_that_of_the_index_is_refused(run: Callable[..., Ran], crawl: Path) -> None:
    assert run("filter", "crawl.jsonl", "out.jsonl", "--index", "seen.dedup").code == 0
    ran = run("filter", "crawl.jsonl", "other.jsonl", "--index", "seen.dedup", "--threshold", "0.8")
    assert ran.code == 2
    assert "threshold 0.7, not 0.8" in ran.err
    assert not (crawl / "other.jsonl").exists()


def test_without_settings_those_of_the_index_hold(run: Callable[..., Ran], crawl: Path) -> None:
    assert run("filter", "crawl.jsonl", "out.jsonl", "--index", "seen.dedup", "--relation", "exact").code == 0
    (crawl / "more.jsonl").write_bytes(LINES)
    said = run("filter", "more.jsonl", "other.jsonl", "--index", "seen.dedup").err
    assert said == "5 records: 0 kept, 5 dropped (5 exact), 0 quarantined\n"


def test_memory_bounds_the_batches_and_changes_nothing(run: Callable[..., Ran], crawl: Path) -> None:
    assert run("filter", "crawl.jsonl", "--memory", "64MB").out == KEPT.decode()
    assert "64 MB or more besides its index, not 63.9" in run("filter", "crawl.jsonl", "--memory", "63.9MB").err


class Running:
    """The command in a process of its own, fed through a pipe."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([os.getcwd(), *sys.path]), "PYTHONUNBUFFERED": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "dedup", "filter", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=folder,
            env=environment,
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self.stdin, self.stdout, self.stderr = self.process.stdin, self.process.stdout, self.process.stderr

    def give(self, data: bytes) -> None:
        self.stdin.write(data)
        self.stdin.flush()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    started: list[Running] = []

    def begin(*arguments: str) -> Running:
        started.append(Running(tmp_path, *arguments))
        return started[-1]

    yield begin
    for each in started:
        each.process.kill()
        for stream in (each.stdin, each.stdout, each.stderr):
            stream.close()
        each.process.wait()


LINE = LINES.splitlines(keepends=True)[0]


def test_a_record_of_a_slow_stream_does_not_wait_for_its_batch(start: Callable[..., Running]) -> None:
    running = start("--flush-interval", "0.05")
    running.give(LINE + b'{"id": 1, "te')
    # The stream is still open, and the next record half written.
    assert running.stdout.readline() == LINE
    running.give(b'xt": "five more words of text"}\n')
    running.stdin.close()
    assert running.stdout.read() == b'{"id": 1, "text": "five more words of text"}\n'
    assert running.process.wait() == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_the_run_so_that_it_can_be_gone_on_with(
    start: Callable[..., Running], tmp_path: Path, number: signal.Signals, code: int
) -> None:
    arguments = ("-", "out.jsonl", "--index", "seen.dedup", "--flush-interval", "0", "--rejected", "r.jsonl")
    running = start(*arguments)
    running.give(LINES)
    while not (tmp_path / "out.jsonl").exists() or (tmp_path / "out.jsonl").stat().st_size < len(KEPT):
        assert running.process.poll() is None
    running.process.send_signal(number)
    assert running.process.wait() == code
    assert running.stderr.read().decode().splitlines()[-1] == "interrupted: run the same command again to go on"
    again = start(*arguments)
    again.give(LINES + LINES)
    again.stdin.close()
    assert again.process.wait() == 0
    assert (tmp_path / "out.jsonl").read_bytes() == KEPT
    assert b"10 records: 3 kept, 7 dropped" in again.stderr.read()


PROCESSES = Path("/proc")


@pytest.mark.skipif(not PROCESSES.is_dir(), reason="where processes have handlers of signals is not told here")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_while_another_process_has_the_index_ends_the_waiting_at_once(
    start: Callable[..., Running], tmp_path: Path, number: signal.Signals, code: int
) -> None:
    with Index.open(tmp_path / "seen.dedup"):
        running = start("-", "out.jsonl", "--index", "seen.dedup", "--threshold", "0.7", "--timeout", "3600")
        # It takes signals from a little before it begins to wait on.
        while not takes_signals(running.process.pid):
            assert running.process.poll() is None
        running.process.send_signal(number)
        assert running.process.wait(60) == code
    assert running.stderr.read() == b"interrupted\n"
    assert not (tmp_path / "out.jsonl").exists()


def takes_signals(process: int) -> bool:
    """Whether a process has a handler for SIGTERM; Python has one for SIGINT from its start."""
    status = (PROCESSES / str(process) / "status").read_text()
    caught = next(int(line.split()[1], 16) for line in status.splitlines() if line.startswith("SigCgt"))
    return bool(caught >> (signal.SIGTERM - 1) & 1)


def test_a_reader_that_goes_away_ends_the_run_and_the_same_command_goes_on(
    start: Callable[..., Running], tmp_path: Path
) -> None:
    records = [json.dumps({"id": number, "text": f"{number} " * 2000}).encode() + b"\n" for number in range(300)]
    (tmp_path / "in.jsonl").write_bytes(b"".join(records))
    arguments = ("in.jsonl", "--index", "seen.dedup", "--batch", "10")
    running = start(*arguments)
    first = running.stdout.readline()
    assert first == records[0]
    running.stdout.close()
    assert running.process.wait() == 141
    assert running.stderr.read() == b"the reader of the output went away; run the same command again to go on\n"
    again = start(*arguments)
    written = again.stdout.read()
    assert again.process.wait() == 0
    # Standard output cannot be taken back: nothing is missing, and what was on its way may come again.
    assert b"".join(records).endswith(written)
    assert len(written) > len(records[0]) * 100
