"""Small corpora: hypothesis strategies with planted repetition, and seeded generators of larger ones."""

from collections.abc import Sequence

import hypothesis.strategies as st
import numpy as np
from hypothesis.strategies import DrawFn, SearchStrategy

from dedup import Document
from tests.strategies import INTERESTING

VOCABULARY = (
    *("river", "stone", "market", "Winter", "garden", "minister", "signal", "copper", "harvest", "engine", "letter"),
    *("border", "island", "voter", "Monday", "price", "школа", "город", "café", "naïve", "2024", "42", "bridge"),
    *("won't", "council", "yellow", "paper", "northern", "glass"),
)
"""Words of one token each, but for "won't"; none of them is a keyword of the residue grammar's instructions."""

RESIDUE = (
    "Rewrite this content and keep HTML tags",
    "Rewrite this title Council rejects price of copper bridge",
    "As an AI language model, I cannot browse the internet.",
)
"""Lines of prompt residue."""

FRAME = "Copyright of the Northern Courier and its partners, all rights reserved"
MENU = "Home News Sport"


def line_of(words: Sequence[str]) -> str:
    """The words as a line that begins with a capital, so that lines below each other are no wrapped paragraph."""
    text = " ".join(words)
    return text[:1].upper() + text[1:]


def paragraphs(least: int = 5, most: int = 24) -> SearchStrategy[list[str]]:
    """Paragraphs as lists of words."""
    return st.lists(st.sampled_from(VOCABULARY), min_size=least, max_size=most)


@st.composite
def disguised(draw: DrawFn, words: Sequence[str]) -> str:
    """The same tokens in other characters: case, punctuation and spaces differ."""
    form = draw(st.integers(0, 4))
    if form == 1:
        return " ".join(words).upper()
    if form == 2:
        return "\t– " + ",  ".join(words) + " !\r"
    if form == 3:
        return "\u00a0" + "\u2009".join(words) + "\u200b."
    return line_of(words)


@st.composite
def edited(draw: DrawFn, words: Sequence[str]) -> list[str]:
    """The words with one replaced, removed or put in."""
    place = draw(st.integers(0, max(len(words) - 1, 0)))
    new = draw(st.sampled_from([[], ["changed"], ["2025", "changed"]]))
    return [*words[:place], *new, *words[place + draw(st.integers(0, 1)) :]]


@st.composite
def lines(draw: DrawFn, pool: Sequence[Sequence[str]]) -> str:
    """One line of a page: a paragraph of the pool as it is, disguised, edited or inside another, or what pages have."""
    kind = draw(st.integers(0, 9))
    words = draw(st.sampled_from(pool))
    if kind <= 2:
        return line_of(words)
    if kind == 3:
        return draw(disguised(words))
    if kind == 4:
        return line_of(draw(edited(words)))
    if kind == 5:
        return line_of([*draw(st.sampled_from(pool)), *words, *draw(st.sampled_from(pool))])
    if kind == 6:
        return draw(st.sampled_from(RESIDUE))
    if kind == 7:
        return draw(st.sampled_from([MENU, FRAME, "…", "Yes", "Price: 42"]))
    if kind == 8:
        return "\n".join([line_of(words)] * draw(st.integers(2, 6)))
    return ""


@st.composite
def pages(draw: DrawFn, pool: Sequence[Sequence[str]] | None = None, most: int = 8) -> str:
    """A text of lines that repeat each other."""
    if pool is None:
        pool = draw(st.lists(paragraphs(), min_size=2, max_size=4))
    newline = draw(st.sampled_from(["\n", "\n", "\n\n", "\r\n"]))
    return newline.join(draw(st.lists(lines(pool), max_size=most))) + draw(st.sampled_from(["", newline, "\ufeff\n"]))


