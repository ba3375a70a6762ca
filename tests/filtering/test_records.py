"""JSON lines in, JSON lines out."""

import base64
import json
from pathlib import Path
from tempfile import TemporaryDirectory

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

import dedup
from dedup.errors import ConfigError, InputError
from dedup.filtering import FilterOptions, Mode, filter_records
from dedup.filtering.line_output import COLUMNS
from dedup.index import Index
from dedup.model import Decision, Document
from dedup.reading import ReadOptions
from dedup.scanning import clean
from tests.corpora import corpora, odd_corpora
from tests.filtering.inputs import CONFIG, OTHER, WORDS, lines_of, record, run_filter


def decided(documents: list[Document]) -> list[Decision]:
    """What an index decides on documents that are all new to it."""
    with TemporaryDirectory() as folder, Index.open(Path(folder) / "index", CONFIG) as index:
        numbered = [Document(number, document.text) for number, document in enumerate(documents)]
        return index.admit_batch(numbered)


@settings(max_examples=25)
@given(st.one_of(corpora(most=12), odd_corpora()), st.sampled_from(["\n", "\r\n", "\n\n"]), st.integers(1, 5))
def test_records_come_out_unchanged_in_order_and_decided_as_by_the_index(
    documents: list[Document], newline: str, batch: int
) -> None:
    lines = lines_of(documents, newline)
    decisions = decided(documents)
    with TemporaryDirectory() as folder:
        done = run_filter(Path(folder), b"".join(lines), batch=batch, rejected=f"{folder}/rejected.jsonl")
        kept = [line for line, decision in zip(lines, decisions, strict=True) if decision.keep]
        # An empty line is no record.
        assert done.out == b"".join(line[:-1] if newline == "\n\n" else line for line in kept)
        rejected = done.rows("rejected.jsonl")
        dropped = [(row, decision) for row, decision in enumerate(decisions) if not decision.keep]
        assert [each["record"] for each in rejected] == [json.loads(lines[row]) for row, _ in dropped]
        for each, (row, decision) in zip(rejected, dropped, strict=True):
            assert isinstance(decision.representative, int)
            assert each["representative"] == str(documents[decision.representative].id)
            assert each["document"] == str(documents[row].id)
            assert each["relation"] == each["reason"] == decision.reason
            assert each["line"] == row * (2 if newline == "\n\n" else 1) + 1
            assert decision.resemblance is not None
            assert each["resemblance"] == round(decision.resemblance, 6)
        tally = done.result.tally
        assert (tally.kept, tally.dropped, tally.quarantined) == (len(kept), len(dropped), 0)


def test_the_decisions_are_those_of_a_scan(tmp_path: Path) -> None:
    # The background is another one, which decides at the edges alone.
    texts = [WORDS, OTHER, WORDS.upper(), WORDS + " today", "", "short", "short", OTHER[:60], f"{WORDS} {OTHER}"]
    lines = [json.dumps(record(number, text)).encode() + b"\n" for number, text in enumerate(texts)]
    done = run_filter(tmp_path, b"".join(lines), batch=2)
    report = dedup.scan([Document(number, text) for number, text in enumerate(texts)], CONFIG)
    expected = [line for line, decision in zip(lines, report.decisions, strict=True) if decision.keep]
    assert done.out == b"".join(expected)
    assert len(expected) < len(lines)


@pytest.mark.parametrize("batch", [1, 2])
def test_annotate_says_of_records_none_of_which_repeats_another_that_they_are_unique(
    tmp_path: Path, batch: int
) -> None:
    lines = [json.dumps(record(number, text)).encode() + b"\n" for number, text in enumerate([WORDS, OTHER, WORDS])]
    done = run_filter(tmp_path, b"".join(lines), mode=Mode.ANNOTATE, batch=batch)
    values = [json.loads(line) for line in done.out.splitlines()]
    assert [(each["dedup_keep"], each["dedup_reason"]) for each in values] == [
        (True, "unique"),
        (True, "unique"),
        (False, "exact"),
    ]


