"""Documents some of which reword others, and a background that knows their words."""

from collections.abc import Sequence
from functools import cache
from random import Random

from dedup import Config, Document, Relation
from dedup.model import Level
from dedup.scanning.batch import to_batch
from dedup.scanning.corpus import gather_corpus
from dedup.scanning.progress import Silent
from dedup.scanning.rewrite_background import fit_backgrounds
from dedup.scanning.rewrite_terms import RewriteBackground
from dedup.verifying import Background
from tests.scanning.test_rewrites import filler

CONFIG = Config(
    relations=(Relation.EXACT, Relation.NEAR, Relation.CONTAINS, Relation.REWRITE), level=Level.DOCUMENT, min_score=0.5
)

_LINKS = ("while", "although", "since", "because", "whereas", "whenever")


def reworded(text: str, generator: Random) -> str:
    """A text in other words: its pieces in another order, every third word another one."""
    words = text.split()
    pieces = [words[place : place + 12] for place in range(0, len(words), 12)]
    generator.shuffle(pieces)
    return " ".join(
        generator.choice(_LINKS) if number % 3 == 2 else word for piece in pieces for number, word in enumerate(piece)
    )


def stories(count: int, seed: int = 1) -> list[Document]:
    """Unrelated texts, and by turns rewordings of earlier ones, copies, near copies and long texts; some rewordings."""
    generator = Random(seed)  # noqa: S311 - no secret
    originals = [document.text for document in filler(count, seed + 100)]
    texts: list[str] = []
    for number in range(count):
        earlier = generator.choice(texts) if texts else ""
        kind = number % 6
        if kind in (2, 5) and texts:
            text = reworded(earlier, generator)
        elif kind == 3:
            text = earlier.upper() if generator.random() < 0.5 else earlier + " indeed"
        elif number % 20 == 19:
            # Long enough to be looked for by windows.
            text = " ".join([*originals[number : number + 20], earlier])
        else:
            text = originals[number]
        texts.append(text)
    return [Document(number if number % 2 else f"page {number}", text) for number, text in enumerate(texts)]


@cache
def backgrounds() -> tuple[Background, RewriteBackground]:
    """Of texts with the same words, among which nobody's anchors are rare."""
    corpus = gather_corpus([to_batch(filler(300, 5))], CONFIG, 1, Silent())
    return fit_backgrounds(corpus, CONFIG)


def renamed(documents: Sequence[Document]) -> list[Document]:
    """The same texts under other names."""
    return [Document(f"again {number}", document.text) for number, document in enumerate(documents)]


def rephrased(documents: Sequence[Document]) -> list[Document]:
    """The same in other words, under other names."""
    return [
        Document(f"other {number}", reworded(document.text, Random(number)))  # noqa: S311 - no secret
        for number, document in enumerate(documents)
    ]
