"""The screen of the shipped grammar passes whatever a rule matches, and what it is made of is shipped as it is made."""

import re
import unicodedata

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from dedup.kernels import Kernels, compiled, reference
from dedup.kernels.screening import ITSELF, NOTHING, UNKNOWN, UNTELLABLE
from dedup.labelling import residue_beginnings
from dedup.labelling.residue import matching_rules
from dedup.labelling.residue_beginnings import beginnings, read_beginnings, shipped_beginnings, sought
from dedup.labelling.residue_grammar import SUSPECT_WEIGHT, Rule, shipped_grammar
from dedup.labelling.residue_screen import beginnings_to_ship, folding_entry, shipped_screen
from dedup.labelling.residue_sieve import EVERY_GROUP, shipped_sieve
from dedup.labelling.residue_window import IGNORABLE, straighten
from dedup.model import TextColumn

IMPLEMENTATIONS = [pytest.param(reference, id="reference"), pytest.param(compiled, id="compiled")]
RULES = tuple(rule for rule in shipped_grammar().rules if rule.weight >= SUSPECT_WEIGHT)
BITS = {rule.name: bit for rule, bit in zip(shipped_grammar().rules, shipped_sieve().bits, strict=True)}
READABLE = re.compile("[ -~À-ÖØ-öø-ÿЀ-џ一-鿿【】]", re.IGNORECASE)


def possible(kernels: Kernels, lines: list[str], groups: int = EVERY_GROUP) -> list[int]:
    column = TextColumn.from_strings(lines)
    wanted = np.full(len(lines), groups, dtype=np.uint64)
    found = kernels.screen(column.data, column.offsets[:-1], column.offsets[1:], wanted, shipped_screen())
    passed: list[int] = found.tolist()
    return passed


def assert_passed(kernels: Kernels, lines: list[str]) -> None:
    for line, groups in zip(lines, possible(kernels, lines), strict=True):
        for name in matching_rules(line):
            assert groups & BITS[name] == BITS[name], (name, line)


def variants(line: str) -> list[str]:
    return [
        line,
        line.upper(),
        f"<b>{line}</b>",
        f"  * {line} **",
        f"ChatGPT said: {line}",
        line.replace(" ", "  "),
        line.replace(" ", "\u00a0"),
        line.replace(" ", " <i>", 1),
        line.replace("'", "\u2019"),
        line.replace("s", "\u017f"),
        line.replace("k", "\u212a"),
        line.replace("a", "a\u200b"),
        f"\u2014 \u201c{line}\u201d",
        "Some text before it. " * 20 + line,
        line + " and after." * 60,
        f'x <a href="{"y" * 210}">{line}',
        f'{"x " * 140}<a href="{line}">{"z " * 120}',
    ]


@pytest.mark.parametrize("kernels", IMPLEMENTATIONS)
@pytest.mark.parametrize("rule", RULES, ids=[rule.name for rule in RULES])
def test_a_line_that_a_rule_matches_is_passed(kernels: Kernels, rule: Rule) -> None:
    lines = [each for line in (rule.example, rule.counterexample) for each in variants(line)]
    assert_passed(kernels, lines)
    assert rule.name in matching_rules(rule.example)


@given(st.data())
@settings(max_examples=100)
def test_whatever_an_expression_matches_is_passed(data: st.DataObject) -> None:
    rule = data.draw(st.sampled_from(RULES))
    text = data.draw(st.from_regex(re.compile(rule.expression, re.IGNORECASE), fullmatch=True))
    text = text.replace("\n", " ")
    keyword = data.draw(st.sampled_from(sorted(rule.keywords)))
    beside = data.draw(st.sampled_from(sorted(rule.beside) or [b""])).decode()
    lines = [f"{text} {keyword} {beside}", f"{keyword} {beside} {text}", text]
    assert_passed(compiled, lines)
    assert possible(compiled, lines) == possible(reference, lines)


@pytest.mark.parametrize("kernels", IMPLEMENTATIONS)
def test_ordinary_lines_are_passed_for_few_groups(kernels: Kernels) -> None:
    always = int(shipped_screen().free)
    assert always.bit_count() <= 2
    lines = [
        "The context of the text was given without more details of the content.",
        "He learned the language, and the prompt reply was an artificial light in the article.",
        "A version of the story was edited, revised, improved and returned to the assistant.",
        "Это текст статьи, который никто не переписал.",
        "\u201cNobody is here\u201d, said the assistant\u2026",
    ]
    assert max((groups & ~always).bit_count() for groups in possible(kernels, lines)) <= 4


def test_what_is_shipped_is_what_is_read() -> None:
    assert shipped_beginnings() == beginnings_to_ship(), "run python -m dedup.labelling.residue_screen"


def test_an_expression_that_is_not_shipped_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(residue_beginnings, "shipped_beginnings", dict)
    for rule in RULES[:3]:
        assert beginnings(rule.expression) == read_beginnings(rule.expression)
    assert sought("something (?:new|old)") == ("something new", "something old")
    assert sought(r"\w+") is None


def folded(code: int) -> int:
    table = shipped_screen()
    return int(table.pages[(int(table.page_index[code >> 8]) << 8) | (code & 0xFF)])


@given(st.integers(0, 0x10FFFF) | st.integers(0, 0x3100))
@settings(max_examples=1000)
def test_what_is_shipped_of_a_character_is_what_it_gives(code: int) -> None:
    # A newer Python knows characters that the table does not, all of them unknown to it.
    if unicodedata.category(chr(code)) != "Cn":
        assert folded(code) == folding_entry(code)


def test_characters_that_an_expression_does_not_tell_apart_give_the_same() -> None:
    for code in range(0x3100):
        character = chr(code)
        entry = folded(code)
        if IGNORABLE.fullmatch(character):
            assert entry == NOTHING
        elif character.isspace():
            assert entry == ord(" ")
        elif entry == UNKNOWN:
            assert not READABLE.fullmatch(straighten(character)) or character in "×÷`"
        elif entry == UNTELLABLE:
            assert READABLE.fullmatch(character)
        else:
            given_bytes = character.encode() if entry == ITSELF else entry.to_bytes(4, "little").rstrip(b"\0")
            straight = "'" if character == "`" else straighten(character)
            assert given_bytes.decode() == straight.lower()
            assert re.fullmatch(re.escape(given_bytes.decode()), straight, re.IGNORECASE)
