"""The measure of the text alignment tasks, on cases small enough to be counted by hand."""

import math

import numpy as np
import pytest

from benchmarks.quality.plagdet import Alignment, interval, measure, tally

CASE = Alignment(0, 100, 200, 300)


def test_the_case_itself_is_a_perfect_detection() -> None:
    result = measure(np.stack([tally([CASE], [CASE])]))
    assert (result.precision, result.recall, result.granularity, result.value) == (1.0, 1.0, 1.0, 1.0)


def test_characters_of_both_sides_count_together() -> None:
    # Half of the left side and all of the right one; 50 characters too many.
    result = measure(np.stack([tally([CASE], [Alignment(50, 150, 200, 300)])]))
    assert result.recall == pytest.approx(150 / 200)
    assert result.precision == pytest.approx(150 / 200)


def test_a_detection_that_meets_one_side_alone_is_none() -> None:
    result = measure(np.stack([tally([CASE], [Alignment(0, 100, 400, 500)])]))
    assert (result.precision, result.recall, result.value) == (0.0, 0.0, 0.0)


def test_a_case_in_two_pieces_costs_granularity() -> None:
    result = measure(np.stack([tally([CASE], [Alignment(0, 50, 200, 250), Alignment(50, 100, 250, 300)])]))
    assert (result.precision, result.recall, result.granularity) == (1.0, 1.0, 2.0)
    assert result.value == pytest.approx(1 / math.log2(3))


def test_overlapping_detections_do_not_count_twice_in_recall() -> None:
    result = measure(np.stack([tally([CASE], [Alignment(0, 60, 200, 300), Alignment(40, 100, 200, 300)])]))
    assert result.recall == 1.0


def test_means_are_over_cases_and_over_detections() -> None:
    rows = np.stack([tally([CASE], [CASE]), tally([CASE], []), tally([], [CASE, CASE])])
    result = measure(rows)
    assert (result.recall, result.precision, result.cases, result.detections) == (0.5, 0.5, 2, 2)


def test_the_interval_holds_the_value_and_shrinks_with_the_number_of_pairs() -> None:
    rows = np.stack([tally([CASE], [CASE]), tally([CASE], [Alignment(50, 150, 200, 300)])])
    few, many = interval(np.tile(rows, (5, 1))), interval(np.tile(rows, (100, 1)))
    value = measure(rows).value
    assert few[0] <= many[0] <= value <= many[1] <= few[1]
    assert interval(rows[:0]) == (0.0, 0.0)
