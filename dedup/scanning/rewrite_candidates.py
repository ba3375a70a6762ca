"""Rewrite candidates among documents: the nearest by anchors, rejected early by what their anchors tell."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, Protocol

import numpy as np

from dedup.candidates.anchors import MOST_CANDIDATES, AnchorIndex, build_index, find_lists, find_nearest, retrieve
from dedup.kernels import F64, I64, U32, U64, Bool, Kernels
from dedup.kernels.rewriting import STRENGTH, Anchors, DocumentTerms, Nearest, RewriteKernels
from dedup.model import TextColumn
from dedup.scanning.corpus import Corpus
from dedup.scanning.progress import Progress
from dedup.scanning.rewrite_terms import HeldAnchors, RewriteBackground, Room, anchors_of, join_anchors, terms_of
from dedup.scanning.threads import Threads
from dedup.verifying.rewrites import SCREENING, RewriteModel, screening_of

LEAST_TOKENS = 12
"""A text of fewer tokens says too little to be known again in other words."""

BLOCK_BYTES = 4 << 20
"""Bytes of texts whose terms are in memory together, for each thread."""

_QUERIES = 4096
_FIRST_RANK = 4
REFERENCES = 5
"""What a text shares with others is the mean over so many ranks from the fifth on: the first may be its own kind."""


class Proposals(NamedTuple):
    """Candidate pairs, `left < right` being places in what was given, sorted by right, then by cosine.

    `left_units`, `right_units`: the units of the documents that are nearest. `cosines` of their anchors;
    `screening`: what is known by them (see `screening_of`); `elsewhere`, by document: the cosine with the background's
    documents of ranks 5 to 9. `capped`: units of which not all lists were read. An index leaves `references` and `held`
    empty: it gives `judge` those when they are needed.
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

    def take(self, chosen: Bool) -> "Proposals":
        """The pairs that are chosen."""
        return self._replace(
            left=self.left[chosen],
            right=self.right[chosen],
            left_units=self.left_units[chosen],
            right_units=self.right_units[chosen],
            cosines=self.cosines[chosen],
            screening=self.screening[chosen],
        )


class TextSource(Protocol):
    """Some documents, of which rewrites are looked for, wherever their texts stand."""

    @property
    def rewriting(self) -> RewriteKernels:
        """What rewrites are found and confirmed by."""
        ...

    @property
    def kernels(self) -> Kernels:
        """What serves all else."""
        ...

    @property
    def threads(self) -> Threads:
        """Those that share the work."""
        ...

    @property
    def progress(self) -> Progress:
        """Who is told of it."""
        ...

    @property
    def digests(self) -> U64:
        """The hash of all tokens of each document, shape (n,)."""
        ...

    @property
    def sizes(self) -> I64:
        """Bytes of each document, shape (n,)."""
        ...

    def read(self, places: I64) -> TextColumn:
        """The texts of the documents at these places."""
        ...


@dataclass(frozen=True, slots=True)
class Texts:
    """Some documents of a corpus, by rank: see `TextSource`."""

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
    def digests(self) -> U64:
        """See `TextSource`."""
        return self.corpus.documents.digests[self.ranks]

    @property
    def sizes(self) -> I64:
        """See `TextSource`."""
        return self.corpus.documents.ends[self.ranks] - self.corpus.documents.starts[self.ranks]

    def read(self, places: I64) -> TextColumn:
        """See `TextSource`."""
        ranks = self.ranks[places]
        return self.corpus.store.gather(self.corpus.documents.starts[ranks], self.corpus.documents.ends[ranks])


def read_terms(texts: TextSource, places: I64, *, cut: bool) -> DocumentTerms:
    """The terms of the documents at these places."""
    return terms_of(texts.read(places), texts.rewriting, cut=cut)


def gather_anchors(texts: TextSource, background: RewriteBackground, room: Room | None = None) -> HeldAnchors:
    """The anchors of all texts."""

    def gather(block: I64) -> HeldAnchors:
        return anchors_of(read_terms(texts, block, cut=False), background.words, texts.kernels, texts.rewriting)

    blocks = list(blocks_of(np.arange(texts.digests.size), texts.sizes))
    return join_anchors(texts.threads.map(gather, blocks), room)


