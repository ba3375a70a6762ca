"""The code-point table: what each character contributes to a token.

One entry a code point, a uint64 holding up to eight bytes, first byte lowest:

- a separator is one space (0x20);
- a word character (letter, mark, digit or underscore) is its folded form in UTF-8: case-folded and compatibility-
  decomposed (NFKD), so that composed and decomposed, full-width and half-width forms give the same bytes;
- a character of a script without spaces between words is the same between two spaces, hence a token of its own:
  such text is shingled by character n-grams;
- an ignorable character (soft hyphen, zero-width and bidirectional controls, variation selectors) is 0: nothing.

A form of more than eight bytes, and any Hangul syllable, stays as it is, lower-cased. Characters are folded one by one,
so that some text gives other tokens when it is decomposed (NFD): these forms, voiced kana (one token composed, two
decomposed), and letters with several marks that composing reorders, as in vocalised Arabic.

The table is shipped, so that a token's hash does not depend on the Unicode version of the Python that runs.
`write_table` makes it anew; where that changes an entry it changes hashes, and so must change `TABLE_VERSION`.
"""

import unicodedata
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

TABLE_VERSION = 1

SEPARATOR = 0x20
_N_CODEPOINTS = 0x110000
_PAGE = 256

# Blocks of scripts that are written without spaces between words (Unicode 15.0, chapters 16 and 18).
_UNSPACED = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x0F00, 0x0FFF),  # Tibetan
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x1950, 0x19DF),  # Tai Le, New Tai Lue
    (0x1A20, 0x1AAF),  # Tai Tham
    (0x2E80, 0x2FDF),  # radicals
    (0x3005, 0x3007),  # ideographic iteration mark, closing mark and zero
    (0x3021, 0x3029),  # Hangzhou numerals
    (0x3031, 0x303C),  # kana repeat marks and further ideographic marks
    (0x3040, 0x312F),  # Hiragana, Katakana, Bopomofo
    (0x31A0, 0x31BF),  # Bopomofo Extended
    (0x31F0, 0x31FF),  # Katakana Phonetic Extensions
    (0x3400, 0x4DBF),  # Han, Extension A
    (0x4E00, 0x9FFF),  # Han
    (0xA000, 0xA4CF),  # Yi
    (0xA9E0, 0xA9FF),  # Myanmar Extended-B
    (0xAA60, 0xAADF),  # Myanmar Extended-A, Tai Viet
    (0xF900, 0xFAFF),  # Han compatibility
    (0xFF66, 0xFF9F),  # half-width Katakana
    (0x17000, 0x18D8F),  # Tangut, Khitan
    (0x1AFF0, 0x1B2FF),  # Kana Extended, Nushu
    (0x20000, 0x3FFFF),  # Han, Extensions B and later
)
_IGNORABLE = (
    (0x00AD, 0x00AD),
    (0x034F, 0x034F),
    (0x061C, 0x061C),
    (0x180B, 0x180F),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x206F),
    (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF),
    (0xE0000, 0xE0FFF),
)


class CodepointTable(NamedTuple):
    """The table in two levels: the entry of c is `pages[page_index[c >> 8], c & 255]`.

    `page_index` is uint16 of shape (4352,), `pages` uint64 of shape (n, 256).
    """

    page_index: NDArray[np.uint16]
    pages: NDArray[np.uint64]


@cache
def codepoint_table() -> CodepointTable:
    """The shipped table."""
    with files(__package__).joinpath("codepoints.npz").open("rb") as file, np.load(file) as arrays:
        return CodepointTable(arrays["page_index"], arrays["pages"])


def codepoint_entry(codepoint: int) -> int:
    """The table's entry for one code point, by the `unicodedata` of the running Python."""
    if _within(codepoint, _IGNORABLE):
        return 0
    if 0xD800 <= codepoint < 0xE000:
        return SEPARATOR
    character = chr(codepoint)
    if not _is_word(character):
        return SEPARATOR
    folded = character.lower()
    if not 0xAC00 <= codepoint < 0xD7A4:
        decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())
        folded = "".join(each for each in decomposed if _is_word(each)) or folded
    encoded = folded.encode()
    if len(encoded) > 8:
        encoded = character.lower().encode()[:8]
    if _within(codepoint, _UNSPACED) and len(encoded) <= 6:
        encoded = b" " + encoded + b" "
    return int.from_bytes(encoded, "little")


def make_table() -> CodepointTable:
    """The whole table, by the `unicodedata` of the running Python. Takes a few seconds."""
    entries = np.fromiter(map(codepoint_entry, range(_N_CODEPOINTS)), dtype=np.uint64, count=_N_CODEPOINTS)
    pages, index = np.unique(entries.reshape(-1, _PAGE), axis=0, return_inverse=True)
    return CodepointTable(index.reshape(-1).astype(np.uint16), pages)


def write_table(path: str) -> None:
    """Make the table and write it to a file, as the one shipped."""
    with open(path, "wb") as file:
        np.savez_compressed(file, **make_table()._asdict())


def _is_word(character: str) -> bool:
    return character == "_" or unicodedata.category(character)[0] in "LMN"


def _within(codepoint: int, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(first <= codepoint <= last for first, last in ranges)
