from itertools import chain, repeat

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.model import RecordBatch, TextColumn
from dedup.reading import ReadOptions
from dedup.reading.building import BatchBuilder, PathRuns

RUNS = st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), st.integers(1, 5)), max_size=8)


@given(RUNS)
def test_runs_of_paths_are_the_list_they_stand_for(runs: list[tuple[str, int]]) -> None:
    paths = PathRuns()
    for path, count in runs:
        paths.extend(path, count)
    expected = list(chain.from_iterable(repeat(path, count) for path, count in runs))
    assert list(paths) == expected
    assert len(paths) == len(expected)
    assert [paths[place] for place in range(-len(expected), len(expected))] == expected + expected
    assert paths[1:-1:2] == expected[1:-1:2]
    for outside in (len(expected), -len(expected) - 1):
        with pytest.raises(IndexError):
            paths[outside]


RECORDS = st.lists(st.binary(max_size=12), max_size=8)


@given(st.lists(st.tuples(st.sampled_from(["one", "many", "columns"]), RECORDS), max_size=8), st.integers(1, 40))
def test_records_come_out_in_order_however_they_are_given(parts: list[tuple[str, list[bytes]]], limit: int) -> None:
    builder = BatchBuilder(ReadOptions(batch_bytes=limit, date_column="date"))
    batches: list[RecordBatch | None] = []
    expected: list[tuple[bytes, bytes, str, str]] = []
    for number, (way, texts) in enumerate(parts):
        tokens = [f"{len(expected) + place}" for place in range(len(texts))]
        dates = [f"on {token}" for token in tokens]
        path = f"file {number}"
        encoded = [token.encode() for token in tokens]
        expected += zip(texts, encoded, repeat(path), dates, strict=False)
        if way == "one":
            for token, text, date in zip(encoded, texts, dates, strict=True):
                batches.append(builder.add(token, text, path, date))
        elif way == "many":
            batches.extend(builder.add_many(tokens, texts, path, dates))
        else:
            columns = TextColumn.from_bytes(texts), TextColumn.from_bytes(encoded)
            batches.extend(builder.add_columns(*columns, path, dates))
    batches.append(builder.close())
    given = [batch for batch in batches if batch is not None]
    found = [
        (batch.texts.raw(row), batch.ids.tokens.raw(row), batch.paths[row], batch.dates[row])
        for batch in given
        for row in range(len(batch))
    ]
    assert found == expected
    assert builder.taken == len(expected)
    assert all(len(batch) > 0 and (len(batch) == 1 or batch.texts.n_bytes <= limit) for batch in given)


def test_a_large_column_is_not_copied_once_a_full_batch_was_given() -> None:
    texts = TextColumn.from_bytes([bytes([65 + number]) * (1 << 20) for number in range(5)])
    tokens = TextColumn.from_bytes([b"%d" % number for number in range(5)])
    builder = BatchBuilder(ReadOptions(batch_bytes=4 << 20))
    first, *others = builder.add_columns(texts, tokens, "a", ())
    assert (len(first), others) == (4, [])
    assert not np.shares_memory(first.texts.data, texts.data)
    rest, *parts = builder.add_columns(texts, tokens, "b", ())
    assert (len(rest), list(rest.paths)) == (1, ["a"])
    assert [(len(batch), list(batch.paths)) for batch in parts] == [(4, ["b"] * 4), (1, ["b"])]
    assert all(np.shares_memory(batch.texts.data, texts.data) for batch in parts)
    assert builder.close() is None


def test_a_small_batch_does_not_hold_the_room_that_was_reserved() -> None:
    builder = BatchBuilder(ReadOptions())
    assert list(builder.add_many(["1"], [b"text"], "a", ())) == []
    batch = builder.close()
    assert batch is not None
    assert batch.texts.data.base is None
    assert batch.texts.data.nbytes == 4


class Memory:
    """Room for texts, as much as is given."""

    def __init__(self, size: int) -> None:
        self.data = np.zeros(size, dtype=np.uint8)
        self.taken = 0

    def reserve(self, size: int) -> np.ndarray[tuple[int], np.dtype[np.uint8]] | None:
        room = self.data[self.taken : self.taken + size]
        return room if room.size == size else None

    def take(self, size: int) -> None:
        self.taken += size


def test_texts_stand_one_behind_the_other_in_the_memory_given_while_it_has_room() -> None:
    memory = Memory(30)
    builder = BatchBuilder(ReadOptions(batch_bytes=15), memory)
    texts = [b"first batch", b"second", b"one", b"third", b"fourth, and last"]
    batches = [full for each in texts for full in builder.add_many(["1"], [each], "a", ())]
    last = builder.close()
    assert last is not None
    every = [*batches, last]
    assert [[batch.texts.raw(row) for row in range(len(batch))] for batch in every] == [
        [b"first batch"],
        [b"second", b"one", b"third"],
        [b"fourth, and last"],
    ]
    assert [np.shares_memory(batch.texts.data, memory.data) for batch in every] == [True, True, False]
    assert memory.data[: memory.taken].tobytes() == b"first batchsecondonethird"
