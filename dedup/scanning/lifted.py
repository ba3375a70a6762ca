"""Passages of one document that stand in another in other words: looked for by skip-bigrams, confirmed by alignment."""

from dataclasses import replace

import numpy as np

from dedup.config import PAIR_RELATIONS, Config
from dedup.kernels import I64, Bool
from dedup.kernels.alignment import choose_aligner
from dedup.kernels.distinct import distinct, is_among
from dedup.model import RELATIONS, Relation
from dedup.scanning.aligned import Aligned, Barred, ReadyTexts, common_words, residue_spans
from dedup.scanning.corpus import Corpus
from dedup.scanning.findings import Findings, Side, join_findings, join_sides, of_spans, take_findings
from dedup.scanning.lifted_candidates import Excerpts, find_excerpts
from dedup.scanning.matching import Matching, nothing_matched
from dedup.scanning.reworded import blocks_of, passage_findings
from dedup.scanning.scoring import Scorer

LEAST_DOCUMENTS = 10
"""Among fewer documents each word of one is a common word, and nothing tells a lifted passage."""

LEAST_WORDS = 3
"""The fewest words that both sides have and that are neither common nor names nor numbers: a cast is no passage."""

LEAST_SUBJECT_WORDS, SUBJECT_ODDS = 2, 2.5
"""Two documents that have so many seldom words in common beside a passage are on one subject, and more often tell the
same in words of their own: the odds that one rewords the other are divided by this."""


def find_lifted(
    corpus: Corpus, kept: Bool, told: Bool, copied: Side, known: Findings, config: Config, scorer: Scorer
) -> tuple[Findings, Matching]:
    """The passages of documents that are kept which stand in others of them in other words, one finding each.

    `told`: paragraphs of which something is said already, `copied`: spans that are copies of others: there they are not
    looked for. Nor are they in pairs of documents that are `known` to match as a whole.
    """
    nothing = of_spans(Relation.REWRITE, Side(*np.zeros((3, 0), dtype=np.int64)), np.nan, [])
    counted = nothing_matched(0)
    if np.count_nonzero(kept) < LEAST_DOCUMENTS:
        return nothing, counted
    background = scorer.background.result()
    barred = Barred(join_sides([residue_spans(corpus), copied]))
    looked_at = ~told & ~corpus.barrier & ~barred.holds(corpus.paragraphs.starts)
    excerpts = find_excerpts(corpus, kept, looked_at, scorer, common_words(background))
    excerpts = _without_pairs(excerpts, known, len(corpus.documents))
    left, right = excerpts.left, excerpts.right
    sizes = (left.ends - left.starts) + (right.ends - right.starts)
    aligner = choose_aligner(int(sizes.sum()), scorer.progress.message)
    settings = replace(config, relations=PAIR_RELATIONS)
    least = config.least_passage_score(between=True)
    scorer.progress.start("lifted passages", left.documents.size)

    def align(block: I64) -> Findings:
        sides = join_sides([left.take(block), right.take(block)])
        spans, numbers = _distinct(sides)
        texts = ReadyTexts(corpus, spans, barred, background, aligner)
        ours, theirs = numbers[: block.size], numbers[block.size :]
        aligned = texts.align(ours, theirs, settings, summarising=False)
        likely = aligned.relations == RELATIONS.index(Relation.REWRITE)
        aligned = aligned.take(np.flatnonzero(likely & (aligned.scores[4] >= least)))
        aligned = _discount_subjects(texts, aligned, ours, theirs)
        aligned = aligned.take(np.flatnonzero(aligned.scores[4] >= least))
        return passage_findings(texts, aligned, ours, theirs, LEAST_WORDS)

    found = [nothing]
    blocks = list(blocks_of(sizes))
    for block, findings in zip(blocks, scorer.threads.map(align, blocks), strict=True):
        found.append(findings)
        scorer.progress.advance(block.size)
    return _each_once(join_findings(found)), counted._replace(capped_postings=excerpts.capped)


def _discount_subjects(texts: ReadyTexts, aligned: Aligned, left: I64, right: I64) -> Aligned:
    """Passages with less probability where what stands around them is on one subject."""
    scores = aligned.scores.copy()
    for row, pair in enumerate(aligned.pairs.tolist()):
        here = np.array([row])
        spans = aligned.left.take(here), aligned.right.take(here)
        if texts.shared_beside(int(left[pair]), int(right[pair]), spans) >= LEAST_SUBJECT_WORDS:
            probability = scores[4, row]
            scores[4, row] = probability / (probability + SUBJECT_ODDS * (1.0 - probability))
    return replace(aligned, scores=scores)


def _without_pairs(excerpts: Excerpts, known: Findings, count: int) -> Excerpts:
    """The excerpts but those of pairs of documents that are known to match as a whole."""
    pairs = distinct(known.left.documents * count + known.right.documents)
    others = np.flatnonzero(~is_among(excerpts.left.documents * count + excerpts.right.documents, pairs))
    return Excerpts(excerpts.left.take(others), excerpts.right.take(others), excerpts.capped)


def _distinct(sides: Side) -> tuple[Side, I64]:
    """The distinct spans, and the number of each among them."""
    rows = np.stack([sides.documents, sides.starts, sides.ends], axis=1)
    spans, numbers = np.unique(rows, axis=0, return_inverse=True)
    return Side(*spans.T.copy()), numbers.reshape(-1)


def _each_once(findings: Findings) -> Findings:
    """Findings of which none overlaps one of greater score in the same documents, on both sides."""
    rows = range(len(findings))
    of_pair: dict[tuple[int, int], list[int]] = {}
    for row in sorted(rows, key=lambda row: (-float(findings.scores[4, row]), row)):
        pair = int(findings.left.documents[row]), int(findings.right.documents[row])
        kept = of_pair.setdefault(pair, [])
        if not any(_overlap(findings.left, row, each) and _overlap(findings.right, row, each) for each in kept):
            kept.append(row)
    return take_findings(findings, np.array(sorted(row for kept in of_pair.values() for row in kept), dtype=np.int64))


def _overlap(side: Side, one: int, other: int) -> bool:
    return bool(side.starts[one] < side.ends[other] and side.starts[other] < side.ends[one])
