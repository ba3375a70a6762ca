import gzip
import hashlib
import io
import os
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dedup.errors import InputError
from dedup.reading import ReadOptions
from tests.reading.outcome import read, read_files

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

COMPRESSORS: list[Callable[[bytes], bytes]] = [gzip.compress, zstd.compress]


def noise(number: int) -> bytes:
    """Text that compresses badly."""
    return hashlib.sha512(b"%d" % number).hexdigest().encode()


def json_lines(count: int) -> bytes:
    return b"".join(b'{"id": %d, "text": "%b"}\n' % (number, noise(number)) for number in range(count))


def parquet(texts: list[str]) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"text": texts}), sink)
    data: bytes = sink.getvalue().to_pybytes()
    return data


@pytest.mark.parametrize("compress", COMPRESSORS)
@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.txt", b"one document"),
        ("a.md", b"one document"),
        ("a.html", b"<p>one document</p>"),
        ("a.xhtml", b"<p>one document</p>"),
        ("a.jsonl", b'{"text": "one document"}'),
        ("a.ndjson", b'{"text": "one document"}\n'),
        ("a.csv", b"text\none document\n"),
        ("a.tsv", b"id\ttext\n1\tone document\n"),
        ("a.parquet", parquet(["one document"])),
    ],
)
@pytest.mark.parametrize("extension", ["", ".gz", ".zst"])
def test_compression_is_told_by_the_bytes_whatever_the_name(
    tmp_path: Path, name: str, data: bytes, extension: str, compress: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / (name + extension)
    path.write_bytes(compress(data))
    assert read(tmp_path).texts == ["one document"]
    path.write_bytes(data)
    outcome = read(tmp_path)
    assert outcome.texts == ["one document"]
    assert sum(outcome.progress) == len(data)


@pytest.mark.parametrize("compress", COMPRESSORS)
def test_compressed_data_in_several_parts_is_read_through(tmp_path: Path, compress: Callable[[bytes], bytes]) -> None:
    data = json_lines(3000)
    path = tmp_path / "a.jsonl"
    path.write_bytes(compress(data[:1000]) + compress(data[1000:]))
    outcome = read(path)
    assert outcome.ids == list(range(3000))
    assert sum(outcome.progress) == path.stat().st_size


@pytest.mark.parametrize("compress", COMPRESSORS)
def test_the_records_before_a_cut_are_kept(tmp_path: Path, compress: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "a.jsonl.gz"
    stored = compress(json_lines(20_000))
    path.write_bytes(stored[: len(stored) // 2])
    outcome = read(path)
    # zstd gives whole blocks of up to 128 KB alone.
    assert 8_900 < len(outcome.records) < 10_100
    assert outcome.ids == list(range(len(outcome.records)))
    assert [(each.file, each.line, each.reason) for each in outcome.quarantined] == [(str(path), None, "damaged-file")]
    assert "cut off" in outcome.quarantined[0].message
    assert f"{len(outcome.records):,} records before that were read" in outcome.quarantined[0].message
    with pytest.raises(InputError, match=r"a\.jsonl\.gz: .*\[damaged-file\]"):
        read(path, options=ReadOptions(strict=True))


@pytest.mark.parametrize("compress", COMPRESSORS)
def test_the_rows_before_a_cut_are_kept(tmp_path: Path, compress: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "a.csv"
    rows = b"".join(b'%d,"%b\nx"\n' % (number, noise(number)) for number in range(10_000))
    stored = compress(b"id,text\n" + rows)
    path.write_bytes(stored[: len(stored) // 2])
    outcome = read(path)
    assert outcome.ids == [str(number) for number in range(len(outcome.ids))]
    assert 3_900 < len(outcome.ids) < 5_100
    assert outcome.reasons == [(None, "damaged-file")]


def test_damaged_gzip_data_is_quarantined(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    stored = bytearray(gzip.compress(json_lines(100)))
    stored[-6] ^= 1  # the checksum
    path.write_bytes(stored)
    outcome = read(path)
    assert outcome.ids == list(range(100))
    assert outcome.reasons == [(None, "damaged-file")]
    assert "damaged" in outcome.quarantined[0].message


def test_rubbish_after_gzip_data_is_quarantined_and_the_records_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(json_lines(100)) + b"rubbish")
    outcome = read(path)
    assert outcome.ids == list(range(100))
    assert outcome.reasons == [(None, "damaged-file")]


@pytest.mark.parametrize("name", ["a.txt", "a.html", "a.parquet"])
@pytest.mark.parametrize("compress", COMPRESSORS)
def test_half_a_document_is_none(tmp_path: Path, name: str, compress: Callable[[bytes], bytes]) -> None:
    data = parquet(["x"] * 1000) if name == "a.parquet" else json_lines(1000)
    stored = compress(data)
    (tmp_path / name).write_bytes(stored[: len(stored) // 2])
    (tmp_path / "b.txt").write_text("next")
    outcome = read(tmp_path)
    assert outcome.texts == ["next"]
    assert outcome.reasons == [(None, "damaged-file")]
    assert "no record of it was read" in outcome.quarantined[0].message


def test_a_file_that_is_gone_or_a_folder_is_quarantined(tmp_path: Path) -> None:
    (tmp_path / "a.txt").mkdir()
    (tmp_path / "z.txt").write_text("z")
    gone = str(tmp_path / "gone.jsonl")
    outcome = read_files([str(tmp_path / "a.txt"), gone, "nul\0.txt", str(tmp_path / "z.txt")])
    assert outcome.texts == ["z"]
    assert outcome.reasons == [(None, "unreadable-file")] * 3
    assert "it is a folder" in outcome.quarantined[0].message
    assert "No such file" in outcome.quarantined[1].message
    with pytest.raises(InputError, match=r"gone\.jsonl: .*\[unreadable-file\]"):
        read_files([gone], ReadOptions(strict=True))


@pytest.mark.skipif(not os.path.exists("/proc/self/mem"), reason="needs a file that opens and cannot be read")
def test_a_file_that_fails_while_it_is_read_is_quarantined() -> None:
    assert read_files(["/proc/self/mem"]).reasons == [(None, "unreadable-file")]


def test_a_zstd_file_may_begin_with_a_skippable_frame(tmp_path: Path) -> None:
    path = tmp_path / "a.txt.zst"
    path.write_bytes(b"\x5a\x2a\x4d\x18\x03\x00\x00\x00abc" + zstd.compress(b"text"))
    assert read(path).texts == ["text"]


def test_a_folder_without_room_for_unpacking_is_an_error_that_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(io.BytesIO):
        def write(self, _: object, /) -> int:
            raise OSError(28, "No space left on device")

    path = tmp_path / "a.parquet.gz"
    path.write_bytes(gzip.compress(parquet(["x"])))
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda prefix: Full())
    with pytest.raises(InputError, match=r"No space left on device.*TMPDIR"):
        read(path)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_quarantined(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("x")
    path.chmod(0)
    assert read(path).reasons == [(None, "unreadable-file")]


@pytest.mark.parametrize(("name", "data"), [("pipe.jsonl", json_lines(2000)), ("pipe.parquet", parquet(["a", "b"]))])
def test_a_named_pipe_is_read(tmp_path: Path, name: str, data: bytes) -> None:
    path = tmp_path / name
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(data,))
    writer.start()
    outcome = read(path)
    writer.join()
    assert len(outcome.records) == (2000 if name == "pipe.jsonl" else 2)
    assert outcome.quarantined == []
