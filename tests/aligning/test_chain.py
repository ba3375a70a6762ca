"""Chains: maximal runs of matched segments, with barriers."""

from typing import NamedTuple

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from dedup.aligning import MatchedSegments, Runs, SegmentColumns, chain
from tests import oracles
from tests.oracles import Run, Segment

GAP = 64


class Corpus(NamedTuple):
    """Segments, and verified pairs of them with whether each is exact."""

    segments: list[Segment]
    pairs: dict[tuple[int, int], bool]


@st.composite
def corpora(draw: st.DrawFn) -> Corpus:
    """A few short documents of repeated segments, and some of their pairs: exact ones, and a few near ones.

    A digest under 2 is of a short segment; short segments and barriers are in no pair.
    """
    sizes = draw(st.lists(st.integers(0, 14), min_size=1, max_size=3))
    documents = [document for document, size in enumerate(sizes) for _ in range(size)]
    period = draw(st.one_of(st.just(len(documents)), st.integers(1, 6)))
    some = draw(st.lists(st.integers(0, 3), min_size=period, max_size=period))
    digests = [some[place % period] for place in range(len(documents))]
    barriers = draw(st.sets(st.integers(0, 40), max_size=2))
    segments = [
        Segment(document, digest, digest < 2, place in barriers)
        for place, (document, digest) in enumerate(zip(documents, digests, strict=True))
    ]
    free = [place for place, segment in enumerate(segments) if not segment.short and not segment.barrier]
    possible = sorted(oracles.all_pairs(free))
    exact = [pair for pair in possible if segments[pair[0]].digest == segments[pair[1]].digest]
    omitted = draw(st.sets(st.sampled_from(exact), max_size=8)) if exact else set()
    near = draw(st.sets(st.sampled_from(possible), max_size=3)) if possible else set()
    pairs = dict.fromkeys(near - set(exact), False) | dict.fromkeys(set(exact) - omitted, True)
    return Corpus(segments, pairs)


def runs_of(corpus: Corpus, order: list[tuple[int, int]] | None = None) -> Runs:
    ordered = sorted(corpus.pairs) if order is None else order
    left, right = (np.array([pair[side] for pair in ordered], dtype=np.int64) for side in (0, 1))
    exact = np.array([corpus.pairs[pair] for pair in ordered], dtype=np.bool_)
    columns = SegmentColumns(
        np.array([segment.document for segment in corpus.segments], dtype=np.int64),
        np.array([segment.digest for segment in corpus.segments], dtype=np.uint64),
        np.array([segment.short for segment in corpus.segments], dtype=np.bool_),
        np.array([segment.barrier for segment in corpus.segments], dtype=np.bool_),
    )
    return chain(MatchedSegments(left, right, exact), columns)


def as_list(corpus: Corpus, order: list[tuple[int, int]] | None = None) -> list[Run]:
    ordered = sorted(corpus.pairs) if order is None else order
    runs = runs_of(corpus, order)
    spans = zip(*(column.tolist() for column in runs[:4]), strict=True)
    members = [
        tuple(ordered[place] for place in runs.pairs[begin:end].tolist())
        for begin, end in zip(runs.offsets[:-1], runs.offsets[1:], strict=True)
    ]
    return [Run((a, b), (c, d), pairs) for (a, b, c, d), pairs in zip(spans, members, strict=True)]


@given(corpora())
@settings(max_examples=150)
def test_runs_are_those_of_the_textbook(corpus: Corpus) -> None:
    runs = as_list(corpus)
    assert len(runs) == len(set(runs))
    assert set(runs) == oracles.chain(corpus.pairs, corpus.segments, GAP)


@given(corpora(), st.data())
@settings(max_examples=50)
def test_the_order_in_which_pairs_are_given_does_not_matter(corpus: Corpus, data: st.DataObject) -> None:
    assert as_list(corpus, data.draw(st.permutations(sorted(corpus.pairs)))) == as_list(corpus)


@given(corpora())
@settings(max_examples=50)
def test_each_pair_is_in_exactly_one_run_on_its_diagonal(corpus: Corpus) -> None:
    runs = as_list(corpus)
    assert sorted(pair for run in runs for pair in run.pairs) == sorted(corpus.pairs)
    for run in runs:
        assert run.right[0] - run.left[0] == run.right[1] - run.left[1]
        for left, right in run.pairs:
            assert right - left == run.right[0] - run.left[0]
            assert run.left[0] <= left <= run.left[1]


@given(corpora())
@settings(max_examples=50)
def test_a_run_lies_in_one_document_on_each_side_without_barriers_or_overlap(corpus: Corpus) -> None:
    for run in as_list(corpus):
        for first, last in (run.left, run.right):
            side = corpus.segments[first : last + 1]
            assert len({segment.document for segment in side}) == 1
            assert not any(segment.barrier for segment in side)
        assert run.left[1] < run.right[0]


