import csv
import io
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from dedup.config import Config
from dedup.model import Counts, Level, Relation
from dedup.reading import ReadOptions
from tests.cli.conftest import Ran, Scanner
from tests.reporting.reports import example, near, report


def test_defaults_are_those_of_the_library(run: Callable[..., Ran], scanner: Scanner) -> None:
    assert run("scan", "a", "b/").code == 0
    assert scanner.sources == ["a", "b/"]
    assert scanner.config == Config()
    assert scanner.reading == ReadOptions()
    assert 1 <= scanner.workers <= (os.cpu_count() or 1)


@pytest.mark.parametrize(
    ("arguments", "config"),
    [
        (["--threshold", "0.8"], Config(threshold=0.8)),
        (["--cosine", "0"], Config(cosine=0.0)),
        (["--containment", "0.95"], Config(containment=0.95)),
        (["--shingle-size", "3"], Config(shingle_size=3)),
        (["--num-perm", "256"], Config(num_perm=256)),
        (["--seed", "0"], Config(seed=0)),
        (["--recall", "0.99"], Config(recall=0.99)),
        (["--relation", "near", "--relation", "exact"], Config(relations=(Relation.NEAR, Relation.EXACT))),
        (["--level", "paragraph"], Config(level=Level.PARAGRAPH)),
        (["--boilerplate", "exclude"], Config(boilerplate="exclude")),
        (["--keep", "longest"], Config(keep="longest")),
        (["--keep", "source:a/*,b/*"], Config(keep="source:a/*,b/*")),
    ],
)
def test_each_setting_reaches_the_configuration(
    run: Callable[..., Ran], scanner: Scanner, arguments: list[str], config: Config
) -> None:
    assert run("scan", "x", *arguments).code == 0
    assert scanner.config == config


@pytest.mark.parametrize(
    ("arguments", "reading"),
    [
        (["--text-column", "body"], ReadOptions(text_column="body")),
        (["--id-column", "key"], ReadOptions(id_column="key")),
        (["--date-column", "date"], ReadOptions(date_column="date")),
        (["--input-format", "jsonl"], ReadOptions(input_format="jsonl")),
        (["--strict"], ReadOptions(strict=True)),
    ],
)
def test_each_reading_option_reaches_the_reader(
    run: Callable[..., Ran], scanner: Scanner, arguments: list[str], reading: ReadOptions
) -> None:
    assert run("scan", "x", *arguments).code == 0
    assert scanner.reading == reading


def test_newest_is_possible_where_dates_are_named(run: Callable[..., Ran], scanner: Scanner) -> None:
    assert run("scan", "x", "--keep", "newest", "--date-column", "day", "--workers", "3").code == 0
    assert (scanner.config.keep, scanner.reading.date_column, scanner.workers) == ("newest", "day", 3)


def test_the_report_for_people_goes_to_stdout_and_nothing_to_stderr(run: Callable[..., Ran], scanner: Scanner) -> None:
    ran = run("scan", "x")
    assert ran.out.startswith("6 documents: 6 findings\n\nb.txt\n  near ")
    assert ran.err == ""
    assert "\x1b" not in ran.out


