"""With what the texts that an expression matches can begin: what tells, at the cost of a look-up, that it will not.

An expression is read without being compiled, and only as far as its first few characters. Whatever is not understood,
and whatever stands for too many characters, ends the reading there: the shorter beginning admits more texts.
"""

import hashlib
import json
import re
from functools import cache
from importlib import resources

from dedup.labelling.residue_window import straighten

LENGTH = 8
"""Characters of the longest beginning at the first word: as many as tell "the poli" from "the pric"."""

SIGN = "\x01"
"""What stands in a beginning for a sign or digit that is in no folded text."""

FILE = "residue_beginnings.json"

_LONGEST_SOUGHT = 14
_MOST_SOUGHT = 16

_MOST = 2000
"""More beginnings than this are taken together as the empty one."""

_READABLE = re.compile("[ -~À-ÿЀ-џ一-鿿【】]*")
"""Texts of which each character is matched, case ignored, by itself and by what it is in lower case, and in which the
space is the only white space: any other may be matched by a character of an expression that looks unlike it."""

_QUANTIFIER = re.compile(r"([?*+]|\{(\d*),?(\d*)\})[?+]?")
_CLASS = re.compile(r"\[(-?(?:[^\[\]\\^-]|\\s)+)\]")
_MEMBER = re.compile(r"\\s|.", re.DOTALL)
_ANY_CLASS = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
_CODE = re.compile(r"u([0-9A-Fa-f]{4})")
_LOOKING = re.compile(r"\(\?<?[=!]")

Texts = frozenset[str]
_NOTHING: Texts = frozenset({""})


def beginnings(expression: str, length: int = LENGTH) -> Texts:
    """Lower-case texts of at most `length` characters, with one of which each match of the expression begins.

    They hold of texts that are `folded`. Those of the shipped grammar were read when it was written.
    """
    known = shipped_beginnings().get(key_of(expression, length))
    return _Reading(expression, length).read() if known is None else frozenset(known)


def read_beginnings(expression: str, length: int = LENGTH) -> Texts:
    """The same, read from the expression."""
    return _Reading(expression, length).read()


@cache
def sought(expression: str) -> tuple[str, ...] | None:
    """The longest beginnings that are quickly looked for, or None if looking tells nothing."""
    key = key_of(expression, 0)
    found = shipped_beginnings()[key] if key in shipped_beginnings() else read_sought(expression)
    return None if found is None else tuple(found)


def read_sought(expression: str) -> list[str] | None:
    """The same, read from the expression."""
    for length in range(_LONGEST_SOUGHT, 1, -1):
        every = read_beginnings(expression, length)
        if len(every) <= _MOST_SOUGHT:
            return None if "" in every else sorted(each for each in every if not _is_longer(each, every))
    return None


def _is_longer(text: str, others: Texts) -> bool:
    return any(text[:length] in others for length in range(len(text)))


@cache
def shipped_beginnings() -> dict[str, list[str] | None]:
    """What was read from the expressions of the shipped grammar, by `key_of` them."""
    shipped: dict[str, list[str] | None] = json.loads(resources.files(__package__).joinpath(FILE).read_bytes())
    return shipped


def key_of(expression: str, length: int) -> str:
    """By what the beginnings of a length are known, and, by a length of 0, those that are sought."""
    return f"{hashlib.sha256(expression.encode()).hexdigest()[:16]}:{length}"


def folded(text: str) -> str | None:
    """A text in lower case, to look for `beginnings` in it, or None if that would tell nothing.

    Only of ordinary letters does Python's way of ignoring case follow from `str.lower`, and only where words are one
    space apart does a space stand for any white space.
    """
    if "  " in text or not (text.isprintable() if text.isascii() else _READABLE.fullmatch(text)):
        return None
    return text.lower()


