"""The curve: precision and recall against the threshold, with intervals, and the threshold chosen."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

import numpy as np

from dedup.calibrating.survey import PairKey, Survey
from dedup.evaluating import wilson
from dedup.kernels import F64
from dedup.model import Band, Calibration, Edit, Measure, PlantedEdit, ThresholdPoint

_DRAWS = 4000


@dataclass(frozen=True, slots=True)
class Targets:
    """What the threshold is chosen by.

    With labels it is the lowest whose precision reaches `precision`; without, the highest at which planted copies with
    up to a share of `edits` of their words changed, here and there, are found with a recall of `recall`.
    """

    precision: float = 0.95
    recall: float = 0.95
    edits: float = 0.02


def calibration(survey: Survey, labels: dict[PairKey, bool], targets: Targets, seed: int) -> Calibration:
    """Estimate the curve from a survey and choose the threshold.

    Precision and recall are estimated by bands: in each the share of pairs that are the same is that of its labelled
    ones, which should be drawn by chance, and the bands count by all their pairs. Where a band has pairs and no label,
    nothing is said. The intervals draw the unlabelled pairs of each band from its posterior (Jeffreys' prior).
    """
    edges = (*survey.thresholds, 1.0)
    bands = [
        Band(low, high, pairs, labelled, same)
        for low, high, pairs, labelled, same in zip(
            edges[:-1], edges[1:], survey.band_pairs, survey.labelled, survey.same, strict=True
        )
    ]
    precision, recall = _labelled_curves(bands, seed)
    few = [
        value
        for edit, values in survey.planted.items()
        for value in values
        if edit.kind == "copy" or (edit.kind == "words" and edit.strength <= targets.edits + 1e-12)
    ]
    points = [
        ThresholdPoint(
            threshold,
            sum(survey.band_pairs[place:]),
            precision[place],
            recall[place],
            _share_found("planted", few, threshold),
        )
        for place, threshold in enumerate(survey.thresholds)
    ]
    chosen, reason = _choose(points, targets)
    unfound = sum(same for key, same in labels.items() if key not in survey.used)
    planted = [_planted(edit, values, survey.thresholds) for edit, values in survey.planted.items()]
    return Calibration(survey.documents, survey.exact, bands, points, planted, unfound, chosen, reason)


def with_labels(survey: Survey, labels: dict[PairKey, bool], more: Sequence[tuple[int, PairKey, bool]]) -> Survey:
    """The survey after more pairs of its sample were labelled, each with its band; `labels` gets them too."""
    labelled, same = list(survey.labelled), list(survey.same)
    used = set(survey.used)
    for band, key, is_same in more:
        labels[key] = is_same
        labelled[band] += 1
        same[band] += is_same
        used.add(key)
    return replace(survey, labelled=tuple(labelled), same=tuple(same), used=frozenset(used))


def _labelled_curves(bands: Sequence[Band], seed: int) -> tuple[list[Measure], list[Measure]]:
    pairs = np.array([band.pairs for band in bands], dtype=np.float64)
    labelled = np.array([min(band.labelled, band.pairs) for band in bands])
    same = np.array([min(band.same, band.pairs) for band in bands])
    share = np.divide(same, labelled, out=np.zeros(len(bands)), where=labelled > 0)
    generator = np.random.Generator(np.random.PCG64(seed))
    drawn_share = generator.beta(same + 0.5, labelled - same + 0.5, size=(_DRAWS, len(bands)))
    # What is labelled is known; the rest of the band is drawn.
    drawn = same + generator.binomial((pairs - labelled).astype(np.int64), drawn_share)
    known = (labelled > 0) | (pairs == 0)
    estimate = share * pairs
    # From the highest threshold down, because each holds all bands above it.
    above, drawn_above = _from_above(estimate[None])[0], _from_above(drawn.astype(np.float64))
    all_above = _from_above(pairs[None])[0]
    known_above = np.logical_and.accumulate(known[::-1])[::-1]
    precision, recall = [], []
    for place in range(len(bands)):
        tellable = bool(known_above[place]) and all_above[place] > 0 and bool(labelled[place:].any())
        precision.append(_estimated("precision", above[place], all_above[place], drawn_above[:, place], tellable))
        tellable = bool(known.all()) and above[0] > 0
        recall.append(_estimated("recall", above[place], above[0], drawn_above[:, place], tellable, drawn_above[:, 0]))
    return precision, recall


def _from_above(columns: F64) -> F64:
    summed: F64 = np.cumsum(columns[:, ::-1], axis=1)[:, ::-1]
    return summed


def _estimated(
    name: str, part: float, whole: float, drawn: F64, tellable: bool, drawn_whole: F64 | None = None
) -> Measure:
    if not tellable:
        return Measure(name, None)
    wholes = np.full(drawn.size, whole) if drawn_whole is None else drawn_whole
    shares = np.divide(drawn, wholes, out=np.ones(drawn.size), where=wholes > 0)
    low, high = np.quantile(shares, [0.025, 0.975])
    value = float(part / whole)
    return Measure(name, value, (min(float(low), value), max(float(high), value)))


def _share_found(name: str, resemblances: Sequence[float], threshold: float) -> Measure:
    if not resemblances:
        return Measure(name, None)
    found = sum(value >= threshold - 1e-12 for value in resemblances)
    return Measure(name, found / len(resemblances), wilson(found, len(resemblances)))


def _planted(edit: Edit, resemblances: Sequence[float], thresholds: Sequence[float]) -> PlantedEdit:
    recall = tuple(_share_found(f"{threshold:.2f}", resemblances, threshold) for threshold in thresholds)
    return PlantedEdit(edit, len(resemblances), median(resemblances), recall)


def _choose(points: Sequence[ThresholdPoint], targets: Targets) -> tuple[float | None, str]:
    if any(point.precision.value is not None for point in points):
        reason = f"the lowest threshold whose precision by the labels is {targets.precision:g} or more"
        reached = [
            point.threshold
            for point in points
            if point.precision.value is not None and point.precision.value >= targets.precision
        ]
        return (min(reached) if reached else None), reason
    reason = (
        f"the highest threshold that finds {targets.recall:g} of the planted copies with up to {targets.edits:.0%} of "
        "their words changed; nothing is labelled"
    )
    reached = [
        point.threshold for point in points if point.planted.value is not None and point.planted.value >= targets.recall
    ]
    return (max(reached) if reached else None), reason
