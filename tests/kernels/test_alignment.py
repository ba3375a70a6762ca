"""Alignment by both implementations: the same bits, on texts that share much and little."""

import hypothesis.strategies as st
import numpy as np
from hypothesis import given, settings
from hypothesis.strategies import SearchStrategy

from dedup.kernels import compiled, compiled_align, reference, reference_align
from dedup.kernels.alignment import Alignments
from dedup.kernels.terms import BARRIER, BLOCK_BREAK, LINE_BREAK, NO_BREAK, SENTENCE_BREAK, Terms
from dedup.model import TextColumn
from dedup.tokenising.codepoints import codepoint_table
from tests.corpora import article
from tests.kernels.twins import PLAIN_PYTHON, assert_same
from tests.strategies import prose, texts

EXAMPLES = 3 if PLAIN_PYTHON else 25


def terms_of(documents: list[str], barred: frozenset[int] = frozenset()) -> tuple[Terms, Terms]:
    """The terms of texts by the reference and by the compiled loops; `barred` tokens are in no passage."""
    column = TextColumn.from_strings(documents)
    tokens = reference.tokenise(column.data, column.offsets, *codepoint_table())
    flags = np.isin(np.arange(tokens.hashes.size), list(barred))
    arguments = (column.data, tokens, flags, *codepoint_table())
    return reference.mark_terms(*arguments), compiled.mark_terms(*arguments)


@st.composite
def related(draw: st.DrawFn) -> list[str]:
    """Two texts, the second with parts of the first, in another order and with words changed."""
    generator = np.random.default_rng(draw(st.integers(0, 2**32)))
    first = article(generator, int(generator.integers(1, 6)), int(generator.integers(3, 40)))
    words = first.split(" ")
    cuts = np.sort(generator.integers(0, len(words) + 1, 2 * int(generator.integers(1, 4)))).tolist()
    parts = [words[begin:end] for begin, end in zip(cuts[::2], cuts[1::2], strict=True)]
    generator.shuffle(parts)
    changed = [
        [word if generator.random() > draw(st.sampled_from([0.0, 0.1, 0.4])) else word[::-1] for word in part]
        for part in parts
    ]
    second = "\n".join([article(generator, 2, 10), *(" ".join(part) for part in changed), article(generator, 1, 10)])
    return [first, second] if generator.random() < 0.8 else [first + "\n\n" + second, ""]


def documents() -> SearchStrategy[list[str]]:
    return st.one_of(related(), st.lists(st.one_of(texts(), prose()), min_size=2, max_size=2))


@given(st.lists(st.one_of(texts(), prose()), max_size=5), st.sets(st.integers(0, 20)))
def test_terms_and_breaks(several: list[str], barred: set[int]) -> None:
    assert_same(*terms_of(several, frozenset(barred)))


@given(documents(), st.sets(st.integers(0, 60), max_size=3))
@settings(max_examples=EXAMPLES, deadline=None)
def test_candidates_between_two_texts_and_within_one(both: list[str], barred: set[int]) -> None:
    terms, _ = terms_of(both, frozenset(barred))
    left, right = np.array([0, 1, 0, 1]), np.array([1, 0, 0, 1])
    found = reference_align.align_terms(terms, left, right)
    assert_same(found, compiled_align.align_terms(terms, left, right))
    check_sound(found, terms, left, right)
    given_places = np.ascontiguousarray(found.places[:, :4])
    weighed = reference_align.align_terms(terms, left, right, given_places, found.offsets)
    assert_same(weighed, compiled_align.align_terms(terms, left, right, given_places, found.offsets))


def check_sound(found: Alignments, terms: Terms, left: np.ndarray, right: np.ndarray) -> None:
    """Spans lie within their texts, hold no barrier, and do not overlap within one text."""
    owners = np.repeat(np.arange(left.size), np.diff(found.offsets))
    for owner, places in zip(owners.tolist(), found.places[:, :4].tolist(), strict=True):
        first, last, other_first, other_last = places
        for text, begin, end in ((left[owner], first, last), (right[owner], other_first, other_last)):
            base = int(terms.offsets[text])
            assert 0 <= begin < end <= terms.offsets[text + 1] - base
            assert BARRIER not in terms.breaks[base + begin : base + end]
        assert left[owner] != right[owner] or last <= other_first


def test_breaks_are_those_of_sentences_lines_and_blocks() -> None:
    text = "Mr. Smith came. He left\nSoon\n\nafter. The U.S. army, he said! 世界。你好"
    terms, _ = terms_of([text])
    column = TextColumn.from_strings([text])
    tokens = reference.tokenise(column.data, column.offsets, *codepoint_table())
    words = [bytes(column.data[a:b]).decode() for a, b in zip(tokens.starts, tokens.ends, strict=True)]
    breaks = dict(zip(words, terms.breaks.tolist(), strict=True))
    assert [word for word, kind in breaks.items() if kind == BLOCK_BREAK] == ["Mr", "after"]
    assert [word for word, kind in breaks.items() if kind == SENTENCE_BREAK] == ["He", "The", "世", "你"]
    assert [word for word, kind in breaks.items() if kind == LINE_BREAK] == ["Soon"]
    assert breaks["Smith"] == breaks["army"] == NO_BREAK


def test_words_of_one_stem_are_one_term_and_numbers_are_not_cut() -> None:
    terms, _ = terms_of(["protest protested protesters Łódź łódź 202312 202313 ПРОТЕСТЫ протестов"])
    assert terms.numbers.tolist() == [0, 0, 0, 1, 1, 2, 3, 4, 4]
    assert terms.counts.tolist() == [3, 2, 1, 1, 2]


def test_wrapped_lines_are_no_breaks() -> None:
    terms, _ = terms_of(["Nothing ends here and\nthe line goes on with\nsmall letters as it\nDoes not at the last"])
    assert LINE_BREAK not in terms.breaks
