"""Rewrites as findings: the documents that are compared, what is confirmed, its scores and the anchors that show it."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np

from dedup.candidates.anchors import most_anchors
from dedup.config import PAIR_RELATIONS, Config
from dedup.kernels import F64, I64, U64, Bool
from dedup.kernels.rewriting import choose_rewriting
from dedup.model import RELATIONS, Evidence, Relation
from dedup.scanning.corpus import Corpus
from dedup.scanning.findings import Findings, Side
from dedup.scanning.fitting import family_sample
from dedup.scanning.matching import Matching, expand_pairs
from dedup.scanning.rewrite_candidates import Proposals, Texts, TextSource, propose, worth_looking
from dedup.scanning.rewrite_frames import alike_beside_frames
from dedup.scanning.rewrite_terms import RewriteBackground, Room, fit_rewrite_background
from dedup.scanning.rewriting import ALIKE, judge
from dedup.scanning.scoring import Scorer
from dedup.tokenising import tokenise
from dedup.verifying import Scores, Verdict, no_scores, verdicts
from dedup.verifying.rewrites import shipped_model

MOST_ANCHORS = 8

LEAST_DOCUMENTS = 10
"""Among fewer documents each word of one is a common word, and nothing tells a rewrite."""

_BLOCK_BYTES = 4 << 20


def find_rewrites(
    corpus: Corpus,
    firsts: I64,
    kept: Bool,
    config: Config,
    scorer: Scorer,
    given: RewriteBackground | None = None,
    *,
    every: bool,
) -> tuple[Findings, Matching, str]:
    """The rewrites among documents that are kept, each exact class by its first member; the background's fingerprint.

    With `every`, pairs of all members of the classes are given. A pair that is exact, near or contains is no rewrite.
    `given`: the background, by default that of the corpus.
    """
    count = len(corpus.documents)
    eligible = kept & (firsts == np.arange(count))
    ranks = worth_looking(corpus.documents.lengths, eligible)
    sample = family_sample(corpus, config) if given is None else np.zeros(0, dtype=np.int64)
    if (sample.size if given is None else given.words.documents) < LEAST_DOCUMENTS:
        ranks, sample = ranks[:0], sample[:0]
    n_bytes = int((corpus.documents.ends[ranks] - corpus.documents.starts[ranks]).sum())
    rewriting = choose_rewriting(n_bytes, scorer.progress.message)
    background = given or fit_rewrite_background(corpus, sample, rewriting)
    model = shipped_model()
    texts = Texts(corpus, ranks, rewriting, scorer.threads, scorer.progress)
    room = Room(most_anchors(corpus.documents.lengths[ranks]), corpus.store.shelf.empty)
    proposals = propose(texts, background, model, room)
    scores = no_scores(proposals.left.size)
    # Of texts so alike most are rewrites, if nothing but their words is asked: all else takes less time.
    alike = np.flatnonzero(proposals.cosines >= ALIKE)
    standing = np.ones(proposals.left.size, dtype=np.bool_)
    standing[alike] = _stand(texts, proposals, alike, background, scorer, config, scores)
    proposals, scores = proposals.take(standing), scores.take(standing)
    probabilities = judge(texts, proposals, background, model, config.min_score)
    over = np.flatnonzero(probabilities >= config.min_score)
    others = np.flatnonzero(proposals.cosines[over] < ALIKE)
    standing = np.ones(over.size, dtype=np.bool_)
    standing[others] = _stand(texts, proposals, over[others], background, scorer, config, scores)
    over = over[standing]
    left, right, scores = ranks[proposals.left[over]], ranks[proposals.right[over]], scores.take(over)
    evidence = [Evidence(anchors=words) for words in shared_anchors(texts, proposals, over)]
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
    return findings, matching, background.fingerprint


def _stand(
    texts: Texts,
    proposals: Proposals,
    places: I64,
    background: RewriteBackground,
    scorer: Scorer,
    config: Config,
    scores: Scores,
) -> Bool:
    """Which of the pairs at these places have no other relation, and are alike beside their frames.

    The exact scores of these are filled in.
    """
    standing = alike_beside_frames(texts, proposals, places, background)
    asked = places[standing]
    documents = texts.corpus.documents
    left, right = texts.ranks[proposals.left[asked]], texts.ranks[proposals.right[asked]]
    found = scorer.score(documents.starts, documents.ends, left, right, every=True)
    for column, values in zip(scores, found, strict=True):
        column[asked] = values
    known = replace(config, relations=PAIR_RELATIONS)
    lengths = documents.lengths
    standing[standing] = verdicts(found, lengths[left], lengths[right], known, config.shingle_size) == Verdict.NONE
    return standing


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


def _blocks(sizes: I64, left: I64, right: I64) -> Iterator[I64]:
    number = np.cumsum(sizes[left] + sizes[right]) // _BLOCK_BYTES
    begins = np.flatnonzero(np.append(True, number[1:] != number[:-1])[: number.size]).tolist()
    for begin, end in pairwise([*begins, number.size]):
        yield np.arange(begin, end)


def shared_anchors(texts: TextSource, proposals: Proposals, chosen: I64) -> list[tuple[str, ...]]:
    """For each pair chosen the words of the left text that both hold as anchors, the strongest first."""
    found: list[tuple[str, ...]] = []
    # Most left texts have several pairs, and are read once.
    by_left = np.argsort(proposals.left[chosen], kind="stable")
    chosen = chosen[by_left]
    left, right = proposals.left[chosen], proposals.right[chosen]
    for block in _blocks(texts.sizes, left, right):
        pairs, keys = _strongest(proposals, chosen[block])
        places, rows = np.unique(left[block], return_inverse=True)
        column = texts.read(places)
        tokens = tokenise(column, texts.kernels)
        # Nearly all tokens are none of those wanted by the upper bits of their hashes alone.
        upper = np.zeros(1 << _UPPER_BITS, dtype=np.bool_)
        upper[keys >> np.uint64(32 - _UPPER_BITS)] = True
        likely = np.flatnonzero(upper[tokens.hashes >> np.uint64(64 - _UPPER_BITS)])
        owners = (np.searchsorted(tokens.offsets, likely, side="right") - 1).astype(np.uint64)
        of_tokens = owners << _SHIFT | tokens.hashes[likely] >> _SHIFT
        # Stable, so that the first place of a word is found.
        order = np.argsort(of_tokens, kind="stable")
        of_tokens, token = np.append(of_tokens[order], _NO_TOKEN), np.append(likely[order], 0)
        wanted = rows[pairs].astype(np.uint64) << _SHIFT | keys
        at = np.searchsorted(of_tokens[:-1], wanted)
        there = of_tokens[at] == wanted
        token = token[at]
        found_of, token = pairs[there], token[there]
        shown = np.arange(found_of.size) - np.searchsorted(found_of, found_of) < MOST_ANCHORS
        found_of, token = found_of[shown], token[shown]
        data = column.data.tobytes()
        spans = zip(tokens.starts[token].tolist(), tokens.ends[token].tolist(), strict=True)
        words = [data[start:end].decode("utf-8", "surrogatepass") for start, end in spans]
        bounds = np.searchsorted(found_of, np.arange(block.size + 1)).tolist()
        found.extend(tuple(words[begin:end]) for begin, end in pairwise(bounds))
    return [found[place] for place in np.argsort(by_left).tolist()]


_SHIFT = np.uint64(32)
_UPPER_BITS = 20
_NO_TOKEN = np.uint64(0xFFFFFFFFFFFFFFFF)


def _strongest(proposals: Proposals, chosen: I64) -> tuple[I64, U64]:
    """The anchors that both units of pairs hold: the pair of each and its key, by pair, the strongest first.

    Some more than are shown: pairs of characters, and numbers with a point, are no tokens.
    """
    anchors, firsts = proposals.held
    entries, strengths = [], []
    for side, units in ((proposals.left, proposals.left_units), (proposals.right, proposals.right_units)):
        rows = firsts[side[chosen]] + units[chosen]
        counts = np.diff(anchors.offsets)[rows]
        owners = np.repeat(np.arange(chosen.size), counts)
        places = np.arange(owners.size) + np.repeat(anchors.offsets[rows] - np.cumsum(counts) + counts, counts)
        entries.append(owners.astype(np.uint64) << _SHIFT | anchors.keys[places])
        strengths.append(anchors.strengths[places].astype(np.int64))
    # The anchors of a unit ascend, and so do these.
    at = np.minimum(np.searchsorted(entries[1], entries[0]), max(entries[1].size - 1, 0))
    both = np.flatnonzero(entries[1][at] == entries[0]) if entries[1].size else np.zeros(0, dtype=np.int64)
    pairs = (entries[0][both] >> _SHIFT).astype(np.int64)
    keys = entries[0][both] & np.uint64(0xFFFFFFFF)
    order = np.lexsort((keys, -strengths[0][both] * strengths[1][at[both]], pairs))
    pairs, keys = pairs[order], keys[order]
    ranks = np.arange(pairs.size) - np.searchsorted(pairs, pairs)
    kept = ranks < 2 * MOST_ANCHORS
    return pairs[kept], keys[kept]
