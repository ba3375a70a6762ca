"""One text or two: aligning and sketching without a corpus."""

from dataclasses import replace
from typing import TYPE_CHECKING, overload

import numpy as np

from dedup.config import Config
from dedup.kernels import I64, U32, choose
from dedup.model import Document, Level, Match, Passage, Relation, Span, TextColumn
from dedup.scanning.batch import to_batch
from dedup.scanning.corpus import gather_corpus
from dedup.scanning.findings import matches_of
from dedup.scanning.matching import Matching, UnitPairs, exact_scores, join_pairs
from dedup.scanning.paragraphs import every_pair, find_passages, match_paragraphs
from dedup.scanning.progress import Silent
from dedup.scanning.scoring import Scorer
from dedup.scanning.threads import Threads
from dedup.sketching import minhash_of, signature_of
from dedup.tokenising import hash_tokens
from dedup.verifying import Background, Verdict

if TYPE_CHECKING:
    from datasketch import MinHash


REPETITIONS = 16


def align(left: str, right: str, config: Config | None = None) -> list[Passage]:
    """Align two texts: the passages of one that stand in the other, copied or nearly so, in order of the left text.

    Passages are maximal runs of matching paragraphs; a line of prompt residue ends them. The cosine weighs all terms
    alike, for two texts tell nothing of how common a term is.
    """
    given = config or Config()
    config = _with(given, (Relation.EXACT, Relation.NEAR, Relation.CONTAINS))
    silent = Silent()
    corpus = gather_corpus([to_batch([Document(0, left), Document(1, right)])], config, 1, silent)
    threads = Threads(1)
    scorer = Scorer(corpus.store, config, threads.start(Background), corpus.kernels, threads, silent)
    matching = match_paragraphs(corpus, ~corpus.barrier, config, scorer)
    pairs = _across(matching, corpus.paragraph_documents, config)
    nothing = np.zeros(len(corpus.paragraphs), dtype=np.bool_)
    findings = find_passages(corpus, pairs, nothing, config, scorer)
    passages = [_passage(match) for match in matches_of(corpus, findings)]
    return sorted(passages, key=lambda passage: (passage.left.start, passage.right.start))


def _across(matching: Matching, documents: I64, config: Config) -> UnitPairs:
    """Pairs of a paragraph of the left text with one of the right.

    Of a paragraph that stands in both more than `REPETITIONS` times together, each occurrence is paired with the first
    of all and with that of the same number in the other text.
    """
    pairs, _ = every_pair(matching, replace(config, copies_cap=REPETITIONS))
    pairs = pairs.take(documents[pairs.left] != documents[pairs.right])
    units = np.arange(documents.size)
    order = np.lexsort((units, documents, matching.firsts))
    new = np.append(True, (np.diff(matching.firsts[order]) != 0) | (np.diff(documents[order]) != 0))[: units.size]
    ranks = units - np.flatnonzero(new)[np.cumsum(new) - 1] if units.size else units
    by_number = order[np.lexsort((order, ranks, matching.firsts[order]))]
    number_of = np.empty_like(units)
    number_of[order] = ranks
    left, right = by_number[:-1], by_number[1:]
    same = (matching.firsts[left] == matching.firsts[right]) & (number_of[left] == number_of[right])
    left, right = left[same], right[same]
    exact = np.full(left.size, Verdict.EXACT, dtype=np.int8)
    counterparts = UnitPairs(left, right, exact, exact_scores(left.size), np.zeros(left.size, dtype=np.int64))
    every = join_pairs(counterparts, pairs) if config.looks_for(Relation.EXACT) else pairs
    _, distinct = np.unique(every.left * documents.size + every.right, return_index=True)
    return every.take(distinct)


def _passage(match: Match) -> Passage:
    right = match.right
    assert right is not None  # noqa: S101 - passages have two sides
    assert match.resemblance is not None  # noqa: S101
    assert match.containment is not None  # noqa: S101
    assert match.cosine is not None  # noqa: S101
    assert match.score is not None  # noqa: S101
    return Passage(
        match.relation,
        _anonymous(match.left),
        _anonymous(right),
        match.resemblance,
        match.containment,
        match.cosine,
        match.score,
    )


def _anonymous(span: Span) -> Span:
    return Span(None, span.start, span.end, span.line, span.end_line)


def _with(config: Config, relations: tuple[Relation, ...]) -> Config:
    """The configuration with other relations, for paragraphs."""
    return replace(config, relations=relations, level=Level.PARAGRAPH, keep="first")


@overload
def sketch(source: str, config: Config | None = None) -> "MinHash": ...
@overload
def sketch(source: "MinHash", config: Config | None = None) -> U32: ...
def sketch(source: "str | MinHash", config: Config | None = None) -> "MinHash | U32":
    """A text's MinHash, or a MinHash's signature.

    Of a text: a `datasketch.MinHash` in the scheme `affine32` over the upper 32 bits of its shingles' hashes, which can
    be compared, merged and indexed with others of the same scheme, seed and number of permutations. Of such a MinHash:
    its signature, uint32 of shape (num_perm,).

    Raises SketchError where a MinHash does not fit the configuration.
    """
    config = config or Config()
    if not isinstance(source, str):
        return signature_of(source, config)
    texts = TextColumn.from_strings([source])
    kernels = choose(texts.n_bytes)
    return minhash_of(hash_tokens(texts, kernels).values, config, kernels)
