import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from sklearn.metrics import f1_score, precision_score, recall_score

from dedup.evaluating import Pairs, evaluate_pairs
from dedup.model import Evaluation, Measure

Edge = tuple[int, int]
edges = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)).filter(lambda edge: edge[0] != edge[1]), max_size=12)


def pairs(listed: list[Edge], scores: list[float] | None = None, ignored: int = 0) -> Pairs:
    columns = np.array(listed, dtype=np.int64).reshape(-1, 2)
    given = np.full(len(listed), np.nan) if scores is None else np.array(scores, dtype=np.float64)
    return Pairs(columns[:, 0], columns[:, 1], given, ignored)


def by_name(evaluation: Evaluation) -> dict[str, Measure]:
    return {measure.name: measure for measure in evaluation.measures}


@given(edges, edges)
@settings(max_examples=60)
def test_shares_are_those_of_scikit_learn_over_every_possible_pair(true: list[Edge], found: list[Edge]) -> None:
    evaluation = evaluate_pairs(pairs(true), pairs(found), resamples=0)
    every = [(one, other) for one in range(7) for other in range(one)]
    is_true = [edge in true or edge[::-1] in true for edge in every]
    is_found = [edge in found or edge[::-1] in found for edge in every]
    measures = by_name(evaluation)
    scores = ((precision_score, any(is_found)), (recall_score, any(is_true)), (f1_score, any(is_true + is_found)))
    for (score, defined), name in zip(scores, ("precision", "recall", "F1"), strict=True):
        expected = score(is_true, is_found, zero_division=0) if defined else None
        assert measures[name].value == (None if expected is None else pytest.approx(expected))
        assert measures[name].interval is None
    assert evaluation.counts["true"] == sum(is_true)
    assert evaluation.counts["predicted"] == sum(is_found)


def test_a_pair_counts_once_whichever_side_is_left() -> None:
    evaluation = evaluate_pairs(pairs([(1, 2), (2, 1)]), pairs([(2, 1), (1, 2), (2, 1)]), resamples=0)
    assert (evaluation.counts["true"], evaluation.counts["predicted"], evaluation.counts["right"]) == (1, 1, 1)


def test_a_score_of_0_says_that_a_pair_is_none_unless_another_row_says_that_it_is() -> None:
    truth = pairs([(1, 2), (3, 4), (4, 3), (5, 6)], [0.0, 0.0, 1.0, 0.7])
    evaluation = evaluate_pairs(truth, pairs([(1, 2), (3, 4)]), resamples=0)
    assert (evaluation.counts["true"], evaluation.counts["known to be none"]) == (2, 1)
    assert by_name(evaluation)["precision"].value == 0.5


def test_of_a_labelled_sample_only_what_it_names_is_judged() -> None:
    truth = pairs([(1, 2), (3, 4), (7, 8)], [1.0, 0.0, 1.0])
    found = pairs([(2, 1), (3, 4), (5, 6)])
    judged = evaluate_pairs(truth, found, judged=True, resamples=0)
    assert (by_name(judged)["precision"].value, by_name(judged)["recall"].value) == (0.5, 0.5)
    assert judged.counts["not judged"] == 1
    assert by_name(evaluate_pairs(truth, found, resamples=0))["precision"].value == pytest.approx(1 / 3)


def test_pairs_of_the_same_documents_are_resampled_together() -> None:
    chained = [(one, one + 1) for one in range(50)]
    apart = [(2 * one, 2 * one + 1) for one in range(50)]
    assert evaluate_pairs(pairs(chained), pairs(chained[:30])).units == 1
    assert by_name(evaluate_pairs(pairs(chained), pairs(chained[:30])))["recall"].interval is None
    measured = by_name(evaluate_pairs(pairs(apart), pairs(apart[:30])))["recall"]
    assert measured.interval is not None
    # The binomial interval of 30 in 50 is .46 to .74.
    assert measured.interval == pytest.approx((0.46, 0.74), abs=0.03)


def test_what_is_always_right_gets_an_interval_all_the_same() -> None:
    listed = [(2 * one, 2 * one + 1) for one in range(20)]
    precision = by_name(evaluate_pairs(pairs(listed), pairs(listed)))["precision"]
    assert precision.value == 1.0
    assert precision.interval is not None
    # Of 20 in 20 the interval of Wilson begins at .839.
    assert precision.interval == pytest.approx((0.8389, 1.0), abs=1e-4)


def test_nothing_against_nothing_has_no_figures() -> None:
    evaluation = evaluate_pairs(pairs([]), pairs([], ignored=3))
    assert all(measure.value is None and measure.interval is None for measure in evaluation.measures)
    assert (evaluation.units, evaluation.counts["ignored"]) == (0, 3)
