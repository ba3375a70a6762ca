"""Candidates for passages lifted into other documents: stretches that share enough rare skip-bigrams.

A passage that was reworded keeps few runs of words, but many pairs of content words that stand close together, in
either order. Those that stand in few places of the corpus are posted, and where a document and some stretch of another
one have enough of them in common, close together on both sides, these are a candidate. How often a skip-bigram stands
in the corpus is counted in a table of small counters first, for most of them stand in it once, and need no memory
beyond that.

Documents are laid on a line in the order of their digests, and each is held against those before it on this line: so
candidates depend on the texts alone, not on their order in the input.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from dedup.kernels import I64, U8, U32, U64
from dedup.kernels.bigrams import MOST_POSTED, SKIPS, UNIT_BITS, UNIT_COLUMNS, BigramIndex

LEAST_TOKENS = 5.5
"""A candidate has tokens in skip-bigrams in common that weigh as much as so many in such as stand nowhere else."""

MOST_CANDIDATES = 16
"""The most candidates of a document, those of the greatest weight."""

_LEAST_COUNTERS, _MOST_COUNTERS = 1 << 16, 1 << 29


class Line(NamedTuple):
    """Documents on a line of units (see `dedup.kernels.bigrams`).

    `firsts` int64 (n,): the first unit of each document; `order`: the documents as they stand on the line; `units`: the
    units of the line, a free one before and behind each document counted.
    """

    firsts: I64
    order: I64
    units: int

    def owners(self, units: I64) -> I64:
        """The document in which each unit is."""
        owners: I64 = self.order[np.searchsorted(self.firsts[self.order], units, side="right") - 1]
        return owners


def lay_out(digests: U64, sizes: I64) -> Line:
    """Lay documents, given by digests and bytes, on a line."""
    order = np.argsort(digests, kind="stable")
    ends = np.cumsum((sizes[order] >> UNIT_BITS) + 2)
    firsts = np.empty_like(sizes)
    firsts[order] = np.append(1, ends + 1)[: sizes.size]
    return Line(firsts, order, int(ends[-1]) + 1 if ends.size else 1)


def make_counters(n_tokens: int) -> U8:
    """Counters for the skip-bigrams of so many tokens."""
    wanted = min(max(SKIPS * n_tokens, _LEAST_COUNTERS), _MOST_COUNTERS)
    return np.zeros(1 << ((wanted - 1).bit_length() - 1), dtype=np.uint8)


def count_over_cap(counters: U8) -> int:
    """How many counters are over the cap."""
    # Those over it are full.
    return int(np.count_nonzero(counters >= 0xF0) + np.count_nonzero(counters & np.uint8(0x0F) == 0x0F))


def build_index(words: Sequence[U64], documents: int) -> BigramIndex:
    """Index the words of the skip-bigrams of so many documents."""
    joined = np.concatenate([*words, _LAST_WORD])
    joined.sort()
    bits = min(max(joined.size.bit_length() - 1, 1), 30)
    # By the upper bits of the keys: as many prefixes as words, or half as many.
    numbers = np.bincount((joined >> np.uint64(64 - bits)).astype(np.int64), minlength=1 << bits)
    prefixes = np.append(0, np.cumsum(numbers)).astype(np.uint32)
    often = np.maximum(np.arange(MOST_POSTED + 1), 2)
    weights = np.round(512.0 * np.log(np.maximum(documents / often, 1.0))).astype(np.uint32)
    return BigramIndex(joined, prefixes, weights)


_LAST_WORD = np.full(1, 0xFFFFFFFFFFFFFFFF, dtype=np.uint64)


def least_weight(index: BigramIndex) -> int:
    """The least weight of a candidate."""
    return int(LEAST_TOKENS * int(index.weights[2]))


def known_units(line: Line) -> U32:
    """Room for what is known of each unit of a line, for `Kernels.meet_bigrams`."""
    return np.zeros(UNIT_COLUMNS * (line.units + 1), dtype=np.uint32)