def test_annotate_keeps_every_record_and_says_what_it_is(tmp_path: Path) -> None:
    lines = [
        b'{"id":1,"text":"%b"}\n' % WORDS.encode(),
        b' {"text":"%b", "id":"two" }\r\n' % WORDS.upper().encode(),
        b'{"id":3,"text":"","dedup_keep":"old","x":"\\"dedup_reason"}\n',
        b'{"id":4,"text":"%b today"}' % WORDS.encode(),
    ]
    # Ids of one kind, or the second one could not be read.
    lines[1] = lines[1].replace(b'"two"', b"2")
    done = run_filter(tmp_path, b"".join(lines), mode=Mode.ANNOTATE)
    rows = done.rows("out.jsonl")
    assert [tuple(row[name] for name in COLUMNS) for row in rows] == [
        (True, "unique", None, None, None, None),
        (False, "exact", 1, "exact", 1.0, 1.0),
        (True, "empty", None, None, None, None),
        (False, "near", 1, "near", rows[3]["dedup_resemblance"], rows[3]["dedup_cosine"]),
    ]
    assert done.out.startswith(lines[0][:-2] + b',"dedup_keep":true,"dedup_reason":"unique",')
    assert b'"id":2 ,"dedup_keep":false' in done.out
    assert done.out.count(b"}\r\n") == 1
    assert rows[2]["x"] == '"dedup_reason'
    assert done.out.count(b'"dedup_keep"') == 4
    assert (done.result.tally.kept, done.result.tally.dropped) == (4, 0)
    again = run_filter(tmp_path, done.out, mode=Mode.ANNOTATE)
    assert again.rows("out.jsonl") == rows


@settings(max_examples=10)
@given(corpora(most=6))
def test_clean_keeps_every_record_and_cleans_its_text_alone(documents: list[Document]) -> None:
    lines = lines_of(documents)
    with TemporaryDirectory() as folder:
        done = run_filter(Path(folder), b"".join(lines), mode=Mode.CLEAN, batch=3)
        written = done.out.splitlines(keepends=True)
        assert len(written) == len(lines)
        for line, found, document in zip(lines, written, documents, strict=True):
            cleaned = clean(document.text, CONFIG).text
            if cleaned == document.text:
                assert found == line
            else:
                assert json.loads(found) == {**json.loads(line), "text": cleaned}
                assert found.startswith(line[: line.index(b'"text"')])


def test_clean_cuts_a_copy_and_a_prompt_and_nothing_else(tmp_path: Path) -> None:
    text = f"{WORDS}\nRewrite this content and keep HTML tags\n{WORDS}\n{OTHER}"
    line = json.dumps({"text": "old", "b": 1.0, "id": 5, "text ": 1}).replace('"old"', json.dumps(text)).encode()
    done = run_filter(tmp_path, line, mode=Mode.CLEAN)
    assert done.out == line.replace(json.dumps(text).encode(), json.dumps(f"{WORDS}\n{OTHER}").encode())


UNREADABLE = {
    b'{"id": 1, "text": ': "invalid-json",
    b"[1]": "not-an-object",
    b'{"id": 2}': "missing-text",
    b'{"id": 3, "text": 5}': "text-not-string",
    b'{"id": 1.5, "text": "x"}': "id-type",
    b'{"id": 4, "text": "\xff"}': "invalid-utf8",
    b'{"id": 4, "text": "\0"}': "invalid-json",
}


def test_what_cannot_be_read_is_quarantined_with_its_bytes_and_the_rest_goes_on(tmp_path: Path) -> None:
    good = [json.dumps({"id": number, "text": f"{number} {OTHER}" * (number + 1)}).encode() for number in range(8)]
    lines = [line for pair in zip(good, [*UNREADABLE, b"  \t"], strict=True) for line in pair]
    done = run_filter(tmp_path, b"\n".join(lines), batch=3, quarantine=str(tmp_path / "q.jsonl"))
    rows = done.rows("q.jsonl")
    found = [str(row["record"]).encode() if "record" in row else base64.b64decode(str(row["base64"])) for row in rows]
    assert dict(zip(found, [row["reason"] for row in rows], strict=True)) == UNREADABLE
    assert [row["line"] for row in rows] == [2, 4, 6, 8, 10, 12, 14]
    assert all(row["message"] for row in rows)
    assert str(tmp_path) not in done.read("q.jsonl").decode()
    tally = done.result.tally
    assert (tally.read, tally.quarantined) == (15, 7)
    assert {reason: tally.reasons[reason] for reason in UNREADABLE.values()} == {
        **dict.fromkeys(UNREADABLE.values(), 1), "invalid-json": 2,
    }  # fmt: skip
    assert len(done.result.complaints) == 3


def test_strict_stops_at_the_first(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"in.jsonl, line 2: the line holds a JSON array.*\[not-an-object\]"):
        run_filter(tmp_path, b'{"text": "x"}\n[1]\n', reading=ReadOptions(strict=True))


def test_the_same_id_with_another_text_is_another_record(tmp_path: Path) -> None:
    lines = [json.dumps({"id": "same", "text": text}).encode() + b"\n" for text in (WORDS, OTHER, WORDS, OTHER)]
    done = run_filter(tmp_path, b"".join(lines), batch=1, rejected=str(tmp_path / "r.jsonl"))
    assert done.out == lines[0] + lines[1]
    assert [(row["document"], row["representative"]) for row in done.rows("r.jsonl")] == [("same", "same")] * 2


