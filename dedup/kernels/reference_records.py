"""Reading the members of JSON lines in Python. Contracts are in `dedup.kernels.Kernels`."""

import re

import numpy as np
import orjson

from dedup.kernels import I64, U8
from dedup.kernels.records import INTEGERS, MOST_DIGITS, MOST_INTEGER_DIGITS, MOST_NESTED, NO_KIND, STRINGS, LineMembers

_TOKEN = re.compile(
    rb'[ \t\r\n]*(?:("(?:[^"\\\x00-\x1f]|\\.)*")|(-?[0-9][0-9.eE+-]*)|(true|false|null)|([\[\]{},:]))', re.DOTALL
)
_USUAL_NUMBER = re.compile(
    rb"-?(?:0|[1-9][0-9]{0,%d})(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,2})?" % (MOST_INTEGER_DIGITS - 1)
)
_USUAL_INTEGER = re.compile(rb"0|-?[1-9][0-9]{0,%d}" % (MOST_DIGITS - 1))
_USUAL_STRING = re.compile(rb'"[ !#-\[\]-~]*"')
_SPACE = b" \t\r\n"


def read_members(
    data: U8, starts: I64, ends: I64, first: int, text_name: bytes, id_name: bytes, kind: int
) -> LineMembers:
    """See `Kernels.read_members`."""
    texts, tokens = [], []
    for start, end in zip(starts[first:].tolist(), ends[first:].tolist(), strict=True):
        members = _members(data[start:end].tobytes(), text_name, id_name)
        if members is None:
            break
        text, token = members
        own = STRINGS if token.startswith(b'"') else INTEGERS
        if kind not in (NO_KIND, own):
            break
        kind = own
        texts.append(text)
        tokens.append(token)
    return LineMembers(*_column(texts), *_column(tokens), kind)


def line_ends(data: U8) -> I64:
    """See `Kernels.line_ends`."""
    return np.flatnonzero(data == 0x0A) + 1


def _members(line: bytes, text_name: bytes, id_name: bytes) -> tuple[bytes, bytes] | None:
    """The text and the token of the id of a line, None of one that is unusual."""
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    named = _named(line) if isinstance(value, dict) else None
    if named is None:
        return None
    texts, ids = ([token for name, token in named if name == wanted] for wanted in (text_name, id_name))
    if len(texts) != 1 or len(ids) != 1 or not texts[0].startswith(b'"'):
        return None
    if not _USUAL_STRING.fullmatch(ids[0]) and not _USUAL_INTEGER.fullmatch(ids[0]):
        return None
    return orjson.loads(texts[0]).encode(), ids[0]


def _named(line: bytes) -> list[tuple[bytes, bytes]] | None:
    """The names of an object's members with the tokens that their values begin with; None of one that is unusual.

    The line is valid JSON.
    """
    named = []
    depth = 0
    name: bytes | None = None
    before = b""
    for match in _TOKEN.finditer(line.rstrip(_SPACE)):
        string, number, _, mark = match.groups()
        token = match.group().lstrip(_SPACE)
        if number is not None and not _USUAL_NUMBER.fullmatch(number):
            return None
        if depth == 1 and mark != b"}":
            if before in (b"{", b",") and string is not None:
                name = string[1:-1]
                if b"\\" in name:
                    return None
            elif before == b":" and name is not None:
                named.append((name, token))
        if mark in (b"{", b"["):
            depth += 1
            if depth > MOST_NESTED:
                return None
        elif mark in (b"}", b"]"):
            depth -= 1
        before = token
    return named


def _column(pieces: list[bytes]) -> tuple[U8, I64]:
    offsets = np.zeros(len(pieces) + 1, dtype=np.int64)
    np.cumsum([len(piece) for piece in pieces], out=offsets[1:])
    return np.frombuffer(b"".join(pieces), dtype=np.uint8), offsets
