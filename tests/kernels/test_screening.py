"""Screening: both implementations agree, and pass every line that a beginning in the table speaks for."""

import re
from collections.abc import Sequence

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from dedup.kernels import Kernels, compiled, reference
from dedup.kernels.screening import (
    ITSELF,
    MOST_BYTES,
    NOTHING,
    UNKNOWN,
    UNTELLABLE,
    ScreenTable,
    beginnings_table,
    hashes_of,
)
from dedup.model import TextColumn
from tests.kernels.twins import examples
from tests.strategies import texts

IMPLEMENTATIONS = [pytest.param(reference, id="reference"), pytest.param(compiled, id="compiled")]
HEAD, TAIL = 30, 20
LEADING, SAID, COLON, FREE, LITERAL, LONG = (1 << number for number in range(6))
EVERY = (1 << 6) - 1


def table_of(
    anywhere: Sequence[tuple[bytes, int]],
    leading: Sequence[tuple[bytes, int]],
    free: int = FREE,
    literal: int = LITERAL,
) -> ScreenTable:
    entries = np.full(0x110000, UNKNOWN, dtype=np.uint32)
    entries[0x20:0x7F] = np.arange(0x20, 0x7F)
    entries[ord("A") : ord("Z") + 1] += 32
    entries[[9, 10, 13, 0xA0, 0x3000]] = 0x20
    entries[0x4E00:0xA000] = ITSELF
    entries[ord("é")] = entries[ord("É")] = int.from_bytes("é".encode(), "little")
    entries[ord("’")] = ord("'")
    entries[[0xAD, 0x200B, 0xFEFF]] = NOTHING
    entries[0x17F] = UNTELLABLE
    pages, index = np.unique(entries.reshape(-1, 256), axis=0, return_inverse=True)
    bits = [np.uint64(0), np.uint64(0)]
    for side, several in enumerate((anywhere, leading)):
        for _, mask in several:
            bits[side] |= np.uint64(mask)
    return ScreenTable(
        *beginnings_table(anywhere, leading),
        free=np.uint64(free),
        blanked=np.uint64(EVERY & ~literal),
        literal=np.uint64(literal),
        all_anywhere=bits[0],
        all_leading=bits[1],
        page_index=index.reshape(-1).astype(np.uint16),
        pages=pages.reshape(-1),
        head=HEAD,
        tail=TAIL,
    )


TABLE = table_of(
    [(b"he said", SAID), (b"note:", COLON), ("é中'".encode(), COLON), (b"<b>x", LITERAL), (b"x" * 40, LONG)],
    [(b"ok", LEADING), ("été".encode(), LEADING)],
)


def screened(kernels: Kernels, lines: list[str], groups: int = EVERY, table: ScreenTable = TABLE) -> list[int]:
    column = TextColumn.from_strings(lines)
    wanted = np.full(len(lines), groups, dtype=np.uint64)
    found = kernels.screen(column.data, column.offsets[:-1], column.offsets[1:], wanted, table)
    assert found.dtype == np.uint64
    possible: list[int] = found.tolist()
    return possible


CASES = [
    ("", FREE),
    ("   ", FREE),
    ("nothing", FREE),
    ("OK then", FREE | LEADING),
    ('  "* OK', FREE | LEADING),
    ("not ok", FREE),
    ("<i>ok</i>", FREE | LEADING),
    ("<i ok", FREE),
    ("one\nok", FREE | LEADING),
    ("ÉTÉ", FREE | LEADING),
    ("then HE  Said", FREE | SAID),
    ("then he\u3000\u00a0said", FREE | SAID),
    ("h\u200be s\u00adaid", FREE | SAID),
    ("he **said**", FREE | SAID),
    ("he <em>said", FREE | SAID),
    ("hesaid", FREE),
    ("a É中’", FREE | COLON),
    ("a <b>x", FREE | LITERAL),
    ("\u017f", EVERY),
    ("y" * HEAD + " he said " + "y" * TAIL, FREE),
    ("y" * HEAD + " he said " + "y" * (TAIL - 8), FREE | SAID),
    ("y " * HEAD + "<a href he said>", FREE),
    ("x" * MOST_BYTES, FREE | LONG),
    ("x" * (MOST_BYTES - 1), FREE),
]


