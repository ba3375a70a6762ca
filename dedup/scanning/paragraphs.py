"""Paragraph level: matching paragraphs, and the passages they chain to."""

import numpy as np

from dedup.aligning import MatchedSegments, Runs, SegmentColumns, chain
from dedup.candidates import exact_classes
from dedup.clustering import anchored_clusters
from dedup.config import Config
from dedup.kernels import I64, Bool
from dedup.kernels.hashing import join_digests
from dedup.model import Evidence, Relation
from dedup.scanning.corpus import Corpus
from dedup.scanning.findings import Findings, Side, of_pairs, take_findings
from dedup.scanning.matching import (
    ChooseCandidates,
    Matching,
    UnitPairs,
    exact_scores,
    expand_pairs,
    join_pairs,
    match_units,
    star_pairs,
)
from dedup.scanning.scoring import Scorer
from dedup.verifying import Verdict, verdicts

MOST_SEAM_LINES = 100


def match_paragraphs(
    corpus: Corpus, eligible: Bool, config: Config, scorer: Scorer, choose: ChooseCandidates | None = None
) -> Matching:
    """Match eligible paragraphs of `shingle_size` tokens or more; twice as many make one that others may contain.

    `choose`: as in `match_units`.
    """
    long_enough = corpus.paragraphs.lengths >= config.shingle_size
    return match_units(corpus.paragraphs, eligible & long_enough, 2 * config.shingle_size, config, scorer, choose)


def representative_pairs(corpus: Corpus, matching: Matching, config: Config) -> UnitPairs:
    """For `scan`: each repeated paragraph with what it repeats.

    An exact copy is paired with the first of its class in its document, and this with the first of all; of near pairs
    those to the representative are given, and all of `contains`.
    """
    left, right = star_pairs(matching.firsts, corpus.paragraph_documents)
    if not config.looks_for(Relation.EXACT):
        left, right = left[:0], right[:0]
    exact = np.full(left.size, Verdict.EXACT, dtype=np.int8)
    stars = UnitPairs(left, right, exact, exact_scores(left.size), np.zeros(left.size, dtype=np.int64))
    none_cut = np.zeros(matching.left.size, dtype=np.int64)
    between = UnitPairs(matching.left, matching.right, matching.verdict, matching.scores, none_cut)
    near = between.take(between.verdict == Verdict.NEAR)
    representatives = anchored_clusters(near.left, near.right, matching.firsts.size, corpus.kernels)
    anchored = near.take(representatives[near.right] == near.left)
    return join_pairs(stars, anchored, between.take(between.verdict == Verdict.CONTAINS))


def every_pair(matching: Matching, config: Config, partners_cap: int | None = None) -> tuple[UnitPairs, int]:
    """For `pairs`: every verified pair of paragraphs, and the number of classes that were cut (see `expand_pairs`)."""
    return expand_pairs(matching, config.looks_for(Relation.EXACT), config.copies_cap, partners_cap)


def find_passages(corpus: Corpus, pairs: UnitPairs, dull: Bool, config: Config, scorer: Scorer) -> Findings:
    """Chain pairs of paragraphs to passages, and verify each passage of more than one paragraph as a whole.

    `contains` pairs stay single. `dull` marks paragraphs that repeat so often in their document that they are reported
    as boilerplate: a pair of two within one document is no passage by itself.
    """
    chainable = np.flatnonzero(pairs.verdict != Verdict.CONTAINS)
    chained = pairs.take(chainable)
    segments = SegmentColumns(
        corpus.paragraph_documents,
        corpus.paragraphs.digests,
        corpus.paragraphs.lengths < config.shingle_size,
        corpus.barrier,
    )
    runs = chain(MatchedSegments(chained.left, chained.right, chained.verdict == Verdict.EXACT), segments)
    alone = (runs.left_first == runs.left_last) & (runs.right_first == runs.right_last)
    first_pairs = runs.pairs[runs.offsets[:-1]]
    same_document = corpus.paragraph_documents[runs.left_first] == corpus.paragraph_documents[runs.right_first]
    boring = alone & same_document & dull[runs.left_first] & dull[runs.right_first]

    # A run of exact pairs without a gap says the same on both sides; nothing is left to verify.
    counts = np.diff(runs.offsets)
    whole = runs.exact & (runs.left_last - runs.left_first + 1 == counts)
    long = np.append(np.flatnonzero(~alone & whole), np.flatnonzero(~alone & ~whole))
    n_whole = int(np.count_nonzero(~alone & whole))
    copies = UnitPairs(
        np.arange(n_whole),
        np.arange(n_whole),
        np.full(n_whole, Verdict.EXACT, dtype=np.int8),
        exact_scores(n_whole),
        np.zeros(n_whole, dtype=np.int64),
    )
    scored = join_pairs(copies, _verify(corpus, runs, long[n_whole:], config, scorer))
    holds = (scored.verdict == Verdict.EXACT) | (scored.verdict == Verdict.NEAR)
    broken = np.concatenate(
        [
            np.zeros(0, dtype=np.int64),
            *(runs.pairs[runs.offsets[each] : runs.offsets[each + 1]] for each in long[~holds].tolist()),
        ]
    )
    singles = np.concatenate([first_pairs[alone & ~boring], broken])
    by_itself = join_pairs(chained.take(singles), pairs.take(pairs.verdict == Verdict.CONTAINS))
    passages = scored.take(holds)
    kept = long[holds]
    left = spans_of(
        corpus, np.append(runs.left_first[kept], by_itself.left), np.append(runs.left_last[kept], by_itself.left)
    )
    right = spans_of(
        corpus, np.append(runs.right_first[kept], by_itself.right), np.append(runs.right_last[kept], by_itself.right)
    )
    return of_pairs(join_pairs(passages, by_itself), left, right, _seams(corpus, left, right))


