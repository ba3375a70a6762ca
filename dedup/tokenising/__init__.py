"""Tokenising: words of any script, case-folded, as 64-bit hashes with their place in the text."""

import numpy as np

from dedup.kernels import U64, Kernels, Ragged, Tokens
from dedup.model import TextColumn
from dedup.tokenising.codepoints import codepoint_table

__all__ = ["codepoint_table", "hash_tokens", "token_hashes", "tokenise"]


def tokenise(texts: TextColumn, kernels: Kernels) -> Tokens:
    """The tokens of each text: maximal runs of word characters, and each character of an unspaced script.

    Which characters are which, and how they are folded, is told in `dedup.tokenising.codepoints`.
    """
    return kernels.tokenise(texts.data, texts.offsets, *codepoint_table())


def hash_tokens(texts: TextColumn, kernels: Kernels) -> Ragged:
    """The hashes of the tokens of each text, without their places."""
    return kernels.hash_tokens(texts.data, texts.offsets[:-1], texts.offsets[1:], *codepoint_table())


def token_hashes(words: list[str], kernels: Kernels) -> U64:
    """The hash of each word; a word must be a single token.

    Raises ValueError for one that is not.
    """
    tokens = hash_tokens(TextColumn.from_strings(words), kernels)
    counts = np.diff(tokens.offsets)
    if (counts != 1).any():
        raise ValueError(f"{words[int(np.argmax(counts != 1))]!r} is not a single token")
    return tokens.values
