"""The compiled segmentation gives what the reference gives, at the borders of its windows and words too."""

from textwrap import fill

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis.strategies import SearchStrategy

from dedup.kernels import compiled, reference
from dedup.kernels.compiled_segments import WINDOW, count_newlines
from dedup.model import TextColumn
from tests.kernels.twins import assert_same, examples
from tests.strategies import texts, wrapped_texts

WHITE = (
    *" \t\r\0\x1f\x7f",
    *"\x80\x85\u00a0\u1680\u2000\u200b\u200f\u2028\u202f\u205f\u3000\ufeff",
)
NOT_WHITE = (*"aZ.é\u00a1\u1681\u2010\u2027\u2030\u2060\u3001\ufefe中\ud800🙂", "\u0440", "\u007e", "\u0561")


def segments_of(documents: list[str]) -> list[list[str]]:
    """The segments of each text, the same from both implementations."""
    column = TextColumn.from_strings(documents)
    found = compiled.segment(column.data, column.offsets)
    assert_same(reference.segment(column.data, column.offsets), found)
    held = column.data.tobytes()
    pieces = [
        held[start:end].decode("utf-8", "surrogatepass") for start, end in zip(found.starts, found.ends, strict=True)
    ]
    return [pieces[a:b] for a, b in zip(found.offsets[:-1], found.offsets[1:], strict=True)]


def edged_lines() -> SearchStrategy[str]:
    """A line with white space, or what looks like it, at both ends and within."""
    edge = st.text(st.sampled_from(WHITE), max_size=3)
    near = st.text(st.sampled_from(NOT_WHITE), max_size=2)
    body = st.one_of(st.just(""), st.integers(0, 70).map(lambda length: "w" * length), texts(20))
    return st.tuples(edge, near, body, near, edge).map("".join)


def wrapped_blocks() -> SearchStrategy[str]:
    """Paragraphs wrapped at or beside the least and the greatest width, with other scripts and endings."""
    word = st.sampled_from(
        ["of", "words", "Word", "x" * 7, "y" * 8, "z" * 17, "ёжик", "été", "中文", "a\u3000b", "o\x7fp"]
    )
    words = st.lists(word, min_size=8, max_size=60).map(" ".join)
    width = st.sampled_from([39, 40, 41, 72, 119, 120, 121])
    block = st.tuples(words, width).map(lambda drawn: fill(*drawn, break_on_hyphens=False, break_long_words=False))
    ending = st.sampled_from(["\n", "\r\n", " \n", "\u00a0\n", "\n\u3000"])
    return st.tuples(block, ending).map(lambda drawn: drawn[0].replace("\n", drawn[1]))


@given(st.lists(st.lists(edged_lines(), max_size=5).map("\n".join), max_size=5))
@settings(max_examples=examples(150))
@example(["", "", "\n", "\n\n"])
@example(["\ufeffa\u2003\u3000", "\u3000", "\u00a0é\u00a0\r", "a"])
@example(["\x7f\x00a\x00\x7f\r", "中\u2028\n\u200b中"])
def test_white_space_around_a_line_is_left_out(documents: list[str]) -> None:
    segments_of(documents)


@given(st.lists(st.lists(wrapped_blocks(), max_size=3).map("\n\n".join), max_size=3))
@settings(max_examples=examples(150))
def test_wrapped_blocks(documents: list[str]) -> None:
    segments_of(documents)


@given(st.integers(0, 130), st.integers(0, 130), st.sampled_from(["\n", "\n\n", "\r\n", "\u3000\n"]))
@settings(max_examples=examples(100))
def test_line_ends_at_any_place_of_a_word(first: int, second: int, ending: str) -> None:
    text = "a" * first + ending + "é" * second
    assert segments_of([text, text]) == [[each for each in ("a" * first, "é" * second) if each]] * 2


@pytest.mark.parametrize("shift", [-2, -1, 0, 1, 2])
@pytest.mark.parametrize("edge", [64, WINDOW, 2 * WINDOW])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\u3000\n\u3000"])
def test_line_ends_at_the_edge_of_a_window(edge: int, shift: int, ending: str) -> None:
    line, last = "a" * (edge + shift), "wörd"
    assert segments_of([line + ending + last, last]) == [[line, last], [last]]


@pytest.mark.parametrize("shift", [-1, 0, 1])
def test_texts_that_end_at_the_edge_of_a_window(shift: int) -> None:
    line = "a" * (WINDOW + shift)
    assert segments_of([line, "", "b\n", line]) == [[line], [], ["b"], [line]]


