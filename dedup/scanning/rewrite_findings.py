"""Rewrites as findings: the documents that are compared, what is confirmed, its scores and the anchors that show it."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np

from dedup.config import PAIR_RELATIONS, Config
from dedup.kernels import F64, I64, U32, Bool
from dedup.model import RELATIONS, Evidence, Relation
from dedup.scanning.corpus import Corpus
from dedup.scanning.findings import Findings, Side
from dedup.scanning.fitting import family_sample
from dedup.scanning.matching import Matching, expand_pairs
from dedup.scanning.rewrite_terms import HeldAnchors, fit_rewrite_background
from dedup.scanning.rewriting import Proposals, Texts, judge, propose, worth_looking
from dedup.scanning.scoring import Scorer
from dedup.tokenising import hash_tokens, tokenise
from dedup.verifying import Scores, Verdict, score_fully, verdicts
from dedup.verifying.rewrites import shipped_model

MOST_ANCHORS = 8
_BLOCK_BYTES = 4 << 20


def find_rewrites(
    corpus: Corpus, firsts: I64, kept: Bool, config: Config, scorer: Scorer, *, every: bool
) -> tuple[Findings, Matching]:
    """The rewrites among documents that are kept, each exact class by its first member.

    With `every`, pairs of all members of the classes are given. A pair that is exact, near or contains is no rewrite.
    """
    count = len(corpus.documents)
    eligible = kept & (firsts == np.arange(count))
    ranks = worth_looking(corpus.documents.lengths, eligible)
    background = fit_rewrite_background(corpus, family_sample(corpus, config))
    model = shipped_model()
    texts = Texts(corpus, ranks, scorer.workers, scorer.progress)
    proposals = propose(texts, background, model)
    probabilities = judge(texts, proposals, background, model)
    over = np.flatnonzero(probabilities >= config.min_score)
    left, right = ranks[proposals.left[over]], ranks[proposals.right[over]]
    scores = _score(corpus, left, right, config, scorer)
    lengths = corpus.documents.lengths
    known = replace(config, relations=PAIR_RELATIONS)
    reworded = verdicts(scores, lengths[left], lengths[right], known, config.shingle_size) == Verdict.NONE
    over, left, right, scores = over[reworded], left[reworded], right[reworded], scores.take(reworded)
    evidence = [Evidence(anchors=words) for words in _shared_anchors(texts, proposals, over)]
    nothing = np.zeros(left.size, dtype=np.int8)
    matching = Matching(firsts, left, right, nothing, scores, capped_postings=proposals.capped)
    findings = _findings(corpus, left, right, scores, probabilities[over], np.zeros(left.size, np.int64), evidence)
    if every:
        pairs, _ = expand_pairs(matching, exact=False, copies_cap=config.copies_cap)
        of_classes = _places_of(firsts[pairs.left], firsts[pairs.right], left, right, count)
        findings = _findings(
            corpus, pairs.left, pairs.right, pairs.scores, probabilities[over][of_classes], pairs.copies,
            [evidence[place] for place in of_classes.tolist()],
        )  # fmt: skip
    return findings, matching


def _places_of(one: I64, two: I64, left: I64, right: I64, count: int) -> I64:
    """The places of pairs, in any order, among those of (left, right)."""
    keys = left * count + right
    order = np.argsort(keys)
    wanted = np.minimum(one, two) * count + np.maximum(one, two)
    places: I64 = order[np.searchsorted(keys[order], wanted)]
    return places


def _findings(
    corpus: Corpus, left: I64, right: I64, scores: Scores, probabilities: F64, copies: I64, evidence: list[Evidence]
) -> Findings:
    documents = corpus.documents
    values = [
        scores.resemblance, scores.left_containment, scores.right_containment, scores.cosine, probabilities,
    ]  # fmt: skip
    return Findings(
        np.full(left.size, RELATIONS.index(Relation.REWRITE), dtype=np.int8),
        Side(left, documents.starts[left], documents.ends[left]),
        Side(right, documents.starts[right], documents.ends[right]),
        np.stack(values),
        copies,
        dict(enumerate(evidence)),
    )


def _score(corpus: Corpus, left: I64, right: I64, config: Config, scorer: Scorer) -> Scores:
    """Exact scores of the pairs, however low."""
    documents, kernels = corpus.documents, corpus.kernels
    result = Scores(np.zeros(left.size, dtype=np.bool_), *(np.zeros(left.size) for _ in range(4)))
    for block in _blocks(documents.ends - documents.starts, left, right):
        ranks, rows = np.unique(np.append(left[block], right[block]), return_inverse=True)
        texts = corpus.store.gather(documents.starts[ranks], documents.ends[ranks])
        one, two = rows[: block.size], rows[block.size :]
        scores = score_fully(hash_tokens(texts, kernels), one, two, config, scorer.background, kernels)
        for target, values in zip(result, scores, strict=True):
            target[block] = values
    return result


def _blocks(sizes: I64, left: I64, right: I64) -> Iterator[I64]:
    number = np.cumsum(sizes[left] + sizes[right]) // _BLOCK_BYTES
    begins = np.flatnonzero(np.append(True, number[1:] != number[:-1])[: number.size]).tolist()
    for begin, end in pairwise([*begins, number.size]):
        yield np.arange(begin, end)


def _shared_anchors(texts: Texts, proposals: Proposals, chosen: I64) -> list[tuple[str, ...]]:
    """For each pair chosen the words of the left text that both hold as anchors, the strongest first."""
    found: list[tuple[str, ...]] = []
    corpus = texts.corpus
    left, right = proposals.left[chosen], proposals.right[chosen]
    for block in _blocks(texts.sizes, left, right):
        places, rows = np.unique(left[block], return_inverse=True)
        ranks = texts.ranks[places]
        column = corpus.store.gather(corpus.documents.starts[ranks], corpus.documents.ends[ranks])
        tokens = tokenise(column, corpus.kernels)
        keys = (tokens.hashes >> np.uint64(32)).astype(np.uint32)
        for place, row in zip(block.tolist(), rows.tolist(), strict=True):
            first, last = tokens.offsets[row], tokens.offsets[row + 1]
            pair = int(chosen[place])
            shared = _strongest(
                proposals.held,
                int(left[place]), int(proposals.left_units[pair]),
                int(right[place]), int(proposals.right_units[pair]),
            )  # fmt: skip
            words = []
            for key in shared:
                at = np.flatnonzero(keys[first:last] == key)
                if at.size:
                    token = first + at[0]
                    word = column.data[tokens.starts[token] : tokens.ends[token]].tobytes()
                    words.append(word.decode("utf-8", "replace"))
            found.append(tuple(words[:MOST_ANCHORS]))
    return found


def _strongest(held: HeldAnchors, left: int, left_unit: int, right: int, right_unit: int) -> U32:
    """The keys that two units share, by the product of their strengths."""
    anchors, firsts = held
    one, two = int(firsts[left]) + left_unit, int(firsts[right]) + right_unit
    row, other = (slice(int(anchors.offsets[unit]), int(anchors.offsets[unit + 1])) for unit in (one, two))
    keys, at, beside = np.intersect1d(anchors.keys[row], anchors.keys[other], return_indices=True)
    strengths = anchors.strengths[row][at].astype(np.int64) * anchors.strengths[other][beside]
    ordered: U32 = keys[np.lexsort((keys, -strengths))]
    return ordered
