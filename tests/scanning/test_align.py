"""`align`: the passages that two texts share."""

from collections.abc import Callable

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from dedup import Config, Passage, Relation, align, clean, find_residue
from dedup.scanning.single import NEAREST
from dedup.verifying import Background
from tests.corpora import RESIDUE, article, odd_pages, pages, sentence, words
from tests.prose import COMMON, prose, reword
from tests.scanning.oracle import containment, cosine, resemblance, shingles, tokens

texts = st.one_of(pages(), odd_pages())
pairs_of_pages = st.one_of(
    st.tuples(texts, texts),
    pages().flatmap(lambda text: st.tuples(st.just(text), st.sampled_from([text, text.upper(), "\ufeff\n" + text]))),
)


def exact_spans(passages: list[Passage]) -> set[tuple[int, int, int, int]]:
    return {
        (each.left.start, each.left.end, each.right.start, each.right.end)
        for each in passages
        if each.relation is Relation.EXACT
    }


@given(pairs_of_pages, st.sampled_from([2, 5]))
@settings(max_examples=25)
def test_passages_are_what_their_slices_say(both: tuple[str, str], size: int) -> None:
    left, right = both
    config = Config(shingle_size=size)
    found = align(left, right, config)
    for passage in found:
        one, two = left[passage.left.start : passage.left.end], right[passage.right.start : passage.right.end]
        for text, span in ((left, passage.left), (right, passage.right)):
            assert span.document is None
            assert 0 <= span.start < span.end <= len(text)
            assert span.line == text.count("\n", 0, span.start) + 1
            assert span.end_line == text.count("\n", 0, span.end) + 1
        assert (passage.relation is Relation.EXACT) == (tokens(one) == tokens(two))
        shared = shingles(one, size), shingles(two, size)
        assert passage.resemblance == pytest.approx(resemblance(*shared), abs=1e-9)
        assert passage.containment == pytest.approx(containment(*shared), abs=1e-9)
        assert passage.cosine == pytest.approx(cosine(one, two, Background()), abs=1e-9)
        assert passage.relation is not Relation.NEAR or passage.resemblance >= config.threshold
        assert 0.0 < passage.score <= 1.0
        assert passage.relation is Relation.REWRITE or passage.score == 1.0
        assert all(anchor in one for anchor in passage.anchors)
    places = [(passage.left.start, passage.right.start) for passage in found]
    assert places == sorted(places)


@given(pairs_of_pages)
@settings(max_examples=20)
def test_exact_passages_are_the_same_the_other_way_round(both: tuple[str, str]) -> None:
    left, right = both
    there = exact_spans(align(left, right))
    back = {(start, end, left_start, left_end) for left_start, left_end, start, end in exact_spans(align(right, left))}
    assert there == back


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\n\n"])
def test_a_text_and_itself_are_one_passage(newline: str) -> None:
    text = article(np.random.default_rng(1), 4, 12).replace("\n", newline)
    (passage,) = align(text, text)
    assert (passage.left.start, passage.left.end) == (passage.right.start, passage.right.end) == (0, len(text))
    assert (passage.relation, passage.resemblance, passage.containment) == (Relation.EXACT, 1.0, (1.0, 1.0))


def test_unrelated_texts_share_nothing() -> None:
    generator = np.random.default_rng(2)
    for _ in range(20):
        assert align(article(generator, 6, 15), article(generator, 6, 15)) == []
    assert align("", "") == align("one two three four five", "") == align("Yes", "Yes") == []


def test_repetition_within_one_text_is_no_passage() -> None:
    generator = np.random.default_rng(3)
    line = sentence(generator, 12)
    assert align(f"{line}\n{line}", sentence(generator, 12)) == []


def test_paragraphs_that_moved_are_passages_of_their_own() -> None:
    generator = np.random.default_rng(4)
    first, second = article(generator, 3, 10), article(generator, 2, 10)
    found = align(f"{first}\nIn between\n{second}", f"{second}\nOther words\n{first}")
    assert [(each.left.line, each.left.end_line, each.right.line, each.right.end_line) for each in found] == [
        (1, 3, 4, 6),
        (5, 6, 1, 2),
    ]


def test_short_lines_between_equal_paragraphs_belong_to_the_passage() -> None:
    generator = np.random.default_rng(5)
    text = f"{sentence(generator, 9)}\nYes\n\n– No\n{sentence(generator, 9)}"
    (passage,) = align(text, text.upper())
    assert (passage.left.line, passage.left.end_line) == (1, 5)
    apart = align(text, text.replace("Yes", "Perhaps"))
    assert [(each.left.line, each.left.end_line) for each in apart] == [(1, 1), (4, 5)]


