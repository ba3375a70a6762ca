"""Tokens: words of any script, folded, hashed, and found again in the text."""

import unicodedata

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import assume, given, settings

from dedup.kernels import Kernels
from dedup.model import TextColumn
from dedup.tokenising import token_hashes, tokenise
from tests import oracles
from tests.oracles import Token, byte_places
from tests.strategies import SCRIPTS, settled_texts, texts


def hashes_of(text: str, kernels: Kernels) -> list[int]:
    hashes: list[int] = tokenise(TextColumn.from_strings([text]), kernels).hashes.tolist()
    return hashes


def found_tokens(text: str, kernels: Kernels) -> list[tuple[int, int, int]]:
    """Hash, and place in characters, of each token."""
    tokens = tokenise(TextColumn.from_strings([text]), kernels)
    character_at = {byte: place for place, byte in enumerate(byte_places(text))}
    places = zip(tokens.hashes.tolist(), tokens.starts.tolist(), tokens.ends.tolist(), strict=True)
    return [(value, character_at[start], character_at[end]) for value, start, end in places]


def expected_tokens(tokens: list[Token]) -> list[tuple[int, int, int]]:
    return [(oracles.hash_token(token.folded), token.start, token.end) for token in tokens]


@given(settled_texts())
@settings(max_examples=60)
def test_tokens_are_those_of_the_textbook(kernels: Kernels, text: str) -> None:
    assert found_tokens(text, kernels) == expected_tokens(oracles.tokenise(text))


@pytest.mark.parametrize("text", SCRIPTS.values(), ids=SCRIPTS.keys())
def test_tokens_are_those_of_the_textbook_in_every_script(kernels: Kernels, text: str) -> None:
    assert found_tokens(text, kernels) == expected_tokens(oracles.tokenise(text))


@given(st.lists(texts(), max_size=5))
@settings(max_examples=60)
def test_a_text_has_the_same_tokens_alone_and_among_others(kernels: Kernels, documents: list[str]) -> None:
    together = tokenise(TextColumn.from_strings(documents), kernels)
    hashes = np.split(together.hashes, together.offsets[1:-1])
    assert together.offsets[0] == 0
    assert together.offsets[-1] == together.hashes.size
    for document, its_hashes in zip(documents, hashes, strict=False):
        assert its_hashes.tolist() == hashes_of(document, kernels)


@given(texts())
@settings(max_examples=60)
def test_each_token_slices_back_to_text_that_is_this_token(kernels: Kernels, text: str) -> None:
    end_before = 0
    for value, start, end in found_tokens(text, kernels):
        assert end_before <= start < end
        assert hashes_of(text[start:end], kernels) == [value]
        end_before = end


@given(texts())
@settings(max_examples=60)
def test_what_is_not_in_a_token_holds_no_token(kernels: Kernels, text: str) -> None:
    end_before = 0
    for _, start, end in [*found_tokens(text, kernels), (0, len(text), len(text))]:
        assert hashes_of(text[end_before:start], kernels) == []
        end_before = end


LETTERS = "abzßéüñłøđžăơưệḉёйїўґљАЯЙάήϊΰςΩᾳאשبتؤइक़ऩনেോ"


@given(st.text(st.sampled_from(LETTERS + " .,"), max_size=30))
@settings(max_examples=60)
def test_composed_and_decomposed_forms_have_the_same_tokens(kernels: Kernels, text: str) -> None:
    composed, decomposed = unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text)
    # Characters are folded one by one: marks that composing reorders, as á and a cedilla, keep their order.
    assume("".join(unicodedata.normalize("NFD", each) for each in composed) == decomposed)
    assert hashes_of(composed, kernels) == hashes_of(decomposed, kernels)


UNVOCALISED = "السلام عليكم ورحمة الله، أهلا وسهلا بكم في بيتنا؟ مؤتمر آخر"


# Hangul, voiced kana and vocalised Arabic are the exceptions that dedup.tokenising.codepoints names.
@pytest.mark.parametrize(
    "text", [*(SCRIPTS[script] for script in sorted(SCRIPTS.keys() - {"Korean", "Japanese", "Arabic"})), UNVOCALISED]
)
def test_normalisation_of_running_text_changes_no_token(kernels: Kernels, text: str) -> None:
    composed, decomposed = unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text)
    assert hashes_of(composed, kernels) == hashes_of(decomposed, kernels) == hashes_of(text, kernels) != []


