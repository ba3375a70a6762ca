"""The model that confirms rewrites: as shipped, and what its features say."""

import json
from importlib.resources import files

import numpy as np
import pytest

from dedup.kernels.rewriting import BINS, NUMBER_TYPE, SIDE_SUMS, STATES, STOP_TYPE, TYPES, WORD_TYPE
from dedup.verifying import rewrites
from dedup.verifying.rewrites import (
    FEATURES,
    LONG_ENOUGH,
    SCREENING,
    LogisticModel,
    attained,
    features_of,
    read_model,
    screening_of,
    shipped_model,
    with_margins,
)

SHIPPED = json.loads(files(rewrites.__package__).joinpath("rewrites.json").read_text(encoding="utf-8"))


def test_the_shipped_model_names_its_provenance_and_all_features() -> None:
    assert set(SHIPPED["margins"]) == {*FEATURES, "intercept"}
    assert set(SHIPPED["alone"]) == {*FEATURES[:-2], "intercept"}
    assert set(SHIPPED["screen"]) == {*SCREENING, "intercept"}
    assert SHIPPED["provenance"]["script"] == "benchmarks/quality/fit_rewrites.py"
    model = shipped_model()
    assert model.margins.coefficients.size == len(FEATURES)
    assert np.isfinite(model.table.values).all()
    # What a text shares with others never speaks for a rewrite: pairs are given up by this.
    assert SHIPPED["margins"]["attained_margin"] > 0


def test_a_rare_term_that_is_missing_speaks_against_and_one_in_a_shared_phrase_for() -> None:
    table = shipped_model().table.values.reshape(2, TYPES, BINS, STATES)
    for kind in (WORD_TYPE, NUMBER_TYPE):
        assert (table[:, kind, 6:, 0] < 0).all()
        assert (table[:, kind, 6:, 4] > 1).all()
    # A stop word is told by no place.
    assert (table[:, STOP_TYPE, :, 2] == table[:, STOP_TYPE, :, 4]).all()


def test_a_table_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="shape"):
        read_model(json.dumps({**SHIPPED, "table": [[1.0]]}))


def test_the_logistic_function() -> None:
    model = LogisticModel(np.array([2.0, -1.0]), 0.5)
    features = np.array([[0.0, 0.0], [1.0, 2.5], [1e6, 0.0], [-1e6, 0.0]])
    np.testing.assert_allclose(model.probability(features)[:2], 1 / (1 + np.exp([-0.5, 0.0])))
    assert model.probability(features)[2] > 0.999
    assert model.probability(features)[3] < 0.001


def sums() -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """One pair."""
    values = np.zeros((1, 2, SIDE_SUMS))
    values[0, 0] = [6.0, 4.0, 10.0, 8.0, 9.0, 7.0, 3.0, 2.0, 1.0, 3.0, 4.0, 7.0]
    values[0, 1] = [3.0, 6.0, 12.0, 6.0, 12.0, 7.0, 6.0, 2.0, 1.0, 2.0, 4.0, 5.0]
    return values


def test_features_of_a_pair() -> None:
    assert attained(sums()).tolist() == [0.8]
    features = features_of(sums(), np.array([[4], [8]]), np.array([0.5]))
    expected = [0.5, 0.8, 5 / 12, np.log(2), 0.5, np.log(9 / 5), 3 / 6, np.log(5), 1.5, np.log(8)]
    np.testing.assert_allclose(features[0], expected)
    every = with_margins(features, np.array([0.3]), np.array([0.1]))
    np.testing.assert_allclose(every[0], [*expected, 0.5 / 0.85, 0.4 / 0.55])
    longer = features_of(sums(), np.array([[LONG_ENOUGH], [900]]), np.array([0.5]))
    longest = features_of(sums(), np.array([[700], [900]]), np.array([0.5]))
    place = FEATURES.index("log_length")
    assert longer[0, place] == longest[0, place] > features[0, place]


def test_features_do_not_tell_left_from_right() -> None:
    one = features_of(sums(), np.array([[4], [8]]), np.array([0.5]))
    assert one.tolist() == features_of(sums(), np.array([[8], [4]]), np.array([0.5])).tolist()
    cosines, shared = np.array([0.4]), np.array([3])
    first = screening_of(cosines, np.array([[0.1], [0.2]]), np.array([[10], [48]]), shared)
    second = screening_of(cosines, np.array([[0.2], [0.1]]), np.array([[48], [10]]), shared)
    assert first.tolist() == second.tolist()
    assert first[0, -1] == 0.3
