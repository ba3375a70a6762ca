"""Sketches: digests, band keys and sampled shingles of units, each by itself."""

from collections.abc import Callable
from dataclasses import replace

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from dedup.config import Config
from dedup.kernels import U32, Kernels, Ragged, Samples, Sketches
from dedup.kernels.hashing import LEVEL_SIZE, TriggerTable, no_triggers, trigger_table
from dedup.model import TextColumn
from dedup.sketching import band_permutations, permutations, sketch_plan, stepped_permutations
from dedup.tokenising import codepoint_table
from tests import oracles
from tests.strategies import TERMS, to_ragged, token_rows, written

CONFIG = Config(shingle_size=3, containment_sample=2, num_perm=32)
NO_TRIGGERS = no_triggers()


def sketch(
    texts: list[str],
    kernels: Kernels,
    config: Config = CONFIG,
    triggers: TriggerTable = NO_TRIGGERS,
    near: bool = True,
    contains: bool = True,
) -> Sketches:
    column = TextColumn.from_strings(texts)
    plan = sketch_plan(config, triggers, near=near, contains=contains)
    return kernels.sketch(column.data, column.offsets[:-1], column.offsets[1:], *codepoint_table(), plan)


def row_of(rows: Ragged | Samples, row: int) -> list[int]:
    values: list[int] = rows.values[rows.offsets[row] : rows.offsets[row + 1]].tolist()
    return values


@given(st.sampled_from([0, 1, 2**31, 2**32 - 1]) | st.integers(0, 2**32 - 1), st.sampled_from([1, 2, 128, 700]))
@settings(max_examples=40)
def test_permutations_are_drawn_as_numpy_draws_them(seed: int, num_perm: int) -> None:
    generator = np.random.RandomState(seed)
    a = generator.randint(0, 1 << 31, num_perm, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
    b = generator.randint(0, 1 << 32, num_perm, dtype=np.uint32)
    drawn = permutations(num_perm, seed)
    assert all(each.dtype == np.uint32 for each in drawn)
    np.testing.assert_array_equal(drawn, (a, b))


@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 15, 16, 17, 128, 700]))
@settings(max_examples=40)
def test_stepped_permutations_are_permutations_one_common_step_apart(seed: int, num_perm: int) -> None:
    a, b = stepped_permutations(num_perm, seed)
    assert a.size == b.size == num_perm
    assert (a % 2 == 1).all()
    assert len(np.unique(a[16:] - a[:-16])) <= 1
    assert len(np.unique(b[16:] - b[:-16])) <= 1
    assert len(set(zip(a.tolist(), b.tolist(), strict=True))) == num_perm
    longer = stepped_permutations(num_perm + 5, seed)
    assert [each[:num_perm].tolist() for each in longer] == [a.tolist(), b.tolist()]


@pytest.mark.parametrize("draw", [permutations, stepped_permutations])
@pytest.mark.parametrize("resemblance", [0.3, 0.7])
def test_a_signature_estimates_resemblance_as_independent_values_would(
    kernels: Kernels, draw: Callable[[int, int], tuple[U32, U32]], resemblance: float
) -> None:
    trials, union, bands, rows = 400, 50, 21, 6
    common = round(resemblance * union)
    size = (union + common) // 2
    every = np.random.default_rng(3).integers(0, 2**64, size=(trials, union), dtype=np.uint64)
    offsets = np.arange(0, trials * size + 1, size)
    sides = every[:, :size], every[:, union - size :]
    left, right = (kernels.minhash(np.ascontiguousarray(side).reshape(-1), offsets, *draw(126, 1)) for side in sides)
    exact = (2 * size - union) / union
    equal = left == right
    # Four standard deviations, that of a mean of independent values being known, and that of its variance about.
    spread = (exact * (1 - exact) / 126) ** 0.5
    assert abs(equal.mean() - exact) < 4 * spread / trials**0.5
    assert abs(equal.mean(axis=1).std() / spread - 1) < 4 / (2 * trials) ** 0.5
    reached = equal.reshape(trials, bands, rows).all(axis=2).any(axis=1).mean()
    expected = 1 - (1 - exact**rows) ** bands
    assert abs(reached - expected) < 4 * (expected * (1 - expected) / trials) ** 0.5


@given(token_rows())
@settings(max_examples=40)
def test_a_unit_has_the_same_sketch_alone_and_among_others(kernels: Kernels, rows: list[list[int]]) -> None:
    texts = written(rows)
    together = sketch(texts, kernels)
    for place, row in enumerate(rows):
        alone = sketch([texts[place]], kernels)
        assert alone.digests[0] == together.digests[place]
        assert alone.lengths[0] == together.lengths[place] == len(row)
        assert alone.keys[:, 0].tolist() == together.keys[:, place].tolist()
        assert row_of(alone.samples, 0) == row_of(together.samples, place)
        assert (alone.levels[0], alone.level_sizes[0]) == (together.levels[place], together.level_sizes[place])
        assert (alone.firsts[0], alone.lasts[0]) == (together.firsts[place], together.lasts[place])


@given(token_rows(vocabulary=2, max_length=8))
@settings(max_examples=50)
def test_digests_are_equal_where_the_tokens_are_equal_in_order(kernels: Kernels, rows: list[list[int]]) -> None:
    digests = sketch(written(rows), kernels).digests
    for left, one in enumerate(rows):
        for right, other in enumerate(rows):
            assert (digests[left] == digests[right]) == (one == other)


@given(token_rows())
@settings(max_examples=50)
def test_the_sample_is_the_upper_halves_of_a_residue_class_as_they_come_up(
    kernels: Kernels, rows: list[list[int]]
) -> None:
    samples = sketch(written(rows), kernels).samples
    assert samples.values.dtype == np.uint32
    shingles = kernels.shingle(*to_ragged(rows), 3)
    for place, row in enumerate(rows):
        every = row_of(shingles, place) if len(row) >= 3 else []
        assert row_of(samples, place) == list(dict.fromkeys(value >> 32 for value in every if value % 2 == 0))


