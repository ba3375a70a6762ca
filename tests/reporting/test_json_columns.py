"""Findings held as columns are written as the bytes of the findings."""

import io
from dataclasses import replace

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from dedup.kernels import Kernels, choose, compiled, reference
from dedup.model import IdColumn, LazyMatches, Match, Relation, Span, TextColumn
from dedup.reporting import write_findings
from dedup.reporting.json_columns import match_lines, rounded_scores
from dedup.reporting.json_values import encoded, match_value, rounded
from tests.columns import columns_of, matches
from tests.reporting.reports import report


def lines_of(several: list[Match]) -> bytes:
    return b"".join(encoded(match_value(match)) + b"\n" for match in several)


@pytest.mark.parametrize("kernels", [pytest.param(reference, id="numpy"), pytest.param(compiled, id="compiled")])
@given(several=st.lists(matches(), max_size=6))
def test_lines_are_those_of_the_matches(kernels: Kernels, several: list[Match]) -> None:
    assert match_lines(columns_of(several), kernels) == lines_of(several)


def test_scores_beside_a_huge_id_are_written_like_all_others() -> None:
    """What the parser of the standard library writes as 6.1e-05."""
    match = Match(Relation.NEAR, Span(2**70, 0, 1, 1, 1), Span("\ud800", 0, 1, 1, 1), 1.0, (1.0, 1.0), 6.1e-5, 1.0)
    assert match_lines(columns_of([match]), choose(0)) == lines_of([match])
    assert b'"cosine":0.000061,' in lines_of([match])


@given(st.lists(matches(), max_size=6))
def test_a_report_with_columns_is_written_as_one_with_matches(several: list[Match]) -> None:
    streams = io.BytesIO(), io.BytesIO()
    lazy = LazyMatches(len(several), lambda first, last: columns_of(several[first:last]))
    write_findings(report([(match, "", "") for match in several]), streams[0])
    write_findings(replace(report(), matches=lazy), streams[1])
    assert streams[0].getvalue() == streams[1].getvalue() == lines_of(several)


@pytest.mark.parametrize(
    "token",
    [rb'"\u00e9"', rb'"\/a\u0041\n"', b"-0", b"-10", b"0", rb'"\ud800"', '"é"'.encode(), b'"-0"', b'"\xed\xa0\x80"'],
)
def test_an_id_is_written_as_its_value_is_whatever_its_token(token: bytes) -> None:
    """Tokens are JSON as some reader wrote it; what is printed is always of one form."""
    ids = IdColumn(TextColumn.from_bytes([token]))
    match = Match(Relation.RESIDUE, Span(ids[0], 1, 2, 3, 4), None)
    assert match_lines(replace(columns_of([match]), ids=ids), choose(0)) == lines_of([match])


shares = st.floats() | st.floats(0, 1) | st.fractions(0, 1, max_denominator=300).map(float)
halves = st.integers(-(10**9), 10**9).map(lambda number: (2 * number + 1) / 2e6)


@given(st.lists(shares | halves, max_size=20))
@settings(max_examples=150)
def test_scores_are_rounded_as_one_by_one(values: list[float]) -> None:
    found = rounded_scores(np.array(values, dtype=np.float64))
    expected = [rounded(value) for value in values]
    assert [None if np.isnan(value) else repr(value) for value in found.tolist()] == [
        None if value is None else repr(value) for value in expected
    ]
