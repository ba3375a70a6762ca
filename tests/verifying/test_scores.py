"""Scores of pairs: equal to sets of shingles and to scikit-learn's cosine."""

from dataclasses import replace

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from dedup.config import Config
from dedup.kernels import Kernels
from dedup.verifying import Background, Scores, fit_background, score_pairs, score_with_last
from tests import oracles
from tests.strategies import TERMS, to_ragged, token_rows

background_rows = token_rows(max_rows=5, vocabulary=4)


def score_all(
    rows: list[list[int]], config: Config, background: Background, kernels: Kernels
) -> tuple[list[tuple[int, int]], Scores]:
    """Scores of every ordered pair of rows, a row with itself among them."""
    pairs = [(left, right) for left in range(len(rows)) for right in range(len(rows))]
    left, right = (np.array([pair[side] for pair in pairs], dtype=np.int64) for side in (0, 1))
    return pairs, score_pairs(to_ragged(rows), left, right, config, background, kernels)


@given(token_rows(max_rows=6, vocabulary=4), background_rows, st.integers(1, 6))
@settings(max_examples=60)
def test_one_row_held_against_the_others_scores_as_its_pairs_do(
    kernels: Kernels, rows: list[list[int]], known: list[list[int]], size: int
) -> None:
    config, background = Config(shingle_size=size), fit_background(to_ragged(known), kernels)
    last = len(rows) - 1
    left = np.arange(last)
    expected = score_pairs(to_ragged(rows), left, np.full(last, last), config, background, kernels, every=True)
    exact, scores = score_with_last(to_ragged(rows), config, background, kernels)
    np.testing.assert_array_equal(exact, expected.exact)
    np.testing.assert_array_equal(scores, np.stack(expected[1:], axis=1))


EVERY_PAIR = Config(threshold=0.05)
"""So low a threshold that any pair of short texts with a shingle in common can reach it."""


@given(token_rows(max_rows=5), st.integers(1, 6))
@settings(max_examples=40)
def test_resemblance_and_containments_are_those_of_the_shingle_sets(
    kernels: Kernels, rows: list[list[int]], size: int
) -> None:
    pairs, scores = score_all(rows, replace(EVERY_PAIR, shingle_size=size), Background(), kernels)
    sets = [oracles.shingles(row, size) for row in rows]
    for place, (left, right) in enumerate(pairs):
        assert scores.resemblance[place] == oracles.resemblance(sets[left], sets[right])
        assert scores.left_containment[place] == oracles.containment(sets[left], sets[right])
        assert scores.right_containment[place] == oracles.containment(sets[right], sets[left])


@given(
    token_rows(max_rows=5, vocabulary=3),
    st.integers(1, 6),
    st.sampled_from([0.3, 0.5, 0.7, 1.0]),
    st.sampled_from([0.0, 0.6, 0.9, 1.0]),
)
@settings(max_examples=100)
def test_only_a_pair_that_reaches_no_threshold_gets_zeros_instead(
    kernels: Kernels, rows: list[list[int]], size: int, threshold: float, containment: float
) -> None:
    config = Config(shingle_size=size, threshold=threshold, containment=containment)
    _, every = score_all(rows, replace(EVERY_PAIR, shingle_size=size), Background(), kernels)
    pairs, scores = score_all(rows, config, Background(), kernels)
    sets = [oracles.shingles(row, size) for row in rows]
    for place, (left, right) in enumerate(pairs):
        reached = oracles.resemblance(sets[left], sets[right]) >= threshold or any(
            oracles.containment(one, other) >= containment > 0.0
            for one, other in ((sets[left], sets[right]), (sets[right], sets[left]))
        )
        found = [column[place] for column in scores]
        assert found == [column[place] for column in every] or (found == [0.0] * 5 and not reached)


