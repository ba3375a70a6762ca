import csv
import gzip
import json
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.errors import InputError
from dedup.model import DocumentId, Quarantined
from dedup.reading import ReadOptions, read_batches
from dedup.reading.building import BATCH_RECORDS
from tests.reading.outcome import read, read_files

Records = list[tuple[DocumentId, str]]

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
WITH_SURROGATES = st.text(st.characters(), max_size=30)


def records_of(texts: st.SearchStrategy[str]) -> st.SearchStrategy[Records]:
    numbered = st.lists(st.tuples(st.integers(-(2**63), 2**63 - 1), texts), max_size=20)
    named = st.lists(st.tuples(texts, texts), max_size=20)
    return st.one_of(numbered, named)


@given(records_of(WITH_SURROGATES), st.booleans(), st.integers(1, 200))
def test_records_survive_json_lines(records: Records, ascii_only: bool, batch_bytes: int) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.jsonl"
        lines = [json.dumps({"id": document, "text": text}) for document, text in records]
        if not ascii_only:
            try:
                plain = [json.dumps({"id": each, "text": text}, ensure_ascii=False) for each, text in records]
                "".join(plain).encode()
                lines = plain
            except UnicodeEncodeError:
                pass
        path.write_bytes("\n".join(lines).encode())
        outcome = read(path, options=ReadOptions(batch_bytes=batch_bytes))
    assert outcome.records == records
    assert outcome.quarantined == []
    for batch in outcome.batches:
        assert len(batch) == 1 or batch.texts.n_bytes <= batch_bytes


@given(records_of(ANY_TEXT), st.sampled_from(",;\t"), st.integers(1, 200))
def test_records_survive_csv(records: Records, delimiter: str, batch_bytes: int) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, delimiter=delimiter)
            writer.writerow(["id", "text"])
            writer.writerows(records)
        outcome = read(path, options=ReadOptions(batch_bytes=batch_bytes))
        expected = [(str(each) or f"{path}:{row}", text) for row, (each, text) in enumerate(records, 1)]
    assert outcome.records == expected
    assert outcome.quarantined == []


@given(records_of(ANY_TEXT), st.integers(1, 10), st.booleans(), st.integers(1, 200))
def test_records_survive_parquet(records: Records, group: int, dictionary: bool, batch_bytes: int) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.parquet"
        table = pa.table(
            {"id": [each for each, _ in records], "text": pa.array([text for _, text in records], pa.string())}
        )
        pq.write_table(table, path, row_group_size=group, use_dictionary=dictionary)
        outcome = read(path, options=ReadOptions(batch_bytes=batch_bytes))
    assert outcome.records == records
    assert outcome.quarantined == []
    for batch in outcome.batches:
        assert len(batch) == 1 or batch.texts.n_bytes <= batch_bytes


LINES = st.lists(
    st.sampled_from(
        [
            b'{"text": "a"}',
            b'{"id": 5, "text": "b"}',
            b'{"id": "s", "text": "c"}',
            b'{"id": 0.5, "text": "d"}',
            b'{"text": 1}',
            b"{}",
            b"[]",
            b"\xff",
            b"{",
            b'{"text": "\\ud800"}',
        ]
    ),
    max_size=30,
)


@given(LINES, st.integers(1, 10))
def test_everything_read_is_a_record_or_quarantined(lines: list[bytes], batch_bytes: int) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.jsonl"
        path.write_bytes(b"\n".join(lines))
        outcome = read(path, options=ReadOptions(batch_bytes=batch_bytes))
    assert len(outcome.records) + len(outcome.quarantined) == len(lines)
    numbers = [line for line, _ in outcome.reasons]
    assert numbers == sorted(set(map(int, filter(None, numbers))))


GOOD_ROWS = {"x": "x", "two words": "two words", '"q, r"': "q, r", '""': "", 'mid"dle': 'mid"dle'}
BAD_ROWS = ('"open', '"a"b', "a,b", '"x",', '"caf\udce9')