def _verify(corpus: Corpus, runs: Runs, places: I64, config: Config, scorer: Scorer) -> UnitPairs:
    """Scores and verdicts of whole runs."""
    count = places.size
    firsts = np.append(runs.left_first[places], runs.right_first[places])
    lasts = np.append(runs.left_last[places], runs.right_last[places])
    spans = _alike(corpus, firsts, lasts)
    pairs, pair_of = np.unique(spans[:count] * spans.size + spans[count:], return_inverse=True)
    scorer.progress.start("passages", pairs.size)
    starts, ends = corpus.paragraphs.starts[firsts], corpus.paragraphs.ends[lasts]
    scores = scorer.score(starts, ends, *np.divmod(pairs, max(spans.size, 1))).take(pair_of)
    units = np.arange(count)
    lengths = np.append(0, np.cumsum(corpus.paragraphs.lengths))
    left_lengths = lengths[runs.left_last[places] + 1] - lengths[runs.left_first[places]]
    right_lengths = lengths[runs.right_last[places] + 1] - lengths[runs.right_first[places]]
    verdict = verdicts(scores, left_lengths, right_lengths, config, 2 * config.shingle_size)
    return UnitPairs(units, units, verdict, scores, np.zeros(count, dtype=np.int64))


def _alike(corpus: Corpus, firsts: I64, lasts: I64) -> I64:
    """For each span, from one paragraph to another, the place of the first span of the same bytes that is known.

    Copies are copied with what stands around them: a third of the spans is read, and half of the pairs is scored.
    """
    paragraphs = corpus.paragraphs
    spans, first_places, place_of = np.unique(firsts * len(paragraphs) + lasts, return_index=True, return_inverse=True)
    firsts, lasts = firsts[first_places], lasts[first_places]
    offsets = np.append(0, np.cumsum(lasts - firsts + 1))
    members = np.arange(offsets[-1]) + np.repeat(firsts - offsets[:-1], lasts - firsts + 1)
    digests = join_digests(paragraphs.digests[members], paragraphs.lengths[members], offsets)
    alike = exact_classes(digests, np.ones(spans.size, dtype=np.int64))
    starts, ends = paragraphs.starts[firsts], paragraphs.ends[lasts]
    same = corpus.store.same(starts[alike], ends[alike], starts, ends, corpus.kernels)
    found: I64 = first_places[np.where(same, alike, np.arange(spans.size))[place_of]]
    return found


def spans_of(corpus: Corpus, first: I64, last: I64) -> Side:
    """The spans from one paragraph to another of the same document."""
    paragraphs = corpus.paragraphs
    return Side(corpus.paragraph_documents[first], paragraphs.starts[first], paragraphs.ends[last])


def _seams(corpus: Corpus, left: Side, right: Side) -> dict[int, Evidence]:
    """For each passage within one document, the lines of residue between its sides.

    Of several groups of such lines, parted by paragraphs, that nearest to the copy is given, and of it the last
    `MOST_SEAM_LINES`: a page may repeat block and instruction over and over.
    """
    if not corpus.residue:
        return {}
    starts = np.array([line.start for line in corpus.residue], dtype=np.int64)
    documents = np.array([line.text for line in corpus.residue], dtype=np.int64)
    _, newlines = corpus.store.locate(starts, corpus.documents.starts[documents], corpus.kernels)
    # Residue stands in the order of addresses unless a keep policy reordered it.
    order = np.argsort(starts, kind="stable")
    starts, lines = starts[order], newlines[order] + 1
    groups = _group_begins(corpus, starts)
    within = left.documents == right.documents
    first = np.searchsorted(starts, left.ends)
    last = np.searchsorted(starts, right.starts)
    between = np.flatnonzero(within & (last > first))
    first[between] = np.maximum.reduce([first[between], groups[last[between] - 1], last[between] - MOST_SEAM_LINES])
    return {place: Evidence(seam=tuple(lines[first[place] : last[place]].tolist())) for place in between.tolist()}


def _group_begins(corpus: Corpus, starts: I64) -> I64:
    """For each line of residue (by address) the place of the first of its group: of lines with no paragraph between."""
    order = np.argsort(corpus.paragraphs.starts, kind="stable")
    paragraphs, barrier = corpus.paragraphs.starts[order], corpus.barrier[order]
    # Lines of one group have as many paragraphs without residue before them.
    plain = np.append(0, np.cumsum(~barrier))[np.searchsorted(paragraphs, starts)]
    new = np.append(True, plain[1:] != plain[:-1])
    begins: I64 = np.flatnonzero(new)[np.cumsum(new) - 1]
    return begins


def without_whole_documents(corpus: Corpus, passages: Findings, documents: Findings) -> Findings:
    """The passages but those that are all of two documents, which are matched as documents already."""
    if not len(documents):
        return passages
    count = len(corpus.documents)
    first, last = (np.searchsorted(corpus.paragraph_documents, np.arange(count) + side) for side in (0, 1))
    matched = documents.left.documents * count + documents.right.documents
    whole = np.isin(passages.left.documents * count + passages.right.documents, matched)
    whole &= passages.left.documents != passages.right.documents
    for side in (passages.left, passages.right):
        ranks = side.documents
        whole &= side.starts == corpus.paragraphs.starts[first[ranks]]
        whole &= side.ends == corpus.paragraphs.ends[last[ranks] - 1]
    return take_findings(passages, np.flatnonzero(~whole))
