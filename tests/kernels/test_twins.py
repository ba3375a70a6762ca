"""Both implementations of each kernel give the same bits, on any input."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import example, given, settings

from dedup.kernels import Ragged, choose, compiled, reference
from dedup.model import TextColumn
from dedup.tokenising.codepoints import codepoint_table
from tests.strategies import prose, ragged, texts, to_ragged, wrapped_texts


def assert_same(one: object, two: object) -> None:
    if isinstance(one, tuple):
        assert isinstance(two, tuple)
        for left, right in zip(one, two, strict=True):
            assert_same(left, right)
    else:
        assert isinstance(one, np.ndarray)
        assert isinstance(two, np.ndarray)
        assert one.dtype == two.dtype
        assert one.shape == two.shape
        np.testing.assert_array_equal(one, two)


many_texts = st.lists(st.one_of(texts(), prose()), max_size=6)


@given(many_texts)
def test_tokenise(documents: list[str]) -> None:
    column = TextColumn.from_strings(documents)
    table = codepoint_table()
    assert_same(
        reference.tokenise(column.data, column.offsets, *table),
        compiled.tokenise(column.data, column.offsets, *table),
    )
    assert_same(
        reference.hash_tokens(column.data, column.offsets, *table),
        compiled.hash_tokens(column.data, column.offsets, *table),
    )


@given(st.lists(st.one_of(texts(), prose(), wrapped_texts()), max_size=6))
@settings(max_examples=150)
@example(["the line before is long enough to be wrapped\nA", "wrapped lines of more than forty characters\né"])
def test_segment(documents: list[str]) -> None:
    column = TextColumn.from_strings(documents)
    assert_same(reference.segment(column.data, column.offsets), compiled.segment(column.data, column.offsets))


@given(ragged(), st.integers(1, 7))
def test_shingle_and_digest(rows: Ragged, size: int) -> None:
    assert_same(reference.shingle(*rows, size), compiled.shingle(*rows, size))
    assert_same(reference.digest(*rows), compiled.digest(*rows))


@given(ragged(), st.integers(1, 20))
def test_minhash(rows: Ragged, permutations: int) -> None:
    generator = np.random.default_rng(permutations)
    a = generator.integers(0, 2**32, permutations, dtype=np.uint32) | np.uint32(1)
    b = generator.integers(0, 2**32, permutations, dtype=np.uint32)
    signatures = reference.minhash(*rows, a, b)
    assert_same(signatures, compiled.minhash(*rows, a, b))
    for width in {1, permutations // 2, permutations} - {0}:
        banding = (permutations // width, width)
        assert_same(reference.band_keys(signatures, *banding), compiled.band_keys(signatures, *banding))


@given(ragged(values=6), st.data())
def test_rows_counted_and_compared(rows: Ragged, data: st.DataObject) -> None:
    counted = reference.count_rows(*rows)
    assert_same(counted, compiled.count_rows(*rows))
    wide = data.draw(ragged(max_length=200))
    assert_same(reference.count_rows(*wide), compiled.count_rows(*wide))
    known = np.unique(wide.values)[::2]
    assert_same(reference.find(known, wide.values), compiled.find(known, wide.values))
    n_rows = rows.offsets.size - 1
    some_rows = st.lists(st.integers(0, n_rows - 1), min_size=3, max_size=3)
    left, right = np.array(data.draw(some_rows)), np.array(data.draw(some_rows))
    distinct = Ragged(counted.values, counted.offsets)
    weights = np.random.default_rng(1).random(distinct.values.size)
    assert_same(reference.count_common(distinct, left, right), compiled.count_common(distinct, left, right))
    assert_same(
        reference.dot_common(distinct, weights, left, right),
        compiled.dot_common(distinct, weights, left, right),
    )
    assert_same(reference.equal_rows(rows, left, right), compiled.equal_rows(rows, left, right))


@pytest.mark.parametrize("row", [[7] * 200, list(range(200)), [*range(70), 2**64 - 1, *range(70)]])
def test_rows_of_values_that_are_not_spread_like_hashes(row: list[int]) -> None:
    rows = to_ragged([row, [], row[:3]])
    assert_same(reference.count_rows(*rows), compiled.count_rows(*rows))


@given(st.sets(st.tuples(st.integers(0, 9), st.integers(0, 9)).filter(lambda pair: pair[0] < pair[1])))
def test_anchor(pairs: set[tuple[int, int]]) -> None:
    ordered = sorted(pairs, key=lambda pair: (pair[1], pair[0]))
    left = np.array([pair[0] for pair in ordered], dtype=np.int64)
    right = np.array([pair[1] for pair in ordered], dtype=np.int64)
    assert_same(reference.anchor(left, right, 10), compiled.anchor(left, right, 10))


def test_size_chooses_and_the_environment_overrides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DEDUP_KERNELS", raising=False)
    assert (choose(100).name, choose(1 << 30).name) == ("numpy", "compiled")
    monkeypatch.setenv("DEDUP_KERNELS", "compiled")
    assert choose(100).name == "compiled"
    monkeypatch.setenv("DEDUP_KERNELS", "numpy")
    assert choose(1 << 30).name == "numpy"
