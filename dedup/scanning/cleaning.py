"""Cleaning one text: cutting its own copies and its residue."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from dedup.aligning import MatchedSegments, Runs, SegmentColumns, chain
from dedup.config import Config
from dedup.kernels import I64
from dedup.model import Cleaned, Cut, Document, Level, Relation, Span
from dedup.scanning.batch import to_batch
from dedup.scanning.corpus import Corpus, gather_corpus
from dedup.scanning.findings import Places, Side, places_of
from dedup.scanning.paragraphs import match_paragraphs, representative_pairs, spans_of
from dedup.scanning.progress import Silent
from dedup.scanning.scoring import Scorer
from dedup.scanning.threads import Threads
from dedup.verifying import Background, Verdict


def clean(text: str, config: Config | None = None) -> Cleaned:
    """Cut a text's own repeated copies and its residue, whole lines at a time, and say what was cut and where.

    Of copies the first stays. A later paragraph is cut where its words, or all its shingles, stand in an earlier one;
    one that differs in so much as a number is left. What is left is not looked at again: see `docs/decisions.md`.
    """
    relations = (Relation.EXACT, Relation.NEAR, Relation.RESIDUE)
    config = replace(config or Config(), relations=relations, level=Level.PARAGRAPH, keep="first")
    corpus = gather_corpus([to_batch([Document(0, text)])], config, 1, Silent())
    residue = Side(
        np.zeros(len(corpus.residue), dtype=np.int64),
        np.array([line.start for line in corpus.residue], dtype=np.int64),
        np.array([line.end for line in corpus.residue], dtype=np.int64),
    )
    spans = _spans(*places_of(corpus, residue))
    cuts = [Cut(span, "residue", rule=line.rule) for span, line in zip(spans, corpus.residue, strict=True)]
    cuts += _copies(corpus, config)
    cuts.sort(key=lambda cut: (cut.span.start, cut.span.end))
    return Cleaned(without_lines(text, [cut.span for cut in cuts]), tuple(cuts))


def _copies(corpus: Corpus, config: Config) -> list[Cut]:
    """Runs of paragraphs that say nothing which an earlier one does not say, each with what stays in the text."""
    threads = Threads(1)
    scorer = Scorer(corpus.store, config, threads.start(Background), corpus.kernels, threads, Silent())
    matching = match_paragraphs(corpus, ~corpus.barrier, config, scorer)
    pairs = representative_pairs(corpus, matching, config)
    pairs = pairs.take((pairs.verdict == Verdict.EXACT) | (pairs.scores.right_containment >= 1.0))
    segments = SegmentColumns(
        corpus.paragraph_documents,
        corpus.paragraphs.digests,
        corpus.paragraphs.lengths < config.shingle_size,
        corpus.barrier,
    )
    runs = chain(MatchedSegments(pairs.left, pairs.right, pairs.verdict == Verdict.EXACT), segments)
    first, last = _originals(runs, pairs.left, pairs.right, len(corpus.paragraphs))
    copies, originals = spans_of(corpus, runs.right_first, runs.right_last), spans_of(corpus, first, last)
    cut, kept = (_spans(places) for places in places_of(corpus, copies, originals))
    return [Cut(span, "copy", copy_of=original) for span, original in zip(cut, kept, strict=True)]


def _originals(runs: Runs, left: I64, right: I64, count: int) -> tuple[I64, I64]:
    """First and last paragraph of what each run repeats: of what is no copy itself, where that stands together."""
    original = np.arange(count)
    for earlier, later in sorted(zip(left.tolist(), right.tolist(), strict=True), key=lambda pair: pair[1]):
        original[later] = original[earlier]
    first, last = original[runs.left_first], original[runs.left_last]
    together = last - first == runs.left_last - runs.left_first
    return np.where(together, first, runs.left_first), np.where(together, last, runs.left_last)


def _spans(places: Places) -> Iterable[Span]:
    columns = (places.starts, places.ends, places.lines, places.end_lines)
    return [Span(None, *place) for place in zip(*(column.tolist() for column in columns), strict=True)]


def without_lines(text: str, spans: Sequence[Span]) -> str:
    """The text without the lines on which the spans lie."""
    pieces = []
    position = 0
    for span in sorted(spans, key=lambda span: (span.start, span.end)):
        start = text.rfind("\n", 0, span.start) + 1
        end = text.find("\n", span.end)
        if start > position:
            pieces.append(text[position:start])
        position = max(position, len(text) if end < 0 else end + 1)
    pieces.append(text[position:])
    return "".join(pieces)
