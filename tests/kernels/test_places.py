"""Counting characters and lines: both implementations, against Python's own strings."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from dedup.kernels import Kernels, compiled, reference
from tests.strategies import prose, texts

IMPLEMENTATIONS = [pytest.param(reference, id="numpy"), pytest.param(compiled, id="compiled")]

long_texts = st.lists(st.one_of(texts(), prose(), st.just("é\n" * 300), st.just("\n" * 1000)), max_size=5).map("".join)


@pytest.mark.parametrize("kernels", IMPLEMENTATIONS)
@given(text=long_texts, data=st.data())
def test_characters_and_newlines_are_those_of_the_string(kernels: Kernels, text: str, data: st.DataObject) -> None:
    place = st.integers(0, len(text))
    spans = data.draw(st.lists(st.tuples(place, place), max_size=8))
    until = [len(text[:end].encode("utf-8", "surrogatepass")) for end in range(len(text) + 1)]
    buffer = np.frombuffer(text.encode("utf-8", "surrogatepass"), dtype=np.uint8)
    starts, ends = (np.array([until[span[side]] for span in spans], dtype=np.int64) for side in (0, 1))
    marks = kernels.count_marks(buffer, starts, ends)
    # A range that ends before it begins is empty, as a slice is.
    assert marks.characters.tolist() == [len(text[start:end]) for start, end in spans]
    assert marks.newlines.tolist() == [text[start:end].count("\n") for start, end in spans]
    assert marks.characters.dtype == marks.newlines.dtype == np.int64


@given(st.binary(max_size=600), st.lists(st.tuples(st.integers(0, 600), st.integers(0, 600)), max_size=6))
def test_both_implementations_agree_on_bytes_that_are_no_text(buffer: bytes, ranges: list[tuple[int, int]]) -> None:
    data = np.frombuffer(buffer, dtype=np.uint8)
    starts, ends = (np.array([min(each[side], data.size) for each in ranges], dtype=np.int64) for side in (0, 1))
    for one, other in zip(*(each.count_marks(data, starts, ends) for each in (reference, compiled)), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_block_in_which_every_byte_counts_does_not_run_over() -> None:
    data = np.full(1 << 17, ord("\n"), dtype=np.uint8)
    marks = compiled.count_marks(data, np.array([0, 1]), np.array([data.size, data.size - 1]))
    assert marks.characters.tolist() == marks.newlines.tolist() == [data.size, data.size - 2]


@given(
    st.lists(st.integers(-(2**62), 2**62) | st.integers(-5, 300), max_size=40).map(sorted),
    st.lists(st.integers(-(2**62), 2**62) | st.integers(-9, 310), max_size=40),
)
def test_places_among_numbers_are_those_of_a_search_by_halves(ascending: list[int], values: list[int]) -> None:
    numbers, sought = np.array(ascending, dtype=np.int64), np.array(values, dtype=np.int64)
    expected = np.searchsorted(numbers, sought)
    for kernels in (reference, compiled):
        found = kernels.find(numbers, sought)
        assert found.dtype == np.int64
        np.testing.assert_array_equal(found, expected)
