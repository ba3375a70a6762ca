import numpy as np
import pytest

from dedup.evaluating.intervals import bootstrap, divided, harmonic, wilson
from dedup.kernels import F64


def shares(sums: F64) -> F64:
    return divided(sums[:, :1], sums[:, 1:]).T


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    # Newcombe 1998, table I.
    [(81, 263, (0.2553, 0.3662)), (15, 148, (0.0624, 0.1605)), (0, 20, (0.0, 0.1611)), (1, 29, (0.0061, 0.1718))],
)
def test_wilsons_interval_is_the_published_one(part: int, whole: int, expected: tuple[float, float]) -> None:
    assert wilson(part, whole) == pytest.approx(expected, abs=1e-4)


def test_nothing_counted_may_be_any_share() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize("whole", [1, 3, 10, 1000, 12345])
def test_all_and_none_lie_in_their_own_interval(whole: int) -> None:
    assert wilson(whole, whole)[1] == 1.0
    assert wilson(0, whole)[0] == 0.0


def test_the_interval_of_a_mean_is_the_normal_one_where_groups_are_many() -> None:
    generator = np.random.default_rng(3)
    values = generator.normal(5.0, 2.0, size=400)
    sums = np.stack([values, np.ones(400)], axis=1)
    (interval,) = bootstrap(sums, shares, 4000, seed=1)
    assert interval is not None
    half = 1.96 * values.std(ddof=1) / 20
    assert interval == pytest.approx((values.mean() - half, values.mean() + half), abs=0.03)


def test_drawing_kinds_of_groups_covers_as_drawing_groups_would() -> None:
    sums = np.repeat([[1.0, 1.0], [0.0, 1.0]], [300, 100], axis=0)
    (interval,) = bootstrap(sums, shares, 4000, seed=1)
    assert interval == pytest.approx((0.7076, 0.7924), abs=0.006)


def test_few_cells_at_once_draw_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(5)
    sums = np.stack([generator.random(30), np.ones(30)], axis=1)
    whole = bootstrap(sums, shares, 50, seed=9)
    monkeypatch.setattr("dedup.evaluating.intervals._CELLS_AT_ONCE", 70)
    assert bootstrap(sums, shares, 50, seed=9) == whole


def test_what_no_resample_can_tell_has_no_interval() -> None:
    assert bootstrap(np.ones((5, 2)), shares, 100, seed=1) == [None]
    assert bootstrap(np.array([[1.0, 2.0]]), shares, 100, seed=1) == [None]
    assert bootstrap(np.array([[1.0, 0.0], [2.0, 0.0]]), shares, 100, seed=1) == [None]
    assert bootstrap(np.array([[1.0, 2.0], [0.0, 1.0]]), shares, 0, seed=1) == [None]


def test_the_harmonic_mean_of_nothing_is_0() -> None:
    assert harmonic(np.array([0.0, 1.0, 0.5]), np.array([0.0, 0.0, 1.0])).tolist() == [0.0, 0.0, pytest.approx(2 / 3)]
