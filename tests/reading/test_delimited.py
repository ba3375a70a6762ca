import csv
from pathlib import Path

import pytest

from dedup.errors import InputError
from dedup.reading import ReadOptions, delimited
from tests.reading.outcome import Outcome, read


def read_csv(tmp_path: Path, data: bytes, options: ReadOptions | None = None, name: str = "crawl.csv") -> Outcome:
    path = tmp_path / name
    path.write_bytes(data)
    return read(path, options=options)


def test_rows_have_ids_and_texts_as_strings(tmp_path: Path) -> None:
    outcome = read_csv(tmp_path, b'id,text\n1,one\n2,"two, too"\n')
    assert outcome.records == [("1", "one"), ("2", "two, too")]


def test_an_empty_id_falls_to_the_url_and_then_to_path_and_row(tmp_path: Path) -> None:
    outcome = read_csv(tmp_path, b"id,url,text\n,http://u,a\n,,b\n\n,,c\n")
    file = str(tmp_path / "crawl.csv")
    assert outcome.ids == ["http://u", f"{file}:2", f"{file}:3"]


def test_an_empty_id_in_a_named_column_is_quarantined(tmp_path: Path) -> None:
    outcome = read_csv(tmp_path, b"key,text\nk,a\n,b\n", ReadOptions(id_column="key"))
    assert outcome.records == [("k", "a")]
    assert outcome.reasons == [(3, "missing-id")]


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("a.csv", b"id,text"),
        ("a.csv", b"id;text"),
        ("a.csv", b"id\ttext"),
        ("a.tsv", b"id\ttext"),
        ("a.csv", b'"id";"text"'),
        ("a.csv", b"\xef\xbb\xbfid;text"),
        ("a.csv", b"id;text\r"),
        ("a.csv", b'id;"a,b,c,d";text'),
    ],
)
def test_the_delimiter_is_told_from_the_header(tmp_path: Path, name: str, header: bytes) -> None:
    delimiter = b";" if b";" in header else b"," if b"," in header else b"\t"
    fields = [b"7"] + [b"x"] * (header.count(delimiter) - 1) + [b"some text"]
    assert read_csv(tmp_path, header + b"\n" + delimiter.join(fields), name=name).records == [("7", "some text")]


def test_a_tsv_with_commas_in_its_header_is_split_at_tabs(tmp_path: Path) -> None:
    assert read_csv(tmp_path, b"a,b,c\ttext\nx\tone, two\n", name="a.tsv").texts == ["one, two"]


def test_newlines_quotes_and_nuls_within_quotes_are_kept(tmp_path: Path) -> None:
    outcome = read_csv(tmp_path, b'id,text\r\n1,"a\nb\r\nc ""quoted"" \x00"\r\n2,x\x00y\r\n3,""\r\n')
    assert outcome.records == [("1", 'a\nb\r\nc "quoted" \0'), ("2", "x\0y"), ("3", "")]
    assert outcome.quarantined == []


@pytest.mark.parametrize(
    ("row", "line", "reason"),
    [
        (b"1", 3, "csv-row"),
        (b"1,a,b", 3, "csv-row"),
        (b'1,"a"b', 3, "csv-row"),
        (b"1,a\rb", 3, "csv-row"),
        (b'1,"a\nb",c', 3, "csv-row"),
        (b"1,caf\xe9", 3, "invalid-utf8"),
        (b'1,"x\ncaf\xe9\n"', 4, "invalid-utf8"),
    ],
)
def test_a_bad_row_is_quarantined_and_the_rest_goes_on(tmp_path: Path, row: bytes, line: int, reason: str) -> None:
    data = b"id,text\nx,good\n" + row + b"\ny,good\n"
    outcome = read_csv(tmp_path, data)
    assert outcome.ids == ["x", "y"]
    assert outcome.reasons == [(line, reason)]
    with pytest.raises(InputError, match=rf"crawl\.csv, line {line}: .*\[{reason}\]"):
        read_csv(tmp_path, data, ReadOptions(strict=True))


def test_a_quote_that_is_never_closed_costs_its_own_row_alone(tmp_path: Path) -> None:
    rows = b"".join(b"%d,text %d\n" % (number, number) for number in range(2000))
    outcome = read_csv(tmp_path, b'id,text\nx,"open\n' + rows)
    assert outcome.ids == [str(number) for number in range(2000)]
    assert outcome.reasons == [(2, "csv-row")]
    assert "a quote is opened and not closed" in outcome.quarantined[0].message
    assert "lines 3 to 2002" in outcome.quarantined[0].message


