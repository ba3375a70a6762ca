"""Pools of documents in which rewrites are to be found, and which pairs in them count.

Sets of sources with rewrites by language models (`rewrites/SET-pairs.jsonl.gz`) stand among documents by people
(`reviews-and-news/full.parquet`). Sources repeat, within a set and in the background, and some documents of the
background are copies of others; so a pair is neither right nor wrong where its documents hang together by such copies.
"""

import gzip
import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from dedup.config import Config
from dedup.kernels import F64, I64, Bool
from dedup.kernels.rewriting import choose_rewriting
from dedup.model import Document, Level, RecordBatch, Relation
from dedup.scanning.batch import to_batch
from dedup.scanning.corpus import Corpus, gather_corpus
from dedup.scanning.fitting import background_sample
from dedup.scanning.progress import Silent
from dedup.scanning.rewrite_candidates import LEAST_TOKENS, Proposals, Texts
from dedup.scanning.rewrite_terms import RewriteBackground, fit_rewrite_background
from dedup.scanning.threads import Threads
from dedup.tokenising import hash_tokens

SETS = ("l2r", "mixset", "raidar-news")
BACKGROUND = -1
CONFIG = Config(relations=(Relation.REWRITE,), level=Level.DOCUMENT)

_BATCH = 20_000
_NATURAL = 0.10
_RUN = 6
_COPIED = 0.15


@cache
def read_set(data: Path, name: str) -> dict[str, list[str]]:
    """The rewrites of each source."""
    rewrites: dict[str, list[str]] = {}
    with gzip.open(data / "rewrites" / f"{name}-pairs.jsonl.gz", "rt", encoding="utf-8") as file:
        for line in file:
            record = json.loads(line)
            rewrites.setdefault(record["source"].strip(), []).append(record["rewrite"].strip())
    return rewrites


@cache
def read_background(data: Path) -> tuple[list[str], list[tuple[int, int]]]:
    """The texts of the background, and which of them are known to be copies of each other."""
    import pyarrow.parquet as pq

    folder = data / "reviews-and-news"
    table = pq.read_table(folder / "full.parquet")
    places = {str(each): place for place, each in enumerate(table["id"].to_pylist())}
    copies = []
    for name in ("full_injected_j5.txt.gz", "full_allpairs_j5_ge0.5.txt.gz"):
        with gzip.open(folder / name, "rt", encoding="ascii") as file:
            copies += [(places[one], places[two]) for one, two, *_ in map(str.split, file)]
    return table["text"].to_pylist(), copies


class Families:
    """Things that hang together."""

    def __init__(self) -> None:
        self._roots: dict[object, object] = {}

    def of(self, item: object) -> object:
        """The one that stands for all that hang together with this one."""
        path = []
        while (root := self._roots.setdefault(item, item)) != item:
            path.append(item)
            item = root
        for each in path:
            self._roots[each] = item
        return item

    def join(self, one: object, two: object) -> None:
        """Have two things hang together."""
        self._roots[self.of(one)] = self.of(two)


@dataclass(frozen=True, slots=True)
class Pool:
    """Documents in a random order.

    `sets` (int64): the place of each one's set in `SETS`, or `BACKGROUND`; `groups` (int64): the same for a source and
    its rewrites, -1 for the background. `keys` name texts across pools, for `families`.
    """

    corpus: Corpus
    texts: Texts
    background: RewriteBackground
    sets: I64
    groups: I64
    keys: list[object]
    words: I64
    families: Families


def make_pool(
    data: Path, background: slice, seed: int, sets: tuple[str, ...] = SETS, made: int = 0, sample: int | None = None
) -> Pool:
    """A pool of a part of the background (in a fixed random order), and one rewrite of each source of each set.

    `made`: documents more, each of sentences of several of the background. `sample`: documents that the frequencies of
    terms are taken of, by default those of a scan.
    """
    every, copies = read_background(data)
    order = list(range(len(every)))
    random.Random(5).shuffle(order)
    generator = random.Random(seed)
    families = Families()
    first_of: dict[str, int] = {}
    for place, text in enumerate(every):
        first_of.setdefault(text, place)
    for one, two in copies:
        families.join(first_of[every[one]], first_of[every[two]])
    entries: list[tuple[str | None, int, int]] = [(every[place], BACKGROUND, -1) for place in order[background]]
    group = 0
    for number, name in enumerate(SETS):
        for source, rewrites in read_set(data, name).items() if name in sets else ():
            entries += [(source, number, group), (generator.choice(sorted(set(rewrites))), number, group)]
            group += 1
    entries += [(None, BACKGROUND, -1)] * made
    generator.shuffle(entries)
    keys: list[object] = []
    for place, (given, _, of_group) in enumerate(entries):
        keys.append(("made", place) if given is None else first_of.get(given, given))
        if of_group >= 0:
            families.join(keys[-1], ("group", of_group))
    words: list[int] = []
    sources = _runs_of_sets(data) if made else frozenset()
    corpus = gather_corpus(_batches(entries, _made(every, made, sources, generator), words), CONFIG, 1, Silent())
    ranks = np.flatnonzero(corpus.documents.lengths >= LEAST_TOKENS)
    chosen = background_sample(corpus)[:sample]
    rewriting = choose_rewriting(corpus.store.n_bytes)
    return Pool(
        corpus,
        Texts(corpus, ranks, rewriting, Threads(1), Silent()),
        fit_rewrite_background(corpus, chosen, rewriting),
        np.array([number for _, number, _ in entries]),
        np.array([of_group for _, _, of_group in entries]),
        keys,
        np.array(words),
        families,
    )


