"""Confirming rewrites: the evidence of each candidate pair, term by term, and its probability."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from dedup.candidates.anchors import divide
from dedup.kernels import F64, I64
from dedup.kernels.rewriting import SIDE_SUMS, DocumentTerms, Nearest, NumberedTerms
from dedup.scanning.rewrite_candidates import REFERENCES, Proposals, TextSource, blocks_of, by_family, read_terms
from dedup.scanning.rewrite_terms import RewriteBackground
from dedup.verifying.rewrites import LEAST_REFERENCES, RewriteModel, attained, features_of, with_margins

ALIKE = 0.4
"""Texts whose anchors have such a cosine are most often of one family."""


class Weighed(NamedTuple):
    """Sums of `RewriteKernels.weigh_evidence` of n pairs of units, and their lengths in terms, shape (2, n)."""

    sums: F64
    lengths: I64
    tallies: F64


def weigh_pairs(
    texts: TextSource, pairs: Proposals, background: RewriteBackground, model: RewriteModel, mass: F64 | None = None
) -> Weighed:
    """Weigh the evidence of each proposed pair."""

    def weigh(block: I64) -> Weighed:
        # The later side first, which many pairs have in common.
        places, rows = np.unique(np.append(pairs.right[block], pairs.left[block]), return_inverse=True)
        terms = read_terms(texts, places, cut=True)
        units = np.append(pairs.right_units[block], pairs.left_units[block])
        part = None if mass is None else mass[block]
        return weigh_units(texts, terms, rows, units, background, model, model.least_shared, part)

    order = by_family(texts, pairs.left, pairs.right, pairs.cosines >= ALIKE)
    sizes = texts.sizes
    blocks = list(blocks_of(order, (sizes[pairs.left] + sizes[pairs.right] // 4)[order]))
    weighed = _join_weighed(list(texts.threads.map(weigh, blocks)))
    places = np.empty_like(order)
    places[order] = np.arange(order.size)
    return Weighed(weighed.sums[places], weighed.lengths[:, places], weighed.tallies)


def weigh_references(
    texts: TextSource, places: I64, pairs: Proposals, background: RewriteBackground, model: RewriteModel
) -> F64:
    """What each document at these places shares, in evidence, with those of the background nearest to it."""

    def weigh(block: I64) -> F64:
        chosen = places[block]
        counts = np.diff(pairs.references.offsets)[chosen]
        owners = np.repeat(np.arange(chosen.size), counts)
        within = np.arange(owners.size) - np.repeat(np.cumsum(counts) - counts, counts)
        found = pairs.references.offsets[chosen][owners] + within
        others, rows = np.unique(pairs.references.documents[found], return_inverse=True)
        terms = _joined_terms(read_terms(texts, chosen, cut=True), _rows(background.terms, others))
        units = np.append(pairs.references.own_units[found], pairs.references.units[found])
        rows = np.append(owners, rows + chosen.size)
        weighed = weigh_units(texts, terms, rows, units, background, model, both=False)
        sums = np.bincount(owners, attained(weighed.sums), minlength=chosen.size)
        return sums / REFERENCES

    # In each block the terms of nearly all documents of the background are numbered anew.
    blocks = list(blocks_of(np.arange(places.size), texts.sizes[places]))
    return np.concatenate([np.zeros(0), *texts.threads.map(weigh, blocks)])


def weigh_units(
    texts: TextSource,
    terms: DocumentTerms,
    rows: I64,
    units: I64,
    background: RewriteBackground,
    model: RewriteModel,
    least: float = 0.0,
    mass: F64 | None = None,
    *,
    both: bool = True,
) -> Weighed:
    """Weigh pairs of units: the first half of `rows`, texts, and `units` within them, with the second.

    Without `both` sides, the shorter one alone.
    """
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
        numbered, weights.rarities, weights.inverse, left, right, model.table, least, mass, both
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


def judge(
    texts: TextSource,
    pairs: Proposals,
    background: RewriteBackground,
    model: RewriteModel,
    least: float = 0.0,
    references: Callable[[], Nearest] | None = None,
) -> F64:
    """The probability of each proposed pair to be a rewrite; 0 where it is rejected early or cannot be `least`.

    `references` gives those of the pairs where they are not known before they are needed.
    """
    texts.progress.start("rewrites", pairs.left.size)
    weighed = weigh_pairs(texts, pairs, background, model)
    features = features_of(weighed.sums, weighed.lengths, pairs.cosines)
    probability = model.alone.probability(features)
    probability[weighed.sums[:, 0, 1] == 0.0] = 0.0
    if background.digests.size < LEAST_REFERENCES:
        return probability
    # With evidence shared with nobody else a pair is as probable as it can be.
    cosines_elsewhere = np.maximum(pairs.elsewhere[pairs.left], pairs.elsewhere[pairs.right])
    at_best = with_margins(features, np.zeros(pairs.left.size), cosines_elsewhere)
    hopeful = model.margins.probability(at_best) >= least
    worth = np.flatnonzero(hopeful & (probability >= model.least_alone))
    judged = np.zeros(pairs.left.size)
    if not worth.size:
        return judged
    if references is not None:
        pairs = pairs._replace(references=references())
    judged[worth] = model.margins.probability(all_features(texts, pairs, worth, features[worth], background, model))
    return judged


def all_features(
    texts: TextSource, pairs: Proposals, chosen: I64, features: F64, background: RewriteBackground, model: RewriteModel
) -> F64:
    """The features of the pairs chosen, with their margins."""
    sides = (pairs.left[chosen], pairs.right[chosen])
    places = np.unique(np.concatenate(sides))
    shared = weigh_references(texts, places, pairs, background, model)
    attained_elsewhere = np.maximum(*(shared[np.searchsorted(places, side)] for side in sides))
    cosines_elsewhere = np.maximum(*(pairs.elsewhere[side] for side in sides))
    return with_margins(features, attained_elsewhere, cosines_elsewhere)