@pytest.mark.parametrize(
    ("arguments", "environment", "coloured"),
    [
        ([], {}, False),
        (["--color", "always"], {"NO_COLOR": "1"}, True),
        (["--color", "never"], {}, False),
    ],
)
def test_colours_only_where_they_are_wanted(
    run: Callable[..., Ran],
    scanner: Scanner,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    environment: dict[str, str],
    coloured: bool,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert ("\x1b[" in run("scan", "x", *arguments).out) is coloured


@pytest.mark.parametrize(
    ("environment", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
)
def test_a_terminal_gets_colours_unless_it_says_no(
    run: Callable[..., Ran],
    scanner: Scanner,
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    coloured: bool,
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert ("\x1b[" in run("scan", "x").out) is coloured


def test_jsonl_is_findings_alone_and_the_counts_go_to_stderr(run: Callable[..., Ran], scanner: Scanner) -> None:
    ran = run("scan", "x", "--format", "jsonl")
    found = [json.loads(line) for line in ran.out.splitlines()]
    assert [each["relation"] for each in found] == [match.relation for match in example().matches]
    assert ran.err == (
        "warning: 1 record could not be read; --strict stops at the first, scan --decisions FILE lists every one\n"
        "  more.jsonl:3: no JSON; mend the line or leave it out\n"
        "6 documents, 14 paragraphs: 4 kept, 1 dropped, 1 quarantined; 6 findings; "
        "1 file of no known format skipped\n"
    )


def test_quiet_leaves_the_warning_alone(run: Callable[..., Ran], scanner: Scanner) -> None:
    err = run("scan", "x", "--format", "jsonl", "--quiet").err
    assert err.startswith("warning: 1 record could not be read")
    assert "6 findings" not in err


def test_json_and_csv_are_written(run: Callable[..., Ran], scanner: Scanner) -> None:
    assert json.loads(run("scan", "x", "--format", "json").out)["counts"]["read"] == 6
    rows = list(csv.DictReader(io.StringIO(run("scan", "x", "--format", "csv").out, newline="")))
    assert [row["relation"] for row in rows] == [match.relation for match in example().matches]


def test_output_and_decisions_go_to_files(run: Callable[..., Ran], scanner: Scanner, tmp_path: Path) -> None:
    out, decisions = tmp_path / "report.txt", tmp_path / "decisions.jsonl"
    ran = run("scan", "x", "-o", str(out), "--decisions", str(decisions))
    assert ran.out == ""
    assert "6 documents, 14 paragraphs: 4 kept, 1 dropped, 1 quarantined; 6 findings" in ran.err
    assert out.read_text("utf-8").startswith("6 documents: 6 findings\n")
    assert len(decisions.read_text("utf-8").splitlines()) == 6


def test_decisions_may_go_to_stdout_where_the_report_goes_to_a_file(
    run: Callable[..., Ran], scanner: Scanner, tmp_path: Path
) -> None:
    ran = run("scan", "x", "-o", str(tmp_path / "report.txt"), "--decisions", "-", "-q")
    assert [json.loads(line)["document"] for line in ran.out.splitlines()][:2] == ["a.txt", "b.txt"]


def test_an_output_that_fails_half_way_leaves_the_old_one(
    run: Callable[..., Ran], scanner: Scanner, tmp_path: Path
) -> None:
    out = tmp_path / "out.jsonl"
    out.write_text("old\n")

    def fail(index: int) -> tuple[str, str]:
        raise KeyboardInterrupt

    scanner.report = replace(example(), excerpts=fail)
    source = tmp_path / "source"
    source.mkdir()
    assert run("scan", str(source), "-o", str(out)).code == 130
    assert out.read_text() == "old\n"
    assert sorted(tmp_path.iterdir()) == [out, source]


def test_no_output_replaces_what_is_read_or_another_output(
    run: Callable[..., Ran], scanner: Scanner, tmp_path: Path
) -> None:
    page = tmp_path / "page.txt"
    page.write_text("text\n")
    for command in ("scan", "pairs"):
        ran = run(command, str(page), "-o", str(page))
        assert ran.code == 2
        assert "would be overwritten" in ran.err
    ran = run("scan", str(page), "-o", str(tmp_path / "out"), "--decisions", str(tmp_path / "out"))
    assert ran.code == 2
    assert "two outputs" in ran.err
    assert page.read_text() == "text\n"


@pytest.mark.parametrize(
    ("fail_on", "code", "message"),
    [
        (["near"], 1, "failed: 1 near found, --fail-on allows 0\n"),
        (["near=1"], 0, ""),
        (["near=1", "residue"], 1, "failed: 2 residue found, --fail-on allows 0\n"),
        (["exact=1", "boilerplate=3"], 0, ""),
    ],
)
def test_fail_on_gives_exit_code_1_after_the_report(
    run: Callable[..., Ran], scanner: Scanner, fail_on: list[str], code: int, message: str
) -> None:
    ran = run("scan", "x", *(part for each in fail_on for part in ("--fail-on", each)))
    assert ran.code == code
    assert ran.err == message
    assert ran.out.startswith("6 documents")


def test_an_empty_folder_is_a_report_and_a_hint(run: Callable[..., Ran], scanner: Scanner) -> None:
    scanner.report = report(counts=Counts(skipped_files=3))
    ran = run("scan", "empty/")
    assert ran.code == 0
    assert ran.out.startswith("0 documents: nothing repeated\n")
    assert ran.err == (
        "no documents: 3 skipped, files read are .txt .md .html .jsonl .ndjson .csv .tsv .parquet, "
        "each also .gz or .zst\n"
    )


def test_all_lifts_the_limits(run: Callable[..., Ran], scanner: Scanner) -> None:
    scanner.report = report([near("a", "b")] * 13)
    assert run("scan", "x").out.count("nearly repeat") == 10
    assert run("scan", "x", "--all").out.count("nearly repeat") == 13


@pytest.mark.parametrize(
    ("size", "expected"),
    [("512MB", 512 * 10**6), ("2G", 2 << 30), ("1.5GiB", 3 << 29), ("300000000", 300_000_000), ("700 mb", 700 * 10**6)],
)
def test_memory_is_a_number_with_a_unit(run: Callable[..., Ran], scanner: Scanner, size: str, expected: int) -> None:
    assert run("scan", "x", "--memory", size).code == 0
    assert scanner.memory == expected


@pytest.mark.parametrize("size", ["much", "-1G", "1X", "GB", ""])
def test_a_memory_that_is_no_size_is_refused(run: Callable[..., Ran], scanner: Scanner, size: str) -> None:
    ended = run("scan", "x", "--memory", size)
    assert ended.code == 2
    assert "is no size; write for example 512MB or 2G" in ended.err
    assert scanner.calls == 0
