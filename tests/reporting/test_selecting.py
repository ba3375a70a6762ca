from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from dedup.model import Match, Relation, Span
from dedup.reporting.selecting import EVERYTHING, Limits, select_findings
from tests.reporting.reports import example, huge, report


def copies(pairs: Sequence[tuple[int, int]]) -> list[tuple[Match, str, str]]:
    return [(Match(Relation.EXACT, Span(left, 0, 1, 1, 1), Span(right, 0, 1, 1, 1)), "", "") for left, right in pairs]


def test_a_pair_is_told_under_its_later_document_and_a_span_under_its_own() -> None:
    selection = select_findings(example(), EVERYTHING)
    assert [each.document for each in selection.documents] == ["b.txt", 7, "menu.md", "pages/tram.txt"]
    assert [len(each.shown) for each in selection.documents] == [1, 1, 1, 3]
    assert selection.complete


def test_pairs_come_before_residue() -> None:
    selection = select_findings(example(), EVERYTHING)
    relations = [example().matches[index].relation for index in selection.documents[3].shown]
    assert relations == ["exact", "residue", "residue"]


def test_what_is_left_out_of_a_document_is_counted() -> None:
    found = report(copies([(1, 9)] * 13))
    (document,) = select_findings(found, Limits()).documents
    assert (len(document.shown), document.left_out) == (10, 3)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=60))
def test_without_limits_every_finding_is_shown_once(pairs: list[tuple[int, int]]) -> None:
    selection = select_findings(report(copies(sorted(pairs))), EVERYTHING)
    assert sorted(index for each in selection.documents for index in each.shown) == list(range(len(pairs)))


@given(st.lists(st.integers(1, 40), min_size=1, max_size=12), st.integers(1, 9))
def test_of_each_run_of_a_left_document_the_first_matches_are_looked_at(runs: list[int], most: int) -> None:
    pairs = [(left, 1000 * left + number) for left, length in enumerate(runs) for number in range(length)]
    limits = Limits(None, None, None, None, None, None, most)
    selection = select_findings(report(copies(pairs)), limits)
    expected = [1000 * left + number for left, length in enumerate(runs) for number in range(min(length, most))]
    assert [each.document for each in selection.documents] == expected
    assert selection.complete == (max(runs) <= most)


def test_a_million_matches_cost_no_more_than_what_is_looked_at() -> None:
    looked_at: list[int] = []
    selection = select_findings(huge(1_000_000, looked_at), Limits())
    assert len(selection.documents) == 50
    assert not selection.complete
    assert len(looked_at) < 6_000
