"""Arrays in, arrays out: the hot loops, as a NumPy reference and as its compiled twin, equal to the bit.

The reference is the oracle of the tests and serves small inputs, which then never wait for a compiler. `choose` gives
the one or the other by the size of the input.
"""

import os
from typing import NamedTuple, Protocol, cast

import numpy as np
from numpy.typing import NDArray

U8 = NDArray[np.uint8]
U32 = NDArray[np.uint32]
U64 = NDArray[np.uint64]
I64 = NDArray[np.int64]
F64 = NDArray[np.float64]
Bool = NDArray[np.bool_]

COMPILE_FROM_BYTES = 4 << 20
"""Inputs of this size and over are worth the compiled kernels' import and, once a machine, compilation."""


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


class CountedRows(NamedTuple):
    """n rows of distinct uint64 values, ascending within the row, and how often each stood there (int64)."""

    values: U64
    offsets: I64
    counts: I64


class Ranges(NamedTuple):
    """Ranges of bytes, grouped by text: `starts` and `ends` int64, half-open; `offsets` int64 as in `Tokens`."""

    starts: I64
    ends: I64
    offsets: I64


class SketchPlan(NamedTuple):
    """What a sketch is to hold.

    `size`: tokens in a shingle. `a`, `b`: factors and terms of the permutations. `bands`, `rows`: the banding, with 0
    bands for none. `sample`: one in so many shingles is sampled, a power of two, or 0 for none. `triggers`: token
    hashes to look out for, as a `dedup.kernels.hashing.slot_table`.
    """

    size: int
    a: U32
    b: U32
    bands: int
    rows: int
    sample: int
    triggers: U64


class Sketches(NamedTuple):
    """What is kept of n units (documents or paragraphs); no signature is.

    `digests` uint64 (n,): the hash of all tokens in order. `lengths` int64 (n,): the number of tokens. `keys` uint32
    (bands, n): band keys, the upper half of a hash of the `rows` values of each band, meaningful where the unit has
    `size` tokens or more. `samples`: per unit, its distinct sampled shingles, ascending. `firsts`, `lasts` uint64 (n,):
    the first and last shingle, 0 for units of fewer than `size` tokens. `triggered` (n,): whether a token is a
    trigger.
    """

    digests: U64
    lengths: I64
    keys: U32
    samples: Ragged
    firsts: U64
    lasts: U64
    triggered: Bool


class Kernels(Protocol):
    """What both implementations offer. Buffers hold valid UTF-8 (lone surrogates as three bytes)."""

    name: str

    def sketch(
        self, data: U8, starts: I64, ends: I64, index: NDArray[np.uint16], pages: U64, plan: SketchPlan
    ) -> Sketches:
        """Tokenise and sketch the ranges of a buffer (half-open bytes, each of whole tokens)."""
        ...

    def hash_tokens(self, data: U8, offsets: I64, index: NDArray[np.uint16], pages: U64) -> Ragged:
        """The hashes that `tokenise` gives, without the places."""
        ...

    def tokenise(self, data: U8, offsets: I64, index: NDArray[np.uint16], pages: U64) -> Tokens:
        """Split texts into tokens by a code-point table (see `dedup.tokenising.codepoints`) and hash them."""
        ...

    def segment(self, data: U8, offsets: I64) -> Ranges:
        """Split texts into paragraphs, without the white space around them."""
        ...

    def shingle(self, hashes: U64, offsets: I64, size: int) -> Ragged:
        """Hash each run of `size` tokens; a row of fewer tokens, but one, has one shingle of them all."""
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

    def count_rows(self, values: U64, offsets: I64) -> CountedRows:
        """The distinct values of each row, ascending, with their counts."""
        ...

    def find(self, ordered: U64, values: U64) -> I64:
        """The place of each value in an ascending array of distinct hashes, -1 where it is not there."""
        ...

    def count_common(self, rows: Ragged, left: I64, right: I64) -> I64:
        """How many values two rows share, for each pair of rows (each ascending and distinct)."""
        ...

    def dot_common(self, rows: Ragged, weights: F64, left: I64, right: I64) -> F64:
        """Sum of the products of the weights of shared values, in ascending order of the values."""
        ...

    def equal_rows(self, rows: Ragged, left: I64, right: I64) -> Bool:
        """Whether two rows hold the same values in the same order."""
        ...

    def anchor(self, left: I64, right: I64, count: int) -> I64:
        """Anchored clusters of `count` items: for each its representative, or -1 where it is kept.

        `left < right`, sorted by right, then left. An item takes the first of its left partners that is kept.
        """
        ...


def choose(n_bytes: int) -> Kernels:
    """The kernels for an input of this size; `DEDUP_KERNELS=numpy` or `compiled` overrides the choice."""
    wanted = os.environ.get("DEDUP_KERNELS", "")
    if wanted == "compiled" or (wanted != "numpy" and n_bytes >= COMPILE_FROM_BYTES):
        from dedup.kernels import compiled

        return cast("Kernels", compiled)
    from dedup.kernels import reference

    return cast("Kernels", reference)
