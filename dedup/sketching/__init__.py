"""Sketching: from tokens to what candidates are found by, and to and from datasketch's MinHash."""

from dedup.sketching.exchange import minhash_of, signature_of
from dedup.sketching.sketch import permutations, sketch_plan

__all__ = ["minhash_of", "permutations", "signature_of", "sketch_plan"]
