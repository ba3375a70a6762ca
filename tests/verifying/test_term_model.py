"""How common terms are: document frequencies, and what is made of them."""

import math

import numpy as np
import pytest

from dedup.kernels import Kernels, compiled, reference
from dedup.verifying.term_model import COMMON_SHARE, TermModel, fit_term_model
from tests.strategies import to_ragged

ROWS = [[1 << 40, 2 << 40, 1 << 40], [1 << 40], [3 << 40], []]


@pytest.mark.parametrize("kernels", [reference, compiled])
def test_documents_are_counted_and_not_occurrences(kernels: Kernels) -> None:
    model = fit_term_model(to_ragged(ROWS), kernels)
    assert model.documents == 4
    assert model.terms.tolist() == [1 << 40, 2 << 40, 3 << 40]
    assert model.frequencies.tolist() == [2, 1, 1]


def hundred() -> TermModel:
    """Of 100 documents one term is in 80, one in 10, one in 2."""
    return TermModel(np.array([1, 2, 3], dtype=np.uint64) << np.uint64(40), np.array([80, 10, 2]), 100)


def test_common_terms_are_stop_words_and_no_anchors() -> None:
    model = hundred()
    weights = model.weigh(model.terms, reference)
    assert weights.common.tolist() == [True, False, False]
    assert COMMON_SHARE * 100 == 10
    table, unknown = model.anchor_table
    found = reference.look_up(table, model.terms, unknown)
    assert found[0] == 0.0
    np.testing.assert_allclose(found[1:], [math.log(101 / 11), math.log(101 / 3)])
    assert unknown == math.log(101)


def test_an_unknown_term_is_the_rarest() -> None:
    model = hundred()
    terms = np.append(model.terms, np.uint64(9 << 40))
    weights = model.weigh(terms, reference)
    assert (np.diff(weights.rarities) > 0).all()
    assert (np.diff(weights.inverse) > 0).all()


def test_the_shares_of_known_terms_sum_to_one() -> None:
    generator = np.random.default_rng(1)
    terms = np.sort(generator.integers(1, 2**63, 500, dtype=np.uint64))
    model = TermModel(terms, generator.integers(1, 200, terms.size), 200)
    assert math.isclose(np.exp(-model.weigh(terms, reference).rarities).sum(), 1.0)


def test_a_background_of_nothing_weighs_nothing() -> None:
    model = fit_term_model(to_ragged([]), reference)
    weights = model.weigh(np.array([7], dtype=np.uint64), reference)
    assert np.isfinite(weights.rarities).all()
    assert not weights.inverse.any()


def test_another_model_has_another_fingerprint() -> None:
    one, other = hundred(), hundred()
    assert one.fingerprint == other.fingerprint
    assert TermModel(one.terms, one.frequencies, 101).fingerprint != one.fingerprint
    assert TermModel(one.terms, one.frequencies + 1, 100).fingerprint != one.fingerprint
