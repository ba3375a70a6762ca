"""Through files: paths, folders and globs give what the documents in them give."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from dedup import Config, Document, InputError, Report, Span, scan
from dedup.reading import ReadOptions
from dedup.scanning import Progress, pairs
from tests.scanning.snapshot import everything, paired_matches, place_of

SEEDS = Path(__file__).parents[2] / "seeds"
NAMES = sorted(path.name for path in SEEDS.glob("*.txt"))
TEXT = "Five words stand in here\r\nA second line of seven words here\r\n"


@pytest.fixture
def in_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(SEEDS.parent)


@pytest.mark.usefixtures("in_project")
def test_the_seeds_in_one_folder_one_by_one_and_by_a_glob_are_the_same() -> None:
    expected = everything(scan("seeds"))
    one_by_one = [f"seeds/{name}" for name in NAMES]
    assert [decision.document for decision in scan("seeds").decisions] == one_by_one
    for sources in (one_by_one, "seeds/*.txt", Path("seeds"), ["seeds"]):
        assert everything(scan(sources)) == expected
    for workers in (2, 4):
        assert everything(scan("seeds", workers=workers)) == expected


def test_paths_may_come_from_an_iterator() -> None:
    assert everything(scan(path for path in sorted(SEEDS.iterdir()))) == everything(scan(SEEDS))


@pytest.mark.usefixtures("in_project")
def test_files_give_what_their_texts_give() -> None:
    from_files = scan("seeds")
    texts = [Path("seeds", name).read_bytes().decode() for name in NAMES]
    from_documents = scan(
        [Document(f"seeds/{name}", text, source=f"seeds/{name}") for name, text in zip(NAMES, texts, strict=True)]
    )
    assert everything(from_files) == everything(from_documents)


def test_a_byte_order_mark_and_carriage_returns_do_not_move_the_lines(tmp_path: Path) -> None:
    path = tmp_path / "page.txt"
    path.write_bytes(("\ufeff" + TEXT + "\r\n" + TEXT).encode())
    (match,) = scan(path).matches
    assert match.right is not None
    text = scan(path).excerpts(0)
    assert text[0] == text[1] == TEXT.strip()
    assert (match.left.line, match.left.end_line, match.right.line, match.right.end_line) == (1, 2, 4, 5)


def test_records_keep_their_ids_and_small_batches_change_nothing(tmp_path: Path) -> None:
    path = tmp_path / "pages.jsonl"
    ids: list[str | int] = [7, "7", "x", 9]
    with path.open("w", encoding="utf-8") as file:
        for number, each in enumerate(ids):
            file.write(json.dumps({"id": each, "body": TEXT if number % 2 else TEXT.upper() + "More of them"}) + "\n")
    reading = ReadOptions(text_column="body", input_format="jsonl")
    with pytest.raises(InputError):
        scan(path, reading=replace(reading, strict=True, id_column="id"))
    with path.open("w", encoding="utf-8") as file:
        for number in range(6):
            file.write(json.dumps({"id": f"page {number}", "body": f"{TEXT}{number % 3}\n"}) + "\n")
    expected = pairs(path, reading=reading)
    assert {place_of(match) for match in paired_matches(expected)} >= {
        (f"page {number}", f"page {number + 3}") for number in range(3)
    }
    for size in (1, 100):
        smaller = pairs(path, reading=replace(reading, batch_bytes=size), workers=2)
        assert everything(smaller) == everything(expected)


def test_what_cannot_be_read_is_quarantined_and_accounted_for(tmp_path: Path) -> None:
    path = tmp_path / "pages.jsonl"
    good = json.dumps({"id": "good", "text": TEXT})
    path.write_bytes(
        b"\n".join([good.encode(), b"{broken", b'{"id": "none"}', good.encode(), b'"\xff"', b'{"text": 1}'])
    )
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    report = scan(tmp_path)
    counts = report.counts
    assert (counts.read, counts.kept, counts.dropped, counts.quarantined) == (6, 1, 1, 4)
    assert counts.skipped_files == 1
    assert [record.line for record in report.quarantined] == [2, 3, 5, 6]
    assert sum(counts.reasons.values()) == 6
    assert {decision.document for decision in report.decisions} == {"good"}
    assert counts.repeated_ids == 1


def test_an_empty_folder_and_one_of_pictures_have_an_empty_report(tmp_path: Path) -> None:
    assert scan(tmp_path).counts.read == 0
    for number in range(3):
        (tmp_path / f"{number}.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    report = scan(tmp_path)
    assert (report.counts.read, report.counts.skipped_files, len(report.matches)) == (0, 3, 0)


def test_a_path_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="missing"):
        scan(tmp_path / "missing.txt")


def test_sources_and_dates_of_files_serve_the_keep_policies(tmp_path: Path) -> None:
    for name, date in (("a.jsonl", "2024-01-01"), ("b.jsonl", "2025-01-01")):
        (tmp_path / name).write_text(json.dumps({"id": name, "text": TEXT, "day": date}) + "\n", encoding="utf-8")

    def kept(report: Report) -> list[str | int]:
        return [decision.document for decision in report.decisions if decision.keep]

    assert kept(scan(tmp_path)) == ["a.jsonl"]
    assert kept(scan(tmp_path, Config(keep="source:*b.jsonl"))) == ["b.jsonl"]
    assert kept(scan(tmp_path, Config(keep="newest"), reading=ReadOptions(date_column="day"))) == ["b.jsonl"]


class Recorder:
    """Progress as a list."""

    def __init__(self) -> None:
        self.stages: list[str] = []
        self.done = 0
        self.total: int | None = None

    def start(self, stage: str, total: int | None) -> None:
        self.stages.append(stage)
        if stage == "reading":
            self.total = total

    def advance(self, amount: int) -> None:
        if self.stages[-1] == "reading":
            self.done += amount

    def message(self, text: str) -> None:
        self.stages.append(text)


def test_progress_tells_the_stages_and_all_bytes_read(tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / f"{number}.txt").write_text(TEXT * number, encoding="utf-8")
    recorder = Recorder()
    progress: Progress = recorder
    scan(tmp_path, progress=progress)
    assert recorder.stages[:3] == ["reading", "candidates", "verifying"]
    assert recorder.done == recorder.total == sum(path.stat().st_size for path in tmp_path.iterdir())


def test_spans_of_a_file_name_its_path(tmp_path: Path) -> None:
    path = tmp_path / "page.txt"
    path.write_bytes((TEXT * 2).encode())
    (match,) = scan([path]).matches
    assert match.left == Span(str(path), 0, len(TEXT) - 2, 1, 2)