class _Reading:
    """One pass over an expression.

    A part gives two sets of texts: those after which what follows the part is to be read, and those that are ended.
    """

    def __init__(self, expression: str, length: int) -> None:
        self.expression = expression
        self.length = length
        self.place = 0

    def read(self) -> Texts:
        going, ended = self._alternatives()
        if self.place < len(self.expression):
            return _NOTHING
        found = going | ended
        return found if len(found) <= _MOST else _NOTHING

    def _alternatives(self) -> tuple[Texts, Texts]:
        going, ended = self._sequence()
        while self.expression.startswith("|", self.place):
            self.place += 1
            more_going, more_ended = self._sequence()
            going, ended = going | more_going, ended | more_ended
        return going, ended

    def _sequence(self) -> tuple[Texts, Texts]:
        going: Texts = _NOTHING
        ended: Texts = frozenset()
        while self.place < len(self.expression) and self.expression[self.place] not in "|)":
            following, stopped = self._part()
            if len(going) * max(len(following), len(stopped)) > _MOST:
                going, ended = frozenset(), ended | going
            longer = {one + other for one in going for other in following}
            ended |= {(one + other)[: self.length] for one in going for other in stopped}
            ended |= {each[: self.length] for each in longer if len(each) >= self.length}
            going = frozenset(each for each in longer if len(each) < self.length)
        return going, ended

    def _part(self) -> tuple[Texts, Texts]:
        white = self.expression.startswith("\\s", self.place)
        going, ended = self._one()
        quantifier = _QUANTIFIER.match(self.expression, self.place)
        if quantifier is None:
            return going, ended
        self.place = quantifier.end()
        if quantifier[1] == "?":
            return going | _NOTHING, ended
        if white and quantifier[1] in "+*":
            # There is one space at most.
            return going if quantifier[1] == "+" else going | _NOTHING, ended
        # It may come again, or not, before what follows.
        ended |= going
        skipped = quantifier[1] == "*" or (quantifier[1] != "+" and int(quantifier[2] or 0) == 0)
        return (_NOTHING if skipped else frozenset()), ended

    def _one(self) -> tuple[Texts, Texts]:
        """A character, a class, a group or an assertion, without its quantifier."""
        expression, start = self.expression, self.place
        character = expression[start]
        if character == "^":
            self.place += 1
            return _NOTHING, frozenset()
        if character == "(":
            return self._group()
        if character == "[":
            return self._class()
        self.place += 1
        if character == "\\":
            character = expression[self.place]
            self.place += 1
            if character == "b":
                return _NOTHING, frozenset()
            if hexadecimal := _CODE.match(expression, self.place - 1):
                self.place = hexadecimal.end()
                return _literal(chr(int(hexadecimal[1], 16)))
            if character == "s":
                return frozenset({" "}), frozenset()
            if character == "d":
                return frozenset({*"0123456789", SIGN}), frozenset()
            return _literal(character) if not character.isalnum() else (frozenset(), _NOTHING)
        return _literal(character) if character not in ".$" else (frozenset(), _NOTHING)

    def _group(self) -> tuple[Texts, Texts]:
        looking = _LOOKING.match(self.expression, self.place)
        plain = self.expression.startswith("(?:", self.place)
        understood = looking is not None or plain or not self.expression.startswith("(?", self.place)
        self.place = looking.end() if looking else self.place + (3 if plain else 1)
        if not understood:
            # A group whose head is unknown is read past: "?" alone would be taken for a quantifier.
            self.place += 1
        found = self._alternatives()
        self.place += 1
        if looking:
            return _NOTHING, frozenset()
        return found if understood else (frozenset(), _NOTHING)

    def _class(self) -> tuple[Texts, Texts]:
        simple = _CLASS.match(self.expression, self.place)
        whole = simple or _ANY_CLASS.match(self.expression, self.place)
        self.place = whole.end() if whole else len(self.expression)
        if simple is None:
            return frozenset(), _NOTHING
        members = [_literal(" " if each == "\\s" else each) for each in _MEMBER.findall(simple[1])]
        return frozenset().union(*(going for going, _ in members)), frozenset().union(*(ended for _, ended in members))


def _literal(character: str) -> tuple[Texts, Texts]:
    if _READABLE.fullmatch(character):
        return frozenset({character.lower()}), frozenset()
    if character.isalpha():
        # It may be what some readable one is in another case.
        return frozenset(), _NOTHING
    # No window holds what is straightened, and of other signs none is told from another.
    return frozenset() if straighten(character) != character else frozenset({SIGN}), frozenset()
