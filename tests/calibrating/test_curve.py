from dataclasses import replace

import numpy as np
import pytest

from dedup.calibrating import Survey, Targets, calibration, with_labels
from dedup.calibrating.survey import thresholds_from
from dedup.model import Calibration, Edit
from tests.reporting.reports import example

PAIRS = (0, 0, 0, 0, 0, 0, 200, 100, 0, 50, 20, 10)
NONE = (0,) * 12


def survey(
    pairs: tuple[int, ...] = PAIRS,
    labelled: tuple[int, ...] = NONE,
    same: tuple[int, ...] = NONE,
    planted: dict[Edit, tuple[float, ...]] | None = None,
) -> Survey:
    return Survey(1000, (), thresholds_from(0.4), pairs, 5, (), labelled, same, frozenset(), planted or {}, example())


def of(surveyed: Survey, targets: Targets | None = None, **labels: bool) -> Calibration:
    known = {("a", name): same for name, same in labels.items()}
    return calibration(surveyed, known, targets or Targets(), seed=1)


LABELLED = (0, 0, 0, 0, 0, 0, 20, 10, 0, 10, 10, 10)
SAME = (0, 0, 0, 0, 0, 0, 5, 8, 0, 10, 10, 10)


def test_precision_and_recall_are_estimated_by_bands() -> None:
    points = {point.threshold: point for point in of(survey(labelled=LABELLED, same=SAME)).points}
    # A quarter of 200, four fifths of 100, and all of 80.
    assert points[0.7].precision.value == pytest.approx((50 + 80 + 80) / 380)
    assert points[0.75].precision.value == pytest.approx(160 / 180)
    assert points[0.8].precision.value == points[0.85].precision.value == 1.0
    assert points[0.4].recall.value == 1.0
    assert points[0.75].recall.value == pytest.approx(160 / 210)
    assert (points[0.7].pairs, points[0.95].pairs) == (380, 10)


def test_a_band_that_is_labelled_whole_is_known() -> None:
    (*_, last) = of(survey(labelled=LABELLED, same=SAME)).points
    assert last.precision.interval == (1.0, 1.0)
    measured = of(survey(labelled=LABELLED, same=SAME)).points[6].precision
    assert measured.interval is not None
    assert measured.value is not None
    assert measured.interval[0] < measured.value < measured.interval[1]


def test_intervals_cover_as_often_as_they_say() -> None:
    generator = np.random.default_rng(2)
    truth = np.array([60, 80, 50, 19, 10])
    sizes = np.array([200, 100, 50, 20, 10])
    places = [6, 7, 9, 10, 11]
    covered = 0
    for _ in range(200):
        labelled, same = list(NONE), list(NONE)
        for place, size, good in zip(places, sizes, truth, strict=True):
            labelled[place] = min(10, int(size))
            same[place] = int(generator.hypergeometric(good, size - good, labelled[place]))
        low, high = of(survey(labelled=tuple(labelled), same=tuple(same))).points[6].precision.interval or (0, 0)
        covered += low <= truth.sum() / sizes.sum() <= high
    assert 182 <= covered <= 200


def test_nothing_is_said_where_a_band_above_has_pairs_and_no_label() -> None:
    labelled, same = list(LABELLED), list(SAME)
    labelled[9] = same[9] = 0
    points = {point.threshold: point for point in of(survey(labelled=tuple(labelled), same=tuple(same))).points}
    assert points[0.9].precision.value == 1.0
    assert points[0.85].precision.value is None
    assert points[0.7].precision.value is None
    assert points[0.95].recall.value is None


def test_with_labels_the_lowest_threshold_of_the_precision_wanted_is_chosen() -> None:
    surveyed = survey(labelled=LABELLED, same=SAME)
    assert of(surveyed).chosen == 0.8
    assert of(surveyed, Targets(precision=0.85)).chosen == 0.75
    assert of(surveyed, Targets(precision=0.5)).chosen == 0.4
    none = survey(labelled=LABELLED, same=NONE)
    assert of(none).chosen is None
    assert "precision by the labels is 0.95 or more" in of(none).reason


PLANTED: dict[Edit, tuple[float, ...]] = {
    Edit("copy", 0.0): (1.0,) * 20,
    Edit("words", 0.02): (0.82,) * 20,
    Edit("words", 0.1): (0.52,) * 10 + (0.0,) * 10,
    Edit("block", 0.02): (0.1,) * 20,
}


def test_without_labels_the_highest_threshold_that_finds_light_edits_is_chosen() -> None:
    found = of(survey(planted=PLANTED))
    assert found.chosen == 0.8
    assert "2% of their words changed; nothing is labelled" in found.reason
    assert of(survey(planted=PLANTED), Targets(edits=0.0)).chosen == 0.95
    assert of(survey(planted=PLANTED), Targets(edits=0.1, recall=0.8)).chosen == 0.5
    assert of(survey(planted=PLANTED), Targets(edits=0.1)).chosen is None


def test_planted_copies_are_told_by_edit() -> None:
    rows = {row.edit: row for row in of(survey(planted=PLANTED)).planted}
    heavy = rows[Edit("words", 0.1)]
    assert heavy.planted == 20
    assert heavy.resemblance == pytest.approx(0.26)
    assert [measure.value for measure in heavy.recall][:4] == [0.5, 0.5, 0.5, 0.0]


def test_labels_that_say_the_same_of_pairs_not_found_are_counted() -> None:
    assert of(survey(), b=True, c=False, d=True).unfound_same == 2


def test_answers_join_the_labels() -> None:
    labels = {("a", "b"): True}
    first = replace(survey(), used=frozenset({("a", "b")}))
    found = with_labels(first, labels, [(6, ("a", "c"), False), (6, ("a", "d"), True)])
    assert (found.labelled[6], found.same[6]) == (2, 1)
    assert labels == {("a", "b"): True, ("a", "c"): False, ("a", "d"): True}
    assert calibration(found, labels, Targets(), 1).unfound_same == 0


def test_an_empty_corpus_chooses_nothing() -> None:
    found = of(survey(pairs=NONE))
    assert found.chosen is None
    assert all(point.precision.value is None and point.planted.value is None for point in found.points)