@given(token_rows(max_length=60, vocabulary=12), st.sampled_from([1, 2]))
@settings(max_examples=40)
def test_the_level_is_the_highest_at_which_the_sample_is_large_enough(
    kernels: Kernels, rows: list[list[int]], sample: int
) -> None:
    sketches = sketch(written(rows), kernels, Config(shingle_size=3, containment_sample=sample))
    assert sketches.levels.dtype == np.uint8
    assert sketches.level_sizes.dtype == np.int64
    expected = [oracles.sample_level(row_of(sketches.samples, place), LEVEL_SIZE) for place in range(len(rows))]
    assert list(zip(sketches.levels.tolist(), sketches.level_sizes.tolist(), strict=True)) == expected


def test_a_sample_of_one_in_eight_holds_about_an_eighth_of_the_shingles(kernels: Kernels) -> None:
    text = " ".join(map(str, range(20_000)))
    assert sketch([text], kernels, Config()).samples.values.size == pytest.approx(20_000 / 8, rel=0.1)


@given(token_rows(max_length=10))
@settings(max_examples=50)
def test_edges_are_the_first_and_last_shingle_of_units_long_enough(kernels: Kernels, rows: list[list[int]]) -> None:
    sketches = sketch(written(rows), kernels)
    for place, row in enumerate(rows):
        edges = (row[:3], row[-3:])
        expected = [kernels.shingle(*to_ragged([edge]), 3).values[0] if len(row) >= 3 else 0 for edge in edges]
        assert [sketches.firsts[place], sketches.lasts[place]] == expected


@given(token_rows(max_rows=4, max_length=12))
@settings(max_examples=50)
def test_band_keys_are_those_of_the_signatures_of_the_shingles(kernels: Kernels, rows: list[list[int]]) -> None:
    shingles = kernels.shingle(*to_ragged(rows), 3)
    for config in (CONFIG, replace(CONFIG, permutations="datasketch")):
        signatures = kernels.minhash(*shingles, *band_permutations(config))
        expected = kernels.band_keys(signatures, *config.banding)
        assert sketch(written(rows), kernels, config).keys.tolist() == expected.tolist()
    assert band_permutations(replace(CONFIG, permutations="datasketch")) is permutations(CONFIG.num_perm, CONFIG.seed)


def test_units_that_hold_a_trigger_are_marked(kernels: Kernels) -> None:
    hashes = np.array(TERMS[3:9], dtype=np.uint64)
    triggers = trigger_table(hashes, np.ones_like(hashes), np.zeros_like(hashes), free=1)
    texts = ["term1 term3", "term1 term2", "TERM8", "", "term33", "term0-term4"]
    assert sketch(texts, kernels, triggers=triggers).triggered.tolist() == [1, 0, 1, 0, 0, 1]
    assert not sketch(texts, kernels).triggered.any()


def test_what_is_not_asked_for_is_not_made(kernels: Kernels) -> None:
    texts = ["one two three four", "", "five"]
    neither = sketch(texts, kernels, near=False, contains=False)
    assert neither.keys.shape == (0, 3)
    assert neither.samples.values.size == 0
    assert neither.samples.offsets.tolist() == [0, 0, 0, 0]
    assert neither.levels.tolist() == neither.level_sizes.tolist() == [0, 0, 0]
    both = sketch(texts, kernels)
    assert both.keys.shape == (CONFIG.banding[0], 3)
    assert neither.digests.tolist() == both.digests.tolist()


def test_no_units_make_an_empty_sketch(kernels: Kernels) -> None:
    empty = sketch([], kernels)
    assert empty.keys.shape == (CONFIG.banding[0], 0)
    assert empty.digests.size == empty.lengths.size == empty.firsts.size == empty.triggered.size == 0
    assert empty.levels.size == empty.level_sizes.size == 0


def signature_tables(units: int) -> st.SearchStrategy[U32]:
    row = st.lists(st.integers(0, 2), min_size=7, max_size=7)
    return st.lists(row, min_size=units, max_size=units).map(lambda rows: np.array(rows, dtype=np.uint32))


@given(st.integers(1, 8).flatmap(signature_tables), st.sampled_from([(7, 1), (3, 2), (2, 3), (1, 7)]))
@settings(max_examples=50)
def test_two_units_share_a_band_key_where_their_values_of_the_band_are_equal(
    kernels: Kernels, values: U32, banding: tuple[int, int]
) -> None:
    bands, rows = banding
    keys = kernels.band_keys(values, bands, rows)
    assert keys.dtype == np.uint32
    for band in range(bands):
        ours = [tuple(row[band * rows : (band + 1) * rows]) for row in values.tolist()]
        for left, one in enumerate(ours):
            for right, other in enumerate(ours):
                assert (keys[band, left] == keys[band, right]) == (one == other)


def test_pairs_at_the_threshold_share_a_band_as_often_as_the_recall_asks(kernels: Kernels) -> None:
    config = Config()
    texts: list[str] = []
    for pair in range(200):
        # 1,000 tokens of which 824 are a common beginning share 820 shingles of 1,172.
        head = [f"common{pair}x{number}" for number in range(824)]
        texts += [" ".join([*head, *(f"{side}{pair}x{number}" for number in range(176))]) for side in "ab"]
    keys = sketch(texts, kernels, config, contains=False).keys
    found = (keys[:, 0::2] == keys[:, 1::2]).any(axis=0).mean()
    # Two standard errors of 200 trials at a share of .92.
    assert found >= config.recall - 0.04
