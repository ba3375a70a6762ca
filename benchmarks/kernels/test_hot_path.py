"""The hot path kernel by kernel: tokens, sketches, sets of shingles, pairs. Results are compared with the reference's.

python -m pytest benchmarks/kernels --benchmark-only
"""

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.corpus import Recipe, generate
from dedup.config import Config
from dedup.kernels import I64, Ragged, compiled, reference
from dedup.kernels.hashing import no_triggers
from dedup.model import TextColumn
from dedup.sketching import sketch_plan, stepped_permutations
from dedup.tokenising import codepoint_table

DOCUMENTS = 2_000
CHECKED = 200


@pytest.fixture(scope="module", params=["latin", "accented", "cyrillic", "chinese"])
def texts(request: pytest.FixtureRequest) -> TextColumn:
    """Generated documents in one column."""
    recipe = Recipe(documents=DOCUMENTS, script=request.param)
    return TextColumn.from_strings([document.text for document in generate(recipe)])


def first(texts: TextColumn) -> tuple[I64, I64]:
    """The ranges of the documents that are compared with the reference."""
    return texts.offsets[:CHECKED], texts.offsets[1 : CHECKED + 1]


def test_tokens(benchmark: BenchmarkFixture, texts: TextColumn) -> None:
    table = codepoint_table()
    rows = benchmark(compiled.hash_tokens, texts.data, texts.offsets[:-1], texts.offsets[1:], *table)
    expected = reference.hash_tokens(texts.data, *first(texts), *table)
    assert rows.values[: rows.offsets[CHECKED]].tolist() == expected.values.tolist()


@pytest.mark.parametrize("contains", [False, True], ids=["near", "near and contains"])
def test_sketches(benchmark: BenchmarkFixture, texts: TextColumn, contains: bool) -> None:
    plan = sketch_plan(Config(), no_triggers(), near=True, contains=contains)
    table = codepoint_table()
    sketches = benchmark(compiled.sketch, texts.data, texts.offsets[:-1], texts.offsets[1:], *table, plan)
    expected = reference.sketch(texts.data, *first(texts), *table, plan)
    assert sketches.keys[:, :CHECKED].tolist() == expected.keys.tolist()
    assert sketches.digests[:CHECKED].tolist() == expected.digests.tolist()


def shingles_of(texts: TextColumn) -> Ragged:
    """The shingles of all documents."""
    tokens = compiled.hash_tokens(texts.data, texts.offsets[:-1], texts.offsets[1:], *codepoint_table())
    return compiled.shingle(*tokens, Config().shingle_size)


def test_signatures_of_ready_hashes(benchmark: BenchmarkFixture, texts: TextColumn) -> None:
    shingles = shingles_of(texts)
    factors, terms = stepped_permutations(128, 1)
    signatures = benchmark(compiled.minhash, *shingles, factors, terms)
    offsets = shingles.offsets[: CHECKED + 1]
    expected = reference.minhash(shingles.values[: offsets[-1]], offsets, factors, terms)
    assert signatures[:CHECKED].tolist() == expected.tolist()


def test_sets_of_shingles(benchmark: BenchmarkFixture, texts: TextColumn) -> None:
    shingles = shingles_of(texts)
    rows = benchmark(compiled.distinct_rows, shingles)
    assert rows.values.tolist() == reference.distinct_rows(shingles).values.tolist()


def test_common_shingles(benchmark: BenchmarkFixture, texts: TextColumn) -> None:
    rows = compiled.distinct_rows(shingles_of(texts))
    left, right = np.arange(DOCUMENTS - 1), np.arange(1, DOCUMENTS)
    least = np.zeros(left.size, dtype=np.int64)
    counts = benchmark(compiled.count_common, rows, left, right, least)
    expected = reference.count_common(rows, left[:CHECKED], right[:CHECKED], least[:CHECKED])
    assert counts[:CHECKED].tolist() == expected.tolist()


def test_terms_and_counts(benchmark: BenchmarkFixture, texts: TextColumn) -> None:
    tokens = compiled.hash_tokens(texts.data, texts.offsets[:-1], texts.offsets[1:], *codepoint_table())
    rows = benchmark(compiled.count_rows, tokens)
    expected = reference.count_rows(tokens, np.arange(CHECKED))
    assert rows.values[: rows.offsets[CHECKED]].tolist() == expected.values.tolist()
    assert rows.counts[: rows.offsets[CHECKED]].tolist() == expected.counts.tolist()
