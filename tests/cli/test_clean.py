import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import dedup.scanning
from dedup.cli import main
from dedup.config import Config
from dedup.model import Cleaned, Cut, Span
from tests.cli.conftest import Ran

CUTS = (
    Cut(Span(None, 9, 20, 2, 2), "residue", None, "rewrite-this"),
    Cut(Span(None, 20, 40, 3, 4), "copy", Span(None, 0, 9, 1, 1), None),
)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Config]]:
    """Replace `clean` by one that cuts every line with "cut" in it, and note what it was asked."""
    asked: list[tuple[str, Config]] = []

    def clean(text: str, config: Config) -> Cleaned:
        asked.append((text, config))
        kept = "".join(line for line in text.splitlines(keepends=True) if "cut" not in line)
        return Cleaned(kept, CUTS if kept != text else ())

    monkeypatch.setattr(dedup.scanning, "clean", clean, raising=False)
    return asked


def test_the_text_goes_to_stdout_byte_for_byte_and_the_cuts_to_stderr(
    asked: list[tuple[str, Config]], tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    page = tmp_path / "page.txt"
    page.write_bytes(b"\xef\xbb\xbfone\r\ncut me\nbad \xff\xfe byte\rlast\x00")
    assert main(["clean", str(page)]) == 0
    written = capsysbinary.readouterr()
    assert written.out == b"\xef\xbb\xbfone\r\nbad \xff\xfe byte\rlast\x00"
    assert written.err.decode() == (
        f"{page}: cut line 2, prompt residue (rewrite-this)\n{page}: cut lines 3–4, a copy of line 1\n"
    )
    assert asked[0][1] == Config()


def test_standard_input_is_read_without_a_file(
    run: Callable[..., Ran], asked: list[tuple[str, Config]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for arguments in ([], ["-"]):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("été\n".encode())))
        ran = run("clean", *arguments)
        assert (ran.code, ran.out, ran.err) == (0, "été\n", "standard input: nothing to cut\n")


def test_somebody_at_a_terminal_is_told_what_is_waited_for(
    run: Callable[..., Ran], asked: list[tuple[str, Config]], monkeypatch: pytest.MonkeyPatch
) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(b"x"))
    monkeypatch.setattr(stdin, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", stdin)
    assert run("clean").err.startswith("reading the text from the terminal; end it with Ctrl-D\n")


def test_cuts_are_json_lines_with_their_file(
    run: Callable[..., Ran], asked: list[tuple[str, Config]], tmp_path: Path
) -> None:
    page, out, cuts = tmp_path / "page.md", tmp_path / "clean.md", tmp_path / "cuts.jsonl"
    page.write_text("one\ncut\n")
    ran = run("clean", str(page), "-o", str(out), "--cuts", str(cuts), "-q")
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    assert out.read_text() == "one\n"
    first, second = [json.loads(line) for line in cuts.read_text().splitlines()]
    assert first == {
        "span": {"document": str(page), "start": 9, "end": 20, "line": 2, "end_line": 2},
        "reason": "residue",
        "copy_of": None,
        "rule": "rewrite-this",
    }
    assert second["copy_of"] == {"document": str(page), "start": 0, "end": 9, "line": 1, "end_line": 1}


def test_settings_reach_the_configuration(
    run: Callable[..., Ran], asked: list[tuple[str, Config]], tmp_path: Path
) -> None:
    page = tmp_path / "page.txt"
    page.write_text("x")
    arguments = ["--threshold", "0.8", "--cosine", "0.1", "--containment", "0.7", "--shingle-size", "3"]
    assert run("clean", str(page), *arguments).code == 0
    assert asked[0][1] == Config(threshold=0.8, cosine=0.1, containment=0.7, shingle_size=3)


def test_several_texts_go_to_a_folder_under_their_names(
    run: Callable[..., Ran], asked: list[tuple[str, Config]], tmp_path: Path
) -> None:
    folder = tmp_path / "clean"
    folder.mkdir()
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(f"{name}\ncut\n")
    ran = run("clean", str(tmp_path / "a.txt"), str(tmp_path / "b.txt"), "-o", str(folder))
    assert ran.code == 0
    assert {each.name: each.read_text() for each in folder.iterdir()} == {"a.txt": "a.txt\n", "b.txt": "b.txt\n"}


def test_a_text_is_never_written_over(run: Callable[..., Ran], asked: list[tuple[str, Config]], tmp_path: Path) -> None:
    page, other = tmp_path / "page.txt", tmp_path / "other" / "page.txt"
    other.parent.mkdir()
    for each in (page, other):
        each.write_text("cut\n")
    for arguments, message in (
        ([str(page), "-o", str(page)], "would be overwritten by its cleaned text"),
        ([str(page), "-o", str(tmp_path)], "would be overwritten by its cleaned text"),
        ([str(page), str(other), "-o", str(other.parent)], "two of the files have the same name"),
        ([str(page), str(other), "-o", str(tmp_path / "none")], "create it first"),
        ([str(page), "--cuts", "-"], "cannot both go to standard output"),
        ([str(page), "--cuts", str(page)], "would be overwritten by the list of cuts"),
        ([str(page), "-o", str(tmp_path / "out"), "--cuts", str(tmp_path / "out")], "overwritten by the list of cuts"),
    ):
        ran = run("clean", *arguments)
        assert ran.code == 2
        assert message in ran.err
    assert page.read_text() == other.read_text() == "cut\n"
    assert asked == []


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("page.html", b"<p>"),
        ("crawl.jsonl.gz", b"x"),
        ("page", b"\x1f\x8b\x08"),
        ("page.txt", b"\x28\xb5\x2f\xfd"),
        ("utf16.txt", "text".encode("utf-16")),
    ],
)
def test_what_is_no_utf8_text_is_refused(
    run: Callable[..., Ran], asked: list[tuple[str, Config]], tmp_path: Path, name: str, data: bytes
) -> None:
    (tmp_path / name).write_bytes(data)
    ran = run("clean", str(tmp_path / name))
    assert (ran.code, ran.out) == (2, "")
    assert f"{name}: clean reads text and Markdown in UTF-8 alone" in ran.err


def test_a_missing_file_is_an_error_with_its_name(
    run: Callable[..., Ran], asked: list[tuple[str, Config]], tmp_path: Path
) -> None:
    ran = run("clean", str(tmp_path / "no.txt"))
    assert ran.code == 2
    assert ran.err.endswith("no.txt: cannot be read: No such file or directory; check the name\n")