def propose(
    texts: TextSource, background: RewriteBackground, model: RewriteModel, room: Room | None = None
) -> Proposals:
    """The nearest earlier documents of each one, by anchors, but those that hold no more in common than with others.

    Anchors and their index are 16 bytes an anchor, and have their place in `room`, by default in memory.
    """
    held = gather_anchors(texts, background, room)
    texts.progress.start("rewrite candidates", texts.digests.size)
    index = build_index(held.anchors, held.firsts, np.empty if room is None else room.allocate)
    references, elsewhere = reference_cosines(texts, held, index, background)
    least = least_scores(elsewhere, model)
    n_anchors = np.diff(held.anchors.offsets)
    kept: list[Screened] = []
    capped = 0
    for first, found in nearest_earlier(texts, held, index, least):
        kept.append(screened(found, first, held.firsts, n_anchors, elsewhere, model))
        capped += found.cut
        texts.progress.advance(found.offsets.size - 1)
    none, no_shares = np.zeros(0, dtype=np.int64), np.zeros(0)
    kept.append(Screened(none, none, none, none, no_shares, np.zeros((0, len(SCREENING)))))
    left, right, left_units, right_units, cosines, screening = map(np.concatenate, zip(*kept, strict=True))
    return Proposals(left, right, left_units, right_units, cosines, screening, elsewhere, references, held, capped)


class Screened(NamedTuple):
    """Candidate pairs that are worth reading; the columns are those of `Proposals`."""

    left: I64
    right: I64
    left_units: I64
    right_units: I64
    cosines: F64
    screening: F64


def screened(found: Nearest, first: int, firsts: I64, n_anchors: I64, elsewhere: F64, model: RewriteModel) -> Screened:
    """Those that were found near documents from `first` on, but those that share no more with them than with others.

    `firsts`: the first unit of each document; `n_anchors`, by unit, how many it has; `elsewhere`, by document.
    """
    right = first + np.repeat(np.arange(found.offsets.size - 1), np.diff(found.offsets))
    sides = np.stack([elsewhere[found.documents], elsewhere[right]])
    counts = n_anchors[np.stack([found.units, found.own_units])]
    passed, cosines, screening = screen(found.scores, found.shared, sides, counts, model)
    left, right = found.documents[passed], right[passed]
    left_units, right_units = found.units[passed] - firsts[left], found.own_units[passed] - firsts[right]
    return Screened(left, right, left_units, right_units, cosines, screening)


def screen(scores: U32, shared: I64, elsewhere: F64, counts: I64, model: RewriteModel) -> tuple[I64, F64, F64]:
    """The places of those pairs that are worth reading, as far as anchors tell, their cosines, and what is known.

    `scores` and `shared` are those of `Nearest`; `elsewhere` and `counts` are as in `screening_of`, the earlier side
    first.
    """
    cosines = scores / float(STRENGTH) ** 2
    worth = np.flatnonzero(cosines >= elsewhere[0] + model.least_margin)
    cosines = cosines[worth]
    if not worth.size:
        return worth, cosines, np.zeros((0, len(SCREENING)))
    screening = screening_of(cosines, elsewhere[:, worth], counts[:, worth], shared[worth])
    hopeful = model.screen.probability(screening) >= model.least_screened
    return worth[hopeful], cosines[hopeful], screening[hopeful]


def least_scores(elsewhere: F64, model: RewriteModel) -> U32:
    """The scores in the index that others must have to be worth looking at, by what documents share elsewhere."""
    cosines = np.maximum(elsewhere + model.least_margin, model.least_cosine)
    scores: U32 = np.floor(np.clip(cosines, 0.0, 1.0) * float(STRENGTH) ** 2).astype(np.uint32)
    return scores


class _Queries(NamedTuple):
    """Some of the documents, `first` to `last`: their anchors, the lists of these, and the first unit of each."""

    anchors: Anchors
    lists: U32
    firsts: I64
    first: int
    last: int


