import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from sklearn.metrics import adjusted_rand_score
from sklearn.metrics.cluster import pair_confusion_matrix

from dedup.evaluating import Clusters, adjusted_rand_index, evaluate_clusters
from dedup.kernels import I64
from tests.evaluating import oracle
from tests.evaluating.test_pair_measures import by_name

two_labellings = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=14)


def int64(values: list[int]) -> I64:
    return np.array(values, dtype=np.int64)


def labelled(labels: list[int]) -> Clusters:
    return Clusters(np.arange(len(labels)), int64(labels))


@given(two_labellings)
@settings(max_examples=80)
def test_the_adjusted_rand_index_is_that_of_scikit_learn(labels: list[tuple[int, int]]) -> None:
    truth, found = map(list, zip(*labels, strict=True))
    assert adjusted_rand_index(int64(truth), int64(found)) == pytest.approx(adjusted_rand_score(truth, found))


@given(two_labellings)
@settings(max_examples=60)
def test_pairs_are_those_of_scikit_learn_and_b_cubed_those_of_every_document(labels: list[tuple[int, int]]) -> None:
    truth, found = map(list, zip(*labels, strict=True))
    measures = by_name(evaluate_clusters(labelled(truth), labelled(found), resamples=0))
    right, predicted, true = oracle.pair_counts(truth, found)
    if len(truth) > 1:
        # The matrix counts each pair twice.
        confusion = pair_confusion_matrix(truth, found) // 2
        assert (confusion[1, 1], confusion[:, 1].sum(), confusion[1].sum()) == (right, predicted, true)
    assert measures["precision"].value == (pytest.approx(right / predicted) if predicted else None)
    assert measures["recall"].value == (pytest.approx(right / true) if true else None)
    precision, recall = oracle.bcubed(truth, found)
    assert measures["B-cubed precision"].value == pytest.approx(precision)
    assert measures["B-cubed recall"].value == pytest.approx(recall)
    assert measures["B-cubed F1"].value == pytest.approx(2 * precision * recall / (precision + recall))


def test_a_document_that_one_side_does_not_name_is_alone_there() -> None:
    truth, found = Clusters(int64([1, 2, 3]), int64([0, 0, 0])), Clusters(int64([2, 3, 9]), int64([5, 5, 5]))
    evaluation = evaluate_clusters(truth, found, resamples=0)
    full = evaluate_clusters(labelled([0, 0, 0, 1]), labelled([7, 5, 5, 5]), resamples=0)
    assert evaluation.measures == full.measures
    assert (evaluation.counts["only in the truth"], evaluation.counts["only in the predictions"]) == (1, 1)
    assert (evaluation.counts["true clusters"], evaluation.counts["predicted clusters"]) == (2, 2)


def test_documents_named_by_no_side_are_alone_on_both() -> None:
    truth, found = [0, 0, 1, 1, 2], [0, 0, 0, 1, 2]
    alone = list(range(10, 15))
    expected = evaluate_clusters(labelled(truth + alone), labelled(found + alone), resamples=0)
    said = evaluate_clusters(labelled(truth), labelled(found), documents=10, resamples=0)
    assert said.measures == expected.measures
    assert said.counts == {**expected.counts, "only in the truth": 0}
    assert adjusted_rand_score(truth + alone, found + alone) == pytest.approx(
        by_name(said)["adjusted Rand index"].value
    )


def test_intervals_hold_the_figures_and_narrow_with_the_data() -> None:
    def both(clusters: int) -> tuple[Clusters, Clusters]:
        truth = [each for each in range(clusters) for _ in range(4)]
        found = [each if each % 5 else 1000 * each + place for place, each in enumerate(truth)]
        return labelled(truth), labelled(found)

    widths = []
    for clusters in (40, 640):
        measures = by_name(evaluate_clusters(*both(clusters)))
        for name in ("recall", "F1", "B-cubed recall", "adjusted Rand index"):
            value, interval = measures[name].value, measures[name].interval
            assert value is not None
            assert interval is not None
            assert interval[0] < value < interval[1]
        interval = measures["adjusted Rand index"].interval
        assert interval is not None
        widths.append(interval[1] - interval[0])
    # Sixteen times the data: a quarter of the width.
    assert widths[0] / widths[1] == pytest.approx(4, rel=0.35)


def test_equal_clusterings_are_perfect_and_sure_only_by_number() -> None:
    evaluation = evaluate_clusters(labelled([0, 0, 1, 1, 2]), labelled([4, 4, 3, 3, 9]))
    assert all(measure.value == pytest.approx(1.0) for measure in evaluation.measures)
    measures = by_name(evaluation)
    assert measures["precision"].interval == pytest.approx((0.3424, 1.0), abs=1e-4)
    assert measures["adjusted Rand index"].interval is None


def test_nothing_at_all_is_no_error() -> None:
    evaluation = evaluate_clusters(labelled([]), labelled([]))
    assert evaluation.counts["documents"] == evaluation.units == 0
    assert by_name(evaluation)["precision"].value is None
