"""Reworded passages within documents: documents are screened for rare words that return together, and aligned."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np

from dedup.config import PAIR_RELATIONS, Config
from dedup.kernels import I64, U64, Bool
from dedup.kernels.alignment import choose_aligner
from dedup.model import RELATIONS, Evidence, Relation
from dedup.scanning.aligned import Aligned, ReadyTexts, residue_spans
from dedup.scanning.corpus import Corpus
from dedup.scanning.findings import Findings, Side, join_findings, join_sides, of_spans
from dedup.scanning.scoring import Scorer, hash_ranges
from dedup.verifying import Background

LEAST_TOKENS = 24
"""A document of fewer tokens holds no two passages."""

LEAST_RETURNS = 6
"""Documents in which fewer rare words return together are not aligned."""

COMMON_SHARE, LEAST_DOCUMENTS = 0.05, 20
"""Words in more than this share of the background's documents are common, if it has so many."""

_BLOCK_BYTES = 2 << 20


def find_reworded(corpus: Corpus, documents: Bool, copied: Side, config: Config, scorer: Scorer) -> Findings:
    """The passages that stand in a document a second time in other words.

    `documents`: those that are looked at. `copied`: spans that are told of already, which lie in no passage.
    """
    ranks = np.flatnonzero(documents & (corpus.documents.lengths >= LEAST_TOKENS))
    candidates = _screened(corpus, ranks, scorer)
    sizes = corpus.documents.ends[candidates] - corpus.documents.starts[candidates]
    aligner = choose_aligner(2 * int(sizes.sum()), scorer.progress.message)
    barred = join_sides([residue_spans(corpus), copied])
    scorer.progress.start("rewordings", candidates.size)

    background = scorer.background.result()
    known = replace(config, relations=PAIR_RELATIONS)

    def align(block: I64) -> Findings:
        texts = ReadyTexts(corpus, candidates[block], barred, background, aligner)
        every = np.arange(block.size)
        aligned = texts.align(every, every, known)
        reworded = (aligned.relations == RELATIONS.index(Relation.REWRITE)) & ~aligned.summaries
        likely = aligned.scores[4] >= config.min_score
        return _findings(texts, aligned.take(np.flatnonzero(reworded & likely)))

    found = [of_spans(Relation.REWRITE, Side(*np.zeros((3, 0), dtype=np.int64)), np.nan, [])]
    blocks = list(_blocks(sizes))
    for block, findings in zip(blocks, scorer.threads.map(align, blocks), strict=True):
        found.append(findings)
        scorer.progress.advance(block.size)
    return join_findings(found)


def later_copies(passages: Findings) -> Side:
    """The later sides of passages within one document: what is reworded, is reworded from the first."""
    within = np.flatnonzero(passages.left.documents == passages.right.documents)
    return passages.right.take(within)


def _screened(corpus: Corpus, ranks: I64, scorer: Scorer) -> I64:
    """The documents in which rare words return together."""
    starts, ends = corpus.documents.starts[ranks], corpus.documents.ends[ranks]
    common = common_words(scorer.background.result())
    blocks = list(_blocks(ends - starts))
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


def common_words(background: Background) -> U64:
    """The common words of a background, as `Kernels.densest_returns` takes them."""
    bits = np.zeros(1 << 16, dtype=np.bool_)
    if background.documents >= LEAST_DOCUMENTS:
        often = background.frequencies > COMMON_SHARE * background.documents
        bits[background.terms[often] >> np.uint64(48)] = True
    return np.packbits(bits, bitorder="little").view(np.dtype(np.uint64).newbyteorder("<")).astype(np.uint64)


def _blocks(sizes: I64) -> Iterator[I64]:
    """Places of documents one after the other, some megabytes at a time."""
    number = np.cumsum(sizes) // _BLOCK_BYTES
    begins = np.flatnonzero(np.append(True, number[1:] != number[:-1])[: sizes.size]).tolist()
    for begin, end in pairwise([*begins, sizes.size]):
        yield np.arange(begin, end)


def _findings(texts: ReadyTexts, passages: Aligned) -> Findings:
    return Findings(
        passages.relations,
        passages.left,
        passages.right,
        passages.scores,
        np.zeros(passages.pairs.size, dtype=np.int64),
        dict(enumerate(_evidence(texts, passages))),
    )


def _evidence(texts: ReadyTexts, passages: Aligned) -> Iterator[Evidence]:
    for row, text in enumerate(passages.pairs.tolist()):
        here = np.array([row])
        (anchors,) = texts.anchors(text, text, (passages.left.take(here), passages.right.take(here)))
        left, right = passages.nats[row].tolist()
        yield Evidence(anchors=anchors, log_likelihood=(left, right))