def test_records_without_an_id_are_known_by_their_line_and_no_path_of_the_machine(tmp_path: Path) -> None:
    line = json.dumps({"text": WORDS}).encode()
    done = run_filter(tmp_path, line + b"\n\n" + line, rejected=str(tmp_path / "r.jsonl"))
    assert done.out == line + b"\n"
    assert [(row["document"], row["representative"]) for row in done.rows("r.jsonl")] == [("in.jsonl:3", "in.jsonl:1")]


@pytest.mark.parametrize("data", [b"", b"\n\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n"])
def test_nothing_in_is_nothing_out(tmp_path: Path, data: bytes) -> None:
    done = run_filter(tmp_path, data, index=True)
    assert (done.out, done.result.tally.read, done.result.finished) == (b"", 0, True)


def test_a_byte_order_mark_is_no_part_of_the_first_record(tmp_path: Path) -> None:
    line = b'{"text": "some words"}\n'
    assert run_filter(tmp_path, b"\xef\xbb\xbf" + line).out == line


@pytest.mark.parametrize("size", [10, 1 << 20, 3 << 20])
def test_lines_of_any_size_go_through(tmp_path: Path, size: int) -> None:
    lines = [json.dumps({"id": number, "text": str(number) + "x" * size}).encode() + b"\n" for number in range(3)]
    assert run_filter(tmp_path, b"".join(lines), batch_bytes=1 << 20).out == b"".join(lines)


def test_lone_surrogates_and_nulls_are_text_like_any_other(tmp_path: Path) -> None:
    lines = [b'{"id": "\\ud800", "text": "a \\u0000 \\udfff b"}\n', b'{"id": "2", "text": "A \\u0000 \\udfff B"}\n']
    done = run_filter(tmp_path, b"".join(lines), rejected=str(tmp_path / "r.jsonl"))
    assert done.out == lines[0]
    assert b'"representative":"\\ud800"' in done.read("r.jsonl")


def test_other_columns_can_hold_the_text_and_the_id(tmp_path: Path) -> None:
    lines = [b'{"body": "some five words of text", "key": "%d", "id": [], "text": 7}\n' % number for number in range(2)]
    done = run_filter(
        tmp_path,
        b"".join(lines),
        reading=ReadOptions(text_column="body", id_column="key"),
        rejected=str(tmp_path / "r.jsonl"),
    )
    assert done.out == lines[0]
    assert done.rows("r.jsonl")[0]["document"] == "1"


def test_an_index_remembers_the_records_of_other_days(tmp_path: Path) -> None:
    for day, texts in enumerate([[WORDS], [WORDS, OTHER], [OTHER, WORDS.upper(), "new words that nobody saw"]]):
        folder = tmp_path / str(day)
        folder.mkdir()
        (folder / "in.jsonl").write_text("".join(json.dumps({"id": "same", "text": text}) + "\n" for text in texts))
        filter_records(str(folder / "in.jsonl"), str(folder / "out.jsonl"), CONFIG, index=str(tmp_path / "seen.dedup"))
    kept = [json.loads((tmp_path / str(day) / "out.jsonl").read_text())["text"] for day in range(3)]
    assert kept == [WORDS, OTHER, "new words that nobody saw"]


def test_rejections_need_something_that_is_dropped(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--rejected stays empty with --mode annotate"):
        run_filter(tmp_path, b"", mode=Mode.ANNOTATE, rejected="r.jsonl")


@pytest.mark.parametrize("name", ["in.csv", "in.txt", "in.html"])
def test_other_formats_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("text\nwords\n")
    with pytest.raises(ConfigError, match="filter hands on JSON lines and Parquet"):
        filter_records(str(tmp_path / name), str(tmp_path / "out.jsonl"), CONFIG)


def test_an_output_of_another_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text("")
    with pytest.raises(ConfigError, match="records come out as they went in, as jsonl"):
        filter_records(str(tmp_path / "in.jsonl"), str(tmp_path / "out.parquet"), CONFIG)


def test_what_is_no_json_lines_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a PDF"):
        run_filter(tmp_path, b"%PDF-1.7 and so on")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"batch": 0}, "batch is at least 1"),
        ({"flush_interval": -1.0}, "flush_interval"),
        ({"form": "csv"}, "unknown format"),
    ],
)
def test_options_are_checked(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        FilterOptions(**wrong)  # type: ignore[arg-type]
