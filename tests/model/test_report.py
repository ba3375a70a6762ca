"""Reports: sequences whose items are made when they are looked at."""

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from dedup.model import Counts, LazySequence, Report


def squares(length: int) -> LazySequence[int]:
    return LazySequence(length, lambda place: place * place)


@given(st.integers(0, 8), st.integers(-12, 12))
@settings(max_examples=50)
def test_an_item_is_the_one_that_a_list_has(length: int, index: int) -> None:
    lazy, items = squares(length), [place * place for place in range(length)]
    if -length <= index < length:
        assert lazy[index] == items[index]
    else:
        with pytest.raises(IndexError, match=f"index {index} is out of range for a sequence of {length}"):
            lazy[index]


@given(st.integers(0, 8), st.slices(12))
@settings(max_examples=50)
def test_a_slice_is_the_one_that_a_list_has(length: int, part: slice) -> None:
    assert squares(length)[part] == [place * place for place in range(length)][part]


@given(st.integers(0, 8), st.integers(0, 70))
@settings(max_examples=50)
def test_it_is_a_sequence(length: int, item: int) -> None:
    lazy, items = squares(length), [place * place for place in range(length)]
    assert list(lazy) == items
    assert list(reversed(lazy)) == items[::-1]
    assert len(lazy) == length
    assert bool(lazy) == bool(items)
    assert (item in lazy) == (item in items)
    assert lazy.count(item) == items.count(item)
    if item in items:
        assert lazy.index(item) == items.index(item)


def test_items_are_made_only_when_they_are_asked_for_and_not_kept() -> None:
    made: list[int] = []

    def make(place: int) -> int:
        made.append(place)
        return place

    lazy = LazySequence(10**12, make)
    assert made == []
    assert lazy[-1] == 10**12 - 1
    assert lazy[3:5] == [3, 4]
    assert lazy[3] == 3
    assert made == [10**12 - 1, 3, 4, 3]


def test_its_representation_makes_no_items() -> None:
    def refuse(place: int) -> int:
        raise AssertionError(place)

    assert repr(LazySequence(5, refuse)) == "<5 items, made when looked at>"


def test_counts_and_reports_begin_empty() -> None:
    counts = Counts()
    assert counts.read == counts.kept + counts.dropped + counts.quarantined == 0
    report = Report((), (), (), (), counts, lambda place: ("", ""), "config", "background")
    assert report.counts.reasons == report.counts.matches == {}