def test_a_stray_quote_costs_its_own_row_alone(tmp_path: Path) -> None:
    outcome = read_csv(tmp_path, b'id,text\n1,a\n2,"b\n3,c\n4,"d"\n5,e\n')
    assert outcome.ids == ["1", "3", "4", "5"]
    assert outcome.reasons == [(3, "csv-row")]


def test_line_numbers_hold_after_lines_were_read_again(tmp_path: Path) -> None:
    outcome = read_csv(tmp_path, b'id,text\n1,"open\n2,ok\n3\n4,"also open\n5,ok\n6\n')
    assert outcome.ids == ["2", "5"]
    assert outcome.reasons == [(2, "csv-row"), (4, "csv-row"), (5, "csv-row"), (7, "csv-row")]


def test_a_quoted_field_may_not_run_on_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "LONGEST_QUOTED", 200)
    rows = [b"%d,some text" % number for number in range(500)]
    outcome = read_csv(tmp_path, b'id,text\nx,"open\n' + b"\n".join(rows))
    assert outcome.ids == [str(number) for number in range(500)]
    assert outcome.reasons == [(2, "csv-row")]


def test_hostile_quotes_are_read_to_their_end(tmp_path: Path) -> None:
    # Each line leaves a quote open, whether or not one was open before it. Read again from each, this would not end.
    outcome = read_csv(tmp_path, b"id,text\n" + b'x","y\n' * 80_000)
    assert outcome.records == []
    assert outcome.quarantined


def test_a_single_long_field_is_read(tmp_path: Path) -> None:
    text = "x" * (delimited.LONGEST_QUOTED + 10)
    outcome = read_csv(tmp_path, b"id,text\n1," + text.encode() + b"\n2,y\n")
    assert [len(each) for each in outcome.texts] == [len(text), 1]


@pytest.mark.parametrize(
    ("data", "options", "advice"),
    [
        (b"id,body\n1,a\n2,b\n", ReadOptions(), "columns: 'id', 'body'); name another with --text-column"),
        (b"id,text\n1,a\n", ReadOptions(id_column="key"), "name another with --id-column"),
        (b"id,text,text\n1,a,b\n", ReadOptions(), "there is more than one column 'text'"),
        (b"key,key,text\n1,2,a\n", ReadOptions(id_column="key"), "there is more than one column 'key'"),
        (b"", ReadOptions(), "the file is empty"),
        (b"\n\n", ReadOptions(), "the file is empty"),
    ],
)
def test_a_missing_column_is_told_once_for_the_file(
    tmp_path: Path, data: bytes, options: ReadOptions, advice: str
) -> None:
    outcome = read_csv(tmp_path, data, options)
    assert outcome.records == []
    assert outcome.reasons == [(None, "missing-column")]
    assert advice in outcome.quarantined[0].message
    with pytest.raises(InputError, match=r"crawl\.csv: "):
        read_csv(tmp_path, data, ReadOptions(id_column=options.id_column, strict=True))


def test_ids_in_two_columns_of_one_name_count_as_none(tmp_path: Path) -> None:
    assert read_csv(tmp_path, b"id,id,url,text\n1,2,http://u,a\n").records == [("http://u", "a")]


def test_a_broken_header_is_told_once_for_the_file(tmp_path: Path) -> None:
    outcome = read_csv(tmp_path, b'id,"text\n1,a\n2,b\n')
    assert outcome.records == []
    assert outcome.reasons == [(None, "csv-row")]
    outcome = read_csv(tmp_path, b"id,te\rxt\n1,a\n2,b\n")
    assert outcome.reasons == [(None, "csv-row")]


def test_dates_come_as_strings(tmp_path: Path) -> None:
    outcome = read_csv(tmp_path, b"text,date\na,2024-01-02\nb,\n", ReadOptions(date_column="date"))
    assert outcome.dates == ["2024-01-02", None]
    assert read_csv(tmp_path, b"text\na\n", ReadOptions(date_column="date")).dates == [None]


def test_a_lower_field_limit_set_elsewhere_does_not_matter(tmp_path: Path) -> None:
    before = csv.field_size_limit(10)
    try:
        assert read_csv(tmp_path, b"text\nlonger than ten characters\n").texts == ["longer than ten characters"]
    finally:
        csv.field_size_limit(before)
