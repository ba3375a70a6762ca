"""The fused kernel gives what the stages give one by one, on any input and at any place of the buffer."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import example, given, settings

from dedup.kernels import SketchPlan, compiled, reference
from dedup.kernels.hashing import slot_table
from dedup.model import TextColumn
from dedup.sketching import permutations
from dedup.tokenising.codepoints import codepoint_table
from tests.kernels.test_twins import assert_same
from tests.strategies import prose, texts


def assert_twins_agree(column: TextColumn, starts: np.ndarray, ends: np.ndarray, plan: SketchPlan) -> None:
    arguments = (column.data, starts, ends, *codepoint_table(), plan)
    assert_same(reference.sketch(*arguments), compiled.sketch(*arguments))


def plan_of(size: int = 5, bands: int = 21, rows: int = 6, sample: int = 8, num_perm: int = 128) -> SketchPlan:
    words = TextColumn.from_strings(["election", "won", "ab"])
    triggers = slot_table(reference.tokenise(words.data, words.offsets, *codepoint_table()).hashes)
    return SketchPlan(size, *permutations(num_perm, 1), bands, rows, sample, triggers)


@given(
    st.lists(st.one_of(texts(200), prose(20)), max_size=8),
    st.integers(1, 7),
    st.sampled_from([(21, 6, 128), (3, 5, 16), (40, 5, 200), (0, 1, 16)]),
    st.sampled_from([0, 1, 2, 8]),
)
@settings(max_examples=100)
@example(["a" * 7, "b" * 8, "c" * 9, "d" * 16, "e" * 17, "f" * 70], 5, (21, 6, 128), 1)
@example(["", " ", "é", "中文" * 40, "x " * 64, "x" * 64 + " y"], 1, (21, 6, 128), 1)
@example(["the same word again " * 40 + "Ärger"], 5, (21, 6, 128), 1)
def test_whole_texts(documents: list[str], size: int, banding: tuple[int, int, int], sample: int) -> None:
    column = TextColumn.from_strings(documents)
    bands, rows, num_perm = banding
    plan = plan_of(size, bands, rows, sample, num_perm)
    assert_twins_agree(column, column.offsets[:-1], column.offsets[1:], plan)


@given(st.lists(st.one_of(texts(200), prose(20)), max_size=6))
@settings(max_examples=60)
def test_paragraphs(documents: list[str]) -> None:
    column = TextColumn.from_strings(documents)
    segments = reference.segment(column.data, column.offsets)
    assert_twins_agree(column, segments.starts, segments.ends, plan_of())


@pytest.mark.parametrize("length", [63, 64, 65, 127, 128, 1000])
def test_texts_at_the_edges_of_vectors(length: int) -> None:
    for tail in ("", " ", "é", " a"):
        column = TextColumn.from_strings(["w" * length + tail, "ab " * length + tail])
        assert_twins_agree(column, column.offsets[:-1], column.offsets[1:], plan_of())


def test_a_trigger_is_found_wherever_it_stands() -> None:
    column = TextColumn.from_strings(["the Election", "elections", "he WON", "", "ab"])
    sketches = compiled.sketch(column.data, column.offsets[:-1], column.offsets[1:], *codepoint_table(), plan_of())
    assert sketches.triggered.tolist() == [True, False, True, False, True]
