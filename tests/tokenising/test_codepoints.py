"""The shipped code-point table: what `unicodedata` says, in any Python."""

import unicodedata
from pathlib import Path

import numpy as np
import pytest

from dedup.kernels import U64
from dedup.tokenising import codepoints
from dedup.tokenising.codepoints import SEPARATOR, CodepointTable, codepoint_entry, codepoint_table, write_table
from tests import oracles

SPACE = b" "


def entries(first: int, last: int) -> U64:
    """The shipped entries of the code points from the first to before the last."""
    table = codepoint_table()
    places = np.arange(first, last)
    found: U64 = table.pages[table.page_index[places >> 8], places & 255]
    return found


def spelled(entry: int) -> bytes:
    return entry.to_bytes(8, "little").rstrip(b"\0")


def disagreements(first: int, last: int, step: int) -> list[str]:
    """Code points whose entry is not what the running Python would make, if both know them."""
    shipped = entries(first, last)[::step].tolist()
    return [
        f"U+{codepoint:04X}"
        for codepoint, entry in zip(range(first, last, step), shipped, strict=True)
        # A separator may be a character that a later version of Unicode has added.
        if entry != codepoint_entry(codepoint) and (entry != SEPARATOR or oracles.is_settled(chr(codepoint)))
    ]


def test_every_code_point_of_the_basic_plane_has_the_entry_that_unicodedata_gives() -> None:
    assert disagreements(0, 0x10000, 1) == []


def test_a_sample_of_the_other_planes_has_the_entry_that_unicodedata_gives() -> None:
    assert disagreements(0x10000, 0x110000, 61) == []


def test_every_settled_code_point_of_the_basic_plane_is_what_the_textbook_says() -> None:
    for codepoint, entry in enumerate(entries(0, 0x10000).tolist()):
        character = chr(codepoint)
        if not oracles.is_settled(character):
            continue
        if oracles.is_ignorable(character):
            expected = b""
        elif not oracles.is_word(character):
            expected = SPACE
        elif oracles.is_unspaced(character):
            expected = SPACE + oracles.fold(character).encode() + SPACE
        else:
            expected = oracles.fold(character).encode()
        assert spelled(entry) == expected, f"U+{codepoint:04X}"


def test_surrogates_are_separators() -> None:
    assert set(entries(0xD800, 0xE000).tolist()) == {SEPARATOR}


def test_a_space_stands_only_around_a_form_and_no_form_holds_a_zero_byte() -> None:
    for entry in np.unique(codepoint_table().pages).tolist():
        form = spelled(entry)
        assert b"\0" not in form
        if entry not in (0, SEPARATOR):
            assert SPACE not in form.removeprefix(SPACE).removesuffix(SPACE)
            assert form.startswith(SPACE) == form.endswith(SPACE)
            assert form.strip(SPACE).decode()


def test_the_letters_whose_decomposed_form_differs_are_the_documented_ones() -> None:
    """Composed forms spell what their parts spell, but for Hangul, voiced kana and a few of over eight bytes."""
    exceptions = []
    for codepoint, entry in enumerate(entries(0, 0x10000).tolist()):
        character = chr(codepoint)
        parts = unicodedata.normalize("NFD", character)
        stable = unicodedata.normalize("NFC", character) == character != parts
        if stable and oracles.is_word(character) and oracles.is_settled(character):
            spelling = b"".join(spelled(codepoint_entry(ord(part))) for part in parts)
            exceptions += [unicodedata.name(character)] * (spelled(entry) != spelling)
    others = [name for name in exceptions if not name.startswith(("HANGUL SYLLABLE", "HIRAGANA", "KATAKANA"))]
    assert others == ["KANNADA VOWEL SIGN OO", "SINHALA VOWEL SIGN KOMBUVA HAA DIGA AELA-PILLA", "MYANMAR LETTER UU"]


def test_the_table_is_made_and_written_as_it_is_shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codepoints, "_N_CODEPOINTS", 0x3000)
    path = tmp_path / "table.npz"
    write_table(str(path))
    with np.load(path) as arrays:
        written = CodepointTable(arrays["page_index"], arrays["pages"])
    assert written.page_index.dtype == np.uint16
    assert written.pages.dtype == np.uint64
    places = np.arange(0x3000)
    made = written.pages[written.page_index[places >> 8], places & 255]
    shipped = entries(0, 0x3000)
    agree = (made == shipped) | (shipped == SEPARATOR)
    assert agree.all()
    assert (made == shipped).mean() > 0.99


def test_the_table_is_read_once() -> None:
    assert codepoint_table() is codepoint_table()
