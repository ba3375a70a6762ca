"""Finding rewrites among documents: candidates by anchors, rejected early, and weighed term by term."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from dedup.candidates.anchors import (
    MOST_CANDIDATES,
    AnchorIndex,
    build_index,
    divide,
    find_nearest,
)
from dedup.kernels import F64, I64, U32, Bool, Kernels
from dedup.kernels.rewriting import SIDE_SUMS, STRENGTH, Anchors, DocumentTerms, Nearest, NumberedTerms, RewriteKernels
from dedup.scanning.corpus import Corpus
from dedup.scanning.progress import Progress
from dedup.scanning.rewrite_terms import HeldAnchors, RewriteBackground, anchors_of, join_anchors, terms_of
from dedup.scanning.threads import Threads
from dedup.verifying.rewrites import (
    LEAST_REFERENCES,
    RewriteModel,
    attained,
    features_of,
    screening_of,
    with_margins,
)

LEAST_TOKENS = 12
"""A text of fewer tokens says too little to be known again in other words."""

_BLOCK_BYTES = 4 << 20
_QUERIES = 4096
_REFERENCES = 12
_FIRST_RANK, _LAST_RANK = 4, 9
"""What a text shares with others is the mean over these ranks: the first few may be its own kind."""


class Proposals(NamedTuple):
    """Candidate pairs, `left < right` being places in what was given, sorted by right, then by cosine.

    `left_units`, `right_units`: the units of the documents that are nearest. `cosines` of their anchors;
    `screening`: what is known by them (see `screening_of`); `elsewhere`, by document: the cosine with the background's
    documents of ranks 5 to 9. `capped`: lists over the cap, and units of which not all lists were read.
    """

    left: I64
    right: I64
    left_units: I64
    right_units: I64
    cosines: F64
    screening: F64
    elsewhere: F64
    references: Nearest
    held: HeldAnchors
    capped: int


@dataclass(frozen=True, slots=True)
class Texts:
    """Some documents of a corpus, by rank, of which rewrites are looked for."""

    corpus: Corpus
    ranks: I64
    rewriting: RewriteKernels
    threads: Threads
    progress: Progress

    @property
    def kernels(self) -> Kernels:
        """The kernels of the corpus."""
        return self.corpus.kernels

    @property
    def sizes(self) -> I64:
        """Bytes of each document."""
        return self.corpus.documents.ends[self.ranks] - self.corpus.documents.starts[self.ranks]

    def terms(self, places: I64, *, cut: bool) -> DocumentTerms:
        """The terms of the documents at these places."""
        ranks = self.ranks[places]
        texts = self.corpus.store.gather(self.corpus.documents.starts[ranks], self.corpus.documents.ends[ranks])
        return terms_of(texts, self.rewriting, cut=cut)


def gather_anchors(texts: Texts, background: RewriteBackground) -> HeldAnchors:
    """The anchors of all texts."""

    def gather(block: I64) -> HeldAnchors:
        return anchors_of(texts.terms(block, cut=False), background.words, texts.kernels, texts.rewriting)

    blocks = list(_blocks(np.arange(texts.ranks.size), texts.sizes))
    return join_anchors(list(texts.threads.map(gather, blocks)))


def propose(texts: Texts, background: RewriteBackground, model: RewriteModel) -> Proposals:
    """The nearest earlier documents of each one, by anchors, but those that hold no more in common than with others."""
    held = gather_anchors(texts, background)
    texts.progress.start("rewrite candidates", texts.ranks.size)
    references, elsewhere = _reference_cosines(texts, held, background)
    index = build_index(held.anchors, held.firsts)
    least = np.maximum(elsewhere + model.least_margin, model.least_cosine)
    found = nearest_of_all(texts, held, index, held, held.firsts[:-1], _scored(least), MOST_CANDIDATES, report=True)
    right = np.repeat(np.arange(texts.ranks.size), np.diff(found.offsets))
    cosines = found.scores / float(STRENGTH) ** 2
    sides = np.stack([elsewhere[found.documents], elsewhere[right]])
    counts = np.diff(held.anchors.offsets)[np.stack([found.units, found.own_units])]
    screening = screening_of(cosines, sides, counts, found.shared)
    kept = cosines >= sides[0] + model.least_margin
    kept &= model.screen.probability(screening) >= model.least_screened
    return Proposals(
        found.documents[kept],
        right[kept],
        found.units[kept] - held.firsts[found.documents[kept]],
        found.own_units[kept] - held.firsts[right[kept]],
        cosines[kept],
        screening[kept],
        elsewhere,
        references,
        held,
        index.capped + found.cut,
    )


def _scored(cosines: F64) -> U32:
    """Cosines as scores of the index."""
    scores: U32 = np.floor(np.clip(cosines, 0.0, 1.0) * float(STRENGTH) ** 2).astype(np.uint32)
    return scores


def _reference_cosines(texts: Texts, held: HeldAnchors, background: RewriteBackground) -> tuple[Nearest, F64]:
    """The nearest documents of the background, without the document itself, and their mean cosine at some ranks."""
    count = texts.ranks.size
    every = np.full(count, background.index.owners.size, dtype=np.int64)
    nothing = np.zeros(count, dtype=np.uint32)
    found = nearest_of_all(texts, background.held, background.index, held, every, nothing, _REFERENCES)
    owners = np.repeat(np.arange(count), np.diff(found.offsets))
    digests = texts.corpus.documents.digests[texts.ranks]
    others = background.digests[found.documents] != digests[owners]
    owners = owners[others]
    ranks = np.arange(owners.size) - np.searchsorted(owners, owners)
    chosen = np.flatnonzero(others)[(ranks >= _FIRST_RANK) & (ranks < _LAST_RANK)]
    owners = owners[(ranks >= _FIRST_RANK) & (ranks < _LAST_RANK)]
    scores = found.scores[chosen]
    mean = np.bincount(owners, scores / float(STRENGTH) ** 2, minlength=count) / (_LAST_RANK - _FIRST_RANK)
    references = Nearest(
        found.documents[chosen],
        found.own_units[chosen] - held.firsts[owners],
        found.units[chosen] - background.held.firsts[found.documents[chosen]],
        scores,
        found.shared[chosen],
        np.searchsorted(owners, np.arange(count + 1)),
    )
    return references, mean


def nearest_of_all(
    texts: Texts,
    posted: HeldAnchors,
    index: AnchorIndex,
    held: HeldAnchors,
    before: I64,
    least: U32,
    most: int,
    *,
    report: bool = False,
) -> Nearest:
    """The nearest documents of all texts, some thousands at a time."""

    def find(first: int) -> Nearest:
        last = min(first + _QUERIES, texts.ranks.size)
        begin, end = held.firsts[first], held.firsts[last]
        start, stop = held.anchors.offsets[begin], held.anchors.offsets[end]
        queries = Anchors(
            held.anchors.keys[start:stop],
            held.anchors.strengths[start:stop],
            held.anchors.offsets[begin : end + 1] - start,
        )
        found = find_nearest(
            index, posted.anchors, queries, held.firsts[first : last + 1] - begin, before[first:last],
            least[first:last], most, texts.rewriting,
        )  # fmt: skip
        if report:
            texts.progress.advance(last - first)
        return found._replace(own_units=found.own_units + begin)

    found = list(texts.threads.map(find, range(0, texts.ranks.size, _QUERIES)))
    counts = np.concatenate([np.zeros(1, dtype=np.int64), *(np.diff(each.offsets) for each in found)])
    none = np.zeros(0, dtype=np.int64)
    return Nearest(
        np.concatenate([none, *(each.documents for each in found)]),
        np.concatenate([none, *(each.own_units for each in found)]),
        np.concatenate([none, *(each.units for each in found)]),
        np.concatenate([np.zeros(0, dtype=np.uint32), *(each.scores for each in found)]),
        np.concatenate([none, *(each.shared for each in found)]),
        np.cumsum(counts),
        sum(each.cut for each in found),
    )


class Weighed(NamedTuple):
    """Sums of `RewriteKernels.weigh_evidence` of n pairs of units, and their lengths in terms, shape (2, n)."""

    sums: F64
    lengths: I64
    tallies: F64


def weigh_pairs(
    texts: Texts, pairs: Proposals, background: RewriteBackground, model: RewriteModel, mass: F64 | None = None
) -> Weighed:
    """Weigh the evidence of each proposed pair."""

    def weigh(block: I64) -> Weighed:
        # The later side first, which many pairs have in common.
        places, rows = np.unique(np.append(pairs.right[block], pairs.left[block]), return_inverse=True)
        terms = texts.terms(places, cut=True)
        units = np.append(pairs.right_units[block], pairs.left_units[block])
        part = None if mass is None else mass[block]
        return weigh_units(texts, terms, rows, units, background, model, model.least_shared, part)

    sizes = texts.sizes
    blocks = list(_blocks(np.arange(pairs.left.size), sizes[pairs.left] + sizes[pairs.right] // 4))
    return _join_weighed(list(texts.threads.map(weigh, blocks)))


def weigh_references(
    texts: Texts, places: I64, pairs: Proposals, background: RewriteBackground, model: RewriteModel
) -> F64:
    """What each document at these places shares, in evidence, with those of the background nearest to it."""

    def weigh(block: I64) -> F64:
        chosen = places[block]
        counts = np.diff(pairs.references.offsets)[chosen]
        owners = np.repeat(np.arange(chosen.size), counts)
        within = np.arange(owners.size) - np.repeat(np.cumsum(counts) - counts, counts)
        found = pairs.references.offsets[chosen][owners] + within
        others, rows = np.unique(pairs.references.documents[found], return_inverse=True)
        terms = _joined_terms(texts.terms(chosen, cut=True), _rows(background.terms, others))
        units = np.append(pairs.references.own_units[found], pairs.references.units[found])
        rows = np.append(owners, rows + chosen.size)
        weighed = weigh_units(texts, terms, rows, units, background, model)
        sums = np.bincount(owners, attained(weighed.sums), minlength=chosen.size)
        return sums / (_LAST_RANK - _FIRST_RANK)

    blocks = list(_blocks(np.arange(places.size), 6 * texts.sizes[places]))
    return np.concatenate([np.zeros(0), *texts.threads.map(weigh, blocks)])


def weigh_units(
    texts: Texts,
    terms: DocumentTerms,
    rows: I64,
    units: I64,
    background: RewriteBackground,
    model: RewriteModel,
    least: float = 0.0,
    mass: F64 | None = None,
) -> Weighed:
    """Weigh pairs of units: the first half of `rows`, texts, and `units` within them, with the second."""
    ranges = divide(terms.offsets)
    wanted, places = np.unique(ranges.firsts[rows] + units, return_inverse=True)
    starts, sizes = ranges.starts[wanted], (ranges.ends - ranges.starts)[wanted]
    offsets = np.append(0, np.cumsum(sizes))
    source = np.repeat(starts - offsets[:-1], sizes) + np.arange(offsets[-1])
    ids, distinct = texts.rewriting.number_terms(terms.values[source])
    weights = background.prefixes.weigh(distinct, texts.kernels)
    types = texts.rewriting.classify_terms(ids, terms.kinds[source], offsets, weights.common)
    numbered = NumberedTerms(ids, types, distinct, offsets)
    half = rows.size // 2
    left, right = places[:half], places[half:]
    sums, tallies = texts.rewriting.weigh_evidence(
        numbered, weights.rarities, weights.inverse, left, right, model.table, least, mass
    )
    return Weighed(sums, np.stack([sizes[left], sizes[right]]), tallies)


def _rows(terms: DocumentTerms, rows: I64) -> DocumentTerms:
    sizes = np.diff(terms.offsets)[rows]
    offsets = np.append(0, np.cumsum(sizes))
    source = np.repeat(terms.offsets[rows] - offsets[:-1], sizes) + np.arange(offsets[-1])
    return DocumentTerms(terms.values[source], terms.kinds[source], offsets)


def _joined_terms(one: DocumentTerms, two: DocumentTerms) -> DocumentTerms:
    return DocumentTerms(
        np.append(one.values, two.values),
        np.append(one.kinds, two.kinds),
        np.append(one.offsets, two.offsets[1:] + one.offsets[-1]),
    )


def _join_weighed(several: list[Weighed]) -> Weighed:
    tallies = [each.tallies for each in several if each.tallies.size]
    return Weighed(
        np.concatenate([np.zeros((0, 2, SIDE_SUMS)), *(each.sums for each in several)]),
        np.concatenate([np.zeros((2, 0), dtype=np.int64), *(each.lengths for each in several)], axis=1),
        np.sum(tallies, axis=0) if tallies else np.zeros(0),
    )


def judge(texts: Texts, pairs: Proposals, background: RewriteBackground, model: RewriteModel) -> F64:
    """The probability of each proposed pair to be a rewrite; 0 where it is rejected early."""
    texts.progress.start("rewrites", pairs.left.size)
    weighed = weigh_pairs(texts, pairs, background, model)
    features = features_of(weighed.sums, weighed.lengths, pairs.cosines)
    probability = model.alone.probability(features)
    probability[weighed.sums[:, 0, 1] == 0.0] = 0.0
    if background.digests.size < LEAST_REFERENCES:
        return probability
    worth = np.flatnonzero(probability >= model.least_alone)
    judged = np.zeros(pairs.left.size)
    judged[worth] = model.margins.probability(all_features(texts, pairs, worth, features[worth], background, model))
    return judged


def all_features(
    texts: Texts, pairs: Proposals, chosen: I64, features: F64, background: RewriteBackground, model: RewriteModel
) -> F64:
    """The features of the pairs chosen, with their margins."""
    sides = (pairs.left[chosen], pairs.right[chosen])
    places = np.unique(np.concatenate(sides))
    shared = weigh_references(texts, places, pairs, background, model)
    attained_elsewhere = np.maximum(*(shared[np.searchsorted(places, side)] for side in sides))
    cosines_elsewhere = np.maximum(*(pairs.elsewhere[side] for side in sides))
    return with_margins(features, attained_elsewhere, cosines_elsewhere)


def _blocks(places: I64, sizes: I64) -> Iterator[I64]:
    """Consecutive places of about `_BLOCK_BYTES` together."""
    number = np.cumsum(sizes) // _BLOCK_BYTES
    begins = np.flatnonzero(np.append(True, number[1:] != number[:-1])[: number.size]).tolist()
    for begin, end in pairwise([*begins, places.size]):
        yield places[begin:end]


def worth_looking(texts_lengths: I64, kept: Bool) -> I64:
    """The ranks of the documents that are long enough, among those kept."""
    return np.flatnonzero(kept & (texts_lengths >= LEAST_TOKENS))