@given(corpora())
@settings(max_examples=50)
def test_segments_of_a_run_that_are_no_pairs_are_equal(corpus: Corpus) -> None:
    for run in as_list(corpus):
        diagonal = run.right[0] - run.left[0]
        paired = {left for left, _ in run.pairs}
        for left in range(run.left[0], run.left[1] + 1):
            same = corpus.segments[left].digest == corpus.segments[left + diagonal].digest
            assert same or left in paired


@given(corpora())
@settings(max_examples=50)
def test_a_run_is_exact_where_all_its_pairs_are(corpus: Corpus) -> None:
    exact = runs_of(corpus).exact.tolist()
    assert exact == [all(corpus.pairs[pair] for pair in run.pairs) for run in as_list(corpus)]


def two_documents(left: str, right: str, omitted: str = "") -> Corpus:
    """A segment a letter: `.` is short, `#` a barrier; equal letters are pairs but for those omitted."""
    segments = [
        Segment(document, ord(letter), letter == ".", letter == "#")
        for document, text in enumerate((left, right))
        for letter in text
    ]
    pairs = {
        (one, len(left) + two): True
        for one, letter in enumerate(left)
        for two, other in enumerate(right)
        if letter == other and letter not in ".#" + omitted
    }
    return Corpus(segments, pairs)


def spans(corpus: Corpus) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    return sorted((run.left, run.right) for run in as_list(corpus))


def test_consecutive_pairs_are_one_run() -> None:
    assert spans(two_documents("abcde", "xbcdy")) == [((1, 3), (6, 8))]


def test_a_run_takes_in_equal_short_segments_between_and_at_both_ends() -> None:
    assert spans(two_documents("x.a..b..", "y.a..b.z")) == [((1, 6), (9, 14))]


def test_a_run_bridges_segments_that_are_equal_though_not_given_as_pairs() -> None:
    assert spans(two_documents("abc", "abc", omitted="b")) == [((0, 2), (3, 5))]


def test_a_run_does_not_bridge_segments_that_differ() -> None:
    assert spans(two_documents("axc", "ayc")) == [((0, 0), (3, 3)), ((2, 2), (5, 5))]
    assert spans(two_documents("a.c", "abc")) == [((0, 0), (3, 3)), ((2, 2), (5, 5))]


def test_a_run_does_not_take_in_long_segments_at_its_ends() -> None:
    assert spans(two_documents("xay", "xay", omitted="xy")) == [((1, 1), (4, 4))]


def test_no_run_crosses_a_barrier() -> None:
    assert spans(two_documents("a#b.#", "a#b.#")) == [((0, 0), (5, 5)), ((2, 3), (7, 8))]


@pytest.mark.parametrize(("gap", "runs"), [(GAP, 1), (GAP + 1, 2)])
def test_a_gap_is_bridged_up_to_its_limit(gap: int, runs: int) -> None:
    text = "a" + "." * gap + "b"
    assert len(spans(two_documents(text, text))) == runs


def test_an_end_is_lengthened_up_to_the_limit() -> None:
    text = "." * (GAP + 9) + "a" + "." * (GAP + 9)
    size = len(text)
    assert spans(two_documents(text, text)) == [((9, size - 10), (size + 9, 2 * size - 10))]


def one_document(text: str) -> Corpus:
    """A segment a letter, as in `two_documents`; every pair of equal letters."""
    segments = [Segment(0, ord(letter), letter == ".", letter == "#") for letter in text]
    pairs = {
        (one, two): True
        for one, letter in enumerate(text)
        for two in range(one + 1, len(text))
        if letter == text[two] and letter not in ".#"
    }
    return Corpus(segments, pairs)


def test_an_article_pasted_twice_is_one_run_within_its_document() -> None:
    assert spans(one_document("abcd##abcd")) == [((0, 3), (6, 9))]
    assert spans(one_document("abcdabcd")) == [((0, 3), (4, 7))]


def test_the_sides_of_a_run_within_one_document_do_not_run_into_each_other() -> None:
    assert spans(one_document("aaaa")) == [
        *(((0, 0), (1, 1)), ((0, 0), (3, 3)), ((0, 1), (2, 3))),
        *(((1, 1), (2, 2)), ((2, 2), (3, 3))),
    ]
    assert spans(one_document("a..a")) == [((0, 0), (3, 3))]
    assert spans(one_document(".a.a.")) == [((0, 1), (2, 3))]


def test_runs_within_one_document_are_split_no_more_often_than_they_must() -> None:
    repeated = one_document("abcd" * 4)
    given_pairs = {(0, 4): True, (6, 10): True, (8, 12): True}
    assert spans(Corpus(repeated.segments, given_pairs)) == [((0, 0), (4, 4)), ((6, 8), (10, 12))]


def test_nothing_matched_makes_no_runs() -> None:
    runs = runs_of(Corpus([Segment(0, 1, False, False)], {}))
    assert [column.tolist() for column in runs] == [[], [], [], [], [], [], [0]]
    empty = runs_of(Corpus([], {}))
    assert empty.offsets.tolist() == [0]
