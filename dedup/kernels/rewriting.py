"""What rewrites are found and confirmed by, and the numbers that both implementations share."""

import math
from collections.abc import Callable
from typing import NamedTuple, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import F64, I64, U8, U16, U32, U64, Bool, Ragged, Worth, is_ready
from dedup.kernels.gathering import AnchorStack, FoundLists, ScoreRoom, Taken

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

    `keys` uint32: the upper halves of the terms, ascending within a unit; `strengths` uint16: the weights of a
    unit at a length of 1, times `STRENGTH`; `offsets` int64 of shape (n + 1,).
    """

    keys: U32
    strengths: U16
    offsets: I64


STRENGTH = 1 << 15
"""The strength of the anchor of a unit that has one alone; the product of two such is a cosine of 1."""


MOST_UNIT_PAIRS = 4096
"""Pairs of units of two documents up to which all are scored, so that the best do not depend on how they were found."""


class Queries(NamedTuple):
    """The documents whose nearest are sought: document i has the units `firsts[i]` to `firsts[i + 1]`.

    `anchors` are those of the units, and `lists` (int64) the place of each one's list in the postings, -1 where there
    is none. By document: the posted unit `before` which all count (int64), and the score that is asked for at `least`
    (uint32).
    """

    anchors: Anchors
    lists: I64
    firsts: I64
    before: I64
    least: U32


class Postings(NamedTuple):
    """Lists of the units that hold an anchor: list i is `units[offsets[i]:offsets[i + 1]]`, ascending.

    `units` uint32 and `strengths` uint16 of shape (postings,), `offsets` int64.
    """

    units: U32
    strengths: U16
    offsets: I64


def nearness(score: int, shared: int, own: int, other: int) -> float:
    """What units of so many anchors are ranked by: the score and the cosine of bare sets of anchors, multiplied.

    Several anchors that each say little are more than one that says much, and as much of the shorter text.
    """
    return float(score) * float(shared) / math.sqrt(float(own) * float(other))


class Nearest(NamedTuple):
    """The best of other documents for each of n documents, the best first.

    `documents`, `own_units` and `units` int64, `scores` uint32 (cosine times `STRENGTH` squared), `shared` int64 (how
    many anchors the units share, 0 where not counted), each of shape (found,); `offsets` int64 of shape (n + 1,). The
    units are those of the document and of the other that score best. `cut`: units of which not all lists were read.
    """

    documents: I64
    own_units: I64
    units: I64
    scores: U32
    shared: I64
    offsets: I64
    cut: int = 0


class Rescored(NamedTuple):
    """What tables hold, scored by all anchors: documents told by their number among all, units by that within these.

    Of each that was found: `ranks` int64, `elsewhere` float64, and `sizes` int64, the anchors of the unit. Damage is
    told as in `dedup.kernels.gathering.FoundLists`.
    """

    nearest: Nearest
    ranks: I64
    elsewhere: F64
    sizes: I64
    damaged: int = -1
    part: int = -1


WORD_TYPE, NAME_TYPE, NUMBER_TYPE, STOP_TYPE = range(4)
"""The types of a term in the evidence of a rewrite; a name is begun with a capital wherever its text has it."""

REPEATED = 4
"""Added to the type of a term that stands earlier in its text."""

TYPES, BINS, STATES = 4, 12, 5
"""The table of evidence has a value by side, and by type, bin of rarity and state of a term."""

NEAR = 20
"""Places from where a term is expected up to which it counts as near."""

MOST_PLACES = 64
"""Places of a term in the other text that are looked at."""

SIDE_SUMS = 12
"""Sums of `RewriteKernels.weigh_evidence` for each side of a pair."""


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

    `values` float64 of shape (2, TYPES, BINS, STATES), flat: by side (0 the shorter text), type, bin and state.
    `again`: the weight of a term's further occurrences.
    """

    values: F64
    again: float


