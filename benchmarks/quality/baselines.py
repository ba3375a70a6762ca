"""What simpler methods find on a text alignment corpus."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from benchmarks.quality.pan13 import Corpus
from benchmarks.quality.plagdet import Alignment
from dedup.kernels import I64
from dedup.kernels.terms import SENTENCE_BREAK, Terms
from dedup.model import TextColumn
from dedup.segmenting import segment

SHINGLE = 5
RESEMBLANCE = 0.5
SIMILAR_SENTENCES = 0.33
GAP = 4
SIMILAR_PASSAGES = 0.34
LEAST_CHARACTERS = 150


def resembling_paragraphs(corpus: Corpus) -> list[list[Alignment]]:
    """Pairs of paragraphs with a resemblance of .5 or more."""
    paragraphs: dict[int, list[tuple[int, int, frozenset[int]]]] = {}
    for text in sorted({*corpus.left.tolist(), *corpus.right.tolist()}):
        paragraphs[text] = _paragraphs(corpus, text)
    found = []
    for left, right in zip(corpus.left.tolist(), corpus.right.tolist(), strict=True):
        holding: dict[int, list[int]] = {}
        for number, (_, _, shingles) in enumerate(paragraphs[right]):
            for shingle in shingles:
                holding.setdefault(shingle, []).append(number)
        of_pair = []
        for start, end, shingles in paragraphs[left]:
            common: dict[int, int] = {}
            for shingle in shingles:
                for number in holding.get(shingle, ()):
                    common[number] = common.get(number, 0) + 1
            for number, count in common.items():
                other_start, other_end, others = paragraphs[right][number]
                if count >= RESEMBLANCE * (len(shingles) + len(others) - count):
                    of_pair.append(Alignment(start, end, other_start, other_end))
        found.append(of_pair)
    return found


def _paragraphs(corpus: Corpus, text: int) -> list[tuple[int, int, frozenset[int]]]:
    """First character, one after the last, and shingles of each paragraph that has some."""
    column = TextColumn.from_strings([corpus.texts[text]])
    segments = segment(column, corpus.kernels)
    characters = np.append(0, np.cumsum((column.data & 0xC0) != 0x80))
    base = slice(int(corpus.ready.terms.offsets[text]), int(corpus.ready.terms.offsets[text + 1]))
    starts, hashes = corpus.ready.starts[base], corpus.ready.terms.hashes[base].tolist()
    found = []
    for start, end in zip(characters[segments.starts].tolist(), characters[segments.ends].tolist(), strict=True):
        first, last = np.searchsorted(starts, [start, end]).tolist()
        shingles = frozenset(hash(tuple(hashes[at : at + SHINGLE])) for at in range(first, last - SHINGLE + 1))
        if shingles:
            found.append((start, end, shingles))
    return found


def similar_sentences(corpus: Corpus) -> list[list[Alignment]]:
    """Clusters of sentences with cosine and Dice of .33 or more, where the whole has a cosine of .34."""
    found = []
    terms = corpus.ready.terms
    for left, right in zip(corpus.left.tolist(), corpus.right.tolist(), strict=True):
        sides = [_Sentences(terms, left), _Sentences(terms, right)]
        vocabulary, inverse = np.unique(np.concatenate([side.stems for side in sides]), return_inverse=True)
        weights = np.zeros(vocabulary.size)
        tables = []
        for side, part in zip(sides, np.split(inverse, [sides[0].stems.size]), strict=True):
            table = np.zeros((len(side.bounds) - 1, vocabulary.size), dtype=np.float32)
            np.add.at(table, (side.numbers, part), 1)
            weights += (table > 0).sum(axis=0)
            tables.append(table)
        total = sum(len(table) for table in tables)
        inverse_frequency = np.log(total / np.maximum(weights, 1)).astype(np.float32)
        found.append(_detect(corpus, left, right, sides, tables, inverse_frequency))
    return found


class _Sentences:
    """The sentences of a text: bounds in tokens, and of each token its stem and the number of its sentence."""

    def __init__(self, terms: Terms, text: int) -> None:
        span = slice(int(terms.offsets[text]), int(terms.offsets[text + 1]))
        breaks = np.flatnonzero(terms.breaks[span] >= SENTENCE_BREAK)
        self.bounds: I64 = np.append(breaks, span.stop - span.start)
        of_terms = slice(int(terms.term_offsets[text]), int(terms.term_offsets[text + 1]))
        self.stems = terms.terms[of_terms][terms.numbers[span]]
        self.numbers: I64 = np.repeat(np.arange(breaks.size), np.diff(self.bounds))


def _detect(
    corpus: Corpus,
    left: int,
    right: int,
    sides: list[_Sentences],
    tables: list[NDArray[np.float32]],
    weights: NDArray[np.float32],
) -> list[Alignment]:
    weighed = [table * weights for table in tables]
    units = [table / np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-9) for table in weighed]
    held = [(table > 0).astype(np.float32) for table in tables]
    sizes = held[0].sum(axis=1)[:, None] + held[1].sum(axis=1)[None, :]
    dice = 2 * (held[0] @ held[1].T) / np.maximum(sizes, 1)
    seeds = np.argwhere((units[0] @ units[1].T >= SIMILAR_SENTENCES) & (dice >= SIMILAR_SENTENCES))
    found = []
    for part in _clusters(seeds, 0, 0):
        (first, other_first), (last, other_last) = part.min(axis=0), part.max(axis=0)
        one, other = weighed[0][first : last + 1].sum(axis=0), weighed[1][other_first : other_last + 1].sum(axis=0)
        if one @ other < SIMILAR_PASSAGES * np.linalg.norm(one) * np.linalg.norm(other):
            continue
        span = sides[0].bounds[[[first, last + 1]]], sides[1].bounds[[[other_first, other_last + 1]]]
        (here,) = corpus.ready.spans(np.array([left]), span[0]).tolist()
        (there,) = corpus.ready.spans(np.array([right]), span[1]).tolist()
        if min(here[1] - here[0], there[1] - there[0]) >= LEAST_CHARACTERS:
            found.append(Alignment(*here, *there))
    return found


def _clusters(seeds: I64, side: int, settled: int) -> list[I64]:
    """Seeds parted where they lie more than `GAP` sentences apart, on both sides in turn."""
    if len(seeds) == 0 or settled == 2:
        return [seeds] if len(seeds) else []
    seeds = seeds[np.argsort(seeds[:, side], kind="stable")]
    cuts = np.flatnonzero(np.diff(seeds[:, side]) - 1 > GAP) + 1
    bounds = [0, *cuts.tolist(), len(seeds)]
    return [
        cluster
        for begin, end in pairwise(bounds)
        for cluster in _clusters(seeds[begin:end], 1 - side, 0 if cuts.size else settled + 1)
    ]
