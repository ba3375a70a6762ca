"""One batch of records to its sketches: a pure function, the same in every thread, process and stream."""

from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedup.config import Config
from dedup.kernels import I64, U64, Bool, Kernels, Samples, Sketches, loaded
from dedup.kernels.hashing import TriggerTable, join_digests, no_triggers, trigger_table
from dedup.model import Relation, TextColumn
from dedup.segmenting import Segments, segment
from dedup.sketching import sketch_plan
from dedup.tokenising import codepoint_table, hash_tokens, token_hashes

if TYPE_CHECKING:
    from dedup.labelling.residue import LineResidue


_MOST_REMEMBERED = 1000
"""Characters of the longest line whose verdict is remembered."""


class ResidueLine(NamedTuple):
    """A line of prompt residue: the index of its text, the line's bytes in the buffer, and what the grammar says.

    `quoted_start` and `quoted_end` are the bytes of the material that the instruction quotes, or equal where it
    quotes none.
    """

    text: int
    start: int
    end: int
    kind: str
    rule: str
    weight: float
    quoted_start: int
    quoted_end: int

    def moved(self, texts: int, n_bytes: int) -> "ResidueLine":
        """The same line where `texts` texts of `n_bytes` bytes stand before the buffer."""
        return self._replace(
            text=self.text + texts,
            start=self.start + n_bytes,
            end=self.end + n_bytes,
            quoted_start=self.quoted_start + n_bytes,
            quoted_end=self.quoted_end + n_bytes,
        )


class BatchSketch(NamedTuple):
    """What is kept of a batch besides its texts; bytes count from the beginning of the batch's buffer."""

    documents: Sketches
    segments: Segments | None
    paragraphs: Sketches | None
    residue: list[ResidueLine]


class Work(NamedTuple):
    """Which parts of the path a configuration needs."""

    near: bool
    contains: bool
    documents: bool
    paragraphs: bool
    residue: bool

    @classmethod
    def of(cls, config: Config) -> "Work":
        """The parts that the relations and the level ask for. Residue is a barrier to passages, so they need it too."""
        return cls(
            near=config.looks_for(Relation.NEAR),
            contains=config.looks_for(Relation.CONTAINS),
            documents=config.level.documents,
            paragraphs=config.level.paragraphs or config.looks_for(Relation.RESIDUE) or config.finds_frames,
            residue=config.level.paragraphs or config.looks_for(Relation.RESIDUE),
        )


def sketch_batch(texts: TextColumn, config: Config, kernels: Kernels) -> BatchSketch:
    """Segment and sketch some texts."""
    work = Work.of(config)
    near, contains = work.near and work.documents, work.contains and work.documents
    plan = sketch_plan(config, no_triggers(), near=near, contains=contains)
    table = codepoint_table()
    if work.documents or not work.paragraphs:
        documents = kernels.sketch(texts.data, texts.offsets[:-1], texts.offsets[1:], *table, plan)
    if not work.paragraphs:
        return BatchSketch(documents, None, None, [])
    segments = segment(texts, kernels)
    near, contains = work.near and config.level.paragraphs, work.contains and config.level.paragraphs
    plan = sketch_plan(config, residue_triggers(), near=near, contains=contains)
    paragraphs = kernels.sketch(texts.data, segments.starts, segments.ends, *table, plan)
    residue = find_residue_lines(texts, segments, paragraphs.triggered, kernels) if work.residue else []
    if residue:
        apart = _set_apart(texts, residue, kernels)
        if not np.array_equal(apart.starts, segments.starts) or not np.array_equal(apart.ends, segments.ends):
            segments, paragraphs = apart, kernels.sketch(texts.data, apart.starts, apart.ends, *table, plan)
    if not work.documents:
        documents = _joined(paragraphs, np.searchsorted(segments.texts, np.arange(len(texts) + 1)))
    return BatchSketch(documents, segments, paragraphs, residue)


def _joined(paragraphs: Sketches, offsets: I64) -> Sketches:
    """What is to be known of documents that are not compared, from their paragraphs."""
    count = offsets.size - 1
    until = np.append(0, np.cumsum(paragraphs.lengths))
    return Sketches(
        join_digests(paragraphs.digests, paragraphs.lengths, offsets),
        until[offsets[1:]] - until[offsets[:-1]],
        np.zeros((0, count), dtype=np.uint32),
        Samples(np.zeros(0, dtype=np.uint32), np.zeros(count + 1, dtype=np.int64)),
        np.zeros(count, dtype=np.uint8),
        np.zeros(count, dtype=np.int64),
        np.zeros(count, dtype=np.uint64),
        np.zeros(count, dtype=np.uint64),
        np.zeros(count, dtype=np.uint64),
    )


