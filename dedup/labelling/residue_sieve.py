"""The sieve before the grammar of prompt residue: which rules a line can match, told without trying their expressions.

Rules that hold on the same terms make one group, and a set of groups is an integer of 64 bits: that of a paragraph's
tokens comes from the sketch kernel, that of a line's first characters from a look-up. Both tell more groups than match,
never fewer.
"""

from dataclasses import dataclass
from functools import cache, lru_cache

from dedup.labelling.residue_beginnings import LENGTH, beginnings, folded, sought
from dedup.labelling.residue_grammar import LITERAL_KINDS, SUSPECT_WEIGHT, Grammar, Rule, shipped_grammar

EVERY_GROUP = (1 << 64) - 1
"""All groups."""

_MOST_REMEMBERED = 1 << 13


@dataclass(frozen=True, slots=True)
class RuleGroup:
    """Rules that may match where a text holds one of `keywords` and, if there are any, one of `beside` (in UTF-8).

    `bit`: what stands for the group, a power of two; beyond 64 groups several have the same.
    """

    keywords: frozenset[str]
    beside: frozenset[bytes]
    bit: int


class Sieve:
    """The groups of a grammar's rules that make a finding alone.

    `bits` has that of each rule, by its place in the grammar, 0 for companions.
    """

    def __init__(self, grammar: Grammar) -> None:
        self.grammar = grammar
        self._lead = grammar.lead_pattern
        self._lead_beginnings = beginnings(grammar.lead)
        self._by_beginning: dict[str, int] = {}
        self._anywhere = 0
        members: dict[str, list[int]] = {}
        for place, rule in enumerate(grammar.rules):
            if rule.weight >= SUSPECT_WEIGHT:
                # There are fewer bits than rules: those at the first word are best told apart without one.
                shared = leads(rule) and not rule.beside
                members.setdefault("" if shared else rule.name, []).append(place)
        self.bits = [0] * len(grammar.rules)
        groups = []
        for number, places in enumerate(members.values()):
            bit = 1 << number % 64
            keywords = frozenset[str]().union(*(grammar.rules[place].keywords for place in places))
            groups.append(RuleGroup(keywords, grammar.rules[places[0]].beside, bit))
            for place in places:
                self.bits[place] = bit
                self._note_beginnings(grammar.rules[place], bit)
        self.groups = tuple(groups)
        self._groups_of = lru_cache(_MOST_REMEMBERED)(self._groups_that_begin)
        self.rules_of = lru_cache(_MOST_REMEMBERED)(self._rules_in)

    def admitted(self, plain_head: str, groups: int) -> int:
        """Those of `groups` that may match a line, by the first characters of its head, markup blanked."""
        admitted = self._groups_of(plain_head[:LENGTH], True)
        if admitted is None:
            lead = self._lead.match(plain_head)
            place = 0 if lead is None else lead.end()
            admitted = self._groups_of(plain_head[place : place + LENGTH], False)
        return groups if admitted is None else groups & admitted

    def _note_beginnings(self, rule: Rule, bit: int) -> None:
        if not leads(rule):
            self._anywhere |= bit
            return
        for beginning in beginnings(rule.expression):
            self._by_beginning[beginning] = self._by_beginning.get(beginning, 0) | bit

    def _groups_that_begin(self, text: str, at_start: bool) -> int | None:
        """The groups that may match where a text begins so, or None if that cannot be told.

        At the start of a line it cannot where something may stand before the first word.
        """
        beginning = folded(text)
        if beginning is None:
            return None
        every = [beginning[:length] for length in range(LENGTH + 1)]
        if at_start and (not text[:1].isalnum() or not self._lead_beginnings.isdisjoint(every)):
            return None
        admitted = self._anywhere
        for each in every:
            admitted |= self._by_beginning.get(each, 0)
        return admitted

    def _rules_in(self, groups: int) -> tuple[Rule, ...]:
        return tuple(rule for rule, bit in zip(self.grammar.rules, self.bits, strict=True) if bit & groups)


def leads(rule: Rule) -> bool:
    """Whether a rule matches at the first word alone, with markup blanked."""
    return rule.where == "start" and rule.kind not in LITERAL_KINDS


def may_match_within(rule: Rule, window: str) -> bool:
    """Whether a rule's expression may match somewhere in a window: whether one of its beginnings is there."""
    beginning_of = sought(rule.expression)
    if beginning_of is None or (text := _folded(window)) is None:
        return True
    for beginning in beginning_of:  # noqa: SIM110 - many times as fast as any() of a generator
        if beginning in text:
            return True
    return False


_folded = lru_cache(4)(folded)
"""One line's windows are looked at for several rules in a row."""


@cache
def shipped_sieve() -> Sieve:
    """The sieve of the grammar that comes with the package."""
    return Sieve(shipped_grammar())
