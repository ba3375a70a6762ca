"""Arrays in, arrays out: the hot loops, as a NumPy reference and as its compiled twin, equal to the bit.

The reference is the oracle of the tests and serves small inputs, which then never wait for a compiler. `choose` gives
the one or the other by the size of the input.
"""

from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from dedup.kernels.arrays import (
    F64,
    I64,
    U8,
    U16,
    U32,
    U64,
    ArrivalPairs,
    Bool,
    Comparisons,
    CountedRows,
    Groups,
    Links,
    Marks,
    Members,
    Ragged,
    Ranges,
    Samples,
    Sketches,
    SketchPlan,
    SortedTables,
    TableStack,
    Tokens,
)
from dedup.kernels.choosing import WORTH, Worth, choose, is_ready, loaded
from dedup.kernels.hashing import WeightTable
from dedup.kernels.screening import ScreenTable

if TYPE_CHECKING:
    from dedup.kernels.bigrams import BigramIndex, Meetings, Stretches
    from dedup.kernels.terms import Terms

__all__ = [
    "F64",
    "I64",
    "U8",
    "U16",
    "U32",
    "U64",
    "WORTH",
    "ArrivalPairs",
    "Bool",
    "Comparisons",
    "CountedRows",
    "Groups",
    "Kernels",
    "Links",
    "Marks",
    "Members",
    "Ragged",
    "Ranges",
    "Samples",
    "SketchPlan",
    "Sketches",
    "SortedTables",
    "TableStack",
    "Tokens",
    "Worth",
    "choose",
    "is_ready",
    "loaded",
]


