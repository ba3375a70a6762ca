import math

import pytest

from benchmarks.scaling import exponent
from benchmarks.spread import Spread, ratios


def test_a_spread_is_median_and_range() -> None:
    assert Spread.of([3.0, 1.0, 2.0]) == Spread(2.0, 1.0, 3.0)
    assert Spread.of([3.0, 1.0, 2.0]).shown() == "2.0 (1.0–3.0)"
    assert Spread.of([2.0]).shown(2) == "2.00"


def test_ratios_are_taken_round_by_round() -> None:
    # Both were slowed threefold in the second round, which says nothing of either.
    assert ratios([8.0, 24.0], [1.0, 3.0]) == Spread(8.0, 8.0, 8.0)


def test_the_exponent_of_growth_is_the_slope_on_logarithmic_axes() -> None:
    assert exponent([10, 100, 1000], [2.0, 20.0, 2000.0]) == pytest.approx([1.0, 2.0])
    assert exponent([1, 4], [3.0, 6.0]) == pytest.approx([math.log(2) / math.log(4)])
