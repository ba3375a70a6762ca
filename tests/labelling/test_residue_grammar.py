"""A grammar that is wrong is refused with the file, the rule and what to do."""

import pytest

from dedup.errors import ConfigError
from dedup.labelling.residue_grammar import check_expressions, read_grammar

RULE = """
[[rule]]
name = "polish"
kind = "instruction"
weight = 3.0
where = "start"
pattern = "polish this"
keywords = ["polish"]
example = "polish this"
counterexample = "this polish"
"""
GUARD = """
[[guard]]
name = "quoted"
weight = -4.0
where = "before"
pattern = "x"
example = "x"
counterexample = "y"
"""


def test_fragments_keyword_lists_and_spaces_are_expanded() -> None:
    grammar = read_grammar(
        {
            "first.toml": '[fragments]\nnoun = "(?:text|title)"\n[keywords]\nverbs = ["polish", "refine"]\n',
            "second.toml": RULE.replace(
                '"polish this"\nkey', '"""polish\n     this\n    (?: <<noun>>)"""\nkey'
            ).replace('["polish"]', '["<<verbs>>"]'),
        }
    )
    (rule,) = grammar.rules
    assert rule.pattern.fullmatch("Polish\u00a0 this title")
    assert rule.keywords == {"polish", "refine"}
    assert grammar.by_keyword == {"polish": (0,), "refine": (0,)}


def test_rules_keep_the_order_of_their_files() -> None:
    grammar = read_grammar({"a.toml": RULE, "b.toml": RULE.replace('name = "polish"', 'name = "other"') + GUARD})
    assert [rule.name for rule in grammar.rules] == ["polish", "other"]
    assert [guard.name for guard in grammar.guards] == ["quoted"]


def test_light_rules_trigger_nothing() -> None:
    grammar = read_grammar({"a.toml": RULE.replace("3.0", "1.0")})
    assert not grammar.by_keyword
    assert grammar.companions == grammar.rules


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[rule", "a.toml: "),
        ("other = 1", "unknown key 'other'"),
        ("rule = 1", r"array of tables, written \[\[rule\]\]"),
        ("fragments = 1", "fragments is a table"),
        ("[fragments]\nverb = 1", "fragment verb: pattern is a text"),
        ("[keywords]\nverbs = 1", "keywords verbs: keywords is a list"),
        (RULE.replace("instruction", "poem"), "rule polish: kind 'poem' is none of instruction"),
        (RULE.replace("start", "middle"), "where 'middle' is none of"),
        (RULE.replace("3.0", '"3"'), "weight is a number"),
        (RULE.replace("3.0", "true"), "weight is a number"),
        (RULE.replace("3.0", "nan"), "weight is a number"),
        (RULE.replace("3.0", "-3.0"), r"positive; what lowers the sum is a \[\[guard\]\]"),
        (RULE.replace('example = "polish this"\n', ""), "example is a text that is not empty, not None"),
        (RULE.replace('"polish this"\nkey', '""\nkey'), "pattern is a text that is not empty"),
        (RULE.replace('["polish"]', "[]"), "keywords is a list"),
        (RULE.replace('["polish"]', '["Polish"]'), "keyword 'Polish' is not one lower-case token"),
        (RULE.replace('["polish"]', '["polish this"]'), "is not one lower-case token"),
        (RULE.replace('["polish"]', '["<<verbs>>"]'), "no list of keywords named 'verbs'"),
        (RULE.replace('"polish this"\nkey', '"<<verb>> this"\nkey'), "no fragment named 'verb'"),
        (RULE.replace('"polish this"\nkey', '"polish ?this"\nkey'), "takes no quantifier"),
        (RULE + 'quotes = "yes"\n', "quotes is true or false"),
        (RULE + 'colour = "red"\n', "unknown key 'colour'"),
        (RULE + RULE, "two rules or guards are named 'polish'"),
        (GUARD.replace("-4.0", "4.0"), r"negative; what raises the sum is a \[\[rule\]\]"),
        (GUARD.replace('pattern = "x"\n', ""), "either a pattern or longer_than"),
        (GUARD + "longer_than = 3\n", "either a pattern or longer_than"),
        (GUARD.replace('pattern = "x"', "longer_than = 0"), "longer_than is a whole number"),
        (GUARD + 'kinds = ["poem"]\n', "kind 'poem' is none of"),
    ],
)
def test_mistake_is_named(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read_grammar({"a.toml": text})


def test_expression_that_does_not_compile_is_named() -> None:
    grammar = read_grammar({"a.toml": RULE.replace('"polish this"\nkey', '"polish("\nkey')})
    with pytest.raises(ConfigError, match="polish: not a regular expression"):
        check_expressions(grammar)