class Kernels(Protocol):
    """What both implementations offer. Buffers hold valid UTF-8 (lone surrogates as three bytes)."""

    name: str

    def sketch(
        self, data: U8, starts: I64, ends: I64, index: NDArray[np.uint16], pages: U64, plan: SketchPlan
    ) -> Sketches:
        """Tokenise and sketch the ranges of a buffer (half-open bytes, each of whole tokens)."""
        ...

    def hash_tokens(self, data: U8, starts: I64, ends: I64, index: NDArray[np.uint16], pages: U64) -> Ragged:
        """The hashes of the tokens of ranges of a buffer (each of whole tokens), without the places."""
        ...

    def tokenise(self, data: U8, offsets: I64, index: NDArray[np.uint16], pages: U64) -> Tokens:
        """Split texts into tokens by a code-point table (see `dedup.tokenising.codepoints`) and hash them."""
        ...

    def segment(self, data: U8, offsets: I64) -> Ranges:
        """Split texts into paragraphs, without the white space around them."""
        ...

    def count_marks(self, data: U8, starts: I64, ends: I64) -> Marks:
        r"""The characters (bytes that begin one) and the newlines (`\n`) in ranges of a buffer (half-open bytes).

        Ranges may overlap, and one that ends before it begins is empty.
        """
        ...

    def find(self, ascending: I64, values: I64) -> I64:
        """For each value the place of the first number that is not smaller, among some in ascending order."""
        ...

    def screen(self, data: U8, starts: I64, ends: I64, groups: U64, table: ScreenTable) -> U64:
        """Of the groups of expressions that each range is to be tried for, those that may match one of its lines.

        Told by the beginnings in the table: all groups that match are among them, and most often some that do not.
        """
        ...

    def gather_ranges(self, data: U8, starts: I64, ends: I64) -> U8:
        """The bytes of ranges of a buffer (half-open), one after the other; of shape (columns, rows), row by row."""
        ...

    def digest_texts(self, data: U8, offsets: I64) -> U64:
        """One hash a text of all its bytes."""
        ...

    def same_bytes(self, left: U8, left_starts: I64, right: U8, right_starts: I64, sizes: I64) -> Bool:
        """Whether two ranges, one of each buffer, are the same bytes; `sizes` has those of both."""
        ...

    def shingle(self, hashes: U64, offsets: I64, size: int) -> Ragged:
        """Hash each run of `size` tokens; a row of fewer tokens, but one, has one shingle of them all."""
        ...

    def shingle_sets(self, hashes: U64, offsets: I64, size: int) -> Ragged:
        """The distinct shingles of each row as they first come up: `distinct_rows` of `shingle`, in one pass."""
        ...

    def digest(self, hashes: U64, offsets: I64) -> U64:
        """One hash a row of all its tokens in order."""
        ...

    def minhash(self, shingles: U64, offsets: I64, a: U32, b: U32) -> U32:
        """MinHash signatures, shape (rows, permutations), in datasketch's `affine32` scheme."""
        ...

    def band_keys(self, signatures: U32, bands: int, rows: int) -> U32:
        """The upper half of a hash of the `rows` values of each band, shape (bands, units)."""
        ...

    def count_rows(self, rows: Ragged, chosen: I64 | None = None) -> CountedRows:
        """The distinct values of each row, or of each of those chosen, as they first come up, with their counts."""
        ...

    def look_up(self, table: WeightTable, values: U64, missing: float) -> F64:
        """The weight of each value in a table, `missing` where it is not there."""
        ...

    def distinct_rows(self, rows: Ragged) -> Ragged:
        """The distinct values of each row as they first come up."""
        ...

    def count_common(self, rows: Ragged, left: I64, right: I64, least: I64) -> I64:
        """How many values two rows share, for each pair of rows (each of distinct values).

        `least`, one a pair: what falls short of it is 0.
        """
        ...

    def dot_common(self, rows: Ragged, weights: F64, left: I64, right: I64) -> F64:
        """Sum of the products of the weights of shared values (distinct in each row), in the order of the right row."""
        ...

    def compare_rows(self, rows: Ragged, size: int, table: WeightTable, missing: float) -> Comparisons:
        """Compare all rows of tokens but the last one with the last one.

        In one call what `shingle`, `distinct_rows`, `count_common`, `equal_rows`, `count_rows`, `look_up` and
        `dot_common` do in seven, for who compares one text with a few. `table` and `missing` are those of `look_up`.
        """
        ...

    def equal_rows(self, rows: Ragged, left: I64, right: I64) -> Bool:
        """Whether two rows hold the same values in the same order."""
        ...

    def repeated_keys(self, keys: U32, owners: I64) -> U64:
        """Entries of key, upper half, and owner, lower half, of the keys that may come again.

        All that do are among them, and few that do not: those whose slot (`dedup.kernels.hashing.slot_bits`) is that of
        another. Keys whose owner is negative are left out and do not count.
        """
        ...

    def mark_samples(self, samples: Samples, owners: I64, levels: U8, low: int, high: int, marks: U64) -> None:
        """Note in `marks` the values from `low` to under `high` of some rows, for `post_repeated`.

        Rows whose owner is negative are left out. `levels` are by owner, as in `link`. `marks`: see
        `dedup.kernels.hashing.no_marks`.
        """
        ...

    def post_repeated(self, samples: Samples, owners: I64, low: int, high: int, marks: U64) -> U64:
        """Entries of value, upper half, and owner of its row, lower half, of the values that `link` may find pairs of.

        Of those that `mark_samples` has noted, with the same owners and range, all are among them that come again and
        are at the level of one of their owners, and few others: those whose slot is that of another.
        """
        ...

    def link(self, entries: U64, start: int, cap: int, links: int, levels: U8, most: int) -> Links:
        """Pairs of members that have a key in common, beginning at the entry `start`, `most` pairs or a little less.

        Entries ascend: the upper half is a key, the lower half a member. A member is paired with all before it in its
        group where they are fewer than `cap`, and otherwise with the first `links`. `levels`, if it is not empty, has
        the level of each member: pairs are left out where the key is at the level of neither, and a group counts as
        cut only where it is at the level of one that the cut concerns or of one before it.
        """
        ...

    def sum_blocks(self, words: U64) -> U64:
        """One checksum for each `BLOCK_WORDS` words: any single word that differs shows, and the order does."""
        ...

    def check_words(self, tables: SortedTables, firsts: I64, lasts: I64) -> int:
        """The first damaged block that ranges of words (`lasts` included) are in, or -1; blocks are checked once."""
        ...

    def find_members(
        self, stack: TableStack, query_tables: U8, query_keys: U32, limits: I64, alive: Bool, counts: I64
    ) -> Members:
        """The living members with each key asked for, in the order of the queries, then of the stack, ascending.

        Query i asks for `query_keys[i]` in the table `query_tables[i]`. `counts`, one a query, has how many were found
        before and is brought up to date: none are given beyond `limits`, one a table. `alive`, by member. Where a
        block is damaged what is given is worth nothing.
        """
        ...

    def group_entries(self, entries: U64, bounds: I64, first_table: int) -> Groups:
        """Group entries (key in the upper half) of several tables, those of each ascending, by table and key.

        Those of the i-th table, which has the number `first_table + i`, stand from `bounds[i]` to `bounds[i + 1]`.
        """
        ...

    def pair_arrivals(
        self,
        entries: U64,
        begins: I64,
        hits: U64,
        counts: I64,
        alive: Bool,
        representatives: U32,
        cap: int,
        links: int,
    ) -> ArrivalPairs:
        """Pair arrivals (the lower halves of `entries`) with the members before them in each group of `group_entries`.

        Of group i, `counts[i]` were found before, `hits` (group in the upper half, member in the lower, ascending),
        and the arrivals stand behind these. One with fewer than `cap` before it is paired with all of them, and
        otherwise with the first `links`. All count, but into pairs come only those members that are `alive` and have
        no representative (2**32 - 1).
        """
        ...

    def add_counts(self, values: U64, counts: I64, more: U64, more_counts: I64) -> tuple[U64, I64]:
        """The union of two sets of values, each ascending, with the sums of their counts."""
        ...

    def enough_shared(self, pairs: U64, counts: I64, levels: U8, sizes: I64, share: tuple[int, int]) -> U64:
        """The pairs (one member in the upper half, one in the lower) of whose smaller side enough is counted.

        `levels` and `sizes` are by member: the smaller side is that of the lower level, or of the smaller size at the
        same level. Enough are `share[0]` in `share[1]` of its size.
        """
        ...

    def mark_terms(self, data: U8, tokens: Tokens, barred: Bool, index: NDArray[np.uint16], pages: U64) -> "Terms":
        """The terms of tokenised texts, and where sentences and lines begin; no passage holds a `barred` token."""
        ...

    def densest_returns(self, values: U64, offsets: I64, common: U64) -> I64:
        """In each text (the hashes of its tokens) the most returns of skip-bigrams in a window to one earlier stretch.

        See `dedup.kernels.returns`. `common` is a set of the upper 16 bits of hashes, as 65,536 bits, the first lowest,
        of common tokens: a skip-bigram of two of them is not looked at.
        """
        ...

    def count_bigrams(self, stretches: "Stretches", common: U64, counters: U8) -> None:
        """Count the skip-bigrams of stretches, see `dedup.kernels.bigrams`, in counters of four bits, to 15 at most.

        A skip-bigram has the counter that the upper bits of its hash name; others may have the same. `common`: see
        `densest_returns`. `counters` are a power of two of bytes, two counters each, the lower one first.
        """
        ...

    def post_bigrams(self, stretches: "Stretches", common: U64, counters: U8) -> U64:
        """The words, see `BigramIndex`, of the skip-bigrams counted in two to `MOST_POSTED` places."""
        ...

    def meet_bigrams(
        self,
        stretches: "Stretches",
        documents: I64,
        firsts: I64,
        common: U64,
        counters: U8,
        index: "BigramIndex",
        least: int,
        most: int,
        known: U32,
    ) -> tuple["Meetings", int]:
        """Where documents share skip-bigrams with others before them on the line of places: the best units of each.

        The stretches of document i are `documents[i]` to `documents[i + 1]`, and `firsts[i]` is its first unit; between
        documents lies a unit that belongs to none. A skip-bigram counts where it stands in its document first (and
        again in that unit), and not if it has one word or over `MOST_POSTED`. A unit gathers the tokens of those that
        it has in common with the document, each once and with the weight of that which brings it, from nothing again
        behind a gap of `GAP` bytes; it counts together with the better one of the two beside it, if that has no such
        gap either. Of each document the `most` units of the greatest weight are given, ties by unit, which have `least`
        or more and are not beside a better one; and how many documents had more. `known` has `UNIT_COLUMNS` zeros for
        each unit of the line and one more, and is left so.
        """
        ...

    def components(self, left: I64, right: I64, count: int) -> I64:
        """Connected components of `count` items: for each the first item that it is connected with."""
        ...

    def anchor(self, left: I64, right: I64, count: int) -> I64:
        """Anchored clusters of `count` items: for each its representative, or -1 where it is kept.

        `left < right`, sorted by right, then left. An item takes the first of its left partners that is kept.
        """
        ...
