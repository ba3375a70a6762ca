"""Planting: copies of some documents of a corpus, with edits of known strength."""

import hashlib
import heapq
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dedup.model import Document, DocumentId, Edit

STRENGTHS = (0.01, 0.02, 0.05, 0.1, 0.2)
EDITS = (Edit("copy", 0.0), *(Edit(kind, strength) for kind in ("words", "block") for strength in STRENGTHS))
LEAST_WORDS = 40
"""A text of fewer words is no source: one word would be more than the weakest edit."""

_LONGEST = 1 << 20
_PREFIX = "planted"
# A word, or one character of a script without spaces: kana, ideographs, Thai, Lao, Khmer, Burmese.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+")


@dataclass(frozen=True, slots=True)
class Planted:
    """A copy to be planted, the id of its source, and how it was changed."""

    document: Document
    source: DocumentId
    edit: Edit


class Sources:
    """A sample of the documents of a corpus that depends on their texts and the seed alone: those of least hash.

    Of documents with the same text the first is taken. Texts of under 40 words or over a million characters are no
    sources.
    """

    def __init__(self, number: int, seed: int) -> None:
        self._number, self._key = number, seed.to_bytes(8, "little")
        self._heap: list[tuple[int, Document]] = []
        self._hashes: set[int] = set()
        self._like_planted: set[str] = set()
        self.seen = 0

    def offer(self, document: Document) -> None:
        """Consider a document."""
        self.seen += 1
        if str(document.id).startswith(_PREFIX):
            self._like_planted.add(str(document.id))
        if not self._number or not LEAST_WORDS <= len(document.text) <= _LONGEST:
            return
        data = document.text.encode("utf-8", "surrogatepass")
        rank = int.from_bytes(hashlib.blake2b(data, digest_size=8, key=self._key).digest(), "little")
        if rank in self._hashes or (len(self._heap) == self._number and -rank <= self._heap[0][0]):
            return
        if sum(1 for _ in _WORD.finditer(document.text)) < LEAST_WORDS:
            return
        self._hashes.add(rank)
        # The greatest rank stands first, as the least of the negative ones; ranks differ, so documents do not compare.
        if len(self._heap) < self._number:
            heapq.heappush(self._heap, (-rank, document))
        else:
            self._hashes.discard(-heapq.heapreplace(self._heap, (-rank, document))[0])

    def chosen(self) -> list[Document]:
        """The sample, by hash."""
        return [document for _, document in sorted(self._heap, key=lambda each: -each[0])]

    def free_prefix(self) -> str:
        """What ids of planted documents may begin with, so that none is that of a document seen."""
        prefix = _PREFIX
        while any(taken.startswith(f"{prefix}:") for taken in self._like_planted):
            prefix += "+"
        return prefix


def plant(sources: Sequence[Document], prefix: str, seed: int) -> list[Planted]:
    """A copy of each source for each of `EDITS`; words and stretches come from the other sources."""
    planted = []
    for place, source in enumerate(sources):
        donor = sources[place - 1].text
        for number, edit in enumerate(EDITS):
            generator = np.random.Generator(np.random.PCG64([seed, place, number]))
            text = edited(source.text, donor, edit, generator)
            document = Document(f"{prefix}:{place}:{edit.kind}:{edit.strength:g}", text)
            planted.append(Planted(document, source.id, edit))
    return planted


def edited(text: str, donor: str, edit: Edit, generator: np.random.Generator) -> str:
    """The text with a share of its words changed, at least one; what is put in comes from the donor."""
    if edit.kind == "copy":
        return text
    words = [found.span() for found in _WORD.finditer(text)]
    others = [found.span() for found in _WORD.finditer(donor)]
    if not words or not others:
        return text
    number = min(max(round(edit.strength * len(words)), 1), len(words))
    if edit.kind == "block":
        first = int(generator.integers(len(words) - number + 1))
        begin = int(generator.integers(max(len(others) - number, 0) + 1))
        stretch = donor[others[begin][0] : others[min(begin + number, len(others)) - 1][1]]
        return text[: words[first][0]] + stretch + text[words[first + number - 1][1] :]
    pieces, behind = [], 0
    for place in sorted(generator.choice(len(words), size=number, replace=False).tolist()):
        start, end = words[place]
        other_start, other_end = others[int(generator.integers(len(others)))]
        other = donor[other_start:other_end]
        kept = text[start:end]
        pieces.append(text[behind:start])
        pieces.append((other, "", f"{kept} {other}")[int(generator.integers(3))])
        behind = end
    return "".join([*pieces, text[behind:]])
