"""Sketching: from tokens to what candidates are found by, and to and from datasketch's MinHash."""

from dedup.sketching.exchange import minhash_of, signature_of
from dedup.sketching.sketch import band_permutations, permutations, sketch_plan, stepped_permutations

__all__ = [
    "band_permutations",
    "minhash_of",
    "permutations",
    "signature_of",
    "sketch_plan",
    "stepped_permutations",
]
