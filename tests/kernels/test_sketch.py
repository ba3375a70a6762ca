"""The fused kernel gives what the stages give one by one, on any input and at any place of the buffer."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import example, given, settings

from dedup.kernels import I64, Kernels, SketchPlan, compiled, compiled_together, reference
from dedup.kernels.hashing import TriggerTable, trigger_table
from dedup.model import TextColumn
from dedup.sketching import permutations, stepped_permutations
from dedup.tokenising.codepoints import codepoint_table
from tests.kernels.twins import PLAIN_PYTHON, assert_same, examples
from tests.strategies import prose, texts


def assert_twins_agree(column: TextColumn, starts: I64, ends: I64, plan: SketchPlan) -> None:
    arguments = (column.data, starts, ends, *codepoint_table(), plan)
    assert_same(reference.sketch(*arguments), compiled.sketch(*arguments))


def plan_of(size: int = 5, bands: int = 21, rows: int = 6, sample: int = 8, num_perm: int = 128) -> SketchPlan:
    return SketchPlan(size, *permutations(num_perm, 1), bands, rows, sample, triggers_of(WORD_BITS, free=2 | 1 << 63))


WORD_BITS = {"election": (1, 0), "won": (3, 4), "ab": (4 | 1 << 63, 0), "the": (0, 1), "xy": (8, 8)}


def triggers_of(bits: dict[str, tuple[int, int]], free: int) -> TriggerTable:
    """The table of some words with their two sets of bits."""
    words = TextColumn.from_strings(list(bits))
    hashes = reference.tokenise(words.data, words.offsets, *codepoint_table()).hashes
    keywords, beside = np.array(list(bits.values()), dtype=np.uint64).reshape(-1, 2).T
    return trigger_table(hashes, keywords, beside, free)


@given(
    st.lists(st.one_of(texts(200), prose(20)), max_size=8),
    st.integers(1, 7),
    st.sampled_from([(21, 6, 128), (3, 5, 16), (40, 5, 200), (0, 1, 16), (1, 131, 131), (131, 1, 140), (9, 29, 261)]),
    st.sampled_from([0, 1, 2, 8]),
)
@settings(max_examples=examples(100))
@example(["a" * 7, "b" * 8, "c" * 9, "d" * 16, "e" * 17, "f" * 70], 5, (21, 6, 128), 1)
@example(["", " ", "é", "中文" * 40, "x " * 64, "x" * 64 + " y"], 1, (21, 6, 128), 1)
@example(["the same word again " * 40 + "Ärger"], 5, (21, 6, 128), 1)
def test_whole_texts(documents: list[str], size: int, banding: tuple[int, int, int], sample: int) -> None:
    column = TextColumn.from_strings(documents)
    bands, rows, num_perm = banding
    plan = plan_of(size, bands, rows, sample, num_perm)
    assert_twins_agree(column, column.offsets[:-1], column.offsets[1:], plan)
    a, b = stepped_permutations(num_perm, 1)
    assert_twins_agree(column, column.offsets[:-1], column.offsets[1:], plan._replace(a=a, b=b))


@given(st.lists(st.one_of(texts(200), prose(20)), max_size=6))
@settings(max_examples=examples(60))
def test_paragraphs(documents: list[str]) -> None:
    column = TextColumn.from_strings(documents)
    segments = reference.segment(column.data, column.offsets)
    assert_twins_agree(column, segments.starts, segments.ends, plan_of())


@pytest.mark.parametrize("length", [63, 64, 65, 127, 128, 1000])
def test_texts_at_the_edges_of_vectors(length: int) -> None:
    for tail in ("", " ", "é", " a"):
        column = TextColumn.from_strings(["w" * length + tail, "ab " * length + tail])
        assert_twins_agree(column, column.offsets[:-1], column.offsets[1:], plan_of())


@given(
    st.lists(
        st.sampled_from([" ", "one", "a b c d e f g", "w" * 63, "w" * 64, "é " * 9, "中文" * 9, "won the ab " * 20])
    ),
    st.sampled_from([1, 60, 400]),
)
@settings(max_examples=examples(60))
@example(["w" * 64, "won", "é", "w" * 64, "the"], 400)
@example(["a b c d e f g " * 700, "one", "won the ab " * 900], 1)
def test_many_short_texts_that_are_hashed_together(documents: list[str], times: int) -> None:
    """More of them than go together, in number and in bytes, and texts in between that go alone."""
    column = TextColumn.from_strings(documents * (min(times, 3) if PLAIN_PYTHON else times))
    assert_twins_agree(column, column.offsets[:-1], column.offsets[1:], plan_of())


SIZES = [511, 512, 513, 1025] if PLAIN_PYTHON else [511, 512, 513, 1023, 1024, 1025, 1537, 9000]


@pytest.mark.parametrize("size", [1, 5])
def test_digests_of_texts_of_more_tokens_than_there_are_powers(size: int) -> None:
    column = TextColumn.from_strings([" ".join(f"w{number * count}" for number in range(count)) for count in SIZES])
    plan = plan_of(size, 2, 3)
    assert_twins_agree(column, column.offsets[:-1], column.offsets[1:], plan)
    tokens = reference.tokenise(column.data, column.offsets, *codepoint_table())
    assert np.diff(tokens.offsets).tolist() == SIZES
    sketches = compiled.sketch(column.data, column.offsets[:-1], column.offsets[1:], *codepoint_table(), plan)
    assert_same(sketches.digests, reference.digest(tokens.hashes, tokens.offsets))


@pytest.mark.parametrize("kept", [0, 1 << 16, 8 << 20])
def test_texts_with_and_without_memory_kept_from_call_to_call(kept: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long text has memory of its own, and what the thread keeps serves the texts behind it."""
    monkeypatch.setattr(compiled, "_MOST_KEPT", kept)
    monkeypatch.setattr(compiled, "_memory", compiled._Memory())
    long = "Ärger und 中文 words " * (20 if PLAIN_PYTHON else 20_000) + "x" * 300
    most = 0
    for several in (["short text of a few words"], [long, "short"], [long.upper()], ["", "one"], [long[:100]]):
        column = TextColumn.from_strings(several)
        arguments = (column.data, column.offsets[:-1], column.offsets[1:], *codepoint_table())
        assert_twins_agree(column, column.offsets[:-1], column.offsets[1:], plan_of(sample=2))
        assert_same(reference.hash_tokens(*arguments), compiled.hash_tokens(*arguments))
        most = max(most, compiled._memory.words.nbytes)
    assert most <= kept
    assert (most > 0) == (kept > 0)