@pytest.mark.parametrize("kernels", IMPLEMENTATIONS)
@pytest.mark.parametrize(("line", "expected"), CASES)
def test_groups_that_a_line_may_hold(kernels: Kernels, line: str, expected: int) -> None:
    assert screened(kernels, [line]) == [expected]
    assert screened(kernels, [line], LEADING | LITERAL) == [expected & (LEADING | LITERAL)]


@pytest.mark.parametrize("kernels", IMPLEMENTATIONS)
def test_the_first_word_is_found_behind_more_than_is_read_at_first(kernels: Kernels) -> None:
    table = TABLE._replace(head=300)
    for line in ("- " * 60 + "ok", '<a href="' + "y" * 90 + '">ok', "é" * 31 + " ok", "-" * 63 + "OK"):
        expected = LEADING if "é" not in line else 0
        assert screened(kernels, [line], LEADING, table) == [expected]
    # With nothing told of what stands behind its first word, a line is screened by that.
    assert screened(kernels, ["no " * 50 + "\u017f"], LEADING, table) == [0]
    assert screened(kernels, ["no " * 50 + "\u017f"], LEADING | SAID, table) == [LEADING | SAID]


@pytest.mark.parametrize("kernels", IMPLEMENTATIONS)
def test_nothing_is_screened_and_nothing_is_sought(kernels: Kernels) -> None:
    assert screened(kernels, []) == []
    assert screened(kernels, ["ok he said"], table=table_of([], [])) == [FREE]


pieces = st.one_of(
    st.sampled_from(
        ["ok", "He said", "note:", "É中’", "<b>x", "<i>", "</", ">", "<", "*", " ", "  ", "x" * 23, "\n", "-"]
    ),
    st.sampled_from(["été", "ſ", "\u00ad", "\u3000", "\ud800", "🙂", "`", "~", "y" * 19]),
    texts(max_size=6),
)
lines = st.lists(pieces, max_size=14).map("".join)


@given(st.lists(lines, max_size=6), st.sampled_from([EVERY, LEADING, LEADING | FREE, SAID, LITERAL | COLON]))
@settings(max_examples=examples(400))
def test_both_implementations_agree(several: list[str], groups: int) -> None:
    assert screened(compiled, several, groups) == screened(reference, several, groups)


@pytest.mark.parametrize("kernels", IMPLEMENTATIONS)
@given(st.lists(lines, min_size=1, max_size=6))
def test_a_beginning_in_a_window_is_never_missed(kernels: Kernels, several: list[str]) -> None:
    for text, possible in zip(several, screened(kernels, several), strict=True):
        for line in text.split("\n"):
            plain = line.strip().lower().replace("’", "'")
            for window in (plain[:HEAD], plain[-TAIL:]):
                if "ı" in window or len(plain) != len(line.strip()):
                    continue
                if "he said" in window:
                    assert possible & SAID
                if "<b>x" in window:
                    assert possible & LITERAL
            if re.match(r"[\W_]*ok", plain[:HEAD]) and "<" not in plain:
                assert possible & LEADING


def test_a_beginning_is_hashed_byte_by_byte() -> None:
    several = [b"a", b"ab", b"abc", b"b", bytes(range(1, 40))]
    table = beginnings_table([(each * 4, 1) for each in several], [(each, 2) for each in several])
    slots = dict(
        zip(table.slots.tolist(), zip(table.anywhere.tolist(), table.leading.tolist(), strict=True), strict=True)
    )
    for each in several:
        assert slots[hashes_of(each)[-1]][1] & 2
        assert slots[hashes_of(each * 4)[-1]][0] & 1
        assert hashes_of(each)[:1] == hashes_of(each[:1])
    assert len(hashes_of(bytes(99))) == MOST_BYTES
