"""Terms for finding rewrites: what they are, and the same of both implementations."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from dedup.kernels import compiled_rewriting, reference_rewriting
from dedup.kernels.rewriting import CAPITAL, NUMBER, UNSPACED, DocumentTerms, RewriteKernels
from dedup.model import TextColumn
from dedup.tokenising import codepoint_table
from tests.kernels.twins import assert_same, examples
from tests.strategies import SCRIPTS, prose, texts

separators = st.sampled_from([" ", ",", ".", ", ", "  ", "、", "", "\n"])
words = st.sampled_from(
    [
        "1",
        "234",
        "2nd",
        "Word",
        "capital",
        "Ünïcodeword",
        "選",
        "舉人",
        "が",
        "한국",
        "한국어를",
        "그",
        "x" * 17,
        "é" * 8,
    ]
)
odd = st.lists(st.tuples(words, separators).map("".join), max_size=20).map("".join)


def terms_of(kernels: RewriteKernels, documents: list[str], cut: bool) -> DocumentTerms:
    column = TextColumn.from_strings(documents)
    return kernels.document_terms(column.data, column.offsets[:-1], column.offsets[1:], *codepoint_table(), cut)


@given(st.lists(st.one_of(texts(), prose(), odd, st.sampled_from(list(SCRIPTS.values()))), max_size=6), st.booleans())
@settings(max_examples=examples(150))
def test_both_kernels_give_the_same(documents: list[str], cut: bool) -> None:
    assert_same(terms_of(reference_rewriting, documents, cut), terms_of(compiled_rewriting, documents, cut))


def rows(documents: list[str], cut: bool = True) -> tuple[list[list[int]], list[list[int]]]:
    terms = terms_of(reference_rewriting, documents, cut)
    bounds = list(zip(terms.offsets.tolist(), terms.offsets[1:].tolist(), strict=False))
    return (
        [terms.values[first:last].tolist() for first, last in bounds],
        [terms.kinds[first:last].tolist() for first, last in bounds],
    )


def test_words_of_one_stem_are_one_term_when_cut() -> None:
    values, _ = rows(["negotiate", "negotiations", "negotiating", "ПЕРЕГОВОРЫ", "переговорам"])
    assert values[0] == values[1] == values[2]
    assert values[3] == values[4] != values[0]
    whole, _ = rows(["negotiate", "negotiations"], cut=False)
    assert whole[0] != whole[1]


@pytest.mark.parametrize("cut", [True, False])
def test_a_number_with_commas_and_points_is_one_term(cut: bool) -> None:
    values, kinds = rows(["1,234.5", "1 234 5", "1,234, 5", "12345678901", "12345678902"], cut)
    assert [len(row) for row in values] == [1, 3, 2, 1, 1]
    assert values[3] != values[4]
    assert {kind for row in kinds for kind in row} == {NUMBER}
    assert values[0] != values[1][:1]


def test_a_capital_is_told_in_texts_of_ascii_and_of_others() -> None:
    _, kinds = rows(["Minsk minsk", "Minsk é minsk", "2nd"])
    assert kinds == [[CAPITAL, 0], [CAPITAL, 0, 0], [NUMBER]]


def test_neighbours_of_an_unspaced_script_are_terms_together() -> None:
    values, kinds = rows(["选举结果", "选举", "举结", "选, 举", "选"])
    assert [len(row) for row in values] == [3, 1, 1, 2, 1]
    assert values[0][:2] == [values[1][0], values[2][0]]
    assert values[3][0] == values[4][0]
    assert set(kinds[0]) == {UNSPACED}


def test_nothing_runs_from_one_text_into_the_next() -> None:
    values, _ = rows(["1", "2", "选", "举"])
    assert [len(row) for row in values] == [1, 1, 1, 1]
    assert len({row[0] for row in values}) == 4


def test_terms_of_ranges_are_those_of_the_texts() -> None:
    column = TextColumn.from_strings(["one two three"])
    starts, ends = np.array([4, 0]), np.array([7, 3])
    for kernels in (reference_rewriting, compiled_rewriting):
        terms = kernels.document_terms(column.data, starts, ends, *codepoint_table(), True)
        assert_same(terms.values, terms_of(kernels, ["two", "one"], True).values)
