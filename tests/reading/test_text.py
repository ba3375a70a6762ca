import os
from pathlib import Path

import pytest

from dedup.errors import InputError
from dedup.reading import ReadOptions
from tests.reading.outcome import read


@pytest.mark.parametrize(
    "text",
    ["", "one\r\ntwo\rthree\n", "\ufeffmark", "a\0b", "\x1b[31mred\u202e", "ᚠ日本語🎉", " \n\n "],
)
def test_a_text_file_is_one_document_exactly_as_decoded(tmp_path: Path, text: str) -> None:
    path = tmp_path / "page.txt"
    path.write_bytes(text.encode())
    assert read(path).records == [(str(path), text)]


def test_the_id_is_the_path_as_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "a.txt").write_text("x")
    assert read("seeds").ids == read("seeds/").ids == read("seeds/a.txt").ids == ["seeds/a.txt"]
    assert read("./seeds/a.txt").ids == ["./seeds/a.txt"]
    assert list(read("seeds").batches[0].paths) == ["seeds/a.txt"]


@pytest.mark.parametrize(
    ("data", "line", "advice"),
    [
        (b"one\ntwo\nth\xffree\n", 3, "byte 0xff"),
        (b"caf\xe9", 1, "iconv"),
        (b"cut \xe6\x97", 1, "byte 0xe6"),
        (b"lone \xed\xa0\x80", 1, "byte 0xed"),
        ("text".encode("utf-16"), 1, "UTF-16"),
        (b"\xfe\xff\x00t", 1, "UTF-16"),
        ("text".encode("utf-32"), 1, "UTF-32"),
        (b"\x89PNG\r\n\x1a\n", 1, "PNG picture"),
        (b"PAR1\x15\x04\x15\xcc", 1, "--input-format parquet"),
    ],
)
def test_what_is_not_utf8_is_quarantined_with_its_line_and_advice(
    tmp_path: Path, data: bytes, line: int, advice: str
) -> None:
    path = tmp_path / "page.txt"
    path.write_bytes(data)
    outcome = read(path)
    assert outcome.records == []
    assert [(each.file, each.line, each.reason) for each in outcome.quarantined] == [(str(path), line, "invalid-utf8")]
    assert advice in outcome.quarantined[0].message


@pytest.mark.parametrize("bad", [0, 1, 2])
def test_utf8_is_checked_across_the_pieces_it_is_checked_in(tmp_path: Path, bad: int) -> None:
    text = b"\xc3\xa9" * 600_000 + b"\xe6\x97\xa5"  # characters of two bytes, so that one meets each boundary
    path = tmp_path / "page.txt"
    path.write_bytes(b"x" * bad + text)
    assert len(read(path).texts[0]) == 600_001 + bad
    path.write_bytes(b"x" * bad + text[:-1])
    assert read(path).reasons == [(1, "invalid-utf8")]


def test_a_huge_line_is_a_batch_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("small")
    (tmp_path / "b.txt").write_bytes("long line, ünbroken ".encode() * 1_000_000)
    (tmp_path / "c.txt").write_text("small")
    outcome = read(tmp_path)
    assert [len(batch) for batch in outcome.batches] == [1, 1, 1]
    assert outcome.batches[1].texts.n_bytes == 21_000_000


def test_a_name_that_is_not_utf8_can_be_read_and_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    name = os.fsdecode(b"caf\xe9.txt")
    try:
        Path(name).write_text("x")
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    assert read(name).records == [(name, "x")]
    Path(name).write_bytes(b"\xff")
    with pytest.raises(InputError) as caught:
        read(name, options=ReadOptions(strict=True))
    assert "caf\\udce9.txt" in str(caught.value)
