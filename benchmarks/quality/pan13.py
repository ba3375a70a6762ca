"""The PAN 2013 text alignment corpus, read and tokenised, and detections as ranges of characters.

A folder with `docs.jsonl.gz` (`id`, `text`), `pairs.jsonl.gz` (`susp`, `src`, `category`) and `cases.jsonl.gz` (`susp`,
`src`, `this_offset`, `this_length`, `source_offset`, `source_length`, in characters).
"""

import gzip
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson

from benchmarks.quality.plagdet import Alignment
from dedup.aligning import Passages
from dedup.kernels import I64, Kernels, choose
from dedup.kernels.alignment import Aligner, choose_aligner
from dedup.kernels.terms import Terms
from dedup.model import TextColumn
from dedup.tokenising import codepoint_table, tokenise


@dataclass(frozen=True, slots=True)
class Texts:
    """Texts ready to be aligned: their terms, and of each token its first character and one after the last."""

    terms: Terms
    starts: I64
    ends: I64
    lengths: I64

    def spans(self, texts: I64, places: I64) -> I64:
        """Ranges of characters, shape (rows, 2), of the tokens `places` (rows, 2) of texts."""
        first = self.terms.offsets[texts]
        return np.stack([self.starts[first + places[:, 0]], self.ends[first + places[:, 1] - 1]], axis=1)


def prepare(texts: Sequence[str], kernels: Kernels) -> Texts:
    """Tokenise texts and mark their terms."""
    column = TextColumn.from_strings(texts)
    tokens = tokenise(column, kernels)
    barred = np.zeros(tokens.hashes.size, dtype=np.bool_)
    terms = kernels.mark_terms(column.data, tokens, barred, *codepoint_table())
    characters = np.append(0, np.cumsum((column.data & 0xC0) != 0x80))
    base = np.repeat(characters[column.offsets[:-1]], np.diff(tokens.offsets))
    lengths = np.diff(characters[column.offsets])
    return Texts(terms, characters[tokens.starts] - base, characters[tokens.ends] - base, lengths)


@dataclass(frozen=True, slots=True)
class Corpus:
    """n pairs of documents: places of their texts, the category of each pair, and its cases."""

    texts: list[str]
    ready: Texts
    left: I64
    right: I64
    categories: list[str]
    cases: list[list[Alignment]]
    kernels: Kernels
    aligner: Aligner


def read_lines(path: Path) -> Iterator[dict[str, str]]:
    """The objects of a gzipped file of JSON lines."""
    with gzip.open(path) as file:
        for line in file:
            yield orjson.loads(line)


def read_corpus(folder: Path) -> Corpus:
    """Read and tokenise a corpus."""
    numbers: dict[str, int] = {}
    texts = []
    for number, document in enumerate(read_lines(folder / "docs.jsonl.gz")):
        numbers[document["id"]] = number
        texts.append(document["text"])
    cases: dict[tuple[str, str], list[Alignment]] = defaultdict(list)
    for case in read_lines(folder / "cases.jsonl.gz"):
        start, size = int(case["this_offset"]), int(case["this_length"])
        source, source_size = int(case["source_offset"]), int(case["source_length"])
        cases[case["susp"], case["src"]].append(Alignment(start, start + size, source, source + source_size))
    pairs = list(read_lines(folder / "pairs.jsonl.gz"))
    size = sum(map(len, texts))
    kernels = choose(size)
    return Corpus(
        texts,
        prepare(texts, kernels),
        np.array([numbers[pair["susp"]] for pair in pairs]),
        np.array([numbers[pair["src"]] for pair in pairs]),
        [pair["category"] for pair in pairs],
        [cases[pair["susp"], pair["src"]] for pair in pairs],
        kernels,
        choose_aligner(size),
    )


def detections(passages: Passages, texts: Texts, left: I64, right: I64) -> list[list[Alignment]]:
    """The passages of each pair as ranges of characters; a text that is summarised is taken whole."""
    one = texts.spans(left[passages.pairs], passages.places[:, :2])
    other = texts.spans(right[passages.pairs], passages.places[:, 2:])
    for side, spans, owners in ((0, one, left), (2, other, right)):
        tokens = np.diff(texts.terms.offsets)[owners[passages.pairs]]
        whole = passages.summaries & (passages.places[:, side + 1] - passages.places[:, side] == tokens)
        spans[whole, 0], spans[whole, 1] = 0, texts.lengths[owners[passages.pairs][whole]]
    found: list[list[Alignment]] = [[] for _ in range(left.size)]
    for pair, here, there in zip(passages.pairs.tolist(), one.tolist(), other.tolist(), strict=True):
        found[pair].append(Alignment(*here, *there))
    return found
