import gzip
import queue
import re
from collections.abc import Iterator
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from dedup.filtering.feeding import Feed, FileBlocks, PipeBlocks, file_blocks
from dedup.reading.opening import BrokenInput, InputStream

STREAMS = st.lists(st.sampled_from([b"a", b"bcd", b"\n", b"\n\n", b"\r\n", b"x" * 30]), max_size=60).map(b"".join)


def feed_of(stream: bytes, pieces: list[int], most_bytes: int, most_lines: int) -> Feed:
    def blocks() -> Iterator[bytes]:
        position = 0
        for size in pieces:
            if position < len(stream):
                yield stream[position : position + size]
                position += size
        if position < len(stream):
            yield stream[position:]

    waiting = blocks()
    return Feed(FileBlocks(lambda: next(waiting, b"")), most_bytes, most_lines, None)


def runs_of(feed: Feed) -> list[bytes]:
    runs = []
    while (run := feed.run()).data:
        whole = [newline.end() for newline in re.finditer(b"\n", run.data)]
        assert run.ends.tolist() == whole
        runs.append(bytes(run.data))
    return runs


@given(STREAMS, st.lists(st.integers(1, 40), max_size=12), st.integers(1, 50), st.integers(1, 9))
def test_runs_are_the_same_however_the_bytes_come(
    stream: bytes, pieces: list[int], most_bytes: int, most_lines: int
) -> None:
    runs = runs_of(feed_of(stream, pieces, most_bytes, most_lines))
    assert runs == runs_of(feed_of(stream, [], most_bytes, most_lines))
    assert b"".join(runs) == stream
    for run in runs[:-1]:
        assert run.endswith(b"\n")
    for run in runs:
        assert run.count(b"\n") <= most_lines
        assert len(run) <= most_bytes or run.count(b"\n", 0, -1) == 0


@given(STREAMS, st.integers(1, 50), st.integers(1, 9), st.integers(0, 10))
def test_what_follows_a_run_does_not_depend_on_what_was_before(
    stream: bytes, most_bytes: int, most_lines: int, passed: int
) -> None:
    runs = runs_of(feed_of(stream, [], most_bytes, most_lines))
    size = sum(map(len, runs[:passed]))
    feed = feed_of(stream, [7, 3], most_bytes, most_lines)
    assert feed.take(size).data == stream[:size]
    assert runs_of(feed) == runs[passed:]


def test_a_huge_line_is_one_run() -> None:
    line = b"x" * (1 << 20)
    runs = runs_of(feed_of(line * 16 + b"\nshort\n", [1 << 12] * 5000, 100, 10))
    assert [len(run) for run in runs] == [(1 << 24) + 1, 6]


class Pipe:
    """Blocks that come when a test gives them."""

    def __init__(self) -> None:
        self.blocks: queue.Queue[bytes] = queue.Queue()
        self.timeouts: list[float | None] = []

    def read(self, timeout: float | None) -> bytes | None:
        self.timeouts.append(timeout)
        try:
            return self.blocks.get(block=False)
        except queue.Empty:
            assert timeout is not None, "nobody would ever give another block"
            return None


def test_a_line_waits_for_others_as_long_as_it_may_and_no_longer() -> None:
    pipe = Pipe()
    feed = Feed(pipe, 1000, 1000, 30.0)
    pipe.blocks.put(b"one\ntw")
    assert bytes(feed.run().data) == b"one\n"
    # Without a whole line there is nothing to be given in time; with one there is.
    assert pipe.timeouts[0] is None
    assert pipe.timeouts[1] is not None
    assert 29.0 < pipe.timeouts[1] <= 30.0
    pipe.blocks.put(b"o\n")
    pipe.blocks.put(b"")
    assert bytes(feed.run().data) == b"two\n"
    assert bytes(feed.run().data) == b""


def test_lines_that_trickle_in_do_not_put_a_run_off() -> None:
    pipe = Pipe()
    for _ in range(5):
        pipe.blocks.put(b"line\n")
    feed = Feed(pipe, 1000, 1000, 0.0)
    assert bytes(feed.run().data) == b"line\nline\n"


def test_a_pipe_is_read_to_its_end_and_its_errors_are_raised(tmp_path: Path) -> None:
    path = tmp_path / "cut.gz"
    path.write_bytes(gzip.compress(bytes(np.random.default_rng(1).integers(0, 256, 1 << 18, dtype=np.uint8)))[:-9])
    counted: list[int] = []
    blocks = PipeBlocks(str(path), counted.append, lambda first: None)
    with pytest.raises(BrokenInput, match="cut off"):
        list(iter(lambda: blocks.read(None), b""))
    assert sum(counted) == path.stat().st_size


def test_a_file_is_gone_on_with_where_it_was_left_and_a_compressed_one_from_its_beginning(tmp_path: Path) -> None:
    plain, packed = tmp_path / "a.jsonl", tmp_path / "a.jsonl.gz"
    plain.write_bytes(b"0123456789")
    packed.write_bytes(gzip.compress(b"0123456789"))
    with InputStream(str(plain)) as stream:
        blocks, position = file_blocks(stream, 4)
        assert (position, blocks.read(None)) == (4, b"456789")
    with InputStream(str(packed)) as stream:
        blocks, position = file_blocks(stream, 4)
        assert (position, blocks.read(None)) == (0, b"0123456789")
