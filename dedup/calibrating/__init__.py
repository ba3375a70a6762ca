"""Calibrating: the threshold for a corpus, from copies planted in it and from labels of its own pairs."""

from dedup.calibrating.curve import Targets, calibration, with_labels
from dedup.calibrating.labels import append_label, labels_of
from dedup.calibrating.planting import Sources, edited, plant
from dedup.calibrating.survey import FoundPair, PairKey, Survey, pair_key, survey

__all__ = [
    "FoundPair",
    "PairKey",
    "Sources",
    "Survey",
    "Targets",
    "append_label",
    "calibration",
    "edited",
    "labels_of",
    "pair_key",
    "plant",
    "survey",
    "with_labels",
]
