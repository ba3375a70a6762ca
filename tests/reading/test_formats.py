import gzip
import io
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dedup.errors import ConfigError
from dedup.reading import ReadOptions
from dedup.reading.formats import Format, base_extension, format_of_bytes, format_of_name
from tests.reading.outcome import Outcome, read, read_files


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.txt", Format.TEXT),
        ("A.TEXT.GZ", Format.TEXT),
        ("x/y.z/a.md", Format.TEXT),
        ("a.htm.zst", Format.HTML),
        ("a.ndjson", Format.JSONL),
        ("a.tsv", Format.CSV),
        ("a.parquet.gz", Format.PARQUET),
        ("a.json", None),
        ("a.gz", None),
        ("x.txt/a", None),
        (".txt", Format.TEXT),
        ("", None),
    ],
)
def test_a_format_is_told_by_the_name(name: str, expected: Format | None) -> None:
    assert format_of_name(name) is expected


def test_only_the_extension_of_a_compression_is_left_out() -> None:
    assert base_extension("crawl.2024.JSONL.gz") == ".jsonl"
    assert base_extension("crawl.bz2") == ".bz2"


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        (b'{"text": 1}', Format.JSONL),
        (b'\xef\xbb\xbf \n{ "text"', Format.JSONL),
        (b"{}", Format.JSONL),
        (b"{not json", Format.TEXT),
        (b"PAR1....", Format.PARQUET),
        (b"<!DOCTYPE html><p>", Format.HTML),
        (b"  <HTML lang=en>", Format.HTML),
        (b'<?xml version="1.0"?>\n<!-- a --><html>', Format.HTML),
        (b"<!-- saved --> <!doctype html>", Format.HTML),
        (b"<htmlx>", Format.TEXT),
        (b"<p>fragment", Format.TEXT),
        (b"plain", Format.TEXT),
        (b"", Format.TEXT),
    ],
)
def test_a_format_is_told_by_the_first_bytes(first: bytes, expected: Format) -> None:
    assert format_of_bytes(first) is expected


@pytest.mark.parametrize(
    ("data", "advice"),
    [
        (b"%PDF-1.7\n...", "pdftotext"),
        (b"\x89PNG\r\n\x1a\n", "picture"),
        (b"\xff\xd8\xff\xe0", "picture"),
        (b"PK\x03\x04....", "extract it first"),
        (b"BZh91AY", "bzip2"),
        (b"\x00\x00\x00\x18ftypmp42", "video"),
        (b'[{"text": "x"}]', "jq -c"),
    ],
)
def test_a_named_file_of_a_format_not_read_is_quarantined(tmp_path: Path, data: bytes, advice: str) -> None:
    path = tmp_path / "thing.bin"
    path.write_bytes(data)
    outcome = read(path)
    assert outcome.records == []
    assert outcome.reasons == [(None, "unknown-format")]
    assert advice in outcome.quarantined[0].message


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'{"id": 1, "text": "x"}\n{"id": 2, "text": "y"}', [(1, "x"), (2, "y")]),
        (b"<!doctype html><title>x</title><p>y", [("{}", "x\n\ny")]),
        (b"any text", [("{}", "any text")]),
    ],
)
def test_a_named_file_of_unknown_extension_is_sniffed(
    tmp_path: Path, data: bytes, expected: list[tuple[int | str, str]], compressed: bool
) -> None:
    path = tmp_path / "thing.json.1"
    path.write_bytes(gzip.compress(data) if compressed else data)
    assert read(path).records == [(str(path) if each == "{}" else each, text) for each, text in expected]


def from_stdin(monkeypatch: pytest.MonkeyPatch, data: bytes, options: ReadOptions | None = None) -> Outcome:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    return read("-", options=options)


def parquet() -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table({"text": ["x"]}), buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize(
    ("data", "records"),
    [
        (b'{"text": "x"}\n', [("-:1", "x")]),
        (parquet(), [("-:1", "x")]),
        (b"<html><p>x</p>", [("-", "x")]),
        (b"x\ny\n", [("-", "x\ny\n")]),
        (b"", [("-", "")]),
    ],
)
def test_stdin_is_sniffed(
    monkeypatch: pytest.MonkeyPatch, data: bytes, records: list[tuple[str, str]], compressed: bool
) -> None:
    outcome = from_stdin(monkeypatch, gzip.compress(data) if compressed else data)
    assert outcome.records == records
    assert outcome.quarantined == []


def test_stdin_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    from_stdin(monkeypatch, b"x")
    assert not sys.stdin.closed


def test_no_stdin_is_quarantined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert read("-").reasons == [(None, "unreadable-file")]


def test_stdin_without_bytes_is_read_as_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("grüße"))
    assert read("-").records == [("-", "grüße")]


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("text", [("-", "text;n\nx;1\n")]),
        ("csv", [("-:1", "x")]),
        ("html", [("-", "text;n x;1")]),
    ],
)
def test_the_input_format_can_be_chosen(
    monkeypatch: pytest.MonkeyPatch, form: str, expected: list[tuple[str, str]]
) -> None:
    assert from_stdin(monkeypatch, b"text;n\nx;1\n", ReadOptions(input_format=form)).records == expected


def test_the_chosen_format_overrides_the_name(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text('{"text": "x"}')
    assert read_files([str(path)], ReadOptions(input_format="jsonl")).texts == ["x"]


def test_an_unknown_input_format_is_an_error_that_names_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="text, html, jsonl, csv, parquet"):
        ReadOptions(input_format="xml")
    with pytest.raises(ConfigError, match="batch_bytes"):
        ReadOptions(batch_bytes=0)
