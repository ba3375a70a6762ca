"""One text or two: aligning and sketching without a corpus."""

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, overload

import numpy as np

from dedup.candidates import Candidates
from dedup.config import Config
from dedup.kernels import F64, I64, U32, Bool, choose
from dedup.kernels.alignment import choose_aligner
from dedup.model import RELATIONS, Document, Level, Passage, Relation, Span, TextColumn
from dedup.scanning.aligned import Barred, ReadyTexts, residue_spans, whole_documents
from dedup.scanning.batch import to_batch
from dedup.scanning.corpus import Corpus, gather_corpus
from dedup.scanning.findings import Findings, Places, places_of
from dedup.scanning.joining import Joined, join_aligned
from dedup.scanning.matching import Matching, UnitPairs, exact_scores, join_pairs
from dedup.scanning.paragraphs import every_pair, find_passages, match_paragraphs, representative_pairs
from dedup.scanning.progress import Silent
from dedup.scanning.scoring import Scorer
from dedup.scanning.threads import Threads
from dedup.sketching import minhash_of, signature_of
from dedup.tokenising import hash_tokens
from dedup.verifying import Background, Verdict

if TYPE_CHECKING:
    from datasketch import MinHash


REPETITIONS = 16
"""A paragraph that stands in both texts more often is not paired with every occurrence; nor is one of which, with all
that it nearly repeats, there are more than the square of this; and one with more candidates in the other text is
compared with few of them."""

NEAREST = 4
"""With how many paragraphs of the other text, those closest to its own place, such a paragraph is compared at least."""


def align(left: str, right: str | None = None, config: Config | None = None) -> list[Passage]:
    """Align two texts, or one with itself: the passages that stand in both, copied, reordered, reworded or summarised.

    With one text alone the passages that stand in it twice are given. Passages come in order of the left text; none
    runs across a line of prompt residue. Copied paragraphs are found as such; everything else by skip-bigrams that both
    texts share, refined by likelihood ratio and accepted by its fitted probability. Each passage has the first relation
    that holds of its two spans: `exact`, `near` and `contains` as in a scan, and `rewrite` for the others. The cosine
    weighs all terms alike, for two texts tell nothing of how common a term is.
    """
    given = config or Config()
    config = _with(given, (Relation.EXACT, Relation.NEAR, Relation.CONTAINS))
    silent = Silent()
    texts = [left] if right is None else [left, right]
    batch = to_batch([Document(number, text) for number, text in enumerate(texts)])
    corpus = gather_corpus([batch], config, 1, silent)
    threads = Threads(1)
    scorer = Scorer(corpus.store, config, threads.start(Background), corpus.kernels, threads, silent)
    aligner = choose_aligner(len(left) + len(left if right is None else right))
    spans = whole_documents(corpus, np.arange(len(texts)))
    ready = ReadyTexts(corpus, spans, Barred(residue_spans(corpus)), Background(), aligner)
    aligned = ready.align(np.array([0]), np.array([len(texts) - 1]), config)
    found = join_aligned(chained_paragraphs(corpus, config, scorer), aligned)
    sides = (found.left, found.right)
    nats = ready.weigh(0, len(texts) - 1, sides)
    anchors = ready.anchors(0, len(texts) - 1, sides)
    places = places_of(corpus, *sides)
    order = np.lexsort((places[1].starts, places[0].starts))
    return [_passage(found, row, places, nats, anchors[row]) for row in order.tolist()]


def chained_paragraphs(corpus: Corpus, config: Config, scorer: Scorer) -> Findings:
    """Passages of matching paragraphs between two documents, or within one where there is one alone."""
    if len(corpus.documents) == 1:
        matching = match_paragraphs(corpus, ~corpus.barrier, config, scorer)
        pairs = representative_pairs(corpus, matching, config)
    else:
        documents = corpus.paragraph_documents
        nearest = partial(_nearest_across, documents)
        matching = match_paragraphs(corpus, ~corpus.barrier, config, scorer, nearest)
        pairs = _across(matching, documents, config)
    nothing = np.zeros(len(corpus.paragraphs), dtype=np.bool_)
    return find_passages(corpus, pairs, nothing, config, scorer)


def _nearest_across(documents: I64, firsts: I64, candidates: Candidates) -> Bool:
    """Which candidates to verify of the paragraphs of two documents: those that may lie in both of them.

    Where every line of a text is nearly every line of the other one, all pairs would be the product of both. Of a
    paragraph with more than `REPETITIONS` candidates those are taken that stand closest to its own place, and those
    whose other paragraph has no more.
    """
    left, right = candidates.left, candidates.right
    # The first of a class that has members in both documents stands for those in the second one, too.
    both = np.zeros(documents.size, dtype=np.bool_)
    both[firsts[documents != documents[firsts]]] = True
    across = np.flatnonzero((documents[left] != documents[right]) | both[left] | both[right])
    left, right = left[across], right[across]
    places = np.arange(documents.size) - np.searchsorted(documents, documents)
    apart = np.abs(places[left] - places[right])
    counts = np.bincount(np.append(left, right), minlength=documents.size)
    chosen = np.zeros(across.size, dtype=np.bool_)
    for side, other in ((left, right), (right, left)):
        order = np.lexsort((other, apart, side))
        begins = np.flatnonzero(np.append(True, np.diff(side[order]) != 0)[: order.size])
        number = np.arange(order.size) - np.repeat(begins, np.diff(begins, append=order.size))
        chosen[order] |= (number < NEAREST) | (counts[side[order]] <= REPETITIONS)
    wanted = np.zeros(candidates.left.size, dtype=np.bool_)
    wanted[across[chosen]] = True
    return wanted


def _across(matching: Matching, documents: I64, config: Config) -> UnitPairs:
    """Pairs of a paragraph of the left text with one of the right.

    Of a paragraph that stands in both more than `REPETITIONS` times together, each occurrence is paired with the first
    of all and with that of the same number in the other text.
    """
    pairs, _ = every_pair(matching, replace(config, copies_cap=REPETITIONS), REPETITIONS**2)
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


def _passage(found: Joined, row: int, places: list[Places], nats: F64, anchors: tuple[str, ...]) -> Passage:
    resemblance, left_containment, right_containment, cosine, score = found.scores[:, row].tolist()
    one, other = (
        Span(None, int(side.starts[row]), int(side.ends[row]), int(side.lines[row]), int(side.end_lines[row]))
        for side in places
    )
    return Passage(
        RELATIONS[found.relations[row]],
        one,
        other,
        resemblance,
        (left_containment, right_containment),
        cosine,
        score,
        (float(nats[row, 0]), float(nats[row, 1])),
        anchors,
        bool(found.summaries[row]),
    )


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
