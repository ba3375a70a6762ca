"""Document level: what each document matches, and what becomes of it."""

from typing import NamedTuple

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


class Outcome(NamedTuple):
    """What becomes of each document, by rank.

    `representatives` (int64): that of a dropped document, or -1. `pairs` (int64): the place in `matching` of the pair
    that it was dropped by, or -1 for an exact copy; without meaning for kept documents.
    """

    representatives: I64
    pairs: I64
    matching: Matching

    @property
    def kept(self) -> Bool:
        """Whether each document is kept."""
        return self.representatives < 0

    def verdicts(self, dropped: I64) -> NDArray[np.int8]:
        """The verdicts on dropped documents and their representatives."""
        verdicts = np.full(dropped.size, Verdict.EXACT, dtype=np.int8)
        by_pair = self.pairs[dropped] >= 0
        verdicts[by_pair] = self.matching.verdict[self.pairs[dropped][by_pair]]
        return verdicts

    def scores(self, dropped: I64) -> Scores:
        """The scores of the pairs of representatives and dropped documents."""
        scores = exact_scores(dropped.size)
        by_pair = self.pairs[dropped] >= 0
        for target, values in zip(scores, self.matching.scores, strict=True):
            target[by_pair] = values[self.pairs[dropped][by_pair]]
        return scores

    def all_kept(self) -> "Outcome":
        """The same where nothing is dropped."""
        return self._replace(representatives=np.full_like(self.representatives, -1))


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
    if config.looks_for(Relation.EXACT):
        copies = (representatives < 0) & (matching.firsts != np.arange(count))
        representatives[copies] = matching.firsts[copies]
    return Outcome(representatives, pair_of[matching.firsts], matching)


def document_findings(corpus: Corpus, matching: Matching, outcome: Outcome) -> Findings:
    """What `scan` finds of documents.

    The match of each dropped document with its representative, and the pairs of kept documents of which the later
    contains the earlier.
    """
    kept = outcome.kept
    dropped = np.flatnonzero(~kept)
    to_representative = UnitPairs(
        outcome.representatives[dropped],
        dropped,
        outcome.verdicts(dropped),
        outcome.scores(dropped),
        np.zeros(dropped.size, dtype=np.int64),
    )
    containing = (matching.verdict == Verdict.CONTAINS) & kept[matching.left] & kept[matching.right]
    every = UnitPairs(
        matching.left, matching.right, matching.verdict, matching.scores, np.zeros(matching.left.size, np.int64)
    )
    return _findings(corpus, join_pairs(to_representative, every.take(containing)))


def every_document_pair(corpus: Corpus, matching: Matching, config: Config) -> tuple[Findings, int]:
    """Every verified pair of documents, and the number of exact classes that were cut."""
    pairs, capped = expand_pairs(matching, config.looks_for(Relation.EXACT), config.copies_cap)
    return _findings(corpus, pairs), capped


def _findings(corpus: Corpus, pairs: UnitPairs) -> Findings:
    documents = corpus.documents
    left = Side(pairs.left, documents.starts[pairs.left], documents.ends[pairs.left])
    right = Side(pairs.right, documents.starts[pairs.right], documents.ends[pairs.right])
    return of_pairs(pairs, left, right)
