"""What rewrites are found and confirmed by, and the numbers that both implementations share."""

from typing import NamedTuple

from dedup.kernels import F64, I64, U8, U16, U32, U64

PREFIX = 6
"""Characters to which the words of `DocumentTerms` are cut, in the place of stems: no dictionary, and any script."""

CAPITAL, NUMBER, UNSPACED = 1, 2, 4
"""The kinds of `DocumentTerms`: begins with an ASCII capital, is a number, is of a script without spaces; else 0."""


class DocumentTerms(NamedTuple):
    """The terms of n texts, for finding rewrites.

    `values` uint64, `kinds` uint8, each of shape (terms,); `offsets` int64 of shape (n + 1,). A word's term is the hash
    of all of it or of its first `PREFIX` characters; a number is one with commas and points between its digits.
    Of a run of single characters of a script without spaces each two neighbours are a term.
    """

    values: U64
    kinds: U8
    offsets: I64


class Anchors(NamedTuple):
    """The anchors of n units: their terms of greatest weight.

    `keys` uint32: the upper halves of the terms, ascending by term within a unit; `strengths` uint16: the weights of a
    unit at a length of 1, times `STRENGTH`; `offsets` int64 of shape (n + 1,).
    """

    keys: U32
    strengths: U16
    offsets: I64


STRENGTH = 1 << 15
"""The strength of the anchor of a unit that has one alone; the product of two such is a cosine of 1."""


class Postings(NamedTuple):
    """Lists of the units that hold an anchor: list i is `units[offsets[i]:offsets[i + 1]]`, ascending.

    `units` uint32 and `strengths` uint16 of shape (postings,), `offsets` int64.
    """

    units: U32
    strengths: U16
    offsets: I64


class Nearest(NamedTuple):
    """The best of other documents for each of n documents, the best first.

    `documents`, `own_units` and `units` int64, `scores` uint32 (cosine times `STRENGTH` squared), `shared` int64 (how many
    anchors the units share, 0 where not counted), each of shape (found,); `offsets` int64 of shape (n + 1,). The units
    are those of the document and of the other that score best.
    """

    documents: I64
    own_units: I64
    units: I64
    scores: U32
    shared: I64
    offsets: I64


WORD_TYPE, NAME_TYPE, NUMBER_TYPE, STOP_TYPE = range(4)
"""The types of a term in the evidence of a rewrite; a name is begun with a capital wherever its text has it."""

REPEATED = 4
"""Added to the type of a term that stands earlier in its text."""

TYPES, BINS, STATES = 4, 12, 5
"""The table of evidence has a value by side, type, bin of rarity and state of a term; see `Kernels.weigh_evidence`."""

NEAR = 20
"""Places from where a term is expected up to which it counts as near."""

MOST_PLACES = 64
"""Places of a term in the other text that are looked at."""

SIDE_SUMS = 11
"""Sums of `Kernels.weigh_evidence` for each side of a pair."""


class NumberedTerms(NamedTuple):
    """The terms of n texts with their distinct values numbered.

    `ids` uint32 and `types` uint8, of shape (terms,); `distinct` uint64: the value of each id; `offsets` int64.
    """

    ids: U32
    types: U8
    distinct: U64
    offsets: I64


class EvidenceTable(NamedTuple):
    """What a term says for a rewrite, in nats.

    `values` float64 of shape (2, TYPES, BINS, STATES), flat: by side (0 the shorter text), type, bin and state. `again`:
    the weight of a term's further occurrences.
    """

    values: F64
    again: float
