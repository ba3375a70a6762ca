"""Texts by the stems of their words, with the places where sentences, lines and blocks begin."""

from typing import NamedTuple

from dedup.kernels import I64, U8, U32, U64

STEM_LETTERS = 5
"""The first letters of a word that stand for its stem; in Hangul a syllable counts as two."""

NO_BREAK, LINE_BREAK, SENTENCE_BREAK, BLOCK_BREAK, BARRIER = 0, 1, 2, 3, 4
"""What begins at a token: nothing, a line, a sentence, a block behind an empty line; or the token is in no passage."""

SENTENCE_TOKENS = 40
"""A sentence that goes on for longer counts as several: text without full stops must not look like one sentence."""


class Terms(NamedTuple):
    """n texts by their terms.

    Of each token `hashes` (uint64), `numbers` (uint32), the number of its term among those of the text, and `breaks`
    (uint8); the tokens of text i are `offsets[i]` to `offsets[i + 1]`. Of each distinct term of each text `terms`
    (uint64), the hash of the stem, and in `counts` and `sentence_counts` (uint32) how many tokens of the text are it
    and how many sentences hold it; those of text i are `term_offsets[i]` to `term_offsets[i + 1]`. `sentences` int64
    (n,).
    """

    hashes: U64
    numbers: U32
    breaks: U8
    offsets: I64
    terms: U64
    term_offsets: I64
    counts: U32
    sentence_counts: U32
    sentences: I64
