"""A generated corpus with planted copies, for those without labelled data: the same for the same arguments.

    python -m benchmarks.corpus OUT.jsonl --documents N [--truth FILE] [--script latin|accented|cyrillic|chinese]
        [--planted SHARE] [--bucket varied|copies] [--bucket-share SHARE] [--seed N]

Each line is `{"id": 17, "text": "…"}`: Zipfian words in sentences and paragraphs, 20 to 2,000 words a document,
about 100 on average. One document in ten is a copy of an earlier one (`--planted`). Every original is copied once at
most, so that the truth file lists all pairs: `id id kind resemblance`, separated by tabs, the earlier id first, the
resemblance computed exactly from the sets of word 5-grams (5 characters in Chinese). The kinds:

| kind | what is done to the copy | resemblance |
|---|---|---|
| exact | nothing | 1 |
| light | at least one word replaced, at most one in 55 | .8 to 1 |
| heavy | one word in 29 to 43 replaced, five words or more apart | .7 to .8 |
| prepended | one to five words put in front | .9 to 1 |
| shifted | up to a twelfth cut at the beginning, as many new words at the end | .8 to 1 |
| embedded | put whole into a new document, 1.5 to 3 times as long without it | under .5; contained by 1 |

`--bucket varied` makes one document in ten (`--bucket-share`) the same page with its last two words changed, so that
all of them share most bands; `--bucket copies` makes them exact copies. Any two of them are a pair, of a resemblance of
.95 or more; the truth file ties each to the first, with the kind `bucket`.
"""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import orjson
from numpy.typing import NDArray

from benchmarks.vocabulary import SCRIPTS, Vocabulary, vocabulary

KINDS = ("exact", "light", "heavy", "prepended", "shifted", "embedded")
BUCKET = "bucket"
BUCKET_FORMS = ("varied", "copies")
SIZE = 5
"""Words in a shingle."""

_CHUNK = 4096
_POOL = 20_000
_LEAST_SOURCE, _MOST_SOURCE = 80, 600
_LEAST_WORDS, _MOST_WORDS = 20, 2000
_PAGE_WORDS = 120
# A word's form: two bits of what stands behind it, and one of whether it has a capital.
_SPACE, _COMMA, _STOP, _PARAGRAPH, _CAPITAL = 0, 1, 2, 3, 4
_FORMS = 8


@dataclass(frozen=True, slots=True)
class Words:
    """A text as indices into the vocabulary and as forms (capital, and what stands behind), both (words,)."""

    ids: NDArray[np.uint16]
    forms: NDArray[np.uint8]

    def __len__(self) -> int:
        return int(self.ids.size)

    def part(self, start: int, end: int) -> "Words":
        """The words from one place up to another."""
        return Words(self.ids[start:end], self.forms[start:end])


@dataclass(frozen=True, slots=True)
class Origin:
    """What a document is a copy of: the id of an earlier one, the kind, and the exact resemblance."""

    source: int
    kind: str
    resemblance: float


@dataclass(frozen=True, slots=True)
class Generated:
    """One document of the corpus; `origin` is None where it is no copy."""

    id: int
    text: str
    origin: Origin | None


@dataclass(frozen=True, slots=True)
class Recipe:
    """What to generate; the same recipe gives the same corpus."""

    documents: int
    script: str = "latin"
    planted: float = 0.1
    bucket: str | None = None
    bucket_share: float = 0.1
    seed: int = 1

    def __post_init__(self) -> None:
        if self.bucket is not None and self.bucket not in BUCKET_FORMS:
            raise ValueError(f"unknown bucket {self.bucket!r}; choose one of " + ", ".join(BUCKET_FORMS))
        if self.documents < 0 or not 0.0 <= self.planted <= 0.5 or not 0.0 <= self.bucket_share <= 1.0:
            raise ValueError("documents cannot be negative, planted is up to .5, bucket-share a share")


def resemblance(left: Sequence[int], right: Sequence[int]) -> float:
    """Jaccard similarity of the sets of runs of five."""
    one, other = _shingles(left), _shingles(right)
    common = len(one & other)
    return common / (len(one) + len(other) - common)


def _shingles(words: Sequence[int]) -> set[tuple[int, ...]]:
    return set(zip(*(words[place:] for place in range(SIZE)), strict=False))