def test_pairs_far_under_the_thresholds_get_zeros(kernels: Kernels) -> None:
    rows = [list(TERMS[:20]), [*TERMS[:8], *TERMS[20:32]]]
    _, scores = score_all(rows, Config(shingle_size=1), Background(), kernels)
    assert scores.resemblance.tolist() == [1.0, 0.0, 0.0, 1.0]
    assert scores.cosine.tolist() == [1.0, 0.0, 0.0, 1.0]


@given(token_rows(max_rows=5), background_rows)
@settings(max_examples=40)
def test_the_cosine_is_that_of_scikit_learn(
    kernels: Kernels, rows: list[list[int]], background: list[list[int]]
) -> None:
    fitted = fit_background(to_ragged(background), kernels)
    # With a token for a shingle any pair that shares a term has a cosine.
    pairs, scores = score_all(rows, replace(EVERY_PAIR, shingle_size=1), fitted, kernels)
    expected = oracles.cosines(rows, background)
    assert scores.cosine.tolist() == pytest.approx([expected[left][right] for left, right in pairs], abs=1e-12)


@given(token_rows(max_rows=5, max_length=8, vocabulary=3), background_rows)
@settings(max_examples=40)
def test_exact_means_the_same_tokens_in_order_and_then_all_scores_are_one(
    kernels: Kernels, rows: list[list[int]], background: list[list[int]]
) -> None:
    pairs, scores = score_all(rows, Config(shingle_size=2), fit_background(to_ragged(background), kernels), kernels)
    for place, (left, right) in enumerate(pairs):
        assert scores.exact[place] == (rows[left] == rows[right] != [])
        values = [column[place] for column in scores[1:]]
        assert all(0.0 <= value <= 1.0 for value in values)
        if scores.exact[place]:
            assert values == [1.0] * 4


@given(token_rows(max_rows=5), background_rows, st.sampled_from([Config(), EVERY_PAIR, Config(shingle_size=1)]))
@settings(max_examples=60)
def test_scores_of_a_pair_do_not_depend_on_other_texts_or_on_its_order(
    kernels: Kernels, rows: list[list[int]], background: list[list[int]], config: Config
) -> None:
    fitted = fit_background(to_ragged(background), kernels)
    pairs, scores = score_all(rows, config, fitted, kernels)
    for place, (left, right) in enumerate(pairs):
        _, alone = score_all([rows[left], rows[right]], config, fitted, kernels)
        assert [column[1] for column in alone] == [column[place] for column in scores]
        swapped = pairs.index((right, left))
        assert scores.resemblance[swapped] == scores.resemblance[place]
        assert scores.cosine[swapped] == scores.cosine[place]
        assert scores.left_containment[swapped] == scores.right_containment[place]


def test_a_copy_within_a_larger_text_is_wholly_contained(kernels: Kernels) -> None:
    part = list(TERMS[:10])
    whole = [*TERMS[20:30], *part, *TERMS[30:40]]
    left, right = np.array([0, 1]), np.array([1, 0])
    scores = score_pairs(to_ragged([part, whole]), left, right, Config(), Background(), kernels)
    assert scores.left_containment.tolist() == [1.0, 6 / 26]
    assert scores.right_containment.tolist() == [6 / 26, 1.0]
    assert scores.resemblance.tolist() == [6 / 26, 6 / 26]


def test_no_pairs_have_no_scores_and_taking_gives_those_at_the_places(kernels: Kernels) -> None:
    nothing = np.zeros(0, dtype=np.int64)
    rows = to_ragged([list(TERMS[:8]), list(TERMS[2:9]), []])
    assert all(column.size == 0 for column in score_pairs(rows, nothing, nothing, Config(), Background(), kernels))
    left, right = np.array([0, 0, 1]), np.array([0, 1, 2])
    scores = score_pairs(rows, left, right, Config(), Background(), kernels)
    taken = scores.take(np.array([2, 0]))
    assert taken.exact.tolist() == [False, True]
    assert taken.resemblance.tolist() == [0.0, 1.0]
    masked = scores.take(np.array([False, True, False]))
    assert [column.tolist() for column in masked] == [[column[1]] for column in scores]
