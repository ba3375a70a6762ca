import datetime
import io
import os
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dedup.errors import InputError
from dedup.reading import ReadOptions, read_batches
from tests.reading.outcome import Outcome, read, read_files

TEXTS = ["one", "", "drei ü 日本 🎉", "a\0b\r\n"]


def read_table(tmp_path: Path, table: pa.Table, options: ReadOptions | None = None, group: int = 1000) -> Outcome:
    path = tmp_path / "crawl.parquet"
    pq.write_table(table, path, row_group_size=group)
    return read(path, options=options)


@pytest.mark.parametrize(
    "kind",
    [
        pa.string(),
        pa.large_string(),
        pa.string_view(),
        pa.binary(),
        pa.large_binary(),
        pa.dictionary(pa.int32(), pa.string()),
    ],
    ids=str,
)
@pytest.mark.parametrize("group", [1, 3, 1000])
def test_texts_of_every_layout_are_read(tmp_path: Path, kind: pa.DataType, group: int) -> None:
    texts = pa.array(TEXTS).cast(kind)
    outcome = read_table(tmp_path, pa.table({"id": [1, 2, 3, 4], "text": texts}), group=group)
    assert outcome.records == list(zip([1, 2, 3, 4], TEXTS, strict=True))


@pytest.mark.parametrize(
    "ids",
    [
        pa.array([1, -2, 3, 2**62]),
        pa.array([0, 1, 2, 2**64 - 1], type=pa.uint64()),
        pa.array([1, 2, 3, 4], type=pa.int8()),
        pa.array(["a", "b", "", "d e"]),
        pa.array(['"', "\\", "ü\n", "\x7f"]),
        pa.array(["a", "b", "a", "b"]).dictionary_encode(),
        pa.array([1, 2, 1, 2]).dictionary_encode(),
        pa.array(["x", "y", "z", "日"]).cast(pa.large_string()),
    ],
    ids=lambda ids: f"{ids.type}-{ids[0]}",
)
def test_ids_are_kept_as_they_came(tmp_path: Path, ids: pa.Array) -> None:
    outcome = read_table(tmp_path, pa.table({"id": ids, "text": TEXTS}), group=3)
    assert outcome.ids == ids.to_pylist()
    assert {type(each) for each in outcome.ids} == {type(each) for each in ids.to_pylist()}


def test_a_null_id_falls_to_the_url_and_then_to_path_and_row(tmp_path: Path) -> None:
    table = pa.table({"id": [7, None, None, 8], "url": [None, "http://u", None, None], "text": TEXTS})
    assert read_table(tmp_path, table).ids == [7, "http://u", f"{tmp_path / 'crawl.parquet'}:3", 8]


def test_without_ids_the_url_or_the_row_is_the_id(tmp_path: Path) -> None:
    file = tmp_path / "crawl.parquet"
    assert read_table(tmp_path, pa.table({"text": TEXTS}), group=3).ids == [f"{file}:{row}" for row in (1, 2, 3, 4)]
    assert read_table(tmp_path, pa.table({"text": TEXTS, "url": list("abcd")})).ids == list("abcd")
    assert read_table(tmp_path, pa.table({"text": TEXTS, "url": [1, 2, 3, 4]})).ids[0] == f"{file}:1"
    assert read_table(tmp_path, pa.table({"text": TEXTS, "id": pa.nulls(4)})).ids[3] == f"{file}:4"


def test_a_null_in_a_named_id_column_is_quarantined(tmp_path: Path) -> None:
    table = pa.table({"key": ["a", None, "c", "d"], "url": TEXTS, "text": TEXTS})
    outcome = read_table(tmp_path, table, ReadOptions(id_column="key"))
    assert outcome.records == [("a", TEXTS[0]), ("c", TEXTS[2]), ("d", TEXTS[3])]
    assert outcome.reasons == [(2, "missing-id")]


def test_bad_rows_are_quarantined_with_their_number_and_the_rest_goes_on(tmp_path: Path) -> None:
    texts = pa.array([b"a", None, b"\xff", b"d", b"\xc3", b"\xa9", None])
    ids = pa.array([b"1", b"2", b"3", b"\xfe", b"5", b"6", b"7"])
    outcome = read_table(tmp_path, pa.table({"id": ids, "text": texts}), group=4)
    assert outcome.records == [("1", "a")]
    assert outcome.reasons == [
        (2, "missing-text"),
        (3, "invalid-utf8"),
        (4, "invalid-utf8"),
        (5, "invalid-utf8"),
        (6, "invalid-utf8"),
        (7, "missing-text"),
    ]
    with pytest.raises(InputError, match=r"crawl\.parquet, line 2: .*\[missing-text\]"):
        read(tmp_path / "crawl.parquet", options=ReadOptions(strict=True))


def test_dates_stay_with_their_rows(tmp_path: Path) -> None:
    table = pa.table({"text": ["a", None, "c"], "date": ["2021", "2022", "2023"]})
    outcome = read_table(tmp_path, table, ReadOptions(date_column="date"))
    assert (outcome.texts, outcome.dates) == (["a", "c"], ["2021", "2023"])


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        (pa.array([1.5, float("nan"), None]), [1.5, None, None]),
        (pa.array([1, 2, None]), [1, 2, None]),
        (pa.array([datetime.date(2024, 5, 1), None, None]), ["2024-05-01", None, None]),
        (pa.array([datetime.datetime(2024, 5, 1, 12), None, None]), ["2024-05-01 12:00:00.000000", None, None]),
        (pa.array([True, False, None]), [None, None, None]),
        (pa.array([[1], [2], None]), [None, None, None]),
    ],
    ids=lambda value: str(getattr(value, "type", "")),
)
def test_dates_of_every_type_can_be_compared(
    tmp_path: Path, dates: pa.Array, expected: list[str | float | None]
) -> None:
    outcome = read_table(tmp_path, pa.table({"text": ["a", "b", "c"], "d": dates}), ReadOptions(date_column="d"))
    assert outcome.dates == expected
    outcome = read_table(tmp_path, pa.table({"text": ["a", "b", "c"], "d": dates}), ReadOptions(date_column="none"))
    assert outcome.dates == [None, None, None]


