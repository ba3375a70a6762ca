"""Segments: paragraphs with their place in the text, each token in one of them."""

import textwrap

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from dedup.kernels import Kernels
from dedup.model import TextColumn
from dedup.segmenting import segment
from dedup.tokenising import tokenise
from tests import oracles
from tests.oracles import WHITE, byte_places
from tests.strategies import SCRIPTS, prose, texts, wrapped_texts

any_text = st.one_of(texts(), prose(), wrapped_texts())


def found_paragraphs(text: str, kernels: Kernels) -> list[tuple[int, int]]:
    """Start and end of each segment, in characters."""
    found = segment(TextColumn.from_strings([text]), kernels)
    character_at = {byte: place for place, byte in enumerate(byte_places(text))}
    return [(character_at[a], character_at[b]) for a, b in zip(found.starts.tolist(), found.ends.tolist(), strict=True)]


def paragraph_texts(text: str, kernels: Kernels) -> list[str]:
    return [text[start:end] for start, end in found_paragraphs(text, kernels)]


@given(any_text)
@settings(max_examples=50)
def test_segments_are_the_paragraphs_of_the_textbook(kernels: Kernels, text: str) -> None:
    assert found_paragraphs(text, kernels) == oracles.paragraphs(text)


@given(any_text)
@settings(max_examples=50)
def test_segments_are_in_order_apart_and_begin_and_end_with_solid_characters(kernels: Kernels, text: str) -> None:
    end_before = 0
    for start, end in found_paragraphs(text, kernels):
        assert end_before <= start < end
        assert text[start] not in WHITE
        assert text[end - 1] not in WHITE
        end_before = end


@given(any_text)
@settings(max_examples=50)
def test_what_is_in_no_segment_is_white(kernels: Kernels, text: str) -> None:
    between, end_before = "", 0
    for start, end in found_paragraphs(text, kernels):
        between += text[end_before:start]
        end_before = end
    assert set(between + text[end_before:]) <= WHITE


@given(st.lists(any_text, max_size=4))
@settings(max_examples=50)
def test_every_token_lies_in_one_segment_of_its_own_text(kernels: Kernels, documents: list[str]) -> None:
    column = TextColumn.from_strings(documents)
    tokens = tokenise(column, kernels)
    found = segment(column, kernels)
    assert found.texts.tolist() == sorted(found.texts.tolist())
    owner = np.searchsorted(found.starts, tokens.starts, side="right") - 1
    assert (owner >= 0).all()
    assert (tokens.ends <= found.ends[owner]).all()
    text_of_token = np.repeat(np.arange(len(documents)), np.diff(tokens.offsets))
    assert found.texts[owner].tolist() == text_of_token.tolist()


@given(st.lists(any_text, max_size=5))
@settings(max_examples=50)
def test_a_text_has_the_same_segments_alone_and_among_others(kernels: Kernels, documents: list[str]) -> None:
    column = TextColumn.from_strings(documents)
    together = segment(column, kernels)
    for row, document in enumerate(documents):
        alone = segment(TextColumn.from_strings([document]), kernels)
        own = together.texts == row
        assert (together.starts[own] - column.offsets[row]).tolist() == alone.starts.tolist()
        assert (together.ends[own] - column.offsets[row]).tolist() == alone.ends.tolist()


ENGLISH = (
    "The government said on Tuesday that it would close two of the border crossings for at least three months, "
    "and that travellers should plan for long delays at those which remain open. Hauliers warned that goods worth "
    "millions would be stuck in queues, while the opposition called the decision a gift to smugglers."
)
RUSSIAN = (
    "Правительство сообщило во вторник, что закроет два пограничных перехода не меньше чем на три месяца и что "
    "путешественникам следует готовиться к долгим задержкам на остальных. Перевозчики предупредили, что товары на "
    "миллионы застрянут в очередях, а оппозиция назвала это решение подарком контрабандистам."
)
GERMAN = (
    "wie die Behörde am Dienstag mitteilte, werden zwei der Übergänge für mindestens drei Monate geschlossen, und "
    "wer verreisen will, muss sich an den übrigen auf lange Wartezeiten einstellen. Spediteure warnten davor, dass "
    "überall Waren in den Schlangen stecken bleiben, während man im Parlament von einem Geschenk sprach."
)


