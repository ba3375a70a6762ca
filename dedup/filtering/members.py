"""The members of a JSON object as ranges of its bytes, so that one can be replaced and the others stay as they are."""

import json
import re
from collections.abc import Collection, Iterator
from typing import NamedTuple

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}\[\],:]', re.DOTALL)
_OPENING = (b"{", b"[")
_CLOSING = (b"}", b"]")


class Member(NamedTuple):
    """A member of an object: its name, where its name begins, and the range of its value, white space left out."""

    name: str
    start: int
    value_start: int
    value_end: int


def members(line: bytes) -> Iterator[Member]:
    """The members of the object that a line holds, in their order; the line is known to be valid JSON.

    Nothing is called for nested values, however deep they are.
    """
    depth = 0
    name = b""
    name_start = value_start = -1
    for token in _TOKEN.finditer(line):
        kind = token[0]
        if kind in _OPENING:
            depth += 1
            continue
        ends_value = depth == 1 and (kind == b"," or kind == b"}")
        if kind in _CLOSING:
            depth -= 1
        if ends_value:
            if value_start >= 0:
                raw = line[value_start : token.start()]
                start = value_start + len(raw) - len(raw.lstrip())
                yield Member(json.loads(name), name_start, start, start + len(raw.strip()))
            name_start = value_start = -1
        elif depth == 1 and value_start < 0:
            if kind == b":":
                value_start = token.end()
            elif name_start < 0:
                name, name_start = kind, token.start()


def with_value(line: bytes, name: str, value: bytes) -> bytes:
    """The line with another value for the member of this name: for the last one, which counts where it is repeated."""
    found = [member for member in members(line) if member.name == name][-1]
    return line[: found.value_start] + value + line[found.value_end :]


def without_members(line: bytes, names: Collection[str]) -> bytes:
    """The line without the members of these names."""
    every = list(members(line))
    kept = [member for member in every if member.name not in names]
    if len(kept) == len(every):
        return line
    inside = b",".join(line[member.start : member.value_end] for member in kept)
    return line[: every[0].start] + inside + line[every[-1].value_end :]
