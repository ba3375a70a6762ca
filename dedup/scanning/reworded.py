"""Reworded passages within documents: those in which word pairs return together are aligned with themselves."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np

from dedup.config import PAIR_RELATIONS, Config
from dedup.kernels import I64, Bool
from dedup.kernels.alignment import choose_aligner
from dedup.model import RELATIONS, Evidence, Relation
from dedup.scanning.aligned import Aligned, Barred, ReadyTexts, common_words, residue_spans, whole_documents
from dedup.scanning.corpus import Corpus
from dedup.scanning.findings import Findings, Side, join_findings, join_sides, of_spans
from dedup.scanning.scoring import Scorer, hash_ranges

LEAST_TOKENS = 24
"""A document of fewer tokens holds no two passages."""

LEAST_RETURNS = 8
"""Documents in which fewer skip-bigrams return together are not aligned."""

LEAST_ANCHORS = 3
"""The fewest words, none of them common and no numbers, that a passage and its rewording both hold."""

_BLOCK_BYTES = 2 << 20


def find_reworded(corpus: Corpus, documents: Bool, copied: Side, config: Config, scorer: Scorer) -> Findings:
    """The passages that stand in a document a second time in other words.

    `documents`: those that are looked at. `copied`: spans that are told of already, which lie in no passage.
    """
    ranks = np.flatnonzero(documents & (corpus.documents.lengths >= LEAST_TOKENS))
    candidates = _screened(corpus, ranks, scorer)
    sizes = corpus.documents.ends[candidates] - corpus.documents.starts[candidates]
    aligner = choose_aligner(2 * int(sizes.sum()), scorer.progress.message)
    barred = Barred(join_sides([residue_spans(corpus), copied]))
    scorer.progress.start("rewordings", candidates.size)

    background = scorer.background.result()
    known = replace(config, relations=PAIR_RELATIONS)

    def align(block: I64) -> Findings:
        texts = ReadyTexts(corpus, whole_documents(corpus, candidates[block]), barred, background, aligner)
        every = np.arange(block.size)
        aligned = texts.align(every, every, known)
        reworded = (aligned.relations == RELATIONS.index(Relation.REWRITE)) & ~aligned.summaries
        likely = aligned.scores[4] >= config.least_passage_score(between=False)
        return passage_findings(texts, aligned.take(np.flatnonzero(reworded & likely)), every, every)

    found = [of_spans(Relation.REWRITE, Side(*np.zeros((3, 0), dtype=np.int64)), np.nan, [])]
    blocks = list(blocks_of(sizes))
    for block, findings in zip(blocks, scorer.threads.map(align, blocks), strict=True):
        found.append(findings)
        scorer.progress.advance(block.size)
    return join_findings(found)


def later_copies(passages: Findings) -> Side:
    """The later sides of passages within one document: what is reworded, is reworded from the first."""
    within = np.flatnonzero(passages.left.documents == passages.right.documents)
    return passages.right.take(within)


def _screened(corpus: Corpus, ranks: I64, scorer: Scorer) -> I64:
    """The documents in which skip-bigrams return together."""
    starts, ends = corpus.documents.starts[ranks], corpus.documents.ends[ranks]
    common = common_words(scorer.background.result())
    blocks = list(blocks_of(ends - starts))
    scorer.progress.start("rewordings", ranks.size)

    def screen(block: I64) -> Bool:
        rows, row_of = hash_ranges(corpus.store, starts[block], ends[block], corpus.kernels)
        many: Bool = corpus.kernels.densest_returns(*rows, common)[row_of] >= LEAST_RETURNS
        return many

    found = [np.zeros(0, dtype=np.bool_)]
    for block, many in zip(blocks, scorer.threads.map(screen, blocks), strict=True):
        found.append(many)
        scorer.progress.advance(block.size)
    candidates: I64 = ranks[np.concatenate(found)]
    return candidates


def blocks_of(sizes: I64) -> Iterator[I64]:
    """Places of texts, or of pairs, one after the other, some megabytes at a time."""
    number = np.cumsum(sizes) // _BLOCK_BYTES
    begins = np.flatnonzero(np.append(True, number[1:] != number[:-1])[: sizes.size]).tolist()
    for begin, end in pairwise([*begins, sizes.size]):
        yield np.arange(begin, end)


def passage_findings(texts: ReadyTexts, passages: Aligned, left: I64, right: I64, words: int = 0) -> Findings:
    """Those of the passages that have enough to show in common, with their evidence.

    `left` and `right` are the texts of each pair aligned. `words`: how many words the sides must have in common that
    are neither common nor names nor numbers.
    """
    several, evidence = [], []
    for row, pair in enumerate(passages.pairs.tolist()):
        here = np.array([row])
        spans = passages.left.take(here), passages.right.take(here)
        one, other = int(left[pair]), int(right[pair])
        (anchors,) = texts.anchors(one, other, spans)
        enough = sum(any(map(str.isalpha, anchor)) for anchor in anchors) >= LEAST_ANCHORS
        enough = enough and (not words or texts.shared_words(one, other, spans) >= words)
        if enough and not texts.is_template(one, other, spans):
            several.append(row)
            one_sum, other_sum = passages.nats[row].tolist()
            evidence.append(Evidence(anchors=anchors, log_likelihood=(one_sum, other_sum)))
    found = passages.take(np.array(several, dtype=np.int64))
    nothing = np.zeros(found.pairs.size, dtype=np.int64)
    return Findings(found.relations, found.left, found.right, found.scores, nothing, dict(enumerate(evidence)))
