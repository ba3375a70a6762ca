"""Signatures are datasketch's to the bit, and travel there and back."""

import hypothesis.strategies as st
import numpy as np
import pytest
from datasketch import MinHash
from hypothesis import given, settings

from dedup.config import Config
from dedup.errors import DedupError, SketchError
from dedup.kernels import U64, Kernels
from dedup.sketching import minhash_of, permutations, signature_of
from tests import oracles

token_hashes = st.lists(st.integers(0, 2**64 - 1), max_size=40).map(lambda values: np.array(values, dtype=np.uint64))


def upper_halves(hashes: U64, size: int, kernels: Kernels) -> list[int]:
    """The 32-bit hashes of a text's shingles."""
    shingles = kernels.shingle(hashes, np.array([0, hashes.size]), size).values
    hashed: list[int] = (shingles >> np.uint64(32)).tolist()
    return hashed


@given(token_hashes, st.sampled_from([16, 100, 128]), st.integers(0, 2**32 - 1), st.integers(1, 6))
@settings(max_examples=50)
def test_a_signature_is_that_of_datasketch_to_the_bit(
    kernels: Kernels, hashes: U64, num_perm: int, seed: int, size: int
) -> None:
    config = Config(num_perm=num_perm, seed=seed, shingle_size=size)
    minhash = minhash_of(hashes, config, kernels)
    expected = oracles.signature(upper_halves(hashes, size, kernels), num_perm, seed)
    assert minhash.hashvalues.tolist() == expected.tolist()
    assert (minhash.scheme, minhash.seed, len(minhash)) == ("affine32", seed, num_perm)


@given(token_hashes)
@settings(max_examples=20)
def test_a_signature_comes_back_as_it_went(kernels: Kernels, hashes: U64) -> None:
    config = Config()
    signature = signature_of(minhash_of(hashes, config, kernels), config)
    assert signature.dtype == np.uint32
    rows = kernels.shingle(hashes, np.array([0, hashes.size]), config.shingle_size)
    assert signature.tolist() == kernels.minhash(*rows, *permutations(config.num_perm, config.seed))[0].tolist()


def test_a_minhash_from_here_can_be_updated_merged_and_compared_in_datasketch(kernels: Kernels) -> None:
    config = Config()
    generator = np.random.default_rng(7)
    left, right = (generator.integers(0, 2**64, 60, dtype=np.uint64) for _ in range(2))
    sizes = upper_halves(left, 5, kernels), upper_halves(right, 5, kernels)
    merged = minhash_of(left, config, kernels)
    merged.merge(minhash_of(right, config, kernels))
    assert merged.hashvalues.tolist() == oracles.signature([*sizes[0], *sizes[1]], 128, 1).tolist()
    updated = minhash_of(left, config, kernels)
    updated.hashfunc = int
    updated.update_batch(sizes[1])
    assert updated.jaccard(merged) == 1.0


@pytest.mark.parametrize("changed", [0, 10, 40, 150])
def test_the_share_of_equal_values_estimates_the_resemblance(kernels: Kernels, changed: int) -> None:
    config = Config(num_perm=1024, shingle_size=3)
    generator = np.random.default_rng(changed)
    left = generator.integers(0, 2**64, 400, dtype=np.uint64)
    right = np.concatenate([left[: 400 - changed], generator.integers(0, 2**64, changed, dtype=np.uint64)])
    truth = oracles.resemblance(oracles.shingles(left.tolist(), 3), oracles.shingles(right.tolist(), 3))
    estimate = minhash_of(left, config, kernels).jaccard(minhash_of(right, config, kernels))
    # Four standard errors of a share of 1,024 draws.
    assert estimate == pytest.approx(truth, abs=4 * 0.5 / 32)
    assert (estimate == 1.0) == (changed == 0)


@pytest.mark.parametrize(
    ("minhash", "message"),
    [
        (MinHash(num_perm=128, seed=1, scheme="legacy"), "scheme 'legacy'"),
        (MinHash(num_perm=128, seed=1, scheme="affine64"), "scheme 'affine64'"),
        (MinHash(num_perm=128, seed=2, scheme="affine32"), "seed 2, the configuration 1"),
        (MinHash(num_perm=64, seed=1, scheme="affine32"), "64 permutations, the configuration 128"),
    ],
)
def test_a_minhash_of_another_kind_is_refused(minhash: MinHash, message: str) -> None:
    with pytest.raises(SketchError, match=message) as caught:
        signature_of(minhash, Config())
    assert isinstance(caught.value, DedupError)


def test_permutations_are_those_of_datasketch() -> None:
    a, b = permutations(200, 42)
    expected = MinHash(num_perm=200, seed=42, scheme="affine32").permutations
    np.testing.assert_array_equal(np.stack([a, b]), expected)
    assert a.dtype == b.dtype == np.uint32
    assert (a % 2 == 1).all()
