"""`clean`: a text without its own copies and residue, never without the last copy."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import assume, given, settings

from dedup import clean, find_residue
from dedup.model import Cleaned
from tests.corpora import RESIDUE, VOCABULARY, article, edited, odd_pages, pages, paragraphs, sentence
from tests.scanning.oracle import shingles, tokens

RESIDUE_LINE = RESIDUE[0]


def residue_lines(text: str) -> set[int]:
    return {each.span.line for each in find_residue(text)}


def without(text: str, cleaned: Cleaned) -> str:
    """The text without the lines that the cuts name."""
    cut = {number for each in cleaned.cuts for number in range(each.span.line, each.span.end_line + 1)}
    every = text.split("\n")
    with_ends = [line + "\n" for line in every[:-1]] + [every[-1]]
    return "".join(line for number, line in enumerate(with_ends, 1) if number not in cut)


def assert_nothing_lost(text: str, cleaned: Cleaned) -> None:
    """Each paragraph of five tokens or more that is no residue has one in the output that holds its shingles."""
    left = [shingles(line) for line in cleaned.text.split("\n")]
    residue = residue_lines(text)
    for number, line in enumerate(text.split("\n"), 1):
        if number not in residue and len(tokens(line)) >= 5:
            assert any(shingles(line) <= other for other in left), line


def test_what_was_cut_is_named_with_its_place_and_reason() -> None:
    generator = np.random.default_rng(1)
    body = article(generator, 3, 20)
    text = f"A title of its own here\n{body}\n{RESIDUE_LINE}\n{body}\nThe end\n"
    cleaned = clean(text)
    assert cleaned.text == f"A title of its own here\n{body}\nThe end\n"
    assert [cut.reason for cut in cleaned.cuts] == ["residue", "copy"]
    residue, copy = cleaned.cuts
    assert text[residue.span.start : residue.span.end] == RESIDUE_LINE
    assert residue.rule == "rewrite-this-text"
    assert text[copy.span.start : copy.span.end] == body
    assert copy.copy_of is not None
    assert text[copy.copy_of.start : copy.copy_of.end] == body
    assert (copy.span.line, copy.span.end_line, copy.copy_of.line, copy.copy_of.end_line) == (6, 8, 2, 4)


@given(pages())
@settings(max_examples=30)
def test_cuts_are_whole_lines_in_order_and_the_rest_stays_byte_for_byte(text: str) -> None:
    cleaned = clean(text)
    assert cleaned.text == without(text, cleaned)
    places = [(cut.span.start, cut.span.end) for cut in cleaned.cuts]
    assert places == sorted(places)
    for cut in cleaned.cuts:
        assert cut.span.line == text.count("\n", 0, cut.span.start) + 1
        assert cut.span.end_line == text.count("\n", 0, cut.span.end) + 1
        if cut.reason == "residue":
            assert cut.rule is not None
            assert cut.copy_of is None
        else:
            assert cut.reason == "copy"
            assert cut.copy_of is not None
            assert cut.copy_of.end <= cut.span.start
            assert not any(
                other.span.start < cut.copy_of.end and cut.copy_of.start < other.span.end for other in cleaned.cuts
            )
            assert shingles(text[cut.span.start : cut.span.end]) <= shingles(text[cut.copy_of.start : cut.copy_of.end])


@given(pages())
@settings(max_examples=30)
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    once = clean(text).text
    again = clean(once)
    assert again.cuts == ()
    assert again.text == once


@given(pages())
@settings(max_examples=30)
def test_one_copy_of_everything_stays(text: str) -> None:
    assert_nothing_lost(text, clean(text))


@given(pages())
@settings(max_examples=20)
def test_no_residue_and_no_paragraph_twice_is_left(text: str) -> None:
    cleaned = clean(text).text
    assert residue_lines(cleaned) == set()
    long = [tokens(line) for line in cleaned.split("\n") if len(tokens(line)) >= 5]
    assert len(long) == len(set(long))


@given(odd_pages())
@settings(max_examples=25)
def test_odd_characters_are_cleaned_alike(text: str) -> None:
    cleaned = clean(text)
    assert cleaned.text == without(text, cleaned)
    assert clean(cleaned.text).text == cleaned.text


@given(st.lists(paragraphs(6, 20), max_size=8, unique_by=tuple))
@settings(max_examples=20)
def test_a_text_without_copies_is_left_alone(several: list[list[str]]) -> None:
    text = "\r\n".join(" ".join([f"start{number}", *words, f"end{number}"]) for number, words in enumerate(several))
    assume(not find_residue(text))
    cleaned = clean(text)
    kept = [set(shingles(line)) for line in text.split("\n")]
    assume(all(not (one & two) for place, one in enumerate(kept) for two in kept[:place]))
    assert cleaned == Cleaned(text, ())


@given(st.data(), st.lists(paragraphs(8, 16), min_size=2, max_size=5), st.sampled_from(["\n", "\r\n", "\n\n"]))
@settings(max_examples=20)
def test_copied_paragraphs_go_though_one_among_them_was_edited(
    data: st.DataObject, several: list[list[str]], newline: str
) -> None:
    """A paragraph that differs in so much as a word is left; the copies around it are still cut."""
    several = [[f"Only{number}", *words] for number, words in enumerate(several)]
    place = data.draw(st.integers(0, len(several) - 1))
    other = [*data.draw(edited(several[place])), "new", "ending"]
    first = [" ".join(words) for words in several]
    copy = [" ".join(other) if number == place else line for number, line in enumerate(first)]
    cleaned = clean(newline.join([*first, "Here comes a headline between both", *copy]))
    left = [line.strip() for line in cleaned.text.split("\n") if line.strip()]
    assert left == [*first, "Here comes a headline between both", " ".join(other)]


WRAPPED = (
    "The committee met on Monday and decided that the\nproposal should be withdrawn for the time being\n"
    "and discussed again by members in the autumn of\nthe coming year."
)
LOWER_RESIDUE = RESIDUE_LINE.lower()


def test_a_wrapped_paragraph_is_one_copy() -> None:
    text = f"{WRAPPED}\n\nA line between them both.\n\n{WRAPPED}\n"
    cleaned = clean(text)
    assert cleaned.text == f"{WRAPPED}\n\nA line between them both.\n\n"
    assert [(cut.span.line, cut.span.end_line) for cut in cleaned.cuts] == [(8, 11)]


@given(st.lists(st.sampled_from([*WRAPPED.split("\n"), RESIDUE_LINE, "A line between them both.", ""]), max_size=24))
@settings(max_examples=40)
def test_what_is_cleaned_again_and_again_comes_to_an_end(lines: list[str]) -> None:
    """Without a line a block may be a wrapped paragraph, and a copy of another one: each round cuts, or is the last."""
    text = f"{WRAPPED}\n\n" + "\n".join(lines)
    for _ in range(len(lines) + 5):
        cleaned = clean(text)
        assert bool(cleaned.cuts) == (len(cleaned.text) < len(text))
        if not cleaned.cuts:
            return
        text = cleaned.text
    raise AssertionError("there are no more lines to be cut")


@pytest.mark.parametrize("between", ["A line between them both.", RESIDUE_LINE])
def test_a_line_that_is_cut_out_of_a_wrapped_paragraph_leaves_one_that_is_found_when_cleaned_again(
    between: str,
) -> None:
    first, second, *rest = WRAPPED.split("\n")
    broken = "\n".join([first, second, between, *rest])
    once = clean(f"{WRAPPED}\n\nA line between them both.\n\n{broken}\n").text
    assert once == f"{WRAPPED}\n\nA line between them both.\n\n{WRAPPED}\n"
    again = clean(once).text
    assert again == f"{WRAPPED}\n\nA line between them both.\n\n"
    assert clean(again).cuts == ()


def test_a_line_of_residue_is_no_part_of_the_wrapped_paragraph_above_it() -> None:
    text = f"{WRAPPED}\n\n{WRAPPED}\n{LOWER_RESIDUE}\n"
    assert clean(text).text == f"{WRAPPED}\n\n"


def test_a_line_of_residue_is_no_wrapped_end_of_the_line_above_it() -> None:
    line = "The council rejected the price of the copper bridge on Monday."
    assert clean(f"{line}\n{LOWER_RESIDUE}\n\n{line}\n").text == f"{line}\n\n"


def test_a_line_that_stands_twice_is_no_wrapped_paragraph() -> None:
    line = "this line of more than forty characters begins in lower case\n"
    assert clean(line * 2).text == line


@pytest.mark.parametrize("text", ["", "\n", "\r\n\r\n", "one", "\0", "\ud800\n\ud800", "a b\na b\na b"])
def test_small_texts_are_left_alone(text: str) -> None:
    assert clean(text) == Cleaned(text, ())


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\n\n"])
@pytest.mark.parametrize("copies", [2, 5, 40])
def test_of_any_number_of_copies_the_first_stays(newline: str, copies: int) -> None:
    """Also where they are so many that a scan calls them boilerplate."""
    generator = np.random.default_rng(2)
    line, title = sentence(generator, 12), sentence(generator, 7)
    text = newline.join([title, *[line] * copies, "The end"])
    cleaned = clean(text)
    assert [each for each in cleaned.text.split("\n") if each.strip()] == [
        *(f"{each}\r" if newline == "\r\n" else each for each in (title, line)),
        "The end",
    ]


def test_the_vocabulary_holds_no_residue() -> None:
    assert find_residue("\n".join([*VOCABULARY, " ".join(VOCABULARY)])) == []
