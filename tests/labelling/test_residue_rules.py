"""Every rule and guard of the shipped grammar does what its own example and counterexample say, and quickly."""

import pytest

from dedup.kernels import choose
from dedup.labelling.residue import matching_rules, residue_of_line, trigger_keywords
from dedup.labelling.residue_grammar import (
    KINDS,
    RESIDUE_WEIGHT,
    SUSPECT_WEIGHT,
    Guard,
    Rule,
    check_expressions,
    shipped_grammar,
)
from dedup.labelling.residue_window import HEAD_CHARACTERS
from dedup.tokenising import token_hashes

RULES = shipped_grammar().rules
GUARDS = shipped_grammar().guards

rules = pytest.mark.parametrize("rule", RULES, ids=[rule.name for rule in RULES])
guards = pytest.mark.parametrize("guard", GUARDS, ids=[guard.name for guard in GUARDS])


@rules
def test_rule_matches_its_example(rule: Rule) -> None:
    assert rule.name in matching_rules(rule.example)


@rules
def test_rule_does_not_match_its_counterexample(rule: Rule) -> None:
    assert rule.name not in matching_rules(rule.counterexample)


@rules
def test_counterexample_is_no_residue_by_any_rule(rule: Rule) -> None:
    assert residue_of_line(rule.counterexample) is None


@rules
def test_rule_that_suffices_finds_its_example(rule: Rule) -> None:
    found = residue_of_line(rule.example)
    if rule.weight >= SUSPECT_WEIGHT:
        assert found is not None
        assert found.weight >= rule.weight


def test_companions_make_no_finding_alone() -> None:
    companions = [rule for rule in RULES if rule.weight < SUSPECT_WEIGHT]
    assert companions
    for rule in companions:
        if all(other.weight < SUSPECT_WEIGHT for other in RULES if other.name in matching_rules(rule.example)):
            assert residue_of_line(rule.example) is None


@rules
def test_a_hostile_line_is_read_to_its_end(rule: Rule) -> None:
    # An expression that goes back again and again would not end, or take the memory of the process.
    words = rule.example.split()
    for length in range(1, len(words) + 1):
        start = " ".join(words[:length])
        for filler in (
            f" {words[length - 1]}",
            f" {start}",
            " a",
            " polished",
            " version of the",
            " text,",
            "  ",
            "-",
            "'",
            "(",
        ):
            line = (start + filler * HEAD_CHARACTERS)[:HEAD_CHARACTERS]
            found = rule.pattern.match(line)
            assert found is None or found.end() <= len(line)
            assert found is None or rule.pattern.search(line) is not None


@guards
def test_guard_holds_on_its_example_alone(guard: Guard) -> None:
    if guard.pattern is None:
        assert guard.longer_than is not None
    else:
        assert guard.pattern.match(guard.example)
        assert not guard.pattern.match(guard.counterexample)


def test_grammar_has_rules_of_every_kind_and_sound_expressions() -> None:
    check_expressions(shipped_grammar())
    assert {rule.kind for rule in RULES} == set(KINDS)
    assert any(rule.weight >= RESIDUE_WEIGHT for rule in RULES if rule.kind == "instruction")


def test_every_trigger_keyword_is_one_token_of_the_tokeniser() -> None:
    keywords = sorted(trigger_keywords())
    assert len(token_hashes(keywords, choose(0))) == len(keywords)


def test_triggers_are_the_keywords_of_the_rules_that_suffice() -> None:
    assert trigger_keywords() == frozenset().union(*(rule.keywords for rule in RULES if rule.weight >= SUSPECT_WEIGHT))
