"""What the loops take and give: arrays of one type, and tuples of arrays that belong together."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.kernels.hashing import TriggerTable

U8 = NDArray[np.uint8]
U16 = NDArray[np.uint16]
U32 = NDArray[np.uint32]
U64 = NDArray[np.uint64]
I64 = NDArray[np.int64]
F64 = NDArray[np.float64]
Bool = NDArray[np.bool_]


class Tokens(NamedTuple):
    """The tokens of n texts.

    `hashes` uint64, `starts` and `ends` int64 (bytes in the buffer, half-open), each of shape (tokens,);
    `offsets` int64 of shape (n + 1,): the tokens of text i are `offsets[i]` to `offsets[i + 1]`.
    """

    hashes: U64
    starts: I64
    ends: I64
    offsets: I64


class Ragged(NamedTuple):
    """n rows of uint64 values: row i is `values[offsets[i]:offsets[i + 1]]`."""

    values: U64
    offsets: I64


class Samples(NamedTuple):
    """n rows of distinct uint32 values, as they first came up: row i is `values[offsets[i]:offsets[i + 1]]`."""

    values: U32
    offsets: I64


class CountedRows(NamedTuple):
    """n rows of distinct uint64 values, as they first came up, and how often each stood there (int64)."""

    values: U64
    offsets: I64
    counts: I64


class Ranges(NamedTuple):
    """Ranges of bytes, grouped by text: `starts` and `ends` int64, half-open; `offsets` int64 as in `Tokens`."""

    starts: I64
    ends: I64
    offsets: I64


class Links(NamedTuple):
    """Pairs of members of groups.

    `pairs` uint64: the later member in the upper half, the earlier in the lower. `following`: the entry to go on from.
    `cut`: groups whose cap was reached.
    """

    pairs: U64
    following: int
    cut: int


class Marks(NamedTuple):
    """What n ranges of bytes hold: `characters` and `newlines`, int64, each of shape (n,)."""

    characters: I64
    newlines: I64


class SketchPlan(NamedTuple):
    """What a sketch is to hold.

    `size`: tokens in a shingle. `a`, `b`: factors and terms of the permutations. `bands`, `rows`: the banding, with 0
    bands for none. `sample`: one in so many shingles is sampled, a power of two, or 0 for none. `triggers`: tokens
    to look out for.
    """

    size: int
    a: U32
    b: U32
    bands: int
    rows: int
    sample: int
    triggers: TriggerTable


class Sketches(NamedTuple):
    """What is kept of n units (documents or paragraphs); no signature is.

    `digests` uint64 (n,): the hash of all tokens in order. `lengths` int64 (n,): the number of tokens. `keys` uint32
    (bands, n): band keys, the upper half of a hash of the `rows` values of each band, meaningful where the unit has
    `size` tokens or more. `samples`: per unit, the distinct upper halves of its sampled shingles, as they
    first come up.
    `levels` (n,), `level_sizes` (n,): the highest level at which a unit has `hashing.LEVEL_SIZE` sampled shingles or
    more, else 0, and how many it has there; one is at level l and those below where the l lowest of the bits kept are
    zero.
    `firsts`, `lasts` uint64 (n,): the first and last shingle, 0 for units of fewer than `size` tokens. `triggered`
    uint64 (n,): the bits of the conditions of the plan's `triggers` that the tokens meet.
    """

    digests: U64
    lengths: I64
    keys: U32
    samples: Samples
    levels: U8
    level_sizes: I64
    firsts: U64
    lasts: U64
    triggered: U64


class SortedTables(NamedTuple):
    """Several tables of entries (key in the upper half, member in the lower, ascending) in one array of words.

    `words` uint64. `places` int64, four numbers a table: its first word, its entries, and of its prefix table the first
    half word (uint32) and the bits: the entries whose key begins with the bits p are those from the p-th to under the
    (p + 1)-th number of the prefix table. `sums` uint64, what `Kernels.sum_blocks` gives of the words, or empty where
    they need no check; `checked` uint8, whether a block was found whole already, which is kept there.
    """

    words: U64
    places: I64
    sums: U64
    checked: U8


class TableStack(NamedTuple):
    """Several `SortedTables`, each of as many tables, to be asked in one call: see `dedup.kernels.stacking.stack`.

    `words` (uint64), `halves` (uint32) and `octets` (uint8) are the memory from the first of their arrays to the end of
    the last, of which nothing but these arrays may be touched. `places` int64 is as that of each, one after the other,
    but counted from there. `blocks` int64, four numbers for each: where its words begin and how many there are, the
    first of the sums, or -1 where nothing is to be checked, and the first octet of `checked`.
    """

    several: tuple[SortedTables, ...]
    words: U64
    halves: U32
    octets: U8
    places: I64
    blocks: I64


class Members(NamedTuple):
    """Members found: `entries` uint64 (query in the upper half, member in the lower).

    Where a block is damaged, `damaged` is its number and `part` says of which tables of the stack, else both are -1.
    """

    entries: U64
    damaged: int
    part: int


class Comparisons(NamedTuple):
    """Rows of tokens compared with another one.

    `exact` bool (n,): the tokens are the same, in order. `scores` float64 (n, 4): resemblance, how much of the row's
    shingles the other one has, how much of the other one's the row has, and the cosine; see `dedup.verifying.scores`.
    """

    exact: Bool
    scores: F64


class Groups(NamedTuple):
    """n groups of consecutive entries with one key in one table.

    `begins` int64 (n + 1,): entries of group i are those from `begins[i]` to `begins[i + 1]`. `tables` uint8 and `keys`
    uint32, each (n,).
    """

    begins: I64
    tables: U8
    keys: U32


class ArrivalPairs(NamedTuple):
    """Pairs by the groups that they have in common: `stored` with members found, `local` with earlier arrivals.

    uint64: the later arrival in the upper half, the other in the lower. `stored_keys`, `local_keys` uint64: the key by
    which each was found.
    """

    stored: U64
    stored_keys: U64
    local: U64
    local_keys: U64