@given(st.lists(st.sampled_from([*GOOD_ROWS, *BAD_ROWS]), max_size=30))
def test_a_bad_csv_row_costs_no_other_row(rows: list[str]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.csv"
        path.write_bytes("\n".join(["text", *rows]).encode("utf-8", "surrogateescape"))
        outcome = read(path)
    assert outcome.texts == [GOOD_ROWS[row] for row in rows if row in GOOD_ROWS]
    assert [line for line, _ in outcome.reasons] == [line for line, row in enumerate(rows, 2) if row in BAD_ROWS]


def test_a_batch_runs_on_through_many_files(tmp_path: Path) -> None:
    names = [f"{number:04}.txt" for number in range(500)]
    for name in names:
        (tmp_path / name).write_text(f"text of {name}")
    outcome = read(tmp_path)
    assert len(outcome.batches) == 1
    assert outcome.ids == list(outcome.batches[0].paths) == [str(tmp_path / name) for name in names]
    assert outcome.texts == [f"text of {name}" for name in names]


def test_files_of_all_formats_share_a_batch_in_order(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    pq.write_table(pa.table({"text": ["b1", "b2"]}), tmp_path / "b.parquet")
    (tmp_path / "c.jsonl").write_text('{"text": "c1"}\n{"text": "c2"}')
    pq.write_table(pa.table({"text": ["d"]}), tmp_path / "d.parquet")
    (tmp_path / "e.html").write_text("<p>e")
    (tmp_path / "f.csv").write_text("text\nf1\nf2\n")
    outcome = read(tmp_path)
    assert len(outcome.batches) == 1
    assert outcome.texts == ["a", "b1", "b2", "c1", "c2", "d", "e", "f1", "f2"]


def test_a_batch_holds_no_more_records_than_its_limit(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b'{"text": ""}\n' * (BATCH_RECORDS + 5))
    pq.write_table(pa.table({"text": [""] * BATCH_RECORDS}), tmp_path / "b.parquet")
    assert [len(batch) for batch in read(tmp_path).batches] == [BATCH_RECORDS, BATCH_RECORDS, 5]


def test_dates_run_on_through_files_that_have_none(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    (tmp_path / "b.jsonl").write_text('{"text": "b", "date": 5}')
    pq.write_table(pa.table({"text": ["c"]}), tmp_path / "c.parquet")
    (tmp_path / "d.html").write_text("d")
    assert read(tmp_path, options=ReadOptions(date_column="date")).dates == [None, 5, None, None]


def test_reading_is_lazy(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"text": "xxxxxxxxxx"}\n' * 300_000)
    consumed: list[int] = []
    batches = read_batches([str(path)], ReadOptions(batch_bytes=1000), lambda _: None, consumed.append)
    assert consumed == []
    next(batches)
    assert sum(consumed) < path.stat().st_size / 2


def test_progress_adds_up_to_the_stored_size_of_each_file(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("text")
    (tmp_path / "b.jsonl").write_bytes(gzip.compress(b'{"text": "x"}\n' * 1000))
    (tmp_path / "c.html").write_text("<p>x")
    (tmp_path / "d.csv").write_text("text\nx\n")
    pq.write_table(pa.table({"text": ["x"]}), tmp_path / "e.parquet")
    (tmp_path / "f.parquet").write_bytes(gzip.compress((tmp_path / "e.parquet").read_bytes()))
    assert sum(read(tmp_path).progress) == sum(path.stat().st_size for path in tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.jsonl", b'{"text": "x"}\nbad\n'),
        ("a.csv", b"text\nx\na,b\n"),
        ("a.txt", b"\xff"),
        ("a.html", b"\xff"),
        ("a.jsonl.gz", b"\x1f\x8bbad"),
        ("a.parquet", b"PAR1"),
        ("a.bin", b"%PDF-"),
    ],
)
def test_strict_reading_stops_at_the_first_fault_and_names_it(tmp_path: Path, name: str, data: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    quarantined: list[Quarantined] = []
    with pytest.raises(InputError, match=str(path)) as caught:
        list(read_batches([str(path)], ReadOptions(strict=True), quarantined.append))
    assert quarantined == []
    assert read_files([str(path)]).quarantined[0].message in str(caught.value)


def _raise_os_error(_: object) -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize(
    ("name", "data"), [("a.jsonl", b"bad"), ("a.jsonl.gz", gzip.compress(b"bad", mtime=0)), ("a.csv", b"text\na,b\n")]
)
def test_what_the_callers_functions_raise_comes_through(tmp_path: Path, name: str, data: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    ignore: Callable[[object], None] = lambda _: None  # noqa: E731
    with pytest.raises(OSError, match="No space left"):
        list(read_batches([str(path)], ReadOptions(), _raise_os_error))
    with pytest.raises(OSError, match="No space left"):
        list(read_batches([str(path)], ReadOptions(), ignore, _raise_os_error))


def test_text_formats_import_no_heavy_packages(tmp_path: Path) -> None:
    import subprocess

    (tmp_path / "a.txt").write_text("x")
    program = (
        "import sys\n"
        "from dedup.reading import ReadOptions, find_files, read_batches\n"
        f"files = find_files([{str(tmp_path)!r}]).files\n"
        "assert len(list(read_batches(files, ReadOptions(), print))) == 1\n"
        "heavy = {'pyarrow', 'selectolax', 'numba', 'rich', 'click', 'backports.zstd'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