def generate(recipe: Recipe) -> Iterator[Generated]:
    """The documents in order. Memory does not grow with their number."""
    generator = np.random.default_rng([recipe.seed, SCRIPTS.index(recipe.script)])
    words = vocabulary(recipe.script)
    writer = _Writer(words)
    plants = _Plants(words, generator)
    page = _originals(words, generator, np.array([_PAGE_WORDS]))[0]
    first_page: int | None = None
    for start in range(0, recipe.documents, _CHUNK):
        count = min(_CHUNK, recipe.documents - start)
        sizes = np.clip(generator.lognormal(4.4, 0.65, count), _LEAST_WORDS, _MOST_WORDS).astype(np.int64)
        originals = _originals(words, generator, sizes)
        chances = generator.random(count)
        in_bucket = generator.random(count) < (recipe.bucket_share if recipe.bucket else 0.0)
        for place, original in enumerate(originals):
            number = start + place
            if in_bucket[place]:
                text, value = plants.page(page, recipe.bucket == "copies")
                origin = None if first_page is None else Origin(first_page, BUCKET, value)
                first_page = number if first_page is None else first_page
                yield Generated(number, writer.text(text), origin)
                continue
            planted = plants.plant() if chances[place] < recipe.planted else None
            if planted is None:
                plants.offer(number, original)
                yield Generated(number, writer.text(original), None)
            else:
                yield Generated(number, writer.text(planted[0]), planted[1])


class _Writer:
    """Words to text, through a table of every word in every form."""

    def __init__(self, words: Vocabulary) -> None:
        behind = (words.space, words.comma, words.stop, words.stop.rstrip() + "\n\n")
        forms = [
            (word.capitalize() if form & _CAPITAL else word) + behind[form & 3]
            for word in words.words
            for form in range(_FORMS)
        ]
        self._table = np.array(forms, dtype=object)

    def text(self, words: Words) -> str:
        pieces: list[str] = self._table[words.ids.astype(np.int32) * _FORMS + words.forms].tolist()
        return "".join(pieces).rstrip()


def _originals(words: Vocabulary, generator: np.random.Generator, sizes: NDArray[np.int64]) -> list[Words]:
    """Texts of so many words each: sentences of 15 words and paragraphs of 4 sentences on average."""
    total = int(sizes.sum())
    ids = words.draws[generator.integers(words.draws.size, size=total)]
    chance = generator.random(total, dtype=np.float32)
    forms = np.zeros(total, dtype=np.uint8)
    forms[chance < 0.14] = _COMMA
    forms[chance < 0.067] = _STOP
    forms[chance < 0.017] = _PARAGRAPH
    ends = np.cumsum(sizes)
    forms[ends - 1] = _STOP
    forms[1:] |= np.where(forms[:-1] >= _STOP, np.uint8(_CAPITAL), np.uint8(0))
    forms[ends - sizes] |= _CAPITAL
    bounds = [0, *ends.tolist()]
    return [Words(ids[a:b], forms[a:b]) for a, b in pairwise(bounds)]


