"""Document level: what each document matches, and what becomes of it."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dedup.candidates import exact_classes
from dedup.clustering import anchored_clusters
from dedup.config import Config
from dedup.kernels import I64, Bool
from dedup.model import Relation
from dedup.scanning.corpus import Corpus
from dedup.scanning.findings import Findings, Side, of_pairs
from dedup.scanning.matching import (
    Matching,
    UnitPairs,
    exact_scores,
    expand_pairs,
    join_pairs,
    match_units,
    nothing_matched,
)
from dedup.scanning.scoring import Scorer
from dedup.verifying import LEAST_CONTAINED_TOKENS, Scores, Verdict


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of each document, by rank.

    `representatives` (int64): that of a dropped document, or -1. `verdicts` (int8) and `scores` are those of the pair
    (representative, document), without meaning for kept documents. `findings`: the match of each dropped document with
    its representative, and the pairs of kept documents of which the later contains the earlier.
    """

    representatives: I64
    verdicts: NDArray[np.int8]
    scores: Scores
    findings: Findings

    @property
    def kept(self) -> Bool:
        """Whether each document is kept."""
        return self.representatives < 0

    def all_kept(self) -> "Outcome":
        """The same where nothing is dropped."""
        return replace(self, representatives=np.full_like(self.representatives, -1))


def match_documents(corpus: Corpus, config: Config, scorer: Scorer) -> Matching:
    """Match whole documents, where the level asks for it."""
    count = len(corpus.documents)
    if not config.level.documents:
        return nothing_matched(count)
    eligible = np.ones(count, dtype=np.bool_)
    return match_units(corpus.documents, eligible, config.shingle_size, config, scorer)


def first_copies(corpus: Corpus) -> Bool:
    """Whether each document is the first with its tokens, told by the digests alone."""
    documents = corpus.documents
    firsts: Bool = exact_classes(documents.digests, documents.lengths) == np.arange(len(documents))
    return firsts


def document_outcome(corpus: Corpus, matching: Matching, config: Config) -> Outcome:
    """Cluster the documents: each is dropped for the earliest kept one that verifies.

    Exact copies and near-duplicates are dropped, and a document that lies within an earlier one; one that contains an
    earlier one is kept.
    """
    count = len(corpus.documents)
    within = (matching.verdict == Verdict.CONTAINS) & (matching.scores.right_containment >= config.containment)
    within &= corpus.documents.lengths[matching.right] >= LEAST_CONTAINED_TOKENS
    droppable = np.flatnonzero((matching.verdict == Verdict.NEAR) | within)
    left, right = matching.left[droppable], matching.right[droppable]
    class_representatives = anchored_clusters(left, right, count, corpus.kernels)

    pair_of = np.full(count, -1, dtype=np.int64)
    chosen = class_representatives[right] == left
    pair_of[right[chosen]] = droppable[chosen]

    # A copy has the tokens of the first of its class, and so the scores of the pair that it was dropped by.
    representatives = class_representatives[matching.firsts]
    pairs = pair_of[matching.firsts]
    verdicts = np.zeros(count, dtype=np.int8)
    scores = exact_scores(count)
    by_pair = pairs >= 0
    verdicts[by_pair] = matching.verdict[pairs[by_pair]]
    for target, values in zip(scores, matching.scores, strict=True):
        target[by_pair] = values[pairs[by_pair]]
    if config.looks_for(Relation.EXACT):
        copies = (representatives < 0) & (matching.firsts != np.arange(count))
        representatives = np.where(copies, matching.firsts, representatives)
        verdicts[copies] = Verdict.EXACT

    dropped = np.flatnonzero(representatives >= 0)
    kept = representatives < 0
    to_representative = UnitPairs(
        representatives[dropped],
        dropped,
        verdicts[dropped],
        scores.take(dropped),
        np.zeros(dropped.size, dtype=np.int64),
    )
    containing = (matching.verdict == Verdict.CONTAINS) & kept[matching.left] & kept[matching.right]
    every = UnitPairs(
        matching.left, matching.right, matching.verdict, matching.scores, np.zeros(matching.left.size, np.int64)
    )
    matched = join_pairs(to_representative, every.take(containing))
    return Outcome(representatives, verdicts, scores, _findings(corpus, matched))


def every_document_pair(corpus: Corpus, matching: Matching, config: Config) -> tuple[Findings, int]:
    """Every verified pair of documents, and the number of exact classes that were cut."""
    pairs, capped = expand_pairs(matching, config.looks_for(Relation.EXACT), config.copies_cap)
    return _findings(corpus, pairs), capped


def _findings(corpus: Corpus, pairs: UnitPairs) -> Findings:
    documents = corpus.documents
    left = Side(pairs.left, documents.starts[pairs.left], documents.ends[pairs.left])
    right = Side(pairs.right, documents.starts[pairs.right], documents.ends[pairs.right])
    return of_pairs(pairs, left, right)
