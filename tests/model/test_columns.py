"""Columns hold any text and any id, and give back what they were given."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import example, given, settings

from dedup.model import DocumentId, IdColumn, RecordBatch, TextColumn
from tests.strategies import texts

ids = st.one_of(texts(20), st.integers(-(2**70), 2**70))


@given(st.lists(texts()))
@example(["\ud83d\ude00", "\ud83d", "\ude00", "😀"])
@example([])
@settings(max_examples=50)
def test_texts_come_back_as_they_went(strings: list[str]) -> None:
    column = TextColumn.from_strings(strings)
    assert list(column) == strings
    assert [column[place] for place in range(len(column))] == strings
    assert len(column) == len(strings)


@given(st.lists(texts()))
@settings(max_examples=50)
def test_texts_stand_in_one_buffer_at_their_offsets(strings: list[str]) -> None:
    column = TextColumn.from_strings(strings)
    encoded = [text.encode("utf-8", "surrogatepass") for text in strings]
    assert column.data.tobytes() == b"".join(encoded)
    assert column.data.dtype == np.uint8
    assert column.offsets.dtype == np.int64
    assert column.offsets[0] == 0
    assert column.offsets[-1] == column.n_bytes == sum(map(len, encoded))
    assert [column.raw(place) for place in range(len(column))] == encoded
    assert list(TextColumn.from_bytes(encoded)) == strings


@given(st.lists(ids))
@example(["7", 7, "", 0, -1, 10**30, "null", "true", '"'])
@example(["\ud83d\ude00", "😀"])
@settings(max_examples=50)
def test_ids_come_back_as_they_went(given_ids: list[DocumentId]) -> None:
    column = IdColumn.from_ids(given_ids)
    back = [column[place] for place in range(len(column))]
    assert back == given_ids
    assert [type(each) for each in back] == [type(each) for each in given_ids]
    assert len(column) == len(given_ids)


@given(st.lists(ids, unique=True))
@settings(max_examples=50)
def test_different_ids_have_different_tokens(given_ids: list[DocumentId]) -> None:
    tokens = IdColumn.from_ids(given_ids).tokens
    assert len({tokens.raw(place) for place in range(len(tokens))}) == len(given_ids)


@pytest.mark.parametrize("identity", [None, 1.5, float("nan"), True, (1, 2), b"a", np.int64(5)])
def test_what_names_no_document_is_no_id(identity: object) -> None:
    with pytest.raises(TypeError, match="an id is a string or an integer"):
        IdColumn.from_ids(["a", identity])  # type: ignore[list-item]


@pytest.mark.parametrize("text", [None, b"bytes", 5, ["a"]])
def test_what_is_no_string_is_no_text(text: object) -> None:
    with pytest.raises(TypeError, match="a text is a string"):
        TextColumn.from_strings(["a", text])  # type: ignore[list-item]


def test_a_batch_is_as_long_as_its_texts() -> None:
    batch = RecordBatch(TextColumn.from_strings(["a", ""]), IdColumn.from_ids(["x", 1]), ("f", "f"))
    assert len(batch) == 2
    assert batch.dates == ()
