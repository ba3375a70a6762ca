"""Beginnings are true of all that an expression matches, and few enough to tell something."""

import re

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from dedup.labelling.residue_beginnings import beginnings, folded
from dedup.labelling.residue_grammar import Rule, shipped_grammar

RULES = shipped_grammar().rules


def begins(text: str, expression: str, length: int) -> bool:
    """Whether a text may begin with a match of the expression, as far as its beginnings tell."""
    lowered = folded(text[:length])
    return lowered is None or any(lowered.startswith(each) for each in beginnings(expression, length))


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("here", {"here"}),
        ("Here is", {"here is"}),
        (r"here\s+is", {"here is"}),
        (r"her\s*e", {"here", "her e"}),
        ("a(?:b|c|de)?f", {"af", "abf", "acf", "adef"}),
        ("(a|b)c", {"ac", "bc"}),
        ("humani[sz]e", {"humanise", "humanize"}),
        (r"[\w]x", {""}),
        ("ab*c", {"ab", "ac"}),
        ("ab+c", {"ab"}),
        ("ab{0,2}c", {"ab", "ac"}),
        ("ab{2}c", {"ab"}),
        (r"\ba(?!b)c", {"ac"}),
        (r"a\.b", {"a.b"}),
        (r"\w+ly", {""}),
        ("a.b", {"a"}),
        (r"[:：]x", {":x"}),
        (r"\uE200cite|cite", {"\x01cite", "cite"}),
        ("a[，!]b", {"a\x01b", "a!b"}),
        (r"a[-\s]b", {"a-b", "a b"}),
        (r"^a[b-d]", {"a"}),
        (r"a\d{2}", {*(f"a{digit}" for digit in range(10)), "a\x01"}),
        ("wonderfully", {"wonderfu"}),
        ("ſ|x", {"", "x"}),
        ("(?i:a)b", {""}),
        ("(?P<name>a)b", {""}),
        ("a|", {"a", ""}),
        ("a)b", {""}),
    ],
)
def test_beginnings_of_an_expression(expression: str, expected: set[str]) -> None:
    assert beginnings(expression) == expected


def test_reading_ends_before_there_are_too_many_beginnings() -> None:
    found = beginnings("[abcdefgh]" * 5)
    assert len(found) == 8**3
    assert {len(each) for each in found} == {3}


@pytest.mark.parametrize("text", ["a  b", "a\tb", "a\u00a0b", "\u212aelvin", "\u017fure", "\u0131", "\u0130", "\x00"])
def test_a_text_of_which_lower_case_tells_too_little_is_not_read(text: str) -> None:
    assert folded(text) is None


@pytest.mark.parametrize("rule", RULES, ids=[rule.name for rule in RULES])
def test_each_match_begins_with_a_beginning(rule: Rule) -> None:
    for line in (rule.example, rule.example.upper(), rule.counterexample):
        for place in range(len(line)):
            for length in (1, 3, 8, 14):
                if re.compile(rule.expression, re.IGNORECASE).match(line, place):
                    assert begins(line[place:], rule.expression, length)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_whatever_an_expression_matches_begins_with_a_beginning(data: st.DataObject) -> None:
    rule = data.draw(st.sampled_from(RULES))
    text = data.draw(st.from_regex(re.compile(rule.expression, re.IGNORECASE), fullmatch=True))
    assert begins(text, rule.expression, data.draw(st.integers(1, 14)))
