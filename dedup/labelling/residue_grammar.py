"""The grammar of prompt residue: weighted rules and guards, read from TOML files that people can read."""

import functools
import re
import tomllib
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from importlib import resources
from types import MappingProxyType

from dedup.errors import ConfigError

SUSPECT_WEIGHT = 2.0
"""A line of this summed weight or more is a suspect; a rule of less cannot make a finding alone."""

RESIDUE_WEIGHT = 3.0
"""A line of this summed weight or more is residue."""

KINDS = ("instruction", "preamble", "postamble", "refusal", "cut-off", "marker", "template-slot")
"""What a line of residue can be."""

LITERAL_KINDS = frozenset({"marker", "template-slot"})
"""Kinds matched on the line as it is; the others are matched with markup blanked."""

GRAMMAR_FILES = ("residue_rules.toml", "residue_languages.toml")
"""The files of the shipped grammar, in the order in which rules of equal weight are preferred."""

_RULE_PLACES = ("start", "head", "tail", "both")
_GUARD_PLACES = ("before", "line")
_FRAGMENT = re.compile(r"<<(\w+)>>")
_KEYWORD = re.compile(r"\w+")


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: `weight` is added to the sum of a line that holds a keyword and matches the pattern at `where`.

    `beside` are further tokens of which the line must hold one, in UTF-8: they spare common words the trial.
    `where` is `start` (the line's first word), `head` or `tail` (anywhere in that window) or `both` (in either).
    `quotes` says that what follows the match is the material the instruction is about.
    """

    name: str
    kind: str
    weight: float
    where: str
    expression: str
    keywords: frozenset[str]
    beside: frozenset[bytes]
    quotes: bool
    example: str
    counterexample: str

    @property
    def pattern(self) -> re.Pattern[str]:
        """The expression, compiled when it is first needed: few of the rules are, in an ordinary text."""
        return _compiled(self.expression)

    def may_stand_beside(self, tokens: Set[bytes]) -> bool:
        """Whether the tokens of a line (lower-cased, in UTF-8) hold one of `beside`, if the rule names any."""
        return not self.beside or not self.beside.isdisjoint(tokens)


@dataclass(frozen=True, slots=True)
class Guard:
    """One guard: the negative `weight` is added if its pattern matches, or the line has over `longer_than` characters.

    `where` is `before` (the line up to the match of the heaviest rule) or `line` (the first window). It concerns
    findings of its `kinds` alone.
    """

    name: str
    weight: float
    kinds: frozenset[str]
    where: str
    expression: str | None
    longer_than: int | None
    example: str
    counterexample: str

    @property
    def pattern(self) -> re.Pattern[str] | None:
        """The expression, compiled when it is first needed."""
        return None if self.expression is None else _compiled(self.expression)


@dataclass(frozen=True, slots=True)
class Grammar:
    """Rules and guards in the order of their files.

    `lead` matches what may stand before the first word that counts; `connectors` are the words with which an
    instruction goes on after the noun. `companions` are the rules under `SUSPECT_WEIGHT`, which count beside others
    alone; `by_keyword` gives, for a token, the places in `rules` of the others that it may trigger.
    """

    rules: tuple[Rule, ...]
    guards: tuple[Guard, ...]
    lead: str
    connectors: frozenset[str]
    companions: tuple[Rule, ...]
    by_keyword: Mapping[str, tuple[int, ...]]

    @property
    def lead_pattern(self) -> re.Pattern[str]:
        """Everything before the first word that counts, signs included."""
        return _compiled(rf"[\W_]*(?:(?:{self.lead})[\W_]*)*")


@functools.cache
def shipped_grammar() -> Grammar:
    """The grammar that comes with the package, read at first use."""
    folder = resources.files("dedup.labelling")
    return read_grammar({name: folder.joinpath(name).read_text(encoding="utf-8") for name in GRAMMAR_FILES})


def read_grammar(sources: Mapping[str, str]) -> Grammar:
    """Read a grammar from the texts of TOML files, given by file name.

    Fragments and keyword lists of one file serve the files after it. Raises `ConfigError`, naming file and rule, for
    anything that is missing, unknown, out of range or of the wrong type. Expressions are compiled (and so checked) by
    `check_expressions` or when first used.
    """
    fragments: dict[str, str] = {}
    keyword_lists: dict[str, frozenset[str]] = {}
    rules: list[Rule] = []
    guards: list[Guard] = []
    lead = ""
    connectors: frozenset[str] = frozenset()
    for file, text in sources.items():
        try:
            content = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(f"{file}: {error}") from None
        top = _Entry(file, content)
        top.allow({"lead", "connectors", "fragments", "keywords", "rule", "guard"})
        for name, body in top.table("fragments").items():
            fragments[name] = _expand(
                _Entry(f"{file}, fragment {name}", {"pattern": body}).string("pattern"), fragments, file
            )
        for name, body in top.table("keywords").items():
            where = f"{file}, keywords {name}"
            keyword_lists[name] = _keywords(_Entry(where, {"keywords": body}).strings("keywords"), keyword_lists, where)
        lead = _expand(top.string("lead"), fragments, file) if "lead" in content else lead
        connectors = connectors | frozenset(top.strings("connectors")) if "connectors" in content else connectors
        rules.extend(_read_rule(entry, fragments, keyword_lists) for entry in top.entries("rule"))
        guards.extend(_read_guard(entry, fragments) for entry in top.entries("guard"))
    _refuse_repeated_names([*rules, *guards])
    by_keyword: dict[str, list[int]] = {}
    for place, rule in enumerate(rules):
        for keyword in rule.keywords if rule.weight >= SUSPECT_WEIGHT else ():
            by_keyword.setdefault(keyword, []).append(place)
    return Grammar(
        tuple(rules),
        tuple(guards),
        lead or r"(?!)",
        connectors,
        tuple(rule for rule in rules if rule.weight < SUSPECT_WEIGHT),
        MappingProxyType({keyword: tuple(places) for keyword, places in by_keyword.items()}),
    )


def check_expressions(grammar: Grammar) -> None:
    """Compile every expression of a grammar; raises `ConfigError` naming the first that is not a regular expression."""
    named: list[Rule | Guard] = [*grammar.rules, *grammar.guards]
    for each in named:
        try:
            each.pattern  # noqa: B018 - compiling is the check
        except re.error as error:
            raise ConfigError(f"residue grammar, {each.name}: not a regular expression: {error}") from None


class _Entry:
    """A TOML table with the place it comes from, giving values of the type asked for or a `ConfigError`."""

    def __init__(self, where: str, content: Mapping[str, object]) -> None:
        self.where = where
        self._content = content

    def __contains__(self, key: str) -> bool:
        return key in self._content

    def fail(self, message: str) -> ConfigError:
        return ConfigError(f"{self.where}: {message}")

    def allow(self, keys: set[str]) -> None:
        unknown = sorted(set(self._content) - keys)
        if unknown:
            raise self.fail(f"unknown key {unknown[0]!r}; known are " + ", ".join(sorted(keys)))

    def string(self, key: str) -> str:
        value = self._content.get(key)
        if not isinstance(value, str) or not value:
            raise self.fail(f"{key} is a text that is not empty, not {value!r}")
        return value

    def strings(self, key: str) -> list[str]:
        value = self._content.get(key)
        if not isinstance(value, list) or not value or not all(isinstance(each, str) and each for each in value):
            raise self.fail(f"{key} is a list of texts that are not empty, not {value!r}")
        return [str(each) for each in value]

    def number(self, key: str) -> float:
        value = self._content.get(key)
        if not isinstance(value, int | float) or isinstance(value, bool) or not -100 < value < 100 or value == 0:
            raise self.fail(f"{key} is a number other than 0, not {value!r}")
        return float(value)

    def length(self, key: str) -> int:
        value = self._content.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise self.fail(f"{key} is a whole number of characters, at least 1, not {value!r}")
        return value

    def boolean(self, key: str) -> bool:
        value = self._content.get(key, False)
        if not isinstance(value, bool):
            raise self.fail(f"{key} is true or false, not {value!r}")
        return value

    def choice(self, key: str, among: Iterable[str]) -> str:
        value = self.string(key)
        if value not in among:
            raise self.fail(f"{key} {value!r} is none of " + ", ".join(among))
        return value

    def table(self, key: str) -> Mapping[str, object]:
        value = self._content.get(key, {})
        if not isinstance(value, dict):
            raise self.fail(f"{key} is a table, not {value!r}")
        return value

    def entries(self, key: str) -> list["_Entry"]:
        value = self._content.get(key, [])
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            raise self.fail(f"{key} is an array of tables, written [[{key}]]")
        return [_Entry(f"{self.where}, {key} {each.get('name', place + 1)}", each) for place, each in enumerate(value)]


def _read_rule(entry: _Entry, fragments: Mapping[str, str], lists: Mapping[str, frozenset[str]]) -> Rule:
    entry.allow(
        {"name", "kind", "weight", "where", "pattern", "keywords", "beside", "quotes", "example", "counterexample"},
    )
    weight = entry.number("weight")
    if weight < 0:
        raise entry.fail("a rule's weight is positive; what lowers the sum is a [[guard]]")
    return Rule(
        name=entry.string("name"),
        kind=entry.choice("kind", KINDS),
        weight=weight,
        where=entry.choice("where", _RULE_PLACES),
        expression=_expand(entry.string("pattern"), fragments, entry.where),
        keywords=_keywords(entry.strings("keywords"), lists, entry.where),
        beside=frozenset(
            word.encode()
            for word in _keywords(entry.strings("beside") if "beside" in entry else [], lists, entry.where)
        ),
        quotes=entry.boolean("quotes"),
        example=entry.string("example"),
        counterexample=entry.string("counterexample"),
    )


def _read_guard(entry: _Entry, fragments: Mapping[str, str]) -> Guard:
    entry.allow({"name", "weight", "kinds", "where", "pattern", "longer_than", "example", "counterexample"})
    weight = entry.number("weight")
    if weight > 0:
        raise entry.fail("a guard's weight is negative; what raises the sum is a [[rule]]")
    kinds = entry.strings("kinds") if "kinds" in entry else list(KINDS)
    unknown = sorted(set(kinds) - set(KINDS))
    if unknown:
        raise entry.fail(f"kind {unknown[0]!r} is none of " + ", ".join(KINDS))
    if ("pattern" in entry) == ("longer_than" in entry):
        raise entry.fail("a guard has either a pattern or longer_than")
    measured = "longer_than" in entry
    return Guard(
        name=entry.string("name"),
        weight=weight,
        kinds=frozenset(kinds),
        where="line" if measured else entry.choice("where", _GUARD_PLACES),
        expression=None if measured else _expand(entry.string("pattern"), fragments, entry.where),
        longer_than=entry.length("longer_than") if measured else None,
        example="" if measured else entry.string("example"),
        counterexample="" if measured else entry.string("counterexample"),
    )


def _expand(pattern: str, fragments: Mapping[str, str], where: str) -> str:
    """Join the lines of a pattern, put fragments in their places, and let a space stand for any white space."""

    def fragment(found: re.Match[str]) -> str:
        if found[1] not in fragments:
            raise ConfigError(f"{where}: no fragment named {found[1]!r} stands before this pattern")
        return fragments[found[1]]

    joined = "".join(line.removeprefix(" " * 4) for line in pattern.split("\n"))
    if re.search(r" [?*+{]", joined):
        raise ConfigError(f"{where}: a space stands for white space and takes no quantifier; write \\s")
    return _FRAGMENT.sub(fragment, joined.replace(" ", r"\s+"))


def _keywords(words: Iterable[str], lists: Mapping[str, frozenset[str]], where: str) -> frozenset[str]:
    """The keywords given, with <<name>> replaced by that list; each must be one lower-case token."""
    found: set[str] = set()
    for word in words:
        reference = _FRAGMENT.fullmatch(word)
        if reference is None:
            if not _KEYWORD.fullmatch(word) or word != word.lower():
                raise ConfigError(f"{where}: keyword {word!r} is not one lower-case token of letters, digits and _")
            found.add(word)
        elif reference[1] in lists:
            found |= lists[reference[1]]
        else:
            raise ConfigError(f"{where}: no list of keywords named {reference[1]!r} stands before this rule")
    return frozenset(found)


def _refuse_repeated_names(entries: Iterable[Rule | Guard]) -> None:
    seen: set[str] = set()
    for each in entries:
        if each.name in seen:
            raise ConfigError(f"residue grammar: two rules or guards are named {each.name!r}")
        seen.add(each.name)