@pytest.mark.parametrize("width", [50, 72, 90])
@pytest.mark.parametrize("paragraph", [ENGLISH, RUSSIAN, GERMAN], ids=["English", "Russian", "German"])
def test_a_hard_wrapped_paragraph_is_one_segment(kernels: Kernels, paragraph: str, width: int) -> None:
    wrapped = textwrap.fill(paragraph, width)
    assert wrapped.count("\n") > 1
    assert paragraph_texts(f"{wrapped}\n\n{wrapped}\n", kernels) == [wrapped, wrapped]
    indented = textwrap.indent(wrapped, "\t ").replace("\n", " \r\n")
    assert len(paragraph_texts(indented, kernels)) == 1


HEADLINES = {
    "English": (
        "Government closes two border crossings for three months\n"
        "Hauliers warn of goods worth millions stuck in queues\n"
        "Opposition calls the decision a gift to all smugglers\n"
        "Weather: rain in the west, sunshine in the south-east"
    ),
    "Russian": (
        "Правительство закрывает два пограничных перехода\n"
        "Перевозчики предупреждают о товарах в очередях\n"
        "Оппозиция называет решение подарком контрабандистам\n"
        "Погода: дождь на западе и солнце на юго-востоке"
    ),
    "German": (
        "Regierung schließt zwei Übergänge für drei Monate\n"
        "Übliche Waren im Wert von Millionen bleiben stecken\n"
        "Opposition nennt die Entscheidung ein Geschenk\n"
        "Wetter: Regen im Westen, Sonnenschein im Süden"
    ),
}


@pytest.mark.parametrize("lines", HEADLINES.values(), ids=HEADLINES.keys())
def test_each_of_a_list_of_headlines_is_a_segment(kernels: Kernels, lines: str) -> None:
    assert paragraph_texts(lines, kernels) == lines.split("\n")


@pytest.mark.parametrize(
    "lines",
    [
        "short lines of verse\nthat go on in lower case\nbut are not forced to break",
        textwrap.fill(ENGLISH * 2, 130),
        # The second line would have taken the third's first word.
        "the government said on Tuesday that it would close all\ncrossings\nand that travellers should plan for delays",
        textwrap.fill(ENGLISH.title(), 60),
    ],
    ids=["verse", "wider than 120", "a break that was not forced", "capitals"],
)
def test_lines_that_only_look_wrapped_stay_segments(kernels: Kernels, lines: str) -> None:
    assert paragraph_texts(lines, kernels) == lines.split("\n")


@pytest.mark.parametrize(("width", "wrapped"), [(39, False), (40, True), (120, True), (121, False)])
def test_a_wrapped_block_has_40_to_120_characters(kernels: Kernels, width: int, wrapped: bool) -> None:
    text = f"{'é' * width}\n{'x' * (width - 1)}\nand more"
    assert len(paragraph_texts(text, kernels)) == (1 if wrapped else 3)


@pytest.mark.parametrize(("lower", "wrapped"), [(0, False), (1, False), (2, True), (3, True), (4, True)])
def test_half_of_the_lines_after_the_first_go_on_in_lower_case(kernels: Kernels, lower: int, wrapped: bool) -> None:
    word = "x" * 50
    lines = [word, *(letter + "y" * 49 for letter in "abcd"[:lower]), *(letter + "Y" * 48 for letter in "ABCD"[lower:])]
    lines[-1] = lines[-1][:-1]
    assert len(paragraph_texts("\n".join(lines), kernels)) == (1 if wrapped else 5)


