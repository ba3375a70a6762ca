"""Exchange with datasketch: signatures as `datasketch.MinHash` objects, and back."""

from typing import TYPE_CHECKING

import numpy as np

from dedup.config import Config
from dedup.errors import SketchError
from dedup.kernels import U32, U64, Kernels
from dedup.sketching.sketch import permutations

if TYPE_CHECKING:
    from datasketch import MinHash

SCHEME = "affine32"


def minhash_of(hashes: U64, config: Config, kernels: Kernels) -> "MinHash":
    """The MinHash of one text given by its token hashes: of its shingles' upper 32 bits, in the scheme `affine32`."""
    from datasketch import MinHash

    whole = np.array([0, hashes.size], dtype=np.int64)
    shingles = kernels.shingle(hashes, whole, config.shingle_size)
    signature = kernels.minhash(*shingles, *permutations(config.num_perm, config.seed))[0]
    return MinHash(num_perm=config.num_perm, seed=config.seed, hashvalues=signature, scheme=SCHEME)


def signature_of(minhash: "MinHash", config: Config) -> U32:
    """The signature in a MinHash, uint32 of shape (num_perm,), after checking that it fits the configuration.

    Raises SketchError where scheme, seed or number of permutations differ: such values cannot be compared. Raises
    TypeError where it is no MinHash.
    """
    if not hasattr(minhash, "hashvalues"):
        raise TypeError(f"a text or a datasketch.MinHash is wanted, not {type(minhash).__name__}")
    scheme = getattr(minhash, "scheme", "legacy")
    if scheme != SCHEME:
        raise SketchError(f"this MinHash has the scheme {scheme!r}; make it with scheme={SCHEME!r}")
    if minhash.seed != config.seed:
        raise SketchError(f"this MinHash has the seed {minhash.seed}, the configuration {config.seed}")
    if minhash.hashvalues.size != config.num_perm:
        raise SketchError(
            f"this MinHash has {minhash.hashvalues.size} permutations, the configuration {config.num_perm}"
        )
    return np.asarray(minhash.hashvalues, dtype=np.uint32)