@pytest.mark.parametrize(
    ("table", "options", "reason", "advice"),
    [
        (
            pa.table({"body": ["x"]}),
            ReadOptions(),
            "missing-column",
            "columns: 'body'); name another with --text-column",
        ),
        (pa.table({"text": ["x"]}), ReadOptions(id_column="key"), "missing-column", "--id-column"),
        (pa.table([["x"], ["y"]], names=["text", "text"]), ReadOptions(), "missing-column", "more than one"),
        (pa.table({"text": [5]}), ReadOptions(), "text-not-string", "int64"),
        (pa.table({"text": [{"text": "x"}]}), ReadOptions(), "text-not-string", "struct"),
        (pa.table({"text": ["x"], "id": [1.0]}), ReadOptions(), "id-type", "double"),
        (pa.table({"text": ["x"], "id": [True]}), ReadOptions(), "id-type", "bool"),
    ],
)
def test_a_column_that_does_not_fit_is_told_once_for_the_file(
    tmp_path: Path, table: pa.Table, options: ReadOptions, reason: str, advice: str
) -> None:
    outcome = read_table(tmp_path, table, options)
    assert outcome.records == []
    assert outcome.reasons == [(None, reason)]
    assert advice in outcome.quarantined[0].message


def test_other_columns_are_not_in_the_way(tmp_path: Path) -> None:
    table = pa.table({"text.x": ["dotted"], "text": ["x"], "nested": [{"text": "y", "id": 3}], "id": ["i"]})
    assert read_table(tmp_path, table).records == [("i", "x")]
    assert read_table(tmp_path, table, ReadOptions(text_column="text.x")).records == [("i", "dotted")]


def test_an_empty_table_has_no_records(tmp_path: Path) -> None:
    outcome = read_table(tmp_path, pa.table({"text": pa.array([], pa.string())}))
    assert (outcome.batches, outcome.quarantined) == ([], [])


@pytest.mark.parametrize("damage", [lambda data: b"", lambda data: data[:-20], lambda data: data[:4] + data[-8:]])
def test_a_damaged_file_is_quarantined(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    buffer = io.BytesIO()
    pq.write_table(pa.table({"text": TEXTS}), buffer)
    path = tmp_path / "crawl.parquet"
    path.write_bytes(damage(buffer.getvalue()))
    outcome = read(path)
    assert outcome.records == []
    assert outcome.reasons == [(None, "damaged-file")]


def test_what_stands_before_the_damage_is_read(tmp_path: Path) -> None:
    path = tmp_path / "crawl.parquet"
    texts = [f"text {number} " * 40 for number in range(3000)]
    pq.write_table(pa.table({"text": texts}), path, row_group_size=1000, compression="none", use_dictionary=False)
    data = bytearray(path.read_bytes())
    place = data.index(b"text 2000 ")
    data[place - 60 : place] = b"\xff" * 60
    path.write_bytes(data)
    outcome = read(path)
    assert outcome.texts[:2000] == texts[:2000]
    assert len(outcome.texts) < 3000
    assert outcome.reasons == [(None, "damaged-file")]
    assert "2,000 records before that were read" in outcome.quarantined[0].message


def test_batches_share_rows_of_small_and_large_files(tmp_path: Path) -> None:
    for number in range(5):
        pq.write_table(pa.table({"id": [number], "text": ["x" * 10]}), tmp_path / f"{number}.parquet")
    outcome = read(tmp_path, options=ReadOptions(batch_bytes=25))
    assert outcome.ids == list(range(5))
    assert [len(batch) for batch in outcome.batches] == [2, 2, 1]
    assert list(outcome.batches[1].paths) == [str(tmp_path / "2.parquet"), str(tmp_path / "3.parquet")]


def test_a_table_larger_than_a_batch_is_cut(tmp_path: Path) -> None:
    texts = ["x" * size for size in (10, 10, 100, 1, 1, 1, 30, 0)]
    outcome = read_table(tmp_path, pa.table({"text": texts}), ReadOptions(batch_bytes=25))
    assert outcome.texts == texts
    assert [batch.texts.n_bytes for batch in outcome.batches] == [20, 100, 3, 30, 0]


def test_equal_texts_that_a_dictionary_holds_once_are_not_decoded_all_at_once(tmp_path: Path) -> None:
    text = "x" * 100_000
    path = tmp_path / "copies.parquet"
    pq.write_table(pa.table({"text": pa.array([text] * 4000).dictionary_encode()}), path)
    assert path.stat().st_size < 1_000_000
    before = pa.total_allocated_bytes()
    sizes = []
    for batch in read_batches([str(path)], ReadOptions(), lambda _: None):
        sizes.append(batch.texts.n_bytes)
        assert pa.total_allocated_bytes() - before < 250_000_000
    assert sum(sizes) == 400_000_000


def test_progress_counts_the_stored_bytes(tmp_path: Path) -> None:
    path = tmp_path / "crawl.parquet"
    texts = [os.urandom(3000).hex() for _ in range(1000)]
    pq.write_table(pa.table({"text": texts}), path, row_group_size=200)
    outcome = read_files([str(path)])
    assert sum(outcome.progress) == path.stat().st_size
    assert len(outcome.progress) >= 3
    assert min(outcome.progress) > 0
