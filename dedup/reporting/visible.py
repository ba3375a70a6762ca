"""Scraped text made fit for a terminal: nothing in it moves the cursor, reorders the line or hides."""

import codecs
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, TextIO, cast

_JOINERS = "\u200c\u200d"  # Persian, the scripts of India and emoji are spelt with them
_MARKS_IN_A_ROW = 4
_CHARACTERS_A_COLUMN = 4
_PLAIN = {"…": "~", "–": "-", "·": "-", "│": "|", "“": '"', "”": '"'}


def visible(text: str) -> str:
    """Replace everything in the text that is invisible or dangerous by something one sees.

    Control characters become their pictures (ESC is ␛), a tab a space; format characters, such as those that
    turn the direction of writing, line separators and lone surrogates are named (`<U+202E>`). Of combining
    marks stacked on one letter the first four stay.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_visible_characters(text))


def _visible_characters(text: str) -> Iterator[str]:
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        if category[0] == "M":
            marks += 1
            if marks <= _MARKS_IN_A_ROW:
                yield character
            continue
        if character in _JOINERS:
            yield character
            continue
        marks = 0
        if character == "\t":
            yield " "
        elif category == "Cc" and ord(character) < 0x20:
            yield chr(0x2400 + ord(character))
        elif character == "\x7f":
            yield "\u2421"
        elif category in {"Cc", "Cf", "Cs", "Zl", "Zp"}:
            yield f"<U+{ord(character):04X}>"
        else:
            yield character


def cells(text: str) -> int:
    """How many columns of a terminal a visible text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def cut_end(text: str, width: int) -> str:
    """Cut a visible text to `width` columns, its end replaced by an ellipsis where it is longer."""
    if _fits(text, width):
        return text
    from rich.cells import set_cell_size

    return set_cell_size(text[: _CHARACTERS_A_COLUMN * width], width - 1).rstrip() + "…"


def cut_middle(text: str, width: int) -> str:
    """Cut a visible text to `width` columns in its middle: what tells ids apart is often their end."""
    if _fits(text, width):
        return text
    from rich.cells import set_cell_size

    tail = text[-((width - 1) // 2) :]
    while cells(tail) > (width - 1) // 2:
        tail = tail[1:]
    head = set_cell_size(text[: _CHARACTERS_A_COLUMN * width], width - 1 - cells(tail))
    return f"{head.rstrip()}…{tail}"


def _fits(text: str, width: int) -> bool:
    # Marks and joiners take no column, so that the columns alone would not bound the length.
    return len(text) <= _CHARACTERS_A_COLUMN * width and cells(text) <= width


@contextmanager
def text_on(stream: BinaryIO, encoding: str = "utf-8") -> Iterator[TextIO]:
    """Open a text stream on a binary one, which stays open afterwards.

    What the encoding cannot hold is written in the nearest ASCII (`…` as `~`, `│` as `|`) or as `?`.
    """
    codecs.register_error("dedup.plain", _nearest)
    # A TextIOWrapper that cannot flush cannot be detached either, and closes the stream when it is collected.
    yield cast("TextIO", codecs.getwriter(encoding)(stream, "dedup.plain"))


def _nearest(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    bad = error.object[error.start : error.end]
    return "".join(_PLAIN.get(character, "?") for character in bad), error.end