class _Plants:
    """The pool of originals that are not copied yet, and the ways to copy them."""

    def __init__(self, words: Vocabulary, generator: np.random.Generator) -> None:
        self._words = words
        self._generator = generator
        self._pool: list[tuple[int, Words]] = []
        self._kinds: list[str] = []

    def offer(self, number: int, original: Words) -> None:
        """Put an original of a fitting length into the pool, while there is room."""
        if len(self._pool) < _POOL and _LEAST_SOURCE <= len(original) <= _MOST_SOURCE:
            # Its chunk's arrays would stay in memory with a view of them.
            self._pool.append((number, Words(original.ids.copy(), original.forms.copy())))

    def plant(self) -> tuple[Words, Origin] | None:
        """A copy of an original from the pool, which leaves it; None where there is none."""
        if not self._pool:
            return None
        place = int(self._generator.integers(len(self._pool)))
        self._pool[place], self._pool[-1] = self._pool[-1], self._pool[place]
        number, source = self._pool.pop()
        if not self._kinds:
            self._kinds = [KINDS[each] for each in self._generator.permutation(len(KINDS))]
        kind = self._kinds.pop()
        copy = self._copy(kind, source)
        return copy, Origin(number, kind, resemblance(source.ids.tolist(), copy.ids.tolist()))

    def _copy(self, kind: str, source: Words) -> Words:
        generator, count = self._generator, len(source) - SIZE + 1
        if kind == "exact":
            return source
        if kind == "light":
            # k words replaced leave (n - 5k) / (n + 5k), or more, of n shingles.
            return self._replaced(source, int(generator.integers(1, max(count // 55, 1) + 1)))
        if kind == "heavy":
            return self._replaced(source, count // 29)
        if kind == "prepended":
            return _joined(self._drawn(int(generator.integers(1, 6))), source)
        if kind == "shifted":
            moved = int(generator.integers(1, count // 12 + 1))
            return _joined(source.part(moved, len(source)), self._drawn(moved))
        around = self._drawn(int(len(source) * generator.uniform(1.5, 3.0)))
        cut = int(generator.integers(1, len(around)))
        return _joined(around.part(0, cut), source, around.part(cut, len(around)))

    def _drawn(self, count: int) -> Words:
        return _originals(self._words, self._generator, np.array([count]))[0]

    def _replaced(self, source: Words, changes: int) -> Words:
        """Other words in so many places, at least five words from each other and four from both ends."""
        free = len(source) - 2 * (SIZE - 1) - (changes - 1) * (SIZE - 1)
        places = np.sort(self._generator.choice(free, changes, replace=False))
        places += SIZE - 1 + np.arange(changes) * (SIZE - 1)
        ids = source.ids.copy()
        for place in places.tolist():
            other = ids[place]
            while other == ids[place]:
                other = self._words.draws[self._generator.integers(self._words.draws.size)]
            ids[place] = other
        return Words(ids, source.forms)

    def page(self, page: Words, same: bool) -> tuple[Words, float]:
        """The page of the bucket, its last two words changed unless it is to be the same; its least resemblance."""
        if same:
            return page, 1.0
        ids = page.ids.copy()
        ids[-2:] = self._generator.integers(len(self._words.words), size=2)
        return Words(ids, page.forms), (len(page) - 6) / (len(page) - 2)


def _joined(*parts: Words) -> Words:
    return Words(np.concatenate([part.ids for part in parts]), np.concatenate([part.forms for part in parts]))


@dataclass(frozen=True, slots=True)
class Summary:
    """How much was written: documents, bytes of text (UTF-8), and copies by kind."""

    documents: int
    n_bytes: int
    copies: dict[str, int]


def write_corpus(recipe: Recipe, path: Path, truth: Path | None = None) -> Summary:
    """Write the corpus as JSON lines and, where asked for, the truth file."""
    copies = dict.fromkeys((*KINDS, BUCKET), 0)
    n_bytes = 0
    with path.open("wb") as file, (truth or Path(os.devnull)).open("w", encoding="utf-8") as pairs:
        for document in generate(recipe):
            line = orjson.dumps({"id": document.id, "text": document.text}, option=orjson.OPT_APPEND_NEWLINE)
            file.write(line)
            n_bytes += len(document.text) if document.text.isascii() else len(document.text.encode())
            if document.origin is not None:
                origin = document.origin
                copies[origin.kind] += 1
                pairs.write(f"{origin.source}\t{document.id}\t{origin.kind}\t{origin.resemblance:.6f}\n")
    return Summary(recipe.documents, n_bytes, copies)


def read_truth(path: Path) -> dict[tuple[int, int], Origin]:
    """The planted pairs of a truth file, by both ids, the smaller first."""
    pairs = {}
    with path.open(encoding="utf-8") as file:
        for line in file:
            source, copy, kind, value = line.split("\t")
            pairs[int(source), int(copy)] = Origin(int(source), kind, float(value))
    return pairs


def main() -> int:
    """Generate a corpus and say what is in it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=Path, metavar="OUT.jsonl", help="where to write the documents")
    parser.add_argument("--documents", type=int, required=True, help="how many documents")
    parser.add_argument("--truth", type=Path, help="where to write the pairs (default: OUT.truth.tsv)")
    parser.add_argument("--script", choices=SCRIPTS, default="latin", help="the script (default: latin)")
    parser.add_argument("--planted", type=float, default=0.1, help="share of copies (default: .1)")
    parser.add_argument("--bucket", choices=BUCKET_FORMS, help="many documents in one bucket (default: none)")
    parser.add_argument("--bucket-share", type=float, default=0.1, help="how many of them (default: .1)")
    parser.add_argument("--seed", type=int, default=1, help="another seed, another corpus (default: 1)")
    arguments = parser.parse_args()
    try:
        recipe = Recipe(
            arguments.documents,
            arguments.script,
            arguments.planted,
            arguments.bucket,
            arguments.bucket_share,
            arguments.seed,
        )
    except ValueError as error:
        parser.error(str(error))
    truth = arguments.truth or arguments.output.with_suffix(".truth.tsv")
    summary = write_corpus(recipe, arguments.output, truth)
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in summary.copies.items() if count)
    print(f"{summary.documents:,} documents, {summary.n_bytes / 1e6:,.1f} MB of text; copies: {kinds or 'none'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
