"""Which lines of a finding are shown, and which of their words differ."""

import difflib
import re
from dataclasses import dataclass

from dedup.model import Match, Relation, Span
from dedup.reporting.phrases import left_within_right
from dedup.reporting.visible import cells, cut_end, visible

# A word, or one character of a script without spaces: kana, ideographs, Thai, Lao, Khmer, Burmese.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+")
_WORDS_COMPARED = 80
"""Words after the first difference that are aligned: what one line shows, and a bound on hostile text."""

_WORDS_OF_CONTEXT = 4


@dataclass(frozen=True, slots=True)
class Piece:
    """A visible part of a line; `differs` where the other side has other words."""

    text: str
    differs: bool = False


@dataclass(frozen=True, slots=True)
class ExcerptLine:
    """A line to show: its number, its pieces, and `<` (left) or `>` (right) where both sides are shown."""

    side: str
    number: int
    pieces: tuple[Piece, ...]


def excerpt_lines(match: Match, left: str, right: str, room: int, *, brackets: bool) -> list[ExcerptLine]:
    """Choose the lines that show a finding, each at most `room` columns wide.

    `left` and `right` are the texts of the spans, or their beginnings. Of what is the same on both sides the
    later one is shown by its first and last line, of a near copy the line of each side where they first
    differ, with the words that differ in square brackets where `brackets` says so.
    """
    if match.relation is Relation.BOILERPLATE and match.evidence.pattern is not None:
        return _first_and_last(match.left, match.evidence.pattern, room)[:1]
    if match.right is None:
        return _first_and_last(match.left, left, room)
    if match.relation is Relation.NEAR:
        differing = _differing_lines(match.left, left, match.right, right, room, brackets=brackets)
        if differing:
            return differing
    if match.relation is Relation.CONTAINS and left_within_right(match):
        return [_on_side("<", line) for line in _first_and_last(match.left, left, room)]
    if match.relation is Relation.REWRITE:
        return [
            *(_on_side("<", line) for line in _first_and_last(match.left, left, room)[:1]),
            *(_on_side(">", line) for line in _first_and_last(match.right, right, room)[:1]),
        ]
    return _first_and_last(match.right, right, room)


def _on_side(side: str, line: ExcerptLine) -> ExcerptLine:
    return ExcerptLine(side, line.number, line.pieces)


def _first_and_last(span: Span, text: str, room: int) -> list[ExcerptLine]:
    lines = [(span.line + index, line) for index, line in enumerate(text.split("\n")) if line.strip()]
    if not lines:
        return []
    whole = len(text) == span.end - span.start
    shown = [lines[0], lines[-1]] if whole and len(lines) > 1 else lines[:1]
    return [ExcerptLine("", number, (Piece(_cut_line(line, room)),)) for number, line in shown]


def _cut_line(line: str, room: int) -> str:
    # Cut before it is made visible, so that a line of any length costs no more than what is shown of it.
    head = line.strip()[: 4 * room + 1]
    return cut_end(visible(head), room)


def _differing_lines(
    left: Span, left_text: str, right: Span, right_text: str, room: int, *, brackets: bool
) -> list[ExcerptLine]:
    """Give a line of each side around the first word that differs, and none where the texts do not differ."""
    left_words = list(_WORD.finditer(left_text))
    right_words = list(_WORD.finditer(right_text))
    first = 0
    for a, b in zip(left_words, right_words, strict=False):
        if a[0].casefold() != b[0].casefold():
            break
        first += 1
    if first == len(left_words) == len(right_words):
        return []
    left_window = _Window.around(left_text, left_words, first, room)
    right_window = _Window.around(right_text, right_words, first, room)
    matcher = difflib.SequenceMatcher(None, left_window.keys, right_window.keys, autojunk=False)
    blocks = matcher.get_matching_blocks()
    left_same = {block.a + k for block in blocks for k in range(block.size)}
    right_same = {block.b + k for block in blocks for k in range(block.size)}
    return [
        ExcerptLine("<", left.line + left_window.lines_before, left_window.pieces(left_same, room, brackets)),
        ExcerptLine(">", right.line + right_window.lines_before, right_window.pieces(right_same, room, brackets)),
    ]


@dataclass(frozen=True, slots=True)
class _Window:
    """A stretch of one line of a text, and the words from its start on (some of them past the line's end)."""

    text: str
    start: int
    end: int
    cut_before: bool
    lines_before: int
    words: list[re.Match[str]]

    @classmethod
    def around(cls, text: str, words: list[re.Match[str]], first: int, room: int) -> "_Window":
        """Take the line of word number `first`, or else of the last word, from a little before it."""
        at = min(first, len(words) - 1)
        position = words[at].start() if at >= 0 else 0
        line_start = text.rfind("\n", 0, position) + 1
        line_end = text.find("\n", position)
        line_end = len(text) if line_end < 0 else line_end
        start = line_start
        if position - line_start > room * 3 // 4:
            start = max(line_start, words[max(0, at - _WORDS_OF_CONTEXT)].start())
            start = max(start, position - room // 2)
        from_start = [word for word in words[max(0, at - room) :] if word.end() > start][:_WORDS_COMPARED]
        return cls(text, start, line_end, start > line_start, text.count("\n", 0, position), from_start)

    @property
    def keys(self) -> list[str]:
        return [word[0].casefold() for word in self.words]

    def pieces(self, same: set[int], room: int, brackets: bool) -> tuple[Piece, ...]:
        """Cut the stretch into pieces, runs of words not in `same` marked, and to `room` columns."""
        pieces = [Piece("…")] if self.cut_before else []
        position = self.start
        for first, last in self._runs(same):
            start, end = max(position, self.words[first].start()), self.words[last].end()
            shown = visible(self.text[start:end])
            pieces.append(Piece(visible(self.text[position:start])))
            pieces.append(Piece(f"[{shown}]" if brackets else shown, differs=True))
            position = end
        pieces.append(Piece(visible(self.text[position : min(self.end, position + 4 * room)])))
        return _cut_pieces([piece for piece in pieces if piece.text], room)

    def _runs(self, same: set[int]) -> list[tuple[int, int]]:
        """List the runs of words of this line that are not in `same`, by their first and last number."""
        runs: list[tuple[int, int]] = []
        for number, word in enumerate(self.words):
            if number in same or word.start() >= self.end:
                continue
            if runs and runs[-1][1] == number - 1:
                runs[-1] = (runs[-1][0], number)
            else:
                runs.append((number, number))
        return runs


def _cut_pieces(pieces: list[Piece], room: int) -> tuple[Piece, ...]:
    kept: list[Piece] = []
    used = 0
    for number, piece in enumerate(pieces):
        width = cells(piece.text)
        rest = number + 1 < len(pieces)
        if used + width + rest > room:
            kept.append(Piece(cut_end(piece.text + ("…" if rest else ""), max(1, room - used)), piece.differs))
            break
        kept.append(piece)
        used += width
    return tuple(kept)