@st.composite
def derived(draw: DrawFn, text: str, pool: Sequence[Sequence[str]]) -> str:
    """A text made from another: its copy, an edit, a part of it, or a text that holds it whole or inline."""
    kind = draw(st.integers(0, 6))
    words = text.split(" ")
    if kind == 0:
        return text
    if kind == 1:
        return "\n" + text.upper() + "\n"
    if kind == 2:
        return " ".join(draw(edited(words)))
    if kind == 3:
        return draw(pages(pool, 2)) + "\n" + text + "\n" + draw(pages(pool, 2))
    if kind == 4:
        return " ".join([*draw(paragraphs(6, 12)), text, *draw(paragraphs(6, 12))])
    if kind == 5:
        return "\n".join(text.split("\n")[: draw(st.integers(1, 4))])
    return " ".join(words[draw(st.integers(0, 3)) :])


@st.composite
def corpora(draw: DrawFn, most: int = 8) -> list[Document]:
    """Documents with distinct ids, a date and a source, many of them made from earlier ones."""
    pool = draw(st.lists(paragraphs(), min_size=2, max_size=5))
    pool.append([*pool[0], *pool[1]])
    texts: list[str] = []
    for _ in range(draw(st.integers(0, most))):
        if len(texts) > 0 and draw(st.integers(0, 2)) > 0:
            texts.append(draw(derived(draw(st.sampled_from(texts)), pool)))
        else:
            texts.append(draw(pages(pool)))
    return [
        Document(
            number if number % 2 else f"document {number}",
            text,
            date=draw(st.sampled_from([None, "2024-01-02", "2024-11-30", "2025-06-01"])) if number else "2024-11-30",
            source=draw(st.sampled_from(["wire/a.txt", "blog/b.txt", "blog/c.md", ""])),
        )
        for number, text in enumerate(texts)
    ]


@st.composite
def odd_pages(draw: DrawFn) -> str:
    """Lines of odd characters (NULs, lone surrogates, marks, controls, several scripts), some pasted twice."""
    odd = st.text(st.sampled_from(INTERESTING.replace("\n", "")), max_size=12)
    word = st.one_of(odd, st.sampled_from(VOCABULARY))
    pool = draw(st.lists(st.lists(word, min_size=4, max_size=14).map(line_of), min_size=1, max_size=4))
    newline = draw(st.sampled_from(["\n", "\r\n", "\n\n"]))
    body = newline.join(draw(st.lists(st.sampled_from([*pool, RESIDUE[0], ""]), max_size=8)))
    return draw(st.sampled_from(["", "\ufeff", "\n\n", "\0"])) + body + draw(st.sampled_from(["", "\n", "\r\n\r\n"]))


def odd_corpora() -> SearchStrategy[list[Document]]:
    """Documents of odd characters, some of them there twice."""
    texts = st.lists(odd_pages(), max_size=3)
    return texts.flatmap(
        lambda several: st.lists(st.sampled_from([*several, ""]), max_size=5).map(
            lambda more: [Document(number, text) for number, text in enumerate([*several, *more])]
        )
    )


LEXICON = tuple(f"{first}{second}{third}" for first in "bdgklmnprst" for second in "aeiou" for third in "lmnrstz")
"""385 made-up words, so that unrelated texts share no shingle of five."""


def words(generator: np.random.Generator, count: int) -> list[str]:
    """Words drawn from the lexicon."""
    return [LEXICON[place] for place in generator.integers(0, len(LEXICON), count)]


def sentence(generator: np.random.Generator, count: int) -> str:
    """A paragraph of that many words, with a capital and a full stop."""
    return " ".join(words(generator, count)).capitalize() + "."


def article(generator: np.random.Generator, n_paragraphs: int, length: int) -> str:
    """Paragraphs of that many words, one a line."""
    return "\n".join(sentence(generator, length) for _ in range(n_paragraphs))


def near_family(generator: np.random.Generator, count: int, length: int = 120) -> list[Document]:
    """Documents of which each differs from one and the same text in a single word of its own."""
    base = words(generator, length)
    family = []
    for number in range(count):
        place = int(generator.integers(0, length))
        family.append(Document(number, " ".join([*base[:place], f"own{number}", *base[place + 1 :]])))
    return family


def templated(generator: np.random.Generator, count: int, line: str) -> list[Document]:
    """Documents that share one line and nothing else."""
    return [
        Document(number, f"{sentence(generator, 12)}\n{line}\n{sentence(generator, 12)}") for number in range(count)
    ]
