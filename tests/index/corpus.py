"""Documents for an index: pages that repeat each other, made by a seeded generator."""

from collections.abc import Sequence

import numpy as np

from dedup import Decision, Document, Index
from dedup.index import Explanation
from dedup.index.embedded import EmbeddedIndex
from dedup.index.storage import Storage
from tests.corpora import near_family, words


def documents(count: int, seed: int = 1) -> list[Document]:
    """Unrelated texts, near copies, exact copies, parts, and texts that hold another, by turns."""
    generator = np.random.default_rng(seed)
    texts: list[str] = []
    for number in range(count):
        kind = int(generator.integers(0, 8)) if texts else 7
        earlier = texts[int(generator.integers(0, len(texts)))].split() if texts else []
        if kind == 0:
            text = " ".join(earlier).upper()
        elif kind == 1:
            place = int(generator.integers(0, max(len(earlier), 1)))
            text = " ".join([*earlier[:place], f"own{number}", *earlier[place + 1 :]])
        elif kind == 2:
            text = " ".join(earlier[: max(len(earlier) // 2, 20)])
        elif kind == 3:
            text = " ".join([*words(generator, 15), *earlier])
        elif kind == 4 and number % 3 == 0:
            text = " ".join(words(generator, int(generator.integers(0, 5))))
        else:
            text = " ".join(words(generator, int(generator.integers(5, 90))))
        texts.append(text)
    return [Document(number if number % 2 else f"page {number}", text) for number, text in enumerate(texts)]


def pages(count: int, seed: int) -> list[Document]:
    """Pages of paragraphs, of which many stand in several pages, as they are or with a word changed."""
    generator = np.random.default_rng(seed)
    known = [" ".join(words(generator, int(generator.integers(3, 40)))) for _ in range(8)]
    made = []
    for number in range(count):
        lines = []
        for _ in range(int(generator.integers(1, 6))):
            kind = int(generator.integers(0, 4))
            line = known[int(generator.integers(0, len(known)))]
            if kind == 0:
                line = " ".join(words(generator, int(generator.integers(2, 40))))
            elif kind == 1:
                line = line.upper() + " é…"
            elif kind == 2:
                line = f"{line} own{number}"
            lines.append(line)
        made.append(Document(f"page {number}", "\n\n".join(lines) if number % 2 else "\n".join(lines)))
    return made


def family(count: int) -> list[Document]:
    """Near copies of one text."""
    return near_family(np.random.default_rng(7), count)


def explained(index: Index, several: Sequence[Document]) -> list[Decision | None]:
    """What an index knows of documents."""
    found: list[Explanation | None] = [index.explain(each.id) for each in several]
    return [None if each is None else each.decision for each in found]


def storage_of(index: Index) -> Storage:
    """The files of an index in a folder."""
    assert isinstance(index, EmbeddedIndex)
    return index._storage