def test_residue_ends_a_passage() -> None:
    generator = np.random.default_rng(6)
    first, second = article(generator, 2, 10), article(generator, 2, 10)
    text = f"{first}\n{RESIDUE[0]}\n{second}"
    assert [(each.left.line, each.left.end_line) for each in align(text, text)] == [(1, 2), (4, 5)]


def test_an_edited_paragraph_is_near_and_of_a_longer_one_the_part_is_given() -> None:
    generator = np.random.default_rng(7)
    several = words(generator, 60)
    edited = " ".join([*several[:30], "changed", *several[31:]])
    (near,) = align(" ".join(several), edited)
    assert near.relation is Relation.NEAR
    part = prose(generator, 60)
    longer = f"{prose(generator, 60)} {part} {prose(generator, 60)}"
    (exact,) = align(longer, part)
    assert exact.relation is Relation.EXACT
    assert longer[exact.left.start : exact.left.end] == part


def test_a_reworded_sentence_is_a_rewrite_with_its_evidence() -> None:
    generator = np.random.default_rng(8)
    sentence_of_60 = prose(generator, 60)
    left = f"{prose(generator, 200)}\n\n{sentence_of_60}"
    right = f"{reword(generator, sentence_of_60, 0.3)}\n\n{prose(generator, 200)}"
    (rewrite,) = align(left, right)
    assert rewrite.relation is Relation.REWRITE
    assert left[rewrite.left.start : rewrite.left.end] == sentence_of_60
    assert rewrite.resemblance < 0.2
    assert min(rewrite.log_likelihood) > 20
    assert set(rewrite.anchors) <= set(tokens_as_written(sentence_of_60))
    assert not set(rewrite.anchors) & set(COMMON)
    assert len(rewrite.anchors) == 8
    assert not rewrite.summary


def tokens_as_written(text: str) -> list[str]:
    return text.replace(".", "").split(" ")


def test_one_text_is_aligned_with_itself() -> None:
    generator = np.random.default_rng(9)
    block, passage = prose(generator, 60), prose(generator, 50)
    others = [prose(generator, 80) for _ in range(3)]
    text = "\n\n".join([block, others[0], passage, others[1], block, others[2], reword(generator, passage, 0.25)])
    found = [(each.relation, each.left.line, each.right.line) for each in align(text)]
    assert found == [(Relation.EXACT, 1, 9), (Relation.REWRITE, 5, 13)]
    assert align("") == align("A single sentence of words that do not come again.") == []


def test_a_text_is_summarised_by_a_passage_that_takes_its_terms_from_all_over_it() -> None:
    generator = np.random.default_rng(10)
    source = [prose(generator, 50) for _ in range(12)]
    words_of = [tokens_as_written(part) for part in source]
    summary = " ".join(word for part in words_of for word in part[5:40:4] if word not in COMMON)
    whole = "\n".join(source)
    left = f"{prose(generator, 300)}\n\n{summary}\n\n{prose(generator, 300)}"
    found = align(left, whole)
    assert [each.summary for each in found] == [True]
    assert found[0].relation is Relation.REWRITE
    assert (found[0].right.start, found[0].right.end) == (0, len(whole) - 1)
    assert found[0].left.line == found[0].left.end_line == 3


def test_bytes_are_no_text() -> None:
    works: tuple[Callable[[str], object], ...] = (align, clean, find_residue)
    for work in works:
        with pytest.raises(TypeError, match="a text is a string, not bytes"):
            work(b"bytes")  # type: ignore[arg-type]


def near_lines(numbers: range) -> str:
    """Lines of which each is nearly every other one."""
    generator = np.random.default_rng(3)
    half = [" ".join(words(generator, 20)) for _ in range(2)]
    return "\n".join(f"{half[0]} line{number} {half[1]}." for number in numbers)


def test_of_lines_that_are_all_nearly_the_same_each_is_paired_with_few() -> None:
    count = 60
    left, right = near_lines(range(count)), near_lines(range(count, 2 * count))
    found = align(left, right)
    # Bands miss one in a hundred pairs of this resemblance.
    assert sum(each.left.line == each.right.line for each in found) >= count - 3
    assert {each.relation for each in found} == {Relation.NEAR}
    assert len(found) <= 2 * NEAREST * count
    few = align(near_lines(range(8)), near_lines(range(8, 16)))
    assert len(few) == 64
