import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.errors import InputError
from dedup.reading import ReadOptions, json_lines
from tests.reading.outcome import Outcome, read


def read_lines(tmp_path: Path, *lines: bytes, options: ReadOptions | None = None) -> Outcome:
    path = tmp_path / "crawl.jsonl"
    path.write_bytes(b"\n".join(lines))
    return read(path, options=options)


def test_ids_are_the_id_else_the_url_else_path_and_line(tmp_path: Path) -> None:
    outcome = read_lines(
        tmp_path,
        b'{"id": 7, "url": "http://a", "text": "a"}',
        b'{"url": "http://b", "text": "b"}',
        b'{"id": null, "url": "http://c", "text": "c"}',
        b"",
        b'{"text": "d"}',
        b'{"url": ["http://e"], "text": "e"}',
        b'{"url": "", "text": "f"}',
    )
    file = str(tmp_path / "crawl.jsonl")
    assert outcome.ids == [7, "http://b", "http://c", f"{file}:5", f"{file}:6", f"{file}:7"]
    assert outcome.quarantined == []


@pytest.mark.parametrize("given", [0, -5, 2**63, -(2**70), 10**40, "7", "", "a\n\"'\\\u2028", "\ud800", "日本"])
def test_an_id_is_kept_as_it_came(tmp_path: Path, given: int | str) -> None:
    outcome = read_lines(tmp_path, json.dumps({"id": given, "text": "x"}).encode())
    assert outcome.ids == [given]
    assert type(outcome.ids[0]) is type(given)


@pytest.mark.parametrize(
    "given",
    [b"1.5", b"1e3", b"true", b"false", b"[1]", b'{"a": 1}', b"NaN", b'1.5, "deep": ' + b"[" * 1015 + b"]" * 1015],
)
def test_an_id_that_is_neither_string_nor_integer_is_quarantined(tmp_path: Path, given: bytes) -> None:
    outcome = read_lines(tmp_path, b'{"id": %b, "text": "x"}' % given, b'{"id": 1, "text": "y"}')
    assert outcome.ids == [1]
    assert outcome.reasons == [(1, "id-type")]
    assert "--id-column" in outcome.quarantined[0].message


def test_an_id_that_changes_type_in_mid_file_is_quarantined(tmp_path: Path) -> None:
    outcome = read_lines(
        tmp_path,
        b'{"id": "a", "text": "x"}',
        b'{"id": 1, "text": "x"}',
        b'{"text": "x", "url": "http://u"}',
        b'{"id": "b", "text": "x"}',
    )
    assert outcome.ids == ["a", "http://u", "b"]
    assert outcome.reasons == [(2, "id-type")]


def test_another_file_may_have_ids_of_another_type(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"id": 1, "text": "x"}')
    (tmp_path / "b.jsonl").write_text('{"id": "1", "text": "x"}')
    assert read(tmp_path).ids == [1, "1"]


def test_a_named_id_column_must_be_there(tmp_path: Path) -> None:
    outcome = read_lines(
        tmp_path,
        b'{"key": "k", "id": 1, "text": "x"}',
        b'{"id": 2, "url": "http://u", "text": "x"}',
        b'{"key": null, "text": "x"}',
        options=ReadOptions(id_column="key"),
    )
    assert outcome.ids == ["k"]
    assert outcome.reasons == [(2, "missing-id"), (3, "missing-id")]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"text": "x"', "invalid-json"),
        (b"not json", "invalid-json"),
        (b'{"text": "a\x00b"}', "invalid-json"),
        (b"[" * 100_000, "invalid-json"),
        (b'{"text": "x"} {"text": "y"}', "invalid-json"),
        (b'{"text": ' + b"9" * 5000 + b"}", "invalid-json"),
        (b'{"text": "caf\xe9"}', "invalid-utf8"),
        (b'{"text": "\xed\xa0\x80"}', "invalid-utf8"),
        (b"[1, 2]", "not-an-object"),
        (b'"text"', "not-an-object"),
        (b"null", "not-an-object"),
        (b"NaN", "not-an-object"),
        (b"{}", "missing-text"),
        (b'{"body": "x"}', "missing-text"),
        (b'{"text": null}', "missing-text"),
        (b'{"text": 5}', "text-not-string"),
        (b'{"text": ["x"]}', "text-not-string"),
        (b'{"text": {}}', "text-not-string"),
        (b'{"text": true}', "text-not-string"),
    ],
)
def test_a_bad_line_is_quarantined_and_the_rest_goes_on(tmp_path: Path, line: bytes, reason: str) -> None:
    good = b'{"text": "good"}'
    outcome = read_lines(tmp_path, good, line, good)
    file = str(tmp_path / "crawl.jsonl")
    assert outcome.ids == [f"{file}:1", f"{file}:3"]
    assert [(each.file, each.line, each.reason) for each in outcome.quarantined] == [(file, 2, reason)]
    with pytest.raises(InputError, match=rf"crawl\.jsonl, line 2: .*\[{reason}\]"):
        read_lines(tmp_path, good, line, good, options=ReadOptions(strict=True))


def test_a_missing_text_names_the_fields_there_are(tmp_path: Path) -> None:
    outcome = read_lines(tmp_path, b'{"body": "x", "title\\u001b[31m": "y"}')
    message = outcome.quarantined[0].message
    assert "'body'" in message
    assert "--text-column" in message
    assert "\x1b" not in message


