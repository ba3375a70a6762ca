"""Deciding on documents while those before are stored by another thread."""

import os
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from dedup import Document, Index, StoreError
from dedup.index import DecisionColumns, storage
from dedup.model import IdColumn, TextColumn
from tests.index.corpus import documents, explained
from tests.index.test_faults import full


def columns(several: list[Document]) -> tuple[TextColumn, IdColumn]:
    return TextColumn.from_strings([each.text for each in several]), IdColumn.from_ids([each.id for each in several])


def batches(several: list[Document], sizes: tuple[int, ...]) -> list[list[Document]]:
    found, place, turn = [], 0, 0
    while place < len(several):
        found.append(several[place : place + sizes[turn % len(sizes)]])
        place, turn = place + len(found[-1]), turn + 1
    return found


def marked(columns: DecisionColumns) -> bytes:
    return b"%d" % len(columns)


@pytest.mark.parametrize("sizes", [(40,), (3, 50, 1, 60, 20), (90, 7)])
@pytest.mark.parametrize("merge", ["now", "background"])
def test_decisions_are_those_of_one_call_after_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sizes: tuple[int, ...], merge: str
) -> None:
    monkeypatch.setattr(storage, "FLUSH_AT_ONCE", 30)
    monkeypatch.setattr(storage, "FLUSH_DOCUMENTS", 45)
    monkeypatch.setattr(storage, "_SMALLEST", 20)
    several = documents(400)
    with Index.open(tmp_path / "one") as one:
        expected = [[*one.admit_columns(*columns(some), same_id="new").decisions()] for some in batches(several, sizes)]
        known = explained(one, several)
    with Index.open(tmp_path / "other", merge=merge) as other, ThreadPoolExecutor(1) as pool:  # type: ignore[arg-type]
        storing: list[Future[DecisionColumns]] = []
        for some in batches(several, sizes):
            finish = other.begin_columns(*columns(some), mark=("size", marked))
            if storing:
                storing[-1].result()
            storing.append(pool.submit(finish))
        assert [[*each.result().decisions()] for each in storing] == expected
        assert other.mark("size") == b"%d" % len(batches(several, sizes)[-1])
        assert explained(other, several) == known
    with Index.open(tmp_path / "other", read_only=True) as reader:
        assert explained(reader, several) == known
        assert reader.check() == []


@pytest.mark.parametrize("kind", ["disk", "mark"])
def test_where_storing_fails_what_was_begun_after_it_is_gone_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(storage, "FLUSH_AT_ONCE", 30)
    several = documents(200)

    def fails(columns: DecisionColumns) -> bytes:
        raise StoreError("the disk is full")

    with Index.open(tmp_path / "seen") as index:
        index.begin_columns(*columns(several[:50]), mark=("size", marked))()
        first = index.begin_columns(*columns(several[50:100]), mark=("size", fails if kind == "mark" else marked))
        index.begin_columns(*columns(several[100:150]), mark=("size", marked))
        with monkeypatch.context() as patch:
            if kind == "disk":
                patch.setattr(os, "fsync", full)
            with pytest.raises(StoreError, match="the disk is full"):
                first()
        assert len(index) == 50
        again = [*index.admit_columns(*columns(several[50:150]), same_id="new").decisions()]
        assert index.check() == []
    with Index.open(tmp_path / "unbroken") as index:
        index.admit_columns(*columns(several[:50]), same_id="new")
        assert [*index.admit_columns(*columns(several[50:150]), same_id="new").decisions()] == again
