"""Rewrite candidates among documents: the nearest by anchors, rejected early by what their anchors tell."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from dedup.candidates.anchors import MOST_CANDIDATES, AnchorIndex, build_index, find_nearest
from dedup.kernels import F64, I64, U32, Bool, Kernels
from dedup.kernels.rewriting import STRENGTH, Anchors, DocumentTerms, Nearest, RewriteKernels
from dedup.scanning.corpus import Corpus
from dedup.scanning.progress import Progress
from dedup.scanning.rewrite_terms import HeldAnchors, RewriteBackground, anchors_of, join_anchors, terms_of
from dedup.scanning.threads import Threads
from dedup.verifying.rewrites import SCREENING, RewriteModel, screening_of

LEAST_TOKENS = 12
"""A text of fewer tokens says too little to be known again in other words."""

BLOCK_BYTES = 4 << 20
"""Bytes of texts whose terms are in memory together, for each thread."""

_QUERIES = 4096
_MOST_REFERENCES = 12
_FIRST_RANK = 4
REFERENCES = 5
"""What a text shares with others is the mean over so many ranks from the fifth on: the first may be its own kind."""


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

    blocks = list(blocks_of(np.arange(texts.ranks.size), texts.sizes))
    return join_anchors(list(texts.threads.map(gather, blocks)))


def propose(texts: Texts, background: RewriteBackground, model: RewriteModel) -> Proposals:
    """The nearest earlier documents of each one, by anchors, but those that hold no more in common than with others."""
    held = gather_anchors(texts, background)
    texts.progress.start("rewrite candidates", texts.ranks.size)
    references, elsewhere = _reference_cosines(texts, held, background)
    index = build_index(held.anchors, held.firsts)
    least = np.maximum(elsewhere + model.least_margin, model.least_cosine)
    n_anchors = np.diff(held.anchors.offsets)
    kept: list[tuple[I64, I64, I64, I64, F64, F64]] = []
    capped = index.capped
    for first, found in _nearest_by_blocks(texts, held, index, held, held.firsts[:-1], _scored(least), MOST_CANDIDATES):
        right = first + np.repeat(np.arange(found.offsets.size - 1), np.diff(found.offsets))
        cosines = found.scores / float(STRENGTH) ** 2
        sides = np.stack([elsewhere[found.documents], elsewhere[right]])
        screening = screening_of(cosines, sides, n_anchors[np.stack([found.units, found.own_units])], found.shared)
        worth = cosines >= sides[0] + model.least_margin
        worth &= model.screen.probability(screening) >= model.least_screened
        left_units = found.units - held.firsts[found.documents]
        columns = (found.documents, right, left_units, found.own_units - held.firsts[right], cosines, screening)
        left, right, left_units, right_units, cosines, screening = (column[worth] for column in columns)
        kept.append((left, right, left_units, right_units, cosines, screening))
        capped += found.cut
        texts.progress.advance(found.offsets.size - 1)
    none, no_shares = np.zeros(0, dtype=np.int64), np.zeros(0)
    kept.append((none, none, none, none, no_shares, np.zeros((0, len(SCREENING)))))
    left, right, left_units, right_units, cosines, screening = map(np.concatenate, zip(*kept, strict=True))
    return Proposals(left, right, left_units, right_units, cosines, screening, elsewhere, references, held, capped)


def _scored(cosines: F64) -> U32:
    """Cosines as scores of the index."""
    scores: U32 = np.floor(np.clip(cosines, 0.0, 1.0) * float(STRENGTH) ** 2).astype(np.uint32)
    return scores


def _reference_cosines(texts: Texts, held: HeldAnchors, background: RewriteBackground) -> tuple[Nearest, F64]:
    """The nearest documents of the background, without the document itself, and their mean cosine at some ranks."""
    count = texts.ranks.size
    every = np.full(count, background.index.owners.size, dtype=np.int64)
    nothing = np.zeros(count, dtype=np.uint32)
    found = nearest_of_all(texts, background.held, background.index, held, every, nothing, _MOST_REFERENCES)
    owners = np.repeat(np.arange(count), np.diff(found.offsets))
    digests = texts.corpus.documents.digests[texts.ranks]
    others = background.digests[found.documents] != digests[owners]
    owners = owners[others]
    ranks = np.arange(owners.size) - np.searchsorted(owners, owners)
    chosen = np.flatnonzero(others)[(ranks >= _FIRST_RANK) & (ranks < _FIRST_RANK + REFERENCES)]
    owners = owners[(ranks >= _FIRST_RANK) & (ranks < _FIRST_RANK + REFERENCES)]
    scores = found.scores[chosen]
    mean = np.bincount(owners, scores / float(STRENGTH) ** 2, minlength=count) / REFERENCES
    references = Nearest(
        found.documents[chosen],
        found.own_units[chosen] - held.firsts[owners],
        found.units[chosen] - background.held.firsts[found.documents[chosen]],
        scores,
        found.shared[chosen],
        np.searchsorted(owners, np.arange(count + 1)),
    )
    return references, mean


def _nearest_by_blocks(
    texts: Texts, posted: HeldAnchors, index: AnchorIndex, held: HeldAnchors, before: I64, least: U32, most: int
) -> Iterator[tuple[int, Nearest]]:
    """The nearest documents of all texts, some thousands at a time, with the place of the first."""

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
        return found._replace(own_units=found.own_units + begin)

    firsts = range(0, texts.ranks.size, _QUERIES)
    return zip(firsts, texts.threads.map(find, firsts), strict=True)


def nearest_of_all(
    texts: Texts, posted: HeldAnchors, index: AnchorIndex, held: HeldAnchors, before: I64, least: U32, most: int
) -> Nearest:
    """The `most` nearest documents of all texts, among those whose units are under `before`.

    `posted` and `index` are those of the documents looked through, `held` the anchors of the texts.
    """
    blocks = (found for _, found in _nearest_by_blocks(texts, posted, index, held, before, least, most))
    none = np.zeros(0, dtype=np.int64)
    nothing = Nearest(none, none, none, np.zeros(0, dtype=np.uint32), none, np.zeros(1, dtype=np.int64))
    found = [nothing, *blocks]
    documents, own_units, units, scores, shared, _ = map(
        np.concatenate, zip(*(each[:6] for each in found), strict=True)
    )
    counts = np.concatenate([np.zeros(1, dtype=np.int64), *(np.diff(each.offsets) for each in found)])
    cut = sum(each.cut for each in found)
    return Nearest(documents, own_units, units, scores, shared, np.cumsum(counts), cut)


def blocks_of(places: I64, sizes: I64) -> Iterator[I64]:
    """Consecutive places of about `BLOCK_BYTES` together."""
    number = np.cumsum(sizes) // BLOCK_BYTES
    begins = np.flatnonzero(np.append(True, number[1:] != number[:-1])[: number.size]).tolist()
    for begin, end in pairwise([*begins, places.size]):
        yield places[begin:end]


def worth_looking(texts_lengths: I64, kept: Bool) -> I64:
    """The ranks of the documents that are long enough, among those kept."""
    return np.flatnonzero(kept & (texts_lengths >= LEAST_TOKENS))
