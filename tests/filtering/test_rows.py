"""Parquet in, Parquet out."""

import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dedup.errors import ConfigError, DedupError, InputError
from dedup.filtering import FilterOptions, FilterResult, Mode, filter_records
from dedup.filtering.line_output import COLUMNS
from dedup.reading import ReadOptions
from dedup.scanning.progress import Silent
from tests.filtering.inputs import CONFIG, OTHER, WORDS

TEXTS = [WORDS, OTHER, WORDS.upper(), "", OTHER + " today", f"{WORDS}\n{OTHER}\n{WORDS}", "five words of another text"]
KEPT = [0, 1, 3, 5, 6]


def table(texts: list[str | None] | None = None) -> pa.Table:
    """Rows with columns of many types, and metadata."""
    values: list[str | None] = [*TEXTS] if texts is None else texts
    count = len(values)
    return pa.table(
        {
            "vector": pa.array([[0.5 * row, 1.0] for row in range(count)], pa.list_(pa.float32(), 2)),
            "id": pa.array(range(count), pa.int32()),
            "text": pa.array(values, pa.string()),
            "more": pa.array([{"a": [row], "b": None} for row in range(count)]),
            "when": pa.array([1_000_000 * row for row in range(count)], pa.timestamp("us", "UTC")),
            "raw": pa.array([b"\xff%d" % row for row in range(count)]),
            "kind": pa.array(["x", "y"] * (count // 2) + ["x"] * (count % 2)).dictionary_encode(),
        }
    ).replace_schema_metadata({"made by": "a test"})


def go(folder: Path, rows: pa.Table, target: str = "out.parquet", **options: Any) -> FilterResult:
    pq.write_table(rows, folder / "in.parquet", row_group_size=3)
    return run(folder, target, **options)


def run(folder: Path, target: str = "out.parquet", progress: Silent | None = None, **options: Any) -> FilterResult:
    index = options.pop("index", None)
    reading = options.pop("reading", None)
    assert reading is None or isinstance(reading, ReadOptions)
    return filter_records(
        str(folder / "in.parquet"),
        str(folder / target) + ("/" if target.endswith("/") else ""),
        CONFIG,
        index=None if index is None else str(folder / str(index)),
        reading=reading,
        options=FilterOptions(**options),
        progress=progress,
    )


@pytest.mark.parametrize("index", [None, "seen.dedup"])
@pytest.mark.parametrize("batch", [1, 2, 100])
def test_rows_come_out_with_all_their_columns(tmp_path: Path, index: str | None, batch: int) -> None:
    rows = table()
    result = go(tmp_path, rows, index=index, batch=batch, rejected=str(tmp_path / "r.jsonl"))
    written = pq.read_table(tmp_path / "out.parquet")
    assert written.equals(pq.read_table(tmp_path / "in.parquet").take(KEPT), check_metadata=True)
    assert written.equals(rows.take(KEPT))
    assert (result.tally.kept, result.tally.dropped, result.finished) == (5, 2, True)
    rejected = [json.loads(line) for line in (tmp_path / "r.jsonl").read_text().splitlines()]
    assert [(row["line"], row["document"], row["representative"]) for row in rejected] == [(3, 2, 0), (5, 4, 1)]
    assert {path.name for path in tmp_path.iterdir()} == {
        "in.parquet", "out.parquet", "r.jsonl", *([index] if index else []),
    }  # fmt: skip


@pytest.mark.parametrize(
    "kind", [pa.large_string(), pa.binary(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())], ids=str
)
def test_texts_keep_their_type_in_every_mode(tmp_path: Path, kind: pa.DataType) -> None:
    plain = table()
    cast = plain["text"].combine_chunks()
    cast = cast.dictionary_encode() if pa.types.is_dictionary(kind) else cast.cast(kind)
    rows = plain.set_column(2, "text", cast)
    for mode in Mode:
        go(tmp_path, rows, mode=mode)
        written = pq.read_table(tmp_path / "out.parquet")
        assert written.schema.field("text").type == pq.read_schema(tmp_path / "in.parquet").field("text").type
        assert written.num_rows == (5 if mode is Mode.DROP else 7)


def test_annotate_adds_columns(tmp_path: Path) -> None:
    rows = table().append_column("dedup_keep", pa.array(["old"] * len(TEXTS)))
    go(tmp_path, rows, mode=Mode.ANNOTATE, batch=2)
    written = pq.read_table(tmp_path / "out.parquet")
    assert written.drop_columns(list(COLUMNS)).equals(table())
    marks = written.select(list(COLUMNS)).to_pylist()
    assert [mark["dedup_keep"] for mark in marks] == [row in KEPT for row in range(len(TEXTS))]
    assert marks[2] == {
        "dedup_keep": False, "dedup_reason": "exact", "dedup_representative": "0", "dedup_relation": "exact",
        "dedup_resemblance": 1.0, "dedup_cosine": 1.0,
    }  # fmt: skip
    assert marks[3] == dict(zip(COLUMNS, (True, "empty", None, None, None, None), strict=True))


def test_clean_changes_the_texts_that_repeat_themselves(tmp_path: Path) -> None:
    go(tmp_path, table(), mode=Mode.CLEAN, batch=2)
    written = pq.read_table(tmp_path / "out.parquet")
    assert written["text"].to_pylist() == [*TEXTS[:5], f"{WORDS}\n{OTHER}\n", TEXTS[6]]
    assert written.drop_columns(["text"]).equals(table().drop_columns(["text"]))


def test_shards_together_are_the_whole(tmp_path: Path) -> None:
    go(tmp_path, table(), "out/", batch=2, shard_bytes=1)
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == [f"part-0000{number}.parquet" for number in range(4)]
    written = pa.concat_tables([pq.read_table(tmp_path / "out" / name) for name in names])
    assert written.equals(table().take(KEPT))


def test_a_row_without_a_text_is_quarantined(tmp_path: Path) -> None:
    rows = table([WORDS, None, OTHER, None, WORDS])
    result = go(tmp_path, rows, batch=3, quarantine=str(tmp_path / "q.jsonl"))
    assert pq.read_table(tmp_path / "out.parquet").equals(rows.take([0, 2]))
    assert (result.tally.read, result.tally.quarantined, result.tally.reasons["missing-text"]) == (5, 2, 2)
    quarantined = [json.loads(line) for line in (tmp_path / "q.jsonl").read_text().splitlines()]
    assert [(row["line"], row["reason"]) for row in quarantined] == [(2, "missing-text"), (4, "missing-text")]
    assert json.loads(quarantined[0]["record"])["more"] == {"a": [1], "b": None}


def test_a_row_with_values_that_python_has_no_object_for_is_quarantined_like_any_other(tmp_path: Path) -> None:
    rows = table([WORDS, None])
    rows = rows.append_column("era", pa.array([2**50] * 2, pa.timestamp("ms")))
    rows = rows.append_column("day", pa.array([2**30] * 2, pa.date32()))
    rows = rows.append_column("zone", pa.array([0] * 2, pa.timestamp("us", "Mars/Base")))
    go(tmp_path, rows, quarantine=str(tmp_path / "q.jsonl"))
    assert pq.read_table(tmp_path / "out.parquet").num_rows == 1
    (line,) = (tmp_path / "q.jsonl").read_text().splitlines()
    record = json.loads(json.loads(line)["record"])
    assert record["era"] == "a timestamp[ms] that cannot be shown"
    assert record["day"] == "a date32[day] that cannot be shown"
    assert (record["id"], record["more"]) == (1, {"a": [1], "b": None})


@pytest.mark.parametrize("index", [None, "seen.dedup"])
def test_a_file_without_rows_gives_one_without_rows(tmp_path: Path, index: str | None) -> None:
    rows = table().slice(0, 0)
    go(tmp_path, rows, index=index)
    assert pq.read_table(tmp_path / "out.parquet").equals(rows)


def test_the_outcome_is_the_same_however_the_run_was_cut(tmp_path: Path) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    for folder in (whole, parts):
        folder.mkdir()
        pq.write_table(table(), folder / "in.parquet", row_group_size=3)
    run(whole, index="seen.dedup", batch=2)
    interrupted = 0
    while not (parts / "out.parquet").exists():
        batches = Batches()
        result = filter_records(
            str(parts / "in.parquet"),
            str(parts / "out.parquet"),
            CONFIG,
            index=str(parts / "seen.dedup"),
            options=FilterOptions(batch=2),
            progress=batches,
            stop=lambda batches=batches: batches.done > 0,  # type: ignore[misc]
        )
        interrupted += not result.finished
    assert interrupted > 2
    assert (parts / "out.parquet").read_bytes() == (whole / "out.parquet").read_bytes()
    again = run(parts, index="seen.dedup", batch=2)
    assert again.before == again.tally == result.tally


class Batches(Silent):
    """Counts the batches of a run."""

    def __init__(self) -> None:
        self.done = 0

    def advance(self, amount: int) -> None:
        self.done += 1


def test_a_file_that_was_written_anew_is_refused(tmp_path: Path) -> None:
    go(tmp_path, table(), index="seen.dedup", batch=2)
    pq.write_table(table([*TEXTS, "more"]), tmp_path / "in.parquet")
    with pytest.raises(InputError, match="it has another size or another footer"):
        run(tmp_path, index="seen.dedup", batch=2)


def test_an_output_of_something_else_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "out.parquet").write_bytes(b"precious")
    with pytest.raises(DedupError, match=r"out.parquet: stands there already and is not of this run"):
        go(tmp_path, table(), index="seen.dedup")
    assert (tmp_path / "out.parquet").read_bytes() == b"precious"


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_pipe_to_a_pipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pack: Callable[[bytes], bytes]) -> None:
    buffer, out = io.BytesIO(), io.BytesIO()
    pq.write_table(table(), buffer)
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(pack(buffer.getvalue()))))
    monkeypatch.setattr("sys.stdout", SimpleNamespace(buffer=out))
    filter_records("-", "-", CONFIG, options=FilterOptions(form="parquet", batch=2))
    assert pq.read_table(io.BytesIO(out.getvalue())).equals(table().take(KEPT))


def test_a_damaged_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "in.parquet").write_bytes(b"PAR1 and nothing")
    with pytest.raises(InputError, match=r"in.parquet: the Parquet file is damaged"):
        run(tmp_path)
    with pytest.raises(InputError, match=r"in.parquet: there is no column 'body'"):
        go(tmp_path, table(), reading=ReadOptions(text_column="body"))


def test_parquet_under_another_name_is_told_what_it_is(tmp_path: Path) -> None:
    pq.write_table(table(), tmp_path / "in.jsonl")
    source, target = str(tmp_path / "in.jsonl"), str(tmp_path / "out")
    with pytest.raises(InputError, match="a Parquet file; say so with --format parquet"):
        filter_records(source, target, CONFIG)
    filter_records(source, target, CONFIG, options=FilterOptions(form="parquet"))
    assert pq.read_table(target).num_rows == 5
    with pytest.raises(ConfigError, match="records come out as they went in, as parquet"):
        filter_records(source, f"{target}.jsonl", CONFIG, options=FilterOptions(form="parquet"))
