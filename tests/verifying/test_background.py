"""The background: document frequencies, their weights and their fingerprint."""

import math

import numpy as np
from hypothesis import given, settings

from dedup.kernels import Kernels
from dedup.verifying import Background, fit_background
from tests.strategies import TERMS, to_ragged, token_rows


@given(token_rows())
@settings(max_examples=50)
def test_fitting_counts_the_documents_that_hold_each_term(kernels: Kernels, rows: list[list[int]]) -> None:
    background = fit_background(to_ragged(rows), kernels)
    expected = {term: sum(term in row for row in rows) for row in rows for term in row}
    assert dict(zip(background.terms.tolist(), background.frequencies.tolist(), strict=True)) == expected
    assert background.terms.tolist() == sorted(expected)
    assert background.documents == len(rows)


@given(token_rows(vocabulary=4))
@settings(max_examples=50)
def test_weights_are_the_smoothed_inverse_document_frequencies(kernels: Kernels, rows: list[list[int]]) -> None:
    background = fit_background(to_ragged(rows), kernels)
    asked = [TERMS[5], *TERMS[:4], 0, 2**64 - 1]
    weights = background.inverse_document_frequency(np.array(asked, dtype=np.uint64), kernels)
    for term, weight in zip(asked, weights.tolist(), strict=True):
        frequency = sum(term in row for row in rows)
        assert math.isclose(weight, math.log((1 + len(rows)) / (1 + frequency)) + 1, rel_tol=1e-15)


def test_an_empty_background_weighs_all_terms_alike(kernels: Kernels) -> None:
    terms = np.array(TERMS[:3], dtype=np.uint64)
    assert Background().inverse_document_frequency(terms, kernels).tolist() == [1.0, 1.0, 1.0]
    assert Background().inverse_document_frequency(terms[:0], kernels).size == 0


def test_the_fingerprint_tells_models_apart_and_not_the_order_of_documents(kernels: Kernels) -> None:
    rows = [list(TERMS[:3]), [TERMS[0]], []]
    same = [fit_background(to_ragged(each), kernels).fingerprint for each in (rows, rows[::-1])]
    others = [
        fit_background(to_ragged(each), kernels).fingerprint
        for each in (rows[:2], [*rows, []], [list(TERMS[:3]), [TERMS[1]], []], [list(TERMS[:4]), [TERMS[0]], []])
    ]
    fingerprints = [*same, *others, Background().fingerprint]
    assert same[0] == same[1]
    assert len(set(fingerprints)) == len(fingerprints) - 1
    assert all(len(each) == 16 and int(each, 16) >= 0 for each in fingerprints)