def test_nothing_is_read_behind_the_last_byte() -> None:
    for last in ("é", "\u3000", "\u00a0", "a", "\n"):
        for length in (0, 1, 7, 8, 62, 63, 64, 65):
            column = TextColumn.from_strings(["w" * length + last])
            roomy = np.concatenate([column.data, np.full(128, 10, dtype=np.uint8)])
            alone = compiled.segment(column.data, column.offsets)
            assert_same(alone, compiled.segment(roomy[: column.data.size], column.offsets))
            assert_same(alone, reference.segment(column.data, column.offsets))


@given(st.lists(st.one_of(wrapped_texts(), texts(), edged_lines()), min_size=1, max_size=6))
@settings(max_examples=examples(100))
def test_what_stands_before_a_text_does_not_change_its_segments(documents: list[str]) -> None:
    assert segments_of(documents) == [segments_of([each])[0] for each in documents]


def paragraph(lines: int) -> list[str]:
    """Lines of a paragraph wrapped at 46, each of them another, the last one shorter."""
    return [f"line {number:6d} of a text that someone wrapped up" for number in range(lines - 1)] + ["the end"]


@pytest.mark.parametrize("lines", [2, 3, 31, 32, 33, 34, 500])
def test_a_wrapped_block_is_joined_whatever_its_length(lines: int) -> None:
    found = segments_of(["\n".join(paragraph(lines))])[0]
    assert len(found) == (1 if lines >= 3 else lines)


@pytest.mark.parametrize("lines", [4, 32, 33, 34])
def test_a_block_with_any_line_twice_is_not_joined(lines: int) -> None:
    for repeated in range(lines - 2):
        block = paragraph(lines)
        block[lines - 2] = block[repeated]
        assert segments_of(["\n".join(block)]) == [block]


@pytest.mark.parametrize("separator", ["\0", " ", "\x7f", "\x1f", "\u00a0", "\u3000"])
@pytest.mark.parametrize("letter", ["w", "ж", "中", "🙂"])
@pytest.mark.parametrize("width", [40, 72, 120])
def test_a_line_break_is_forced_where_the_next_word_would_not_have_fitted(
    width: int, letter: str, separator: str
) -> None:
    for word in (1, 2, 7, 8, 9, 16, 17):
        last = "a" + letter * (word - 1) + separator + "b"
        for spare in (0, 1):
            block = ["a" + letter * (width - 1), "b" + letter * (width - word - 3 + spare) + "b", last]
            assert len(block[1]) + 1 + word == width + spare
            assert segments_of(["\n".join(block)]) == [["\n".join(block)] if spare else block]


@pytest.mark.parametrize("inside", ["!", "~", "\u2010", "\u00a1"])
def test_what_is_no_white_space_does_not_end_a_word(inside: str) -> None:
    block = ["a" * 50, "b" * 44, f"ccc{inside}cc and more"]
    assert segments_of(["\n".join(block)]) == [["\n".join(block)]]


@pytest.mark.parametrize("letter", ["w", "é", "🙂"])
def test_the_last_line_of_a_wrapped_block_is_shorter_than_the_longest(letter: str) -> None:
    block = [start + letter * 49 for start in "abc"]
    assert segments_of(["\n".join(block)]) == [block]
    block[2] = block[2][:-1]
    assert segments_of(["\n".join(block)]) == [["\n".join(block)]]


@pytest.mark.parametrize(("width", "joined"), [(39, False), (40, True), (120, True), (121, False)])
@pytest.mark.parametrize("letter", ["w", "é", "中", "🙂"])
def test_a_wrapped_block_is_so_many_characters_wide_whatever_its_bytes(letter: str, width: int, joined: bool) -> None:
    block = ["a" + letter * (width - 1), "b" + letter * (width - 1), "c" + letter * (width - 2)]
    assert segments_of(["\n".join(block)]) == [["\n".join(block)] if joined else block]


def test_lines_that_differ_in_one_byte_are_not_the_same() -> None:
    block = paragraph(60)
    for place in range(46):
        changed = block[0][:place] + "~" + block[0][place + 1 :]
        assert len(segments_of(["\n".join([block[0], changed, *block[2:]])])[0]) == 1


@given(st.binary(max_size=200), st.integers(0, 3))
@settings(max_examples=examples(50))
def test_newlines_are_counted(data: bytes, repeated: int) -> None:
    held = np.frombuffer(data * 10**repeated, dtype=np.uint8)
    assert count_newlines(held) == held.tobytes().count(b"\n")