def test_samples_hold_zero_and_each_value_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Zero is what an empty place of the table of values seen holds."""
    shingles = np.array([0, 1 << 40, 0, 1 << 40, 3 << 32, 0, 0, 0, 0, 3 << 32], dtype=np.uint64)
    if PLAIN_PYTHON:
        staged, chosen, seen = (np.zeros(size, dtype=np.uint32) for size in (11, 11, 128))
        count = compiled_together._stage(shingles, shingles.size, np.uint64(0), staged)
        end = compiled_together._choose(shingles, staged, 0, count, seen, chosen, 0)
        assert chosen[:end].tolist() == [0, 1 << 8, 3]
    halves = (shingles >> np.uint64(32)).astype(np.uint32)
    values, offsets = reference.distinct_in_rows(halves, np.array([0, 10, 10]))
    assert values.tolist() == [0, 1 << 8, 3]
    assert offsets.tolist() == [0, 3, 3]


@pytest.mark.parametrize("kernels", [reference, compiled], ids=["reference", "compiled"])
def test_a_text_meets_a_condition_by_a_token_of_both_sets_wherever_they_stand(kernels: Kernels) -> None:
    texts = [
        "the Election",
        "election",
        "elections the",
        "he WON",
        "won ab",
        "",
        "ab",
        "xy",
        "ab elections " * 9 + "won",
    ]
    column = TextColumn.from_strings(texts)
    sketches = kernels.sketch(column.data, column.offsets[:-1], column.offsets[1:], *codepoint_table(), plan_of())
    high = 1 << 63
    assert sketches.triggered.tolist() == [1, 0, 0, 2, 2 | 4 | high, 0, high, 8, 2 | 4 | high]


@given(st.lists(st.lists(st.sampled_from([*WORD_BITS, "other", "中"]), max_size=12), max_size=6), st.data())
@settings(max_examples=examples(100))
def test_masks_are_those_that_sets_of_words_give(rows: list[list[str]], data: st.DataObject) -> None:
    masks = st.integers(0, 2**64 - 1)
    bits = data.draw(st.dictionaries(st.sampled_from([*WORD_BITS, "other", "中"]), st.tuples(masks, masks)))
    free = data.draw(masks)
    plan = plan_of()._replace(triggers=triggers_of(bits, free))
    expected = []
    for row in rows:
        keywords, beside = 0, free
        for word in row:
            keywords |= bits.get(word, (0, 0))[0]
            beside |= bits.get(word, (0, 0))[1]
        expected.append(keywords & beside)
    column = TextColumn.from_strings([" ".join(row) for row in rows])
    for kernels in (reference, compiled):
        sketches = kernels.sketch(column.data, column.offsets[:-1], column.offsets[1:], *codepoint_table(), plan)
        assert sketches.triggered.dtype == np.uint64
        assert sketches.triggered.tolist() == expected