def _by_blocks(
    texts: TextSource, held: HeldAnchors, index: AnchorIndex, find: Callable[[_Queries], Nearest]
) -> Iterator[tuple[int, Nearest]]:
    """What is found for all texts, some thousands at a time, with the place of the first."""
    count = held.firsts.size - 1

    def found_of(first: int) -> Nearest:
        last = min(first + _QUERIES, count)
        begin, end = held.firsts[first], held.firsts[last]
        start, stop = held.anchors.offsets[begin], held.anchors.offsets[end]
        keys, strengths = held.anchors.keys[start:stop], held.anchors.strengths[start:stop]
        anchors = Anchors(keys, strengths, held.anchors.offsets[begin : end + 1] - start)
        found = find(_Queries(anchors, index.lists[start:stop], held.firsts[first : last + 1] - begin, first, last))
        return found._replace(own_units=found.own_units + begin)

    firsts = range(0, count, _QUERIES)
    return zip(firsts, texts.threads.map(found_of, firsts), strict=True)


def nearest_earlier(
    texts: TextSource, held: HeldAnchors, index: AnchorIndex, least: U32
) -> Iterator[tuple[int, Nearest]]:
    """The nearest earlier documents of all texts, by blocks as they come, with the place of the first of each."""

    def find(queries: _Queries) -> Nearest:
        documents = slice(queries.first, queries.last)
        return find_nearest(
            index, held.anchors, queries.anchors, queries.lists.astype(np.int64), queries.firsts,
            held.firsts[documents], least[documents], MOST_CANDIDATES, texts.rewriting,
        )  # fmt: skip

    return _by_blocks(texts, held, index, find)


def reference_cosines(
    texts: TextSource, held: HeldAnchors, index: AnchorIndex, background: RewriteBackground
) -> tuple[Nearest, F64]:
    """The nearest documents of the background, without the document itself, and their mean cosine at some ranks."""
    reference = background.index
    lists = find_lists(reference, index.keys)

    digests = texts.digests

    def find(queries: _Queries) -> Nearest:
        count = queries.last - queries.first
        every = np.full(count, reference.owners.size, dtype=np.int64)
        nothing = np.zeros(count, dtype=np.uint32)
        # All lists are read, or the same ones whoever asks: what is retrieved needs no second score.
        return retrieve(
            reference, queries.anchors, lists[queries.lists], queries.firsts, every, nothing,
            _FIRST_RANK + REFERENCES + 1, texts.rewriting, bonus=0,
        )  # fmt: skip

    count = digests.size
    found = join_nearest(each for _, each in _by_blocks(texts, held, index, find))
    owners = np.repeat(np.arange(count), np.diff(found.offsets))
    others = background.digests[found.documents] != digests[owners]
    owners = owners[others]
    ranks = np.arange(owners.size) - np.searchsorted(owners, owners)
    within = (ranks >= _FIRST_RANK) & (ranks < _FIRST_RANK + REFERENCES)
    chosen, owners = np.flatnonzero(others)[within], owners[within]
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


def join_nearest(several: Iterable[Nearest]) -> Nearest:
    """What was found for some documents, and behind it what was found for others."""
    several = list(several)
    if len(several) == 1:
        return several[0]
    none = np.zeros(0, dtype=np.int64)
    found = [Nearest(none, none, none, np.zeros(0, dtype=np.uint32), none, np.zeros(1, dtype=np.int64)), *several]
    documents, own_units, units, scores, shared = map(np.concatenate, zip(*(each[:5] for each in found), strict=True))
    counts = np.concatenate([np.zeros(1, dtype=np.int64), *(np.diff(each.offsets) for each in found)])
    cut = sum(each.cut for each in found)
    return Nearest(documents, own_units, units, scores, shared, np.cumsum(counts), cut)


def blocks_of(places: I64, sizes: I64) -> Iterator[I64]:
    """Consecutive places of about `BLOCK_BYTES` together."""
    number = np.cumsum(sizes) // BLOCK_BYTES
    begins = np.flatnonzero(np.append(True, number[1:] != number[:-1])[: number.size]).tolist()
    for begin, end in pairwise([*begins, places.size]):
        yield places[begin:end]


def by_family(texts: TextSource, left: I64, right: I64, alike: Bool) -> I64:
    """The places of pairs so ordered that most texts are read once: those of texts that are `alike` stand together."""
    family = texts.kernels.components(left[alike], right[alike], texts.sizes.size)
    return np.lexsort((left, right, family[right]))


def worth_looking(texts_lengths: I64, kept: Bool) -> I64:
    """The ranks of the documents that are long enough, among those kept."""
    return np.flatnonzero(kept & (texts_lengths >= LEAST_TOKENS))
