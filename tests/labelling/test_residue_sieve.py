"""The sieve lets pass every line that the grammar finds, and tells groups of rules apart."""

import re

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import example, given

from dedup.kernels import Kernels, SketchPlan, compiled, reference
from dedup.labelling.residue import matching_rules, residue_of_line
from dedup.labelling.residue_grammar import SUSPECT_WEIGHT, Rule, shipped_grammar
from dedup.labelling.residue_sieve import may_match_within, shipped_sieve
from dedup.model import TextColumn
from dedup.scanning.sketching import residue_triggers
from dedup.sketching import permutations
from dedup.tokenising import codepoint_table

RULES = shipped_grammar().rules
KEYWORDS = sorted({word for rule in RULES for word in rule.keywords})
BESIDE = sorted({word.decode() for rule in RULES for word in rule.beside})
EXAMPLES = [line for rule in RULES for line in (rule.example, rule.counterexample)]
OTHERS = [
    "the",
    "слово",
    "中文",
    "é",
    "e\u0301",
    "soft\u00adhyphen",
    "\u200b",
    "“",
    "**",
    "<b>",
    "x" * 90,
    "한국",
    "ไทย",
]

PLAN = SketchPlan(5, *permutations(16, 1), 0, 1, 0, residue_triggers())


def groups_of(lines: list[str], kernels: Kernels) -> list[int]:
    column = TextColumn.from_strings(lines)
    sketches = kernels.sketch(column.data, column.offsets[:-1], column.offsets[1:], *codepoint_table(), PLAN)
    groups: list[int] = sketches.triggered.tolist()
    return groups


@st.composite
def mixtures(draw: st.DrawFn) -> str:
    pieces = st.one_of(*map(st.sampled_from, (KEYWORDS, BESIDE, EXAMPLES, OTHERS)), st.text(max_size=5))
    line = draw(st.sampled_from([" ", "  ", "\u00a0", ": "])).join(draw(st.lists(pieces, max_size=12)))
    line = draw(st.sampled_from([line, line, line.upper(), line.replace("s", "\u017f"), line * 3]))
    return line.replace("\n", " ")


def assert_passed(lines: list[str], kernels: Kernels) -> None:
    for line, groups in zip(lines, groups_of(lines, kernels), strict=True):
        found = residue_of_line(line)
        assert residue_of_line(line, groups) == found
        if found is not None:
            assert groups & bit_of(found.rule)


def bit_of(name: str) -> int:
    return next(bit for rule, bit in zip(RULES, shipped_sieve().bits, strict=True) if rule.name == name)


@pytest.mark.parametrize("kernels", [reference, compiled], ids=["reference", "compiled"])
def test_what_tokens_exclude_is_not_found_in_examples(kernels: Kernels) -> None:
    assert_passed([*EXAMPLES, *(line.upper() for line in EXAMPLES), *(f"  * {line} *" for line in EXAMPLES)], kernels)


@given(st.lists(mixtures(), min_size=1, max_size=12))
@example(["<|im_\u017ftart|>a\u017f\u017fi\u017ftant"])
def test_what_tokens_exclude_is_not_found_in_mixtures(lines: list[str]) -> None:
    assert_passed(lines, reference)


def test_a_common_word_alone_makes_no_group_possible_and_a_companion_has_none() -> None:
    assert groups_of(["the article", "rewrite", ""], reference)[::2] == [0, 0]
    for rule, bit in zip(RULES, shipped_sieve().bits, strict=True):
        assert (bit == 0) == (rule.weight < SUSPECT_WEIGHT)


def test_rules_with_words_beside_share_no_group_with_rules_without() -> None:
    free = {bit for rule, bit in zip(RULES, shipped_sieve().bits, strict=True) if bit and not rule.beside}
    asking = {bit for rule, bit in zip(RULES, shipped_sieve().bits, strict=True) if bit and rule.beside}
    assert not free & asking
    assert int(residue_triggers().free) == int(np.bitwise_or.reduce([np.uint64(bit) for bit in free]))


@pytest.mark.parametrize("rule", RULES, ids=[rule.name for rule in RULES])
def test_a_line_that_a_rule_matches_is_admitted(rule: Rule) -> None:
    sieve = shipped_sieve()
    if rule.name in matching_rules(rule.example) and rule.weight >= SUSPECT_WEIGHT:
        assert sieve.admitted(rule.example, bit_of(rule.name)) == bit_of(rule.name)
        assert sieve.admitted(f"ChatGPT said: {rule.example}", bit_of(rule.name)) == bit_of(rule.name)
        assert rule in sieve.rules_of(bit_of(rule.name))


@given(st.sampled_from(RULES), mixtures(), st.data())
def test_an_expression_matches_nothing_where_its_beginnings_are_not(rule: Rule, line: str, data: st.DataObject) -> None:
    held = data.draw(
        st.one_of(st.just(line), st.from_regex(re.compile(rule.expression, re.IGNORECASE), fullmatch=True))
    )
    for window in (line, line + held, f"{line} {held}"):
        if rule.pattern.search(window):
            assert may_match_within(rule, window)
