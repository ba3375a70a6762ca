"""`sketch`: a text's MinHash is datasketch's own, and comes back as it went."""

import hypothesis.strategies as st
import numpy as np
import pytest
from datasketch import MinHash
from hypothesis import given, settings

from dedup import Config, SketchError, sketch
from dedup.kernels import choose
from dedup.model import TextColumn
from dedup.tokenising import tokenise
from tests.corpora import LEXICON, words
from tests.scanning.oracle import resemblance, shingles
from tests.strategies import prose, texts


def shingle_values(text: str, size: int) -> list[int]:
    """The upper halves of the shingle hashes of a text."""
    kernels = choose(0)
    tokens = tokenise(TextColumn.from_strings([text]), kernels)
    return [int(value) >> 32 for value in kernels.shingle(tokens.hashes, tokens.offsets, size).values]


def by_hand(text: str, config: Config) -> MinHash:
    """A MinHash made by datasketch alone, one value after the other."""
    made = MinHash(num_perm=config.num_perm, seed=config.seed, scheme="affine32", hashfunc=lambda value: value)
    for value in shingle_values(text, config.shingle_size):
        made.update(value)
    return made


@given(
    st.one_of(texts(), prose()),
    st.builds(
        Config, num_perm=st.sampled_from([16, 64, 128]), seed=st.integers(0, 2**32 - 1), shingle_size=st.integers(1, 6)
    ),
)
@settings(max_examples=20)
def test_the_sketch_is_the_minhash_that_datasketch_makes(text: str, config: Config) -> None:
    made, expected = sketch(text, config), by_hand(text, config)
    assert made == expected
    assert (made.scheme, made.seed, made.num_perm) == ("affine32", config.seed, config.num_perm)
    np.testing.assert_array_equal(made.hashvalues, expected.hashvalues)
    assert made.jaccard(expected) == 1.0


@given(st.one_of(texts(), prose()))
@settings(max_examples=12)
def test_a_minhash_gives_its_signature_back(text: str) -> None:
    made = sketch(text)
    signature = sketch(made)
    assert (signature.dtype, signature.shape) == (np.dtype(np.uint32), (128,))
    again = MinHash(num_perm=128, seed=1, hashvalues=signature, scheme="affine32")
    assert again == made
    np.testing.assert_array_equal(sketch(again), signature)


@pytest.mark.parametrize("kernels", ["numpy", "compiled"])
def test_it_estimates_the_resemblance(kernels: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEDUP_KERNELS", kernels)
    generator = np.random.default_rng(1)
    config = Config(num_perm=512)
    for shared in (0, 40, 120, 200):
        common = words(generator, shared)
        one, two = (" ".join([*common, *words(generator, 200 - shared)]) for _ in range(2))
        truth = resemblance(shingles(one), shingles(two))
        # Four standard deviations of the estimate from 512 permutations.
        assert abs(sketch(one, config).jaccard(sketch(two, config)) - truth) <= 4 * 0.5 / np.sqrt(512)
    assert len(set(LEXICON)) == len(LEXICON)


def test_sketches_merge_and_empty_texts_have_one() -> None:
    one, two = sketch("one two three four five"), sketch("six seven eight nine ten")
    union = one.copy()
    union.merge(two)
    np.testing.assert_array_equal(union.hashvalues, np.minimum(sketch(one), sketch(two)))
    assert sketch("").is_empty()


@pytest.mark.parametrize(
    ("made", "complaint"),
    [
        (MinHash(num_perm=128, seed=1, scheme="legacy"), "scheme"),
        (MinHash(num_perm=128, seed=2, scheme="affine32"), "seed"),
        (MinHash(num_perm=64, seed=1, scheme="affine32"), "64 permutations"),
    ],
)
def test_a_minhash_that_does_not_fit_is_refused(made: MinHash, complaint: str) -> None:
    with pytest.raises(SketchError, match=complaint):
        sketch(made)


@pytest.mark.parametrize("source", [None, b"bytes", ["a"]])
def test_what_is_neither_text_nor_minhash_is_refused(source: object) -> None:
    with pytest.raises(TypeError, match=r"a text or a datasketch\.MinHash is wanted"):
        sketch(source)
