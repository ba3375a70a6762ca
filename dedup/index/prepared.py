"""What can be worked out of texts before anything of the index is known."""

from typing import NamedTuple

from dedup.kernels import U64, Sketches


class Prepared(NamedTuple):
    """Of n texts: their sketches, and the hash of the bytes of each (uint64, (n,))."""

    sketches: Sketches
    text_hashes: U64