@given(st.text(st.characters(categories=["Lu", "Ll"]).filter(oracles.is_settled), max_size=20))
@settings(max_examples=60)
def test_upper_and_lower_case_have_the_same_tokens(kernels: Kernels, text: str) -> None:
    # A dotless i and the like have a capital that is another letter's.
    assume(all(each.upper().casefold() == each.lower().casefold() == each.casefold() for each in text))
    assert hashes_of(text.upper(), kernels) == hashes_of(text.lower(), kernels) == hashes_of(text, kernels)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("STRASSE", "straße"),
        ("ΟΔΟΣ", "οδος"),
        ("ｆｕｌｌ１２", "full12"),
        ("ﬁnance", "FINANCE"),
        ("ﻻ", "لا"),
        ("x²", "X2"),
        ("ａｶﾅ", "aカナ"),
    ],
)
def test_forms_of_the_same_word_have_the_same_tokens(kernels: Kernels, one: str, other: str) -> None:
    assert hashes_of(one, kernels) == hashes_of(other, kernels) != []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("resume", "résumé"),
        ("хлеб", "хлёб"),
        ("か", "が"),
        ("2023", "2024"),
        ("ab", "a b"),
        ("ab", "ba"),
        ("하나", "하"),
    ],
)
def test_different_words_have_different_tokens(kernels: Kernels, one: str, other: str) -> None:
    assert hashes_of(one, kernels) != hashes_of(other, kernels)


@given(st.text(st.sampled_from("中国東京はカナไทยລາວབོດမြန်ខ្មែရꀀ"), min_size=1, max_size=20))
@settings(max_examples=60)
def test_each_character_of_an_unspaced_script_is_a_token(kernels: Kernels, text: str) -> None:
    assert [(start, end) for _, start, end in found_tokens(text, kernels)] == [(i, i + 1) for i in range(len(text))]


def test_scripts_that_meet_without_a_space_are_split_only_where_one_is_unspaced(kernels: Kernels) -> None:
    text = "iPhone15を買った привет한국"
    words = [text[start:end] for _, start, end in found_tokens(text, kernels)]
    assert words == ["iPhone15", "を", "買", "っ", "た", "привет한국"]


@given(
    st.sampled_from(["prevention", "Łukašenka", "выборы", "क्षेत्र", "שלום", "سلام", "안녕"]),
    st.sampled_from("\u00ad\u034f\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202e\u2060\u2066\u2069\ufe0f\ufeff"),
    st.data(),
)
@settings(max_examples=60)
def test_ignorable_characters_inside_a_word_change_nothing(
    kernels: Kernels, word: str, ignorable: str, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(word)))
    text = word[:place] + ignorable + word[place:]
    assert hashes_of(text, kernels) == hashes_of(word, kernels)
    [(_, start, end)] = found_tokens(text, kernels)
    assert text[start:end].replace(ignorable, "") == word


@given(st.sampled_from(" \n\t.,;:!?-—–/|\"'’«»()[]<>@#&*=+\0\x1b\x85\u00a0\u2028\u3000、。।؟🙂$€\ud800\udfff\ufffd"))
@settings(max_examples=60)
def test_separators_part_words_and_are_no_tokens(kernels: Kernels, separator: str) -> None:
    assert hashes_of(f"one{separator}two", kernels) == hashes_of("one two", kernels)
    assert hashes_of(separator * 3, kernels) == []


def test_tokens_of_any_length_differ_by_their_last_letter_and_their_number_of_letters(kernels: Kernels) -> None:
    words = [letter * length for letter in "ab" for length in range(1, 40)]
    words += ["a" * length + "b" for length in range(1, 40)]
    assert len(set(token_hashes(words, kernels).tolist())) == len(words)


def test_hashes_of_words_are_those_of_the_textbook(kernels: Kernels) -> None:
    words = ["a", "Election", "выборы", "中", "x" * 100]
    expected = [oracles.hash_token(word.casefold()) for word in words]
    assert token_hashes(words, kernels).tolist() == expected
    assert token_hashes([], kernels).size == 0


@pytest.mark.parametrize("not_a_word", ["two words", "", "...", "東京", "\ud800"])
def test_a_word_must_be_a_single_token(kernels: Kernels, not_a_word: str) -> None:
    with pytest.raises(ValueError, match="is not a single token"):
        token_hashes(["fine", not_a_word], kernels)
