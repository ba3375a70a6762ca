"""Skip-bigrams that documents share: the numbers that both implementations have in common.

A skip-bigram is an unordered pair of content tokens with less than `SKIPS` other content tokens between them; content
tokens are those that are not common. A place is a byte of a document, counted on a line on which all documents stand
one behind the other, each from a multiple of `1 << UNIT_BITS` on: a unit is so much of the line.
"""

from typing import NamedTuple

from dedup.kernels import I64, U32, U64

SKIPS = 2

UNIT_BITS = 9

GAP = 256
"""Bytes of a document without a skip-bigram in common with a unit, after which it is counted from nothing again."""

MOST_POSTED = 14
"""A skip-bigram that stands in more places tells too little. Counters of four bits tell so many from more."""

UNIT_COLUMNS = 8
"""What is known of a unit while a document is gone through."""


class Stretches(NamedTuple):
    """n stretches of text: the hashes of their tokens, and where on the line of places each begins, with its bytes.

    `hashes` uint64; `offsets` int64 (n + 1,): the tokens of stretch i are `offsets[i]` to `offsets[i + 1]`; `places`
    and `sizes` int64 (n,). A token is taken to stand as far into its stretch, in bytes, as it does in tokens.
    """

    hashes: U64
    offsets: I64
    places: I64
    sizes: I64


class BigramIndex(NamedTuple):
    """Where skip-bigrams stand.

    `words` uint64, ascending: the key of a skip-bigram (the lower half of its hash) in the upper half, a unit in the
    lower; and one behind them of ones alone. `prefixes` uint32: the words whose key begins with the bits p are those
    from `prefixes[p]` to `prefixes[p + 1]`. `weights` uint32, by the number of words with one key, in 1/1024 nat: what
    each of its two tokens counts.
    """

    words: U64
    prefixes: U32
    weights: U32


class Meetings(NamedTuple):
    """Where documents share skip-bigrams with others, five columns of int64.

    `documents`: place among those asked for. `units`: the unit of the other document. `weights`: of the tokens here in
    skip-bigrams that stand close together here, and in this unit and one beside it. `firsts`, `lasts`: the places of
    the first and last of them here.
    """

    documents: I64
    units: I64
    weights: I64
    firsts: I64
    lasts: I64
