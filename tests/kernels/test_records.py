"""LineMembers of JSON lines: both implementations, against each other and against orjson."""

from itertools import pairwise

import hypothesis.strategies as st
import numpy as np
import orjson
import pytest
from hypothesis import example, given

from dedup.kernels import Kernels, compiled, reference
from dedup.kernels.records import INTEGERS, MOST_NESTED, NO_KIND, STRINGS, LineMembers
from tests.strategies import texts

IMPLEMENTATIONS = [pytest.param(reference, id="numpy"), pytest.param(compiled, id="compiled")]

scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | texts()
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(texts(), inner), max_leaves=8)
ids = st.integers(-(10**17), 10**17) | st.text(st.characters(min_codepoint=32, max_codepoint=126))
_PIECES = rb"""{"id": "text": "id":1, "a" \ \u d83d \ude00 00e9 " , } ] [ - 0 12 1.5 1e5 1e999 tru true null e + .
{"text":"x","id":3} not-a-word"""
pieces = st.sampled_from(
    [*_PIECES.split(), b" ", b"\t", b"\xc3\xa9", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82", b"\0", b"\x7f"]
)


def read(kernels: Kernels, lines: list[bytes], kind: int = NO_KIND) -> LineMembers:
    """The members `text` and `id` of some lines."""
    data = np.frombuffer(b"".join(lines), dtype=np.uint8)
    ends = np.cumsum([len(line) for line in lines], dtype=np.int64)
    return kernels.read_members(data, np.append(0, ends)[:-1], ends, 0, b"text", b"id", kind)


def rows(members: LineMembers) -> list[tuple[bytes, bytes]]:
    """Each text with its token."""
    columns = [(members.texts, members.text_offsets), (members.tokens, members.token_offsets)]
    several = [[data[start:end].tobytes() for start, end in pairwise(offsets.tolist())] for data, offsets in columns]
    return list(zip(*several, strict=True))


@pytest.mark.parametrize("kernels", IMPLEMENTATIONS)
@given(
    st.lists(st.tuples(texts(), ids, st.dictionaries(texts().filter(lambda name: name not in ("id", "text")), values))),
    st.booleans(),
)
def test_members_of_usual_lines_are_those_that_orjson_reads(
    kernels: Kernels, records: list[tuple[str, int | str, dict[str, object]]], text_first: bool
) -> None:
    lines = []
    for text, identity, others in records:
        members = {"text": text, "id": identity} if text_first else {"id": identity, "text": text}
        try:
            lines.append(orjson.dumps({**others, **members}) + b"\n")
        except (orjson.JSONEncodeError, UnicodeEncodeError):
            continue  # it holds a lone surrogate, which orjson writes no more than it reads it
    found = read(kernels, lines)
    for line, (text, token) in zip(lines, rows(found), strict=False):
        value = orjson.loads(line)
        assert text == value["text"].encode()
        assert orjson.loads(token) == value["id"]
    if len(found) < len(lines):
        # Only what is said to be unusual is left to others.
        value = orjson.loads(lines[len(found)])
        kinds = {type(value["id"]), type(orjson.loads(lines[0])["id"])}
        assert len(kinds) > 1 or b"\\" in lines[len(found)] or b"e" in lines[len(found)]


@given(st.lists(st.lists(pieces, max_size=12).map(b"".join), max_size=4), st.sampled_from([NO_KIND, STRINGS, INTEGERS]))
@example([b'{"id":1,"text":"a","x":1E400}'], NO_KIND)
@example([b'{"id":1,"text":"a"}', b'{"id":"2","text":"b"}'], NO_KIND)
@example([b'{"id":-0,"text":"a"}'], NO_KIND)
@example([b'{"id":1,"id":1,"text":"a"}'], NO_KIND)
@example([b'{"id":1,"text":"\\ud83d\\ude00 \\u00e9\\n\xf0\x9f\x98\x80 and more of it"}'], NO_KIND)
@example([b'{"text":"before","a":{"b":[{},[],"a long string that is skipped"]},"id":"x"}\n'], STRINGS)
@example([b'{"id":1,"te\\u0078t":"b","text":"a"}'], NO_KIND)
def test_both_implementations_agree_on_lines_of_any_kind(lines: list[bytes], kind: int) -> None:
    one, other = (read(kernels, lines, kind) for kernels in (reference, compiled))
    assert rows(one) == rows(other)
    assert len(one) == 0 or one.kind == other.kind


@given(st.binary(max_size=40).map(lambda inner: b'{"id":1,"text":"' + inner + b'"}'))
def test_whatever_stands_in_a_string_is_read_as_orjson_reads_it_or_not_at_all(line: bytes) -> None:
    found = rows(read(compiled, [line]))
    assert found == rows(read(reference, [line]))
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        assert not found
        return
    if found:
        assert found == [(value["text"].encode(), b"1")]


@pytest.mark.parametrize("kernels", IMPLEMENTATIONS)
@pytest.mark.parametrize(
    "line",
    [
        b'{"id":1,"text":"a"} x', b'{"id":1,"text":"a"', b'{"id":1,"text":"a",}', b'["id"]', b"", b"\n", b"{}",
        b'{"id":1}', b'{"text":"a"}', b'{"id":null,"text":"a"}', b'{"id":true,"text":"a"}', b'{"id":1.0,"text":"a"}',
        b'{"id":01,"text":"a"}', b'{"id":1,"text":null}', b'{"id":1,"text":"\\ud800"}', b'{"id":1,"text":"\xff"}',
        b'{"id":1,"text":"\x01"}', b'{"id":1,"text":"a","b":[1,]}', b'{"id":1,"text":"a","b":1.}', b'\xef\xbb\xbf{}',
        b'{"id":1,"text":"a","b":' + b"[" * MOST_NESTED + b"]" * MOST_NESTED + b"}", b'{"id":"\\n","text":"a"}',
        b'{"id":1000000000000000000,"text":"a"}', b'{"id":"\xc3\xa9","text":"a"}', b'{"id":1,"text":"a","b":NaN}',
        b'{"id":1,"text":"a" "b":2}', b'{"id":1,"text":"a","b"}', b'{"id":1,"text":"\\x"}',
        b'{"id":1,"text":"\\u12g4"}',
    ],
)  # fmt: skip
def test_lines_that_are_not_valid_or_unusual_are_left_to_others(kernels: Kernels, line: bytes) -> None:
    usual = b'{"id":7,"text":"before"}\n'
    found = read(kernels, [usual, line, usual])
    assert rows(found) == [(b"before", b"7")]


@pytest.mark.parametrize("kernels", IMPLEMENTATIONS)
@given(st.lists(st.sampled_from([b"\n", b"a", b"\x0b", b"\x8a", b"words and "]), max_size=60).map(b"".join))
def test_lines_end_behind_newlines(kernels: Kernels, data: bytes) -> None:
    ends = kernels.line_ends(np.frombuffer(data, dtype=np.uint8))
    assert ends.dtype == np.int64
    assert ends.tolist() == [place + 1 for place, byte in enumerate(data) if byte == 0x0A]
