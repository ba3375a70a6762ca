"""A window of a line as the rules of residue see it: straight quotes, letters for marks, markup blanked."""

import re
import unicodedata

HEAD_CHARACTERS = 300
"""How much of a line's beginning is read."""

TAIL_CHARACTERS = 220
"""How much of a line's end is read, for postambles, markers and refusals."""

_STRAIGHT = {
    **dict.fromkeys(map(ord, "“”„‟«»″〝〞「」『』＂"), '"'),
    **dict.fromkeys(map(ord, "‘’‚‛′`´＇"), "'"),
    **dict.fromkeys(map(ord, "：﹕"), ":"),
    **dict.fromkeys(map(ord, "‐‑‒−"), "-"),
    # To an expression it is an s, so let it be one to the words that are asked for.
    ord("ſ"): "s",
}
_STANDS_FOR_MARK = "ˉ"
"""A letter: a combining mark belongs to the word, as in the tokeniser, so no rule matches the word without it."""

IGNORABLE = re.compile(
    "[\u00ad\u034f\u061c\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0000-\U000e0fff]+"
)
"""Characters that are nothing within a word, as in the tokeniser: soft hyphens, zero-width characters and the like."""

_MARKUP = re.compile(r"</?[a-zA-Z][^<>]{0,200}>|[*#]+")
_WORD_CHARACTER = re.compile(r"[^\W㐀-䶿一-鿿ぁ-ゖァ-ヺ]")


class _Straightened(dict[int, str | int]):
    """The table for `str.translate`, one character for one: straight quotes and colons, a letter for each mark."""

    def __missing__(self, code: int) -> str | int:
        self[code] = code if unicodedata.category(chr(code))[0] != "M" else _STANDS_FOR_MARK
        return self[code]


_straightened = _Straightened(_STRAIGHT)


def within_token(text: str, place: int) -> bool:
    """Whether a token runs across `place`."""
    return _of_token[text[place]] and _of_token[text[place - 1]]


class _OfToken(dict[str, bool]):
    """Whether a character is one of those that tokens of several are made of, or ignorable."""

    def __missing__(self, character: str) -> bool:
        self[character] = (
            _WORD_CHARACTER.match(character) is not None
            or unicodedata.category(character)[0] == "M"
            or IGNORABLE.match(character) is not None
        )
        return self[character]


_of_token = _OfToken()


def place_after(text: str, first: int, kept: int) -> int:
    """The place in the text after `kept` characters that are not ignorable, counted from `first`."""
    place = first
    for _ in range(kept):
        if ignorable := IGNORABLE.match(text, place):
            place = ignorable.end()
        place += 1
    return place


def straighten(window: str) -> str:
    """The window with straight quotes and letters for marks, one character for each that is not ignorable."""
    return window if window.isascii() else IGNORABLE.sub("", window).translate(_straightened)


def blank_markup(window: str) -> str:
    """The window with spaces for tags and signs of markup, as long as it was."""
    return (
        _MARKUP.sub(lambda found: " " * len(found[0]), window)
        if "<" in window or "*" in window or "#" in window
        else window
    )


def straight(character: str) -> str:
    """A character as straight as it is typed."""
    return str(_STRAIGHT.get(ord(character), character))