def test_blank_lines_and_carriage_returns_are_no_records(tmp_path: Path) -> None:
    outcome = read_lines(tmp_path, b"", b'{"text": "x"}\r', b" \t\r", b'{"text": "y"}', b"", b"")
    assert outcome.texts == ["x", "y"]
    assert outcome.quarantined == []


def test_an_empty_file_has_no_records(tmp_path: Path) -> None:
    outcome = read_lines(tmp_path, b"")
    assert (outcome.batches, outcome.quarantined) == ([], [])


def test_a_byte_order_mark_before_the_first_line_is_no_text(tmp_path: Path) -> None:
    assert read_lines(tmp_path, b'\xef\xbb\xbf{"id": 1, "text": "x"}').records == [(1, "x")]


def test_utf16_is_told_once_for_the_whole_file(tmp_path: Path) -> None:
    outcome = read_lines(tmp_path, '{"text": "x"}\n{"text": "y"}\n'.encode("utf-16"))
    assert outcome.reasons == [(None, "invalid-utf8")]
    assert "UTF-16" in outcome.quarantined[0].message


def test_lone_surrogates_survive(tmp_path: Path) -> None:
    assert read_lines(tmp_path, b'{"id": "\\udc00", "text": "a\\ud800b"}').records == [("\udc00", "a\ud800b")]


def test_text_and_date_columns_are_taken_by_name(tmp_path: Path) -> None:
    outcome = read_lines(
        tmp_path,
        b'{"body": "a", "date": "2024-05-01"}',
        b'{"body": "b", "date": 17.5}',
        b'{"body": "c", "date": 1714521600}',
        b'{"body": "d"}',
        b'{"body": "e", "date": true}',
        b'{"body": "f", "date": NaN}',
        options=ReadOptions(text_column="body", date_column="date"),
    )
    assert outcome.texts == list("abcdef")
    assert outcome.dates == ["2024-05-01", 17.5, 1714521600, None, None, None]


def test_no_dates_are_given_where_none_are_asked_for(tmp_path: Path) -> None:
    assert len(read_lines(tmp_path, b'{"text": "a", "date": "2024"}').batches[0].dates) == 0


def test_a_line_longer_than_many_blocks_is_one_record(tmp_path: Path) -> None:
    text = "längste Zeile " * 500_000
    line = json.dumps({"id": 1, "text": text}, ensure_ascii=False).encode()
    outcome = read_lines(tmp_path, b'{"id": 0, "text": "a"}', line, b'{"id": 2, "text": "b"}')
    assert outcome.records == [(0, "a"), (1, text), (2, "b")]


@pytest.mark.parametrize(
    ("lines", "reasons"),
    [
        ([b'{"a": 1', b'"text": "x"}'], [1, 2]),
        ([b'{"text": "x", "a": [1', b"2]}", b'{"text": "y"}, {"text": "z"}'], [1, 2, 3]),
        ([b'{"text": "x", "a": [1', b"2]}", b'{"text": "y"}, 1, {"text": "z"}'], [1, 2, 3]),
        ([b'{"text": "x"}, 1, {"text": "y"}, 1, {"text": "z"}'], [1]),
        ([b'{"text": "x"}], [{"text": "y"}'], [1]),
        ([b'{"text":', b'"x"}'], [1, 2]),
        ([b'{"text": "x', b'y"}'], [1, 2]),
    ],
)
def test_no_record_runs_over_lines_and_no_line_holds_two(
    tmp_path: Path, lines: list[bytes], reasons: list[int]
) -> None:
    good = b'{"text": "good"}'
    outcome = read_lines(tmp_path, *lines, good)
    assert outcome.texts == ["good"]
    assert outcome.ids == [f"{tmp_path / 'crawl.jsonl'}:{len(lines) + 1}"]
    assert outcome.reasons == [(line, "invalid-json") for line in reasons]


USUAL = [b'{"id": 1, "text": "a"}', b'{"text": "b", "id": 0, "date": "2024"}']
UNUSUAL = [
    b'{"id": 1, "text": "first", "text": "last"}',
    b'{"id": 12345678901234567890123, "text": "x"}',
    b'{"id": "\\ud800", "text": "x"}',
    b'{"id": true, "text": "x"}',
    b'{"id": 1e3, "text": "x"}',
    b'{"id": "s", "text": "\\u00e9"}',
    b'{"id": 2, "text": "\xc3\xa9\\n"}\r',
    b'{"id": 2, "text": ["x"]}',
    b'{"url": "u", "text": "x", "date": NaN}',
    b'"text"',
    b'["text"]',
    b"7",
    b"7, 7",
    b"[7",
    b"7]",
    b"",
    b"\xff",
]


@given(st.lists(st.sampled_from(USUAL * 8 + UNUSUAL), max_size=20), st.sampled_from([None, "id"]), st.integers(1, 50))
def test_lines_are_read_together_as_they_are_one_by_one(
    lines: list[bytes], id_column: str | None, batch_bytes: int
) -> None:
    options = ReadOptions(id_column=id_column, date_column="date", batch_bytes=batch_bytes)
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        together = read_lines(Path(folder), *lines, options=options)
        patch.setattr(json_lines, "LARGEST_RUN", 0)
        one_by_one = read_lines(Path(folder), *lines, options=options)
    assert together.records == one_by_one.records
    assert together.dates == one_by_one.dates
    assert together.quarantined == one_by_one.quarantined
    assert [len(batch) for batch in together.batches] == [len(batch) for batch in one_by_one.batches]