def _set_apart(texts: TextColumn, residue: list[ResidueLine], kernels: Kernels) -> Segments:
    """The segments of texts in which each line of residue is one by itself and ends a block, as a blank line does."""
    blanked = texts.data.copy()
    for line in residue:
        blanked[line.start : line.end] = ord(" ")
    others = segment(TextColumn(blanked, texts.offsets), kernels)
    columns = np.array([(line.start, line.end, line.text) for line in residue], dtype=np.int64).T
    starts = np.append(others.starts, columns[0])
    order = np.argsort(starts, kind="stable")
    ends, owners = np.append(others.ends, columns[1]), np.append(others.texts, columns[2])
    return Segments(starts[order], ends[order], owners[order])


@cache
def residue_triggers() -> TriggerTable:
    """The tokens without which no line is residue, with the groups of rules that ask for them."""
    from dedup.labelling.residue_sieve import shipped_sieve

    groups = shipped_sieve().groups
    words = sorted({*(word.decode() for group in groups for word in group.beside)})
    tokens = hash_tokens(TextColumn.from_strings(words), loaded())
    single = {word for word, count in zip(words, np.diff(tokens.offsets).tolist(), strict=True) if count == 1}
    keywords: dict[str, int] = {}
    beside: dict[str, int] = {}
    free = 0
    for group in groups:
        for word in group.keywords:
            keywords[word] = keywords.get(word, 0) | group.bit
        others = {word.decode() for word in group.beside}
        if not others or not others <= single:
            free |= group.bit
            continue
        for word in others:
            beside[word] = beside.get(word, 0) | group.bit
    known = sorted({*keywords, *beside})
    bits = np.array([(keywords.get(word, 0), beside.get(word, 0)) for word in known], dtype=np.uint64)
    return trigger_table(token_hashes(known, loaded()), bits[:, 0], bits[:, 1], free)


def find_residue_lines(texts: TextColumn, segments: Segments, triggered: U64, kernels: Kernels) -> list[ResidueLine]:
    """The lines of residue in the segments; `triggered`: the groups of rules that the tokens of each allow."""
    places = np.flatnonzero(triggered)
    if not places.size:
        return []
    from dedup.labelling.residue_screen import shipped_screen

    starts, ends = segments.starts[places], segments.ends[places]
    possible = np.zeros_like(triggered)
    possible[places] = kernels.screen(texts.data, starts, ends, triggered[places], shipped_screen())
    places = np.flatnonzero(possible)
    if not places.size:
        return []
    found = []
    columns = (segments.texts, segments.starts, segments.ends, possible)
    buffer = texts.data.data
    for owner, start, end, groups in zip(*(column[places].tolist() for column in columns), strict=True):
        text = str(buffer[start:end], "utf-8", "surrogatepass")
        line_start = start
        for line in text.split("\n"):
            verdict = _verdict(line, groups) if len(line) <= _MOST_REMEMBERED else _verdict.__wrapped__(line, groups)
            if verdict is not None:
                found.append(_residue_line(owner, line_start, line, verdict))
            line_start += (len(line) if len(text) == end - start else _size(line)) + 1
    return found


@lru_cache(1 << 12)
def _verdict(line: str, groups: int) -> "LineResidue | None":
    """What the grammar says of a line; those of a template come again and again."""
    from dedup.labelling.residue import residue_of_line

    return residue_of_line(line, groups)


def _residue_line(owner: int, start: int, line: str, verdict: "LineResidue") -> ResidueLine:
    """The finding on a line that begins at a byte of the buffer; its span has no white space around it."""
    stripped = line.strip()
    first = start + _size(line[: line.index(stripped)])
    quoted_start = quoted_end = first
    if verdict.quoted is not None:
        quoted_start, quoted_end = (start + _size(line[:place]) for place in verdict.quoted)
    last = first + _size(stripped)
    return ResidueLine(owner, first, last, verdict.kind, verdict.rule, verdict.weight, quoted_start, quoted_end)


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def barriers(segments: Segments, residue: list[ResidueLine]) -> Bool:
    """Which segments touch a line of residue."""
    blocked = np.zeros(segments.starts.size, dtype=np.bool_)
    starts: I64 = np.array([line.start for line in residue], dtype=np.int64)
    ends: I64 = np.array([line.end for line in residue], dtype=np.int64)
    first = np.searchsorted(segments.ends, starts, side="right")
    last = np.searchsorted(segments.starts, ends, side="left")
    for begin, end in zip(first.tolist(), last.tolist(), strict=True):
        blocked[begin:end] = True
    return blocked
