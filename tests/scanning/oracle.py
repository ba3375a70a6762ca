"""Plain-Python oracles: tokens as strings, shingles as sets of tuples, the verdict on a pair by its definition."""

import math
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

from dedup import Config, Relation
from dedup.kernels import choose
from dedup.tokenising import token_hashes
from dedup.verifying import Background

Shingles = frozenset[tuple[str, ...]]

_IGNORED = frozenset("\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\ufe0f\ufeff")
_UNSPACED = ((0x0E00, 0x0EFF), (0x3040, 0x312F), (0x3400, 0x9FFF))


def _is_word(character: str) -> bool:
    return character == "_" or unicodedata.category(character)[0] in "LMN"


def _folded(character: str) -> str:
    if 0xAC00 <= ord(character) <= 0xD7A3:
        return character
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())
    return "".join(each for each in decomposed if _is_word(each)) or character.lower()


@lru_cache(maxsize=4096)
def tokens(text: str) -> tuple[str, ...]:
    """The tokens of a text in the scripts that the tests use: words, and the characters of Thai, Han and kana."""
    found: list[str] = []
    word = ""
    for character in text:
        if character in _IGNORED:
            continue
        alone = any(first <= ord(character) <= last for first, last in _UNSPACED)
        if _is_word(character) and not alone:
            word += _folded(character)
            continue
        if word:
            found.append(word)
            word = ""
        if alone and _is_word(character):
            found.append(_folded(character))
    return (*found, word) if word else tuple(found)


def shingles(text: str, size: int = 5) -> Shingles:
    """The set of runs of `size` tokens; of fewer tokens, the one run of them all."""
    several = tokens(text)
    if len(several) < size:
        return frozenset([several] if several else [])
    return frozenset(several[place : place + size] for place in range(len(several) - size + 1))


def resemblance(left: Shingles, right: Shingles) -> float:
    """|A ∩ B| / |A ∪ B|."""
    return len(left & right) / len(left | right) if left or right else 0.0


def containment(left: Shingles, right: Shingles) -> tuple[float, float]:
    """|A ∩ B| / |A| and |A ∩ B| / |B|."""
    common = len(left & right)
    return (common / len(left) if left else 0.0, common / len(right) if right else 0.0)


def cosine(left: str, right: str, background: Background) -> float:
    """Of the TF-IDF vectors of two texts."""
    one, two = _vector(left, background), _vector(right, background)
    norms = math.sqrt(sum(value**2 for value in one.values()) * sum(value**2 for value in two.values()))
    return sum(value * two.get(term, 0.0) for term, value in one.items()) / norms if norms else 0.0


def _vector(text: str, background: Background) -> dict[str, float]:
    """Counts of the terms, times ln((1 + N) / (1 + df)) + 1."""
    frequency = dict(zip(background.terms.tolist(), background.frequencies.tolist(), strict=True))
    counts = Counter(tokens(text))
    hashes = token_hashes(list(counts), choose(0)).tolist()
    return {
        term: count * (math.log((1 + background.documents) / (1 + frequency.get(value, 0))) + 1)
        for (term, count), value in zip(counts.items(), hashes, strict=True)
    }


@dataclass(frozen=True, slots=True)
class Judged:
    """What a pair of texts is, by definition."""

    relation: Relation | None
    resemblance: float
    containment: tuple[float, float]
    cosine: float


def judge(left: str, right: str, background: Background, config: Config) -> Judged:
    """The first of `exact`, `near` and `contains` that holds between two documents."""
    sizes = len(tokens(left)), len(tokens(right))
    one, two = shingles(left, config.shingle_size), shingles(right, config.shingle_size)
    shared = resemblance(one, two)
    parts = containment(one, two)
    angle = cosine(left, right, background)
    comparable = min(sizes) >= config.shingle_size
    least = max(5, config.shingle_size)
    holds = [
        comparable and part >= config.containment and size >= least for part, size in zip(parts, sizes, strict=True)
    ]
    relation = None
    if sizes[0] and tokens(left) == tokens(right):
        relation = Relation.EXACT
    elif comparable and shared >= config.threshold and angle >= config.cosine:
        relation = Relation.NEAR
    elif any(holds) and shared < config.threshold:
        relation = Relation.CONTAINS
    return Judged(relation, shared, parts, angle)
