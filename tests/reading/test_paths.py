import os
from pathlib import Path

import pytest

from dedup.errors import InputError
from dedup.reading import find_files
from tests.reading.outcome import read


@pytest.fixture
def crawl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("crawl/b.txt", "crawl/a/z.md", "crawl/a.txt", "crawl/a/deep/x.JSONL.GZ", "crawl/c.parquet.zst"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"12345")
    return tmp_path / "crawl"


ALL = ("crawl/a/deep/x.JSONL.GZ", "crawl/a/z.md", "crawl/a.txt", "crawl/b.txt", "crawl/c.parquet.zst")


@pytest.mark.parametrize("given", ["crawl", "crawl/", "crawl//", Path("crawl")])
def test_a_folder_is_walked_in_the_order_of_path_parts(crawl: Path, given: str) -> None:
    found = find_files([given])
    assert found.files == ALL
    assert found.skipped == 0
    assert found.total_bytes == 5 * len(ALL)


def test_the_current_folder_adds_nothing_to_the_names(crawl: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(crawl)
    assert find_files(["."]).files == tuple(name.removeprefix("crawl/") for name in ALL)
    assert find_files(["./"]).files == find_files(["."]).files


def test_other_extensions_in_a_folder_are_counted_and_skipped(crawl: Path) -> None:
    (crawl / "photo.png").write_bytes(b"\x89PNG")
    (crawl / "noextension").write_bytes(b"text")
    (crawl / "a" / "archive.gz").write_bytes(b"")
    found = find_files(["crawl"])
    assert found.files == ALL
    assert found.skipped == 3


def test_hidden_files_and_folders_are_left_out_of_a_folder(crawl: Path) -> None:
    (crawl / ".hidden.txt").write_text("no")
    (crawl / ".git").mkdir()
    (crawl / ".git" / "x.txt").write_text("no")
    assert find_files(["crawl"]).files == ALL
    assert find_files(["crawl/.hidden.txt"]).files == ("crawl/.hidden.txt",)


def test_an_empty_folder_gives_no_files(tmp_path: Path) -> None:
    found = find_files([tmp_path])
    assert (found.files, found.skipped, found.total_bytes) == ((), 0, 0)


def test_a_file_reached_twice_is_read_once_under_its_first_name(crawl: Path) -> None:
    found = find_files(["crawl/b.txt", "crawl", crawl / "a.txt", "crawl/*.txt", "./crawl/a"])
    assert found.files == ("crawl/b.txt", *(name for name in ALL if name != "crawl/b.txt"))
    assert found.total_bytes == 25


def test_links_that_run_in_circles_end(crawl: Path) -> None:
    (crawl / "a" / "up").symlink_to(crawl)
    (crawl / "again.txt").symlink_to(crawl / "b.txt")
    found = find_files(["crawl"])
    assert sorted(os.path.realpath(file) for file in found.files) == sorted(str(crawl.parent / name) for name in ALL)
    assert find_files(["crawl"]) == found


def test_a_link_to_a_folder_is_followed(crawl: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "e.txt").write_text("e")
    (crawl / "d").symlink_to(tmp_path / "elsewhere")
    assert find_files(["crawl"]).files == (*ALL, "crawl/d/e.txt")


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("crawl/*.txt", ("crawl/a.txt", "crawl/b.txt")),
        ("crawl/**/*.md", ("crawl/a/z.md",)),
        ("crawl/?.txt", ("crawl/a.txt", "crawl/b.txt")),
        ("cr[a]wl", ALL),
    ],
)
def test_globs_are_expanded_in_the_order_of_path_parts(crawl: Path, pattern: str, expected: tuple[str, ...]) -> None:
    assert find_files([pattern]).files == expected


def test_a_name_that_looks_like_a_glob_but_exists_is_itself(crawl: Path) -> None:
    (crawl / "[a].txt").write_text("brackets")
    assert find_files(["crawl/[a].txt"]).files == ("crawl/[a].txt",)


def test_a_named_file_counts_whatever_its_extension(crawl: Path) -> None:
    (crawl / "notes.log").write_text("a log line")
    assert read("crawl/notes.log").records == [("crawl/notes.log", "a log line")]


@pytest.mark.parametrize(
    ("path", "advice"),
    [
        ("nowhere.txt", "nowhere.txt: no such file or folder; check the name"),
        ("crawl/*.csv", "no file matches; check the pattern"),
        ("", "give a file, a folder, a glob, or -"),
        ("a\0b", r"'a\x00b': no such file"),
        ("a\0/*", "no file matches"),
        ("caf\udce9\x1b7", r"'caf\udce9\x1b7': no such file"),
        ("crawl/dangling", "the link points nowhere"),
    ],
)
def test_a_path_that_is_not_there_is_an_error_that_names_it(crawl: Path, path: str, advice: str) -> None:
    (crawl / "dangling").symlink_to("gone")
    with pytest.raises(InputError) as caught:
        find_files([path])
    assert advice in str(caught.value)


def test_stdin_is_taken_once_and_has_no_known_size(crawl: Path) -> None:
    found = find_files(["-", "crawl/a.txt", "-"])
    assert found.files == ("-", "crawl/a.txt")
    assert found.total_bytes is None


def test_a_folder_that_cannot_be_listed_is_quarantined(crawl: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listing = os.scandir

    def refuse(path: str) -> "os._ScandirIterator[str]":  # what chmod 0 does to anybody but root
        if path.endswith("deep"):
            raise PermissionError(13, "Permission denied", path)
        return listing(path)

    monkeypatch.setattr(os, "scandir", refuse)
    (crawl / "c.parquet.zst").unlink()
    outcome = read("crawl")
    assert outcome.ids == ["crawl/a/z.md", "crawl/a.txt", "crawl/b.txt"]
    assert [(each.file, each.reason) for each in outcome.quarantined] == [("crawl/a/deep", "unreadable-file")]


def test_a_dangling_link_in_a_folder_is_quarantined(crawl: Path) -> None:
    (crawl / "dangling.txt").symlink_to("gone")
    for name in ("a/deep/x.JSONL.GZ", "c.parquet.zst"):
        (crawl / name).unlink()
    outcome = read("crawl")
    assert len(outcome.records) == 3
    assert [(each.file, each.reason) for each in outcome.quarantined] == [("crawl/dangling.txt", "unreadable-file")]


def test_pipes_in_a_folder_are_skipped(crawl: Path) -> None:
    os.mkfifo(crawl / "pipe.txt")
    found = find_files(["crawl"])
    assert found.files == ALL
    assert found.skipped == 1


def test_a_tree_deeper_than_python_calls_is_walked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    depth = 1200
    monkeypatch.chdir(tmp_path)
    for _ in range(depth):
        os.mkdir("d")
        os.chdir("d")
    os.chdir(tmp_path)
    assert find_files(["d"]).files == ()
    for level in range(depth, 0, -1):  # pytest cleans up by recursion
        os.rmdir("/".join(["d"] * level))