def _batches(
    entries: list[tuple[str | None, int, int]], made: Iterator[str], words: list[int]
) -> Iterator[RecordBatch]:
    """The documents in order, those that are made when they are wanted; their numbers of words are noted."""
    for first in range(0, len(entries), _BATCH):
        texts = [next(made) if text is None else text for text, _, _ in entries[first : first + _BATCH]]
        words += [len(text.split()) for text in texts]
        yield to_batch([Document(first + place, text) for place, text in enumerate(texts)])


@cache
def _runs_of_sets(data: Path) -> frozenset[int]:
    """The runs of words of all sources and rewrites."""
    texts = (text for name in SETS for source, rewrites in read_set(data, name).items() for text in (source, *rewrites))
    return frozenset(run for text in texts for run in _runs(text))


def _runs(text: str) -> Iterator[int]:
    words = re.findall(r"\w+", text.lower())
    return (hash(tuple(words[first : first + _RUN])) for first in range(len(words) - _RUN + 1))


def _made(every: list[str], count: int, sources: frozenset[int], generator: random.Random) -> Iterator[str]:
    """Documents of five to fifteen sentences, each of another one: their rare terms are those of the background.

    No sentence shares a run of words with a source or a rewrite: some of these stand in the background as well, and a
    document that holds one of their sentences would rightly be near. About one sentence in twenty falls away.
    Rewrites are as hard to find among them as among documents by people: 50,000 of these and as many made of them gave
    the cosines of the nearest, and the recall, of 100,000 documents by people (see docs/performance.md).
    """
    sentences: list[str] = []
    for _ in range(count):
        while len(sentences) < 20_000:
            several = every[generator.randrange(len(every))].split(". ")
            sentences += [each for each in several if len(each) > 40 and sources.isdisjoint(_runs(each))]
        drawn = [sentences[generator.randrange(len(sentences))] for _ in range(generator.randint(5, 15))]
        for _ in range(8):
            sentences[generator.randrange(len(sentences))] = sentences[-1]
            sentences.pop()
        yield ". ".join(drawn)


@dataclass(frozen=True, slots=True)
class Truth:
    """Of each proposed pair whether it is a source and its rewrite, or two rewrites (`right`), or `doubtful`.

    `natural`: the word 5-gram containment of the smaller side.
    """

    right: Bool
    doubtful: Bool
    natural: F64


def truth_of(pool: Pool, proposals: Proposals) -> Truth:
    """What each proposed pair is."""
    left, right = pool.texts.ranks[proposals.left], pool.texts.ranks[proposals.right]
    holds = (pool.groups[left] >= 0) & (pool.groups[left] == pool.groups[right])
    natural = _containment(pool, left, right)
    for one, two in zip(left[natural >= _COPIED].tolist(), right[natural >= _COPIED].tolist(), strict=True):
        pool.families.join(pool.keys[one], pool.keys[two])
    roots = [pool.families.of(key) for key in pool.keys]
    numbers = {root: number for number, root in enumerate(dict.fromkeys(roots))}
    family = np.array([numbers[root] for root in roots])
    doubtful = ~holds & ((natural >= _NATURAL) | (family[left] == family[right]))
    return Truth(holds, doubtful, natural)


def _containment(pool: Pool, left: I64, right: I64) -> F64:
    """The share of word 5-grams of the smaller side of each pair that the other has."""
    documents, kernels = pool.corpus.documents, pool.corpus.kernels
    shares = [np.zeros(0)]
    for first in range(0, left.size, 50_000):
        sides = (left[first : first + 50_000], right[first : first + 50_000])
        ranks, rows = np.unique(np.concatenate(sides), return_inverse=True)
        texts = pool.corpus.store.gather(documents.starts[ranks], documents.ends[ranks])
        shingles = kernels.distinct_rows(kernels.shingle(*hash_tokens(texts, kernels), 5))
        one, two = rows[: sides[0].size], rows[sides[0].size :]
        sizes = np.diff(shingles.offsets)
        common = kernels.count_common(shingles, one, two, np.zeros(one.size, dtype=np.int64))
        shares.append(common / np.maximum(np.minimum(sizes[one], sizes[two]), 1))
    return np.concatenate(shares)


def by_people(pool: Pool, proposals: Proposals) -> Bool:
    """Pairs of which a side is of the background."""
    sides = (pool.sets[pool.texts.ranks[side]] == BACKGROUND for side in (proposals.left, proposals.right))
    one, two = sides
    either: Bool = one | two
    return either


__all__ = ["BACKGROUND", "SETS", "Pool", "Truth", "by_people", "make_pool", "truth_of"]
