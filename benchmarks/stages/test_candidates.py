"""Candidates from band keys and from sampled shingles; the pairs are compared with the reference's."""

import numpy as np
from pytest_benchmark.fixture import BenchmarkFixture

from dedup.candidates import Candidates, band_pairs, containment_candidates, near_candidates, shared_shingles
from dedup.config import Config
from dedup.kernels import Kernels, compiled, reference

UNITS = 100_000
SAMPLES = 20


def test_near_candidates(benchmark: BenchmarkFixture) -> None:
    config = Config()
    generator = np.random.default_rng(1)
    keys = generator.integers(0, 2**32, (config.banding[0], UNITS), dtype=np.uint32)
    copies = np.arange(0, UNITS, 10)
    keys[:, copies + 1] = keys[:, copies]
    ranks = np.arange(UNITS)
    caps = config.bucket_cap, config.bucket_links

    def candidates(kernels: Kernels) -> Candidates:
        return near_candidates(band_pairs(band, ranks, *caps, kernels) for band in keys)

    found = benchmark(candidates, compiled)
    expected = candidates(reference)
    assert found.right.tolist() == expected.right.tolist()
    assert found.left.tolist() == expected.left.tolist()
    assert copies.size <= found.left.size


def test_containment_candidates(benchmark: BenchmarkFixture) -> None:
    generator = np.random.default_rng(1)
    shingles = generator.integers(0, 2**32, (UNITS, SAMPLES), dtype=np.uint64)
    shingles[1::10, : SAMPLES // 2] = shingles[::10, : SAMPLES // 2]
    shingles[2::10] = shingles[::10]
    entries = (shingles << np.uint64(32) | np.arange(UNITS, dtype=np.uint64)[:, None]).reshape(-1)
    levels, sizes = np.zeros(UNITS, dtype=np.uint8), np.full(UNITS, SAMPLES)

    def candidates(kernels: Kernels) -> Candidates:
        return containment_candidates([shared_shingles(entries.copy(), levels, 16, kernels)], levels, sizes, kernels)

    found = benchmark(candidates, compiled)
    expected = candidates(reference)
    assert found.left.tolist() == expected.left.tolist()
    # Half of the shingles in common is too few.
    assert np.count_nonzero(found.right % 10 == 2) == UNITS // 10