def test_a_wrapped_block_has_three_lines_and_a_shorter_last_one(kernels: Kernels) -> None:
    line = "this line of more than forty characters begins in lower case"
    assert paragraph_texts(f"{line}\n{line}", kernels) == [line, line]
    assert paragraph_texts(f"{line}\nthis is the end", kernels) == [line, "this is the end"]
    assert paragraph_texts(f"{line}\n{line}\n{line}", kernels) == [line, line, line]
    wrapped = f"{line}\n{line[::-1]}\nthis is the end"
    assert paragraph_texts(wrapped, kernels) == [wrapped]


def test_lines_of_which_one_stands_twice_are_no_wrapped_paragraph(kernels: Kernels) -> None:
    line, other = "gate 2 alpha beta gamma delta epsilon 14 eta", "gate 3 alpha beta gamma delta epsilon 21 eta"
    assert paragraph_texts(f"{line}\n{other}\n{line}\nshort", kernels) == [line, other, line, "short"]


@pytest.mark.parametrize(("size", "fits"), [(9, True), (10, False)])
def test_a_break_is_forced_where_the_next_word_would_not_have_fitted(kernels: Kernels, size: int, fits: bool) -> None:
    # A line of 40, a space and a word of 9 would have made 50, as many as the longest line has.
    text = f"{'x' * 50}\n{'y' * 40}\n{'z' * size} and so on"
    assert len(paragraph_texts(text, kernels)) == (3 if fits else 1)


def going_on_with(letter: str) -> str:
    """A block that is wrapped if the letter is known as a lower-case one."""
    return f"{'x' * 50}\n{letter}{'x' * 48}\nThe end"


@pytest.mark.parametrize("letter", ["a", "z", "ß", "é", "ÿ", "ά", "ς", "ώ", "а", "я", "ё", "џ"])
def test_lower_case_is_known_in_latin_greek_and_cyrillic(kernels: Kernels, letter: str) -> None:
    assert len(paragraph_texts(going_on_with(letter), kernels)) == 1


@pytest.mark.parametrize("letter", ["A", "Z", "Ä", "Þ", "Ά", "Ω", "А", "Я", "Ё", "Џ", "1", "«", "中", "ա", "`", "{"])
def test_what_is_no_lower_case_letter_does_not_go_on(kernels: Kernels, letter: str) -> None:
    assert len(paragraph_texts(going_on_with(letter), kernels)) == 3


def test_a_paragraph_does_not_go_on_in_the_next_text(kernels: Kernels) -> None:
    first, *others = textwrap.fill(ENGLISH, 60).split("\n")
    column = TextColumn.from_strings([first, *others])
    found = segment(column, kernels)
    assert found.starts.tolist() == column.offsets[:-1].tolist()
    assert found.ends.tolist() == column.offsets[1:].tolist()
    assert found.texts.tolist() == list(range(len(column)))


def test_a_block_is_judged_by_itself(kernels: Kernels) -> None:
    wrapped = textwrap.fill(ENGLISH, 60)
    headlines = HEADLINES["English"]
    expected = [*headlines.split("\n"), wrapped, *headlines.split("\n")]
    assert paragraph_texts(f"{headlines}\n \u200b\n{wrapped}\n\n\n{headlines}", kernels) == expected


@pytest.mark.parametrize("text", SCRIPTS.values(), ids=SCRIPTS.keys())
def test_lines_of_every_script_are_segments(kernels: Kernels, text: str) -> None:
    assert paragraph_texts(f"\ufeff{text} \n\u3000{text}\u00a0\n\n{text}", kernels) == [text] * 3


@pytest.mark.parametrize("text", ["", "\n", " \t\r\n\0\n\u200b\ufeff", "\u3000\u2028\x85"])
def test_a_blank_text_has_no_segments(kernels: Kernels, text: str) -> None:
    found = segment(TextColumn.from_strings([text, text]), kernels)
    assert found.starts.size == found.ends.size == found.texts.size == 0


def test_only_line_feeds_end_a_line(kernels: Kernels) -> None:
    assert paragraph_texts("one\rtwo\x0bthree\u2028four\u2029five\x85six\r\nseven", kernels) == [
        "one\rtwo\x0bthree\u2028four\u2029five\x85six",
        "seven",
    ]
