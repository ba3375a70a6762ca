"""Made-up vocabularies in several scripts, and the Zipfian draw of words from them.

Words are built of syllables, the frequent ones short, so that lengths are about those of real text: in the Latin
vocabulary about five letters a word as drawn. The frequency of the word of rank r is proportional to 1 / (r + 2.7),
Mandelbrot's form of Zipf's law.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

SCRIPTS = ("latin", "accented", "cyrillic", "chinese")

# Beginnings, middles and ends of syllables; what comes often in the language stands there twice.
_LATIN = (("st", "tr", "pl", "ch", "sh", *"bcdfghlmnprstvw"), ("ai", "ea", *"aeioueao"), tuple("nrstl"))
_CYRILLIC = (("ст", "пр", "кр", *"бвгджзклмнпрстфхцчш"), tuple("аеиоуыэюяоае"), tuple("нрстлйм"))
_ACCENTS = {"a": "áàâä", "e": "éèêë", "i": "íîï", "o": "óôöø", "u": "úùûü"}
_ACCENTED_SHARE = 0.3
_WORDS = 30_000
_CHARACTERS = 3_000
_FIRST_CHARACTER = 0x4E00
_TABLE = 1 << 20


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Words of a script, the most frequent first.

    `comma`, `stop` and `space` stand behind words; `draws` is uint16 (2^20,), indices of words, each as often as its
    frequency says, so that a uniform index into it draws a word.
    """

    words: tuple[str, ...]
    comma: str
    stop: str
    space: str
    draws: NDArray[np.uint16]


@cache
def vocabulary(script: str) -> Vocabulary:
    """The vocabulary of one of `SCRIPTS`; the same at every call. Raises ValueError for another."""
    if script not in SCRIPTS:
        raise ValueError(f"unknown script {script!r}; choose one of " + ", ".join(SCRIPTS))
    generator = np.random.default_rng(20)
    if script == "chinese":
        characters = generator.permutation(np.arange(_FIRST_CHARACTER, _FIRST_CHARACTER + _CHARACTERS))
        words = tuple(map(chr, characters.tolist()))
        return Vocabulary(words, "，", "。", "", _draws(len(words)))
    words = _words(generator, *(_CYRILLIC if script == "cyrillic" else _LATIN))
    if script == "accented":
        words = _accented(words, generator)
    return Vocabulary(words, ", ", ". ", " ", _draws(len(words)))


def _draws(count: int) -> NDArray[np.uint16]:
    """Each rank about as often as Zipf's law says, and at least once."""
    frequencies = 1.0 / (np.arange(count) + 2.7)
    counts = np.maximum(1, np.floor(frequencies / frequencies.sum() * (_TABLE - count))).astype(np.int64)
    counts[0] += _TABLE - counts.sum()
    return np.repeat(np.arange(count, dtype=np.uint16), counts)


def _words(
    generator: np.random.Generator, onsets: tuple[str, ...], vowels: tuple[str, ...], codas: tuple[str, ...]
) -> tuple[str, ...]:
    """Distinct words of one to four syllables, short ones first, with some disorder in it."""
    words: dict[str, None] = {}
    while len(words) < _WORDS:
        syllables = generator.choice(4, p=(0.03, 0.27, 0.45, 0.25)) + 1
        word = ""
        for _ in range(syllables):
            word += onsets[generator.integers(len(onsets))] if word or generator.random() < 0.8 else ""
            word += vowels[generator.integers(len(vowels))]
        if generator.random() < 0.5:
            word += codas[generator.integers(len(codas))]
        words[word] = None
    # Letters count for less than chance: a frequent word is short more often than not.
    keys = np.array([len(word) for word in words]) + generator.normal(0.0, 1.5, len(words))
    ordered = list(words)
    return tuple(ordered[place] for place in np.argsort(keys, kind="stable").tolist())


def _accented(words: tuple[str, ...], generator: np.random.Generator) -> tuple[str, ...]:
    """The same words, nearly a third of their vowels with an accent; still distinct."""
    changed: dict[str, None] = {}
    for word in words:
        letters = [
            _ACCENTS[letter][generator.integers(len(_ACCENTS[letter]))]
            if letter in _ACCENTS and generator.random() < _ACCENTED_SHARE
            else letter
            for letter in word
        ]
        candidate = "".join(letters)
        changed[word if candidate in changed else candidate] = None
    return tuple(changed)
