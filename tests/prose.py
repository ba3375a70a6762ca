"""Made-up prose whose words are as unevenly common as those of a language: seeded, for what weighs rare terms."""

import numpy as np

COMMON = ("the", "of", "and", "to", "in", "a", "was", "that", "for", "it", "with", "as", "on", "by", "at", "from")
COMMON_SHARE = 0.4
_CONSONANTS, _VOWELS = "bdfgklmnprstvz", "aeiou"


def prose_words(generator: np.random.Generator, count: int) -> list[str]:
    """Words: two in five of the common ones, the others of seven letters, seldom the same."""
    drawn = []
    for _ in range(count):
        if generator.random() < COMMON_SHARE:
            drawn.append(COMMON[int(len(COMMON) * generator.random() ** 2)])
        else:
            pattern = (_CONSONANTS, _VOWELS, _CONSONANTS, _VOWELS, _CONSONANTS, _VOWELS, _CONSONANTS)
            drawn.append("".join(letters[generator.integers(len(letters))] for letters in pattern))
    return drawn


def prose(generator: np.random.Generator, count: int) -> str:
    """Sentences of 8 to 31 words, `count` words together, in one paragraph."""
    several = prose_words(generator, count)
    sentences = []
    while several:
        size = int(generator.integers(8, 25))
        if len(several) - size < 8:
            size = len(several)
        sentences.append(" ".join(several[:size]).capitalize() + ".")
        several = several[size:]
    return " ".join(sentences)


def reword(generator: np.random.Generator, text: str, share: float) -> str:
    """A text in which a share of the words is replaced by others."""
    others = iter(prose_words(generator, text.count(" ") + 1))
    return " ".join(next(others) if generator.random() < share else word for word in text.split(" "))
