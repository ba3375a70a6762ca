"""Filtering by an index that knows paragraphs: what is told of them, and what is cut."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dedup import ConfigError, Index
from dedup.filtering import FilterOptions, Mode, filter_records
from tests.filtering.inputs import CONFIG, OTHER, WORDS, record, run_filter

LAST = "Nobody had expected the school to open its doors before the first week of October"


def lines(*texts: str) -> bytes:
    return b"".join(json.dumps(record(number, text)).encode() + b"\n" for number, text in enumerate(texts))


def test_annotate_tells_where_a_paragraph_stood_before(tmp_path: Path) -> None:
    ran = run_filter(
        tmp_path,
        lines(f"{WORDS}\n{OTHER}", f"é\n{OTHER}\n{LAST}", WORDS, f"{LAST}\nand\n{OTHER} again"),
        mode=Mode.ANNOTATE,
        paragraphs=True,
    )
    rows = ran.rows("out.jsonl")
    first, second, third, fourth = (row["dedup_passages"] for row in rows)
    assert first == []
    assert isinstance(second, list)
    (passage,) = second
    assert passage["relation"] == "exact"
    start = len(WORDS) + 1
    assert passage["left"] == {"document": 0, "start": start, "end": start + len(OTHER), "line": 2, "end_line": 2}
    assert passage["right"] == {"document": 1, "start": 2, "end": 2 + len(OTHER), "line": 2, "end_line": 2}
    assert [row["dedup_reason"] for row in rows] == ["unique", "unique", "contains", "near"]
    assert isinstance(third, list)
    assert [each["left"]["document"] for each in third] == [0]
    assert isinstance(fourth, list)
    assert [(each["relation"], each["right"]["line"]) for each in fourth] == [("exact", 1), ("near", 3)]
    # Annotated once more, what was said is replaced.
    again = run_filter(tmp_path, ran.out, mode=Mode.ANNOTATE, restart=True)
    assert all("dedup_passages" not in row for row in again.rows("out.jsonl"))


def test_clean_cuts_what_an_earlier_record_says_and_nothing_else(tmp_path: Path) -> None:
    ran = run_filter(
        tmp_path,
        lines(
            f"{WORDS}\n{OTHER}",
            f"A new beginning.\n{OTHER}\n{LAST}\nThe end.",
            f"{OTHER} but not on Sundays\n{LAST.rsplit(' ', 3)[0]}",
            f"{WORDS}\n{OTHER}",
            LAST,
        ),
        mode=Mode.CLEAN,
        paragraphs=True,
    )
    texts = [row["text"] for row in ran.rows("out.jsonl")]
    assert texts == [
        f"{WORDS}\n{OTHER}",
        f"A new beginning.\n{LAST}\nThe end.",
        # What says a word more stays; a part of a paragraph says nothing more.
        f"{OTHER} but not on Sundays\n",
        "",
        "",
    ]
    assert ran.result.tally.kept == 5


def test_parquet_tells_passages_as_values_of_their_own(tmp_path: Path) -> None:
    texts = [f"{WORDS}\n{OTHER}", f"{LAST}\n{OTHER}", None]
    pq.write_table(pa.table({"id": [1, 2, 3], "text": texts}), tmp_path / "in.parquet")
    options = FilterOptions(mode=Mode.ANNOTATE, paragraphs=True)
    filter_records(str(tmp_path / "in.parquet"), str(tmp_path / "out.parquet"), CONFIG, options=options)
    rows = pq.read_table(tmp_path / "out.parquet").to_pylist()
    assert [len(row["dedup_passages"]) for row in rows] == [0, 1]
    (passage,) = rows[1]["dedup_passages"]
    assert passage["left"]["document"] == "1"
    assert passage["right"]["start"] == len(LAST) + 1
    assert passage["relation"] == "exact"


def test_an_index_that_is_there_says_whether_it_knows_paragraphs(tmp_path: Path) -> None:
    Index.open(tmp_path / "seen.dedup", CONFIG, paragraphs=True).close()
    ran = run_filter(tmp_path, lines(f"{WORDS}\n{OTHER}", f"{LAST}\n{OTHER}"), index=True, mode=Mode.CLEAN)
    assert [row["text"] for row in ran.rows("out.jsonl")] == [f"{WORDS}\n{OTHER}", f"{LAST}\n"]
    (tmp_path / "other").mkdir()
    Index.open(tmp_path / "other" / "seen.dedup", CONFIG).close()
    with pytest.raises(ConfigError, match="was made without paragraphs"):
        run_filter(tmp_path / "other", lines(WORDS), index=True, paragraphs=True)
