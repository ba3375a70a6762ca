"""The reasons of decisions."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from dedup.deciding import DROPPED, REASONS, Reason, decide

documents = st.lists(st.tuples(st.integers(0, 7), st.integers(-1, 3), st.booleans()), max_size=10)


def reasons(several: list[tuple[int, int, bool]], shingle_size: int = 5) -> list[Reason | None]:
    lengths, representatives = (np.array([each[i] for each in several], dtype=np.int64) for i in (0, 1))
    codes = decide(lengths, representatives, np.array([each[2] for each in several], dtype=np.bool_), shingle_size)
    return [None if code == DROPPED else REASONS[code] for code in codes.tolist()]


@pytest.mark.parametrize(
    ("length", "representative", "represents", "reason"),
    [
        (9, -1, False, Reason.UNIQUE),
        (5, -1, False, Reason.UNIQUE),
        (4, -1, False, Reason.SHORT),
        (1, -1, False, Reason.SHORT),
        (0, -1, False, Reason.EMPTY),
        (9, -1, True, Reason.REPRESENTATIVE),
        (1, -1, True, Reason.REPRESENTATIVE),
        (9, 0, False, None),
        (1, 3, False, None),
    ],
)
def test_each_document_has_its_reason(length: int, representative: int, represents: bool, reason: Reason) -> None:
    assert reasons([(length, representative, represents)]) == [reason]


@given(documents)
@settings(max_examples=50)
def test_exactly_the_kept_documents_have_a_reason(several: list[tuple[int, int, bool]]) -> None:
    found = reasons(several)
    assert [reason is not None for reason in found] == [representative < 0 for _, representative, _ in several]


def test_what_is_short_depends_on_the_shingle_size() -> None:
    assert reasons([(3, -1, False)], shingle_size=3) == [Reason.UNIQUE]
    assert reasons([(3, -1, False)], shingle_size=4) == [Reason.SHORT]


def test_reasons_are_printed_as_they_are_named() -> None:
    assert [str(reason) for reason in Reason] == ["unique", "representative", "short", "empty"]
