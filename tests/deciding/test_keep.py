"""Keep policies: the preferred document comes first, and ties stay in input order."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from dedup.deciding import keep_order
from dedup.errors import ConfigError, DedupError

Date = str | float | None


def order(
    policy: str, lengths: list[int], dates: list[Date] | tuple[()] = (), sources: list[str] | tuple[()] = ()
) -> list[int]:
    found = keep_order(policy, np.array(lengths, dtype=np.int64), dates, sources)
    assert found.dtype == np.int64
    positions: list[int] = found.tolist()
    return positions


many_lengths = st.lists(st.integers(0, 4), max_size=12)


@given(many_lengths)
@settings(max_examples=50)
def test_first_is_input_order_and_last_its_reverse(lengths: list[int]) -> None:
    assert order("first", lengths) == list(range(len(lengths)))
    assert order("last", lengths) == list(range(len(lengths)))[::-1]


@given(many_lengths)
@settings(max_examples=50)
def test_longest_sorts_by_number_of_tokens(lengths: list[int]) -> None:
    expected = sorted(range(len(lengths)), key=lambda place: (-lengths[place], place))
    assert order("longest", lengths) == expected


def is_known(date: Date) -> bool:
    return date is not None and date == date


@given(
    st.one_of(
        st.lists(st.one_of(st.none(), st.floats(), st.integers(-5, 5))),
        st.lists(st.one_of(st.none(), st.sampled_from(["2024-01-31", "2024-02-01", "2023", ""]))),
    )
)
@settings(max_examples=50)
def test_newest_sorts_by_date_and_puts_unknown_dates_last(dates: list[Date]) -> None:
    known = sorted({date for date in dates if is_known(date)}, reverse=True)  # type: ignore[type-var]
    age = [known.index(date) if is_known(date) else len(known) for date in dates]
    expected = sorted(range(len(dates)), key=lambda place: (age[place], place))
    assert order("newest", [1] * len(dates), dates) == expected


def test_newest_needs_dates() -> None:
    with pytest.raises(ConfigError, match="--date-column") as caught:
        order("newest", [1, 2])
    assert isinstance(caught.value, DedupError)


def test_strings_and_numbers_cannot_be_compared_as_dates() -> None:
    with pytest.raises(ConfigError, match="strings with dates that are numbers"):
        order("newest", [1, 2], ["2024", 2024])


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("source:*.gov", [1, 4, 0, 2, 3]),
        ("source:b.org,*.gov", [2, 1, 4, 0, 3]),
        ("source: b.org , ,*.gov,", [2, 1, 4, 0, 3]),
        ("source:[ab].*", [0, 1, 2, 4, 3]),
        ("source:A.COM", [0, 1, 2, 3, 4]),
        ("source:nothing", [0, 1, 2, 3, 4]),
    ],
)
def test_sources_come_in_the_order_of_the_patterns_and_others_last(policy: str, expected: list[int]) -> None:
    sources = ["a.com", "a.gov", "b.org", "", "b.gov"]
    assert order(policy, [1] * 5, (), sources) == expected


def test_the_first_pattern_that_a_source_matches_counts() -> None:
    assert order("source:a*,*", [1, 1, 1], (), ["b", "a", "c"]) == [1, 0, 2]