class RewriteKernels(Protocol):
    """What both implementations offer for rewrites."""

    name: str

    def document_terms(
        self, data: U8, starts: I64, ends: I64, index: NDArray[np.uint16], pages: U64, cut: bool
    ) -> DocumentTerms:
        """The terms of ranges of a buffer (each of whole tokens), with words `cut` to their prefix or whole."""
        ...

    def choose_anchors(self, rows: Ragged, weights: F64, most: int) -> Anchors:
        """The `most` terms of greatest weight of each row of distinct terms; none of a weight of 0 or less.

        Of terms of one weight those that come first are taken.
        """
        ...

    def nearest(
        self, queries: Queries, postings: Postings, owners: I64, budget: int, most: int, bonus: int = 0
    ) -> Nearest:
        """The documents that score best, for each query document: the sum of products of strengths, in the best units.

        Each anchor shared counts as if it were by `bonus` stronger in the query, and more is asked for: what
        that adds where the strongest of the anchors that are read makes the score.

        `owners`: the document of each posted unit, ascending. Only units under `before` count. For each unit of a query
        the lists are read by the number of these, the fewest first, up to `budget` of them, and as long as what is left
        could make `least`: what a unit scores by the anchors left, those that have lists, that has them all, as strong
        as they are here. Of those that score `least`, less twice that, or more (but half of it, and over 0) by the
        lists read the `most` best documents are given, ties by order.
        """
        ...

    def rescore(
        self, found: Nearest, queries: Anchors, firsts: I64, held: Anchors, held_firsts: I64, most: int, least: U32
    ) -> Nearest:
        """The best of what was found by the score of the best units over all their anchors, frequent ones too.

        `queries` and `firsts` are as in `Queries`; `held` are the anchors of the posted units, those of document i
        being units `held_firsts[i]` to `held_firsts[i + 1]`. Of documents that score `least` or more the `most` of the
        greatest `nearness` are given, ties by order. Of documents that have over
        `MOST_UNIT_PAIRS` pairs of units only the units that were found are scored.
        """
        ...

    def find_lists(self, stack: AnchorStack, keys: U32, fixed: int, alive: Bool, cap: int) -> FoundLists:
        """Where the lists of distinct keys are, and how many living members they have in the `fixed` first tables.

        `alive`, by rank, is asked where documents of a table are gone; more than `cap` members need not be told apart.
        """
        ...

    def nearest_posted(
        self,
        stack: AnchorStack,
        found: FoundLists,
        queries: Queries,
        alive: Bool,
        budget: int,
        most: int,
        bonus: int,
        room: ScoreRoom,
    ) -> tuple[Nearest, int, int]:
        """`nearest`, of the living documents of tables: and a damaged block with its table, or -1 both.

        `queries.lists` are numbers of the keys that were looked for, `queries.before` counts documents of all tables;
        those of the fixed tables all count, and there is one other at the most, whose are all there. Documents found
        are told by their number among all, their units by that within the document. `bonus` is over 0.
        """
        ...

    def rescore_posted(
        self, stack: AnchorStack, found: Nearest, queries: Anchors, firsts: I64, most: int, least: U32
    ) -> Rescored:
        """`rescore`, of documents of tables, which are told as `nearest_posted` does; nothing where there is damage."""
        ...

    def take_anchors(self, stack: AnchorStack, chosen: I64) -> Taken:
        """What is known of some documents, ascending, given by their number among those of all tables."""
        ...

    def number_terms(self, values: U64) -> tuple[U32, U64]:
        """The number of each value among the distinct ones, and these, as they first come up; 0 is taken for 1."""
        ...

    def classify_terms(self, ids: U32, kinds: U8, offsets: I64, stops: Bool) -> U8:
        """The type of each term of rows, with `REPEATED` where it stands earlier in its row.

        `stops`, by id, tells stop words; a name is begun with a capital wherever its row has it.
        """
        ...

    def weigh_evidence(
        self,
        terms: NumberedTerms,
        rarities: F64,
        weights: F64,
        left: I64,
        right: I64,
        table: EvidenceTable,
        least: float = 0.0,
        mass: F64 | None = None,
        both: bool = True,
    ) -> tuple[F64, F64]:
        """What the terms of pairs of rows say for a rewrite: sums of shape (pairs, 2, SIDE_SUMS), shorter row first.

        Each term of a row is held against all n terms of the other. Its bin is floor(rarity - ln n) + 2 within 0 … BINS
        - 1, `rarities` being -ln of the share of a term in all text. Its state: 0 unmatched; 1, 2 in the other row, far
        from or within `NEAR` of where the last match leads one to expect it; 3, 4 the same where it is part of a
        skip-bigram (offsets 1 and 2, in any order, not two stop words) that both rows hold. A stop word is always far.

        Unless `both` sides are wanted the sums of the longer row are 0. Where the `weights` of shared distinct terms
        are under `least` of those of all, nothing is weighed, and all sums are 0.

        The sums: of the table's values; of the terms' shares (1, or `again` where a term comes again); of what could be
        attained; of the values over 0; of the `weights` of distinct terms, and of those shared; of distinct numbers, of
        those shared, and how many these are; steps forward from one match in a skip-bigram to the next, and all such;
        of the table's values the most that terms in a row come to. With `mass`, by pair, the second array has the
        table's shape and says how much came up in each place; it is empty otherwise.
        """
        ...


WORTH = Worth(64 << 10, 2 << 20, "compiling the search for rewrites for this machine, once: about half a minute")


def choose_rewriting(n_bytes: int, tell: Callable[[str], None] | None = None) -> RewriteKernels:
    """The implementation for documents of so many bytes together; see `dedup.kernels.choose`."""
    if is_ready("rewriting", n_bytes, WORTH, tell):
        from dedup.kernels import compiled_rewriting

        return cast("RewriteKernels", compiled_rewriting)
    from dedup.kernels import reference_rewriting

    return cast("RewriteKernels", reference_rewriting)
