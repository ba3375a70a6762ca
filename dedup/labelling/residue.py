"""Prompt residue: lines left over from the prompt that made a text, or from the assistant that answered it.

A transparent weighted grammar (`residue_rules.toml`, `residue_languages.toml`) decides on one line at a time: the
weights of the rules that match are summed, words counting once for the heaviest rule; guards lower the sum. Fixed
weights hold on unseen sources where a fitted classifier gives what it has not seen no weight.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from dedup.labelling.residue_grammar import (
    LITERAL_KINDS,
    RESIDUE_WEIGHT,
    SUSPECT_WEIGHT,
    Guard,
    Rule,
    shipped_grammar,
)
from dedup.labelling.residue_sieve import EVERY_GROUP, may_match_within, shipped_sieve
from dedup.labelling.residue_window import (
    HEAD_CHARACTERS,
    IGNORABLE,
    TAIL_CHARACTERS,
    blank_markup,
    place_after,
    straight,
    straighten,
    within_token,
)
from dedup.model import ResidueSpan, Span

MOST_GROUPS_TRIED = 8
"""Where more groups of rules than this are possible, the line is split into tokens, to know which are."""

_NOT_SPACE = re.compile(r"\S")
_NEITHER_SPACE_NOR_MARKUP = re.compile(r"[^\s*#]")
_SPACE_AND_MARKUP = "*#" + "".join(filter(str.isspace, map(chr, range(0x3001))))
_TOKEN = re.compile(r"[㐀-䶿一-鿿ぁ-ゖァ-ヺ]|[^\W㐀-䶿一-鿿ぁ-ゖァ-ヺ]+")
_ASCII_WORDS = bytes(byte if chr(byte).isalnum() or byte == 0x5F else 0x20 for byte in bytes(range(128)).lower()).ljust(
    256
)

_INTRODUCTION = re.compile(r"\s*[:：]\s*|\s+[-–—]\s+")
_FIRST_WORD = re.compile(r"[\s,]*([^\W\d_]+)")
_LATER_COLON = re.compile(r"[^:\n]{0,160}?[:：]\s*")
_CLOSING_TAGS = re.compile(r"(?:\s*(?:\[/\w{1,20}\]|</[a-zA-Z][^<>]{0,20}>))+$")
_SLOT = re.compile(r"[\[{<%]+[\w .|-]*[\]}>%]+")
_PAIRED_QUOTES = {'"': '"', "'": "'", "(": ")", "[": "]"}


@dataclass(frozen=True, slots=True)
class LineResidue:
    """What a line of residue is: kind and rule of the heaviest match, and the sum of all weights.

    `quoted` is the range of characters, in the line, of the material that an instruction quotes.
    """

    kind: str
    rule: str
    weight: float
    quoted: tuple[int, int] | None = None


def find_residue(text: str, *, suspect: bool = False) -> list[ResidueSpan]:
    r"""The lines of a text that are prompt residue, in order, one span a line; with `suspect` the suspects too.

    A span covers its line without the white space around it. Lines are split at "\n" alone. Linear in the text, and
    of a line only the first 300 and last 220 characters are read. Raises TypeError where `text` is no string.
    """
    if not isinstance(text, str):
        raise TypeError(f"a text is a string, not {type(text).__name__}")
    least = SUSPECT_WEIGHT if suspect else RESIDUE_WEIGHT
    found: list[ResidueSpan] = []
    for number, start, end in _lines(text):
        if (bounds := _bounds(text, start, end)) is None:
            continue
        first, last = bounds
        judged = _judge(text, first, last)
        if judged is not None and judged.weight >= least:
            quoted = None if judged.quoted is None else Span(None, *judged.quoted, number, number)
            span = Span(None, first, last, number, number)
            found.append(ResidueSpan(span, judged.kind, judged.rule, judged.weight, quoted))
    return found


def residue_of_line(line: str, groups: int = EVERY_GROUP) -> LineResidue | None:
    """What the grammar says of one line: its residue, at `SUSPECT_WEIGHT` or more, or None.

    `groups`: the groups of rules that its tokens allow, if they are known (see `dedup.labelling.residue_sieve`).
    """
    bounds = _bounds(line, 0, len(line))
    return None if bounds is None else _judge(line, *bounds, groups)


def matching_rules(line: str) -> tuple[str, ...]:
    """The names of all rules that match a line, companions too, whatever their sum: for looking into the grammar."""
    bounds = _bounds(line, 0, len(line))
    if bounds is None:
        return ()
    grammar = shipped_grammar()
    head = _head(line, *bounds)
    read = _Line.read(line, *bounds, head, blank_markup(head))
    tokens = {*_tokens(read.head), *_tokens(read.tail)}
    return tuple(
        rule.name
        for rule in grammar.rules
        if rule.may_stand_beside(tokens) and read.holds_keyword(rule) and read.match(rule)
    )


def trigger_keywords() -> frozenset[str]:
    """The tokens without one of which a line cannot be residue.

    Tokens are maximal runs of letters, marks, digits and underscores, lower-cased, each Chinese or Japanese character
    being one of its own.
    """
    return frozenset(shipped_grammar().by_keyword)


def _lines(text: str) -> Iterator[tuple[int, int, int]]:
    """Number, start and end of each line."""
    number, start = 1, 0
    while (end := text.find("\n", start)) >= 0:
        yield number, start, end
        number, start = number + 1, end + 1
    yield number, start, len(text)


def _bounds(text: str, start: int, end: int) -> tuple[int, int] | None:
    """The line between `start` and `end` without white space around it, or None if there is nothing else."""
    if start < end and not text[start].isspace() and not text[end - 1].isspace():
        return start, end
    found = _NOT_SPACE.search(text, start, end)
    return None if found is None else (found.start(), _stripped(text, found.start(), end))


def _stripped(text: str, start: int, end: int, characters: str | None = None) -> int:
    """Where the text from `start` to `end` ends without white space (or the characters given), a chunk at a time."""
    while end > start:
        chunk = text[max(start, end - 4096) : end]
        if kept := len(chunk.rstrip(characters)):
            return end - len(chunk) + kept
        end -= len(chunk)
    return start


def _judge(text: str, first: int, last: int, groups: int = EVERY_GROUP) -> LineResidue | None:
    """Judge the line between two characters that are no white space; `quoted` is a range of `text`."""
    head = _head(text, first, last)
    plain_head = blank_markup(head)
    # Nearly every line ends here, or has few rules to try.
    if not (groups := shipped_sieve().admitted(plain_head, groups)):
        return None
    if groups.bit_count() <= MOST_GROUPS_TRIED:
        triggered = shipped_sieve().rules_of(groups)
    elif not (triggered := _triggered(text, first, last, groups)):
        return None
    grammar = shipped_grammar()
    line = _Line.read(text, first, last, head, plain_head)
    matches = [match for rule in triggered if (match := line.match(rule)) and line.holds_tokens(rule)]
    if not matches:
        return None
    counted = _without_overlaps(matches)
    heaviest = counted[0]
    weight = sum(match.rule.weight for match in counted)
    weight += sum(rule.weight for rule in grammar.companions if line.holds_keyword(rule) and line.match(rule))
    weight += sum(guard.weight for guard in grammar.guards if line.guarded(guard, heaviest))
    if weight < SUSPECT_WEIGHT:
        return None
    quoting = next((match for match in matches if match.rule.quotes), None)
    quoted = None if quoting is None else line.quoted(text, quoting.end, grammar.connectors)
    return LineResidue(heaviest.rule.kind, heaviest.rule.name, weight, quoted)


def _triggered(text: str, first: int, last: int, groups: int) -> tuple[Rule, ...]:
    """The rules of some groups that the tokens of the windows allow, in the order of the grammar."""
    if last - first <= HEAD_CHARACTERS + TAIL_CHARACTERS:
        read = text[first:last]
    else:
        read = text[first : first + HEAD_CHARACTERS] + " " + text[last - TAIL_CHARACTERS : last]
    tokens = _tokens(read)
    triggers = _triggers()
    if triggers.keys().isdisjoint(tokens):
        return ()
    grammar, bits = shipped_grammar(), shipped_sieve().bits
    held = set(tokens)
    places = {place for token in triggers.keys() & held for place in triggers[token] if bits[place] & groups}
    return tuple(grammar.rules[place] for place in sorted(places) if grammar.rules[place].may_stand_beside(held))


def _tokens(window: str) -> list[bytes]:
    """The lower-cased tokens of a window in UTF-8, and perhaps parts of tokens that hold combining marks."""
    if window.isascii():
        return window.encode().translate(_ASCII_WORDS).split()
    return [
        token.lower().encode("utf-8", "surrogatepass")
        for token in _TOKEN.findall(IGNORABLE.sub("", window).replace("ſ", "s"))
    ]


@cache
def _triggers() -> dict[bytes, tuple[int, ...]]:
    return {keyword.encode(): places for keyword, places in shipped_grammar().by_keyword.items()}


@dataclass(frozen=True, slots=True)
class _RuleMatch:
    """A rule that matched, from `start` to `end` of its window, which begins `offset` characters into the line."""

    rule: Rule
    start: int
    end: int
    offset: int
    in_tail: bool

    @property
    def place(self) -> int:
        return self.offset + self.start

    @property
    def end_place(self) -> int:
        return self.offset + self.end


def _without_overlaps(matches: list[_RuleMatch]) -> list[_RuleMatch]:
    """The matches, heaviest first, without those on words that a heavier one has counted."""
    counted: list[_RuleMatch] = []
    for match in sorted(matches, key=lambda match: -match.rule.weight):
        if all(match.place >= other.end_place or other.place >= match.end_place for other in counted):
            counted.append(match)
    return counted


@dataclass(frozen=True, slots=True)
class _Line:
    """A line as the rules see it.

    `head` and `tail` are its windows with quotes straightened and ignorable characters left out, cut between tokens so
    that they hold no token that the line does not; the plain ones have markup blanked besides.
    """

    first: int
    last: int
    head: str
    tail: str
    plain_head: str
    plain_tail: str
    tail_offset: int

    @classmethod
    def read(cls, text: str, first: int, last: int, head: str, plain_head: str) -> "_Line":
        """The line, of which the head is already there."""
        if last - first <= TAIL_CHARACTERS:
            return cls(first, last, head, head, plain_head, plain_head, 0)
        tail_start = max(last - TAIL_CHARACTERS, first)
        while first < tail_start < last and within_token(text, tail_start):
            tail_start += 1
        tail = straighten(text[tail_start:last])
        return cls(first, last, head, tail, plain_head, blank_markup(tail), tail_start - first)

    def holds_tokens(self, rule: Rule) -> bool:
        """Whether the windows hold the tokens that a rule asks for, whole ones."""
        return self.holds_keyword(rule) and (
            not rule.beside or rule.may_stand_beside({*_tokens(self.head), *_tokens(self.tail)})
        )

    def holds_keyword(self, rule: Rule) -> bool:
        return any(
            token.lower() in rule.keywords for window in (self.head, self.tail) for token in _TOKEN.findall(window)
        )

    def match(self, rule: Rule) -> _RuleMatch | None:
        literal = rule.kind in LITERAL_KINDS
        head, tail = (self.head, self.tail) if literal else (self.plain_head, self.plain_tail)
        if rule.where == "start":
            found = rule.pattern.match(head, _first_word(head))
        else:
            found = _search(rule, head) if rule.where != "tail" else None
        if found is not None:
            return _RuleMatch(rule, found.start(), found.end(), 0, in_tail=False)
        # A short line has one window, which was searched.
        if rule.where == "head" or (rule.where == "both" and self.last - self.first <= TAIL_CHARACTERS):
            return None
        if rule.where != "start" and (found := _search(rule, tail)) is not None:
            return _RuleMatch(rule, found.start(), found.end(), self.tail_offset, in_tail=True)
        return None

    def guarded(self, guard: Guard, match: _RuleMatch) -> bool:
        if match.rule.kind not in guard.kinds:
            return False
        if guard.longer_than is not None:
            return self.last - self.first > guard.longer_than
        read = self.head if guard.where == "line" else (self.tail if match.in_tail else self.head)[: match.start]
        return guard.pattern is not None and guard.pattern.match(read) is not None

    def quoted(self, text: str, end: int, connectors: frozenset[str]) -> tuple[int, int] | None:
        """The material after an instruction that ends at `end` of the head, as a range of `text`."""
        begin = _material_start(self.plain_head, end, connectors)
        if begin is None:
            return None
        start, stop = place_after(text, self.first, begin), self.last
        closing = _CLOSING_TAGS.search(text, max(start, stop - TAIL_CHARACTERS), stop)
        stop = closing.start() if closing else stop
        if stop - start <= TAIL_CHARACTERS and _SLOT.fullmatch(text, start, stop):
            return None
        if stop - start >= 2 and _PAIRED_QUOTES.get(straight(text[start])) == straight(text[stop - 1]):
            start, stop = start + 1, stop - 1
        content = _NEITHER_SPACE_NOR_MARKUP.search(text, start, stop)
        if content is None or _TOKEN.search(text, start, stop) is None:
            return None
        start = content.start()
        stop = _stripped(text, start, stop, _SPACE_AND_MARKUP)
        return start, stop


def _search(rule: Rule, window: str) -> re.Match[str] | None:
    return rule.pattern.search(window) if may_match_within(rule, window) else None


@lru_cache(4)
def _first_word(head: str) -> int:
    """Where the first word that counts begins, past what may stand before it."""
    lead = shipped_grammar().lead_pattern.match(head)
    return 0 if lead is None else lead.end()


def _material_start(line: str, end: int, connectors: frozenset[str]) -> int | None:
    """Where the quoted material begins after the instruction: after a colon, a dash, or at once unless it goes on."""
    if introduction := _INTRODUCTION.match(line, end):
        return introduction.end()
    word = _FIRST_WORD.match(line, end)
    if word is not None and word[1] in connectors:
        colon = _LATER_COLON.match(line, end)
        return None if colon is None else colon.end()
    rest = _NOT_SPACE.search(line, end)
    return rest.start() if rest is not None and (rest.start() > end or rest[0] in "\"'") else None


def _head(text: str, first: int, last: int) -> str:
    """The first window of a line, straightened."""
    end = first + HEAD_CHARACTERS
    if end >= last:
        return straighten(text[first:last])
    while first < end and within_token(text, end):
        end -= 1
    return straighten(text[first:end])
